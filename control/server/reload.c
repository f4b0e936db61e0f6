/* The difference between two configurations, applied. Everything that can fail is done or checked
 * before anything that cannot be taken back.
 *
 * A thousand peers, VNets and next hops are more than a turn has time for: they are gone through in
 * steps, as far in each turn as there is time, and as long as that lasts the turn does nothing else
 * (rs_turn()). So nothing is announced, asked or answered by half a configuration; what speakers
 * say meanwhile waits in their mailboxes, some milliseconds. */
#include "reload.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "admission.h"
#include "bounds.h"
#include "log.h"
#include "notification.h"
#include "peer_command.h"
#include "peer_place.h"
#include "peers.h"
#include "rib_answers.h"
#include "route_server.h"
#include "rows.h"
#include "transit.h"
#include "vnet_routes.h"

enum {
	NAMES_BYTES = PAGE_BYTES / 2, /* room for names in the answer */
	TURN_NS = 400 * 1000,	      /* what a turn has time for */
};

/* The lowest hold time that its OPEN is let in with. */
static uint16_t hold_floor(const struct config_peer *peer)
{
	return peer->hold_low == HOLD_LOW_REFUSE ? peer->hold_min_s : 0;
}

/* Would a session with `b` be any different from one with `a`? */
static bool same_peer(const struct config_peer *a, const struct config_peer *b)
{
	if (!prefix_equal(a->subnet, b->subnet) ||
	    (!a->subnet.len && !addr_equal(a->addr, b->addr)))
		return false;
	return a->role == b->role && a->families == b->families && a->asn == b->asn &&
	       a->hold_s == b->hold_s && a->port == b->port && a->multihop == b->multihop &&
	       a->passive == b->passive && a->egress_port == b->egress_port &&
	       addr_equal(a->local_addr, b->local_addr) && a->ttl_security == b->ttl_security &&
	       a->next_hop == b->next_hop && hold_floor(a) == hold_floor(b) &&
	       !memcmp(&a->attributes.in, &b->attributes.in, sizeof(a->attributes.in)) &&
	       a->password_len == b->password_len &&
	       !memcmp(a->password, b->password, a->password_len);
}

/* Would its announcements be others in the same session? */
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

/* The same session, by another file. What was refused only the peer has still, and what was taken
 * may have to go. */
static void reconfigure(struct route_server *rs, struct peer *peer, const struct config_peer *now)
{
	bool same = same_judgement(&peer->config, now);

	peer_reconfigure(peer, now);
	if (same || !peer->up)
		return;
	for (int family = 0; family < FAMILY_COUNT; family++)
		flap_release(&rs->flaps, &peer->routes[family].flap);
	if (peer->session.caps & SPEAKER_CAP_REFRESH)
		peer_ask_all_again(rs, peer);
	else
		peer_reset(rs, peer);
}

/* --- the answer ------------------------------------------------------------------------------- */

/* Append a name to the row; names past the end of the page are counted but not listed. */
static void name_add(struct row_reload *row, const char *name, uint16_t *count)
{
	size_t len = strlen(name) + 1;

	if (row->len + len > NAMES_BYTES)
		return;
	memcpy(row->names + row->len, name, len);
	row->len += (uint16_t)len;
	(*count)++;
}

/* --- peers ------------------------------------------------------------------------------------ */

static struct peer *table_at(struct route_server *rs, uint32_t i)
{
	return &rs->peers.table[i];
}

static uint32_t table_end(const struct route_server *rs)
{
	return rs->peers.end;
}

static uint32_t wanted_end(const struct route_server *rs)
{
	return (uint32_t)rs->reload.wanted->nb_peers;
}

/* Is there such a peer, or will there be once its last change is through? There may have been no
 * place for one that the running configuration has. */
static void peer_known(struct route_server *rs, uint32_t i)
{
	struct reload *reload = &rs->reload;
	const struct peer *peer = table_at(rs, i);
	const struct config_peer *now = config_peer_find(reload->wanted, peer->config.name);

	if (now && (peer->life == PEER_ACTIVE || (peer->life == PEER_REMOVING && peer->returns)))
		reload->known[now - reload->wanted->peers] = true;
}

static void peer_added(struct route_server *rs, uint32_t i)
{
	struct reload *reload = &rs->reload;

	if (!reload->known[i])
		name_add(reload->row, reload->wanted->peers[i].name, &reload->row->nb_added);
}

static void peer_gone(struct route_server *rs, uint32_t i)
{
	struct reload *reload = &rs->reload;
	struct peer *peer = table_at(rs, i);

	if (peer->life != PEER_ACTIVE || config_peer_find(reload->wanted, peer->config.name))
		return;
	name_add(reload->row, peer->config.name, &reload->row->nb_removed);
	peer_remove(rs, peer, NOTIFY_CEASE_DECONFIGURED, NULL);
}

