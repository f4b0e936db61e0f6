/* A RIB of each family whose routes fill the views of a FIB (EAL without hugepages), without
 * sessions: peers' paths are announced by hand, and gateways answer as the test says. What views
 * ought to have is asked of the RIBs, slowly. */
#ifndef BASCULE_TEST_VIEWS_RIG_H
#define BASCULE_TEST_VIEWS_RIG_H

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "adjacency.h"
#include "far_hop.h"
#include "fib.h"
#include "fib_walk.h"
#include "forwarding.h"
#include "routes.h"
#include "to_fib.h"
#include "trie6_lookup.h"

/* Ports 0, 1 and 2; the role of the first has no view. Their own addresses and subnets are
 * 10.0.PORT.1/24, in both families as families.h has it. */
static const enum role views_ports[] = { ROLE_EXPRESSROUTE, ROLE_NVA, ROLE_VNET };
enum { VIEWS_PORTS = 3, VIEWS_PEERS = 4, VIEWS_VNETS_PEER = VIEWS_PEERS };

static inline struct config_address views_address(enum family family, uint32_t port)
{
	const struct prefix subnet = prefix_of(family, 0x0a000000 | port << 8, 24);

	return { addr_of(family, 0x0a000001 | port << 8), subnet.len };
}

/* What the dataplane makes. */
static inline struct fib *views_fib(uint32_t tbl8_groups, uint32_t trie6_groups)
{
	const uint8_t views = 1 << ROLE_NVA | 1 << ROLE_VNET;
	struct fib_params params = { "views",	    views, tbl8_groups, 4,
				     SOCKET_ID_ANY, views, trie6_groups };
	struct fib *fib = nullptr;

	EXPECT_EQ(0, fib_create(&params, &fib));
	for (uint16_t p = 0; fib && p < VIEWS_PORTS; p++) {
		struct fib_port port = {};

		strcpy(port.name, role_name(views_ports[p]));
		port.port = p;
		port.mtu = 1500;
		port.role = (uint8_t)views_ports[p];
		EXPECT_EQ(0, fib_port_add(fib, &port));
		for (int f = 0; f < FAMILY_COUNT; f++) {
			struct config_address own = views_address((enum family)f, p);
			struct prefix host = prefix_make(own.addr, family_bits((uint8_t)f));
			struct fib_seed local = { to_fib_prefix(host), ADJACENCY_LOCAL, port.role,
						  p, 1500 };
			struct fib_seed subnet = { to_fib_prefix(config_subnet(own)),
						   ADJACENCY_GLEAN, port.role, p, 1500 };

			EXPECT_EQ(0, fib_seed(fib, &local));
			EXPECT_EQ(0, fib_seed(fib, &subnet));
		}
	}
	EXPECT_EQ(0, fib ? fib_ready(fib) : -1);
	return fib;
}

/* Control, as far as it fills views. If it is not ended in order, its generation stays as it is. */
struct views_rig {
	struct fib *fib;
	struct fib_writer *writer = nullptr;
	struct attr_table *attrs = attr_table_new();
	struct config config = {};
	std::vector<struct config_vnet> vnets;
	std::vector<const struct config_vnet *> by_address;
	struct rib *ribs[FAMILY_COUNT] = {};
	struct next_hops next_hops;
	struct far_hops far_hops;
	struct fib_sync syncs[FAMILY_COUNT];
	struct fib_walk walk;

