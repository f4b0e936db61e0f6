/* UPDATEs that wait for ARP. A peer that moves a route in use to a next hop that nobody has sent to yet would lose the
 * route until the next hop is found: withdrawn from everybody, and announced again a moment later. So the UPDATE waits
 * for the answer, and what the peer says next waits behind it, in order; what it said before holds meanwhile.
 *
 *   rs_update ◄─ patience_hold ◄─ SPEAKER_UPDATE        PATIENCE_MS and PATIENCE_BYTES bound it: then it is taken as it is
 *   rs_update ◄─ patience_turn, patience_over           the next hop is found; the session ends, or says something else
 *
 * Thread: the RIB lcore. */
#ifndef BASCULE_PATIENCE_H
#define BASCULE_PATIENCE_H

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

enum { PATIENCE_MS = 1000, PATIENCE_BYTES = 256 << 10 };

/* What of a peer waits; all zeros: nothing. */
struct patience {
	struct patient *first, *last; /* owned */
	size_t bytes;
	uint64_t until_ms;
	uint32_t taken; /* prefixes of the first that are through: once there are some, all go */
	uint16_t at;	/* prefix of the first that is looked at next, whether it is in use ... */
	uint16_t nb_unused; /* ... and how many before it are not */
	bool ending;	    /* there is no room: all that waits goes, and then what comes next */
};

enum patience_verdict {
	PATIENCE_TAKE,	/* take it now */
	PATIENCE_HELD,	/* a copy of it waits */
	PATIENCE_LATER, /* ask again: what waited goes first, and is not through */
};

/* Must this UPDATE wait? */
enum patience_verdict patience_hold(struct route_server *rs, struct peer *peer,
				    const struct speaker_update *update);
/* Whose next hop is found, and whose time is over: taken, as many as there is time for. Returns how much was done. */
unsigned int patience_turn(struct route_server *rs);
/* What waits has waited long enough: a slice of it is taken. Returns whether nothing waits any more; if not, call again before
 * anything else of the peer. */
bool patience_over(struct route_server *rs, struct peer *peer);
/* Release what waits. */
void patience_fini(struct patience *patience);

#ifdef __cplusplus
}
#endif
#endif
