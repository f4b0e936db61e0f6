/* Prefixes that are held as they were: who sees what, until when, and what ends it. */
#include "flapping.h"

#include "alarm.h"
#include "maps_harness.h"

namespace
{

const char churn[] = "198.51.100.0/24";

class flapping_test : public of_families<maps_test>
{
      protected:
	void say(std::vector<uint32_t> path, const char *prefix = churn)
	{
		attrs_spec spec;

		spec.path = path;
		spec.next_hop = address(NVA_A);
		update(NVA_A, { prefix }, spec);
	}
	void withdraw(const char *prefix = churn)
	{
		update(NVA_A, {}, {}, { prefix });
	}
	/* Two changes each; `back` has the last word. */
	void loop(unsigned int rounds, const std::function<void()> &back,
		  const char *prefix = churn)
	{
		for (unsigned int i = 0; i < rounds; i++) {
			withdraw(prefix);
			back();
			if (i % 50 == 49)
				turn();
		}
		turn();
	}
	/* The last word is "65001 1". */
	void loop(unsigned int rounds, const char *prefix = churn)
	{
		auto back = [this, prefix] { say({ 65001, 1 }, prefix); };

		loop(rounds, back, prefix);
	}
	/* NVA A's `churn` is held as "65001 1". */
	void hold()
	{
		say({ 65001, 1 });
		loop(FLAP_HOLD / 2 + 1);
		ASSERT_EQ(1u, flap().nb_held);
	}
	/* While `churn` is held. */
	void restart_gracefully(bool withdrawn)
	{
		start_up(with(""));
		down(NVA_A);
		up(NVA_A, gr);
		turn();
		hold();
		say({ 65001, 2 });
		if (withdrawn)
			withdraw();
		turn();
		EXPECT_EQ("65515 65001 1", seen());
		down(NVA_A, true);
		turn();
		EXPECT_EQ(0u, flap().nb_held);
	}
	void return_gracefully()
	{
		up(NVA_A, gr);
		say({ 65001, 3 });
		event(NVA_A, SPEAKER_EOR);
		turn();
		EXPECT_EQ("65515 65001 3", seen());
	}
	struct flap &flap()
	{
		return said_by(NVA_A).flap;
	}
	std::string seen()
	{
		return path(NVA_B, churn);
	}
	std::string alarms()
	{
		struct alarms list = {};
		std::string all;

		alarms_list(rs, &list);
		for (uint16_t i = 0; i < list.n; i++)
			if (!strcmp(list.alarm[i].kind, "flapping"))
				all += std::string(list.alarm[i].peer) + ": " + list.alarm[i].text;
		return plain(all);
	}
	std::string events()
	{
		std::string all;

		for (const struct event *e = events_after(&rs->events, 0); e;
		     e = events_after(&rs->events, e->number))
			if (e->kind == EVENT_FLAP)
				all += std::string(e->peer) + ": " + e->text + "\n";
		return plain(all);
	}
	/* "-": it is not held; else what show routes says of it. */
	std::string held_row()
	{
		auto page = ask(PAGE_ROUTES, "", of_prefix(churn));
		uint32_t at = 0;
		uint16_t type;
		auto *row = (const struct row_route *)page_next(page.get(), &at, &type);

		if (!row)
			return "none";
		return row->flags & ROUTE_HELD ? plain(std::string(row->pending)) : "-";
	}
	static std::string text_with(const std::string &control)
	{
		std::string text = with("");

		return text.insert(text.find("restart_s"), control);
	}
	const uint16_t gr =
		SPEAKER_CAP_AS4 | SPEAKER_CAP_MP_IPV4 | SPEAKER_CAP_GR | SPEAKER_CAP_GR_FORWARDING;
};

} // namespace

TEST_P(flapping_test, past_the_first_bound_it_is_an_alarm_by_name_and_nothing_more)
{
	start_up(with(""));
	say({ 65001, 1 });
	loop(FLAP_ALARM / 2);
	EXPECT_EQ("", alarms());
	withdraw();
	turn();
	EXPECT_EQ("nva-a: 198.51.100.0/24: changed more than 30 times a minute", alarms());
	EXPECT_EQ("nva-a: 198.51.100.0/24 changes more than 30 times a minute\n", events());
	EXPECT_EQ("none", seen());
	say({ 65001, 2 });
	loop(FLAP_ALARM, "198.51.101.0/24");
	EXPECT_EQ("65515 65001 2", seen()) << "routes are as they are";
	EXPECT_EQ("nva-a: 198.51.100.0/24 and 1 others: changed more than 30 times a minute",
		  alarms());
	pass(FLAP_WINDOW_MS);
	EXPECT_EQ("", alarms());
	EXPECT_NE(std::string::npos, events().find("no prefix changes more than 30 times"));
}

