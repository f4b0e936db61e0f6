/* Plans by name: what each part says, and when it says that it may be off. */
#include "plan_harness.h"

TEST_F(plan_test, says_what_happens_and_who_wins)
{
	attrs_spec worse;

	worse.path = { 65004, 65004 };
	start_all(config(), false);
	say(ER, { "10.20.0.0/16", "10.50.0.0/16" });
	say(VPN0, { "10.10.0.0/16", "10.50.0.0/16" });
	say(VPN1, { "10.10.0.0/16" });
	say(NVA0, { "172.16.1.0/24", "172.16.9.0/24" });
	say(NVA1, { "172.16.9.0/24" }, worse);
	settle();
	plan_answer p = plan_and_move();

	EXPECT_EQ("announced", p.routes["nva-a 10.50.0.0/16"]);
	EXPECT_EQ(0u, p.routes.count("nva-a 172.16.9.0/24")) << "its own is better";
	EXPECT_EQ("announced", p.routes["nva-b 172.16.9.0/24"]) << "that of the other";
	EXPECT_EQ(0u, p.routes.count("nva-a 172.16.1.0/24"));
	EXPECT_EQ("gained", p.routes["nva 10.50.0.0/16"]);
	EXPECT_EQ(3u, p.peers["nva-a"].changes[PLAN_ANNOUNCED]);
	EXPECT_EQ("announced", p.routes["ergw/0 10.50.0.0/16"]);
	for (const char *prefix :
	     { "10.10.0.0/16", "10.50.0.0/16", "172.16.1.0/24", "172.16.9.0/24" })
		EXPECT_EQ(1u, p.backups.count(std::string("ergw/0 ") + prefix))
			<< "who wins goes on winning: " << prefix;
	EXPECT_EQ(4u, p.backups.size());
	EXPECT_EQ(4u, p.peers["ergw/0"].backups);
	EXPECT_EQ(0u, p.peers["nva-a"].backups);
	EXPECT_EQ(0u, p.peers["nva-a"].changes[PLAN_WITHDRAWN]);
	ASSERT_EQ(1u, p.conflicts.size());
	EXPECT_STREQ("ergw/0", p.conflicts[0].winner);
	EXPECT_STREQ("vpngw/0", p.conflicts[0].loser);
	EXPECT_EQ(1u << ROLE_NVA, p.conflicts[0].views);
	EXPECT_EQ(DECIDE_SOURCE, p.conflicts[0].reason);
	p = plan_and_move();
	EXPECT_EQ("withdrawn", p.routes["nva-a 10.50.0.0/16"]);
	EXPECT_EQ("lost", p.routes["nva 10.50.0.0/16"]);
	EXPECT_TRUE(p.conflicts.empty());
}

TEST_F(plan_test, nothing_changes_where_the_switch_is_already)
{
	start_all(config(), true);
	say(ER, { "10.20.0.0/16" });
	settle();
	plan_answer p = plan(true, true, true);

	EXPECT_TRUE(p.head.enable && p.head.enabled);
	EXPECT_TRUE(p.routes.empty());
	EXPECT_FALSE(plan(true, false, true).routes.empty());
}

/* A prefix at a time, and of one that many are told of, one of those at a time. */
TEST_F(plan_test, a_page_ends_by_the_clock)
{
	const int prefixes = 40;
	int alone;

	start_all(config(), false);
	say(VPN0, many(prefixes));
	settle();
	plan_answer at_leisure = plan(false, false, true);

	hurried = true;
	plan_answer in_a_hurry = plan(false, false, true);

	EXPECT_EQ(at_leisure.routes, in_a_hurry.routes);
	EXPECT_EQ(at_leisure.peers["nva-a"].changes[PLAN_ANNOUNCED],
		  in_a_hurry.peers["nva-a"].changes[PLAN_ANNOUNCED]);
	/* weighed, counted, told of four views and five peers */
	EXPECT_LE(prefixes * (1 + 1 + 9), in_a_hurry.pages);
	alone = in_a_hurry.pages;
	for (uint16_t peer : { ER, VPN1, NVA0, NVA1 })
		say(peer, many(prefixes));
	settle();
	EXPECT_LE(alone + prefixes * 2, plan(false, false, true).pages)
		<< "who has a path of its own is looked at apart";
}

