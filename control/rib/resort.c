/* Nodes whose paths are as they were, but may stand in another order: after a change of the rule,
 * of what is stale, or of a next hop. All nodes, or those of the next hop, are sorted anew in
 * slices. */
#include "rib_private.h"

void rib_set_rule(struct rib *rib, struct decide_rule rule)
{
	rib->params.rule = rule;
	slab_round_begin(&rib->resort, &rib->nodes.items);
}

void rib_reconsider(struct rib *rib)
{
	slab_round_begin(&rib->resort, &rib->nodes.items);
}

uint8_t path_flags_now(const struct rib *rib, const struct path *path)
{
	return path_flags(rib, path->peer, path->attrs) | (path->flags & PATH_REFLECTION) |
	       (rib_is_stale(rib, path) ? PATH_STALE : 0);
}

/* A stale path whose next hop is lost is dropped for good: that a host answers ARP again does not
 * mean that it forwards as it did before it restarted. The caller has reserved. */
static void node_drop_lost(struct rib *rib, struct node *node)
{
	struct path *path = path_at(rib, node->first);

	while (path) {
		bool lost = rib_is_stale(rib, path) &&
			    path_flags(rib, path->peer, path->attrs) & PATH_UNUSABLE;
		struct path *next = path_at(rib, path->next);

		if (lost) {
			path_withdraw(rib, path); /* may sort the rest: begin anew */
			next = path_at(rib, node->first);
		}
		path = next;
	}
}

/* Ask again which next hops resolve and what is stale, and sort. The caller has reserved. */
static void node_resort(struct rib *rib, uint32_t id)
{
	struct node *node = node_at(rib, id);
	struct outlook before;
	bool changed = false;

	if (bitmap_has(&rib->put_off, id))
		node_decide(rib, id);
	node_drop_lost(rib, node);
	if (!node->first)
		return;
	rib->spent += node_cost(rib, id);
	groups_outlook(rib, id, &before);
	for (struct path *path = path_at(rib, node->first); path; path = path_at(rib, path->next)) {
		uint8_t flags = path_flags_now(rib, path);

		changed |= !path_flags_alike(rib, path, flags);
		path_set_flags(rib, path, flags);
	}
	changed |= chain_sort(rib, node);
	changed |= reflections_judge(rib, id, classes_of(rib, id));
	if (!changed)
		return;
	groups_mark(rib, id, &before);
	bitmap_add(&rib->changes, id);
}

size_t resort_turn(struct rib *rib, size_t budget)
{
	const uint64_t before = rib->spent;
	size_t seen = 0;
	uint32_t id;

	while (cost_since(rib, before, seen) < budget && groups_reserve(rib) == 0 &&
	       (id = slab_round_next(&rib->resort))) {
		seen++;
		if (slab_live(&rib->nodes.items, id))
			node_resort(rib, id);
	}
	return cost_since(rib, before, seen);
}

size_t hops_turn(struct rib *rib, size_t budget)
{
	const uint64_t before = rib->spent;
	size_t seen = 0;
	uint32_t id;

	for (; cost_since(rib, before, seen) < budget && groups_reserve(rib) == 0 &&
	       (id = hops_next(rib));
	     seen++) {
		uint32_t node = path_at(rib, id)->node;

		node_resort(rib, node);
		bitmap_add(&rib->changes, node); /* usable as before, it may be reached otherwise */
	}
	return cost_since(rib, before, seen);
}
