/* The difference between two configurations, applied. Everything that can fail is done or checked before anything that
 * cannot be taken back. */
#include "reload.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "admission.h"
#include "bounds.h"
#include "joined.h"
#include "log.h"
#include "notification.h"
#include "route_server.h"
#include "show.h"

static_assert((int)PREFERENCE_EXPRESSROUTE == (int)DECIDE_PREFER_EXPRESSROUTE &&
		      (int)PREFERENCE_VPN == (int)DECIDE_PREFER_VPN &&
		      (int)PREFERENCE_AS_PATH == (int)DECIDE_PREFER_AS_PATH,
	      "numbered alike");

struct decide_rule reload_decide_rule(const struct config *config)
{
	struct decide_rule rule = {
		.preference = (enum decide_preference)config->routing_preference,
		.med = config->control.med == MED_COMPARE,
	};

	return rule;
}

/* The DPDK port that the peers of config's port `port` are behind; one that there is not has none. */
static uint16_t dpdk_port(const struct fib *fib, const struct config *config, size_t port)
{
	const struct fib_port *found = joined_port(fib, config->dataplane.ports[port].name);

	return found ? found->port : UINT16_MAX;
}

int reload_peers_known(struct fib *fib, const struct config *config)
{
	struct fib_peer known[CONFIG_PEER_HOSTS];
	uint32_t n = 0;
	int gateway = -1; /* whose subnet is in already */

	for (size_t i = 0; i < config->nb_peers; i++) {
		const struct config_peer *peer = &config->peers[i];
		uint16_t port = dpdk_port(fib, config, peer->egress_port);

		if (!peer->subnet.len)
			known[n++] = (struct fib_peer){ peer->addr, port };
		else if (peer->gateway != gateway)
			for (uint32_t addr = subnet_first(peer->subnet);
			     addr <= subnet_last(peer->subnet); addr++)
				known[n++] = (struct fib_peer){ addr, port };
		gateway = peer->gateway;
	}
	return fib_peers_set(fib, known, n);
}

/* The lowest hold time that its OPEN is let in with. */
static uint16_t hold_floor(const struct config_peer *peer)
{
	return peer->hold_low == HOLD_LOW_REFUSE ? peer->hold_min_s : 0;
}

/* Would a session with `b` be any different from one with `a`? */
static bool same_peer(const struct config_peer *a, const struct config_peer *b)
{
	if (!prefix_equal(a->subnet, b->subnet) || (!a->subnet.len && a->addr != b->addr))
		return false;
	return a->role == b->role && a->asn == b->asn && a->hold_s == b->hold_s &&
	       a->port == b->port && a->multihop == b->multihop && a->passive == b->passive &&
	       a->egress_port == b->egress_port && a->local_addr == b->local_addr &&
	       a->ttl_security == b->ttl_security && a->next_hop == b->next_hop &&
	       hold_floor(a) == hold_floor(b) &&
	       !memcmp(&a->attributes.in, &b->attributes.in, sizeof(a->attributes.in)) &&
	       a->password_len == b->password_len &&
	       !memcmp(a->password, b->password, a->password_len);
}

/* Would it be told otherwise in the same session? */
static bool same_words(const struct config_peer *a, const struct config_peer *b)
{
	return a->remove_private_as == b->remove_private_as && a->as_override == b->as_override &&
	       a->announce_vnets == b->announce_vnets && a->backup_paths == b->backup_paths &&
	       !memcmp(&a->attributes.out, &b->attributes.out, sizeof(a->attributes.out));
}

/* Would the same routes of it be refused? */
static bool same_judgement(const struct config_peer *a, const struct config_peer *b)
{
	return a->allow_as_set == b->allow_as_set && a->enforce_first_as == b->enforce_first_as;
}

/* The same session, by another file. What was refused only the peer has still, and what was taken may have to go. */
static void reconfigure(struct route_server *rs, struct peer *peer, const struct config_peer *now)
{
	bool same = same_judgement(&peer->config, now);

	peer_reconfigure(peer, now);
	if (same || !peer->up)
		return;
	flap_release(&rs->flaps, &peer->flap);
	if (peer->session.caps & SPEAKER_CAP_REFRESH)
		peer_ask_again(rs, peer);
	else
		peer_reset(rs, peer);
}

static const struct config_peer *find_peer(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->nb_peers; i++)
		if (!strcmp(config->peers[i].name, name))
			return &config->peers[i];
	return NULL;
}

