/* Route maps: ordered rules that drop routes, change their attributes or summarise them (Azure
 * Route Server's route maps). The first rule that matches acts, then the next matching one, until
 * one terminates; what no rule matches passes as it is. Knows one route at a time: a prefix and a
 * canonical wire form; who counts the contributors of a summary, and where the result goes, is the
 * caller's. A map is immutable but for its hit counters. */
#ifndef BASCULE_ROUTE_MAP_H
#define BASCULE_ROUTE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "map_rule.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { ROUTE_MAP_WIRE = 8192 }; /* octets of the longest result */

struct route_map;

/* Copies the rules, at most MAP_RULES. Counted: one reference, the caller's. NULL: no memory. */
struct route_map *route_map_new(const char *name, const struct map_rule *rules, size_t nb_rules);
struct route_map *route_map_get(struct route_map *map);
/* Give a reference back; the last one frees it. NULL is fine. */
void route_map_put(struct route_map *map);

const char *route_map_name(const struct route_map *map);
size_t route_map_nb_rules(const struct route_map *map);
const struct map_rule *route_map_rule(const struct route_map *map, size_t rule);
/* How many routes the rule has acted upon. */
uint64_t route_map_hits(const struct route_map *map, size_t rule);
/* Rules that replace prefixes of this family: a bit each. */
uint64_t route_map_replacing(const struct route_map *map, enum family family);
bool route_map_drops(const struct route_map *map); /* some rule does */
/* The rules whose summary has this prefix: a bit each; 0: it is the prefix of no summary. */
uint64_t route_map_summarises(const struct route_map *map, struct prefix prefix);
/* Does the map say just what these rules say? */
bool route_map_same(const struct route_map *map, const struct map_rule *rules, size_t nb_rules);

/* What holds for all routes of a peer and direction. */
struct route_map_side {
	/* towards eBGP peers: stands in front of the path and stays there; 0: not so */
	uint32_t own_asn;
	const uint8_t *summary; /* the attributes of a summary, canonical; borrowed */
	uint16_t summary_len;
};

struct route_map_route {
	struct prefix prefix;
	/* one of our VNets' prefixes: rules that would drop or summarise it do not match */
	bool vnet;
	const uint8_t *wire; /* canonical; borrowed */
	uint16_t len;
};

enum route_map_verdict {
	ROUTE_MAP_UNCHANGED, /* result: the route as it was */
	ROUTE_MAP_CHANGED,
	/* it contributes to result.prefix, whose attributes are result.wire */
	ROUTE_MAP_SUMMARISED,
	ROUTE_MAP_DROPPED,
	ROUTE_MAP_TOO_LONG, /* the result has no room: like dropped */
};

/* What became of the route at each rule. */
enum route_map_step {
	ROUTE_MAP_NOT_REACHED,
	ROUTE_MAP_OTHER_PREFIX,
	ROUTE_MAP_OTHER_COMMUNITIES,
	ROUTE_MAP_OTHER_AS_PATH,
	ROUTE_MAP_VNET, /* it would match, but a VNet's prefix is neither dropped nor summarised */
	ROUTE_MAP_HIT,
};

/* Workspace and result of a run. `wire` lies in `buf`, or is the route's own. */
struct route_map_result {
	enum route_map_verdict verdict;
	struct prefix prefix;
	const uint8_t *wire;
	uint16_t len;
	uint32_t local_pref;  /* LOCAL_PREF_DEFAULT, unless a rule set it */
	uint8_t summary_rule; /* ROUTE_MAP_SUMMARISED: the rule that last replaced the prefix */
	uint64_t hits;	      /* bit a rule that acted */
	/* enum route_map_step; what lies past the map's rules is not filled in */
	uint8_t steps[MAP_RULES];
	uint8_t buf[2][ROUTE_MAP_WIRE];
};

/* "unchanged", "changed", "summarised", "dropped", "too long"; static storage. */
const char *route_map_verdict_name(enum route_map_verdict verdict);

/* "matched", "not reached", "other prefix", ...; static storage. */
const char *route_map_step_name(enum route_map_step step);

/* Put a route through the map. `count`: let it count as a hit. No allocation. */
enum route_map_verdict route_map_run(struct route_map *map, const struct route_map_side *side,
				     const struct route_map_route *route, bool count,
				     struct route_map_result *result);

/* What a summary is announced with: what becomes of any contributor from the rule on that replaces
 * its prefix, the same for all of them. Counts nothing. */
enum route_map_verdict route_map_summary(struct route_map *map, const struct route_map_side *side,
					 size_t rule, struct route_map_result *result);

#ifdef __cplusplus
}
#endif
#endif
