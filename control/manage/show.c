/* Pages answered from the route server's state: one page a turn, and a page looks at a bounded part
 * of the table. */
#include "show.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admission.h"
#include "alarm.h"
#include "aspath.h"
#include "commands.h"
#include "log.h"
#include "plan.h"
#include "policy_test.h"
#include "route_server.h"
#include "show_partner.h"
#include "show_peers.h"

enum {
	SLOTS = 64,	   /* of the table at a time */
	SLOTS_PAGE = 4096, /* most of one page */
};

#define WALK_BEGUN (UINT64_C(1) << 32) /* in the second half of a walk's cursor */

static struct peer *named_peer(struct route_server *rs, struct page *page)
{
	struct peer *peer = peer_find(&rs->peers, page->peer);

	if (!peer) {
		page_error(page, "there is no peer \"%s\"", page->peer);
		page_hint(page, "bascule show peers");
	}
	return peer;
}

/* --- summary, exchange ------------------------------------------------------------------------ */

static uint32_t seconds_left(const struct route_server *rs, const struct timer *timer)
{
	return timer_is_set(timer) && timer->at_ms > rs->now_ms
		       ? (uint32_t)((timer->at_ms - rs->now_ms) / 1000)
		       : 0;
}

/* What one more lcore adds to a row: the longer turn counts. */
static void row_turns_add(struct row_turns *row, const struct turns *turns,
			  const char *(*part_name)(unsigned int part))
{
	struct turn_length longest = turn_longest(turns), recent = turn_longest_recent(turns);
	struct turn_length own = turn_longest_own(turns);

	row->over += turns_over(turns);
	row->own_over += turns_over_own(turns);
	if (!row->own_part || own.ns > row->own_ns) {
		row->own_ns = own.ns;
		row->own_part_ns = own.part_ns;
		row->own_part = part_name(own.part);
	}
	if (!row->longest_part || longest.ns > row->longest_ns) {
		row->longest_ns = longest.ns;
		row->longest_part_ns = longest.part_ns;
		row->longest_part = part_name(longest.part);
	}
	if (!row->recent_part || recent.ns > row->recent_ns) {
		row->recent_ns = recent.ns;
		row->recent_part_ns = recent.part_ns;
		row->recent_part = part_name(recent.part);
	}
}

static void summary_turns(const struct route_server *rs, struct row_summary *row)
{
	row_turns_add(&row->rib, &rs->turns, rs_part_name);
	for (unsigned int i = 0; i < rs->nb_speakers; i++)
		if (rs->speakers[i].speaker)
			row_turns_add(&row->sessions, speaker_turns(rs->speakers[i].speaker),
				      speaker_part_name);
}

static void show_summary(struct route_server *rs, struct page *page)
{
	struct row_summary *row = page_add(page, ROW_SUMMARY, sizeof(*row));
	struct rib_counts counts = rib_counts(rs->rib);

	memcpy(row->instance, rs->config->instance.name, sizeof(row->instance));
	row->asn = rs->config->instance.asn;
	row->router_id = rs->config->instance.router_id;
	row->profile = (uint8_t)rs->config->instance.profile;
	row->preference = (uint8_t)rs->config->routing_preference;
	row->platform_communities = rs->config->control.platform_communities;
	row->nva_to_nva = (uint8_t)rs->config->exchange.nva_to_nva;
	row->exchange = rs->exchange->enabled;
	row->restarting = rs->phase == RS_FILLING && rs->restarting;
	row->restart_left_s = seconds_left(rs, &rs->restart);
	row->uptime_s = (rs->now_ms - rs->started_ms) / 1000;
	row->peers = rs->peers.nb_active;
	row->peers_up = rs->peers.nb_up;
	row->routes = counts.prefixes;
	row->paths = counts.paths;
	row->attribute_sets = attr_table_count(rs->attrs);
	row->memory_bytes = counts.bytes + attr_table_bytes(rs->attrs);
	row->updates = rs->updates;
	row->generation = __atomic_load_n(&rs->fib->active, __ATOMIC_RELAXED);
	row->published = __atomic_load_n(&rs->fib->published, __ATOMIC_RELAXED);
	row->fib_refused = rs->fib_sync.refused;
	row->fib_unprotected = rs->fib_sync.unprotected;
	for (int role = 0; role < ROLE_COUNT; role++)
		if (rs->fib->generation[0].view[role].lpm)
			row->views |= (uint8_t)(1 << role);
	row->settled = rs->settled;
	summary_partner(rs, &row->partner);
	fib_stats_get(rs->writer, &row->fib);
	summary_turns(rs, row);
	alarms_list(rs, &row->alarms);
}

