/* From the RIB to the FIB: for each view, each prefix points to the equal best paths that the
 * view's role may use, and has the next best ones with other next hops as backup, for readers to
 * follow when all of those are lost (fib_repair()).
 *
 *   rib_changes ─► fib_sync_changes ─┐
 *   rib_walk    ─► fib_sync_walk    ─┴► node ─► rib_next_for_role(view) ─► adjacencies
 *                                                └─► path-list ─► fib_set / fib_del
 *
 * The system's own routes beat BGP's: a prefix that a peer announces inside a VNet, a connected
 * subnet or equal to one is never programmed, only listed. What a view has no room for is refused:
 * its role's peers are not told of it (rib_set_refused()) until it fits. Everything here is
 * idempotent: a node looked at twice is set once, so a walk may run over changes and changes over a
 * walk. Thread: the RIB lcore. */
#ifndef BASCULE_FIB_SYNC_H
#define BASCULE_FIB_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "far_hop.h"
#include "fib.h"
#include "next_hop.h"
#include "rib.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A wide prefix (rib_wide_begin()) on its way into one view after the other. */
struct fib_sync_wide {
	uint32_t node; /* RIB_NONE: none is */
	int view;
	bool writing;
	/* what the prefix pointed to in this view: readers may find it until all is written;
	 * PATH_LIST_NONE: nothing */
	uint32_t old;
};

struct fib_sync {
	struct fib *fib;	     /* borrowed */
	struct fib_writer *writer;   /* borrowed */
	struct rib *rib;	     /* borrowed */
	const struct config *config; /* borrowed */
	struct next_hops *next_hops; /* borrowed */
	struct far_hops *far_hops;   /* borrowed */
	/* adjacency of VNet hosts on link behind a port; ADJACENCY_NONE: not claimed */
	uint16_t glean[CONFIG_PORTS];
	uint64_t allow;	       /* the role matrix that the views are filled by */
	struct prefix *system; /* owned: VNets and connected subnets, sorted, none inside another */
	struct prefix *next_system; /* owned: of the configuration that may follow; NULL: none */
	size_t nb_system, nb_next_system;
	uint32_t cursor; /* of the walk */
	bool round; /* the walk has been round the table; what has gone since it began comes then */
	/* all was looked at; those that are wide have until rib_wide_rounds() is `rounds` */
	bool walked;
	uint64_t rounds;
	struct fib_sync_wide wide;
	bool walking, retry;  /* retry: something was refused since the walk began */
	uint64_t refused;     /* times that the FIB had no room for a route */
	uint64_t unprotected; /* times that it had none for a backup */
};

/* Everything but `allow` is set; nothing is written yet. 0 or -ENOMEM. */
int fib_sync_init(struct fib_sync *sync, struct rib *rib, struct next_hops *next_hops,
		  struct far_hops *far_hops, const struct config *config);
void fib_sync_fini(struct fib_sync *sync);

/* Another configuration: other VNets. fib_sync_prepare() changes nothing yet, and takes what may be
 * lacking: -ENOMEM. It is for the same configuration as fib_sync_configure(), after which a walk
 * must follow, or for one that is dropped. */
int fib_sync_prepare(struct fib_sync *sync, const struct config *config);
void fib_sync_configure(struct fib_sync *sync, const struct config *config);

/* Is this prefix the system's: no route of a peer for it is ever programmed? */
bool fib_sync_system(const struct fib_sync *sync, struct prefix prefix);

/* Where a VNet prefix is reached, host order; 0: its hosts are on link, or there is no such
 * VNet. */
uint32_t fib_sync_vnet_next_hop(const struct fib_sync *sync, struct prefix prefix);

/* The adjacencies that `view` is to forward a prefix to under matrix `allow`: how many, the members
 * of its path-list. 0: there is no route; or `*lost`: there would be, but none of its next hops has
 * an adjacency. */
uint16_t fib_sync_members(struct fib_sync *sync, uint32_t node, enum role view, uint64_t allow,
			  uint16_t members[RIB_ECMP], bool *lost);

/* Take about `budget` changed prefixes out of the RIB and into the FIB, those that are not wide;
 * those of many paths count for more. Returns how many; 0: none has changed. */
size_t fib_sync_changes(struct fib_sync *sync, size_t budget);

/* One slice of a wide prefix that has changed. False: there is none. */
bool fib_sync_wide(struct fib_sync *sync);

/* Look at every prefix again, from the beginning, after a change of `allow`, of the configuration,
 * or to find the next hops that nothing uses any more. fib_sync_walk() does about `budget` of it
 * and returns how many it looked at; the walk is over when `walking` is false. */
void fib_sync_walk_begin(struct fib_sync *sync);
size_t fib_sync_walk(struct fib_sync *sync, size_t budget);

#ifdef __cplusplus
}
#endif
#endif
