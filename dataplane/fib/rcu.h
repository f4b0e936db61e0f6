/* Indexes into shared arrays, and when they may be used again. A writer takes an index, publishes
 * what it names, later unpublishes and retires it; the index is handed out again only when every
 * reader has been quiescent since.
 *
 *   take ◄── free ◄── waiting for one grace period ◄── retired since that began ◄── retire
 *
 * All three are stretches of one ring, so that reclaiming moves two marks and no index, and nothing
 * can overflow: the ring has room for every index there is. Nobody ever waits. One thread. */
#ifndef BASCULE_RCU_H
#define BASCULE_RCU_H

#include <stdint.h>

#include <rte_common.h>
#include <rte_rcu_qsbr.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rcu_pool {
	struct rte_rcu_qsbr *qsbr; /* borrowed: the FIB's */
	uint32_t *ring;		   /* owned; positions below run freely and are masked on use */
	uint32_t mask;
	uint32_t head; /* [head, safe) free */
	uint32_t safe; /* [safe, mark) waiting for `token` */
	uint32_t mark; /* [mark, tail) retired after the token was drawn */
	uint32_t tail;
	uint32_t fresh,
		/* [fresh, end) never used: handed out last, which keeps the used ones together */
		end;
	uint32_t used; /* taken and not retired */
	uint64_t token;
};

/* Indexes first..end-1. -ENOMEM. */
int rcu_pool_init(struct rcu_pool *pool, struct rte_rcu_qsbr *qsbr, uint32_t first, uint32_t end);
void rcu_pool_fini(struct rcu_pool *pool);

/* -ENOSPC: all are in use or have readers left. */
int rcu_pool_take(struct rcu_pool *pool, uint32_t *index);
/* How many are there to take, without reclaiming? */
static inline uint32_t rcu_pool_left(const struct rcu_pool *pool)
{
	return pool->safe - pool->head + pool->end - pool->fresh;
}
static inline bool rcu_pool_has(const struct rcu_pool *pool)
{
	return rcu_pool_left(pool) != 0;
}
/* After the last store that unpublishes `index`. */
void rcu_pool_retire(struct rcu_pool *pool, uint32_t index);
/* Free what has seen its grace period and begin the next one. O(1). */
void rcu_pool_reclaim(struct rcu_pool *pool);

/* Wait, asleep, at most `us` microseconds for a grace period that begins now. -EAGAIN: some reader
 * did not pass by. */
int rcu_wait(struct rte_rcu_qsbr *qsbr, uint32_t us);

#ifdef __cplusplus
}
#endif
#endif
