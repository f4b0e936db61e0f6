/* Update groups: named cases, then random sequences against the model. */
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "group.h"
#include "group_model.h"
#include "routes.h"

namespace
{

typedef group_model::key key;
typedef group_model::announcement announcement;

/* A peer as it sees itself: what it has been told. */
struct listener {
	struct group *group = nullptr;
	bool up = false, lagging = false;
	int end_of_ribs = 0;
	std::map<key, announcement> table;
	uint64_t announced = 0, withdrawn = 0;
};

struct harness {
	struct attr_table *table = attr_table_new();
	struct rib *rib;
	std::vector<struct source> sources;
	std::vector<listener> peers;
	std::vector<struct group *> groups;
	std::set<struct group *> without_vnets;
	std::set<uint32_t> dead_hops;
	/* one reference each, so that no address is used twice */
	std::set<const struct attrs *> seen;
	group_model model;
	uint64_t allow;
	/* judge every message to a member in the stream: nothing told twice, nothing withdrawn twice */
	bool exact = true;

	static bool usable(void *ctx, uint32_t next_hop, enum role)
	{
		return !((harness *)ctx)->dead_hops.count(next_hop);
	}

	harness(std::vector<struct source> who, uint64_t matrix, bool med = false)
	    : sources(std::move(who)), peers(sources.size()), allow(matrix)
	{
		struct rib_params params = {};

		params.attrs = table;
		params.nb_peers = (uint16_t)sources.size();
		params.rule.med = med;
		params.allow = allow;
		params.usable = usable;
		params.ctx = this;
		rib = rib_new(&params);
		for (uint16_t i = 0; i < sources.size(); i++)
			rib_source_set(rib, i, &sources[i]);
		model.rule = params.rule;
		model.sources = sources.data();
	}
	~harness()
	{
		rib_free(rib);
		for (const struct attrs *attrs : seen)
			attrs_put(table, attrs);
		EXPECT_EQ(0u, attr_table_count(table)) << "references were lost";
		attr_table_free(table);
	}

	struct group *group_add(enum role role, bool ibgp = false, bool vnets = true)
	{
		groups.push_back(group_new(rib, role, ibgp, vnets));
		if (!vnets)
			without_vnets.insert(groups.back());
		return groups.back();
	}
	void up(uint16_t peer, struct group *group)
	{
		ASSERT_EQ(0, group_join(group, peer));
		peers[peer] = listener();
		peers[peer].group = group;
		peers[peer].up = true;
	}
	void down(uint16_t peer)
	{
		group_leave(peers[peer].group, peer);
		peers[peer] = listener();
	}
	void announce(struct prefix prefix, uint16_t peer, const attrs_spec &spec)
	{
		const struct attrs *attrs = attrs_make(table, spec);
		uint32_t node;

		ASSERT_GE(rib_announce(rib, prefix, peer, attrs, LOCAL_PREF_DEFAULT, 0), 0);
		if (!seen.insert(attrs).second)
			attrs_put(table, attrs);
		node = rib_find(rib, prefix);
		ASSERT_NE(0u, node);
		model.paths[key(prefix.addr, prefix.len)][peer] = *rib_path(rib, node, peer);
	}
	void withdraw(struct prefix prefix, uint16_t peer)
	{
		auto it = model.paths.find(key(prefix.addr, prefix.len));
		bool known = it != model.paths.end() && it->second.erase(peer);

		EXPECT_EQ(known ? 1 : 0, rib_withdraw(rib, prefix, peer));
		if (it != model.paths.end() && it->second.empty())
			model.paths.erase(it);
	}
	/* What the FIB has no room for; the mark goes with the node. */
	void refuse(struct prefix prefix, enum role role, bool refused)
	{
		uint32_t node = rib_find(rib, prefix);

		if (!node)
			return;
		ASSERT_EQ(0, rib_set_refused(rib, node, role, refused));
		ASSERT_EQ(refused, rib_refused(rib, node) >> role & 1);
	}
	/* As the FIB does. */
	void take_changes(size_t max)
	{
		std::vector<struct rib_change> changes(max);
		size_t n = rib_changes(rib, changes.data(), max);

		for (size_t i = 0; i < n; i++) {
			auto it = model.paths.find(
				key(changes[i].prefix.addr, changes[i].prefix.len));

			EXPECT_EQ(it == model.paths.end(), changes[i].node == RIB_NONE);
			EXPECT_EQ(changes[i].node, rib_find(rib, changes[i].prefix));
		}
	}
	void settle()
	{
		while (rib_turn(rib, 64))
			;
		ASSERT_TRUE(rib_settled(rib));
	}
	/* The model takes over what sweeps and resorts have done, as the chains show it: they are tested elsewhere. */
	void model_refresh()
	{
		std::vector<uint32_t> nodes(256);
		uint32_t cursor = 0;

		model.paths.clear();
		do {
			size_t n = rib_walk(rib, &cursor, nodes.data(), nodes.size());

			for (size_t i = 0; i < n; i++) {
				struct prefix p = rib_prefix(rib, nodes[i]);
				auto &paths = model.paths[key(p.addr, p.len)];

				for (auto *path = rib_first(rib, nodes[i]); path;
				     path = rib_following(rib, path))
					paths[path->peer] = *path;
			}
		} while (cursor);
	}

