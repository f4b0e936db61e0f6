/* Peers and their bounds. */
#include "bounds.h"

#include <stdio.h>

#include "expressroute_bound.h"
#include "limit.h"
#include "peer_command.h"
#include "receiver.h"
#include "route_server.h"
#include "summaries.h"

static struct limit_rule rule_of(const struct route_server *rs, const struct peer *peer)
{
	const struct config_limits *limits = &rs->config->limits;
	struct limit_rule rule = {
		.routes = peer->config.max_routes,
		.repeats = limits->count == LIMITS_ARS_COMPAT,
		.drop = limits->action == LIMITS_DROP_EXCESS,
	};

	return rule;
}

uint32_t bounds_learned(const struct route_server *rs, const struct peer *peer)
{
	if (inbound_counts(&peer->inbound))
		return peer->inbound.fresh;
	return rib_peer_paths(rs->rib, peer->index) - rib_peer_stale_paths(rs->rib, peer->index);
}

static bool knows(const struct route_server *rs, const struct peer *peer,
		  const struct inbound_place *at)
{
	const struct path *path;

	if (inbound_counts(&peer->inbound))
		return inbound_knows(&peer->inbound, at);
	path = rib_said_at(rs->rib, &at->rib, peer->index);
	return path && !rib_is_stale(rs->rib, path);
}

static void tear_down(struct route_server *rs, struct peer *peer)
{
	events_note(&rs->events, EVENT_LIMIT, peer->index, rs->now_ms,
		    "announces more than %u routes: its session is closed, for %u s",
		    peer->config.max_routes, rs->config->limits.retry_s);
	peer_exceeded(rs, peer, peer->config.max_routes);
}

static void refuse(struct route_server *rs, struct peer *peer)
{
	peer->over_limit++;
	if (!peer->refusing)
		events_note(&rs->events, EVENT_LIMIT, peer->index, rs->now_ms,
			    "announces more than %u routes: the excess is refused",
			    peer->config.max_routes);
	peer->refusing = true;
}

uint32_t bounds_total(const struct route_server *rs)
{
	size_t vnets = rs->config->nb_vnets, all = rib_prefixes(rs->rib);

	return (uint32_t)(all > vnets ? all - vnets : 0);
}

/* Is there room for a prefix that nobody has announced yet? */
static bool room(const struct route_server *rs)
{
	return !rs->config->limits.total || bounds_total(rs) < rs->config->limits.total;
}

static bool fits(struct route_server *rs, struct peer *peer, const struct inbound_place *at)
{
	/* A map may keep what the peer has announced out of the RIB. */
	if (room(rs) || rib_has_paths(rs->rib, &at->rib) || knows(rs, peer, at))
		return true;
	peer->over_limit++;
	if (!peer->crowded)
		events_note(&rs->events, EVENT_LIMIT, peer->index, rs->now_ms,
			    "there are %u prefixes: others that it announces are refused",
			    rs->config->limits.total);
	peer->crowded = true;
	return false;
}

bool bounds_admit(struct route_server *rs, struct peer *peer, const struct inbound_place *at)
{
	struct limit_rule rule = rule_of(rs, peer);
	enum limit_verdict verdict = LIMIT_TAKE;

	if (rule.routes) {
		limit_heard(&peer->limit, rs->now_ms);
		verdict = limit_judge(&peer->limit, &rule, bounds_learned(rs, peer),
				      knows(rs, peer, at));
	}
	switch (verdict) {
	case LIMIT_TAKE: return fits(rs, peer, at);
	case LIMIT_REFUSE: refuse(rs, peer); break;
	case LIMIT_EXCEEDED: tear_down(rs, peer); break;
	}
	return false;
}

/* Routes that were refused have room now: only the peer has them still. */
static void ask_again(struct route_server *rs, struct peer *peer)
{
	peer->refusing = peer->crowded = false;
	events_note(&rs->events, EVENT_LIMIT, peer->index, rs->now_ms,
		    "there is room for routes again: asking for those that were refused");
	peer_ask_again(rs, peer);
}

