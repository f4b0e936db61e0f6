/* Addresses of IPv6 in a configuration: each is judged by its family's rules, and none is taken
 * where the product cannot use it yet. */
#include <gtest/gtest.h>

#include "config_file.h"

namespace
{

const char not_there[] = " is IPv6, which is not there yet for ";

/* The good file with an IPv6 address beside each port's IPv4 one, and a VNet prefix of hosts. */
std::string both()
{
	std::string text =
		replaced(good, "\"10.0.255.33/28\"", "\"10.0.255.33/28\", \"2001:db8:255::33/64\"");

	text = replaced(text, "\"10.0.2.2/24\"", "\"10.0.2.2/24\", \"2001:db8:2::1/64\"");
	text = replaced(text, "\"10.0.3.4/24\"", "\"10.0.3.4/24\", \"2001:db8:3::1/64\"");
	return replaced(text, "vnet = (",
			"vnet = ( { prefix = \"2001:db8:40::/48\"; port = \"vnet0\"; },");
}

#define NEIGHBOURS "neighbours = ( { mac = \"02:00:5e:10:00:04\"; port = \"nva0\"; address = "

/* "": nothing but that it is not there yet. */
const error_case error_cases[] = {
	{ "\"10.0.255.33/28\"", "\"10.0.255.33/28\"", "" },
	{ "\"10.0.2.4\"", "\"2001:db8:2::4\"", "" },
	{ "\"10.0.255.36\"", "\"2001:db8:255::36\"", "" },
	{ "addresses = [\"10.0.255.36\", \"10.0.255.37\"]", "subnet = \"2001:db8:255::40/122\"",
	  "" },
	{ "next_hop = \"10.0.3.1\"; ", "", "" },
	{ "\"10.7.0.0/16\"; port = \"nva0\"; next_hop = \"10.0.2.9\"; }",
	  "\"10.7.0.0/16\"; port = \"nva0\"; next_hop = \"10.0.2.9\"; }, { prefix = "
	  "\"2001:db8:7::/48\"; port = \"nva0\"; next_hop = \"2001:db8:2::9\"; }, { prefix = "
	  "\"2001:db8:8::/48\"; port = \"nva0\"; next_hop = \"fe80::9\"; }",
	  "" },
	{ "gateways =", NEIGHBOURS "\"2001:db8:2::9\"; } ); gateways =", "" },
	{ "[\"10.9.0.0/16\"]", "[\"2001:db8:9::/48\"]", "" },

	/* ports */
	{ "role = \"vnet\";", "role = \"vnet\"; mtu = 1279;",
	  "c:11: dataplane.ports.vnet0.mtu: 1279 is too little for IPv6, allowed are 1280..9600, "
	  "or "
	  "no address of IPv6" },
	{ "2001:db8:3::1/64", "fe80::1/64",
	  "c:11: dataplane.ports.vnet0.addresses[1]: fe80::1/64 is not a host's, allowed are "
	  "unicast addresses with lengths 16..128" },
	{ "2001:db8:3::1/64", "ff02::1/64",
	  "c:11: dataplane.ports.vnet0.addresses[1]: ff02::1/64 is not a host's, allowed are "
	  "unicast addresses with lengths 16..128" },
	{ "2001:db8:3::1/64", "::1/64",
	  "c:11: dataplane.ports.vnet0.addresses[1]: ::1/64 is not a host's, allowed are unicast "
	  "addresses with lengths 16..128" },
	{ "2001:db8:3::1/64", "::ffff:10.0.9.1/112",
	  "c:11: dataplane.ports.vnet0.addresses[1]: ::ffff:10.0.9.1/112 is not a host's, allowed "
	  "are unicast addresses with lengths 16..128" },
	{ "2001:db8:3::1/64", "2001:db8:3::1/15",
	  "c:11: dataplane.ports.vnet0.addresses[1]: 2001:db8:3::1/15 is not a host's, allowed are "
	  "unicast addresses with lengths 16..128" },
	{ "2001:db8:3::1/64", "2001:db8:3::/64",
	  "c:11: dataplane.ports.vnet0.addresses[1]: 2001:db8:3::/64 is a subnet itself, which is "
	  "its routers' anycast address, allowed are its hosts' addresses" },
	{ "2001:db8:3::1/64", "2001:db8:3::/127", "" },			   /* RFC 6164 */
	{ "2001:db8:3::1/64", "2001:db8:3:0:ffff:ffff:ffff:ffff/64", "" }, /* no broadcast */
	{ "2001:db8:3::1/64", "2001:db8:2::1/64",
	  "c:11: dataplane.ports.vnet0.addresses[1]: 2001:db8:2::1/64 is an address of port nva0 "
	  "already, allowed are addresses used once" },
	{ "2001:db8:3::1/64", "2001:db8:2::3/48",
	  "c:11: dataplane.ports.vnet0.addresses[1]: the subnet of 2001:db8:2::3/48 overlaps with "
	  "2001:db8:2::1/64 of port nva0, allowed are subnets apart" },

	/* VNets */
	{ "2001:db8:40::/48", "ff00::/8",
	  "c:13: vnet[0].prefix: ff00::/8 is not of hosts, allowed are unicast prefixes" },
	{ "2001:db8:40::/48", "::/0",
	  "c:13: vnet[0].prefix: ::/0 is not of hosts, allowed are unicast prefixes" },
	{ "2001:db8:40::/48", "2001:db8:2:0:1::/80",
	  "c:13: vnet[0].prefix: 2001:db8:2:0:1::/80 lies within 2001:db8:2::/64, the subnet of "
	  "port nva0; allowed are that port, and prefixes outside of it" },
	{ "2001:db8:40::/48", "2001:db8:3::/128",
	  "c:13: vnet[0].prefix: 2001:db8:3::/128 is a subnet itself, which is its routers' "
	  "anycast address of port vnet0, allowed are its hosts'" },
	{ "2001:db8:40::/48\"", "2001:db8:40::/48\"; next_hop = \"10.0.3.1\"",
	  "c:13: vnet[0].next_hop: 10.0.3.1 is IPv4, allowed are addresses of the prefix's, "
	  "IPv6" },
	{ "2001:db8:40::/48\"", "2001:db8:40::/48\"; next_hop = \"2001:db8:2::9\"",
	  "c:13: vnet[0].next_hop: 2001:db8:2::9 is not a host on a subnet of port vnet0, allowed "
	  "are addresses that are" },

	/* peers and gateways */
	{ "\"10.0.2.4\"", "\"2001:db8:2::\"",
	  "c:20: peers.nva-a.address: 2001:db8:2:: is a subnet itself, which is its routers' "
	  "anycast address, allowed are hosts" },
	{ "\"10.0.2.4\"", "\"2001:db8:2::1\"",
	  "c:20: peers.nva-a.address: 2001:db8:2::1 is an address of one of our own ports, allowed "
	  "are all others" },
	{ "\"10.0.2.5\"", "\"fe80::1\"",
	  "c:21: peers.nva-b.address: fe80::1 is link-local, allowed are such addresses with their "
	  "port, as \"fe80::1%nva0\"" },
	{ "\"10.0.2.5\"", "\"ff02::5\"",
	  "c:21: peers.nva-b.address: ff02::5 is not a host's, allowed are unicast addresses" },
	{ "\"10.0.2.5\"", "\"fe80::1%nva0\"", "" },
	{ "\"10.0.255.37\"", "\"fe80::1%er0\"", "" },
	{ "\"10.0.2.5\"", "\"fe80::1%nva9\"",
	  "c:21: peers.nva-b.address: \"nva9\" is not a port, allowed are er0, vpn0, nva0, vnet0" },
	{ "\"10.0.255.5\"", "\"10.0.255.5\", \"fe80::1%vpn0\"",
	  "c:18: gateways.vpngw.addresses[2]: port vpn0 has no IPv6 address to speak from, allowed "
	  "are ports that have one" },
	{ "\"10.0.2.5\"", "\"fe80::1%er0\"",
	  "c:21: peers.nva-b.address: fe80::1%er0 is reached through port er0 of role "
	  "expressroute, allowed are ports of role nva: the port's role decides which routes a "
	  "peer's packets may use" },
	{ "\"10.0.2.5\"", "\"fe80::%nva0\"",
	  "c:21: peers.nva-b.address: fe80::%nva0 is a subnet itself, which is its routers' "
	  "anycast address, allowed are hosts" },
	{ "\"10.0.2.5\"", "\"fe80::5%nva0\"; behind = \"nva0\"",
	  "c:21: peers.nva-b.behind: fe80::5%nva0 is on link, allowed are addresses that are not" },
	{ "\"10.0.2.4\"", "\"2001:db8:2::4%nva0\"",
	  "c:20: peers.nva-a.address: \"2001:db8:2::4%nva0\" is not an address, allowed are "
	  "addresses in quotes such as \"10.0.1.4\" and \"fe80::1%nva0\"" },
	{ "\"10.0.2.4\"", "\"fe80::4%Nva\"",
	  "c:20: peers.nva-a.address: \"fe80::4%Nva\" is not an address, allowed are addresses in "
	  "quotes such as \"10.0.1.4\" and \"fe80::1%nva0\"" },
	{ "\"10.0.2.4\"", "\"2001:db8:40::1\"",
	  "c:20: peers.nva-a.address: 2001:db8:40::1 is reached through port vnet0 of role vnet, "
	  "allowed are ports of role nva: the port's role decides which routes a peer's packets "
	  "may use" },
	{ "[\"10.0.255.4\", \"10.0.255.5\"]", "[\"10.0.255.4\", \"10.0.255.5\", \"2001:db8:1::5\"]",
	  "c:18: gateways.vpngw.addresses[2]: 2001:db8:1::5 is on no port's subnet and in no vnet "
	  "prefix, allowed are addresses on a subnet of a port of role vpn" },
	{ "addresses = [\"10.0.255.36\", \"10.0.255.37\"]",
	  "addresses = [\"10.0.255.36\", \"2001:db8:255::36\"]", "" },

	/* families */
	{ "\"10.0.2.4\"", "\"10.0.2.4\"; families = [\"ipv4\", \"ipv6\"]", "" },
	{ "\"10.0.2.4\"", "\"10.0.2.4\"; families = [\"ipv6\"]", "" },
	{ "\"10.0.2.4\"", "\"10.0.2.4\"; families = []",
	  "c:20: peers.nva-a.families: is empty, allowed are lists of \"ipv4\" and \"ipv6\"" },
	{ "\"10.0.2.4\"", "\"10.0.2.4\"; families = [\"ipv4\", \"ipx\"]",
	  "c:20: peers.nva-a.families[1]: \"ipx\" is not known here, allowed are \"ipv4\", "
	  "\"ipv6\"" },
	{ "[\"10.0.255.4\", \"10.0.255.5\"]",
	  "[\"10.0.255.4\", \"10.0.255.5\"]; families = [\"ipv6\"]",
	  "c:18: gateways.vpngw.families: has \"ipv6\", but port vpn0 has no IPv6 address to be a "
	  "next hop, allowed is \"ipv4\"" },
	{ "addresses = [\"10.0.255.36\", \"10.0.255.37\"]", "subnet = \"2001:db8:255::/64\"",
	  "c:17: gateways.ergw.subnet: has length 64, allowed are 122..126" },
	{ "gateways =", NEIGHBOURS "\"2001:db8:3::9\"; } ); gateways =",
	  "c:16: neighbours[0].address: 2001:db8:3::9 is not on link behind port nva0, allowed are "
	  "hosts on its subnets, and in vnet prefixes of it without next_hop" },
};

} // namespace

