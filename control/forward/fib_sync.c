/* Views filled from the RIB. A route in the FIB holds one reference to its path-list; what it
 * pointed to before is asked of the FIB itself, so that no copy of it can be wrong. */
#include "fib_sync.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fib.h"
#include "log.h"
#include "loop.h"

enum {
	NODES = 16,	    /* taken out of the RIB at once */
	PATHS_COST = 32,    /* of a prefix, which count as much as one more */
	WIDE_SLICE = 16384, /* entries of a wide prefix between two looks at the clock */
	BACKUP_SETS = 4,    /* of paths behind the best that are looked at for other next hops */
};

/* --- the system's prefixes -------------------------------------------------------------------- */

static int by_address(const void *a, const void *b)
{
	return prefix_compare(*(const struct prefix *)a, *(const struct prefix *)b);
}

/* All VNets and connected subnets, sorted, without those inside another. */
static int system_prefixes(const struct config *config, struct prefix **out, size_t *nb_out)
{
	const struct config_dataplane *dp = &config->dataplane;
	struct prefix *list =
		calloc(config->nb_vnets + CONFIG_PORTS * CONFIG_PORT_ADDRESSES + 1, sizeof(*list));
	size_t n = 0, kept = 0;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < config->nb_vnets; i++)
		list[n++] = config->vnets[i].prefix;
	for (size_t i = 0; i < dp->nb_ports; i++)
		for (size_t k = 0; k < dp->ports[i].nb_addresses; k++)
			list[n++] = config_subnet(dp->ports[i].addresses[k]);
	qsort(list, n, sizeof(*list), by_address);
	for (size_t i = 0; i < n; i++)
		if (!kept || !prefix_covers(list[kept - 1], list[i]))
			list[kept++] = list[i];
	*out = list;
	*nb_out = kept;
	return 0;
}

bool fib_sync_system(const struct fib_sync *sync, struct prefix prefix)
{
	size_t low = 0, high = sync->nb_system;

	/* The last one that begins at or before the prefix is the only one that can cover it. */
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (sync->system[mid].addr.v4 <= prefix.addr.v4)
			low = mid + 1;
		else
			high = mid;
	}
	return low && prefix_covers(sync->system[low - 1], prefix);
}

int fib_sync_init(struct fib_sync *sync, struct rib *rib, struct next_hops *next_hops,
		  struct far_hops *far_hops, const struct config *config)
{
	int err;

	memset(sync, 0, sizeof(*sync));
	sync->fib = next_hops->fib;
	sync->writer = next_hops->writer;
	sync->rib = rib;
	sync->next_hops = next_hops;
	sync->far_hops = far_hops;
	err = fib_sync_prepare(sync, config);
	if (!err)
		fib_sync_configure(sync, config);
	return err;
}

void fib_sync_fini(struct fib_sync *sync)
{
	free(sync->system);
	free(sync->next_system);
}

int fib_sync_prepare(struct fib_sync *sync, const struct config *config)
{
	free(sync->next_system);
	sync->next_system = NULL;
	return system_prefixes(config, &sync->next_system, &sync->nb_next_system);
}

void fib_sync_configure(struct fib_sync *sync, const struct config *config)
{
	free(sync->system);
	sync->system = sync->next_system;
	sync->nb_system = sync->nb_next_system;
	sync->next_system = NULL;
	sync->config = config;
}

/* --- one prefix ------------------------------------------------------------------------------- */

uint32_t fib_sync_vnet_next_hop(const struct fib_sync *sync, struct prefix prefix)
{
	const struct config_vnet *vnet = config_vnet_find(sync->config, prefix);

	return vnet && vnet->has_next_hop ? vnet->next_hop.v4 : 0;
}

/* Hosts on link behind a port: one adjacency a port, claimed when it is first asked for and
 * kept. */
static uint16_t glean_adjacency(struct fib_sync *sync, size_t port)
{
	int id = next_hop_port(sync->next_hops, port);

	if (sync->glean[port] == ADJACENCY_NONE && id >= 0 &&
	    fib_adjacency_claim(sync->writer, fib_addr_ip4(0), (uint16_t)id, ROLE_VNET,
				&sync->glean[port]))
		return ADJACENCY_NONE;
	return sync->glean[port];
}

