/* Arguments of requests (request.h) that are about routes: which ones a listing tells of, and one
 * that is to be tested. The thread whose desk it is. */
#ifndef BASCULE_ROUTE_ARGUMENTS_H
#define BASCULE_ROUTE_ARGUMENTS_H

#include <jansson.h>

#include "page.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads one argument into the page. NULL; or what it must be, for "... must be %s". Where that says
 * too little it returns NULL, and page->error says what is wrong. */
typedef const char *argument_read(struct page *page, const json_t *value);

/* Of a listing. The state comes after which of a peer's routes it is, the limit after the count. */
argument_read read_path_pattern, read_origin_as, read_community_patterns, read_next_hop, read_role,
	read_state, read_count, read_limit;

/* Of a route to be tested. */
argument_read read_direction, read_as_path, read_communities, read_origin, read_med;

#ifdef __cplusplus
}
#endif
#endif
