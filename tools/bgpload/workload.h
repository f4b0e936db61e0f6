/* What is announced: prefixes in sets that share their attributes, and for each sender the octets
 * that say so. Either made up, with as many prefixes a set and as long paths as real tables have,
 * or read from a file of real ones.
 *
 *   workload_generate / workload_read ─► sets ─► workload_feed, for each sender ─► peer.c
 *
 * A prefix is known by its number, 0 and up, which workload_find() tells quickly: it is asked for
 * each prefix that is heard. */
#ifndef BASCULE_WORKLOAD_H
#define BASCULE_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "prefix.h"
#include "prefix_table.h"

enum {
	WORKLOAD_PATH = 16, /* AS numbers of a set's path, the sender's not among them */
	WORKLOAD_COMMUNITIES = 16,
	WORKLOAD_NONE = UINT32_MAX,
};

struct route_set {
	uint32_t first, nb; /* prefixes[first .. first + nb) */
	uint32_t path[WORKLOAD_PATH], communities[WORKLOAD_COMMUNITIES];
	uint8_t path_len, nb_communities;
};

struct other_prefix {
	uint32_t addr;
	uint8_t len;
	uint32_t number;
};
PREFIX_TABLE_ITEM(struct other_prefix);

struct workload {
	struct prefix *prefixes; /* owned, as is all of it */
	struct route_set *sets;
	uint32_t nb_prefixes, nb_sets;
	uint32_t *slash24s; /* [address >> 8]: 1 + the number of that /24; 0: not of the workload */
	struct prefix_table others; /* struct other_prefix, if there are any */
};

/* A prefix whose latency is measured: when the octets up to `end` are written, it has been said. */
struct feed_mark {
	size_t end;
	uint32_t prefix;
};

/* All that one sender says, as whole UPDATE messages. */
struct feed {
	uint8_t *announce, *withdraw; /* owned, as are the marks */
	size_t announce_len, withdraw_len;
	struct feed_mark *marks;
	uint32_t nb_marks, nb_prefixes;
	uint64_t *own; /* owned; a bit a prefix that it says and nobody else does */
};

/* One prefix in so many is a sample of latency. */
enum { FEED_SAMPLE = 61 };

/* `nb_prefixes` times /24 from 20.0.0.0, the same for the same number. False: no memory, or more
 * than there is room for below 100.0.0.0. */
bool workload_generate(struct workload *load, uint64_t nb_prefixes);

/* Sets of a text file, one a line: the AS path, communities ("3356:70") and prefixes, separated by
 * a tab, each of them separated by blanks; communities may be none. A prefix that was there before
 * is left out. False: the file cannot be read, or `error` says what is wrong in which line. */
bool workload_read(struct workload *load, const char *path, char *error, size_t error_size);
void workload_free(struct workload *load);

/* What sender `number` of `senders` says: each set whose number is its own modulo `senders`, or all
 * of them, if `same`. `asn` comes first in its paths. False: no memory. */
bool workload_feed(const struct workload *load, struct feed *feed, uint32_t number,
		   uint32_t senders, bool same, uint32_t asn, uint32_t next_hop);
void feed_free(struct feed *feed);

/* One prefix of its own, as one message; the buffer has BGP_MESSAGE_MAX octets. Returns its
 * length. */
size_t feed_announce_one(uint8_t *buf, struct prefix prefix, uint32_t asn, uint32_t next_hop);
size_t feed_withdraw_one(uint8_t *buf, struct prefix prefix);

/* The number of a prefix, or WORKLOAD_NONE. */
static inline uint32_t workload_find(const struct workload *load, uint32_t addr, uint8_t len)
{
	if (len == 24)
		return load->slash24s[addr >> 8] - 1;
	if (!prefix_table_is_open(&load->others))
		return WORKLOAD_NONE;

	const struct prefix prefix = prefix4_make(addr, len);
	uint32_t id = prefix_table_find(&load->others, &prefix);

	return id == SLAB_NONE
		       ? WORKLOAD_NONE
		       : ((const struct other_prefix *)prefix_table_at(&load->others, id))->number;
}

#endif
