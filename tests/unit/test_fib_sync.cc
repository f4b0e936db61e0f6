/* The RIB's routes in the FIB's views: which prefixes are the system's, and what happens when there
 * is no room. */
#include "hash.h"
#include "server.h"

class fib_sync_test : public of_families<server_test>
{
};

TEST_P(fib_sync_test, system_prefixes)
{
	static const struct {
		const char *prefix;
		bool system;
	} cases[] = {
		{ "10.0.0.0/16", true },     { "10.0.0.0/17", true },
		{ "10.0.255.255/32", true }, { "10.0.0.0/15", false },
		{ "10.1.0.0/16", false },    { "9.255.255.255/32", false },
		{ "0.0.0.0/0", false },	     { "192.0.2.0/24", true },
		{ "192.0.2.77/32", true },   { "192.0.3.0/32", false },
		{ "192.0.2.0/23", false },   { "255.255.255.255/32", false },
		{ "192.0.1.255/32", false }, { "10.0.2.1/32", true },
	};
	static const char vnets[] = R"(vnet = ( { prefix = "192.0.2.0/24"; port = "vnet0"; },
						{ prefix = "10.0.0.0/16"; port = "vnet0"; } );)";

	start(std::string(base_config) + vnets + base_peers);
	for (const auto &c : cases)
		EXPECT_EQ(c.system, fib_sync_system(&rs->fib_sync[family], here(c.prefix)))
			<< c.prefix;
}

/* An address in a /25. */
static std::string host(const std::string &prefix)
{
	return prefix.substr(0, prefix.rfind('.')) + ".1";
}

TEST_P(fib_sync_test, without_room_routes_are_refused_and_come_when_there_is_room)
{
	const std::vector<std::string> first = half_full(0), second = half_full(1);
	uint64_t refused;

	start_with_routes(false);
	announce(NVA_A, first);
	announce(NVA_B, second);
	turn();
	EXPECT_LT(0u, rs->fib_sync[family].refused);
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, host(first.front()).c_str()));
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, host(second.back()).c_str()));
	EXPECT_EQ("10.0.255.36", fib_to(ROLE_VNET, "10.20.1.1")) << "the others are untouched";
	update(NVA_A, {}, {}, first);
	turn();
	pass(1000);
	pass(1000);
	for (const std::string &prefix : second)
		EXPECT_EQ("10.0.2.5", fib_to(ROLE_VNET, host(prefix).c_str()));
	refused = rs->fib_sync[family].refused;
	pass(1000);
	pass(1000);
	EXPECT_EQ(refused, rs->fib_sync[family].refused);
}

/* A VNet's hosts are behind a router, which is a next hop of its own as well. */
TEST_P(fib_sync_test, next_hops_behind_one_router_are_one_way)
{
	static const char vnets[] =
		R"(vnet = ( { prefix = "10.0.0.0/16"; port = "vnet0"; next_hop = "10.0.1.9"; } );)";
	const std::string prefix = "172.30.0.0/16";
	attrs_spec a, b;

	start(std::string(base_config) + vnets + base_peers);
	exchange_on(true);
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		up(peer);
	a.path = { 65001 };
	a.next_hop = ip("10.0.7.4");
	b.path = { 65002 };
	b.next_hop = ip("10.0.7.5");
	update(NVA_A, { prefix }, a);
	update(NVA_B, { prefix }, b);
	turn();
	arp("10.0.1.9");
	turn();
	EXPECT_EQ("10.0.1.9", fib_to(ROLE_VNET, "172.30.1.1"));
	EXPECT_EQ(1u, announced[ERGW].count(prefix));
	b.next_hop = ip("10.0.1.9");
	update(NVA_B, { prefix }, b);
	turn();
	EXPECT_EQ("10.0.1.9", fib_to(ROLE_VNET, "172.30.1.1"));
	b.next_hop = address(NVA_B);
	update(NVA_B, { prefix }, b);
	turn();
	arp("10.0.2.5");
	turn();
	EXPECT_EQ("10.0.1.9 10.0.2.5", fib_to(ROLE_VNET, "172.30.1.1"));
	EXPECT_EQ(0u, rs->fib_sync[family].refused);
}

