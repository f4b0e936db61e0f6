/* Route maps: the tables of what may stand in a map, a rule, its match and its action. */
#include "route_maps.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NAME_ALLOWED \
	"names of a letter a-z, then letters a-z, digits and hyphens, at most 31 in all"
#define PREFIXES_ALLOWED \
	"lists of up to 32 prefixes such as [\"10.122.0.0/16\", \"2001:db8:122::/48\"]"
#define COMMUNITIES_ALLOWED "lists of up to 32 communities such as [\"65001:100\"]"
#define ASNS_ALLOWED	    "lists of up to 32 AS numbers such as [65001, 65002]"
#define ACTION_ALLOWED	    "\"drop\" and groups such as { as_path_add = [64511]; }"

static read_fn read_prefixes, read_asns, read_communities, read_action, read_prefix_replace,
	read_local_pref, read_rules;

static const char *const next_words[] = { "continue", "terminate", NULL };

static const struct setting match_settings[] = {
	{ "prefix_equals", read_prefixes, MEMBER(struct map_rule, prefix_equals),
	  .allowed = PREFIXES_ALLOWED },
	{ "prefix_contains", read_prefixes, MEMBER(struct map_rule, prefix_contains),
	  .allowed = PREFIXES_ALLOWED },
	{ "communities_equal", read_communities, MEMBER(struct map_rule, communities_equal),
	  .allowed = COMMUNITIES_ALLOWED },
	{ "communities_contain", read_communities, MEMBER(struct map_rule, communities_contain),
	  .allowed = COMMUNITIES_ALLOWED },
	{ "as_path_equals", read_asns, MEMBER(struct map_rule, as_path_equals),
	  .allowed = ASNS_ALLOWED },
	{ "as_path_contains", read_asns, MEMBER(struct map_rule, as_path_contains),
	  .allowed = ASNS_ALLOWED },
	{ NULL },
};

static const struct setting action_settings[] = {
	{ "prefix_replace", read_prefix_replace, WHOLE(struct map_rule),
	  .allowed = "prefixes such as \"10.2.0.0/16\" and \"2001:db8:2::/48\"" },
	{ "local_pref", read_local_pref, WHOLE(struct map_rule), .max = UINT32_MAX },
	{ "as_path_add", read_asns, MEMBER(struct map_rule, as_path_add), .allowed = ASNS_ALLOWED },
	{ "as_path_replace", read_asns, MEMBER(struct map_rule, as_path_replace),
	  .allowed = ASNS_ALLOWED },
	{ "communities_add", read_communities, MEMBER(struct map_rule, communities_add),
	  .allowed = COMMUNITIES_ALLOWED },
	{ "communities_replace", read_communities, MEMBER(struct map_rule, communities_replace),
	  .allowed = COMMUNITIES_ALLOWED },
	{ "communities_remove", read_communities, MEMBER(struct map_rule, communities_remove),
	  .allowed = COMMUNITIES_ALLOWED },
	{ NULL },
};

static const struct setting rule_settings[] = {
	{ "name", read_name, MEMBER(struct map_rule, name), .required = true,
	  .allowed = NAME_ALLOWED },
	{ "match", read_members, WHOLE(struct map_rule), .members = match_settings },
	{ "action", read_action, WHOLE(struct map_rule), .required = true,
	  .allowed = ACTION_ALLOWED },
	{ "next", read_word, MEMBER(struct map_rule, terminate), .words = next_words },
	{ NULL },
};

static const struct setting map_settings[] = {
	{ "name", read_name, MEMBER(struct config_route_map, name), .required = true,
	  .allowed = NAME_ALLOWED },
	{ "rules", read_rules, WHOLE(struct config_route_map), .required = true,
	  .allowed = "lists of groups such as ( { name = ...; match = { ... }; action = ...; } )" },
	{ NULL },
};
static_assert(sizeof(bool) == 1, "a word of two is a boolean");

static config_setting_t *element(config_setting_t *list, size_t i)
{
	return config_setting_get_elem(list, (unsigned int)i);
}

/* --- lists of a rule -------------------------------------------------------------------------- */

