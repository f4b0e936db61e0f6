/* How fast an IPv6 table fills, changes and looks up, beside rte_lpm6 and rte_fib6 with the same
 * routes, in one run.
 *
 *   fib6_bench [EAL options] -- PREFIXES.gz [N]
 *
 * With N, of so many prefixes, and without the others. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_eal.h>
#include <rte_fib6.h>
#include <rte_lcore.h>
#include <rte_lpm6.h>
#include <rte_memzone.h>

#include "fib_table.h"
#include "routes.h"
#include "section.h"
#include "trie6_lookup.h"

enum {
	GROUPS = 1 << 17,    /* of our table, 64 octets each */
	LPM6_TBL8 = 1 << 16, /* 1 KB each */
	/* likewise; rte_fib6 reserves several for each route, also where it needs none */
	FIB6_TBL8 = 1 << 19,
	LOOKUPS = 1 << 22,
	ADDRS = 1 << 16,
	ROUNDS = 5,
	LISTS = 200, /* path-list indexes used as values */
};

struct bench {
	struct trie6_shared *shared;
	struct rte_rcu_qsbr *qsbr;
	struct fib_table table;
	struct rte_lpm6 *lpm6; /* NULL: without the others */
	struct rte_fib6 *fib6;
	struct route6 *routes;
	uint32_t nb_routes;
	uint64_t random;
	/* within the routes: as we take them and as the others do */
	struct fib_addr addrs[ADDRS];
	uint8_t octets[ADDRS][16];
};

static struct fib_addr addr_of(const uint8_t octets[16])
{
	struct fib_addr addr;

	memcpy(&addr, octets, sizeof(addr));
	for (int w = 0; w < 4; w++)
		addr.word[w] = rte_be_to_cpu_32(addr.word[w]);
	return addr;
}

static uint32_t value_of(uint32_t i)
{
	return 1 + i % LISTS;
}

static bool table_make(struct bench *b)
{
	const struct rte_memzone *zone =
		rte_memzone_reserve("fib6_bench", trie6_shared_size(GROUPS), SOCKET_ID_ANY, 0);

	b->qsbr = aligned_alloc(RTE_CACHE_LINE_SIZE, rte_rcu_qsbr_get_memsize(RTE_MAX_LCORE));
	if (!zone || !b->qsbr || rte_rcu_qsbr_init(b->qsbr, RTE_MAX_LCORE))
		return false;
	b->shared = zone->addr;
	return !fib_table_init(&b->table, &fib_table_ip6, b->shared, GROUPS, b->qsbr);
}

static void set(struct bench *b, uint32_t i, uint32_t value)
{
	const struct fib_table_ops *ops = b->table.ops;
	struct fib_prefix p = { .ip6 = addr_of(b->routes[i].addr), .len = b->routes[i].len };

	if (ops->set(&b->table, &p, value))
		rte_exit(EXIT_FAILURE, "route %u refused\n", i);
	while (!ops->step(&b->table, 4096))
		;
}

static void del(struct bench *b, uint32_t i)
{
	const struct fib_table_ops *ops = b->table.ops;
	struct fib_prefix p = { .ip6 = addr_of(b->routes[i].addr), .len = b->routes[i].len };

	if (ops->del(&b->table, &p))
		rte_exit(EXIT_FAILURE, "route %u was not there\n", i);
	while (!ops->step(&b->table, 4096))
		;
}

/* All routes into an empty table; returns the seconds. */
static double load(struct bench *b, const char *what)
{
	b->table.ops->fini(&b->table);
	if (fib_table_init(&b->table, &fib_table_ip6, b->shared, GROUPS, b->qsbr))
		rte_exit(EXIT_FAILURE, "no table\n");
	section_begin();
	for (uint32_t i = 0; i < b->nb_routes; i++)
		set(b, i, value_of(i));
	return section_end(what, b->nb_routes);
}

