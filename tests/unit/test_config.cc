/* The configuration: a file that is good, and one row for each way to spoil it, with the exact
 * complaint. */
#include <gtest/gtest.h>

#include <climits>
#include <cstdio>

#include "config_file.h"

namespace
{

#define NAMES "names of a letter a-z, then letters a-z, digits and hyphens, at most 31 in all"
#define ADDRS "addresses in quotes such as \"10.0.1.4\""
#define AS_TRANS_ERROR \
	"23456 stands for AS numbers of four octets (RFC 6793), allowed are all others"

const error_case error_cases[] = {
	/* one setting */
	{ "name = \"rs0\"; ", "", "c:1: instance.name: is missing, allowed are " NAMES },
	{ "\"rs0\"", "\"Rs0\"", "c:1: instance.name: \"Rs0\" is not a name, allowed are " NAMES },
	{ "\"rs0\"", "\"0rs\"", "c:1: instance.name: \"0rs\" is not a name, allowed are " NAMES },
	{ "\"rs0\"", "\"../x\"", "c:1: instance.name: \"../x\" is not a name, allowed are " NAMES },
	{ "asn = 65515", "asn = 0",
	  "c:1: instance.asn: 0 is out of range, allowed are 1..4294967295" },
	{ "asn = 65515", "asn = \"65515\"",
	  "c:1: instance.asn: \"65515\" is not a whole number, allowed are 1..4294967295" },
	{ "asn = 65515", "asn = 4294967296L",
	  "c:1: instance.asn: 4294967296 is out of range, allowed are 1..4294967295" },
	{ "asn = 65515", "asn = 23456", "c:1: instance.asn: " AS_TRANS_ERROR },
	{ "asn = 65515", "asm = 65515",
	  "c:1: instance.asm: unknown setting, did you mean asn? Allowed are name, asn, router_id, "
	  "profile, partner" },
	{ "\"10.0.1.4\"", "\"0.0.0.0\"",
	  "c:1: instance.router_id: 0.0.0.0 is out of range, allowed are addresses but that one" },
	{ "\"10.0.1.4\"", "\"10.0.1\"",
	  "c:1: instance.router_id: \"10.0.1\" is not written like an IPv4 address, allowed are "
	  "numbers written like IPv4 addresses, such as \"10.0.1.4\"" },
	{ "\"open\"", "\"gcp\"",
	  "c:1: instance.profile: \"gcp\" is not known here, allowed are \"open\", \"azure\"" },
	{ "profile = \"open\"", "partner = \"rs 1\"",
	  "c:1: instance.partner: \"rs 1\" is neither a name nor an absolute path, allowed are "
	  "names of instances and absolute paths of management "
	  "sockets, at most 107 octets" },
	{ "profile = \"open\"", "partner = \"run/x.sock\"",
	  "c:1: instance.partner: \"run/x.sock\" is neither a name nor an absolute path, allowed "
	  "are names of instances and absolute paths of management "
	  "sockets, at most 107 octets" },
	{ "profile = \"open\"", "partner = 1",
	  "c:1: instance.partner: 1 is not a string, allowed are names of instances and absolute "
	  "paths of management sockets, at most 107 octets" },
	{ "profile = \"open\"", "partner = \"rs0\"",
	  "c:1: instance.partner: rs0 is this instance itself, allowed is the other one of this "
	  "route server" },
	{ "profile = \"open\"", "partner = \"/run/bascule/rs0/control.sock\"",
	  "c:1: instance.partner: /run/bascule/rs0/control.sock is this instance itself, allowed "
	  "is the "
	  "other one of this route server" },
	{ "enabled = false", "enabled = 0",
	  "c:2: exchange.enabled: 0 is not a boolean, allowed are true and false" },
	{ "nva_to_nva = \"exchange\"", "nva_to_nva = [1]",
	  "c:2: exchange.nva_to_nva: an array [ ] is not a string, allowed are \"exchange\", "
	  "\"always\", \"never\"" },
	{ "\"expressroute\";", "\"nva\";",
	  "c:3: routing_preference: \"nva\" is not known here, allowed are \"expressroute\", "
	  "\"vpn\", \"as_path\"" },
	{ "routing_preference = \"expressroute\";", "colour = 1.5;",
	  "c:3: colour: unknown setting, allowed are instance, exchange, routing_preference, "
	  "martians, limits, dataplane, control, http, acls, route_maps, vnet, neighbours, "
	  "gateways, "
	  "peers" },
	{ "routing_preference = \"expressroute\";", "http = { listen = [\"10.0.0.1\"]; };",
	  "c:3: http.listen[0]: \"10.0.0.1\" is not an address with a port, allowed are texts such "
	  "as \"127.0.0.1:8080\" and \"[::1]:8080\"" },
	{ "memory_mb = 1024", "memory_mb = 1.5",
	  "c:6: dataplane.memory_mb: 1.5 is not a whole number, allowed are 64..1048576" },
	{ "mtu = 9000", "mtu = 70000",
	  "c:8: dataplane.ports.er0.mtu: 70000 is out of range, allowed are 576..9600" },
	{ "multihop = true; next_hop", "ttl_security = 255; next_hop",
	  "c:20: peers.nva-a.ttl_security: 255 is out of range, allowed are 0..254" },
	{ "hold_s = 9", "hold_s = 2",
	  "c:20: peers.nva-a.hold_s: 2 is out of range, allowed are 0 and 3..65535" },
	{ "listen_port = 1179", "listen_port = 65536",
	  "c:12: control.listen_port: 65536 is out of range, allowed are 1..65535" },
	{ "restart_s = 60", "restart_s = 60; flap_hold_s = 3601",
	  "c:12: control.flap_hold_s: 3601 is out of range, allowed are 0..3600" },
	{ "control = { lcores = [3]; listen_port = 1179; restart_s = 60; med = \"ignore\"; }",
	  "control = 5", "c:12: control: is not a group, allowed is { name = value; ... }" },
	{ "\"10.4.0.0/16\"", "\"10.4.0.1/16\"",
	  "c:14: vnet[1].prefix: \"10.4.0.1/16\" is not a prefix without host bits, allowed "
	  "are prefixes in quotes such as \"10.0.0.0/16\" and \"2001:db8::/32\"" },
	{ "\"10.0.2.5\"", "\"10.0.2.5/32\"",
	  "c:21: peers.nva-b.address: \"10.0.2.5/32\" is not an address, allowed are " ADDRS
	  " and \"fe80::1%nva0\"" },

	/* the text */
	{ "asn = 65515", "asn = 4200000000",
	  "c:1: 4200000000 is too big a number, allowed are those up to 2147483647, and with an L "
	  "behind (4200000000L) those of 64 bits" },
	{ "asn = 65515", "asn = 0x100000001",
	  "c:1: 0x100000001 is too big a number, allowed are those up to 2147483647, and with an L "
	  "behind (0x100000001L) those of 64 bits" },
	{ "exchange = {", "exchange = {{", "c:2: syntax error" },
	{ "\"10.0.255.33/28\"", "\"10.0.255.33/28",
	  "c:8: a string that begins here has no end on its line" },
	{ "exchange =", "/* exchange =", "c:2: a comment that begins here has no end" },
	{ "route_maps =", "/**", "c:23: a comment that begins here has no end" },
	{ "\"pre\";", "\"pre\"; /*/ ", "c:29: a comment that begins here has no end" },
	{ "exchange =", "/* what\n\nvnet = 1; /* no */ exchange =",
	  "c:2: a comment that begins here goes on to the end of the one that begins on line 4, "
	  "allowed are comments without /* in them" },
	{ "exchange =", "@include \"none\nexchange =",
	  "c:2: @include: the name has no end on its line" },
	{ "\"ergw\"", "\"er\\x00gw\"",
	  "c:17: \\x00 in a string is left out, allowed are strings without it" },
	{ "exchange =", "# old\rexchange =",
	  "c:2: a carriage return without a line feed, allowed are lines that end with LF or CR "
	  "LF" },
	{ "exchange = {", "exchange = };{", "c:2: syntax error" },
	{ "enabled = false;", "enabled = false; enabled = true;", "c:2: duplicate setting name" },
	{ "exchange =", "@include \"none\"\nexchange =",
	  "c:2: @include \"none\": cannot read: No such file or directory" },
	{ "exchange =", "@include \".\"\nexchange =",
	  "c:2: @include \".\": cannot read: Is a directory" },
	{ "exchange =", "@include \"/etc/passwd\"\nexchange =",
	  "c:2: @include \"/etc/passwd\": allowed are paths relative to this file's folder" },
	{ "exchange =", "@include \"c\"\nexchange =",
	  "c:2: files include each other more than 10 deep" },
};

} // namespace

