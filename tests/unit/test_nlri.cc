/* Prefixes on the wire: syntax, host bits, martians, and both places as one sequence. */
#include <gtest/gtest.h>

#include "nlri.h"
#include "wire.h"

namespace
{

struct nlri_case {
	const char *name;
	uint8_t family;
	const char *wire;
	bool good;
	const char *texts; /* blank-separated */
	uint32_t martians;
};

const nlri_case nlri_cases[] = {
	{ "none", FAMILY_IPV4, "", true, "", 0 },
	{ "default route", FAMILY_IPV4, "00", true, "0.0.0.0/0", 0 },
	{ "lengths that fill octets", FAMILY_IPV4, "08 0a 10 0a01 18 0a0102 20 0a010203", true,
	  "10.0.0.0/8 10.1.0.0/16 10.1.2.0/24 10.1.2.3/32", 0 },
	{ "lengths that do not", FAMILY_IPV4, "01 80 09 0a80 11 0a0180 1f 0a0102fe", true,
	  "128.0.0.0/1 10.128.0.0/9 10.1.128.0/17 10.1.2.254/31", 0 },
	{ "host bits are cleared, RFC 4271 4.3", FAMILY_IPV4, "09 0aff 14 0a01ff 1f 0a0102ff", true,
	  "10.128.0.0/9 10.1.240.0/20 10.1.2.254/31", 0 },
	{ "martians are skipped and counted", FAMILY_IPV4,
	  "08 7f 18 0a0102 20 7f000001 04 e0 20 e0000005 20 ffffffff 08 00 20 00000001", true,
	  "10.1.2.0/24", 7 },
	{ "what merely contains martians is none", FAMILY_IPV4, "00 01 00 01 80 02 c0 07 00 07 7e",
	  true, "0.0.0.0/0 0.0.0.0/1 128.0.0.0/1 192.0.0.0/2 0.0.0.0/7 126.0.0.0/7", 0 },
	{ "neighbours of martians are none", FAMILY_IPV4, "08 01 08 7e 08 80 08 df", true,
	  "1.0.0.0/8 126.0.0.0/8 128.0.0.0/8 223.0.0.0/8", 0 },
	{ "33 bits", FAMILY_IPV4, "21 0a01020300", false, "", 0 },
	{ "255 bits", FAMILY_IPV4, "ff", false, "", 0 },
	{ "cut in the address", FAMILY_IPV4, "20 0a0102", false, "", 0 },
	{ "length alone", FAMILY_IPV4, "08", false, "", 0 },
	{ "bad behind good", FAMILY_IPV4, "08 0a 21 0a01020300", false, "", 0 },
	{ "IPv6: default route", FAMILY_IPV6, "00", true, "::/0", 0 },
	{ "IPv6: lengths that fill octets and that do not", FAMILY_IPV6,
	  "20 20010db8 21 20010db880 30 20010db80001 "
	  "7f 20010db8000000000000000000000002 80 20010db8000000000000000000000001",
	  true, "2001:db8::/32 2001:db8:8000::/33 2001:db8:1::/48 2001:db8::2/127 2001:db8::1/128",
	  0 },
	{ "IPv6: host bits are cleared", FAMILY_IPV6, "03 3f 1d 20010dbf", true,
	  "2000::/3 2001:db8::/29", 0 },
	{ "IPv6: martians are skipped and counted", FAMILY_IPV6,
	  "08 ff 10 ff02 0a fe80 40 fe80000000000000 60 000000000000000000000000 "
	  "80 00000000000000000000000000000001 80 00000000000000000000ffff0a000001 20 20010db8",
	  true, "2001:db8::/32", 7 },
	{ "IPv6: neighbours of martians, and what contains them, are none", FAMILY_IPV6,
	  "07 fe 0a fec0 0a fe40 08 00 60 0064ff9b0000000000000000 60 000000000000000000010000 5f "
	  "000000000000000000000000",
	  true, "fe00::/7 fec0::/10 fe40::/10 ::/8 64:ff9b::/96 ::1:0:0:0/96 ::/95", 0 },
	{ "IPv6: 129 bits", FAMILY_IPV6, "81 20010db800000000000000000000000100", false, "", 0 },
	{ "IPv6: cut in the address", FAMILY_IPV6, "20 20010d", false, "", 0 },
	{ "IPv6: length alone", FAMILY_IPV6, "80", false, "", 0 },
};

std::string walk(struct nlri n, uint32_t *count)
{
	std::string out;
	char text[PREFIX_TEXT];

	*count = 0;
	for (struct prefix p; nlri_next(&n, &p); ++*count)
		out += std::string(out.empty() ? "" : " ") + prefix_text(p, text);
	return out;
}

/* The same by way of what travels on. */
std::string loaded(const struct nlri &n)
{
	bytes copy(cursor_left(&n.part[0]) + cursor_left(&n.part[1]) + NLRI_SLACK, 0xff);
	const uint8_t *at = copy.data(), *end = at + nlri_copy(&n, copy.data());
	std::string out;
	char text[PREFIX_TEXT];

	while (at < end) {
		struct prefix p;

		at = nlri_load(at, n.family, &p);
		out += std::string(out.empty() ? "" : " ") + prefix_text(p, text);
	}
	EXPECT_EQ(end, at);
	return out;
}

} // namespace

