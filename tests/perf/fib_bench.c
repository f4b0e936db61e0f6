/* How fast one view fills and changes, beside librte_lpm's own rule management on the same routes,
 * in one run.
 *
 *   fib_bench [EAL options] -- PREFIXES.gz
 *
 * rte_lpm_add() gets a sample only: its cost grows with the rules that are there, a full table
 * takes it a minute. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_lcore.h>

#include "fib.h"

enum {
	ROUTES_MAX = 1 << 20,
	SAMPLE = 100000,
	CHANGES = 2000000,
	LOOKUPS = 1 << 24,
	LISTS = 200, /* path-list indexes used as values: seeded, so that they exist */
};

struct route {
	uint32_t addr;
	uint8_t len;
};

struct bench {
	struct fib *fib;
	struct fib_writer *writer;
	struct route *routes;
	uint32_t nb_routes;
	uint64_t random;
};

static uint32_t next_random(struct bench *b)
{
	b->random ^= b->random << 13;
	b->random ^= b->random >> 7;
	b->random ^= b->random << 17;
	return b->random >> 32;
}

static double seconds_since(uint64_t start)
{
	return (double)(rte_get_timer_cycles() - start) / rte_get_timer_hz();
}

static bool routes_read(struct bench *b, const char *path)
{
	unsigned int a[4], len;
	char command[4096];
	FILE *in;

	snprintf(command, sizeof(command), "gzip -dc '%s'", path);
	in = popen(command, "r");
	if (!in)
		return false;
	while (b->nb_routes < ROUTES_MAX &&
	       fscanf(in, "%u.%u.%u.%u/%u", &a[0], &a[1], &a[2], &a[3], &len) == 5)
		b->routes[b->nb_routes++] =
			(struct route){ a[0] << 24 | a[1] << 16 | a[2] << 8 | a[3], len };
	return pclose(in) == 0 && b->nb_routes > SAMPLE;
}

static void routes_shuffle(struct bench *b)
{
	for (uint32_t i = b->nb_routes - 1; i > 0; i--) {
		uint32_t j = next_random(b) % (i + 1);
		struct route swap = b->routes[i];

		b->routes[i] = b->routes[j];
		b->routes[j] = swap;
	}
}

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
		struct fib_seed seed = { .addr = 0xf0000000 + i,
					 .len = 32,
					 .action = ADJACENCY_LOCAL };

		if (fib_seed(b->fib, &seed))
			return false;
	}
	return !fib_ready(b->fib);
}

/* Seconds to load the first `n` routes into a fresh writer. */
static double load(struct bench *b, uint32_t n)
{
	uint64_t start;

	if (fib_writer_open(b->fib, &b->writer))
		rte_exit(EXIT_FAILURE, "no writer\n");
	start = rte_get_timer_cycles();
	for (uint32_t i = 0; i < n; i++)
		if (fib_set(b->writer, 0, b->routes[i].addr, b->routes[i].len, 1 + i % LISTS))
			rte_exit(EXIT_FAILURE, "route %u refused\n", i);
	return seconds_since(start);
}

static double load_librte(struct bench *b, uint32_t n)
{
	struct rte_lpm_config config = { .max_rules = ROUTES_MAX, .number_tbl8s = 4096 };
	struct rte_lpm *lpm = rte_lpm_create("fib_bench_librte", SOCKET_ID_ANY, &config);
	uint64_t start = rte_get_timer_cycles();
	double seconds;

	if (!lpm)
		rte_exit(EXIT_FAILURE, "no table\n");
	for (uint32_t i = 0; i < n; i++)
		if (rte_lpm_add(lpm, b->routes[i].addr, b->routes[i].len, 1 + i % LISTS))
			rte_exit(EXIT_FAILURE, "rte_lpm_add refused route %u\n", i);
	seconds = seconds_since(start);
	rte_lpm_free(lpm);
	return seconds;
}

/* Changes a second on the full table, routes in the shuffled order: each other path, or gone and
 * back. */
static double change_values(struct bench *b)
{
	uint64_t start = rte_get_timer_cycles();

	for (uint32_t i = 0; i < CHANGES; i++) {
		const struct route *r = &b->routes[i % b->nb_routes];

		fib_set(b->writer, 0, r->addr, r->len, 1 + i % LISTS);
	}
	return CHANGES / seconds_since(start);
}

