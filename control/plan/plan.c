/* A plan, a page at a time. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "matrix_plan.h"
#include "peer_plan.h"
#include "peers.h"
#include "plan_rows.h"
#include "route_server.h"
#include "rows.h"
#include "transit.h"
#include "update_group.h"
#include "view_plan.h"

enum phase { WEIGH, COUNT, SUMMARIES, COUNTS, CONFLICTS, ROUTES, SUMMARY_ROUTES, WARNINGS, DONE };

/* What must stay for a plan to be exact. */
struct signature {
	uint64_t rib, groups, reloads;
	bool enabled;
};

struct plan {
	bool enable;
	enum phase phase;
	struct matrix_plan *matrix; /* owned */
	struct view_plan views;
	struct peer_plan peers;
	struct signature begun;
	bool disturbed;	       /* something has changed since, or was under way */
	uint32_t cursor, node; /* of the walk; RIB_NONE: the next one */
	int rule;	       /* of the summaries of a peer, the next one */
	uint32_t row;	       /* of those that the node, or the phase, has, the next one */
	int rounds;	       /* views whose round for this phase has begun */
	uint32_t view[ROLE_COUNT][VIEW_CHANGES];
	uint32_t conflicts, conflicts_shown;
};

/* --- conflicts -------------------------------------------------------------------------------- */

struct conflict {
	const struct path *winner, *loser;
	uint8_t views;
};

/* The node's, those alike in several views as one. Returns how many. */
static unsigned int conflicts_of(const struct plan *plan, struct conflict conflicts[ROLE_COUNT])
{
	unsigned int n = 0;

	for (int view = 0; view < ROLE_COUNT; view++) {
		struct conflict c = { .views = (uint8_t)(1 << view) };
		unsigned int at = 0;

		if (!view_plan_conflict(&plan->views, plan->node, (enum role)view, &c.winner,
					&c.loser))
			continue;
		while (at < n &&
		       (conflicts[at].winner != c.winner || conflicts[at].loser != c.loser))
			at++;
		if (at == n)
			conflicts[n++] = c;
		conflicts[at].views |= c.views;
	}
	return n;
}

/* The peer that is asked about, or any if none is. */
static bool asked_for(const struct page *page, const struct peer *peer)
{
	return !page->peer[0] || !strcmp(page->peer, peer->config.name);
}

/* --- walks: visit a node. False: the page is full, come again --------------------------------- */

static bool visit_weigh(struct route_server *rs, struct plan *plan, struct page *page)
{
	(void)rs, (void)page;
	view_plan_weigh(&plan->views, plan->node);
	matrix_plan_weigh(plan->matrix, plan->node, plan->views.refused);
	return true;
}

static bool visit_count(struct route_server *rs, struct plan *plan, struct page *page)
{
	struct conflict conflicts[ROLE_COUNT];

	(void)rs;
	if (!peer_plan_count(&plan->peers, page))
		return false;
	for (int view = 0; view < ROLE_COUNT; view++)
		plan->view[view][plan->views.change[view]]++;
	plan->conflicts += conflicts_of(plan, conflicts);
	return true;
}

static bool visit_conflicts(struct route_server *rs, struct plan *plan, struct page *page)
{
	struct conflict conflicts[ROLE_COUNT];
	unsigned int n = conflicts_of(plan, conflicts);

	for (; plan->row < n; plan->row++) {
		const struct conflict *c = &conflicts[plan->row];

		if (!page->prefixes && plan->conflicts_shown == PLAN_CONFLICTS)
			return true;
		if (!plan_add_conflict(rs, page, c->winner, c->loser, c->views))
			return false;
		plan->conflicts_shown++;
	}
	return true;
}

/* A row of the node: those of views, then those of peers. */
static bool add_route(struct route_server *rs, struct plan *plan, struct page *page)
{
	struct prefix prefix = rib_prefix(rs->routes[FAMILY_IPV4].rib, plan->node);
	const struct peer *peer;

	if (plan->row < ROLE_COUNT)
		return plan_add_view_route(page, prefix, (enum role)plan->row,
					   plan->views.change[plan->row]);
	peer = &rs->peers.table[plan->row - ROLE_COUNT];
	if (!peer->out.to[FAMILY_IPV4].group || !asked_for(page, peer))
		return true;
	return plan_add_peer_route(page, prefix, peer, peer_plan_route(&plan->peers, peer));
}

