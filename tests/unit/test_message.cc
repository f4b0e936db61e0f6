/* Framing (RFC 4271 4.1, 6.1) and the fixed messages. */
#include <gtest/gtest.h>

#include "message.h"
#include "wire.h"

namespace
{

struct frame_case {
	const char *name;
	bytes wire;
	enum message_status status;
	uint8_t subcode; /* of code 1 */
	bytes data;
};

/* A header that claims `len` octets, and `body`. */
bytes claim(uint16_t len, uint8_t type, const bytes &body = {})
{
	return bytes(16, 0xff) + be16(len) + bytes{ type } + body;
}

const frame_case frame_cases[] = {
	{ "nothing", {}, MESSAGE_PARTIAL, 0, {} },
	{ "keepalive", message(4, {}), MESSAGE_READY, 0, {} },
	{ "update", message(2, hex("00000000")), MESSAGE_READY, 0, {} },
	{ "open", message(1, bytes(10)), MESSAGE_READY, 0, {} },
	{ "notification", message(3, hex("0602")), MESSAGE_READY, 0, {} },
	{ "route refresh", message(5, hex("00010001")), MESSAGE_READY, 0, {} },
	{ "longest", message(2, bytes(4096 - 19)), MESSAGE_READY, 0, {} },
	{ "marker of zeros", bytes(16, 0) + hex("0013 04"), MESSAGE_BAD, NOTIFY_HEADER_SYNC, {} },
	{ "one bit of the marker off",
	  bytes(15, 0xff) + hex("fe 0013 04"),
	  MESSAGE_BAD,
	  NOTIFY_HEADER_SYNC,
	  {} },
	{ "length 0", claim(0, 4), MESSAGE_BAD, NOTIFY_HEADER_LENGTH, hex("0000") },
	{ "length 18", claim(18, 4), MESSAGE_BAD, NOTIFY_HEADER_LENGTH, hex("0012") },
	{ "length 4097", claim(4097, 2), MESSAGE_BAD, NOTIFY_HEADER_LENGTH, hex("1001") },
	{ "length 65535", claim(65535, 2), MESSAGE_BAD, NOTIFY_HEADER_LENGTH, hex("ffff") },
	{ "keepalive with a body", claim(20, 4, { 0 }), MESSAGE_BAD, NOTIFY_HEADER_LENGTH,
	  hex("0014") },
	{ "open too short", claim(28, 1), MESSAGE_BAD, NOTIFY_HEADER_LENGTH, hex("001c") },
	{ "update too short", claim(22, 2), MESSAGE_BAD, NOTIFY_HEADER_LENGTH, hex("0016") },
	{ "notification too short", claim(20, 3), MESSAGE_BAD, NOTIFY_HEADER_LENGTH, hex("0014") },
	{ "route refresh too short", claim(22, 5), MESSAGE_BAD, NOTIFY_HEADER_LENGTH, hex("0016") },
	{ "route refresh too long", claim(24, 5), MESSAGE_BAD, NOTIFY_HEADER_LENGTH, hex("0018") },
	{ "type 0", claim(19, 0), MESSAGE_BAD, NOTIFY_HEADER_TYPE, hex("00") },
	{ "type 6", claim(19, 6), MESSAGE_BAD, NOTIFY_HEADER_TYPE, hex("06") },
	{ "type 255", claim(19, 255), MESSAGE_BAD, NOTIFY_HEADER_TYPE, hex("ff") },
	{ "type unknown and length wrong: length first", claim(18, 6), MESSAGE_BAD,
	  NOTIFY_HEADER_LENGTH, hex("0012") },
};

} // namespace

TEST(message, framing)
{
	for (const frame_case &t : frame_cases) {
		struct cursor c = cursor_of(t.wire);
		struct bgp_message m;
		struct bgp_notify n = {};

		EXPECT_EQ(t.status, message_next(&c, BGP_MESSAGE_MAX, &m, &n)) << t.name;
		EXPECT_EQ(t.status == MESSAGE_READY ? 0 : t.wire.size(), cursor_left(&c)) << t.name;
		if (t.status == MESSAGE_READY) {
			EXPECT_EQ(t.wire.size(), m.len) << t.name;
			EXPECT_EQ(t.wire.size() - 19, cursor_left(&m.body)) << t.name;
			EXPECT_EQ(t.wire[18], m.type) << t.name;
		} else if (t.status == MESSAGE_BAD) {
			EXPECT_EQ(NOTIFY_HEADER, n.code) << t.name;
			EXPECT_EQ(t.subcode, n.subcode) << t.name;
			EXPECT_EQ(t.data, bytes(n.data, n.data + n.len)) << t.name;
			EXPECT_NE(nullptr, n.why);
		}
	}
}

