/* Two session lcores: one listens for both, and a peer is gone when both have let go. */
#include <sys/socket.h>

#include "server.h"

class two_speakers_test : public server_test
{
      protected:
	using list = std::vector<std::string>;

	void SetUp() override
	{
		server_test::SetUp();
		nb_speakers = 2;
		start();
		turn();
	}
	/* What a speaker has been told since the last call. */
	list said_to(unsigned int speaker)
	{
		list all;

		commands[speaker].swap(all);
		return all;
	}
	/* The first speaker has accepted a connection for `peer`. The other end of it is returned,
	 * to be closed. */
	int accept_for(uint16_t peer)
	{
		struct speaker_accepted e = {};
		int ends[2] = { -1, -1 };

		EXPECT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends));
		e.head = { SPEAKER_ACCEPTED, peer, 0 };
		e.fd = ends[0];
		e.remote = addr_make4(address(peer));
		post(&e, sizeof(e));
		turn();
		return ends[1];
	}
};

TEST_F(two_speakers_test, the_one_that_listens_knows_every_peer)
{
	EXPECT_EQ((list{ "add 0", "add 1 elsewhere", "add 2" }), said_to(0));
	EXPECT_EQ((list{ "add 1" }), said_to(1));
}

TEST_F(two_speakers_test, a_connection_goes_to_the_one_that_has_the_session)
{
	int peer_end;
	char octet;

	said_to(1);
	peer_end = accept_for(NVA_A);
	EXPECT_EQ((list{ "connection 1" }), said_to(1));
	close(peer_end);

	reload(std::string(base_config) + base_vnets);
	turn();
	EXPECT_EQ((list{ "remove 1" }), said_to(1));
	peer_end = accept_for(NVA_A);
	EXPECT_EQ(list{}, said_to(1));
	EXPECT_EQ(0, read(peer_end, &octet, 1)) << "closed: the peer is being removed";
	close(peer_end);
}

TEST_F(two_speakers_test, a_place_is_free_when_both_have_let_go)
{
	for (unsigned int first : { 0u, 1u }) {
		for (unsigned int speaker : { 0u, 1u })
			said_to(speaker);
		reload(std::string(base_config) + base_vnets);
		turn();
		EXPECT_EQ((list{ "remove 0", "remove 1", "remove 2" }), said_to(0));
		EXPECT_EQ((list{ "remove 1" }), said_to(1));
		event(ERGW, SPEAKER_REMOVED);
		event(NVA_B, SPEAKER_REMOVED);
		event(NVA_A, SPEAKER_REMOVED, first);
		turn();
		EXPECT_EQ(PEER_FREE, rs->peers.table[ERGW].life);
		EXPECT_EQ(PEER_FREE, rs->peers.table[NVA_B].life);
		EXPECT_EQ(PEER_REMOVING, rs->peers.table[NVA_A].life);
		event(NVA_A, SPEAKER_REMOVED, !first);
		turn();
		EXPECT_EQ(PEER_FREE, rs->peers.table[NVA_A].life);
		EXPECT_FALSE(due_has(&rs->due, DUE_REMOVALS));
		reload(plain_config());
		turn();
		EXPECT_EQ((list{ "add 0", "add 1 elsewhere", "add 2" }), said_to(0));
		EXPECT_EQ((list{ "add 1" }), said_to(1));
	}
}

/* Changed, it is added anew only when neither speaker has anything of it any more. */
TEST_F(two_speakers_test, a_changed_peer_returns_when_both_have_let_go)
{
	static const char peers[] = R"(
		gateways = ( { name = "ergw"; role = "expressroute";
			addresses = ["10.0.255.36"]; } );
		peers = ( { name = "nva-a"; address = "10.0.2.4"; asn = 65001; hold_s = 30; },
			  { name = "nva-b"; address = "10.0.2.5"; asn = 65002; } );)";

	for (unsigned int speaker : { 0u, 1u })
		said_to(speaker);
	reload(std::string(base_config) + base_vnets + peers);
	turn();
	for (unsigned int speaker : { 0u, 1u })
		EXPECT_EQ((list{ "remove 1" }), said_to(speaker));
	event(NVA_A, SPEAKER_REMOVED, 1);
	turn();
	for (unsigned int speaker : { 0u, 1u })
		EXPECT_EQ(list{}, said_to(speaker));
	event(NVA_A, SPEAKER_REMOVED, 0);
	turn();
	EXPECT_EQ((list{ "add 1 elsewhere" }), said_to(0));
	EXPECT_EQ((list{ "add 1" }), said_to(1));
	EXPECT_EQ(30, adds.back().hold_s);
}

/* --- pressure --------------------------------------------------------------------------------- */
