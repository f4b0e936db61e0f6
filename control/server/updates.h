/* UPDATEs of peers, which become routes here. An UPDATE that moves a route in use to a next hop
 * that is still being looked for waits first (held_updates.h); when it has waited it is taken like
 * any other. Thread: the RIB lcore. */
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
 * *taken, 0 to begin with, counts the octets of its prefixes that are through. Returns whether all
 * of them are; if not, call again before anything else of the peer. */
bool rs_update(struct route_server *rs, struct peer *peer, const struct speaker_update *update,
	       uint32_t *taken);

/* How strictly a peer's routes are judged before policy. */
struct import_rule rs_import_rule(const struct route_server *rs, const struct peer *peer);

/* Take a slice of an UPDATE of a peer whose session is up, as rs_update() does, or have the UPDATE
 * wait. Returns whether nothing of it is left to be taken from the caller. */
bool updates_take(struct route_server *rs, struct peer *peer, const struct speaker_update *update,
		  uint32_t *taken);
/* Take a slice of the UPDATEs of a family that wait, though their time is not over, because
 * something else of the peer comes behind them. Returns whether none waits any more; if not, call
 * again before anything else of the peer. */
bool updates_over(struct route_server *rs, struct peer *peer, uint8_t family);
/* The same of all families. */
bool updates_all_over(struct route_server *rs, struct peer *peer);
/* DUE_HELD_UPDATES: for `ns`, take UPDATEs whose next hop has been found or whose time is over.
 * Peers take turns, from one turn to the next too. Returns how much was done. */
unsigned int updates_turn(struct route_server *rs, uint32_t ns);

#ifdef __cplusplus
}
#endif
#endif
