/* Our writer for librte_lpm tables: whatever is set and deleted, lookups are those of rte_lpm_add()
 * and of the plain model; a full table refuses and stays whole; no group is reused under a
 * reader. */
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <sched.h>
#include <string>
#include <thread>
#include <vector>

#include "lpm4.h"
#include "longest_match.h"

namespace
{

constexpr uint32_t MISS = UINT32_MAX;
constexpr uint32_t THREADS = 4;

struct route {
	uint32_t addr;
	uint8_t len;
};

std::string text(const route &r)
{
	char buf[32];

	snprintf(buf, sizeof(buf), "%u.%u.%u.%u/%u", r.addr >> 24, r.addr >> 16 & 255,
		 r.addr >> 8 & 255, r.addr & 255, r.len);
	return buf;
}

const std::vector<route> &real_routes()
{
	static std::vector<route> routes;

	if (routes.empty()) {
		FILE *in = popen("gzip -dc '" TEST_DATA "/dfz-2024-01.v4.txt.gz'", "r");
		unsigned a, b, c, d, len;

		while (in && fscanf(in, "%u.%u.%u.%u/%u", &a, &b, &c, &d, &len) == 5)
			routes.push_back({ a << 24 | b << 16 | c << 8 | d, (uint8_t)len });
		if (in)
			pclose(in);
	}
	return routes;
}

uint32_t lookup(const struct rte_lpm *lpm, uint32_t addr)
{
	uint32_t value;

	return rte_lpm_lookup(lpm, addr, &value) ? MISS : value;
}

/* Some address for which two tables disagree, or -1. Every address that could differ is asked. */
int64_t difference(const struct rte_lpm *a, const struct rte_lpm *b)
{
	for (uint32_t i = 0; i < 1 << 24; i++) {
		bool group = a->tbl24[i].valid_group || b->tbl24[i].valid_group;

		for (uint32_t low = 0; low < (group ? 256 : 1); low++)
			if (lookup(a, i << 8 | low) != lookup(b, i << 8 | low))
				return (int64_t)i << 8 | low;
	}
	return -1;
}

/* rte_lpm_lookup_bulk() of a reader that is held up between its two loads for as long as it may
 * be. */
void slow_lookup(const struct rte_lpm *lpm, const uint32_t *addr, uint32_t *hop, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		hop[i] = __atomic_load_n((const uint32_t *)&lpm->tbl24[addr[i] >> 8],
					 __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < n; i++)
		if ((hop[i] & RTE_LPM_VALID_EXT_ENTRY_BITMASK) == RTE_LPM_VALID_EXT_ENTRY_BITMASK)
			hop[i] = __atomic_load_n(
				(const uint32_t *)&lpm
					->tbl8[(hop[i] & 0xffffff) * 256 + addr[i] % 256],
				__ATOMIC_RELAXED);
}

} // namespace

/* One 64 MB table and one writer for it, emptied for each test. */
class lpm4_test : public testing::Test
{
      protected:
	static struct rte_lpm *lpm;
	struct rte_rcu_qsbr *qsbr = nullptr;
	struct lpm4 t;
	std::mt19937 random{ 1 };

