/* Hashes for tables in memory: well mixed in every bit, not secure against an adversary who knows them, so tables fed by
 * peers must stay correct (if slower) when keys collide. Not for any wire or file format. */
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

/* Of `len` octets, continuing from `seed`. */
uint64_t hash_bytes(const void *data, size_t len, uint64_t seed);

#ifdef __cplusplus
}
#endif
#endif
