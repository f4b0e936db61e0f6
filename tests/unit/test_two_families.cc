/* Sessions of both families: what belongs to one of them leaves the other alone. */
#include "alarm.h"
#include "bounds.h"
#include "peer_restart.h"
#include "server.h"

namespace
{

enum : uint16_t {
	IPV4 = SPEAKER_CAP_AS4 | SPEAKER_CAP_REFRESH | SPEAKER_CAP_MP_IPV4,
	BOTH = IPV4 | SPEAKER_CAP_MP_IPV6,
	GR_IPV4 = SPEAKER_CAP_GR_AWARE | SPEAKER_CAP_GR | SPEAKER_CAP_GR_FORWARDING,
	GR_IPV6 = SPEAKER_CAP_GR_AWARE | SPEAKER_CAP_GR_IPV6 | SPEAKER_CAP_GR_FORWARDING_IPV6,
	GR_BOTH = GR_IPV4 | GR_IPV6,
};

/* Sessions are over IPv4. Prefixes of IPv6 are 2001:db8::/32's, and what stands for IPv4 addresses
 * are the next hops. */
class two_families_test : public server_test
{
      protected:
	static std::string replaced(std::string text, const std::string &from,
				    const std::string &to)
	{
		return text.replace(text.find(from), from.size(), to);
	}
	/* Ports have the IPv6 address beside each IPv4 one. */
	static std::string both(std::string text = plain_config())
	{
		return with_both(text, { "10.0.255.33/28", "10.0.2.1/24", "10.0.1.4/24" });
	}
	/* NVA A has this setting. */
	static std::string both_with(const std::string &setting)
	{
		return both(replaced(plain_config(), "asn = 65001;", "asn = 65001; " + setting));
	}
	struct rib *rib6()
	{
		return rs->routes[FAMILY_IPV6].rib;
	}
	struct peer *peer(uint16_t index)
	{
		return &rs->peers.table[index];
	}
	/* ARP and ND are answered. */
	void answer_all()
	{
		static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
		struct fib_generation *g = writing();

		for (uint32_t i = 0; i < g->adjacencies_end; i++)
			if (adjacency_claimed(&g->adjacencies[i]))
				adjacency_resolve(&g->adjacencies[i], mac, mac);
	}
	void settle()
	{
		turn();
		answer_all();
		turn();
	}
	/* Where a packet from the VNet to what stands for `dst` goes, by what the NVAs are. */
	std::string ipv6_to(const char *dst)
	{
		std::string way;

		family = FAMILY_IPV6;
		way = fib_to(ROLE_VNET, dst);
		family = FAMILY_IPV4;
		return way;
	}
	void announce_both(uint16_t peer, const char *ipv4, const char *ipv6)
	{
		announce(peer, { ipv4 });
		announce(peer, { ipv6 });
	}
	/* Everybody announces a prefix of each. */
	void start_both(uint16_t caps = BOTH, const std::string &text = both())
	{
		start(text);
		exchange_on(true);
		for (uint16_t peer : { ERGW, NVA_A, NVA_B })
			up(peer, caps);
		announce_both(ERGW, "10.20.0.0/16", "2001:db8:20::/48");
		announce_both(NVA_A, "172.16.1.0/24", "2001:db8:1::/48");
		announce_both(NVA_B, "172.16.2.0/24", "2001:db8:2::/48");
		settle();
	}
	std::string alarms(const char *kind)
	{
		struct alarms list = {};
		std::string all;

		alarms_list(rs, &list);
		for (uint16_t i = 0; i < list.n; i++)
			if (!strcmp(list.alarm[i].kind, kind))
				all += std::string(list.alarm[i].peer) + ": " + list.alarm[i].text +
				       "\n";
		return all;
	}
	std::string events(enum event_kind kind)
	{
		std::string all;

		for (const struct event *e = events_after(&rs->events, 0); e;
		     e = events_after(&rs->events, e->number))
			if (e->kind == kind)
				all += std::string(e->peer) + ": " + e->text + "\n";
		return all;
	}
	/* "1 ipv4, 1 ipv6": whom we asked for its routes again. */
	std::string asked()
	{
		std::string all;

		for (const struct speaker_command &c : refreshes)
			all += (all.empty() ? "" : ", ") + std::to_string(c.peer) + " " +
			       family_name(c.family);
		refreshes.clear();
		return all;
	}
	struct row_peer row(const char *name)
	{
		auto page = ask(PAGE_PEER, name);
		uint32_t at = 0;
		uint16_t type;

