/* What devices are called in the configuration: PCI addresses, and EAL's words for vdevs. */
#ifndef BASCULE_DEVICE_NAME_H
#define BASCULE_DEVICE_NAME_H

#include <net/if.h>
#include <stdbool.h>

#include <rte_dev.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The kernel device that a device string names with iface=, if it is of net_af_packet. Empty
 * `netdev` if none. */
void device_netdev(const char *device, char netdev[IFNAMSIZ]);

/* Is it a PCI address ("0000:3b:00.0", "3b:00.0"), with or without arguments behind a comma? */
bool device_is_pci(const char *device);

/* EAL's name of it: of a vdev what stands before its arguments, of a PCI device its full
 * address. */
void device_name(const char *device, char name[RTE_DEV_NAME_MAX_LEN]);

#ifdef __cplusplus
}
#endif
#endif
