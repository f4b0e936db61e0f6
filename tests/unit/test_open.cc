/* OPEN: what is refused and how (RFC 4271 6.2), capabilities in both parameter formats, and there
 * and back. */
#include <gtest/gtest.h>

#include <memory>

#include "open.h"
#include "wire.h"

namespace
{

enum : uint16_t {
	MP = SPEAKER_CAP_MP_IPV4,
	RR = SPEAKER_CAP_REFRESH,
	AS4 = SPEAKER_CAP_AS4,
	GR = SPEAKER_CAP_GR,
	GR_R = SPEAKER_CAP_GR_RESTARTING,
	GR_F = SPEAKER_CAP_GR_FORWARDING,
	AWARE = SPEAKER_CAP_GR_AWARE,
	MP6 = SPEAKER_CAP_MP_IPV6,
	GR6 = SPEAKER_CAP_GR_IPV6,
	GR_F6 = SPEAKER_CAP_GR_FORWARDING_IPV6,
	ENH = SPEAKER_CAP_EXTENDED_NEXT_HOP
};

/* Version 4, AS 65001, hold 180 s, router ID 10.0.2.4, and these parameters. */
bytes open_body(const bytes &params)
{
	return hex("04 fde9 00b4 0a000204") + bytes{ (uint8_t)params.size() } + params;
}

bytes caps(const bytes &values)
{
	return bytes{ 2, (uint8_t)values.size() } + values;
}

/* RFC 9072. */
bytes extended(const bytes &params)
{
	return hex("04 fde9 00b4 0a000204 ff ff") + be16(params.size()) + params;
}

struct open_case {
	const char *name;
	bytes body;
	int refused; /* subcode of 2, -1: it is good */
	uint32_t asn;
	uint16_t caps, restart_s;
};

const open_case open_cases[] = {
	{ "no parameters", open_body({}), -1, 65001, MP, 0 },
	{ "an empty capabilities parameter", open_body(caps({})), -1, 65001, MP, 0 },
	{ "all in one parameter",
	  open_body(caps(hex("0104 0001 00 01 0200 4006 0078 0001 01 80 4104 0000fde9"))), -1,
	  65001, MP | RR | AWARE | GR | GR_F | AS4, 120 },
	{ "one parameter each",
	  open_body(caps(hex("0104 0001 00 01")) + caps(hex("0200")) + caps(hex("4104 0000fde9"))),
	  -1, 65001, MP | RR | AS4, 0 },
	{ "IPv6 only: not IPv4", open_body(caps(hex("0104 0002 00 01"))), -1, 65001, MP6, 0 },
	{ "IPv4 by IPv6 next hops, RFC 8950 4", open_body(caps(hex("0506 0001 0001 0002"))), -1,
	  65001, MP | ENH, 0 },
	{ "among others", open_body(caps(hex("050c 0001 0080 0002 0001 0001 0002"))), -1, 65001,
	  MP | ENH, 0 },
	{ "other extended next hops", open_body(caps(hex("050c 0001 0080 0002 0002 0001 0001"))),
	  -1, 65001, MP, 0 },
	{ "graceful restart, a flag for each family",
	  open_body(caps(hex("0104 0001 00 01 0104 0002 00 01 400a 0078 0001 01 00 0002 01 80"))),
	  -1, 65001, MP | MP6 | AWARE | GR | GR6 | GR_F6, 120 },
	{ "IPv6 and IPv4", open_body(caps(hex("0104 0002 00 01 0104 0001 00 01"))), -1, 65001,
	  MP | MP6, 0 },
	{ "the reserved octet of MP is ignored", open_body(caps(hex("0104 0001 77 01"))), -1, 65001,
	  MP, 0 },
	{ "IPv4 multicast only", open_body(caps(hex("0104 0001 00 02"))), -1, 65001, 0, 0 },
	{ "unknown capability, RFC 5492 3",
	  open_body(caps(hex("0104 0001 00 01 8003 010203 4104 0000fde9"))), -1, 65001, MP | AS4,
	  0 },
	{ "restarting", open_body(caps(hex("4006 8fff 0001 01 00"))), -1, 65001,
	  MP | AWARE | GR | GR_R, 4095 },
	{ "graceful restart, no families: a mere helper", open_body(caps(hex("4002 0078"))), -1,
	  65001, MP | AWARE, 120 },
	{ "graceful restart, IPv6 only", open_body(caps(hex("4006 8078 0002 01 80"))), -1, 65001,
	  MP | AWARE | GR_R | GR6 | GR_F6, 120 },
	{ "graceful restart twice: the last counts, RFC 4724 3",
	  open_body(caps(hex("4006 8078 0001 01 80 4002 0001"))), -1, 65001, MP | AWARE, 1 },
	{ "4-octet AS, AS_TRANS in the header", hex("04 5ba0 00b4 0a000204 08 0206 4104 00010001"),
	  -1, 65537, MP | AS4, 0 },
	{ "hold time 0", hex("04 fde9 0000 0a000204 00"), -1, 65001, MP, 0 },
	{ "hold time 3", hex("04 fde9 0003 0a000204 00"), -1, 65001, MP, 0 },
	{ "extended parameters, RFC 9072", extended(hex("02 0008 0200 4104 0000fde9")), -1, 65001,
	  MP | RR | AS4, 0 },
	{ "extended, and its length octet is not 255",
	  hex("04 fde9 00b4 0a000204 01 ff 0005 02 0002 0200"), -1, 65001, MP | RR, 0 },
	{ "extended and longer than 255 octets",
	  extended(bytes{ 2 } + be16(602) + hex("80fa") + bytes(250, 1) + hex("80fa") +
		   bytes(250, 1) + hex("8060") + bytes(96, 1)),
	  -1, 65001, MP, 0 },

	{ "version 3", hex("03 fde9 00b4 0a000204 00"), NOTIFY_OPEN_VERSION, 0, 0, 0 },
	{ "version 5", hex("05 fde9 00b4 0a000204 00"), NOTIFY_OPEN_VERSION, 0, 0, 0 },
	{ "AS 0, RFC 7607", hex("04 0000 00b4 0a000204 00"), NOTIFY_OPEN_AS, 0, 0, 0 },
	{ "AS 0 in the capability, RFC 7607", open_body(caps(hex("4104 00000000"))), NOTIFY_OPEN_AS,
	  0, 0, 0 },
	{ "two AS numbers", open_body(caps(hex("4104 0000fdea"))), NOTIFY_OPEN_AS, 0, 0, 0 },
	{ "hold time 1", hex("04 fde9 0001 0a000204 00"), NOTIFY_OPEN_HOLD, 0, 0, 0 },
	{ "hold time 2", hex("04 fde9 0002 0a000204 00"), NOTIFY_OPEN_HOLD, 0, 0, 0 },
	{ "router ID 0, RFC 6286", hex("04 fde9 00b4 00000000 00"), NOTIFY_OPEN_ID, 0, 0, 0 },
	{ "authentication parameter", open_body(hex("01 01 00")), NOTIFY_OPEN_PARAMETER, 0, 0, 0 },
	{ "parameter 3", open_body(hex("03 00")), NOTIFY_OPEN_PARAMETER, 0, 0, 0 },
	{ "parameter 255 behind another", open_body(hex("02 00 ff 00")), NOTIFY_OPEN_PARAMETER, 0,
	  0, 0 },
	{ "parameters longer than said", open_body({}) + hex("02 00"), 0, 0, 0, 0 },
	{ "parameters shorter than said", hex("04 fde9 00b4 0a000204 04 02 00"), 0, 0, 0, 0 },
	{ "parameter overruns", open_body(hex("02 03 0200")), 0, 0, 0, 0 },
	{ "parameter header cut", open_body(hex("02")), 0, 0, 0, 0 },
	{ "capability overruns", open_body(caps(hex("0104 0001 00"))), 0, 0, 0, 0 },
	{ "capability header cut", open_body(caps(hex("01"))), 0, 0, 0, 0 },
	{ "MP of 3 octets", open_body(caps(hex("0103 0001 00"))), 0, 0, 0, 0 },
	{ "MP of 5 octets", open_body(caps(hex("0105 0001 00 01 00"))), 0, 0, 0, 0 },
	{ "4-octet AS of 2 octets", open_body(caps(hex("4102 fde9"))), 0, 0, 0, 0 },
	{ "extended next hop of 5 octets", open_body(caps(hex("0505 0001 0001 00"))), 0, 0, 0, 0 },
	{ "extended next hop of none", open_body(caps(hex("0500"))), 0, 0, 0, 0 },
	{ "graceful restart of 1 octet", open_body(caps(hex("4001 00"))), 0, 0, 0, 0 },
	{ "graceful restart of 5 octets", open_body(caps(hex("4005 0078 0001 01"))), 0, 0, 0, 0 },
	{ "extended length cut", hex("04 fde9 00b4 0a000204 ff ff 00"), 0, 0, 0, 0 },
	{ "extended, longer than said", extended({}) + hex("02"), 0, 0, 0, 0 },
	{ "extended, shorter than said", hex("04 fde9 00b4 0a000204 ff ff 0004 02 00"), 0, 0, 0,
	  0 },
	{ "no body", {}, NOTIFY_OPEN_VERSION, 0, 0, 0 },
};

bool decode(const bytes &body, struct bgp_open *open, struct bgp_notify *notify)
{
	std::unique_ptr<uint8_t[]> exact(new uint8_t[body.size()]);

	std::copy(body.begin(), body.end(), exact.get());
	return open_decode(cursor_make(exact.get(), body.size()), open, notify);
}

} // namespace

