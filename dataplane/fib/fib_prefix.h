/* Addresses and prefixes of either family, as the FIB is told them. */
#ifndef BASCULE_FIB_PREFIX_H
#define BASCULE_FIB_PREFIX_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

enum fib_family { FIB_IP4, FIB_IP6, FIB_FAMILIES };

enum { FIB_IP4_LEN = 32, FIB_IP6_LEN = 128 };

/* An address of either family: four words in host order, the first one first. One of IPv4 is
 * ::ffff:a.b.c.d (RFC 4291 2.5.5.2), which no packet of IPv6 may have. All zero is nobody's. */
struct fib_addr {
	uint32_t word[4];
};

/* A prefix. What its family does not need is zero, so that all of it may be compared. */
struct fib_prefix {
	union {
		uint32_t ip4; /* host order */
		struct fib_addr ip6;
	};
	uint8_t family; /* enum fib_family */
	uint8_t len;
};

static inline struct fib_prefix fib_ip4(uint32_t addr, uint8_t len)
{
	struct fib_prefix p;

	memset(&p, 0, sizeof(p));
	p.ip4 = addr;
	p.family = FIB_IP4;
	p.len = len;
	return p;
}

static inline struct fib_prefix fib_ip6(const struct fib_addr *addr, uint8_t len)
{
	struct fib_prefix p;

	memset(&p, 0, sizeof(p));
	p.ip6 = *addr;
	p.family = FIB_IP6;
	p.len = len;
	return p;
}

/* 0, nobody's in IPv4, is nobody's. */
static inline struct fib_addr fib_addr_ip4(uint32_t addr)
{
	struct fib_addr mapped;

	memset(&mapped, 0, sizeof(mapped));
	mapped.word[2] = addr ? 0xffff : 0;
	mapped.word[3] = addr;
	return mapped;
}

static inline bool fib_addr_is_ip4(const struct fib_addr *addr)
{
	return !addr->word[0] && !addr->word[1] && addr->word[2] == 0xffff;
}

/* 0: it is none of IPv4. */
static inline uint32_t fib_addr_to_ip4(const struct fib_addr *addr)
{
	return fib_addr_is_ip4(addr) ? addr->word[3] : 0;
}

static inline bool fib_addr_none(const struct fib_addr *addr)
{
	return !(addr->word[0] | addr->word[1] | addr->word[2] | addr->word[3]);
}

static inline bool fib_addr_same(const struct fib_addr *a, const struct fib_addr *b)
{
	uint64_t x[2], y[2];

	memcpy(x, a, sizeof(x));
	memcpy(y, b, sizeof(y));
	return !((x[0] ^ y[0]) | (x[1] ^ y[1]));
}

static inline bool fib_prefix_same(const struct fib_prefix *a, const struct fib_prefix *b)
{
	return a->len == b->len && a->family == b->family && fib_addr_same(&a->ip6, &b->ip6);
}

/* A known family, a length that it has, no host bits. */
static inline bool fib_prefix_valid(const struct fib_prefix *p)
{
	if (p->family == FIB_IP4)
		return p->len <= FIB_IP4_LEN && (p->len == FIB_IP4_LEN || !(p->ip4 << p->len));
	if (p->family != FIB_IP6 || p->len > FIB_IP6_LEN)
		return false;
	for (int word = p->len / 32, bits = p->len % 32; word < 4; word++, bits = 0) {
		if (p->ip6.word[word] << bits)
			return false;
	}
	return true;
}

#ifdef __cplusplus
}
#endif
#endif
