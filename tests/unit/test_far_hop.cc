/* Next hops off our subnets: where packets go by them, as routes to them come and go. */
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "far_routes.h"

namespace
{

class far_hop_test : public far_test
{
};

TEST_P(far_hop_test, the_route_that_leads_to_it_is_followed)
{
	start_far();
	says(FAR_A, "172.30.0.0/16", 1, "10.9.0.5");
	turn();
	EXPECT_EQ("nowhere", to("172.30.1.1"));
	EXPECT_EQ(1u, rib_peer_unusable_paths(rib(), FAR_A));
	says(NVA_A, "10.9.0.0/24", 1);
	turn();
	EXPECT_EQ("10.0.2.4", to("172.30.1.1"));
	EXPECT_EQ(0u, rib_peer_unusable_paths(rib(), FAR_A));
	says(NVA_B, "10.9.0.0/24", 1);
	turn();
	EXPECT_EQ("10.0.2.4 10.0.2.5", to("172.30.1.1"));
	says(NVA_B, "10.9.0.4/30", 3);
	turn();
	EXPECT_EQ("10.0.2.5", to("172.30.1.1")) << "the longest prefix";
	says(NVA_B, "10.9.0.4/30", 0);
	says(NVA_A, "10.9.0.0/24", 0);
	turn();
	EXPECT_EQ("10.0.2.5", to("172.30.1.1"));
	arp("10.0.2.5", false);
	turn();
	EXPECT_EQ("nowhere", to("172.30.1.1"));
	arp("10.0.2.5");
	turn();
	EXPECT_EQ("10.0.2.5", to("172.30.1.1"));
	down(NVA_B);
	turn();
	EXPECT_EQ("nowhere", to("172.30.1.1"));
	EXPECT_EQ(0u, rs->fib_sync[family].refused);
	EXPECT_EQ(0u, rib_refused_prefixes(rib()));
}

/* Only who is behind a route himself may name it. */
TEST_P(far_hop_test, it_is_no_next_hop_of_others)
{
	start_far();
	says(NVA_A, "10.9.0.0/24", 1);
	says(NVA_B, "172.30.0.0/16", 1, "10.9.0.5");
	turn();
	EXPECT_EQ("nowhere", to("172.30.1.1"));
	EXPECT_EQ(1u, rib_peer_unusable_paths(rib(), NVA_B));
	says(FAR_A, "172.30.0.0/16", 3, "10.9.0.5");
	turn();
	EXPECT_EQ("10.0.2.4", to("172.30.1.1"));
	says(FAR_A, "172.30.0.0/16", 3, "10.0.1.4");
	turn();
	EXPECT_EQ("nowhere", to("172.30.1.1")) << "an address of ours";
	says(FAR_A, "172.30.0.0/16", 3, "10.0.2.5");
	turn();
	EXPECT_EQ("10.0.2.5", to("172.30.1.1")) << "on link, like anybody's";
}

/* A prefix that has its own next hop in it; two that lead to each other's; our own subnets. */
TEST_P(far_hop_test, nothing_resolves_through_itself)
{
	start_far();
	says(FAR_A, "10.9.0.0/24", 1, "10.9.0.5");
	says(FAR_B, "10.9.0.5/32", 1, "10.9.0.6");
	says(FAR_A, "10.9.0.6/32", 1, "10.9.0.5");
	turn();
	for (const char *dst : { "10.9.0.1", "10.9.0.5", "10.9.0.6" })
		EXPECT_EQ("nowhere", to(dst)) << dst;
	EXPECT_EQ(2u, rib_peer_unusable_paths(rib(), FAR_A));
	says(NVA_A, "10.9.0.0/16", 1);
	turn();
	for (const char *dst : { "10.9.0.1", "10.9.0.5", "10.9.0.6", "10.9.7.7" })
		EXPECT_EQ("10.0.2.4", to(dst)) << dst;
	says(NVA_A, "10.9.0.0/16", 0);
	turn();
	for (const char *dst : { "10.9.0.1", "10.9.0.5", "10.9.0.6" })
		EXPECT_EQ("nowhere", to(dst)) << dst;
}

/* Its routes are an NVA's: who may not follow those, may not follow them by the route of an NVA
 * either. */
TEST_P(far_hop_test, exchange_is_off_for_them_too)
{
	start_far();
	says(NVA_A, "10.9.0.0/24", 1);
	says(FAR_A, "172.30.0.0/16", 1, "10.9.0.5");
	turn();
	EXPECT_EQ("10.0.2.4", to("172.30.1.1"));
	EXPECT_EQ("nowhere", to("172.30.1.1", ROLE_EXPRESSROUTE));
	EXPECT_EQ("nowhere", to("172.30.1.1", ROLE_NVA));
	EXPECT_EQ(0u, announced[ERGW].count("172.30.0.0/16"));
	exchange_on(true);
	turn();
	EXPECT_EQ("10.0.2.4", to("172.30.1.1", ROLE_EXPRESSROUTE));
	EXPECT_EQ(1u, announced[ERGW].count("172.30.0.0/16"));
}

/* An ExpressRoute gateway's route to an NVA's next hop would carry its packets past the gate of
 * their roles. */
TEST_P(far_hop_test, only_routes_of_its_role_lead_to_it)
{
	start_far();
	exchange_on(true);
	says(ERGW, "10.9.0.0/24", 1);
	turn();
	arp_all();
	says(FAR_A, "172.30.0.0/16", 1, "10.9.0.5");
	turn();
	EXPECT_EQ("10.0.255.36", to("10.9.0.5"));
	EXPECT_EQ("nowhere", to("172.30.1.1"));
	says(NVA_A, "10.9.0.0/24", 5);
	turn();
	EXPECT_EQ("10.0.255.36", to("10.9.0.5"));
	EXPECT_EQ("10.0.2.4", to("172.30.1.1"));
}

TEST_P(far_hop_test, the_other_way_is_the_backup)
{
	start_far();
	says(NVA_A, "10.9.0.0/24", 1);
	says(NVA_B, "10.9.1.0/24", 1);
	says(FAR_A, "172.30.0.0/16", 1, "10.9.0.5");
	says(FAR_B, "172.30.0.0/16", 2, "10.9.1.6");
	turn();
	EXPECT_EQ("10.0.2.4 | 10.0.2.5", via("172.30.1.1"));
	says(NVA_B, "10.9.0.0/24", 1);
	turn();
	EXPECT_EQ("10.0.2.4 10.0.2.5 | nowhere", via("172.30.1.1"));
	says(FAR_B, "172.30.0.0/16", 0);
	says(NVA_B, "10.9.0.0/24", 2);
	turn();
	EXPECT_EQ("10.0.2.4 | 10.0.2.5", via("172.30.1.1")) << "what leads there has one";
	says(NVA_B, "10.9.0.0/24", 0);
	turn();
	EXPECT_EQ("10.0.2.4 | nowhere", via("172.30.1.1"));
}

/* A VNet that is configured around it makes it one of ours, and back. */
TEST_P(far_hop_test, reloads_that_move_it)
{
	const std::string peers = far_text("far-a", "10.9.0.5") + far_text("far-b", "10.9.0.6");
	const char vnets[] =
		R"(vnet = ( { prefix = "10.0.0.0/16"; port = "vnet0"; },
			    { prefix = "10.9.1.0/24"; port = "nva0"; next_hop = "10.0.2.5"; } );)";

	start_far();
	says(NVA_A, "10.9.0.0/16", 1);
	says(FAR_A, "172.30.0.0/16", 1, "10.9.1.7");
	turn();
	EXPECT_EQ("10.0.2.4", to("172.30.1.1"));
	reload(config_with(peers, vnets));
	turn();
	arp_all();
	turn();
	EXPECT_EQ("10.0.2.5", to("172.30.1.1"));
	reload(far_config());
	turn();
	EXPECT_EQ("10.0.2.4", to("172.30.1.1"));
}

