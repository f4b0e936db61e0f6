/* What settings mean together (check.c, check_reach.c): lcores, ports, VNet prefixes, gateways,
 * peers. */
#include <gtest/gtest.h>

#include "config_file.h"

namespace
{

using check_test = config_test;

#define AS_TRANS_ERROR \
	"23456 stands for AS numbers of four octets (RFC 6793), allowed are all others"

#define BEHIND(port)	 "behind = \"" port "\"; multihop = true; password_file = \"good.key\""
#define NEIGHBOURS(list) "neighbours = ( " list " ); gateways = ("

const error_case error_cases[] = {
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
	  "devices used once, or by ports that differ in vlan and outer_vlan" },
	{ "\"net_tap1\"", "\"3b:00.0\"",
	  "c:10: dataplane.ports.nva0.device: \"3b:00.0\" is port er0's already, allowed are "
	  "devices used once, or by ports that differ in vlan and outer_vlan" },
	{ "\"net_tap1\"", "\"pci:3B:00.0,representor=1\"",
	  "c:10: dataplane.ports.nva0.device: \"pci:3B:00.0,representor=1\" is port er0's already, "
	  "allowed are devices used once, or by ports that differ in vlan and outer_vlan" },
	{ "\"net_tap1\"", "\"3b:00.0\"; vlan = 7",
	  "c:10: dataplane.ports.nva0.device: \"3b:00.0\" is the device of port er0 otherwise "
	  "written, allowed is \"0000:3b:00.0\"" },
	{ "\"net_tap0,iface=a\"; role = \"vpn\"; addresses = [\"10.0.255.1/28\"]; },\n    { name = "
	  "\"nva0\"; device = \"net_tap1\"",
	  "\"net_tap1\"; vlan = 7; role = \"vpn\"; addresses = [\"10.0.255.1/28\"]; },\n    { name "
	  "= "
	  "\"nva0\"; device = \"net_tap1\"; vlan = 7",
	  "c:10: dataplane.ports.nva0.vlan: 7 is port vpn0's already, with the same outer_vlan or "
	  "none; allowed are tags used once on a device" },
	{ "\"net_tap0,iface=a\"; role = \"vpn\"; addresses = [\"10.0.255.1/28\"]; },\n    { name = "
	  "\"nva0\"; device = \"net_tap1\"",
	  "\"net_tap1\"; vlan = 7; outer_vlan = 8; role = \"vpn\"; addresses = "
	  "[\"10.0.255.1/28\"]; },\n    { name = \"nva0\"; device = \"net_tap1\"; vlan = 7; "
	  "outer_vlan = 8; outer_type = 0x8100",
	  "c:10: dataplane.ports.nva0.vlan: 7 is port vpn0's already, with the same outer_vlan or "
	  "none; allowed are tags used once on a device" },
	{ "\"net_tap1\"", "\"net_tap1\"; rx_queues = 3",
	  "c:10: dataplane.ports.nva0.rx_queues: 3 are more than there are forwarding lcores, "
	  "allowed are 1..2" },
	{ "\"net_tap1\"", "\"net_tap1\"; disabled_offloads = [\"rss_hash\", \"tso\"]",
	  "c:10: dataplane.ports.nva0.disabled_offloads[1]: \"tso\" is not known here, allowed "
	  "are "
	  "\"ipv4_cksum\", \"rss_hash\", \"vlan_strip\", \"vlan_filter\", \"vlan_insert\", "
	  "\"mbuf_fast_free\"" },
	{ "\"net_tap1\"", "\"net_tap1\"; disabled_offloads = \"rss_hash\"",
	  "c:10: dataplane.ports.nva0.disabled_offloads: \"rss_hash\" is not a list, allowed "
	  "are \"ipv4_cksum\", \"rss_hash\", \"vlan_strip\", \"vlan_filter\", \"vlan_insert\", "
	  "\"mbuf_fast_free\"" },
	{ "\"net_tap1\"", "\"net_tap0,iface=a\"; vlan = 7; disabled_offloads = [\"rss_hash\"]",
	  "c:10: dataplane.ports.nva0.disabled_offloads: is of the device, which port vpn0 is on "
	  "too, allowed is it there" },
	{ "\"net_tap1\"", "\"net_tap1\"; rx_descriptors = 63",
	  "c:10: dataplane.ports.nva0.rx_descriptors: 63 is out of range, allowed are 64..32768" },
	{ "\"net_tap1\"", "\"net_tap0,iface=a\"; vlan = 7; tx_descriptors = 512",
	  "c:10: dataplane.ports.nva0.tx_descriptors: is of the device, which port vpn0 is on too, "
	  "allowed is it there" },
	{ "\"net_tap1\"", "\"net_tap1\"; vlan = 0",
	  "c:10: dataplane.ports.nva0.vlan: 0 is out of range, allowed are 1..4094" },
	{ "\"net_tap1\"", "\"net_tap1\"; vlan = 4095",
	  "c:10: dataplane.ports.nva0.vlan: 4095 is out of range, allowed are 1..4094" },
	{ "\"net_tap1\"", "\"net_tap1\"; vlan = 1; outer_vlan = 4095",
	  "c:10: dataplane.ports.nva0.outer_vlan: 4095 is out of range, allowed are 1..4094" },
	{ "\"net_tap1\"", "\"net_tap1\"; outer_vlan = 9",
	  "c:10: dataplane.ports.nva0.outer_vlan: 9 stands without vlan, allowed is the outer tag "
	  "of two, or vlan alone" },
	{ "\"net_tap1\"", "\"net_tap1\"; vlan = 9; outer_type = 0x88a8",
	  "c:10: dataplane.ports.nva0.outer_type: stands without outer_vlan, allowed is the "
	  "EtherType of an outer tag" },
	{ "\"net_tap1\"", "\"net_tap1\"; vlan = 9; outer_vlan = 8; outer_type = 0x0800",
	  "c:10: dataplane.ports.nva0.outer_type: 2048 is no tag's EtherType, allowed are 0x8100, "
	  "0x88a8 and 0x9100" },
	{ "\"net_tap1\"", "\"net_af_packet1,iface=c,framesz=1024\"; vlan = 9; outer_vlan = 8",
	  "c:10: dataplane.ports.nva0.mtu: 1500 does not fit its device's slots of 1024 octets, "
	  "allowed are 576..932, or a device without framesz and blocksz: then the MTU says" },
	{ "\"net_tap1\"", "\"net_af_packet1,blocksz=4096,iface=a\"",
	  "c:10: dataplane.ports.nva0.device: \"net_af_packet1,blocksz=4096,iface=a\" takes a, "
	  "which is port vpn0's already, allowed are interfaces used once" },
	{ "\"net_tap1\"", "\"net_pcap1,rx_iface=b,tx_iface=a\"",
	  "c:10: dataplane.ports.nva0.device: \"net_pcap1,rx_iface=b,tx_iface=a\" takes a, which "
	  "is "
	  "port vpn0's already, allowed are interfaces used once" },
	{ "\"net_tap1\"", "\"net_af_packet1,iface=c,qpairs=3\"",
	  "c:10: dataplane.ports.nva0.device: qpairs = 3 are more than there are forwarding lcores "
	  "(2): nobody would read the others, allowed are 1..2" },
	{ "\"net_tap1\"", "\"net_af_packet1,iface=c,framesz=1024\"",
	  "c:10: dataplane.ports.nva0.mtu: 1500 does not fit its device's slots of 1024 octets, "
	  "allowed are 576..940, or a device without framesz and blocksz: then the MTU says" },
	{ "\"net_tap1\"", "\"net_af_packet1,iface=c,framesz=512\"",
	  "c:10: dataplane.ports.nva0.device: framesz = 512 is out of range, allowed are "
	  "672..60000, or no framesz and blocksz: then the MTU says" },
	{ "\"net_tap1\"", "\"net_af_packet1,iface=c,framesz=65536,blocksz=65536\"",
	  "c:10: dataplane.ports.nva0.device: framesz = 65536 is out of range, allowed are "
	  "672..60000, or no framesz and blocksz: then the MTU says" },
	{ "\"net_tap1\"", "\"\"",
	  "c:10: dataplane.ports.nva0.device: \"\" is empty, allowed are PCI addresses such as "
	  "\"0000:3b:00.0\" and DPDK devices such as \"net_af_packet0,iface=eth1\"" },
	/* bonds */
	{ "device = \"net_tap1\"", "members = [\"net_tap1\"]; device = \"net_tap9\"",
	  "c:10: dataplane.ports.nva0.members: stands beside device, allowed is one of them" },
	{ "device = \"net_tap1\"; ", "",
	  "c:10: dataplane.ports.nva0.device: is missing, allowed are a device, or members of a "
	  "bond" },
	{ "device = \"net_tap1\"", "members = []",
	  "c:10: dataplane.ports.nva0.members: is empty, allowed are 1..8 devices" },
	{ "device = \"net_tap1\"",
	  "members = [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\", \"h\", \"i\"]",
	  "c:10: dataplane.ports.nva0.members: has 9 elements, allowed are at most 8" },
	{ "device = \"net_tap1\"", "members = \"net_tap1\"",
	  "c:10: dataplane.ports.nva0.members: \"net_tap1\" is not a list, allowed are lists of "
	  "devices such as [\"0000:3b:00.0\", \"0000:3b:00.1\"]" },
	{ "device = \"net_tap1\"", "members = [\"net_tap1\", \"\"]",
	  "c:10: dataplane.ports.nva0.members[1]: \"\" is empty, allowed are PCI addresses such as "
	  "\"0000:3b:00.0\" and DPDK devices such as \"net_af_packet0,iface=eth1\"" },
	{ "device = \"net_tap1\"", "members = [\"net_tap1\", \"3b:00.1\", \"0000:3b:00.1\"]",
	  "c:10: dataplane.ports.nva0.members: \"0000:3b:00.1\" is there twice, allowed is each "
	  "once" },
	{ "device = \"net_tap1\"",
	  "members = [\"net_af_packet1,iface=c\", \"net_af_packet2,iface=c\"]",
	  "c:10: dataplane.ports.nva0.members: \"net_af_packet2,iface=c\" takes c, as another "
	  "member does, allowed are interfaces used once" },
	{ "device = \"net_tap1\"", "members = [\"net_tap1\", \"net_tap0\"]",
	  "c:10: dataplane.ports.nva0.members: \"net_tap0\" is port vpn0's already, allowed are "
	  "devices used once" },
	{ "device = \"net_tap1\"", "members = [\"net_tap1\", \"3b:00.0\"]",
	  "c:10: dataplane.ports.nva0.members: \"3b:00.0\" is port er0's already, allowed are "
	  "devices used once" },
	{ "device = \"net_tap1\"",
	  "members = [\"net_af_packet1,iface=c\", \"net_af_packet2,iface=a\"]",
	  "c:10: dataplane.ports.nva0.members: \"net_af_packet2,iface=a\" takes a, which is port "
	  "vpn0's already, allowed are interfaces used once" },
	{ "device = \"net_tap1\"", "members = [\"3b:00.1\", \"net_af_packet2,iface=c\"]",
	  "c:10: dataplane.ports.nva0.members: \"net_af_packet2,iface=c\" is of another kind than "
	  "\"3b:00.1\", allowed are net_af_packet devices, or others" },
	{ "device = \"net_tap1\"",
	  "members = [\"net_af_packet1,iface=c\", \"net_af_packet2,iface=d,framesz=1024\"]",
	  "c:10: dataplane.ports.nva0.mtu: 1500 does not fit its device's slots of 1024 octets, "
	  "allowed are 576..940, or a device without framesz and blocksz: then the MTU says" },
	{ "\"net_tap0,iface=a\"; role = \"vpn\"; addresses = [\"10.0.255.1/28\"]; },\n    { name = "
	  "\"nva0\"; device = \"net_tap1\"",
	  "\"net_tap3\"; role = \"vpn\"; addresses = [\"10.0.255.1/28\"]; },\n    { name = "
	  "\"nva0\"; members = [\"net_tap1\", \"net_tap3\"]; vlan = 7",
	  "c:10: dataplane.ports.nva0.members: \"net_tap3\" is port vpn0's already, allowed are "
	  "devices used once" },
	{ "device = \"net_tap0,iface=a\"; role = \"vpn\"; addresses = [\"10.0.255.1/28\"]; },\n    "
	  "{ "
	  "name = \"nva0\"; device = \"net_tap1\"",
	  "members = [\"net_tap1\", \"net_tap3\"]; role = \"vpn\"; addresses = "
	  "[\"10.0.255.1/28\"]; },\n    { name = \"nva0\"; members = [\"net_tap1\", \"net_tap3\"]",
	  "c:10: dataplane.ports.nva0.members: \"bond:net_tap1+net_tap3\" is port vpn0's already, "
	  "allowed "
	  "are devices used once, or by ports that differ in vlan and outer_vlan" },
	{ "device = \"net_tap0,iface=a\"; role = \"vpn\"; addresses = [\"10.0.255.1/28\"]; },\n    "
	  "{ "
	  "name = \"nva0\"; device = \"net_tap1\"",
	  "members = [\"net_tap1\", \"net_tap3\"]; role = \"vpn\"; addresses = "
	  "[\"10.0.255.1/28\"]; },\n    { name = \"nva0\"; members = [\"net_tap1\", \"net_tap3\"]; "
	  "vlan = 7; rx_queues = 1",
	  "c:10: dataplane.ports.nva0.rx_queues: is of the device, which port vpn0 is on too, "
	  "allowed "
	  "is it there" },

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
	  "c:9: dataplane.ports.vpn0.addresses[0]: 10.0.255.0/28 is a subnet itself or its "
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
	{ "\"10.0.0.0/16\"", "\"10.0.3.4/32\"",
	  "c:13: vnet[0].prefix: 10.0.3.4/32 is an address of one of our own ports, allowed are "
	  "all "
	  "others" },
	{ "\"10.0.0.0/16\"", "\"10.0.255.33/32\"",
	  "c:13: vnet[0].prefix: 10.0.255.33/32 is an address of one of our own ports, allowed are "
	  "all others" },
	{ "\"10.0.0.0/16\"", "\"10.0.3.255/32\"",
	  "c:13: vnet[0].prefix: 10.0.3.255/32 is a subnet itself or its broadcast "
	  "of port vnet0, allowed are its hosts'" },
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

