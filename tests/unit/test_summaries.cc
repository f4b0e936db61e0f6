/* Summaries of outbound route maps: who is told of which, from the first contributor to the last,
 * whatever comes between. */
#include <random>

#include "maps_harness.h"
#include "update_group.h"

namespace
{

/* Both NVAs have the same outbound map. */
class summaries_test : public of_families<maps_test>
{
      protected:
	static std::string both(const std::string &rules, bool backups)
	{
		std::string peers = base_peers;

		for (const char *asn : { "asn = 65001;", "asn = 65002;" })
			peers.insert(peers.find(asn),
				     std::string("outbound_map = \"out\"; backup_paths = ") +
					     (backups ? "true; " : "false; "));
		return std::string(base_config) + base_vnets +
		       "route_maps = ( { name = \"out\"; rules = ( " + rules + " ); } );\n" + peers;
	}
	uint32_t advertised(uint16_t peer)
	{
		return summaries_advertised(&routes().adj_out, &told_to(peer));
	}
	void withdraw(uint16_t peer, const std::vector<std::string> &prefixes)
	{
		update(peer, {}, {}, prefixes);
	}
};

const char only_1_and_2[] =
	R"({ name = "s"; match = { prefix_equals = ["10.2.1.0/24", "10.2.2.0/24"]; };
				 action = { prefix_replace = "10.2.0.0/16"; }; })";
const char the_rest[] = "10.0.0.0/16 10.20.0.0/16 172.30.0.0/16";

} // namespace

TEST_P(summaries_test, from_the_first_contributor_to_the_last)
{
	struct attr_view v;

	start_up(with("", summarise));
	announce(NVA_B, { "10.2.1.0/24", "10.2.2.0/24" });
	turn();
	EXPECT_EQ("10.0.0.0/16 10.2.0.0/16 10.20.0.0/16 172.30.0.0/16", knows(NVA_A));
	EXPECT_EQ("summary 65515", summary(NVA_A, "10.2.0.0/16"));
	const std::vector<uint8_t> &wire = announced[NVA_A]["10.2.0.0/16"];
	ASSERT_TRUE(attr_find(wire.data(), (uint16_t)wire.size(), ATTR_COMMUNITIES, &v));
	EXPECT_EQ(4, v.len) << "the platform's mark for routes of branches, nothing else";
	EXPECT_EQ(ip("10.0.2.1"), next_hop(NVA_A, "10.2.0.0/16"));
	EXPECT_EQ(4u, advertised(NVA_A));
	EXPECT_EQ("10.0.0.0/16 10.2.0.0/16 10.20.0.0/16 172.30.0.0/16",
		  names(rows(PAGE_ADVERTISED, "nva-a")));
	/* The others hear the routes, and the FIB has them. */
	EXPECT_EQ("65002", path(ERGW, "10.2.1.0/24"));
	EXPECT_EQ("10.0.2.5", fib_to(ROLE_NVA, "10.2.1.1"));
	messages = 0;
	withdraw(NVA_B, { "10.2.1.0/24" });
	turn();
	withdraw(NVA_B, { "10.2.2.0/24" });
	turn();
	EXPECT_EQ(the_rest, knows(NVA_A));
	EXPECT_EQ(3u, advertised(NVA_A));
	announce(NVA_B, { "10.2.3.0/24" });
	turn();
	EXPECT_EQ("summary 65515", summary(NVA_A, "10.2.0.0/16"));
	down(NVA_B);
	turn();
	EXPECT_EQ("10.0.0.0/16 10.20.0.0/16", knows(NVA_A));
}

TEST_P(summaries_test, towards_a_gateway_of_our_as_the_path_is_empty)
{
	std::string text = with("");

	text.insert(text.find("addresses = [\"10.0.255.36\"]"), "outbound_map = \"out\"; ");
	text += std::string("route_maps = ( { name = \"out\"; rules = ( ") + summarise +
		" ); } );\n";
	start_up(text);
	announce(NVA_A, { "10.2.1.0/24" });
	turn();
	EXPECT_EQ("summary ", summary(ERGW, "10.2.0.0/16"));
	EXPECT_EQ(50u, keys(ERGW, "10.2.0.0/16").local_pref) << "the circuit's own comes first";
	reload("routing_preference = \"as_path\";\n" + text);
	turn();
	turn();
	EXPECT_EQ(100u, keys(ERGW, "10.2.0.0/16").local_pref);
	EXPECT_FALSE(announced[ERGW].count("10.2.1.0/24"));
}

