/* Pages about a view of the FIB. Thread: the RIB lcore. */
#ifndef BASCULE_SHOW_FIB_H
#define BASCULE_SHOW_FIB_H

#include <stdbool.h>
#include <stdint.h>

#include "rows.h"

#ifdef __cplusplus
extern "C" {
#endif

struct routes;

/* Add what page->view has for the prefix of a node, if anything. False: the page is full. */
bool show_fib_node(const struct routes *routes, struct page *page, uint32_t node);

#ifdef __cplusplus
}
#endif
#endif
