/* The plain variant of screening: one packet after the other. */
#include "screen.h"

#include <string.h>

#include <rte_byteorder.h>
#include <rte_common.h>
#include <rte_memcpy.h>

#include "hop.h"
#include "ip4.h"

static const struct rte_ipv4_hdr *ip4_at(const uint8_t *frame)
{
	return (const struct rte_ipv4_hdr *)(frame + RTE_ETHER_HDR_LEN);
}

void screen_read(struct burst *b, uint16_t i)
{
	const struct rte_ipv4_hdr *ip = ip4_at(b->frame[i]);
	struct rte_ipv4_hdr hop = *ip;
	uint16_t tail;

	memcpy(&tail, b->frame[i] + 2 * RTE_ETHER_ADDR_LEN - sizeof(tail), sizeof(tail));
	ip4_ttl_decrement(&hop);
	memcpy(&b->hop[i], &hop.time_to_live, sizeof(b->hop[i]));
	b->dst[i] = rte_be_to_cpu_32(ip->dst_addr);
	b->total_len[i] = rte_be_to_cpu_16(ip->total_length);
	b->src_tail[i] = tail;
}

bool screen_path(const struct screening *by, struct burst *b, uint16_t i)
{
	bool spoilt = fib_lookup_burst(by->view, by->tbl8_groups, &b->dst[i], &b->path_list[i], 1);
	const struct path_list *list = &by->generation->path_lists[b->path_list[i]];

	b->adjacency[i] = fib_adjacency(by->generation, hop_member(list, b->pkt[i], FIB_IP4));
	b->port[i] = b->adjacency[i]->port;
	return spoilt;
}

static bool header_odd(const struct screening *by, const struct burst *b, uint16_t i)
{
	const struct rte_ether_hdr *ether = (const struct rte_ether_hdr *)b->frame[i];
	const struct rte_ipv4_hdr *ip = ip4_at(b->frame[i]);
	uint8_t source = (uint8_t)ip->src_addr, destination = (uint8_t)ip->dst_addr;

	return !rte_is_same_ether_addr(&ether->dst_addr, by->mac) ||
	       ether->ether_type != RTE_BE16(RTE_ETHER_TYPE_IPV4) || ip->version_ihl != 0x45 ||
	       b->total_len[i] < IP4_HEADER ||
	       b->total_len[i] + RTE_ETHER_HDR_LEN > b->frame_len[i] ||
	       !ip4_checksum_good(ip, IP4_HEADER) || source == 0 || source == 127 ||
	       source >= 224 || destination == 0 || destination == 127 || destination >= 224 ||
	       sources_has(by->sources, rte_be_to_cpu_32(ip->src_addr));
}

bool screen_way_odd(const struct screening *by, const struct burst *b, uint16_t i, uint8_t ttl)
{
	const struct adjacency *way = b->adjacency[i];
	uint16_t tail;

	memcpy(&tail, &way->rewrite[ADJACENCY_TAIL], sizeof(tail));
	return __atomic_load_n(&way->action, __ATOMIC_ACQUIRE) != ADJACENCY_FORWARD ||
	       !(by->gates >> way->egress_role % FIB_VIEWS & 1) || ttl <= 1 ||
	       b->total_len[i] > way->mtu || (way->port == by->port && tail == b->src_tail[i]);
}

static struct screened burst_plain(const struct screening *by, struct burst *b)
{
	struct screened found = { 0 };

	for (uint16_t i = 0; i < b->n; i++) {
		uint64_t bit = UINT64_C(1) << i;

		screen_read(b, i);
		if (header_odd(by, b, i)) {
			found.odd_headers |= bit;
			continue;
		}
		if (b->total_len[i] + RTE_ETHER_HDR_LEN < b->frame_len[i])
			found.padded |= bit;
		if (screen_path(by, b, i))
			found.spoilt |= bit;
		if (screen_way_odd(by, b, i, (uint8_t)(b->hop[i] + 1)))
			found.odd_ways |= bit;
		else if (b->port[i] != b->port[0])
			found.apart |= bit;
	}
	return found;
}

static uint64_t leaving_plain(const struct burst *b, uint16_t port)
{
	uint64_t found = 0;

	for (uint16_t i = 0; i < b->n; i++)
		found |= (uint64_t)(b->port[i] == port) << i;
	return found;
}

uint16_t screen_pick(const struct burst *b, uint64_t some, struct screen_picked *picked)
{
	uint16_t n = 0;

	for (; some; some &= some - 1)
		picked->pkt[n++] = b->pkt[__builtin_ctzll(some)];
	return n;
}

static inline void rewrite(const struct burst *b, uint32_t i, const struct adjacency *way)
{
	uint8_t *frame = (uint8_t *)(uintptr_t)b->frame[i];
	/* what lies behind the addresses: 16 octets are one store, 12 are two */
	uint32_t overlap;

	memcpy(&overlap, frame + ADJACENCY_MACS, sizeof(overlap));
	rte_mov16(frame, way->rewrite);
	memcpy(frame + ADJACENCY_MACS, &overlap, sizeof(overlap));
	memcpy(frame + b->hop_at, &b->hop[i], sizeof(b->hop[i]));
}

void screen_rewrite_one(const struct burst *b, uint16_t i)
{
	rewrite(b, i, b->adjacency[i]);
}

void screen_rewrite(const struct burst *b, const struct adjacency *way)
{
	uint32_t n = b->n;

#pragma GCC unroll 4
	for (uint32_t i = 0; i < n; i++)
		rewrite(b, i, way ? way : b->adjacency[i]);
}

static bool usable_plain(void)
{
	return true;
}

const struct screen screen_plain = { .name = "plain",
				     .usable = usable_plain,
				     .burst = burst_plain,
				     .burst6 = screen6_plain,
				     .rewrite = screen_rewrite,
				     .leaving = leaving_plain,
				     .pick = screen_pick };
