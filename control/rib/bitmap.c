/* Two levels are enough: a million ids have 256 words of summary. */
#include <errno.h>
#include <string.h>

#include "bitmap.h"

enum {
	ALIGN = 4096,			  /* ids that one summary word covers */
	SUMMARY = BITMAP_IDS / ALIGN * 8, /* octets before the bits */
};

size_t bitmap_bytes(const struct bitmap *b)
{
	return ((size_t)b->capacity / 64 + b->capacity / ALIGN) * sizeof(uint64_t);
}

int bitmap_reserve(struct bitmap *b, uint32_t capacity)
{
	capacity = (capacity + ALIGN - 1) / ALIGN * ALIGN;
	if (capacity <= b->capacity)
		return 0;
	if (capacity > BITMAP_IDS ||
	    (!b->range.base && range_init(&b->range, SUMMARY + BITMAP_IDS / 8)) ||
	    range_open(&b->range, SUMMARY + (size_t)capacity / 8))
		return -ENOMEM;
	b->words = (uint64_t *)(b->range.base + SUMMARY);
	b->capacity = capacity;
	return 0;
}

void bitmap_free(struct bitmap *b)
{
	range_fini(&b->range);
	*b = (struct bitmap){ 0 };
}

static void words_copy(uint64_t *to, uint32_t nb_to, const uint64_t *from, uint32_t nb_from)
{
	if (nb_from)
		memcpy(to, from, nb_from * sizeof(*to));
	if (nb_to > nb_from)
		memset(to + nb_from, 0, (nb_to - nb_from) * sizeof(*to));
}

void bitmap_copy(struct bitmap *to, const struct bitmap *from)
{
	if (!to->capacity)
		return;
	to->count = from->count;
	words_copy(to->words, to->capacity / 64, from->words, from->capacity / 64);
	words_copy(bitmap_summary(to), to->capacity / ALIGN, bitmap_summary(from),
		   from->capacity / ALIGN);
}

/* The first member at or above `id`, or 0. */
static uint32_t first_from(const struct bitmap *b, uint32_t id)
{
	uint32_t word = id / 64;
	uint64_t bits;

	if (id >= b->capacity)
		return 0;
	bits = b->words[word] >> (id % 64) << (id % 64);
	if (!bits) {
		const uint64_t *summary = bitmap_summary(b);
		uint32_t at = ++word / 64;
		uint64_t words;

		if (word >= b->capacity / 64)
			return 0;
		words = summary[at] >> (word % 64) << (word % 64);
		while (!words) {
			if (++at >= b->capacity / ALIGN)
				return 0;
			words = summary[at];
		}
		word = at * 64 + (uint32_t)__builtin_ctzll(words);
		bits = b->words[word];
	}
	return word * 64 + (uint32_t)__builtin_ctzll(bits);
}

uint32_t bitmap_next(const struct bitmap *b, uint32_t after)
{
	uint32_t id;

	if (!b->count)
		return 0;
	id = first_from(b, after + 1);
	return id ? id : first_from(b, 1);
}

uint32_t bitmap_last(const struct bitmap *b)
{
	const uint64_t *summary = bitmap_summary(b);
	uint32_t at = b->capacity / ALIGN, word;

	if (!b->count)
		return 0;
	while (!summary[--at])
		;
	word = at * 64 + 63 - (uint32_t)__builtin_clzll(summary[at]);
	return word * 64 + 63 - (uint32_t)__builtin_clzll(b->words[word]);
}