static void peer_kept(struct route_server *rs, uint32_t i)
{
	struct reload *reload = &rs->reload;
	struct peer *peer = table_at(rs, i);
	const struct config_peer *now = config_peer_find(reload->wanted, peer->config.name);

	/* One that is on its way to its last change takes this one instead. */
	if (peer->life == PEER_REMOVING && peer->returns && now)
		peer->again = *now;
	else if (peer->life == PEER_REMOVING)
		peer->returns = false;
	if (peer->life != PEER_ACTIVE || !now)
		return;
	if (!same_peer(&peer->config, now) || !same_words(&peer->config, now) ||
	    !same_judgement(&peer->config, now))
		name_add(reload->row, now->name, &reload->row->nb_changed);
	if (same_peer(&peer->config, now))
		reconfigure(rs, peer, now);
	else
		peer_remove(rs, peer, NOTIFY_CEASE_CHANGE, now);
}

static void peer_new(struct route_server *rs, uint32_t i)
{
	const struct config_peer *wanted = &rs->reload.wanted->peers[i];

	if (!rs->reload.known[i] && peer_add(rs, wanted))
		log_error("peer %s: no place is free until the removed ones have gone; reload once "
			  "more",
			  wanted->name);
}

/* Peers whose maps have changed; the sessions stay. For outbound ones see peers_place(). */
static void peer_map(struct route_server *rs, uint32_t i)
{
	struct peer *peer = table_at(rs, i);

	if (peer->life != PEER_ACTIVE)
		return;
	if (peer_set_inbound_map(peer))
		log_error("peer %s: no memory for its inbound route map, which stays as it was",
			  peer->config.name);
}

/* --- VNets ------------------------------------------------------------------------------------ */

static const struct config_vnet *find_vnet(const struct config *config,
					   const struct config_vnet *vnet)
{
	const struct config_vnet *found = config_vnet_find(config, vnet->prefix);

	return found && found->peered == vnet->peered ? found : NULL;
}

static bool same_vnets(const struct config *a, const struct config *b)
{
	for (size_t i = 0; i < a->nb_vnets; i++) {
		const struct config_vnet *v = &a->vnets[i], *w = find_vnet(b, v);

		if (!w || v->port != w->port || v->has_next_hop != w->has_next_hop ||
		    !addr_equal(v->next_hop, w->next_hop))
			return false;
	}
	return a->nb_vnets == b->nb_vnets;
}

static uint32_t running_vnets_end(const struct route_server *rs)
{
	return (uint32_t)rs->reload.running->nb_vnets;
}

static void vnet_gone(struct route_server *rs, uint32_t i)
{
	struct reload *reload = &rs->reload;
	const struct config_vnet *vnet = &reload->running->vnets[i];

	if (!find_vnet(reload->wanted, vnet))
		reload->err |= rs_vnet_withdraw(rs, vnet);
}

static uint32_t wanted_vnets_end(const struct route_server *rs)
{
	return (uint32_t)rs->reload.wanted->nb_vnets;
}

/* Those that were there before too: there may have been no memory for them. */
static void vnet_there(struct route_server *rs, uint32_t i)
{
	struct reload *reload = &rs->reload;
	const struct config_vnet *vnet = &reload->wanted->vnets[i];

	reload->err |= rs_vnet_announce(rs, vnet);
	reload->vnet_added |= !find_vnet(reload->running, vnet);
}

static void vnet_answer(struct route_server *rs, uint32_t i)
{
	if (rs->reload.vnet_added)
		peer_vnet_added(rs, table_at(rs, i));
}

/* --- all of it -------------------------------------------------------------------------------- */

/* Peers that there are and the file does not have. */
static unsigned int count_missing(const struct peers *peers, const struct config *wanted)
{
	unsigned int n = 0;

	for (uint16_t i = 0; i < peers->end; i++)
		n += peers->table[i].life == PEER_ACTIVE &&
		     !config_peer_find(wanted, peers->table[i].config.name);
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
	for (int family = 0; family < FAMILY_COUNT; family++) {
		if (!fib_sync_prepare(&rs->fib_sync[family], page->config))
			continue;
		page_error(page, "nothing was applied: no memory for the views' prefixes");
		maps_fini(maps);
		return false;
	}
	return true;
}

static void accept_file(struct route_server *rs, uint32_t i)
{
	struct reload *reload = &rs->reload;
	struct page *page = reload->page;
	struct config *wanted = page->config;
	struct maps maps;

	(void)i;
	reload->running = rs->config;
	reload->wanted = wanted;
	reload->gate = forwarding_gate(rs->fib);
	reload->switched = rs->exchange->enabled;
	if (!acceptable(rs, page, &maps))
		return;
	transit_shut(rs, transit_word_of(wanted, exchange_if_configured(rs->exchange,
									wanted->exchange.enabled)));
	exchange_configure(rs->exchange, wanted->exchange.enabled);
	maps_fini(&rs->maps);
	rs->maps = maps;
	reload->row = page_add(page, ROW_RELOAD, sizeof(*reload->row) + NAMES_BYTES);
	if (forwarding_peers_set(rs->fib, wanted))
		log_error("reload: the dataplane has no room for all peers");
}

