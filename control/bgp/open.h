/* OPEN messages: octets ⇄ struct, and the judgement of RFC 4271 6.2. Capabilities are negotiated
 * here and nowhere else. */
#ifndef BASCULE_OPEN_H
#define BASCULE_OPEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message.h"
#include "records.h"

#ifdef __cplusplus
extern "C" {
#endif

struct bgp_open {
	uint32_t asn; /* the 4-octet one if the capability is there (RFC 6793), else the header's */
	uint32_t router_id; /* host order */
	uint16_t hold_s;    /* 0: neither hold timer nor keepalives */
	uint16_t restart_s; /* RFC 4724, 0..4095; 0 if the capability is missing */
	/* SPEAKER_CAP_*. MP_IPV4 is set on decode also if no MP capability is listed at all */
	uint16_t caps;
};

/* The families of these capabilities, a set (family_bit()); and those of the families in a set,
 * with GR. */
uint8_t open_families(uint16_t caps);
uint16_t open_caps(uint8_t families, uint8_t forwarding);
/* What remains of the capabilities of a peer's OPEN beside those of ours. What belongs to a family
 * needs the family at both ends, and extended next hops need the capability there too (RFC 8950 4);
 * what a peer only says of itself (graceful restart, route refresh, AS numbers) stays. */
uint16_t open_negotiated(uint16_t theirs, uint16_t ours);

/* Decode an OPEN body. Checks what can be checked without knowing the peer: version 2/1, AS 0 2/2
 * (RFC 7607), router ID 0 2/3 (RFC 6286), hold time 1 or 2 s 2/6, optional parameters 2/4 and 2/0.
 * Both parameter formats (RFC 9072) are read; unknown capabilities are ignored (RFC 5492). False:
 * `notify` is what to send, `out` is not to be used. */
bool open_decode(struct cursor body, struct bgp_open *out, struct bgp_notify *notify);

/* Is it the peer that we expect? Its AS (2/2); from an internal peer, a router ID that is not ours
 * (2/3, RFC 6286 2.2); one of `families` at least, without which there is nothing to say (2/7, RFC
 * 5492 3). */
bool open_check(const struct bgp_open *open, uint32_t peer_asn, uint32_t local_asn,
		uint32_t router_id, uint8_t families, struct bgp_notify *notify);

/* Encode an OPEN with the capabilities of `open->caps`: MP, route refresh, extended next hop,
 * 4-octet AS, graceful restart (with the families listed that have GR; R and F bits from the
 * flags). AS_TRANS stands in the header for an AS above 65535. Returns its length, 0 if `size` is
 * too small. */
size_t open_encode(uint8_t *buf, size_t size, const struct bgp_open *open);

#ifdef __cplusplus
}
#endif
#endif
