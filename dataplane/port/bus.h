/* EAL's lists of devices, which are for one thread at a time: each device that has failed has one
 * of its own (device_recovery.h). */
#ifndef BASCULE_BUS_H
#define BASCULE_BUS_H

#ifdef __cplusplus
extern "C" {
#endif

struct rte_device;

void bus_lock(void);
void bus_unlock(void);

/* Have DPDK, and with it the kernel, let go of a device whose ethdevs are closed. Takes the lock;
 * -errno. */
int bus_let_go(struct rte_device *device);

#ifdef __cplusplus
}
#endif
#endif
