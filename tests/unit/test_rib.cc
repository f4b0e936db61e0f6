/* The table: announce and withdraw, ECMP, stale paths, slices, and all of it at random against
 * std::map. */
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "rib_rig.h"

namespace
{

enum { LOCAL, NVA_A, NVA_B, VPN, ER, NB_PEERS };

/* A VNet, two NVAs, and a gateway of each kind. */
const std::vector<struct source> sources = {
	{ ROLE_VNET, false, false, 1, addr_make4(0) },
	{ ROLE_NVA, false, false, 10, addr_make4(10) },
	{ ROLE_NVA, false, false, 11, addr_make4(11) },
	{ ROLE_VPN, true, false, 20, addr_make4(20) },
	{ ROLE_EXPRESSROUTE, true, false, 30, addr_make4(30) },
};

struct harness : rib_rig {
	explicit harness(enum family family,
			 struct decide_rule rule = { DECIDE_PREFER_EXPRESSROUTE, false })
	    : rib_rig(sources, rule, family)
	{
	}
	/* The peers of a prefix's paths, best first. */
	std::vector<uint16_t> chain(struct prefix prefix)
	{
		std::vector<uint16_t> out;
		uint32_t node = rib_find(rib, prefix);

		for (const struct path *p = node ? rib_first(rib, node) : nullptr; p;
		     p = rib_following(rib, p))
			out.push_back(p->peer);
		return out;
	}
	std::vector<uint32_t> hops(struct prefix prefix, enum role role, uint64_t allow = ALLOW_ALL)
	{
		const struct path *best[RIB_ECMP];
		std::vector<uint32_t> out;
		unsigned int n = rib_best_for_role(rib, rib_find(rib, prefix), role, allow, best);

		for (unsigned int i = 0; i < n; i++)
			out.push_back(hop_number(table, best[i]));
		return out;
	}
	size_t changes()
	{
		return changes_take(rib, rib_changes_waiting(rib));
	}
};

typedef std::vector<uint16_t> chain_t;
typedef std::vector<uint32_t> hops_t;

struct rib_test : testing::TestWithParam<enum family> {
	const struct prefix p1 = of(0x0a0a0000, 16), p2 = of(0x0a140000, 16);

