/* What a path, or a summary, becomes for the members of an update group: export policy, the group's
 * route map, and the attributes as they go on the wire. The members differ only in who they are
 * (receiver.h). Thread: the RIB lcore. */
#ifndef BASCULE_ANNOUNCEMENT_H
#define BASCULE_ANNOUNCEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message.h"
#include "route_map.h"

#ifdef __cplusplus
extern "C" {
#endif

struct attrs;
struct path;
struct rib;
struct update_group;

/* What a path becomes for a group's members, told as best or as a backup, before their route map,
 * in canonical form, into `out` of BGP_MESSAGE_MAX octets. Returns the length, 0 if it fits no
 * message. */
size_t announcement_export(const struct update_group *group, const struct rib *rib,
			   const struct attrs *attrs, uint16_t source, bool backup, uint8_t *out);
/* The same, put through the group's map, which counts nothing of it. The result's wire lies in
 * `wire` or in `result`. False: the map does not let it pass, or it fits no message. */
bool announcement_of_path(const struct update_group *group, const struct rib *rib,
			  const struct path *path, bool backup, uint8_t *wire,
			  struct route_map_result *result);
/* What a summary of the group's map is announced with. The result's wire lies in the group or in
 * `result`. False: it fits no message. */
bool announcement_of_summary(const struct update_group *group, int rule,
			     struct route_map_result *result);
/* Canonical attributes as they go on this group's wire, into `out` of BGP_MESSAGE_MAX octets.
 * Returns the length, 0 if they fit no message. */
size_t announcement_wire(const struct update_group *group, const uint8_t *attrs, uint16_t len,
			 uint8_t *out);

#ifdef __cplusplus
}
#endif
#endif
