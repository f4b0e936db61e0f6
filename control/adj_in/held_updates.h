/* UPDATEs that wait for ARP. A peer may move a route in use to a next hop that nothing was sent to
 * yet. If that UPDATE were taken at once, the route would be withdrawn from everybody, and
 * announced again a moment later when the next hop answers. So the UPDATE waits for the answer, and
 * later UPDATEs of the peer wait behind it, in order; meanwhile what the peer announced before
 * stays in use. The caller looks for the next hop, and takes what is due.
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

/* The UPDATEs of a peer that wait; all zeros: none. */
struct held_updates {
	struct held_update *first, *last; /* owned */
	size_t bytes;
	uint64_t until_ms;
	/* octets of the first UPDATE's prefixes that have been taken: once there are some, all
	 * go */
	uint32_t taken;
	/* octet of those that the first UPDATE announces where the one begins that is looked at
	 * next, whether it is in use ... */
	uint16_t at;
	uint16_t nb_unused; /* ... and how many before that are not in use */
	/* there is no room: all that waits is taken, and then the next UPDATE */
	bool ending;
};

enum held_updates_verdict {
	HELD_UPDATES_TAKE, /* take it now */
	HELD_UPDATES_HELD, /* a copy of it waits */
	/* take the first that waits, and ask again: there is no room until all that waits has
	 * gone */
	HELD_UPDATES_LATER,
};

/* Must this UPDATE of the RIB's source `source` wait? `sought`: its next hop is being looked
 * for. */
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

/* Is the first UPDATE to be taken now? It is if a part of it has been taken, its time is over, its
 * next hop is not `sought` any more, or no route in use depends on it. Looks at a few of its
 * prefixes. */
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
