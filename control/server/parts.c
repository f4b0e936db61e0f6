/* See parts.h. */
#include "parts.h"

#include <stdlib.h>

#include "outbox.h"
#include "peers.h"
#include "rib_answers.h"
#include "route_server.h"

enum { TIMERS = CONFIG_PEERS + 8 };

/* What the tables of peers share, on the way in and out. */
static void shared_set(struct routes *routes)
{
	struct route_server *rs = routes->rs;
	struct adj_out *adj_out = &routes->adj_out;

	routes->adj_in = (struct adj_in){
		.family = routes->family,
		.rib = routes->rib,
		.attrs = rs->attrs,
		.discard = &rs->discard,
		.due = &rs->due,
		.scratch = &rs->scratch,
		.now_ms = rs->now_ms,
	};
	adj_out->family = routes->family;
	adj_out->rib = routes->rib;
	adj_out->config = rs->config;
	adj_out->maps = &rs->maps;
	adj_out->events = &rs->events;
	adj_out->discard = &rs->discard;
	adj_out->due = &rs->due;
	adj_out->scratch = &rs->scratch;
	adj_out->send = outbox_send;
	adj_out->taken = outbox_taken;
	adj_out->ctx = rs;
	adj_out->now_ms = rs->now_ms;
	adj_out->drained = rs->maintenance->drained;
	announcer_init(&routes->announcer, adj_out);
	routes->expressroute_bound.adj_out = adj_out;
}

int parts_open(struct route_server *rs)
{
	int err = forwarding_begin(rs->fib, &rs->writer);

	if (!err)
		err = rib_answers_open(rs);
	flaps_init(&rs->flaps, rs->attrs);
	for (int family = 0; family < FAMILY_COUNT && !err; family++)
		shared_set(&rs->routes[family]);
	if (!err)
		err = next_hops_init(&rs->next_hops, rs->fib, rs->writer, rs->config,
				     attr_table_next_hops(rs->attrs));
	if (!err)
		err = far_hops_init(
			&rs->far_hops,
			(const struct rib *const[FAMILY_COUNT]){ rs->routes[FAMILY_IPV4].rib,
								 rs->routes[FAMILY_IPV6].rib },
			&rs->next_hops);
	for (int family = 0; family < FAMILY_COUNT && !err; family++)
		err = fib_sync_init(&rs->fib_sync[family], rs->routes[family].rib, &rs->next_hops,
				    &rs->far_hops, rs->config);
	if (!err)
		err = maps_init(&rs->maps, rs->config, &rs->maps);
	if (!err)
		err = peers_init(&rs->peers, rs);
	if (!err)
		err = timers_init(&rs->timers, TIMERS);
	if (!err)
		err = events_init(&rs->events, CONFIG_PEERS, peers_name, &rs->peers);
	rs->next_hops.now_ms = rs->now_ms;
	rs->next_hops.events = &rs->events;
	for (int family = 0; family < FAMILY_COUNT; family++)
		rs->fib_sync[family].allow = rs->transit.wanted;
	fib_walk_init(&rs->fib_walk, rs->fib_sync, FAMILY_COUNT);
	return err;
}

void parts_close(struct route_server *rs)
{
	for (int family = 0; family < FAMILY_COUNT; family++) {
		announcer_fini(&rs->routes[family].announcer);
		expressroute_bound_fini(&rs->routes[family].expressroute_bound);
	}
	events_fini(&rs->events);
	free(rs->partner);
	timers_free(&rs->timers);
	peers_fini(&rs->peers);
	maps_fini(&rs->maps);
	for (int family = 0; family < FAMILY_COUNT; family++)
		fib_sync_fini(&rs->fib_sync[family]);
	far_hops_fini(&rs->far_hops);
	next_hops_fini(&rs->next_hops);
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (rs->routes[family].rib)
			rib_free(rs->routes[family].rib);
	if (rs->attrs)
		attr_table_free(rs->attrs);
	if (rs->writer)
		forwarding_end(rs->writer);
	outbox_close(rs);
	discard_fini(&rs->discard);
}