	struct prefix of(uint32_t v4, uint8_t len)
	{
		return prefix_of(GetParam(), v4, len);
	}
	/* The n-th /24 of 20.0.0.0/8. */
	struct prefix nth(uint32_t n)
	{
		return of(0x14000000 + (n << 8), 24);
	}
};

TEST_P(rib_test, best_first_and_one_path_a_peer)
{
	harness h(GetParam());

	EXPECT_EQ(1, h.announce(p1, NVA_A, { { 65001 } }));
	EXPECT_EQ(0, h.announce(p1, NVA_A, { { 65001 } })) << "known already";
	EXPECT_EQ(1, h.announce(p1, VPN, { { 65010, 1 } }));
	EXPECT_EQ(1, h.announce(p1, ER, { { 12076, 1, 2, 3 } }));
	EXPECT_EQ((chain_t{ ER, NVA_A, VPN }), h.chain(p1));
	EXPECT_EQ(1, h.announce(p1, NVA_A, { { 65001, 65001, 65001 } }));
	EXPECT_EQ((chain_t{ ER, VPN, NVA_A }), h.chain(p1));
	EXPECT_EQ(1, rib_withdraw(h.rib, p1, ER));
	EXPECT_EQ(0, rib_withdraw(h.rib, p1, ER));
	EXPECT_EQ((chain_t{ VPN, NVA_A }), h.chain(p1));
	EXPECT_EQ(1, h.announce(p1, NVA_A, { { 65001, 65001, 65001 } }, 200));
	EXPECT_EQ((chain_t{ NVA_A, VPN }), h.chain(p1)) << "local preference";
}

/* A prefix that has been looked up is announced and withdrawn without another look. */
TEST_P(rib_test, a_place_is_where_a_prefix_is)
{
	harness h(GetParam());
	const struct attrs *attrs = attrs_make(h.table, { { 65001 } });
	struct rib_place at = rib_place(h.rib, p1);

	EXPECT_EQ(RIB_NONE, at.node);
	EXPECT_EQ(0, rib_withdraw_at(h.rib, &at, NVA_A));
	EXPECT_FALSE(rib_has_paths(h.rib, &at));
	EXPECT_EQ(RIB_NEW, rib_announce_at(h.rib, &at, NVA_A, attrs, LOCAL_PREF_DEFAULT, 0));
	at = rib_place(h.rib, p1);
	EXPECT_EQ(rib_find(h.rib, p1), at.node);
	EXPECT_EQ(attrs, rib_said_at(h.rib, &at, NVA_A)->attrs);
	EXPECT_EQ(nullptr, rib_said_at(h.rib, &at, NVA_B));
	EXPECT_EQ(RIB_SAME, rib_announce_at(h.rib, &at, NVA_A, attrs, LOCAL_PREF_DEFAULT, 0));
	EXPECT_EQ(RIB_NEW, rib_announce_at(h.rib, &at, NVA_B, attrs, LOCAL_PREF_DEFAULT, 0));
	EXPECT_EQ((chain_t{ NVA_A, NVA_B }), h.chain(p1));
	EXPECT_EQ(1u, rib_prefixes(h.rib));
	for (uint16_t peer : { NVA_A, NVA_B })
		EXPECT_EQ(1, rib_withdraw_at(h.rib, &at, peer));
	EXPECT_FALSE(rib_has_paths(h.rib, &at)) << "the FIB still has to follow";
	EXPECT_EQ(RIB_NONE, rib_find(h.rib, p1));
	EXPECT_EQ(RIB_NEW, rib_announce_at(h.rib, &at, NVA_A, attrs, LOCAL_PREF_DEFAULT, 0));
	EXPECT_EQ(1u, rib_paths(h.rib, rib_find(h.rib, p1)));
	attrs_put(h.table, attrs);
}

TEST_P(rib_test, the_reason_is_kept)
{
	harness h(GetParam());

	h.announce(p1, NVA_A, { { 65001 } });
	EXPECT_EQ(DECIDE_ONLY, rib_reason(h.rib, rib_first(h.rib, rib_find(h.rib, p1))));
	h.announce(p1, ER, { { 1, 2 } });
	h.announce(p1, NVA_B, { { 1, 2, 3 } });

	const struct path *first = rib_first(h.rib, rib_find(h.rib, p1));

	EXPECT_EQ(DECIDE_SOURCE, rib_reason(h.rib, first));
	EXPECT_EQ(DECIDE_SOURCE, rib_reason(h.rib, rib_following(h.rib, first)));
}

TEST_P(rib_test, equal_paths_share_the_load_in_the_order_of_next_hops)
{
	harness h(GetParam());

	h.announce(p1, NVA_B, { { 65002 }, 5 });
	h.announce(p1, NVA_A, { { 65001 }, 9 });
	h.announce(p1, VPN, { { 65010 }, 7 });
	EXPECT_EQ((hops_t{ 5, 7, 9 }), h.hops(p1, ROLE_VNET));
	h.announce(p1, NVA_B, { { 65002 }, 9 });
	EXPECT_EQ((hops_t{ 7, 9 }), h.hops(p1, ROLE_VNET)) << "one for each next hop";
	h.announce(p1, VPN, { { 65010, 65010 }, 7 });
	EXPECT_EQ((hops_t{ 9 }), h.hops(p1, ROLE_VNET)) << "a longer path is not equal";
}

TEST_P(rib_test, a_view_skips_what_its_role_may_not_use)
{
	harness h(GetParam());
	const uint64_t no_er = ~(UINT64_C(1) << (ROLE_NVA * 8 + ROLE_EXPRESSROUTE));

	h.announce(p1, ER, { { 12076 }, 3 });
	h.announce(p1, VPN, { { 65010 }, 7 });
	EXPECT_EQ((hops_t{ 3 }), h.hops(p1, ROLE_NVA));
	EXPECT_EQ((hops_t{ 7 }), h.hops(p1, ROLE_NVA, no_er));
	EXPECT_EQ((hops_t{}), h.hops(p1, ROLE_NVA, 0));
}

TEST_P(rib_test, at_most_sixteen_next_hops_the_lowest)
{
	struct attr_table *table = attr_table_new();
	const struct rib_params params = { GetParam(), table,
					   40,	       { DECIDE_PREFER_AS_PATH, false },
					   ALLOW_ALL,  usable_always,
					   nullptr };
	struct rib *rib = rib_new(&params);
	const struct path *best[RIB_ECMP];

	for (uint16_t i = 0; i < 40; i++) {
		const struct source source = { ROLE_NVA, false, false, i + 1u, addr_make4(i + 1u) };
		const struct attrs *attrs = attrs_make(table, { { 65001 }, 100u - i });

		rib_source_set(rib, i, &source);
		ASSERT_EQ(1, rib_announce(rib, p1, i, attrs, LOCAL_PREF_DEFAULT, 0));
		attrs_put(table, attrs);
	}
	ASSERT_EQ((unsigned int)RIB_ECMP,
		  rib_best_for_role(rib, rib_find(rib, p1), ROLE_VNET, ALLOW_ALL, best));
	for (uint32_t i = 0; i < RIB_ECMP; i++)
		EXPECT_EQ(61 + i, hop_number(table, best[i]));
	rib_free(rib);
	attr_table_free(table);
}

/* Whatever came first, and whatever the family of the prefix is (RFC 8950). */
TEST_P(rib_test, next_hops_of_both_families_in_the_order_of_their_addresses)
{
	std::vector<uint16_t> peers = { NVA_A, NVA_B, ER, VPN };
	const hops_t all = { 2, 4, 1, 3 };

	for (uint32_t first = 0; first < peers.size(); first++) {
		harness h(GetParam(), { DECIDE_PREFER_AS_PATH, false });

		h.mixed = true;
		for (uint32_t i = 0; i < peers.size(); i++) {
			const uint16_t peer = peers[(first + i) % peers.size()];
			struct source source = *rib_source(h.rib, peer);

			source.role = ROLE_NVA;
			source.ibgp = false;
			rib_source_set(h.rib, peer, &source);
			h.announce(p1, peer, { { 65001 }, 1 + i });
		}
		EXPECT_EQ(all, h.hops(p1, ROLE_VNET));
	}
}

TEST_P(rib_test, unresolved_next_hops_are_shown_and_not_used)
{
	harness h(GetParam());

	h.dead = { 5 };
	h.announce(p1, NVA_A, { { 65001 }, 5 });
	EXPECT_EQ((hops_t{}), h.hops(p1, ROLE_VNET));
	EXPECT_EQ(PATH_UNUSABLE, rib_first(h.rib, rib_find(h.rib, p1))->flags);
	h.announce(p1, NVA_B, { { 1, 2, 3 }, 6 });
	EXPECT_EQ((hops_t{ 6 }), h.hops(p1, ROLE_VNET));
	h.changes();
	h.dead = { 6 };
	rib_reconsider(h.rib);
	h.settle(16);
	EXPECT_EQ((hops_t{ 5 }), h.hops(p1, ROLE_VNET));
	EXPECT_EQ(1u, h.changes());
	h.announce(p2, LOCAL, { {}, 6 });
	EXPECT_EQ((hops_t{ 6 }), h.hops(p2, ROLE_NVA)) << "VNet prefixes are always usable";
}

TEST_P(rib_test, a_next_hop_that_changes_costs_its_own_paths)
{
	harness h(GetParam());

	for (uint32_t i = 0; i < 20000; i++)
		h.announce(nth(i), NVA_A, { { 65001 }, i % 2000 ? 5u : 6u });
	for (uint32_t i = 0; i < 3; i++)
		h.announce(nth(2000 * i), NVA_B, { { 65002 }, 7 });
	h.changes();
	h.dead = { 6 };
	h.asked = 0;
	h.changed(6);
	EXPECT_FALSE(rib_settled(h.rib));
	h.settle(16);
	EXPECT_EQ(10u + 3u, h.asked) << "those by 6, and the others of their prefixes";
	EXPECT_EQ(10u, h.changes());
	EXPECT_EQ((hops_t{ 7 }), h.hops(nth(0), ROLE_VNET));
	EXPECT_EQ((hops_t{}), h.hops(nth(18000), ROLE_VNET));
	EXPECT_EQ((hops_t{ 5 }), h.hops(nth(1), ROLE_VNET));
	h.changed(8); /* which nobody uses */
	EXPECT_TRUE(rib_settled(h.rib));
}

/* Paths come, go, and change their next hops while those change, between slices of any size. In the
 * end each path is what its next hop is. */
TEST_P(rib_test, next_hops_that_change_under_way_at_random)
{
	std::mt19937 random(1);
	harness h(GetParam());

	h.mixed = true;
	for (int step = 0; step < 30000; step++) {
		uint32_t hop = 1 + random() % 6;
		struct prefix prefix = nth(random() % 40);
		uint16_t peer = (uint16_t)(NVA_A + random() % 4);

		switch (random() % 8) {
		case 0:
			if (!h.dead.erase(hop))
				h.dead.insert(hop);
			h.changed(hop);
			break;
		case 1: rib_withdraw(h.rib, prefix, peer); break;
		case 2: rib_turn(h.rib, 1 + random() % 3); break;
		default: h.announce(prefix, peer, { { 65001 }, hop });
		}
		if (step % 100)
			continue;
		h.settle(16);
		h.changes();
		for (uint32_t i = 0; i < 40; i++) {
			uint32_t node = rib_find(h.rib, nth(i));

			for (const struct path *p = node ? rib_first(h.rib, node) : nullptr; p;
			     p = rib_following(h.rib, p))
				ASSERT_EQ(h.dead.count(hop_number(h.table, p)),
					  (p->flags & PATH_UNUSABLE) != 0)
					<< "step " << step;
		}
	}
}

/* What is not announced for a while is forwarded all the same. */
TEST_P(rib_test, quiet_next_hops_are_used_and_not_announced)
{
	harness h(GetParam());

	h.quiet = { 5 };
	h.announce(p1, NVA_A, { { 65001 }, 5 });
	EXPECT_EQ((hops_t{ 5 }), h.hops(p1, ROLE_VNET));
	EXPECT_EQ(PATH_QUIET, rib_first(h.rib, rib_find(h.rib, p1))->flags);
	h.quiet = {};
	h.changed(5);
	h.settle(16);
	EXPECT_EQ(0, rib_first(h.rib, rib_find(h.rib, p1))->flags);
}

TEST_P(rib_test, each_change_once_until_taken)
{
	harness h(GetParam());
	uint32_t nodes[4];

	h.announce(p1, NVA_A, { { 65001 } });
	h.announce(p1, NVA_A, { { 65002 } });
	ASSERT_EQ(1u, rib_changes(h.rib, nodes, 4));
	EXPECT_EQ(rib_find(h.rib, p1), nodes[0]);
	EXPECT_EQ(0u, rib_changes(h.rib, nodes + 1, 3));
	rib_changes_end(h.rib, nodes, 1);
	EXPECT_EQ((chain_t{ NVA_A }), h.chain(p1));
	rib_withdraw(h.rib, p1, NVA_A);
	EXPECT_EQ((uint32_t)RIB_NONE, rib_find(h.rib, p1));
	EXPECT_EQ(1u, rib_counts(h.rib).gone);
	ASSERT_EQ(1u, rib_changes(h.rib, nodes, 4));
	EXPECT_EQ(nullptr, rib_first(h.rib, nodes[0]));
	EXPECT_TRUE(prefix_equal(p1, rib_prefix(h.rib, nodes[0])));
	EXPECT_EQ(1u, rib_counts(h.rib).gone) << "the FIB still asks for it";
	rib_changes_end(h.rib, nodes, 1);
	EXPECT_EQ(0u, rib_counts(h.rib).gone);
}

TEST_P(rib_test, preference_change_sorts_anew_in_slices)
{
	harness h(GetParam());

	for (uint32_t i = 0; i < 1000; i++) {
		h.announce(of(i << 8, 24), ER, { { 1, 2 } });
		h.announce(of(i << 8, 24), VPN, { { 3 } });
	}
	h.changes();
	rib_set_rule(h.rib, { DECIDE_PREFER_VPN, false });
	EXPECT_EQ(10u, rib_turn(h.rib, 10));
	EXPECT_FALSE(rib_settled(h.rib));
	h.announce(of(999 << 8, 24), NVA_A, { { 3 } }); /* not visited yet: must not be misplaced */
	EXPECT_EQ((chain_t{ NVA_A, VPN, ER }), h.chain(of(999 << 8, 24)));
	h.settle(16);
	EXPECT_EQ((chain_t{ VPN, ER }), h.chain(of(5 << 8, 24)));
	EXPECT_EQ(1000u, h.changes());
}

TEST_P(rib_test, peer_down_withdraws_in_slices_and_spares_the_next_session)
{
	harness h(GetParam());

	for (uint32_t i = 0; i < 1000; i++)
		h.announce(of(i << 8, 24), NVA_A, { { 65001 } });
	rib_peer_down(h.rib, NVA_A);
	EXPECT_EQ(100u, rib_turn(h.rib, 100));
	EXPECT_EQ(900u, rib_peer_paths(h.rib, NVA_A));
	h.announce(of(5 << 8, 24), NVA_A, { { 65001 } });   /* swept already */
	h.announce(of(990 << 8, 24), NVA_A, { { 65001 } }); /* not yet: the same again */
	h.settle(16);
	EXPECT_EQ(2u, rib_peer_paths(h.rib, NVA_A));
	EXPECT_EQ(0u, rib_peer_stale_paths(h.rib, NVA_A));
	EXPECT_EQ((chain_t{ NVA_A }), h.chain(of(5 << 8, 24)));
	EXPECT_EQ((chain_t{ NVA_A }), h.chain(of(990 << 8, 24)));
	EXPECT_EQ((chain_t{}), h.chain(of(991 << 8, 24)));
}

/* The table grows and is used again between the slices; where the walk stands when it begins, an
 * earlier loss decides. */
TEST_P(rib_test, nothing_is_left_of_a_peer_that_is_lost_while_another_loads)
{
	enum { ROUTES = 40 };
	auto prefix = [this](uint32_t net, uint32_t i) { return of(net << 24 | i << 8, 24); };

	for (uint32_t before = 0; before <= 2 * ROUTES; before++) {
		for (size_t slice : { 1, 3, 16 }) {
			harness h(GetParam());
			uint32_t loaded = 0;

			for (uint32_t i = 0; i < before; i++)
				h.announce(prefix(20, i), NVA_A, { { 65001 } });
			rib_peer_down(h.rib, NVA_A);
			h.settle(16);
			for (uint32_t i = 0; i < ROUTES; i++) {
				h.announce(prefix(20, i), NVA_A, { { 65001 } });
				h.announce(prefix(30, i), NVA_B, { { 65002 } });
			}
			rib_peer_down(h.rib, NVA_A);
			for (bool other = false; !rib_settled(h.rib);) {
				rib_turn(h.rib, slice);
				for (int i = 0; i < 2 && loaded < 4 * ROUTES; i++)
					h.announce(prefix(40, loaded++), VPN, { { 65010 } });
				if (!other && loaded > ROUTES / 2) {
					rib_peer_down(h.rib, NVA_B);
					other = true;
				}
			}
			rib_peer_down(h.rib, NVA_B);
			h.settle(16);
			ASSERT_EQ(0u, rib_peer_paths(h.rib, NVA_A)) << before << ", by " << slice;
			ASSERT_EQ(0u, rib_peer_paths(h.rib, NVA_B)) << before << ", by " << slice;
			ASSERT_EQ(loaded, rib_peer_paths(h.rib, VPN));
			ASSERT_EQ(loaded, rib_prefixes(h.rib));
		}
	}
}

/* Likewise the order of what is there while next hops come and go. */
TEST_P(rib_test, every_next_hop_is_asked_again_while_others_load)
{
	for (uint32_t before = 0; before <= 40; before++) {
		harness h(GetParam());
		uint32_t loaded = 0;

		for (uint32_t i = 0; i < before; i++)
			h.announce(of(20u << 24 | i << 8, 24), NVA_A, { { 65001 }, 7 });
		rib_reconsider(h.rib);
		h.settle(16);
		for (uint32_t i = 0; i < 40; i++)
			h.announce(of(20u << 24 | i << 8, 24), NVA_A, { { 65001 }, 7 });
		h.dead = { 7 };
		rib_reconsider(h.rib);
		do {
			h.announce(of(40u << 24 | loaded++ << 8, 24), VPN, { { 65010 } });
		} while (rib_turn(h.rib, 1));
		ASSERT_EQ(40u, rib_peer_unusable_paths(h.rib, NVA_A)) << before;
	}
}

TEST_P(rib_test, graceful_restart_keeps_stale_paths_until_swept)
{
	harness h(GetParam());

	h.announce(p1, NVA_A, { { 65001 } });
	h.announce(p2, NVA_A, { { 65001 } });
	h.changes();
	rib_peer_stale(h.rib, NVA_A);
	h.settle(16);
	EXPECT_EQ(2u, rib_peer_stale_paths(h.rib, NVA_A));
	EXPECT_TRUE(rib_is_stale(h.rib, rib_first(h.rib, rib_find(h.rib, p1))));
	EXPECT_EQ(0u, h.changes()) << "still used";
	EXPECT_EQ(0, h.announce(p1, NVA_A, { { 65001 } })) << "nothing has changed for anybody";
	EXPECT_EQ(1u, rib_peer_stale_paths(h.rib, NVA_A));
	rib_peer_sweep(h.rib, NVA_A);
	h.settle(16);
	EXPECT_EQ((chain_t{ NVA_A }), h.chain(p1));
	EXPECT_EQ((chain_t{}), h.chain(p2));
}

/* The sweep of a peer has not ended when all that it was for is gone. */
TEST_P(rib_test, what_is_stale_is_kept_from_a_sweep_begun_before)
{
	harness h(GetParam());

	h.announce(p1, NVA_A, { { 65001 } });
	for (uint32_t i = 0; i < 64; i++)
		h.announce(of(0x0b000000 + (i << 8), 24), NVA_B, { { 65002 } });
	rib_peer_down(h.rib, NVA_A);
	while (rib_peer_stale_paths(h.rib, NVA_A))
		rib_turn(h.rib, 1);
	rib_peer_down(h.rib, NVA_B); /* the round begins anew, and is long */
	h.announce(p1, NVA_A, { { 65001 } });
	h.announce(p2, NVA_A, { { 65001 } });
	rib_peer_stale(h.rib, NVA_A);
	h.settle(16);
	EXPECT_EQ(2u, rib_peer_paths(h.rib, NVA_A));
	EXPECT_EQ(2u, rib_peer_stale_paths(h.rib, NVA_A));
	rib_peer_sweep(h.rib, NVA_A);
	h.settle(16);
	EXPECT_EQ(0u, rib_peer_paths(h.rib, NVA_A));
}

TEST_P(rib_test, what_is_stale_twice_goes)
{
	harness h(GetParam());

	h.announce(p1, NVA_A, { { 65001 } });
	rib_peer_stale(h.rib, NVA_A);
	h.announce(p2, NVA_A, { { 65001 } });
	rib_peer_stale(h.rib, NVA_A);
	h.settle(16);
	EXPECT_EQ((chain_t{}), h.chain(p1));
	EXPECT_EQ((chain_t{ NVA_A }), h.chain(p2));
	EXPECT_EQ(1u, rib_peer_stale_paths(h.rib, NVA_A));
}

TEST_P(rib_test, a_digest_is_of_the_set_and_not_of_its_history)
{
	harness h(GetParam());
	uint64_t both, one;

	EXPECT_EQ(0u, rib_peer_digest(h.rib, NVA_A));
	h.announce(p1, NVA_A, { { 65001 } });
	one = rib_peer_digest(h.rib, NVA_A);
	h.announce(p2, NVA_A, { { 65001, 3356 } });
	both = rib_peer_digest(h.rib, NVA_A);
	EXPECT_NE(0u, one);
	EXPECT_NE(one, both);

	h.announce(p2, NVA_B, { { 65001, 1 } });
	h.announce(p2, NVA_B, { { 65001, 3356 }, 0x0a000205, ORIGIN_IGP, 7, { 1 } });
	EXPECT_NE(both, rib_peer_digest(h.rib, NVA_B));
	h.announce(p1, NVA_B, { { 65001 }, 0x0a000205 });
	EXPECT_EQ(both, rib_peer_digest(h.rib, NVA_B)) << "prefixes and AS paths count, no more";
	h.announce({ p1.addr, (uint8_t)(p1.len + 1) }, NVA_B, { { 65001 } });
	EXPECT_NE(both, rib_peer_digest(h.rib, NVA_B)) << "a longer prefix is another";

	rib_withdraw(h.rib, p2, NVA_A);
	EXPECT_EQ(one, rib_peer_digest(h.rib, NVA_A));
	rib_peer_down(h.rib, NVA_A);
	h.settle(16);
	EXPECT_EQ(0u, rib_peer_digest(h.rib, NVA_A));
}

/* A prefix's address says nothing about its place in the hash; whatever order they come and go in,
 * each is found. */
TEST_P(rib_test, random_changes_against_a_map)
{
	typedef std::pair<uint32_t, uint8_t> key;

	for (uint32_t seed = 1; seed <= 10; seed++) {
		std::mt19937 rng(seed);
		harness h(GetParam(), { DECIDE_PREFER_AS_PATH, seed % 2 == 0 });
		std::map<key, std::map<uint16_t, uint32_t>> model; /* prefix, peer → next hop */

		h.mixed = true;
		for (int step = 0; step < 20000; step++) {
			uint8_t len = (uint8_t)(rng() % 33);
			const uint32_t v4 = prefix4_make((uint32_t)rng() & 0xff0000ff, len).addr.v4;
			struct prefix prefix = of(v4, len);
			uint16_t peer = (uint16_t)(rng() % NB_PEERS);
			uint32_t hop = 1 + rng() % 4;
			attrs_spec spec = { { 65001 }, hop };

			spec.med = rng() % 3;
			if (rng() % 3) {
				ASSERT_GE(h.announce(prefix, peer, spec), 0);
				model[key(v4, len)][peer] = hop;
			} else {
				auto it = model.find(key(v4, len));
				bool known = it != model.end() && it->second.erase(peer);

				ASSERT_EQ(known ? 1 : 0, rib_withdraw(h.rib, prefix, peer));
				if (known && it->second.empty())
					model.erase(it);
			}
			if (rng() % 16 == 0)
				h.changes();
		}
		ASSERT_EQ(model.size(), rib_counts(h.rib).prefixes);
		for (const auto &entry : model) {
			struct prefix prefix = of(entry.first.first, entry.first.second);
			uint32_t node = rib_find(h.rib, prefix);
			const struct path *last = nullptr;
			size_t n = 0;

			ASSERT_NE((uint32_t)RIB_NONE, node);
			for (auto *p = rib_first(h.rib, node); p;
			     last = p, p = rib_following(h.rib, p)) {
				struct decide_rule rule = { DECIDE_PREFER_AS_PATH, seed % 2 == 0 };

				ASSERT_EQ(entry.second.at(p->peer), hop_number(h.table, p));
				if (last) {
					ASSERT_LT(decide_compare(&rule, rib_source(h.rib, 0), last,
								 p, nullptr),
						  0);
				}
				n++;
			}
			ASSERT_EQ(entry.second.size(), n);
		}
	}
}

TEST_P(rib_test, walk_sees_every_prefix_once)
{
	harness h(GetParam());
	uint32_t cursor = 0, nodes[7];
	std::set<std::string> seen;

	for (uint32_t i = 0; i < 1000; i++)
		h.announce(of(i << 8, 24), NVA_A, { { 65001 } });
	for (uint32_t i = 0; i < 1000; i += 2)
		rib_withdraw(h.rib, of(i << 8, 24), NVA_A);
	do {
		size_t n = rib_walk(h.rib, &cursor, nodes, 7);

		for (size_t i = 0; i < n; i++)
			EXPECT_TRUE(seen.insert(text_of(rib_prefix(h.rib, nodes[i]))).second);
	} while (cursor);
	EXPECT_EQ(500u, seen.size());
}

OF_BOTH_FAMILIES(rib_test);

} /* namespace */
