/* Prefixes in UPDATEs (RFC 4271 4.3): length in bits, then as many octets as hold them. An UPDATE has two places for
 * IPv4 prefixes, its own fields and the MP attributes (RFC 4760); struct nlri is both as one sequence. */
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
	/* that it will skip: 0/8 (but not 0/0), 127/8, 224/3 and what is inside them */
	uint32_t martians;
};

/* Append a field to the sequence, checking it: false if a length is above 32 or the last prefix is cut short. */
bool nlri_add(struct nlri *nlri, unsigned int part, struct cursor field);

/* The next prefix, canonical (host bits are cleared). False at the end. Works on a copy of the struct if the sequence is
 * needed twice. */
bool nlri_next(struct nlri *nlri, struct prefix *prefix);

/* Addresses that can be neither a destination nor a next hop. */
static inline bool addr_martian(uint32_t addr)
{
	return addr >> 24 == 0 || addr >> 24 == 127 || addr >> 29 == 7;
}

/* Is `p` inside a block of those? The default route is not. */
static inline bool nlri_martian(struct prefix p)
{
	return (p.len >= 8 && (p.addr >> 24 == 0 || p.addr >> 24 == 127)) ||
	       (p.len >= 3 && p.addr >> 29 == 7);
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
		at[i] = (uint8_t)(p.addr >> (32 - 8 * i));
	return size;
}

#ifdef __cplusplus
}
#endif
#endif
