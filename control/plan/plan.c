/* A plan, a page at a time. */
#include "plan.h"

#include <errno.h>
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

enum { WARNINGS_MAX = 3 };
enum phase { WEIGH, COUNT, SUMMARIES, COUNTS, CONFLICTS, ROUTES, SUMMARY_ROUTES, WARNINGS, DONE };

/* What must stay for a plan to be exact. */
struct signature {
	uint64_t rib[FAMILY_COUNT], groups[FAMILY_COUNT], reloads;
	bool enabled;
};

/* What is planned of one family. */
struct family_plan {
	struct routes *routes;	    /* borrowed */
	struct matrix_plan *matrix; /* owned */
	struct view_plan views;
	struct peer_plan peers;
	uint32_t view[ROLE_COUNT][VIEW_CHANGES];
};

struct plan {
	bool enable;
	enum phase phase;
	struct family_plan of[FAMILY_COUNT];
	uint8_t family; /* the phase is at */
	struct signature begun;
	bool disturbed;	       /* something has changed since, or was under way */
	uint32_t cursor, node; /* of the walk; RIB_NONE: the next one */
	int rule;	       /* of the summaries of a peer, the next one */
	uint32_t row;	       /* of those that the node, or the phase, has, the next one */
	int rounds;	       /* views whose round for this phase has begun */
	uint32_t conflicts, conflicts_shown;
};

static struct family_plan *now(struct plan *plan)
{
	return &plan->of[plan->family];
}

/* --- conflicts -------------------------------------------------------------------------------- */

struct conflict {
	const struct path *winner, *loser;
	uint8_t views;
};

