/* Which VPN gateways take part in route exchange: with how many instances up, and what is heard of
 * their routes until then. */
#include "admission_harness.h"

static const std::string vnet = "10.0.0.0/16", allow = "allow_single_instance = true;";
static const std::string active =
	": its gateway is active-active: it takes part in route exchange\n";
static const std::string enough =
	": one instance is enough by now (allow_single_instance): it takes "
	"part in route exchange\n";

TEST_P(admission_test, one_instance_is_for_the_vnets_alone)
{
	const std::string why = "unsupported: one instance of vpngw is up, route exchange with a "
				"VPN gateway needs two (active-active)";

	begin();
	come(VPN0);
	EXPECT_TRUE(held(VPN0));
	EXPECT_EQ(why, reason);
	EXPECT_EQ("vpngw/0: " + why + "\n", events());
	EXPECT_EQ(
		"vpngw/0: takes no part in route exchange: its VPN gateway is not active-active\n",
		alarms());
	for (bool enable : { false, true }) {
		exchange_on(enable);
		settle();
		EXPECT_EQ(enable ? "nva" : "", hearers(ER)) << "the others do";
		EXPECT_EQ(vnet, knows(VPN0)) << enable;
		EXPECT_EQ("", hearers(VPN0)) << enable;
		EXPECT_EQ("10.0.255.4", fib_to(ROLE_VNET, "10.10.0.1")) << enable;
		EXPECT_EQ("nowhere", fib_to(ROLE_EXPRESSROUTE, "10.10.0.1")) << enable;
		EXPECT_EQ("nowhere", fib_to(ROLE_NVA, "10.10.0.1")) << enable;
	}
}

TEST_P(admission_test, the_second_lets_both_go_without_a_reset)
{
	begin();
	come(VPN0);
	events();
	come(VPN1);
	EXPECT_FALSE(held(VPN1) || held(VPN0));
	EXPECT_EQ("", reason);
	EXPECT_EQ("vpngw/0" + active, events()) << "the other was never held";
	EXPECT_EQ("", alarms());
	EXPECT_EQ("ergw/0 nva", hearers(VPN0));
	EXPECT_EQ("ergw/0 nva", hearers(VPN1));
	EXPECT_EQ("vpngw/0 vpngw/1 nva", hearers(ER));
	EXPECT_EQ("10.0.255.4", fib_to(ROLE_EXPRESSROUTE, "10.10.0.1"));
	EXPECT_EQ("10.0.255.5", fib_to(ROLE_NVA, "10.11.0.1"));
	EXPECT_TRUE(resets.empty());
}

TEST_P(admission_test, one_after_the_other_is_not_two_at_once)
{
	begin();
	come(VPN0);
	go(VPN0);
	EXPECT_EQ("", alarms()) << "of who is down";
	come(VPN1);
	EXPECT_TRUE(held(VPN1));
	EXPECT_EQ("", hearers(VPN1));
	events();
	come(VPN0);
	EXPECT_FALSE(held(VPN0) || held(VPN1));
	EXPECT_EQ("vpngw/1" + active, events());
	EXPECT_EQ("ergw/0 nva", hearers(VPN1));
}

TEST_P(admission_test, the_one_that_is_left_carries_on_until_none_is)
{
	begin();
	come(VPN0);
	come(VPN1);
	events();
	for (auto [stays, fails] : { std::pair(VPN0, VPN1), std::pair(VPN1, VPN0) }) {
		go(fails);
		EXPECT_FALSE(held(stays)) << of[stays].name;
		EXPECT_EQ("ergw/0 nva", hearers(stays));
		EXPECT_EQ("", hearers(fails)) << "its routes went with it";
		come(fails);
		EXPECT_FALSE(held(fails)) << "beside one that takes part";
		EXPECT_EQ("ergw/0 nva", hearers(fails));
	}
	EXPECT_EQ("", events() + alarms());
	go(VPN0);
	go(VPN1);
	come(VPN1);
	EXPECT_TRUE(held(VPN1)) << "the rule starts anew";
	EXPECT_EQ(vnet, knows(VPN1));
	EXPECT_EQ("", hearers(VPN1));
}

TEST_P(admission_test, two_gateways_do_not_count_for_each_other)
{
	begin();
	come(VPN0);
	come(FAR0);
	EXPECT_TRUE(held(VPN0) && held(FAR0));
	events();
	come(VPN1);
	EXPECT_FALSE(held(VPN0));
	EXPECT_TRUE(held(FAR0));
	EXPECT_EQ("vpngw/0" + active, events());
	EXPECT_EQ("ergw/0 nva", hearers(VPN0));
	EXPECT_EQ("", hearers(FAR0));
	EXPECT_EQ(vnet, knows(FAR0));
}

TEST_P(admission_test, one_that_a_reload_takes_out_does_not_count)
{
	auto moved = [](std::string text) {
		return text.replace(text.find("10.0.255.4"), 10, "10.0.255.8");
	};

	begin();
	come(VPN0);
	EXPECT_STREQ("", reload(moved(config()))->error);
	come(VPN1);
	EXPECT_TRUE(held(VPN1)) << "the other session is closing";
	events();
	EXPECT_STREQ("", reload(moved(config(allow)))->error);
	EXPECT_EQ("vpngw/1" + enough, events());
}

TEST_P(admission_test, nobody_else_is_held)
{
	begin();
	EXPECT_FALSE(held(ER) || held(NVA));
	EXPECT_EQ("", events() + alarms());
	EXPECT_EQ("nva", hearers(ER));
	EXPECT_EQ("ergw/0", hearers(NVA));
}

