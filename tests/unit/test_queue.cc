/* The order in which a group is told what several peers have changed: bulk delays no news, and news
 * starves no bulk. */
#include <gtest/gtest.h>

#include "group_harness.h"

namespace
{
enum { LISTENER = 1, BULK = 2, NEWS = 3, QUANTUM = 32, PEERS = 24 };

struct prefix nth(uint16_t peer, uint32_t n)
{
	return prefix4_make(0x0b000000u + (uint32_t)peer * 0x10000 + n * 0x100, 24);
}

struct queue_test : testing::TestWithParam<enum family> {
	queue_test() : h(GetParam(), sources(), ALLOW_ALL), group(h.group_add(ROLE_NVA))
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

TEST_P(queue_test, news_passes_a_table_that_waits)
{
	says(BULK, 0, 200);
	says(NEWS, 0, 1);
	h.flush(group, QUANTUM + 1);
	EXPECT_EQ(1u, announced(NEWS));
	EXPECT_EQ((size_t)QUANTUM, announced(BULK)) << "which has its turn too";
	h.flush_all();
	h.check();
}

TEST_P(queue_test, news_passes_many_tables_that_wait)
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

TEST_P(queue_test, tables_are_told_side_by_side)
{
	for (uint16_t peer = BULK; peer < BULK + 4; peer++)
		says(peer, 0, 200);
	h.flush(group, 4 * QUANTUM * 3);
	for (uint16_t peer = BULK; peer < BULK + 4; peer++)
		EXPECT_EQ((size_t)QUANTUM * 3, announced(peer)) << peer;
}

TEST_P(queue_test, news_without_end_starves_no_table)
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

TEST_P(queue_test, one_source_is_told_in_order)
{
	says(BULK, 0, 10);
	h.flush(group, 4);
	for (uint32_t n = 0; n < 10; n++)
		EXPECT_EQ(n < 4, h.peers[LISTENER].table.count(key(nth(BULK, n).addr.v4, 24)) == 1)
			<< n;
}

TEST_P(queue_test, what_a_lost_peer_leaves_is_its_own_bulk)
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

TEST_P(queue_test, a_group_goes_with_a_full_queue)
{
	says(BULK, 0, 100);
	says(NEWS, 0, 2);
	h.down(LISTENER);
	h.groups.clear();
	group_free(group); /* references and nodes: the harness counts */
}

struct put_off_test : queue_test {
	enum { MANY = PEERS }; /* more than will ever say it */

