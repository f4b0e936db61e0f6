/* See bulk.h. Times are those at which turns began: no clock is asked for, but for how long a turn
 * takes. */
#include "bulk.h"

#include "route_server.h"

enum { NS_PER_MS = 1000 * 1000, WEIGHT_MOST = 2 * BULK_WEIGHT, SLICE = 16 };

static uint64_t now_ns(const struct routes *routes)
{
	return routes->rs->turns.begin_ns;
}

static bool is_bulk(const struct peer_talk *talk)
{
	return talk->weight > BULK_WEIGHT;
}

static void talk_add(struct peer_talk *talk, uint64_t now, uint32_t weight)
{
	uint64_t less = (now - talk->at_ns) / (NS_PER_MS / BULK_LESS_MS);

	talk->at_ns += less * (NS_PER_MS / BULK_LESS_MS);
	talk->weight = less < talk->weight ? talk->weight - (uint32_t)less : 0;
	talk->weight += weight;
	if (talk->weight > WEIGHT_MOST)
		talk->weight = WEIGHT_MOST;
}

/* Is nothing else under way, that asks whether all is in the views, or announced? */
static bool may_put_off(const struct routes *routes)
{
	return routes->rs->phase == RS_LIVE && routes->rs->transit.step == TRANSIT_SETTLED &&
	       !routes->rs->fib_walk.walking && rib_settled(routes->rib);
}

static uint64_t *word_of(struct bulk *bulk, uint16_t index)
{
	return &bulk->says[index / 64];
}

static uint64_t bit_of(uint16_t index)
{
	return UINT64_C(1) << (index % 64);
}

void bulk_heard(struct routes *routes, struct peer *peer, uint32_t prefixes)
{
	struct bulk *bulk = &routes->bulk;
	struct peer_talk *talk = &peer->routes[routes->family].talk;

	talk_add(talk, now_ns(routes), prefixes + 1);
	if (!is_bulk(talk))
		return;
	talk->bulk_ns = bulk->heard_ns = now_ns(routes);
	bulk->nb_says += !(*word_of(bulk, peer->index) & bit_of(peer->index));
	*word_of(bulk, peer->index) |= bit_of(peer->index);
}

uint16_t bulk_puts_off(const struct routes *routes, const struct peer *peer)
{
	const struct bulk *bulk = &routes->bulk;

	return bulk->nb_says > 1 && is_bulk(&peer->routes[routes->family].talk) &&
			       may_put_off(routes)
		       ? bulk->nb_says
		       : 0;
}

bool bulk_is_full(const struct routes *routes)
{
	return rib_put_off_count(routes->rib) >= 2 * BULK_MOST;
}

/* Those who are through say nothing in bulk any more. */
static void forget(struct routes *routes)
{
	struct bulk *bulk = &routes->bulk;

	for (uint16_t i = 0; bulk->nb_says && i < CONFIG_PEERS; i++) {
		if (!*word_of(bulk, i)) {
			i |= 63;
			continue;
		}
		if (!(*word_of(bulk, i) & bit_of(i)) ||
		    now_ns(routes) -
				    routes->rs->peers.table[i].routes[routes->family].talk.bulk_ns <
			    BULK_PAUSE_MS * NS_PER_MS)
			continue;
		*word_of(bulk, i) &= ~bit_of(i);
		bulk->nb_says--;
	}
}

/* How many prefixes have waited for long enough. */
static size_t due(struct routes *routes)
{
	struct bulk *bulk = &routes->bulk;
	size_t all = rib_put_off_count(routes->rib);

	if (!may_put_off(routes) || now_ns(routes) - bulk->heard_ns >= BULK_PAUSE_MS * NS_PER_MS)
		bulk->due = all;
	if (now_ns(routes) - bulk->since_ns >= BULK_WAIT_MS / 2 * NS_PER_MS) {
		bulk->since_ns = now_ns(routes);
		bulk->due = all;
	}
	if (all > BULK_MOST && bulk->due < all - BULK_MOST)
		bulk->due = all - BULK_MOST;
	return bulk->due;
}

bool bulk_turn(struct routes *routes, uint32_t room, uint32_t ns)
{
	struct budget budget;
	size_t left, n;

	forget(routes);
	if (!rib_put_off_count(routes->rib)) {
		routes->bulk.due = 0;
		routes->bulk.since_ns = now_ns(routes);
		return false;
	}
	left = due(routes);
	budget = budget_make(routes->rs->clock_ns, ns);
	while (left && room) {
		n = rib_release(routes->rib, left < SLICE ? left : SLICE);
		left -= n < left ? n : left;
		room -= n < room ? (uint32_t)n : room;
		if (!n || budget_over(&budget))
			break;
	}
	routes->bulk.due = left;
	return true;
}
