/* The rows of both families do the same for a view that does not know which it writes: one body, a
 * row a family. */
#include <gtest/gtest.h>

#include <cerrno>

#include "fib_table.h"
#include "trie6_rig.h"

namespace
{

constexpr uint32_t GROUPS = 64;

/* A family: its table in memory, and addresses as the test's body numbers them. */
struct family {
	const char *name;
	const struct fib_table_ops *ops;
	uint8_t wide, narrow, host; /* lengths; the narrow one needs groups, the wide one none */
	void *(*make)();
	void (*drop)(void *shared);
	struct fib_prefix (*prefix)(uint32_t number, uint8_t len);
	uint32_t (*lookup)(const void *shared, const struct fib_prefix &host);
};

constexpr uint32_t MISS = 0xffff;

const family families[] = {
	{ "IPv4", &fib_table_ip4, 8, 28, 32,
	  []() -> void * {
		  struct rte_lpm_config config = { 1, GROUPS, 0 };

		  return rte_lpm_create("family", SOCKET_ID_ANY, &config);
	  },
	  [](void *shared) { rte_lpm_free((struct rte_lpm *)shared); },
	  [](uint32_t number, uint8_t len) {
		  struct fib_prefix p = {};

		  p.ip4 = (0x0a000000 | number << 8) >> (32 - len) << (32 - len);
		  p.len = len;
		  return p;
	  },
	  [](const void *shared, const struct fib_prefix &host) {
		  uint32_t value;

		  if (rte_lpm_lookup((const struct rte_lpm *)shared, host.ip4, &value))
			  return MISS;
		  return value;
	  } },
	{ "IPv6", &fib_table_ip6, 8, 20, 20,
	  []() -> void * {
		  return mmap(nullptr, trie6_shared_size(GROUPS), PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	  },
	  [](void *shared) { munmap(shared, trie6_shared_size(GROUPS)); },
	  [](uint32_t number, uint8_t len) {
		  struct fib_prefix p = {};

		  p.ip6 = words(lpm6_model::network(addr6("2000::") | (ip6)number << 112, len));
		  p.len = len;
		  return p;
	  },
	  [](const void *shared, const struct fib_prefix &host) {
		  struct trie6_reader in = { (const struct trie6_shared *)shared, GROUPS, MISS };
		  uint32_t value;

		  trie6_plain.burst(&in, &host.ip6, &value, 1);
		  return value;
	  } },
};

void finish(struct fib_table *t)
{
	while (!t->ops->step(t, 4096))
		;
}

} // namespace

TEST(fib_table, both_families_by_one_body)
{
	for (const family &f : families) {
		void *shared = f.make();
		auto *qsbr = (struct rte_rcu_qsbr *)aligned_alloc(RTE_CACHE_LINE_SIZE,
								  rte_rcu_qsbr_get_memsize(1));
		struct fib_prefix wide = f.prefix(0, f.wide), narrow = f.prefix(1, f.narrow),
				  in_wide = f.prefix(7, f.host);
		struct fib_table t;
		uint32_t value = 0;

		SCOPED_TRACE(f.name);
		ASSERT_NE(nullptr, shared);
		ASSERT_EQ(0, rte_rcu_qsbr_init(qsbr, 1));
		ASSERT_EQ(0, fib_table_init(&t, f.ops, shared, GROUPS, qsbr));
		EXPECT_EQ(MISS, f.lookup(shared, in_wide));

		t.ops->fetch(&t, &wide);
		ASSERT_EQ(0, t.ops->set(&t, &wide, 1));
		finish(&t);
		ASSERT_EQ(0, t.ops->set(&t, &narrow, 2));
		finish(&t);
		EXPECT_EQ(1u, f.lookup(shared, in_wide));
		EXPECT_EQ(2u, f.lookup(shared, narrow));
		EXPECT_EQ(2u, t.ops->rules(&t));
		EXPECT_EQ(1u, t.ops->groups(&t)->used);
		ASSERT_EQ(0, t.ops->get(&t, &narrow, &value));
		EXPECT_EQ(2u, value);

		for (uint32_t i = 2; i <= GROUPS; i++) {
			struct fib_prefix p = f.prefix(i, f.narrow);

			ASSERT_EQ(0, t.ops->set(&t, &p, i));
			finish(&t);
		}
		struct fib_prefix more = f.prefix(GROUPS + 1, f.narrow);
		EXPECT_EQ(-ENOSPC, t.ops->set(&t, &more, 9));
		EXPECT_EQ(-ENOENT, t.ops->get(&t, &more, &value));
		EXPECT_EQ(1u, f.lookup(shared, more)) << "as before";

		ASSERT_EQ(0, t.ops->del(&t, &narrow));
		finish(&t);
		EXPECT_EQ(1u, f.lookup(shared, narrow)) << "what covers it shows";
		EXPECT_EQ(-ENOENT, t.ops->del(&t, &narrow));
		EXPECT_EQ(0, t.ops->set(&t, &more, 9));
		finish(&t);
		ASSERT_EQ(0, t.ops->del(&t, &wide));
		finish(&t);
		EXPECT_EQ(MISS, f.lookup(shared, narrow));
		EXPECT_EQ(9u, f.lookup(shared, more));
		EXPECT_EQ(GROUPS, t.ops->rules(&t));

		t.ops->fini(&t);
		free(qsbr);
		f.drop(shared);
	}
}
