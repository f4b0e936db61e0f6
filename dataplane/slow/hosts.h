/* Asks the kernel to resolve hosts on link that packets or routes need. monitor.h reads the
 * answers. */
#ifndef BASCULE_HOSTS_H
#define BASCULE_HOSTS_H

#include <stdint.h>

#include "neighbour.h"
#include "slowpath_state.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The host of (port, addr); if it is not known, the kernel is asked to resolve it. NULL: no room,
 * or the link is down. */
struct host *hosts_want(struct slowpath *s, uint16_t port, struct fib_addr addr);

/* Have the kernel resolve a host, or report what it knows of it. What this slice has no time for is
 * left to monitor_turn(). */
void hosts_ask(struct slowpath *s, struct host *host);

#ifdef __cplusplus
}
#endif
#endif
