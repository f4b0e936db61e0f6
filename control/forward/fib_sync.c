/* Views filled from the RIB. A route in the FIB holds one reference to its path-list; what it
 * pointed to before is asked of the FIB itself, so that no copy of it can be wrong. */
#include "fib_sync.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fib.h"
#include "log.h"
#include "loop.h"
#include "to_fib.h"

enum {
	PATHS_COST = 32,    /* of a prefix, which count as much as one more */
	WIDE_SLICE = 16384, /* entries of a wide prefix between two looks at the clock */
	BACKUP_SETS = 4,    /* of paths behind the best that are looked at for other next hops */
};

int fib_sync_init(struct fib_sync *sync, struct rib *rib, struct next_hops *next_hops,
		  struct far_hops *far_hops, const struct config *config)
{
	int err;

	memset(sync, 0, sizeof(*sync));
	sync->family = rib_family(rib);
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
	system_prefixes_fini(&sync->system);
	system_prefixes_fini(&sync->next_system);
}

int fib_sync_prepare(struct fib_sync *sync, const struct config *config)
{
	system_prefixes_fini(&sync->next_system);
	return system_prefixes_init(&sync->next_system, sync->family, config);
}

void fib_sync_configure(struct fib_sync *sync, const struct config *config)
{
	system_prefixes_fini(&sync->system);
	sync->system = sync->next_system;
	sync->next_system = (struct system_prefixes){ 0 };
	sync->config = config;
}

bool fib_sync_system(const struct fib_sync *sync, struct prefix prefix)
{
	return system_prefixes_cover(&sync->system, prefix);
}

/* --- one prefix ------------------------------------------------------------------------------- */

/* A link-local one is on the port's link. */
static struct scoped_addr router_of(const struct config_vnet *vnet)
{
	return scoped_addr_make(vnet->next_hop,
				addr_link_local(vnet->next_hop) ? next_hop_zone(vnet->port) : 0);
}

struct scoped_addr fib_sync_vnet_next_hop(const struct fib_sync *sync, struct prefix prefix)
{
	const struct config_vnet *vnet = config_vnet_find(sync->config, prefix);
	const struct scoped_addr none = { .addr = { .family = sync->family } };

	return vnet && vnet->has_next_hop ? router_of(vnet) : none;
}

/* A prefix on its way from the RIB into the views. */
struct fib_route {
	uint32_t node;
	bool system; /* what peers say of it is never programmed */
	struct prefix prefix;
	struct fib_prefix fib;
};

