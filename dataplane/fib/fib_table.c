/* See fib_table.h. */
#include "fib_table.h"

static int ip4_init(struct fib_table *t, void *shared, uint32_t groups, struct rte_rcu_qsbr *qsbr)
{
	return lpm4_init(&t->lpm4, (struct rte_lpm *)shared, groups, qsbr);
}

static void ip4_fini(struct fib_table *t)
{
	lpm4_fini(&t->lpm4);
}

static int ip4_set(struct fib_table *t, const struct fib_prefix *p, uint32_t value)
{
	return lpm4_set_begin(&t->lpm4, p->ip4, p->len, value);
}

static int ip4_del(struct fib_table *t, const struct fib_prefix *p)
{
	return lpm4_del_begin(&t->lpm4, p->ip4, p->len);
}

static bool ip4_step(struct fib_table *t, uint32_t max)
{
	return lpm4_step(&t->lpm4, max);
}

static int ip4_get(const struct fib_table *t, const struct fib_prefix *p, uint32_t *value)
{
	return lpm4_get(&t->lpm4, p->ip4, p->len, value);
}

static void ip4_fetch(const struct fib_table *t, const struct fib_prefix *p)
{
	lpm4_fetch(&t->lpm4, p->ip4, p->len);
}

static void ip4_reclaim(struct fib_table *t)
{
	rcu_pool_reclaim(&t->lpm4.groups);
}

static const struct rcu_pool *ip4_groups(const struct fib_table *t)
{
	return &t->lpm4.groups;
}

static uint32_t ip4_rules(const struct fib_table *t)
{
	return t->lpm4.nb_rules;
}

const struct fib_table_ops fib_table_ip4 = {
	.init = ip4_init,
	.fini = ip4_fini,
	.set = ip4_set,
	.del = ip4_del,
	.step = ip4_step,
	.get = ip4_get,
	.fetch = ip4_fetch,
	.reclaim = ip4_reclaim,
	.groups = ip4_groups,
	.rules = ip4_rules,
};

static int ip6_init(struct fib_table *t, void *shared, uint32_t groups, struct rte_rcu_qsbr *qsbr)
{
	return trie6_init(&t->trie6, (struct trie6_shared *)shared, groups, qsbr);
}

static void ip6_fini(struct fib_table *t)
{
	trie6_fini(&t->trie6);
}

static int ip6_set(struct fib_table *t, const struct fib_prefix *p, uint32_t value)
{
	return trie6_set_begin(&t->trie6, &p->ip6, p->len, value);
}

static int ip6_del(struct fib_table *t, const struct fib_prefix *p)
{
	return trie6_del_begin(&t->trie6, &p->ip6, p->len);
}

static bool ip6_step(struct fib_table *t, uint32_t max)
{
	return trie6_step(&t->trie6, max);
}

static int ip6_get(const struct fib_table *t, const struct fib_prefix *p, uint32_t *value)
{
	return trie6_get(&t->trie6, &p->ip6, p->len, value);
}

static void ip6_fetch(const struct fib_table *t, const struct fib_prefix *p)
{
	trie6_fetch(&t->trie6, &p->ip6, p->len);
}

static void ip6_reclaim(struct fib_table *t)
{
	rcu_pool_reclaim(&t->trie6.groups);
}

static const struct rcu_pool *ip6_groups(const struct fib_table *t)
{
	return &t->trie6.groups;
}

static uint32_t ip6_rules(const struct fib_table *t)
{
	return t->trie6.nb_rules;
}

const struct fib_table_ops fib_table_ip6 = {
	.init = ip6_init,
	.fini = ip6_fini,
	.set = ip6_set,
	.del = ip6_del,
	.step = ip6_step,
	.get = ip6_get,
	.fetch = ip6_fetch,
	.reclaim = ip6_reclaim,
	.groups = ip6_groups,
	.rules = ip6_rules,
};

const struct fib_table_ops *const fib_tables[FIB_FAMILIES] = {
	[FIB_IP4] = &fib_table_ip4,
	[FIB_IP6] = &fib_table_ip6,
};
