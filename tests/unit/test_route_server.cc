/* The route server between fake speakers and a real FIB: what is programmed, what is announced, and
 * in which order. */
#include <sys/stat.h>

#include "hash.h"
#include "server.h"
#include "show.h"

TEST_F(server_test, first_start_is_live_at_once_and_announces_vnets_to_everybody)
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
	EXPECT_EQ(ip("10.0.255.33"), keys(ERGW, "10.0.0.0/16").next_hop);
	EXPECT_EQ(0, keys(ERGW, "10.0.0.0/16").path_len);
	EXPECT_EQ(ip("10.0.2.1"), keys(NVA_A, "10.0.0.0/16").next_hop);
	EXPECT_EQ(65515u, keys(NVA_A, "10.0.0.0/16").neighbour_as);
}

TEST_F(server_test, without_exchange_branches_reach_the_vnet_only)
{
	start_with_routes(false);
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.16.1.1"));
	EXPECT_EQ("10.0.255.36", fib_to(ROLE_VNET, "10.20.1.1"));
	EXPECT_EQ("nowhere", fib_to(ROLE_EXPRESSROUTE, "172.16.1.1"));
	EXPECT_EQ("nowhere", fib_to(ROLE_NVA, "10.20.1.1"));
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		EXPECT_EQ("10.0.0.0/16", knows(peer));
}

TEST_F(server_test, it_is_switched_off_on_a_full_disk_and_not_on)
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

TEST_F(server_test, branch_routes_are_marked_and_reflected)
{
	start_with_routes(true);
	EXPECT_TRUE(keys(NVA_A, "10.20.0.0/16").flags & ATTRS_FROM_BRANCH);
	EXPECT_EQ(3, keys(NVA_A, "10.20.0.0/16").path_len);
	EXPECT_FALSE(keys(NVA_A, "10.0.0.0/16").flags & ATTRS_FROM_BRANCH);
	EXPECT_EQ(1, keys(ERGW, "172.16.1.0/24").path_len); /* iBGP: the path as it is */
}

/* The VNet and two more; what is held back comes in when another goes, and nobody else misses
 * anything. */
TEST_F(server_test, expressroute_gateways_are_told_so_many_and_no_more)
{
	start("limits = { to_expressroute = 3; };" + plain_config());
	exchange_on(true);
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		up(peer);
	announce(NVA_A, { "172.16.1.0/24", "172.16.2.0/24", "172.16.3.0/24" });
	turn();
	arp_all();
	turn();
	EXPECT_EQ(3u, told[ERGW].size());
	EXPECT_EQ(1u, rib_expressroute_held(rs->rib));
	EXPECT_EQ(4u, told[NVA_B].size());
	for (int i = 0; i < 4; i++) {
		exchange_on(i % 2);
		turn();
		EXPECT_EQ(i % 2 ? 3u : 1u, told[ERGW].size());
		EXPECT_EQ(i % 2 ? 1u : 0u, rib_expressroute_held(rs->rib));
	}
	for (const char *prefix : { "172.16.1.0/24", "172.16.2.0/24" }) {
		update(NVA_A, {}, {}, { prefix });
		turn();
	}
	EXPECT_EQ("10.0.0.0/16 172.16.3.0/24", knows(ERGW));
	EXPECT_EQ(0u, rib_expressroute_held(rs->rib));
	down(NVA_A);
	turn();
	EXPECT_EQ("10.0.0.0/16", knows(ERGW));
	EXPECT_TRUE(resets.empty());
}

/* Cease/1 with the bound; what the peer still had on the way does not count, and it waits. */
TEST_F(server_test, a_peer_that_announces_too_much_is_closed_once)
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
	EXPECT_EQ(0u, rib_peer_paths(rs->rib, NVA_A));
	up(NVA_A);
	announce(NVA_A, { "172.16.1.0/24" });
	turn();
	EXPECT_EQ(1u, rib_peer_paths(rs->rib, NVA_A));
	EXPECT_EQ(1u, resets.size());
}

