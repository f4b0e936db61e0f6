/* Addresses and prefixes: what text is accepted, and that accepted text comes back unchanged. */
#include <gtest/gtest.h>

#include "prefix.h"

namespace
{

struct prefix_case {
	const char *text;
	bool good;
	struct {
		const char *addr;
		uint8_t len;
	} is;
};

const prefix_case prefix_cases[] = {
	{ "0.0.0.0/0", true, { "0.0.0.0", 0 } },
	{ "10.0.0.0/8", true, { "10.0.0.0", 8 } },
	{ "10.0.1.4/32", true, { "10.0.1.4", 32 } },
	{ "255.255.255.255/32", true, { "255.255.255.255", 32 } },
	{ "::/0", true, { "::", 0 } },
	{ "2000::/3", true, { "2000::", 3 } },
	{ "2001:db8::/32", true, { "2001:db8::", 32 } },
	{ "2001:db8:0:8000::/49", true, { "2001:db8:0:8000::", 49 } },
	{ "2001:db8::1/128", true, { "2001:db8::1", 128 } },
	{ "10.0.0.1/24", false, {} },	     /* host bits */
	{ "10.0.0.0", false, {} },	     /* no length */
	{ "10.0.0.0/", false, {} },	     /* empty length */
	{ "10.0.0.0/33", false, {} },	     /* too long */
	{ "10.0.0.0/08", false, {} },	     /* leading zero */
	{ "10.0.0.0/+8", false, {} },	     /* sign */
	{ "10.0.0.0/8 ", false, {} },	     /* trailing blank */
	{ "10.0.0/8", false, {} },	     /* three quads */
	{ "10.0.0.256/32", false, {} },	     /* quad out of range */
	{ "010.0.0.0/8", false, {} },	     /* octal look-alike */
	{ "10.0.0.0/255.0.0.0", false, {} }, /* a mask */
	{ "", false, {} },
	{ "/8", false, {} },
	{ "1111111111111111111111.0.0.0/8", false, {} },
	{ "2001:db8::1/64", false, {} }, /* host bits, here and in the next two */
	{ "2001:db8:0:8000::/48", false, {} },
	{ "8000::/0", false, {} },
	{ "2001:db8::/129", false, {} },
	{ "2001:db8::/256", false, {} },
	{ "2001:db8::/1000", false, {} },
	{ "2001:db8::/064", false, {} },
	{ "2001:db8::", false, {} },
	{ "fe80::%nva0/64", false, {} },
	{ "2001:0db8:0000:0000:0000:0000:0000:0000:0000:0000/32", false, {} },
};

struct prefix parsed(const char *text)
{
	struct prefix p = {};

	EXPECT_TRUE(prefix_parse(text, &p)) << text;
	return p;
}

struct addr parsed_addr(const char *text)
{
	struct addr addr = {};

	EXPECT_TRUE(addr_parse(text, &addr)) << text;
	return addr;
}

} // namespace

TEST(prefix, text)
{
	for (const prefix_case &t : prefix_cases) {
		const struct prefix before = prefix4_make(0xdeadbeef, 32);
		struct prefix p = before, v4 = before;
		bool dotted = t.good && !strchr(t.text, ':');
		char buf[PREFIX_TEXT];

		EXPECT_EQ(t.good, prefix_parse(t.text, &p)) << t.text;
		EXPECT_EQ(dotted, prefix4_parse(t.text, &v4)) << t.text;
		EXPECT_TRUE(prefix_equal(dotted ? p : before, v4)) << t.text;
		if (t.good) {
			EXPECT_TRUE(addr_equal(parsed_addr(t.is.addr), p.addr)) << t.text;
			EXPECT_EQ(t.is.len, p.len) << t.text;
			EXPECT_STREQ(t.text, prefix_text(p, buf));
		} else {
			EXPECT_TRUE(prefix_equal(before, p))
				<< t.text << " must leave the result alone";
		}
	}
}

/* An interface's address keeps its host bits; what else is wrong with a prefix is wrong here. */
TEST(prefix, text_of_interface_addresses)
{
	for (const char *text : { "10.0.0.1/24", "10.0.255.33/28", "2001:db8::1/64",
				  "2001:db8:255::33/64", "fe80::1/10", "::/0", "0.0.0.0/0" }) {
		struct addr addr = {};
		uint8_t len = 99;
		char buf[PREFIX_TEXT];

		ASSERT_TRUE(addr_len_parse(text, &addr, &len)) << text;
		EXPECT_STREQ(text, addr_len_text(addr, len, buf));
	}
	for (const char *text : { "10.0.0.1", "10.0.0.1/33", "2001:db8::1", "2001:db8::1/129",
				  "fe80::1%nva0/64", "/64", "" }) {
		struct addr addr = addr_make4(7);
		uint8_t len = 99;

		EXPECT_FALSE(addr_len_parse(text, &addr, &len)) << text;
		EXPECT_EQ(7u, addr.v4);
		EXPECT_EQ(99, len);
	}
}

