/* See fib_walk.h. */
#include "fib_walk.h"

#include <assert.h>

void fib_walk_init(struct fib_walk *walk, struct fib_sync *syncs, unsigned int nb_syncs)
{
	assert(nb_syncs && nb_syncs <= FAMILY_COUNT);
	*walk = (struct fib_walk){ .syncs = syncs, .nb_syncs = nb_syncs };
}

/* The next view that is waited for, or else all that are left. */
static void pass_begin(struct fib_walk *walk)
{
	uint8_t alone = walk->alone & walk->later;

	walk->views = alone ? (uint8_t)(alone & -alone) : walk->later;
	walk->later &= (uint8_t)~walk->views;
	walk->table = walk->cursor = 0;
	walk->round = walk->walked = false;
}

void fib_walk_begin(struct fib_walk *walk, uint64_t allow, uint8_t alone)
{
	next_hops_round_begin(walk->syncs->next_hops);
	far_hops_round_begin(walk->syncs->far_hops);
	walk->later = 0;
	for (unsigned int i = 0; i < walk->nb_syncs; i++) {
		struct fib_sync *sync = &walk->syncs[i];

		walk->later |= fib_sync_views(sync);
		sync->allow = allow;
		sync->retry = false;
	}
	walk->alone = alone;
	walk->walking = walk->first = true;
	pass_begin(walk);
}

bool fib_walk_filled(const struct fib_walk *walk, enum role view)
{
	return !walk->walking || !((walk->views | walk->later) >> view & 1);
}

bool fib_walk_wanted(const struct fib_walk *walk)
{
	bool wanted = false;

	for (unsigned int i = 0; i < walk->nb_syncs; i++)
		wanted |= walk->syncs[i].retry;
	return wanted;
}

static void mark_next_hops(const struct fib_sync *sync, uint32_t node)
{
	for (const struct path *p = rib_first(sync->rib, node); p;
	     p = rib_following(sync->rib, p)) {
		next_hop_mark(sync->next_hops, p->attrs->keys.next_hop);
		if (sync->far_hops->slab.used)
			far_hop_mark(sync->far_hops, p->attrs->keys.next_hop);
	}
}

/* A slice of a table, of nodes that have paths. */
static size_t walk_nodes(struct fib_walk *walk, struct fib_sync *sync)
{
	uint32_t nodes[FIB_SYNC_NODES];
	size_t n = rib_walk(sync->rib, &walk->cursor, nodes, FIB_SYNC_NODES), cost;

	for (size_t i = 0; walk->first && i < n; i++)
		mark_next_hops(sync, nodes[i]);
	cost = fib_sync_again(sync, nodes, n, walk->views, walk->first);
	walk->round = !walk->cursor;
	return FIB_SYNC_NODES + cost - n;
}

/* Has each wide prefix that the walk met been written since? */
static bool wide_through(const struct fib_walk *walk)
{
	for (unsigned int i = 0; i < walk->nb_syncs; i++) {
		const struct rib *rib = walk->syncs[i].rib;

		if (rib_wide_waiting(rib) && rib_wide_rounds(rib) < walk->rounds[i])
			return false;
	}
	return true;
}

/* The next table, or the end of all. */
static void table_end(struct fib_walk *walk)
{
	walk->round = false;
	if (++walk->table < walk->nb_syncs)
		return;
	walk->walked = true;
	for (unsigned int i = 0; i < walk->nb_syncs; i++)
		walk->rounds[i] = rib_wide_rounds(walk->syncs[i].rib) + 2;
}

/* The views of this pass are filled. */
static void pass_end(struct fib_walk *walk)
{
	walk->first = false;
	if (walk->later) {
		pass_begin(walk);
		return;
	}
	walk->walking = walk->walked = false;
	next_hops_round_end(walk->syncs->next_hops);
	far_hops_round_end(walk->syncs->far_hops);
}

size_t fib_walk_turn(struct fib_walk *walk, size_t budget)
{
	size_t done = 0;

	while (walk->walking && !walk->walked && done < budget) {
		struct fib_sync *sync = &walk->syncs[walk->table];

		if (!walk->first && !(walk->views & fib_sync_views(sync)))
			table_end(walk);
		else if (!walk->round)
			done += walk_nodes(walk, sync);
		else if (rib_changes_waiting(sync->rib))
			/* prefixes that have gone are not walked over */
			done += fib_sync_changes(sync, budget - done);
		else
			table_end(walk);
	}
	if (walk->walked && wide_through(walk)) {
		pass_end(walk);
		done++;
	}
	return done;
}