TEST_P(summaries_test, nobody_hears_a_summary_of_its_own_routes)
{
	start_up(both(summarise, true));
	announce(NVA_A, { "10.2.1.0/24" });
	turn();
	EXPECT_EQ("none", summary(NVA_A, "10.2.0.0/16"));
	EXPECT_EQ("summary 65515", summary(NVA_B, "10.2.0.0/16"));
	EXPECT_EQ(1u, routes().announcer.groups->group
			      ? group_members(told_to(NVA_A).group->group) - 1
			      : 0)
		<< "one group for both";
	/* Both announce it: each hears of the other's. */
	announce(NVA_B, { "10.2.1.0/24" });
	turn();
	EXPECT_EQ("summary 65515", summary(NVA_A, "10.2.0.0/16"));
	EXPECT_EQ("summary 65515", summary(NVA_B, "10.2.0.0/16"));
	withdraw(NVA_A, { "10.2.1.0/24" });
	turn();
	EXPECT_EQ("summary 65515", summary(NVA_A, "10.2.0.0/16"));
	EXPECT_EQ("none", summary(NVA_B, "10.2.0.0/16"));
	EXPECT_EQ(3u, advertised(NVA_B))
		<< "VNet, gateway's, A's own other one is not, nor a summary";
}

TEST_P(summaries_test, what_is_a_backup_to_a_peer_contributes_to_nothing_that_it_hears)
{
	start_up(both(summarise, false));
	announce(NVA_A, { "10.2.1.0/24" });
	announce(NVA_B, { "10.2.1.0/24" });
	turn();
	EXPECT_EQ("none", summary(NVA_A, "10.2.0.0/16"));
	EXPECT_EQ("none", summary(NVA_B, "10.2.0.0/16"));
	EXPECT_EQ(3u, advertised(NVA_A));
	EXPECT_EQ(3u, advertised(NVA_B));
	announce(NVA_B, { "10.2.2.0/24" });
	turn();
	EXPECT_EQ("summary 65515", summary(NVA_A, "10.2.0.0/16"));
	EXPECT_EQ("none", summary(NVA_B, "10.2.0.0/16"));
	EXPECT_EQ(4u, advertised(NVA_A));
	withdraw(NVA_B, { "10.2.1.0/24", "10.2.2.0/24" });
	turn();
	EXPECT_EQ("none", summary(NVA_A, "10.2.0.0/16"));
	EXPECT_EQ("summary 65515", summary(NVA_B, "10.2.0.0/16"));
	EXPECT_EQ(3u, advertised(NVA_A));
	EXPECT_EQ(4u, advertised(NVA_B));
}

TEST_P(summaries_test, a_second_best_that_contributes_alone)
{
	/* A's is better and does not contribute: B hears of it. A hears of B's, which does. */
	const std::string marked = R"({ name = "s"; match = { prefix_contains = ["10.2.0.0/16"]; )"
				   R"(communities_contain = ["65002:1"]; };
					action = { prefix_replace = "10.2.0.0/16"; }; })";
	attrs_spec spec;

	start_up(both(marked, true));
	announce(NVA_A, { "10.2.1.0/24" });
	spec.path = { 65002, 65002 };
	spec.next_hop = address(NVA_B);
	spec.communities = { COMMUNITY(65002, 1) };
	update(NVA_B, { "10.2.1.0/24" }, spec);
	turn();
	EXPECT_EQ("summary 65515", summary(NVA_A, "10.2.0.0/16"));
	EXPECT_FALSE(announced[NVA_A].count("10.2.1.0/24"));
	EXPECT_EQ("none", summary(NVA_B, "10.2.0.0/16"));
	EXPECT_EQ("65515 65001", path(NVA_B, "10.2.1.0/24"));
}

TEST_P(summaries_test, end_of_rib_comes_after_what_summaries_leave_out)
{
	/* A route of the summary's own prefix, and a summary: for one who comes later, all of it is
	 * there before. */
	start(with("", only_1_and_2));
	exchange_on(true);
	up(NVA_B);
	for (const char *announced : { "10.2.0.0/16", "10.2.1.0/24" }) {
		announce(NVA_B, { announced });
		turn();
		arp_all();
		turn();
		up(NVA_A);
		turn();
		EXPECT_EQ("10.0.0.0/16 10.2.0.0/16", knows(NVA_A));
		EXPECT_EQ(1, eors[NVA_A]);
		EXPECT_EQ(0, late[NVA_A]) << announced;
		down(NVA_A);
		withdraw(NVA_B, { announced });
		turn();
		eors.clear();
		late.clear();
	}
}

