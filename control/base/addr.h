/* Addresses of either family: value types, and their text. What is on the way to many (a RIB's
 * nodes, a dataplane's tables) does not hold them: they are for what stands at the boundaries,
 * configuration, commands, events, policy and pages. Many numbers are written like IPv4 addresses
 * and are none, router IDs for one; they, and what IPv4 alone has, are plain integers in host
 * order: addr4_*. */
#ifndef BASCULE_ADDR_H
#define BASCULE_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

enum family { FAMILY_IPV4, FAMILY_IPV6, FAMILY_COUNT };

/* Zeroed, it is 0.0.0.0. */
struct addr {
	uint8_t family; /* enum family */
	union {
		uint32_t v4;	/* host order; the octets behind it say nothing */
		uint8_t v6[16]; /* as on the wire */
	};
};

enum { ADDR_TEXT = 46 }; /* buffer for the longest text, with its NUL */

static inline struct addr addr_make4(uint32_t v4)
{
	struct addr addr;

	memset(&addr, 0, sizeof(addr));
	addr.v4 = v4;
	return addr;
}

static inline struct addr addr_make6(const uint8_t v6[16])
{
	struct addr addr;

	memset(&addr, 0, sizeof(addr));
	memcpy(addr.v6, v6, sizeof(addr.v6));
	addr.family = FAMILY_IPV6;
	return addr;
}

/* A set of families has this bit for one. */
static inline uint8_t family_bit(uint8_t family)
{
	return (uint8_t)(1u << family);
}

/* The bits of a family's addresses. */
static inline uint8_t family_bits(uint8_t family)
{
	return family == FAMILY_IPV4 ? 32 : 128;
}

static inline bool addr_equal(struct addr a, struct addr b)
{
	if (a.family != b.family)
		return false;
	return a.family == FAMILY_IPV4 ? a.v4 == b.v4 : !memcmp(a.v6, b.v6, sizeof(a.v6));
}

/* 0.0.0.0 or ::. */
bool addr_unspecified(struct addr addr);
/* In fe80::/10 (RFC 4291 2.5.6): it means something only together with an interface. */
bool addr_link_local(struct addr addr);

/* IPv4 first, then by number. */
int addr_compare(struct addr a, struct addr b);

/* "ipv4", "ipv6"; "IPv4", "IPv6" in sentences. Static storage. */
const char *family_name(uint8_t family);
const char *family_title(uint8_t family);

/* "10.0.1.4" or "2001:db8::1": one quad of decimal numbers, or what RFC 4291 2.2 allows. No names,
 * no octal numbers, no blanks, no zone. False: `*addr` is untouched. */
bool addr_parse(const char *text, struct addr *addr);

/* The same, and of a link-local address with its zone: "fe80::1%nva0" (RFC 4007 11). `*zone` is
 * what stands behind the '%', in `text`, and not empty; NULL: there is none. */
bool addr_zone_parse(const char *text, struct addr *addr, const char **zone);

/* Text into `buf` of at least ADDR_TEXT octets, of IPv6 as RFC 5952 has it; returns buf. */
char *addr_text(struct addr addr, char *buf);

/* As addr_parse() and addr_text(), of IPv4 and what is written like it, in host order. */
bool addr4_parse(const char *text, uint32_t *addr);
char *addr4_text(uint32_t addr, char *buf);

#ifdef __cplusplus
}
#endif
#endif
