/* Sets of prefixes, and the octets that announce and withdraw them. */
#include "workload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attrs.h"
#include "cursor.h"
#include "hash.h"
#include "map_rule.h"
#include "update.h"

enum {
	FIRST_SLASH24 = 20 << 16,
	LAST_SLASH24 = (100 << 16) - 1,
	SLASH24S = 1 << 24,
	OTHERS_MAX = 1 << 22,
	ATTRS_MAX = 256, /* octets of a set's attributes */
};

/* What real tables are like, in tenths of their sets: 6.4 prefixes a set, paths of 3.3 AS numbers
 * behind the first, 2.5 communities. */
static const uint8_t set_sizes[] = { 1, 1, 1, 2, 2, 3, 4, 6, 12, 32 };
static const uint8_t path_lens[] = { 1, 2, 2, 3, 3, 3, 4, 4, 5, 6 };
static const uint8_t community_counts[] = { 0, 0, 0, 1, 1, 2, 3, 4, 6, 8 };

/* A number that depends on the two given ones alone, so that each run has the same workload. */
static uint32_t made_up(uint32_t set, uint32_t what)
{
	return hash_u32((uint64_t)what << 32 | set);
}

static bool workload_open(struct workload *load, uint32_t max_prefixes, uint32_t max_sets)
{
	*load = (struct workload){ 0 };
	load->prefixes = calloc(max_prefixes, sizeof(*load->prefixes));
	load->sets = calloc(max_sets, sizeof(*load->sets));
	load->slash24s = calloc(SLASH24S, sizeof(*load->slash24s));
	if (load->prefixes && load->sets && load->slash24s)
		return true;
	workload_free(load);
	return false;
}

void workload_free(struct workload *load)
{
	free(load->prefixes);
	free(load->sets);
	free(load->slash24s);
	prefix_table_close(&load->others);
	*load = (struct workload){ 0 };
}

/* --- made up ---------------------------------------------------------------------------------- */

static void set_generate(struct route_set *set, uint32_t number)
{
	set->path_len = path_lens[made_up(number, 1) % 10];
	for (uint32_t i = 0; i < set->path_len;
	     i++) /* public AS numbers of two octets and of four */
		set->path[i] = i % 3 == 2 ? 131072 + made_up(number, 16 + i) % 70000
					  : 1000 + made_up(number, 16 + i) % 60000;
	set->nb_communities = community_counts[made_up(number, 2) % 10];
	for (uint32_t i = 0; i < set->nb_communities; i++)
		set->communities[i] = COMMUNITY(1000 + made_up(number, 3) % 60000,
						made_up(number, 32 + i) % 10000);
}

bool workload_generate(struct workload *load, uint64_t nb_prefixes)
{
	if (nb_prefixes > LAST_SLASH24 - FIRST_SLASH24 ||
	    !workload_open(load, (uint32_t)nb_prefixes, (uint32_t)nb_prefixes))
		return false;
	for (uint32_t set = 0; load->nb_prefixes < nb_prefixes; set++) {
		uint32_t nb = set_sizes[made_up(set, 0) % 10],
			 left = (uint32_t)nb_prefixes - load->nb_prefixes;

		load->sets[set] = (struct route_set){ .first = load->nb_prefixes,
						      .nb = nb < left ? nb : left };
		set_generate(&load->sets[set], set);
		for (uint32_t i = 0; i < load->sets[set].nb; i++) {
			uint32_t slash24 = FIRST_SLASH24 + load->nb_prefixes;

			load->prefixes[load->nb_prefixes++] = prefix4_make(slash24 << 8, 24);
			load->slash24s[slash24] = load->nb_prefixes;
		}
		load->nb_sets = set + 1;
	}
	return true;
}

/* --- read ------------------------------------------------------------------------------------- */

/* Give the prefix a number, unless it has one. False: no memory. */
static bool prefix_add(struct workload *load, struct prefix prefix)
{
	if (workload_find(load, prefix.addr.v4, prefix.len) != WORKLOAD_NONE)
		return true;
	if (prefix.len == 24) {
		load->slash24s[prefix.addr.v4 >> 8] = load->nb_prefixes + 1;
	} else {
		if (!prefix_table_is_open(&load->others) &&
		    prefix_table_open(&load->others, FAMILY_IPV4, sizeof(struct other_prefix),
				      OTHERS_MAX))
			return false;

		uint32_t id = prefix_table_add(&load->others, &prefix);

		if (id == SLAB_NONE)
			return false;
		((struct other_prefix *)prefix_table_at(&load->others, id))->number =
			load->nb_prefixes;
	}
	load->prefixes[load->nb_prefixes++] = prefix;
	return true;
}

