/* Route maps of a running route server: what they make of a peer's routes on their way in and out,
 * and when they change. */
#include "maps_harness.h"

namespace
{

/* `n` distinct /24s. */
std::vector<std::string> many(int n)
{
	std::vector<std::string> prefixes;

	for (int i = 0; i < n; i++)
		prefixes.push_back("10." + std::to_string(64 + i / 256) + "." +
				   std::to_string(i % 256) + ".0/24");
	return prefixes;
}

class inbound_test : public of_families<maps_test>
{
};

} // namespace

TEST_P(inbound_test, a_inbound_drop)
{
	start_up(with(drop_122));
	announce(NVA_A, { "10.122.1.0/24", "10.122.2.0/24", "10.122.3.0/24", "10.100.0.0/16" });
	turn();
	EXPECT_EQ("10.0.0.0/16 10.100.0.0/16 10.20.0.0/16 172.31.0.0/16", knows(NVA_B));
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "10.122.1.1"));
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "10.100.1.1"));
	EXPECT_EQ(3u, hits("in-a", 0));
	EXPECT_EQ("10.100.0.0/16 172.31.0.0/16", names(rows(PAGE_LEARNED, "nva-a")));
	EXPECT_EQ("10.100.0.0/16 10.122.1.0/24 10.122.2.0/24 10.122.3.0/24 172.31.0.0/16",
		  names(rows(PAGE_RECEIVED, "nva-a")));
	update(NVA_A, {}, {}, { "10.122.1.0/24", "10.100.0.0/16" });
	turn();
	EXPECT_EQ("10.122.2.0/24 10.122.3.0/24 172.31.0.0/16", names(rows(PAGE_RECEIVED, "nva-a")));
	EXPECT_EQ("172.31.0.0/16", names(rows(PAGE_LEARNED, "nva-a")));
	EXPECT_EQ("172.30.0.0/16", names(rows(PAGE_RECEIVED, "nva-b")));
}

TEST_P(inbound_test, b_outbound_prepend_stands_before_our_own)
{
	start_up(with("", prepend));
	EXPECT_EQ("64511 64510 65515 65002", path(NVA_A, "172.30.0.0/16"));
	EXPECT_EQ("64511 64510 65515", path(NVA_A, "10.0.0.0/16"));
	EXPECT_EQ("65515 65001", path(NVA_B, "172.31.0.0/16"));
	EXPECT_EQ("64511 64510 65515 65002", rows(PAGE_ADVERTISED, "nva-a")["172.30.0.0/16"]);
}

TEST_P(inbound_test, d_a_summary_lives_as_long_as_a_contributor)
{
	start_up(with(summarise));
	announce(NVA_A, { "10.2.1.0/24", "10.2.2.0/24" });
	announce(NVA_A, { "10.2.3.0/24" });
	turn();
	EXPECT_EQ("10.0.0.0/16 10.2.0.0/16 10.20.0.0/16 172.31.0.0/16", knows(NVA_B));
	EXPECT_EQ("65515", path(NVA_B, "10.2.0.0/16"));
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "10.2.3.1"));
	struct attr_view v;
	EXPECT_TRUE(attr_find(announced[NVA_B]["10.2.0.0/16"].data(),
			      (uint16_t)announced[NVA_B]["10.2.0.0/16"].size(),
			      ATTR_ATOMIC_AGGREGATE, &v));
	messages = 0;
	update(NVA_A, {}, {}, { "10.2.1.0/24", "10.2.3.0/24" });
	announce(NVA_A, { "10.2.4.0/24" });
	update(NVA_A, {}, {}, { "10.2.2.0/24" });
	turn();
	EXPECT_EQ(0u, messages) << "contributors come and go, the summary does not move";
	update(NVA_A, {}, {}, { "10.2.4.0/24" });
	turn();
	EXPECT_EQ("10.0.0.0/16 10.20.0.0/16 172.31.0.0/16", knows(NVA_B));
	announce(NVA_A, { "10.2.4.0/24" });
	turn();
	EXPECT_TRUE(announced[NVA_B].count("10.2.0.0/16"));
	down(NVA_A);
	turn();
	EXPECT_FALSE(announced[NVA_B].count("10.2.0.0/16"));
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "10.2.4.1"));
}

