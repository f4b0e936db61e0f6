/* Directories that are made, and what stands in their way. */
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <sys/stat.h>

#include "directory.h"

TEST(directory, parents)
{
	char dir[] = "/tmp/bascule-directory-XXXXXX";
	struct stat st;

	ASSERT_NE(nullptr, mkdtemp(dir));
	const std::string top = dir, deep = top + "/a/b", file = deep + "/c";

	EXPECT_EQ(0, directory_make_parents(file.c_str()));
	EXPECT_EQ(0, directory_make_parents(file.c_str())) << "they exist";
	ASSERT_EQ(0, stat(deep.c_str(), &st));
	EXPECT_TRUE(S_ISDIR(st.st_mode));
	EXPECT_NE(0, stat(file.c_str(), &st)) << "what stands behind the last '/' is not made";
	EXPECT_EQ(0, directory_make_parents((deep + "/d/").c_str()));
	EXPECT_EQ(0, stat((deep + "/d").c_str(), &st));
	EXPECT_EQ(0, directory_make_parents("no-directory"));
	fclose(fopen(file.c_str(), "w"));
	EXPECT_EQ(-ENOTDIR, directory_make_parents((file + "/d/e").c_str()));
	EXPECT_EQ(-ENAMETOOLONG, directory_make_parents(std::string(5000, 'x').c_str()));
	ASSERT_EQ(0, system(("rm -r " + top).c_str()));
}
