/* Locks and who holds them. flock(2) tells two openings of a file apart, also in one process. */
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <unistd.h>

#include "lock_file.h"

namespace
{

struct lock_file : testing::Test {
	char dir[64] = "/tmp/bascule-lock-XXXXXX";
	std::string path;
	char holder[LOCK_FILE_HOLDER] = "";

	void SetUp() override
	{
		ASSERT_NE(nullptr, mkdtemp(dir));
		path = std::string(dir) + "/rs0/deep/control.lock";
	}
	void TearDown() override
	{
		ASSERT_EQ(0, system(("rm -r " + std::string(dir)).c_str()));
	}
};

} // namespace

TEST_F(lock_file, one_holds_it_and_is_named)
{
	int first = lock_file_take(path.c_str(), "rs0, process 7", holder);

	ASSERT_LE(0, first) << "its directories are made";
	EXPECT_TRUE(lock_file_held(path.c_str()));
	EXPECT_EQ(-EWOULDBLOCK, lock_file_take(path.c_str(), "rs1, process 8", holder));
	EXPECT_STREQ("rs0, process 7", holder);
	close(first);
	EXPECT_FALSE(lock_file_held(path.c_str()));

	int second = lock_file_take(path.c_str(), "x", holder);

	ASSERT_LE(0, second);
	EXPECT_EQ(-EWOULDBLOCK, lock_file_take(path.c_str(), "rs1, process 8", holder));
	EXPECT_STREQ("x", holder) << "nothing is left of a longer line";
	close(second);
}

TEST_F(lock_file, who_asks_does_not_take)
{
	EXPECT_FALSE(lock_file_held(path.c_str())) << "there is no such file";

	int fd = lock_file_take(path.c_str(), "", holder);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EWOULDBLOCK, lock_file_take(path.c_str(), "rs1, process 8", holder));
	EXPECT_STREQ("?", holder) << "an empty line names nobody";
	close(fd);
	EXPECT_FALSE(lock_file_held(path.c_str()));
	fd = lock_file_take(path.c_str(), "rs0", holder);
	EXPECT_LE(0, fd);
	close(fd);
}

TEST_F(lock_file, what_stands_in_the_way_is_an_error)
{
	int fd = lock_file_take(path.c_str(), "rs0", holder);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-ENOTDIR, lock_file_take((path + "/below/a.lock").c_str(), "rs0", holder));
	close(fd);
}