	static void SetUpTestSuite()
	{
		struct rte_lpm_config config = { 1, 1024, 0 };

		lpm = rte_lpm_create("ours", SOCKET_ID_ANY, &config);
		ASSERT_NE(nullptr, lpm);
	}
	static void TearDownTestSuite()
	{
		rte_lpm_free(lpm);
	}
	void SetUp() override
	{
		qsbr = (struct rte_rcu_qsbr *)aligned_alloc(RTE_CACHE_LINE_SIZE,
							    rte_rcu_qsbr_get_memsize(THREADS));
		ASSERT_EQ(0, rte_rcu_qsbr_init(qsbr, THREADS));
		ASSERT_EQ(0, lpm4_init(&t, lpm, 1024, qsbr));
	}
	void TearDown() override
	{
		lpm4_fini(&t);
		free(qsbr);
	}
	void restart(uint32_t groups)
	{
		lpm4_fini(&t);
		ASSERT_EQ(0, lpm4_init(&t, lpm, groups, qsbr));
	}
	void expect_empty()
	{
		uint32_t used = 0;

		for (uint32_t i = 0; i < 1 << 24; i++)
			used += t.tbl24[i] != 0;
		EXPECT_EQ(0u, used);
		EXPECT_EQ(0u, t.groups.used);
		EXPECT_EQ(0u, t.nb_rules);
		EXPECT_EQ(0u, rules_count(&t.kept));
	}
	/* Each rule that may be there is found as the model says, by what the tables say or by
	 * what is kept beside them. */
	void expect_rules(const lpm_model &model, uint32_t addr, uint8_t shortest,
			  const std::string &when)
	{
		for (uint8_t len = shortest; len <= 32; len++) {
			uint32_t network = lpm_model::network(addr, len), want = MISS, is = MISS;
			bool has = model.get(network, len, &want);

			ASSERT_EQ(has ? 0 : -ENOENT, lpm4_get(&t, network, len, &is))
				<< text({ network, len }) << " " << when;
			ASSERT_EQ(want, is) << text({ network, len }) << " " << when;
		}
	}
	/* There are as many rules as the model has, and kept beside the tables are the wide ones
	 * and those whose first address finds a longer one. */
	void expect_kept(const lpm_model &model, const std::string &when)
	{
		uint32_t all = 0, kept = 0;

		for (uint8_t len = 1; len <= 32; len++) {
			for (const auto &rule : model.of_len[len])
				kept += len < LPM4_WIDE || model.length(rule.first) > len;
			all += model.of_len[len].size();
		}
		ASSERT_EQ(all, t.nb_rules) << when;
		ASSERT_EQ(kept, rules_count(&t.kept)) << when;
	}
	/* Set all routes in the order given, compare, delete the first half, compare. */
	void same_as_librte(const std::vector<route> &routes)
	{
		struct rte_lpm_config config = { 1 << 17, 1024, 0 };
		struct rte_lpm *reference = rte_lpm_create("reference", SOCKET_ID_ANY, &config);

		ASSERT_NE(nullptr, reference);
		for (size_t i = 0; i < routes.size(); i++) {
			ASSERT_EQ(0, lpm4_set(&t, routes[i].addr, routes[i].len, i + 1))
				<< text(routes[i]);
			ASSERT_EQ(0, rte_lpm_add(reference, routes[i].addr, routes[i].len, i + 1));
		}
		EXPECT_EQ(-1, difference(lpm, reference));
		for (size_t i = 0; i < routes.size() / 2; i++) {
			/* A prefix may be there twice: both must agree whether it is still. */
			EXPECT_EQ(rte_lpm_delete(reference, routes[i].addr, routes[i].len) == 0,
				  lpm4_del(&t, routes[i].addr, routes[i].len) == 0);
		}
		EXPECT_EQ(-1, difference(lpm, reference));
		rte_lpm_free(reference);
	}
	route random_route(uint32_t within, uint8_t within_len, uint8_t shortest)
	{
		uint8_t len = shortest + random() % (33 - shortest);
		uint32_t addr = within | (uint32_t)random() >> within_len;

		return { lpm_model::network(addr, len), len };
	}
};

struct rte_lpm *lpm4_test::lpm;

TEST_F(lpm4_test, self_test)
{
	EXPECT_EQ(0, lpm4_self_test(lpm, qsbr, SOCKET_ID_ANY));
	/* what it leaves behind does not matter */
	memset(&lpm->tbl24[5], 0xff, sizeof(lpm->tbl24[5]));
	EXPECT_EQ(0, lpm4_self_test(lpm, qsbr, SOCKET_ID_ANY));
}

TEST_F(lpm4_test, edges_of_the_address_space)
{
	const std::vector<route> routes = {
		{ 0xe0000000, 4 },  { 0xf0000000, 4 },	{ 0x00000000, 1 },  { 0x80000000, 1 },
		{ 0xffffffff, 32 }, { 0x00000000, 32 }, { 0xffffff00, 24 }, { 0xfffffffe, 31 },
		{ 0x00000000, 8 },  { 0x7fffffff, 32 },
	};

	for (int order = 0; order < 3; order++) {
		std::vector<route> shuffled = routes;

		std::shuffle(shuffled.begin(), shuffled.end(), random);
		same_as_librte(shuffled);
		restart(1024);
	}
}

TEST_F(lpm4_test, same_as_librte_on_random_rules)
{
	std::vector<route> routes;

	for (int i = 0; i < 2000; i++)
		routes.push_back(random_route(0x0a140000, 16, 12)); /* dense: all nest */
	for (int i = 0; i < 500; i++)
		routes.push_back(random_route(0, 0, 1)); /* from /1 to /32, everywhere */
	std::shuffle(routes.begin(), routes.end(), random);
	same_as_librte(routes);
}

