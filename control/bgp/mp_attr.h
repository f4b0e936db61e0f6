/* The bodies of MP_REACH_NLRI and MP_UNREACH_NLRI (RFC 4760 3, 4): which family, which next hop,
 * where the prefixes are. The prefixes themselves are nlri.h's. Pure. */
#ifndef BASCULE_MP_ATTR_H
#define BASCULE_MP_ATTR_H

#include "cursor.h"
#include "decoded.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mp_attr {
	uint8_t family; /* FAMILY_COUNT: none that was negotiated; it is to be passed over */
	/* MP_REACH: octets of an IPv4 address, of an IPv6 address, or of two, a global and a
	 * link-local one (RFC 2545 3) */
	const uint8_t *next_hop;
	uint8_t next_hop_len;
	struct cursor nlri; /* not looked at yet */
};

/* NULL if it is well-formed as far as that; else what is wrong, static text. */
const char *mp_reach_read(struct cursor body, const struct update_ctx *ctx, struct mp_attr *out);
void mp_unreach_read(struct cursor body, const struct update_ctx *ctx, struct mp_attr *out);

/* Does an MP_REACH announce any prefix, of whatever family: is there anything behind its next
 * hop? */
bool mp_reach_announces(struct cursor body);

/* NULL, or why these octets can be no next hop (RFC 4271 6.3); static text. */
const char *mp_next_hop_check(const uint8_t *next_hop, uint8_t len, const struct update_ctx *ctx);

#ifdef __cplusplus
}
#endif
#endif
