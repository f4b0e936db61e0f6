/* Update groups: who is told what, case by case. Random sequences are test_group_random.cc's. */
#include <gtest/gtest.h>

#include "group_harness.h"

struct group_test : testing::TestWithParam<enum family> {
};

TEST_P(group_test, announcer_is_told_the_best_of_the_others)
{
	harness h(GetParam(), { our_vnet, nva(1), nva(2), nva(3) }, ALLOW_ALL);
	struct group *group = h.group_add(ROLE_NVA, false, true, true);

	for (uint16_t i = 1; i <= 3; i++)
		h.up(i, group);
	h.announce(p1, 1, { { 65001 } });
	h.flush_all();
	EXPECT_EQ(0u, h.peers[1].table.size());
	EXPECT_EQ(1u, h.peers[2].table.size());
	h.announce(p1, 2, { { 65002, 65009 } });
	h.flush_all();
	EXPECT_EQ(2, std::get<1>(h.peers[1].table[key(p1.addr.v4, p1.len)]))
		<< "no path hiding (RFC 7947 2.3), if backups are told";
	EXPECT_EQ(1u, h.peers[3].announced) << "the best path has not changed for others";
	h.withdraw(p1, 1);
	h.flush_all();
	h.check();
	EXPECT_EQ(0u, h.peers[2].table.size());
	EXPECT_EQ(1u, h.peers[1].announced) << "it has that path already";
}

namespace
{

const group_model::announcement nothing(nullptr, 0, false);

/* What the peer has been told of p1. */
group_model::announcement told(const harness &h, uint16_t peer)
{
	auto it = h.peers[peer].table.find(key(p1.addr.v4, p1.len));

	return it == h.peers[peer].table.end() ? nothing : it->second;
}

/* From whom, and whether it is marked as a backup. */
std::pair<int, bool> heard(const harness &h, uint16_t peer)
{
	auto said = told(h, peer);

	return { std::get<0>(said) ? std::get<1>(said) : -1, std::get<2>(said) };
}

const std::pair<int, bool> silence(-1, false);

std::pair<int, bool> best(int peer)
{
	return { peer, false };
}

std::pair<int, bool> backup(int peer)
{
	return { peer, true };
}

} // namespace

/* The commonest design there is: one on-premises prefix by ExpressRoute, and as backup by VPN. */
TEST_P(group_test, what_loses_to_the_receivers_own_is_a_backup)
{
	harness h(GetParam(),
		  { our_vnet, instance(gateway(ROLE_EXPRESSROUTE, 1), 1),
		    instance(gateway(ROLE_EXPRESSROUTE, 2), 1), gateway(ROLE_VPN, 3), nva(4),
		    nva(5) },
		  ALLOW_EXCHANGE);
	struct group *er = h.group_add(ROLE_EXPRESSROUTE, true), *nvas = h.group_add(ROLE_NVA);

	h.up(1, er);
	h.up(2, er);
	h.up(3, h.group_add(ROLE_VPN, true));
	h.up(4, nvas);
	h.up(5, nvas);
	h.announce(p1, 3, { { 65010 } });
	h.flush_all();
	EXPECT_EQ(backup(3), heard(h, 1)) << "it would lose to any path of the circuit's";
	EXPECT_EQ(backup(3), heard(h, 2));

	h.announce(p1, 2, { { 12076, 65020 } }); /* by the other instance */
	h.flush_all();
	h.check();
	EXPECT_EQ(backup(3), heard(h, 1)) << "its gateway's path is better";
	EXPECT_EQ(backup(3), heard(h, 2));
	EXPECT_EQ(best(2), heard(h, 3)) << "its own path lost";
	EXPECT_EQ(best(2), heard(h, 4));
	EXPECT_EQ(1u, h.peers[1].announced) << "it has that already";

	h.announce(p1, 4, { { 65001 } }); /* another loser, equal to the VPN's */
	h.flush_all();
	h.check();
	EXPECT_EQ(best(2), heard(h, 4)) << "what wins is told";
	EXPECT_EQ(1u, h.peers[1].announced) << "the VPN's is still the backup";
	EXPECT_EQ(2u, h.peers[5].announced) << "one path before, one after";

	for (int i = 0; i < 10; i++) {
		h.withdraw(p1, 2);
		h.flush_all();
		h.check();
		EXPECT_EQ(backup(3), heard(h, 1)) << "all there is, until the circuit's comes back";
		EXPECT_EQ(backup(4), heard(h, 3)) << "equal to its own";
		EXPECT_EQ(silence, heard(h, 4)) << "equal to its own, by eBGP";
		EXPECT_EQ(best(3), heard(h, 5));
		h.announce(p1, 2, { { 12076, 65020 } });
		h.flush_all();
		h.check();
		EXPECT_EQ(backup(3), heard(h, 1));
		EXPECT_EQ(best(2), heard(h, 3));
		EXPECT_EQ(best(2), heard(h, 4));
		EXPECT_EQ(best(2), heard(h, 5));
	}
	EXPECT_EQ(1u, h.peers[1].announced);
	EXPECT_EQ(22u, h.peers[5].announced);
	EXPECT_EQ(0u, h.peers[1].withdrawn + h.peers[5].withdrawn) << "no gap";
}

