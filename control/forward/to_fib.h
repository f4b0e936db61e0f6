/* Addresses and prefixes as the FIB is told them. */
#ifndef BASCULE_TO_FIB_H
#define BASCULE_TO_FIB_H

#include "fib_prefix.h"
#include "prefix.h"

#ifdef __cplusplus
extern "C" {
#endif

static_assert((int)FIB_IP4 == (int)FAMILY_IPV4 && (int)FIB_IP6 == (int)FAMILY_IPV6,
	      "families are numbered alike");

/* The four words of an IPv6 address. */
static inline struct fib_addr to_fib_words(const uint8_t v6[16])
{
	struct fib_addr to;

	for (int i = 0; i < 4; i++, v6 += 4)
		to.word[i] = (uint32_t)v6[0] << 24 | (uint32_t)v6[1] << 16 | (uint32_t)v6[2] << 8 |
			     v6[3];
	return to;
}

/* 0.0.0.0 and :: are nobody's. */
static inline struct fib_addr to_fib_addr(struct addr addr)
{
	return addr.family == FAMILY_IPV4 ? fib_addr_ip4(addr.v4) : to_fib_words(addr.v6);
}

static inline struct fib_prefix to_fib_prefix(struct prefix prefix)
{
	struct fib_addr words;

	if (prefix.addr.family == FAMILY_IPV4)
		return fib_ip4(prefix.addr.v4, prefix.len);
	words = to_fib_words(prefix.addr.v6);
	return fib_ip6(&words, prefix.len);
}

static inline struct addr from_fib_words(const struct fib_addr *from)
{
	uint8_t v6[16];

	for (int i = 0; i < 16; i++)
		v6[i] = (uint8_t)(from->word[i / 4] >> (24 - i % 4 * 8));
	return addr_make6(v6);
}

/* Nobody's is 0.0.0.0. */
static inline struct addr from_fib_addr(const struct fib_addr *from)
{
	if (fib_addr_is_ip4(from) || fib_addr_none(from))
		return addr_make4(fib_addr_to_ip4(from));
	return from_fib_words(from);
}

static inline struct prefix from_fib_prefix(const struct fib_prefix *from)
{
	struct prefix prefix;

	prefix.addr = from->family == FIB_IP4 ? addr_make4(from->ip4) : from_fib_words(&from->ip6);
	prefix.len = from->len;
	return prefix;
}

#ifdef __cplusplus
}
#endif
#endif
