/* See peer_restart.h. */
#include "peer_restart.h"

#include "bounds.h"
#include "route_server.h"

void peer_sweep(struct peer *peer, uint8_t family)
{
	struct route_server *rs = peer->rs;
	struct rib *rib = rs->routes[family].rib;
	bool any = false;

	if (!peer->routes[family].stale)
		return;
	peer->routes[family].stale = false;
	for (int f = 0; f < FAMILY_COUNT; f++)
		any |= peer->routes[f].stale;
	if (!any)
		timer_stop(&rs->timers, &peer->stale);
	inbound_sweep(&peer->routes[family].inbound);
	if (!rib_peer_stale_paths(rib, peer->index))
		return;
	events_note(&rs->events, EVENT_RESTART, peer->index, rs->now_ms,
		    "%u stale %s are withdrawn", rib_peer_stale_paths(rib, peer->index),
		    bounds_routes(family));
	rib_peer_sweep(rib, peer->index);
}

void peer_stale_fire(struct timer *timer, uint64_t now_ms)
{
	struct peer *peer = (struct peer *)timer; /* its first member */

	events_note(&peer->rs->events, EVENT_RESTART, peer->index, now_ms,
		    "graceful restart took too long");
	for (uint8_t family = 0; family < FAMILY_COUNT; family++)
		peer_sweep(peer, family);
}

/* End-of-RIB of each family that the session has. */
static bool has_said_all(const struct peer *peer)
{
	uint8_t said = 0;

	for (int family = 0; family < FAMILY_COUNT; family++)
		said |= peer->routes[family].eor ? family_bit((uint8_t)family) : 0;
	return !(peer->out.families & ~said);
}

/* RFC 4724 4.1 has us wait for End-of-RIB, but not from one that restarts itself, which may be
 * waiting for ours; and only those with the capability have promised it, mere helpers that list no
 * family in it included. The others have announced all when they fall silent; most say it before
 * that. What forwards meanwhile is the generation before, so to wait is cheaper than to publish too
 * early. */
bool peer_finished(const struct peer *peer, uint64_t now_ms)
{
	uint64_t silent_ms = now_ms - peer->heard_ms;

	/* A gateway of a subnet need not have all the instances that it may have. */
	if (peer->shut)
		return !peer->up;
	if (!peer->up)
		return (!peer->config.passive || peer->config.subnet.len) &&
		       now_ms - peer->rs->started_ms >= PEER_ABSENT_MS;
	if (has_said_all(peer))
		return true;
	if (peer->session.caps & SPEAKER_CAP_GR_RESTARTING)
		return silent_ms >= PEER_RESTARTING_MS;
	return !(peer->session.caps & SPEAKER_CAP_GR_AWARE) && silent_ms >= PEER_SILENT_MS;
}

bool peers_finished(const struct peers *peers, uint64_t now_ms)
{
	for (uint16_t i = 0; i < peers->end; i++)
		if (peers->table[i].life == PEER_ACTIVE && !peer_finished(&peers->table[i], now_ms))
			return false;
	return true;
}
