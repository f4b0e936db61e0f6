/* The fast path between rings, for tests: four ports, one of each role; each port p has
 * 10.p.0.1/24 and 2001:db8:p::1/64, and control has routes to 10.1pp.0.0/16 and 2001:db8:1pp::/48
 * through a gateway on it; IPv6 passes where a test lets it. Each packet must come to one end, and
 * be counted there. */
#ifndef BASCULE_TEST_FORWARD_RIG_H
#define BASCULE_TEST_FORWARD_RIG_H

#include <gtest/gtest.h>

#include "packets.h"
#include "packets6.h"

#include <cstdlib>
#include <cstring>
#include <string>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "adjacency.h"
#include "forward.h"
#include "ip4.h"
#include "screen_variants.h"

enum { PORTS = 4, POOL = 8191, RING = 512, MTU = 1500, NARROW = 1400 };

static const uint64_t GATE_OPEN = UINT64_MAX;
static const uint8_t gateway_mac[6] = { 0x02, 0x6a, 0, 0, 0, 1 },
		     host_mac[6] = { 0x02, 0x40, 0, 0, 0, 1 };

static inline uint32_t port_addr(int p)
{
	return 0x0a000001 | (uint32_t)p << 16; /* 10.p.0.1 */
}

static inline uint32_t remote_addr(int p)
{
	return 0x0a640005 + ((uint32_t)p << 16); /* 10.(100 + p).0.5 */
}

/* 2001:db8:p::1, and 2001:db8:(100 + p)::5, p in hexadecimal digits. */
static inline struct fib_addr port_addr6(int p)
{
	return { { 0x20010db8, (uint32_t)p << 16, 0, 1 } };
}

static inline struct fib_addr remote_addr6(int p)
{
	return { { 0x20010db8, (0x100 + (uint32_t)p) << 16, 0, 5 } };
}

static inline struct fib_prefix net6(struct fib_addr addr, uint8_t len)
{
	for (int bit = len; bit < 128; bit++)
		addr.word[bit / 32] &= ~(UINT32_C(0x80000000) >> bit % 32);
	return fib_ip6(&addr, len);
}

/* Built once: rings, tables and routes cost more than the packets. */
struct rig {
	struct rte_mempool *pool;
	struct rte_ring *ring[PORTS]; /* what a port has sent */
	struct device devices[PORTS];
	struct port ports[PORTS];
	struct fib *fib;
	struct fib_writer *writer;
	struct neighbours *neighbours;
	struct sources sources;
	struct punt punt;
	struct counters counters;
	struct forwarder forwarder;
	uint16_t gateway[PORTS]; /* adjacency indexes */

	int port_make(int p);
	int seed(int p, struct fib_prefix prefix, uint8_t action);
	int route(int p);
	int make();
};

inline int rig::port_make(int p)
{
	std::string name = "ring" + std::to_string(p);
	struct rte_eth_conf conf = {};
	int id;

	ring[p] = rte_ring_create(name.c_str(), RING, 0, 0);
	id = rte_eth_from_ring(ring[p]);
	if (id != p || rte_eth_dev_configure((uint16_t)id, 1, 1, &conf) ||
	    rte_eth_rx_queue_setup((uint16_t)id, 0, 64, 0, nullptr, pool) ||
	    rte_eth_tx_queue_setup((uint16_t)id, 0, 64, 0, nullptr) ||
	    rte_eth_dev_start((uint16_t)id))
		return -1;
	devices[p].id = (uint16_t)id;
	ports[p].device = &devices[p];
	ports[p].id = (uint16_t)id;
	ports[p].role = (uint8_t)p;
	ports[p].mtu = MTU;
	ports[p].addr = port_addr(p);
	ports[p].mac = { { 0x02, 0, 0, 0, 0, (uint8_t)p } };
	return 0;
}

inline int rig::seed(int p, struct fib_prefix prefix, uint8_t action)
{
	struct fib_seed s = {};

	s.prefix = prefix;
	s.action = action;
	s.egress_role = (uint8_t)p;
	s.port = (uint16_t)p;
	s.mtu = MTU;
	return fib_seed(fib, &s);
}

