/* The table of prefixes: finds what was added and nothing else, through growth and removals. */
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "families.h"
#include "prefix_table.h"

namespace
{

struct item {
	uint32_t addr;
	uint8_t len;
	uint8_t reserved[3];
	uint32_t value;
};
PREFIX_TABLE_ITEM(struct item);

struct item *at(const struct prefix_table *table, uint32_t id)
{
	return (struct item *)prefix_table_at(table, id);
}

struct prefix_table_test : testing::TestWithParam<enum family> {
	struct prefix_table table = {};

	~prefix_table_test()
	{
		prefix_table_close(&table);
	}
	int open(uint32_t max)
	{
		prefix_table_close(&table);
		return prefix_table_open(&table, GetParam(), sizeof(struct item), max);
	}
	struct prefix key(uint32_t v4, uint8_t len)
	{
		return prefix_of(GetParam(), v4, len);
	}
	uint32_t add(uint32_t v4, uint8_t len)
	{
		const struct prefix prefix = key(v4, len);

		return prefix_table_add(&table, &prefix);
	}
	uint32_t find(uint32_t v4, uint8_t len)
	{
		const struct prefix prefix = key(v4, len);

		return prefix_table_find(&table, &prefix);
	}
	void compare_with_map(uint32_t max);
};

/* What is found, and what is not, while prefixes come and go, is what a map says. */
void prefix_table_test::compare_with_map(uint32_t max)
{
	std::map<std::pair<uint32_t, uint8_t>, uint32_t> model;
	std::mt19937 random(7);

	ASSERT_EQ(0, open(max));
	for (uint32_t round = 0; round < 200000; round++) {
		struct prefix p =
			prefix4_make(random() % (max < 4096 ? 32 : 4096) << (max < 4096 ? 24 : 18),
				     (uint8_t)(8 + random() % 8));
		uint32_t id = find(p.addr.v4, p.len);
		auto known = model.find({ p.addr.v4, p.len });

		ASSERT_EQ(known != model.end(), id != 0);
		if (!id) {
			id = add(p.addr.v4, p.len);
			ASSERT_NE(0u, id);
			ASSERT_EQ(0u, at(&table, id)->value);
			at(&table, id)->value = model[{ p.addr.v4, p.len }] = round;
			continue;
		}
		ASSERT_EQ(known->second, at(&table, id)->value);
		if (random() % 3) {
			prefix_table_remove(&table, id);
			model.erase(known);
		}
	}
	EXPECT_EQ(model.size(), table.items.used);
	for (const auto &[key, value] : model)
		EXPECT_EQ(value, at(&table, find(key.first, key.second))->value);
}

} // namespace

TEST_P(prefix_table_test, the_same_address_at_each_length)
{

	ASSERT_EQ(0, open(1000));
	for (uint8_t len = 0; len <= 32; len++)
		at(&table, add(0, len))->value = len;
	for (uint8_t len = 0; len <= 32; len++) {
		uint32_t id = find(0, len);

		ASSERT_NE(0u, id);
		EXPECT_EQ(len, at(&table, id)->value);
		EXPECT_TRUE(prefix_equal(key(0, len), prefix_table_key(&table, id)));
	}
	EXPECT_EQ(0u, find(0x80000000, 1));
}

/* Whoever knows the hash must not know where a prefix goes. */
TEST_P(prefix_table_test, homes_differ_from_process_to_process)
{
	struct prefix_table other;
	unsigned int same = 0;

	ASSERT_EQ(0, open(100));
	other = table;
	other.seed = ~hash_seed();
	EXPECT_EQ(hash_seed(), table.seed);
	for (uint32_t i = 0; i < 1000; i++) {
		const struct prefix prefix = key(0x0a000000 + (i << 8), 24);

		same += prefix_table_hash(&table, &prefix) % 256 ==
			prefix_table_hash(&other, &prefix) % 256;
	}
	EXPECT_LT(same, 100u);
}

