/* From the RIB to the FIB. In each view, each prefix points to the equal best paths that the view's
 * role may use. The next best paths with other next hops are its backup, which readers follow when
 * all best next hops are lost (fib_repair()). The paths are chosen by the RIB; packets are
 * forwarded by the dataplane.
 *
 *   rib_changes ─► fib_sync_changes ─┐
 *   fib_walk    ─► fib_sync_again   ─┴► node ─► rib_next_for_role(view) ─► adjacencies
 *                                                └─► path-list ─► fib_set / fib_del
 *
 * The system's own routes beat BGP's: a prefix that a peer announces is listed, but never
 * programmed, if it lies inside a VNet or a connected subnet, or equals one. If a view has no room
 * for a route, the route is refused: until it fits, it is not announced to peers of the view's role
 * (rib_set_refused()).
 *
 * A node that is looked at twice is set once, so that a walk (fib_walk.h) may run over changes, and
 * changes over a walk. There is one of these for each RIB, so for each family; they share the FIB's
 * writer and the next hops. Thread: the RIB lcore. */
#ifndef BASCULE_FIB_SYNC_H
#define BASCULE_FIB_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "far_hop.h"
#include "next_hop.h"
#include "rib.h"
#include "system_prefixes.h"

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
	enum family family;	     /* the RIB's */
	struct fib *fib;	     /* borrowed */
	struct fib_writer *writer;   /* borrowed */
	struct rib *rib;	     /* borrowed */
	const struct config *config; /* borrowed */
	struct next_hops *next_hops; /* borrowed */
	struct far_hops *far_hops;   /* borrowed */
	/* adjacency of VNet hosts on link behind a port; ADJACENCY_NONE: not claimed */
	uint16_t glean[CONFIG_PORTS];
	uint64_t allow; /* the role matrix that the views are filled by */
	struct system_prefixes system;
	struct system_prefixes next_system; /* of the configuration that may follow */
	struct fib_sync_wide wide;
	bool retry;	      /* something was refused since the last walk began */
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

/* The next hop of a VNet prefix; unspecified: its hosts are on link, or there is no such VNet. */
struct scoped_addr fib_sync_vnet_next_hop(const struct fib_sync *sync, struct prefix prefix);

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

/* The roles that have a view of the family: a bit each. */
uint8_t fib_sync_views(const struct fib_sync *sync);

/* Look at these nodes again, which have paths: at most FIB_SYNC_NODES, in those of `views` that
 * there are. Wide ones go their own way, into all views, if `wide`; else nothing is done about
 * them. Returns how many prefixes that counts for. */
enum { FIB_SYNC_NODES = 16 };
size_t fib_sync_again(struct fib_sync *sync, const uint32_t *nodes, size_t n, uint8_t views,
		      bool wide);

#ifdef __cplusplus
}
#endif
#endif