	explicit views_rig(struct fib *fib) : fib(fib)
	{
		EXPECT_EQ(0, forwarding_begin(fib, &writer));
		config.dataplane.nb_ports = VIEWS_PORTS;
		for (uint32_t p = 0; p < VIEWS_PORTS; p++) {
			struct config_port *port = &config.dataplane.ports[p];

			strcpy(port->name, role_name(views_ports[p]));
			port->role = views_ports[p];
			for (int f = 0; f < FAMILY_COUNT; f++)
				port->addresses[port->nb_addresses++] =
					views_address((enum family)f, p);
		}
		for (int f = 0; f < FAMILY_COUNT; f++) {
			struct config_vnet vnet = {};

			vnet.prefix = prefix_of((enum family)f, 0x0a010000, 16);
			vnet.port = 2;
			vnets.push_back(vnet);
		}
		for (struct config_vnet &vnet : vnets)
			by_address.push_back(&vnet);
		config.vnets = vnets.data();
		config.vnets_by_address = by_address.data();
		config.nb_vnets = vnets.size();
		open();
	}
	views_rig(const views_rig &) = delete;
	~views_rig()
	{
		for (struct fib_sync &sync : syncs)
			fib_sync_fini(&sync);
		far_hops_fini(&far_hops);
		next_hops_fini(&next_hops);
		for (struct rib *rib : ribs)
			rib_free(rib);
		attr_table_free(attrs);
		forwarding_end(writer);
	}
	/* It is 0 and 1 of ExpressRoute, 2 and 3 of NVAs. */
	static enum role role_of(uint16_t peer)
	{
		return peer < 2 ? ROLE_EXPRESSROUTE : ROLE_NVA;
	}
	/* On the subnet of the peer's port. */
	static uint32_t gateway_of(uint16_t peer)
	{
		return 0x0a000010 + (peer < 2 ? 0 : 0x100) + peer;
	}
	void announce(struct prefix prefix, uint16_t peer, size_t path_len, enum family hop_family)
	{
		attrs_spec spec;

		spec.path = std::vector<uint32_t>(path_len, 65000u + peer);
		spec.next_hop = gateway_of(peer);
		spec.hop_family = hop_family;
		announce(prefix, peer, spec);
	}
	void announce(struct prefix prefix, uint16_t peer, const attrs_spec &spec)
	{
		const struct attrs *set = attrs_make(attrs, spec);

		ASSERT_LE(0, rib_announce(ribs[prefix.addr.family], prefix, peer, set,
					  LOCAL_PREF_DEFAULT, 0));
		attrs_put(attrs, set);
	}
	void withdraw(struct prefix prefix, uint16_t peer)
	{
		ASSERT_LE(0, rib_withdraw(ribs[prefix.addr.family], prefix, peer));
	}
	/* The gateway answers ARP and ND, or not any more. */
	void answers(uint16_t peer, bool yes)
	{
		static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
		struct fib_generation *g = generation();

		for (uint32_t i = 0; i < g->adjacencies_end; i++) {
			struct adjacency *a = &g->adjacencies[i];
			struct addr addr = from_fib_addr(&a->gateway);

			if (!adjacency_claimed(a) ||
			    !addr_equal(addr, addr_of((enum family)addr.family, gateway_of(peer))))
				continue;
			if (yes)
				adjacency_resolve(a, mac, mac);
			else
				adjacency_unresolve(a);
		}
	}
	/* The turns of control, in slices, until nothing is left to do. */
	void settle(size_t slice = 64)
	{
		for (bool more = true; more;) {
			more = false;
			next_hops_poll(&next_hops, FIB_ADJACENCIES, hop_changed, this);
			for (int f = 0; f < FAMILY_COUNT; f++) {
				more |= rib_turn(ribs[f], slice) > 0;
				more |= fib_sync_changes(&syncs[f], slice) > 0;
				more |= fib_sync_wide(&syncs[f]);
			}
			fib_walk_turn(&walk, slice);
			more |= walk.walking;
			forwarding_reclaim(writer);
		}
	}
	void walk_all(uint64_t allow, uint8_t alone = 0)
	{
		fib_walk_begin(&walk, allow, alone);
		settle();
	}
	struct fib_generation *generation()
	{
		return &fib->generation[fib->active ^ !fib_published(writer)];
	}
	/* --- what packets meet, and what they ought to ---------------------------------------- */

	/* "10.0.1.18 2001:a00::112", "on link", "local", or "" for nowhere. */
	static std::string path_list_text(const struct fib_generation *g, uint32_t index)
	{
		const struct path_list *list = &g->path_lists[index];
		std::set<std::string> texts;

		for (uint16_t i = 0; i < list->nb_members; i++) {
			const struct adjacency *a = &g->adjacencies[list->member[i]];
			char text[ADDR_TEXT];

			texts.insert(a->action == ADJACENCY_GLEAN ? "on link"
				     : a->action == ADJACENCY_LOCAL
					     ? "local"
					     : addr_text(from_fib_addr(&a->gateway), text));
		}
		return joined(texts);
	}
	static std::string joined(const std::set<std::string> &texts)
	{
		std::string all;

		for (const std::string &text : texts)
			all += (all.empty() ? "" : " ") + text;
		return all;
	}
	static uint32_t looked_up(const struct fib *fib, const struct fib_generation *g,
				  enum role view, struct addr addr)
	{
		const struct fib_view *v = &g->view[view];
		struct fib_addr words = to_fib_addr(addr);
		struct trie6_reader in = { v->trie6, fib->trie6_groups,
					   v->default_path_list[FIB_IP6] };
		uint32_t list;

