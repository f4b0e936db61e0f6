/* Rules run one after the other on the route as the rules before have left it. A rule that changes
 * attributes writes a new canonical wire form into the one of two buffers that does not hold the
 * present one. */
#include "route_map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "aspath.h"
#include "attrs.h"
#include "cursor.h"

struct route_map {
	uint32_t refs;
	char name[MAP_NAME];
	size_t nb_rules;
	/* by family, a bit a rule that has a prefix_replace of it */
	uint64_t replacing[FAMILY_COUNT];
	uint64_t hits[MAP_RULES];
	struct map_rule rules[];
};

/* --- matching --------------------------------------------------------------------------------- */

static bool values_have(const struct map_values *values, uint32_t value)
{
	for (uint8_t i = 0; i < values->n; i++) {
		if (values->value[i] == value)
			return true;
	}
	return false;
}

static bool prefix_fits(const struct map_rule *rule, struct prefix prefix)
{
	if (!rule->prefix_equals.n && !rule->prefix_contains.n)
		return true;
	for (uint8_t i = 0; i < rule->prefix_equals.n; i++) {
		if (prefix_equal(rule->prefix_equals.value[i], prefix))
			return true;
	}
	for (uint8_t i = 0; i < rule->prefix_contains.n; i++) {
		if (prefix_covers(rule->prefix_contains.value[i], prefix))
			return true;
	}
	return false;
}

static bool has_community(const struct attr_view *communities, uint32_t wanted)
{
	for (uint16_t at = 0; at < communities->len; at += 4) {
		if (load_be32(communities->body + at) == wanted)
			return true;
	}
	return false;
}

static bool communities_fit(const struct map_rule *rule, const uint8_t *wire, uint16_t len)
{
	const struct map_values *all = &rule->communities_equal, *any = &rule->communities_contain;
	struct attr_view have;
	bool found = !any->given;

	if (!all->given && !any->given)
		return true;
	if (!attr_find(wire, len, ATTR_COMMUNITIES, &have))
		have.len = 0;
	for (uint8_t i = 0; i < all->n; i++) {
		if (!has_community(&have, all->value[i]))
			return false;
	}
	for (uint8_t i = 0; i < any->n && !found; i++)
		found = has_community(&have, any->value[i]);
	return found;
}

/* Is it a path of sequences alone, of just these AS numbers? */
static bool path_is(const struct attr_view *path, const struct map_values *wanted)
{
	struct aspath_iter it = aspath_walk(path->body, path->len);
	uint8_t n = 0;

	for (uint32_t asn; aspath_next(&it, &asn); n++) {
		if (it.type != AS_SEQUENCE || n == wanted->n || wanted->value[n] != asn)
			return false;
	}
	return n == wanted->n;
}

static bool path_has_one(const struct attr_view *path, const struct map_values *wanted)
{
	struct aspath_iter it = aspath_walk(path->body, path->len);

	for (uint32_t asn; aspath_next(&it, &asn);) {
		if (values_have(wanted, asn))
			return true;
	}
	return false;
}

static bool path_fits(const struct map_rule *rule, const uint8_t *wire, uint16_t len)
{
	struct attr_view path;

	if (!rule->as_path_equals.given && !rule->as_path_contains.given)
		return true;
	if (!attr_find(wire, len, ATTR_AS_PATH, &path))
		path.len = 0;
	return (!rule->as_path_equals.given || path_is(&path, &rule->as_path_equals)) &&
	       (!rule->as_path_contains.given || path_has_one(&path, &rule->as_path_contains));
}

/* A rule can only summarise what is more specific than its summary. */
static bool summary_fits(const struct map_rule *rule, struct prefix prefix)
{
	return !rule->has_prefix_replace || prefix_covers(rule->prefix_replace, prefix);
}

static enum route_map_step match(const struct map_rule *rule, const struct route_map_result *at,
				 bool vnet)
{
	if (!prefix_fits(rule, at->prefix) || !summary_fits(rule, at->prefix))
		return ROUTE_MAP_OTHER_PREFIX;
	if (!communities_fit(rule, at->wire, at->len))
		return ROUTE_MAP_OTHER_COMMUNITIES;
	if (!path_fits(rule, at->wire, at->len))
		return ROUTE_MAP_OTHER_AS_PATH;
	return vnet && (rule->drop || rule->has_prefix_replace) ? ROUTE_MAP_VNET : ROUTE_MAP_HIT;
}

