/* A plan against what then happens: the switch is moved, and what peers were told and what the
 * views have before and after is compared with what the plan said. */
#ifndef BASCULE_TEST_PLAN_HARNESS_H
#define BASCULE_TEST_PLAN_HARNESS_H

#include <algorithm>
#include <set>

#include "matrix.h"
#include "plan.h"
#include "plan_rows.h"
#include "reflection_model.h"
#include "reflections.h"
#include "rib_answers.h"
#include "server.h"

enum { ER, VPN0, VPN1, NVA0, NVA1, PEERS };
static const char *const names[PEERS] = { "ergw/0", "vpngw/0", "vpngw/1", "nva-a", "nva-b" };
static const char *const addresses[PEERS] = { "10.0.255.36", "10.0.255.4", "10.0.255.5", "10.0.2.4",
					      "10.0.2.5" };
static const enum role roles[PEERS] = { ROLE_EXPRESSROUTE, ROLE_VPN, ROLE_VPN, ROLE_NVA, ROLE_NVA };
static const enum role views[] = { ROLE_EXPRESSROUTE, ROLE_VPN, ROLE_NVA, ROLE_VNET };

/* "who prefix": what becomes of it. */
typedef std::map<std::string, std::string> changes;

struct plan_answer {
	struct row_plan head = {};
	changes routes;
	std::set<std::string> backups; /* of those, told as such */
	/* of the test's family, and of each */
	std::map<std::string, struct row_plan_peer> peers, peers_of[FAMILY_COUNT];
	std::map<std::string, struct row_plan_view> views_of[FAMILY_COUNT];
	/* of `routes`, how many change so, by family and by who */
	std::map<std::string, std::map<std::string, uint32_t>> counted[FAMILY_COUNT];
	std::map<std::string, uint32_t> backups_of[FAMILY_COUNT];
	std::vector<struct row_plan_limit> limits;
	std::vector<struct row_plan_conflict> conflicts;
	std::vector<std::string> warnings;
	int pages = 0;
};