/* A rule of the decision that changes tells each member what has changed for it, and nothing
 * else. */
TEST_P(group_test, preference_moves_backups)
{
	harness h(GetParam(),
		  { our_vnet, gateway(ROLE_EXPRESSROUTE, 1), gateway(ROLE_VPN, 2), nva(3) },
		  ALLOW_EXCHANGE);
	const struct row {
		enum decide_preference preference;
		std::pair<int, bool> er, vpn;
	} rows[] = {
		{ DECIDE_PREFER_EXPRESSROUTE, backup(2), best(1) },
		{ DECIDE_PREFER_VPN, best(2), backup(1) },
		{ DECIDE_PREFER_AS_PATH, best(2), backup(1) },
		{ DECIDE_PREFER_EXPRESSROUTE, backup(2), best(1) },
	};

	h.up(1, h.group_add(ROLE_EXPRESSROUTE, true));
	h.up(2, h.group_add(ROLE_VPN, true));
	h.up(3, h.group_add(ROLE_NVA));
	h.announce(p1, 1, { { 12076, 65020 } });
	h.announce(p1, 2, { { 65010 } });
	h.flush_all();
	for (const row &r : rows) {
		h.model.rule.preference = r.preference;
		rib_set_rule(h.rib, h.model.rule);
		h.settle();
		h.flush_all();
		h.model_refresh();
		h.check();
		EXPECT_EQ(r.er, heard(h, 1)) << r.preference;
		EXPECT_EQ(r.vpn, heard(h, 2)) << r.preference;
	}
	EXPECT_EQ(3u, h.peers[1].announced) << "backup, best, backup: as_path changes nothing";
	EXPECT_EQ(0u, h.peers[1].withdrawn + h.peers[2].withdrawn + h.peers[3].withdrawn);
}

TEST_P(group_test, two_gateways_of_one_role_are_not_each_others_own)
{
	harness h(GetParam(),
		  { our_vnet, instance(gateway(ROLE_EXPRESSROUTE, 1), 1),
		    instance(gateway(ROLE_EXPRESSROUTE, 2), 2), gateway(ROLE_VPN, 3) },
		  ALLOW_EXCHANGE);
	struct group *er = h.group_add(ROLE_EXPRESSROUTE, true);

	h.up(1, er);
	h.up(2, er);
	h.announce(p1, 1, { { 12076, 65020 } });
	h.announce(p1, 3, { { 65010 } });
	h.flush_all();
	h.check();
	EXPECT_EQ(backup(3), heard(h, 1));
	h.model.rule.preference = DECIDE_PREFER_AS_PATH;
	rib_set_rule(h.rib, h.model.rule);
	h.announce(p1, 1, { { 12076 } });
	h.settle();
	h.flush_all();
	h.model_refresh();
	h.check();
	EXPECT_EQ(backup(3), heard(h, 1));
	EXPECT_EQ(best(3), heard(h, 2))
		<< "it knows no path but this, and is told none of circuits";
}

