/* Flows of the kernel: who is known, and how much he may send. */
#include <gtest/gtest.h>

#include "flows.h"
#include "segments.h"

namespace
{

enum { SLACK = 64 << 10, NOW = 5000 };

const octets SCALE_7 = { 1, 3, 3, 7 };

struct flowing : testing::TestWithParam<enum family> {
	static struct rte_mempool *pool;
	struct flows *flows = flows_new();
	segment theirs, ours; /* of a peer, and of the kernel */
	uint64_t now_ms = NOW;

	flowing()
	{
		theirs.family = ours.family = GetParam();
	}
	static void SetUpTestSuite()
	{
		pool = rte_pktmbuf_pool_create("flows", 63, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
		ASSERT_NE(nullptr, pool);
	}
	void SetUp() override
	{
		ours.src = theirs.dst;
		ours.dst = theirs.src;
		ours.sport = theirs.dport;
		ours.dport = theirs.sport;
		ours.seq = theirs.ack;
		ours.ack = theirs.seq;
		theirs.payload = octets(1000);
	}
	void TearDown() override
	{
		free(flows);
	}
	void sent(const segment &s)
	{
		struct rte_mbuf *m = mbuf_of(pool, frame_of(s));

		flows_sent(flows, tcp_segment_of(m), now_ms);
		rte_pktmbuf_free(m);
	}
	bool admitted(const segment &s)
	{
		struct rte_mbuf *m = mbuf_of(pool, frame_of(s));
		bool may = flows_admit(flows, m, now_ms);

		rte_pktmbuf_free(m);
		return may;
	}
	/* How many pass until one does not. */
	uint32_t pass(const segment &s)
	{
		uint32_t n = 0;

		while (n < 2000000 && admitted(s))
			n++;
		return n;
	}
	void handshake(const octets &options = {})
	{
		segment syn = ours;

		syn.flags = RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG;
		syn.options = options;
		sent(syn);
		EXPECT_FALSE(admitted(theirs)) << "an answer to a SYN proves nothing";
		sent(ours);
	}
};

struct rte_mempool *flowing::pool;

} // namespace

TEST_P(flowing, strangers_are_not_admitted)
{
	EXPECT_FALSE(admitted(theirs));
	handshake();
	EXPECT_TRUE(admitted(theirs));
	for (auto change : { +[](segment &s) { s.src++; }, +[](segment &s) { s.dst++; },
			     +[](segment &s) { s.sport++; }, +[](segment &s) { s.dport++; },
			     +[](segment &s) { s.flags |= RTE_TCP_SYN_FLAG; },
			     +[](segment &s) { s.fragment = RTE_IPV4_HDR_MF_FLAG; },
			     +[](segment &s) { s.fragment = 1; } }) {
		segment other = theirs;

		change(other);
		EXPECT_FALSE(admitted(other));
	}
}

TEST_P(flowing, as_much_as_the_window_allows)
{
	ours.window = 1000;
	for (auto [options, scale] : { std::pair{ octets{}, 0 }, { SCALE_7, 7 } }) {
		handshake(options);
		EXPECT_EQ(((1000u << scale) + SLACK) / 1000, pass(theirs));
		now_ms += 1000;
	}
	free(flows);
	flows = flows_new();
	sent(ours); /* we came later than the flow: the largest scale that there is */
	EXPECT_EQ(((1000u << 14) + SLACK) / 1000, pass(theirs));
}

TEST_P(flowing, what_is_acknowledged_may_be_sent_again)
{
	uint32_t all;

	handshake();
	all = pass(theirs);
	ours.ack += 10000;
	sent(ours);
	EXPECT_EQ(10u, pass(theirs));
	sent(ours); /* nothing new in it */
	EXPECT_EQ(0u, pass(theirs));
	ours.ack -= 10000; /* nor in an old one */
	sent(ours);
	EXPECT_EQ(0u, pass(theirs));
	now_ms += 500;
	EXPECT_NEAR(all / 2, pass(theirs), 1) << "what was lost on its way is forgiven";
	now_ms += 5000;
	EXPECT_EQ(all, pass(theirs));
}

/* Their acknowledgements carry nothing and are many: one for each segment of ours. */
TEST_P(flowing, acknowledgements_pass)
{
	handshake();
	theirs.payload.clear();
	pass(theirs);
	ours.payload = octets(1448);
	for (int i = 0; i < 5; i++) {
		sent(ours);
		EXPECT_TRUE(admitted(theirs));
	}
}

TEST_P(flowing, a_reset_ends_it)
{
	handshake();
	ours.flags |= RTE_TCP_RST_FLAG;
	sent(ours);
	EXPECT_FALSE(admitted(theirs));
}

/* SYNs, however many, put out no flow that is known; nor do others' flows those of BGP. */
TEST_P(flowing, those_that_are_known_stay)
{
	segment syn = ours;

	handshake();
	syn.flags = RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG;
	for (uint32_t i = 1; i <= 100000; i++) {
		syn.dst = ours.dst + i;
		sent(syn);
	}
	EXPECT_TRUE(admitted(theirs));
	for (uint32_t i = 1; i <= 100000; i++) {
		segment other = ours;

		other.dst += i;
		other.sport = 22;
		other.dport = 50000;
		sent(other);
	}
	EXPECT_TRUE(admitted(theirs));
}

TEST_P(flowing, the_one_that_was_silent_for_longest_goes)
{
	const uint32_t peers = 2 * FLOWS_SETS * FLOWS_WAYS;
	uint32_t known = 0, recent = 0;

	for (uint32_t i = 0; i < peers; i++) {
		segment other = ours;

		now_ms += i % 16 == 0;
		other.dst += i;
		sent(other);
	}
	for (uint32_t i = 0; i < peers; i++) {
		segment other = theirs;

		other.src += i;
		bool is = admitted(other);
		known += is;
		recent += is && i >= peers / 2;
	}
	EXPECT_GT(known, peers / 2 * 9 / 10);
	EXPECT_GT(recent, known * 6 / 10);
}

TEST_P(flowing, truncated)
{
	octets whole = frame_of(theirs);

	handshake();
	for (size_t len = 14; len < whole.size(); len++) {
		struct rte_mbuf *m =
			mbuf_of(pool, octets(whole.begin(), whole.begin() + (long)len));

		EXPECT_FALSE(flows_admit(flows, m, now_ms)) << len;
		flows_sent(flows, tcp_segment_of(m), now_ms);
		rte_pktmbuf_free(m);
	}
}

/* The same numbers of the other family, or of another network, are somebody else's. */
TEST_P(flowing, an_address_is_all_of_it)
{
	segment other = theirs;

	handshake();
	other.family = GetParam() == FAMILY_IPV4 ? FAMILY_IPV6 : FAMILY_IPV4;
	EXPECT_FALSE(admitted(other));
	for (int bit = 0; bit < 32; bit++) {
		other = theirs;
		other.src ^= UINT32_C(1) << bit;
		EXPECT_FALSE(admitted(other)) << bit;
	}
	EXPECT_TRUE(admitted(theirs));
}

OF_BOTH_FAMILIES(flowing);
