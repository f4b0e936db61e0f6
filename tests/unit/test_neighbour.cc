/* The neighbour table: what was put in is found, what was taken out is not, an index rests for a
 * grace period. */
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <unordered_map>
#include <vector>

#include <rte_malloc.h>

#include "neighbour.h"

namespace
{

struct neighbour : testing::Test {
	static struct rte_rcu_qsbr *qsbr;
	struct neighbours *table = nullptr;
	struct port port = {};

	static void SetUpTestSuite()
	{
		qsbr = (struct rte_rcu_qsbr *)rte_zmalloc(nullptr, rte_rcu_qsbr_get_memsize(4),
							  RTE_CACHE_LINE_SIZE);
		ASSERT_NE(nullptr, qsbr);
		rte_rcu_qsbr_init(qsbr, 4);
		rte_rcu_qsbr_thread_register(qsbr, 1); /* a reader */
	}
	void SetUp() override
	{
		table = neighbours_new(qsbr);
		port.mtu = 1500;
		port.role = 3;
	}
	void TearDown() override
	{
		neighbours_free(table);
		rte_rcu_qsbr_thread_offline(qsbr, 1);
	}
};

struct rte_rcu_qsbr *neighbour::qsbr;

/* 2001:db8::/32 with these bits, spread, in the rest. */
struct fib_addr addr6(uint32_t low)
{
	return { { 0x20010db8, low * 2654435761u, low >> 16, low } };
}

uint64_t tag_of(uint32_t low)
{
	struct fib_addr addr = addr6(low);

	return neighbour_tag(3, &addr);
}

} // namespace

TEST_F(neighbour, found_while_there)
{
	const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };
	struct host *host = neighbour_add(table, 3, fib_addr_ip4(0x0a000001), 1);
	const struct adjacency *adjacency = neighbour_find(table, 3, fib_addr_ip4(0x0a000001));

	ASSERT_NE(nullptr, adjacency);
	EXPECT_EQ(ADJACENCY_UNRESOLVED, adjacency->action);
	neighbour_resolve(table, host, mac, &port, 2);
	EXPECT_EQ(ADJACENCY_FORWARD, adjacency->action);
	EXPECT_EQ(0, memcmp(adjacency->rewrite, mac, 6));
	EXPECT_EQ(3, adjacency->port);
	EXPECT_EQ(3, adjacency->egress_role);
	EXPECT_EQ(nullptr, neighbour_find(table, 2, fib_addr_ip4(0x0a000001))) << "on another port";
	EXPECT_EQ(nullptr, neighbour_find(table, 3, fib_addr_ip4(0x0a000002)));
	neighbour_remove(table, host);
	EXPECT_EQ(nullptr, neighbour_find(table, 3, fib_addr_ip4(0x0a000001)));
}

TEST_F(neighbour, in_doubt_it_forwards_as_before)
{
	const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };
	struct host *host = neighbour_add(table, 3, fib_addr_ip4(0x0a000001), 1);
	const struct adjacency *adjacency = neighbour_find(table, 3, fib_addr_ip4(0x0a000001));

	EXPECT_FALSE(host_forwards(host));
	neighbour_resolve(table, host, mac, &port, 2);
	EXPECT_TRUE(host_forwards(host));
	host->asked = 3;
	host->ask_due = true;
	neighbour_doubt(table, host, 5);
	EXPECT_TRUE(host_forwards(host));
	EXPECT_EQ(ADJACENCY_FORWARD, adjacency->action);
	EXPECT_EQ(0, memcmp(adjacency->rewrite, mac, 6));
	EXPECT_EQ(5u, host->since_ms);
	EXPECT_EQ(0, host->asked) << "in this state";
	EXPECT_FALSE(host->ask_due);
	EXPECT_EQ(0u, table->nb_pending[3]) << "no packet waits for it";
	neighbour_unresolve(table, host, HOST_FAILED, 6);
	EXPECT_FALSE(host_forwards(host));
	EXPECT_EQ(ADJACENCY_UNRESOLVED, adjacency->action);
}

/* A scan of a subnet waits for answers; who is known does not wait for it, nor does another
 * port. */
TEST_F(neighbour, few_hosts_of_a_port_are_resolved_at_a_time)
{
	const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };
	std::vector<struct host *> hosts;

	for (uint32_t i = 0; i < NEIGHBOUR_PENDING; i++) {
		ASSERT_TRUE(neighbour_may_glean(table, 3, fib_addr_ip4(0x0a000001 + i)));
		hosts.push_back(neighbour_add(table, 3, fib_addr_ip4(0x0a000001 + i), 1));
	}
	EXPECT_FALSE(neighbour_may_glean(table, 3, fib_addr_ip4(0x0a010001)));
	EXPECT_TRUE(neighbour_may_glean(table, 3, fib_addr_ip4(0x0a000001))) << "known";
	EXPECT_TRUE(neighbour_may_glean(table, 2, fib_addr_ip4(0x0a010001))) << "on another port";
	neighbour_resolve(table, hosts[0], mac, &port, 2);
	EXPECT_TRUE(neighbour_may_glean(table, 3, fib_addr_ip4(0x0a010001)));
	neighbour_unresolve(table, hosts[0], HOST_PENDING, 3);
	EXPECT_FALSE(neighbour_may_glean(table, 3, fib_addr_ip4(0x0a010001)));
	neighbour_unresolve(table, hosts[1], HOST_FAILED, 3);
	EXPECT_TRUE(neighbour_may_glean(table, 3, fib_addr_ip4(0x0a010001)));
	for (struct host *host : hosts)
		neighbour_remove(table, host);
	EXPECT_EQ(0u, table->nb_pending[3]);
}

