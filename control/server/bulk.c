/* See bulk.h. Times are those at which turns began: no clock is asked for. */
#include "bulk.h"

#include "route_server.h"

enum { NS_PER_MS = 1000 * 1000, WEIGHT_MOST = 2 * BULK_WEIGHT };

static uint64_t now_ns(const struct route_server *rs)
{
	return rs->turns.begin_ns;
}

static bool is_bulk(const struct peer_talk *talk)
{
	return talk->weight > BULK_WEIGHT;
}

static void talk_add(struct peer_talk *talk, uint64_t now, uint32_t weight)
{
	uint64_t less = (now - talk->at_ns) / (NS_PER_MS / BULK_LESS_MS);

	talk->at_ns += less * (NS_PER_MS / BULK_LESS_MS);
	talk->weight = less < talk->weight ? talk->weight - (uint32_t)less : 0;
	talk->weight += weight;
	if (talk->weight > WEIGHT_MOST)
		talk->weight = WEIGHT_MOST;
}

/* Is nothing else under way, that asks whether all has been told, or is in the views? */
static bool may_go_on(const struct route_server *rs)
{
	return rs->phase == RS_LIVE && rs->transit.step == TRANSIT_SETTLED &&
	       !rs->fib_sync.walking && rib_settled(rs->rib);
}

void bulk_heard(struct route_server *rs, struct peer *peer, uint32_t prefixes)
{
	struct bulk *bulk = &rs->bulk;

	talk_add(&peer->talk, now_ns(rs), prefixes + 1);
	if (!is_bulk(&peer->talk))
		return;
	bulk->heard_ns = now_ns(rs);
	if (bulk->step != BULK_NONE || bulk->asked_ns == now_ns(rs))
		return;
	bulk->asked_ns = now_ns(rs);
	if (!may_go_on(rs) || !announcer_idle(&rs->announcer))
		return;
	bulk->step = BULK_PUTS_OFF;
	bulk->since_ns = now_ns(rs);
}

bool bulk_puts_off(const struct route_server *rs, const struct peer *peer)
{
	return rs->bulk.step == BULK_PUTS_OFF && is_bulk(&peer->talk) &&
	       rib_put_off_count(rs->rib) < 2 * BULK_MOST;
}

static bool is_over(const struct route_server *rs)
{
	return now_ns(rs) - rs->bulk.heard_ns >= BULK_PAUSE_MS * NS_PER_MS ||
	       rib_release_wanted(rs->rib);
}

static bool is_due(const struct route_server *rs)
{
	return rs->bulk.step == BULK_ENDS || rib_put_off_count(rs->rib) >= BULK_MOST ||
	       now_ns(rs) - rs->bulk.since_ns >= BULK_WAIT_MS * NS_PER_MS;
}

unsigned int bulk_turn(struct route_server *rs, uint32_t room)
{
	struct bulk *bulk = &rs->bulk;

	if (bulk->step == BULK_NONE)
		return 0;
	if (is_over(rs) || !may_go_on(rs))
		bulk->step = BULK_ENDS;
	if (!bulk->releases && is_due(rs)) {
		rib_release_begin(rs->rib);
		bulk->releases = true;
	}
	if (bulk->releases && rib_release(rs->rib, room)) {
		bulk->releases = false;
		bulk->since_ns = now_ns(rs);
		if (bulk->step == BULK_ENDS && !rib_put_off_count(rs->rib))
			bulk->step = BULK_NONE;
	}
	return bulk->step != BULK_NONE;
}
