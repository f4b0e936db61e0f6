/* Addresses of IPv6 in a configuration: each is judged by its family's rules. */
#include <gtest/gtest.h>

#include "config_file.h"

namespace
{

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

#define NOT_A_PREFIX(text) \
	"c:13: vnet[0].prefix: \"" text "\" is not a prefix without host bits, allowed are " \
	"prefixes in quotes such as \"10.0.0.0/16\" and \"2001:db8::/32\""
#define NOT_A_MAPS_PREFIX(text) \
	"c:27: route_maps.in.rules.no.match.prefix_equals[0]: \"" text "\" is not a prefix " \
	"without host bits, allowed are prefixes in quotes such as \"10.0.0.0/16\" and " \
	"\"2001:db8::/32\""
#define NOT_OF_HOSTS(text) \
	"c:13: vnet[0].prefix: " text " is not of hosts, allowed are unicast prefixes"

/* "": nothing is wrong with it. */
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
	{ "2001:db8:40::/48", "2001:db8:40::1/128", "" },
	{ "2001:db8:40::/48", "fc00::/7", "" }, /* RFC 4193 */
	{ "2001:db8:40::/48", "2001:db8:40::1/48", NOT_A_PREFIX("2001:db8:40::1/48") },
	{ "2001:db8:40::/48", "2001:db8:40::/129", NOT_A_PREFIX("2001:db8:40::/129") },
	{ "2001:db8:40::/48", "2001:db8:40::/048", NOT_A_PREFIX("2001:db8:40::/048") },
	{ "2001:db8:40::/48", "2001:db8:40::", NOT_A_PREFIX("2001:db8:40::") },
	{ "2001:db8:40::/48", "2001::db8:40::/48", NOT_A_PREFIX("2001::db8:40::/48") },
	{ "2001:db8:40::/48", "fe80::%vnet0/64", NOT_A_PREFIX("fe80::%vnet0/64") },
	{ "2001:db8:40::/48", "ff00::/8", NOT_OF_HOSTS("ff00::/8") },
	{ "2001:db8:40::/48", "ff05::1:3/128", NOT_OF_HOSTS("ff05::1:3/128") },
	{ "2001:db8:40::/48", "::/0", NOT_OF_HOSTS("::/0") },
	{ "2001:db8:40::/48", "::1/128", NOT_OF_HOSTS("::1/128") },
	{ "2001:db8:40::/48", "::ffff:0:0/96", NOT_OF_HOSTS("::ffff:0.0.0.0/96") },
	{ "2001:db8:40::/48", "::ffff:10.8.0.0/112", NOT_OF_HOSTS("::ffff:10.8.0.0/112") },
	{ "2001:db8:40::/48", "fe80::/64", NOT_OF_HOSTS("fe80::/64") },
	{ "2001:db8:40::/48", "fe00::/8", NOT_OF_HOSTS("fe00::/8") },
	{ "2001:db8:40::/48\"",
	  "2001:db8:40::/48\"; port = \"vnet0\"; }, { prefix = \""
	  "2001:db8:40:8000::/49\"",
	  "c:13: vnet[1].prefix: 2001:db8:40:8000::/49 overlaps with 2001:db8:40::/48 on line 13, "
	  "allowed are prefixes apart" },
	{ ", \"2001:db8:3::1/64\"", "",
	  "c:13: vnet[0].port: vnet0 has no IPv6 address to reach 2001:db8:40::/48 by, allowed are "
	  "ports that have one" },
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
	{ "2001:db8:40::/48\"", "2001:db8:40::/48\"; next_hop = \"2001:db8:3::1\"",
	  "c:13: vnet[0].next_hop: 2001:db8:3::1 is an address of one of our own ports, allowed "
	  "are "
	  "a neighbour's" },
	{ "2001:db8:40::/48\"", "2001:db8:40::/48\"; next_hop = \"2001:db8:3::\"",
	  "c:13: vnet[0].next_hop: 2001:db8:3:: is not a host on a subnet of port vnet0, allowed "
	  "are addresses that are" },
	{ "2001:db8:40::/48\"", "2001:db8:40::/48\"; next_hop = \"fe80::9\"", "" },
	{ "2001:db8:40::/48\"", "2001:db8:40::/48\"; next_hop = \"2001:db8:3::9\"", "" },

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

