/* Octets to 64 bits, eight at a time: each word is mixed in by a 64 × 64 → 128 bit multiplication
 * whose halves are folded together. The tail and the length go in as a last word each. */
#include "hash.h"

#include <string.h>
#include <sys/random.h>

static uint64_t seed_of_process;

/* Before main(), so that no thread can find two. Without entropy, where we were loaded is the next
 * best. */
__attribute__((constructor)) static void seed_draw(void)
{
	if (getrandom(&seed_of_process, sizeof(seed_of_process), GRND_NONBLOCK) !=
	    sizeof(seed_of_process))
		seed_of_process = hash_u64((uintptr_t)&seed_of_process);
}

uint64_t hash_seed(void)
{
	return seed_of_process;
}

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
