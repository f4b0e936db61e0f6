/* The decision list: a row a rule, then that the order depends on nothing but the set of paths. */
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "decide.h"
#include "routes.h"

namespace
{

/* A path and its peer, in one. */
struct candidate {
	struct source source;
	attrs_spec spec;
	uint32_t local_pref = LOCAL_PREF_DEFAULT;
	uint8_t flags = 0;
};

const candidate er = { { ROLE_EXPRESSROUTE, true, false, 20, addr_make4(20) }, { { 65001 } } };
const candidate vpn = { { ROLE_VPN, true, false, 10, addr_make4(10) }, { { 65001 } } };
const candidate nva = { { ROLE_NVA, false, false, 5, addr_make4(5) }, { { 65001 } } };

candidate with(candidate c, const attrs_spec &spec)
{
	c.spec = spec;
	return c;
}
candidate pref(candidate c, uint32_t local_pref)
{
	c.local_pref = local_pref;
	return c;
}
candidate flagged(candidate c, uint8_t flags)
{
	c.flags = flags;
	return c;
}
candidate drained(candidate c)
{
	c.source.drained = true;
	return c;
}
candidate from(candidate c, uint32_t router_id, uint32_t addr)
{
	c.source.router_id = router_id;
	c.source.addr = addr_make4(addr);
	return c;
}
const candidate vnet = { { ROLE_VNET, false, false, 99, addr_make4(0) }, { {} } };

/* Candidates as the rib would hold them: peer i announced the i-th. */
struct bench {
	struct attr_table *table = attr_table_new();
	std::vector<struct source> sources;
	std::vector<struct path> paths;