TEST_P(inbound_test, d_a_summary_stands_for_the_same_prefix_of_the_peer)
{
	const std::string not_itself =
		R"({ name = "s"; match = { prefix_equals = ["10.2.1.0/24"]; }; )"
		R"(action = { prefix_replace = "10.2.0.0/16"; }; })";

	start_up(with(not_itself));
	announce(NVA_A, { "10.2.0.0/16" });
	turn();
	EXPECT_EQ("65515 65001", path(NVA_B, "10.2.0.0/16"));
	announce(NVA_A, { "10.2.1.0/24" });
	turn();
	EXPECT_EQ("65515", path(NVA_B, "10.2.0.0/16"));
	announce(NVA_A, { "10.2.0.0/16" });
	turn();
	EXPECT_EQ("65515", path(NVA_B, "10.2.0.0/16"));
	update(NVA_A, {}, {}, { "10.2.1.0/24" });
	turn();
	EXPECT_EQ("65515 65001", path(NVA_B, "10.2.0.0/16"));
}

/* What changes in the RIB because of a route may be the route's own prefix: then its place, looked
 * up before that, is another one. */
TEST_P(inbound_test, d_a_route_may_contribute_to_the_summary_of_its_own_prefix)
{
	const std::string itself_too =
		R"({ name = "s"; match = { prefix_contains = ["10.2.0.0/16"]; }; )"
		R"(action = { prefix_replace = "10.2.0.0/16"; }; })";

	start_up(with(itself_too));
	const size_t before = rib_prefixes(rib());

	for (int i = 0; i < 2; i++) {
		announce(NVA_A, { "10.2.0.0/16" });
		turn();
		EXPECT_EQ("65515", path(NVA_B, "10.2.0.0/16"));
		EXPECT_EQ(before + 1, rib_prefixes(rib()));
		announce(NVA_A, { "10.2.1.0/24" });
		update(NVA_A, {}, {}, { "10.2.0.0/16" });
		turn();
		EXPECT_EQ("65515", path(NVA_B, "10.2.0.0/16"));
		update(NVA_A, {}, {}, { "10.2.1.0/24" });
		turn();
		EXPECT_EQ(0u, announced[NVA_B].count("10.2.0.0/16"));
		EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "10.2.0.1"));
		EXPECT_EQ(before, rib_prefixes(rib()));
	}
}

TEST_P(inbound_test, g_inbound_moves_best_path_and_fib_outbound_never_does)
{
	const std::string longer = R"({ name = "l"; match = { prefix_equals = ["172.16.9.0/24"]; };
				       action = { as_path_add = [64511]; }; })";

	start_up(with(""));
	announce(NVA_A, { "172.16.9.0/24" });
	announce(NVA_B, { "172.16.9.0/24" });
	turn();
	EXPECT_EQ("10.0.2.4 10.0.2.5", fib_to(ROLE_VNET, "172.16.9.1"));
	change(with(longer));
	EXPECT_EQ("10.0.2.5", fib_to(ROLE_VNET, "172.16.9.1"));
	change(with(""));
	EXPECT_EQ("10.0.2.4 10.0.2.5", fib_to(ROLE_VNET, "172.16.9.1"));
	change(with("", longer + ", " + prepend + ", " +
				R"({ name = "x"; match = { prefix_equals = ["172.30.0.0/16"]; }; )"
				R"(action = "drop"; })"));
	EXPECT_EQ("10.0.2.4 10.0.2.5", fib_to(ROLE_VNET, "172.16.9.1"));
	EXPECT_EQ("10.0.2.5", fib_to(ROLE_NVA, "172.30.0.1"));
	EXPECT_FALSE(announced[NVA_A].count("172.30.0.0/16"));
	EXPECT_TRUE(resets.empty());
}

TEST_P(inbound_test, local_preference_decides_before_anything_but_validity)
{
	const std::string high = R"({ name = "h"; match = { communities_contain = ["65001:1"]; };
				      action = { local_pref = 200; }; })";
	struct attr_view v;
	attrs_spec spec;

	start_up(with(high));
	spec.path = { 65001, 65001, 65001 };
	spec.next_hop = address(NVA_A);
	spec.communities = { COMMUNITY(65001, 1) };
	update(NVA_A, { "10.50.0.0/16" }, spec);
	announce(ERGW, { "10.50.0.0/16" });
	turn();
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "10.50.0.1"));
	auto page = ask(PAGE_ROUTES, "", of_prefix("10.50.0.0/16"));
	uint32_t at = 0;
	uint16_t type;
	auto *row = (const struct row_route *)page_next(page.get(), &at, &type);
	ASSERT_NE(nullptr, row);
	EXPECT_STREQ("nva-a", row->peer);
	EXPECT_EQ(200u, row->local_pref);
	EXPECT_EQ(DECIDE_LOCAL_PREF, row->reason);
	/* It is ours alone: eBGP peers hear of no LOCAL_PREF, our gateways of the usual one. */
	EXPECT_FALSE(attr_find(announced[NVA_B]["10.50.0.0/16"].data(),
			       (uint16_t)announced[NVA_B]["10.50.0.0/16"].size(), ATTR_LOCAL_PREF,
			       &v));
	EXPECT_EQ(100u, keys(ERGW, "10.50.0.0/16").local_pref);
	change(with(""));
	EXPECT_EQ("10.0.255.36", fib_to(ROLE_VNET, "10.50.0.1"));
}

