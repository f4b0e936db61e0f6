/* What an ExpressRoute circuit takes, counted after the gateways' outbound route maps. */
#include <random>

#include "alarm.h"
#include "maps_harness.h"

namespace
{

const char vnet[] = "10.0.0.0/16 ";
const char no_122[] =
	R"({ name = "d"; match = { prefix_contains = ["10.122.0.0/16"]; }; action = "drop"; })";
const char sum_2[] = R"({ name = "s"; match = { prefix_contains = ["10.2.0.0/16"]; }; )"
		     R"(action = { prefix_replace = "10.2.0.0/16"; }; })";

/* The gateway is told of the VNet and of what NVA A announces. */
class expressroute_bound_test : public of_families<maps_test>
{
      protected:
	/* The gateway's map has these rules; `more` gateways come after it. */
	static std::string with_limit(const std::string &limits, const std::string &rules,
				      const std::string &more = "")
	{
		std::string text = "limits = { " + limits + " };" + base_config + base_vnets,
			    peers = base_peers;
		size_t at = peers.find("addresses = [\"10.0.255.36\"]; }");

		if (!rules.empty()) {
			text += "route_maps = ( { name = \"out\"; rules = ( " + rules + " ); } );";
			peers.insert(at, "outbound_map = \"out\"; ");
		}
		at = peers.find(" );", at);
		return text + peers.insert(at, more);
	}
	void start_both(const std::string &text)
	{
		start(text);
		exchange_on(true);
		up(ERGW);
		up(NVA_A);
		turn();
	}
	/* NVA A announces PREFIX0.0/24, PREFIX1.0/24, ... */
	void say(const std::string &prefix, int n)
	{
		std::vector<std::string> all;

		for (int i = 0; i < n; i++)
			all.push_back(prefix + std::to_string(i) + ".0/24");
		announce(NVA_A, all);
		turn();
		arp_all();
		turn();
	}
	void unsay(const std::string &prefix, int n)
	{
		std::vector<std::string> all;

		for (int i = 0; i < n; i++)
			all.push_back(prefix + std::to_string(i) + ".0/24");
		update(NVA_A, {}, {}, all);
		turn();
	}
	uint32_t held()
	{
		return rib_expressroute_held(rib());
	}
	uint32_t advertised()
	{
		return summaries_advertised(&routes().adj_out, &told_to(ERGW));
	}
	/* A reload, and as many housekeepings as it takes. */
	void reload_and_settle(const std::string &text)
	{
		EXPECT_STREQ("", reload(text)->error);
		turn();
		for (int i = 0; i < 3; i++)
			pass(1000);
		EXPECT_EQ(0u, routes().expressroute_bound.leaving);
	}
};

} // namespace

TEST_P(expressroute_bound_test, without_maps_each_prefix_counts)
{
	start_both(with_limit("to_expressroute = 3;", ""));
	say("10.122.", 4);
	EXPECT_EQ(3u, announced[ERGW].size());
	EXPECT_EQ(2u, held());
	EXPECT_EQ(3u, most[ERGW]);
}

TEST_P(expressroute_bound_test, what_the_map_drops_does_not_count)
{
	start_both(with_limit("to_expressroute = 3;", no_122));
	say("10.122.", 9);
	say("10.3.", 2);
	EXPECT_EQ(vnet + std::string("10.3.0.0/24 10.3.1.0/24"), knows(ERGW));
	EXPECT_EQ(0u, held());
	EXPECT_EQ(3u, advertised());
	say("10.3.", 3);
	EXPECT_EQ(vnet + std::string("10.3.0.0/24 10.3.1.0/24"), knows(ERGW));
	EXPECT_EQ(1u, held());
	EXPECT_EQ(3u, most[ERGW]);
	unsay("10.3.", 1);
	EXPECT_EQ(vnet + std::string("10.3.1.0/24 10.3.2.0/24"), knows(ERGW));
	EXPECT_EQ(0u, held());
}