TEST(open, table)
{
	for (const open_case &t : open_cases) {
		struct bgp_open o;
		struct bgp_notify n = {};

		EXPECT_EQ(t.refused < 0, decode(t.body, &o, &n))
			<< t.name << ": " << (n.why ? n.why : "");
		if (t.refused >= 0) {
			EXPECT_EQ(NOTIFY_OPEN, n.code) << t.name;
			EXPECT_EQ(t.refused, n.subcode) << t.name << ": " << n.why;
			EXPECT_EQ(t.refused == NOTIFY_OPEN_VERSION ? hex("0004") : bytes(),
				  bytes(n.data, n.data + n.len))
				<< t.name;
			continue;
		}
		EXPECT_EQ(t.asn, o.asn) << t.name;
		EXPECT_EQ(t.caps, o.caps) << t.name;
		EXPECT_EQ(t.restart_s, o.restart_s) << t.name;
		EXPECT_EQ(0x0a000204u, o.router_id) << t.name;
	}
}

TEST(open, every_truncation_is_refused)
{
	for (const open_case &t : open_cases) {
		for (size_t n = 0; n < t.body.size(); n++) {
			struct bgp_open o;
			struct bgp_notify notify;

			bool good = decode(bytes(t.body.begin(), t.body.begin() + (long)n), &o,
					   &notify);

			EXPECT_FALSE(good && (n < 10 || t.refused < 0))
				<< t.name << " cut to " << n;
		}
	}
}

