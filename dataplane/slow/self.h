/* Packets of the host itself from our addresses: answers to pings, BGP to a peer behind a route.
 * What is on link or in a VNet behind its port the kernel sends by itself, after its own ARP;
 * everything else it hands to the family's router of lcp.h, which is us (keeper.h). Those follow
 * the FIB, in the view of role vnet: what our hosts may reach, we may. The gate is not asked, which
 * is for transit, and the TTL stays as it is (RFC 5082). */
#ifndef BASCULE_SELF_H
#define BASCULE_SELF_H

#include <stdbool.h>

#include <rte_ether.h>
#include <rte_mbuf.h>

#include "slowpath_state.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Has the kernel handed this frame of `len` octets, read from `port`'s LCP interface, to us as to
 * its router? */
static inline bool self_is(const struct port *port, const void *frame, uint32_t len)
{
	const struct rte_ether_hdr *ether = (const struct rte_ether_hdr *)frame;

	return len >= sizeof(*ether) &&
	       (ether->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4) ||
		ether->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV6)) &&
	       rte_is_same_ether_addr(&ether->dst_addr, &port->mac);
}

/* The adjacency by which the FIB has the packet in such a frame leave; NULL: it cannot go, or not
 * yet. */
const struct adjacency *self_way(struct slowpath *s, const void *frame, uint32_t len);

/* Send it where the FIB says. What cannot go is dropped, counted, and an ICMP error says why to the
 * kernel, as by any router. `port`: whose interface it came from. Takes `m` over. */
void self_send(struct slowpath *s, uint16_t port, struct rte_mbuf *m);

#ifdef __cplusplus
}
#endif
#endif
