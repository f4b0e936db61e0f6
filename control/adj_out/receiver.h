/* What is announced to one member of an update group, where that differs from what is announced to
 * the group: as next hop a member never gets its own address, and routes may be withheld from it
 * (withheld.h). Thread: the RIB lcore. */
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

/* Are these attributes, of a route or of a summary as the group's map leaves them, withheld from
 * the peer? The peer has a group. */
bool receiver_withholds(const struct receiver *peer, const struct route_map_result *result);
/* Is this path, announced as its group gets it, as best path or as a backup, withheld from the
 * peer? False if nothing is announced to the peer now, or if it is to change its group. */
bool receiver_withholds_path(const struct receiver *peer, const struct path *path, bool backup);
/* Is this path announced to the peer, which has a group? If so, `wire` and `result` are filled as
 * by announcement_of_path(). */
bool receiver_announces(const struct receiver *peer, const struct path *path, bool backup,
			uint8_t *wire, struct route_map_result *result);
/* The attributes that a member is sent with a prefix, a route's or a summary's, if they are not
 * withheld: as they go on the wire, into `out` of BGP_MESSAGE_MAX octets. `*attrs_hash`: of the
 * path's own attributes, 0 for a summary. Returns the length, 0: nothing is sent. */
size_t receiver_octets(const struct receiver *peer, struct prefix prefix, uint8_t *out,
		       uint32_t *attrs_hash);
/* Are more than `most` prefixes announced to it, whatever becomes of those that are not counted
 * yet? `flushing`: a flush is under way. */
bool receiver_exceeds(const struct adj_out *adj_out, const struct receiver *peer, bool flushing,
		      uint32_t most);

#ifdef __cplusplus
}
#endif
#endif
