/* The FIB as its two processes use it: created, seeded, found, filled, published, abandoned
 * half-filled; and readers that follow a packet from table to adjacency while all of that goes
 * on. */
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <random>
#include <sys/mman.h>
#include <sched.h>
#include <thread>
#include <vector>

#include "adjacency.h"
#include "fib.h"

namespace
{

constexpr uint8_t ER = 1, VPN = 2, NO_PORT = 5; /* roles */
constexpr uint32_t OURS = 0x0a000001, SUBNET = 0x0a000000, BROADCAST = 0x0a0000ff;

struct fib_params params()
{
	return { "fib_test", 1 << ER | 1 << VPN, 64, 8, SOCKET_ID_ANY };
}

const struct fib_seed seeds[] = {
	{ fib_ip4(OURS, 32), ADJACENCY_LOCAL, ER, 3, 1500 },
	{ fib_ip4(SUBNET, 24), ADJACENCY_GLEAN, ER, 3, 1500 },
	{ fib_ip4(BROADCAST, 32), ADJACENCY_BROADCAST, ER, 3, 1500 },
};

} // namespace

class fib_test : public testing::Test
{
      protected:
	static struct fib *fib;
	struct fib_writer *writer = nullptr;

	static void SetUpTestSuite()
	{
		struct fib_params p = params();
		struct fib_port er0 = { "er0", 3, 1500, ER, 1 }, vpn0 = { "vpn0", 4, 1400, VPN, 1 };
		struct fib *found = nullptr;

		ASSERT_EQ(0, fib_create(&p, &fib));
		for (const struct fib_seed &seed : seeds)
			ASSERT_EQ(0, fib_seed(fib, &seed));
		ASSERT_EQ(0, fib_port_add(fib, &er0));
		ASSERT_EQ(0, fib_port_add(fib, &vpn0));
		ASSERT_EQ(-EAGAIN, fib_attach("fib_test", &found)) << "not ready";
		ASSERT_EQ(0, fib_ready(fib));
		ASSERT_EQ(0, fib_attach("fib_test", &found));
		ASSERT_EQ(fib, found);
	}
	static void TearDownTestSuite()
	{
		fib_destroy(fib);
	}
	void TearDown() override
	{
		if (writer)
			fib_writer_close(writer);
	}
	void open()
	{
		if (writer)
			fib_writer_close(writer);
		writer = nullptr;
		ASSERT_EQ(0, fib_writer_open(fib, &writer));
	}
	static uint32_t lookup(const struct fib_generation *generation, uint8_t view, uint32_t addr)
	{
		uint32_t list;

		fib_lookup_burst(&generation->view[view], fib->tbl8_groups, &addr, &list, 1);
		return list;
	}
	static uint32_t lookup(uint8_t view, uint32_t addr)
	{
		return lookup(fib_active(fib), view, addr);
	}
	/* The path-list of one neighbour. */
	uint32_t path(uint32_t gateway, uint16_t port = 3, uint8_t role = ER)
	{
		uint16_t adjacency = 0;
		uint32_t list = 0;

		EXPECT_EQ(0, fib_adjacency_claim(writer, fib_addr_ip4(gateway), port, role,
						 &adjacency));
		EXPECT_EQ(0, fib_path_list_get(writer, &adjacency, 1, PATH_LIST_NONE, &list));
		return list;
	}
	static void expect_seeded(const struct fib_generation *generation, uint8_t view)
	{
		EXPECT_EQ(1u, lookup(generation, view, OURS));
		EXPECT_EQ(2u, lookup(generation, view, SUBNET | 9));
		EXPECT_EQ(3u, lookup(generation, view, BROADCAST));
		for (uint32_t i = 0; i < 3; i++) {
			const struct path_list *list = &generation->path_lists[i + 1];

			EXPECT_EQ(1, list->nb_members);
			EXPECT_EQ(i + 1, path_list_member(list, 12345));
			EXPECT_EQ(seeds[i].action, generation->adjacencies[i + 1].action);
			EXPECT_EQ(seeds[i].port, generation->adjacencies[i + 1].port);
			EXPECT_FALSE(adjacency_claimed(&generation->adjacencies[i + 1]));
		}
	}
};

