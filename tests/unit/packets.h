/* Frames for tests of the dataplane: built plain, then spoilt by the test that wants them so. */
#ifndef BASCULE_TEST_PACKETS_H
#define BASCULE_TEST_PACKETS_H

#include <netinet/in.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include "punt.h"

static const uint8_t far_mac[6] = { 0x02, 0xfa, 0, 0, 0, 1 };

struct frame_fields {
	uint32_t src = 0x0a000002, dst = 0x0a010002; /* host order */
	uint8_t ttl = 64, protocol = IPPROTO_UDP;
	uint16_t sport = 1000, dport = 2000;
	uint16_t payload = 26; /* octets behind the 8 that UDP and the ICMP header share */
	uint16_t fragment = 0; /* host order: flags and offset */
	uint8_t options = 0;   /* octets of NOP options, a multiple of 4 */
};

inline void ip4_fix_checksum(struct rte_ipv4_hdr *ip)
{
	ip->hdr_checksum = 0;
	ip->hdr_checksum = (uint16_t)~rte_raw_cksum(ip, (ip->version_ihl & 15) * 4);
}

inline struct rte_ipv4_hdr *ip4_header(struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, RTE_ETHER_HDR_LEN);
}

/* A good frame to `to`, as if received by DPDK port `port`. */
inline struct rte_mbuf *frame_make(struct rte_mempool *pool, const struct rte_ether_addr *to,
				   uint16_t port, const frame_fields &f)
{
	uint16_t total = (uint16_t)(20 + f.options + 8 + f.payload);
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	auto *ether = (struct rte_ether_hdr *)rte_pktmbuf_append(
		m, (uint16_t)(RTE_ETHER_HDR_LEN + total));
	struct rte_ipv4_hdr *ip = ip4_header(m);
	uint8_t *l4 = (uint8_t *)(ip + 1) + f.options;

	m->port = port;
	ether->dst_addr = *to;
	memcpy(&ether->src_addr, far_mac, sizeof(far_mac));
	ether->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	memset(ip, 0, total);
	ip->version_ihl = (uint8_t)(0x40 | (5 + f.options / 4));
	ip->total_length = rte_cpu_to_be_16(total);
	ip->packet_id = rte_cpu_to_be_16(0x1234);
	ip->fragment_offset = rte_cpu_to_be_16(f.fragment);
	ip->time_to_live = f.ttl;
	ip->next_proto_id = f.protocol;
	ip->src_addr = rte_cpu_to_be_32(f.src);
	ip->dst_addr = rte_cpu_to_be_32(f.dst);
	memset(ip + 1, 1, f.options);
	ip4_fix_checksum(ip);
	l4[0] = (uint8_t)(f.sport >> 8);
	l4[1] = (uint8_t)f.sport;
	l4[2] = (uint8_t)(f.dport >> 8);
	l4[3] = (uint8_t)f.dport;
	for (uint16_t i = 8; i < 8 + f.payload; i++)
		l4[i] = (uint8_t)i;
	return m;
}

#endif
