/* Items found by their prefix: a slab of them, and a hash of their ids. Items never move (slab.h);
 * finding, adding and removing one is O(1), also while the table grows (linear_hash.h). One thread.
 *
 * A slot of the hash has bits that no id needs. They hold a few bits of the item's hash, its tag: a
 * search looks at an item that is not the one sought, which is a cache miss, only where the tags
 * are the same by chance. */
#ifndef BASCULE_PREFIX_TABLE_H
#define BASCULE_PREFIX_TABLE_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "hash.h"
#include "linear_hash.h"
#include "prefix.h"
#include "slab.h"

#ifdef __cplusplus
extern "C" {
#endif

struct prefix_table {
	struct slab items;
	struct linear_hash ids; /* slots hold ids with tags */
	uint32_t tag_mask;	/* the bits of a slot that are the tag */
	uint64_t seed;		/* of the hash (hash.h) */
};

/* What an item begins with, as the table writes and reads it; the 3 octets behind are the
 * owner's. */
enum { PREFIX_TABLE_ADDR = 0, PREFIX_TABLE_LEN = 4 };
#define PREFIX_TABLE_ITEM(type) \
	static_assert(offsetof(type, addr) == PREFIX_TABLE_ADDR && \
			      offsetof(type, len) == PREFIX_TABLE_LEN, \
		      "an item of a prefix_table begins with uint32_t addr, uint8_t len")

/* A table of at most `max` items of `item_size` octets. 0 or -ENOMEM. */
int prefix_table_open(struct prefix_table *table, size_t item_size, uint32_t max);
/* Release everything; what items refer to is the owner's. A table that is not open is fine. */
void prefix_table_close(struct prefix_table *table);
/* The same, but its memory is given back when there is time for that. */
void prefix_table_discard(struct prefix_table *table, struct discard *discard);

static inline bool prefix_table_is_open(const struct prefix_table *table)
{
	return table->ids.range.base;
}

static inline uint32_t prefix_table_count(const struct prefix_table *table)
{
	return table->ids.count;
}

static inline void *prefix_table_at(const struct prefix_table *table, uint32_t id)
{
	return slab_at(&table->items, id);
}

static inline struct prefix prefix_table_key(const struct prefix_table *table, uint32_t id)
{
	const uint8_t *item = (const uint8_t *)slab_at(&table->items, id);
	uint32_t addr;

	memcpy(&addr, item + PREFIX_TABLE_ADDR, sizeof(addr));
	return prefix4_make(addr, item[PREFIX_TABLE_LEN]);
}

static inline uint32_t prefix_table_hash(const struct prefix_table *table, struct prefix prefix)
{
	return hash_u32(((uint64_t)prefix.len << 32 | prefix.addr.v4) ^ table->seed);
}

/* The tag of a hash: the bits below those that name the home slot. The latter would tell little,
 * since they are nearly the same in all items that a search meets. */
static inline uint32_t prefix_table_tag(const struct prefix_table *table, uint32_t hash)
{
	return hash << LINEAR_HASH_BITS & table->tag_mask;
}

/* Search for a prefix: the first item whose tag fits and, unless `by_tag`, whose prefix does. */
static inline uint32_t prefix_table_search(const struct prefix_table *table, struct prefix prefix,
					   bool by_tag)
{
	uint32_t hash = prefix_table_hash(table, prefix), slot = linear_hash_home(hash);
	uint32_t tag = prefix_table_tag(table, hash);
	const uint32_t *ids =
		(const uint32_t *)linear_hash_segment(&table->ids, hash, sizeof(*ids));

	for (uint32_t n = 0; n < LINEAR_HASH_SEGMENT && ids[slot]; n++) {
		uint32_t id = ids[slot] ^ tag;

		if (!(id & table->tag_mask) &&
		    (by_tag || prefix_equal(prefix_table_key(table, id), prefix)))
			return id;
		slot = linear_hash_after(slot);
	}
	return SLAB_NONE;
}

/* The item of a prefix; SLAB_NONE: there is none. The table is open. */
static inline uint32_t prefix_table_find(const struct prefix_table *table, struct prefix prefix)
{
	return prefix_table_search(table, prefix, false);
}

/* What prefix_table_find() looks at comes into the cache meanwhile: in two steps, of which the
 * second wants the first to have come. It returns the item that is most likely found. */
static inline void prefix_table_fetch(const struct prefix_table *table, struct prefix prefix)
{
	linear_hash_fetch(&table->ids, prefix_table_hash(table, prefix), sizeof(uint32_t));
}
static inline uint32_t prefix_table_fetch_item(const struct prefix_table *table,
					       struct prefix prefix)
{
	uint32_t id = prefix_table_search(table, prefix, true);

	if (id != SLAB_NONE)
		__builtin_prefetch(prefix_table_at(table, id));
	return id;
}

/* What prefix_table_remove() looks at comes into the cache meanwhile: likewise in two steps. */
static inline void prefix_table_fetch_slot(const struct prefix_table *table, uint32_t id)
{
	prefix_table_fetch(table, prefix_table_key(table, id));
}
void prefix_table_fetch_behind(const struct prefix_table *table, uint32_t id);

/* A new item of a prefix that has none, zeroed but for that. SLAB_NONE: full or no memory. */
uint32_t prefix_table_add(struct prefix_table *table, struct prefix prefix);
/* Free an item, which must be live. */
void prefix_table_remove(struct prefix_table *table, uint32_t id);

/* Octets of memory taken from the system. */
size_t prefix_table_bytes(const struct prefix_table *table);

#ifdef __cplusplus
}
#endif
#endif
