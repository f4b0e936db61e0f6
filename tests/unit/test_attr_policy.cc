/* Attributes by code: what passes, what is stripped, what a peer's configuration may say
 * otherwise. */
#include <gtest/gtest.h>

#include <cstring>

#include "attr_policy.h"
#include "attrs.h"

TEST(attr_policy, defaults)
{
	struct attr_policy policy;

	attr_policy_default(&policy);
	for (int code : { 1, 2, 3, 4, 8, 16, 32, 35 })
		EXPECT_EQ(ATTR_PASS, attr_policy_action(&policy, (uint8_t)code)) << code;
	for (int code : { 43, 99, 127, 130, 240, 254 }) /* without a name: RFC 4271 5 */
		EXPECT_EQ(ATTR_PASS, attr_policy_action(&policy, (uint8_t)code)) << code;
	for (int code : { 0, 11, 13, 21, 22, 23, 26, 28, 29, 33, 40, 128, 129, 243, 255 })
		EXPECT_EQ(ATTR_STRIP, attr_policy_action(&policy, (uint8_t)code)) << code;
}

TEST(attr_policy, the_last_word_counts_and_for_that_code_alone)
{
	for (int code = 0; code < 256; code++) {
		struct attr_policy policy = {};

		for (enum attr_action action :
		     { ATTR_STRIP, ATTR_DROP, ATTR_STRIP, ATTR_PASS, ATTR_DROP }) {
			attr_policy_set(&policy, (uint8_t)code, action);
			for (int other = 0; other < 256; other++)
				EXPECT_EQ(other == code ? action : ATTR_PASS,
					  attr_policy_action(&policy, (uint8_t)other))
					<< code << " " << other;
		}
	}
}

TEST(attr_policy, what_a_route_is_made_of_is_not_to_be_set)
{
	for (int code : { 1, 2, 3, 5, 9, 10, 14, 15, 17, 18 })
		EXPECT_FALSE(attr_policy_may_set((uint8_t)code)) << code;
	for (int code : { 4, 6, 7, 8, 16, 32, 35, 40, 99, 255 })
		EXPECT_TRUE(attr_policy_may_set((uint8_t)code)) << code;
}

TEST(attr_policy, text)
{
	uint64_t codes[4] = { UINT64_C(1) << 40, 0, 0, 0 };
	char text[200];

	EXPECT_STREQ("attribute 40 (Prefix-SID)", attr_set_text(codes, text, sizeof(text)));
	codes[2] = 1;
	EXPECT_STREQ("attributes 40 (Prefix-SID) and 128 (ATTR_SET)",
		     attr_set_text(codes, text, sizeof(text)));
	codes[3] = UINT64_C(3) << 62;
	EXPECT_STREQ("attributes 40 (Prefix-SID), 128 (ATTR_SET), 254 (unassigned) and 1 more",
		     attr_set_text(codes, text, sizeof(text)));
	for (unsigned int size = 1; size < sizeof(text); size++)
		EXPECT_LT(strlen(attr_set_text(codes, text, size)), size);
}
