/* The range is reserved without access and opened in steps, so that overcommit rules count only what is used and a stray
 * pointer past the end faults. Huge pages are asked for: the RIB walks these arrays at random. */
#include "slab.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum { STEP = 2 << 20 }; /* octets opened at a time: one huge page */

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

static size_t reserve_bytes(size_t used)
{
	return round_up(used, STEP);
}

static size_t items_bytes(const struct slab *slab)
{
	return reserve_bytes(((size_t)slab->max + 1) * slab->item_size);
}

static size_t live_bytes(const struct slab *slab)
{
	return reserve_bytes(((size_t)slab->max / 64 + 1) * sizeof(uint64_t));
}

static void *reserve(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

int slab_init(struct slab *slab, size_t item_size, uint32_t max)
{
	assert(item_size && max && max < UINT32_MAX);
	*slab = (struct slab){ .item_size = round_up(item_size, sizeof(uint32_t)), .max = max };
	slab->base = reserve(items_bytes(slab));
	if (!slab->base)
		return -ENOMEM;
	slab->live = reserve(live_bytes(slab));
	if (!slab->live) {
		munmap(slab->base, items_bytes(slab));
		return -ENOMEM;
	}
	madvise(slab->base, items_bytes(slab), MADV_HUGEPAGE);
	return 0;
}

void slab_fini(struct slab *slab)
{
	if (!slab->base)
		return;
	munmap(slab->base, items_bytes(slab));
	munmap(slab->live, live_bytes(slab));
	*slab = (struct slab){ 0 };
}

/* Make the first `need` octets of a range usable; `*open` of them are already. */
static bool open_to(void *base, size_t *open, size_t need)
{
	if (need <= *open)
		return true;

	size_t to = round_up(need, STEP);

	if (mprotect((uint8_t *)base + *open, to - *open, PROT_READ | PROT_WRITE))
		return false;
	*open = to;
	return true;
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
		if (!open_to(slab->base, &slab->item_bytes, ((size_t)id + 1) * slab->item_size) ||
		    !open_to(slab->live, &slab->live_bytes,
			     ((size_t)id / 64 + 1) * sizeof(*slab->live)))
			return SLAB_NONE;
		slab->top = id;
	}
	slab->live[id / 64] |= UINT64_C(1) << (id % 64);
	slab->used++;
	return id;
}

void slab_free(struct slab *slab, uint32_t id)
{
	assert(slab_live(slab, id));
	slab->live[id / 64] &= ~(UINT64_C(1) << (id % 64));
	memcpy(slab_at(slab, id), &slab->free_head, sizeof(slab->free_head));
	slab->free_head = id;
	slab->used--;
}

uint32_t slab_next(const struct slab *slab, uint32_t after)
{
	uint32_t id = after + 1;

	if (after >= slab->top)
		return SLAB_NONE;

	uint64_t word = slab->live[id / 64] >> (id % 64) << (id % 64);

	for (uint32_t w = id / 64;; word = slab->live[w]) {
		if (word)
			return w * 64 + (uint32_t)__builtin_ctzll(word);
		if (++w > slab->top / 64)
			return SLAB_NONE;
	}
}

size_t slab_bytes(const struct slab *slab)
{
	return slab->item_bytes + slab->live_bytes;
}
