/* Room for results of route maps, 16 KiB each, which no stack needs to hold. There are as many as
 * may be in use at once: each has a name, and whoever takes one gives it back before anybody may
 * take it again. The conductor owns the scratch; rooms below borrow it. Thread: the RIB lcore. */
#ifndef BASCULE_SCRATCH_H
#define BASCULE_SCRATCH_H

#include <assert.h>
#include <stdint.h>

#include "route_map.h"

#ifdef __cplusplus
extern "C" {
#endif

enum scratch_slot {
	SCRATCH_ROUTE,	 /* what a map made of a route that is on its way into the RIB; ... */
	SCRATCH_SUMMARY, /* ... meanwhile its summaries come and go; ... */
	SCRATCH_LOOK,	 /* ... and the RIB asks what peers are announced, as pages do */
	SCRATCH_SLOTS
};

/* All zeros: nothing is taken. */
struct scratch {
	struct route_map_result result[SCRATCH_SLOTS];
	uint8_t taken; /* a bit each */
};

/* To take one that is taken is our fault. Its contents are those of the last use. */
static inline struct route_map_result *scratch_take(struct scratch *scratch, enum scratch_slot slot)
{
	assert(!(scratch->taken >> slot & 1));
	scratch->taken |= (uint8_t)(1u << slot);
	return &scratch->result[slot];
}

static inline void scratch_give(struct scratch *scratch, enum scratch_slot slot)
{
	assert(scratch->taken >> slot & 1);
	scratch->taken &= (uint8_t) ~(1u << slot);
}

#ifdef __cplusplus
}
#endif
#endif
