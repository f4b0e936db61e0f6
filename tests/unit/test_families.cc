// Sessions of either family, or both: what is negotiated, and what of a peer's messages is passed
// on.
#include "speaker_lab.h"

#include "session.h"

using namespace lab;

namespace
{

enum : uint8_t { V4 = 1 << FAMILY_IPV4, V6 = 1 << FAMILY_IPV6 };
enum : uint16_t { MP4 = SPEAKER_CAP_MP_IPV4, MP6 = SPEAKER_CAP_MP_IPV6 };

octets update_of(const octets &withdrawn, const octets &attrs, const octets &nlri)
{
	octets buf(BGP_HEADER_LEN + 2);

	buf = buf + withdrawn + octets{ 0, (uint8_t)attrs.size() } + attrs + nlri;
	store_be16(&buf[BGP_HEADER_LEN], (uint16_t)withdrawn.size());
	message_header(buf.data(), BGP_UPDATE, (uint16_t)buf.size());
	return buf;
}

// ORIGIN, AS_PATH of the peer, NEXT_HOP 10.0.0.1.
const octets attrs4 = {
	0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9, 0x40, 3, 4, 10, 0, 0, 1
};
// 2001:db8::/32 by 2001:db8::1.
const octets reach6 = { 0x80, 14, 26, 0, 2, 1, 16, 0x20, 1, 0xd, 0xb8, 0, 0,   0,   0,
			0,    0,  0,  0, 0, 0, 0,  1,	 0, 32,	 0x20, 1, 0xd, 0xb8 };
// 10.0.0.0/8 by the same.
const octets reach4_by_6 = { 0x80, 14, 23, 0, 1, 1, 16, 0x20, 1, 0xd, 0xb8, 0, 0,
			     0,	   0,  0,  0, 0, 0, 0,	0,    0, 1,   0,    8, 10 };
// 2001:db8:1::/48.
const octets unreach6 = { 0x80, 15, 10, 0, 2, 1, 48, 0x20, 1, 0xd, 0xb8, 0, 1 };
const octets eor6 = { 0x80, 15, 3, 0, 2, 1 };

// The octets say AS 65001, and so must the peer.
static_assert(peer_asn == 65001);

std::string texts(const uint8_t *at, const uint8_t *end, uint8_t family)
{
	std::string all;
	char text[PREFIX_TEXT];

	while (at < end) {
		struct prefix p;

		at = nlri_load(at, family, &p);
		all += std::string(" ") + prefix_text(p, text);
	}
	return all;
}

// The UPDATEs and End-of-RIBs that a node has passed on, one a line.
std::string passed_on(const node &n)
{
	std::string all;

	for (const event &e : n.events) {
		if (e.type == SPEAKER_EOR)
			all += std::string("end of ") +
			       family_name(e.as<struct speaker_event>().family) + "\n";
		if (e.type != SPEAKER_UPDATE)
			continue;
		const struct speaker_update &u = e.as<struct speaker_update>();
		const uint8_t *announced = speaker_update_announced(&u);

		all += family_name(u.family) + std::string(" +") +
		       texts(announced, speaker_update_end(&u), u.family) + " -" +
		       texts(speaker_update_withdrawn(&u), announced, u.family) + "\n";
	}
	return all;
}

struct bgp_open open_of(const raw &r)
{
	struct cursor c = cursor_make(r.in.data(), r.in.size());
	struct bgp_notify notify;
	struct bgp_message msg;
	struct bgp_open open = {};

