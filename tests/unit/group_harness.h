/* Update groups for tests: a RIB, its groups and their members, each of which keeps what it has
 * been told, beside the model of what it should have been. */
#ifndef BASCULE_TEST_GROUP_HARNESS_H
#define BASCULE_TEST_GROUP_HARNESS_H

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "families.h"
#include "group.h"
#include "group_model.h"
#include "routes.h"

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

/* Tests and model name prefixes by IPv4; `family` is that of the RIB. */
struct harness {
	const enum family family;
	struct attr_table *table = attr_table_new();
	struct rib *rib;
	std::vector<struct source> sources;
	std::vector<listener> peers;
	std::vector<struct group *> groups;
	std::set<struct group *> without_vnets;
	std::map<struct group *, enum group_model::backups> modes;
	std::set<uint32_t> dead_hops;
	std::set<uint16_t> busy; /* peers that may not be sent more now */
	/* one reference each, so that no address is used twice */
	std::set<const struct attrs *> seen;
	group_model model;
	uint64_t allow;
	/* judge every message to a member in the stream: nothing told twice, nothing withdrawn
	 * twice */
	bool exact = true;

	static bool usable(void *ctx, uint32_t next_hop, const struct source *)
	{
		harness *h = (harness *)ctx;

		return !h->dead_hops.count(hop_number(h->table, next_hop));
	}

	static bool ready(void *ctx, const uint16_t *to, uint32_t n)
	{
		const std::set<uint16_t> &busy = ((harness *)ctx)->busy;

		return std::none_of(to, to + n, [&](uint16_t peer) { return busy.count(peer); });
	}

