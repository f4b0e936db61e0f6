/* Peers and the instance out of service: what they are told, what becomes of what they say, over
 * restarts, reloads and the switch. */
#include <fstream>

#include "alarm.h"
#include "rows.h"
#include "server.h"

namespace
{

class service_test : public of_families<server_test>
{
      protected:
	std::unique_ptr<struct page> act(enum page_service service, const char *peer = "",
					 const char *text = "")
	{
		return ask(PAGE_SERVICE, peer, [=](struct page *p) {
			p->service = service;
			p->all = !strcmp(peer, "--all");
			strcpy(p->text, text);
		});
	}
	/* "nva-a changed; nva-b: warning" */
	static std::string rows_of(const struct page *page)
	{
		const void *row;
		uint32_t at = 0;
		uint16_t type;
		std::string out = page->error;

		while ((row = page_next(page, &at, &type))) {
			auto *r = (const struct row_service *)row;

			EXPECT_EQ(ROW_SERVICE, type);
			out += (out.empty() ? "" : "; ") + std::string(r->peer) +
			       (r->changed ? " changed" : "");
			if (r->warning[0])
				out += std::string(": ") + r->warning;
		}
		return out;
	}
	bool going(uint16_t peer, const char *prefix)
	{
		return keys(peer, prefix).flags & ATTRS_GRACEFUL_SHUTDOWN;
	}
	/* Of all that the peer was told: all, none or some. */
	std::string going(uint16_t peer)
	{
		size_t n = 0;

		for (const auto &route : announced[peer])
			n += going(peer, route.first.c_str());
		return n == announced[peer].size() ? "all" : n ? "some" : "none";
	}
	uint32_t local_pref(const char *prefix, uint16_t peer)
	{
		const struct path *path = rib_path(rib(), rib_find(rib(), here(prefix)), peer);

		return path ? path_local_pref(rib_source(rib(), peer), path) : 9999;
	}
	/* The best path's peer. */
	int best(const char *prefix)
	{
		const struct path *path = rib_first(rib(), rib_find(rib(), here(prefix)));

		return path ? path->peer : -1;
	}
	std::string alarms(const char *kind)
	{
		static struct alarms list;
		std::string out;

		list = {};
		alarms_list(rs, &list);
		for (uint16_t i = 0; i < list.n; i++)
			if (!strcmp(list.alarm[i].kind, kind))
				out += (out.empty() ? "" : " ") +
				       std::string(*list.alarm[i].peer ? list.alarm[i].peer : "-");
		return out;
	}
	/* Both NVAs say it, equally. */
	void both(const char *prefix)
	{
		announce(NVA_A, { prefix });
		announce(NVA_B, { prefix });
		turn();
	}
	void restart_with(const std::string &text = plain_config())
	{
		kill_server();
		start(text);
	}
};

} // namespace

/* --- the instance ----------------------------------------------------------------------------- */

TEST_P(service_test, a_drained_instance_tells_everybody_and_forwards_as_before)
{
	start_with_routes(true);
	EXPECT_EQ(50u, keys(ERGW, "172.16.1.0/24").local_pref);
	const std::string before = fib_to(ROLE_EXPRESSROUTE, "172.16.1.1");

	EXPECT_EQ(" changed", rows_of(act(SERVICE_INSTANCE_DRAIN).get()));
	turn();
	for (uint16_t peer : { ERGW, NVA_A, NVA_B }) {
		EXPECT_EQ(3u, announced[peer].size());
		EXPECT_EQ("all", going(peer)) << peer;
	}
	for (const auto &route : announced[ERGW])
		EXPECT_EQ(0u, keys(ERGW, route.first.c_str()).local_pref) << route.first;
	EXPECT_FALSE(keys(NVA_A, "10.20.0.0/16").flags & ATTRS_LOCAL_PREF) << "eBGP has none";
	EXPECT_TRUE(keys(NVA_A, "10.20.0.0/16").flags & ATTRS_FROM_BRANCH) << "as before";
	EXPECT_EQ(before, fib_to(ROLE_EXPRESSROUTE, "172.16.1.1"));
	EXPECT_TRUE(gate(ROLE_EXPRESSROUTE, ROLE_NVA));
	EXPECT_EQ(100u, local_pref("172.16.1.0/24", NVA_A)) << "nothing here is to move";
	EXPECT_TRUE(resets.empty());
	EXPECT_EQ("-", alarms("drained"));

	EXPECT_EQ("", rows_of(act(SERVICE_INSTANCE_DRAIN).get())) << "it was already";
	EXPECT_EQ(" changed", rows_of(act(SERVICE_INSTANCE_UNDRAIN).get()));
	turn();
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		EXPECT_EQ("none", going(peer)) << peer;
	EXPECT_EQ(50u, keys(ERGW, "172.16.1.0/24").local_pref);
	EXPECT_EQ("", alarms("drained"));
}

