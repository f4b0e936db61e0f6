/* See rules.h. Linear probing; a removal moves the rules behind it up, so there are no tombstones. */
#include "rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_random.h>

enum { RULES_MIN_BITS = 10, HUGE_PAGE = 2 << 20 };

static const uint64_t KEY = UINT64_C(0xffffffff000000ff);

static uint64_t rule_key(uint32_t addr, uint8_t len)
{
	return (uint64_t)addr << 32 | len;
}

/* Where a rule would like to be. Multiply-shift by a number that nobody knows is universal hashing: prefixes cannot be
 * chosen so that they collide. */
static uint32_t home(const struct rules *rules, uint64_t word)
{
	uint64_t key = word >> 32 | (word & 0xff) << 32;

	return (key * rules->factor) >> (64 - rules->bits);
}

static uint32_t mask(const struct rules *rules)
{
	return (UINT32_C(1) << rules->bits) - 1;
}

/* Zeroed slots; large stores ask for huge pages, because every probe would be a TLB miss too. */
static uint64_t *slots_alloc(uint32_t bits)
{
	size_t size = sizeof(uint64_t) << bits;
	uint64_t *slot;

	if (size < HUGE_PAGE)
		return calloc(1, size);
	slot = aligned_alloc(HUGE_PAGE, size);
	if (!slot)
		return NULL;
	madvise(slot, size, MADV_HUGEPAGE); /* a wish: without it all is only slower */
	memset(slot, 0, size);
	return slot;
}

int rules_init(struct rules *rules)
{
	*rules = (struct rules){ .bits = RULES_MIN_BITS,
				 .factor = rte_rand() | 1,
				 .slot = slots_alloc(RULES_MIN_BITS) };
	return rules->slot ? 0 : -ENOMEM;
}

void rules_fini(struct rules *rules)
{
	free(rules->slot);
	rules->slot = NULL;
}

/* The slot that holds `key`, or the empty one where it belongs. */
static uint64_t *probe(const struct rules *rules, uint64_t key)
{
	uint32_t i = home(rules, key);

	while (rules->slot[i] && (rules->slot[i] & KEY) != key)
		i = (i + 1) & mask(rules);
	return &rules->slot[i];
}

int rules_reserve(struct rules *rules)
{
	struct rules larger = *rules;

	if (rules->count < (UINT32_C(3) << rules->bits) / 4)
		return 0;
	larger.bits++;
	larger.slot = slots_alloc(larger.bits);
	if (!larger.slot)
		return -ENOMEM;
	for (uint32_t i = 0; i <= mask(rules); i++)
		if (rules->slot[i])
			*probe(&larger, rules->slot[i] & KEY) = rules->slot[i];
	free(rules->slot);
	*rules = larger;
	return 0;
}

void rules_put(struct rules *rules, uint32_t addr, uint8_t len, uint32_t value)
{
	uint64_t *slot = probe(rules, rule_key(addr, len));

	if (!*slot) {
		rules->count++;
		rules->of_len[len]++;
	}
	*slot = rule_key(addr, len) | (uint64_t)value << 8;
}

uint64_t *rules_find(const struct rules *rules, uint32_t addr, uint8_t len)
{
	uint64_t *slot;

	if (!rules->of_len[len])
		return NULL;
	slot = probe(rules, rule_key(addr, len));
	return *slot ? slot : NULL;
}

void rules_remove(struct rules *rules, uint64_t *slot)
{
	uint32_t hole = slot - rules->slot;

	rules->count--;
	rules->of_len[*slot & 0xff]--;
	for (uint32_t i = (hole + 1) & mask(rules); rules->slot[i]; i = (i + 1) & mask(rules)) {
		uint32_t displaced = (i - home(rules, rules->slot[i])) & mask(rules);

		/* It may move up unless that takes it before its home. */
		if (displaced >= ((i - hole) & mask(rules))) {
			rules->slot[hole] = rules->slot[i];
			hole = i;
		}
	}
	rules->slot[hole] = 0;
}