struct fib *fib_test::fib;

TEST_F(fib_test, seeded_before_control_comes)
{
	EXPECT_EQ(0u, fib->published);
	EXPECT_EQ(0u, fib->gate);
	for (const struct fib_generation &generation : fib->generation) {
		expect_seeded(&generation, ER);
		expect_seeded(&generation, VPN);
		EXPECT_EQ((uint32_t)PATH_LIST_NONE, lookup(&generation, ER, 0x0a0a0a0a));
	}
	EXPECT_EQ(nullptr, fib_active(fib)->view[NO_PORT].lpm);
}

TEST_F(fib_test, creation_refused)
{
	struct fib_params p = params();
	struct fib *other = nullptr;

	EXPECT_EQ(-EEXIST, fib_create(&p, &other));
	p.name = "a_name_of_24_octets_long";
	EXPECT_EQ(-ENAMETOOLONG, fib_create(&p, &other));
	p = params();
	p.name = "other";
	p.views = 0;
	EXPECT_EQ(-EINVAL, fib_create(&p, &other));
	p.views = 0xff; /* a gigabyte, which there is not */
	EXPECT_EQ(-ENOMEM, fib_create(&p, &other));
	EXPECT_EQ(-ENOENT, fib_attach("other", &other)) << "all is given back";
	p.views = 1;
	p.tbl8_groups = 1;
	EXPECT_EQ(-EINVAL, fib_create(&p, &other));
	EXPECT_EQ(-ENOENT, fib_attach("nobody", &other));
	EXPECT_EQ(nullptr, other);
}

TEST_F(fib_test, seeds_and_ports_refused)
{
	struct fib_params p = params();
	struct fib *other, *found;

	p.name = "other";
	p.views = 1;
	ASSERT_EQ(0, fib_create(&p, &other));
	const struct fib_seed bad[] = {
		{ fib_ip4(0, 0), ADJACENCY_LOCAL, ER, 3, 1500 },
		{ fib_ip4(OURS, 24), ADJACENCY_LOCAL, ER, 3, 1500 },
		{ fib_ip4(OURS, 33), ADJACENCY_LOCAL, ER, 3, 1500 },
		{ fib_ip4(OURS, 32), ADJACENCY_FORWARD, ER, 3, 1500 },
		{ fib_ip4(OURS, 32), ADJACENCY_LOCAL, FIB_VIEWS, 3, 1500 },
	};
	for (const struct fib_seed &seed : bad)
		EXPECT_EQ(-EINVAL, fib_seed(other, &seed));
	ASSERT_EQ(0, fib_seed(other, &seeds[0]));
	EXPECT_EQ(-EEXIST, fib_seed(other, &seeds[0]));
	for (uint32_t i = 1; i < FIB_SEEDS; i++) {
		struct fib_seed seed = { fib_ip4(i << 8, 32), ADJACENCY_LOCAL, ER, 3, 1500 };

		ASSERT_EQ(0, fib_seed(other, &seed));
	}
	EXPECT_EQ(-ENOSPC, fib_seed(other, &seeds[1]));
	for (uint16_t i = 0; i < FIB_PORTS; i++) {
		struct fib_port port = { "p", i, 1500, ER, 1 };

		ASSERT_EQ(0, fib_port_add(other, &port));
		EXPECT_EQ(-EEXIST, fib_port_add(other, &port));
	}
	struct fib_port last = { "p", FIB_PORTS, 1500, ER, 1 };
	EXPECT_EQ(-ENOSPC, fib_port_add(other, &last));
	last.role = FIB_VIEWS;
	EXPECT_EQ(-EINVAL, fib_port_add(other, &last));
	EXPECT_EQ(-ENOSPC, fib_ready(other)) << "a /24 for each /32, and 64 groups";
	EXPECT_EQ(-EAGAIN, fib_attach("other", &found)) << "and so it stays invisible";
	fib_destroy(other);
}

