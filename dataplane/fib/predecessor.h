/* What the control before left in the other generation: by which next hops flows were shared, and
 * how. Its successor deals the same sets in the same way, in whatever order peers come back, so
 * that no flow changes its appliance because control was restarted. Read-only; nobody writes a
 * generation that its control has left. */
#ifndef BASCULE_PREDECESSOR_H
#define BASCULE_PREDECESSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "fib_layout.h"

#ifdef __cplusplus
extern "C" {
#endif

struct predecessor {
	const struct fib_generation *from, *to; /* borrowed */
	uint32_t *lists; /* owned; path-lists of several members that were held, by index */
	uint32_t nb_lists;
};

/* Find them: one pass over `from`, some milliseconds. -ENOMEM: there are none. */
int predecessor_init(struct predecessor *predecessor, const struct fib_generation *from,
		     const struct fib_generation *to);
void predecessor_fini(struct predecessor *predecessor);

/* How the sorted set `members` of `to` was dealt in `from`: the list, its members renamed to those
 * of `to`. False: it was not there. */
bool predecessor_find(const struct predecessor *predecessor, const uint16_t *members, uint16_t n,
		      struct path_list *found);

#ifdef __cplusplus
}
#endif
#endif
