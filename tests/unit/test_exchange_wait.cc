/* The commands that move the switch, and a disk that fails or hangs. */
#include <unistd.h>

#include "alarm.h"
#include "exchange_wait.h"
#include "hung_file.h"
#include "server.h"
#include "state_file.h"

namespace
{

class exchange_wait_test : public server_test
{
      protected:
	const std::string in_the_way = "/exchange.new";

	void hang()
	{
		::hang(dir + in_the_way);
	}
	bool tried()
	{
		return state_file_state(exchange.file) != -EINPROGRESS;
	}
	void unhang()
	{
		unhang_writer(dir + in_the_way, [this] { return tried(); });
	}
	/* A question that is answered later. */
	struct page *send(enum page_command command, bool enable, struct config *config = nullptr)
	{
		struct page *page = new struct page(), **slot;

		page->command = command;
		page->enable = enable;
		page->config = config;
		slot = (struct page **)mailbox_reserve(pages, sizeof(*slot));
		*slot = page;
		mailbox_post(pages, sizeof(*slot));
		turn();
		return page;
	}
	bool answered_yet()
	{
		size_t len;

		return mailbox_peek(answers, &len);
	}
	/* Its answer, in the end. */
	std::unique_ptr<struct page> answer_to(struct page *page)
	{
		struct page *const *slot;
		size_t len;

		while (!answered_yet()) {
			turn();
			usleep(500);
		}
		slot = (struct page *const *)mailbox_peek(answers, &len);
		EXPECT_NE(nullptr, slot);
		EXPECT_EQ(page, *slot);
		mailbox_done(answers);
		return std::unique_ptr<struct page>(page);
	}
	static const struct row_switched *row_of(const struct page *page)
	{
		uint32_t at = 0;
		uint16_t type;

		return (const struct row_switched *)page_next(page, &at, &type);
	}
	bool alarmed()
	{
		struct alarms list = {};

		alarms_list(rs, &list);
		for (uint16_t i = 0; i < list.n; i++)
			if (!strcmp(list.alarm[i].kind, "state_file"))
				return true;
		return false;
	}
};

/* While the disk hangs everything else goes on, questions and routes too; then the switch moves. */
TEST_F(exchange_wait_test, on_waits_for_the_disk_and_nothing_else_does)
{
	start_with_routes(false);
	hang();
	struct page *on = send(PAGE_EXCHANGE_SET, true);

	EXPECT_FALSE(answered_yet());
	EXPECT_STREQ("", ask(PAGE_PEERS)->error);
	announce(NVA_A, { "172.16.5.0/24" });
	turn();
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.16.5.1"));
	EXPECT_EQ("nowhere", fib_to(ROLE_EXPRESSROUTE, "172.16.5.1"));
	EXPECT_FALSE(gate(ROLE_EXPRESSROUTE, ROLE_NVA));
	unhang();
	pass(1); /* the pipe is no file to be synchronised: it is tried again */
	auto page = answer_to(on);
	turn();
	if (page->error[0]) { /* that attempt counts */
		EXPECT_NE(nullptr, strstr(page->error, "was not moved"));
		exchange_on(true);
		turn();
	}
	EXPECT_TRUE(gate(ROLE_EXPRESSROUTE, ROLE_NVA));
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_EXPRESSROUTE, "172.16.5.1"));
}

TEST_F(exchange_wait_test, on_gives_up_after_a_while_and_the_file_is_to_say_off)
{
	start_with_routes(false);
	hang();
	struct page *on = send(PAGE_EXCHANGE_SET, true);

	EXPECT_FALSE(alarmed());
	pass(EXCHANGE_SLOW_MS);
	EXPECT_TRUE(alarmed());
	EXPECT_FALSE(answered_yet());
	pass(EXCHANGE_WAIT_MS - EXCHANGE_SLOW_MS);
	auto page = answer_to(on);
	EXPECT_NE(nullptr, strstr(page->error, "not answered within 5 s; the switch was not moved"))
		<< page->error;
	EXPECT_FALSE(gate(ROLE_EXPRESSROUTE, ROLE_NVA));
	unhang();
	while (alarmed())
		usleep(500);
	reopen_exchange();
	EXPECT_FALSE(exchange.enabled);
}

TEST_F(exchange_wait_test, off_moves_at_once_and_cancels_what_waits)
{
	start_with_routes(true);
	ASSERT_TRUE(gate(ROLE_EXPRESSROUTE, ROLE_NVA));
	hang();
	struct page *off = send(PAGE_EXCHANGE_SET, false);

	EXPECT_FALSE(gate(ROLE_EXPRESSROUTE, ROLE_NVA));
	EXPECT_EQ("10.0.0.0/16", knows(ERGW)) << "told before the disk has answered";
	struct page *on = send(PAGE_EXCHANGE_SET, true);
	struct page *off_again = send(PAGE_EXCHANGE_SET, false);

	auto first = answer_to(off);
	EXPECT_TRUE(row_of(first.get())->changed);
	auto second = answer_to(on);
	EXPECT_NE(nullptr, strstr(second->error, "another command")) << second->error;
	EXPECT_FALSE(answered_yet());
	pass(EXCHANGE_WAIT_MS);
	auto third = answer_to(off_again);
	EXPECT_FALSE(row_of(third.get())->changed);
	EXPECT_NE(nullptr, strstr(row_of(third.get())->warning, "may be on again"));
	unhang();
	reopen_exchange();
	EXPECT_FALSE(exchange.enabled);
}

