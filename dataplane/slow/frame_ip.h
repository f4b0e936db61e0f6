/* The IP packet in a frame without tags: its family and its addresses. */
#ifndef BASCULE_FRAME_IP_H
#define BASCULE_FRAME_IP_H

#include <stdbool.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include "fib_prefix.h"
#include "ip6.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline struct rte_ipv4_hdr *frame_ip4(const struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, RTE_ETHER_HDR_LEN);
}

static inline struct rte_ipv6_hdr *frame_ip6(const struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod_offset(m, struct rte_ipv6_hdr *, RTE_ETHER_HDR_LEN);
}

/* Is it IPv6? Of a packet that a forwarding lcore has judged it is IPv4 else. */
static inline bool frame_is_ip6(const struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod(m, const struct rte_ether_hdr *)->ether_type ==
	       RTE_BE16(RTE_ETHER_TYPE_IPV6);
}

/* Of a packet whose header is good. */
static inline struct fib_addr frame_source(const struct rte_mbuf *m)
{
	return frame_is_ip6(m) ? ip6_addr(frame_ip6(m)->src_addr)
			       : fib_addr_ip4(rte_be_to_cpu_32(frame_ip4(m)->src_addr));
}

static inline struct fib_addr frame_destination(const struct rte_mbuf *m)
{
	return frame_is_ip6(m) ? ip6_addr(frame_ip6(m)->dst_addr)
			       : fib_addr_ip4(rte_be_to_cpu_32(frame_ip4(m)->dst_addr));
}

#ifdef __cplusplus
}
#endif
#endif