/* --- changing --------------------------------------------------------------------------------- */

/* The AS numbers of a list as the path's first segment, in front of `path`. */
static size_t path_write(uint8_t *out, const struct map_values *front, const uint8_t *path,
			 size_t len)
{
	uint8_t *at = out;

	if (front->n) {
		*at++ = AS_SEQUENCE;
		*at++ = front->n;
	}
	for (uint8_t i = 0; i < front->n; i++, at += 4)
		store_be32(at, front->value[i]);
	/* One sequence where one will do: AS_PATHs are compared and shared as octets. */
	if (front->n && len && path[0] == AS_SEQUENCE && path[1] + front->n <= ASPATH_SEGMENT_MAX) {
		out[1] = (uint8_t)(front->n + path[1]);
		path += 2;
		len -= 2;
	}
	if (len)
		memcpy(at, path, len);
	return (size_t)(at - out) + len;
}

static void put_as_path(struct attr_writer *out, const struct map_rule *rule,
			const struct attr_view *in, uint32_t own_asn)
{
	uint8_t path[ROUTE_MAP_WIRE + 8 + 4 * MAP_LIST], own[6] = { AS_SEQUENCE, 1 };
	size_t len = 0;

	if (in->len > ROUTE_MAP_WIRE) {
		out->full = true;
		return;
	}
	store_be32(own + 2, own_asn);
	if (rule->as_path_replace.given)
		len = path_write(path, &rule->as_path_replace, own, own_asn ? sizeof(own) : 0);
	else
		len = path_write(path, &rule->as_path_add, in->body, in->len);
	attr_put(out, in->flags & (uint8_t)~ATTR_F_EXTENDED, ATTR_AS_PATH, path, len);
}

/* Does a community that is there stay? */
static bool community_stays(const struct map_rule *rule, uint32_t community)
{
	if (community_reserved(community))
		return true;
	return !rule->communities_replace.given &&
	       !values_have(&rule->communities_remove, community);
}

static uint8_t *community_add(uint8_t *list, uint8_t *at, uint32_t community)
{
	for (const uint8_t *p = list; p < at; p += 4) {
		if (load_be32(p) == community)
			return at;
	}
	store_be32(at, community);
	return at + 4;
}

/* Those that stay, as they stood, then the new ones. `in`: NULL if there are none. */
static void put_communities(struct attr_writer *out, const struct map_rule *rule,
			    const struct attr_view *in)
{
	const struct map_values *fresh[] = { &rule->communities_replace, &rule->communities_add };
	uint8_t list[ROUTE_MAP_WIRE + 8 * MAP_LIST], *at = list;

	if (in && in->len > ROUTE_MAP_WIRE) {
		out->full = true;
		return;
	}
	for (uint16_t i = 0; in && i < in->len; i += 4) {
		uint32_t community = load_be32(in->body + i);

		if (community_stays(rule, community)) {
			store_be32(at, community);
			at += 4;
		}
	}
	for (size_t l = 0; l < 2; l++) {
		for (uint8_t i = 0; i < fresh[l]->n; i++)
			at = community_add(list, at, fresh[l]->value[i]);
	}
	if (at > list)
		attr_put(out,
			 in ? in->flags & (uint8_t)~ATTR_F_EXTENDED
			    : ATTR_F_OPTIONAL | ATTR_F_TRANSITIVE,
			 ATTR_COMMUNITIES, list, (size_t)(at - list));
}

static bool edits_path(const struct map_rule *rule)
{
	return rule->as_path_add.n || rule->as_path_replace.given;
}

static bool edits_communities(const struct map_rule *rule)
{
	return rule->communities_add.n || rule->communities_replace.given ||
	       rule->communities_remove.n;
}

