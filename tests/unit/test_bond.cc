/* A bond of two devices in memory, and a far end that speaks LACP through them. The driver hands
 * LACPDUs on ten times a second by the clock; all other time is ours. */
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <thread>

#include <rte_eth_bond.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_malloc.h>
#include <rte_udp.h>

#include "device.h"
#include "device_recovery.h"

namespace
{

enum { MEMBERS = 2, READER = 1, FLOWS = 64 };

struct rte_ether_addr our_mac = { { 2, 0, 0, 0, 0, 8 } }; /* rings have none */
const uint8_t far_mac[6] = { 2, 0, 0, 0, 0, 9 };

struct bond_test : testing::Test {
	static struct rte_mempool *pool;
	static int made;

	struct rte_ring *in[MEMBERS], *out[MEMBERS];
	char names[MEMBERS][32];
	struct config_dataplane config = {};
	struct device device = {};
	struct device_recovery recovery = {};
	struct rte_rcu_qsbr *qsbr;
	struct bond_way way = {};
	struct lacp far;
	uint64_t now_ms = 1000000;

	void SetUp() override
	{
		struct config_port *port = &config.ports[0];
		struct device_wants wants = { .nb_rxq = 1, .nb_lcores = 1 };
		size_t size = rte_rcu_qsbr_get_memsize(RTE_MAX_LCORE);
		uint16_t ids[CONFIG_PORTS];

		if (!pool)
			pool = rte_pktmbuf_pool_create("bond", 4095, 0, 0,
						       RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
		wants.pool = way.pool = pool;
		for (int i = 0; i < MEMBERS; i++) {
			std::string name = "bond" + std::to_string(made++);

			in[i] = rte_ring_create((name + "i").c_str(), 256, SOCKET_ID_ANY, 0);
			out[i] = rte_ring_create((name + "o").c_str(), 256, SOCKET_ID_ANY, 0);
			ASSERT_LE(0, rte_eth_from_rings(name.c_str(), &in[i], 1, &out[i], 1,
							SOCKET_ID_ANY));
			snprintf(names[i], sizeof(names[i]), "net_ring_%s", name.c_str());
			port->members[port->nb_members++] = names[i];
		}
		config.nb_ports = 1;
		snprintf(port->name, sizeof(port->name), "er%d", made);
		port->device = (char *)"bond:both";
		port->mtu = 1500;
		ASSERT_EQ(0, devices_find(&config, ids));
		ASSERT_EQ(0, rte_eth_bond_mac_address_set(ids[0], &our_mac));
		ASSERT_EQ(0, device_open(&device, ids[0], &config, 0, wants));
		ASSERT_EQ(0, device_start(&device));
		ASSERT_EQ(0, devices_listen(&device, 1));
		qsbr = (struct rte_rcu_qsbr *)rte_zmalloc(nullptr, size, RTE_CACHE_LINE_SIZE);
		rte_rcu_qsbr_init(qsbr, RTE_MAX_LCORE);
		lacp_init(&far, far_mac, MEMBERS);
	}
	void TearDown() override
	{
		device_recovery_end(&recovery);
		devices_forget(&device, 1);
		device_close(&device);
		for (int i = 0; i < MEMBERS; i++) {
			drain(in[i]);
			drain(out[i]);
			rte_ring_free(in[i]);
			rte_ring_free(out[i]);
		}
		rte_free(qsbr);
		EXPECT_EQ(rte_mempool_avail_count(pool), pool->size) << "a frame is still held";
	}
	static unsigned int drain(struct rte_ring *ring)
	{
		struct rte_mbuf *m;
		unsigned int n = 0;

		for (; !rte_ring_dequeue(ring, (void **)&m); n++)
			rte_pktmbuf_free(m);
		return n;
	}
	/* What the far end has heard, and says, by member i. */
	void far_turn(int i)
	{
		uint8_t pdu[LACP_PDU_LEN];
		struct rte_mbuf *m;

		lacp_link(&far, (uint16_t)i, true, now_ms);
		while (!rte_ring_dequeue(out[i], (void **)&m)) {
			auto *ether = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);

			if (ether->ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_SLOW))
				lacp_received(&far, (uint16_t)i, (const uint8_t *)(ether + 1),
					      m->data_len - sizeof(*ether), now_ms);
			rte_pktmbuf_free(m);
		}
		lacp_step(&far, now_ms);
		if (!lacp_transmit(&far, (uint16_t)i, pdu, now_ms))
			return;
		m = frame(RTE_ETHER_TYPE_SLOW, pdu, sizeof(pdu));
		if (rte_ring_enqueue(in[i], m))
			rte_pktmbuf_free(m);
	}
	struct rte_mbuf *frame(uint16_t type, const void *what, size_t len)
	{
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
		auto *ether = (struct rte_ether_hdr *)rte_pktmbuf_append(
			m, (uint16_t)(sizeof(struct rte_ether_hdr) + len));

		memset(ether->dst_addr.addr_bytes, 0xff, 6);
		memcpy(ether->src_addr.addr_bytes, far_mac, 6);
		ether->ether_type = rte_cpu_to_be_16(type);
		memcpy(ether + 1, what, len);
		return m;
	}
	struct rte_mbuf *packet(uint16_t flow)
	{
		struct {
			struct rte_ipv4_hdr ip;
			struct rte_udp_hdr udp;
			uint8_t octets[8];
		} p = {};

