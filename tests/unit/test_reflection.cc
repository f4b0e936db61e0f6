/* Reflections: what is one and what is not, in every order in which it may be said, and what
 * follows from it. */
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "aspath.h"
#include "group_harness.h"

namespace
{

enum : uint32_t { OURS = 65515 };
/* Who says what: indexes into the sources of `lab`. */
enum : uint16_t { VNET, ER, ER2, VPN, VPN2, N1, N2, N1B, REMOVES, OTHER_ER };

const std::vector<struct source> lab = {
	our_vnet,
	of_as(gateway(ROLE_EXPRESSROUTE, 11), OURS),
	of_as(gateway(ROLE_EXPRESSROUTE, 12), OURS),
	of_as(gateway(ROLE_VPN, 21), OURS),
	of_as(gateway(ROLE_VPN, 22), OURS),
	of_as(nva(31), 65001),
	of_as(nva(32), 65002),
	of_as(nva(33), 65001), /* of the same AS as the first */
	{ ROLE_NVA, false, false, 34, addr_make4(34), 65004,
	  true }, /* is told no AS numbers for private use */
	{ ROLE_EXPRESSROUTE, false, false, 35, addr_make4(35), 12076 },
};

struct said {
	uint16_t peer;
	std::vector<uint32_t> path;
	uint32_t local_pref = LOCAL_PREF_DEFAULT;
	uint32_t next_hop = 0;
};

struct row {
	const char *name;
	std::vector<said> paths;
	std::set<uint16_t> reflections;
};

const std::vector<uint32_t> circuit = { 12076, 65020 };

const row rows[] = {
	{ "our AS taken out", { { ER, circuit }, { N1, { 65001, 12076, 65020 }, 200 } }, { N1 } },
	{ "our AS replaced by the peer's",
	  { { ER, circuit }, { N1, { 65001, 65001, 12076, 65020 }, 200 } },
	  { N1 } },
	{ "passed on bare", { { ER, circuit }, { N1, circuit, 200 } }, { N1 } },
	{ "with others in between",
	  { { ER, circuit }, { N1, { 65001, 64999, 12076, 65020 }, 200 } },
	  { N1 } },
	{ "the peer's AS stands in the circuit's path",
	  { { ER, { 12076, 65001, 65020 } }, { N1, { 65001, 12076, 65020 }, 200 } },
	  { N1 } },
	{ "of an iBGP gateway's VPN site",
	  { { ER, circuit }, { VPN, { 65010, 12076, 65020 }, 200 } },
	  { VPN } },
	{ "an NVA's, through a VPN site",
	  { { N1, { 65001, 65030 } }, { VPN, { 65010, 65001, 65030 }, 200 } },
	  { VPN } },
	{ "a site of two gateways has one path", { { ER, { 65020 } }, { VPN, { 65020 } } }, {} },
	{ "a site with a circuit and a VPN, one AS", { { ER, circuit }, { VPN, { 65020 } } }, {} },
	{ "a site behind another one's circuit",
	  { { ER, { 12076, 65030, 65020 } }, { VPN, { 65020 } } },
	  {} },
	{ "the same, an ExpressRoute gateway of another AS",
	  { { OTHER_ER, { 12076, 65020 } }, { VPN, { 65020 } } },
	  {} },
	{ "a site with a circuit and an NVA",
	  { { ER, circuit }, { N1, { 65001, 65020 }, 200 } },
	  {} },
	{ "another site", { { ER, circuit }, { N1, { 65001, 65021 }, 200 } }, {} },
	{ "its head, not its tail", { { ER, circuit }, { N1, { 65001, 12076 }, 200 } }, {} },
	{ "a site of two NVAs of one AS",
	  { { N1, { 65001, 65020 } }, { N1B, { 65001, 65020 } } },
	  {} },
	{ "the same, one path longer",
	  { { N1, { 65001, 65020 } }, { N1B, { 65001, 65001, 65020 } } },
	  {} },
	{ "a site of two NVAs", { { N1, { 65001, 65020 } }, { N2, { 65002, 65020 } } }, {} },
	{ "an NVA that goes through the other one",
	  { { N1, { 65001, 65020 } }, { N2, { 65002, 65001, 65020 }, 200 } },
	  { N2 } },
	{ "a VNet's prefix has no path to come back",
	  { { VNET, {} }, { N1, { 65001 }, 200 } },
	  {} },
	{ "not between circuits", { { ER, circuit }, { ER2, { 12076, 12076, 65020 } } }, {} },
	{ "not between VPN gateways", { { VPN, { 65010 } }, { VPN2, { 65011, 65010 }, 200 } }, {} },
	{ "both NVAs send the same back",
	  { { ER, circuit },
	    { N1, { 65001, 12076, 65020 }, 200 },
	    { N2, { 65002, 12076, 65020 }, 200 } },
	  { N1, N2 } },
	{ "both NVAs of one AS",
	  { { ER, circuit },
	    { N1, { 65001, 12076, 65020 }, 200 },
	    { N1B, { 65001, 12076, 65020 }, 200 } },
	  { N1, N1B } },
	{ "the one passes on what the other sends back",
	  { { ER, circuit },
	    { N1, { 65001, 12076, 65020 }, 200 },
	    { N2, { 65002, 65001, 12076, 65020 }, 300 } },
	  { N1, N2 } },
	{ "not of a path that another one hides from it",
	  { { ER, circuit }, { N2, { 65002 }, 300 }, { N1, { 65001, 12076, 65020 }, 200 } },
	  {} },
	{ "of a backup, if its peer would be told that",
	  { { VPN, { 65020 } }, { N1, { 65001, 65020 }, 200 } },
	  { N1 } },
	{ "not of what is told to others alone",
	  { { ER, circuit }, { VPN, { 65020 } }, { N1, { 65001, 65020 }, 200 } },
	  {} },
	{ "without AS numbers for private use",
	  { { ER, { 12076, 65020 } }, { REMOVES, { 65004, 12076 }, 200 } },
	  { REMOVES } },
	{ "nothing else was in it", { { VPN, { 65020 } }, { REMOVES, { 65004, 65020 } } }, {} },
};

struct server : harness {
	const struct prefix prefix;