static uint16_t vnet_adjacency(struct fib_sync *sync, struct prefix prefix)
{
	const struct config_vnet *vnet = config_vnet_find(sync->config, prefix);

	if (!vnet)
		/* of the configuration before: its withdrawal is on the way */
		return ADJACENCY_NONE;
	if (!vnet->has_next_hop)
		return glean_adjacency(sync, vnet->port);
	/* makes it; a VNet route waits for no ARP */
	next_hop_usable(sync->next_hops, vnet->next_hop.v4, ROLE_VNET);
	return next_hop_adjacency(sync->next_hops, vnet->next_hop.v4, ROLE_VNET);
}

/* Adjacency indexes: the members of a path-list. */
struct ways {
	uint16_t member[RIB_ECMP];
	uint16_t n;
};

static bool has_way(const struct ways *ways, uint16_t member)
{
	for (uint16_t i = 0; i < ways->n; i++)
		if (ways->member[i] == member)
			return true;
	return false;
}

/* Next hops behind one router share its adjacency, which is one way. */
static void ways_add(struct ways *ways, uint16_t member)
{
	if (member != ADJACENCY_NONE && ways->n < RIB_ECMP && !has_way(ways, member))
		ways->member[ways->n++] = member;
}

/* The adjacency of a next hop that may be used; after a reload its entry may have to be made
 * anew. */
static uint16_t adjacency_of(struct fib_sync *sync, uint32_t next_hop, enum role role)
{
	uint16_t index = next_hop_adjacency(sync->next_hops, next_hop, role);

	if (index == ADJACENCY_NONE && next_hop_usable(sync->next_hops, next_hop, role))
		index = next_hop_adjacency(sync->next_hops, next_hop, role);
	return index;
}

/* The adjacencies of a peer's path: its next hop's, or those of the next hops that lead to a far
 * one. */
static void path_ways(struct fib_sync *sync, const struct path *path, struct ways *ways)
{
	const struct source *source = rib_source(sync->rib, path->peer);
	uint32_t next_hop = path->attrs->keys.next_hop;
	const struct far_ways *far;

	if (!far_hop_is(sync->far_hops, next_hop, source)) {
		ways_add(ways, adjacency_of(sync, next_hop, source->role));
		return;
	}
	far = far_hop_ways(sync->far_hops, next_hop, source->role);
	for (uint16_t i = 0; far && i < far->n; i++)
		ways_add(ways, adjacency_of(sync, far->next_hop[i], source->role));
}

/* By the best paths. `*last` is as rib_next_for_role() leaves it. */
static void best_ways(struct fib_sync *sync, uint32_t node, enum role view, uint64_t allow,
		      const struct path **last, struct ways *ways, bool *lost)
{
	const struct path *best[RIB_ECMP];
	struct prefix prefix = rib_prefix(sync->rib, node);
	unsigned int n;

	*last = NULL;
	n = rib_next_for_role(sync->rib, node, view, allow, last, best);
	ways->n = 0;
	*lost = false;
	for (unsigned int i = 0; i < n; i++) {
		if (rib_source(sync->rib, best[i]->peer)->role == ROLE_VNET)
			ways_add(ways, vnet_adjacency(sync, prefix));
		else if (fib_sync_system(sync, prefix))
			continue;
		else
			path_ways(sync, best[i], ways);
		*lost = !ways->n;
	}
}

uint16_t fib_sync_members(struct fib_sync *sync, uint32_t node, enum role view, uint64_t allow,
			  uint16_t members[RIB_ECMP], bool *lost)
{
	const struct path *last;
	struct ways ways;

	best_ways(sync, node, view, allow, &last, &ways, lost);
	memcpy(members, ways.member, ways.n * sizeof(*members));
	return ways.n;
}

/* Is the neighbour among those? */
static bool has_neighbour(const struct fib_sync *sync, const struct ways *ways, uint16_t member)
{
	for (uint16_t i = 0; i < ways->n; i++)
		if (fib_adjacency_same(sync->writer, ways->member[i], member))
			return true;
	return false;
}

/* The path's ways by other neighbours than those of `best`. */
static void others_add(struct fib_sync *sync, const struct path *path, const struct ways *best,
		       struct ways *others)
{
	struct ways ways = { .n = 0 };

