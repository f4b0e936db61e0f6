/* Update groups: who is told what, case by case. Random sequences are test_group_random.cc's. */
#include <gtest/gtest.h>

#include "group_harness.h"

TEST(group, announcer_is_told_the_best_of_the_others)
{
	harness h({ our_vnet, nva(1), nva(2), nva(3) }, ALLOW_ALL);
	struct group *group = h.group_add(ROLE_NVA);

	for (uint16_t i = 1; i <= 3; i++)
		h.up(i, group);
	h.announce(p1, 1, { { 65001 } });
	h.flush_all();
	EXPECT_EQ(0u, h.peers[1].table.size());
	EXPECT_EQ(1u, h.peers[2].table.size());
	h.announce(p1, 2, { { 65002, 65009 } });
	h.flush_all();
	EXPECT_EQ(2, h.peers[1].table[key(p1.addr, p1.len)].second)
		<< "no path hiding (RFC 7947 2.3)";
	EXPECT_EQ(1u, h.peers[3].announced) << "the best path has not changed for others";
	h.withdraw(p1, 1);
	h.flush_all();
	h.check();
	EXPECT_EQ(0u, h.peers[2].table.size());
	EXPECT_EQ(1u, h.peers[1].announced) << "it has that path already";
}

TEST(group, change_and_back_tells_nobody)
{
	harness h({ our_vnet, nva(1), nva(2) }, ALLOW_ALL);
	struct group *group = h.group_add(ROLE_NVA);

	h.up(2, group);
	h.flush_all();
	h.announce(p1, 1, { { 65001 } });
	h.withdraw(p1, 1);
	h.flush_all();
	h.check();
	EXPECT_EQ(0u, h.peers[2].announced + h.peers[2].withdrawn);
}

TEST(group, same_attributes_of_another_peer_are_not_told_again)
{
	harness h({ our_vnet, nva(1), nva(2), nva(3) }, ALLOW_ALL);
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

TEST(group, no_advertise_and_no_export)
{
	harness h({ our_vnet, nva(1), nva(2), gateway(ROLE_EXPRESSROUTE, 9) }, ALLOW_ALL);

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

TEST(group, default_route_is_not_for_vpn_gateways)
{
	const struct prefix everything = { 0, 0 }, half = { 0x80000000, 1 };
	harness h({ our_vnet, nva(1), gateway(ROLE_VPN, 8), gateway(ROLE_EXPRESSROUTE, 9) },
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

TEST(group, without_vnets_nothing_is_told_of_a_vnets_prefix)
{
	harness h({ our_vnet, nva(1), gateway(ROLE_EXPRESSROUTE, 8) }, ALLOW_ALL);
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
	group_owe(without, 2, rib_find(h.rib, p1));
	h.peers[2].group = without;
	h.flush_all();
	h.check();
	EXPECT_EQ(1u, h.peers[2].table.size());
}

TEST(group, held_source_is_told_vnets_alone_and_is_nobodys_news)
{
	harness h({ our_vnet, nva(1), gateway(ROLE_VPN, 8) }, ALLOW_ALL);
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
	node = rib_find(h.rib, p3);
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
	node = rib_find(h.rib, p3);
	EXPECT_EQ(1u, rib_best_for_role(h.rib, node, ROLE_NVA, ALLOW_ALL, best));
}

TEST(group, what_a_view_has_no_room_for_its_peers_are_not_told)
{
	harness h({ our_vnet, nva(1), nva(2), nva(3), gateway(ROLE_EXPRESSROUTE, 9) }, ALLOW_ALL);
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

TEST(group, prefixes_of_one_attribute_set_come_together)
{
	harness h({ our_vnet, nva(1), nva(2), nva(3) }, ALLOW_ALL);
	struct group *group = h.group_add(ROLE_NVA);
	struct group_batch batch;

	for (uint16_t i = 1; i <= 3; i++)
		h.up(i, group);
	h.flush_all();
	for (uint32_t i = 0; i < 100; i++)
		h.announce({ i << 8, 24 }, 1, { { i & 1 ? 65001u : 65009u } });
	EXPECT_EQ(100u, group_flush(group, 1000));
	for (int i = 0; i < 2; i++) {
		ASSERT_TRUE(group_flush_next(group, &batch));
		EXPECT_EQ(GROUP_ANNOUNCE, batch.kind);
		EXPECT_EQ(50u, batch.nb_prefixes);
		EXPECT_EQ(2u, batch.nb_to);
	}
	EXPECT_FALSE(group_flush_next(group, &batch));
}

TEST(group, peers_that_join_together_share_the_dump)
{
	harness h({ our_vnet, nva(1), nva(2), nva(3) }, ALLOW_ALL);
	struct group *group = h.group_add(ROLE_NVA);
	struct group_batch batch;

	for (uint32_t i = 0; i < 10; i++)
		h.announce({ i << 8, 24 }, 0, { {} });
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

TEST(group, end_of_rib_also_of_an_empty_table_and_once)
{
	harness h({ our_vnet, nva(1) }, ALLOW_ALL);

	h.up(1, h.group_add(ROLE_NVA));
	h.flush_all();
	EXPECT_EQ(1, h.peers[1].end_of_ribs);
	ASSERT_EQ(0, group_refresh(h.peers[1].group, 1));
	h.flush_all();
	EXPECT_EQ(1, h.peers[1].end_of_ribs);
}

TEST(group, lagging_peer_is_told_only_what_changed)
{
	harness h({ our_vnet, nva(1), nva(2) }, ALLOW_ALL);
	struct group *group = h.group_add(ROLE_NVA);

	for (uint32_t i = 0; i < 1000; i++)
		h.announce({ i << 8, 24 }, 0, { {} });
	h.up(1, group);
	h.up(2, group);
	h.flush_all();
	ASSERT_EQ(0, group_lagging(group, 1));
	h.peers[1].lagging = true;
	h.withdraw({ 5 << 8, 24 }, 0);
	h.announce({ 6 << 8, 24 }, 0, { {}, 77 });
	h.flush_all();
	h.check();
	group_drained(group, 1);
	h.peers[1].lagging = false;
	h.flush_all();
	h.check();
	EXPECT_EQ(1001u, h.peers[1].announced);
	EXPECT_EQ(1u, h.peers[1].withdrawn);
}

TEST(group, exchange_toggled_quickly_ends_as_if_never_touched)
{
	harness h({ our_vnet, nva(1), nva(2), gateway(ROLE_VPN, 9) }, 0);
	const uint64_t off = 0x08080808 | UINT64_C(0xf) << 24, on = ALLOW_ALL;

	h.up(1, h.group_add(ROLE_NVA));
	h.up(3, h.group_add(ROLE_VPN, true));
	for (uint32_t i = 0; i < 500; i++)
		h.announce({ i << 8, 24 }, i % 2 ? 2 : 0, { { i % 2 ? 65002u : 0 } });
	h.flush_all();
	for (int i = 0; i < 10; i++) {
		h.allow = i & 1 ? on : off;
		rib_set_allow(h.rib, h.allow);
		rib_turn(h.rib, 37 * (size_t)i);
		h.flush(h.groups[i & 1], 11);
		h.announce({ (uint32_t)i << 8, 24 }, 2, { { 65002, 65003 } });
	}
	h.settle();
	h.flush_all();
	h.check();
	EXPECT_EQ(500u, h.peers[3].table.size());
}
