/* Screening: every variant that this CPU can use finds the same as the plain one, bit for bit; and
 * what the plain one finds to be everyday passes every check of the odd ones. Tables hold anything,
 * also what no writer writes. */
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "ip4.h"
#include "screen_variants.h"

namespace
{

enum { FRAME = 128, ROUNDS = 3000, EDGES = 12, GROUPS = 16, LISTS = 128, WAYS = 128 };

/* Octets of addresses at which something begins or ends. */
const uint8_t edges[EDGES] = { 0, 1, 2, 126, 127, 128, 130, 223, 224, 239, 240, 255 };

const struct rte_ether_addr our_mac = { { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 } };

std::vector<const struct screen *> usable()
{
	std::vector<const struct screen *> all;

	for (const struct screen *const *s = screens; *s; s++) {
		if ((*s)->usable())
			all.push_back(*s);
	}
	return all;
}

/* Tables as in shared memory, whose pages are there once they are used. */
struct tables {
	struct rte_lpm *lpm = (struct rte_lpm *)calloc(1, sizeof(struct rte_lpm));
	struct fib_generation generation = {};

	tables()
	{
		lpm->tbl8 = (struct rte_lpm_tbl_entry *)calloc(
			GROUPS * RTE_LPM_TBL8_GROUP_NUM_ENTRIES, sizeof(uint32_t));
		generation.view[0].lpm = lpm;
		generation.path_lists =
			(struct path_list *)calloc(FIB_PATH_LISTS, sizeof(struct path_list));
		generation.adjacencies =
			(struct adjacency *)calloc(FIB_ADJACENCIES, sizeof(struct adjacency));
	}
	~tables()
	{
		free(lpm->tbl8);
		free(lpm);
		free(generation.path_lists);
		free(generation.adjacencies);
	}
	uint32_t *tbl24()
	{
		return (uint32_t *)lpm->tbl24;
	}
	uint32_t *tbl8()
	{
		return (uint32_t *)lpm->tbl8;
	}
};

/* A burst with its frames, and what its destinations lead to; most are good. */
struct case_maker {
	std::mt19937 random;
	struct sources sources = {};
	struct tables tables;
	uint8_t octets[FORWARD_BURST][FRAME] = {};
	struct rte_mbuf mbufs[FORWARD_BURST] = {};
	struct rte_mbuf *pkts[FORWARD_BURST] = {};
	struct burst burst = {};
	struct screening by = {};

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
		by = { &our_mac, &sources, &tables.generation, &tables.generation.view[0], GROUPS,
		       1,	 0x3c };
	}

	uint32_t below(uint32_t n)
	{
		return (uint32_t)random() % n;
	}
	uint32_t dst_of(uint16_t i) const
	{
		auto *ip = (const struct rte_ipv4_hdr *)(octets[i] + RTE_ETHER_HDR_LEN);

		return rte_be_to_cpu_32(ip->dst_addr);
	}
	uint64_t hashed(uint64_t some) const;
	void frame(uint16_t i);
	void entry(uint32_t dst);
	void list(uint32_t index);
	void mend(uint16_t i);
	void one_list();
	void way(uint16_t index);
	void mend_way(uint16_t index);
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
	/* flows with ports and without, some of them in fragments */
	ip->next_proto_id = (uint8_t)(below(4) ? (below(2) ? 6 : 17) : random());
	ip->fragment_offset =
		below(4) ? rte_cpu_to_be_16((uint16_t)(below(2) << 14)) : (uint16_t)random();
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
	mbufs[i].buf_addr = at;
	mbufs[i].hash.rss = (uint32_t)random();
	mbufs[i].ol_flags = below(2) ? RTE_MBUF_F_RX_RSS_HASH : 0;
	burst.frame[i] = at;
}

/* Nothing is wrong with its header. */
void case_maker::mend(uint16_t i)
{
	auto *ip = (struct rte_ipv4_hdr *)(octets[i] + RTE_ETHER_HDR_LEN);
	uint16_t total = (uint16_t)(20 + below(80));

	memcpy(octets[i], &our_mac, sizeof(our_mac));
	octets[i][12] = 8;
	octets[i][13] = 0;
	ip->version_ihl = 0x45;
	ip->total_length = rte_cpu_to_be_16(total);
	ip->time_to_live = (uint8_t)(2 + below(254));
	ip->src_addr = rte_cpu_to_be_32((20 << 24) | below(1 << 24));
	ip->dst_addr = rte_cpu_to_be_32((1 + below(126)) << 24 | below(1 << 24));
	ip->hdr_checksum = 0;
	ip->hdr_checksum = (uint16_t)~rte_raw_cksum(ip, 20);
	burst.frame_len[i] = (uint16_t)(RTE_ETHER_HDR_LEN + total + (below(8) ? 0 : below(12)));
}

