/* Both families in one FIB: tables of their own, and path-lists, generations and the gate in
 * common. */
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include <arpa/inet.h>
#include <rte_memzone.h>

#include "fib.h"
#include "trie6_lookup.h"

namespace
{

enum { ER = 1, VPN = 2, GROUPS = 64 };

struct fib_params params(uint8_t views6)
{
	return { "fib6", 1 << ER | 1 << VPN, 64, 8, SOCKET_ID_ANY, views6, GROUPS };
}

struct fib_addr addr6(const char *text)
{
	uint8_t octets[16];
	struct fib_addr addr;

	EXPECT_EQ(1, inet_pton(AF_INET6, text, octets));
	for (int i = 0; i < 4; i++)
		addr.word[i] = (uint32_t)octets[4 * i] << 24 | octets[4 * i + 1] << 16 |
			       octets[4 * i + 2] << 8 | octets[4 * i + 3];
	return addr;
}

struct fib_prefix net6(const std::string &text)
{
	size_t slash = text.find('/');
	struct fib_addr addr = addr6(text.substr(0, slash).c_str());

	return fib_ip6(&addr, (uint8_t)atoi(text.c_str() + slash + 1));
}

struct fib6_test : testing::Test {
	struct fib *fib = nullptr;
	struct fib_writer *writer = nullptr;

	void seed(struct fib_prefix prefix, uint8_t action)
	{
		struct fib_seed s = { prefix, action, ER, 3, 1500 };

		ASSERT_EQ(0, fib_seed(fib, &s));
		EXPECT_EQ(-EEXIST, fib_seed(fib, &s));
	}
	void SetUp() override
	{
		struct fib_params p = params(1 << ER);
		struct fib_port er0 = { "er0", 3, 1500, ER, 1 };

		ASSERT_EQ(0, fib_create(&p, &fib));
		ASSERT_EQ(0, fib_port_add(fib, &er0));
		seed(net6("2001:db8:255::33/128"), ADJACENCY_LOCAL);
		seed(fib_ip4(0x0a00ff21, 32), ADJACENCY_LOCAL);
		seed(net6("2001:db8:255::/64"), ADJACENCY_GLEAN);
		ASSERT_EQ(0, fib_ready(fib));
		ASSERT_EQ(0, fib_writer_open(fib, &writer));
	}
	void TearDown() override
	{
		fib_writer_close(writer);
		fib_destroy(fib);
	}
	/* What a reader of the writer's generation finds. */
	uint32_t lookup(const char *to, bool of_writer = true)
	{
		const struct fib_generation *g =
			&fib->generation[(fib->active ^ !fib_published(writer)) ^ !of_writer];
		struct trie6_reader in = { g->view[ER].trie6, fib->trie6_groups,
					   g->view[ER].default_path_list[FIB_IP6] };
		struct fib_addr addr = addr6(to);
		uint32_t list;

		EXPECT_EQ(0u, trie6_plain.burst(&in, &addr, &list, 1));
		return list;
	}
	uint32_t path(uint32_t gateway)
	{
		uint16_t member;
		uint32_t list = 0;

		EXPECT_EQ(0, fib_adjacency_claim(writer, fib_addr_ip4(gateway), 3, ER, &member));
		EXPECT_EQ(0, fib_path_list_get(writer, &member, 1, PATH_LIST_NONE, &list));
		return list;
	}
	struct fib_stats stats()
	{
		struct fib_stats s;

		fib_stats_get(writer, &s);
		return s;
	}
};

/* The table of that view and generation, if there is one. */
const struct rte_memzone *zone(int view, int generation)
{
	return rte_memzone_lookup(
		("fib6." + std::to_string(view) + "." + std::to_string(generation) + ".6").c_str());
}

} // namespace

TEST(fib6, creation_refused)
{
	const struct {
		const char *what;
		uint8_t views6;
		uint32_t groups;
	} rows[] = {
		{ "a view without IPv4", 1 << 3, GROUPS },
		{ "no group", 1 << ER, 0 },
		{ "no power of two", 1 << ER, GROUPS + 1 },
		{ "more than an entry can name", 1 << ER, 2 * TRIE6_GROUPS_MAX },
	};

	for (const auto &row : rows) {
		struct fib_params p = params(row.views6);
		struct fib *fib;

		p.trie6_groups = row.groups;
		EXPECT_EQ(-EINVAL, fib_create(&p, &fib)) << row.what;
	}
}