	explicit bench(const std::vector<candidate> &candidates)
	{
		for (const candidate &c : candidates) {
			struct path path = {};

			path.attrs = attrs_make(table, c.spec);
			path.local_pref = c.local_pref;
			path.flags = c.flags;
			path.peer = (uint16_t)sources.size();
			sources.push_back(c.source);
			paths.push_back(path);
		}
	}
	~bench()
	{
		for (struct path &path : paths)
			attrs_put(table, path.attrs);
		attr_table_free(table);
	}
	/* The peers, best first, after sorting in the order given. */
	std::vector<uint16_t> sorted(struct decide_rule rule, const std::vector<size_t> &order)
	{
		std::vector<struct path *> list;
		std::vector<uint16_t> out;

		for (size_t i : order)
			list.push_back(&paths[i]);
		decide_sort(&rule, sources.data(), list.data(), list.size());
		for (struct path *path : list)
			out.push_back(path->peer);
		return out;
	}
};

const struct decide_rule by_er = { DECIDE_PREFER_EXPRESSROUTE, false };
const struct decide_rule by_vpn = { DECIDE_PREFER_VPN, false };
const struct decide_rule by_path = { DECIDE_PREFER_AS_PATH, false };
const struct decide_rule by_er_med = { DECIDE_PREFER_EXPRESSROUTE, true };

struct row {
	const char *name;
	struct decide_rule rule;
	candidate winner, loser;
	enum decide_reason reason;
};

const row rows[] = {
	{ "an unresolved next hop loses to all", by_er, nva, flagged(er, PATH_UNUSABLE),
	  DECIDE_USABLE },
	{ "not even local preference saves it", by_er, nva, pref(flagged(er, PATH_UNUSABLE), 900),
	  DECIDE_USABLE },
	{ "what a restarting peer has kept loses to all that is fresh", by_er,
	  with(nva, { { 1, 2, 3 } }), flagged(er, PATH_STALE), DECIDE_FRESH },
	{ "whatever its local preference", by_er, nva, pref(flagged(nva, PATH_STALE), 900),
	  DECIDE_FRESH },
	{ "but not to what cannot be reached", by_er, flagged(nva, PATH_STALE),
	  flagged(er, PATH_UNUSABLE), DECIDE_USABLE },
	{ "between stale ones the list goes on", by_er, flagged(er, PATH_STALE),
	  flagged(nva, PATH_STALE), DECIDE_SOURCE },
	{ "a VNet prefix beats ExpressRoute", by_er, vnet, er, DECIDE_LOCAL },
	{ "and any local preference", by_er, vnet, pref(er, 900), DECIDE_LOCAL },
	{ "local preference beats the source class", by_er, pref(nva, 101), er, DECIDE_LOCAL_PREF },
	{ "a drained peer's paths come last (RFC 8326 4.2)", by_er, nva, drained(er),
	  DECIDE_LOCAL_PREF },
	{ "whatever a route map gave them", by_er, nva, drained(pref(er, 900)), DECIDE_LOCAL_PREF },
	{ "between two of them the list goes on", by_er, drained(er), drained(pref(nva, 900)),
	  DECIDE_SOURCE },
	{ "but before those that are no use", by_er, drained(nva), flagged(nva, PATH_STALE),
	  DECIDE_FRESH },
	{ "expressroute mode: ExpressRoute beats a shorter NVA path", by_er,
	  with(er, { { 1, 2, 3 } }), nva, DECIDE_SOURCE },
	{ "expressroute mode: VPN and NVA are one class", by_er, nva, with(vpn, { { 1, 2 } }),
	  DECIDE_AS_PATH },
	{ "vpn mode: VPN beats a shorter ExpressRoute path", by_vpn, with(vpn, { { 1, 2, 3 } }), er,
	  DECIDE_SOURCE },
	{ "vpn mode: NVA as well", by_vpn, with(nva, { { 1, 2, 3 } }), er, DECIDE_SOURCE },
	{ "vpn mode: between VPN and NVA the shorter path", by_vpn, vpn, with(nva, { { 1, 2 } }),
	  DECIDE_AS_PATH },
	{ "as_path mode: the shorter, whatever its source", by_path, nva, with(er, { { 1, 2 } }),
	  DECIDE_AS_PATH },
	{ "as_path mode, tie: ExpressRoute", by_path, er, nva, DECIDE_EXPRESSROUTE },
	{ "IGP before EGP", by_er, nva, with(nva, { { 1 }, 1, ORIGIN_EGP }), DECIDE_ORIGIN },
	{ "EGP before incomplete", by_er, with(nva, { { 1 }, 1, ORIGIN_EGP }),
	  with(nva, { { 1 }, 1, ORIGIN_INCOMPLETE }), DECIDE_ORIGIN },
	{ "MED, same neighbour", by_er_med, with(nva, { { 1 }, 1, 0, 5 }),
	  with(nva, { { 1 }, 1, 0, 6 }), DECIDE_MED },
	{ "no MED is the lowest", by_er_med, with(nva, { { 1 } }), with(nva, { { 1 }, 1, 0, 6 }),
	  DECIDE_MED },
	{ "MED is not compared between neighbours", by_er_med,
	  with(from(nva, 1, 1), { { 1 }, 1, 0, 9 }), with(from(nva, 2, 2), { { 2 }, 1, 0, 3 }),
	  DECIDE_ROUTER_ID },
	{ "MED is ignored by default", by_er, with(from(nva, 1, 1), { { 1 }, 1, 0, 9 }),
	  with(from(nva, 2, 2), { { 1 }, 1, 0, 3 }), DECIDE_ROUTER_ID },
	{ "the lower router ID is announced", by_er, from(nva, 1, 9), from(nva, 2, 3),
	  DECIDE_ROUTER_ID },
	{ "a reflected path counts as its originator's", by_er,
	  with(from(vpn, 9, 9), { { 1 }, 1, 0, -1, {}, 1 }), from(vpn, 2, 3), DECIDE_ROUTER_ID },
	{ "then the lower peer address", by_er, from(nva, 7, 3), from(nva, 7, 4),
	  DECIDE_PEER_ADDRESS },
};

TEST(decide, rows)
{
	for (const row &r : rows) {
		bench b({ r.loser, r.winner });
		enum decide_reason reason = DECIDE_ONLY, back = DECIDE_ONLY;

		EXPECT_EQ((std::vector<uint16_t>{ 1, 0 }), b.sorted(r.rule, { 0, 1 })) << r.name;
		EXPECT_LT(decide_compare(&r.rule, b.sources.data(), &b.paths[1], &b.paths[0],
					 &reason),
			  0)
			<< r.name;
		EXPECT_GT(
			decide_compare(&r.rule, b.sources.data(), &b.paths[0], &b.paths[1], &back),
			0)
			<< r.name;
		EXPECT_EQ(r.reason, reason) << r.name << ": " << decide_reason_name(reason);
		EXPECT_EQ(reason, back) << r.name;
		EXPECT_EQ(r.reason >= DECIDE_ROUTER_ID,
			  decide_multipath(&r.rule, b.sources.data(), &b.paths[0], &b.paths[1]))
			<< r.name;
	}
}

TEST(decide, every_reason_has_a_name)
{
	for (int r = 0; r < DECIDE_REASONS; r++)
		EXPECT_NE(nullptr, decide_reason_name((enum decide_reason)r));
}

/* RFC 4271 9.1.2.2 c taken pair by pair is no order: A beats B by MED, B beats C and C beats A by
 * router ID. */
TEST(decide, med_triangle_is_elimination_by_neighbour)
{
	bench b({ with(from(nva, 3, 3), { { 1 }, 1, 0, 1 }),
		  with(from(nva, 1, 1), { { 1 }, 1, 0, 2 }),
		  with(from(nva, 2, 2), { { 2 }, 1, 0, 9 }) });

	EXPECT_EQ((std::vector<uint16_t>{ 2, 0, 1 }), b.sorted(by_er_med, { 0, 1, 2 }));
	EXPECT_TRUE(decide_multipath(&by_er_med, b.sources.data(), &b.paths[2], &b.paths[0]));
	EXPECT_FALSE(decide_multipath(&by_er_med, b.sources.data(), &b.paths[2], &b.paths[1]));
}

/* Every order in which a set of paths may come gives the same list; and that list is one by
 * decide_compare(). */
void every_order(const std::vector<candidate> &set, struct decide_rule rule)
{
	bench b(set);
	std::vector<size_t> order(set.size());
	std::vector<uint16_t> want;

	for (size_t i = 0; i < order.size(); i++)
		order[i] = i;
	want = b.sorted(rule, order);
	for (size_t i = 0; i < want.size(); i++) {
		for (size_t j = i + 1; j < want.size(); j++)
			ASSERT_LT(decide_compare(&rule, b.sources.data(), &b.paths[want[i]],
						 &b.paths[want[j]], nullptr),
				  0);
	}
	do {
		ASSERT_EQ(want, b.sorted(rule, order));
	} while (std::next_permutation(order.begin(), order.end()));
}

TEST(decide, order_of_arrival_does_not_matter)
{
	const struct decide_rule rules[] = {
		by_er, by_vpn, by_path, by_er_med, { DECIDE_PREFER_AS_PATH, true }
	};

	for (uint32_t seed = 1; seed <= 120; seed++) {
		std::mt19937 rng(seed);
		std::vector<candidate> set;

		for (uint32_t i = 0; i < 6; i++) {
			const candidate kinds[] = { er, vpn, nva, nva };
			candidate c = from(kinds[rng() % 4], 1 + rng() % 3, 1 + i);

			c.spec.path.assign(1 + rng() % 2, 65001 + rng() % 2);
			c.spec.origin = rng() % 4 == 0;
			c.spec.med = (int64_t)(rng() % 4) - 1;
			c.local_pref += rng() % 8 == 0;
			c.flags = rng() % 8 == 0;
			c.flags |= rng() % 4 ? 0 : PATH_STALE;
			set.push_back(c);
		}
		for (const struct decide_rule &rule : rules)
			every_order(set, rule);
		ASSERT_FALSE(HasFailure()) << "seed " << seed;
	}
}

} /* namespace */