/* Entries that nobody names any more are given back, and what does not fit is not used. */
TEST_P(far_hop_test, as_many_as_there_is_room_for)
{
	const uint32_t first = ip("10.10.0.0");
	char text[ADDR_TEXT];

	start_far();
	says(NVA_A, "10.10.0.0/16", 1);
	for (uint32_t i = 0; i < FAR_HOPS; i++) {
		says(FAR_A, text_of(prefix4_make(0xac400000 + (i << 8), 24)), 1,
		     addr4_text(first + i, text));
		if (i % 256 == 255)
			turn();
	}
	turn();
	EXPECT_EQ((uint32_t)FAR_HOPS, rs->far_hops.slab.used);
	EXPECT_EQ(2u, rib_peer_unusable_paths(rib(), FAR_A)) << "two are the peers' own";
	EXPECT_TRUE(rs->far_hops.starved);
	EXPECT_EQ("10.0.2.4", to("172.64.1.1"));
	says(NVA_A, "10.10.0.0/16", 0);
	says(NVA_B, "10.10.0.0/16", 1);
	turn();
	EXPECT_EQ("10.0.2.5", to("172.64.1.1"));
	EXPECT_EQ("10.0.2.5", to("172.79.250.1"));
	EXPECT_EQ("nowhere", to("172.79.255.1"));
	for (uint32_t left : { 1, 0 }) { /* one goes, and another one is used */
		says(FAR_A, left ? "172.64.1.0/24" : "172.64.2.0/24", 0);
		for (int i = 0; i < 130; i++)
			pass(1000);
		EXPECT_EQ(left, rib_peer_unusable_paths(rib(), FAR_A));
		EXPECT_EQ(left > 0, rs->far_hops.starved);
	}
	down(FAR_A);
	turn();
	for (int i = 0; i < 130; i++)
		pass(1000);
	EXPECT_EQ(2u, rs->far_hops.slab.used);
}

