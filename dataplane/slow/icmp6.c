/* Builds ICMPv6 errors. */
#include "icmp6.h"

#include <netinet/in.h>
#include <string.h>

#include <rte_byteorder.h>

#include "ip6.h"

enum {
	ICMP6_UNREACHABLE = 1,
	ICMP6_TOO_BIG = 2,
	ICMP6_TIME_EXCEEDED = 3,
	ICMP6_INFORMATIONAL = 128, /* and all above: no errors (2.1) */
	ICMP6_REDIRECT = 137,

	ICMP6_PACKET_MAX = 1280, /* the least MTU of IPv6: 2.4 c */
	ICMP6_HOP_LIMIT = 64,
};

/* The header of every error (3.1 to 3.3); IPv6 behind Ethernet begins at no multiple of four. */
struct icmp6_header {
	uint8_t type, code;
	rte_be16_t checksum;
	rte_be32_t mtu; /* else unused, and zero */
} __rte_packed;

/* Internetwork control, as of ICMP errors in IPv4: traffic class 0xc0. */
#define ICMP6_VERSION_CLASS RTE_BE32(0x6c000000)

static const struct {
	uint8_t type, code;
} kinds[] = {
	[PUNT_ERROR_NET_UNREACHABLE] = { ICMP6_UNREACHABLE, 0 },
	[PUNT_ERROR_HOST_UNREACHABLE] = { ICMP6_UNREACHABLE, 3 },
	[PUNT_ERROR_TOO_BIG] = { ICMP6_TOO_BIG, 0 },
	[PUNT_ERROR_TTL_EXPIRED] = { ICMP6_TIME_EXCEEDED, 0 },
};

/* Is it, or could it be, an ICMPv6 error or a redirect? */
static bool maybe_error(const struct rte_ipv6_hdr *ip)
{
	struct ip6_upper upper = ip6_upper(ip);
	const uint8_t *at = (const uint8_t *)ip + upper.at;

	if (ip6_is_extension(upper.proto))
		return true;
	if (upper.proto != IPPROTO_ICMPV6)
		return false;
	return upper.offset || ip6_total_len(ip) <= upper.at || *at < ICMP6_INFORMATIONAL ||
	       *at == ICMP6_REDIRECT;
}

bool icmp6_permitted(const struct rte_ipv6_hdr *ip)
{
	return !ip6_unspecified(ip->src_addr) && ip->src_addr[0] != 0xff &&
	       ip->dst_addr[0] != 0xff && !maybe_error(ip);
}

void icmp6_append(struct rte_mbuf *answer, const struct rte_ipv6_hdr *cause, enum punt_error error,
		  uint16_t mtu, const struct fib_addr *from)
{
	enum { HEADERS = IP6_HEADER + sizeof(struct icmp6_header) };
	uint16_t quoted =
		(uint16_t)RTE_MIN(ip6_total_len(cause), (uint32_t)(ICMP6_PACKET_MAX - HEADERS));
	struct rte_ipv6_hdr *ip = (void *)rte_pktmbuf_append(answer, (uint16_t)(HEADERS + quoted));
	struct icmp6_header *icmp = (void *)(ip + 1);

	*ip = (struct rte_ipv6_hdr){
		.vtc_flow = ICMP6_VERSION_CLASS,
		.payload_len = rte_cpu_to_be_16((uint16_t)(sizeof(*icmp) + quoted)),
		.proto = IPPROTO_ICMPV6,
		.hop_limits = ICMP6_HOP_LIMIT,
	};
	ip6_store(ip->src_addr, from);
	memcpy(ip->dst_addr, cause->src_addr, sizeof(ip->dst_addr));
	*icmp = (struct icmp6_header){
		.type = kinds[error].type,
		.code = kinds[error].code,
		.mtu = error == PUNT_ERROR_TOO_BIG ? rte_cpu_to_be_32(mtu) : 0,
	};
	memcpy(icmp + 1, cause, quoted);
	/* that of UDP is made alike, of the same pseudo header (2.3; RFC 8200 8.1) */
	icmp->checksum = rte_ipv6_udptcp_cksum(ip, icmp);
}