/* Write the attributes as the rule wants them. False: they have no room. */
static bool edit(const struct map_rule *rule, uint32_t own_asn, struct route_map_result *r)
{
	uint8_t *to = r->wire == r->buf[0] ? r->buf[1] : r->buf[0];
	struct attr_writer out = { .buf = to, .size = ROUTE_MAP_WIRE };
	bool communities = edits_communities(rule);
	struct attr_view in;

	for (uint16_t at = 0; attr_next(r->wire, r->len, &at, &in);) {
		if (communities && in.code > ATTR_COMMUNITIES) {
			put_communities(&out, rule, NULL);
			communities = false;
		}
		if (in.code == ATTR_AS_PATH && edits_path(rule)) {
			put_as_path(&out, rule, &in, own_asn);
		} else if (in.code == ATTR_COMMUNITIES && communities) {
			put_communities(&out, rule, &in);
			communities = false;
		} else {
			attr_put(&out, in.flags & (uint8_t)~ATTR_F_EXTENDED, in.code, in.body,
				 in.len);
		}
	}
	if (communities)
		put_communities(&out, rule, NULL);
	r->wire = to;
	r->len = (uint16_t)out.len;
	return !out.full;
}

/* --- a run ------------------------------------------------------------------------------------ */

/* What a matching rule does. Returns whether the route goes on. */
static bool apply(const struct map_rule *rule, size_t index, const struct route_map_side *side,
		  struct route_map_result *r)
{
	if (rule->drop) {
		r->verdict = ROUTE_MAP_DROPPED;
		return false;
	}
	if (rule->has_prefix_replace) {
		r->verdict = ROUTE_MAP_SUMMARISED;
		r->summary_rule = (uint8_t)index;
		r->prefix = rule->prefix_replace;
		r->wire = side->summary;
		r->len = side->summary_len;
		r->local_pref = LOCAL_PREF_DEFAULT;
	}
	if (rule->has_local_pref) {
		r->local_pref = rule->local_pref;
		if (r->verdict == ROUTE_MAP_UNCHANGED)
			r->verdict = ROUTE_MAP_CHANGED;
	}
	if (edits_path(rule) || edits_communities(rule)) {
		if (r->verdict == ROUTE_MAP_UNCHANGED)
			r->verdict = ROUTE_MAP_CHANGED;
		if (!edit(rule, side->own_asn, r)) {
			r->verdict = ROUTE_MAP_TOO_LONG;
			return false;
		}
	}
	return !rule->terminate;
}

/* The rules from `first` on; `on`: none before has ended it. */
static void run_from(struct route_map *map, size_t first, bool on,
		     const struct route_map_side *side, bool vnet, bool count,
		     struct route_map_result *r)
{
	for (size_t i = first; i < map->nb_rules; i++) {
		r->steps[i] =
			(uint8_t)(on ? match(&map->rules[i], r, vnet) : ROUTE_MAP_NOT_REACHED);
		if (r->steps[i] != ROUTE_MAP_HIT)
			continue;
		r->hits |= UINT64_C(1) << i;
		map->hits[i] += count;
		on = apply(&map->rules[i], i, side, r);
	}
}

enum route_map_verdict route_map_run(struct route_map *map, const struct route_map_side *side,
				     const struct route_map_route *route, bool count,
				     struct route_map_result *result)
{
	result->verdict = ROUTE_MAP_UNCHANGED;
	result->prefix = route->prefix;
	result->wire = route->wire;
	result->len = route->len;
	result->local_pref = LOCAL_PREF_DEFAULT;
	result->hits = 0;
	run_from(map, 0, true, side, route->vnet, count, result);
	return result->verdict;
}

enum route_map_verdict route_map_summary(struct route_map *map, const struct route_map_side *side,
					 size_t rule, struct route_map_result *result)
{
	bool on;

	result->hits = UINT64_C(1) << rule;
	on = apply(&map->rules[rule], rule, side, result);
	run_from(map, rule + 1, on, side, false, false, result);
	return result->verdict;
}

const char *route_map_verdict_name(enum route_map_verdict verdict)
{
	static const char *const names[] = {
		[ROUTE_MAP_UNCHANGED] = "unchanged",   [ROUTE_MAP_CHANGED] = "changed",
		[ROUTE_MAP_SUMMARISED] = "summarised", [ROUTE_MAP_DROPPED] = "dropped",
		[ROUTE_MAP_TOO_LONG] = "too long",
	};

	return names[verdict];
}

const char *route_map_step_name(enum route_map_step step)
{
	static const char *const names[] = {
		[ROUTE_MAP_NOT_REACHED] = "not reached",
		[ROUTE_MAP_OTHER_PREFIX] = "other prefix",
		[ROUTE_MAP_OTHER_COMMUNITIES] = "other communities",
		[ROUTE_MAP_OTHER_AS_PATH] = "other AS path",
		[ROUTE_MAP_VNET] = "not for VNet prefixes",
		[ROUTE_MAP_HIT] = "matched",
	};

	return names[step];
}

