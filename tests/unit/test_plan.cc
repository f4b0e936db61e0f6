/* Plans by name: what each part says, and when it says that it may be off. */
#include "family_texts.h"
#include "plan_harness.h"

using plans_test = of_families<plan_test>;
OF_BOTH_FAMILIES(plans_test);

TEST_P(plans_test, says_what_happens_and_who_wins)
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

TEST_P(plans_test, nothing_changes_where_the_switch_is_already)
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
TEST_P(plans_test, a_page_ends_by_the_clock)
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

TEST_P(plans_test, of_one_peer)
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
TEST_P(plans_test, summaries)
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
TEST_P(plans_test, what_is_withheld_is_not_told)
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
TEST_P(plans_test, those_who_take_no_part)
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

TEST_P(plans_test, says_so_if_routes_change_meanwhile)
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

TEST_P(plans_test, bounds_that_would_be_met)
{
	start_all(config("limits = { to_expressroute = 4; };"), false);
	say(NVA0, { "172.16.1.0/24", "172.16.2.0/24", "172.16.3.0/24", "172.16.4.0/24" });
	settle();
	plan_answer p = plan_and_move();

	ASSERT_EQ(1u, p.limits.size());
	EXPECT_STREQ("6 routes for ExpressRoute gateways, which take 4: 2 are held back",
		     plain(p.limits[0].text).c_str());
	EXPECT_EQ(2u, p.peers["ergw/0"].changes[PLAN_ANNOUNCED]);
	EXPECT_EQ(2u, rib_expressroute_held(rib()));
	p = plan_and_move();
	EXPECT_TRUE(p.limits.empty());
	reload(config("limits = { to_expressroute = 5; over_expressroute = \"ars_compat\"; };"));
	settle();
	p = plan(false, false, false);
	ASSERT_EQ(1u, p.limits.size());
	EXPECT_STREQ("6 routes for ergw/0, which takes 5: its session will be closed",
		     plain(p.limits[0].text).c_str());
	EXPECT_STREQ("ergw/0", p.limits[0].peer);
}

/* Long prefixes need groups of entries of their own, and the tables of this test have few: of IPv4
 * one each, of IPv6 some twenty, if no other prefix begins as they do. */
TEST_P(plans_test, views_without_room)
{
	const int n = family == FAMILY_IPV4 ? 40 : 500;
	std::vector<std::string> mine, theirs;

	for (int i = 0; i < n; i++) {
		std::string begin = std::to_string(i / 250) + "." + std::to_string(i % 250);

		mine.push_back("2" + begin + ".1.0/25");
		theirs.push_back("4" + begin + ".1.128/25");
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

/* Sessions of both families at once. */
class plan_of_both : public plan_test
{
      protected:
	plan_of_both()
	{
		more_caps = SPEAKER_CAP_MP_IPV6;
	}
	void answers(const char *gateway) override
	{
		for (enum family f : { FAMILY_IPV6, FAMILY_IPV4 }) {
			family = f;
			arp(gateway);
		}
	}
	/* Each port has an address that stands for its IPv4 one, too; and a VNet and a rule of the
	 * map are of IPv6. */
	static std::string config_of_both(const std::string &more)
	{
		std::string text = with_both(config(more), { "10.0.255.33/28", "10.0.255.1/28",
							     "10.0.2.1/24", "10.0.1.4/24" });

		for (const auto &[at, what] :
		     { std::pair("vnet = (", " { prefix = \"2001:db8::/48\"; port = \"vnet0\"; },"),
		       std::pair("[\"20.0.1.0/24\"", ", \"2001:db8:1::/48\"") })
			text.insert(text.find(at) + strlen(at), what);
		return text;
	}
};

/* What is planned of one is none of the other's. */
TEST_F(plan_of_both, each_has_its_changes_conflicts_and_bounds)
{
	start_all(config_of_both("limits = { to_expressroute = 5; };"), false);
	say(ER, { "10.20.0.0/16", "10.50.0.0/16" });
	say(ER, { "2001:db8:50::/48" });
	say(VPN0, { "10.10.0.0/16" });
	say(VPN0, { "2001:db8:10::/48", "2001:db8:50::/48", "::/0" });
	say(NVA0, { "2001:db8:a::/48", "2001:db8:a:1::/64", "2001:db8:1:2::/64", "2001:db8::/64" });
	settle();
	EXPECT_EQ("10.0.0.0/16 10.4.0.0/16 2001:db8::/48", knows(NVA0));
	plan_answer p = plan_and_move();

	EXPECT_EQ(3u, p.peers_of[FAMILY_IPV4]["nva-a"].changes[PLAN_ANNOUNCED]);
	EXPECT_EQ(3u, p.peers_of[FAMILY_IPV6]["nva-a"].changes[PLAN_ANNOUNCED]);
	EXPECT_EQ(3u, p.peers_of[FAMILY_IPV4]["nva-b"].changes[PLAN_ANNOUNCED]);
	EXPECT_EQ("announced", p.routes["nva-b 2001:db8:a:1::/64"]);
	EXPECT_EQ(0u, p.routes.count("nva-b 2001:db8:1:2::/64")) << "its map drops that";
	EXPECT_EQ("gained", p.routes["expressroute 2001:db8:1:2::/64"]);
	EXPECT_EQ(0u, p.routes.count("nva 2001:db8::/64")) << "inside a VNet";
	EXPECT_EQ("announced", p.routes["vpngw/0 10.20.0.0/16"]);
	ASSERT_EQ(1u, p.conflicts.size());
	EXPECT_EQ("2001:db8:50::/48", text_of(p.conflicts[0].prefix));
	EXPECT_STREQ("ergw/0", p.conflicts[0].winner);
	ASSERT_EQ(1u, p.limits.size());
	EXPECT_EQ(FAMILY_IPV6, p.limits[0].family);
	EXPECT_STREQ("8 IPv6 routes for ExpressRoute gateways, which take 5: 3 are held back",
		     p.limits[0].text);
	hurried = true;
	p = plan_and_move();
	EXPECT_EQ("withdrawn", p.routes["nva-a 2001:db8:10::/48"]);
	EXPECT_EQ("withdrawn", p.routes["nva-a 10.10.0.0/16"]);
	EXPECT_TRUE(p.limits.empty() && p.conflicts.empty());
}

/* A change of either makes the whole plan one that may be off. */
TEST_F(plan_of_both, a_change_of_either_is_said)
{
	start_all(config_of_both(""), false);
	say(VPN0, { "10.10.0.0/16" });
	say(VPN0, { "2001:db8:10::/48" });
	settle();
	hurried = true;
	for (const char *prefix : { "10.11.0.0/16", "2001:db8:11::/48" }) {
		plan_answer p = plan(false, false, true, "", [&](int page) {
			if (page == 1)
				say(VPN0, { prefix });
		});

		ASSERT_EQ(1u, p.warnings.size()) << prefix;
		EXPECT_NE(std::string::npos, p.warnings[0].find("changed meanwhile"));
		settle();
	}
	EXPECT_TRUE(plan(false, false, true).warnings.empty());
}
