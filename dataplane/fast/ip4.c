/* The rarer parts of IPv4: options, and flow hashes that no device has computed. */
#include "ip4.h"

enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_LSRR = 131, OPTION_SSRR = 137 };

bool ip4_allow_240;

enum drop_reason ip4_check_options(const struct rte_ipv4_hdr *ip, uint32_t len)
{
	const uint8_t *header = (const uint8_t *)ip;
	uint32_t at = IP4_HEADER;

	while (at < len) {
		uint8_t option = header[at];

		if (option == OPTION_END)
			break;
		if (option == OPTION_NOP) {
			at++;
			continue;
		}
		if (option == OPTION_LSRR || option == OPTION_SSRR)
			return DROP_SOURCE_ROUTE;
		if (at + 2 > len || header[at + 1] < 2 || at + header[at + 1] > len)
			return DROP_IP4_OPTIONS;
		at += header[at + 1];
	}
	return DROP_NONE;
}

uint32_t ip4_flow_hash(const struct rte_ipv4_hdr *ip)
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
