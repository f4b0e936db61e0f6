/* Prefixes in UPDATEs (RFC 4271 4.3, RFC 4760 5): length in bits, then as many octets as hold them.
 * An UPDATE has two places for IPv4 prefixes, its own fields and the MP attributes; struct nlri is
 * both as one sequence. What has been checked once travels on as the octets that came: nlri_copy()
 * takes them out of the message, nlri_load() reads them wherever they lie. */
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
	 * allow_240) and what is inside them; of IPv6 ::/96, ::ffff:0:0/96, fe80::/10, ff00::/8 */
	uint32_t martians;
	struct prefix martian; /* the first of those */
	/* set before the first nlri_add(): enum family, and whether 240/4 is unicast */
	uint8_t family;
	bool allow_240;
};

/* nlri_load() may read so many octets behind the prefix that it takes, whatever they say. */
enum { NLRI_SLACK = 16 };

/* Append a field to the sequence, checking it: false if a length is above what the family has or
 * the last prefix is cut short. */
bool nlri_add(struct nlri *nlri, unsigned int part, struct cursor field);

/* The next prefix, canonical (host bits are cleared). False at the end. Works on a copy of the
 * struct if the sequence is needed twice. */
bool nlri_next(struct nlri *nlri, struct prefix *prefix);

/* The prefixes that nlri_next() would yield, one behind the other at `at` as they came (host bits
 * and all), which has room for both fields. Returns their octets. */
size_t nlri_copy(const struct nlri *nlri, uint8_t *at);

/* The prefix at `at`, canonical, out of octets that have been checked. Returns where the next one
 * begins. */
static inline const uint8_t *nlri_load(const uint8_t *at, uint8_t family, struct prefix *prefix)
{
	uint8_t len = *at++;

	*prefix = family == FAMILY_IPV4 ? prefix4_make(load_be32(at), len)
					: prefix_make(addr_make6(at), len);
	return at + (len + 7u) / 8u;
}

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

/* The same of IPv6: unspecified, loopback and what else has IPv4 addresses in it, multicast (RFC
 * 4291 2.4, 2.5.5, 2.7). Link-local ones can be next hops. */
bool addr6_martian(const uint8_t addr[16]);

/* Is `p` inside a block of those, or of link-local addresses? */
bool nlri_martian6(struct prefix p);

/* Is `p` inside a block of those? The default route is not, nor is 224/3 if half of it is
 * allowed. */
static inline bool nlri_martian(struct prefix p, bool allow_240)
{
	if (p.addr.family != FAMILY_IPV4)
		return nlri_martian6(p);
	return (p.len >= 8 && (p.addr.v4 >> 24 == 0 || p.addr.v4 >> 24 == 127)) ||
	       (p.len >= 3 + allow_240 && addr_class_de(p.addr.v4, allow_240));
}

/* Octets that a prefix takes on the wire. */
static inline size_t nlri_size(struct prefix p)
{
	return 1u + (p.len + 7u) / 8u;
}

/* Write one prefix of this family at `at`, which has room for nlri_size() octets. Returns those. */
static inline size_t nlri_put_family(uint8_t *at, struct prefix p, uint8_t family)
{
	size_t size = nlri_size(p);

	at[0] = p.len;
	if (family != FAMILY_IPV4) {
		memcpy(at + 1, p.addr.v6, size - 1);
		return size;
	}
	for (size_t i = 1; i < size; i++)
		at[i] = (uint8_t)(p.addr.v4 >> (32 - 8 * i));
	return size;
}

static inline size_t nlri_put(uint8_t *at, struct prefix p)
{
	return nlri_put_family(at, p, p.addr.family);
}

#ifdef __cplusplus
}
#endif
#endif