TEST_P(service_test, what_comes_later_is_told_so_too)
{
	start();
	exchange_on(true);
	act(SERVICE_INSTANCE_DRAIN);
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		up(peer);
	announce(ERGW, { "10.20.0.0/16" });
	turn();
	arp_all();
	turn();
	EXPECT_EQ("10.0.0.0/16 10.20.0.0/16", knows(NVA_A));
	EXPECT_EQ("all", going(NVA_A));
	announce(NVA_B, { "172.16.2.0/24" });
	turn();
	arp_all();
	turn();
	EXPECT_TRUE(going(ERGW, "172.16.2.0/24"));
	exchange_on(false);
	turn();
	EXPECT_EQ("10.0.0.0/16", knows(NVA_A));
	exchange_on(true);
	turn();
	EXPECT_EQ("all", going(NVA_A)) << "the switch has nothing to do with it";
	EXPECT_EQ("all", going(ERGW));
	down(NVA_A);
	turn();
	up(NVA_A);
	turn();
	EXPECT_EQ("all", going(NVA_A)) << "a new session";
}

TEST_P(service_test, it_survives_a_restart)
{
	start_with_routes(true);
	act(SERVICE_INSTANCE_DRAIN);
	act(SERVICE_DRAIN, "nva-a");
	act(SERVICE_SHUTDOWN, "nva-b", "until five");
	restart_with();
	turn();
	ASSERT_EQ(3u, adds.size());
	EXPECT_FALSE(adds[NVA_A].shut);
	EXPECT_TRUE(adds[NVA_B].shut) << "it never gets to try";
	EXPECT_EQ("nva-b", alarms("shutdown"));
	EXPECT_EQ("nva-a -", alarms("drained"));
	for (uint16_t peer : { ERGW, NVA_A })
		up(peer);
	announce(NVA_A, { "172.16.1.0/24" });
	event(ERGW, SPEAKER_EOR);
	event(NVA_A, SPEAKER_EOR);
	turn();
	arp_all();
	turn();
	EXPECT_EQ("all", going(ERGW)) << "live though nva-b, which is shut down, has said nothing";
	EXPECT_EQ(0u, local_pref("172.16.1.0/24", NVA_A));
	act(SERVICE_INSTANCE_UNDRAIN);
	turn();
	EXPECT_EQ("none", going(ERGW));
	EXPECT_EQ("all", going(NVA_A)) << "by itself";
}

/* --- one peer --------------------------------------------------------------------------------- */

TEST_P(service_test, a_drained_peer_is_used_last_and_told_so)
{
	start_with_routes(true);
	both("172.16.9.0/24");
	EXPECT_EQ("10.0.2.4 10.0.2.5", fib_to(ROLE_VNET, "172.16.9.1"));
	EXPECT_EQ("nva-a changed", rows_of(act(SERVICE_DRAIN, "nva-a").get()));
	turn();
	EXPECT_EQ("10.0.2.5", fib_to(ROLE_VNET, "172.16.9.1"));
	EXPECT_EQ(NVA_B, best("172.16.9.0/24"));
	EXPECT_EQ(0u, local_pref("172.16.9.0/24", NVA_A));
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.16.1.1")) << "there is no other";
	EXPECT_EQ("all", going(NVA_A));
	EXPECT_EQ("none", going(NVA_B));
	EXPECT_EQ("none", going(ERGW));
	announce(NVA_A, { "172.16.8.0/24" });
	announce(NVA_B, { "172.16.8.0/24" });
	turn();
	EXPECT_EQ("10.0.2.5", fib_to(ROLE_VNET, "172.16.8.1")) << "what it says now, too";
	EXPECT_TRUE(resets.empty());

	act(SERVICE_UNDRAIN, "nva-a");
	turn();
	EXPECT_EQ("10.0.2.4 10.0.2.5", fib_to(ROLE_VNET, "172.16.9.1"));
	EXPECT_EQ("10.0.2.4 10.0.2.5", fib_to(ROLE_VNET, "172.16.8.1"));
	EXPECT_EQ("none", going(NVA_A));
	EXPECT_EQ("", rows_of(act(SERVICE_UNDRAIN, "nva-a").get()).substr(5));
}

/* With routing_preference = expressroute the circuit's path stands before all others, but not while
 * its gateway is drained: what the NVA says is told then, and the circuit's is a backup. */