TEST_P(flapping_test, past_the_second_it_stays_as_it_was_until_it_is_quiet)
{
	start_up(with(""));
	hold();
	EXPECT_EQ(
		"nva-a: 198.51.100.0/24: changed more than 30 times a minute; held as they were: 1",
		alarms());
	EXPECT_EQ("", held_row()) << "nothing else is said of it";
	messages = 0;
	for (int i = 0; i < 100; i++) {
		withdraw();
		turn();
		say({ 65001, 2 + (uint32_t)i });
		turn();
	}
	EXPECT_EQ(0u, messages) << "nobody hears of it";
	EXPECT_EQ("65515 65001 1", seen());
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "198.51.100.1"));
	EXPECT_EQ("65001 101 by 10.0.2.4", held_row());
	pass(59000);
	say({ 65001, 101 });
	turn();
	EXPECT_EQ("65515 65001 1", seen());
	pass(1000);
	EXPECT_EQ("65515 65001 101", seen()) << "what was said again was no change";
	EXPECT_EQ("-", held_row());
	EXPECT_EQ("", alarms());
	EXPECT_EQ(2 * (FLAP_HOLD / 2 + 1) + 200u, flap().changes);
}

TEST_P(flapping_test, what_is_withdrawn_at_last_goes_when_it_is_quiet)
{
	start_up(with(""));
	hold();
	withdraw();
	turn();
	EXPECT_EQ("withdrawn", held_row());
	EXPECT_EQ("65515 65001 1", seen());
	pass(60000);
	EXPECT_EQ("none", seen());
	EXPECT_EQ(RIB_NONE, rib_find(rib(), here(churn)));
	EXPECT_NE(std::string::npos,
		  events().find("198.51.100.0/24 is not held any more: withdrawn"));
}

TEST_P(flapping_test, a_hold_begins_with_an_announcement)
{
	start_up(with(""));
	say({ 65001, 1 });
	loop(FLAP_HOLD / 2);
	withdraw();
	turn();
	EXPECT_EQ(0u, flap().nb_held);
	EXPECT_EQ("none", seen());
	say({ 65001, 7 });
	turn();
	EXPECT_EQ(1u, flap().nb_held);
	EXPECT_EQ("65515 65001 7", seen());
}

TEST_P(flapping_test, a_path_that_cannot_be_used_is_not_held)
{
	attrs_spec lost;

	start_up(with(""));
	lost.path = { 65001 };
	lost.next_hop = ip("203.0.113.1");
	loop(FLAP_HOLD, [&] { update(NVA_A, { churn }, lost); });
	EXPECT_EQ(0u, flap().nb_held);
	say({ 65001, 1 });
	turn();
	EXPECT_EQ(1u, flap().nb_held);
	EXPECT_EQ("65515 65001 1", seen());
	/* Held or not, it is as usable as its next hop. */
	arp("10.0.2.4", false);
	turn();
	EXPECT_EQ("none", seen());
	arp("10.0.2.4");
	turn();
	EXPECT_EQ("65515 65001 1", seen());
}

/* Held, it would keep the path that comes after it out. */
TEST_P(flapping_test, nor_is_what_we_tell_the_peer_and_comes_back)
{
	start_up(with(""));
	announce(ERGW, { churn });
	turn();
	arp_all();
	turn();
	say({ 65001, 12076, 65020 });
	turn();
	struct prefix last;
	ASSERT_EQ(1u, rib_peer_reflections(rib(), NVA_A, &last));
	loop(FLAP_HOLD, [&] { say({ 65001, 12076, 65020 }); });
	EXPECT_EQ(0u, flap().nb_held);
	say({ 65001, 1 });
	turn();
	EXPECT_EQ(1u, flap().nb_held) << "its own is";
	EXPECT_EQ(0u, rib_peer_reflections(rib(), NVA_A, &last));
}

