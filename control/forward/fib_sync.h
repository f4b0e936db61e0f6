/* From the RIB to the FIB. In each view, each prefix points to the equal best paths that the view's
 * role may use. The next best paths with other next hops are its backup, which readers follow when
 * all best next hops are lost (fib_repair()). The paths are chosen by the RIB; packets are
 * forwarded by the dataplane.
 *
 *   rib_changes ─► fib_sync_changes ─┐
 *   rib_walk    ─► fib_sync_walk    ─┴► node ─► rib_next_for_role(view) ─► adjacencies
 *                                                └─► path-list ─► fib_set / fib_del
 *
 * The system's own routes beat BGP's: a prefix that a peer announces is listed, but never
 * programmed, if it lies inside a VNet or a connected subnet, or equals one. If a view has no room
 * for a route, the route is refused: until it fits, it is not announced to peers of the view's role
 * (rib_set_refused()).
 *
 * A node that is looked at twice is set once, so that a walk may run over changes, and changes over
 * a walk. Thread: the RIB lcore. */
#ifndef BASCULE_FIB_SYNC_H
#define BASCULE_FIB_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "far_hop.h"
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
	/* of the walk, a bit each: the views that the present pass over the table is for, those of
	 * the passes after it, and of these the ones that have a pass of their own */
	uint8_t views, later, alone;
	bool first;	 /* the first pass: what is not of one view is done in it */
	uint32_t cursor; /* of the pass */
	/* the pass has reached the end of the table; prefixes that have gone since it began
	 * follow */
	bool round;
	/* every prefix has been looked at; the wide ones are through when rib_wide_rounds() is
	 * `rounds` */
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

/* Another configuration, with other VNets, may follow. fib_sync_prepare() allocates what that
 * takes, or returns -ENOMEM, and changes nothing. The configuration is then either dropped, or
 * given to fib_sync_configure(), after which a walk must follow. */
int fib_sync_prepare(struct fib_sync *sync, const struct config *config);
void fib_sync_configure(struct fib_sync *sync, const struct config *config);

/* Does this prefix belong to the system, so that no route of a peer for it is ever programmed? */
bool fib_sync_system(const struct fib_sync *sync, struct prefix prefix);

/* The next hop of a VNet prefix, host order; 0: its hosts are on link, or there is no such VNet. */
uint32_t fib_sync_vnet_next_hop(const struct fib_sync *sync, struct prefix prefix);

/* The adjacencies to which `view` is to forward a prefix under matrix `allow`, as the members of
 * its path-list. Returns how many. 0: there is no route; or, if `*lost`, there are routes, but none
 * of their next hops has an adjacency. */
uint16_t fib_sync_members(struct fib_sync *sync, uint32_t node, enum role view, uint64_t allow,
			  uint16_t members[RIB_ECMP], bool *lost);

/* Write about `budget` changed prefixes of the RIB into the FIB, but for wide ones; a prefix of
 * many paths counts for more. Returns how many; 0: none has changed. */
size_t fib_sync_changes(struct fib_sync *sync, size_t budget);

/* Write one slice of a wide prefix that has changed. False: there is none. */
bool fib_sync_wide(struct fib_sync *sync);

/* Begin to look at every prefix again: after a change of `allow` or of the configuration, or to
 * find the next hops that nothing uses any more. fib_sync_walk() looks at about `budget` prefixes
 * and returns how many those were; the walk has ended when `walking` is false. The views of `alone`
 * (bit: role) are filled first, one after the other, because somebody waits for each; the rest
 * follow together. */
void fib_sync_walk_begin(struct fib_sync *sync, uint8_t alone);
size_t fib_sync_walk(struct fib_sync *sync, size_t budget);
/* Has the walk filled this view already? True also of a role that has no ports, so no view; and if
 * there is no walk. */
bool fib_sync_filled(const struct fib_sync *sync, enum role view);

#ifdef __cplusplus
}
#endif
#endif