	/* route maps */
	{ "[\"10.9.0.0/16\"]", "[\"2001:db8:9::/48\", \"10.9.0.0/16\"]", "" },
	{ "[\"10.9.0.0/16\"]", "[\"2001:db8:9::1/48\"]", NOT_A_MAPS_PREFIX("2001:db8:9::1/48") },
	{ "[\"10.9.0.0/16\"]", "[\"2001:db8:9::/129\"]", NOT_A_MAPS_PREFIX("2001:db8:9::/129") },
	{ "[\"10.9.0.0/16\"]", "[\"fe80::%nva0/64\"]", NOT_A_MAPS_PREFIX("fe80::%nva0/64") },
	{ "[\"10.9.0.0/16\"]", "[\"2001:db8:40::/48\"]",
	  "c:27: route_maps.in.rules.no.action: 2001:db8:40::/48 is a VNet's prefix (line 13): "
	  "route maps neither drop nor replace it, allowed are prefixes that leave it out" },
	{ "prefix_equals = [\"10.9.0.0/16\"]", "prefix_contains = [\"2001:db8::/32\"]",
	  "c:27: route_maps.in.rules.no.action: 2001:db8:40::/48 is a VNet's prefix (line 13): "
	  "route maps neither drop nor replace it, allowed are prefixes that leave it out" },
	{ "prefix_replace = \"10.2.0.0/16\"", "prefix_replace = \"2001:db8::/32\"",
	  "c:26: route_maps.in.rules.sum.action.prefix_replace: 2001:db8::/32 is no summary of "
	  "10.2.0.0/16, allowed are prefixes that contain all that the rule matches" },
	{ "prefix_contains = [\"10.2.0.0/16\"]; communities_equal = [\"65001:1\"]; };\n      "
	  "action = { prefix_replace = \"10.2.0.0/16\"",
	  "prefix_contains = [\"2001:db8:2::/48\"]; };\n      action = { prefix_replace = "
	  "\"2001:db8:2::/47\"",
	  "" },

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

class ipv6_test : public config_test
{
      protected:
	/* What is said; a file about which nothing is said is good. */
	std::vector<std::string> judge(const std::string &text)
	{
		loaded l = load_text(text);

		EXPECT_EQ(l.errors.empty(), l.config != nullptr);
		return l.errors;
	}
};

TEST_F(ipv6_test, rules)
{
	for (const error_case &t : error_cases) {
		std::vector<std::string> wanted;

		if (t.error[0])
			wanted.push_back(t.error);
		EXPECT_EQ(wanted, judge(replaced(both(), t.from, t.to))) << t.to;
	}
}

TEST_F(ipv6_test, a_vnet_is_reached_by_an_address_of_its_family)
{
	const std::string text = replaced(both(), "\"10.0.3.4/24\", ", "");
	const auto error = [](const char *at, const char *prefix) {
		return std::string("c:") + at + ".port: vnet0 has no IPv4 address to reach " +
		       prefix + " by, allowed are ports that have one";
	};

	EXPECT_EQ((std::vector<std::string>{ error("13: vnet[1]", "10.0.0.0/16"),
					     error("14: vnet[2]", "10.4.0.0/16") }),
		  judge(text));
}

/* An address has one place in the file, whatever it is written like. */
TEST_F(ipv6_test, peers_are_told_apart_by_number)
{
	std::string text = replaced(both(), "\"10.0.2.4\"", "\"2001:db8:2::4\"");

	EXPECT_EQ(
		std::vector<std::string>{
			"c:21: peers.nva-b.address: 2001:db8:2::4 is peer nva-a's already, "
			"allowed are addresses used once" },
		judge(replaced(text, "\"10.0.2.5\"", "\"2001:DB8:2:0::0004\"")));
}

/* The two sessions of an instance are not two instances. */
TEST_F(ipv6_test, a_vpn_gateway_with_one_address_of_each)
{
	std::string text =
		replaced(both(), "\"10.0.255.1/28\"", "\"10.0.255.1/28\", \"2001:db8:254::1/64\"");

	EXPECT_EQ(
		std::vector<std::string>{
			"c:18: gateways.vpngw.addresses: has one address of a family, allowed are "
			"two or more: a VPN gateway must be active-active for route exchange (or "
			"set allow_single_instance = true)" },
		judge(replaced(text, "\"10.0.255.5\"", "\"2001:db8:254::5\"")));
}

TEST_F(ipv6_test, hosts_of_a_subnet)
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
