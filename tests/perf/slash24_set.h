/* A set of IPv4 prefixes of 24 bits, a bit for each that there is: 2 MB. */
#ifndef BASCULE_SLASH24_SET_H
#define BASCULE_SLASH24_SET_H

#include <stdbool.h>
#include <stdint.h>

/* All zeros: empty. */
struct slash24_set {
	uint8_t octets[(1 << 24) / 8];
};

/* `addr`: any address of the prefix, in host order. */
static inline bool slash24_set_has(const struct slash24_set *set, uint32_t addr)
{
	return set->octets[addr >> 11] >> (addr >> 8 & 7) & 1;
}

/* It is in the set from now on, or is not. Has that changed anything? */
static inline bool slash24_set_put(struct slash24_set *set, uint32_t addr, bool in)
{
	if (slash24_set_has(set, addr) == in)
		return false;
	set->octets[addr >> 11] ^= (uint8_t)(1 << (addr >> 8 & 7));
	return true;
}

#endif
