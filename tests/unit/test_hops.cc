/* The index from next hops to paths: what changes is looked at, all of it, whatever comes and goes
 * meanwhile; nothing else is; next hops take turns; and it is small. */
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "rib_rig.h"

namespace
{

enum { BLOCK = 65535, QUANTUM = 64, NB_PEERS = 4 }; /* as in hops.c */
enum { FILLER = 1, LOST = 2, OTHER = 3 };	    /* next hops */

/* The n-th prefix. */
struct prefix nth(uint32_t n)
{
	return prefix4_make(0x14000000 + (n << 8), 24);
}

std::vector<struct source> sources()
{
	std::vector<struct source> list(NB_PEERS);

	for (uint16_t i = 0; i < NB_PEERS; i++) {
		list[i].role = ROLE_NVA;
		list[i].router_id = i + 1u;
		list[i].addr = addr_make4(i + 1u);
	}
	return list;
}

struct hops_test : testing::Test, rib_rig {
	std::map<uint32_t, const struct attrs *> sets; /* by next hop: one reference each */
	std::map<std::pair<uint32_t, uint16_t>, uint32_t> paths; /* (prefix, peer) → next hop */
	std::set<uint32_t> fillers;	  /* prefixes of the first peer that are in no map */
	std::map<uint32_t, size_t> users; /* next hop → paths */

