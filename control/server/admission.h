/* Admission decides which gateways take part in route exchange. A VPN gateway must be
 * active-active: it is admitted when two of its instances are up at once (one, with
 * allow_single_instance), and it stays admitted until none is up. Sessions of a gateway that is not
 * admitted are held: their routes are used by the VNets alone, and they learn the VNets' prefixes
 * alone. When an instance of an admitted gateway fails, the other one goes on taking part; it may
 * even restart gracefully (RFC 4724), and so may this route server.
 *
 * The state is receiver.held of each peer that is up or whose stale routes are kept. For a restart
 * of our own it is left in the FIB, beside the routes. Thread: the RIB lcore. */
#ifndef BASCULE_ADMISSION_H
#define BASCULE_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;
struct peer;

/* At the start: read which gateways took part when the control before us filled what the dataplane
 * still forwards by. They are admitted with one instance until admission_live(). */
void admission_open(struct route_server *rs);
/* Leave to a successor which gateways take part, since packets follow our own generation now.
 * Called then, whenever a gateway comes, and every second because of those that go. */
void admission_live(struct route_server *rs);
/* The peer's session comes up: decide whether it is held, and admit the gateway's sessions that
 * were held until a second instance came. To be called before its source is set in the RIB and
 * before it joins a group. */
void admission_up(struct route_server *rs, struct peer *peer);
/* After a reload: admit gateways for which allow_single_instance has been set. */
void admission_configure(struct route_server *rs);

#ifdef __cplusplus
}
#endif
#endif
