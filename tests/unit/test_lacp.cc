/* Two systems that speak LACP to each other over cables, and systems that are played. */
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "lacp.h"

namespace
{

const uint8_t our_mac[6] = { 2, 0, 0, 0, 0, 1 }, far_mac[6] = { 2, 0, 0, 0, 0, 2 },
	      other_mac[6] = { 2, 0, 0, 0, 0, 3 };
enum { MEMBERS = 2, STEP_MS = 50 };

using pdu = std::vector<uint8_t>;

/* A cable between a member of one system and a member of another. */
struct cable {
	struct lacp *a;
	uint16_t at_a;
	struct lacp *b;
	uint16_t at_b;
	bool carries = true;
};

struct lacp_test : testing::Test {
	struct lacp us, far, other;
	std::vector<cable> cables;
	uint64_t now_ms = 1000000;
	unsigned int sent = 0;

	void SetUp() override
	{
		lacp_init(&us, our_mac, MEMBERS);
		lacp_init(&far, far_mac, MEMBERS);
		lacp_init(&other, other_mac, MEMBERS);
	}
	void plug(uint16_t ours, struct lacp *b, uint16_t at_b)
	{
		cables.push_back({ &us, ours, b, at_b });
		lacp_link(&us, ours, true, now_ms);
		lacp_link(b, at_b, true, now_ms);
	}
	void carry(struct lacp *from, uint16_t member, struct lacp *to, uint16_t there, bool good)
	{
		uint8_t octets[LACP_PDU_LEN];

		while (lacp_transmit(from, member, octets, now_ms)) {
			sent += from == &us;
			if (!good)
				continue;
			EXPECT_EQ(to->member[there].receive != LACP_DISABLED,
				  lacp_received(to, there, octets, sizeof(octets), now_ms));
		}
	}
	void run(
		uint64_t ms, const std::function<bool()> &until = [] { return false; })
	{
		for (uint64_t end = now_ms + ms; now_ms < end && !until(); now_ms += STEP_MS) {
			for (struct lacp *l : { &us, &far, &other })
				lacp_step(l, now_ms);
			for (const cable &c : cables) {
				carry(c.a, c.at_a, c.b, c.at_b, c.carries);
				carry(c.b, c.at_b, c.a, c.at_a, c.carries);
			}
		}
	}
	bool all_distribute() const
	{
		return lacp_distributes(&us.member[0]) && lacp_distributes(&us.member[1]);
	}
	void aggregate()
	{
		plug(0, &far, 0);
		plug(1, &far, 1);
		run(10000, [this] { return all_distribute(); });
		ASSERT_TRUE(all_distribute());
		run(LACP_FAST_MS); /* the other end does so too */
	}
	std::string states() const
	{
		return std::string(lacp_state_name(&us.member[0])) + ", " +
		       lacp_state_name(&us.member[1]);
	}
	/* Our PDU of a member, which says that. */
	pdu ours(uint16_t member)
	{
		pdu octets(LACP_PDU_LEN);

		us.member[member].need_to_transmit = true;
		now_ms += LACP_FAST_MS;
		EXPECT_TRUE(lacp_transmit(&us, member, octets.data(), now_ms));
		return octets;
	}
};

} // namespace

TEST_F(lacp_test, two_systems_agree)
{
	uint64_t began = now_ms;

	aggregate();
	EXPECT_LE(now_ms - began, (uint64_t)LACP_WAIT_MS + 3 * LACP_FAST_MS);
	for (const struct lacp_member &m : us.member) {
		if (!m.actor.port)
			continue;
		EXPECT_EQ(0, memcmp(far_mac, m.partner.system, 6));
		EXPECT_TRUE(lacp_collects(&m));
		EXPECT_EQ(LACP_ACTIVE | LACP_SHORT_TIMEOUT | LACP_AGGREGATION | LACP_SYNC |
				  LACP_COLLECTING | LACP_DISTRIBUTING,
			  m.actor.state);
	}
	EXPECT_EQ("distributing, distributing", states());
}

