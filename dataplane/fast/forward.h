/* Forwarding: what an lcore does with a burst from one port. Every packet leaves in one of three
 * ways, and is counted in exactly one: sent (or left in a transmit buffer), punted, or dropped for
 * a reason. */
#ifndef BASCULE_FORWARD_H
#define BASCULE_FORWARD_H

#include <stdint.h>

#include <rte_mbuf.h>

#include "forwarder.h"
#include "port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Takes 1 to FORWARD_BURST packets over, and writes to `pkts`. The caller is an online reader of
 * the FIB's QSBR variable and flushes f->tx afterwards. */
void forward_burst(struct forwarder *f, const struct port *from, struct rte_mbuf **pkts,
		   uint16_t n);

#ifdef __cplusplus
}
#endif
#endif
