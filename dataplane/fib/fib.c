/* The FIB's life: created and seeded by the dataplane, found by control, written through a writer
 * that owns one generation at a time. What a call does to its noun is in that noun's file; here
 * they are put together, and here all arguments are checked. */
#include "fib.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_errno.h>
#include <rte_memzone.h>

#include "adjacency.h"
#include "predecessor.h"
#include "lpm4.h"
#include "path_list.h"
#include "rcu.h"
#include "view.h"

/* For readers to leave a generation. A burst takes some microseconds, but a busy host may not let
 * them run for a while. */
enum { GRACE_US = 2000000 };

/* Another layout has another size, or else must have another number here. */
static const uint64_t MAGIC = UINT64_C(0xba5c01e200000000) | sizeof(struct fib);

_Static_assert(FIB_SEEDS < FIB_ADJACENCIES && FIB_SEEDS < FIB_PATH_LISTS, "a seed has one of each");
_Static_assert(FIB_VIEWS *FIB_VIEWS == 64, "the gate is one word");
_Static_assert((int)FIB_WIDE4 == (int)LPM4_WIDE && (int)FIB_WIDE6 == (int)TRIE6_WIDE,
	       "what the tables write in slices");
_Static_assert(FIB_NAME + sizeof(".7.1") <= RTE_LPM_NAMESIZE, "names of tables");

struct fib_writer {
	struct fib *fib;		   /* borrowed: shared memory */
	struct fib_generation *generation; /* borrowed: its own until it publishes, then live */
	uint32_t number;		   /* of the generation, 0 or 1 */
	bool published;
	uint64_t changes, refused;
	struct predecessor predecessor; /* of the other generation */
	struct path_lists path_lists;
	struct adjacencies adjacencies;
	struct view views[FIB_FAMILIES][FIB_VIEWS]; /* of those that the generation has: */
	struct fib_table *tables[FIB_FAMILIES * FIB_VIEWS];
	int nb_tables;
};

/* --- primary ---------------------------------------------------------------------------------- */

/* Everything but the tables lies in one zone: the struct, QSBR, and for each generation path-lists
 * and adjacencies. NULL: rte_errno says why. */
static struct fib *zone_reserve(const struct fib_params *params)
{
	size_t qsbr_size = RTE_CACHE_LINE_ROUNDUP(rte_rcu_qsbr_get_memsize(params->max_threads));
	size_t lists_size = FIB_PATH_LISTS * sizeof(struct path_list);
	size_t adjacencies_size = FIB_ADJACENCIES * sizeof(struct adjacency);
	size_t size = sizeof(struct fib) + qsbr_size + 2 * (lists_size + adjacencies_size);
	const struct rte_memzone *zone =
		rte_memzone_reserve(params->name, size, params->socket_id, 0);
	struct fib *fib;
	uint8_t *at;

	if (!zone)
		return NULL;
	fib = zone->addr;
	memset(fib, 0, size);
	at = (uint8_t *)(fib + 1);
	fib->qsbr = (struct rte_rcu_qsbr *)at;
	at += qsbr_size;
	for (int g = 0; g < 2; g++) {
		fib->generation[g].path_lists = (struct path_list *)at;
		at += lists_size;
		fib->generation[g].adjacencies = (struct adjacency *)at;
		at += adjacencies_size;
	}
	rte_rcu_qsbr_init(fib->qsbr, params->max_threads);
	return fib;
}

static void name6(const char *fib, int view, int generation, char name[RTE_MEMZONE_NAMESIZE])
{
	snprintf(name, RTE_MEMZONE_NAMESIZE, "%s.%d.%d.6", fib, view, generation);
}

/* The tables of IPv6 lie in a zone each, which is as large as they are. */
static int table6_create(const struct fib_params *params, const char *name, struct fib_view *view)
{
	const struct rte_memzone *zone = rte_memzone_reserve(
		name, trie6_shared_size(params->trie6_groups), params->socket_id, 0);

	if (!zone)
		return -rte_errno;
	view->trie6 = zone->addr;
	return 0;
}

