/* A test is a route, put together as the map would see it, and a run that keeps its trace. Inbound
 * the map sees what the peer said; outbound, what the route has become by export. */
#include "policy_test.h"

#include <stdio.h>
#include <string.h>

#include "announcement.h"
#include "aspath.h"
#include "cursor.h"
#include "import.h"
#include "peers.h"
#include "route_server.h"
#include "rows.h"
#include "update_group.h"
#include "updates.h"

/* What is put through which map. */
struct trial {
	struct routes *routes;	   /* borrowed: the route's family's */
	struct update_group group; /* outbound: what the peer's announcements are made by */
	struct route_map *map;	   /* borrowed; NULL: none */
	struct route_map_side side;
	struct route_map_route route; /* its wire is `wire` */
	uint8_t wire[BGP_MESSAGE_MAX];
	struct route_map_result result;
	bool backup; /* outbound: it loses to a route of the peer's own */
};

static bool set_wire(struct trial *trial, const uint8_t *wire, size_t len)
{
	if (!len || len > sizeof(trial->wire))
		return false;
	memcpy(trial->wire, wire, len);
	trial->route.wire = trial->wire;
	trial->route.len = (uint16_t)len;
	return true;
}

/* --- a route that is described ---------------------------------------------------------------- */

static void put_u32s(struct attr_writer *w, uint8_t flags, uint8_t code, const uint32_t *values,
		     uint8_t n)
{
	uint8_t *body = attr_put(w, flags, code, NULL, 4u * n);

	for (uint8_t i = 0; body && i < n; i++)
		store_be32(body + 4 * i, values[i]);
}

/* Without a path, that of a route of the peer's own: its AS alone, or nothing from a gateway of our
 * AS. */
static void put_path(struct attr_writer *w, const struct page_route *route, uint32_t asn)
{
	uint8_t n = route->has_path ? route->nb_path : asn != 0;
	uint8_t *body = attr_put(w, ATTR_F_TRANSITIVE, ATTR_AS_PATH, NULL, n ? 2 + 4u * n : 0);

	if (!body || !n)
		return;
	body[0] = AS_SEQUENCE;
	body[1] = n;
	for (uint8_t i = 0; i < n; i++)
		store_be32(body + 2 + 4 * i, route->has_path ? route->path[i] : asn);
}

/* In canonical form, as if just received from a neighbour of that next hop and AS number (0: ours).
 * Returns the length. */
static uint16_t describe(const struct page_route *route, const struct export_next_hop *hop,
			 uint32_t asn, uint8_t *out, size_t size)
{
	struct attr_writer w = { .buf = out, .size = size };

	attr_put(&w, ATTR_F_TRANSITIVE, ATTR_ORIGIN, &route->origin, 1);
	put_path(&w, route, asn);
	attr_put(&w, ATTR_F_TRANSITIVE, ATTR_NEXT_HOP, hop->octets, hop->len);
	if (route->has_med)
		put_u32s(&w, ATTR_F_OPTIONAL, ATTR_MED, &route->med, 1);
	if (route->nb_communities)
		put_u32s(&w, ATTR_F_OPTIONAL | ATTR_F_TRANSITIVE, ATTR_COMMUNITIES,
			 route->communities, route->nb_communities);
	return (uint16_t)w.len;
}

/* --- inbound ---------------------------------------------------------------------------------- */

/* Why a route would be dropped before any map is asked. */
static void note_refused(const struct route_server *rs, const struct peer *peer,
			 const struct trial *trial, char note[PAGE_TEXT])
{
	const uint32_t own = rs->config->instance.asn;
	const struct import_rule rule = rs_import_rule(rs, peer);
	enum import_verdict verdict;
	struct attr_keys keys;
	struct attr_view path;

	attr_keys_parse(trial->wire, trial->route.len, &keys);
	verdict = import_check(&rule, &keys);
	if (verdict != IMPORT_ACCEPT)
		snprintf(note, PAGE_TEXT, "%s: dropped before any map",
			 import_verdict_why(verdict));
	if (attr_find(trial->wire, trial->route.len, ATTR_AS_PATH, &path) &&
	    aspath_contains(path.body, path.len, own))
		snprintf(note, PAGE_TEXT, "our AS is in its AS path: dropped before any map");
}

/* Would what the map makes of a route be what we announce to the peer, come back? */
static void note_reflection(const struct routes *routes, const struct peer *peer,
			    const struct route_map_result *result, char note[PAGE_TEXT])
{
	uint32_t node = rib_find(routes->rib, result->prefix);
	const struct path *reflected = NULL;

	if (node != RIB_NONE && result->verdict <= ROUTE_MAP_CHANGED)
		reflected = rib_would_reflect(routes->rib, node, peer->index, result->wire,
					      result->len);
	if (reflected)
		snprintf(note, PAGE_TEXT,
			 "not used: a reflection of the path of %s, which we announce to it",
			 routes->rs->peers.table[reflected->peer].config.name);
}