	harness(enum family of, std::vector<struct source> who, uint64_t matrix, bool med = false,
		uint8_t wide_len = 0)
	    : family(of), sources(std::move(who)), peers(sources.size()), allow(matrix)
	{
		struct rib_params params = {};

		params.family = family;
		params.attrs = table;
		params.nb_peers = (uint16_t)sources.size();
		params.rule.med = med;
		params.allow = allow;
		params.asn = model.asn = 65515;
		params.usable = usable;
		params.ready = ready;
		params.ctx = this;
		params.wide_len = prefix_of(family, 0, wide_len).len;
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

	struct prefix of(struct prefix prefix) const
	{
		return prefix_of(family, prefix.addr.v4, prefix.len);
	}
	uint32_t find(struct prefix prefix) const
	{
		return rib_find(rib, of(prefix));
	}
	uint32_t find(const key &prefix) const
	{
		return find(prefix4_make(prefix.first, prefix.second));
	}
	key key_of(uint32_t node) const
	{
		const struct prefix prefix = prefix4_of(rib_prefix(rib, node));

		return key(prefix.addr.v4, prefix.len);
	}
	struct group *group_add(enum role role, bool ibgp = false, bool vnets = true,
				bool backups = false)
	{
		groups.push_back(group_new(rib, role, ibgp, vnets, backups));
		modes[groups.back()] = ibgp	 ? group_model::MARKED
				       : backups ? group_model::AS_BEST
						 : group_model::HIDDEN;
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
	void announce(struct prefix prefix, uint16_t peer, const attrs_spec &spec,
		      uint32_t local_pref = LOCAL_PREF_DEFAULT)
	{
		const struct attrs *attrs = attrs_make(table, spec);
		uint32_t node;

		ASSERT_GE(rib_announce(rib, of(prefix), peer, attrs, local_pref, 0), 0);
		if (!seen.insert(attrs).second)
			attrs_put(table, attrs);
		node = find(prefix);
		ASSERT_NE(0u, node);
		model_take(key_of(node), *rib_said(rib, node, peer));
	}
	/* The model knows no waiting: it has at once what is decided on later. */
	void model_take(const key &prefix, struct path path)
	{
		const struct attr_keys *keys = &path.attrs->keys;

		if (path.flags & PATH_UNDECIDED) {
			bool dead = sources[path.peer].role != ROLE_VNET &&
				    dead_hops.count(hop_number(table, &path));

			path.flags = dead ? PATH_UNUSABLE : 0;
			if (keys->flags & ATTRS_NO_ADVERTISE)
				path.flags |= PATH_NO_ADVERTISE;
			if (keys->flags & ATTRS_NO_EXPORT)
				path.flags |= PATH_NO_EXPORT;
		}
		model.paths[prefix][path.peer] = path;
	}
	void withdraw(struct prefix prefix, uint16_t peer)
	{
		auto it = model.paths.find(key(prefix.addr.v4, prefix.len));
		bool known = it != model.paths.end() && it->second.erase(peer);

		EXPECT_EQ(known ? 1 : 0, rib_withdraw(rib, of(prefix), peer));
		if (it != model.paths.end() && it->second.empty())
			model.paths.erase(it);
	}
	/* What the FIB has no room for; the mark goes with the node. */
	void refuse(struct prefix prefix, enum role role, bool refused)
	{
		uint32_t node = find(prefix);

		if (!node)
			return;
		ASSERT_EQ(0, rib_set_refused(rib, node, role, refused));
		ASSERT_EQ(refused, rib_refused(rib, node) >> role & 1);
	}
	/* As the FIB does. */
	void take_changes(size_t max)
	{
		std::vector<uint32_t> nodes(max);
		size_t n = rib_changes(rib, nodes.data(), max);

		for (size_t i = 0; i < n; i++) {
			bool gone = !model.paths.count(key_of(nodes[i]));

			EXPECT_EQ(gone, !rib_first(rib, nodes[i]));
			EXPECT_EQ(gone ? 0 : nodes[i], find(key_of(nodes[i])));
		}
		rib_changes_end(rib, nodes.data(), n);
	}
	/* All that is put off, in slices. */
	void release_all()
	{
		rib_put_off(rib, 0);
		while (rib_release(rib, 7))
			;
		EXPECT_EQ(0u, rib_put_off_count(rib));
	}
	void settle()
	{
		while (rib_turn(rib, 64))
			;
		ASSERT_TRUE(rib_settled(rib));
	}
	/* The model takes over what sweeps and resorts have done, as the chains show it: they are
	 * tested elsewhere. */
	void model_refresh()
	{
		std::vector<uint32_t> nodes(256);
		uint32_t cursor = 0;

		model.paths.clear();
		do {
			size_t n = rib_walk(rib, &cursor, nodes.data(), nodes.size());

			for (size_t i = 0; i < n; i++) {
				const key p = key_of(nodes[i]);

				for (auto *path = rib_first(rib, nodes[i]); path;
				     path = rib_following(rib, path))
					model_take(p, *path); /* what is undecided comes last */
			}
		} while (cursor);
	}

	void deliver(uint16_t to, const struct group_batch *batch)
	{
		listener &l = peers[to];

		ASSERT_TRUE(l.up) << "told a peer that is no member";
		ASSERT_FALSE(l.lagging) << "told a lagging peer";
		ASSERT_FALSE(busy.count(to)) << "told a peer that may not be sent more";
		if (batch->kind == GROUP_END_OF_RIB) {
			l.end_of_ribs++;
			return;
		}
		for (uint32_t i = 0; i < batch->nb_prefixes; i++) {
			const struct prefix prefix = prefix4_of(batch->prefixes[i]);
			key k(prefix.addr.v4, prefix.len);

			if (batch->kind == GROUP_WITHDRAW) {
				size_t erased = l.table.erase(k);

				l.withdrawn++;
				ASSERT_TRUE(!exact || erased == 1)
					<< "withdrew what it did not have";
				continue;
			}
			ASSERT_NE(to, batch->source) << "its own route back";
			l.announced++;
			announcement said(batch->attrs, batch->source, batch->backup);

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
		busy.clear();
		for (struct group *group : groups) {
			/* what had been put off may gather for so long: queue.c */
			for (int none = 0; none < 8;)
				none = flush(group, 7) ? 0 : none + 1;
			EXPECT_TRUE(group_idle(group));
		}
	}
	/* Are those paths reflections, and no others, that the model says are? */
	void check_reflections()
	{
		std::vector<uint32_t> counts(sources.size());

		for (const auto &entry : model.paths) {
			const uint32_t node = find(entry.first);
			auto originals = model.originals(entry.first, allow);
			size_t paths = 0;

			for (auto *path = rib_first(rib, node); path;
			     path = rib_following(rib, path)) {
				bool reflection = path->flags & PATH_REFLECTION;

				ASSERT_EQ(!originals.count(path->peer), reflection)
					<< "peer " << path->peer;
				ASSERT_EQ(reflection, rib_reflected(rib, path) != nullptr);
				counts[path->peer] += reflection;
				paths++;
			}
			ASSERT_EQ(paths, rib_paths(rib, node));
		}
		for (uint16_t i = 0; i < counts.size(); i++) {
			struct prefix last;

			ASSERT_EQ(counts[i], rib_peer_reflections(rib, i, &last)) << "peer " << i;
		}
	}
	/* Do all members have what the model says, and the rib say so as well? */
	void check()
	{
		check_reflections();
		model.refused.clear();
		for (const auto &entry : model.paths)
			model.refused[entry.first] = rib_refused(rib, find(entry.first));
		for (uint16_t i = 0; i < peers.size(); i++) {
			if (!peers[i].up || peers[i].lagging)
				continue;

			auto want = model.adj_rib_out(
				i, sources[i].held ? ROLE_VNET : sources[i].role, sources[i].ibgp,
				allow, !without_vnets.count(peers[i].group), modes[peers[i].group]);

			for (const auto &has : peers[i].table)
				ASSERT_TRUE(want.count(has.first))
					<< "peer " << i << ": " << std::hex << has.first.first;
			ASSERT_EQ(want.size(), peers[i].table.size()) << "peer " << i;
			for (const auto &w : want) {
				auto has = peers[i].table.find(w.first);
				const struct path *path;
				bool backup;

				ASSERT_NE(peers[i].table.end(), has) << "peer " << i;
				ASSERT_EQ(std::get<0>(w.second), std::get<0>(has->second))
					<< "peer " << i;
				ASSERT_EQ(std::get<2>(w.second), std::get<2>(has->second))
					<< "peer " << i << ": marked as a backup";
				path = group_advertised(peers[i].group, i, find(w.first), &backup);
				ASSERT_NE(nullptr, path);
				backup &= modes[peers[i].group] == group_model::MARKED;
				ASSERT_EQ(w.second, announcement(path->attrs, path->peer, backup));
			}
			ASSERT_EQ(want.size(), group_advertised_count(peers[i].group, i))
				<< "peer " << i;
		}
	}
};

static inline struct source nva(uint32_t id)
{
	return { ROLE_NVA, false, false, id, addr_make4(id) };
}
static inline struct source gateway(enum role role, uint32_t id)
{
	return { role, true, false, id, addr_make4(id) };
}
static inline struct source of_as(struct source source, uint32_t asn)
{
	source.asn = asn;
	return source;
}
/* The same, one of the instances of a gateway. */
static inline struct source instance(struct source source, uint16_t gateway)
{
	source.gateway = gateway;
	return source;
}
static const struct source our_vnet = { ROLE_VNET, false, false, 1, addr_make4(0) };
static const struct prefix p1 = prefix4_make(0x0a0a0000, 16), p2 = prefix4_make(0x0a140000, 16),
			   p3 = prefix4_make(0x0a1e0000, 16);

#endif
