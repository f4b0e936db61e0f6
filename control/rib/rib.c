/* The table: nodes, their chains, and every change to them. A change runs in three steps: take what
 * may be lacking (memory), note what update groups may be told now, then act, which cannot fail,
 * and mark the difference. */
#include "rib.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rib_private.h"

enum { FIND_COST = 64 }; /* paths that are looked through and count as much as a prefix */

/* --- nodes ------------------------------------------------------------------------------------ */

uint32_t node_find(const struct rib *rib, struct prefix prefix)
{
	return prefix_table_find(&rib->nodes, prefix);
}

void node_release(struct rib *rib, uint32_t id)
{
	if (node_at(rib, id)->first || bitmap_has(&rib->changes, id) || node_waits(rib, id) ||
	    groups_need(rib, id))
		return;
	prefix_table_remove(&rib->nodes, id);
}

/* --- chains ----------------------------------------------------------------------------------- */

static uint32_t path_id(const struct rib *rib, const struct path *path)
{
	return (uint32_t)(((const uint8_t *)path - rib->paths.items.base) / rib->paths.item_size);
}

static struct path *chain_find(const struct rib *rib, const struct node *node, uint16_t peer)
{
	struct path *path = path_at(rib, node->first);

	while (path && path->peer != peer)
		path = path_at(rib, path->next);
	return path;
}

static void chain_remove(struct rib *rib, struct node *node, const struct path *path)
{
	uint32_t id = path_id(rib, path), *link = &node->first;

	while (*link != id)
		link = &path_at(rib, *link)->next;
	*link = path->next;
	if (path->next)
		path_at(rib, path->next)->tie &= path->tie;
}

static bool ties(const struct rib *rib, const struct path *before, const struct path *path)
{
	return before && decide_multipath(&rib->params.rule, rib->sources, before, path);
}

static void chain_insert(struct rib *rib, struct node *node, struct path *path)
{
	uint32_t *link = &node->first;
	struct path *before = NULL;

	for (struct path *at; (at = path_at(rib, *link)); link = &at->next) {
		if (decide_compare(&rib->params.rule, rib->sources, path, at, NULL) < 0)
			break;
		before = at;
	}
	path->next = *link;
	path->tie = ties(rib, before, path);
	path->yields = decide_yields(&rib->params.rule, rib->sources, path);
	if (path->next)
		path_at(rib, path->next)->tie = ties(rib, path, path_at(rib, path->next));
	*link = path_id(rib, path);
}

bool chain_sort(struct rib *rib, struct node *node)
{
	uint32_t *link = &node->first;
	bool changed = false;
	size_t n = 0;

	for (struct path *path = path_at(rib, node->first); path; path = path_at(rib, path->next))
		rib->sort[n++] = path;
	decide_sort(&rib->params.rule, rib->sources, rib->sort, n);
	for (size_t i = 0; i < n; i++) {
		uint32_t id = path_id(rib, rib->sort[i]);
		bool tie = ties(rib, i ? rib->sort[i - 1] : NULL, rib->sort[i]);

		uint8_t yields = decide_yields(&rib->params.rule, rib->sources, rib->sort[i]);

		changed |=
			*link != id || rib->sort[i]->tie != tie || rib->sort[i]->yields != yields;
		rib->sort[i]->tie = tie;
		rib->sort[i]->yields = yields;
		*link = id;
		link = &rib->sort[i]->next;
	}
	*link = 0;
	return changed;
}

/* `path` is in the chain's memory but not in its order. Ranks by MED may move others; and while
 * everything is being sorted anew, this chain may still be in the old order. */
static void chain_place(struct rib *rib, struct node *node, struct path *path)
{
	chain_insert(rib, node, path);
	if (rib->params.rule.med || rib->resort.left)
		chain_sort(rib, node);
}

/* --- peers ------------------------------------------------------------------------------------ */

void rib_source_set(struct rib *rib, uint16_t peer, const struct source *source)
{
	struct source *at = &rib->sources[peer];
	bool same = at->role == source->role && at->ibgp == source->ibgp &&
		    at->router_id == source->router_id && at->addr == source->addr &&
		    at->peered == source->peered && at->gateway == source->gateway &&
		    at->asn == source->asn && at->remove_private == source->remove_private &&
		    at->behind == source->behind;

	assert(!rib->peers[peer].paths ||
	       (at->role == source->role && at->gateway == source->gateway));
	instance_move(rib, peer, source->gateway);
	*at = *source;
	rib->version += !same;
	if (!same && rib->peers[peer].paths)
		slab_round_begin(&rib->resort, &rib->nodes.items);
}