/* How many of `some` packets take one of several next hops by their ports, which the device has not
 * hashed. */
uint64_t case_maker::hashed(uint64_t some) const
{
	uint64_t n = 0;

	for (; some; some &= some - 1) {
		int i = __builtin_ctzll(some);
		auto *ip = (const struct rte_ipv4_hdr *)(octets[i] + RTE_ETHER_HDR_LEN);

		n += tables.generation.path_lists[burst.path_list[i]].nb_members > 1 &&
		     !(mbufs[i].ol_flags & RTE_MBUF_F_RX_RSS_HASH) && !ip4_is_fragment(ip) &&
		     (ip->next_proto_id == IPPROTO_TCP || ip->next_proto_id == IPPROTO_UDP) &&
		     burst.total_len[i] >= IP4_HEADER + 4;
	}
	return n;
}

/* A route, none, or what is longer than 24 bits: that, none, or spoilt. */
void case_maker::entry(uint32_t dst)
{
	uint32_t path = below(LISTS) | (below(8) ? 0 : below(256) << 16);
	uint32_t group = below(8) ? below(GROUPS) : GROUPS + below(1 << 24) % 4096;
	uint32_t *at = &tables.tbl24()[dst >> 8];

	if (below(4) == 0) {
		*at = RTE_LPM_VALID_EXT_ENTRY_BITMASK | group;
		at = &tables.tbl8()[group % GROUPS * RTE_LPM_TBL8_GROUP_NUM_ENTRIES + dst % 256];
	}
	*at = path | (below(8) ? RTE_LPM_LOOKUP_SUCCESS : 0) | below(64) << 26;
}

void case_maker::list(uint32_t index)
{
	struct path_list *to = &tables.generation.path_lists[index];

	to->nb_members = (uint16_t)(below(4) ? 1 : below(PATH_LIST_MEMBERS + 1));
	for (uint16_t &member : to->member)
		member = (uint16_t)(below(WAYS) | (below(8) ? 0 : 3 * FIB_ADJACENCIES));
	for (uint8_t &bucket : to->bucket)
		bucket = (uint8_t)random();
}

/* The same one for all of the burst, or all but the last; mostly of one member. */
void case_maker::one_list()
{
	uint32_t index = below(LISTS);
	uint16_t n = (uint16_t)(burst.n - below(2));

	tables.generation.path_lists[index].nb_members =
		(uint16_t)(below(4) ? 1 : below(PATH_LIST_MEMBERS + 1));
	for (uint16_t i = 0; i < n; i++)
		tables.tbl24()[dst_of(i) >> 8] = index | RTE_LPM_LOOKUP_SUCCESS;
}

/* As packets of the burst might like it. */
void case_maker::way(uint16_t index)
{
	struct adjacency *to = &tables.generation.adjacencies[index];
	uint16_t i = (uint16_t)below(burst.n);
	uint16_t total_len = (uint16_t)(octets[i][16] << 8 | octets[i][17]);

	for (uint8_t &octet : to->rewrite)
		octet = (uint8_t)random();
	if (below(3) == 0) /* of the neighbour that it came from, or of one like it */
		memcpy(&to->rewrite[ADJACENCY_TAIL], &octets[i][10], 1 + below(2));
	to->port = (uint16_t)(below(16) ? below(3) : random());
	to->mtu = (uint16_t)(below(4) ? 1500 : total_len - 1 + below(3));
	to->action = below(8) ? (uint8_t)ADJACENCY_FORWARD : (uint8_t)random();
	to->egress_role = (uint8_t)(below(8) ? 2 + below(4) : random());
	to->claimed = (uint8_t)random();
	to->reserved = (uint8_t)random();
	for (uint32_t &word : to->gateway.word)
		word = (uint32_t)random();
}

/* It is met by whoever came by port 1, and leaves by port 0 or 2. */
void case_maker::mend_way(uint16_t index)
{
	struct adjacency *to = &tables.generation.adjacencies[index];

	to->port = below(4) ? 2 : 0;
	to->mtu = 1500;
	to->action = ADJACENCY_FORWARD;
	to->egress_role = (uint8_t)(2 + below(4));
}