TEST_P(expressroute_bound_test, a_summary_has_its_place_and_contributors_need_none)
{
	start_both(with_limit("to_expressroute = 3;", sum_2));
	/* and its next hop is known: of those that wait for one together, any may be first */
	say("10.3.", 1);
	say("10.3.", 3);
	EXPECT_EQ(vnet + std::string("10.3.0.0/24"), knows(ERGW)) << "one is the summary's";
	EXPECT_EQ(2u, held());
	say("10.2.", 9);
	EXPECT_EQ(vnet + std::string("10.2.0.0/16 10.3.0.0/24"), knows(ERGW));
	EXPECT_EQ(2u, held());
	EXPECT_EQ(3u, advertised());
	EXPECT_EQ(3u, most[ERGW]);
	/* A route of the summary's own prefix has that place. */
	unsay("10.2.", 9);
	announce(NVA_A, { "10.2.0.0/16" });
	turn();
	EXPECT_EQ(vnet + std::string("10.2.0.0/16 10.3.0.0/24"), knows(ERGW)) << "it contributes";
}

TEST_P(expressroute_bound_test, the_alarm_tells_what_is_held_back)
{
	struct alarms alarms = {};

	start_both(with_limit("to_expressroute = 3;", std::string(no_122) + ", " + sum_2));
	say("10.122.", 5);
	say("10.2.", 5);
	say("10.3.", 2);
	alarms_list(rs, &alarms);
	ASSERT_LT(0, alarms.n);
	EXPECT_STREQ("to_expressroute", alarms.alarm[0].kind);
	EXPECT_EQ("1 routes are held back from ExpressRoute gateways, which take 3",
		  plain(std::string(alarms.alarm[0].text)));
}

TEST_P(expressroute_bound_test, it_counts_if_one_gateway_is_told)
{
	/* A second one, which is not even up, has no map; NVA A comes after it. */
	start(with_limit(
		"to_expressroute = 3;", no_122,
		R"(, { name = "ergw2"; role = "expressroute"; addresses = ["10.0.255.37"]; } )"));
	exchange_on(true);
	up(ERGW);
	up(NVA_B);
	announce(NVA_B, { "10.122.1.0/24", "10.122.2.0/24", "10.122.3.0/24" });
	turn();
	arp_all();
	turn();
	EXPECT_EQ(1u, held());
	EXPECT_EQ(vnet, knows(ERGW) + " ");
	/* One that is told no VNets, by a map that drops the same. */
	reload_and_settle(with_limit(
		"to_expressroute = 3;", no_122,
		R"(, { name = "ergw2"; role = "expressroute"; addresses = ["10.0.255.37"];
		       outbound_map = "out"; announce_vnets = false; } )"));
	EXPECT_EQ(0u, held());
}

TEST_P(expressroute_bound_test, compat_closes_for_what_is_told_alone)
{
	const char compat[] =
		"to_expressroute = 3; over_expressroute = \"ars_compat\"; retry_s = 60;";

	start_both(with_limit(compat, std::string(no_122) + ", " + sum_2));
	say("10.122.", 9);
	say("10.2.", 9);
	say("10.3.", 1);
	pass(1000);
	EXPECT_EQ(vnet + std::string("10.2.0.0/16 10.3.0.0/24"), knows(ERGW));
	EXPECT_TRUE(resets.empty());
	/* Routes that are dropped, just now, and the moment that bounds are looked at. */
	for (int i = 0; i < 20; i++) {
		announce(NVA_A, { "10.122." + std::to_string(20 + i) + ".0/24" });
		pass(1000);
	}
	EXPECT_TRUE(resets.empty());
	say("10.3.", 2);
	pass(1000);
	ASSERT_EQ(1u, resets.size());
	EXPECT_EQ(ERGW, resets[0].head.peer);
	EXPECT_EQ(3u, resets[0].max_prefixes);
}

