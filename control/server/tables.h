/* What the conductor asks of all families' tables together, and in which order it serves them. A
 * turn serves each family by slices in turn, so that none waits for another; one without routes
 * costs a look at a few counters. Thread: the RIB lcore. */
#ifndef BASCULE_TABLES_H
#define BASCULE_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "turn.h"

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;

/* As the functions of rib.h that are called so: sums, and what is true of all. */
size_t tables_changes_waiting(const struct route_server *rs);
bool tables_wide_waiting(const struct route_server *rs);
bool tables_settled(const struct route_server *rs);
uint64_t tables_spent(const struct route_server *rs);
size_t tables_prefixes(const struct route_server *rs);
size_t tables_turn(struct route_server *rs, size_t budget);
void tables_reconsider(struct route_server *rs);

/* Is a flush under way, so that nothing may touch its table? */
bool tables_flushing(const struct route_server *rs);
/* Has a full mailbox stopped each flush that is under way? */
bool tables_blocked(const struct route_server *rs);
/* Has everything been announced to every member that keeps up, and is nothing left to do that would
 * lead to more? */
bool tables_told(const struct route_server *rs);
/* Announce, for `ns` in all; the family that comes first is another one each time. Returns how many
 * prefixes were taken. */
size_t tables_announce(struct route_server *rs, uint32_t ns);
/* Go on with flushes that are under way. */
void tables_flush(struct route_server *rs, uint32_t ns);

#ifdef __cplusplus
}
#endif
#endif
