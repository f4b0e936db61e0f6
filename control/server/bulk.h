/* Bulk: what a peer says when it has a table to tell. Peers are read in turns, so a prefix that
 * several of them announce in bulk comes from all of them soon. What bulk changes is put off
 * (rib_put_off()) for that long: then the FIB follows once, and others are told once, of the best
 * path.
 *
 *   BULK_NONE      changes go their way
 *   BULK_PUTS_OFF  those by bulk are put off. When so many are, or by the clock, what is put off by
 *                  then is released: a slice a turn goes into the FIB, then all of it is told
 *   BULK_ENDS      nobody goes on, or something else goes on: no more is put off, and all released
 *
 * Nothing is put off while something is still to be told, or to be put into the views. What a peer
 * says now and then is no bulk, and what is withdrawn is not put off: both go their way in the turn
 * in which they come. */
#ifndef BASCULE_BULK_H
#define BASCULE_BULK_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct peer;
struct route_server;

enum {
	BULK_WEIGHT = 256, /* prefixes, and one a message, beyond which it is bulk ... */
	BULK_LESS_MS = 10, /* ... less so many a millisecond: a feed of 10,000/s is none */
	/* prefixes put off when a release begins; intake may be as far ahead of it again */
	BULK_MOST = 65536,
	BULK_WAIT_MS = 200, /* after which it begins */
	BULK_PAUSE_MS = 10, /* in which there is no bulk: it is over */
};

/* The peer has a message of so many prefixes. */
void bulk_heard(struct route_server *rs, struct peer *peer, uint32_t prefixes);
/* Is what it says put off? */
bool bulk_puts_off(const struct route_server *rs, const struct peer *peer);
/* Once a turn, before the FIB follows: up to `room` changes more. Returns how much there is still
 * to do. */
unsigned int bulk_turn(struct route_server *rs, uint32_t room);

#ifdef __cplusplus
}
#endif
#endif