TEST_P(group_test, own_path_that_nobody_may_be_told_is_still_its_own)
{
	harness h(GetParam(), { our_vnet, gateway(ROLE_EXPRESSROUTE, 1), nva(2), nva(3) },
		  ALLOW_EXCHANGE);
	struct group *nvas = h.group_add(ROLE_NVA);

	h.up(1, h.group_add(ROLE_EXPRESSROUTE, true));
	h.up(2, nvas);
	h.up(3, nvas);
	h.model.rule.preference = DECIDE_PREFER_AS_PATH;
	rib_set_rule(h.rib, h.model.rule);
	h.announce(p1, 1, { { 65020 }, 1, ORIGIN_IGP, -1, { 0xffffff02 } }); /* NO_ADVERTISE */
	h.announce(p1, 2, { { 65001 } });
	h.flush_all();
	h.check();
	EXPECT_EQ(backup(2), heard(h, 1));
	EXPECT_EQ(silence, heard(h, 2));
	EXPECT_EQ(best(2), heard(h, 3));
	h.announce(p1, 1, { { 65020 }, 9, ORIGIN_IGP, -1, { 0xffffff02 } });
	h.dead_hops.insert(9);
	rib_reconsider(h.rib);
	h.settle();
	h.model_refresh();
	h.flush_all();
	h.check();
	EXPECT_EQ(best(2), heard(h, 1)) << "its own does not resolve";
}

/* What is told of many prefixes to those whose own path is the better one still goes out
 * together. */
TEST_P(group_test, backups_of_many_prefixes_come_together)
{
	harness h(GetParam(),
		  { our_vnet, instance(gateway(ROLE_EXPRESSROUTE, 1), 1),
		    instance(gateway(ROLE_EXPRESSROUTE, 2), 1), gateway(ROLE_EXPRESSROUTE, 3),
		    nva(4) },
		  ALLOW_EXCHANGE);
	struct group *er = h.group_add(ROLE_EXPRESSROUTE, true);
	struct group_batch batch;
	int batches = 0;

	for (uint16_t i = 1; i <= 3; i++)
		h.up(i, er);
	h.flush_all();
	h.model.rule.preference = DECIDE_PREFER_AS_PATH;
	rib_set_rule(h.rib, h.model.rule);
	for (uint32_t i = 0; i < 200; i++) {
		h.announce(prefix4_make(i << 8, 24), 4, { { 65001 } });
		h.announce(prefix4_make(i << 8, 24), 1, { { 12076 } });
	}
	EXPECT_EQ(200u, group_flush(er, 1000));
	for (; group_flush_next(er, &batch); batches++) {
		EXPECT_EQ(200u, batch.nb_prefixes);
		EXPECT_EQ(batch.backup ? 2u : 1u, batch.nb_to);
	}
	EXPECT_EQ(2, batches);
}

TEST_P(group_test, change_and_back_tells_nobody)
{
	harness h(GetParam(), { our_vnet, nva(1), nva(2) }, ALLOW_ALL);
	struct group *group = h.group_add(ROLE_NVA);

	h.up(2, group);
	h.flush_all();
	h.announce(p1, 1, { { 65001 } });
	h.withdraw(p1, 1);
	h.flush_all();
	h.check();
	EXPECT_EQ(0u, h.peers[2].announced + h.peers[2].withdrawn);
}

TEST_P(group_test, same_attributes_of_another_peer_are_not_told_again)
{
	harness h(GetParam(), { our_vnet, nva(1), nva(2), nva(3) }, ALLOW_ALL);
	struct group *group = h.group_add(ROLE_NVA);

	h.up(3, group);
	h.announce(p1, 1, { { 65001 } });
	h.announce(p1, 2, { { 65001 } });
	h.flush_all();
	h.withdraw(p1, 1);
	h.flush_all();
	h.check();
	EXPECT_EQ(1u, h.peers[3].announced);
}

