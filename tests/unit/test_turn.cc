/* Turns by a clock of the test's: which was the longest, whose doing it was, and for how long that
 * is told. */
#include <gtest/gtest.h>

#include "turn.h"

namespace
{
const uint64_t US = 1000, WINDOW = TURN_WINDOW_MS * 1000000ull;
const uint64_t UNIT = 128; /* what lengths are kept in */

struct turn_test : testing::Test {
	/* One turn of these parts, microseconds each. */
	void turn(std::initializer_list<std::pair<uint8_t, uint64_t>> parts)
	{
		turn_begin(&turns, now);
		for (const auto &part : parts) {
			now += part.second * US;
			turn_part(&turns, part.first, now);
		}
		turn_end(&turns, now);
	}
	static void expect(struct turn_length length, uint64_t us, uint8_t part, uint64_t part_us)
	{
		EXPECT_NEAR((double)us * US, (double)length.ns, UNIT);
		EXPECT_NEAR((double)part_us * US, (double)length.part_ns, UNIT);
		EXPECT_EQ(part, length.part);
	}

	struct turns turns = {};
	uint64_t now = 5 * WINDOW;
};
} // namespace

TEST_F(turn_test, the_longest_and_its_owner)
{
	turn({ { 0, 10 }, { 1, 20 }, { 2, 5 } });
	expect(turn_longest(&turns), 35, 1, 20);
	turn({ { 0, 8 }, { 1, 2 } });
	expect(turn_longest(&turns), 35, 1, 20);
	turn({ { 0, 10 }, { 1, 11 }, { 3, 90 } });
	expect(turn_longest(&turns), 111, 3, 90);
	expect(turn_longest_recent(&turns), 111, 3, 90);
}

TEST_F(turn_test, those_over_the_bound_are_counted)
{
	turn({ { 0, 1000 } });
	EXPECT_EQ(0u, turns_over(&turns)) << "just as long as it may be";
	turn({ { 0, 600 }, { 1, 401 } });
	turn({ { 0, 5000 } });
	EXPECT_EQ(2u, turns_over(&turns));
}

TEST_F(turn_test, a_long_one_is_recent_for_one_to_two_windows)
{
	turn({ { 4, 700 } });
	now += WINDOW - 1000 * US;
	turn({ { 0, 1 } });
	expect(turn_longest_recent(&turns), 700, 4, 700);
	now += WINDOW;
	turn({ { 0, 2 } });
	expect(turn_longest_recent(&turns), 700, 4, 700);
	now += WINDOW;
	turn({ { 0, 3 } });
	expect(turn_longest_recent(&turns), 3, 0, 3);
	expect(turn_longest(&turns), 700, 4, 700);
}

TEST_F(turn_test, what_happened_before_a_long_sleep_is_not_recent)
{
	turn({ { 4, 700 } });
	now += 3 * WINDOW;
	turn({ { 1, 9 } });
	expect(turn_longest_recent(&turns), 9, 1, 9);
}

TEST_F(turn_test, a_turn_of_minutes_is_told_as_long_as_can_be_told)
{
	turn({ { 7, 300 * 1000 * 1000 }, { 1, 1 } });
	EXPECT_GT(turn_longest(&turns).ns, 30u * 1000 * 1000 * 1000);
	EXPECT_EQ(7, turn_longest(&turns).part);
}

static uint64_t own_ns;
static unsigned int own_asked;
static uint64_t own_clock()
{
	own_asked++;
	return own_ns;
}

/* Of a turn that the kernel interrupted, what was our work; and of one that it did not. */
TEST_F(turn_test, processor_time_tells_own_work_from_waiting)
{
	turns.cpu_ns = own_clock;
	turn_begin(&turns, now);
	own_ns += 300 * US;
	turn_part(&turns, 1, now += 300 * US);
	own_ns += 250 * US;
	turn_part(&turns, 2, now += 9000 * US); /* mostly somebody else's */
	turn_end(&turns, now);
	expect(turn_longest(&turns), 9300, 2, 9000);
	expect(turn_longest_own(&turns), 550, 1, 300);
	EXPECT_EQ(1u, turns_over(&turns));
	EXPECT_EQ(0u, turns_over_own(&turns));

	turn_begin(&turns, now);
	own_ns += 1100 * US;
	turn_part(&turns, 3, now += 1200 * US);
	turn_end(&turns, now);
	expect(turn_longest_own(&turns), 1100, 3, 1100);
	EXPECT_EQ(1u, turns_over_own(&turns));
}

/* Short turns, which are most, cost a system call in 50 us and not one each. */
TEST_F(turn_test, processor_time_is_asked_for_rarely)
{
	turns.cpu_ns = own_clock;
	own_asked = 0;
	for (int i = 0; i < 1000; i++)
		turn({ { 1, 2 }, { 2, 3 } });
	EXPECT_LE(own_asked, 5 * 1000 / 50 + 1u);
	EXPECT_GE(own_asked, 5 * 1000 / 56u);
	EXPECT_EQ(0u, turn_longest_own(&turns).ns);

	now += 60 * US; /* asleep */
	own_asked = 0;
	turn({ { 1, 2 } });
	EXPECT_EQ(1u, own_asked);
	own_ns += 40 * US; /* short turns, which are not the long one's */
	now += 40 * US;
	turn_begin(&turns, now);
	own_ns += 1000 * US;
	turn_part(&turns, 3, now += 1000 * US);
	turn_end(&turns, now);
	expect(turn_longest_own(&turns), 1000, 3, 1000);
	EXPECT_EQ(0u, turns_over_own(&turns));
}

static uint64_t fake_ns;
static uint64_t fake_clock()
{
	return fake_ns += 10;
}

TEST(budget, ends_by_the_clock_that_it_was_given)
{
	struct budget budget = budget_make(fake_clock, 100);
	int items = 0;

	while (!budget_over(&budget))
		items++;
	EXPECT_EQ(9, items);
}
