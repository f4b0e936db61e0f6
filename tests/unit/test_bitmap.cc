/* Sets of ids against std::set, at sizes that fill several summary words. */
#include <gtest/gtest.h>

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
