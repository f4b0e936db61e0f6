/* Peers: from configuration to speaker, and from a speaker's events to the RIB and the update
 * groups. */
#include "peer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admission.h"
#include "behind.h"
#include "bounds.h"
#include "flapping.h"
#include "log.h"
#include "members.h"
#include "notification.h"
#include "pace.h"
#include "route_server.h"
#include "suspects.h"
#include "update_group.h"
#include "updates.h"
#include "withheld.h"

enum {
	TIDY_TURN = 32,	       /* removed peers that are forgotten in a turn */
	PLACE_NS = 100 * 1000, /* for looking whether peers are in their groups */
};

static_assert((int)EVENT_PEER == (int)CONFIG_NAME, "events keep names whole");

static void stale_fire(struct timer *timer, uint64_t now_ms);

int peers_init(struct peers *peers, struct route_server *rs)
{
	memset(peers, 0, sizeof(*peers));
	peers->table = calloc(CONFIG_PEERS, sizeof(*peers->table));
	if (!peers->table)
		return -ENOMEM;
	for (uint16_t i = 0; i < CONFIG_PEERS; i++) {
		peers->table[i].index = i;
		peers->table[i].rs = rs;
		peers->table[i].stale.fire = stale_fire;
	}
	return 0;
}

void peers_fini(struct peers *peers)
{
	for (uint16_t i = 0; peers->table && i < peers->end; i++) {
		held_updates_fini(&peers->table[i].held_updates);
		summaries_forget(&peers->table[i].out);
		withheld_uncount(&peers->table[i].out);
		flap_forget(&peers->table[i].rs->flaps, &peers->table[i].flap);
		inbound_fini(&peers->table[i].inbound);
	}
	free(peers->table);
}

const char *peers_name(const void *ctx, uint16_t index)
{
	const struct peers *peers = ctx;

	return peers->table[index].config.name;
}

struct peer *peer_find(const struct peers *peers, const char *name)
{
	for (uint16_t i = 0; i < peers->end; i++)
		if (peers->table[i].life == PEER_ACTIVE &&
		    !strcmp(peers->table[i].config.name, name))
			return &peers->table[i];
	return NULL;
}

/* --- configured, removed ---------------------------------------------------------------------- */

/* Has another speaker its session than the one that listens, which must know of it as well? */
static bool is_elsewhere(const struct peer *peer)
{
	return peer->speaker != SPEAKER_LISTENING;
}

static void peer_begin(struct route_server *rs, struct peer *peer)
{
	const struct config_peer *config = &peer->config;
	struct speaker_peer_add add = {
		.head = { .type = SPEAKER_PEER_ADD, .peer = peer->index },
		.addr = config->addr,
		.subnet = config->subnet,
		.local = config->local_addr,
		.asn = config->asn,
		.hold_s = config->hold_s,
		.hold_min_s = config->hold_low == HOLD_LOW_REFUSE ? config->hold_min_s : 0,
		.port = config->port,
		.interface = (uint8_t)config->egress_port,
		.ttl_security = config->ttl_security,
		.multihop = config->multihop,
		.passive = config->passive,
		.restarting = rs->restarting && rs->phase == RS_FILLING,
		.forwarding_kept = rs->restarting,
		.password_len = config->password_len,
	};

	add.attributes = config->attributes.in;
	memcpy(add.name, config->name, sizeof(add.name));
	memcpy(add.password, config->password, sizeof(add.password));
	/* Who comes from a subnet comes to the one that listens. */
	peer->speaker =
		config->subnet.len ? SPEAKER_LISTENING : (uint8_t)(peer->index % rs->nb_speakers);
	rs_command(rs, peer->speaker, &add, sizeof(add));
	if (is_elsewhere(peer)) {
		add.elsewhere = true;
		rs_command(rs, SPEAKER_LISTENING, &add, sizeof(add));
	}
	behind_begin(peer);
	if (inbound_set_map(&peer->inbound, maps_find(&rs->maps, config->inbound_map),
			    peer->config.addr))
		log_error("peer %s: no memory for its inbound route map, which is not applied",
			  config->name);
}

static void peer_clear(struct peer *peer, const struct config_peer *config)
{
	struct peer fresh = {
		.stale = peer->stale,
		.rs = peer->rs,
		.index = peer->index,
		.epoch = peer->epoch,
		.since_ms = peer->rs->now_ms,
		.config = *config,
		.life = PEER_ACTIVE,
	};

	*peer = fresh;
	receiver_begin(&peer->out, &peer->rs->adj_out, peer->index, &peer->config);
	inbound_init(&peer->inbound, &peer->rs->adj_in, peer->index);
}

