/* The commands that move the switch, and a disk that fails or hangs. */
#include <csignal>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alarm.h"
#include "server.h"

namespace
{

class exchange_wait_test : public server_test
{
      protected:
	const std::string in_the_way = "/exchange.new";

	void hang()
	{
		ASSERT_EQ(0, mkfifo((dir + in_the_way).c_str(), 0700));
	}
	void unhang()
	{
		signal(SIGPIPE, SIG_IGN); /* the writer's, if it comes too late */
		int fd = open((dir + in_the_way).c_str(), O_RDWR | O_NONBLOCK);

		unlink((dir + in_the_way).c_str());
		usleep(1000); /* who waited has it open now, or will not find it */
		close(fd);
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

		for (int i = 0; i < 20000 && !answered_yet(); i++) {
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
	for (int i = 0; i < 20000 && alarmed(); i++)
		usleep(500);
	EXPECT_FALSE(alarmed());
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

} /* namespace */
