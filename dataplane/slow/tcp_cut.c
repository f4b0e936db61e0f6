/* TCP segments of one frame, and checksums. */
#include "tcp_cut.h"

#include <netinet/in.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

/* The one's complement sum from `sum` on, folded and complemented: what a checksum field holds. */
static uint16_t checksum(uint32_t sum, const void *octets, size_t len)
{
	sum = __rte_raw_cksum(octets, len, sum);
	return (uint16_t)~__rte_raw_cksum_reduce(sum);
}

bool checksum_complete(const struct virtio_net_hdr *offload, uint8_t *frame, size_t len)
{
	size_t start = offload->csum_start, field = start + offload->csum_offset;
	uint16_t sum;

	if (start > len || field + sizeof(sum) > len)
		return false;
	sum = checksum(0, frame + start, len - start);
	/* UDP says with 0 that there is none (RFC 768), which IPv6 forbids (RFC 8200 8.1);
	 * elsewhere both zeros are one. */
	if (!sum && offload->csum_offset == offsetof(struct rte_udp_hdr, dgram_cksum))
		sum = 0xffff;
	memcpy(frame + field, &sum, sizeof(sum));
	return true;
}

/* Does IPv4's header end where TCP's begins, and say how long the packet is? */
static bool fits4(const uint8_t *frame, size_t tcp, size_t len)
{
	const struct rte_ipv4_hdr *ip = (const void *)(frame + RTE_ETHER_HDR_LEN);

	return tcp >= RTE_ETHER_HDR_LEN + sizeof(*ip) && ip->next_proto_id == IPPROTO_TCP &&
	       tcp == (size_t)RTE_ETHER_HDR_LEN + rte_ipv4_hdr_len(ip) &&
	       len == (size_t)RTE_ETHER_HDR_LEN + rte_be_to_cpu_16(ip->total_length);
}

/* The same of IPv6, between whose header and TCP's others may lie. */
static bool fits6(const uint8_t *frame, size_t tcp, size_t len)
{
	const struct rte_ipv6_hdr *ip = (const void *)(frame + RTE_ETHER_HDR_LEN);
	size_t header = RTE_ETHER_HDR_LEN + sizeof(*ip);

	return tcp >= header && (tcp > header || ip->proto == IPPROTO_TCP) &&
	       len == header + rte_be_to_cpu_16(ip->payload_len);
}

static bool fits(uint8_t gso_type, const uint8_t *frame, size_t tcp, size_t len)
{
	rte_be16_t type = ((const struct rte_ether_hdr *)frame)->ether_type;

	switch (gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_TCPV4:
		return type == RTE_BE16(RTE_ETHER_TYPE_IPV4) && fits4(frame, tcp, len);
	case VIRTIO_NET_HDR_GSO_TCPV6:
		return type == RTE_BE16(RTE_ETHER_TYPE_IPV6) && fits6(frame, tcp, len);
	default: return false;
	}
}

bool tcp_cut_begin(struct tcp_cut *cut, const struct virtio_net_hdr *offload, const uint8_t *frame,
		   size_t len)
{
	const struct rte_tcp_hdr *tcp;
	size_t header = offload->csum_start;

	if (!(offload->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) || !offload->gso_size ||
	    offload->csum_offset != offsetof(struct rte_tcp_hdr, cksum) ||
	    header + sizeof(*tcp) > len || !fits(offload->gso_type, frame, header, len))
		return false;
	tcp = (const void *)(frame + header);
	header += (tcp->data_off >> 4) * 4u;
	if (tcp->data_off >> 4 < 5 || header >= len)
		return false;
	*cut = (struct tcp_cut){ .frame = frame,
				 .len = (uint32_t)len,
				 .tcp = offload->csum_start,
				 .header = (uint32_t)header,
				 .size = offload->gso_size,
				 .at = (uint32_t)header,
				 .gso_type = offload->gso_type };
	/* its own length goes into each segment's sum */
	cut->pseudo = tcp->cksum + (uint16_t)~rte_cpu_to_be_16((uint16_t)(cut->len - cut->tcp));
	return true;
}

uint32_t tcp_cut_segments(const struct tcp_cut *cut)
{
	return (cut->len - cut->header + cut->size - 1) / cut->size;
}

struct virtio_net_hdr tcp_cut_offload(const struct tcp_cut *cut, uint8_t tags)
{
	return (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = cut->gso_type,
		.hdr_len = (uint16_t)(tags + cut->header),
		.gso_size = (uint16_t)cut->size,
		.csum_start = (uint16_t)(tags + cut->tcp),
		.csum_offset = offsetof(struct rte_tcp_hdr, cksum),
	};
}

/* Of IP, `len` octets with all headers (RFC 791: length, identification, checksum; RFC 8200 3:
 * length). */
static void ip_header(const struct tcp_cut *cut, uint8_t *frame, uint32_t len)
{
	struct rte_ipv4_hdr *ip = (void *)(frame + RTE_ETHER_HDR_LEN);
	struct rte_ipv6_hdr *ip6 = (void *)ip;

	if ((cut->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) == VIRTIO_NET_HDR_GSO_TCPV6) {
		ip6->payload_len = rte_cpu_to_be_16((uint16_t)(len - sizeof(*ip6)));
		return;
	}
	ip->total_length = rte_cpu_to_be_16((uint16_t)len);
	ip->packet_id = rte_cpu_to_be_16((uint16_t)(rte_be_to_cpu_16(ip->packet_id) + cut->count));
	ip->hdr_checksum = 0;
	ip->hdr_checksum = checksum(0, ip, rte_ipv4_hdr_len(ip));
}

/* What differs from segment to segment (RFC 9293 3.1: sequence number, PSH and FIN with the last
 * octets; RFC 3168 6.1.2: CWR once). */
static void headers(const struct tcp_cut *cut, uint8_t *frame, uint32_t payload)
{
	struct rte_tcp_hdr *tcp = (void *)(frame + cut->tcp);
	uint32_t len = cut->header + payload, tcp_len = len - cut->tcp;

	ip_header(cut, frame, len - RTE_ETHER_HDR_LEN);
	tcp->sent_seq = rte_cpu_to_be_32(rte_be_to_cpu_32(tcp->sent_seq) + cut->at - cut->header);
	if (cut->at + payload < cut->len)
		tcp->tcp_flags &= (uint8_t) ~(RTE_TCP_PSH_FLAG | RTE_TCP_FIN_FLAG);
	if (cut->count)
		tcp->tcp_flags &= (uint8_t)~RTE_TCP_CWR_FLAG;
	tcp->cksum = 0;
	tcp->cksum = checksum(cut->pseudo + rte_cpu_to_be_16((uint16_t)tcp_len), tcp, tcp_len);
}

bool tcp_cut_next(struct tcp_cut *cut, struct rte_mbuf *m)
{
	uint32_t payload = RTE_MIN(cut->size, cut->len - cut->at);
	uint8_t *frame;

	if (cut->header + payload > rte_pktmbuf_tailroom(m)) {
		cut->at = cut->len;
		return false;
	}
	frame = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)(cut->header + payload));
	memcpy(frame, cut->frame, cut->header);
	memcpy(frame + cut->header, cut->frame + cut->at, payload);
	headers(cut, frame, payload);
	cut->at += payload;
	cut->count++;
	return true;
}
