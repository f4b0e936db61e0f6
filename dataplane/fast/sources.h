/* Sources that no packet from outside can have, beside those of ip4_martian_source(): our own
 * addresses, and the addresses of our subnets that are no host's (broadcast, and the all-zeros one
 * of old: RFC 1812 4.2.3.1, 5.3.7). Nothing is forwarded for them and nothing answers them, ICMP
 * errors least of all (4.3.2.7).
 *
 * Made once, before forwarding. A forwarding lcore asks for every packet: one bit of 256, by the
 * address's last octet, says no to nearly all; only then is the list of those that end alike looked
 * through. */
#ifndef BASCULE_SOURCES_H
#define BASCULE_SOURCES_H

#include <stdbool.h>
#include <stdint.h>

#include "fib.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { SOURCES_OCTET = 256 };

/* Of IPv6, our own addresses alone, by the last octet of all four words xored: hosts that differ in
 * their networks alone do not end alike then. */
struct sources6 {
	uint64_t some[SOURCES_OCTET / 64];
	uint16_t first[SOURCES_OCTET + 1];
	struct fib_addr addr[FIB_SEEDS];
};

struct sources {
	uint64_t some[SOURCES_OCTET / 64]; /* bit: an address with this last octet is listed */
	uint16_t first[SOURCES_OCTET +
		       1]; /* [last octet] → index into addr; the next one's is where they end */
	uint32_t addr[FIB_SEEDS]; /* host order, by last octet */
	struct sources6 ip6;
};

/* From the FIB's seeds, which are our addresses and our subnets' broadcasts. */
void sources_init(struct sources *sources, const struct fib *fib);

/* Is the list to be asked about `addr` (host order)? */
static inline bool sources_maybe(const struct sources *sources, uint32_t addr)
{
	return sources->some[addr / 64 % 4] >> (addr % 64) & 1;
}

bool sources_has(const struct sources *sources, uint32_t addr);
bool sources6_has(const struct sources6 *sources, const struct fib_addr *addr);

#ifdef __cplusplus
}
#endif
#endif