class plan_test : public server_test
{
      protected:
	/* VPN gateways and NVA B have an outbound map; with `all`, the others have it too, and NVA
	 * A shares B's group. */
	static std::string config(const std::string &more = "", const char *nva_to_nva = "exchange",
				  const char *preference = "expressroute", bool all = false)
	{
		const std::string use = "outbound_map = \"out\";";

		return more + R"(
instance = { name = "test"; asn = 65515; router_id = "10.0.1.4"; };
exchange = { enabled = false; nva_to_nva = ")" +
		       nva_to_nva + R"("; };
routing_preference = ")" +
		       preference + R"(";
dataplane = { forwarding_lcores = [1]; ports = (
	{ name = "er0"; device = "net_null0"; role = "expressroute";
		addresses = ["10.0.255.33/28"]; },
	{ name = "vpn0"; device = "net_null3"; role = "vpn"; addresses = ["10.0.255.1/28"]; },
	{ name = "nva0"; device = "net_null1"; role = "nva"; addresses = ["10.0.2.1/24"]; },
	{ name = "vnet0"; device = "net_null2"; role = "vnet"; addresses = ["10.0.1.4/24"]; } ); };
control = { lcores = [1]; };
vnet = ( { prefix = "10.0.0.0/16"; port = "vnet0"; },
	 { prefix = "10.4.0.0/16"; port = "vnet0"; next_hop = "10.0.1.1"; peered = true; } );
route_maps = ( { name = "out"; rules = (
	{ name = "no"; match = { prefix_contains = ["20.0.1.0/24"]; }; action = "drop"; },
	{ name = "worse"; match = { communities_contain = ["65001:7"]; };
	  action = { as_path_add = [3356]; }; },
	{ name = "alike"; match = { prefix_contains = ["20.0.2.0/24"]; };
	  action = { as_path_replace = []; communities_replace = []; }; },
	{ name = "all"; match = { prefix_contains = ["20.0.3.0/24"]; };
	  action = { prefix_replace = "20.0.3.0/24"; }; },
	{ name = "marked"; match = { prefix_contains = ["20.0.4.0/24", "20.9.0.0/16"];
		communities_contain = ["3356:70"]; };
	  action = { prefix_replace = "20.0.0.0/8"; communities_add = ["65001:8"]; }; },
	{ name = "under"; match = { prefix_equals = ["20.0.6.16/28", "20.0.6.32/28"];
		as_path_contains = [65020]; };
	  action = { prefix_replace = "20.0.6.0/24"; }; },
	{ name = "first"; match = { prefix_equals = ["20.0.7.16/28"]; as_path_contains = [65020]; };
	  action = { prefix_replace = "20.0.7.0/24"; as_path_add = [64511]; };
	  next = "terminate"; },
	{ name = "second"; match = { prefix_contains = ["20.0.7.16/28", "20.0.7.32/27",
		"20.0.7.64/26"]; };
	  action = { prefix_replace = "20.0.7.0/24"; as_path_add = [64510]; }; } ); } );
gateways = ( { name = "ergw"; role = "expressroute"; addresses = ["10.0.255.36"]; )" +
		       (all ? use : "") + R"( },
	     { name = "vpngw"; role = "vpn"; asn = 65010; addresses = ["10.0.255.4", "10.0.255.5"];
	       outbound_map = "out"; } );
peers = ( { name = "nva-a"; address = "10.0.2.4"; asn = 65001; enforce_first_as = false; )" +
		       (all ? use : "") + R"( },
	  { name = "nva-b"; address = "10.0.2.5"; asn = 65002; outbound_map = "out";
	    enforce_first_as = false; } );
)";
	}
	void bring_up(uint16_t peer)
	{
		static const char *const local[PEERS] = { "10.0.255.33", "10.0.255.1", "10.0.255.1",
							  "10.0.2.1", "10.0.2.1" };
		struct speaker_up e = {};

		e.head = { SPEAKER_UP, peer, ++epoch[peer] };
		e.remote_id = 100u + peer;
		e.local_addr = here(ip(local[peer]));
		e.caps = caps_here((uint16_t)(SPEAKER_CAP_AS4 | SPEAKER_CAP_REFRESH |
					      SPEAKER_CAP_MP_IPV4 | more_caps));
		e.ibgp = peer == ER;
		post(&e, sizeof(e));
	}
	void start_all(const std::string &text, bool exchange_enabled)
	{
		start(text);
		if (exchange_enabled)
			exchange_on(true);
		for (uint16_t peer = 0; peer < PEERS; peer++)
			bring_up(peer);
		turn();
	}
	void say(uint16_t peer, const std::vector<std::string> &prefixes, attrs_spec spec = {})
	{
		if (spec.path.empty())
			spec.path = { 65000u + peer };
		if (!spec.next_hop)
			spec.next_hop = ip(addresses[peer]);
		update(peer, prefixes, spec);
	}
	/* The neighbour answers, and all of its next hops resolve. */
	virtual void answers(const char *gateway)
	{
		arp(gateway);
	}
	void settle(const std::set<uint16_t> &silent = {})
	{
		turn();
		answers("10.0.1.1");
		for (uint16_t peer = 0; peer < PEERS; peer++)
			if (!silent.count(peer))
				answers(addresses[peer]);
		turn();
		pass(1000);
		pass(1000);
	}

	/* A page ends with the first thing done. */
	bool hurried = false;

	plan_answer plan(
		bool said, bool enable, bool prefixes, const char *peer = "",
		const std::function<void(int)> &between = [](int) {})
	{
		std::unique_ptr<struct page> page(new struct page());
		plan_answer answer;
		uint64_t before = messages;

		page->command = PAGE_PLAN;
		page->said = said;
		page->enable = enable;
		page->prefixes = prefixes;
		strcpy(page->peer, peer);
		do {
			look_ns = hurried ? 1000 * 1000 : LOOK_NS;
			this->answer(page.get());
			look_ns = LOOK_NS;
			EXPECT_STREQ("", page->error);
			read(page.get(), &answer);
			between(answer.pages++);
		} while (page->more && answer.pages < 100000);
		plan_free(page->plan);
		EXPECT_FALSE(page->more);
		EXPECT_TRUE(before == messages || !answer.warnings.empty())
			<< "a plan moves nothing";
		return answer;
	}
	void read(const struct page *page, plan_answer *out)
	{
		uint32_t at = 0;
		uint16_t type;
		const void *row;

		while ((row = page_next(page, &at, &type))) {
			const struct row_plan_route *route = (const struct row_plan_route *)row;
			const struct row_plan_peer *peer = (const struct row_plan_peer *)row;
			const struct row_plan_view *view = (const struct row_plan_view *)row;

			switch (type) {
			case ROW_PLAN: out->head = *(const struct row_plan *)row; break;
			case ROW_PLAN_PEER:
				out->peers_of[peer->family][peer->name] = *peer;
				if (peer->family == family)
					out->peers[peer->name] = *peer;
				break;
			case ROW_PLAN_VIEW:
				out->views_of[view->family][role_name((enum role)view->role)] =
					*view;
				break;
			case ROW_PLAN_LIMIT:
				out->limits.push_back(*(const struct row_plan_limit *)row);
				break;
			case ROW_PLAN_CONFLICT:
				out->conflicts.push_back(*(const struct row_plan_conflict *)row);
				break;
			case ROW_PLAN_ROUTE: {
				std::string who = route->peer[0]
							  ? route->peer
							  : role_name((enum role)route->view);
				std::string key = who + " " + plain(route->prefix);

				EXPECT_EQ(0u, out->routes.count(key)) << key << " is told twice";
				if (route->backup) {
					out->backups.insert(key);
					out->backups_of[route->prefix.addr.family][who]++;
				}
				out->routes[key] =
					route->peer[0]
						? plan_change_name((enum plan_change)route->change)
						: plan_view_name((enum view_change)route->change);
				out->counted[route->prefix.addr.family][who][out->routes[key]]++;
				break;
			}
			case ROW_PLAN_WARNING:
				out->warnings.push_back(
					((const struct row_plan_warning *)row)->text);
				break;
			default: ADD_FAILURE() << "row " << type;
			}
		}
	}

	/* --- what is: "who prefix" to something that tells whether it has changed */

	typedef std::map<std::string, std::vector<uint8_t>> state;

	void add_view(const struct rib *rib, enum role view, state *s)
	{
		const struct fib_generation *g = writing();
		uint32_t nodes[64], cursor = 0;

		do {
			size_t n = rib_walk(rib, &cursor, nodes, 64);

			for (size_t i = 0; i < n; i++) {
				struct prefix p = rib_prefix(rib, nodes[i]);
				std::set<uint8_t> members;
				uint32_t list;

				if (fib_get(rs->writer, (uint8_t)view, to_fib_prefix(p), &list))
					continue;
				for (uint16_t m = 0; m < g->path_lists[list].nb_members; m++)
					members.insert((uint8_t)g->path_lists[list].member[m]);
				(*s)[std::string(role_name(view)) + " " + plain(p)] = {
					members.begin(), members.end()
				};
			}
		} while (cursor);
	}
	state now()
	{
		state s;

		for (const struct routes &of : rs->routes)
			for (enum role view : views)
				add_view(of.rib, view, &s);
		for (uint16_t peer = 0; peer < PEERS; peer++)
			for (const auto &[prefix, attrs] : announced[peer])
				s[std::string(names[peer]) + " " + prefix] = attrs;
		return s;
	}
	static changes difference(const state &before, const state &after)
	{
		changes all;
		auto is_view = [](const std::string &key) {
			enum role role;

			return role_parse(key.substr(0, key.find(' ')).c_str(), &role);
		};

		for (const auto &[key, value] : after) {
			auto was = before.find(key);

			if (was == before.end())
				all[key] = is_view(key) ? "gained" : "announced";
			else if (was->second != value)
				all[key] = is_view(key) ? "next hops" : "replaced";
		}
		for (const auto &[key, value] : before)
			if (!after.count(key))
				all[key] = is_view(key) ? "lost" : "withdrawn";
		return all;
	}

	/* --- the oracle */

	static void counts_are_the_routes(plan_answer &p)
	{
		for (int f = 0; f < FAMILY_COUNT; f++) {
			auto &n = p.counted[f];

			for (const auto &[name, row] : p.peers_of[f]) {
				EXPECT_EQ(n[name]["announced"], row.changes[PLAN_ANNOUNCED])
					<< name;
				EXPECT_EQ(n[name]["replaced"], row.changes[PLAN_REPLACED]) << name;
				EXPECT_EQ(n[name]["withdrawn"], row.changes[PLAN_WITHDRAWN])
					<< name;
				EXPECT_EQ(p.backups_of[f][name], row.backups) << name;
				n.erase(name);
			}
			for (const auto &[name, row] : p.views_of[f]) {
				EXPECT_EQ(n[name]["gained"], row.change[VIEW_GAINED]) << name;
				EXPECT_EQ(n[name]["lost"], row.change[VIEW_LOST]) << name;
				EXPECT_EQ(n[name]["next hops"], row.change[VIEW_NEXT_HOPS]) << name;
				n.erase(name);
			}
			for (const auto &[name, rest] : n)
				ADD_FAILURE()
					<< name << " has no row of " << family_title((uint8_t)f);
		}
		EXPECT_EQ(p.head.conflicts, p.conflicts.size());
	}
	/* The gateway of our AS says it by LOCAL_PREF; others are told of no backup. */
	void backups_are_marked(const plan_answer &p)
	{
		const std::string er = std::string(names[ER]) + " ";
		std::set<std::string> marked;

		for (const auto &[key, change] : p.routes) {
			std::string prefix = key.substr(key.find(' ') + 1);

			if (!key.find(er) && change != "withdrawn" &&
			    keys(ER, prefix.c_str()).local_pref == EXPORT_LOCAL_PREF_BACKUP)
				marked.insert(key);
		}
		EXPECT_EQ(marked, p.backups);
	}
	/* "prefix view: winner beats loser by rule", by the book: whose best paths would be in a
	 * view together. */
	/* The peers whose paths would be reflections. */
	std::set<uint16_t> reflections_by_the_book(struct routes &of, uint32_t node,
						   struct matrix_mode mode)
	{
		reflection_model model = { rib_answers_rule(rs->config), rib_source(of.rib, 0),
					   rs->config->instance.asn, matrix_gate(mode),
					   [&of](const struct path &path, uint16_t peer) {
						   return reflections_announced(&of.adj_out, &path,
										peer);
					   } };
		reflection_model::paths all;

		for (const struct path *p = rib_first(of.rib, node); p;
		     p = rib_following(of.rib, p))
			all[p->peer] = *p;
		return model.find(rib_prefix(of.rib, node).len, all);
	}
	std::set<std::string> conflicts_by_the_book(struct routes &of, enum role view, bool enable)
	{
		enum matrix_nva_to_nva knob =
			(enum matrix_nva_to_nva)rs->config->exchange.nva_to_nva;
		uint32_t nodes[64], cursor = 0;
		std::set<std::string> all;

		do {
			size_t n = rib_walk(of.rib, &cursor, nodes, 64);

			for (size_t i = 0; i < n; i++) {
				std::vector<const struct path *> first; /* of each role */
				std::set<enum role> seen;
				const std::set<uint16_t> back =
					reflections_by_the_book(of, nodes[i], { enable, knob });
				bool ours = fib_sync_system(&rs->fib_sync[of.family],
							    rib_prefix(of.rib, nodes[i]));

				for (const struct path *p = rib_first(of.rib, nodes[i]); p;
				     p = rib_following(of.rib, p)) {
					enum role from = rib_source(of.rib, p->peer)->role;

					ours |= from == ROLE_VNET;
					if (!(p->flags & (PATH_UNUSABLE | PATH_HELD)) &&
					    !back.count(p->peer) &&
					    matrix_allows(from, view, { enable, knob }) &&
					    seen.insert(from).second)
						first.push_back(p);
				}
				if (ours || first.size() < 2)
					continue;
				bool together = true;
				for (int k = 0; k < 2; k++)
					together &= matrix_allows(
						rib_source(of.rib, first[k]->peer)->role, view,
						{ !enable, knob });
				if (!together)
					all.insert(conflict_text(
						rib_prefix(of.rib, nodes[i]), view,
						names[first[0]->peer], names[first[1]->peer],
						rib_versus(of.rib, first[0], first[1])));
			}
		} while (cursor);
		return all;
	}
	std::string conflict_text(struct prefix prefix, enum role view, const char *winner,
				  const char *loser, enum decide_reason reason)
	{
		return plain(prefix) + " " + role_name(view) + ": " + winner + " beats " + loser +
		       " by " + decide_reason_name(reason);
	}
	std::set<std::string> conflicts_shown(const plan_answer &p)
	{
		std::set<std::string> all;

		for (const struct row_plan_conflict &c : p.conflicts)
			for (enum role view : views)
				if (c.views >> view & 1)
					all.insert(conflict_text(c.prefix, view, c.winner, c.loser,
								 (enum decide_reason)c.reason));
		return all;
	}
	static changes of_ebgp_peers(const plan_answer &p)
	{
		changes of;

		for (const auto &[key, change] : p.routes)
			if (!key.compare(0, 4, "nva-") || !key.compare(0, 6, "vpngw/"))
				of[key] = change;
		return of;
	}
	/* Plan the opposite of what is, move the switch, and compare. Returns the plan. */
	plan_answer plan_and_move()
	{
		bool enable = !exchange.enabled;
		plan_answer p = plan(false, false, true);
		state before = now();
		std::set<std::string> conflicts;

		for (struct routes &of : rs->routes)
			for (enum role view : views)
				conflicts.merge(conflicts_by_the_book(of, view, enable));
		EXPECT_EQ(enable, p.head.enable);
		EXPECT_NE(enable, p.head.enabled);
		EXPECT_TRUE(p.warnings.empty());
		EXPECT_EQ(conflicts, conflicts_shown(p));
		counts_are_the_routes(p);
		exchange_on(enable);
		settle(silent);
		EXPECT_EQ(difference(before, now()), p.routes) << (enable ? "enable" : "disable");
		backups_are_marked(p);
		return p;
	}

	std::set<uint16_t> silent; /* their next hops do not resolve */
	uint16_t more_caps = 0;	   /* SPEAKER_CAP_*, of sessions that come up */
};

#endif
