/* What is due later: each bit is its own, and is taken once. */
#include <gtest/gtest.h>

#include "due.h"

TEST(due, each_is_taken_once_and_by_itself)
{
	struct due due = {};

	for (int i = 0; i < DUE_WORKS; i++) {
		enum due_work work = (enum due_work)i;

		EXPECT_FALSE(due_take(&due, work)) << i;
		due_set(&due, work);
		due_set(&due, work);
		for (int other = 0; other < DUE_WORKS; other++)
			EXPECT_EQ(other == i, due_has(&due, (enum due_work)other)) << i;
		EXPECT_TRUE(due_take(&due, work)) << i;
		EXPECT_FALSE(due_take(&due, work)) << i;
		EXPECT_EQ(0u, due.bits) << i;
	}
}

TEST(due, to_take_one_leaves_the_others)
{
	struct due due = {};

	for (int i = 0; i < DUE_WORKS; i++)
		due_set(&due, (enum due_work)i);
	for (int i = 0; i < DUE_WORKS; i++) {
		EXPECT_TRUE(due_take(&due, (enum due_work)i));
		for (int other = 0; other < DUE_WORKS; other++)
			EXPECT_EQ(other > i, due_has(&due, (enum due_work)other)) << i;
	}
}
