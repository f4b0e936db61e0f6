/* Addresses: what text is accepted, and how it is written. */
#include <gtest/gtest.h>

#include <arpa/inet.h>

#include <random>
#include <string>

#include "addr.h"

namespace
{

struct addr_case {
	const char *text;
	const char *written; /* nullptr: it is refused */
};

const addr_case addr_cases[] = {
	{ "10.0.1.4", "10.0.1.4" },
	{ "0.0.0.0", "0.0.0.0" },
	{ "255.255.255.255", "255.255.255.255" },
	{ "::", "::" },
	{ "::1", "::1" },
	{ "1::", "1::" },
	{ "2001:db8:255::33", "2001:db8:255::33" },
	{ "2001:DB8::A", "2001:db8::a" },				    /* RFC 5952 4.3 */
	{ "2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1" }, /* 4.1, 4.2.3 */
	{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" }, /* 4.2.2: one group is none */
	{ "2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
	{ "2001:0:0:1::1", "2001:0:0:1::1" }, /* 4.2.3: the longest */
	{ "1:0:0:2:0:0:0:3", "1:0:0:2::3" },
	{ "1:0:0:0:0:0:0:0", "1::" },
	{ "0:0:0:0:0:0:0:8", "::8" },
	{ "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
	{ "1:2:3:4:5:6::", "1:2:3:4:5:6::" },
	{ "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
	{ "::ffff:10.0.1.4", "::ffff:10.0.1.4" }, /* 5 */
	{ "::10.0.1.4", "::a00:104" },		  /* no prefix of which that is known */
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	{ "fe80::1", "fe80::1" },
	{ "", nullptr },
	{ "10.0.1", nullptr },
	{ "10.0.1.4.5", nullptr },
	{ "10.0.1.256", nullptr },
	{ "010.0.1.4", nullptr },
	{ " 10.0.1.4", nullptr },
	{ "10.0.1.4 ", nullptr },
	{ "10.0.1.4/32", nullptr },
	{ "localhost", nullptr },
	{ ":", nullptr },
	{ ":::", nullptr },
	{ ":1", nullptr },
	{ "1:", nullptr },
	{ "1::2::3", nullptr },
	{ "1:2:3:4:5:6:7", nullptr },
	{ "1:2:3:4:5:6:7:8:9", nullptr },
	{ "1:2:3:4::5:6:7:8:9", nullptr },
	{ "12345::", nullptr },
	{ "g::", nullptr },
	{ "2001:db8::1 ", nullptr },
	{ "[2001:db8::1]", nullptr },
	{ "fe80::1%eth0", nullptr },
	{ "::ffff:10.0.1", nullptr },
	{ "1:2:3:4:5:6:7:10.0.1.4", nullptr },
};

struct zone_case {
	const char *text;
	const char *written, *zone; /* nullptr: it is refused; there is none */
};

const zone_case zone_cases[] = {
	{ "fe80::1%nva0", "fe80::1", "nva0" },
	{ "febf::1%nva0", "febf::1", "nva0" },
	{ "fe80::1", "fe80::1", nullptr },
	{ "2001:db8::1", "2001:db8::1", nullptr },
	{ "10.0.1.4", "10.0.1.4", nullptr },
	{ "fe80::1%", nullptr, nullptr },
	{ "fec0::1%nva0", nullptr, nullptr }, /* not link-local, nor are these */
	{ "2001:db8::1%nva0", nullptr, nullptr },
	{ "10.0.1.4%nva0", nullptr, nullptr },
	{ "169.254.0.1%nva0", nullptr, nullptr },
	{ "%nva0", nullptr, nullptr },
	{ "fe80:0000:0000:0000:0000:0000:0000:0000:0000:1%nva0", nullptr, nullptr },
};

std::string text_of_addr(struct addr addr)
{
	char buf[ADDR_TEXT];

	return addr_text(addr, buf);
}

/* Addresses with runs of zeros, as real ones have. */
struct addr random_addr6(std::mt19937 &random)
{
	uint8_t v6[16];

	for (int i = 0; i < 16; i += 2) {
		bool zero = random() % 2, small = random() % 2;

		v6[i] = zero || small ? 0 : (uint8_t)random();
		v6[i + 1] = zero ? 0 : (uint8_t)random();
	}
	return addr_make6(v6);
}

} // namespace

TEST(addr, text)
{
	for (const addr_case &t : addr_cases) {
		struct addr addr = addr_make4(0xdeadbeef);

		ASSERT_EQ(t.written != nullptr, addr_parse(t.text, &addr)) << t.text;
		if (t.written)
			EXPECT_EQ(t.written, text_of_addr(addr)) << t.text;
		else
			EXPECT_TRUE(addr_equal(addr_make4(0xdeadbeef), addr))
				<< t.text << " must leave the result alone";
	}
}

TEST(addr, text_of_ipv4_alone)
{
	for (const addr_case &t : addr_cases) {
		uint32_t addr = 0xdeadbeef;
		bool dotted = t.written && !strchr(t.written, ':');
		char buf[ADDR_TEXT];

		ASSERT_EQ(dotted, addr4_parse(t.text, &addr)) << t.text;
		EXPECT_STREQ(dotted ? t.written : "222.173.190.239", addr4_text(addr, buf));
	}
}

TEST(addr, zones)
{
	for (const zone_case &t : zone_cases) {
		struct addr addr = addr_make4(0xdeadbeef);
		const char *zone = "untouched";

		ASSERT_EQ(t.written != nullptr, addr_zone_parse(t.text, &addr, &zone)) << t.text;
		EXPECT_EQ(t.written ? t.written : "222.173.190.239", text_of_addr(addr));
		EXPECT_STREQ(t.written ? t.zone : "untouched", zone) << t.text;
	}
}

/* What is written is read as the same address, and is what the C library writes, which knows no
 * address below ::/96 from a dotted quad. */
TEST(addr, random_ones_come_back)
{
	std::mt19937 random(7);

	for (int i = 0; i < 20000; i++) {
		struct addr addr = random_addr6(random), back = addr_make4(0);
		std::string text = text_of_addr(addr);
		char libc[ADDR_TEXT];

		ASSERT_TRUE(addr_parse(text.c_str(), &back)) << text;
		ASSERT_TRUE(addr_equal(addr, back)) << text;
		inet_ntop(AF_INET6, addr.v6, libc, sizeof(libc));
		if (!strchr(libc, '.')) {
			ASSERT_EQ(libc, text);
		}
	}
	for (int i = 0; i < 10000; i++) {
		struct addr addr = addr_make4((uint32_t)random()), back = addr_make4(0);

		ASSERT_TRUE(addr_parse(text_of_addr(addr).c_str(), &back));
		ASSERT_TRUE(addr_equal(addr, back));
	}
}

/* IPv4 first, then as numbers: ascending here. */
TEST(addr, order)
{
	const char *const ascending[] = { "0.0.0.0", "10.0.0.1", "127.0.0.1", "128.0.0.1",
					  "::",	     "::1",	 "1::",	      "2001:db8::1",
					  "fe80::1", "ff02::1",	 "ffff::" };
	const size_t n = sizeof(ascending) / sizeof(ascending[0]);
	struct addr addrs[n];

	for (size_t i = 0; i < n; i++)
		ASSERT_TRUE(addr_parse(ascending[i], &addrs[i])) << ascending[i];
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			int order = addr_compare(addrs[i], addrs[j]);

			EXPECT_EQ(i < j, order < 0) << ascending[i] << " " << ascending[j];
			EXPECT_EQ(i == j, order == 0);
			EXPECT_EQ(i == j, addr_equal(addrs[i], addrs[j]));
		}
	}
}

/* The octets behind an IPv4 address count for nothing, and 0.0.0.0 is not ::. */
TEST(addr, families_are_told_apart)
{
	struct addr none = {}, soiled = addr_make4(0);
	const uint8_t zeros[16] = {};

	soiled.v6[15] = 1;
	EXPECT_TRUE(addr_equal(none, soiled));
	EXPECT_EQ(0, addr_compare(none, soiled));
	EXPECT_FALSE(addr_equal(none, addr_make6(zeros)));
	EXPECT_TRUE(addr_unspecified(soiled));
	EXPECT_TRUE(addr_unspecified(addr_make6(zeros)));
	EXPECT_FALSE(addr_link_local(addr_make4(0xfe800001)));
}
