/* What a rule of a route map says: plain values, as the configuration gives them and as policy
 * applies them. */
#ifndef BASCULE_MAP_RULE_H
#define BASCULE_MAP_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "prefix.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	MAP_NAME = 32,	/* buffer size of a map's and a rule's name */
	MAP_LIST = 32,	/* values in one list of a rule */
	MAP_RULES = 64, /* rules of one map */
};

/* A list that may be given and empty. */
struct map_values {
	bool given;
	uint8_t n;
	uint32_t value[MAP_LIST]; /* AS numbers or communities, host order */
};

struct map_prefixes {
	uint8_t n; /* 0: not given */
	struct prefix value[MAP_LIST];
};

/* Zeroed, it matches every route, changes nothing and goes on with the next rule. */
struct map_rule {
	char name[MAP_NAME];
	/* What it matches: everything that is given must fit. The two prefix lists are one
	 * condition: any of either. */
	struct map_prefixes prefix_equals;
	struct map_prefixes prefix_contains;   /* one of these or anything inside it */
	struct map_values communities_equal;   /* all of these are there */
	struct map_values communities_contain; /* one of these is there */
	/* exactly this path, left to right; empty: an empty path */
	struct map_values as_path_equals;
	struct map_values as_path_contains; /* one of these is in the path */
	/* What it does. */
	bool drop;
	bool terminate; /* the rules that follow are not looked at */
	bool has_prefix_replace;
	struct prefix prefix_replace; /* the summary announced instead */
	struct map_values as_path_add, as_path_replace;
	struct map_values communities_add, communities_replace, communities_remove;
	bool has_local_pref;
	uint32_t local_pref; /* the decision's, of inbound maps alone: it is not announced */
};

/* A community of the platform's own, which no map takes away. */
bool community_reserved(uint32_t community);

/* "65001:100". False: `*community` is untouched. */
bool community_parse(const char *text, uint32_t *community);

#ifdef __cplusplus
}
#endif
#endif
