/* Which loop the watchdog calls hung, look by look; the thread around it only sleeps and aborts. */
#include <gtest/gtest.h>

#include <cstring>

#include "watchdog.h"

TEST(watchdog, a_loop_that_turns_is_left_alone)
{
	struct watchdog_loop loop = {};

	for (int i = 0; i < 10 * WATCHDOG_S; i++) {
		watchdog_turn(&loop);
		EXPECT_EQ(nullptr, watchdog_look(&loop, 1));
	}
}

TEST(watchdog, one_of_many_that_stands_is_named)
{
	struct watchdog_loop loops[3] = {};

	strcpy(loops[1].name, "session lcore 7");
	for (auto &loop : loops)
		watchdog_turn(&loop);
	watchdog_look(loops, 3);
	for (int i = 1; i < WATCHDOG_S; i++) {
		watchdog_turn(&loops[0]);
		watchdog_turn(&loops[2]);
		EXPECT_EQ(nullptr, watchdog_look(loops, 3)) << i;
	}
	watchdog_turn(&loops[0]);
	watchdog_turn(&loops[2]);
	EXPECT_STREQ("session lcore 7", watchdog_look(loops, 3));
}

TEST(watchdog, one_turn_in_time_is_enough)
{
	struct watchdog_loop loop = {};

	for (int round = 0; round < 3; round++) {
		watchdog_turn(&loop);
		for (int i = 0; i < WATCHDOG_S; i++)
			EXPECT_EQ(nullptr, watchdog_look(&loop, 1));
	}
}
