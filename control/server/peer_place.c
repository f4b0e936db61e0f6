/* See peer_place.h. */
#include "peer_place.h"

#include "log.h"
#include "members.h"
#include "notification.h"
#include "peer_command.h"
#include "route_server.h"
#include "update_group.h"

void peer_no_room(struct route_server *rs, struct peer *peer)
{
	log_error("peer %s: no memory to announce to it; its session is reset", peer->config.name);
	peer_send_reset(rs, peer, NOTIFY_CEASE_RESOURCES);
}

void peer_join(struct route_server *rs, struct peer *peer)
{
	if (members_join(&rs->announcer, &peer->out))
		peer_no_room(rs, peer);
}

void peer_refresh_out(struct route_server *rs, struct peer *peer)
{
	if (members_refresh(&peer->out))
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
static bool place(struct route_server *rs, struct peer *peer)
{
	if (peer->up && !peer->out.group) {
		peer_join(rs, peer);
	} else if (peer->out.group && !update_group_suits(&rs->adj_out, &peer->out)) {
		if (!members_finished(&rs->announcer, &peer->out))
			return false;
		rs->peers.waiting = false;
		if (members_move(&rs->announcer, &peer->out))
			peer_no_room(rs, peer);
	}
	return true;
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
