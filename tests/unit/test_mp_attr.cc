/* Prefixes and next hops in MP attributes, of both families: what is well-formed, what a fault
 * costs (RFC 7606 5, 7.11), and what comes out of a message that has both. */
#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "attr.h"
#include "attr_harness.h"
#include "message.h"
#include "mp_attr.h"

namespace
{

const char GLOBAL[] = "20010db8000000000000000000000001",
	   LOCAL[] = "fe800000000000000000000000000001",
	   NONE[] = "00000000000000000000000000000000", OURS[] = "20010db8000000000000000000000063";

/* An MP_REACH: AFI, next hop, prefixes. */
bytes mp_reach(const char *afi, const std::string &next_hop, const char *nlri, uint8_t flags = 0x80)
{
	bytes hop = hex(next_hop);

	return attribute(flags, 14,
			 hex(afi) + hex("01") + bytes{ (uint8_t)hop.size() } + hop + hex("00") +
				 hex(nlri));
}

bytes mp_unreach(const char *afi, const char *nlri)
{
	return attribute(0x80, 15, hex(afi) + hex("01") + hex(nlri));
}

const bytes own = hex("40010100 40020a02020000fde90000fdea"), own_hop = hex("4003040a000001");

struct decoded : result {
	std::string withdrawn, announced, next_hop;
};

std::string list(struct nlri n)
{
	std::string out;
	char text[PREFIX_TEXT];

	for (struct prefix p; nlri_next(&n, &p);)
		out += std::string(out.empty() ? "" : " ") + prefix_text(p, text);
	return out;
}

/* In memory of exactly the size, for the sanitizer. */
decoded decode(const bytes &body, struct update_ctx ctx)
{
	std::unique_ptr<uint8_t[]> exact(new uint8_t[body.size()]);
	bytes buf(BGP_ATTRS_MAX);
	struct attr_view hop;
	decoded d;

	std::copy(body.begin(), body.end(), exact.get());
	d.verdict = update_decode(cursor_make(exact.get(), body.size()), &ctx, buf.data(), &d.u);
	if (d.verdict == BGP_SESSION_RESET)
		return d;
	d.attrs = bytes(buf.begin(), buf.begin() + d.u.attrs_len);
	d.withdrawn = list(d.u.withdrawn);
	d.announced = list(d.u.announced);
	if (attr_find(d.attrs.data(), (uint16_t)d.attrs.size(), ATTR_NEXT_HOP, &hop))
		for (uint16_t i = 0; i < hop.len; i++) {
			char octet[3];

			snprintf(octet, sizeof(octet), "%02x", hop.body[i]);
			d.next_hop += octet;
		}
	return d;
}

struct update_ctx ctx_of(uint8_t families, bool extended = false)
{
	struct update_ctx ctx = update_ctx_of(true, true, families, extended);
	bytes ours = hex(OURS);

