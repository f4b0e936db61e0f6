/* Which gateways take part in route exchange. A VPN gateway must be active-active: it is admitted
 * when two of its instances are up at once (or with allow_single_instance, one), and stays so until
 * none is. Until then its sessions are held: their routes are for the VNets alone, and they learn
 *  the VNets' prefixes alone. What fails afterwards is a failure like others: an instance that
 * is left carries on, and may restart (RFC 4724); and so may we.
 *
 * All state is peer->held of the peers that are up or whose routes are kept for them. For our own
 * restart it is left in the FIB, where the routes are as well. Thread: the RIB lcore. */
#ifndef BASCULE_ADMISSION_H
#define BASCULE_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;
struct peer;

/* At the start: which gateways took part in what the dataplane still forwards. Counts until
 * admission_live(). */
void admission_open(struct route_server *rs);
/* What is forwarded is ours by now: leave to a successor which gateways take part. Also whenever
 * one comes, and every second for those that go. */
void admission_live(struct route_server *rs);
/* The peer's session comes up: sets peer->held, and lets those of the gateway go that waited for
 * it. Before its source is set in the RIB and before it joins a group. */
void admission_up(struct route_server *rs, struct peer *peer);
/* After a reload: allow_single_instance may have come. */
void admission_configure(struct route_server *rs);

#ifdef __cplusplus
}
#endif
#endif
