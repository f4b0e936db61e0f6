/* Tags of frames: read, taken off and put on, and frames sorted by port, against an oracle that
 * works octet by octet. */
#include "forward_rig.h"

#include <memory>
#include <random>
#include <vector>

#include <rte_ethdev.h>
#include <rte_thash.h>

#include "demux.h"
#include "device_conf.h"
#include "tags.h"

namespace
{

using octets = std::vector<uint8_t>;

struct tag {
	uint16_t type, tci;
};

/* The ports of one device: their ids are the rig's. */
const struct port_row {
	uint16_t vlan, outer_vlan, outer_type;
} port_rows[PORTS] = {
	{ 0, 0, 0x88a8 }, { 100, 0, 0x88a8 }, { 100, 200, 0x88a8 }, { 200, 100, 0x8100 }
};

bool is_tag(uint16_t type)
{
	return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

octets frame_of(const std::vector<tag> &tags, uint16_t type, uint8_t mark)
{
	octets frame(12, 0xff); /* to all, so that ARP in it is for us */

	memcpy(&frame[6], far_mac, 6);
	for (const tag &t : tags)
		frame.insert(frame.end(), { (uint8_t)(t.type >> 8), (uint8_t)t.type,
					    (uint8_t)(t.tci >> 8), (uint8_t)t.tci });
	frame.insert(frame.end(), { (uint8_t)(type >> 8), (uint8_t)type, mark, 1, 2, 3, 4, 5 });
	return frame;
}

/* What is to become of a frame: its port and what it is without tags, or why it is dropped. */
struct verdict {
	int port = -1;
	octets frame;
	enum drop_reason reason = DROP_NONE;
};

uint16_t word(const octets &frame, size_t at)
{
	return (uint16_t)(frame[at] << 8 | frame[at + 1]);
}

/* `off`: those that the device has taken off, first first. */
verdict judge(octets frame, const std::vector<tag> &off)
{
	std::vector<tag> tags; /* that name a VLAN; type 0: any */
	int seen = 0;

	if (frame.size() < 14)
		return { -1, {}, DROP_FRAME_SHORT };
	for (const tag &t : off)
		if (t.tci & 0xfff)
			tags.push_back({ 0, (uint16_t)(t.tci & 0xfff) });
	for (; is_tag(word(frame, 12)); seen++) {
		tag t = { word(frame, 12), 0 };

		if (frame.size() < 18)
			return { -1, {}, DROP_FRAME_SHORT };
		t.tci = word(frame, 14) & 0xfff;
		if (t.tci)
			tags.push_back(t);
		if (seen == TAGS_MAX || tags.size() > 2 ||
		    (tags.size() == 2 && tags[1].type && tags[1].type != 0x8100))
			return { -1, {}, DROP_VLAN_UNKNOWN };
		frame.erase(frame.begin() + 12, frame.begin() + 16);
	}
	for (int p = 0; p < PORTS; p++) {
		const port_row &row = port_rows[p];
		std::vector<tag> wanted;

		if (row.outer_vlan)
			wanted.push_back({ row.outer_type, row.outer_vlan });
		if (row.vlan)
			wanted.push_back({ 0x8100, row.vlan });
		if (tags.size() != wanted.size())
			continue;
		bool same = true;
		for (size_t i = 0; i < tags.size(); i++)
			same &= tags[i].tci == wanted[i].tci &&
				(!tags[i].type || tags[i].type == wanted[i].type);
		if (same)
			return { p, frame, DROP_NONE };
	}
	return { -1, {}, DROP_VLAN_UNKNOWN };
}

struct tags_test : forward {
	struct tag_map map;
	std::unique_ptr<struct lcore_counters> all;
	struct config_port config[PORTS] = {};

	void SetUp() override
	{
		forward::SetUp();
		all = std::make_unique<struct lcore_counters>();
		tag_map_init(&map);
		for (uint16_t p = 0; p < PORTS; p++) {
			config[p].vlan = port_rows[p].vlan;
			config[p].outer_vlan = port_rows[p].outer_vlan;
			config[p].outer_type = port_rows[p].outer_type;
			tag_map_add(&map, &config[p], p);
			the->ports[p].tags = tag_header(&config[p]);
		}
		tx_open();
	}
	void tx_open()
	{
		for (struct device &device : the->devices)
			device.tags =
				map; /* one device, of which the rig has a ring for each port */
		tx_init(&the->forwarder.tx, &all->rest, the->ports, PORTS, 0);
		tx_count_ports(&the->forwarder.tx, all->port);
	}
	void TearDown() override
	{
		for (struct port &port : the->ports)
			port.tags = {};
		for (struct device &device : the->devices) {
			device.inserts_vlan = false;
			device.tags = {};
		}
		forward::TearDown();
	}
	static struct rte_mbuf *mbuf(const octets &frame)
	{
		struct rte_mbuf *m = rte_pktmbuf_alloc(the->pool);

		memcpy(rte_pktmbuf_append(m, (uint16_t)frame.size()), frame.data(), frame.size());
		m->port = 77; /* the driver's word for the device */
		return m;
	}
	static octets of(const struct rte_mbuf *m)
	{
		const uint8_t *at = rte_pktmbuf_mtod(m, const uint8_t *);

		return octets(at, at + m->data_len);
	}
	void receive(std::vector<struct rte_mbuf *> pkts)
	{
		const struct demux demux = { &map, the->ports, all->port };

		the->forwarder.counters = &all->device[0];
		demux_burst(&the->forwarder, &demux, pkts.data(), (uint16_t)pkts.size());
		the->forwarder.counters = &the->counters;
		tx_flush(&the->forwarder.tx);
		counters_sum(all.get(), 1, &the->counters);
	}
	/* The device takes the first `n` tags off. */
	static struct rte_mbuf *stripped(std::vector<tag> tags, size_t n, uint16_t type,
					 uint8_t mark, std::vector<tag> *off)
	{
		n = std::min(n, tags.size());
		off->assign(tags.begin(), tags.begin() + (long)n);
		tags.erase(tags.begin(), tags.begin() + (long)n);
		struct rte_mbuf *m = mbuf(frame_of(tags, type, mark));

		if (n == 2) {
			m->ol_flags |= RTE_MBUF_F_RX_QINQ_STRIPPED;
			m->vlan_tci_outer = (*off)[0].tci;
		}
		if (n) {
			m->ol_flags |= RTE_MBUF_F_RX_VLAN_STRIPPED;
			m->vlan_tci = off->back().tci;
		}
		return m;
	}
};

const struct tags_row {
	const char *what;
	std::vector<tag> tags;
	int port; /* -1: vlan_unknown */
} tags_rows[] = {
	{ "none", {}, 0 },
	{ "priority", { { 0x8100, 0xe000 } }, 0 },
	{ "priority of a provider", { { 0x88a8, 0x2000 } }, 0 },
	{ "priority twice", { { 0x88a8, 0 }, { 0x8100, 0x4000 } }, 0 },
	{ "one", { { 0x8100, 100 } }, 1 },
	{ "one with a priority", { { 0x8100, 0xf064 } }, 1 },
	{ "priority before one", { { 0x8100, 0 }, { 0x8100, 100 } }, 1 },
	{ "priority behind one", { { 0x8100, 100 }, { 0x8100, 0x6000 } }, 1 },
	{ "one of a provider", { { 0x88a8, 100 } }, -1 },
	{ "two", { { 0x88a8, 200 }, { 0x8100, 100 } }, 2 },
	{ "two, of another type", { { 0x8100, 200 }, { 0x8100, 100 } }, -1 },
	{ "two, inner of another type", { { 0x88a8, 200 }, { 0x88a8, 100 } }, -1 },
	{ "two of one type", { { 0x8100, 100 }, { 0x8100, 200 } }, 3 },
	{ "priority between two", { { 0x88a8, 200 }, { 0x8100, 0 }, { 0x8100, 100 } }, 2 },
	{ "outer alone", { { 0x88a8, 200 } }, -1 },
	{ "unknown", { { 0x8100, 101 } }, -1 },
	{ "reserved", { { 0x8100, 4095 } }, -1 },
	{ "three", { { 0x88a8, 200 }, { 0x8100, 100 }, { 0x8100, 100 } }, -1 },
	{ "priority five times",
	  { { 0x8100, 0 }, { 0x8100, 0 }, { 0x8100, 0 }, { 0x8100, 0 }, { 0x8100, 0 } },
	  -1 },
};

TEST_F(tags_test, say_which_port_a_frame_is_of)
{
	for (const tags_row &row : tags_rows) {
		uint64_t unknown = the->counters.drop[DROP_VLAN_UNKNOWN];

		receive({ mbuf(frame_of(row.tags, RTE_ETHER_TYPE_ARP, 9)) });
		struct rte_mbuf *m = punted(PUNT_ARP);
		if (row.port < 0) {
			EXPECT_EQ(nullptr, m) << row.what;
			EXPECT_EQ(unknown + 1, the->counters.drop[DROP_VLAN_UNKNOWN]) << row.what;
			continue;
		}
		ASSERT_NE(nullptr, m) << row.what;
		EXPECT_EQ(row.port, m->port) << row.what;
		EXPECT_EQ(frame_of({}, RTE_ETHER_TYPE_ARP, 9), of(m)) << row.what;
		rte_pktmbuf_free(m);
	}
	expect_all_accounted();
}

TEST_F(tags_test, frames_without_one_have_no_port_where_all_ports_have_tags)
{
	tag_map_init(&map);
	tag_map_add(&map, &config[1], 1);
	receive({ mbuf(frame_of({}, RTE_ETHER_TYPE_ARP, 0)),
		  mbuf(frame_of({ { 0x8100, 0 } }, RTE_ETHER_TYPE_ARP, 0)),
		  mbuf(frame_of({ { 0x8100, 100 } }, RTE_ETHER_TYPE_ARP, 0)) });
	EXPECT_EQ("punt_arp untagged untagged", ends());
	expect_all_accounted();
}

/* A burst of anything: tags in any number, type and order, of known VLANs and others, taken off by
 * the device or not, and frames that end anywhere. Those of one port stay in order. */
TEST_F(tags_test, sort_as_the_oracle)
{
	static const uint16_t vlans[] = { 0, 0x2000, 100, 0x6064, 200, 100, 200, 4095, 7 };
	static const uint16_t types[] = { 0x8100, 0x8100, 0x88a8, 0x9100 };
	std::mt19937 random(1);
	auto any = [&](size_t n) { return random() % n; };

	for (int round = 0; round < 3000; round++) {
		std::vector<struct rte_mbuf *> pkts;
		std::vector<octets> expected[PORTS];
		uint64_t drops[DROP_REASONS] = {}, dropped = 0, octets_of[PORTS] = {};

		*all = {};
		for (size_t n = 1 + any(FORWARD_BURST); n; n--) {
			std::vector<tag> tags(any(4)), off;

			for (tag &t : tags)
				t = { types[any(4)], vlans[any(9)] };
			struct rte_mbuf *m =
				stripped(tags, any(3), RTE_ETHER_TYPE_ARP, (uint8_t)n, &off);
			if (!any(8))
				rte_pktmbuf_trim(m, (uint16_t)any(m->data_len));
			verdict v = judge(of(m), off);
			if (v.reason == DROP_NONE) {
				expected[v.port].push_back(v.frame);
				octets_of[v.port] += v.frame.size();
			}
			drops[v.reason] += v.reason != DROP_NONE;
			dropped += v.reason != DROP_NONE;
			pkts.push_back(m);
		}
		size_t n = pkts.size();
		receive(pkts);
		EXPECT_EQ(n, the->counters.rx);
		std::vector<octets> found[PORTS];
		while (struct rte_mbuf *m = punted(PUNT_ARP)) {
			found[m->port].push_back(of(m));
			rte_pktmbuf_free(m);
		}
		for (int p = 0; p < PORTS; p++)
			ASSERT_EQ(expected[p], found[p]) << "round " << round << " port " << p;
		for (int i = 0; i < DROP_REASONS; i++)
			ASSERT_EQ(drops[i], all->device[0].drop[i])
				<< drop_reason_name((enum drop_reason)i) << " in round " << round;
		ASSERT_EQ(dropped, all->device[0].rx);
		for (int p = 0; p < PORTS; p++) {
			ASSERT_EQ(expected[p].size(), all->port[p].rx);
			ASSERT_EQ(expected[p].size(), all->port[p].punted[PUNT_ARP]);
			ASSERT_EQ(octets_of[p], all->port[p].rx_bytes);
		}
		memset(the->punt.queued, 0, sizeof(the->punt.queued));
	}
}

/* A packet that comes by each port and leaves by each other one has the tags of that one, and is
 * otherwise what it would be without any; whether the device puts tags on or we do. */
TEST_F(tags_test, are_those_of_the_port_that_a_packet_leaves_by)
{
	for (int from = 0; from < PORTS; from++) {
		for (int to = 0; to < 2 * PORTS; to++) {
			int port = to % PORTS;
			bool inserts = to >= PORTS;

			if (from == port)
				continue;
			the->devices[port].inserts_vlan = inserts;
			tx_open();
			struct rte_mbuf *m = frame(from, ::to(remote_addr(port)));
			octets plain = of(m), wire, wanted;
			struct tag_header in = the->ports[from].tags, out = the->ports[port].tags;

			rte_pktmbuf_free(m);
			plain.insert(plain.begin() + 12, in.octets, in.octets + in.len);
			receive({ mbuf(plain) });
			m = sent(port);
			ASSERT_NE(nullptr, m) << ends();
			EXPECT_EQ(inserts && out.len == 4, !!(m->ol_flags & RTE_MBUF_F_TX_VLAN));
			if (m->ol_flags & RTE_MBUF_F_TX_VLAN) {
				ASSERT_EQ(0, rte_vlan_insert(&m));
			}
			wire = of(m);
			rte_pktmbuf_free(m);
			wanted = octets(gateway_mac, gateway_mac + 6);
			wanted.insert(wanted.end(), the->ports[port].mac.addr_bytes,
				      the->ports[port].mac.addr_bytes + 6);
			wanted.insert(wanted.end(), out.octets, out.octets + out.len);
			wanted.insert(wanted.end(), { 8, 0 });
			ASSERT_EQ(wanted, octets(wire.begin(), wire.begin() + (long)wanted.size()));
			wire.erase(wire.begin() + 12, wire.begin() + 12 + out.len);
			plain.erase(plain.begin() + 12, plain.begin() + 12 + in.len);
			EXPECT_EQ(plain.size(), wire.size());
			EXPECT_EQ(octets(plain.begin() + 34, plain.end()),
				  octets(wire.begin() + 34, wire.end()));
		}
	}
	expect_all_accounted();
}

/* Many at once: they are handed over as a burst, of several ports in turn. */
TEST_F(tags_test, bursts_are_sent_with_tags)
{
	std::vector<struct rte_mbuf *> pkts;
	unsigned counts[PORTS] = {};

	for (int i = 0; i < FORWARD_BURST; i++) {
		int port = 1 + (i / 20 + i % 2) % 3;

		pkts.push_back(frame(0, to(remote_addr(port))));
		counts[port]++;
	}
	receive(pkts);
	for (int p = 1; p < PORTS; p++) {
		const struct tag_header &tags = the->ports[p].tags;

		EXPECT_EQ(counts[p], all->port[p].tx);
		EXPECT_EQ(counts[p] * 68u, all->port[p].tx_bytes);

		while (struct rte_mbuf *m = sent(p)) {
			octets wire = of(m);

			EXPECT_EQ(octets(tags.octets, tags.octets + tags.len),
				  octets(wire.begin() + 12, wire.begin() + 12 + tags.len));
			counts[p]--;
			rte_pktmbuf_free(m);
		}
		EXPECT_EQ(0u, counts[p]);
	}
}

TEST_F(tags_test, need_room_before_the_frame)
{
	struct tags_out out = tags_out(&the->ports[2]);
	struct rte_mbuf *pkts[3];

	for (struct rte_mbuf *&m : pkts)
		m = mbuf(frame_of({}, RTE_ETHER_TYPE_ARP, 1));
	rte_pktmbuf_prepend(pkts[1], (uint16_t)(rte_pktmbuf_headroom(pkts[1]) - 7));
	EXPECT_EQ(2, tags_push(&out, &the->counters, pkts, 3));
	EXPECT_EQ("no_headroom", ends());
	EXPECT_EQ(frame_of({ { 0x88a8, 200 }, { 0x8100, 100 } }, RTE_ETHER_TYPE_ARP, 1),
		  of(pkts[1]));
	rte_pktmbuf_free(pkts[0]);
	rte_pktmbuf_free(pkts[1]);
}

/* A port alone on its device, without tags: its frames are not sorted, and odd ones are looked at
 * as such. */
TEST_F(tags_test, on_an_untagged_port_count_if_they_name_a_vlan)
{
	const struct {
		std::vector<tag> tags;
		const char *end;
	} rows[] = {
		{ { { 0x8100, 0x8000 } }, "punt_arp" },
		{ { { 0x88a8, 0 }, { 0x8100, 0 } }, "punt_arp" },
		{ { { 0x8100, 1 } }, "vlan_unknown" },
		{ { { 0x8100, 0 }, { 0x9100, 5 } }, "vlan_unknown" },
	};

	for (const auto &row : rows) {
		for (size_t cut : { 0, 10 }) {
			octets whole = frame_of(row.tags, RTE_ETHER_TYPE_ARP, 3);

			whole.resize(whole.size() - cut);
			struct rte_mbuf *m = mbuf(whole);

			m->port = 0;
			memset(&the->counters, 0, sizeof(the->counters));
			send(0, &m, 1);
			if (cut)
				EXPECT_EQ("frame_short", ends());
			else
				EXPECT_EQ(row.end, ends());
			if ((m = punted(PUNT_ARP))) {
				EXPECT_EQ(frame_of({}, RTE_ETHER_TYPE_ARP, 3), of(m));
				rte_pktmbuf_free(m);
			}
		}
	}
}

/* What is asked of a device that has all, some or none of it. */
TEST(device_conf, asks_for_what_there_is)
{
	const uint64_t strip = RTE_ETH_RX_OFFLOAD_VLAN_STRIP, sum = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM,
		       filter = RTE_ETH_RX_OFFLOAD_VLAN_FILTER,
		       insert = RTE_ETH_TX_OFFLOAD_VLAN_INSERT,
		       fast = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	const struct {
		const char *driver;
		uint64_t rx_has, tx_has;
		bool tx_shared, tagged;
		uint64_t rx, tx;
	} rows[] = {
		{ "net_any", UINT64_MAX, UINT64_MAX, false, false, sum, fast },
		{ "net_any", strip | filter | sum, insert | fast, false, true, strip | sum,
		  insert | fast },
		{ "net_any", strip, insert | fast, true, true, strip, insert },
		{ "net_any", sum, fast, false, true, sum, fast },
		{ "net_any", 0, 0, false, true, 0, 0 },
		{ "net_virtio", strip | filter, insert, false, true, strip | filter, 0 },
		{ "net_virtio", strip | filter, insert, false, false, 0, 0 },
	};

	for (const auto &row : rows) {
		struct rte_eth_dev_info info = {};

		info.driver_name = row.driver;
		info.rx_offload_capa = row.rx_has;
		info.tx_offload_capa = row.tx_has;
		struct rte_eth_conf conf = device_conf(&info, 1, row.tx_shared, row.tagged);
		EXPECT_EQ(row.rx, conf.rxmode.offloads);
		EXPECT_EQ(row.tx, conf.txmode.offloads);
	}
}

/* A buffer that the device's driver rounds down still holds the frame. */
TEST(device_conf, room_for_a_frame_in_one_buffer)
{
	const struct {
		const char *driver;
		uint32_t frame, room;
	} rows[] = {
		{ "net_e1000_em", 1526, 2048 },	  { "net_e1000_em", 8192, 8192 },
		{ "net_e1000_em", 8193, 16384 },  { "net_e1000_em", 9034, 16384 },
		{ "net_e1000_igb", 1526, 2048 },  { "net_e1000_igb", 9216, 9216 },
		{ "net_e1000_igb", 9217, 10240 }, { nullptr, 9034, 9216 },
	};

	for (const auto &row : rows) {
		struct rte_eth_dev_info info = {};

		info.driver_name = row.driver;
		EXPECT_EQ(row.room, device_conf_room(&info, row.frame)) << row.frame;
	}
	for (const char *driver : { "net_vmxnet3", "net_e1000_em" }) {
		struct rte_eth_dev_info info = {};

		info.driver_name = driver;
		EXPECT_TRUE(device_conf_takes(&info, 16383));
		EXPECT_EQ(driver != std::string("net_vmxnet3"), device_conf_takes(&info, 16384));
	}
}

/* A device that has everything, without each: the others are asked for as before. */
TEST(device_conf, each_may_be_disabled)
{
	for (const char *driver : { "net_any", "net_virtio" }) {
		uint8_t all = 0;

		for (int disabled = OFFLOADS; disabled >= 0; disabled--) {
			struct rte_eth_dev_info info = {};
			uint8_t bit = (uint8_t)(disabled < OFFLOADS ? 1 << disabled : 0);

			info.driver_name = driver;
			info.rx_offload_capa = info.tx_offload_capa = UINT64_MAX;
			info.flow_type_rss_offloads = RTE_ETH_RSS_IP;
			device_conf_disable(&info, bit);
			struct rte_eth_conf conf = device_conf(&info, 2, false, true);
			if (!bit)
				all = device_conf_offloads(&conf);
			EXPECT_EQ(all & ~bit, device_conf_offloads(&conf))
				<< config_offload_words[disabled];
			EXPECT_EQ(RTE_ETH_MQ_RX_RSS, conf.rxmode.mq_mode);
		}
		EXPECT_EQ(driver == std::string("net_any") ? 0x37 : 0x2f, all) << driver;
	}
}

/* ethdev refuses a device that is to hand over its hash and does not spread by it. */
TEST(device_conf, hash_with_rss_alone)
{
	struct rte_eth_dev_info info = {};

	info.rx_offload_capa = RTE_ETH_RX_OFFLOAD_RSS_HASH;
	info.flow_type_rss_offloads = RTE_ETH_RSS_IP;
	EXPECT_EQ(0u, device_conf(&info, 1, false, false).rxmode.offloads);
	EXPECT_EQ(RTE_ETH_RX_OFFLOAD_RSS_HASH, device_conf(&info, 2, false, false).rxmode.offloads);
	info.flow_type_rss_offloads = 0;
	EXPECT_EQ(0u, device_conf(&info, 2, false, false).rxmode.offloads);
}

/* The oracle is DPDK's own Toeplitz hash. */
TEST(device_conf, symmetric_rss)
{
	struct rte_eth_dev_info info = {};
	struct rte_eth_conf conf;
	uint32_t seed = 1, different = 0;

	info.hash_key_size = 40;
	conf = device_conf(&info, 2, false, false);
	EXPECT_FALSE(device_conf_symmetric(&info, &conf)) << "it has no RSS";
	info.flow_type_rss_offloads = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP;
	conf = device_conf(&info, 2, false, false);
	ASSERT_TRUE(device_conf_symmetric(&info, &conf));
	ASSERT_EQ(40, conf.rx_adv_conf.rss_conf.rss_key_len);
	for (int i = 0; i < 1000; i++) {
		uint32_t there[3], back[3]; /* addresses, ports */

		for (uint32_t &word : there)
			word = seed = seed * 1664525 + 1013904223;
		back[0] = there[1];
		back[1] = there[0];
		back[2] = there[2] << 16 | there[2] >> 16;

		const uint8_t *key = conf.rx_adv_conf.rss_conf.rss_key;
		uint32_t hash = rte_softrss(there, 3, key);

		ASSERT_EQ(hash, rte_softrss(back, 3, key));
		ASSERT_EQ(rte_softrss(there, 2, key), rte_softrss(back, 2, key)) << "fragments";
		different += hash % 2;
	}
	EXPECT_NEAR(500, different, 100) << "flows are spread";
	info.hash_key_size = 0;
	EXPECT_FALSE(device_conf_symmetric(&info, &conf)) << "it takes no key";
}

} // namespace
