/* UPDATEs that wait for ARP. A peer that moves a route in use to a next hop that nobody has sent to yet would lose the
 * route until the next hop is found: withdrawn from everybody, and announced again a moment later. So the UPDATE waits
 * for the answer, and what the peer says next waits behind it, in order; what it said before holds meanwhile.
 *
 *   rs_update ◄─ patience_hold ◄─ SPEAKER_UPDATE        PATIENCE_MS and PATIENCE_BYTES bound it: then it is taken as it is
 *   rs_update ◄─ patience_turn, patience_end            the next hop is found; the session ends, or says something else
 *
 * Thread: the RIB lcore. */
#ifndef BASCULE_PATIENCE_H
#define BASCULE_PATIENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;
struct peer;
struct speaker_update;
struct patient;

enum { PATIENCE_MS = 1000, PATIENCE_BYTES = 256 << 10 };

/* What of a peer waits; all zeros: nothing. */
struct patience {
	struct patient *first, *last; /* owned */
	size_t bytes;
	uint64_t until_ms;
};

/* Must this UPDATE wait? Then a copy of it does. */
bool patience_hold(struct route_server *rs, struct peer *peer, const struct speaker_update *update);
/* Whose next hop is found, and whose time is over: taken, as many as there is time for. Returns how many UPDATEs. */
unsigned int patience_turn(struct route_server *rs);
/* All that waits is taken now. */
void patience_end(struct route_server *rs, struct peer *peer);
/* Release what waits. */
void patience_fini(struct patience *patience);

#ifdef __cplusplus
}
#endif
#endif
