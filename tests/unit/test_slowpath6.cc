/* The slow path of IPv6: what is held for hosts on link, what is answered, by which gate. As
 * test_slowpath.cc. */
#include <gtest/gtest.h>

#include <netinet/icmp6.h>

#include "ip6.h"
#include "slowpath_rig.h"

namespace
{

struct slow6 : slow {
	struct frame6_fields fields;

	void SetUp() override
	{
		slow::SetUp();
		port.ip6 = true;
		fields.dst = addr6("2001:db8:1::5");
	}
	void TearDown() override
	{
		port.ip6 = false;
		slow::TearDown();
	}
	void glean()
	{
		punt_send(&punt, &counters, PUNT_GLEAN, frame6(fields));
		run();
	}
	struct host *host()
	{
		return neighbour_get(s->neighbours, 0, fields.dst);
	}
	void found(const uint8_t mac[6])
	{
		ASSERT_NE(nullptr, host());
		neighbour_resolve(s->neighbours, host(), mac, &port, s->now_ms);
		slowpath_release(s, host());
		tx_flush(&s->tx);
	}
	/* The type and code of the one error that was sent, back to the source; -1: none was. */
	int error()
	{
		struct rte_mbuf *m = sent();
		struct rte_ipv6_hdr *ip;
		int type = -1;

		if (!m)
			return type;
		ip = ip6_header(m);
		if (ip->proto == IPPROTO_ICMPV6) {
			struct fib_addr from = ip6_addr(ip->src_addr), to = ip6_addr(ip->dst_addr);
			struct fib_addr us = addr6("2001:db8:0:7::1");

			EXPECT_TRUE(fib_addr_same(&us, &from));
			EXPECT_TRUE(fib_addr_same(&fields.src, &to));
			type = ((uint8_t *)(ip + 1))[0] << 8 | ((uint8_t *)(ip + 1))[1];
		}
		rte_pktmbuf_free(m);
		EXPECT_EQ(nullptr, sent());
		return type;
	}
};

} // namespace

TEST_F(slow6, held_until_resolved)
{
	for (int i = 0; i < NEIGHBOUR_HELD + 2; i++)
		punt_send(&punt, &counters, PUNT_GLEAN, frame6(fields));
	run();
	EXPECT_EQ(2u, counters.drop[DROP_GLEAN_FULL]);
	expect_all_accounted(NEIGHBOUR_HELD);
	found(host_mac);
	glean(); /* on its way while that happened */
	for (int i = 0; i < NEIGHBOUR_HELD + 1; i++) {
		struct rte_mbuf *m = sent();

		ASSERT_NE(nullptr, m);
		EXPECT_EQ(0, memcmp(rte_pktmbuf_mtod(m, void *), host_mac, 6));
		EXPECT_EQ(fields.hop_limit - 1, ip6_header(m)->hop_limits);
		EXPECT_EQ(26 + 8, rte_be_to_cpu_16(ip6_header(m)->payload_len));
		rte_pktmbuf_free(m);
	}
	expect_all_accounted();
}

TEST_F(slow6, what_was_held_is_not_sent_back_to_its_sender)
{
	glean();
	found(far_mac);
	EXPECT_EQ(nullptr, sent());
	EXPECT_EQ(1u, counters.drop[DROP_BOUNCE]);
	expect_all_accounted();
}

/* Nothing of IPv6 is sent in parts. */
TEST_F(slow6, too_big_for_the_host_is_answered)
{
	for (uint16_t payload : { MTU - 48, MTU - 47 }) {
		fields.payload = payload;
		glean();
		if (!host_forwards(host()))
			found(host_mac);
		EXPECT_EQ(payload == MTU - 48 ? -1 : ICMP6_PACKET_TOO_BIG << 8, error());
	}
	EXPECT_EQ(1u, counters.drop[DROP_TOO_BIG]);
	EXPECT_EQ(0u, counters.event[COUNTER_FRAGMENTS_MADE]);
	expect_all_accounted();
}

