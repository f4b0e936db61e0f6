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

const char *bounds_routes(uint8_t family)
{
	return family == FAMILY_IPV4 ? "routes" : "IPv6 routes";
}

const char *bounds_prefixes(uint8_t family)
{
	return family == FAMILY_IPV4 ? "prefixes" : "IPv6 prefixes";
}

uint32_t bounds_learned(const struct routes *routes, const struct peer *peer)
{
	const struct inbound *in = &peer->routes[routes->family].inbound;

	if (inbound_counts(in))
		return in->fresh;
	return rib_peer_paths(routes->rib, peer->index) -
	       rib_peer_stale_paths(routes->rib, peer->index);
}

static bool knows(const struct routes *routes, const struct peer *peer,
		  const struct inbound_place *at)
{
	const struct inbound *in = &peer->routes[routes->family].inbound;
	const struct path *path;

	if (inbound_counts(in))
		return inbound_knows(in, at);
	path = rib_said_at(routes->rib, &at->rib, peer->index);
	return path && !rib_is_stale(routes->rib, path);
}

static void tear_down(const struct routes *routes, struct peer *peer)
{
	struct route_server *rs = routes->rs;

	events_note(&rs->events, EVENT_LIMIT, peer->index, rs->now_ms,
		    "announces more than %u %s: its session is closed, for %u s",
		    peer->config.max_routes, bounds_routes(routes->family),
		    rs->config->limits.retry_s);
	peer_exceeded(rs, peer, routes->family, peer->config.max_routes);
}

static void refuse(const struct routes *routes, struct peer *peer)
{
	struct peer_routes *its = &peer->routes[routes->family];

	peer->over_limit++;
	if (!its->refusing)
		events_note(&routes->rs->events, EVENT_LIMIT, peer->index, routes->rs->now_ms,
			    "announces more than %u %s: the excess is refused",
			    peer->config.max_routes, bounds_routes(routes->family));
	its->refusing = true;
}

uint32_t bounds_total(const struct routes *routes)
{
	size_t all = rib_prefixes(routes->rib);
	size_t vnets = (size_t)rib_peer_paths(routes->rib, RS_VNET) +
		       rib_peer_paths(routes->rib, RS_VNET_PEERED);

	return (uint32_t)(all > vnets ? all - vnets : 0);
}

/* Is there room for a prefix that nobody has announced yet? */
static bool room(const struct routes *routes)
{
	uint32_t total = routes->rs->config->limits.total;

	return !total || bounds_total(routes) < total;
}

static bool fits(const struct routes *routes, struct peer *peer, const struct inbound_place *at)
{
	struct peer_routes *its = &peer->routes[routes->family];

	/* A map may keep what the peer has announced out of the RIB. */
	if (room(routes) || rib_has_paths(routes->rib, &at->rib) || knows(routes, peer, at))
		return true;
	peer->over_limit++;
	if (!its->crowded)
		events_note(&routes->rs->events, EVENT_LIMIT, peer->index, routes->rs->now_ms,
			    "there are %u %s: others that it announces are refused",
			    routes->rs->config->limits.total, bounds_prefixes(routes->family));
	its->crowded = true;
	return false;
}

bool bounds_admit(struct route_server *rs, struct peer *peer, const struct inbound_place *at)
{
	const struct routes *routes = &rs->routes[at->rib.prefix.addr.family];
	struct limit *limit = &peer->routes[routes->family].limit;
	struct limit_rule rule = rule_of(rs, peer);
	enum limit_verdict verdict = LIMIT_TAKE;

	if (rule.routes) {
		limit_heard(limit, rs->now_ms);
		verdict = limit_judge(limit, &rule, bounds_learned(routes, peer),
				      knows(routes, peer, at));
	}
	switch (verdict) {
	case LIMIT_TAKE: return fits(routes, peer, at);
	case LIMIT_REFUSE: refuse(routes, peer); break;
	case LIMIT_EXCEEDED: tear_down(routes, peer); break;
	}
	return false;
}

