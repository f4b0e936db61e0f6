/* The table of IPv6: whatever is set and deleted, look-ups are those of rte_lpm6 and of the plain
 * model; a full table refuses and stays whole; no group is reused under a reader; and a writer that
 * is killed leaves what readers can read and a successor can fill anew. */
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <random>
#include <sched.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <rte_lpm6.h>

#include "trie6_rig.h"

namespace
{

constexpr uint32_t MISS = 0, THREADS = 4, GROUPS = 1 << 17;

/* Of a rule's number; never MISS. */
uint32_t value_of(size_t number)
{
	return 1 + (uint32_t)(number % (FIB_PATH_LISTS - 1));
}

} // namespace

/* One table and one writer for it, emptied for each test. */
class trie6_test : public testing::Test
{
      protected:
	struct rte_rcu_qsbr *qsbr = nullptr;
	table6 table{ GROUPS };
	struct trie6 t;
	std::mt19937_64 random{ 1 };

	void SetUp() override
	{
		qsbr = (struct rte_rcu_qsbr *)aligned_alloc(RTE_CACHE_LINE_SIZE,
							    rte_rcu_qsbr_get_memsize(THREADS));
		ASSERT_EQ(0, rte_rcu_qsbr_init(qsbr, THREADS));
		ASSERT_EQ(0, trie6_init(&t, table.shared, table.groups, qsbr));
	}
	void TearDown() override
	{
		trie6_fini(&t);
		free(qsbr);
	}
	void restart(uint32_t groups)
	{
		trie6_fini(&t);
		ASSERT_EQ(0, trie6_init(&t, table.shared, groups, qsbr));
	}
	int set(ip6 addr, uint8_t len, uint32_t value)
	{
		struct trie6_addr a = words(addr);

		return trie6_set(&t, &a, len, value);
	}
	int set(const char *addr, uint8_t len, uint32_t value)
	{
		return set(addr6(addr), len, value);
	}
	int del(ip6 addr, uint8_t len)
	{
		struct trie6_addr a = words(addr);

		return trie6_del(&t, &a, len);
	}
	int del(const char *addr, uint8_t len)
	{
		return del(addr6(addr), len);
	}
	uint32_t lookup(const char *addr) const
	{
		return table.lookup(addr6(addr));
	}
	ip6 random_addr()
	{
		ip6 high = random();

		return high << 64 | random();
	}
	/* Of lengths shortest..128, within a prefix. */
	route6 random_route(ip6 within, uint8_t within_len, uint8_t shortest)
	{
		uint8_t len = (uint8_t)(shortest + random() % (129u - shortest));
		ip6 low = within_len ? random_addr() >> within_len : random_addr();

		return { lpm6_model::network(within | low, len), len };
	}
	void expect_empty()
	{
		uint32_t used = 0;

		for (uint32_t entry : table.shared->root)
			used += entry != 0;
		EXPECT_EQ(0u, used);
		EXPECT_EQ(0u, t.groups.used);
		EXPECT_EQ(0u, t.nb_rules);
	}
	void expect_model(const lpm6_model &model, const std::vector<ip6> &addrs, const char *when)
	{
		std::vector<uint32_t> found = look_up(table.reader(MISS), addrs);

		for (size_t i = 0; i < addrs.size(); i++)
			ASSERT_EQ(model.lookup(addrs[i], MISS), found[i])
				<< text({ addrs[i], 128 }) << " " << when;
	}
	void expect_librte(const struct rte_lpm6 *reference, const std::vector<ip6> &addrs)
	{
		std::vector<uint32_t> found = look_up(table.reader(MISS), addrs);

		for (size_t i = 0; i < addrs.size(); i++) {
			uint8_t octets[16];
			uint32_t value;

			octets6(addrs[i], octets);
			if (rte_lpm6_lookup(reference, octets, &value))
				value = MISS;
			ASSERT_EQ(value, found[i]) << text({ addrs[i], 128 });
		}
	}
	/* Set all routes in the order given, compare, delete the first half, compare. */
	void same_as_librte(const std::vector<route6> &routes)
	{
		struct rte_lpm6_config config = { 1 << 17, 1 << 16, 0 };
		struct rte_lpm6 *reference = rte_lpm6_create("reference", SOCKET_ID_ANY, &config);
		std::vector<ip6> addrs = borders(routes);
		uint8_t octets[16];

		ASSERT_NE(nullptr, reference);
		for (size_t i = 0; i < routes.size(); i++) {
			octets6(routes[i].addr, octets);
			ASSERT_EQ(0, set(routes[i].addr, routes[i].len, value_of(i)))
				<< text(routes[i]);
			ASSERT_EQ(0, rte_lpm6_add(reference, octets, routes[i].len, value_of(i)));
		}
		expect_librte(reference, addrs);
		for (size_t i = 0; i < routes.size() / 2; i++) {
			octets6(routes[i].addr, octets);
			/* A prefix may be there twice: both must agree whether it is still. */
			EXPECT_EQ(rte_lpm6_delete(reference, octets, routes[i].len) == 0,
				  del(routes[i].addr, routes[i].len) == 0);
		}
		expect_librte(reference, addrs);
		rte_lpm6_free(reference);
	}
};

