/* Punt rings and meters: bounded, counted, and independent of each other. */
#include <gtest/gtest.h>

#include <rte_arp.h>

#include "advert.h"
#include "neighbour.h"
#include "packets6.h"
#include "segments.h"

#include <set>
#include <string>

namespace
{

struct punting : testing::Test {
	static struct rte_mempool *pool;
	struct punt punt = {};
	struct counters counters = {};

	static void SetUpTestSuite()
	{
		if (!pool) /* another suite has not made it */
			pool = rte_pktmbuf_pool_create("punt", 32767, 0, PUNT_PRIVATE, 256, 0);
		ASSERT_NE(nullptr, pool);
	}
	void SetUp() override
	{
		ASSERT_EQ(0, punt_open(&punt));
	}
	void TearDown() override
	{
		punt_close(&punt);
		EXPECT_EQ(32767u, rte_mempool_avail_count(pool)) << "mbufs leaked";
	}
	/* Fill a class until it takes no more; returns what it took. */
	uint64_t fill(enum punt_class class_, uint16_t port = 0)
	{
		while (!counters.drop[DROP_RING_BGP + class_])
			punt_send(&punt, &counters, class_, packet(port));
		return counters.punted[class_];
	}
	struct rte_mbuf *packet(uint16_t port)
	{
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

		m->port = port;
		return m;
	}
	uint64_t take_all(enum punt_class class_)
	{
		struct rte_mbuf *pkts[32];
		uint64_t before, passed = 0;

		do {
			uint16_t n;

			before = counters.taken[class_];
			n = punt_take(&punt, &counters, class_, pkts, 32);
			rte_pktmbuf_free_bulk(pkts, n);
			passed += n;
		} while (counters.taken[class_] != before);
		return passed;
	}
};

struct rte_mempool *punting::pool;

} // namespace

TEST_F(punting, a_full_ring_drops_and_counts_and_leaves_the_others_alone)
{
	uint64_t took = fill(PUNT_GLEAN);

	EXPECT_GT(took, 100u);
	EXPECT_LE(took, punt_capacity());
	EXPECT_EQ(1u, counters.drop[DROP_RING_GLEAN]);
	punt_send(&punt, &counters, PUNT_BGP, rte_pktmbuf_alloc(pool));
	EXPECT_EQ(1u, counters.punted[PUNT_BGP]);
	EXPECT_EQ(0u, counters.drop[DROP_RING_BGP]);
}

TEST_F(punting, what_is_taken_passed_or_was_metered)
{
	for (int c = 0; c < PUNT_CLASSES; c++) {
		auto class_ = (enum punt_class)c;
		uint64_t took = fill(class_), passed = take_all(class_);

		EXPECT_EQ(took, counters.taken[c]) << punt_class_name(class_);
		EXPECT_EQ(took, passed + counters.drop[DROP_METER_BGP + c])
			<< punt_class_name(class_);
		EXPECT_GT(passed, 0u);
	}
	EXPECT_EQ(0u, counters.drop[DROP_METER_BGP]) << "a ring of BGP is within its burst";
}

TEST_F(punting, a_flood_meets_its_meter)
{
	while (!counters.drop
			[DROP_METER_ARP]) { /* ring after ring, until the meter's burst is spent */
		counters.drop[DROP_RING_ARP] = 0;
		fill(PUNT_ARP);
		take_all(PUNT_ARP);
	}
	EXPECT_EQ(counters.taken[PUNT_ARP], counters.punted[PUNT_ARP]);
}

/* Whatever one port sends, another one has room and rate. */
TEST_F(punting, a_flood_on_one_port_leaves_the_others_alone)
{
	for (int c = 0; c < PUNT_CLASSES; c++) {
		auto class_ = (enum punt_class)c;
		uint64_t lost, passed;

		while (!counters.drop[DROP_METER_BGP + c]) {
			counters.drop[DROP_RING_BGP + c] = 0;
			fill(class_, 1);
			take_all(class_);
		}
		counters.drop[DROP_RING_BGP + c] = 0;
		fill(class_, 1);
		lost = counters.drop[DROP_RING_BGP + c];
		for (int i = 0; i < 100; i++)
			punt_send(&punt, &counters, class_, packet(2));
		EXPECT_EQ(lost, counters.drop[DROP_RING_BGP + c]) << punt_class_name(class_);
		passed = take_all(class_);
		EXPECT_GE(passed, 100u) << punt_class_name(class_);
		for (uint32_t queued : punt.queued[c])
			EXPECT_EQ(0u, queued);
	}
}

