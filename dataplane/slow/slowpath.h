/* The slow path: all that the main lcore does with packets. It empties the punt rings into the LCP
 * interfaces, carries the kernel's frames to the ports, holds packets for hosts that are being
 * resolved, cuts packets that are too big, and has ICMP errors built. It also owns what the
 * forwarding lcores only read: neighbours and adjacencies. */
#ifndef BASCULE_SLOWPATH_H
#define BASCULE_SLOWPATH_H

#include <stdbool.h>
#include <stdint.h>

#include "counters.h"
#include "fib.h"
#include "icmp.h"
#include "lcp.h"
#include "neighbour.h"
#include "netlink.h"
#include "port.h"
#include "punt.h"
#include "sources.h"
#include "statics.h"
#include "tx.h"

#ifdef __cplusplus
extern "C" {
#endif

struct slowpath {
	struct fib *fib;	       /* borrowed, as all that is not marked */
	struct neighbours *neighbours; /* owned by main, written here */
	const struct sources *sources;
	struct port *ports;
	struct lcp *lcp; /* one for each port, same index */
	uint16_t nb_ports;
	uint32_t tbl8_groups; /* of each table: see fib_lookup_burst() */
	struct punt *punt;
	struct counters *counters;
	struct tx tx;
	struct rte_mempool *pool;
	struct rte_mempool *indirect; /* for librte_ip_frag */
	struct icmp_limits limits;
	struct netlink ask;	/* owned: requests */
	struct netlink events;	/* owned: neighbours and links */
	uint64_t now_ms;	/* of this turn, monotonic */
	struct statics statics; /* owned: the neighbours of the configuration */
	uint32_t sweep;		/* the current read of the kernel's neighbour table, and */
	uint32_t sweep_seq;	/* the number of its request */
	bool sweeping;		/* it is under way, and */
	bool sweep_again;	/* events were lost meanwhile, or it must be begun when it is due */
	uint64_t sweep_ms;	/* when it began; else when the next one may begin */
	int known_ifindex[FIB_PORTS]; /* of the LCP interfaces whose entries are known */
	uint16_t asks;		      /* of the kernel, that this slice has left */
	/* a neighbour or link changed: look at every claimed adjacency at once */
	bool adjacencies_stale;
	uint32_t adjacency_cursor[2];
	uint32_t host_cursor;
	uint64_t next_sweep_ms, next_link_ms, resolved_ms;
};

/* Packets out of the punt rings, in order of class, at most a few bursts. Returns how many. */
uint32_t slowpath_punts(struct slowpath *s);
/* Frames of the kernel to the ports. Returns how many. */
uint32_t slowpath_lcp(struct slowpath *s);

/* Send what was held for a host that is resolved now, or answer it if the host is not there. */
void slowpath_release(struct slowpath *s, struct host *host);

/* Send a packet of our own to a neighbour that is resolved, in parts if need be; its TTL stays.
 * Takes `m` over. */
void slowpath_send(struct slowpath *s, const struct adjacency *adjacency, struct rte_mbuf *m);

/* An ICMP error about `m`, back to where it came from; takes `m` over. The caller has counted it as
 * dropped. */
void slowpath_error(struct slowpath *s, enum punt_error error, uint16_t mtu, struct rte_mbuf *m);

#ifdef __cplusplus
}
#endif
#endif
