/* The configuration file is read by a thread of its own: a disk that hangs keeps nobody else
 * waiting. */
#include <gtest/gtest.h>

#include "ctl_harness.h"

static const char CONFIG_FILE[] =
	R"(instance = { name = "rs0"; asn = 65515; router_id = "10.0.1.4"; };
dataplane = { main_lcore = 0; forwarding_lcores = [1]; memory_mb = 1024;
  ports = ( { name = "nva0"; device = "net_tap1"; role = "nva"; addresses = ["10.0.2.1/24"]; } ); };
control = { lcores = [2]; };
peers = ( { name = "nva-a"; address = "10.0.2.4"; asn = 65001; } );
)";

/* On a disk that hangs, played by a lease: whoever opens the file waits until we give it up
 * (fcntl(2)). */
class hung_file : public ctl_test
{
      protected:
	void SetUp() override
	{
		ctl_test::SetUp();
		signal(SIGIO, SIG_IGN); /* that somebody opens it */
		file = open(missing.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		ASSERT_EQ(0, fcntl(file, F_SETLEASE, F_WRLCK)) << strerror(errno);
		hangs = true;
	}
	void TearDown() override
	{
		ctl_test::TearDown();
		close(file);
		unlink(missing.c_str());
		rmdir(dir.c_str());
	}
	/* What the thread finds then. */
	void disk_is_back()
	{
		ASSERT_EQ((ssize_t)sizeof(CONFIG_FILE) - 1,
			  write(file, CONFIG_FILE, sizeof(CONFIG_FILE) - 1));
		ASSERT_EQ(0, fcntl(file, F_SETLEASE, F_UNLCK));
		hangs = false;
	}
	int file = -1;
	/* The file has been read, and everybody has been told. */
	void read_at_last()
	{
		poll_fill();
		EXPECT_EQ(1, poll(&fds[READING], 1, 10000));
		serve();
	}
	/* How many have come to the RIB lcore. */
	size_t reloads()
	{
		return (size_t)std::count(asked.begin(), asked.end(), PAGE_RELOAD);
	}
	const std::string reload = "{\"command\":\"reload\"}\n";
};

TEST_F(hung_file, others_are_served_meanwhile)
{
	int fd = connect_client();

	put(fd, reload);
	serve();
	EXPECT_EQ("", get(fd));
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(1u, count(exchange(summary), end)) << i;
	disk_is_back();
	read_at_last();
	EXPECT_EQ(1u, count(get(fd), end));
	EXPECT_EQ(1u, reloads());
}

TEST_F(hung_file, who_asks_is_told_in_time_and_what_comes_later_is_not_applied)
{
	int fd = connect_client(), second;
	std::string text;

	put(fd, reload + summary);
	serve();
	now_ms += DESK_READ_MS - 1;
	serve_idle();
	EXPECT_EQ("", get(fd)) << "it may come yet";
	now_ms++;
	serve_idle();
	rib();
	serve();
	text = get(fd);
	EXPECT_NE(std::string::npos, text.find("still reading " + missing + ", for 5 s")) << text;
	EXPECT_EQ(1u, count(text, end)) << "the connection goes on";
	second = connect_client();
	now_ms += 60000;
	put(second, reload);
	serve();
	text = get(second);
	EXPECT_NE(std::string::npos, text.find("still reading " + missing + ", for 65 s")) << text;
	disk_is_back();
	read_at_last();
	EXPECT_EQ(0u, reloads());
	put(second, reload);
	serve();
	EXPECT_EQ(1u, count(get(second), end)) << "and the next one works";
	EXPECT_EQ(1u, reloads());
}

TEST_F(hung_file, one_is_read_at_a_time_and_the_next_one_anew)
{
	int first = connect_client(), second = connect_client();

	put(first, reload);
	serve();
	put(second, reload);
	serve();
	desk_reload(desk, now_ms);
	desk_reload(desk, now_ms);
	serve();
	disk_is_back();
	read_at_last();
	EXPECT_EQ(1u, count(get(first), end));
	EXPECT_EQ(1u, count(get(second), end));
	EXPECT_EQ(3u, reloads()) << "two clients, and the signals as one";
}

TEST_F(hung_file, a_client_that_leaves_takes_its_reload_along)
{
	int fd = connect_client();

	put(fd, reload);
	serve();
	shutdown(fd, SHUT_RDWR);
	close(fd);
	clients.clear();
	serve_idle();
	EXPECT_EQ(1u, count(exchange(summary), end));
	now_ms += 60000; /* one that has left is dropped when it does not read */
	serve();
	disk_is_back();
	read_at_last();
	EXPECT_EQ(1u, count(exchange(summary), end));
}

TEST_F(hung_file, a_signal_is_served_when_it_can_be)
{
	desk_reload(desk, now_ms);
	serve();
	now_ms += DESK_READ_MS;
	serve_idle();
	EXPECT_EQ(1u, count(exchange(summary), end));
	desk_reload(desk, now_ms);
	disk_is_back();
	read_at_last();
	EXPECT_EQ(1u, reloads()) << "that of the second signal";
}

TEST_F(hung_file, control_ends_while_it_hangs)
{
	int fd = connect_client();

	put(fd, reload);
	serve();
}