static const char *path_read(struct route_set *set, char *text)
{
	for (char *word, *rest = text; (word = strtok_r(NULL, " ", &rest));) {
		char *end;
		unsigned long asn = strtoul(word, &end, 10);

		if (*end || !asn || asn > UINT32_MAX)
			return "an AS path of numbers 1..4294967295, no sets";
		if (set->path_len == WORKLOAD_PATH)
			return "an AS path of at most 16";
		set->path[set->path_len++] = (uint32_t)asn;
	}
	return NULL;
}

static const char *communities_read(struct route_set *set, char *text)
{
	for (char *word, *rest = text; (word = strtok_r(NULL, " ", &rest));) {
		if (set->nb_communities == WORKLOAD_COMMUNITIES)
			return "at most 16 communities";
		if (!community_parse(word, &set->communities[set->nb_communities++]))
			return "communities such as 3356:70";
	}
	return NULL;
}

static const char *prefixes_read(struct workload *load, char *text)
{
	struct prefix prefix;

	for (char *word, *rest = text; (word = strtok_r(NULL, " ", &rest));) {
		if (!prefix4_parse(word, &prefix))
			return "prefixes such as 20.1.0.0/16, host bits zero";
		if (!prefix_add(load, prefix))
			return "fewer prefixes: no memory for more";
	}
	return NULL;
}

/* What the line should have had, or NULL. */
static const char *line_read(struct workload *load, char *line)
{
	struct route_set *set = &load->sets[load->nb_sets];
	char *rest = line, *path = strsep(&rest, "\t"), *communities = strsep(&rest, "\t");
	const char *wanted;

	*set = (struct route_set){ .first = load->nb_prefixes };
	if (!rest)
		return "AS path, communities and prefixes, separated by tabs";
	wanted = path_read(set, path);
	if (!wanted)
		wanted = communities_read(set, communities);
	if (!wanted)
		wanted = prefixes_read(load, rest);
	set->nb = load->nb_prefixes - set->first;
	load->nb_sets += set->nb > 0;
	return wanted;
}

/* More prefixes, or sets, than the octets of a file can say there are not. */
static bool room_for(struct workload *load, FILE *file)
{
	long size;

	if (fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET))
		return false;
	return workload_open(load, (uint32_t)(size / 8) + 1, (uint32_t)(size / 10) + 2);
}

bool workload_read(struct workload *load, const char *path, char *error, size_t error_size)
{
	FILE *file = fopen(path, "r");
	const char *wanted = NULL;
	char *line = NULL;
	size_t size = 0;

	if (!file || !room_for(load, file)) {
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
		if (file)
			fclose(file);
		return false;
	}
	for (uint32_t n = 1; !wanted && getline(&line, &size, file) >= 0; n++) {
		line[strcspn(line, "\r\n")] = '\0';
		wanted = line[0] ? line_read(load, line) : NULL;
		if (wanted)
			snprintf(error, error_size, "%s:%u: expected %s", path, n, wanted);
	}
	free(line);
	fclose(file);
	if (!wanted && !load->nb_prefixes) {
		snprintf(error, error_size, "%s: no prefixes in it", path);
		wanted = error;
	}
	if (wanted)
		workload_free(load);
	return !wanted;
}

/* --- octets ----------------------------------------------------------------------------------- */

/* The attributes of a set as a sender says them. */
static uint16_t set_attrs(const struct route_set *set, uint32_t asn, uint32_t next_hop,
			  uint8_t *buf, size_t size)
{
	static const uint8_t igp = ORIGIN_IGP;
	struct attr_writer w = { .buf = buf, .size = size };
	uint8_t *at;

	attr_put(&w, ATTR_F_TRANSITIVE, ATTR_ORIGIN, &igp, 1);
	at = attr_put(&w, ATTR_F_TRANSITIVE, ATTR_AS_PATH, NULL, 2 + 4 * (1u + set->path_len));
	*at++ = AS_SEQUENCE;
	*at++ = (uint8_t)(1 + set->path_len);
	store_be32(at, asn);
	for (uint32_t i = 0; i < set->path_len; i++)
		store_be32(at + 4 * (i + 1), set->path[i]);
	store_be32(attr_put(&w, ATTR_F_TRANSITIVE, ATTR_NEXT_HOP, NULL, 4), next_hop);
	if (set->nb_communities) {
		at = attr_put(&w, ATTR_F_OPTIONAL | ATTR_F_TRANSITIVE, ATTR_COMMUNITIES, NULL,
			      4u * set->nb_communities);
		for (uint32_t i = 0; i < set->nb_communities; i++)
			store_be32(at + 4 * i, set->communities[i]);
	}
	return (uint16_t)w.len;
}