/* The node's rows. With page->peer, that peer's alone. */
static bool visit_routes(struct route_server *rs, struct plan *plan, struct page *page)
{
	const uint32_t end = ROLE_COUNT + rs->peers.end;

	if (page->peer[0] && !plan->row)
		plan->row = ROLE_COUNT;
	while (plan->row < end) {
		if (!add_route(rs, plan, page))
			return false;
		plan->row++;
		if (page_late(page))
			break;
	}
	return plan->row >= end;
}

typedef bool visit_fn(struct route_server *rs, struct plan *plan, struct page *page);

/* The next node. False: there is none. */
static bool next_node(struct route_server *rs, struct plan *plan, visit_fn *visit)
{
	if (!rib_walk(rs->routes[FAMILY_IPV4].rib, &plan->cursor, &plan->node, 1)) {
		plan->node = RIB_NONE;
		return plan->cursor;
	}
	plan->row = 0;
	if (visit == visit_weigh)
		return true;
	view_plan_node(&plan->views, plan->node);
	matrix_plan_node(plan->matrix, plan->node, plan->views.refused);
	peer_plan_begin(&plan->peers);
	return true;
}

/* Go on with the walk. True: it is through. */
static bool walk(struct route_server *rs, struct plan *plan, struct page *page, visit_fn *visit)
{
	do {
		if (plan->node == RIB_NONE && !next_node(rs, plan, visit))
			return true;
		if (plan->node == RIB_NONE)
			continue;
		if (!visit(rs, plan, page))
			return false;
		plan->node = RIB_NONE;
	} while (!page_late(page));
	return false;
}

/* --- summaries, a peer after the other -------------------------------------------------------- */

/* Of one peer: count what becomes of their prefixes, or write rows of it. False: the page is full,
 * come again. */
static bool visit_summaries(struct plan *plan, struct page *page, const struct peer *peer,
			    bool count)
{
	struct peer_plan_summaries of = peer_plan_summaries(&plan->peers, peer);

	for (; plan->rule < MAP_RULES; plan->rule++) {
		struct prefix prefix;
		struct peer_plan_fate fate;

		if (!(of.prefixes >> plan->rule & 1))
			continue;
		fate = peer_plan_summary(&plan->peers, peer, &of, plan->rule);
		prefix = route_map_rule(peer->out.to[FAMILY_IPV4].group->map, (size_t)plan->rule)
				 ->prefix_replace;
		if (count)
			peer_plan_add(&plan->peers, peer, fate);
		else if (!plan_add_peer_route(page, prefix, peer, fate))
			return false;
		if (page_late(page)) {
			plan->rule++;
			return false;
		}
	}
	return true;
}

/* True: that was all. */
static bool walk_summaries(struct route_server *rs, struct plan *plan, struct page *page,
			   bool count)
{
	for (; plan->row < rs->peers.end; plan->row++, plan->rule = 0) {
		const struct peer *peer = &rs->peers.table[plan->row];

		if (!peer->out.to[FAMILY_IPV4].group ||
		    !peer->out.to[FAMILY_IPV4].group->summaries ||
		    (!count && !asked_for(page, peer)))
			continue;
		if (!visit_summaries(plan, page, peer, count))
			return false;
	}
	return true;
}

/* --- counts ----------------------------------------------------------------------------------- */

static bool peer_row(const struct plan *plan, struct page *page, const struct peer *peer)
{
	struct peer_plan_tally tally;

	if (!peer || !asked_for(page, peer))
		return true;
	tally = peer_plan_tally(&plan->peers, peer);
	return plan_add_peer(page, peer, &tally);
}

