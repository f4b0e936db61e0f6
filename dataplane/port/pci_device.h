/* PCI devices that are not DPDK's yet, or no longer: at boot, whoever binds them to vfio-pci may do
 * so after we have begun; and one that is taken out may be put in again. */
#ifndef BASCULE_PCI_DEVICE_H
#define BASCULE_PCI_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct config_dataplane;

enum { PCI_WAIT_MS = 60000, PCI_WHY = 96 };

/* Can DPDK open the device? `device` is a port's: anything but a PCI address is good, and so is a
 * device that is not there, of which EAL will say so. False: `why` it cannot, in words that stand
 * behind its name. `root` is what the paths of sysfs and of /dev begin with, "" but in tests. */
bool pci_ready(const char *root, const char *device, char why[PCI_WHY]);

/* Has it a driver of the kernel's? It has none from the moment on in which it is being unbound or
 * taken out, for which vfio-pci waits until we let go of it. */
bool pci_bound(const char *root, const char *device);

/* Has a port a PCI device that reads and writes memory by physical addresses: by vfio-pci on a host
 * without an IOMMU, or by UIO? */
bool pci_physical(const char *root, const struct config_dataplane *dataplane);

/* Wait for the devices of all ports, and tell systemd for which one; after PCI_WAIT_MS log what is
 * wrong, and leave it to EAL. */
void pci_wait(const struct config_dataplane *dataplane);

#ifdef __cplusplus
}
#endif
#endif
