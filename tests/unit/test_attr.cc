/* Path attributes: what each fault costs (RFC 7606), and what canonical form comes out of good
 * ones. A row replaces or adds one attribute in an otherwise good UPDATE for 10.1.0.0/16. */
#include <gtest/gtest.h>

#include <map>

#include "attr_harness.h"

namespace
{

struct attr_case {
	const char *name;
	const char *wire; /* the attribute, header included */
	peer from;
	enum bgp_verdict verdict;
};

const attr_case attr_cases[] = {
	{ "origin igp", "40 01 01 00", EBGP, BGP_OK },
	{ "origin incomplete", "40 01 01 02", EBGP, BGP_OK },
	{ "origin with extended length", "50 01 0001 00", EBGP, BGP_OK },
	{ "origin with partial and unused flags set, 3 c says O and T only", "6f 01 01 00", EBGP,
	  BGP_OK },
	{ "origin undefined, 7.1", "40 01 01 03", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "origin 255, 7.1", "40 01 01 ff", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "origin empty, 7.1", "40 01 00", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "origin too long, 7.1", "40 01 02 0000", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "origin optional, 3 c", "c0 01 01 00", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "origin non-transitive, 3 c", "00 01 01 00", EBGP, BGP_TREAT_AS_WITHDRAW },

	{ "path empty", "40 02 00", EBGP, BGP_OK },
	{ "path of two sequences", "40 02 0c 0201 00000001 0201 00000002", EBGP, BGP_OK },
	{ "path with a set", "40 02 0c 0201 00000001 0101 00000002", EBGP, BGP_OK },
	{ "path in 2 octets", "40 02 06 0202 0001 0002", OLD, BGP_OK },
	{ "path with AS_TRANS", "40 02 06 0202 5ba0 0002", OLD, BGP_OK },
	{ "path segment type 0, 7.2", "40 02 06 0001 00000001", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "path segment type 5, 7.2", "40 02 06 0501 00000001", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "path with a confederation sequence, RFC 5065 5", "40 02 06 0301 00000001", EBGP,
	  BGP_TREAT_AS_WITHDRAW },
	{ "path with a confederation set, RFC 5065 5", "40 02 06 0401 00000001", IBGP,
	  BGP_TREAT_AS_WITHDRAW },
	{ "path segment overruns, 7.2", "40 02 06 0202 00000001", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "path segment underruns: one octet left, 7.2", "40 02 07 0201 00000001 02", EBGP,
	  BGP_TREAT_AS_WITHDRAW },
	{ "path segment header alone, 7.2", "40 02 02 0201", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "path segment empty, 7.2", "40 02 02 0200", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "path segment empty behind a good one, 7.2", "40 02 08 0201 00000001 0200", EBGP,
	  BGP_TREAT_AS_WITHDRAW },
	{ "path in 2 octets from a 4-octet peer, 7.2", "40 02 06 0202 0001 0002", EBGP,
	  BGP_TREAT_AS_WITHDRAW },
	{ "path in 4 octets from a 2-octet peer, 7.2", "40 02 0a 0202 00010002 00030004", OLD,
	  BGP_TREAT_AS_WITHDRAW },
	{ "path with AS 0, RFC 7607 2", "40 02 0a 0202 00000001 00000000", EBGP,
	  BGP_TREAT_AS_WITHDRAW },
	{ "path with AS 0 in 2 octets, RFC 7607 2", "40 02 04 0201 0000", OLD,
	  BGP_TREAT_AS_WITHDRAW },
	{ "path optional, 3 c", "c0 02 00", EBGP, BGP_TREAT_AS_WITHDRAW },

	{ "next hop", "40 03 04 0a000001", EBGP, BGP_OK },
	{ "next hop too short, 7.3", "40 03 03 0a0000", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "next hop too long, 7.3", "40 03 05 0a00000100", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "next hop empty, 7.3", "40 03 00", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "next hop of IPv6, 7.3", "40 03 10 20010db8000000000000000000000001", EBGP,
	  BGP_TREAT_AS_WITHDRAW },
	{ "next hop 0.0.0.0, RFC 4271 6.3", "40 03 04 00000000", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "next hop loopback, RFC 4271 6.3", "40 03 04 7f000001", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "next hop multicast, RFC 4271 6.3", "40 03 04 e0000005", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "next hop broadcast, RFC 4271 6.3", "40 03 04 ffffffff", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "next hop is ours, RFC 4271 6.3", "40 03 04 0a000063", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "next hop optional, 3 c", "80 03 04 0a000001", EBGP, BGP_TREAT_AS_WITHDRAW },

	{ "med", "80 04 04 00000064", EBGP, BGP_OK },
	{ "med too short, 7.4", "80 04 03 000064", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "med too long, 7.4", "80 04 05 0000000064", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "med empty, 7.4", "80 04 00", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "med transitive, 3 c", "c0 04 04 00000064", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "med well-known, 3 c", "40 04 04 00000064", EBGP, BGP_TREAT_AS_WITHDRAW },

	{ "local pref, internal", "40 05 04 000000c8", IBGP, BGP_OK },
	{ "local pref too short, internal, 7.5", "40 05 03 0000c8", IBGP, BGP_TREAT_AS_WITHDRAW },
	{ "local pref too long, internal, 7.5", "40 05 05 00000000c8", IBGP,
	  BGP_TREAT_AS_WITHDRAW },
	{ "local pref optional, internal, 3 c", "c0 05 04 000000c8", IBGP, BGP_TREAT_AS_WITHDRAW },
	{ "local pref from outside, 7.5", "40 05 04 000000c8", EBGP, BGP_ATTR_DISCARD },
	{ "local pref from outside and malformed, 7.5", "40 05 01 00", EBGP, BGP_ATTR_DISCARD },

	{ "atomic aggregate", "40 06 00", EBGP, BGP_OK },
	{ "atomic aggregate with a body, 7.6", "40 06 01 00", EBGP, BGP_ATTR_DISCARD },
	{ "atomic aggregate optional, 3 c", "c0 06 00", EBGP, BGP_TREAT_AS_WITHDRAW },

	{ "aggregator", "c0 07 08 0000fde9 0a000001", EBGP, BGP_OK },
	{ "aggregator in 2 octets", "c0 07 06 fde9 0a000001", OLD, BGP_OK },
	{ "aggregator in 2 octets from a 4-octet peer, 7.7", "c0 07 06 fde9 0a000001", EBGP,
	  BGP_ATTR_DISCARD },
	{ "aggregator in 4 octets from a 2-octet peer, 7.7", "c0 07 08 0000fde9 0a000001", OLD,
	  BGP_ATTR_DISCARD },
	{ "aggregator empty, 7.7", "c0 07 00", EBGP, BGP_ATTR_DISCARD },
	{ "aggregator too long, 7.7", "c0 07 09 0000fde9 0a00000100", EBGP, BGP_ATTR_DISCARD },
	{ "aggregator with AS 0, RFC 7607 2", "c0 07 08 00000000 0a000001", EBGP,
	  BGP_ATTR_DISCARD },
	{ "aggregator non-transitive, 3 c", "80 07 08 0000fde9 0a000001", EBGP,
	  BGP_TREAT_AS_WITHDRAW },

	{ "communities", "c0 08 08 ffedffed 00010002", EBGP, BGP_OK },
	{ "communities, partial", "e0 08 04 ffedffed", EBGP, BGP_OK },
	{ "communities empty, 7.8", "c0 08 00", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "communities of 5 octets, 7.8", "c0 08 05 ffedffed00", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "communities of 3 octets, 7.8", "c0 08 03 ffedff", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "communities well-known, 3 c", "40 08 04 ffedffed", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "communities non-transitive, 3 c", "80 08 04 ffedffed", EBGP, BGP_TREAT_AS_WITHDRAW },

	{ "originator, internal", "80 09 04 0a000005", IBGP, BGP_OK },
	{ "originator too short, internal, 7.9", "80 09 03 0a0000", IBGP, BGP_TREAT_AS_WITHDRAW },
	{ "originator too long, internal, 7.9", "80 09 08 0a0000050a000005", IBGP,
	  BGP_TREAT_AS_WITHDRAW },
	{ "originator transitive, internal, 3 c", "c0 09 04 0a000005", IBGP,
	  BGP_TREAT_AS_WITHDRAW },
	{ "originator from outside, 7.9", "80 09 04 0a000005", EBGP, BGP_ATTR_DISCARD },
	{ "originator from outside and malformed, 7.9", "80 09 00", EBGP, BGP_ATTR_DISCARD },

	{ "cluster list, internal", "80 0a 08 0a000005 0a000006", IBGP, BGP_OK },
	{ "cluster list empty, internal, 7.10", "80 0a 00", IBGP, BGP_TREAT_AS_WITHDRAW },
	{ "cluster list of 6 octets, internal, 7.10", "80 0a 06 0a0000050a00", IBGP,
	  BGP_TREAT_AS_WITHDRAW },
	{ "cluster list well-known, internal, 3 c", "40 0a 04 0a000005", IBGP,
	  BGP_TREAT_AS_WITHDRAW },
	{ "cluster list from outside, 7.10", "80 0a 04 0a000005", EBGP, BGP_ATTR_DISCARD },

	{ "mp reach of IPv6, ignored", "80 0e 15 0002 01 10 20010db8000000000000000000000001 00",
	  EBGP, BGP_OK },
	{ "mp reach of a family unknown to all", "80 0e 05 4004 48 00 00", EBGP, BGP_OK },
	{ "mp reach too short, 7.11", "80 0e 04 0001 01 00", EBGP, BGP_SESSION_RESET },
	{ "mp reach next hop of 16 octets, 7.11",
	  "80 0e 15 0001 01 10 20010db8000000000000000000000001 00", EBGP, BGP_SESSION_RESET },
	{ "mp reach next hop cut, 7.11", "80 0e 07 0001 01 04 0a0000", EBGP, BGP_SESSION_RESET },
	{ "mp reach without the reserved octet, 7.11", "80 0e 08 0001 01 04 0a000001", EBGP,
	  BGP_SESSION_RESET },
	{ "mp reach prefix of 33 bits, 5.3", "80 0e 0f 0001 01 04 0a000001 00 21 0a02030400", EBGP,
	  BGP_SESSION_RESET },
	{ "mp reach prefix cut, 5.3", "80 0e 0b 0001 01 04 0a000001 00 10 0a", EBGP,
	  BGP_SESSION_RESET },
	{ "mp reach disagrees with next hop, 5.1", "80 0e 0c 0001 01 04 0a000002 00 10 0a02", EBGP,
	  BGP_TREAT_AS_WITHDRAW },
	{ "mp reach with a martian next hop", "80 0e 0c 0001 01 04 e0000002 00 10 0a02", EBGP,
	  BGP_TREAT_AS_WITHDRAW },
	{ "mp reach transitive, 3 c", "c0 0e 0c 0001 01 04 0a000001 00 10 0a02", EBGP,
	  BGP_TREAT_AS_WITHDRAW },

	{ "mp unreach of IPv6, ignored", "80 0f 05 0002 01 08 20", EBGP, BGP_OK },
	{ "mp unreach too short, 7.12", "80 0f 02 0001", EBGP, BGP_SESSION_RESET },
	{ "mp unreach empty, 7.12", "80 0f 00", EBGP, BGP_SESSION_RESET },
	{ "mp unreach prefix of 33 bits, 5.3", "80 0f 09 0001 01 21 0a02030400", EBGP,
	  BGP_SESSION_RESET },
	{ "mp unreach prefix cut, 5.3", "80 0f 05 0001 01 18 0a", EBGP, BGP_SESSION_RESET },
	{ "mp unreach well-known, 3 c", "40 0f 06 0001 01 10 0a02", EBGP, BGP_TREAT_AS_WITHDRAW },

	{ "extended communities", "c0 10 08 0002fde900000001", EBGP, BGP_OK },
	{ "extended communities empty, 7.14", "c0 10 00", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "extended communities of 12 octets, 7.14", "c0 10 0c 0002fde90000000100000000", EBGP,
	  BGP_TREAT_AS_WITHDRAW },
	{ "extended communities non-transitive, 3 c", "80 10 08 0002fde900000001", EBGP,
	  BGP_TREAT_AS_WITHDRAW },

	{ "as4 path from a 2-octet peer", "c0 11 06 0201 0001fde9", OLD, BGP_OK },
	{ "as4 path from a 4-octet peer, RFC 6793 4.1", "c0 11 06 0201 0001fde9", EBGP,
	  BGP_ATTR_DISCARD },
	{ "as4 path cut, RFC 6793 6", "c0 11 06 0202 0001fde9", OLD, BGP_ATTR_DISCARD },
	{ "as4 path of odd length, RFC 6793 6", "c0 11 07 0201 0001fde9 02", OLD,
	  BGP_ATTR_DISCARD },
	{ "as4 path too short, RFC 6793 6", "c0 11 04 0201 0001", OLD, BGP_ATTR_DISCARD },
	{ "as4 path empty, RFC 6793 6", "c0 11 00", OLD, BGP_ATTR_DISCARD },
	{ "as4 path with an empty segment, RFC 6793 6", "c0 11 08 0201 0001fde9 0200", OLD,
	  BGP_ATTR_DISCARD },
	{ "as4 path of unknown type, RFC 6793 6", "c0 11 06 0701 0001fde9", OLD, BGP_ATTR_DISCARD },
	{ "as4 path with a confederation sequence, RFC 6793 6",
	  "c0 11 0c 0301 00000001 0201 0001fde9", OLD, BGP_OK },
	{ "as4 path with a confederation set, RFC 9774 3", "c0 11 0c 0201 0001fde9 0401 00000001",
	  OLD, BGP_TREAT_AS_WITHDRAW },
	{ "as4 path with AS 0, RFC 7607 2", "c0 11 06 0201 00000000", OLD, BGP_ATTR_DISCARD },

	{ "as4 aggregator from a 4-octet peer, RFC 6793 4.1", "c0 12 08 0001fde9 0a000001", EBGP,
	  BGP_ATTR_DISCARD },
	{ "as4 aggregator cut, RFC 6793 6", "c0 12 06 0001fde9 0a00", OLD, BGP_ATTR_DISCARD },
	{ "as4 aggregator with AS 0, RFC 7607 2", "c0 12 08 00000000 0a000001", OLD,
	  BGP_ATTR_DISCARD },

	{ "large communities", "c0 20 0c 0000fde90000000100000002", EBGP, BGP_OK },
	{ "large communities empty, RFC 8092 6", "c0 20 00", EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "large communities of 8 octets, RFC 8092 6", "c0 20 08 0000fde900000001", EBGP,
	  BGP_TREAT_AS_WITHDRAW },
	{ "large communities of 16 octets, RFC 8092 6", "c0 20 10 0000fde9000000010000000200000003",
	  EBGP, BGP_TREAT_AS_WITHDRAW },
	{ "large communities well-known, 3 c", "40 20 0c 0000fde90000000100000002", EBGP,
	  BGP_TREAT_AS_WITHDRAW },

	{ "otc", "c0 23 04 0000fde9", EBGP, BGP_OK },
	{ "otc too short, RFC 9234 5", "c0 23 02 fde9", EBGP, BGP_TREAT_AS_WITHDRAW },

	{ "unknown optional transitive", "c0 63 03 010203", EBGP, BGP_OK },
	{ "unknown optional non-transitive", "80 63 03 010203", EBGP, BGP_OK },
	{ "unknown, empty", "c0 63 00", EBGP, BGP_OK },
	{ "unknown well-known, RFC 4271 6.3", "40 63 03 010203", EBGP, BGP_SESSION_RESET },
	{ "code 0, well-known, RFC 4271 6.3", "40 00 00", EBGP, BGP_SESSION_RESET },
	{ "code 255, optional transitive", "c0 ff 01 00", EBGP, BGP_OK },
};

/* Attributes whose code does not come back in the canonical form even when they are good. */
bool absorbed(uint8_t flags, uint8_t code)
{
	return code == 14 || code == 15 || code == 17 || code == 18 ||
	       (code == 0x63 && !(flags & 0x40));
}

bytes put_together(const attr_case &t)
{
	std::map<uint8_t, bytes> m = good_attrs(t.from);
	bytes wire = hex(t.wire);

	m[wire[1]] = wire;
	return update_body({}, section_of(m), reach);
}

} // namespace

