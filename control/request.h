/* A line of JSON from a client, made into a question for the RIB lcore. One const table says which commands there are and
 * what arguments each takes. The management thread's. */
#ifndef BASCULE_REQUEST_H
#define BASCULE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "page.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Fill in the question of a zeroed page. False: page->error (and hint, and for a reload the report) says why not. */
bool request_parse(struct page *page, const char *line, size_t len, const char *config_path);

/* Read the configuration into page->config, complaints into page->report. False as above. */
bool request_load_config(struct page *page, const char *config_path);

#ifdef __cplusplus
}
#endif
#endif
