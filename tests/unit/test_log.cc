/* Log lines as they arrive at stderr, and the limit on repeated ones. */
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

namespace
{

/* What `write_lines` sends to stderr. */
template <typename F> std::string captured(F write_lines)
{
	testing::internal::CaptureStderr();
	write_lines();
	return testing::internal::GetCapturedStderr();
}

} // namespace

TEST(log, one_line_a_fact)
{
	std::string line = captured([] {
		log_open("bascule-control", "rs0", LOG_LEVEL_INFO);
		log_warning("peer %s: %d", "nva-a", 7);
	});

	for (char &c : line) {
		if (isdigit((unsigned char)c))
			c = '9';
	}
	EXPECT_EQ("9999-99-99T99:99:99.999Z bascule-control rs9 warning: peer nva-a: 9\n", line);
}

/* What systemd tells a service whose stderr is the journal's. */
static std::string stderr_as_stream(ino_t off)
{
	struct stat st;

	EXPECT_EQ(0, fstat(STDERR_FILENO, &st));
	return std::to_string(st.st_dev) + ":" + std::to_string(st.st_ino + off);
}

TEST(log, the_journal_is_given_priorities)
{
	EXPECT_EQ("<3>rs0: e\n<4>rs0: w\n<6>rs0: i\n<7>rs0: d\n", captured([] {
			  setenv("JOURNAL_STREAM", stderr_as_stream(0).c_str(), 1);
			  log_open("bascule-control", "rs0", LOG_LEVEL_DEBUG);
			  log_error("e");
			  log_warning("w");
			  log_info("i");
			  log_debug("d");
		  }));
	for (const char *redirected : { "1", "no stream", "" })
		EXPECT_NE(std::string::npos,
			  captured([&] {
				  setenv("JOURNAL_STREAM",
					 *redirected == '1' ? stderr_as_stream(1).c_str()
							    : redirected,
					 1);
				  log_open("bascule-control", "rs0", LOG_LEVEL_INFO);
				  log_warning("w");
			  }).find("Z bascule-control rs0 warning: w\n"));
	unsetenv("JOURNAL_STREAM");
	log_open("p", "i", LOG_LEVEL_INFO);
}

TEST(log, levels)
{
	EXPECT_EQ("", captured([] {
			  log_open("p", "i", LOG_LEVEL_WARNING);
			  log_info("no");
			  log_debug("no");
		  }));
	EXPECT_NE("", captured([] { log_error("yes"); }));
	EXPECT_NE("", captured([] {
			  log_open("p", "i", LOG_LEVEL_DEBUG);
			  log_debug("yes");
		  }));
}

TEST(log, names_of_levels)
{
	enum log_level level = LOG_LEVEL_DEBUG;

	EXPECT_TRUE(log_level_parse("error", &level));
	EXPECT_EQ(LOG_LEVEL_ERROR, level);
	EXPECT_TRUE(log_level_parse("debug", &level));
	EXPECT_FALSE(log_level_parse("Error", &level));
	EXPECT_FALSE(log_level_parse("", &level));
	EXPECT_EQ(LOG_LEVEL_DEBUG, level) << "untouched";
}

TEST(log, too_long_a_line_is_cut_and_still_a_line)
{
	std::string name(2000, 'n');
	std::string line = captured([&] {
		log_open(name.c_str(), name.c_str(), LOG_LEVEL_INFO);
		log_info("%s", std::string(5000, 'x').c_str());
	});

	log_open("p", "i", LOG_LEVEL_INFO);
	EXPECT_EQ(1024u, line.size());
	EXPECT_EQ('\n', line.back());
	EXPECT_EQ(1, std::count(line.begin(), line.end(), '\n'));
}

TEST(log, limit)
{
	struct log_limit limit = { 3, 1000, 0, 0, 0 };
	uint64_t now = 5000000;
	uint32_t held = 99;

	for (int i = 0; i < 3; i++) {
		EXPECT_TRUE(log_limit(&limit, now, &held)) << "the burst";
		EXPECT_EQ(0u, held);
	}
	for (int i = 0; i < 10; i++)
		EXPECT_FALSE(log_limit(&limit, now + 999, &held));
	EXPECT_TRUE(log_limit(&limit, now + 1000, &held)) << "one each period";
	EXPECT_EQ(10u, held);
	EXPECT_FALSE(log_limit(&limit, now + 1999, &held));
	for (int i = 0; i < 3; i++)
		EXPECT_TRUE(log_limit(&limit, now + 1000000, &held))
			<< "a long rest earns a burst and no more";
	EXPECT_FALSE(log_limit(&limit, now + 1000000, &held));
}
