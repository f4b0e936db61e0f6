/* The TCP flows that the host's kernel holds behind our addresses, known from what it sends: who
 * gets an acknowledgement of its octets is no stranger. The meters of punt.h are for strangers; a
 * flow's own segments pass beside them, up to what its window allows, so that neither a flood of
 * others nor a session's own table costs it a segment. Segments that only claim to be of the flow
 * use its window up, get no acknowledgement, and meet the meters.
 *
 * A SYN proves nothing, nor does its answer: a flow is known from the kernel's first segment behind
 * the handshake on. What falls out of the table, for flows that were busy since, meets the meters
 * until the kernel sends again. The main lcore's. */
#ifndef BASCULE_FLOWS_H
#define BASCULE_FLOWS_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "fib_prefix.h"
#include "tcp_segment.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { FLOWS_SETS = 1024, FLOWS_WAYS = 4 };

/* Ports in network order. Whole words, which are hashed. */
struct flow_key {
	struct fib_addr local, remote;
	uint16_t local_port, remote_port;
};

struct flow {
	struct flow_key key;
	uint32_t ack;	 /* the octet that the kernel waits for; host order */
	uint32_t window; /* octets from there on that the peer may send */
	uint32_t used;	 /* of what it may send: octets that came, and were not acknowledged yet */
	uint32_t at_ms;	 /* when it was last heard of; wraps */
	uint8_t scale;	 /* of windows (RFC 7323 2.2) */
	bool known;	 /* the handshake is over; false in a free place, too */
	bool taken;
};

/* Those of BGP apart: others do not crowd them out. */
struct flows {
	struct flow set[2][FLOWS_SETS][FLOWS_WAYS];
};

/* All free. NULL: no memory. free() it. */
struct flows *flows_new(void);

/* Of a frame that the kernel sends; what is no TCP is passed over. */
void flows_sent(struct flows *flows, struct tcp_segment s, uint64_t now_ms);

/* May the frame pass without a meter? It counts as used if so. */
bool flows_admit(struct flows *flows, const struct rte_mbuf *m, uint64_t now_ms);

/* Is the frame of a flow that the kernel holds, a SYN in its name aside? */
bool flows_holds(struct flows *flows, const struct rte_mbuf *m);

#ifdef __cplusplus
}
#endif
#endif
