/* A packet and its next hop. */
#ifndef BASCULE_HOP_H
#define BASCULE_HOP_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "fib.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Is the next hop the neighbour that the packet came from, on the same port? Then it is not sent
 * back, where it would come from again until its TTL is over. `m` is as it was received. */
bool hop_bounces(const struct rte_mbuf *m, const struct adjacency *adjacency);

/* The hash by which a packet's flow is spread over equal paths. */
uint32_t hop_hash(const struct rte_mbuf *m);

/* Put the frame header of `adjacency` before the IP packet and take one from its TTL. */
void hop_rewrite(struct rte_mbuf *m, const struct adjacency *adjacency);

#ifdef __cplusplus
}
#endif
#endif
