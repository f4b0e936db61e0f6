/* Without memory: what cannot be taken out of the tables one by one goes with the session. */
#include <cerrno>

#include "bitmap.h"
#include "server.h"

/* The program is linked with --wrap=bitmap_reserve: what a change may need before it begins. */
static bool no_memory;

extern "C" {
int __real_bitmap_reserve(struct bitmap *b, uint32_t capacity);
int __wrap_bitmap_reserve(struct bitmap *b, uint32_t capacity);
int __wrap_bitmap_reserve(struct bitmap *b, uint32_t capacity)
{
	return no_memory && capacity > b->capacity ? -ENOMEM : __real_bitmap_reserve(b, capacity);
}
}

namespace
{

class memory_test : public of_families<server_test>
{
      protected:
	/* The sets of nodes are full with so many prefixes, the VNet's included; the next change
	 * lets them grow. */
	enum { FULL = 4095 };

	void TearDown() override
	{
		no_memory = false;
		server_test::TearDown();
	}
	/* NVA_A has all but one that fit, and says what follows when there is no memory. */
	void fill(const std::string &config)
	{
		start(config);
		up(NVA_A);
		for (unsigned int at = 0; at < FULL - 2; at += 500) {
			std::vector<std::string> all = many(FULL - 2);
			size_t n = std::min<size_t>(500, all.size() - at);

			announce(NVA_A, { all.begin() + at, all.begin() + at + (ptrdiff_t)n });
		}
		turn();
		ASSERT_EQ((size_t)FULL - 1, rib_prefixes(rib()));
		announce(NVA_A, { "10.99.0.0/16" });
	}
	void say_without_memory()
	{
		no_memory = true;
		rs_turn(rs, now_ms);
		no_memory = false;
		collect();
	}
	void expect_reset()
	{
		ASSERT_EQ(1u, resets.size());
		EXPECT_EQ(NVA_A, resets[0].head.peer);
		EXPECT_EQ(6, resets[0].code);
		EXPECT_EQ(8, resets[0].subcode);
		EXPECT_EQ(epoch[NVA_A], resets[0].head.epoch);
	}
};

TEST_P(memory_test, a_withdrawal_that_meets_none_resets_the_session)
{
	fill(plain_config());
	update(NVA_A, {}, {}, { "172.16.7.0/24", "172.16.8.0/24" });
	announce(NVA_A, { "172.16.9.0/24" }); /* of a session that is over */
	say_without_memory();
	expect_reset();
	down(NVA_A);
	turn();
	EXPECT_EQ(0u, rib_peer_paths(rib(), NVA_A));
	EXPECT_EQ(1u, rib_prefixes(rib()));
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "172.16.7.1"));
	up(NVA_A);
	announce(NVA_A, { "172.16.7.0/24" });
	turn();
	EXPECT_EQ(1u, rib_peer_paths(rib(), NVA_A));
}

/* What a route is replaced by cannot be taken in, nor the route out. */
TEST_P(memory_test, so_does_a_change_of_a_route)
{
	attrs_spec longer;

	fill(plain_config());
	longer.path = { 65001, 65001 };
	longer.next_hop = address(NVA_A);
	update(NVA_A, { "172.16.7.0/24" }, longer);
	say_without_memory();
	expect_reset();
}

TEST_P(memory_test, a_session_that_is_down_is_swept_when_there_is_some)
{
	fill(plain_config());
	down(NVA_A);
	say_without_memory();
	EXPECT_TRUE(resets.empty());
	EXPECT_LT(0u, rib_peer_paths(rib(), NVA_A));
	turn();
	EXPECT_EQ(0u, rib_peer_paths(rib(), NVA_A));
}

OF_BOTH_FAMILIES(memory_test);

} /* namespace */
