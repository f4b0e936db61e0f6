/* What update groups would learn if the role matrix were another one: for each prefix, the paths
 * before and after, found by what finds them when the matrix does move (mark.c). Nothing is moved.
 * Prefixes are looked at in rounds, each in the order of rib_walk(), which is the order in which a
 * matrix change hands out the seats at ExpressRoute gateways.
 *
 *   matrix_plan_weigh() each ─► matrix_plan_round() ─► matrix_plan_node() each
 *                                 ▲───────────────────────────────────────────┘
 *
 * Good for as long as rib_version() stays. Thread: the RIB lcore; matrix_plan_free() may be called
 * by any. */
#ifndef BASCULE_MATRIX_PLAN_H
#define BASCULE_MATRIX_PLAN_H

#include "group.h"

#ifdef __cplusplus
extern "C" {
#endif

struct matrix_plan;

/* `rib` is borrowed by the calls that take nodes. NULL: no memory. */
struct matrix_plan *matrix_plan_new(struct rib *rib, uint64_t allow);
void matrix_plan_free(struct matrix_plan *plan);

/* The first round: who would need a seat, and who keeps the one that it has? `refused`: the roles
 * whose views would not carry the prefix, a bit each. */
void matrix_plan_weigh(struct matrix_plan *plan, uint32_t node, uint8_t refused);
/* A round begins anew. */
void matrix_plan_round(struct matrix_plan *plan);
/* The next node of the round. The rest is about this one. */
void matrix_plan_node(struct matrix_plan *plan, uint32_t node, uint8_t refused);

/* May there be a member of such a group that would learn another path, as a backup or not, or
 * none any more? */
bool matrix_plan_changes(const struct matrix_plan *plan, const struct group *group);
/* The path that member `peer` learns now, or would learn; RIB_PEERS: members that have no path of
 * their own. NULL: none. `*backup`: it is one to this peer. */
const struct path *matrix_plan_path(const struct matrix_plan *plan, const struct group *group,
				    uint16_t peer, bool after, bool *backup);
/* Who, now or then, may learn otherwise than members that have no path of their own, be they in
 * the group or not. Writes their indexes and returns how many. */
uint32_t matrix_plan_others(struct matrix_plan *plan, const struct group *group,
			    uint16_t peers[RIB_PEERS]);

/* Prefixes that ExpressRoute gateways would learn if there were no bound, and how many of them
 * are held back by it. After the first round. */
uint32_t matrix_plan_expressroute(const struct matrix_plan *plan, uint32_t *held);

#ifdef __cplusplus
}
#endif
#endif
