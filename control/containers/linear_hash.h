/* A hash table that grows without a pause (linear hashing: Litwin, VLDB 1980): it is a row of
 * segments, and to grow it splits one of them into itself and a new one at the end of the row. An
 * insertion splits at most one, so the most that it ever moves is the entries of one segment,
 * however large the table is.
 *
 *   hash:     the low bits name the segment, the highest ten the home in it
 *   segment:  1,024 slots of its own: open addressing with linear probing, no tombstones; 0 is an
 *             empty slot
 *   row:      of nb segments, n <= nb <= 2n where n is a power of two. The hash's low bits modulo
 *             2n name the segment; one that is not there yet still is part of the one n before it
 *
 * When three quarters of n segments are full, every 32nd insertion splits the next one, until there
 * are 2n: so the load is between 3/8 and 0.8, as with doubling. It never shrinks, and the memory is
 * that of a range, which nothing is copied for. A slot is 4 or 8 octets; what they mean, and how an
 * entry is compared, is the owner's. One thread.
 *
 * A segment of average load 0.8 is full once in 10^14: hashes must be well mixed in all of their 32
 * bits, and of a kind that nobody can choose keys for (hash.h). Then an insertion is refused as if
 * there were no memory. */
#ifndef BASCULE_LINEAR_HASH_H
#define BASCULE_LINEAR_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "discard.h"
#include "range.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { LINEAR_HASH_BITS = 10, LINEAR_HASH_SEGMENT = 1 << LINEAR_HASH_BITS };

/* How a table's slots are read; one a kind of table, constant. */
struct linear_hash_kind {
	/* The hash of the entry in a slot, which is not empty. */
	uint32_t (*hash)(const void *owner, uint64_t slot);
	/* Where that is read from, to be fetched ahead; NULL: from the slot itself. */
	const void *(*from)(const void *owner, uint64_t slot);
	uint8_t octets; /* of a slot: 4 or 8 */
};

struct linear_hash {
	struct range range; /* owned: the segments */
	uint32_t nb;	    /* segments */
	uint32_t
		/* of the hash's bits that may name one: the next power of two from `nb` on, less
		 * one */
		mask;
	uint32_t count;	      /* entries */
	uint32_t split_count; /* so many entries, and the next insertion splits a segment */
};

/* A table for at most `max` entries. -ENOMEM. */
int linear_hash_init(struct linear_hash *table, const struct linear_hash_kind *kind, uint32_t max);
/* Release the memory. A table that is not there is fine. */
void linear_hash_fini(struct linear_hash *table);

/* The same, but its memory is given back when there is time for that. */
void linear_hash_discard(struct linear_hash *table, struct discard *discard);

/* Octets of memory in use. */
size_t linear_hash_bytes(const struct linear_hash *table, const struct linear_hash_kind *kind);

/* Split the next segment. -ENOMEM: nothing has changed. */
int linear_hash_split(struct linear_hash *table, const struct linear_hash_kind *kind,
		      const void *owner);

/* The segment of a hash: `LINEAR_HASH_SEGMENT` slots. Good until the next split. */
static inline void *linear_hash_segment(const struct linear_hash *table, uint32_t hash,
					unsigned int octets)
{
	uint32_t segment = hash & table->mask;

	if (segment >= table->nb)
		segment &= table->mask >> 1;
	return table->range.base + ((size_t)segment << LINEAR_HASH_BITS) * octets;
}

static inline uint32_t linear_hash_home(uint32_t hash)
{
	return hash >> (32 - LINEAR_HASH_BITS);
}

/* Where a search for this hash begins comes into the cache meanwhile. */
static inline void linear_hash_fetch(const struct linear_hash *table, uint32_t hash,
				     unsigned int octets)
{
	const uint8_t *segment = (const uint8_t *)linear_hash_segment(table, hash, octets);

	__builtin_prefetch(segment + (size_t)linear_hash_home(hash) * octets);
}

static inline uint32_t linear_hash_after(uint32_t slot)
{
	return (slot + 1) % LINEAR_HASH_SEGMENT;
}

static inline uint64_t linear_hash_get(const void *segment, uint32_t slot, unsigned int octets)
{
	return octets == sizeof(uint32_t) ? ((const uint32_t *)segment)[slot]
					  : ((const uint64_t *)segment)[slot];
}

static inline void linear_hash_set(void *segment, uint32_t slot, unsigned int octets, uint64_t to)
{
	if (octets == sizeof(uint32_t))
		((uint32_t *)segment)[slot] = (uint32_t)to;
	else
		((uint64_t *)segment)[slot] = to;
}

/* Where an entry of this hash that is not there yet may be put, after a split if one is due: the
 * first empty slot from its home on. NULL: no memory. Good until the next entry comes or goes. */
static inline void *linear_hash_reserve(struct linear_hash *table,
					const struct linear_hash_kind *kind, const void *owner,
					uint32_t hash)
{
	uint8_t *segment;
	uint32_t slot = linear_hash_home(hash);

	if (table->count >= table->split_count && linear_hash_split(table, kind, owner))
		return NULL;
	segment = (uint8_t *)linear_hash_segment(table, hash, kind->octets);
	for (uint32_t n = 0; n < LINEAR_HASH_SEGMENT; n++, slot = linear_hash_after(slot)) {
		if (!linear_hash_get(segment, slot, kind->octets))
			return segment + (size_t)slot * kind->octets;
	}
	return NULL;
}

/* Put it there; not 0. */
static inline void linear_hash_put(struct linear_hash *table, const struct linear_hash_kind *kind,
				   void *reserved, uint64_t entry)
{
	linear_hash_set(reserved, 0, kind->octets, entry);
	table->count++;
}

/* What linear_hash_remove() reads of the entries behind a slot comes into the cache meanwhile.
 * There is an empty slot in the segment. */
static inline void linear_hash_fetch_behind(const struct linear_hash_kind *kind, const void *owner,
					    const void *segment, uint32_t slot)
{
	uint64_t entry;

	while ((entry = linear_hash_get(segment, slot = linear_hash_after(slot), kind->octets)))
		__builtin_prefetch(kind->from(owner, entry));
}

/* Empty a slot: those behind it that a search would no longer find move up. */
static inline void linear_hash_remove(struct linear_hash *table,
				      const struct linear_hash_kind *kind, const void *owner,
				      void *segment, uint32_t hole)
{
	uint64_t entry;

	linear_hash_set(segment, hole, kind->octets, 0);
	if (kind->from)
		linear_hash_fetch_behind(kind, owner, segment, hole);
	for (uint32_t slot = linear_hash_after(hole);
	     (entry = linear_hash_get(segment, slot, kind->octets));
	     slot = linear_hash_after(slot)) {
		uint32_t home = linear_hash_home(kind->hash(owner, entry));

		/* It may move up unless that takes it before its home. */
		if ((slot - home) % LINEAR_HASH_SEGMENT < (slot - hole) % LINEAR_HASH_SEGMENT)
			continue;
		linear_hash_set(segment, hole, kind->octets, entry);
		linear_hash_set(segment, slot, kind->octets, 0);
		hole = slot;
	}
	table->count--;
}

#ifdef __cplusplus
}
#endif
#endif
