/* Views under a matrix that is not in force, beside those that are. */
#include "view_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "forwarding_show.h"

/* What a view has, or would have, of a prefix. */
struct members {
	uint16_t n, of[RIB_ECMP];
	bool lost;
};

/* A group of a view's table (forwarding_needs_group()), and the round in which it was last met. */
struct needed_group {
	uint32_t addr;
	uint8_t len;
	uint8_t round;
	uint16_t reserved;
};
PREFIX_TABLE_ITEM(struct needed_group);

enum { GROUPS_MAX = 1 << 24 };

int view_plan_init(struct view_plan *plan, struct fib_sync *sync, uint64_t allow)
{
	*plan = (struct view_plan){
		.sync = sync,
		.allow = allow,
		.groups = forwarding_stats(sync->fib, sync->writer).groups[sync->family]
	};
	for (int view = 0; view < ROLE_COUNT; view++) {
		struct view_room *room = &plan->room[view];

		room->there = forwarding_views(sync->fib, sync->family) >> view & 1;
		if (room->there && prefix_table_open(&room->groups, sync->family,
						     sizeof(struct needed_group), GROUPS_MAX))
			return -ENOMEM;
	}
	return 0;
}

void view_plan_fini(struct view_plan *plan)
{
	for (int view = 0; view < ROLE_COUNT; view++)
		prefix_table_close(&plan->room[view].groups);
}

/* Under `allow`: the matrix in force, or the plan's within rib_try(). */
static void members_under(const struct view_plan *plan, uint32_t node, enum role view,
			  uint64_t allow, struct members *members)
{
	members->n = fib_sync_members(plan->sync, node, view, allow, members->of, &members->lost);
}

/* --- room ------------------------------------------------------------------------------------- */

/* The group, if it was met in this round. */
static bool group_met(const struct view_room *room, const struct prefix *group)
{
	uint32_t id = prefix_table_find(&room->groups, group);
	const struct needed_group *at = id ? prefix_table_at(&room->groups, id) : NULL;

	return at && at->round == room->round;
}

static void group_meet(struct view_plan *plan, struct view_room *room, const struct prefix *group)
{
	uint32_t id = prefix_table_find(&room->groups, group);
	struct needed_group *at;

	if (!id)
		id = prefix_table_add(&room->groups, group);
	at = id ? prefix_table_at(&room->groups, id) : NULL;
	if (at)
		at->round = room->round;
	plan->starved |= !at;
}

/* The first `n` groups that a prefix needs are met. */
static void groups_meet(struct view_plan *plan, struct view_room *room, struct prefix prefix,
			uint32_t n)
{
	struct prefix group;

	for (uint32_t i = 0; i < n && forwarding_needs_group(prefix, i, &group); i++)
		group_meet(plan, room, &group);
}

/* Of the groups that it needs, those that nobody has needed before in this round. */
static void prefix_weigh(struct view_plan *plan, struct view_room *room, struct prefix prefix)
{
	struct prefix group;
	uint32_t n = 0;

	while (forwarding_needs_group(prefix, n, &group) && !group_met(room, &group))
		n++;
	groups_meet(plan, room, prefix, n);
	room->needed += n;
}

bool view_plan_fits(const struct view_plan *plan, enum role view)
{
	return plan->room[view].needed <= plan->groups;
}

/* Is there room for a route that is not in the view yet? Groups that the table has, or that one
 * which came before has taken, it need not take. */
static bool takes_in(struct view_plan *plan, enum role view, struct prefix prefix)
{
	const struct fib_sync *sync = plan->sync;
	struct view_room *room = &plan->room[view];
	struct prefix group;
	uint32_t n = 0;

	if (view_plan_fits(plan, view))
		return true;
	while (forwarding_needs_group(prefix, n, &group) && !group_met(room, &group) &&
	       !forwarding_has_group(sync->fib, sync->writer, (uint8_t)view, group))
		n++;
	if (n > room->free)
		return false;
	groups_meet(plan, room, prefix, n);
	room->free -= n;
	return true;
}

/* Local and connected entries take groups as well. */
static void seeds_weigh(struct view_plan *plan, struct view_room *room)
{
	struct prefix own;

	for (uint32_t i = 0; forwarding_own(plan->sync->fib, plan->sync->family, i, &own); i++)
		prefix_weigh(plan, room, own);
}

