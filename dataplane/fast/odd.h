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

enum odd {
	ODD_GONE,  /* dropped or punted, counted */
	ODD_GOOD,  /* to be forwarded */
	ODD_OTHER, /* of the other family, to us or to a group, without tags; not judged yet */
};

/* Judge one frame of a burst of `family`. Unless it is gone, it may begin elsewhere now, and of a
 * good one, what was behind the packet is gone. */
enum odd odd_frame(struct forwarder *f, const struct port *from, struct rte_mbuf *m,
		   enum fib_family family);

/* By which adjacency packet `i` of IPv4 leaves, a good one of odd_frame() or a good header of
 * screen.h. NULL: it does not, and is gone, counted. `spoilt`: the table's entry names what the
 * table does not have. */
const struct adjacency *odd_way(struct forwarder *f, const struct port *from, uint64_t gate,
				const struct fib_generation *generation, const struct burst *b,
				uint16_t i, bool spoilt);

#ifdef __cplusplus
}
#endif
#endif
