/* See peer_session.h. */
#include "peer_session.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admission.h"
#include "behind.h"
#include "bounds.h"
#include "flapping.h"
#include "forwarding_show.h"
#include "members.h"
#include "outbox.h"
#include "pace.h"
#include "peer_place.h"
#include "peer_restart.h"
#include "peers.h"
#include "route_server.h"
#include "standing.h"
#include "suspects.h"
#include "updates.h"

/* Its port's name if that has no link, NULL if it has. */
static const char *port_without_link(const struct peer *peer)
{
	const struct config_port *port =
		&peer->rs->config->dataplane.ports[peer->config.egress_port];

	return forwarding_port_down(peer->rs->fib, port->name) ? port->name : NULL;
}

const char *peer_why(const struct peer *peer, char buf[SPEAKER_REASON])
{
	const char *port = peer->up ? NULL : port_without_link(peer);
	char addr[ADDR_TEXT];

	if (peer->shut && !peer->up)
		return standing_why(peer, buf);
	if (port)
		snprintf(buf, SPEAKER_REASON, "port %s has no link", port);
	else if (!peer->up && behind_lost(peer))
		snprintf(buf, SPEAKER_REASON, "no route to %s", addr_text(peer->config.addr, addr));
	else
		return peer->reason;
	return buf;
}

/* The instances of a gateway are called by its name, and a number behind a slash. */
static bool same_gateway(const struct peer *a, const struct peer *b)
{
	size_t len = strcspn(a->config.name, "/");

	return a->config.name[len] && !strncmp(a->config.name, b->config.name, len + 1);
}

/* As source.gateway: that of another instance, or else one that no peer has. If there is none left,
 * it is on its own. */
static uint16_t gateway_number(const struct peers *peers, const struct peer *peer)
{
	bool taken[RIB_GATEWAYS] = { true };
	uint16_t number = 0;

	if (peer->gateway || !strchr(peer->config.name, '/'))
		return peer->gateway;
	for (uint16_t i = 0; i < peers->end; i++) {
		const struct peer *other = &peers->table[i];

		if (other->life == PEER_FREE || !other->gateway)
			continue;
		if (same_gateway(peer, other))
			return other->gateway;
		taken[other->gateway] = true;
	}
	while (number < RIB_GATEWAYS && taken[number])
		number++;
	return number < RIB_GATEWAYS ? number : 0;
}

/* What a session's capabilities say of each family. */
static const struct {
	uint16_t has, restarts, forwarding; /* SPEAKER_CAP_* */
} caps_of[FAMILY_COUNT] = {
	[FAMILY_IPV4] = { SPEAKER_CAP_MP_IPV4, SPEAKER_CAP_GR, SPEAKER_CAP_GR_FORWARDING },
	[FAMILY_IPV6] = { SPEAKER_CAP_MP_IPV6, SPEAKER_CAP_GR_IPV6,
			  SPEAKER_CAP_GR_FORWARDING_IPV6 },
};

static uint8_t families_of(const struct speaker_up *up)
{
	uint8_t families = 0;

	for (uint8_t family = 0; family < FAMILY_COUNT; family++)
		families |= up->caps & caps_of[family].has ? family_bit(family) : 0;
	return families;
}

/* RFC 4724 4.2: what it did not keep forwarding is not ours to keep either. */
static void go_on(struct route_server *rs, struct peer *peer, const struct speaker_up *up)
{
	if (!timer_is_set(&peer->stale))
		return;
	timer_set(&rs->timers, &peer->stale, rs->now_ms + 1000u * rs->config->control.restart_s);
	for (uint8_t family = 0; family < FAMILY_COUNT; family++)
		if (!(up->caps & caps_of[family].forwarding))
			peer_sweep(peer, family);
}

/* A family begins anew. */
static void routes_up(struct route_server *rs, struct peer *peer, uint8_t family)
{
	struct peer_routes *its = &peer->routes[family];

	flap_forget(&rs->flaps, &its->flap); /* of a session before */
	its->inbound.zone = peer->zone;
	inbound_up(&its->inbound, peer->config.addr);
	its->eor = its->no_address = false;
	its->limit = (struct limit){ 0 };
}