inline int rig::route(int p)
{
	uint32_t list;

	if (fib_adjacency_claim(writer, fib_addr_ip4(port_addr(p) + 1), (uint16_t)p, (uint8_t)p,
				&gateway[p]) ||
	    fib_path_list_get(writer, &gateway[p], 1, PATH_LIST_NONE, &list))
		return -1;
	for (uint8_t view = 0; view < PORTS; view++) {
		if (fib_set(writer, view, fib_ip4(remote_addr(p) & 0xffff0000, 16), list) ||
		    fib_set(writer, view, net6(remote_addr6(p), 48), list))
			return -1;
	}
	return 0;
}

inline int rig::make()
{
	struct fib_params params = {};

	pool = rte_pktmbuf_pool_create("packets", POOL, 0, PUNT_PRIVATE, RTE_MBUF_DEFAULT_BUF_SIZE,
				       0);
	params.name = "fib";
	params.views = 0xf;
	params.tbl8_groups = 64;
	params.max_threads = RTE_MAX_LCORE;
	params.views6 = params.views;
	params.trie6_groups = 8192;
	if (!pool || fib_create(&params, &fib) || punt_open(&punt))
		return -1;
	for (int p = 0; p < PORTS; p++) {
		struct fib_port shared = {};

		shared.port = (uint16_t)p;
		shared.role = (uint8_t)p;
		shared.mtu = MTU;
		if (port_make(p) || fib_port_add(fib, &shared) ||
		    seed(p, fib_ip4(port_addr(p), 32), ADJACENCY_LOCAL) ||
		    seed(p, fib_ip4(port_addr(p) | 0xff, 32), ADJACENCY_BROADCAST) ||
		    seed(p, fib_ip4(port_addr(p) & ~0xffu, 32), ADJACENCY_BROADCAST) ||
		    seed(p, fib_ip4(port_addr(p) & ~0xffu, 24), ADJACENCY_GLEAN) ||
		    seed(p, net6(port_addr6(p), 128), ADJACENCY_LOCAL) ||
		    seed(p, net6(port_addr6(p), 64), ADJACENCY_GLEAN))
			return -1;
	}
	if (fib_ready(fib) || fib_writer_open(fib, &writer))
		return -1;
	for (int p = 0; p < PORTS; p++) {
		if (route(p))
			return -1;
	}
	fib_publish(writer);
	sources_init(&sources, fib);
	neighbours = neighbours_new(fib->qsbr);
	return neighbours ? 0 : -1;
}

inline struct rig *the;

struct forward : testing::Test {
	static void SetUpTestSuite()
	{
		the = (struct rig *)aligned_alloc(64, RTE_CACHE_LINE_ROUNDUP(sizeof(*the)));
		memset((void *)the, 0, sizeof(*the));
		ASSERT_EQ(0, the->make());
	}
	static void TearDownTestSuite()
	{
		neighbours_free(the->neighbours);
		punt_close(&the->punt);
		fib_writer_close(the->writer);
		for (uint16_t p = 0; p < PORTS; p++)
			rte_eth_dev_stop(p);
		fib_destroy(the->fib);
		free(the);
	}
	void SetUp() override
	{
		memset(&the->counters, 0, sizeof(the->counters));
		the->forwarder.fib = the->fib;
		the->forwarder.tbl8_groups = the->fib->tbl8_groups;
		the->forwarder.trie6_groups = the->fib->trie6_groups;
		the->forwarder.lookup6 = trie6_lookup_choose();
		the->forwarder.neighbours = the->neighbours;
		the->forwarder.sources = &the->sources;
		the->forwarder.screen = screen_choose();
		the->forwarder.punt = &the->punt;
		the->forwarder.counters = &the->counters;
		tx_init(&the->forwarder.tx, &the->counters, the->ports, PORTS, 0);
		fib_gate_set(the->fib, GATE_OPEN);
		for (int p = 0; p < PORTS; p++) {
			adjacency(p)->mtu = MTU;
			adjacency_resolve(adjacency(p), gateway_mac, the->ports[p].mac.addr_bytes);
		}
	}
	void TearDown() override
	{
		drain();
		EXPECT_EQ((unsigned)POOL, rte_mempool_avail_count(the->pool)) << "mbufs leaked";
	}
	static struct adjacency *adjacency(int p)
	{
		return &the->fib->generation[the->fib->active].adjacencies[the->gateway[p]];
	}
	static struct rte_mbuf *frame(int p, const frame_fields &f)
	{
		return frame_make(the->pool, &the->ports[p].mac, (uint16_t)p, f);
	}
	static void send(int p, struct rte_mbuf **pkts, uint16_t n)
	{
		forward_burst(&the->forwarder, &the->ports[p], pkts, n);
		tx_flush(&the->forwarder.tx);
	}
	static struct rte_mbuf *sent(int p)
	{
		void *m = nullptr;

