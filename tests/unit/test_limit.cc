/* Counting routes against a bound: what is taken, what is refused, what ends the session. */
#include <gtest/gtest.h>

#include "limit.h"

/* A peer that announces `n` new routes and then all it has `again` times, every `gap_ms`. Returns
 * how many announcements were taken before the first that was not; `last` is the verdict on that
 * one. */
struct peer {
	struct limit_rule rule;
	struct limit limit;
	uint32_t learned;
	uint64_t now_ms;
	enum limit_verdict last;

	uint32_t announce(uint32_t n, bool known = false)
	{
		uint32_t taken = 0;

		now_ms += 10;
		limit_heard(&limit, now_ms);
		for (; taken < n; taken++) {
			last = limit_judge(&limit, &rule, learned, known);
			if (last != LIMIT_TAKE)
				break;
			learned += !known;
		}
		return taken;
	}
};

static struct peer with(uint32_t routes, bool repeats = false, bool drop = false)
{
	struct peer peer = {};

	peer.rule.routes = routes;
	peer.rule.repeats = repeats;
	peer.rule.drop = drop;
	peer.now_ms = 1000000;
	return peer;
}

TEST(limit, no_bound)
{
	struct peer peer = with(0, true, true);

	EXPECT_EQ(100000u, peer.announce(100000));
	EXPECT_EQ(100000u, peer.announce(100000, true));
}

TEST(limit, the_bound_itself_is_allowed)
{
	for (bool repeats : { false, true }) {
		struct peer peer = with(4000, repeats);

		EXPECT_EQ(4000u, peer.announce(4000));
		EXPECT_EQ(0u, peer.announce(1));
		EXPECT_EQ(LIMIT_EXCEEDED, peer.last);
	}
}

TEST(limit, unique_counts_a_route_once)
{
	struct peer peer = with(4000);

	peer.announce(4000);
	for (int i = 0; i < 100; i++)
		EXPECT_EQ(4000u, peer.announce(4000, true));
}

/* The documented example: 2001 routes, and the same again. */
TEST(limit, ars_compat_counts_what_a_batch_repeats)
{
	struct peer peer = with(4000, true);

	EXPECT_EQ(2001u, peer.announce(2001));
	EXPECT_EQ(1999u, peer.announce(2001, true));
	EXPECT_EQ(LIMIT_EXCEEDED, peer.last);
}

TEST(limit, ars_compat_begins_anew_with_each_batch)
{
	struct peer peer = with(4000, true);

	peer.announce(2000);
	for (int i = 0; i < 10; i++) {
		EXPECT_EQ(2000u, peer.announce(2000, true));
		peer.now_ms += LIMIT_BATCH_MS;
	}
	peer.now_ms -= LIMIT_BATCH_MS;
	EXPECT_EQ(0u, peer.announce(1, true)) << "still the last batch";
}

TEST(limit, excess_is_refused_and_known_routes_never)
{
	for (bool repeats : { false, true }) {
		struct peer peer = with(10, repeats, true);

		EXPECT_EQ(10u, peer.announce(20));
		EXPECT_EQ(LIMIT_REFUSE, peer.last);
		EXPECT_EQ(100u, peer.announce(100, true));
		peer.learned--;
		EXPECT_EQ(1u, peer.announce(2));
	}
}

/* A reload may lower the bound below what is there. */
TEST(limit, a_lower_bound_ends_the_session_with_the_next_word)
{
	struct peer peer = with(100);

	peer.announce(100);
	peer.rule.routes = 50;
	EXPECT_EQ(0u, peer.announce(1, true));
	EXPECT_EQ(LIMIT_EXCEEDED, peer.last);
}

TEST(limit, near)
{
	EXPECT_FALSE(limit_near(0, 1000000));
	EXPECT_FALSE(limit_near(4000, 3199));
	EXPECT_TRUE(limit_near(4000, 3200));
	EXPECT_TRUE(limit_near(UINT32_MAX, UINT32_MAX));
	EXPECT_TRUE(limit_near(1, 1));
}
