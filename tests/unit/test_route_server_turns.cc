/* The route server's turns: each does as much as it has time for, what is left comes first in the
 * next, and a full mailbox or a peer that reads slowly loses nothing. */
#include <algorithm>

#include "hash.h"
#include "peer_session.h"
#include "server.h"

class turns_test : public of_families<server_test>
{
};

static std::vector<std::string> table_of(unsigned int n)
{
	std::vector<std::string> prefixes;

	for (unsigned int i = 0; i < n; i++)
		prefixes.push_back("20." + std::to_string(i / 256) + "." + std::to_string(i % 256) +
				   ".0/24");
	return prefixes;
}

TEST_P(turns_test, a_turn_tells_as_much_as_it_has_time_for_however_many_groups_there_are)
{
	const unsigned int n = 12288, slice = 256, looks = 250 / 50;
	auto told_in_all = [this] { return announced[ERGW].size() + announced[NVA_A].size(); };
	size_t before, most = 0;

	start_with_routes(true);
	before = told_in_all();
	look_ns = 50 * 1000;
	announce(NVA_B, table_of(n));
	turn([&] {
		most = std::max(most, told_in_all() - before);
		before = told_in_all();
	});
	EXPECT_GT(most, 0u);
	EXPECT_LE(most, slice * looks);
	for (uint16_t peer : { ERGW, NVA_A })
		EXPECT_EQ(3 + n, announced[peer].size());
}

/* Work that is not due does not even look at the clock: each part of a turn does, where it begins
 * and where it ends. */
TEST_P(turns_test, a_turn_in_which_nothing_is_due_does_not_look_whether_it_has_time)
{
	uint64_t looks;

	start_with_routes(true);
	turn();
	EXPECT_EQ(0u, rs->due.bits);
	look_ns = 1;
	looks = rs->clock_ns();
	EXPECT_EQ(0u, rs_turn(rs, now_ms));
	looks = rs->clock_ns() - looks - 1;
	EXPECT_LE(looks, 2u * RS_PARTS);
}

/* Each kind of work that has nothing to do takes its bit back, and does it no more. */
TEST_P(turns_test, what_is_due_and_finds_nothing_to_do_is_due_no_more)
{
	start_with_routes(true);
	turn();
	for (int work = 0; work < DUE_WORKS; work++) {
		due_set(&rs->due, (enum due_work)work);
		turn();
		EXPECT_FALSE(due_has(&rs->due, (enum due_work)work)) << work;
	}
}

/* One UPDATE may hold more than there is time for in a turn. */
TEST_P(turns_test, a_turn_takes_as_much_of_a_record_as_it_has_time_for)
{
	const size_t n = 1000, slice = 128, looks = 150 / 50;
	std::vector<std::string> before_it = { "21.0.0.0/24" }, table = table_of(n);
	size_t updates, others, turns = 0;
	attrs_spec spec;

	spec.path = { 65002 };
	spec.next_hop = address(NVA_B);

	start_with_routes(true);
	others = rib_peer_paths(rib(), NVA_B);
	announce(NVA_B, before_it);
	turn();
	updates = rs->updates;
	look_ns = 50 * 1000;
	update(NVA_B, table, spec, before_it);
	announce(NVA_B, { "21.1.0.0/24" });
	for (size_t had = rib_peer_paths(rib(), NVA_B), has; rs->updates < updates + 2; had = has) {
		ASSERT_LT(turns++, 2 * n / slice);
		rs_turn(rs, now_ms);
		has = rib_peer_paths(rib(), NVA_B);
		EXPECT_LE(has, had + slice * looks);
	}
	EXPECT_LE(n / slice / looks, turns);
	EXPECT_EQ(others + n + 1, rib_peer_paths(rib(), NVA_B))
		<< "without the one that it withdraws";
	/* The session ends in the middle of one. */
	update(NVA_B, {}, {}, table);
	rs_turn(rs, now_ms);
	EXPECT_LT(others + 1, rib_peer_paths(rib(), NVA_B));
	down(NVA_B);
	turn();
	EXPECT_EQ(0u, rib_peer_paths(rib(), NVA_B));
	up(NVA_B);
	announce(NVA_B, { "21.2.0.0/24" });
	turn();
	EXPECT_EQ(1u, rib_peer_paths(rib(), NVA_B));
}