TEST_P(flapping_test, to_repeat_is_no_change)
{
	start_up(with(""));
	for (int i = 0; i < 2 * FLAP_HOLD; i++) {
		say({ 65001, 1 });
		if (i % 50 == 49)
			turn();
	}
	turn();
	EXPECT_EQ(0u, flap().changes);
	EXPECT_EQ(nullptr, flap().slots);
}

TEST_P(flapping_test, nor_is_the_dump_of_a_new_session)
{
	start_up(with(""));
	for (uint32_t i = 0; i < 40; i++) {
		say({ 65001, i + 1 });
		turn();
		down(NVA_A, i % 2);
		up(NVA_A, gr);
		turn();
	}
	EXPECT_EQ(0u, flap().changes);
	EXPECT_EQ("", alarms());
}

TEST_P(flapping_test, a_lost_session_takes_what_is_held_along)
{
	start_up(with(""));
	hold();
	withdraw();
	say({ 65001, 2 });
	down(NVA_A);
	turn();
	EXPECT_EQ("none", seen());
	EXPECT_EQ("", alarms());
	up(NVA_A);
	say({ 65001, 3 });
	turn();
	EXPECT_EQ("65515 65001 3", seen());
	EXPECT_EQ(nullptr, flap().slots);
	pass(60000);
	EXPECT_EQ("65515 65001 3", seen());
}

TEST_P(flapping_test, in_a_graceful_restart_it_is_stale)
{
	restart_gracefully(false);
	EXPECT_EQ("65515 65001 1", seen());
	return_gracefully();
}

TEST_P(flapping_test, in_a_graceful_restart_what_its_peer_had_withdrawn_goes)
{
	restart_gracefully(true);
	EXPECT_EQ("none", seen());
	return_gracefully();
}

TEST_P(flapping_test, a_peer_that_is_removed_meanwhile_leaves_nothing)
{
	std::string without = with("");
	size_t at = without.find("{ name = \"nva-a\"");

	start_up(with(""));
	down(NVA_A);
	up(NVA_A, gr);
	turn();
	hold();
	down(NVA_A, true);
	EXPECT_STREQ("", reload(without.erase(at, without.find("{ name = \"nva-b\"") - at))->error);
	turn();
	EXPECT_EQ(nullptr, flap().slots);
	EXPECT_TRUE(TAILQ_EMPTY(&rs->flaps.held));
	EXPECT_TRUE(TAILQ_EMPTY(&rs->flaps.fast));
	EXPECT_EQ("none", seen());
}

TEST_P(flapping_test, another_flap_hold_s_counts_at_once_and_none_lets_go)
{
	start_up(text_with("flap_hold_s = 600; "));
	hold();
	say({ 65001, 2 });
	turn();
	pass(300000);
	EXPECT_EQ("65515 65001 1", seen());
	change(text_with("flap_hold_s = 301; "));
	EXPECT_EQ("65515 65001 1", seen());
	pass(1000);
	EXPECT_EQ("65515 65001 2", seen());

	hold();
	say({ 65001, 3 });
	turn();
	EXPECT_EQ("65515 65001 1", seen());
	change(text_with("flap_hold_s = 0; "));
	EXPECT_EQ("65515 65001 3", seen());
	loop(FLAP_HOLD);
	EXPECT_EQ(0u, flap().nb_held);
	EXPECT_NE("", alarms()) << "but told";
	EXPECT_EQ("65515 65001 1", seen());
}

/* What is let go and loops on is held again after a few changes. */
TEST_P(flapping_test, what_is_let_go_and_loops_on_is_held_soon)
{
	start_up(with(""));
	hold();
	withdraw();
	turn();
	pass(60000);
	ASSERT_EQ("none", seen());
	messages = 0;
	loop(FLAP_HOLD);
	EXPECT_EQ(1u, flap().nb_held);
	EXPECT_GE(2u * (FLAP_ALARM + 2), messages) << "to two peers";
}

TEST_P(flapping_test, asked_for_again_it_is_let_go)
{
	start_up(with(""));
	hold();
	say({ 65001, 2 });
	turn();
	EXPECT_STREQ("", ask(PAGE_SOFT_IN, "nva-a")->error);
	turn();
	EXPECT_EQ("65515 65001 2", seen());
}

