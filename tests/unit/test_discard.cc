/* Memory that is given back in pieces. */
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include <sys/mman.h>

#include "discard.h"

namespace
{
const size_t MB = 1 << 20, PAGE = 4096;

struct range filled(size_t bytes)
{
	struct range range = {};

	EXPECT_EQ(0, range_init(&range, 64 * MB));
	EXPECT_EQ(0, range_open(&range, bytes));
	memset(range.base, 0xff, bytes);
	return range;
}

/* Pages of it that there are. */
size_t pages(const uint8_t *base, size_t bytes)
{
	std::vector<unsigned char> there(bytes / PAGE);
	size_t n = 0;

	if (mincore((void *)base, bytes, there.data()))
		return 0;
	for (unsigned char page : there)
		n += page & 1;
	return n;
}

TEST(range_trim, from_the_end_a_piece_at_a_time)
{
	struct range range = filled(10 * MB);
	size_t open = range.open, steps = 0;

	EXPECT_FALSE(range_trim(&range, 10 * MB, MB)) << "all of it is needed";
	EXPECT_EQ(open, range.open);
	while (range_trim(&range, 3 * MB, MB)) {
		EXPECT_LE(open - range.open, MB);
		EXPECT_LT(range.open, open);
		open = range.open;
		steps++;
	}
	EXPECT_GE(steps, 5u);
	EXPECT_EQ(4 * MB, range.open) << "whole huge pages";
	EXPECT_EQ(0xff, range.base[3 * MB - 1]);
	EXPECT_EQ(4 * MB / PAGE, pages(range.base, 10 * MB));
	ASSERT_EQ(0, range_open(&range, 10 * MB));
	for (size_t at = 4 * MB; at < 10 * MB; at += PAGE)
		ASSERT_EQ(0, range.base[at]) << at;
	range_fini(&range);
}

TEST(range_trim, a_small_one)
{
	struct range range = filled(3 * 65536);

	while (range_trim(&range, 1, 1))
		;
	EXPECT_EQ(65536u, range.open);
	while (range_trim(&range, 0, 1))
		;
	EXPECT_EQ(0u, range.open);
	EXPECT_FALSE(range_trim(&range, 0, 1));
	range_fini(&range);
}

TEST(discard, gives_back_a_piece_a_turn)
{
	struct discard discard = {};
	struct range a = filled(8 * MB), b = filled(3 * MB), empty = {}, untouched = {};
	const uint8_t *base[] = { a.base, b.base };
	size_t turns = 0, had = 11 * MB / PAGE;

	ASSERT_EQ(0, range_init(&untouched, MB));
	EXPECT_FALSE(discard_turn(&discard, MB));
	for (struct range *range : { &a, &b, &empty, &untouched }) {
		discard_range(&discard, range);
		EXPECT_EQ(nullptr, range->base);
		EXPECT_EQ(0u, range->open);
	}
	EXPECT_EQ(had, pages(base[0], 8 * MB) + pages(base[1], 3 * MB)) << "as they were";
	while (discard_turn(&discard, MB)) {
		size_t has = pages(base[0], 8 * MB) + pages(base[1], 3 * MB);

		ASSERT_LT(turns++, 20u);
		EXPECT_LE(had - has, 2 * MB / PAGE); /* the last piece, and with it what is left */
		had = has;
	}
	EXPECT_GE(turns, 10u);
	EXPECT_EQ(0u, had);
}

TEST(discard, all_of_it_at_once)
{
	struct discard discard = {};
	struct range a = filled(8 * MB), b = filled(1);

	discard_range(&discard, &a);
	discard_range(&discard, &b);
	discard_turn(&discard, MB);
	discard_fini(&discard);
	EXPECT_FALSE(discard_turn(&discard, MB));
}
} // namespace
