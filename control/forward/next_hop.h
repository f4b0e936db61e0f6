/* The next hops that paths name: one entry an address, however many paths share it, and for each
 * role that routes come from an adjacency in the FIB, so that the gate can tell what a packet
 * follows. A role's own adjacency decides whether its routes are usable: an NVA may name a next hop
 * behind a VNet's port, and must not be announced while only the VNet's adjacency is resolved.
 *
 *   rib ── usable(address, role) ─► next_hops ── config_resolve ─► (port, gateway)
 *             fib_adjacency_claim ─► dataplane's ARP;  fib_adjacency_resolved ─► poll
 *   fib_sync ── adjacency(address, role) ─► index
 *
 * An entry is made when the RIB first asks about an address that lies behind one of our ports; any
 * other address is unusable there and then, and leaves no trace. Which entries are in use is found
 * by walks over the RIB (fib_sync.h): what a whole walk did not touch is given back. Thread: the
 * RIB lcore. */
#ifndef BASCULE_NEXT_HOP_H
#define BASCULE_NEXT_HOP_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "fib.h"
#include "slab.h"

#ifdef __cplusplus
extern "C" {
#endif

enum next_hop_state {
	NEXT_HOP_RESOLVED,   /* the dataplane can send to it */
	NEXT_HOP_UNRESOLVED, /* on a port's subnet or in a VNet, and does not answer ARP */
	NEXT_HOP_OUTSIDE,    /* behind none of our ports */
	NEXT_HOP_OURS,	     /* our own address */
	NEXT_HOP_NO_ROOM,    /* no adjacency is free */
};
/* "resolved", "does not answer ARP", ...; static storage. */
const char *next_hop_state_name(enum next_hop_state state);

enum {
	NEXT_HOP_CHAINS = 16384,
	NEXT_HOP_GRACE_MS = 3000,
	NEXT_HOP_LOSSES =
		/* from this one on within NEXT_HOP_CALM_MS of one another, a return is quiet,
		 * ... */
	3,
	NEXT_HOP_QUIET_MS = 2000,   /* for so long, twice as long with each more, ... */
	NEXT_HOP_QUIET_MAX = 60000, /* and not longer */
	NEXT_HOP_CALM_MS = 60000,
};

struct next_hops {
	struct events *events;	     /* borrowed; NULL: nobody hears of changes */
	struct fib *fib;	     /* borrowed */
	struct fib_writer *writer;   /* borrowed */
	const struct config *config; /* borrowed */
	struct slab slab;	     /* struct next_hop, next_hop.c */
	uint32_t chain[NEXT_HOP_CHAINS];
	uint32_t cursor;  /* of next_hops_poll() */
	uint32_t round;	  /* of the walk that looks which entries are in use */
	uint64_t now_ms;  /* the route server's clock, set each turn */
	uint64_t refused; /* no adjacency was free */
	bool starved;	  /* somebody was refused, and none has been free since */
};

/* 0 or -ENOMEM. All three are borrowed. */
int next_hops_init(struct next_hops *nhs, struct fib *fib, struct fib_writer *writer,
		   const struct config *config);
void next_hops_fini(struct next_hops *nhs); /* the claims stay with the writer */

/* Can packets that follow a route from a source of `role` be sent by way of `addr` (host order)?
 * Makes the entry and claims its adjacency for the role if need be, and marks it as in use. */
bool next_hop_usable(struct next_hops *nhs, uint32_t addr, enum role role);
/* Is it not usable yet, but claimed so lately that the answer may still come? Claims and marks as
 * next_hop_usable(). */
bool next_hop_sought(struct next_hops *nhs, uint32_t addr, enum role role);
/* Whether it is usable without making, claiming or marking anything, with the reason. */
enum next_hop_state next_hop_look(const struct next_hops *nhs, uint32_t addr, enum role role);
/* The adjacency that next_hop_usable() claimed; ADJACENCY_NONE: none. Marks the entry as in use. */
uint16_t next_hop_adjacency(struct next_hops *nhs, uint32_t addr, enum role role);
/* The DPDK port that config's port `port` is; -1: the dataplane has none of that name. */
int next_hop_port(const struct next_hops *nhs, size_t port);

/* Look at `budget` entries, and tell `changed` of the address of each that is usable for some role
 * and was not, or the other way round, or may be announced again. Returns whether there is room
 * again for those that were refused. */
bool next_hops_poll(struct next_hops *nhs, uint32_t budget,
		    void (*changed)(void *ctx, uint32_t addr), void *ctx);
/* Was it lost so often of late that what goes by it is not announced yet, though it is resolved?
 * What flaps is damped in what peers are told, never in what packets do. */
bool next_hop_quiet(const struct next_hops *nhs, uint32_t addr);
/* Has some role asked within NEXT_HOP_GRACE_MS for an adjacency that has never been resolved? */
bool next_hops_pending(const struct next_hops *nhs);
/* Another configuration, by which each entry is to be reviewed, ids 1..slab.top, before anything
 * else is asked: one that resolves differently is forgotten, and what it claimed is given back by
 * the next round that ends. */
void next_hops_configure(struct next_hops *nhs, const struct config *config);
void next_hop_review(struct next_hops *nhs, uint32_t id);

/* A walk over all paths begins; each is to be marked; it is over: what was not marked is given
 * back. */
void next_hops_round_begin(struct next_hops *nhs);
void next_hop_mark(struct next_hops *nhs, uint32_t addr);
void next_hops_round_end(struct next_hops *nhs);

#ifdef __cplusplus
}
#endif
#endif