TEST_P(group_test, no_advertise_and_no_export)
{
	harness h(GetParam(), { our_vnet, nva(1), nva(2), gateway(ROLE_EXPRESSROUTE, 9) },
		  ALLOW_ALL);

	h.up(2, h.group_add(ROLE_NVA));
	h.up(3, h.group_add(ROLE_EXPRESSROUTE, true));
	h.announce(p1, 1, { { 65001 }, 1, ORIGIN_IGP, -1, { 0xffffff02 } });
	h.announce(p2, 1, { { 65001 }, 1, ORIGIN_IGP, -1, { 0xffffff01 } });
	h.flush_all();
	h.check();
	EXPECT_EQ(0u, h.peers[2].table.size());
	EXPECT_EQ(1u, h.peers[3].table.size()) << "NO_EXPORT is for eBGP";
	h.announce(p1, 1, { { 65001 } });
	h.flush_all();
	EXPECT_EQ(1u, h.peers[2].table.size());
	h.announce(p1, 1, { { 65001 }, 1, ORIGIN_IGP, -1, { 0xffffff02 } });
	h.flush_all();
	h.check();
	EXPECT_EQ(1u, h.peers[2].withdrawn);
}

TEST_P(group_test, default_route_is_not_for_vpn_gateways)
{
	const struct prefix everything = prefix4_make(0, 0), half = prefix4_make(0x80000000, 1);
	harness h(GetParam(),
		  { our_vnet, nva(1), gateway(ROLE_VPN, 8), gateway(ROLE_EXPRESSROUTE, 9) },
		  ALLOW_ALL);

	h.up(2, h.group_add(ROLE_VPN, true));
	h.up(3, h.group_add(ROLE_EXPRESSROUTE, true));
	h.announce(everything, 1, { { 65001 } });
	h.announce(half, 1, { { 65001 } });
	h.flush_all();
	h.check();
	EXPECT_EQ(1u, h.peers[2].table.size());
	EXPECT_EQ(2u, h.peers[3].table.size());
	h.withdraw(everything, 1);
	h.flush_all();
	h.check();
	EXPECT_EQ(0u, h.peers[2].withdrawn);
}

TEST_P(group_test, without_vnets_nothing_is_told_of_a_vnets_prefix)
{
	harness h(GetParam(), { our_vnet, nva(1), gateway(ROLE_EXPRESSROUTE, 8) }, ALLOW_ALL);
	struct group *all = h.group_add(ROLE_EXPRESSROUTE, true);
	struct group *without = h.group_add(ROLE_EXPRESSROUTE, true, false);

	h.up(2, without);
	h.announce(p1, 0, { {} });
	h.announce(p1, 1, { { 65001 } }); /* not in its place either */
	h.announce(p2, 1, { { 65001 } });
	h.flush_all();
	h.check();
	EXPECT_EQ(1u, h.peers[2].table.size());
	h.withdraw(p1, 0);
	h.flush_all();
	h.check();
	EXPECT_EQ(2u, h.peers[2].table.size()) << "no VNet any more, but the NVA's";
	h.announce(p1, 0, { {} });
	h.flush_all();
	h.check();

	h.exact = false; /* who moves is told again what it has */
	group_leave(without, 2);
	ASSERT_EQ(0, group_join(all, 2));
	ASSERT_EQ(0, group_refresh(all, 2));
	h.peers[2].group = all;
	h.flush_all();
	h.check();
	group_leave(all, 2);
	ASSERT_EQ(0, group_join(without, 2));
	ASSERT_EQ(0, group_refresh(without, 2));
	group_owe(without, 2, h.find(p1));
	h.peers[2].group = without;
	h.flush_all();
	h.check();
	EXPECT_EQ(1u, h.peers[2].table.size());
}

