/* A plan, a page at a time. */
#include "plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matrix_plan.h"
#include "plan_rows.h"
#include "route_server.h"
#include "show.h"
#include "view_plan.h"

/* Most of a page: prefixes looked at, and paths made into what a group would be told. */
enum { WORK = 4096 };

enum phase { WEIGH, COUNT, COUNTS, CONFLICTS, ROUTES, WARNINGS, DONE };

/* What a group's or a peer's prefixes would become. */
struct tally {
	int32_t told[PLAN_TOLD];
	int32_t routes; /* more than now, before outbound route maps: what bounds are held against */
};

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
	struct signature begun;
	bool disturbed;	       /* something has changed since, or was under way */
	uint32_t cursor, node; /* of the walk; RIB_NONE: the next one */
	uint32_t row;	       /* of those that the node, or the phase, has, the next one */
	uint32_t work;	       /* done for this page */
	struct tally group[CONFIG_PEERS]; /* by place in the announcer's list */
	struct tally peer[CONFIG_PEERS];  /* what sets it apart from its group */
	uint32_t view[ROLE_COUNT][VIEW_CHANGES];
	uint32_t conflicts, conflicts_told;
	/* workspace: what is announced now and what would be */
	uint8_t wire[2][BGP_MESSAGE_MAX];
	struct route_map_result result[2];
};

/* --- what would be told ------------------------------------------------------------------------------------------ */

static bool announces(const struct route_server *rs, struct plan *plan,
		      const struct update_group *group, const struct path *path, bool after)
{
	if (!path)
		return false;
	plan->work++;
	return announcer_announces(group, rs, path, plan->wire[after], &plan->result[after]);
}

/* What becomes of the node for a member; RIB_PEERS: for one who announced none of its paths. */
static enum plan_told told_of(const struct route_server *rs, struct plan *plan,
			      const struct update_group *group, uint16_t peer, int *routes)
{
	const struct path *is = matrix_plan_path(plan->matrix, group->group, peer, false),
			  *will = matrix_plan_path(plan->matrix, group->group, peer, true);
	const struct route_map_result *before = &plan->result[false], *after = &plan->result[true];
	bool had, has;

	*routes = (will != NULL) - (is != NULL);
	if (is == will)
		return PLAN_SAME;
	had = announces(rs, plan, group, is, false);
	has = announces(rs, plan, group, will, true);
	if (!had)
		return has ? PLAN_ANNOUNCED : PLAN_SAME;
	if (!has)
		return PLAN_WITHDRAWN;
	return before->len == after->len && !memcmp(before->wire, after->wire, after->len)
		       ? PLAN_SAME
		       : PLAN_REPLACED;
}

static void tally_add(struct tally *tally, enum plan_told told, int routes, int by)
{
	tally->told[told] += by;
	tally->routes += by * routes;
}

/* The announcer of one of the paths is told otherwise than its group. */
static void count_announcer(const struct route_server *rs, struct plan *plan,
			    const struct update_group *group, uint16_t peer, enum plan_told common,
			    int common_routes)
{
	int routes;
	enum plan_told own;

	if (peer >= CONFIG_PEERS || rs->peers.table[peer].group != group)
		return;
	own = told_of(rs, plan, group, peer, &routes);
	tally_add(&plan->peer[peer], common, common_routes, -1);
	tally_add(&plan->peer[peer], own, routes, 1);
}

static void count_group(const struct route_server *rs, struct plan *plan,
			const struct update_group *group, struct tally *tally)
{
	const struct path *is = matrix_plan_path(plan->matrix, group->group, RIB_PEERS, false),
			  *will = matrix_plan_path(plan->matrix, group->group, RIB_PEERS, true);
	int routes;
	enum plan_told told = told_of(rs, plan, group, RIB_PEERS, &routes);

	tally_add(tally, told, routes, 1);
	if (is)
		count_announcer(rs, plan, group, is->peer, told, routes);
	if (will && (!is || is->peer != will->peer))
		count_announcer(rs, plan, group, will->peer, told, routes);
}

/* --- conflicts --------------------------------------------------------------------------------------------------- */

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

