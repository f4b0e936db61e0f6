/* Rows as JSON: one function a row type. Building cannot fail but for memory, and then jansson
 * passes NULL through: the object lacks a field or is NULL itself, which the caller sees. */
#include "format.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "aspath.h"
#include "attrs.h"
#include "cursor.h"
#include "decide.h"
#include "route_map.h"
#include "events.h"
#include "format_plan.h"
#include "partner.h"
#include "rows.h"

static const char *const profile_names[] = { [PROFILE_OPEN] = "open", [PROFILE_AZURE] = "azure" };
static const char *const nva_names[] = { [NVA_TO_NVA_EXCHANGE] = "exchange",
					 [NVA_TO_NVA_ALWAYS] = "always",
					 [NVA_TO_NVA_NEVER] = "never" };
static const char *const preference_names[] = { [PREFERENCE_EXPRESSROUTE] = "expressroute",
						[PREFERENCE_VPN] = "vpn",
						[PREFERENCE_AS_PATH] = "as_path" };

static void set_text(json_t *o, const char *key, const char *text)
{
	json_object_set_new(o, key, json_string(text));
}

static void set_bool(json_t *o, const char *key, bool value)
{
	json_object_set_new(o, key, json_boolean(value));
}

static void set_number(json_t *o, const char *key, uint64_t value)
{
	json_object_set_new(o, key, json_integer((json_int_t)value));
}

static void set_addr(json_t *o, const char *key, uint32_t addr)
{
	char text[ADDR_TEXT];

	set_text(o, key, addr_text(addr, text));
}

static void set_prefix(json_t *o, struct prefix prefix)
{
	char text[PREFIX_TEXT];

	set_text(o, "prefix", prefix_text(prefix, text));
}

json_t *format_roles(uint8_t bits)
{
	json_t *list = json_array();

	for (int role = 0; role < ROLE_COUNT; role++)
		if (bits >> role & 1)
			json_array_append_new(list, json_string(role_name((enum role)role)));
	return list;
}

/* --- summary, exchange ------------------------------------------------------------------------ */