TEST_P(summaries_test, it_stands_for_the_same_prefix)
{
	start_up(with("", only_1_and_2));
	announce(NVA_B, { "10.2.0.0/16" });
	turn();
	EXPECT_EQ("65515 65002", summary(NVA_A, "10.2.0.0/16"));
	EXPECT_EQ(4u, advertised(NVA_A));
	announce(NVA_B, { "10.2.1.0/24" });
	turn();
	EXPECT_EQ("summary 65515", summary(NVA_A, "10.2.0.0/16"));
	EXPECT_EQ(4u, advertised(NVA_A));
	EXPECT_EQ("65515", rows(PAGE_ADVERTISED, "nva-a")["10.2.0.0/16"]);
	/* The route changes, goes and comes: the summary does not move. */
	messages = 0;
	announce(ERGW, { "10.2.0.0/16" });
	turn();
	withdraw(ERGW, { "10.2.0.0/16" });
	withdraw(NVA_B, { "10.2.0.0/16" });
	turn();
	EXPECT_EQ("summary 65515", summary(NVA_A, "10.2.0.0/16"));
	announce(NVA_B, { "10.2.0.0/16" });
	turn();
	withdraw(NVA_B, { "10.2.1.0/24" });
	turn();
	EXPECT_EQ("65515 65002", summary(NVA_A, "10.2.0.0/16"));
	withdraw(NVA_B, { "10.2.0.0/16" });
	turn();
	EXPECT_EQ("none", summary(NVA_A, "10.2.0.0/16"));
	EXPECT_EQ(the_rest, knows(NVA_A));
}

TEST_P(summaries_test, of_two_rules_with_one_prefix_the_first_that_has_contributors)
{
	const std::string two = R"({ name = "a"; match = { prefix_equals = ["10.2.1.0/24"]; };
				     action = { prefix_replace = "10.2.0.0/16";
				       as_path_add = [64511]; }; next = "terminate"; },
				   { name = "b"; match = { prefix_equals = ["10.2.2.0/24"]; };
				     action = { prefix_replace = "10.2.0.0/16";
				       as_path_add = [64510]; }; })";

	start_up(with("", two));
	announce(NVA_B, { "10.2.2.0/24" });
	turn();
	EXPECT_EQ("summary 64510 65515", summary(NVA_A, "10.2.0.0/16"));
	announce(NVA_B, { "10.2.1.0/24" });
	turn();
	EXPECT_EQ("summary 64511 65515", summary(NVA_A, "10.2.0.0/16"));
	withdraw(NVA_B, { "10.2.1.0/24" });
	turn();
	EXPECT_EQ("summary 64510 65515", summary(NVA_A, "10.2.0.0/16"));
	withdraw(NVA_B, { "10.2.2.0/24" });
	turn();
	EXPECT_EQ("none", summary(NVA_A, "10.2.0.0/16"));
}

TEST_P(summaries_test, a_map_changes)
{
	const std::string wider = R"({ name = "w"; match = { prefix_contains = ["10.2.0.0/16"]; };
				       action = { prefix_replace = "10.2.0.0/15"; }; })";

	start_up(with(""));
	announce(NVA_B, { "10.2.1.0/24", "10.2.2.0/24", "10.3.0.0/16" });
	turn();
	for (int round = 0; round < 2; round++) {
		change(with("", summarise));
		EXPECT_EQ("10.0.0.0/16 10.2.0.0/16 10.20.0.0/16 10.3.0.0/16 172.30.0.0/16",
			  knows(NVA_A));
		change(with("", wider));
		EXPECT_EQ("10.0.0.0/16 10.2.0.0/15 10.20.0.0/16 10.3.0.0/16 172.30.0.0/16",
			  knows(NVA_A));
		change(with("", wider + ", " + prepend));
		EXPECT_EQ("summary 64511 64510 65515", summary(NVA_A, "10.2.0.0/15"));
		change(with(""));
		EXPECT_EQ("10.0.0.0/16 10.2.1.0/24 10.2.2.0/24 10.20.0.0/16 10.3.0.0/16 "
			  "172.30.0.0/16",
			  knows(NVA_A));
	}
	EXPECT_TRUE(resets.empty());
}