TEST_F(lpm4_test, same_as_librte_on_real_routes)
{
	std::vector<route> routes;

	ASSERT_EQ(901899u, real_routes().size());
	for (size_t i = 0; i < real_routes().size(); i++)
		if (i % 40 == 0 || real_routes()[i].len > 24 || real_routes()[i].len < 12)
			routes.push_back(real_routes()[i]);
	std::shuffle(routes.begin(), routes.end(), random);
	same_as_librte(routes);
}

TEST_F(lpm4_test, whole_real_table_as_the_model_says_and_back_to_nothing)
{
	std::vector<route> routes = real_routes();
	lpm_model model;

	std::shuffle(routes.begin(), routes.end(), random);
	for (size_t i = 0; i < routes.size(); i++) {
		ASSERT_EQ(0, lpm4_set(&t, routes[i].addr, routes[i].len, i + 1)) << text(routes[i]);
		model.set(routes[i].addr, routes[i].len, i + 1);
	}
	expect_kept(model, "with all of them");
	EXPECT_LT(rules_count(&t.kept), t.nb_rules / 6) << "most rules show";
	std::shuffle(routes.begin(), routes.end(), random);
	for (size_t i = 0; i < routes.size(); i++) {
		if (i % 16 == 0) {
			expect_rules(model, routes[i].addr, 1, text(routes[i]));
			const route &probe = routes[random() % routes.size()];
			uint32_t addrs[] = { probe.addr, lpm_model::last(probe.addr, probe.len),
					     probe.addr - 1,
					     lpm_model::last(probe.addr, probe.len) + 1,
					     (uint32_t)random() };

			for (uint32_t addr : addrs)
				ASSERT_EQ(model.lookup(addr, MISS), lookup(lpm, addr))
					<< text({ addr, 32 });
		}
		ASSERT_EQ(0, lpm4_del(&t, routes[i].addr, routes[i].len)) << text(routes[i]);
		ASSERT_TRUE(model.del(routes[i].addr, routes[i].len));
	}
	expect_empty();
}

/* Wide prefixes written in slices, and narrow ones changed between the slices: each address finds
 * what it ought to, as the table is before the wide change or after it, and when all is written,
 * after it. */
TEST_F(lpm4_test, wide_prefixes_in_slices_as_the_model_says)
{
	struct change {
		bool set;
		route r;
		uint32_t value;
	};
	lpm_model before, after; /* without and with the wide change under way */
	auto apply = [](lpm_model *model, const change &c) {
		if (c.set)
			model->set(c.r.addr, c.r.len, c.value);
		else
			model->del(c.r.addr, c.r.len);
	};
	std::vector<uint32_t> probes;
	uint32_t value = 0;
	size_t slices = 0;

	for (int round = 0; round < 400; round++) {
		/* a few of them, which nest, and come and go */
		uint8_t wide_len = 9 + random() % 7;
		change wide = { random() % 3 != 0,
				{ lpm_model::network(0x0a000000 | random() % 0x1000000, wide_len),
				  wide_len },
				++value };
		bool through;

		if (wide.set)
			ASSERT_EQ(0, lpm4_set_begin(&t, wide.r.addr, wide.r.len, wide.value));
		else if (lpm4_del_begin(&t, wide.r.addr, wide.r.len))
			continue; /* there is none */
		apply(&after, wide);
		do {
			for (int k = 0; k < 6; k++) {
				/* near the beginning and the end of it, and elsewhere */
				uint32_t near[] = { wide.r.addr,
						    lpm_model::last(wide.r.addr, wide.r.len) &
							    ~0x3ffu,
						    0x0a000000u | (uint32_t)random() % 0x1000000 };
				uint8_t len = 16 + random() % 17;
				change c = { random() % 2 == 0,
					     { lpm_model::network(
						       near[random() % 3] + random() % 0x400, len),
					       len },
					     ++value };
				int err = c.set ? lpm4_set(&t, c.r.addr, c.r.len, c.value) : 0;

				if (!c.set)
					lpm4_del_begin(&t, c.r.addr, c.r.len);
				rcu_pool_reclaim(&t.groups);
				if (err)
					continue; /* no group is free */
				apply(&before, c);
				apply(&after, c);
				probes.push_back(c.r.addr);
				probes.push_back(lpm_model::last(c.r.addr, c.r.len));
			}
			expect_rules(after, probes.empty() ? wide.r.addr : probes.back(), 1,
				     "in round " + std::to_string(round));
			through = lpm4_step(&t, 1 + random() % 3000);
			slices++;
			for (int k = 0; k < 40; k++) {
				uint32_t addr =
					k % 2 ? probes[random() % probes.size()]
					      : wide.r.addr +
							random() % (lpm_model::last(wide.r.addr,
										    wide.r.len) -
								    wide.r.addr);
				uint32_t is = lookup(lpm, addr);

				ASSERT_TRUE(is == after.lookup(addr, MISS) ||
					    (!through && is == before.lookup(addr, MISS)))
					<< text({ addr, 32 }) << " in round " << round;
			}
		} while (!through);
		apply(&before, wide);
		expect_rules(after, wide.r.addr, 1, "in round " + std::to_string(round));
		if (round % 8 == 0)
			expect_kept(after, "in round " + std::to_string(round));
		for (uint32_t addr : probes)
			ASSERT_EQ(after.lookup(addr, MISS), lookup(lpm, addr)) << round;
	}
	EXPECT_GT(slices, 800u);
}

