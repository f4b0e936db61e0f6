/* Routes before policy, and what of them is in the RIB. A route enters the table first; stand()
 * then puts under its prefix what belongs there: the summary that has contributors, else what the
 * map left of the route, else nothing. */
#include "inbound.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "due.h"
#include "export.h"
#include "import.h"
#include "scratch.h"

enum { ROUTES_MAX = 1 << 24 };

void inbound_init(struct inbound *in, struct adj_in *adj_in, uint16_t source)
{
	*in = (struct inbound){ .adj_in = adj_in, .source = source };
}

/* --- the table -------------------------------------------------------------------------------- */

static struct inbound_route *route_at(const struct inbound *in, uint32_t id)
{
	return prefix_table_at(&in->routes, id);
}

static int table_open(struct inbound *in)
{
	return prefix_table_open(&in->routes, in->adj_in->family, sizeof(struct inbound_route),
				 ROUTES_MAX);
}

/* The route of this place with these attributes; `*what` is it to the peer. NULL: no memory, and
 * what was there is as it was. */
static struct inbound_route *route_put(struct inbound *in, const struct inbound_place *at,
				       const struct attrs *attrs, enum rib_announced *what)
{
	struct prefix prefix = at->rib.prefix;
	struct inbound_route *route;
	uint32_t id = at->route;

	*what = RIB_NEW;
	if (id) {
		route = route_at(in, id);
		if (route->epoch == in->epoch)
			*what = route->attrs == attrs ? RIB_SAME : RIB_CHANGED;
		in->digest += attrs_digest(attrs, prefix) - attrs_digest(route->attrs, prefix);
		attrs_get(attrs);
		attrs_put(in->adj_in->attrs, route->attrs);
		route->attrs = attrs;
		in->fresh += route->epoch != in->epoch;
		route->epoch = in->epoch;
		return route;
	}
	id = prefix_table_add(&in->routes, &prefix);
	if (!id)
		return NULL;
	route = route_at(in, id);
	route->attrs = attrs_get(attrs);
	route->epoch = in->epoch;
	route->generation = in->generation;
	in->fresh++;
	in->digest += attrs_digest(attrs, prefix);
	return route;
}

static uint32_t route_id(const struct inbound *in, struct prefix prefix)
{
	return inbound_active(in) ? prefix_table_find(&in->routes, &prefix) : 0;
}

static struct inbound_route *route_find(const struct inbound *in, struct prefix prefix)
{
	uint32_t id = route_id(in, prefix);

	return id ? route_at(in, id) : NULL;
}

struct inbound_place inbound_place(const struct inbound *in, struct prefix prefix)
{
	struct inbound_place at = { rib_place(in->adj_in->rib, prefix), route_id(in, prefix) };

	return at;
}

void inbound_fetch(const struct inbound *in, const struct prefix *prefixes, size_t n)
{
	rib_fetch(in->adj_in->rib, prefixes, n);
	if (!inbound_active(in))
		return;
	for (size_t i = 0; i < n; i++)
		prefix_table_fetch(&in->routes, &prefixes[i]);
	for (size_t i = 0; i < n; i++)
		prefix_table_fetch_item(&in->routes, &prefixes[i]);
}

bool inbound_knows(const struct inbound *in, const struct inbound_place *at)
{
	return at->route && route_at(in, at->route)->epoch == in->epoch;
}

bool inbound_contributes(const struct inbound *in, struct prefix prefix)
{
	const struct inbound_route *route = route_find(in, prefix);

	return route && route->summary && route->generation == in->generation;
}

const struct attrs *inbound_said(const struct inbound *in, struct prefix prefix)
{
	const struct inbound_route *route = route_find(in, prefix);
	uint32_t node = rib_find(in->adj_in->rib, prefix);
	const struct path *path;

	if (route)
		return route->attrs;
	if (inbound_counts(in) || node == RIB_NONE)
		return NULL;
	path = rib_said(in->adj_in->rib, node, in->source);
	return path ? path->attrs : NULL;
}

uint32_t inbound_next(const struct inbound *in, uint32_t id, struct prefix *prefix,
		      const struct attrs **attrs)
{
	id = inbound_active(in) ? slab_next(&in->routes.items, id) : 0;
	if (id) {
		*prefix = prefix_table_key(&in->routes, id);
		*attrs = route_at(in, id)->attrs;
	}
	return id;
}

