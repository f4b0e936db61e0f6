/* A changed configuration applied to a running route server: the difference and nothing but the
 * difference. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "server.h"
#include "peer_place.h"
#include "update_group.h"

namespace
{

std::string with(std::string text, const std::string &from, const std::string &to)
{
	return text.replace(text.find(from), from.size(), to);
}

const struct row_peer *row_of(struct page *page)
{
	uint32_t at = 0;
	uint16_t type;

	return (const struct row_peer *)page_next(page, &at, &type);
}

class reload_test : public of_families<server_test>
{
};

TEST_P(reload_test, reload_of_the_same_moves_nothing)
{
	uint64_t before;

	start_with_routes(true);
	before = messages;
	EXPECT_STREQ("", reload(plain_config())->error);
	turn();
	EXPECT_EQ(before, messages);
	EXPECT_TRUE(resets.empty());
	EXPECT_EQ(1, hangups);
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_EXPRESSROUTE, "172.16.1.1"));
}

TEST_P(reload_test, reload_adds_removes_and_changes_peers_alone)
{
	static const char peers[] = R"(
		gateways = ( { name = "ergw"; role = "expressroute";
			addresses = ["10.0.255.36"]; } );
		peers = ( { name = "nva-c"; address = "10.0.2.6"; asn = 65003; },
			  { name = "nva-b"; address = "10.0.2.5"; asn = 65002; hold_s = 30; } );)";

	start_with_routes(true);
	adds.clear();
	EXPECT_STREQ("", reload(std::string(base_config) + base_vnets + peers)->error);
	turn();
	ASSERT_EQ(2u, resets.size());
	EXPECT_EQ(NVA_A, resets[0].head.peer);
	EXPECT_EQ(SPEAKER_PEER_REMOVE, resets[0].head.type);
	EXPECT_EQ(3, resets[0].subcode);
	EXPECT_EQ(NVA_B, resets[1].head.peer);
	EXPECT_EQ(6, resets[1].subcode);
	ASSERT_EQ(1u, adds.size());
	EXPECT_STREQ("nva-c", adds[0].name);
	for (uint16_t peer : { NVA_A, NVA_B }) {
		down(peer, true); /* graceful or not: it was taken out of the configuration */
		event(peer, SPEAKER_REMOVED);
	}
	turn();
	EXPECT_EQ("10.0.0.0/16", knows(ERGW));
	ASSERT_EQ(2u, adds.size());
	EXPECT_STREQ("nva-b", adds[1].name);
	EXPECT_EQ(30, adds[1].hold_s);
	EXPECT_EQ(nullptr, peer_find(&rs->peers, "nva-a"));
	EXPECT_EQ(FIB_PEER_HERE, fib_peer_at(fib, fib_here(ip("10.0.2.6")), 1)) << "nva0";
	EXPECT_EQ(FIB_PEER_NOBODY, fib_peer_at(fib, fib_here(ip("10.0.2.4")), 1));
	EXPECT_EQ(FIB_PEER_HERE, fib_peer_at(fib, fib_here(ip("10.0.255.36")), 0)) << "er0";
}

TEST_P(reload_test, a_session_that_comes_up_while_its_peer_is_removed_counts_for_nothing)
{
	start();
	EXPECT_STREQ("", reload(std::string(base_config) + base_vnets)->error);
	up(NVA_A);
	announce(NVA_A, { "172.16.1.0/24" });
	turn();
	EXPECT_EQ(0, rs->peers.nb_up);
	EXPECT_EQ(RIB_NONE, rib_find(rib(), here("172.16.1.0/24")));
	down(NVA_A);
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		event(peer, SPEAKER_REMOVED);
	turn();
	EXPECT_EQ(0, rs->peers.nb_up);
	EXPECT_FALSE(due_has(&rs->due, DUE_REMOVALS));
	EXPECT_STREQ("", reload(plain_config())->error);
	up(NVA_A);
	turn();
	EXPECT_EQ("10.0.0.0/16", knows(NVA_A));
}

/* Every place is taken by one that has not gone yet. */
TEST_P(reload_test, a_peer_that_found_no_place_is_added_by_the_next_reload)
{
	static const char peers[] =
		R"(peers = ( { name = "nva-c"; address = "10.0.2.6"; asn = 65003; } );)";
	const std::string with_c = std::string(base_config) + base_vnets + peers;

	start(std::string(base_config) + base_vnets);
	turn();
	for (int i = 0; i < CONFIG_PEERS; i++)
		rs->peers.table[i].life = PEER_REMOVING;
	reload(with_c);
	EXPECT_EQ(nullptr, peer_find(&rs->peers, "nva-c"));
	for (int i = 0; i < CONFIG_PEERS; i++)
		rs->peers.table[i].life = PEER_FREE;
	rs->peers.free = 0;
	for (int i = 0; i < 2; i++) {
		reload(with_c);
		EXPECT_NE(nullptr, peer_find(&rs->peers, "nva-c"));
		EXPECT_EQ(1, rs->peers.nb_active);
	}
}