int peer_add(struct route_server *rs, const struct config_peer *config)
{
	struct peers *peers = &rs->peers;
	uint16_t i = peers->free;

	while (i < CONFIG_PEERS && peers->table[i].life != PEER_FREE)
		i++;
	peers->free = i;
	if (i == CONFIG_PEERS)
		return -ENOSPC;
	peer_clear(&peers->table[i], config);
	if (i >= peers->end)
		peers->end = i + 1;
	peers->nb_active++;
	peer_begin(rs, &peers->table[i]);
	return 0;
}

static struct speaker_peer_reset cease(const struct peer *peer, enum speaker_command_type type,
				       uint8_t subcode)
{
	return (struct speaker_peer_reset){
		.head = { .type = (uint16_t)type, .peer = peer->index },
		.code = NOTIFY_CEASE,
		.subcode = subcode,
	};
}

static void send_reset(struct route_server *rs, struct peer *peer, uint8_t subcode)
{
	struct speaker_peer_reset reset = cease(peer, SPEAKER_PEER_RESET, subcode);

	rs_command(rs, peer->speaker, &reset, sizeof(reset));
}

void peer_remove(struct route_server *rs, struct peer *peer, uint8_t subcode,
		 const struct config_peer *again)
{
	struct speaker_peer_reset remove = cease(peer, SPEAKER_PEER_REMOVE, subcode);

	rs_command(rs, peer->speaker, &remove, sizeof(remove));
	peer->unanswered = 1;
	if (is_elsewhere(peer)) {
		rs_command(rs, SPEAKER_LISTENING, &remove, sizeof(remove));
		peer->unanswered++;
	}
	if (!peer->up) {
		/* Nothing will come DOWN: what it left for a graceful restart goes now. */
		timer_stop(&rs->timers, &peer->stale);
		flapping_down(rs, peer, false);
		inbound_down(&peer->inbound);
		rib_peer_down(rs->rib, peer->index);
	}
	behind_end(peer);
	peer->life = PEER_REMOVING;
	peer->out.active = false;
	peer->returns = again;
	if (again)
		peer->again = *again;
	rs->peers.nb_active--;
	rs->peers.nb_removing++;
}

void peer_reconfigure(struct peer *peer, const struct config_peer *config)
{
	uint32_t addr = peer->config.addr; /* of a subnet: who has come */
	struct source source = *rib_source(peer->rs->rib, peer->index);

	behind_end(peer);
	peer->config = *config;
	peer->config.addr = addr;
	behind_begin(peer);
	source.remove_private = config->remove_private_as;
	source.behind = config->behind[0];
	if (source.asn)
		rib_source_set(peer->rs->rib, peer->index, &source);
}

void peer_reset(struct route_server *rs, struct peer *peer)
{
	send_reset(rs, peer, NOTIFY_CEASE_RESET);
}

void peer_ask_again(struct route_server *rs, struct peer *peer)
{
	struct speaker_command refresh = { .type = SPEAKER_SEND_REFRESH,
					   .peer = peer->index,
					   .epoch = peer->epoch };

	peer->no_memory_before = peer->no_memory;
	rs_command(rs, peer->speaker, &refresh, sizeof(refresh));
}

void peer_vnet_added(struct route_server *rs, struct peer *peer)
{
	struct speaker_peer_reset reset = cease(peer, SPEAKER_PEER_RESET, NOTIFY_CEASE_RESET);

	if (!peer->up || peer->life != PEER_ACTIVE || peer->config.role != ROLE_NVA)
		return;
	if (peer->session.caps & SPEAKER_CAP_REFRESH) {
		peer_ask_again(rs, peer);
	} else if (rs->config->instance.profile == PROFILE_AZURE) {
		reset.head.epoch = peer->epoch;
		snprintf(reset.text, sizeof(reset.text),
			 "a VNet was added, and you have no route refresh");
		rs_command(rs, peer->speaker, &reset, sizeof(reset));
	}
}

