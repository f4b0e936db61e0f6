/* From a path's attributes to those of a message. */
#include "announcement.h"

#include <string.h>

#include "adj_out.h"
#include "attr.h"
#include "rib.h"
#include "scratch.h"
#include "update.h"
#include "update_group.h"

size_t announcement_going(const struct update_group *group, const uint8_t *attrs, uint16_t len,
			  uint8_t *out)
{
	struct attr_writer w = { .buf = out, .size = BGP_MESSAGE_MAX };

	if (group->drained)
		return export_graceful_shutdown(group->rule.ibgp, attrs, len, &w) ? 0 : w.len;
	if (len > BGP_MESSAGE_MAX)
		return 0;
	memcpy(out, attrs, len);
	return len;
}

size_t announcement_wire(const struct update_group *group, const uint8_t *attrs, uint16_t len,
			 uint8_t *out)
{
	struct attr_writer w = { .buf = out, .size = BGP_MESSAGE_MAX };
	uint8_t going[BGP_MESSAGE_MAX];

	if (group->as4)
		return announcement_going(group, attrs, len, out);
	len = (uint16_t)announcement_going(group, attrs, len, going);
	attrs_downgrade(going, len, &w);
	return !len || w.full ? 0 : w.len;
}

/* Is there a message for one prefix with these attributes? They become those that are told while we
 * are about to go. */
static bool message_fits(const struct update_group *group, struct route_map_result *result)
{
	uint8_t attrs[BGP_MESSAGE_MAX], message[BGP_MESSAGE_MAX];
	size_t len, taken;

	if (group->drained) {
		len = announcement_going(group, result->wire, result->len, attrs);
		memcpy(result->buf[0], attrs, len);
		result->wire = result->buf[0];
		result->len = (uint16_t)len;
	}
	len = result->len ? announcement_wire(group, result->wire, result->len, attrs) : 0;

	return len && update_encode_announce(message, sizeof(message), result->prefix.addr.family,
					     attrs, (uint16_t)len, &result->prefix, 1, &taken);
}

size_t announcement_export(const struct update_group *group, const struct rib *rib,
			   const struct attrs *attrs, uint16_t source, bool backup, uint8_t *out)
{
	const struct source *from = rib_source(rib, source);
	const struct export_source es = {
		.role = from->role,
		.ibgp = from->ibgp,
		.peered = from->peered,
		.backup = backup,
		.router_id = from->router_id,
	};
	struct attr_writer w = { .buf = out, .size = BGP_MESSAGE_MAX };

	return export_attrs(&group->rule, &es, attrs->wire, attrs->len, &w) ? 0 : w.len;
}

bool announcement_of_summary(const struct update_group *group, int rule,
			     struct route_map_result *result)
{
	struct route_map_side side = update_group_side(group);

	return route_map_summary(group->map, &side, (size_t)rule, result) != ROUTE_MAP_TOO_LONG &&
	       message_fits(group, result);
}

bool announcement_of_path(const struct update_group *group, const struct rib *rib,
			  const struct path *path, bool backup, uint8_t *wire,
			  struct route_map_result *result)
{
	struct route_map_side side = update_group_side(group);
	struct route_map_route route = {
		.prefix = rib_prefix(rib, path->node),
		.vnet = rib_source(rib, path->peer)->role == ROLE_VNET,
		.wire = wire,
	};

	route.len =
		(uint16_t)announcement_export(group, rib, path->attrs, path->peer, backup, wire);
	if (!route.len)
		return false;
	if (group->map &&
	    route_map_run(group->map, &side, &route, false, result) > ROUTE_MAP_CHANGED)
		return false;
	if (!group->map) {
		result->prefix = route.prefix;
		result->wire = route.wire;
		result->len = route.len;
	}
	return message_fits(group, result);
}

bool announcement_is_made(const struct adj_out *adj_out, const struct update_group *group,
			  const struct path *path)
{
	struct route_map_result *room = scratch_take(adj_out->scratch, SCRATCH_LOOK);
	uint8_t wire[BGP_MESSAGE_MAX];
	bool made = announcement_of_path(group, adj_out->rib, path, false, wire, room);

	scratch_give(adj_out->scratch, SCRATCH_LOOK);
	return made;
}