TEST(attr, verdict_of_each_fault)
{
	for (const attr_case &t : attr_cases) {
		result r = decode(put_together(t), t.from);

		EXPECT_EQ(t.verdict, r.verdict)
			<< t.name << ": " << (r.u.fault ? r.u.fault : "no fault");
		EXPECT_EQ(t.verdict != BGP_OK, r.u.fault != nullptr) << t.name;
		if (t.verdict == BGP_SESSION_RESET) {
			EXPECT_EQ(NOTIFY_UPDATE, r.u.notify.code) << t.name;
			EXPECT_NE(0, r.u.notify.subcode) << t.name;
			EXPECT_STREQ(r.u.fault, r.u.notify.why) << t.name;
		}
	}
}

TEST(attr, what_is_discarded_is_gone_and_what_is_good_is_there)
{
	for (const attr_case &t : attr_cases) {
		bytes wire = hex(t.wire);
		result r = decode(put_together(t), t.from);
		struct attr_view v;

		if (t.verdict > BGP_ATTR_DISCARD) {
			EXPECT_EQ(0, r.verdict == BGP_SESSION_RESET ? 0 : r.u.attrs_len) << t.name;
			continue;
		}
		ASSERT_GT(r.u.attrs_len, 0) << t.name;

		bool there = attr_find(r.attrs.data(), r.u.attrs_len, wire[1], &v);

		EXPECT_EQ(t.verdict == BGP_OK && !absorbed(wire[0], wire[1]), there) << t.name;
	}
}