TEST(fib6, a_family_that_no_port_has_costs_nothing)
{
	struct fib_params p = params(0);
	struct fib_stats stats;
	struct fib_writer *writer;
	struct fib *fib;

	p.trie6_groups = 0;
	ASSERT_EQ(0, fib_create(&p, &fib));
	ASSERT_EQ(0, fib_ready(fib));
	ASSERT_EQ(0, fib_writer_open(fib, &writer));
	EXPECT_EQ(nullptr, zone(ER, 0));
	EXPECT_EQ(nullptr, fib->generation[0].view[ER].trie6);
	EXPECT_EQ(-EINVAL, fib_set(writer, ER, net6("2001:db8::/32"), 1));
	EXPECT_EQ(-EINVAL, fib_set(writer, ER, net6("::/0"), 1));
	fib_reclaim(writer);
	fib_stats_get(writer, &stats);
	EXPECT_EQ(0u, stats.groups[FIB_IP6]);
	fib_writer_close(writer);
	fib_destroy(fib);
}

TEST_F(fib6_test, tables_of_those_views_that_have_it_alone)
{
	for (int g = 0; g < 2; g++) {
		ASSERT_NE(nullptr, zone(ER, g));
		EXPECT_LE(trie6_shared_size(GROUPS), zone(ER, g)->len);
		EXPECT_EQ(nullptr, zone(VPN, g));
	}
	EXPECT_EQ(-EINVAL, fib_set(writer, VPN, net6("2001:db8::/32"), 1));
	EXPECT_EQ(0, fib_set(writer, VPN, fib_ip4(0x0b000000, 8), 1));
}

TEST_F(fib6_test, refused_routes)
{
	const struct {
		const char *what;
		struct fib_prefix prefix;
	} rows[] = {
		{ "host bits in the first word", net6("2001:db8::/16") },
		{ "host bits in the last word", net6("2001:db8::1/127") },
		{ "host bits on a word's border", net6("2001:db8:0:0:8000::/64") },
		{ "too long", net6("2001:db8::/129") },
		{ "default route with an address", net6("::1/0") },
	};
	struct fib_prefix nobody = fib_ip4(0, 8);
	uint32_t got;

	for (const auto &row : rows) {
		EXPECT_EQ(-EINVAL, fib_set(writer, ER, row.prefix, 1)) << row.what;
		EXPECT_EQ(-EINVAL, fib_del(writer, ER, row.prefix)) << row.what;
		EXPECT_EQ(-EINVAL, fib_get(writer, ER, row.prefix, &got)) << row.what;
	}
	nobody.family = FIB_FAMILIES;
	EXPECT_EQ(-EINVAL, fib_set(writer, ER, nobody, 1));
	EXPECT_EQ(0u, stats().changes);
}

TEST_F(fib6_test, routes_of_both_families_by_one_path_list)
{
	uint32_t list = path(0x0a000005), got = 0;

	ASSERT_EQ(0, fib_set(writer, ER, net6("2001:db8:1::/48"), list));
	ASSERT_EQ(0, fib_set(writer, ER, fib_ip4(0x0b000000, 8), list));
	ASSERT_EQ(0, fib_get(writer, ER, net6("2001:db8:1::/48"), &got));
	EXPECT_EQ(list, got);
	EXPECT_EQ(list, lookup("2001:db8:1:ffff::1"));
	EXPECT_EQ(PATH_LIST_NONE, lookup("2001:db8:2::1"));
	EXPECT_EQ(PATH_LIST_NONE, lookup("2001:db8:1::", false)) << "not in the other generation";
	EXPECT_EQ(1u, stats().routes[FIB_IP6][ER]);
	EXPECT_EQ(1u, stats().routes[FIB_IP4][ER]);
	ASSERT_EQ(0, fib_del(writer, ER, net6("2001:db8:1::/48")));
	EXPECT_EQ(-ENOENT, fib_del(writer, ER, net6("2001:db8:1::/48")));
	EXPECT_EQ(PATH_LIST_NONE, lookup("2001:db8:1:ffff::1"));
	EXPECT_EQ(1u, stats().routes[FIB_IP4][ER]);
}

