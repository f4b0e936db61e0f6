/* Peers and the instance, taken out of service by operators and put back (maintenance.h has what is
 * said of them, over restarts).
 *
 *   shut down  The session ends with Cease/2 and the text (RFC 9003), and there is none until the
 *              peer is started. Connections from it are refused.
 *   drained    The session stays, and whoever can goes elsewhere (RFC 8326): what the peer is told
 *              has the community GRACEFUL_SHUTDOWN and, towards gateways of our own AS, LOCAL_PREF
 *              0; what it announces has local preference 0 here. Nothing is withdrawn, and packets
 *              that come all the same are forwarded.
 *
 * If the instance is drained, all peers are told that. What they announce stands as it is then: all
 * of it would be as far behind, and forwarding is not to change.
 *
 * A command has its effect at once, and is answered when the file says so, or after SERVICE_WAIT_MS
 * with a warning. Thread: the RIB lcore. */
#ifndef BASCULE_SERVICE_H
#define BASCULE_SERVICE_H

#include "page.h"

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;

enum { SERVICE_WAIT_MS = 5000 }; /* a command waits so long for the disk */

/* Take a page with the command PAGE_SERVICE. If some of it is left, or it failed, the page is
 * answered by whoever calls (true); else service_turn() answers it. */
bool service_take(struct route_server *rs, struct page *page);
/* Answer pages that wait for the disk, as far as it has answered. Returns how many. */
unsigned int service_turn(struct route_server *rs);
/* Once a second: an event when the state file gets into trouble, and when it is out of it. */
void service_look(struct route_server *rs);

#ifdef __cplusplus
}
#endif
#endif
