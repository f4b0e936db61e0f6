/* Every prefix of every family looked at again, in slices: after a change of the role matrix or of
 * the configuration, to put in what was refused, and to find the next hops that nothing uses any
 * more. A walk goes over the tables once a pass: views that somebody waits for have a pass of their
 * own, one after the other, and the rest follow together.
 *
 *   rib_walk ─► fib_sync_again(views of the pass) ─► FIB
 *        └────► next_hop_mark, far_hop_mark      (in the first pass)
 *
 * Thread: the RIB lcore. */
#ifndef BASCULE_FIB_WALK_H
#define BASCULE_FIB_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fib_sync.h"

#ifdef __cplusplus
extern "C" {
#endif

struct fib_walk {
	struct fib_sync *syncs; /* borrowed: one a family, of the same next hops */
	unsigned int nb_syncs;
	/* a bit each: the views that the present pass is for, those of the passes after it, and of
	 * these the ones that have a pass of their own */
	uint8_t views, later, alone;
	bool first;	    /* the first pass: what is not of one view is done in it */
	unsigned int table; /* whose the pass has come to, */
	uint32_t cursor;    /* and where in it */
	/* the pass has reached the end of the table; prefixes that have gone since it began
	 * follow */
	bool round;
	/* every prefix of every table has been looked at; the wide ones are through when
	 * rib_wide_rounds() is as here */
	bool walked;
	uint64_t rounds[FAMILY_COUNT];
	bool walking;
};

/* None is under way. `syncs` are borrowed. */
void fib_walk_init(struct fib_walk *walk, struct fib_sync *syncs, unsigned int nb_syncs);

/* Begin, under this matrix from now on; what is under way begins anew. The views of `alone` (bit:
 * role) are filled first. */
void fib_walk_begin(struct fib_walk *walk, uint64_t allow, uint8_t alone);
/* Look at about `budget` prefixes; returns how many those were. The walk has ended when `walking`
 * is false. */
size_t fib_walk_turn(struct fib_walk *walk, size_t budget);

/* Has the walk filled this role's view already, of all families? True also of a role that has no
 * ports, so no view; and if there is no walk. */
bool fib_walk_filled(const struct fib_walk *walk, enum role view);
/* Was anything refused since the last walk began, so that there has to be another one? */
bool fib_walk_wanted(const struct fib_walk *walk);

#ifdef __cplusplus
}
#endif
#endif
