/* See peer_place.h. */
#include "peer_place.h"

#include "log.h"
#include "members.h"
#include "notification.h"
#include "own_next_hop.h"
#include "peer_command.h"
#include "route_server.h"
#include "update_group.h"

void peer_no_room(struct route_server *rs, struct peer *peer)
{
	log_error("peer %s: no memory to announce to it; its session is reset", peer->config.name);
	peer_send_reset(rs, peer, NOTIFY_CEASE_RESOURCES);
}

/* Once a session. */
static void note_no_address(struct route_server *rs, struct peer *peer, uint8_t family)
{
	if (peer->routes[family].no_address)
		return;
	peer->routes[family].no_address = true;
	events_note(
		&rs->events, EVENT_ALARM, peer->index, rs->now_ms,
		"no %s routes are announced to it: port %s has no %s address", family_title(family),
		rs->config->dataplane.ports[peer->config.egress_port].name, family_title(family));
}

/* Where we have no address for it, as next hop of what we would announce, it learns nothing. */
static void join(struct route_server *rs, struct peer *peer, uint8_t family)
{
	struct receiver *receiver = &peer->out.to[family];
	const struct export_next_hop own =
		own_next_hop(rs->config, &peer->out, (enum family)family);

	if (receiver->group)
		return;
	if (own_next_hop_is_none(&own))
		note_no_address(rs, peer, family);
	else if (members_join(&rs->routes[family].announcer, receiver))
		peer_no_room(rs, peer);
}

void peer_join(struct route_server *rs, struct peer *peer)
{
	for (uint8_t family = 0; family < FAMILY_COUNT; family++)
		if (peer->out.families & family_bit(family))
			join(rs, peer, family);
}

void peer_refresh_out(struct route_server *rs, struct peer *peer, uint8_t family)
{
	if (members_refresh(&peer->out.to[family]))
		peer_no_room(rs, peer);
}

void peers_join(struct route_server *rs)
{
	rs->peers.joining = true;
	peers_regroup(rs);
}

void peers_regroup(struct route_server *rs)
{
	rs->peers.unplaced = rs->peers.end;
	rs->peers.waiting = false;
	due_set(&rs->due, DUE_PLACES);
}

/* False: it is to hear first what was said before. */
static bool move(struct route_server *rs, struct peer *peer, struct routes *routes)
{
	struct receiver *receiver = &peer->out.to[routes->family];

	if (!receiver->group || update_group_suits(&routes->adj_out, receiver))
		return true;
	if (!members_finished(&routes->announcer, receiver))
		return false;
	rs->peers.waiting = false;
	if (members_move(&routes->announcer, receiver))
		peer_no_room(rs, peer);
	return true;
}

/* Likewise. */
static bool place(struct route_server *rs, struct peer *peer)
{
	bool moved = true;

	for (int family = 0; family < FAMILY_COUNT; family++)
		moved &= move(rs, peer, &rs->routes[family]);
	if (peer->up)
		peer_join(rs, peer);
	return moved;
}

unsigned int peers_place(struct route_server *rs, uint32_t ns)
{
	struct budget budget = budget_make(rs->clock_ns, ns);
	struct peers *peers = &rs->peers;
	unsigned int seen = 0;

	while (peers->unplaced && seen < peers->end) {
		peers->place = (uint16_t)((peers->place + 1) % peers->end);
		peers->unplaced--;
		seen++;
		if (!place(rs, &peers->table[peers->place])) {
			peers->unplaced = peers->end;
			peers->waiting = true;
		}
		if (budget_over(&budget))
			break;
	}
	if (peers->unplaced)
		due_set(&rs->due, DUE_PLACES);
	peers->joining &= peers->unplaced && !peers->waiting;
	/* Those who look for one that waits may rest in between. */
	return peers->waiting ? 0 : seen;
}