	explicit server(struct prefix p = p1, uint64_t matrix = ALLOW_EXCHANGE)
	    : harness(FAMILY_IPV4, lab, matrix), prefix(p)
	{
		model.rule.preference = DECIDE_PREFER_EXPRESSROUTE;
	}
	void say(const said &what)
	{
		attrs_spec spec = { what.path };

		spec.next_hop = what.next_hop ? what.next_hop : 0x0a000000 + what.peer;
		announce(prefix, what.peer, spec, what.local_pref);
	}
	std::set<uint16_t> reflections() const
	{
		std::set<uint16_t> found;
		uint32_t node = rib_find(rib, prefix);

		for (auto *path = node ? rib_first(rib, node) : nullptr; path;
		     path = rib_following(rib, path)) {
			if (path->flags & PATH_REFLECTION)
				found.insert(path->peer);
		}
		return found;
	}
	/* The peers in the order of the chain. */
	std::vector<uint16_t> order() const
	{
		std::vector<uint16_t> out;
		uint32_t node = rib_find(rib, prefix);

		for (auto *path = node ? rib_first(rib, node) : nullptr; path;
		     path = rib_following(rib, path))
			out.push_back(path->peer);
		return out;
	}
};

/* Everything that is used of a chain stands before the reflections. */
void expect_unused(const server &s, const std::set<uint16_t> &reflections, const char *name)
{
	const std::vector<uint16_t> order = s.order();
	const struct path *best[RIB_ECMP];
	uint32_t node = rib_find(s.rib, s.prefix);

	for (size_t i = order.size() - reflections.size(); i < order.size(); i++)
		EXPECT_TRUE(reflections.count(order[i])) << name;
	for (int role = 0; role < ROLE_COUNT; role++) {
		const struct path *last = nullptr;

		while (unsigned int n = rib_next_for_role(s.rib, node, (enum role)role, s.allow,
							  &last, best)) {
			for (unsigned int i = 0; i < n; i++)
				EXPECT_FALSE(reflections.count(best[i]->peer)) << name;
		}
	}
}

} // namespace

TEST(reflection, is_what_the_peer_is_told_in_every_order)
{
	for (const row &r : rows) {
		std::vector<size_t> order(r.paths.size());

		for (size_t i = 0; i < order.size(); i++)
			order[i] = i;
		do {
			server s;

			for (size_t i : order)
				s.say(r.paths[i]);
			EXPECT_EQ(r.reflections, s.reflections()) << r.name;
			expect_unused(s, r.reflections, r.name);
			s.check_reflections();
		} while (std::next_permutation(order.begin(), order.end()));
	}
}