		if (addr.family == FAMILY_IPV4)
			fib_lookup_burst(v, fib->tbl8_groups, &addr.v4, &list, 1);
		else
			trie6_plain.burst(&in, &words, &list, 1);
		return list;
	}
	std::string found(enum role view, struct addr addr)
	{
		return path_list_text(generation(), looked_up(fib, generation(), view, addr));
	}
	/* By each length in turn: the RIB's best, unless it is the system's or refused, and the
	 * seeds. */
	std::string wanted(enum role view, struct addr addr, uint64_t allow) const
	{
		for (int len = family_bits(addr.family); len >= 0; len--) {
			struct prefix prefix = prefix_make(addr, (uint8_t)len);
			std::string hops = routes_for(view, prefix, allow);

			if (!hops.empty())
				return hops;
			for (uint32_t p = 0; p < VIEWS_PORTS; p++) {
				struct config_address own =
					views_address((enum family)addr.family, p);

				if (len == family_bits(addr.family) && addr_equal(own.addr, addr))
					return "local";
				if (prefix_equal(config_subnet(own), prefix))
					return "on link";
			}
		}
		return "";
	}

      private:
	std::string routes_for(enum role view, struct prefix prefix, uint64_t allow) const
	{
		const struct rib *rib = ribs[prefix.addr.family];
		const struct path *best[RIB_ECMP];
		uint32_t node = rib_find(rib, prefix);
		std::set<std::string> hops;
		unsigned int n;

		if (node == RIB_NONE || rib_refused(rib, node) >> view & 1)
			return "";
		n = rib_best_for_role(rib, node, view, allow, best);
		for (unsigned int i = 0; i < n; i++) {
			uint32_t hop = best[i]->attrs->keys.next_hop;
			char text[ADDR_TEXT];

			if (best[i]->peer == VIEWS_VNETS_PEER)
				hops.insert("on link");
			else if (!of_system(prefix))
				hops.insert(addr_text(
					addr_table_at(attr_table_next_hops(attrs), hop)->addr,
					text));
		}
		return joined(hops);
	}
	bool of_system(struct prefix prefix) const
	{
		for (const struct config_vnet &vnet : vnets)
			if (prefix_covers(vnet.prefix, prefix))
				return true;
		for (uint32_t p = 0; p < VIEWS_PORTS; p++)
			if (prefix_covers(config_subnet(views_address(
						  (enum family)prefix.addr.family, p)),
					  prefix))
				return true;
		return false;
	}
	static bool usable(void *ctx, uint32_t hop, const struct source *source)
	{
		return next_hop_usable(&((views_rig *)ctx)->next_hops, hop, source->role);
	}
	static void hop_changed(void *ctx, uint32_t hop)
	{
		for (struct rib *rib : ((views_rig *)ctx)->ribs)
			rib_next_hop_changed(rib, hop);
	}
	void open()
	{
		EXPECT_EQ(0, next_hops_init(&next_hops, fib, writer, &config,
					    attr_table_next_hops(attrs)));
		for (int f = 0; f < FAMILY_COUNT; f++) {
			struct rib_params params = {};
			struct source source = {};

			params.family = (enum family)f;
			params.attrs = attrs;
			params.nb_peers = VIEWS_PEERS + 1;
			params.allow = ALLOW_EXCHANGE;
			params.wide_len = forwarding_wide((enum family)f);
			params.usable = usable;
			params.ctx = this;
			ribs[f] = rib_new(&params);
			for (uint16_t peer = 0; peer < VIEWS_PEERS; peer++) {
				source.role = role_of(peer);
				source.router_id = peer + 1u;
				rib_source_set(ribs[f], peer, &source);
			}
			source.role = ROLE_VNET;
			rib_source_set(ribs[f], VIEWS_VNETS_PEER, &source);
		}
		EXPECT_EQ(0, far_hops_init(&far_hops, ribs, &next_hops));
		for (int f = 0; f < FAMILY_COUNT; f++) {
			EXPECT_EQ(0, fib_sync_init(&syncs[f], ribs[f], &next_hops, &far_hops,
						   &config));
			syncs[f].allow = ALLOW_EXCHANGE;
			announce(vnets[(size_t)f].prefix, VIEWS_VNETS_PEER, attrs_spec());
		}
		fib_walk_init(&walk, syncs, FAMILY_COUNT);
	}
};

#endif
