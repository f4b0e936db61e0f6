/* What route maps may not do: name each other wrongly, touch the prefixes of our VNets, take away
 * communities of the platform, put AS numbers into paths that are not theirs to use. */
#include <string.h>

#include "file.h"

/* AS numbers that no map may put into a path, whatever the profile: Azure's own, and AS_TRANS. */
static const struct platform_asns {
	uint32_t first, last;
} platform_asns[] = {
	{ 8074, 8075 },	  { 12076, 12076 }, { 23456, 23456 },
	{ 65515, 65515 }, { 65517, 65520 }, { 65535, UINT32_MAX },
};

static bool platform_asn(uint32_t asn)
{
	for (size_t i = 0; i < sizeof(platform_asns) / sizeof(platform_asns[0]); i++) {
		if (asn >= platform_asns[i].first && asn <= platform_asns[i].last)
			return true;
	}
	return false;
}

/* --- one rule --------------------------------------------------------------------------------- */

static void check_asns(struct complaints *c, const struct file *file,
		       const config_setting_t *action, const char *member,
		       const struct map_values *list)
{
	for (uint8_t i = 0; i < list->n; i++) {
		uint32_t asn = list->value[i];

		if (platform_asn(asn))
			complain(
				c, action, member,
				"%u is reserved or has more than 16 bits, allowed are 1..65534 but "
				"8074, 8075, 12076, 23456, 65515, 65517..65520",
				asn);
		else if (asn >= 64512 && file->config.instance.profile == PROFILE_AZURE)
			complain(c, action, member,
				 "%u is a private AS number, allowed with profile azure are public "
				 "ones: ExpressRoute takes private ones out of paths",
				 asn);
		else if (asn >= 64512)
			warn(c, action, member,
			     "%u is a private AS number: ExpressRoute takes it out of paths", asn);
	}
}

static void check_communities(struct complaints *c, const config_setting_t *action,
			      const struct map_values *removed)
{
	for (uint8_t i = 0; i < removed->n; i++) {
		if (community_reserved(removed->value[i]))
			complain(c, action, "communities_remove",
				 "%u:%u is the platform's and stays, allowed are all others",
				 removed->value[i] >> 16, removed->value[i] & 0xffff);
	}
}

/* A VNet's prefix that the rule names, NULL if it names none. Rules without prefixes leave VNets
 * alone anyway. */
static const struct config_vnet *vnet_named(const struct config *config,
					    const struct map_rule *rule)
{
	for (size_t v = 0; v < config->nb_vnets; v++) {
		const struct config_vnet *vnet = &config->vnets[v];

		for (uint8_t i = 0; i < rule->prefix_equals.n; i++) {
			if (prefix_equal(rule->prefix_equals.value[i], vnet->prefix))
				return vnet;
		}
		for (uint8_t i = 0; i < rule->prefix_contains.n; i++) {
			if (prefix_covers(rule->prefix_contains.value[i], vnet->prefix))
				return vnet;
		}
		if (rule->has_prefix_replace && prefix_equal(rule->prefix_replace, vnet->prefix))
			return vnet;
	}
	return NULL;
}

static void check_vnets(struct complaints *c, const struct file *file, const config_setting_t *at,
			const struct map_rule *rule)
{
	const struct config_vnet *vnet = vnet_named(&file->config, rule);
	char text[PREFIX_TEXT];

	if (!vnet)
		return;
	prefix_text(vnet->prefix, text);
	if (rule->drop || rule->has_prefix_replace)
		complain(c, at, "action",
			 "%s is a VNet's prefix (line %d): route maps neither drop nor replace it, "
			 "allowed are prefixes that leave it out",
			 text, vnet->line);
	else if (rule->as_path_add.n || rule->as_path_replace.given)
		warn(c, at, "action",
		     "%s is a VNet's prefix: outbound its AS path is changed, which Azure's "
		     "documentation both forbids and shows",
		     text);
}

/* All matched prefixes have to be more specific than what replaces them, or the summary would be
 * none. */
static void check_summary(struct complaints *c, const config_setting_t *action,
			  const struct map_rule *rule)
{
	const struct map_prefixes *lists[] = { &rule->prefix_equals, &rule->prefix_contains };
	char text[PREFIX_TEXT], summary[PREFIX_TEXT];

	if (!rule->has_prefix_replace)
		return;
	prefix_text(rule->prefix_replace, summary);
	if (!rule->prefix_equals.n && !rule->prefix_contains.n)
		complain(c, action, "prefix_replace",
			 "%s replaces every route, allowed are rules that match prefixes inside it",
			 summary);
	for (size_t l = 0; l < 2; l++) {
		for (uint8_t i = 0; i < lists[l]->n; i++) {
			if (prefix_covers(rule->prefix_replace, lists[l]->value[i]))
				continue;
			complain(c, action, "prefix_replace",
				 "%s is no summary of %s, allowed are prefixes that contain all "
				 "that "
				 "the rule matches",
				 summary, prefix_text(lists[l]->value[i], text));
		}
	}
}