TEST_P(inbound_test, local_preference_of_a_gateway_is_not_a_maps)
{
	attrs_spec spec;

	start_up(with(""));
	spec.path = { 12076 };
	spec.next_hop = address(ERGW);
	spec.local_pref = 50;
	update(ERGW, { "10.50.0.0/16" }, spec);
	announce(NVA_A, { "10.50.0.0/16" });
	turn();
	EXPECT_EQ("10.0.255.36", fib_to(ROLE_VNET, "10.50.0.1")) << "the source class decides";
}

TEST_P(inbound_test, h_a_drop_of_everything_leaves_the_vnet)
{
	start_up(with("", R"({ name = "all"; action = "drop"; })"));
	EXPECT_EQ("10.0.0.0/16", knows(NVA_A));
	EXPECT_EQ("10.0.0.0/16", names(rows(PAGE_ADVERTISED, "nva-a")));
}

TEST_P(inbound_test, j_a_changed_map_is_applied_to_what_was_heard_before)
{
	start_up(with(""));
	announce(NVA_A, { "10.122.1.0/24", "10.2.1.0/24", "10.2.2.0/24" });
	turn();
	const std::string all =
		"10.0.0.0/16 10.122.1.0/24 10.2.1.0/24 10.2.2.0/24 10.20.0.0/16 172.31.0.0/16";

	EXPECT_EQ(all, knows(NVA_B));
	for (int round = 0; round < 2; round++) {
		change(with(drop_122));
		EXPECT_EQ("10.0.0.0/16 10.2.1.0/24 10.2.2.0/24 10.20.0.0/16 172.31.0.0/16",
			  knows(NVA_B));
		change(with(summarise));
		EXPECT_EQ("10.0.0.0/16 10.122.1.0/24 10.2.0.0/16 10.20.0.0/16 172.31.0.0/16",
			  knows(NVA_B));
		change(with(std::string(drop_122) + ", " + summarise));
		EXPECT_EQ("10.0.0.0/16 10.2.0.0/16 10.20.0.0/16 172.31.0.0/16", knows(NVA_B));
		change(with(""));
		EXPECT_EQ(all, knows(NVA_B));
		EXPECT_EQ("65515 65001", path(NVA_B, "10.2.1.0/24"));
	}
	EXPECT_TRUE(resets.empty());
	EXPECT_EQ(3u, adds.size());
}

TEST_P(inbound_test, j_reloads_faster_than_they_are_applied)
{
	const char wide[] = R"({ name = "s"; match = { prefix_contains = ["10.64.0.0/10"]; };
				 action = { prefix_replace = "10.64.0.0/10"; }; })";
	const std::vector<std::string> prefixes = many(4000);

	start_up(with(""));
	for (size_t i = 0; i < prefixes.size(); i += 500)
		announce(NVA_A, std::vector<std::string>(prefixes.begin() + i,
							 prefixes.begin() + i + 500));
	turn();
	EXPECT_EQ(4003u, announced[NVA_B].size());
	for (int i = 0; i < 6; i++) {
		EXPECT_STREQ("", reload(with(i % 2   ? ""
					     : i % 4 ? wide
						     : drop_122,
					     i % 3 ? prepend : ""))
					 ->error);
		for (int k = 0; k < i % 3; k++)
			rs_turn(rs, now_ms);
	}
	change(with(wide));
	EXPECT_EQ("10.0.0.0/16 10.20.0.0/16 10.64.0.0/10 172.31.0.0/16", knows(NVA_B));
	change(with(""));
	EXPECT_EQ(4003u, announced[NVA_B].size());
	EXPECT_FALSE(announced[NVA_B].count("10.64.0.0/10"));
	EXPECT_TRUE(resets.empty());
}

