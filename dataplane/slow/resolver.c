/* Claimed adjacencies follow the neighbour table. */
#include "resolver.h"

#include <string.h>

#include <rte_ether.h>

#include "adjacency.h"
#include "hosts.h"

static void unresolve(struct adjacency *adjacency)
{
	if (adjacency->action != ADJACENCY_UNRESOLVED)
		adjacency_unresolve(adjacency);
}

static void resolve(struct slowpath *s, struct adjacency *adjacency)
{
	struct host *host = hosts_want(s, adjacency->port, adjacency->gateway);
	const struct adjacency *known;

	if (host)
		host->next_hop_ms = s->now_ms;
	if (!host || !host_forwards(host)) {
		unresolve(adjacency);
		return;
	}
	known = host_adjacency(s->neighbours, host);
	adjacency->mtu = known->mtu;
	if (adjacency->action != ADJACENCY_FORWARD ||
	    memcmp(adjacency->rewrite, known->rewrite, sizeof(known->rewrite)))
		adjacency_resolve(adjacency, &known->rewrite[0],
				  &known->rewrite[RTE_ETHER_ADDR_LEN]);
}

/* Control wrote it: nobody looks past the array. */
static uint32_t adjacencies_end(const struct fib_generation *generation)
{
	uint32_t end = __atomic_load_n(&generation->adjacencies_end, __ATOMIC_ACQUIRE);

	return RTE_MIN(end, (uint32_t)FIB_ADJACENCIES);
}

/* Does it follow a neighbour? */
static bool follows(const struct adjacency *adjacency)
{
	return adjacency_claimed(adjacency) && !fib_addr_none(&adjacency->gateway);
}

void resolver_link_lost(struct slowpath *s, uint16_t port)
{
	for (int which = 0; which < 2; which++) {
		struct fib_generation *generation = &s->fib->generation[which];
		uint32_t end = adjacencies_end(generation);

		for (uint32_t i = 0; i < end; i++) {
			struct adjacency *adjacency = &generation->adjacencies[i];

			if (follows(adjacency) && adjacency->port == port)
				unresolve(adjacency);
		}
	}
}

void resolver_mtu(struct slowpath *s, uint16_t port, uint16_t mtu)
{
	for (int which = 0; which < 2; which++) {
		struct fib_generation *generation = &s->fib->generation[which];
		uint32_t end = RTE_MAX(adjacencies_end(generation), s->fib->nb_seeds + 1);

		for (uint32_t i = 0; i < end; i++) {
			if (generation->adjacencies[i].port == port)
				generation->adjacencies[i].mtu = mtu;
		}
	}
}

static void slice(struct slowpath *s, int which, uint32_t budget)
{
	struct fib_generation *generation = &s->fib->generation[which];
	uint32_t end = adjacencies_end(generation);
	uint32_t *cursor = &s->adjacency_cursor[which];

	for (budget = RTE_MIN(budget, end); budget; budget--) {
		struct adjacency *adjacency;

		*cursor = *cursor + 1 < end ? *cursor + 1 : 0;
		adjacency = &generation->adjacencies[*cursor];
		if (follows(adjacency))
			resolve(s, adjacency);
		else if (adjacency_claimed(adjacency) && adjacency->port < s->nb_ports &&
			 adjacency->mtu != s->ports[adjacency->port].mtu)
			adjacency->mtu = s->ports[adjacency->port].mtu;
	}
}

void resolver_turn(struct slowpath *s)
{
	uint32_t budget = s->adjacencies_stale ? FIB_ADJACENCIES : RESOLVER_SLICE;

	if (!s->adjacencies_stale && s->now_ms == s->resolved_ms)
		return;
	s->resolved_ms = s->now_ms;
	s->adjacencies_stale = false;
	for (int which = 0; which < 2; which++)
		slice(s, which, budget);
}
