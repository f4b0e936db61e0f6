/* Views of both families, filled by changes and by walks: against what the RIBs say, without room,
 * after the death of the control that filled them, and of the size of the Internet. */
#include <algorithm>

#include "hash.h"
#include "views_rig.h"

namespace
{

/* RIB_NONE: the address is in no prefix that has a path. */
uint32_t longest_match(const struct rib *rib, struct addr addr)
{
	for (int len = family_bits(addr.family); len >= 0; len--) {
		uint32_t node = rib_find(rib, prefix_make(addr, (uint8_t)len));

		if (node != RIB_NONE)
			return node;
	}
	return RIB_NONE;
}

class views_test : public testing::TestWithParam<enum family>
{
      protected:
	struct fib *fib = nullptr;
	std::unique_ptr<views_rig> rig;
	uint64_t seed = 3;

	void open(uint32_t tbl8_groups, uint32_t trie6_groups)
	{
		fib = views_fib(tbl8_groups, trie6_groups);
		ASSERT_NE(nullptr, fib);
		rig = std::make_unique<views_rig>(fib);
	}
	void TearDown() override
	{
		rig.reset();
		if (fib)
			fib_destroy(fib);
	}
	uint32_t random()
	{
		seed = hash_u64(seed + 1);
		return (uint32_t)(seed >> 20);
	}
	/* Few bits vary, so that they lie in one another, in the VNet and in the ports' subnets. */
	struct prefix prefix(uint8_t shortest, uint8_t longest)
	{
		uint32_t v4 = 0x0a000000 | (random() & 0x00030301);

