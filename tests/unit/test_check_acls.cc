/* Access lists, reverse-path checks and meters in the configuration: read, and what they may not
 * say. */
#include <gtest/gtest.h>

#include "config_file.h"

namespace
{

using check_acls_test = config_test;

/* The good file, whose ports have lists. */
std::string text()
{
	std::string s =
		replaced(good, "mtu = 9000;", "mtu = 9000; urpf = \"strict\"; acl_in = \"edge\";");

	s = replaced(s, "addresses = [\"10.0.255.1/28\"];",
		     "addresses = [\"10.0.255.1/28\"]; acl_out = \"all\";");
	s = replaced(s, "tbl8_groups = 8192;",
		     "tbl8_groups = 8192; meters = { arp = { rate = 100; }; glean = { burst = 7; "
		     "}; };");
	return s + R"(acls = (
  { name = "edge"; default = "deny"; rules = (
    { name = "web"; action = "permit"; protocol = "tcp"; source = "10.0.0.0/8";
      destination = ["10.1.0.0/16", "10.2.0.0/16"]; destination_ports = (80, "8000-8080"); },
    { name = "back"; action = "permit"; protocol = "tcp"; established = true; },
    { name = "ping"; action = "permit"; protocol = "icmp"; icmp_type = 8; icmp_code = 0; },
    { name = "parts"; action = "deny"; fragments = true; },
    { name = "gre"; action = "permit"; protocol = 47; },
    { name = "six"; action = "permit"; protocol = "icmpv6"; icmp_type = 128;
      source = ["2001:db8::/32", "10.6.0.0/16"]; destination = "2001:db8:6::/48"; } ); },
  { name = "all"; default = "permit"; rules = (); } );
)";
}

#define PORTS_ALLOWED \
	"a port 0..65535, a range in quotes such as \"8000-8080\", and lists of 1 to 16 of both"
#define PREFIXES_ALLOWED \
	"a prefix in quotes such as \"10.0.0.0/16\" or \"2001:db8::/32\", and lists of 1 to 16 " \
	"of " \
	"them"

