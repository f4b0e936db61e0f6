/* What a host says of itself: an answer of ARP (RFC 826), or a neighbour advertisement (RFC 4861
 * 4.4). Pure: reads a frame. */
#ifndef BASCULE_ADVERT_H
#define BASCULE_ADVERT_H

#include <stdbool.h>

#include <rte_mbuf.h>

#include "fib_prefix.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whose it is. False: the frame is neither. */
bool advert_of(const struct rte_mbuf *m, struct fib_addr *who);

#ifdef __cplusplus
}
#endif
#endif
