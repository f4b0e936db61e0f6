/* Requests to the kernel's table of neighbours on the LCP interfaces: it asks the hosts, we ask it.
 * What it answers by events is monitor.h's.
 *
 * The usual flag for "resolve this", NTF_USE, takes NUD_PERMANENT away from an entry since Linux
 * 5.16. So it is used only where there is no entry (and if one came meanwhile the kernel refuses),
 * or where the kernel has just said that its entry has no address. All return 0 or -errno, and each
 * is one system call. */
#ifndef BASCULE_SOLICIT_H
#define BASCULE_SOLICIT_H

#include <stdint.h>

#include "slowpath_state.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Resolve a host that the kernel does not know. -EEXIST: it does, and nothing has changed. */
int solicit_new(struct slowpath *s, uint16_t port, struct fib_addr addr);
/* Resolve one that the kernel has an entry for, without an address. */
int solicit_again(struct slowpath *s, uint16_t port, struct fib_addr addr);
/* Have the host asked whether its address is still good, which is used meanwhile: it first, then
 * everybody, as it may have moved; see lcp.c for how often. -ENOENT: the kernel does not know it;
 * -EINVAL: it has no address. */
int solicit_probe(struct slowpath *s, uint16_t port, struct fib_addr addr);
/* Have the kernel report what it knows of a host, since it sends an event only when that changes.
 * The answer comes like an event. */
int solicit_report(struct slowpath *s, uint16_t port, struct fib_addr addr);

/* Make a permanent entry for a host, in place of any other; and take it out. */
int solicit_fix(struct slowpath *s, uint16_t port, struct fib_addr addr, const uint8_t mac[6]);
int solicit_unfix(struct slowpath *s, uint16_t port, struct fib_addr addr);

#ifdef __cplusplus
}
#endif
#endif
