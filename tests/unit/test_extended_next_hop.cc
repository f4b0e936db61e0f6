/* IPv4 routes with IPv6 next hops (RFC 8950): to which peers that is offered, and what becomes of
 * such a route in the tables and at peers that do not know of it. */
#include "server.h"

namespace
{

/* base_config's NVAs, with IPv6 on their port; nva-b has no IPv4 routes for us. */
const char both_families[] = R"(
instance = { name = "test"; asn = 65515; router_id = "10.0.1.4"; };
exchange = { enabled = true; nva_to_nva = "always"; };
dataplane = { forwarding_lcores = [1]; ports = (
	{ name = "er0"; device = "net_null0"; role = "expressroute";
		addresses = ["10.0.255.33/28"]; },
	{ name = "nva0"; device = "net_null1"; role = "nva";
		addresses = ["10.0.2.1/24", "2001:a00::1/64"]; },
	{ name = "vnet0"; device = "net_null2"; role = "vnet"; addresses = ["10.0.1.4/24"]; } ); };
control = { lcores = [1]; restart_s = 60; };
vnet = ( { prefix = "10.0.0.0/16"; port = "vnet0"; } );
gateways = ( { name = "ergw"; role = "expressroute"; addresses = ["10.0.255.36"]; } );
peers = ( { name = "nva-a"; address = "10.0.2.4"; asn = 65001; },
	  { name = "nva-b"; address = "10.0.2.5"; asn = 65002; },
	  { name = "nva-c"; address = "2001:a00::6"; asn = 65003; },
	  { name = "nva-d"; address = "2001:a00::7"; asn = 65004; families = ["ipv6"]; } );
)";

enum { NVA_C = NVA_B + 1, ENH = SPEAKER_CAP_EXTENDED_NEXT_HOP };
const uint16_t caps = SPEAKER_CAP_AS4 | SPEAKER_CAP_MP_IPV4;

const uint8_t us6[16] = { 0x20, 0x01, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };

class extended_next_hop : public server_test
{
      protected:
	/* nva-c, by IPv6. */
	void up_by_ipv6(uint16_t more_caps)
	{
		struct speaker_up e = {};

		e.head = { SPEAKER_UP, NVA_C, ++epoch[NVA_C] };
		e.remote_id = 100u + NVA_C;
		e.local_addr = addr_make6(us6);
		e.caps = (uint16_t)(caps | more_caps);
		post(&e, sizeof(e));
	}

	/* The neighbour of IPv6 answers ND: it alone is behind adjacencies that are not of IPv4.
	 * How many that are. */
	unsigned int nd()
	{
		static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 6 };
		struct fib_generation *g = writing();
		unsigned int n = 0;

		for (uint32_t i = 0; i < g->adjacencies_end; i++) {
			struct adjacency *a = &g->adjacencies[i];

			if (!adjacency_claimed(a) || fib_addr_none(&a->gateway) ||
			    fib_addr_is_ip4(&a->gateway))
				continue;
			adjacency_resolve(a, mac, mac);
			n++;
		}
		return n;
	}

	/* The only member that a packet to `dst` follows. */
	const struct adjacency *followed(enum role view, const char *dst)
	{
		const struct fib_generation *g = writing();
		uint32_t addr = ip(dst), index;

		fib_lookup_burst(&g->view[view], UINT32_MAX, &addr, &index, 1);
		EXPECT_EQ(1, g->path_lists[index].nb_members);
		return &g->adjacencies[g->path_lists[index].member[0]];
	}
};

} // namespace

TEST_F(extended_next_hop, is_offered_where_a_port_has_ipv6)
{
	start(both_families);
	turn();
	ASSERT_EQ(5u, adds.size());
	EXPECT_FALSE(adds[0].extended_next_hop) << "there is nothing to ask a neighbour by";
	EXPECT_TRUE(adds[1].extended_next_hop);
	EXPECT_TRUE(adds[3].extended_next_hop) << "whatever the session is over";
	EXPECT_FALSE(adds[4].extended_next_hop) << "there is no IPv4 route to have one";
}

TEST_F(extended_next_hop, leads_packets_to_a_neighbour_known_by_nd)
{
	const struct fib_addr gateway = { { 0x20010a00, 0, 0, 0x02040000 } };
	attrs_spec spec;

	start(both_families);
	up(NVA_A, caps | ENH);
	up(NVA_B, caps);
	spec.path = { 65001 };
	spec.hop_family = FAMILY_IPV6; /* 2001:a00::204:0 */
	update(NVA_A, { "172.16.1.0/24" }, spec);
	turn();
	EXPECT_EQ("10.0.0.0/16", knows(NVA_B)) << "nobody can be sent there yet";
	EXPECT_LT(0u, nd());
	pass(1000);
	const struct adjacency *to = followed(ROLE_VNET, "172.16.1.1");
	EXPECT_EQ(ADJACENCY_FORWARD, to->action);
	EXPECT_TRUE(fib_addr_same(&gateway, &to->gateway));
	EXPECT_EQ("10.0.0.0/16 172.16.1.0/24", knows(NVA_B));
	EXPECT_EQ(ip("10.0.2.1"), next_hop(NVA_B, "172.16.1.0/24")) << "it does not know of those";
}

TEST_F(extended_next_hop, is_told_to_who_takes_it)
{
	const std::vector<uint8_t> octets(us6, us6 + 16);

	start(both_families);
	for (uint16_t more : { (uint16_t)ENH, (uint16_t)0 }) {
		up_by_ipv6(more);
		turn();
		std::vector<uint8_t> hop = heard(NVA_C, "10.0.0.0/16", ATTR_NEXT_HOP);
		ASSERT_LT(3u, hop.size());
		EXPECT_EQ(more ? octets : std::vector<uint8_t>({ 10, 0, 2, 1 }),
			  std::vector<uint8_t>(hop.begin() + 3, hop.end()));
		down(NVA_C);
	}
}