TEST(attr, the_prefixes_of_a_malformed_update_can_be_withdrawn)
{
	for (const attr_case &t : attr_cases) {
		if (t.verdict != BGP_TREAT_AS_WITHDRAW)
			continue;

		result r = decode(put_together(t), t.from);
		bytes wire = hex(t.wire);

		EXPECT_EQ(wire[1] == 14 ? 2u : 1u, r.u.announced.count) << t.name;
	}
}

TEST(attr, every_truncation_of_the_section_is_an_error)
{
	for (const attr_case &t : attr_cases) {
		bytes wire = hex(t.wire), rest = section_of(good_attrs(t.from));

		for (size_t n = 1; n < wire.size(); n++) {
			bytes cut(wire.begin(), wire.begin() + (long)n);
			result r = decode(update_body({}, rest + cut, reach), t.from);

			EXPECT_GE(r.verdict, BGP_TREAT_AS_WITHDRAW) << t.name << " cut to " << n;
			if (r.verdict == BGP_TREAT_AS_WITHDRAW) {
				EXPECT_EQ(1u, r.u.announced.count) << t.name << " cut to " << n;
			}
		}
	}
}

/* Without NLRI to withdraw, a fault that costs treat-as-withdraw is a reset (RFC 7606 5.2) with its
 * RFC 4271 subcode. */
