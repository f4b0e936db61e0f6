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
	struct route_server *rs = ctx;
	const struct far_ways *ways;

	if (!far_hop_is(&rs->far_hops, next_hop, source))
		return next_hop_usable(&rs->next_hops, next_hop, source->role);
	ways = far_hop_ways(&rs->far_hops, next_hop, source->role);
	return ways && ways->n;
}

static bool quiet(void *ctx, uint32_t next_hop, const struct source *source)
{
	struct route_server *rs = ctx;
	const struct far_ways *ways;

	if (!far_hop_is(&rs->far_hops, next_hop, source))
		return next_hop_quiet(&rs->next_hops, next_hop);
	ways = far_hop_ways(&rs->far_hops, next_hop, source->role);
	return ways && ways->quiet;
}

static bool counts(void *ctx, const struct path *path, bool ibgp, const struct backups *backups)
{
	const struct route_server *rs = ctx;

	return expressroute_bound_count(&rs->expressroute_bound, path, ibgp, backups);
}

static bool announced(void *ctx, const struct path *path, uint16_t peer)
{
	const struct route_server *rs = ctx;

	return reflections_announced(&rs->adj_out, path, peer);
}

static void reflected(void *ctx, const struct path *path, const struct path *of)
{
	struct route_server *rs = ctx;

	reflections_note(&rs->adj_out, path, of);
}

static bool ready(void *ctx, const uint16_t *peers, uint32_t n)
{
	struct route_server *rs = ctx;

	return pace_ready(&rs->adj_out, peers, n);
}

int rib_answers_open(struct route_server *rs)
{
	struct rib_params params = {
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
		.wide_len = FORWARDING_WIDE,
		.ctx = rs,
	};
	struct source vnet = { .role = ROLE_VNET, .router_id = rs->config->instance.router_id };
	struct source peered = { .role = ROLE_VNET,
				 .peered = true,
				 .router_id = rs->config->instance.router_id };

	rs->attrs = attr_table_new();
	params.attrs = rs->attrs;
	rs->rib = rs->attrs ? rib_new(&params) : NULL;
	if (!rs->rib)
		return -ENOMEM;
	rs->transit.wanted = rs->transit.announced = params.allow;
	rib_source_set(rs->rib, RS_VNET, &vnet);
	rib_source_set(rs->rib, RS_VNET_PEERED, &peered);
	return 0;
}
