/* The conditions that are alarms. */
#include "alarm.h"

#include <stdarg.h>
#include <stdio.h>

#include "bounds.h"
#include "forwarding_show.h"
#include "partner.h"
#include "peer_session.h"
#include "route_server.h"
#include "suspects.h"
#include "withheld.h"

/* `peer`: its name, "" of none. */
__attribute__((format(printf, 4, 5))) static void add(struct alarms *alarms, const char *kind,
						      const char *peer, const char *fmt, ...)
{
	struct alarm *alarm = &alarms->alarm[alarms->n];
	va_list args;

	if (alarms->n == ALARMS) {
		alarms->left++;
		return;
	}
	alarms->n++;
	snprintf(alarm->kind, sizeof(alarm->kind), "%s", kind);
	snprintf(alarm->peer, sizeof(alarm->peer), "%s", peer);
	va_start(args, fmt);
	vsnprintf(alarm->text, sizeof(alarm->text), fmt, args);
	va_end(args);
}

static void add_withheld(const struct peer *peer, const struct suspect *suspect,
			 struct alarms *alarms)
{
	char what[64], prefix[PREFIX_TEXT];

	if (suspect_stands(&peer->out, suspect))
		add(alarms, "route_withheld", peer->config.name,
		    "%s is withheld from it: it reset its session %u times for %s",
		    prefix_text(suspect->prefix, prefix), suspect->resets,
		    suspect_text(suspect, what, sizeof(what)));
}

/* One alarm a peer and family: the prefix that has been at it for longest stands for the others. */
static void add_flapping(const struct peer *peer, const struct flap *flap, struct alarms *alarms)
{
	char prefix[PREFIX_TEXT], others[32] = "", held[48] = "";

	if (!flap->nb_flappers || !peer->up)
		return;
	if (flap->nb_flappers > 1)
		snprintf(others, sizeof(others), " and %u others", flap->nb_flappers - 1);
	if (flap->nb_held)
		snprintf(held, sizeof(held), "; held as they were: %u", flap->nb_held);
	add(alarms, "flapping", peer->config.name, "%s%s: changed more than %u times a minute%s",
	    prefix_text(TAILQ_FIRST(&flap->flappers)->prefix, prefix), others, FLAP_ALARM, held);
}

static void add_reflections(const struct routes *routes, const struct peer *peer,
			    struct alarms *alarms)
{
	char prefix[PREFIX_TEXT];
	struct prefix last;
	uint32_t n = rib_peer_reflections(routes->rib, peer->index, &last);

	if (n)
		add(alarms, "reflections", peer->config.name,
		    "%u of its %s are what we tell it, come back, and are not used; %s is the "
		    "last of them",
		    n, bounds_routes(routes->family), prefix_text(last, prefix));
}

/* What a peer's routes of a family are alarms for. */
static void add_peer_routes(const struct routes *routes, const struct peer *peer,
			    struct alarms *alarms)
{
	const struct peer_routes *its = &peer->routes[routes->family];
	const char *word = bounds_routes(routes->family);
	uint32_t max = peer->config.max_routes;

	add_reflections(routes, peer, alarms);
	add_flapping(peer, &its->flap, alarms);
	if (its->refusing)
		add(alarms, "routes_refused", peer->config.name, "announces more than %u %s", max,
		    word);
	else if (its->near_limit)
		add(alarms, "near_max_routes", peer->config.name, "%u of at most %u %s",
		    bounds_learned(routes, peer), max, word);
}

static void add_peer(const struct route_server *rs, const struct peer *peer, struct alarms *alarms)
{
	if (peer->flooded && !peer->up)
		add(alarms, "to_expressroute", peer->config.name,
		    "more than %u %s are for it; it may come back %u s after that",
		    rs->config->limits.to_expressroute, bounds_routes(peer->exceeded_family),
		    rs->config->limits.retry_s);
	else if (peer->exceeded && !peer->up)
		add(alarms, "max_routes", peer->config.name,
		    "announced more than %u %s; it may come back %u s after that",
		    peer->config.max_routes, bounds_routes(peer->exceeded_family),
		    rs->config->limits.retry_s);
	if (peer->up && peer->out.held)
		add(alarms, "unsupported", peer->config.name,
		    "takes no part in route exchange: its VPN gateway is not active-active");
	if (peer->up && peer->config.hold_s && peer->session.hold_s < peer->config.hold_min_s)
		add(alarms, "hold_time", peer->config.name,
		    peer->session.hold_s
			    ? "has a hold time of %u s, below hold_min_s"
			    : "has a hold time of %u s: that it is dead is not noticed",
		    peer->session.hold_s);
	if (peer->shut)
		add(alarms, "shutdown", peer->config.name, "is shut down by an operator");
	if (peer->out.drained)
		add(alarms, "drained", peer->config.name, "is drained by an operator");
	for (uint8_t i = 0; i < peer->out.suspects.nb; i++)
		add_withheld(peer, &peer->out.suspects.suspect[i], alarms);
	for (int family = 0; family < FAMILY_COUNT; family++)
		add_peer_routes(&rs->routes[family], peer, alarms);
}

