/* Questions of the RIB, handed on; see rib_params. */
#include "rib_answers.h"

#include <errno.h>

#include "expressroute_bound.h"
#include "pace.h"
#include "reflections.h"
#include "route_server.h"
#include "transit.h"

static_assert((int)PREFERENCE_EXPRESSROUTE == (int)DECIDE_PREFER_EXPRESSROUTE &&
		      (int)PREFERENCE_VPN == (int)DECIDE_PREFER_VPN &&
		      (int)PREFERENCE_AS_PATH == (int)DECIDE_PREFER_AS_PATH,
	      "numbered alike");

struct decide_rule rib_answers_rule(const struct config *config)
{
	struct decide_rule rule = {
		.preference = (enum decide_preference)config->routing_preference,
		.med = config->control.med == MED_COMPARE,
	};

	return rule;
}

static bool usable(void *ctx, uint32_t next_hop, const struct source *source)
{
	struct route_server *rs = ((struct routes *)ctx)->rs;
	const struct far_ways *ways;

	if (!far_hop_is(&rs->far_hops, next_hop, source))
		return next_hop_usable(&rs->next_hops, next_hop, source->role);
	ways = far_hop_ways(&rs->far_hops, next_hop, source->role);
	return ways && ways->n;
}

static bool quiet(void *ctx, uint32_t next_hop, const struct source *source)
{
	struct route_server *rs = ((struct routes *)ctx)->rs;
	const struct far_ways *ways;

	if (!far_hop_is(&rs->far_hops, next_hop, source))
		return next_hop_quiet(&rs->next_hops, next_hop);
	ways = far_hop_ways(&rs->far_hops, next_hop, source->role);
	return ways && ways->quiet;
}

static bool counts(void *ctx, const struct path *path, bool ibgp, const struct backups *backups)
{
	const struct routes *routes = ctx;

	return expressroute_bound_count(&routes->expressroute_bound, path, ibgp, backups);
}

static bool announced(void *ctx, const struct path *path, uint16_t peer)
{
	const struct routes *routes = ctx;

	return reflections_announced(&routes->adj_out, path, peer);
}

static void reflected(void *ctx, const struct path *path, const struct path *of)
{
	struct routes *routes = ctx;

	reflections_note(&routes->adj_out, path, of);
}

static bool ready(void *ctx, const uint16_t *peers, uint32_t n)
{
	struct routes *routes = ctx;

	return pace_ready(&routes->rs->routes[PACE_FAMILY].adj_out, peers, n);
}

static int rib_open(struct route_server *rs, enum family family)
{
	struct routes *routes = &rs->routes[family];
	struct rib_params params = {
		.family = family,
		.attrs = rs->attrs,
		.nb_peers = RS_SOURCES,
		.rule = rib_answers_rule(rs->config),
		.allow = transit_word(rs),
		.usable = usable,
		.quiet = quiet,
		.counts = counts,
		.announced = announced,
		.reflected = reflected,
		.asn = rs->config->instance.asn,
		.ready = ready,
		.wide_len = forwarding_wide(family),
		.ctx = routes,
	};
	struct source vnet = { .role = ROLE_VNET, .router_id = rs->config->instance.router_id };
	struct source peered = { .role = ROLE_VNET,
				 .peered = true,
				 .router_id = rs->config->instance.router_id };

	routes->rs = rs;
	routes->family = family;
	routes->rib = rib_new(&params);
	if (!routes->rib)
		return -ENOMEM;
	rib_source_set(routes->rib, RS_VNET, &vnet);
	rib_source_set(routes->rib, RS_VNET_PEERED, &peered);
	return 0;
}

int rib_answers_open(struct route_server *rs)
{
	int err = 0;

	rs->transit.wanted = rs->transit.announced = transit_word(rs);
	rs->attrs = attr_table_new();
	if (!rs->attrs)
		return -ENOMEM;
	for (int family = 0; family < FAMILY_COUNT && !err; family++)
		err = rib_open(rs, (enum family)family);
	return err;
}