/* --- walks: visit a node. False: the page is full, come again ---------------------------------------------------- */

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
	unsigned int at = 0;

	(void)page;
	for (int view = 0; view < ROLE_COUNT; view++)
		plan->view[view][plan->views.change[view]]++;
	for (const struct update_group *group = rs->announcer.groups; group && at < CONFIG_PEERS;
	     group = group->next, at++)
		if (matrix_plan_changes(plan->matrix, group->group))
			count_group(rs, plan, group, &plan->group[at]);
	plan->conflicts += conflicts_of(plan, conflicts);
	return true;
}

static bool visit_conflicts(struct route_server *rs, struct plan *plan, struct page *page)
{
	struct conflict conflicts[ROLE_COUNT];
	unsigned int n = conflicts_of(plan, conflicts);

	for (; plan->row < n; plan->row++) {
		const struct conflict *c = &conflicts[plan->row];

		if (!page->prefixes && plan->conflicts_told == PLAN_CONFLICTS)
			return true;
		if (!plan_add_conflict(rs, page, c->winner, c->loser, c->views))
			return false;
		plan->conflicts_told++;
	}
	return true;
}

/* The node's rows: views, then peers. With page->peer, that peer's alone. */
static bool visit_routes(struct route_server *rs, struct plan *plan, struct page *page)
{
	const uint32_t end = ROLE_COUNT + rs->peers.end;
	struct prefix prefix = rib_prefix(rs->rib, plan->node);

	if (page->peer[0] && !plan->row)
		plan->row = ROLE_COUNT;
	for (; plan->row < end; plan->row++) {
		const struct peer *peer;
		int routes;
		enum plan_told told;

		if (plan->row < ROLE_COUNT) {
			if (!plan_add_view_route(page, prefix, (enum role)plan->row,
						 plan->views.change[plan->row]))
				return false;
			continue;
		}
		peer = &rs->peers.table[plan->row - ROLE_COUNT];
		if (!peer->group || !matrix_plan_changes(plan->matrix, peer->group->group) ||
		    (page->peer[0] && strcmp(page->peer, peer->config.name)))
			continue;
		told = told_of(rs, plan, peer->group, peer->index, &routes);
		if (!plan_add_peer_route(page, prefix, peer, told))
			return false;
	}
	return true;
}

typedef bool visit_fn(struct route_server *rs, struct plan *plan, struct page *page);

/* Go on with the walk. True: it is through. */
static bool walk(struct route_server *rs, struct plan *plan, struct page *page, visit_fn *visit)
{
	while (plan->work < WORK) {
		if (plan->node == RIB_NONE) {
			plan->work++;
			if (!rib_walk(rs->rib, &plan->cursor, &plan->node, 1)) {
				if (!plan->cursor)
					return true;
				continue;
			}
			plan->row = 0;
			if (visit != visit_weigh) {
				view_plan_node(&plan->views, plan->node);
				matrix_plan_node(plan->matrix, plan->node, plan->views.refused);
			}
		}
		if (!visit(rs, plan, page))
			return false;
		plan->node = RIB_NONE;
	}
	return false;
}

/* --- counts ------------------------------------------------------------------------------------------------------ */

/* Its group's and what sets it apart. */
static struct tally tally_of(const struct route_server *rs, const struct plan *plan,
			     const struct peer *peer)
{
	const struct update_group *group = rs->announcer.groups;
	struct tally tally = plan->peer[peer->index];
	unsigned int at = 0;

	if (!peer->group)
		return (struct tally){ 0 };
	for (; group && group != peer->group && at < CONFIG_PEERS - 1; group = group->next)
		at++;
	for (int told = 0; told < PLAN_TOLD; told++)
		tally.told[told] += plan->group[at].told[told];
	tally.routes += plan->group[at].routes;
	return tally;
}

static bool tell_peer(const struct route_server *rs, const struct plan *plan, struct page *page,
		      const struct peer *peer)
{
	struct tally tally;

	if (!peer || (page->peer[0] && strcmp(page->peer, peer->config.name)))
		return true;
	tally = tally_of(rs, plan, peer);
	return plan_add_peer(page, peer, tally.told);
}

