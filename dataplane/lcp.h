/* The Linux control-plane interface of a port: a TAP that carries the port's MAC address, MTU and addresses, so that the
 * kernel does ARP, ping and TCP there. Frames for us go in, frames of the kernel come out and leave through the port.
 *
 * A plain /dev/net/tun descriptor rather than DPDK's net_tap: it vanishes with the process however that ends, its carrier
 * can follow the port's link, the main lcore can wait for it, and secondary processes need know nothing of it. */
#ifndef BASCULE_LCP_H
#define BASCULE_LCP_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "config.h"
#include "netlink.h"
#include "port.h"

#ifdef __cplusplus
extern "C" {
#endif

struct lcp {
	char name[IFNAMSIZ]; /* "<instance>-<port>" */
	int fd;		     /* owned; non-blocking */
	int ifindex;
	const struct port *port; /* borrowed */
};

/* Make the interface, configure and raise it. Logs what is wrong; -errno. */
int lcp_open(struct lcp *lcp, struct netlink *nl, const struct port *port, const char *instance);
/* The interface goes, and with it its addresses and routes. */
void lcp_close(struct lcp *lcp);

/* Let the kernel see the port's link as the interface's carrier. */
void lcp_carrier(const struct lcp *lcp, bool up);

/* Add or take out the kernel's route to a VNet prefix behind this port, by which its TCP reaches peers that are more than
 * one hop away. A prefix inside a connected subnet needs none. -errno, logged. */
int lcp_route(const struct lcp *lcp, struct netlink *nl, const struct config_vnet *vnet, bool add);

/* Give a frame to the kernel. False: it refused. The packet stays the caller's. */
bool lcp_send(const struct lcp *lcp, struct rte_mbuf *m);
/* Take at most `n` frames from the kernel. */
uint16_t lcp_receive(const struct lcp *lcp, struct rte_mempool *pool, struct rte_mbuf **pkts,
		     uint16_t n);

#ifdef __cplusplus
}
#endif
#endif