		return rte_ring_dequeue(the->ring[p], &m) ? nullptr : (struct rte_mbuf *)m;
	}
	static struct rte_mbuf *punted(enum punt_class class_)
	{
		void *m = nullptr;

		return rte_ring_dequeue(the->punt.ring[class_], &m) ? nullptr
								    : (struct rte_mbuf *)m;
	}
	static struct rte_mbuf *error()
	{
		void *m = nullptr;

		return rte_ring_dequeue(the->punt.errors, &m) ? nullptr : (struct rte_mbuf *)m;
	}
	/* Free whatever went anywhere. */
	static void drain()
	{
		struct rte_mbuf *m;

		for (int p = 0; p < PORTS; p++)
			while ((m = sent(p)))
				rte_pktmbuf_free(m);
		for (int c = 0; c < PUNT_CLASSES; c++)
			while ((m = punted((enum punt_class)c)))
				rte_pktmbuf_free(m);
		while ((m = error()))
			rte_pktmbuf_free(m);
		memset(the->punt.queued, 0, sizeof(the->punt.queued));
	}
	/* What became of the packets: "tx 3", "punt glean", "drop ttl_expired", in a fixed order,
	 * empty if nothing. */
	static std::string ends()
	{
		const struct counters &c = the->counters;
		std::string text;

		for (int p = 0; p < PORTS; p++)
			for (unsigned i = 0; i < rte_ring_count(the->ring[p]); i++)
				text += " tx" + std::to_string(p);
		for (int i = 0; i < PUNT_CLASSES; i++)
			for (uint64_t n = 0; n < c.punted[i]; n++)
				text += std::string(" punt_") + punt_class_name((enum punt_class)i);
		for (int i = 1; i < DROP_REASONS; i++)
			for (uint64_t n = 0; n < c.drop[i]; n++)
				text += std::string(" ") + drop_reason_name((enum drop_reason)i);
		return text.empty() ? text : text.substr(1);
	}
	static void expect_all_accounted()
	{
		const struct counters &c = the->counters;
		uint64_t sum = c.tx;

		for (uint64_t n : c.punted)
			sum += n;
		for (uint64_t n : c.drop)
			sum += n;
		ASSERT_EQ(c.rx, sum);
	}
};

/* While it lives, ports have IPv6. */
struct with_ip6 {
	with_ip6()
	{
		for (struct port &port : the->ports)
			port.ip6 = true;
	}
	~with_ip6()
	{
		for (struct port &port : the->ports)
			port.ip6 = false;
	}
};

static inline struct rte_mbuf *frame6(int p, const frame6_fields &f)
{
	return frame6_make(the->pool, &the->ports[p].mac, (uint16_t)p, f);
}

static inline frame6_fields to6(struct fib_addr dst)
{
	frame6_fields f;

	f.dst = dst;
	return f;
}

static inline frame_fields to(uint32_t dst)
{
	frame_fields f;

	f.dst = dst;
	return f;
}

#endif
