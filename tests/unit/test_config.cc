/* The configuration: a file that is good, and one row for each way to spoil it, with the exact complaint. */
#include <gtest/gtest.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "config.h"

namespace
{

const char good[] =
	R"(instance = { name = "rs0"; asn = 65515; router_id = "10.0.1.4"; profile = "open"; };
exchange = { enabled = false; nva_to_nva = "exchange"; };
routing_preference = "expressroute";
dataplane = {
  main_lcore = 0; forwarding_lcores = [1, 2];
  idle = "adaptive"; memory_mb = 1024; tbl8_groups = 8192;
  ports = (
    { name = "er0"; device = "0000:3b:00.0"; role = "expressroute"; addresses = ["10.0.255.33/28"]; mtu = 9000; },
    { name = "vpn0"; device = "net_tap0,iface=a"; role = "vpn"; addresses = ["10.0.255.1/28"]; },
    { name = "nva0"; device = "net_tap1"; role = "nva"; addresses = ["10.0.2.1/24", "10.0.2.2/24"]; },
    { name = "vnet0"; device = "net_tap2"; role = "vnet"; addresses = ["10.0.3.4/24"]; } ); };
control = { lcores = [3]; listen_port = 1179; restart_s = 60; med = "ignore"; };
vnet = ( { prefix = "10.0.0.0/16"; port = "vnet0"; },
  { prefix = "10.4.0.0/16"; port = "vnet0"; next_hop = "10.0.3.1"; peered = true; },
  { prefix = "10.7.0.0/16"; port = "nva0"; next_hop = "10.0.2.9"; } );
gateways = (
  { name = "ergw"; role = "expressroute"; addresses = ["10.0.255.36", "10.0.255.37"]; },
  { name = "vpngw"; role = "vpn"; addresses = ["10.0.255.4", "10.0.255.5"]; asn = 65004; hold_s = 30; } );
peers = (
  { name = "nva-a"; address = "10.0.2.4"; asn = 65001; hold_s = 9; multihop = true; next_hop = "unchanged"; },
  { name = "nva-b"; address = "10.0.2.5"; asn = 65002; passive = true; port = 1790; hold_s = 0; },
  { name = "nva-c"; address = "10.7.1.5"; asn = 4200000000L; inbound_map = "in"; outbound_map = "out"; multihop = true; } );
route_maps = (
  { name = "in"; rules = (
    { name = "sum"; match = { prefix_contains = ["10.2.0.0/16"]; communities_equal = ["65001:1"]; };
      action = { prefix_replace = "10.2.0.0/16"; }; },
    { name = "no"; match = { prefix_equals = ["10.9.0.0/16"]; as_path_contains = [65001]; }; action = "drop"; } ); },
  { name = "out"; rules = (
    { name = "pre"; action = { as_path_add = [64511, 3356]; communities_add = ["3356:70"]; }; next = "terminate"; },
    { name = "tag"; action = { as_path_replace = []; communities_remove = ["65001:9"]; }; } ); } );
)";

/* A folder of files that goes with the object. */
class folder
{
      public:
	folder()
	{
		char name[] = "/tmp/bascule-config-XXXXXX";

		path_ = mkdtemp(name);
	}
	~folder()
	{
		for (const std::string &f : files_)
			unlink(f.c_str());
		rmdir(path_.c_str());
	}
	std::string write(const std::string &name, const std::string &text, mode_t mode = 0600)
	{
		std::string path = path_ + "/" + name;

		std::ofstream(path, std::ios::binary) << text;
		chmod(path.c_str(), mode);
		files_.push_back(path);
		return path;
	}
	const std::string &path() const
	{
		return path_;
	}

      private:
	std::string path_;
	std::vector<std::string> files_;
};

struct loaded {
	struct config *config;
	std::vector<std::string> errors, warnings; /* without the file's folder in front */

	~loaded()
	{
		config_free(config);
	}
};

loaded load(const folder &dir, const std::string &path)
{
	struct config_report report;
	loaded l = { config_load(path.c_str(), &report), {}, {} };
	auto cut = [&](const char *line) {
		std::string s = line;

		for (size_t at; (at = s.find(dir.path() + "/")) != std::string::npos;)
			s.erase(at, dir.path().size() + 1);
		return s;
	};

	for (size_t i = 0; i < report.nb_errors; i++)
		l.errors.push_back(cut(report.errors[i]));
	for (size_t i = 0; i < report.nb_warnings; i++)
		l.warnings.push_back(cut(report.warnings[i]));
	config_report_free(&report);
	return l;
}

std::string replaced(std::string text, const std::string &from, const std::string &to)
{
	size_t at = text.find(from);

	EXPECT_NE(std::string::npos, at) << from;
	return text.replace(at, from.size(), to);
}

/* `from` in the good file becomes `to`, and this is what is said about it. */
struct error_case {
	const char *from, *to, *error;
};

#define NAMES "names of a letter a-z, then letters a-z, digits and hyphens, at most 31 in all"
#define ADDRS "IPv4 addresses in quotes such as \"10.0.1.4\""
#define AS_TRANS_ERROR                                                                             \
	"23456 stands for AS numbers of four octets (RFC 6793), allowed are all others"

