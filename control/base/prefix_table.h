/* Items found by their prefix, all of one family: a slab of them, and a hash of their ids. Items
 * never move (slab.h); finding, adding and removing one is O(1), also while the table grows
 * (linear_hash.h). One thread.
 *
 * An item begins with its key, so that whoever compares it has the item in the cache, which it
 * wants next. What an IPv6 address has more than an IPv4 one lies in an array of its own: items are
 * the same for both families, of a size that the compiler knows, and IPv4 pays for no octet of
 * IPv6.
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
	struct range tails;	/* owned: IPv6, 12 octets an id; not there: IPv4 */
	uint64_t seed;		/* of the hash (hash.h) */
};

/* What an item begins with, as the table writes and reads it: an IPv4 address in host order, or the
 * first four octets of an IPv6 one; the 3 octets behind are the owner's. */
enum { PREFIX_TABLE_ADDR = 0, PREFIX_TABLE_LEN = 4, PREFIX_TABLE_HEAD = 4, PREFIX_TABLE_TAIL = 12 };
#define PREFIX_TABLE_ITEM(type) \
	static_assert(offsetof(type, addr) == PREFIX_TABLE_ADDR && \
			      offsetof(type, len) == PREFIX_TABLE_LEN, \
		      "an item of a prefix_table begins with uint32_t addr, uint8_t len")

/* A table of at most `max` items of `item_size` octets, for prefixes of this family. 0 or
 * -ENOMEM. */
int prefix_table_open(struct prefix_table *table, enum family family, size_t item_size,
		      uint32_t max);
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

static inline bool prefix_table_ipv6(const struct prefix_table *table)
{
	return table->tails.base;
}

/* What an IPv6 address has behind its first four octets. */
static inline uint8_t *prefix_table_tail(const struct prefix_table *table, uint32_t id)
{
	return table->tails.base + (size_t)id * PREFIX_TABLE_TAIL;
}

/* The address of an IPv6 item, as on the wire. */
static inline void prefix_table_addr6(const struct prefix_table *table, uint32_t id, uint8_t v6[16])
{
	const uint8_t *item = (const uint8_t *)slab_at(&table->items, id);

	memcpy(v6, item + PREFIX_TABLE_ADDR, PREFIX_TABLE_HEAD);
	memcpy(v6 + PREFIX_TABLE_HEAD, prefix_table_tail(table, id), PREFIX_TABLE_TAIL);
}

static inline struct prefix prefix_table_key(const struct prefix_table *table, uint32_t id)
{
	const uint8_t *item = (const uint8_t *)slab_at(&table->items, id);
	uint8_t v6[16];
	struct prefix key;
	uint32_t v4;

	if (!prefix_table_ipv6(table)) {
		memcpy(&v4, item + PREFIX_TABLE_ADDR, sizeof(v4));
		return prefix4_make(v4, item[PREFIX_TABLE_LEN]);
	}
	prefix_table_addr6(table, id, v6);
	key.addr = addr_make6(v6);
	key.len = item[PREFIX_TABLE_LEN];
	return key;
}

static inline uint32_t prefix_table_hash4(const struct prefix_table *table, uint32_t v4,
					  uint8_t len)
{
	return hash_u32(((uint64_t)len << 32 | v4) ^ table->seed);
}

static inline uint32_t prefix_table_hash6(const struct prefix_table *table, const uint8_t v6[16],
					  uint8_t len)
{
	uint64_t halves[2];

	memcpy(halves, v6, sizeof(halves));
	return hash_u32((hash_u64(halves[0] ^ table->seed) + len) ^ halves[1]);
}

static inline uint32_t prefix_table_hash(const struct prefix_table *table,
					 const struct prefix *prefix)
{
	return prefix_table_ipv6(table) ? prefix_table_hash6(table, prefix->addr.v6, prefix->len)
					: prefix_table_hash4(table, prefix->addr.v4, prefix->len);
}

/* The hash of the key of an item. */
static inline uint32_t prefix_table_hash_of(const struct prefix_table *table, uint32_t id)
{
	const uint8_t *item = (const uint8_t *)slab_at(&table->items, id);
	uint8_t v6[16];
	uint32_t v4;

	if (!prefix_table_ipv6(table)) {
		memcpy(&v4, item + PREFIX_TABLE_ADDR, sizeof(v4));
		return prefix_table_hash4(table, v4, item[PREFIX_TABLE_LEN]);
	}
	prefix_table_addr6(table, id, v6);
	return prefix_table_hash6(table, v6, item[PREFIX_TABLE_LEN]);
}

