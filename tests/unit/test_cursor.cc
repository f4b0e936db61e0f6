/* The cursor: values in network order, and poison once it is asked for more than there is. */
#include <gtest/gtest.h>

#include "wire.h"

TEST(cursor, reads_straight_on)
{
	bytes b = hex("01 0203 04050607 0809");
	struct cursor c = cursor_of(b);

	EXPECT_EQ(9u, cursor_left(&c));
	EXPECT_EQ(1, cursor_u8(&c));
	EXPECT_EQ(0x0203, cursor_u16(&c));
	EXPECT_EQ(0x04050607u, cursor_u32(&c));
	EXPECT_EQ(b.data() + 7, cursor_take(&c, 2));
	EXPECT_EQ(0u, cursor_left(&c));
	EXPECT_NE(nullptr, cursor_take(&c, 0));
	EXPECT_FALSE(c.bad);
}

TEST(cursor, a_short_read_poisons_whatever_its_size)
{
	for (const char *text : { "", "ee", "eeee", "eeeeee" }) {
		bytes b = hex(text);
		size_t have = b.size();

		struct cursor c = cursor_of(b);
		EXPECT_EQ(0u, cursor_u32(&c)) << have;
		EXPECT_TRUE(c.bad);
		EXPECT_EQ(0u, cursor_left(&c)) << "nothing is left to read by mistake";
		EXPECT_EQ(0, cursor_u8(&c));

		c = cursor_of(b);
		EXPECT_EQ(nullptr, cursor_take(&c, have + 1));
		EXPECT_TRUE(c.bad);

		c = cursor_of(b);
		EXPECT_EQ(nullptr, cursor_take(&c, SIZE_MAX));
		EXPECT_TRUE(c.bad);
	}
}

TEST(cursor, sub_windows)
{
	bytes b = hex("01 02 03 04");
	struct cursor c = cursor_of(b), sub = cursor_sub(&c, 3);

	EXPECT_EQ(3u, cursor_left(&sub));
	EXPECT_EQ(1u, cursor_left(&c));
	EXPECT_EQ(0x0102, cursor_u16(&sub));
	EXPECT_EQ(0, cursor_u16(&sub)) << "the window ends where it ends";
	EXPECT_TRUE(sub.bad);
	EXPECT_FALSE(c.bad) << "and its poison is its own";

	sub = cursor_sub(&c, 2);
	EXPECT_TRUE(sub.bad);
	EXPECT_TRUE(c.bad);
	EXPECT_EQ(0u, cursor_left(&sub));
	sub = cursor_sub(&c, 0);
	EXPECT_TRUE(sub.bad) << "poison is inherited";
}
