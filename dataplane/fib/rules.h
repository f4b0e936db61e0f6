/* The rules of one table: prefix → value, in the writer's heap. Open addressing over 64-bit words, so that a probe is
 * one cache miss and a million rules are 16 MB. It knows exact prefixes only; longest match is lpm4's.
 *
 * Grows by doubling when three quarters full: amortised O(1) a rule, but the one insertion that doubles moves them all
 * (some 20 ms at a million). Never shrinks. One thread. */
#ifndef BASCULE_RULES_H
#define BASCULE_RULES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rules {
	/* owned; addr << 32 | value << 8 | len; 0 is empty, for no rule has length 0 */
	uint64_t *slot;
	uint64_t factor; /* of the hash: odd */
	uint32_t bits;	 /* log2 of the number of slots */
	uint32_t count;
	uint32_t of_len[33]; /* how many of each length: spares probes for unused ones */
};

int rules_init(struct rules *rules); /* -ENOMEM */
void rules_fini(struct rules *rules);

/* Make room for one more rule, so that the next rules_put() cannot fail. -ENOMEM. */
int rules_reserve(struct rules *rules);
/* Store `value` (24 bits) under addr/len, 1 <= len <= 32, no host bits; replaces. Room must be reserved. */
void rules_put(struct rules *rules, uint32_t addr, uint8_t len, uint32_t value);
/* The slot of addr/len, or NULL. Good until the next rules_reserve() or rules_remove(). */
uint64_t *rules_find(const struct rules *rules, uint32_t addr, uint8_t len);
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
