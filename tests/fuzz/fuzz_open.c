/* Any octets as a stream of messages, and every OPEN, NOTIFICATION and ROUTE-REFRESH in it decoded;
 * what is understood of an OPEN survives encoding. */
#include <stdlib.h>

#include "open.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void open_one(struct cursor body)
{
	struct bgp_open open, again;
	struct bgp_notify notify;
	struct bgp_message msg;
	uint8_t wire[BGP_MESSAGE_MAX];

	if (!open_decode(body, &open, &notify)) {
		require(notify.code == NOTIFY_OPEN && notify.why);
		return;
	}
	require(open.asn && open.router_id && open.hold_s != 1 && open.hold_s != 2 &&
		open.restart_s <= 4095);
	open_check(&open, 65001, 65515, 0x0a000104, (uint8_t)(1 + open.router_id % 3), &notify);

	/* Without any of our families there is nothing to say them with; without CAP_GR no restart
	 * time either. */
	open.caps |= SPEAKER_CAP_MP_IPV4;
	if (!(open.caps & (SPEAKER_CAP_GR | SPEAKER_CAP_GR_IPV6))) {
		open.caps &= (uint16_t) ~(SPEAKER_CAP_GR_AWARE | SPEAKER_CAP_GR_RESTARTING |
					  SPEAKER_CAP_GR_FORWARDING);
		open.restart_s = 0;
	}

	struct cursor c = cursor_make(wire, open_encode(wire, sizeof(wire), &open));

	require(message_next(&c, BGP_MESSAGE_MAX, &msg, &notify) == MESSAGE_READY &&
		msg.type == BGP_OPEN);
	require(open_decode(msg.body, &again, &notify));
	require(again.asn == open.asn && again.router_id == open.router_id &&
		again.hold_s == open.hold_s && again.caps == open.caps &&
		again.restart_s == open.restart_s);
}

static void notification_one(struct cursor body)
{
	struct bgp_notify notify;
	char text[200];

	notification_decode(body, &notify);
	notify_text(&notify, text, sizeof(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor stream = cursor_make(data, size);
	struct bgp_message msg;
	struct bgp_notify notify;
	struct bgp_refresh refresh;

	open_one(stream); /* without a header too: the fuzzer need not find the marker first */
	while (message_next(&stream, BGP_MESSAGE_MAX, &msg, &notify) == MESSAGE_READY) {
		if (msg.type == BGP_OPEN)
			open_one(msg.body);
		else if (msg.type == BGP_NOTIFICATION)
			notification_one(msg.body);
		else if (msg.type == BGP_ROUTE_REFRESH)
			refresh_decode(msg.body, &refresh);
	}
	return 0;
}