/* The peer as next hop: by its session's address, or else by what its routes have told
 * (inbound.h); unspecified: that is not known. */
static struct export_next_hop next_hop_of(const struct peer *peer, uint8_t family)
{
	const struct route_map_side *side = &peer->routes[family].inbound.side;
	struct export_next_hop hop =
		export_next_hop_make((struct addr){ .family = (uint8_t)family });
	struct attr_view said;

	if (peer->config.addr.family == family)
		return export_next_hop_make(peer->config.addr);
	if (side->summary_len &&
	    attr_find(side->summary, side->summary_len, ATTR_NEXT_HOP, &said) &&
	    said.len >= hop.len && said.len <= sizeof(hop.octets)) {
		memcpy(hop.octets, said.body, said.len);
		hop.len = (uint8_t)said.len;
	}
	return hop;
}

static bool inbound_trial(struct route_server *rs, struct page *page, const struct peer *peer,
			  struct trial *trial)
{
	uint32_t asn = peer->config.asn == rs->config->instance.asn ? 0 : peer->config.asn;
	const uint8_t family = page->prefix.addr.family;
	const struct inbound *in = &peer->routes[family].inbound;
	const struct attrs *attrs = inbound_said(in, page->prefix);

	trial->map = maps_find(&rs->maps, peer->config.inbound_map);
	trial->side = in->side;
	if (page->route.given) {
		const struct export_next_hop hop = next_hop_of(peer, family);

		trial->route.len =
			describe(&page->route, &hop, asn, trial->wire, sizeof(trial->wire));
		trial->route.wire = trial->wire;
		return true;
	}
	if (attrs && set_wire(trial, attrs->wire, attrs->len))
		return true;
	page_error(page, "%s has announced no route for this prefix", peer->config.name);
	page_hint(page, "describe one: --as-path, --communities, --origin, --med");
	return false;
}

/* --- outbound --------------------------------------------------------------------------------- */

/* A branch's route, or a VNet's if the prefix is one, as export would write it. */
static void outbound_described(const struct page *page, struct trial *trial)
{
	const struct export_rule *rule = &trial->group.rule;
	struct attr_writer w = { .buf = trial->wire, .size = sizeof(trial->wire) };
	struct export_source source = { .role = trial->route.vnet ? ROLE_VNET : ROLE_NVA };
	uint8_t wire[1024];
	uint16_t len = describe(&page->route, &rule->next_hop, 0, wire, sizeof(wire));

	export_attrs(rule, &source, wire, len, &w);
	trial->route.wire = trial->wire;
	trial->route.len = (uint16_t)w.len;
}

static const char summary_stands[] = "a summary is announced under this prefix instead";

/* Why there is no path that the peer learns. */
static void say_none(struct page *page, const struct peer *peer, const struct receiver *receiver,
		     const struct path *hidden)
{
	bool summary = summaries_stand(receiver, page->prefix);

	if (!receiver->group)
		page_error(page, "%s is not up: nothing is announced to it", peer->config.name);
	else if (hidden)
		page_error(page,
			   "the route for this prefix loses to one of %s itself, and it has no "
			   "backup_paths",
			   peer->config.name);
	else
		page_error(page, "there is no route for this prefix to announce to %s%s%s",
			   peer->config.name, summary ? "; " : "", summary ? summary_stands : "");
	page_hint(page, "describe one: --as-path, --communities, --origin, --med");
}

/* The path that the peer learns, or would learn but for its map. NULL: the page says why there is
 * none. */
static const struct path *outbound_path(const struct routes *routes, struct page *page,
					const struct peer *peer, bool *backup)
{
	const struct receiver *receiver = &peer->out.to[routes->family];
	const struct path *path = NULL, *hidden = NULL;
	uint32_t node = rib_find(routes->rib, page->prefix);

	if (receiver->group && node != RIB_NONE) {
		path = group_advertised(receiver->group->group, peer->index, node, backup);
		hidden = group_hidden(receiver->group->group, peer->index, node);
	}
	if (!path)
		say_none(page, peer, receiver, hidden);
	return path;
}

static bool outbound_trial(struct route_server *rs, struct page *page, const struct peer *peer,
			   struct trial *trial)
{
	const struct routes *routes = trial->routes;
	const struct path *path;
	bool backup;