/* More than a slice of routes are there when the first map comes. */
TEST_P(inbound_test, j_a_route_withdrawn_before_the_first_map_has_it_is_gone)
{
	const std::vector<std::string> prefixes = many(12000);
	const std::string last = prefixes.back();

	start_up(plain_config());
	for (size_t i = 0; i < prefixes.size(); i += 500) {
		announce(NVA_A, std::vector<std::string>(prefixes.begin() + i,
							 prefixes.begin() + i + 500));
		turn();
	}
	EXPECT_STREQ("", reload(with(drop_122))->error);
	ASSERT_EQ(INBOUND_FILLING, said_by(NVA_A).inbound.step);
	const struct inbound *in = &said_by(NVA_A).inbound;
	const struct inbound_place unknown = inbound_place(in, here(last));

	ASSERT_FALSE(inbound_knows(in, &unknown));
	update(NVA_A, {}, {}, { last });
	turn();
	EXPECT_EQ(RIB_NONE, rib_find(rib(), here(last)));
	EXPECT_EQ(0u, announced[NVA_B].count(last));
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "10.110.223.1"));
	EXPECT_EQ(12002u, announced[NVA_B].size());
}

TEST_P(inbound_test, j_an_outbound_map_comes_and_goes_without_a_trace)
{
	const std::string some =
		R"({ name = "x"; match = { prefix_contains = ["172.30.0.0/16"]; }; )"
		R"(action = "drop"; })";

	start_up(with(""));
	table before = announced[NVA_A];

	change(with("", some));
	EXPECT_EQ("10.0.0.0/16 10.20.0.0/16", knows(NVA_A));
	/* What is withdrawn while it is being told anew is withdrawn from it too. */
	announce(NVA_B, { "172.29.0.0/16" });
	turn();
	EXPECT_STREQ("", reload(with("", prepend))->error);
	update(NVA_B, {}, {}, { "172.29.0.0/16" });
	turn();
	EXPECT_EQ("10.0.0.0/16 10.20.0.0/16 172.30.0.0/16", knows(NVA_A));
	change(with(""));
	EXPECT_EQ(before, announced[NVA_A]);
	EXPECT_TRUE(resets.empty());
}

TEST_P(inbound_test, a_digest_is_of_what_the_peer_said_whatever_a_map_makes_of_it)
{
	const struct peer *peer;
	uint64_t said, less;

	start_up(with(""));
	peer = peer_find(&rs->peers, "nva-a");
	less = peer_digest(peer);
	announce(NVA_A, { "10.122.1.0/24", "10.2.1.0/24" });
	turn();
	said = peer_digest(peer);
	EXPECT_NE(less, said);
	change(with(std::string(drop_122) + ", " + summarise));
	EXPECT_EQ("10.2.0.0/16 172.31.0.0/16", names(rows(PAGE_LEARNED, "nva-a")));
	EXPECT_EQ(said, peer_digest(peer));
	update(NVA_A, {}, {}, { "10.122.1.0/24", "10.2.1.0/24" });
	turn();
	EXPECT_EQ(less, peer_digest(peer));
	announce(NVA_A, { "10.2.1.0/24", "10.122.1.0/24", "10.2.1.0/24" });
	turn();
	EXPECT_EQ(said, peer_digest(peer));
	change(with(""));
	EXPECT_EQ(said, peer_digest(peer));
	change(with(drop_122));
	down(NVA_A);
	turn();
	EXPECT_EQ(0u, peer_digest(peer));
}

TEST_P(inbound_test, an_unchanged_map_keeps_its_counters)
{
	start_up(with(drop_122, prepend));
	announce(NVA_A, { "10.122.1.0/24" });
	turn();
	uint64_t out = hits("out-a", 0);

	EXPECT_EQ(1u, hits("in-a", 0));
	EXPECT_LT(0u, out);
	change(with(drop_122, prepend));
	EXPECT_EQ(1u, hits("in-a", 0));
	EXPECT_EQ(out, hits("out-a", 0));
	change(with(std::string(drop_122) +
			    R"(, { name = "n"; match = { prefix_equals = ["1.0.0.0/8"]; }; )"
			    R"(action = "drop"; })",
		    prepend));
	EXPECT_EQ(1u, hits("in-a", 0)) << "applied anew to the one route";
	EXPECT_EQ(0u, hits("in-a", 1));
}

