/* ICMP errors: when, how often, and what they look like. */
#include <gtest/gtest.h>

#include "packets6.h"

#include <rte_icmp.h>

#include "icmp.h"

namespace
{

struct icmp : testing::Test {
	static struct rte_mempool *pool;
	struct port port = {};

	static void SetUpTestSuite()
	{
		pool = rte_pktmbuf_pool_create("icmp", 127, 0, PUNT_PRIVATE,
					       RTE_MBUF_DEFAULT_BUF_SIZE, 0);
		ASSERT_NE(nullptr, pool);
	}
	void SetUp() override
	{
		port.mac = { { 0x02, 0, 0, 0, 0, 9 } };
		port.addr = 0x0a000001;
	}
	void TearDown() override
	{
		EXPECT_EQ(127u, rte_mempool_avail_count(pool)) << "an mbuf leaked";
	}
	bool permitted(const frame_fields &f)
	{
		struct rte_mbuf *m = frame_make(pool, &port.mac, 0, f);
		bool yes = icmp_permitted(m);

		rte_pktmbuf_free(m);
		return yes;
	}
};

struct rte_mempool *icmp::pool;

frame_fields icmp_message(uint8_t type)
{
	frame_fields f;

	f.protocol = IPPROTO_ICMP;
	f.sport = (uint16_t)(type << 8);
	return f;
}

} // namespace

TEST_F(icmp, never_about_errors_or_later_fragments)
{
	frame_fields first, later;

	first.fragment = RTE_IPV4_HDR_MF_FLAG;
	later.fragment = 1;
	EXPECT_TRUE(permitted(frame_fields()));
	EXPECT_TRUE(permitted(first));
	EXPECT_FALSE(permitted(later));
	for (int type = 0; type < 256; type++) {
		bool error = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;

		EXPECT_EQ(!error, permitted(icmp_message((uint8_t)type))) << "type " << type;
	}
}

TEST_F(icmp, never_to_a_mac_address_of_many_or_none)
{
	struct rte_mbuf *m = frame_make(pool, &port.mac, 0, frame_fields());
	auto *ether = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);

	ether->src_addr.addr_bytes[0] |= 1;
	EXPECT_FALSE(icmp_permitted(m));
	memset(&ether->src_addr, 0, sizeof(ether->src_addr));
	EXPECT_FALSE(icmp_permitted(m));
	rte_pktmbuf_free(m);
}

TEST_F(icmp, limits_of_port_and_source)
{
	static struct icmp_limits limits;
	uint32_t passed = 0;
	auto limit = [](uint16_t port, uint32_t source, uint64_t now_ms) {
		struct fib_addr addr = fib_addr_ip4(source);

		return icmp_limit(&limits, port, &addr, now_ms);
	};

	memset(&limits, 0, sizeof(limits));
	for (int i = 0; i < 1000; i++)
		passed += limit(0, 0x0a000000 | (i & 0xff), 5000);
	EXPECT_EQ((uint32_t)ICMP_SOURCE_RATE, passed) << "one /24 gets a second's worth at once";
	passed = 0;
	for (int i = 0; i < 1000; i++)
		passed += limit(0, 0x0a000001, 5500);
	EXPECT_EQ((uint32_t)ICMP_SOURCE_RATE / 2, passed) << "and half of it in half a second";

	memset(&limits, 0, sizeof(limits));
	passed = 0;
	for (uint32_t i = 0; i < 4000; i++)
		passed += limit(0, i << 8, 5000);
	EXPECT_LE(passed, (uint32_t)ICMP_PORT_RATE) << "many /24s share the port's";
	EXPECT_GT(passed, (uint32_t)ICMP_PORT_RATE * 9 / 10);
	EXPECT_TRUE(limit(1, 0xc0000000, 5000)) << "another port has its own";
}

TEST_F(icmp, limits_of_a_network_of_ipv6)
{
	static struct icmp_limits limits;
	struct fib_addr addr = addr6("2001:db8:0:7::2");
	uint32_t passed = 0;

	memset(&limits, 0, sizeof(limits));
	for (uint32_t i = 0; i < 1000; i++) {
		addr.word[2] = addr.word[3] = i;
		passed += icmp_limit(&limits, 0, &addr, 5000);
	}
	EXPECT_EQ((uint32_t)ICMP_SOURCE_RATE, passed) << "whoever takes all addresses of a /64";
	passed = 0;
	for (uint32_t i = 0; i < 4000; i++) {
		addr.word[1] = i;
		passed += icmp_limit(&limits, 0, &addr, 5000);
	}
	EXPECT_LE(passed, (uint32_t)(ICMP_PORT_RATE - ICMP_SOURCE_RATE)) << "or of many";
	EXPECT_GT(passed, (uint32_t)ICMP_PORT_RATE * 8 / 10);
}

TEST_F(icmp, what_an_error_says)
{
	static const struct {
		enum punt_error error;
		uint8_t type, code;
		uint16_t mtu;
	} cases[] = {
		{ PUNT_ERROR_NET_UNREACHABLE, 3, 0, 0 },
		{ PUNT_ERROR_HOST_UNREACHABLE, 3, 1, 0 },
		{ PUNT_ERROR_TOO_BIG, 3, 4, 1400 },
		{ PUNT_ERROR_TTL_EXPIRED, 11, 0, 0 },
	};

	for (const auto &t : cases) {
		for (uint16_t payload : { 0, 26, 519, 520, 521, 1400 }) {
			frame_fields f;

			f.payload = payload;

			struct rte_mbuf *m = frame_make(pool, &port.mac, 0, f);
			struct fib_addr from = fib_addr_ip4(0x0a000001);
			struct rte_mbuf *answer = icmp_error(m, t.error, t.mtu, &port, &from, pool);
			struct rte_ipv4_hdr *ip = ip4_header(answer), *cause = ip4_header(m);
			auto *head = (struct rte_icmp_hdr *)(ip + 1);
			uint16_t quoted = RTE_MIN(28 + payload, 548);

			EXPECT_EQ(14 + 28 + quoted, answer->pkt_len);
			EXPECT_EQ(28 + quoted, rte_be_to_cpu_16(ip->total_length));
			EXPECT_EQ(0, memcmp(rte_pktmbuf_mtod(answer, uint8_t *), far_mac, 6));
			EXPECT_EQ(0, memcmp(rte_pktmbuf_mtod(answer, uint8_t *) + 6, &port.mac, 6));
			EXPECT_EQ(f.src, rte_be_to_cpu_32(ip->dst_addr));
			EXPECT_EQ(0x0a000001u, rte_be_to_cpu_32(ip->src_addr));
			EXPECT_EQ(0xffff, rte_raw_cksum(ip, sizeof(*ip)));
			EXPECT_EQ(0xffff, rte_raw_cksum(head, 8u + quoted));
			EXPECT_EQ(t.type, head->icmp_type);
			EXPECT_EQ(t.code, head->icmp_code);
			EXPECT_EQ(t.mtu, rte_be_to_cpu_16(head->icmp_seq_nb));
			EXPECT_EQ(0, memcmp(head + 1, cause, quoted));
			rte_pktmbuf_free(answer);
			rte_pktmbuf_free(m);
		}
	}
}
