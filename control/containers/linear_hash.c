/* See linear_hash.h. */
#include "linear_hash.h"

#include <errno.h>
#include <string.h>

enum {
	FULL = LINEAR_HASH_SEGMENT / 4 *
	       3,   /* entries of a segment, on average, when splitting begins */
	PACE = 32,  /* insertions a split from then on */
	AHEAD = 16, /* entries fetched ahead of the one that is looked at */
};

static size_t segments_bytes(uint32_t nb, unsigned int octets)
{
	return ((size_t)nb << LINEAR_HASH_BITS) * octets;
}

int linear_hash_init(struct linear_hash *table, const struct linear_hash_kind *kind, uint32_t max)
{
	uint32_t nb = 1;

	while ((uint64_t)nb * FULL < max)
		nb *= 2;
	*table = (struct linear_hash){ .nb = 1, .split_count = FULL };
	if (range_init(&table->range, segments_bytes(nb, kind->octets)))
		return -ENOMEM;
	if (!range_open(&table->range, segments_bytes(1, kind->octets)))
		return 0;
	range_fini(&table->range);
	return -ENOMEM;
}

void linear_hash_fini(struct linear_hash *table)
{
	range_fini(&table->range);
}

void linear_hash_discard(struct linear_hash *table, struct discard *discard)
{
	discard_range(discard, &table->range);
}

size_t linear_hash_bytes(const struct linear_hash *table, const struct linear_hash_kind *kind)
{
	return table->range.base ? segments_bytes(table->nb, kind->octets) : 0;
}

/* Put the entries of one segment, of which this is a copy, where they belong now. */
static void entries_put(const struct linear_hash *table, const struct linear_hash_kind *kind,
			const void *owner, const void *copy)
{
	for (uint32_t i = 0; i < LINEAR_HASH_SEGMENT; i++) {
		uint64_t entry = linear_hash_get(copy, i, kind->octets);
		uint64_t next = i + AHEAD < LINEAR_HASH_SEGMENT
					? linear_hash_get(copy, i + AHEAD, kind->octets)
					: 0;

		if (next && kind->from)
			__builtin_prefetch(kind->from(owner, next));
		if (!entry)
			continue;

		uint32_t hash = kind->hash(owner, entry), slot = linear_hash_home(hash);
		void *segment = linear_hash_segment(table, hash, kind->octets);

		while (linear_hash_get(segment, slot, kind->octets))
			slot = linear_hash_after(slot);
		linear_hash_set(segment, slot, kind->octets, entry);
	}
}

int linear_hash_split(struct linear_hash *table, const struct linear_hash_kind *kind,
		      const void *owner)
{
	uint32_t mask = table->nb > table->mask ? table->mask * 2 + 1 : table->mask;
	uint32_t half = mask / 2 + 1;
	size_t bytes = segments_bytes(1, kind->octets),
	       open = segments_bytes(table->nb + 1, kind->octets);
	uint64_t copy[LINEAR_HASH_SEGMENT];
	void *segment = table->range.base + (table->nb - half) * bytes;

	if (open > table->range.reserved || range_open(&table->range, open))
		return -ENOMEM;
	memcpy(copy, segment, bytes);
	memset(segment, 0, bytes);
	table->mask = mask;
	table->nb++;
	table->split_count =
		table->nb > mask ? FULL * table->nb : FULL * half + PACE * (table->nb - half);
	entries_put(table, kind, owner, copy);
	return 0;
}