	/* neighbours */
	{ "gateways = (", NEIGHBOURS("{ mac = \"02:00:5e:10:00:09\"; port = \"nva0\"; }"),
	  "c:16: neighbours[0].address: is missing, allowed are addresses in quotes such as "
	  "\"10.0.1.4\"" },
	{ "gateways = (",
	  NEIGHBOURS("{ address = \"10.0.2.77\"; mac = \"02:00:5e:10:00\"; port = \"nva0\"; }"),
	  "c:16: neighbours[0].mac: \"02:00:5e:10:00\" is not a MAC address, allowed are a host's "
	  "MAC addresses in quotes such as \"02:00:5e:10:00:04\"" },
	{ "gateways = (",
	  NEIGHBOURS("{ address = \"10.0.2.77\"; mac = \"02-00-5e-10-00-09\"; port = \"nva0\"; }"),
	  "c:16: neighbours[0].mac: \"02-00-5e-10-00-09\" is not a MAC address, allowed are a "
	  "host's MAC addresses in quotes such as \"02:00:5e:10:00:04\"" },
	{ "gateways = (",
	  NEIGHBOURS("{ address = \"10.0.2.77\"; mac = \"02:00:5e:10: 0:+9\"; port = \"nva0\"; }"),
	  "c:16: neighbours[0].mac: \"02:00:5e:10: 0:+9\" is not a MAC address, allowed are a "
	  "host's MAC addresses in quotes such as \"02:00:5e:10:00:04\"" },
	{ "gateways = (",
	  NEIGHBOURS("{ address = \"10.0.2.77\"; mac = \"01:00:5e:10:00:09\"; port = \"nva0\"; }"),
	  "c:16: neighbours[0].mac: \"01:00:5e:10:00:09\" is no single host's, allowed are a "
	  "host's MAC addresses in quotes such as \"02:00:5e:10:00:04\"" },
	{ "gateways = (",
	  NEIGHBOURS("{ address = \"10.0.2.77\"; mac = \"00:00:00:00:00:00\"; port = \"nva0\"; }"),
	  "c:16: neighbours[0].mac: \"00:00:00:00:00:00\" is no single host's, allowed are a "
	  "host's MAC addresses in quotes such as \"02:00:5e:10:00:04\"" },
	{ "gateways = (",
	  NEIGHBOURS("{ address = \"10.0.2.77\"; mac = \"02:00:5e:10:00:09\"; port = \"nva9\"; }"),
	  "c:16: neighbours[0].port: \"nva9\" is not a port, allowed are er0, vpn0, nva0, vnet0" },
	{ "gateways = (",
	  NEIGHBOURS("{ address = \"10.0.2.77\"; mac = \"02:00:5e:10:00:09\"; port = \"er0\"; }"),
	  "c:16: neighbours[0].address: 10.0.2.77 is not on link behind port er0, allowed are "
	  "hosts on its subnets, and in vnet prefixes of it without next_hop" },
	{ "gateways = (",
	  NEIGHBOURS("{ address = \"10.4.0.7\"; mac = \"02:00:5e:10:00:09\"; port = \"vnet0\"; }"),
	  "c:16: neighbours[0].address: 10.4.0.7 is not on link behind port vnet0, allowed are "
	  "hosts on its subnets, and in vnet prefixes of it without next_hop" },
	{ "gateways = (",
	  NEIGHBOURS("{ address = \"192.0.2.7\"; mac = \"02:00:5e:10:00:09\"; port = \"vnet0\"; }"),
	  "c:16: neighbours[0].address: 192.0.2.7 is not on link behind port vnet0, allowed are "
	  "hosts on its subnets, and in vnet prefixes of it without next_hop" },
	{ "gateways = (",
	  NEIGHBOURS("{ address = \"10.0.2.1\"; mac = \"02:00:5e:10:00:09\"; port = \"nva0\"; }"),
	  "c:16: neighbours[0].address: 10.0.2.1 is an address of one of our own ports, allowed "
	  "are a neighbour's" },
	{ "gateways = (",
	  NEIGHBOURS("{ address = \"10.0.2.255\"; mac = \"02:00:5e:10:00:09\"; port = \"nva0\"; }"),
	  "c:16: neighbours[0].address: 10.0.2.255 is a subnet itself or its broadcast, allowed "
	  "are hosts" },
	{ "gateways = (",
	  NEIGHBOURS("{ address = \"10.0.2.77\"; mac = \"02:00:5E:10:00:09\"; port = \"nva0\"; }, "
		     "{ address = \"10.0.2.77\"; mac = \"02:00:5E:10:00:09\"; port = \"nva0\"; }"),
	  "c:16: neighbours[1].address: 10.0.2.77 is the neighbour on line 16 already, allowed are "
	  "addresses used once" },

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
	  "c:17: gateways.ergw.addresses: is missing, allowed are lists of addresses such as "
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
	{ "asn = 65004", "backup_paths = true",
	  "c:18: gateways.vpngw.backup_paths: true is for gateways of another AS, allowed with "
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
	  "allowed are addresses on a subnet of a port of role nva, and others with behind = PORT "
	  "if a route to them is learned" },
	{ "\"10.0.2.5\"", "\"10.4.0.9\"",
	  "c:21: peers.nva-b.address: 10.4.0.9 is reached through port vnet0 of role vnet, allowed "
	  "are ports of role nva: the port's role decides which routes a peer's packets may use" },
	{ "\"10.0.2.5\"", "\"10.7.0.9\"",
	  "c:21: peers.nva-b.address: 10.7.0.9 is behind 10.0.2.9 and not on link, allowed are "
	  "neighbours, or multihop = true" },
	{ "passive = true", "behind = \"nva0\"",
	  "c:21: peers.nva-b.behind: 10.0.2.5 is reached through port nva0 anyway, allowed are "
	  "addresses on no port's subnet and in no vnet prefix" },
	{ "outbound_map = \"out\"", "behind = \"nva0\"",
	  "c:22: peers.nva-c.behind: 10.7.1.5 is reached through port nva0 anyway, allowed are "
	  "addresses on no port's subnet and in no vnet prefix" },
	{ "\"10.0.2.5\"", "\"192.0.2.1\"; " BEHIND("nva1"),
	  "c:21: peers.nva-b.behind: \"nva1\" is not a port, allowed are er0, vpn0, nva0, vnet0" },
	{ "\"10.0.2.5\"", "\"192.0.2.1\"; " BEHIND("vnet0"),
	  "c:21: peers.nva-b.behind: port vnet0 has role vnet, allowed are ports of role nva: the "
	  "port's role decides which routes a peer's packets may use" },
	{ "\"10.0.2.5\"", "\"192.0.2.1\"; behind = \"nva0\"; password_file = \"good.key\"",
	  "c:21: peers.nva-b.multihop: is false, but 192.0.2.1 is behind a route and not on link, "
	  "allowed is true" },
	{ "\"10.0.2.5\"", "\"192.0.2.1\"; behind = \"nva0\"; multihop = true",
	  "c:21: peers.nva-b.password_file: is missing: whoever announces a more specific route to "
	  "192.0.2.1 could take its place, allowed with behind are files that hold a key" },
	{ "\"10.0.2.5\"", "\"192.0.2.1\"; ttl_security = 1; " BEHIND("nva0"),
	  "c:21: peers.nva-b.ttl_security: 1 is for neighbours on link, allowed with behind are 0 "
	  "and 2..254" },
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
	{ "port = 1790", "password_file = \"mark.key\"",
	  "c:21: peers.nva-b.password_file: \"mark.key\" begins with a byte-order mark, allowed is "
	  "UTF-8 without one" },
	{ "port = 1790", "password_file = \"utf16.key\"",
	  "c:21: peers.nva-b.password_file: \"utf16.key\" is in UTF-16, allowed is UTF-8" },
	{ "port = 1790", "password_file = \"nul.key\"",
	  "c:21: peers.nva-b.password_file: \"nul.key\" has a NUL in it, allowed is text" },
	{ "port = 1790", "password_file = \"cr.key\"",
	  "c:21: peers.nva-b.password_file: \"cr.key\" has a carriage return that ends no line, "
	  "allowed is one line: the key" },
	{ "hold_s = 30", "hold_s = 30; hold_min_s = 31",
	  "c:18: gateways.vpngw.hold_s: 30 is below hold_min_s, allowed are 0 and 31..65535" },
	{ "hold_s = 9", "hold_s = 9; hold_min_s = 10",
	  "c:20: peers.nva-a.hold_s: 9 is below hold_min_s, allowed are 0 and 10..65535" },
	{ "port = 1790", "port = 1790; hold_min_s = 2",
	  "c:21: peers.nva-b.hold_min_s: 2 is out of range, allowed are 0 and 3..65535" },
	{ "port = 1790", "port = 1790; hold_low = \"no\"",
	  "c:21: peers.nva-b.hold_low: \"no\" is not known here, allowed are \"alarm\", "
	  "\"refuse\"" },
	{ "port = 1790", "password_file = 7",
	  "c:21: peers.nva-b.password_file: 7 is not a path, allowed are paths of files that hold "
	  "a key" },
};

} // namespace

