/* A packet and its next hop. */
#ifndef BASCULE_HOP_H
#define BASCULE_HOP_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_mbuf.h>

#include "fib.h"
#include "ip4.h"
#include "ip6.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Is the next hop the neighbour that the packet came from, on the same port? Then it is not sent
 * back, where it would come from again until its TTL is over. `m` is as it was received. */
bool hop_bounces(const struct rte_mbuf *m, const struct adjacency *adjacency);

#define HOP_MIX UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / golden ratio */

/* The hash by which a packet's flow is spread over equal paths: mixed, so that the bits that chose
 * the receive queue (the device's, or those of a router before us with the same hash) do not choose
 * the path again. */
static inline uint32_t hop_hash(const struct rte_mbuf *m)
{
	const struct rte_ipv4_hdr *ip =
		rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, RTE_ETHER_HDR_LEN);
	uint32_t hash = m->hash.rss;

	if (!(m->ol_flags & RTE_MBUF_F_RX_RSS_HASH) || ip4_is_fragment(ip))
		hash = ip4_flow_hash(ip);
	return (uint32_t)(hash * HOP_MIX >> 32);
}

/* The same of IPv6. The device's hash is taken if ports are in it. */
static inline uint32_t hop6_hash(const struct rte_mbuf *m)
{
	const struct rte_ipv6_hdr *ip =
		rte_pktmbuf_mtod_offset(m, const struct rte_ipv6_hdr *, RTE_ETHER_HDR_LEN);
	uint32_t hash = m->hash.rss;

	if (!(m->ol_flags & RTE_MBUF_F_RX_RSS_HASH) ||
	    (ip->proto != IPPROTO_TCP && ip->proto != IPPROTO_UDP))
		hash = ip6_flow_hash(ip);
	return (uint32_t)(hash * HOP_MIX >> 32);
}

/* The adjacency index that a packet takes of a path-list. */
static inline uint16_t hop_member(const struct path_list *list, const struct rte_mbuf *m,
				  enum fib_family family)
{
	if (likely(list->nb_members == 1))
		return list->member[0];
	if (!list->nb_members)
		return ADJACENCY_NONE;
	return path_list_member(list, family == FIB_IP4 ? hop_hash(m) : hop6_hash(m));
}

/* Put the frame header of `adjacency` before the IP packet and take one from its TTL, or hop limit.
 */
void hop_rewrite(struct rte_mbuf *m, const struct adjacency *adjacency);
void hop6_rewrite(struct rte_mbuf *m, const struct adjacency *adjacency);

#ifdef __cplusplus
}
#endif
#endif