	trial->group = update_group_of(&routes->adj_out, &peer->out.to[routes->family]);
	trial->map = trial->group.map;
	trial->side = update_group_side(&trial->group);
	if (page->route.given) {
		trial->route.vnet = config_vnet_find(rs->config, page->prefix);
		outbound_described(page, trial);
		return true;
	}
	path = outbound_path(routes, page, peer, &backup);
	if (!path)
		return false;
	trial->route.vnet = rib_source(routes->rib, path->peer)->role == ROLE_VNET;
	trial->route.wire = trial->wire;
	trial->route.len = (uint16_t)announcement_export(&trial->group, routes->rib, path->attrs,
							 path->peer, backup, trial->wire);
	trial->backup = backup;
	if (!trial->route.len)
		page_error(page, "its attributes fit no message: it is not announced");
	return trial->route.len;
}

/* --- the run ---------------------------------------------------------------------------------- */

static const char *action_name(const struct map_rule *rule)
{
	if (rule->drop)
		return "drop";
	return rule->has_prefix_replace ? "summarise" : "change";
}

static void run(struct trial *trial)
{
	struct route_map_result *r = &trial->result;

	if (trial->map) {
		route_map_run(trial->map, &trial->side, &trial->route, false, r);
		return;
	}
	r->verdict = ROUTE_MAP_UNCHANGED;
	r->prefix = trial->route.prefix;
	r->wire = trial->route.wire;
	r->len = trial->route.len;
	r->local_pref = LOCAL_PREF_DEFAULT;
}

static void add_steps(const struct trial *trial, struct row_policy_test *row)
{
	snprintf(row->map, sizeof(row->map), "%s", route_map_name(trial->map));
	row->nb_rules = (uint8_t)route_map_nb_rules(trial->map);
	for (uint8_t i = 0; i < row->nb_rules; i++) {
		const struct map_rule *rule = route_map_rule(trial->map, i);
		struct row_policy_step *step = &row->step[i];

		snprintf(step->rule, sizeof(step->rule), "%s", rule->name);
		step->step = trial->result.steps[i];
		step->action = action_name(rule);
		step->terminate = rule->terminate;
	}
}

static struct row_policy_route route_row(const struct peer *peer, struct prefix prefix,
					 const uint8_t *wire, uint16_t len, uint32_t local_pref)
{
	struct row_policy_route row = { .prefix = prefix,
					.local_pref = local_pref,
					.attrs_len = len };
	const struct scoped_addr hop = attr_next_hop(wire, len, peer->zone);

	next_hop_text(peer->rs->config, &hop, row.next_hop);
	return row;
}

static void add_row(const struct route_server *rs, struct page *page, const struct peer *peer,
		    const struct trial *trial)
{
	const struct route_map_result *r = &trial->result;
	bool passes = r->verdict <= ROUTE_MAP_SUMMARISED;
	uint16_t after = passes ? r->len : 0;
	struct row_policy_test *row =
		page_add(page, ROW_POLICY_TEST, sizeof(*row) + trial->route.len + after);

	snprintf(row->peer, sizeof(row->peer), "%s", peer->config.name);
	row->outbound = page->outbound;
	row->hypothetical = page->route.given;
	row->verdict = (uint8_t)r->verdict;
	row->before = route_row(peer, trial->route.prefix, trial->wire, trial->route.len,
				LOCAL_PREF_DEFAULT);
	if (passes)
		row->after = route_row(peer, r->prefix, r->wire, after, r->local_pref);
	memcpy(row->attrs, trial->wire, trial->route.len);
	memcpy(row->attrs + trial->route.len, r->wire, after);
	if (trial->map)
		add_steps(trial, row);
	if (!page->outbound) {
		note_reflection(trial->routes, peer, r, row->note);
		note_refused(rs, peer, trial, row->note);
	} else if (summaries_stand(&peer->out.to[trial->routes->family], page->prefix))
		snprintf(row->note, sizeof(row->note), "%s", summary_stands);
	else if (trial->backup)
		snprintf(row->note, sizeof(row->note),
			 "announced as a backup: a route of its own is as good, or better");
}

void policy_test(struct route_server *rs, struct page *page)
{
	static struct trial trial; /* one thread; 20 KiB that no stack needs to hold */
	const struct peer *peer = peer_find(&rs->peers, page->peer);

	if (!peer) {
		page_error(page, "there is no peer \"%s\"", page->peer);
		page_hint(page, "bascule show peers");
		return;
	}
	if (!(peer->config.families & family_bit(page->prefix.addr.family))) {
		page_error(page, "%s and we tell each other no routes of %s", peer->config.name,
			   family_title(page->prefix.addr.family));
		page_hint(page, "what the configuration says of its families");
		return;
	}
	trial.routes = &rs->routes[page->prefix.addr.family];
	trial.route = (struct route_map_route){ .prefix = page->prefix };
	trial.backup = false;
	if (page->outbound ? !outbound_trial(rs, page, peer, &trial)
			   : !inbound_trial(rs, page, peer, &trial))
		return;
	run(&trial);
	add_row(rs, page, peer, &trial);
}
