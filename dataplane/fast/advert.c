/* Answers of ARP and neighbour advertisements. */
#include "advert.h"

#include <rte_arp.h>
#include <rte_ether.h>
#include <rte_ip.h>

#include "ip6.h"

enum {
	ND_ADVERTISEMENT = 136,
	ND_TARGET = 8, /* octets of an advertisement before its target */
};

static bool arp_answer(const struct rte_mbuf *m, struct fib_addr *who)
{
	const struct rte_arp_hdr *arp =
		rte_pktmbuf_mtod_offset(m, const struct rte_arp_hdr *, RTE_ETHER_HDR_LEN);

	if (m->data_len < RTE_ETHER_HDR_LEN + sizeof(*arp) ||
	    arp->arp_protocol != RTE_BE16(RTE_ETHER_TYPE_IPV4) ||
	    arp->arp_opcode != RTE_BE16(RTE_ARP_OP_REPLY))
		return false;
	*who = fib_addr_ip4(rte_be_to_cpu_32(arp->arp_data.arp_sip));
	return true;
}

/* Neighbour discovery has no extension headers that a kernel takes (RFC 6980). */
static bool nd_advertisement(const struct rte_mbuf *m, struct fib_addr *who)
{
	const struct rte_ipv6_hdr *ip =
		rte_pktmbuf_mtod_offset(m, const struct rte_ipv6_hdr *, RTE_ETHER_HDR_LEN);
	const uint8_t *icmp = (const uint8_t *)(ip + 1);

	if (m->data_len < RTE_ETHER_HDR_LEN + IP6_HEADER + ND_TARGET + sizeof(*who) ||
	    ip->proto != IPPROTO_ICMPV6 || *icmp != ND_ADVERTISEMENT)
		return false;
	*who = ip6_addr(icmp + ND_TARGET);
	return true;
}

bool advert_of(const struct rte_mbuf *m, struct fib_addr *who)
{
	switch (rte_pktmbuf_mtod(m, const struct rte_ether_hdr *)->ether_type) {
	case RTE_BE16(RTE_ETHER_TYPE_ARP): return arp_answer(m, who);
	case RTE_BE16(RTE_ETHER_TYPE_IPV6): return nd_advertisement(m, who);
	default: return false;
	}
}
