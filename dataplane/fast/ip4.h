/* IPv4 headers: what makes one good (RFC 1812 5.2.2, 5.3.4, 5.3.7), the hash of a flow, the TTL.
 * Pure: reads and edits headers, counts nothing, frees nothing. */
#ifndef BASCULE_IP4_H
#define BASCULE_IP4_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_hash_crc.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include "counters.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	IP4_HEADER = 20, /* octets without options */
	IP4_TTL = 8,	 /* where TTL, protocol and checksum lie */
};

/* The one's complement sum of `len` octets (a multiple of 4) is all ones if the checksum among them
 * is right. */
static inline bool ip4_checksum_good(const void *header, uint32_t len)
{
	const uint8_t *at = (const uint8_t *)header;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < len; i += 4) {
		uint32_t word;

		memcpy(&word, at + i, sizeof(word));
		sum += word;
	}
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ((sum & 0xffff) + (sum >> 16)) == 0xffff;
}

/* 240/4 but for the broadcast address is unicast (martians = "allow_240"). Set before the
 * forwarding lcores begin; asked only of addresses from 224/3, which no packet of everyday has. */
extern bool ip4_allow_240;

static inline bool ip4_in_allowed_240(uint32_t addr)
{
	return ip4_allow_240 && addr >= UINT32_C(0xf0000000) && addr != UINT32_MAX;
}

/* Sources that no packet may come from: this network (0/8), loopback (127/8), multicast and
 * reserved (224/3). 169.254/16 is not among them: VPN gateways and their peers are numbered from
 * it. */
static inline bool ip4_martian_source(uint32_t addr)
{
	return addr >> 24 == 0 || addr >> 24 == 127 ||
	       (addr >= UINT32_C(0xe0000000) && !ip4_in_allowed_240(addr));
}

/* What an address may not be as a destination; DROP_NONE for unicast. */
static inline enum drop_reason ip4_check_destination(uint32_t addr)
{
	if (likely(addr < UINT32_C(0xe0000000)))
		return addr >> 24 == 0 || addr >> 24 == 127 ? DROP_MARTIAN_DESTINATION : DROP_NONE;
	if (addr == UINT32_MAX)
		return DROP_BROADCAST;
	if (addr < UINT32_C(0xf0000000))
		return DROP_MULTICAST;
	return ip4_in_allowed_240(addr) ? DROP_NONE : DROP_MARTIAN_DESTINATION;
}

/* Options of a header of `len` octets: well-formed, and no source route among them (RFC 7126 4.3,
 * 4.4: drop). All others are forwarded as they are (RFC 7126: "ignore" is what its other sections
 * recommend). */
enum drop_reason ip4_check_options(const struct rte_ipv4_hdr *ip, uint32_t len);

/* Judge a header that lies in `len` octets of contiguous frame. `checksum_good`: the device has
 * verified it. */
static inline enum drop_reason ip4_check(const struct rte_ipv4_hdr *ip, uint32_t len,
					 bool checksum_good)
{
	uint32_t header_len, total_len;

	if (unlikely(len < IP4_HEADER))
		return DROP_IP4_TRUNCATED;
	if (unlikely(ip->version_ihl >> 4 != 4))
		return DROP_IP4_VERSION;
	header_len = (ip->version_ihl & 15) * 4u;
	if (unlikely(header_len < IP4_HEADER))
		return DROP_IP4_HEADER_LENGTH;
	total_len = rte_be_to_cpu_16(ip->total_length);
	if (unlikely(total_len < header_len || total_len > len))
		return DROP_IP4_TOTAL_LENGTH;
	if (!checksum_good && unlikely(!ip4_checksum_good(ip, header_len)))
		return DROP_IP4_CHECKSUM;
	if (unlikely(ip4_martian_source(rte_be_to_cpu_32(ip->src_addr))))
		return DROP_MARTIAN_SOURCE;
	if (unlikely(header_len > IP4_HEADER)) {
		enum drop_reason reason = ip4_check_options(ip, header_len);

		if (reason != DROP_NONE)
			return reason;
	}
	return ip4_check_destination(rte_be_to_cpu_32(ip->dst_addr));
}

/* TTL - 1 and the checksum that follows from it (RFC 1624, equation 3): the 16-bit word that holds
 * the TTL falls by 0x0100, so the checksum rises by as much, end-around; what is congruent to zero
 * is written 0, not 0xffff. */
static inline void ip4_ttl_decrement(struct rte_ipv4_hdr *ip)
{
	uint32_t sum = (uint32_t)ip->hdr_checksum + rte_cpu_to_be_16(0x0100);

	ip->time_to_live--;
	ip->hdr_checksum = (uint16_t)(sum + (sum >= 0xffff));
}

/* Is it a part of a larger packet? */
static inline bool ip4_is_fragment(const struct rte_ipv4_hdr *ip)
{
	return ip->fragment_offset &
	       rte_cpu_to_be_16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK);
}

/* CRC32c of addresses, protocol and, where there are any, ports: of a header that ip4_check()
 * passed. Fragments hash on addresses alone, so that all parts of a packet take one path. */
static inline uint32_t ip4_flow_hash(const struct rte_ipv4_hdr *ip)
{
	uint32_t header_len = (ip->version_ihl & 15) * 4u;
	uint64_t addrs;
	uint32_t ports;

	memcpy(&addrs, &ip->src_addr, sizeof(addrs));
	if (ip4_is_fragment(ip))
		return rte_hash_crc_8byte(addrs, 0);
	if (ip->next_proto_id != IPPROTO_TCP && ip->next_proto_id != IPPROTO_UDP)
		return rte_hash_crc_8byte(addrs, ip->next_proto_id);
	if (rte_be_to_cpu_16(ip->total_length) < header_len + sizeof(ports))
		return rte_hash_crc_8byte(addrs, ip->next_proto_id);
	memcpy(&ports, (const uint8_t *)ip + header_len, sizeof(ports));
	return rte_hash_crc_4byte(ports, rte_hash_crc_8byte(addrs, ip->next_proto_id));
}

#ifdef __cplusplus
}
#endif
#endif