	ctx.local_addr = addr_make6(ours.data());
	return ctx;
}

struct mp_case {
	const char *name;
	uint8_t families;
	bool extended;
	bytes body;
	enum bgp_verdict verdict;
	uint8_t family;
	std::string withdrawn, announced, next_hop;
};

const std::string both = std::string(GLOBAL) + LOCAL;

const mp_case mp_cases[] = {
	{ "announced by a global next hop, RFC 2545 3", IPV6_ALONE, false,
	  update_body({}, mp_reach("0002", GLOBAL, "20 20010db8 00") + own, {}), BGP_OK,
	  FAMILY_IPV6, "", "2001:db8::/32 ::/0", GLOBAL },
	{ "and with a link-local one", IPV6_ALONE, false,
	  update_body({}, own + mp_reach("0002", both, "20 20010db8"), {}), BGP_OK, FAMILY_IPV6, "",
	  "2001:db8::/32", both },
	{ "by a link-local one alone", IPV6_ALONE, false,
	  update_body({}, own + mp_reach("0002", LOCAL, "20 20010db8"), {}), BGP_OK, FAMILY_IPV6,
	  "", "2001:db8::/32", LOCAL },
	{ "link-local one behind none", IPV6_ALONE, false,
	  update_body({}, own + mp_reach("0002", std::string(NONE) + LOCAL, "20 20010db8"), {}),
	  BGP_OK, FAMILY_IPV6, "", "2001:db8::/32", LOCAL },
	{ "link-local one twice", IPV6_ALONE, false,
	  update_body({}, own + mp_reach("0002", std::string(LOCAL) + LOCAL, "20 20010db8"), {}),
	  BGP_OK, FAMILY_IPV6, "", "2001:db8::/32", LOCAL },
	{ "global one before none", IPV6_ALONE, false,
	  update_body({}, own + mp_reach("0002", std::string(GLOBAL) + NONE, "20 20010db8"), {}),
	  BGP_OK, FAMILY_IPV6, "", "2001:db8::/32", GLOBAL },
	{ "NEXT_HOP beside it is ignored, RFC 4760 3", IPV6_ALONE, false,
	  update_body({}, own + own_hop + mp_reach("0002", GLOBAL, "20 20010db8"), {}), BGP_OK,
	  FAMILY_IPV6, "", "2001:db8::/32", GLOBAL },
	{ "withdrawn", IPV6_ALONE, false, update_body({}, mp_unreach("0002", "20 20010db8"), {}),
	  BGP_OK, FAMILY_IPV6, "2001:db8::/32", "", "" },
	{ "both", IPV6_ALONE, false,
	  update_body({},
		      own + mp_reach("0002", GLOBAL, "20 20010db8") +
			      mp_unreach("0002", "30 20010db80001"),
		      {}),
	  BGP_OK, FAMILY_IPV6, "2001:db8:1::/48", "2001:db8::/32", GLOBAL },
	{ "martians are passed over", IPV6_ALONE, false,
	  update_body({}, own + mp_reach("0002", GLOBAL, "08 ff 20 20010db8 0a fe80"), {}), BGP_OK,
	  FAMILY_IPV6, "", "2001:db8::/32", GLOBAL },
	{ "not negotiated, RFC 4760 6", IPV4_ALONE, false,
	  update_body({}, own + mp_reach("0002", GLOBAL, "20 20010db8"), {}), BGP_OK, FAMILY_IPV4,
	  "", "", "" },
	{ "not negotiated, and malformed inside", IPV4_ALONE, false,
	  update_body({}, own + mp_reach("0002", "20", "ff"), {}), BGP_OK, FAMILY_IPV4, "", "",
	  "" },
	{ "IPv6 multicast was not negotiated", BOTH_FAMILIES, false,
	  update_body({}, attribute(0x80, 15, hex("0002 02 20 20010db8")), {}), BGP_OK, FAMILY_IPV4,
	  "", "", "" },
	{ "IPv4 in the message's own fields was not negotiated", IPV6_ALONE, false,
	  update_body(hex("080b"), own + own_hop, hex("080a")), BGP_OK, FAMILY_IPV6, "", "", "" },
	{ "but it is malformed, 5.3", IPV6_ALONE, false,
	  update_body({}, own + own_hop, hex("210a")), BGP_SESSION_RESET, 0, "", "", "" },
	{ "IPv4 by an IPv6 next hop, RFC 8950", IPV4_ALONE, true,
	  update_body({}, own + mp_reach("0001", both, "08 0a"), {}), BGP_OK, FAMILY_IPV4, "",
	  "10.0.0.0/8", both },
	{ "by an IPv4 one all the same", IPV4_ALONE, true,
	  update_body({}, own + mp_reach("0001", "0a000001", "08 0a"), {}), BGP_OK, FAMILY_IPV4, "",
	  "10.0.0.0/8", "0a000001" },
	{ "IPv4 by an IPv6 next hop, not negotiated, 7.11", IPV4_ALONE, false,
	  update_body({}, own + mp_reach("0001", GLOBAL, "08 0a"), {}), BGP_SESSION_RESET, 0, "",
	  "", "" },
	{ "IPv4 in both places by different next hops, 5.1", IPV4_ALONE, true,
	  update_body({}, own + own_hop + mp_reach("0001", GLOBAL, "08 0b"), hex("080a")),
	  BGP_TREAT_AS_WITHDRAW, FAMILY_IPV4, "", "10.0.0.0/8 11.0.0.0/8", "" },
	{ "IPv6 by an IPv4 next hop, 7.11", IPV6_ALONE, true,
	  update_body({}, own + mp_reach("0002", "0a000001", "20 20010db8"), {}), BGP_SESSION_RESET,
	  0, "", "", "" },
	{ "next hop of 24 octets, 7.11", IPV6_ALONE, false,
	  update_body({}, own + mp_reach("0002", std::string(GLOBAL) + "0102030405060708", ""), {}),
	  BGP_SESSION_RESET, 0, "", "", "" },
	{ "no next hop, 7.11", IPV6_ALONE, false,
	  update_body({}, own + mp_reach("0002", "", "20 20010db8"), {}), BGP_SESSION_RESET, 0, "",
	  "", "" },
	{ "next hop cut short, 7.11", IPV6_ALONE, false,
	  update_body({}, own + attribute(0x80, 14, hex("0002 01 10 20010db8")), {}),
	  BGP_SESSION_RESET, 0, "", "", "" },
	{ "129 bits, 5.3", IPV6_ALONE, false,
	  update_body({}, own + mp_reach("0002", GLOBAL, "81 20010db800000000000000000000000100"),
		      {}),
	  BGP_SESSION_RESET, 0, "", "", "" },
	{ "withdrawn 129 bits, 5.3", IPV6_ALONE, false,
	  update_body({}, mp_unreach("0002", "81 20010db800000000000000000000000100"), {}),
	  BGP_SESSION_RESET, 0, "", "", "" },
	{ "withdrawn prefix cut short, 5.3", IPV6_ALONE, false,
	  update_body({}, mp_unreach("0002", "20 20010d"), {}), BGP_SESSION_RESET, 0, "", "", "" },
	{ "second MP_REACH of another family, 3 g", BOTH_FAMILIES, false,
	  update_body({},
		      own + mp_reach("0002", GLOBAL, "20 20010db8") +
			      mp_reach("0001", "0a000001", "08 0a"),
		      {}),
	  BGP_SESSION_RESET, 0, "", "", "" },
	{ "second MP_UNREACH of another family, 3 g", BOTH_FAMILIES, false,
	  update_body({}, mp_unreach("0002", "20 20010db8") + mp_unreach("0001", "08 0a"), {}),
	  BGP_SESSION_RESET, 0, "", "", "" },
	{ "multicast next hop", IPV6_ALONE, false,
	  update_body({}, own + mp_reach("0002", "ff020000000000000000000000000001", "20 20010db8"),
		      {}),
	  BGP_TREAT_AS_WITHDRAW, FAMILY_IPV6, "", "2001:db8::/32", "" },
	{ "no next hop but zeros", IPV6_ALONE, false,
	  update_body({}, own + mp_reach("0002", std::string(NONE) + NONE, "20 20010db8"), {}),
	  BGP_TREAT_AS_WITHDRAW, FAMILY_IPV6, "", "2001:db8::/32", "" },
	{ "an IPv4 address in IPv6's clothes", IPV6_ALONE, false,
	  update_body({}, own + mp_reach("0002", "00000000000000000000ffff0a000001", "20 20010db8"),
		      {}),
	  BGP_TREAT_AS_WITHDRAW, FAMILY_IPV6, "", "2001:db8::/32", "" },
	{ "our own next hop", IPV6_ALONE, false,
	  update_body({}, own + mp_reach("0002", OURS, "20 20010db8"), {}), BGP_TREAT_AS_WITHDRAW,
	  FAMILY_IPV6, "", "2001:db8::/32", "" },
	{ "ORIGIN is missing, 3 d", IPV6_ALONE, false,
	  update_body({}, hex("40020602010000fde9") + mp_reach("0002", GLOBAL, "20 20010db8"), {}),
	  BGP_TREAT_AS_WITHDRAW, FAMILY_IPV6, "", "2001:db8::/32", "" },
	{ "flags of MP_REACH, 3 c", IPV6_ALONE, false,
	  update_body({}, own + mp_reach("0002", GLOBAL, "20 20010db8", 0x40), {}),
	  BGP_TREAT_AS_WITHDRAW, FAMILY_IPV6, "", "2001:db8::/32", "" },
	{ "a malformed attribute before MP_REACH", IPV6_ALONE, false,
	  update_body({}, hex("40010103") + mp_reach("0002", GLOBAL, "20 20010db8"), {}),
	  BGP_TREAT_AS_WITHDRAW, FAMILY_IPV6, "", "2001:db8::/32", "" },
	{ "a malformed attribute without a place to find prefixes, 5.2", IPV6_ALONE, false,
	  update_body({}, hex("40010103") + mp_unreach("0002", "20 20010db8"), {}),
	  BGP_SESSION_RESET, 0, "", "", "" },
};

} // namespace

