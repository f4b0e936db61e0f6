/* Two instances compared: when a difference becomes an alarm, and when none. */
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "families.h"
#include "partner.h"

namespace
{

enum : uint32_t { A = 0x0a000204, B = 0x0a000205 };

struct instance_query_peer peer(uint32_t addr, const char *name, uint64_t digest,
				const char *state = "Established")
{
	struct instance_query_peer p = {};

	p.addr = addr_make4(addr);
	strcpy(p.name, name);
	strcpy(p.state, state);
	p.up = !strcmp(state, "Established");
	p.complete = p.up;
	p.digest = digest;
	p.learned = (uint32_t)digest;
	return p;
}

/* What an instance says, until the test says otherwise; addresses as in families.h. */
struct instance {
	std::vector<struct instance_query_peer> peers = { peer(A, "nva-a", 2),
							  peer(B, "nva-b", 3) };
	std::vector<struct instance_query_peer> told; /* of the family, and of the other */
	std::vector<struct instance_query_peer> others;
	enum family family = FAMILY_IPV4;
	struct instance_query look = {};

	instance(const char *name, uint32_t router_id)
	{
		strcpy(look.instance, name);
		strcpy(look.preference, "expressroute");
		strcpy(look.nva_to_nva, "exchange");
		look.asn = 65515;
		look.router_id = router_id;
		look.settled = true;
		look.fd = -1;
	}
	const struct instance_query *said()
	{
		told = peers;
		for (struct instance_query_peer &p : told)
			p.addr = addr_of(family, p.addr.v4);
		told.insert(family == FAMILY_IPV4 ? told.end() : told.begin(), others.begin(),
			    others.end());
		look.peers = told.data();
		look.nb_peers = told.size();
		return &look;
	}
};

class partner_test : public testing::TestWithParam<enum family>
{
      protected:
	partner_test()
	{
		rs0.family = rs1.family = GetParam();
	}
	~partner_test() override
	{
		free(view);
	}
	void look(int times = 1)
	{
		for (int i = 0; i < times; i++) {
			struct partner_view *next =
				partner_compare(view, "rs1", rs0.said(), rs1.said());

			free(view);
			view = next;
			for (const struct partner_condition &m : view->matter)
				turns += m.turned;
			for (size_t p = 0; p < view->nb_peers; p++)
				turns += view->peers[p].condition.turned;
		}
	}
	/* What stands, one a line. */
	std::string alarms()
	{
		std::string all;
		char text[PARTNER_TEXT];

		for (int m = 0; m < PARTNER_MATTERS; m++)
			if (view->matter[m].stands)
				all += std::string(view->text[m]) + "\n";
		for (size_t i = 0; i < view->nb_peers; i++)
			if (view->peers[i].condition.stands)
				all += std::string(view->peers[i].here.name) + ": " +
				       partner_text(view, &view->peers[i], text) + "\n";
		return all;
	}

	instance rs0{ "rs0", 1 }, rs1{ "rs1", 2 };
	struct partner_view *view = nullptr;
	int turns = 0; /* alarms raised and cleared */
};

} // namespace

TEST_P(partner_test, the_same_is_no_alarm)
{
	look(PARTNER_MOVING + 1);
	EXPECT_EQ("", alarms());
	EXPECT_EQ(0, turns);
	EXPECT_EQ(2u, view->nb_peers);
	EXPECT_EQ(PARTNER_SAME, view->peers[0].verdict);
	EXPECT_STREQ("rs1", view->instance);
}

TEST_P(partner_test, what_is_configured_or_switched_differently)
{
	const struct {
		std::function<void(struct instance_query *)> change;
		const char *alarm;
	} cases[] = {
		{ [](struct instance_query *l) { l->exchange = true; },
		  "route exchange is off here, on at rs1\n" },
		{ [](struct instance_query *l) { strcpy(l->preference, "vpn"); },
		  "routing_preference is expressroute here, vpn at rs1\n" },
		{ [](struct instance_query *l) { strcpy(l->nva_to_nva, "never"); },
		  "nva_to_nva is exchange here, never at rs1\n" },
		{ [](struct instance_query *l) { l->asn = 65001; },
		  "AS number 65515 here, 65001 at rs1\n" },
		{ [](struct instance_query *l) { l->router_id = 1; },
		  "router ID 0.0.0.1 is that of both this instance and rs1\n" },
		{ [](struct instance_query *l) { strcpy(l->instance, "rs0"); },
		  "the partner is called rs0, as this instance is\n" },
	};

	for (const auto &t : cases) {
		struct instance_query before = rs1.look;

		turns = 0;
		t.change(&rs1.look);
		look(PARTNER_STILL - 1);
		EXPECT_EQ("", alarms());
		look();
		EXPECT_EQ(t.alarm, alarms());
		look(3);
		EXPECT_EQ(1, turns) << "raised once";
		rs1.look = before;
		look();
		EXPECT_EQ("", alarms()) << t.alarm;
		EXPECT_EQ(2, turns) << "and cleared once";
	}
}

