/* Where addresses off our subnets are reached, by the RIB (rib_resolve()). */
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "rib_rig.h"

namespace
{

enum { A, B, VPN, FAR, HELD, NB_PEERS };

std::vector<struct source> sources()
{
	std::vector<struct source> list(NB_PEERS);

	for (uint16_t i = 0; i < NB_PEERS; i++) {
		list[i].role = i == VPN ? ROLE_VPN : ROLE_NVA;
		list[i].behind = i == FAR;
		list[i].router_id = i + 1u;
		list[i].addr = addr_make4(i + 1u);
	}
	return list;
}

struct resolve_test : testing::Test, rib_rig {
	resolve_test() : rib_rig(sources(), { DECIDE_PREFER_AS_PATH, false })
	{
		rib_source_hold(rib, HELD, true);
	}
	void announce(uint16_t peer, struct prefix prefix, size_t len, uint32_t next_hop)
	{
		ASSERT_LE(0, rib_rig::announce(
				     prefix, peer,
				     { std::vector<uint32_t>(len, 65000u + peer), next_hop }));
	}
	void announce(uint16_t peer, const char *prefix, size_t len, uint32_t next_hop)
	{
		announce(peer, net(prefix), len, next_hop);
	}
	/* "10.9.0.0/24: 1 2". */
	std::string resolve(uint32_t addr, enum role role = ROLE_NVA)
	{
		const struct path *ways[RIB_ECMP], *last = nullptr;
		unsigned int n = rib_resolve(rib, addr_make4(addr), role, &last, ways);
		std::string text = n ? text_of(rib_prefix(rib, ways[0]->node)) + ":" : "none";

		for (unsigned int i = 0; i < n; i++)
			text += " " + std::to_string(hop_number(table, ways[i]));
		for (n = n ? rib_resolve(rib, addr_make4(addr), role, &last, ways) : 0; n; n--)
			text += " (" + std::to_string(hop_number(table, ways[n - 1])) + ")";
		return text;
	}
};

TEST_F(resolve_test, by_the_longest_prefix_with_a_usable_path)
{
	const uint32_t addr = ip("10.9.0.5");

	EXPECT_EQ("none", resolve(addr));
	announce(A, "0.0.0.0/0", 1, 1);
	EXPECT_EQ("none", resolve(addr)) << "a default route says nothing of it";
	announce(A, "10.9.0.0/16", 1, 1);
	EXPECT_EQ("10.9.0.0/16: 1", resolve(addr));
	announce(B, "10.9.0.0/24", 3, 2);
	EXPECT_EQ("10.9.0.0/24: 2", resolve(addr));
	announce(A, "10.9.0.0/24", 3, 1);
	EXPECT_EQ("10.9.0.0/24: 1 2", resolve(addr));
	announce(A, "10.9.0.0/24", 2, 1);
	EXPECT_EQ("10.9.0.0/24: 1 (2)", resolve(addr));
	dead = { 1 };
	changed(1);
	settle();
	EXPECT_EQ("10.9.0.0/24: 2", resolve(addr));
	dead = { 1, 2 };
	changed(2);
	settle();
	EXPECT_EQ("none", resolve(addr));
}

TEST_F(resolve_test, by_nobody_who_is_behind_held_or_of_another_role)
{
	const uint32_t addr = ip("10.9.0.5");

	announce(A, "10.9.0.0/16", 4, 1);
	announce(FAR, "10.9.0.5/32", 1, 1);
	announce(HELD, "10.9.0.5/32", 1, 1);
	announce(VPN, "10.9.0.5/32", 1, 1);
	EXPECT_EQ("10.9.0.0/16: 1", resolve(addr));
	EXPECT_EQ("10.9.0.5/32: 1", resolve(addr, ROLE_VPN));
	EXPECT_EQ("none", resolve(addr, ROLE_EXPRESSROUTE));
}

/* One that is passed over stands between two that are equal. */
TEST_F(resolve_test, equal_paths_beside_those_of_others)
{
	for (uint16_t peer = 0; peer < NB_PEERS; peer++)
		announce(peer, "10.9.0.0/24", 2, 100u + peer);
	EXPECT_EQ("10.9.0.0/24: 100 101", resolve(ip("10.9.0.5")));
	EXPECT_EQ("10.9.0.0/24: 102", resolve(ip("10.9.0.5"), ROLE_VPN));
}

/* Against all paths, looked through one by one. */
TEST_F(resolve_test, at_random_against_a_map)
{
	struct said {
		size_t len;
		uint32_t next_hop;
	};
	struct by_address {
		bool operator()(uint32_t a, uint32_t b) const
		{
			return std::make_pair(mixed_family(a), a) <
			       std::make_pair(mixed_family(b), b);
		}
	};
	std::map<std::pair<uint8_t, uint16_t>, said> paths; /* by length of the prefix, and peer */
	const uint32_t addr = ip("10.9.0.5");
	std::mt19937 random(3);

	mixed = true;

	auto oracle = [&](enum role role) -> std::string {
		for (uint8_t len = 32; len; len--) {
			std::map<size_t, std::set<uint32_t, by_address>> by_len;

			for (const auto &[key, path] : paths) {
				bool counts = role == (key.second == VPN ? ROLE_VPN : ROLE_NVA) &&
					      key.second != FAR && key.second != HELD;

				if (key.first == len && counts && !dead.count(path.next_hop))
					by_len[path.len].insert(path.next_hop);
			}
			if (by_len.empty())
				continue;
			auto best = by_len.begin(), second = std::next(best);
			std::string text = text_of(prefix4_make(addr, len)) + ":";

			for (uint32_t next_hop : best->second)
				text += " " + std::to_string(next_hop);
			if (second != by_len.end())
				for (auto hop = second->second.rbegin();
				     hop != second->second.rend(); ++hop)
					text += " (" + std::to_string(*hop) + ")";
			return text;
		}
		return "none";
	};
	for (int step = 0; step < 20000; step++) {
		uint8_t len = (uint8_t)(8 * (random() % 5));
		uint16_t peer = (uint16_t)(random() % NB_PEERS);
		uint32_t next_hop = 1 + random() % 6;
		size_t path = 1 + random() % 3;

		switch (random() % 4) {
		case 0:
			rib_withdraw(rib, prefix4_make(addr, len), peer);
			paths.erase({ len, peer });
			break;
		case 1:
			if (!dead.erase(next_hop))
				dead.insert(next_hop);
			changed(next_hop);
			break;
		default:
			announce(peer, prefix4_make(addr, len), path, next_hop);
			paths[{ len, peer }] = { path, next_hop };
		}
		settle();
		for (enum role role : { ROLE_NVA, ROLE_VPN, ROLE_EXPRESSROUTE })
			ASSERT_EQ(oracle(role), resolve(addr, role)) << "step " << step;
	}
}

/* Usable as before, it is a change for the FIB all the same: it may be reached otherwise. */
TEST_F(resolve_test, a_next_hop_that_changes_is_a_change_for_the_fib)
{
	announce(FAR, "172.30.0.0/16", 1, 7);
	EXPECT_EQ(1u, changes_take(rib, 4));
	changed(7);
	settle();
	EXPECT_EQ(1u, changes_take(rib, 4));
}

} // namespace