class backup_test : public of_families<server_test>
{
      protected:
	const std::string prefix = "172.30.0.0/16";

	void SetUp() override
	{
		server_test::SetUp();
		start_with_routes(true);
	}
	/* `peer` announces the prefix by a path of `len` AS numbers. */
	void says(uint16_t peer, size_t len, const char *next_hop = nullptr)
	{
		attrs_spec spec;

		spec.path = std::vector<uint32_t>(len, 65000u + peer);
		spec.next_hop = next_hop ? ip(next_hop) : address(peer);
		update(peer, { prefix }, spec);
		turn();
	}
	/* "best | backup". */
	std::string ways(enum role view = ROLE_VNET)
	{
		return fib_to(view, "172.30.1.1") + " | " + backup_to(view, "172.30.1.1");
	}
};

TEST_P(backup_test, the_next_best_with_another_next_hop)
{
	says(NVA_A, 1);
	EXPECT_EQ("10.0.2.4 | nowhere", ways());
	says(NVA_B, 2);
	EXPECT_EQ("10.0.2.4 | 10.0.2.5", ways());
	says(NVA_A, 3);
	EXPECT_EQ("10.0.2.5 | 10.0.2.4", ways());
	says(NVA_A, 2);
	EXPECT_EQ("10.0.2.4 10.0.2.5 | nowhere", ways());
	says(ERGW, 3);
	EXPECT_EQ("10.0.255.36 | 10.0.2.4 10.0.2.5", ways()) << "preference: ExpressRoute";
	arp("10.0.255.36", false);
	turn();
	EXPECT_EQ("10.0.2.4 10.0.2.5 | nowhere", ways()) << "control follows what readers do";
	arp("10.0.255.36");
	turn();
	EXPECT_EQ("10.0.255.36 | 10.0.2.4 10.0.2.5", ways());
	update(NVA_A, {}, {}, { prefix });
	turn();
	EXPECT_EQ("10.0.255.36 | 10.0.2.5", ways());
	EXPECT_EQ(0u, rs->fib_sync[family].unprotected);
}

/* A backup is one that the view may use. */
TEST_P(backup_test, of_each_view_its_own)
{
	says(NVA_A, 1);
	says(NVA_B, 2);
	says(ERGW, 3);
	EXPECT_EQ("10.0.2.4 | 10.0.2.5", ways(ROLE_EXPRESSROUTE));
	EXPECT_EQ("10.0.255.36 | 10.0.2.4", ways(ROLE_NVA));
	exchange_on(false);
	turn();
	EXPECT_EQ("nowhere | nowhere", ways(ROLE_NVA));
	EXPECT_EQ("10.0.255.36 | 10.0.2.4", ways(ROLE_VNET));
}

/* The same neighbour would be lost together with the best path. */
TEST_P(backup_test, never_the_same_neighbour)
{
	says(ERGW, 1);
	says(NVA_A, 1, "10.0.2.9");
	arp("10.0.2.9");
	turn();
	EXPECT_EQ("10.0.255.36 | 10.0.2.9", ways());
	update(ERGW, {}, {}, { prefix });
	says(NVA_B, 2, "10.0.2.9");
	EXPECT_EQ("10.0.2.9 | nowhere", ways());
	says(ERGW, 5, "10.0.2.9");
	EXPECT_EQ("10.0.2.9 | nowhere", ways()) << "the same, though an adjacency of its own";
	says(NVA_A, 6);
	EXPECT_EQ("10.0.2.9 | 10.0.2.4", ways());
}

TEST_P(backup_test, the_system_has_none)
{
	EXPECT_EQ("nowhere", backup_to(ROLE_NVA, "10.0.7.7"));
	update(NVA_A, { "10.0.0.0/16" }, attrs_spec());
	turn();
	EXPECT_EQ("nowhere", backup_to(ROLE_NVA, "10.0.7.7"));
}

