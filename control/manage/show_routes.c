/* Paths as rows: as the RIB has them, as a peer announced them, as they are announced to a peer. */
#include "show_routes.h"

#include <stdio.h>
#include <string.h>

#include "aspath.h"
#include "forwarding_show.h"
#include "receiver.h"
#include "route_server.h"
#include "scratch.h"
#include "show_fib.h"
#include "show_peers.h"
#include "update_group.h"
#include "announcement.h"

enum { SLOTS = 64 }; /* of the table at a time */

#define WALK_BEGUN (UINT64_C(1) << 32) /* in the second half of a walk's cursor */

/* The views that forward along `path` or would, had they room, and whether it is used beside the
 * best in one. */
static uint8_t views_of(const struct routes *routes, const struct path *path, uint16_t *flags)
{
	const struct route_server *rs = routes->rs;
	const struct path *best[RIB_ECMP];
	uint8_t there = forwarding_views(rs->fib, routes->family), views = 0;

	for (int role = 0; role < ROLE_COUNT; role++) {
		unsigned int n;

		if (!(there >> role & 1))
			continue;
		n = rib_best_for_role(routes->rib, path->node, (enum role)role,
				      rs->fib_sync[routes->family].allow, best);
		for (unsigned int i = 0; i < n; i++) {
			if (best[i] != path)
				continue;
			views |= (uint8_t)(1 << role);
			if (n > 1)
				*flags |= ROUTE_ECMP;
		}
	}
	return views;
}

static const char *why_lost(const struct routes *routes, const struct path *path)
{
	const struct route_server *rs = routes->rs;
	const struct source *source = rib_source(routes->rib, path->peer);
	uint32_t next_hop = path->attrs->keys.next_hop;

	if (far_hop_is(&rs->far_hops, next_hop, source))
		return far_hop_refused(&rs->far_hops, next_hop, source->role)
			       ? "too many are off our subnets"
			       : "no route leads to it";
	return next_hop_state_name(next_hop_look(&rs->next_hops, next_hop, source->role),
				   addr_table_at(rs->next_hops.addrs, next_hop)->addr.family);
}

static void why_unusable(const struct routes *routes, const struct path *path,
			 struct row_route *row)
{
	const struct route_server *rs = routes->rs;
	bool vnet = rib_source(routes->rib, path->peer)->role == ROLE_VNET;
	const struct path *reflected = rib_reflected(routes->rib, path);
	const char *why = NULL;

	if (path->flags & PATH_UNUSABLE)
		why = why_lost(routes, path);
	else if (path->flags & PATH_REFLECTION)
		why = "what we tell it, come back";
	else if (path->flags & PATH_UNDECIDED)
		why = "not decided on yet";
	else if (!vnet && fib_sync_system(&rs->fib_sync[routes->family], row->prefix))
		why = "inside a VNet or connected subnet: not programmed";
	else if (row->refused && !row->views)
		why = "no room in the FIB";
	if (!why) {
		row->flags |= ROUTE_USABLE;
		return;
	}
	row->views = 0;
	if (path->flags & PATH_REFLECTION)
		snprintf(row->unusable, sizeof(row->unusable), "reflection%s%s",
			 reflected ? " of " : "",
			 reflected ? rs->peers.table[reflected->peer].config.name : "");
	else
		snprintf(row->unusable, sizeof(row->unusable), "%s%s",
			 path->flags & PATH_UNUSABLE ? "next hop: " : "", why);
}

static char *hop_text(const struct route_server *rs, uint32_t next_hop, char *buf)
{
	return next_hop_text(rs->config, addr_table_at(rs->next_hops.addrs, next_hop), buf);
}

