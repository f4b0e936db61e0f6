/* IPv6 headers: what makes one good (RFC 8200 3; addresses: RFC 4291 2.5, 2.7), the hash of a flow,
 * the hop limit. Pure: reads and edits headers, counts nothing, frees nothing. */
#ifndef BASCULE_IP6_H
#define BASCULE_IP6_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_hash_crc.h>
#include <rte_ip.h>

#include "counters.h"
#include "fib_prefix.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	IP6_HEADER = 40,    /* octets */
	IP6_HOP = 4,	    /* where payload length, next header and hop limit lie */
	IP6_EXTENSIONS = 8, /* headers that are walked at most */
	/* of neighbour discovery: one that has been forwarded has less (RFC 4861 6.1, 7.1) */
	IP6_ND_HOP_LIMIT = 255,
};

/* Host order, from the wire. */
static inline struct fib_addr ip6_addr(const uint8_t *wire)
{
	struct fib_addr addr;

	memcpy(&addr, wire, sizeof(addr));
	for (int i = 0; i < 4; i++)
		addr.word[i] = rte_be_to_cpu_32(addr.word[i]);
	return addr;
}

/* And back. */
static inline void ip6_store(uint8_t *wire, const struct fib_addr *addr)
{
	for (int i = 0; i < 4; i++) {
		uint32_t word = rte_cpu_to_be_32(addr->word[i]);

		memcpy(&wire[i * sizeof(word)], &word, sizeof(word));
	}
}

/* Octets of the packet: 40 to 65,575. */
static inline uint32_t ip6_total_len(const struct rte_ipv6_hdr *ip)
{
	return IP6_HEADER + rte_be_to_cpu_16(ip->payload_len);
}

/* RFC 4291 2.5.6: fe80::/10. */
static inline bool ip6_link_local(const uint8_t *wire)
{
	return wire[0] == 0xfe && (wire[1] & 0xc0) == 0x80;
}

static inline bool ip6_unspecified(const uint8_t *wire)
{
	uint64_t half[2];

	memcpy(half, wire, sizeof(half));
	return !(half[0] | half[1]);
}

/* Is the destination one of this link: a link-local address, or a group of its nodes (ff02::/16)?
 * Nothing to such an address is forwarded. */
static inline bool ip6_to_link(const struct rte_ipv6_hdr *ip)
{
	return ip6_link_local(ip->dst_addr) ||
	       (ip->dst_addr[0] == 0xff && (ip->dst_addr[1] & 15) == 2);
}

/* Judge a header that lies in `len` octets of contiguous frame: a good one may be to the link, or
 * from an address of the link, which is for the caller to see. */
enum drop_reason ip6_check(const struct rte_ipv6_hdr *ip, uint32_t len);

/* The header of the protocol above, behind all extension headers. */
struct ip6_upper {
	uint32_t at; /* octets from the start of the IP header */
	/* of a part but the first, what its first part goes on with, which may be an extension
	 * header too; of others, that of the extension header where the walk ended if it did */
	uint8_t proto;
	bool fragment;	 /* a part of a larger packet (RFC 8200 4.5), other than the whole in one
			  * (RFC 6946) */
	uint16_t offset; /* of that part, in 8 octets; 0: its first, or a whole packet */
};

/* Walk, within the packet's own length: of a header that ip6_check() passed. */
struct ip6_upper ip6_upper(const struct rte_ipv6_hdr *ip);

/* Is it one of the extension headers that ip6_upper() walks past? */
bool ip6_is_extension(uint8_t proto);

/* Did the walk end before it came to a protocol: in an extension header that is cut, or behind
 * IP6_EXTENSIONS of them? */
static inline bool ip6_upper_hidden(const struct ip6_upper *upper)
{
	return !upper->offset && ip6_is_extension(upper->proto);
}

/* Its ICMPv6 type; 0, which is none: it is no ICMPv6 or a part of it, which neighbour discovery may
 * not come in (RFC 6980). */
static inline uint8_t ip6_icmp_type(const struct rte_ipv6_hdr *ip, const struct ip6_upper *upper)
{
	if (upper->proto != IPPROTO_ICMPV6 || upper->fragment || ip6_total_len(ip) <= upper->at)
		return 0;
	return *((const uint8_t *)ip + upper->at);
}

/* Is it a solicitation or an advertisement (RFC 4861 4), which are to IPv6 what ARP is to IPv4, and
 * from this link? */
static inline bool ip6_type_discovers(uint8_t type)
{
	return type >= 133 && type <= 136;
}
static inline bool ip6_discovers(const struct rte_ipv6_hdr *ip, const struct ip6_upper *upper)
{
	return ip->hop_limits == IP6_ND_HOP_LIMIT && ip6_type_discovers(ip6_icmp_type(ip, upper));
}

/* CRC32c of the addresses and, of a flow that its source has given a label, the label (RFC 6438 3:
 * ports need not be looked for, and fragments go where the rest does); else of protocol and ports,
 * where there are any. Of a header that ip6_check() passed. */
static inline uint32_t ip6_flow_hash(const struct rte_ipv6_hdr *ip)
{
	uint32_t label = ip->vtc_flow & RTE_BE32(0xfffff), ports;
	struct ip6_upper upper = { .at = IP6_HEADER, .proto = ip->proto };
	uint64_t half[4], hash;

	memcpy(half, ip->src_addr, sizeof(half));
	hash = rte_hash_crc_8byte(half[1], rte_hash_crc_8byte(half[0], label));
	hash = rte_hash_crc_8byte(half[3], rte_hash_crc_8byte(half[2], (uint32_t)hash));
	if (label)
		return (uint32_t)hash;
	if (upper.proto != IPPROTO_TCP && upper.proto != IPPROTO_UDP)
		upper = ip6_upper(ip);
	if (upper.fragment)
		return (uint32_t)hash;
	hash = rte_hash_crc_4byte(upper.proto, (uint32_t)hash);
	if ((upper.proto != IPPROTO_TCP && upper.proto != IPPROTO_UDP) ||
	    ip6_total_len(ip) < upper.at + sizeof(ports))
		return (uint32_t)hash;
	memcpy(&ports, (const uint8_t *)ip + upper.at, sizeof(ports));
	return rte_hash_crc_4byte(ports, (uint32_t)hash);
}

/* Does it ask who listens to groups of this link, or say who does (RFC 2710 3, RFC 3810 5)? */
static inline bool ip6_listens(const struct rte_ipv6_hdr *ip, const struct ip6_upper *upper)
{
	uint8_t type = ip6_icmp_type(ip, upper);

	return ip->hop_limits == 1 && ((type >= 130 && type <= 132) || type == 143);
}

#ifdef __cplusplus
}
#endif
#endif
