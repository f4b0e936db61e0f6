/* The tables of both families, by one name each: what writes a view does the same for IPv4 and
 * IPv6, and a row of functions says how. The default route is none of a table's: it is in the
 * view's header. */
#ifndef BASCULE_FIB_TABLE_H
#define BASCULE_FIB_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "fib_prefix.h"
#include "lpm4.h"
#include "trie6.h"

#ifdef __cplusplus
extern "C" {
#endif

struct fib_table {
	const struct fib_table_ops *ops; /* constant */
	union {
		struct lpm4 lpm4;
		struct trie6 trie6;
	};
};

/* A family's functions; they promise what lpm4.h and trie6.h say of theirs. Prefixes are of the
 * family and have a length of 1 or more. */
struct fib_table_ops {
	/* `shared`: a struct rte_lpm or a struct trie6_shared, of so many groups; -ENOMEM */
	int (*init)(struct fib_table *t, void *shared, uint32_t groups, struct rte_rcu_qsbr *qsbr);
	void (*fini)(struct fib_table *t);
	/* Begin a change; until `step` says that it is through, no other of a wide prefix may be
	 * begun. -ENOSPC, -ENOMEM, -ENOENT. */
	int (*set)(struct fib_table *t, const struct fib_prefix *p, uint32_t value);
	int (*del)(struct fib_table *t, const struct fib_prefix *p);
	bool (*step)(struct fib_table *t, uint32_t max);
	int (*get)(const struct fib_table *t, const struct fib_prefix *p, uint32_t *value);
	void (*fetch)(const struct fib_table *t, const struct fib_prefix *p);
	void (*reclaim)(struct fib_table *t); /* groups that have seen their grace period */
	const struct rcu_pool *(*groups)(const struct fib_table *t); /* to count */
	uint32_t (*rules)(const struct fib_table *t);		     /* how many there are */
};

extern const struct fib_table_ops fib_table_ip4, fib_table_ip6;
/* By enum fib_family. */
extern const struct fib_table_ops *const fib_tables[FIB_FAMILIES];

/* See the row's init. */
static inline int fib_table_init(struct fib_table *t, const struct fib_table_ops *ops, void *shared,
				 uint32_t groups, struct rte_rcu_qsbr *qsbr)
{
	t->ops = ops;
	return ops->init(t, shared, groups, qsbr);
}

#ifdef __cplusplus
}
#endif
#endif
