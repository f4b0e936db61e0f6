/* How fast one view fills and changes, beside librte_lpm's own rule management on the same routes,
 * in one run.
 *
 *   fib_bench [EAL options] -- PREFIXES.gz [N]
 *
 * rte_lpm_add() gets a sample only: its cost grows with the rules that are there, a full table
 * takes it a minute. With N, of so many prefixes, it gets none. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_lcore.h>

#include "fib.h"
#include "routes.h"
#include "section.h"

enum {
	SAMPLE = 100000,
	LOOKUPS = 1 << 22,
	ROUNDS = 5,
	LISTS = 200, /* path-list indexes used as values: seeded, so that they exist */
};

struct bench {
	struct fib *fib;
	struct fib_writer *writer;
	struct route *routes;
	uint32_t nb_routes;
	uint64_t random;
};

static bool fib_make(struct bench *b)
{
	struct fib_params params = {
		.name = "fib_bench",
		.views = 1,
		.tbl8_groups = 4096,
		.max_threads = RTE_MAX_LCORE,
		.socket_id = SOCKET_ID_ANY,
	};

	if (fib_create(&params, &b->fib))
		return false;
	for (uint32_t i = 0; i < LISTS; i++) {
		struct fib_seed seed = { .prefix = fib_ip4(0xf0000000 + i, 32),
					 .action = ADJACENCY_LOCAL };

		if (fib_seed(b->fib, &seed))
			return false;
	}
	return !fib_ready(b->fib);
}

/* The first `n` routes into a fresh writer; returns the seconds. */
static double load(struct bench *b, const char *what, uint32_t n)
{
	if (fib_writer_open(b->fib, &b->writer))
		rte_exit(EXIT_FAILURE, "no writer\n");
	section_begin();
	for (uint32_t i = 0; i < n; i++)
		if (fib_set(b->writer, 0, fib_ip4(b->routes[i].addr, b->routes[i].len),
			    1 + i % LISTS))
			rte_exit(EXIT_FAILURE, "route %u refused\n", i);
	return section_end(what, n);
}

static double load_librte(struct bench *b, uint32_t n)
{
	struct rte_lpm_config config = { .max_rules = ROUTES_MAX, .number_tbl8s = 4096 };
	struct rte_lpm *lpm = rte_lpm_create("fib_bench_librte", SOCKET_ID_ANY, &config);
	double start = section_now(), seconds;

	if (!lpm)
		rte_exit(EXIT_FAILURE, "no table\n");
	for (uint32_t i = 0; i < n; i++)
		if (rte_lpm_add(lpm, b->routes[i].addr, b->routes[i].len, 1 + i % LISTS))
			rte_exit(EXIT_FAILURE, "rte_lpm_add refused route %u\n", i);
	seconds = section_now() - start;
	rte_lpm_free(lpm);
	return seconds;
}

/* Two changes for each route of the full table, routes in the shuffled order: each other path, or
 * gone and back. */
static void change_values(struct bench *b)
{
	section_begin();
	for (uint32_t i = 0; i < 2 * b->nb_routes; i++) {
		const struct route *r = &b->routes[i % b->nb_routes];

		fib_set(b->writer, 0, fib_ip4(r->addr, r->len), 1 + i % LISTS);
	}
	section_end("change to another path", 2.0 * b->nb_routes);
}

static void flap(struct bench *b)
{
	section_begin();
	for (uint32_t i = 0; i < b->nb_routes; i++) {
		const struct route *r = &b->routes[i % b->nb_routes];

		fib_del(b->writer, 0, fib_ip4(r->addr, r->len));
		fib_set(b->writer, 0, fib_ip4(r->addr, r->len), 1 + i % LISTS);
		if (i % 64 == 0)
			fib_reclaim(b->writer);
	}
	section_end("gone, or back at once", 2.0 * b->nb_routes);
}

