/* See rcu.h. */
#include "rcu.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_cycles.h>

enum { PAUSE_US = 50 }; /* between two looks for a reader */

int rcu_pool_init(struct rcu_pool *pool, struct rte_rcu_qsbr *qsbr, uint32_t first, uint32_t end)
{
	uint32_t size = rte_align32pow2(end - first);
	uint32_t *ring = malloc(size * sizeof(*ring));

	if (!ring)
		return -ENOMEM;
	*pool = (struct rcu_pool){
		.qsbr = qsbr, .ring = ring, .mask = size - 1, .fresh = first, .end = end
	};
	return 0;
}

void rcu_pool_fini(struct rcu_pool *pool)
{
	free(pool->ring);
	pool->ring = NULL;
}

int rcu_pool_take(struct rcu_pool *pool, uint32_t *index)
{
	if (pool->head == pool->safe && pool->fresh == pool->end)
		rcu_pool_reclaim(pool);
	if (pool->head != pool->safe)
		*index = pool->ring[pool->head++ & pool->mask];
	else if (pool->fresh != pool->end)
		*index = pool->fresh++;
	else
		return -ENOSPC;
	pool->used++;
	return 0;
}

void rcu_pool_retire(struct rcu_pool *pool, uint32_t index)
{
	pool->ring[pool->tail++ & pool->mask] = index;
	pool->used--;
}

void rcu_pool_reclaim(struct rcu_pool *pool)
{
	if (pool->safe != pool->mark && rte_rcu_qsbr_check(pool->qsbr, pool->token, false))
		pool->safe = pool->mark;
	if (pool->safe != pool->mark || pool->mark == pool->tail)
		return;
	pool->token = rte_rcu_qsbr_start(pool->qsbr);
	pool->mark = pool->tail;
	if (rte_rcu_qsbr_check(pool->qsbr, pool->token, false))
		pool->safe = pool->mark;
}

int rcu_wait(struct rte_rcu_qsbr *qsbr, uint32_t us)
{
	uint64_t deadline = rte_get_timer_cycles() + us * rte_get_timer_hz() / 1000000;
	uint64_t token = rte_rcu_qsbr_start(qsbr);

	while (!rte_rcu_qsbr_check(qsbr, token, false)) {
		if (rte_get_timer_cycles() > deadline)
			return -EAGAIN;
		rte_delay_us_sleep(PAUSE_US); /* the reader may need this very CPU */
	}
	return 0;
}
