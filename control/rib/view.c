/* Reading the RIB: peers, one prefix, all of them, and what a role makes of one. Changes
 * nothing. */
#include "rib_private.h"

const struct source *rib_source(const struct rib *rib, uint16_t peer)
{
	return &rib->sources[peer];
}

uint32_t rib_peer_paths(const struct rib *rib, uint16_t peer)
{
	return rib->peers[peer].paths;
}

uint32_t rib_peer_stale_paths(const struct rib *rib, uint16_t peer)
{
	return rib->peers[peer].stale;
}

uint32_t rib_peer_unusable_paths(const struct rib *rib, uint16_t peer)
{
	return rib->peers[peer].unusable;
}

uint32_t rib_peer_reflections(const struct rib *rib, uint16_t peer, struct prefix *last)
{
	*last = rib->peers[peer].reflected;
	return rib->peers[peer].reflections;
}

uint64_t rib_peer_digest(const struct rib *rib, uint16_t peer)
{
	return rib->peers[peer].digest;
}

bool rib_is_stale(const struct rib *rib, const struct path *path)
{
	return path->epoch != rib->peers[path->peer].epoch;
}

struct prefix rib_prefix(const struct rib *rib, uint32_t id)
{
	return prefix_table_key(&rib->nodes, id);
}

uint32_t rib_find(const struct rib *rib, struct prefix prefix)
{
	uint32_t id = node_find(rib, &prefix);

	return id && node_at(rib, id)->first ? id : RIB_NONE;
}

uint8_t rib_refused(const struct rib *rib, uint32_t node)
{
	return node_at(rib, node)->refused;
}

uint32_t rib_refused_prefixes(const struct rib *rib)
{
	return rib->refused;
}

const struct path *rib_first(const struct rib *rib, uint32_t node)
{
	return path_at(rib, node_at(rib, node)->first);
}

const struct path *rib_following(const struct rib *rib, const struct path *path)
{
	return path_at(rib, path->next);
}

const struct path *rib_path(const struct rib *rib, uint32_t node, uint16_t peer)
{
	const struct path *path = rib_first(rib, node);

	while (path && path->peer != peer)
		path = rib_following(rib, path);
	return path;
}

const struct path *rib_said(const struct rib *rib, uint32_t node, uint16_t peer)
{
	const struct path *undecided = undecided_find(rib, node, peer);

	return undecided ? undecided : rib_path(rib, node, peer);
}

enum decide_reason rib_versus(const struct rib *rib, const struct path *a, const struct path *b)
{
	enum decide_reason reason;

	decide_compare(&rib->params.rule, rib->sources, a, b, &reason);
	return reason;
}

enum decide_reason rib_reason(const struct rib *rib, const struct path *path)
{
	const struct path *first = rib_first(rib, path->node);
	const struct path *other = path == first ? rib_following(rib, path) : first;

	return other ? rib_versus(rib, path, other) : DECIDE_ONLY;
}

size_t rib_walk(const struct rib *rib, uint32_t *cursor, uint32_t *nodes, size_t max)
{
	size_t n = 0;

	for (size_t seen = 0; seen < max; seen++) {
		uint32_t id = *cursor + 1;

		if (id > rib->nodes.items.top) {
			*cursor = 0;
			break;
		}
		*cursor = id;
		if (slab_live(&rib->nodes.items, id) && node_at(rib, id)->first)
			nodes[n++] = id;
	}
	return n;
}

/* Insert by the next hop's address, each once; past RIB_ECMP the highest falls out. */
static unsigned int best_insert(const struct rib *rib, const struct path **best, unsigned int n,
				const struct path *path)
{
	const struct addr_table *next_hops = attr_table_next_hops(rib->params.attrs);
	uint32_t next_hop = path->attrs->keys.next_hop;
	unsigned int at = n;

	while (at > 0 &&
	       addr_table_compare(next_hops, best[at - 1]->attrs->keys.next_hop, next_hop) > 0)
		at--;
	if (at == RIB_ECMP || (at > 0 && best[at - 1]->attrs->keys.next_hop == next_hop))
		return n;
	if (n < RIB_ECMP)
		n++;
	for (unsigned int i = n - 1; i > at; i--)
		best[i] = best[i - 1];
	best[at] = path;
	return n;
}

unsigned int rib_next_for_role(const struct rib *rib, uint32_t node, enum role role, uint64_t allow,
			       const struct path **last, const struct path *best[RIB_ECMP])
{
	const struct path *top = NULL;
	unsigned int n = 0;

	for (const struct path *path = *last ? rib_following(rib, *last) : rib_first(rib, node);
	     path; path = rib_following(rib, path)) {
		enum role from = rib->sources[path->peer].role;

		if (path->flags & PATH_UNUSED)
			break;
		if (!rib_allows(allow, from, role) ||
		    (path->flags & PATH_HELD && role != ROLE_VNET))
			continue;
		if (!top)
			top = path;
		else if (!decide_multipath(&rib->params.rule, rib->sources, top, path))
			break;
		*last = path;
		n = best_insert(rib, best, n, path);
		if (from == ROLE_VNET)
			break;
	}
	return n;
}

unsigned int rib_best_for_role(const struct rib *rib, uint32_t node, enum role role, uint64_t allow,
			       const struct path *best[RIB_ECMP])
{
	const struct path *last = NULL;

	return rib_next_for_role(rib, node, role, allow, &last, best);
}

/* From this path on. One that is passed over may stand between two that are equal, and is equal to
 * both then. */
static unsigned int resolve_from(const struct rib *rib, const struct path *path, enum role role,
				 const struct path **last, const struct path *ways[RIB_ECMP])
{
	unsigned int n = 0;

	for (; path; path = rib_following(rib, path)) {
		const struct source *source = &rib->sources[path->peer];

		if (path->flags & PATH_UNUSED || (n && !path->tie))
			break;
		*last = path;
		if (source->role == role && !source->behind && !(path->flags & PATH_HELD))
			n = best_insert(rib, ways, n, path);
	}
	return n;
}

unsigned int rib_resolve(const struct rib *rib, struct addr addr, enum role role,
			 const struct path **last, const struct path *ways[RIB_ECMP])
{
	unsigned int n = 0;

	if (*last)
		return resolve_from(rib, rib_following(rib, *last), role, last, ways);
	for (uint8_t len = family_bits(addr.family); len && !n; len--) {
		uint32_t node = rib_find(rib, prefix_make(addr, len));

		if (node)
			n = resolve_from(rib, rib_first(rib, node), role, last, ways);
	}
	return n;
}

struct rib_counts rib_counts(const struct rib *rib)
{
	struct rib_counts counts = {
		.prefixes = rib->prefixes,
		.gone = rib->nodes.items.used - rib->prefixes,
		.paths = rib->paths.used,
	};

	counts.bytes = sizeof(*rib) + prefix_table_bytes(&rib->nodes) + slab_bytes(&rib->paths) +
		       hops_bytes(rib) + bitmap_bytes(&rib->changes) + bitmap_bytes(&rib->put_off) +
		       rib->params.nb_peers *
			       (sizeof(*rib->sources) + sizeof(*rib->peers) + sizeof(*rib->sort)) +
		       groups_bytes(rib) + reflect_bytes(rib);
	return counts;
}