TEST_F(fib6_test, each_family_has_its_own_default_route)
{
	uint32_t list = path(0x0a000005), got;

	ASSERT_EQ(0, fib_set(writer, ER, fib_ip4(0, 0), list));
	EXPECT_EQ(PATH_LIST_NONE, lookup("2001:db8:2::1"));
	EXPECT_EQ(-ENOENT, fib_get(writer, ER, net6("::/0"), &got));
	ASSERT_EQ(0, fib_set(writer, ER, net6("::/0"), list));
	ASSERT_EQ(0, fib_del(writer, ER, fib_ip4(0, 0)));
	EXPECT_EQ(list, lookup("2001:db8:2::1"));
	ASSERT_EQ(0, fib_del(writer, ER, net6("::/0")));
	EXPECT_EQ(PATH_LIST_NONE, lookup("2001:db8:2::1"));
}

TEST_F(fib6_test, a_seed_is_hidden_and_shows_again)
{
	const char *const seeds[] = { "2001:db8:255::33", "2001:db8:255::34" };
	uint32_t list = path(0x0a000005), before[2], got;

	for (int i = 0; i < 2; i++) {
		struct fib_prefix seed = net6(i ? "2001:db8:255::/64" : "2001:db8:255::33/128");

		before[i] = lookup(seeds[i]);
		EXPECT_NE(PATH_LIST_NONE, before[i]);
		EXPECT_EQ(-ENOENT, fib_get(writer, ER, seed, &got)) << "not a route";
		EXPECT_EQ(-ENOENT, fib_del(writer, ER, seed));
		ASSERT_EQ(0, fib_set(writer, ER, seed, list));
		EXPECT_EQ(list, lookup(seeds[i]));
		EXPECT_EQ(1u, stats().routes[FIB_IP6][ER]);
		ASSERT_EQ(0, fib_del(writer, ER, seed));
		EXPECT_EQ(before[i], lookup(seeds[i]));
		EXPECT_EQ(0u, stats().routes[FIB_IP6][ER]);
	}
	EXPECT_NE(before[0], before[1]);
}

TEST_F(fib6_test, the_next_writer_begins_with_the_seeds)
{
	uint32_t list = path(0x0a000005);

	ASSERT_EQ(0, fib_set(writer, ER, net6("2001:db8:1::/48"), list));
	ASSERT_EQ(0, fib_set(writer, ER, net6("::/0"), list));
	fib_publish(writer);
	fib_writer_close(writer);
	ASSERT_EQ(0, fib_writer_open(fib, &writer));
	EXPECT_EQ(PATH_LIST_NONE, lookup("2001:db8:1::1"));
	EXPECT_NE(PATH_LIST_NONE, lookup("2001:db8:255::33"));
	EXPECT_EQ(list, lookup("2001:db8:1::1", false)) << "readers go on";
	EXPECT_EQ(list, lookup("2001:db8:2::1", false));
}

TEST_F(fib6_test, a_full_table_refuses_and_has_room_again)
{
	uint32_t used = stats().groups_used[FIB_IP6][ER], n = 0;
	struct fib_prefix p = net6("2001:db8:8000::/64");
	int err;

	EXPECT_LT(0u, used) << "the seeds'";
	while (!(err = fib_set(writer, ER, p, 1))) {
		p.ip6.word[1] += 1 << 16; /* shares no group but the first few */
		n++;
	}
	EXPECT_EQ(-ENOSPC, err);
	EXPECT_EQ(1u, stats().refused);
	EXPECT_EQ(n, stats().routes[FIB_IP6][ER]);
	EXPECT_LT(0u, n);
	while (n--) {
		p.ip6.word[1] -= 1 << 16;
		ASSERT_EQ(0, fib_del(writer, ER, p));
	}
	EXPECT_EQ(used, stats().groups_used[FIB_IP6][ER]);
	fib_reclaim(writer);
	fib_reclaim(writer);
	EXPECT_EQ(0, fib_set(writer, ER, p, 1)) << "after a grace period";
}

TEST_F(fib6_test, a_prefix_over_much_is_written_in_slices)
{
	int steps = 0;

	ASSERT_EQ(0, fib_set(writer, ER, net6("2001:db8:1::/48"), 7));
	ASSERT_EQ(0, fib_set_begin(writer, ER, net6("2000::/3"), 9));
	while (!fib_step(writer, ER, FIB_IP6, 512))
		steps++;
	EXPECT_LT(4, steps);
	EXPECT_EQ(9u, lookup("2001:db8:2::1"));
	EXPECT_EQ(7u, lookup("2001:db8:1::1"));
	EXPECT_EQ(9u, lookup("3fff::1"));
	ASSERT_EQ(0, fib_del_begin(writer, ER, net6("2000::/3")));
	while (!fib_step(writer, ER, FIB_IP6, 512))
		;
	EXPECT_EQ(PATH_LIST_NONE, lookup("3fff::1"));
}
