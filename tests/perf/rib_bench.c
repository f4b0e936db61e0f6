/* How fast the RIB takes a full table and what it weighs, with the update groups that go with it.
 *
 *   rib_bench PREFIXES.gz [N]    # N prefixes of them
 *
 * Attribute sets are made up, one for each 6.4 prefixes as in real feeds; the prefixes are real.
 * Times are processor time of the one thread, so that other work on the machine counts little. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "group.h"
#include "routes.h"
#include "section.h"

enum { NB_PEERS = 12, RECEIVERS = 10, SLICE = 4096 };
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
	uint64_t announced; /* NLRI times recipients */
};

static uint32_t lost; /* next hop; ADDR_NONE: none */

static bool usable(void *ctx, uint32_t next_hop, const struct source *source)
{
	return next_hop != lost;
}

static bool prefixes_read(struct bench *b, const char *path, const char *some)
{
	struct route *routes = routes_read(path, *some ? (uint32_t)atoi(some) : ROUTES_MAX, &b->n);

	b->prefixes = routes ? calloc(b->n, sizeof(*b->prefixes)) : NULL;
	for (uint32_t i = 0; b->prefixes && i < b->n; i++)
		b->prefixes[i] = prefix4_make(routes[i].addr, routes[i].len);
	free(routes);
	return b->prefixes;
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
			b->announced += (uint64_t)batch.nb_prefixes * batch.nb_to;
	}
}

static void take_changes(struct bench *b)
{
	static uint32_t nodes[SLICE];
	size_t n;

	while ((n = rib_changes(b->rib, nodes, SLICE)))
		rib_changes_end(b->rib, nodes, n);
}

static void announce_all(struct bench *b, uint16_t peer)
{
	for (uint32_t i = 0; i < b->n; i++) {
		if (i % RIB_FETCH == 0)
			rib_fetch(b->rib, b->prefixes + i,
				  b->n - i < RIB_FETCH ? b->n - i : RIB_FETCH);
		if (rib_announce(b->rib, b->prefixes[i], peer, b->attrs[i], LOCAL_PREF_DEFAULT, 1) <
		    0)
			abort();
	}
}

/* Returns the seconds of the longest slice. */
static double settle(struct bench *b)
{
	double longest = 0, at = section_now();

	while (rib_turn(b->rib, SLICE)) {
		longest = section_now() - at > longest ? section_now() - at : longest;
		at = section_now();
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
		struct source source = { .role = ROLE_NVA,
					 .router_id = i + 1u,
					 .addr = addr_make4(i + 1u),
					 .asn = 65001 };

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

	section_exact(what, (double)counts.bytes / (double)counts.prefixes, "octets a prefix");
}

static void fill(struct bench *b)
{
	section_begin();
	announce_all(b, 0);
	section_end("announcement", b->n);
	weigh(b, "memory, one path");
	section_begin();
	take_changes(b);
	section_end("change to the FIB", b->n);
	section_begin();
	announce_all(b, 0);
	section_end("announcement of the same", b->n);
	section_begin();
	for (uint16_t i = 0; i < RECEIVERS; i++)
		group_join(b->group, 2 + i);
	flush(b);
	section_end("dump to 10 that join, a prefix", b->n);
	section_begin();
	announce_all(b, 1);
	flush(b);
	section_end("second path, told", b->n);
	weigh(b, "memory, two paths");
}

static void run(struct bench *b)
{
	double longest;

	fill(b);
	section_begin();
	rib_peer_down(b->rib, 0);
	longest = settle(b);
	flush(b);
	section_end("first peer down, a prefix", b->n);
	section_note("longest slice of its sweep (4,096 prefixes)", longest * 1e3, "ms");
	section_begin();
	rib_set_allow(b->rib, 0);
	longest = settle(b);
	flush(b);
	section_end("exchange off, a prefix", b->n);
	section_note("longest slice of its walk (4,096 prefixes)", longest * 1e3, "ms");
	section_begin();
	rib_set_allow(b->rib, ~UINT64_C(0));
	settle(b);
	flush(b);
	section_end("exchange on, a prefix", b->n);
	section_exact("attribute sets", (double)attr_table_count(b->table), "");
	section_exact("NLRI told a prefix", (double)b->announced / b->n, "");
}

/* A next hop goes, and comes back, `times` times. */
static void lose(struct bench *b, const char *what, uint32_t addr, uint32_t times)
{
	const struct scoped_addr at = scoped_addr_make(addr_make4(addr), 0);
	uint32_t hop = addr_table_find(attr_table_next_hops(b->table), &at);

	section_begin();
	for (uint32_t i = 0; i < 2 * times; i++) {
		lost = i % 2 ? ADDR_NONE : hop;
		rib_next_hop_changed(b->rib, hop);
		while (rib_turn(b->rib, SLICE))
			;
		if (i % 2 == 0 && !rib_peer_unusable_paths(b->rib, 0))
			abort();
	}
	section_end(what, 2.0 * times);
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
	lose(&b, "one of 8 next hops of 500,000 lost or back", 0x0a000200, 4);
	lose(&b, "a next hop of one path lost or back", 0x0a000200 + RARE, 1000);
	teardown(&b);
	return true;
}

int main(int argc, char **argv)
{
	struct bench b = { 0 };

	if (argc < 2 || argc > 3 || !prefixes_read(&b, argv[1], argc > 2 ? argv[2] : "")) {
		fprintf(stderr, "usage: rib_bench PREFIXES.gz [N]\n");
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
