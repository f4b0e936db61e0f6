/* Which routes of a listing are wanted: conditions on rows of routes (rows.h), all of which hold.
 * The thread that asks judges rows as they come from the RIB lcore; what a pattern costs is no
 * matter of the latter. */
#ifndef BASCULE_ROUTE_FILTER_H
#define BASCULE_ROUTE_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "rows.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { FILTER_PATTERN = 256, FILTER_COMMUNITIES = 16 };

/* Part of a community that may be any. */
#define FILTER_ANY UINT64_MAX

/* "65001:100", or a large one of three numbers (RFC 8092); each may be FILTER_ANY. */
struct community_pattern {
	uint8_t n; /* numbers: 2 or 3 */
	uint64_t number[3];
};

enum route_state {
	ROUTE_STATE_ANY,
	ROUTE_STATE_USABLE,
	ROUTE_STATE_UNUSABLE,
	ROUTE_STATE_BACKUP,   /* told to peers as a backup; as advertised: to this one */
	ROUTE_STATE_FILTERED, /* as received: the inbound route map does not let it pass */
};

/* Zeroed, it lets every route pass. */
struct route_filter {
	struct path_pattern *as_path; /* owned; NULL: any */
	bool has_origin_as, has_next_hop;
	uint32_t origin_as;
	struct addr next_hop;	/* one of the two that a route may have (RFC 2545 3) */
	char zone[CONFIG_NAME]; /* of it, the port; empty: any */
	uint8_t roles;		/* bit a role of who announced it; 0: any */
	uint8_t nb_communities;
	struct community_pattern communities[FILTER_COMMUNITIES];
	enum route_state state;
};

/* Conditions from text. NULL: it is added; else what it must be, for "... must be %s".
 *
 * A path's pattern is a regular expression (PCRE) on the path as `show routes` writes it, in which
 * an underscore is the begin or the end of the path or what stands between two AS numbers:
 * "_65001_", "^65001_", "_65010$". How long one is tried on a path is bounded: what takes longer
 * does not match. */
const char *route_filter_as_path(struct route_filter *filter, const char *pattern);
const char *route_filter_community(struct route_filter *filter, const char *pattern);
const char *route_filter_next_hop(struct route_filter *filter, const char *address);
const char *route_filter_state(struct route_filter *filter, const char *state);

bool route_filter_passes(const struct route_filter *filter, const struct row_route *row);

/* Release what it owns. */
void route_filter_fini(struct route_filter *filter);

#ifdef __cplusplus
}
#endif
#endif
