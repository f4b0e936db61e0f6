/* Peers behind learned routes: their configuration says `behind`, and their BGP packets follow the
 * FIB. This file watches whether a route leads to such a peer. If none does, `show peers` gives
 * that as the reason why the session is not up; when one appears, the peer's speaker is told to
 * connect at once.
 *
 * When the route goes, the session stays. The peer's own routes are unusable then, since no route
 * leads to their next hops (far_hop.h), and the hold timer closes the session unless the route
 * comes back in time. */
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

/* Begin and end to watch for a route to the peer, which is configured from begin to end. A peer
 * that is behind nothing is not watched. */
void behind_begin(struct peer *peer);
void behind_end(struct peer *peer);

/* What far_hops_poll() calls when a far next hop, which may be a peer's address, is reached in
 * another way than before. `rs`: the route server. */
void behind_changed(void *rs, uint32_t next_hop, enum role role, const struct far_ways *was,
		    const struct far_ways *now);
/* DUE_CALLS: tell the speakers of peers that a route has appeared for to connect. To be called when
 * the FIB has that route. */
void behind_turn(struct route_server *rs);

/* Does no route lead to the peer, though it is behind one? */
bool behind_lost(const struct peer *peer);

#ifdef __cplusplus
}
#endif
#endif
