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

/* What page->view has for the prefix of a node, if it has any. False: the page is full. */
bool show_fib_node(const struct route_server *rs, struct page *page, uint32_t node);

/* The longest prefix of the view that holds the address, among routes: the longest match of the RIB
 * may not be in it. */
void show_fib_address(const struct route_server *rs, struct page *page);

#ifdef __cplusplus
}
#endif
#endif
