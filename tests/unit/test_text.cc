/* Octets from elsewhere as text: whole characters, and '?' for all else. */
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "text.h"

namespace
{

std::string harmless(const std::string &octets, size_t size = 64)
{
	char to[64];
	size_t n = text_harmless(to, size, (const uint8_t *)octets.data(), octets.size());

	EXPECT_EQ(n, strlen(to));
	return to;
}

} // namespace

TEST(text, characters_stay_and_other_octets_are_marked)
{
	EXPECT_EQ("plain", harmless("plain"));
	EXPECT_EQ("\xc3\xa9\xe2\x82\xac\xf0\x9f\x8c\x89",
		  harmless("\xc3\xa9\xe2\x82\xac\xf0\x9f\x8c\x89"));
	EXPECT_EQ("a?b", harmless("a\xe9"
				  "b"));
	EXPECT_EQ("??", harmless("\xc0\x80")) << "overlong";
	EXPECT_EQ("???", harmless("\xed\xa0\x80")) << "a surrogate";
	EXPECT_EQ("?[2J", harmless("\x1b[2J"));
	EXPECT_EQ("ab?", harmless("ab\xe2")) << "cut short";
}

TEST(text, is_cut_between_characters)
{
	EXPECT_EQ("ab", harmless("abc", 3));
	EXPECT_EQ("a", harmless("a\xc3\xa9", 3));
	EXPECT_EQ("", harmless("abc", 1));
	EXPECT_EQ(0u, text_harmless(nullptr, 0, (const uint8_t *)"a", 1));
}

/* In place: nothing grows. */
TEST(text, in_place)
{
	char buf[] = "a\xff\xc3\xa9\x01";

	EXPECT_EQ(5u, text_harmless(buf, sizeof(buf), (const uint8_t *)buf, strlen(buf)));
	EXPECT_STREQ("a?\xc3\xa9?", buf);
}

TEST(text, is_judged)
{
	EXPECT_TRUE(text_is_harmless(""));
	EXPECT_TRUE(text_is_harmless("caf\xc3\xa9"));
	EXPECT_FALSE(text_is_harmless("caf\xe9"));
	EXPECT_FALSE(text_is_harmless("a\nb"));
}
