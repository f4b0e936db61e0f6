/* The route server between fake speakers and a real FIB: what is programmed, what is announced, and
 * in which order. */
#include <sys/stat.h>

#include "server.h"

class route_server_test : public of_families<server_test>
{
};

TEST_P(route_server_test, first_start_is_live_at_once_and_announces_vnets_to_everybody)
{
	start();
	turn();
	EXPECT_EQ(1u, fib->published);
	EXPECT_EQ(3u, adds.size());
	EXPECT_FALSE(adds[0].restarting || adds[0].forwarding_kept);
	EXPECT_EQ("on link, vnet", fib_to(ROLE_EXPRESSROUTE, "10.0.7.9"));
	EXPECT_TRUE(gate(ROLE_EXPRESSROUTE, ROLE_VNET));
	EXPECT_FALSE(gate(ROLE_EXPRESSROUTE, ROLE_NVA));
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		up(peer);
	turn();
	for (uint16_t peer : { ERGW, NVA_A, NVA_B }) {
		EXPECT_EQ("10.0.0.0/16", knows(peer));
		EXPECT_EQ(1, eors[peer]);
	}
	EXPECT_EQ(ip("10.0.255.33"), next_hop(ERGW, "10.0.0.0/16"));
	EXPECT_EQ(0, keys(ERGW, "10.0.0.0/16").path_len);
	EXPECT_EQ(ip("10.0.2.1"), next_hop(NVA_A, "10.0.0.0/16"));
	EXPECT_EQ(65515u, keys(NVA_A, "10.0.0.0/16").neighbour_as);
}

TEST_P(route_server_test, without_exchange_branches_reach_the_vnet_only)
{
	start_with_routes(false);
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.16.1.1"));
	EXPECT_EQ("10.0.255.36", fib_to(ROLE_VNET, "10.20.1.1"));
	EXPECT_EQ("nowhere", fib_to(ROLE_EXPRESSROUTE, "172.16.1.1"));
	EXPECT_EQ("nowhere", fib_to(ROLE_NVA, "10.20.1.1"));
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		EXPECT_EQ("10.0.0.0/16", knows(peer));
}

TEST_P(route_server_test, it_is_switched_off_on_a_full_disk_and_not_on)
{
	const std::string in_the_way = dir + "/exchange.new";
	uint32_t at = 0;
	uint16_t type;

	start_with_routes(true);
	ASSERT_EQ(0, mkdir(in_the_way.c_str(), 0700));
	auto page = ask(PAGE_EXCHANGE_SET, "", [](struct page *p) { p->enable = false; });
	EXPECT_FALSE(gate(ROLE_EXPRESSROUTE, ROLE_NVA));
	EXPECT_STREQ("", page->error);
	auto *row = (const struct row_switched *)page_next(page.get(), &at, &type);
	ASSERT_NE(nullptr, row);
	EXPECT_TRUE(row->changed && !row->enabled);
	EXPECT_NE(nullptr, strstr(row->warning, "may be on again")) << row->warning;
	turn();
	EXPECT_EQ("10.0.0.0/16", knows(ERGW));
	page = ask(PAGE_EXCHANGE_SET, "", [](struct page *p) { p->enable = true; });
	EXPECT_NE(nullptr, strstr(page->error, "was not moved")) << page->error;
	turn();
	EXPECT_EQ("10.0.0.0/16", knows(ERGW));
	EXPECT_FALSE(gate(ROLE_EXPRESSROUTE, ROLE_NVA));
	rmdir(in_the_way.c_str());
	exchange_on(false);
	turn();
	reopen_exchange();
	EXPECT_FALSE(exchange.enabled) << "stored after all";
}

TEST_P(route_server_test, branch_routes_are_marked_and_reflected)
{
	start_with_routes(true);
	EXPECT_TRUE(keys(NVA_A, "10.20.0.0/16").flags & ATTRS_FROM_BRANCH);
	EXPECT_EQ(3, keys(NVA_A, "10.20.0.0/16").path_len);
	EXPECT_FALSE(keys(NVA_A, "10.0.0.0/16").flags & ATTRS_FROM_BRANCH);
	EXPECT_EQ(1, keys(ERGW, "172.16.1.0/24").path_len); /* iBGP: the path as it is */
}

