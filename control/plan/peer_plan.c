/* Announcements before and after, compared and counted. */
#include "peer_plan.h"

#include <string.h>

#include "page.h"
#include "receiver.h"
#include "route_server.h"
#include "update_group.h"
#include "announcement.h"

const char *plan_change_name(enum plan_change change)
{
	static const char *const names[PLAN_CHANGES] = {
		[PLAN_SAME] = "unchanged",
		[PLAN_ANNOUNCED] = "announced",
		[PLAN_REPLACED] = "replaced",
		[PLAN_WITHDRAWN] = "withdrawn",
	};

	return names[change];
}

/* Of the plan's family. */
static const struct receiver *told_to(const struct peer_plan *plan, const struct peer *peer)
{
	return &peer->out.to[plan->routes->family];
}

/* --- a prefix --------------------------------------------------------------------------------- */

static bool announces(struct peer_plan *plan, const struct update_group *group,
		      const struct path *path, bool backup, bool after)
{
	plan->result[after].verdict = ROUTE_MAP_DROPPED; /* also of what fits no message */
	if (!path)
		return false;
	return announcement_of_path(group, plan->routes->rib, path, backup, plan->wire[after],
				    &plan->result[after]);
}

/* Is what there is in the workspace withheld from the peer? */
static bool withholds(const struct peer_plan *plan, uint16_t index, bool after)
{
	return index < CONFIG_PEERS &&
	       receiver_withholds(
		       &plan->routes->rs->peers.table[index].out.to[plan->routes->family],
		       &plan->result[after]);
}

static uint8_t contributes_by(const struct route_map_result *result)
{
	return result->verdict == ROUTE_MAP_SUMMARISED ? result->summary_rule + 1 : 0;
}

/* Of the workspace, as far as there is something in it. */
static enum plan_change compare(const struct peer_plan *plan, bool had, bool has)
{
	const struct route_map_result *before = &plan->result[false], *after = &plan->result[true];

	if (!had)
		return has ? PLAN_ANNOUNCED : PLAN_SAME;
	if (!has)
		return PLAN_WITHDRAWN;
	return before->len == after->len && !memcmp(before->wire, after->wire, after->len)
		       ? PLAN_SAME
		       : PLAN_REPLACED;
}

/* The group's rules that make the path's prefix, a bit each. */
static uint64_t makers_of(const struct peer_plan *plan, const struct update_group *group,
			  const struct path *path)
{
	return group->summaries
		       ? route_map_summarises(group->map, rib_prefix(plan->routes->rib, path->node))
		       : 0;
}

/* For a member; RIB_PEERS: for one who announced none of the paths. */
static struct peer_plan_member fate_of(struct peer_plan *plan, const struct update_group *group,
				       uint16_t peer)
{
	bool backup[2], had, has;
	const struct path *is = matrix_plan_path(plan->matrix, group->group, peer, false,
						 &backup[false]),
			  *will = matrix_plan_path(plan->matrix, group->group, peer, true,
						   &backup[true]);
	struct peer_plan_member fate = { 0 };

	if (is == will && (!is || backup[false] == backup[true]))
		return fate;
	had = announces(plan, group, is, backup[false], false) && !withholds(plan, peer, false);
	has = announces(plan, group, will, backup[true], true) && !withholds(plan, peer, true);
	fate.is.backup = has && backup[true];
	fate.rule[false] = contributes_by(&plan->result[false]);
	fate.rule[true] = contributes_by(&plan->result[true]);
	if (!makers_of(plan, group, is ? is : will))
		fate.is.change = compare(plan, had, has);
	return fate;
}

struct peer_plan_fate peer_plan_route(struct peer_plan *plan, const struct peer *peer)
{
	if (!matrix_plan_changes(plan->matrix, told_to(plan, peer)->group->group))
		return (struct peer_plan_fate){ PLAN_SAME, false };
	return fate_of(plan, told_to(plan, peer)->group, peer->index).is;
}

/* --- counting --------------------------------------------------------------------------------- */

static void tally_add(struct peer_plan_tally *tally, const struct peer_plan_member *fate, int by)
{
	tally->changes[fate->is.change] += by;
	if (fate->is.change != PLAN_SAME && fate->is.backup)
		tally->backups += by;
	if (fate->rule[false])
		tally->contributors[fate->rule[false] - 1] -= by;
	if (fate->rule[true])
		tally->contributors[fate->rule[true] - 1] += by;
}

/* One that has a path of its own, or that something is withheld from, may learn otherwise than
 * its group. */