/* Is there such a peer, or will there be once its last change is through? There may have been no place for one that the
 * running configuration has. */
static bool is_peer(const struct peers *peers, const char *name)
{
	for (uint16_t i = 0; i < peers->end; i++) {
		const struct peer *peer = &peers->table[i];

		if ((peer->life == PEER_ACTIVE || (peer->life == PEER_REMOVING && peer->returns)) &&
		    !strcmp(peer->config.name, name))
			return true;
	}
	return false;
}

/* --- the answer -------------------------------------------------------------------------------------------------- */

/* Append a name to the row; names past the end of the page are counted but not listed. */
static void name_add(struct row_reload *row, size_t room, const char *name, uint16_t *count)
{
	size_t len = strlen(name) + 1;

	if (row->len + len > room)
		return;
	memcpy(row->names + row->len, name, len);
	row->len += (uint16_t)len;
	(*count)++;
}

/* --- peers ------------------------------------------------------------------------------------------------------- */

static void peers_apply(struct route_server *rs, const struct config *wanted,
			struct row_reload *row, size_t room)
{
	struct peers *peers = &rs->peers;

	for (size_t i = 0; i < wanted->nb_peers; i++)
		if (!is_peer(peers, wanted->peers[i].name))
			name_add(row, room, wanted->peers[i].name, &row->nb_added);
	for (uint16_t i = 0; i < peers->end; i++) {
		struct peer *peer = &peers->table[i];

		if (peer->life == PEER_ACTIVE && !find_peer(wanted, peer->config.name)) {
			name_add(row, room, peer->config.name, &row->nb_removed);
			peer_remove(rs, peer, NOTIFY_CEASE_DECONFIGURED, NULL);
		}
	}
	for (uint16_t i = 0; i < peers->end; i++) {
		struct peer *peer = &peers->table[i];
		const struct config_peer *now = find_peer(wanted, peer->config.name);

		/* One that is on its way to its last change takes this one instead. */
		if (peer->life == PEER_REMOVING && peer->returns && now)
			peer->again = *now;
		else if (peer->life == PEER_REMOVING)
			peer->returns = false;
		if (peer->life != PEER_ACTIVE || !now)
			continue;
		if (!same_peer(&peer->config, now) || !same_words(&peer->config, now) ||
		    !same_judgement(&peer->config, now))
			name_add(row, room, now->name, &row->nb_changed);
		if (same_peer(&peer->config, now))
			reconfigure(rs, peer, now);
		else
			peer_remove(rs, peer, NOTIFY_CEASE_CHANGE, now);
	}
	for (size_t i = 0; i < wanted->nb_peers; i++)
		if (!is_peer(peers, wanted->peers[i].name) && peer_add(rs, &wanted->peers[i]))
			log_error("peer %s: no place is free until the removed ones have gone; "
				  "reload once more",
				  wanted->peers[i].name);
}

/* Peers whose maps have changed; the sessions stay. For outbound ones see peers_regroup(). */
static void maps_apply(struct route_server *rs)
{
	for (uint16_t i = 0; i < rs->peers.end; i++) {
		struct peer *peer = &rs->peers.table[i];

		if (peer->life != PEER_ACTIVE)
			continue;
		if (inbound_set_map(rs, peer, maps_find(&rs->maps, peer->config.inbound_map)))
			log_error("peer %s: no memory for its inbound route map, which stays as it "
				  "was",
				  peer->config.name);
	}
}

/* --- VNets ------------------------------------------------------------------------------------------------------- */

static const struct config_vnet *find_vnet(const struct config *config,
					   const struct config_vnet *vnet)
{
	for (size_t i = 0; i < config->nb_vnets; i++)
		if (prefix_equal(config->vnets[i].prefix, vnet->prefix) &&
		    config->vnets[i].peered == vnet->peered)
			return &config->vnets[i];
	return NULL;
}

static bool same_vnets(const struct config *a, const struct config *b)
{
	for (size_t i = 0; i < a->nb_vnets; i++) {
		const struct config_vnet *v = &a->vnets[i], *w = find_vnet(b, v);

		if (!w || v->port != w->port || v->has_next_hop != w->has_next_hop ||
		    v->next_hop != w->next_hop)
			return false;
	}
	return a->nb_vnets == b->nb_vnets;
}

