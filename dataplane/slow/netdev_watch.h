/* The kernel device under one of net_af_packet, looked at while we run. Deleted: its ports are
 * down. Made anew under its name: they go on with it, and it gets their MAC address and MTU. Its
 * MTU lowered: the ports' MTUs follow, so that packets which are too big are answered with the size
 * that fits, and rise again with it. All of it is logged, counted, and shown to control, whose
 * alarms they are. */
#ifndef BASCULE_NETDEV_WATCH_H
#define BASCULE_NETDEV_WATCH_H

#include "slowpath_state.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Have control see of each port of the device that it is lost, or is there again. */
void device_lost_store(struct slowpath *s, struct device *device, bool lost);

/* Look at it, and do what follows. False: there is no device. */
bool netdev_watch(struct slowpath *s, struct device *device);

#ifdef __cplusplus
}
#endif
#endif
