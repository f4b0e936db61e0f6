/* A bond of two devices in memory, and a far end that speaks LACP through them. The driver hands
 * LACPDUs on ten times a second by the clock; all other time is ours. */
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <set>
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

/* NICs that are taken out, or that the kernel takes back, as a sysfs of the test's says. */
struct bond_unplug_test : bond_test {
	std::filesystem::path root;

	void SetUp() override
	{
		char dir[] = "/tmp/bascule-bond-XXXXXX";

		bond_test::SetUp();
		root = mkdtemp(dir);
		recovery.root = root.c_str();
	}
	void TearDown() override
	{
		bond_test::TearDown();
		std::filesystem::remove_all(root);
	}
	std::filesystem::path driver(int i)
	{
		return root / ("sys/bus/pci/devices/0000:3b:00." + std::to_string(i)) / "driver";
	}
	void take_out(int i)
	{
		static const char *const names[MEMBERS] = { "0000:3b:00.0", "0000:3b:00.1" };

		device.bond.member[i].device = names[i];
		for (int other = 0; other < MEMBERS; other++)
			std::filesystem::remove(driver(other));
	}
	void put_in(int i)
	{
		std::filesystem::create_directories(driver(i).parent_path());
		std::filesystem::create_symlink("../../drivers/vfio-pci", driver(i));
	}
	bool step()
	{
		return device_recovery_step(&recovery, &device, qsbr, now_ms);
	}
	/* Until the thread that is at work has ended. */
	bool worked()
	{
		bool works = step();

		for (int i = 0; i < 5000; i++) {
			if (recovery.state != device_recovery::RECOVERY_PAUSING &&
			    recovery.state != device_recovery::RECOVERY_AT_WORK && !recovery.joins)
				break;
			std::this_thread::sleep_for(std::chrono::milliseconds(1));
			works = step();
		}
		return works;
	}
	std::set<uint16_t> members()
	{
		uint16_t ids[RTE_MAX_ETHPORTS];
		int n = rte_eth_bond_slaves_get(device.id, ids, RTE_MAX_ETHPORTS);

		return std::set<uint16_t>(ids, ids + std::max(n, 0));
	}
	/* Those of net_null have a link then. */
	static bool started(uint16_t id)
	{
		struct rte_eth_link link = {};

		return !rte_eth_link_get_nowait(id, &link) && link.link_status == RTE_ETH_LINK_UP;
	}
	/* The DPDK device that stands for a NIC which has returned: what is sent to it is gone. */
	void stands_in(int i, const char *vdev)
	{
		put_in(i);
		EXPECT_TRUE(step());
		ASSERT_TRUE(recovery.joins) << "a NIC of that address";
		worked();
		device.bond.member[i].device = vdev;
		device.bond.member[i].to_be_taken = true;
	}
};

TEST_F(bond_unplug_test, a_member_that_is_taken_out_leaves_the_bond)
{
	uint16_t gone = device.bond.member[1].id, stays = device.bond.member[0].id;
	unsigned int by[MEMBERS];

	ASSERT_TRUE(agree(3));
	EXPECT_TRUE(step());
	take_out(1);
	EXPECT_FALSE(step());
	EXPECT_TRUE(device.paused);
	EXPECT_TRUE(worked());
	EXPECT_FALSE(device.paused);
	EXPECT_FALSE(rte_eth_dev_is_valid_port(gone));
	EXPECT_TRUE(rte_eth_dev_is_valid_port(stays));
	ASSERT_TRUE(agree(1, 1));
	send(by);
	EXPECT_EQ((unsigned int)FLOWS, by[0]);
}

/* While the bond works, and its other member carries what it carried. */
TEST_F(bond_unplug_test, a_member_that_returns_joins_the_others)
{
	uint16_t id = device.bond.member[1].id, stays = device.bond.member[0].id;
	struct rte_ether_addr mac;
	unsigned int by[MEMBERS];

	take_out(1);
	EXPECT_FALSE(step());
	EXPECT_TRUE(worked());
	ASSERT_TRUE(agree(1, 1));
	testing::internal::CaptureStderr();
	stands_in(1, "net_null7");
	EXPECT_NE(std::string::npos, testing::internal::GetCapturedStderr().find(
					     "cannot be a member of its bond again yet"))
		<< "there is no such NIC in truth";
	EXPECT_FALSE(bond_member_there(&device.bond.member[1]));
	EXPECT_FALSE(device.paused);
	EXPECT_EQ(std::set<uint16_t>{ stays }, members());

	ASSERT_EQ(0, device_join(&device));
	EXPECT_TRUE(bond_member_there(&device.bond.member[1]));
	EXPECT_EQ((std::set<uint16_t>{ id, stays }), members());
	EXPECT_TRUE(started(id));
	EXPECT_EQ(0, rte_eth_macaddr_get(id, &mac));
	EXPECT_EQ(0, memcmp(&our_mac, &mac, sizeof(mac)));
	EXPECT_EQ(1u, turn(3)) << "the other carries on, and this one has no partner";
	send(by);
	EXPECT_EQ((unsigned int)FLOWS, by[0]);
	EXPECT_EQ(LACP_RX_EXPIRED, device.bond.lacp.member[1].receive) << "it has a link";
	EXPECT_TRUE(step());
}

/* Both ports of a card: the bond waits, and goes on with the first that is back. */
TEST_F(bond_unplug_test, all_members_are_taken_out)
{
	uint16_t ids[] = { device.bond.member[0].id, device.bond.member[1].id }, mtu = 0;

	take_out(0);
	take_out(1);
	EXPECT_FALSE(step());
	EXPECT_FALSE(worked());
	EXPECT_EQ(device_recovery::RECOVERY_WAITING, recovery.state);
	EXPECT_TRUE(device.paused);
	EXPECT_EQ(std::set<uint16_t>{}, members());
	EXPECT_FALSE(device_link(&device));
	now_ms += 10 * DEVICE_RETRY_MS;
	EXPECT_FALSE(step());
	EXPECT_EQ(device_recovery::RECOVERY_WAITING, recovery.state) << "nobody has returned";

	device.payload = 1496;
	device.bond.member[1].device = "net_null8"; /* it gets the lowest number that is free */
	device.bond.member[1].to_be_taken = true;
	ASSERT_EQ(0, device_revive(&device));
	EXPECT_EQ(std::set<uint16_t>{ ids[0] }, members());
	EXPECT_EQ(ids[0], device.bond.member[1].id);
	EXPECT_EQ(ids[1], device.bond.member[0].id);
	EXPECT_TRUE(started(ids[0]));
	EXPECT_EQ(0, rte_eth_dev_get_mtu(ids[0], &mtu));
	EXPECT_EQ(1496, mtu);
}

} // namespace