/* Routes that were refused have room now: only the peer has them still. */
static void ask_again(const struct routes *routes, struct peer *peer)
{
	struct peer_routes *its = &peer->routes[routes->family];

	its->refusing = its->crowded = false;
	events_note(&routes->rs->events, EVENT_LIMIT, peer->index, routes->rs->now_ms,
		    "there is room for %s again: asking for those that were refused",
		    bounds_routes(routes->family));
	peer_ask_again(routes->rs, peer, routes->family);
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

static void learned_turn(const struct routes *routes, struct peer *peer)
{
	struct route_server *rs = routes->rs;
	struct peer_routes *its = &peer->routes[routes->family];
	struct limit_rule rule = rule_of(rs, peer);
	uint32_t count = bounds_learned(routes, peer);
	bool near = limit_near(rule.routes, count);
	char what[EVENT_TEXT / 2];

	if (near != its->near_limit) {
		snprintf(what, sizeof(what), "%u of at most %u %s", count, rule.routes,
			 bounds_routes(routes->family));
		note_near(rs, peer->index, &its->near_limit, near, what);
	}
	if (rule.routes && !rule.drop && count > rule.routes)
		tear_down(routes, peer);
	else if ((its->refusing || its->crowded) && (!rule.routes || count < rule.routes) &&
		 room(routes))
		ask_again(routes, peer);
}

void bounds_down(struct route_server *rs, struct peer *peer)
{
	for (int family = 0; family < FAMILY_COUNT; family++) {
		struct peer_routes *its = &peer->routes[family];

		note_near(rs, peer->index, &its->near_limit, false, "its session is down");
		its->refusing = its->crowded = false;
	}
}

void bounds_configure(struct route_server *rs)
{
	const struct config_limits *limits = &rs->config->limits;

	for (int family = 0; family < FAMILY_COUNT; family++)
		expressroute_bound_configure(
			&rs->routes[family].expressroute_bound,
			limits->over_expressroute == LIMITS_SAFE ? limits->to_expressroute : 0);
}

/* As Azure: more routes than an ExpressRoute circuit takes end the session, not only the excess. */
static void circuit_turn(const struct routes *routes, struct peer *peer)
{
	struct route_server *rs = routes->rs;
	const struct config_limits *limits = &rs->config->limits;
	const struct receiver *receiver = &peer->out.to[routes->family];

	if (peer->config.role != ROLE_EXPRESSROUTE || !receiver->group ||
	    !limits->to_expressroute || limits->over_expressroute != LIMITS_CLOSE ||
	    !receiver_exceeds(&routes->adj_out, receiver, routes->announcer.flushing,
			      limits->to_expressroute))
		return;
	events_note(&rs->events, EVENT_LIMIT, peer->index, rs->now_ms,
		    "more than %u %s are for it: its session is closed, for %u s",
		    limits->to_expressroute, bounds_routes(routes->family), limits->retry_s);
	peer->flooded = true;
	peer_exceeded(rs, peer, routes->family, limits->to_expressroute);
}

static void held_turn(struct routes *routes)
{
	struct route_server *rs = routes->rs;
	uint32_t held = rib_expressroute_held(routes->rib);

	if (!held != !routes->holding)
		events_note(&rs->events, EVENT_LIMIT, EVENTS_NO_PEER, rs->now_ms,
			    held ? "more than %u %s are for ExpressRoute gateways: the excess "
				   "is held back"
				 : "no more than %u %s are for ExpressRoute gateways again",
			    rs->config->limits.to_expressroute, bounds_routes(routes->family));
	routes->holding = held;
}

static void total_turn(struct routes *routes)
{
	uint32_t total = bounds_total(routes), most = routes->rs->config->limits.total;
	bool near = limit_near(most, total);
	char what[EVENT_TEXT / 2];

	if (near == routes->near_total)
		return;
	snprintf(what, sizeof(what), "%u of at most %u %s", total, most,
		 bounds_prefixes(routes->family));
	note_near(routes->rs, EVENTS_NO_PEER, &routes->near_total, near, what);
}

static void peer_turn(struct route_server *rs, struct peer *peer)
{
	for (int family = 0; family < FAMILY_COUNT; family++) {
		if (!(peer->out.families & family_bit(family)))
			continue;
		if (peer->up && !peer->closing)
			learned_turn(&rs->routes[family], peer);
		if (peer->up && !peer->closing)
			circuit_turn(&rs->routes[family], peer);
	}
}

bool bounds_turn(struct route_server *rs, const struct budget *budget)
{
	for (int family = 0; !rs->bounded && family < FAMILY_COUNT; family++)
		total_turn(&rs->routes[family]);
	while (rs->bounded < rs->peers.end) {
		peer_turn(rs, &rs->peers.table[rs->bounded++]);
		if (budget_over(budget))
			return false;
	}
	for (int family = 0; family < FAMILY_COUNT; family++) {
		struct routes *routes = &rs->routes[family];

		held_turn(routes);
		if (!rs->peers.unplaced)
			expressroute_bound_turn(&routes->expressroute_bound, &routes->announcer);
	}
	rs->bounded = 0;
	return true;
}
