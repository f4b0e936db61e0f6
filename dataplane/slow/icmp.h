/* ICMP errors about packets that could not be forwarded: time exceeded, unreachable, fragmentation
 * needed. Says when one may be sent (RFC 1812 4.3.2.7), how often (4.3.2.8), and builds it. */
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
	ICMP_SOURCE_RATE = 100, /* and to one /24: path MTU discovery of every host there, once */
	ICMP_SOURCES = 1024,	/* /24s that have a bucket of their own, by hash */
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

/* Takes a token of the port and of the source's /24; false if either has none. */
bool icmp_limit(struct icmp_limits *limits, uint16_t port, uint32_t source, uint64_t now_ms);

/* May an error be sent about this packet, which ip4_check() passed? Not about an ICMP error, nor a
 * fragment but the first, nor a packet from no single host's MAC address. */
bool icmp_permitted(const struct rte_mbuf *m);

/* The error about `m`, a frame as received by `port`, addressed to the neighbour that sent it: as
 * much of the packet as 576 octets hold (RFC 1812 4.3.2.3), from address `from` (host order). `mtu`
 * matters to PUNT_ERROR_TOO_BIG (RFC 1191 4). NULL: no mbuf. */
struct rte_mbuf *icmp_error(const struct rte_mbuf *m, enum punt_error error, uint16_t mtu,
			    const struct port *port, uint32_t from, struct rte_mempool *pool);

#ifdef __cplusplus
}
#endif
#endif
