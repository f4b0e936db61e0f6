/* Admission of gateways: judged when a session comes up and when the configuration changes. Who is
 * let go is announced anew by the RIB (rib_reconsider) and moves to another update group
 * (peers_regroup). */
#include "admission.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "hash.h"
#include "peer_place.h"
#include "route_server.h"

enum { INSTANCES_NEEDED = 2 };

static bool sibling(const struct peer *a, const struct peer *b)
{
	return b->up && b->life == PEER_ACTIVE && a->config.gateway == b->config.gateway;
}

static void release(struct route_server *rs, struct peer *peer, const char *why)
{
	peer->out.held = false;
	peer->reason[0] = '\0';
	for (int family = 0; family < FAMILY_COUNT; family++)
		rib_source_hold(rs->routes[family].rib, peer->index, false);
	due_set(&rs->due, DUE_RECONSIDER);
	peers_regroup(rs);
	events_note(&rs->events, EVENT_ALARM, peer->index, rs->now_ms,
		    "%s: it takes part in route exchange", why);
}

static void release_gateway(struct route_server *rs, const struct peer *one)
{
	for (uint16_t i = 0; i < rs->peers.end; i++) {
		struct peer *peer = &rs->peers.table[i];

		if (peer->out.held && sibling(one, peer))
			release(rs, peer, "its gateway is active-active");
	}
}

static bool takes_part(const struct peer *peer)
{
	return peer->life == PEER_ACTIVE && !peer->out.held &&
	       (peer->up || timer_is_set(&peer->stale));
}

static uint32_t key_of(const struct config_gateway *gateway)
{
	return (uint32_t)hash_bytes(gateway->name, strlen(gateway->name), 0) | 1;
}

static bool took_part(const struct route_server *rs, const struct config_gateway *gateway)
{
	uint32_t key = key_of(gateway);
	bool found = false;

	for (int i = 0; i < CONFIG_GATEWAYS; i++)
		found |= rs->took_part[i] == key;
	return found;
}

void admission_open(struct route_server *rs)
{
	if (rs->restarting)
		forwarding_handover_get(rs->fib, rs->took_part);
}

void admission_live(struct route_server *rs)
{
	uint32_t take_part[CONFIG_GATEWAYS] = { 0 };

	for (uint16_t i = 0; i < rs->peers.end; i++) {
		const struct peer *peer = &rs->peers.table[i];
		int at = peer->config.gateway;

		if (at >= 0 && takes_part(peer))
			take_part[at] = key_of(&rs->config->gateways[at]);
	}
	forwarding_handover_set(rs->fib, take_part);
	memset(rs->took_part, 0, sizeof(rs->took_part));
}

/* Of the gateway's sessions that are up: how many; and is one of them admitted, or was, and its
 * routes are kept? */
static uint32_t instances(const struct route_server *rs, const struct peer *one, bool *admitted)
{
	uint32_t nb = 0;

	*admitted = timer_is_set(&one->stale) && takes_part(one);
	for (uint16_t i = 0; i < rs->peers.end; i++) {
		const struct peer *peer = &rs->peers.table[i];

		nb += sibling(one, peer);
		*admitted |= peer != one && peer->config.gateway == one->config.gateway &&
			     takes_part(peer);
	}
	return nb;
}

void admission_up(struct route_server *rs, struct peer *peer)
{
	const struct config_gateway *gateway;
	bool admitted;
	uint32_t nb;

	if (peer->config.role != ROLE_VPN || peer->config.gateway < 0) {
		peer->out.held = false;
		return;
	}
	gateway = &rs->config->gateways[peer->config.gateway];
	nb = instances(rs, peer, &admitted); /* what it was before counts */
	peer->out.held = false;
	if (admitted || nb >= INSTANCES_NEEDED || took_part(rs, gateway)) {
		release_gateway(rs, peer);
	} else if (gateway->allow_single_instance) {
		events_note(&rs->events, EVENT_ALARM, peer->index, rs->now_ms,
			    "one instance of %s is up: it takes part in route exchange all the "
			    "same (allow_single_instance)",
			    gateway->name);
	} else {
		peer->out.held = true;
		snprintf(peer->reason, sizeof(peer->reason),
			 "unsupported: one instance of %s is up, route exchange with a VPN gateway "
			 "needs two (active-active)",
			 gateway->name);
		events_note(&rs->events, EVENT_ALARM, peer->index, rs->now_ms, "%s", peer->reason);
	}
	if (rs->phase == RS_LIVE)
		admission_live(rs); /* now: in a second we may be gone */
}

void admission_configure(struct route_server *rs)
{
	for (uint16_t i = 0; i < rs->peers.end; i++) {
		struct peer *peer = &rs->peers.table[i];

		if (peer->up && peer->out.held && peer->life == PEER_ACTIVE &&
		    rs->config->gateways[peer->config.gateway].allow_single_instance)
			release(rs, peer, "one instance is enough by now (allow_single_instance)");
	}
}