static json_t *format_alarms(const struct alarms *alarms)
{
	json_t *list = json_array();

	for (uint16_t i = 0; i < alarms->n; i++) {
		const struct alarm *alarm = &alarms->alarm[i];
		json_t *o = json_object();

		set_text(o, "kind", alarm->kind);
		if (alarm->peer[0])
			set_text(o, "peer", alarm->peer);
		set_text(o, "text", alarm->text);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *format_fib_stats(const struct row_summary *row)
{
	json_t *o = json_object(), *views = json_array();

	set_number(o, "generation", row->generation);
	set_number(o, "published", row->published);
	set_number(o, "path_lists", row->fib.path_lists);
	set_number(o, "adjacencies", row->fib.adjacencies);
	set_number(o, "changes", row->fib.changes);
	set_number(o, "refused", row->fib_refused);
	set_number(o, "unprotected", row->fib_unprotected);
	for (int role = 0; role < ROLE_COUNT; role++) {
		json_t *view;

		if (!(row->views >> role & 1))
			continue;
		view = json_object();
		set_text(view, "view", role_name((enum role)role));
		set_number(view, "routes", row->fib.routes[role]);
		set_number(view, "tbl8_used", row->fib.tbl8_used[role]);
		set_number(view, "tbl8_groups", row->fib.tbl8_groups);
		json_array_append_new(views, view);
	}
	json_object_set_new(o, "views", views);
	return o;
}

static json_t *format_summary_partner(const struct row_summary_partner *row)
{
	json_t *o = json_object();
	char path[PATH_MAX];

	set_text(o, "socket", config_partner_path(row->partner, path, sizeof(path)));
	set_text(o, "instance", row->instance);
	set_bool(o, "answers", !row->error[0]);
	set_text(o, "error", row->error);
	return o;
}

static json_t *format_turns(const struct row_turns *row)
{
	json_t *o = json_object();

	json_object_set_new(o, "recent_us", json_real((double)row->recent_ns / 1e3));
	set_text(o, "recent_part", row->recent_part ? row->recent_part : "");
	json_object_set_new(o, "recent_part_us", json_real((double)row->recent_part_ns / 1e3));
	json_object_set_new(o, "longest_us", json_real((double)row->longest_ns / 1e3));
	set_text(o, "longest_part", row->longest_part ? row->longest_part : "");
	json_object_set_new(o, "longest_part_us", json_real((double)row->longest_part_ns / 1e3));
	set_number(o, "over", row->over);
	json_object_set_new(o, "own_us", json_real((double)row->own_ns / 1e3));
	set_text(o, "own_part", row->own_part ? row->own_part : "");
	json_object_set_new(o, "own_part_us", json_real((double)row->own_part_ns / 1e3));
	set_number(o, "own_over", row->own_over);
	return o;
}

static json_t *format_summary(const struct row_summary *row)
{
	json_t *o = json_object();

	set_text(o, "instance", row->instance);
	set_number(o, "asn", row->asn);
	set_addr(o, "router_id", row->router_id);
	set_text(o, "profile", profile_names[row->profile]);
	set_text(o, "version", BASCULE_VERSION);
	set_number(o, "pid", (uint64_t)getpid());
	set_number(o, "uptime_s", row->uptime_s);
	set_bool(o, "settled", row->settled);
	set_bool(o, "restarting", row->restarting);
	set_number(o, "restart_left_s", row->restart_left_s);
	set_bool(o, "exchange", row->exchange);
	set_text(o, "nva_to_nva", nva_names[row->nva_to_nva]);
	set_text(o, "routing_preference", preference_names[row->preference]);
	set_bool(o, "platform_communities", row->platform_communities);
	set_number(o, "peers", row->peers);
	set_number(o, "peers_up", row->peers_up);
	set_number(o, "routes", row->routes);
	set_number(o, "paths", row->paths);
	set_number(o, "attribute_sets", row->attribute_sets);
	set_number(o, "memory_bytes", row->memory_bytes);
	set_number(o, "rx_updates", row->updates);
	if (row->partner.partner[0])
		json_object_set_new(o, "partner", format_summary_partner(&row->partner));
	json_object_set_new(o, "fib", format_fib_stats(row));
	json_object_set_new(o, "turns",
			    json_pack("{s:o, s:o}", "rib", format_turns(&row->rib), "sessions",
				      format_turns(&row->sessions)));
	json_object_set_new(o, "alarms", format_alarms(&row->alarms));
	set_number(o, "alarms_left", row->alarms.left);
	return o;
}

static json_t *format_exchange(const struct row_exchange *row)
{
	json_t *o = json_object(), *gate = json_array();

	set_bool(o, "enabled", row->enabled);
	set_text(o, "nva_to_nva", nva_names[row->nva_to_nva]);
	for (int in = 0; in < ROLE_COUNT; in++)
		for (int out = 0; out < ROLE_COUNT; out++) {
			json_t *pair = json_object();

			set_text(pair, "ingress", role_name((enum role)in));
			set_text(pair, "egress", role_name((enum role)out));
			set_bool(pair, "open", fib_gate_open(row->gate, (uint8_t)in, (uint8_t)out));
			json_array_append_new(gate, pair);
		}
	json_object_set_new(o, "gate", gate);
	return o;
}

static json_t *format_switched(const struct row_switched *row)
{
	json_t *o = json_object();

	set_bool(o, "enabled", row->enabled);
	set_bool(o, "changed", row->changed);
	if (row->warning[0])
		set_text(o, "warning", row->warning);
	return o;
}

static json_t *format_reset(const struct row_reset *row)
{
	json_t *o = json_object();

	set_bool(o, "closed", row->closed);
	set_text(o, "state", session_state_name((enum session_state)row->state));
	if (row->reason[0])
		set_text(o, "reason", row->reason);
	return o;
}

/* --- peers ------------------------------------------------------------------------------------ */

static json_t *format_caps(uint16_t caps)
{
	static const struct {
		uint16_t bit;
		const char *name;
	} names[] = {
		{ SPEAKER_CAP_MP_IPV4, "ipv4-unicast" },
		{ SPEAKER_CAP_REFRESH, "route-refresh" },
		{ SPEAKER_CAP_AS4, "as4" },
		{ SPEAKER_CAP_GR, "graceful-restart" },
		{ SPEAKER_CAP_GR_RESTARTING, "restarting" },
		{ SPEAKER_CAP_GR_FORWARDING, "forwarding-kept" },
	};
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (caps & names[i].bit)
			json_array_append_new(list, json_string(names[i].name));
	return list;
}

/* 64 bits are more than a JSON reader need keep of a number. */
static void set_digest(json_t *o, uint64_t digest)
{
	char text[20];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)digest);
	set_text(o, "digest", text);
}