/* Of a neighbour on one of our links: what it says of that link is true of ours. Else 0. */
static uint8_t zone_of(const struct route_server *rs, const struct peer *peer)
{
	struct addr addr = peer->config.addr, gateway;
	size_t port = peer->config.egress_port;

	if (addr_link_local(addr))
		return next_hop_zone(port);
	return config_resolve(rs->config, addr, &port, &gateway) && addr_equal(gateway, addr)
		       ? next_hop_zone(port)
		       : 0;
}

/* Of a peer that is being removed nothing counts any more: the configuration does not know it. */
static void session_up(struct route_server *rs, struct peer *peer, const struct speaker_up *up)
{
	struct addr addr = peer->config.subnet.len ? up->remote_addr : peer->config.addr;
	struct source source = {
		.role = peer->config.role,
		.ibgp = up->ibgp,
		.router_id = up->remote_id,
		.addr = addr,
		.gateway = gateway_number(&rs->peers, peer),
		.asn = peer->config.asn,
		.remove_private = peer->config.remove_private_as,
		.behind = peer->config.behind[0],
		.drained = peer->out.drained,
	};

	if (peer->life != PEER_ACTIVE)
		return;
	peer->config.addr = addr;
	peer->gateway = source.gateway;
	peer->zone = zone_of(rs, peer);
	for (uint8_t family = 0; family < FAMILY_COUNT; family++)
		routes_up(rs, peer, family);
	peer->epoch = up->head.epoch;
	peer->session = *up;
	peer->up = true;
	peer->exceeded = peer->flooded = false;
	out_session_up(&peer->out, up->local_addr, peer->zone ? up->link_local : addr_make4(0),
		       up->caps, families_of(up), rs->now_ms);
	pace_begin(&peer->out);
	peer->no_memory_before = peer->no_memory;
	peer->state = SESSION_ESTABLISHED;
	peer->since_ms = peer->heard_ms = rs->now_ms;
	peer->reason[0] = '\0';
	rs->peers.nb_up++;
	admission_up(rs, peer);
	source.held = peer->out.held;
	peer_source_set(peer, &source);
	events_note(&rs->events, EVENT_SESSION_UP, peer->index, rs->now_ms,
		    "session is up, AS %u, %s, hold %u s%s", peer->config.asn,
		    role_name(peer->config.role), up->hold_s,
		    up->caps & (SPEAKER_CAP_GR | SPEAKER_CAP_GR_IPV6) ? ", graceful restart" : "");
	go_on(rs, peer, up);
	if (rs->phase == RS_LIVE)
		peer_join(rs, peer);
}

/* Its paths of a family, when the session has gone: kept as stale for a graceful restart, or
 * withdrawn. */
static void paths_after(struct route_server *rs, struct peer *peer, uint8_t family, bool keep)
{
	struct peer_routes *its = &peer->routes[family];
	struct rib *rib = rs->routes[family].rib;

	its->stale = keep && (peer->session.caps & caps_of[family].restarts) &&
		     peer->life == PEER_ACTIVE;
	flapping_down(rs, peer, family, its->stale);
	if (!its->stale) {
		inbound_down(&its->inbound);
		rib_peer_down(rib, peer->index);
		return;
	}
	inbound_stale(&its->inbound);
	rib_peer_stale(rib, peer->index);
	timer_set(&rs->timers, &peer->stale, rs->now_ms + 1000u * peer->session.restart_s);
	events_note(&rs->events, EVENT_RESTART, peer->index, rs->now_ms,
		    "its %u %s are kept for %u s (graceful restart)",
		    rib_peer_paths(rib, peer->index), bounds_routes(family),
		    peer->session.restart_s);
}