void rib_source_hold(struct rib *rib, uint16_t peer, bool held)
{
	rib->sources[peer].held = held;
}

/* Withdraw, in slices, what is at least `age` epochs old. */
static void sweep_begin(struct rib *rib, struct rib_peer *peer, uint16_t age)
{
	peer->sweep_age = age;
	slab_round_begin(&rib->sweep, &rib->paths);
}

void rib_peer_down(struct rib *rib, uint16_t index)
{
	struct rib_peer *peer = &rib->peers[index];

	if (!peer->paths)
		return;
	peer->epoch++;
	peer->stale = peer->paths;
	sweep_begin(rib, peer, 1);
}

void rib_peer_stale(struct rib *rib, uint16_t index)
{
	struct rib_peer *peer = &rib->peers[index];
	bool stale_already = peer->stale;

	if (!peer->paths)
		return;
	peer->epoch++;
	peer->stale = peer->paths;
	peer->sweep_age = 0; /* a sweep that goes on is of what is gone already */
	if (stale_already)
		sweep_begin(rib, peer, 2);
	/* From now on fresh ones are better, and those whose next hops are lost are nothing. */
	rib_reconsider(rib);
}

void rib_peer_sweep(struct rib *rib, uint16_t index)
{
	if (rib->peers[index].stale)
		sweep_begin(rib, &rib->peers[index], 1);
}

/* --- changes ---------------------------------------------------------------------------------- */

/* groups_mark() for a change that this peer has caused. */
static void mark_for(struct rib *rib, uint16_t peer, uint32_t node, const struct outlook *before)
{
	rib->cause = peer;
	groups_mark(rib, node, before);
	rib->cause = rib->params.nb_peers;
}

static uint8_t path_flags(const struct rib *rib, uint16_t peer, const struct attrs *attrs)
{
	const struct source *source = &rib->sources[peer];
	uint32_t next_hop = attrs->keys.next_hop;
	uint16_t said = attrs->keys.flags;
	uint8_t flags = 0;

	if (source->held)
		flags |= PATH_HELD;
	if (said & ATTRS_NO_ADVERTISE)
		flags |= PATH_NO_ADVERTISE;
	if (said & (ATTRS_NO_EXPORT | ATTRS_NO_EXPORT_SUBCONFED))
		flags |= PATH_NO_EXPORT;
	if (source->role == ROLE_VNET)
		return flags;
	if (!rib->params.usable(rib->params.ctx, next_hop, source))
		flags |= PATH_UNUSABLE;
	else if (rib->params.quiet && rib->params.quiet(rib->params.ctx, next_hop, source))
		flags |= PATH_QUIET;
	return flags;
}

void path_set_flags(struct rib *rib, struct path *path, uint8_t flags)
{
	struct rib_peer *peer = &rib->peers[path->peer];

	peer->unusable += (flags & PATH_UNUSABLE) != 0;
	peer->unusable -= (path->flags & PATH_UNUSABLE) != 0;
	peer->reflections += (flags & PATH_REFLECTION) != 0;
	peer->reflections -= (path->flags & PATH_REFLECTION) != 0;
	path->flags = flags;
}

/* The peer has said it in this session: no longer stale. */
static void path_refresh(struct rib *rib, struct path *path)
{
	struct rib_peer *peer = &rib->peers[path->peer];

	if (path->epoch != peer->epoch) {
		path->epoch = peer->epoch;
		peer->stale--;
	}
}

/* A new, empty path of `peer` for `prefix`, in no chain. NULL: no memory. */
static struct path *path_new(struct rib *rib, struct prefix prefix, uint32_t node, uint16_t peer)
{
	uint32_t id = slab_alloc(&rib->paths);
	struct path *path;

	if (!id)
		return NULL;
	if (!node)
		node = prefix_table_add(&rib->nodes, prefix);
	if (!node) {
		slab_free(&rib->paths, id);
		return NULL;
	}
	path = path_at(rib, id);
	path->node = node;
	path->peer = peer;
	path->epoch = rib->peers[peer].epoch;
	return path;
}