TEST_F(lpm4_test, a_slice_is_bounded)
{
	size_t steps = 1;

	ASSERT_EQ(0, lpm4_set(&t, 0x10000000, 32, 9)); /* a group counts 256 */
	ASSERT_EQ(0, lpm4_set_begin(&t, 0, 1, 1));
	EXPECT_EQ(MISS, lookup(lpm, 0x7fffffff));
	for (; !lpm4_step(&t, 4096); steps++)
		ASSERT_LT(steps, 3000u);
	EXPECT_GE(steps, 2048u);
	EXPECT_EQ(1u, lookup(lpm, 0x7fffffff));
	EXPECT_EQ(9u, lookup(lpm, 0x10000000));
	EXPECT_TRUE(lpm4_step(&t, 1)) << "nothing is left";
}

/* Single steps, each checked over the whole neighbourhood: replacing, nesting, uncovering. */
TEST_F(lpm4_test, every_step_of_a_random_walk_as_the_model_says)
{
	lpm_model model;

	for (int step = 0; step < 4000; step++) {
		route r = random_route(0xc0a80000, 22, 20);

		if (random() % 2) {
			ASSERT_EQ(0, lpm4_set(&t, r.addr, r.len, step));
			model.set(r.addr, r.len, step);
		} else {
			ASSERT_EQ(model.del(r.addr, r.len) ? 0 : -ENOENT,
				  lpm4_del(&t, r.addr, r.len));
		}
		expect_rules(model, r.addr, 20, "after step " + std::to_string(step));
		expect_kept(model, "after step " + std::to_string(step));
		for (uint32_t addr = 0xc0a80000 - 300; addr < 0xc0a80400 + 300;
		     addr += 1 + (step & 3))
			ASSERT_EQ(model.lookup(addr, MISS), lookup(lpm, addr))
				<< text({ addr, 32 }) << " after step " << step << " " << text(r);
	}
}

TEST_F(lpm4_test, get_is_exact)
{
	uint32_t value = 7;

	ASSERT_EQ(0, lpm4_set(&t, 0x0a000000, 8, 0xffffff));
	ASSERT_EQ(0, lpm4_get(&t, 0x0a000000, 8, &value));
	EXPECT_EQ(0xffffffu, value);
	ASSERT_EQ(0, lpm4_set(&t, 0x0a000000, 8, 0));
	ASSERT_EQ(0, lpm4_get(&t, 0x0a000000, 8, &value));
	EXPECT_EQ(0u, value);
	EXPECT_EQ(-ENOENT, lpm4_get(&t, 0x0a000000, 9, &value));
	EXPECT_EQ(-ENOENT, lpm4_del(&t, 0x0a000000, 7));
	EXPECT_EQ(1u, t.nb_rules);
}

TEST_F(lpm4_test, full_table_refuses_and_stays_whole)
{
	restart(8);
	ASSERT_EQ(0, lpm4_set(&t, 0x0a000000, 8, 99));
	for (uint32_t i = 0; i < 8; i++)
		ASSERT_EQ(0, lpm4_set(&t, 0x0a000001 | i << 8, 32, i));
	for (uint8_t len = 25; len <= 32; len++) {
		EXPECT_EQ(-ENOSPC, lpm4_set(&t, 0x0a000800, len, 1000));
		EXPECT_EQ(-ENOENT, lpm4_del(&t, 0x0a000800, len));
	}
	EXPECT_EQ(9u, t.nb_rules);
	EXPECT_EQ(99u, lookup(lpm, 0x0a000800));
	EXPECT_EQ(0, lpm4_set(&t, 0x0a000700, 25, 77)) << "its group is there";
	EXPECT_EQ(0, lpm4_set(&t, 0x0a000800, 24, 78)) << "needs none";
	ASSERT_EQ(0, lpm4_del(&t, 0x0a000001, 32));
	EXPECT_EQ(99u, lookup(lpm, 0x0a000001));
	EXPECT_EQ(0, lpm4_set(&t, 0x0a000800, 32, 1000)) << "no reader: the group is free at once";
	EXPECT_EQ(1000u, lookup(lpm, 0x0a000800));
	EXPECT_EQ(78u, lookup(lpm, 0x0a000801));
}