TEST_P(admission_test, allowed_from_the_start)
{
	begin(config(allow));
	come(VPN0);
	EXPECT_FALSE(held(VPN0));
	EXPECT_EQ("vpngw/0: one instance of vpngw is up: it takes part in route exchange all the "
		  "same (allow_single_instance)\n",
		  events());
	EXPECT_EQ("", alarms());
	EXPECT_EQ("ergw/0 nva", hearers(VPN0));
	come(VPN1);
	EXPECT_EQ("", events()) << "two are nothing to tell of";
	come(FAR0);
	EXPECT_TRUE(held(FAR0)) << "the other gateway does not allow it";
}

TEST_P(admission_test, allowed_by_a_reload)
{
	/* A gateway that comes in before it moves those of the others in the file. */
	const char newcomer[] = R"({ name = "new"; role = "expressroute";
		addresses = ["10.0.255.37"]; }, )";

	begin();
	come(VPN0);
	come(FAR0);
	events();
	EXPECT_STREQ("", reload(config(allow, newcomer))->error);
	settle();
	EXPECT_FALSE(held(VPN0));
	EXPECT_EQ("", reason);
	EXPECT_TRUE(held(FAR0));
	EXPECT_EQ("vpngw/0" + enough, events());
	EXPECT_EQ("ergw/0 nva", hearers(VPN0));
	EXPECT_EQ("", hearers(FAR0));
	EXPECT_TRUE(resets.empty());
}

TEST_P(admission_test, a_reload_changes_nothing_for_who_is_let_in_or_down)
{
	begin(config(allow));
	come(VPN0);
	events();
	for (const std::string &text : { config(), config(allow), config() }) {
		EXPECT_STREQ("", reload(text)->error);
		settle();
		EXPECT_FALSE(held(VPN0));
		EXPECT_EQ("ergw/0 nva", hearers(VPN0));
		EXPECT_EQ("", events());
	}
	go(VPN0);
	come(VPN0);
	EXPECT_TRUE(held(VPN0)) << "it does not allow it any more";
	go(VPN0);
	events();
	EXPECT_STREQ("", reload(config(allow))->error);
	EXPECT_EQ("", events());
}

/* --- restarts: theirs (RFC 4724) and ours ----------------------------------------------------- */

static const uint16_t GR = SPEAKER_CAP_AS4 | SPEAKER_CAP_MP_IPV4 | SPEAKER_CAP_GR_AWARE |
			   SPEAKER_CAP_GR | SPEAKER_CAP_GR_FORWARDING;

TEST_P(admission_test, one_that_restarts_is_not_gone_meanwhile)
{
	begin();
	come(VPN0, GR);
	come(VPN1, GR);
	go(VPN1);
	events();
	down(VPN0, true);
	settle();
	EXPECT_EQ("10.0.255.4", fib_to(ROLE_EXPRESSROUTE, "10.10.0.1")) << "kept";
	come(VPN0, GR);
	EXPECT_FALSE(held(VPN0));
	EXPECT_EQ("", events());
	EXPECT_EQ("ergw/0 nva", hearers(VPN0));
	down(VPN0, true);
	settle();
	come(VPN1, GR);
	EXPECT_FALSE(held(VPN1)) << "beside one that restarts";
	go(VPN1);
	pass(21000);
	EXPECT_EQ("nowhere", fib_to(ROLE_EXPRESSROUTE, "10.10.0.1")) << "it did not return";
	come(VPN0, GR);
	EXPECT_TRUE(held(VPN0));
}

TEST_P(admission_test, one_that_was_held_is_held_after_its_restart)
{
	begin();
	come(VPN0, GR);
	down(VPN0, true);
	settle();
	come(VPN0, GR);
	EXPECT_TRUE(held(VPN0));
	EXPECT_EQ("", hearers(VPN0));
}

TEST_P(admission_test, who_took_part_before_our_restart_does_after_it)
{
	begin();
	come(VPN0);
	come(VPN1);
	go(VPN1);
	come(FAR0);
	pass(1000);
	kill_server();
	start(config());
	for (uint16_t peer : { ER, NVA, VPN0, FAR0 })
		come(peer);
	EXPECT_FALSE(held(VPN0));
	EXPECT_TRUE(held(FAR0)) << "as before";
	EXPECT_EQ("10.0.255.4", forwards(&fib->generation[fib->active], ROLE_NVA, "10.10.0.1"));
	EXPECT_EQ("", hearers(VPN0)) << "nobody is told anything yet";
	for (int s = 0; s < 61; s++)
		pass(1000);
	EXPECT_EQ(2u, fib->published);
	EXPECT_EQ("ergw/0 nva", hearers(VPN0));
	EXPECT_EQ("10.0.255.4", fib_to(ROLE_NVA, "10.10.0.1"));
	EXPECT_EQ("nowhere", fib_to(ROLE_NVA, "10.12.0.1"));
	go(VPN0);
	come(VPN0);
	EXPECT_TRUE(held(VPN0)) << "that was then";
}

TEST_P(admission_test, it_is_known_afterwards_even_if_we_end_that_moment)
{
	begin();
	come(VPN0);
	rise(VPN1);
	turn(); /* no time passes */
	EXPECT_FALSE(held(VPN0));
	kill_server();
	start(config());
	come(VPN0);
	EXPECT_FALSE(held(VPN0));
}

TEST_P(admission_test, one_that_does_not_return_within_our_restart_starts_anew)
{
	begin();
	come(VPN0);
	come(VPN1);
	pass(1000);
	kill_server();
	start(config());
	for (uint16_t peer : { ER, NVA })
		come(peer);
	for (int s = 0; s < 61; s++)
		pass(1000);
	EXPECT_EQ(2u, fib->published);
	come(VPN0);
	EXPECT_TRUE(held(VPN0));
}

OF_BOTH_FAMILIES(admission_test);