/* The VNet and two more; what is held back comes in when another goes, and nobody else misses
 * anything. */
TEST_P(route_server_test, expressroute_gateways_are_told_so_many_and_no_more)
{
	start("limits = { to_expressroute = 3; };" + plain_config());
	exchange_on(true);
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		up(peer);
	announce(NVA_A, { "172.16.1.0/24", "172.16.2.0/24", "172.16.3.0/24" });
	turn();
	arp_all();
	turn();
	EXPECT_EQ(3u, announced[ERGW].size());
	EXPECT_EQ(1u, rib_expressroute_held(rib()));
	EXPECT_EQ(4u, announced[NVA_B].size());
	for (int i = 0; i < 4; i++) {
		exchange_on(i % 2);
		turn();
		EXPECT_EQ(i % 2 ? 3u : 1u, announced[ERGW].size());
		EXPECT_EQ(i % 2 ? 1u : 0u, rib_expressroute_held(rib()));
	}
	for (const char *prefix : { "172.16.1.0/24", "172.16.2.0/24" }) {
		update(NVA_A, {}, {}, { prefix });
		turn();
	}
	EXPECT_EQ("10.0.0.0/16 172.16.3.0/24", knows(ERGW));
	EXPECT_EQ(0u, rib_expressroute_held(rib()));
	down(NVA_A);
	turn();
	EXPECT_EQ("10.0.0.0/16", knows(ERGW));
	EXPECT_TRUE(resets.empty());
}

/* Cease/1 with the bound; what the peer still had on the way does not count, and it waits. */
TEST_P(route_server_test, a_peer_that_announces_too_much_is_closed_once)
{
	start("limits = { routes_per_peer = 2; retry_s = 7; };" + plain_config());
	up(NVA_A);
	announce(NVA_A, { "172.16.1.0/24", "172.16.2.0/24" });
	turn();
	EXPECT_TRUE(resets.empty());
	announce(NVA_A, { "172.16.3.0/24", "172.16.4.0/24" });
	announce(NVA_A, { "172.16.5.0/24" });
	turn();
	ASSERT_EQ(1u, resets.size());
	EXPECT_EQ(6, resets[0].code);
	EXPECT_EQ(1, resets[0].subcode);
	EXPECT_EQ(2u, resets[0].max_prefixes);
	EXPECT_EQ(7u, resets[0].hold_off_s);
	EXPECT_EQ(epoch[NVA_A], resets[0].head.epoch);
	down(NVA_A);
	turn();
	EXPECT_EQ(0u, rib_peer_paths(rib(), NVA_A));
	up(NVA_A);
	announce(NVA_A, { "172.16.1.0/24" });
	turn();
	EXPECT_EQ(1u, rib_peer_paths(rib(), NVA_A));
	EXPECT_EQ(1u, resets.size());
}

TEST_P(route_server_test, a_next_hop_that_does_not_resolve_is_not_used)
{
	attrs_spec outside;

	start();
	exchange_on(true);
	up(ERGW);
	up(NVA_A);
	announce(NVA_A, { "172.16.1.0/24" });
	outside.path = { 65001 };
	outside.next_hop = ip("8.8.8.8");
	update(NVA_A, { "172.16.8.0/24" }, outside);
	outside.next_hop = ip("10.0.2.1");
	update(NVA_A, { "172.16.9.0/24" }, outside);
	turn();
	EXPECT_EQ("10.0.0.0/16", knows(ERGW));
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "172.16.1.1"));
	arp("10.0.2.4");
	turn();
	EXPECT_EQ("10.0.0.0/16 172.16.1.0/24", knows(ERGW));
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.16.1.1"));
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "172.16.8.1"));
	arp("10.0.2.4", false);
	turn();
	EXPECT_EQ("10.0.0.0/16", knows(ERGW));
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "172.16.1.1"));
	EXPECT_EQ(3u, rib_peer_unusable_paths(rib(), NVA_A));
}

/* An NVA's next hop may stand behind the VNet's port, where the VNet's own routes know it
 * already. */
