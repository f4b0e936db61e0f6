/* Forwarding: what an lcore does with a burst from one port. Every packet leaves in one of three
 * ways, and is counted in exactly one: sent (or left in a transmit buffer), punted, or dropped for
 * a reason. */
#ifndef BASCULE_FORWARD_H
#define BASCULE_FORWARD_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "counters.h"
#include "fib.h"
#include "neighbour.h"
#include "port.h"
#include "punt.h"
#include "sources.h"
#include "tx.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { FORWARD_BURST = 32 }; /* packets to one call; at most FIB_BURST */

/* What forwarding on one lcore needs. It only reads what it shares; what it writes (its counters,
 * its transmit buffers, the producers' side of the punt rings) is its own or lockless. */
struct __rte_cache_aligned forwarder {
	const struct fib *fib; /* all borrowed: they live as long as the process */
	const struct neighbours *neighbours;
	const struct sources *sources;
	struct punt *punt;
	struct counters *counters;
	uint32_t tbl8_groups; /* of each table: see fib_lookup_burst() */
	bool punted;	      /* something, since the main lcore was last woken for it */
	struct tx tx;
};

/* Takes the packets over. The caller is an online reader of the FIB's QSBR variable and flushes
 * f->tx afterwards. */
void forward_burst(struct forwarder *f, const struct port *from, struct rte_mbuf **pkts,
		   uint16_t n);

/* Is the next hop the neighbour that the packet came from, on the same port? Then it is not sent
 * back, where it would come from again until its TTL is over. `m` is as it was received. */
bool forward_bounces(const struct rte_mbuf *m, const struct adjacency *adjacency);

/* Put the frame header of `adjacency` before the IP packet and take one from its TTL. */
void forward_rewrite(struct rte_mbuf *m, const struct adjacency *adjacency);

#ifdef __cplusplus
}
#endif
#endif
