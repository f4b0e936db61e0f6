/* Groups that have been freed let go of what they kept in slices, whatever happens meanwhile; and
 * queues give their memory back when they are empty. */
#include <gtest/gtest.h>

#include <random>

#include "group_harness.h"

namespace
{
enum { NVA_A = 1, NVA_B = 2, LISTENER = 3, OTHER = 4, PEERS = 5, MANY = 20000, KEPT = 4 << 16 };

struct prefix nth(uint32_t n)
{
	return prefix4_make(0x0b000000u + n * 0x100, 24);
}

struct retire_test : testing::TestWithParam<enum family> {
	retire_test() : h(GetParam(), sources(), ALLOW_ALL)
	{
	}
	static std::vector<struct source> sources()
	{
		std::vector<struct source> list = { our_vnet };

		for (uint32_t i = 1; i < PEERS; i++)
			list.push_back(nva(i));
		return list;
	}
	struct group *listen(uint16_t peer)
	{
		struct group *group = h.group_add(ROLE_NVA);

		h.up(peer, group);
		return group;
	}
	/* Its last member leaves, and so does the group. */
	void leave(uint16_t peer)
	{
		struct group *group = h.peers[peer].group;

		h.down(peer);
		h.groups.erase(std::find(h.groups.begin(), h.groups.end(), group));
		group_free(group);
	}
	void says(uint16_t peer, uint32_t from, uint32_t to)
	{
		for (uint32_t n = from; n < to; n++)
			h.announce(nth(n), peer, { { 65000u + peer } });
	}
	void withdraws(uint16_t peer, uint32_t from, uint32_t to)
	{
		for (uint32_t n = from; n < to; n++)
			h.withdraw(nth(n), peer);
	}
	size_t gone()
	{
		return rib_counts(h.rib).gone;
	}
	/* A group's only member knows 200 prefixes, and that they have gone is queued for it;
	 * `lagging`: kept for it. */
	void queue_full(bool lagging)
	{
		struct group *group = listen(LISTENER);

		says(NVA_A, 0, 200);
		h.flush_all();
		if (lagging) {
			ASSERT_EQ(0, group_lagging(group, LISTENER));
			h.peers[LISTENER].lagging = true;
		}
		withdraws(NVA_A, 0, 200);
		h.take_changes(MANY);
		ASSERT_EQ(200u, gone());
	}