		return *(const struct row_peer *)page_next(page.get(), &at, &type);
	}
};

} // namespace

TEST_F(two_families_test, a_session_of_both_is_told_of_both_and_of_one_of_that_one)
{
	start(both());
	exchange_on(true);
	up(ERGW, BOTH);
	up(NVA_A, BOTH);
	up(NVA_B, IPV4);
	announce_both(ERGW, "10.20.0.0/16", "2001:db8:20::/48");
	settle();
	EXPECT_EQ("10.0.0.0/16 10.20.0.0/16 2001:db8:20::/48", knows(NVA_A));
	EXPECT_EQ("10.0.0.0/16 10.20.0.0/16", knows(NVA_B));
	EXPECT_EQ(1, eors_of[FAMILY_IPV4][NVA_A]);
	EXPECT_EQ(1, eors_of[FAMILY_IPV6][NVA_A]);
	EXPECT_EQ(1, eors_of[FAMILY_IPV4][NVA_B]);
	EXPECT_EQ(0, eors_of[FAMILY_IPV6][NVA_B]);
}

TEST_F(two_families_test, what_is_shown_of_a_peer_is_counted_by_family)
{
	attrs_spec nowhere;

	start_both();
	announce(NVA_A, { "172.16.8.0/24", "172.16.9.0/24" });
	nowhere.path = { 65001 };
	nowhere.next_hop = ip("8.8.8.8");
	update(NVA_A, { "2001:db8:8::/48", "2001:db8:9::/48", "2001:db8:a::/48" }, nowhere);
	turn();
	const struct row_peer shown = row("nva-a");
	const struct row_peer::row_peer_routes &ipv4 = shown.routes[FAMILY_IPV4],
					       &ipv6 = shown.routes[FAMILY_IPV6];

	EXPECT_EQ(3u, ipv4.learned);
	EXPECT_EQ(0u, ipv4.unusable);
	EXPECT_EQ(3u, ipv4.advertised) << "the VNet and two branches'";
	EXPECT_EQ(4u, ipv6.learned);
	EXPECT_EQ(3u, ipv6.unusable);
	EXPECT_EQ(2u, ipv6.advertised);
}

/* --- graceful restart (RFC 4724) -------------------------------------------------------------- */

TEST_F(two_families_test, what_is_kept_is_of_the_families_that_the_capability_lists)
{
	for (uint16_t gr : { GR_IPV4, GR_IPV6 }) {
		const bool ipv4 = gr == GR_IPV4;

		start_both(BOTH | gr);
		down(NVA_A, true);
		turn();
		EXPECT_EQ(ipv4, rib_peer_stale_paths(rib(), NVA_A));
		EXPECT_EQ(ipv4, rib_peer_paths(rib(), NVA_A));
		EXPECT_EQ(!ipv4, rib_peer_stale_paths(rib6(), NVA_A));
		EXPECT_EQ(!ipv4, rib_peer_paths(rib6(), NVA_A));
		EXPECT_EQ(ipv4, announced[ERGW].count("172.16.1.0/24"));
		EXPECT_EQ(!ipv4, announced[ERGW].count("2001:db8:1::/48"));
		pass(20001);
		EXPECT_EQ("10.0.0.0/16 172.16.2.0/24 2001:db8:2::/48", knows(ERGW));
		stop_server();
		__atomic_store_n(&fib->published, 0, __ATOMIC_RELAXED);
	}
}