TEST_F(fib_test, ports_are_found_by_id_and_by_name)
{
	ASSERT_EQ(2u, fib->nb_ports);
	for (uint32_t i = 0; i < fib->nb_ports; i++) {
		const struct fib_port *port = &fib->ports[i];

		EXPECT_EQ(port, fib_port_find(fib, port->port));
		EXPECT_EQ(port, fib_port_named(fib, port->name));
	}
	EXPECT_EQ(nullptr, fib_port_find(fib, FIB_PORTS));
	EXPECT_EQ(nullptr, fib_port_named(fib, "er"));
	EXPECT_EQ(nullptr, fib_port_named(fib, ""));
}

TEST_F(fib_test, writes_the_spare_and_publishes_with_one_store)
{
	uint32_t active = fib->active, published = fib->published, list;

	open();
	list = path(0x0a000005);
	ASSERT_EQ(0, fib_set(writer, ER, fib_ip4(0x0b000000, 8), list));
	EXPECT_EQ((uint32_t)PATH_LIST_NONE, lookup(ER, 0x0b000001)) << "not published";
	EXPECT_FALSE(fib_published(writer));
	fib_publish(writer);
	fib_publish(writer);
	EXPECT_TRUE(fib_published(writer));
	EXPECT_EQ(!active, fib->active);
	EXPECT_EQ(published + 1, fib->published);
	EXPECT_EQ(list, lookup(ER, 0x0b000001));
	EXPECT_EQ((uint32_t)PATH_LIST_NONE, lookup(VPN, 0x0b000001)) << "another role's view";
	ASSERT_EQ(0, fib_set(writer, ER, fib_ip4(0x0c000000, 8), list));
	EXPECT_EQ(list, lookup(ER, 0x0c000001)) << "now live";
	expect_seeded(fib_active(fib), ER);
}

TEST_F(fib_test, writer_that_died_half_way_leaves_the_active_generation_alone)
{
	uint32_t list;

	open();
	list = path(0x0a000005);
	ASSERT_EQ(0, fib_set(writer, ER, fib_ip4(0x0b000000, 8), list));
	fib_publish(writer);

	open(); /* its successor, which dies too */
	for (uint32_t i = 0; i < 5000; i++)
		ASSERT_EQ(0,
			  fib_set(writer, ER, fib_ip4(0x0b000000 | i << 8, 24), path(0x0a000006)));
	ASSERT_EQ(0, fib_set(writer, ER, fib_ip4(OURS, 32), path(0x0a000006)));
	ASSERT_EQ(0, fib_set(writer, ER, fib_ip4(0, 0), path(0x0a000006)));
	const struct fib_generation *spare = &fib->generation[!fib->active];
	EXPECT_LT(4u, spare->adjacencies_end);

	open(); /* and the next finds the seed */
	expect_seeded(spare, ER);
	EXPECT_EQ((uint32_t)PATH_LIST_NONE, lookup(spare, ER, 0x0b000001));
	EXPECT_EQ(4u, spare->adjacencies_end);
	for (uint32_t i = 0; i < FIB_ADJACENCIES; i++)
		ASSERT_FALSE(adjacency_claimed(&spare->adjacencies[i]));
	EXPECT_EQ(list, lookup(ER, 0x0b000001));
	expect_seeded(fib_active(fib), ER);
}

TEST_F(fib_test, spare_is_not_reset_under_a_reader)
{
	struct fib_writer *none = nullptr;

	rte_rcu_qsbr_thread_register(fib->qsbr, 1);
	rte_rcu_qsbr_thread_online(fib->qsbr, 1);
	EXPECT_EQ(-EAGAIN, fib_writer_open(fib, &none));
	EXPECT_EQ(nullptr, none);
	rte_rcu_qsbr_thread_offline(fib->qsbr, 1);
	open();
	rte_rcu_qsbr_thread_unregister(fib->qsbr, 1);
}

