/* What the main lcore works with, and what it keeps from turn to turn: for all files of the slow
 * path, each of which says in its own header what it does with it. */
#ifndef BASCULE_SLOWPATH_STATE_H
#define BASCULE_SLOWPATH_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "counters.h"
#include "device_recovery.h"
#include "fib.h"
#include "filter.h"
#include "icmp.h"
#include "lcp.h"
#include "neighbour.h"
#include "netlink.h"
#include "port.h"
#include "punt.h"
#include "sources.h"
#include "tx.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A neighbour of the configuration: see statics.h. */
struct static_neighbour {
	struct fib_addr addr;
	uint16_t port; /* its id */
	uint8_t mac[6];
	bool wanting;	 /* the kernel has it not, or otherwise */
	bool was_put;	 /* it had it once */
	int err;	 /* what the kernel said last */
	uint32_t seen;	 /* the last read of the kernel's table that had it (slowpath.sweep) */
	uint64_t put_ms; /* when it was last tried */
};

struct statics {
	struct static_neighbour *list; /* owned */
	size_t nb;
	size_t nb_wanting;
};

struct slowpath {
	struct fib *fib;	       /* borrowed, as all that is not marked */
	struct neighbours *neighbours; /* owned by main, written here */
	const struct sources *sources;
	struct device *devices;
	struct port *ports;
	struct lcp *lcp; /* one for each port, same index */
	uint16_t nb_devices, nb_ports;
	/* of each table: see fib_lookup_burst(), and of IPv6 trie6_reader.groups */
	uint32_t tbl8_groups, trie6_groups;
	struct punt *punt;
	const struct filter_table *filters; /* as a forwarder's */
	struct counters *counters;
	struct tx tx;
	struct rte_mempool *pool;
	struct rte_mempool *indirect; /* for librte_ip_frag */
	struct icmp_limits limits;
	struct netlink ask;    /* owned: requests */
	struct netlink events; /* owned: neighbours and links */
	uint64_t now_ms;       /* of this turn, monotonic */
	uint64_t answer_until; /* TSC: so long control may answer what it has got; 0: it did */
	uint64_t house_ms;     /* when slowpath_keeps_house() said so last */
	struct device_recovery recoveries[FIB_PORTS]; /* by device */
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

/* Of the port that a packet came in by. */
static inline struct counters *slowpath_counters(const struct slowpath *s, const struct rte_mbuf *m)
{
	return punt_counters(s->punt, m, s->counters);
}

#ifdef __cplusplus
}
#endif
#endif