static void show_exchange(struct route_server *rs, struct page *page)
{
	struct row_exchange *row = page_add(page, ROW_EXCHANGE, sizeof(*row));

	row->enabled = rs->exchange->enabled;
	row->nva_to_nva = (uint8_t)rs->config->exchange.nva_to_nva;
	row->gate = __atomic_load_n(&rs->fib->gate, __ATOMIC_RELAXED);
}

/* --- events ----------------------------------------------------------------------------------- */

/* The cursor is the number of the last one told. */
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

/* --- routes ----------------------------------------------------------------------------------- */

/* The views that forward along `path` or would, had they room, and whether it is used beside the
 * best in one. */
static uint8_t views_of(const struct route_server *rs, const struct path *path, uint16_t *flags)
{
	const struct path *best[RIB_ECMP];
	uint8_t views = 0;

	for (int role = 0; role < ROLE_COUNT; role++) {
		unsigned int n;

		if (!rs->fib->generation[0].view[role].lpm)
			continue;
		n = rib_best_for_role(rs->rib, path->node, (enum role)role, rs->fib_sync.allow,
				      best);
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

static const char *why_lost(const struct route_server *rs, const struct path *path)
{
	const struct source *source = rib_source(rs->rib, path->peer);
	uint32_t next_hop = path->attrs->keys.next_hop;

	if (far_hop_is(&rs->far_hops, next_hop, source))
		return far_hop_refused(&rs->far_hops, next_hop, source->role)
			       ? "too many are off our subnets"
			       : "no route leads to it";
	return next_hop_state_name(next_hop_look(&rs->next_hops, next_hop, source->role));
}

static void why_unusable(const struct route_server *rs, const struct path *path,
			 struct row_route *row)
{
	bool vnet = rib_source(rs->rib, path->peer)->role == ROLE_VNET;
	const struct path *told = rib_reflected(rs->rib, path);
	const char *why = NULL;

	if (path->flags & PATH_UNUSABLE)
		why = why_lost(rs, path);
	else if (path->flags & PATH_REFLECTION)
		why = "what we tell it, come back";
	else if (!vnet && fib_sync_system(&rs->fib_sync, row->prefix))
		why = "inside a VNet or connected subnet: not programmed";
	else if (row->refused && !row->views)
		why = "no room in the FIB";
	if (!why) {
		row->flags |= ROUTE_USABLE;
		return;
	}
	row->views = 0;
	if (path->flags & PATH_REFLECTION)
		snprintf(row->unusable, sizeof(row->unusable), "reflection%s%s", told ? " of " : "",
			 told ? rs->peers.table[told->peer].config.name : "");
	else
		snprintf(row->unusable, sizeof(row->unusable), "%s%s",
			 path->flags & PATH_UNUSABLE ? "next hop: " : "", why);
}

/* "65001 65010 by 10.0.2.4", shortened if need be. */
static void pending_text(const struct attrs *attrs, char *buf, size_t size)
{
	struct attr_view as_path = { 0 };
	char addr[ADDR_TEXT], path[64];

	attr_find(attrs->wire, attrs->len, ATTR_AS_PATH, &as_path);
	aspath_text(as_path.body, as_path.len, path, sizeof(path));
	snprintf(buf, size, "%s by %s", path, addr_text(attrs->keys.next_hop, addr));
}

/* Who forwards by it may not be who is told of it, or what its peer says now may wait. */
static void why_quiet(const struct route_server *rs, const struct path *path, struct row_route *row)
{
	const struct flapper *flapper =
		path->peer < CONFIG_PEERS
			? flap_held(&rs->peers.table[path->peer].flap, row->prefix)
			: NULL;

	if (path->flags & PATH_QUIET)
		row->flags |= ROUTE_DAMPED;
	if (!flapper)
		return;
	row->flags |= ROUTE_HELD;
	if (!flapper->said)
		snprintf(row->pending, sizeof(row->pending), "withdrawn");
	else if (flapper->said != flapper->good)
		pending_text(flapper->said, row->pending, sizeof(row->pending));
}

static void name_peer(const struct route_server *rs, const struct peer *peer, struct row_route *row)
{
	bool ibgp = peer->config.asn == rs->config->instance.asn;

	memcpy(row->peer, peer->config.name, sizeof(row->peer));
	row->peer_addr = peer->config.addr;
	row->local_addr = peer->session.local_addr;
	row->source = ibgp ? SOURCE_IBGP : SOURCE_EBGP;
	row->role = (uint8_t)peer->config.role;
}

static void name_source(const struct route_server *rs, const struct path *path,
			struct row_route *row)
{
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

/* Those who are told it, or those from whom it is hidden. Looked for among groups whose members are
 * so. */
static void backup_peers_find(const struct route_server *rs, const struct path *path, bool hidden,
			      struct backup_peers *found)
{
	const struct path *first = rib_first(rs->rib, path->node);

	found->n = 0;
	if (!rib_following(rs->rib, first))
		return; /* nobody has another path of its own */
	for (const struct update_group *g = rs->announcer.groups; g; g = g->next) {
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

/* One path as the RIB has it. False: the page is full. */
static bool add_path(const struct route_server *rs, struct page *page, const struct path *path)
{
	struct backup_peers told, hidden;
	struct row_route *row;

	backup_peers_find(rs, path, false, &told);
	backup_peers_find(rs, path, true, &hidden);
	row = page_add(page, ROW_ROUTE,
		       sizeof(*row) + path->attrs->len +
			       (size_t)(row_route_names((uint16_t)told.n) +
					row_route_names((uint16_t)hidden.n)) *
				       CONFIG_NAME);
	if (!row)
		return false;
	row->backup_to = (uint16_t)told.n;
	row->hidden_from = (uint16_t)hidden.n;
	row->prefix = rib_prefix(rs->rib, path->node);
	name_source(rs, path, row);
	row->reason = (uint8_t)rib_reason(rs->rib, path);
	row->next_hop = row->role == ROLE_VNET ? fib_sync_vnet_next_hop(&rs->fib_sync, row->prefix)
					       : path->attrs->keys.next_hop;
	if (far_hop_is(&rs->far_hops, row->next_hop, rib_source(rs->rib, path->peer)))
		show_by_route(rs, row->next_hop, (enum role)row->role, &row->by_route);
	row->local_pref = path->local_pref;
	row->age_s = (uint32_t)(rs->now_ms / 1000) - path->learned_s;
	row->views = views_of(rs, path, &row->flags);
	row->refused = row->views & rib_refused(rs->rib, path->node);
	row->views ^= row->refused;
	if (path == rib_first(rs->rib, path->node))
		row->flags |= ROUTE_BEST;
	if (rib_is_stale(rs->rib, path))
		row->flags |= ROUTE_STALE;
	why_unusable(rs, path, row);
	why_quiet(rs, path, row);
	row->attrs_len = path->attrs->len;
	memcpy(row->attrs, path->attrs->wire, path->attrs->len);
	put_names(rs, &hidden, put_names(rs, &told, row->attrs + row->attrs_len));
	return true;
}

/* What `peer` is told. NULL: the page is full. */
static struct row_route *add_announced(struct page *page, const struct peer *peer,
				       const struct route_map_result *sent)
{
	struct row_route *row = page_add(page, ROW_ROUTE, sizeof(*row) + sent->len);
	struct attr_keys keys;

	if (!row)
		return NULL;
	attr_keys_parse(sent->wire, sent->len, &keys);
	row->prefix = sent->prefix;
	row->local_addr = peer->session.local_addr;
	memcpy(row->attrs, sent->wire, sent->len);
	row->attrs_len = sent->len;
	row->next_hop = keys.next_hop;
	row->local_pref = keys.local_pref;
	row->flags = ROUTE_SENT | ROUTE_USABLE;
	return row;
}

/* The summaries of its outbound map, which fit a page. */
static void add_summaries(struct page *page, const struct peer *peer)
{
	static struct route_map_result sent; /* 16 KiB that no stack needs to hold */

	for (uint64_t rules = summaries_of(peer); rules; rules &= rules - 1) {
		struct row_route *row = NULL;

		if (announcer_summary(peer->group, __builtin_ctzll(rules), &sent) &&
		    !announcer_withholds(peer, &sent))
			row = add_announced(page, peer, &sent);
		if (!row)
			continue;
		row->flags |= ROUTE_SUMMARY | (peer->group->yields ? ROUTE_BACKUP : 0);
		snprintf(row->peer, sizeof(row->peer), "summary");
	}
}

/* One path as `peer` is told of it, if its outbound map lets it pass. */
static bool add_sent(const struct route_server *rs, struct page *page, const struct peer *peer,
		     const struct path *path, bool backup)
{
	static struct route_map_result sent; /* 16 KiB that no stack needs to hold */
	uint8_t wire[BGP_MESSAGE_MAX];
	struct row_route *row;

	if (!announcer_tells(peer, path, backup, wire, &sent))
		return true;
	row = add_announced(page, peer, &sent);
	if (!row)
		return false;
	name_source(rs, path, row);
	row->flags |= backup ? ROUTE_BACKUP : 0;
	row->age_s = (uint32_t)(rs->now_ms / 1000) - path->learned_s;
	return true;
}

/* One route as the peer said it. False: the page is full. */
static bool add_received(const struct route_server *rs, struct page *page, const struct peer *peer,
			 struct prefix prefix, const struct attrs *attrs)
{
	static struct route_map_result result; /* 16 KiB that no stack needs to hold */
	struct row_route *row = page_add(page, ROW_ROUTE, sizeof(*row) + attrs->len);

	if (!row)
		return false;
	row->prefix = prefix;
	name_peer(rs, peer, row);
	row->next_hop = attrs->keys.next_hop;
	row->local_pref = attrs->keys.local_pref;
	row->flags = ROUTE_RECEIVED | ROUTE_USABLE;
	row->policy = (uint8_t)inbound_run(&peer->inbound, prefix, attrs, &result);
	row->attrs_len = attrs->len;
	memcpy(row->attrs, attrs->wire, attrs->len);
	return true;
}

/* The table of a peer that has an inbound map. The cursor is the last route told. */
static void walk_received(const struct route_server *rs, struct page *page, const struct peer *peer)
{
	uint32_t id = (uint32_t)page->cursor[0];
	const struct attrs *attrs;
	struct prefix prefix;

	while ((id = inbound_next(&peer->inbound, id, &prefix, &attrs))) {
		if (!add_received(rs, page, peer, prefix, attrs)) {
			page->more = true;
			return;
		}
		page->cursor[0] = id;
	}
}

/* All paths of a node from the `from`th on. False if the page is full, and in `*from` where to go
 * on: paths that come and go until then would move the others, so a node stands on one page if it
 * is not longer than that. */
static bool add_node(const struct route_server *rs, struct page *page, uint32_t node,
		     uint32_t *from)
{
	uint32_t rows = page->nb_rows, used = page->used, i = 0;

	for (const struct path *path = rib_first(rs->rib, node); path;
	     path = rib_following(rs->rib, path), i++) {
		if (i < *from || add_path(rs, page, path))
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

static bool add_for_peer(const struct route_server *rs, struct page *page, uint32_t node,
			 const struct peer *peer)
{
	const struct path *path;
	bool backup;

	if (page->command != PAGE_ADVERTISED) {
		path = rib_path(rs->rib, node, peer->index);
		if (page->command == PAGE_RECEIVED)
			return !path ||
			       add_received(rs, page, peer, rib_prefix(rs->rib, node), path->attrs);
		return !path || add_path(rs, page, path);
	}
	if (summaries_stand(peer, rib_prefix(rs->rib, node)))
		return true;
	path = peer->group ? group_advertised(peer->group->group, peer->index, node, &backup)
			   : NULL;
	return !path || add_sent(rs, page, peer, path, backup);
}

static bool add_fib(const struct route_server *rs, struct page *page, uint32_t node);

static bool add_row(const struct route_server *rs, struct page *page, uint32_t node,
		    const struct peer *peer, uint32_t *from)
{
	switch (page->command) {
	case PAGE_ROUTES: return add_node(rs, page, node, from);
	case PAGE_FIB: return add_fib(rs, page, node);
	default: return add_for_peer(rs, page, node, peer);
	}
}

/* Walk on over the table. The cursor is the table's own, behind the last node told, and how many
 * paths of the next one have been told, with a bit that says that the walk has begun. */
static void walk(const struct route_server *rs, struct page *page, const struct peer *peer)
{
	uint32_t cursor = (uint32_t)page->cursor[0], first = cursor + 1;
	uint32_t from = (uint32_t)page->cursor[1];
	uint32_t nodes[SLOTS];

	page->cursor[1] = WALK_BEGUN;
	for (uint32_t looked = 0; looked < SLOTS_PAGE; looked += SLOTS) {
		size_t n = rib_walk(rs->rib, &cursor, nodes, SLOTS);

		for (size_t i = 0; i < n; i++) {
			if (nodes[i] != first)
				from = 0; /* the one that it is of has gone */
			if (add_row(rs, page, nodes[i], peer, &from))
				continue;
			page->cursor[0] = nodes[i] - 1;
			page->cursor[1] |= from;
			page->more = true;
			return;
		}
		page->cursor[0] = cursor;
		if (!cursor)
			return;
	}
	page->more = true;
}

static void show_one(const struct route_server *rs, struct page *page, uint32_t node)
{
	uint32_t from = (uint32_t)page->cursor[1];

	if (node == RIB_NONE)
		return;
	page->more = !add_node(rs, page, node, &from);
	page->cursor[1] = from;
}

/* --- the FIB ---------------------------------------------------------------------------------- */

/* The members of a path-list; returns how many. */
static uint16_t next_hops_of(const struct fib *fib, const struct fib_generation *generation,
			     uint32_t index, struct row_fib_next_hop *to)
{
	const struct path_list *list = &generation->path_lists[index];

	for (uint16_t i = 0; i < list->nb_members; i++) {
		const struct adjacency *adjacency = &generation->adjacencies[list->member[i]];
		const struct fib_port *port = fib_port_find(fib, adjacency->port);

		to[i].gateway = adjacency->gateway;
		to[i].action = __atomic_load_n(&adjacency->action, __ATOMIC_RELAXED);
		if (port)
			memcpy(to[i].port, port->name, sizeof(to[i].port));
	}
	return list->nb_members;
}

static bool add_fib(const struct route_server *rs, struct page *page, uint32_t node)
{
	struct prefix prefix = rib_prefix(rs->rib, node);
	bool active = fib_published(rs->writer);
	const struct fib_generation *generation = &rs->fib->generation[rs->fib->active ^ !active];
	struct row_fib *row;
	uint32_t index;

	if (fib_get(rs->writer, page->view, prefix.addr, prefix.len, &index))
		return true;
	row = page_add(page, ROW_FIB, sizeof(*row));
	if (!row)
		return false;
	row->prefix = prefix;
	row->nb_next_hops = next_hops_of(rs->fib, generation, index, row->next_hop);
	row->nb_backup = next_hops_of(rs->fib, generation, generation->path_lists[index].backup,
				      row->next_hop + row->nb_next_hops);
	return true;
}

/* The longest prefix of the view that holds the address, among routes: the longest match of the RIB
 * may not be in it. */
static void show_fib_address(const struct route_server *rs, struct page *page)
{
	uint32_t node, index;

	for (int len = 32; len >= 0; len--) {
		struct prefix prefix = prefix_make(page->address, (uint8_t)len);

		if (fib_get(rs->writer, page->view, prefix.addr, prefix.len, &index))
			continue;
		node = rib_find(rs->rib, prefix);
		if (node != RIB_NONE)
			add_fib(rs, page, node);
		return;
	}
}

/* --- all of it -------------------------------------------------------------------------------- */

static void peer_page(struct route_server *rs, struct page *page)
{
	struct peer *peer = named_peer(rs, page);

	if (!peer)
		return;
	switch (page->command) {
	case PAGE_PEER: show_peer(rs, peer, page, ROW_PEER_DETAIL); return;
	case PAGE_RECEIVED:
		if (inbound_active(&peer->inbound)) {
			walk_received(rs, page, peer);
			return;
		}
		walk(rs, page, peer); /* without a map it is what was learned */
		return;
	case PAGE_ADVERTISED:
		if (!page->cursor[0] && !page->cursor[1])
			add_summaries(page, peer);
		walk(rs, page, peer);
		return;
	case PAGE_LEARNED: walk(rs, page, peer); return;
	default: command_peer(rs, page, peer);
	}
}

/* The rules in the order of the configuration. The cursor: maps and rules told. */
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
		}
	}
}

bool show_answer(struct route_server *rs, struct page *page)
{
	switch (page->command) {
	case PAGE_SUMMARY: show_summary(rs, page); break;
	case PAGE_PEERS: show_peers(rs, page); break;
	case PAGE_ROUTES:
	case PAGE_FIB: walk(rs, page, NULL); break;
	case PAGE_ROUTES_PREFIX: show_one(rs, page, rib_find(rs->rib, page->prefix)); break;
	case PAGE_ROUTES_ADDRESS: show_one(rs, page, rib_match(rs->rib, page->address)); break;
	case PAGE_FIB_ADDRESS: show_fib_address(rs, page); break;
	case PAGE_EVENTS: show_events(rs, page); break;
	case PAGE_PARTNER: show_partner(rs, page); break;
	case PAGE_PARTNER_SEEN: partner_seen(rs, page); break;
	case PAGE_POLICY: show_policy(rs, page); break;
	case PAGE_POLICY_TEST: policy_test(rs, page); break;
	case PAGE_EXCHANGE: show_exchange(rs, page); break;
	case PAGE_PLAN: plan_page(rs, page); break;
	case PAGE_EXCHANGE_SET:
	case PAGE_RELOAD: exchange_wait_begin(rs, page); return false;
	default: peer_page(rs, page);
	}
	return true;
}