static void route_of(const struct fib_sync *sync, uint32_t node, struct fib_route *route)
{
	route->node = node;
	route->prefix = rib_prefix(sync->rib, node);
	route->system = fib_sync_system(sync, route->prefix);
	route->fib = to_fib_prefix(route->prefix);
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
	struct scoped_addr addr;
	uint16_t index;
	uint32_t hop;

	if (!vnet)
		/* of the configuration before: its withdrawal is on the way */
		return ADJACENCY_NONE;
	if (!vnet->has_next_hop)
		return glean_adjacency(sync, vnet->port);
	addr = router_of(vnet);
	hop = addr_table_get(sync->next_hops->addrs, &addr);
	if (hop == ADDR_NONE)
		return ADJACENCY_NONE;
	/* makes it, which then holds the address; a VNet route waits for no ARP */
	next_hop_usable(sync->next_hops, hop, ROLE_VNET);
	index = next_hop_adjacency(sync->next_hops, hop, ROLE_VNET);
	addr_table_put(sync->next_hops->addrs, hop);
	return index;
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
static void best_ways(struct fib_sync *sync, const struct fib_route *route, enum role view,
		      uint64_t allow, const struct path **last, struct ways *ways, bool *lost)
{
	const struct path *best[RIB_ECMP];
	unsigned int n;

	*last = NULL;
	n = rib_next_for_role(sync->rib, route->node, view, allow, last, best);
	ways->n = 0;
	*lost = false;
	for (unsigned int i = 0; i < n; i++) {
		if (rib_source(sync->rib, best[i]->peer)->role == ROLE_VNET)
			ways_add(ways, vnet_adjacency(sync, route->prefix));
		else if (route->system)
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
	struct fib_route route;
	struct ways ways;

	route_of(sync, node, &route);
	best_ways(sync, &route, view, allow, &last, &ways, lost);
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
static void give_back(struct fib_sync *sync, const struct fib_prefix *prefix, uint32_t list)
{
	if (fib_is_wide(prefix))
		sync->wide.old = list;
	else
		fib_path_list_put(sync->writer, list);
}

/* The FIB has no room: the route is not there, rather than there with what it pointed to before,
 * and is tried again by a walk. */
static void refuse(struct fib_sync *sync, const struct fib_route *route, enum role view)
{
	static struct log_limit limit = { .burst = 5, .period_ms = 10000 };
	char text[PREFIX_TEXT];
	uint32_t held, old;

	sync->refused++;
	if (!fib_prefix_get(sync->writer, (uint8_t)view, &route->fib, &old)) {
		fib_prefix_del_begin(sync->writer, (uint8_t)view, &route->fib);
		give_back(sync, &route->fib, old);
	}
	if (log_limit(&limit, clock_ms(), &held))
		log_error("fib: no room for %s in the view of %s (%u more refusals not shown)",
			  prefix_text(route->prefix, text), role_name(view), held);
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
static bool set_view(struct fib_sync *sync, const struct fib_route *route, enum role view,
		     const struct ways *ways, const struct ways *backup)
{
	const struct fib_prefix *prefix = &route->fib;
	uint32_t old = PATH_LIST_NONE, list;
	bool had = !fib_prefix_get(sync->writer, (uint8_t)view, prefix, &old);

	if (!ways->n) {
		if (!had)
			return true;
		fib_prefix_del_begin(sync->writer, (uint8_t)view, prefix);
		give_back(sync, prefix, old);
		return true;
	}
	if (fib_path_list_get(sync->writer, ways->member, ways->n, old, &list)) {
		refuse(sync, route, view);
		return false;
	}
	protect(sync, backup, &list);
	if (had && list == old) {
		fib_path_list_put(sync->writer, list);
	} else if (fib_prefix_set_begin(sync->writer, (uint8_t)view, prefix, list)) {
		fib_path_list_put(sync->writer, list);
		refuse(sync, route, view);
		return false;
	} else if (had) {
		give_back(sync, prefix, old);
	}
	return true;
}

/* What the view cannot carry must not be announced to its peers. */
static void sync_view(struct fib_sync *sync, const struct fib_route *route, enum role view)
{
	const struct path *last;
	struct ways best, backup;
	bool lost, refused;

	best_ways(sync, route, view, sync->allow, &last, &best, &lost);
	backup_ways(sync, route->node, view, last, &best, &backup);
	refused = !set_view(sync, route, view, &best, &backup) || lost;

	sync->retry |= refused | (rib_set_refused(sync->rib, route->node, view, refused) < 0);
}

static bool has_view(const struct fib_sync *sync, int view)
{
	return fib_view_has(&sync->fib->generation[0].view[view], (enum fib_family)sync->family);
}

/* A role without ports has no view, so nothing that it could refuse: no peer of it leaves by a port
 * of ours either. */
uint8_t fib_sync_views(const struct fib_sync *sync)
{
	uint8_t views = 0;

	for (int view = 0; view < ROLE_COUNT; view++)
		if (has_view(sync, view))
			views |= (uint8_t)(1 << view);
	return views;
}

/* In these views. The node may have no paths any more. */
static void sync_views(struct fib_sync *sync, const struct fib_route *route, uint8_t views)
{
	for (int view = 0; view < ROLE_COUNT; view++)
		if (views >> view & 1)
			sync_view(sync, route, (enum role)view);
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
	struct fib_route route;

	if (wide->node == RIB_NONE) {
		wide->node = rib_wide_begin(sync->rib);
		wide->view = 0;
	}
	if (wide->node == RIB_NONE)
		return false;
	if (wide->writing) {
		if (fib_step(sync->writer, (uint8_t)wide->view, (enum fib_family)sync->family,
			     WIDE_SLICE))
			wide_written(sync);
		return true;
	}
	while (wide->view < ROLE_COUNT && !has_view(sync, wide->view))
		wide->view++;
	if (wide->view < ROLE_COUNT) {
		wide->writing = true;
		route_of(sync, wide->node, &route);
		sync_view(sync, &route, (enum role)wide->view);
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

/* The prefixes of up to FIB_SYNC_NODES nodes. Each is a random place in the tables of some
 * megabytes: they come into the cache together. */
static void fetch(const struct fib_sync *sync, const uint32_t *nodes, size_t n, uint8_t views,
		  struct fib_route *routes)
{
	for (size_t i = 0; i < n; i++)
		route_of(sync, nodes[i], &routes[i]);
	for (uint8_t view = 0; view < ROLE_COUNT; view++) {
		if (!(views >> view & 1))
			continue;
		for (size_t i = 0; i < n; i++)
			fib_prefix_fetch(sync->writer, view, &routes[i].fib);
	}
}

size_t fib_sync_changes(struct fib_sync *sync, size_t budget)
{
	struct fib_route routes[FIB_SYNC_NODES];
	uint32_t nodes[FIB_SYNC_NODES];
	uint8_t views = fib_sync_views(sync);
	size_t done = 0, n;

	while (done < budget &&
	       (n = rib_changes(sync->rib, nodes,
				budget - done < FIB_SYNC_NODES ? budget - done : FIB_SYNC_NODES))) {
		fetch(sync, nodes, n, views, routes);
		for (size_t i = 0; i < n; i++) {
			sync_views(sync, &routes[i], views);
			done += node_cost(sync, nodes[i]);
		}
		rib_changes_end(sync->rib, nodes, n);
	}
	return done;
}

size_t fib_sync_again(struct fib_sync *sync, const uint32_t *nodes, size_t n, uint8_t views,
		      bool wide)
{
	struct fib_route routes[FIB_SYNC_NODES];
	size_t cost = 0;

	views &= fib_sync_views(sync);
	fetch(sync, nodes, n, views, routes);
	for (size_t i = 0; i < n; i++) {
		if (!rib_is_wide(sync->rib, nodes[i]))
			sync_views(sync, &routes[i], views);
		else if (wide && rib_wide_add(sync->rib, nodes[i]) < 0)
			sync->retry = true;
		cost += node_cost(sync, nodes[i]);
	}
	return cost;
}