static void check_rule(struct complaints *c, const struct file *file, const config_setting_t *at,
		       const struct map_rule *rule)
{
	const config_setting_t *action = config_setting_get_member(at, "action");

	if (complained(c, at))
		return;
	if (rule->as_path_add.n && rule->as_path_replace.given)
		complain(c, action, "as_path_add",
			 "stands beside as_path_replace, allowed is one of the two");
	if (rule->communities_replace.given &&
	    (rule->communities_add.given || rule->communities_remove.given))
		complain(
			c, action, "communities_replace",
			"stands beside communities_add or communities_remove, allowed is it alone");
	check_asns(c, file, action, "as_path_add", &rule->as_path_add);
	check_asns(c, file, action, "as_path_replace", &rule->as_path_replace);
	check_communities(c, action, &rule->communities_remove);
	check_summary(c, action, rule);
	if (!complained(c, config_setting_get_member(file->root, "vnet")))
		check_vnets(c, file, at, rule);
}

/* --- maps ------------------------------------------------------------------------------------- */

static void check_map(struct complaints *c, const struct file *file, size_t m)
{
	const struct config_route_map *map = &file->config.route_maps[m];
	const config_setting_t *at = file_element(file, "route_maps", m);
	const config_setting_t *rules = config_setting_get_member(at, "rules");

	for (size_t i = 0; i < m; i++) {
		if (map->name[0] && !strcmp(map->name, file->config.route_maps[i].name))
			complain(c, at, "name",
				 "%s is another route map's already, allowed are names used once",
				 map->name);
	}
	for (size_t r = 0; r < map->nb_rules; r++) {
		const config_setting_t *rule = config_setting_get_elem(rules, (unsigned int)r);

		for (size_t i = 0; i < r; i++) {
			if (map->rules[r].name[0] &&
			    !strcmp(map->rules[r].name, map->rules[i].name))
				complain(c, rule, "name",
					 "%s is another rule's of this map already, allowed are "
					 "names used once",
					 map->rules[r].name);
		}
		check_rule(c, file, rule, &map->rules[r]);
	}
}

static bool sets_local_pref(const struct config_route_map *map)
{
	for (size_t r = 0; r < map->nb_rules; r++) {
		if (map->rules[r].has_local_pref)
			return true;
	}
	return false;
}

static uint32_t count_summaries(const struct config_route_map *map, uint8_t family)
{
	uint32_t n = 0;

	for (size_t r = 0; r < map->nb_rules; r++) {
		const struct map_rule *rule = &map->rules[r];
		bool fresh = rule->has_prefix_replace && rule->prefix_replace.addr.family == family;

		for (size_t i = 0; i < r && fresh; i++)
			fresh = !map->rules[i].has_prefix_replace ||
				!prefix_equal(map->rules[i].prefix_replace, rule->prefix_replace);
		n += fresh;
	}
	return n;
}

/* Each of a gateway's summaries keeps a place of those of its family, so there must be one for
 * each. */
static void check_circuit(struct complaints *c, const struct file *file, const config_setting_t *at,
			  const struct config_peer *gateway, const struct config_route_map *out)
{
	const struct config_limits *limits = &file->config.limits;
	uint32_t bound = limits->to_expressroute;

	if (gateway->role != ROLE_EXPRESSROUTE || !bound || bound == BOUND_NOT_GIVEN)
		return;
	for (uint8_t family = 0; family < FAMILY_COUNT; family++) {
		uint32_t n = count_summaries(out, family);

		if (n > bound)
			complain(c, at, "outbound_map",
				 "%s makes %u summaries of %s, allowed are %u, as many as "
				 "limits.to_expressroute says",
				 out->name, n, family_title(family), bound);
	}
}

static void check_use(struct complaints *c, const struct file *file, const config_setting_t *at,
		      const struct config_peer *peer)
{
	const struct config_route_map *in = config_route_map_find(&file->config, peer->inbound_map);
	const struct config_route_map *out =
		config_route_map_find(&file->config, peer->outbound_map);

	if (!in && peer->inbound_map[0])
		complain(c, at, "inbound_map",
			 "there is no route map %s, allowed are names in route_maps",
			 peer->inbound_map);
	if (!out && peer->outbound_map[0])
		complain(c, at, "outbound_map",
			 "there is no route map %s, allowed are names in route_maps",
			 peer->outbound_map);
	if (out && sets_local_pref(out))
		complain(c, at, "outbound_map",
			 "%s sets local_pref, allowed outbound are route maps without it: it "
			 "decides which route is the best, before it is announced",
			 out->name);
	if (out)
		check_circuit(c, file, at, peer, out);
}

void file_check_maps(struct complaints *c, const struct file *file)
{
	for (size_t m = 0; m < file->config.nb_route_maps; m++)
		check_map(c, file, m);
	for (size_t i = 0; i < file->nb_gateways; i++) {
		const config_setting_t *at = file_element(file, "gateways", i);

		check_use(c, file, at, &file->gateways[i].session);
	}
	for (size_t i = 0; i < file->nb_nvas; i++) {
		const config_setting_t *at = file_element(file, "peers", i);

		check_use(c, file, at, &file->nvas[i]);
	}
}