TEST_F(config_test, good)
{
	loaded l = load_text(good);
	const struct config *c = l.config;

	ASSERT_NE(nullptr, c) << testing::PrintToString(l.errors);
	EXPECT_EQ(std::vector<std::string>{}, l.warnings);
	EXPECT_EQ(0x0a000104u, c->instance.router_id);
	ASSERT_EQ(4u, c->dataplane.nb_ports);
	EXPECT_EQ(9000, c->dataplane.ports[0].mtu);
	EXPECT_EQ(1500, c->dataplane.ports[1].mtu);
	EXPECT_STREQ("net_tap0,iface=a", c->dataplane.ports[1].device);
	EXPECT_EQ(2u, c->dataplane.ports[2].nb_addresses);
	EXPECT_EQ(10, c->dataplane.ports[2].line);
	EXPECT_EQ(2u, c->dataplane.nb_forwarding_lcores);
	EXPECT_EQ(60, c->control.restart_s);
	ASSERT_EQ(3u, c->nb_vnets);
	EXPECT_TRUE(c->vnets[1].peered && c->vnets[1].has_next_hop);
	EXPECT_EQ(3u, c->vnets[1].port);
	EXPECT_FALSE(c->vnets[0].peered || c->vnets[0].has_next_hop);
	ASSERT_EQ(7u, c->nb_peers);
	EXPECT_STREQ("ergw/1", c->peers[1].name);
	EXPECT_EQ(65515u, c->peers[1].asn);
	EXPECT_EQ(180, c->peers[1].hold_s);
	EXPECT_EQ(0, c->peers[1].ttl_security);
	EXPECT_EQ(ROLE_EXPRESSROUTE, c->peers[1].role);
	EXPECT_EQ(0u, c->peers[1].egress_port);
	EXPECT_EQ(0x0a00ff21u, c->peers[1].local_addr.v4) << "10.0.255.33, on its subnet";
	EXPECT_EQ(0x0a000201u, c->peers[6].local_addr.v4) << "10.0.2.1, on its router's subnet";
	EXPECT_EQ(0, c->peers[1].gateway);
	EXPECT_EQ(65004u, c->peers[3].asn);
	EXPECT_EQ(30, c->peers[3].hold_s);
	EXPECT_EQ(1, c->peers[3].gateway);
	EXPECT_EQ(NEXT_HOP_UNCHANGED, c->peers[4].next_hop);
	EXPECT_EQ(-1, c->peers[4].gateway);
	EXPECT_EQ(1790, c->peers[5].port);
	EXPECT_EQ(0, c->peers[5].hold_s);
	EXPECT_EQ(4200000000u, c->peers[6].asn);
	EXPECT_EQ(2u, c->peers[6].egress_port);
	EXPECT_EQ(22, c->peers[6].line);
}

