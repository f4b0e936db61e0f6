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

struct route_server;
struct peer;

enum {
	PACE_AHEAD = 64 << 10, /* octets */
	PACE_SLOW_MS = 100,
};

struct pace {
	uint64_t told;	     /* octets in this session */
	int64_t room;	     /* it may be told so many more before its count is looked at again */
	uint32_t hinders_ms; /* for so long, since it last had taken all, others waited for it */
	bool slow;	     /* it is to leave the stream, or has */
};

/* Its session has come up. */
void pace_begin(struct peer *peer);
/* It was told so many octets. */
void pace_sent(struct peer *peer, uint32_t octets);
/* rib_params.ready: may all of them be told more? */
bool pace_ready(void *rs, const uint16_t *peers, uint32_t n);
/* Octets that its connection has taken in this session, as its session lcore counts them. */
uint64_t pace_taken(const struct route_server *rs, const struct peer *peer);
/* Once a turn: slow peers leave their stream, and come back. */
void pace_turn(struct route_server *rs);

#ifdef __cplusplus
}
#endif
#endif
