/* The slow path for tests: the LCP interface is a socket pair, the port a ring. */
#ifndef BASCULE_TEST_SLOWPATH_RIG_H
#define BASCULE_TEST_SLOWPATH_RIG_H

#include <gtest/gtest.h>

#include "kernel_end.h"
#include "packets6.h"

#include <cstdlib>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "slowpath.h"

enum { POOL = 4095, RING = 256, MTU = 1400 };
/* The port's role, and the one that routes to hosts behind it have: as with a VNet behind an
 * NVA. */
enum { PORT = 1, EGRESS = 2 };

static const uint8_t host_mac[6] = { 0x02, 0x40, 0, 0, 0, 1 };

struct slow : testing::Test {
	static struct rte_mempool *pool, *indirect;
	static struct rte_ring *ring;
	static struct rte_rcu_qsbr *qsbr;
	static struct device device;
	char device_name[16] = "net_ring";
	struct config_port config_port = {};
	static struct port port;
	static struct fib *fib;
	struct fib_writer *writer = nullptr;
	struct counters counters = {};
	struct punt punt = {};
	struct lcp lcp = {};
	struct slowpath *s = nullptr;
	int kernel = -1; /* the other end of the interface */

	static void SetUpTestSuite()
	{
		struct rte_eth_conf conf = {};

		if (!pool) { /* the suite of another family has not made them */
			pool = rte_pktmbuf_pool_create("packets", POOL, 0, PUNT_PRIVATE,
						       RTE_MBUF_DEFAULT_BUF_SIZE, 0);
			indirect = rte_pktmbuf_pool_create("indirect", 255, 0, 0, 0, 0);
			ring = rte_ring_create("port", RING, 0, 0);
			ASSERT_EQ(0, rte_eth_from_ring(ring));
		}
		qsbr = (struct rte_rcu_qsbr *)aligned_alloc(64, 65536);
		rte_rcu_qsbr_init(qsbr, 1);
		ASSERT_EQ(0, rte_eth_dev_configure(0, 1, 1, &conf));
		ASSERT_EQ(0, rte_eth_rx_queue_setup(0, 0, 64, 0, nullptr, pool));
		ASSERT_EQ(0, rte_eth_tx_queue_setup(0, 0, 64, 0, nullptr));
		ASSERT_EQ(0, rte_eth_dev_start(0));
		port.device = &device;
		port.mtu = MTU;
		port.addr = 0x0a000001;
		port.up = true;
		port.mac = { { 0x02, 0, 0, 0, 0, 1 } };
		port.role = PORT;
		addr6_store(port.addr6, addr6("2001:db8:0:7::1"));
		make_fib();
	}
	/* On link behind the port: 10.1.0.0/24 and 2001:db8:1::/64. */
	static void make_fib()
	{
		struct fib_params params = {};
		struct fib_port shared = {};
		struct fib_addr on_link = addr6("2001:db8:1::");
		struct fib_seed glean = {};

		params.name = "fib";
		params.views = 1 << PORT;
		params.views6 = 1 << PORT;
		params.tbl8_groups = 64;
		params.trie6_groups = 64;
		params.max_threads = RTE_MAX_LCORE;
		shared.role = PORT;
		shared.mtu = MTU;
		glean.prefix = fib_ip4(0x0a010000, 24);
		glean.action = ADJACENCY_GLEAN;
		glean.egress_role = EGRESS;
		glean.mtu = MTU;
		ASSERT_EQ(0, fib_create(&params, &fib));
		ASSERT_EQ(0, fib_port_add(fib, &shared));
		ASSERT_EQ(0, fib_seed(fib, &glean));
		glean.prefix = fib_ip6(&on_link, 64);
		ASSERT_EQ(0, fib_seed(fib, &glean));
		ASSERT_EQ(0, fib_ready(fib));
	}
	static void gate(bool open)
	{
		fib_gate_set(fib,
			     open ? UINT64_MAX : ~(UINT64_C(1) << (PORT * FIB_VIEWS + EGRESS)));
	}
	/* A route of control's for that address: through a gateway on the port, or to hosts on link
	 * there. */
	void route(uint32_t addr, uint8_t len, uint32_t gateway)
	{
		uint16_t adjacency;
		uint32_t list;

		if (!writer) {
			ASSERT_EQ(0, fib_writer_open(fib, &writer));
		}
		ASSERT_EQ(0, fib_adjacency_claim(writer, fib_addr_ip4(gateway), 0, EGRESS,
						 &adjacency));
		ASSERT_EQ(0, fib_path_list_get(writer, &adjacency, 1, PATH_LIST_NONE, &list));
		ASSERT_EQ(0, fib_set(writer, PORT, fib_ip4(addr, len), list));
		fib_publish(writer);
	}
	static void TearDownTestSuite()
	{
		rte_eth_dev_stop(0);
		fib_destroy(fib);
		free(qsbr);
	}
	void SetUp() override
	{
		int pair[2];

		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair));
		lcp.fd = pair[0];
		lcp.frame = (uint8_t *)malloc(LCP_FRAME);
		kernel = pair[1];
		s = (struct slowpath *)calloc(1, sizeof(*s));
		s->fib = fib;
		s->tbl8_groups = fib->tbl8_groups;
		s->trie6_groups = fib->trie6_groups;
		s->neighbours = neighbours_new(qsbr);
		gate(true);
		config_port.device = device_name;
		device.config = &config_port;
		s->devices = &device;
		s->nb_devices = 1;
		s->ports = &port;
		s->lcp = &lcp;
		s->nb_ports = 1;
		s->punt = &punt;
		s->counters = &counters;
		s->pool = pool;
		s->indirect = indirect;
		s->now_ms = 1000;
		ASSERT_EQ(0, punt_open(&punt));
		ASSERT_EQ(0, netlink_open(&s->ask, 0));
		ASSERT_EQ(0, netlink_open(&s->events, 0));
		tx_init(&s->tx, &counters, &port, 1, 0);
	}
	/* The seed alone again. */
	void forget_routes()
	{
		if (!writer)
			return;
		fib_writer_close(writer);
		ASSERT_EQ(0, fib_writer_open(fib, &writer));
		fib_publish(writer);
		fib_writer_close(writer);
		writer = nullptr;
	}
	void TearDown() override
	{
		forget_routes();
		neighbours_free(s->neighbours);
		punt_close(&punt);
		netlink_close(&s->ask);
		netlink_close(&s->events);
		free(s);
		close(kernel);
		close(lcp.fd);
		free(lcp.frame);
		EXPECT_EQ((unsigned)POOL, rte_mempool_avail_count(pool)) << "mbufs leaked";
		EXPECT_EQ(255u, rte_mempool_avail_count(indirect)) << "mbufs leaked";
	}
	void run()
	{
		while (slowpath_punts(s))
			;
		tx_flush(&s->tx);
	}
	struct rte_mbuf *sent()
	{
		void *m = nullptr;

		return rte_ring_dequeue(ring, &m) ? nullptr : (struct rte_mbuf *)m;
	}
	struct rte_mbuf *frame(const frame_fields &f)
	{
		struct rte_mbuf *m = frame_make(pool, &port.mac, 0, f);

		punt_note(m)->port = 0;
		punt_note(m)->mtu = MTU;
		punt_note(m)->egress_role = EGRESS;
		return m;
	}
	struct rte_mbuf *frame6(const frame6_fields &f)
	{
		struct rte_mbuf *m = frame6_make(pool, &port.mac, 0, f);

		punt_note(m)->port = 0;
		return m;
	}
	/* A packet is taken from a ring or made, and is then sent, given to the kernel, or
	 * dropped. */
	void expect_all_accounted(uint64_t held = 0)
	{
		uint64_t in = counters.originated, out = counters.tx + counters.to_kernel + held;

		for (uint64_t n : counters.taken)
			in += n;
		for (uint64_t n : counters.drop)
			out += n;
		EXPECT_EQ(in, out);
	}
};

inline struct rte_mempool *slow::pool, *slow::indirect;
inline struct rte_ring *slow::ring;
inline struct rte_rcu_qsbr *slow::qsbr;
inline struct device slow::device;
inline struct port slow::port;
inline struct fib *slow::fib;

#endif
