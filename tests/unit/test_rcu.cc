/* Index pools: an index is with one owner at a time, and comes back only past every reader. */
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <random>
#include <set>
#include <vector>

#include "rcu.h"

class rcu_test : public testing::Test
{
      protected:
	struct rte_rcu_qsbr *qsbr = nullptr;
	struct rcu_pool pool;

	void SetUp() override
	{
		qsbr = (struct rte_rcu_qsbr *)aligned_alloc(RTE_CACHE_LINE_SIZE,
							    rte_rcu_qsbr_get_memsize(4));
		ASSERT_EQ(0, rte_rcu_qsbr_init(qsbr, 4));
		ASSERT_EQ(0, rcu_pool_init(&pool, qsbr, 10, 20));
	}
	void TearDown() override
	{
		rcu_pool_fini(&pool);
		free(qsbr);
	}
	void reader_online(uint32_t id)
	{
		rte_rcu_qsbr_thread_register(qsbr, id);
		rte_rcu_qsbr_thread_online(qsbr, id);
	}
};

TEST_F(rcu_test, hands_out_each_index_once)
{
	std::set<uint32_t> taken;
	uint32_t index = 99;

	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(0, rcu_pool_take(&pool, &index));
		EXPECT_TRUE(index >= 10 && index < 20 && taken.insert(index).second) << index;
	}
	index = 99;
	EXPECT_EQ(-ENOSPC, rcu_pool_take(&pool, &index));
	EXPECT_EQ(99u, index) << "untouched";
	EXPECT_EQ(10u, pool.used);
	rcu_pool_retire(&pool, 13);
	ASSERT_EQ(0, rcu_pool_take(&pool, &index)) << "nobody reads: at once";
	EXPECT_EQ(13u, index);
}

TEST_F(rcu_test, used_ones_come_before_fresh_ones)
{
	uint32_t a, b;

	ASSERT_EQ(0, rcu_pool_take(&pool, &a));
	rcu_pool_retire(&pool, a);
	rcu_pool_reclaim(&pool);
	ASSERT_EQ(0, rcu_pool_take(&pool, &b));
	EXPECT_EQ(a, b);
}

TEST_F(rcu_test, waits_for_every_reader)
{
	uint32_t index, again;

	reader_online(0);
	reader_online(3);
	for (int i = 0; i < 10; i++)
		ASSERT_EQ(0, rcu_pool_take(&pool, &index));
	rcu_pool_retire(&pool, index);
	EXPECT_EQ(-ENOSPC, rcu_pool_take(&pool, &again));
	rte_rcu_qsbr_quiescent(qsbr, 0);
	EXPECT_EQ(-ENOSPC, rcu_pool_take(&pool, &again)) << "one is still reading";
	rte_rcu_qsbr_thread_offline(qsbr, 3);
	EXPECT_EQ(0, rcu_pool_take(&pool, &again));
	EXPECT_EQ(index, again);
}

TEST_F(rcu_test, what_is_retired_during_a_grace_period_waits_for_the_next)
{
	uint32_t index[10], again;

	reader_online(0);
	for (uint32_t &i : index)
		ASSERT_EQ(0, rcu_pool_take(&pool, &i));
	rcu_pool_retire(&pool, index[0]);
	rcu_pool_reclaim(&pool); /* begins */
	rte_rcu_qsbr_quiescent(qsbr, 0);
	rcu_pool_retire(&pool, index[1]); /* the reader may hold this one again */
	rcu_pool_reclaim(&pool);
	ASSERT_EQ(0, rcu_pool_take(&pool, &again));
	EXPECT_EQ(index[0], again);
	EXPECT_EQ(-ENOSPC, rcu_pool_take(&pool, &again));
	rte_rcu_qsbr_quiescent(qsbr, 0);
	ASSERT_EQ(0, rcu_pool_take(&pool, &again));
	EXPECT_EQ(index[1], again);
}

/* Long enough for the ring to go round many times; the reader is quiescent now and then. */
TEST_F(rcu_test, random_walk)
{
	std::vector<uint32_t> mine;
	std::set<uint32_t> held;	    /* taken by us */
	std::set<uint32_t> since_quiescent; /* retired since the reader was last quiescent */
	std::mt19937 random(1);

	reader_online(0);
	for (int step = 0; step < 200000; step++) {
		uint32_t index;

		if (random() % 2 && !mine.empty()) {
			std::swap(mine[random() % mine.size()], mine.back());
			index = mine.back();
			mine.pop_back();
			held.erase(index);
			since_quiescent.insert(index);
			rcu_pool_retire(&pool, index);
		} else if (!rcu_pool_take(&pool, &index)) {
			ASSERT_TRUE(held.insert(index).second) << "twice";
			ASSERT_FALSE(since_quiescent.count(index)) << "under a reader";
			mine.push_back(index);
		}
		if (random() % 8 == 0) {
			rte_rcu_qsbr_quiescent(qsbr, 0);
			since_quiescent.clear();
		}
		if (random() % 8 == 0)
			rcu_pool_reclaim(&pool);
		ASSERT_EQ(mine.size(), pool.used);
	}
	EXPECT_LT(100u, pool.tail) << "went round";
}