/* --- into the RIB ----------------------------------------------------------------------------- */

static int announce(struct inbound *in, const struct rib_place *at, const struct attrs *attrs,
		    uint32_t local_pref)
{
	int err = rib_announce_at(in->adj_in->rib, at, in->source, attrs,
				  import_local_pref(&attrs->keys, local_pref),
				  (uint32_t)(in->adj_in->now_ms / 1000));

	if (err < 0)
		rib_withdraw_at(in->adj_in->rib, at, in->source);
	return err < 0 ? err : 0;
}

/* `at` is the place of result->prefix. */
static int announce_wire(struct inbound *in, const struct rib_place *at,
			 const struct route_map_result *result)
{
	struct attr_keys keys;
	const struct attrs *attrs;
	int err;

	attr_keys_parse(result->wire, result->len, &keys);
	keys.zone = in->zone;
	attrs = attrs_intern(in->adj_in->attrs, &keys, result->wire, result->len);
	if (!attrs) {
		rib_withdraw_at(in->adj_in->rib, at, in->source);
		return -ENOMEM;
	}
	err = announce(in, at, attrs, result->local_pref);
	attrs_put(in->adj_in->attrs, attrs);
	return err;
}

/* The rule whose summary `prefix` is at present; MAP_RULES: it is none. */
static size_t summary_rule(const struct inbound *in, struct prefix prefix)
{
	uint64_t makers = in->map ? route_map_summarises(in->map, prefix) : 0;

	for (; makers; makers &= makers - 1)
		if (in->contributors[__builtin_ctzll(makers)])
			return (size_t)__builtin_ctzll(makers);
	return MAP_RULES;
}

static enum route_map_verdict run(const struct inbound *in, struct prefix prefix,
				  const struct attrs *attrs, bool count,
				  struct route_map_result *result)
{
	struct route_map_route route = { .prefix = prefix, .wire = attrs->wire, .len = attrs->len };

	if (in->map)
		return route_map_run(in->map, &in->side, &route, count, result);
	result->verdict = ROUTE_MAP_UNCHANGED;
	return result->verdict;
}

enum route_map_verdict inbound_run(const struct inbound *in, struct prefix prefix,
				   const struct attrs *attrs, struct route_map_result *result)
{
	return run(in, prefix, attrs, false, result);
}

/* Put there what belongs there. `result`: what the map made of `route` (NULL: there is none), and
 * room for a summary. */
static int stand(struct inbound *in, const struct rib_place *at, const struct inbound_route *route,
		 struct route_map_result *result)
{
	size_t rule = summary_rule(in, at->prefix);
	int err;

	if (rule < MAP_RULES) {
		route_map_summary(in->map, &in->side, rule, result);
		return announce_wire(in, at, result);
	}
	if (route && result->verdict == ROUTE_MAP_UNCHANGED)
		return announce(in, at, route->attrs, LOCAL_PREF_DEFAULT);
	if (route && result->verdict == ROUTE_MAP_CHANGED)
		return announce_wire(in, at, result);
	err = rib_withdraw_at(in->adj_in->rib, at, in->source);
	return err < 0 ? err : 0;
}

/* Likewise, if the peer has no route there: the summary, or nothing. */
static int stand_without(struct inbound *in, const struct rib_place *at)
{
	int err = stand(in, at, NULL, scratch_take(in->adj_in->scratch, SCRATCH_SUMMARY));

	scratch_give(in->adj_in->scratch, SCRATCH_SUMMARY);
	return err;
}

/* The prefix has become a summary's. */
static int stand_summary(struct inbound *in, struct prefix prefix)
{
	const struct rib_place at = rib_place(in->adj_in->rib, prefix);

	return stand_without(in, &at);
}

