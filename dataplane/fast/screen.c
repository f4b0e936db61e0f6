/* The plain variant of screening: one packet after the other. */
#include "screen.h"

#include <string.h>

#include <rte_byteorder.h>
#include <rte_common.h>

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

static bool header_odd(const struct screen_port *port, const struct burst *b, uint16_t i)
{
	const struct rte_ether_hdr *ether = (const struct rte_ether_hdr *)b->frame[i];
	const struct rte_ipv4_hdr *ip = ip4_at(b->frame[i]);
	uint8_t source = (uint8_t)ip->src_addr, destination = (uint8_t)ip->dst_addr;

	return !rte_is_same_ether_addr(&ether->dst_addr, port->mac) ||
	       ether->ether_type != RTE_BE16(RTE_ETHER_TYPE_IPV4) || ip->version_ihl != 0x45 ||
	       b->total_len[i] < IP4_HEADER ||
	       b->total_len[i] + RTE_ETHER_HDR_LEN > b->frame_len[i] ||
	       !ip4_checksum_good(ip, IP4_HEADER) || source == 0 || source == 127 ||
	       source >= 224 || destination == 0 || destination == 127 || destination >= 224 ||
	       sources_maybe(port->sources, rte_be_to_cpu_32(ip->src_addr));
}

static struct screen_headers headers_plain(const struct screen_port *port, struct burst *b)
{
	struct screen_headers found = { 0 };

	for (uint16_t i = 0; i < b->n; i++) {
		uint64_t bit = UINT64_C(1) << i;

		screen_read(b, i);
		if (header_odd(port, b, i))
			found.odd |= bit;
		else if (b->total_len[i] + RTE_ETHER_HDR_LEN < b->frame_len[i])
			found.padded |= bit;
	}
	return found;
}

static bool way_odd(const struct burst *b, uint16_t i, uint8_t gates, uint16_t from)
{
	const struct adjacency *way = b->adjacency[i];
	uint8_t ttl = (uint8_t)(b->hop[i] + 1);
	uint16_t tail;

	memcpy(&tail, &way->rewrite[ADJACENCY_TAIL], sizeof(tail));
	return __atomic_load_n(&way->action, __ATOMIC_ACQUIRE) != ADJACENCY_FORWARD ||
	       !(gates >> way->egress_role % FIB_VIEWS & 1) || ttl <= 1 ||
	       b->total_len[i] > way->mtu || (way->port == from && tail == b->src_tail[i]);
}

static struct screen_ways ways_plain(struct burst *b, uint8_t gates, uint16_t from)
{
	struct screen_ways found = { 0 };

	for (uint16_t i = 0; i < b->n; i++) {
		found.odd |= (uint64_t)way_odd(b, i, gates, from) << i;
		b->port[i] = b->adjacency[i]->port;
		found.together |= (uint64_t)(b->port[i] == b->port[0]) << i;
	}
	return found;
}

static uint64_t leaving_plain(const struct burst *b, uint16_t port)
{
	uint64_t leaving = 0;

	for (uint16_t i = 0; i < b->n; i++)
		leaving |= (uint64_t)(b->port[i] == port) << i;
	return leaving;
}

static bool usable_plain(void)
{
	return true;
}

const struct screen screen_plain = {
	.name = "plain",
	.usable = usable_plain,
	.headers = headers_plain,
	.ways = ways_plain,
	.leaving = leaving_plain,
};