	path_ways(sync, path, &ways);
	for (uint16_t i = 0; i < ways.n; i++)
		if (!has_neighbour(sync, best, ways.member[i]))
			ways_add(others, ways.member[i]);
}

/* What leads to the far next hops of the best paths, when that has an alternative. */
static void far_backup_ways(struct fib_sync *sync, uint32_t node, enum role view,
			    const struct ways *best, struct ways *backup)
{
	const struct path *paths[RIB_ECMP];
	unsigned int n = rib_best_for_role(sync->rib, node, view, sync->allow, paths);

	for (unsigned int i = 0; i < n; i++) {
		const struct source *source = rib_source(sync->rib, paths[i]->peer);
		uint32_t next_hop = paths[i]->attrs->keys.next_hop;
		const struct far_ways *far = NULL;

		if (far_hop_is(sync->far_hops, next_hop, source))
			far = far_hop_ways(sync->far_hops, next_hop, source->role);
		for (uint16_t k = 0; far && k < far->nb_backup; k++) {
			uint16_t member = adjacency_of(sync, far->backup[k], source->role);

			if (!has_neighbour(sync, best, member))
				ways_add(backup, member);
		}
	}
}

/* By the best of the other paths whose neighbours are not all among `best`: none of those. A prefix
 * of the system has none. */
static void backup_ways(struct fib_sync *sync, uint32_t node, enum role view,
			const struct path *last, const struct ways *best, struct ways *backup)
{
	const struct path *paths[RIB_ECMP];

	backup->n = 0;
	if (!last || rib_source(sync->rib, last->peer)->role == ROLE_VNET)
		return;
	for (int set = 0; !backup->n && set < BACKUP_SETS; set++) {
		unsigned int n =
			rib_next_for_role(sync->rib, node, view, sync->allow, &last, paths);

		if (!n)
			break;
		for (unsigned int i = 0; i < n; i++)
			others_add(sync, paths[i], best, backup);
	}
	if (!backup->n && sync->far_hops->slab.used)
		far_backup_ways(sync, node, view, best, backup);
}

/* A view's entries do not point to this path-list any more, or will not when all of a wide prefix
 * is written. */
static void give_back(struct fib_sync *sync, struct prefix prefix, uint32_t list)
{
	if (prefix.len && prefix.len < FIB_WIDE)
		sync->wide.old = list;
	else
		fib_path_list_put(sync->writer, list);
}

/* The FIB has no room: the route is not there, rather than there with what it pointed to before,
 * and is tried again by a walk. */
static void refuse(struct fib_sync *sync, struct prefix prefix, enum role view)
{
	static struct log_limit limit = { .burst = 5, .period_ms = 10000 };
	char text[PREFIX_TEXT];
	uint32_t held, old;

	sync->refused++;
	if (!fib_get(sync->writer, (uint8_t)view, fib_ip4(prefix.addr.v4, prefix.len), &old)) {
		fib_del_begin(sync->writer, (uint8_t)view, fib_ip4(prefix.addr.v4, prefix.len));
		give_back(sync, prefix, old);
	}
	if (log_limit(&limit, clock_ms(), &held))
		log_error("fib: no room for %s in the view of %s (%u more refusals not shown)",
			  prefix_text(prefix, text), role_name(view), held);
}

/* Have `*list` protected by `backup`, or leave it as it is if the FIB has no room for that. */
static void protect(struct fib_sync *sync, const struct ways *backup, uint32_t *list)
{
	uint32_t second, both;

	if (!backup->n)
		return;
	if (fib_path_list_get(sync->writer, backup->member, backup->n, PATH_LIST_NONE, &second)) {
		sync->unprotected++;
		return;
	}
	if (fib_path_list_protect(sync->writer, *list, second, &both)) {
		sync->unprotected++;
	} else {
		fib_path_list_put(sync->writer, *list);
		*list = both;
	}
	fib_path_list_put(sync->writer, second);
}