TEST_F(fib_test, seed_is_hidden_and_shows_again)
{
	struct fib_stats stats;
	uint32_t list, got;

	open();
	fib_publish(writer);
	list = path(0x0a000005);
	for (const struct fib_seed &seed : seeds) {
		EXPECT_EQ(-ENOENT, fib_get(writer, ER, seed.prefix, &got)) << "not a route";
		EXPECT_EQ(-ENOENT, fib_del(writer, ER, seed.prefix));
		ASSERT_EQ(0, fib_set(writer, ER, seed.prefix, list));
		ASSERT_EQ(0, fib_set(writer, ER, seed.prefix, list)) << "again";
		ASSERT_EQ(0, fib_get(writer, ER, seed.prefix, &got));
		EXPECT_EQ(list, got);
		EXPECT_EQ(list, lookup(ER, seed.prefix.ip4));
	}
	fib_stats_get(writer, &stats);
	EXPECT_EQ(3u, stats.routes[FIB_IP4][ER]);
	EXPECT_EQ(0u, stats.routes[FIB_IP4][VPN]);
	for (const struct fib_seed &seed : seeds) {
		ASSERT_EQ(0, fib_del(writer, ER, seed.prefix));
		EXPECT_EQ(-ENOENT, fib_del(writer, ER, seed.prefix));
	}
	expect_seeded(fib_active(fib), ER);
	fib_stats_get(writer, &stats);
	EXPECT_EQ(0u, stats.routes[FIB_IP4][ER]);
	EXPECT_EQ(9u, stats.changes);
}

TEST_F(fib_test, default_route)
{
	struct fib_stats stats;
	uint32_t list, got;

	open();
	fib_publish(writer);
	list = path(0x0a000005);
	EXPECT_EQ(-ENOENT, fib_get(writer, ER, fib_ip4(0, 0), &got));
	EXPECT_EQ(-ENOENT, fib_del(writer, ER, fib_ip4(0, 0)));
	ASSERT_EQ(0, fib_set(writer, ER, fib_ip4(0, 0), list));
	ASSERT_EQ(0, fib_set(writer, ER, fib_ip4(0x80000000, 1), PATH_LIST_NONE));
	EXPECT_EQ(list, lookup(ER, 0x01020304));
	EXPECT_EQ((uint32_t)PATH_LIST_NONE, lookup(ER, 0x81020304)) << "more specific";
	EXPECT_EQ(1u, lookup(ER, OURS));
	EXPECT_EQ((uint32_t)PATH_LIST_NONE, lookup(VPN, 0x01020304));
	ASSERT_EQ(0, fib_get(writer, ER, fib_ip4(0, 0), &got));
	EXPECT_EQ(list, got);
	fib_stats_get(writer, &stats);
	EXPECT_EQ(2u, stats.routes[FIB_IP4][ER]);
	ASSERT_EQ(0, fib_del(writer, ER, fib_ip4(0, 0)));
	EXPECT_EQ((uint32_t)PATH_LIST_NONE, lookup(ER, 0x01020304));
}

TEST_F(fib_test, bursts_of_every_size)
{
	uint32_t dst[FIB_BURST], list[FIB_BURST + 1];

	open();
	fib_publish(writer);
	ASSERT_EQ(0, fib_set(writer, ER, fib_ip4(0, 0), 9));
	for (uint16_t n = 0; n <= FIB_BURST; n++) {
		for (uint16_t i = 0; i < n; i++)
			dst[i] = i % 3 == 0 ? OURS : i % 3 == 1 ? SUBNET | 7 : 0x01000000 + i;
		list[n] = 77;
		fib_lookup_burst(&fib_active(fib)->view[ER], fib->tbl8_groups, dst, list, n);
		for (uint16_t i = 0; i < n; i++)
			EXPECT_EQ(i % 3 == 0 ? 1u : i % 3 == 1 ? 2u : 9u, list[i]);
		EXPECT_EQ(77u, list[n]) << "not ours to write";
	}
}