/* As bounds.c does: a gateway that would be told more than a circuit takes. */
static bool tell_circuit(const struct route_server *rs, const struct plan *plan, struct page *page,
			 const struct peer *peer)
{
	const struct config_limits *limits = &rs->config->limits;
	uint32_t routes;

	if (!peer || !peer->group || peer->config.role != ROLE_EXPRESSROUTE ||
	    !limits->to_expressroute || limits->over_expressroute != LIMITS_CLOSE)
		return true;
	routes = group_advertised_count(peer->group->group, peer->index) +
		 (uint32_t)tally_of(rs, plan, peer).routes;
	return routes <= limits->to_expressroute ||
	       plan_add_circuit(page, peer, routes, limits->to_expressroute);
}

static bool tell_held(const struct route_server *rs, const struct plan *plan, struct page *page)
{
	uint32_t held, needed = matrix_plan_expressroute(plan->matrix, &held);

	return !held || plan_add_held(page, needed, rs->config->limits.to_expressroute);
}

/* The `row`th of all: the switch, the peers, the views, and the bounds that would be met. */
static bool tell_count(struct route_server *rs, const struct plan *plan, struct page *page,
		       uint32_t row)
{
	const struct config *config = rs->config;
	uint32_t n = (uint32_t)config->nb_peers;
	enum role view;

	if (!row)
		return plan_add_switch(page, plan->enable, rs->exchange->enabled, plan->conflicts);
	row--;
	if (row < n)
		return tell_peer(rs, plan, page, peer_find(&rs->peers, config->peers[row].name));
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
		return tell_circuit(rs, plan, page, peer_find(&rs->peers, config->peers[row].name));
	return tell_held(rs, plan, page);
}

static bool tell_counts(struct route_server *rs, struct plan *plan, struct page *page)
{
	const uint32_t end = 2 + 2 * (uint32_t)(rs->config->nb_peers + ROLE_COUNT);

	for (; plan->row < end; plan->row++)
		if (!tell_count(rs, plan, page, plan->row))
			return false;
	return true;
}

/* --- is it still true -------------------------------------------------------------------------------------------- */

static struct signature sign(const struct route_server *rs)
{
	return (struct signature){
		.rib = rib_version(rs->rib),
		.groups = rs->announcer.version,
		.reloads = rs->reloads,
		.enabled = rs->exchange->enabled,
	};
}

static bool at_rest(const struct route_server *rs)
{
	return rs->transit.step == TRANSIT_SETTLED && rib_settled(rs->rib) && !rs->reconsider &&
	       !rs->maps_moving && !rib_changes_waiting(rs->rib);
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

static bool tell_warnings(struct plan *plan, struct page *page)
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

/* --- all of it --------------------------------------------------------------------------------------------------- */

static struct plan *plan_new(struct route_server *rs, const struct page *page)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	uint64_t allow;

	if (!plan)
		return NULL;
	plan->enable = page->said ? page->enable : !rs->exchange->enabled;
	allow = transit_word_if(rs, plan->enable);
	plan->matrix = matrix_plan_new(rs->rib, allow);
	if (!plan->matrix || view_plan_init(&plan->views, &rs->fib_sync, allow)) {
		plan_free(plan);
		return NULL;
	}
	plan->begun = sign(rs);
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

/* Go on with the phase. True: it is through. */
static bool phase_go_on(struct route_server *rs, struct plan *plan, struct page *page)
{
	switch (plan->phase) {
	case WEIGH: return walk(rs, plan, page, visit_weigh);
	case COUNT: return walk(rs, plan, page, visit_count);
	case COUNTS: return tell_counts(rs, plan, page);
	case CONFLICTS: return !plan->conflicts || walk(rs, plan, page, visit_conflicts);
	case ROUTES:
		return !(page->prefixes || page->peer[0]) || walk(rs, plan, page, visit_routes);
	case WARNINGS: return tell_warnings(plan, page);
	case DONE: break;
	}
	return true;
}

void plan_page(struct route_server *rs, struct page *page)
{
	struct plan *plan = page->plan;

	if (rs->phase != RS_LIVE) {
		page_error(page, "it is not live yet: nobody is told anything");
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
	for (plan->work = 0; plan->phase != DONE; plan->phase++) {
		if (!phase_go_on(rs, plan, page)) {
			page->more = true;
			return;
		}
		plan->row = plan->cursor = plan->node = 0;
		matrix_plan_round(plan->matrix);
		view_plan_round(&plan->views);
	}
}
