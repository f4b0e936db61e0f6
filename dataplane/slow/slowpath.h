/* The slow path: all that the main lcore does with packets. It empties the punt rings into the LCP
 * interfaces, carries the kernel's frames to the ports, holds packets for hosts that are being
 * resolved, cuts packets that are too big, and has ICMP errors built. It also owns what the
 * forwarding lcores only read: neighbours and adjacencies. */
#ifndef BASCULE_SLOWPATH_H
#define BASCULE_SLOWPATH_H

#include <stdbool.h>
#include <stdint.h>

#include "slowpath_send.h"
#include "slowpath_state.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Packets out of the punt rings, in order of class, at most a few bursts. Returns how many. */
uint32_t slowpath_punts(struct slowpath *s);
/* Frames of the kernel to the ports. Returns how many. */
uint32_t slowpath_lcp(struct slowpath *s);

/* May control's answer to what peers have said come any moment? Then it is not worth a sleep. */
bool slowpath_waits(const struct slowpath *s);

/* Look after links, hosts and what the kernel has in this turn? That may take as long as control
 * takes for an answer, which then waits for us: so while one is due it is done once a millisecond
 * at most, unless forwarding depends on it. */
bool slowpath_keeps_house(struct slowpath *s);

/* Send what was held for a host that is resolved now, or answer it if the host is not there. */
void slowpath_release(struct slowpath *s, struct host *host);

/* An ICMP error about `m`, back to where it came from; takes `m` over. The caller has counted it as
 * dropped. */
void slowpath_error(struct slowpath *s, enum punt_error error, uint16_t mtu, struct rte_mbuf *m);

#ifdef __cplusplus
}
#endif
#endif
