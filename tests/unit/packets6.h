/* Frames of IPv6 for tests of the dataplane: as packets.h. */
#ifndef BASCULE_TEST_PACKETS6_H
#define BASCULE_TEST_PACKETS6_H

#include <string>

#include <arpa/inet.h>

#include "fib_prefix.h"
#include "packets.h"

inline struct fib_addr addr6(const char *text)
{
	struct fib_addr addr = {};

	inet_pton(AF_INET6, text, &addr);
	for (uint32_t &word : addr.word)
		word = ntohl(word);
	return addr;
}

struct frame6_fields {
	struct fib_addr src = addr6("2001:db8:0:7::2"), dst = {};
	uint8_t hop_limit = 64, next = IPPROTO_UDP;
	uint32_t label = 0;
	std::string extensions; /* between the header and what has ports */
	uint16_t sport = 1000, dport = 2000;
	uint16_t payload = 26; /* octets behind the 8 that UDP and the ICMP header share */
};

inline struct rte_ipv6_hdr *ip6_header(struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod_offset(m, struct rte_ipv6_hdr *, RTE_ETHER_HDR_LEN);
}

inline void addr6_store(uint8_t *wire, const struct fib_addr &addr)
{
	for (int i = 0; i < 16; i++)
		wire[i] = (uint8_t)(addr.word[i / 4] >> (24 - i % 4 * 8));
}

/* A good frame to `to`, as if received by DPDK port `port`. */
inline struct rte_mbuf *frame6_make(struct rte_mempool *pool, const struct rte_ether_addr *to,
				    uint16_t port, const frame6_fields &f)
{
	uint16_t payload = (uint16_t)(f.extensions.size() + 8 + f.payload);
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	auto *ether = (struct rte_ether_hdr *)rte_pktmbuf_append(
		m, (uint16_t)(RTE_ETHER_HDR_LEN + 40 + payload));
	struct rte_ipv6_hdr *ip = ip6_header(m);
	uint8_t *l4 = (uint8_t *)(ip + 1) + f.extensions.size();

	m->port = port;
	ether->dst_addr = *to;
	memcpy(&ether->src_addr, far_mac, sizeof(far_mac));
	ether->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6);
	ip->vtc_flow = rte_cpu_to_be_32(0x60000000 | f.label);
	ip->payload_len = rte_cpu_to_be_16(payload);
	ip->proto = f.next;
	ip->hop_limits = f.hop_limit;
	addr6_store(ip->src_addr, f.src);
	addr6_store(ip->dst_addr, f.dst);
	memcpy(ip + 1, f.extensions.data(), f.extensions.size());
	memset(l4, 0, 8);
	l4[0] = (uint8_t)(f.sport >> 8);
	l4[1] = (uint8_t)f.sport;
	l4[2] = (uint8_t)(f.dport >> 8);
	l4[3] = (uint8_t)f.dport;
	for (uint16_t i = 8; i < 8 + f.payload; i++)
		l4[i] = (uint8_t)i;
	return m;
}

#endif
