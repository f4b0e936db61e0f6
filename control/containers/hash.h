/* Hashes for tables in memory: well mixed in every bit. Whoever knows all that goes in can make
 * keys collide, which makes a table slow: one that peers fill takes hash_seed() in. Not for any
 * wire or file format. */
#ifndef BASCULE_HASH_H
#define BASCULE_HASH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Mix an integer: a bijection, each bit of the result depends on each bit of `x`. */
static inline uint64_t hash_u64(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	return x;
}

static inline uint32_t hash_u32(uint64_t x)
{
	return (uint32_t)hash_u64(x);
}

/* A number that is random, and another one in each process. */
uint64_t hash_seed(void);

/* Of `len` octets, continuing from `seed`. */
uint64_t hash_bytes(const void *data, size_t len, uint64_t seed);

#ifdef __cplusplus
}
#endif
#endif
