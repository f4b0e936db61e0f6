/* The life of peers: they are added, changed and removed as the configuration says. A peer that is
 * removed keeps its place in the table until its speakers have forgotten it and the RIB has none of
 * its paths any more. */
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

/* Add a peer: it gets a place, and its speaker begins to peer with it. -ENOSPC: no place is
 * free. */
int peer_add(struct route_server *rs, const struct config_peer *config);
/* Remove a peer: its session ends with Cease/`subcode`. If `again` is not NULL, a peer with that
 * configuration is added in its place as soon as nothing of the old one is left. */
void peer_remove(struct route_server *rs, struct peer *peer, uint8_t subcode,
		 const struct config_peer *again);
/* Give the peer its configuration of another file, which asks for the same session: indexes into
 * the file differ, and maybe settings that need no reset. */
void peer_reconfigure(struct peer *peer, const struct config_peer *config);

/* Put its routes through the route map of its configuration, whichever that is by now. 0 or
 * -ENOMEM. */
int peer_set_inbound_map(struct peer *peer);

/* What decisions ask about it, the same in the table of each family. */
const struct source *peer_source(const struct peer *peer);
void peer_source_set(struct peer *peer, const struct source *source);

/* DUE_REMOVALS: removed peers whose paths are gone by now, at most `most` of them: free them, or
 * peer with them again. Returns how many those were. */
unsigned int peers_tidy(struct route_server *rs, uint32_t most);

/* DUE_MAPS: put `most` routes of peers through route maps that have changed, or take those away
 * that are no longer announced. Returns how many routes that were. */
unsigned int peers_maps_turn(struct route_server *rs, uint32_t most);

/* A digest of all prefixes and AS paths that the peer has announced, before policy
 * (attrs_digest()). */
uint64_t peer_digest(const struct peer *peer);

#ifdef __cplusplus
}
#endif
#endif
