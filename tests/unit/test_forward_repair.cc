/* The fast path when next hops are lost: who takes their flows, without control. */
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "lost_hops.h"

TEST_F(forward, flows_of_a_lost_member_are_spread_and_the_others_stay)
{
	std::vector<std::string> before, after;
	std::set<std::string> heirs;

	lost_hops routes({ 1, 2, 3 }, {});
	before = routes.ends_of_flows();
	adjacency_unresolve(adjacency(2));
	after = routes.ends_of_flows();
	EXPECT_EQ(after, routes.ends_of_flows()) << "each stays where it went";
	for (size_t flow = 0; flow < before.size(); flow++) {
		if (before[flow] != "tx2")
			EXPECT_EQ(before[flow], after[flow]) << flow;
		else
			heirs.insert(after[flow]);
	}
	EXPECT_EQ((std::set<std::string>{ "tx1", "tx3" }), heirs);
	adjacency_unresolve(adjacency(3));
	for (const std::string &end : routes.ends_of_flows())
		EXPECT_EQ("tx1", end);
	SetUp(); /* all are found again */
	EXPECT_EQ(before, routes.ends_of_flows());
}

TEST_F(forward, the_backup_has_the_flows_when_no_member_is_left)
{
	std::set<std::string> used;

	lost_hops routes({ 1 }, { 2, 3 });
	EXPECT_EQ("tx1", routes.end_of(7));
	EXPECT_EQ(0u, the->counters.event[COUNTER_REPAIRED]);
	adjacency_unresolve(adjacency(1));
	for (const std::string &end : routes.ends_of_flows())
		used.insert(end);
	EXPECT_EQ((std::set<std::string>{ "tx2", "tx3" }), used);
	EXPECT_EQ(1u, the->counters.event[COUNTER_REPAIRED]) << "of the last packet";
	adjacency_unresolve(adjacency(2));
	for (const std::string &end : routes.ends_of_flows())
		EXPECT_EQ("tx3", end);
	adjacency_unresolve(adjacency(3));
	EXPECT_EQ("unresolved", routes.end_of(7));
	EXPECT_EQ(0u, the->counters.event[COUNTER_REPAIRED]);
	adjacency_resolve(adjacency(1), gateway_mac, the->ports[1].mac.addr_bytes);
	EXPECT_EQ("tx1", routes.end_of(7)) << "it returns without control";
}

/* What a packet takes instead is judged as if it had been the first choice. */
TEST_F(forward, the_gate_and_the_mtu_are_those_of_the_way_taken)
{
	lost_hops routes({ 1 }, { 2 });
	adjacency_unresolve(adjacency(1));
	fib_gate_set(the->fib, GATE_OPEN & ~(UINT64_C(1) << 2)); /* from role 0 to role 2 */
	EXPECT_EQ("gate_closed", routes.end_of(7));
	fib_gate_set(the->fib, GATE_OPEN & ~(UINT64_C(1) << 1));
	EXPECT_EQ("tx2", routes.end_of(7));
	fib_gate_set(the->fib, GATE_OPEN);
	adjacency(2)->mtu = 40;
	EXPECT_EQ("punt_fragment", routes.end_of(7));
}

/* Nothing is lost past the one store that marks the next hop, whatever the number of prefixes: not
 * a packet is sent or table touched between the store and the packets. */
TEST_F(forward, any_number_of_prefixes_is_repaired_by_one_store)
{
	std::mt19937 random(1);

	for (uint32_t n : { 10000u, 100000u, 500000u }) {
		for (bool ecmp : { true, false }) {
			lost_hops routes(ecmp ? std::vector<int>{ 1, 2 } : std::vector<int>{ 1 },
					 ecmp ? std::vector<int>{} : std::vector<int>{ 2 }, n);

			SetUp();
			adjacency_unresolve(adjacency(1));
			for (int i = 0; i < 500; i++)
				ASSERT_EQ("tx2", routes.end_of((uint16_t)i, random() % n))
					<< n << " prefixes";
		}
	}
}