/* Does it make no difference to anybody that a path's flags are these from now on? What is stale
 * makes none to a path that there is no other beside. */
static bool flags_alike(const struct rib *rib, const struct path *path, uint8_t flags)
{
	const struct path *first = path_at(rib, node_at(rib, path->node)->first);

	return flags == path->flags || ((flags ^ path->flags) == PATH_STALE && !first->next);
}

/* What it is that the path's peer says now. */
static enum rib_announced announced(const struct rib *rib, const struct path *path,
				    const struct attrs *attrs)
{
	if (!path->attrs || path->epoch != rib->peers[path->peer].epoch)
		return RIB_NEW;
	return path->attrs == attrs ? RIB_MOVED : RIB_CHANGED;
}

int rib_announce(struct rib *rib, struct prefix prefix, uint16_t peer, const struct attrs *attrs,
		 uint32_t local_pref, uint32_t now_s)
{
	uint32_t id = node_find(rib, prefix);
	struct path *path = id ? chain_find(rib, node_at(rib, id), peer) : NULL;
	uint8_t flags = path_flags(rib, peer, attrs) | (path ? path->flags & PATH_REFLECTION : 0);
	uint32_t next_hop = attrs->keys.next_hop, hop = SLAB_NONE;
	struct outlook before;
	const struct attrs *old;
	int what;

	if (path && path->attrs == attrs && path->local_pref == local_pref &&
	    flags_alike(rib, path, flags)) {
		path->flags = flags;
		path_refresh(rib, path);
		rib->spent += node_at(rib, id)->paths / FIND_COST;
		return RIB_SAME;
	}
	if (groups_reserve(rib) < 0)
		return -ENOMEM;
	if (!path || path->attrs->keys.next_hop != next_hop) {
		hop = hop_get(rib, next_hop);
		if (!hop)
			return -ENOMEM;
	}
	if (!path && !(path = path_new(rib, prefix, id, peer))) {
		hop_put(rib, hop);
		return -ENOMEM;
	}

	id = path->node;
	rib->spent += node_cost(rib, id);
	groups_outlook(rib, id, &before);
	old = path->attrs;
	what = announced(rib, path, attrs);
	rib->peers[peer].digest += attrs_digest(attrs, prefix);
	if (old) {
		rib->peers[peer].digest -= attrs_digest(old, prefix);
		chain_remove(rib, node_at(rib, id), path);
		path_refresh(rib, path);
	} else {
		rib->prefixes += !node_at(rib, id)->first;
		rib->peers[peer].paths++;
		node_at(rib, id)->paths++;
	}
	if (hop && old)
		hop_unlink(rib, old->keys.next_hop, path_id(rib, path));
	if (hop)
		hop_link(rib, hop, path_id(rib, path));
	path->attrs = attrs_get(attrs);
	path->local_pref = local_pref;
	path->learned_s = now_s;
	path_set_flags(rib, path, flags);
	path->med_rank = 0;
	chain_place(rib, node_at(rib, id), path);
	reflections_judge(rib, id, classes_of(rib, id));
	mark_for(rib, peer, id, &before);
	bitmap_add(&rib->changes, id);
	if (old)
		attrs_put(rib->params.attrs, old);
	return what;
}

/* The caller has reserved. */
static void path_withdraw(struct rib *rib, struct path *path)
{
	struct rib_peer *peer = &rib->peers[path->peer];
	struct outlook before;
	uint32_t id = path->node;
	struct node *node = node_at(rib, id);

	rib->spent += node_cost(rib, id);
	groups_outlook(rib, id, &before);
	chain_remove(rib, node, path);
	node->paths--;
	peer->paths--;
	peer->digest -= attrs_digest(path->attrs, prefix_make(node->addr, node->len));
	peer->stale -= path->epoch != peer->epoch;
	if (!node->first)
		rib->prefixes--;
	else if (rib->params.rule.med || rib->resort.left)
		chain_sort(rib, node);
	reflections_judge(rib, id, classes_of(rib, id));
	mark_for(rib, path->peer, id, &before);
	bitmap_add(&rib->changes, id);
	path_set_flags(rib, path, 0);
	hop_unlink(rib, path->attrs->keys.next_hop, path_id(rib, path));
	attrs_put(rib->params.attrs, path->attrs);
	slab_free(&rib->paths, path_id(rib, path));
}