/* The peers are those of the new one. */
static void change_config(struct route_server *rs, uint32_t i)
{
	struct reload *reload = &rs->reload;

	(void)i;
	rs->config = reload->wanted;
	for (int family = 0; family < FAMILY_COUNT; family++)
		rs->routes[family].adj_out.config = rs->config;
	reload->page->config = reload->running;
	rs->reloads++;
	admission_configure(rs);
	for (int family = 0; family < FAMILY_COUNT; family++)
		fib_sync_configure(&rs->fib_sync[family], rs->config);
	next_hops_configure(&rs->next_hops, rs->config);
}

static uint32_t next_hops_end(const struct route_server *rs)
{
	return rs->next_hops.slab.top;
}

static void review_next_hop(struct route_server *rs, uint32_t i)
{
	next_hop_review(&rs->next_hops, i + 1);
}

static uint32_t far_hops_end(const struct route_server *rs)
{
	return rs->far_hops.slab.top;
}

static void review_far_hop(struct route_server *rs, uint32_t i)
{
	far_hop_review(&rs->far_hops, i + 1);
}

static void apply_bounds(struct route_server *rs, uint32_t i)
{
	(void)i;
	bounds_configure(rs);
}

static void write_answer(struct route_server *rs, uint32_t i)
{
	struct reload *reload = &rs->reload;
	struct row_reload *row = reload->row;

	(void)i;
	row->vnet_changed = !same_vnets(reload->running, reload->wanted);
	row->exchange_changed = reload->switched != rs->exchange->enabled;
	row->http = reload->wanted->http;
	row->http_changed = memcmp(&reload->running->http, &row->http, sizeof(row->http)) != 0;
	page_trim(reload->page, row, sizeof(*row) + row->len);
	if (reload->err)
		log_error("reload: no memory for VNet prefixes; reload again when there is");
	events_note(&rs->events, EVENT_RELOAD, EVENTS_NO_PEER, rs->now_ms,
		    "reloaded: %u peers added, %u removed, %u changed; VNets %s; route exchange is "
		    "%s",
		    row->nb_added, row->nb_removed, row->nb_changed,
		    row->vnet_changed ? "changed" : "unchanged",
		    rs->exchange->enabled ? "on" : "off");
}

/* What goes on in slices from here. */
static void set_moving(struct route_server *rs, uint32_t i)
{
	const struct config *running = rs->reload.running, *wanted = rs->reload.wanted;

	(void)i;
	peers_regroup(rs);
	/* VNets, and what is announced to peers, as far as it may come back */
	due_set(&rs->due, DUE_RECONSIDER);
	if (running->routing_preference != wanted->routing_preference ||
	    running->control.med != wanted->control.med)
		for (int family = 0; family < FAMILY_COUNT; family++)
			rib_set_rule(rs->routes[family].rib, rib_answers_rule(wanted));
	transit_move(rs); /* and a walk: VNets, next hops and the matrix are looked at anew */
	/* It reads its kernel routes for the VNets from the same file. */
	kill(forwarding_dataplane(rs->fib), SIGHUP);
}

static uint32_t once(const struct route_server *rs)
{
	(void)rs;
	return 1;
}

/* What is done, in this order, for each of how many. What is done once is bounded by what a file
 * may have: 64 route maps, 64 gateways, 2,048 addresses of peers; 1,024 VNets are sorted. */
static const struct {
	uint32_t (*end)(const struct route_server *rs);
	void (*one)(struct route_server *rs, uint32_t i);
} steps[] = {
	{ once, accept_file },
	{ table_end, peer_known },
	{ wanted_end, peer_added },
	{ table_end, peer_gone },
	{ table_end, peer_kept },
	{ wanted_end, peer_new },
	{ table_end, peer_map },
	{ once, change_config },
	{ next_hops_end, review_next_hop },
	{ far_hops_end, review_far_hop },
	{ once, apply_bounds },
	{ running_vnets_end, vnet_gone },
	{ wanted_vnets_end, vnet_there },
	{ table_end, vnet_answer },
	{ once, write_answer },
	{ once, set_moving },
};

enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

void reload_begin(struct route_server *rs, struct page *page)
{
	rs->reload = (struct reload){ .page = page };
}

static bool through(const struct reload *reload)
{
	return reload->step == STEPS || reload->page->error[0];
}

struct page *reload_turn(struct route_server *rs)
{
	struct budget budget = budget_make(rs->clock_ns, TURN_NS);
	struct reload *reload = &rs->reload;
	struct page *page = reload->page;

	while (!through(reload)) {
		if (reload->at < steps[reload->step].end(rs)) {
			steps[reload->step].one(rs, reload->at++);
		} else {
			reload->step++;
			reload->at = 0;
		}
		if (budget_over(&budget))
			break;
	}
	if (!through(reload))
		return NULL;
	reload->page = NULL;
	return page;
}