/* What is not given is the profile's; a gateway has a bound only if it is given one. */
TEST_F(config_test, bounds_on_routes)
{
	const std::string limits = "limits = { routes_per_peer = 100; count = \"ars_compat\"; "
				   "action = \"drop_excess\"; retry_s = 5; }; routing_preference";
	loaded open = load_text(good), azure_own = load_text(azure());
	loaded given = load_text(replaced(replaced(good, "routing_preference", limits),
					  "hold_s = 30", "max_routes = 7"));

	ASSERT_TRUE(open.config && azure_own.config && given.config)
		<< testing::PrintToString(given.errors);
	EXPECT_EQ(0u, open.config->peers[4].max_routes);
	EXPECT_EQ(60, open.config->limits.retry_s);
	EXPECT_EQ(0u, open.config->limits.total);
	EXPECT_EQ(4000u, azure_own.config->limits.routes_per_peer);
	EXPECT_EQ(10000u, azure_own.config->limits.total);
	EXPECT_EQ(1000u, azure_own.config->limits.to_expressroute);
	EXPECT_EQ(LIMITS_SAFE, azure_own.config->limits.over_expressroute);
	EXPECT_EQ(4000u, azure_own.config->peers[4].max_routes);
	EXPECT_EQ(0u, azure_own.config->peers[0].max_routes);
	EXPECT_EQ(100u, given.config->peers[4].max_routes);
	EXPECT_EQ(0u, given.config->peers[0].max_routes);
	EXPECT_EQ(7u, given.config->peers[3].max_routes);
	EXPECT_EQ(LIMITS_ARS_COMPAT, given.config->limits.count);
	EXPECT_EQ(LIMITS_DROP_EXCESS, given.config->limits.action);
	EXPECT_EQ(5, given.config->limits.retry_s);
}