int rib_withdraw(struct rib *rib, struct prefix prefix, uint16_t peer)
{
	uint32_t id = node_find(rib, prefix);
	struct path *path = id ? chain_find(rib, node_at(rib, id), peer) : NULL;

	if (!path)
		return 0;
	if (groups_reserve(rib) < 0)
		return -ENOMEM;
	path_withdraw(rib, path);
	return 1;
}

void rib_set_rule(struct rib *rib, struct decide_rule rule)
{
	rib->params.rule = rule;
	slab_round_begin(&rib->resort, &rib->nodes.items);
}

void rib_reconsider(struct rib *rib)
{
	slab_round_begin(&rib->resort, &rib->nodes.items);
}

/* What is to be said of a path now. */
static uint8_t path_flags_now(const struct rib *rib, const struct path *path)
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

	node_drop_lost(rib, node);
	if (!node->first)
		return;
	rib->spent += node_cost(rib, id);
	groups_outlook(rib, id, &before);
	for (struct path *path = path_at(rib, node->first); path; path = path_at(rib, path->next)) {
		uint8_t flags = path_flags_now(rib, path);

		changed |= !flags_alike(rib, path, flags);
		path_set_flags(rib, path, flags);
	}
	changed |= chain_sort(rib, node);
	changed |= reflections_judge(rib, id, classes_of(rib, id));
	if (!changed)
		return;
	groups_mark(rib, id, &before);
	bitmap_add(&rib->changes, id);
}

static void node_refuse(struct rib *rib, struct node *node, uint8_t roles)
{
	rib->refused += roles != 0;
	rib->refused -= node->refused != 0;
	node->refused = roles;
}

int rib_set_refused(struct rib *rib, uint32_t id, enum role role, bool refused)
{
	struct node *node = node_at(rib, id);
	uint8_t roles = (uint8_t)((node->refused & ~(1 << role)) | refused << role);
	struct outlook before;

	if (roles == node->refused)
		return 0;
	if (groups_reserve(rib) < 0)
		return -ENOMEM;
	groups_outlook(rib, id, &before);
	node_refuse(rib, node, roles);
	groups_mark(rib, id, &before);
	return 0;
}

/* --- slices ----------------------------------------------------------------------------------- */

static void sweep_end(struct rib *rib)
{
	for (uint16_t i = 0; i < rib->params.nb_peers; i++)
		rib->peers[i].sweep_age = 0;
}

static size_t sweep_turn(struct rib *rib, size_t budget)
{
	const uint64_t before = rib->spent;
	size_t seen = 0;
	uint32_t id;

	if (!rib->sweep.left)
		return 0;
	while (cost_since(rib, before, seen) < budget && groups_reserve(rib) == 0 &&
	       (id = slab_round_next(&rib->sweep))) {
		struct path *path = path_at(rib, id);
		const struct rib_peer *peer;

		seen++;
		if (!slab_live(&rib->paths, id))
			continue;
		peer = &rib->peers[path->peer];
		if (peer->sweep_age && (uint16_t)(peer->epoch - path->epoch) >= peer->sweep_age)
			path_withdraw(rib, path);
	}
	if (!rib->sweep.left)
		sweep_end(rib);
	return cost_since(rib, before, seen);
}

static size_t resort_turn(struct rib *rib, size_t budget)
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

/* What changed next hops change. */
static size_t hops_turn(struct rib *rib, size_t budget)
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

/* Each has its share, so that none waits until another is through; what is left of that goes to
 * whoever has more to do. */
size_t rib_turn(struct rib *rib, size_t budget)
{
	static size_t (*const turns[])(struct rib *, size_t) = { sweep_turn, hops_turn, resort_turn,
								 groups_turn, groups_retire };
	enum { TURNS = sizeof(turns) / sizeof(turns[0]) };
	size_t seen = 0;

	for (unsigned int i = 0; i < TURNS && seen < budget; i++)
		seen += turns[i](rib, (budget - seen) / (TURNS - i));
	for (unsigned int i = 0; i < TURNS && seen < budget; i++)
		seen += turns[i](rib, budget - seen);
	return seen;
}

size_t rib_prefixes(const struct rib *rib)
{
	return rib->prefixes;
}

bool rib_settled(const struct rib *rib)
{
	return !rib->sweep.left && !rib->resort.left && hops_settled(rib) &&
	       !rib->groups.matrix.cursor && seats_settled(rib);
}

