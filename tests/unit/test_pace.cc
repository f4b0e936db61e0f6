/* How far ahead of their connections peers are told, by a count of the test's in place of the
 * session lcore's. */
#include "pace.h"
#include "server.h"

class pace_test : public of_families<server_test>
{
      protected:
	void SetUp() override
	{
		server_test::SetUp();
		start_with_routes(true);
		self = this;
		rs->routes[PACE_FAMILY].adj_out.taken = [](void *, const struct out_session *peer) {
			return self->stuck.count(peer->index) ? self->stuck[peer->index]
							      : peer->pace.sent;
		};
	}
	void TearDown() override
	{
		server_test::TearDown();
		self = nullptr;
	}
	struct peer *peer(uint16_t index)
	{
		return &rs->peers.table[index];
	}
	/* From here on the peer's connection takes nothing. */
	void hold(uint16_t index)
	{
		stuck[index] = peer(index)->out.pace.sent;
	}
	/* Long paths, so that not many prefixes make many octets; each prefix has its own. */
	void table_from(uint16_t from, unsigned int begin, unsigned int end)
	{
		for (unsigned int i = begin; i < end; i++) {
			attrs_spec spec;

			spec.path = std::vector<uint32_t>(60, 65000u + from);
			spec.path.push_back(i + 1);
			spec.next_hop = address(from);
			update(from,
			       { "20." + std::to_string(i / 256) + "." + std::to_string(i % 256) +
				 ".0/24" },
			       spec);
			if (i % 64 == 63)
				turn();
		}
		turn();
	}

	static inline pace_test *self;
	std::map<uint16_t, uint64_t> stuck; /* octets that were taken before it stopped */
};

TEST_P(pace_test, what_a_connection_has_not_taken_is_bounded)
{
	hold(ERGW);
	table_from(NVA_A, 0, 1500); /* more than 300 KB for one peer */
	EXPECT_GE(peer(ERGW)->out.pace.sent - stuck[ERGW], (uint64_t)PACE_AHEAD);
	EXPECT_LE(peer(ERGW)->out.pace.sent - stuck[ERGW], 2u * PACE_AHEAD + ANNOUNCE_BYTES);
	EXPECT_EQ(1503u, announced[NVA_B].size()) << "who is in another group waits for nobody";
	stuck.clear();
	turn();
	EXPECT_EQ(1503u, announced[ERGW].size());
	EXPECT_FALSE(told_to(ERGW).lagging) << "alone in its group it holds up nobody";
}

TEST_P(pace_test, news_passes_what_waits_for_the_connection)
{
	hold(ERGW);
	table_from(NVA_A, 0, 1500);
	announce(NVA_B, { "172.31.0.0/24" });
	turn();
	EXPECT_EQ(0u, announced[ERGW].count("172.31.0.0/24"));
	stuck[ERGW] = peer(ERGW)
			      ->out.pace
			      .sent; /* it has taken what it was told, and takes one turn's more */
	rs_turn(rs, now_ms);
	collect();
	EXPECT_EQ(1u, announced[ERGW].count("172.31.0.0/24"));
	EXPECT_LT(announced[ERGW].size(), 1200u);
}

TEST_P(pace_test, one_that_hinders_the_others_leaves_their_stream_and_comes_back)
{
	hold(NVA_B); /* told with NVA_A, which announces nothing of this and takes all */
	for (unsigned int i = 0; i < 1500; i += 64) {
		for (unsigned int k = i; k < i + 64; k++) {
			attrs_spec spec;

			spec.path = std::vector<uint32_t>(60, 65010);
			spec.path.push_back(k + 1);
			spec.next_hop = address(ERGW);
			update(ERGW,
			       { "20." + std::to_string(k / 256) + "." + std::to_string(k % 256) +
				 ".0/24" },
			       spec);
		}
		turn();
	}
	EXPECT_LT(announced[NVA_A].size(), 1500u) << "it waits, for a while";
	EXPECT_FALSE(told_to(NVA_B).lagging);
	for (int ms = 0; ms < 2 * PACE_SLOW_MS; ms++)
		pass(1);
	EXPECT_TRUE(told_to(NVA_B).lagging);
	EXPECT_FALSE(told_to(NVA_A).lagging);
	EXPECT_GT(announced[NVA_A].size(), 1500u);
	stuck.clear();
	for (int ms = 0; ms < 10; ms++)
		pass(1);
	EXPECT_FALSE(told_to(NVA_B).lagging);
	EXPECT_EQ(announced[NVA_A].size(), announced[NVA_B].size());
	EXPECT_FALSE(due_has(&rs->due, DUE_PACE));
}

TEST_P(pace_test, a_session_that_ends_slow_begins_anew)
{
	hold(NVA_B);
	table_from(NVA_A, 0, 600);
	peer(NVA_B)->out.pace.slow = true;
	due_set(&rs->due, DUE_PACE);
	turn();
	EXPECT_TRUE(told_to(NVA_B).lagging);
	down(NVA_B);
	turn();
	EXPECT_FALSE(due_has(&rs->due, DUE_PACE));
	stuck.clear();
	announced[NVA_B].clear();
	up(NVA_B);
	turn();
	EXPECT_EQ(announced[ERGW].count("20.0.1.0/24"), announced[NVA_B].count("20.0.1.0/24"));
	EXPECT_FALSE(told_to(NVA_B).lagging);
}

OF_BOTH_FAMILIES(pace_test);
