/* Rules: prefix → value, in the writer's memory. A hash of 64-bit words, so that a probe is one
 * cache miss. It knows exact prefixes only; longest match is lpm4's. It grows without a pause
 * (linear_hash.h) and never shrinks. One thread. */
#ifndef BASCULE_RULES_H
#define BASCULE_RULES_H

#include <stdint.h>

#include "linear_hash.h"

#ifdef __cplusplus
extern "C" {
#endif

struct rules {
	/* slots hold addr << 32 | value << 8 | len; 0 is empty, for no rule has length 0 */
	struct linear_hash words;
	uint64_t seed;	     /* of the hash */
	uint32_t of_len[33]; /* how many of each length: spares probes for unused ones */
};

int rules_init(struct rules *rules); /* -ENOMEM */
void rules_fini(struct rules *rules);

static inline uint32_t rules_count(const struct rules *rules)
{
	return rules->words.count;
}

/* The slot of a rule, or NULL. Good until the next rules_reserve() or rules_remove(). */
uint64_t *rules_find(const struct rules *rules, uint32_t addr, uint8_t len);
/* What rules_find() and rules_reserve() look at comes into the cache meanwhile. */
void rules_fetch(const struct rules *rules, uint32_t addr, uint8_t len);
/* A slot for addr/len, 1 <= len <= 32 and no host bits, which has none yet. NULL: no memory. Good
 * likewise. */
uint64_t *rules_reserve(struct rules *rules, uint32_t addr, uint8_t len);
/* Fill it: `value` has 24 bits. */
void rules_put(struct rules *rules, uint64_t *slot, uint32_t addr, uint8_t len, uint32_t value);
void rules_remove(struct rules *rules, uint64_t *slot);

static inline uint32_t rule_value(uint64_t word)
{
	return (uint32_t)word >> 8;
}

static inline uint64_t rule_with(uint64_t word, uint32_t value)
{
	return (word & UINT64_C(0xffffffff000000ff)) | (uint64_t)value << 8;
}

#ifdef __cplusplus
}
#endif
#endif
