/* Groups that have been freed, and what queues have left behind. Both may be large: entries and
 * bits for every prefix there is. They go in slices, and nothing waits for it.
 *
 *   group_free ─► leaving ─► groups_retire: entries, then bits, a few a turn ─► the group's memory
 *   queue_take ─► spare   ─► groups_retire: all of them at once, when no queue holds any, but their
 *                                           memory in pieces
 *
 * A group that leaves needs no node. So a node that was kept for it alone may be freed before its
 * turn comes, and its id be another prefix's by then; who looks at what the group has kept asks
 * whether there is a node, and whether anybody needs that one. */
#include <assert.h>
#include <stdlib.h>

#include "group.h"
#include "rib_private.h"

enum {
	GROUP_COST = 64, /* nodes, that the end of a group counts for: its bitmaps and lanes */
	TRIM_COST = 64,	 /* and memory given back: */
	TRIM = 1 << 20,	 /* so many octets of it at a time */
	KEPT = 4096,	 /* spare entries, and notes, that stay */
};

void group_free(struct group *group)
{
	struct groups *groups = &group->rib->groups;
	struct group **link = &groups->of_class[group->class];

	assert(!group->members);
	while (*link != group)
		link = &(*link)->next;
	*link = group->next;
	groups->nb_groups--;
	group->next = groups->leaving;
	groups->leaving = group;
}

/* It may have been kept for a group that leaves. */
static void node_let_go(struct rib *rib, uint32_t id)
{
	if (slab_live(&rib->nodes.items, id))
		node_release(rib, id);
}

static size_t queue_drop(struct group *group, size_t budget)
{
	struct backups backups;
	struct entry entry;
	size_t seen = 0;

	for (; seen < budget && queue_take(group, &entry, &backups); seen++) {
		entry_drop(group->rib, &entry);
		node_let_go(group->rib, entry.node);
	}
	return seen;
}

static size_t pending_drop(struct rib *rib, struct bitmap *pending, size_t budget)
{
	size_t seen = 0;

	for (; seen < budget && pending->count; seen++) {
		uint32_t id = bitmap_next(pending, 0);

		bitmap_remove(pending, id);
		node_let_go(rib, id);
	}
	return seen;
}

static void group_end(struct group *group)
{
	group->rib->groups.leaving = group->next;
	queue_fini(&group->queue);
	bitmap_free(&group->watch.pending);
	bitmap_free(&group->dirty);
	free(group->stream.peers);
	free(group);
}

/* A slice of the first one. */
static size_t retire(struct rib *rib, struct group *group, size_t budget)
{
	size_t seen = queue_drop(group, budget);

	while (seen < budget && group->cohorts) {
		seen += pending_drop(rib, &group->cohorts->pending, budget - seen) + 1;
		if (!group->cohorts->pending.count)
			cohort_free(group, group->cohorts);
	}
	if (seen < budget)
		seen += pending_drop(rib, &group->watch.pending, budget - seen);
	if (seen >= budget)
		return seen;
	group_end(group);
	return seen + GROUP_COST;
}

/* Returns whether there is more to give back. */
static bool spare_trim(struct slab *slab, uint32_t *spare, uint32_t *nb_spare)
{
	if (slab->top > KEPT && slab->used == *nb_spare) {
		slab_reset(slab);
		*spare = *nb_spare = 0;
	}
	return slab_trim(slab, KEPT, TRIM);
}

size_t groups_retire(struct rib *rib, size_t budget)
{
	struct groups *groups = &rib->groups;
	size_t seen = 0;

	while (seen < budget && groups->leaving)
		seen += retire(rib, groups->leaving, budget - seen);
	if (seen < budget && spare_trim(&groups->entries, &groups->spare, &groups->nb_spare))
		seen += TRIM_COST;
	if (seen < budget &&
	    spare_trim(&groups->notes, &groups->spare_notes, &groups->nb_spare_notes))
		seen += TRIM_COST;
	return seen;
}
