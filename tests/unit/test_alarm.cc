/* Alarms: raised by a condition, and gone with it. */
#include "alarm.h"
#include "peer_session.h"
#include "server.h"

namespace
{

class alarm_test : public of_families<server_test>
{
      protected:
	/* Of an instance, not of a peer: "kind kind". */
	std::string kinds()
	{
		struct alarms list = {};
		std::string all;

		alarms_list(rs, &list);
		for (uint16_t i = 0; i < list.n; i++)
			if (!list.alarm[i].peer[0])
				all += (all.empty() ? "" : " ") + std::string(list.alarm[i].kind);
		return all;
	}
};

} // namespace

TEST_P(alarm_test, a_full_fib_is_one_until_all_has_room)
{
	const std::vector<std::string> first = half_full(0), second = half_full(1);

	start_with_routes(false);
	EXPECT_EQ("", kinds());
	announce(NVA_A, first);
	announce(NVA_B, second);
	turn();
	EXPECT_EQ("fib_full", kinds());
	update(NVA_A, {}, {}, first);
	turn();
	pass(1000);
	pass(1000);
	EXPECT_EQ("", kinds());
	EXPECT_LT(0u, rs->fib_sync[family].refused) << "counted for ever";
	announce(NVA_A, first);
	turn();
	EXPECT_EQ("fib_full", kinds());
	update(NVA_A, {}, {}, first); /* what has no room goes itself */
	turn();
	EXPECT_EQ("", kinds());
}

TEST_P(alarm_test, next_hops_are_full_until_an_adjacency_is_free)
{
	uint16_t index, last = 0;
	attrs_spec spec;

	start_with_routes(false);
	for (uint32_t host = ip("10.0.16.0");
	     !fib_adjacency_claim(rs->writer, fib_here(host), 2, ROLE_VNET, &index); host++)
		last = index;
	EXPECT_EQ("", kinds()) << "nobody was refused";
	spec.path = { 65001 };
	spec.next_hop = ip("10.0.2.77");
	update(NVA_A, { "172.16.9.0/24" }, spec);
	turn();
	EXPECT_EQ("next_hops_full", kinds());
	fib_adjacency_release(rs->writer, last);
	turn();
	EXPECT_EQ("", kinds());
}

/* The link's state is the dataplane's to say. */
TEST_P(alarm_test, a_port_without_link_is_why_its_peers_are_down)
{
	struct speaker_state state = {};
	char buf[SPEAKER_REASON];
	const struct peer *peer;

	start();
	peer = peer_find(&rs->peers, "ergw/0");
	state.head = { SPEAKER_STATE, ERGW, 0 };
	strcpy(state.reason, "connect: no answer");
	post(&state, sizeof(state));
	turn();
	EXPECT_STREQ("connect: no answer", peer_why(peer, buf));
	fib->ports[0].up = 0;
	EXPECT_STREQ("port er0 has no link", peer_why(peer, buf));
	EXPECT_STREQ("", peer_why(peer_find(&rs->peers, "nva-a"), buf)) << "its port is another";

	struct alarms list = {};
	alarms_list(rs, &list);
	ASSERT_LE(1, list.n);
	EXPECT_STREQ("ergw/0", list.alarm[0].peer);
	EXPECT_STREQ("is not established: port er0 has no link", list.alarm[0].text);

	auto page = ask(PAGE_RESET, "ergw/0");
	uint32_t at = 0;
	uint16_t type;
	auto *row = (const struct row_reset *)page_next(page.get(), &at, &type);
	ASSERT_EQ(ROW_RESET, type);
	EXPECT_FALSE(row->closed);
	EXPECT_STREQ("port er0 has no link", row->reason);

	fib->ports[0].up = 1;
	EXPECT_STREQ("connect: no answer", peer_why(peer, buf));
	up(ERGW);
	turn();
	fib->ports[0].up = 0;
	EXPECT_STREQ("", peer_why(peer, buf)) << "up for as long as its hold time lasts";
	page = ask(PAGE_RESET, "ergw/0");
	at = 0;
	row = (const struct row_reset *)page_next(page.get(), &at, &type);
	EXPECT_TRUE(row->closed);
	EXPECT_STREQ("", row->reason);
	down(ERGW);
	turn();
	EXPECT_STREQ("port er0 has no link", peer_why(peer, buf));
	fib->ports[0].up = 1;
}

/* The dataplane says which, and nothing of it looks like somebody who changes the interface. */
TEST_P(alarm_test, another_host_has_an_address_of_a_port)
{
	const struct fib_addr addr = { { 0x20010db8, 0x02550000, 0, 0x33 } }, none = {};
	struct alarms list = {};

	start_with_routes(false);
	fib_port_duplicate_set(&fib->ports[0], &addr);
	EXPECT_EQ("address_duplicate", kinds());
	alarms_list(rs, &list);
	for (uint16_t i = 0; i < list.n; i++)
		if (!strcmp(list.alarm[i].kind, "address_duplicate")) {
			EXPECT_STREQ(
				"port er0: its address 2001:db8:255::33 is another host's too, "
				"and unused until it is taken from one of them",
				list.alarm[i].text);
		}
	fib_port_duplicate_set(&fib->ports[0], &none);
	EXPECT_EQ("", kinds());
}

TEST_P(alarm_test, a_bond_lacks_members)
{
	const struct {
		uint8_t members, carrying;
		const char *text;
	} rows[] = {
		{ 0, 0, "" },
		{ 2, 2, "" },
		{ 2, 1, "port er0: 1 of the 2 members of its bond carry traffic" },
		{ 2, 0, "port er0: 0 of the 2 members of its bond carry traffic" },
	};

	start();
	for (const auto &t : rows) {
		std::string text;

		fib->ports[0].members = t.members;
		fib->ports[0].members_carrying = t.carrying;
		struct alarms list = {};
		alarms_list(rs, &list);
		for (int i = 0; i < list.n; i++) {
			if (!strcmp(list.alarm[i].kind, "port_members"))
				text += list.alarm[i].text;
		}
		EXPECT_EQ(t.text, text);
	}
	fib->ports[0].members = fib->ports[0].members_carrying = 0;
}

TEST_P(alarm_test, what_there_was_no_memory_for_is_missing_until_it_is_told_anew)
{
	struct peer *peer;

	start_with_routes(false);
	peer = peer_find(&rs->peers, "nva-a");
	for (int round = 0; round < 2; round++) {
		peer->no_memory++;
		EXPECT_EQ("no_memory", kinds());
		if (!round) {
			ask(PAGE_SOFT_IN, "nva-a");
			EXPECT_EQ("", kinds());
			continue;
		}
		down(NVA_A);
		turn();
		EXPECT_EQ("", kinds());
		up(NVA_A);
		turn();
		EXPECT_EQ("", kinds());
	}
	EXPECT_EQ(2u, peer->no_memory);
}

OF_BOTH_FAMILIES(alarm_test);
