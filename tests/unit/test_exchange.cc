/* The exchange switch: who wins on a start, and that every way a state file can be broken leaves
 * the bridge closed. */
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>

#include "exchange.h"
#include "hung_file.h"
#include "state_file.h"
#include "state_file_rig.h"

class exchange_test : public state_file_test
{
      protected:
	exchange_test() : state_file_test("exchange")
	{
	}
	void TearDown() override
	{
		exchange_close(&ex);
		state_file_test::TearDown();
	}
	/* A control that ends in order, and the next one. */
	bool start(bool configured)
	{
		exchange_close(&ex);
		EXPECT_EQ(0, exchange_open(&ex, path.c_str(), configured));
		stored(state());
		return ex.enabled;
	}
	uint64_t state()
	{
		return exchange_store(&ex, ex.enabled, ex.configured);
	}
	/* What the disk says in the end. */
	int stored(uint64_t ticket)
	{
		int err;

		while ((err = exchange_stored(&ex, ticket)) == -EINPROGRESS)
			usleep(100);
		return err;
	}
	/* As the commands do. */
	int set(bool enabled)
	{
		int err;

		if (!enabled)
			return stored(exchange_off(&ex));
		err = stored(exchange_store(&ex, true, ex.configured));
		if (err)
			state();
		else
			ex.enabled = true;
		return err;
	}
	int configure(bool configured)
	{
		int err = 0;

		if (configured && !ex.configured)
			err = stored(exchange_store(&ex, true, true));
		if (err)
			state();
		else
			exchange_configure(&ex, configured);
		return err ? err : stored(state());
	}
	/* Once the disk takes what is to be stored. */
	void until_stored()
	{
		while (exchange_trouble(&ex, trouble, sizeof(trouble)))
			usleep(1000);
		EXPECT_EQ(0, stored(state()));
	}
	struct exchange ex = {};
	char trouble[100];
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
	ASSERT_EQ(0, set(true));
	EXPECT_TRUE(start(false));
	ASSERT_EQ(0, set(false));
	EXPECT_FALSE(start(false));
}

TEST_F(exchange_test, a_changed_configuration_wins_over_the_switch)
{
	start(true);
	ASSERT_EQ(0, set(false));
	EXPECT_FALSE(start(true));  /* not changed: the switch */
	EXPECT_FALSE(start(false)); /* changed to what it is anyway */
	EXPECT_TRUE(start(true));   /* changed */
	EXPECT_TRUE(start(true));
}

TEST_F(exchange_test, a_reload_moves_the_switch_only_if_its_value_changed)
{
	start(false);
	ASSERT_EQ(0, set(true));
	ASSERT_EQ(0, configure(false));
	EXPECT_TRUE(ex.enabled);
	ASSERT_EQ(0, configure(true));
	EXPECT_TRUE(ex.enabled);
	ASSERT_EQ(0, configure(false));
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
	for (const std::string &bad :
	     { good + "x", good + good, std::string(4096, 'x'), std::string(4096, '\0') }) {
		put(bad);
		EXPECT_FALSE(start(true)) << bad.substr(0, 20);
	}
	EXPECT_FALSE(start(true)); /* it was written back: good again, and off */
	ASSERT_EQ(0, set(true));
	EXPECT_TRUE(start(true));
}

TEST_F(exchange_test, a_crash_before_the_rename_leaves_the_old_state)
{
	start(false);
	ASSERT_EQ(0, set(true));
	std::ofstream(path + ".new", std::ios::trunc) << "exchange o";
	EXPECT_TRUE(start(false));
	ASSERT_EQ(0, set(false));
	EXPECT_FALSE(start(false));
}

TEST_F(exchange_test, a_write_that_fails_moves_nothing)
{
	start(false);
	ASSERT_EQ(0, mkdir((path + ".new").c_str(),
			   0700)); /* in the way of the new file, for root too */
	EXPECT_EQ(-EISDIR, set(true));
	EXPECT_FALSE(ex.enabled);
	EXPECT_EQ(-EISDIR, configure(true));
	EXPECT_FALSE(ex.enabled);
	EXPECT_FALSE(ex.configured);
	rmdir((path + ".new").c_str());
	EXPECT_FALSE(start(false));
}