static json_t *format_peer(const struct row_peer *row)
{
	json_t *o = json_object();
	char text[PREFIX_TEXT];

	set_text(o, "instance", row->instance);
	set_text(o, "name", row->name);
	set_text(o, "role", role_name((enum role)row->role));
	if (row->gateway[0])
		set_text(o, "gateway", row->gateway);
	if (row->addr)
		set_addr(o, "address", row->addr);
	else
		set_text(o, "address", "");
	if (row->subnet.len)
		set_text(o, "subnet", prefix_text(row->subnet, text));
	set_number(o, "asn", row->asn);
	set_text(o, "state", session_state_name((enum session_state)row->state));
	set_number(o, "state_s", row->state_s);
	set_bool(o, "supported", !row->held);
	set_number(o, "learned", row->learned);
	set_number(o, "max_routes", row->max_routes);
	set_bool(o, "complete", row->complete);
	set_digest(o, row->digest);
	set_number(o, "unusable", row->unusable);
	set_number(o, "reflections", row->reflections);
	set_number(o, "advertised", row->advertised);
	set_text(o, "last_error", row->reason);
	return o;
}

static void set_session(json_t *o, const struct row_peer *row)
{
	set_addr(o, "router_id", row->router_id);
	set_addr(o, "local_address", row->local_addr);
	set_number(o, "hold_s", row->hold_s);
	set_number(o, "keepalive_s", row->keepalive_s);
	set_number(o, "restart_s", row->restart_s);
	json_object_set_new(o, "capabilities", format_caps(row->caps));
}

static void set_counters(json_t *o, const struct row_peer *row)
{
	const struct session_stats *s = &row->stats;

	set_number(o, "established", s->established);
	set_number(o, "rx_messages", s->rx_messages);
	set_number(o, "tx_messages", s->tx_messages);
	set_number(o, "rx_updates", s->rx_updates);
	set_number(o, "tx_updates", s->tx_updates);
	set_number(o, "rx_bytes", s->rx_bytes);
	set_number(o, "tx_bytes", s->tx_bytes);
	set_number(o, "tx_queued_bytes", s->tx_queued);
	set_bool(o, "lagging", row->lagging);
	set_number(o, "stale", row->stale);
	set_number(o, "attr_discard", s->attr_discard);
	set_number(o, "treat_as_withdraw", s->treat_as_withdraw);
	set_number(o, "martians", s->martians);
	set_number(o, "attr_stripped", s->attr_stripped);
	set_number(o, "attr_dropped", s->attr_dropped);
	set_number(o, "attr_stripped_out", row->stripped_out);
	set_number(o, "attr_dropped_out", row->dropped_out);
	set_number(o, "as_zero", s->as_zero);
	set_number(o, "as_loop", s->loops[SPEAKER_LOOP_AS]);
	set_number(o, "originator_loop", s->loops[SPEAKER_LOOP_ORIGINATOR]);
	set_number(o, "cluster_loop", s->loops[SPEAKER_LOOP_CLUSTER]);
	set_number(o, "bow_tie", row->refused[IMPORT_BOW_TIE]);
	set_number(o, "own_subnet", row->refused[IMPORT_OWN_SUBNET]);
	set_number(o, "as_set", row->refused[IMPORT_AS_SET]);
	set_number(o, "empty_path", row->refused[IMPORT_EMPTY_PATH]);
	set_number(o, "first_as", row->refused[IMPORT_FIRST_AS]);
	set_number(o, "over_limit", row->over_limit);
	set_number(o, "no_memory", row->no_memory);
	set_number(o, "too_long_to_announce", row->unexportable);
	set_number(o, "changes", row->changes);
	set_number(o, "flapping", row->flapping);
	set_number(o, "flap_held", row->flap_held);
}

/* Absent if there is nothing to say. */
static void set_by_route(json_t *o, const struct row_by_route *row)
{
	json_t *by, *next_hops;
	char text[ADDR_TEXT];

	if (!row->n)
		return;
	by = json_object();
	next_hops = json_array();
	set_prefix(by, row->prefix);
	set_text(by, "peer", row->peer);
	for (uint16_t i = 0; i < row->n; i++)
		json_array_append_new(next_hops, json_string(addr_text(row->next_hop[i], text)));
	json_object_set_new(by, "next_hops", next_hops);
	json_object_set_new(o, "by_route", by);
}