/* "65001 65010 by 10.0.2.4", shortened if need be. */
static void pending_text(const struct route_server *rs, const struct attrs *attrs, char *buf,
			 size_t size)
{
	struct attr_view as_path = { 0 };
	char hop[NEXT_HOP_TEXT], path[64];

	attr_find(attrs->wire, attrs->len, ATTR_AS_PATH, &as_path);
	aspath_text(as_path.body, as_path.len, path, sizeof(path));
	snprintf(buf, size, "%s by %s", path, hop_text(rs, attrs->keys.next_hop, hop));
}

/* Who forwards by it may not be who learns it, or what its peer says now may wait. */
static void why_quiet(const struct routes *routes, const struct path *path, struct row_route *row)
{
	const struct route_server *rs = routes->rs;
	const struct flapper *flapper =
		path->peer < CONFIG_PEERS
			? flap_held(&rs->peers.table[path->peer].routes[routes->family].flap,
				    row->prefix)
			: NULL;

	if (path->flags & PATH_QUIET)
		row->flags |= ROUTE_DAMPED;
	if (!flapper)
		return;
	row->flags |= ROUTE_HELD;
	if (!flapper->said)
		snprintf(row->pending, sizeof(row->pending), "withdrawn");
	else if (flapper->said != flapper->good)
		pending_text(rs, flapper->said, row->pending, sizeof(row->pending));
}

static void name_peer(const struct route_server *rs, const struct peer *peer, struct row_route *row)
{
	bool ibgp = peer->config.asn == rs->config->instance.asn;

	memcpy(row->peer, peer->config.name, sizeof(row->peer));
	show_peer_address(peer, row->peer_addr);
	row->local_addr = peer->session.local_addr;
	row->source = ibgp ? SOURCE_IBGP : SOURCE_EBGP;
	row->role = (uint8_t)peer->config.role;
}

static void name_source(const struct routes *routes, const struct path *path, struct row_route *row)
{
	const struct route_server *rs = routes->rs;
	if (path->peer < CONFIG_PEERS) {
		name_peer(rs, &rs->peers.table[path->peer], row);
		return;
	}
	snprintf(row->peer, sizeof(row->peer), "local");
	row->source = SOURCE_LOCAL;
	row->role = ROLE_VNET;
}

/* Peers to whom a path is a backup: all of them counted, the first ROUTE_NAMES named. */
struct backup_peers {
	uint32_t n;
	uint16_t peers[ROUTE_NAMES];
};

/* Those who learn it, or those from whom it is hidden. Looked for among groups whose members are
 * so. */
static void backup_peers_find(const struct routes *routes, const struct path *path, bool hidden,
			      struct backup_peers *found)
{
	const struct path *first = rib_first(routes->rib, path->node);

	found->n = 0;
	if (!rib_following(routes->rib, first))
		return; /* nobody has another path of its own */
	for (const struct update_group *g = routes->announcer.groups; g; g = g->next) {
		uint32_t known = found->n < ROUTE_NAMES ? found->n : ROUTE_NAMES;

		if (hidden == (g->rule.ibgp || g->backups))
			continue;
		found->n +=
			group_backup_to(g->group, path, found->peers + known, ROUTE_NAMES - known);
	}
}

static uint8_t *put_names(const struct route_server *rs, const struct backup_peers *found,
			  uint8_t *at)
{
	for (uint16_t i = 0; i < row_route_names((uint16_t)found->n); i++, at += CONFIG_NAME)
		memcpy(at, rs->peers.table[found->peers[i]].config.name, CONFIG_NAME);
	return at;
}

static void show_next_hop(const struct routes *routes, const struct path *path,
			  struct row_route *row)
{
	const struct route_server *rs = routes->rs;
	const struct source *source = rib_source(routes->rib, path->peer);
	uint32_t hop = path->attrs->keys.next_hop;

	if (source->role == ROLE_VNET) {
		const struct scoped_addr router =
			fib_sync_vnet_next_hop(&rs->fib_sync[routes->family], row->prefix);

		next_hop_text(rs->config, &router, row->next_hop);
		return;
	}
	hop_text(rs, hop, row->next_hop);
	if (far_hop_is(&rs->far_hops, hop, source))
		show_by_route(rs, addr_table_at(rs->next_hops.addrs, hop)->addr, source->role,
			      &row->by_route);
}

