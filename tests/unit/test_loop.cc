/* Timers fire in order, once, and not before. */
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "loop.h"

namespace
{

struct owner {
	struct timer timer; /* first: the callback finds its owner by it */
	uint64_t fired_ms;
	unsigned int times;
	struct timers *timers;
	struct timer *stop, *again;
};

std::vector<owner *> fired;

void fire(struct timer *timer, uint64_t now_ms)
{
	owner *o = reinterpret_cast<owner *>(timer);

	EXPECT_FALSE(timer_is_set(timer));
	o->fired_ms = now_ms;
	o->times++;
	fired.push_back(o);
	if (o->stop)
		timer_stop(o->timers, o->stop);
	if (o->again)
		timer_set(o->timers, o->again, now_ms + 10);
}

struct timers_test : testing::Test {
	struct timers timers = {};
	std::vector<owner> owners;

	void make(uint32_t n)
	{
		fired.clear();
		ASSERT_EQ(0, timers_init(&timers, n));
		owners.assign(n, owner{ { fire, 0, 0 }, 0, 0, &timers, nullptr, nullptr });
	}
	~timers_test() override
	{
		timers_free(&timers);
	}
};

} // namespace

TEST_F(timers_test, none)
{
	make(1);
	EXPECT_EQ(UINT64_MAX, timers_next_ms(&timers));
	EXPECT_EQ(0u, timers_run(&timers, UINT64_MAX, 100));
	timer_stop(&timers, &owners[0].timer);
}

TEST_F(timers_test, in_order_and_not_before)
{
	std::mt19937 rng(5);

	make(1000);
	for (owner &o : owners)
		timer_set(&timers, &o.timer, rng() % 10000);
	for (int i = 0; i < 3000; i++) { /* moved about and stopped */
		owner &o = owners[rng() % owners.size()];

		if (rng() % 4)
			timer_set(&timers, &o.timer, rng() % 10000);
		else
			timer_stop(&timers, &o.timer);
	}

	size_t due = timers.count;
	for (uint64_t now = 0; now < 10000; now += 7) {
		timers_run(&timers, now, UINT32_MAX);
		EXPECT_GT(timers_next_ms(&timers), now);
	}
	timers_run(&timers, 10000, UINT32_MAX);
	EXPECT_EQ(due, fired.size());
	for (size_t i = 0; i < fired.size(); i++) {
		EXPECT_LE(fired[i]->timer.at_ms, fired[i]->fired_ms);
		EXPECT_LT(fired[i]->fired_ms, fired[i]->timer.at_ms + 7);
		EXPECT_EQ(1u, fired[i]->times);
		if (i) {
			EXPECT_LE(fired[i - 1]->timer.at_ms, fired[i]->timer.at_ms);
		}
	}
}

TEST_F(timers_test, bounded_work_a_turn)
{
	make(10);
	for (owner &o : owners)
		timer_set(&timers, &o.timer, 5);
	EXPECT_EQ(4u, timers_run(&timers, 5, 4));
	EXPECT_EQ(5u, timers_next_ms(&timers));
	EXPECT_EQ(6u, timers_run(&timers, 5, 100));
}

TEST_F(timers_test, callbacks_may_set_and_stop)
{
	make(3);
	owners[0].again = &owners[0].timer;
	owners[0].stop = &owners[1].timer;
	timer_set(&timers, &owners[0].timer, 1);
	timer_set(&timers, &owners[1].timer, 2);
	timer_set(&timers, &owners[2].timer, 3);
	EXPECT_EQ(2u, timers_run(&timers, 5, 100)) << "the second was stopped by the first";
	EXPECT_EQ(0u, owners[1].times);
	EXPECT_EQ(15u, timers_next_ms(&timers));
	EXPECT_EQ(1u, timers_run(&timers, 15, 100));
	EXPECT_EQ(2u, owners[0].times);
}

TEST(loop, clock_goes_forward)
{
	uint64_t a = clock_ms();

	EXPECT_GT(a, 0u);
	EXPECT_LE(a, clock_ms());
}
