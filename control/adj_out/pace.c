/* A peer's count is another lcore's cache line, so it is looked at only when the room that the last
 * look found is used up. */
#include "pace.h"

#include "adj_out.h"
#include "due.h"
#include "members.h"

enum {
	TICK_MS = 5
}; /* of waiting, at most, in one turn: time in which nobody asked does not count */

void pace_begin(struct out_session *session)
{
	session->pace = (struct pace){ .room = PACE_AHEAD, .slow = session->pace.slow };
}

void pace_sent(struct out_session *session, uint32_t octets)
{
	session->pace.sent += octets;
	session->pace.room -= octets;
}

static struct out_session *session_at(const struct adj_out *adj_out, uint16_t index)
{
	return adj_out->receiver[index]->session;
}

/* Octets that the peer's connection has not taken. */
static uint64_t ahead(const struct adj_out *adj_out, const struct out_session *session)
{
	uint64_t taken = adj_out->taken(adj_out->ctx, session);

	return taken < session->pace.sent ? session->pace.sent - taken : 0;
}

static bool has_room(const struct adj_out *adj_out, struct out_session *session)
{
	if (session->pace.room <= 0)
		session->pace.room = (int64_t)PACE_AHEAD - (int64_t)ahead(adj_out, session);
	return session->pace.room > 0;
}

/* Somebody has no room. Those who have none hinder the others, if one of these has taken all that
 * there was. */
static void note_hindrance(struct adj_out *adj_out, const uint16_t *peers, uint32_t n, uint32_t ms)
{
	bool idle = false;

	for (uint32_t i = 0; i < n; i++) {
		struct out_session *session = session_at(adj_out, peers[i]);

		if (ahead(adj_out, session))
			continue;
		session->pace.hinders_ms = 0;
		idle = true;
	}
	for (uint32_t i = 0; idle && i < n; i++) {
		struct out_session *session = session_at(adj_out, peers[i]);

		if (session->pace.room > 0)
			continue;
		session->pace.hinders_ms += ms;
		if (session->pace.hinders_ms < PACE_SLOW_MS)
			continue;
		session->pace.slow = true;
		due_set(adj_out->due, DUE_PACE);
	}
}

bool pace_ready(struct adj_out *adj_out, const uint16_t *peers, uint32_t n)
{
	uint64_t ms = adj_out->now_ms - adj_out->paced_ms;
	bool ready = true;

	for (uint32_t i = 0; i < n; i++)
		ready &= has_room(adj_out, session_at(adj_out, peers[i]));
	if (!ready && n > 1 && ms)
		note_hindrance(adj_out, peers, n, ms < TICK_MS ? (uint32_t)ms : TICK_MS);
	return ready;
}

static void slow_turn(struct adj_out *adj_out, struct out_session *session)
{
	bool member = false, leaves = false;

	for (int family = 0; family < FAMILY_COUNT; family++) {
		struct receiver *peer = &session->to[family];

		member |= peer->group != NULL;
		if (!peer->group || peer->lagging)
			continue;
		members_lagging(peer, true); /* no memory: again in the next turn */
		leaves = true;
	}
	if (leaves || (member && ahead(adj_out, session)))
		return;
	for (int family = 0; family < FAMILY_COUNT; family++)
		members_lagging(&session->to[family], false);
	session->pace.hinders_ms = 0;
	session->pace.slow = false;
}

void pace_tick(struct adj_out *adj_out)
{
	adj_out->paced_ms = adj_out->now_ms;
}

void pace_turn(struct adj_out *adj_out)
{
	for (uint16_t i = 0; i < adj_out->end; i++) {
		struct out_session *session = session_at(adj_out, i);

		if (session->pace.slow)
			slow_turn(adj_out, session);
		if (session->pace.slow)
			due_set(adj_out->due, DUE_PACE);
	}
}
