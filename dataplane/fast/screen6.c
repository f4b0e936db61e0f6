/* The plain variant of screening, of IPv6: one packet after the other. */
#include <string.h>

#include <rte_byteorder.h>

#include "hop.h"
#include "ip6.h"
#include "screen.h"

static const struct rte_ipv6_hdr *ip6_at(const uint8_t *frame)
{
	return (const struct rte_ipv6_hdr *)(frame + RTE_ETHER_HDR_LEN);
}

void screen6_read(struct burst *b, uint16_t i)
{
	const struct rte_ipv6_hdr *ip = ip6_at(b->frame[i]);
	struct rte_ipv6_hdr hop = *ip;
	uint16_t tail;

	memcpy(&tail, b->frame[i] + 2 * RTE_ETHER_ADDR_LEN - sizeof(tail), sizeof(tail));
	hop.hop_limits--;
	memcpy(&b->hop[i], (const uint8_t *)&hop + IP6_HOP, sizeof(b->hop[i]));
	b->dst6[i] = ip6_addr(ip->dst_addr);
	b->total_len[i] = ip6_total_len(ip);
	b->src_tail[i] = tail;
}

bool screen6_path(const struct screening *by, struct burst *b, uint16_t i)
{
	const struct trie6_reader in = screen6_reader(by);
	bool spoilt = trie6_plain.burst(&in, &b->dst6[i], &b->path_list[i], 1);
	const struct path_list *list = &by->generation->path_lists[b->path_list[i]];

	b->adjacency[i] = fib_adjacency(by->generation, hop_member(list, b->pkt[i], FIB_IP6));
	b->port[i] = b->adjacency[i]->port;
	return spoilt;
}

/* Martians, groups and addresses of the link begin so, and little else. */
static bool near(const uint8_t *wire)
{
	return wire[0] == 0 || wire[0] >= 0xfe;
}

static bool header_odd(const struct screening *by, const struct burst *b, uint16_t i)
{
	const struct rte_ether_hdr *ether = (const struct rte_ether_hdr *)b->frame[i];
	const struct rte_ipv6_hdr *ip = ip6_at(b->frame[i]);
	struct fib_addr source = ip6_addr(ip->src_addr);

	return !rte_is_same_ether_addr(&ether->dst_addr, by->mac) ||
	       ether->ether_type != RTE_BE16(RTE_ETHER_TYPE_IPV6) ||
	       *(const uint8_t *)ip >> 4 != 6 || !ip->payload_len ||
	       b->total_len[i] + RTE_ETHER_HDR_LEN > b->frame_len[i] || near(ip->src_addr) ||
	       near(ip->dst_addr) || sources6_has(&by->sources->ip6, &source);
}

struct screened screen6_plain(const struct screening *by, struct burst *b)
{
	struct screened found = { 0 };

	for (uint16_t i = 0; i < b->n; i++) {
		uint64_t bit = UINT64_C(1) << i;

		screen6_read(b, i);
		if (header_odd(by, b, i)) {
			found.odd_headers |= bit;
			continue;
		}
		if (b->total_len[i] + RTE_ETHER_HDR_LEN < b->frame_len[i])
			found.padded |= bit;
		if (screen6_path(by, b, i))
			found.spoilt |= bit;
		if (screen_way_odd(by, b, i, ip6_at(b->frame[i])->hop_limits))
			found.odd_ways |= bit;
		else if (b->port[i] != b->port[0])
			found.apart |= bit;
	}
	return found;
}