	hops_test() : rib_rig(sources(), {})
	{
	}
	~hops_test()
	{
		for (const auto &set : sets)
			attrs_put(table, set.second);
	}
	void forget(uint32_t n, uint16_t peer)
	{
		auto at = paths.find({ n, peer });

		if (!peer)
			fillers.erase(n);
		if (at == paths.end())
			return;
		users[at->second]--;
		paths.erase(at);
	}
	attrs_spec spec_of(uint32_t hop) const
	{
		attrs_spec spec;

		spec.path = { 65001 };
		spec.next_hop = hop;
		spec.hop_family = hop_family(hop);
		return spec;
	}
	void say(uint32_t n, uint16_t peer, uint32_t hop)
	{
		const struct attrs *&attrs = sets[hop];

		if (!attrs)
			attrs = attrs_make(table, spec_of(hop));
		ASSERT_LE(0, rib_announce(rib, nth(n), peer, attrs, LOCAL_PREF_DEFAULT, 0));
	}
	void announce(uint32_t n, uint16_t peer, uint32_t hop)
	{
		say(n, peer, hop);
		forget(n, peer);
		paths[{ n, peer }] = hop;
		users[hop]++;
	}
	void forget_set(uint32_t hop)
	{
		attrs_put(table, sets.at(hop));
		sets.erase(hop);
	}
	void withdraw(uint32_t n, uint16_t peer)
	{
		rib_withdraw(rib, nth(n), peer);
		forget(n, peer);
	}
	/* Prefixes from..to - 1 that are not looked at when all are, of the first peer: with path
	 * ids in this order. */
	void fill(uint32_t from, uint32_t to)
	{
		for (uint32_t n = from; n < to; n++) {
			say(n, 0, FILLER);
			fillers.insert(fillers.end(), n);
		}
		take_changes();
	}
	void announce_many(uint32_t n, uint32_t hop)
	{
		while (n--)
			announce(n, 0, hop);
		take_changes();
	}
	void take_changes()
	{
		while (changes_take(rib, 256))
			;
	}
	/* It changes in the model and for the RIB. */
	void toggle(uint32_t hop)
	{
		if (!dead.erase(hop))
			dead.insert(hop);
		changed(hop);
	}
	/* Everything that is under way: how many were looked at. */
	size_t settle(size_t slice = 256)
	{
		size_t seen = 0;

		for (size_t n; (n = rib_turn(rib, slice)); seen += n)
			EXPECT_GE(slice, n);
		EXPECT_TRUE(rib_settled(rib));
		return seen;
	}
	bool unusable(uint32_t n, uint16_t peer)
	{
		const struct path *path = rib_path(rib, rib_find(rib, nth(n)), peer);

		return path->flags & PATH_UNUSABLE;
	}
	/* Each path is there, and is what its next hop is. */
	void check(const std::string &what)
	{
		ASSERT_EQ(paths.size() + fillers.size(), rib_counts(rib).paths) << what;
		for (const auto &path : paths) {
			uint32_t node = rib_find(rib, nth(path.first.first));
			const struct path *at =
				node ? rib_path(rib, node, path.first.second) : nullptr;

			ASSERT_NE(nullptr, at) << what;
			ASSERT_EQ(path.second, hop_number(table, at)) << what;
			ASSERT_EQ(dead.count(path.second), (at->flags & PATH_UNUSABLE) != 0)
				<< what << ", prefix " << path.first.first << " of "
				<< path.first.second << " by " << path.second;
		}
	}
};

TEST_F(hops_test, a_few_paths_among_many_cost_what_they_are)
{
	/* First, last and in the middle of each block of path ids. */
	const std::set<uint32_t> lost = {
		1,	   2,	   40000,	  BLOCK - 1, BLOCK,
		BLOCK + 1, 100000, 2 * BLOCK - 1, 2 * BLOCK, 2 * BLOCK + 1,
		139999
	};

	for (uint32_t id = 1; id < 140000; id++)
		announce(id, 0, lost.count(id) ? LOST : FILLER);
	toggle(LOST);
	EXPECT_EQ(lost.size(), settle());
	check("lost");
	toggle(LOST);
	EXPECT_EQ(lost.size(), settle(1));
	check("back");
	for (uint32_t id : lost)
		if (id != 100000)
			announce(id, 0, OTHER);
	toggle(LOST);
	EXPECT_EQ(1u, settle());
	announce(100000, 0, OTHER);
	toggle(LOST);
	EXPECT_EQ(0u, settle()) << "nobody uses it";
	toggle(OTHER);
	EXPECT_EQ(lost.size(), settle());
	check("moved");
}

/* The walk stands at each path of a next hop in turn, in two blocks, when something happens to
 * each. */
TEST_F(hops_test, from_every_cursor)
{
	std::vector<uint32_t> lost;
	const uint32_t top = 2 * BLOCK + 100;

	fill(1, top);
	for (uint32_t i = 0; i < 4; i++) {
		lost.push_back(100 + i);
		lost.push_back(2 * BLOCK + 10 + i);
	}
	for (uint32_t n : lost)
		announce(n, 0, LOST);
	enum { WITHDRAW, MOVE, RENEW, CHANGE, JOIN, ACTIONS };
	for (uint32_t stand = 0; stand <= lost.size(); stand++) {
		for (int action = 0; action < ACTIONS; action++) {
			for (uint32_t n : lost) {
				std::string what = "after " + std::to_string(stand) + ", action " +
						   std::to_string(action) + " on " +
						   std::to_string(n);
				size_t extra = 0;

				toggle(LOST);
				for (uint32_t i = 0; i < stand; i++)
					ASSERT_EQ(1u, rib_turn(rib, 1)) << what;
				switch (action) {
				case WITHDRAW: withdraw(n, 0); break;
				case MOVE: announce(n, 0, OTHER); break;
				case RENEW:
					withdraw(n, 0);
					announce(n, 0, LOST);
					extra = 1;
					break;
				case CHANGE:
					toggle(LOST);
					extra = stand; /* these once more, the rest once */
					break;
				case JOIN: announce(n, 1, LOST); extra = 1;
				}
				size_t seen = settle(3);

				ASSERT_LE(seen, lost.size() - stand + (extra ? lost.size() : 0))
					<< what;
				check(what);
				withdraw(n, 1);
				for (uint32_t hop : { FILLER, LOST }) /* in this order again */
					for (uint32_t each : lost)
						announce(each, 0, hop);
				take_changes();
			}
		}
	}
}

/* Paths with ids all over three blocks come, go, change their next hops, and lose their peers,
 * while next hops change, between slices of any size. What is looked at is never more than the
 * paths of what changed, and those that came to it. */
TEST_F(hops_test, at_random_against_a_map)
{
	enum { PREFIXES = 500, HOPS = 12 };
	std::mt19937 random(7);
	std::vector<uint32_t> holes;
	size_t seen = 0, most = 0;

	mixed = true;
	fill(1000, 1000 + 2 * BLOCK + 5000);
	for (uint32_t n = 1000; n < 1000 + 2 * BLOCK; n += 60)
		holes.push_back(n);
	std::shuffle(holes.begin(), holes.end(), random);
	for (uint32_t n : holes)
		withdraw(n, 0);
	take_changes();
	for (int step = 0; step < 60000; step++) {
		uint32_t hop = 10 + std::min(random() % HOPS, random() % HOPS);
		uint32_t n = random() % PREFIXES;
		uint16_t peer = (uint16_t)(1 + random() % 3);

		switch (random() % 16) {
		case 0:
		case 1:
			toggle(hop);
			most += users[hop];
			break;
		case 2: /* as it was */
			changed(hop);
			most += users[hop];
			break;
		case 3:
		case 4: withdraw(n, peer); break;
		case 5:
		case 6:
		case 7: seen += rib_turn(rib, 1 + random() % 100); break;
		default: announce(n, peer, hop); most++;
		}
		if (step % 3000 == 1500) { /* a sweep looks at every path id */
			seen += settle();
			rib_peer_down(rib, peer);
			for (uint32_t i = 0; i < PREFIXES; i++)
				forget(i, peer);
			most += 2 * BLOCK + 6000;
		}
		if (step % 1000)
			continue;
		seen += settle();
		take_changes();
		check("step " + std::to_string(step));
		ASSERT_LE(seen, most) << "step " << step;
	}
	for (uint32_t n = 0; n < PREFIXES; n++)
		for (uint16_t peer = 1; peer < NB_PEERS; peer++)
			withdraw(n, peer);
	settle();
	check("the fillers are left");
}

TEST_F(hops_test, one_with_many_paths_holds_up_none_with_few)
{
	announce_many(10000, LOST);
	announce(10000, 0, OTHER);
	toggle(LOST);
	rib_turn(rib, 10);
	toggle(OTHER);
	rib_turn(rib, QUANTUM);
	EXPECT_TRUE(unusable(10000, 0)) << "the next turn is its";
	EXPECT_FALSE(unusable(0, 0) && unusable(9999, 0)) << "not all of the other one's";
	EXPECT_EQ(10001u - 10 - QUANTUM, settle());
	check("both");
}

/* Neither are the last paths of one that changes with every slice, nor another one. */
TEST_F(hops_test, one_that_never_rests_gets_round)
{
	announce_many(10000, LOST);
	announce(10000, 0, OTHER);
	dead.insert(LOST);
	for (int i = 0; i < 100; i++) {
		changed(LOST);
		if (i == 50)
			toggle(OTHER);
		EXPECT_EQ(i > 50, unusable(10000, 0)) << i;
		rib_turn(rib, 101);
	}
	check("all of them once");
	EXPECT_GE(10000u, settle());
	check("and what had been looked at before the last change");
}

/* What has changed again before any of it was looked at is looked at once. */
TEST_F(hops_test, changes_before_the_first_slice_are_one)
{
	announce_many(1000, LOST);
	for (int i = 0; i < 5; i++)
		toggle(LOST);
	EXPECT_EQ(1000u, settle());
	check("lost");
}

/* Neither is it held up by a peer whose many paths are being withdrawn, nor by a table that is
 * sorted anew. */
TEST_F(hops_test, other_work_holds_up_none)
{
	fill(0, 20000);
	announce(20000, 1, LOST);
	rib_peer_down(rib, 0);
	rib_reconsider(rib);
	rib_turn(rib, 256);
	toggle(LOST);
	rib_turn(rib, 256);
	EXPECT_TRUE(unusable(20000, 1));
	EXPECT_LT(19000u, rib_peer_paths(rib, 0));
	settle();
	EXPECT_EQ(0u, rib_peer_paths(rib, 0));
}

/* Octets a prefix, hash and bitmaps included; a table of a few prefixes is not a table of
 * millions. */
TEST_F(hops_test, memory)
{
	fill(0, 10);
	EXPECT_GT(1u << 20, rib_counts(rib).bytes);
	fill(10, 380000);
	EXPECT_GT(380000u * 62, rib_counts(rib).bytes) << "with one path";
	for (uint32_t n = 0; n < 380000; n++)
		announce(n, 1, n % 8 + 2);
	EXPECT_GT(380000u * 102, rib_counts(rib).bytes) << "with two";
}

/* What a next hop costs is given back when nobody uses it. */
TEST_F(hops_test, memory_of_next_hops)
{
	size_t before, with = 0;

	fill(0, 2 * BLOCK);
	for (uint32_t n = 0; n < 1000; n++)
		announce(n, 2, FILLER);
	for (uint32_t n = 0; n < 1000; n++)
		withdraw(n, 2);
	before = rib_counts(rib).bytes;
	for (uint32_t round = 1; round <= 20; round++) {
		for (uint32_t n = 0; n < 1000; n++)
			announce(n, 2, 1000 * round + n);
		if (round == 1)
			with = rib_counts(rib).bytes;
		EXPECT_EQ(with, rib_counts(rib).bytes) << "others as many";
		for (uint32_t n = 0; n < 1000; n++) {
			if (n % 2)
				changed(1000 * round + n);
			withdraw(n, 2);
			forget_set(1000 * round + n); /* its id is the next one's */
		}
		settle();
		take_changes();
	}
	EXPECT_GT(before + 1000 * 50, with);
	EXPECT_GT(with, rib_counts(rib).bytes);
}

} // namespace
