/* What becomes of the rows of routes that come from the RIB lcore, page by page, before they are
 * told: those that are not wanted are left out (route_filter.h); of the rest, all pass as they
 * come; or the first ones in the order of prefixes are kept until the end; or they are only
 * counted.
 *
 * The RIB has no order. So the first of a million are known when all have been looked at; what is
 * kept meanwhile is LISTING_KEPT rows at most. Thread: the one whose desk it is. */
#ifndef BASCULE_LISTING_H
#define BASCULE_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "route_filter.h"
#include "rows.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { LISTING_KEPT = 1000 };

struct listing {
	struct route_filter filter;
	bool count;	/* tell how many, not which */
	uint32_t limit; /* tell so many, sorted; 0: all, as they come. At most LISTING_KEPT. */
	/* what has come */
	uint64_t paths, prefixes; /* that are wanted */
	struct prefix last;	  /* of those */
	struct kept_row {
		uint64_t number;
		struct row_route *row; /* owned */
	} * kept;		       /* owned: a heap, the last one in the order at its top */
	uint32_t nb_kept;
};

/* Zeroed: every row passes. NULL: no memory. Its caller owns it. */
struct listing *listing_new(void);
void listing_free(struct listing *listing);

/* A row of `len` octets has come. True: it is to be told now. False: it is not wanted, counted, or
 * has been copied. `*no_memory`: it could not be. */
bool listing_take(struct listing *listing, const struct row_route *row, size_t len,
		  bool *no_memory);

/* At the end: sort what has been kept, `nb_kept` rows of `kept`. */
void listing_end(struct listing *listing);

#ifdef __cplusplus
}
#endif
#endif
