/* The log of events: order, what a full ring forgets, and what a burst leaves. */
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "events.h"
#include "log.h"

class events_test : public testing::Test
{
      protected:
	void SetUp() override
	{
		log_open("test", "-", LOG_LEVEL_ERROR);
		ASSERT_EQ(0, events_init(&events, 2, name, names));
	}
	void TearDown() override
	{
		events_fini(&events);
	}
	/* All records behind `number`, "peer: text" a line. */
	std::string list(uint64_t number = 0)
	{
		std::string all;

		while (const struct event *e = events_after(&events, number)) {
			EXPECT_GT(e->number, number);
			number = e->number;
			all += std::string(e->peer) + ": " + e->text + "\n";
		}
		return all;
	}

	static const char *name(const void *names, uint16_t peer)
	{
		return ((const char *const *)names)[peer];
	}

	static uint64_t slow_clock_ns()
	{
		static uint64_t ns;

		return ns += 1000 * 1000;
	}
	/* A round. Returns how many calls it takes, each of which has time for one peer. */
	int round(uint64_t now_ms)
	{
		int calls = 1;

		for (;; calls++) {
			struct budget budget = budget_make(slow_clock_ns, 1);

			if (events_turn(&events, now_ms, &budget))
				return calls;
		}
	}

	const char *names[2] = { "nva-a", "nva-b" };
	struct events events = {};
};

TEST_F(events_test, in_the_order_in_which_they_came)
{
	EXPECT_EQ(nullptr, events_after(&events, 0));
	events_note(&events, EVENT_SESSION_UP, 0, 1, "up, AS %u", 65001u);
	events_note(&events, EVENT_EXCHANGE, EVENTS_NO_PEER, 2, "on");
	EXPECT_EQ("nva-a: up, AS 65001\n: on\n", list());
	EXPECT_EQ(": on\n", list(1));
	EXPECT_EQ("", list(2));
	EXPECT_EQ(nullptr, events_after(&events, 1000)) << "a number of the future";
	EXPECT_GT(events_after(&events, 0)->time_ms, 1600000000000u);
}

TEST_F(events_test, a_full_ring_forgets_the_oldest)
{
	uint64_t now_ms = 0;

	for (int i = 0; i < 3 * EVENTS_KEPT; i++)
		events_note(&events, EVENT_RELOAD, EVENTS_NO_PEER, now_ms += EVENTS_PERIOD_MS, "%d",
			    i);
	EXPECT_EQ(3u * EVENTS_KEPT, events.last);
	EXPECT_EQ(2u * EVENTS_KEPT + 1, events_after(&events, 0)->number);
	EXPECT_EQ(2u * EVENTS_KEPT + 1, events_after(&events, EVENTS_KEPT)->number);
	EXPECT_STREQ("3071", events_after(&events, events.last - 1)->text);
}

TEST_F(events_test, a_burst_is_told_in_part_and_counted_in_full)
{
	for (int i = 0; i < EVENTS_BURST + 5; i++)
		events_note(&events, EVENT_LOOP, 0, 1, "refused");
	EXPECT_EQ((uint64_t)EVENTS_BURST, events.last);
	/* Neither another peer's nor another kind. */
	events_note(&events, EVENT_LOOP, 1, 1, "refused");
	events_note(&events, EVENT_SESSION_DOWN, 0, 1, "down");
	EXPECT_EQ(EVENTS_BURST + 2u, events.last);
	events_note(&events, EVENT_LOOP, 0, 1 + EVENTS_PERIOD_MS, "refused");
	EXPECT_EQ("nva-a: refused; 5 more like this before it\n", list(EVENTS_BURST + 2));
	EXPECT_EQ(5u, events_after(&events, EVENTS_BURST + 2)->more);
}

TEST_F(events_test, what_is_held_back_is_told_when_nothing_follows)
{
	for (int i = 0; i < EVENTS_BURST + 7; i++) {
		events_note(&events, EVENT_LOOP, 1, 1, "refused");
		events_note(&events, EVENT_NEXT_HOP, EVENTS_NO_PEER, 1, "lost");
	}
	EXPECT_EQ(2u, events.nb_holding);
	EXPECT_EQ(4, round(2)) << "a peer, the other one, none, and nothing more";
	EXPECT_EQ(2u * EVENTS_BURST, events.last) << "too early";
	EXPECT_LT(2, round(1 + EVENTS_PERIOD_MS));
	EXPECT_EQ("nva-b: 7 more like this\n: 7 more like this\n", list(2 * EVENTS_BURST));
	EXPECT_EQ(0u, events.nb_holding);
	EXPECT_EQ(1, round(1 + 2 * EVENTS_PERIOD_MS));
	EXPECT_EQ(2u * EVENTS_BURST + 2, events.last);
}

TEST_F(events_test, long_texts_are_cut)
{
	events_note(&events, EVENT_RELOAD, EVENTS_NO_PEER, 1, "%s", std::string(1000, 'x').c_str());
	EXPECT_EQ(std::string(EVENT_TEXT - 1, 'x'), events_after(&events, 0)->text);
}

TEST_F(events_test, every_kind_has_a_name_of_its_own)
{
	for (int a = 0; a < EVENT_KINDS; a++)
		for (int b = 0; b < a; b++)
			EXPECT_STRNE(event_kind_name((enum event_kind)a),
				     event_kind_name((enum event_kind)b));
}