TEST_F(lacp_test, it_speaks_once_a_second_and_never_in_bursts)
{
	aggregate();
	run(2000);
	sent = 0;
	run(60000);
	EXPECT_GE(sent, 2 * 59u);
	EXPECT_LE(sent, 2 * 61u);

	pdu octets = ours(0); /* somebody who contradicts each of our words */
	std::swap_ranges(&octets[2], &octets[22], &octets[22]);
	octets[2] = 1, octets[22] = 2;
	memcpy(&octets[26], other_mac, 6); /* knows another one in our place */
	sent = 0;
	for (int i = 0; i < 100; i++) {
		lacp_received(&us, 0, octets.data(), octets.size(), now_ms);
		lacp_step(&us, now_ms);
		sent += lacp_transmit(&us, 0, pdu(LACP_PDU_LEN).data(), now_ms);
		now_ms += 10;
	}
	EXPECT_LE(sent, 2u * LACP_BURST);
}

TEST_F(lacp_test, a_slow_partner_is_spoken_to_slowly)
{
	aggregate();
	far.member[0].actor.state &= (uint8_t)~LACP_SHORT_TIMEOUT;
	far.member[1].actor.state &= (uint8_t)~LACP_SHORT_TIMEOUT;
	auto patient = [this] {
		for (struct lacp_member &m : far.member)
			m.current_ms = now_ms + 3 * LACP_SLOW_MS;
		return false;
	};
	run(3000, patient); /* it still speaks fast, as we want it */
	sent = 0;
	run(60000, patient);
	EXPECT_GE(sent, 2u);
	EXPECT_LE(sent, 2 * 3u);
	EXPECT_EQ("distributing, distributing", states());
}

TEST_F(lacp_test, a_silent_member_is_lost_after_three_seconds_and_comes_back)
{
	aggregate();
	cables[1].carries = false;
	run(LACP_TIMEOUT_MS - LACP_FAST_MS - STEP_MS);
	EXPECT_TRUE(all_distribute()) << "two PDUs may get lost";
	run(LACP_FAST_MS + 3 * STEP_MS);
	EXPECT_EQ("distributing, expired", states());
	EXPECT_FALSE(lacp_collects(&us.member[1]));
	EXPECT_FALSE(lacp_distributes(&us.member[1]));
	run(LACP_TIMEOUT_MS);
	EXPECT_EQ("distributing, no partner", states());
	cables[1].carries = true;
	run(10000, [this] { return all_distribute(); });
	EXPECT_TRUE(all_distribute());
}

TEST_F(lacp_test, a_member_without_a_link_is_lost_at_once_and_comes_back)
{
	aggregate();
	lacp_link(&us, 0, false, now_ms);
	lacp_step(&us, now_ms);
	EXPECT_EQ("no link, distributing", states());
	EXPECT_FALSE(lacp_distributes(&us.member[0]));
	EXPECT_FALSE(lacp_transmit(&us, 0, pdu(LACP_PDU_LEN).data(), now_ms));
	run(5000);
	lacp_link(&us, 0, true, now_ms);
	run(10000, [this] { return all_distribute(); });
	EXPECT_TRUE(all_distribute());
}

TEST_F(lacp_test, one_direction_is_none)
{
	aggregate();
	cables[1].carries = false;
	for (int i = 0; i < 200; i++) { /* what it says still reaches us: that it hears nothing */
		uint8_t octets[LACP_PDU_LEN];

		run(STEP_MS);
		far.member[1].need_to_transmit = true;
		if (lacp_transmit(&far, 1, octets, now_ms))
			lacp_received(&us, 1, octets, sizeof(octets), now_ms);
	}
	EXPECT_TRUE(lacp_distributes(&us.member[0]));
	EXPECT_FALSE(lacp_distributes(&us.member[1]));
	EXPECT_FALSE(lacp_collects(&us.member[1]));
}

