/* What a turn of the RIB lcore leaves to a later one: a bit for each kind of work. Whoever finds
 * such work sets its bit. The conductor has a table of the function that does it and of how much
 * that may do in a turn; at its place in the turn, it takes the bit back and calls the function,
 * which sets the bit again while some of the work is left. Work that is not due costs one compare.
 * Thread: the RIB lcore. */
#ifndef BASCULE_DUE_H
#define BASCULE_DUE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum due_work {
	DUE_HOUSEKEEPING, /* a round of housekeeping has begun */
	DUE_HELD_UPDATES, /* UPDATEs of some peer wait (held_updates.h) */
	DUE_MAPS,	  /* inbound_turn() has something to do for some peer */
	/* next hops came or went, or what may come back from a peer has changed: all paths are to
	 * be looked at anew, when the RIB has settled (rib_reconsider()) */
	DUE_RECONSIDER,
	DUE_CALLS,    /* a route leads to peers that none led to before: they are called */
	DUE_REMOVALS, /* peers are being removed */
	DUE_PACE,     /* receivers are too slow for their groups (pace.h) */
	DUE_PLACES,   /* peers may be in a group that does not suit them */
	DUE_WORKS
};

/* All zeros: nothing is due. */
struct due {
	uint32_t bits; /* by enum due_work */
};

static inline void due_set(struct due *due, enum due_work work)
{
	due->bits |= UINT32_C(1) << work;
}

static inline bool due_has(const struct due *due, enum due_work work)
{
	return due->bits >> work & 1;
}

/* Is it due? From now on it is not. */
static inline bool due_take(struct due *due, enum due_work work)
{
	bool has = due_has(due, work);

	due->bits &= ~(UINT32_C(1) << work);
	return has;
}

#ifdef __cplusplus
}
#endif
#endif