/* False: the FIB has no room for it. */
static bool set_view(struct fib_sync *sync, struct prefix prefix, enum role view,
		     const struct ways *ways, const struct ways *backup)
{
	uint32_t old = PATH_LIST_NONE, list;
	bool had = !fib_get(sync->writer, (uint8_t)view, fib_ip4(prefix.addr.v4, prefix.len), &old);

	if (!ways->n) {
		if (!had)
			return true;
		fib_del_begin(sync->writer, (uint8_t)view, fib_ip4(prefix.addr.v4, prefix.len));
		give_back(sync, prefix, old);
		return true;
	}
	if (fib_path_list_get(sync->writer, ways->member, ways->n, old, &list)) {
		refuse(sync, prefix, view);
		return false;
	}
	protect(sync, backup, &list);
	if (had && list == old) {
		fib_path_list_put(sync->writer, list);
	} else if (fib_set_begin(sync->writer, (uint8_t)view, fib_ip4(prefix.addr.v4, prefix.len),
				 list)) {
		fib_path_list_put(sync->writer, list);
		refuse(sync, prefix, view);
		return false;
	} else if (had) {
		give_back(sync, prefix, old);
	}
	return true;
}

/* What the view cannot carry must not be announced to its peers. */
static void sync_view(struct fib_sync *sync, struct prefix prefix, uint32_t node, enum role view)
{
	const struct path *last;
	struct ways best, backup;
	bool lost, refused;

	best_ways(sync, node, view, sync->allow, &last, &best, &lost);
	backup_ways(sync, node, view, last, &best, &backup);
	refused = !set_view(sync, prefix, view, &best, &backup) || lost;

	sync->retry |= refused | (rib_set_refused(sync->rib, node, view, refused) < 0);
}

/* A role without ports has no view, so nothing that it could refuse: no peer of it leaves by a port
 * of ours either. A bit each. */
static uint8_t all_views(const struct fib_sync *sync)
{
	uint8_t views = 0;

	for (int view = 0; view < ROLE_COUNT; view++)
		if (sync->fib->generation[0].view[view].lpm)
			views |= (uint8_t)(1 << view);
	return views;
}

/* In these views. The node may have no paths any more. */
static void sync_views(struct fib_sync *sync, struct prefix prefix, uint32_t node, uint8_t views)
{
	for (int view = 0; view < ROLE_COUNT; view++)
		if (views >> view & 1)
			sync_view(sync, prefix, node, (enum role)view);
}

/* --- wide prefixes ---------------------------------------------------------------------------- */

/* The view has it whole. */
static void wide_written(struct fib_sync *sync)
{
	struct fib_sync_wide *wide = &sync->wide;

	if (wide->old != PATH_LIST_NONE)
		fib_path_list_put(sync->writer, wide->old);
	wide->old = PATH_LIST_NONE;
	wide->writing = false;
	wide->view++;
}

bool fib_sync_wide(struct fib_sync *sync)
{
	struct fib_sync_wide *wide = &sync->wide;

	if (wide->node == RIB_NONE) {
		wide->node = rib_wide_begin(sync->rib);
		wide->view = 0;
	}
	if (wide->node == RIB_NONE)
		return false;
	if (wide->writing) {
		if (fib_step(sync->writer, (uint8_t)wide->view, FIB_IP4, WIDE_SLICE))
			wide_written(sync);
		return true;
	}
	while (wide->view < ROLE_COUNT && !sync->fib->generation[0].view[wide->view].lpm)
		wide->view++;
	if (wide->view < ROLE_COUNT) {
		wide->writing = true;
		sync_view(sync, rib_prefix(sync->rib, wide->node), wide->node,
			  (enum role)wide->view);
	} else {
		wide->node = RIB_NONE;
		rib_wide_end(sync->rib);
	}
	return true;
}

/* --- many ------------------------------------------------------------------------------------- */

/* Paths are looked through for each view. */
static size_t node_cost(const struct fib_sync *sync, uint32_t node)
{
	return 1 + rib_paths(sync->rib, node) / PATHS_COST;
}

/* The prefixes of up to NODES nodes. Each is a random place in the tables of some megabytes: they
 * come into the cache together. */
static void fetch(const struct fib_sync *sync, const uint32_t *nodes, size_t n, uint8_t views,
		  struct prefix *prefixes)
{
	for (size_t i = 0; i < n; i++)
		prefixes[i] = rib_prefix(sync->rib, nodes[i]);
	for (uint8_t view = 0; view < ROLE_COUNT; view++) {
		if (!(views >> view & 1))
			continue;
		for (size_t i = 0; i < n; i++)
			fib_fetch(sync->writer, view,
				  fib_ip4(prefixes[i].addr.v4, prefixes[i].len));
	}
}

