/* Octets to 64 bits, eight at a time: each word is mixed in by a 64 × 64 → 128 bit multiplication whose halves are
 * folded together. The tail and the length go in as a last word each. */
#include "hash.h"

#include <string.h>

static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t hash_bytes(const void *data, size_t len, uint64_t seed)
{
	const uint64_t k0 = UINT64_C(0x9e3779b97f4a7c15), k1 = UINT64_C(0xe7037ed1a0b428db);
	const uint8_t *at = data;
	uint64_t h = seed ^ k0, word;

	for (size_t left = len; left >= sizeof(word); left -= sizeof(word), at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		h = fold(h ^ word, k1) + k0;
	}
	word = 0;
	if (len % sizeof(word))
		memcpy(&word, at, len % sizeof(word));
	h = fold(h ^ word, k1) + k0;
	return hash_u64(h ^ len);
}