static double flap(struct bench *b)
{
	uint64_t start = rte_get_timer_cycles();

	for (uint32_t i = 0; i < CHANGES / 2; i++) {
		const struct route *r = &b->routes[i % b->nb_routes];

		fib_del(b->writer, 0, r->addr, r->len);
		fib_set(b->writer, 0, r->addr, r->len, 1 + i % LISTS);
		if (i % 64 == 0)
			fib_reclaim(b->writer);
	}
	return CHANGES / seconds_since(start);
}

/* Withdraw half of the table in random order, then announce it again. */
static double withdraw_and_return(struct bench *b)
{
	uint64_t start = rte_get_timer_cycles();

	for (uint32_t i = 0; i < b->nb_routes / 2; i++)
		fib_del(b->writer, 0, b->routes[i].addr, b->routes[i].len);
	fib_reclaim(b->writer);
	for (uint32_t i = 0; i < b->nb_routes / 2; i++)
		fib_set(b->writer, 0, b->routes[i].addr, b->routes[i].len, 1 + i % LISTS);
	return b->nb_routes / 2 * 2 / seconds_since(start);
}

/* Cycles a packet of a lookup burst, with the default route; and of rte_lpm_lookup_bulk() on the
 * same addresses. */
static void lookup(struct bench *b, double *ours, double *librte)
{
	const struct fib_view *view = &fib_active(b->fib)->view[0];
	uint32_t *dst = malloc((1 << 16) * sizeof(*dst)), out[FIB_BURST], sum = 0;
	uint32_t groups = b->fib->tbl8_groups;
	uint64_t start;

	for (uint32_t i = 0; dst && i < 1 << 16; i++) {
		const struct route *r = &b->routes[next_random(b) % b->nb_routes];

		dst[i] =
			r->addr + (uint32_t)(next_random(b) & ((UINT64_C(1) << (32 - r->len)) - 1));
	}
	for (int round = 0; dst && round < 2; round++) { /* the first one warms up */
		start = rte_rdtsc();
		for (uint32_t i = 0; i < LOOKUPS; i += FIB_BURST) {
			fib_lookup_burst(view, groups, &dst[i & 0xffff], out, FIB_BURST);
			sum += out[i / FIB_BURST % FIB_BURST];
		}
		*ours = (double)(rte_rdtsc() - start) / LOOKUPS;
		start = rte_rdtsc();
		for (uint32_t i = 0; i < LOOKUPS; i += FIB_BURST) {
			rte_lpm_lookup_bulk(view->lpm, &dst[i & 0xffff], out, FIB_BURST);
			sum += out[i / FIB_BURST % FIB_BURST];
		}
		*librte = (double)(rte_rdtsc() - start) / LOOKUPS;
	}
	__asm__ volatile("" ::"r"(sum));
	free(dst);
}

int main(int argc, char **argv)
{
	struct bench b = { .random = 88172645463325252 };
	double full, shuffled, sample, reference, ours = 0, librte = 0;
	int used = rte_eal_init(argc, argv);

	if (used < 0 || argc - used < 2) {
		fprintf(stderr, "usage: fib_bench [EAL options] -- PREFIXES.gz\n");
		return 2;
	}
	b.routes = calloc(ROUTES_MAX, sizeof(*b.routes));
	if (!b.routes || !routes_read(&b, argv[used + 1]) || !fib_make(&b)) {
		fprintf(stderr, "fib_bench: cannot read %s or make a FIB\n", argv[used + 1]);
		return 1;
	}
	full = load(&b, b.nb_routes);
	fib_writer_close(b.writer);
	routes_shuffle(&b);
	sample = load(&b, SAMPLE);
	fib_writer_close(b.writer);
	shuffled = load(&b, b.nb_routes);
	fib_publish(b.writer);
	reference = load_librte(&b, SAMPLE);
	printf("full table, sorted    %8u routes in %.3f s\n", b.nb_routes, full);
	printf("full table, shuffled  %8u routes in %.3f s\n", b.nb_routes, shuffled);
	printf("the first             %8u routes in %.4f s, rte_lpm_add() in %.3f s: %.0f times\n",
	       SAMPLE, sample, reference, reference / sample);
	printf("other paths           %.1f M changes/s\n", change_values(&b) / 1e6);
	printf("gone and back         %.1f M changes/s\n", flap(&b) / 1e6);
	printf("half gone, then back  %.1f M changes/s\n", withdraw_and_return(&b) / 1e6);
	lookup(&b, &ours, &librte);
	printf("lookup                %.1f cycles a packet, rte_lpm_lookup_bulk() %.1f\n", ours,
	       librte);
	fib_writer_close(b.writer);
	fib_destroy(b.fib);
	rte_eal_cleanup();
	return 0;
}
