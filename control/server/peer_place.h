/* Puts each peer whose session is up into the update group that suits it. */
#ifndef BASCULE_PEER_PLACE_H
#define BASCULE_PEER_PLACE_H

#include "peer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Move the peer into the group that suits it, or announce everything to it again. Without memory
 * its session is reset. */
void peer_join(struct route_server *rs, struct peer *peer);
void peer_refresh_out(struct route_server *rs, struct peer *peer, uint8_t family);

/* Reset the peer's session with Cease/8, because there was no memory to announce to it. */
void peer_no_room(struct route_server *rs, struct peer *peer);

/* The instance has gone live: every peer that is up joins its group, and announcements begin when
 * all have joined. */
void peers_join(struct route_server *rs);

/* A change may have made other groups suit some peers. Each of those moves as soon as it has been
 * sent all that was announced to its old group, and is announced everything again, without a
 * reset. */
void peers_regroup(struct route_server *rs);

/* DUE_PLACES: have peers join or move, for `ns`. Returns how many were looked at. */
unsigned int peers_place(struct route_server *rs, uint32_t ns);

#ifdef __cplusplus
}
#endif
#endif