void case_maker::make(uint16_t n)
{
	bool alike = below(4) == 0; /* all by one port or two */
	bool everyday = below(4) == 0;

	burst.n = n;
	burst.hop_at = RTE_ETHER_HDR_LEN + IP4_TTL;
	burst.pkt = pkts;
	for (uint16_t i = 0; i < n; i++) {
		pkts[i] = &mbufs[i];
		frame(i);
		if (everyday)
			mend(i);
	}
	for (uint16_t i = n; i % BURST_STEP; i++) {
		burst.frame[i] = burst.frame[0];
		burst.frame_len[i] = 0;
	}
	for (uint16_t i = 0; i < n; i++)
		entry(dst_of(i));
	for (uint32_t k = 0; k < LISTS; k++)
		list(k);
	if (below(4) == 0)
		one_list();
	for (uint16_t k = 0; k < WAYS; k++) {
		way(k);
		if (everyday)
			mend_way(k);
		else if (alike)
			tables.generation.adjacencies[k].port = (uint16_t)(below(16) == 0);
	}
	tables.generation.view[0].default_path_list[FIB_IP4] =
		below(2) ? below(1 << 20) : below(LISTS);
	by.gates = (uint8_t)(everyday || below(4) ? 0x3c : random());
}

/* A header that is right: for `by`, and otherwise of nobody's interest. */
struct rte_ipv4_hdr *good_frame(case_maker *c)
{
	auto *ip = (struct rte_ipv4_hdr *)(c->octets[0] + RTE_ETHER_HDR_LEN);

	c->make(1);
	c->burst.frame_len[0] = RTE_ETHER_HDR_LEN + 40;
	memcpy(c->octets[0], &our_mac, sizeof(our_mac));
	c->octets[0][12] = 8;
	c->octets[0][13] = 0;
	memset(ip, 0x21, sizeof(*ip));
	ip->version_ihl = 0x45;
	ip->total_length = rte_cpu_to_be_16(40);
	return ip;
}

void checksum(struct rte_ipv4_hdr *ip)
{
	ip->hdr_checksum = 0;
	ip->hdr_checksum = (uint16_t)~rte_raw_cksum(ip, sizeof(*ip));
}

void expect_same(const struct burst &want, const struct burst &got, uint64_t odd_headers,
		 const char *name)
{
	for (uint16_t i = 0; i < want.n; i++) {
		ASSERT_EQ(want.dst[i], got.dst[i]) << name << " packet " << i;
		ASSERT_EQ(want.total_len[i], got.total_len[i]) << name << " packet " << i;
		ASSERT_EQ(want.src_tail[i], got.src_tail[i]) << name << " packet " << i;
		/* that without a TTL has no next hop */
		if (want.frame[i][RTE_ETHER_HDR_LEN + IP4_TTL]) {
			ASSERT_EQ(want.hop[i], got.hop[i]) << name << " packet " << i;
		}
		if (odd_headers >> i & 1)
			continue;
		ASSERT_EQ(want.path_list[i], got.path_list[i]) << name << " packet " << i;
		ASSERT_EQ(want.adjacency[i], got.adjacency[i]) << name << " packet " << i;
		ASSERT_EQ(want.port[i], got.port[i]) << name << " packet " << i;
	}
}

void expect_same_picked(const struct burst &b, uint64_t some, const struct screen *s)
{
	struct screen_picked want, got;
	uint16_t n = screens[0]->pick(&b, some, &want);

	ASSERT_EQ(__builtin_popcountll(some), n);
	ASSERT_EQ(n, s->pick(&b, some, &got)) << s->name;
	ASSERT_EQ(0, memcmp(want.pkt, got.pkt, n * sizeof(*got.pkt))) << s->name;
}