TEST_F(neighbour, like_a_map_whatever_comes_and_goes)
{
	std::map<uint64_t, struct host *> model;
	std::mt19937 random(1);

	for (int i = 0; i < 200000; i++) {
		uint16_t on = random() % 4;
		uint32_t low = 0x0a000000 | random() % 4096;
		bool ip6 = random() % 2;
		struct fib_addr addr = ip6 ? addr6(low) : fib_addr_ip4(low);
		uint64_t key = (uint64_t)low << 9 | (unsigned)ip6 << 8 | on;
		auto at = model.find(key);

		ASSERT_EQ(at != model.end(), neighbour_find(table, on, addr) != nullptr);
		ASSERT_EQ(at == model.end() ? nullptr : at->second, neighbour_get(table, on, addr));
		if (at == model.end()) {
			model[key] = neighbour_add(table, on, addr, 0);
			ASSERT_NE(nullptr, model[key]);
		} else if (random() % 2) {
			neighbour_remove(table, at->second);
			model.erase(at);
		}
		neighbours_reclaim(table);
	}
	EXPECT_EQ(model.size(), table->count);
}

/* A slot shows a hash of the address, which two may have. */
TEST_F(neighbour, two_whose_hash_is_one)
{
	std::unordered_map<uint64_t, uint32_t> seen;
	uint32_t low = 0;

	while (seen.emplace(tag_of(low), low).second)
		low++;
	struct fib_addr both[] = { addr6(seen[tag_of(low)]), addr6(low) };
	struct host *host[2];

	ASSERT_FALSE(fib_addr_same(&both[0], &both[1]));
	host[0] = neighbour_add(table, 3, both[0], 0);
	EXPECT_EQ(nullptr, neighbour_find(table, 3, both[1]));
	EXPECT_EQ(nullptr, neighbour_get(table, 3, both[1]));
	host[1] = neighbour_add(table, 3, both[1], 0);
	ASSERT_NE(nullptr, host[1]);
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(host_adjacency(table, host[i]), neighbour_find(table, 3, both[i]));
		EXPECT_EQ(host[i], neighbour_get(table, 3, both[i]));
	}
	neighbour_remove(table, host[0]);
	EXPECT_EQ(nullptr, neighbour_find(table, 3, both[0]));
	EXPECT_EQ(host_adjacency(table, host[1]), neighbour_find(table, 3, both[1]));
}

TEST_F(neighbour, full_is_refused_and_no_one_suffers)
{
	uint32_t added = 0;

	for (uint32_t i = 0; i < NEIGHBOUR_HOSTS + 10; i++)
		added += neighbour_add(table, 0, fib_addr_ip4(0x0a000000 + i), 0) != nullptr;
	EXPECT_LE(added, NEIGHBOUR_HOSTS - 1u);
	EXPECT_GE(added, NEIGHBOUR_HOSTS - 100u) << "a bounded probe turns away few";
	for (uint32_t i = 0; i < NEIGHBOUR_HOSTS + 10; i++)
		added -= neighbour_find(table, 0, fib_addr_ip4(0x0a000000 + i)) != nullptr;
	EXPECT_EQ(0u, added) << "all that were taken are found";
}

TEST_F(neighbour, index_rests_for_a_grace_period)
{
	struct host *host = neighbour_add(table, 0, fib_addr_ip4(0x0a000001), 0);

	rte_rcu_qsbr_thread_online(qsbr, 1); /* the reader may hold the adjacency */
	neighbour_remove(table, host);
	neighbours_reclaim(table);
	EXPECT_NE(host, neighbour_add(table, 0, fib_addr_ip4(0x0a000002), 0));
	rte_rcu_qsbr_quiescent(qsbr, 1);
	neighbours_reclaim(table);
	EXPECT_EQ(host, neighbour_add(table, 0, fib_addr_ip4(0x0a000003), 0));
}

TEST_F(neighbour, holds_a_few_packets_in_order)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create("held", 15, 0, 0, 256, 0);
	struct host *host = neighbour_add(table, 0, fib_addr_ip4(0x0a000001), 0);
	struct rte_mbuf *in[NEIGHBOUR_HELD + 1], *out[NEIGHBOUR_HELD];

	ASSERT_NE(nullptr, pool);
	for (int i = 0; i <= NEIGHBOUR_HELD; i++) {
		in[i] = rte_pktmbuf_alloc(pool);
		EXPECT_EQ(i < NEIGHBOUR_HELD, neighbour_hold(table, host, in[i]));
	}
	EXPECT_EQ(NEIGHBOUR_HELD, neighbour_release(table, host, out));
	for (int i = 0; i < NEIGHBOUR_HELD; i++)
		EXPECT_EQ(in[i], out[i]);
	EXPECT_EQ(0, neighbour_release(table, host, out));
	rte_pktmbuf_free_bulk(in, NEIGHBOUR_HELD + 1);
	rte_mempool_free(pool);
}
