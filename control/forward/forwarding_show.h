/* What stands in the FIB, for those who show it or plan with it: copies, and nothing is changed.
 * See forwarding.h. Thread: the RIB lcore. */
#ifndef BASCULE_FORWARDING_SHOW_H
#define BASCULE_FORWARDING_SHOW_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "prefix.h"
#include "role.h"

#ifdef __cplusplus
extern "C" {
#endif

struct fib;
struct fib_writer;

enum { FORWARDING_MEMBERS = 16 }; /* next hops of a path-list, at most */

/* Of the writer's generation, but for the first line. */
struct forwarding_stats {
	uint32_t generation, published; /* the active one; how many were published so far */
	/* by family, of the role's view: routes, without the ports' own; groups of its table that
	 * are in use (IPv4: tbl8), of so many */
	uint32_t routes[FAMILY_COUNT][ROLE_COUNT];
	uint32_t groups_used[FAMILY_COUNT][ROLE_COUNT], groups[FAMILY_COUNT];
	uint32_t path_lists, adjacencies;
	uint64_t changes;
};
struct forwarding_stats forwarding_stats(const struct fib *fib, const struct fib_writer *writer);
/* The roles that have a view of the family: a bit each. */
uint8_t forwarding_views(const struct fib *fib, enum family family);

/* A port as the dataplane has it. */
struct forwarding_port {
	const char *name; /* borrowed, for ever */
	uint16_t mtu;	  /* as configured */
	uint16_t mtu_now; /* what its device takes; 0: as configured */
	bool device_lost; /* its device was deleted */
	/* of its bond, 0: it is on none; and how many of them carry traffic */
	uint8_t members, members_carrying;
	bool disputed; /* somebody keeps changing its interface in the kernel */
	/* one of its addresses that another host on the link has too; unspecified: none */
	struct addr duplicate;
};
/* The `i`th; false: there are no more. */
bool forwarding_port(const struct fib *fib, uint32_t i, struct forwarding_port *port);
/* Has a port of this name no link? */
bool forwarding_port_down(const struct fib *fib, const char *name);

/* A member of a path-list. */
struct forwarding_hop {
	struct addr gateway; /* unspecified: none */
	const char *state;   /* "resolved", "on link", ...; static storage */
	char port[CONFIG_NAME];
};
/* Does the view have exactly this prefix? */
bool forwarding_has(const struct fib_writer *writer, uint8_t view, struct prefix prefix);
/* What it points to: next hops, and behind them those of the backup. Returns how many next hops; 0
 * without the prefix. */
uint16_t forwarding_hops(const struct fib *fib, const struct fib_writer *writer, uint8_t view,
			 struct prefix prefix, struct forwarding_hop hops[2 * FORWARDING_MEMBERS],
			 uint16_t *nb_backup);

/* The `i`th prefix of the family that every view has because of a port's addresses; false: there
 * are no more. */
bool forwarding_own(const struct fib *fib, enum family family, uint32_t i, struct prefix *prefix);
/* Of the groups of a table that a prefix needs the `i`th from the end of its way, as the prefix of
 * all addresses that the group is for; whoever needs one needs those above it. False: there are no
 * more. */
bool forwarding_needs_group(struct prefix prefix, uint32_t i, struct prefix *group);
/* Has the view's table this group now? */
bool forwarding_has_group(const struct fib *fib, const struct fib_writer *writer, uint8_t view,
			  struct prefix group);

#ifdef __cplusplus
}
#endif
#endif