TEST_P(reload_test, a_vnet_for_which_there_was_no_memory_is_announced_by_the_next_reload)
{
	start_with_routes(false);
	ASSERT_EQ(1, rib_withdraw(rib(), here("10.0.0.0/16"), RS_VNET));
	turn();
	EXPECT_EQ("", knows(NVA_A));
	EXPECT_STREQ("", reload(plain_config())->error);
	turn();
	EXPECT_EQ("10.0.0.0/16", knows(NVA_A));
}

TEST_P(reload_test, reload_moves_vnets_without_a_session)
{
	static const char vnets[] =
		R"(vnet = ( { prefix = "10.0.0.0/16"; port = "vnet0"; next_hop = "10.0.1.9"; },
						{ prefix = "10.4.0.0/16"; port = "vnet0";
				peered = true; } );)";

	start_with_routes(false);
	EXPECT_STREQ("", reload(std::string(base_config) + vnets + base_peers)->error);
	turn();
	EXPECT_EQ("10.0.0.0/16 10.4.0.0/16", knows(NVA_A));
	EXPECT_EQ("10.0.1.9", fib_to(ROLE_NVA, "10.0.7.1"));
	EXPECT_EQ("on link, vnet", fib_to(ROLE_NVA, "10.4.7.1"));
	EXPECT_STREQ("", reload(plain_config())->error);
	turn();
	EXPECT_EQ("10.0.0.0/16", knows(NVA_A));
	EXPECT_EQ("on link, vnet", fib_to(ROLE_NVA, "10.0.7.1"));
	EXPECT_EQ("nowhere", fib_to(ROLE_NVA, "10.4.7.1"));
	EXPECT_TRUE(resets.empty());
}

TEST_P(reload_test, reload_of_what_needs_a_restart_changes_nothing_and_names_it)
{
	std::string text = plain_config();

	start_with_routes(false);
	text.replace(text.find("asn = 65515"), 11, "asn = 65514");
	EXPECT_NE(nullptr, strstr(reload(text)->error, "instance.asn"));
	turn();
	EXPECT_EQ(65515u, rs->config->instance.asn);
	EXPECT_TRUE(resets.empty());
	EXPECT_EQ(0, hangups);
}

/* Half a file, or one whose peers stand in a comment: it must be meant. */
TEST_P(reload_test, reload_that_would_remove_most_peers_is_to_be_meant)
{
	static const char one_less[] = R"(
		gateways = ( { name = "ergw"; role = "expressroute";
			addresses = ["10.0.255.36"]; } );
		peers = ( { name = "nva-b"; address = "10.0.2.5"; asn = 65002; } );)";
	static const char one[] =
		R"(peers = ( { name = "nva-b"; address = "10.0.2.5"; asn = 65002; } );)";
	const std::string base = std::string(base_config) + base_vnets;

	start_with_routes(false);
	for (const std::string &text : { base, base + one }) {
		auto page = reload(text, false);

		EXPECT_NE(nullptr, strstr(page->error, "of 3 peers are not in it any more; nothing "
						       "was applied"))
			<< page->error;
		EXPECT_NE(nullptr, strstr(page->hint, "bascule reload --force"));
	}
	turn();
	EXPECT_TRUE(resets.empty());
	EXPECT_EQ(3, rs->peers.nb_active);
	EXPECT_EQ(0, hangups);
	EXPECT_STREQ("", reload(base + one_less, false)->error);
	EXPECT_EQ(2, rs->peers.nb_active);
	EXPECT_STREQ("", reload(base + one, false)->error) << "half is not more than half";
	EXPECT_STREQ("", reload(base, true)->error);
	EXPECT_EQ(0, rs->peers.nb_active);
	EXPECT_STREQ("", reload(base, false)->error) << "none of none";
}