/* A summary has lost a contributor, or the map that made it. */
static int stand_again(struct inbound *in, struct prefix prefix)
{
	struct route_map_result *result = scratch_take(in->adj_in->scratch, SCRATCH_SUMMARY);
	const struct inbound_place at = inbound_place(in, prefix);
	const struct inbound_route *route = at.route ? route_at(in, at.route) : NULL;
	int err;

	if (route)
		run(in, prefix, route->attrs, false, result);
	err = stand(in, &at.rib, route, result);
	scratch_give(in->adj_in->scratch, SCRATCH_SUMMARY);
	return err;
}

/* The route contributes to the summary of `now` (rule plus one, 0: to none). What changes in the
 * RIB by that may be the route's own prefix: `at`, its place, is looked up anew then. */
static int contribute(struct inbound *in, struct inbound_route *route, uint8_t now,
		      struct rib_place *at)
{
	uint8_t was = route->generation == in->generation ? route->summary : 0;
	int err = 0;

	route->summary = now;
	route->generation = in->generation;
	if (now) {
		in->contributors[now - 1] += now != was;
		err = stand_summary(in, route_map_rule(in->map, now - 1)->prefix_replace);
	}
	if (was && was != now && !--in->contributors[was - 1])
		err |= stand_again(in, route_map_rule(in->map, was - 1)->prefix_replace);
	if (now || was)
		*at = rib_place(in->adj_in->rib, at->prefix);
	return err ? -ENOMEM : 0;
}

/* ORIGIN IGP, no path, the peer as next hop, ATOMIC_AGGREGATE. */
static void summary_set(struct inbound *in, const struct export_next_hop *hop)
{
	struct attr_writer w = { .buf = in->summary, .size = sizeof(in->summary) };

	export_summary_attrs(hop, &w);
	in->side =
		(struct route_map_side){ .summary = in->summary, .summary_len = (uint16_t)w.len };
}

/* The peer's own address of IPv6, as far as its routes tell. */
static void hop_learn(struct inbound *in, const struct attrs *attrs)
{
	struct export_next_hop hop = { .len = 0 };
	struct attr_view said;

	if (!attr_find(attrs->wire, attrs->len, ATTR_NEXT_HOP, &said) || said.len < 16)
		return;
	hop.len = (uint8_t)said.len;
	memcpy(hop.octets, said.body, said.len);
	summary_set(in, &hop);
	in->hop_unknown = false;
}

/* `at` is where the route's prefix was looked up. */
static int apply(struct inbound *in, struct inbound_route *route, struct rib_place at)
{
	struct route_map_result *result = scratch_take(in->adj_in->scratch, SCRATCH_ROUTE);
	enum route_map_verdict verdict = run(in, at.prefix, route->attrs, true, result);
	bool summarised = verdict == ROUTE_MAP_SUMMARISED;
	int err;

	if (in->hop_unknown)
		hop_learn(in, route->attrs);
	err = contribute(in, route, summarised ? result->summary_rule + 1 : 0, &at);

	err |= stand(in, &at, route, result);
	scratch_give(in->adj_in->scratch, SCRATCH_ROUTE);
	return err ? -ENOMEM : 0;
}

/* --- what the peer says ----------------------------------------------------------------------- */

static int route_remove(struct inbound *in, uint32_t id, struct rib_place at)
{
	struct inbound_route *route = route_at(in, id);
	int err = contribute(in, route, 0, &at);

	in->fresh -= route->epoch == in->epoch;
	in->digest -= attrs_digest(route->attrs, at.prefix);
	attrs_put(in->adj_in->attrs, route->attrs);
	prefix_table_remove(&in->routes, id);
	return stand_without(in, &at) || err ? -ENOMEM : 0;
}

int inbound_withdraw(struct inbound *in, const struct inbound_place *at)
{
	if (at->route)
		return route_remove(in, at->route, at->rib) ? -ENOMEM : 1;
	/* What has not been copied yet is in the RIB alone. */
	return in->step == INBOUND_FILLING ? stand_without(in, &at->rib) : 0;
}

int inbound_announce(struct inbound *in, const struct inbound_place *at, const struct attrs *attrs)
{
	enum rib_announced what;
	struct inbound_route *route = route_put(in, at, attrs, &what);

	if (route)
		return apply(in, route, at->rib) ? -ENOMEM : (int)what;
	inbound_withdraw(in, at);
	return -ENOMEM;
}

