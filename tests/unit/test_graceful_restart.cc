/* Graceful restart on the RIB lcore (RFC 4724): as helper of a peer that restarts, and as the one
 * that restarts. */
#include "server.h"
#include "peer_restart.h"

/* A mere helper lists no family in its capability. */
static const uint16_t GR_HELPER = SPEAKER_CAP_AS4 | SPEAKER_CAP_MP_IPV4 | SPEAKER_CAP_GR_AWARE;
static const uint16_t GR = GR_HELPER | SPEAKER_CAP_GR | SPEAKER_CAP_GR_FORWARDING;

class helper_test : public of_families<server_test>
{
      protected:
	void SetUp() override
	{
		server_test::SetUp();
		start();
		exchange_on(true);
		up(ERGW);
		up(NVA_A, GR);
		announce(NVA_A, { "172.16.1.0/24", "172.16.2.0/24" });
		turn();
		arp_all();
		turn();
		down(NVA_A, true);
		turn();
		EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.16.1.1"));
		EXPECT_EQ("10.0.0.0/16 172.16.1.0/24 172.16.2.0/24", knows(ERGW));
	}
};

TEST_P(helper_test, what_is_not_announced_again_goes_with_end_of_rib)
{
	up(NVA_A, GR);
	announce(NVA_A, { "172.16.1.0/24" });
	turn();
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.16.2.1"));
	event(NVA_A, SPEAKER_EOR);
	turn();
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.16.1.1"));
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "172.16.2.1"));
	EXPECT_EQ("10.0.0.0/16 172.16.1.0/24", knows(ERGW));
}

/* NVA B's path is longer, but it has a session. */
TEST_P(helper_test, stale_paths_lose_to_fresh_ones_and_win_again_when_refreshed)
{
	attrs_spec longer;

	up(NVA_B);
	longer.path = { 65002, 65002, 65002 };
	longer.next_hop = address(NVA_B);
	update(NVA_B, { "172.16.1.0/24" }, longer);
	turn();
	arp("10.0.2.5");
	turn();
	EXPECT_EQ("10.0.2.5", fib_to(ROLE_VNET, "172.16.1.1"));
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.16.2.1")) << "there is no other";
	EXPECT_EQ(65002u, keys(ERGW, "172.16.1.0/24").neighbour_as);
	EXPECT_EQ(DECIDE_FRESH,
		  rib_reason(rib(), rib_first(rib(), rib_find(rib(), here("172.16.1.0/24")))));
	up(NVA_A, GR);
	announce(NVA_A, { "172.16.1.0/24" });
	turn();
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.16.1.1"));
	EXPECT_EQ(65001u, keys(ERGW, "172.16.1.0/24").neighbour_as);
}

TEST_P(helper_test, those_that_were_best_lose_at_once)
{
	attrs_spec longer;

	up(NVA_A, GR);
	up(NVA_B);
	announce(NVA_A, { "172.16.1.0/24" });
	longer.path = { 65002, 65002, 65002 };
	longer.next_hop = address(NVA_B);
	update(NVA_B, { "172.16.1.0/24" }, longer);
	turn();
	arp("10.0.2.5");
	turn();
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.16.1.1"));
	down(NVA_A, true);
	turn();
	EXPECT_EQ("10.0.2.5", fib_to(ROLE_VNET, "172.16.1.1"));
}

/* It has rebooted: that it answers ARP again does not mean that it forwards. */
TEST_P(helper_test, a_stale_path_whose_next_hop_was_lost_does_not_return_by_itself)
{
	arp("10.0.2.4", false);
	turn();
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "172.16.1.1"));
	EXPECT_EQ(0u, rib_peer_paths(rib(), NVA_A));
	arp("10.0.2.4");
	turn();
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "172.16.1.1"));
	EXPECT_EQ("10.0.0.0/16", knows(ERGW));
	up(NVA_A, GR);
	announce(NVA_A, { "172.16.1.0/24" });
	event(NVA_A, SPEAKER_EOR);
	turn();
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.16.1.1"));
}

TEST_P(helper_test, nor_one_whose_next_hop_was_lost_before)
{
	up(NVA_A, GR);
	announce(NVA_A, { "172.16.1.0/24" });
	event(NVA_A, SPEAKER_EOR);
	turn();
	arp("10.0.2.4", false);
	turn();
	EXPECT_EQ(1u, rib_peer_paths(rib(), NVA_A)) << "its session is up";
	down(NVA_A, true);
	turn();
	EXPECT_EQ(0u, rib_peer_paths(rib(), NVA_A));
}

TEST_P(helper_test, a_peer_that_does_not_return_in_time_loses_all)
{
	pass(19999);
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.16.1.1"));
	pass(2);
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "172.16.1.1"));
	EXPECT_EQ("10.0.0.0/16", knows(ERGW));
}

TEST_P(helper_test, a_peer_that_kept_nothing_loses_all_at_once)
{
	up(NVA_A, GR & ~SPEAKER_CAP_GR_FORWARDING);
	turn();
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "172.16.1.1"));
}

TEST_P(helper_test, a_peer_taken_out_of_the_configuration_loses_all)
{
	reload(std::string(base_config) + base_vnets);
	event(NVA_A, SPEAKER_REMOVED);
	turn();
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "172.16.1.1"));
	EXPECT_EQ(PEER_FREE, rs->peers.table[NVA_A].life);
}

TEST_P(helper_test, a_second_loss_without_grace_withdraws)
{
	up(NVA_A, GR);
	turn();
	down(NVA_A);
	turn();
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "172.16.1.1"));
}

/* --- our own restart -------------------------------------------------------------------------- */

