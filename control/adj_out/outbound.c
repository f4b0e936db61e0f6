/* Batches in parts: every prefix is put through the map once and sorted by what became of it; then
 * the first of each part is put through again for the attributes, which are those of all others in
 * it. */
#include "outbound.h"

#include <stdlib.h>
#include <string.h>

static enum route_map_verdict run(struct outbound *out, struct prefix prefix, bool count)
{
	const struct outbound_batch *batch = &out->batch;
	struct route_map_route route = {
		.prefix = prefix, .vnet = batch->vnet, .wire = batch->wire, .len = batch->len
	};

	return route_map_run(batch->map, &batch->side, &route, count, &out->result);
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

void outbound_begin(struct outbound *out, const struct outbound_batch *batch,
		    const struct prefix *prefixes, uint32_t nb_prefixes)
{
	out->batch = *batch;
	out->nb = out->at = 0;
	for (uint32_t i = 0; i < nb_prefixes; i++) {
		struct outbound_route *route = &out->routes[out->nb];

		if (route_map_summarises(batch->map, prefixes[i]))
			continue;
		out->nb++;
		*route = (struct outbound_route){ .prefix = prefixes[i], .dropped = !batch->wire };
		if (route->dropped)
			continue;
		switch (run(out, route->prefix, true)) {
		case ROUTE_MAP_SUMMARISED:
		case ROUTE_MAP_DROPPED: route->dropped = true; break;
		default: route->hits = out->result.hits;
		}
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
	if (first->dropped) {
		part->too_long = out->batch.too_long;
		return true;
	}
	verdict = run(out, first->prefix, false);
	part->too_long = verdict == ROUTE_MAP_TOO_LONG;
	if (!part->too_long) {
		part->wire = out->result.wire;
		part->len = out->result.len;
	}
	return true;
}
