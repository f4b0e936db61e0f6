/* What becomes of an odd packet (screen.h): each check again, in order, until one says what is odd
 * about it. */
#ifndef BASCULE_ODD_H
#define BASCULE_ODD_H

#include <stdbool.h>
#include <stdint.h>

#include "burst.h"
#include "forwarder.h"
#include "port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Judge one frame. True: a good IPv4 packet to forward; it may begin elsewhere now, and what was
 * behind it is gone. False: the frame is gone, counted. */
bool odd_frame(struct forwarder *f, const struct port *from, struct rte_mbuf *m);

/* By which adjacency packet `i` leaves, a good one of odd_frame() or a good header of screen.h.
 * NULL: it does not, and is gone, counted. `spoilt`: the table's entry names what the table does
 * not have. */
const struct adjacency *odd_way(struct forwarder *f, const struct port *from, uint64_t gate,
				const struct fib_generation *generation, const struct burst *b,
				uint16_t i, bool spoilt);

#ifdef __cplusplus
}
#endif
#endif
