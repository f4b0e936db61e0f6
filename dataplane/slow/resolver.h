/* Adjacencies that control has claimed in the FIB, in both generations: gives them the frame header
 * of their gateway, and takes it from them when the gateway or its port's link goes. A claim of
 * gateway 0, a subnet on link, needs nothing: its hosts are in the neighbour table. */
#ifndef BASCULE_RESOLVER_H
#define BASCULE_RESOLVER_H

#include "slowpath_state.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { RESOLVER_SLICE = 1024 }; /* adjacencies of each generation */

/* The port's link has gone: no adjacency behind it forwards from here on, so that packets take
 * another way at once (see fib_repair()). */
void resolver_link_lost(struct slowpath *s, uint16_t port);

/* What goes out by the port has this MTU from here on. Control's claims that come later: in a
 * slice. */
void resolver_mtu(struct slowpath *s, uint16_t port, uint16_t mtu);

/* Each millisecond look at a slice of the claimed adjacencies; at all of them, at once, if
 * s->adjacencies_stale. */
void resolver_turn(struct slowpath *s);

#ifdef __cplusplus
}
#endif
#endif