TEST_F(two_families_test, what_was_forwarded_on_is_of_the_families_that_say_so)
{
	for (uint16_t without : { SPEAKER_CAP_GR_FORWARDING, SPEAKER_CAP_GR_FORWARDING_IPV6 }) {
		const bool ipv4 = without == SPEAKER_CAP_GR_FORWARDING_IPV6;

		start_both(BOTH | GR_BOTH);
		down(NVA_A, true);
		turn();
		up(NVA_A, (BOTH | GR_BOTH) & ~without);
		turn();
		EXPECT_EQ(ipv4, rib_peer_stale_paths(rib(), NVA_A));
		EXPECT_EQ(!ipv4, rib_peer_stale_paths(rib6(), NVA_A));
		EXPECT_EQ(ipv4, announced[ERGW].count("172.16.1.0/24"));
		EXPECT_EQ(!ipv4, announced[ERGW].count("2001:db8:1::/48"));
		stop_server();
		__atomic_store_n(&fib->published, 0, __ATOMIC_RELAXED);
	}
}

TEST_F(two_families_test, end_of_rib_sweeps_its_own_family)
{
	start_both(BOTH | GR_BOTH);
	down(NVA_A, true);
	turn();
	up(NVA_A, BOTH | GR_BOTH);
	event_of(FAMILY_IPV6, NVA_A, SPEAKER_EOR);
	turn();
	EXPECT_EQ(0u, rib_peer_paths(rib6(), NVA_A));
	EXPECT_EQ(1u, rib_peer_stale_paths(rib(), NVA_A)) << "it may come yet";
	EXPECT_TRUE(timer_is_set(&peer(NVA_A)->stale));
	EXPECT_EQ("10.0.0.0/16 172.16.1.0/24 172.16.2.0/24 2001:db8:2::/48", knows(ERGW));
	pass(59000);
	EXPECT_EQ(1u, rib_peer_stale_paths(rib(), NVA_A));
	pass(1001);
	EXPECT_EQ(0u, rib_peer_paths(rib(), NVA_A)) << "waited for in vain";
	EXPECT_FALSE(timer_is_set(&peer(NVA_A)->stale));
}

TEST_F(two_families_test, a_family_that_does_not_come_again_loses_what_was_kept_of_it)
{
	for (bool fresh : { false, true }) {
		start_both(BOTH | GR_BOTH);
		down(NVA_A, true);
		turn();
		ASSERT_EQ(1u, rib_peer_stale_paths(rib6(), NVA_A));
		up(NVA_A, IPV4 | (fresh ? 0 : GR_IPV4));
		turn();
		EXPECT_EQ(0u, rib_peer_paths(rib6(), NVA_A));
		EXPECT_EQ(!fresh, rib_peer_stale_paths(rib(), NVA_A));
		EXPECT_EQ(0u, announced[ERGW].count("2001:db8:1::/48"));
		EXPECT_EQ("10.0.0.0/16 10.20.0.0/16 172.16.2.0/24", knows(NVA_A));
		EXPECT_EQ(0u, row("nva-a").routes[FAMILY_IPV6].advertised);
		announce(NVA_A, { "172.16.1.0/24" });
		event(NVA_A, SPEAKER_EOR);
		turn();
		EXPECT_TRUE(peer_finished(peer(NVA_A), now_ms)) << "no more is to come";
		EXPECT_FALSE(timer_is_set(&peer(NVA_A)->stale));
		down(NVA_A);
		up(NVA_A, BOTH | GR_BOTH);
		turn();
		EXPECT_EQ("10.0.0.0/16 10.20.0.0/16 172.16.2.0/24 2001:db8:20::/48 "
			  "2001:db8:2::/48",
			  knows(NVA_A));
		stop_server();
		__atomic_store_n(&fib->published, 0, __ATOMIC_RELAXED);
	}
}

