/* A few are compared with each other; more go through a hash on the stack, at most half full. */
#include "unique.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "hash.h"

enum { FEW = 8, SLOTS = 2 * UNIQUE_MAX };

static bool among(const uint8_t *kept, size_t n, const uint8_t *member, size_t size)
{
	for (size_t i = 0; i < n; i++)
		if (!memcmp(kept + i * size, member, size))
			return true;
	return false;
}

/* Put `member` into the hash, whose slots hold places in `kept` plus one. False: it is in. */
static bool add(uint16_t *slots, const uint8_t *kept, size_t n, const uint8_t *member, size_t size)
{
	size_t slot = hash_bytes(member, size, hash_seed()) % SLOTS;

	for (; slots[slot]; slot = (slot + 1) % SLOTS)
		if (!memcmp(kept + (slots[slot] - 1u) * size, member, size))
			return false;
	slots[slot] = (uint16_t)(n + 1);
	return true;
}

size_t unique_copy(uint8_t *out, const uint8_t *in, size_t n, size_t size)
{
	uint16_t slots[SLOTS];
	size_t kept = 0;

	assert(n <= UNIQUE_MAX);
	if (n > FEW)
		memset(slots, 0, sizeof(slots));
	for (size_t i = 0; i < n; i++, in += size) {
		if (n > FEW ? !add(slots, out, kept, in, size) : among(out, kept, in, size))
			continue;
		memcpy(out + kept++ * size, in, size);
	}
	return kept;
}