TEST(open, check)
{
	const struct {
		const char *name;
		uint32_t asn, id;	      /* the peer's */
		uint32_t peer_asn, local_asn; /* configured, ours; our router ID is 10.0.1.4 */
		int refused;
		uint16_t caps = MP;
	} rows[] = {
		{ "as configured", 65001, 0x0a000204, 65001, 65515, -1 },
		{ "another AS", 65002, 0x0a000204, 65001, 65515, NOTIFY_OPEN_AS },
		{ "internal", 65515, 0x0a000204, 65515, 65515, -1 },
		{ "internal with our router ID, RFC 6286 2.2", 65515, 0x0a000104, 65515, 65515,
		  NOTIFY_OPEN_ID },
		{ "external with our router ID is allowed, RFC 6286 2.1", 65001, 0x0a000104, 65001,
		  65515, -1 },
		{ "without IPv4 unicast, RFC 5492 3", 65001, 0x0a000204, 65001, 65515,
		  NOTIFY_OPEN_CAPABILITY, RR | AS4 },
	};

	for (const auto &t : rows) {
		struct bgp_open o = { t.asn, t.id, 180, 0, t.caps };
		struct bgp_notify n = {};

		EXPECT_EQ(t.refused < 0, open_check(&o, t.peer_asn, t.local_asn, 0x0a000104, 1, &n))
			<< t.name;
		if (t.refused >= 0) {
			EXPECT_EQ(t.refused, n.subcode) << t.name;
			EXPECT_EQ(t.refused == NOTIFY_OPEN_CAPABILITY ? hex("0104 0001 00 01")
								      : bytes(),
				  bytes(n.data, n.data + n.len))
				<< t.name;
		}
	}
}

