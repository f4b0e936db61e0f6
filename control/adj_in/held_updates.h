/* UPDATEs that wait for ARP. A peer that moves a route in use to a next hop that nobody has sent to
 * yet would lose the route until the next hop is found: withdrawn from everybody, and announced
 * again a moment later. So the UPDATE waits for the answer, and what the peer says next waits
 * behind it, in order; what it said before holds meanwhile.
 *
 *   SPEAKER_UPDATE ─► held_updates_hold ─► a copy waits, for HELD_UPDATES_MS and HELD_UPDATES_BYTES
 *   rs_update ◄─ the caller ◄─ held_updates_first, if it is held_updates_due, or the session ends
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

struct rib;
struct speaker_update;
struct held_update;

enum { HELD_UPDATES_MS = 1000, HELD_UPDATES_BYTES = 256 << 10 };

/* What of a peer waits; all zeros: nothing. */
struct held_updates {
	struct held_update *first, *last; /* owned */
	size_t bytes;
	uint64_t until_ms;
	uint32_t taken; /* prefixes of the first that are through: once there are some, all go */
	uint16_t at;	/* prefix of the first that is looked at next, whether it is in use ... */
	uint16_t nb_unused; /* ... and how many before it are not */
	bool ending;	    /* there is no room: all that waits goes, and then what comes next */
};

enum held_updates_verdict {
	HELD_UPDATES_TAKE, /* take it now */
	HELD_UPDATES_HELD, /* a copy of it waits */
	/* take the first, and ask again: there is no room until all that waits has gone */
	HELD_UPDATES_LATER,
};

/* Must this UPDATE of a RIB's source wait, whose next hop is being looked for, if `sought`? */
enum held_updates_verdict held_updates_hold(struct held_updates *held,
					    const struct speaker_update *update,
					    const struct rib *rib, uint16_t source, bool sought,
					    uint64_t now_ms);

/* Does something wait? */
static inline bool held_updates_wait(const struct held_updates *held)
{
	return held->first;
}

/* The first that waits, which there must be. Borrowed until held_updates_done(). */
const struct speaker_update *held_updates_first(const struct held_updates *held);

/* Is the first to be taken now: because a slice of it was, its time is over, its next hop is not
 * `sought` any more, or nothing depends on it? Looks at a few of its prefixes. */
bool held_updates_due(struct held_updates *held, const struct rib *rib, uint16_t source,
		      bool sought, uint64_t now_ms);

/* The first has been taken as a whole. */
void held_updates_done(struct held_updates *held);

/* Release what waits. */
void held_updates_fini(struct held_updates *held);

#ifdef __cplusplus
}
#endif
#endif
