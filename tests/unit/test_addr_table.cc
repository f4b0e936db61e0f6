/* Interned next hops against maps: ids, counts, order, bounds. */
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "addr_table.h"
#include "families.h"

namespace
{

/* The n-th address: of one family or the other, and some link-local ones in two zones. */
struct scoped_addr nth(uint32_t n)
{
	const uint8_t local[16] = { 0xfe,
				    0x80,
				    0,
				    0,
				    0,
				    0,
				    0,
				    0,
				    0,
				    0,
				    0,
				    0,
				    0,
				    0,
				    (uint8_t)(n >> 10),
				    (uint8_t)(n >> 2) };

	if (n % 4 < 2)
		return scoped_addr_make(addr_make6(local), (uint8_t)(1 + n % 2));
	return scoped_addr_make(addr_of(n % 4 == 2 ? FAMILY_IPV4 : FAMILY_IPV6, n), 0);
}

struct addr_table_test : testing::Test {
	struct addr_table table;

	void open(uint32_t max)
	{
		ASSERT_EQ(0, addr_table_init(&table, max));
	}
	uint32_t get(uint32_t n)
	{
		const struct scoped_addr addr = nth(n);

		return addr_table_get(&table, &addr);
	}
	uint32_t find(uint32_t n)
	{
		const struct scoped_addr addr = nth(n);

		return addr_table_find(&table, &addr);
	}
	bool is(uint32_t id, uint32_t n)
	{
		const struct scoped_addr *at = addr_table_at(&table, id), wanted = nth(n);

		return addr_equal(at->addr, wanted.addr) && at->zone == wanted.zone;
	}
	void TearDown() override
	{
		EXPECT_EQ(0u, addr_table_count(&table));
		addr_table_fini(&table);
	}
};

TEST_F(addr_table_test, like_maps)
{
	enum { ADDRESSES = 9000 };
	struct held {
		uint32_t id, refs;
	};
	std::map<uint32_t, held> model; /* by number */
	std::set<uint32_t> ids;
	std::mt19937 rng(3);
	uint32_t top = 0, most = 0;

	open(ADDR_TABLE_MAX);
	for (int step = 0; step < 200000; step++) {
		uint32_t n = rng() % ADDRESSES;
		auto it = model.find(n);
		bool known = it != model.end();

		ASSERT_EQ(known ? it->second.id : (uint32_t)ADDR_NONE, find(n));
		if (rng() % 8 < (step / 50000 % 2 ? 2u : 6u)) {
			uint32_t id = get(n);

			ASSERT_NE((uint32_t)ADDR_NONE, id);
			if (known) {
				ASSERT_EQ(it->second.id, id);
				it->second.refs++;
			} else {
				ASSERT_TRUE(ids.insert(id).second) << "two have one id";
				model[n] = { id, 1 };
			}
			top = std::max(top, id);
		} else if (known && rng() % 4 == 0) {
			addr_table_hold(&table, it->second.id);
			it->second.refs++;
		} else if (known) {
			ASSERT_TRUE(is(it->second.id, n));
			addr_table_put(&table, it->second.id);
			if (!--it->second.refs) {
				ids.erase(it->second.id);
				model.erase(it);
			}
		}
		most = std::max(most, (uint32_t)model.size());
		ASSERT_EQ(model.size(), addr_table_count(&table));
	}
	EXPECT_EQ(most, top) << "ids are used again";
	for (const auto &m : model)
		for (uint32_t i = 0; i < m.second.refs; i++)
			addr_table_put(&table, m.second.id);
}

/* Whatever order they came in. */
TEST_F(addr_table_test, ordered_by_address)
{
	std::vector<uint32_t> numbers(2000), ids;
	std::mt19937 rng(4);

	open(ADDR_TABLE_MAX);
	for (uint32_t i = 0; i < numbers.size(); i++)
		numbers[i] = i;
	std::shuffle(numbers.begin(), numbers.end(), rng);
	for (uint32_t n : numbers)
		ids.push_back(get(n));
	std::sort(ids.begin(), ids.end(),
		  [&](uint32_t a, uint32_t b) { return addr_table_compare(&table, a, b) < 0; });
	for (size_t i = 1; i < ids.size(); i++) {
		const struct scoped_addr *a = addr_table_at(&table, ids[i - 1]),
					 *b = addr_table_at(&table, ids[i]);
		int order = addr_compare(a->addr, b->addr);

		ASSERT_TRUE(order < 0 || (!order && a->zone < b->zone)) << i;
		ASSERT_LT(0, addr_table_compare(&table, ids[i], ids[i - 1])) << i;
		ASSERT_EQ(0, addr_table_compare(&table, ids[i], ids[i])) << i;
	}
	for (uint32_t id : ids)
		addr_table_put(&table, id);
}

TEST_F(addr_table_test, full_is_refused_and_nothing_else)
{
	enum { MOST = 100 };
	std::vector<uint32_t> ids;

	open(MOST);
	for (uint32_t n = 0; n < MOST; n++)
		ids.push_back(get(n));
	EXPECT_EQ(MOST, *std::max_element(ids.begin(), ids.end()));
	EXPECT_EQ((uint32_t)ADDR_NONE, get(MOST));
	EXPECT_EQ((uint32_t)ADDR_NONE, find(MOST));
	EXPECT_EQ(ids[7], get(7)) << "one that is there";
	addr_table_put(&table, ids[7]);
	addr_table_put(&table, ids[7]);
	EXPECT_EQ(ids[7], get(MOST)) << "and there is room again";
	EXPECT_TRUE(is(ids[7], MOST));
	EXPECT_EQ((uint32_t)ADDR_NONE, find(7));
	for (uint32_t id : ids)
		addr_table_put(&table, id);
}

} // namespace
