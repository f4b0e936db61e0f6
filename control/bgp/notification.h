/* NOTIFICATION messages as data: codes, their texts, and the shutdown communication that two of
 * them may carry. The octets of the message are message.h's. */
#ifndef BASCULE_NOTIFICATION_H
#define BASCULE_NOTIFICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum notify_code {
	NOTIFY_HEADER = 1,
	NOTIFY_OPEN = 2,
	NOTIFY_UPDATE = 3,
	NOTIFY_HOLD = 4,
	NOTIFY_FSM = 5,
	NOTIFY_CEASE = 6,
	NOTIFY_REFRESH = 7,   /* RFC 7313 */
	NOTIFY_SEND_HOLD = 8, /* RFC 9687 */
};
enum { NOTIFY_HEADER_SYNC = 1, NOTIFY_HEADER_LENGTH, NOTIFY_HEADER_TYPE };
enum {
	NOTIFY_OPEN_VERSION = 1,
	NOTIFY_OPEN_AS = 2,
	NOTIFY_OPEN_ID = 3,
	NOTIFY_OPEN_PARAMETER = 4,
	NOTIFY_OPEN_HOLD = 6,
	NOTIFY_OPEN_CAPABILITY = 7, /* RFC 5492 */
};
enum {
	NOTIFY_UPDATE_LIST = 1, /* malformed attribute list */
	NOTIFY_UPDATE_UNRECOGNISED = 2,
	NOTIFY_UPDATE_MISSING = 3,
	NOTIFY_UPDATE_FLAGS = 4,
	NOTIFY_UPDATE_LENGTH = 5,
	NOTIFY_UPDATE_ORIGIN = 6,
	NOTIFY_UPDATE_NEXT_HOP = 8,
	NOTIFY_UPDATE_OPTIONAL = 9,
	NOTIFY_UPDATE_NETWORK = 10, /* invalid network field */
	NOTIFY_UPDATE_AS_PATH = 11,
};
enum {
	NOTIFY_FSM_OPENSENT = 1,
	NOTIFY_FSM_OPENCONFIRM,
	NOTIFY_FSM_ESTABLISHED
};     /* RFC 6608: unexpected message in … */
enum { /* RFC 4486, 8538 */
       NOTIFY_CEASE_MAX_PREFIXES = 1,
       NOTIFY_CEASE_SHUTDOWN = 2,
       NOTIFY_CEASE_DECONFIGURED = 3,
       NOTIFY_CEASE_RESET = 4,
       NOTIFY_CEASE_REJECTED = 5,
       NOTIFY_CEASE_CHANGE = 6,
       NOTIFY_CEASE_COLLISION = 7,
       NOTIFY_CEASE_RESOURCES = 8,
       NOTIFY_CEASE_HARD_RESET = 9,
};

enum { BGP_NOTIFY_DATA = 256 };

/* A NOTIFICATION to send or received. */
struct bgp_notify {
	uint8_t code, subcode;
	uint16_t len;	 /* octets of data */
	const char *why; /* what exactly was wrong, for the log; static text or NULL */
	uint8_t data[BGP_NOTIFY_DATA];
};

/* Fill in; data past BGP_NOTIFY_DATA octets is cut. `why` is static text or NULL. */
void notify_set(struct bgp_notify *notify, uint8_t code, uint8_t subcode, const void *data,
		size_t len, const char *why);

/* A Cease with a shutdown communication (RFC 9003; only subcodes 2 and 4 carry one): at most 255
 * octets of UTF-8, cut between characters; none if `text` is empty. */
void notify_cease(struct bgp_notify *notify, uint8_t subcode, const char *text);

/* Cease/1: more than `bound` unicast prefixes of this AFI; the data has the bound (RFC 4486 4). */
void notify_max_prefixes(struct bgp_notify *notify, uint16_t afi, uint32_t bound);

/* "cease" / "administrative reset"; a code that is not known: "unknown". Static text. */
const char *notify_code_text(uint8_t code);
const char *notify_subcode_text(uint8_t code, uint8_t subcode);

/* One line for people: "cease/administrative reset (6/4): maintenance". What came from a peer is
 * made harmless: control characters and octets that are not UTF-8 become '?'. Cut at `size`.
 * Returns buf. */
char *notify_text(const struct bgp_notify *notify, char *buf, size_t size);

#ifdef __cplusplus
}
#endif
#endif
