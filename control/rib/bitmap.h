/* A set of ids: one bit each, and one bit for each word of those, so that finding the next member
 * of a sparse set is cheap. Id 0 is never a member. Only bitmap_reserve() takes memory. */
#ifndef BASCULE_BITMAP_H
#define BASCULE_BITMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "range.h"

#ifdef __cplusplus
extern "C" {
#endif

struct bitmap {
	struct range range; /* owned: the bits of non-zero words, then the bits */
	uint64_t *words;    /* the bits, in the range */
	uint32_t capacity;  /* ids are below this; a multiple of 4096 */
	uint32_t count;	    /* members */
};

enum { BITMAP_IDS = 1 << 25 }; /* no capacity is larger */

/* Make room for ids below `capacity`. It grows in place, and copies and clears nothing: all sets of
 * a rib grow in one turn. -ENOMEM: unchanged. */
int bitmap_reserve(struct bitmap *b, uint32_t capacity);
void bitmap_free(struct bitmap *b);
/* `to` becomes a copy of `from`; it must have at least from's capacity reserved. */
void bitmap_copy(struct bitmap *to, const struct bitmap *from);
size_t bitmap_bytes(const struct bitmap *b);

static inline uint64_t *bitmap_summary(const struct bitmap *b)
{
	return (uint64_t *)b->range.base;
}

static inline bool bitmap_has(const struct bitmap *b, uint32_t id)
{
	return id < b->capacity && (b->words[id / 64] >> (id % 64) & 1);
}

/* Returns whether `id`, which must be below the capacity, was not a member before. */
static inline bool bitmap_add(struct bitmap *b, uint32_t id)
{
	uint64_t bit = UINT64_C(1) << (id % 64);
	bool fresh = !(b->words[id / 64] & bit);

	b->words[id / 64] |= bit;
	bitmap_summary(b)[id / 4096] |= UINT64_C(1) << (id / 64 % 64);
	b->count += fresh;
	return fresh;
}

/* `id` must be a member. */
static inline void bitmap_remove(struct bitmap *b, uint32_t id)
{
	b->words[id / 64] &= ~(UINT64_C(1) << (id % 64));
	if (!b->words[id / 64])
		bitmap_summary(b)[id / 4096] &= ~(UINT64_C(1) << (id / 64 % 64));
	b->count--;
}

/* The first member above `after`, or the lowest if there is none above; 0 if the set is empty. */
uint32_t bitmap_next(const struct bitmap *b, uint32_t after);
/* The highest member, or 0. */
uint32_t bitmap_last(const struct bitmap *b);

#ifdef __cplusplus
}
#endif
#endif