TEST_P(turns_test, a_turn_takes_as_many_records_as_it_has_time_for)
{
	size_t turns = 0;

	start_with_routes(true);
	look_ns = 50 * 1000;
	for (unsigned int i = 0; i < 30; i++)
		announce(NVA_B, { "20.0." + std::to_string(i) + ".0/24" });
	for (size_t before = rs->updates, end = before + 30; rs->updates < end; turns++) {
		ASSERT_LT(turns, 30u);
		rs_turn(rs, now_ms);
		EXPECT_LE(rs->updates - before, 3u); /* 150 us */
		EXPECT_GT(rs->updates, before);
		before = rs->updates;
	}
	EXPECT_GE(turns, 10u);
	look_ns = 0;
	for (unsigned int i = 0; i < 30; i++)
		announce(NVA_B, { "20.1." + std::to_string(i) + ".0/24" });
	rs_turn(rs, now_ms);
	turn();
	EXPECT_EQ(63u, announced[ERGW].size());
}

/* What peers have said is taken, and nothing else is done. */
static void take_all(struct route_server *rs)
{
	struct mailbox *to_rib = rs->speakers[0].to_rib;
	uint32_t taken = 0;
	size_t len;

	while (const void *event = mailbox_peek(to_rib, &len)) {
		if (peer_event(rs, (const struct speaker_event *)event, &taken)) {
			mailbox_done(to_rib);
			taken = 0;
		}
	}
}

TEST_P(turns_test, what_another_peer_says_passes_a_table_that_waits_to_be_told)
{
	enum { GROUPS = 4 };

	start_with_routes(true);
	look_ns = 300 * 1000;
	announce(NVA_B, table_of(4000));
	take_all(rs);
	fib_sync_changes(&rs->fib_sync[family], SIZE_MAX);
	rs_turn(rs, now_ms);
	announce(NVA_A, { "172.31.1.0/24" });
	/* a turn tells one group something, and whose turn it is is open */
	for (unsigned int i = 0; i < GROUPS && !announced[ERGW].count("172.31.1.0/24"); i++) {
		rs_turn(rs, now_ms);
		collect();
	}
	EXPECT_EQ(1u, announced[ERGW].count("172.31.1.0/24"));
	EXPECT_LT(announced[ERGW].size(), 1000u);
	turn();
	EXPECT_EQ(4004u, announced[ERGW].size());
}

/* What the FIB has had no time for yet is told to nobody, whatever else goes on. */
TEST_P(turns_test, the_fib_follows_in_slices_and_nobody_is_told_what_it_lacks)
{
	enum { N = 1000, FIB_SLICE = 32, TAKEN = 128 + 128 };
	const std::vector<std::string> table = table_of(N);
	size_t behind = 0, turns = 0, checked = 0;
	auto check = [&] {
		collect();
		for (const auto &entry : announced[NVA_A]) {
			char host[ADDR_TEXT];

			if (entry.first[0] != '2')
				continue;
			checked++;
			ASSERT_EQ("10.0.2.5",
				  fib_to(ROLE_NVA,
					 addr4_text(net(entry.first.c_str()).addr.v4 + 1, host)))
				<< entry.first;
		}
	};

	start_with_routes(true);
	look_ns = 1000 * 1000; /* time for one slice of each kind */
	announce(NVA_B, table);
	for (size_t waited = 0, waits; announced[NVA_A].size() < N; waited = waits) {
		ASSERT_LT(turns++, 400u);
		rs_turn(rs, now_ms);
		check();
		if (turns == 12) {
			down(ERGW);
			up(ERGW); /* who comes new is told the same */
		}
		waits = rib_changes_waiting(rib());
		behind += waits > 0;
		EXPECT_LE(waits, (size_t)TAKEN);
		EXPECT_LE(waited, waits + FIB_SLICE) << "as many in a turn as there is time for";
	}
	EXPECT_GE(behind, N / FIB_SLICE / 2);
	EXPECT_GT(checked, 0u);
	look_ns = 700 * 1000;
	update(NVA_B, {}, {}, table);
	down(NVA_A);
	for (turns = 0; rib_peer_paths(rib(), NVA_B) > 1 || rib_changes_waiting(rib()); turns++) {
		ASSERT_LT(turns, 400u);
		rs_turn(rs, now_ms);
		EXPECT_LE(rib_changes_waiting(rib()), (size_t)TAKEN);
	}
	EXPECT_EQ("nowhere", fib_to(ROLE_NVA, "20.0.7.1"));
	look_ns = LOOK_NS;
	turn();
	EXPECT_EQ(0u, announced[ERGW].count("20.0.7.0/24"));
	EXPECT_EQ(0u, rib_counts(rib()).gone);
}

