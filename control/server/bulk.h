/* Bulk: what a peer says when it has a table to tell. Peers are read in turns, so a prefix that
 * several of them announce in bulk comes from all of them soon. While at least two do, what they
 * announce is put off (rib_put_off()), until
 *
 *   - as many have announced the prefix as say bulk at present: most often soon; or
 *   - so many prefixes are put off that those which have waited for the longest have to go; or
 *   - the clock says so; or
 *   - nobody says more, or something else goes on: then all of them.
 *
 * So a prefix is decided on once, the FIB follows once, and others are told once, of the best path.
 * What a peer says now and then is no bulk, and what is withdrawn is not put off: both go their way
 * in the turn in which they come. Nothing waits for what is put off. */
#ifndef BASCULE_BULK_H
#define BASCULE_BULK_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct peer;
struct routes;

enum {
	BULK_WEIGHT = 256,  /* prefixes, and one a message, beyond which it is bulk ... */
	BULK_LESS_MS = 10,  /* ... less so many a millisecond: a feed of 10,000/s is none */
	BULK_MOST = 16384,  /* prefixes put off; beyond twice that no more is taken from peers */
	BULK_WAIT_MS = 200, /* longer none is put off */
	BULK_PAUSE_MS = 5,  /* in which a peer has no bulk: it is through */
};

/* The peer has a message of so many prefixes. */
void bulk_heard(struct routes *routes, struct peer *peer, uint32_t prefixes);
/* Is what it says put off, and until how many peers have said it? 0: it is not. */
uint16_t bulk_puts_off(const struct routes *routes, const struct peer *peer);
/* May no more be taken from peers in this turn? */
bool bulk_is_full(const struct routes *routes);
/* Once a turn, before the FIB follows: up to `room` changes more, in at most `ns`. Returns whether
 * there is still something to do. */
bool bulk_turn(struct routes *routes, uint32_t room, uint32_t ns);

#ifdef __cplusplus
}
#endif
#endif
