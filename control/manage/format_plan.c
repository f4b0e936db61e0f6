/* Rows of a plan as JSON. Each says what it is: `what`. */
#include "format_rows.h"

#include "decide.h"
#include "fields.h"
#include "plan_rows.h"
#include "role.h"

static json_t *format_switch(const struct row_plan *row)
{
	return json_pack("{s:s, s:b, s:b, s:i}", "what", "switch", "enable", row->enable, "enabled",
			 row->enabled, "conflicts", (int)row->conflicts);
}

static json_t *format_plan_peer(const struct row_plan_peer *row)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:i, s:i, s:i, s:i}", "what", "peer",
			 "name", row->name, "role", role_name((enum role)row->role), "family",
			 family_name(row->family), "up", row->up, "supported", !row->held,
			 "announced", (int)row->changes[PLAN_ANNOUNCED], "replaced",
			 (int)row->changes[PLAN_REPLACED], "withdrawn",
			 (int)row->changes[PLAN_WITHDRAWN], "backups", (int)row->backups);
}

static json_t *format_view(const struct row_plan_view *row)
{
	return json_pack("{s:s, s:s, s:s, s:i, s:i, s:i}", "what", "view", "view",
			 role_name((enum role)row->role), "family", family_name(row->family),
			 "gained", (int)row->change[VIEW_GAINED], "lost",
			 (int)row->change[VIEW_LOST], "next_hops_changed",
			 (int)row->change[VIEW_NEXT_HOPS]);
}

static json_t *format_limit(const struct row_plan_limit *row)
{
	const char *peer = row->peer[0] ? row->peer : NULL;
	const char *view = row->view < ROLE_COUNT ? role_name((enum role)row->view) : NULL;

	return json_pack("{s:s, s:s, s:s*, s:s*, s:s, s:i, s:i, s:s}", "what", "limit", "kind",
			 row->kind, "peer", peer, "view", view, "family", family_name(row->family),
			 "count", (int)row->count, "bound", (int)row->bound, "text", row->text);
}

static json_t *format_conflict(const struct row_plan_conflict *row)
{
	enum decide_reason reason = (enum decide_reason)row->reason;
	char prefix[PREFIX_TEXT];

	return json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:b}", "what", "conflict",
			 "prefix", prefix_text(row->prefix, prefix), "views",
			 role_names(row->views), "winner", row->winner, "winner_role",
			 role_name((enum role)row->winner_role), "loser", row->loser, "loser_role",
			 role_name((enum role)row->loser_role), "reason",
			 decide_reason_name(reason), "ecmp", reason >= DECIDE_ROUTER_ID);
}

static json_t *format_plan_route(const struct row_plan_route *row)
{
	char prefix[PREFIX_TEXT];

	prefix_text(row->prefix, prefix);
	if (row->peer[0])
		return json_pack("{s:s, s:s, s:s, s:s, s:b}", "what", "route", "prefix", prefix,
				 "peer", row->peer, "change",
				 plan_change_name((enum plan_change)row->change), "backup",
				 row->backup);
	return json_pack("{s:s, s:s, s:s, s:s}", "what", "route", "prefix", prefix, "view",
			 role_name((enum role)row->view), "change",
			 plan_view_name((enum view_change)row->change));
}

json_t *format_plan_row(uint16_t type, const void *row)
{
	const struct row_plan_warning *warning = row;

	switch (type) {
	case ROW_PLAN: return format_switch(row);
	case ROW_PLAN_PEER: return format_plan_peer(row);
	case ROW_PLAN_VIEW: return format_view(row);
	case ROW_PLAN_LIMIT: return format_limit(row);
	case ROW_PLAN_CONFLICT: return format_conflict(row);
	case ROW_PLAN_ROUTE: return format_plan_route(row);
	case ROW_PLAN_WARNING:
		return json_pack("{s:s, s:s}", "what", "warning", "text", warning->text);
	}
	return NULL;
}
