/* Unicast reverse path forwarding (RFC 2827, RFC 3704): does a packet's source lie behind the port
 * that it came by?
 *
 * Asked is the view of role vnet, the one that has every route whatever the switch says: the view
 * of a port's own role never has the routes back to it.
 *
 *   strict  the longest match of the source leads to the port by some way: any member of its
 *           path-list, or of the backup, which is what RFC 3704 2.3 calls a feasible path. A
 *           default route counts like others.
 *   loose   there is a route, to whichever port. The default route does not count (RFC 3704 2.4,
 *           "ignoring default routes"): with it every source would do.
 *
 * A link-local address is of the link that it comes by, and never forwarded. A configured BGP peer
 * is where the configuration has it (bgp_wrong_port says otherwise): its
 * source passes by that port without a route, without which it could never tell us one. Enhanced
 * feasible path (RFC 8704) asks for what each customer announces; strict with backups is as far as
 * a FIB can say. */
#ifndef BASCULE_URPF_H
#define BASCULE_URPF_H

#include <stdint.h>

#include "burst.h"
#include "config.h"
#include "fib.h"
#include "screen.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Those of `some`, good headers of `family` that are screened by `by`, whose source fails; one
 * look-up for all. */
uint64_t urpf_failed(enum config_urpf mode, const struct fib *fib, const struct screening *by,
		     enum fib_family family, const struct burst *b, uint64_t some);

#ifdef __cplusplus
}
#endif
#endif
