/* Which loop the watchdog calls hung, look by look; the thread around it only sleeps and aborts. */
#include <gtest/gtest.h>

#include <cstring>

#include "notify_socket.h"
#include "watchdog.h"

static bool all_turned;

static const char *look(struct watchdog_loop *loops, unsigned int n)
{
	return watchdog_look(loops, n, &all_turned);
}

TEST(watchdog, a_loop_that_turns_is_left_alone)
{
	struct watchdog_loop loop = {};

	for (int i = 0; i < 10 * WATCHDOG_S; i++) {
		watchdog_turn(&loop);
		EXPECT_EQ(nullptr, look(&loop, 1));
	}
}

TEST(watchdog, one_of_many_that_stands_is_named)
{
	struct watchdog_loop loops[3] = {};

	strcpy(loops[1].name, "session lcore 7");
	for (auto &loop : loops)
		watchdog_turn(&loop);
	look(loops, 3);
	for (int i = 1; i < WATCHDOG_S; i++) {
		watchdog_turn(&loops[0]);
		watchdog_turn(&loops[2]);
		EXPECT_EQ(nullptr, look(loops, 3)) << i;
	}
	watchdog_turn(&loops[0]);
	watchdog_turn(&loops[2]);
	EXPECT_STREQ("session lcore 7", look(loops, 3));
}

TEST(watchdog, one_turn_in_time_is_enough)
{
	struct watchdog_loop loop = {};

	for (int round = 0; round < 3; round++) {
		watchdog_turn(&loop);
		for (int i = 0; i < WATCHDOG_S; i++)
			EXPECT_EQ(nullptr, look(&loop, 1));
	}
}

/* What the service manager is told. */
TEST(watchdog, all_have_turned_if_none_has_stood)
{
	struct watchdog_loop loops[3] = {};

	for (auto &loop : loops)
		watchdog_turn(&loop);
	look(loops, 3);
	EXPECT_TRUE(all_turned);
	for (auto &standing : loops) {
		for (auto &loop : loops) {
			if (&loop != &standing)
				watchdog_turn(&loop);
		}
		look(loops, 3);
		EXPECT_FALSE(all_turned);
		watchdog_turn(&standing);
		for (auto &loop : loops)
			watchdog_turn(&loop);
		look(loops, 3);
		EXPECT_TRUE(all_turned);
	}
}

TEST(watchdog, the_service_manager_is_told)
{
	struct watchdog_loop loop = {};
	notify_socket manager;

	watchdog_turn(&loop);
	ASSERT_EQ(0, watchdog_start(&loop, 1));
	EXPECT_EQ("WATCHDOG=1", manager.next(30000));
	watchdog_stop();
}
