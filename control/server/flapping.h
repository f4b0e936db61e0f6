/* What becomes of a peer's prefixes that change too often (flap.h counts). A prefix with more than
 * FLAP_ALARM changes a minute raises an alarm of its peer. With more than FLAP_HOLD it is held: the
 * last usable route that the peer announced for it stays in the RIB as it is. Of what the peer says
 * about it from then on the latest is kept, and counts when the peer has said nothing new for
 * control.flap_hold_s.
 *
 *   rs_update ─► flapping_keeps ── held: kept in the flapper ─── quiet ─► flapping_turn ─► rs_route
 *           └──► rs_route ─► flapping_note ─► held from here on
 *
 * A hold begins with an announcement. It ends early when the session ends, when a reload has the
 * peer's routes judged by other rules, and when somebody asks the peer for its routes again. In a
 * graceful restart the held route is stale like all others, unless the peer had withdrawn it. Lost
 * next hops, maps and limits concern a held route as any other, and an UPDATE that is treated as a
 * withdrawal counts as one here too. Thread: the RIB lcore. */
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
	return peer->routes[prefix.addr.family].flap.nb_held &&
	       flapping_keep(rs, peer, prefix, attrs);
}

/* Count that what the peer said was a change; with `returned` it may be one (flap_note()). */
void flapping_note(struct route_server *rs, struct peer *peer, struct prefix prefix,
		   const struct attrs *attrs, bool returned);

/* Let a few routes go that were quiet for long enough, and clear alarms. Returns how many. */
unsigned int flapping_turn(struct route_server *rs);

/* The session has gone. `keep`: its routes are about to be stale, and those that it had withdrawn
 * go by flapping_turn(); the rest is forgotten when it comes again. */
void flapping_down(struct route_server *rs, struct peer *peer, uint8_t family, bool keep);

#ifdef __cplusplus
}
#endif
#endif