TEST_F(server_test, a_next_hop_that_does_not_resolve_is_not_used)
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
	EXPECT_EQ(3u, rib_peer_unusable_paths(rs->rib, NVA_A));
}

/* An NVA's next hop may stand behind the VNet's port, where the VNet's own routes know it
 * already. */
TEST_F(server_test, a_next_hop_is_usable_once_the_adjacency_of_the_paths_own_role_resolves)
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

TEST_F(server_test, the_systems_routes_are_nobody_elses)
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
	EXPECT_EQ(6u, rib_peer_paths(rs->rib, NVA_A)) << "listed all the same";
}

TEST_F(server_test, a_subnet_of_ours_is_not_learned)
{
	start_with_routes(false);
	announce(NVA_A, { "10.0.1.0/24", "10.0.2.0/24", "10.0.1.0/25", "10.0.0.0/23" });
	announce(ERGW, { "10.0.255.32/28" });
	turn();
	EXPECT_EQ(3u, rib_peer_paths(rs->rib, NVA_A)) << "longer and shorter ones are";
	EXPECT_EQ(2u, rs->peers.table[NVA_A].refused[IMPORT_OWN_SUBNET]);
	EXPECT_EQ(1u, rs->peers.table[ERGW].refused[IMPORT_OWN_SUBNET]);
	EXPECT_EQ(RIB_NONE, rib_find(rs->rib, net("10.0.1.0/24")));
	EXPECT_EQ("on link, vnet", fib_to(ROLE_VNET, "10.0.1.9"));
}

TEST_F(server_test, equal_paths_share_and_a_default_route_works)
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

TEST_F(server_test, a_bow_tie_is_dropped_and_withdraws_what_was_there)
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
	EXPECT_EQ(0u, told[NVA_A].count("10.20.0.0/16"));
	EXPECT_EQ(1u, rs->peers.table[ERGW].refused[IMPORT_BOW_TIE]);
	EXPECT_EQ(0u, rib_peer_paths(rs->rib, ERGW));
	EXPECT_EQ(2u, rib_peer_paths(rs->rib, NVA_A)) << "only the ExpressRoute side returns them";
}

TEST_F(server_test, what_import_refuses_is_withdrawn_counted_and_told)
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
			  event->text);
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
TEST_F(server_test, flows_leave_an_nva_that_shuts_down_gracefully)
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

TEST_F(server_test, what_was_wrong_with_a_message_is_told_with_its_prefix)
{
	struct {
		struct speaker_update u;
		struct prefix prefixes[2];
	} record = {};
	auto last = [this] { return events_after(&rs->events, rs->events.last - 1)->text; };

	start_with_routes(true);
	record.u.head = { SPEAKER_UPDATE, NVA_A, epoch[NVA_A] };
	record.u.nb_withdrawn = 2;
	record.u.nb_refused = 1;
	record.u.verdict = BGP_TREAT_AS_WITHDRAW;
	record.u.fault = "AS 0 in AS_PATH, RFC 7607 2";
	record.u.fault_code = ATTR_AS_PATH;
	record.prefixes[0] = net("172.16.1.0/24");
	record.prefixes[1] = net("172.16.9.0/24");
	post(&record, sizeof(record));
	turn();
	EXPECT_STREQ("treated as withdrawn 172.16.9.0/24: attribute 2: AS 0 in AS_PATH, RFC 7607 2",
		     last());
	record.u.nb_withdrawn = record.u.nb_refused = 0;
	record.u.verdict = BGP_OK;
	record.u.fault = nullptr;
	record.u.nb_martians = 3;
	record.u.martian = net("240.10.0.0/16");
	post(&record, sizeof(record.u));
	turn();
	EXPECT_STREQ("passed over 240.10.0.0/16 and 2 others: no route can be for it", last());
}

TEST_F(server_test, a_session_that_goes_takes_its_routes)
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

