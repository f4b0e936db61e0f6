/* The RIB's routes in the FIB's views: which prefixes are the system's, and what happens when there is no room. */
#define EAL_MEMORY_MB 700
#include "eal.h"

#include "hash.h"
#include "server.h"

TEST_F(server_test, system_prefixes)
{
	static const struct {
		const char *prefix;
		bool system;
	} cases[] = {
		{ "10.0.0.0/16", true },     { "10.0.0.0/17", true },
		{ "10.0.255.255/32", true }, { "10.0.0.0/15", false },
		{ "10.1.0.0/16", false },    { "9.255.255.255/32", false },
		{ "0.0.0.0/0", false },	     { "192.0.2.0/24", true },
		{ "192.0.2.77/32", true },   { "192.0.3.0/32", false },
		{ "192.0.2.0/23", false },   { "255.255.255.255/32", false },
		{ "192.0.1.255/32", false }, { "10.0.2.1/32", true },
	};
	static const char vnets[] = R"(vnet = ( { prefix = "192.0.2.0/24"; port = "vnet0"; },
						{ prefix = "10.0.0.0/16"; port = "vnet0"; } );)";

	start(std::string(base_config) + vnets + base_peers);
	for (const auto &c : cases)
		EXPECT_EQ(c.system, fib_sync_system(&rs->fib_sync, net(c.prefix))) << c.prefix;
}

/* Each prefix longer than /24 needs a tbl8 group of its own: there are 64, some taken by the seeds. */
TEST_F(server_test, without_room_routes_are_refused_and_come_when_there_is_room)
{
	std::vector<std::string> first, second;
	uint64_t refused;

	for (int i = 0; i < 60; i++) {
		first.push_back("172.16." + std::to_string(i) + ".0/25");
		second.push_back("172.17." + std::to_string(i) + ".0/25");
	}
	start_with_routes(false);
	announce(NVA_A, first);
	announce(NVA_B, second);
	turn();
	EXPECT_LT(0u, rs->fib_sync.refused);
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.16.0.1"));
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "172.17.59.1"));
	EXPECT_EQ("10.0.255.36", fib_to(ROLE_VNET, "10.20.1.1")) << "the others are untouched";
	update(NVA_A, {}, {}, first);
	turn();
	pass(1000);
	pass(1000);
	for (const std::string &prefix : second)
		EXPECT_EQ("10.0.2.5",
			  fib_to(ROLE_VNET, (prefix.substr(0, prefix.rfind('.')) + ".1").c_str()));
	refused = rs->fib_sync.refused;
	pass(1000);
	pass(1000);
	EXPECT_EQ(refused, rs->fib_sync.refused);
}

/* Whatever comes and goes, in any order: the views are what the RIB says, and nothing leaks. */
TEST_F(server_test, after_any_changes_nothing_is_left_over)
{
	struct fib_stats stats;
	uint64_t seed = 1;

	start_with_routes(true);
	for (int i = 0; i < 4000; i++) {
		uint32_t r;
		uint16_t peer;
		std::string prefix;
		attrs_spec spec;

		seed = hash_u64(seed + 1);
		r = (uint32_t)(seed >> 20);
		peer = (uint16_t)(r % 3);
		prefix = "172." + std::to_string(16 + r / 3 % 4) + "." +
			 std::to_string(r / 16 % 8) + ".0/24";
		spec.path = std::vector<uint32_t>(1 + r / 256 % 2, 65000u + peer);
		spec.next_hop = address(peer == ERGW ? peer : (uint16_t)(1 + r / 1024 % 2));
		if (r / 4096 % 3)
			update(peer, { prefix }, spec);
		else
			update(peer, {}, {}, { prefix });
		if (r / 16384 % 8 == 0)
			turn();
		if (r / 131072 % 256 == 0)
			exchange_on(!rs->exchange->enabled);
	}
	turn();
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		down(peer);
	turn();
	for (int s = 0; s < 61; s++)
		pass(1000);
	fib_stats_get(rs->writer, &stats);
	for (int view = 0; view < ROLE_COUNT; view++)
		EXPECT_EQ(view == ROLE_VPN ? 0u : 1u, stats.routes[view])
			<< "the VNet alone, view " << view;
	EXPECT_EQ(1u, stats.path_lists);
	EXPECT_EQ(1u, stats.adjacencies) << "the VNet's glean";
}
