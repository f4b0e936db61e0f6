/* Framing: one table of what each type's length may be, and the fixed messages. */
#include "message.h"

#include <assert.h>
#include <string.h>

enum { MARKER_LEN = 16, AT_LENGTH = 16, AT_TYPE = 18, REFRESH_LEN = BGP_HEADER_LEN + 4 };

static const uint8_t marker[MARKER_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
					    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static const struct {
	const char *name;
	uint16_t min, max; /* octets, header included (RFC 4271 6.1, RFC 2918 3) */
} types[] = {
	[BGP_OPEN] = { "OPEN", BGP_HEADER_LEN + 10, UINT16_MAX },
	[BGP_UPDATE] = { "UPDATE", BGP_HEADER_LEN + 4, UINT16_MAX },
	[BGP_NOTIFICATION] = { "NOTIFICATION", BGP_HEADER_LEN + 2, UINT16_MAX },
	[BGP_KEEPALIVE] = { "KEEPALIVE", BGP_HEADER_LEN, BGP_HEADER_LEN },
	[BGP_ROUTE_REFRESH] = { "ROUTE-REFRESH", REFRESH_LEN, REFRESH_LEN },
};

static bool type_known(uint8_t type)
{
	return type < sizeof(types) / sizeof(types[0]) && types[type].name;
}

const char *message_type_name(uint8_t type)
{
	return type_known(type) ? types[type].name : "unknown message";
}

static bool length_good(uint8_t type, uint16_t len, uint16_t max)
{
	if (len < BGP_HEADER_LEN || len > max)
		return false;
	return !type_known(type) || (len >= types[type].min && len <= types[type].max);
}

enum message_status message_next(struct cursor *stream, uint16_t max, struct bgp_message *msg,
				 struct bgp_notify *notify)
{
	const uint8_t *at = stream->pos;

	if (cursor_left(stream) < BGP_HEADER_LEN)
		return MESSAGE_PARTIAL;

	uint16_t len = load_be16(at + AT_LENGTH);
	uint8_t type = at[AT_TYPE];

	if (memcmp(at, marker, MARKER_LEN)) {
		notify_set(notify, NOTIFY_HEADER, NOTIFY_HEADER_SYNC, NULL, 0,
			   "marker is not all ones, RFC 4271 6.1");
		return MESSAGE_BAD;
	}
	if (!length_good(type, len, max)) {
		notify_set(notify, NOTIFY_HEADER, NOTIFY_HEADER_LENGTH, at + AT_LENGTH, 2,
			   "message length, RFC 4271 6.1");
		return MESSAGE_BAD;
	}
	if (!type_known(type)) {
		notify_set(notify, NOTIFY_HEADER, NOTIFY_HEADER_TYPE, &type, 1,
			   "message type, RFC 4271 6.1");
		return MESSAGE_BAD;
	}
	if (cursor_left(stream) < len)
		return MESSAGE_PARTIAL;
	msg->type = type;
	msg->len = len;
	msg->body = cursor_make(at + BGP_HEADER_LEN, len - BGP_HEADER_LEN);
	stream->pos += len;
	return MESSAGE_READY;
}

void refresh_decode(struct cursor body, struct bgp_refresh *out)
{
	out->afi = cursor_u16(&body);
	out->subtype = cursor_u8(&body);
	out->safi = cursor_u8(&body);
}

void message_header(uint8_t *buf, uint8_t type, uint16_t len)
{
	memcpy(buf, marker, MARKER_LEN);
	store_be16(buf + AT_LENGTH, len);
	buf[AT_TYPE] = type;
}

size_t keepalive_encode(uint8_t *buf, size_t size)
{
	if (size < BGP_HEADER_LEN)
		return 0;
	message_header(buf, BGP_KEEPALIVE, BGP_HEADER_LEN);
	return BGP_HEADER_LEN;
}

size_t refresh_encode(uint8_t *buf, size_t size, uint8_t family)
{
	if (size < REFRESH_LEN)
		return 0;
	message_header(buf, BGP_ROUTE_REFRESH, REFRESH_LEN);
	store_be16(buf + BGP_HEADER_LEN, family_afi(family));
	buf[BGP_HEADER_LEN + 2] = 0;
	buf[BGP_HEADER_LEN + 3] = BGP_SAFI_UNICAST;
	return REFRESH_LEN;
}

size_t notification_encode(uint8_t *buf, size_t size, const struct bgp_notify *notify)
{
	size_t len = BGP_HEADER_LEN + 2 + notify->len;

	assert(notify->len <= BGP_NOTIFY_DATA);
	if (size < len)
		return 0;
	message_header(buf, BGP_NOTIFICATION, (uint16_t)len);
	buf[BGP_HEADER_LEN] = notify->code;
	buf[BGP_HEADER_LEN + 1] = notify->subcode;
	memcpy(buf + BGP_HEADER_LEN + 2, notify->data, notify->len);
	return len;
}

void notification_decode(struct cursor body, struct bgp_notify *out)
{
	uint8_t code = cursor_u8(&body), subcode = cursor_u8(&body);

	notify_set(out, code, subcode, body.pos, cursor_left(&body), NULL);
}
