/* ICMPv6 errors: when, and what they look like. How often: test_icmp.cc. */
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "packets6.h"

#include "icmp.h"
#include "icmp6.h"

namespace
{

using fields = std::function<void(frame6_fields &)>;

struct icmp6 : testing::Test {
	static struct rte_mempool *pool;
	struct port port = {};

	static void SetUpTestSuite()
	{
		pool = rte_pktmbuf_pool_create("icmp6", 127, 0, PUNT_PRIVATE,
					       RTE_MBUF_DEFAULT_BUF_SIZE, 0);
		ASSERT_NE(nullptr, pool);
	}
	void SetUp() override
	{
		port.mac = { { 0x02, 0, 0, 0, 0, 9 } };
	}
	void TearDown() override
	{
		EXPECT_EQ(127u, rte_mempool_avail_count(pool)) << "an mbuf leaked";
	}
	struct rte_mbuf *frame(const fields &make)
	{
		frame6_fields f;

		f.dst = addr6("2001:db8:101::5");
		make(f);
		return frame6_make(pool, &port.mac, 0, f);
	}
	bool permitted(const fields &make)
	{
		struct rte_mbuf *m = frame(make);
		bool yes = icmp_permitted(m);

		rte_pktmbuf_free(m);
		return yes;
	}
};

struct rte_mempool *icmp6::pool;

/* The one's complement sum of pseudo header and payload (RFC 8200 8.1), octet by octet. */
uint32_t sum6(const struct rte_ipv6_hdr *ip)
{
	uint32_t len = rte_be_to_cpu_16(ip->payload_len), sum = len + ip->proto;
	const auto *octets = (const uint8_t *)ip;

	for (uint32_t i = 8; i < 40 + len; i++)
		sum += i % 2 ? octets[i] : octets[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* An ICMPv6 message of this type behind extension headers, the first of which is `next`. */
fields message(uint8_t type, uint8_t next = IPPROTO_ICMPV6, const std::string &extensions = "")
{
	return [=](frame6_fields &f) {
		f.next = next;
		f.extensions = extensions;
		f.sport = (uint16_t)(type << 8);
	};
}

std::string fragment(uint8_t next, uint16_t offset, bool more)
{
	uint16_t field = (uint16_t)(offset << 3 | more);

	return { (char)next, 0, (char)(field >> 8), (char)field, 0, 0, 0, 1 };
}

/* Options to the destination, as many headers as that: the last says ICMPv6. */
std::string options(int headers)
{
	std::string all;

	while (--headers)
		all += std::string("\x3c\x00\x01\x04\x00\x00\x00\x00", 8);
	return all + std::string("\x3a\x00\x01\x04\x00\x00\x00\x00", 8);
}

const struct permission {
	const char *name;
	fields make;
	bool yes;
} permissions[] = {
	{ "UDP", [](auto &) {}, true },
	{ "an ICMPv6 request behind options", message(128, IPPROTO_DSTOPTS, options(1)), true },
	{ "an ICMPv6 error behind options", message(1, IPPROTO_DSTOPTS, options(1)), false },
	{ "ICMPv6 behind more headers than are walked", message(128, IPPROTO_DSTOPTS, options(9)),
	  false },
	{ "the first fragment of UDP", message(0, IPPROTO_FRAGMENT, fragment(IPPROTO_UDP, 0, true)),
	  true },
	{ "a later one", message(0, IPPROTO_FRAGMENT, fragment(IPPROTO_UDP, 185, true)), true },
	{ "the first fragment of an ICMPv6 request",
	  message(128, IPPROTO_FRAGMENT, fragment(IPPROTO_ICMPV6, 0, true)), true },
	{ "the first fragment of an ICMPv6 error",
	  message(3, IPPROTO_FRAGMENT, fragment(IPPROTO_ICMPV6, 0, true)), false },
	{ "a later fragment of ICMPv6, whose type is not known",
	  message(128, IPPROTO_FRAGMENT, fragment(IPPROTO_ICMPV6, 185, false)), false },
	{ "a later fragment of what options hide",
	  message(128, IPPROTO_FRAGMENT, fragment(IPPROTO_DSTOPTS, 185, true)), false },
	{ "the first, which has the options, of a request",
	  message(128, IPPROTO_FRAGMENT, fragment(IPPROTO_DSTOPTS, 0, true) + options(1)), true },
	{ "and of an error",
	  message(1, IPPROTO_FRAGMENT, fragment(IPPROTO_DSTOPTS, 0, true) + options(1)), false },
	{ "from nobody", [](auto &f) { f.src = {}; }, false },
	{ "from a group", [](auto &f) { f.src = addr6("ff02::1"); }, false },
	{ "to a group", [](auto &f) { f.dst = addr6("ff0e::1"); }, false },
};

} // namespace

TEST_F(icmp6, never_about_what_is_or_may_be_an_error)
{
	for (const permission &t : permissions)
		EXPECT_EQ(t.yes, permitted(t.make)) << t.name;
	for (int type = 0; type < 256; type++)
		EXPECT_EQ(type >= 128 && type != 137, permitted(message((uint8_t)type)))
			<< "type " << type;
}

/* Whatever the length that the header tells, nothing behind it is read: AddressSanitizer sees that.
 * And what is cut to less is never answered if the whole is not. */
TEST_F(icmp6, truncations)
{
	for (const permission &t : permissions) {
		struct rte_mbuf *whole = frame(t.make);
		const auto *from = (const uint8_t *)ip6_header(whole);
		uint16_t payload = rte_be_to_cpu_16(ip6_header(whole)->payload_len);

		for (uint16_t len = 0; len < payload; len++) {
			std::vector<uint8_t> cut(from, from + 40 + len);
			auto *ip = (struct rte_ipv6_hdr *)cut.data();
			bool yes;

			ip->payload_len = rte_cpu_to_be_16(len);
			yes = icmp6_permitted(ip);
			EXPECT_LE(yes, t.yes) << t.name << " cut to " << len;
			if (ip->proto != IPPROTO_UDP && len < 8) {
				EXPECT_FALSE(yes) << t.name << " cut to " << len;
			}
		}
		rte_pktmbuf_free(whole);
	}
}

TEST_F(icmp6, never_to_a_mac_address_of_many)
{
	struct rte_mbuf *m = frame([](auto &) {});

	rte_pktmbuf_mtod(m, struct rte_ether_hdr *)->src_addr.addr_bytes[0] |= 1;
	EXPECT_FALSE(icmp_permitted(m));
	rte_pktmbuf_free(m);
}

TEST_F(icmp6, what_an_error_says)
{
	static const struct {
		enum punt_error error;
		uint8_t type, code;
		uint16_t mtu;
	} cases[] = {
		{ PUNT_ERROR_NET_UNREACHABLE, 1, 0, 0 },
		{ PUNT_ERROR_HOST_UNREACHABLE, 1, 3, 0 },
		{ PUNT_ERROR_TOO_BIG, 2, 0, 1400 },
		{ PUNT_ERROR_TTL_EXPIRED, 3, 0, 0 },
	};
	struct fib_addr from = addr6("2001:db8:0:7::1");

	for (const auto &t : cases) {
		for (uint16_t payload : { 0, 1, 1183, 1184, 1185, 1400 }) {
			struct rte_mbuf *m = frame([&](auto &f) { f.payload = payload; });
			struct rte_mbuf *answer = icmp_error(m, t.error, t.mtu, &port, &from, pool);
			auto *frame = rte_pktmbuf_mtod(answer, uint8_t *);
			struct rte_ipv6_hdr *ip = ip6_header(answer), *cause = ip6_header(m);
			auto *head = (uint8_t *)(ip + 1);
			uint16_t quoted = RTE_MIN(48 + payload, 1280 - 48);
			uint8_t mtu[4] = { 0, 0, (uint8_t)(t.mtu >> 8), (uint8_t)t.mtu };
			uint8_t wire[16];

			addr6_store(wire, from);
			EXPECT_EQ(14u + 48 + quoted, answer->pkt_len);
			EXPECT_EQ(8 + quoted, rte_be_to_cpu_16(ip->payload_len));
			EXPECT_EQ(0x60, frame[14] & 0xf0);
			EXPECT_EQ(IPPROTO_ICMPV6, ip->proto);
			EXPECT_EQ(64, ip->hop_limits);
			EXPECT_EQ(0, memcmp(frame, far_mac, 6));
			EXPECT_EQ(0, memcmp(frame + 6, &port.mac, 6));
			EXPECT_EQ(0x86dd, frame[12] << 8 | frame[13]);
			EXPECT_EQ(0, memcmp(wire, ip->src_addr, 16));
			EXPECT_EQ(0, memcmp(cause->src_addr, ip->dst_addr, 16));
			EXPECT_EQ(t.type, head[0]);
			EXPECT_EQ(t.code, head[1]);
			EXPECT_EQ(0, memcmp(mtu, head + 4, 4));
			EXPECT_EQ(0, memcmp(head + 8, cause, quoted));
			EXPECT_EQ(0xffffu, sum6(ip)) << "checksum";
			rte_pktmbuf_free(answer);
			rte_pktmbuf_free(m);
		}
	}
}
