/* What one member of an update group is told, which may differ from what its group is told: of the
 * next hop that it is itself, and of what is withheld from it (withheld.h). Thread: the RIB
 * lcore. */
#ifndef BASCULE_RECEIVER_H
#define BASCULE_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message.h"
#include "prefix.h"
#include "route_map.h"

#ifdef __cplusplus
extern "C" {
#endif

struct adj_out;
struct path;
struct receiver;

/* Are these attributes, of a route or of a summary as its group's map leaves them, withheld from
 * the peer? It has a group. */
bool receiver_withholds(const struct receiver *peer, const struct route_map_result *result);
/* Is this path, told as it is told its group, be it as a backup, withheld from the peer? False if
 * it is told nothing now, or is to change its group. */
bool receiver_withholds_path(const struct receiver *peer, const struct path *path, bool backup);
/* Is this path announced to the peer, which has a group? If so, in these words: as
 * announcement_of_path(). */
bool receiver_announces(const struct receiver *peer, const struct path *path, bool backup,
			uint8_t *wire, struct route_map_result *result);
/* What a member is sent of a prefix, route or summary, unless it is withheld: its attributes on the
 * wire, into `out` of BGP_MESSAGE_MAX octets. `*attrs_hash`: of the path's own, 0 of a summary.
 * Returns the length, 0: nothing is sent. */
size_t receiver_octets(const struct receiver *peer, struct prefix prefix, uint8_t *out,
		       uint32_t *attrs_hash);
/* Is it told of more than `most` prefixes, whatever becomes of those that are not counted yet?
 * `flushing`: a flush is under way. */
bool receiver_exceeds(const struct adj_out *adj_out, const struct receiver *peer, bool flushing,
		      uint32_t most);

#ifdef __cplusplus
}
#endif
#endif
