/* When the service manager is told that the lcores live. */
#include <gtest/gtest.h>

#include <memory>

#include "heartbeat.h"
#include "notify_socket.h"

namespace
{

enum { LCORES = 3, PATIENCE_MS = 30000 };

/* The grace periods of three lcores that are at work. */
struct heartbeat_test : testing::Test {
	std::unique_ptr<char[]> memory;
	struct rte_rcu_qsbr *qsbr;
	struct heartbeat heartbeat = {};

	heartbeat_test()
	{
		size_t size = rte_rcu_qsbr_get_memsize(LCORES);
		void *at;

		memory.reset(new char[size + RTE_CACHE_LINE_SIZE]);
		at = RTE_PTR_ALIGN_CEIL(memory.get(), RTE_CACHE_LINE_SIZE);
		qsbr = (struct rte_rcu_qsbr *)at;
		rte_rcu_qsbr_init(qsbr, LCORES);
		for (unsigned int i = 0; i < LCORES; i++) {
			rte_rcu_qsbr_thread_register(qsbr, i);
			rte_rcu_qsbr_thread_online(qsbr, i);
		}
		heartbeat_init(&heartbeat, qsbr);
	}
	void turn(unsigned int lcore)
	{
		rte_rcu_qsbr_quiescent(qsbr, lcore);
	}
};

} // namespace

TEST_F(heartbeat_test, every_lcore_counts)
{
	for (unsigned int standing = 0; standing < LCORES; standing++) {
		for (unsigned int i = 0; i < LCORES; i++) {
			if (i != standing)
				turn(i);
		}
		for (int look = 0; look < 3; look++)
			EXPECT_FALSE(heartbeat_look(&heartbeat)) << standing;
		turn(standing);
		EXPECT_TRUE(heartbeat_look(&heartbeat)) << standing;
		EXPECT_FALSE(heartbeat_look(&heartbeat)) << "one turn proves life once";
		for (unsigned int i = 0; i < LCORES; i++)
			turn(i);
		EXPECT_TRUE(heartbeat_look(&heartbeat));
	}
}

TEST_F(heartbeat_test, who_sleeps_is_not_waited_for)
{
	turn(0);
	turn(1);
	rte_rcu_qsbr_thread_offline(qsbr, 2);
	EXPECT_TRUE(heartbeat_look(&heartbeat));
	turn(0);
	turn(1);
	rte_rcu_qsbr_thread_online(qsbr, 2);
	EXPECT_TRUE(heartbeat_look(&heartbeat)) << "it has woken since";
}

TEST_F(heartbeat_test, the_service_manager_is_told)
{
	notify_socket manager;

	ASSERT_EQ(0, heartbeat_start(&heartbeat, qsbr));
	for (unsigned int i = 0; i < LCORES; i++)
		turn(i);
	EXPECT_EQ("WATCHDOG=1", manager.next(PATIENCE_MS));
	heartbeat_stop(&heartbeat);
}
