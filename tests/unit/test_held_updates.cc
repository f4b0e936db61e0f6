/* UPDATEs that wait for ARP: no route in use is lost to a next hop that is still being looked
 * for. */
#include "server.h"

namespace
{

const char VIP[] = "10.0.2.100", OTHER_VIP[] = "10.0.2.101";
const char ROUTE[] = "172.16.1.0/24";

class held_updates_test : public of_families<server_test>
{
      protected:
	void SetUp() override
	{
		server_test::SetUp();
		start_with_routes(true);
	}
	/* NVA A announces the prefix by another next hop. */
	void move(const char *next_hop, const char *prefix = ROUTE)
	{
		attrs_spec spec;

		spec.path = { 65001 };
		spec.next_hop = ip(next_hop);
		update(NVA_A, { prefix }, spec);
	}
	/* Turn, and look after every turn that the route is there for everybody. */
	void turn_without_a_gap()
	{
		turn([this] {
			EXPECT_NE("nowhere", fib_to(ROLE_VNET, "172.16.1.1"));
			EXPECT_EQ(1u, announced[NVA_B].count(ROUTE));
		});
	}
};

TEST_P(held_updates_test, a_route_stays_where_it_was_until_its_next_hop_is_found)
{
	move(VIP);
	turn_without_a_gap();
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.16.1.1"));
	arp(VIP);
	turn_without_a_gap();
	EXPECT_EQ(VIP, fib_to(ROLE_VNET, "172.16.1.1"));
	EXPECT_EQ(0, rs->peers.nb_holding);
	move("10.0.2.4"); /* known: at once */
	turn_without_a_gap();
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.16.1.1"));
}

TEST_P(held_updates_test, what_waited_is_taken_as_there_is_time_for_it)
{
	size_t before, turns = 0;

	move(VIP);
	for (unsigned int i = 0; i < 20; i++)
		move("10.0.2.4", ("172.30." + std::to_string(i) + ".0/24").c_str());
	turn();
	before = rs->updates;
	look_ns = 50 * 1000;
	now_ms += HELD_UPDATES_MS;
	for (size_t has = before; rs->updates < before + 21; has = rs->updates) {
		ASSERT_LT(turns++, 21u);
		rs_turn(rs, now_ms);
		EXPECT_LE(rs->updates, has + 2); /* 100 us */
	}
	EXPECT_EQ(0, rs->peers.nb_holding);
	turn();
	EXPECT_EQ(1u, announced[NVA_B].count("172.30.19.0/24"));
}

TEST_P(held_updates_test, not_for_ever)
{
	move(VIP);
	turn();
	pass(HELD_UPDATES_MS - 1);
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.16.1.1"));
	pass(1);
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "172.16.1.1"));
	EXPECT_EQ(0u, announced[NVA_B].count(ROUTE));
	arp(VIP);
	turn();
	EXPECT_EQ(VIP, fib_to(ROLE_VNET, "172.16.1.1"));
}

TEST_P(held_updates_test, what_is_said_next_waits_behind_it)
{
	move(VIP);
	update(NVA_A, {}, {}, { ROUTE });
	move(OTHER_VIP, "172.16.9.0/24");
	announce(NVA_A, { "172.16.8.0/24" });
	turn();
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.16.1.1"));
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "172.16.8.1"));
	arp(VIP);
	turn();
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "172.16.1.1")) << "withdrawn";
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.16.8.1"));
	EXPECT_EQ(0, rs->peers.nb_holding) << "a route that is new waits in the RIB";
}

TEST_P(held_updates_test, what_waited_is_announced_when_it_is_carried)
{
	move(VIP);
	announce(NVA_A, { "172.16.8.0/24" });
	turn();
	EXPECT_EQ(0u, announced[NVA_B].count("172.16.8.0/24"));
	arp(VIP);
	turn([this] {
		if (announced[NVA_B].count("172.16.8.0/24")) {
			EXPECT_EQ("10.0.2.4", fib_to(ROLE_NVA, "172.16.8.1"));
		}
	});
	EXPECT_EQ(1u, announced[NVA_B].count("172.16.8.0/24"));
}

TEST_P(held_updates_test, others_do_not_wait)
{
	move(VIP);
	announce(NVA_B, { "172.16.8.0/24" });
	turn();
	EXPECT_EQ("10.0.2.5", fib_to(ROLE_VNET, "172.16.8.1"));
	EXPECT_EQ(1, rs->peers.nb_holding);
}

TEST_P(held_updates_test, the_end_of_the_session_is_the_end)
{
	move(VIP);
	turn();
	down(NVA_A);
	turn();
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "172.16.1.1"));
	EXPECT_EQ(0, rs->peers.nb_holding);
	move(VIP); /* of a session that has gone */
	turn();
	EXPECT_EQ(0, rs->peers.nb_holding);
}

/* One look at the clock is all that a part of a turn has time for: a slice. */
enum { SLICE = 128 };

