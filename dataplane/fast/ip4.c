/* The rarer part of IPv4: options. */
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