static void load_others(struct bench *b, double ours)
{
	struct rte_lpm6_config lpm6 = { .max_rules = ROUTES_MAX, .number_tbl8s = LPM6_TBL8 };
	struct rte_fib6_conf fib6 = { .type = RTE_FIB6_TRIE,
				      .max_routes = ROUTES_MAX,
				      .trie = { .nh_sz = RTE_FIB6_TRIE_4B,
						.num_tbl8 = FIB6_TBL8 } };
	double start;

	b->lpm6 = rte_lpm6_create("fib6_bench_lpm6", SOCKET_ID_ANY, &lpm6);
	b->fib6 = rte_fib6_create("fib6_bench_fib6", SOCKET_ID_ANY, &fib6);
	if (!b->lpm6 || !b->fib6)
		rte_exit(EXIT_FAILURE, "no table of the others\n");
	start = section_now();
	for (uint32_t i = 0; i < b->nb_routes; i++)
		if (rte_lpm6_add(b->lpm6, b->routes[i].addr, b->routes[i].len, value_of(i)))
			rte_exit(EXIT_FAILURE, "rte_lpm6_add refused route %u\n", i);
	section_times("rte_lpm6_add to full table, shuffled", (section_now() - start) / ours);
	start = section_now();
	for (uint32_t i = 0; i < b->nb_routes; i++)
		if (rte_fib6_add(b->fib6, b->routes[i].addr, b->routes[i].len, value_of(i)))
			rte_exit(EXIT_FAILURE, "rte_fib6_add refused route %u\n", i);
	section_times("rte_fib6_add to full table, shuffled", (section_now() - start) / ours);
}

/* Two changes for each route of the full table, in the shuffled order: each other path, or gone and
 * back. */
static void change_values(struct bench *b)
{
	section_begin();
	for (uint32_t i = 0; i < 2 * b->nb_routes; i++)
		set(b, i % b->nb_routes, value_of(i + 1));
	section_end("change to another path", 2.0 * b->nb_routes);
}

static void flap(struct bench *b)
{
	section_begin();
	for (uint32_t i = 0; i < b->nb_routes; i++) {
		del(b, i);
		set(b, i, value_of(i));
		if (i % 64 == 0)
			b->table.ops->reclaim(&b->table);
	}
	section_end("gone, or back at once", 2.0 * b->nb_routes);
}

/* Withdraw half of the table in random order, then announce it again. */
static void withdraw_and_return(struct bench *b)
{
	uint32_t n = b->nb_routes / 2;

	section_begin();
	for (uint32_t i = 0; i < n; i++)
		del(b, i);
	b->table.ops->reclaim(&b->table);
	for (uint32_t i = 0; i < n; i++)
		set(b, i, value_of(i));
	section_end("half gone, then back", 2.0 * n);
}

/* Any address within each of some routes. */
static void addrs_make(struct bench *b)
{
	for (uint32_t i = 0; i < ADDRS; i++) {
		const struct route6 *r = &b->routes[routes_random(&b->random) % b->nb_routes];

		memcpy(b->octets[i], r->addr, 16);
		for (uint32_t o = r->len / 8; o < 16; o++)
			b->octets[i][o] |= (uint8_t)routes_random(&b->random) >>
					   (o == r->len / 8 ? r->len % 8 : 0);
		b->addrs[i] = addr_of(b->octets[i]);
	}
}

static uint32_t look_up(const struct bench *b, const struct trie6_lookup *by)
{
	struct trie6_reader in = { b->shared, GROUPS, 0 };
	uint32_t out[FIB_BURST], sum = 0;

	for (uint32_t i = 0; i < LOOKUPS; i += FIB_BURST) {
		by->burst(&in, &b->addrs[i % ADDRS], out, FIB_BURST);
		sum += out[i / FIB_BURST % FIB_BURST];
	}
	return sum;
}

static uint32_t look_up_lpm6(struct bench *b)
{
	int32_t out[FIB_BURST];
	uint32_t sum = 0;

	for (uint32_t i = 0; i < LOOKUPS; i += FIB_BURST) {
		rte_lpm6_lookup_bulk_func(b->lpm6, &b->octets[i % ADDRS], out, FIB_BURST);
		sum += (uint32_t)out[i / FIB_BURST % FIB_BURST];
	}
	return sum;
}