/* What flaps is damped in what peers are told, never in what packets do. */
TEST_P(backup_test, a_next_hop_that_flaps_is_used_at_once_and_announced_when_it_is_calm)
{
	auto flap = [this] {
		arp("10.0.2.4", false);
		pass(100);
		EXPECT_EQ("nowhere", fib_to(ROLE_EXPRESSROUTE, "172.30.1.1"));
		EXPECT_EQ(0u, announced[ERGW].count(prefix));
		arp("10.0.2.4");
		pass(100);
		EXPECT_EQ("10.0.2.4", fib_to(ROLE_EXPRESSROUTE, "172.30.1.1"));
		return announced[ERGW].count(prefix) != 0;
	};

	says(NVA_A, 1);
	EXPECT_TRUE(flap());
	EXPECT_TRUE(flap());
	EXPECT_FALSE(flap()) << "the third time";
	pass(NEXT_HOP_QUIET_MS - 200);
	EXPECT_EQ(0u, announced[ERGW].count(prefix));
	pass(200);
	EXPECT_EQ(1u, announced[ERGW].count(prefix));
	EXPECT_FALSE(flap());
	pass(NEXT_HOP_QUIET_MS);
	EXPECT_EQ(0u, announced[ERGW].count(prefix)) << "twice as long as before";
	pass(NEXT_HOP_QUIET_MS);
	EXPECT_EQ(1u, announced[ERGW].count(prefix));
	for (int i = 0; i < 20; i++)
		EXPECT_FALSE(flap());
	pass(NEXT_HOP_QUIET_MAX);
	EXPECT_EQ(1u, announced[ERGW].count(prefix)) << "never longer than this";
	pass(NEXT_HOP_CALM_MS + 1);
	EXPECT_TRUE(flap()) << "forgiven";
}

/* Another path, which is not the best, is announced meanwhile. */
TEST_P(backup_test, while_the_best_is_damped_the_next_best_is_announced)
{
	says(NVA_A, 1);
	says(NVA_B, 2);
	for (int i = 0; i < 3; i++) {
		arp("10.0.2.4", false);
		pass(100);
		arp("10.0.2.4");
		pass(100);
	}
	EXPECT_EQ("10.0.2.4 | 10.0.2.5", ways(ROLE_EXPRESSROUTE));
	EXPECT_EQ(2u, keys(ERGW, prefix.c_str()).path_len);
	pass(NEXT_HOP_QUIET_MS);
	EXPECT_EQ(1u, keys(ERGW, prefix.c_str()).path_len);
}

class full_test : public of_families<server_test>
{
      protected:
	/* Is every route told to exactly those whose view has it, except to where it came from?
	 * `yet`: or it may be, in a later turn. */
	void told_is_what_views_have(uint16_t from, const std::vector<std::string> &prefixes,
				     bool yet = false)
	{
		for (const std::string &prefix : prefixes) {
			struct fib_prefix p = to_fib_prefix(here(prefix));
			uint32_t list;

			for (uint16_t peer : { ERGW, NVA_A, NVA_B }) {
				enum role role = peer == ERGW ? ROLE_EXPRESSROUTE : ROLE_NVA;
				bool there = peer != from &&
					     !fib_get(rs->writer, (uint8_t)role, p, &list);

				if (!yet || !there) {
					EXPECT_EQ(there, announced[peer].count(prefix))
						<< prefix << " " << peer;
				}
			}
		}
	}
	size_t told_of(uint16_t peer, const std::vector<std::string> &prefixes)
	{
		size_t n = 0;

		for (const std::string &prefix : prefixes)
			n += announced[peer].count(prefix);
		return n;
	}
	std::vector<std::string> first = half_full(0), second = half_full(1);
};

TEST_P(full_test, what_is_refused_is_not_announced_until_there_is_room)
{
	start_with_routes(true);
	announce(NVA_A, first);
	announce(NVA_B, second);
	turn([this] { told_is_what_views_have(NVA_B, second, true); });
	told_is_what_views_have(NVA_B, second);
	told_is_what_views_have(NVA_A, first);
	EXPECT_GT(second.size(), told_of(ERGW, second));
	EXPECT_EQ(first.size(), told_of(ERGW, first));
	update(NVA_A, {}, {}, first);
	turn();
	pass(1000);
	pass(1000);
	EXPECT_EQ(second.size(), told_of(ERGW, second));
	told_is_what_views_have(NVA_B, second);
}