TEST_F(check_test, every_error_at_its_place)
{
	expect_errors(good, error_cases);
}

TEST_F(check_test, neighbours)
{
	loaded l = load_text(replaced(good, "gateways = (",
				      "neighbours = ( { address = \"10.0.2.77\"; mac = "
				      "\"02:00:5E:10:00:09\"; port = \"nva0\"; },"
				      " { address = \"10.0.77.7\"; mac = \"02:00:5e:10:00:0a\"; "
				      "port = \"vnet0\"; } ); gateways = ("));
	const uint8_t mac[6] = { 2, 0, 0x5e, 0x10, 0, 9 };

	ASSERT_NE(nullptr, l.config) << testing::PrintToString(l.errors);
	ASSERT_EQ(2u, l.config->nb_neighbours);
	EXPECT_EQ(0x0a00024du, l.config->neighbours[0].addr.v4);
	EXPECT_EQ(0, memcmp(mac, l.config->neighbours[0].mac, sizeof(mac)));
	EXPECT_EQ(2u, l.config->neighbours[0].port);
	EXPECT_EQ(3u, l.config->neighbours[1].port) << "in a VNet prefix that is on link there";
}

TEST_F(check_test, a_peer_behind_a_learned_route)
{
	loaded l = load_text(
		replaced(good, "\"10.0.2.5\"", "\"192.0.2.1\"; ttl_security = 2; " BEHIND("nva0")));

	ASSERT_NE(nullptr, l.config) << testing::PrintToString(l.errors);
	EXPECT_STREQ("nva0", l.config->peers[5].behind);
	EXPECT_EQ(2u, l.config->peers[5].egress_port);
	EXPECT_EQ(0x0a000201u, l.config->peers[5].local_addr.v4) << "the port's first";
	EXPECT_STREQ("", l.config->peers[4].behind);
}

