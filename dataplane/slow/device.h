/* The kernel device under a port of net_af_packet, looked at while we run. Deleted: the port is
 * down. Made anew under its name: the port goes on with it, and it gets the port's MAC address and
 * MTU. Its MTU lowered: the port's MTU follows, so that packets which are too big are answered with
 * the size that fits, and rises again with it. All of it is logged, counted, and shown to control,
 * whose alarms they are. */
#ifndef BASCULE_DEVICE_H
#define BASCULE_DEVICE_H

#include "slowpath_state.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Look at it, and do what follows. False: the port has no device. */
bool device_check(struct slowpath *s, struct port *port);

/* From now on the port takes packets of `mtu` octets: its neighbours, its LCP interface. */
void device_mtu(struct slowpath *s, struct port *port, uint16_t mtu);

#ifdef __cplusplus
}
#endif
#endif