TEST(mp_attr, table)
{
	for (const mp_case &t : mp_cases) {
		decoded d = decode(t.body, ctx_of(t.families, t.extended));

		EXPECT_EQ(t.verdict, d.verdict) << t.name << ": " << (d.u.fault ? d.u.fault : "");
		if (d.verdict == BGP_SESSION_RESET) {
			EXPECT_EQ(NOTIFY_UPDATE, d.u.notify.code) << t.name;
			continue;
		}
		EXPECT_EQ(t.family, d.u.family) << t.name;
		EXPECT_EQ(0, d.u.rest) << t.name;
		EXPECT_EQ(t.withdrawn, d.withdrawn) << t.name;
		EXPECT_EQ(t.announced, d.announced) << t.name;
		EXPECT_EQ(t.next_hop, d.next_hop) << t.name;
		EXPECT_FALSE(d.u.eor) << t.name;
	}
}

/* What an operator reads: OpenBGPD for one says 127.0.0.1 by IPv6 where it takes the wrong
 * interface for the session's. */
TEST(mp_attr, why_a_next_hop_is_refused)
{
	static const char nobody[] =
		"NEXT_HOP is unspecified or loopback: the peer found no address of its own on the "
		"link, RFC 4271 6.3";
	static const char no_host[] = "NEXT_HOP is not a host address, RFC 4271 6.3";
	const struct update_ctx ctx = update_ctx_of(true, true);
	const struct {
		const char *octets, *why;
	} rows[] = {
		{ "00000000", nobody },
		{ "7f000001", nobody },
		{ NONE, nobody },
		{ "00000000000000000000000000000001", nobody },
		{ "00000001", no_host },
		{ "e0000001", no_host },
		{ "ff020000000000000000000000000001", no_host },
		{ "0a000001", nullptr },
		{ GLOBAL, nullptr },
		{ LOCAL, nullptr },
	};

	for (const auto &row : rows) {
		const bytes hop = hex(row.octets);

		EXPECT_STREQ(row.why, mp_next_hop_check(hop.data(), (uint8_t)hop.size(), &ctx))
			<< row.octets;
	}
}

