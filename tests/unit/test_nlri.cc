/* Prefixes on the wire: syntax, host bits, martians, and both places as one sequence. */
#include <gtest/gtest.h>

#include "nlri.h"
#include "wire.h"

namespace
{

struct nlri_case {
	const char *name, *wire;
	bool good;
	const char *texts; /* blank-separated */
	uint32_t martians;
};

const nlri_case nlri_cases[] = {
	{ "none", "", true, "", 0 },
	{ "default route", "00", true, "0.0.0.0/0", 0 },
	{ "lengths that fill octets", "08 0a 10 0a01 18 0a0102 20 0a010203", true,
	  "10.0.0.0/8 10.1.0.0/16 10.1.2.0/24 10.1.2.3/32", 0 },
	{ "lengths that do not", "01 80 09 0a80 11 0a0180 1f 0a0102fe", true,
	  "128.0.0.0/1 10.128.0.0/9 10.1.128.0/17 10.1.2.254/31", 0 },
	{ "host bits are cleared, RFC 4271 4.3", "09 0aff 14 0a01ff 1f 0a0102ff", true,
	  "10.128.0.0/9 10.1.240.0/20 10.1.2.254/31", 0 },
	{ "martians are skipped and counted",
	  "08 7f 18 0a0102 20 7f000001 04 e0 20 e0000005 20 ffffffff 08 00 20 00000001", true,
	  "10.1.2.0/24", 7 },
	{ "what merely contains martians is none", "00 01 00 01 80 02 c0 07 00 07 7e", true,
	  "0.0.0.0/0 0.0.0.0/1 128.0.0.0/1 192.0.0.0/2 0.0.0.0/7 126.0.0.0/7", 0 },
	{ "neighbours of martians are none", "08 01 08 7e 08 80 08 df", true,
	  "1.0.0.0/8 126.0.0.0/8 128.0.0.0/8 223.0.0.0/8", 0 },
	{ "33 bits", "21 0a01020300", false, "", 0 },
	{ "255 bits", "ff", false, "", 0 },
	{ "cut in the address", "20 0a0102", false, "", 0 },
	{ "length alone", "08", false, "", 0 },
	{ "bad behind good", "08 0a 21 0a01020300", false, "", 0 },
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

} // namespace

TEST(nlri, table)
{
	for (const nlri_case &t : nlri_cases) {
		for (unsigned int part = 0; part < 2; part++) {
			bytes b = hex(t.wire);
			struct nlri n = {};
			uint32_t count;

			EXPECT_EQ(t.good, nlri_add(&n, part, cursor_of(b))) << t.name;
			if (!t.good)
				continue;
			EXPECT_EQ(t.texts, walk(n, &count)) << t.name;
			EXPECT_EQ(count, n.count) << t.name;
			EXPECT_EQ(t.martians, n.martians) << t.name;
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
	EXPECT_EQ(2u, n.count);
	EXPECT_EQ(1u, n.martians);
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