TEST_F(config_test, every_error_at_its_place)
{
	expect_errors(good, error_cases);
}

/* One file with an error on many lines: all are told, in the order of the lines. */
TEST_F(config_test, all_errors_at_once_in_file_order)
{
	std::string text = good;

	for (auto [from, to] : { std::pair("asn = 65515", "asn = -1"),
				 { "enabled = false", "enabled = 3" },
				 { "memory_mb = 1024", "memory_mb = 1" },
				 { "mtu = 9000", "mtu = 1" },
				 { "restart_s = 60", "restart_s = 5000" },
				 { "peered = true", "paired = true" },
				 { "\"vpngw\"", "\"ergw\"" },
				 { "hold_s = 9", "hold_s = 1" },
				 { "asn = 65002", "asn = 65515" },
				 { "\"10.7.1.5\"", "\"127.0.0.1\"" } })
		text = replaced(text, from, to);

	loaded l = load_text(text);
	std::vector<int> lines;

	for (const std::string &error : l.errors)
		lines.push_back(atoi(error.c_str() + 2));
	EXPECT_EQ((std::vector<int>{ 1, 2, 6, 8, 12, 14, 18, 20, 21, 22 }), lines)
		<< testing::PrintToString(l.errors);
	EXPECT_EQ(nullptr, l.config);
}

/* JSON would have nothing of such a line. */
TEST_F(config_test, complaints_are_utf_8)
{
	loaded l =
		load_text(replaced(good, "port = \"vnet0\"", "port = \"vn\xe9t \xc3\xa9\x1b[2J\""));

	ASSERT_EQ(1u, l.errors.size());
	EXPECT_EQ("c:13: vnet[0].port: \"vn?t \xc3\xa9?[2J\" is not a name, allowed are names of "
		  "ports",
		  l.errors[0]);
}

TEST_F(config_test, included_file_is_named)
{
	dir.write("peers.inc",
		  "peers = (\n { name = \"nva-a\"; address = \"10.0.2.4\"; asn = 0; } );\n");

	std::string text = good;

	text = text.substr(0, text.find("peers = (")) + "@include \"peers.inc\"\n";
	EXPECT_EQ(std::vector<std::string>{ "peers.inc:2: peers.nva-a.asn: 0 is out of range, "
					    "allowed are 1..4294967295" },
		  load_text(text).errors);
}

/* What follows the @include would not be there, without a word. */
TEST_F(config_test, an_included_file_ends_what_it_begins)
{
	dir.write("peers.inc", "/* nobody\npeers = ( );\n");
	EXPECT_EQ(std::vector<std::string>{ "peers.inc:1: a comment that begins here has no end" },
		  load_text(replaced(good, "exchange =", "@include \"peers.inc\"\nexchange ="))
			  .errors);
}

TEST_F(config_test, files_that_are_none)
{
	EXPECT_EQ(std::vector<std::string>{ "none: cannot read: No such file or directory" },
		  load(dir, dir.path() + "/none").errors);
	EXPECT_EQ(std::vector<std::string>{ dir.path() + ": cannot read: Is a directory" },
		  load(dir, dir.path()).errors);
	EXPECT_EQ(std::vector<std::string>{ "/dev/null: cannot read: Invalid argument" },
		  load(dir, "/dev/null").errors);
	EXPECT_EQ((std::vector<std::string>{
			  "c: cannot read: Invalid or incomplete multibyte or wide character" }),
		  load_text(std::string("a = 1;\0", 7)).errors);
	EXPECT_EQ(2u, load_text("").errors.size());
}