	EXPECT_EQ(MESSAGE_READY, message_next(&c, BGP_MESSAGE_MAX, &msg, &notify));
	EXPECT_TRUE(open_decode(msg.body, &open, &notify));
	return open;
}

struct families_case {
	const char *name;
	uint8_t ours;
	uint16_t peers;	     // SPEAKER_CAP_MP_*
	const char *refused; // the NOTIFICATION that it gets; nullptr: Established
	uint8_t refreshed;   // families that it may ask for again
	const char *passed_on;
};

const families_case families_cases[] = {
	{ "both", V4 | V6, MP4 | MP6, nullptr, V4 | V6,
	  "ipv4 + 10.0.0.0/8 - 11.0.0.0/8\nipv6 + 2001:db8::/32 - 2001:db8:1::/48\n"
	  "end of ipv4\nend of ipv6\n" },
	{ "we have IPv4 alone", V4, MP4 | MP6, nullptr, V4,
	  "ipv4 + 10.0.0.0/8 - 11.0.0.0/8\nend of ipv4\n" },
	{ "it has IPv4 alone", V4 | V6, MP4, nullptr, V4,
	  "ipv4 + 10.0.0.0/8 - 11.0.0.0/8\nend of ipv4\n" },
	{ "it says nothing of families, so it has IPv4", V4 | V6, 0, nullptr, V4,
	  "ipv4 + 10.0.0.0/8 - 11.0.0.0/8\nend of ipv4\n" },
	{ "we have IPv6 alone", V6, MP4 | MP6, nullptr, V6,
	  "ipv6 + 2001:db8::/32 - 2001:db8:1::/48\nend of ipv6\n" },
	{ "it has IPv6 alone", V4 | V6, MP6, nullptr, V6,
	  "ipv6 + 2001:db8::/32 - 2001:db8:1::/48\nend of ipv6\n" },
	{ "we have IPv6, it has IPv4", V6, MP4, "2/7 01 04 00 02 00 01", 0, "" },
	{ "we have IPv4, it has IPv6", V4, MP6, "2/7 01 04 00 01 00 01", 0, "" },
};

} // namespace

TEST_P(speaker_test, families)
{
	for (const families_case &t : families_cases) {
		raw r;
		auto n = passive_node("", t.ours);

		SCOPED_TRACE(t.name);
		raws = { &r };
		r.connect(raw_addr, a_addr);
		ASSERT_TRUE(until([&] { return r.count(BGP_OPEN) == 1; }));
		r.put(open_message(peer_asn, b_id, 90, 0, t.peers) + keepalive_message());
		if (t.refused) {
			ASSERT_TRUE(until([&] { return r.count(BGP_NOTIFICATION); }));
			EXPECT_EQ(t.refused, r.notification());
			ASSERT_TRUE(until([&] {
				return n->why().find("not IPv") != std::string::npos;
			})) << n->why();
		} else {
			ASSERT_TRUE(until([&] { return n->count(SPEAKER_UP) == 1; }));
			EXPECT_EQ(t.refreshed,
				  open_families(n->last(SPEAKER_UP)->as<struct speaker_up>().caps));
			r.put(update_of({ 8, 11 }, attrs4 + reach6 + unreach6, { 8, 10 }) +
			      refresh_message(FAMILY_IPV4) + refresh_message(FAMILY_IPV6) +
			      update_of({}, {}, {}) + update_of({}, eor6, {}));
			ASSERT_TRUE(until([&] { return passed_on(*n) == t.passed_on; }))
				<< passed_on(*n);
			EXPECT_EQ(t.refreshed == (V4 | V6) ? 2u : 1u, n->count(SPEAKER_REFRESH));
			EXPECT_EQ(0u, n->count(SPEAKER_DOWN));
		}
		raws.clear();
		nodes.clear();
	}
}

