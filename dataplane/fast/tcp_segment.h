/* Where a TCP segment over IPv4 lies in a frame: in a received one, in several that were merged, or
 * in one that the kernel sends. */
#ifndef BASCULE_TCP_SEGMENT_H
#define BASCULE_TCP_SEGMENT_H

#include <netinet/in.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_tcp.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tcp_segment {
	const struct rte_ipv4_hdr *ip; /* borrowed from the frame */
	const struct rte_tcp_hdr *tcp; /* likewise; NULL: it is no segment, or not whole */
	uint32_t payload;	       /* octets */
};

/* Its headers, with all options, have to lie in the first mbuf. */
static inline struct tcp_segment tcp_segment_of(const struct rte_mbuf *m)
{
	const struct rte_ether_hdr *ether = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	const struct rte_ipv4_hdr *ip = (const void *)(ether + 1);
	const struct rte_tcp_hdr *tcp;
	uint32_t headers, total;

	if (m->data_len < sizeof(*ether) + sizeof(*ip) + sizeof(*tcp) ||
	    ether->ether_type != RTE_BE16(RTE_ETHER_TYPE_IPV4) ||
	    ip->next_proto_id != IPPROTO_TCP ||
	    (ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_OFFSET_MASK | RTE_IPV4_HDR_MF_FLAG)))
		return (struct tcp_segment){ 0 };
	total = rte_be_to_cpu_16(ip->total_length);
	headers = rte_ipv4_hdr_len(ip);
	if (headers < sizeof(*ip) || total < headers + sizeof(*tcp) ||
	    total + sizeof(*ether) > m->pkt_len ||
	    headers + sizeof(*ether) + sizeof(*tcp) > m->data_len)
		return (struct tcp_segment){ 0 };
	tcp = (const void *)((const uint8_t *)ip + headers);
	headers += (tcp->data_off >> 4) * 4u;
	if (tcp->data_off >> 4 < 5 || headers > total || headers + sizeof(*ether) > m->data_len)
		return (struct tcp_segment){ 0 };
	return (struct tcp_segment){ ip, tcp, total - headers };
}

#ifdef __cplusplus
}
#endif
#endif