class restart_test : public of_families<server_test>
{
      protected:
	void SetUp() override
	{
		server_test::SetUp();
		start_with_routes(true);
		old = &fib->generation[fib->active];
		kill_server();
		start();
		old_is_whole();
	}
	void old_is_whole()
	{
		EXPECT_EQ(1u, fib->published);
		EXPECT_EQ(old, &fib->generation[fib->active]);
		EXPECT_EQ("10.0.2.4", forwards(old, ROLE_EXPRESSROUTE, "172.16.1.1"));
		EXPECT_TRUE(gate(ROLE_EXPRESSROUTE, ROLE_NVA));
	}
	const struct fib_generation *old = nullptr;
};

TEST_P(restart_test, publishes_after_everybodys_end_of_rib_and_announces_nothing_before)
{
	turn();
	ASSERT_EQ(3u, adds.size());
	EXPECT_TRUE(adds[0].restarting && adds[0].forwarding_kept);
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		up(peer, GR);
	announce(ERGW, { "10.20.0.0/16" });
	announce(NVA_A, { "172.16.1.0/24" });
	turn();
	arp_all();
	event(ERGW, SPEAKER_EOR);
	event(NVA_A, SPEAKER_EOR);
	pass(5000);
	old_is_whole();
	EXPECT_EQ("", knows(ERGW));
	announce(NVA_B, { "172.16.2.0/24" });
	turn();
	arp_all();
	event(NVA_B, SPEAKER_EOR);
	turn();
	EXPECT_EQ(2u, fib->published);
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_EXPRESSROUTE, "172.16.1.1"));
	EXPECT_EQ("10.0.0.0/16 172.16.1.0/24 172.16.2.0/24", knows(ERGW));
	EXPECT_EQ(1, eors[ERGW]);
	EXPECT_EQ(std::vector<uint16_t>{ SPEAKER_RESTARTED }, others);
}

TEST_P(restart_test, waits_for_arp_before_it_publishes)
{
	for (uint16_t peer : { ERGW, NVA_A, NVA_B }) {
		up(peer, GR);
		announce(peer, { peer == ERGW	 ? "10.20.0.0/16"
				 : peer == NVA_A ? "172.16.1.0/24"
						 : "172.16.2.0/24" });
		event(peer, SPEAKER_EOR);
	}
	turn();
	old_is_whole();
	arp_all();
	turn();
	EXPECT_EQ(2u, fib->published);
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_EXPRESSROUTE, "172.16.1.1"));
}

TEST_P(restart_test, goes_on_without_a_peer_that_does_not_return)
{
	up(ERGW, GR);
	event(ERGW, SPEAKER_EOR);
	pass(29000);
	old_is_whole();
	pass(1001);
	EXPECT_EQ(2u, fib->published);
	EXPECT_EQ("nowhere", fib_to(ROLE_EXPRESSROUTE, "172.16.1.1"));
}

TEST_P(restart_test, a_promise_that_is_not_kept_is_waited_for_until_the_timer)
{
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		up(peer, GR);
	turn();
	pass(59000);
	old_is_whole();
	pass(1001);
	EXPECT_EQ(2u, fib->published);
}

TEST_P(restart_test, a_peer_without_the_capability_has_told_all_when_it_is_silent)
{
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		up(peer);
	turn();
	pass(PEER_SILENT_MS - 1);
	announce(NVA_A, { "172.16.1.0/24" });
	turn();
	arp_all();
	pass(PEER_SILENT_MS - 1);
	old_is_whole();
	pass(1);
	EXPECT_EQ(2u, fib->published);
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_EXPRESSROUTE, "172.16.1.1"));
}

TEST_P(restart_test, a_mere_helper_is_waited_for_until_its_end_of_rib)
{
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		up(peer, GR_HELPER);
	announce(NVA_A, { "172.16.1.0/24" });
	turn();
	arp_all();
	event(ERGW, SPEAKER_EOR);
	event(NVA_B, SPEAKER_EOR);
	pass(PEER_SILENT_MS + 1000);
	old_is_whole();
	event(NVA_A, SPEAKER_EOR);
	turn();
	EXPECT_EQ(2u, fib->published);
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_EXPRESSROUTE, "172.16.1.1"));
}

/* RFC 4724 4.1: two that restart at once must not wait for each other, at least not for ever. */
TEST_P(restart_test, a_peer_that_restarts_too_is_waited_for_a_while)
{
	exchange_on(true);
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		up(peer, peer == ERGW ? GR | SPEAKER_CAP_GR_RESTARTING : GR);
	event(NVA_A, SPEAKER_EOR);
	event(NVA_B, SPEAKER_EOR);
	turn();
	pass(PEER_SILENT_MS);
	old_is_whole();
	announce(ERGW, { "10.20.0.0/16" });
	turn();
	arp_all();
	event(ERGW, SPEAKER_EOR);
	turn();
	EXPECT_EQ(2u, fib->published);
}

TEST_P(restart_test, a_switch_turned_off_meanwhile_closes_the_gate_at_once)
{
	exchange_on(false);
	EXPECT_FALSE(gate(ROLE_EXPRESSROUTE, ROLE_NVA));
	EXPECT_TRUE(gate(ROLE_EXPRESSROUTE, ROLE_VNET));
	EXPECT_EQ(1u, fib->published);
	pass(30001);
	EXPECT_EQ(2u, fib->published);
	EXPECT_FALSE(gate(ROLE_EXPRESSROUTE, ROLE_NVA));
}

OF_BOTH_FAMILIES(helper_test);
OF_BOTH_FAMILIES(restart_test);