/* The meters are for strangers: when they let nobody pass, a peer's own segments still do, of
 * either class, up to its window. */
TEST_F(punting, a_flow_of_the_kernel_passes_by_the_meters)
{
	for (auto class_ : { PUNT_BGP, PUNT_LOCAL }) {
		struct rte_mbuf *m;
		segment theirs, ours;
		uint64_t passed;

		theirs.sport = class_ == PUNT_BGP ? 179 : 5201;
		theirs.payload = octets(10);
		ours.src = theirs.dst;
		ours.dst = theirs.src;
		ours.sport = theirs.dport;
		ours.dport = theirs.sport;
		m = mbuf_of(pool, frame_of(ours));
		punt_sent(&punt, tcp_segment_of(m));
		rte_pktmbuf_free(m);
		while (!counters.drop[DROP_METER_BGP + class_]) {
			counters.drop[DROP_RING_BGP + class_] = 0;
			fill(class_);
			take_all(class_);
		}
		for (int i = 0; i < 300; i++) {
			segment stranger = theirs;

			stranger.dport++;
			punt_send(&punt, &counters, class_, mbuf_of(pool, frame_of(theirs)));
			for (int j = 0; j < 10; j++)
				punt_send(&punt, &counters, class_,
					  mbuf_of(pool, frame_of(stranger)));
		}
		passed = 0;
		for (;;) {
			struct rte_mbuf *pkts[32];
			uint64_t before = counters.taken[class_];
			uint16_t n = punt_take(&punt, &counters, class_, pkts, 32);

			for (uint16_t i = 0; i < n; i++)
				passed += parse(octets_of(pkts[i])).dport == theirs.dport;
			rte_pktmbuf_free_bulk(pkts, n);
			if (counters.taken[class_] == before)
				break;
		}
		EXPECT_EQ(300u, passed) << punt_class_name(class_);
		EXPECT_EQ(0u, counters.event[COUNTER_FLOW_METERED]) << "strangers alone";
	}
}

/* Neighbours of either family, as test code has them: with their answers. */
struct neighbouring : punting, testing::WithParamInterface<enum family> {
	const bool ip6 = GetParam() == FAMILY_IPV6;
	const enum punt_class class_ = ip6 ? PUNT_ND : PUNT_ARP;
	const struct fib_addr peer = ip6 ? addr6("2001:db8::9") : fib_addr_ip4(0x0a000009),
			      other = ip6 ? addr6("2001:db8::8") : fib_addr_ip4(0x0a000008);
	struct rte_rcu_qsbr *qsbr = (struct rte_rcu_qsbr *)aligned_alloc(64, 65536);
	struct neighbours *table = nullptr;

	void SetUp() override
	{
		punting::SetUp();
		rte_rcu_qsbr_init(qsbr, 1);
		table = neighbours_new(qsbr);
		punt.neighbours = table;
	}
	void TearDown() override
	{
		punting::TearDown();
		neighbours_free(table);
		free(qsbr);
	}
	static octets arp(const struct fib_addr &who, uint16_t operation)
	{
		octets frame(60);
		auto *ether = (struct rte_ether_hdr *)frame.data();
		auto *of = (struct rte_arp_hdr *)(ether + 1);

		ether->ether_type = htons(RTE_ETHER_TYPE_ARP);
		of->arp_protocol = htons(RTE_ETHER_TYPE_IPV4);
		of->arp_opcode = htons(operation);
		of->arp_data.arp_sip = htonl(fib_addr_to_ip4(&who));
		return frame;
	}
	static octets nd(const struct fib_addr &who, uint8_t type)
	{
		octets frame(14 + 40 + 32);
		auto *ether = (struct rte_ether_hdr *)frame.data();
		auto *ip = (struct rte_ipv6_hdr *)(ether + 1);

		ether->ether_type = htons(RTE_ETHER_TYPE_IPV6);
		ip->proto = IPPROTO_ICMPV6;
		frame[54] = type;
		addr6_store(&frame[62], who);
		return frame;
	}
	octets answer(const struct fib_addr &who)
	{
		return ip6 ? nd(who, 136) : arp(who, RTE_ARP_OP_REPLY);
	}
	octets question(const struct fib_addr &who)
	{
		return ip6 ? nd(who, 135) : arp(who, RTE_ARP_OP_REQUEST);
	}
	/* Does it pass, while the class's meter lets nobody pass? */
	bool passes(const octets &frame, uint16_t port = 0)
	{
		for (int i = 0; i < 8; i++)
			punt_send(&punt, &counters, class_, packet(port));
		take_all(class_);
		punt_send(&punt, &counters, class_, mbuf_of(pool, frame, port));
		return take_all(class_);
	}
};

