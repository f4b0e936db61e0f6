/* What a session has negotiated, for tests of decoders. */
#ifndef BASCULE_TEST_UPDATE_CTX_H
#define BASCULE_TEST_UPDATE_CTX_H

#include "decoded.h"

enum {
	IPV4_ALONE = 1 << FAMILY_IPV4,
	IPV6_ALONE = 1 << FAMILY_IPV6,
	BOTH_FAMILIES = IPV4_ALONE | IPV6_ALONE
};

static inline struct update_ctx update_ctx_of(bool as4, bool ebgp, uint8_t families = IPV4_ALONE,
					      bool extended_next_hop = false)
{
	struct update_ctx ctx = {};

	ctx.as4 = as4;
	ctx.ebgp = ebgp;
	ctx.families = families;
	ctx.extended_next_hop = extended_next_hop;
	return ctx;
}

#endif