TEST_F(config_test, attributes_by_direction)
{
	loaded l = load_text(replaced(good, "port = 1790",
				      "attributes = { in = { pass = [40]; drop = [128, 8]; }; "
				      "out = { strip = [35]; }; }"));

	ASSERT_NE(nullptr, l.config) << testing::PrintToString(l.errors);

	const auto *attributes = &l.config->peers[5].attributes;

	EXPECT_EQ(ATTR_PASS, attr_policy_action(&attributes->in, 40));
	EXPECT_EQ(ATTR_DROP, attr_policy_action(&attributes->in, 128));
	EXPECT_EQ(ATTR_DROP, attr_policy_action(&attributes->in, 8));
	EXPECT_EQ(ATTR_PASS, attr_policy_action(&attributes->in, 35));
	EXPECT_EQ(ATTR_STRIP, attr_policy_action(&attributes->out, 35));
	EXPECT_EQ(ATTR_STRIP, attr_policy_action(&attributes->out, 40));
	EXPECT_EQ(ATTR_STRIP, attr_policy_action(&l.config->peers[4].attributes.in, 40));
	EXPECT_EQ(ATTR_STRIP, attr_policy_action(&l.config->peers[0].attributes.out, 40));
	EXPECT_EQ(
		(std::vector<std::string>{
			"c:21: peers.nva-b.attributes.in.strip[0]: 2 is one that it is made of, "
			"allowed are codes of attributes that a route can do without" }),
		load_text(replaced(good, "port = 1790", "attributes = { in = { strip = [2]; }; }"))
			.errors);
}

TEST_F(config_test, class_e_may_be_allowed)
{
	std::string text = replaced(good, "\"10.4.0.0/16\"", "\"240.4.0.0/16\"");

	EXPECT_EQ((std::vector<std::string>{ "c:14: vnet[1].prefix: 240.4.0.0/16 is not of hosts, "
					     "allowed are unicast prefixes" }),
		  load_text(text).errors);
	EXPECT_NE(nullptr, load_text("martians = \"allow_240\"; " + text).config);
	EXPECT_EQ(1u, load_text("martians = \"allow_240\"; " +
				replaced(good, "\"10.4.0.0/16\"", "\"255.255.0.0/16\""))
			      .errors.size());
}

/* What editors of other systems leave in front, where nobody sees it. */
TEST_F(config_test, encodings)
{
	const std::string text = good;
	std::string utf_16;

	for (char c : text)
		utf_16 += std::string({ c, '\0' });
	EXPECT_EQ((std::vector<std::string>{ "c:1: this file begins with a byte-order mark, "
					     "allowed is UTF-8 without one" }),
		  load_text("\xef\xbb\xbf" + text).errors);
	for (const std::string &file : { utf_16, "\xff\xfe" + utf_16, '\0' + utf_16,
					 "\xfe\xff" + std::string(1, '\0') + utf_16 })
		EXPECT_EQ((std::vector<std::string>{
				  "c:1: this file is in UTF-16, allowed is UTF-8" }),
			  load_text(file).errors);
	dir.write("marked.inc", "\xef\xbb\xbf# nothing\n");
	EXPECT_EQ(
		(std::vector<std::string>{ "marked.inc:1: this file begins with a byte-order mark, "
					   "allowed is UTF-8 without one" }),
		load_text("@include \"marked.inc\"\n" + text).errors);
}