	void deliver(uint16_t to, const struct group_batch *batch)
	{
		listener &l = peers[to];

		ASSERT_TRUE(l.up) << "told a peer that is no member";
		ASSERT_FALSE(l.lagging) << "told a lagging peer";
		if (batch->kind == GROUP_END_OF_RIB) {
			l.end_of_ribs++;
			return;
		}
		for (uint32_t i = 0; i < batch->nb_prefixes; i++) {
			key k(batch->prefixes[i].addr, batch->prefixes[i].len);

			if (batch->kind == GROUP_WITHDRAW) {
				size_t erased = l.table.erase(k);

				l.withdrawn++;
				ASSERT_TRUE(!exact || erased == 1)
					<< "withdrew what it did not have";
				continue;
			}
			ASSERT_NE(to, batch->source) << "its own route back";
			l.announced++;
			announcement said(batch->attrs, batch->source);

			ASSERT_FALSE(exact && l.table.count(k) && l.table[k] == said)
				<< "told twice";
			l.table[k] = said;
		}
	}
	/* One flush of at most `max`; returns what it took. */
	size_t flush(struct group *group, size_t max)
	{
		size_t taken = group_flush(group, max);
		struct group_batch batch;
		bool announcing = false;

		while (group_flush_next(group, &batch)) {
			EXPECT_GT(batch.nb_to, 0u);
			EXPECT_FALSE(announcing && batch.kind == GROUP_WITHDRAW)
				<< "withdrawals come first";
			announcing |= batch.kind != GROUP_WITHDRAW;
			EXPECT_TRUE(batch.kind == GROUP_END_OF_RIB || batch.nb_prefixes > 0);
			for (uint32_t i = 0; i < batch.nb_to; i++)
				deliver(batch.to[i], &batch);
		}
		return taken;
	}
	void flush_all()
	{
		for (struct group *group : groups) {
			while (flush(group, 7))
				;
			EXPECT_TRUE(group_idle(group));
		}
	}
	/* Do all members have what the model says, and the rib say so as well? */
	void check()
	{
		model.refused.clear();
		for (const auto &entry : model.paths)
			model.refused[entry.first] = rib_refused(
				rib, rib_find(rib, { entry.first.first, entry.first.second }));
		for (uint16_t i = 0; i < peers.size(); i++) {
			if (!peers[i].up || peers[i].lagging)
				continue;

			auto want = model.adj_rib_out(
				i, sources[i].held ? ROLE_VNET : sources[i].role, sources[i].ibgp,
				allow, !without_vnets.count(peers[i].group));

			ASSERT_EQ(want.size(), peers[i].table.size()) << "peer " << i;
			for (const auto &w : want) {
				auto has = peers[i].table.find(w.first);
				struct prefix prefix = { w.first.first, w.first.second };
				const struct path *path;

				ASSERT_NE(peers[i].table.end(), has) << "peer " << i;
				ASSERT_EQ(w.second.first, has->second.first) << "peer " << i;
				path = group_advertised(peers[i].group, i, rib_find(rib, prefix));
				ASSERT_NE(nullptr, path);
				ASSERT_EQ(w.second, announcement(path->attrs, path->peer));
			}
			ASSERT_EQ(want.size(), group_advertised_count(peers[i].group, i))
				<< "peer " << i;
		}
	}
};

struct source nva(uint32_t id)
{
	return { ROLE_NVA, false, false, id, id };
}
struct source gateway(enum role role, uint32_t id)
{
	return { role, true, false, id, id };
}
const struct source our_vnet = { ROLE_VNET, false, false, 1, 0 };
const struct prefix p1 = { 0x0a0a0000, 16 }, p2 = { 0x0a140000, 16 }, p3 = { 0x0a1e0000, 16 };

TEST(group, announcer_is_told_the_best_of_the_others)
{
	harness h({ our_vnet, nva(1), nva(2), nva(3) }, ALLOW_ALL);
	struct group *group = h.group_add(ROLE_NVA);

	for (uint16_t i = 1; i <= 3; i++)
		h.up(i, group);
	h.announce(p1, 1, { { 65001 } });
	h.flush_all();
	EXPECT_EQ(0u, h.peers[1].table.size());
	EXPECT_EQ(1u, h.peers[2].table.size());
	h.announce(p1, 2, { { 65002, 65009 } });
	h.flush_all();
	EXPECT_EQ(2, h.peers[1].table[key(p1.addr, p1.len)].second)
		<< "no path hiding (RFC 7947 2.3)";
	EXPECT_EQ(1u, h.peers[3].announced) << "the best path has not changed for others";
	h.withdraw(p1, 1);
	h.flush_all();
	h.check();
	EXPECT_EQ(0u, h.peers[2].table.size());
	EXPECT_EQ(1u, h.peers[1].announced) << "it has that path already";
}

TEST(group, change_and_back_tells_nobody)
{
	harness h({ our_vnet, nva(1), nva(2) }, ALLOW_ALL);
	struct group *group = h.group_add(ROLE_NVA);

	h.up(2, group);
	h.flush_all();
	h.announce(p1, 1, { { 65001 } });
	h.withdraw(p1, 1);
	h.flush_all();
	h.check();
	EXPECT_EQ(0u, h.peers[2].announced + h.peers[2].withdrawn);
}

TEST(group, same_attributes_of_another_peer_are_not_told_again)
{
	harness h({ our_vnet, nva(1), nva(2), nva(3) }, ALLOW_ALL);
	struct group *group = h.group_add(ROLE_NVA);

	h.up(3, group);
	h.announce(p1, 1, { { 65001 } });
	h.announce(p1, 2, { { 65001 } });
	h.flush_all();
	h.withdraw(p1, 1);
	h.flush_all();
	h.check();
	EXPECT_EQ(1u, h.peers[3].announced);
}

TEST(group, no_advertise_and_no_export)
{
	harness h({ our_vnet, nva(1), nva(2), gateway(ROLE_EXPRESSROUTE, 9) }, ALLOW_ALL);

	h.up(2, h.group_add(ROLE_NVA));
	h.up(3, h.group_add(ROLE_EXPRESSROUTE, true));
	h.announce(p1, 1, { { 65001 }, 1, ORIGIN_IGP, -1, { 0xffffff02 } });
	h.announce(p2, 1, { { 65001 }, 1, ORIGIN_IGP, -1, { 0xffffff01 } });
	h.flush_all();
	h.check();
	EXPECT_EQ(0u, h.peers[2].table.size());
	EXPECT_EQ(1u, h.peers[3].table.size()) << "NO_EXPORT is for eBGP";
	h.announce(p1, 1, { { 65001 } });
	h.flush_all();
	EXPECT_EQ(1u, h.peers[2].table.size());
	h.announce(p1, 1, { { 65001 }, 1, ORIGIN_IGP, -1, { 0xffffff02 } });
	h.flush_all();
	h.check();
	EXPECT_EQ(1u, h.peers[2].withdrawn);
}

TEST(group, default_route_is_not_for_vpn_gateways)
{
	const struct prefix everything = { 0, 0 }, half = { 0x80000000, 1 };
	harness h({ our_vnet, nva(1), gateway(ROLE_VPN, 8), gateway(ROLE_EXPRESSROUTE, 9) },
		  ALLOW_ALL);

	h.up(2, h.group_add(ROLE_VPN, true));
	h.up(3, h.group_add(ROLE_EXPRESSROUTE, true));
	h.announce(everything, 1, { { 65001 } });
	h.announce(half, 1, { { 65001 } });
	h.flush_all();
	h.check();
	EXPECT_EQ(1u, h.peers[2].table.size());
	EXPECT_EQ(2u, h.peers[3].table.size());
	h.withdraw(everything, 1);
	h.flush_all();
	h.check();
	EXPECT_EQ(0u, h.peers[2].withdrawn);
}

TEST(group, without_vnets_nothing_is_told_of_a_vnets_prefix)
{
	harness h({ our_vnet, nva(1), gateway(ROLE_EXPRESSROUTE, 8) }, ALLOW_ALL);
	struct group *all = h.group_add(ROLE_EXPRESSROUTE, true);
	struct group *without = h.group_add(ROLE_EXPRESSROUTE, true, false);

	h.up(2, without);
	h.announce(p1, 0, { {} });
	h.announce(p1, 1, { { 65001 } }); /* not in its place either */
	h.announce(p2, 1, { { 65001 } });
	h.flush_all();
	h.check();
	EXPECT_EQ(1u, h.peers[2].table.size());
	h.withdraw(p1, 0);
	h.flush_all();
	h.check();
	EXPECT_EQ(2u, h.peers[2].table.size()) << "no VNet any more, but the NVA's";
	h.announce(p1, 0, { {} });
	h.flush_all();
	h.check();

	h.exact = false; /* who moves is told again what it has */
	group_leave(without, 2);
	ASSERT_EQ(0, group_join(all, 2));
	ASSERT_EQ(0, group_refresh(all, 2));
	h.peers[2].group = all;
	h.flush_all();
	h.check();
	group_leave(all, 2);
	ASSERT_EQ(0, group_join(without, 2));
	ASSERT_EQ(0, group_refresh(without, 2));
	group_owe(without, 2, rib_find(h.rib, p1));
	h.peers[2].group = without;
	h.flush_all();
	h.check();
	EXPECT_EQ(1u, h.peers[2].table.size());
}

TEST(group, held_source_is_told_vnets_alone_and_is_nobodys_news)
{
	harness h({ our_vnet, nva(1), gateway(ROLE_VPN, 8) }, ALLOW_ALL);
	const struct path *best[RIB_ECMP];
	struct group *held = h.group_add(ROLE_VNET, true);
	uint32_t node;

	h.sources[2].held = true;
	rib_source_hold(h.rib, 2, true);
	h.up(1, h.group_add(ROLE_NVA));
	h.up(2, held);
	h.announce(p1, 0, { {} });
	h.announce(p2, 1, { { 65001 } });
	h.announce(p3, 2, { { 65010 } });
	h.flush_all();
	h.check();
	EXPECT_EQ(1u, h.peers[1].table.size()) << "the VNet";
	EXPECT_EQ(1u, h.peers[2].table.size()) << "the VNet";
	node = rib_find(h.rib, p3);
	EXPECT_EQ(1u, rib_best_for_role(h.rib, node, ROLE_VNET, ALLOW_ALL, best));
	EXPECT_EQ(0u, rib_best_for_role(h.rib, node, ROLE_NVA, ALLOW_ALL, best));

	h.sources[2].held = false;
	rib_source_hold(h.rib, 2, false);
	rib_reconsider(h.rib);
	while (rib_turn(h.rib, 100))
		;
	h.flush_all();
	EXPECT_EQ(2u, h.peers[1].table.size()) << "let go";
	h.down(2);
	h.up(2, h.group_add(ROLE_VPN, true));
	h.announce(p3, 2, { { 65010 } });
	h.flush_all();
	h.check();
	EXPECT_EQ(2u, h.peers[1].table.size());
	EXPECT_EQ(2u, h.peers[2].table.size());
	node = rib_find(h.rib, p3);
	EXPECT_EQ(1u, rib_best_for_role(h.rib, node, ROLE_NVA, ALLOW_ALL, best));
}

TEST(group, what_a_view_has_no_room_for_its_peers_are_not_told)
{
	harness h({ our_vnet, nva(1), nva(2), nva(3), gateway(ROLE_EXPRESSROUTE, 9) }, ALLOW_ALL);
	struct group *nvas = h.group_add(ROLE_NVA);

	h.up(2, nvas);
	h.up(4, h.group_add(ROLE_EXPRESSROUTE, true));
	h.flush_all();
	h.announce(p1, 1, { { 65001 } });
	h.refuse(p1, ROLE_NVA, true);
	h.flush_all();
	h.check();
	EXPECT_EQ(0u, h.peers[2].announced + h.peers[2].withdrawn) << "never told of it";
	EXPECT_EQ(1u, h.peers[4].table.size()) << "another view";
	h.up(3, nvas);
	h.flush_all();
	h.check();
	EXPECT_EQ(0u, h.peers[3].announced) << "nor by the dump";
	h.refuse(p1, ROLE_NVA, false);
	h.flush_all();
	h.check();
	EXPECT_EQ(1u, h.peers[2].table.size());
	h.announce(p1, 1, { { 65001, 65002 } });
	h.refuse(p1, ROLE_NVA, true);
	h.refuse(p1, ROLE_VNET, true);
	h.flush_all();
	h.check();
	EXPECT_EQ(1u, h.peers[2].withdrawn);
	EXPECT_EQ(0u, h.peers[4].withdrawn);
}

TEST(group, prefixes_of_one_attribute_set_come_together)
{
	harness h({ our_vnet, nva(1), nva(2), nva(3) }, ALLOW_ALL);
	struct group *group = h.group_add(ROLE_NVA);
	struct group_batch batch;

	for (uint16_t i = 1; i <= 3; i++)
		h.up(i, group);
	h.flush_all();
	for (uint32_t i = 0; i < 100; i++)
		h.announce({ i << 8, 24 }, 1, { { i & 1 ? 65001u : 65009u } });
	EXPECT_EQ(100u, group_flush(group, 1000));
	for (int i = 0; i < 2; i++) {
		ASSERT_TRUE(group_flush_next(group, &batch));
		EXPECT_EQ(GROUP_ANNOUNCE, batch.kind);
		EXPECT_EQ(50u, batch.nb_prefixes);
		EXPECT_EQ(2u, batch.nb_to);
	}
	EXPECT_FALSE(group_flush_next(group, &batch));
}

TEST(group, peers_that_join_together_share_the_dump)
{
	harness h({ our_vnet, nva(1), nva(2), nva(3) }, ALLOW_ALL);
	struct group *group = h.group_add(ROLE_NVA);
	struct group_batch batch;

	for (uint32_t i = 0; i < 10; i++)
		h.announce({ i << 8, 24 }, 0, { {} });
	h.up(1, group);
	h.up(2, group);
	EXPECT_LE(10u, group_flush(group, 100));
	ASSERT_TRUE(group_flush_next(group, &batch));
	EXPECT_EQ(10u, batch.nb_prefixes);
	EXPECT_EQ(2u, batch.nb_to);
	ASSERT_TRUE(group_flush_next(group, &batch));
	EXPECT_EQ(GROUP_END_OF_RIB, batch.kind);
	EXPECT_EQ(2u, batch.nb_to);
	EXPECT_FALSE(group_flush_next(group, &batch));
	EXPECT_TRUE(group_idle(group));
}

TEST(group, end_of_rib_also_of_an_empty_table_and_once)
{
	harness h({ our_vnet, nva(1) }, ALLOW_ALL);

	h.up(1, h.group_add(ROLE_NVA));
	h.flush_all();
	EXPECT_EQ(1, h.peers[1].end_of_ribs);
	ASSERT_EQ(0, group_refresh(h.peers[1].group, 1));
	h.flush_all();
	EXPECT_EQ(1, h.peers[1].end_of_ribs);
}

TEST(group, lagging_peer_is_told_only_what_changed)
{
	harness h({ our_vnet, nva(1), nva(2) }, ALLOW_ALL);
	struct group *group = h.group_add(ROLE_NVA);

	for (uint32_t i = 0; i < 1000; i++)
		h.announce({ i << 8, 24 }, 0, { {} });
	h.up(1, group);
	h.up(2, group);
	h.flush_all();
	ASSERT_EQ(0, group_lagging(group, 1));
	h.peers[1].lagging = true;
	h.withdraw({ 5 << 8, 24 }, 0);
	h.announce({ 6 << 8, 24 }, 0, { {}, 77 });
	h.flush_all();
	h.check();
	group_drained(group, 1);
	h.peers[1].lagging = false;
	h.flush_all();
	h.check();
	EXPECT_EQ(1001u, h.peers[1].announced);
	EXPECT_EQ(1u, h.peers[1].withdrawn);
}

TEST(group, exchange_toggled_quickly_ends_as_if_never_touched)
{
	harness h({ our_vnet, nva(1), nva(2), gateway(ROLE_VPN, 9) }, 0);
	const uint64_t off = 0x08080808 | UINT64_C(0xf) << 24, on = ALLOW_ALL;

	h.up(1, h.group_add(ROLE_NVA));
	h.up(3, h.group_add(ROLE_VPN, true));
	for (uint32_t i = 0; i < 500; i++)
		h.announce({ i << 8, 24 }, i % 2 ? 2 : 0, { { i % 2 ? 65002u : 0 } });
	h.flush_all();
	for (int i = 0; i < 10; i++) {
		h.allow = i & 1 ? on : off;
		rib_set_allow(h.rib, h.allow);
		rib_turn(h.rib, 37 * (size_t)i);
		h.flush(h.groups[i & 1], 11);
		h.announce({ (uint32_t)i << 8, 24 }, 2, { { 65002, 65003 } });
	}
	h.settle();
	h.flush_all();
	h.check();
	EXPECT_EQ(500u, h.peers[3].table.size());
}

/* --- random sequences ------------------------------------------------------------------------------------------- */

const uint64_t matrices[] = { 0x0f080808, 0x0f0f0b0e, ALLOW_ALL, 0x0f040201 };

attrs_spec random_attrs(std::mt19937 *rng)
{
	attrs_spec spec;

	for (uint32_t n = (*rng)() % 3; n; n--)
		spec.path.push_back(65001 + (*rng)() % 3);
	spec.next_hop = (*rng)() % 3 + 1;
	if ((*rng)() % 8 == 0)
		spec.communities.push_back(0xffffff01 + (*rng)() % 2);
	return spec;
}

void random_member_event(harness *h, uint16_t peer, const std::vector<struct group *> &group_of,
			 std::mt19937 *rng)
{
	listener &l = h->peers[peer];
	struct group *group = group_of[peer];

	switch ((*rng)() % 6) {
	case 0:
		for (uint16_t i = 1; i < h->peers.size(); i++) {
			if (group_of[i] == group && !h->peers[i].up)
				h->up(i, group); /* together */
		}
		break;
	case 5:
		if (l.up)
			h->down(peer);
		else
			h->up(peer, group);
		break;
	case 1:
		if (l.up && !l.lagging) {
			ASSERT_EQ(0, group_lagging(l.group, peer));
			l.lagging = true;
		}
		break;
	case 2:
		if (l.up && l.lagging) {
			group_drained(l.group, peer);
			l.lagging = false;
		}
		break;
	case 3:
		if (l.up && (*rng)() % 4 == 0) {
			ASSERT_EQ(0, group_refresh(l.group, peer));
		}
		break;
	default:
		if (!l.up)
			h->up(peer, group);
	}
}

void random_sequence(uint32_t seed, int steps, uint32_t prefixes)
{
	std::mt19937 rng(seed);
	harness h({ our_vnet, nva(1), nva(2), nva(3), nva(4), gateway(ROLE_VPN, 11),
		    gateway(ROLE_VPN, 12), gateway(ROLE_EXPRESSROUTE, 21),
		    gateway(ROLE_EXPRESSROUTE, 22) },
		  matrices[rng() % 4]);
	std::vector<struct group *> group_of(h.sources.size());

	h.exact = false; /* a member that lagged may be told again what it has */
	group_of[1] = group_of[2] = h.group_add(ROLE_NVA);
	group_of[3] = group_of[4] = rng() % 2 ? h.group_add(ROLE_NVA) : group_of[1];
	group_of[5] = group_of[6] = h.group_add(ROLE_VPN, true);
	group_of[7] = h.group_add(ROLE_EXPRESSROUTE, true);
	group_of[8] = rng() % 2 ? h.group_add(ROLE_EXPRESSROUTE, true, false) : group_of[7];
	for (int step = 0; step < steps; step++) {
		uint16_t peer = (uint16_t)(rng() % h.sources.size());
		struct prefix prefix = { (uint32_t)(rng() % prefixes) << 8, 24 };

		switch (rng() % 19) {
		case 0 ... 5: h.announce(prefix, peer, random_attrs(&rng)); break;
		case 6 ... 8: h.withdraw(prefix, peer); break;
		case 9 ... 10:
			if (peer)
				random_member_event(&h, peer, group_of, &rng);
			break;
		case 11:
			h.allow = matrices[rng() % 4];
			rib_set_allow(h.rib, h.allow);
			break;
		case 12: rib_turn(h.rib, rng() % 8); break;
		case 13:
			if (rng() % 4 == 0) {
				rib_peer_down(h.rib, peer);
				h.settle();
				h.model_refresh();
			}
			if (rng() % 4 == 0) {
				if (!h.dead_hops.erase(2))
					h.dead_hops.insert(2);
				rib_reconsider(h.rib);
				h.settle();
				h.model_refresh();
			}
			break;
		case 14: h.take_changes(1 + rng() % 3); break;
		case 15: h.refuse(prefix, (enum role)(rng() % ROLE_COUNT), rng() % 2); break;
		default: h.flush(h.groups[rng() % h.groups.size()], 1 + rng() % 5); break;
		}
		if (rng() % 64 == 0) {
			h.settle();
			h.flush_all();
			h.check();
		}
		if (testing::Test::HasFatalFailure())
			return;
	}
	for (uint16_t i = 1; i < h.peers.size(); i++) {
		if (h.peers[i].lagging) {
			group_drained(h.peers[i].group, i);
			h.peers[i].lagging = false;
		}
	}
	h.settle();
	h.flush_all();
	h.check();
	h.take_changes(prefixes);
	EXPECT_EQ(0u, rib_changes_waiting(h.rib));
	EXPECT_EQ(h.model.paths.size(), rib_counts(h.rib).prefixes);
	EXPECT_EQ(0u, rib_counts(h.rib).gone) << "nobody needs them any more";
}

/* What group_watch_turn() has shown of prefixes that there is anything to tell of. Now and then it is not in the mood. */
struct watcher {
	std::map<key, std::pair<announcement, announcement>> shown;
	std::mt19937 rng;
	bool moody = true;