TEST_F(server_test, records_of_an_earlier_session_are_ignored)
{
	start_with_routes(true);
	down(NVA_A);
	turn();
	epoch[NVA_A]--;
	announce(NVA_A, { "172.16.1.0/24" });
	turn();
	EXPECT_EQ("10.0.0.0/16 172.16.2.0/24", knows(ERGW));
}

/* --- graceful restart of a peer (RFC 4724 4.2) ------------------------------------------------ */

TEST_F(server_test, stopping_ceases_and_leaves_the_tables)
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

/* --- turns ------------------------------------------------------------------------------------ */

static std::vector<std::string> table_of(unsigned int n)
{
	std::vector<std::string> prefixes;

	for (unsigned int i = 0; i < n; i++)
		prefixes.push_back("20." + std::to_string(i / 256) + "." + std::to_string(i % 256) +
				   ".0/24");
	return prefixes;
}

TEST_F(server_test, a_turn_tells_as_much_as_it_has_time_for_however_many_groups_there_are)
{
	const unsigned int n = 12288, slice = 256, looks = 250 / 50;
	auto told_in_all = [this] { return told[ERGW].size() + told[NVA_A].size(); };
	size_t before, most = 0;

	start_with_routes(true);
	before = told_in_all();
	look_ns = 50 * 1000;
	announce(NVA_B, table_of(n));
	turn([&] {
		most = std::max(most, told_in_all() - before);
		before = told_in_all();
	});
	EXPECT_GT(most, 0u);
	EXPECT_LE(most, slice * looks);
	for (uint16_t peer : { ERGW, NVA_A })
		EXPECT_EQ(3 + n, told[peer].size());
}

/* One UPDATE may hold more than there is time for in a turn. */
TEST_F(server_test, a_turn_takes_as_much_of_a_record_as_it_has_time_for)
{
	const size_t n = 1000, slice = 128, looks = 150 / 50;
	std::vector<std::string> before_it = { "21.0.0.0/24" }, table = table_of(n);
	size_t updates, others, turns = 0;
	attrs_spec spec;

	spec.path = { 65002 };
	spec.next_hop = address(NVA_B);

	start_with_routes(true);
	others = rib_peer_paths(rs->rib, NVA_B);
	announce(NVA_B, before_it);
	turn();
	updates = rs->updates;
	look_ns = 50 * 1000;
	update(NVA_B, table, spec, before_it);
	announce(NVA_B, { "21.1.0.0/24" });
	for (size_t had = rib_peer_paths(rs->rib, NVA_B), has; rs->updates < updates + 2;
	     had = has) {
		ASSERT_LT(turns++, 2 * n / slice);
		rs_turn(rs, now_ms);
		has = rib_peer_paths(rs->rib, NVA_B);
		EXPECT_LE(has, had + slice * looks);
	}
	EXPECT_LE(n / slice / looks, turns);
	EXPECT_EQ(others + n + 1, rib_peer_paths(rs->rib, NVA_B))
		<< "without the one that it withdraws";
	/* The session ends in the middle of one. */
	update(NVA_B, {}, {}, table);
	rs_turn(rs, now_ms);
	EXPECT_LT(others + 1, rib_peer_paths(rs->rib, NVA_B));
	down(NVA_B);
	turn();
	EXPECT_EQ(0u, rib_peer_paths(rs->rib, NVA_B));
	up(NVA_B);
	announce(NVA_B, { "21.2.0.0/24" });
	turn();
	EXPECT_EQ(1u, rib_peer_paths(rs->rib, NVA_B));
}

TEST_F(server_test, a_turn_takes_as_many_records_as_it_has_time_for)
{
	size_t turns = 0;

	start_with_routes(true);
	look_ns = 50 * 1000;
	for (unsigned int i = 0; i < 30; i++)
		announce(NVA_B, { "20.0." + std::to_string(i) + ".0/24" });
	for (size_t before = rs->updates, end = before + 30; rs->updates < end; turns++) {
		ASSERT_LT(turns, 30u);
		rs_turn(rs, now_ms);
		EXPECT_LE(rs->updates - before, 3u); /* 150 us */
		EXPECT_GT(rs->updates, before);
		before = rs->updates;
	}
	EXPECT_GE(turns, 10u);
	look_ns = 0;
	for (unsigned int i = 0; i < 30; i++)
		announce(NVA_B, { "20.1." + std::to_string(i) + ".0/24" });
	rs_turn(rs, now_ms);
	turn();
	EXPECT_EQ(63u, told[ERGW].size());
}

