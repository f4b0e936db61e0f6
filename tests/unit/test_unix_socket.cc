/* Sockets in the file system. */
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <grp.h>
#include <string>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "unix_socket.h"

class unix_socket_test : public testing::Test
{
      protected:
	char dir[32] = "/tmp/unix_socket.XXXXXX";
	std::string path;

	void SetUp() override
	{
		ASSERT_TRUE(mkdtemp(dir));
		path = std::string(dir) + "/sock";
	}
	void TearDown() override
	{
		unlink(path.c_str());
		rmdir(dir);
	}
};

TEST_F(unix_socket_test, connect_and_talk)
{
	for (int type : { SOCK_STREAM, SOCK_SEQPACKET }) {
		/* The second one takes the place of the first. */
		int listener = unix_socket_listen(path.c_str(), type | SOCK_NONBLOCK, 0600), near,
		    far;
		struct stat st;
		char c = 0;

		ASSERT_GE(listener, 0);
		ASSERT_EQ(0, stat(path.c_str(), &st));
		EXPECT_EQ(0600u, st.st_mode & 0777u);
		EXPECT_EQ(FD_CLOEXEC, fcntl(listener, F_GETFD));
		EXPECT_TRUE(fcntl(listener, F_GETFL) & O_NONBLOCK);
		near = unix_socket_connect(path.c_str(), type);
		ASSERT_GE(near, 0);
		EXPECT_EQ(FD_CLOEXEC, fcntl(near, F_GETFD));
		EXPECT_FALSE(fcntl(near, F_GETFL) & O_NONBLOCK);
		far = accept(listener, nullptr, nullptr);
		ASSERT_GE(far, 0);
		EXPECT_EQ(1, write(near, "x", 1));
		EXPECT_EQ(1, read(far, &c, 1));
		EXPECT_EQ('x', c);
		for (int fd : { listener, near, far })
			close(fd);
		EXPECT_EQ(-ECONNREFUSED, unix_socket_connect(path.c_str(), type))
			<< "nobody listens";
	}
}

TEST_F(unix_socket_test, errors)
{
	std::string fits(sizeof(sockaddr_un::sun_path) - 1, 'x'), too_long = fits + "x";

	EXPECT_EQ(-ENOENT, unix_socket_connect(path.c_str(), SOCK_STREAM));
	EXPECT_EQ(-ENOENT, unix_socket_connect(fits.c_str(), SOCK_STREAM));
	EXPECT_EQ(-ENAMETOOLONG, unix_socket_connect(too_long.c_str(), SOCK_STREAM));
	EXPECT_EQ(-ENAMETOOLONG, unix_socket_listen(too_long.c_str(), SOCK_STREAM, 0600));
	EXPECT_EQ(-ENOENT, unix_socket_listen((path + "/sock").c_str(), SOCK_STREAM, 0600));
}

TEST_F(unix_socket_test, offered_to_a_group_that_is_there_or_to_nobody_else)
{
	const struct group *ours = getgrgid(getgid());
	const std::pair<const char *, mode_t> groups[] = { { ours->gr_name, 0660 },
							   { "no-such-group", 0600 } };

	for (const auto &[group, mode] : groups) {
		int fd = unix_socket_offer(path.c_str(), SOCK_STREAM, group);
		struct stat st;

		ASSERT_LE(0, fd);
		ASSERT_EQ(0, stat(path.c_str(), &st));
		EXPECT_EQ(mode, st.st_mode & 0777) << group;
		EXPECT_EQ(getgid(), st.st_gid);
		close(fd);
	}
	EXPECT_EQ(-ENOENT, unix_socket_offer((path + ".none/sock").c_str(), SOCK_STREAM, "root"));
}