TEST_P(reload_test, reload_that_cannot_store_the_switch_changes_nothing)
{
	static const char vnets[] = R"(vnet = ( { prefix = "10.4.0.0/16"; port = "vnet0"; } );)";
	const std::string in_the_way = dir + "/exchange.new";

	start_with_routes(false);
	ASSERT_EQ(0, mkdir(in_the_way.c_str(), 0700));
	EXPECT_NE(nullptr, strstr(reload(with(with(plain_config(), base_vnets, vnets),
					      "enabled = false", "enabled = true"))
					  ->error,
				  "nothing was applied"));
	rmdir(in_the_way.c_str());
	turn();
	EXPECT_EQ("10.0.0.0/16", knows(NVA_A));
	EXPECT_TRUE(fib_sync_system(&rs->fib_sync[family], here("10.0.0.0/16")));
	EXPECT_FALSE(fib_sync_system(&rs->fib_sync[family], here("10.4.0.0/16")));
	EXPECT_FALSE(gate(ROLE_EXPRESSROUTE, ROLE_NVA));
	EXPECT_STREQ("", reload(with(plain_config(), base_vnets, vnets))->error);
	turn();
	EXPECT_EQ("10.4.0.0/16", knows(NVA_A));
}

/* The disk is a pipe that holds the writer up: what is open in that moment stays open for as long
 * as a disk may take. */
TEST_P(reload_test, reload_that_turns_the_switch_off_shuts_the_gate_before_the_disk_is_waited_for)
{
	const std::string in_the_way = dir + "/exchange.new";
	const std::string on = with(plain_config(), "enabled = false", "enabled = true");
	bool open = true;

	start_with_routes(false);
	EXPECT_STREQ("", reload(on)->error);
	turn();
	ASSERT_TRUE(gate(ROLE_EXPRESSROUTE, ROLE_NVA));
	ASSERT_EQ(0, mkfifo(in_the_way.c_str(), 0700));
	std::thread disk([&] {
		char text[64];
		int fd = ::open(in_the_way.c_str(), O_RDONLY); /* until the writer comes */

		open = gate(ROLE_EXPRESSROUTE, ROLE_NVA);
		while (read(fd, text, sizeof(text)) > 0)
			;
		close(fd);
	});
	EXPECT_STREQ("", reload(plain_config())->error);
	disk.join();
	EXPECT_FALSE(open);
	turn();
	EXPECT_FALSE(rs->exchange->enabled);
	EXPECT_EQ("10.0.0.0/16", knows(ERGW));
}

TEST_P(reload_test, reload_turns_the_switch_off_whatever_becomes_of_the_file)
{
	static const char vnets[] = R"(vnet = ( { prefix = "10.4.0.0/16"; port = "vnet0"; } );)";
	const std::string in_the_way = dir + "/exchange.new";
	const std::string off = with(plain_config(), base_vnets, vnets);

	start_with_routes(false);
	reload(with(plain_config(), "enabled = false", "enabled = true"));
	turn();
	ASSERT_TRUE(gate(ROLE_EXPRESSROUTE, ROLE_NVA));
	ASSERT_EQ(0, mkdir(in_the_way.c_str(), 0700));
	EXPECT_STREQ("", reload(off)->error);
	EXPECT_FALSE(gate(ROLE_EXPRESSROUTE, ROLE_NVA));
	turn();
	EXPECT_EQ("10.4.0.0/16", knows(NVA_A)) << "and the rest is applied";
	rmdir(in_the_way.c_str());
	reopen_exchange();
	EXPECT_FALSE(exchange.enabled) << "stored as soon as it can be";
	EXPECT_FALSE(exchange.configured);
}

TEST_P(reload_test, reload_moves_the_switch_only_if_its_value_changed)
{
	std::string on = plain_config();

	on.replace(on.find("enabled = false"), 15, "enabled = true");
	start_with_routes(false);
	reload(on);
	turn();
	EXPECT_TRUE(gate(ROLE_EXPRESSROUTE, ROLE_NVA));
	exchange_on(false);
	reload(on);
	turn();
	EXPECT_FALSE(gate(ROLE_EXPRESSROUTE, ROLE_NVA));
}

class vnet_test : public server_test, public testing::WithParamInterface<const char *>
{
};

TEST_P(vnet_test, one_that_is_added_has_nvas_asked_for_their_routes)
{
	static const char more[] = R"(vnet = ( { prefix = "10.0.0.0/16"; port = "vnet0"; },
		{ prefix = "10.4.0.0/16"; port = "vnet0"; peered = true; } );)";
	const std::string profile = GetParam();
	const std::string config =
		with(plain_config(), "asn = 65515;", "asn = 65515; profile = \"" + profile + "\";");

	start(config);
	up(ERGW);
	up(NVA_A);
	up(NVA_B, SPEAKER_CAP_AS4 | SPEAKER_CAP_MP_IPV4);
	turn();
	EXPECT_STREQ("", reload(with(config, base_vnets, more))->error);
	turn();
	EXPECT_EQ(std::vector<uint16_t>{ SPEAKER_SEND_REFRESH }, others) << "NVA A alone";
	ASSERT_EQ(profile == "azure" ? 1u : 0u, resets.size());
	for (const struct speaker_peer_reset &reset : resets) {
		EXPECT_EQ(NVA_B, reset.head.peer);
		EXPECT_EQ(4, reset.subcode);
		EXPECT_EQ(epoch[NVA_B], reset.head.epoch);
	}
	EXPECT_EQ("10.0.0.0/16 10.4.0.0/16", knows(NVA_A));
	EXPECT_STREQ("", reload(config)->error);
	turn();
	EXPECT_EQ("10.0.0.0/16", knows(NVA_A));
	EXPECT_EQ(1u, others.size()) << "nothing is asked when one goes";
}