/* Our own restart. */
TEST_F(two_families_test, all_families_are_waited_for_before_anything_is_published)
{
	start_both();
	kill_server();
	start(both());
	for (uint16_t peer : { ERGW, NVA_A, NVA_B }) {
		up(peer, BOTH | GR_BOTH);
		event_of(FAMILY_IPV4, peer, SPEAKER_EOR);
	}
	for (uint16_t peer : { ERGW, NVA_A })
		event_of(FAMILY_IPV6, peer, SPEAKER_EOR);
	pass(PEER_SILENT_MS + 1000);
	EXPECT_EQ(1u, fib->published);
	event_of(FAMILY_IPV6, NVA_B, SPEAKER_EOR);
	turn();
	EXPECT_EQ(2u, fib->published);
	EXPECT_EQ(3u, adds.size());
	EXPECT_EQ(1 << FAMILY_IPV4 | 1 << FAMILY_IPV6, adds[0].forwarding_kept);
}

/* --- route refresh (RFC 2918) ----------------------------------------------------------------- */

TEST_F(two_families_test, a_refresh_is_of_one_family)
{
	start_both();
	announced[ERGW].clear();
	event_of(FAMILY_IPV6, ERGW, SPEAKER_REFRESH);
	turn();
	EXPECT_EQ("2001:db8:1::/48 2001:db8:2::/48", knows(ERGW));
	announced[ERGW].clear();
	event_of(FAMILY_IPV4, ERGW, SPEAKER_REFRESH);
	turn();
	EXPECT_EQ("10.0.0.0/16 172.16.1.0/24 172.16.2.0/24", knows(ERGW));
}

TEST_F(two_families_test, and_we_ask_for_those_that_the_session_has)
{
	start(both());
	up(NVA_A, BOTH);
	up(NVA_B, IPV4);
	turn();
	ask(PAGE_SOFT_IN, "nva-a");
	collect();
	EXPECT_EQ("1 ipv4, 1 ipv6", asked());
	ask(PAGE_SOFT_IN, "nva-b");
	collect();
	EXPECT_EQ("2 ipv4", asked());
}

/* --- bounds ----------------------------------------------------------------------------------- */

TEST_F(two_families_test, max_routes_are_of_each)
{
	start_both(BOTH, both_with("max_routes = 3;"));
	announce(NVA_A, { "172.16.8.0/24", "172.16.9.0/24" });
	announce(NVA_A, { "2001:db8:8::/48", "2001:db8:9::/48" });
	pass(1000);
	EXPECT_TRUE(resets.empty()) << "three of each";
	EXPECT_EQ("nva-a: 3 of at most 3 routes\nnva-a: 3 of at most 3 IPv6 routes\n",
		  alarms("near_max_routes"));
	announce(NVA_A, { "2001:db8:a::/48" });
	turn();
	ASSERT_EQ(1u, resets.size());
	EXPECT_EQ(NVA_A, resets[0].head.peer);
	EXPECT_EQ(FAMILY_IPV6, resets[0].head.family);
	EXPECT_EQ(3u, resets[0].max_prefixes);
	EXPECT_NE(std::string::npos,
		  events(EVENT_LIMIT).find("nva-a: announces more than 3 IPv6 routes"));
}

TEST_F(two_families_test, the_excess_of_one_is_refused_and_asked_for_again)
{
	start_both(BOTH, "limits = { action = \"drop_excess\"; };" + both_with("max_routes = 1;"));
	announce(NVA_A, { "2001:db8:9::/48" });
	turn();
	EXPECT_EQ(1u, rib_peer_paths(rib6(), NVA_A));
	EXPECT_EQ(1u, peer(NVA_A)->over_limit);
	announce(NVA_A, { "172.16.1.0/24" });
	turn();
	EXPECT_EQ(1u, peer(NVA_A)->over_limit) << "that is known, and of the other family";
	EXPECT_TRUE(resets.empty());
	EXPECT_TRUE(said_by(NVA_A).refusing == false);
	update(NVA_A, {}, {}, { "172.16.1.0/24" });
	pass(1000);
	EXPECT_EQ("", asked()) << "there is room for another one of IPv4";
	update(NVA_A, {}, {}, { "2001:db8:1::/48" });
	pass(1000);
	EXPECT_EQ("1 ipv6", asked());
}

