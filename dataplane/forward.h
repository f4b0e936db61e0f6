/* Forwarding: what a worker does with a burst from one port. Every packet leaves in one of three ways, and is counted in
 * exactly one: sent (or left in a transmit buffer), punted, or dropped for a reason. */
#ifndef BASCULE_FORWARD_H
#define BASCULE_FORWARD_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "port.h"
#include "worker.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { FORWARD_BURST = 32 }; /* packets to one call; at most FIB_BURST */

/* Takes the packets over. The caller is an online reader of the FIB's QSBR variable and flushes w->tx afterwards. */
void forward_burst(struct worker *w, const struct port *from, struct rte_mbuf **pkts, uint16_t n);

/* Is the next hop the neighbour that the packet came from, on the same port? Then it is not sent back, where it would come
 * from again until its TTL is over. `m` is as it was received. */
bool forward_bounces(const struct rte_mbuf *m, const struct adjacency *adjacency);

/* Put the frame header of `adjacency` before the IP packet and take one from its TTL. */
void forward_rewrite(struct rte_mbuf *m, const struct adjacency *adjacency);

#ifdef __cplusplus
}
#endif
#endif
