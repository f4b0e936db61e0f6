/* The conductor: what the RIB lcore runs, turn after turn, and how that begins and ends. Speakers
 * hand it judged messages; it runs import policy, keeps the RIB, fills the FIB, and sends what
 * update groups yield back to the speakers. It parses nothing and opens no socket.
 *
 *   speakers ─ events ─► peer_session.c ─► rs_update ─► rib ─┬─► fib_sync ─► FIB
 *   speakers ◄─ SPEAKER_SEND ◄─ announce.c ◄─ groups ────────┘
 *   transit.c: the matrix and the gate, in which order
 *   desks ─ pages ─► rs_answer (questions: show.c), exchange, peer resets, reload.c
 *
 * Everything runs in rs_turn(), in bounded slices, on one thread. Changes reach the FIB before they
 * are announced: what one turn has no time for comes first in the next. */
#ifndef BASCULE_CONDUCTOR_H
#define BASCULE_CONDUCTOR_H

#include "route_server.h"

#ifdef __cplusplus
extern "C" {
#endif

struct rs_params {
	struct config *config;		   /* becomes the route server's, if rs_new() succeeds */
	struct exchange *exchange;	   /* borrowed: opened */
	struct maintenance *maintenance;   /* likewise */
	struct fib *fib;		   /* borrowed: attached */
	const struct rs_speaker *speakers; /* copied */
	unsigned int nb_speakers;
	struct rs_desk desks[RS_DESKS]; /* copied */
	rs_answer *answer;
};

/* When it returns 0, the VNet prefixes are in the RIB, and the speakers have been told of the
 * peers. -ENOMEM; -EAGAIN: a forwarding lcore hangs on the spare generation. On failure the
 * configuration is still the caller's. */
int rs_new(const struct rs_params *params, struct route_server **rs);
void rs_free(struct route_server *rs);

/* Run one turn. Returns how much was done; after 0 the caller may idle. */
unsigned int rs_turn(struct route_server *rs, uint64_t now_ms);

/* Close every session with Cease/`subcode` and this text (RFC 9003). Then turn until
 * rs_stopped(). */
void rs_stop(struct route_server *rs, uint8_t subcode, const char *text);
bool rs_stopped(const struct route_server *rs);

/* The name that `show summary` has for an enum rs_part. */
const char *rs_part_name(unsigned int part);

#ifdef __cplusplus
}
#endif
#endif
