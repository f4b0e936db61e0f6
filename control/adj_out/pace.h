/* How far ahead of a peer's connection it is told: PACE_AHEAD octets that it has not taken yet, no
 * more, so that news waits in its group's queue, where it passes bulk, and not behind bulk that is
 * encoded already. What is said to several peers waits for the slowest of them; one that keeps
 * others from what they could take for PACE_SLOW_MS in all leaves their stream (group.h: it lags)
 * until it has taken what it was told.
 *
 *   announce.c ─ pace_sent ─► told ahead ◄─ octets written, the session's own count (speaker.h)
 *   group_flush asks pace_ready: may these peers be told more?
 *
 * Thread: the RIB lcore. */
#ifndef BASCULE_PACE_H
#define BASCULE_PACE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct adj_out;
struct receiver;

enum {
	PACE_AHEAD = 64 << 10, /* octets */
	PACE_SLOW_MS = 100,
};

/* Its session has come up. */
void pace_begin(struct receiver *peer);
/* It was told so many octets. */
void pace_sent(struct receiver *peer, uint32_t octets);
/* May all of them be told more (rib_params.ready)? */
bool pace_ready(struct adj_out *adj_out, const uint16_t *peers, uint32_t n);
/* Once a turn: slow peers leave their stream, and come back. */
void pace_turn(struct adj_out *adj_out);

#ifdef __cplusplus
}
#endif
#endif