TEST(attr, faults_without_prefixes_reset)
{
	for (const attr_case &t : attr_cases) {
		bytes wire = hex(t.wire);

		if (t.verdict != BGP_TREAT_AS_WITHDRAW || wire[1] == 14 || wire[1] == 15)
			continue;

		result r = decode(update_body(hex("10 0a02"), wire, {}), t.from);
		bool semantic = wire[1] == 3 && wire.size() == 7;

		EXPECT_EQ(BGP_SESSION_RESET, r.verdict) << t.name;
		if (!semantic) {
			EXPECT_EQ(wire.size(), r.u.notify.len)
				<< t.name << ": the data is the attribute";
		}
	}
}

/* RFC 7606 3 g: the first counts, whatever the second looks like; a second MP attribute resets. */
TEST(attr, repeated)
{
	for (const attr_case &t : attr_cases) {
		bytes wire = hex(t.wire);
		std::map<uint8_t, bytes> m = good_attrs(t.from);

		if (t.verdict != BGP_OK)
			continue;
		m[wire[1]] = wire;

		bytes section = section_of(m);
		result once = decode(update_body({}, section, reach), t.from);
		result twice = decode(update_body({}, section + wire, reach), t.from);

		if (wire[1] == 14 || wire[1] == 15) {
			EXPECT_EQ(BGP_SESSION_RESET, twice.verdict) << t.name;
			EXPECT_EQ(NOTIFY_UPDATE_LIST, twice.u.notify.subcode) << t.name;
		} else {
			EXPECT_EQ(BGP_ATTR_DISCARD, twice.verdict) << t.name;
			EXPECT_EQ(once.attrs, twice.attrs) << t.name;
		}
	}
}

