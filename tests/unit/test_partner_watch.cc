/* The watch over the partner: when it looks, at whom, what it hands over, and how it ends. */
#include "watch_harness.h"

TEST_F(partner_watch_test, without_a_partner_it_asks_once_a_period)
{
	serve();
	EXPECT_EQ("0 0 1", counts()) << "at once";
	serve(PARTNER_PERIOD_MS - 1);
	EXPECT_EQ("0 0 1", counts());
	serve(1);
	EXPECT_EQ("0 0 2", counts());
	serve(10 * PARTNER_PERIOD_MS);
	EXPECT_EQ("0 0 3", counts()) << "what was missed is not made up for";
	EXPECT_EQ(nullptr, view);
}

TEST_F(partner_watch_test, one_that_is_named_is_looked_at_at_once)
{
	at[THERE]->answer = tells("rs1", 65001);
	start_with_partner();
	EXPECT_EQ("1 1 2", counts()) << "once to learn the name, once with what was seen";
	ASSERT_NE(nullptr, view);
	EXPECT_EQ(at[THERE]->path, view->partner);
	EXPECT_STREQ("rs1", view->instance);
	EXPECT_STREQ("", view->error);
	EXPECT_STREQ("AS number 65515 here, 65001 at rs1", view->text[PARTNER_ASN]);
	ASSERT_EQ(1u, view->nb_peers);
	EXPECT_STREQ("nva-a", view->peers[0].here.name);
	EXPECT_STREQ("nva-a", view->peers[0].there.name);
	EXPECT_TRUE(at[OWN]->hung_up() && at[THERE]->hung_up());
}

TEST_F(partner_watch_test, each_look_is_compared_with_the_one_before)
{
	at[THERE]->answer = tells("rs1", 65001);
	start_with_partner();
	for (uint8_t looks = 1; looks <= PARTNER_STILL; looks++) {
		ASSERT_NE(nullptr, view);
		EXPECT_EQ(looks, view->matter[PARTNER_ASN].looks);
		serve(PARTNER_PERIOD_MS - 1);
		serve(1);
	}
	EXPECT_TRUE(view->matter[PARTNER_ASN].stands);
	EXPECT_EQ("6 6 7", counts());
}

TEST_F(partner_watch_test, a_partner_that_does_not_answer)
{
	const struct {
		std::string socket, answer;
		uint64_t after_ms;
		const char *error;
	} cases[] = {
		{ "/nobody", "", 0, "No such file or directory" },
		{ "/rs1", refusal, 0, "it refuses: too many clients" },
		{ "/rs1", "", LOOK_MS, "no answer within 5 s" },
	};

	for (const auto &t : cases) {
		configured = dir + t.socket;
		at[THERE]->answer = t.answer;
		serve(PARTNER_PERIOD_MS);
		serve(t.after_ms);
		ASSERT_NE(nullptr, view) << t.error;
		EXPECT_EQ(configured, view->partner);
		EXPECT_STREQ(t.error, view->error);
		EXPECT_LT(0, view->matter[PARTNER_ANSWERS].looks) << t.error;
	}
	at[THERE]->answer = tells("rs1");
	serve();
	EXPECT_STREQ("", view->error) << "the look that had begun by then";
	EXPECT_EQ(0, view->matter[PARTNER_ANSWERS].looks);
}

TEST_F(partner_watch_test, who_cannot_see_itself_tells_nothing)
{
	start_with_partner();
	const struct partner_view *before = view;

	at[OWN]->answer = refusal;
	serve(PARTNER_PERIOD_MS);
	EXPECT_EQ("2 2 2", counts());
	EXPECT_EQ(before, view);
	EXPECT_EQ(IDLE, wait_ms) << "until the next look";
	at[OWN]->answer = tells("rs0");
	serve(PARTNER_PERIOD_MS - 1);
	EXPECT_EQ("2 2 2", counts());
	serve(1);
	EXPECT_EQ("3 3 3", counts());
}

TEST_F(partner_watch_test, a_reload_names_another_and_then_none)
{
	at[THERE]->answer = tells("rs1", 65001);
	at[OTHER]->answer = tells("rs2", 65002);
	start_with_partner();
	configured = at[OTHER]->path;
	serve(PARTNER_PERIOD_MS);
	EXPECT_EQ("3 2 4", counts()) << "it learns the name when it tells, and looks at once";
	EXPECT_EQ(1, at[OTHER]->looks);
	ASSERT_NE(nullptr, view);
	EXPECT_EQ(configured, view->partner);
	EXPECT_STREQ("AS number 65515 here, 65002 at rs2", view->text[PARTNER_ASN]);
	EXPECT_EQ(1, view->matter[PARTNER_ASN].looks) << "afresh";

	configured = "";
	serve(PARTNER_PERIOD_MS);
	EXPECT_EQ("4 2 6", counts());
	EXPECT_EQ(nullptr, view) << "told at once that there is none";
	serve(PARTNER_PERIOD_MS);
	EXPECT_EQ("4 2 7", counts());
	EXPECT_EQ(2, at[OTHER]->looks);
}

