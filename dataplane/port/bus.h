/* EAL's lists of devices, which are for one thread at a time: each device that has failed has one
 * of its own (device_recovery.h). */
#ifndef BASCULE_BUS_H
#define BASCULE_BUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rte_device;

/* The DPDK port id of a device, as the configuration calls it. -ENODEV: there is none, or its
 * driver refused it; -ENOTSUP: it makes several. */
int bus_find(const char *device, uint16_t *id);

/* Have DPDK take a device that has come, and find it. `payload` as of config_device_string().
 * Nobody has the number that it gets, the lowest one that is free. -errno. */
int bus_take(const char *device, uint16_t payload, uint16_t *id);

/* Have DPDK, and with it the kernel, let go of a device whose ethdevs are closed. -errno. */
int bus_let_go(struct rte_device *device);
/* Close the ethdev, and have its device let go of. -errno. */
int bus_give_back(uint16_t id);

#ifdef __cplusplus
}
#endif
#endif