static int tables6_create(struct fib *fib, const struct fib_params *params)
{
	char name[RTE_MEMZONE_NAMESIZE];

	for (int g = 0; g < 2; g++) {
		for (int v = 0; v < FIB_VIEWS; v++) {
			int err;

			if (!(params->views6 >> v & 1))
				continue;
			name6(params->name, v, g, name);
			err = table6_create(params, name, &fib->generation[g].view[v]);
			if (err)
				return err;
		}
	}
	return 0;
}

static int tables_create(struct fib *fib, const struct fib_params *params)
{
	/* librte_lpm's own rule store is not used, but cannot be empty. */
	struct rte_lpm_config config = { .max_rules = 1, .number_tbl8s = params->tbl8_groups };
	char name[RTE_LPM_NAMESIZE];

	for (int g = 0; g < 2; g++) {
		for (int v = 0; v < FIB_VIEWS; v++) {
			struct fib_view *view = &fib->generation[g].view[v];

			if (!(params->views >> v & 1))
				continue;
			snprintf(name, sizeof(name), "%s.%d.%d", params->name, v, g);
			view->lpm = rte_lpm_create(name, params->socket_id, &config);
			if (!view->lpm)
				return -rte_errno;
		}
	}
	return 0;
}

/* On the first table there is; fib_ready() empties it again. */
static int self_test(struct fib *fib, const struct fib_params *params)
{
	int first = __builtin_ctz(params->views);

	return lpm4_self_test(fib->generation[0].view[first].lpm, fib->qsbr, params->socket_id);
}

static bool params6_valid(const struct fib_params *params)
{
	uint32_t groups = params->trie6_groups;

	if (!params->views6)
		return true;
	return !(params->views6 & ~params->views) && groups && groups <= TRIE6_GROUPS_MAX &&
	       !(groups & (groups - 1));
}

int fib_create(const struct fib_params *params, struct fib **out)
{
	struct fib *fib;
	int err;

	if (!params->views || params->tbl8_groups < LPM4_TEST_GROUPS ||
	    params->tbl8_groups > 1 << 24 || !params6_valid(params))
		return -EINVAL;
	if (strlen(params->name) >= FIB_NAME)
		return -ENAMETOOLONG;
	fib = zone_reserve(params);
	if (!fib)
		return -rte_errno;
	strcpy(fib->name, params->name);
	fib->tbl8_groups = params->tbl8_groups;
	fib->trie6_groups = params->views6 ? params->trie6_groups : 0;
	fib->dataplane_pid = getpid();
	err = tables_create(fib, params);
	if (!err)
		err = tables6_create(fib, params);
	if (!err)
		err = self_test(fib, params);
	if (err) {
		fib_destroy(fib);
		return err;
	}
	*out = fib;
	return 0;
}

static void view_free(struct fib *fib, int v, int g)
{
	struct fib_view *view = &fib->generation[g].view[v];
	char name[RTE_MEMZONE_NAMESIZE];

	rte_lpm_free(view->lpm);
	if (!view->trie6)
		return;
	name6(fib->name, v, g, name);
	rte_memzone_free(rte_memzone_lookup(name));
}

void fib_destroy(struct fib *fib)
{
	__atomic_store_n(&fib->magic, 0, __ATOMIC_RELEASE);
	for (int g = 0; g < 2; g++)
		for (int v = 0; v < FIB_VIEWS; v++)
			view_free(fib, v, g);
	rte_memzone_free(rte_memzone_lookup(fib->name));
}

int fib_seed(struct fib *fib, const struct fib_seed *seed)
{
	bool action_valid = seed->action == ADJACENCY_LOCAL || seed->action == ADJACENCY_GLEAN ||
			    seed->action == ADJACENCY_BROADCAST;

	assert(!fib->magic);
	if (!action_valid || seed->egress_role >= FIB_VIEWS || !seed->prefix.len ||
	    !fib_prefix_valid(&seed->prefix))
		return -EINVAL;
	for (uint32_t i = 0; i < fib->nb_seeds; i++)
		if (fib_prefix_same(&fib->seeds[i].prefix, &seed->prefix))
			return -EEXIST;
	if (fib->nb_seeds == FIB_SEEDS)
		return -ENOSPC;
	fib->seeds[fib->nb_seeds++] = *seed;
	return 0;
}