// The longest message that says something of both families finds room for two records at once, or
// waits; and none is lost.
TEST_P(speaker_test, records_of_both_families_fit_together)
{
	raw r;
	auto n = passive_node("", V4 | V6);
	octets nlri, stream;

	while (nlri.size() + 200 < BGP_MESSAGE_MAX)
		nlri = nlri + octets{ 8, (uint8_t)(1 + nlri.size() / 2 % 126) };
	for (int i = 0; i < 300; i++)
		stream = stream + update_of({}, attrs4 + reach6, nlri);
	raws = { &r };
	r.connect(raw_addr, a_addr);
	ASSERT_TRUE(until([&] { return r.count(BGP_OPEN) == 1; }));
	r.put(open_message(peer_asn, b_id, 90, 0, MP4 | MP6) + keepalive_message());
	ASSERT_TRUE(until([&] { return n->count(SPEAKER_UP) == 1; }));
	n->deaf = true;
	r.put(stream);
	ASSERT_TRUE(until([&] { return mailbox_waiting(n->to_rib) >= SESSION_BULK_WAITING; }));
	n->deaf = false;
	ASSERT_TRUE(until([&] { return n->count(SPEAKER_UPDATE) == 600; }));
	EXPECT_EQ(0u, n->count(SPEAKER_DOWN));
}

// IPv4 prefixes with an IPv6 next hop (RFC 8950 4): only if both have said that they take them.
TEST_P(speaker_test, extended_next_hops)
{
	static const uint16_t cap = SPEAKER_CAP_EXTENDED_NEXT_HOP;
	// ORIGIN and AS_PATH alone of the IPv4 ones.
	const octets attrs = octets(attrs4.begin(), attrs4.end() - 7) + reach4_by_6;

	for (bool ours : { false, true }) {
		for (uint16_t theirs : { (uint16_t)0, cap }) {
			struct speaker_peer_add add = node::peer(1, raw_addr, peer_asn);
			node n(a_addr, our_asn, a_id);
			raw r;

			SCOPED_TRACE(std::to_string(ours) + " and " + std::to_string(theirs));
			nodes = { &n };
			raws = { &r };
			add.passive = true;
			add.extended_next_hop = ours;
			n.tell(add);
			ASSERT_TRUE(until([&] { return n.count(SPEAKER_STATE) == 1; }));
			r.connect(raw_addr, a_addr);
			ASSERT_TRUE(until([&] { return r.count(BGP_OPEN) == 1; }));
			EXPECT_EQ(ours ? cap : 0, open_of(r).caps & cap);
			r.put(open_message(peer_asn, b_id, 90, theirs) + keepalive_message() +
			      update_of({}, attrs, {}));
			if (ours && theirs) {
				ASSERT_TRUE(until([&] { return n.count(SPEAKER_UPDATE) == 1; }));
				EXPECT_EQ("ipv4 + 10.0.0.0/8 -\n", passed_on(n));
			} else {
				ASSERT_TRUE(until([&] { return n.count(SPEAKER_DOWN) == 1; }));
				EXPECT_EQ(0u, r.notification().find("3/9")) << r.notification();
			}
			EXPECT_EQ(ours ? theirs : 0,
				  n.last(SPEAKER_UP)->as<struct speaker_up>().caps & cap);
			raws.clear();
			nodes.clear();
		}
	}
}

// ROUTE-REFRESH is sent for a family that both have, and for no other.
TEST_P(speaker_test, refresh_of_a_family)
{
	raw r;
	auto n = passive_node("", V4 | V6);
	struct speaker_command command = {};

	raws = { &r };
	r.connect(raw_addr, a_addr);
	ASSERT_TRUE(until([&] { return r.count(BGP_OPEN) == 1; }));
	r.put(open_message(peer_asn, b_id, 90, 0, MP6) + keepalive_message());
	ASSERT_TRUE(until([&] { return n->count(SPEAKER_UP) == 1; }));
	command.type = SPEAKER_SEND_REFRESH;
	command.peer = 1;
	for (uint8_t family : { FAMILY_IPV4, FAMILY_IPV6 }) {
		command.family = family;
		n->tell(command);
	}
	ASSERT_TRUE(until([&] { return r.count(BGP_ROUTE_REFRESH); }));
	octets asked = refresh_message(FAMILY_IPV6);
	EXPECT_EQ(1u, r.count(BGP_ROUTE_REFRESH));
	EXPECT_EQ(asked, octets(r.in.end() - (long)asked.size(), r.in.end()));
}

BY_BOTH_FAMILIES(speaker_test);
