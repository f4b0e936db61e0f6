/* IPv4 prefixes and addresses: value types in host byte order, and their text. */
#ifndef BASCULE_PREFIX_H
#define BASCULE_PREFIX_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A canonical prefix: the bits of `addr` past `len` are zero. */
struct prefix {
	uint32_t addr; /* host order */
	uint8_t len;   /* 0..32 */
};

enum { ADDR_TEXT = 16, PREFIX_TEXT = 20 }; /* buffers for the longest text, with its NUL */

/* The netmask of a prefix length, 0..32. */
static inline uint32_t prefix_mask(uint8_t len)
{
	return len ? ~UINT32_C(0) << (32 - len) : 0;
}

static inline struct prefix prefix_make(uint32_t addr, uint8_t len)
{
	struct prefix p = { addr & prefix_mask(len), len };

	return p;
}

static inline bool prefix_equal(struct prefix a, struct prefix b)
{
	return a.addr == b.addr && a.len == b.len;
}

/* Is `addr` inside `p`? */
static inline bool prefix_has(struct prefix p, uint32_t addr)
{
	return (addr & prefix_mask(p.len)) == p.addr;
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

/* By address, then the shorter first. */
int prefix_compare(struct prefix a, struct prefix b);

/* "10.0.1.4" into host order. Dotted quad only: no names, no octal, no blanks. False: `*addr` is
 * untouched. */
bool addr_parse(const char *text, uint32_t *addr);

/* "10.0.0.0/16", canonical: host bits that are set are an error, as is a missing length. False:
 * `*p` is untouched. */
bool prefix_parse(const char *text, struct prefix *p);

/* "10.0.255.33/28": an interface address with its subnet's length; host bits are kept in
 * `*addr`. */
bool addr_len_parse(const char *text, uint32_t *addr, uint8_t *len);

/* Text into `buf` of at least ADDR_TEXT or PREFIX_TEXT octets; returns buf. */
char *addr_text(uint32_t addr, char *buf);
char *prefix_text(struct prefix p, char *buf);

#ifdef __cplusplus
}
#endif
#endif
