/* ICMP errors about packets of either family that could not be forwarded: time exceeded,
 * unreachable, too big. Says when one may be sent (RFC 1812 4.3.2.7; RFC 4443 2.4 e), how often
 * (RFC 1812 4.3.2.8; RFC 4443 2.4 f), and builds it (icmp6.h: that of IPv6). */
#ifndef BASCULE_ICMP_H
#define BASCULE_ICMP_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "fib.h"
#include "port.h"
#include "punt.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	/* errors a second by one port, and as many at once: what traceroutes of a whole site
	 * need */
	ICMP_PORT_RATE = 1000,
	/* and to one /24, or /64 of IPv6: path MTU discovery of every host there, once */
	ICMP_SOURCE_RATE = 100,
	ICMP_SOURCES = 1024, /* such networks that have a bucket of their own, by hash */
};

struct icmp_bucket {
	uint32_t tokens; /* thousandths of an error */
	uint32_t primed; /* 0: never used, which means full */
	uint64_t since_ms;
};

struct icmp_limits {
	struct icmp_bucket port[FIB_PORTS];
	struct icmp_bucket source[ICMP_SOURCES];
};

/* Takes a token of the port and of the source's network; false if either has none. */
bool icmp_limit(struct icmp_limits *limits, uint16_t port, const struct fib_addr *source,
		uint64_t now_ms);

/* May an error be sent about this packet, which ip4_check() or ip6_check() passed? Not about an
 * ICMP error, nor (IPv4) a fragment but the first, nor a packet from no single host's MAC
 * address. */
bool icmp_permitted(const struct rte_mbuf *m);

/* The error about `m`, a frame as received by `port`, addressed to the neighbour that sent it: as
 * much of the packet as 576 octets hold (RFC 1812 4.3.2.3), 1,280 of IPv6 (RFC 4443 2.4 c), from
 * address `from` of the packet's family. `mtu` matters to PUNT_ERROR_TOO_BIG (RFC 1191 4; RFC 4443
 * 3.2). NULL: no mbuf. */
struct rte_mbuf *icmp_error(const struct rte_mbuf *m, enum punt_error error, uint16_t mtu,
			    const struct port *port, const struct fib_addr *from,
			    struct rte_mempool *pool);

#ifdef __cplusplus
}
#endif
#endif