TEST_F(partner_watch_test, one_look_is_under_way_at_most)
{
	at[OWN]->answer = at[THERE]->answer = "";
	start_with_partner();
	serve(PARTNER_PERIOD_MS);
	at[THERE]->answer = tells("rs1");
	serve(PARTNER_PERIOD_MS);
	EXPECT_EQ("1 1 1", counts()) << "one answer is not both";
	at[OWN]->answer = tells("rs0");
	serve();
	EXPECT_EQ("2 2 3", counts()) << "and the next one at once: its time has come";

	rib_stands = true;
	serve(PARTNER_PERIOD_MS);
	serve(PARTNER_PERIOD_MS);
	serve(PARTNER_PERIOD_MS);
	EXPECT_EQ("3 3 3", counts()) << "none while the page is out";
	rib_stands = false;
	serve();
	EXPECT_EQ("4 4 5", counts());
}

TEST_F(partner_watch_test, how_long_poll_may_wait)
{
	const struct {
		uint64_t after_ms;
		int wait_ms;
	} cases[] = {
		{ 0, IDLE },
		{ PARTNER_PERIOD_MS - IDLE - 1, IDLE },
		{ PARTNER_PERIOD_MS - IDLE, IDLE },
		{ PARTNER_PERIOD_MS - IDLE + 1, IDLE - 1 },
		{ PARTNER_PERIOD_MS - 1, 1 },
		{ PARTNER_PERIOD_MS, 0 },
		{ 10 * PARTNER_PERIOD_MS, 0 },
	};

	EXPECT_EQ(0, waits(now_ms)) << "it begins at once";
	serve();
	for (const auto &t : cases)
		EXPECT_EQ(t.wait_ms, waits(now_ms + t.after_ms)) << t.after_ms;
	EXPECT_TRUE(here_fd == -1 && there_fd == -1) << "there is nobody to wait for";

	rib_stands = true;
	serve(PARTNER_PERIOD_MS);
	EXPECT_EQ(IDLE, waits(now_ms + 10 * PARTNER_PERIOD_MS)) << "the page is out";
	rib_stands = false;
	at[OWN]->answer = at[THERE]->answer = "";
	start_with_partner();
	EXPECT_EQ(IDLE, waits(now_ms + 10 * PARTNER_PERIOD_MS)) << "looks are under way";
	EXPECT_TRUE(here_fd >= 0 && there_fd >= 0);
}

TEST_F(partner_watch_test, without_room_for_the_page_the_next_look_tells)
{
	start_with_partner();
	fill_mailbox();
	serve(PARTNER_PERIOD_MS);
	EXPECT_EQ("2 2 2", counts());
	empty_mailbox();
	serve(PARTNER_PERIOD_MS);
	EXPECT_EQ("3 3 3", counts());
	fill_mailbox();
	serve(PARTNER_PERIOD_MS);
	EXPECT_EQ("4 4 3", counts());
	close_watch();
}

TEST_F(partner_watch_test, close_while_looks_are_under_way)
{
	at[OWN]->answer = at[THERE]->answer = "";
	start_with_partner();
	ASSERT_EQ("1 1 1", counts());
	EXPECT_FALSE(at[OWN]->hung_up() || at[THERE]->hung_up());
	close_watch();
	EXPECT_TRUE(at[OWN]->hung_up() && at[THERE]->hung_up());
}

TEST_F(partner_watch_test, close_while_the_page_waits_for_the_rib_lcore)
{
	start_with_partner();
	rib_stands = true;
	serve(PARTNER_PERIOD_MS);
	ASSERT_EQ("2 2 2", counts());
	close_watch();
}

TEST_F(partner_watch_test, close_while_the_page_is_on_its_way_back)
{
	start_with_partner();
	rib_stands = true;
	serve(PARTNER_PERIOD_MS);
	rib_stands = false;
	ASSERT_TRUE(rib());
	ASSERT_EQ("2 2 3", counts());
	close_watch();
}