/* Octets that grow as messages are written behind them. */
static uint8_t *room(uint8_t **octets, size_t len, size_t *size)
{
	if (*size - len < BGP_MESSAGE_MAX) {
		size_t more = *size ? 2 * *size : 1 << 20;
		uint8_t *grown = realloc(*octets, more);

		if (!grown)
			return NULL;
		*octets = grown;
		*size = more;
	}
	return *octets + len;
}

static bool set_announce(const struct workload *load, const struct route_set *set,
			 struct feed *feed, size_t *size, uint32_t asn, uint32_t next_hop)
{
	uint8_t attrs[ATTRS_MAX];
	uint16_t attrs_len = set_attrs(set, asn, next_hop, attrs, sizeof(attrs));
	size_t taken;

	for (uint32_t done = 0; done < set->nb; done += (uint32_t)taken) {
		uint8_t *at = room(&feed->announce, feed->announce_len, size);

		if (!at)
			return false;
		feed->announce_len += update_encode_announce(
			at, BGP_MESSAGE_MAX, FAMILY_IPV4, attrs, attrs_len,
			load->prefixes + set->first + done, set->nb - done, &taken);
		for (uint32_t i = 0; i < taken; i++) {
			uint32_t prefix = set->first + done + i;

			if (prefix % FEED_SAMPLE == 0)
				feed->marks[feed->nb_marks++] =
					(struct feed_mark){ feed->announce_len, prefix };
		}
	}
	feed->nb_prefixes += set->nb;
	return true;
}

/* All of them in as few messages as hold them. */
static bool withdraw(struct feed *feed, const struct prefix *prefixes)
{
	size_t taken, size = 0;

	for (uint32_t done = 0; done < feed->nb_prefixes; done += (uint32_t)taken) {
		uint8_t *at = room(&feed->withdraw, feed->withdraw_len, &size);

		if (!at)
			return false;
		feed->withdraw_len +=
			update_encode_withdraw(at, BGP_MESSAGE_MAX, FAMILY_IPV4, prefixes + done,
					       feed->nb_prefixes - done, &taken);
	}
	return true;
}

bool workload_feed(const struct workload *load, struct feed *feed, uint32_t number,
		   uint32_t senders, bool same, uint32_t asn, uint32_t next_hop)
{
	struct prefix *own = calloc(load->nb_prefixes + 1, sizeof(*own));
	size_t size = 0;
	bool ok;

	*feed = (struct feed){
		.marks = calloc(load->nb_prefixes / FEED_SAMPLE + 1, sizeof(*feed->marks)),
		.own = calloc(load->nb_prefixes / 64 + 1, sizeof(*feed->own)),
	};
	ok = own && feed->marks && feed->own;
	for (uint32_t i = 0; ok && i < load->nb_sets; i++) {
		const struct route_set *set = &load->sets[i];

		if (!same && i % senders != number)
			continue;
		memcpy(own + feed->nb_prefixes, load->prefixes + set->first,
		       set->nb * sizeof(*own));
		ok = set_announce(load, set, feed, &size, asn, next_hop);
		for (uint32_t j = set->first; !same && j < set->first + set->nb; j++)
			feed->own[j / 64] |= UINT64_C(1) << j % 64;
	}
	ok = ok && withdraw(feed, own);
	free(own);
	if (!ok)
		feed_free(feed);
	return ok;
}

void feed_free(struct feed *feed)
{
	free(feed->announce);
	free(feed->withdraw);
	free(feed->marks);
	free(feed->own);
	*feed = (struct feed){ 0 };
}

size_t feed_announce_one(uint8_t *buf, struct prefix prefix, uint32_t asn, uint32_t next_hop)
{
	static const struct route_set plain = { .nb = 1 };
	uint8_t attrs[ATTRS_MAX];
	uint16_t len = set_attrs(&plain, asn, next_hop, attrs, sizeof(attrs));
	size_t taken;

	return update_encode_announce(buf, BGP_MESSAGE_MAX, FAMILY_IPV4, attrs, len, &prefix, 1,
				      &taken);
}

size_t feed_withdraw_one(uint8_t *buf, struct prefix prefix)
{
	size_t taken;

	return update_encode_withdraw(buf, BGP_MESSAGE_MAX, FAMILY_IPV4, &prefix, 1, &taken);
}