static json_t *format_peer_detail(const struct row_peer *row)
{
	json_t *o = format_peer(row);

	set_bool(o, "ibgp", row->ibgp);
	set_bool(o, "passive", row->passive);
	set_bool(o, "multihop", row->multihop);
	set_bool(o, "md5", row->md5);
	set_text(o, "next_hop", row->unchanged ? "unchanged" : "self");
	set_bool(o, "remove_private_as", row->remove_private_as);
	set_bool(o, "as_override", row->as_override);
	set_bool(o, "allow_as_set", row->allow_as_set);
	set_bool(o, "enforce_first_as", row->enforce_first_as);
	set_bool(o, "announce_vnets", row->announce_vnets);
	set_bool(o, "backup_paths", row->backup_paths);
	set_text(o, "port", row->port);
	if (row->behind)
		set_bool(o, "behind", true);
	set_by_route(o, &row->by_route);
	if (row->up)
		set_session(o, row);
	set_counters(o, row);
	return o;
}

static json_t *format_partner(const struct partner_peer *peer)
{
	static const char *const verdicts[] = {
		[PARTNER_SAME] = "same",
		[PARTNER_UP_HERE] = "up here only",
		[PARTNER_UP_THERE] = "up there only",
		[PARTNER_ROUTES] = "other routes",
	};
	json_t *o = json_object();

	set_addr(o, "address", peer->addr);
	if (peer->here.name[0]) {
		set_text(o, "name", peer->here.name);
		set_text(o, "state", peer->here.state);
		set_number(o, "learned", peer->here.learned);
	}
	if (peer->there.name[0]) {
		set_text(o, "name_there", peer->there.name);
		set_text(o, "state_there", peer->there.state);
		set_number(o, "learned_there", peer->there.learned);
	}
	set_text(o, "verdict", verdicts[peer->verdict]);
	set_bool(o, "alarm", peer->condition.stands);
	return o;
}

/* --- routes ----------------------------------------------------------------------------------- */

static json_t *format_communities(const struct attr_view *attr)
{
	json_t *list = json_array();
	char text[16];

	for (uint16_t at = 0; at + 4 <= attr->len; at += 4) {
		snprintf(text, sizeof(text), "%u:%u", load_be16(attr->body + at),
			 load_be16(attr->body + at + 2));
		json_array_append_new(list, json_string(text));
	}
	return list;
}

static void set_attrs(json_t *o, const uint8_t *attrs, uint16_t len, uint32_t local_pref)
{
	static const char *const origins[] = { "igp", "egp", "incomplete" };
	struct attr_view attr = { 0 };
	char path[2048];

	path[0] = '\0';
	if (attr_find(attrs, len, ATTR_AS_PATH, &attr))
		aspath_text(attr.body, attr.len, path, sizeof(path));
	set_text(o, "as_path", path);
	if (attr_find(attrs, len, ATTR_ORIGIN, &attr) && attr.body[0] <= ORIGIN_INCOMPLETE)
		set_text(o, "origin", origins[attr.body[0]]);
	set_number(o, "local_pref", local_pref);
	if (attr_find(attrs, len, ATTR_MED, &attr))
		set_number(o, "med", load_be32(attr.body));
	if (!attr_find(attrs, len, ATTR_COMMUNITIES, &attr))
		attr.len = 0;
	json_object_set_new(o, "communities", format_communities(&attr));
}

/* Names of peers, of as many as there is room for; `nb` in all. Returns what is behind them. */
static const char *set_peers(json_t *o, const char *key, const char *more, uint16_t nb,
			     const char *names)
{
	uint16_t n = row_route_names(nb);
	json_t *list = json_array();

	for (uint16_t i = 0; i < n; i++, names += CONFIG_NAME)
		json_array_append_new(list, json_string(names));
	if (nb)
		json_object_set(o, key, list);
	if (nb > n)
		set_number(o, more, nb - n);
	json_decref(list);
	return names;
}

static void set_backups(json_t *o, const struct row_route *row)
{
	const char *names = (const char *)row->attrs + row->attrs_len;

	names = set_peers(o, "backup_to", "backup_to_more", row->backup_to, names);
	set_peers(o, "hidden_from", "hidden_from_more", row->hidden_from, names);
}