TEST_P(service_test, a_drained_gateway_loses_whatever_is_preferred)
{
	start_with_routes(true);
	announce(ERGW, { "172.16.9.0/24" });
	announce(NVA_A, { "172.16.9.0/24" });
	turn();
	EXPECT_EQ(ERGW, best("172.16.9.0/24"));
	EXPECT_EQ("10.0.255.36", fib_to(ROLE_VNET, "172.16.9.1"));
	EXPECT_EQ("ergw/0 changed", rows_of(act(SERVICE_DRAIN, "ergw").get()))
		<< "by its gateway's name";
	turn();
	EXPECT_EQ(NVA_A, best("172.16.9.0/24"));
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "172.16.9.1"));
	EXPECT_EQ(0u, keys(ERGW, "172.16.9.0/24").local_pref);
	EXPECT_TRUE(going(ERGW, "172.16.9.0/24"));
	EXPECT_EQ("10.0.255.36", backup_to(ROLE_VNET, "172.16.9.1")) << "still there for a failure";
	act(SERVICE_UNDRAIN, "ergw/0");
	turn();
	EXPECT_EQ(ERGW, best("172.16.9.0/24"));
	EXPECT_EQ(50u, keys(ERGW, "172.16.9.0/24").local_pref) << "a backup, as before";
}

TEST_P(service_test, an_outbound_map_does_not_hide_it)
{
	std::string text = plain_config();
	const std::string map = R"(
route_maps = ( { name = "clean"; rules = ( { name = "all"; action = {
	communities_replace = ["65000:1"]; }; } ); } );)";
	const std::string peer = "asn = 65001; ";

	text.insert(text.find(peer), "outbound_map = \"clean\"; ");
	start(map + text);
	exchange_on(true);
	for (uint16_t p : { ERGW, NVA_A, NVA_B })
		up(p);
	announce(ERGW, { "10.20.0.0/16" });
	turn();
	arp_all();
	turn();
	ASSERT_EQ("10.0.0.0/16 10.20.0.0/16", knows(NVA_A));
	act(SERVICE_DRAIN, "nva-a");
	turn();
	EXPECT_EQ("all", going(NVA_A));
}

TEST_P(service_test, what_is_shown_as_advertised_is_what_is_told)
{
	start_with_routes(true);
	act(SERVICE_DRAIN, "--all");
	turn();
	for (const char *peer : { "ergw/0", "nva-a" }) {
		auto page = ask(PAGE_ADVERTISED, peer);
		const struct row_route *row;
		uint32_t at = 0;
		uint16_t type;
		unsigned int n = 0;

		while ((row = (const struct row_route *)page_next(page.get(), &at, &type))) {
			struct attr_keys said;

			attr_keys_parse(row->attrs, row->attrs_len, &said);
			EXPECT_TRUE(said.flags & ATTRS_GRACEFUL_SHUTDOWN) << peer;
			if (*peer == 'e') {
				EXPECT_EQ(0u, row->local_pref);
			}
			n++;
		}
		EXPECT_EQ(3u, n) << peer;
	}
}

TEST_P(service_test, a_reload_changes_nothing_of_it)
{
	std::string text = plain_config();

	start_with_routes(true);
	act(SERVICE_DRAIN, "nva-a");
	act(SERVICE_SHUTDOWN, "nva-b");
	down(NVA_B);
	turn();
	/* nva-a keeps its session, nva-b is made anew */
	text.insert(text.find("asn = 65001; "), "remove_private_as = true; ");
	text.insert(text.find("asn = 65002; "), "hold_s = 30; ");
	adds.clear();
	reload(text);
	event(NVA_B, SPEAKER_REMOVED);
	turn();
	EXPECT_EQ("all", going(NVA_A));
	EXPECT_EQ(0u, local_pref("172.16.1.0/24", NVA_A));
	ASSERT_EQ(1u, adds.size());
	EXPECT_EQ(NVA_B, adds[0].head.peer);
	EXPECT_TRUE(adds[0].shut);
}

/* --- shutdown --------------------------------------------------------------------------------- */

