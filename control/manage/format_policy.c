/* Rows about route maps as JSON: their rules, and what they make of a route. */
#include "format_rows.h"

#include "attrs.h"
#include "cursor.h"
#include "fields.h"
#include "route_map.h"

json_t *format_rule(const struct row_rule *row)
{
	json_t *o = json_object();

	field_text(o, "map", row->map);
	field_text(o, "rule", row->rule);
	field_number(o, "hits", row->hits);
	field_number(o, "inbound_peers", row->inbound);
	field_number(o, "outbound_peers", row->outbound);
	return o;
}

static json_t *format_tested_route(const struct row_policy_route *route, const uint8_t *attrs)
{
	json_t *o = json_object();

	field_prefix(o, route->prefix);
	field_text(o, "next_hop", route->next_hop);
	format_attrs(o, attrs, route->attrs_len, route->local_pref);
	return o;
}

json_t *format_policy_test(const struct row_policy_test *row)
{
	json_t *o = json_object(), *rules = json_array();

	field_text(o, "peer", row->peer);
	field_text(o, "direction", row->outbound ? "out" : "in");
	field_text(o, "map", row->map);
	field_bool(o, "hypothetical", row->hypothetical);
	field_text(o, "verdict", route_map_verdict_name((enum route_map_verdict)row->verdict));
	if (row->note[0])
		field_text(o, "note", row->note);
	for (uint8_t i = 0; i < row->nb_rules; i++) {
		const struct row_policy_step *step = &row->step[i];
		json_t *rule = json_object();

		field_text(rule, "rule", step->rule);
		field_text(rule, "outcome", route_map_step_name((enum route_map_step)step->step));
		field_text(rule, "action", step->action);
		field_text(rule, "next", step->terminate ? "terminate" : "continue");
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
