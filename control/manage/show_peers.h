/* Pages about peers. Thread: the RIB lcore. */
#ifndef BASCULE_SHOW_PEERS_H
#define BASCULE_SHOW_PEERS_H

#include "rows.h"

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;

struct peer;

/* All peers, a page at a time. */
void show_peers(struct route_server *rs, struct page *page);
/* One, as ROW_PEER or ROW_PEER_DETAIL. False: the page is full. */
bool show_peer(const struct route_server *rs, const struct peer *peer, struct page *page,
	       enum row_type type);

/* "10.0.2.4", "fe80::1%nva0"; empty: it has none yet. `buf` of at least NEXT_HOP_TEXT octets. */
void show_peer_address(const struct peer *peer, char *buf);

/* What leads to an address off our subnets, a peer's or a next hop's. */
void show_by_route(const struct route_server *rs, struct addr addr, enum role role,
		   struct row_by_route *row);

#ifdef __cplusplus
}
#endif
#endif