/* The gateway resets its session for a community, twice, and is back. */
class withholding_circuit : public expressroute_bound_test
{
      protected:
	const char *const odd = "198.51.100.0/24";
	uint16_t nva = NVA_A;

	void say_odd(uint32_t med = 0)
	{
		attrs_spec spec;

		spec.path = { 65001 };
		spec.next_hop = address(nva);
		spec.communities = { 65001u << 16 | 9 };
		spec.med = med;
		update(nva, { odd }, spec);
	}
	void withhold()
	{
		say_odd();
		turn();
		arp_all();
		turn();
		for (int i = 0; i < 2; i++) {
			ASSERT_EQ(1u, announced[ERGW].count(odd));
			complain(ERGW, heard(ERGW, odd, ATTR_COMMUNITIES));
			turn();
			up(ERGW);
			turn();
		}
		ASSERT_EQ(0u, announced[ERGW].count(odd));
	}
};

TEST_P(withholding_circuit, what_is_withheld_takes_no_seat)
{
	start_both(with_limit("to_expressroute = 3;", ""));
	withhold();
	say("10.3.", 3);
	EXPECT_EQ(vnet + std::string("10.3.0.0/24 10.3.1.0/24"), knows(ERGW));
	EXPECT_EQ(1u, held());
	ask(PAGE_SOFT_OUT, "ergw/0");
	turn();
	EXPECT_EQ(vnet + std::string("10.3.0.0/24 10.3.1.0/24"), knows(ERGW)) << "no seat is left";
	EXPECT_EQ(2u, held());
	unsay("10.3.", 1);
	EXPECT_EQ(vnet + std::string("10.3.1.0/24 ") + odd, knows(ERGW)) << "told once more";
	EXPECT_GE(3u, most[ERGW]);
}

TEST_P(withholding_circuit, a_seat_is_given_up_when_it_is_withheld)
{
	start_both(with_limit("to_expressroute = 3;", ""));
	say_odd();
	turn();
	arp_all();
	turn();
	say("10.3.", 3);
	ASSERT_EQ(2u, held());
	withhold();
	EXPECT_EQ(vnet + std::string("10.3.0.0/24 10.3.1.0/24"), knows(ERGW));
	EXPECT_EQ(1u, held());
	EXPECT_GE(3u, most[ERGW]);
}

/* Another gateway takes it. */
TEST_P(withholding_circuit, what_is_withheld_from_one_counts_for_the_other)
{
	start(with_limit(
		"to_expressroute = 3;", "",
		R"(, { name = "ergw2"; role = "expressroute"; addresses = ["10.0.255.37"]; } )"));
	nva = NVA_B; /* gateways come first */
	exchange_on(true);
	up(ERGW);
	up(nva);
	withhold();
	announce(nva, { "10.3.0.0/24", "10.3.1.0/24", "10.3.2.0/24" });
	turn();
	EXPECT_EQ(vnet + std::string("10.3.0.0/24"), knows(ERGW));
	EXPECT_EQ(2u, held());
}

/* Something is always about to be told when bounds are looked at. */
TEST_P(withholding_circuit, compat_counts_what_is_told_in_a_group_that_never_rests)
{
	start_both(with_limit(
		"to_expressroute = 3; over_expressroute = \"ars_compat\"; retry_s = 60;", ""));
	withhold();
	say("10.3.", 2);
	for (uint32_t i = 0; i < 20; i++) {
		if (i % 2)
			update(NVA_A, {}, {}, { odd });
		else
			say_odd(i);
		pass(1000);
	}
	EXPECT_TRUE(resets.empty()) << "what is withheld, just now";
	EXPECT_EQ(vnet + std::string("10.3.0.0/24 10.3.1.0/24"), knows(ERGW));
	say("10.3.", 3);
	for (uint32_t i = 0; i < 3 && resets.empty(); i++) {
		say_odd(i);
		pass(1000);
	}
	ASSERT_EQ(1u, resets.size());
	EXPECT_EQ(ERGW, resets[0].head.peer);
}

