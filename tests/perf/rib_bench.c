/* How fast the RIB takes a full table and what it weighs, with the update groups that go with it.
 *
 *   rib_bench PREFIXES.gz
 *
 * Attribute sets are made up, one for each 6.4 prefixes as in real feeds; the prefixes are real.
 * Times are processor time of the one thread, so that other work on the machine counts little. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "group.h"

enum { ROUTES_MAX = 1 << 20, NB_PEERS = 12, RECEIVERS = 10, SLICE = 4096 };
enum {
	HOP_ROUTES = 500000,
	HOPS = 8,
	RARE = HOPS
}; /* of the bench of lost next hops; RARE has one path */

struct bench {
	struct attr_table *table;
	struct rib *rib;
	struct group *group;
	struct prefix *prefixes;
	const struct attrs **attrs; /* one a prefix, shared by neighbours; one reference each */
	uint32_t n;
	uint64_t told; /* NLRI times recipients */
	double began;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

static void begin(struct bench *b)
{
	b->began = now();
}

static void report(const struct bench *b, const char *what)
{
	double s = now() - b->began;

	printf("%-46s %7.1f ms  %6.2f M/s\n", what, s * 1e3, b->n / s / 1e6);
}

static uint32_t lost; /* next hop */

static bool usable(void *ctx, uint32_t next_hop, const struct source *source)
{
	return next_hop != lost;
}

static bool prefixes_read(struct bench *b, const char *path)
{
	unsigned int a[4], len;
	char command[4096];
	FILE *in;

	b->prefixes = calloc(ROUTES_MAX, sizeof(*b->prefixes));
	snprintf(command, sizeof(command), "gzip -dc '%s'", path);
	in = popen(command, "r");
	if (!in || !b->prefixes)
		return false;
	while (b->n < ROUTES_MAX &&
	       fscanf(in, "%u.%u.%u.%u/%u", &a[0], &a[1], &a[2], &a[3], &len) == 5)
		b->prefixes[b->n++] =
			prefix_make(a[0] << 24 | a[1] << 16 | a[2] << 8 | a[3], (uint8_t)len);
	return pclose(in) == 0 && b->n;
}

static const struct attrs *attrs_make(struct bench *b, uint32_t id, uint32_t salt)
{
	const uint8_t path[14] = { AS_SEQUENCE,
				   3,
				   0,
				   0,
				   0xfd,
				   0xe9,
				   0,
				   1,
				   (uint8_t)(id >> 8),
				   (uint8_t)id,
				   0,
				   (uint8_t)salt,
				   (uint8_t)(id >> 16),
				   (uint8_t)(id >> 8) };
	const uint8_t origin = ORIGIN_IGP, hop[4] = { 10, 0, 2, (uint8_t)salt };
	uint8_t wire[64];
	struct attr_writer w = { wire, sizeof(wire), 0, false };
	struct attr_keys keys;

	attr_put(&w, ATTR_F_TRANSITIVE, ATTR_ORIGIN, &origin, 1);
	attr_put(&w, ATTR_F_TRANSITIVE, ATTR_AS_PATH, path, sizeof(path));
	attr_put(&w, ATTR_F_TRANSITIVE, ATTR_NEXT_HOP, hop, sizeof(hop));
	attr_keys_parse(wire, (uint16_t)w.len, &keys);
	return attrs_intern(b->table, &keys, wire, (uint16_t)w.len);
}

static bool attrs_fill(struct bench *b)
{
	b->attrs = calloc(b->n, sizeof(*b->attrs));
	for (uint32_t i = 0; b->attrs && i < b->n; i++)
		b->attrs[i] = attrs_make(b, (uint32_t)(i / 6.4), 4);
	return b->attrs;
}

/* Everything that the group has to say. */
static void flush(struct bench *b)
{
	struct group_batch batch;

	while (group_flush(b->group, SLICE)) {
		while (group_flush_next(b->group, &batch))
			b->told += (uint64_t)batch.nb_prefixes * batch.nb_to;
	}
}

static void take_changes(struct bench *b)
{
	static struct rib_change changes[SLICE];

	while (rib_changes(b->rib, changes, SLICE))
		;
}

static void announce_all(struct bench *b, uint16_t peer)
{
	for (uint32_t i = 0; i < b->n; i++) {
		if (rib_announce(b->rib, b->prefixes[i], peer, b->attrs[i], LOCAL_PREF_DEFAULT, 1) <
		    0)
			abort();
	}
}

static double settle(struct bench *b)
{
	double longest = 0, at = now();

	while (rib_turn(b->rib, SLICE)) {
		longest = now() - at > longest ? now() - at : longest;
		at = now();
	}
	return longest;
}

static bool setup(struct bench *b)
{
	struct rib_params params = {
		.nb_peers = NB_PEERS, .asn = 65515, .allow = ~UINT64_C(0), .usable = usable
	};

	params.attrs = b->table = attr_table_new();
	b->rib = b->table ? rib_new(&params) : NULL;
	if (!b->rib)
		return false;
	for (uint16_t i = 0; i < NB_PEERS; i++) {
		struct source source = {
			.role = ROLE_NVA, .router_id = i + 1u, .addr = i + 1u, .asn = 65001
		};

		rib_source_set(b->rib, i, &source);
	}
	b->group = group_new(b->rib, ROLE_NVA, false, true, false);
	return b->group;
}

static void teardown(struct bench *b)
{
	rib_free(b->rib);
	for (uint32_t i = 0; i < b->n; i++)
		attrs_put(b->table, b->attrs[i]);
	attr_table_free(b->table);
	free(b->attrs);
}

static void weigh(const struct bench *b, const char *what)
{
	struct rib_counts counts = rib_counts(b->rib);

	printf("%-46s %7.1f octets a prefix, %.1f MB\n", what,
	       (double)counts.bytes / (double)counts.prefixes, (double)counts.bytes / 1e6);
}

static void run(struct bench *b)
{
	begin(b);
	announce_all(b, 0);
	report(b, "announce all, no group member");
	weigh(b, "  the rib then");
	begin(b);
	take_changes(b);
	report(b, "changes to the FIB");
	begin(b);
	announce_all(b, 0);
	report(b, "announce the same again");
	begin(b);
	for (uint16_t i = 0; i < RECEIVERS; i++)
		group_join(b->group, 2 + i);
	flush(b);
	report(b, "dump to 10 peers that join together");
	begin(b);
	announce_all(b, 1);
	flush(b);
	report(b, "announce a second path each, and flush");
	weigh(b, "  the rib then");
	begin(b);
	rib_peer_down(b->rib, 0);
	printf("%-46s %7.1f ms\n", "  longest slice of the sweep", settle(b) * 1e3);
	flush(b);
	report(b, "first peer down: all move to the second");
	begin(b);
	rib_set_allow(b->rib, 0);
	printf("%-46s %7.1f ms\n", "  longest slice of the walk", settle(b) * 1e3);
	flush(b);
	report(b, "exchange off: all withdrawn");
	begin(b);
	rib_set_allow(b->rib, ~UINT64_C(0));
	settle(b);
	flush(b);
	report(b, "exchange on: all announced");
	printf("%u prefixes, %zu attribute sets, %" PRIu64 " NLRI told\n", b->n,
	       attr_table_count(b->table), b->told);
}

/* A next hop goes, and comes back. */
static void lose(struct bench *b, const char *what, uint32_t hop)
{
	size_t seen = 0, gone = 0;
	double s;

	begin(b);
	for (int i = 0; i < 2; i++) {
		size_t n;

		lost = i ? 0 : hop;
		rib_next_hop_changed(b->rib, hop);
		while ((n = rib_turn(b->rib, SLICE)))
			seen += n;
		gone += i ? 0 : rib_peer_unusable_paths(b->rib, 0);
	}
	s = (now() - b->began) / 2;
	printf("%-46s %7.3f ms  %zu of %zu looked at, %zu lost\n", what, s * 1e3, seen / 2,
	       rib_counts(b->rib).paths, gone);
	take_changes(b);
}

/* The sets change every 6.4 prefixes, and with them the next hop. */
static bool run_next_hops(const struct bench *from)
{
	struct bench b = { .prefixes = from->prefixes, .n = from->n };

	b.n = b.n < HOP_ROUTES ? b.n : HOP_ROUTES;
	b.attrs = calloc(b.n, sizeof(*b.attrs));
	if (!b.attrs || !setup(&b))
		return false;
	for (uint32_t i = 0; i < b.n; i++)
		b.attrs[i] = attrs_make(&b, (uint32_t)(i / 6.4),
					i == b.n / 2 ? RARE : (uint32_t)(i / 6.4) % HOPS);
	announce_all(&b, 0);
	take_changes(&b);
	lose(&b, "one of 8 next hops lost", 0x0a000200);
	lose(&b, "a next hop of one path lost", 0x0a000200 + RARE);
	teardown(&b);
	return true;
}

int main(int argc, char **argv)
{
	struct bench b = { 0 };

	if (argc != 2 || !prefixes_read(&b, argv[1])) {
		fprintf(stderr, "usage: rib_bench PREFIXES.gz\n");
		return 2;
	}
	if (!setup(&b) || !attrs_fill(&b)) {
		fprintf(stderr, "rib_bench: no memory\n");
		return 1;
	}
	run(&b);
	teardown(&b);
	if (!run_next_hops(&b)) {
		fprintf(stderr, "rib_bench: no memory\n");
		return 1;
	}
	free(b.prefixes);
	return 0;
}
