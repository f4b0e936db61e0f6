/* Screening of IPv6: every variant that this CPU can use finds the same as the plain one, bit for
 * bit; and what the plain one finds to be everyday is good by ip6_check(). Tables hold anything,
 * also what no writer writes. */
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "ip6.h"
#include "screen_variants.h"

namespace
{

enum { FRAME = 128, ROUNDS = 3000, GROUPS = 16, LISTS = 64, WAYS = 64, ROOTS = 8 };

const struct rte_ether_addr our_mac = { { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 } };

/* As packets of a burst are, and what their destinations lead to; most are good. */
struct maker6 {
	std::mt19937 random;
	struct sources sources = {};
	struct fib_generation generation = {};
	struct trie6_shared *table = (struct trie6_shared *)aligned_alloc(
		RTE_CACHE_LINE_SIZE, RTE_CACHE_LINE_ROUNDUP(trie6_shared_size(GROUPS)));
	uint8_t octets[FORWARD_BURST][FRAME] = {};
	struct rte_mbuf mbufs[FORWARD_BURST] = {};
	struct rte_mbuf *pkts[FORWARD_BURST] = {};
	struct burst burst = {};
	struct screening by = {};

	explicit maker6(uint32_t seed) : random(seed)
	{
		memset((void *)table, 0, trie6_shared_size(GROUPS));
		generation.view[0].trie6 = table;
		generation.path_lists = (struct path_list *)aligned_alloc(
			RTE_CACHE_LINE_SIZE, FIB_PATH_LISTS * sizeof(struct path_list));
		generation.adjacencies = (struct adjacency *)aligned_alloc(
			RTE_CACHE_LINE_SIZE, FIB_ADJACENCIES * sizeof(struct adjacency));
		memset((void *)generation.path_lists, 0, FIB_PATH_LISTS * sizeof(struct path_list));
		memset((void *)generation.adjacencies, 0,
		       FIB_ADJACENCIES * sizeof(struct adjacency));
		/* as sources_init() does of 2001:db8::1, whose words xored end with octet b9 */
		sources.ip6.addr[0] = { { 0x20010db8, 0, 0, 1 } };
		for (int octet = 0; octet <= SOURCES_OCTET; octet++)
			sources.ip6.first[octet] = octet > 0xb9;
		sources.ip6.some[0xb9 / 64] = UINT64_C(1) << 0xb9 % 64;
		by.mac = &our_mac;
		by.sources = &sources;
		by.generation = &generation;
		by.view = &generation.view[0];
		by.port = 1;
		by.trie6_groups = GROUPS;
	}
	~maker6()
	{
		free(table);
		free(generation.path_lists);
		free(generation.adjacencies);
	}
	uint32_t below(uint32_t n)
	{
		return (uint32_t)random() % n;
	}
	struct rte_ipv6_hdr *ip(uint16_t i)
	{
		return (struct rte_ipv6_hdr *)(octets[i] + RTE_ETHER_HDR_LEN);
	}
	void address(uint8_t *wire)
	{
		static const uint8_t firsts[] = { 0, 1, 0x20, 0x3f, 0xfc, 0xfd, 0xfe, 0xff };

		for (int k = 0; k < 16; k++)
			wire[k] = (uint8_t)random();
		wire[0] = 0x20;
		wire[1] = (uint8_t)below(ROOTS);
		if (below(8) == 0)
			wire[0] = firsts[below(sizeof(firsts))];
	}
	void frame(uint16_t i, bool everyday)
	{
		uint8_t *at = octets[i];
		uint16_t payload = (uint16_t)(1 + below(60));

		for (int k = 0; k < FRAME; k++)
			at[k] = (uint8_t)random();
		memcpy(at, &our_mac, sizeof(our_mac));
		at[12] = 0x86;
		at[13] = 0xdd;
		at[14] = (uint8_t)(0x60 | below(16));
		if (below(2)) /* no label, and ports */
			memset(at + 15, 0, 3);
		ip(i)->payload_len = rte_cpu_to_be_16(payload);
		ip(i)->proto = (uint8_t)(below(4) ? (below(2) ? 6 : 17) : below(2) ? 0 : random());
		ip(i)->hop_limits = (uint8_t)(everyday ? 2 + below(254) : below(8) ? random() : 1);
		address(ip(i)->src_addr);
		address(ip(i)->dst_addr);
		burst.frame_len[i] = (uint16_t)(54 + payload + (below(4) ? 0 : below(12)));
		if (everyday) {
			ip(i)->src_addr[0] = ip(i)->dst_addr[0] = 0x20;
		} else {
			for (uint32_t k = below(4) ? 0 : 1 + below(3); k; k--)
				at[below(54)] =
					below(2) ? (uint8_t)random() : (uint8_t)(1u << below(8));
			if (below(8) == 0) /* ours, or one that ends like it */
				for (int k = 0; k < 16; k++)
					ip(i)->src_addr[k] =
						(uint8_t)(sources.ip6.addr[0].word[k / 4] >>
							  (24 - k % 4 * 8));
			if (below(16) == 0)
				ip(i)->src_addr[below(16)] ^= (uint8_t)(1 + below(255));
			if (below(8) == 0)
				ip(i)->payload_len =
					rte_cpu_to_be_16((uint16_t)below(below(2) ? 3 : 65536));
			if (below(8) == 0)
				burst.frame_len[i] = (uint16_t)below(FRAME);
		}
		mbufs[i].buf_addr = at;
		mbufs[i].hash.rss = (uint32_t)random();
		mbufs[i].ol_flags = below(2) ? RTE_MBUF_F_RX_RSS_HASH : 0;
		pkts[i] = &mbufs[i];
		burst.frame[i] = at;
	}
	/* Nothing, a path-list, or a group; some of them past the end. */
	uint32_t entry(bool everyday, bool endless = false)
	{
		uint32_t kind = below(8), len = (1 + below(128)) << TRIE6_LEN_SHIFT;

		if (endless)
			return TRIE6_IS_GROUP | len | below(GROUPS);

		if (!everyday && kind == 0)
			return 0;
		if (kind < 4)
			return TRIE6_IS_GROUP | len | below(below(8) ? GROUPS : 1 << 20);
		return len | below(LISTS) | (below(8) ? 0 : 1 << 20);
	}
	void way(uint16_t k, bool everyday)
	{
		struct adjacency *to = &generation.adjacencies[k];

		for (uint8_t &octet : to->rewrite)
			octet = (uint8_t)random();
		if (below(3) == 0)
			memcpy(&to->rewrite[ADJACENCY_TAIL], &octets[below(burst.n)][10],
			       1 + below(2));
		to->port = (uint16_t)(everyday ? 2 : below(3));
		to->mtu = (uint16_t)(everyday || below(2) ? 1500 : 40 + below(60));
		to->action = everyday || below(8) ? (uint8_t)ADJACENCY_FORWARD : (uint8_t)random();
		to->egress_role = (uint8_t)(everyday || below(8) ? 2 + below(4) : random());
	}
	void list(uint32_t index, bool one)
	{
		struct path_list *to = &generation.path_lists[index];

		to->nb_members = (uint16_t)(one || below(4) ? 1 : below(PATH_LIST_MEMBERS + 1));
		for (uint16_t &member : to->member)
			member = (uint16_t)(below(WAYS) | (below(8) ? 0 : 3 * FIB_ADJACENCIES));
		for (uint8_t &bucket : to->bucket)
			bucket = (uint8_t)random();
	}
	void make()
	{
		bool everyday = below(4) == 0, one = below(2) == 0, endless = below(16) == 0;

		burst.n = (uint16_t)(1 + below(below(2) ? FORWARD_BURST : 4));
		burst.hop_at = RTE_ETHER_HDR_LEN + IP6_HOP;
		burst.pkt = pkts;
		for (uint16_t i = 0; i < burst.n; i++)
			frame(i, everyday);
		for (uint16_t i = burst.n; i % BURST_STEP; i++) {
			burst.frame[i] = burst.frame[0];
			burst.frame_len[i] = 0;
		}
		for (uint32_t k = 0; k < ROOTS; k++)
			table->root[0x2000 | k] = one ? 1 << TRIE6_LEN_SHIFT | 5 : entry(everyday);
		for (uint32_t k = 0; k < GROUPS * TRIE6_GROUP; k++)
			table->groups[k / TRIE6_GROUP][k % TRIE6_GROUP] = entry(everyday, endless);
		for (uint32_t k = 0; k < LISTS; k++)
			list(k, one && below(4));
		for (uint16_t k = 0; k < WAYS; k++)
			way(k, everyday);
		generation.view[0].default_path_list[FIB_IP6] = below(LISTS);
		by.gates = (uint8_t)(everyday || below(4) ? 0x3c : random());
		by.lookup6 = below(2) ? trie6_lookup_choose() : &trie6_plain;
	}
};

void expect_same(const struct burst &want, const struct burst &got, uint64_t odd_headers,
		 const char *name)
{
	for (uint16_t i = 0; i < want.n; i++) {
		ASSERT_TRUE(fib_addr_same(&want.dst6[i], &got.dst6[i])) << name << " packet " << i;
		ASSERT_EQ(want.total_len[i], got.total_len[i]) << name << " packet " << i;
		ASSERT_EQ(want.src_tail[i], got.src_tail[i]) << name << " packet " << i;
		ASSERT_EQ(want.hop[i], got.hop[i]) << name << " packet " << i;
		if (odd_headers >> i & 1)
			continue;
		ASSERT_EQ(want.path_list[i], got.path_list[i]) << name << " packet " << i;
		ASSERT_EQ(want.adjacency[i], got.adjacency[i]) << name << " packet " << i;
		ASSERT_EQ(want.port[i], got.port[i]) << name << " packet " << i;
	}
}

} // namespace

