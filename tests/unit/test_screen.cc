/* Screening: every variant that this CPU can use finds the same as the plain one, bit for bit; and
 * what the plain one finds to be everyday passes every check of the odd ones. */
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "ip4.h"
#include "screen_variants.h"

namespace
{

enum { FRAME = 128, ROUNDS = 3000, EDGES = 12 };

/* Octets of addresses at which something begins or ends. */
const uint8_t edges[EDGES] = { 0, 1, 2, 126, 127, 128, 130, 223, 224, 239, 240, 255 };

const struct rte_ether_addr our_mac = { { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 } };

uint32_t table[1 << 24]; /* never looked into, only asked for */

std::vector<const struct screen *> usable()
{
	std::vector<const struct screen *> all;

	for (const struct screen *const *s = screens; *s; s++) {
		if ((*s)->usable())
			all.push_back(*s);
	}
	return all;
}

/* A burst with its frames and adjacencies, of whom most are good. */
struct case_maker {
	std::mt19937 random;
	struct sources sources = {};
	uint8_t octets[FORWARD_BURST][FRAME] = {};
	struct adjacency adjacency[FORWARD_BURST] = {};
	struct burst burst = {};
	uint16_t from = 1;
	uint8_t gates = 0x3c;

	explicit case_maker(uint32_t seed) : random(seed)
	{
		/* as sources_init() does of 10.0.0.1, 10.0.0.130 and 10.0.0.255 */
		sources.addr[0] = 0x0a000001;
		sources.addr[1] = 0x0a000082;
		sources.addr[2] = 0x0a0000ff;
		for (int octet = 0; octet <= SOURCES_OCTET; octet++)
			sources.first[octet] =
				(uint16_t)((octet > 1) + (octet > 130) + (octet > 255));
		for (uint8_t octet : { 1, 130, 255 })
			sources.some[octet / 64] |= UINT64_C(1) << octet % 64;
	}