class family_test : public config_test
{
      protected:
	/* What is said but that it is not there yet, and how often that is. */
	std::vector<std::string> judge(const std::string &text, size_t *refused)
	{
		std::vector<std::string> others;
		loaded l = load_text(text);

		EXPECT_EQ(nullptr, l.config);
		*refused = 0;
		for (const std::string &error : l.errors) {
			if (error.find(not_there) != std::string::npos)
				++*refused;
			else
				others.push_back(error);
		}
		return others;
	}
};

TEST_F(family_test, rules_of_ipv6)
{
	for (const error_case &t : error_cases) {
		std::vector<std::string> wanted;
		size_t refused;

		if (t.error[0])
			wanted.push_back(t.error);
		EXPECT_EQ(wanted, judge(replaced(both(), t.from, t.to), &refused)) << t.to;
		EXPECT_GE(refused, 1u) << t.to;
	}
}

/* One that the product cannot use is refused where it stands, whatever part of the file that is. */
TEST_F(family_test, not_there_yet)
{
	const error_case cases[] = {
		{ "vnet = (", "vnet = ( { prefix = \"2001:db8:40::/48\"; port = \"vnet0\"; },",
		  "c:13: vnet[0].prefix: \"2001:db8:40::/48\" is IPv6, which is not there yet for "
		  "VNets, allowed is IPv4" },
		{ "[\"10.9.0.0/16\"]", "[\"2001:db8:9::/48\"]",
		  "c:27: route_maps.in.rules.no.match.prefix_equals[0]: \"2001:db8:9::/48\" is "
		  "IPv6, "
		  "which is not there yet for route maps, allowed is IPv4" },
	};

	expect_errors(good, cases);
}

