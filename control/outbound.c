/* Batches in parts: every prefix is put through the map once and sorted by what became of it; then the first of each part
 * is put through again for the attributes, which are those of all others in it. */
#include "outbound.h"

#include <stdlib.h>
#include <string.h>

static enum route_map_verdict run(struct outbound *out, struct prefix prefix, bool count)
{
	struct route_map_route route = {
		.prefix = prefix, .vnet = out->vnet, .wire = out->wire, .len = out->len
	};

	return route_map_run(out->map, &out->side, &route, count, &out->result);
}

static int by_result(const void *a, const void *b)
{
	const struct outbound_route *x = a, *y = b;

	if (x->dropped != y->dropped)
		return x->dropped ? -1 : 1;
	if (!x->dropped && x->hits != y->hits)
		return x->hits < y->hits ? -1 : 1;
	return prefix_compare(x->prefix, y->prefix);
}

void outbound_begin(struct outbound *out, struct route_map *map, const struct route_map_side *side,
		    bool vnet, const struct group_batch *batch, const uint8_t *wire, uint16_t len)
{
	out->map = map;
	out->side = *side;
	out->vnet = vnet;
	out->wire = wire;
	out->len = len;
	out->nb = batch->nb_prefixes;
	out->at = 0;
	for (uint32_t i = 0; i < out->nb; i++) {
		struct outbound_route *route = &out->routes[i];

		route->prefix = batch->prefixes[i];
		route->dropped = run(out, route->prefix, true) == ROUTE_MAP_DROPPED;
		route->hits = out->result.hits;
	}
	qsort(out->routes, out->nb, sizeof(out->routes[0]), by_result);
	for (uint32_t i = 0; i < out->nb; i++)
		out->prefixes[i] = out->routes[i].prefix;
}

bool outbound_next(struct outbound *out, struct outbound_part *part)
{
	const struct outbound_route *first = &out->routes[out->at];
	uint32_t end = out->at;
	enum route_map_verdict verdict;

	if (out->at == out->nb)
		return false;
	while (end < out->nb && out->routes[end].dropped == first->dropped &&
	       (first->dropped || out->routes[end].hits == first->hits))
		end++;
	*part = (struct outbound_part){ .prefixes = out->prefixes + out->at, .nb = end - out->at };
	out->at = end;
	if (first->dropped)
		return true;
	verdict = run(out, first->prefix, false);
	part->too_long = verdict == ROUTE_MAP_TOO_LONG;
	if (!part->too_long) {
		part->wire = out->result.wire;
		part->len = out->result.len;
	}
	return true;
}
