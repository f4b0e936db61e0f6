/* Devices of ports: slots of net_af_packet, what its arguments leave room for, and what is added to
 * them; ports that share a device. */
#include <gtest/gtest.h>

#include <cstdlib>

#include "config_file.h"

namespace
{

struct device_case {
	const char *device;
	uint16_t mtu;
	uint32_t slot, most;
	const char *string; /* nullptr: as it was */
};

const device_case cases[] = {
	{ "net_af_packet0,iface=a", 1500, 2048, 1964, "net_af_packet0,iface=a,framecnt=2048" },
	{ "net_af_packet0,iface=a", 576, 2048, 1964, "net_af_packet0,iface=a,framecnt=2048" },
	{ "net_af_packet0,iface=a", 1964, 2048, 1964, "net_af_packet0,iface=a,framecnt=2048" },
	{ "net_af_packet0,iface=a,framecnt=64", 1500, 2048, 1964, nullptr },
	{ "net_af_packet0,iface=a,framecnt=64", 9000, 9216, 9132,
	  "net_af_packet0,iface=a,framecnt=64,framesz=9216,blocksz=36864" },
	{ "net_af_packet0,iface=a", 1965, 3072, 2988,
	  "net_af_packet0,iface=a,framesz=3072,blocksz=12288,framecnt=2048" },
	{ "eth_af_packet0,iface=a,qpairs=2", 9000, 9216, 9132,
	  "eth_af_packet0,iface=a,qpairs=2,framesz=9216,blocksz=36864,framecnt=2048" },
	{ "net_af_packet0,iface=a", 9600, 10240, 10156,
	  "net_af_packet0,iface=a,framesz=10240,blocksz=40960,framecnt=2048" },
	{ "net_af_packet0,iface=a,framesz=4096", 9000, 4096, 4012, nullptr },
	{ "net_af_packet0,framesz=1024,iface=a", 1500, 1024, 940, nullptr },
	{ "net_af_packet0,iface=a,blocksz=8192", 9000, 2048, 1964, nullptr },
	{ "net_af_packet0,iface=a,framesz=", 1500, 0, 0, nullptr },
	{ "net_af_packet0,iface=a,framesz=80", 1500, 80, 0, nullptr },
	{ "net_tap0,iface=a", 9000, 0, UINT16_MAX, nullptr },
	{ "0000:3b:00.0", 9000, 0, UINT16_MAX, nullptr },
};

/* The driver counts on slots that lie one behind the other over all blocks, the kernel on blocks of
 * pages. */
TEST(device, slots)
{
	for (const device_case &t : cases) {
		std::string where = std::string(t.device) + " mtu " + std::to_string(t.mtu);

		EXPECT_EQ(t.slot, config_device_slot(t.device, t.mtu)) << where;
		EXPECT_EQ(t.most, config_device_most(t.device, t.mtu)) << where;

		char *string = config_device_string(t.device, t.mtu);

		EXPECT_STREQ(t.string ? t.string : t.device, string) << where;
		free(string);
		if (t.string) {
			EXPECT_EQ(0u, 4 * t.slot % 4096) << where;
			EXPECT_LE(t.mtu, t.most) << where;
		}
	}
}

} // namespace

TEST_F(config_test, devices_of_one_driver_are_several)
{
	EXPECT_NE(nullptr,
		  load_text(replaced(good, "\"net_tap1\"", "\"net_tap1,iface=aa\"")).config);
	EXPECT_NE(nullptr,
		  load_text(replaced(good, "\"net_tap1\"", "\"net_pcap1,rx_iface=b,tx_iface=b\""))
			  .config);
}

/* Untagged, with one tag and with two. The frame of the largest decides what the device must
 * take. */
TEST_F(config_test, ports_of_one_device_are_told_apart_by_their_tags)
{
	loaded l = load_text(replaced(
		replaced(replaced(good, "\"net_tap1\"", "\"net_tap2\"; vlan = 7"),
			 "\"net_tap0,iface=a\"", "\"net_tap2\"; vlan = 7; outer_vlan = 4094"),
		"\"0000:3b:00.0\"",
		"\"net_tap2\"; vlan = 4094; outer_vlan = 7; outer_type = 0x8100"));
	ASSERT_NE(nullptr, l.config);
	const struct config_dataplane *d = &l.config->dataplane;

	EXPECT_EQ(std::vector<std::string>{}, l.warnings);
	for (size_t i = 0; i < d->nb_ports; i++) {
		EXPECT_EQ(0u, config_device_first(d, i));
		EXPECT_EQ(9008, config_device_payload(d, i));
	}
	EXPECT_EQ(8, config_port_tags(&d->ports[0]));
	EXPECT_EQ(0x8100, d->ports[0].outer_type);
	EXPECT_EQ(8, config_port_tags(&d->ports[1]));
	EXPECT_EQ(0x88a8, d->ports[1].outer_type);
	EXPECT_EQ(4, config_port_tags(&d->ports[2]));
	EXPECT_EQ(0, config_port_tags(&d->ports[3]));
}

