/* See housekeeping.h. */
#include "housekeeping.h"

#include "admission.h"
#include "bounds.h"
#include "exchange_wait.h"
#include "peer_restart.h"
#include "route_server.h"
#include "service.h"

enum {
	HOUSEKEEPING_MS = 1000,
	WALK_EVERY = 60, /* rounds between two walks that look for unused next hops */
};

static bool settled(const struct route_server *rs)
{
	return rs->phase == RS_LIVE && (peers_finished(&rs->peers, rs->now_ms) ||
					rs->now_ms - rs->started_ms >= PEER_ABSENT_MS);
}

static void round_begin(struct timer *timer, uint64_t now_ms)
{
	struct route_server *rs =
		(struct route_server *)((char *)timer -
					offsetof(struct route_server, housekeeping));
	bool walk = fib_walk_wanted(&rs->fib_walk) || ++rs->housekeepings >= WALK_EVERY;

	timer_set(&rs->timers, timer, now_ms + HOUSEKEEPING_MS);
	rs->keeping = HOUSE_EVENTS;
	due_set(&rs->due, DUE_HOUSEKEEPING);
	rs->settled |= settled(rs);
	exchange_wait_look(rs);
	service_look(rs);
	if (rs->phase == RS_LIVE)
		admission_live(rs);
	if (!walk || rs->fib_walk.walking || rs->transit.step != TRANSIT_SETTLED ||
	    rs->phase == RS_STOPPING)
		return;
	rs->housekeepings = 0;
	fib_walk_begin(&rs->fib_walk, rs->fib_sync[FAMILY_IPV4].allow, 0);
}

void housekeeping_begin(struct route_server *rs)
{
	rs->housekeeping.fire = round_begin;
	timer_set(&rs->timers, &rs->housekeeping, rs->now_ms + HOUSEKEEPING_MS);
}

unsigned int housekeeping_turn(struct route_server *rs, uint32_t ns)
{
	struct budget budget = budget_make(rs->clock_ns, ns);

	if (rs->keeping == HOUSE_EVENTS && events_turn(&rs->events, rs->now_ms, &budget))
		rs->keeping = HOUSE_BOUNDS;
	if (rs->keeping == HOUSE_EVENTS || !bounds_turn(rs, &budget))
		due_set(&rs->due, DUE_HOUSEKEEPING);
	return 1;
}
