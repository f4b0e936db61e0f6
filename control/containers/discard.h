/* Ranges that nobody uses any more. To unmap a large one takes the kernel milliseconds, in which
 * its owner's thread stands still; so they are kept here and given back a piece at a time. Nothing
 * is allocated: each has its place in the list in itself. One thread. */
#ifndef BASCULE_DISCARD_H
#define BASCULE_DISCARD_H

#include <stdbool.h>
#include <stddef.h>

#include "range.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All zeros: empty. */
struct discard {
	struct discarded *first; /* owned: the ranges, each linked in its first octets */
};

/* Take the range over; it is as one that was never made. */
void discard_range(struct discard *discard, struct range *range);
/* Give about so many octets back. False: there is nothing left, and nothing was done. */
bool discard_turn(struct discard *discard, size_t octets);
/* Give all of it back at once. */
void discard_fini(struct discard *discard);

#ifdef __cplusplus
}
#endif
#endif