/* Graceful restart: what is not announced again goes, dropped and summarised routes included. */
TEST_P(inbound_test, a_restarting_peer_keeps_its_summary)
{
	start(with(std::string(drop_122) + ", " + summarise));
	exchange_on(true);
	up(NVA_B);
	up(NVA_A,
	   SPEAKER_CAP_AS4 | SPEAKER_CAP_MP_IPV4 | SPEAKER_CAP_GR | SPEAKER_CAP_GR_FORWARDING);
	announce(NVA_A, { "10.2.1.0/24", "10.2.2.0/24", "10.122.1.0/24", "172.31.0.0/16" });
	event(NVA_A, SPEAKER_EOR);
	turn();
	arp_all();
	turn();
	EXPECT_EQ("10.0.0.0/16 10.2.0.0/16 172.31.0.0/16", knows(NVA_B));
	down(NVA_A, true);
	turn();
	EXPECT_EQ("10.0.0.0/16 10.2.0.0/16 172.31.0.0/16", knows(NVA_B));
	up(NVA_A,
	   SPEAKER_CAP_AS4 | SPEAKER_CAP_MP_IPV4 | SPEAKER_CAP_GR | SPEAKER_CAP_GR_FORWARDING);
	announce(NVA_A, { "10.2.2.0/24" });
	turn();
	event(NVA_A, SPEAKER_EOR);
	turn();
	EXPECT_EQ("10.0.0.0/16 10.2.0.0/16", knows(NVA_B));
	EXPECT_EQ("10.2.2.0/24", names(rows(PAGE_RECEIVED, "nva-a")));
	update(NVA_A, {}, {}, { "10.2.2.0/24" });
	turn();
	EXPECT_EQ("10.0.0.0/16", knows(NVA_B));
}

TEST_P(inbound_test, a_lost_session_is_worked_off_in_slices)
{
	const std::vector<std::string> all = many(12000);
	const struct inbound *in;
	uint32_t before;
	int turns = 0;

	start_up(with(drop_122));
	in = &said_by(NVA_A).inbound;
	for (size_t i = 0; i < all.size(); i += 500) {
		announce(NVA_A, std::vector<std::string>(all.begin() + i, all.begin() + i + 500));
		turn();
	}
	before = in->routes.items.used;
	EXPECT_EQ(12001u, before);
	down(NVA_A);
	/* Back at once: what it says again stays, whatever has gone by then. */
	up(NVA_A);
	announce(NVA_A, { all[0], all[11999], "10.122.1.0/24" });
	for (; inbound_busy(in) || !turns; turns++) {
		rs_turn(rs, now_ms);
		EXPECT_LE(before - in->routes.items.used, 4096u + 3u);
		before = in->routes.items.used;
		collect();
	}
	EXPECT_LE(3, turns);
	turn();
	EXPECT_EQ(3u, in->routes.items.used);
	EXPECT_EQ(2u, rib_peer_paths(rib(), NVA_A));
	EXPECT_EQ("10.0.0.0/16 10.110.223.0/24 10.20.0.0/16 10.64.0.0/24", knows(NVA_B));
}

TEST_P(inbound_test, a_map_that_goes_during_a_graceful_restart_leaves_nothing_stale)
{
	const uint16_t caps =
		SPEAKER_CAP_AS4 | SPEAKER_CAP_MP_IPV4 | SPEAKER_CAP_GR | SPEAKER_CAP_GR_FORWARDING;

	start(with(drop_122));
	exchange_on(true);
	up(NVA_B);
	up(NVA_A, caps);
	announce(NVA_A, { "10.122.1.0/24", "172.31.0.0/16", "172.29.0.0/16" });
	event(NVA_A, SPEAKER_EOR);
	turn();
	arp_all();
	turn();
	down(NVA_A, true);
	turn();
	change(with(""));
	EXPECT_EQ("10.0.0.0/16 10.122.1.0/24 172.29.0.0/16 172.31.0.0/16", knows(NVA_B));
	up(NVA_A, caps);
	announce(NVA_A, { "172.31.0.0/16" });
	event(NVA_A, SPEAKER_EOR);
	turn();
	EXPECT_EQ("10.0.0.0/16 172.31.0.0/16", knows(NVA_B));
	EXPECT_FALSE(inbound_active(&said_by(NVA_A).inbound));
}

TEST_P(inbound_test, what_the_table_took_is_given_back_in_later_turns)
{
	const struct inbound *in;

	start_up(with(drop_122));
	in = &said_by(NVA_A).inbound;
	announce(NVA_A, many(1000));
	turn();
	ASSERT_TRUE(inbound_active(in));
	EXPECT_EQ(nullptr, rs->discard.first);
	reload(with(""));
	while (prefix_table_is_open(&in->routes))
		rs_turn(rs, now_ms);
	ASSERT_NE(nullptr, rs->discard.first) << "it was not unmapped in the turn that emptied it";
	reload(with(drop_122)); /* and another begins meanwhile */
	turn();
	EXPECT_EQ(nullptr, rs->discard.first);
	EXPECT_EQ(1001u, in->routes.items.used);
	EXPECT_EQ(1001u, rib_peer_paths(rib(), NVA_A));
}

OF_BOTH_FAMILIES(inbound_test);
