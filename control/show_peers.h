/* Pages about peers. Thread: the RIB lcore. */
#ifndef BASCULE_SHOW_PEERS_H
#define BASCULE_SHOW_PEERS_H

#include "show.h"

#ifdef __cplusplus
extern "C" {
#endif

struct peer;

/* All peers, a page at a time. */
void show_peers(struct route_server *rs, struct page *page);
/* One, as ROW_PEER or ROW_PEER_DETAIL. False: the page is full. */
bool show_peer(const struct route_server *rs, const struct peer *peer, struct page *page,
	       enum row_type type);

#ifdef __cplusplus
}
#endif
#endif