/* Cut anywhere inside the attributes, a good message is an error or says less. */
TEST(mp_attr, every_truncation)
{
	for (const mp_case &t : mp_cases) {
		bytes attrs(t.body.begin() + 4, t.body.end());

		if (t.verdict != BGP_OK || t.withdrawn + t.announced == "" || t.body[1])
			continue;
		for (size_t n = 0; n < attrs.size(); n++) {
			decoded d = decode(
				update_body({}, bytes(attrs.begin(), attrs.begin() + (long)n), {}),
				ctx_of(t.families, t.extended));

			if (d.verdict == BGP_OK) {
				EXPECT_LT(d.withdrawn.size() + d.announced.size(),
					  t.withdrawn.size() + t.announced.size())
					<< t.name << " cut to " << n;
			}
		}
	}
}

/* What has prefixes of both families is judged as a whole and comes out one after the other, each
 * with its own next hop. */
TEST(mp_attr, both_families_in_one_message)
{
	bytes body = update_body(hex("080b"),
				 own + own_hop + mp_reach("0002", both, "20 20010db8") +
					 mp_unreach("0002", "30 20010db80001"),
				 hex("080a"));
	struct update_ctx ctx = ctx_of(BOTH_FAMILIES);
	decoded first = decode(body, ctx);

	ASSERT_EQ(BGP_OK, first.verdict);
	EXPECT_EQ(FAMILY_IPV4, first.u.family);
	EXPECT_EQ(IPV6_ALONE, first.u.rest);
	EXPECT_EQ("10.0.0.0/8", first.announced);
	EXPECT_EQ("11.0.0.0/8", first.withdrawn);
	EXPECT_EQ("0a000001", first.next_hop);
	ctx.done = IPV4_ALONE;

	decoded second = decode(body, ctx);

	ASSERT_EQ(BGP_OK, second.verdict);
	EXPECT_EQ(FAMILY_IPV6, second.u.family);
	EXPECT_EQ(0, second.u.rest);
	EXPECT_EQ("2001:db8::/32", second.announced);
	EXPECT_EQ("2001:db8:1::/48", second.withdrawn);
	EXPECT_EQ(both, second.next_hop);

	/* What one of them lacks costs both. */
	body = update_body({}, own + mp_reach("0002", GLOBAL, "20 20010db8"), hex("080a"));
	EXPECT_EQ(BGP_TREAT_AS_WITHDRAW, decode(body, ctx_of(BOTH_FAMILIES)).verdict);
	EXPECT_EQ(BGP_TREAT_AS_WITHDRAW, decode(body, ctx).verdict);
	EXPECT_EQ("2001:db8::/32", decode(body, ctx).announced);
}

