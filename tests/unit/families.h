/* One test body for both families: an IPv4 prefix stands for itself or, where the test is of IPv6,
 * for one of 2001::/16 that lies to the others as it does. Its first half is in the first 32 bits
 * of the address, its second half far behind. */
#ifndef BASCULE_TEST_FAMILIES_H
#define BASCULE_TEST_FAMILIES_H

#include <gtest/gtest.h>

#include <string>

#include "prefix.h"

static inline struct addr addr_of(enum family family, uint32_t v4)
{
	const uint8_t v6[16] = {
		0x20, 0x01, (uint8_t)(v4 >> 24), (uint8_t)(v4 >> 16), 0, 0, 0, 0, 0, 0,
		0,    0,    (uint8_t)(v4 >> 8),	 (uint8_t)v4
	};

	return family == FAMILY_IPV4 ? addr_make4(v4) : addr_make6(v6);
}

/* The default route stays that. */
static inline struct prefix prefix_of(enum family family, uint32_t v4, uint8_t len)
{
	if (family == FAMILY_IPV4 || !len)
		return prefix_make(family == FAMILY_IPV4 ? addr_make4(v4)
							 : addr_make6((const uint8_t[16]){}),
				   len);
	return prefix_make(addr_of(family, v4), (uint8_t)(len <= 16 ? 16 + len : 80 + len));
}

/* Back again. */
static inline struct prefix prefix4_of(struct prefix prefix)
{
	const uint8_t *v6 = prefix.addr.v6, len = prefix.len;

	if (prefix.addr.family == FAMILY_IPV4)
		return prefix;
	return prefix4_make((uint32_t)v6[2] << 24 | (uint32_t)v6[3] << 16 | (uint32_t)v6[12] << 8 |
				    v6[13],
			    (uint8_t)(len > 96 ? len - 80
				      : len    ? len - 16
					       : 0));
}

static inline std::string family_of(const testing::TestParamInfo<enum family> &info)
{
	return family_name((uint8_t)info.param);
}

#define OF_BOTH_FAMILIES(suite) \
	INSTANTIATE_TEST_SUITE_P(families, suite, testing::Values(FAMILY_IPV4, FAMILY_IPV6), \
				 family_of)

#endif