size_t fib_sync_changes(struct fib_sync *sync, size_t budget)
{
	struct prefix prefixes[NODES];
	uint32_t nodes[NODES];
	uint8_t views = all_views(sync);
	size_t done = 0, n;

	while (done < budget &&
	       (n = rib_changes(sync->rib, nodes, budget - done < NODES ? budget - done : NODES))) {
		fetch(sync, nodes, n, views, prefixes);
		for (size_t i = 0; i < n; i++) {
			sync_views(sync, prefixes[i], nodes[i], views);
			done += node_cost(sync, nodes[i]);
		}
		rib_changes_end(sync->rib, nodes, n);
	}
	return done;
}

/* The next view that is waited for, or else all that are left. */
static void pass_begin(struct fib_sync *sync)
{
	uint8_t alone = sync->alone & sync->later;

	sync->views = alone ? (uint8_t)(alone & -alone) : sync->later;
	sync->later &= (uint8_t)~sync->views;
	sync->cursor = 0;
	sync->round = sync->walked = false;
}

void fib_sync_walk_begin(struct fib_sync *sync, uint8_t alone)
{
	next_hops_round_begin(sync->next_hops);
	far_hops_round_begin(sync->far_hops);
	sync->later = all_views(sync);
	sync->alone = alone;
	sync->walking = sync->first = true;
	sync->retry = false;
	pass_begin(sync);
}

bool fib_sync_filled(const struct fib_sync *sync, enum role view)
{
	return !sync->walking || !((sync->views | sync->later) >> view & 1);
}

static void mark_next_hops(struct fib_sync *sync, uint32_t node)
{
	for (const struct path *p = rib_first(sync->rib, node); p;
	     p = rib_following(sync->rib, p)) {
		next_hop_mark(sync->next_hops, p->attrs->keys.next_hop);
		if (sync->far_hops->slab.used)
			far_hop_mark(sync->far_hops, p->attrs->keys.next_hop);
	}
}

/* Wide prefixes are written in all views. */
static void walk_node(struct fib_sync *sync, struct prefix prefix, uint32_t node)
{
	if (!rib_is_wide(sync->rib, node))
		sync_views(sync, prefix, node, sync->views);
	else if (sync->first && rib_wide_add(sync->rib, node) < 0)
		sync->retry = true;
}

/* Has each wide prefix that the walk met been written since? */
static bool wide_through(const struct fib_sync *sync)
{
	return !rib_wide_waiting(sync->rib) || rib_wide_rounds(sync->rib) >= sync->rounds;
}

/* A slice of the table, of nodes that have paths. */
static size_t walk_nodes(struct fib_sync *sync)
{
	struct prefix prefixes[NODES];
	uint32_t nodes[NODES];
	size_t n = rib_walk(sync->rib, &sync->cursor, nodes, NODES), done = NODES;

	fetch(sync, nodes, n, sync->views, prefixes);
	for (size_t i = 0; i < n; i++) {
		if (sync->first)
			mark_next_hops(sync, nodes[i]);
		walk_node(sync, prefixes[i], nodes[i]);
		done += node_cost(sync, nodes[i]) - 1;
	}
	sync->round = !sync->cursor;
	return done;
}

/* The views of this pass are filled. */
static void pass_end(struct fib_sync *sync)
{
	sync->first = false;
	if (sync->later) {
		pass_begin(sync);
		return;
	}
	sync->walking = sync->walked = false;
	next_hops_round_end(sync->next_hops);
	far_hops_round_end(sync->far_hops);
}

size_t fib_sync_walk(struct fib_sync *sync, size_t budget)
{
	size_t done = 0;

	while (sync->walking && !sync->walked && done < budget) {
		if (!sync->round) {
			done += walk_nodes(sync);
		} else if (rib_changes_waiting(sync->rib)) {
			/* prefixes that have gone are not walked over */
			done += fib_sync_changes(sync, budget - done);
		} else {
			sync->walked = true;
			sync->rounds = rib_wide_rounds(sync->rib) + 2;
		}
	}
	if (sync->walked && wide_through(sync)) {
		pass_end(sync);
		done++;
	}
	return done;
}
