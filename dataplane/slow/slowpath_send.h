/* How packets leave the main lcore: to a neighbour, in parts, or not at all. */
#ifndef BASCULE_SLOWPATH_SEND_H
#define BASCULE_SLOWPATH_SEND_H

#include <rte_mbuf.h>

#include "slowpath_state.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Drop it and count why. Takes `m` over; NULL: it was lost already. */
void slowpath_drop(struct slowpath *s, enum drop_reason reason, struct rte_mbuf *m);

/* Send a packet of our own to a neighbour that is resolved, in parts if need be; its TTL stays.
 * Takes `m` over. */
void slowpath_send(struct slowpath *s, const struct adjacency *adjacency, struct rte_mbuf *m);

/* Send it in parts, by the port and of the MTU that its note says, each with the packet's frame
 * header, which is rewritten already. They are copied flat: devices that were promised plain mbufs
 * (RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE) get no others. Takes `m` over. */
void slowpath_cut(struct slowpath *s, struct rte_mbuf *m);

#ifdef __cplusplus
}
#endif
#endif
