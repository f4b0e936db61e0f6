/* Sets of ids against std::set, at sizes that fill several summary words. */
#include <gtest/gtest.h>

#include <cerrno>
#include <random>
#include <set>

#include "bitmap.h"

TEST(bitmap, next_and_last_against_a_set)
{
	std::mt19937 rng(5);

	for (uint32_t range : { 70u, 5000u, 300000u }) {
		struct bitmap b = {};
		std::set<uint32_t> model;

		ASSERT_LE(0, bitmap_reserve(&b, range + 1));
		EXPECT_EQ(0u, bitmap_next(&b, 0));
		EXPECT_EQ(0u, bitmap_last(&b));
		for (int i = 0; i < 4000; i++) {
			uint32_t id = 1 + (uint32_t)(rng() % range);

			if (rng() % 3) {
				EXPECT_EQ(model.insert(id).second, bitmap_add(&b, id));
			} else if (bitmap_has(&b, id)) {
				bitmap_remove(&b, id);
				EXPECT_EQ(1u, model.erase(id));
			}
			ASSERT_EQ(model.size(), b.count);
			if (model.empty())
				continue;
			id = (uint32_t)(rng() % range);
			auto next = model.upper_bound(id);

			ASSERT_EQ(next == model.end() ? *model.begin() : *next,
				  bitmap_next(&b, id));
			ASSERT_EQ(*model.rbegin(), bitmap_last(&b));
		}
		while (!model.empty()) {
			uint32_t last = bitmap_last(&b);

			ASSERT_EQ(*model.rbegin(), last);
			bitmap_remove(&b, last);
			model.erase(last);
		}
		bitmap_free(&b);
	}
}

/* What the sets hold stays where it is: no turn waits for all of a rib's sets to be copied. */
TEST(bitmap, growth_moves_nothing)
{
	struct bitmap b = {};

	ASSERT_EQ(0, bitmap_reserve(&b, 1));
	const uint64_t *words = b.words, *summary = bitmap_summary(&b);
	uint32_t added = 0, id = 0;

	for (uint32_t capacity = 4096; capacity <= BITMAP_IDS; capacity *= 2) {
		ASSERT_EQ(0, bitmap_reserve(&b, capacity));
		ASSERT_EQ(words, b.words);
		ASSERT_EQ(summary, bitmap_summary(&b));
		EXPECT_TRUE(bitmap_add(&b, capacity - 1));
		added++;
	}
	EXPECT_EQ(added, b.count);
	for (uint32_t capacity = 4096; capacity <= BITMAP_IDS; capacity *= 2) {
		id = bitmap_next(&b, id);
		EXPECT_EQ(capacity - 1, id);
	}
	EXPECT_EQ(-ENOMEM, bitmap_reserve(&b, BITMAP_IDS + 1));
	EXPECT_EQ(BITMAP_IDS, b.capacity);
	EXPECT_TRUE(bitmap_has(&b, BITMAP_IDS - 1));
	bitmap_free(&b);
}

TEST(bitmap, a_copy_is_equal_whatever_was_there_before)
{
	struct bitmap from = {}, to = {}, none = {};

	ASSERT_EQ(0, bitmap_reserve(&from, 10000));
	ASSERT_EQ(0, bitmap_reserve(&to, 300000));
	for (uint32_t id : { 1u, 9000u, 250000u })
		bitmap_add(&to, id);
	for (uint32_t id : { 5u, 8191u })
		bitmap_add(&from, id);
	bitmap_copy(&to, &from);
	EXPECT_EQ(2u, to.count);
	EXPECT_EQ(5u, bitmap_next(&to, 0));
	EXPECT_EQ(8191u, bitmap_next(&to, 5));
	EXPECT_EQ(5u, bitmap_next(&to, 8191));
	EXPECT_EQ(8191u, bitmap_last(&to));
	bitmap_copy(&to, &none);
	EXPECT_EQ(0u, to.count);
	EXPECT_FALSE(bitmap_has(&to, 5));
	bitmap_free(&from);
	bitmap_free(&to);
}
