/* The next hops that paths name, of either family whatever that of their prefixes is, by their ids
 * (addr_table.h). An address has one entry, however many paths share it. For each
 * role that routes come from, the entry has an adjacency of its own in the FIB, so that the gate
 * knows by whose route a packet goes. A role's own adjacency decides whether its routes are usable:
 * an NVA may name a next hop behind a VNet's port, and must not be announced while only the VNet's
 * adjacency is resolved. ARP and ND are the dataplane's.
 *
 *   rib ── usable(hop, role) ─► next_hops ── config_resolve ─► (port, gateway)
 *             fib_adjacency_claim ─► dataplane's ARP, ND;  fib_adjacency_resolved ─► poll
 *   fib_sync ── adjacency(hop, role) ─► index
 *
 * An entry is made when the RIB first asks about an address that lies behind one of our ports. Any
 * other address is unusable there and then, and leaves no trace. Walks over the RIB (fib_walk.h)
 * find out which entries are in use: what a whole walk did not touch is given back. Thread: the RIB
 * lcore. */
#ifndef BASCULE_NEXT_HOP_H
#define BASCULE_NEXT_HOP_H

#include <stdbool.h>
#include <stdint.h>

#include "addr_table.h"
#include "config.h"
#include "range.h"
#include "slab.h"

#ifdef __cplusplus
extern "C" {
#endif

struct events;
struct fib;
struct fib_writer;

enum next_hop_state {
	NEXT_HOP_RESOLVED,   /* the dataplane can send to it */
	NEXT_HOP_UNRESOLVED, /* on a port's subnet or in a VNet, and does not answer ARP or ND */
	NEXT_HOP_OUTSIDE,    /* behind none of our ports */
	NEXT_HOP_OURS,	     /* our own address */
	NEXT_HOP_NO_ROOM,    /* no adjacency is free */
};
/* Of a next hop of this family: "resolved", "does not answer ARP", ...; static storage. */
const char *next_hop_state_name(enum next_hop_state state, uint8_t family);

enum {
	NEXT_HOP_GRACE_MS = 3000,
	NEXT_HOP_LOSSES =
		/* a next hop that is lost this often within NEXT_HOP_CALM_MS of one another comes
		 * back quiet, ... */
	3,
	NEXT_HOP_QUIET_MS = 2000,   /* for so long, twice as long with each more, ... */
	NEXT_HOP_QUIET_MAX = 60000, /* and not longer */
	NEXT_HOP_CALM_MS = 60000,
	NEXT_HOP_TEXT = ADDR_TEXT + CONFIG_NAME, /* buffer for the longest text, with its NUL */
};

struct next_hops {
	struct events *events;	     /* borrowed; NULL: nobody hears of changes */
	struct fib *fib;	     /* borrowed */
	struct fib_writer *writer;   /* borrowed */
	const struct config *config; /* borrowed */
	struct addr_table *addrs;    /* borrowed: what ids stand for; an entry holds its own */
	struct slab slab;	     /* struct next_hop, next_hop.c */
	struct range index; /* owned: by id of the address, the entry in the slab; 0: none */
	uint32_t cursor;    /* of next_hops_poll() */
	uint32_t round;	    /* of the walk that looks which entries are in use */
	uint64_t now_ms;    /* the route server's clock, set each turn */
	uint64_t refused;   /* no adjacency was free */
	bool starved;	    /* somebody was refused, and none has been free since */
};

/* 0 or -ENOMEM. All four are borrowed. */
int next_hops_init(struct next_hops *nhs, struct fib *fib, struct fib_writer *writer,
		   const struct config *config, struct addr_table *addrs);
void next_hops_fini(struct next_hops *nhs); /* the claims stay with the writer */

/* The zone of link-local next hops on config's port `port` (struct scoped_addr). */
static inline uint8_t next_hop_zone(size_t port)
{
	return (uint8_t)(port + 1);
}

/* "10.0.1.4", "2001:db8::1" or, of a link-local one, with its port: "fe80::1%nva0". Returns `buf`,
 * of at least NEXT_HOP_TEXT octets. */
char *next_hop_text(const struct config *config, const struct scoped_addr *hop, char *buf);

/* Can packets that follow a route from a source of `role` be sent by way of `hop`?
 * Makes the entry and claims its adjacency for the role if need be, and marks it as in use. */
bool next_hop_usable(struct next_hops *nhs, uint32_t hop, enum role role);
/* Is it not usable yet, but claimed so lately that an answer may still come? Claims and marks as
 * next_hop_usable(). */
bool next_hop_sought(struct next_hops *nhs, uint32_t hop, enum role role);
/* Whether it is usable without making, claiming or marking anything, with the reason. */
enum next_hop_state next_hop_look(const struct next_hops *nhs, uint32_t hop, enum role role);
/* The adjacency that next_hop_usable() claimed; ADJACENCY_NONE (fib.h): none. Marks the entry as in
 * use. */
uint16_t next_hop_adjacency(struct next_hops *nhs, uint32_t hop, enum role role);
/* The DPDK port that config's port `port` is; -1: the dataplane has none of that name. */
int next_hop_port(const struct next_hops *nhs, size_t port);

/* Look at `budget` entries. Call `changed` with the id of each that has become usable or
 * unusable for some role, or that may be announced again. Returns whether there is room again for
 * those that were refused. */
bool next_hops_poll(struct next_hops *nhs, uint32_t budget,
		    void (*changed)(void *ctx, uint32_t hop), void *ctx);
/* Was it lost so often of late that routes by it are not announced yet, though it is resolved?
 * Flapping is damped in what is announced, never in what packets follow. */
bool next_hop_quiet(const struct next_hops *nhs, uint32_t hop);
/* Has some role asked within NEXT_HOP_GRACE_MS for an adjacency that has never been resolved? */
bool next_hops_pending(const struct next_hops *nhs);
/* The configuration has changed: before anything else is asked, review each entry by it, ids
 * 1..slab.top. An entry that resolves differently is forgotten; what it claimed is given back by
 * the next round that ends. */
void next_hops_configure(struct next_hops *nhs, const struct config *config);
void next_hop_review(struct next_hops *nhs, uint32_t id);

/* A walk over all paths begins; each path's next hop is marked; the walk has ended, and entries
 * that were not marked are given back. */
void next_hops_round_begin(struct next_hops *nhs);
void next_hop_mark(struct next_hops *nhs, uint32_t hop);
void next_hops_round_end(struct next_hops *nhs);

#ifdef __cplusplus
}
#endif
#endif