/* Random words in the tables of a view that ends where memory ends: to look past the tbl8 groups,
 * or past the path-lists by what was found, is a fault. What may be read is read as librte_lpm
 * reads it. */
TEST(fib_spoilt, a_look_up_stays_within_its_tables)
{
	constexpr uint32_t GROUPS = 20, GROUP = RTE_LPM_TBL8_GROUP_NUM_ENTRIES,
			   VALUE = FIB_LPM_VALUE;
	constexpr size_t TBL8 = GROUPS * GROUP * sizeof(uint32_t),
			 ALL_GROUPS = (VALUE + 1ul) * GROUP * 4;
	auto map = [](size_t size, int protection) {
		return (uint8_t *)mmap(nullptr, size, protection,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	};
	/* every group that an entry can name has addresses, and only those of the table have
	 * memory */
	uint8_t *groups = map(ALL_GROUPS, PROT_NONE);
	auto *lpm = (struct rte_lpm *)map(sizeof(struct rte_lpm), PROT_READ | PROT_WRITE);
	struct fib_view view = { lpm, 0 };
	std::mt19937 random(8);
	uint32_t dst[FIB_BURST], list[FIB_BURST], past = 0, within = 0, seen = 0;

	ASSERT_NE(MAP_FAILED, (void *)groups);
	ASSERT_NE(MAP_FAILED, (void *)lpm);
	ASSERT_EQ(0, mprotect(groups, TBL8, PROT_READ | PROT_WRITE));
	lpm->tbl8 = (struct rte_lpm_tbl_entry *)groups;
	for (uint32_t i = 0; i < GROUPS * GROUP; i++)
		((uint32_t *)groups)[i] = random();
	for (int round = 0; round < 20000; round++) {
		view.default_path_list[FIB_IP4] = random();
		for (uint32_t &d : dst) {
			auto *entry = (uint32_t *)&lpm->tbl24[(d = random()) >> 8];

			/* any word; one that names a group; one near the end of them */
			*entry = random();
			if (random() % 2)
				*entry |= RTE_LPM_VALID_EXT_ENTRY_BITMASK;
			if (random() % 2)
				*entry = (*entry & ~VALUE) | random() % (2 * GROUPS);
		}
		uint64_t spoilt = fib_lookup_burst(&view, GROUPS, dst, list, FIB_BURST);

		for (int i = 0; i < FIB_BURST; i++) {
			uint32_t found, entry = *(uint32_t *)&lpm->tbl24[dst[i] >> 8];
			bool grouped = (entry & RTE_LPM_VALID_EXT_ENTRY_BITMASK) ==
				       RTE_LPM_VALID_EXT_ENTRY_BITMASK;
			bool outside = grouped && (entry & VALUE) >= GROUPS;

			ASSERT_EQ(outside, spoilt >> i & 1);
			if (outside)
				found = PATH_LIST_NONE;
			else if (rte_lpm_lookup(lpm, dst[i], &found))
				found = view.default_path_list[FIB_IP4];
			ASSERT_EQ(found % FIB_PATH_LISTS, list[i]);
			past += outside;
			within += grouped && !outside;
			seen++;
		}
	}
	EXPECT_GT(past, seen / 10);
	EXPECT_GT(within, seen / 10);
	munmap(groups, ALL_GROUPS);
	munmap(lpm, sizeof(*lpm));
}

TEST_F(fib_test, refused_routes)
{
	struct fib_stats stats;
	uint16_t adjacency;
	uint32_t got;

	open();
	EXPECT_EQ(-EINVAL, fib_set(writer, NO_PORT, fib_ip4(0x0b000000, 8), 1));
	EXPECT_EQ(-EINVAL, fib_set(writer, FIB_VIEWS, fib_ip4(0x0b000000, 8), 1));
	EXPECT_EQ(-EINVAL, fib_set(writer, ER, fib_ip4(0x0b000001, 8), 1));
	EXPECT_EQ(-EINVAL, fib_set(writer, ER, fib_ip4(1, 0), 1));
	EXPECT_EQ(-EINVAL, fib_set(writer, ER, fib_ip4(0x0b000000, 33), 1));
	EXPECT_EQ(-EINVAL, fib_set(writer, ER, fib_ip4(0x0b000000, 8), FIB_PATH_LISTS));
	EXPECT_EQ(-EINVAL, fib_del(writer, NO_PORT, fib_ip4(0x0b000000, 8)));
	EXPECT_EQ(-EINVAL, fib_get(writer, ER, fib_ip4(0x0b000001, 8), &got));
	EXPECT_EQ(-ENODEV,
		  fib_adjacency_claim(writer, fib_addr_ip4(0x0a000005), 9, ER, &adjacency));
	EXPECT_EQ(-EINVAL,
		  fib_adjacency_claim(writer, fib_addr_ip4(0x0a000005), 3, FIB_VIEWS, &adjacency));

	fib_stats_get(writer, &stats);
	uint32_t used = stats.groups_used[FIB_IP4][ER];
	for (uint32_t i = used; i < stats.groups[FIB_IP4]; i++)
		ASSERT_EQ(0, fib_set(writer, ER, fib_ip4(0x0b000000 | i << 8, 32), 1));
	EXPECT_EQ(-ENOSPC, fib_set(writer, ER, fib_ip4(0x0c000000, 32), 1));
	EXPECT_EQ(-ENOENT, fib_get(writer, ER, fib_ip4(0x0c000000, 32), &got));
	fib_stats_get(writer, &stats);
	EXPECT_EQ(1u, stats.refused);
	EXPECT_EQ(stats.groups[FIB_IP4], stats.groups_used[FIB_IP4][ER]);
	EXPECT_EQ(used, stats.groups_used[FIB_IP4][VPN]);
}

TEST_F(fib_test, adjacency_resolved)
{
	const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	uint16_t index;

	open();
	ASSERT_EQ(0, fib_adjacency_claim(writer, fib_addr_ip4(0x0a000005), 4, ER, &index));
	EXPECT_FALSE(fib_adjacency_resolved(writer, index));
	adjacency_resolve(&fib->generation[!fib->active].adjacencies[index], mac, mac);
	EXPECT_TRUE(fib_adjacency_resolved(writer, index));
	fib_adjacency_release(writer, index);
	EXPECT_FALSE(fib_adjacency_resolved(writer, index));
}

/* Which gateway each flow takes. */
static std::vector<uint32_t> takers(const struct fib_generation *generation, uint32_t list)
{
	std::vector<uint32_t> gateways;

	for (uint32_t hash = 0; hash < PATH_LIST_BUCKETS; hash++)
		gateways.push_back(
			generation
				->adjacencies[path_list_member(&generation->path_lists[list], hash)]
				.gateway.word[3]);
	return gateways;
}

TEST_F(fib_test, a_new_control_deals_as_the_one_before)
{
	constexpr uint32_t A = 0x0a000005, B = 0x0a000006, C = 0x0a000007;
	std::vector<uint32_t> order = { A, B, C }, flows;

	for (int life = 0; life < 6; life++) { /* in any order of arrival, and with other backups */
		uint32_t list = PATH_LIST_NONE, backup;
		std::vector<uint16_t> set;

		open();
		backup = path(0x0a000010 + (uint32_t)life);
		for (uint32_t gateway : order) {
			uint16_t index;

			ASSERT_EQ(0, fib_adjacency_claim(writer, fib_addr_ip4(gateway), 3, ER,
							 &index));
			set.push_back(index);
			ASSERT_EQ(0, fib_path_list_get(writer, set.data(), (uint16_t)set.size(),
						       list, &list));
		}
		ASSERT_EQ(0, fib_path_list_protect(writer, list, backup, &list));
		fib_publish(writer);
		if (life == 0)
			flows = takers(fib_active(fib), list);
		EXPECT_EQ(flows, takers(fib_active(fib), list)) << "life " << life;
		std::next_permutation(order.begin(), order.end());
	}
}

/* Readers go from address to adjacency as workers do, while control flaps next hops of a route, and
 * dies and comes back with new generations. Addresses of block b only ever have gateways b * 16 ..
 * b * 16 + 15, or drop while unresolved or retired; and the whole time every block has a route. */
TEST_F(fib_test, readers_reach_only_gateways_of_the_address)
{
	constexpr uint32_t BLOCKS = 32, LIVES = 4, CHANGES = 4000;
	std::vector<std::thread> readers;
	std::atomic<uint64_t> wrong{ 0 }, lost{ 0 };
	std::atomic<uint32_t> running{ 0 };
	std::atomic<bool> stop{ false };
	std::mt19937 random(1);

	for (uint32_t life = 0; life < LIVES; life++) {
		uint32_t list[BLOCKS];
		uint16_t adjacency[BLOCKS];

		open();
		for (uint32_t b = 0; b < BLOCKS; b++) {
			ASSERT_EQ(0, fib_adjacency_claim(writer, fib_addr_ip4(b * 16), 3, ER,
							 &adjacency[b]));
			ASSERT_EQ(0, fib_path_list_get(writer, &adjacency[b], 1, PATH_LIST_NONE,
						       &list[b]));
			ASSERT_EQ(0,
				  fib_set(writer, ER, fib_ip4(0x0c000000 | b << 8, b % 2 ? 24 : 25),
					  list[b]));
		}
		fib_publish(writer);
		for (uint32_t id = 0; life == 0 && id < 2; id++)
			readers.emplace_back([&, id] {
				std::mt19937 mine(id);
				uint32_t dst[FIB_BURST], found[FIB_BURST];

				rte_rcu_qsbr_thread_register(fib->qsbr, id);
				rte_rcu_qsbr_thread_online(fib->qsbr, id);
				running++;
				while (!stop) {
					const struct fib_generation *generation = fib_active(fib);

					for (uint32_t &d : dst)
						d = 0x0c000000 | mine() % BLOCKS << 8 |
						    mine() % 128;
					fib_lookup_burst(&generation->view[ER], fib->tbl8_groups,
							 dst, found, FIB_BURST);
					for (int i = 0; i < FIB_BURST; i++) {
						const struct path_list *l =
							&generation->path_lists[found[i]];
						const struct adjacency *a =
							&generation->adjacencies[path_list_member(
								l, mine())];

						lost += found[i] == PATH_LIST_NONE ||
							!l->nb_members;
						wrong += a->gateway.word[3] / 16 !=
							 (dst[i] >> 8) % BLOCKS;
					}
					rte_rcu_qsbr_quiescent(fib->qsbr, id);
				}
				rte_rcu_qsbr_thread_offline(fib->qsbr, id);
				rte_rcu_qsbr_thread_unregister(fib->qsbr, id);
			});
		while (running < 2)
			sched_yield();
		for (uint32_t change = 0; change < CHANGES; change++) {
			uint32_t b = random() % BLOCKS, fresh_list;
			uint16_t fresh;

			ASSERT_EQ(0,
				  fib_adjacency_claim(writer, fib_addr_ip4(b * 16 + random() % 16),
						      3, ER, &fresh));
			ASSERT_EQ(0, fib_path_list_get(writer, &fresh, 1, list[b], &fresh_list));
			ASSERT_EQ(0,
				  fib_set(writer, ER, fib_ip4(0x0c000000 | b << 8, b % 2 ? 24 : 25),
					  fresh_list));
			fib_path_list_put(writer, list[b]);
			fib_adjacency_release(writer, adjacency[b]);
			list[b] = fresh_list;
			adjacency[b] = fresh;
			fib_reclaim(writer);
		}
	}
	stop = true;
	for (std::thread &reader : readers)
		reader.join();
	EXPECT_EQ(0u, wrong);
	EXPECT_EQ(0u, lost);
}