/* An alarm of a peer, or of EVENTS_NO_PEER, comes or goes. */
static void note_near(struct route_server *rs, uint16_t peer, bool *was, bool near,
		      const char *what)
{
	if (near != *was)
		events_note(&rs->events, EVENT_ALARM, peer, rs->now_ms, "%s: %s",
			    near ? "raised" : "cleared", what);
	*was = near;
}

static void peer_turn(struct route_server *rs, struct peer *peer)
{
	struct limit_rule rule = rule_of(rs, peer);
	uint32_t count = bounds_learned(rs, peer);
	bool near = limit_near(rule.routes, count);
	char what[EVENT_TEXT / 2];

	if (near != peer->near_limit) {
		snprintf(what, sizeof(what), "%u of at most %u routes", count, rule.routes);
		note_near(rs, peer->index, &peer->near_limit, near, what);
	}
	if (rule.routes && !rule.drop && count > rule.routes)
		tear_down(rs, peer);
	else if ((peer->refusing || peer->crowded) && (!rule.routes || count < rule.routes) &&
		 room(rs))
		ask_again(rs, peer);
}

void bounds_down(struct route_server *rs, struct peer *peer)
{
	note_near(rs, peer->index, &peer->near_limit, false, "its session is down");
	peer->refusing = peer->crowded = false;
}

void bounds_configure(struct route_server *rs)
{
	const struct config_limits *limits = &rs->config->limits;

	expressroute_bound_configure(
		&rs->expressroute_bound,
		limits->over_expressroute == LIMITS_SAFE ? limits->to_expressroute : 0);
}

/* As Azure: more routes than an ExpressRoute circuit takes end the session, not only the excess. */
static void circuit_turn(struct route_server *rs, struct peer *peer)
{
	const struct config_limits *limits = &rs->config->limits;

	if (peer->config.role != ROLE_EXPRESSROUTE || !peer->out.group ||
	    !limits->to_expressroute || limits->over_expressroute != LIMITS_CLOSE ||
	    !receiver_exceeds(&rs->adj_out, &peer->out, rs->announcer.flushing,
			      limits->to_expressroute))
		return;
	events_note(&rs->events, EVENT_LIMIT, peer->index, rs->now_ms,
		    "more than %u routes are for it: its session is closed, for %u s",
		    limits->to_expressroute, limits->retry_s);
	peer->flooded = true;
	peer_exceeded(rs, peer, limits->to_expressroute);
}

static void held_turn(struct route_server *rs)
{
	uint32_t held = rib_expressroute_held(rs->rib);

	if (!held != !rs->holding)
		events_note(&rs->events, EVENT_LIMIT, EVENTS_NO_PEER, rs->now_ms,
			    held ? "more than %u routes are for ExpressRoute gateways: the excess "
				   "is held back"
				 : "no more than %u routes are for ExpressRoute gateways again",
			    rs->config->limits.to_expressroute);
	rs->holding = held;
}

static void total_turn(struct route_server *rs)
{
	uint32_t total = bounds_total(rs), most = rs->config->limits.total;
	bool near = limit_near(most, total);
	char what[EVENT_TEXT / 2];

	if (near == rs->near_total)
		return;
	snprintf(what, sizeof(what), "%u of at most %u prefixes", total, most);
	note_near(rs, EVENTS_NO_PEER, &rs->near_total, near, what);
}

bool bounds_turn(struct route_server *rs, const struct budget *budget)
{
	if (!rs->bounded)
		total_turn(rs);
	while (rs->bounded < rs->peers.end) {
		struct peer *peer = &rs->peers.table[rs->bounded++];

		if (peer->up && !peer->closing)
			peer_turn(rs, peer);
		if (peer->up && !peer->closing)
			circuit_turn(rs, peer);
		if (budget_over(budget))
			return false;
	}
	held_turn(rs);
	if (!rs->peers.unplaced)
		expressroute_bound_turn(&rs->expressroute_bound, &rs->announcer);
	rs->bounded = 0;
	return true;
}