TEST_P(held_updates_test, what_waits_at_the_end_of_the_session_goes_in_slices_too)
{
	for (bool keep : { false, true }) {
		size_t before, turns = 0;

		if (!rs->peers.table[NVA_A].up)
			up(NVA_A, SPEAKER_CAP_AS4 | SPEAKER_CAP_GR | SPEAKER_CAP_GR_FORWARDING |
					  SPEAKER_CAP_MP_IPV4);
		announce(NVA_A, { ROUTE });
		turn();
		move(VIP);
		announce(NVA_A, many(1000));
		for (unsigned int i = 0; i < 30; i++)
			announce(NVA_A, { "172.30." + std::to_string(i) + ".0/24" });
		turn();
		ASSERT_EQ(1, rs->peers.nb_holding);
		before = rs->updates;
		look_ns = 1000 * 1000;
		down(NVA_A, keep);
		up(NVA_A, SPEAKER_CAP_AS4 | SPEAKER_CAP_GR | SPEAKER_CAP_GR_FORWARDING |
				  SPEAKER_CAP_MP_IPV4);
		announce(NVA_A, { "172.29.0.0/24" }); /* it is back before the last is taken */
		event(NVA_A, SPEAKER_EOR);
		while (rs->peers.nb_holding) {
			size_t has = rs->updates, prefixes = rib_prefixes(rib());

			ASSERT_LT(turns++, 100u);
			rs_turn(rs, now_ms);
			/* one by its end, and one by its own next hop, which is known */
			EXPECT_LE(rs->updates, has + 2);
			EXPECT_LE(rib_prefixes(rib()), prefixes + 2 * SLICE);
			EXPECT_TRUE(rs->peers.table[NVA_A].up || !rs->peers.nb_holding);
		}
		EXPECT_EQ(before + 32, rs->updates);
		EXPECT_GE(turns, 16u);
		turn();
		look_ns = LOOK_NS;
		turn();
		EXPECT_TRUE(said_by(NVA_A).eor);
		EXPECT_EQ(1u, rib_peer_paths(rib(), NVA_A)) << "of its new session";
		EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.29.0.1"));
	}
}

TEST_P(held_updates_test, end_of_rib_comes_after_what_waits)
{
	size_t turns = 0;

	move(VIP);
	announce(NVA_A, many(1000));
	event(NVA_A, SPEAKER_EOR);
	look_ns = 1000 * 1000;
	said_by(NVA_A).eor = false;
	do {
		ASSERT_LT(turns++, 100u);
		rs_turn(rs, now_ms);
		EXPECT_EQ(!rs->peers.nb_holding && turns > 1, said_by(NVA_A).eor);
	} while (!said_by(NVA_A).eor);
	EXPECT_GE(turns, 1000 / SLICE);
	turn();
	EXPECT_EQ(1000u, rib_peer_paths(rib(), NVA_A)) << "many() begins with the route";
}

TEST_P(held_updates_test, there_is_no_room_for_more_and_all_goes_in_order)
{
	std::vector<std::string> list = many(1000);
	size_t turns = 0;

	move(VIP);
	turn();
	look_ns = 1000 * 1000;
	/* 8 octets a prefix; the last word on each is that it is gone */
	for (unsigned int i = 0; i < HELD_UPDATES_BYTES / 8000 + 4; i++) {
		announce(NVA_A, list);
		update(NVA_A, {}, {}, list);
	}
	for (size_t has = rs->updates; rs->peers.nb_holding || turns < 10; has = rs->updates) {
		size_t prefixes = rib_prefixes(rib());

		ASSERT_LT(turns++, 5000u);
		rs_turn(rs, now_ms);
		EXPECT_LE(rs->updates, has + 2);
		EXPECT_LE(rib_prefixes(rib()), prefixes + 2 * SLICE);
	}
	turn();
	EXPECT_EQ(0u, rib_peer_paths(rib(), NVA_A));
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "172.16.1.1"));
}

/* Whether some prefix of an UPDATE is in use is looked at in slices as well. */
TEST_P(held_updates_test, the_last_of_many_is_the_one_in_use)
{
	std::vector<std::string> list = many(1000);
	attrs_spec spec;

	list.erase(list.begin() + 1); /* ROUTE */
	list.erase(list.begin());
	list.push_back(ROUTE);
	spec.path = { 65001 };
	spec.next_hop = ip(VIP);
	update(NVA_A, list, spec);
	turn_without_a_gap();
	EXPECT_EQ(1, rs->peers.nb_holding);
	arp("10.0.2.4", false);
	turn();
	EXPECT_EQ(0, rs->peers.nb_holding) << "nothing is in use any more";
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "172.16.1.1"));
	arp(VIP);
	turn();
	EXPECT_EQ(VIP, fib_to(ROLE_VNET, "172.16.1.1"));
	EXPECT_EQ(VIP, fib_to(ROLE_VNET, "172.16.9.1"));
}

TEST_P(held_updates_test, what_nobody_uses_is_taken_when_all_of_it_has_been_looked_at)
{
	std::vector<std::string> list = many(1001);
	attrs_spec spec;
	size_t turns = 0;

	list.erase(list.begin() + 1); /* ROUTE */
	spec.path = { 65001 };
	spec.next_hop = ip(VIP);
	update(NVA_A, list, spec);
	update(NVA_A, {}, {}, { ROUTE });
	for (size_t has = rs->updates; rs->updates == has; turns++) {
		ASSERT_LT(turns, 40u);
		rs_turn(rs, now_ms);
	}
	turn();
	EXPECT_EQ(0, rs->peers.nb_holding);
	EXPECT_EQ(1000u, rib_peer_paths(rib(), NVA_A));
}

TEST_P(held_updates_test, its_memory_is_bounded)
{
	move(VIP);
	for (unsigned int i = 0; i < HELD_UPDATES_BYTES / 50; i++) {
		announce(NVA_A, { "172.17." + std::to_string(i % 256) + ".0/24" });
		if (i % 64 == 0)
			turn();
	}
	turn();
	EXPECT_EQ(0, rs->peers.nb_holding);
	EXPECT_EQ(0u, said_by(NVA_A).held_updates.bytes);
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.17.255.1"));
}

TEST_P(held_updates_test, a_server_that_ends_gives_back_what_waits)
{
	move(VIP);
	turn();
	EXPECT_EQ(1, rs->peers.nb_holding);
}

OF_BOTH_FAMILIES(held_updates_test);

} /* namespace */
