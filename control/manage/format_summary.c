/* Rows about the instance as JSON: its summary, its switch. */
#include "format_rows.h"

#include <limits.h>
#include <unistd.h>

#include "fields.h"
#include "role.h"
#include "version.h"

static const char *const profile_names[] = { [PROFILE_OPEN] = "open", [PROFILE_AZURE] = "azure" };
static const char *const nva_names[] = { [NVA_TO_NVA_EXCHANGE] = "exchange",
					 [NVA_TO_NVA_ALWAYS] = "always",
					 [NVA_TO_NVA_NEVER] = "never" };
static const char *const preference_names[] = { [PREFERENCE_EXPRESSROUTE] = "expressroute",
						[PREFERENCE_VPN] = "vpn",
						[PREFERENCE_AS_PATH] = "as_path" };

static json_t *format_alarms(const struct alarms *alarms)
{
	json_t *list = json_array();

	for (uint16_t i = 0; i < alarms->n; i++) {
		const struct alarm *alarm = &alarms->alarm[i];
		json_t *o = json_object();

		field_text(o, "kind", alarm->kind);
		if (alarm->peer[0])
			field_text(o, "peer", alarm->peer);
		field_text(o, "text", alarm->text);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *format_view(const struct row_summary *row, int role)
{
	const struct forwarding_stats *fib = &row->fib;
	json_t *view = json_object();

	field_text(view, "view", role_name((enum role)role));
	field_number(view, "routes", fib->routes[FAMILY_IPV4][role]);
	field_number(view, "tbl8_used", fib->groups_used[FAMILY_IPV4][role]);
	field_number(view, "tbl8_groups", fib->groups[FAMILY_IPV4]);
	if (!(row->views[FAMILY_IPV6] >> role & 1))
		return view;
	field_number(view, "routes_ipv6", fib->routes[FAMILY_IPV6][role]);
	field_number(view, "trie6_used", fib->groups_used[FAMILY_IPV6][role]);
	field_number(view, "trie6_groups", fib->groups[FAMILY_IPV6]);
	return view;
}

static json_t *format_fib_stats(const struct row_summary *row)
{
	json_t *o = json_object(), *views = json_array();

	field_number(o, "generation", row->fib.generation);
	field_number(o, "published", row->fib.published);
	field_number(o, "path_lists", row->fib.path_lists);
	field_number(o, "adjacencies", row->fib.adjacencies);
	field_number(o, "changes", row->fib.changes);
	field_number(o, "refused", row->fib_refused);
	field_number(o, "unprotected", row->fib_unprotected);
	for (int role = 0; role < ROLE_COUNT; role++)
		if (row->views[FAMILY_IPV4] >> role & 1)
			json_array_append_new(views, format_view(row, role));
	json_object_set_new(o, "views", views);
	return o;
}

static json_t *format_summary_partner(const struct row_summary_partner *row)
{
	json_t *o = json_object();
	char path[PATH_MAX];

	field_text(o, "socket", config_partner_path(row->partner, path, sizeof(path)));
	field_text(o, "instance", row->instance);
	field_bool(o, "answers", !row->error[0]);
	field_text(o, "error", row->error);
	return o;
}

static json_t *format_turns(const struct row_turns *row)
{
	json_t *o = json_object();

	json_object_set_new(o, "recent_us", json_real((double)row->recent_ns / 1e3));
	field_text(o, "recent_part", row->recent_part ? row->recent_part : "");
	json_object_set_new(o, "recent_part_us", json_real((double)row->recent_part_ns / 1e3));
	json_object_set_new(o, "longest_us", json_real((double)row->longest_ns / 1e3));
	field_text(o, "longest_part", row->longest_part ? row->longest_part : "");
	json_object_set_new(o, "longest_part_us", json_real((double)row->longest_part_ns / 1e3));
	field_number(o, "over", row->over);
	json_object_set_new(o, "own_us", json_real((double)row->own_ns / 1e3));
	field_text(o, "own_part", row->own_part ? row->own_part : "");
	json_object_set_new(o, "own_part_us", json_real((double)row->own_part_ns / 1e3));
	field_number(o, "own_over", row->own_over);
	return o;
}

json_t *format_summary(const struct row_summary *row)
{
	json_t *o = json_object();

	field_text(o, "instance", row->instance);
	field_number(o, "asn", row->asn);
	field_router_id(o, "router_id", row->router_id);
	field_text(o, "profile", profile_names[row->profile]);
	field_text(o, "version", BASCULE_VERSION);
	field_number(o, "pid", (uint64_t)getpid());
	field_number(o, "uptime_s", row->uptime_s);
	field_bool(o, "settled", row->settled);
	field_bool(o, "restarting", row->restarting);
	field_number(o, "restart_left_s", row->restart_left_s);
	field_bool(o, "exchange", row->exchange);
	field_text(o, "nva_to_nva", nva_names[row->nva_to_nva]);
	field_text(o, "routing_preference", preference_names[row->preference]);
	field_bool(o, "platform_communities", row->platform_communities);
	field_number(o, "peers", row->peers);
	field_number(o, "peers_up", row->peers_up);
	field_bool(o, "drained", row->drained);
	field_number(o, "peers_drained", row->peers_drained);
	field_number(o, "peers_shutdown", row->peers_shut);
	field_number(o, "routes", row->routes);
	field_number(o, "paths", row->paths);
	field_number(o, "attribute_sets", row->attribute_sets);
	field_number(o, "memory_bytes", row->memory_bytes);
	field_number(o, "rx_updates", row->updates);
	if (row->partner.partner[0])
		json_object_set_new(o, "partner", format_summary_partner(&row->partner));
	json_object_set_new(o, "fib", format_fib_stats(row));
	json_object_set_new(o, "turns",
			    json_pack("{s:o, s:o}", "rib", format_turns(&row->rib), "sessions",
				      format_turns(&row->sessions)));
	json_object_set_new(o, "alarms", format_alarms(&row->alarms));
	field_number(o, "alarms_left", row->alarms.left);
	return o;
}

json_t *format_exchange(const struct row_exchange *row)
{
	json_t *o = json_object(), *gate = json_array();

	field_bool(o, "enabled", row->enabled);
	field_text(o, "nva_to_nva", nva_names[row->nva_to_nva]);
	for (int in = 0; in < ROLE_COUNT; in++)
		for (int out = 0; out < ROLE_COUNT; out++) {
			json_t *pair = json_object();

			field_text(pair, "ingress", role_name((enum role)in));
			field_text(pair, "egress", role_name((enum role)out));
			field_bool(pair, "open",
				   rib_allows(row->gate, (enum role)out, (enum role)in));
			json_array_append_new(gate, pair);
		}
	json_object_set_new(o, "gate", gate);
	return o;
}