TEST_P(partner_test, a_peer_at_one_only)
{
	look();
	rs1.peers[0] = peer(A, "nva-a", 0, "Active");
	look(PARTNER_STILL - 1);
	EXPECT_EQ("", alarms());
	look();
	EXPECT_EQ("nva-a: up here, Active at rs1\n", alarms());
	rs1.peers[0] = peer(A, "nva-a", 0, "Idle");
	look();
	EXPECT_EQ("nva-a: up here, Idle at rs1\n", alarms()) << "how it is down is not the point";
	rs0.peers[0] = peer(A, "nva-a", 0, "Idle");
	look();
	EXPECT_EQ("", alarms()) << "down at both is no asymmetry";

	rs0.peers.erase(rs0.peers.begin());
	rs1.peers[0] = peer(A, "a-there", 2);
	look(PARTNER_STILL);
	EXPECT_EQ(": not configured here, up at rs1\n", alarms());
	rs0.peers.insert(rs0.peers.begin(), peer(A, "nva-a", 2));
	look();
	EXPECT_EQ("", alarms()) << "it need not be called the same";
	EXPECT_STREQ("a-there", view->peers[0].there.name);
}

TEST_P(partner_test, other_routes_when_they_stand_still)
{
	look();
	for (uint64_t d = 10; d < 10 + PARTNER_STILL * 2; d++) {
		rs1.peers[1] = peer(B, "nva-b", d);
		look();
	}
	EXPECT_EQ("", alarms()) << "they are on their way";
	look(PARTNER_STILL - 1);
	EXPECT_EQ("nva-b: announces other routes to us (3) than to rs1 (19)\n", alarms());
	rs0.peers[1] = peer(B, "nva-b", 19);
	look();
	EXPECT_EQ("", alarms());
	EXPECT_EQ(2, turns);
}

TEST_P(partner_test, other_routes_that_never_stand_still)
{
	for (uint64_t d = 10; d < 10 + PARTNER_MOVING; d++) {
		EXPECT_TRUE(!view || alarms().empty());
		rs1.peers[1] = peer(B, "nva-b", d);
		look();
	}
	EXPECT_NE("", alarms());
}

TEST_P(partner_test, who_has_not_told_all_is_waited_for)
{
	rs1.peers[1] = peer(B, "nva-b", 1);
	rs1.peers[1].complete = false;
	look(PARTNER_STILL * 2);
	EXPECT_EQ("", alarms());
	rs1.peers[1].complete = true;
	look(PARTNER_STILL);
	EXPECT_NE("", alarms());
}

TEST_P(partner_test, an_instance_that_starts_is_waited_for)
{
	look();
	rs1.look.settled = false;
	rs1.peers[0] = peer(A, "nva-a", 0, "Connect");
	rs1.peers[1] = peer(B, "nva-b", 1);
	look(PARTNER_MOVING * 2);
	EXPECT_EQ("", alarms());
	rs1.look.settled = true;
	rs1.peers[0] = peer(A, "nva-a", 2);
	look(PARTNER_STILL);
	EXPECT_EQ("nva-b: announces other routes to us (3) than to rs1 (1)\n", alarms());
	rs0.look.settled = false;
	look();
	EXPECT_NE("", alarms()) << "what stands stays";
	rs1.peers[1] = peer(B, "nva-b", 3);
	look();
	EXPECT_EQ("", alarms()) << "unless it is cured";
}

TEST_P(partner_test, a_partner_that_does_not_answer)
{
	rs1.peers[1] = peer(B, "nva-b", 1);
	look(PARTNER_STILL);
	strcpy(rs1.look.error, "Connection refused");
	rs1.peers.clear();
	look(PARTNER_STILL - 1);
	EXPECT_EQ("nva-b: announces other routes to us (3) than to rs1 (1)\n", alarms());
	EXPECT_EQ(2u, view->nb_peers);
	look();
	EXPECT_EQ("rs1 does not answer: Connection refused\n", alarms());
	EXPECT_EQ(3, turns) << "of its peers nothing is known any more";
	rs1.look.error[0] = '\0';
	rs1.peers = rs0.peers;
	look();
	EXPECT_EQ("", alarms());
	EXPECT_EQ(4, turns);
}

TEST_P(partner_test, another_partner_is_another_story)
{
	rs1.peers[1] = peer(B, "nva-b", 1);
	look(PARTNER_STILL);
	EXPECT_NE("", alarms());

	struct partner_view *next = partner_compare(view, "rs2", rs0.said(), rs1.said());

	free(view);
	view = next;
	EXPECT_EQ("", alarms());
}

/* Whoever has no peer of a family has none that differs by it. */
TEST_P(partner_test, peers_of_both_families)
{
	struct instance_query_peer other = peer(A, "other", 5);
	char text[ADDR_TEXT];

	other.addr = addr_of(GetParam() == FAMILY_IPV4 ? FAMILY_IPV6 : FAMILY_IPV4, A);
	rs0.others = rs1.others = { other };
	look(PARTNER_STILL);
	EXPECT_EQ("", alarms());
	EXPECT_EQ(3u, view->nb_peers);
	EXPECT_STREQ("10.0.2.4", addr_text(view->peers[0].addr, text));
	rs1.peers.pop_back();
	look(PARTNER_STILL);
	EXPECT_EQ("nva-b: up here, not configured at rs1\n", alarms());
}

OF_BOTH_FAMILIES(partner_test);
