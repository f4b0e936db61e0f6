/* Adjacencies: one for each (gateway, port, role), counted; and what a reader sees while the two
 * sides write. */
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <set>
#include <thread>

#include "adjacency.h"

namespace
{

const struct fib_port er0 = { "er0", 3, 1400, 1, 1 };
const struct fib_port vpn0 = { "vpn0", 4, 1500, 2, 1 };

} // namespace

class adjacency_test : public testing::Test
{
      protected:
	struct rte_rcu_qsbr *qsbr = nullptr;
	struct fib_generation generation = {};
	struct adjacencies adjacencies;

	void SetUp() override
	{
		size_t size = FIB_ADJACENCIES * sizeof(struct adjacency);

		qsbr = (struct rte_rcu_qsbr *)aligned_alloc(RTE_CACHE_LINE_SIZE,
							    rte_rcu_qsbr_get_memsize(4));
		ASSERT_EQ(0, rte_rcu_qsbr_init(qsbr, 4));
		generation.adjacencies =
			(struct adjacency *)aligned_alloc(RTE_CACHE_LINE_SIZE, size);
		memset((void *)generation.adjacencies, 0, size);
		generation.adjacencies_end = 3;
		ASSERT_EQ(0, adjacencies_init(&adjacencies, &generation, 3, qsbr));
	}
	void TearDown() override
	{
		adjacencies_fini(&adjacencies);
		free(generation.adjacencies);
		free(qsbr);
	}
	struct adjacency *at(uint16_t index)
	{
		return &generation.adjacencies[index];
	}
};

TEST_F(adjacency_test, one_for_each_triple)
{
	uint16_t a, b, c, d, again;

	ASSERT_EQ(0, adjacency_claim(&adjacencies, fib_addr_ip4(0x0a000001), &er0, 1, &a));
	ASSERT_EQ(0, adjacency_claim(&adjacencies, fib_addr_ip4(0x0a000002), &er0, 1, &b));
	ASSERT_EQ(0, adjacency_claim(&adjacencies, fib_addr_ip4(0x0a000001), &vpn0, 1, &c));
	ASSERT_EQ(0, adjacency_claim(&adjacencies, fib_addr_ip4(0x0a000001), &er0, 2, &d));
	EXPECT_TRUE(a >= 3 && b > a && c > b && d > c) << "four, none of them fixed";
	ASSERT_EQ(0, adjacency_claim(&adjacencies, fib_addr_ip4(0x0a000001), &er0, 1, &again));
	EXPECT_EQ(a, again);
	EXPECT_EQ(4u, adjacencies.indexes.used);
	EXPECT_EQ(d + 1u, generation.adjacencies_end);
	EXPECT_TRUE(adjacency_claimed(at(a)));
	EXPECT_EQ(0x0a000001u, fib_addr_to_ip4(&at(a)->gateway));
	EXPECT_EQ(3, at(a)->port);
	EXPECT_EQ(1400, at(a)->mtu);
	EXPECT_EQ(1, at(a)->egress_role);
	EXPECT_EQ(ADJACENCY_UNRESOLVED, at(a)->action);
}

/* Of either family, and by the whole address. */
TEST_F(adjacency_test, gateways_of_both_families)
{
	const struct fib_addr gateways[] = {
		{ { 0x20010db8, 0, 0, 1 } }, { { 0x20010db8, 0, 1, 1 } },
		{ { 0x20010db9, 0, 0, 1 } }, { { 0xfe800000, 0, 0, 0x0a000001 } },
		fib_addr_ip4(0x0a000001),    { { 0, 0, 0, 0x0a000001 } },
	};
	std::set<uint16_t> indexes;

	for (const struct fib_addr &gateway : gateways) {
		uint16_t index, again;

		ASSERT_EQ(0, adjacency_claim(&adjacencies, gateway, &er0, 1, &index));
		ASSERT_EQ(0, adjacency_claim(&adjacencies, gateway, &er0, 1, &again));
		EXPECT_EQ(index, again);
		EXPECT_TRUE(indexes.insert(index).second) << "another one's";
		EXPECT_TRUE(fib_addr_same(&gateway, &at(index)->gateway));
		EXPECT_EQ(ADJACENCY_UNRESOLVED, at(index)->action);
	}
	EXPECT_EQ(0x0a000001u, fib_addr_to_ip4(&gateways[4]));
	EXPECT_EQ(0u, fib_addr_to_ip4(&gateways[5]));
}

TEST_F(adjacency_test, gateway_0_gleans)
{
	uint16_t index;

	ASSERT_EQ(0, adjacency_claim(&adjacencies, fib_addr_ip4(0), &vpn0, 2, &index));
	EXPECT_EQ(ADJACENCY_GLEAN, at(index)->action);
	EXPECT_EQ(4, at(index)->port);
}