const struct fib_port *fib_port_find(const struct fib *fib, uint16_t port)
{
	for (uint32_t i = 0; i < fib->nb_ports && i < FIB_PORTS; i++)
		if (fib->ports[i].port == port)
			return &fib->ports[i];
	return NULL;
}

const struct fib_port *fib_port_named(const struct fib *fib, const char *name)
{
	for (uint32_t i = 0; i < fib->nb_ports && i < FIB_PORTS; i++)
		if (!strcmp(fib->ports[i].name, name))
			return &fib->ports[i];
	return NULL;
}

int fib_port_add(struct fib *fib, const struct fib_port *port)
{
	assert(!fib->magic);
	if (port->role >= FIB_VIEWS)
		return -EINVAL;
	if (fib_port_find(fib, port->port))
		return -EEXIST;
	if (fib->nb_ports == FIB_PORTS)
		return -ENOSPC;
	fib->ports[fib->nb_ports++] = *port;
	return 0;
}

/* The adjacency and the path-list that each seed has. */
static void seeds_write(const struct fib *fib, struct fib_generation *generation)
{
	memset(generation->path_lists, 0, FIB_PATH_LISTS * sizeof(struct path_list));
	memset(generation->adjacencies, 0, FIB_ADJACENCIES * sizeof(struct adjacency));
	for (uint32_t i = 0; i < fib->nb_seeds; i++) {
		const struct fib_seed *seed = &fib->seeds[i];
		uint16_t index = i + 1;

		generation->adjacencies[index] = (struct adjacency){
			.action = seed->action,
			.egress_role = seed->egress_role,
			.port = seed->port,
			.mtu = seed->mtu,
		};
		path_list_fill(&generation->path_lists[index], &index, 1, NULL);
	}
	__atomic_store_n(&generation->adjacencies_end, fib->nb_seeds + 1, __ATOMIC_RELEASE);
}

/* Undo writer_reset(), or as much of it as happened. */
static void writer_free(struct fib_writer *writer)
{
	for (int v = 0; v < FIB_FAMILIES * FIB_VIEWS; v++)
		view_fini(&writer->views[v / FIB_VIEWS][v % FIB_VIEWS]);
	adjacencies_fini(&writer->adjacencies);
	path_lists_fini(&writer->path_lists);
	predecessor_fini(&writer->predecessor);
	free(writer);
}

static int views_init(struct fib_writer *writer)
{
	struct fib_generation *generation = writer->generation;
	int err = 0;

	for (int i = 0; !err && i < FIB_FAMILIES * FIB_VIEWS; i++) {
		enum fib_family family = (enum fib_family)(i / FIB_VIEWS);
		struct fib_view *shared = &generation->view[i % FIB_VIEWS];
		struct view *view = &writer->views[family][i % FIB_VIEWS];

		if (!fib_view_has(shared, family))
			continue;
		err = view_init(view, shared, family, writer->fib);
		writer->tables[writer->nb_tables++] = &view->table;
	}
	return err;
}

/* A writer for a generation that nobody reads, which then holds the seeds and nothing else. */
static int writer_reset(struct fib *fib, uint32_t number, struct fib_writer **out)
{
	struct fib_generation *generation = &fib->generation[number];
	uint32_t nb_fixed = fib->nb_seeds + 1;
	struct fib_writer *writer = calloc(1, sizeof(*writer));
	int err;

	if (!writer)
		return -ENOMEM;
	writer->fib = fib;
	writer->generation = generation;
	writer->number = number;
	seeds_write(fib, generation);
	err = predecessor_init(&writer->predecessor, &fib->generation[!number], generation);
	if (!err)
		err = path_lists_init(&writer->path_lists, generation->path_lists, nb_fixed,
				      fib->qsbr);
	writer->path_lists.predecessor = &writer->predecessor;
	if (!err)
		err = adjacencies_init(&writer->adjacencies, generation, nb_fixed, fib->qsbr);
	if (!err)
		err = views_init(writer);
	if (err) {
		writer_free(writer);
		return err;
	}
	*out = writer;
	return 0;
}

