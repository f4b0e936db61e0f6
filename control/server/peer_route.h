/* Gives a route that a peer announces, and that was accepted, to the peer's inbound table if it has
 * a route map, or else to the RIB. Thread: the RIB lcore. */
#ifndef BASCULE_PEER_ROUTE_H
#define BASCULE_PEER_ROUTE_H

#include "peer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* From now on the peer's route for a prefix has these attributes, before its map (NULL: there is
 * none). Returns what inbound_announce() or inbound_withdraw() does; without memory the route goes,
 * or if that is not possible, the session. */
int rs_route(struct route_server *rs, struct peer *peer, const struct inbound_place *at,
	     const struct attrs *attrs);

#ifdef __cplusplus
}
#endif
#endif