static void vnets_apply(struct route_server *rs, const struct config *running,
			const struct config *wanted)
{
	bool added = false;
	int err = 0;

	for (size_t i = 0; i < running->nb_vnets; i++)
		if (!find_vnet(wanted, &running->vnets[i]))
			err |= rs_vnet_withdraw(rs, &running->vnets[i]);
	for (size_t i = 0; i < wanted->nb_vnets; i++) {
		/* Those that were there before too: there may have been no memory for them. */
		err |= rs_vnet_announce(rs, &wanted->vnets[i]);
		added |= !find_vnet(running, &wanted->vnets[i]);
	}
	if (added)
		peers_vnet_added(rs);
	if (err)
		log_error("reload: no memory for VNet prefixes; reload again when there is");
}

/* --- all of it --------------------------------------------------------------------------------------------------- */

/* Peers that there are and the file does not have. */
static unsigned int count_missing(const struct peers *peers, const struct config *wanted)
{
	unsigned int n = 0;

	for (uint16_t i = 0; i < peers->end; i++)
		n += peers->table[i].life == PEER_ACTIVE &&
		     !find_peer(wanted, peers->table[i].config.name);
	return n;
}

bool reload_check(const struct route_server *rs, struct page *page)
{
	unsigned int missing = count_missing(&rs->peers, page->config);
	char what[128];

	if (config_needs_restart(rs->config, page->config, what, sizeof(what))) {
		page_error(page, "%s cannot be changed while running; nothing was applied", what);
		page_hint(page, "restart bascule-dataplane and bascule-control, or change it back");
		return false;
	}
	if (!page->force && 2 * missing > rs->peers.nb_active) {
		page_error(page, "%s: %u of %u peers are not in it any more; nothing was applied",
			   page->config->path, missing, rs->peers.nb_active);
		page_hint(page, "if they are to go: bascule reload --force");
		return false;
	}
	return true;
}

/* What can refuse the file. True: `maps` are those of the file. */
static bool acceptable(struct route_server *rs, struct page *page, struct maps *maps)
{
	if (!reload_check(rs, page))
		return false;
	if (maps_init(maps, page->config, &rs->maps)) {
		page_error(page, "nothing was applied: no memory for route maps");
		return false;
	}
	if (fib_sync_prepare(&rs->fib_sync, page->config)) {
		page_error(page, "nothing was applied: no memory for the views' prefixes");
		maps_fini(maps);
		return false;
	}
	return true;
}

void reload_apply(struct route_server *rs, struct page *page)
{
	const size_t room = PAGE_BYTES / 2;
	struct config *running = rs->config, *wanted = page->config;
	bool switched = rs->exchange->enabled;
	struct row_reload *row;
	struct maps maps;

	if (!acceptable(rs, page, &maps))
		return;
	transit_shut(rs, transit_word_of(wanted, exchange_if_configured(rs->exchange,
									wanted->exchange.enabled)));
	exchange_configure(rs->exchange, wanted->exchange.enabled);
	maps_fini(&rs->maps);
	rs->maps = maps;
	row = page_add(page, ROW_RELOAD, sizeof(*row) + room);
	if (reload_peers_known(rs->fib, wanted))
		log_error("reload: the dataplane has no room for all peers");
	peers_apply(rs, wanted, row, room);
	maps_apply(rs);
	row->vnet_changed = !same_vnets(running, wanted);
	row->exchange_changed = switched != rs->exchange->enabled;
	rs->config = wanted;
	rs->reloads++;
	page->config = running;
	rs->peers.regroup = true;
	admission_configure(rs);
	fib_sync_configure(&rs->fib_sync, wanted);
	next_hops_configure(&rs->next_hops, wanted);
	far_hops_configure(&rs->far_hops);
	bounds_configure(rs);
	vnets_apply(rs, running, wanted);
	rs->reconsider = true; /* VNets, and what peers are told, as far as it may come back */
	if (running->routing_preference != wanted->routing_preference ||
	    running->control.med != wanted->control.med)
		rib_set_rule(rs->rib, reload_decide_rule(wanted));
	transit_move(rs); /* and a walk: VNets, next hops and the matrix are looked at anew */
	page_trim(page, row, sizeof(*row) + row->len);
	/* It reads its kernel routes for the VNets from the same file. */
	kill((pid_t)rs->fib->dataplane_pid, SIGHUP);
	events_note(&rs->events, EVENT_RELOAD, NULL, rs->now_ms,
		    "reloaded: %u peers added, %u removed, %u changed; VNets %s; route exchange is "
		    "%s",
		    row->nb_added, row->nb_removed, row->nb_changed,
		    row->vnet_changed ? "changed" : "unchanged",
		    rs->exchange->enabled ? "on" : "off");
}
