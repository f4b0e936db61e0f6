/* UPDATE messages: octets ⇄ what they say. Decoding is pure and judges the whole message (RFC 7606)
 * before anybody acts on a part of it. Encoding packs as many prefixes as fit. */
#ifndef BASCULE_UPDATE_H
#define BASCULE_UPDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attrs.h"
#include "cursor.h"
#include "decoded.h"
#include "message.h"
#include "prefix.h"
#include "records.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Decode an UPDATE body (RFC 4271 4.3, 4760, 6793; errors per RFC 7606). Pure: reads `body`, writes
 * `attrs` and `*out`.
 *   body    octets after the header; borrowed for the call and for as long as out's NLRI is used
 *   attrs   BGP_ATTRS_MAX octets, the caller's; receives the canonical attributes (attrs.h)
 * A message may have prefixes of both families. The whole of it is judged, and what comes out is of
 * one of them: the first that is wanted (ctx->families) and not ctx->done. While out->rest is left,
 * call again with out->family done too; the verdict is the same. Families that were not negotiated
 * are passed over (RFC 4760 6). Returns the worst verdict met. At BGP_SESSION_RESET nothing but
 * `notify` and `fault` is to be used. No allocation. */
enum bgp_verdict update_decode(struct cursor body, const struct update_ctx *ctx, uint8_t *attrs,
			       struct bgp_update *out);

/* Has this route been here before? For canonical attributes. Own AS in AS_PATH (RFC 4271 9.1.2);
 * own router ID as ORIGINATOR_ID or in CLUSTER_LIST (RFC 4456 8), which is our cluster ID too. */
enum speaker_loop update_loop(const uint8_t *attrs, uint16_t attrs_len, uint32_t local_asn,
			      uint32_t router_id);

/* One UPDATE with these attributes (canonical, at most 4 octets each AS or downgraded: attr.h) and
 * as many prefixes, all of this family, as fit into `size` and BGP_MESSAGE_MAX. IPv4 prefixes stand
 * in the message's own fields; those of IPv6, and IPv4 ones whose NEXT_HOP is of IPv6 (RFC 8950),
 * in an MP_REACH with that next hop. Returns its length; *taken prefixes are in it. 0: not one
 * fits. */
size_t update_encode_announce(uint8_t *buf, size_t size, uint8_t family, const uint8_t *attrs,
			      uint16_t attrs_len, const struct prefix *nlri, size_t n,
			      size_t *taken);
size_t update_encode_withdraw(uint8_t *buf, size_t size, uint8_t family, const struct prefix *nlri,
			      size_t n, size_t *taken);
/* End-of-RIB of a family (RFC 4724 2): an UPDATE of 23 octets, or 30. */
size_t update_encode_eor(uint8_t *buf, size_t size, uint8_t family);

#ifdef __cplusplus
}
#endif
#endif