TEST(nlri, table)
{
	for (const nlri_case &t : nlri_cases) {
		for (unsigned int part = 0; part < 2; part++) {
			bytes b = hex(t.wire);
			struct nlri n = {};
			uint32_t count;

			n.family = t.family;
			EXPECT_EQ(t.good, nlri_add(&n, part, cursor_of(b))) << t.name;
			if (!t.good)
				continue;
			EXPECT_EQ(t.texts, walk(n, &count)) << t.name;
			EXPECT_EQ(count, n.count) << t.name;
			EXPECT_EQ(t.martians, n.martians) << t.name;
			EXPECT_EQ(t.texts, loaded(n)) << t.name;
		}
	}
}

TEST(nlri, the_first_martian_is_kept)
{
	bytes b = hex("08 0a 10 f00a 08 7f");
	struct nlri n = {};
	char text[PREFIX_TEXT];

	ASSERT_TRUE(nlri_add(&n, 0, cursor_of(b)));
	EXPECT_EQ(2u, n.martians);
	EXPECT_STREQ("240.10.0.0/16", prefix_text(n.martian, text));
}

TEST(nlri, class_e_may_be_allowed)
{
	static const struct {
		const char *prefix;
		bool strict, allow_240; /* is it a martian? */
	} rows[] = {
		{ "240.0.0.0/4", true, false },	       { "240.10.0.0/16", true, false },
		{ "255.255.255.254/32", true, false }, { "255.255.255.255/32", true, true },
		{ "224.0.0.0/4", true, true },	       { "239.0.0.0/8", true, true },
		{ "224.0.0.0/3", true, false },	       { "192.0.0.0/2", false, false },
		{ "127.0.0.0/8", true, true },	       { "0.0.0.0/0", false, false },
	};

	for (const auto &t : rows) {
		struct prefix p;

		ASSERT_TRUE(prefix4_parse(t.prefix, &p));
		EXPECT_EQ(t.strict, nlri_martian(p, false)) << t.prefix;
		EXPECT_EQ(t.allow_240, nlri_martian(p, true)) << t.prefix;
	}
	EXPECT_TRUE(addr_martian(0xf0000001, false));
	EXPECT_FALSE(addr_martian(0xf0000001, true));
	EXPECT_TRUE(addr_martian(0xe0000001, true));
	EXPECT_TRUE(addr_martian(0xffffffff, true));
}

TEST(nlri, both_places_are_one_sequence)
{
	bytes a = hex("08 0a 08 7f"), b = hex("08 0b");
	struct nlri n = {};
	uint32_t count;

	ASSERT_TRUE(nlri_add(&n, 0, cursor_of(a)));
	ASSERT_TRUE(nlri_add(&n, 1, cursor_of(b)));
	EXPECT_EQ("10.0.0.0/8 11.0.0.0/8", walk(n, &count));
	EXPECT_EQ("10.0.0.0/8 11.0.0.0/8", walk(n, &count)) << "a copy walks, the original stays";
	EXPECT_EQ("10.0.0.0/8 11.0.0.0/8", loaded(n));
	EXPECT_EQ(2u, n.count);
	EXPECT_EQ(1u, n.martians);
}

TEST(nlri, there_and_back6)
{
	struct prefix all;

	ASSERT_TRUE(prefix_parse("2aaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa/128", &all));
	for (unsigned int len = 0; len <= 128; len++) {
		struct prefix p = prefix_make(all.addr, (uint8_t)len), back;
		uint8_t buf[17];
		struct nlri n = {};

		n.family = FAMILY_IPV6;
		ASSERT_EQ(nlri_size(p), nlri_put(buf, p));
		ASSERT_TRUE(nlri_add(&n, 1, cursor_make(buf, nlri_size(p)))) << len;
		ASSERT_TRUE(nlri_next(&n, &back)) << len;
		EXPECT_TRUE(prefix_equal(p, back)) << len;
	}
}

TEST(nlri, there_and_back)
{
	for (uint8_t len = 0; len <= 32; len++) {
		struct prefix p = prefix4_make(0x0aaaaaaa, len), back;
		uint8_t buf[5];
		struct nlri n = {};

		ASSERT_EQ(nlri_size(p), nlri_put(buf, p));
		ASSERT_TRUE(nlri_add(&n, 0, cursor_make(buf, nlri_size(p)))) << (int)len;
		if (nlri_martian(p, false))
			continue;
		ASSERT_TRUE(nlri_next(&n, &back)) << (int)len;
		EXPECT_TRUE(prefix_equal(p, back));
	}
}