TEST_F(trie6_test, edges_of_the_address_space)
{
	std::vector<route6> routes = {
		{ 0, 1 },
		{ addr6("8000::"), 1 },
		{ 0, 16 },
		{ 0, 17 },
		{ 0, 128 },
		{ ~(ip6)0, 128 },
		{ ~(ip6)0 - 1, 127 },
		{ addr6("ffff::"), 16 },
		{ addr6("fff0::"), 12 },
		{ addr6("ff02::"), 16 },
		{ addr6("fe80::"), 10 },
		{ addr6("2000::"), 3 },
		{ addr6("7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 128 },
	};

	for (int order = 0; order < 10; order++) {
		same_as_librte(routes);
		restart(GROUPS);
		std::shuffle(routes.begin(), routes.end(), random);
	}
}

/* All that is inside a prefix of each length, at the borders of words and of groups. */
TEST_F(trie6_test, every_length_within_every_other)
{
	std::vector<route6> routes;
	ip6 at = addr6("2001:db8:5a5a:a5a5:1234:5678:9abc:def1");

	for (uint8_t len = 1; len <= 128; len++)
		routes.push_back({ lpm6_model::network(at, len), len });
	for (int order = 0; order < 4; order++) {
		same_as_librte(routes);
		for (const route6 &r : routes)
			del(r.addr, r.len);
		expect_empty();
		std::shuffle(routes.begin(), routes.end(), random);
	}
}

TEST_F(trie6_test, same_as_librte_on_random_rules)
{
	std::vector<route6> routes;

	for (int i = 0; i < 2000; i++)
		routes.push_back(random_route(addr6("2001:db8::"), 118, 112)); /* all nest */
	for (int i = 0; i < 1000; i++)
		routes.push_back(random_route(addr6("2001:db8::"), 32, 30));
	for (int i = 0; i < 500; i++)
		routes.push_back(random_route(0, 0, 1));
	for (int i = 0; i < 500; i++)
		routes.push_back({ addr6("fd00:1::") | random() % 4096, 128 }); /* hosts */
	std::shuffle(routes.begin(), routes.end(), random);
	same_as_librte(routes);
}

TEST_F(trie6_test, same_as_librte_on_real_routes)
{
	std::vector<route6> routes;

	ASSERT_EQ(160147u, real_routes6().size());
	for (size_t i = 0; i < real_routes6().size(); i++)
		if (i % 10 == 0 || real_routes6()[i].len > 48 || real_routes6()[i].len < 29)
			routes.push_back(real_routes6()[i]);
	std::shuffle(routes.begin(), routes.end(), random);
	same_as_librte(routes);
}

TEST_F(trie6_test, whole_real_table_as_the_model_says_and_back_to_nothing)
{
	std::vector<route6> routes = real_routes6();
	lpm6_model model;

	std::shuffle(routes.begin(), routes.end(), random);
	for (size_t i = 0; i < routes.size(); i++) {
		ASSERT_EQ(0, set(routes[i].addr, routes[i].len, value_of(i))) << text(routes[i]);
		model.set(routes[i].addr, routes[i].len, value_of(i));
	}
	expect_model(model, borders(routes), "full");
	EXPECT_GT(105000u, t.groups.used) << "the memory that README promises";
	std::shuffle(routes.begin(), routes.end(), random);
	for (size_t i = 0; i < routes.size(); i++) {
		if (i % 1000 == 0) {
			std::vector<ip6> addrs = { random_addr() };

			for (int k = 0; k < 25; k++) {
				const route6 &probe = routes[random() % routes.size()];
				std::vector<ip6> some = borders({ probe });

				addrs.insert(addrs.end(), some.begin(), some.end());
				addrs.push_back(probe.addr | random_addr() >> probe.len % 128);
			}
			expect_model(model, addrs, "half empty");
		}
		ASSERT_EQ(0, del(routes[i].addr, routes[i].len)) << text(routes[i]);
		ASSERT_TRUE(model.del(routes[i].addr, routes[i].len));
	}
	expect_empty();
}

/* Single changes, each checked at every border of its neighbourhood: replacing, nesting,
 * uncovering. */
TEST_F(trie6_test, every_step_of_a_random_walk_as_the_model_says)
{
	static const struct {
		const char *within;
		uint8_t within_len, shortest;
	} rows[] = {
		{ "::", 126, 118 },		      /* host routes */
		{ "2001:db8::", 26, 24 },	      /* from there to host routes */
		{ "2001:db8:0:ffff:ffff::", 74, 56 }, /* over a border of words */
		{ "fe80::", 12, 1 },		      /* in the root and anywhere */
	};

	for (const auto &row : rows) {
		std::vector<route6> known;
		lpm6_model model;

		for (int n = 0; n < 60; n++) {
			route6 r = random_route(addr6(row.within), row.within_len, row.shortest);

			/* half of them around a few addresses, so that they nest */
			if (n % 2 && !known.empty())
				r.addr = lpm6_model::network(known[random() % known.size()].addr,
							     r.len);
			known.push_back(r);
		}
		std::vector<ip6> addrs = borders(known);
		for (int step = 0; step < 600; step++) {
			const route6 &r = known[random() % known.size()];

			if (random() % 2) {
				ASSERT_EQ(0, set(r.addr, r.len, value_of(step)));
				model.set(r.addr, r.len, value_of(step));
			} else {
				ASSERT_EQ(model.del(r.addr, r.len) ? 0 : -ENOENT,
					  del(r.addr, r.len));
			}
			expect_model(model, addrs, text(r).c_str());
		}
		for (const route6 &r : known)
			del(r.addr, r.len);
		expect_empty();
	}
}

/* A prefix above much that is written in steps: each address finds what it found before, or what it
 * ought to find after; and when all is written, that. */
TEST_F(trie6_test, what_is_written_in_steps_is_old_or_new)
{
	static const route6 above[] = { { addr6("2000::"), 3 },
					{ addr6("2400::"), 12 },
					{ addr6("2001:db8::"), 30 } };
	std::vector<route6> routes;
	lpm6_model before, after;
	size_t steps = 0;

	for (int i = 0; i < 3000; i++)
		routes.push_back(random_route(above[random() % 3].addr, 34, 40));
	for (size_t i = 0; i < routes.size(); i++) {
		ASSERT_EQ(0, set(routes[i].addr, routes[i].len, value_of(i)));
		after.set(routes[i].addr, routes[i].len, value_of(i));
	}
	before = after;
	std::vector<ip6> addrs = borders({ routes.begin(), routes.begin() + 100 });
	for (int round = 0; round < 30; round++) {
		const route6 &r = above[random() % 3];
		struct trie6_addr a = words(r.addr);
		bool through = false;

		if (random() % 3) {
			ASSERT_EQ(0, trie6_set_begin(&t, &a, r.len, value_of(round)));
			after.set(r.addr, r.len, value_of(round));
		} else if (after.del(r.addr, r.len)) {
			ASSERT_EQ(0, trie6_del_begin(&t, &a, r.len));
		}
		while (!through) {
			through = trie6_step(&t, 1 + (uint32_t)random() % 9000);
			steps++;
			std::vector<uint32_t> found = look_up(table.reader(MISS), addrs);
			for (size_t i = 0; i < addrs.size(); i++)
				ASSERT_TRUE(found[i] == after.lookup(addrs[i], MISS) ||
					    (!through && found[i] == before.lookup(addrs[i], MISS)))
					<< text({ addrs[i], 128 }) << " in round " << round;
		}
		before = after;
	}
	EXPECT_GT(steps, 200u) << "some take several";
}

TEST_F(trie6_test, a_step_is_bounded)
{
	uint32_t steps = 1, groups;

	for (uint32_t i = 0; i < 3000; i++)
		ASSERT_EQ(0, set(addr6("2001:db8::") | (ip6)i << 64, 128, 9));
	groups = t.groups.used;
	struct trie6_addr a = words(addr6("2000::"));
	ASSERT_EQ(0, trie6_set_begin(&t, &a, 3, 1));
	EXPECT_EQ(MISS, lookup("2001:db8:0:bb7::1"));
	for (; !trie6_step(&t, 1000); steps++)
		ASSERT_LT(steps, 2000u);
	EXPECT_GE(steps, (groups - 256) * TRIE6_GROUP / 1000);
	EXPECT_EQ(1u, lookup("2001:db8:0:bb7::1"));
	EXPECT_EQ(9u, lookup("2001:db8:0:2::"));
	EXPECT_TRUE(trie6_step(&t, 1)) << "nothing is left";
}

/* What a longer rule covers is not gone through again. */
TEST_F(trie6_test, a_covered_part_costs_nothing)
{
	ASSERT_EQ(0, set("2001:db8::", 32, 5));
	for (uint32_t i = 0; i < 1000; i++)
		ASSERT_EQ(0, set(addr6("2001:db8::") | (ip6)i << 64, 128, 9));
	struct trie6_addr a = words(addr6("2000::"));
	ASSERT_EQ(0, trie6_set_begin(&t, &a, 12, 1));
	EXPECT_TRUE(trie6_step(&t, 1));
	EXPECT_EQ(5u, lookup("2001:db8::ffff"));
	EXPECT_EQ(1u, lookup("2001:db9::"));
}

TEST_F(trie6_test, get_is_exact)
{
	struct trie6_addr a = words(addr6("2001:db8::"));
	uint32_t value = 7;

	ASSERT_EQ(0, set("2001:db8::", 32, TRIE6_VALUE));
	ASSERT_EQ(0, trie6_get(&t, &a, 32, &value));
	EXPECT_EQ((uint32_t)TRIE6_VALUE, value);
	ASSERT_EQ(0, set("2001:db8::", 32, 0));
	ASSERT_EQ(0, trie6_get(&t, &a, 32, &value));
	EXPECT_EQ(0u, value);
	EXPECT_EQ(0u, look_up(table.reader(9), { addr6("2001:db8::1") })[0]) << "0 is a value";
	EXPECT_EQ(9u, look_up(table.reader(9), { addr6("2001:db9::1") })[0]) << "default route";
	for (uint8_t len : { 1, 16, 31, 33, 36, 64, 128 }) {
		struct trie6_addr other = words(lpm6_model::network(addr6("2001:db8::"), len));

		EXPECT_EQ(-ENOENT, trie6_get(&t, &other, len, &value)) << (int)len;
		EXPECT_EQ(-ENOENT, trie6_del(&t, &other, len)) << (int)len;
	}
	EXPECT_EQ(1u, t.nb_rules);
}

/* The entries that every table begins with, one by one hidden by a route of their own prefix, and
 * shown again; what is inside them and what is not. */
TEST_F(trie6_test, seeds)
{
	static const struct {
		const char *prefix;
		uint8_t len;
		const char *inside, *outside;
		uint32_t around; /* what outside finds */
	} rows[] = {
		{ "2001:db8:255::1", 128, "2001:db8:255::1", "2001:db8:255::2", 2 },
		{ "2001:db8:255::", 64, "2001:db8:255::99", "2001:db8:255:1::", MISS },
		{ "ff02::", 16, "ff02::1:ff00:1", "ff05::1", MISS },
		{ "fe80::", 10, "fe80::1", "fec0::1", MISS },
	};

	for (size_t i = 0; i < RTE_DIM(rows); i++)
		ASSERT_EQ(0, set(rows[i].prefix, rows[i].len, (uint32_t)i + 1));
	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		uint32_t seed = (uint32_t)i + 1;

		EXPECT_EQ(seed, lookup(rows[i].inside)) << rows[i].prefix;
		EXPECT_EQ(rows[i].around, lookup(rows[i].outside)) << rows[i].prefix;
		ASSERT_EQ(0, set(rows[i].prefix, rows[i].len, 77));
		EXPECT_EQ(77u, lookup(rows[i].inside)) << rows[i].prefix;
		EXPECT_EQ(rows[i].around, lookup(rows[i].outside)) << rows[i].prefix;
		ASSERT_EQ(0, set(rows[i].prefix, rows[i].len, seed));
		EXPECT_EQ(seed, lookup(rows[i].inside)) << rows[i].prefix;
	}
}

TEST_F(trie6_test, full_table_refuses_and_stays_whole)
{
	const uint8_t lengths[] = { 17, 20, 21, 32, 33, 64, 65, 100, 125, 128 };

	restart(32);
	ASSERT_EQ(0, set("2000::", 3, 99));
	ASSERT_EQ(0, set("2001:db8::1", 128, 1));
	EXPECT_EQ((uint32_t)TRIE6_DEPTH, t.groups.used);
	for (int attempt = 0; attempt < 3; attempt++) {
		EXPECT_EQ(-ENOSPC, set("3001::", 36, 2)) << "a group too much";
		EXPECT_EQ((uint32_t)TRIE6_DEPTH, t.groups.used) << "nothing is begun";
		EXPECT_EQ(0u, table.shared->root[0x3001] & TRIE6_IS_GROUP);
	}
	EXPECT_EQ(0, set("3001::", 32, 2)) << "the last four";
	for (uint8_t len : lengths) {
		EXPECT_EQ(-ENOSPC, set("3fff::", len, 1000)) << (int)len;
		EXPECT_EQ(-ENOENT, del("3fff::", len)) << (int)len;
	}
	EXPECT_EQ(3u, t.nb_rules);
	EXPECT_EQ(99u, lookup("3fff::"));
	EXPECT_EQ(1u, lookup("2001:db8::1"));
	EXPECT_EQ(2u, lookup("3001::1"));
	EXPECT_EQ(0, set("3001::", 29, 77)) << "its groups are there";
	EXPECT_EQ(77u, lookup("3001:7::"));
	EXPECT_EQ(0, set("3fff::", 16, 78)) << "needs none";
	ASSERT_EQ(0, del("2001:db8::1", 128));
	EXPECT_EQ(99u, lookup("2001:db8::1"));
	EXPECT_EQ(0, set("3fff::", 128, 1000)) << "no reader: the groups are free at once";
	EXPECT_EQ(1000u, lookup("3fff::"));
	EXPECT_EQ(78u, lookup("3fff::1"));
}

TEST_F(trie6_test, group_waits_for_its_readers)
{
	restart(8);
	ASSERT_EQ(0, rte_rcu_qsbr_thread_register(qsbr, 0));
	rte_rcu_qsbr_thread_online(qsbr, 0);
	for (uint32_t i = 0; i < 8; i++)
		ASSERT_EQ(0, set((ip6)i << 112, 20, i));
	ASSERT_EQ(0, del((ip6)0, 20));
	EXPECT_EQ(7u, t.groups.used);
	for (int attempt = 0; attempt < 3; attempt++)
		EXPECT_EQ(-ENOSPC, set((ip6)9 << 112, 20, 1)) << "a reader may be inside";
	rte_rcu_qsbr_quiescent(qsbr, 0);
	EXPECT_EQ(0, set((ip6)9 << 112, 20, 1));
	rte_rcu_qsbr_thread_offline(qsbr, 0);
}

/* A reader that is held up between two loads, while the group that it is about to look into goes
 * and is wanted for another prefix. If it is registered it finds that there is no rule any more; if
 * nobody waits for it, which is what a table without grace periods does to all, it finds what is
 * not for its address. */
TEST_F(trie6_test, a_reader_held_up_between_two_loads)
{
	for (bool registered : { true, false }) {
		ip6 asked = addr6("2001:8000::");
		uint32_t held, found;

		restart(1);
		if (registered) {
			ASSERT_EQ(0, rte_rcu_qsbr_thread_register(qsbr, 0));
			rte_rcu_qsbr_thread_online(qsbr, 0);
		}
		ASSERT_EQ(0, set(asked, 20, 1));
		held = table.shared->root[0x2001];
		ASSERT_TRUE(held & TRIE6_IS_GROUP);
		ASSERT_EQ(0, del(asked, 20));
		EXPECT_EQ(registered ? -ENOSPC : 0, set("2002:8000::", 20, 2));
		found = table.shared->groups[held & TRIE6_VALUE][8] & TRIE6_VALUE;
		EXPECT_EQ(registered ? 0u : 2u, found);
		if (registered) {
			rte_rcu_qsbr_thread_offline(qsbr, 0);
			rte_rcu_qsbr_thread_unregister(qsbr, 0);
		}
	}
}

/* A reader that is held up after each step for as long as it may be. */
static void slow_lookup(const struct trie6_shared *shared, const ip6 *addr, uint32_t *entry, int n)
{
	for (int i = 0; i < n; i++)
		entry[i] = __atomic_load_n(&shared->root[(uint16_t)(addr[i] >> 112)],
					   __ATOMIC_RELAXED);
	for (int from = TRIE6_ROOT_BITS; from < TRIE6_LEN; from += TRIE6_STEP)
		for (int i = 0; i < n; i++)
			if (entry[i] & TRIE6_IS_GROUP)
				entry[i] = __atomic_load_n(
					&shared->groups[entry[i] & TRIE6_VALUE]
						       [(addr[i] >> (124 - from)) % 16],
					__ATOMIC_RELAXED);
}

/* Readers against a writer that flaps rules, so that groups come and go all the time. A value is
 * the number of a rule: whatever a reader finds must be a rule that covers the address that it
 * asked for, and one always does. */
TEST_F(trie6_test, readers_never_see_a_value_that_was_not_for_the_address)
{
	constexpr uint32_t BLOCKS = 90, POOL = 512, CHANGES = 30000;
	const ip6 base = addr6("2001:db8::");
	std::vector<route6> rules = { { 0, 1 }, { base, 32 } }; /* the second stays */
	std::vector<std::thread> readers;
	std::atomic<uint64_t> wrong{ 0 }, asked{ 0 };
	std::atomic<bool> stop{ false };
	std::atomic<uint32_t> running{ 0 };

	restart(POOL);
	for (uint32_t b = 0; b < BLOCKS; b++)
		for (uint8_t len : { 40, 46, 53, 60 }) /* five groups a block: some wait */
			rules.push_back({ base | (ip6)b << 88, len });
	rules.push_back({ base, 34 });
	rules.push_back({ base, 36 });
	ASSERT_EQ(0, set(base, 32, 1));

	auto lookups = usable_lookups();
	for (uint32_t id = 0; id < 2; id++)
		readers.emplace_back([&, id] {
			std::mt19937 mine(id + 100);
			struct trie6_reader in = { table.shared, POOL, 0xffff };
			ip6 addr[1024];
			uint32_t found[1024];

			rte_rcu_qsbr_thread_register(qsbr, id);
			rte_rcu_qsbr_thread_online(qsbr, id);
			running++;
			for (uint32_t turn = 0; !stop; turn++) {
				for (ip6 &a : addr)
					a = base | (ip6)(mine() % BLOCKS) << 88 |
					    (ip6)(mine() % 2) << (128 - 47 - 7 * (mine() % 2));
				for (int i = 0; id == 0 && i < 1024; i += FIB_BURST) {
					struct trie6_addr dst[FIB_BURST];

					for (int k = 0; k < FIB_BURST; k++)
						dst[k] = words(addr[i + k]);
					wrong += lookups[turn % lookups.size()]->burst(
							 &in, dst, &found[i], FIB_BURST) != 0;
				}
				if (id == 1)
					slow_lookup(table.shared, addr, found, 1024);
				for (int i = 0; i < 1024; i++) {
					uint32_t n = found[i] & 0xffff;

					wrong += n >= rules.size() ||
						 lpm6_model::network(addr[i], rules[n].len) !=
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
		uint32_t n = done % 8 ? 2 + (uint32_t)(random() % (rules.size() - 2)) : 0;
		int err = del(rules[n].addr, rules[n].len);

		if (err == -ENOENT)
			while ((err = set(rules[n].addr, rules[n].len, n)) == -ENOSPC)
				sched_yield();
		ASSERT_EQ(0, err);
	}
	stop = true;
	for (std::thread &reader : readers)
		reader.join();
	EXPECT_EQ(0u, wrong);
	EXPECT_LT(0u, asked);
	EXPECT_LT(10 * POOL, t.groups.tail) << "groups were reused, many times over";
}

/* Control is killed in the midst of changes to the live table. What forwarding lcores find stays
 * what some rule says, and every way ends; the one that comes after it fills the spare from
 * nothing, whatever lies there, and its own death leaves the live one alone. */
TEST_F(trie6_test, killed_writer)
{
	constexpr uint32_t POOL = 4096, LIVES = 12, RULES = 300;
	table6 generation[2] = { table6(POOL), table6(POOL) };
	auto *changes = (std::atomic<uint32_t> *)mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
						      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	std::vector<route6> rules = { { addr6("2000::"), 3 } };
	ip6 base = addr6("2001:db8::");
	std::vector<uint32_t> live;

	ASSERT_NE(MAP_FAILED, (void *)changes);
	for (uint32_t i = 1; i < RULES; i++)
		rules.push_back(random_route(base, 52, (uint8_t)(30 + i % 35)));
	std::vector<ip6> addrs = borders({ rules.begin() + 1, rules.end() });
	addrs.erase(std::remove_if(addrs.begin(), addrs.end(), [](ip6 a) { return a >> 125 != 1; }),
		    addrs.end());
	for (uint32_t life = 0; life < LIVES; life++) {
		const table6 &mine = generation[life % 2], &other = generation[!(life % 2)];
		uint32_t enough = 2000 + (uint32_t)(random() % 500);

		*changes = 0;
		pid_t pid = fork();

		ASSERT_LE(0, pid);
		if (pid == 0) {
			struct trie6 own;

			/* all rules, which are then published, and changes for ever */
			if (trie6_init(&own, mine.shared, POOL, qsbr))
				_exit(1);
			for (uint32_t i = 0;; i++) {
				uint32_t n = i < RULES ? i : (uint32_t)(random() % RULES);
				struct trie6_addr a = words(rules[n].addr);

				/* the first one only ever changes */
				if (n == 0 || trie6_del(&own, &a, rules[n].len))
					trie6_set(&own, &a, rules[n].len, n + RULES * (i % 3));
				++*changes;
			}
		}
		while (*changes < enough)
			sched_yield();
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, nullptr, 0));

		std::vector<uint32_t> found = look_up(mine.reader(0xffff), addrs);
		for (size_t i = 0; i < addrs.size(); i++) {
			const route6 &r = rules[found[i] % RULES];

			ASSERT_NE(0xffffu, found[i]) << text({ addrs[i], 128 });
			ASSERT_EQ(r.addr, lpm6_model::network(addrs[i], r.len))
				<< text({ addrs[i], 128 }) << " in life " << life;
		}
		if (life) {
			EXPECT_EQ(live, look_up(other.reader(0xffff), addrs));
		}
		live = found;
	}

	/* the last one lives, and takes the half-changed spare */
	const table6 &spare = generation[LIVES % 2];
	lpm6_model model;
	struct trie6 own;

	ASSERT_EQ(0, trie6_init(&own, spare.shared, POOL, qsbr));
	for (uint32_t found : look_up(spare.reader(0xffff), addrs))
		ASSERT_EQ(0xffffu, found) << "it begins with nothing";
	for (uint32_t n = 0; n < RULES; n++) {
		struct trie6_addr a = words(rules[n].addr);

		ASSERT_EQ(0, trie6_set(&own, &a, rules[n].len, n));
		model.set(rules[n].addr, rules[n].len, n);
	}
	std::vector<uint32_t> found = look_up(spare.reader(0xffff), addrs);
	for (size_t i = 0; i < addrs.size(); i++)
		ASSERT_EQ(model.lookup(addrs[i], 0xffff), found[i]);
	EXPECT_EQ(live, look_up(generation[!(LIVES % 2)].reader(0xffff), addrs));
	trie6_fini(&own);
	munmap(changes, 4096);
}