/* One path as the RIB has it. False: the page is full. */
static bool add_path(const struct routes *routes, struct page *page, const struct path *path)
{
	const struct route_server *rs = routes->rs;
	struct backup_peers announced, hidden;
	struct row_route *row;

	backup_peers_find(routes, path, false, &announced);
	backup_peers_find(routes, path, true, &hidden);
	row = page_add(page, ROW_ROUTE,
		       sizeof(*row) + path->attrs->len +
			       (size_t)(row_route_names((uint16_t)announced.n) +
					row_route_names((uint16_t)hidden.n)) *
				       CONFIG_NAME);
	if (!row)
		return false;
	row->backup_to = (uint16_t)announced.n;
	row->hidden_from = (uint16_t)hidden.n;
	row->prefix = rib_prefix(routes->rib, path->node);
	name_source(routes, path, row);
	row->reason = (uint8_t)rib_reason(routes->rib, path);
	show_next_hop(routes, path, row);
	row->local_pref = path_local_pref(rib_source(routes->rib, path->peer), path);
	row->age_s = (uint32_t)(rs->now_ms / 1000) - path->learned_s;
	row->views = views_of(routes, path, &row->flags);
	row->refused = row->views & rib_refused(routes->rib, path->node);
	row->views ^= row->refused;
	if (path == rib_first(routes->rib, path->node))
		row->flags |= ROUTE_BEST;
	if (rib_is_stale(routes->rib, path))
		row->flags |= ROUTE_STALE;
	why_unusable(routes, path, row);
	why_quiet(routes, path, row);
	row->attrs_len = path->attrs->len;
	memcpy(row->attrs, path->attrs->wire, path->attrs->len);
	put_names(rs, &hidden, put_names(rs, &announced, row->attrs + row->attrs_len));
	return true;
}

/* What is announced to `peer`. NULL: the page is full. */
static struct row_route *add_announced(struct page *page, const struct peer *peer,
				       const struct route_map_result *sent)
{
	struct row_route *row = page_add(page, ROW_ROUTE, sizeof(*row) + sent->len);
	struct scoped_addr hop;
	struct attr_keys keys;

	if (!row)
		return NULL;
	attr_keys_parse(sent->wire, sent->len, &keys);
	hop = attr_next_hop(sent->wire, sent->len, 0); /* of two, the one that is known elsewhere */
	if (addr_link_local(hop.addr))
		hop = attr_next_hop(sent->wire, sent->len, peer->zone);
	row->prefix = sent->prefix;
	row->local_addr = peer->session.local_addr;
	memcpy(row->attrs, sent->wire, sent->len);
	row->attrs_len = sent->len;
	next_hop_text(peer->rs->config, &hop, row->next_hop);
	row->local_pref = keys.local_pref;
	row->flags = ROUTE_SENT | ROUTE_USABLE;
	return row;
}

/* Of a table that is walked. */
static bool in_page(const struct page *page, struct prefix prefix)
{
	return page->match != MATCH_WITHIN || prefix_covers(page->prefix, prefix);
}

/* The summaries of its outbound map: all that the page's prefix covers, or that of one prefix. */
static void add_summaries(struct page *page, const struct peer *peer, const struct prefix *only)
{
	const struct routes *routes = &peer->rs->routes[page->family];
	struct scratch *scratch = routes->adj_out.scratch;
	struct route_map_result *sent = scratch_take(scratch, SCRATCH_LOOK);

	for (uint64_t rules = summaries_of(&peer->out.to[routes->family]); rules;
	     rules &= rules - 1) {
		struct row_route *row = NULL;

		if (announcement_of_summary(peer->out.to[routes->family].group,
					    __builtin_ctzll(rules), sent) &&
		    (only ? prefix_equal(*only, sent->prefix) : in_page(page, sent->prefix)) &&
		    !receiver_withholds(&peer->out.to[routes->family], sent))
			row = add_announced(page, peer, sent);
		if (!row)
			continue;
		row->flags |= ROUTE_SUMMARY |
			      (peer->out.to[routes->family].group->yields ? ROUTE_BACKUP : 0);
		snprintf(row->peer, sizeof(row->peer), "summary");
	}
	scratch_give(scratch, SCRATCH_LOOK);
}

