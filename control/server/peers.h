/* Peers that the configuration has, from the first command to their speakers until nothing of them
 * is left. */
#ifndef BASCULE_PEERS_H
#define BASCULE_PEERS_H

#include "peer.h"

#ifdef __cplusplus
extern "C" {
#endif

int peers_init(struct peers *peers, struct route_server *rs);
void peers_fini(struct peers *peers);

/* The name of the peer at an index; `peers` is a struct peers (events_peer_name). */
const char *peers_name(const void *peers, uint16_t index);

/* By name, among the active ones; NULL: none. */
struct peer *peer_find(const struct peers *peers, const char *name);

/* Begin to peer. -ENOSPC: no place is free. */
int peer_add(struct route_server *rs, const struct config_peer *config);
/* Stop with Cease/`subcode`; if `again`, peer anew with that as soon as nothing of it is left. */
void peer_remove(struct route_server *rs, struct peer *peer, uint8_t subcode,
		 const struct config_peer *again);
/* The same session by another file: places in it move, and what needs no reset may differ. */
void peer_reconfigure(struct peer *peer, const struct config_peer *config);

/* DUE_REMOVALS: removed peers whose paths are gone by now, at most `most` of them: free them, or
 * peer with them again. Returns how many those were. */
unsigned int peers_tidy(struct route_server *rs, uint32_t most);

/* DUE_MAPS: put `most` routes of peers through route maps that have changed, or take those away
 * that are no longer announced. Returns how many routes that were. */
unsigned int peers_maps_turn(struct route_server *rs, uint32_t most);

/* Of the prefixes and AS paths that the peer has announced, before policy: attrs_digest(). */
uint64_t peer_digest(const struct peer *peer);

#ifdef __cplusplus
}
#endif
#endif
