/* Prefixes of a peer that change too often. A change is: other attributes for a prefix that the
 * peer announces already, its withdrawal, or its return after a withdrawal. To repeat what is known
 * is no change.
 *
 *   flap_note ─► slot: changes in this minute
 *                 ├─ > FLAP_ALARM ─► flapper: fast ─► flaps_over (calm for a minute)
 *                 └─ > FLAP_HOLD, flap_hold() ─► flapper: held
 *   held: flap_said() keeps the peer's latest announcement, and no other
 *                 └─► flaps_over (quiet for flap_hold_s) ─► the caller applies it
 *
 * A peer has at most FLAP_SLOTS slots. They are in sets of FLAP_WAYS, and the hash of a prefix says
 * which set is its own, so that a change costs O(1) whatever the peer does. A prefix that finds no
 * free slot in its set takes the one with the fewest changes: in the end the slots belong to the
 * prefixes that change most. Changes are counted from when a prefix gets its slot, so that no count
 * is too high. A held prefix keeps its slot. The table of a peer begins small and doubles; a peer
 * that changes nothing has none.
 *
 * Here changes are counted and announcements kept; the caller acts. Knows no peer and no RIB; holds
 * references to attributes. Thread: the RIB lcore. */
#ifndef BASCULE_FLAP_H
#define BASCULE_FLAP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "attrs.h"
#include "prefix.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	FLAP_WINDOW_MS = 60000,
	FLAP_ALARM = 30,   /* changes of a prefix in a window; more raise an alarm ... */
	FLAP_HOLD = 600,   /* ... and with more than these it is held */
	FLAP_WAYS = 8,	   /* slots a set */
	FLAP_SLOTS = 4096, /* of a peer at most */
	FLAP_HELD = 2048,  /* of them */
	/* octets of an address that lie in its slot, and those of an IPv6 one that do not */
	FLAP_HEAD = 4,
	FLAP_TAIL = 12,
};

struct flap;

/* A prefix that changes more than FLAP_ALARM times a window, or did so within the last one. */
struct flapper {
	TAILQ_ENTRY(flapper) of_flap; /* in the order in which they began */
	TAILQ_ENTRY(flapper) in_time; /* among the fast or the held ones of all peers, by `ms` */
	struct flap *flap;	      /* borrowed: whose it is */
	struct prefix prefix;
	bool held;
	uint64_t ms; /* held: time of its last change; else of the last one past FLAP_ALARM */
	/* Held: the attributes that stay in use, and those that the peer announced last (NULL: it
	 * has withdrawn the prefix). A reference each. */
	const struct attrs *good, *said;
};
TAILQ_HEAD(flappers, flapper);

/* Of all peers. */
struct flaps {
	struct flappers fast, held; /* owned */
	struct attr_table *attrs;   /* borrowed */
};

/* Of one peer, and of prefixes of one family. Zeroed at first. */
struct flap {
	struct flap_slot *slots; /* owned: nb_slots, NULL: none has been needed in this session */
	uint8_t (*tails)[FLAP_TAIL]; /* owned: of IPv6, beside each slot; NULL: of IPv4 */
	uint32_t nb_slots;
	uint32_t nb_flappers, nb_held; /* flappers; those of them that are held */
	struct flappers flappers;      /* while there are slots */
	uint64_t seed;
	uint64_t changes; /* ever */
};

void flaps_init(struct flaps *flaps, struct attr_table *attrs);

enum flap_verdict {
	FLAP_CALM,
	FLAP_FAST,    /* past FLAP_ALARM with this change */
	FLAP_TOO_FAST /* past FLAP_HOLD, or past FLAP_ALARM soon after it was held: to be held */
};

/* A prefix that is not held has changed. `returned`: it is announced and was not there; that is a
 * change if it was there lately. */
enum flap_verdict flap_note(struct flaps *flaps, struct flap *flap, struct prefix prefix,
			    bool returned, uint64_t now_ms);

/* What flap_note() looks at of a prefix comes into the cache meanwhile. */
void flap_fetch(const struct flap *flap, struct prefix prefix);

/* Hold a prefix that is FLAP_TOO_FAST, with these attributes, which the peer announced last. False:
 * FLAP_HELD prefixes are held already. */
bool flap_hold(struct flaps *flaps, struct flap *flap, struct prefix prefix,
	       const struct attrs *attrs, uint64_t now_ms);
/* The flapper of a prefix that is held; NULL: it is not. */
struct flapper *flap_held(const struct flap *flap, struct prefix prefix);
/* The peer announces a held prefix with these attributes (NULL: it withdraws the prefix). */
void flap_said(struct flaps *flaps, struct flapper *flapper, const struct attrs *attrs,
	       uint64_t now_ms);

/* A flapper that has ended: it is held and had no change for hold_ms, or it is calm. NULL: there is
 * none. The caller applies what the peer announced last if it was held, then calls flap_end(). */
struct flapper *flaps_over(const struct flaps *flaps, uint64_t now_ms, uint64_t hold_ms);
/* Forget the flapper. A prefix that was held is held again as soon as it changes more than
 * FLAP_ALARM times within the next window, so that a loop is not let through anew. */
void flap_end(struct flaps *flaps, struct flapper *flapper, uint64_t now_ms);

/* All held prefixes of the peer end with the next flaps_over(). */
void flap_release(struct flaps *flaps, struct flap *flap);
/* The session has gone: forget everything but the number of changes. */
void flap_forget(struct flaps *flaps, struct flap *flap);

#ifdef __cplusplus
}
#endif
#endif