void peer_exceeded(struct route_server *rs, struct peer *peer, uint32_t bound)
{
	struct speaker_peer_reset reset = {
		.head = { .type = SPEAKER_PEER_RESET, .peer = peer->index, .epoch = peer->epoch },
		.code = NOTIFY_CEASE,
		.subcode = NOTIFY_CEASE_MAX_PREFIXES,
		.hold_off_s = rs->config->limits.retry_s,
		.max_prefixes = bound,
	};

	peer->closing = peer->exceeded = true;
	rs_command(rs, peer->speaker, &reset, sizeof(reset));
}

void peer_not_withdrawn(struct route_server *rs, struct peer *peer)
{
	struct speaker_peer_reset reset = cease(peer, SPEAKER_PEER_RESET, NOTIFY_CEASE_RESOURCES);

	peer->no_memory++;
	if (!peer->up || peer->closing)
		return; /* all of them are going, in slices, for which memory is waited for */
	events_note(&rs->events, EVENT_ALARM, peer->index, rs->now_ms,
		    "no memory to take one of its routes out: its session is reset");
	peer->closing = true;
	reset.head.epoch = peer->epoch;
	rs_command(rs, peer->speaker, &reset, sizeof(reset));
}

void peers_tidy(struct route_server *rs)
{
	struct peers *peers = &rs->peers;
	struct config_peer again;
	unsigned int n = 0;

	for (uint16_t i = 0; peers->nb_removing && i < peers->end && n < TIDY_TURN; i++) {
		struct peer *peer = &peers->table[i];

		if (peer->life != PEER_REMOVING || peer->unanswered || rib_peer_paths(rs->rib, i) ||
		    inbound_busy(&peer->inbound))
			continue;
		n++;
		peers->nb_removing--;
		inbound_fini(&peer->inbound);
		if (!peer->returns) {
			peer->life = PEER_FREE;
			peers->free = i < peers->free ? i : peers->free;
			continue;
		}
		again = peer->again;
		peer_clear(peer, &again);
		peers->nb_active++;
		peer_begin(rs, peer);
	}
}

size_t peers_maps_turn(struct route_server *rs, size_t budget)
{
	size_t done = 0;

	rs->adj_in.moving = false;
	for (uint16_t i = 0; i < rs->peers.end; i++) {
		struct peer *peer = &rs->peers.table[i];

		if (done < budget)
			done += inbound_turn(&peer->inbound, budget - done);
		if (peer->inbound.not_withdrawn) {
			peer->inbound.not_withdrawn = false;
			peer_not_withdrawn(rs, peer);
		}
		rs->adj_in.moving |= inbound_busy(&peer->inbound);
	}
	return done;
}

/* --- graceful restart ------------------------------------------------------------------------- */

static void sweep(struct peer *peer)
{
	timer_stop(&peer->rs->timers, &peer->stale);
	inbound_sweep(&peer->inbound);
	if (!rib_peer_stale_paths(peer->rs->rib, peer->index))
		return;
	events_note(&peer->rs->events, EVENT_RESTART, peer->index, peer->rs->now_ms,
		    "%u stale routes are withdrawn",
		    rib_peer_stale_paths(peer->rs->rib, peer->index));
	rib_peer_sweep(peer->rs->rib, peer->index);
}

static void stale_fire(struct timer *timer, uint64_t now_ms)
{
	struct peer *peer = (struct peer *)timer; /* its first member */

	events_note(&peer->rs->events, EVENT_RESTART, peer->index, now_ms,
		    "graceful restart took too long");
	sweep(peer);
}

/* --- why it is not up ------------------------------------------------------------------------- */

/* Its port's name if that has no link, NULL if it has. */
static const char *port_without_link(const struct peer *peer)
{
	const struct config_port *port =
		&peer->rs->config->dataplane.ports[peer->config.egress_port];
	const struct fib_port *there = fib_port_named(peer->rs->fib, port->name);

	return there && !__atomic_load_n(&there->up, __ATOMIC_ACQUIRE) ? port->name : NULL;
}

const char *peer_why(const struct peer *peer, char buf[SPEAKER_REASON])
{
	const char *port = peer->up ? NULL : port_without_link(peer);
	char addr[ADDR_TEXT];

	if (port)
		snprintf(buf, SPEAKER_REASON, "port %s has no link", port);
	else if (!peer->up && behind_lost(peer))
		snprintf(buf, SPEAKER_REASON, "no route to %s", addr_text(peer->config.addr, addr));
	else
		return peer->reason;
	return buf;
}

/* --- sessions --------------------------------------------------------------------------------- */

