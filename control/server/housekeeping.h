/* Housekeeping, about once a second: a round of events that were held back (events.h) and of bounds
 * (bounds.h), in slices, and now and then a walk over all prefixes, which finds next hops that
 * nothing uses any more. Thread: the RIB lcore. */
#ifndef BASCULE_HOUSEKEEPING_H
#define BASCULE_HOUSEKEEPING_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;

/* From now on a round begins each second. */
void housekeeping_begin(struct route_server *rs);
/* DUE_HOUSEKEEPING: go on with the round, for `ns`. Returns how much was done. */
unsigned int housekeeping_turn(struct route_server *rs, uint32_t ns);

#ifdef __cplusplus
}
#endif
#endif
