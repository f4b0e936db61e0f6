/* UPDATEs that wait for ARP. A peer that moves a route in use to a next hop that nobody has sent to yet would lose the
 * route until the next hop is found: withdrawn from everybody, and announced again a moment later. So the UPDATE waits
 * for the answer, and what the peer says next waits behind it, in order; what it said before holds meanwhile.
 *
 *   rs_update ◄─ held_updates_hold ◄─ SPEAKER_UPDATE        HELD_UPDATES_MS and HELD_UPDATES_BYTES bound it: then it is taken as it is
 *   rs_update ◄─ held_updates_turn, held_updates_over           the next hop is found; the session ends, or says something else
 *
 * Thread: the RIB lcore. */
#ifndef BASCULE_HELD_UPDATES_H
#define BASCULE_HELD_UPDATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;
struct peer;
struct speaker_update;
struct patient;

enum { HELD_UPDATES_MS = 1000, HELD_UPDATES_BYTES = 256 << 10 };

/* What of a peer waits; all zeros: nothing. */
struct held_updates {
	struct patient *first, *last; /* owned */
	size_t bytes;
	uint64_t until_ms;
	uint32_t taken; /* prefixes of the first that are through: once there are some, all go */
	uint16_t at;	/* prefix of the first that is looked at next, whether it is in use ... */
	uint16_t nb_unused; /* ... and how many before it are not */
	bool ending;	    /* there is no room: all that waits goes, and then what comes next */
};

enum held_updates_verdict {
	HELD_UPDATES_TAKE,	/* take it now */
	HELD_UPDATES_HELD,	/* a copy of it waits */
	HELD_UPDATES_LATER, /* ask again: what waited goes first, and is not through */
};

/* Must this UPDATE wait? */
enum held_updates_verdict held_updates_hold(struct route_server *rs, struct peer *peer,
				    const struct speaker_update *update);
/* Whose next hop is found, and whose time is over: taken, as many as there is time for. Returns how much was done. */
unsigned int held_updates_turn(struct route_server *rs);
/* What waits has waited long enough: a slice of it is taken. Returns whether nothing waits any more; if not, call again before
 * anything else of the peer. */
bool held_updates_over(struct route_server *rs, struct peer *peer);
/* Release what waits. */
void held_updates_fini(struct held_updates *held_updates);

#ifdef __cplusplus
}
#endif
#endif
