/* Route maps by name. */
#include "maps.h"

#include <errno.h>
#include <string.h>

struct route_map *maps_find(const struct maps *maps, const char *name)
{
	for (size_t i = 0; i < maps->nb; i++)
		if (!strcmp(route_map_name(maps->list[i]), name))
			return maps->list[i];
	return NULL;
}

int maps_init(struct maps *maps, const struct config *config, const struct maps *running)
{
	maps->nb = 0;
	for (size_t i = 0; i < config->nb_route_maps; i++) {
		const struct config_route_map *wanted = &config->route_maps[i];
		struct route_map *map = maps_find(running, wanted->name);

		if (map && route_map_same(map, wanted->rules, wanted->nb_rules))
			map = route_map_get(map);
		else
			map = route_map_new(wanted->name, wanted->rules, wanted->nb_rules);
		if (!map) {
			maps_fini(maps);
			return -ENOMEM;
		}
		maps->list[maps->nb++] = map;
	}
	return 0;
}

void maps_fini(struct maps *maps)
{
	while (maps->nb)
		route_map_put(maps->list[--maps->nb]);
}
