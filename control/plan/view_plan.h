/* What would become of the views if the role matrix were another one: for each prefix and view,
 * whether it would be there, with which next hops, and whether there would be room for it. The
 * functions that fill the views find it out (fib_sync.h); nothing is moved.
 *
 * Of one family. Rounds over all prefixes, as in matrix_plan.h. The first one finds out which
 * views have room for everything. In a view that has not, prefixes that are there stay, and others
 * come in their order if as many groups of the view's table are left as they need. Thread: the RIB
 * lcore; view_plan_fini() may be called by any. */
#ifndef BASCULE_VIEW_PLAN_H
#define BASCULE_VIEW_PLAN_H

#include "fib_sync.h"
#include "prefix_table.h"

#ifdef __cplusplus
extern "C" {
#endif

enum view_change { VIEW_SAME, VIEW_GAINED, VIEW_LOST, VIEW_NEXT_HOPS, VIEW_CHANGES };

struct view_plan {
	struct fib_sync *sync; /* borrowed */
	uint64_t allow;
	struct view_room {
		bool there;		    /* the role has a view */
		struct prefix_table groups; /* owned: those of its table that are needed */
		uint8_t round;
		bool weighed;	 /* what of the table is not routes is */
		uint32_t needed; /* groups, after the first round */
		uint32_t free;	 /* in this round, if not all fit */
	} room[ROLE_COUNT];
	uint32_t groups; /* that each view has */
	bool starved;	 /* there was no memory to note one: what room there is may be off */
	/* of the node last looked at */
	uint8_t refused; /* the roles whose views would not carry it, a bit each */
	enum view_change change[ROLE_COUNT];
};

/* 0 or -ENOMEM; view_plan_fini() is due in any case. */
int view_plan_init(struct view_plan *plan, struct fib_sync *sync, uint64_t allow);
void view_plan_fini(struct view_plan *plan);

/* The first round, for each prefix; sets `refused` as far as room has no part in it. */
void view_plan_weigh(struct view_plan *plan, uint32_t node);
/* A round begins anew: in each view. */
void view_plan_round(struct view_plan *plan, enum role view);
/* The next node of the round: sets `refused` and `change`. */
void view_plan_node(struct view_plan *plan, uint32_t node);

/* After the first round: has the view room for all that it would carry? */
bool view_plan_fits(const struct view_plan *plan, enum role view);

/* Would the view of `view` come to have paths of two branches for this prefix, that it does not
 * have side by side now? Then `*winner` is what it would follow, and `*loser` the best of the other
 * branches. */
bool view_plan_conflict(const struct view_plan *plan, uint32_t node, enum role view,
			const struct path **winner, const struct path **loser);

#ifdef __cplusplus
}
#endif
#endif
