/* How far announcements may be ahead of a peer's connection: by PACE_AHEAD octets that it has not
 * taken yet. So news waits in its group's queue, where it passes bulk, and not behind bulk that is
 * encoded already. A batch for several peers waits for the slowest of them. A peer for which others
 * have waited for PACE_SLOW_MS in all leaves their stream (group.h: it lags), until it has taken
 * what was sent.
 *
 *   announce.c ─ pace_sent ─► octets sent ◄─ octets taken, the session's own count (speaker.h)
 *   group_flush asks pace_ready: may more be sent to these peers?
 *
 * Octets are a session's, whichever family they are about: `adj_out` is that of any family, and
 * the same one each time. Thread: the RIB lcore. */
#ifndef BASCULE_PACE_H
#define BASCULE_PACE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct adj_out;
struct out_session;

enum {
	PACE_AHEAD = 64 << 10, /* octets */
	PACE_SLOW_MS = 100,
};

/* The session has come up. */
void pace_begin(struct out_session *session);
/* So many octets were handed to it. */
void pace_sent(struct out_session *session, uint32_t octets);
/* May more be sent to all of them (rib_params.ready)? */
bool pace_ready(struct adj_out *adj_out, const uint16_t *peers, uint32_t n);
/* Once a turn, when no flush is under way: who has waited until now has been counted. */
void pace_tick(struct adj_out *adj_out);
/* DUE_PACE: slow peers leave their group's stream; those that have taken everything come back. */
void pace_turn(struct adj_out *adj_out);

#ifdef __cplusplus
}
#endif
#endif
