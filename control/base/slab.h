/* A dense array of equal items that never moves: ids are 32 bits, an item's address is base + id ×
 * size, and both stay good until the item is freed. It lies in a range (range.h), so growth copies
 * nothing and an empty slab costs nothing. Allocation and freeing are O(1); freed ids are used
 * again first. Live items can be walked in id order, also while others come and go. One thread. */
#ifndef BASCULE_SLAB_H
#define BASCULE_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "discard.h"
#include "range.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { SLAB_NONE = 0 }; /* no item; ids begin at 1 */

struct slab {
	struct range items; /* owned; item 0 is never used */
	struct range live;  /* owned: a bit an id */
	size_t item_size;   /* octets, rounded up to 4 */
	uint32_t max;	    /* highest id ever possible */
	uint32_t top;	    /* ids 1..top have been handed out at least once */
	uint32_t free_head; /* freed ids, linked through their items' first 4 octets */
	uint32_t used;	    /* live items */
	uint32_t soiled;    /* items of ids above are zero */
};

/* Items of `item_size` octets, at most `max` of them (< 2^32 - 1). 0 or -ENOMEM (no address
 * space). */
int slab_init(struct slab *slab, size_t item_size, uint32_t max);
void slab_fini(struct slab *slab);
/* The same, but its memory is given back when there is time for that. */
void slab_discard(struct slab *slab, struct discard *discard);

/* A zeroed item. SLAB_NONE: full or no memory. */
uint32_t slab_alloc(struct slab *slab);
/* No id is live any more: as after slab_init(), but for the memory, which slab_trim() gives
 * back. */
void slab_reset(struct slab *slab);
/* Give memory back that is above the highest id handed out, and above the id `keep`: about `most`
 * octets at a time. Returns whether there is more of it. */
bool slab_trim(struct slab *slab, uint32_t keep, size_t most);
/* `id` must be live. */
void slab_free(struct slab *slab, uint32_t id);

/* The item; `id` must be live. */
static inline void *slab_at(const struct slab *slab, uint32_t id)
{
	return slab->items.base + (size_t)id * slab->item_size;
}

/* The bits of 64 ids, from `word` × 64 on; the range is open so far. */
static inline uint64_t *slab_live_word(const struct slab *slab, uint32_t word)
{
	return (uint64_t *)slab->live.base + word;
}

static inline bool slab_live(const struct slab *slab, uint32_t id)
{
	return id <= slab->top && (*slab_live_word(slab, id / 64) >> (id % 64) & 1);
}

/* The first live id above `after` (SLAB_NONE to begin), SLAB_NONE at the end. */
uint32_t slab_next(const struct slab *slab, uint32_t after);

/* A walk once round the ids of a slab, in slices, from wherever the last one ended. Whatever comes,
 * goes and comes again between the slices, every item that was live when the walk began, and still
 * is, is met once; what came since may be. To begin again before it is over is fine: all is met
 * from there on, and who begins ever again still gets round. */
struct slab_round {
	uint32_t cursor; /* the id met last */
	uint32_t end;	 /* ids 1..end are met; never below `cursor` */
	uint32_t left;	 /* of these; 0: the walk is over */
};

static inline void slab_round_begin(struct slab_round *round, const struct slab *slab)
{
	round->end = round->left = slab->top;
}

/* The next id, live or not; SLAB_NONE: the walk is over. */
static inline uint32_t slab_round_next(struct slab_round *round)
{
	if (!round->left)
		return SLAB_NONE;
	round->left--;
	round->cursor = round->cursor < round->end ? round->cursor + 1 : 1;
	return round->cursor;
}

/* Octets of memory taken from the system. */
size_t slab_bytes(const struct slab *slab);

#ifdef __cplusplus
}
#endif
#endif