static json_t *format_route(const struct row_route *row)
{
	static const char *const sources[] = {
		[SOURCE_EBGP] = "ebgp", [SOURCE_IBGP] = "ibgp", [SOURCE_LOCAL] = "local"
	};
	json_t *o = json_object();

	set_prefix(o, row->prefix);
	set_bool(o, "best", row->flags & ROUTE_BEST);
	set_bool(o, "ecmp", row->flags & ROUTE_ECMP);
	set_text(o, "peer", row->peer);
	if (row->peer_addr)
		set_addr(o, "peer_address", row->peer_addr);
	if (row->local_addr)
		set_addr(o, "local_address", row->local_addr);
	set_text(o, "source", sources[row->source]);
	if (!(row->flags & ROUTE_SUMMARY))
		set_text(o, "role", role_name((enum role)row->role));
	set_addr(o, "next_hop", row->next_hop);
	set_by_route(o, &row->by_route);
	set_attrs(o, row->attrs, row->attrs_len, row->local_pref);
	if (row->flags & ROUTE_RECEIVED)
		set_text(o, "policy", route_map_verdict_name((enum route_map_verdict)row->policy));
	else if (!(row->flags & ROUTE_SENT))
		set_text(o, "reason", decide_reason_name((enum decide_reason)row->reason));
	set_bool(o, "usable", row->flags & ROUTE_USABLE);
	if (row->unusable[0])
		set_text(o, "unusable_reason", row->unusable);
	if (row->flags & ROUTE_STALE)
		set_bool(o, "stale", true);
	if (row->flags & ROUTE_DAMPED)
		set_bool(o, "damped", true);
	if (row->flags & ROUTE_HELD)
		set_text(o, "held", row->pending);
	if (!(row->flags & (ROUTE_RECEIVED | ROUTE_SUMMARY)))
		set_number(o, "age_s", row->age_s);
	if (!(row->flags & (ROUTE_SENT | ROUTE_RECEIVED)))
		json_object_set_new(o, "views", format_roles(row->views));
	if (row->refused)
		json_object_set_new(o, "refused", format_roles(row->refused));
	if (row->flags & ROUTE_BACKUP)
		set_bool(o, "backup", true);
	set_backups(o, row);
	return o;
}

static json_t *format_rule(const struct row_rule *row)
{
	json_t *o = json_object();

	set_text(o, "map", row->map);
	set_text(o, "rule", row->rule);
	set_number(o, "hits", row->hits);
	set_number(o, "inbound_peers", row->inbound);
	set_number(o, "outbound_peers", row->outbound);
	return o;
}

static json_t *format_tested_route(const struct row_policy_route *route, const uint8_t *attrs)
{
	json_t *o = json_object();
	struct attr_view next_hop;

	set_prefix(o, route->prefix);
	if (attr_find(attrs, route->attrs_len, ATTR_NEXT_HOP, &next_hop))
		set_addr(o, "next_hop", load_be32(next_hop.body));
	set_attrs(o, attrs, route->attrs_len, route->local_pref);
	return o;
}

static json_t *format_policy_test(const struct row_policy_test *row)
{
	json_t *o = json_object(), *rules = json_array();

	set_text(o, "peer", row->peer);
	set_text(o, "direction", row->outbound ? "out" : "in");
	set_text(o, "map", row->map);
	set_bool(o, "hypothetical", row->hypothetical);
	set_text(o, "verdict", route_map_verdict_name((enum route_map_verdict)row->verdict));
	if (row->note[0])
		set_text(o, "note", row->note);
	for (uint8_t i = 0; i < row->nb_rules; i++) {
		const struct row_policy_step *step = &row->step[i];
		json_t *rule = json_object();

		set_text(rule, "rule", step->rule);
		set_text(rule, "outcome", route_map_step_name((enum route_map_step)step->step));
		set_text(rule, "action", step->action);
		set_text(rule, "next", step->terminate ? "terminate" : "continue");
		json_array_append_new(rules, rule);
	}
	json_object_set_new(o, "rules", rules);
	json_object_set_new(o, "before", format_tested_route(&row->before, row->attrs));
	if (row->after.attrs_len)
		json_object_set_new(
			o, "after",
			format_tested_route(&row->after, row->attrs + row->before.attrs_len));
	return o;
}

