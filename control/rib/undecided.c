/* What has been announced and is not decided on yet: rib_put_off(). Such a path stands at the end
 * of its prefix's chain, behind all that are in their order, and counts for nothing: what groups
 * and views may learn stays as it was. Its peer may have another path there, which is in use until
 * then. When the prefix is decided on, all of them take their places, those of the same peers go,
 * and what comes of that is one change, however many have announced it.
 *
 *   chain: decided, best first ─► undecided, oldest first
 *
 * What a peer has said last is what counts for it: its paths, its digest and what of it is stale
 * are counted by that. */
#include <assert.h>
#include <errno.h>

#include "rib_private.h"

enum { FIND_COST = 64 }; /* paths that are looked through and count as much as a prefix */

void rib_put_off(struct rib *rib, uint16_t sources)
{
	rib->put_off_sources = sources;
}

size_t rib_put_off_count(const struct rib *rib)
{
	return rib->put_off.count;
}

struct path *undecided_find(const struct rib *rib, uint32_t id, uint16_t peer)
{
	struct path *path;

	if (!rib->put_off.count || !bitmap_has(&rib->put_off, id)) /* most often none is at all */
		return NULL;
	path = path_at(rib, node_at(rib, id)->first);
	while (path && !(path->flags & PATH_UNDECIDED && path->peer == peer))
		path = path_at(rib, path->next);
	return path;
}

/* What a peer has said of a prefix, and where another path would come. */
struct sayings {
	struct path *last;	/* what it has said last; NULL: nothing */
	struct path *undecided; /* the same if it is not decided on, or NULL */
	uint32_t *end;		/* of the chain; NULL: there is none */
	uint16_t sources;	/* whose paths are undecided */
};

static struct sayings sayings_of(const struct rib *rib, uint32_t id, uint16_t peer)
{
	struct sayings said = { 0 };

	if (!id)
		return said;
	said.end = &node_at(rib, id)->first;
	for (struct path *path; (path = path_at(rib, *said.end)); said.end = &path->next) {
		said.sources += (path->flags & PATH_UNDECIDED) != 0;
		if (path->peer != peer)
			continue;
		said.last = path;
		said.undecided = path->flags & PATH_UNDECIDED ? path : NULL;
	}
	return said;
}

static bool is_same(const struct rib *rib, const struct path *last, const struct path *what)
{
	if (!last || last->attrs != what->attrs || last->local_pref != what->local_pref)
		return false;
	return last->flags & PATH_UNDECIDED ||
	       path_flags_alike(rib, last,
				path_flags(rib, what->peer, what->attrs) |
					(last->flags & PATH_REFLECTION));
}

/* The peer says this from now on, instead of `last`. */
static void count(struct rib *rib, uint32_t id, const struct path *last, const struct path *what)
{
	struct rib_peer *peer = &rib->peers[what->peer];
	struct prefix prefix = rib_prefix(rib, id);

	peer->digest += attrs_digest(what->attrs, prefix);
	if (last) {
		peer->digest -= attrs_digest(last->attrs, prefix);
		peer->stale -= last->epoch != peer->epoch;
		return;
	}
	rib->prefixes += !node_at(rib, id)->first;
	peer->paths++;
	node_at(rib, id)->paths++;
}

/* It stands at the end of the chain; `moves`: it has another next hop than it had, or had none. */
static void fill(struct rib *rib, struct path *path, const struct path *what, bool moves)
{
	const struct attrs *old = path->attrs;

	if (moves && old)
		hop_unlink(rib, old->keys.next_hop, path_id(rib, path));
	if (moves)
		hop_link(rib, what->attrs->keys.next_hop, path_id(rib, path));
	path->attrs = attrs_get(what->attrs);
	path->local_pref = what->local_pref;
	path->learned_s = what->learned_s;
	path->epoch = rib->peers[what->peer].epoch;
	path->flags = PATH_UNDECIDED;
	if (old)
		attrs_put(rib->params.attrs, old);
}