static uint32_t look_up_fib6(struct bench *b)
{
	uint64_t out[FIB_BURST];
	uint32_t sum = 0;

	for (uint32_t i = 0; i < LOOKUPS; i += FIB_BURST) {
		rte_fib6_lookup_bulk(b->fib6, &b->octets[i % ADDRS], out, FIB_BURST);
		sum += (uint32_t)out[i / FIB_BURST % FIB_BURST];
	}
	return sum;
}

/* Ours by each variant that this CPU can use, and the others', in turn, ROUNDS times after one that
 * warms up. All must find the same. */
static void lookup(struct bench *b)
{
	enum { LPM6, FIB6, OURS, MANY = OURS + 8 };
	static const char *const others[] = { "rte_lpm6_lookup_bulk_func", "rte_fib6_lookup_bulk" };
	double seconds[MANY] = { 0 };
	uint32_t want = look_up(b, &trie6_plain);
	int last = OURS;
	char name[64];

	section_begin();
	for (int round = 0; round <= ROUNDS; round++) {
		last = OURS - 1;
		for (int way = b->lpm6 ? LPM6 : OURS; way < MANY; way++) {
			const struct trie6_lookup *by =
				way < OURS ? NULL : trie6_lookups[way - OURS];
			double start = section_now();
			uint32_t sum;

			if (way >= OURS && (!by || !by->usable()))
				break;
			sum = way == LPM6   ? look_up_lpm6(b)
			      : way == FIB6 ? look_up_fib6(b)
					    : look_up(b, by);
			if (sum != want)
				rte_exit(EXIT_FAILURE, "way %d finds something else\n", way);
			seconds[way] += round ? section_now() - start : 0;
			last = way;
		}
	}
	for (int way = OURS; way <= last; way++) {
		snprintf(name, sizeof(name), "look-up, %s", trie6_lookups[way - OURS]->name);
		section_note(name, seconds[way] * 1e9 / ROUNDS / LOOKUPS, "ns");
	}
	for (int way = LPM6; b->lpm6 && way < OURS; way++) {
		snprintf(name, sizeof(name), "%s to look-up", others[way]);
		section_times(name, seconds[way] / seconds[last]);
	}
}

static void memory(struct bench *b)
{
	uint32_t used = b->table.ops->groups(&b->table)->used;

	section_exact("memory", (double)trie6_shared_size(used) / 1e6, "MB");
	section_exact("memory of the writer",
		      ((double)used * sizeof(uint32_t[TRIE6_NODE]) +
		       2.0 * TRIE6_ROOT * sizeof(uint32_t)) /
			      1e6,
		      "MB");
}

int main(int argc, char **argv)
{
	static struct bench b = { .random = 88172645463325252 };
	int used = rte_eal_init(argc, argv), given = argc - used - 1;
	uint32_t some = ROUTES_MAX;
	double ours;

	if (used < 0 || given < 1 || given > 2) {
		fprintf(stderr, "usage: fib6_bench [EAL options] -- PREFIXES.gz [N]\n");
		return 2;
	}
	if (given > 1)
		some = (uint32_t)atoi(argv[used + 2]);
	b.routes = routes6_read(argv[used + 1], some, &b.nb_routes);
	if (!b.routes || !table_make(&b)) {
		fprintf(stderr, "fib6_bench: cannot read %s or make a table\n", argv[used + 1]);
		return 1;
	}
	load(&b, "full table, sorted");
	routes_shuffle(b.routes, sizeof(*b.routes), b.nb_routes, &b.random);
	addrs_make(&b);
	ours = load(&b, "full table, shuffled");
	memory(&b);
	if (given == 1)
		load_others(&b, ours);
	lookup(&b);
	change_values(&b);
	flap(&b);
	withdraw_and_return(&b);
	b.table.ops->fini(&b.table);
	rte_lpm6_free(b.lpm6);
	rte_fib6_free(b.fib6);
	rte_eal_cleanup();
	return 0;
}