/* As bounds.c does: a gateway that would learn more than a circuit takes. */
static bool circuit_row(const struct route_server *rs, const struct plan *plan, struct page *page,
			const struct peer *peer)
{
	const struct config_limits *limits = &rs->config->limits;
	struct peer_plan_tally tally;
	uint32_t routes;

	if (!peer || !peer->out.to[FAMILY_IPV4].group || peer->config.role != ROLE_EXPRESSROUTE ||
	    !limits->to_expressroute || limits->over_expressroute != LIMITS_CLOSE)
		return true;
	tally = peer_plan_tally(&plan->peers, peer);
	routes =
		summaries_advertised(&rs->routes[FAMILY_IPV4].adj_out, &peer->out.to[FAMILY_IPV4]) +
		(uint32_t)tally.changes[PLAN_ANNOUNCED] - (uint32_t)tally.changes[PLAN_WITHDRAWN];
	return routes <= limits->to_expressroute ||
	       plan_add_circuit(page, peer, routes, limits->to_expressroute);
}

static bool held_row(const struct route_server *rs, const struct plan *plan, struct page *page)
{
	uint32_t held, needed = matrix_plan_expressroute(plan->matrix, &held);

	return !held ||
	       plan_add_held(page, needed + rs->routes[FAMILY_IPV4].expressroute_bound.summaries,
			     rs->config->limits.to_expressroute);
}

/* The `row`th of all: the switch, the peers, the views, and the bounds that would be met. */
static bool count_row(struct route_server *rs, const struct plan *plan, struct page *page,
		      uint32_t row)
{
	const struct config *config = rs->config;
	uint32_t n = (uint32_t)config->nb_peers;
	enum role view;

	if (!row)
		return plan_add_switch(page, plan->enable, rs->exchange->enabled, plan->conflicts);
	row--;
	if (row < n)
		return peer_row(plan, page, peer_find(&rs->peers, config->peers[row].name));
	row -= n;
	view = (enum role)(row % ROLE_COUNT);
	if (row < ROLE_COUNT)
		return !plan->views.room[view].there || plan_add_view(page, view, plan->view[view]);
	row -= ROLE_COUNT;
	if (row < ROLE_COUNT)
		return view_plan_fits(&plan->views, view) ||
		       plan_add_full(page, view, plan->views.room[view].needed, plan->views.groups);
	row -= ROLE_COUNT;
	if (row < n)
		return circuit_row(rs, plan, page, peer_find(&rs->peers, config->peers[row].name));
	return held_row(rs, plan, page);
}

static bool counts_row(struct route_server *rs, struct plan *plan, struct page *page)
{
	const uint32_t end = 2 + 2 * (uint32_t)(rs->config->nb_peers + ROLE_COUNT);

	while (plan->row < end) {
		if (!count_row(rs, plan, page, plan->row))
			return false;
		plan->row++;
		if (page_late(page))
			break;
	}
	return plan->row >= end;
}

/* --- is it still true ------------------------------------------------------------------------- */

static struct signature sign(const struct route_server *rs)
{
	return (struct signature){
		.rib = rib_version(rs->routes[FAMILY_IPV4].rib),
		.groups = rs->routes[FAMILY_IPV4].announcer.version,
		.reloads = rs->reloads,
		.enabled = rs->exchange->enabled,
	};
}

static bool at_rest(const struct route_server *rs)
{
	for (const struct update_group *group = rs->routes[FAMILY_IPV4].announcer.groups; group;
	     group = group->next)
		if (!summaries_current(group))
			return false;
	return rs->transit.step == TRANSIT_SETTLED && rib_settled(rs->routes[FAMILY_IPV4].rib) &&
	       !due_has(&rs->due, DUE_RECONSIDER) && !due_has(&rs->due, DUE_MAPS) &&
	       !rs->routes[FAMILY_IPV4].expressroute_bound.leaving &&
	       !rib_changes_waiting(rs->routes[FAMILY_IPV4].rib) &&
	       !rib_put_off_count(rs->routes[FAMILY_IPV4].rib) &&
	       !rib_wide_waiting(rs->routes[FAMILY_IPV4].rib);
}