#define RESERVED_ASN                                                                               \
	"is reserved or has more than 16 bits, allowed are 1..65534 but 8074, 8075, 12076, "       \
	"23456, 65515, 65517..65520"

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
	  "c:1: instance.router_id: \"10.0.1\" is not an IPv4 address, allowed are " ADDRS },
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
	  "limits, dataplane, control, route_maps, vnet, gateways, peers" },
	{ "memory_mb = 1024", "memory_mb = 1.5",
	  "c:6: dataplane.memory_mb: 1.5 is not a whole number, allowed are 64..1048576" },
	{ "mtu = 9000", "mtu = 70000",
	  "c:8: dataplane.ports.er0.mtu: 70000 is out of range, allowed are 576..9600" },
	{ "hold_s = 9", "hold_s = 2",
	  "c:20: peers.nva-a.hold_s: 2 is out of range, allowed are 0 and 3..65535" },
	{ "listen_port = 1179", "listen_port = 65536",
	  "c:12: control.listen_port: 65536 is out of range, allowed are 1..65535" },
	{ "control = { lcores = [3]; listen_port = 1179; restart_s = 60; med = \"ignore\"; }",
	  "control = 5", "c:12: control: is not a group, allowed is { name = value; ... }" },
	{ "\"10.4.0.0/16\"", "\"10.4.0.1/16\"",
	  "c:14: vnet[1].prefix: \"10.4.0.1/16\" is not an IPv4 prefix without host bits, allowed "
	  "are IPv4 prefixes in quotes such as \"10.0.0.0/16\"" },
	{ "\"10.0.2.5\"", "\"fe80::1\"",
	  "c:21: peers.nva-b.address: \"fe80::1\" is not an IPv4 address, allowed are " ADDRS },

	/* the text */
	{ "asn = 65515", "asn = 4200000000",
	  "c:1: 4200000000 is too big a number, allowed are those up to 2147483647, and with an L "
	  "behind (4200000000L) those of 64 bits" },
	{ "asn = 65515", "asn = 0x100000001",
	  "c:1: 0x100000001 is too big a number, allowed are those up to 2147483647, and with an L "
	  "behind (0x100000001L) those of 64 bits" },
	{ "exchange = {", "exchange = {{", "c:2: syntax error" },
	{ "name = \"er0\"", "name = \"er0", "c:30: a string that begins here has no end" },
	{ "enabled = false;", "enabled = false; enabled = true;", "c:2: duplicate setting name" },
	{ "exchange =", "@include \"none\"\nexchange =",
	  "c:2: @include \"none\": cannot read: No such file or directory" },
	{ "exchange =", "@include \".\"\nexchange =",
	  "c:2: @include \".\": cannot read: Is a directory" },
	{ "exchange =", "@include \"/etc/passwd\"\nexchange =",
	  "c:2: @include \"/etc/passwd\": allowed are paths relative to this file's folder" },
	{ "exchange =", "@include \"c\"\nexchange =",
	  "c:2: files include each other more than 10 deep" },

	/* lcores */
	{ "[1, 2]", "[]",
	  "c:5: dataplane.forwarding_lcores: is empty: the ports have no lcore, allowed are 1..128 "
	  "lcores" },
	{ "[1, 2]", "[1, 1]",
	  "c:5: dataplane.forwarding_lcores: lcore 1 is there twice, allowed is each once" },
	{ "[1, 2]", "[0, 1]",
	  "c:5: dataplane.forwarding_lcores: lcore 0 is dataplane.main_lcore, allowed are all "
	  "others: the main lcore forwards nothing" },
	{ "[1, 2]", "[1, 128]",
	  "c:5: dataplane.forwarding_lcores[1]: 128 is out of range, allowed are 0..127" },
	{ "[1, 2]", "1",
	  "c:5: dataplane.forwarding_lcores: 1 is not a list, allowed are lists of lcore numbers "
	  "0..127 such as [1, 2]" },
	{ "forwarding_lcores = [1, 2];", "",
	  "c:4: dataplane.forwarding_lcores: is missing, allowed are lists of lcore numbers 0..127 "
	  "such as [1, 2]" },
	{ "lcores = [3]", "lcores = [3, 3]",
	  "c:12: control.lcores: lcore 3 is there twice, allowed is each once" },

	/* ports */
	{ "\"vpn0\"", "\"er0\"",
	  "c:9: dataplane.ports.er0.name: \"er0\" is the port on line 8 already, allowed are names "
	  "used once" },
	{ "\"net_tap1\"", "\"net_tap0\"",
	  "c:10: dataplane.ports.nva0.device: \"net_tap0\" is port vpn0's already, allowed are "
	  "devices used once" },
	{ "\"net_tap1\"", "\"3b:00.0\"",
	  "c:10: dataplane.ports.nva0.device: \"3b:00.0\" is port er0's already, allowed are "
	  "devices used once" },
	{ "\"net_tap1\"", "\"\"",
	  "c:10: dataplane.ports.nva0.device: \"\" is empty, allowed are PCI addresses such as "
	  "\"0000:3b:00.0\" and DPDK devices such as \"net_af_packet0,iface=eth1\"" },
	{ "\"rs0\"", "\"route-srv0\"",
	  "c:11: dataplane.ports.vnet0.name: \"route-srv0-vnet0\" is too long for a Linux "
	  "interface, allowed are instance and port names of 14 octets together" },
	{ "role = \"vpn\"", "role = \"er\"",
	  "c:9: dataplane.ports.vpn0.role: \"er\" is not known here, allowed are \"expressroute\", "
	  "\"vpn\", \"nva\", \"vnet\"" },
	{ "[\"10.0.255.1/28\"]", "[]",
	  "c:9: dataplane.ports.vpn0.addresses: is empty, allowed are 1..8 addresses" },
	{ "\"10.0.255.1/28\"", "\"10.0.255.1\"",
	  "c:9: dataplane.ports.vpn0.addresses[0]: \"10.0.255.1\" is not an address with a length, "
	  "allowed are texts such as \"10.0.1.4/26\"" },
	{ "\"10.0.255.1/28\"", "\"10.0.255.0/28\"",
	  "c:9: dataplane.ports.vpn0.addresses[0]: 10.0.255.0/28 is the subnet itself or its "
	  "broadcast, allowed are its hosts' addresses" },
	{ "\"10.0.255.1/28\"", "\"224.0.0.1/28\"",
	  "c:9: dataplane.ports.vpn0.addresses[0]: 224.0.0.1/28 is not a host's, allowed are "
	  "unicast addresses with lengths 8..32" },
	{ "\"10.0.2.2/24\"", "\"10.0.2.1/24\"",
	  "c:10: dataplane.ports.nva0.addresses[1]: 10.0.2.1/24 is an address of port nva0 "
	  "already, allowed are addresses used once" },
	{ "\"10.0.3.4/24\"", "\"10.0.2.7/20\"",
	  "c:11: dataplane.ports.vnet0.addresses[0]: the subnet of 10.0.2.7/20 overlaps with "
	  "10.0.2.1/24 of port nva0, allowed are subnets apart" },

	/* VNet prefixes */
	{ "port = \"vnet0\";", "port = \"vnet1\";",
	  "c:13: vnet[0].port: \"vnet1\" is not a port, allowed are er0, vpn0, nva0, vnet0" },
	{ "port = \"vnet0\";", "port = \"er0\";",
	  "c:13: vnet[0].port: \"er0\" has role expressroute, allowed are ports of role vnet and "
	  "nva" },
	{ "\"10.4.0.0/16\"", "\"10.0.9.0/24\"",
	  "c:14: vnet[1].prefix: 10.0.9.0/24 overlaps with 10.0.0.0/16 on line 13, allowed are "
	  "prefixes apart" },
	{ "\"10.0.0.0/16\"", "\"10.0.255.32/29\"",
	  "c:13: vnet[0].prefix: 10.0.255.32/29 lies within 10.0.255.32/28, the subnet of port "
	  "er0; allowed are that port, and prefixes outside of it" },
	{ "\"10.0.0.0/16\"", "\"224.0.0.0/4\"",
	  "c:13: vnet[0].prefix: 224.0.0.0/4 is not of hosts, allowed are unicast prefixes" },
	{ "\"10.0.3.1\"", "\"10.0.2.9\"",
	  "c:14: vnet[1].next_hop: 10.0.2.9 is not a host on a subnet of port vnet0, allowed are "
	  "addresses that are" },
	{ "\"10.0.3.1\"", "\"10.0.3.255\"",
	  "c:14: vnet[1].next_hop: 10.0.3.255 is not a host on a subnet of port vnet0, allowed are "
	  "addresses that are" },
	{ "\"10.0.3.1\"", "\"10.0.3.4\"",
	  "c:14: vnet[1].next_hop: 10.0.3.4 is an address of one of our own ports, allowed are a "
	  "neighbour's" },

	/* gateways */
	{ "role = \"expressroute\"; addresses = [\"10.0.255.36\"",
	  "role = \"nva\"; addresses = [\"10.0.255.36\"",
	  "c:17: gateways.ergw.role: \"nva\" is not known here, allowed are \"expressroute\", "
	  "\"vpn\"" },
	{ "\"vpngw\"", "\"ergw\"",
	  "c:18: gateways.ergw.name: \"ergw\" is the gateway on line 17 already, allowed are names "
	  "used once" },
	{ "\"vpngw\"", "\"a23456789012345678901234567890\"",
	  "c:18: gateways.a23456789012345678901234567890.name: \"a23456789012345678901234567890\" "
	  "is too long for a gateway, allowed are 28 octets" },
	{ ", \"10.0.255.5\"]", "]",
	  "c:18: gateways.vpngw.addresses: has one address, allowed are two or more: a VPN gateway "
	  "must be active-active for route exchange (or set allow_single_instance = true)" },
	{ "[\"10.0.255.36\", \"10.0.255.37\"]", "[]",
	  "c:17: gateways.ergw.addresses: is empty, allowed are 1..16 addresses" },
	{ "addresses = [\"10.0.255.36\", \"10.0.255.37\"]", "max_instances = 4",
	  "c:17: gateways.ergw.addresses: is missing, allowed are lists of IPv4 addresses such as "
	  "[\"10.0.255.4\", \"10.0.255.5\"], or a subnet instead" },
	{ "addresses = [\"10.0.255.36\", \"10.0.255.37\"]",
	  "addresses = [\"10.0.255.36\"]; subnet = \"10.0.255.32/28\"",
	  "c:17: gateways.ergw.subnet: stands beside addresses, allowed is one of the two" },
	{ "addresses = [\"10.0.255.36\", \"10.0.255.37\"]", "subnet = \"10.0.0.0/16\"",
	  "c:17: gateways.ergw.subnet: has length 16, allowed are 26..30" },
	{ "addresses = [\"10.0.255.36\", \"10.0.255.37\"]", "subnet = \"10.0.255.16/28\"",
	  "c:17: gateways.ergw.subnet: reaches past the ports of role expressroute, allowed are "
	  "their subnets" },
	{ "addresses = [\"10.0.255.4\", \"10.0.255.5\"]",
	  "subnet = \"10.0.255.0/28\"; max_instances = 1",
	  "c:18: gateways.vpngw.max_instances: is 1, allowed are two or more: a VPN gateway must "
	  "be "
	  "active-active for route exchange (or set allow_single_instance = true)" },
	{ "addresses = [\"10.0.255.4\", \"10.0.255.5\"]",
	  "subnet = \"10.0.255.0/28\"; max_instances = 17",
	  "c:18: gateways.vpngw.max_instances: 17 is out of range, allowed are 1..16" },
	{ "asn = 65004", "as_override = true",
	  "c:18: gateways.vpngw.as_override: true is for gateways of another AS, allowed with "
	  "instance.asn is false" },
	{ "asn = 65004", "asn = 23456", "c:18: gateways.vpngw.asn: " AS_TRANS_ERROR },
	{ "\"10.0.255.37\"", "37", "c:17: mismatched element type in array" },
	{ "\"10.0.255.37\"", "\"10.0.255.36\"",
	  "c:17: gateways.ergw.addresses[1]: 10.0.255.36 is peer ergw/0's already, allowed are "
	  "addresses used once" },
	{ "\"10.0.255.37\"", "\"10.0.255.6\"",
	  "c:17: gateways.ergw.addresses[1]: 10.0.255.6 is reached through port vpn0 of role vpn, "
	  "allowed are ports of role expressroute: the port's role decides which routes a peer's "
	  "packets may use" },

	/* peers */
	{ "\"nva-b\"", "\"nva-a\"",
	  "c:21: peers.nva-a.name: \"nva-a\" is the peer on line 20 already, allowed are names "
	  "used once" },
	{ "\"nva-b\"", "\"ergw\"",
	  "c:21: peers.ergw.name: \"ergw\" is the gateway on line 17 already, allowed are names "
	  "used once" },
	{ "\"10.0.2.5\"", "\"10.0.2.4\"",
	  "c:21: peers.nva-b.address: 10.0.2.4 is peer nva-a's already, allowed are addresses used "
	  "once" },
	{ "\"10.0.2.5\"", "\"10.0.2.2\"",
	  "c:21: peers.nva-b.address: 10.0.2.2 is an address of one of our own ports, allowed are "
	  "all others" },
	{ "\"10.0.2.5\"", "\"127.0.0.1\"",
	  "c:21: peers.nva-b.address: 127.0.0.1 is not a host's, allowed are unicast addresses" },
	{ "\"10.0.2.5\"", "\"10.0.2.255\"",
	  "c:21: peers.nva-b.address: 10.0.2.255 is a subnet itself or its broadcast, allowed are "
	  "hosts" },
	{ "\"10.0.2.5\"", "\"192.0.2.1\"",
	  "c:21: peers.nva-b.address: 192.0.2.1 is on no port's subnet and in no vnet prefix, "
	  "allowed are addresses on a subnet of a port of role nva" },
	{ "\"10.0.2.5\"", "\"10.4.0.9\"",
	  "c:21: peers.nva-b.address: 10.4.0.9 is reached through port vnet0 of role vnet, allowed "
	  "are ports of role nva: the port's role decides which routes a peer's packets may use" },
	{ "\"10.0.2.5\"", "\"10.7.0.9\"",
	  "c:21: peers.nva-b.address: 10.7.0.9 is behind 10.0.2.9 and not on link, allowed are "
	  "neighbours, or multihop = true" },
	{ "asn = 65002", "asn = 65515",
	  "c:21: peers.nva-b.asn: 65515 is instance.asn, allowed are all others: an NVA is an eBGP "
	  "peer" },
	{ "asn = 65002", "asn = 23456", "c:21: peers.nva-b.asn: " AS_TRANS_ERROR },
	{ "asn = 65002; ", "", "c:21: peers.nva-b.asn: is missing, allowed are 1..4294967295" },
	{ "port = 1790", "password_file = \"none\"",
	  "c:21: peers.nva-b.password_file: \"none\" cannot be read (No such file or directory), "
	  "allowed are files that hold a key" },
	{ "port = 1790", "password_file = \"empty.key\"",
	  "c:21: peers.nva-b.password_file: \"empty.key\" is empty, allowed are keys of 1..80 "
	  "octets" },
	{ "port = 1790", "password_file = \"long.key\"",
	  "c:21: peers.nva-b.password_file: the key in \"long.key\" is too long, allowed are 1..80 "
	  "octets" },
	{ "port = 1790", "password_file = \"two.key\"",
	  "c:21: peers.nva-b.password_file: \"two.key\" has more than one line, allowed is one: "
	  "the key" },
	{ "port = 1790", "password_file = 7",
	  "c:21: peers.nva-b.password_file: 7 is not a path, allowed are paths of files that hold "
	  "a key" },

	/* route maps */
	{ "{ name = \"out\"; rules", "{ name = \"in\"; rules = (); }, { name = \"out\"; rules",
	  "c:28: route_maps.in.name: in is another route map's already, allowed are names used "
	  "once" },
	{ "name = \"no\"", "name = \"sum\"",
	  "c:27: route_maps.in.rules.sum.name: sum is another rule's of this map already, allowed "
	  "are names used once" },
	{ "outbound_map = \"out\"", "outbound_map = \"gone\"",
	  "c:22: peers.nva-c.outbound_map: there is no route map gone, allowed are names in "
	  "route_maps" },
	{ "inbound_map = \"in\"", "inbound_map = \"in\"; inbound_map = \"out\"",
	  "c:22: duplicate setting name" },
	{ "inbound_map = \"in\"", "inbound_map = [\"in\", \"out\"]",
	  "c:22: peers.nva-c.inbound_map: an array [ ] is not a string, allowed are names of route "
	  "maps, one a direction" },
	{ "action = \"drop\"", "action = \"deny\"",
	  "c:27: route_maps.in.rules.no.action: \"deny\" is no action, allowed are \"drop\" and "
	  "groups such as { as_path_add = [64511]; }" },
	{ " action = \"drop\";", "",
	  "c:27: route_maps.in.rules.no.action: is missing, allowed are \"drop\" and groups such "
	  "as { as_path_add = [64511]; }" },
	{ "next = \"terminate\"", "next = \"stop\"",
	  "c:29: route_maps.out.rules.pre.next: \"stop\" is not known here, allowed are "
	  "\"continue\", \"terminate\"" },
	{ "[\"10.9.0.0/16\"]", "[]",
	  "c:27: route_maps.in.rules.no.match.prefix_equals: an array [ ] is empty, allowed are "
	  "lists of up to 32 prefixes such as [\"10.122.0.0/16\"]" },
	{ "[\"10.9.0.0/16\"]", "[\"10.9.0.1/16\"]",
	  "c:27: route_maps.in.rules.no.match.prefix_equals[0]: \"10.9.0.1/16\" is not an IPv4 "
	  "prefix without host bits, allowed are prefixes in quotes such as \"10.0.0.0/16\"" },
	{ "\"65001:1\"", "\"65001\"",
	  "c:25: route_maps.in.rules.sum.match.communities_equal[0]: \"65001\" is not a community, "
	  "allowed are two numbers 0..65535 in quotes such as \"65001:100\"" },
	{ "[64511, 3356]", "[12076]",
	  "c:29: route_maps.out.rules.pre.action.as_path_add: 12076 " RESERVED_ASN },
	{ "[64511, 3356]", "[64511, 65515]",
	  "c:29: route_maps.out.rules.pre.action.as_path_add: 65515 " RESERVED_ASN },
	{ "[64511, 3356]", "[23456]",
	  "c:29: route_maps.out.rules.pre.action.as_path_add: 23456 " RESERVED_ASN },
	{ "[64511, 3356]", "[65536]",
	  "c:29: route_maps.out.rules.pre.action.as_path_add: 65536 " RESERVED_ASN },
	{ "as_path_replace = []", "as_path_replace = [8075]",
	  "c:30: route_maps.out.rules.tag.action.as_path_replace: 8075 " RESERVED_ASN },
	{ "\"65001:9\"", "\"65517:65517\"",
	  "c:30: route_maps.out.rules.tag.action.communities_remove: 65517:65517 is the platform's "
	  "and stays, allowed are all others" },
	{ "communities_remove", "communities_add = [\"1:1\"]; communities_replace",
	  "c:30: route_maps.out.rules.tag.action.communities_replace: stands beside "
	  "communities_add or communities_remove, allowed is it alone" },
	{ "as_path_replace = []", "as_path_replace = []; as_path_add = [3356]",
	  "c:30: route_maps.out.rules.tag.action.as_path_add: stands beside as_path_replace, "
	  "allowed is one of the two" },
	{ "[\"10.9.0.0/16\"]", "[\"10.0.0.0/16\"]",
	  "c:27: route_maps.in.rules.no.action: 10.0.0.0/16 is a VNet's prefix (line 13): route "
	  "maps neither drop nor replace it, allowed are prefixes that leave it out" },
	{ "prefix_equals = [\"10.9.0.0/16\"]", "prefix_contains = [\"10.0.0.0/8\"]",
	  "c:27: route_maps.in.rules.no.action: 10.0.0.0/16 is a VNet's prefix (line 13): route "
	  "maps neither drop nor replace it, allowed are prefixes that leave it out" },
	{ "prefix_replace = \"10.2.0.0/16\"", "prefix_replace = \"10.2.0.0/24\"",
	  "c:26: route_maps.in.rules.sum.action.prefix_replace: 10.2.0.0/24 is no summary of "
	  "10.2.0.0/16, allowed are prefixes that contain all that the rule matches" },
	{ "prefix_contains = [\"10.2.0.0/16\"]; ", "",
	  "c:26: route_maps.in.rules.sum.action.prefix_replace: 10.2.0.0/16 replaces every route, "
	  "allowed are rules that match prefixes inside it" },
	{ "as_path_replace = []", "local_pref = -1",
	  "c:30: route_maps.out.rules.tag.action.local_pref: -1 is out of range, allowed are "
	  "0..4294967295" },
	{ "as_path_replace = []", "local_pref = 200",
	  "c:22: peers.nva-c.outbound_map: out sets local_pref, allowed outbound are route maps "
	  "without it: it decides which route is the best, before it is announced" },
	{ "outbound_map = \"out\"", "outbound_map = \"in\"",
	  "c:22: peers.nva-c.outbound_map: in replaces prefixes, allowed outbound are route maps "
	  "without prefix_replace" },
};