TEST_F(exchange_wait_test, a_reload_waits_only_if_it_turns_the_switch_on)
{
	std::string on = plain_config();

	on.replace(on.find("enabled = false"), 15, "enabled = true");
	start_with_routes(false);
	hang();
	EXPECT_STREQ("", reload(plain_config())->error);
	struct page *page = send(PAGE_RELOAD, false, configure(on));

	EXPECT_FALSE(answered_yet());
	EXPECT_EQ(1u, rs->reloads);
	pass(EXCHANGE_WAIT_MS);
	auto answer = answer_to(page);
	EXPECT_NE(nullptr, strstr(answer->error, "nothing was applied")) << answer->error;
	EXPECT_EQ(1u, rs->reloads);
	config_free(answer->config);
	unhang();
	EXPECT_STREQ("", reload(on)->error);
	turn();
	EXPECT_TRUE(gate(ROLE_EXPRESSROUTE, ROLE_NVA));
	hang();
	EXPECT_STREQ("", reload(plain_config())->error) << "off waits for nothing";
	EXPECT_FALSE(gate(ROLE_EXPRESSROUTE, ROLE_NVA));
	unhang();
}

/* A forwarding lcore that has looked at the gate and is stopped before it has sent its burst. */
class held_burst : public exchange_wait_test
{
      protected:
	enum { LCORE = 3 };

	void begin_burst()
	{
		ASSERT_EQ(0, rte_rcu_qsbr_thread_register(fib->qsbr, LCORE));
		rte_rcu_qsbr_thread_online(fib->qsbr, LCORE);
		online = true;
	}
	void end_burst()
	{
		rte_rcu_qsbr_quiescent(fib->qsbr, LCORE);
	}
	void TearDown() override
	{
		if (online) {
			rte_rcu_qsbr_thread_offline(fib->qsbr, LCORE);
			rte_rcu_qsbr_thread_unregister(fib->qsbr, LCORE);
		}
		exchange_wait_test::TearDown();
	}
	/* The disk has answered: what else is waited for? */
	void stored()
	{
		while (state_file_state(exchange.file))
			usleep(500);
		turn();
	}
	static const struct row_reload *reload_row(const struct page *page)
	{
		return (const struct row_reload *)row_of(page);
	}
	bool online = false;
};

TEST_F(held_burst, off_is_answered_when_it_is_over)
{
	start_with_routes(true);
	begin_burst();
	struct page *off = send(PAGE_EXCHANGE_SET, false);

	EXPECT_FALSE(gate(ROLE_EXPRESSROUTE, ROLE_NVA)) << "shut with the command";
	stored();
	EXPECT_FALSE(answered_yet());
	EXPECT_STREQ("", ask(PAGE_PEERS)->error) << "nothing else waits";
	pass(EXCHANGE_WAIT_MS / 2);
	EXPECT_FALSE(answered_yet());
	end_burst();
	auto page = answer_to(off);
	EXPECT_STREQ("", row_of(page.get())->warning);
}

TEST_F(held_burst, a_burst_without_end_is_told_of)
{
	start_with_routes(true);
	begin_burst();
	struct page *off = send(PAGE_EXCHANGE_SET, false);

	stored();
	pass(EXCHANGE_WAIT_MS - 1);
	EXPECT_FALSE(answered_yet());
	pass(1);
	auto page = answer_to(off);
	EXPECT_NE(nullptr, strstr(row_of(page.get())->warning, "a forwarding lcore has not"));
	EXPECT_FALSE(row_of(page.get())->enabled);
}

TEST_F(held_burst, on_waits_for_none)
{
	start_with_routes(false);
	begin_burst();
	auto page = answer_to(send(PAGE_EXCHANGE_SET, true));

	EXPECT_STREQ("", page->error);
}

/* The switch, and whatever else shuts a part of the gate. */
TEST_F(held_burst, a_reload_that_shuts_is_answered_when_it_is_over)
{
	std::string never = plain_config(), on = plain_config();

	on.replace(on.find("enabled = false"), 15, "enabled = true");
	never = on;
	never.replace(never.find("enabled = true"), 14, "nva_to_nva = \"never\"; enabled = true");
	start_with_routes(false);
	for (const std::string &shut : { plain_config(), never }) {
		ASSERT_STREQ("", reload(on)->error);
		turn();
		ASSERT_TRUE(gate(ROLE_NVA, ROLE_NVA));
		begin_burst();
		struct page *page = send(PAGE_RELOAD, false, configure(shut));

		EXPECT_FALSE(gate(ROLE_NVA, ROLE_NVA));
		stored();
		EXPECT_FALSE(answered_yet());
		end_burst();
		auto answer = answer_to(page);
		EXPECT_STREQ("", answer->error);
		EXPECT_STREQ("", reload_row(answer.get())->warning);
		config_free(answer->config);
		page = send(PAGE_RELOAD, false, configure(shut));
		auto again = answer_to(page);
		EXPECT_STREQ("", again->error) << "one that shuts nothing waits for none";
		config_free(again->config);
		rte_rcu_qsbr_thread_offline(fib->qsbr, LCORE);
		rte_rcu_qsbr_thread_unregister(fib->qsbr, LCORE);
		online = false;
	}
	ASSERT_STREQ("", reload(on)->error);
	turn();
	begin_burst();
	struct page *page = send(PAGE_RELOAD, false, configure(plain_config()));

	pass(EXCHANGE_WAIT_MS);
	auto answer = answer_to(page);
	EXPECT_NE(nullptr, strstr(reload_row(answer.get())->warning, "a forwarding lcore has not"));
	config_free(answer->config);
}

} /* namespace */
