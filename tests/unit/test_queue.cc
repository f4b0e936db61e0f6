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

struct put_off_test : queue_test {
	put_off_test()
	{
		h.take_changes(1000);
	}
	/* While it is put off. */
	void says_off(uint16_t peer, uint32_t from, uint32_t to)
	{
		rib_put_off(h.rib, true);
		says(peer, from, to);
		rib_put_off(h.rib, false);
	}
	/* Prefixes of one peer that another one announces. */
	void repeats(uint16_t peer, uint16_t whose, uint32_t n)
	{
		rib_put_off(h.rib, true);
		for (uint32_t i = 0; i < n; i++)
			h.announce(nth(whose, i), peer, { { 65000u + peer } });
		rib_put_off(h.rib, false);
	}
	bool release(size_t max)
	{
		rib_release_begin(h.rib);
		return rib_release(h.rib, max);
	}
};

TEST_F(put_off_test, what_is_put_off_is_no_change_and_told_to_nobody)
{
	says_off(BULK, 0, 100);
	says(NEWS, 0, 1);
	EXPECT_EQ(100u, rib_put_off_count(h.rib));
	EXPECT_EQ(1u, rib_changes_waiting(h.rib));
	h.take_changes(10);
	while (h.flush(group, 50))
		;
	EXPECT_EQ(1u, announced(NEWS));
	EXPECT_EQ(0u, announced(BULK));
	EXPECT_FALSE(group_idle(group));
	rib_release_begin(h.rib);
	for (size_t left = 100; left > 40; left -= 30) {
		EXPECT_FALSE(rib_release(h.rib, 30));
		EXPECT_EQ(left - 30, rib_put_off_count(h.rib));
		EXPECT_EQ(30u, rib_changes_waiting(h.rib));
		h.take_changes(30);
		EXPECT_EQ(0u, h.flush(group, 50));
	}
	EXPECT_TRUE(rib_release(h.rib, 40)) << "all of it, in the FIB in time";
	EXPECT_EQ(40u, rib_changes_waiting(h.rib));
	h.flush_all();
	EXPECT_EQ(100u, announced(BULK));
	h.check();
}

/* The same prefixes, from the worst path to the best. */
TEST_F(put_off_test, what_all_announce_is_told_once)
{
	for (uint16_t peer = PEERS - 1; peer >= BULK; peer--)
		repeats(peer, BULK, 50);
	EXPECT_TRUE(release(50));
	h.flush_all();
	EXPECT_EQ(50u, h.peers[LISTENER].announced);
	EXPECT_EQ(50u, announced(BULK));
	h.check();
}

/* What changes while it is released, or waits for its turn, waits for the next release; but not
 * for ever. */
TEST_F(put_off_test, what_changes_all_the_time_asks_for_an_end)
{
	says_off(BULK, 0, 20);
	for (int round = 0; round < 3; round++) {
		EXPECT_FALSE(rib_release_wanted(h.rib)) << round;
		EXPECT_TRUE(release(20));
		h.take_changes(20);
		repeats((uint16_t)(NEWS + round), BULK, 10);
		while (h.flush(group, 64))
			;
		EXPECT_EQ(10u, announced(BULK)) << "which nobody has changed since";
	}
	EXPECT_TRUE(rib_release_wanted(h.rib));
	EXPECT_TRUE(release(20));
	h.flush_all();
	EXPECT_FALSE(rib_release_wanted(h.rib));
	EXPECT_EQ(20u, announced(BULK));
	EXPECT_EQ(20u, h.peers[LISTENER].announced);
	h.check();
}

TEST_F(put_off_test, what_is_put_off_later_is_released_later)
{
	says_off(BULK, 0, 40);
	rib_release_begin(h.rib);
	says_off(NEWS, 0, 40);
	EXPECT_FALSE(rib_release(h.rib, 39));
	EXPECT_TRUE(rib_release(h.rib, 1));
	EXPECT_EQ(40u, rib_put_off_count(h.rib));
	while (h.flush(group, 64))
		;
	EXPECT_EQ(40u, announced(BULK) + announced(NEWS));
	h.release_all();
	h.flush_all();
	h.check();
}

/* A prefix that goes is a change at once, and nothing of it is told that was not told before. */
TEST_F(put_off_test, what_is_withdrawn_meanwhile)
{
	says_off(BULK, 0, 10);
	for (uint32_t n = 0; n < 10; n++)
		h.withdraw(nth(BULK, n), BULK);
	EXPECT_EQ(10u, rib_changes_waiting(h.rib));
	h.take_changes(20);
	h.release_all();
	h.flush_all();
	h.take_changes(20);
	EXPECT_EQ(0u, h.peers[LISTENER].announced);
	EXPECT_EQ(0u, h.peers[LISTENER].withdrawn);
	EXPECT_EQ(0u, rib_counts(h.rib).gone);
}

/* Who joins learns the whole table before End-of-RIB, so what is put off is wanted. */
TEST_F(put_off_test, end_of_rib_comes_after_what_is_put_off)
{
	enum { LATE = NEWS + 1 };

	says(NEWS, 0, 10);
	says_off(BULK, 0, 30);
	h.up(LATE, group);
	for (int i = 0; i < 20; i++)
		h.flush(group, 8);
	EXPECT_EQ(0, h.peers[LATE].end_of_ribs);
	EXPECT_EQ(10u, h.peers[LATE].table.size());
	EXPECT_TRUE(rib_release_wanted(h.rib));
	h.release_all();
	for (int i = 0; i < 200 && !h.peers[LATE].end_of_ribs; i++)
		h.flush(group, 64);
	EXPECT_EQ(1, h.peers[LATE].end_of_ribs);
	EXPECT_EQ(40u, h.peers[LATE].table.size());
	h.flush_all();
	h.check();
}

TEST_F(put_off_test, a_group_goes_with_what_is_put_off)
{
	says_off(BULK, 0, 100);
	h.down(LISTENER);
	h.groups.clear();
	group_free(group);
	h.release_all(); /* references and nodes: the harness counts */
	h.take_changes(200);
}
