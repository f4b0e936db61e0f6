/* Takes what speakers report of their sessions (they are up, go down, send UPDATEs), and does what
 * follows for the peer and its routes. */
#ifndef BASCULE_PEER_SESSION_H
#define BASCULE_PEER_SESSION_H

#include "peer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Take one record of a speaker, or a slice of it. *taken is 0 to begin with. Returns whether the
 * record is through; if not, it is to be given again before any other of that speaker. */
bool peer_event(struct route_server *rs, const struct speaker_event *event, uint32_t *taken);

/* Why it is not up: that its port has no link, that no route leads to it, or what its session has
 * said last; "" if nothing. */
const char *peer_why(const struct peer *peer, char buf[SPEAKER_REASON]);

#ifdef __cplusplus
}
#endif
#endif