TEST_P(prefix_table_test, full)
{

	ASSERT_EQ(0, open(2));
	EXPECT_NE(0u, add(1, 32));
	EXPECT_NE(0u, add(2, 32));
	EXPECT_EQ(0u, add(3, 32));
	EXPECT_EQ(0u, find(3, 32));
	prefix_table_remove(&table, find(1, 32));
	EXPECT_NE(0u, add(3, 32));
	EXPECT_EQ(0u, find(1, 32));
}

/* Tables of all widths of ids, and so of tags: 22 bits, 11, 7, 5. */
TEST_P(prefix_table_test, does_what_a_map_does)
{
	for (uint32_t max : { 1u << 9, 1u << 20, 1u << 24, 1u << 26 }) {
		SCOPED_TRACE(max);
		compare_with_map(max);
	}
}

/* Items that lie on the way of a search are not looked at: their tags tell them apart. */
TEST_P(prefix_table_test, a_search_looks_at_few_items)
{
	unsigned int passed = 0, alike = 0;

	ASSERT_EQ(0, open(1 << 24));
	EXPECT_EQ(0xfe000000, table.tag_mask);
	for (uint32_t i = 0; i < 300000; i++)
		ASSERT_NE(0u, add(i << 8, 24));
	for (uint32_t i = 0; i < 300000; i++) {
		const struct prefix prefix = key(i << 8, 25);
		uint32_t hash = prefix_table_hash(&table, &prefix);
		uint32_t slot = linear_hash_home(hash), tag = prefix_table_tag(&table, hash);
		const uint32_t *ids = (const uint32_t *)linear_hash_segment(&table.ids, hash, 4);

		for (; ids[slot]; slot = linear_hash_after(slot), passed++)
			alike += (ids[slot] & table.tag_mask) == tag;
		ASSERT_EQ(0u, find(i << 8, 25));
	}
	EXPECT_GT(passed, 300000u);
	EXPECT_LT(alike, passed / 64); /* one in 128 by chance */
}
/* What is fetched ahead is what a search will look at, but for tags that are the same by chance;
 * where nothing is, nothing is fetched. */
TEST_P(prefix_table_test, what_is_fetched_is_found)
{
	unsigned int others = 0, vain = 0;

	ASSERT_EQ(0, open(1 << 24));
	for (uint32_t i = 0; i < 100000; i++)
		ASSERT_NE(0u, add(i << 8, 24));
	for (uint32_t i = 0; i < 100000; i++) {
		const struct prefix there = key(i << 8, 24), not_there = key(i << 8, 25);

		prefix_table_fetch(&table, &there);
		others += prefix_table_fetch_item(&table, &there) !=
			  prefix_table_find(&table, &there);
		vain += prefix_table_fetch_item(&table, &not_there) != SLAB_NONE;
	}
	EXPECT_LT(others, 100000u / 20);
	EXPECT_LT(vain, 100000u / 20);
}

/* The memory of one more prefix, and so the work, does not depend on how many there are: 1,024
 * slots of the hash and a step of each range of the slab, and of that of IPv6. */
TEST_P(prefix_table_test, grows_a_step_at_a_time)
{
	size_t before, most = 0;

	ASSERT_EQ(0, open(1 << 20));
	before = prefix_table_bytes(&table);
	for (uint32_t i = 0; i < 300000; i++) {
		ASSERT_NE(0u, add(i << 8, 24));
		size_t bytes =
			prefix_table_bytes(&table) - slab_bytes(&table.items) - table.tails.open;

		most = std::max(most, bytes - std::min(before, bytes));
		before = bytes;
	}
	EXPECT_EQ(1024 * sizeof(uint32_t), most);
	for (uint32_t i = 0; i < 300000; i++)
		ASSERT_EQ(i + 1, find(i << 8, 24));
}

OF_BOTH_FAMILIES(prefix_table_test);