static void no_memory(struct route_server *rs, struct peer *peer)
{
	log_error("peer %s: no memory to announce to it; its session is reset", peer->config.name);
	send_reset(rs, peer, NOTIFY_CEASE_RESOURCES);
}

static void join(struct route_server *rs, struct peer *peer)
{
	if (members_join(&rs->announcer, &peer->out))
		no_memory(rs, peer);
}

static void refresh_out(struct route_server *rs, struct peer *peer)
{
	if (members_refresh(&peer->out))
		no_memory(rs, peer);
}

void peers_join(struct peers *peers)
{
	peers->joining = true;
	peers_regroup(peers);
}

void peers_regroup(struct peers *peers)
{
	peers->unplaced = peers->end;
	peers->waiting = false;
}

/* False: it is to hear first what was said before. */
static bool place(struct route_server *rs, struct peer *peer)
{
	if (peer->up && !peer->out.group) {
		join(rs, peer);
	} else if (peer->out.group && !update_group_suits(&rs->adj_out, &peer->out)) {
		if (!members_told(&rs->announcer, &peer->out))
			return false;
		rs->peers.waiting = false;
		if (members_move(&rs->announcer, &peer->out))
			no_memory(rs, peer);
	}
	return true;
}

unsigned int peers_place(struct route_server *rs)
{
	struct budget budget = budget_make(rs->clock_ns, PLACE_NS);
	struct peers *peers = &rs->peers;
	unsigned int seen = 0;

	while (peers->unplaced && seen < peers->end) {
		peers->place = (uint16_t)((peers->place + 1) % peers->end);
		peers->unplaced--;
		seen++;
		if (!place(rs, &peers->table[peers->place])) {
			peers->unplaced = peers->end;
			peers->waiting = true;
		}
		if (budget_over(&budget))
			break;
	}
	peers->joining &= peers->unplaced && !peers->waiting;
	/* Those who look for one that waits may rest in between. */
	return peers->waiting ? 0 : seen;
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

/* Of a peer that is being removed nothing counts any more: the configuration does not know it. */
static void session_up(struct route_server *rs, struct peer *peer, const struct speaker_up *up)
{
	struct source source = {
		.role = peer->config.role,
		.ibgp = up->ibgp,
		.router_id = up->remote_id,
		.addr = peer->config.subnet.len ? up->remote_addr : peer->config.addr,
		.gateway = gateway_number(&rs->peers, peer),
		.asn = peer->config.asn,
		.remove_private = peer->config.remove_private_as,
		.behind = peer->config.behind[0],
	};

	if (peer->life != PEER_ACTIVE)
		return;
	peer->config.addr = source.addr;
	peer->gateway = source.gateway;
	flap_forget(&rs->flaps, &peer->flap); /* of a session before */
	inbound_up(&peer->inbound, peer->config.addr);
	peer->epoch = up->head.epoch;
	peer->session = *up;
	peer->up = true;
	peer->eor = peer->exceeded = peer->flooded = false;
	receiver_up(&peer->out, up->local_addr, up->caps & SPEAKER_CAP_AS4);
	pace_begin(&peer->out);
	peer->limit = (struct limit){ 0 };
	peer->no_memory_before = peer->no_memory;
	peer->state = SESSION_ESTABLISHED;
	peer->since_ms = peer->heard_ms = rs->now_ms;
	peer->reason[0] = '\0';
	rs->peers.nb_up++;
	admission_up(rs, peer);
	source.held = peer->out.held;
	rib_source_set(rs->rib, peer->index, &source);
	events_note(&rs->events, EVENT_SESSION_UP, peer->index, rs->now_ms,
		    "session is up, AS %u, %s, hold %u s%s", peer->config.asn,
		    role_name(peer->config.role), up->hold_s,
		    up->caps & SPEAKER_CAP_GR ? ", graceful restart" : "");
	if (timer_is_set(&peer->stale)) {
		/* RFC 4724 4.2: what it did not keep forwarding is not ours to keep either. */
		if (up->caps & SPEAKER_CAP_GR_FORWARDING)
			timer_set(&rs->timers, &peer->stale,
				  rs->now_ms + 1000u * rs->config->control.restart_s);
		else
			sweep(peer);
	}
	if (rs->phase == RS_LIVE)
		join(rs, peer);
}

/* Its paths, when the session has gone: kept as stale for a graceful restart, or withdrawn. */
static void paths_after(struct route_server *rs, struct peer *peer, bool keep)
{
	const uint16_t needed = SPEAKER_CAP_GR;

	timer_stop(&rs->timers, &peer->stale);
	keep = keep && (peer->session.caps & needed) == needed && peer->life == PEER_ACTIVE;
	flapping_down(rs, peer, keep);
	if (!keep) {
		inbound_down(&peer->inbound);
		rib_peer_down(rs->rib, peer->index);
		return;
	}
	inbound_stale(&peer->inbound);
	rib_peer_stale(rs->rib, peer->index);
	timer_set(&rs->timers, &peer->stale, rs->now_ms + 1000u * peer->session.restart_s);
	events_note(&rs->events, EVENT_RESTART, peer->index, rs->now_ms,
		    "its %u routes are kept for %u s (graceful restart)",
		    rib_peer_paths(rs->rib, peer->index), peer->session.restart_s);
}

static void session_down(struct route_server *rs, struct peer *peer,
			 const struct speaker_down *down)
{
	const char *port = port_without_link(peer);

	if (!peer->up)
		return;
	suspects_note_reset(&rs->adj_out, &peer->out, down);
	peer->up = peer->closing = false;
	bounds_down(rs, peer);
	peer->state = SESSION_IDLE;
	peer->since_ms = rs->now_ms;
	rs->peers.nb_up--;
	snprintf(peer->reason, sizeof(peer->reason), "%s", down->reason);
	events_note(&rs->events, EVENT_SESSION_DOWN, peer->index, rs->now_ms,
		    "session is down: %s%s%s%s", down->reason, port ? "; port " : "",
		    port ? port : "", port ? " has no link" : "");
	members_leave(&rs->announcer, &peer->out);
	paths_after(rs, peer, down->keep);
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

static void end_of_rib(struct route_server *rs, struct peer *peer)
{
	(void)rs;
	peer->eor = true;
	if (timer_is_set(&peer->stale))
		sweep(peer);
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
	rs_command(rs, peer->speaker, &command, sizeof(command));
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
	if ((event->type == SPEAKER_DOWN || event->type == SPEAKER_EOR) && !updates_over(rs, peer))
		return false;
	if (peer->closing && event->type != SPEAKER_DOWN)
		return true;
	switch (event->type) {
	case SPEAKER_DOWN: session_down(rs, peer, (const struct speaker_down *)event); break;
	case SPEAKER_UPDATE:
		peer->heard_ms = rs->now_ms;
		return updates_take(rs, peer, (const struct speaker_update *)event, taken);
	case SPEAKER_EOR: end_of_rib(rs, peer); break;
	case SPEAKER_REFRESH: refresh_out(rs, peer); break;
	case SPEAKER_LAGGING:
	case SPEAKER_DRAINED:
		if (members_lagging(&peer->out, event->type == SPEAKER_LAGGING))
			no_memory(rs, peer);
		break;
	}
	return true;
}

/* RFC 4724 4.1 has us wait for End-of-RIB, but not from one that restarts itself, which may be
 * waiting for ours; and only those with the capability have promised it, mere helpers that list no
 * family in it included. The others have told all when they fall silent; most say it before that.
 * What forwards meanwhile is the generation before, so to wait is cheaper than to publish too
 * early. */
bool peer_finished(const struct peer *peer, uint64_t now_ms)
{
	uint64_t silent_ms = now_ms - peer->heard_ms;

	/* A gateway of a subnet need not have all the instances that it may have. */
	if (!peer->up)
		return (!peer->config.passive || peer->config.subnet.len) &&
		       now_ms - peer->rs->started_ms >= PEER_ABSENT_MS;
	if (peer->eor)
		return true;
	if (peer->session.caps & SPEAKER_CAP_GR_RESTARTING)
		return silent_ms >= PEER_RESTARTING_MS;
	return !(peer->session.caps & SPEAKER_CAP_GR_AWARE) && silent_ms >= PEER_SILENT_MS;
}

uint64_t peer_digest(const struct peer *peer)
{
	return inbound_counts(&peer->inbound) ? peer->inbound.digest
					      : rib_peer_digest(peer->rs->rib, peer->index);
}

bool peers_finished(const struct peers *peers, uint64_t now_ms)
{
	for (uint16_t i = 0; i < peers->end; i++)
		if (peers->table[i].life == PEER_ACTIVE && !peer_finished(&peers->table[i], now_ms))
			return false;
	return true;
}