TEST_P(summaries_test, a_refresh_and_a_member_that_lags)
{
	start_up(with("", summarise));
	announce(NVA_B, { "10.2.1.0/24" });
	turn();
	announced[NVA_A].clear();
	event(NVA_A, SPEAKER_REFRESH);
	turn();
	EXPECT_EQ("10.0.0.0/16 10.2.0.0/16 10.20.0.0/16 172.30.0.0/16", knows(NVA_A));
	event(NVA_A, SPEAKER_LAGGING);
	withdraw(NVA_B, { "10.2.1.0/24" });
	turn();
	EXPECT_EQ("summary 65515", summary(NVA_A, "10.2.0.0/16"));
	event(NVA_A, SPEAKER_DRAINED);
	turn();
	EXPECT_EQ(the_rest, knows(NVA_A));
}

TEST_P(summaries_test, exchange_takes_contributors_away)
{
	start_up(with("", summarise));
	announce(NVA_B, { "10.2.1.0/24" });
	turn();
	exchange_on(false);
	turn();
	EXPECT_EQ("10.0.0.0/16", knows(NVA_A));
	exchange_on(true);
	turn();
	EXPECT_EQ("10.0.0.0/16 10.2.0.0/16 10.20.0.0/16 172.30.0.0/16", knows(NVA_A));
}

/* Whatever happens, each peer knows what a newcomer would be told. */
TEST_P(summaries_test, ends_where_a_fresh_start_does)
{
	const std::string maps[] = {
		std::string(summarise) +
			R"(, { name = "t"; match = { prefix_contains = ["10.3.0.0/16"]; )"
			R"(communities_contain = ["1:1"]; };
			action = { prefix_replace = "10.3.0.0/16"; }; })",
		summarise, only_1_and_2, prepend
	};
	std::mt19937 random(3);
	bool backups = false;
	size_t map = 0;

	start_up(both(maps[map], backups));
	for (int round = 0; round < 1500; round++) {
		uint16_t peer = (uint16_t)(random() % 3);
		std::string prefix = random() % 2 ? "10.2." : "10.3.";
		attrs_spec spec;

		if (random() % 4)
			prefix += std::to_string(random() % 4) + ".0/24";
		else
			prefix += "0.0/16";
		spec.path = std::vector<uint32_t>(1 + random() % 2,
						  peer == ERGW ? 12076 : 65000u + peer);
		spec.next_hop = address(peer);
		if (random() % 2)
			spec.communities = { COMMUNITY(1, 1) };
		switch (random() % 40) {
		case 0:
			map = random() % 4;
			backups = random() % 2;
			reload(both(maps[map], backups));
			break;
		case 1: exchange_on(random() % 2); break;
		case 2: event(peer, SPEAKER_REFRESH); break;
		case 3:
			collect(); /* nothing of this session is heard in the next one */
			down(peer);
			up(peer);
			break;
		case 4:
			event(peer, SPEAKER_LAGGING);
			update(peer, { prefix }, spec);
			turn();
			event(peer, SPEAKER_DRAINED);
			break;
		default:
			if (random() % 3)
				update(peer, { prefix }, spec);
			else
				withdraw(peer, { prefix });
		}
		if (random() % 4)
			continue;
		turn();
		for (uint16_t i : { NVA_A, NVA_B }) {
			std::map<std::string, std::string> shown =
				rows(PAGE_ADVERTISED, i == NVA_A ? "nva-a" : "nva-b");

			ASSERT_EQ(names(shown), knows(i)) << round;
			for (const auto &[p, as_path] : shown)
				ASSERT_EQ(as_path, path(i, p.c_str())) << round << " " << p;
			ASSERT_EQ(shown.size(), advertised(i)) << round;
		}
	}
	turn();
	table before[2] = { announced[NVA_A], announced[NVA_B] };

	for (uint16_t i : { NVA_A, NVA_B }) {
		announced[i].clear();
		event(i, SPEAKER_REFRESH);
	}
	turn();
	EXPECT_TRUE(before[0] == announced[NVA_A]);
	EXPECT_TRUE(before[1] == announced[NVA_B]);
}

OF_BOTH_FAMILIES(summaries_test);