/* A route of the table, met by a walk over it. */
static struct rib_place place_of(const struct inbound *in, uint32_t id)
{
	return rib_place(in->adj_in->rib, prefix_table_key(&in->routes, id));
}

/* --- a map changes ---------------------------------------------------------------------------- */

/* `in->wanted` is the map from now on; the table follows. */
static void apply_begin(struct inbound *in)
{
	route_map_put(in->before);
	in->before = in->map;
	in->map = in->wanted;
	in->wanted = NULL;
	in->changed = false;
	memset(in->contributors, 0, sizeof(in->contributors));
	in->generation++;
	in->step = INBOUND_APPLYING;
	in->cursor = 0;
}

/* Does the table hold nothing that the RIB does not? What is stale here may look fresh there: the
 * map has been over it. */
static bool is_superfluous(const struct inbound *in)
{
	return !in->map && prefix_table_is_open(&in->routes) &&
	       in->fresh == prefix_table_count(&in->routes);
}

/* What comes after a step that is over, or when there is none: nothing, or the change that waits. 0
 * or -ENOMEM. */
static int step_next(struct inbound *in)
{

	in->step = INBOUND_SETTLED;
	in->cursor = 0;
	if (in->changed && prefix_table_is_open(&in->routes)) {
		apply_begin(in);
	} else if (in->changed && in->wanted) {
		if (table_open(in))
			return -ENOMEM;
		in->step = INBOUND_FILLING;
		if (!rib_peer_paths(in->adj_in->rib, in->source))
			apply_begin(in);
	} else {
		in->changed = false;
		if (is_superfluous(in))
			in->step = INBOUND_CLOSING;
	}
	return 0;
}

/* Every route has passed the new map: summaries of the old one that it does not make are over. */
static void apply_end(struct inbound *in)
{

	for (uint64_t left = in->before ? route_map_replacing(in->before, in->adj_in->family) : 0;
	     left; left &= left - 1) {
		size_t rule = (size_t)__builtin_ctzll(left);

		if (stand_again(in, route_map_rule(in->before, rule)->prefix_replace))
			in->not_withdrawn = true;
	}
	route_map_put(in->before);
	in->before = NULL;
	step_next(in);
}

static size_t apply_turn(struct inbound *in, size_t budget)
{
	const uint64_t spent = rib_spent(in->adj_in->rib) + budget;
	size_t seen = 0;

	for (; seen < budget && rib_spent(in->adj_in->rib) < spent &&
	       (in->cursor = slab_next(&in->routes.items, in->cursor));
	     seen++) {
		struct inbound_route *route = route_at(in, in->cursor);

		if (route->generation != in->generation &&
		    apply(in, route, place_of(in, in->cursor)))
			in->not_withdrawn = true;
	}
	if (!in->cursor)
		apply_end(in);
	return rib_spent(in->adj_in->rib) < spent ? seen + 1 : budget;
}

/* Without a map the RIB has what the peer said, and the table goes. */
static size_t close_turn(struct inbound *in, size_t budget)
{
	size_t seen = 0;

	for (; seen < budget && (in->cursor = slab_next(&in->routes.items, in->cursor)); seen++) {
		attrs_put(in->adj_in->attrs, route_at(in, in->cursor)->attrs);
		prefix_table_remove(&in->routes, in->cursor);
	}
	if (in->cursor)
		return seen;
	prefix_table_discard(&in->routes, in->adj_in->discard);
	in->fresh = 0;
	in->digest = 0;
	step_next(in);
	return seen + 1;
}

/* What the RIB has of the peer is what it said, as there was no map. */
static size_t fill_turn(struct inbound *in, size_t budget)
{
	uint32_t nodes[64];
	size_t seen = 0, n;

	do {
		n = rib_walk(in->adj_in->rib, &in->cursor, nodes, 64);
		for (size_t i = 0; i < n; i++) {
			struct prefix prefix = rib_prefix(in->adj_in->rib, nodes[i]);
			struct inbound_place at = { { prefix, nodes[i] }, route_id(in, prefix) };
			const struct path *path = rib_said(in->adj_in->rib, nodes[i], in->source);
			enum rib_announced what;
			struct inbound_route *route;

			if (!path || at.route || (rib_is_stale(in->adj_in->rib, path) && !in->kept))
				continue; /* the last: being withdrawn, its session has gone */
			route = route_put(in, &at, path->attrs, &what);
			if (!route) {
				in->not_withdrawn = true;
			} else if (rib_is_stale(in->adj_in->rib, path)) {
				route->epoch = (uint8_t)(in->epoch - 1);
				in->fresh--;
			}
		}
		seen += 64;
	} while (in->cursor && seen < budget);
	if (!in->cursor)
		apply_begin(in);
	return seen;
}