	uint32_t below(uint32_t n)
	{
		return (uint32_t)random() % n;
	}
	void frame(uint16_t i);
	void way(uint16_t i);
	void make(uint16_t n);
};

void case_maker::frame(uint16_t i)
{
	uint8_t *at = octets[i];
	auto *ip = (struct rte_ipv4_hdr *)(at + RTE_ETHER_HDR_LEN);
	uint16_t total = (uint16_t)(20 + below(80));

	for (int k = 0; k < FRAME; k++)
		at[k] = (uint8_t)random();
	memcpy(at, &our_mac, sizeof(our_mac));
	at[12] = 8;
	at[13] = 0;
	ip->version_ihl = 0x45;
	ip->total_length = rte_cpu_to_be_16(total);
	burst.frame_len[i] = (uint16_t)(RTE_ETHER_HDR_LEN + total + (below(3) ? 0 : below(12)));
	for (uint32_t k = below(4) ? 0 : 1 + below(3); k; k--) /* any octet, or any bit of it */
		at[below(34)] = below(2) ? (uint8_t)random() : (uint8_t)(1u << below(8));
	if (below(8) == 0)
		((uint8_t *)&ip->src_addr)[below(2) * 3] = edges[below(EDGES)];
	if (below(8) == 0)
		*(uint8_t *)&ip->dst_addr = edges[below(EDGES)];
	if (below(8) == 0)
		ip->time_to_live = (uint8_t)below(3);
	if (below(8) == 0)
		ip->total_length = rte_cpu_to_be_16((uint16_t)below(below(2) ? 22 : 65536));
	ip->hdr_checksum = 0;
	ip->hdr_checksum = (uint16_t)~rte_raw_cksum(ip, 20);
	if (below(8) == 0)
		ip->hdr_checksum = (uint16_t)(below(2) ? random() : ip->hdr_checksum ^ 0xffff);
	if (below(8) == 0)
		burst.frame_len[i] = (uint16_t)below(FRAME);
	burst.frame[i] = at;
}

void case_maker::way(uint16_t i)
{
	struct adjacency *to = &adjacency[i];

	*to = {};
	for (uint8_t &octet : to->rewrite)
		octet = (uint8_t)random();
	if (below(3) == 0) /* of the neighbour that it came from, or of one like it */
		memcpy(&to->rewrite[ADJACENCY_TAIL], &octets[i][10], 1 + below(2));
	to->port = (uint16_t)(below(16) ? below(3) : random());
	to->mtu = (uint16_t)(below(4) ? 1500 : burst.total_len[i] - 1 + below(3));
	to->action = below(8) ? (uint8_t)ADJACENCY_FORWARD : (uint8_t)random();
	to->egress_role = (uint8_t)(below(8) ? 2 + below(4) : random());
	to->claimed = (uint8_t)random();
	to->reserved = (uint8_t)random();
	to->gateway = (uint32_t)random();
	burst.adjacency[i] = to;
}

void case_maker::make(uint16_t n)
{
	burst.n = n;
	for (uint16_t i = 0; i < n; i++)
		frame(i);
	for (uint16_t i = n; i % BURST_STEP; i++) {
		burst.frame[i] = burst.frame[0];
		burst.frame_len[i] = 0;
	}
}

void expect_same(const struct burst &want, const struct burst &got, const char *name)
{
	for (uint16_t i = 0; i < want.n; i++) {
		ASSERT_EQ(want.dst[i], got.dst[i]) << name << " packet " << i;
		ASSERT_EQ(want.total_len[i], got.total_len[i]) << name << " packet " << i;
		ASSERT_EQ(want.src_tail[i], got.src_tail[i]) << name << " packet " << i;
		/* that without a TTL has no next hop */
		if (want.frame[i][RTE_ETHER_HDR_LEN + IP4_TTL]) {
			ASSERT_EQ(want.hop[i], got.hop[i]) << name << " packet " << i;
		}
	}
}

TEST(screen, the_widest_is_chosen_and_there_is_one)
{
	std::vector<const struct screen *> all = usable();

	EXPECT_STREQ("plain", screens[0]->name);
	EXPECT_EQ(all.back(), screen_choose());
#ifdef RTE_ARCH_X86_64
	EXPECT_LE(2u, all.size()) << "DPDK is built for SSE4.2";
#endif
}

TEST(screen, every_variant_finds_the_same)
{
	uint64_t odd = 0, good = 0, padded = 0, odd_ways = 0, good_ways = 0;
	case_maker c(42);

	for (int round = 0; round < ROUNDS; round++) {
		struct screen_port port = { &our_mac, &c.sources, table };
		struct screen_headers want;
		struct screen_ways way;
		struct burst got;

		c.make((uint16_t)(1 + c.below(FORWARD_BURST)));
		want = screens[0]->headers(&port, &c.burst);
		for (uint16_t i = 0; i < c.burst.n; i++)
			c.way(i);
		for (uint16_t i = c.burst.n; i % BURST_STEP; i++)
			c.burst.adjacency[i] = c.burst.adjacency[0];
		c.gates = (uint8_t)(c.below(4) ? 0x3c : c.random());
		way = screens[0]->ways(&c.burst, c.gates, c.from);
		for (const struct screen *s : usable()) {
			struct screen_headers h;
			struct screen_ways w;

			got = c.burst;
			memset(got.dst, 0xaa, sizeof(got.dst));
			memset(got.hop, 0xaa, sizeof(got.hop));
			h = s->headers(&port, &got);
			ASSERT_EQ(want.odd, h.odd) << s->name;
			ASSERT_EQ(want.padded, h.padded) << s->name;
			expect_same(c.burst, got, s->name);
			w = s->ways(&got, c.gates, c.from);
			ASSERT_EQ(way.odd, w.odd) << s->name;
			ASSERT_EQ(way.together, w.together) << s->name;
			for (uint16_t i = 0; i < got.n; i++)
				ASSERT_EQ(got.adjacency[i]->port, got.port[i]) << s->name;
			for (uint16_t to : { (uint16_t)got.port[got.n - 1], c.from })
				ASSERT_EQ(screens[0]->leaving(&got, to), s->leaving(&got, to))
					<< s->name;
		}
		odd += (uint64_t)__builtin_popcountll(want.odd);
		padded += (uint64_t)__builtin_popcountll(want.padded);
		good += c.burst.n - (uint64_t)__builtin_popcountll(want.odd);
		odd_ways += (uint64_t)__builtin_popcountll(way.odd);
		good_ways += c.burst.n - (uint64_t)__builtin_popcountll(way.odd);
	}
	/* it has met enough of each */
	for (uint64_t n : { odd, good, padded, odd_ways, good_ways })
		EXPECT_LT(ROUNDS, (int64_t)n);
}

TEST(screen, an_everyday_header_passes_every_check)
{
	case_maker c(7);

	for (int round = 0; round < ROUNDS; round++) {
		struct screen_port port = { &our_mac, &c.sources, table };
		struct screen_headers found;

		c.make(FORWARD_BURST);
		found = screen_choose()->headers(&port, &c.burst);
		for (uint16_t i = 0; i < c.burst.n; i++) {
			auto *ip =
				(const struct rte_ipv4_hdr *)(c.burst.frame[i] + RTE_ETHER_HDR_LEN);
			uint32_t source = rte_be_to_cpu_32(ip->src_addr);

			if (found.odd >> i & 1)
				continue;
			ASSERT_EQ(DROP_NONE,
				  ip4_check(ip, c.burst.frame_len[i] - RTE_ETHER_HDR_LEN, false));
			ASSERT_FALSE(sources_has(&c.sources, source));
			ASSERT_EQ(0, memcmp(c.burst.frame[i], &our_mac, sizeof(our_mac)));
		}
	}
}

/* Each single bit that a right frame has wrong. */
TEST(screen, one_wrong_bit_is_odd)
{
	case_maker c(1);

	for (int bit = 0; bit < 8 * 34; bit++) {
		struct screen_port port = { &our_mac, &c.sources, table };
		int octet = bit / 8;
		uint64_t want;

		c.make(1);
		c.burst.frame_len[0] = 14 + 40;
		memset(c.octets[0] + RTE_ETHER_HDR_LEN, 0x21, 20);
		c.octets[0][14] = 0x45;
		c.octets[0][16] = 0;
		c.octets[0][17] = 40;
		memcpy(c.octets[0], &our_mac, sizeof(our_mac));
		c.octets[0][12] = 8;
		c.octets[0][13] = 0;
		auto *ip = (struct rte_ipv4_hdr *)(c.octets[0] + RTE_ETHER_HDR_LEN);
		ip->hdr_checksum = 0;
		ip->hdr_checksum = (uint16_t)~rte_raw_cksum(ip, 20);
		for (const struct screen *s : usable())
			ASSERT_EQ(0u, s->headers(&port, &c.burst).odd) << s->name;
		c.octets[0][octet] ^= (uint8_t)(1 << bit % 8);
		want = octet < 6 || octet > 11; /* but for the source */
		for (const struct screen *s : usable())
			ASSERT_EQ(want, s->headers(&port, &c.burst).odd)
				<< s->name << " bit " << bit;
	}
}

} // namespace