TEST(message, every_truncation_waits_or_is_bad_already)
{
	for (const frame_case &t : frame_cases) {
		for (size_t n = 0; n < t.wire.size() && n < 200; n++) {
			bytes cut(t.wire.begin(), t.wire.begin() + (long)n);
			struct cursor c = cursor_of(cut);
			struct bgp_message m;
			struct bgp_notify notify;
			bool judged = n >= BGP_HEADER_LEN && t.status == MESSAGE_BAD;

			EXPECT_EQ(judged ? MESSAGE_BAD : MESSAGE_PARTIAL,
				  message_next(&c, BGP_MESSAGE_MAX, &m, &notify))
				<< t.name << " cut to " << n;
			EXPECT_EQ(n, cursor_left(&c));
		}
	}
}

TEST(message, several_in_one_buffer)
{
	bytes b = message(4, {}) + message(2, hex("00000000")) + message(4, {}) + bytes(3, 0xff);
	struct cursor c = cursor_of(b);
	struct bgp_message m;
	struct bgp_notify n;

	for (uint8_t type : { 4, 2, 4 }) {
		ASSERT_EQ(MESSAGE_READY, message_next(&c, BGP_MESSAGE_MAX, &m, &n));
		EXPECT_EQ(type, m.type);
	}
	EXPECT_EQ(MESSAGE_PARTIAL, message_next(&c, BGP_MESSAGE_MAX, &m, &n));
	EXPECT_EQ(3u, cursor_left(&c));
}

TEST(message, keepalive_and_refresh)
{
	uint8_t buf[BGP_MESSAGE_MAX];
	struct bgp_refresh refresh;
	bytes golden = message(5, hex("0001 00 01"));

	EXPECT_EQ(message(4, {}), bytes(buf, buf + keepalive_encode(buf, sizeof(buf))));
	EXPECT_EQ(0u, keepalive_encode(buf, 18));
	EXPECT_EQ(golden, bytes(buf, buf + refresh_encode(buf, sizeof(buf), FAMILY_IPV4)));
	EXPECT_EQ(message(BGP_ROUTE_REFRESH, hex("0002 00 01")),
		  bytes(buf, buf + refresh_encode(buf, sizeof(buf), FAMILY_IPV6)));
	EXPECT_EQ(0u, refresh_encode(buf, 22, FAMILY_IPV4));
	refresh_decode(cursor_make(golden.data() + 19, 4), &refresh);
	EXPECT_EQ(BGP_AFI_IPV4, refresh.afi);
	EXPECT_EQ(BGP_SAFI_UNICAST, refresh.safi);
	EXPECT_EQ(0, refresh.subtype);
}

TEST(message, notification_there_and_back)
{
	for (size_t len : { 0, 1, 2, 255, 256 }) {
		uint8_t buf[BGP_MESSAGE_MAX];
		struct bgp_notify n = {}, back = {};
		struct bgp_message m;
		struct cursor c;

		notify_set(&n, 3, 5, bytes(len, 7).data(), len, "why");
		size_t size = notification_encode(buf, sizeof(buf), &n);
		ASSERT_EQ(21 + len, size);
		EXPECT_EQ(0u, notification_encode(buf, size - 1, &n));
		c = cursor_make(buf, size);
		ASSERT_EQ(MESSAGE_READY, message_next(&c, BGP_MESSAGE_MAX, &m, &back));
		notification_decode(m.body, &back);
		EXPECT_EQ(3, back.code);
		EXPECT_EQ(5, back.subcode);
		EXPECT_EQ(bytes(len, 7), bytes(back.data, back.data + back.len));
		EXPECT_EQ(nullptr, back.why);
	}

	struct bgp_notify longest;
	bytes body = hex("0301") + bytes(4000, 9);
	notification_decode(cursor_of(body), &longest);
	EXPECT_EQ(BGP_NOTIFY_DATA, longest.len);
}

TEST(message, names)
{
	EXPECT_STREQ("OPEN", message_type_name(1));
	EXPECT_STREQ("ROUTE-REFRESH", message_type_name(5));
	for (int type : { 0, 6, 255 })
		EXPECT_STREQ("unknown message", message_type_name((uint8_t)type));
}
