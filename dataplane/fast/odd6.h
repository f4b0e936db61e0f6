/* What becomes of an odd packet of IPv6: as odd.h. */
#ifndef BASCULE_ODD6_H
#define BASCULE_ODD6_H

#include <stdbool.h>
#include <stdint.h>

#include "burst.h"
#include "forwarder.h"
#include "port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Judge a packet whose frame is IPv6 to us, or to a group (`ours` false). True: it is to be
 * forwarded, or to an address of ours. False: gone, counted. */
bool odd6_packet(struct forwarder *f, struct rte_mbuf *m, bool ours);

/* As odd_way(). */
const struct adjacency *odd6_way(struct forwarder *f, const struct port *from, uint64_t gate,
				 const struct fib_generation *generation, const struct burst *b,
				 uint16_t i, bool spoilt);

#ifdef __cplusplus
}
#endif
#endif
