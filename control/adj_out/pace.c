/* A peer's count is another lcore's cache line, so it is looked at only when the room that the last
 * look found is used up. */
#include "pace.h"

#include "adj_out.h"
#include "due.h"
#include "members.h"

enum {
	TICK_MS = 5
}; /* of waiting, at most, in one turn: time in which nobody asked does not count */

void pace_begin(struct receiver *peer)
{
	peer->pace = (struct pace){ .room = PACE_AHEAD, .slow = peer->pace.slow };
}

void pace_sent(struct receiver *peer, uint32_t octets)
{
	peer->pace.sent += octets;
	peer->pace.room -= octets;
}

/* Octets that the peer's connection has not taken. */
static uint64_t ahead(const struct adj_out *adj_out, const struct receiver *peer)
{
	uint64_t taken = adj_out->taken(adj_out->ctx, peer);

	return taken < peer->pace.sent ? peer->pace.sent - taken : 0;
}

static bool has_room(const struct adj_out *adj_out, struct receiver *peer)
{
	if (peer->pace.room <= 0)
		peer->pace.room = (int64_t)PACE_AHEAD - (int64_t)ahead(adj_out, peer);
	return peer->pace.room > 0;
}

/* Somebody has no room. Those who have none hinder the others, if one of these has taken all that
 * there was. */
static void note_hindrance(struct adj_out *adj_out, const uint16_t *peers, uint32_t n, uint32_t ms)
{
	bool idle = false;

	for (uint32_t i = 0; i < n; i++) {
		struct receiver *peer = adj_out->receiver[peers[i]];

		if (ahead(adj_out, peer))
			continue;
		peer->pace.hinders_ms = 0;
		idle = true;
	}
	for (uint32_t i = 0; idle && i < n; i++) {
		struct receiver *peer = adj_out->receiver[peers[i]];

		if (peer->pace.room > 0)
			continue;
		peer->pace.hinders_ms += ms;
		if (peer->pace.hinders_ms < PACE_SLOW_MS)
			continue;
		peer->pace.slow = true;
		due_set(adj_out->due, DUE_PACE);
	}
}

bool pace_ready(struct adj_out *adj_out, const uint16_t *peers, uint32_t n)
{
	uint64_t ms = adj_out->now_ms - adj_out->paced_ms;
	bool ready = true;

	for (uint32_t i = 0; i < n; i++)
		ready &= has_room(adj_out, adj_out->receiver[peers[i]]);
	if (!ready && n > 1 && ms)
		note_hindrance(adj_out, peers, n, ms < TICK_MS ? (uint32_t)ms : TICK_MS);
	return ready;
}

static void slow_turn(struct adj_out *adj_out, struct receiver *peer)
{
	bool member = peer->group;

	if (member && !peer->lagging) {
		members_lagging(peer, true); /* no memory: again in the next turn */
		return;
	}
	if (member && ahead(adj_out, peer))
		return;
	if (member)
		members_lagging(peer, false);
	peer->pace.hinders_ms = 0;
	peer->pace.slow = false;
}

void pace_tick(struct adj_out *adj_out)
{
	adj_out->paced_ms = adj_out->now_ms;
}

void pace_turn(struct adj_out *adj_out)
{
	for (uint16_t i = 0; i < adj_out->end; i++) {
		struct receiver *peer = adj_out->receiver[i];

		if (peer->pace.slow)
			slow_turn(adj_out, peer);
		if (peer->pace.slow)
			due_set(adj_out->due, DUE_PACE);
	}
}
