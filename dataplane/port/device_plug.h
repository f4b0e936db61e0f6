/* A PCI device that is taken out while we run, and put in again. vfio-pci has the kernel wait until
 * DPDK has let go of it. Both functions block; nobody else may use the device meanwhile. */
#ifndef BASCULE_DEVICE_PLUG_H
#define BASCULE_DEVICE_PLUG_H

#ifdef __cplusplus
extern "C" {
#endif

struct device;

/* Close it and let go of it. Logs what is wrong, -errno: then it is closed, and to be called again.
 * What is no PCI device is closed only. */
int device_unplug(struct device *device);

/* Have DPDK take it again, as the same ethdev, set it up as it was and start it. Logs what is
 * wrong; -errno. If DPDK has taken it, it is not closed any more, and device_revive() is what is
 * left. */
int device_plug(struct device *device);

#ifdef __cplusplus
}
#endif
#endif
