/* The exchange switch: who wins on a start, and that every way a state file can be broken leaves the bridge closed. */
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "exchange.h"
#include "log.h"

class exchange_test : public testing::Test {
    protected:
	void SetUp() override
	{
		char name[] = "/tmp/bascule-exchange-XXXXXX";

		log_open("test", "-", LOG_LEVEL_ERROR);
		ASSERT_NE(nullptr, mkdtemp(name));
		dir = name;
		path = dir + "/exchange";
	}
	void TearDown() override
	{
		chmod(dir.c_str(), 0700);
		unlink(path.c_str());
		unlink((path + ".new").c_str());
		rmdir(dir.c_str());
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
	bool start(bool configured)
	{
		EXPECT_EQ(0, exchange_open(&ex, path.c_str(), configured));
		return ex.enabled;
	}
	std::string dir, path;
	struct exchange ex = {};
};

TEST_F(exchange_test, first_start_takes_the_configured_value)
{
	EXPECT_FALSE(start(false));
	unlink(path.c_str());
	EXPECT_TRUE(start(true));
}

TEST_F(exchange_test, what_the_operator_set_survives_restarts)
{
	start(false);
	ASSERT_EQ(0, exchange_set(&ex, true));
	EXPECT_TRUE(start(false));
	ASSERT_EQ(0, exchange_set(&ex, false));
	EXPECT_FALSE(start(false));
}

TEST_F(exchange_test, a_changed_configuration_wins_over_the_switch)
{
	start(true);
	ASSERT_EQ(0, exchange_set(&ex, false));
	EXPECT_FALSE(start(true));  /* not changed: the switch */
	EXPECT_FALSE(start(false)); /* changed to what it is anyway */
	EXPECT_TRUE(start(true));   /* changed */
	EXPECT_TRUE(start(true));
}

TEST_F(exchange_test, a_reload_moves_the_switch_only_if_its_value_changed)
{
	start(false);
	ASSERT_EQ(0, exchange_set(&ex, true));
	ASSERT_EQ(0, exchange_configure(&ex, false));
	EXPECT_TRUE(ex.enabled);
	ASSERT_EQ(0, exchange_configure(&ex, true));
	EXPECT_TRUE(ex.enabled);
	ASSERT_EQ(0, exchange_configure(&ex, false));
	EXPECT_FALSE(ex.enabled);
	EXPECT_FALSE(start(false));
}

TEST_F(exchange_test, a_broken_file_closes_whatever_is_configured)
{
	std::string good;

	start(true);
	good = get();
	for (size_t n = 0; n < good.size(); n++) {
		put(good.substr(0, n));
		EXPECT_FALSE(start(true)) << "cut to " << n;
	}
	for (const std::string &bad : { good + "x", good + good, std::string(4096, 'x'), std::string(4096, '\0') }) {
		put(bad);
		EXPECT_FALSE(start(true)) << bad.substr(0, 20);
	}
	EXPECT_FALSE(start(true)); /* it was written back: good again, and off */
	ASSERT_EQ(0, exchange_set(&ex, true));
	EXPECT_TRUE(start(true));
}

TEST_F(exchange_test, a_crash_before_the_rename_leaves_the_old_state)
{
	start(false);
	ASSERT_EQ(0, exchange_set(&ex, true));
	std::ofstream(path + ".new", std::ios::trunc) << "exchange o";
	EXPECT_TRUE(start(false));
	ASSERT_EQ(0, exchange_set(&ex, false));
	EXPECT_FALSE(start(false));
}

TEST_F(exchange_test, a_write_that_fails_moves_nothing)
{
	start(false);
	ASSERT_EQ(0, mkdir((path + ".new").c_str(), 0700)); /* in the way of the new file, for root too */
	EXPECT_EQ(-EISDIR, exchange_set(&ex, true));
	EXPECT_FALSE(ex.enabled);
	EXPECT_EQ(-EISDIR, exchange_configure(&ex, true));
	EXPECT_FALSE(ex.enabled);
	EXPECT_FALSE(ex.configured);
	rmdir((path + ".new").c_str());
	EXPECT_FALSE(start(false));
}

TEST_F(exchange_test, off_is_off_even_if_it_cannot_be_written)
{
	start(false);
	ASSERT_EQ(0, exchange_set(&ex, true));
	ASSERT_EQ(0, mkdir((path + ".new").c_str(), 0700));
	EXPECT_EQ(-EISDIR, exchange_set(&ex, false));
	EXPECT_FALSE(ex.enabled);
	rmdir((path + ".new").c_str());
	EXPECT_EQ("exchange on\nconfigured off\n", get());
	EXPECT_EQ(0, exchange_set(&ex, false));
	EXPECT_FALSE(start(false));
	ASSERT_EQ(0, exchange_configure(&ex, true));
	ASSERT_EQ(0, mkdir((path + ".new").c_str(), 0700));
	EXPECT_EQ(-EISDIR, exchange_configure(&ex, false));
	EXPECT_FALSE(ex.enabled);
	rmdir((path + ".new").c_str());
	EXPECT_EQ(0, exchange_configure(&ex, false)) << "tried again";
	EXPECT_EQ("exchange off\nconfigured off\n", get());
}