TEST_F(lpm4_test, group_waits_for_its_readers)
{
	restart(8);
	ASSERT_EQ(0, rte_rcu_qsbr_thread_register(qsbr, 0));
	rte_rcu_qsbr_thread_online(qsbr, 0);
	for (uint32_t i = 0; i < 8; i++)
		ASSERT_EQ(0, lpm4_set(&t, i << 8, 32, i));
	ASSERT_EQ(0, lpm4_del(&t, 0, 32));
	EXPECT_EQ(7u, t.groups.used);
	for (int attempt = 0; attempt < 3; attempt++)
		EXPECT_EQ(-ENOSPC, lpm4_set(&t, 0x0a000000, 32, 1)) << "a reader may be inside";
	rte_rcu_qsbr_quiescent(qsbr, 0);
	EXPECT_EQ(0, lpm4_set(&t, 0x0a000000, 32, 1));
	rte_rcu_qsbr_thread_offline(qsbr, 0);
}

/* Readers against a writer that flaps rules, so that groups come and go all the time. A value is
 * the number of a rule: whatever a reader finds must be a rule that covers the address that it
 * asked for, and one always does. */
TEST_F(lpm4_test, readers_never_see_a_value_that_was_not_for_the_address)
{
	constexpr uint32_t BLOCKS = 64, GROUPS = 64, CHANGES = 20000;
	std::vector<route> rules = { { 0x0a000000, 8 } };
	std::vector<std::thread> readers;
	std::atomic<uint64_t> wrong{ 0 }, asked{ 0 };
	std::atomic<bool> stop{ false };
	std::atomic<uint32_t> running{ 0 };

	restart(GROUPS);
	for (uint32_t b = 0; b < BLOCKS; b++)
		for (route r : { route{ 0, 24 }, route{ 192, 26 }, route{ 200, 32 } })
			rules.push_back({ 0x0a0a0000 | b << 8 | r.addr, r.len });
	rules.push_back({ 0x0a0a0000, 20 });
	ASSERT_EQ(0, lpm4_set(&t, rules[0].addr, rules[0].len, 0));

	for (uint32_t id = 0; id < 2; id++)
		readers.emplace_back([&, id] {
			std::mt19937 mine(id + 100);
			uint32_t addr[1024], hop[1024];

			rte_rcu_qsbr_thread_register(qsbr, id);
			rte_rcu_qsbr_thread_online(qsbr, id);
			running++;
			while (!stop) {
				for (uint32_t &a : addr)
					a = 0x0a0a0000 | mine() % (BLOCKS * 256);
				if (id == 0)
					rte_lpm_lookup_bulk(lpm, addr, hop, 1024);
				else
					slow_lookup(lpm, addr, hop, 1024);
				for (int i = 0; i < 1024; i++) {
					uint32_t n = hop[i] & 0xffffff;

					wrong += !(hop[i] & RTE_LPM_LOOKUP_SUCCESS) ||
						 n >= rules.size() ||
						 lpm_model::network(addr[i], rules[n].len) !=
							 rules[n].addr;
				}
				asked += 1024;
				rte_rcu_qsbr_quiescent(qsbr, id);
			}
			rte_rcu_qsbr_thread_offline(qsbr, id);
			rte_rcu_qsbr_thread_unregister(qsbr, id);
		});
	while (running < 2)
		sched_yield();
	for (uint32_t done = 0; done < CHANGES; done++) {
		uint32_t n = 1 + random() % (rules.size() - 1);
		int err = lpm4_del(&t, rules[n].addr, rules[n].len);

		if (err == -ENOENT)
			while ((err = lpm4_set(&t, rules[n].addr, rules[n].len, n)) == -ENOSPC)
				sched_yield(); /* one group a block: some wait for the readers */
		ASSERT_EQ(0, err);
	}
	stop = true;
	for (std::thread &reader : readers)
		reader.join();
	EXPECT_EQ(0u, wrong);
	EXPECT_LT(0u, asked);
	EXPECT_LT(10 * GROUPS, t.groups.tail) << "groups were reused, many times over";
}