	static announcement one(const struct path *path)
	{
		return path ? announcement(path->attrs, path->peer) : announcement(nullptr, 0);
	}
	static bool show(void *ctx, struct prefix prefix, const struct path *top,
			 const struct path *alt)
	{
		watcher *w = (watcher *)ctx;

		if (w->moody && w->rng() % 4 == 0)
			return false;
		EXPECT_TRUE(top || !alt);
		if (top)
			w->shown[key(prefix.addr, prefix.len)] = { one(top), one(alt) };
		else
			w->shown.erase(key(prefix.addr, prefix.len));
		return true;
	}
	void finish(struct group *group)
	{
		moody = false;
		while (group_watch_turn(group, 16, show, this))
			;
		EXPECT_TRUE(group_watch_idle(group));
	}
};

/* Whoever watches all along knows what one sees who only begins to look. */
void watched_sequence(uint32_t seed, int steps, unsigned int prefixes)
{
	std::mt19937 rng(seed);
	harness h({ our_vnet, nva(1), nva(2), nva(3), gateway(ROLE_VPN, 9) }, matrices[rng() % 4]);
	struct group *group = h.group_add(ROLE_NVA), *fresh;
	watcher watcher, witness;
	int from = (int)(rng() % steps);

	h.exact = false; /* who joins between changes may be told twice */
	h.up(1, group);
	for (int step = 0; step < steps; step++) {
		uint16_t peer = (uint16_t)(rng() % 5);
		struct prefix prefix = { (uint32_t)(rng() % prefixes) << 8, 24 };

		if (step == from) {
			ASSERT_EQ(0, group_watch(group));
		}
		switch (rng() % 9) {
		case 0 ... 2: h.announce(prefix, peer, random_attrs(&rng)); break;
		case 3 ... 4: h.withdraw(prefix, peer); break;
		case 5:
			h.allow = matrices[rng() % 4];
			rib_set_allow(h.rib, h.allow);
			rib_turn(h.rib, rng() % 8);
			break;
		case 6: h.refuse(prefix, (enum role)(rng() % ROLE_COUNT), rng() % 2); break;
		case 7: h.flush(group, 1 + rng() % 3); break;
		default: group_watch_turn(group, 1 + rng() % 5, watcher::show, &watcher);
		}
	}
	h.settle();
	watcher.finish(group);
	EXPECT_TRUE(group_watch_round(group));
	fresh = group_new(h.rib, ROLE_NVA, false, true);
	ASSERT_EQ(0, group_watch(fresh));
	witness.finish(fresh);
	EXPECT_EQ(witness.shown, watcher.shown);
	group_free(fresh);
	h.flush_all();
	h.take_changes(prefixes);
	EXPECT_EQ(0u, rib_counts(h.rib).gone) << "nobody needs them any more";
}

TEST(group, a_watcher_misses_nothing)
{
	for (uint32_t seed = 1; seed <= 500; seed++) {
		watched_sequence(seed, 200, seed % 2 ? 6 : 60);
		ASSERT_FALSE(HasFailure()) << "seed " << seed;
	}
}

TEST(group, random_sequences_against_the_model)
{
	for (uint32_t seed = 1; seed <= 2500; seed++) {
		random_sequence(seed, 120, 4);
		ASSERT_FALSE(HasFailure()) << "seed " << seed;
	}
}

TEST(group, random_sequences_over_many_prefixes)
{
	for (uint32_t seed = 1; seed <= 20; seed++) {
		random_sequence(seed, 12000, 1500);
		ASSERT_FALSE(HasFailure()) << "seed " << seed;
	}
}

/* Members that never lag must be told each thing exactly once. */
TEST(group, members_in_the_stream_are_told_nothing_twice)
{
	for (uint32_t seed = 1; seed <= 500; seed++) {
		std::mt19937 rng(seed);
		harness h({ our_vnet, nva(1), nva(2), nva(3), gateway(ROLE_VPN, 9),
			    gateway(ROLE_VPN, 10) },
			  matrices[rng() % 4]);
		struct group *nvas = h.group_add(ROLE_NVA), *vpns = h.group_add(ROLE_VPN, true);

		for (uint16_t i = 1; i <= 5; i++)
			h.up(i, i <= 3 ? nvas : vpns);
		h.flush_all();
		for (int step = 0; step < 200; step++) {
			uint16_t peer = (uint16_t)(rng() % 6);
			struct prefix prefix = { (uint32_t)(rng() % 5) << 8, 24 };

			switch (rng() % 9) {
			case 0 ... 3: h.announce(prefix, peer, random_attrs(&rng)); break;
			case 4: h.withdraw(prefix, peer); break;
			case 5:
				h.allow = matrices[rng() % 4];
				rib_set_allow(h.rib, h.allow);
				rib_turn(h.rib, rng() % 8);
				break;
			case 6: h.refuse(prefix, (enum role)(rng() % ROLE_COUNT), rng() % 2); break;
			default: h.flush(h.groups[rng() % 2], 1 + rng() % 3); break;
			}
		}
		h.settle();
		h.flush_all();
		h.check();
		ASSERT_FALSE(HasFailure()) << "seed " << seed;
	}
}

} /* namespace */