static bool read_prefixes(struct complaints *c, const struct setting *spec, config_setting_t *at,
			  void *out)
{
	static const struct setting prefix = {
		.allowed = "prefixes in quotes such as \"10.0.0.0/16\" and \"2001:db8::/32\""
	};
	struct map_prefixes *list = out;
	size_t length = read_length(c, spec, at, MAP_LIST);

	if (!length && !complained(c, at))
		return refuse(c, spec, at, "is empty");
	for (size_t i = 0; i < length; i++)
		list->n += read_prefix(c, &prefix, element(at, i), &list->value[list->n]);
	return length && list->n == length;
}

static bool read_asns(struct complaints *c, const struct setting *spec, config_setting_t *at,
		      void *out)
{
	static const struct setting asn = { .size = sizeof(uint32_t), .min = 1, .max = UINT32_MAX };
	struct map_values *list = out;
	size_t length = read_length(c, spec, at, MAP_LIST);

	for (size_t i = 0; i < length; i++)
		list->n += read_number(c, &asn, element(at, i), &list->value[list->n]);
	list->given = true;
	return list->n == length;
}

static bool read_communities(struct complaints *c, const struct setting *spec, config_setting_t *at,
			     void *out)
{
	static const struct setting community = {
		.allowed = "two numbers 0..65535 in quotes such as \"65001:100\""
	};
	struct map_values *list = out;
	size_t length = read_length(c, spec, at, MAP_LIST);

	for (size_t i = 0; i < length; i++) {
		const char *text = config_setting_get_string_elem(at, (int)i);

		if (text && community_parse(text, &list->value[list->n]))
			list->n++;
		else
			refuse(c, &community, element(at, i), "is not a community");
	}
	list->given = true;
	return list->n == length;
}

static bool read_prefix_replace(struct complaints *c, const struct setting *spec,
				config_setting_t *at, void *out)
{
	struct map_rule *rule = out;

	rule->has_prefix_replace = read_prefix(c, spec, at, &rule->prefix_replace);
	return rule->has_prefix_replace;
}

static bool read_local_pref(struct complaints *c, const struct setting *spec, config_setting_t *at,
			    void *out)
{
	struct setting number = { .size = sizeof(uint32_t), .min = spec->min, .max = spec->max };
	struct map_rule *rule = out;

	rule->has_local_pref = read_number(c, &number, at, &rule->local_pref);
	return rule->has_local_pref;
}

/* --- rules and maps --------------------------------------------------------------------------- */

/* "drop", or a group of what is changed. */
static bool read_action(struct complaints *c, const struct setting *spec, config_setting_t *at,
			void *out)
{
	struct map_rule *rule = out;
	const char *word = config_setting_get_string(at);

	if (config_setting_is_group(at))
		return read_group(c, action_settings, at, out);
	if (!word || strcmp(word, "drop"))
		return refuse(c, spec, at, "is no action");
	rule->drop = true;
	return true;
}

static bool read_rules(struct complaints *c, const struct setting *spec, config_setting_t *at,
		       void *out)
{
	struct config_route_map *map = out;
	size_t length = read_length(c, spec, at, MAP_RULES);
	bool good = true;

	map->rules = calloc(length + 1, sizeof(*map->rules));
	map->nb_rules = map->rules ? length : 0;
	for (size_t i = 0; i < map->nb_rules; i++)
		good &= read_group(c, rule_settings, element(at, i), &map->rules[i]);
	return good;
}

bool read_route_maps(struct complaints *c, const struct setting *spec, config_setting_t *at,
		     void *out)
{
	struct config *config = out;
	size_t length = read_length(c, spec, at, CONFIG_ROUTE_MAPS);
	bool good = true;

	config->route_maps = calloc(length + 1, sizeof(*config->route_maps));
	config->nb_route_maps = config->route_maps ? length : 0;
	for (size_t i = 0; i < config->nb_route_maps; i++)
		good &= read_group(c, map_settings, element(at, i), &config->route_maps[i]);
	return good;
}

const struct config_route_map *config_route_map_find(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->nb_route_maps; i++) {
		if (!strcmp(config->route_maps[i].name, name))
			return &config->route_maps[i];
	}
	return NULL;
}