TEST_F(exchange_test, off_is_off_even_if_it_cannot_be_written_and_is_written_when_it_can)
{
	start(false);
	ASSERT_EQ(0, set(true));
	ASSERT_EQ(0, mkdir((path + ".new").c_str(), 0700));
	EXPECT_EQ(-EISDIR, set(false));
	EXPECT_FALSE(ex.enabled);
	EXPECT_STREQ("cannot be written: Is a directory",
		     exchange_trouble(&ex, trouble, sizeof(trouble)));
	EXPECT_EQ("exchange on\nconfigured off\n", get());
	rmdir((path + ".new").c_str());
	until_stored();
	EXPECT_EQ("exchange off\nconfigured off\n", get());
	ASSERT_EQ(0, configure(true));
	ASSERT_EQ(0, mkdir((path + ".new").c_str(), 0700));
	EXPECT_EQ(-EISDIR, configure(false));
	EXPECT_FALSE(ex.enabled);
	rmdir((path + ".new").c_str());
	until_stored();
	EXPECT_EQ("exchange off\nconfigured off\n", get());
}

/* It is not for the next retry: that would come too late. */
TEST_F(exchange_test, what_could_not_be_written_is_tried_once_more_at_the_end)
{
	start(false);
	ASSERT_EQ(0, set(true));
	ASSERT_EQ(0, mkdir((path + ".new").c_str(), 0700));
	EXPECT_EQ(-EISDIR, set(false));
	rmdir((path + ".new").c_str());
	exchange_close(&ex);
	EXPECT_EQ("exchange off\nconfigured off\n", get());
	ASSERT_EQ(0, exchange_open(&ex, path.c_str(), false));
}

TEST_F(exchange_test, what_can_be_read_counts_though_nothing_can_be_written)
{
	put("exchange on\nconfigured off\n");
	ASSERT_EQ(0, mkdir((path + ".new").c_str(), 0700));
	EXPECT_TRUE(start(false));
	EXPECT_STREQ("cannot be written: Is a directory",
		     exchange_trouble(&ex, trouble, sizeof(trouble)));
	rmdir((path + ".new").c_str());
}

TEST_F(exchange_test, a_directory_that_is_not_there_is_made)
{
	std::string above = path;

	path = dir + "/var/lib/exchange";
	EXPECT_TRUE(start(true));
	EXPECT_EQ("exchange on\nconfigured on\n", get());
	unlink(path.c_str());
	rmdir((dir + "/var/lib").c_str());
	put(""); /* nowhere */
	EXPECT_EQ(0, set(false)) << "made again";
	EXPECT_EQ("exchange off\nconfigured on\n", get());
	unlink(path.c_str());
	rmdir((dir + "/var/lib").c_str());
	rmdir((dir + "/var").c_str());
	path = above;
}

/* Each call returns at once; the clock is the test's. */
TEST_F(exchange_test, a_disk_that_hangs_holds_nobody_up)
{
	uint64_t on, off;

	start(false);
	hang(path + ".new");
	on = exchange_store(&ex, true, false);
	EXPECT_EQ(-EINPROGRESS, exchange_stored(&ex, on));
	EXPECT_EQ(nullptr, exchange_trouble(&ex, trouble, sizeof(trouble)));
	off = exchange_off(&ex);
	EXPECT_EQ(-ECANCELED, exchange_stored(&ex, on));
	EXPECT_EQ(-EINPROGRESS, exchange_stored(&ex, off));
	EXPECT_EQ(off, exchange_off(&ex)) << "on its way";
	ex.now_ms += 7000;
	EXPECT_STREQ("has not been written within 7 s",
		     exchange_trouble(&ex, trouble, sizeof(trouble)));
	unhang_writer(path + ".new", [&] { return exchange_stored(&ex, off) != -EINPROGRESS; });
	until_stored();
	EXPECT_EQ("exchange off\nconfigured off\n", get()) << "the last wish";
}

TEST_F(exchange_test, a_file_that_is_not_read_in_time_closes)
{
	hang(path);
	EXPECT_EQ(0, exchange_open(&ex, path.c_str(), true));
	EXPECT_FALSE(ex.enabled);
	unhang_reader(path);
	until_stored();
	EXPECT_EQ("exchange off\nconfigured on\n", get());
}