		p.ip.version_ihl = RTE_IPV4_VHL_DEF;
		p.ip.next_proto_id = IPPROTO_UDP;
		p.udp.src_port = rte_cpu_to_be_16(flow);
		return frame(RTE_ETHER_TYPE_IPV4, &p, sizeof(p));
	}
	/* What the bond receives. */
	uint16_t receive()
	{
		struct rte_mbuf *pkts[FLOWS];
		uint16_t n = rte_eth_rx_burst(device.id, 0, pkts, FLOWS);

		rte_pktmbuf_free_bulk(pkts, n);
		return n;
	}
	/* How many of FLOWS packets it sends by each member. */
	void send(unsigned int by[MEMBERS])
	{
		struct rte_mbuf *pkts[FLOWS];
		uint16_t sent;

		for (int i = 0; i < MEMBERS; i++)
			drain(out[i]);
		for (uint16_t i = 0; i < FLOWS; i++)
			pkts[i] = packet(i);
		sent = rte_eth_tx_burst(device.id, 0, pkts, FLOWS);
		rte_pktmbuf_free_bulk(&pkts[sent], FLOWS - sent);
		for (int i = 0; i < MEMBERS; i++)
			by[i] = drain(out[i]);
	}
	uint32_t turn(uint32_t links)
	{
		return bond_turn(
			&device.bond, &way,
			[](uint16_t member, void *up) {
				return (*(uint32_t *)up & 1u << member) != 0;
			},
			&links, now_ms);
	}
	/* The far end speaks on those of `speaks` alone. */
	bool agree(uint32_t wanted, uint32_t speaks = 3, uint32_t links = 3)
	{
		for (int i = 0; i < 60; i++, now_ms += 500) {
			uint32_t carrying = turn(links);

			if (carrying == wanted && now_ms > 1003000 + 500)
				return true;
			for (int m = 0; m < MEMBERS; m++) {
				if (speaks & 1u << m)
					far_turn(m);
				else
					drain(out[m]);
			}
			receive();
			/* until the driver has looked */
			std::this_thread::sleep_for(std::chrono::milliseconds(110));
		}
		return false;
	}
};
struct rte_mempool *bond_test::pool;
int bond_test::made;

TEST_F(bond_test, what_carries_traffic_and_what_does_not)
{
	unsigned int by[MEMBERS];
	uint32_t both = 3, first = 1;

	for (int i = 0; i < MEMBERS; i++)
		EXPECT_EQ(0, rte_ring_enqueue(in[i], packet(0)));
	EXPECT_EQ(0, receive()) << "nobody agreed to it";
	send(by);
	EXPECT_EQ(0u, by[0] + by[1]);

	ASSERT_TRUE(agree(both));
	EXPECT_TRUE(device_link(&device));
	for (int i = 0; i < MEMBERS; i++) {
		EXPECT_EQ(0, memcmp(far_mac, device.bond.lacp.member[i].partner.system, 6));
		EXPECT_EQ(0, rte_ring_enqueue(in[i], packet(0)));
	}
	EXPECT_EQ(2, receive()) << "broadcasts too";
	send(by);
	EXPECT_EQ((unsigned int)FLOWS, by[0] + by[1]);
	EXPECT_LT(FLOWS / 4u, by[0]);
	EXPECT_LT(FLOWS / 4u, by[1]);

	EXPECT_EQ(first, turn(first)) << "a link that the driver does not know of is lost";
	send(by);
	EXPECT_EQ((unsigned int)FLOWS, by[0]);
	EXPECT_EQ(0, rte_ring_enqueue(in[1], packet(0)));
	EXPECT_EQ(0, receive());
	EXPECT_EQ(0u, turn(0));
	EXPECT_FALSE(device_link(&device));
	ASSERT_TRUE(agree(both));
	EXPECT_TRUE(device_link(&device));
}

/* As a NIC that is taken out, or that the kernel takes back. */
TEST_F(bond_test, a_member_that_is_taken_out_leaves_the_bond)
{
	char dir[] = "/tmp/bascule-bond-XXXXXX";
	std::filesystem::path root = mkdtemp(dir);
	uint16_t gone = device.bond.member[1].id, stays = device.bond.member[0].id;
	unsigned int by[MEMBERS];

	recovery.root = root.c_str();
	ASSERT_TRUE(agree(3));
	EXPECT_TRUE(device_recovery_step(&recovery, &device, qsbr, now_ms));
	device.bond.member[1].device = "0000:3b:00.1"; /* of which sysfs says nothing */
	EXPECT_FALSE(device_recovery_step(&recovery, &device, qsbr, now_ms));
	EXPECT_TRUE(device.paused);
	for (int i = 0; i < 1000 && recovery.state != device_recovery::RECOVERY_WORKS; i++) {
		device_recovery_step(&recovery, &device, qsbr, now_ms);
		std::this_thread::sleep_for(std::chrono::milliseconds(1));
	}
	ASSERT_EQ(device_recovery::RECOVERY_WORKS, recovery.state);
	EXPECT_FALSE(device.paused);
	EXPECT_FALSE(rte_eth_dev_is_valid_port(gone));
	EXPECT_TRUE(rte_eth_dev_is_valid_port(stays));
	ASSERT_TRUE(agree(1, 1));
	send(by);
	EXPECT_EQ((unsigned int)FLOWS, by[0]);
	std::filesystem::remove_all(root);
}

} // namespace