/* With profile = "azure", gateways at 65515 and an NVA within 16 bits, the good file is still good. */
std::string azure()
{
	return replaced(replaced(replaced(good, "\"open\"", "\"azure\""), "asn = 65004; ", ""),
			"4200000000L", "65003");
}

/* Azure's own, IANA's, and ours. */
const std::pair<unsigned int, unsigned int> reserved_asns[] = {
	{ 8074, 8075 },	  { 12076, 12076 }, { 23456, 23456 }, { 64496, 64511 },
	{ 65515, 65515 }, { 65517, 65520 }, { 65535, 65551 },
};

const error_case azure_cases[] = {
	{ "asn = 65515", "asn = 65514",
	  "c:1: instance.asn: 65514 is out of range, allowed with profile azure is 65515" },
	{ "hold_s = 30", "asn = 65004",
	  "c:18: gateways.vpngw.asn: 65004 is out of range, allowed with profile azure is 65515" },
	{ "hold_s = 30", "allow_single_instance = true",
	  "c:18: gateways.vpngw.allow_single_instance: true is out of range, allowed with profile "
	  "azure is false" },
	{ "routing_preference", "limits = { routes_per_peer = 0; }; routing_preference",
	  "c:3: limits.routes_per_peer: 0 is out of range, allowed with profile azure are "
	  "1..4000" },
	{ "routing_preference", "limits = { total = 10001; }; routing_preference",
	  "c:3: limits.total: 10001 is out of range, allowed with profile azure are 1..10000" },
	{ "routing_preference", "limits = { to_expressroute = 0; }; routing_preference",
	  "c:3: limits.to_expressroute: 0 is out of range, allowed with profile azure are "
	  "1..1000" },
	{ "asn = 65003", "asn = 65003; max_routes = 4001",
	  "c:22: peers.nva-c.max_routes: 4001 is out of range, allowed with profile azure are "
	  "1..4000" },
	{ "asn = 65003", "asn = 70000",
	  "c:22: peers.nva-c.asn: 70000 has more than 16 bits, allowed with profile azure are "
	  "1..65534" },
};

