/* The command line of both daemons, and one of each an instance. */
#include <gtest/gtest.h>

#include <getopt.h>
#include <string>
#include <unistd.h>
#include <vector>

#include "daemon.h"
#include "version.h"

namespace
{

uint64_t toy_layout(void)
{
	return 0x70f;
}

const struct daemon toy = { "bascule-toy", "toy", "A toy of an instance.", "Nothing else ends.",
			    toy_layout };

/* What daemon_options() returned and printed. */
struct said {
	int status;
	struct daemon_options options;
	std::string out, err;
};

std::string text_of(FILE *file)
{
	char buf[4096];

	rewind(file);
	size_t len = fread(buf, 1, sizeof(buf), file);

	fclose(file);
	return std::string(buf, len);
}

said options(std::vector<const char *> words)
{
	FILE *out = tmpfile(), *err = tmpfile();
	said s = {};

	words.insert(words.begin(), toy.program);
	words.push_back(nullptr);
	optind = 0; /* glibc begins anew */
	opterr = 0;
	s.status = daemon_options(&toy, (int)words.size() - 1, (char **)words.data(), &s.options,
				  out, err);
	s.out = text_of(out);
	s.err = text_of(err);
	return s;
}

struct command_line {
	std::vector<const char *> words;
	int status;
	const char *out, *err; /* a part of what is printed; NULL: nothing is */
};

const command_line lines[] = {
	{ { "-c", "a.conf" }, -1, nullptr, nullptr },
	{ { "--config", "a.conf", "--log", "debug" }, -1, nullptr, nullptr },
	{ { "--help" }, 0, "SIGHUP reads the configuration again. Nothing else ends.", nullptr },
	{ { "--version" }, 0, "bascule-toy " BASCULE_VERSION, nullptr },
	{ { "--layout" }, 0, "0x70f\n", nullptr },
	{ {}, 2, nullptr, "Usage: bascule-toy -c FILE" },
	{ { "--log", "debug" }, 2, nullptr, "Usage: bascule-toy -c FILE" },
	{ { "-c", "a.conf", "more" }, 2, nullptr, "Usage: bascule-toy -c FILE" },
	{ { "-c", "a.conf", "--log", "loud" },
	  2,
	  nullptr,
	  "bascule-toy: --log loud: allowed are error, warning, info and debug" },
	{ { "--loud" }, 2, nullptr, "Try 'bascule-toy --help'." },
	{ { "-c" }, 2, nullptr, "Try 'bascule-toy --help'." },
};

} // namespace

TEST(daemon, command_lines)
{
	for (const command_line &t : lines) {
		said s = options(t.words);
		const char *first = t.words.empty() ? "nothing" : t.words[0];

		EXPECT_EQ(t.status, s.status) << first;
		EXPECT_EQ(!t.out, s.out.empty()) << first << s.out;
		EXPECT_EQ(!t.err, s.err.empty()) << first << s.err;
		EXPECT_TRUE(!t.out || s.out.find(t.out) != std::string::npos) << s.out;
		EXPECT_TRUE(!t.err || s.err.find(t.err) != std::string::npos) << s.err;
	}
}

TEST(daemon, what_the_command_line_says)
{
	said s = options({ "--log", "warning", "-c", "a.conf", "-c", "b.conf" });

	EXPECT_STREQ("b.conf", s.options.config);
	EXPECT_EQ(LOG_LEVEL_WARNING, s.options.log);
	EXPECT_EQ(LOG_LEVEL_INFO, options({ "-c", "a.conf" }).options.log);
}

TEST(daemon, a_configuration_that_is_not_there)
{
	struct daemon_options options = { "/nonexistent/a.conf", LOG_LEVEL_INFO };

	testing::internal::CaptureStderr();
	EXPECT_EQ(nullptr, daemon_load(&toy, &options));
	std::string said = testing::internal::GetCapturedStderr();

	EXPECT_NE(std::string::npos, said.find("bascule-toy - error: /nonexistent/a.conf: 1 error"))
		<< said;
}

TEST(daemon, an_instance_has_one)
{
	const std::string instance = "test-" + std::to_string(getpid());
	const std::string dir = "/run/bascule/" + instance;

	EXPECT_FALSE(daemon_runs(toy.part, instance.c_str()));

	int fd = daemon_lock(&toy, instance.c_str());

	if (fd == -EACCES)
		GTEST_SKIP() << "/run is root's";
	ASSERT_LE(0, fd);
	EXPECT_TRUE(daemon_runs(toy.part, instance.c_str()));
	EXPECT_FALSE(daemon_runs("control", instance.c_str()));
	testing::internal::CaptureStderr();
	EXPECT_EQ(-EWOULDBLOCK, daemon_lock(&toy, instance.c_str()));
	std::string said = testing::internal::GetCapturedStderr();

	EXPECT_NE(std::string::npos,
		  said.find("instance " + instance + " has a toy already: process " +
			    std::to_string(getpid()) + " (" + dir + "/toy.lock)"))
		<< said;
	close(fd);
	EXPECT_FALSE(daemon_runs(toy.part, instance.c_str()));
	unlink((dir + "/toy.lock").c_str());
	rmdir(dir.c_str());
}