int fib_ready(struct fib *fib)
{
	for (uint32_t number = 0; number < 2; number++) {
		struct fib_writer *writer;
		int err = writer_reset(fib, number, &writer);

		if (err)
			return err;
		writer_free(writer);
	}
	__atomic_store_n(&fib->magic, MAGIC, __ATOMIC_RELEASE);
	return 0;
}

/* --- secondary -------------------------------------------------------------------------------- */

int fib_attach(const char *name, struct fib **out)
{
	const struct rte_memzone *zone = rte_memzone_lookup(name);
	uint64_t magic;

	if (!zone)
		return -ENOENT;
	magic = __atomic_load_n((uint64_t *)zone->addr, __ATOMIC_ACQUIRE);
	if (!magic)
		return -EAGAIN;
	if (magic != MAGIC)
		return -EPROTO;
	*out = zone->addr;
	return 0;
}

uint64_t fib_layout(void)
{
	return MAGIC;
}

/* --- writer ----------------------------------------------------------------------------------- */

int fib_writer_open(struct fib *fib, struct fib_writer **writer)
{
	uint32_t spare = !__atomic_load_n(&fib->active, __ATOMIC_ACQUIRE);
	int err;

	/* Those who read it may be workers that took it before it was replaced, or the main lcore,
	 * resolving for a writer that died. After a grace period they are gone: workers take the
	 * active one, the main lcore claimed slots only. */
	adjacencies_disown(&fib->generation[spare]);
	err = rcu_wait(fib->qsbr, GRACE_US);
	return err ? err : writer_reset(fib, spare, writer);
}

void fib_writer_close(struct fib_writer *writer)
{
	writer_free(writer);
}

void fib_publish(struct fib_writer *writer)
{
	struct fib *fib = writer->fib;

	if (writer->published)
		return;
	writer->published = true;
	__atomic_store_n(&fib->active, writer->number, __ATOMIC_RELEASE);
	__atomic_fetch_add(&fib->published, 1, __ATOMIC_RELEASE);
	adjacencies_disown(&fib->generation[!writer->number]);
}

bool fib_published(const struct fib_writer *writer)
{
	return writer->published;
}

static bool route_valid(const struct fib_writer *writer, uint8_t view,
			const struct fib_prefix *prefix)
{
	return view < FIB_VIEWS && fib_prefix_valid(prefix) &&
	       writer->views[prefix->family][view].table.ops;
}

/* Count what became of a change. */
static int change_done(struct fib_writer *writer, int err)
{
	if (!err)
		writer->changes++;
	else if (err != -ENOENT)
		writer->refused++;
	return err;
}

int fib_prefix_set_begin(struct fib_writer *writer, uint8_t view, const struct fib_prefix *prefix,
			 uint32_t list)
{
	if (!route_valid(writer, view, prefix) || list >= FIB_PATH_LISTS)
		return -EINVAL;
	return change_done(writer, view_set(&writer->views[prefix->family][view], prefix, list));
}

int fib_prefix_del_begin(struct fib_writer *writer, uint8_t view, const struct fib_prefix *prefix)
{
	if (!route_valid(writer, view, prefix))
		return -EINVAL;
	return change_done(writer, view_del(&writer->views[prefix->family][view], prefix));
}

bool fib_step(struct fib_writer *writer, uint8_t view, enum fib_family family, uint32_t max)
{
	return view_step(&writer->views[family][view], max);
}

/* The rest of what was begun. */
static int finish(struct fib_writer *writer, uint8_t view, const struct fib_prefix *prefix, int err)
{
	if (!fib_is_wide(prefix))
		return err;
	while (!err && !fib_step(writer, view, prefix->family, UINT32_MAX))
		;
	return err;
}