/* A view loses a route, and another takes its room. */
TEST_P(full_test, what_does_not_fit_any_more_is_withdrawn)
{
	const struct fib_prefix lost = to_fib_prefix(here(first[0]));
	uint32_t list;

	start_with_routes(true);
	announce(NVA_A, first);
	announce(NVA_B, second);
	turn();
	ASSERT_EQ(0, fib_get(rs->writer, ROLE_EXPRESSROUTE, lost, &list));
	fib_del(rs->writer, ROLE_EXPRESSROUTE, lost);
	fib_path_list_put(rs->writer, list);
	turn();
	announce(NVA_B, { "172.18.0.0/25" });
	turn();
	EXPECT_EQ(1u, announced[ERGW].count("172.18.0.0/25"));
	EXPECT_EQ(1u, announced[ERGW].count(first[0])) << "nobody has looked";
	pass(1000);
	EXPECT_EQ(0u, announced[ERGW].count(first[0]));
	told_is_what_views_have(NVA_A, first);
}

TEST_P(full_test, views_and_reason_say_what_is_refused)
{
	size_t refused = 0, in_no_view = 0;

	start_with_routes(true);
	announce(NVA_A, first);
	announce(NVA_B, second);
	turn();
	for (const std::string &prefix : second) {
		auto page = ask(PAGE_ROUTES, "", of_prefix(prefix));
		uint32_t at = 0;
		uint16_t type;
		auto *row = (const struct row_route *)page_next(page.get(), &at, &type);

		ASSERT_NE(nullptr, row);
		refused += row->refused != 0;
		in_no_view += !row->views;
		EXPECT_EQ(0, row->views & row->refused);
		EXPECT_EQ(row->views != 0, (row->flags & ROUTE_USABLE) != 0);
		EXPECT_STREQ(row->views ? "" : "no room in the FIB", row->unusable);
	}
	EXPECT_LT(0u, refused);
	EXPECT_LT(0u, in_no_view);
}

/* Whatever comes and goes, in any order: the views are what the RIB says, and nothing leaks. */
TEST_P(fib_sync_test, after_any_changes_nothing_is_left_over)
{
	struct fib_stats stats;
	uint64_t seed = 1;

	start_with_routes(true);
	for (int i = 0; i < 4000; i++) {
		uint32_t r;
		uint16_t peer;
		std::string prefix;
		attrs_spec spec;

		seed = hash_u64(seed + 1);
		r = (uint32_t)(seed >> 20);
		peer = (uint16_t)(r % 3);
		prefix = "172." + std::to_string(16 + r / 3 % 4) + "." +
			 std::to_string(r / 16 % 8) + ".0/24";
		spec.path = std::vector<uint32_t>(1 + r / 256 % 2, 65000u + peer);
		spec.next_hop = address(peer == ERGW ? peer : (uint16_t)(1 + r / 1024 % 2));
		if (r / 4096 % 3)
			update(peer, { prefix }, spec);
		else
			update(peer, {}, {}, { prefix });
		if (r / 16384 % 8 == 0)
			turn();
		if (r / 131072 % 256 == 0)
			exchange_on(!rs->exchange->enabled);
	}
	turn();
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		down(peer);
	turn();
	for (int s = 0; s < 61; s++)
		pass(1000);
	fib_stats_get(rs->writer, &stats);
	for (int view = 0; view < ROLE_COUNT; view++)
		EXPECT_EQ(1u, stats.routes[family][view]) << "the VNet alone, view " << view;
	EXPECT_EQ(1u, stats.path_lists);
	EXPECT_EQ(1u, stats.adjacencies) << "the VNet's glean";
}

OF_BOTH_FAMILIES(fib_sync_test);
OF_BOTH_FAMILIES(backup_test);
OF_BOTH_FAMILIES(full_test);
