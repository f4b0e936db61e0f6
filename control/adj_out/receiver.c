/* What one member gets, and how much. */
#include "receiver.h"

#include "adj_out.h"
#include "aliases.h"
#include "rib.h"
#include "scratch.h"
#include "summaries.h"
#include "update_group.h"
#include "withheld.h"
#include "announcement.h"

/* As announcement_of_path(), for this member. */
static bool announces_to(const struct receiver *peer, const struct path *path, bool backup,
			 uint8_t *wire, struct route_map_result *result)
{
	struct update_group kind = *peer->group;

	if (aliases_have(peer->session, path->attrs))
		kind.rule.unchanged = false;
	return announcement_of_path(&kind, peer->adj_out->rib, path, backup, wire, result);
}

bool receiver_withholds(const struct receiver *peer, const struct route_map_result *result)
{
	uint8_t attrs[BGP_MESSAGE_MAX];
	size_t len = peer->session->suspects.nb
			     ? announcement_wire(peer->group, result->wire, result->len, attrs)
			     : 0;

	return len && withheld_match(&peer->session->suspects, attrs, (uint16_t)len) >= 0;
}

bool receiver_withholds_path(const struct receiver *peer, const struct path *path, bool backup)
{
	struct scratch *scratch = peer->adj_out->scratch;
	struct route_map_result *result;
	uint8_t wire[BGP_MESSAGE_MAX];
	bool withholds;

	if (!peer->session->suspects.nb || !peer->group || !update_group_suits(peer->adj_out, peer))
		return false;
	result = scratch_take(scratch, SCRATCH_LOOK);
	withholds =
		announces_to(peer, path, backup, wire, result) && receiver_withholds(peer, result);
	scratch_give(scratch, SCRATCH_LOOK);
	return withholds;
}

bool receiver_announces(const struct receiver *peer, const struct path *path, bool backup,
			uint8_t *wire, struct route_map_result *result)
{
	return announces_to(peer, path, backup, wire, result) && !receiver_withholds(peer, result);
}

/* As receiver_octets(), of a summary that stands for the prefix. */
static size_t summary_octets(const struct receiver *peer, struct prefix prefix, uint8_t *out,
			     struct route_map_result *room)
{
	const struct update_group *group = peer->group;
	uint64_t rules = summaries_of(peer) & route_map_summarises(group->map, prefix);

	return announcement_of_summary(group, __builtin_ctzll(rules), room)
		       ? announcement_wire(group, room->wire, room->len, out)
		       : 0;
}

/* As receiver_octets(), of a route. */
static size_t route_octets(const struct receiver *peer, struct prefix prefix, uint8_t *out,
			   uint32_t *attrs_hash, struct route_map_result *room)
{
	const struct update_group *group = peer->group;
	uint32_t node = rib_find(peer->adj_out->rib, prefix);
	const struct path *path = NULL;
	uint8_t wire[BGP_MESSAGE_MAX];
	bool backup;

	if (node != RIB_NONE)
		path = group_advertised(group->group, peer->session->index, node, &backup);
	if (!path || !announces_to(peer, path, backup, wire, room))
		return 0;
	*attrs_hash = path->attrs->hash;
	return announcement_wire(group, room->wire, room->len, out);
}

size_t receiver_octets(const struct receiver *peer, struct prefix prefix, uint8_t *out,
		       uint32_t *attrs_hash)
{
	struct scratch *scratch = peer->adj_out->scratch;
	struct route_map_result *room = scratch_take(scratch, SCRATCH_LOOK);
	size_t len;

	*attrs_hash = 0;
	len = summaries_stand(peer, prefix) ? summary_octets(peer, prefix, out, room)
					    : route_octets(peer, prefix, out, attrs_hash, room);
	scratch_give(scratch, SCRATCH_LOOK);
	return len;
}

/* --- how much ----------------------------------------------------------------------------- */

/* What becomes of the number of prefixes announced to the peer once this prefix has been announced
 * to it: one more, the same, or one less. */
static int withheld_more(const struct receiver *peer, struct prefix prefix)
{
	uint8_t wire[BGP_MESSAGE_MAX];
	uint32_t attrs_hash;
	uint16_t len = (uint16_t)receiver_octets(peer, prefix, wire, &attrs_hash);

	return withheld_has(peer, prefix) -
	       (len && withheld_match(&peer->session->suspects, wire, len) >= 0);
}

/* What summaries_advertised() will be at least when everything has been announced to the peer.
 * Which prefixes are withheld is known only when they are announced, and in a group that never
 * rests some always wait. So those that wait are looked at here; if they are many, all of them may
 * be withheld. */
static int64_t advertised_at_least(const struct adj_out *adj_out, const struct receiver *peer,
				   bool flushing)
{
	enum { LOOKS = 32 };
	const struct update_group *group = peer->group;
	int64_t least = summaries_advertised(adj_out, peer);
	uint32_t nodes[LOOKS], waiting;

	if (!peer->session->suspects.nb)
		return least;
	waiting = group_waiting(group->group, peer->session->index, nodes, LOOKS);
	if (waiting == UINT32_MAX || flushing)
		return 0;
	for (uint32_t i = 0; waiting <= LOOKS && i < waiting; i++) {
		struct prefix prefix = rib_prefix(adj_out->rib, nodes[i]);

		if (!group->map || !route_map_summarises(group->map, prefix))
			least += withheld_more(peer, prefix);
	}
	for (uint64_t left = group->summaries ? route_map_replacing(group->map, adj_out->family)
					      : 0;
	     left; left &= left - 1) {
		int rule = __builtin_ctzll(left);
		struct prefix prefix = route_map_rule(group->map, (size_t)rule)->prefix_replace;
		uint64_t makers = route_map_summarises(group->map, prefix);

		if (makers & -makers & UINT64_C(1) << rule) /* each prefix once */
			least += withheld_more(peer, prefix);
	}
	return waiting <= LOOKS ? least : least - waiting;
}

bool receiver_exceeds(const struct adj_out *adj_out, const struct receiver *peer, bool flushing,
		      uint32_t most)
{
	/* Each of those may be one that is dropped. */
	return summaries_counted(peer->group) &&
	       advertised_at_least(adj_out, peer, flushing) >
		       (int64_t)most + group_watch_waiting(peer->group->group);
}
