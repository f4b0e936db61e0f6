/* Addresses and prefixes: what text is accepted, and that accepted text comes back unchanged. */
#include <gtest/gtest.h>

#include "prefix.h"

namespace
{

struct prefix_case {
	const char *text;
	bool good;
	uint32_t addr;
	uint8_t len;
};

const prefix_case prefix_cases[] = {
	{ "0.0.0.0/0", true, 0, 0 },
	{ "10.0.0.0/8", true, 0x0a000000, 8 },
	{ "10.0.1.4/32", true, 0x0a000104, 32 },
	{ "255.255.255.255/32", true, 0xffffffff, 32 },
	{ "10.0.0.1/24", false, 0, 0 },	  /* host bits */
	{ "10.0.0.0", false, 0, 0 },	  /* no length */
	{ "10.0.0.0/", false, 0, 0 },	  /* empty length */
	{ "10.0.0.0/33", false, 0, 0 },	  /* too long */
	{ "10.0.0.0/08", false, 0, 0 },	  /* leading zero */
	{ "10.0.0.0/+8", false, 0, 0 },	  /* sign */
	{ "10.0.0.0/8 ", false, 0, 0 },	  /* trailing blank */
	{ "10.0.0/8", false, 0, 0 },	  /* three quads */
	{ "10.0.0.256/32", false, 0, 0 }, /* quad out of range */
	{ "010.0.0.0/8", false, 0, 0 },	  /* octal look-alike */
	{ "", false, 0, 0 },
	{ "/8", false, 0, 0 },
	{ "2001:db8::/32", false, 0, 0 },
	{ "1111111111111111111111.0.0.0/8", false, 0, 0 },
};

} // namespace

TEST(prefix, text)
{
	for (const prefix_case &t : prefix_cases) {
		struct prefix p = { 0xdeadbeef, 99 };
		char buf[PREFIX_TEXT];

		EXPECT_EQ(t.good, prefix_parse(t.text, &p)) << t.text;
		if (t.good) {
			EXPECT_EQ(t.addr, p.addr) << t.text;
			EXPECT_EQ(t.len, p.len) << t.text;
			EXPECT_STREQ(t.text, prefix_text(p, buf));
		} else {
			EXPECT_EQ(0xdeadbeefu, p.addr) << t.text << " must leave the result alone";
			EXPECT_EQ(99, p.len);
		}
	}
}

TEST(prefix, every_length_covers_itself_and_not_its_parent)
{
	for (uint8_t len = 1; len <= 32; len++) {
		struct prefix child = prefix_make(0xaaaaaaaa, len);
		struct prefix parent = prefix_make(0xaaaaaaaa, (uint8_t)(len - 1));
		struct prefix sibling = prefix_make(child.addr ^ UINT32_C(1) << (32 - len), len);

		EXPECT_TRUE(prefix_covers(child, child));
		EXPECT_TRUE(prefix_covers(parent, child));
		EXPECT_FALSE(prefix_covers(child, parent));
		EXPECT_FALSE(prefix_overlap(child, sibling));
		EXPECT_TRUE(prefix_overlap(child, parent));
		EXPECT_TRUE(prefix_has(child, child.addr | ~prefix_mask(len)));
		EXPECT_FALSE(prefix_has(child, sibling.addr));
	}
}