TEST_F(plan_test, of_one_peer)
{
	start_all(config(), false);
	say(ER, { "10.20.0.0/16", "10.21.0.0/16" });
	settle();
	changes wanted = { { "nva-b 10.20.0.0/16", "announced" },
			   { "nva-b 10.21.0.0/16", "announced" } };
	plan_answer p = plan(false, false, false, "nva-b");

	EXPECT_EQ(wanted, p.routes);
	ASSERT_EQ(1u, p.peers.size());
	EXPECT_EQ(2u, p.peers["nva-b"].changes[PLAN_ANNOUNCED]);
	EXPECT_TRUE(plan(false, false, false).routes.empty()) << "without being asked for";
	auto answer = ask(PAGE_PLAN, "nobody");
	EXPECT_STREQ("there is no peer \"nobody\"", answer->error);
}

/* A summary comes with its first contributor, stands for a route of its prefix, and is made by the
 * first rule that has contributors; nobody hears one of its own routes alone. */
TEST_F(plan_test, summaries)
{
	const changes wanted = {
		{ "nva-a 20.0.6.0/24", "replaced" },	{ "nva-a 20.0.7.0/24", "announced" },
		{ "nva-b 20.0.6.0/24", "announced" },	{ "nva-b 20.0.7.0/24", "replaced" },
		{ "vpngw/0 20.0.3.0/24", "announced" }, { "vpngw/0 20.0.6.0/24", "announced" },
		{ "vpngw/0 20.0.7.0/24", "announced" }, { "vpngw/1 20.0.3.0/24", "announced" },
		{ "vpngw/1 20.0.6.0/24", "announced" }, { "vpngw/1 20.0.7.0/24", "announced" },
	};

	attrs_spec matching;

	matching.path = { 65020 };
	start_all(config("", "always", "expressroute", true), false);
	say(NVA0, { "20.0.7.32/28" });
	say(NVA1, { "20.0.3.16/28", "20.0.6.0/24" });
	say(ER, { "20.0.6.16/28", "20.0.7.16/28" }, matching);
	settle();
	plan_answer p = plan_and_move();

	EXPECT_EQ(wanted, of_ebgp_peers(p));
	EXPECT_EQ(1u, p.peers["nva-a"].changes[PLAN_REPLACED]);
	EXPECT_EQ(3u, p.peers["vpngw/0"].changes[PLAN_ANNOUNCED]);
	p = plan_and_move();
	EXPECT_EQ(wanted.size(), of_ebgp_peers(p).size());
	EXPECT_EQ("withdrawn", p.routes["nva-a 20.0.7.0/24"]);
	EXPECT_EQ("replaced", p.routes["nva-b 20.0.7.0/24"]);
	p = plan(false, false, false, "nva-b");
	EXPECT_EQ(2u, p.routes.size()) << "those of one peer";
}

/* Routes and a summary that two peers reset their sessions for. */
TEST_F(plan_test, what_is_withheld_is_not_told)
{
	const char *const odd = "172.16.9.0/24", *const sum = "20.0.0.0/8";
	attrs_spec spec;

	start_all(config("limits = { to_expressroute = 4; over_expressroute = \"ars_compat\"; };"),
		  true);
	say(NVA0, { "172.16.1.0/24" });
	spec.communities = { 65001u << 16 | 9 };
	say(NVA0, { odd }, spec);
	settle();
	for (uint16_t peer : { ER, NVA1, ER, NVA1 }) {
		ASSERT_EQ(1u, announced[peer].count(odd)) << names[peer];
		complain(peer, heard(peer, odd, ATTR_COMMUNITIES));
		turn();
		bring_up(peer);
		turn();
	}
	spec.communities = { 3356u << 16 | 70 };
	say(NVA0, { "20.9.1.0/24" }, spec);
	settle();
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(1u, announced[NVA1].count(sum));
		complain(NVA1, heard(NVA1, sum, ATTR_COMMUNITIES));
		turn();
		bring_up(NVA1);
		turn();
	}
	settle();
	EXPECT_EQ("10.0.0.0/16 10.4.0.0/16 172.16.1.0/24 20.9.1.0/24", knows(ER));
	EXPECT_EQ("10.0.0.0/16 10.4.0.0/16 172.16.1.0/24", knows(NVA1));
	plan_answer p = plan_and_move();

	EXPECT_EQ("withdrawn", p.routes[std::string("vpngw/0 ") + odd]);
	for (const char *who : { "ergw/0", "nva-b" })
		EXPECT_EQ(0u, p.routes.count(std::string(who) + " " + odd)) << who;
	EXPECT_EQ(0u, p.routes.count(std::string("nva-b ") + sum));
	p = plan_and_move();
	EXPECT_EQ(1u, p.peers["nva-b"].changes[PLAN_ANNOUNCED]);
	EXPECT_EQ(2u, p.peers["ergw/0"].changes[PLAN_ANNOUNCED]);
	EXPECT_TRUE(p.limits.empty()) << "as many as a circuit takes";
}

