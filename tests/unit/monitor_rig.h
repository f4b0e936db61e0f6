/* Neighbours between us and the kernel, for tests: a real kernel, in a network namespace of the
 * test's own. The far end of the LCP interface is the test, which sees who is asked for and answers
 * as the hosts of a row would. */
#ifndef BASCULE_TEST_MONITOR_RIG_H
#define BASCULE_TEST_MONITOR_RIG_H

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <rte_arp.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "dataplane.h"
#include "hosts.h"
#include "log.h"
#include "monitor.h"
#include "statics.h"

using mac = std::vector<uint8_t>;

static const mac A = { 2, 0, 0, 0, 0, 0xa }, B = { 2, 0, 0, 0, 0, 0xb };
static const uint32_t US = 0x0a000201, HOST = 0x0a000209; /* 10.0.2.1/24, 10.0.2.9 */
static const uint32_t FOR_A_MINUTE = 60000; /* ms: everything that is due by time is due */

struct monitor : testing::Test {
	static struct rte_mempool *pool;
	static struct rte_rcu_qsbr *qsbr;
	static int home; /* the network namespace that we came from */
	char device_name[16] = "net_ring";
	struct config_port config_port = {};
	struct device device = {};
	struct port port = {};
	struct counters counters = {};
	struct fib fib = {};
	struct lcp lcp = {};
	struct netlink other = {}; /* somebody else, such as an operator */
	struct slowpath *s = nullptr;
	struct config config = {};
	struct config_neighbour list[2] = {};
	const uint16_t ids[1] = { 0 };
	uint64_t later_ms = 0;
	std::map<uint32_t, mac> hosts; /* who answers, and from where */
	struct asking {
		uint32_t who;
		bool everybody; /* a broadcast; else the address that it had was asked */
	};
	std::vector<asking> asked;

	static void SetUpTestSuite()
	{
		struct rte_eth_conf conf = {};

		home = open("/proc/self/ns/net", O_RDONLY);
		if (unshare(CLONE_NEWNET))
			return;
		log_open("test", "-", LOG_LEVEL_ERROR);
		qsbr = (struct rte_rcu_qsbr *)aligned_alloc(64, 65536);
		rte_rcu_qsbr_init(qsbr, 1);
		if (!pool) { /* the suite of another family has not made them */
			pool = rte_pktmbuf_pool_create("packets", 4095, 0, PUNT_PRIVATE,
						       RTE_MBUF_DEFAULT_BUF_SIZE, 0);
			ASSERT_EQ(0, rte_eth_from_ring(rte_ring_create("port", 256, 0, 0)));
		}
		ASSERT_EQ(0, rte_eth_dev_configure(0, 1, 1, &conf));
		ASSERT_EQ(0, rte_eth_rx_queue_setup(0, 0, 64, 0, nullptr, pool));
		ASSERT_EQ(0, rte_eth_tx_queue_setup(0, 0, 64, 0, nullptr));
		ASSERT_EQ(0, rte_eth_dev_start(0));
	}
	static void TearDownTestSuite()
	{
		if (pool) {
			rte_eth_dev_stop(0);
			free(qsbr);
			setns(home, CLONE_NEWNET);
		}
		close(home);
	}
	void SetUp() override
	{
		if (!pool)
			GTEST_SKIP() << "needs a network namespace: run it as root";
		strcpy(config_port.name, "p0");
		config_port.device = device_name;
		config_port.addresses[0] = { addr_make4(US), 24 };
		config_port.nb_addresses = 1;
		device.config = &config_port;
		port.device = &device;
		port.config = &config_port;
		port.mtu = 1500;
		port.mac = { { 2, 0, 0, 0, 0, 1 } };
		s = (struct slowpath *)calloc(1, sizeof(*s));
		s->fib = &fib;
		s->neighbours = neighbours_new(qsbr);
		s->devices = &device;
		s->nb_devices = 1;
		s->ports = &port;
		s->lcp = &lcp;
		s->nb_ports = 1;
		s->counters = &counters;
		s->pool = pool;
		s->now_ms = dataplane_now_ms();
		ASSERT_EQ(0, netlink_open(&s->ask, 0));
		ASSERT_EQ(0, netlink_open(&other, 0));
		ASSERT_EQ(0, lcp_open(&lcp, &s->ask, &port, "t"));
		ASSERT_EQ(0, system("ip address add 10.0.2.1/24 dev t-p0"));
		ASSERT_EQ(0, monitor_open(s));
		until([&] { return !s->sweeping; });
	}
	void TearDown() override
	{
		if (!s)
			return;
		monitor_close(s);
		netlink_close(&s->ask);
		netlink_close(&other);
		lcp_close(&lcp);
		neighbours_free(s->neighbours);
		statics_free(&s->statics);
		free(s);
		EXPECT_EQ(4095u, rte_mempool_avail_count(pool)) << "mbufs leaked";
	}

	/* --- the far end ---------------------------------------------------------------------- */

	static struct rte_arp_hdr *arp_of(struct rte_mbuf *m)
	{
		auto *ether = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);

