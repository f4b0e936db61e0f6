/* UPDATEs of peers on their way into routes. One that moves a route in use to a next hop that is
 * still being looked for waits (held_updates.h); what waits is handed back here, and goes the way
 * of any other. Thread: the RIB lcore. */
#ifndef BASCULE_UPDATES_H
#define BASCULE_UPDATES_H

#include <stdbool.h>
#include <stdint.h>

#include "import.h"

#ifdef __cplusplus
extern "C" {
#endif

struct peer;
struct route_server;
struct speaker_update;

/* A slice of one UPDATE of a peer whose session is up: withdrawals, import policy, announcements.
 * *taken, 0 to begin with, counts its prefixes that are through. Returns whether all of them are;
 * if not, call again before anything else of the peer. */
bool rs_update(struct route_server *rs, struct peer *peer, const struct speaker_update *update,
	       uint32_t *taken);

/* How strictly a peer's routes are judged before policy. */
struct import_rule rs_import_rule(const struct route_server *rs, const struct peer *peer);

/* An UPDATE of a peer whose session is up: a slice of it, as by rs_update(), or it waits. Returns
 * whether it is through. */
bool updates_take(struct route_server *rs, struct peer *peer, const struct speaker_update *update,
		  uint32_t *taken);
/* What waits has waited long enough: a slice of it is taken. Returns whether nothing waits any
 * more; if not, call again before anything else of the peer. */
bool updates_over(struct route_server *rs, struct peer *peer);
/* DUE_HELD_UPDATES: those whose next hop is found, or whose time is over, are taken, for `ns`.
 * Peers take turns, from one turn to the next too. Returns how much was done. */
unsigned int updates_turn(struct route_server *rs, uint32_t ns);

#ifdef __cplusplus
}
#endif
#endif
