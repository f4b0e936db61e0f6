/* See seeds.h. */
#include "seeds.h"

#include <errno.h>
#include <stdlib.h>

#include "hash.h"

static uint32_t home(const struct seeds *seeds, const struct fib_prefix *prefix)
{
	uint64_t half[2];

	memcpy(half, &prefix->ip6, sizeof(half));
	return hash_u32(half[0] ^ hash_u64(half[1] ^ prefix->len)) & seeds->mask;
}

int seeds_init(struct seeds *seeds, uint32_t n)
{
	uint32_t slots = 2;

	while (slots < 2 * n)
		slots *= 2;
	*seeds = (struct seeds){ .slot = calloc(slots, sizeof(*seeds->slot)), .mask = slots - 1 };
	return seeds->slot ? 0 : -ENOMEM;
}

void seeds_fini(struct seeds *seeds)
{
	free(seeds->slot);
	seeds->slot = NULL;
}

void seeds_add(struct seeds *seeds, const struct fib_prefix *prefix, uint32_t list)
{
	uint32_t at = home(seeds, prefix);

	while (seeds->slot[at].prefix.len)
		at = (at + 1) & seeds->mask;
	seeds->slot[at] = (struct seed){ .prefix = *prefix, .list = list };
	seeds->of_len[prefix->len]++;
}

struct seed *seeds_probe(const struct seeds *seeds, const struct fib_prefix *prefix)
{
	for (uint32_t at = home(seeds, prefix); seeds->slot[at].prefix.len;
	     at = (at + 1) & seeds->mask) {
		if (fib_prefix_same(&seeds->slot[at].prefix, prefix))
			return &seeds->slot[at];
	}
	return NULL;
}
