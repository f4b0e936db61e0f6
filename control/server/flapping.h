/* What becomes of a peer's prefixes that change too often (flap.h counts). Past FLAP_ALARM changes
 * a minute a prefix is an alarm of that peer; past FLAP_HOLD it is held: the route that the peer
 * announced last, and that could be used, stays for everybody as it is, and of what the peer says
 * on only the latest is kept, until it has said nothing new for control.flap_hold_s.
 *
 *   rs_update ─► flapping_keeps ── held: kept in the flapper ─── quiet ─► flapping_turn ─► rs_route
 *           └──► rs_route ─► flapping_note ─► held from here on
 *
 * A hold begins with an announcement. It ends at once with the session (in a graceful restart what
 * stays is stale like anything else, unless the peer had withdrawn it), when the peer's routes are
 * judged by other rules, and when somebody asks for them again. Everything else befalls a held
 * route as any other: lost next hops, maps, limits. What is treated as a withdrawal is one. Thread:
 * the RIB lcore. */
#ifndef BASCULE_FLAPPING_H
#define BASCULE_FLAPPING_H

#include <stdbool.h>

#include "peer.h"

#ifdef __cplusplus
extern "C" {
#endif

bool flapping_keep(struct route_server *rs, struct peer *peer, struct prefix prefix,
		   const struct attrs *attrs);

/* The peer says this of a prefix (NULL: withdrawn). Is it held, so that this is only kept for
 * later? */
static inline bool flapping_keeps(struct route_server *rs, struct peer *peer, struct prefix prefix,
				  const struct attrs *attrs)
{
	return peer->flap.nb_held && flapping_keep(rs, peer, prefix, attrs);
}

/* It has said this, and that was a change, or with `returned` may be one: as flap_note(). */
void flapping_note(struct route_server *rs, struct peer *peer, struct prefix prefix,
		   const struct attrs *attrs, bool returned);

/* Routes that were quiet long enough are let go, and alarms cleared: a few. Returns how many. */
unsigned int flapping_turn(struct route_server *rs);

/* The session has gone. `keep`: its routes are about to be stale, and those that it had withdrawn
 * go by flapping_turn(); the rest is forgotten when it comes again. */
void flapping_down(struct route_server *rs, struct peer *peer, bool keep);

#ifdef __cplusplus
}
#endif
#endif
