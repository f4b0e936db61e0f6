/* What is seldom asked of an IPv6 header. */
#include "ip6.h"

#include <netinet/in.h>

enum {
	AUTHENTICATION = 51,
	MOBILITY = 135,
	HIP = 139,
	SHIM6 = 140,
	FRAGMENT_LEN = 8,
	MORE_FRAGMENTS = 1,
};

/* ::/96, which has the unspecified address, loopback and what was IPv4-compatible once; and
 * ::ffff:0:0/96 (RFC 4291 2.5.2, 2.5.3, 2.5.5). Not of any wire. */
static bool no_host(const uint8_t *wire)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff }, zero[12];

	return !memcmp(wire, zero, sizeof(zero)) || !memcmp(wire, mapped, sizeof(mapped));
}

/* RFC 4291 2.5.2: who has no address yet has something to say to the link alone. */
static bool source_bad(const struct rte_ipv6_hdr *ip)
{
	if (ip6_unspecified(ip->src_addr))
		return !(ip->dst_addr[0] == 0xff && ip6_to_link(ip));
	return ip->src_addr[0] == 0xff || no_host(ip->src_addr);
}

enum drop_reason ip6_check(const struct rte_ipv6_hdr *ip, uint32_t len)
{
	if (len < IP6_HEADER)
		return DROP_IP6_TRUNCATED;
	if (*(const uint8_t *)ip >> 4 != 6)
		return DROP_IP6_VERSION;
	/* RFC 2675: longer than the field can say, which no link of ours carries */
	if (ip6_total_len(ip) > len || (!ip->payload_len && ip->proto == IPPROTO_HOPOPTS))
		return DROP_IP6_PAYLOAD_LENGTH;
	if (source_bad(ip))
		return DROP_MARTIAN_SOURCE;
	if (no_host(ip->dst_addr))
		return DROP_MARTIAN_DESTINATION;
	if (ip->dst_addr[0] == 0xff && !ip6_to_link(ip))
		return DROP_MULTICAST;
	return DROP_NONE;
}

/* The octets of an extension header; 0: it is none. `at` its first two. */
static uint32_t extension_len(uint8_t proto, const uint8_t *at)
{
	switch (proto) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
	case MOBILITY:
	case HIP:
	case SHIM6: return (at[1] + 1u) * 8;
	case AUTHENTICATION: return (at[1] + 2u) * 4;
	case IPPROTO_FRAGMENT: return FRAGMENT_LEN;
	default: return 0;
	}
}

bool ip6_is_extension(uint8_t proto)
{
	static const uint8_t least[FRAGMENT_LEN];

	return extension_len(proto, least);
}

struct ip6_upper ip6_upper(const struct rte_ipv6_hdr *ip)
{
	struct ip6_upper upper = { .at = IP6_HEADER, .proto = ip->proto };
	uint32_t end = ip6_total_len(ip);

	for (int n = 0; n < IP6_EXTENSIONS; n++) {
		const uint8_t *at = (const uint8_t *)ip + upper.at;
		uint32_t len;

		if (end < upper.at + FRAGMENT_LEN) /* the least that one has */
			break;
		len = extension_len(upper.proto, at);
		if (!len || end < upper.at + len)
			break;
		if (upper.proto == IPPROTO_FRAGMENT) {
			upper.offset = (uint16_t)((at[2] << 8 | at[3]) >> 3);
			upper.fragment |= upper.offset || (at[3] & MORE_FRAGMENTS);
		}
		upper.proto = at[0];
		upper.at += len;
		if (upper.offset)
			break;
	}
	return upper;
}
