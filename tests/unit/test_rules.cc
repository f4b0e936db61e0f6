/* The rule store: an exact map, whatever is put and removed, through growth and through clusters of
 * collisions. */
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>

#include "hash.h"
#include "rules.h"

static void put(struct rules *rules, uint32_t addr, uint8_t len, uint32_t value)
{
	uint64_t *slot = rules_reserve(rules, addr, len);

	ASSERT_NE(nullptr, slot);
	rules_put(rules, slot, addr, len, value);
}

TEST(rules, is_a_map)
{
	std::map<std::pair<uint32_t, uint8_t>, uint32_t> model;
	std::mt19937 random(1);
	struct rules rules;

	ASSERT_EQ(0, rules_init(&rules));
	for (uint32_t step = 0; step < 400000; step++) {
		/* Few enough prefixes that they meet again; more are put than removed, until it has
		 * grown thrice. */
		uint8_t len = 16 + random() % 17;
		uint32_t addr =
			(0x0a000000 | random() % 0x8000) << (32 - len) >> (32 - len) << (32 - len);
		uint64_t *slot = rules_find(&rules, addr, len);
		auto known = model.find({ addr, len });

		ASSERT_EQ(known != model.end(), slot != nullptr);
		if (slot) {
			ASSERT_EQ(known->second, rule_value(*slot));
		}
		if (slot && random() % 3 == 0) {
			rules_remove(&rules, slot);
			model.erase(known);
		} else if (slot) {
			*slot = rule_with(*slot, step);
			known->second = step;
		} else {
			uint32_t segments = rules.words.nb;

			put(&rules, addr, len, step);
			model[{ addr, len }] = step;
			ASSERT_LE(rules.words.nb, segments + 1) << "no rule moves all others";
		}
		ASSERT_EQ(model.size(), rules_count(&rules));
	}
	for (auto &[prefix, value] : model) {
		uint64_t *slot = rules_find(&rules, prefix.first, prefix.second);

		ASSERT_NE(nullptr, slot);
		ASSERT_EQ(value, rule_value(*slot));
		rules_remove(&rules, slot);
	}
	EXPECT_EQ(0u, rules_count(&rules));
	EXPECT_LT(8u, rules.words.nb) << "it has grown";
	for (uint32_t n : rules.of_len)
		EXPECT_EQ(0u, n);
	rules_fini(&rules);
}

/* So that peers cannot choose prefixes that collide. */
TEST(rules, hash_as_no_other_process_does)
{
	struct rules rules;

	ASSERT_EQ(0, rules_init(&rules));
	EXPECT_EQ(hash_seed(), rules.seed);
	rules_fini(&rules);
}

TEST(rules, extreme_prefixes_and_values)
{
	struct rules rules;

	ASSERT_EQ(0, rules_init(&rules));
	put(&rules, 0, 1, 0);
	put(&rules, 0, 32, 0xffffff);
	put(&rules, 0xffffffff, 32, 0);
	EXPECT_EQ(0u, rule_value(*rules_find(&rules, 0, 1)));
	EXPECT_EQ(0xffffffu, rule_value(*rules_find(&rules, 0, 32)));
	EXPECT_EQ(0u, rule_value(*rules_find(&rules, 0xffffffff, 32)));
	EXPECT_EQ(nullptr, rules_find(&rules, 0x80000000, 1));
	EXPECT_EQ(nullptr, rules_find(&rules, 0, 2));
	rules_fini(&rules);
}