void show_summaries(struct page *page, const struct peer *peer)
{
	add_summaries(page, peer, NULL);
}

/* One path as it is announced to `peer`, if its outbound map lets it pass. */
static bool add_sent(const struct routes *routes, struct page *page, const struct peer *peer,
		     const struct path *path, bool backup)
{
	const struct route_server *rs = routes->rs;
	struct route_map_result *sent = scratch_take(routes->adj_out.scratch, SCRATCH_LOOK);
	uint8_t wire[BGP_MESSAGE_MAX];
	bool announces =
		receiver_announces(&peer->out.to[routes->family], path, backup, wire, sent);
	struct row_route *row = announces ? add_announced(page, peer, sent) : NULL;

	scratch_give(routes->adj_out.scratch, SCRATCH_LOOK);
	if (!row)
		return !announces;
	name_source(routes, path, row);
	row->flags |= backup ? ROUTE_BACKUP : 0;
	row->age_s = (uint32_t)(rs->now_ms / 1000) - path->learned_s;
	return true;
}

/* One route as the peer said it. False: the page is full. */
static bool add_received(const struct routes *routes, struct page *page, const struct peer *peer,
			 struct prefix prefix, const struct attrs *attrs)
{
	const struct route_server *rs = routes->rs;
	struct row_route *row = page_add(page, ROW_ROUTE, sizeof(*row) + attrs->len);

	if (!row)
		return false;
	row->prefix = prefix;
	name_peer(rs, peer, row);
	hop_text(rs, attrs->keys.next_hop, row->next_hop);
	row->local_pref = attrs->keys.local_pref;
	row->flags = ROUTE_RECEIVED | ROUTE_USABLE;
	row->policy = (uint8_t)inbound_run(&peer->routes[routes->family].inbound, prefix, attrs,
					   scratch_take(routes->adj_out.scratch, SCRATCH_LOOK));
	scratch_give(routes->adj_out.scratch, SCRATCH_LOOK);
	row->attrs_len = attrs->len;
	memcpy(row->attrs, attrs->wire, attrs->len);
	return true;
}

void show_received(const struct route_server *rs, struct page *page, const struct peer *peer)
{
	const struct routes *routes = &rs->routes[page->family];
	uint32_t id = (uint32_t)page->cursor[0];
	const struct attrs *attrs;
	struct prefix prefix;

	while ((id = inbound_next(&peer->routes[routes->family].inbound, id, &prefix, &attrs))) {
		if (in_page(page, prefix) && !add_received(routes, page, peer, prefix, attrs)) {
			page->more = true;
			return;
		}
		page->cursor[0] = id;
		if (page_late(page)) {
			page->more = true;
			return;
		}
	}
}

static bool show_received_of(const struct routes *routes, struct page *page,
			     const struct peer *peer, struct prefix prefix)
{
	const struct attrs *attrs = inbound_said(&peer->routes[routes->family].inbound, prefix);

	return !attrs || add_received(routes, page, peer, prefix, attrs);
}

/* All paths of a node from the `from`th on. False if the page is full or late, and in `*from` where
 * to go on: paths that come and go until then would move the others, so a node stands on one page
 * if it is not longer than that. */