TEST(mp_attr, end_of_rib)
{
	const struct {
		const char *name;
		uint8_t families;
		bytes body;
		bool eor;
		uint8_t family;
	} rows[] = {
		{ "IPv6", BOTH_FAMILIES, update_body({}, mp_unreach("0002", ""), {}), true,
		  FAMILY_IPV6 },
		{ "IPv6 alone", IPV6_ALONE, update_body({}, mp_unreach("0002", ""), {}), true,
		  FAMILY_IPV6 },
		{ "IPv4", BOTH_FAMILIES, update_body({}, {}, {}), true, FAMILY_IPV4 },
		{ "IPv4 as an MP attribute", BOTH_FAMILIES,
		  update_body({}, mp_unreach("0001", ""), {}), true, FAMILY_IPV4 },
		{ "IPv4, which was not negotiated", IPV6_ALONE, update_body({}, {}, {}), false,
		  FAMILY_IPV6 },
		{ "IPv6, which was not negotiated", IPV4_ALONE,
		  update_body({}, mp_unreach("0002", ""), {}), false, FAMILY_IPV4 },
		{ "IPv6 beside a withdrawal of IPv4", BOTH_FAMILIES,
		  update_body(hex("080a"), mp_unreach("0002", ""), {}), false, FAMILY_IPV4 },
		{ "IPv6 beside another attribute", BOTH_FAMILIES,
		  update_body({}, own + mp_unreach("0002", ""), {}), false, FAMILY_IPV4 },
	};

	for (const auto &t : rows) {
		decoded d = decode(t.body, ctx_of(t.families));

		EXPECT_EQ(BGP_OK, d.verdict) << t.name;
		EXPECT_EQ(t.eor, d.u.eor) << t.name;
		EXPECT_EQ(t.family, d.u.family) << t.name;
	}
}

