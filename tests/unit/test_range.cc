/* Ranges: zeroed, where they were, as long as was asked for, and not much longer. */
#include <gtest/gtest.h>

#include <cstring>

#include "range.h"

TEST(range, opens_zeroed_and_never_moves)
{
	const size_t bytes = 20u << 20;
	struct range range = {};

	ASSERT_EQ(0, range_init(&range, bytes));
	const uint8_t *base = range.base;

	EXPECT_LE(bytes, range.reserved);
	EXPECT_EQ(0u, range.open);
	for (size_t open = 1; open <= bytes; open = open * 3 + 1) {
		ASSERT_EQ(0, range_open(&range, open));
		ASSERT_EQ(base, range.base);
		ASSERT_LE(open, range.open);
		ASSERT_LT(range.open, open + (open > 2 << 20 ? 2 << 20 : 64 << 10))
			<< "no more than is needed";
		ASSERT_EQ(0, range.base[open - 1]);
		range.base[open - 1] = 1;
	}
	EXPECT_EQ(1, range.base[0]);
	ASSERT_EQ(0, range_open(&range, bytes));
	memset(range.base, 0xff, bytes);
	range_fini(&range);
	EXPECT_EQ(nullptr, range.base);
	range_fini(&range);
}

TEST(range, what_is_open_stays_open)
{
	struct range range = {};

	ASSERT_EQ(0, range_init(&range, 10u << 20));
	ASSERT_EQ(0, range_open(&range, 3u << 20));
	size_t open = range.open;

	ASSERT_EQ(0, range_open(&range, 1));
	EXPECT_EQ(open, range.open);
	range_fini(&range);
}

TEST(range, more_than_there_are_addresses)
{
	struct range range = {};

	EXPECT_EQ(-ENOMEM, range_init(&range, (size_t)1 << 60));
	EXPECT_EQ(nullptr, range.base);
}