static json_t *format_next_hops(const struct row_fib_next_hop *list, uint16_t n)
{
	static const char *const actions[] = {
		[ADJACENCY_DROP] = "drop",
		[ADJACENCY_LOCAL] = "local",
		[ADJACENCY_GLEAN] = "on link",
		[ADJACENCY_FORWARD] = "resolved",
		[ADJACENCY_UNRESOLVED] = "unresolved",
		[ADJACENCY_BROADCAST] = "broadcast",
	};
	json_t *array = json_array();

	for (uint16_t i = 0; i < n; i++) {
		const struct row_fib_next_hop *nh = &list[i];
		json_t *item = json_object();

		if (nh->gateway)
			set_addr(item, "gateway", nh->gateway);
		else
			set_text(item, "gateway", "");
		set_text(item, "port", nh->port);
		set_text(item, "state",
			 nh->action <= ADJACENCY_BROADCAST ? actions[nh->action] : "unknown");
		json_array_append_new(array, item);
	}
	return array;
}

static json_t *format_fib(const struct row_fib *row)
{
	json_t *o = json_object();

	set_prefix(o, row->prefix);
	json_object_set_new(o, "next_hops", format_next_hops(row->next_hop, row->nb_next_hops));
	json_object_set_new(o, "backup",
			    format_next_hops(row->next_hop + row->nb_next_hops, row->nb_backup));
	return o;
}

/* --- reload ----------------------------------------------------------------------------------- */

static const char *set_names(json_t *o, const char *key, const char *names, uint16_t n)
{
	json_t *list = json_array();

	for (uint16_t i = 0; i < n; i++) {
		json_array_append_new(list, json_string(names));
		names += strlen(names) + 1;
	}
	json_object_set_new(o, key, list);
	return names;
}

static json_t *format_reload(const struct row_reload *row, const struct config_report *report)
{
	json_t *o = json_object(), *warnings = json_array();
	const char *at = set_names(o, "added", row->names, row->nb_added);

	at = set_names(o, "removed", at, row->nb_removed);
	set_names(o, "changed", at, row->nb_changed);
	set_bool(o, "vnet_changed", row->vnet_changed);
	set_bool(o, "exchange_changed", row->exchange_changed);
	for (size_t i = 0; report && i < report->nb_warnings; i++)
		json_array_append_new(warnings, json_string(report->warnings[i]));
	if (row->warning[0])
		json_array_append_new(warnings, json_string(row->warning));
	json_object_set_new(o, "warnings", warnings);
	return o;
}

/* --- events ----------------------------------------------------------------------------------- */

static void set_time(json_t *o, const char *key, uint64_t time_ms)
{
	time_t seconds = (time_t)(time_ms / 1000);
	char text[64];
	struct tm tm;
	size_t len;

	gmtime_r(&seconds, &tm);
	len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + len, sizeof(text) - len, ".%03uZ", (unsigned int)(time_ms % 1000));
	set_text(o, key, text);
}

static json_t *format_event(const struct event *event)
{
	json_t *o = json_object();

	set_number(o, "number", event->number);
	set_time(o, "time", event->time_ms);
	set_text(o, "kind", event_kind_name((enum event_kind)event->kind));
	if (event->peer[0])
		set_text(o, "peer", event->peer);
	set_text(o, "text", event->text);
	set_number(o, "more", event->more);
	return o;
}

json_t *format_row(uint16_t type, const void *row, const struct config_report *warnings)
{
	switch ((enum row_type)type) {
	case ROW_SUMMARY: return format_summary(row);
	case ROW_PEER: return format_peer(row);
	case ROW_PEER_DETAIL: return format_peer_detail(row);
	case ROW_ROUTE: return format_route(row);
	case ROW_FIB: return format_fib(row);
	case ROW_EXCHANGE: return format_exchange(row);
	case ROW_SWITCHED: return format_switched(row);
	case ROW_RESET: return format_reset(row);
	case ROW_RELOAD: return format_reload(row, warnings);
	case ROW_RULE: return format_rule(row);
	case ROW_PARTNER: return format_partner(row);
	case ROW_EVENT: return format_event(row);
	case ROW_POLICY_TEST: return format_policy_test(row);
	default: return format_plan_row(type, row);
	}
}