/* Octets flipped anywhere: some verdict, the same for each family, and no octet read outside. */
TEST(mp_attr, damaged)
{
	const bytes body = update_body(hex("080b"),
				       own + own_hop + mp_reach("0002", both, "20 20010db8 00") +
					       mp_unreach("0002", "30 20010db80001"),
				       hex("080a"));
	std::mt19937 rng(8950);

	for (int round = 0; round < 20000; round++) {
		struct update_ctx ctx = ctx_of(BOTH_FAMILIES, round & 1);
		bytes spoilt = body;

		for (unsigned int n = 1 + rng() % 3; n; n--)
			spoilt[rng() % spoilt.size()] = (uint8_t)rng();

		decoded d = decode(spoilt, ctx);

		if (d.verdict == BGP_SESSION_RESET || !d.u.rest)
			continue;
		ctx.done = family_bit(d.u.family);

		decoded other = decode(spoilt, ctx);

		ASSERT_EQ(d.verdict, other.verdict) << round;
		ASSERT_EQ(d.u.rest, family_bit(other.u.family)) << round;
		ASSERT_EQ(0, other.u.rest) << round;
	}
}

/* --- encoding --------------------------------------------------------------------------------- */

namespace
{

/* The body of an encoded message. */
bytes body_of(const uint8_t *buf, size_t len)
{
	EXPECT_EQ(len, load_be16(buf + 16));
	EXPECT_EQ(BGP_UPDATE, buf[18]);
	return bytes(buf + BGP_HEADER_LEN, buf + len);
}

struct prefix net(const char *text)
{
	struct prefix p;

	EXPECT_TRUE(prefix_parse(text, &p)) << text;
	return p;
}

/* Canonical attributes with this next hop. */
bytes with_hop(const std::string &hop)
{
	return own + attribute(0x40, 3, hex(hop)) + hex("c0080400010001");
}

} // namespace

TEST(mp_attr, golden_octets)
{
	const struct prefix prefixes[] = { net("2001:db8::/32"), net("::/0"),
					   net("2001:db8:1::/48") };
	bytes attrs = with_hop(both);
	uint8_t buf[BGP_MESSAGE_MAX];
	size_t taken, len = update_encode_announce(buf, sizeof(buf), FAMILY_IPV6, attrs.data(),
						   (uint16_t)attrs.size(), prefixes, 3, &taken);

	EXPECT_EQ(3u, taken);
	EXPECT_EQ(update_body(
			  {},
			  hex("900e0032 0002 01 20" + both + "00 20 20010db8 00 30 20010db80001") +
				  own + hex("c0080400010001"),
			  {}),
		  body_of(buf, len));
	len = update_encode_withdraw(buf, sizeof(buf), FAMILY_IPV6, prefixes, 2, &taken);
	EXPECT_EQ(2u, taken);
	EXPECT_EQ(update_body({}, hex("900f0009 0002 01 20 20010db8 00"), {}), body_of(buf, len));
	len = update_encode_eor(buf, sizeof(buf), FAMILY_IPV6);
	EXPECT_EQ(update_body({}, hex("900f0003 0002 01"), {}), body_of(buf, len));
	EXPECT_EQ(30u, len);
	EXPECT_EQ(0u, update_encode_eor(buf, 29, FAMILY_IPV6));
}

/* Of each kind of next hop, with so many prefixes that several messages are needed: none is lost,
 * none longer than 4,096 octets, each but the last as full as can be, and each decodes to what went
 * in. */