TEST(open, there_and_back)
{
	for (unsigned int bits = 0; bits < 2 * ENH; bits++) {
		uint16_t want = (uint16_t)(bits & ~AWARE);

		if (want != bits)
			continue;
		if (!(want & (GR | GR6)))
			want &= (uint16_t)~GR_R;
		if (!(want & GR))
			want &= (uint16_t)~GR_F;
		if (!(want & GR6))
			want &= (uint16_t)~GR_F6;
		for (uint32_t asn : { 23456u, 65535u, 65536u, 4294967295u }) {
			struct bgp_open o = { asn, 0x0a000104, 180,
					      (uint16_t)(want & (GR | GR6) ? 120 : 0), want },
					back;
			uint8_t buf[BGP_MESSAGE_MAX];
			struct bgp_message m;
			struct bgp_notify n;
			size_t len = open_encode(buf, sizeof(buf), &o);
			struct cursor c = cursor_make(buf, len);

			ASSERT_EQ(MESSAGE_READY, message_next(&c, BGP_MESSAGE_MAX, &m, &n));
			ASSERT_EQ(BGP_OPEN, m.type);
			ASSERT_TRUE(open_decode(m.body, &back, &n))
				<< bits << " " << asn << " " << n.why;
			EXPECT_EQ(want & AS4 || asn <= 65535 ? asn : 23456, back.asn);
			EXPECT_EQ(want | (want & MP6 ? 0 : MP) | (want & (GR | GR6) ? AWARE : 0),
				  back.caps)
				<< "without any MP capability IPv4 unicast is meant";
			EXPECT_EQ(o.restart_s, back.restart_s);
			EXPECT_EQ(o.hold_s, back.hold_s);
			EXPECT_EQ(o.router_id, back.router_id);
			EXPECT_EQ(0u, open_encode(buf, len - 1, &o));
		}
	}
}

/* What is negotiated is kept for each family (RFC 5492 3, RFC 4724 3). */
TEST(open, families)
{
	static const struct {
		const char *name;
		uint16_t ours, caps; /* the peer's */
		const char *data;    /* of the NOTIFICATION; NULL: there is none */
		uint16_t negotiated;
	} rows[] = {
		{ "both have both", MP | MP6 | ENH, MP | MP6 | GR | GR6 | GR_F6 | ENH, NULL,
		  MP | MP6 | GR | GR6 | GR_F6 | ENH },
		{ "we have IPv4", MP | ENH, MP | MP6 | GR | GR6 | GR_F | GR_F6 | ENH | AS4, NULL,
		  MP | GR | GR_F | ENH | AS4 },
		{ "we have IPv6", MP6, MP | MP6 | GR | GR6 | ENH | RR, NULL, MP6 | GR6 | RR },
		{ "it restarts what it does not have", MP | MP6, MP6 | GR | GR_F, NULL, MP6 },
		{ "none in common, we have IPv6", MP6, MP | GR, "0104 0002 00 01", 0 },
		{ "none in common, we have IPv4", MP, MP6 | GR6, "0104 0001 00 01", 0 },
		{ "none at all", MP | MP6, RR | AS4, "0104 0001 00 01 0104 0002 00 01", 0 },
		{ "extended next hops, that we do not have", MP | MP6, MP | MP6 | ENH, NULL,
		  MP | MP6 },
		{ "that it does not have", MP | MP6 | ENH, MP | MP6, NULL, MP | MP6 },
		{ "that nobody has IPv4 routes for", MP | MP6 | ENH, MP6 | ENH, NULL, MP6 },
	};

	for (const auto &t : rows) {
		struct bgp_open o = { 65001, 0x0a000204, 180, 0, t.caps };
		struct bgp_notify n = {};

		EXPECT_EQ(!t.data,
			  open_check(&o, 65001, 65515, 0x0a000104, open_families(t.ours), &n))
			<< t.name;
		EXPECT_EQ(t.negotiated, t.data ? 0 : open_negotiated(t.caps, t.ours)) << t.name;
		if (t.data) {
			EXPECT_EQ(NOTIFY_OPEN_CAPABILITY, n.subcode) << t.name;
			EXPECT_EQ(hex(t.data), bytes(n.data, n.data + n.len)) << t.name;
		}
	}
	EXPECT_EQ(MP | GR | MP6 | GR6 | GR_F6, open_caps(3, 2));
	EXPECT_EQ(MP6 | GR6, open_caps(2, 1)) << "the flag is of a family that is listed";
}

