/* One table of IPv6 and one writer for it, for the tests of what it finds and of who reads it. */
#ifndef BASCULE_TEST_TRIE6_TABLE_H
#define BASCULE_TEST_TRIE6_TABLE_H

#include <algorithm>
#include <cstdlib>
#include <random>

#include <rte_lpm6.h>

#include "trie6_rig.h"

constexpr uint32_t MISS = 0, THREADS = 4, GROUPS = 1 << 17;

/* Of a rule's number; never MISS. */
static inline uint32_t value_of(size_t number)
{
	return 1 + (uint32_t)(number % (FIB_PATH_LISTS - 1));
}

/* Emptied for each test. */
class trie6_test : public testing::Test
{
      protected:
	struct rte_rcu_qsbr *qsbr = nullptr;
	table6 table{ GROUPS };
	struct trie6 t;
	std::mt19937_64 random{ 1 };

	void SetUp() override
	{
		qsbr = (struct rte_rcu_qsbr *)aligned_alloc(RTE_CACHE_LINE_SIZE,
							    rte_rcu_qsbr_get_memsize(THREADS));
		ASSERT_EQ(0, rte_rcu_qsbr_init(qsbr, THREADS));
		ASSERT_EQ(0, trie6_init(&t, table.shared, table.groups, qsbr));
	}
	void TearDown() override
	{
		trie6_fini(&t);
		free(qsbr);
	}
	void restart(uint32_t groups)
	{
		trie6_fini(&t);
		ASSERT_EQ(0, trie6_init(&t, table.shared, groups, qsbr));
	}
	int set(ip6 addr, uint8_t len, uint32_t value)
	{
		struct fib_addr a = words(addr);

		return trie6_set(&t, &a, len, value);
	}
	int set(const char *addr, uint8_t len, uint32_t value)
	{
		return set(addr6(addr), len, value);
	}
	int del(ip6 addr, uint8_t len)
	{
		struct fib_addr a = words(addr);

		return trie6_del(&t, &a, len);
	}
	int del(const char *addr, uint8_t len)
	{
		return del(addr6(addr), len);
	}
	uint32_t lookup(const char *addr) const
	{
		return table.lookup(addr6(addr));
	}
	ip6 random_addr()
	{
		ip6 high = random();

		return high << 64 | random();
	}
	/* Of lengths shortest..128, within a prefix. */
	route6 random_route(ip6 within, uint8_t within_len, uint8_t shortest)
	{
		uint8_t len = (uint8_t)(shortest + random() % (129u - shortest));
		ip6 low = within_len ? random_addr() >> within_len : random_addr();

		return { lpm6_model::network(within | low, len), len };
	}
	void expect_empty()
	{
		uint32_t used = 0;

		for (uint32_t entry : table.shared->root)
			used += entry != 0;
		EXPECT_EQ(0u, used);
		EXPECT_EQ(0u, t.groups.used);
		EXPECT_EQ(0u, t.nb_rules);
	}
	void expect_model(const lpm6_model &model, const std::vector<ip6> &addrs, const char *when)
	{
		std::vector<uint32_t> found = look_up(table.reader(MISS), addrs);

		for (size_t i = 0; i < addrs.size(); i++)
			ASSERT_EQ(model.lookup(addrs[i], MISS), found[i])
				<< text({ addrs[i], 128 }) << " " << when;
	}
	void expect_librte(const struct rte_lpm6 *reference, const std::vector<ip6> &addrs)
	{
		std::vector<uint32_t> found = look_up(table.reader(MISS), addrs);

		for (size_t i = 0; i < addrs.size(); i++) {
			uint8_t octets[16];
			uint32_t value;

			octets6(addrs[i], octets);
			if (rte_lpm6_lookup(reference, octets, &value))
				value = MISS;
			ASSERT_EQ(value, found[i]) << text({ addrs[i], 128 });
		}
	}
	/* Set all routes in the order given, compare, delete the first half, compare. */
	void same_as_librte(const std::vector<route6> &routes)
	{
		struct rte_lpm6_config config = { 1 << 17, 1 << 16, 0 };
		struct rte_lpm6 *reference = rte_lpm6_create("reference", SOCKET_ID_ANY, &config);
		std::vector<ip6> addrs = borders(routes);
		uint8_t octets[16];

		ASSERT_NE(nullptr, reference);
		for (size_t i = 0; i < routes.size(); i++) {
			octets6(routes[i].addr, octets);
			ASSERT_EQ(0, set(routes[i].addr, routes[i].len, value_of(i)))
				<< text(routes[i]);
			ASSERT_EQ(0, rte_lpm6_add(reference, octets, routes[i].len, value_of(i)));
		}
		expect_librte(reference, addrs);
		for (size_t i = 0; i < routes.size() / 2; i++) {
			octets6(routes[i].addr, octets);
			/* A prefix may be there twice: both must agree whether it is still. */
			EXPECT_EQ(rte_lpm6_delete(reference, octets, routes[i].len) == 0,
				  del(routes[i].addr, routes[i].len) == 0);
		}
		expect_librte(reference, addrs);
		rte_lpm6_free(reference);
	}
};

#endif