/* A walk over the table ends after what has gone from it since is out of the FIB, too. */
TEST_P(turns_test, what_goes_under_a_walk_goes_in_slices)
{
	const std::vector<std::string> table = table_of(1000);
	size_t turns = 0;

	start_with_routes(true);
	announce(NVA_B, table);
	turn();
	look_ns = 1000 * 1000;
	fib_walk_begin(&rs->fib_walk, rs->fib_sync[family].allow, 0);
	update(NVA_B, {}, {}, table);
	while (rs->fib_walk.walking) {
		ASSERT_LT(turns++, 400u);
		rs_turn(rs, now_ms);
	}
	while (rib_peer_paths(rib(), NVA_B) > 1 || rib_changes_waiting(rib()))
		rs_turn(rs, now_ms);
	look_ns = LOOK_NS;
	turn();
	for (unsigned int i = 0; i < 1000; i++) {
		char host[ADDR_TEXT];

		ASSERT_EQ("nowhere",
			  fib_to(ROLE_VNET, addr4_text(net(table[i].c_str()).addr.v4, host)));
	}
}

/* Prefixes that each have attributes of their own are a message each: as many a turn as there is
 * time for. */
TEST_P(turns_test, a_flush_that_takes_long_goes_on_in_the_next_turn)
{
	enum { N = 2000, LOOK = 16 };
	size_t turns = 0, cut = 0;

	start_with_routes(true);
	for (const std::string &prefix : table_of(N)) {
		attrs_spec spec;

		spec.path = { 65002 };
		spec.next_hop = address(NVA_B);
		spec.med = (int64_t)(hash_bytes(prefix.data(), prefix.size(), 0) & 0xffffff);
		update(NVA_B, { prefix }, spec);
	}
	take_all(rs);
	fib_sync_changes(&rs->fib_sync[family], SIZE_MAX);
	look_ns = 1000 * 1000;
	update(NVA_B, {}, {}, { "20.0.1.0/24" }); /* not before what is being told is through */
	down(ERGW);
	for (size_t had = routes().announcer.updates; announced[NVA_A].size() < N;
	     had = routes().announcer.updates) {
		ASSERT_LT(turns++, 1000u);
		rs_turn(rs, now_ms);
		EXPECT_LE(routes().announcer.updates, had + 2 * LOOK);
		cut += routes().announcer.flushing != nullptr;
		EXPECT_FALSE(routes().announcer.flushing && routes().announcer.blocked);
		collect();
	}
	EXPECT_GT(cut, N / LOOK / 2u);
	look_ns = LOOK_NS;
	turn();
	EXPECT_EQ(0u, announced[NVA_A].count("20.0.1.0/24"));
	EXPECT_EQ(N - 1 + 2u, announced[NVA_A].size()) << "and the VNet, and what it had before";
}