TEST_P(group_test, held_source_is_told_vnets_alone_and_is_nobodys_news)
{
	harness h(GetParam(), { our_vnet, nva(1), gateway(ROLE_VPN, 8) }, ALLOW_ALL);
	const struct path *best[RIB_ECMP];
	struct group *held = h.group_add(ROLE_VNET, true);
	uint32_t node;

	h.sources[2].held = true;
	rib_source_hold(h.rib, 2, true);
	h.up(1, h.group_add(ROLE_NVA));
	h.up(2, held);
	h.announce(p1, 0, { {} });
	h.announce(p2, 1, { { 65001 } });
	h.announce(p3, 2, { { 65010 } });
	h.flush_all();
	h.check();
	EXPECT_EQ(1u, h.peers[1].table.size()) << "the VNet";
	EXPECT_EQ(1u, h.peers[2].table.size()) << "the VNet";
	node = h.find(p3);
	EXPECT_EQ(1u, rib_best_for_role(h.rib, node, ROLE_VNET, ALLOW_ALL, best));
	EXPECT_EQ(0u, rib_best_for_role(h.rib, node, ROLE_NVA, ALLOW_ALL, best));

	h.sources[2].held = false;
	rib_source_hold(h.rib, 2, false);
	rib_reconsider(h.rib);
	while (rib_turn(h.rib, 100))
		;
	h.flush_all();
	EXPECT_EQ(2u, h.peers[1].table.size()) << "let go";
	h.down(2);
	h.up(2, h.group_add(ROLE_VPN, true));
	h.announce(p3, 2, { { 65010 } });
	h.flush_all();
	h.check();
	EXPECT_EQ(2u, h.peers[1].table.size());
	EXPECT_EQ(2u, h.peers[2].table.size());
	node = h.find(p3);
	EXPECT_EQ(1u, rib_best_for_role(h.rib, node, ROLE_NVA, ALLOW_ALL, best));
}

TEST_P(group_test, what_a_view_has_no_room_for_its_peers_are_not_told)
{
	harness h(GetParam(), { our_vnet, nva(1), nva(2), nva(3), gateway(ROLE_EXPRESSROUTE, 9) },
		  ALLOW_ALL);
	struct group *nvas = h.group_add(ROLE_NVA);

	h.up(2, nvas);
	h.up(4, h.group_add(ROLE_EXPRESSROUTE, true));
	h.flush_all();
	h.announce(p1, 1, { { 65001 } });
	h.refuse(p1, ROLE_NVA, true);
	h.flush_all();
	h.check();
	EXPECT_EQ(0u, h.peers[2].announced + h.peers[2].withdrawn) << "never told of it";
	EXPECT_EQ(1u, h.peers[4].table.size()) << "another view";
	h.up(3, nvas);
	h.flush_all();
	h.check();
	EXPECT_EQ(0u, h.peers[3].announced) << "nor by the dump";
	h.refuse(p1, ROLE_NVA, false);
	h.flush_all();
	h.check();
	EXPECT_EQ(1u, h.peers[2].table.size());
	h.announce(p1, 1, { { 65001, 65002 } });
	h.refuse(p1, ROLE_NVA, true);
	h.refuse(p1, ROLE_VNET, true);
	h.flush_all();
	h.check();
	EXPECT_EQ(1u, h.peers[2].withdrawn);
	EXPECT_EQ(0u, h.peers[4].withdrawn);
}

TEST_P(group_test, prefixes_of_one_attribute_set_come_together)
{
	harness h(GetParam(), { our_vnet, nva(1), nva(2), nva(3) }, ALLOW_ALL);
	struct group *group = h.group_add(ROLE_NVA);
	struct group_batch batch;

	for (uint16_t i = 1; i <= 3; i++)
		h.up(i, group);
	h.flush_all();
	for (uint32_t i = 0; i < 100; i++)
		h.announce(prefix4_make(i << 8, 24), 1, { { i & 1 ? 65001u : 65009u } });
	EXPECT_EQ(100u, group_flush(group, 1000));
	for (int i = 0; i < 2; i++) {
		ASSERT_TRUE(group_flush_next(group, &batch));
		EXPECT_EQ(GROUP_ANNOUNCE, batch.kind);
		EXPECT_EQ(50u, batch.nb_prefixes);
		EXPECT_EQ(2u, batch.nb_to);
	}
	EXPECT_FALSE(group_flush_next(group, &batch));
}