TEST(reflection, follows_what_is_told)
{
	server s;
	const said original = { ER, circuit }, other = { ER, { 12076, 65021 } },
		   back = { N1, { 65001, 12076, 65020 }, 200 };
	const std::set<uint16_t> none, n1 = { N1 };

	s.say(original);
	s.say(back);
	EXPECT_EQ(n1, s.reflections());
	s.say(other);
	EXPECT_EQ(none, s.reflections()) << "another path is told";
	s.say(original);
	EXPECT_EQ(n1, s.reflections());
	s.withdraw(s.prefix, ER);
	EXPECT_EQ(none, s.reflections()) << "nothing is told: usable at once";
	s.say(original);
	EXPECT_EQ(n1, s.reflections());
	s.dead_hops.insert(0x0a000000 + ER);
	rib_next_hop_changed(s.rib, hop_id(s.table, 0x0a000000 + ER));
	s.settle();
	EXPECT_EQ(none, s.reflections()) << "its next hop is lost: it is told no more";
	s.dead_hops.clear();
	rib_next_hop_changed(s.rib, hop_id(s.table, 0x0a000000 + ER));
	s.settle();
	EXPECT_EQ(n1, s.reflections());
	rib_set_allow(s.rib, 0x0f080808);
	s.settle();
	EXPECT_EQ(none, s.reflections()) << "exchange is off";
	rib_set_allow(s.rib, ALLOW_EXCHANGE);
	s.settle();
	EXPECT_EQ(n1, s.reflections());
	rib_source_hold(s.rib, ER, true);
	rib_reconsider(s.rib);
	s.settle();
	EXPECT_EQ(none, s.reflections()) << "held: told to nobody";
	rib_source_hold(s.rib, ER, false);
	rib_reconsider(s.rib);
	s.settle();
	EXPECT_EQ(n1, s.reflections());
	s.say({ N1, { 65001, 65020 }, 200 });
	EXPECT_EQ(none, s.reflections()) << "its own path";
	s.say(back);
	rib_peer_down(s.rib, ER);
	s.settle();
	EXPECT_EQ(none, s.reflections()) << "its session is lost";
}

TEST(reflection, the_default_route_is_not_told_to_vpn_gateways)
{
	const said original = { ER, circuit }, back = { VPN, { 65010, 12076, 65020 }, 200 };
	server s(prefix4_make(0, 0));

	s.say(original);
	s.say(back);
	EXPECT_TRUE(s.reflections().empty());
}

/* What only the caller knows: a map keeps the path from the peer. */
TEST(reflection, is_none_of_what_the_peer_is_not_told)
{
	struct asked {
		bool announced = true;
		int calls = 0, reflected = 0;
	} asked;
	struct rib_params params = {};
	struct attr_table *table = attr_table_new();
	const struct attrs *original = attrs_make(table, { circuit }),
			   *back = attrs_make(table, { { 65001, 12076, 65020 } }),
			   *own = attrs_make(table, { { 65001, 65020 } });

	params.attrs = table;
	params.nb_peers = (uint16_t)lab.size();
	params.allow = ALLOW_EXCHANGE;
	params.asn = OURS;
	params.usable = usable_always;
	params.ctx = &asked;
	params.announced = [](void *ctx, const struct path *path, uint16_t peer) {
		struct asked *asked = (struct asked *)ctx;

		EXPECT_EQ(ER, path->peer);
		EXPECT_EQ(N1, peer);
		asked->calls++;
		return asked->announced;
	};
	params.reflected = [](void *ctx, const struct path *path, const struct path *announced) {
		EXPECT_EQ(N1, path->peer);
		EXPECT_EQ(ER, announced->peer);
		((struct asked *)ctx)->reflected++;
	};
	struct rib *rib = rib_new(&params);
	struct prefix last;

	for (uint16_t i = 0; i < lab.size(); i++)
		rib_source_set(rib, i, &lab[i]);
	rib_announce(rib, p1, ER, original, 100, 0);
	rib_announce(rib, p1, N1, own, 100, 0);
	EXPECT_EQ(0, asked.calls) << "asked only of what would be one";
	rib_announce(rib, p1, N1, back, 100, 0);
	EXPECT_EQ(1, asked.calls);
	EXPECT_EQ(1, asked.reflected);
	EXPECT_EQ(1u, rib_peer_reflections(rib, N1, &last));
	EXPECT_TRUE(prefix_equal(p1, last));
	rib_announce(rib, p1, N1, back, 200, 0);
	EXPECT_EQ(1, asked.reflected) << "said once";
	asked.announced = false;
	rib_reconsider(rib);
	while (rib_turn(rib, 16))
		;
	EXPECT_EQ(0u, rib_peer_reflections(rib, N1, &last));
	asked.announced = true;
	rib_reconsider(rib);
	while (rib_turn(rib, 16))
		;
	EXPECT_EQ(1u, rib_peer_reflections(rib, N1, &last));
	EXPECT_EQ(2, asked.reflected);
	rib_free(rib);
	attrs_put(table, original);
	attrs_put(table, back);
	attrs_put(table, own);
	EXPECT_EQ(0u, attr_table_count(table));
	attr_table_free(table);
}

