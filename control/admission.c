/* Admission of gateways: judged when a session comes up and when the configuration changes. Who is let go is announced
 * anew by the RIB (rib_reconsider) and moves to another update group (peers_regroup). */
#include "admission.h"

#include <stdio.h>

#include "route_server.h"

enum { INSTANCES_NEEDED = 2 };

static bool sibling(const struct peer *a, const struct peer *b)
{
	return b->up && b->life == PEER_ACTIVE && a->config.gateway == b->config.gateway;
}

static void release(struct route_server *rs, struct peer *peer, const char *why)
{
	peer->held = false;
	peer->reason[0] = '\0';
	rib_source_hold(rs->rib, peer->index, false);
	rs->reconsider = rs->peers.regroup = true;
	events_note(&rs->events, EVENT_ALARM, peer, rs->now_ms,
		    "%s: it takes part in route exchange", why);
}

static void release_gateway(struct route_server *rs, const struct peer *one)
{
	for (uint16_t i = 0; i < rs->peers.end; i++) {
		struct peer *peer = &rs->peers.table[i];

		if (peer->held && sibling(one, peer))
			release(rs, peer, "its gateway is active-active");
	}
}

/* Of the gateway's sessions that are up: how many, and is one of them admitted? */
static uint32_t instances(const struct route_server *rs, const struct peer *one, bool *admitted)
{
	uint32_t nb = 0;

	*admitted = false;
	for (uint16_t i = 0; i < rs->peers.end; i++) {
		const struct peer *peer = &rs->peers.table[i];

		if (!sibling(one, peer))
			continue;
		nb++;
		*admitted |= peer != one && !peer->held;
	}
	return nb;
}

void admission_up(struct route_server *rs, struct peer *peer)
{
	const struct config_gateway *gateway;
	bool admitted;
	uint32_t nb;

	peer->held = false;
	if (peer->config.role != ROLE_VPN || peer->config.gateway < 0)
		return;
	gateway = &rs->config->gateways[peer->config.gateway];
	nb = instances(rs, peer, &admitted);
	if (admitted || nb >= INSTANCES_NEEDED) {
		release_gateway(rs, peer);
	} else if (gateway->allow_single_instance) {
		events_note(&rs->events, EVENT_ALARM, peer, rs->now_ms,
			    "one instance of %s is up: it takes part in route exchange all the "
			    "same (allow_single_instance)",
			    gateway->name);
	} else {
		peer->held = true;
		snprintf(peer->reason, sizeof(peer->reason),
			 "unsupported: one instance of %s is up, route exchange with a VPN gateway "
			 "needs two (active-active)",
			 gateway->name);
		events_note(&rs->events, EVENT_ALARM, peer, rs->now_ms, "%s", peer->reason);
	}
}

void admission_configure(struct route_server *rs)
{
	for (uint16_t i = 0; i < rs->peers.end; i++) {
		struct peer *peer = &rs->peers.table[i];

		if (peer->up && peer->held && peer->life == PEER_ACTIVE &&
		    rs->config->gateways[peer->config.gateway].allow_single_instance)
			release(rs, peer, "one instance is enough by now (allow_single_instance)");
	}
}