/* What peers have said is taken, and nothing else is done. */
static void take_all(struct route_server *rs)
{
	struct mailbox *to_rib = rs->speakers[0].to_rib;
	uint32_t taken = 0;
	size_t len;

	while (const void *event = mailbox_peek(to_rib, &len)) {
		if (peer_event(rs, (const struct speaker_event *)event, &taken)) {
			mailbox_done(to_rib);
			taken = 0;
		}
	}
}

TEST_F(server_test, what_another_peer_says_passes_a_table_that_waits_to_be_told)
{
	start_with_routes(true);
	look_ns = 300 * 1000;
	announce(NVA_B, table_of(4000));
	take_all(rs);
	fib_sync_changes(&rs->fib_sync, SIZE_MAX);
	rs_turn(rs, now_ms);
	announce(NVA_A, { "172.31.1.0/24" });
	rs_turn(rs, now_ms);
	collect();
	EXPECT_EQ(1u, told[ERGW].count("172.31.1.0/24"));
	EXPECT_LT(told[ERGW].size(), 1000u);
	turn();
	EXPECT_EQ(4004u, told[ERGW].size());
}

/* What the FIB has had no time for yet is told to nobody, whatever else goes on. */
TEST_F(server_test, the_fib_follows_in_slices_and_nobody_is_told_what_it_lacks)
{
	enum { N = 1000, FIB_SLICE = 32, TAKEN = 128 + 128 };
	const std::vector<std::string> table = table_of(N);
	size_t behind = 0, turns = 0, checked = 0;
	auto check = [&] {
		collect();
		for (const auto &entry : told[NVA_A]) {
			char host[ADDR_TEXT];

			if (entry.first[0] != '2')
				continue;
			checked++;
			ASSERT_EQ("10.0.2.5",
				  fib_to(ROLE_NVA,
					 addr_text(net(entry.first.c_str()).addr + 1, host)))
				<< entry.first;
		}
	};

	start_with_routes(true);
	look_ns = 1000 * 1000; /* time for one slice of each kind */
	announce(NVA_B, table);
	for (size_t waited = 0, waits; told[NVA_A].size() < N; waited = waits) {
		ASSERT_LT(turns++, 400u);
		rs_turn(rs, now_ms);
		check();
		if (turns == 12) {
			down(ERGW);
			up(ERGW); /* who comes new is told the same */
		}
		waits = rib_changes_waiting(rs->rib);
		behind += waits > 0;
		EXPECT_LE(waits, (size_t)TAKEN);
		EXPECT_LE(waited, waits + FIB_SLICE) << "as many in a turn as there is time for";
	}
	EXPECT_GE(behind, N / FIB_SLICE / 2);
	EXPECT_GT(checked, 0u);
	look_ns = 700 * 1000;
	update(NVA_B, {}, {}, table);
	down(NVA_A);
	for (turns = 0; rib_peer_paths(rs->rib, NVA_B) > 1 || rib_changes_waiting(rs->rib);
	     turns++) {
		ASSERT_LT(turns, 400u);
		rs_turn(rs, now_ms);
		EXPECT_LE(rib_changes_waiting(rs->rib), (size_t)TAKEN);
	}
	EXPECT_EQ("nowhere", fib_to(ROLE_NVA, "20.0.7.1"));
	look_ns = LOOK_NS;
	turn();
	EXPECT_EQ(0u, told[ERGW].count("20.0.7.0/24"));
	EXPECT_EQ(0u, rib_counts(rs->rib).gone);
}

