/* IPv4 headers: the checksum that follows a TTL against a full recomputation, options, flow
 * hashes. */
#include <gtest/gtest.h>

#include <random>

#include "ip4.h"

namespace
{

struct header {
	struct rte_ipv4_hdr ip;
	uint8_t options[40];
};

header make(uint8_t options)
{
	header h = {};

	h.ip.version_ihl = (uint8_t)(0x40 | (5 + options / 4));
	h.ip.total_length = rte_cpu_to_be_16((uint16_t)(20 + options));
	h.ip.time_to_live = 64;
	h.ip.src_addr = rte_cpu_to_be_32(0x0a000001);
	h.ip.dst_addr = rte_cpu_to_be_32(0x0a000102);
	return h;
}

void fix(header &h)
{
	h.ip.hdr_checksum = 0;
	h.ip.hdr_checksum = (uint16_t)~rte_raw_cksum(&h, (h.ip.version_ihl & 15) * 4);
}

enum drop_reason judge(header &h)
{
	fix(h);
	return ip4_check(&h.ip, (h.ip.version_ihl & 15) * 4, false);
}

} // namespace

/* Every TTL with every checksum that a header can have: the sum of the other words takes all 16-bit
 * values. */
TEST(ip4, ttl_and_checksum_as_if_computed_anew)
{
	header h = make(0);

	for (uint32_t id = 0; id <= 0xffff; id++) {
		h.ip.packet_id = (uint16_t)id;
		h.ip.time_to_live = (uint8_t)(1 + id % 255);
		fix(h);
		ip4_ttl_decrement(&h.ip);
		ASSERT_TRUE(ip4_checksum_good(&h.ip, 20)) << "id " << id;

		uint16_t incremental = h.ip.hdr_checksum;

		fix(h);
		ASSERT_EQ(h.ip.hdr_checksum, incremental) << "id " << id;
	}
	for (int ttl = 255; ttl >= 1; ttl--) {
		h.ip.time_to_live = (uint8_t)ttl;
		fix(h);
		ip4_ttl_decrement(&h.ip);
		ASSERT_EQ(ttl - 1, h.ip.time_to_live);
		ASSERT_TRUE(ip4_checksum_good(&h.ip, 20)) << "ttl " << ttl;
	}
}

TEST(ip4, any_flipped_bit_is_a_bad_checksum)
{
	for (int bit = 0; bit < 20 * 8; bit++) {
		header h = make(0);

		fix(h);
		((uint8_t *)&h)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		EXPECT_NE(DROP_NONE, ip4_check(&h.ip, 20, false)) << "bit " << bit;
	}
}

TEST(ip4, options)
{
	static const struct {
		const char *name;
		uint8_t octets[8];
		enum drop_reason verdict;
	} cases[] = {
		{ "eight NOPs", { 1, 1, 1, 1, 1, 1, 1, 1 }, DROP_NONE },
		{ "end at once", { 0, 131, 0, 0, 0, 0, 0, 0 }, DROP_NONE },
		{ "record route", { 7, 7, 4, 0, 0, 0, 0, 0 }, DROP_NONE },
		{ "router alert", { 148, 4, 0, 0, 0, 0, 0, 0 }, DROP_NONE },
		{ "loose source route", { 131, 7, 4, 10, 0, 0, 1, 0 }, DROP_SOURCE_ROUTE },
		{ "strict source route behind a NOP",
		  { 1, 137, 7, 4, 10, 0, 0, 1 },
		  DROP_SOURCE_ROUTE },
		{ "length 0", { 7, 0, 0, 0, 0, 0, 0, 0 }, DROP_IP4_OPTIONS },
		{ "length 1", { 7, 1, 0, 0, 0, 0, 0, 0 }, DROP_IP4_OPTIONS },
		{ "past the header", { 7, 9, 0, 0, 0, 0, 0, 0 }, DROP_IP4_OPTIONS },
		{ "type in the last octet", { 1, 1, 1, 1, 1, 1, 1, 7 }, DROP_IP4_OPTIONS },
	};

	for (const auto &t : cases) {
		header h = make(8);

		memcpy(h.options, t.octets, sizeof(t.octets));
		EXPECT_EQ(t.verdict, judge(h)) << t.name;
	}
}