TEST_F(config_test, passwords)
{
	for (auto [text, key] : { std::pair("secret", "secret"),
				  { "secret\n", "secret" },
				  { "secret\r\n", "secret" },
				  { "se cret \n", "se cret " } }) {
		dir.write("a.key", text, 0640);

		loaded l = load_text(replaced(good, "port = 1790", "password_file = \"a.key\""));

		ASSERT_NE(nullptr, l.config) << text;
		EXPECT_TRUE(l.warnings.empty());
		EXPECT_EQ(key, std::string((const char *)l.config->peers[5].password,
					   l.config->peers[5].password_len));
		EXPECT_EQ(0, l.config->peers[4].password_len);
	}
	dir.write("a.key", std::string(80, 'k'), 0644);

	loaded l = load_text(
		replaced(good, "hold_s = 30", "password_file = \"" + dir.path() + "/a.key\""));

	ASSERT_NE(nullptr, l.config);
	EXPECT_EQ(80, l.config->peers[2].password_len);
	EXPECT_EQ(80, l.config->peers[3].password_len);
	EXPECT_EQ(std::vector<std::string>{ "c:18: gateways.vpngw.password_file: \"a.key\" can be "
					    "read by everybody; chmod o= it" },
		  l.warnings);
}

TEST_F(config_test, warnings_do_not_refuse)
{
	loaded single =
		load_text(replaced(good, ", \"10.0.255.5\"]", "]; allow_single_instance = true"));

	ASSERT_NE(nullptr, single.config);
	EXPECT_EQ(std::vector<std::string>{ "c:18: gateways.vpngw.addresses: one instance only: "
					    "when it is down, its sites are" },
		  single.warnings);

	loaded poll = load_text(replaced(replaced(good, "\"adaptive\"", "\"poll\""), "lcores = [3]",
					 "lcores = [2]"));

	ASSERT_NE(nullptr, poll.config);
	EXPECT_EQ(1u, poll.warnings.size());
}

TEST_F(config_test, defaults)
{
	loaded l = load_text(R"(instance = { name = "a"; router_id = "1.1.1.1"; };
		dataplane = { main_lcore = 2; forwarding_lcores = (1);
			ports = ( { name = "p"; device = "d"; role = "vnet";
				addresses = ["10.0.0.1/31"]; } ); };)");
	const struct config *c = l.config;

	ASSERT_NE(nullptr, c) << testing::PrintToString(l.errors);
	EXPECT_EQ(65515u, c->instance.asn);
	EXPECT_EQ(PROFILE_OPEN, c->instance.profile);
	EXPECT_FALSE(c->exchange.enabled);
	EXPECT_EQ(NVA_TO_NVA_EXCHANGE, c->exchange.nva_to_nva);
	EXPECT_EQ(1024u, c->dataplane.memory_mb);
	EXPECT_EQ(8192u, c->dataplane.tbl8_groups);
	EXPECT_EQ(IDLE_ADAPTIVE, c->dataplane.idle);
	EXPECT_EQ(179, c->control.listen_port);
	EXPECT_EQ(120, c->control.restart_s);
	EXPECT_EQ(60, c->control.flap_hold_s);
	EXPECT_EQ(MED_IGNORE, c->control.med);
	EXPECT_TRUE(c->control.platform_communities);
	ASSERT_EQ(1u, c->control.nb_lcores);
	EXPECT_EQ(2u, c->control.lcores[0]);
}

/* The files that come with the product. */
TEST_F(config_test, a_partner_is_a_name_or_a_path)
{
	const struct {
		std::string partner, socket;
	} cases[] = {
		{ "rs1", "/run/bascule/rs1/control.sock" },
		{ "/run/far.sock", "/run/far.sock" },
		{ "/" + std::string(106, 'p'), "/" + std::string(106, 'p') },
	};
	std::string before = "profile = \"open\";", text = good;
	char path[PATH_MAX];

	for (const auto &t : cases) {
		loaded l = load_text(std::string(text).replace(text.find(before), before.size(),
							       "partner = \"" + t.partner + "\";"));

		ASSERT_NE(nullptr, l.config) << t.partner;
		EXPECT_EQ(t.socket,
			  config_partner_path(l.config->instance.partner, path, sizeof(path)));
	}
	EXPECT_EQ(nullptr, load_text(std::string(text).replace(
					     text.find(before), before.size(),
					     "partner = \"/" + std::string(107, 'p') + "\";"))
				   .config);
	EXPECT_STREQ("", load_text(good).config->instance.partner);
}

