/* Devices that must be reset, or have gone: nobody is on their queues meanwhile, and they come back
 * as they were. */
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <thread>

#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "device_recovery.h"
#include "port.h"
#include "tx.h"
#include "worker.h"

namespace
{

enum { READER = 1, OTHER };

struct device_recovery_test : testing::Test {
	static struct rte_mempool *pool;
	static int made;
	struct config_dataplane config = {};
	struct device device = {};
	struct device_recovery recovery = {};
	struct rte_rcu_qsbr *qsbr = nullptr;
	struct rte_ring *ring = nullptr;
	char name[32], device_name[48];
	uint64_t now_ms = 5000;

	void SetUp() override
	{
		size_t size = rte_rcu_qsbr_get_memsize(RTE_MAX_LCORE);
		struct device_wants wants = { .nb_rxq = 1, .nb_lcores = 1 };

		if (!pool)
			pool = rte_pktmbuf_pool_create("recovery", 255, 0, 0,
						       RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
		wants.pool = pool;
		snprintf(name, sizeof(name), "recovery%d", made++);
		snprintf(device_name, sizeof(device_name), "net_ring_%s", name);
		ring = rte_ring_create(name, 64, SOCKET_ID_ANY, 0);
		ASSERT_NE(nullptr, ring);

		int id = rte_eth_from_rings(name, &ring, 1, &ring, 1, SOCKET_ID_ANY);

		ASSERT_LE(0, id) << rte_errno;
		config.nb_ports = 1;
		strcpy(config.ports[0].name, "er0");
		config.ports[0].device = device_name;
		config.ports[0].mtu = 1500;
		ASSERT_EQ(0, device_open(&device, (uint16_t)id, &config, 0, wants));
		ASSERT_EQ(0, device_start(&device));
		ASSERT_EQ(0, devices_listen(&device, 1));
		qsbr = (struct rte_rcu_qsbr *)rte_zmalloc(nullptr, size, RTE_CACHE_LINE_SIZE);
		rte_rcu_qsbr_init(qsbr, RTE_MAX_LCORE);
		rte_rcu_qsbr_thread_register(qsbr, READER);
		rte_rcu_qsbr_thread_online(qsbr, READER);
	}
	void TearDown() override
	{
		device_recovery_end(&recovery);
		devices_forget(&device, 1);
		device_close(&device);
		rte_ring_free(ring);
		rte_free(qsbr);
	}
	void fails(uint32_t event)
	{
		__atomic_or_fetch(&device.events, event, __ATOMIC_RELEASE);
	}
	bool step()
	{
		return device_recovery_step(&recovery, &device, qsbr, now_ms);
	}
	/* Until the thread that is at work has ended. */
	bool worked()
	{
		bool works = step();

		while (recovery.state == device_recovery::RECOVERY_AT_WORK) {
			std::this_thread::yield();
			works = step();
		}
		return works;
	}
	void put()
	{
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

		ASSERT_EQ(0, rte_ring_enqueue(ring, m));
	}
};

struct rte_mempool *device_recovery_test::pool;
int device_recovery_test::made;

/* Neighbour discovery is sent to groups: a device with IPv6 hears them, after a reset too. */
TEST_F(device_recovery_test, groups_are_heard_where_there_is_ipv6)
{
	const uint8_t own[16] = { 0x20, 1, 0xd, 0xb8, 1 };

	ASSERT_EQ(0, rte_eth_allmulticast_disable(device.id));
	ASSERT_EQ(0, device_revive(&device));
	ASSERT_EQ(0, rte_eth_allmulticast_get(device.id));
	config.ports[0].addresses[0] = { addr_make6(own), 64 };
	config.ports[0].nb_addresses = 1;
	ASSERT_EQ(0, device_revive(&device));
	EXPECT_EQ(1, rte_eth_allmulticast_get(device.id));
}

TEST_F(device_recovery_test, works_until_something_is_said)
{
	EXPECT_TRUE(step());
	EXPECT_FALSE(device.paused);
}

TEST_F(device_recovery_test, a_reset_waits_for_who_is_on_its_queues)
{
	struct rte_ether_addr mac = device.mac, now;
	struct rte_mbuf *m;

	fails(DEVICE_EVENT_RESET);
	for (int i = 0; i < 5; i++) {
		EXPECT_FALSE(step());
		EXPECT_EQ(device_recovery::RECOVERY_PAUSING, recovery.state);
	}
	EXPECT_TRUE(device.paused);
	rte_rcu_qsbr_quiescent(qsbr, READER);
	EXPECT_TRUE(worked());
	EXPECT_FALSE(device.paused);
	rte_eth_macaddr_get(device.id, &now);
	EXPECT_EQ(0, memcmp(&mac, &now, sizeof(mac)));
	put();
	ASSERT_EQ(1, rte_eth_rx_burst(device.id, 0, &m, 1)) << "it was set up and started";
	rte_pktmbuf_free(m);
}

/* Of a device of two queues each lcore may be on one. */
TEST_F(device_recovery_test, a_reset_waits_for_every_lcore)
{
	rte_rcu_qsbr_thread_register(qsbr, OTHER);
	rte_rcu_qsbr_thread_online(qsbr, OTHER);
	for (unsigned int last : { READER, OTHER }) {
		fails(DEVICE_EVENT_RESET);
		EXPECT_FALSE(step());
		rte_rcu_qsbr_quiescent(qsbr, READER + OTHER - last);
		EXPECT_FALSE(step());
		EXPECT_EQ(device_recovery::RECOVERY_PAUSING, recovery.state);
		EXPECT_TRUE(device.paused);
		rte_rcu_qsbr_quiescent(qsbr, last);
		EXPECT_TRUE(worked());
		EXPECT_FALSE(device.paused);
	}
}

TEST_F(device_recovery_test, what_fails_is_tried_again)
{
	fails(DEVICE_EVENT_RESET);
	step();
	rte_rcu_qsbr_quiescent(qsbr, READER);
	config.ports[0].rx_queues = 7; /* which the device has not */
	testing::internal::CaptureStderr();
	EXPECT_FALSE(worked());
	EXPECT_NE(std::string::npos, testing::internal::GetCapturedStderr().find(
					     "has 1 receive queues at most, 7 are"));
	EXPECT_EQ(device_recovery::RECOVERY_WAITING, recovery.state);
	config.ports[0].rx_queues = 0;
	now_ms += DEVICE_RETRY_MS - 1;
	EXPECT_FALSE(worked());
	EXPECT_TRUE(device.paused);
	now_ms++;
	EXPECT_TRUE(worked());
	EXPECT_FALSE(device.paused);
}

TEST_F(device_recovery_test, a_reset_that_is_asked_for_meanwhile_is_one_more)
{
	fails(DEVICE_EVENT_RESET);
	step();
	rte_rcu_qsbr_quiescent(qsbr, READER);
	step(); /* at work */
	fails(DEVICE_EVENT_RESET);
	EXPECT_FALSE(worked());
	now_ms += DEVICE_RETRY_MS;
	EXPECT_TRUE(worked());
}

TEST_F(device_recovery_test, what_has_gone_is_let_go_of)
{
	uint16_t id = device.id;

	fails(DEVICE_EVENT_REMOVED);
	EXPECT_FALSE(step());
	EXPECT_TRUE(rte_eth_dev_is_valid_port(id)) << "somebody may be on its queues";
	rte_rcu_qsbr_quiescent(qsbr, READER);
	EXPECT_FALSE(worked());
	EXPECT_FALSE(rte_eth_dev_is_valid_port(id));
	now_ms += 10 * DEVICE_RETRY_MS;
	EXPECT_FALSE(worked());
	EXPECT_TRUE(device.paused);
}

/* A PCI device that the kernel unbinds, by a sysfs of the test's: few drivers say a word. */
struct pci_recovery_test : device_recovery_test {
	std::filesystem::path root, driver;