/* 16384 entries of a wide prefix between two looks at the clock, 200 us of them a turn, in each of
 * four views. (In a trie an empty one is 16 entries.) */
class wide_turns_test : public server_test
{
};

TEST_F(wide_turns_test, it_is_written_in_slices_and_told_when_it_is_there)
{
	size_t turns = 0;

	start_with_routes(true);
	look_ns = 100 * 1000;
	announce(NVA_A, { "64.0.0.0/4" });
	for (; !announced[ERGW].count("64.0.0.0/4"); turns++) {
		ASSERT_LT(turns, 1000u);
		if (turns == 5)
			announce(NVA_B, { "65.1.0.0/16" });
		rs_turn(rs, now_ms);
		collect();
		if (announced[ERGW].count("64.0.0.0/4")) {
			EXPECT_EQ("10.0.2.4", fib_to(ROLE_EXPRESSROUTE, "79.255.255.255"));
			EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "79.255.255.255"));
		}
		if (turns == 6) {
			EXPECT_EQ(1u, announced[ERGW].count("65.1.0.0/16"))
				<< "it waits for nothing";
			EXPECT_EQ("10.0.2.5", fib_to(ROLE_EXPRESSROUTE, "65.1.0.1"));
		}
	}
	EXPECT_GT(turns, 4u * (1 << 20) / 16384 / 4);
	turn();
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_EXPRESSROUTE, "65.2.0.1"));
	EXPECT_EQ("10.0.2.5", fib_to(ROLE_EXPRESSROUTE, "65.1.0.1"));
}

TEST_P(turns_test, a_wide_prefix_that_moves_under_the_pen)
{
	start_with_routes(true);
	look_ns = 100 * 1000;
	for (int i = 0; i < 12; i++) {
		uint16_t peer = i % 2 ? NVA_A : NVA_B;

		announce(peer, { "64.0.0.0/5" });
		for (int k = 0; k < 7; k++)
			rs_turn(rs, now_ms);
		update(peer, {}, {}, { "64.0.0.0/5" });
		for (int k = 0; k < i; k++)
			rs_turn(rs, now_ms);
	}
	turn();
	EXPECT_EQ("nowhere", fib_to(ROLE_EXPRESSROUTE, "64.0.0.1"));
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "71.255.255.255"));
	EXPECT_EQ(0u, announced[ERGW].count("64.0.0.0/5"));
	announce(NVA_A, { "64.0.0.0/5" });
	exchange_on(false); /* a walk, which waits for what is wide */
	turn();
	EXPECT_EQ("nowhere", fib_to(ROLE_EXPRESSROUTE, "64.0.0.1"));
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "64.0.0.1"));
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_VNET, "71.255.255.255"));
	exchange_on(true);
	turn();
	EXPECT_EQ("10.0.2.4", fib_to(ROLE_EXPRESSROUTE, "71.255.255.255"));
	EXPECT_EQ(1u, announced[ERGW].count("64.0.0.0/5"));
}

TEST_P(turns_test, the_longest_turn_is_told_with_its_owner)
{
	uint32_t at = 0;
	uint16_t type;

	start_with_routes(true);
	look_ns = 700 * 1000;
	rs_turn(rs, now_ms);
	look_ns = 0;
	turn();

	auto page = ask(PAGE_SUMMARY);
	const struct row_summary *summary =
		(const struct row_summary *)page_next(page.get(), &at, &type);

	EXPECT_GT(summary->rib.longest_ns, 5000u * 1000);
	EXPECT_GE(summary->rib.longest_part_ns, 700u * 1000 - 128);
	EXPECT_NE(nullptr, summary->rib.longest_part);
	EXPECT_EQ(summary->rib.longest_ns, summary->rib.recent_ns);
	EXPECT_GE(summary->rib.over, 1u);
}

