/* A decoded UPDATE, and what its decoder must know about the session. Plain data between update.h,
 * attr.h and the session; nothing here decodes. */
#ifndef BASCULE_DECODED_H
#define BASCULE_DECODED_H

#include <stdbool.h>
#include <stdint.h>

#include "attr_policy.h"
#include "attrs.h"
#include "message.h"
#include "nlri.h"

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
	/* a next hop of ours is refused (RFC 4271 6.3). Unspecified: not known */
	struct addr local_addr;
	const struct attr_policy *attributes; /* borrowed; NULL: all pass */
	bool allow_240; /* prefixes and next hops of 240/4 are none of the martians (nlri.h) */
	/* negotiated: a set of families (family_bit()), whose prefixes are wanted, ... */
	uint8_t families;
	/* ... and IPv4 prefixes may come with an IPv6 next hop (RFC 8950) */
	bool extended_next_hop;
	/* families whose prefixes in this message have been seen to: see update_decode() */
	uint8_t done;
};

struct bgp_update {
	/* To be withdrawn, and announced; views into the message that die with it. At
	 * BGP_TREAT_AS_WITHDRAW, the announced prefixes are to be withdrawn like the others. */
	struct nlri withdrawn, announced;
	/* theirs; and the set of families that the message has prefixes of beside */
	uint8_t family, rest;
	struct attr_keys keys; /* of the attributes; only if attrs_len */
	/* canonical wire form in the caller's buffer; 0 if nothing is announced */
	uint16_t attrs_len;
	uint64_t stripped[4]; /* attributes that policy took out, a bit a code */
	/* attribute for which policy drops the routes, which are good otherwise; 0: none */
	uint8_t drop;
	bool eor;	    /* End-of-RIB for `family` (RFC 4724 2) */
	bool as_zero;	    /* AS 0 in its path (RFC 7607 2) */
	uint8_t fault_code; /* attribute that the verdict is about; 0 if none */
	/* why the verdict is not BGP_OK, with the clause; static text, or NULL */
	const char *fault;
	struct bgp_notify notify; /* only at BGP_SESSION_RESET: what to send */
};

#ifdef __cplusplus
}
#endif
#endif