/* The receiver has no path of its own, so what it is told is no backup; and it is told all the
 * same. */
TEST(reflection, counts_for_nothing_when_others_are_told)
{
	server s;
	struct group *nvas = s.group_add(ROLE_NVA), *sites = s.group_add(ROLE_VPN, true);

	s.up(N1, nvas);
	s.up(N2, nvas);
	s.up(VPN, sites);
	s.say({ N1, { 65001, 12076, 65020 }, 200 });
	s.flush_all();
	EXPECT_EQ(1u, s.peers[N2].table.size());
	s.say({ ER, circuit });
	s.settle();
	s.flush_all();
	s.check();
	for (uint16_t peer : { N1, N2, VPN }) {
		ASSERT_EQ(1u, s.peers[peer].table.size()) << peer;
		EXPECT_EQ(ER, std::get<1>(s.peers[peer].table.begin()->second)) << peer;
	}
	uint64_t told = s.peers[N2].announced + s.peers[VPN].announced;

	s.say({ N1, { 65001, 64999, 12076, 65020 }, 300 });
	s.settle();
	s.flush_all();
	s.check();
	EXPECT_EQ(told, s.peers[N2].announced + s.peers[VPN].announced) << "nobody hears of it";
}

/* Whatever has been before, the same paths are judged and sorted the same. */
TEST(reflection, depends_on_the_set_of_paths_alone)
{
	for (uint32_t seed = 1; seed <= 300; seed++) {
		std::mt19937 rng(seed);
		std::vector<said> paths;
		std::vector<uint16_t> order;

		for (uint16_t peer = ER; peer < lab.size(); peer++) {
			std::vector<uint32_t> path = circuit;

			if (rng() % 3 == 0)
				path = { 65020 };
			if (rng() % 4 == 0)
				path.insert(path.begin(), 65001 + rng() % 2);
			for (uint32_t n = rng() % 3; n && !lab[peer].ibgp; n--)
				path.insert(path.begin(),
					    n > 1 ? 65001 + rng() % 2 : lab[peer].asn);
			paths.push_back({ peer, path, 99 + (uint32_t)(rng() % 3) });
		}
		for (int round = 0; round < 4; round++) {
			server s;

			for (int noise = 0; noise < 20; noise++) {
				said what = paths[rng() % paths.size()];

				if (rng() % 2)
					what.path = paths[rng() % paths.size()].path;
				if (rng() % 4)
					s.say(what);
				else
					s.withdraw(s.prefix, what.peer);
			}
			std::shuffle(paths.begin(), paths.end(), rng);
			for (const said &what : paths)
				s.say(what);
			s.check_reflections();
			if (round) {
				EXPECT_EQ(order, s.order()) << "seed " << seed;
			}
			order = s.order();
			while (rng() % 2) {
				rib_reconsider(s.rib);
				s.settle();
			}
			EXPECT_EQ(order, s.order()) << "it moves by itself, seed " << seed;
		}
		ASSERT_FALSE(HasFailure()) << "seed " << seed;
	}
}

TEST(reflection, of_five_hundred_peers_is_found_all_the_same)
{
	std::vector<struct source> who = { our_vnet, of_as(gateway(ROLE_EXPRESSROUTE, 9), OURS) };

	for (uint32_t i = 0; i < 500; i++)
		who.push_back(of_as(nva(100 + i), 64000 + i));
	harness h(FAMILY_IPV4, who, ALLOW_EXCHANGE);
	struct prefix last;
	uint32_t found = 0;

	for (uint32_t i = 0; i < 500; i++)
		h.announce(p1, (uint16_t)(2 + i), { { 64000 + i, 12076, 65100 } }, 100 + i % 3);
	h.announce(p1, 1, { { 12076, 65100 } });
	for (uint32_t i = 0; i < 500; i++)
		found += rib_peer_reflections(h.rib, (uint16_t)(2 + i), &last);
	EXPECT_EQ(500u, found);
	EXPECT_EQ(1, rib_first(h.rib, h.find(p1))->peer);
	h.withdraw(p1, 1);
	h.check_reflections();
}