/* A walk over the table ends after what has gone from it since is out of the FIB, too. */
TEST_F(server_test, what_goes_under_a_walk_goes_in_slices)
{
	const std::vector<std::string> table = table_of(1000);
	size_t turns = 0;

	start_with_routes(true);
	announce(NVA_B, table);
	turn();
	look_ns = 1000 * 1000;
	fib_sync_walk_begin(&rs->fib_sync);
	update(NVA_B, {}, {}, table);
	while (rs->fib_sync.walking) {
		ASSERT_LT(turns++, 400u);
		rs_turn(rs, now_ms);
	}
	while (rib_peer_paths(rs->rib, NVA_B) > 1 || rib_changes_waiting(rs->rib))
		rs_turn(rs, now_ms);
	look_ns = LOOK_NS;
	turn();
	for (unsigned int i = 0; i < 1000; i++) {
		char host[ADDR_TEXT];

		ASSERT_EQ("nowhere",
			  fib_to(ROLE_VNET, addr_text(net(table[i].c_str()).addr, host)));
	}
}

/* Prefixes that each have attributes of their own are a message each: as many a turn as there is
 * time for. */
TEST_F(server_test, a_flush_that_takes_long_goes_on_in_the_next_turn)
{
	enum { N = 2000, LOOK = 16 };
	size_t turns = 0, cut = 0;

	start_with_routes(true);
	for (const std::string &prefix : table_of(N)) {
		attrs_spec spec;

		spec.path = { 65002 };
		spec.next_hop = address(NVA_B);
		spec.med = (int64_t)(hash_bytes(prefix.data(), prefix.size(), 0) & 0xffffff);
		update(NVA_B, { prefix }, spec);
	}
	take_all(rs);
	fib_sync_changes(&rs->fib_sync, SIZE_MAX);
	look_ns = 1000 * 1000;
	update(NVA_B, {}, {}, { "20.0.1.0/24" }); /* not before what is being told is through */
	down(ERGW);
	for (size_t had = rs->announcer.updates; told[NVA_A].size() < N;
	     had = rs->announcer.updates) {
		ASSERT_LT(turns++, 1000u);
		rs_turn(rs, now_ms);
		EXPECT_LE(rs->announcer.updates, had + 2 * LOOK);
		cut += rs->announcer.flushing != nullptr;
		EXPECT_FALSE(rs->announcer.flushing && rs->announcer.blocked);
		collect();
	}
	EXPECT_GT(cut, N / LOOK / 2u);
	look_ns = LOOK_NS;
	turn();
	EXPECT_EQ(0u, told[NVA_A].count("20.0.1.0/24"));
	EXPECT_EQ(N - 1 + 2u, told[NVA_A].size()) << "and the VNet, and what it had before";
}

/* 16384 entries of a wide prefix between two looks at the clock, 200 us of them a turn, in each of
 * four views. */
TEST_F(server_test, a_wide_prefix_is_written_in_slices_and_told_when_it_is_there)
{
	size_t turns = 0;

	start_with_routes(true);
	look_ns = 100 * 1000;
	announce(NVA_A, { "64.0.0.0/4" });
	for (; !told[ERGW].count("64.0.0.0/4"); turns++) {
		ASSERT_LT(turns, 1000u);
		if (turns == 5)
			announce(NVA_B, { "65.1.0.0/16" });
		rs_turn(rs, now_ms);
		collect();
		if (told[ERGW].count("64.0.0.0/4")) {
			EXPECT_EQ("10.0.2.4", fib_to(ROLE_EXPRESSROUTE, "79.255.255.255"));
			EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "79.255.255.255"));
		}
		if (turns == 6) {
			EXPECT_EQ(1u, told[ERGW].count("65.1.0.0/16")) << "it waits for nothing";
			EXPECT_EQ("10.0.2.5", fib_to(ROLE_EXPRESSROUTE, "65.1.0.1"));
		}
	}
	EXPECT_GT(turns, 4u * (1 << 20) / 16384 / 4);
	turn();
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_EXPRESSROUTE, "65.2.0.1"));
	EXPECT_EQ("10.0.2.5", fib_to(ROLE_EXPRESSROUTE, "65.1.0.1"));
}

