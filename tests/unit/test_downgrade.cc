/* 2-octet AS numbers (RFC 6793): what comes from a peer that has no others, and what goes to it. */
#include <gtest/gtest.h>

#include "aspath.h"
#include "attr.h"
#include "attr_harness.h"

namespace
{

struct merge_case {
	const char *name;
	const char *path, *as4_path; /* attribute bodies; NULL: absent */
	const char *aggregator, *as4_aggregator;
	const char *text; /* the path that comes out */
	uint32_t aggregator_as;
};

const merge_case merge_cases[] = {
	{ "nothing wide", "0202 0001 0002", NULL, NULL, NULL, "1 2", 0 },
	{ "all of it", "0202 5ba0 5ba0", "0202 00010001 00010002", NULL, NULL, "65537 65538", 0 },
	{ "an old AS in front", "0203 0007 5ba0 5ba0", "0202 00010001 00010002", NULL, NULL,
	  "7 65537 65538", 0 },
	{ "as4 path longer: ignored", "0201 5ba0", "0202 00010001 00010002", NULL, NULL, "23456",
	  0 },
	{ "a set counts one", "0201 0007 0102 5ba0 0009", "0102 00010001 00000009", NULL, NULL,
	  "7 {65537 9}", 0 },
	{ "the cut falls on a set", "0102 0003 0004 0201 5ba0", "0201 00010001", NULL, NULL,
	  "{3 4} 65537", 0 },
	{ "the cut falls inside a sequence", "0204 0001 0002 5ba0 0004", "0202 00010003 00000004",
	  NULL, NULL, "1 2 65539 4", 0 },
	{ "confederation segments of as4 path left out", "0202 0001 5ba0",
	  "0301 00000009 0201 00010003", NULL, NULL, "1 65539", 0 },
	{ "aggregator not AS_TRANS: both as4 ones ignored", "0202 0001 5ba0", "0201 00010003",
	  "0005 0a000001", "00010005 0a000001", "1 23456", 5 },
	{ "aggregator is AS_TRANS", "0202 0001 5ba0", "0201 00010003", "5ba0 0a000001",
	  "00010005 0a000002", "1 65539", 65541 },
	{ "as4 aggregator alone is ignored", "0202 0001 5ba0", "0201 00010003", NULL,
	  "00010005 0a000002", "1 65539", 0 },
};

bytes optional_attr(uint8_t flags, uint8_t code, const char *body)
{
	return body ? attribute(flags, code, hex(body)) : bytes();
}

} // namespace

TEST(attr, as4_merge)
{
	for (const merge_case &t : merge_cases) {
		bytes section = hex("40010100") + attribute(0x40, 2, hex(t.path)) +
				hex("4003040a000001") + optional_attr(0xc0, 7, t.aggregator) +
				optional_attr(0xc0, 17, t.as4_path) +
				optional_attr(0xc0, 18, t.as4_aggregator);
		result r = decode(update_body({}, section, reach), OLD);
		struct attr_view v;
		char text[200];

		ASSERT_EQ(BGP_OK, r.verdict) << t.name << r.u.fault;
		ASSERT_TRUE(attr_find(r.attrs.data(), r.u.attrs_len, ATTR_AS_PATH, &v));
		EXPECT_STREQ(t.text, aspath_text(v.body, v.len, text, sizeof(text))) << t.name;
		EXPECT_FALSE(attr_find(r.attrs.data(), r.u.attrs_len, ATTR_AS4_PATH, &v));
		EXPECT_FALSE(attr_find(r.attrs.data(), r.u.attrs_len, ATTR_AS4_AGGREGATOR, &v));
		EXPECT_EQ(t.aggregator_as != 0,
			  attr_find(r.attrs.data(), r.u.attrs_len, ATTR_AGGREGATOR, &v))
			<< t.name;
		if (t.aggregator_as) {
			EXPECT_EQ(t.aggregator_as, load_be32(v.body)) << t.name;
		}
	}
}

/* RFC 4271 5: who put AS4_AGGREGATOR in AGGREGATOR's place for us did not know it. */
TEST(attr, partial_survives_two_octet_as_numbers)
{
	bytes old = hex("40010100 400204 0201 5ba0 4003040a000001 c00706 5ba0 0a000001 "
			"e01106 0201 00010001 e01208 00010005 0a000001");
	bytes wide = hex("40010100 400206 0201 00010001 4003040a000001 e00708 00010005 0a000001");
	bytes buf(BGP_ATTRS_MAX);
	struct attr_writer w = { buf.data(), buf.size(), 0, false };

	EXPECT_EQ(wide, decode(update_body({}, old, reach), OLD).attrs);
	attrs_downgrade(wide.data(), (uint16_t)wide.size(), &w);
	EXPECT_EQ(hex("40010100 400204 0201 5ba0 4003040a000001 e00706 5ba0 0a000001 "
		      "c01106 0201 00010001 e01208 00010005 0a000001"),
		  bytes(buf.begin(), buf.begin() + (long)w.len));
}

TEST(attr, downgrade)
{
	bytes wide = hex("40010100 40020e 0203 00010001 0000fde9 00000002 4003040a000001 "
			 "c00708000100050a000001"
			 "c00804ffedffed c0200c0000fde90000000100000002");
	bytes expect = hex("40010100 400208 0203 5ba0 fde9 0002 4003040a000001 c007065ba00a000001 "
			   "c00804ffedffed"
			   "c0110e 0203 00010001 0000fde9 00000002 c01208000100050a000001"
			   "c0200c0000fde90000000100000002");
	bytes buf(BGP_ATTRS_MAX);
	struct attr_writer w = { buf.data(), buf.size(), 0, false };

	attrs_downgrade(wide.data(), (uint16_t)wide.size(), &w);
	ASSERT_FALSE(w.full);
	EXPECT_EQ(expect, bytes(buf.begin(), buf.begin() + (long)w.len));

	/* And back again. */
	EXPECT_EQ(wide, decode(update_body({}, expect, reach), OLD).attrs);

	/* All narrow: no AS4 attributes. */
	bytes narrow = hex("40010100 40020a02020000fde90000fdea 4003040a000001");
	w = { buf.data(), buf.size(), 0, false };
	attrs_downgrade(narrow.data(), (uint16_t)narrow.size(), &w);
	EXPECT_EQ(hex("40010100 4002060202fde9fdea 4003040a000001"),
		  bytes(buf.begin(), buf.begin() + (long)w.len));

	for (size_t size = 0; size < expect.size();
	     size++) { /* too small a buffer is said, not overrun */
		w = { buf.data(), size, 0, false };
		attrs_downgrade(wide.data(), (uint16_t)wide.size(), &w);
		EXPECT_TRUE(w.full) << size;
	}
}
