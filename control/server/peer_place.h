/* Which update group a peer is in, as long as its session is up. */
#ifndef BASCULE_PEER_PLACE_H
#define BASCULE_PEER_PLACE_H

#include "peer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Move the peer into the group that suits it, or announce everything to it again. Without memory
 * its session is reset. */
void peer_join(struct route_server *rs, struct peer *peer);
void peer_refresh_out(struct route_server *rs, struct peer *peer);

/* There was no memory to announce to it: its session is reset (Cease/8). */
void peer_no_room(struct route_server *rs, struct peer *peer);

/* Every peer that is up is to learn what we have. */
void peers_join(struct route_server *rs);

/* Peers may have to learn otherwise than before: everything again, without a reset, each as soon
 * as it has heard what was said before. */
void peers_regroup(struct route_server *rs);

/* DUE_PLACES: both, for `ns`. Returns how much was done. */
unsigned int peers_place(struct route_server *rs, uint32_t ns);

#ifdef __cplusplus
}
#endif
#endif
