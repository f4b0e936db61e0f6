/* The Linux control-plane interface of a port: a TAP that carries the port's MAC address, MTU and
 * addresses, so that the kernel does ARP, ping and TCP there. Frames for us go in, frames of the
 * kernel come out and leave through the port.
 *
 * Both ways it carries what a NIC with offloads would: TCP of many segments behind one header
 * (tcp_cut.h, tcp_merge.h), and checksums that are still to be made or known to be good
 * (IFF_VNET_HDR; virtio 1.2, 5.1.6).
 *
 * A plain /dev/net/tun descriptor rather than DPDK's net_tap: it vanishes with the process however
 * that ends, its carrier can follow the port's link, the main lcore can wait for it, and secondary
 * processes need know nothing of it. */
#ifndef BASCULE_LCP_H
#define BASCULE_LCP_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "config.h"
#include "counters.h"
#include "fib_prefix.h"
#include "netlink.h"
#include "port.h"
#include "tcp_cut.h"

#ifdef __cplusplus
extern "C" {
#endif

struct lcp {
	char name[IFNAMSIZ]; /* "<instance>-<port>" */
	int fd;		     /* owned; non-blocking */
	int ifindex;
	bool settled;		 /* its settings were written once */
	uint8_t *frame;		 /* owned: LCP_FRAME octets, for what the kernel hands over */
	struct tcp_cut cut;	 /* of it, under way */
	const struct port *port; /* borrowed */
};

/* The neighbour by which the host's routing hands packets from our addresses to the dataplane
 * (self.h): IANA's dummy address (RFC 7600 4.8, never a destination and nobody's), known by the
 * port's own MAC address. */
#define LCP_ROUTER UINT32_C(0xc0000008)

/* The same of IPv6: 100::1, of the prefix that is for nothing (RFC 6666). */
static inline struct fib_addr lcp_router6(void)
{
	struct fib_addr addr = { { 0x01000000, 0, 0, 1 } };

	return addr;
}

enum {
	LCP_TEXT = 64,
	LCP_FRAME = RTE_ETHER_HDR_LEN + 65536, /* octets of the largest frame */
};

/* Make the interface, configure and raise it; its addresses and routes are the keeper's. Logs what
 * is wrong; -errno. */
int lcp_open(struct lcp *lcp, struct netlink *nl, const struct port *port, const char *instance);
/* The interface goes, and with it its addresses and routes. */
void lcp_close(struct lcp *lcp);
/* Make it anew: somebody has deleted it. */
int lcp_reopen(struct lcp *lcp, struct netlink *nl, const char *instance);

/* Is it up, with the port's MTU and MAC address? 0: it is; 1: it was not, as `what` says, and is
 * now; -ENODEV: it is not there; another -errno: it is not and cannot be. */
int lcp_check(const struct lcp *lcp, struct netlink *nl, char what[LCP_TEXT]);
/* The settings of the interface, and of the kernel device under the port. Returns how many had to
 * be written; the last one's name is in `what`. */
int lcp_settings(struct lcp *lcp, char what[LCP_TEXT]);

/* Let the kernel see the port's link as the interface's carrier. */
void lcp_carrier(const struct lcp *lcp, bool up);

/* Give a frame, or segments that tcp_merge() has made one, to the kernel. False: it refused. The
 * packet stays the caller's. */
bool lcp_send(const struct lcp *lcp, struct rte_mbuf *m);
/* Take at most `n` frames from the kernel: as they are to leave, with their checksums. It ends at
 * one of several segments (tcp_cut_whole() of `cut` says so then), and the next call begins with
 * those, if there still are any. What cannot be sent is dropped and counted (DROP_LCP_FRAME). */
uint16_t lcp_receive(struct lcp *lcp, struct rte_mempool *pool, struct counters *counters,
		     struct rte_mbuf **pkts, uint16_t n);

#ifdef __cplusplus
}
#endif
#endif