int fib_prefix_set(struct fib_writer *writer, uint8_t view, const struct fib_prefix *prefix,
		   uint32_t list)
{
	return finish(writer, view, prefix, fib_prefix_set_begin(writer, view, prefix, list));
}

int fib_prefix_del(struct fib_writer *writer, uint8_t view, const struct fib_prefix *prefix)
{
	return finish(writer, view, prefix, fib_prefix_del_begin(writer, view, prefix));
}

int fib_prefix_get(const struct fib_writer *writer, uint8_t view, const struct fib_prefix *prefix,
		   uint32_t *list)
{
	if (!route_valid(writer, view, prefix))
		return -EINVAL;
	return view_get(&writer->views[prefix->family][view], prefix, list);
}

void fib_prefix_fetch(const struct fib_writer *writer, uint8_t view,
		      const struct fib_prefix *prefix)
{
	if (route_valid(writer, view, prefix))
		view_fetch(&writer->views[prefix->family][view], prefix);
}

int fib_path_list_get(struct fib_writer *writer, const uint16_t *members, uint16_t n, uint32_t like,
		      uint32_t *list)
{
	return path_list_get(&writer->path_lists, members, n, like, list);
}

int fib_path_list_protect(struct fib_writer *writer, uint32_t list, uint32_t backup,
			  uint32_t *protected_list)
{
	return path_list_protect(&writer->path_lists, list, backup, protected_list);
}

void fib_path_list_put(struct fib_writer *writer, uint32_t list)
{
	path_list_put(&writer->path_lists, list);
}

int fib_adjacency_claim(struct fib_writer *writer, struct fib_addr gateway, uint16_t port,
			uint8_t egress_role, uint16_t *index)
{
	const struct fib_port *found = fib_port_find(writer->fib, port);

	if (!found)
		return -ENODEV;
	if (egress_role >= FIB_VIEWS)
		return -EINVAL;
	return adjacency_claim(&writer->adjacencies, gateway, found, egress_role, index);
}

void fib_adjacency_release(struct fib_writer *writer, uint16_t index)
{
	adjacency_release(&writer->adjacencies, index);
}

bool fib_adjacency_free(const struct fib_writer *writer)
{
	return rcu_pool_has(&writer->adjacencies.indexes);
}

bool fib_adjacency_resolved(const struct fib_writer *writer, uint16_t index)
{
	const struct adjacency *adjacency = &writer->generation->adjacencies[index];

	return __atomic_load_n(&adjacency->action, __ATOMIC_ACQUIRE) == ADJACENCY_FORWARD;
}

bool fib_adjacency_same(const struct fib_writer *writer, uint16_t a, uint16_t b)
{
	const struct adjacency *first = &writer->generation->adjacencies[a],
			       *second = &writer->generation->adjacencies[b];

	return fib_addr_same(&first->gateway, &second->gateway) && first->port == second->port;
}

void fib_reclaim(struct fib_writer *writer)
{
	rcu_pool_reclaim(&writer->path_lists.indexes);
	rcu_pool_reclaim(&writer->adjacencies.indexes);
	for (int i = 0; i < writer->nb_tables; i++)
		writer->tables[i]->ops->reclaim(writer->tables[i]);
}

static void view_stats_get(const struct view *view, uint32_t *routes, uint32_t *groups_used)
{
	const struct fib_table *table = &view->table;

	if (!table->ops)
		return;
	*routes = view_routes(view);
	*groups_used = table->ops->groups(table)->used;
}

void fib_stats_get(const struct fib_writer *writer, struct fib_stats *stats)
{
	*stats = (struct fib_stats){
		.groups = { writer->fib->tbl8_groups, writer->fib->trie6_groups },
		.path_lists = path_lists_used(&writer->path_lists),
		.adjacencies = writer->adjacencies.indexes.used,
		.changes = writer->changes,
		.refused = writer->refused,
	};
	for (int f = 0; f < FIB_FAMILIES; f++) {
		for (int v = 0; v < FIB_VIEWS; v++)
			view_stats_get(&writer->views[f][v], &stats->routes[f][v],
				       &stats->groups_used[f][v]);
	}
}
