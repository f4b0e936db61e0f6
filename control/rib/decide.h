/* The decision process: which of two paths for one prefix is better, and by which rule. One
 * numbered list in one function (decide_compare), the same for every viewer; what a viewer may use
 * at all is not its business. Pure. */
#ifndef BASCULE_DECIDE_H
#define BASCULE_DECIDE_H

#include <stddef.h>

#include "path.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Which source class wins between equal prefixes (Azure: hubRoutingPreference). Numbered as the
 * configuration does. */
enum decide_preference {
	DECIDE_PREFER_EXPRESSROUTE, /* ExpressRoute beats VPN and NVA, which are one class */
	DECIDE_PREFER_VPN,	    /* VPN and NVA, one class, beat ExpressRoute */
	/* the shorter AS path, whatever its source; ExpressRoute first at a tie */
	DECIDE_PREFER_AS_PATH,
};

struct decide_rule {
	enum decide_preference preference;
	bool med; /* compare MEDs of paths with the same neighbour AS */
};

/* The rule by which two paths differ, in the order of the list. */
enum decide_reason {
	DECIDE_ONLY, /* nothing to compare with: also "the only path" */
	DECIDE_USABLE,
	DECIDE_ORIGINAL, /* not a reflection */
	DECIDE_FRESH,	 /* not stale */
	DECIDE_LOCAL,	 /* a VNet prefix of our own */
	DECIDE_LOCAL_PREF,
	DECIDE_SOURCE,
	DECIDE_AS_PATH,
	DECIDE_ORIGIN,
	DECIDE_MED,
	DECIDE_EXPRESSROUTE,
	/* from here on paths are equal for forwarding (ECMP); only one is announced */
	DECIDE_ROUTER_ID,
	DECIDE_PEER_ADDRESS,
	DECIDE_REASONS
};

/* "usable next hop", "AS path length", ...: what to show beside a winner or a loser; static
 * storage. */
const char *decide_reason_name(enum decide_reason reason);

/* Compare two paths of one prefix, from different peers. `sources` is indexed by path.peer. Below
 * 0: `a` is better; above: `b`; 0 only for a path and itself. `*reason` (if not NULL): the rule
 * that decided. A strict total order among the paths of one prefix, given their med_rank. */
int decide_compare(const struct decide_rule *rule, const struct source *sources,
		   const struct path *a, const struct path *b, enum decide_reason *reason);

/* Are two paths equal for forwarding, that is, do they differ only in whom they came from? */
bool decide_multipath(const struct decide_rule *rule, const struct source *sources,
		      const struct path *a, const struct path *b);

/* The roles, a bit each, from which any path would beat this one, however long its AS path, that
 * has the usual local preference. */
uint8_t decide_yields(const struct decide_rule *rule, const struct source *sources,
		      const struct path *path);

/* Sort `n` paths of one prefix, best first, med_rank filled in. MED is no order between pairs (it
 * is compared only within a neighbour AS, RFC 4271 9.1.2.2 c), so it becomes one here: a path's
 * rank counts the paths that beat it by MED alone, among those that are equal up to there. Rank 0
 * is what a step-by-step elimination leaves, so the winner is the RFC's; and the result depends on
 * the set of paths, never on the order in which they came. */
void decide_sort(const struct decide_rule *rule, const struct source *sources, struct path **paths,
		 size_t n);

#ifdef __cplusplus
}
#endif
#endif