/* RFC 7606 5.2 asks for reachable NLRI, not for an MP_REACH: one that has none, of whatever family,
 * is none to withdraw. */
TEST(attr, an_mp_reach_without_prefixes_is_no_place_to_find_them)
{
	static const struct {
		const char *name, *mp_reach;
		enum bgp_verdict verdict;
	} rows[] = {
		{ "none at all", "", BGP_SESSION_RESET },
		{ "IPv4 without NLRI", "80 0e 09 0001 01 04 0a000001 00", BGP_SESSION_RESET },
		{ "IPv4 with NLRI", "80 0e 0c 0001 01 04 0a000001 00 10 0a02",
		  BGP_TREAT_AS_WITHDRAW },
		{ "IPv6 without NLRI", "80 0e 15 0002 01 10 20010db8000000000000000000000001 00",
		  BGP_SESSION_RESET },
		{ "IPv6 with NLRI",
		  "80 0e 18 0002 01 10 20010db8000000000000000000000001 00 10 2001",
		  BGP_TREAT_AS_WITHDRAW },
		{ "a family unknown to all, cut inside the next hop", "80 0e 05 4004 48 02 00",
		  BGP_SESSION_RESET },
	};

	for (const auto &t : rows) {
		bytes section = hex("40 01 01 05 40 02 06 0201 0000fe4c") + hex(t.mp_reach);
		result r = decode(update_body({}, section, {}));

		EXPECT_EQ(t.verdict, r.verdict) << t.name;
		if (t.verdict == BGP_SESSION_RESET) {
			EXPECT_EQ(NOTIFY_UPDATE_ORIGIN, r.u.notify.subcode) << t.name;
		}
		EXPECT_EQ(BGP_TREAT_AS_WITHDRAW, decode(update_body({}, section, reach)).verdict)
			<< t.name;
	}
}