TEST_F(server_test, a_wide_prefix_that_moves_under_the_pen)
{
	start_with_routes(true);
	look_ns = 100 * 1000;
	for (int i = 0; i < 12; i++) {
		uint16_t peer = i % 2 ? NVA_A : NVA_B;

		announce(peer, { "64.0.0.0/5" });
		for (int k = 0; k < 7; k++)
			rs_turn(rs, now_ms);
		update(peer, {}, {}, { "64.0.0.0/5" });
		for (int k = 0; k < i; k++)
			rs_turn(rs, now_ms);
	}
	turn();
	EXPECT_EQ("nowhere", fib_to(ROLE_EXPRESSROUTE, "64.0.0.1"));
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "71.255.255.255"));
	EXPECT_EQ(0u, told[ERGW].count("64.0.0.0/5"));
	announce(NVA_A, { "64.0.0.0/5" });
	exchange_on(false); /* a walk, which waits for what is wide */
	turn();
	EXPECT_EQ("nowhere", fib_to(ROLE_EXPRESSROUTE, "64.0.0.1"));
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "64.0.0.1"));
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "71.255.255.255"));
	exchange_on(true);
	turn();
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_EXPRESSROUTE, "71.255.255.255"));
	EXPECT_EQ(1u, told[ERGW].count("64.0.0.0/5"));
}

TEST_F(server_test, the_longest_turn_is_told_with_its_owner)
{
	uint32_t at = 0;
	uint16_t type;

	start_with_routes(true);
	look_ns = 700 * 1000;
	rs_turn(rs, now_ms);
	look_ns = 0;
	turn();

	auto page = ask(PAGE_SUMMARY);
	const struct row_summary *summary =
		(const struct row_summary *)page_next(page.get(), &at, &type);

	EXPECT_GT(summary->rib.longest_ns, 5000u * 1000);
	EXPECT_GE(summary->rib.longest_part_ns, 700u * 1000 - 128);
	EXPECT_NE(nullptr, summary->rib.longest_part);
	EXPECT_EQ(summary->rib.longest_ns, summary->rib.recent_ns);
	EXPECT_GE(summary->rib.over, 1u);
}

TEST_F(server_test, a_full_mailbox_delays_and_loses_nothing)
{
	start(plain_config(), 4096);
	exchange_on(true);
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		up(peer);
	announce(NVA_A, { "172.16.0.0/24" });
	turn();
	arp_all();
	/* Every prefix with attributes of its own: a message each, to more peers than the mailbox
	 * has room for. */
	for (const std::string &prefix : many(3000)) {
		attrs_spec spec;

		spec.path = { 65001 };
		spec.next_hop = address(NVA_A);
		spec.med = (int64_t)(hash_bytes(prefix.data(), prefix.size(), 0) & 0xffffff);
		update(NVA_A, { prefix }, spec);
	}
	turn();
	EXPECT_EQ(3001u, told[ERGW].size());
	EXPECT_EQ(3001u, told[NVA_B].size());
	EXPECT_EQ(1u, told[NVA_A].size());
}

TEST_F(server_test, a_lagging_peer_is_told_later_and_holds_up_nobody)
{
	start_with_routes(true);
	event(ERGW, SPEAKER_LAGGING);
	announce(NVA_A, many(300));
	update(NVA_A, {}, {}, { "172.16.1.0/24" });
	turn();
	EXPECT_EQ("10.0.0.0/16 172.16.1.0/24 172.16.2.0/24", knows(ERGW));
	EXPECT_LT(290u, told[NVA_B].size());
	event(ERGW, SPEAKER_DRAINED);
	turn();
	EXPECT_EQ(300u, told[ERGW].size());
	EXPECT_EQ(0u, told[ERGW].count("172.16.1.0/24"));
}

TEST_F(server_test, refresh_sends_everything_again)
{
	uint64_t before;

	start_with_routes(true);
	before = messages;
	told[ERGW].clear();
	event(ERGW, SPEAKER_REFRESH);
	turn();
	EXPECT_EQ("10.0.0.0/16 172.16.1.0/24 172.16.2.0/24", knows(ERGW));
	EXPECT_LT(before, messages);
}

