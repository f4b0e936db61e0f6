/* See peer_restart.h. */
#include "peer_restart.h"

#include "route_server.h"

void peer_sweep(struct peer *peer)
{
	timer_stop(&peer->rs->timers, &peer->stale);
	inbound_sweep(&peer->inbound);
	if (!rib_peer_stale_paths(peer->rs->rib, peer->index))
		return;
	events_note(&peer->rs->events, EVENT_RESTART, peer->index, peer->rs->now_ms,
		    "%u stale routes are withdrawn",
		    rib_peer_stale_paths(peer->rs->rib, peer->index));
	rib_peer_sweep(peer->rs->rib, peer->index);
}

void peer_stale_fire(struct timer *timer, uint64_t now_ms)
{
	struct peer *peer = (struct peer *)timer; /* its first member */

	events_note(&peer->rs->events, EVENT_RESTART, peer->index, now_ms,
		    "graceful restart took too long");
	peer_sweep(peer);
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
	if (peer->eor)
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