/* RFC 8092 3, and likewise the other sets: what is there twice is redundant. The order stays. */
TEST(attr, communities_of_each_kind_are_kept_once)
{
	static const struct {
		const char *name, *in, *out;
	} rows[] = {
		{ "large, 1:1 2:2 1:1",
		  "c0 20 24 0000fe4c0000000100000001 0000fe4c0000000200000002 "
		  "0000fe4c0000000100000001",
		  "c0 20 18 0000fe4c0000000100000001 0000fe4c0000000200000002" },
		{ "plain, partial", "e0 08 0c 00020002 00010001 00020002",
		  "e0 08 08 00020002 00010001" },
		{ "extended", "c0 10 10 0002fde900000001 0002fde900000001",
		  "c0 10 08 0002fde900000001" },
		{ "large ones that differ in one octet",
		  "c0 20 18 0000fe4c0000000100000001 0000fe4c0000000100000002",
		  "c0 20 18 0000fe4c0000000100000001 0000fe4c0000000100000002" },
	};

	for (const auto &t : rows)
		EXPECT_EQ(section_of(good_attrs(EBGP)) + hex(t.out),
			  decode(update_body({}, section_of(good_attrs(EBGP)) + hex(t.in), reach))
				  .attrs)
			<< t.name;

	/* So many that the length field shrinks. */
	bytes many = attribute(0xd0, 8, bytes(4 * 200, 7));

	EXPECT_EQ(section_of(good_attrs(EBGP)) + hex("c0 08 04 07070707"),
		  decode(update_body({}, section_of(good_attrs(EBGP)) + many, reach)).attrs);
}

