/* What changes too often: counted exactly where there is room, never too much where there is
 * none. */
#include "flap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "families.h"
#include "routes.h"

namespace
{

struct harness {
	struct attr_table *table = attr_table_new();
	struct flaps flaps;
	struct flap flap = {};
	const struct attrs *a = attrs_make(table, { { 65001 } });
	const struct attrs *b = attrs_make(table, { { 65001, 65010 } });
	uint64_t now_ms = 1000000;

	harness()
	{
		flaps_init(&flaps, table);
	}
	~harness()
	{
		flap_forget(&flaps, &flap);
		EXPECT_TRUE(TAILQ_EMPTY(&flaps.fast));
		EXPECT_TRUE(TAILQ_EMPTY(&flaps.held));
		attrs_put(table, a);
		attrs_put(table, b);
		EXPECT_EQ(0u, attr_table_count(table)) << "references were lost";
		attr_table_free(table);
	}
	enum flap_verdict change(struct prefix prefix, bool returned = false)
	{
		return flap_note(&flaps, &flap, prefix, returned, now_ms);
	}
	/* `n` changes, `every_ms` apart; the last verdict. */
	enum flap_verdict changes(struct prefix prefix, unsigned int n, uint64_t every_ms)
	{
		enum flap_verdict last = FLAP_CALM;

		for (unsigned int i = 0; i < n; i++, now_ms += every_ms)
			last = change(prefix);
		return last;
	}
	/* All that is over ends. Returns how many. */
	unsigned int end(uint64_t hold_ms = 60000)
	{
		struct flapper *over;
		unsigned int n = 0;

		for (; (over = flaps_over(&flaps, now_ms, hold_ms)); n++)
			flap_end(&flaps, over, now_ms);
		return n;
	}
};

class flap_test : public testing::TestWithParam<enum family>
{
      protected:
	struct prefix make(uint32_t v4, uint8_t len)
	{
		return prefix_of(GetParam(), v4, len);
	}
	struct prefix host(uint32_t i)
	{
		return make(0x20000000u + i, 32);
	}
	const struct prefix p1 = make(0x0a0a0000, 16), p2 = make(0x0a140000, 16);
};

} // namespace

OF_BOTH_FAMILIES(flap_test);

TEST_P(flap_test, rows)
{
	static const struct {
		const char *name;
		unsigned int n;
		uint64_t every_ms;
		enum flap_verdict last;
		unsigned int flappers;
	} rows[] = {
		{ "one change", 1, 1, FLAP_CALM, 0 },
		{ "as many as are no alarm", FLAP_ALARM, 1, FLAP_CALM, 0 },
		{ "one more", FLAP_ALARM + 1, 1, FLAP_FAST, 1 },
		{ "and one more is told already", FLAP_ALARM + 2, 1, FLAP_CALM, 1 },
		{ "one more within the minute", FLAP_ALARM + 1, FLAP_WINDOW_MS / FLAP_ALARM - 1,
		  FLAP_FAST, 1 },
		{ "slowly, for an hour", 30 * 60, FLAP_WINDOW_MS / FLAP_ALARM, FLAP_CALM, 0 },
		{ "as many as are not held", FLAP_HOLD, 1, FLAP_CALM, 1 },
		{ "one more of those", FLAP_HOLD + 1, 1, FLAP_TOO_FAST, 1 },
		{ "10 a second for ten minutes", 6000, FLAP_WINDOW_MS / FLAP_HOLD, FLAP_CALM, 1 },
		{ "11 a second", 6000, 90, FLAP_TOO_FAST, 1 },
	};

	for (const auto &row : rows) {
		harness h;

		EXPECT_EQ(row.last, h.changes(p1, row.n, row.every_ms)) << row.name;
		EXPECT_EQ(row.flappers, h.flap.nb_flappers) << row.name;
		EXPECT_EQ(row.n, h.flap.changes) << row.name;
	}
}

TEST_P(flap_test, what_is_announced_for_the_first_time_costs_nothing)
{
	harness h;

	for (uint32_t i = 0; i < 1000; i++)
		EXPECT_EQ(FLAP_CALM, h.change(host(i), true));
	EXPECT_EQ(nullptr, h.flap.slots);
	EXPECT_EQ(0u, h.flap.changes);
	h.change(p1);
	h.change(p1, true);
	EXPECT_EQ(2u, h.flap.changes) << "withdrawn, and there again";
	h.change(p2, true);
	EXPECT_EQ(2u, h.flap.changes);
}

