/* The neighbour table: every host that we send to directly, on all ports. The main lcore alone
 * writes it, from what the kernel knows (monitor.h); forwarding lcores read it without a lock.
 *
 * A slot is one aligned 64-bit word: a hash of the address, of either family, the port, and the
 * index of the host's adjacency, which has the address itself. Open addressing with a bounded
 * probe; a slot that empties is marked gone, so that no reader's probe ends early. An index is not
 * reused before a grace period. Packets to a host that the kernel is still resolving are held here,
 * a few for each. */
#ifndef BASCULE_NEIGHBOUR_H
#define BASCULE_NEIGHBOUR_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_hash_crc.h>
#include <rte_mbuf.h>
#include <rte_rcu_qsbr.h>

#include "counters.h"
#include "fib.h"
#include "port.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	NEIGHBOUR_HOSTS = 65536, /* a power of two */
	NEIGHBOUR_SLOTS = 2 * NEIGHBOUR_HOSTS,
	/* slots that a key may lie in; at half load the 65th is needed once in millions */
	NEIGHBOUR_PROBE = 64,
	NEIGHBOUR_HELD = 4,	   /* packets held for one host */
	NEIGHBOUR_HELD_ALL = 1024, /* and for all together */
	/* hosts behind one port that the kernel is resolving because of packets: each has a place
	 * in its table */
	NEIGHBOUR_PENDING = 256,
	/* of the table's places, those that only hosts get that are wanted, by packets or routes */
	NEIGHBOUR_RESERVED = NEIGHBOUR_HOSTS / 4,
	NEIGHBOUR_ANSWER_MS = 250, /* a host that is asked again and again answers no more often */
};

enum host_state {
	HOST_FREE,
	HOST_PENDING, /* the kernel was asked */
	HOST_RESOLVED,
	/* the kernel has lost its entry (somebody flushed the table) and was asked anew: until it
	 * says that there is no such host, packets go where they went */
	HOST_DOUBTED,
	HOST_FAILED, /* it had no answer; forgotten after a while, then asked again if need be */
};

/* The main lcore's side of a host; its adjacency has the same index. */
struct host {
	struct fib_addr addr;
	uint16_t port; /* port id */
	uint8_t state; /* enum host_state */
	uint8_t nb_held;
	uint8_t asked;	   /* in this state: how often the kernel was asked, up to 255 */
	bool ask_due;	   /* it is to be asked */
	bool fixed;	   /* its address is permanent: nobody is asked */
	uint32_t seen;	   /* neighbour_sweep(): the last read of the kernel's table that had it */
	uint32_t next;	   /* free and retired hosts: the next one */
	uint64_t since_ms; /* entered the state, or was last refreshed */
	uint64_t next_hop_ms; /* when it was last looked up as a route's next hop */
	uint64_t heard_ms; /* neighbour_may_answer(): when it said so last; of the caller's clock */
	uint64_t token;	   /* retired: the grace period to wait for */
	struct rte_mbuf *held[NEIGHBOUR_HELD]; /* owned */
};

struct neighbours {
	uint64_t slot[NEIGHBOUR_SLOTS];		     /* atomic words */
	struct adjacency adjacency[NEIGHBOUR_HOSTS]; /* index 0 is never used */
	struct host host[NEIGHBOUR_HOSTS];
	uint32_t end;			/* no host at or above this index was ever used */
	uint32_t free;			/* list of hosts that may be used */
	uint32_t retired, retired_last; /* queue of hosts in their grace period, oldest first */
	uint32_t count;			/* hosts in the table */
	uint32_t nb_held;
	uint32_t nb_pending[FIB_PORTS];
	struct rte_rcu_qsbr *qsbr; /* borrowed from the FIB */
};

/* What a slot shows of its host: its address by a hash, of which the lower bits say where the slot
 * is looked for. */
static inline uint64_t neighbour_tag(uint16_t port, const struct fib_addr *addr)
{
	uint64_t half[2];

	memcpy(half, addr, sizeof(half));
	return (uint64_t)rte_hash_crc_8byte(half[1], rte_hash_crc_8byte(half[0], port)) << 8 | port;
}