/* What a family's table is an alarm for. */
static void add_routes(const struct routes *routes, struct alarms *alarms)
{
	const struct route_server *rs = routes->rs;
	const char *prefixes = bounds_prefixes(routes->family);
	uint32_t held = rib_expressroute_held(routes->rib), crowded = 0;

	for (uint16_t i = 0; i < rs->peers.end; i++)
		crowded += rs->peers.table[i].routes[routes->family].crowded;
	if (held)
		add(alarms, "to_expressroute", "",
		    "%u %s are held back from ExpressRoute gateways, which take %u", held,
		    bounds_routes(routes->family), rs->config->limits.to_expressroute);
	if (routes->near_total)
		add(alarms, crowded ? "total_routes" : "near_total_routes", "",
		    "%u of at most %u %s; %u peers announce others, which are refused",
		    bounds_total(routes), rs->config->limits.total, prefixes, crowded);
	if (rib_refused_prefixes(routes->rib))
		add(alarms, "fib_full", "", "%u %s have no room in the FIB",
		    rib_refused_prefixes(routes->rib), prefixes);
}

/* What the dataplane says of its ports. */
static void add_ports(const struct fib *fib, struct alarms *alarms)
{
	struct forwarding_port port;
	char text[ADDR_TEXT];

	for (uint32_t i = 0; forwarding_port(fib, i, &port); i++) {
		if (port.device_lost)
			add(alarms, "port_device", "", "port %s: its device has gone", port.name);
		if (port.members_carrying < port.members)
			add(alarms, "port_members", "",
			    "port %s: %u of the %u members of its bond carry traffic", port.name,
			    port.members_carrying, port.members);
		if (port.mtu_now && port.mtu_now < port.mtu)
			add(alarms, "port_mtu", "",
			    "port %s: its device takes packets of %u octets, %u are configured",
			    port.name, port.mtu_now, port.mtu);
		if (port.disputed)
			add(alarms, "port_disputed", "",
			    "port %s: somebody keeps changing its interface in the kernel",
			    port.name);
		if (!addr_unspecified(port.duplicate))
			add(alarms, "address_duplicate", "",
			    "port %s: its address %s is another host's too, and unused until it "
			    "is taken from one of them",
			    port.name, addr_text(port.duplicate, text));
	}
}

static void add_partner(const struct partner_view *view, struct alarms *alarms)
{
	char text[PARTNER_TEXT];

	for (int m = 0; m < PARTNER_MATTERS; m++)
		if (view->matter[m].stands)
			add(alarms,
			    m == PARTNER_ANSWERS ? "partner_unreachable" : "partner_differs", "",
			    "%s", view->text[m]);
	for (size_t i = 0; i < view->nb_peers; i++) {
		const struct partner_peer *peer = &view->peers[i];
		const char *ours = peer->here.name;

		if (peer->condition.stands)
			add(alarms, "peer_asymmetric", ours, "%s%s%s",
			    *ours ? "" : peer->there.name, *ours ? "" : ": ",
			    partner_text(view, peer, text));
	}
}

/* Those that are down for no other reason; last, so that they leave room for the rest. One of a
 * subnet that has not come yet is not missing. */
static void add_down(const struct route_server *rs, struct alarms *alarms)
{
	for (uint16_t i = 0; i < rs->peers.end; i++) {
		const struct peer *peer = &rs->peers.table[i];
		char buf[SPEAKER_REASON];
		const char *why;

		if (peer->life != PEER_ACTIVE || peer->up || peer->shut || peer->exceeded ||
		    peer->flooded || addr_unspecified(peer->config.addr))
			continue;
		why = peer_why(peer, buf);
		add(alarms, "peer_down", peer->config.name, "is not established%s%s",
		    why[0] ? ": " : "", why);
	}
}

void alarms_list(const struct route_server *rs, struct alarms *alarms)
{
	char trouble[ALARM_TEXT / 2];
	uint64_t no_memory = 0;

	for (uint16_t i = 0; i < rs->peers.end; i++) {
		const struct peer *peer = &rs->peers.table[i];

		if (peer->up)
			no_memory += peer->no_memory - peer->no_memory_before;
		if (peer->life == PEER_ACTIVE)
			add_peer(rs, peer, alarms);
	}
	for (int family = 0; family < FAMILY_COUNT; family++)
		add_routes(&rs->routes[family], alarms);
	if (rs->next_hops.starved)
		add(alarms, "next_hops_full", "",
		    "no adjacency is free for another next hop; %llu times one was refused",
		    (unsigned long long)rs->next_hops.refused);
	if (rs->far_hops.starved)
		add(alarms, "next_hops_full", "",
		    "%u next hops off our subnets are in use already; %llu times another one was "
		    "refused",
		    rs->far_hops.slab.used, (unsigned long long)rs->far_hops.refused);
	if (exchange_trouble(rs->exchange, trouble, sizeof(trouble)))
		add(alarms, "state_file", "",
		    "%s; after a restart route exchange may be as it was before", trouble);
	if (maintenance_trouble(rs->maintenance, trouble, sizeof(trouble)))
		add(alarms, "state_file", "",
		    "maintenance: %s; what is out of service may be in service again after a "
		    "restart",
		    trouble);
	if (rs->maintenance->drained)
		add(alarms, "drained", "",
		    "this instance is drained: peers are asked to prefer other paths");
	if (no_memory)
		add(alarms, "no_memory", "", "%llu announcements were dropped for want of memory",
		    (unsigned long long)no_memory);
	add_ports(rs->fib, alarms);
	if (rs->partner)
		add_partner(rs->partner, alarms);
	add_down(rs, alarms);
}