TEST_F(slow6, answered_if_there_is_no_host)
{
	glean();
	ASSERT_NE(nullptr, host());
	neighbour_unresolve(s->neighbours, host(), HOST_FAILED, s->now_ms);
	slowpath_release(s, host());
	tx_flush(&s->tx);
	EXPECT_EQ(ICMP6_DST_UNREACH << 8 | ICMP6_DST_UNREACH_ADDR, error());
	glean();
	EXPECT_EQ(ICMP6_DST_UNREACH << 8 | ICMP6_DST_UNREACH_ADDR, error());
	EXPECT_EQ(2u, counters.drop[DROP_HOST_UNREACHABLE]);
	expect_all_accounted();
}

/* What changed while it was kept: gate, filter or routes say no now, without an answer. */
TEST_F(slow6, what_was_kept_asks_again)
{
	struct config_acl nothing = {};
	struct filter_table shut = {};
	struct acl *acl;

	glean();
	gate(false);
	found(host_mac);
	EXPECT_EQ(1u, counters.drop[DROP_GATE_CLOSED]);
	gate(true);
	nothing.deny = true;
	acl = acl_new(&nothing, 1);
	ASSERT_NE(nullptr, acl);
	shut.port[0].out = acl;
	s->filters = &shut;
	glean();
	EXPECT_EQ(1u, counters.drop[DROP_ACL_OUT]);
	s->filters = nullptr;
	acl_put(acl);
	fields.dst = addr6("2001:db8:2::5"); /* not on link any more */
	glean();
	EXPECT_EQ(1u, counters.drop[DROP_ROUTE_GONE]);
	EXPECT_EQ(nullptr, sent());
	expect_all_accounted();
}

/* Whoever scans a subnet of 2^64 hosts has few of them asked for at a time. */
TEST_F(slow6, a_scan_is_bounded)
{
	enum { SCANNED = 4 * NEIGHBOUR_PENDING };

	for (uint32_t i = 0; i < SCANNED; i++) {
		fields.dst.word[3] = i + 1;
		punt_send(&punt, &counters, PUNT_GLEAN, frame6(fields));
		if (i % 32 == 31)
			run();
		s->now_ms += 10; /* the class's meter is not what bounds it */
	}
	run();
	EXPECT_EQ((uint32_t)NEIGHBOUR_PENDING, s->neighbours->count);
	EXPECT_EQ((uint32_t)NEIGHBOUR_PENDING, s->neighbours->nb_held);
	EXPECT_GT(counters.drop[DROP_GLEAN_FULL], 0u);
	expect_all_accounted(NEIGHBOUR_PENDING);
}

TEST_F(slow6, a_port_without_ipv6_asks_for_nobody)
{
	port.ip6 = false;
	glean();
	EXPECT_EQ(nullptr, host());
	EXPECT_EQ(1u, counters.drop[DROP_HOST_UNREACHABLE]);
	EXPECT_EQ(ICMP6_DST_UNREACH << 8 | ICMP6_DST_UNREACH_ADDR, error());
}

TEST_F(slow6, errors_that_forwarding_lcores_leave)
{
	static const struct {
		enum punt_error error;
		int says;
	} rows[] = {
		{ PUNT_ERROR_NET_UNREACHABLE, ICMP6_DST_UNREACH << 8 | ICMP6_DST_UNREACH_NOROUTE },
		{ PUNT_ERROR_HOST_UNREACHABLE, ICMP6_DST_UNREACH << 8 | ICMP6_DST_UNREACH_ADDR },
		{ PUNT_ERROR_TOO_BIG, ICMP6_PACKET_TOO_BIG << 8 },
		{ PUNT_ERROR_TTL_EXPIRED, ICMP6_TIME_EXCEEDED << 8 },
	};

	for (const auto &t : rows) {
		punt_error(&punt, &counters, t.error, MTU, frame6(fields));
		run();
		EXPECT_EQ(t.says, error());
	}
	EXPECT_EQ(4u, counters.event[COUNTER_ICMP_SENT]);
}

TEST_F(slow6, a_port_without_an_address_sends_no_errors)
{
	uint8_t addr[16];

	memcpy(addr, port.addr6, sizeof(addr));
	memset(port.addr6, 0, sizeof(port.addr6));
	punt_error(&punt, &counters, PUNT_ERROR_TTL_EXPIRED, 0, frame6(fields));
	run();
	EXPECT_EQ(1u, counters.event[COUNTER_ICMP_FORBIDDEN]);
	EXPECT_EQ(nullptr, sent());
	memcpy(port.addr6, addr, sizeof(addr));
}