	put_off_test()
	{
		h.take_changes(1000);
	}
	void says_off(uint16_t peer, uint32_t from, uint32_t to, uint16_t sources = MANY)
	{
		rib_put_off(h.rib, sources);
		says(peer, from, to);
		rib_put_off(h.rib, 0);
	}
	/* Prefixes of one peer that another one announces. */
	void repeats(uint16_t peer, uint16_t whose, uint32_t n, uint16_t sources = MANY)
	{
		rib_put_off(h.rib, sources);
		for (uint32_t i = 0; i < n; i++)
			h.announce(nth(whose, i), peer, { { 65000u + peer } });
		rib_put_off(h.rib, 0);
	}
};

TEST_P(put_off_test, what_is_put_off_is_no_change_and_told_to_nobody)
{
	says_off(BULK, 0, 100);
	says(NEWS, 0, 1);
	EXPECT_EQ(100u, rib_put_off_count(h.rib));
	EXPECT_EQ(1u, rib_changes_waiting(h.rib));
	EXPECT_EQ(101u, rib_prefixes(h.rib)) << "what counts routes counts them";
	EXPECT_EQ(100u, rib_peer_paths(h.rib, BULK));
	h.take_changes(10);
	h.flush_all();
	EXPECT_EQ(1u, announced(NEWS));
	EXPECT_EQ(0u, announced(BULK));
	for (size_t left = 100; left > 40; left -= 30) {
		EXPECT_EQ(30u, rib_release(h.rib, 30));
		EXPECT_EQ(left - 30, rib_put_off_count(h.rib));
		EXPECT_EQ(30u, rib_changes_waiting(h.rib));
		h.take_changes(30);
		h.flush_all();
		EXPECT_EQ(100 - left + 30, announced(BULK)) << "they need not wait for the rest";
	}
	h.release_all();
	h.flush_all();
	EXPECT_EQ(100u, announced(BULK));
	h.check();
}

/* More is to come: it goes when there is much of it, or after a few flushes. */
TEST_P(put_off_test, what_had_been_put_off_gathers)
{
	enum { FLUSHES = 8, GATHERED = 2048 };

	says_off(BULK, 0, 3 * GATHERED);
	for (int again = 0; again < 2; again++) {
		rib_release(h.rib, 100);
		h.take_changes(100);
		for (int i = 1; i < FLUSHES; i++)
			EXPECT_EQ(0u, h.flush(group, 1000)) << i;
		EXPECT_FALSE(group_idle(group));
		EXPECT_EQ(60u, h.flush(group, 60));
		EXPECT_EQ(40u, h.flush(group, 60)) << "and then all of it";
	}
	rib_release(h.rib, GATHERED);
	h.take_changes(GATHERED);
	EXPECT_EQ(60u, h.flush(group, 60)) << "enough";
	h.flush_all();
	rib_release(h.rib, 100);
	h.take_changes(100);
	EXPECT_EQ(0u, h.flush(group, 60));
	says(NEWS, 8000, 8001);
	h.take_changes(1);
	EXPECT_LT(0u, h.flush(group, 60)) << "news does not gather";
	EXPECT_EQ(1u, announced(NEWS));
	h.flush_all();
	h.release_all();
	EXPECT_EQ(60u, h.flush(group, 60)) << "no more is to come";
	h.flush_all();
	h.check();
}

/* The same prefixes, from the worst path to the best. */
TEST_P(put_off_test, what_all_announce_is_told_once)
{
	for (uint16_t peer = PEERS - 1; peer >= BULK; peer--)
		repeats(peer, BULK, 50);
	h.flush_all();
	EXPECT_EQ(0u, h.peers[LISTENER].announced);
	EXPECT_EQ(50u, rib_release(h.rib, SIZE_MAX));
	h.flush_all();
	EXPECT_EQ(50u, h.peers[LISTENER].announced);
	EXPECT_EQ(50u, announced(BULK));
	h.check();
}

/* Nobody else is going to say it. */
TEST_P(put_off_test, what_all_have_announced_waits_for_nothing)
{
	repeats(NEWS + 1, BULK, 20, 3);
	repeats(NEWS, BULK, 15, 3);
	says_off(BULK, 0, 10, 3);
	EXPECT_EQ(10u, rib_put_off_count(h.rib));
	EXPECT_EQ(10u, rib_changes_waiting(h.rib));
	h.flush_all();
	EXPECT_EQ(10u, announced(BULK));
	EXPECT_EQ(10u, h.peers[LISTENER].announced);
	h.release_all();
	h.flush_all();
	EXPECT_EQ(20u, h.peers[LISTENER].announced);
	h.check();
}

/* What is told meanwhile is what was decided on before. */
TEST_P(put_off_test, what_was_said_before_stands)
{
	says(BULK, 0, 10);
	says(NEWS, 0, 10);
	h.flush_all();
	h.take_changes(100);
	rib_put_off(h.rib, MANY);
	for (uint32_t n = 0; n < 10; n++)
		h.announce(nth(BULK, n), BULK, { { 65000u + BULK, 65100 } });
	rib_put_off(h.rib, 0);
	EXPECT_EQ(0u, rib_changes_waiting(h.rib));
	EXPECT_EQ(10u, rib_peer_paths(h.rib, BULK)) << "one a prefix";
	h.up(NEWS + 1, group);
	h.flush_all();
	EXPECT_EQ(1, h.peers[NEWS + 1].end_of_ribs);
	EXPECT_EQ(h.peers[LISTENER].table, h.peers[NEWS + 1].table);
	EXPECT_EQ(20u, h.peers[LISTENER].announced);
	h.release_all();
	h.flush_all();
	EXPECT_EQ(30u, h.peers[LISTENER].announced);
	h.check();
}

/* A prefix that goes is told to nobody who had not learned it, and is no more. */
TEST_P(put_off_test, what_is_withdrawn_meanwhile)
{
	says_off(BULK, 0, 10);
	for (uint32_t n = 0; n < 10; n++)
		h.withdraw(nth(BULK, n), BULK);
	EXPECT_EQ(0u, rib_put_off_count(h.rib));
	EXPECT_EQ(0u, rib_prefixes(h.rib));
	h.release_all();
	h.flush_all();
	EXPECT_EQ(0u, h.peers[LISTENER].announced);
	EXPECT_EQ(0u, h.peers[LISTENER].withdrawn);
	EXPECT_EQ(0u, rib_counts(h.rib).gone);
	EXPECT_EQ(0u, rib_counts(h.rib).paths);
}

/* One that had been learned is withdrawn at once. */
TEST_P(put_off_test, what_is_withdrawn_meanwhile_and_was_known)
{
	says(BULK, 0, 10);
	h.flush_all();
	rib_put_off(h.rib, MANY);
	for (uint32_t n = 0; n < 10; n++)
		h.announce(nth(BULK, n), BULK, { { 65000u + BULK, 65100 } });
	rib_put_off(h.rib, 0);
	for (uint32_t n = 0; n < 10; n++)
		h.withdraw(nth(BULK, n), BULK);
	EXPECT_EQ(0u, rib_put_off_count(h.rib));
	h.flush_all();
	EXPECT_EQ(10u, h.peers[LISTENER].withdrawn);
	EXPECT_EQ(10u, h.peers[LISTENER].announced);
	h.check();
}

/* What the peer says now and then comes after what it has said in bulk. */
TEST_P(put_off_test, news_of_the_same_peer)
{
	says_off(BULK, 0, 10);
	repeats(NEWS, BULK, 10);
	h.announce(nth(BULK, 3), BULK, { { 65000u + BULK, 65100 } });
	EXPECT_EQ(9u, rib_put_off_count(h.rib));
	EXPECT_EQ(1u, rib_changes_waiting(h.rib));
	h.flush_all();
	EXPECT_EQ(1u, h.peers[LISTENER].announced);
	h.release_all();
	h.flush_all();
	h.check();
}

TEST_P(put_off_test, a_group_goes_with_what_is_put_off)
{
	says_off(BULK, 0, 100);
	h.down(LISTENER);
	h.groups.clear();
	group_free(group);
	h.release_all(); /* references and nodes: the harness counts */
	h.take_changes(200);
}

OF_BOTH_FAMILIES(queue_test);
OF_BOTH_FAMILIES(put_off_test);