/* The tag of a hash: the bits below those that name the home slot. The latter would tell little,
 * since they are nearly the same in all items that a search meets. */
static inline uint32_t prefix_table_tag(const struct prefix_table *table, uint32_t hash)
{
	return hash << LINEAR_HASH_BITS & table->tag_mask;
}

/* Is the item that of this key? `head`: of the address, as an item begins with it; `tail`: of an
 * IPv6 one, what is behind; else NULL. */
static inline bool prefix_table_is(const struct prefix_table *table, uint32_t id, uint32_t head,
				   const uint8_t *tail, uint8_t len)
{
	const uint8_t *item = (const uint8_t *)slab_at(&table->items, id);
	uint32_t at;

	memcpy(&at, item + PREFIX_TABLE_ADDR, sizeof(at));
	return at == head && item[PREFIX_TABLE_LEN] == len &&
	       (!tail || !memcmp(prefix_table_tail(table, id), tail, PREFIX_TABLE_TAIL));
}

/* Search for a key of this hash: the first item whose tag fits and, unless `by_tag`, that has the
 * key. Inlined, it is a loop for each family. */
static inline __attribute__((always_inline)) uint32_t prefix_table_search(
	const struct prefix_table *table, uint32_t hash, uint32_t head, const uint8_t *tail,
	uint8_t len, bool by_tag)
{
	uint32_t slot = linear_hash_home(hash), tag = prefix_table_tag(table, hash);
	const uint32_t *ids =
		(const uint32_t *)linear_hash_segment(&table->ids, hash, sizeof(*ids));

	for (uint32_t n = 0; n < LINEAR_HASH_SEGMENT && ids[slot]; n++) {
		uint32_t id = ids[slot] ^ tag;

		if (!(id & table->tag_mask) &&
		    (by_tag || prefix_table_is(table, id, head, tail, len)))
			return id;
		slot = linear_hash_after(slot);
	}
	return SLAB_NONE;
}

/* The item of a prefix of the table's family; SLAB_NONE: there is none. The table is open. */
static inline uint32_t prefix_table_find(const struct prefix_table *table,
					 const struct prefix *prefix)
{
	uint32_t hash = prefix_table_hash(table, prefix), head = prefix->addr.v4;

	return prefix_table_ipv6(table)
		       ? prefix_table_search(table, hash, head, prefix->addr.v6 + PREFIX_TABLE_HEAD,
					     prefix->len, false)
		       : prefix_table_search(table, hash, head, NULL, prefix->len, false);
}

/* What prefix_table_find() looks at comes into the cache meanwhile: in two steps, of which the
 * second wants the first to have come. It returns the item that is most likely found. */
static inline void prefix_table_fetch(const struct prefix_table *table, const struct prefix *prefix)
{
	linear_hash_fetch(&table->ids, prefix_table_hash(table, prefix), sizeof(uint32_t));
}
static inline uint32_t prefix_table_fetch_item(const struct prefix_table *table,
					       const struct prefix *prefix)
{
	uint32_t hash = prefix_table_hash(table, prefix);
	uint32_t id = prefix_table_search(table, hash, 0, NULL, 0, true);

	if (id == SLAB_NONE)
		return id;
	__builtin_prefetch(prefix_table_at(table, id));
	if (prefix_table_ipv6(table))
		__builtin_prefetch(prefix_table_tail(table, id));
	return id;
}

/* What prefix_table_remove() looks at comes into the cache meanwhile: likewise in two steps. */
static inline void prefix_table_fetch_slot(const struct prefix_table *table, uint32_t id)
{
	linear_hash_fetch(&table->ids, prefix_table_hash_of(table, id), sizeof(uint32_t));
}
void prefix_table_fetch_behind(const struct prefix_table *table, uint32_t id);

/* A new item of a prefix that has none, zeroed but for that. SLAB_NONE: full or no memory. */
uint32_t prefix_table_add(struct prefix_table *table, const struct prefix *prefix);
/* Free an item, which must be live. */
void prefix_table_remove(struct prefix_table *table, uint32_t id);

/* Octets of memory taken from the system. */
size_t prefix_table_bytes(const struct prefix_table *table);

#ifdef __cplusplus
}
#endif
#endif
