/* UPDATE messages: octets ⇄ what they say. Decoding is pure and judges the whole message (RFC 7606)
 * before anybody acts on a part of it. Encoding packs as many prefixes as fit. */
#ifndef BASCULE_UPDATE_H
#define BASCULE_UPDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attr_policy.h"
#include "attrs.h"
#include "cursor.h"
#include "message.h"
#include "nlri.h"
#include "prefix.h"
#include "speaker.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Octets that the canonical attributes of one message can take: 2-octet AS numbers become 4. */
enum { BGP_ATTRS_MAX = 2 * BGP_MESSAGE_MAX };

/* What the session knows that the message does not say. */
struct update_ctx {
	bool as4; /* 4-octet AS numbers negotiated (RFC 6793) */
	/* LOCAL_PREF, ORIGINATOR_ID and CLUSTER_LIST are not for us (RFC 7606 7.5, 7.9, 7.10) */
	bool ebgp;
	/* host order; a NEXT_HOP of ours is refused (RFC 4271 6.3). 0: not known */
	uint32_t local_addr;
	const struct attr_policy *attributes; /* borrowed; NULL: all pass */
	bool allow_240; /* prefixes and next hops of 240/4 are none of the martians (nlri.h) */
};

struct bgp_update {
	/* To be withdrawn, and announced; views into the message that die with it. At
	 * BGP_TREAT_AS_WITHDRAW, the announced prefixes are to be withdrawn like the others. */
	struct nlri withdrawn, announced;
	struct attr_keys keys; /* of the attributes; only if attrs_len */
	/* canonical wire form in the caller's buffer; 0 if nothing is announced */
	uint16_t attrs_len;
	uint64_t stripped[4]; /* attributes that policy took out, a bit a code */
	/* attribute for which policy drops the routes, which are good otherwise; 0: none */
	uint8_t drop;
	bool eor;	    /* End-of-RIB for IPv4 unicast (RFC 4724 2) */
	bool as_zero;	    /* AS 0 in its path (RFC 7607 2) */
	uint8_t fault_code; /* attribute that the verdict is about; 0 if none */
	/* why the verdict is not BGP_OK, with the clause; static text, or NULL */
	const char *fault;
	struct bgp_notify notify; /* only at BGP_SESSION_RESET: what to send */
};

/* Decode an UPDATE body (RFC 4271 4.3, 4760, 6793; errors per RFC 7606). Pure: reads `body`, writes
 * `attrs` and `*out`.
 *   body    octets after the header; borrowed for the call and for as long as out's NLRI is used
 *   attrs   BGP_ATTRS_MAX octets, the caller's; receives the canonical attributes (attrs.h)
 * Returns the worst verdict met. At BGP_SESSION_RESET nothing but `notify` and `fault` is to be
 * used. No allocation. */
enum bgp_verdict update_decode(struct cursor body, const struct update_ctx *ctx, uint8_t *attrs,
			       struct bgp_update *out);

/* Has this route been here before? For canonical attributes. Own AS in AS_PATH (RFC 4271 9.1.2);
 * own router ID as ORIGINATOR_ID or in CLUSTER_LIST (RFC 4456 8), which is our cluster ID too. */
enum speaker_loop update_loop(const uint8_t *attrs, uint16_t attrs_len, uint32_t local_asn,
			      uint32_t router_id);

/* One UPDATE with these attributes (as they go on the wire, at most 4 octets each AS or downgraded:
 * attr.h) and as many prefixes as fit into `size` and BGP_MESSAGE_MAX. Returns its length; *taken
 * prefixes are in it. 0: not one fits. */
size_t update_encode_announce(uint8_t *buf, size_t size, const uint8_t *attrs, uint16_t attrs_len,
			      const struct prefix *nlri, size_t n, size_t *taken);
size_t update_encode_withdraw(uint8_t *buf, size_t size, const struct prefix *nlri, size_t n,
			      size_t *taken);
/* End-of-RIB for IPv4 unicast: an UPDATE of 23 octets. */
size_t update_encode_eor(uint8_t *buf, size_t size);

#ifdef __cplusplus
}
#endif
#endif
