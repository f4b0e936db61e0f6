/* What was seen of the partner, on the RIB lcore: kept until the next time, told as alarms, events
 * and rows. */
#include "partner.h"
#include "peer_restart.h"
#include "server.h"

namespace
{

class show_partner_test : public server_test
{
      protected:
	void start_with(const std::string &partner)
	{
		std::string text = plain_config();
		std::string before = "name = \"test\";";

		start(text.replace(text.find(before), before.size(), before + partner));
	}
	/* The management thread's watch: a look in which NVA A announces other routes there, or the
	 * same. */
	void see(bool same, const char *error = "")
	{
		struct instance_query_peer ours = {}, theirs = {};
		struct instance_query here = {}, there = {};

		ours.addr = addr_make4(address(NVA_A));
		strcpy(ours.name, "nva-a");
		strcpy(ours.state, "Established");
		ours.up = ours.complete = true;
		ours.digest = ours.learned = 1;
		theirs = ours;
		strcpy(theirs.name, "a-there");
		theirs.learned = same ? 1 : 2;
		theirs.digest = theirs.learned;
		here.peers = &ours;
		there.peers = &theirs;
		here.nb_peers = there.nb_peers = 1;
		here.settled = there.settled = true;
		here.router_id = 1;
		strcpy(there.instance, "rs1");
		strcpy(there.error, error);
		tell(partner_compare(rs->partner, "rs1", &here, &there));
	}
	void tell(struct partner_view *view)
	{
		const struct partner_view *before = rs->partner;
		auto page = ask(PAGE_PARTNER_SEEN, "", [view](struct page *p) { p->seen = view; });

		EXPECT_EQ(before, page->seen) << "the one before comes back";
		EXPECT_EQ(view, rs->partner);
		free(page->seen);
		next = page->partner;
	}
	/* "kind peer: text", one a line, of the alarms about the partner. */
	std::string alarms()
	{
		auto page = ask(PAGE_SUMMARY);
		uint32_t at = 0;
		uint16_t type;
		auto *row = (const struct row_summary *)page_next(page.get(), &at, &type);
		std::string all;

		summary = *row;
		for (uint16_t i = 0; i < row->alarms.n; i++) {
			const struct alarm *alarm = &row->alarms.alarm[i];

			if (strcmp(alarm->kind, "peer_down"))
				all += std::string(alarm->kind) + " " + alarm->peer + ": " +
				       alarm->text + "\n";
		}
		return all;
	}
	std::string events()
	{
		std::string all;
		uint64_t after = 0;

		while (const struct event *event = events_after(&rs->events, after)) {
			after = event->number;
			if (event->kind == EVENT_ALARM)
				all += std::string(event->peer) + ": " + event->text + "\n";
		}
		return all;
	}

	std::string next;
	struct row_summary summary = {};
};

} // namespace

TEST_F(show_partner_test, an_alarm_from_begin_to_end)
{
	const std::string text = "announces other routes to us (1) than to rs1 (2)";
	uint32_t at = 0;
	uint16_t type;

	start_with(" partner = \"rs1\";");
	tell(nullptr);
	EXPECT_EQ("rs1", next);
	EXPECT_STRNE("", ask(PAGE_PARTNER)->error);
	for (int i = 0; i < PARTNER_STILL; i++) {
		EXPECT_EQ("", alarms());
		see(false);
	}
	EXPECT_EQ("peer_asymmetric nva-a: " + text + "\n", alarms());
	EXPECT_EQ("nva-a: raised: " + text + "\n", events());
	EXPECT_STREQ("rs1", summary.partner.instance);
	EXPECT_STREQ("", summary.partner.error);

	auto page = ask(PAGE_PARTNER);
	auto *row = (const struct partner_peer *)page_next(page.get(), &at, &type);

	ASSERT_NE(nullptr, row);
	EXPECT_EQ(ROW_PARTNER, type);
	EXPECT_STREQ("a-there", row->there.name);
	EXPECT_TRUE(row->condition.stands);
	EXPECT_EQ(nullptr, page_next(page.get(), &at, &type));

	see(true);
	see(true);
	EXPECT_EQ("", alarms());
	EXPECT_EQ("nva-a: raised: " + text + "\nnva-a: cleared: the same here and at rs1\n",
		  events());
}

TEST_F(show_partner_test, a_partner_that_is_gone)
{
	start_with(" partner = \"rs1\";");
	for (int i = 0; i < PARTNER_STILL; i++)
		see(false);
	for (int i = 0; i < PARTNER_STILL; i++)
		see(false, "Connection refused");
	EXPECT_EQ("partner_unreachable : rs1 does not answer: Connection refused\n", alarms());
	EXPECT_STREQ("Connection refused", summary.partner.error);
	EXPECT_NE(std::string::npos,
		  events().find("nva-a: cleared: not known while rs1 does not answer\n"));
	EXPECT_STREQ("rs1 does not answer: Connection refused", ask(PAGE_PARTNER)->error);
}

TEST_F(show_partner_test, a_reload_names_another_and_then_none)
{
	start_with(" partner = \"rs1\";");
	see(true);
	EXPECT_STREQ("", reload(std::string(plain_config())
					.replace(plain_config().find("asn = 65515"), 11,
						 "asn = 65515; partner = \"/run/far.sock\""))
				 ->error);
	see(true);
	EXPECT_EQ("/run/far.sock", next);
	EXPECT_STREQ("", reload(plain_config())->error);
	tell(nullptr);
	EXPECT_EQ("", next);
	EXPECT_STREQ("no partner is configured", ask(PAGE_PARTNER)->error);
}

TEST_F(show_partner_test, an_instance_is_settled_when_all_have_told)
{
	start();
	alarms();
	EXPECT_FALSE(summary.settled);
	for (uint16_t peer : { ERGW, NVA_A, NVA_B }) {
		up(peer);
		pass(1000);
		alarms();
		EXPECT_FALSE(summary.settled);
		event(peer, SPEAKER_EOR);
	}
	pass(2000);
	alarms();
	EXPECT_TRUE(summary.settled);
	down(NVA_A);
	pass(2000);
	alarms();
	EXPECT_TRUE(summary.settled) << "it is about the start";
}

TEST_F(show_partner_test, one_that_does_not_come_is_waited_for_in_vain)
{
	start();
	pass(PEER_ABSENT_MS - 2000);
	alarms();
	EXPECT_FALSE(summary.settled);
	pass(4000);
	alarms();
	EXPECT_TRUE(summary.settled);
	EXPECT_EQ(3u, summary.alarms.n) << "and three peers are down";
}