TEST_P(flap_test, an_alarm_ends_a_minute_after_the_last_change_too_many)
{
	harness h;

	h.changes(p1, FLAP_ALARM + 1, 0);
	h.now_ms += FLAP_WINDOW_MS - 1;
	EXPECT_EQ(0u, h.end());
	h.change(p1);
	h.now_ms++;
	EXPECT_EQ(1u, h.flap.nb_flappers) << "that was one too many";
	EXPECT_EQ(0u, h.end());
	h.now_ms += FLAP_WINDOW_MS - 1;
	EXPECT_EQ(1u, h.end());
	EXPECT_EQ(0u, h.flap.nb_flappers);
}

TEST_P(flap_test, a_held_one_is_over_when_it_is_quiet_and_soon_held_again)
{
	harness h;

	ASSERT_EQ(FLAP_TOO_FAST, h.changes(p1, FLAP_HOLD + 1, 1));
	ASSERT_TRUE(flap_hold(&h.flaps, &h.flap, p1, h.a, h.now_ms));
	EXPECT_EQ(nullptr, flap_held(&h.flap, p2));

	struct flapper *flapper = flap_held(&h.flap, p1);
	ASSERT_NE(nullptr, flapper);
	EXPECT_EQ(h.a, flapper->said);
	flap_said(&h.flaps, flapper, h.b, h.now_ms);
	h.now_ms += 30000;
	flap_said(&h.flaps, flapper, nullptr, h.now_ms);
	h.now_ms += 30000;
	flap_said(&h.flaps, flapper, nullptr, h.now_ms); /* no change */
	EXPECT_EQ(nullptr, flaps_over(&h.flaps, h.now_ms, 60000));
	EXPECT_EQ(flapper, flaps_over(&h.flaps, h.now_ms, 30000)) << "by another configuration";
	h.now_ms += 30000;
	EXPECT_EQ(flapper, flaps_over(&h.flaps, h.now_ms, 60000));
	EXPECT_EQ(nullptr, flapper->said);
	EXPECT_EQ(h.a, flapper->good);
	EXPECT_EQ(1u, h.end());
	EXPECT_EQ(nullptr, flap_held(&h.flap, p1));

	EXPECT_EQ(FLAP_CALM, h.changes(p1, FLAP_ALARM, 1));
	EXPECT_EQ(0u, h.flap.nb_flappers);
	EXPECT_EQ(FLAP_TOO_FAST, h.change(p1));
	h.now_ms += 2 * FLAP_WINDOW_MS;
	EXPECT_EQ(1u, h.end());
	EXPECT_EQ(FLAP_CALM, h.changes(p1, FLAP_HOLD, 1)) << "a window later all is forgiven";
}

TEST_P(flap_test, all_that_is_held_is_let_go_at_once)
{
	harness h;

	for (const struct prefix &p : { p1, p2 }) {
		h.changes(p, FLAP_HOLD + 1, 0);
		ASSERT_TRUE(flap_hold(&h.flaps, &h.flap, p, h.a, h.now_ms));
	}
	h.changes(host(1), FLAP_ALARM + 1, 0);
	EXPECT_EQ(0u, h.end());
	flap_release(&h.flaps, &h.flap);
	EXPECT_EQ(2u, h.end());
	EXPECT_EQ(1u, h.flap.nb_flappers) << "this one is but an alarm";
}

/* A million prefixes change once a minute each, and among them a few that are to be held: they are
 * found, and nothing else is; and it takes a bounded table. */
TEST_P(flap_test, a_few_among_a_million)
{
	enum { SLOW = 1000000, HEAVY = 5, ROUNDS = 2 };
	std::map<uint32_t, unsigned int> held;
	harness h;
	uint64_t start = h.now_ms;

	for (uint32_t i = 0; i < ROUNDS * SLOW; i++) {
		h.now_ms = start + (uint64_t)i * FLAP_WINDOW_MS / SLOW;
		ASSERT_EQ(FLAP_CALM, h.change(host(i % SLOW)));
		if (i % 250) /* 4,000 a minute */
			continue;
		for (uint32_t k = 0; k < HEAVY; k++)
			if (h.change(make(0x0a000000u + k, 32)) == FLAP_TOO_FAST)
				held[k]++;
	}
	EXPECT_EQ((size_t)HEAVY, held.size());
	EXPECT_EQ((uint32_t)FLAP_SLOTS, h.flap.nb_slots);
	EXPECT_EQ((uint32_t)HEAVY, h.flap.nb_flappers);
}

