/* Two levels are enough: a million ids have 256 words of summary. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bitmap.h"

enum { ALIGN = 4096 }; /* ids that one summary word covers */

static size_t bytes_for(uint32_t capacity)
{
	return ((size_t)capacity / 64 + capacity / ALIGN) * sizeof(uint64_t);
}

size_t bitmap_bytes(const struct bitmap *b)
{
	return bytes_for(b->capacity);
}

int bitmap_reserve(struct bitmap *b, uint32_t capacity)
{
	struct bitmap grown = { .capacity = (capacity + ALIGN - 1) / ALIGN * ALIGN };

	if (grown.capacity <= b->capacity)
		return 0;
	grown.words = calloc(1, bytes_for(grown.capacity));
	if (!grown.words)
		return -ENOMEM;
	bitmap_copy(&grown, b);
	free(b->words);
	*b = grown;
	return 0;
}

void bitmap_free(struct bitmap *b)
{
	free(b->words);
	*b = (struct bitmap){ 0 };
}

void bitmap_copy(struct bitmap *to, const struct bitmap *from)
{
	if (!to->words)
		return;
	memset(to->words, 0, bytes_for(to->capacity));
	to->count = from->count;
	if (!from->words)
		return;
	memcpy(to->words, from->words, from->capacity / 64 * sizeof(uint64_t));
	memcpy(bitmap_summary(to), bitmap_summary(from), from->capacity / ALIGN * sizeof(uint64_t));
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