class config_test : public testing::Test
{
      protected:
	void SetUp() override
	{
		dir.write("empty.key", "\n", 0600);
		dir.write("long.key", std::string(81, 'k') + "\n", 0600);
		dir.write("two.key", "one\ntwo\n", 0600);
	}
	loaded load_text(const std::string &text)
	{
		return load(dir, dir.write("c", text));
	}

	folder dir;
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
	EXPECT_EQ(ROLE_EXPRESSROUTE, c->peers[1].role);
	EXPECT_EQ(0u, c->peers[1].egress_port);
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
	for (const error_case &t : error_cases) {
		loaded l = load_text(replaced(good, t.from, t.to));

		EXPECT_EQ(nullptr, l.config) << t.error;
		EXPECT_EQ(std::vector<std::string>{ t.error }, l.errors);
	}
}

TEST_F(config_test, azure_profile)
{
	EXPECT_NE(nullptr, load_text(azure()).config);
	for (const error_case &t : azure_cases) {
		loaded l = load_text(replaced(azure(), t.from, t.to));

		EXPECT_EQ(nullptr, l.config) << t.error;
		EXPECT_EQ(std::vector<std::string>{ t.error }, l.errors);
	}
	for (const auto &[first, last] : reserved_asns)
		for (unsigned int asn = first; asn <= last; asn++)
			EXPECT_EQ(1u, load_text(replaced(azure(), "65003", std::to_string(asn)))
					      .errors.size())
				<< asn;
	for (unsigned int asn : { 65514, 64512, 64495, 65521, 65534, 65516 })
		EXPECT_NE(nullptr,
			  load_text(replaced(azure(), "65003", std::to_string(asn))).config)
			<< asn;
}

