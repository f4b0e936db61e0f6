/* The table: nodes, their chains, and every change to them. A change runs in three steps: take what
 * may be lacking (memory), note what update groups may learn now, then act, which cannot fail,
 * and mark the difference. */
#include "rib.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rib_private.h"

enum { FIND_COST = 64 }; /* paths that are looked through and count as much as a prefix */

/* --- nodes ------------------------------------------------------------------------------------ */

uint32_t node_find(const struct rib *rib, const struct prefix *prefix)
{
	return prefix_table_find(&rib->nodes, prefix);
}

static bool node_needed(const struct rib *rib, uint32_t id)
{
	return node_at(rib, id)->first || bitmap_has(&rib->changes, id) || node_waits(rib, id) ||
	       groups_need(rib, id);
}

void node_release(struct rib *rib, uint32_t id)
{
	if (!node_needed(rib, id))
		prefix_table_remove(&rib->nodes, id);
}

void nodes_release(struct rib *rib, uint32_t *ids, size_t n)
{
	size_t idle = 0;

	for (size_t i = 0; i < n; i++) {
		if (node_needed(rib, ids[i]))
			continue;
		prefix_table_fetch_slot(&rib->nodes, ids[i]);
		ids[idle++] = ids[i];
	}
	for (size_t i = 0; i < idle; i++)
		prefix_table_fetch_behind(&rib->nodes, ids[i]);
	for (size_t i = 0; i < idle; i++)
		prefix_table_remove(&rib->nodes, ids[i]);
}

/* --- chains ----------------------------------------------------------------------------------- */

struct path *chain_find(const struct rib *rib, const struct node *node, uint16_t peer)
{
	struct path *path = path_at(rib, node->first);

	while (path && path->peer != peer)
		path = path_at(rib, path->next);
	return path;
}

void chain_remove(struct rib *rib, struct node *node, const struct path *path)
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

void chain_insert(struct rib *rib, struct node *node, struct path *path)
{
	uint32_t *link = &node->first;
	struct path *before = NULL, *after;

	for (struct path *at; (at = path_at(rib, *link)) && !(at->flags & PATH_UNDECIDED);
	     link = &at->next) {
		if (decide_compare(&rib->params.rule, rib->sources, path, at, NULL) < 0)
			break;
		before = at;
	}
	path->next = *link;
	path->tie = ties(rib, before, path);
	path->yields = decide_yields(&rib->params.rule, rib->sources, path);
	after = path_at(rib, path->next);
	if (after && !(after->flags & PATH_UNDECIDED))
		after->tie = ties(rib, path, after);
	*link = path_id(rib, path);
}

