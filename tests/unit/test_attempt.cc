// How long a peer waits that fails, refuses us, or was told to stay away. Over real sockets on
// loopback, by the test's clock.
#include "speaker_lab.h"

using namespace lab;

namespace
{

TEST_P(session, reset_holds_off)
{
	raw r;
	auto n = passive_node();

	raws = { &r };
	establish(n.get(), &r);
	n->reset(SPEAKER_PEER_RESET, 1, NOTIFY_CEASE, NOTIFY_CEASE_MAX_PREFIXES, 30);
	ASSERT_TRUE(until([&] { return r.ended; }));
	EXPECT_EQ("6/1 00 01 01 00 00 00 00", r.notification());
	r.connect(raw_addr, a_addr);
	ASSERT_TRUE(until([&] { return r.was_reset; }));
	pass(29000);
	r.connect(raw_addr, a_addr);
	ASSERT_TRUE(until([&] { return r.was_reset; }));
	pass(1100);
	establish(n.get(), &r);
}

// Shut down by an operator: for as long as it takes, whatever else there is.
TEST_P(session, shut_down_until_it_is_started)
{
	struct speaker_peer_reset shut = {};
	struct speaker_command call = {};
	raw r;
	auto n = passive_node();

	raws = { &r };
	establish(n.get(), &r);
	shut.head.type = SPEAKER_PEER_RESET;
	shut.head.peer = 1;
	shut.code = NOTIFY_CEASE;
	shut.subcode = NOTIFY_CEASE_SHUTDOWN;
	shut.shut = true;
	memset(shut.text, 'x', 255);
	n->tell(shut);
	ASSERT_TRUE(until([&] { return r.ended; }));
	EXPECT_EQ(0u, r.notification().find("6/2 ff 78 78")) << r.notification();
	call.type = SPEAKER_PEER_CALL;
	call.peer = 1;
	for (int hours = 0; hours < 3; hours++) {
		r.connect(raw_addr, a_addr);
		ASSERT_TRUE(until([&] { return r.was_reset; }));
		n->tell(call);
		pass(3600 * 1000);
	}
	n->reset(SPEAKER_PEER_RESET, 1, NOTIFY_CEASE, NOTIFY_CEASE_RESET);
	establish(n.get(), &r);
}

TEST_P(session, shut_down_from_the_beginning)
{
	raw listener(raw::make(raw_addr, bgp_port)), r, called;
	node n(a_addr, our_asn, a_id);
	struct speaker_peer_add add = node::peer(1, raw_addr, peer_asn);

	ASSERT_EQ(0, listen(listener.fd, 8));
	nodes = { &n };
	raws = { &r };
	add.shut = true;
	n.tell(add);
	pass(100 * 1000);
	EXPECT_EQ(-1, accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK)) << "it has connected";
	r.connect(raw_addr, a_addr);
	ASSERT_TRUE(until([&] { return r.was_reset; }));
	n.reset(SPEAKER_PEER_RESET, 1, NOTIFY_CEASE, NOTIFY_CEASE_RESET);
	ASSERT_TRUE(within(60000, [&] {
		if (called.fd < 0)
			called.fd = accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK);
		return called.fd >= 0;
	}));
}

// A peer that errs is kept out, longer each time, up to a minute.
TEST_P(session, failing_peer_is_damped)
{
	raw r;
	auto n = passive_node();
	uint64_t least_ms = 0; // three quarters of 1 s, 2 s, 4 s ...

	raws = { &r };
	for (int i = 0; i < 9; i++) {
		uint64_t from_ms = now_ms;

		ASSERT_TRUE(within(70000, [&] {
			if (r.fd < 0 || r.was_reset)
				r.connect(raw_addr, a_addr);
			return r.count(BGP_OPEN) == 1;
		}));
		EXPECT_GE(now_ms - from_ms, least_ms) << i;
		least_ms = std::min<uint64_t>(least_ms ? 2 * least_ms : 750, 48000);
		r.put(octets(19, 0));
		ASSERT_TRUE(until([&] { return r.ended; }));
		r.close();
	}
}