/* Ports on one bond write its members alike. */
TEST_F(config_test, bonds)
{
	const std::string members = "members = [\"3b:00.1\", \"3b:00.2\"]", device = "device = ";
	const std::string bond =
		replaced(replaced(good, device + "\"net_tap1\"", members + "; vlan = 7"),
			 device + "\"net_tap0,iface=a\"", members);
	loaded l = load_text(bond);
	ASSERT_NE(nullptr, l.config) << testing::PrintToString(l.errors);
	const struct config_dataplane *d = &l.config->dataplane;

	EXPECT_STREQ("bond:3b:00.1+3b:00.2", d->ports[1].device);
	EXPECT_STREQ("3b:00.1", config_port_part(&d->ports[2], 0));
	EXPECT_STREQ("3b:00.2", config_port_part(&d->ports[2], 1));
	EXPECT_EQ(nullptr, config_port_part(&d->ports[2], 2));
	EXPECT_STREQ("0000:3b:00.0", config_port_part(&d->ports[0], 0));
	EXPECT_EQ(nullptr, config_port_part(&d->ports[0], 1));
	EXPECT_EQ(1u, config_device_first(d, 2));
	EXPECT_EQ(1504, config_device_payload(d, 1));

	for (const char *other : { "[\"3b:00.1\"]", "[\"3b:00.2\", \"3b:00.1\"]" }) {
		std::string text = bond;
		char what[64] = "";

		for (int port = 0; port < 2; port++)
			text = replaced(text, "[\"3b:00.1\", \"3b:00.2\"]", other);
		loaded wanted = load_text(text);
		ASSERT_NE(nullptr, wanted.config) << testing::PrintToString(wanted.errors);
		EXPECT_TRUE(config_dataplane_needs_restart(l.config, wanted.config, what,
							   sizeof(what)));
		EXPECT_STREQ("dataplane.ports.vpn0", what);
	}
}

TEST_F(config_test, other_tags_need_a_restart)
{
	const std::string tagged =
		replaced(good, "\"net_tap1\"",
			 "\"net_tap1\"; vlan = 7; outer_vlan = 8; outer_type = 0x8100");
	loaded running = load_text(tagged);

	for (const char *now : { "vlan = 9; outer_vlan = 8; outer_type = 0x8100",
				 "vlan = 7; outer_vlan = 9; outer_type = 0x8100",
				 "vlan = 7; outer_vlan = 8; outer_type = 0x88a8", "vlan = 7" }) {
		loaded wanted = load_text(
			replaced(tagged, "vlan = 7; outer_vlan = 8; outer_type = 0x8100", now));
		char what[64] = "";

		ASSERT_NE(nullptr, wanted.config) << now;
		EXPECT_TRUE(config_dataplane_needs_restart(running.config, wanted.config, what,
							   sizeof(what)))
			<< now;
		EXPECT_STREQ("dataplane.ports.nva0", what);
	}
}

TEST_F(config_test, queues_of_a_device)
{
	const std::string more = "\"net_tap1\"; rx_queues = 2; rx_descriptors = 64; "
				 "tx_descriptors = 32768; symmetric_rss = true; "
				 "disabled_offloads = [\"ipv4_cksum\", \"vlan_insert\"]";
	loaded l = load_text(good), with = load_text(replaced(good, "\"net_tap1\"", more));
	ASSERT_NE(nullptr, l.config);
	ASSERT_NE(nullptr, with.config);
	const struct config_port *nva = &l.config->dataplane.ports[2];

	EXPECT_EQ(0, nva->rx_queues) << "one a forwarding lcore";
	EXPECT_EQ(1024, nva->rx_descriptors);
	EXPECT_EQ(1024, nva->tx_descriptors);
	EXPECT_FALSE(nva->symmetric_rss);
	EXPECT_EQ(0, nva->disabled_offloads);
	nva = &with.config->dataplane.ports[2];
	EXPECT_EQ(2, nva->rx_queues);
	EXPECT_EQ(64, nva->rx_descriptors);
	EXPECT_EQ(32768, nva->tx_descriptors);
	EXPECT_TRUE(nva->symmetric_rss);
	EXPECT_EQ(1 << OFFLOAD_IPV4_CKSUM | 1 << OFFLOAD_VLAN_INSERT, nva->disabled_offloads);
	for (const char *now : { "rx_queues = 1", "rx_descriptors = 512", "tx_descriptors = 512",
				 "symmetric_rss = true", "disabled_offloads = [\"rss_hash\"]" }) {
		loaded wanted = load_text(
			replaced(good, "\"net_tap1\"", std::string("\"net_tap1\"; ") + now));
		char what[64] = "";

		ASSERT_NE(nullptr, wanted.config) << now;
		EXPECT_TRUE(
			config_dataplane_needs_restart(l.config, wanted.config, what, sizeof(what)))
			<< now;
	}
}