TEST_P(route_server_test, a_next_hop_is_usable_once_the_adjacency_of_the_paths_own_role_resolves)
{
	static const char vnets[] =
		R"(vnet = ( { prefix = "10.0.0.0/16"; port = "vnet0"; next_hop = "10.0.1.9"; } );)";
	attrs_spec behind;

	behind.path = { 65001 };
	behind.next_hop = ip("10.0.1.9");
	start(std::string(base_config) + vnets + base_peers);
	exchange_on(true);
	up(ERGW);
	up(NVA_A);
	turn();
	arp("10.0.1.9");
	turn();
	update(NVA_A, { "172.16.1.0/24" }, behind);
	turn();
	EXPECT_EQ("10.0.0.0/16", knows(ERGW));
	EXPECT_EQ("nowhere", fib_to(ROLE_EXPRESSROUTE, "172.16.1.1"));
	arp("10.0.1.9", true, 1u << ROLE_NVA);
	turn();
	EXPECT_EQ("10.0.0.0/16 172.16.1.0/24", knows(ERGW));
	EXPECT_EQ("10.0.1.9", fib_to(ROLE_EXPRESSROUTE, "172.16.1.1"));
	arp("10.0.1.9", false, 1u << ROLE_NVA);
	turn();
	EXPECT_EQ("10.0.0.0/16", knows(ERGW));
}

TEST_P(route_server_test, the_systems_routes_are_nobody_elses)
{
	start_with_routes(false);
	announce(NVA_A,
		 { "10.0.0.0/16", "10.0.7.0/24", "10.0.2.5/32", "10.0.0.0/8", "10.0.255.36/32" });
	turn();
	EXPECT_EQ("on link, vnet", fib_to(ROLE_VNET, "10.0.7.9"));
	EXPECT_EQ("on link, vnet", fib_to(ROLE_EXPRESSROUTE, "10.0.7.9"));
	EXPECT_EQ("on link, nva", fib_to(ROLE_VNET, "10.0.2.5"));
	EXPECT_EQ("on link, expressroute", fib_to(ROLE_VNET, "10.0.255.36"));
	EXPECT_EQ("local", fib_to(ROLE_VNET, "10.0.2.1"));
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "10.77.0.1")); /* a supernet is programmed */
	EXPECT_EQ(6u, rib_peer_paths(rib(), NVA_A)) << "listed all the same";
}

TEST_P(route_server_test, a_subnet_of_ours_is_not_learned)
{
	start_with_routes(false);
	announce(NVA_A, { "10.0.1.0/24", "10.0.2.0/24", "10.0.1.0/25", "10.0.0.0/23" });
	announce(ERGW, { "10.0.255.32/28" });
	turn();
	EXPECT_EQ(3u, rib_peer_paths(rib(), NVA_A)) << "longer and shorter ones are";
	EXPECT_EQ(2u, rs->peers.table[NVA_A].refused[IMPORT_OWN_SUBNET]);
	EXPECT_EQ(1u, rs->peers.table[ERGW].refused[IMPORT_OWN_SUBNET]);
	EXPECT_EQ(RIB_NONE, rib_find(rib(), here("10.0.1.0/24")));
	EXPECT_EQ("on link, vnet", fib_to(ROLE_VNET, "10.0.1.9"));
}

TEST_P(route_server_test, equal_paths_share_and_a_default_route_works)
{
	attrs_spec a, b;

	start_with_routes(false);
	a.path = { 65001 };
	a.next_hop = ip("10.0.2.4");
	b.path = { 65002 };
	b.next_hop = ip("10.0.2.5");
	update(NVA_A, { "0.0.0.0/0", "172.30.0.0/16" }, a);
	update(NVA_B, { "0.0.0.0/0", "172.30.0.0/16" }, b);
	turn();
	EXPECT_EQ("10.0.2.4 10.0.2.5", fib_to(ROLE_VNET, "172.30.1.1"));
	EXPECT_EQ("10.0.2.4 10.0.2.5", fib_to(ROLE_VNET, "8.8.8.8"));
	b.path = { 65002, 65002 };
	update(NVA_B, { "172.30.0.0/16" }, b);
	turn();
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.30.1.1"));
	update(NVA_A, {}, {}, { "172.30.0.0/16", "0.0.0.0/0" });
	turn();
	EXPECT_EQ("10.0.2.5", fib_to(ROLE_VNET, "172.30.1.1"));
	EXPECT_EQ("10.0.2.5", fib_to(ROLE_VNET, "8.8.8.8"));
	down(NVA_B);
	turn();
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "172.30.1.1"));
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "8.8.8.8"));
}

