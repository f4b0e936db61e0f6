// A turn of a speaker's ends by the clock, whatever there is to do: the clock here moves on with
// each look at it, so that how much fits a turn is known.
#include "speaker_lab.h"

#include "listener.h"

using namespace lab;

namespace
{

const uint64_t second_ns = 1000000000;

class turn_test : public session
{
      protected:
	static constexpr uint16_t all = 8; // peers that a node has room for

	turn_test()
	{
		look_ns = 0;
	}
	~turn_test() override
	{
		look_ns = 0;
	}
	static void add(node *n, uint8_t key_len = 0)
	{
		for (uint16_t i = 0; i < all; i++) {
			struct speaker_peer_add add =
				node::peer(i, address((uint8_t)(20 + i)), peer_asn);

			add.passive = true;
			add.password_len = key_len;
			ASSERT_TRUE(n->tell(add));
		}
	}
	// All peers are held off for a while, which is over now.
	void hold_off(node *n)
	{
		for (uint16_t i = 0; i < all; i++)
			n->reset(SPEAKER_PEER_RESET, i, NOTIFY_CEASE, NOTIFY_CEASE_RESET, 30);
		n->turn(now_ms);
		n->turn(now_ms);
		n->events.clear();
		now_ms += 60000;
	}
	// Turns until nothing is left to do, with what each of them adds to `count`.
	std::vector<size_t> turns(node *n, const std::function<size_t()> &count)
	{
		std::vector<size_t> added;
		size_t before = count();
		bool more = true;

		while (more && added.size() < 1000) {
			more = n->turn(now_ms);
			added.push_back(count() - before);
			before = count();
		}
		return added;
	}
	static size_t most(const std::vector<size_t> &added)
	{
		size_t most = 0;

		for (size_t n : added)
			most = n > most ? n : most;
		return most;
	}
	static size_t sum(const std::vector<size_t> &added)
	{
		size_t sum = 0;

		for (size_t n : added)
			sum += n;
		return sum;
	}
};

TEST_P(turn_test, all_is_done_while_there_is_time)
{
	node n(a_addr, our_asn, a_id);

	add(&n);
	n.turn(now_ms);
	EXPECT_EQ(0u, mailbox_waiting(n.from_rib));
	EXPECT_EQ(size_t(all), n.count(SPEAKER_STATE));
}

TEST_P(turn_test, commands_wait)
{
	node n(a_addr, our_asn, a_id);

	add(&n);
	look_ns = second_ns;
	for (uint16_t left = all; left-- > 0;) {
		EXPECT_LT(0u, n.turn(now_ms));
		EXPECT_EQ(left, mailbox_waiting(n.from_rib));
	}
}

// The peers may peer again, a while from now.
TEST_P(turn_test, sessions_wait)
{
	node n(a_addr, our_asn, a_id);
	std::vector<size_t> states;

	add(&n);
	hold_off(&n);
	n.turn(now_ms); // the last of a turn are the timers
	look_ns = second_ns;
	states = turns(&n, [&] { return n.count(SPEAKER_STATE); });
	EXPECT_EQ(size_t(all), sum(states));
	EXPECT_EQ(1u, most(states));
}

TEST_P(turn_test, timers_wait)
{
	node n(a_addr, our_asn, a_id);
	std::vector<size_t> states;

	add(&n);
	hold_off(&n);
	look_ns = 60000; // four sessions a turn, and two timers
	states = turns(&n, [&] { return n.count(SPEAKER_STATE); });
	EXPECT_EQ(size_t(all), sum(states));
	EXPECT_EQ(2u, most(states));
}

TEST_P(turn_test, connections_wait)
{
	node n(a_addr, our_asn, a_id);
	raw strangers[5];
	size_t before = 0;

	n.turn(now_ms);
	for (raw &r : strangers)
		r.connect(raw_addr, a_addr);
	look_ns = second_ns;
	for (size_t after = 0; after < 5; before = after) {
		ASSERT_LT(0u, n.turn(now_ms));
		after = 0;
		for (raw &r : strangers) {
			r.pump();
			after += r.was_reset;
		}
		ASSERT_EQ(before + 1, after);
	}
}

// Each listener has a program of its own, and nobody is let in before all know theirs.
TEST_P(turn_test, listeners_are_told_one_after_the_other)
{
	node n(a_addr, our_asn, a_id, false);
	struct speaker_peer_add add = node::peer(1, raw_addr, peer_asn);
	raw r;

	speaker_free(n.speaker);
	n.params.listen_port = bgp_port;
	n.params.interfaces[0].addrs[n.params.interfaces[0].nb_addrs++] = b_addr;
	n.params.interfaces[0].addrs[n.params.interfaces[0].nb_addrs++] = address(4);
	ASSERT_EQ(0, speaker_new(&n.params, n.to_rib, n.from_rib, &n.speaker));
	add.passive = true;
	add.ttl_security = 1;
	n.tell(add);
	look_ns = second_ns;
	for (int told = 1; told < 3; told++) {
		n.turn(now_ms);
		r.connect(raw_addr, a_addr);
		struct pollfd p = { r.fd, POLLOUT, 0 };
		EXPECT_EQ(1, ::poll(&p, 1, 10000));
		EXPECT_TRUE(p.revents & POLLERR) << told;
	}
	n.turn(now_ms);
	r.connect(raw_addr, a_addr);
	struct pollfd p = { r.fd, POLLOUT, 0 };
	ASSERT_EQ(1, ::poll(&p, 1, 10000));
	EXPECT_FALSE(p.revents & POLLERR);
}

// Five seconds after the kernel has refused keys each peer is looked at.
TEST_P(turn_test, the_walk_that_sets_keys_again_waits)
{
	node n(a_addr, our_asn, a_id);

	add(&n, SPEAKER_PASSWORD + 1);
	turns(&n, [] { return 0; });
	turns(&n, [] { return 0; });
	now_ms += 6000;
	look_ns = second_ns;
	EXPECT_LT(size_t(all), turns(&n, [] { return 0; }).size());
}

TEST_P(turn_test, the_walk_that_ends_all_sessions_waits)
{
	node n(a_addr, our_asn, a_id);

	add(&n);
	n.turn(now_ms);
	n.reset(SPEAKER_STOP, 0, NOTIFY_CEASE, NOTIFY_CEASE_SHUTDOWN);
	look_ns = second_ns;
	for (uint16_t i = 0; i + 1 < all; i++) {
		n.turn(now_ms);
		EXPECT_EQ(0u, n.count(SPEAKER_STOPPED)) << i;
	}
	n.turn(now_ms);
	EXPECT_EQ(1u, n.count(SPEAKER_STOPPED));
}

// Connections that are never all taken, as others come: those that waited at the time of a change
// are taken some time all the same.
TEST_P(turn_test, a_listener_that_is_never_empty_knows_who_came_before)
{
	struct speaker_params params = {};
	struct listeners listeners = {};
	struct listener *from = nullptr;
	struct transport *ready;
	int poller = transport_poller(), taken = 0;
	std::vector<raw> callers(2);
	struct addr remote;
	bool waiting;

	params.listen_port = bgp_port;
	params.nb_interfaces = 1;
	strcpy(params.interfaces[0].name, "lo");
	params.interfaces[0].addrs[0] = a_addr;
	params.interfaces[0].nb_addrs = 1;
	ASSERT_EQ(0, listeners_bind(&listeners, &params));
	listener_changed(&listeners.listener[0], 1);
	EXPECT_FALSE(listener_before(&listeners.listener[0], 1)) << "nobody could connect yet";
	ASSERT_EQ(0, listeners_begin(&listeners, poller));
	for (raw &r : callers)
		r.connect(raw_addr, a_addr);
	for (int i = 0; i < 1000 && !listeners.listener[0].t.readable; i++)
		transport_poll(poller, &ready, 1);
	listener_changed(&listeners.listener[0], 2);
	for (; listener_before(&listeners.listener[0], 2); taken++) {
		int fd = listeners_accept(&listeners, &remote, &from, &waiting);

		ASSERT_LE(0, fd);
		ASSERT_GT(1000, taken);
		transport_refuse(fd);
		if (taken == 40)
			listener_changed(from, 3);
		callers[(size_t)taken % 2].connect(raw_addr, a_addr);
	}
	EXPECT_LT(TRANSPORT_BACKLOG + 1, taken) << "so many may have waited";
	EXPECT_TRUE(listener_before(from, 3));
	while (listener_before(from, 3)) { // and now they end
		int fd = listeners_accept(&listeners, &remote, &from, &waiting);

		if (fd >= 0)
			transport_refuse(fd);
		else
			ASSERT_EQ(-EAGAIN, fd);
	}
	EXPECT_FALSE(from->t.readable);
	listeners_close(&listeners);
	transport_poller_close(poller);
}

BY_BOTH_FAMILIES(turn_test);

} // namespace