/* Withdraw half of the table in random order, then announce it again. */
static void withdraw_and_return(struct bench *b)
{
	uint32_t n = b->nb_routes / 2;

	section_begin();
	for (uint32_t i = 0; i < n; i++)
		fib_del(b->writer, 0, fib_ip4(b->routes[i].addr, b->routes[i].len));
	fib_reclaim(b->writer);
	for (uint32_t i = 0; i < n; i++)
		fib_set(b->writer, 0, fib_ip4(b->routes[i].addr, b->routes[i].len), 1 + i % LISTS);
	section_end("half gone, then back", 2.0 * n);
}

/* A look-up in bursts, with the default route; and rte_lpm_lookup_bulk() on the same addresses: in
 * turn, ROUNDS times. */
static void lookup(struct bench *b)
{
	const struct fib_view *view = &fib_active(b->fib)->view[0];
	uint32_t *dst = malloc((1 << 16) * sizeof(*dst)), out[FIB_BURST], sum = 0;
	double ours = 0, librte = 0, start;
	uint32_t groups = b->fib->tbl8_groups;

	for (uint32_t i = 0; dst && i < 1 << 16; i++) {
		const struct route *r = &b->routes[routes_random(&b->random) % b->nb_routes];

		dst[i] = r->addr + (uint32_t)(routes_random(&b->random) &
					      ((UINT64_C(1) << (32 - r->len)) - 1));
	}
	section_begin();
	for (int round = 0; dst && round <= ROUNDS; round++) { /* the first one warms up */
		start = section_now();
		for (uint32_t i = 0; i < LOOKUPS; i += FIB_BURST) {
			fib_lookup_burst(view, groups, &dst[i & 0xffff], out, FIB_BURST);
			sum += out[i / FIB_BURST % FIB_BURST];
		}
		ours += round ? section_now() - start : 0;
		start = section_now();
		for (uint32_t i = 0; i < LOOKUPS; i += FIB_BURST) {
			rte_lpm_lookup_bulk(view->lpm, &dst[i & 0xffff], out, FIB_BURST);
			sum += out[i / FIB_BURST % FIB_BURST];
		}
		librte += round ? section_now() - start : 0;
	}
	__asm__ volatile("" ::"r"(sum));
	section_note("look-up", ours * 1e9 / ROUNDS / LOOKUPS, "ns");
	section_times("rte_lpm_lookup_bulk to look-up", librte / ours);
	free(dst);
}

int main(int argc, char **argv)
{
	struct bench b = { .random = 88172645463325252 };
	int used = rte_eal_init(argc, argv), given = argc - used - 1;
	uint32_t some = ROUTES_MAX;
	double sample;

	if (used < 0 || given < 1 || given > 2) {
		fprintf(stderr, "usage: fib_bench [EAL options] -- PREFIXES.gz [N]\n");
		return 2;
	}
	if (given > 1)
		some = (uint32_t)atoi(argv[used + 2]);
	b.routes = routes_read(argv[used + 1], some, &b.nb_routes);
	if (!b.routes || b.nb_routes <= SAMPLE || !fib_make(&b)) {
		fprintf(stderr, "fib_bench: cannot read %s or make a FIB\n", argv[used + 1]);
		return 1;
	}
	load(&b, "full table, sorted", b.nb_routes);
	fib_writer_close(b.writer);
	routes_shuffle(b.routes, sizeof(*b.routes), b.nb_routes, &b.random);
	sample = load(&b, "the first 100,000, shuffled", SAMPLE);
	fib_writer_close(b.writer);
	load(&b, "full table, shuffled", b.nb_routes);
	fib_publish(b.writer);
	if (given == 1)
		section_times("rte_lpm_add to the first 100,000", load_librte(&b, SAMPLE) / sample);
	change_values(&b);
	flap(&b);
	withdraw_and_return(&b);
	lookup(&b);
	fib_writer_close(b.writer);
	fib_destroy(b.fib);
	rte_eal_cleanup();
	return 0;
}
