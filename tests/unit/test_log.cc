/* Log lines as they arrive at stderr, also when nobody reads it, and the limit on repeated ones. */
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <future>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "line_ring.h"
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

/* --- nobody reads ----------------------------------------------------------------------------- */

namespace
{

int thread_create(pthread_t *thread, const char *, const pthread_attr_t *attr, void *(*run)(void *),
		  void *arg)
{
	return pthread_create(thread, attr, run, arg);
}

int no_thread(pthread_t *, const char *, const pthread_attr_t *, void *(*)(void *), void *)
{
	return -EAGAIN;
}

/* stderr is a pipe. */
struct log_pipe : testing::Test {
	void SetUp() override
	{
		ASSERT_EQ(0, pipe(fds));
		before = dup(STDERR_FILENO);
		ASSERT_EQ(STDERR_FILENO, dup2(fds[1], STDERR_FILENO));
		close(fds[1]);
		log_open("p", "i", LOG_LEVEL_INFO);
	}
	void TearDown() override
	{
		close_writer();
		close(fds[0]);
	}
	void close_writer()
	{
		if (before < 0)
			return;
		dup2(before, STDERR_FILENO);
		close(before);
		before = -1;
	}
	/* As much as a pipe takes: whoever writes another octet waits. */
	size_t fill()
	{
		size_t filled = 0;
		ssize_t n;

		fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK);
		while ((n = write(STDERR_FILENO, std::string(512, '#').data(), 512)) > 0)
			filled += (size_t)n;
		fcntl(STDERR_FILENO, F_SETFL, 0);
		return filled;
	}
	void drop(size_t octets)
	{
		std::string some(octets, 0);

		for (ssize_t n; octets; octets -= (size_t)n)
			ASSERT_LT(0, n = read(fds[0], &some[0], octets));
	}
	/* The next line, without what stands before the text. */
	std::string line()
	{
		std::string line;
		size_t at;

		for (char c; read(fds[0], &c, 1) == 1 && c != '\n';)
			line += c;
		at = line.find("Z p i ");
		return at == std::string::npos ? line : line.substr(at + strlen("Z p i "));
	}

	int fds[2], before = -1;
};

} // namespace

TEST_F(log_pipe, whoever_logs_waits_for_nobody_who_reads)
{
	enum { LINES = 3 * LINE_RING };
	size_t filled = fill();
	unsigned int came = 0, lost = 0;
	std::string text;

	ASSERT_EQ(0, log_start(thread_create));
	for (int i = 0; i < LINES; i++)
		log_info("%d", i); /* a thread that waited here would do so for ever */
	EXPECT_FALSE(log_flush());
	EXPECT_FALSE(log_stop()) << "it does not wait for ever either";
	drop(filled);
	for (text = line(); text != "warning: log: " + std::to_string(LINES - came) +
					    " lines are lost here: what reads them was too slow";
	     text = line()) {
		ASSERT_EQ("info: " + std::to_string(came), text) << "in order, up to the gap";
		came++;
	}
	lost = LINES - came;
	EXPECT_GE(came, (unsigned int)LINE_RING) << "all for which there was room";
	EXPECT_GT(lost, 0u);
	log_warning("all is well");
	EXPECT_EQ("warning: all is well", line());
	EXPECT_TRUE(log_stop());
	log_warning("by itself");
	EXPECT_EQ("warning: by itself", line());
}

TEST_F(log_pipe, what_was_said_is_written_at_the_end)
{
	enum { LINES = LINE_RING / 2 };

	for (int round = 0; round < 3; round++) {
		ASSERT_EQ(0, log_start(thread_create));
		for (int i = 0; i < LINES; i++)
			log_info("%d", i);
		EXPECT_TRUE(log_stop());
		for (int i = 0; i < LINES; i++)
			EXPECT_EQ("info: " + std::to_string(i), line());
		EXPECT_TRUE(log_stop()) << "again: nothing to stop";
	}
}

TEST_F(log_pipe, what_was_said_is_written_before_a_fault_ends_the_process)
{
	enum { LINES = LINE_RING / 2 };

	for (int signal : { SIGABRT, SIGSEGV, SIGBUS }) {
		pid_t child = fork();
		int status;

		if (!child) {
			::signal(signal, SIG_DFL);
			if (log_start(thread_create))
				_exit(1);
			for (int i = 0; i < LINES; i++)
				log_info("%d", i);
			raise(signal);
			_exit(2);
		}
		ASSERT_EQ(child, waitpid(child, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal) << status;
		for (int i = 0; i < LINES; i++)
			ASSERT_EQ("info: " + std::to_string(i), line()) << signal;
	}
}

TEST_F(log_pipe, without_a_thread_lines_are_written_as_before)
{
	EXPECT_EQ(-EAGAIN, log_start(no_thread));
	log_info("by itself");
	EXPECT_EQ("info: by itself", line());
	EXPECT_TRUE(log_stop());
}

/* A terminal or a pipe may have been left as one that does not wait. */
TEST_F(log_pipe, a_pipe_that_does_not_wait_loses_nothing_either)
{
	size_t filled = fill();

	fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK);
	ASSERT_EQ(0, log_start(thread_create));
	log_info("late");
	drop(filled);
	EXPECT_EQ("info: late", line());
	EXPECT_TRUE(log_stop());
}