		return ether->ether_type == htons(RTE_ETHER_TYPE_ARP)
			       ? (struct rte_arp_hdr *)(ether + 1)
			       : nullptr;
	}
	/* From `who` at `from`: the answer to a request of ours, or to all a gratuitous one. */
	void say(uint32_t who, const mac &from, bool gratuitous = false)
	{
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
		auto *ether = (struct rte_ether_hdr *)rte_pktmbuf_append(m, 60);
		auto *arp = (struct rte_arp_hdr *)(ether + 1);

		memset(ether, 0, 60);
		memset(&ether->dst_addr, 0xff, 6);
		if (!gratuitous)
			ether->dst_addr = port.mac;
		memcpy(&ether->src_addr, from.data(), 6);
		ether->ether_type = htons(RTE_ETHER_TYPE_ARP);
		arp->arp_hardware = htons(RTE_ARP_HRD_ETHER);
		arp->arp_protocol = htons(RTE_ETHER_TYPE_IPV4);
		arp->arp_hlen = 6;
		arp->arp_plen = 4;
		arp->arp_opcode = htons(gratuitous ? RTE_ARP_OP_REQUEST : RTE_ARP_OP_REPLY);
		memcpy(&arp->arp_data.arp_sha, from.data(), 6);
		arp->arp_data.arp_sip = htonl(who);
		if (!gratuitous)
			arp->arp_data.arp_tha = port.mac;
		arp->arp_data.arp_tip = htonl(gratuitous ? who : US);
		EXPECT_TRUE(lcp_send(&lcp, m));
		rte_pktmbuf_free(m);
	}
	/* What the kernel sends is heard by those hosts. */
	virtual void heard(struct rte_mbuf *m)
	{
		auto *ether = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
		struct rte_arp_hdr *arp = arp_of(m);

		if (arp && arp->arp_opcode == htons(RTE_ARP_OP_REQUEST)) {
			uint32_t who = ntohl(arp->arp_data.arp_tip);
			bool everybody = rte_is_broadcast_ether_addr(&ether->dst_addr);
			auto at = hosts.find(who);

			asked.push_back({ who, everybody });
			if (at != hosts.end() &&
			    (everybody || !memcmp(&ether->dst_addr, at->second.data(), 6)))
				say(who, at->second);
		}
	}
	void far_end()
	{
		struct rte_mbuf *pkts[32];
		uint16_t n = lcp_receive(&lcp, pool, &counters, pkts, 32);

		for (uint16_t i = 0; i < n; i++) {
			heard(pkts[i]);
			rte_pktmbuf_free(pkts[i]);
		}
	}

	/* --- time ----------------------------------------------------------------------------- */

	void turn()
	{
		s->now_ms = dataplane_now_ms() + later_ms;
		monitor_events(s);
		monitor_turn(s);
		far_end();
	}
	/* `always` holds after each turn until it is so. */
	void until(
		const std::function<bool()> &so,
		const std::function<bool()> &always = [] { return true; })
	{
		uint64_t give_up_ms = dataplane_now_ms() + 30000;

		do {
			turn();
			ASSERT_TRUE(always());
			ASSERT_GT(give_up_ms, dataplane_now_ms());
		} while (!so());
	}
	/* Everything that is due by time happens, and what comes of it at once. */
	void time_passes()
	{
		for (int i = 0; i < 3; i++) {
			later_ms += FOR_A_MINUTE;
			for (int k = 0; k < 20; k++) {
				later_ms += MONITOR_TURN_MS;
				turn();
			}
		}
	}

	/* --- what there is -------------------------------------------------------------------- */

	struct host *host(uint32_t addr = HOST)
	{
		return neighbour_get(s->neighbours, 0, fib_addr_ip4(addr));
	}
	bool forwards(uint32_t addr = HOST)
	{
		return host(addr) && host_forwards(host(addr)) &&
		       host_adjacency(s->neighbours, host(addr))->action == ADJACENCY_FORWARD;
	}
	bool is_at(const mac &where, uint32_t addr = HOST)
	{
		return forwards(addr) &&
		       !memcmp(host_adjacency(s->neighbours, host(addr))->rewrite, where.data(), 6);
	}
	void find(const mac &where)
	{
		hosts[HOST] = where;
		hosts_want(s, 0, fib_addr_ip4(HOST));
		until([&] { return is_at(where); });
		asked.clear();
	}
	/* The kernel's words: "10.0.2.9 lladdr 02:00:00:00:00:0b PERMANENT". */
	static std::string ip(const std::string &words)
	{
		FILE *pipe = popen(("ip neigh " + words + " dev t-p0 2>&1").c_str(), "r");
		std::string text;
		char buf[256];

		while (fgets(buf, sizeof(buf), pipe))
			text += buf;
		EXPECT_EQ(0, pclose(pipe)) << words << ": " << text;
		while (!text.empty() && strchr(" \n", text.back()))
			text.pop_back();
		return text;
	}
	/* The neighbours of the configuration. */

	void configure(const std::vector<std::pair<uint32_t, mac>> &neighbours)
	{
		config.neighbours = list;
		config.nb_neighbours = neighbours.size();
		for (size_t i = 0; i < neighbours.size(); i++) {
			list[i].addr = addr_make4(neighbours[i].first);
			memcpy(list[i].mac, neighbours[i].second.data(), 6);
		}
		ASSERT_EQ(0, statics_configure(s, &config, ids));
	}
	static bool kept(const std::string &last)
	{
		return ip("show 10.0.2.9") ==
		       "10.0.2.9 lladdr 02:00:00:00:00:0" + last + " PERMANENT";
	}
};

inline struct rte_mempool *monitor::pool;
inline struct rte_rcu_qsbr *monitor::qsbr;
inline int monitor::home;

#endif