const error_case error_cases[] = {
	{ "default = \"permit\"; rules = (); }",
	  "default = \"permit\"; rules = (); }, { name = \"edge\"; default = \"deny\"; rules = (); "
	  "}",
	  "c:41: acls.edge.name: \"edge\" is the access list on line 32 already, allowed are names "
	  "used once" },
	{ "name = \"back\"", "name = \"web\"",
	  "c:35: acls.edge.rules.web.name: web is another rule's of this list already, allowed are "
	  "names used once" },
	{ "default = \"deny\"; ", "",
	  "c:32: acls.edge.default: is missing, allowed are \"permit\", \"deny\"" },
	{ "action = \"permit\"; protocol = \"tcp\"; source", "protocol = \"tcp\"; source",
	  "c:33: acls.edge.rules.web.action: is missing, allowed are \"permit\", \"deny\"" },
	{ "action = \"deny\"", "action = \"drop\"",
	  "c:37: acls.edge.rules.parts.action: \"drop\" is not known here, allowed are \"permit\", "
	  "\"deny\"" },
	{ "protocol = 47", "protocol = 256",
	  "c:38: acls.edge.rules.gre.protocol: 256 is out of range, allowed are \"tcp\", \"udp\", "
	  "\"icmp\", \"icmpv6\" and numbers 0..255" },
	{ "protocol = 47", "protocol = \"gre\"",
	  "c:38: acls.edge.rules.gre.protocol: \"gre\" is not known here, allowed are \"tcp\", "
	  "\"udp\", \"icmp\", \"icmpv6\" and numbers 0..255" },
	{ "\"10.0.0.0/8\"", "\"10.0.0.1/8\"",
	  "c:33: acls.edge.rules.web.source: \"10.0.0.1/8\" is not a prefix without host "
	  "bits, allowed are " PREFIXES_ALLOWED },
	{ "\"10.2.0.0/16\"]; destination", "\"10.2.0.0\"]; destination",
	  "c:34: acls.edge.rules.web.destination[1]: \"10.2.0.0\" is not a prefix without "
	  "host bits, allowed are " PREFIXES_ALLOWED },
	{ "[\"10.1.0.0/16\", \"10.2.0.0/16\"]", "[]",
	  "c:34: acls.edge.rules.web.destination: an array [ ] is empty, allowed "
	  "are " PREFIXES_ALLOWED },
	{ "\"8000-8080\"", "\"8080-8000\"",
	  "c:34: acls.edge.rules.web.destination_ports[1]: \"8080-8000\" is not a range of ports, "
	  "allowed are " PORTS_ALLOWED },
	{ "\"8000-8080\"", "\"8000-\"",
	  "c:34: acls.edge.rules.web.destination_ports[1]: \"8000-\" is not a range of ports, "
	  "allowed are " PORTS_ALLOWED },
	{ "\"8000-8080\"", "\"1-65536\"",
	  "c:34: acls.edge.rules.web.destination_ports[1]: \"1-65536\" is not a range of ports, "
	  "allowed are " PORTS_ALLOWED },
	{ "\"8000-8080\"", "65536",
	  "c:34: acls.edge.rules.web.destination_ports[1]: 65536 is out of range, allowed "
	  "are " PORTS_ALLOWED },
	{ "protocol = 47", "protocol = 47; source_ports = 7",
	  "c:38: acls.edge.rules.gre.source_ports: stands without protocol \"tcp\" or \"udp\", "
	  "allowed are rules of these" },
	{ "protocol = \"icmp\"; ", "",
	  "c:36: acls.edge.rules.ping.icmp_type: stands without protocol \"icmp\" or "
	  "\"icmpv6\", allowed are rules of these" },
	{ "[\"2001:db8::/32\", \"10.6.0.0/16\"]", "\"2001:db8::1/32\"",
	  "c:40: acls.edge.rules.six.source: \"2001:db8::1/32\" is not a prefix without host bits, "
	  "allowed are " PREFIXES_ALLOWED },
	{ "\"2001:db8::/32\", ", "",
	  "c:40: acls.edge.rules.six.destination: has no prefix of source's family, allowed are "
	  "prefixes of one family" },
	{ "\"2001:db8:6::/48\"", "\"10.6.0.0/16\"",
	  "c:39: acls.edge.rules.six.protocol: is IPv6's beside prefixes of IPv4, allowed is "
	  "\"icmp\"" },
	{ "\"icmpv6\"", "\"icmp\"",
	  "c:39: acls.edge.rules.six.protocol: is IPv4's beside prefixes of IPv6, allowed is "
	  "\"icmpv6\"" },
	{ "protocol = \"icmpv6\"", "protocol = 1",
	  "c:39: acls.edge.rules.six.protocol: is IPv4's beside prefixes of IPv6, allowed is "
	  "\"icmpv6\"" },
	{ "icmp_type = 8; ", "",
	  "c:36: acls.edge.rules.ping.icmp_code: stands without icmp_type, allowed is a code of a "
	  "type" },
	{ "icmp_type = 8", "icmp_type = 256",
	  "c:36: acls.edge.rules.ping.icmp_type: 256 is out of range, allowed are 0..255" },
	{ "protocol = \"tcp\"; established", "established",
	  "c:35: acls.edge.rules.back.established: stands without protocol \"tcp\", allowed are "
	  "rules of that" },
	{ "established = true", "established = true; fragments = true",
	  "c:35: acls.edge.rules.back.fragments: stands beside what the first part of a packet "
	  "alone has, allowed are addresses and protocol" },
	{ "icmp_code = 0", "ports = 7",
	  "c:36: acls.edge.rules.ping.ports: unknown setting, allowed are name, action, protocol, "
	  "source, destination, source_ports, destination_ports, icmp_type, icmp_code, "
	  "established, fragments" },
	{ "acl_in = \"edge\"", "acl_in = \"edgy\"",
	  "c:8: dataplane.ports.er0.acl_in: there is no access list edgy, allowed are names in "
	  "acls" },
	{ "acl_out = \"all\"", "acl_out = \"none\"",
	  "c:9: dataplane.ports.vpn0.acl_out: there is no access list none, allowed are names in "
	  "acls" },
	{ "urpf = \"strict\"", "urpf = \"feasible\"",
	  "c:8: dataplane.ports.er0.urpf: \"feasible\" is not known here, allowed are \"off\", "
	  "\"strict\", \"loose\"" },
	{ "rate = 100", "rate = 0",
	  "c:6: dataplane.meters.arp.rate: 0 is out of range, allowed are 1..10000000" },
	{ "burst = 7", "burst = 65537",
	  "c:6: dataplane.meters.glean.burst: 65537 is out of range, allowed are 1..65536" },
	{ "glean = {", "gleam = {",
	  "c:6: dataplane.meters.gleam: unknown setting, did you mean glean? Allowed are bgp, arp, "
	  "nd, local, fragment, glean" },
};

} // namespace