TEST_P(route_server_test, a_bow_tie_is_dropped_and_withdraws_what_was_there)
{
	attrs_spec tied;

	start_with_routes(true);
	tied.path = { 12076, 65020 };
	tied.next_hop = address(ERGW);
	tied.communities = { COMMUNITY(65517, 65517) };
	update(ERGW, { "10.20.0.0/16" }, tied);
	update(NVA_A, { "172.16.5.0/24" }, tied);
	turn();
	EXPECT_EQ(0u, knows(NVA_B).find("10.0.0.0/16"));
	EXPECT_EQ(0u, announced[NVA_A].count("10.20.0.0/16"));
	EXPECT_EQ(1u, rs->peers.table[ERGW].refused[IMPORT_BOW_TIE]);
	EXPECT_EQ(0u, rib_peer_paths(rib(), ERGW));
	EXPECT_EQ(2u, rib_peer_paths(rib(), NVA_A)) << "only the ExpressRoute side returns them";
}

TEST_P(route_server_test, what_import_refuses_is_withdrawn_counted_and_told)
{
	const struct peer *peer;
	const struct event *event;
	attrs_spec spec;

	start_with_routes(true);
	ASSERT_STREQ("",
		     reload(plain_config().replace(plain_config().find("enforce_first_as = false"),
						   sizeof("enforce_first_as = false") - 1,
						   "enforce_first_as = true"))
			     ->error);
	peer = &rs->peers.table[NVA_A];
	spec.next_hop = address(NVA_A);
	for (const auto &[path, verdict] :
	     { std::make_pair(std::vector<uint32_t>{}, IMPORT_EMPTY_PATH),
	       std::make_pair(std::vector<uint32_t>{ 65002, 65001 }, IMPORT_FIRST_AS) }) {
		announce(NVA_A, { "172.16.1.0/24", "172.16.7.0/24" });
		turn();
		EXPECT_EQ("10.0.0.0/16 172.16.1.0/24 172.16.2.0/24 172.16.7.0/24", knows(ERGW));
		spec.path = path;
		update(NVA_A, { "172.16.1.0/24", "172.16.7.0/24" }, spec);
		turn();
		EXPECT_EQ("10.0.0.0/16 172.16.2.0/24", knows(ERGW)) << import_verdict_why(verdict);
		EXPECT_EQ(2u, peer->refused[verdict]);
		event = events_after(&rs->events, rs->events.last - 1);
		ASSERT_NE(nullptr, event);
		EXPECT_EQ(EVENT_REFUSED, event->kind);
		EXPECT_STREQ("nva-a", event->peer);
		EXPECT_EQ("refused 172.16.1.0/24 and 1 others: " +
				  std::string(import_verdict_why(verdict)),
			  plain(std::string(event->text)));
	}
	/* NVA B is not asked for it. */
	spec.path = { 65099 };
	spec.next_hop = address(NVA_B);
	update(NVA_B, { "172.16.2.0/24" }, spec);
	turn();
	EXPECT_EQ("10.0.0.0/16 172.16.2.0/24", knows(ERGW));
}

/* RFC 8326: of two equal NVAs the one that is about to go is not used, though it has said no
 * withdrawal yet. */
TEST_P(route_server_test, flows_leave_an_nva_that_shuts_down_gracefully)
{
	attrs_spec a, b;

	start_with_routes(true);
	a.path = { 65001 };
	b.path = { 65002 };
	a.next_hop = address(NVA_A);
	b.next_hop = address(NVA_B);
	update(NVA_A, { "172.30.0.0/16" }, a);
	update(NVA_B, { "172.30.0.0/16" }, b);
	turn();
	EXPECT_EQ("10.0.2.4 10.0.2.5", fib_to(ROLE_VNET, "172.30.1.1"));
	a.communities = { COMMUNITY(65535, 0) };
	update(NVA_A, { "172.30.0.0/16" }, a);
	turn();
	EXPECT_EQ("10.0.2.5", fib_to(ROLE_VNET, "172.30.1.1"));
	down(NVA_B);
	turn();
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.30.1.1")) << "better than nothing";
}

