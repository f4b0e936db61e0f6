/* Texts of NOTIFICATIONs. */
#include "notification.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

enum { COMMUNICATION_MAX = 255 /* octets, RFC 9003 2 */, SUBCODES = 12 };

static const struct {
	const char *name;
	const char *subcodes[SUBCODES];
} codes[] = {
	[NOTIFY_HEADER] = { "message header error",
			    { NULL, "connection not synchronized", "bad message length",
			      "bad message type" } },
	[NOTIFY_OPEN] = { "OPEN message error",
			  { NULL, "unsupported version number", "bad peer AS", "bad BGP identifier",
			    "unsupported optional parameter", "authentication failure",
			    "unacceptable hold time", "unsupported capability", NULL, NULL, NULL,
			    "role mismatch" } },
	[NOTIFY_UPDATE] = { "UPDATE message error",
			    { NULL, "malformed attribute list", "unrecognized well-known attribute",
			      "missing well-known attribute", "attribute flags error",
			      "attribute length error", "invalid ORIGIN attribute",
			      "AS routing loop", "invalid NEXT_HOP attribute",
			      "optional attribute error", "invalid network field",
			      "malformed AS_PATH" } },
	[NOTIFY_HOLD] = { "hold timer expired", { NULL } },
	[NOTIFY_FSM] = { "finite state machine error",
			 { NULL, "unexpected message in OpenSent",
			   "unexpected message in OpenConfirm",
			   "unexpected message in Established" } },
	[NOTIFY_CEASE] = { "cease",
			   { NULL, "maximum number of prefixes reached", "administrative shutdown",
			     "peer de-configured", "administrative reset", "connection rejected",
			     "other configuration change", "connection collision resolution",
			     "out of resources", "hard reset", "BFD down" } },
	[NOTIFY_REFRESH] = { "ROUTE-REFRESH message error", { NULL, "invalid message length" } },
	[NOTIFY_SEND_HOLD] = { "send hold timer expired", { NULL } },
};

void notify_set(struct bgp_notify *notify, uint8_t code, uint8_t subcode, const void *data,
		size_t len, const char *why)
{
	notify->code = code;
	notify->subcode = subcode;
	notify->why = why;
	notify->len = (uint16_t)(len < BGP_NOTIFY_DATA ? len : BGP_NOTIFY_DATA);
	if (notify->len)
		memcpy(notify->data, data, notify->len);
}

static bool has_communication(uint8_t code, uint8_t subcode)
{
	return code == NOTIFY_CEASE &&
	       (subcode == NOTIFY_CEASE_SHUTDOWN || subcode == NOTIFY_CEASE_RESET);
}

void notify_cease(struct bgp_notify *notify, uint8_t subcode, const char *text)
{
	char clean[COMMUNICATION_MAX + 1];
	size_t n = text_harmless(clean, sizeof(clean), (const uint8_t *)text, strlen(text));

	notify_set(notify, NOTIFY_CEASE, subcode, NULL, 0, NULL);
	if (!n || !has_communication(NOTIFY_CEASE, subcode))
		return;
	notify->data[0] = (uint8_t)n;
	memcpy(notify->data + 1, clean, n);
	notify->len = (uint16_t)(n + 1);
}

void notify_max_prefixes(struct bgp_notify *notify, uint16_t afi, uint32_t bound)
{
	const uint8_t data[] = {
		(uint8_t)(afi >> 8),	(uint8_t)afi,		1, /* SAFI unicast */
		(uint8_t)(bound >> 24), (uint8_t)(bound >> 16), (uint8_t)(bound >> 8),
		(uint8_t)bound,
	};

	notify_set(notify, NOTIFY_CEASE, NOTIFY_CEASE_MAX_PREFIXES, data, sizeof(data), NULL);
}

const char *notify_code_text(uint8_t code)
{
	return code < sizeof(codes) / sizeof(codes[0]) && codes[code].name ? codes[code].name
									   : "unknown";
}

const char *notify_subcode_text(uint8_t code, uint8_t subcode)
{
	if (subcode == 0)
		return "unspecific";
	if (code >= sizeof(codes) / sizeof(codes[0]) || subcode >= SUBCODES)
		return "unknown";
	return codes[code].subcodes[subcode] ? codes[code].subcodes[subcode] : "unknown";
}

char *notify_text(const struct bgp_notify *notify, char *buf, size_t size)
{
	size_t said = has_communication(notify->code, notify->subcode) && notify->len
			      ? notify->data[0]
			      : 0;
	int n;

	if (notify->code == NOTIFY_HOLD || notify->code == NOTIFY_SEND_HOLD)
		n = snprintf(buf, size, "%s (%u/%u)", notify_code_text(notify->code), notify->code,
			     notify->subcode);
	else
		n = snprintf(buf, size, "%s/%s (%u/%u)", notify_code_text(notify->code),
			     notify_subcode_text(notify->code, notify->subcode), notify->code,
			     notify->subcode);
	if ((size_t)n + 2 >= size)
		return buf;
	if (notify->why) {
		snprintf(buf + n, size - (size_t)n, ": %s", notify->why);
	} else if (said && said < notify->len) {
		memcpy(buf + n, ": ", 2);
		text_harmless(buf + n + 2, size - (size_t)n - 2, notify->data + 1, said);
	}
	return buf;
}
