/* What a path or a summary is announced as: the attributes that the members of an update group get,
 * after export policy and the group's route map, and as octets on the wire. One member may get
 * something else (receiver.h). Nothing is counted and nothing is sent here. Thread: the RIB
 * lcore. */
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

struct adj_out;
struct attrs;
struct path;
struct rib;
struct update_group;

/* The attributes of a path after export policy, as best path or as a backup, and before the group's
 * route map: in canonical form, into `out` of BGP_MESSAGE_MAX octets. Returns the length, 0 if they
 * fit no message. */
size_t announcement_export(const struct update_group *group, const struct rib *rib,
			   const struct attrs *attrs, uint16_t source, bool backup, uint8_t *out);
/* The same after the group's map, whose counters stay as they are. The result's wire lies in `wire`
 * or in `result`. False: the map does not let the path pass, or it fits no message. */
bool announcement_of_path(const struct update_group *group, const struct rib *rib,
			  const struct path *path, bool backup, uint8_t *wire,
			  struct route_map_result *result);
/* Does the map let the path pass as best path, and does it fit a message? */
bool announcement_is_made(const struct adj_out *adj_out, const struct update_group *group,
			  const struct path *path);
/* The attributes of the summary that this rule of the group's map makes. The result's wire lies in
 * the group or in `result`. False: they fit no message. */
bool announcement_of_summary(const struct update_group *group, int rule,
			     struct route_map_result *result);
/* What the group is told of these attributes, which export policy and map have left, while we are
 * about to go (group->drained): in canonical form, into `out` of BGP_MESSAGE_MAX octets. Otherwise
 * they are copied. Returns the length, 0 if they fit no message. */
size_t announcement_going(const struct update_group *group, const uint8_t *attrs, uint16_t len,
			  uint8_t *out);
/* Canonical attributes as they go on this group's wire, announcement_going() included, into `out`
 * of BGP_MESSAGE_MAX octets. Returns the length, 0 if they fit no message. */
size_t announcement_wire(const struct update_group *group, const uint8_t *attrs, uint16_t len,
			 uint8_t *out);

#ifdef __cplusplus
}
#endif
#endif