TEST_P(route_server_test, what_was_wrong_with_a_message_is_told_with_its_prefix)
{
	struct {
		struct speaker_update u;
		uint8_t prefixes[2 * 17 + NLRI_SLACK];
	} record = {};
	auto last = [this] {
		return plain(std::string(events_after(&rs->events, rs->events.last - 1)->text));
	};

	start_with_routes(true);
	record.u.head = { SPEAKER_UPDATE, NVA_A, epoch[NVA_A] };
	record.u.family = (uint8_t)family;
	record.u.nb_withdrawn = 2;
	record.u.nb_refused = 1;
	record.u.verdict = BGP_TREAT_AS_WITHDRAW;
	record.u.fault = "AS 0 in AS_PATH, RFC 7607 2";
	record.u.fault_code = ATTR_AS_PATH;
	record.u.withdrawn_len = (uint16_t)nlri_put(record.prefixes, here("172.16.1.0/24"));
	record.u.refused_len =
		(uint16_t)nlri_put(record.prefixes + record.u.withdrawn_len, here("172.16.9.0/24"));
	record.u.withdrawn_len = (uint16_t)(record.u.withdrawn_len + record.u.refused_len);
	post(&record, sizeof(record));
	turn();
	EXPECT_EQ("treated as withdrawn 172.16.9.0/24: attribute 2: AS 0 in AS_PATH, RFC 7607 2",
		  last());
	record.u.nb_withdrawn = record.u.nb_refused = 0;
	record.u.withdrawn_len = record.u.refused_len = 0;
	record.u.verdict = BGP_OK;
	record.u.fault = nullptr;
	record.u.nb_martians = 3;
	record.u.martian = here("240.10.0.0/16");
	post(&record, sizeof(record));
	turn();
	EXPECT_EQ("passed over 240.10.0.0/16 and 2 others: no route can be for it", last());
}

TEST_P(route_server_test, a_session_that_goes_takes_its_routes)
{
	start_with_routes(true);
	down(NVA_A);
	turn();
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "172.16.1.1"));
	EXPECT_EQ("10.0.0.0/16 172.16.2.0/24", knows(ERGW));
	up(NVA_A);
	announce(NVA_A, { "172.16.1.0/24" });
	turn();
	EXPECT_EQ("10.0.0.0/16 10.20.0.0/16 172.16.2.0/24", knows(NVA_A));
	EXPECT_EQ("10.0.0.0/16 172.16.1.0/24 172.16.2.0/24", knows(ERGW));
}

TEST_P(route_server_test, records_of_an_earlier_session_are_ignored)
{
	start_with_routes(true);
	down(NVA_A);
	turn();
	epoch[NVA_A]--;
	announce(NVA_A, { "172.16.1.0/24" });
	turn();
	EXPECT_EQ("10.0.0.0/16 172.16.2.0/24", knows(ERGW));
}

TEST_P(route_server_test, stopping_ceases_and_leaves_the_tables)
{
	const struct fib_generation *g;

	start_with_routes(true);
	g = writing();
	rs_stop(rs, 2, "maintenance");
	EXPECT_FALSE(rs_stopped(rs));
	collect();
	ASSERT_EQ(1u, resets.size());
	EXPECT_EQ(SPEAKER_STOP, resets[0].head.type);
	EXPECT_EQ(6, resets[0].code);
	EXPECT_EQ(2, resets[0].subcode);
	EXPECT_STREQ("maintenance", resets[0].text);
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		down(peer);
	event(0, SPEAKER_STOPPED);
	for (int i = 0; i < 10; i++)
		rs_turn(rs, now_ms);
	EXPECT_TRUE(rs_stopped(rs));
	stop_server();
	EXPECT_EQ("10.0.2.4", forwards(g, ROLE_EXPRESSROUTE, "172.16.1.1"));
	EXPECT_TRUE(gate(ROLE_EXPRESSROUTE, ROLE_NVA));
}

OF_BOTH_FAMILIES(route_server_test);
