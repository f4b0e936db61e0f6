/* The table of IPv6: whatever is set and deleted, look-ups are those of rte_lpm6 and of the plain
 * model, and a full table refuses and stays whole. */
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <random>

#include "trie6_table.h"

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
		struct fib_addr a = words(r.addr);
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

/* Other prefixes change between the steps: each address finds what it ought to, as the table is
 * before the wide change or after it, and when all is written, after it. Groups are closed where a
 * step is to go on, and used again elsewhere. */
TEST_F(trie6_test, others_change_between_the_steps)
{
	const ip6 block = addr6("2001:d00::");
	lpm6_model before, after; /* without and with the wide change under way */
	std::vector<route6> known;
	size_t steps = 0, several = 0;

	for (int i = 0; i < 1500; i++)
		known.push_back(random_route(block, 24, 40));
	for (int round = 0; round < 30; round++) {
		uint8_t len = (uint8_t)(16 + random() % 8);
		struct fib_addr a = words(lpm6_model::network(block, len));
		bool set_wide = random() % 3 != 0, through = false;
		int turns = 0;

		for (size_t i = 0; i < known.size(); i++) {
			const route6 &r = known[i];

			if (set(r.addr, r.len, value_of(i)))
				continue;
			before.set(r.addr, r.len, value_of(i));
			after.set(r.addr, r.len, value_of(i));
		}
		/* nothing longer hides it, mostly */
		for (uint8_t l = len + 1; round % 4 && l < TRIE6_WIDE; l++) {
			del(lpm6_model::network(block, l), l);
			before.del(lpm6_model::network(block, l), l);
			after.del(lpm6_model::network(block, l), l);
		}
		if (set_wide)
			ASSERT_EQ(0, trie6_set_begin(&t, &a, len, value_of(1u + round)));
		else if (trie6_del_begin(&t, &a, len))
			continue; /* there is none */
		if (set_wide)
			after.set(lpm6_model::network(block, len), len, value_of(1u + round));
		else
			after.del(lpm6_model::network(block, len), len);
		for (; !through; turns++) {
			std::vector<route6> touched;

			/* most go, so that groups are closed */
			for (int k = 0; k < 40; k++) {
				const route6 &r = known[random() % known.size()];
				bool is_set = random() % 4 == 0;
				uint32_t value = value_of(random());

				ASSERT_EQ(is_set || before.del(r.addr, r.len) ? 0 : -ENOENT,
					  is_set ? set(r.addr, r.len, value) : del(r.addr, r.len));
				if (is_set) {
					before.set(r.addr, r.len, value);
					after.set(r.addr, r.len, value);
				} else {
					after.del(r.addr, r.len);
				}
				rcu_pool_reclaim(&t.groups);
				touched.push_back(r);
			}
			through = trie6_step(&t, 1 + (uint32_t)random() % 3000);
			steps++;
			std::vector<ip6> addrs = borders(touched);
			std::vector<uint32_t> found = look_up(table.reader(MISS), addrs);
			for (size_t i = 0; i < addrs.size(); i++)
				ASSERT_TRUE(found[i] == after.lookup(addrs[i], MISS) ||
					    (!through && found[i] == before.lookup(addrs[i], MISS)))
					<< text({ addrs[i], 128 }) << " in round " << round;
		}
		several += turns > 3;
		before = after;
		expect_model(after, borders(known), "all is written");
	}
	EXPECT_LT(8u, several);
	for (const route6 &r : known)
		del(r.addr, r.len);
	for (uint8_t len = 16; len < TRIE6_WIDE; len++)
		del(lpm6_model::network(block, len), len);
	expect_empty();
}

/* Does the way to a host lead through what is being written at present? */
static bool work_is_on_way(const struct trie6 *t, ip6 host)
{
	uint32_t entry = t->shared->root[(uint32_t)(host >> 112)];

	for (int shift = 108; entry & TRIE6_IS_GROUP; shift -= 4) {
		const uint32_t *group = t->shared->groups[entry & TRIE6_VALUE];

		if (t->work.step[t->work.depth - 1].end == group + TRIE6_GROUP)
			return true;
		entry = group[(uint32_t)(host >> shift) & 15];
	}
	return false;
}

/* All groups are in use, so those that a step was to go on in belong to another rule at once. */
TEST_F(trie6_test, a_group_that_is_closed_under_a_step_is_not_written)
{
	const ip6 block = addr6("2001:d000::"), far = addr6("fd00::");
	struct fib_addr a = words(block);
	std::vector<route6> hosts;
	lpm6_model model;
	size_t closed = 0;
	uint64_t others = 0;

	restart(4096);
	for (uint32_t i = 0; i < 200; i++) {
		hosts.push_back({ block | (ip6)i << 64, 128 });
		ASSERT_EQ(0, set(hosts[i].addr, 128, 9));
		model.set(hosts[i].addr, 128, 9);
	}
	for (; !set(far | (ip6)others << 64, 128, 7); others++)
		model.set(far | (ip6)others << 64, 128, 7);
	ASSERT_EQ(0, trie6_set_begin(&t, &a, 20, 5));
	model.set(block, 20, 5);
	while (!trie6_step(&t, 7)) {
		for (route6 &host : hosts) {
			if (!host.len || !work_is_on_way(&t, host.addr))
				continue;
			ASSERT_EQ(0, del(host.addr, 128));
			model.del(host.addr, 128);
			host.len = 0;
			ASSERT_EQ(0, set(far | (ip6)others << 64, 128, 7));
			model.set(far | (ip6)others++ << 64, 128, 7);
			closed++;
			break;
		}
	}
	EXPECT_LT(50u, closed);
	std::vector<route6> all;
	for (const route6 &host : hosts)
		all.push_back({ host.addr, 128 });
	for (uint64_t i = 0; i < others; i++)
		all.push_back({ far | (ip6)i << 64, 128 });
	expect_model(model, borders(all), "all is written");
}

TEST_F(trie6_test, a_step_is_bounded)
{
	uint32_t steps = 1, groups;

	for (uint32_t i = 0; i < 3000; i++)
		ASSERT_EQ(0, set(addr6("2001:db8::") | (ip6)i << 64, 128, 9));
	groups = t.groups.used;
	struct fib_addr a = words(addr6("2000::"));
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
	struct fib_addr a = words(addr6("2000::"));
	ASSERT_EQ(0, trie6_set_begin(&t, &a, 12, 1));
	EXPECT_TRUE(trie6_step(&t, 1));
	EXPECT_EQ(5u, lookup("2001:db8::ffff"));
	EXPECT_EQ(1u, lookup("2001:db9::"));
}

TEST_F(trie6_test, get_is_exact)
{
	struct fib_addr a = words(addr6("2001:db8::"));
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
		struct fib_addr other = words(lpm6_model::network(addr6("2001:db8::"), len));

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