TEST_P(group_test, peers_that_join_together_share_the_dump)
{
	harness h(GetParam(), { our_vnet, nva(1), nva(2), nva(3) }, ALLOW_ALL);
	struct group *group = h.group_add(ROLE_NVA);
	struct group_batch batch;

	for (uint32_t i = 0; i < 10; i++)
		h.announce(prefix4_make(i << 8, 24), 0, { {} });
	h.up(1, group);
	h.up(2, group);
	EXPECT_LE(10u, group_flush(group, 100));
	ASSERT_TRUE(group_flush_next(group, &batch));
	EXPECT_EQ(10u, batch.nb_prefixes);
	EXPECT_EQ(2u, batch.nb_to);
	ASSERT_TRUE(group_flush_next(group, &batch));
	EXPECT_EQ(GROUP_END_OF_RIB, batch.kind);
	EXPECT_EQ(2u, batch.nb_to);
	EXPECT_FALSE(group_flush_next(group, &batch));
	EXPECT_TRUE(group_idle(group));
}

/* What waits for those who may not be sent more says what they had: who joins them meanwhile has
 * not had that. */
TEST_P(group_test, who_joins_a_stream_that_waits_is_told_of_the_way_back)
{
	harness h(GetParam(), { our_vnet, nva(1), nva(2), nva(3) }, ALLOW_ALL);
	struct group *group = h.group_add(ROLE_NVA);

	h.up(2, group);
	h.announce(p1, 1, { { 65001 } });
	h.flush_all();
	h.busy.insert(2);
	h.announce(p1, 1, { { 65001, 65009 } });
	h.up(3, group);
	while (h.flush(group, 7))
		;
	EXPECT_EQ(1u, h.peers[3].announced) << "another's send queue is not its own";
	EXPECT_FALSE(group_idle(group));
	h.announce(p1, 1, { { 65001 } });
	h.flush_all();
	h.check();
	EXPECT_EQ(1u, h.peers[2].announced) << "it has that path";
	EXPECT_EQ(2u, h.peers[3].announced);

	h.busy.insert(2);
	h.announce(p1, 1, { { 65001, 65009 } });
	h.flush(group, 7);
	EXPECT_EQ(2u, h.peers[3].announced) << "it is in the stream by now";
	h.flush_all();
	h.check();
}

TEST_P(group_test, end_of_rib_also_of_an_empty_table_and_once)
{
	harness h(GetParam(), { our_vnet, nva(1) }, ALLOW_ALL);

	h.up(1, h.group_add(ROLE_NVA));
	h.flush_all();
	EXPECT_EQ(1, h.peers[1].end_of_ribs);
	ASSERT_EQ(0, group_refresh(h.peers[1].group, 1));
	h.flush_all();
	EXPECT_EQ(1, h.peers[1].end_of_ribs);
}

TEST_P(group_test, lagging_peer_is_told_only_what_changed)
{
	harness h(GetParam(), { our_vnet, nva(1), nva(2) }, ALLOW_ALL);
	struct group *group = h.group_add(ROLE_NVA);

	for (uint32_t i = 0; i < 1000; i++)
		h.announce(prefix4_make(i << 8, 24), 0, { {} });
	h.up(1, group);
	h.up(2, group);
	h.flush_all();
	ASSERT_EQ(0, group_lagging(group, 1));
	h.peers[1].lagging = true;
	h.withdraw(prefix4_make(5 << 8, 24), 0);
	h.announce(prefix4_make(6 << 8, 24), 0, { {}, 77 });
	h.flush_all();
	h.check();
	group_drained(group, 1);
	h.peers[1].lagging = false;
	h.flush_all();
	h.check();
	EXPECT_EQ(1001u, h.peers[1].announced);
	EXPECT_EQ(1u, h.peers[1].withdrawn);
}