TEST(screen6, every_variant_finds_the_same)
{
	uint64_t odd = 0, good = 0, padded = 0, spoilt = 0, odd_ways = 0, good_ways = 0,
		 one_way = 0;
	maker6 c(42);

	for (int round = 0; round < ROUNDS; round++) {
		struct screened want;
		uint64_t all;

		c.make();
		all = burst_mask(c.burst.n);
		want = screens[0]->burst6(&c.by, &c.burst);
		for (const struct screen *const *s = screens; *s; s++) {
			uint8_t before[FORWARD_BURST][FRAME], rewritten[FORWARD_BURST][FRAME];
			struct burst got = c.burst;
			struct screened found;

			if (!(*s)->usable())
				continue;
			memset((void *)got.dst6, 0xaa, sizeof(got.dst6));
			memset(got.hop, 0xaa, sizeof(got.hop));
			memset(got.path_list, 0xaa, sizeof(got.path_list));
			memset(got.adjacency, 0xaa, sizeof(got.adjacency));
			memset(got.port, 0xaa, sizeof(got.port));
			found = (*s)->burst6(&c.by, &got);
			ASSERT_EQ(want.odd_headers, found.odd_headers) << (*s)->name;
			ASSERT_EQ(want.padded, found.padded) << (*s)->name;
			ASSERT_EQ(want.odd_ways, found.odd_ways) << (*s)->name;
			ASSERT_EQ(want.spoilt, found.spoilt) << (*s)->name;
			expect_same(c.burst, got, want.odd_headers, (*s)->name);
			if (want.odd_headers | want.odd_ways)
				continue;
			ASSERT_EQ(want.apart, found.apart) << (*s)->name;
			one_way += found.way != nullptr;
			memcpy(before, c.octets, sizeof(before));
			screens[0]->rewrite(&c.burst, nullptr);
			memcpy(rewritten, c.octets, sizeof(before));
			memcpy(c.octets, before, sizeof(before));
			(*s)->rewrite(&got, found.way);
			ASSERT_EQ(0, memcmp(rewritten, c.octets, sizeof(before))) << (*s)->name;
			memcpy(c.octets, before, sizeof(before));
		}
		odd += (uint64_t)__builtin_popcountll(want.odd_headers);
		padded += (uint64_t)__builtin_popcountll(want.padded);
		spoilt += (uint64_t)__builtin_popcountll(want.spoilt);
		good += (uint64_t)__builtin_popcountll(all & ~want.odd_headers);
		odd_ways += (uint64_t)__builtin_popcountll(want.odd_ways);
		good_ways +=
			(uint64_t)__builtin_popcountll(all & ~want.odd_headers & ~want.odd_ways);
	}
	for (uint64_t n : { odd, good, padded, odd_ways, good_ways })
		EXPECT_LT(1000u, n);
	EXPECT_LT(50u, spoilt);
	EXPECT_LT(50u, one_way);
}

TEST(screen6, an_everyday_header_passes_every_check)
{
	maker6 c(7);

	for (int round = 0; round < ROUNDS; round++) {
		struct screened found;

		c.make();
		found = screens[0]->burst6(&c.by, &c.burst);
		for (uint16_t i = 0; i < c.burst.n; i++) {
			if (found.odd_headers >> i & 1)
				continue;
			ASSERT_EQ(DROP_NONE, ip6_check(c.ip(i), c.burst.frame_len[i] - 14u));
			ASSERT_FALSE(ip6_to_link(c.ip(i)));
			ASSERT_FALSE(ip6_link_local(c.ip(i)->src_addr));
		}
	}
}