TEST_P(expressroute_bound_test, what_is_not_counted_yet_makes_no_odd_number)
{
	uint32_t at = 0;
	uint16_t type;

	start_both(with_limit("to_expressroute = 3;", no_122));
	say("10.122.", 9);
	update(NVA_A, {}, {},
	       { "10.122.0.0/24", "10.122.1.0/24", "10.122.2.0/24", "10.122.3.0/24" });
	auto page = ask(PAGE_PEER, "ergw/0"); /* in the same turn */
	auto *row = (const struct row_peer *)page_next(page.get(), &at, &type);

	ASSERT_NE(nullptr, row);
	EXPECT_GE(1u, row->routes[family].advertised);
	turn();
	EXPECT_EQ(1u, advertised());
}

/* The old map lets one half pass, the new one the other: the circuit never has more than it
 * takes. */
TEST_P(expressroute_bound_test, maps_that_change_never_overfill_a_circuit)
{
	const std::string three = R"({ name = "d"; match = { prefix_contains = ["10.3.0.0/16"]; };
				       action = "drop"; })",
			  limit = "to_expressroute = 100;";

	start_both(with_limit(limit, no_122));
	say("10.122.", 250);
	say("10.3.", 250);
	EXPECT_EQ(100u, announced[ERGW].size());
	EXPECT_EQ(151u, held());
	for (const std::string &rules : { three, std::string(no_122), std::string(sum_2), three }) {
		reload_and_settle(with_limit(limit, rules));
		EXPECT_EQ(rules == sum_2 ? 99u : 100u, announced[ERGW].size());
		EXPECT_EQ(rules == sum_2 ? 402u : 151u, held());
		EXPECT_EQ(100u, most[ERGW]);
	}
	EXPECT_TRUE(announced[ERGW].count("10.122.1.0/24"));
	EXPECT_FALSE(announced[ERGW].count("10.3.1.0/24"));
}

/* Maps, routes, the switch and the bound, all at random and while the gateway is still being
 * told. */
TEST_P(expressroute_bound_test, random)
{
	const std::string maps[] = { "", no_122, sum_2, std::string(no_122) + ", " + sum_2 };
	const char *const nets[] = { "10.2.", "10.3.", "10.122." };
	std::mt19937 rng(7);
	auto any = [&rng](unsigned int n) { return (unsigned int)(rng() % n); };

	start_both(with_limit("to_expressroute = 60;", maps[1]));
	for (int round = 0; round < 150; round++) {
		const char *prefix = nets[any(3)];
		std::vector<std::string> some;

		for (unsigned int i = any(80); i; i--)
			some.push_back(prefix + std::to_string(any(90)) + ".0/24");
		switch (any(4)) {
		case 0:
			EXPECT_STREQ(
				"",
				reload(with_limit("to_expressroute = 60;", maps[any(4)]))->error);
			break;
		case 1: exchange_on(any(3)); break;
		case 2: update(NVA_A, {}, {}, some); break;
		default: announce(NVA_A, some);
		}
		for (unsigned int i = any(4); i; i--)
			rs_turn(rs, now_ms += any(700));
		collect();
		arp_all();
		ASSERT_GE(60u, most[ERGW]) << "round " << round;
	}
	exchange_on(true);
	turn();
	arp_all();
	for (int i = 0; i < 4; i++)
		pass(1000);
	EXPECT_EQ(0u, routes().expressroute_bound.leaving);
	EXPECT_EQ(announced[ERGW].size(), advertised());
	EXPECT_EQ(announced[ERGW].size(), rows(PAGE_ADVERTISED, "ergw/0").size());
	/* As a gateway is told that comes now. */
	table before = announced[ERGW];
	down(ERGW);
	turn();
	up(ERGW);
	turn();
	EXPECT_EQ(before, announced[ERGW]);
}

OF_BOTH_FAMILIES(expressroute_bound_test);
OF_BOTH_FAMILIES(withholding_circuit);
