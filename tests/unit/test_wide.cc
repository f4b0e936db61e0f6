/* Wide prefixes, which the FIB follows one by one: nobody is told of one before that, and none is
 * forgotten. */
#include <gtest/gtest.h>

#include "group_harness.h"

namespace
{
enum { LISTENER = 1, SPEAKER = 2, LATE = 3 };

struct wide_test : testing::TestWithParam<enum family> {
	wide_test()
	    : h(GetParam(), { our_vnet, nva(1), nva(2), nva(3) }, ALLOW_ALL, false, 17),
	      group(h.group_add(ROLE_NVA))
	{
		h.up(LISTENER, group);
		h.flush_all();
	}
	void says(struct prefix p, uint32_t asn = 65002)
	{
		h.announce(p, SPEAKER, { { asn } });
		EXPECT_EQ(0u, changes_take(h.rib, 1)) << "it is taken by itself";
	}
	bool is_announced(struct prefix p, uint16_t peer = LISTENER)
	{
		return h.peers[peer].table.count(key(p.addr.v4, p.len));
	}
	void flush()
	{
		for (int i = 0; i < 8; i++)
			h.flush(group, 4);
	}

	harness h;
	struct group *group;
};
} // namespace

TEST_P(wide_test, is_told_when_the_fib_has_followed)
{
	says(p1);
	EXPECT_TRUE(rib_wide_waiting(h.rib));
	flush();
	EXPECT_FALSE(is_announced(p1));
	EXPECT_EQ(h.find(p1), rib_wide_begin(h.rib));
	flush();
	EXPECT_FALSE(is_announced(p1));
	rib_wide_end(h.rib);
	EXPECT_FALSE(rib_wide_waiting(h.rib));
	h.flush_all();
	h.check();
	EXPECT_TRUE(is_announced(p1));
}

TEST_P(wide_test, others_are_told_meanwhile)
{
	const struct prefix narrow = prefix4_make(0x0b000000, 24);

	says(p1);
	h.announce(narrow, SPEAKER, { { 65002 } });
	EXPECT_EQ(1u, changes_take(h.rib, 1));
	flush();
	EXPECT_TRUE(is_announced(narrow));
	EXPECT_FALSE(is_announced(p1));
}

TEST_P(wide_test, what_changes_meanwhile_comes_again)
{
	says(p1);
	rib_wide_begin(h.rib);
	says(p1, 65009);
	rib_wide_end(h.rib);
	flush();
	EXPECT_FALSE(is_announced(p1));
	EXPECT_NE(RIB_NONE, rib_wide_begin(h.rib));
	rib_wide_end(h.rib);
	h.flush_all();
	h.check();
	EXPECT_EQ(1u, h.peers[LISTENER].announced);
}

TEST_P(wide_test, one_that_has_gone_keeps_its_node_until_the_fib_has_followed)
{
	uint32_t node;

	says(p1);
	node = rib_wide_begin(h.rib);
	rib_wide_end(h.rib);
	h.flush_all();
	h.withdraw(p1, SPEAKER);
	EXPECT_EQ(0u, changes_take(h.rib, 1));
	flush();
	EXPECT_TRUE(is_announced(p1)) << "packets still find it";
	EXPECT_EQ(node, rib_wide_begin(h.rib));
	EXPECT_EQ(nullptr, rib_first(h.rib, node));
	EXPECT_TRUE(prefix_equal(h.of(p1), rib_prefix(h.rib, node)));
	rib_wide_end(h.rib);
	h.flush_all();
	h.check();
	EXPECT_FALSE(is_announced(p1));
}

TEST_P(wide_test, a_newcomer_is_told_later)
{
	says(p1);
	h.up(LATE, group);
	flush();
	EXPECT_EQ(1, h.peers[LATE].end_of_ribs);
	EXPECT_FALSE(is_announced(p1, LATE));
	rib_wide_begin(h.rib);
	rib_wide_end(h.rib);
	h.flush_all();
	h.check();
	EXPECT_TRUE(is_announced(p1, LATE));
}

TEST_P(wide_test, a_round_is_over_when_all_that_waited_had_their_turn)
{
	uint64_t before;
	int taken = 0;

	says(p1);
	says(p2);
	says(p3);
	before = rib_wide_rounds(h.rib);
	for (; rib_wide_rounds(h.rib) < before + 2; taken++) {
		ASSERT_LT(taken, 10);
		rib_wide_begin(h.rib);
		rib_wide_end(h.rib);
		says(p1, 65010 + (uint32_t)taken); /* again and again */
	}
	EXPECT_GE(taken, 3);
	rib_wide_begin(h.rib);
	rib_wide_end(h.rib);
	h.flush_all();
	EXPECT_TRUE(is_announced(p2));
	EXPECT_TRUE(is_announced(p3));
}

TEST_P(wide_test, one_that_waits_may_be_looked_at_again)
{
	says(p1);
	rib_wide_begin(h.rib);
	EXPECT_EQ(0, rib_wide_add(h.rib, h.find(p1)));
	rib_wide_end(h.rib);
	EXPECT_TRUE(rib_wide_waiting(h.rib));
	EXPECT_NE(RIB_NONE, rib_wide_begin(h.rib));
	rib_wide_end(h.rib);
	EXPECT_EQ(RIB_NONE, rib_wide_begin(h.rib));
}

OF_BOTH_FAMILIES(wide_test);