TEST_P(flapping_test, judged_by_other_rules_it_is_let_go)
{
	std::string stricter = with("");

	start_up(with(""));
	hold();
	say({ 65001, 2 });
	turn();
	change(stricter.replace(stricter.find("enforce_first_as = false"), 24,
				"enforce_first_as = true"));
	EXPECT_EQ("65515 65001 2", seen());
	EXPECT_EQ(0u, flap().nb_held);
}

TEST_P(flapping_test, what_is_refused_is_withdrawn_when_it_is_quiet)
{
	start_up(with(""));
	hold();
	say({});
	turn();
	EXPECT_EQ("withdrawn", held_row());
	pass(60000);
	EXPECT_EQ("none", seen());
}

TEST_P(flapping_test, a_map_that_changes_is_applied_to_what_is_held)
{
	const std::string drop =
		R"({ name = "x"; match = { prefix_contains = ["198.51.100.0/24"]; }; )"
		R"(action = "drop"; })";

	start_up(with(""));
	hold();
	say({ 65001, 2 });
	turn();
	change(with(drop));
	EXPECT_EQ("none", seen());
	EXPECT_EQ(1u, flap().nb_held);
	change(with(prepend));
	EXPECT_EQ("65515 64511 64510 65001 1", seen()) << "as it was";
	pass(60000);
	EXPECT_EQ("65515 64511 64510 65001 2", seen());
	hold();
	change(with(""));
	EXPECT_EQ("65515 65001 1", seen());
	withdraw();
	turn();
	pass(60000);
	EXPECT_EQ("none", seen());
}

TEST_P(flapping_test, a_route_that_makes_a_summary_is_held_too)
{
	const char part[] = "10.2.1.0/24";

	start_up(with(summarise));
	say({ 65001, 1 }, part);
	loop(FLAP_HOLD / 2 + 1, part);
	EXPECT_EQ(1u, flap().nb_held);
	EXPECT_EQ("summary 65515", summary(NVA_B, "10.2.0.0/16"));
	messages = 0;
	withdraw(part);
	turn();
	EXPECT_EQ(0u, messages);
	pass(60000);
	EXPECT_EQ("none", summary(NVA_B, "10.2.0.0/16"));
}

TEST_P(flapping_test, a_path_of_another_peer_goes_its_way)
{
	start_up(with(""));
	hold();
	withdraw();
	announce(NVA_B, { churn });
	turn();
	EXPECT_EQ("10.0.2.5", fib_to(ROLE_VNET, "198.51.100.1")) << "it is shorter";
	update(NVA_B, {}, {}, { churn });
	turn();
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "198.51.100.1"));
}

TEST_P(flapping_test, many_are_let_go_a_few_a_turn)
{
	const std::vector<std::string> all = many(200);
	int turns = 0;

	start_up(with(""));
	announce(NVA_A, all);
	for (int i = 0; i <= FLAP_HOLD / 2; i++) {
		update(NVA_A, {}, {}, all);
		announce(NVA_A, all);
		turn();
	}
	EXPECT_EQ(200u, flap().nb_held);
	update(NVA_A, {}, {}, all);
	turn();
	EXPECT_EQ(200u + 3, announced[NVA_B].size()) << "and the VNet, and two of others";
	now_ms += 60000;
	for (uint32_t was = 200; flap().nb_held; was = flap().nb_held, turns++) {
		rs_turn(rs, now_ms);
		EXPECT_LE(was - flap().nb_held, 64u);
		collect();
	}
	EXPECT_LE(4, turns);
	turn();
	EXPECT_EQ(3u, announced[NVA_B].size());
}

TEST_P(flapping_test, what_is_damped_says_so)
{
	auto damped = [this] {
		auto page = ask(PAGE_ROUTES, "", of_prefix(churn));
		uint32_t at = 0;
		uint16_t type;

		return (((const struct row_route *)page_next(page.get(), &at, &type))->flags &
			ROUTE_DAMPED) != 0;
	};

	start_up(with(""));
	say({ 65001, 1 });
	turn();
	EXPECT_FALSE(damped());
	for (int i = 0; i < NEXT_HOP_LOSSES; i++) {
		arp("10.0.2.4", false);
		turn();
		arp("10.0.2.4");
		turn();
	}
	EXPECT_TRUE(damped());
	EXPECT_EQ("none", seen());
	pass(NEXT_HOP_QUIET_MS);
	EXPECT_FALSE(damped());
	EXPECT_EQ("65515 65001 1", seen());
}

OF_BOTH_FAMILIES(flapping_test);