/* --- life ------------------------------------------------------------------------------------- */

struct route_map *route_map_new(const char *name, const struct map_rule *rules, size_t nb_rules)
{
	struct route_map *map = calloc(1, sizeof(*map) + nb_rules * sizeof(*rules));

	assert(nb_rules <= MAP_RULES);
	if (!map)
		return NULL;
	map->refs = 1;
	strncpy(map->name, name, sizeof(map->name) - 1);
	map->nb_rules = nb_rules;
	if (nb_rules)
		memcpy(map->rules, rules, nb_rules * sizeof(*rules));
	for (size_t i = 0; i < nb_rules; i++)
		map->replacing[rules[i].prefix_replace.addr.family] |=
			(uint64_t)rules[i].has_prefix_replace << i;
	return map;
}

uint64_t route_map_replacing(const struct route_map *map, enum family family)
{
	return map->replacing[family];
}

bool route_map_drops(const struct route_map *map)
{
	size_t i = 0;

	while (i < map->nb_rules && !map->rules[i].drop)
		i++;
	return i < map->nb_rules;
}

uint64_t route_map_summarises(const struct route_map *map, struct prefix prefix)
{
	uint64_t makers = 0;

	for (uint64_t left = map->replacing[prefix.addr.family]; left; left &= left - 1) {
		int rule = __builtin_ctzll(left);

		if (prefix_equal(map->rules[rule].prefix_replace, prefix))
			makers |= UINT64_C(1) << rule;
	}
	return makers;
}

struct route_map *route_map_get(struct route_map *map)
{
	map->refs++;
	return map;
}

void route_map_put(struct route_map *map)
{
	if (map && !--map->refs)
		free(map);
}

const char *route_map_name(const struct route_map *map)
{
	return map->name;
}

size_t route_map_nb_rules(const struct route_map *map)
{
	return map->nb_rules;
}

const struct map_rule *route_map_rule(const struct route_map *map, size_t rule)
{
	return &map->rules[rule];
}

uint64_t route_map_hits(const struct route_map *map, size_t rule)
{
	return map->hits[rule];
}

static bool same_values(const struct map_values *a, const struct map_values *b)
{
	return a->given == b->given && a->n == b->n &&
	       !memcmp(a->value, b->value, a->n * sizeof(a->value[0]));
}

static bool same_prefixes(const struct map_prefixes *a, const struct map_prefixes *b)
{
	for (uint8_t i = 0; i < a->n && a->n == b->n; i++) {
		if (!prefix_equal(a->value[i], b->value[i]))
			return false;
	}
	return a->n == b->n;
}

static bool same_rule(const struct map_rule *a, const struct map_rule *b)
{
	return !strcmp(a->name, b->name) && a->drop == b->drop && a->terminate == b->terminate &&
	       a->has_prefix_replace == b->has_prefix_replace &&
	       (!a->has_prefix_replace || prefix_equal(a->prefix_replace, b->prefix_replace)) &&
	       a->has_local_pref == b->has_local_pref && a->local_pref == b->local_pref &&
	       same_prefixes(&a->prefix_equals, &b->prefix_equals) &&
	       same_prefixes(&a->prefix_contains, &b->prefix_contains) &&
	       same_values(&a->communities_equal, &b->communities_equal) &&
	       same_values(&a->communities_contain, &b->communities_contain) &&
	       same_values(&a->as_path_equals, &b->as_path_equals) &&
	       same_values(&a->as_path_contains, &b->as_path_contains) &&
	       same_values(&a->as_path_add, &b->as_path_add) &&
	       same_values(&a->as_path_replace, &b->as_path_replace) &&
	       same_values(&a->communities_add, &b->communities_add) &&
	       same_values(&a->communities_replace, &b->communities_replace) &&
	       same_values(&a->communities_remove, &b->communities_remove);
}

bool route_map_same(const struct route_map *map, const struct map_rule *rules, size_t nb_rules)
{
	for (size_t i = 0; i < nb_rules && nb_rules == map->nb_rules; i++) {
		if (!same_rule(&map->rules[i], &rules[i]))
			return false;
	}
	return nb_rules == map->nb_rules;
}
