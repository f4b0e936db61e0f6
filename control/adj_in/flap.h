/* Prefixes of a peer that change too often. A change is another announcement of a path that the
 * peer has with us, its withdrawal, or an announcement of what was withdrawn; to repeat what is
 * known is none.
 *
 *   flap_note ─► slot: changes in this minute
 *                 ├─ > FLAP_ALARM ─► flapper: fast ─► flaps_over (calm for a minute)
 *                 └─ > FLAP_HOLD, flap_hold() ─► flapper: held
 *   held: flap_said() keeps the latest word, and no other
 *                 └─► flaps_over (quiet for flap_hold_s) ─► the caller applies it
 *
 * A peer has at most FLAP_SLOTS slots, in sets of FLAP_WAYS by the hash of the prefix, so that a
 * change costs O(1) whatever the peer does. A prefix that finds no free slot in its set takes that
 * of the one with the fewest changes, so that the slots come to be of those that change most.
 * Counted is from when a prefix got its slot: never more than there was. A held one keeps its slot.
 * A table begins small and doubles; nothing is allocated for a peer that changes nothing.
 *
 * Knows no peer, no RIB; holds references to attributes. Thread: the RIB lcore. */
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
	FLAP_ALARM = 30,   /* changes of a prefix in a window; more is an alarm ... */
	FLAP_HOLD = 600,   /* ... and still more are held */
	FLAP_WAYS = 8,	   /* slots a set */
	FLAP_SLOTS = 4096, /* of a peer at most */
	FLAP_HELD = 2048,  /* of them */
};

struct flap;

/* A prefix that changes, or has changed within a window, more than FLAP_ALARM times a window. */
struct flapper {
	TAILQ_ENTRY(flapper) of_flap; /* in the order in which they began */
	TAILQ_ENTRY(flapper) in_time; /* among the fast or the held ones of all peers, by `ms` */
	struct flap *flap;	      /* borrowed: whose it is */
	struct prefix prefix;
	bool held;
	uint64_t ms; /* held: its last change; else the last one past FLAP_ALARM */
	/* Held: what stays as it was, and what the peer has said last (NULL: it has withdrawn it).
	 * A reference each. */
	const struct attrs *good, *said;
};
TAILQ_HEAD(flappers, flapper);

/* Of all peers. */
struct flaps {
	struct flappers fast, held; /* owned */
	struct attr_table *attrs;   /* borrowed */
};

/* Of one peer. Zeroed at first. */
struct flap {
	struct flap_slot *slots; /* owned: nb_slots, NULL: none has been needed in this session */
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
	FLAP_TOO_FAST /* past FLAP_HOLD, or past FLAP_ALARM and held lately: to be held */
};

/* A prefix that is not held has changed. `returned`: it is announced, and was not there; that is a
 * change if it has been there lately. */
enum flap_verdict flap_note(struct flaps *flaps, struct flap *flap, struct prefix prefix,
			    bool returned, uint64_t now_ms);

/* Hold what was FLAP_TOO_FAST, as these attributes, which the peer has said last. False: there are
 * FLAP_HELD. */
bool flap_hold(struct flaps *flaps, struct flap *flap, struct prefix prefix,
	       const struct attrs *attrs, uint64_t now_ms);
/* The flapper of a prefix that is held; NULL: it is not. */
struct flapper *flap_held(const struct flap *flap, struct prefix prefix);
/* The peer says of a held prefix that it has these attributes (NULL: withdrawn). */
void flap_said(struct flaps *flaps, struct flapper *flapper, const struct attrs *attrs,
	       uint64_t now_ms);

/* One that is over: held and without a change for hold_ms, or calm. NULL: none is. It goes with
 * flap_end(), after the caller has taken what a held one said. */
struct flapper *flaps_over(const struct flaps *flaps, uint64_t now_ms, uint64_t hold_ms);
/* One that was held is held again as soon as it changes more than FLAP_ALARM times within the next
 * window: what loops goes on where it stopped. */
void flap_end(struct flaps *flaps, struct flapper *flapper, uint64_t now_ms);

/* All that are held are over. */
void flap_release(struct flaps *flaps, struct flap *flap);
/* Forget all of it but how often things changed: its session has gone. */
void flap_forget(struct flaps *flaps, struct flap *flap);

#ifdef __cplusplus
}
#endif
#endif