TEST_P(service_test, shut_down_and_started)
{
	start_with_routes(true);
	EXPECT_EQ("nva-a changed", rows_of(act(SERVICE_SHUTDOWN, "nva-a", "new line cards").get()));
	turn();
	ASSERT_EQ(1u, resets.size());
	EXPECT_EQ(6, resets[0].code);
	EXPECT_EQ(2, resets[0].subcode);
	EXPECT_TRUE(resets[0].shut);
	EXPECT_STREQ("new line cards", resets[0].text);
	down(NVA_A);
	turn();
	EXPECT_EQ("10.0.0.0/16 172.16.2.0/24", knows(ERGW)) << "its routes have gone";
	EXPECT_EQ("nva-a", alarms("shutdown"));
	EXPECT_EQ("", alarms("peer_down")) << "that it is down is meant";
	EXPECT_EQ("nva-a: it is shut down: bascule peer nva-a start",
		  rows_of(act(SERVICE_RESET, "nva-a").get()));
	EXPECT_STREQ("peer nva-a is shut down", ask(PAGE_RESET, "nva-a")->error);
	EXPECT_EQ("nva-a", rows_of(act(SERVICE_SHUTDOWN, "nva-a", "new line cards").get()));
	EXPECT_EQ(1u, resets.size());
	auto page = ask(PAGE_PEER, "nva-a");
	uint32_t at = 0;
	uint16_t type;
	auto *row = (const struct row_peer *)page_next(page.get(), &at, &type);

	ASSERT_NE(nullptr, row);
	EXPECT_TRUE(row->shut);
	EXPECT_STREQ("administratively shut down: new line cards", row->reason);

	EXPECT_EQ("nva-a changed", rows_of(act(SERVICE_START, "nva-a").get()));
	turn();
	ASSERT_EQ(2u, resets.size());
	EXPECT_FALSE(resets[1].shut);
	EXPECT_EQ("", alarms("shutdown"));
	up(NVA_A);
	announce(NVA_A, { "172.16.1.0/24" });
	turn();
	EXPECT_EQ("10.0.0.0/16 172.16.1.0/24 172.16.2.0/24", knows(ERGW));
	EXPECT_EQ("nva-a", rows_of(act(SERVICE_START, "nva-a").get())) << "it was already";
}

TEST_P(service_test, all_of_them_and_none)
{
	start_with_routes(false);
	EXPECT_EQ("ergw/0 changed; nva-a changed; nva-b changed",
		  rows_of(act(SERVICE_SHUTDOWN, "--all", "night").get()));
	turn();
	EXPECT_EQ(3u, resets.size());
	EXPECT_EQ("there is no peer or gateway \"nva-c\"",
		  rows_of(act(SERVICE_START, "nva-c").get()));
	EXPECT_EQ("ergw/0 changed", rows_of(act(SERVICE_START, "ergw").get()));
	turn();
	EXPECT_EQ("nva-a nva-b", alarms("shutdown"));
}

/* More than fit a page: they come page by page, and the file has all. */
TEST_P(service_test, a_thousand_at_once)
{
	std::string text = std::string(base_config) + "peers = (";
	unsigned int seen = 0;

	for (int i = 0; i < 1000; i++)
		text += std::string(i ? "," : "") + "{ name = \"n" + std::to_string(i) +
			"\"; address = \"10.7." + std::to_string(100 + i / 250) + "." +
			std::to_string(1 + i % 250) + "\"; asn = 65001; }";
	text += ");";
	text.replace(text.find("10.0.2.1/24"), strlen("10.0.2.1/24"), "10.7.2.1/16");
	start(text);
	turn();
	std::unique_ptr<struct page> page(new struct page());

	page->command = PAGE_SERVICE;
	page->service = SERVICE_DRAIN;
	page->all = true;
	do {
		answer(page.get());
		seen += page->nb_rows;
		ASSERT_STREQ("", page->error);
	} while (page->more);
	EXPECT_EQ(1000u, seen);
	EXPECT_EQ(1000u, maintenance.nb_peers);
	restart_with(text);
	EXPECT_EQ(1000u, maintenance.nb_peers);
}

/* --- the file --------------------------------------------------------------------------------- */

TEST_P(service_test, a_disk_that_is_full_costs_a_warning)
{
	const std::string in_the_way = dir + "/maintenance.new";

	start_with_routes(true);
	ASSERT_EQ(0, mkdir(in_the_way.c_str(), 0700));
	auto page = act(SERVICE_INSTANCE_DRAIN);

	EXPECT_NE(std::string::npos, rows_of(page.get()).find("cannot be written"));
	turn();
	EXPECT_EQ("all", going(NVA_A)) << "it is done all the same";
	pass(1000);
	EXPECT_EQ("-", alarms("state_file"));
	rmdir(in_the_way.c_str());
}

TEST_P(service_test, what_is_left_of_a_broken_file_holds)
{
	std::ofstream(dir + "/maintenance") << "bascule maintenance 1\npeer nva-a shutdown x\nfoo\n"
					       "peer nva-gone drained\n";
	start();
	turn();
	EXPECT_TRUE(adds[NVA_A].shut);
	EXPECT_EQ("-", alarms("state_file"));
	act(SERVICE_DRAIN, "nva-b");
	EXPECT_EQ("", alarms("state_file"));
	EXPECT_EQ(2u, maintenance.nb_peers) << "nobody knows nva-gone";
}

OF_BOTH_FAMILIES(service_test);
