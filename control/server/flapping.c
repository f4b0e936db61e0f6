/* Flappers, from what peers say into the RIB. */
#include "flapping.h"

#include "peer_route.h"
#include "route_server.h"
#include "tables.h"

enum { OVER_TURN = 32 }; /* that are let go in a turn */

bool flapping_keep(struct route_server *rs, struct peer *peer, struct prefix prefix,
		   const struct attrs *attrs)
{
	struct flapper *flapper = flap_held(&peer->routes[prefix.addr.family].flap, prefix);

	if (flapper)
		flap_said(&rs->flaps, flapper, attrs, rs->now_ms);
	return flapper;
}

/* Is it worth being held: can packets follow it, or does a summary hang on it? */
static bool is_good(const struct route_server *rs, const struct peer *peer, struct prefix prefix)
{
	const struct rib *rib = rs->routes[prefix.addr.family].rib;
	uint32_t node = rib_find(rib, prefix);
	const struct path *path = node == RIB_NONE ? NULL : rib_path(rib, node, peer->index);

	return (path && !(path->flags & PATH_UNUSED)) ||
	       inbound_contributes(&peer->routes[prefix.addr.family].inbound, prefix);
}

static void hold(struct route_server *rs, struct peer *peer, struct prefix prefix,
		 const struct attrs *attrs)
{
	char text[PREFIX_TEXT];

	if (!attrs || !rs->config->control.flap_hold_s || !is_good(rs, peer, prefix) ||
	    !flap_hold(&rs->flaps, &peer->routes[prefix.addr.family].flap, prefix, attrs,
		       rs->now_ms))
		return;
	events_note(&rs->events, EVENT_FLAP, peer->index, rs->now_ms,
		    "%s is held as it is until the peer leaves it alone for %u s",
		    prefix_text(prefix, text), rs->config->control.flap_hold_s);
}

void flapping_note(struct route_server *rs, struct peer *peer, struct prefix prefix,
		   const struct attrs *attrs, bool returned)
{
	struct flap *flap = &peer->routes[prefix.addr.family].flap;
	char text[PREFIX_TEXT];

	switch (flap_note(&rs->flaps, flap, prefix, returned, rs->now_ms)) {
	case FLAP_CALM: break;
	case FLAP_FAST:
		events_note(&rs->events, EVENT_FLAP, peer->index, rs->now_ms,
			    "%s changes more than %u times a minute", prefix_text(prefix, text),
			    FLAP_ALARM);
		break;
	case FLAP_TOO_FAST: hold(rs, peer, prefix, attrs); break;
	}
}

static struct peer *peer_of(const struct flapper *flapper)
{
	struct peer_routes *its =
		(struct peer_routes *)((char *)flapper->flap - offsetof(struct peer_routes, flap));

	its -= flapper->prefix.addr.family;
	return (struct peer *)((char *)its - offsetof(struct peer, routes));
}

/* What the peer has said last counts again; of one whose session has gone only that it had
 * withdrawn it. */
static void let_go(struct route_server *rs, struct flapper *flapper)
{
	char text[PREFIX_TEXT];

	events_note(&rs->events, EVENT_FLAP, peer_of(flapper)->index, rs->now_ms,
		    "%s is not held any more%s", prefix_text(flapper->prefix, text),
		    flapper->said ? "" : ": withdrawn");
	if (peer_of(flapper)->up || !flapper->said) {
		struct peer_routes *its = &peer_of(flapper)->routes[flapper->prefix.addr.family];
		const struct inbound_place at = inbound_place(&its->inbound, flapper->prefix);

		rs_route(rs, peer_of(flapper), &at, flapper->said);
	}
}

unsigned int flapping_turn(struct route_server *rs)
{
	const uint64_t hold_ms = UINT64_C(1000) * rs->config->control.flap_hold_s;
	const uint64_t spent = tables_spent(rs) + OVER_TURN;
	struct flapper *flapper;
	unsigned int n = 0;

	while (n < OVER_TURN && tables_spent(rs) < spent &&
	       (flapper = flaps_over(&rs->flaps, rs->now_ms, hold_ms))) {
		const struct peer *peer = peer_of(flapper);
		const struct flap *flap = flapper->flap;

		if (flapper->held)
			let_go(rs, flapper);
		flap_end(&rs->flaps, flapper, rs->now_ms);
		if (!flap->nb_flappers)
			events_note(&rs->events, EVENT_FLAP, peer->index, rs->now_ms,
				    "no prefix changes more than %u times a minute any more",
				    FLAP_ALARM);
		n++;
	}
	return n;
}

void flapping_down(struct route_server *rs, struct peer *peer, uint8_t family, bool keep)
{
	struct flap *flap = &peer->routes[family].flap;

	if (keep)
		flap_release(&rs->flaps, flap);
	else
		flap_forget(&rs->flaps, flap);
}