TEST(mp_attr, what_is_encoded_decodes_to_the_same)
{
	static const struct {
		const char *name;
		uint8_t family;
		std::string hop;
	} rows[] = {
		{ "IPv6", FAMILY_IPV6, GLOBAL },
		{ "IPv6, both next hops", FAMILY_IPV6, both },
		{ "IPv4 by IPv6", FAMILY_IPV4, GLOBAL },
		{ "IPv4 by both", FAMILY_IPV4, both },
		{ "IPv4", FAMILY_IPV4, "0a000001" },
	};
	std::mt19937 rng(2545);

	for (const auto &t : rows) {
		bytes attrs = with_hop(t.hop);
		std::vector<struct prefix> all;

		for (int i = 0; i < 2000; i++) {
			uint8_t octets[16] = { 0x20,
					       1,
					       0xd,
					       0xb8,
					       (uint8_t)rng(),
					       (uint8_t)rng(),
					       (uint8_t)rng(),
					       (uint8_t)rng() };

			all.push_back(t.family == FAMILY_IPV4
					      ? prefix4_make(0x0a000000 | (rng() & 0xffffff),
							     (uint8_t)(8 + rng() % 25))
					      : prefix_make(addr_make6(octets),
							    (uint8_t)(32 + rng() % 97)));
		}
		for (size_t at = 0, taken; at < all.size(); at += taken) {
			for (bool announce : { true, false }) {
				uint8_t buf[BGP_MESSAGE_MAX];
				size_t len =
					announce
						? update_encode_announce(
							  buf, sizeof(buf), t.family, attrs.data(),
							  (uint16_t)attrs.size(), &all[at],
							  all.size() - at, &taken)
						: update_encode_withdraw(buf, sizeof(buf), t.family,
									 &all[at], taken, &taken);

				ASSERT_NE(0u, len) << t.name;
				if (announce && at + taken < all.size()) {
					EXPECT_GT(len + nlri_size(all[at + taken]), sizeof(buf))
						<< t.name;
				}

				decoded d = decode(body_of(buf, len), ctx_of(BOTH_FAMILIES, true));
				std::string expect;
				char text[PREFIX_TEXT];

				for (size_t i = 0; i < taken; i++)
					expect += std::string(i ? " " : "") +
						  prefix_text(all[at + i], text);
				ASSERT_EQ(BGP_OK, d.verdict) << t.name;
				EXPECT_EQ(t.family, d.u.family) << t.name;
				EXPECT_EQ(announce ? expect : "", d.announced) << t.name;
				EXPECT_EQ(announce ? "" : expect, d.withdrawn) << t.name;
				EXPECT_EQ(announce ? attrs : bytes(), d.attrs) << t.name;
			}
		}
	}
}

/* What does not fit is not begun. */
TEST(mp_attr, room)
{
	bytes attrs = with_hop(GLOBAL);
	struct prefix p = net("2001:db8::/32");
	uint8_t buf[BGP_MESSAGE_MAX];
	size_t taken, least = 23 + attrs.size() - 19 + 4 + 3 + 2 + 16 + 5;

	for (size_t size = 0; size < least; size++) {
		EXPECT_EQ(0u, update_encode_announce(buf, size, FAMILY_IPV6, attrs.data(),
						     (uint16_t)attrs.size(), &p, 1, &taken))
			<< size;
		EXPECT_EQ(0u, taken);
	}
	EXPECT_EQ(least, update_encode_announce(buf, least, FAMILY_IPV6, attrs.data(),
						(uint16_t)attrs.size(), &p, 1, &taken));
	for (size_t size = 0; size < 35; size++)
		EXPECT_EQ(0u, update_encode_withdraw(buf, size, FAMILY_IPV6, &p, 1, &taken))
			<< size;
	EXPECT_EQ(35u, update_encode_withdraw(buf, 35, FAMILY_IPV6, &p, 1, &taken));
}
