#include "slab.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

/* Octets for ids up to `id`. */
static size_t items_bytes(const struct slab *slab, uint32_t id)
{
	return ((size_t)id + 1) * slab->item_size;
}

static size_t live_bytes(uint32_t id)
{
	return ((size_t)id / 64 + 1) * sizeof(uint64_t);
}

int slab_init(struct slab *slab, size_t item_size, uint32_t max)
{
	assert(item_size && max && max < UINT32_MAX);
	*slab = (struct slab){ .item_size = round_up(item_size, sizeof(uint32_t)), .max = max };
	if (range_init(&slab->items, items_bytes(slab, max)) == 0 &&
	    range_init(&slab->live, live_bytes(max)) == 0)
		return 0;
	slab_fini(slab);
	return -ENOMEM;
}

void slab_fini(struct slab *slab)
{
	range_fini(&slab->items);
	range_fini(&slab->live);
	*slab = (struct slab){ 0 };
}

void slab_discard(struct slab *slab, struct discard *discard)
{
	discard_range(discard, &slab->items);
	discard_range(discard, &slab->live);
	*slab = (struct slab){ 0 };
}

/* Bits of words that no id has been handed out of since stay as they are: slab_alloc() clears
 * them. */
void slab_reset(struct slab *slab)
{
	if (!slab->top)
		return;
	*slab_live_word(slab, 0) = 0;
	if (slab->soiled < slab->top)
		slab->soiled = slab->top;
	slab->top = slab->free_head = slab->used = 0;
}

bool slab_trim(struct slab *slab, uint32_t keep, size_t most)
{
	bool more;

	keep = keep < slab->top ? slab->top : keep;
	more = range_trim(&slab->items, items_bytes(slab, keep), most);
	if (items_bytes(slab, slab->soiled) > slab->items.open)
		slab->soiled = (uint32_t)(slab->items.open / slab->item_size);
	return range_trim(&slab->live, live_bytes(keep), most) || more;
}

uint32_t slab_alloc(struct slab *slab)
{
	uint32_t id = slab->free_head;

	if (id) {
		memcpy(&slab->free_head, slab_at(slab, id), sizeof(slab->free_head));
		memset(slab_at(slab, id), 0, slab->item_size);
	} else {
		if (slab->top == slab->max)
			return SLAB_NONE;
		id = slab->top + 1;
		if (range_open(&slab->items, items_bytes(slab, id)) ||
		    range_open(&slab->live, live_bytes(id)))
			return SLAB_NONE;
		slab->top = id;
		if (id <= slab->soiled)
			memset(slab_at(slab, id), 0, slab->item_size);
		if (id % 64 == 0)
			*slab_live_word(slab, id / 64) = 0;
	}
	*slab_live_word(slab, id / 64) |= UINT64_C(1) << (id % 64);
	slab->used++;
	return id;
}

void slab_free(struct slab *slab, uint32_t id)
{
	assert(slab_live(slab, id));
	*slab_live_word(slab, id / 64) &= ~(UINT64_C(1) << (id % 64));
	memcpy(slab_at(slab, id), &slab->free_head, sizeof(slab->free_head));
	slab->free_head = id;
	slab->used--;
}

uint32_t slab_next(const struct slab *slab, uint32_t after)
{
	uint32_t id = after + 1;

	if (after >= slab->top)
		return SLAB_NONE;

	uint64_t word = *slab_live_word(slab, id / 64) >> (id % 64) << (id % 64);

	for (uint32_t w = id / 64;; word = *slab_live_word(slab, w)) {
		if (word)
			return w * 64 + (uint32_t)__builtin_ctzll(word);
		if (++w > slab->top / 64)
			return SLAB_NONE;
	}
}

size_t slab_bytes(const struct slab *slab)
{
	return slab->items.open + slab->live.open;
}
