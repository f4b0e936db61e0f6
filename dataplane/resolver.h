/* Adjacencies that control has claimed in the FIB, in both generations: gives them the frame header of their gateway, and
 * takes it from them when the gateway or its port's link goes. A claim of gateway 0, a subnet on link,
 * needs nothing: its hosts are in the neighbour table. */
#ifndef BASCULE_RESOLVER_H
#define BASCULE_RESOLVER_H

#include "slowpath.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { RESOLVER_SLICE = 1024 }; /* adjacencies a turn, unless a neighbour changed */

/* Look at a slice of the claimed adjacencies, or at all if s->adjacencies_stale. Call once a turn of MONITOR_TURN_MS or
 * more often. */
void resolver_turn(struct slowpath *s);

#ifdef __cplusplus
}
#endif
#endif
