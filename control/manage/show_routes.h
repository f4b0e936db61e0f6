/* Pages about routes; each looks at a bounded part of the table of page->family. Thread: the RIB
 * lcore. */
#ifndef BASCULE_SHOW_ROUTES_H
#define BASCULE_SHOW_ROUTES_H

#include <stdint.h>

#include "rows.h"

#ifdef __cplusplus
extern "C" {
#endif

struct peer;
struct route_server;

/* Walk on over the table. The cursor is the table's own, behind the last node shown, and how many
 * paths of the next one have been shown, with a bit that says that the walk has begun. */
void show_routes(const struct route_server *rs, struct page *page, const struct peer *peer);

/* What there is of one prefix (page->match), of the family of page->prefix or page->address. The
 * longest one for a peer, or in a view, need not be the longest that the RIB has. The cursor: paths
 * shown. */
void show_matching(const struct route_server *rs, struct page *page, const struct peer *peer);

/* The table of a peer that has an inbound map. The cursor is the last route shown. */
void show_received(const struct route_server *rs, struct page *page, const struct peer *peer);

/* The summaries of its outbound map, which fit a page. */
void show_summaries(struct page *page, const struct peer *peer);

#ifdef __cplusplus
}
#endif
#endif