TEST_F(two_families_test, what_there_may_be_in_all_is_of_each)
{
	start_both(BOTH, "limits = { total = 3; };" + both());
	EXPECT_EQ(3u, bounds_total(&rs->routes[FAMILY_IPV4]));
	EXPECT_EQ(3u, bounds_total(&rs->routes[FAMILY_IPV6]));
	announce(NVA_B, { "2001:db8:9::/48" });
	turn();
	EXPECT_EQ(3u, bounds_total(&rs->routes[FAMILY_IPV6]));
	EXPECT_EQ("nva-b: there are 3 IPv6 prefixes: others that it announces are refused\n",
		  events(EVENT_LIMIT));
	EXPECT_TRUE(peer(NVA_B)->routes[FAMILY_IPV6].crowded);
	EXPECT_FALSE(peer(NVA_B)->routes[FAMILY_IPV4].crowded);
}

TEST_F(two_families_test, a_circuit_takes_so_many_of_each)
{
	start_both(BOTH, "limits = { to_expressroute = 3; };" + both());
	announce(NVA_A, { "172.16.8.0/24" });
	announce(NVA_A, { "2001:db8:8::/48" });
	turn();
	EXPECT_EQ(1u, rib_expressroute_held(rib())) << "the VNet and two NVAs' are told";
	EXPECT_EQ(0u, rib_expressroute_held(rib6()));
	announce(NVA_B, { "2001:db8:9::/48", "2001:db8:a::/48" });
	turn();
	EXPECT_EQ(2u, rib_expressroute_held(rib6()));
	EXPECT_EQ(6u, announced[ERGW].size());
}

TEST_F(two_families_test, a_circuit_keeps_a_place_for_each_summary_of_the_family)
{
	auto rule = [](const char *name, const std::string &prefix) {
		return std::string("{ name = \"") + name + "\"; match = { prefix_contains = [\"" +
		       prefix + "\"]; }; action = { prefix_replace = \"" + prefix + "\"; }; }";
	};

	start_both(BOTH, "limits = { to_expressroute = 3; };" +
				 both(replaced(plain_config(), "addresses = [\"10.0.255.36\"];",
					       "addresses = [\"10.0.255.36\"]; outbound_map = "
					       "\"out\";")) +
				 "route_maps = ( { name = \"out\"; rules = ( " +
				 rule("a", "10.2.0.0/16") + ", " + rule("b", "2001:db8:a000::/36") +
				 ", " + rule("c", "2001:db8:b000::/36") + " ); } );");
	EXPECT_EQ(1u, rs->routes[FAMILY_IPV4].expressroute_bound.summaries);
	EXPECT_EQ(2u, rs->routes[FAMILY_IPV6].expressroute_bound.summaries);
	EXPECT_EQ(1u, rib_expressroute_held(rib())) << "of the VNet and two NVAs'";
	EXPECT_EQ(1u, rib_expressroute_held(rib6())) << "of two NVAs'";
	EXPECT_EQ(3u, announced[ERGW].size());
	announce(NVA_A, { "10.2.1.0/24", "10.2.2.0/24" });
	announce(NVA_A, { "2001:db8:a001::/48" });
	turn();
	EXPECT_EQ(1u, announced[ERGW].count("10.2.0.0/16"));
	EXPECT_EQ(1u, announced[ERGW].count("2001:db8:a000::/36"));
	EXPECT_EQ(5u, announced[ERGW].size());
}

/* --- what changes too often, and what waits --------------------------------------------------- */