/* Is it the host's adjacency? It keeps its key for as long as a slot shows it, and a grace period
 * more. */
static inline bool neighbour_is(const struct adjacency *adjacency, const struct fib_addr *addr)
{
	return fib_addr_same(&adjacency->gateway, addr);
}

/* Reader: the adjacency of a host, or NULL if it is not in the table. Good until the next quiescent
 * state. */
static inline const struct adjacency *neighbour_find(const struct neighbours *table, uint16_t port,
						     struct fib_addr addr)
{
	uint64_t tag = neighbour_tag(port, &addr);

	for (uint32_t i = 0; i < NEIGHBOUR_PROBE; i++) {
		uint64_t word = __atomic_load_n(&table->slot[((tag >> 8) + i) % NEIGHBOUR_SLOTS],
						__ATOMIC_ACQUIRE);
		const struct adjacency *adjacency = &table->adjacency[word % NEIGHBOUR_HOSTS];

		if (word >> 24 == tag && neighbour_is(adjacency, &addr))
			return adjacency;
		if (!word)
			break;
	}
	return NULL;
}

/* NULL: no memory. */
struct neighbours *neighbours_new(struct rte_rcu_qsbr *qsbr);
void neighbours_free(struct neighbours *table);

/* All below: the main lcore. */

/* The host of (port, addr), or NULL. */
struct host *neighbour_get(struct neighbours *table, uint16_t port, struct fib_addr addr);
/* Add a host that is not there, pending and unresolved. NULL: no room. */
struct host *neighbour_add(struct neighbours *table, uint16_t port, struct fib_addr addr,
			   uint64_t now_ms);
/* May a packet have the kernel resolve this host? Yes if it is known, or few are pending behind the
 * port: whoever scans a subnet must not fill the kernel's table, which would forget who is live. */
bool neighbour_may_glean(struct neighbours *table, uint16_t port, struct fib_addr addr);
/* May a host be added that nobody wants, and that only says it is there? Whoever says so in the
 * name of many must not leave those without a place that packets or routes want. */
static inline bool neighbour_may_come(const struct neighbours *table)
{
	return table->count < NEIGHBOUR_HOSTS - NEIGHBOUR_RESERVED;
}
/* May this answer of ARP or neighbour discovery pass though there are too many? Yes if its host is
 * known, or asked for, and has not just answered: a flood of others costs no next hop. */
bool neighbour_may_answer(struct neighbours *table, const struct rte_mbuf *m, uint64_t now_ms);
/* Take it out. It must hold no packets. */
void neighbour_remove(struct neighbours *table, struct host *host);
/* Return hosts whose grace period is over to the free list; bounded. */
void neighbours_reclaim(struct neighbours *table);

/* It has MAC address `dst` from now on; `from` is the port that it is behind. */
void neighbour_resolve(struct neighbours *table, struct host *host, const uint8_t dst[6],
		       const struct port *from, uint64_t now_ms);
/* Packets go on, but its address is in doubt. It is resolved. */
void neighbour_doubt(struct neighbours *table, struct host *host, uint64_t now_ms);
void neighbour_unresolve(struct neighbours *table, struct host *host, enum host_state state,
			 uint64_t now_ms);

/* Hold a packet until the host is resolved. False: it is full, the packet stays the caller's. */
bool neighbour_hold(struct neighbours *table, struct host *host, struct rte_mbuf *m);
/* Give the held packets back, oldest first, into `pkts` of NEIGHBOUR_HELD; returns how many. */
uint16_t neighbour_release(struct neighbours *table, struct host *host, struct rte_mbuf **pkts);

/* Do packets go to it? */
static inline bool host_forwards(const struct host *host)
{
	return host->state == HOST_RESOLVED || host->state == HOST_DOUBTED;
}

static inline struct adjacency *host_adjacency(struct neighbours *table, const struct host *host)
{
	return &table->adjacency[host - table->host];
}

#ifdef __cplusplus
}
#endif
#endif
