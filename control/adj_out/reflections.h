/* Reflections (rib/reflection.c) as the route server sees them: what a peer is really told, and
 * what is said when a path is found to be one. Thread: the RIB lcore. */
#ifndef BASCULE_REFLECTIONS_H
#define BASCULE_REFLECTIONS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct adj_out;
struct path;

/* See rib_params.told: does export policy, the peer's outbound map included, let it have this path?
 * Whether the peer is up does not count: what it sends back may be of its last session, or told by
 * the other instance. */
bool reflections_announced(const struct adj_out *adj_out, const struct path *path, uint16_t peer);
/* See rib_params.reflected. */
void reflections_note(struct adj_out *adj_out, const struct path *path,
		      const struct path *announced);

#ifdef __cplusplus
}
#endif
#endif
