/* BGP messages on the wire: framing and the messages that need no more than a few octets
 * (KEEPALIVE, NOTIFICATION, ROUTE-REFRESH). OPEN is open.h, UPDATE update.h. Nothing here keeps
 * state or touches a socket. */
#ifndef BASCULE_MESSAGE_H
#define BASCULE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "cursor.h"
#include "notification.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	BGP_PORT = 179,
	BGP_VERSION = 4,
	BGP_HEADER_LEN = 19,
	BGP_MESSAGE_MAX = 4096, /* RFC 4271 4.1 */
	BGP_AFI_IPV4 = 1,
	BGP_AFI_IPV6 = 2,
	BGP_SAFI_UNICAST = 1,
};

/* The AFI of a family of addresses (addr.h), of which we speak unicast alone. */
static inline uint16_t family_afi(uint8_t family)
{
	return family == FAMILY_IPV4 ? BGP_AFI_IPV4 : BGP_AFI_IPV6;
}

/* The family that AFI and SAFI stand for; FAMILY_COUNT: none of ours. */
static inline uint8_t family_of_afi(uint16_t afi, uint8_t safi)
{
	if (safi != BGP_SAFI_UNICAST || (afi != BGP_AFI_IPV4 && afi != BGP_AFI_IPV6))
		return FAMILY_COUNT;
	return afi == BGP_AFI_IPV4 ? FAMILY_IPV4 : FAMILY_IPV6;
}

enum bgp_message_type {
	BGP_OPEN = 1,
	BGP_UPDATE,
	BGP_NOTIFICATION,
	BGP_KEEPALIVE,
	BGP_ROUTE_REFRESH
};
const char *message_type_name(uint8_t type); /* "OPEN"; "unknown message" */

/* What a peer's message deserves, mildest first; a message's verdict is the worst of its parts (RFC
 * 7606 2). */
enum bgp_verdict { BGP_OK, BGP_ATTR_DISCARD, BGP_TREAT_AS_WITHDRAW, BGP_SESSION_RESET };

struct bgp_message {
	uint8_t type;	    /* enum bgp_message_type */
	uint16_t len;	    /* octets, header included */
	struct cursor body; /* after the header; borrowed from the stream */
};

enum message_status { MESSAGE_READY, MESSAGE_PARTIAL, MESSAGE_BAD };

/* Take the next message off the front of a receive buffer. Judges the header as RFC 4271 6.1 says,
 * as soon as 19 octets are there.
 *   stream   advanced past the message if READY, untouched otherwise
 *   max      longest message that may come on this session: BGP_MESSAGE_MAX
 *   notify   filled in if BAD: what to send before closing */
enum message_status message_next(struct cursor *stream, uint16_t max, struct bgp_message *msg,
				 struct bgp_notify *notify);

/* ROUTE-REFRESH (RFC 2918). For families that were not negotiated it is to be ignored. The framing
 * has made sure of the length. `subtype` is 0, or what RFC 7313 defines. */
struct bgp_refresh {
	uint16_t afi;
	uint8_t subtype, safi;
};
void refresh_decode(struct cursor body, struct bgp_refresh *out);

/* Encoders write a whole message to `buf` and return its length, 0 if `size` is too small.
 * BGP_MESSAGE_MAX always does. */
size_t keepalive_encode(uint8_t *buf, size_t size);
size_t refresh_encode(uint8_t *buf, size_t size, uint8_t family);
size_t notification_encode(uint8_t *buf, size_t size, const struct bgp_notify *notify);

/* What a peer's NOTIFICATION says; data past BGP_NOTIFY_DATA octets is dropped. Cannot fail: a
 * NOTIFICATION is never answered with one (RFC 4271 6.4). */
void notification_decode(struct cursor body, struct bgp_notify *out);

/* Write marker, length and type; for the encoders of open.c and update.c. */
void message_header(uint8_t *buf, uint8_t type, uint16_t len);

#ifdef __cplusplus
}
#endif
#endif
