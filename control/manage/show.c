/* Pages answered from the route server's state, one a turn: who answers which. Events and route
 * maps are answered here. */
#include "show.h"

#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "exchange_wait.h"
#include "peers.h"
#include "plan.h"
#include "policy_test.h"
#include "route_server.h"
#include "service.h"
#include "show_fib.h"
#include "show_partner.h"
#include "show_peers.h"
#include "show_routes.h"
#include "show_summary.h"

static struct peer *named_peer(struct route_server *rs, struct page *page)
{
	struct peer *peer = peer_find(&rs->peers, page->peer);

	if (!peer) {
		page_error(page, "there is no peer \"%s\"", page->peer);
		page_hint(page, "bascule show peers");
	}
	return peer;
}

/* --- events ----------------------------------------------------------------------------------- */

/* The cursor is the number of the last one shown. */
static void show_events(const struct route_server *rs, struct page *page)
{
	const struct event *event;

	while ((event = events_after(&rs->events, page->cursor[0]))) {
		struct event *row = page_add(page, ROW_EVENT, sizeof(*row));

		if (!row) {
			page->more = true;
			return;
		}
		*row = *event;
		page->cursor[0] = event->number;
	}
}

/* --- all of it -------------------------------------------------------------------------------- */

/* One family's routes, and then the other's, as far as the page goes. The cursor is of one family.
 * Or those of one prefix. */
static void routes_page(struct route_server *rs, struct page *page, const struct peer *peer,
			void (*show)(const struct route_server *rs, struct page *page,
				     const struct peer *peer))
{
	if (page->match == MATCH_EXACT || page->match == MATCH_LONGEST) {
		page->family = page->match == MATCH_EXACT ? page->prefix.addr.family
							  : page->address.family;
		show_matching(rs, page, peer);
		return;
	}
	if (page->match == MATCH_WITHIN) {
		page->family = page->prefix.addr.family;
		page->one_family = true;
	}
	for (;;) {
		show(rs, page, peer);
		if (page->more || page->one_family || page->family + 1 == FAMILY_COUNT)
			return;
		page->family++;
		page->cursor[0] = page->cursor[1] = 0;
	}
}

static void received(const struct route_server *rs, struct page *page, const struct peer *peer)
{
	if (inbound_active(&peer->routes[page->family].inbound))
		show_received(rs, page, peer);
	else
		show_routes(rs, page, peer); /* without a map it is what was learned */
}

static void advertised(const struct route_server *rs, struct page *page, const struct peer *peer)
{
	if (!page->cursor[0] && !page->cursor[1])
		show_summaries(page, peer);
	show_routes(rs, page, peer);
}

static void peer_page(struct route_server *rs, struct page *page)
{
	struct peer *peer = named_peer(rs, page);

	if (!peer)
		return;
	switch (page->command) {
	case PAGE_PEER: show_peer(rs, peer, page, ROW_PEER_DETAIL); return;
	case PAGE_RECEIVED: routes_page(rs, page, peer, received); return;
	case PAGE_ADVERTISED: routes_page(rs, page, peer, advertised); return;
	case PAGE_LEARNED: routes_page(rs, page, peer, show_routes); return;
	default: command_peer(rs, page, peer);
	}
}

/* The rules in the order of the configuration. The cursor: maps and rules shown. */
static void show_policy(struct route_server *rs, struct page *page)
{
	for (; page->cursor[0] < rs->maps.nb; page->cursor[0]++, page->cursor[1] = 0) {
		const struct route_map *map = rs->maps.list[page->cursor[0]];

		for (; page->cursor[1] < route_map_nb_rules(map); page->cursor[1]++) {
			struct row_rule *row = page_add(page, ROW_RULE, sizeof(*row));

			if (!row) {
				page->more = true;
				return;
			}
			snprintf(row->map, sizeof(row->map), "%s", route_map_name(map));
			snprintf(row->rule, sizeof(row->rule), "%s",
				 route_map_rule(map, page->cursor[1])->name);
			row->hits = route_map_hits(map, page->cursor[1]);
			for (size_t i = 0; i < rs->config->nb_peers; i++) {
				row->inbound += !strcmp(rs->config->peers[i].inbound_map, row->map);
				row->outbound +=
					!strcmp(rs->config->peers[i].outbound_map, row->map);
			}
			if (page_late(page)) {
				page->cursor[1]++;
				page->more = true;
				return;
			}
		}
	}
}

bool show_answer(struct route_server *rs, struct page *page)
{
	switch (page->command) {
	case PAGE_SUMMARY: show_summary(rs, page); break;
	case PAGE_PEERS: show_peers(rs, page); break;
	case PAGE_ROUTES:
	case PAGE_FIB: routes_page(rs, page, NULL, show_routes); break;
	case PAGE_EVENTS: show_events(rs, page); break;
	case PAGE_PARTNER: show_partner(rs, page); break;
	case PAGE_PARTNER_SEEN: partner_seen(rs, page); break;
	case PAGE_POLICY: show_policy(rs, page); break;
	case PAGE_POLICY_TEST: policy_test(rs, page); break;
	case PAGE_EXCHANGE: show_exchange(rs, page); break;
	case PAGE_PLAN: plan_page(rs, page); break;
	case PAGE_SERVICE: return service_take(rs, page);
	case PAGE_EXCHANGE_SET:
	case PAGE_RELOAD: exchange_wait_begin(rs, page); return false;
	default: peer_page(rs, page);
	}
	return true;
}
