/* What the FIB says of one address, of either family: for the main lcore's packets, which come one
 * by one. */
#ifndef BASCULE_ROUTE_H
#define BASCULE_ROUTE_H

#include <stdint.h>

#include "slowpath_state.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The path-list that `addr` has in the view of `role`: an index that is always valid. */
uint32_t route_path_list(const struct slowpath *s, const struct fib_generation *generation,
			 uint8_t role, const struct fib_addr *addr);

#ifdef __cplusplus
}
#endif
#endif
