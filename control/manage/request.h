/* Turns a line of JSON from a client into a question for the RIB lcore. One const table says which
 * commands there are and what arguments each takes. It answers nothing. The management thread's. */
#ifndef BASCULE_REQUEST_H
#define BASCULE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "page.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Fill in the question of a zeroed page; a reload has no configuration yet. False: page->error (and
 * hint) says why not. */
bool request_parse(struct page *page, const char *line, size_t len);

/* Does what it asks for change anything? Otherwise it only shows. */
bool request_changes(const struct page *page);

#ifdef __cplusplus
}
#endif
#endif