TEST_F(server_test, unused_next_hops_are_given_back)
{
	struct fib_stats stats;
	uint32_t before;

	start_with_routes(false);
	fib_stats_get(rs->writer, &stats);
	before = stats.adjacencies;
	for (unsigned int i = 0; i < 100; i++) {
		attrs_spec spec;

		spec.path = { 65001 };
		spec.next_hop = ip("10.0.2.100") + i;
		update(NVA_A, { "192.168." + std::to_string(i) + ".0/24" }, spec);
	}
	turn();
	fib_stats_get(rs->writer, &stats);
	EXPECT_EQ(before + 100, stats.adjacencies);
	down(NVA_A);
	turn();
	for (int s = 0; s < 61; s++)
		pass(1000);
	fib_stats_get(rs->writer, &stats);
	EXPECT_GE(before, stats.adjacencies);
	EXPECT_EQ("10.0.255.36", fib_to(ROLE_VNET, "10.20.1.1")) << "those in use stay";
}

TEST_F(server_test, a_next_hop_that_found_no_room_is_used_when_there_is)
{
	std::vector<uint16_t> claims;
	attrs_spec spec;
	uint16_t index;

	start_with_routes(false);
	for (uint32_t host = ip("10.0.16.0");
	     !fib_adjacency_claim(rs->writer, host, 2, ROLE_VNET, &index); host++)
		claims.push_back(index);
	spec.path = { 65001 };
	spec.next_hop = ip("10.0.2.77");
	update(NVA_A, { "172.16.9.0/24" }, spec);
	turn();
	EXPECT_EQ(NEXT_HOP_NO_ROOM, next_hop_look(&rs->next_hops, spec.next_hop, ROLE_NVA));
	fib_adjacency_release(rs->writer, claims.back());
	turn();
	arp("10.0.2.77");
	turn();
	EXPECT_EQ("10.0.2.77", fib_to(ROLE_VNET, "172.16.9.1"));
}

/* --- show ------------------------------------------------------------------------------------- */

TEST_F(server_test, a_table_of_many_pages_is_told_whole)
{
	std::map<std::string, int> seen;
	std::unique_ptr<struct page> page(new struct page());
	uint64_t cursor[2] = { 0, 0 };
	int asked = 0;

	start_with_routes(true);
	announce(NVA_A, many(2000));
	announce(NVA_B, many(2000));
	turn();
	do {
		uint32_t at = 0;
		uint16_t type;
		const void *row;

		page = ask(PAGE_ROUTES, "",
			   [&](struct page *p) { memcpy(p->cursor, cursor, sizeof(cursor)); });
		while ((row = page_next(page.get(), &at, &type))) {
			ASSERT_EQ(ROW_ROUTE, type);
			seen[text_of(((const struct row_route *)row)->prefix)]++;
		}
		memcpy(cursor, page->cursor, sizeof(cursor));
		ASSERT_LT(asked++, 1000);
	} while (page->more);
	EXPECT_LT(2, asked);
	EXPECT_EQ(2002u, seen.size()); /* 172.16.1.0/24 and 172.16.2.0/24 are among the many */
	EXPECT_EQ(2, seen["172.16.7.0/24"]);
}

TEST_F(server_test, advertised_is_what_was_sent)
{
	uint32_t at = 0;
	uint16_t type;
	const struct row_route *row;
	table shown;

	start_with_routes(true);
	auto page = ask(PAGE_ADVERTISED, "nva-a");
	while ((row = (const struct row_route *)page_next(page.get(), &at, &type)))
		shown[text_of(row->prefix)] =
			std::vector<uint8_t>(row->attrs, row->attrs + row->attrs_len);
	EXPECT_EQ(told[NVA_A], shown);
	EXPECT_STRNE("", ask(PAGE_ADVERTISED, "nobody")->error);
}