TEST_P(group_test, exchange_toggled_quickly_ends_as_if_never_touched)
{
	harness h(GetParam(), { our_vnet, nva(1), nva(2), gateway(ROLE_VPN, 9) }, 0);
	const uint64_t off = 0x08080808 | UINT64_C(0xf) << 24, on = ALLOW_ALL;

	h.up(1, h.group_add(ROLE_NVA));
	h.up(3, h.group_add(ROLE_VPN, true));
	for (uint32_t i = 0; i < 500; i++)
		h.announce(prefix4_make(i << 8, 24), i % 2 ? 2 : 0, { { i % 2 ? 65002u : 0 } });
	h.flush_all();
	for (int i = 0; i < 10; i++) {
		h.allow = i & 1 ? on : off;
		rib_set_allow(h.rib, h.allow);
		rib_turn(h.rib, 37 * (size_t)i);
		h.flush(h.groups[i & 1], 11);
		h.announce(prefix4_make((uint32_t)i << 8, 24), 2, { { 65002, 65003 } });
	}
	h.settle();
	h.flush_all();
	h.check();
	EXPECT_EQ(500u, h.peers[3].table.size());
}

/* A prefix that hundreds announce takes as long as a hundred that one announces, and counts for as
 * many. */
TEST_P(group_test, a_slice_is_as_long_with_many_paths)
{
	enum { PEERS = 400, PREFIXES = 60, BUDGET = 128, MOST = BUDGET / (PEERS / 4) + 4 };
	std::vector<struct source> sources = { our_vnet };

	for (uint32_t i = 1; i < PEERS; i++)
		sources.push_back(nva(i));
	harness h(GetParam(), sources, ALLOW_ALL);
	uint64_t spent = rib_spent(h.rib), first;
	size_t turns = 0;

	for (uint32_t n = 0; n < PREFIXES; n++)
		h.announce(prefix4_make(0x0b000000u + n * 0x100, 24), 1, { { 65001 } });
	first = rib_spent(h.rib) - spent;
	for (uint16_t peer = 2; peer < PEERS; peer++)
		for (uint32_t n = 0; n < PREFIXES; n++)
			h.announce(prefix4_make(0x0b000000u + n * 0x100, 24), peer,
				   { { 65000u + peer } });
	spent = rib_spent(h.rib);
	for (uint32_t n = 0; n < PREFIXES; n++)
		h.announce(prefix4_make(0x0b000000u + n * 0x100, 24), 1, { { 65001, 7 } });
	EXPECT_EQ(0u, first);
	EXPECT_GE(rib_spent(h.rib) - spent, (uint64_t)PREFIXES * ((PEERS - 1) / 4));
	EXPECT_EQ(PEERS - 1, (int)rib_paths(h.rib, h.find(prefix4_make(0x0b000000u, 24))));
	rib_peer_down(h.rib, PEERS / 2);
	for (uint32_t had = PREFIXES, has; had; had = has, turns++) {
		ASSERT_GT(rib_turn(h.rib, BUDGET), 0u);
		has = rib_peer_paths(h.rib, PEERS / 2);
		EXPECT_LE(had - has, (uint32_t)MOST);
	}
	h.settle();
	EXPECT_EQ(PEERS - 2, (int)rib_paths(h.rib, h.find(prefix4_make(0x0b000000u, 24))));
	for (const auto &begin : std::vector<std::function<void()>>{
		     [&] { rib_reconsider(h.rib); }, [&] { rib_set_allow(h.rib, 0); } }) {
		begin();
		for (turns = 0; rib_turn(h.rib, BUDGET); turns++)
			ASSERT_LT(turns, 10000u);
		EXPECT_GE(turns, (size_t)PREFIXES / MOST);
	}
}

OF_BOTH_FAMILIES(group_test);