TEST_F(config_test, azure_allows_eight_nvas)
{
	std::string more;

	for (int i = 4; i <= 9; i++)
		more += ",\n { name = \"nva-" + std::to_string(i) + "\"; address = \"10.0.2.1" +
			std::to_string(i) + "\"; asn = 65030; }";

	std::string nine =
		replaced(azure(), "multihop = true; } );\n", "multihop = true; }" + more + " );\n");

	EXPECT_EQ(std::vector<std::string>{ "c:28: peers.nva-9: is one NVA too many, allowed with "
					    "profile azure are 8" },
		  load_text(nine).errors);
	EXPECT_NE(nullptr, load_text(replaced(nine, "\"azure\"", "\"open\"")).config);
}

TEST_F(config_test, azure_allows_500_vnets)
{
	std::string more;

	for (int i = 0; i < 497; i++) /* beside three */
		more += ", { prefix = \"100." + std::to_string(64 + i / 256) + "." +
			std::to_string(i % 256) + ".0/24\"; port = \"vnet0\"; peered = true; }";

	const std::string end = "next_hop = \"10.0.2.9\"; }";
	const std::string most = replaced(azure(), end, end + more);
	const std::string one_more =
		replaced(most, end, end + ",\n { prefix = \"100.127.0.0/24\"; port = \"vnet0\"; }");

	EXPECT_EQ(std::vector<std::string>{}, load_text(most).errors);
	EXPECT_EQ(std::vector<std::string>{ "c:16: vnet[500]: is one VNet too many, allowed with "
					    "profile azure are 500" },
		  load_text(one_more).errors);
	EXPECT_NE(nullptr, load_text(replaced(one_more, "\"azure\"", "\"open\"")).config);
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

TEST_F(config_test, private_as_numbers_in_a_route_map)
{
	const std::string text = replaced(good, "[64511, 3356]", "[65001]");
	const std::string rule = "c:29: route_maps.out.rules.pre.action.as_path_add: 65001 is a ";
	loaded open = load_text(text);

	EXPECT_EQ(std::vector<std::string>{}, open.errors);
	EXPECT_EQ(std::vector<std::string>{ rule + "private AS number: ExpressRoute takes it out of "
						   "paths" },
		  open.warnings);
	loaded azure = load_text(replaced(text, "\"open\"", "\"azure\""));
	EXPECT_EQ(1, std::count(azure.errors.begin(), azure.errors.end(),
				rule + "private AS number, allowed with profile azure are public ones: "
				       "ExpressRoute takes private ones out of paths"));
}

TEST_F(config_test, a_vnet_prefix_with_another_path_is_warned_of)
{
	loaded l = load_text(replaced(good, "{ name = \"pre\";",
				      "{ name = \"pre\"; match = { prefix_equals = [\"10.0.0.0/16\"]; };"));

	EXPECT_EQ(std::vector<std::string>{}, l.errors);
	EXPECT_EQ(std::vector<std::string>{
			  "c:29: route_maps.out.rules.pre.action: 10.0.0.0/16 is a VNet's prefix: outbound its "
			  "AS path is changed, which Azure's documentation both forbids and shows" },
		  l.warnings);
}

TEST_F(config_test, route_maps_are_read)
{
	loaded l = load_text(good);
	const struct config_route_map *in, *out;

	ASSERT_NE(nullptr, l.config);
	in = config_route_map_find(l.config, "in");
	out = config_route_map_find(l.config, "out");
	ASSERT_TRUE(in && out && in->nb_rules == 2 && out->nb_rules == 2);
	EXPECT_EQ(nullptr, config_route_map_find(l.config, ""));
	EXPECT_TRUE(in->rules[0].has_prefix_replace && !in->rules[0].terminate && !in->rules[0].drop);
	EXPECT_EQ(1, in->rules[0].prefix_contains.n);
	EXPECT_EQ(65001u << 16 | 1, in->rules[0].communities_equal.value[0]);
	EXPECT_TRUE(in->rules[1].drop);
	EXPECT_FALSE(in->rules[0].has_local_pref);
	EXPECT_TRUE(out->rules[0].terminate);
	EXPECT_EQ(3356u, out->rules[0].as_path_add.value[1]);
	EXPECT_TRUE(out->rules[1].as_path_replace.given && !out->rules[1].as_path_replace.n);
	EXPECT_FALSE(out->rules[1].as_path_add.given);
	EXPECT_STREQ("in", l.config->peers[l.config->nb_peers - 1].inbound_map);
	EXPECT_STREQ("out", l.config->peers[l.config->nb_peers - 1].outbound_map);
	EXPECT_STREQ("", l.config->peers[0].inbound_map);
}

TEST_F(config_test, a_local_preference_may_be_zero)
{
	loaded l = load_text(replaced(good, "action = { prefix_replace = \"10.2.0.0/16\"; }",
				      "action = { local_pref = 0; }"));

	ASSERT_NE(nullptr, l.config) << testing::PrintToString(l.errors);
	const struct map_rule *rule = &config_route_map_find(l.config, "in")->rules[0];
	EXPECT_TRUE(rule->has_local_pref);
	EXPECT_EQ(0u, rule->local_pref);
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

TEST_F(config_test, gateway_of_a_subnet)
{
	loaded l = load_text(replaced(good, "addresses = [\"10.0.255.36\", \"10.0.255.37\"]",
				      "subnet = \"10.0.255.32/28\"; max_instances = 3"));

	ASSERT_NE(nullptr, l.config) << testing::PrintToString(l.errors);
	for (size_t i = 0; i < 3; i++) {
		const struct config_peer *peer = &l.config->peers[i];

		EXPECT_EQ("ergw/" + std::to_string(i), peer->name);
		EXPECT_EQ(0u, peer->addr);
		EXPECT_EQ(28, peer->subnet.len);
		EXPECT_EQ(0x0a00ff21u, subnet_first(peer->subnet));
		EXPECT_EQ(0x0a00ff2eu, subnet_last(peer->subnet));
		EXPECT_TRUE(peer->passive);
		EXPECT_EQ(0u, peer->egress_port);
	}
	EXPECT_STREQ("vpngw/0", l.config->peers[3].name);
	EXPECT_EQ(0, l.config->peers[3].subnet.len);
}

TEST_F(config_test, defaults)
{
	loaded l = load_text(R"(instance = { name = "a"; router_id = "1.1.1.1"; };
		dataplane = { main_lcore = 2; forwarding_lcores = (1);
			ports = ( { name = "p"; device = "d"; role = "vnet"; addresses = ["10.0.0.1/31"]; } ); };)");
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
	EXPECT_EQ(MED_IGNORE, c->control.med);
	EXPECT_TRUE(c->control.platform_communities);
	ASSERT_EQ(1u, c->control.nb_lcores);
	EXPECT_EQ(2u, c->control.lcores[0]);
}

struct resolve_case {
	const char *addr;
	bool found;
	size_t port;
	const char *gateway;
};

TEST_F(config_test, subnets_of_our_ports)
{
	loaded l = load_text(good);
	struct prefix prefix;

	ASSERT_NE(nullptr, l.config);
	for (const auto &[text, ours] : { std::pair("10.0.255.32/28", true),
					  { "10.0.2.0/24", true },
					  { "10.0.2.0/25", false },
					  { "10.0.2.0/23", false },
					  { "10.0.0.0/16", false },
					  { "10.0.9.0/24", false } }) {
		ASSERT_TRUE(prefix_parse(text, &prefix));
		EXPECT_EQ(ours, config_has_subnet(l.config, prefix)) << text;
	}
}

TEST_F(config_test, resolve)
{
	const resolve_case cases[] = {
		{ "10.0.255.36", true, 0,
		  "10.0.255.36" }, /* on a subnet, longer than the VNet prefix around it */
		{ "10.0.9.9", true, 3, "10.0.9.9" },  /* a VNet's host, on link */
		{ "10.4.9.9", true, 3, "10.0.3.1" },  /* behind a next hop */
		{ "10.0.255.33", false, 0, nullptr }, /* our own */
		{ "192.0.2.1", false, 0, nullptr },
	};
	loaded l = load_text(good);

	ASSERT_NE(nullptr, l.config);
	for (const resolve_case &t : cases) {
		uint32_t addr, gateway = 0;
		size_t port = 0;
		char text[ADDR_TEXT];

		ASSERT_TRUE(addr_parse(t.addr, &addr));
		EXPECT_EQ(t.found, config_resolve(l.config, addr, &port, &gateway)) << t.addr;
		if (t.found) {
			EXPECT_EQ(t.port, port) << t.addr;
			EXPECT_STREQ(t.gateway, addr_text(gateway, text)) << t.addr;
		}
	}
}

struct restart_case {
	const char *from, *to, *what; /* NULL: a reload can do it */
};

const restart_case restart_cases[] = {
	{ "\"rs0\"", "\"rs1\"", "instance.name" },
	{ "asn = 65515", "asn = 65516", "instance.asn" },
	{ "forwarding_lcores = [1, 2]", "forwarding_lcores = [1]", "dataplane.forwarding_lcores" },
	{ "\"net_tap1\"", "\"net_tap9\"", "dataplane.ports.nva0" },
	{ "\"10.0.3.4/24\"", "\"10.0.3.5/24\"", "dataplane.ports.vnet0" },
	{ "lcores = [3]", "lcores = [4]", "control.lcores" },
	{ "listen_port = 1179", "listen_port = 179", "control.listen_port" },
	{ "enabled = false", "enabled = true", nullptr },
	{ "routing_preference = \"expressroute\"", "routing_preference = \"vpn\"", nullptr },
	{ "\"ignore\"", "\"compare\"", nullptr },
	{ "\"ignore\"", "\"ignore\"; platform_communities = false", nullptr },
	{ "asn = 65001", "asn = 65001; as_override = true; remove_private_as = true", nullptr },
	{ "hold_s = 30", "hold_s = 30; announce_vnets = false", nullptr },
	{ "asn = 65001", "asn = 65009", nullptr },
	{ "\"10.4.0.0/16\"", "\"10.5.0.0/16\"", nullptr },
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
