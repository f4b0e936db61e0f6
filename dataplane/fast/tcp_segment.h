/* Where a TCP segment over IPv4 or IPv6 lies in a frame: in a received one, in several that were
 * merged, or in one that the kernel sends. Behind extension headers of IPv6 none is looked for. */
#ifndef BASCULE_TCP_SEGMENT_H
#define BASCULE_TCP_SEGMENT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_tcp.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tcp_segment {
	const void *ip;		       /* its header; borrowed from the frame */
	const struct rte_tcp_hdr *tcp; /* likewise; NULL: it is no segment, or not whole */
	uint32_t payload;	       /* octets */
	bool ip6;		       /* the header is of IPv6 */
};

/* An IP header that TCP's follows. */
struct tcp_carrier {
	uint32_t header, total; /* octets: of it, 0 if no TCP follows; of the whole packet */
};

static inline struct tcp_carrier tcp_carrier4(const struct rte_ipv4_hdr *ip)
{
	if (ip->next_proto_id != IPPROTO_TCP || rte_ipv4_hdr_len(ip) < sizeof(*ip) ||
	    (ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_OFFSET_MASK | RTE_IPV4_HDR_MF_FLAG)))
		return (struct tcp_carrier){ 0, 0 };
	return (struct tcp_carrier){ rte_ipv4_hdr_len(ip), rte_be_to_cpu_16(ip->total_length) };
}

static inline struct tcp_carrier tcp_carrier6(const struct rte_ipv6_hdr *ip)
{
	uint32_t header = sizeof(*ip);

	if (ip->proto != IPPROTO_TCP)
		return (struct tcp_carrier){ 0, 0 };
	return (struct tcp_carrier){ header, header + rte_be_to_cpu_16(ip->payload_len) };
}

/* Of a frame, the first `there` octets of which lie at `frame`. */
static inline struct tcp_carrier tcp_carrier_in(const void *frame, uint32_t there)
{
	const struct rte_ether_hdr *ether = (const struct rte_ether_hdr *)frame;

	if (there >= sizeof(*ether) + sizeof(struct rte_ipv4_hdr) &&
	    ether->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4))
		return tcp_carrier4((const struct rte_ipv4_hdr *)(ether + 1));
	if (there >= sizeof(*ether) + sizeof(struct rte_ipv6_hdr) &&
	    ether->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV6))
		return tcp_carrier6((const struct rte_ipv6_hdr *)(ether + 1));
	return (struct tcp_carrier){ 0, 0 };
}

/* Of a frame of `len` octets, the first `there` of which lie at `frame`: its headers, with all
 * options, have to. */
static inline struct tcp_segment tcp_segment_at(const void *frame, uint32_t there, uint32_t len)
{
	const struct rte_ether_hdr *ether = (const struct rte_ether_hdr *)frame;
	struct tcp_segment none = { 0 }, s = none;
	struct tcp_carrier ip = tcp_carrier_in(frame, there);
	uint32_t headers = ip.header;

	if (!ip.header || ip.total + sizeof(*ether) > len ||
	    headers + sizeof(*ether) + sizeof(*s.tcp) > there)
		return none;
	s.ip = ether + 1;
	s.ip6 = ether->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV6);
	s.tcp = (const struct rte_tcp_hdr *)((const uint8_t *)s.ip + headers);
	headers += (s.tcp->data_off >> 4) * 4u;
	if (s.tcp->data_off >> 4 < 5 || headers > ip.total || headers + sizeof(*ether) > there)
		return none;
	s.payload = ip.total - headers;
	return s;
}

static inline struct tcp_segment tcp_segment_of(const struct rte_mbuf *m)
{
	return tcp_segment_at(rte_pktmbuf_mtod(m, const void *), m->data_len, m->pkt_len);
}

#ifdef __cplusplus
}
#endif
#endif