static void session_down(struct route_server *rs, struct peer *peer,
			 const struct speaker_down *down)
{
	const char *port = port_without_link(peer);

	if (!peer->up)
		return;
	suspects_note_reset(&peer->out, down, &rs->events, rs->now_ms);
	peer->up = peer->closing = false;
	bounds_down(rs, peer);
	peer->state = SESSION_IDLE;
	peer->since_ms = rs->now_ms;
	rs->peers.nb_up--;
	snprintf(peer->reason, sizeof(peer->reason), "%s", down->reason);
	events_note(&rs->events, EVENT_SESSION_DOWN, peer->index, rs->now_ms,
		    "session is down: %s%s%s%s", down->reason, port ? "; port " : "",
		    port ? port : "", port ? " has no link" : "");
	timer_stop(&rs->timers, &peer->stale);
	for (uint8_t family = 0; family < FAMILY_COUNT; family++) {
		members_leave(&rs->routes[family].announcer, &peer->out.to[family]);
		paths_after(rs, peer, family, down->keep);
	}
}

static void session_state(struct route_server *rs, struct peer *peer,
			  const struct speaker_state *state)
{
	if (peer->up)
		return;
	if (peer->state != state->state)
		peer->since_ms = rs->now_ms;
	peer->state = state->state;
	if (state->reason[0] && strcmp(peer->reason, state->reason)) {
		snprintf(peer->reason, sizeof(peer->reason), "%s", state->reason);
		events_note(&rs->events, EVENT_SESSION_FAILED, peer->index, rs->now_ms, "%s",
			    state->reason);
	}
}

static void end_of_rib(struct peer *peer, uint8_t family)
{
	peer->routes[family].eor = true;
	peer_sweep(peer, family);
}

/* The peer is behind, or has caught up. */
static void lagging(struct route_server *rs, struct peer *peer, bool lags)
{
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (members_lagging(&peer->out.to[family], lags))
			peer_no_room(rs, peer);
}

/* A connection that another speaker accepted goes to the peer's own. */
static void hand_over(struct route_server *rs, struct peer *peer,
		      const struct speaker_accepted *accepted)
{
	struct speaker_accepted command = *accepted;

	if (peer->life != PEER_ACTIVE) {
		close(accepted->fd);
		return;
	}
	command.head.type = SPEAKER_CONNECTION;
	outbox_command(rs, peer->speaker, &command, sizeof(command));
}

static void removed(struct peer *peer)
{
	assert(peer->unanswered);
	peer->unanswered--;
}

bool peer_event(struct route_server *rs, const struct speaker_event *event, uint32_t *taken)
{
	struct peer *peer = &rs->peers.table[event->peer];

	switch (event->type) {
	case SPEAKER_STOPPED: rs->nb_stopped++; return true;
	case SPEAKER_REMOVED: removed(peer); return true;
	case SPEAKER_UP: session_up(rs, peer, (const struct speaker_up *)event); return true;
	case SPEAKER_STATE:
		session_state(rs, peer, (const struct speaker_state *)event);
		return true;
	case SPEAKER_ACCEPTED:
		hand_over(rs, peer, (const struct speaker_accepted *)event);
		return true;
	}
	if (!peer->up || event->epoch != peer->epoch)
		return true;
	if ((event->type == SPEAKER_DOWN && !updates_all_over(rs, peer)) ||
	    (event->type == SPEAKER_EOR && !updates_over(rs, peer, event->family)))
		return false;
	if (peer->closing && event->type != SPEAKER_DOWN)
		return true;
	switch (event->type) {
	case SPEAKER_DOWN: session_down(rs, peer, (const struct speaker_down *)event); break;
	case SPEAKER_UPDATE:
		peer->heard_ms = rs->now_ms;
		return updates_take(rs, peer, (const struct speaker_update *)event, taken);
	case SPEAKER_EOR: end_of_rib(peer, event->family); break;
	case SPEAKER_REFRESH: peer_refresh_out(rs, peer, event->family); break;
	case SPEAKER_LAGGING:
	case SPEAKER_DRAINED: lagging(rs, peer, event->type == SPEAKER_LAGGING); break;
	}
	return true;
}