/* An address has one place in the file, whatever it is written like. */
TEST_F(family_test, peers_are_told_apart_by_number)
{
	size_t refused;
	std::string text = replaced(both(), "\"10.0.2.4\"", "\"2001:db8:2::4\"");

	EXPECT_EQ(
		std::vector<std::string>{
			"c:21: peers.nva-b.address: 2001:db8:2::4 is peer nva-a's already, "
			"allowed are addresses used once" },
		judge(replaced(text, "\"10.0.2.5\"", "\"2001:DB8:2:0::0004\""), &refused));
}

/* The two sessions of an instance are not two instances. */
TEST_F(family_test, a_vpn_gateway_with_one_address_of_each)
{
	size_t refused;
	std::string text =
		replaced(both(), "\"10.0.255.1/28\"", "\"10.0.255.1/28\", \"2001:db8:254::1/64\"");

	EXPECT_EQ(
		std::vector<std::string>{
			"c:18: gateways.vpngw.addresses: has one address of a family, allowed are "
			"two or more: a VPN gateway must be active-active for route exchange (or "
			"set allow_single_instance = true)" },
		judge(replaced(text, "\"10.0.255.5\"", "\"2001:db8:254::5\""), &refused));
}

TEST_F(family_test, hosts_of_a_subnet)
{
	const struct {
		const char *subnet;
		uint32_t hosts;
		const char *first, *last;
	} cases[] = {
		{ "10.0.255.32/28", 14, "10.0.255.33", "10.0.255.46" },
		{ "10.0.255.32/30", 2, "10.0.255.33", "10.0.255.34" },
		{ "2001:db8::40/122", 63, "2001:db8::41", "2001:db8::7f" },
		{ "2001:db8::fc/126", 3, "2001:db8::fd", "2001:db8::ff" },
	};

	for (const auto &t : cases) {
		struct prefix subnet;
		char text[ADDR_TEXT];

		ASSERT_TRUE(prefix_parse(t.subnet, &subnet));
		EXPECT_EQ(t.hosts, subnet_hosts(subnet)) << t.subnet;
		EXPECT_STREQ(t.first, addr_text(subnet_host(subnet, 0), text));
		EXPECT_STREQ(t.last, addr_text(subnet_host(subnet, t.hosts - 1), text));
	}
}