/* Where all leave by `way`; NULL: each by its own. Frames are as before afterwards. */
void expect_same_rewritten(case_maker *c, const struct burst &b, const struct adjacency *way,
			   const struct screen *s)
{
	uint8_t before[FORWARD_BURST][FRAME], want[FORWARD_BURST][FRAME];

	for (uint16_t i = 0; i < b.n && way; i++)
		ASSERT_EQ(way, b.adjacency[i]) << s->name << " packet " << i;
	memcpy(before, c->octets, sizeof(before));
	screens[0]->rewrite(&b, nullptr);
	memcpy(want, c->octets, sizeof(want));
	memcpy(c->octets, before, sizeof(before));
	s->rewrite(&b, way);
	ASSERT_EQ(0, memcmp(want, c->octets, sizeof(want))) << s->name;
	memcpy(c->octets, before, sizeof(before));
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
	uint64_t odd = 0, good = 0, padded = 0, spoilt = 0, odd_ways = 0, good_ways = 0, apart = 0;
	uint64_t hashed = 0, one_way = 0;
	case_maker c(42);

	for (int round = 0; round < ROUNDS; round++) {
		struct screened want;
		struct burst got;
		uint64_t all;

		c.make((uint16_t)(1 + c.below(c.below(2) ? FORWARD_BURST : 4)));
		all = burst_mask(c.burst.n);
		want = screens[0]->burst(&c.by, &c.burst);
		for (const struct screen *s : usable()) {
			struct screened found;

			got = c.burst;
			memset(got.dst, 0xaa, sizeof(got.dst));
			memset(got.hop, 0xaa, sizeof(got.hop));
			memset(got.path_list, 0xaa, sizeof(got.path_list));
			memset(got.adjacency, 0xaa, sizeof(got.adjacency));
			memset(got.port, 0xaa, sizeof(got.port));
			found = s->burst(&c.by, &got);
			ASSERT_EQ(want.odd_headers, found.odd_headers) << s->name;
			ASSERT_EQ(want.padded, found.padded) << s->name;
			ASSERT_EQ(want.odd_ways, found.odd_ways) << s->name;
			ASSERT_EQ(want.spoilt, found.spoilt) << s->name;
			if (!(want.odd_headers | want.odd_ways)) {
				ASSERT_EQ(want.apart, found.apart) << s->name;
				apart += want.apart != 0;
				one_way += found.way && got.n > 16;
				expect_same_rewritten(&c, got, found.way, s);
			}
			expect_same(c.burst, got, want.odd_headers, s->name);
			for (uint32_t port : { got.port[got.n - 1], 0u, 1u })
				ASSERT_EQ(screens[0]->leaving(&got, (uint16_t)port),
					  s->leaving(&got, (uint16_t)port))
					<< s->name;
			expect_same_picked(c.burst, all & ((uint64_t)c.random() << 32 | c.random()),
					   s);
		}
		odd += (uint64_t)__builtin_popcountll(want.odd_headers);
		padded += (uint64_t)__builtin_popcountll(want.padded);
		spoilt += (uint64_t)__builtin_popcountll(want.spoilt);
		good += (uint64_t)__builtin_popcountll(all & ~want.odd_headers);
		odd_ways += (uint64_t)__builtin_popcountll(want.odd_ways);
		good_ways +=
			(uint64_t)__builtin_popcountll(all & ~want.odd_headers & ~want.odd_ways);
		hashed += c.hashed(all & ~want.odd_headers);
	}
	/* it has met enough of each */
	for (uint64_t n : { odd, good, padded, odd_ways, good_ways })
		EXPECT_LT(ROUNDS, (int64_t)n);
	EXPECT_LT(ROUNDS / 10, (int64_t)spoilt);
	EXPECT_LT(ROUNDS / 10, (int64_t)hashed);
	EXPECT_LT(ROUNDS / 100, (int64_t)apart);
	EXPECT_LT(ROUNDS / 100, (int64_t)one_way);
}

TEST(screen, an_everyday_header_passes_every_check)
{
	case_maker c(7);

	for (int round = 0; round < ROUNDS; round++) {
		struct screened found;

		c.make(FORWARD_BURST);
		found = screen_choose()->burst(&c.by, &c.burst);
		for (uint16_t i = 0; i < c.burst.n; i++) {
			auto *ip =
				(const struct rte_ipv4_hdr *)(c.burst.frame[i] + RTE_ETHER_HDR_LEN);
			uint32_t source = rte_be_to_cpu_32(ip->src_addr);

			if (found.odd_headers >> i & 1)
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
		int octet = bit / 8;
		uint64_t want;

		checksum(good_frame(&c));
		for (const struct screen *s : usable())
			ASSERT_EQ(0u, s->burst(&c.by, &c.burst).odd_headers) << s->name;
		c.octets[0][octet] ^= (uint8_t)(1 << bit % 8);
		want = octet < 6 || octet > 11; /* but for the source */
		for (const struct screen *s : usable())
			ASSERT_EQ(want, s->burst(&c.by, &c.burst).odd_headers)
				<< s->name << " bit " << bit;
	}
}

/* Our own addresses are no sources; those that end alike are everyday. */
TEST(screen, only_our_own_sources_are_odd)
{
	case_maker c(2);

	for (uint32_t net : { 0x0a000000u, 0x0a000100u, 0x0b000000u }) {
		for (uint32_t octet = 0; octet < 256; octet++) {
			struct rte_ipv4_hdr *ip = good_frame(&c);
			uint64_t want =
				net == 0x0a000000 && (octet == 1 || octet == 130 || octet == 255);

			ip->src_addr = rte_cpu_to_be_32(net | octet);
			checksum(ip);
			for (const struct screen *s : usable())
				ASSERT_EQ(want, s->burst(&c.by, &c.burst).odd_headers)
					<< s->name << " octet " << octet;
		}
	}
}

} // namespace
