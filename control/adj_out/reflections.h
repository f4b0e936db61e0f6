/* Reflections (rib/reflection.c) are paths of ours that a peer sends back to us. The RIB finds
 * them; here it learns what is really announced to a peer, and a reflection that it finds becomes
 * an event. Thread: the RIB lcore. */
#ifndef BASCULE_REFLECTIONS_H
#define BASCULE_REFLECTIONS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct adj_out;
struct path;

/* See rib_params.announced: do export policy and the peer's outbound map let it have this path?
 * Whether the peer is up does not count: what it sends back may be of its last session, or may have
 * come from the other instance. */
bool reflections_announced(const struct adj_out *adj_out, const struct path *path, uint16_t peer);
/* See rib_params.reflected: `path` reflects `announced`. */
void reflections_note(struct adj_out *adj_out, const struct path *path,
		      const struct path *announced);

#ifdef __cplusplus
}
#endif
#endif
