/* Prefixes in UPDATEs (RFC 4271 4.3): length in bits, then as many octets as hold them. An UPDATE
 * has two places for IPv4 prefixes, its own fields and the MP attributes (RFC 4760); struct nlri is
 * both as one sequence. */
#ifndef BASCULE_NLRI_H
#define BASCULE_NLRI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cursor.h"
#include "prefix.h"

#ifdef __cplusplus
extern "C" {
#endif

struct nlri {
	/* the message's own field, then the MP attribute; borrowed from the message */
	struct cursor part[2];
	uint32_t count; /* prefixes that nlri_next() will yield from the start */
	/* that it will skip: 0/8 (but not 0/0), 127/8, 224/3 (224/4 and the broadcast address, if
	 * allow_240) and what is inside them */
	uint32_t martians;
	struct prefix martian; /* the first of those */
	bool allow_240;	       /* 240/4 is unicast; set before the first nlri_add() */
};

/* Append a field to the sequence, checking it: false if a length is above 32 or the last prefix is
 * cut short. */
bool nlri_add(struct nlri *nlri, unsigned int part, struct cursor field);

/* The next prefix, canonical (host bits are cleared). False at the end. Works on a copy of the
 * struct if the sequence is needed twice. */
bool nlri_next(struct nlri *nlri, struct prefix *prefix);

/* Multicast, and what is reserved (240/4), unless that is allowed but for the broadcast address. */
static inline bool addr_class_de(uint32_t addr, bool allow_240)
{
	if (allow_240 && addr >> 28 == 15)
		return addr == UINT32_MAX;
	return addr >> 29 == 7;
}

/* Addresses that can be neither a destination nor a next hop. */
static inline bool addr_martian(uint32_t addr, bool allow_240)
{
	return addr >> 24 == 0 || addr >> 24 == 127 || addr_class_de(addr, allow_240);
}

/* Is `p` inside a block of those? The default route is not, nor is 224/3 if half of it is
 * allowed. */
static inline bool nlri_martian(struct prefix p, bool allow_240)
{
	return (p.len >= 8 && (p.addr.v4 >> 24 == 0 || p.addr.v4 >> 24 == 127)) ||
	       (p.len >= 3 + allow_240 && addr_class_de(p.addr.v4, allow_240));
}

/* Octets that a prefix takes on the wire. */
static inline size_t nlri_size(struct prefix p)
{
	return 1u + (p.len + 7u) / 8u;
}

/* Write one prefix at `at`, which has room for 5 octets. Returns its size. */
static inline size_t nlri_put(uint8_t *at, struct prefix p)
{
	size_t size = nlri_size(p);

	at[0] = p.len;
	for (size_t i = 1; i < size; i++)
		at[i] = (uint8_t)(p.addr.v4 >> (32 - 8 * i));
	return size;
}

#ifdef __cplusplus
}
#endif
#endif
