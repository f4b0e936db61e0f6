/* Rows about routes as JSON, and about what packets follow because of them. */
#include "format_rows.h"

#include <stdio.h>

#include "aspath.h"
#include "attrs.h"
#include "cursor.h"
#include "decide.h"
#include "fields.h"
#include "role.h"
#include "route_map.h"

/* Absent if there is nothing to say. */
void format_by_route(json_t *o, const struct row_by_route *row)
{
	json_t *by, *next_hops;

	if (!row->n)
		return;
	by = json_object();
	next_hops = json_array();
	field_prefix(by, row->prefix);
	field_text(by, "peer", row->peer);
	for (uint16_t i = 0; i < row->n; i++)
		json_array_append_new(next_hops, json_string(row->next_hop[i]));
	json_object_set_new(by, "next_hops", next_hops);
	json_object_set_new(o, "by_route", by);
}

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

void format_attrs(json_t *o, const uint8_t *attrs, uint16_t len, uint32_t local_pref)
{
	static const char *const origins[] = { "igp", "egp", "incomplete" };
	struct attr_view attr = { 0 };
	char path[2048];

	path[0] = '\0';
	if (attr_find(attrs, len, ATTR_AS_PATH, &attr))
		aspath_text(attr.body, attr.len, path, sizeof(path));
	field_text(o, "as_path", path);
	if (attr_find(attrs, len, ATTR_ORIGIN, &attr) && attr.body[0] <= ORIGIN_INCOMPLETE)
		field_text(o, "origin", origins[attr.body[0]]);
	field_number(o, "local_pref", local_pref);
	if (attr_find(attrs, len, ATTR_MED, &attr))
		field_number(o, "med", load_be32(attr.body));
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
		field_number(o, more, nb - n);
	json_decref(list);
	return names;
}

static void set_backups(json_t *o, const struct row_route *row)
{
	const char *names = (const char *)row->attrs + row->attrs_len;

	names = set_peers(o, "backup_to", "backup_to_more", row->backup_to, names);
	set_peers(o, "hidden_from", "hidden_from_more", row->hidden_from, names);
}

json_t *format_route(const struct row_route *row)
{
	static const char *const sources[] = {
		[SOURCE_EBGP] = "ebgp", [SOURCE_IBGP] = "ibgp", [SOURCE_LOCAL] = "local"
	};
	json_t *o = json_object();

	field_prefix(o, row->prefix);
	field_bool(o, "best", row->flags & ROUTE_BEST);
	field_bool(o, "ecmp", row->flags & ROUTE_ECMP);
	field_text(o, "peer", row->peer);
	if (row->peer_addr[0])
		field_text(o, "peer_address", row->peer_addr);
	if (!addr_unspecified(row->local_addr))
		field_addr(o, "local_address", row->local_addr);
	field_text(o, "source", sources[row->source]);
	if (!(row->flags & ROUTE_SUMMARY))
		field_text(o, "role", role_name((enum role)row->role));
	field_text(o, "next_hop", row->next_hop);
	format_by_route(o, &row->by_route);
	format_attrs(o, row->attrs, row->attrs_len, row->local_pref);
	if (row->flags & ROUTE_RECEIVED)
		field_text(o, "policy",
			   route_map_verdict_name((enum route_map_verdict)row->policy));
	else if (!(row->flags & ROUTE_SENT))
		field_text(o, "reason", decide_reason_name((enum decide_reason)row->reason));
	field_bool(o, "usable", row->flags & ROUTE_USABLE);
	if (row->unusable[0])
		field_text(o, "unusable_reason", row->unusable);
	if (row->flags & ROUTE_STALE)
		field_bool(o, "stale", true);
	if (row->flags & ROUTE_DAMPED)
		field_bool(o, "damped", true);
	if (row->flags & ROUTE_HELD)
		field_text(o, "held", row->pending);
	if (!(row->flags & (ROUTE_RECEIVED | ROUTE_SUMMARY)))
		field_number(o, "age_s", row->age_s);
	if (!(row->flags & (ROUTE_SENT | ROUTE_RECEIVED)))
		json_object_set_new(o, "views", role_names(row->views));
	if (row->refused)
		json_object_set_new(o, "refused", role_names(row->refused));
	if (row->flags & ROUTE_BACKUP)
		field_bool(o, "backup", true);
	set_backups(o, row);
	return o;
}

static json_t *format_next_hops(const struct forwarding_hop *list, uint16_t n)
{
	json_t *array = json_array();

	for (uint16_t i = 0; i < n; i++) {
		const struct forwarding_hop *nh = &list[i];
		json_t *item = json_object();

		char text[ADDR_TEXT] = "";

		if (!addr_unspecified(nh->gateway))
			addr_text(nh->gateway, text);
		field_text(item, "gateway", text);
		field_text(item, "port", nh->port);
		field_text(item, "state", nh->state);
		json_array_append_new(array, item);
	}
	return array;
}

json_t *format_fib(const struct row_fib *row)
{
	json_t *o = json_object();

	field_prefix(o, row->prefix);
	json_object_set_new(o, "next_hops", format_next_hops(row->next_hop, row->nb_next_hops));
	json_object_set_new(o, "backup",
			    format_next_hops(row->next_hop + row->nb_next_hops, row->nb_backup));
	return o;
}