INSTANTIATE_TEST_SUITE_P(profiles, vnet_test, testing::Values("open", "azure"));

TEST_P(reload_test, reload_takes_vnets_from_a_gateway_and_gives_them_back)
{
	const std::string without = with(plain_config(), "\"10.0.255.36\"]",
					 "\"10.0.255.36\"]; announce_vnets = false");

	start_with_routes(false);
	EXPECT_EQ("10.0.0.0/16", knows(ERGW));
	EXPECT_STREQ("", reload(without)->error);
	turn();
	EXPECT_EQ("", knows(ERGW));
	EXPECT_EQ(0u, row_of(ask(PAGE_PEER, "ergw/0").get())->routes[family].advertised);
	EXPECT_EQ("10.0.0.0/16", knows(NVA_A));
	exchange_on(true);
	turn();
	EXPECT_EQ("172.16.1.0/24 172.16.2.0/24", knows(ERGW));
	EXPECT_STREQ("", reload(plain_config())->error);
	turn();
	EXPECT_EQ("10.0.0.0/16 172.16.1.0/24 172.16.2.0/24", knows(ERGW));
	EXPECT_EQ(3u, row_of(ask(PAGE_PEER, "ergw/0").get())->routes[family].advertised);
	EXPECT_TRUE(resets.empty());
}

/* Many peers and VNets, of which half go, some change and as many come. */
class many_test : public of_families<server_test>
{
      protected:
	enum { PEERS = 120, VNETS = 80 };

	static std::string config(int first, uint32_t asn)
	{
		std::string text = std::string(base_config) +
				   "vnet = ( { prefix = \"10.0.0.0/16\"; "
				   "port = \"vnet0\"; }",
			    peers = base_peers;

		for (int i = first; i < first + VNETS; i++)
			text += ", { prefix = \"10.9." + std::to_string(i) +
				".0/24\"; port = \"vnet0\"; }";
		peers.resize(peers.rfind(");"));
		for (int i = first; i < first + PEERS; i++)
			peers += ", { name = \"p" + std::to_string(i) + "\"; address = \"10.0.2." +
				 std::to_string(10 + i) +
				 "\"; asn = " + std::to_string(i % 4 ? 65100 : asn) + "; }";
		return text + " );" + peers + ");";
	}

	struct outcome {
		std::vector<std::string> commands;
		std::string names, announced;
		size_t turns = 0;
	};

	/* From one to the other, with the clock going on by `ns` at each look; at most `most`
	 * commands in a turn. */
	outcome move(uint64_t ns, size_t most)
	{
		struct page page = {}, *sent = &page;
		struct row_reload *row;
		outcome all;
		uint32_t at = 0;
		uint16_t type;
		size_t len;

		__atomic_store_n(&fib->published, 0, __ATOMIC_RELAXED);
		start(config(0, 65101));
		up(NVA_A);
		turn();
		commands[0].clear();
		page.command = PAGE_RELOAD;
		page.force = true;
		page.config = configure(config(PEERS / 2, 65102));
		memcpy(mailbox_reserve(pages, sizeof(sent)), &sent, sizeof(sent));
		mailbox_post(pages, sizeof(sent));
		while (!rs->reload.page)
			rs_turn(rs, now_ms);
		look_ns = ns;
		up(NVA_B);
		for (uint64_t before = messages; rs->reload.page; all.turns++) {
			size_t had = commands[0].size();
			uint16_t nb_up = rs->peers.nb_up;

			EXPECT_EQ(nullptr, mailbox_peek(answers, &len));
			rs_turn(rs, now_ms);
			collect();
			EXPECT_LE(commands[0].size(), had + most);
			EXPECT_EQ(nb_up, rs->peers.nb_up) << "nothing else meanwhile";
			EXPECT_EQ(before, messages);
		}
		look_ns = LOOK_NS;
		turn();
		EXPECT_NE(nullptr, mailbox_peek(answers, &len));
		mailbox_done(answers);
		EXPECT_STREQ("", page.error);
		row = (struct row_reload *)page_next(&page, &at, &type);
		all.names = std::string(row->names, row->len) + std::to_string(row->nb_added) +
			    " " + std::to_string(row->nb_removed) + " " +
			    std::to_string(row->nb_changed);
		EXPECT_TRUE(row->vnet_changed);
		all.commands = commands[0];
		all.announced = knows(NVA_A) + ", " + knows(NVA_B);
		config_free(page.config);
		stop_server();
		return all;
	}
};