bool chain_sort(struct rib *rib, struct node *node)
{
	struct path *undecided = path_at(rib, node->first);
	uint32_t *link = &node->first;
	bool changed = false;
	size_t n = 0;

	for (; undecided && !(undecided->flags & PATH_UNDECIDED);
	     undecided = path_at(rib, undecided->next))
		rib->sort[n++] = undecided;
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
	*link = undecided ? path_id(rib, undecided) : 0;
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
		    at->router_id == source->router_id && addr_equal(at->addr, source->addr) &&
		    at->peered == source->peered && at->gateway == source->gateway &&
		    at->asn == source->asn && at->remove_private == source->remove_private &&
		    at->behind == source->behind && at->drained == source->drained;

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

/* --- changes ---------------------------------------------------------------------------------- */

void mark_for(struct rib *rib, uint16_t peer, uint32_t node, const struct outlook *before)
{
	rib->cause = peer;
	groups_mark(rib, node, before);
	rib->cause = rib->params.nb_peers;
}

uint8_t path_flags(const struct rib *rib, uint16_t peer, const struct attrs *attrs)
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

void path_refresh(struct rib *rib, struct path *path)
{
	struct rib_peer *peer = &rib->peers[path->peer];

	if (path->epoch != peer->epoch) {
		path->epoch = peer->epoch;
		peer->stale--;
	}
}

struct path *path_new(struct rib *rib, const struct rib_place *at, uint16_t peer)
{
	uint32_t id = slab_alloc(&rib->paths), node = at->node;
	struct path *path;

	if (!id)
		return NULL;
	if (!node)
		node = prefix_table_add(&rib->nodes, &at->prefix);
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

enum rib_announced announced(const struct rib *rib, const struct path *last,
			     const struct path *what)
{
	if (!last || last->epoch != rib->peers[what->peer].epoch)
		return RIB_NEW;
	return last->attrs == what->attrs ? RIB_MOVED : RIB_CHANGED;
}

struct rib_place rib_place(const struct rib *rib, struct prefix prefix)
{
	struct rib_place at = { prefix, node_find(rib, &prefix) };

	return at;
}

void rib_fetch(const struct rib *rib, const struct prefix *prefixes, size_t n)
{
	uint32_t nodes[RIB_FETCH];

	assert(n <= RIB_FETCH);
	for (size_t i = 0; i < n; i++)
		prefix_table_fetch(&rib->nodes, &prefixes[i]);
	for (size_t i = 0; i < n; i++)
		nodes[i] = prefix_table_fetch_item(&rib->nodes, &prefixes[i]);
	for (size_t i = 0; i < n; i++)
		if (nodes[i])
			__builtin_prefetch(path_at(rib, node_at(rib, nodes[i])->first));
}

/* What is decided on at once. */
static int path_announce(struct rib *rib, const struct rib_place *at, const struct path *said)
{
	const struct attrs *attrs = said->attrs, *old;
	const uint16_t peer = said->peer;
	uint32_t id = at->node;
	struct path *path = id ? chain_find(rib, node_at(rib, id), peer) : NULL;
	uint8_t flags = path_flags(rib, peer, attrs) | (path ? path->flags & PATH_REFLECTION : 0);
	uint32_t hop = attrs->keys.next_hop;
	bool moves = !path || path->attrs->keys.next_hop != hop;
	struct outlook before;
	int what;

	if (path && path->attrs == attrs && path->local_pref == said->local_pref &&
	    path_flags_alike(rib, path, flags)) {
		path->flags = flags;
		path_refresh(rib, path);
		rib->spent += node_at(rib, id)->paths / FIND_COST;
		return RIB_SAME;
	}
	if (groups_reserve(rib) < 0)
		return -ENOMEM;
	if (moves && hop_get(rib, hop) < 0)
		return -ENOMEM;
	what = announced(rib, path, said);
	if (!path && !(path = path_new(rib, at, peer))) {
		hop_put(rib, hop);
		return -ENOMEM;
	}

	id = path->node;
	rib->spent += node_cost(rib, id);
	groups_outlook(rib, id, &before);
	old = path->attrs;
	rib->peers[peer].digest += attrs_digest(attrs, at->prefix);
	if (old) {
		rib->peers[peer].digest -= attrs_digest(old, at->prefix);
		chain_remove(rib, node_at(rib, id), path);
		path_refresh(rib, path);
	} else {
		rib->prefixes += !node_at(rib, id)->first;
		rib->peers[peer].paths++;
		node_at(rib, id)->paths++;
	}
	if (moves && old)
		hop_unlink(rib, old->keys.next_hop, path_id(rib, path));
	if (moves)
		hop_link(rib, hop, path_id(rib, path));
	path->attrs = attrs_get(attrs);
	path->local_pref = said->local_pref;
	path->learned_s = said->learned_s;
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

/* What the peer says after what is put off of it is decided on together with that. */
int rib_announce_at(struct rib *rib, const struct rib_place *at, uint16_t peer,
		    const struct attrs *attrs, uint32_t local_pref, uint32_t now_s)
{
	const struct path said = {
		.attrs = attrs, .peer = peer, .local_pref = local_pref, .learned_s = now_s
	};

	if (rib->put_off_sources || (at->node && undecided_find(rib, at->node, peer)))
		return path_put_off(rib, at, &said);
	return path_announce(rib, at, &said);
}

/* The peer does not say this of a node any more. */
static void uncount(struct rib *rib, const struct path *said)
{
	struct rib_peer *peer = &rib->peers[said->peer];

	node_at(rib, said->node)->paths--;
	peer->paths--;
	peer->digest -= attrs_digest(said->attrs, rib_prefix(rib, said->node));
	peer->stale -= said->epoch != peer->epoch;
}

/* Take a path that is decided on out, and mark what is lost by it. */
static void decided_withdraw(struct rib *rib, struct path *path)
{
	struct outlook before;
	uint32_t id = path->node;
	struct node *node = node_at(rib, id);

	groups_outlook(rib, id, &before);
	chain_remove(rib, node, path);
	if (node->first && (rib->params.rule.med || rib->resort.left))
		chain_sort(rib, node);
	reflections_judge(rib, id, classes_of(rib, id));
	mark_for(rib, path->peer, id, &before);
	bitmap_add(&rib->changes, id);
	path_set_flags(rib, path, 0);
	hop_unlink(rib, path->attrs->keys.next_hop, path_id(rib, path));
	attrs_put(rib->params.attrs, path->attrs);
	slab_free(&rib->paths, path_id(rib, path));
}

void path_withdraw(struct rib *rib, struct path *path)
{
	uint32_t id = path->node;
	bool last = path->flags & PATH_UNDECIDED;
	struct path *undecided = last ? path : undecided_find(rib, id, path->peer);
	struct path *decided = last ? chain_find(rib, node_at(rib, id), path->peer) : path;

	rib->spent += node_cost(rib, id);
	uncount(rib, undecided ? undecided : decided);
	if (undecided == decided)
		decided = NULL;
	if (undecided)
		undecided_drop(rib, undecided);
	if (decided)
		decided_withdraw(rib, decided);
	if (!node_at(rib, id)->first)
		rib->prefixes--;
	node_release(rib, id);
}

int rib_withdraw_at(struct rib *rib, const struct rib_place *at, uint16_t peer)
{
	struct path *path = at->node ? chain_find(rib, node_at(rib, at->node), peer) : NULL;

	if (!path)
		return 0;
	if (groups_reserve(rib) < 0)
		return -ENOMEM;
	path_withdraw(rib, path);
	return 1;
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
	    prefix_table_open(&rib->nodes, params->family, sizeof(struct node), NODES_MAX) < 0 ||
	    slab_init(&rib->paths, sizeof(struct path), PATHS_MAX) < 0 || hops_init(rib) < 0 ||
	    groups_init(rib) < 0) {
		rib_free(rib);
		return NULL;
	}
	return rib;
}

enum family rib_family(const struct rib *rib)
{
	return rib->params.family;
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
	bitmap_free(&rib->put_off);
	bitmap_free(&rib->wide);
	free(rib->sources);
	free(rib->peers);
	free(rib->sort);
	reflect_free(rib->reflect);
	free(rib);
}