/* Routes of earlier sessions go. */
static size_t sweep_turn(struct inbound *in, size_t budget)
{
	const uint64_t spent = rib_spent(in->adj_in->rib) + budget;
	size_t seen = 0;

	while (seen < budget && rib_spent(in->adj_in->rib) < spent &&
	       (in->sweep = slab_next(&in->routes.items, in->sweep))) {
		uint8_t age = (uint8_t)(in->epoch - route_at(in, in->sweep)->epoch);

		if (age >= in->sweep_age && route_remove(in, in->sweep, place_of(in, in->sweep)))
			in->not_withdrawn = true;
		seen++;
	}
	if (!in->sweep)
		in->sweep_age = 0;
	return rib_spent(in->adj_in->rib) < spent ? seen + 1 : budget;
}

size_t inbound_turn(struct inbound *in, size_t budget)
{
	size_t seen = in->sweep_age ? sweep_turn(in, budget) : 0;

	if (seen >= budget)
		return seen;
	switch (in->step) {
	case INBOUND_FILLING: return seen + fill_turn(in, budget - seen);
	case INBOUND_APPLYING: return seen + apply_turn(in, budget - seen);
	case INBOUND_CLOSING: return seen + close_turn(in, budget - seen);
	case INBOUND_SETTLED:
		/* A change for which there was no memory, or the last stale route has gone. */
		if (in->changed || is_superfluous(in))
			step_next(in);
	}
	return seen;
}

void inbound_up(struct inbound *in, struct addr addr)
{
	const struct export_next_hop hop = export_next_hop_make(addr);

	in->hop_unknown = in->adj_in->family == FAMILY_IPV6 && addr.family == FAMILY_IPV4;
	summary_set(in, &hop);
}

int inbound_set_map(struct inbound *in, struct route_map *map, struct addr addr)
{
	if (map == (in->changed ? in->wanted : in->map))
		return 0;
	inbound_up(in, addr);
	route_map_put(in->wanted);
	in->wanted = map ? route_map_get(map) : NULL;
	in->changed = true;
	due_set(in->adj_in->due, DUE_MAPS);
	if (in->step != INBOUND_SETTLED || !step_next(in))
		return 0;
	route_map_put(in->wanted);
	in->wanted = NULL;
	in->changed = false;
	return -ENOMEM;
}

/* --- sessions --------------------------------------------------------------------------------- */

/* What is at least `age` sessions old goes, a slice a turn. 255 sessions are not lost within one
 * walk. */
static void sweep_begin(struct inbound *in, uint8_t age)
{
	if (!inbound_active(in))
		return;
	in->sweep_age = age;
	in->sweep = 0;
	due_set(in->adj_in->due, DUE_MAPS);
}

void inbound_down(struct inbound *in)
{
	in->epoch++;
	in->fresh = 0;
	in->kept = false;
	sweep_begin(in, 1);
}

void inbound_stale(struct inbound *in)
{
	in->epoch++;
	in->fresh = 0;
	in->kept = true;
	sweep_begin(in, 2);
}

void inbound_sweep(struct inbound *in)
{
	in->kept = false;
	sweep_begin(in, 1);
}

void inbound_fini(struct inbound *in)
{
	for (uint32_t id = prefix_table_is_open(&in->routes) ? slab_next(&in->routes.items, 0) : 0;
	     id; id = slab_next(&in->routes.items, id))
		attrs_put(in->adj_in->attrs, route_at(in, id)->attrs);
	prefix_table_discard(&in->routes, in->adj_in->discard);
	route_map_put(in->map);
	route_map_put(in->wanted);
	route_map_put(in->before);
	inbound_init(in, in->adj_in, in->source);
}