TEST_F(two_families_test, a_prefix_that_is_held_is_of_one_family)
{
	attrs_spec other;

	start_both();
	other.next_hop = address(NVA_A);
	for (uint32_t i = 0; i <= FLAP_HOLD; i++) {
		other.path = { 65001, 65100 + i % 2 };
		update(NVA_A, { "2001:db8:1::/48" }, other);
		if (i % 50 == 49)
			turn();
	}
	turn();
	EXPECT_EQ(1u, peer(NVA_A)->routes[FAMILY_IPV6].flap.nb_held);
	EXPECT_EQ(nullptr, peer(NVA_A)->routes[FAMILY_IPV4].flap.slots);
	EXPECT_EQ("nva-a: 2001:db8:1::/48: changed more than 30 times a minute; held as they were: "
		  "1\n",
		  alarms("flapping"));
	update(NVA_A, {}, {}, { "2001:db8:1::/48" });
	update(NVA_A, {}, {}, { "172.16.1.0/24" });
	turn();
	EXPECT_EQ("10.0.0.0/16 172.16.2.0/24 2001:db8:1::/48 2001:db8:2::/48", knows(ERGW));
	pass(60000);
	EXPECT_EQ("10.0.0.0/16 172.16.2.0/24 2001:db8:2::/48", knows(ERGW));
}

TEST_F(two_families_test, what_waits_for_a_neighbour_holds_up_its_own_family)
{
	attrs_spec unknown;

	start_both();
	unknown.path = { 65001 };
	unknown.next_hop = ip("10.0.2.99");
	update(NVA_A, { "2001:db8:1::/48" }, unknown);
	announce(NVA_A, { "2001:db8:8::/48" });
	announce(NVA_A, { "172.16.8.0/24" });
	turn();
	EXPECT_EQ(1, rs->peers.nb_holding);
	EXPECT_EQ(1u, announced[ERGW].count("2001:db8:1::/48")) << "as it was";
	EXPECT_EQ(0u, announced[ERGW].count("2001:db8:8::/48")) << "it waits behind it";
	EXPECT_EQ(1u, announced[ERGW].count("172.16.8.0/24"));
	event_of(FAMILY_IPV4, NVA_A, SPEAKER_EOR);
	turn();
	EXPECT_TRUE(peer(NVA_A)->routes[FAMILY_IPV4].eor);
	answer_all();
	turn();
	EXPECT_EQ(0, rs->peers.nb_holding);
	EXPECT_EQ(1u, announced[ERGW].count("2001:db8:8::/48"));
}

/* --- next hops of ours ------------------------------------------------------------------------ */

/* It is asked for whenever peers look for their groups. */
TEST_F(two_families_test, that_there_is_no_address_of_a_family_is_told_once_a_session)
{
	std::string text = replaced(plain_config(), "asn = 65001;",
				    "asn = 65001; families = [\"ipv4\", \"ipv6\"];");
	const char said[] = "nva-a: no IPv4 routes are announced to it: port nva0 has no IPv4 "
			    "address\n";

	family = FAMILY_IPV6;
	start(text);
	for (int session = 1; session <= 2; session++) {
		std::string all;

		up_with(NVA_A, BOTH);
		turn();
		for (const char *other : { "true", "false" }) {
			EXPECT_STREQ("", reload(replaced(text, "restart_s = 60;",
							 std::string("restart_s = 60; "
								     "platform_communities = ") +
								 other + ";"))
						 ->error);
			turn();
		}
		for (int i = 0; i < session; i++)
			all += said;
		EXPECT_EQ(all, events(EVENT_ALARM));
		down(NVA_A);
		turn();
	}
}

