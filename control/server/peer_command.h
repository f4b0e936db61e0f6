/* What a peer's speaker is commanded about its session: resets, each with what the NOTIFICATION
 * says, and to ask the peer for its routes again. */
#ifndef BASCULE_PEER_COMMAND_H
#define BASCULE_PEER_COMMAND_H

#include "peer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The command that ends the session with Cease/`subcode`: SPEAKER_PEER_RESET or _REMOVE. */
struct speaker_peer_reset peer_cease(const struct peer *peer, enum speaker_command_type type,
				     uint8_t subcode);

/* Cease/`subcode` and peer again. */
void peer_send_reset(struct route_server *rs, struct peer *peer, uint8_t subcode);

/* Cease/4 and peer again. */
void peer_reset(struct route_server *rs, struct peer *peer);

/* Ask for its routes again (RFC 2918), of one family or of all that the session has: only of one
 * that has the capability. */
void peer_ask_again(struct route_server *rs, struct peer *peer, uint8_t family);
void peer_ask_all_again(struct route_server *rs, struct peer *peer);

/* A VNet was added. As Azure Route Server does, an NVA is asked for its routes again; with profile
 * azure one without route refresh is reset. */
void peer_vnet_added(struct route_server *rs, struct peer *peer);

/* There are more than `bound` routes of a family from it, or for it: Cease/1, and no session for
 * limits.retry_s. */
void peer_exceeded(struct route_server *rs, struct peer *peer, uint8_t family, uint32_t bound);

/* One of its routes could not be taken out of the tables, or its table does not know it: no memory.
 * Lest it stay for good, the session is reset (Cease/8), and all its routes go with it. */
void peer_not_withdrawn(struct route_server *rs, struct peer *peer);

#ifdef __cplusplus
}
#endif
#endif