int path_put_off(struct rib *rib, const struct rib_place *at, const struct path *what)
{
	struct sayings said = sayings_of(rib, at->node, what->peer);
	struct path *path = said.undecided;
	uint32_t hop = what->attrs->keys.next_hop;
	bool moves = !path || path->attrs->keys.next_hop != hop;
	enum rib_announced news;

	if (at->node)
		rib->spent += node_at(rib, at->node)->paths / FIND_COST;
	if (is_same(rib, said.last, what)) {
		path_refresh(rib, said.last);
		return RIB_SAME;
	}
	if (groups_reserve(rib) < 0)
		return -ENOMEM;
	if (moves && hop_get(rib, hop) < 0)
		return -ENOMEM;
	if (!path && !(path = path_new(rib, at, what->peer))) {
		hop_put(rib, hop);
		return -ENOMEM;
	}
	news = announced(rib, said.last, what);
	count(rib, path->node, said.last, what);
	fill(rib, path, what, moves);
	if (!said.undecided)
		*(said.end ? said.end : &node_at(rib, path->node)->first) = path_id(rib, path);
	bitmap_add(&rib->put_off, path->node);
	rib->version++;
	if (said.sources + !said.undecided >= rib->put_off_sources)
		node_decide(rib, path->node);
	return news;
}

static void path_free(struct rib *rib, struct path *path)
{
	path_set_flags(rib, path, 0);
	hop_unlink(rib, path->attrs->keys.next_hop, path_id(rib, path));
	attrs_put(rib->params.attrs, path->attrs);
	slab_free(&rib->paths, path_id(rib, path));
}

void undecided_drop(struct rib *rib, struct path *path)
{
	struct node *node = node_at(rib, path->node);
	const struct path *other;

	chain_remove(rib, node, path);
	for (other = path_at(rib, node->first); other && !(other->flags & PATH_UNDECIDED);
	     other = path_at(rib, other->next))
		;
	if (!other)
		bitmap_remove(&rib->put_off, path->node);
	path_free(rib, path);
	rib->version++;
}

/* The undecided paths of a node, cut off from its chain. */
static struct path *undecided_cut(struct rib *rib, struct node *node)
{
	uint32_t *link = &node->first;
	struct path *path;

	while ((path = path_at(rib, *link)) && !(path->flags & PATH_UNDECIDED))
		link = &path->next;
	*link = 0;
	return path;
}

/* The path takes its place. Returns what stood there for its peer, out of the chain; NULL:
 * nothing. */
static struct path *undecided_place(struct rib *rib, struct node *node, struct path *path)
{
	struct path *old = chain_find(rib, node, path->peer);
	uint8_t flags = path_flags_now(rib, path);

	if (old) {
		chain_remove(rib, node, old);
		flags |= old->flags & PATH_REFLECTION;
	}
	path_set_flags(rib, path, flags & (uint8_t)~PATH_UNDECIDED);
	path->med_rank = 0;
	chain_insert(rib, node, path);
	return old;
}

void node_decide(struct rib *rib, uint32_t id)
{
	struct node *node = node_at(rib, id);
	struct path *path, *next, *gone = NULL;
	struct outlook before;

	rib->spent += node_cost(rib, id);
	groups_outlook(rib, id, &before);
	for (path = undecided_cut(rib, node); path; path = next) {
		struct path *old;

		next = path_at(rib, path->next);
		old = undecided_place(rib, node, path);
		if (old) {
			old->next = gone ? path_id(rib, gone) : 0;
			gone = old;
		}
	}
	if (rib->params.rule.med || rib->resort.left)
		chain_sort(rib, node);
	bitmap_remove(&rib->put_off, id);
	reflections_judge(rib, id, classes_of(rib, id));
	mark_for(rib, (uint16_t)(rib->params.nb_peers + 1), id, &before);
	bitmap_add(&rib->changes, id);
	for (; gone; gone = next) {
		next = path_at(rib, gone->next);
		path_free(rib, gone);
	}
}

size_t rib_release(struct rib *rib, size_t max)
{
	const uint64_t before = rib->spent;
	size_t seen = 0, decided = 0;

	for (; seen < max && rib->put_off.count && groups_reserve(rib) == 0; decided++) {
		rib->put_off_cursor = bitmap_next(&rib->put_off, rib->put_off_cursor);
		node_decide(rib, rib->put_off_cursor);
		seen = cost_since(rib, before, decided + 1);
	}
	return decided;
}