static bool add_node(const struct routes *routes, struct page *page, uint32_t node, uint32_t *from)
{
	uint32_t rows = page->nb_rows, used = page->used, i = 0;

	for (const struct path *path = rib_first(routes->rib, node); path;
	     path = rib_following(routes->rib, path), i++) {
		if (i < *from ||
		    ((!page->nb_rows || !page_late(page)) && add_path(routes, page, path)))
			continue;
		*from = rows ? 0 : i;
		if (rows) {
			page->nb_rows = rows;
			page->used = used;
		}
		return false;
	}
	*from = 0;
	return true;
}

static bool add_for_peer(const struct routes *routes, struct page *page, uint32_t node,
			 const struct peer *peer)
{
	const struct path *path;
	bool backup;

	if (page->command != PAGE_ADVERTISED) {
		path = rib_said(routes->rib, node, peer->index);
		if (page->command == PAGE_RECEIVED)
			return !path || add_received(routes, page, peer,
						     rib_prefix(routes->rib, node), path->attrs);
		return !path || add_path(routes, page, path);
	}
	if (summaries_stand(&peer->out.to[routes->family], rib_prefix(routes->rib, node)))
		return true;
	path = peer->out.to[routes->family].group
		       ? group_advertised(peer->out.to[routes->family].group->group, peer->index,
					  node, &backup)
		       : NULL;
	return !path || add_sent(routes, page, peer, path, backup);
}

static bool add_row(const struct routes *routes, struct page *page, uint32_t node,
		    const struct peer *peer, uint32_t *from)
{
	switch (page->command) {
	case PAGE_ROUTES: return add_node(routes, page, node, from);
	case PAGE_FIB: return show_fib_node(routes, page, node);
	default: return add_for_peer(routes, page, node, peer);
	}
}

void show_routes(const struct route_server *rs, struct page *page, const struct peer *peer)
{
	const struct routes *routes = &rs->routes[page->family];
	uint32_t cursor = (uint32_t)page->cursor[0], first = cursor + 1;
	uint32_t from = (uint32_t)page->cursor[1];
	uint32_t nodes[SLOTS];

	page->cursor[1] = WALK_BEGUN;
	do {
		size_t n = rib_walk(routes->rib, &cursor, nodes, SLOTS);

		for (size_t i = 0; i < n; i++) {
			if (nodes[i] != first)
				from = 0; /* the one that it is of has gone */
			if (in_page(page, rib_prefix(routes->rib, nodes[i])) &&
			    !add_row(routes, page, nodes[i], peer, &from)) {
				page->cursor[0] = nodes[i] - 1;
				page->cursor[1] |= from;
				page->more = true;
				return;
			}
			page->cursor[0] = nodes[i];
			if (i + 1 < n && page_late(page)) {
				page->more = true;
				return;
			}
		}
		page->cursor[0] = cursor;
		if (!cursor)
			return;
	} while (!page_late(page));
	page->more = true;
}

/* Of one prefix. False: the page is full. */
static bool show_prefix(const struct routes *routes, struct page *page, const struct peer *peer,
			struct prefix prefix, uint32_t *from)
{
	uint32_t node;

	if (page->command == PAGE_ADVERTISED)
		add_summaries(page, peer, &prefix);
	if (page->command == PAGE_RECEIVED)
		return show_received_of(routes, page, peer, prefix);
	node = rib_find(routes->rib, prefix);
	return node == RIB_NONE || add_row(routes, page, node, peer, from);
}

void show_matching(const struct route_server *rs, struct page *page, const struct peer *peer)
{
	const struct routes *routes = &rs->routes[page->family];
	bool longest = page->match == MATCH_LONGEST;
	struct addr addr = longest ? page->address : page->prefix.addr;
	int len = longest ? family_bits(addr.family) : page->prefix.len;
	uint32_t from = (uint32_t)page->cursor[1];

	for (; len >= 0 && !page->nb_rows; len--) {
		page->more =
			!show_prefix(routes, page, peer, prefix_make(addr, (uint8_t)len), &from);
		page->cursor[1] = from;
		if (page->more || !longest)
			return;
	}
}