/* Whatever comes, goes and loops: each address goes where a plain look through all that was said
 * has it. */
TEST_P(far_hop_test, at_random_against_a_map)
{
	static const char *const prefixes[] = { "10.9.0.0/16",	 "10.9.0.0/24",	  "10.9.0.4/30",
						"10.9.0.5/32",	 "10.9.0.6/32",	  "10.9.1.0/24",
						"172.30.0.0/16", "172.30.1.0/24", "0.0.0.0/0" };
	static const char *const hops[] = { "10.9.0.5", "10.9.0.6", "10.9.1.7",
					    "10.2.2.2", "10.0.2.4", "10.0.2.5" };
	static const char *const addresses[] = {
		"10.9.0.5", "10.9.0.6",	  "10.9.1.7",	"10.9.7.7",
		"10.9.0.1", "172.30.1.1", "172.30.7.7", "10.2.2.2"
	};
	struct said {
		size_t len;
		const char *next_hop; /* of who is behind; NULL: itself */
	};
	std::map<std::string, std::map<uint16_t, said>> paths;
	std::set<uint16_t> silent; /* of those on link: they answer no ARP */
	std::mt19937 random(11);
	using ways_of = std::set<std::string>;

	auto on_link = [&](const std::string &hop) -> ways_of {
		uint16_t peer = hop == "10.0.2.4" ? (uint16_t)NVA_A : (uint16_t)NVA_B;

		return silent.count(peer) ? ways_of{} : ways_of{ hop };
	};
	/* By the best of the paths that may be used, of those on link or of all. */
	std::function<ways_of(uint32_t, bool)> longest;
	auto ways = [&](const std::string &prefix, bool resolving) -> ways_of {
		size_t shortest = SIZE_MAX;
		ways_of best;

		for (const auto &[peer, path] : paths[prefix]) {
			std::string hop = peer == NVA_A ? "10.0.2.4" : "10.0.2.5";
			ways_of by;

			if (peer >= FAR_A && resolving)
				continue;
			if (peer >= FAR_A)
				hop = path.next_hop;
			by = hop.rfind("10.0.2.", 0) ? longest(ip(hop.c_str()), true)
						     : on_link(hop);
			if (by.empty() || path.len > shortest)
				continue;
			if (path.len < shortest)
				best.clear();
			shortest = path.len;
			best.insert(by.begin(), by.end());
		}
		return best;
	};
	longest = [&](uint32_t addr, bool resolving) -> ways_of {
		for (int len = 32; len >= resolving; len--) {
			ways_of found = ways(text_of(prefix4_make(addr, (uint8_t)len)), resolving);

			if (!found.empty())
				return found;
		}
		return {};
	};
	start_far();
	paths["172.29.0.0/16"] = { { NVA_A, { 1, nullptr } }, { NVA_B, { 1, nullptr } } };
	for (int step = 0; step < 4000; step++) {
		std::string prefix = prefixes[random() % std::size(prefixes)];
		uint16_t peer = (uint16_t)(NVA_A + random() % 4);
		bool behind = peer >= FAR_A;
		said path = { 1 + random() % 3,
			      behind ? hops[random() % std::size(hops)] : nullptr };

		switch (random() % 8) {
		case 0:
			peer = (uint16_t)(NVA_A + random() % 2);
			if (!silent.erase(peer))
				silent.insert(peer);
			arp(peer == NVA_A ? "10.0.2.4" : "10.0.2.5", !silent.count(peer));
			break;
		case 1:
		case 2:
			says(peer, prefix, 0);
			paths[prefix].erase(peer);
			break;
		default: says(peer, prefix, path.len, path.next_hop); paths[prefix][peer] = path;
		}
		if (random() % 4 == 0)
			pass(1000); /* a walk now and then */
		if (random() % 3)
			continue;
		turn();
		for (const char *addr : addresses) {
			std::string expected;

			for (const std::string &way : longest(ip(addr), false))
				expected += (expected.empty() ? "" : " ") + way;
			ASSERT_EQ(expected.empty() ? "nowhere" : expected, to(addr))
				<< addr << ", step " << step;
		}
	}
	EXPECT_EQ(0u, rs->fib_sync[family].refused);
}

OF_BOTH_FAMILIES(far_hop_test);

} // namespace
