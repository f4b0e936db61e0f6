/* What the tables hold of a port before and without control: our own addresses and the connected
 * subnets, of both families. What is to the link (fe80::/10, ff02::/16) is in no table: forwarding
 * lcores see it by themselves (dataplane/fast/odd6.c). */
#ifndef BASCULE_PORT_SEEDS_H
#define BASCULE_PORT_SEEDS_H

#include "fib.h"
#include "port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Seed them; before fib_ready(). What fib_seed() says, but for seeds that are there already: two
 * addresses may have one subnet. */
int port_seed(struct fib *fib, const struct port *port);

#ifdef __cplusplus
}
#endif
#endif