TEST_P(turns_test, a_full_mailbox_delays_and_loses_nothing)
{
	start(plain_config(), 4096);
	exchange_on(true);
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		up(peer);
	announce(NVA_A, { "172.16.0.0/24" });
	turn();
	arp_all();
	/* Every prefix with attributes of its own: a message each, to more peers than the mailbox
	 * has room for. */
	for (const std::string &prefix : many(3000)) {
		attrs_spec spec;

		spec.path = { 65001 };
		spec.next_hop = address(NVA_A);
		spec.med = (int64_t)(hash_bytes(prefix.data(), prefix.size(), 0) & 0xffffff);
		update(NVA_A, { prefix }, spec);
	}
	turn();
	EXPECT_EQ(3001u, announced[ERGW].size());
	EXPECT_EQ(3001u, announced[NVA_B].size());
	EXPECT_EQ(1u, announced[NVA_A].size());
}

TEST_P(turns_test, a_lagging_peer_is_told_later_and_holds_up_nobody)
{
	start_with_routes(true);
	event(ERGW, SPEAKER_LAGGING);
	announce(NVA_A, many(300));
	update(NVA_A, {}, {}, { "172.16.1.0/24" });
	turn();
	EXPECT_EQ("10.0.0.0/16 172.16.1.0/24 172.16.2.0/24", knows(ERGW));
	EXPECT_LT(290u, announced[NVA_B].size());
	event(ERGW, SPEAKER_DRAINED);
	turn();
	EXPECT_EQ(300u, announced[ERGW].size());
	EXPECT_EQ(0u, announced[ERGW].count("172.16.1.0/24"));
}

TEST_P(turns_test, refresh_sends_everything_again)
{
	uint64_t before;

	start_with_routes(true);
	before = messages;
	announced[ERGW].clear();
	event(ERGW, SPEAKER_REFRESH);
	turn();
	EXPECT_EQ("10.0.0.0/16 172.16.1.0/24 172.16.2.0/24", knows(ERGW));
	EXPECT_LT(before, messages);
}

TEST_P(turns_test, unused_next_hops_are_given_back)
{
	struct fib_stats stats;
	uint32_t before;

	start_with_routes(false);
	fib_stats_get(rs->writer, &stats);
	before = stats.adjacencies;
	for (unsigned int i = 0; i < 100; i++) {
		attrs_spec spec;

		spec.path = { 65001 };
		spec.next_hop = ip("10.0.2.100") + i;
		update(NVA_A, { "192.168." + std::to_string(i) + ".0/24" }, spec);
	}
	turn();
	fib_stats_get(rs->writer, &stats);
	EXPECT_EQ(before + 100, stats.adjacencies);
	down(NVA_A);
	turn();
	for (int s = 0; s < 61; s++)
		pass(1000);
	fib_stats_get(rs->writer, &stats);
	EXPECT_GE(before, stats.adjacencies);
	EXPECT_EQ("10.0.255.36", fib_to(ROLE_VNET, "10.20.1.1")) << "those in use stay";
}

TEST_P(turns_test, a_next_hop_that_found_no_room_is_used_when_there_is)
{
	std::vector<uint16_t> claims;
	attrs_spec spec;
	uint16_t index;

	start_with_routes(false);
	for (uint32_t host = ip("10.0.16.0");
	     !fib_adjacency_claim(rs->writer, fib_here(host), 2, ROLE_VNET, &index); host++)
		claims.push_back(index);
	spec.path = { 65001 };
	spec.next_hop = ip("10.0.2.77");
	update(NVA_A, { "172.16.9.0/24" }, spec);
	turn();
	EXPECT_EQ(
		NEXT_HOP_NO_ROOM,
		next_hop_look(&rs->next_hops, hop_id(rs->attrs, spec.next_hop, family), ROLE_NVA));
	fib_adjacency_release(rs->writer, claims.back());
	turn();
	arp("10.0.2.77");
	turn();
	EXPECT_EQ("10.0.2.77", fib_to(ROLE_VNET, "172.16.9.1"));
}

OF_BOTH_FAMILIES(turns_test);
