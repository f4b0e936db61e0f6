/* See rules.h. */
#include "rules.h"

#include <errno.h>

#include "hash.h"

enum { RULES_MAX = 1 << 25 };

static const uint64_t KEY = UINT64_C(0xffffffff000000ff);

static uint64_t rule_key(uint32_t addr, uint8_t len)
{
	return (uint64_t)addr << 32 | len;
}

static uint32_t key_hash(const struct rules *rules, uint64_t key)
{
	return hash_u32(key ^ rules->seed);
}

static uint32_t hash_of(const void *owner, uint64_t word)
{
	return key_hash((const struct rules *)owner, word & KEY);
}

static const struct linear_hash_kind by_key = { .hash = hash_of, .octets = sizeof(uint64_t) };

int rules_init(struct rules *rules)
{
	*rules = (struct rules){ .seed = hash_seed() };
	return linear_hash_init(&rules->words, &by_key, RULES_MAX);
}

void rules_fini(struct rules *rules)
{
	linear_hash_fini(&rules->words);
}

/* The slot that holds `key`, or NULL. */
static uint64_t *probe(const struct rules *rules, uint64_t key)
{
	uint32_t hash = key_hash(rules, key), slot = linear_hash_home(hash);
	uint64_t *words = linear_hash_segment(&rules->words, hash, sizeof(*words));

	for (uint32_t n = 0; n < LINEAR_HASH_SEGMENT && words[slot]; n++) {
		if ((words[slot] & KEY) == key)
			return &words[slot];
		slot = linear_hash_after(slot);
	}
	return NULL;
}

uint64_t *rules_find(const struct rules *rules, uint32_t addr, uint8_t len)
{
	return rules->of_len[len] ? probe(rules, rule_key(addr, len)) : NULL;
}

void rules_fetch(const struct rules *rules, uint32_t addr, uint8_t len)
{
	linear_hash_fetch(&rules->words, key_hash(rules, rule_key(addr, len)), sizeof(uint64_t));
}

uint64_t *rules_reserve(struct rules *rules, uint32_t addr, uint8_t len)
{
	return linear_hash_reserve(&rules->words, &by_key, rules,
				   key_hash(rules, rule_key(addr, len)));
}

void rules_put(struct rules *rules, uint64_t *slot, uint32_t addr, uint8_t len, uint32_t value)
{
	linear_hash_put(&rules->words, &by_key, slot, rule_with(rule_key(addr, len), value));
	rules->of_len[len]++;
}

void rules_remove(struct rules *rules, uint64_t *slot)
{
	uint64_t *first = (uint64_t *)rules->words.range.base;
	uint32_t at = (uint32_t)(slot - first) % LINEAR_HASH_SEGMENT;

	rules->of_len[*slot & 0xff]--;
	linear_hash_remove(&rules->words, &by_key, rules, slot - at, at);
}
