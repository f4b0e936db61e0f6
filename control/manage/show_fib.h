/* Pages about a view of the FIB. Thread: the RIB lcore. */
#ifndef BASCULE_SHOW_FIB_H
#define BASCULE_SHOW_FIB_H

#include <stdbool.h>
#include <stdint.h>

#include "rows.h"

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;
struct routes;

/* Add what page->view has for the prefix of a node, if anything. False: the page is full. */
bool show_fib_node(const struct routes *routes, struct page *page, uint32_t node);

/* Add the route of the view with the longest prefix that holds the address. The longest match of
 * the RIB may be another one, since that may not be in the view. */
void show_fib_address(const struct route_server *rs, struct page *page);

#ifdef __cplusplus
}
#endif
#endif