void view_plan_weigh(struct view_plan *plan, uint32_t node)
{
	struct prefix prefix = rib_prefix(plan->sync->rib, node);
	bool tried = rib_try(plan->sync->rib, node, plan->allow);

	plan->refused = 0;
	for (int view = 0; view < ROLE_COUNT; view++) {
		struct view_room *room = &plan->room[view];
		struct members after;

		if (!room->there)
			continue;
		members_under(plan, node, (enum role)view, plan->allow, &after);
		plan->refused |= (uint8_t)(after.lost << view);
		if (!after.n)
			continue;
		if (!room->weighed)
			seeds_weigh(plan, room);
		room->weighed = true;
		prefix_weigh(plan, room, prefix);
	}
	if (tried)
		rib_try_end(plan->sync->rib, node);
}

void view_plan_round(struct view_plan *plan, enum role view)
{
	struct view_room *room = &plan->room[view];
	const struct forwarding_stats stats = forwarding_stats(plan->sync->fib, plan->sync->writer);

	room->free = plan->groups - stats.groups_used[plan->sync->family][view];
	room->round++;
}

/* --- a prefix --------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static bool same_set(struct members *a, struct members *b)
{
	if (a->n != b->n)
		return false;
	qsort(a->of, a->n, sizeof(*a->of), by_number);
	qsort(b->of, b->n, sizeof(*b->of), by_number);
	return !memcmp(a->of, b->of, a->n * sizeof(*a->of));
}

static enum view_change change_of(struct view_plan *plan, uint32_t node, enum role view,
				  struct members *before, struct members *after)
{
	const struct rib *rib = plan->sync->rib;

	if (rib_refused(rib, node) >> view & 1)
		before->n = 0;
	if (after->n && !before->n && !takes_in(plan, view, rib_prefix(rib, node))) {
		after->lost = true;
		after->n = 0;
	}
	plan->refused |= (uint8_t)(after->lost << view);
	if (!after->n)
		return before->n ? VIEW_LOST : VIEW_SAME;
	if (!before->n)
		return VIEW_GAINED;
	return same_set(before, after) ? VIEW_SAME : VIEW_NEXT_HOPS;
}

/* Its paths are put into another order once for all views: there may be a thousand. */
void view_plan_node(struct view_plan *plan, uint32_t node)
{
	struct fib_sync *sync = plan->sync;
	struct members before[ROLE_COUNT], after[ROLE_COUNT];
	bool tried;

	for (int view = 0; view < ROLE_COUNT; view++)
		if (plan->room[view].there)
			members_under(plan, node, (enum role)view, sync->allow, &before[view]);
	tried = rib_try(sync->rib, node, plan->allow);
	for (int view = 0; view < ROLE_COUNT; view++)
		if (plan->room[view].there)
			members_under(plan, node, (enum role)view, plan->allow, &after[view]);
	if (tried)
		rib_try_end(sync->rib, node);
	plan->refused = 0;
	for (int view = 0; view < ROLE_COUNT; view++)
		plan->change[view] = plan->room[view].there ? change_of(plan, node, (enum role)view,
									&before[view], &after[view])
							    : VIEW_SAME;
}

/* --- conflicts -------------------------------------------------------------------------------- */

static bool conflict_find(const struct view_plan *plan, uint32_t node, enum role view,
			  const struct path **winner, const struct path **loser)
{
	const struct fib_sync *sync = plan->sync;
	const struct rib *rib = sync->rib;
	bool fresh = false;

	*winner = NULL;
	for (const struct path *path = rib_first(rib, node); path;
	     path = rib_following(rib, path)) {
		enum role from = rib_source(rib, path->peer)->role;

		if (path->flags & PATH_UNUSED || from == ROLE_VNET)
			return false;
		if (path->flags & PATH_HELD || !rib_allows(plan->allow, from, view))
			continue;
		fresh |= !rib_allows(sync->allow, from, view);
		if (!*winner) {
			*winner = path;
		} else if (from != rib_source(rib, (*winner)->peer)->role) {
			*loser = path;
			return fresh;
		}
	}
	return false;
}

bool view_plan_conflict(const struct view_plan *plan, uint32_t node, enum role view,
			const struct path **winner, const struct path **loser)
{
	struct rib *rib = plan->sync->rib;
	bool tried, found;

	if (!plan->room[view].there || fib_sync_system(plan->sync, rib_prefix(rib, node)))
		return false;
	tried = rib_try(rib, node, plan->allow);
	found = conflict_find(plan, node, view, winner, loser);
	if (tried)
		rib_try_end(rib, node);
	return found;
}
