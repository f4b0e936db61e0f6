/* Rows of a plan, one function each. */
#include "plan_rows.h"

#include <stdio.h>
#include <string.h>

#include "bounds.h"
#include "route_server.h"
#include "rows.h"

const char *plan_view_name(enum view_change change)
{
	static const char *const names[VIEW_CHANGES] = {
		[VIEW_SAME] = "unchanged",
		[VIEW_GAINED] = "gained",
		[VIEW_LOST] = "lost",
		[VIEW_NEXT_HOPS] = "next hops",
	};

	return names[change];
}

bool plan_add_switch(struct page *page, bool enable, bool enabled, uint32_t conflicts)
{
	struct row_plan *row = page_add(page, ROW_PLAN, sizeof(*row));

	if (row)
		*row = (struct row_plan){ enable, enabled, conflicts };
	return row;
}

bool plan_add_peer(struct page *page, const struct peer *peer, uint8_t family,
		   const struct peer_plan_tally *tally)
{
	struct row_plan_peer *row = page_add(page, ROW_PLAN_PEER, sizeof(*row));

	if (!row)
		return false;
	memcpy(row->name, peer->config.name, sizeof(row->name));
	row->role = (uint8_t)peer->config.role;
	row->family = family;
	row->up = peer->up;
	row->held = peer->up && peer->out.held;
	for (int i = 0; i < PLAN_CHANGES; i++)
		row->changes[i] = (uint32_t)tally->changes[i];
	row->backups = (uint32_t)tally->backups;
	return true;
}

bool plan_add_view(struct page *page, enum role view, uint8_t family,
		   const uint32_t change[VIEW_CHANGES])
{
	struct row_plan_view *row = page_add(page, ROW_PLAN_VIEW, sizeof(*row));

	if (!row)
		return false;
	row->role = (uint8_t)view;
	row->family = family;
	memcpy(row->change, change, sizeof(row->change));
	return true;
}

static struct row_plan_limit *add_limit(struct page *page, const char *kind, uint8_t family,
					uint32_t count, uint32_t bound)
{
	struct row_plan_limit *row = page_add(page, ROW_PLAN_LIMIT, sizeof(*row));

	if (!row)
		return NULL;
	snprintf(row->kind, sizeof(row->kind), "%s", kind);
	row->view = ROLE_COUNT;
	row->family = family;
	row->count = count;
	row->bound = bound;
	return row;
}

bool plan_add_full(struct page *page, enum role view, uint8_t family, uint32_t needed,
		   uint32_t groups)
{
	static const char *const of[FAMILY_COUNT] = { "tbl8", "trie6" };
	struct row_plan_limit *row = add_limit(page, "fib_full", family, needed, groups);

	if (!row)
		return false;
	row->view = (uint8_t)view;
	snprintf(row->text, sizeof(row->text),
		 "the view of %s needs %u %s groups and has %u: routes that find none are "
		 "refused, and not announced to its peers",
		 role_name(view), needed, of[family], groups);
	return true;
}

bool plan_add_circuit(struct page *page, const struct peer *peer, uint8_t family, uint32_t routes,
		      uint32_t bound)
{
	struct row_plan_limit *row = add_limit(page, "to_expressroute", family, routes, bound);

	if (!row)
		return false;
	memcpy(row->peer, peer->config.name, sizeof(row->peer));
	snprintf(row->text, sizeof(row->text),
		 "%u %s for %s, which takes %u: its session will be closed", routes,
		 bounds_routes(family), peer->config.name, bound);
	return true;
}

bool plan_add_held(struct page *page, uint8_t family, uint32_t routes, uint32_t bound)
{
	struct row_plan_limit *row = add_limit(page, "to_expressroute", family, routes, bound);

	if (row)
		snprintf(row->text, sizeof(row->text),
			 "%u %s for ExpressRoute gateways, which take %u: %u are held back", routes,
			 bounds_routes(family), bound, routes - bound);
	return row;
}

static void name_peer(const struct routes *routes, const struct path *path, char *name,
		      uint8_t *role)
{
	/* VNet prefixes are in no conflict, so it is a peer's. */
	memcpy(name, routes->rs->peers.table[path->peer].config.name, CONFIG_NAME);
	*role = (uint8_t)rib_source(routes->rib, path->peer)->role;
}

bool plan_add_conflict(const struct routes *routes, struct page *page, const struct path *winner,
		       const struct path *loser, uint8_t views)
{
	struct row_plan_conflict *row = page_add(page, ROW_PLAN_CONFLICT, sizeof(*row));

	if (!row)
		return false;
	row->prefix = rib_prefix(routes->rib, winner->node);
	row->views = views;
	row->reason = (uint8_t)rib_versus(routes->rib, winner, loser);
	name_peer(routes, winner, row->winner, &row->winner_role);
	name_peer(routes, loser, row->loser, &row->loser_role);
	return true;
}

bool plan_add_view_route(struct page *page, struct prefix prefix, enum role view,
			 enum view_change change)
{
	struct row_plan_route *row;

	if (change == VIEW_SAME)
		return true;
	row = page_add(page, ROW_PLAN_ROUTE, sizeof(*row));
	if (!row)
		return false;
	row->prefix = prefix;
	row->view = (uint8_t)view;
	row->change = (uint8_t)change;
	return true;
}

bool plan_add_peer_route(struct page *page, struct prefix prefix, const struct peer *peer,
			 struct peer_plan_fate fate)
{
	struct row_plan_route *row;

	if (fate.change == PLAN_SAME)
		return true;
	row = page_add(page, ROW_PLAN_ROUTE, sizeof(*row));
	if (!row)
		return false;
	row->prefix = prefix;
	memcpy(row->peer, peer->config.name, sizeof(row->peer));
	row->change = (uint8_t)fate.change;
	row->backup = fate.backup;
	return true;
}

bool plan_add_warning(struct page *page, const char *text)
{
	struct row_plan_warning *row = page_add(page, ROW_PLAN_WARNING, sizeof(*row));

	if (row)
		snprintf(row->text, sizeof(row->text), "%s", text);
	return row;
}