/* What policy makes of good attributes: the mandatory ones are not its business. */
TEST(attr, policy_strips_attributes_and_drops_routes)
{
	struct attr_policy policy = {};
	struct update_ctx ctx = update_ctx_of(true, true);
	bytes body = update_body(
		{}, section_of(good_attrs(EBGP)) + hex("c0 08 04 00010001 c0 28 03 010203"), reach);
	bytes buf(BGP_ATTRS_MAX);
	struct bgp_update u;

	ctx.attributes = &policy;
	attr_policy_set(&policy, 40, ATTR_STRIP);
	ASSERT_EQ(BGP_OK, update_decode(cursor_of(body), &ctx, buf.data(), &u));
	EXPECT_EQ(section_of(good_attrs(EBGP)) + hex("c0 08 04 00010001"),
		  bytes(buf.begin(), buf.begin() + u.attrs_len));
	EXPECT_EQ(UINT64_C(1) << 40, u.stripped[0]);
	EXPECT_EQ(0, u.drop);
	attr_policy_set(&policy, 8, ATTR_DROP);
	ASSERT_EQ(BGP_OK, update_decode(cursor_of(body), &ctx, buf.data(), &u));
	EXPECT_EQ(8, u.drop);
	EXPECT_EQ(1u, u.announced.count) << "to be withdrawn";
	/* What is malformed is judged before it is stripped. */
	attr_policy_set(&policy, 8, ATTR_STRIP);
	body = update_body({}, section_of(good_attrs(EBGP)) + hex("c0 08 03 000100"), reach);
	EXPECT_EQ(BGP_TREAT_AS_WITHDRAW, update_decode(cursor_of(body), &ctx, buf.data(), &u));
}

TEST(attr, missing_mandatory)
{
	for (uint8_t code = 1; code <= 3; code++) {
		std::map<uint8_t, bytes> m = good_attrs(EBGP);

		m.erase(code);

		result r = decode(update_body({}, section_of(m), reach));

		EXPECT_EQ(BGP_TREAT_AS_WITHDRAW, r.verdict) << (int)code;
		EXPECT_EQ(code, r.u.fault_code);
	}

	/* Next hop in MP_REACH: attribute 3 may be missing, and appears in the canonical form. */
	std::map<uint8_t, bytes> m = good_attrs(EBGP);
	m.erase(3);
	m[14] = hex("80 0e 0c 0001 01 04 0a000007 00 10 0a02");

	result r = decode(update_body({}, section_of(m), {}));

	EXPECT_EQ(BGP_OK, r.verdict);
	EXPECT_EQ(hex("40010100 40020a02020000fde90000fdea 4003040a000007"), r.attrs);
	m.erase(1);
	EXPECT_EQ(BGP_TREAT_AS_WITHDRAW, decode(update_body({}, section_of(m), {})).verdict);
	/* Nor may it be missing if the message has NLRI of its own. */
	m[1] = hex("40010100");
	EXPECT_EQ(BGP_TREAT_AS_WITHDRAW, decode(update_body({}, section_of(m), reach)).verdict);
}

TEST(attr, canonical_form_does_not_depend_on_order_or_length_octets)
{
	bytes a = hex(
		"40010100 40020a02020000fde90000fdea 4003040a000001 80040400000064 c00804ffedffed");
	bytes b = hex("d0080004ffedffed 9004000400000064 500300040a000001 "
		      "5002000a02020000fde90000fdea 5001000100");
	result ra = decode(update_body({}, a, reach)), rb = decode(update_body({}, b, reach));

	EXPECT_EQ(a, ra.attrs);
	EXPECT_EQ(a, rb.attrs);
	EXPECT_EQ(ATTRS_MED | ATTRS_FROM_BRANCH, ra.u.keys.flags);
	EXPECT_EQ(100u, ra.u.keys.med);
	EXPECT_EQ(2, ra.u.keys.path_len);
	EXPECT_EQ(65001u, ra.u.keys.neighbour_as);
}

TEST(attr, unknown_transitive_travels_on_marked_partial)
{
	std::map<uint8_t, bytes> m = good_attrs(EBGP);

	m[0x63] = hex("c0 63 03 010203");
	EXPECT_EQ(section_of(good_attrs(EBGP)) + hex("e0 63 03 010203"),
		  decode(update_body({}, section_of(m), reach)).attrs);
}
