/* What a library prints is lines of the log. */
#include <gtest/gtest.h>

#include <string>

#include "log_stream.h"

TEST(log_stream, each_line_is_one_of_the_log)
{
	FILE *stream = log_stream(LOG_LEVEL_WARNING);
	std::string text;

	ASSERT_NE(nullptr, stream);
	log_open("p", "i", LOG_LEVEL_INFO);
	testing::internal::CaptureStderr();
	fprintf(stream, "EAL: one\nEAL: two\n\n");
	fprintf(stream, "in ");
	fprintf(stream, "pieces\n");
	fprintf(stream, "unfinished");
	fflush(stream);
	fclose(stream);
	text = testing::internal::GetCapturedStderr();
	for (const char *line : { "EAL: one", "EAL: two", "in pieces", "unfinished" }) {
		size_t at = text.find(std::string("Z p i warning: ") + line + "\n");

		ASSERT_NE(std::string::npos, at) << line << " in " << text;
		text = text.substr(text.find('\n', at) + 1);
	}
	EXPECT_EQ("", text);
}
