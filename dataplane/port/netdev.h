/* The kernel device under a port, if it is of net_af_packet: what others may do to it while we run.
 * It goes and comes back under its name, it loses its link, its MTU is lowered. The driver notices
 * none of it. */
#ifndef BASCULE_NETDEV_H
#define BASCULE_NETDEV_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Each returns 0 or what was asked for, or -errno as the kernel has it. */
int netdev_index(const char *name);
int netdev_mtu(const char *name);
int netdev_mtu_set(const char *name, uint16_t mtu);
int netdev_mac_set(const char *name, const struct rte_ether_addr *mac);
/* Is it up, with a link? */
bool netdev_running(const char *name);

#ifdef __cplusplus
}
#endif
#endif
