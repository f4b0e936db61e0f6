/* The route maps of a configuration, compiled. Peers and update groups share them by reference; a
 * reload takes over those that say the same as before, hit counters included. Thread: the RIB
 * lcore. */
#ifndef BASCULE_MAPS_H
#define BASCULE_MAPS_H

#include "config.h"
#include "route_map.h"

#ifdef __cplusplus
extern "C" {
#endif

struct maps {
	struct route_map *list[CONFIG_ROUTE_MAPS]; /* one reference each */
	size_t nb;
};

/* Make `maps` of what `config` says; maps of `running` that have not changed are shared. -ENOMEM:
 * `maps` is empty. */
int maps_init(struct maps *maps, const struct config *config, const struct maps *running);
void maps_fini(struct maps *maps);

/* By name; NULL: there is none, as for "". Borrowed. */
struct route_map *maps_find(const struct maps *maps, const char *name);

#ifdef __cplusplus
}
#endif
#endif