TEST_F(check_test, gateway_of_a_subnet)
{
	loaded l = load_text(replaced(good, "addresses = [\"10.0.255.36\", \"10.0.255.37\"]",
				      "subnet = \"10.0.255.32/28\"; max_instances = 3"));

	ASSERT_NE(nullptr, l.config) << testing::PrintToString(l.errors);
	for (size_t i = 0; i < 3; i++) {
		const struct config_peer *peer = &l.config->peers[i];

		EXPECT_EQ("ergw/" + std::to_string(i), peer->name);
		EXPECT_TRUE(addr_unspecified(peer->addr));
		EXPECT_EQ(28, peer->subnet.len);
		EXPECT_EQ(14u, subnet_hosts(peer->subnet));
		EXPECT_EQ(0x0a00ff21u, subnet_host(peer->subnet, 0).v4);
		EXPECT_EQ(0x0a00ff2eu, subnet_host(peer->subnet, 13).v4);
		EXPECT_TRUE(peer->passive);
		EXPECT_EQ(0u, peer->egress_port);
	}
	EXPECT_STREQ("vpngw/0", l.config->peers[3].name);
	EXPECT_EQ(0, l.config->peers[3].subnet.len);
}

/* What is good must have room in the session table. */
TEST_F(check_test, sessions_are_counted)
{
	std::string text = good, more;
	const int known = 7;

	for (int i = known; i < CONFIG_PEERS; i++)
		more += "{ name = \"n" + std::to_string(i) + "\"; address = \"10.7." +
			std::to_string(2 + i / 250) + "." + std::to_string(1 + i % 250) +
			"\"; asn = 65001; multihop = true; },\n";
	text = replaced(text, "  { name = \"nva-a\"", more + "  { name = \"nva-a\"");
	EXPECT_NE(nullptr, load_text(text).config);
	loaded l = load_text(replaced(text, "  { name = \"nva-a\"",
				      "  { name = \"one\"; address = \"10.7.1.77\"; asn = 65001; "
				      "multihop = true; },\n  { name = \"nva-a\""));
	ASSERT_EQ(1u, l.errors.size());
	EXPECT_EQ("c:1040: peers.nva-c: is one of 1025 sessions, allowed are 1024: NVAs and "
		  "instances of gateways together",
		  l.errors[0]);
}