/* The node's, those alike in several views as one. Returns how many. */
static unsigned int conflicts_of(struct plan *plan, struct conflict conflicts[ROLE_COUNT])
{
	unsigned int n = 0;

	for (int view = 0; view < ROLE_COUNT; view++) {
		struct conflict c = { .views = (uint8_t)(1 << view) };
		unsigned int at = 0;

		if (!view_plan_conflict(&now(plan)->views, plan->node, (enum role)view, &c.winner,
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
	struct family_plan *of = now(plan);

	(void)rs, (void)page;
	view_plan_weigh(&of->views, plan->node);
	matrix_plan_weigh(of->matrix, plan->node, of->views.refused);
	return true;
}

static bool visit_count(struct route_server *rs, struct plan *plan, struct page *page)
{
	struct conflict conflicts[ROLE_COUNT];
	struct family_plan *of = now(plan);

	(void)rs;
	if (!peer_plan_count(&of->peers, page))
		return false;
	for (int view = 0; view < ROLE_COUNT; view++)
		of->view[view][of->views.change[view]]++;
	plan->conflicts += conflicts_of(plan, conflicts);
	return true;
}

static bool visit_conflicts(struct route_server *rs, struct plan *plan, struct page *page)
{
	struct conflict conflicts[ROLE_COUNT];
	unsigned int n = conflicts_of(plan, conflicts);

	(void)rs;
	for (; plan->row < n; plan->row++) {
		const struct conflict *c = &conflicts[plan->row];

		if (!page->prefixes && plan->conflicts_shown == PLAN_CONFLICTS)
			return true;
		if (!plan_add_conflict(now(plan)->routes, page, c->winner, c->loser, c->views))
			return false;
		plan->conflicts_shown++;
	}
	return true;
}

/* A row of the node: those of views, then those of peers. */
static bool add_route(struct route_server *rs, struct plan *plan, struct page *page)
{
	struct family_plan *of = now(plan);
	struct prefix prefix = rib_prefix(of->routes->rib, plan->node);
	const struct peer *peer;

	if (plan->row < ROLE_COUNT)
		return plan_add_view_route(page, prefix, (enum role)plan->row,
					   of->views.change[plan->row]);
	peer = &rs->peers.table[plan->row - ROLE_COUNT];
	if (!peer->out.to[plan->family].group || !asked_for(page, peer))
		return true;
	return plan_add_peer_route(page, prefix, peer, peer_plan_route(&of->peers, peer));
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
static bool next_node(struct plan *plan, visit_fn *visit)
{
	struct family_plan *of = now(plan);

	if (!rib_walk(of->routes->rib, &plan->cursor, &plan->node, 1)) {
		plan->node = RIB_NONE;
		return plan->cursor;
	}
	plan->row = 0;
	if (visit == visit_weigh)
		return true;
	view_plan_node(&of->views, plan->node);
	matrix_plan_node(of->matrix, plan->node, of->views.refused);
	peer_plan_begin(&of->peers);
	return true;
}

/* Go on with the walk. True: it is through. */
static bool walk(struct route_server *rs, struct plan *plan, struct page *page, visit_fn *visit)
{
	do {
		if (plan->node == RIB_NONE && !next_node(plan, visit))
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
	struct peer_plan *peers = &now(plan)->peers;
	struct peer_plan_summaries of = peer_plan_summaries(peers, peer);

	for (; plan->rule < MAP_RULES; plan->rule++) {
		struct prefix prefix;
		struct peer_plan_fate fate;

		if (!(of.prefixes >> plan->rule & 1))
			continue;
		fate = peer_plan_summary(peers, peer, &of, plan->rule);
		prefix = route_map_rule(peer->out.to[plan->family].group->map, (size_t)plan->rule)
				 ->prefix_replace;
		if (count)
			peer_plan_add(peers, peer, fate);
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
		const struct update_group *group = peer->out.to[plan->family].group;

		if (!group || !group->summaries || (!count && !asked_for(page, peer)))
			continue;
		if (!visit_summaries(plan, page, peer, count))
			return false;
	}
	return true;
}

/* --- counts ----------------------------------------------------------------------------------- */

/* A peer whose routes of the family are none of its session's has no row of it. */
static bool peer_row(const struct family_plan *of, struct page *page, const struct peer *peer)
{
	uint8_t family = (uint8_t)of->routes->family;
	struct peer_plan_tally tally;

	if (!peer || !asked_for(page, peer) || !(peer->config.families & family_bit(family)))
		return true;
	tally = peer_plan_tally(&of->peers, peer);
	return plan_add_peer(page, peer, family, &tally);
}

static bool view_row(const struct family_plan *of, struct page *page, enum role view)
{
	return !of->views.room[view].there ||
	       plan_add_view(page, view, (uint8_t)of->routes->family, of->view[view]);
}

static bool full_row(const struct family_plan *of, struct page *page, enum role view)
{
	return view_plan_fits(&of->views, view) ||
	       plan_add_full(page, view, (uint8_t)of->routes->family, of->views.room[view].needed,
			     of->views.groups);
}

/* As bounds.c does: a gateway that would learn more than a circuit takes. */
static bool circuit_row(const struct family_plan *of, struct page *page, const struct peer *peer)
{
	const struct routes *routes = of->routes;
	const struct config_limits *limits = &routes->rs->config->limits;
	const struct receiver *receiver = peer ? &peer->out.to[routes->family] : NULL;
	struct peer_plan_tally tally;
	uint32_t after;

	if (!peer || !receiver->group || peer->config.role != ROLE_EXPRESSROUTE ||
	    !limits->to_expressroute || limits->over_expressroute != LIMITS_CLOSE)
		return true;
	tally = peer_plan_tally(&of->peers, peer);
	after = summaries_advertised(&routes->adj_out, receiver) +
		(uint32_t)tally.changes[PLAN_ANNOUNCED] - (uint32_t)tally.changes[PLAN_WITHDRAWN];
	return after <= limits->to_expressroute ||
	       plan_add_circuit(page, peer, (uint8_t)routes->family, after,
				limits->to_expressroute);
}

static bool held_row(const struct family_plan *of, struct page *page)
{
	const struct routes *routes = of->routes;
	uint32_t held, needed = matrix_plan_expressroute(of->matrix, &held);

	return !held || plan_add_held(page, (uint8_t)routes->family,
				      needed + routes->expressroute_bound.summaries,
				      routes->rs->config->limits.to_expressroute);
}

/* The `row`th of all: the switch, the peers, the views, and the bounds that would be met; of each
 * one row a family. */
static bool count_row(struct route_server *rs, const struct plan *plan, struct page *page,
		      uint32_t row)
{
	const struct config *config = rs->config;
	uint32_t n = (uint32_t)config->nb_peers;
	const struct family_plan *of;

	if (!row)
		return plan_add_switch(page, plan->enable, rs->exchange->enabled, plan->conflicts);
	row--;
	of = &plan->of[row % FAMILY_COUNT];
	row /= FAMILY_COUNT;
	if (row < n)
		return peer_row(of, page, peer_find(&rs->peers, config->peers[row].name));
	row -= n;
	if (row < ROLE_COUNT)
		return view_row(of, page, (enum role)row);
	row -= ROLE_COUNT;
	if (row < ROLE_COUNT)
		return full_row(of, page, (enum role)row);
	row -= ROLE_COUNT;
	if (row < n)
		return circuit_row(of, page, peer_find(&rs->peers, config->peers[row].name));
	return held_row(of, page);
}

static bool counts_row(struct route_server *rs, struct plan *plan, struct page *page)
{
	const uint32_t end =
		1 + FAMILY_COUNT * (2 * (uint32_t)(rs->config->nb_peers + ROLE_COUNT) + 1);

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
	struct signature s = { .reloads = rs->reloads, .enabled = rs->exchange->enabled };

	for (int family = 0; family < FAMILY_COUNT; family++) {
		s.rib[family] = rib_version(rs->routes[family].rib);
		s.groups[family] = rs->routes[family].announcer.version;
	}
	return s;
}

static bool same_signature(const struct signature *a, const struct signature *b)
{
	bool same = a->reloads == b->reloads && a->enabled == b->enabled;

	for (int family = 0; family < FAMILY_COUNT; family++)
		same &= a->rib[family] == b->rib[family] && a->groups[family] == b->groups[family];
	return same;
}

static bool family_at_rest(const struct routes *routes)
{
	for (const struct update_group *group = routes->announcer.groups; group;
	     group = group->next)
		if (!summaries_current(group))
			return false;
	return rib_settled(routes->rib) && !routes->expressroute_bound.leaving &&
	       !rib_changes_waiting(routes->rib) && !rib_put_off_count(routes->rib) &&
	       !rib_wide_waiting(routes->rib);
}

static bool at_rest(const struct route_server *rs)
{
	bool rest = rs->transit.step == TRANSIT_SETTLED && !due_has(&rs->due, DUE_RECONSIDER) &&
		    !due_has(&rs->due, DUE_MAPS);

	for (int family = 0; rest && family < FAMILY_COUNT; family++)
		rest = family_at_rest(&rs->routes[family]);
	return rest;
}

/* What has been found out about a node is good for as long as nothing changes. */
static void look_again(const struct route_server *rs, struct plan *plan)
{
	struct signature is = sign(rs);

	if (at_rest(rs) && same_signature(&is, &plan->begun))
		return;
	plan->disturbed = true;
	plan->begun = is;
	plan->node = RIB_NONE;
}

/* Room that a view gives up is there after a grace period: who gets it is a matter of time. */
static bool crowded(const struct plan *plan)
{
	bool crowded = false;

	for (int family = 0; !plan->enable && family < FAMILY_COUNT; family++)
		for (int view = 0; view < ROLE_COUNT; view++)
			crowded |= !view_plan_fits(&plan->of[family].views, (enum role)view);
	return crowded;
}

static bool starved(const struct plan *plan)
{
	return plan->of[FAMILY_IPV4].views.starved || plan->of[FAMILY_IPV6].views.starved;
}

/* The `row`th of all; false: the page is full. */
static bool warning_row(const struct plan *plan, struct page *page, uint32_t row)
{
	const struct {
		bool is;
		const char *text;
	} warnings[] = {
		{ plan->disturbed,
		  "routes or sessions changed meanwhile: this may be off; ask again" },
		{ crowded(plan), "a view has no room for all it should have: what comes into the "
				 "room of routes that go is not planned" },
		{ starved(plan), "there was no memory to find out what a view has room for: this "
				 "may be off" },
	};

	return !warnings[row].is || plan_add_warning(page, warnings[row].text);
}

static bool warnings_rows(struct plan *plan, struct page *page)
{
	for (; plan->row < WARNINGS_MAX; plan->row++)
		if (!warning_row(plan, page, plan->row))
			return false;
	return true;
}

/* --- all of it -------------------------------------------------------------------------------- */

/* 0 or -ENOMEM. */
static int family_plan_init(struct family_plan *of, struct routes *routes, uint64_t allow)
{
	of->routes = routes;
	of->matrix = matrix_plan_new(routes->rib, allow);
	of->peers.routes = routes;
	of->peers.matrix = of->matrix;
	if (!of->matrix)
		return -ENOMEM;
	return view_plan_init(&of->views, &routes->rs->fib_sync[routes->family], allow);
}

static struct plan *plan_new(struct route_server *rs, const struct page *page)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	int err = 0;

	if (!plan)
		return NULL;
	plan->enable = page->said ? page->enable : !rs->exchange->enabled;
	for (int family = 0; family < FAMILY_COUNT && !err; family++)
		err = family_plan_init(&plan->of[family], &rs->routes[family],
				       transit_word_if(rs, plan->enable));
	if (err) {
		plan_free(plan);
		return NULL;
	}
	plan->begun = sign(rs);
	return plan;
}

void plan_free(struct plan *plan)
{
	for (int family = 0; plan && family < FAMILY_COUNT; family++) {
		matrix_plan_free(plan->of[family].matrix);
		view_plan_fini(&plan->of[family].views);
	}
	free(plan);
}

/* The rounds of the next phase. False: the turn is over. */
static bool rounds_begin(struct plan *plan, struct page *page)
{
	while (plan->rounds < ROLE_COUNT) {
		view_plan_round(&now(plan)->views, (enum role)plan->rounds++);
		if (page_late(page))
			return false;
	}
	return true;
}

/* Go on with the phase. True: it is through. */
static bool phase_go_on(struct route_server *rs, struct plan *plan, struct page *page)
{
	bool routes = page->prefixes || page->peer[0], first = !plan->family;

	if (!rounds_begin(plan, page))
		return false;
	switch (plan->phase) {
	case WEIGH: return walk(rs, plan, page, visit_weigh);
	case COUNT: return walk(rs, plan, page, visit_count);
	case SUMMARIES: return walk_summaries(rs, plan, page, true);
	case COUNTS: return !first || counts_row(rs, plan, page);
	case CONFLICTS: return !plan->conflicts || walk(rs, plan, page, visit_conflicts);
	case ROUTES: return !routes || walk(rs, plan, page, visit_routes);
	case SUMMARY_ROUTES: return !routes || walk_summaries(rs, plan, page, false);
	case WARNINGS: return !first || warnings_rows(plan, page);
	case DONE: break;
	}
	return true;
}

/* The phase for the next family, or the next phase. */
static void phase_next(struct plan *plan)
{
	plan->row = plan->cursor = plan->node = 0;
	plan->rule = 0;
	plan->rounds = 0;
	matrix_plan_round(now(plan)->matrix);
	if (++plan->family == FAMILY_COUNT) {
		plan->family = 0;
		plan->phase++;
	}
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
	for (; plan->phase != DONE; phase_next(plan)) {
		if (!phase_go_on(rs, plan, page)) {
			page->more = true;
			return;
		}
	}
}
