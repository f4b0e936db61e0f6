/* Peers as rows: what the configuration, the session, the RIB and the update groups know of
 * each. */
#include "show_peers.h"

#include <stdio.h>
#include <string.h>

#include "peer_restart.h"
#include "peer_session.h"
#include "peers.h"
#include "route_server.h"

static void copy_stats(const struct route_server *rs, const struct peer *peer,
		       struct session_stats *out)
{
	const struct speaker *speaker = rs->speakers[peer->speaker].speaker;
	const struct session_stats *stats = speaker ? speaker_stats(speaker, peer->index) : NULL;

	/* Another lcore counts on; each word is whole. */
	for (size_t i = 0; stats && i < sizeof(*stats) / sizeof(uint64_t); i++)
		((uint64_t *)out)[i] =
			__atomic_load_n((const uint64_t *)stats + i, __ATOMIC_RELAXED);
}

void show_by_route(const struct route_server *rs, struct addr addr, enum role role,
		   struct row_by_route *row)
{
	struct far_ways ways;

	far_hop_look(&rs->far_hops, addr, role, &ways);
	if (!ways.n)
		return;
	row->prefix = ways.prefix;
	memcpy(row->peer, rs->peers.table[ways.peer].config.name, sizeof(row->peer));
	row->n = ways.n;
	for (uint16_t i = 0; i < ways.n; i++)
		next_hop_text(rs->config, addr_table_at(rs->next_hops.addrs, ways.next_hop[i]),
			      row->next_hop[i]);
}

void show_peer_address(const struct peer *peer, char *buf)
{
	buf[0] = '\0';
	if (addr_unspecified(peer->config.addr))
		return;
	addr_text(peer->config.addr, buf);
	if (peer->config.link[0])
		snprintf(buf + strlen(buf), CONFIG_NAME + 1, "%%%s", peer->config.link);
}

static void fill_detail(const struct route_server *rs, const struct peer *peer,
			struct row_peer *row)
{
	memcpy(row->port, rs->config->dataplane.ports[peer->config.egress_port].name,
	       sizeof(row->port));
	row->behind = peer->config.behind[0];
	if (row->behind)
		show_by_route(rs, peer->config.addr, peer->config.role, &row->by_route);
	row->up = peer->up;
	row->ibgp = peer->config.asn == rs->config->instance.asn;
	row->passive = peer->config.passive;
	row->multihop = peer->config.multihop;
	row->md5 = peer->config.password_len;
	row->unchanged = peer->config.next_hop == NEXT_HOP_UNCHANGED;
	row->remove_private_as = peer->config.remove_private_as;
	row->as_override = peer->config.as_override;
	row->allow_as_set = peer->config.allow_as_set;
	row->enforce_first_as = peer->config.enforce_first_as;
	row->announce_vnets = peer->config.announce_vnets;
	row->backup_paths = peer->config.backup_paths;
	if (peer->up) {
		row->router_id = peer->session.remote_id;
		row->local_addr = peer->session.local_addr;
		row->hold_s = peer->session.hold_s;
		row->keepalive_s = peer->session.keepalive_s;
		row->restart_s = peer->session.restart_s;
		row->caps = peer->session.caps;
	}
	copy_stats(rs, peer, &row->stats);
	memcpy(row->refused, peer->refused, sizeof(row->refused));
	row->over_limit = peer->over_limit;
	row->no_memory = peer->no_memory;
	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct receiver *out = &peer->out.to[family];
		const struct flap *flap = &peer->routes[family].flap;

		row->lagging |= out->lagging;
		row->stale += rib_peer_stale_paths(rs->routes[family].rib, peer->index);
		row->stripped_out += out->stripped_out;
		row->dropped_out += out->dropped_out;
		row->unexportable += out->unexportable;
		row->changes += flap->changes;
		row->flapping += flap->nb_flappers;
		row->flap_held += flap->nb_held;
	}
}

bool show_peer(const struct route_server *rs, const struct peer *peer, struct page *page,
	       enum row_type type)
{
	struct row_peer *row = page_add(page, (uint16_t)type, sizeof(*row));
	char why[SPEAKER_REASON];
	struct prefix last;

	if (!row)
		return false;
	memcpy(row->instance, rs->config->instance.name, sizeof(row->instance));
	memcpy(row->name, peer->config.name, sizeof(row->name));
	if (peer->config.gateway >= 0)
		memcpy(row->gateway, rs->config->gateways[peer->config.gateway].name,
		       sizeof(row->gateway));
	row->role = (uint8_t)peer->config.role;
	row->state = peer->state;
	row->held = peer->up && peer->out.held;
	row->drained = peer->out.drained || rs->routes[FAMILY_IPV4].adj_out.drained;
	row->shut = peer->shut;
	show_peer_address(peer, row->addr);
	row->families = peer->config.families;
	row->subnet = peer->config.subnet;
	row->asn = peer->config.asn;
	row->state_s = (rs->now_ms - peer->since_ms) / 1000;
	row->complete = peer->up && peer_finished(peer, rs->now_ms);
	row->digest = peer_digest(peer);
	row->max_routes = peer->config.max_routes;
	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct routes *routes = &rs->routes[family];
		struct row_peer_routes *of = &row->routes[family];

		of->learned = rib_peer_paths(routes->rib, peer->index);
		of->unusable = rib_peer_unusable_paths(routes->rib, peer->index);
		of->reflections = rib_peer_reflections(routes->rib, peer->index, &last);
		of->advertised = summaries_advertised(&routes->adj_out, &peer->out.to[family]);
	}
	snprintf(row->reason, sizeof(row->reason), "%s", peer_why(peer, why));
	fill_detail(rs, peer, row);
	return true;
}

/* In the order of the configuration. The cursor counts its peers. */
void show_peers(struct route_server *rs, struct page *page)
{
	for (; page->cursor[0] < rs->config->nb_peers; page->cursor[0]++) {
		const struct peer *peer =
			peer_find(&rs->peers, rs->config->peers[page->cursor[0]].name);

		if (peer && page->nb_rows && page_late(page))
			page->more = true;
		else if (peer && !show_peer(rs, peer, page, ROW_PEER))
			page->more = true;
		if (page->more)
			return;
	}
}