TEST_F(adjacency_test, resolved_and_not)
{
	const uint8_t dst[6] = { 2, 1, 2, 3, 4, 5 }, src[6] = { 2, 9, 8, 7, 6, 5 };
	const uint8_t header[16] = { 2, 1, 2, 3, 4, 5, 2, 9, 8, 7, 6, 5, 0, 0, 4, 5 };
	uint16_t index;

	ASSERT_EQ(0, adjacency_claim(&adjacencies, fib_addr_ip4(0x0a000001), &er0, 1, &index));
	adjacency_resolve(at(index), dst, src);
	EXPECT_EQ(ADJACENCY_FORWARD, at(index)->action);
	EXPECT_EQ(0, memcmp(header, at(index)->rewrite, sizeof(header)));
	EXPECT_EQ(0x0a000001u, fib_addr_to_ip4(&at(index)->gateway));
	adjacency_unresolve(at(index));
	EXPECT_EQ(ADJACENCY_UNRESOLVED, at(index)->action);
	EXPECT_TRUE(adjacency_claimed(at(index)));
}

TEST_F(adjacency_test, last_release_drops_and_waits_for_readers)
{
	uint16_t index, other;

	rte_rcu_qsbr_thread_register(qsbr, 0);
	rte_rcu_qsbr_thread_online(qsbr, 0);
	ASSERT_EQ(0, adjacency_claim(&adjacencies, fib_addr_ip4(0x0a000001), &er0, 1, &index));
	ASSERT_EQ(0, adjacency_claim(&adjacencies, fib_addr_ip4(0x0a000001), &er0, 1, &index));
	adjacency_release(&adjacencies, index);
	EXPECT_EQ(ADJACENCY_UNRESOLVED, at(index)->action) << "one claim is left";
	adjacency_release(&adjacencies, index);
	EXPECT_EQ(ADJACENCY_DROP, at(index)->action);
	EXPECT_FALSE(adjacency_claimed(at(index)));

	rcu_pool_reclaim(&adjacencies.indexes);
	ASSERT_EQ(0, adjacency_claim(&adjacencies, fib_addr_ip4(0x0a000001), &er0, 1, &other));
	EXPECT_NE(index, other)
		<< "the same neighbour again, but the main lcore may be busy with the old slot";
	rte_rcu_qsbr_quiescent(qsbr, 0);
	rcu_pool_reclaim(&adjacencies.indexes);
	ASSERT_EQ(0, adjacency_claim(&adjacencies, fib_addr_ip4(0x0a000007), &vpn0, 2, &other));
	EXPECT_EQ(index, other);
	EXPECT_EQ(ADJACENCY_UNRESOLVED, at(other)->action);
	EXPECT_EQ(4, at(other)->port);
}

TEST_F(adjacency_test, full)
{
	uint16_t index = 0;

	for (uint32_t i = 3; i < FIB_ADJACENCIES; i++)
		ASSERT_EQ(0, adjacency_claim(&adjacencies, fib_addr_ip4(i), &er0, 1, &index));
	EXPECT_EQ((uint32_t)FIB_ADJACENCIES, generation.adjacencies_end);
	index = 9;
	EXPECT_EQ(-ENOSPC, adjacency_claim(&adjacencies, fib_addr_ip4(1), &er0, 1, &index));
	EXPECT_EQ(9, index) << "untouched";
	EXPECT_EQ(0, adjacency_claim(&adjacencies, fib_addr_ip4(4000), &er0, 1, &index))
		<< "that one is there";
	adjacency_release(&adjacencies, 7);
	EXPECT_EQ(0, adjacency_claim(&adjacencies, fib_addr_ip4(1), &er0, 1, &index));
	EXPECT_EQ(7, index);
}

TEST_F(adjacency_test, disowned)
{
	uint16_t index;

	ASSERT_EQ(0, adjacency_claim(&adjacencies, fib_addr_ip4(0x0a000001), &er0, 1, &index));
	adjacencies_disown(&generation);
	EXPECT_FALSE(adjacency_claimed(at(index)));
	EXPECT_EQ(ADJACENCY_UNRESOLVED, at(index)->action)
		<< "readers of a generation past are not disturbed";
}

/* A neighbour's MAC address changes under a reader: it sees one or the other. */
TEST_F(adjacency_test, rewrite_is_never_torn)
{
	std::atomic<bool> stop{ false }, running{ false };
	uint64_t torn = 0;
	uint8_t mac[2][6];

	memset(mac[0], 0x22, 6);
	memset(mac[1], 0x66, 6);
	adjacency_resolve(at(5), mac[0], mac[0]);
	std::thread reader([&] {
		while (!stop) {
			uint8_t seen[16];
			__attribute__((vector_size(16))) uint8_t header =
				*(volatile __attribute__((vector_size(16))) uint8_t *)at(5)
					 ->rewrite;

			memcpy(seen, &header, sizeof(seen));
			for (int i = 1; i < ADJACENCY_MACS; i++)
				torn += seen[i] != seen[0];
			running = true;
		}
	});
	while (!running)
		std::this_thread::yield();
	for (uint32_t i = 0; i < 300000; i++)
		adjacency_resolve(at(5), mac[i % 2], mac[i % 2]);
	stop = true;
	reader.join();
	EXPECT_EQ(0u, torn);
}
