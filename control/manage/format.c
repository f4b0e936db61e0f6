/* Rows as JSON: which function is for which type of row; and the rows of what has been done or has
 * happened. */
#include "format.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "events.h"
#include "fields.h"
#include "format_rows.h"

static json_t *format_switched(const struct row_switched *row)
{
	json_t *o = json_object();

	field_bool(o, "enabled", row->enabled);
	field_bool(o, "changed", row->changed);
	if (row->warning[0])
		field_text(o, "warning", row->warning);
	return o;
}

static json_t *format_reset(const struct row_reset *row)
{
	json_t *o = json_object();

	field_bool(o, "closed", row->closed);
	field_text(o, "state", session_state_name((enum session_state)row->state));
	if (row->reason[0])
		field_text(o, "reason", row->reason);
	return o;
}

static json_t *format_service(const struct row_service *row)
{
	json_t *o = json_object();

	if (row->peer[0])
		field_text(o, "peer", row->peer);
	field_bool(o, "changed", row->changed);
	field_bool(o, "drained", row->drained);
	if (row->peer[0]) {
		field_bool(o, "shutdown", row->shut);
		field_bool(o, "was_up", row->up);
	}
	if (row->reset) {
		field_bool(o, "closed", row->up);
		field_text(o, "state", session_state_name((enum session_state)row->state));
	}
	if (row->reason[0])
		field_text(o, "reason", row->reason);
	if (row->warning[0])
		field_text(o, "warning", row->warning);
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
	field_bool(o, "vnet_changed", row->vnet_changed);
	field_bool(o, "exchange_changed", row->exchange_changed);
	field_bool(o, "http_changed", row->http_changed);
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
	field_text(o, key, text);
}

static json_t *format_event(const struct event *event)
{
	json_t *o = json_object();

	field_number(o, "number", event->number);
	set_time(o, "time", event->time_ms);
	field_text(o, "kind", event_kind_name((enum event_kind)event->kind));
	if (event->peer[0])
		field_text(o, "peer", event->peer);
	field_text(o, "text", event->text);
	field_number(o, "more", event->more);
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
	case ROW_SERVICE: return format_service(row);
	case ROW_RESET: return format_reset(row);
	case ROW_RELOAD: return format_reload(row, warnings);
	case ROW_RULE: return format_rule(row);
	case ROW_PARTNER: return format_partner(row);
	case ROW_EVENT: return format_event(row);
	case ROW_POLICY_TEST: return format_policy_test(row);
	default: return format_plan_row(type, row);
	}
}