/* RFC 2545 3: of the two next hops that we are, the link-local one is for the link alone. */
TEST_F(two_families_test, who_is_on_link_is_told_both_of_our_addresses)
{
	std::string text = both();
	auto octets = [this](uint16_t peer) {
		const std::vector<uint8_t> &wire = announced[peer]["2001:db8:20::/48"];
		struct attr_view hop = {};

		attr_find(wire.data(), (uint16_t)wire.size(), ATTR_NEXT_HOP, &hop);
		return std::vector<uint8_t>(hop.body, hop.body + hop.len);
	};
	std::vector<uint8_t> ours(32);

	text.insert(text.find("{ prefix = \"10.0.0.0/16\""),
		    "{ prefix = \"10.7.0.0/16\"; port = \"nva0\"; next_hop = \"10.0.2.9\"; }, ");
	text.insert(text.rfind(" );"), ", { name = \"nva-c\"; address = \"10.7.0.5\"; asn = 65003; "
				       "multihop = true; }");
	ASSERT_TRUE(addr_parse("fe80::1", &link_local));
	start(text);
	exchange_on(true);
	for (uint16_t peer = ERGW; peer <= NVA_B + 1; peer++)
		up(peer, BOTH);
	announce(ERGW, { "2001:db8:20::/48" });
	settle();
	memcpy(&ours[0], addr_of(FAMILY_IPV6, ip("10.0.2.1")).v6, 16);
	memcpy(&ours[16], link_local.v6, 16);
	EXPECT_EQ(ours, octets(NVA_A));
	EXPECT_EQ(ours, octets(NVA_B));
	ours.resize(16);
	EXPECT_EQ(ours, octets(NVA_B + 1)) << "behind a router";
}

/* Of two families, and a virtual address of its own family. */
TEST_F(two_families_test, nobody_is_told_an_address_of_its_own)
{
	const std::string unchanged = "next_hop = \"unchanged\"; asn = 65002;";
	attrs_spec spec;

	start(both(replaced(plain_config(), "asn = 65002;", unchanged)));
	exchange_on(true);
	for (uint16_t peer : { NVA_A, NVA_B })
		up(peer, BOTH);
	spec.path = { 65001 };
	for (const char *hop : { "10.0.2.5", "10.0.2.77" }) {
		spec.next_hop = ip(hop);
		update(NVA_A, { std::string("172.30.") + (strlen(hop) > 8 ? "1" : "0") + ".0/24" },
		       spec);
		update(NVA_A,
		       { std::string("2001:db8:3") + (strlen(hop) > 8 ? "1" : "0") + "::/48" },
		       spec);
	}
	settle();
	auto told = [this](const char *prefix, enum family of) {
		std::string hop;
		char text[ADDR_TEXT];

		family = of;
		hop = addr4_text(next_hop(NVA_B, prefix), text);
		family = FAMILY_IPV4;
		return hop;
	};
	EXPECT_EQ("10.0.2.1", told("172.30.0.0/24", FAMILY_IPV4)) << "its session's";
	EXPECT_EQ("10.0.2.77", told("172.30.1.0/24", FAMILY_IPV4));
	EXPECT_EQ("10.0.2.5", told("2001:db8:30::/48", FAMILY_IPV6)) << "who can know";
	EXPECT_EQ("10.0.2.77", told("2001:db8:31::/48", FAMILY_IPV6));
	announce(NVA_B, { "2001:db8:2::/48" });
	turn();
	EXPECT_EQ("10.0.2.1", told("2001:db8:30::/48", FAMILY_IPV6));
	EXPECT_EQ("10.0.2.77", told("2001:db8:31::/48", FAMILY_IPV6));
	spec.path = { 65002 };
	update(NVA_B, { "172.29.0.0/24" }, spec);
	turn();
	EXPECT_EQ("10.0.2.1", told("172.30.1.0/24", FAMILY_IPV4)) << "it shares that";
	EXPECT_EQ("10.0.2.77", told("2001:db8:31::/48", FAMILY_IPV6));
	down(NVA_B);
	up(NVA_B, BOTH);
	turn();
	EXPECT_EQ("10.0.2.77", told("172.30.1.0/24", FAMILY_IPV4)) << "another session";
}
