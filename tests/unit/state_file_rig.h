/* A state file in a directory of its own, which is gone when the test ends:
 * what a process keeps, as a test reads and spoils it. */
#ifndef BASCULE_TEST_STATE_FILE_RIG_H
#define BASCULE_TEST_STATE_FILE_RIG_H

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "log.h"

class state_file_test : public testing::Test
{
      protected:
	explicit state_file_test(const char *file) : name(file)
	{
	}
	void SetUp() override
	{
		std::string folder = "/tmp/bascule-" + name + "-XXXXXX";

		log_open("test", "-", LOG_LEVEL_ERROR);
		ASSERT_NE(nullptr, mkdtemp(folder.data()));
		dir = folder;
		path = dir + "/" + name;
	}
	void TearDown() override
	{
		if (dir.empty())
			return;
		chmod(dir.c_str(), 0700);
		std::filesystem::remove_all(dir);
	}
	void put(const std::string &text)
	{
		std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
	}
	std::string get()
	{
		std::ifstream in(path);
		std::stringstream text;

		text << in.rdbuf();
		return text.str();
	}

	std::string name, dir, path;
};

#endif
