/* Prefixes of either family: value types, and their text. */
#ifndef BASCULE_PREFIX_H
#define BASCULE_PREFIX_H

#include "addr.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A canonical prefix: the bits of `addr` past `len` are zero. Zeroed, it is 0.0.0.0/0. */
struct prefix {
	struct addr addr;
	uint8_t len; /* 0..family_bits() */
};

enum { PREFIX_TEXT = ADDR_TEXT + 4 }; /* buffer for the longest text, with its NUL */

/* The netmask of an IPv4 prefix's length, 0..32. */
static inline uint32_t prefix4_mask(uint8_t len)
{
	return len ? ~UINT32_C(0) << (32 - len) : 0;
}

/* The prefix of this length that the address is in. */
static inline struct prefix prefix4_make(uint32_t addr, uint8_t len)
{
	struct prefix p;

	p.addr.v4 = addr & prefix4_mask(len);
	p.addr.family = FAMILY_IPV4;
	p.len = len;
	return p;
}
struct prefix prefix_make(struct addr addr, uint8_t len);

static inline bool prefix_equal(struct prefix a, struct prefix b)
{
	return a.len == b.len && addr_equal(a.addr, b.addr);
}

/* Is `addr` inside `p`? */
bool prefix_has(struct prefix p, struct addr addr);
static inline bool prefix4_has(struct prefix p, uint32_t addr)
{
	return p.addr.family == FAMILY_IPV4 && (addr & prefix4_mask(p.len)) == p.addr.v4;
}

/* Is `inner` equal to `outer` or more specific? */
static inline bool prefix_covers(struct prefix outer, struct prefix inner)
{
	return inner.len >= outer.len && prefix_has(outer, inner.addr);
}

static inline bool prefix_overlap(struct prefix a, struct prefix b)
{
	return prefix_covers(a, b) || prefix_covers(b, a);
}

/* The last address of a prefix. */
struct addr prefix_last(struct prefix p);

/* IPv4 first, then by address, then the shorter first. */
int prefix_compare(struct prefix a, struct prefix b);

/* "10.0.0.0/16", "2001:db8::/32", canonical: host bits that are set are an error, as is a missing
 * length. False: `*p` is untouched. */
bool prefix_parse(const char *text, struct prefix *p);
bool prefix4_parse(const char *text, struct prefix *p); /* of IPv4 alone */

/* "10.0.255.33/28", "2001:db8::1/64": an interface's address with its subnet's length; host bits
 * are kept in `*addr`. False: both are untouched. */
bool addr_len_parse(const char *text, struct addr *addr, uint8_t *len);

/* Text into `buf` of at least PREFIX_TEXT octets; returns buf. */
char *addr_len_text(struct addr addr, uint8_t len, char *buf);
char *prefix_text(struct prefix p, char *buf);

#ifdef __cplusplus
}
#endif
#endif