// Whatever the NOTIFICATION says, the next connection is not at once.
TEST_P(session, a_peer_that_refuses_our_version_is_left_alone_for_a_while)
{
	raw listener(raw::make(raw_addr, bgp_port)), ours;
	node n(a_addr, our_asn, a_id);

	nodes = { &n };
	raws = { &ours };
	ASSERT_NO_FATAL_FAILURE(take(&n, &listener, &ours));
	ASSERT_TRUE(until([&] { return ours.count(BGP_OPEN); }));
	ours.put(notification_message(NOTIFY_OPEN, NOTIFY_OPEN_VERSION));
	ASSERT_TRUE(until([&] { return ours.ended; }));
	ASSERT_TRUE(until([&] { return !n.turn(now_ms); }));
	EXPECT_GT(0, accept(listener.fd, nullptr, nullptr));
	ours.close();
	EXPECT_TRUE(within(1000, [&] {
		if (ours.fd < 0)
			ours.fd = accept(listener.fd, nullptr, nullptr);
		return ours.fd >= 0;
	}));
}

class over_ipv6 : public lab_test
{
      protected:
	over_ipv6() : lab_test(FAMILY_IPV6)
	{
	}
};

// Duplicate address detection takes its time, and a peer whose turn it is then does not wait.
TEST_F(over_ipv6, a_peer_is_called_soon_after_our_address_is_there)
{
	const uint8_t v6[16] = { 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 77 };
	const struct addr ours = addr_make6(v6);
	raw listener(raw::make(raw_addr, bgp_port)), called;
	struct speaker_peer_add add = node::peer(1, raw_addr, peer_asn);
	node n(a_addr, our_asn, a_id);
	auto calls = [&] {
		if (called.fd < 0)
			called.fd = accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK);
		return called.fd >= 0;
	};

	ASSERT_EQ(0, listen(listener.fd, 8));
	nodes = { &n };
	add.local = ours;
	n.tell(add);
	pass(60000);
	EXPECT_FALSE(calls());
	EXPECT_EQ("connect: our address fd00::4d cannot be used yet", n.why());
	give_lo(ours);
	EXPECT_TRUE(within(1000, calls)) << n.why();
}

// What was in the way is out of it: nobody waits for the end of a pause.
TEST_P(session, a_peer_that_can_be_reached_now_is_called_at_once)
{
	raw listener(raw::make(raw_addr, bgp_port)), ours;
	node n(a_addr, our_asn, a_id);
	struct speaker_command call = {};
	auto called = [&] {
		if (ours.fd < 0)
			ours.fd = accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK);
		return ours.fd >= 0;
	};

	nodes = { &n };
	n.tell(node::peer(1, raw_addr, peer_asn));
	pass(20000); // refused, and refused again; the pauses grow
	ASSERT_EQ(0, listen(listener.fd, 4));
	ASSERT_TRUE(until([&] { return !n.turn(now_ms); }));
	EXPECT_FALSE(called());
	call.type = SPEAKER_PEER_CALL;
	call.peer = 1;
	n.tell(call);
	EXPECT_TRUE(until(called));
	raws = { &ours };
	EXPECT_TRUE(until([&] { return ours.count(BGP_OPEN) == 1; }));
	n.tell(call); // and once more, when there is nothing to do
	pass(100);
	EXPECT_EQ(1u, ours.count(BGP_OPEN));
	EXPECT_FALSE(ours.ended);
}

// Sessions that the peer ends at once are bearable, but not for ever.
TEST_P(session, flapping_peer_is_damped)
{
	raw r;
	auto n = passive_node();

	raws = { &r };
	for (int i = 0; i < 4; i++) {
		establish(n.get(), &r);
		r.close();
		ASSERT_TRUE(until([&] { return n->count(SPEAKER_DOWN) == n->established(); }));
	}
	r.connect(raw_addr, a_addr);
	ASSERT_TRUE(until([&] { return r.was_reset; }));
	pass(10000);
	establish(n.get(), &r);
	pass(31000); // this one lasts
	for (int i = 0; i < 4; i++) {
		r.close();
		ASSERT_TRUE(until([&] { return n->count(SPEAKER_DOWN) == n->established(); }));
		ASSERT_TRUE(i == 3 || (establish(n.get(), &r), true));
	}
}

BY_BOTH_FAMILIES(session);

} // namespace