	void SetUp() override
	{
		char dir[] = "/tmp/bascule-recovery-XXXXXX";

		device_recovery_test::SetUp();
		root = mkdtemp(dir);
		driver = root / "sys/bus/pci/devices/0000:3b:00.0/driver";
		std::filesystem::create_directories(driver.parent_path());
		bind("vfio-pci");
		strcpy(device_name, "3b:00.0");
		recovery.root = root.c_str();
	}
	void TearDown() override
	{
		device_recovery_test::TearDown();
		std::filesystem::remove_all(root);
	}
	void bind(const char *name)
	{
		std::filesystem::create_symlink(std::string("../../drivers/") + name, driver);
	}
	void unbind()
	{
		std::filesystem::remove(driver);
	}
};

TEST_F(pci_recovery_test, what_is_unbound_is_let_go_of_and_taken_again)
{
	uint16_t id = device.id;

	EXPECT_TRUE(step());
	unbind();
	EXPECT_FALSE(step());
	EXPECT_TRUE(device.paused);
	EXPECT_TRUE(rte_eth_dev_is_valid_port(id)) << "somebody may be on its queues";
	rte_rcu_qsbr_quiescent(qsbr, READER);
	EXPECT_FALSE(worked());
	EXPECT_FALSE(rte_eth_dev_is_valid_port(id));
	EXPECT_EQ(nullptr, device.held) << "EAL has it no longer";

	now_ms += 10 * DEVICE_RETRY_MS;
	EXPECT_FALSE(step());
	EXPECT_EQ(device_recovery::RECOVERY_WAITING, recovery.state) << "it has not returned";
	bind("e1000e");
	EXPECT_FALSE(step());
	EXPECT_EQ(device_recovery::RECOVERY_WAITING, recovery.state) << "it is not ours";
	unbind();
	bind("vfio-pci");
	testing::internal::CaptureStderr();
	EXPECT_FALSE(worked()); /* there is no such device in truth */
	EXPECT_NE(std::string::npos,
		  testing::internal::GetCapturedStderr().find("3b:00.0: not found"));
	EXPECT_EQ(device_recovery::RECOVERY_WAITING, recovery.state);
	EXPECT_EQ(now_ms + DEVICE_RETRY_MS, recovery.next_ms);
	EXPECT_TRUE(device.paused);
}

/* A packet for a device that is paused is dropped and counted. */
TEST_F(device_recovery_test, nothing_is_sent_meanwhile)
{
	struct counters counters = {};
	struct port port = {};
	struct rte_mbuf *m;
	static struct tx tx;

	port_init(&port, 0, &device, &config.ports[0]);
	tx_init(&tx, &counters, &port, 1, 0);
	device.paused = true;
	m = rte_pktmbuf_alloc(pool);
	tx_send(&tx, 0, m);
	tx_flush(&tx);
	EXPECT_EQ(1u, counters.drop[DROP_TX_FULL]);
	EXPECT_EQ(0u, rte_ring_count(ring));
	device.paused = false;
	tx_send(&tx, 0, rte_pktmbuf_alloc(pool));
	tx_flush(&tx);
	EXPECT_EQ(1u, rte_ring_count(ring));
	ASSERT_EQ(0, rte_ring_dequeue(ring, (void **)&m));
	rte_pktmbuf_free(m);
}

/* Nor received: a worker turns, and the packet stays where it is. */
TEST_F(device_recovery_test, nothing_is_received_meanwhile)
{
	struct worker *w = (struct worker *)rte_zmalloc(nullptr, sizeof(*w), RTE_CACHE_LINE_SIZE);
	struct fib fib = {};
	struct port port = {};

	fib.qsbr = qsbr;
	w->forwarder.fib = &fib;
	w->lcore = READER + 1;
	w->nb_rxq = 1;
	w->rxq[0].port = &port;
	w->rxq[0].paused = &device.paused;
	w->rxq[0].device = device.id;
	ASSERT_EQ(0, idle_open(&w->idle, false, IDLE_SPINS, IDLE_CALLED_US));
	device.paused = true;
	put();
	rte_rcu_qsbr_thread_offline(qsbr, READER);

	std::thread turning(worker_run, w);

	for (int turns = 0; turns < 10; turns++) {
		uint64_t token;

		while (__atomic_load_n(&qsbr->num_threads, __ATOMIC_ACQUIRE) < 2)
			std::this_thread::yield(); /* it has not begun */
		token = rte_rcu_qsbr_start(qsbr);
		rte_rcu_qsbr_check(qsbr, token, true);
	}
	__atomic_store_n(&w->stop, true, __ATOMIC_RELAXED);
	turning.join();
	EXPECT_EQ(1u, rte_ring_count(ring));
	idle_close(&w->idle);
	rte_free(w);

	struct rte_mbuf *m;

	ASSERT_EQ(0, rte_ring_dequeue(ring, (void **)&m));
	rte_pktmbuf_free(m);
}

} // namespace
