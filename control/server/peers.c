/* See peers.h. */
#include "peers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "behind.h"
#include "flapping.h"
#include "log.h"
#include "outbox.h"
#include "peer_command.h"
#include "peer_restart.h"
#include "route_server.h"
#include "standing.h"
#include "withheld.h"

static_assert((int)EVENT_PEER == (int)CONFIG_NAME, "events keep names whole");

int peers_init(struct peers *peers, struct route_server *rs)
{
	memset(peers, 0, sizeof(*peers));
	peers->table = calloc(CONFIG_PEERS, sizeof(*peers->table));
	if (!peers->table)
		return -ENOMEM;
	for (uint16_t i = 0; i < CONFIG_PEERS; i++) {
		peers->table[i].index = i;
		peers->table[i].rs = rs;
		peers->table[i].stale.fire = peer_stale_fire;
	}
	return 0;
}

void peers_fini(struct peers *peers)
{
	for (uint16_t i = 0; peers->table && i < peers->end; i++) {
		struct peer *peer = &peers->table[i];

		for (int family = 0; family < FAMILY_COUNT; family++) {
			held_updates_fini(&peer->routes[family].held_updates);
			summaries_forget(&peer->out.to[family]);
			withheld_uncount(&peer->out.to[family]);
			flap_forget(&peer->rs->flaps, &peer->routes[family].flap);
			inbound_fini(&peer->routes[family].inbound);
		}
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

int peer_set_inbound_map(struct peer *peer)
{
	struct route_map *map = maps_find(&peer->rs->maps, peer->config.inbound_map);
	int err = 0;

	for (int family = 0; family < FAMILY_COUNT; family++)
		if (inbound_set_map(&peer->routes[family].inbound, map, peer->config.addr))
			err = -ENOMEM;
	return err;
}

static struct addr any_of(uint8_t family)
{
	struct addr any = { .family = family };

	return any;
}

/* IPv4 routes may lead to any neighbour on link, whichever family asks for its MAC address: where
 * we have an address to ask by, peers may name those of IPv6 (RFC 8950). */
static bool takes_ipv6_next_hops(const struct route_server *rs, const struct config_peer *config)
{
	return config->families & family_bit(FAMILY_IPV4) &&
	       config_port_has(&rs->config->dataplane.ports[config->egress_port], FAMILY_IPV6);
}

static void peer_begin(struct route_server *rs, struct peer *peer)
{
	const struct config_peer *config = &peer->config;
	struct speaker_peer_add add = {
		.head = { .type = SPEAKER_PEER_ADD, .peer = peer->index },
		.addr = config->addr,
		.subnet = config->subnet,
		.local = config->link[0] ? any_of(config->addr.family) : config->local_addr,
		.asn = config->asn,
		.hold_s = config->hold_s,
		.hold_min_s = config->hold_low == HOLD_LOW_REFUSE ? config->hold_min_s : 0,
		.port = config->port,
		.interface = (uint8_t)config->egress_port,
		.ttl_security = config->ttl_security,
		.multihop = config->multihop,
		.passive = config->passive,
		.restarting = rs->restarting && rs->phase == RS_FILLING,
		.families = config->families,
		.extended_next_hop = takes_ipv6_next_hops(rs, config),
		.forwarding_kept = rs->restarting ? config->families : 0,
		.shut = peer->shut,
		.password_len = config->password_len,
	};

	add.attributes = config->attributes.in;
	memcpy(add.name, config->name, sizeof(add.name));
	memcpy(add.password, config->password, sizeof(add.password));
	/* Who comes from a subnet comes to the one that listens. */
	peer->speaker =
		config->subnet.len ? SPEAKER_LISTENING : (uint8_t)(peer->index % rs->nb_speakers);
	outbox_command(rs, peer->speaker, &add, sizeof(add));
	if (is_elsewhere(peer)) {
		add.elsewhere = true;
		outbox_command(rs, SPEAKER_LISTENING, &add, sizeof(add));
	}
	behind_begin(peer);
	if (peer_set_inbound_map(peer))
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
	out_session_begin(&peer->out, peer->index, &peer->config);
	for (int family = 0; family < FAMILY_COUNT; family++) {
		struct routes *routes = &peer->rs->routes[family];

		receiver_begin(&peer->out, &routes->adj_out);
		inbound_init(&peer->routes[family].inbound, &routes->adj_in, peer->index);
	}
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
	standing_begin(&peers->table[i]);
	if (i >= peers->end)
		peers->end = i + 1;
	peers->nb_active++;
	peer_begin(rs, &peers->table[i]);
	return 0;
}

void peer_remove(struct route_server *rs, struct peer *peer, uint8_t subcode,
		 const struct config_peer *again)
{
	struct speaker_peer_reset remove = peer_cease(peer, SPEAKER_PEER_REMOVE, subcode);

	outbox_command(rs, peer->speaker, &remove, sizeof(remove));
	peer->unanswered = 1;
	if (is_elsewhere(peer)) {
		outbox_command(rs, SPEAKER_LISTENING, &remove, sizeof(remove));
		peer->unanswered++;
	}
	if (!peer->up) {
		/* Nothing will come DOWN: what it left for a graceful restart goes now. */
		timer_stop(&rs->timers, &peer->stale);
		for (uint8_t family = 0; family < FAMILY_COUNT; family++) {
			peer->routes[family].stale = false;
			flapping_down(rs, peer, family, false);
			inbound_down(&peer->routes[family].inbound);
			rib_peer_down(rs->routes[family].rib, peer->index);
		}
	}
	behind_end(peer);
	peer->life = PEER_REMOVING;
	peer->out.active = false;
	peer->returns = again;
	if (again)
		peer->again = *again;
	rs->peers.nb_active--;
	due_set(&rs->due, DUE_REMOVALS);
}

const struct source *peer_source(const struct peer *peer)
{
	return rib_source(peer->rs->routes[FAMILY_IPV4].rib, peer->index);
}

void peer_source_set(struct peer *peer, const struct source *source)
{
	for (int family = 0; family < FAMILY_COUNT; family++)
		rib_source_set(peer->rs->routes[family].rib, peer->index, source);
}

void peer_reconfigure(struct peer *peer, const struct config_peer *config)
{
	struct addr addr = peer->config.addr; /* of a subnet: who has come */
	struct source source = *peer_source(peer);

	behind_end(peer);
	peer->config = *config;
	peer->config.addr = addr;
	behind_begin(peer);
	source.remove_private = config->remove_private_as;
	source.behind = config->behind[0];
	if (source.asn)
		peer_source_set(peer, &source);
}

/* Is nothing of it left, neither at its speakers nor here? */
static bool has_gone(const struct peer *peer)
{
	bool gone = !peer->unanswered;

	for (int family = 0; family < FAMILY_COUNT; family++)
		gone &= !rib_peer_paths(peer->rs->routes[family].rib, peer->index) &&
			!inbound_busy(&peer->routes[family].inbound);
	return gone;
}

static void forget(struct peers *peers, struct peer *peer)
{
	const struct config_peer again = peer->again;

	for (int family = 0; family < FAMILY_COUNT; family++)
		inbound_fini(&peer->routes[family].inbound);
	if (!peer->returns) {
		peer->life = PEER_FREE;
		peers->free = peer->index < peers->free ? peer->index : peers->free;
		return;
	}
	peer_clear(peer, &again);
	standing_begin(peer);
	peers->nb_active++;
	peer_begin(peer->rs, peer);
}

unsigned int peers_tidy(struct route_server *rs, uint32_t most)
{
	unsigned int n = 0;

	for (uint16_t i = 0; i < rs->peers.end; i++) {
		struct peer *peer = &rs->peers.table[i];

		if (peer->life != PEER_REMOVING)
			continue;
		if (n < most && has_gone(peer)) {
			forget(&rs->peers, peer);
			n++;
		} else {
			due_set(&rs->due, DUE_REMOVALS);
		}
	}
	return n;
}

static size_t map_turn(struct peer *peer, struct inbound *in, size_t most)
{
	size_t done = most ? inbound_turn(in, most) : 0;

	if (in->not_withdrawn) {
		in->not_withdrawn = false;
		peer_not_withdrawn(peer->rs, peer);
	}
	if (inbound_busy(in))
		due_set(&peer->rs->due, DUE_MAPS);
	return done;
}

unsigned int peers_maps_turn(struct route_server *rs, uint32_t most)
{
	size_t done = 0;

	for (uint16_t i = 0; i < rs->peers.end; i++) {
		struct peer *peer = &rs->peers.table[i];

		for (int family = 0; family < FAMILY_COUNT; family++)
			done += map_turn(peer, &peer->routes[family].inbound,
					 done < most ? most - done : 0);
	}
	return (unsigned int)done;
}

uint64_t peer_digest(const struct peer *peer)
{
	uint64_t digest = 0;

	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct inbound *in = &peer->routes[family].inbound;

		digest += inbound_counts(in)
				  ? in->digest
				  : rib_peer_digest(peer->rs->routes[family].rib, peer->index);
	}
	return digest;
}
