/* The order in which a group is told what several peers have changed: bulk delays no news, and news
 * starves no bulk. */
#include <gtest/gtest.h>

#include "group_harness.h"

namespace
{
enum { LISTENER = 1, BULK = 2, NEWS = 3, QUANTUM = 32, PEERS = 24 };

struct prefix nth(uint16_t peer, uint32_t n)
{
	return { 0x0b000000u + (uint32_t)peer * 0x10000 + n * 0x100, 24 };
}

struct queue_test : testing::Test {
	queue_test() : h(sources(), ALLOW_ALL), group(h.group_add(ROLE_NVA))
	{
		h.up(LISTENER, group);
		h.flush_all();
	}
	static std::vector<struct source> sources()
	{
		std::vector<struct source> list = { our_vnet };

		for (uint32_t i = 1; i < PEERS; i++)
			list.push_back(nva(i));
		return list;
	}
	void says(uint16_t peer, uint32_t from, uint32_t to)
	{
		for (uint32_t n = from; n < to; n++)
			h.announce(nth(peer, n), peer, { { 65000u + peer } });
	}
	/* How many of a peer's prefixes the listener has been told of. */
	size_t announced(uint16_t peer)
	{
		size_t n = 0;

		for (const auto &entry : h.peers[LISTENER].table)
			n += std::get<1>(entry.second) == peer;
		return n;
	}

	harness h;
	struct group *group;
};
} // namespace

TEST_F(queue_test, news_passes_a_table_that_waits)
{
	says(BULK, 0, 200);
	says(NEWS, 0, 1);
	h.flush(group, QUANTUM + 1);
	EXPECT_EQ(1u, announced(NEWS));
	EXPECT_EQ((size_t)QUANTUM, announced(BULK)) << "which has its turn too";
	h.flush_all();
	h.check();
}

TEST_F(queue_test, news_passes_many_tables_that_wait)
{
	for (uint16_t peer = NEWS + 1; peer < PEERS; peer++)
		says(peer, 0, 100);
	h.flush(group, (PEERS - NEWS - 1) * QUANTUM); /* each has had a turn */
	says(NEWS, 0, 3);
	h.flush(group, 3);
	EXPECT_EQ(3u, announced(NEWS));
	h.flush_all();
	h.check();
}

TEST_F(queue_test, tables_are_told_side_by_side)
{
	for (uint16_t peer = BULK; peer < BULK + 4; peer++)
		says(peer, 0, 200);
	h.flush(group, 4 * QUANTUM * 3);
	for (uint16_t peer = BULK; peer < BULK + 4; peer++)
		EXPECT_EQ((size_t)QUANTUM * 3, announced(peer)) << peer;
}

TEST_F(queue_test, news_without_end_starves_no_table)
{
	size_t turns = 0;

	says(BULK, 0, 200);
	for (; announced(BULK) < 200; turns++) {
		ASSERT_LT(turns, 60u);
		says(NEWS, (uint32_t)turns * 8, (uint32_t)turns * 8 + 8);
		h.flush(group, 16);
	}
	EXPECT_GE(announced(NEWS), 8 * (turns - 2)) << "and waits for none";
}

TEST_F(queue_test, one_source_is_told_in_order)
{
	says(BULK, 0, 10);
	h.flush(group, 4);
	for (uint32_t n = 0; n < 10; n++)
		EXPECT_EQ(n < 4, h.peers[LISTENER].table.count(key(nth(BULK, n).addr, 24)) == 1)
			<< n;
}

TEST_F(queue_test, what_a_lost_peer_leaves_is_its_own_bulk)
{
	says(BULK, 0, 200);
	h.flush_all();
	rib_peer_down(h.rib, BULK);
	h.settle();
	says(NEWS, 0, 1);
	h.flush(group, QUANTUM + 1);
	EXPECT_EQ(1u, announced(NEWS));
	EXPECT_EQ(200u - QUANTUM, announced(BULK));
}

TEST_F(queue_test, a_group_goes_with_a_full_queue)
{
	says(BULK, 0, 100);
	says(NEWS, 0, 2);
	h.down(LISTENER);
	h.groups.clear();
	group_free(group); /* references and nodes: the harness counts */
}