uint64_t rib_spent(const struct rib *rib)
{
	return rib->spent;
}

uint32_t rib_paths(const struct rib *rib, uint32_t node)
{
	return node_at(rib, node)->paths;
}

uint64_t rib_version(const struct rib *rib)
{
	return rib->version;
}

/* --- the FIB's changes ------------------------------------------------------------------------ */

size_t rib_changes(struct rib *rib, struct rib_change *changes, size_t max)
{
	size_t n = 0;

	while (n < max && rib->changes.count) {
		uint32_t id = bitmap_next(&rib->changes, rib->changes_cursor);

		bitmap_remove(&rib->changes, id);
		rib->changes_cursor = id;
		if (rib_is_wide(rib, id)) {
			bitmap_add(&rib->wide, id);
			continue;
		}
		changes[n].prefix = rib_prefix(rib, id);
		changes[n].node = node_at(rib, id)->first ? id : RIB_NONE;
		if (changes[n++].node)
			continue;
		node_refuse(rib, node_at(rib, id), 0);
		node_release(rib, id);
	}
	return n;
}

size_t rib_changes_waiting(const struct rib *rib)
{
	return rib->changes.count;
}

bool rib_is_wide(const struct rib *rib, uint32_t node)
{
	uint8_t len = node_at(rib, node)->len;

	return len && len < rib->params.wide_len;
}

uint32_t rib_wide_begin(struct rib *rib)
{
	uint32_t id = bitmap_next(&rib->wide, rib->wide_cursor);

	assert(!rib->wide_taken);
	rib->wide_rounds += id <= rib->wide_cursor; /* the lowest again, or none */
	rib->wide_cursor = id;
	rib->wide_taken = id;
	if (id)
		bitmap_remove(&rib->wide, id);
	return id;
}

void rib_wide_end(struct rib *rib)
{
	uint32_t id = rib->wide_taken;

	rib->wide_taken = 0;
	if (!node_at(rib, id)->first && !bitmap_has(&rib->changes, id))
		node_refuse(rib, node_at(rib, id), 0);
	node_release(rib, id);
}

int rib_wide_add(struct rib *rib, uint32_t node)
{
	assert(rib_is_wide(rib, node));
	if (groups_reserve(rib) < 0)
		return -ENOMEM;
	bitmap_add(&rib->wide, node);
	return 0;
}

bool rib_wide_waiting(const struct rib *rib)
{
	return rib->wide.count || rib->wide_taken;
}

uint64_t rib_wide_rounds(const struct rib *rib)
{
	return rib->wide_rounds;
}

/* --- life ------------------------------------------------------------------------------------- */

struct rib *rib_new(const struct rib_params *params)
{
	struct rib *rib = (struct rib *)calloc(1, sizeof(*rib));

	if (!rib)
		return NULL;
	assert(params->nb_peers && params->nb_peers <= RIB_PEERS);
	rib->params = *params;
	rib->cause = params->nb_peers;
	rib->sources = (struct source *)calloc(params->nb_peers, sizeof(*rib->sources));
	rib->peers = (struct rib_peer *)calloc(params->nb_peers, sizeof(*rib->peers));
	rib->sort = (struct path **)calloc(params->nb_peers, sizeof(*rib->sort));
	rib->reflect = reflect_new(params->nb_peers);
	if (!rib->sources || !rib->peers || !rib->sort || !rib->reflect ||
	    prefix_table_open(&rib->nodes, sizeof(struct node), NODES_MAX) < 0 ||
	    slab_init(&rib->paths, sizeof(struct path), PATHS_MAX) < 0 || hops_init(rib) < 0 ||
	    groups_init(rib) < 0) {
		rib_free(rib);
		return NULL;
	}
	return rib;
}

void rib_free(struct rib *rib)
{
	if (!rib)
		return;
	groups_fini(rib);
	for (uint32_t id = rib->paths.items.base ? slab_next(&rib->paths, 0) : 0; id;
	     id = slab_next(&rib->paths, id))
		attrs_put(rib->params.attrs, path_at(rib, id)->attrs);
	slab_fini(&rib->paths);
	hops_fini(rib);
	prefix_table_close(&rib->nodes);
	bitmap_free(&rib->changes);
	bitmap_free(&rib->wide);
	free(rib->sources);
	free(rib->peers);
	free(rib->sort);
	reflect_free(rib->reflect);
	free(rib);
}