/* A flood of solicitations or of answers in the names of others costs nobody his place who is known
 * or asked for: he answers, once for each time that he is asked. */
TEST_P(neighbouring, their_answers_pass_by_the_meters)
{
	struct config_meter limits[METERS];

	for (int c = 0; c < METERS; c++)
		limits[c] = punt.limit[c];
	limits[class_] = { 1, 1 };
	ASSERT_EQ(0, punt_configure(&punt, limits));
	EXPECT_FALSE(passes(answer(peer))) << "nobody knows him";
	neighbour_add(table, 0, peer, 0);
	EXPECT_FALSE(passes(question(peer)));
	EXPECT_FALSE(passes(answer(other)));
	EXPECT_FALSE(passes(answer(peer), 1)) << "by another port";
	EXPECT_TRUE(passes(answer(peer))) << "he is asked for";
	EXPECT_FALSE(passes(answer(peer))) << "he has answered";
	neighbour_get(table, 0, peer)->heard_ms -= NEIGHBOUR_ANSWER_MS;
	EXPECT_TRUE(passes(answer(peer))) << "and is asked again";
}

TEST_P(neighbouring, no_octet_of_an_answer_is_read_that_is_not_there)
{
	octets whole = answer(peer);
	struct fib_addr who;

	for (size_t len = 14; len <= whole.size(); len++) {
		octets part(whole.begin(), whole.begin() + (long)len);
		struct rte_mbuf *m = mbuf_of(pool, part);

		if (advert_of(m, &who)) {
			EXPECT_LE(ip6 ? 78u : 42u, len);
			EXPECT_TRUE(fib_addr_same(&peer, &who));
		} else {
			EXPECT_GT(ip6 ? 78u : 42u, len);
		}
		rte_pktmbuf_free(m);
	}
}

OF_BOTH_FAMILIES(neighbouring);

/* Past its window a flow is metered as strangers are, and that is told apart from them. */
TEST_F(punting, segments_past_a_window_are_told)
{
	struct rte_mbuf *m;
	segment theirs, ours, syn;
	struct config_meter limits[METERS];

	for (int c = 0; c < METERS; c++)
		limits[c] = punt.limit[c];
	limits[METER_BGP] = { 1, 7 };
	ASSERT_EQ(0, punt_configure(&punt, limits));
	theirs.sport = 179;
	theirs.payload = octets(10);
	ours.src = theirs.dst;
	ours.dst = theirs.src;
	ours.sport = theirs.dport;
	ours.dport = theirs.sport;
	syn = ours;
	syn.flags = RTE_TCP_SYN_FLAG; /* without an option: its windows are as they stand */
	for (const segment &s : { syn, ours }) {
		m = mbuf_of(pool, frame_of(s));
		punt_sent(&punt, tcp_segment_of(m));
		rte_pktmbuf_free(m);
	}
	while (!counters.event[COUNTER_FLOW_METERED]) {
		for (int i = 0; i < 4000; i++) /* at once: more than any window forgives */
			punt_send(&punt, &counters, PUNT_BGP, mbuf_of(pool, frame_of(theirs)));
		take_all(PUNT_BGP);
	}
	EXPECT_LE(counters.event[COUNTER_FLOW_METERED], counters.drop[DROP_METER_BGP]);
}