static void count_other(struct peer_plan *plan, const struct update_group *group, uint16_t peer,
			const struct peer_plan_member *common)
{
	struct peer_plan_member own;

	if (peer >= CONFIG_PEERS ||
	    plan->routes->rs->peers.table[peer].out.to[plan->routes->family].group != group)
		return;
	own = fate_of(plan, group, peer);
	tally_add(&plan->peer[peer], common, -1);
	tally_add(&plan->peer[peer], &own, 1);
}

static bool is_among(const uint16_t *peers, uint32_t nb, uint16_t peer)
{
	for (uint32_t i = 0; i < nb; i++)
		if (peers[i] == peer)
			return true;
	return false;
}

static uint16_t announcer_of(const struct path *path)
{
	return path ? path->peer : RIB_PEERS;
}

/* If the prefix is a summary's, it is reported when all contributors are known. */
static void keep_route(const struct peer_plan *plan, const struct update_group *group,
		       const struct path *is, const struct path *will, uint32_t nb_others,
		       struct peer_plan_route routes[MAP_RULES])
{
	uint64_t makers = is || will ? makers_of(plan, group, is ? is : will) : 0;
	struct peer_plan_route *route = &routes[makers ? __builtin_ctzll(makers) : 0];
	uint16_t top = announcer_of(will);
	bool backup, to_all;

	if (!makers)
		return;
	matrix_plan_path(plan->matrix, group->group, RIB_PEERS, true, &to_all);
	*route = (struct peer_plan_route){
		.changed = true,
		.backup = to_all,
		.top = top,
		.alt = announcer_of(
			matrix_plan_path(plan->matrix, group->group, top, true, &backup)),
	};
	for (uint32_t i = 0; i < nb_others; i++) {
		uint16_t peer = plan->others[i];

		if (peer >= CONFIG_PEERS)
			continue;
		matrix_plan_path(plan->matrix, group->group, peer, true, &backup);
		route->backup_to[peer / 64] |= (uint64_t)backup << peer % 64;
	}
}

/* What most members of the group get; then what sets some of them apart. */
static void count_common(struct peer_plan *plan, const struct update_group *group,
			 struct peer_plan_group *counted)
{
	struct peer_plan_step *at = &plan->at;
	struct peer_plan_member fate;
	bool backup;
	const struct path *is = matrix_plan_path(plan->matrix, group->group, RIB_PEERS, false,
						 &backup),
			  *will = matrix_plan_path(plan->matrix, group->group, RIB_PEERS, true,
						   &backup);

	at->nb_others = matrix_plan_others(plan->matrix, group->group, plan->others);
	at->other = at->withheld = 0;
	fate = fate_of(plan, group, RIB_PEERS);
	at->common = fate;
	tally_add(&counted->tally, &fate, 1);
	keep_route(plan, group, is, will, at->nb_others, counted->routes);
}

/* The next one whose table may not be that of its group. False: that were all. */
static bool count_next(struct peer_plan *plan, const struct update_group *group)
{
	const struct adj_out *adj_out = &plan->routes->adj_out;
	struct peer_plan_step *at = &plan->at;

	if (at->other < at->nb_others) {
		count_other(plan, group, plan->others[at->other++], &at->common);
		return true;
	}
	while (adj_out->withholding && at->withheld < adj_out->end) {
		uint16_t peer = at->withheld++;

		if (!adj_out->receiver[peer]->session->suspects.nb ||
		    is_among(plan->others, at->nb_others, peer))
			continue;
		count_other(plan, group, peer, &at->common);
		return true;
	}
	return false;
}

void peer_plan_begin(struct peer_plan *plan)
{
	plan->at = (struct peer_plan_step){ .group = plan->routes->announcer.groups };
}

bool peer_plan_count(struct peer_plan *plan, const struct page *page)
{
	struct peer_plan_step *at = &plan->at;

	for (; at->group && at->place < CONFIG_PEERS; at->group = at->group->next, at->place++) {
		if (!matrix_plan_changes(plan->matrix, at->group->group))
			continue;
		if (!at->begun) {
			count_common(plan, at->group, &plan->group[at->place]);
			at->begun = true;
			if (page_late(page))
				return false;
		}
		while (count_next(plan, at->group))
			if (page_late(page))
				return false;
		at->begun = false;
	}
	return true;
}

static const struct peer_plan_group *group_of(const struct peer_plan *plan, const struct peer *peer)
{
	const struct update_group *group = plan->routes->announcer.groups;
	unsigned int at = 0;

	for (; group && group != told_to(plan, peer)->group && at < CONFIG_PEERS - 1;
	     group = group->next)
		at++;
	return &plan->group[at];
}