TEST_F(check_acls_test, are_read)
{
	loaded l = load_text(text());
	const struct config_acl *edge, *all;

	ASSERT_EQ(std::vector<std::string>{}, l.errors);
	ASSERT_EQ(std::vector<std::string>{}, l.warnings);
	edge = config_acl_find(l.config, "edge");
	all = config_acl_find(l.config, "all");
	ASSERT_TRUE(edge && all && edge->nb_rules == 6 && all->nb_rules == 0);
	EXPECT_EQ(nullptr, config_acl_find(l.config, ""));
	EXPECT_TRUE(edge->deny && !all->deny);
	EXPECT_EQ(6, edge->rules[0].protocol);
	EXPECT_EQ(1u, edge->rules[0].source.n);
	EXPECT_EQ(2u, edge->rules[0].destination.n);
	EXPECT_EQ(0u, edge->rules[0].source_ports.n);
	EXPECT_EQ(80, edge->rules[0].destination_ports.value[0].last);
	EXPECT_EQ(8080, edge->rules[0].destination_ports.value[1].last);
	EXPECT_EQ(CONFIG_ACL_ANY, edge->rules[0].icmp_type);
	EXPECT_TRUE(edge->rules[1].established);
	EXPECT_EQ(0, edge->rules[2].icmp_code);
	EXPECT_TRUE(edge->rules[3].deny && edge->rules[3].fragments);
	EXPECT_EQ(CONFIG_ACL_ANY, edge->rules[3].protocol);
	EXPECT_EQ(47, edge->rules[4].protocol);
	EXPECT_EQ(58, edge->rules[5].protocol);
	EXPECT_EQ(FAMILY_IPV6, edge->rules[5].source.value[0].addr.family);
	EXPECT_EQ(FAMILY_IPV4, edge->rules[5].source.value[1].addr.family);
	EXPECT_EQ(48, edge->rules[5].destination.value[0].len);
	EXPECT_EQ(URPF_STRICT, l.config->dataplane.ports[0].urpf);
	EXPECT_STREQ("edge", l.config->dataplane.ports[0].acl_in);
	EXPECT_STREQ("", l.config->dataplane.ports[0].acl_out);
	EXPECT_STREQ("all", l.config->dataplane.ports[1].acl_out);
	EXPECT_EQ(URPF_OFF, l.config->dataplane.ports[1].urpf);
}

TEST_F(check_acls_test, meters_have_defaults)
{
	loaded with = load_text(text()), without = load_text(good);
	const struct config_meter *meters = with.config->dataplane.meters;

	ASSERT_TRUE(with.config && without.config);
	EXPECT_EQ(100u, meters[METER_ARP].rate);
	EXPECT_EQ((uint32_t)METER_ARP_BURST, meters[METER_ARP].burst);
	EXPECT_EQ((uint32_t)METER_GLEAN_RATE, meters[METER_GLEAN].rate);
	EXPECT_EQ(7u, meters[METER_GLEAN].burst);
	meters = without.config->dataplane.meters;
	EXPECT_EQ((uint32_t)METER_BGP_RATE, meters[METER_BGP].rate);
	EXPECT_EQ((uint32_t)METER_BGP_BURST, meters[METER_BGP].burst);
	EXPECT_EQ((uint32_t)METER_ARP_RATE, meters[METER_ARP].rate);
	EXPECT_EQ((uint32_t)METER_LOCAL_RATE, meters[METER_LOCAL].rate);
	EXPECT_EQ((uint32_t)METER_FRAGMENT_BURST, meters[METER_FRAGMENT].burst);
}

TEST_F(check_acls_test, every_error_at_its_place)
{
	expect_errors(text(), error_cases);
}

TEST_F(check_acls_test, a_list_that_no_port_has_is_said)
{
	loaded l = load_text(replaced(text(), " acl_out = \"all\";", ""));

	EXPECT_EQ(
		std::vector<std::string>{ "c:41: acls.all.name: no port has the access list all" },
		l.warnings);
}

/* What a list is compiled to is bounded. */
TEST_F(check_acls_test, combinations_are_bounded)
{
	std::string sixteen, ports, rules;

	for (int i = 0; i < 16; i++) {
		sixteen += (i ? ", \"10." : "\"10.") + std::to_string(i) + ".0.0/16\"";
		ports += (i ? ", " : "") + std::to_string(2 * i);
	}
	/* 16 * 16 * (16 * 2 + 1), and those of the other rules */
	rules = replaced(text(), "source = \"10.0.0.0/8\"", "source = [" + sixteen + "]");
	rules = replaced(rules, "[\"10.1.0.0/16\", \"10.2.0.0/16\"]", "[" + sixteen + "]");
	rules = replaced(rules, "(80, \"8000-8080\");", "[" + ports + "]; established = true;");
	EXPECT_EQ(std::vector<std::string>{ "c:32: acls.edge.rules: name 8459 combinations of "
					    "sources, destinations and ports, allowed are 8192" },
		  load_text(rules).errors);
	EXPECT_EQ(std::vector<std::string>{}, load_text(replaced(rules, ", 30", "")).errors);
}

/* All of it is the dataplane's to apply, without a restart. */
TEST_F(check_acls_test, a_reload_changes_them)
{
	loaded plain = load_text(good), with = load_text(text());
	char what[64];

	EXPECT_FALSE(config_needs_restart(plain.config, with.config, what, sizeof(what)));
	EXPECT_FALSE(config_dataplane_needs_restart(with.config, plain.config, what, sizeof(what)));
}