/* What has been found out about a node is good for as long as nothing changes. */
static void look_again(const struct route_server *rs, struct plan *plan)
{
	struct signature now = sign(rs);

	if (at_rest(rs) && now.rib == plan->begun.rib && now.groups == plan->begun.groups &&
	    now.reloads == plan->begun.reloads && now.enabled == plan->begun.enabled)
		return;
	plan->disturbed = true;
	plan->begun = now;
	plan->node = RIB_NONE;
}

/* Room that a view gives up is there after a grace period: who gets it is a matter of time. */
static bool crowded(const struct plan *plan)
{
	for (int view = 0; view < ROLE_COUNT; view++)
		if (!plan->enable && !view_plan_fits(&plan->views, (enum role)view))
			return true;
	return false;
}

static bool warnings_rows(struct plan *plan, struct page *page)
{
	if (plan->row == 0 && plan->disturbed &&
	    !plan_add_warning(page,
			      "routes or sessions changed meanwhile: this may be off; ask again"))
		return false;
	plan->row = 1;
	return !crowded(plan) ||
	       plan_add_warning(page,
				"a view has no room for all it should have: what comes into the "
				"room of routes that go is not planned");
}

/* --- all of it -------------------------------------------------------------------------------- */

static struct plan *plan_new(struct route_server *rs, const struct page *page)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	uint64_t allow;

	if (!plan)
		return NULL;
	plan->enable = page->said ? page->enable : !rs->exchange->enabled;
	allow = transit_word_if(rs, plan->enable);
	plan->matrix = matrix_plan_new(rs->routes[FAMILY_IPV4].rib, allow);
	if (!plan->matrix || view_plan_init(&plan->views, &rs->fib_sync[FAMILY_IPV4], allow)) {
		plan_free(plan);
		return NULL;
	}
	plan->peers.rs = rs;
	plan->peers.matrix = plan->matrix;
	plan->begun = sign(rs);
	plan->rounds = ROLE_COUNT;
	return plan;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	matrix_plan_free(plan->matrix);
	view_plan_fini(&plan->views);
	free(plan);
}

/* The rounds of the next phase. False: the turn is over. */
static bool rounds_begin(struct plan *plan, struct page *page)
{
	while (plan->rounds < ROLE_COUNT) {
		view_plan_round(&plan->views, (enum role)plan->rounds++);
		if (page_late(page))
			return false;
	}
	return true;
}

/* Go on with the phase. True: it is through. */
static bool phase_go_on(struct route_server *rs, struct plan *plan, struct page *page)
{
	bool routes = page->prefixes || page->peer[0];

	if (!rounds_begin(plan, page))
		return false;
	switch (plan->phase) {
	case WEIGH: return walk(rs, plan, page, visit_weigh);
	case COUNT: return walk(rs, plan, page, visit_count);
	case SUMMARIES: return walk_summaries(rs, plan, page, true);
	case COUNTS: return counts_row(rs, plan, page);
	case CONFLICTS: return !plan->conflicts || walk(rs, plan, page, visit_conflicts);
	case ROUTES: return !routes || walk(rs, plan, page, visit_routes);
	case SUMMARY_ROUTES: return !routes || walk_summaries(rs, plan, page, false);
	case WARNINGS: return warnings_rows(plan, page);
	case DONE: break;
	}
	return true;
}

void plan_page(struct route_server *rs, struct page *page)
{
	struct plan *plan = page->plan;

	if (rs->phase != RS_LIVE) {
		page_error(page, "it is not live yet: nothing is announced");
		page_hint(page, "bascule show summary");
		return;
	}
	if (page->peer[0] && !peer_find(&rs->peers, page->peer)) {
		page_error(page, "there is no peer \"%s\"", page->peer);
		page_hint(page, "bascule show peers");
		return;
	}
	if (!plan && !(plan = page->plan = plan_new(rs, page))) {
		page_error(page, "no memory");
		return;
	}
	look_again(rs, plan);
	for (; plan->phase != DONE; plan->phase++) {
		if (!phase_go_on(rs, plan, page)) {
			page->more = true;
			return;
		}
		plan->row = plan->cursor = plan->node = 0;
		plan->rule = 0;
		plan->rounds = 0;
		matrix_plan_round(plan->matrix);
	}
}