/* More of them than can be held, each as bad: as many as there is room for are, and no more is
 * remembered. */
TEST_P(flap_test, more_than_can_be_held)
{
	enum { MANY = 10000 };
	unsigned int held = 0, refused = 0;
	harness h;

	for (unsigned int round = 0; round < FLAP_HOLD + 1; round++)
		for (uint32_t i = 0; i < MANY; i++) {
			if (flap_held(&h.flap, host(i)) || h.change(host(i)) != FLAP_TOO_FAST)
				continue;
			if (flap_hold(&h.flaps, &h.flap, host(i), h.a, h.now_ms))
				held++;
			else
				refused++;
		}
	EXPECT_EQ((unsigned int)FLAP_HELD, held);
	EXPECT_LT(0u, refused);
	EXPECT_EQ(held, h.flap.nb_held);
	EXPECT_EQ((uint32_t)FLAP_SLOTS, h.flap.nb_slots);
	EXPECT_GE((uint32_t)FLAP_SLOTS, h.flap.nb_flappers);
}

namespace
{

/* The slow one: every change there was, and nothing forgotten. */
struct oracle {
	std::map<uint32_t, std::vector<uint64_t>> changes;

	/* How many in the last window; an upper bound of what a fixed window counts. */
	size_t within(uint32_t i, uint64_t now_ms, uint64_t window_ms = FLAP_WINDOW_MS)
	{
		const auto &list = changes[i];

		return (size_t)(list.end() -
				std::upper_bound(list.begin(), list.end(),
						 now_ms >= window_ms ? now_ms - window_ms : 0));
	}
};

} // namespace

/* Random prefixes at random times, few enough for the table: an alarm means that there were too
 * many within a minute, and who keeps on being twice as fast as it takes is found. */
TEST_P(flap_test, random_changes_against_one_that_remembers_all)
{
	for (unsigned int seed = 1; seed <= 20; seed++) {
		std::mt19937 random(seed);
		std::map<uint32_t, uint64_t> held_since;
		oracle oracle;
		harness h;

		for (int step = 0; step < 30000; step++) {
			uint32_t bits = random(), i = bits % 3 ? bits / 3 % 8 : bits / 3 % 2000;
			struct flapper *flapper = flap_held(&h.flap, host(i));

			h.now_ms += random() % 30;
			ASSERT_EQ(flapper != nullptr, held_since.count(i) == 1);
			oracle.changes[i].push_back(h.now_ms);
			if (flapper) {
				flap_said(&h.flaps, flapper, flapper->said == h.a ? h.b : h.a,
					  h.now_ms);
				continue;
			}

			enum flap_verdict verdict = h.change(host(i));
			size_t n = oracle.within(i, h.now_ms);

			if (verdict != FLAP_CALM) {
				ASSERT_LT((size_t)FLAP_ALARM, n) << "seed " << seed;
			}
			if (verdict == FLAP_TOO_FAST && random() % 2) {
				ASSERT_TRUE(flap_hold(&h.flaps, &h.flap, host(i), h.a, h.now_ms));
				held_since[i] = h.now_ms;
			}
			if (oracle.within(i, h.now_ms, 2 * FLAP_WINDOW_MS) > 2 * FLAP_HOLD + 2) {
				ASSERT_TRUE(verdict == FLAP_TOO_FAST ||
					    flap_held(&h.flap, host(i)) ||
					    oracle.within(i, h.now_ms) <= FLAP_HOLD)
					<< "seed " << seed;
			}
			if (random() % 5000 == 0) {
				h.now_ms += 20000;
				for (struct flapper *over;
				     (over = flaps_over(&h.flaps, h.now_ms, 20000));) {
					uint32_t of =
						prefix4_of(over->prefix).addr.v4 - 0x20000000u;

					if (over->held) {
						ASSERT_EQ(0u, oracle.within(of, h.now_ms, 19999));
						held_since.erase(of);
					}
					flap_end(&h.flaps, over, h.now_ms);
				}
			}
			ASSERT_EQ(held_since.size(), h.flap.nb_held);
		}
	}
}