struct restart_case {
	const char *from, *to, *what; /* NULL: a reload can do it */
	bool control_only = false;    /* the dataplane's can */
};

const restart_case restart_cases[] = {
	{ "\"rs0\"", "\"rs1\"", "instance.name" },
	{ "asn = 65515", "asn = 65516", "instance.asn", true },
	{ "forwarding_lcores = [1, 2]", "forwarding_lcores = [1]", "dataplane.forwarding_lcores" },
	{ "\"net_tap1\"", "\"net_tap9\"", "dataplane.ports.nva0" },
	{ "\"10.0.3.4/24\"", "\"10.0.3.5/24\"", "dataplane.ports.vnet0" },
	{ "\"net_tap1\"", "\"net_tap1\"; vlan = 7", "dataplane.ports.nva0" },
	{ "lcores = [3]", "lcores = [4]", "control.lcores", true },
	{ "listen_port = 1179", "listen_port = 179", "control.listen_port", true },
	{ "restart_s = 60", "restart_s = 61", "control.restart_s", true },
	{ "routing_preference", "martians = \"allow_240\"; routing_preference", "martians" },
	{ "\"10.0.1.4\"", "\"10.0.1.5\"", "instance.router_id", true },
	{ "enabled = false", "enabled = true", nullptr },
	{ "routing_preference = \"expressroute\"", "routing_preference = \"vpn\"", nullptr },
	{ "\"ignore\"", "\"compare\"", nullptr },
	{ "restart_s = 60", "restart_s = 60; flap_hold_s = 0", nullptr },
	{ "\"ignore\"", "\"ignore\"; platform_communities = false", nullptr },
	{ "asn = 65001", "asn = 65001; as_override = true; remove_private_as = true", nullptr },
	{ "hold_s = 30", "hold_s = 30; announce_vnets = false; enforce_first_as = true", nullptr },
	{ "asn = 65001", "asn = 65001; allow_as_set = true; enforce_first_as = false", nullptr },
	{ "asn = 65001", "asn = 65001; backup_paths = true", nullptr },
	{ "hold_s = 30", "hold_s = 30; hold_min_s = 9; hold_low = \"refuse\"", nullptr },
	{ "asn = 65001", "asn = 65009", nullptr },
	{ "\"10.4.0.0/16\"", "\"10.5.0.0/16\"", nullptr },
	{ "gateways = (",
	  "neighbours = ( { address = \"10.0.2.77\"; mac = \"02:00:5e:10:00:09\"; port = \"nva0\"; "
	  "} );"
	  " gateways = (",
	  nullptr },
	{ "\n", "\n\n\n", nullptr }, /* lines move */
};

TEST_F(config_test, needs_restart)
{
	loaded running = load_text(good);

	for (const restart_case &t : restart_cases) {
		loaded wanted = load_text(replaced(good, t.from, t.to));
		char what[64] = "";

		ASSERT_NE(nullptr, wanted.config) << t.to << testing::PrintToString(wanted.errors);
		EXPECT_EQ(t.what != nullptr,
			  config_needs_restart(running.config, wanted.config, what, sizeof(what)))
			<< t.to;
		EXPECT_STREQ(t.what ? t.what : "", what);
		EXPECT_EQ(t.what && !t.control_only,
			  config_dataplane_needs_restart(running.config, wanted.config, what,
							 sizeof(what)))
			<< t.to;
	}
}

TEST(config, paths)
{
	char buf[PATH_MAX];

	EXPECT_STREQ("/run/bascule/rs0/control.sock",
		     config_run_path("rs0", "control.sock", buf, sizeof(buf)));
	EXPECT_STREQ("/var/lib/bascule/rs0/exchange",
		     config_state_path("rs0", "exchange", buf, sizeof(buf)));
}

TEST(config, examples_are_good)
{
	folder dir;

	for (const char *name : { "minimal.conf", "azure.conf", "lab.conf" }) {
		loaded l = load(dir, std::string(BASCULE_CONFIG_EXAMPLES "/") + name);

		EXPECT_NE(nullptr, l.config) << name;
		EXPECT_EQ(std::vector<std::string>{}, l.errors);
		EXPECT_EQ(std::vector<std::string>{}, l.warnings);
	}
}
