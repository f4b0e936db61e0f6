/* A peer's count is another lcore's cache line, so it is looked at only when the room that the last
 * look found is used up. */
#include "pace.h"

#include "route_server.h"

enum {
	TICK_MS = 5
}; /* of waiting, at most, in one turn: time in which nobody asked does not count */

void pace_begin(struct peer *peer)
{
	peer->pace = (struct pace){ .room = PACE_AHEAD, .slow = peer->pace.slow };
}

void pace_sent(struct peer *peer, uint32_t octets)
{
	peer->pace.told += octets;
	peer->pace.room -= octets;
}

uint64_t pace_taken(const struct route_server *rs, const struct peer *peer)
{
	const struct speaker *speaker = rs->speakers[peer->speaker].speaker;
	const struct session_stats *stats = speaker ? speaker_stats(speaker, peer->index) : NULL;

	return stats ? __atomic_load_n(&stats->tx_shared, __ATOMIC_RELAXED) : peer->pace.told;
}

/* Octets that the peer's connection has not taken. */
static uint64_t ahead(const struct route_server *rs, const struct peer *peer)
{
	uint64_t taken = rs->taken(rs, peer);

	return taken < peer->pace.told ? peer->pace.told - taken : 0;
}

static bool has_room(const struct route_server *rs, struct peer *peer)
{
	if (peer->pace.room <= 0)
		peer->pace.room = (int64_t)PACE_AHEAD - (int64_t)ahead(rs, peer);
	return peer->pace.room > 0;
}

/* Somebody has no room. Those who have none hinder the others, if one of these has taken all that
 * there was. */
static void note_hindrance(struct route_server *rs, const uint16_t *peers, uint32_t n, uint32_t ms)
{
	bool idle = false;

	for (uint32_t i = 0; i < n; i++) {
		struct peer *peer = &rs->peers.table[peers[i]];

		if (ahead(rs, peer))
			continue;
		peer->pace.hinders_ms = 0;
		idle = true;
	}
	for (uint32_t i = 0; idle && i < n; i++) {
		struct peer *peer = &rs->peers.table[peers[i]];

		if (peer->pace.room > 0)
			continue;
		peer->pace.hinders_ms += ms;
		if (peer->pace.hinders_ms < PACE_SLOW_MS)
			continue;
		peer->pace.slow = true;
		rs->peers.slow = true;
	}
}

bool pace_ready(void *ctx, const uint16_t *peers, uint32_t n)
{
	struct route_server *rs = ctx;
	uint64_t ms = rs->now_ms - rs->paced_ms;
	bool ready = true;

	for (uint32_t i = 0; i < n; i++)
		ready &= has_room(rs, &rs->peers.table[peers[i]]);
	if (!ready && n > 1 && ms)
		note_hindrance(rs, peers, n, ms < TICK_MS ? (uint32_t)ms : TICK_MS);
	return ready;
}

static void slow_turn(struct route_server *rs, struct peer *peer)
{
	bool told = peer->up && peer->group;

	if (told && !peer->lagging) {
		announcer_lagging(&rs->announcer, peer,
				  true); /* no memory: again in the next turn */
		return;
	}
	if (told && ahead(rs, peer))
		return;
	if (told)
		announcer_lagging(&rs->announcer, peer, false);
	peer->pace.hinders_ms = 0;
	peer->pace.slow = false;
}

void pace_turn(struct route_server *rs)
{
	bool some = false;

	for (uint16_t i = 0; rs->peers.slow && i < rs->peers.end; i++) {
		struct peer *peer = &rs->peers.table[i];

		if (peer->pace.slow)
			slow_turn(rs, peer);
		some |= peer->pace.slow;
	}
	rs->peers.slow = some;
	rs->paced_ms = rs->now_ms;
}
