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

/* Of a frame of `len` octets, the first `there` of which lie at `frame`: its headers, with all
 * options, have to. */
static inline struct tcp_segment tcp_segment_at(const void *frame, uint32_t there, uint32_t len)
{
	const struct rte_ether_hdr *ether = (const struct rte_ether_hdr *)frame;
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(ether + 1);
	const struct rte_tcp_hdr *tcp;
	uint32_t headers, total;

	if (there < sizeof(*ether) + sizeof(*ip) + sizeof(*tcp) ||
	    ether->ether_type != RTE_BE16(RTE_ETHER_TYPE_IPV4) ||
	    ip->next_proto_id != IPPROTO_TCP ||
	    (ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_OFFSET_MASK | RTE_IPV4_HDR_MF_FLAG)))
		return (struct tcp_segment){ 0 };
	total = rte_be_to_cpu_16(ip->total_length);
	headers = rte_ipv4_hdr_len(ip);
	if (headers < sizeof(*ip) || total < headers + sizeof(*tcp) ||
	    total + sizeof(*ether) > len || headers + sizeof(*ether) + sizeof(*tcp) > there)
		return (struct tcp_segment){ 0 };
	tcp = (const struct rte_tcp_hdr *)((const uint8_t *)ip + headers);
	headers += (tcp->data_off >> 4) * 4u;
	if (tcp->data_off >> 4 < 5 || headers > total || headers + sizeof(*ether) > there)
		return (struct tcp_segment){ 0 };
	return (struct tcp_segment){ ip, tcp, total - headers };
}

static inline struct tcp_segment tcp_segment_of(const struct rte_mbuf *m)
{
	return tcp_segment_at(rte_pktmbuf_mtod(m, const void *), m->data_len, m->pkt_len);
}

#ifdef __cplusplus
}
#endif
#endif
