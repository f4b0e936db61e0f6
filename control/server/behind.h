/* Peers behind learned routes (config: behind). What we say to them follows the FIB. Here it is
 * known whether a route leads to them: a peer that has none says so, and one that gets one is
 * called at once.
 *
 * Its session is not closed when the route goes: its routes are used no longer, for no route leads
 * to their next hops (far_hop.h), and the hold timer decides whether the route came back in
 * time. */
#ifndef BASCULE_BEHIND_H
#define BASCULE_BEHIND_H

#include <stdbool.h>
#include <stdint.h>

#include "far_hop.h"

#ifdef __cplusplus
extern "C" {
#endif

struct peer;
struct route_server;

/* The peer is configured; it is so no longer. Both are for any peer. */
void behind_begin(struct peer *peer);
void behind_end(struct peer *peer);

/* A far next hop, and maybe a peer, is reached otherwise than before: far_hops_poll()'s `changed`,
 * with the route server. */
void behind_changed(void *rs, uint32_t addr, enum role role, const struct far_ways *was,
		    const struct far_ways *now);
/* DUE_CALLS: call those that a route leads to now; after the FIB has it. */
void behind_turn(struct route_server *rs);

/* Does no route lead to the peer, though it is behind one? */
bool behind_lost(const struct peer *peer);

#ifdef __cplusplus
}
#endif
#endif