struct peer_plan_tally peer_plan_tally(const struct peer_plan *plan, const struct peer *peer)
{
	struct peer_plan_tally tally = { 0 };
	const struct peer_plan_tally *own = &plan->peer[peer->index], *common;

	if (!told_to(plan, peer)->group)
		return tally;
	common = &group_of(plan, peer)->tally;
	for (int change = 0; change < PLAN_CHANGES; change++)
		tally.changes[change] = common->changes[change] + own->changes[change];
	tally.backups = common->backups + own->backups;
	for (int rule = 0; rule < MAP_RULES; rule++)
		tally.contributors[rule] = common->contributors[rule] + own->contributors[rule];
	return tally;
}

/* --- summaries -------------------------------------------------------------------------------- */

struct peer_plan_summaries peer_plan_summaries(const struct peer_plan *plan,
					       const struct peer *peer)
{
	struct peer_plan_tally tally = peer_plan_tally(plan, peer);
	struct peer_plan_summaries summaries = { 0 };
	const struct route_map *map;

	if (!told_to(plan, peer)->group || !told_to(plan, peer)->group->summaries)
		return summaries;
	map = told_to(plan, peer)->group->map;
	summaries.before = summaries_of(told_to(plan, peer));
	summaries.after = summaries_with(told_to(plan, peer), tally.contributors);
	for (uint64_t left = route_map_replacing(map, plan->routes->family); left;
	     left &= left - 1) {
		size_t rule = (size_t)__builtin_ctzll(left);
		uint64_t makers =
			route_map_summarises(map, route_map_rule(map, rule)->prefix_replace);

		summaries.prefixes |= makers & -makers;
	}
	return summaries;
}

/* The path that the peer would learn under a summary's prefix if there were no summary. */
static const struct path *path_after(const struct peer_plan *plan, const struct peer *peer,
				     uint32_t node, int rule, bool *backup)
{
	const struct peer_plan_route *route = &group_of(plan, peer)->routes[rule];

	if (!route->changed)
		return group_advertised(told_to(plan, peer)->group->group, peer->index, node,
					backup);
	*backup = route->backup || (route->backup_to[peer->index / 64] >> peer->index % 64 & 1);
	if (*backup && !told_to(plan, peer)->group->rule.ibgp &&
	    !told_to(plan, peer)->group->backups)
		return NULL;
	return rib_path(plan->routes->rib, node,
			route->top == peer->index ? route->alt : route->top);
}

/* As the summary that one of `rules` makes, or as the route that is there without one. */
static bool stands(struct peer_plan *plan, const struct peer *peer, uint64_t rules,
		   const struct path *path, bool backup, bool after)
{
	const struct update_group *group = told_to(plan, peer)->group;
	bool is =
		rules ? announcement_of_summary(group, __builtin_ctzll(rules), &plan->result[after])
		      : announces(plan, group, path, backup, after);

	return is && !withholds(plan, peer->index, after);
}

struct peer_plan_fate peer_plan_summary(struct peer_plan *plan, const struct peer *peer,
					const struct peer_plan_summaries *summaries, int rule)
{
	const struct update_group *group = told_to(plan, peer)->group;
	struct prefix prefix = route_map_rule(group->map, (size_t)rule)->prefix_replace;
	uint64_t makers = route_map_summarises(group->map, prefix);
	uint64_t before = summaries->before & makers, after = summaries->after & makers;
	uint32_t node = rib_find(plan->routes->rib, prefix);
	const struct path *is = NULL, *will = NULL;
	struct peer_plan_fate fate = { PLAN_SAME, false };
	bool had, has, was_backup = false, backup = false;

	if (node != RIB_NONE) {
		is = group_advertised(group->group, peer->index, node, &was_backup);
		will = path_after(plan, peer, node, rule, &backup);
	}
	if (before == after && (before || (is == will && was_backup == backup)))
		return fate;
	had = stands(plan, peer, before, is, was_backup, false);
	has = stands(plan, peer, after, will, backup, true);
	fate.change = compare(plan, had, has);
	fate.backup = has && (after ? group->yields : backup);
	return fate;
}

void peer_plan_add(struct peer_plan *plan, const struct peer *peer, struct peer_plan_fate fate)
{
	plan->peer[peer->index].changes[fate.change]++;
	plan->peer[peer->index].backups += fate.change != PLAN_SAME && fate.backup;
}
