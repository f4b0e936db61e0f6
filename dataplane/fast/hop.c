/* Which of several next hops, whether it is a way at all, and the header for it. */
#include "hop.h"

#include <string.h>

#include <rte_ether.h>
#include <rte_memcpy.h>

static void rewrite(struct rte_mbuf *m, const struct adjacency *adjacency)
{
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);
	/* what lies behind the addresses: 16 octets are one store, 12 are two */
	uint32_t overlap;

	memcpy(&overlap, frame + ADJACENCY_MACS, sizeof(overlap));
	rte_mov16(frame, adjacency->rewrite);
	memcpy(frame + ADJACENCY_MACS, &overlap, sizeof(overlap));
}

void hop_rewrite(struct rte_mbuf *m, const struct adjacency *adjacency)
{
	rewrite(m, adjacency);
	ip4_ttl_decrement(rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, RTE_ETHER_HDR_LEN));
}

void hop6_rewrite(struct rte_mbuf *m, const struct adjacency *adjacency)
{
	rewrite(m, adjacency);
	rte_pktmbuf_mtod_offset(m, struct rte_ipv6_hdr *, RTE_ETHER_HDR_LEN)->hop_limits--;
}

bool hop_bounces(const struct rte_mbuf *m, const struct adjacency *adjacency)
{
	const struct rte_ether_hdr *ether = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);

	return adjacency->port == m->port &&
	       !memcmp(&ether->src_addr, adjacency->rewrite, RTE_ETHER_ADDR_LEN);
}