/* All that two OPENs can say of families, by the plain words of what each bit needs. */
TEST(open, negotiation_of_all_combinations)
{
	static const struct {
		uint16_t bit, both, ours; /* both: at both ends; ours: at ours too */
	} needs[] = {
		{ MP, MP, 0 },	 { MP6, MP6, 0 },   { GR, MP, 0 },    { GR6, MP6, 0 },
		{ GR_F, MP, 0 }, { GR_F6, MP6, 0 }, { ENH, MP, ENH }, { RR, 0, 0 },
		{ AS4, 0, 0 },	 { AWARE, 0, 0 },   { GR_R, 0, 0 },
	};
	uint16_t all = 0;

	for (const auto &need : needs)
		all |= need.bit;
	ASSERT_EQ(2 * ENH - 1, all) << "each bit has its row";
	for (unsigned int theirs = 0; theirs < 2 * ENH; theirs++) {
		for (uint16_t ours : { 0, (int)ENH, (int)MP, MP | ENH, (int)MP6, MP6 | ENH,
				       MP | MP6, MP | MP6 | ENH, MP | MP6 | ENH | GR | AS4 }) {
			uint16_t want = 0;

			for (const auto &need : needs)
				if (theirs & need.bit && (theirs & ours & need.both) == need.both &&
				    (ours & need.ours) == need.ours)
					want |= need.bit;
			ASSERT_EQ(want, open_negotiated((uint16_t)theirs, ours))
				<< std::hex << theirs << " and " << ours;
		}
	}
}

TEST(open, golden_octets_of_both_families)
{
	struct bgp_open o = { 65515, 0x0a000104, 180, 120,
			      MP | MP6 | RR | ENH | GR | GR6 | GR_F6 | AS4 };
	uint8_t buf[BGP_MESSAGE_MAX];
	size_t len = open_encode(buf, sizeof(buf), &o);

	EXPECT_EQ(message(BGP_OPEN,
			  hex("04 ffeb 00b4 0a000104 2a 02 28 0104 00010001 0104 00020001 0200 "
			      "0506 0001 0001 0002 400a 0078 0001 01 00 0002 01 80 4104 "
			      "0000ffeb")),
		  bytes(buf, buf + len));
}

TEST(open, golden_octets)
{
	struct bgp_open o = { 65515, 0x0a000104, 180, 120, MP | RR | GR | AS4 };
	uint8_t buf[BGP_MESSAGE_MAX];
	size_t len = open_encode(buf, sizeof(buf), &o);

	EXPECT_EQ(message(BGP_OPEN, hex("04 ffeb 00b4 0a000104 18 02 16 0104 00010001 0200 4006 "
					"0078 0001 01 00 4104 0000ffeb")),
		  bytes(buf, buf + len));
}