TEST_P(many_test, a_reload_is_applied_in_slices_and_seen_whole)
{
	const outcome at_once = move(0, SIZE_MAX), sliced = move(100 * 1000, 4);

	EXPECT_EQ(1u, at_once.turns);
	EXPECT_GT(sliced.turns, (PEERS + VNETS) / 4u);
	EXPECT_EQ(at_once.commands, sliced.commands);
	EXPECT_EQ(at_once.names, sliced.names);
	EXPECT_EQ(at_once.announced, sliced.announced);
	EXPECT_NE(std::string::npos, sliced.names.find("60 60 15")) << sliced.names;
	EXPECT_NE(std::string::npos, sliced.announced.find("10.9.139.0/24"));
	EXPECT_EQ(std::string::npos, sliced.announced.find("10.9.59.0/24"));
}

/* Peers find their groups in slices, when all begin, and when all are to be told otherwise. */
class place_test : public many_test
{
      protected:
	unsigned int placed(bool communities)
	{
		unsigned int n = 0;

		for (uint16_t i = 0; i < rs->peers.end; i++) {
			const struct update_group *group = told_to(i).group;

			n += group && group->rule.communities == communities;
		}
		return n;
	}

	/* Turn until all are, at most `most` more in a turn. */
	void place_all(unsigned int all, bool communities, unsigned int most)
	{
		for (unsigned int had = placed(communities), turns = 0; had < all; turns++) {
			unsigned int now;
			uint64_t before = messages;

			ASSERT_LT(turns, 20 * all);
			rs_turn(rs, now_ms);
			collect();
			now = placed(communities);
			EXPECT_LE(now, had + most);
			if (rs->peers.joining) {
				EXPECT_EQ(before, messages) << "before all are in their groups";
			}
			had = now;
		}
	}
};

TEST_P(place_test, peers_are_placed_in_slices)
{
	enum { SLICE = 2, LAGS = 7, ALL = PEERS };

	start(config(0, 65100));
	turn();
	kill_server();
	start(config(0, 65100));
	for (uint16_t i = 0; i < ALL; i++) {
		struct speaker_up e = {};

		e.head = { SPEAKER_UP, (uint16_t)(NVA_B + 1 + i), 1 };
		e.remote_id = 100u + i;
		e.local_addr = here(ip("10.0.2.1"));
		e.hold_s = 180;
		e.caps = caps_here(SPEAKER_CAP_AS4 | SPEAKER_CAP_MP_IPV4);
		post(&e, sizeof(e));
	}
	turn();
	ASSERT_EQ(RS_FILLING, rs->phase);
	ASSERT_EQ(ALL, rs->peers.nb_up);
	look_ns = 50 * 1000;
	now_ms += 61 * 1000;
	place_all(ALL, true, SLICE);
	EXPECT_EQ(RS_LIVE, rs->phase);
	look_ns = LOOK_NS;
	turn();
	EXPECT_FALSE(rs->peers.joining);
	for (uint16_t i = 0; i < ALL; i++)
		EXPECT_EQ(VNETS + 1u, announced[(uint16_t)(NVA_B + 1 + i)].size()) << i;

	/* One lags behind: the others do not wait for it. */
	rs->config->control.platform_communities = false;
	told_to(NVA_B + LAGS).lagging = true;
	peers_regroup(rs);
	look_ns = 50 * 1000;
	place_all(ALL - 1, false, SLICE);
	look_ns = LOOK_NS;
	turn();
	EXPECT_EQ(1u, placed(true));
	EXPECT_TRUE(rs->peers.unplaced);
	told_to(NVA_B + LAGS).lagging = false;
	place_all(ALL, false, 1);
	turn();
	EXPECT_EQ((unsigned int)ALL, placed(false));
	EXPECT_FALSE(rs->peers.unplaced);
}

OF_BOTH_FAMILIES(reload_test);
OF_BOTH_FAMILIES(many_test);
OF_BOTH_FAMILIES(place_test);

} /* namespace */