/* A VPN gateway with one instance up takes no part; a peer that is down is told nothing. */
TEST_F(plan_test, those_who_take_no_part)
{
	start(config());
	for (uint16_t peer : { ER, VPN0, NVA0 })
		bring_up(peer);
	turn();
	say(ER, { "10.20.0.0/16" });
	say(VPN0, { "10.10.0.0/16" });
	settle();
	plan_answer p = plan_and_move();

	EXPECT_TRUE(p.peers["vpngw/0"].up && p.peers["vpngw/0"].held);
	EXPECT_FALSE(p.peers["vpngw/1"].up);
	EXPECT_EQ(0u, p.peers["vpngw/0"].changes[PLAN_ANNOUNCED]);
	EXPECT_EQ(1u, p.peers["nva-a"].changes[PLAN_ANNOUNCED]);
}

TEST_F(plan_test, says_so_if_routes_change_meanwhile)
{
	std::vector<std::string> many;

	for (int i = 0; i < 6000; i++)
		many.push_back("20." + std::to_string(i / 250) + "." + std::to_string(i % 250) +
			       ".0/24");
	start_all(config(), false);
	for (size_t at = 0; at < many.size(); at += 500)
		say(NVA0, { many.begin() + (long)at, many.begin() + (long)at + 500 });
	settle();
	plan_answer p = plan(false, false, true);
	EXPECT_TRUE(p.warnings.empty());
	EXPECT_LT(20, p.pages);
	/* Each of these changes what has been found out already. */
	p = plan(false, false, true, "", [&](int page) {
		if (page % 3 == 0)
			update(NVA0, {}, {}, { many[(size_t)page * 7 % many.size()] });
		if (page == 5)
			down(NVA1);
	});
	ASSERT_EQ(1u, p.warnings.size());
	EXPECT_NE(std::string::npos, p.warnings[0].find("changed meanwhile"));
	bring_up(NVA1);
	settle();
	p = plan_and_move();
	EXPECT_TRUE(p.warnings.empty());
	/* The switch itself moves. */
	p = plan(false, false, false, "", [this](int page) {
		if (page == 1)
			exchange_on(false);
	});
	EXPECT_EQ(1u, p.warnings.size());
}

TEST_F(plan_test, bounds_that_would_be_met)
{
	start_all(config("limits = { to_expressroute = 4; };"), false);
	say(NVA0, { "172.16.1.0/24", "172.16.2.0/24", "172.16.3.0/24", "172.16.4.0/24" });
	settle();
	plan_answer p = plan_and_move();

	ASSERT_EQ(1u, p.limits.size());
	EXPECT_STREQ("6 routes for ExpressRoute gateways, which take 4: 2 are held back",
		     p.limits[0].text);
	EXPECT_EQ(2u, p.peers["ergw/0"].changes[PLAN_ANNOUNCED]);
	EXPECT_EQ(2u, rib_expressroute_held(rib()));
	p = plan_and_move();
	EXPECT_TRUE(p.limits.empty());
	reload(config("limits = { to_expressroute = 5; over_expressroute = \"ars_compat\"; };"));
	settle();
	p = plan(false, false, false);
	ASSERT_EQ(1u, p.limits.size());
	EXPECT_STREQ("6 routes for ergw/0, which takes 5: its session will be closed",
		     p.limits[0].text);
	EXPECT_STREQ("ergw/0", p.limits[0].peer);
}

/* Long prefixes need a group of entries each, and the tables of this test have few. */
TEST_F(plan_test, views_without_room)
{
	std::vector<std::string> mine, theirs;

	for (int i = 0; i < 40; i++) {
		mine.push_back("20.1." + std::to_string(i) + ".0/25");
		theirs.push_back("20.2." + std::to_string(i) + ".128/25");
	}
	start_all(config(), false);
	say(NVA0, mine);
	say(ER, theirs);
	settle();
	plan_answer p = plan_and_move();

	ASSERT_FALSE(p.limits.empty());
	EXPECT_STREQ("fib_full", p.limits[0].kind);
	p = plan(false, false, true);
	ASSERT_EQ(1u, p.warnings.size());
	EXPECT_NE(std::string::npos, p.warnings[0].find("no room for all"));
}