/* What the configuration says: of the class that it changes, and of no other. */
TEST_F(punting, meters_are_as_configured)
{
	struct config_meter limits[METERS];
	uint64_t passed;

	for (int c = 0; c < METERS; c++)
		limits[c] = punt.limit[c];
	EXPECT_EQ((uint32_t)METER_ARP_RATE, limits[METER_ARP].rate);
	EXPECT_EQ((uint32_t)METER_GLEAN_BURST, limits[METER_GLEAN].burst);
	for (int i = 0; i < 400; i++)
		punt_send(&punt, &counters, PUNT_LOCAL, packet(0));
	EXPECT_EQ(400u, take_all(PUNT_LOCAL));
	limits[METER_ARP] = { 1, 7 };
	ASSERT_EQ(0, punt_configure(&punt, limits));
	for (int i = 0; i < 100; i++)
		punt_send(&punt, &counters, PUNT_ARP, packet(0));
	passed = take_all(PUNT_ARP);
	EXPECT_GE(passed, 7u);
	EXPECT_LT(passed, 100u) << "unless it took a minute";
	for (uint16_t port = 1; port < 4; port++)
		for (int i = 0; i < 100; i++)
			punt_send(&punt, &counters, PUNT_ARP, packet(port));
	EXPECT_LT(take_all(PUNT_ARP), 100u) << "all together, twice as much";
	EXPECT_EQ(1u, punt.limit[PUNT_ARP].rate);
	EXPECT_EQ((uint32_t)METER_LOCAL_RATE, punt.limit[PUNT_LOCAL].rate);
}

TEST_F(punting, errors_carry_their_note)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool), *out = nullptr;

	punt_error(&punt, &counters, PUNT_ERROR_TOO_BIG, 1400, m);
	ASSERT_EQ(1, punt_take_errors(&punt, &out, 1));
	EXPECT_EQ(m, out);
	EXPECT_EQ(PUNT_ERROR_TOO_BIG, punt_note(out)->error);
	EXPECT_EQ(1400, punt_note(out)->mtu);
	rte_pktmbuf_free(out);
	while (!counters.event[COUNTER_ICMP_RING_FULL])
		punt_error(&punt, &counters, PUNT_ERROR_TTL_EXPIRED, 0, rte_pktmbuf_alloc(pool));
}

TEST(counters, every_name_is_there_once)
{
	std::set<std::string> names;

	for (int i = 0; i < DROP_REASONS; i++)
		EXPECT_TRUE(names.insert(drop_reason_name((enum drop_reason)i)).second) << i;
	for (int i = 0; i < COUNTER_EVENTS; i++)
		EXPECT_TRUE(names.insert(counter_event_name((enum counter_event)i)).second) << i;
	for (int i = 0; i < PUNT_CLASSES; i++)
		EXPECT_TRUE(names.insert(punt_class_name((enum punt_class)i)).second) << i;
}

/* The main lcore sleeps until it is called: by the first worker that has handed something over, and
 * by no other. */
TEST_F(punting, the_consumer_is_called_once_a_sleep)
{
	struct pollfd fd = { -1, POLLIN, 0 };
	struct idle idle;

	punt_send(&punt, &counters, PUNT_BGP, packet(0));
	punt_wake(&punt); /* nobody sleeps */
	ASSERT_EQ(0, idle_open(&idle, true, 1, IDLE_CALLED_US));
	fd.fd = idle.wake.fd;
	punt.consumer = &idle.wake;
	punt_wake(&punt);
	EXPECT_EQ(0, poll(&fd, 1, 0)) << "it is awake";
	EXPECT_EQ(0, idle_turn(&idle, false));
	punt_wake(&punt);
	EXPECT_EQ(1, poll(&fd, 1, 0));
	idle_sleep(&idle, IDLE_CALLED_US);
	punt_wake(&punt);
	EXPECT_EQ(0, poll(&fd, 1, 0)) << "it was called before, and has not gone to sleep again";
	idle_close(&idle);
}