TEST(ip4, class_e_may_be_allowed)
{
	static const struct {
		uint32_t addr;
		bool source;
		enum drop_reason destination; /* allowed; strictly it is a martian or worse */
	} rows[] = {
		{ 0xf0000001, true, DROP_NONE },       { 0xfffffffe, true, DROP_NONE },
		{ 0xffffffff, false, DROP_BROADCAST }, { 0xe0000005, false, DROP_MULTICAST },
		{ 0xefffffff, false, DROP_MULTICAST },
	};

	for (const auto &t : rows) {
		EXPECT_TRUE(ip4_martian_source(t.addr)) << t.addr;
		EXPECT_NE(DROP_NONE, ip4_check_destination(t.addr)) << t.addr;
		ip4_allow_240 = true;
		EXPECT_EQ(!t.source, ip4_martian_source(t.addr)) << t.addr;
		EXPECT_EQ(t.destination, ip4_check_destination(t.addr)) << t.addr;
		ip4_allow_240 = false;
	}
}

TEST(ip4, addresses)
{
	static const struct {
		uint32_t src, dst;
		enum drop_reason verdict;
	} cases[] = {
		{ 0x0a000001, 0x0a000002, DROP_NONE },
		{ 0xa9fe0001, 0xa9fe0002,
		  DROP_NONE }, /* 169.254/16: BGP peers of VPN gateways live there */
		{ 0x00000000, 0x0a000002, DROP_MARTIAN_SOURCE },
		{ 0x00ffffff, 0x0a000002, DROP_MARTIAN_SOURCE },
		{ 0x7f000001, 0x0a000002, DROP_MARTIAN_SOURCE },
		{ 0x7fffffff, 0x0a000002, DROP_MARTIAN_SOURCE },
		{ 0xdfffffff, 0x0a000002, DROP_NONE },
		{ 0xe0000000, 0x0a000002, DROP_MARTIAN_SOURCE },
		{ 0xf0000001, 0x0a000002, DROP_MARTIAN_SOURCE },
		{ 0xffffffff, 0x0a000002, DROP_MARTIAN_SOURCE },
		{ 0x0a000001, 0x00000001, DROP_MARTIAN_DESTINATION },
		{ 0x0a000001, 0x7f000001, DROP_MARTIAN_DESTINATION },
		{ 0x0a000001, 0xdfffffff, DROP_NONE },
		{ 0x0a000001, 0xe0000005, DROP_MULTICAST },
		{ 0x0a000001, 0xefffffff, DROP_MULTICAST },
		{ 0x0a000001, 0xf0000001, DROP_MARTIAN_DESTINATION },
		{ 0x0a000001, 0xfffffffe, DROP_MARTIAN_DESTINATION },
		{ 0x0a000001, 0xffffffff, DROP_BROADCAST },
	};

	for (const auto &t : cases) {
		header h = make(0);

		h.ip.src_addr = rte_cpu_to_be_32(t.src);
		h.ip.dst_addr = rte_cpu_to_be_32(t.dst);
		EXPECT_EQ(t.verdict, judge(h)) << std::hex << t.src << " to " << t.dst;
	}
}

TEST(ip4, flows)
{
	struct {
		struct rte_ipv4_hdr ip;
		uint8_t l4[8];
	} a = {}, b;

	a.ip = make(0).ip;
	a.ip.total_length = rte_cpu_to_be_16(28);
	a.ip.next_proto_id = IPPROTO_UDP;
	b = a;
	b.l4[3] = 1;
	EXPECT_NE(ip4_flow_hash(&a.ip), ip4_flow_hash(&b.ip)) << "ports are part of a flow";
	a.ip.fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_MF_FLAG);
	b.ip.fragment_offset = rte_cpu_to_be_16(185);
	EXPECT_EQ(ip4_flow_hash(&a.ip), ip4_flow_hash(&b.ip)) << "but not of a fragment's";
	b.ip.dst_addr ^= 1;
	EXPECT_NE(ip4_flow_hash(&a.ip), ip4_flow_hash(&b.ip));
}