		return prefix_of(GetParam(), v4,
				 (uint8_t)(shortest + random() % (longest - shortest + 1u)));
	}
	/* A view has what it ought to, at both ends of each prefix and around it. */
	void expect_wanted(const std::vector<struct prefix> &prefixes, uint64_t allow,
			   const std::string &when,
			   const std::vector<enum role> &views = { ROLE_NVA, ROLE_VNET })
	{
		for (const struct prefix &p : prefixes) {
			for (enum role view : views) {
				for (struct addr addr : { p.addr, prefix_last(p) }) {
					char text[ADDR_TEXT];

					ASSERT_EQ(rig->wanted(view, addr, allow),
						  rig->found(view, addr))
						<< addr_text(addr, text) << " in the view of "
						<< role_name(view) << " " << when;
				}
			}
		}
	}
	uint32_t routes(enum role view)
	{
		struct fib_stats stats;

		fib_stats_get(rig->writer, &stats);
		return stats.routes[GetParam()][view];
	}
};

/* Whatever comes and goes, in any order, by next hops of either family that are lost and found,
 * under one matrix or another: views are what the RIB says, and nothing leaks. */
TEST_P(views_test, are_what_the_rib_says)
{
	std::vector<struct prefix> pool = { prefix_of(GetParam(), 0, 0) };
	uint64_t allow = ALLOW_EXCHANGE;
	struct fib_stats stats;

	open(4096, 4096);
	for (int i = 0; i < 60; i++)
		pool.push_back(prefix(3, 32));
	for (int round = 0; round < 60; round++) {
		for (int i = 0; i < 40; i++) {
			const struct prefix &p = pool[random() % pool.size()];
			uint16_t peer = (uint16_t)(random() % VIEWS_PEERS);

			if (random() % 3)
				rig->announce(p, peer, 1 + random() % 2,
					      (enum family)(random() % FAMILY_COUNT));
			else
				rig->withdraw(p, peer);
		}
		if (round % 3 == 0)
			rig->settle(1 + random() % 64);
		rig->answers((uint16_t)(random() % VIEWS_PEERS), random() % 4 != 0);
		if (round % 5 == 4) {
			allow = allow == ALLOW_EXCHANGE
					? (uint64_t)1 << (ROLE_VNET * 8 + ROLE_NVA) |
						  ALLOW_EXCHANGE >> 24 << 24
					: (uint64_t)ALLOW_EXCHANGE;
			rig->walk_all(allow, 1 << ROLE_VNET);
		}
		rig->settle();
		expect_wanted(pool, allow, "in round " + std::to_string(round));
		EXPECT_EQ(0u, rig->syncs[GetParam()].refused);
	}
	for (const struct prefix &p : pool)
		for (uint16_t peer = 0; peer < VIEWS_PEERS; peer++)
			rig->withdraw(p, peer);
	rig->settle();
	rig->walk_all(allow);
	rig->walk_all(allow);
	fib_stats_get(rig->writer, &stats);
	for (enum role view : { ROLE_NVA, ROLE_VNET })
		EXPECT_EQ(1u, routes(view)) << "the VNet alone";
	EXPECT_EQ(1u, stats.path_lists);
	EXPECT_EQ(1u, stats.adjacencies) << "the VNets' glean, which both families share";
}

/* What finds no room is marked, so that nobody learns it, and comes when there is room. */
TEST_P(views_test, without_room_routes_are_refused_until_there_is_some)
{
	std::vector<struct prefix> first, second;
	struct fib_sync *sync;

	open(128, 256);
	sync = &rig->syncs[GetParam()];
	for (uint32_t i = 0; i < 100; i++) {
		first.push_back(prefix_of(GetParam(), 0xac100000 | i << 8, 25));
		second.push_back(prefix_of(GetParam(), 0xac110000 | i << 8, 25));
	}
	for (const struct prefix &p : first)
		rig->announce(p, 2, 1, GetParam());
	rig->settle();
	rig->answers(2, true);
	rig->settle();
	EXPECT_EQ(0u, sync->refused);
	EXPECT_EQ(101u, routes(ROLE_VNET));
	for (const struct prefix &p : second)
		rig->announce(p, 2, 1, GetParam());
	rig->settle();
	EXPECT_LT(0u, sync->refused);
	EXPECT_TRUE(fib_walk_wanted(&rig->walk));
	EXPECT_LT(0u, rib_refused_prefixes(rig->ribs[GetParam()]));
	EXPECT_GT(201u, routes(ROLE_VNET));
	expect_wanted(first, ALLOW_EXCHANGE, "that was there before");
	expect_wanted(second, ALLOW_EXCHANGE, "that came too late");
	EXPECT_EQ(0u, rig->syncs[!GetParam()].refused) << "the other family has its own room";
	for (const struct prefix &p : first)
		rig->withdraw(p, 2);
	rig->settle();
	rig->walk_all(ALLOW_EXCHANGE);
	rig->walk_all(ALLOW_EXCHANGE);
	EXPECT_FALSE(fib_walk_wanted(&rig->walk));
	EXPECT_EQ(0u, rib_refused_prefixes(rig->ribs[GetParam()]));
	EXPECT_EQ(101u, routes(ROLE_VNET));
	expect_wanted(second, ALLOW_EXCHANGE, "now that there is room");
}

/* The best path's next hop is lost, and control has not seen it: readers follow the backup. */
TEST_P(views_test, the_next_best_next_hop_is_the_backup)
{
	const struct prefix p = prefix_of(GetParam(), 0xac1e0000, 16);
	auto ways = [&] {
		const struct fib_generation *g = rig->generation();
		uint32_t list = views_rig::looked_up(fib, g, ROLE_VNET, p.addr);

		return views_rig::path_list_text(g, list) + " | " +
		       views_rig::path_list_text(g, g->path_lists[list].backup);
	};
	char a[ADDR_TEXT], b[ADDR_TEXT];

	open(64, 1024);
	addr_text(addr_of(GetParam(), views_rig::gateway_of(2)), a);
	addr_text(addr_of(GetParam(), views_rig::gateway_of(3)), b);
	rig->announce(p, 2, 1, GetParam());
	rig->announce(p, 3, 2, GetParam());
	rig->settle();
	rig->answers(2, true);
	rig->answers(3, true);
	rig->settle();
	EXPECT_EQ(std::string(a) + " | " + b, ways());
	rig->answers(2, false);
	EXPECT_EQ(std::string(a) + " | " + b, ways());
	rig->settle();
	EXPECT_EQ(std::string(b) + " | ", ways());
}

/* What a control that has died left is followed until its successor has filled the other
 * generation, of both families, and published it. */
TEST_P(views_test, a_successor_fills_both_families)
{
	const enum family other = GetParam() == FAMILY_IPV4 ? FAMILY_IPV6 : FAMILY_IPV4;
	const struct prefix here = prefix_of(GetParam(), 0xac100000, 12),
			    there = prefix_of(other, 0xac200000, 12);
	auto fill = [&] {
		rig->announce(here, 2, 1, GetParam());
		rig->announce(there, 3, 1, other);
		rig->settle();
		rig->answers(2, true);
		rig->answers(3, true);
		rig->settle();
	};
	auto packets_go = [&](enum family family, uint32_t v4) {
		const struct fib_generation *g = fib_active(fib);

		return views_rig::path_list_text(
			g, views_rig::looked_up(fib, g, ROLE_VNET, addr_of(family, v4)));
	};
	std::string to_here, to_there;

	open(64, 1024);
	EXPECT_EQ("", packets_go(GetParam(), 0xac100001));
	fill();
	EXPECT_EQ("", packets_go(GetParam(), 0xac100001)) << "it is not published";
	forwarding_publish(rig->writer);
	to_here = packets_go(GetParam(), 0xac100001);
	to_there = packets_go(other, 0xac200001);
	EXPECT_NE("", to_here);
	EXPECT_NE("", to_there);
	rig = std::make_unique<views_rig>(fib);
	rig->announce(prefix_of(GetParam(), 0xac300000, 12), 2, 1, GetParam());
	rig->settle();
	EXPECT_EQ(to_here, packets_go(GetParam(), 0xac100001));
	EXPECT_EQ(to_there, packets_go(other, 0xac200001));
	fill();
	forwarding_publish(rig->writer);
	EXPECT_EQ(to_here, packets_go(GetParam(), 0xac100001));
	EXPECT_EQ(to_there, packets_go(other, 0xac200001));
	EXPECT_EQ(to_here, packets_go(GetParam(), 0xac300001)) << "what it has learned";
}

/* A walk begins anew under another matrix before it is through: all is filled by the latest. */
TEST_P(views_test, a_walk_that_begins_anew_fills_by_the_latest_matrix)
{
	const uint64_t none = 0, of_nvas = (uint64_t)1 << (ROLE_VNET * 8 + ROLE_NVA);
	std::vector<struct prefix> all;

	open(64, 1024);
	for (uint32_t i = 0; i < 200; i++) {
		all.push_back(prefix_of(GetParam(), 0xac100000 | i << 8, 24));
		rig->announce(all.back(), 2, 1, GetParam());
	}
	rig->settle();
	rig->answers(2, true);
	rig->settle();
	EXPECT_EQ(201u, routes(ROLE_VNET));
	fib_walk_begin(&rig->walk, none, 1 << ROLE_VNET);
	EXPECT_FALSE(fib_walk_filled(&rig->walk, ROLE_VNET));
	EXPECT_TRUE(fib_walk_filled(&rig->walk, ROLE_EXPRESSROUTE)) << "it has no view";
	fib_walk_turn(&rig->walk, 50);
	EXPECT_FALSE(fib_walk_filled(&rig->walk, ROLE_VNET));
	fib_walk_begin(&rig->walk, of_nvas, 1 << ROLE_VNET);
	while (!fib_walk_filled(&rig->walk, ROLE_VNET)) {
		ASSERT_TRUE(rig->walk.walking);
		fib_walk_turn(&rig->walk, 16);
	}
	EXPECT_TRUE(rig->walk.walking) << "the others follow";
	expect_wanted(all, of_nvas, "as soon as it is filled", { ROLE_VNET });
	rig->settle();
	expect_wanted(all, of_nvas, "at the end");
}

/* A walk gives back the next hops that no path of any family names, and no others. */
TEST_P(views_test, next_hops_are_kept_while_a_path_names_them)
{
	const struct prefix p = prefix_of(GetParam(), 0xac100000, 24);
	uint32_t hop;

	open(64, 1024);
	rig->announce(p, 0, 1, GetParam());
	rig->settle();
	rig->answers(0, true);
	rig->settle();
	hop = hop_id(rig->attrs, views_rig::gateway_of(0), GetParam());
	for (int walks = 0; walks < 3; walks++)
		rig->walk_all(0);
	EXPECT_EQ(NEXT_HOP_RESOLVED, next_hop_look(&rig->next_hops, hop, ROLE_EXPRESSROUTE))
		<< "though no view may use it";
	rig->withdraw(p, 0);
	rig->settle();
	for (int walks = 0; walks < 3; walks++)
		rig->walk_all(0);
	EXPECT_EQ(0u, rig->next_hops.slab.used);
}

OF_BOTH_FAMILIES(views_test);

/* The prefixes of a file of tests/data. */
std::vector<struct prefix> real_prefixes(const char *name)
{
	const std::string command = std::string("gzip -dc '" TEST_DATA "/") + name + "'";
	FILE *in = popen(command.c_str(), "r");
	std::vector<struct prefix> list;
	char text[PREFIX_TEXT];
	struct prefix p;

	while (in && fscanf(in, "%49s", text) == 1 && prefix_parse(text, &p))
		list.push_back(p);
	if (in)
		pclose(in);
	return list;
}

/* The tables of a router of the Internet, both in one instance: each found by its own prefixes. */
TEST(real_tables, of_both_families_in_one_instance)
{
	const std::vector<struct prefix> tables[] = { real_prefixes("dfz-2024-01.v4.txt.gz"),
						      real_prefixes("dfz-2024-01.v6.txt.gz") };
	struct fib *fib = views_fib(1024, 1 << 17);
	auto rig = std::make_unique<views_rig>(fib);
	struct fib_stats stats;

	for (const std::vector<struct prefix> &table : tables) {
		for (size_t i = 0; i < table.size(); i++)
			rig->announce(table[i], 2 + i % 2, 1, (enum family)(i / 2 % FAMILY_COUNT));
	}
	rig->answers(2, true);
	rig->answers(3, true);
	rig->settle(1 << 16);
	fib_stats_get(rig->writer, &stats);
	for (enum role view : { ROLE_NVA, ROLE_VNET }) {
		EXPECT_EQ(901899u + 1, stats.routes[FIB_IP4][view]);
		EXPECT_EQ(160147u + 1, stats.routes[FIB_IP6][view]);
		EXPECT_GT(105000u, stats.groups_used[FIB_IP6][view]) << "what README promises";
	}
	for (const std::vector<struct prefix> &table : tables) {
		for (size_t i = 0; i < table.size(); i += 997) {
			const struct rib *rib = rig->ribs[table[i].addr.family];
			struct addr addr = prefix_last(table[i]);
			const struct path *path = rib_first(rib, longest_match(rib, addr));
			uint32_t hop = path->attrs->keys.next_hop;
			char text[ADDR_TEXT];

			ASSERT_STREQ(
				addr_text(
					addr_table_at(attr_table_next_hops(rig->attrs), hop)->addr,
					text),
				rig->found(ROLE_VNET, addr).c_str());
		}
	}
	rig.reset();
	fib_destroy(fib);
}

} // namespace