TEST(prefix, covers)
{
	const struct {
		const char *outer, *inner;
		bool covers;
	} rows[] = {
		{ "2001:db8::/32", "2001:db8::/32", true },
		{ "2001:db8::/32", "2001:db8:1::/48", true },
		{ "2001:db8::/33", "2001:db8:7fff::/48", true },
		{ "2001:db8::/33", "2001:db8:8000::/48", false },
		{ "2001:db8:1::/48", "2001:db8::/32", false },
		{ "::/0", "2001:db8::1/128", true },
		{ "::/0", "10.0.0.0/8", false }, /* families do not cover each other */
		{ "0.0.0.0/0", "::/0", false },
		{ "0.0.0.0/0", "2001:db8::/32", false },
	};

	for (const auto &t : rows) {
		struct prefix outer = parsed(t.outer), inner = parsed(t.inner);

		EXPECT_EQ(t.covers, prefix_covers(outer, inner)) << t.outer << " " << t.inner;
		EXPECT_EQ(t.covers, prefix_has(outer, prefix_last(inner)) && outer.len <= inner.len)
			<< t.outer << " " << t.inner;
		EXPECT_EQ(t.covers || prefix_covers(inner, outer), prefix_overlap(outer, inner));
	}
}

TEST(prefix, last_address)
{
	char buf[ADDR_TEXT];

	EXPECT_STREQ("10.0.0.255", addr_text(prefix_last(parsed("10.0.0.0/24")), buf));
	EXPECT_STREQ("255.255.255.255", addr_text(prefix_last(parsed("0.0.0.0/0")), buf));
	EXPECT_STREQ("2001:db8::7fff:ffff:ffff:ffff",
		     addr_text(prefix_last(parsed("2001:db8::/65")), buf));
	EXPECT_STREQ("2001:db8::1", addr_text(prefix_last(parsed("2001:db8::1/128")), buf));
}

TEST(prefix, order)
{
	const char *const ascending[] = {
		"0.0.0.0/0",	 "10.0.0.0/8",	  "10.0.0.0/16",     "10.1.0.0/16", "::/0",
		"2001:db8::/32", "2001:db8::/48", "2001:db8:1::/48", "ff00::/8"
	};

	for (const char *a : ascending) {
		for (const char *b : ascending) {
			struct prefix p = parsed(a), q = parsed(b);

			EXPECT_EQ(p.len == q.len && addr_equal(p.addr, q.addr), prefix_equal(p, q));
			EXPECT_EQ(prefix_equal(p, q), prefix_compare(p, q) == 0);
		}
	}
	for (size_t i = 1; i < sizeof(ascending) / sizeof(ascending[0]); i++) {
		EXPECT_LT(prefix_compare(parsed(ascending[i - 1]), parsed(ascending[i])), 0);
		EXPECT_GT(prefix_compare(parsed(ascending[i]), parsed(ascending[i - 1])), 0);
	}
}

TEST(prefix, every_length_covers_itself_and_not_its_parent)
{
	for (uint8_t len = 1; len <= 32; len++) {
		struct prefix child = prefix4_make(0xaaaaaaaa, len);
		struct prefix parent = prefix4_make(0xaaaaaaaa, (uint8_t)(len - 1));
		struct prefix sibling =
			prefix4_make(child.addr.v4 ^ UINT32_C(1) << (32 - len), len);

		EXPECT_TRUE(prefix_covers(child, child));
		EXPECT_TRUE(prefix_covers(parent, child));
		EXPECT_FALSE(prefix_covers(child, parent));
		EXPECT_FALSE(prefix_overlap(child, sibling));
		EXPECT_TRUE(prefix_overlap(child, parent));
		EXPECT_TRUE(prefix4_has(child, child.addr.v4 | ~prefix4_mask(len)));
		EXPECT_FALSE(prefix4_has(child, sibling.addr.v4));
	}
}

TEST(prefix, every_length_of_ipv6_covers_itself_and_not_its_parent)
{
	uint8_t octets[16];

	memset(octets, 0xaa, sizeof(octets));
	for (uint8_t len = 1; len <= 128; len++) {
		struct prefix child = prefix_make(addr_make6(octets), len);
		struct prefix parent = prefix_make(addr_make6(octets), (uint8_t)(len - 1));
		struct prefix sibling = child;

		sibling.addr.v6[(len - 1) / 8] ^= (uint8_t)(0x80 >> (len - 1) % 8);
		EXPECT_TRUE(prefix_equal(sibling, prefix_make(sibling.addr, len)));
		EXPECT_TRUE(prefix_covers(child, child));
		EXPECT_TRUE(prefix_covers(parent, child));
		EXPECT_TRUE(prefix_covers(parent, sibling));
		EXPECT_FALSE(prefix_covers(child, parent));
		EXPECT_FALSE(prefix_overlap(child, sibling));
		EXPECT_TRUE(prefix_has(child, prefix_last(child)));
		EXPECT_FALSE(prefix_has(child, prefix_last(sibling)));
	}
}