TEST_F(lacp_test, strangers_carry_nothing)
{
	plug(0, &far, 0);
	run(10000, [this] { return lacp_distributes(&us.member[0]); });
	plug(1, &other, 1);
	run(30000);
	EXPECT_EQ("distributing, detached", states()) << "another system";
	cables[0].carries = false;
	run(15000);
	EXPECT_EQ("no partner, distributing", states()) << "the first has gone";
	cables[0].carries = true;
	run(15000);
	EXPECT_EQ("detached, distributing", states()) << "who carries traffic goes on";
}

TEST_F(lacp_test, a_key_is_a_group)
{
	far.member[1].actor.key = 7;
	plug(0, &far, 0);
	plug(1, &far, 1);
	run(30000);
	EXPECT_EQ("distributing, detached", states());
	far.member[1].actor.key = far.member[0].actor.key;
	far.member[1].need_to_transmit = true;
	run(10000);
	EXPECT_EQ("distributing, distributing", states());
	far.member[1].actor.key = 7; /* and out of it again */
	far.member[1].need_to_transmit = true;
	run(2 * STEP_MS);
	EXPECT_EQ("distributing, detached", states());
}

TEST_F(lacp_test, who_does_not_aggregate_carries_nothing)
{
	plug(0, &far, 0);
	plug(1, &far, 1);
	far.member[1].actor.state &= (uint8_t)~LACP_AGGREGATION;
	run(30000);
	EXPECT_EQ("distributing, detached", states());
}

TEST_F(lacp_test, a_cable_to_ourselves_carries_nothing)
{
	cables.push_back({ &us, 0, &us, 1 });
	lacp_link(&us, 0, true, now_ms);
	lacp_link(&us, 1, true, now_ms);
	run(30000);
	EXPECT_EQ("detached, detached", states());
}

TEST_F(lacp_test, nobody_there)
{
	lacp_link(&us, 0, true, now_ms);
	run(30000);
	EXPECT_EQ("no partner, no link", states());
	EXPECT_FALSE(lacp_collects(&us.member[0]));
}

TEST_F(lacp_test, what_is_no_pdu_changes_nothing)
{
	aggregate();
	const pdu good = ours(0);
	struct lacp before = us;
	const struct {
		const char *name;
		size_t at;
		uint8_t octet;
	} rows[] = {
		{ "a marker", 0, 2 },
		{ "version 0", 1, 0 },
		{ "another TLV first", 2, 2 },
		{ "its length", 3, 19 },
		{ "another TLV second", 22, 1 },
		{ "the length of that", 23, 21 },
	};

	for (size_t n = 0; n < 42; n++)
		EXPECT_FALSE(lacp_received(&us, 0, good.data(), n, now_ms)) << "cut to " << n;
	for (const auto &row : rows) {
		pdu bad = good;

		bad[row.at] = row.octet;
		EXPECT_FALSE(lacp_received(&us, 0, bad.data(), bad.size(), now_ms)) << row.name;
	}
	EXPECT_EQ(0, memcmp(&before, &us, sizeof(us)));
	EXPECT_TRUE(lacp_received(&us, 0, good.data(), 42, now_ms)) << "what follows is not read";
}

TEST_F(lacp_test, a_pdu_as_on_the_wire)
{
	aggregate();
	pdu octets = ours(1);
	const pdu head = { 1, 1, 1, 20, 0x80, 0, 2, 0, 0, 0, 0, 1, 0, 1, 0x80, 0, 0, 2, 0x3f },
		  partner = { 2, 20, 0x80, 0, 2, 0, 0, 0, 0, 2, 0, 1, 0x80, 0, 0, 2, 0x3f };

	EXPECT_EQ(head, pdu(octets.begin(), octets.begin() + 19));
	EXPECT_EQ(partner, pdu(octets.begin() + 22, octets.begin() + 39));
	EXPECT_EQ((pdu{ 3, 16 }), pdu(octets.begin() + 42, octets.begin() + 44));
	for (size_t i = 44; i < octets.size(); i++)
		EXPECT_EQ(0, octets[i]) << i;
}