	harness h;
};

TEST_P(retire_test, what_a_group_has_queued_goes_in_slices)
{
	for (bool lagging : { false, true }) {
		size_t turns = 0;

		queue_full(lagging);
		leave(LISTENER);
		EXPECT_EQ(200u, gone()) << "group_free() itself does nothing that may be long";
		for (size_t had = gone(); gone(); had = gone(), turns++) {
			ASSERT_LT(turns, 40u);
			EXPECT_GT(rib_turn(h.rib, 10), 0u);
			EXPECT_GE(gone() + 10, had);
		}
		EXPECT_GE(turns, 19u);
		h.settle();
		EXPECT_EQ(0u, rib_turn(h.rib, 10));
	}
}

TEST_P(retire_test, what_is_announced_meanwhile_stays)
{
	for (bool lagging : { false, true }) {
		queue_full(lagging);
		leave(LISTENER);
		rib_turn(h.rib, 50);
		says(NVA_B, 0, 200); /* those that have been let go of, and those that have not */
		listen(OTHER);
		h.flush_all();
		rib_turn(h.rib, 50);
		withdraws(NVA_B, 100, 200);
		h.take_changes(MANY);
		rib_turn(h.rib, 10);
		h.flush_all();
		h.settle();
		h.check();
		EXPECT_EQ(100u, h.peers[OTHER].table.size());
		EXPECT_EQ(100u, rib_counts(h.rib).prefixes);
		EXPECT_EQ(0u, gone());
		withdraws(NVA_B, 0, 100);
		h.flush_all();
		h.take_changes(MANY);
		leave(OTHER);
		h.settle();
		EXPECT_EQ(0u, gone());
	}
}

/* A node that the group kept is freed by another that needed it too, and its id is another
 * prefix's. */
TEST_P(retire_test, ids_that_have_another_owner_by_now_are_left_alone)
{
	listen(OTHER);
	queue_full(false);
	leave(LISTENER);
	h.flush_all(); /* of the other one: the nodes are free */
	EXPECT_EQ(0u, gone());
	for (uint32_t n = 0; n < 100; n++)
		h.announce(prefix4_make(0x0c000000u + n * 0x100, 24), NVA_B, { { 65002 } });
	h.settle();
	h.flush_all();
	h.check();
	EXPECT_EQ(100u, rib_counts(h.rib).prefixes);
	EXPECT_EQ(100u, h.peers[OTHER].table.size());
}

TEST_P(retire_test, groups_come_and_go_while_others_are_let_go_of)
{
	std::mt19937 rng(20);

	h.exact = false; /* who lags is told of what he may not have, too */
	for (int i = 0; i < 20000; i++) {
		uint16_t peer = (uint16_t)(NVA_A + rng() % (PEERS - 1));
		struct prefix prefix = nth(rng() % 40);

		switch (rng() % 10) {
		case 0:
			if (h.peers[peer].up)
				leave(peer);
			else
				listen(peer);
			break;
		case 1:
			if (h.peers[peer].up && !h.peers[peer].lagging) {
				ASSERT_EQ(0, group_lagging(h.peers[peer].group, peer));
				h.peers[peer].lagging = true;
			} else if (h.peers[peer].up) {
				group_drained(h.peers[peer].group, peer);
				h.peers[peer].lagging = false;
			}
			break;
		case 2: h.take_changes(1 + rng() % 20); break;
		case 3: rib_turn(h.rib, 1 + rng() % 20); break;
		case 4:
			if (!h.groups.empty())
				h.flush(h.groups[rng() % h.groups.size()], 1 + rng() % 8);
			break;
		case 5:
		case 6: h.withdraw(prefix, peer); break;
		default: h.announce(prefix, peer, { { 65000u + peer, 1 + (uint32_t)rng() % 3 } });
		}
	}
	for (uint16_t peer = 1; peer < PEERS; peer++)
		if (h.peers[peer].lagging) {
			group_drained(h.peers[peer].group, peer);
			h.peers[peer].lagging = false;
		}
	h.settle();
	h.flush_all();
	h.check();
	h.take_changes(MANY);
	EXPECT_EQ(h.model.paths.size(), rib_counts(h.rib).prefixes);
	EXPECT_EQ(0u, gone());
}

TEST_P(retire_test, a_queue_that_was_long_gives_its_memory_back)
{
	size_t before, full;

	listen(LISTENER);
	listen(OTHER);
	says(NVA_A, 0, MANY);
	h.flush_all();
	h.take_changes(MANY);
	h.settle();
	before = rib_counts(h.rib).bytes;
	for (int again = 0; again < 3; again++) {
		says(NVA_A, 0, MANY); /* nothing new */
		for (uint32_t n = 0; n < MANY; n++)
			h.announce(nth(n), NVA_A, { { 65001, 100u + (uint32_t)again } });
		full = rib_counts(h.rib).bytes;
		EXPECT_GE(full, before + 2 * MANY * 32) << "an entry each for two groups";
		h.settle();
		EXPECT_EQ(full, rib_counts(h.rib).bytes) << "they are in use";
		h.flush_all();
		h.settle();
		EXPECT_LE(rib_counts(h.rib).bytes, before + KEPT) << "again " << again;
		h.check();
		EXPECT_EQ((size_t)MANY, h.peers[OTHER].table.size());
	}
}
} // namespace

OF_BOTH_FAMILIES(retire_test);
