/* Far next hops: those that lie behind none of our ports. A peer that is itself behind a learned
 * route (source.behind) may name one. Routes of other peers lead to it (RFC 4271 9.1.2.1), and
 * packets go by those routes' own next hops, which are on link. An entry keeps what rib_resolve()
 * has found, in the RIB of the address's family, for an address and a role. Paths and FIB both go
 * by that answer, until far_hops_poll() finds another one and reports it:
 *
 *   rib ── usable(hop, source) ─► far_hops ── rib_resolve ─► next hops of other routes
 *   fib_sync ── ways(hop, source) ─► those ─► their adjacencies (next_hop.h)
 *   RIB has changed ─► far_hops_poll ─► rib_next_hop_changed: paths that name it are judged anew
 *
 * Thread: the RIB lcore. */
#ifndef BASCULE_FAR_HOP_H
#define BASCULE_FAR_HOP_H

#include <stdbool.h>
#include <stdint.h>

#include "next_hop.h"
#include "rib.h"
#include "slab.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { FAR_HOPS = 4096, FAR_HOP_CHAINS = 1024 };

/* Where an address is reached. Without next hops no route leads to it. Those of an entry are held
 * by it; of others they are good until the RIB changes. */
struct far_ways {
	struct prefix prefix; /* of the routes that lead there */
	uint16_t peer;	      /* whose route the first one is */
	bool quiet;	      /* they are announced to nobody yet (PATH_QUIET) */
	uint16_t n, nb_backup;
	uint32_t next_hop[RIB_ECMP]; /* ids (addr_table.h), ascending by address */
	uint32_t
		/* next hops of the next best routes for the prefix, used while all of the above are
		 * lost */
		backup[RIB_ECMP];
};

struct far_hops {
	const struct rib *ribs[FAMILY_COUNT]; /* borrowed; NULL: no next hop of its family is far */
	struct next_hops *next_hops;	      /* borrowed */
	struct slab slab;		      /* struct far_hop, far_hop.c */
	uint32_t chain[FAR_HOP_CHAINS];
	struct slab_round look;		/* of far_hops_poll() */
	uint64_t version[FAMILY_COUNT]; /* rib_version() when that began */
	uint32_t round;			/* as in struct next_hops */
	uint64_t refused;		/* times that there was no room for an entry */
	bool starved;			/* some were refused, and there has been no room since */
};

/* 0 or -ENOMEM. All are borrowed; each RIB of its family, or NULL. */
int far_hops_init(struct far_hops *hops, const struct rib *const ribs[FAMILY_COUNT],
		  struct next_hops *next_hops);
void far_hops_fini(struct far_hops *hops);

/* Is `hop`, named by this source, a far next hop, and not one of next_hop.h's? */
bool far_hop_is(const struct far_hops *hops, uint32_t hop, const struct source *source);

/* Where the next hop is reached. Makes the entry if there is none, and marks it as in use. NULL:
 * there is no room for one. Good until the next call that is not const. */
const struct far_ways *far_hop_ways(struct far_hops *hops, uint32_t hop, enum role role);
/* The same of an address without making or marking anything: as it is now. */
void far_hop_look(const struct far_hops *hops, struct addr addr, enum role role,
		  struct far_ways *out);

/* Keep the entry of an address, which is not link-local, while it is watched, so that
 * far_hops_poll() reports its changes; watches are counted. If there is no room for the entry,
 * nothing is reported. */
void far_hop_watch(struct far_hops *hops, struct addr addr, enum role role);
void far_hop_unwatch(struct far_hops *hops, struct addr addr, enum role role);

/* If the RIB has changed, look at up to `budget` entries again, and call `changed` for each that is
 * reached in another way than before. Returns how many were looked at. */
uint32_t far_hops_poll(struct far_hops *hops, uint32_t budget,
		       void (*changed)(void *ctx, uint32_t hop, enum role role,
				       const struct far_ways *was, const struct far_ways *now),
		       void *ctx);
/* Is there room again for entries that were refused? Answered once. */
bool far_hops_room(struct far_hops *hops);
/* Was this one refused, and would be now? */
bool far_hop_refused(const struct far_hops *hops, uint32_t hop, enum role role);
/* Has every entry been looked at since the RIB last changed? */
bool far_hops_settled(const struct far_hops *hops);
/* The configuration has changed, in next_hops already: review each entry by it, ids 1..slab.top.
 * What lies behind a port now is not far any more. */
void far_hop_review(struct far_hops *hops, uint32_t id);

/* As next_hops_round_begin() and the others, which run at the same time. */
void far_hops_round_begin(struct far_hops *hops);
void far_hop_mark(struct far_hops *hops, uint32_t hop);
void far_hops_round_end(struct far_hops *hops);

#ifdef __cplusplus
}
#endif
#endif
