// A speaker over real sockets on loopback: who may connect, what happens under pressure, and how it
// ends.
#include "speaker_lab.h"

#include <algorithm>

#include "session.h"

using namespace lab;

namespace
{

// --- who may connect -----------------------------------------------------------------------------

TEST_P(speaker_test, unconfigured_peer_is_reset)
{
	raw r;
	auto n = passive_node();

	raws = { &r };
	r.connect(address(9), a_addr);
	ASSERT_TRUE(until([&] { return r.ended; }));
	EXPECT_TRUE(r.was_reset);
	EXPECT_TRUE(r.in.empty());
}

TEST_P(speaker_test, removed_peer_is_forgotten)
{
	raw r;
	auto n = passive_node();

	raws = { &r };
	establish(n.get(), &r);
	n->reset(SPEAKER_PEER_REMOVE, 1, NOTIFY_CEASE, NOTIFY_CEASE_DECONFIGURED);
	ASSERT_TRUE(until([&] { return r.ended; }));
	EXPECT_EQ("6/3", r.notification());
	r.close();
	ASSERT_TRUE(until([&] { return n->count(SPEAKER_REMOVED); }));
	EXPECT_EQ(nullptr, speaker_stats(n->speaker, 1));
	r.connect(raw_addr, a_addr);
	ASSERT_TRUE(until([&] { return r.was_reset; }));

	n->events.clear();
	n->tell(node::peer(1, raw_addr, peer_asn));
	ASSERT_TRUE(until([&] { return n->count(SPEAKER_STATE); }));
	establish(n.get(), &r);
	EXPECT_EQ(1u, n->last(SPEAKER_UP)->epoch);
}

// One speaker listens, another has the session.
TEST_P(speaker_test, connections_are_handed_over)
{
	node front(a_addr, our_asn, a_id), back(a_addr, our_asn, a_id, false),
		b(b_addr, peer_asn, b_id);
	struct speaker_peer_add add = node::peer(3, b_addr, peer_asn);

	nodes = { &front, &back, &b };
	add.passive = true;
	back.tell(add);
	add.elsewhere = true;
	front.tell(add);
	b.tell(node::peer(1, a_addr, our_asn));
	ASSERT_TRUE(within(60000, [&] { return front.count(SPEAKER_ACCEPTED); }));
	struct speaker_accepted accepted =
		front.last(SPEAKER_ACCEPTED)->as<struct speaker_accepted>();
	EXPECT_EQ(3, accepted.head.peer);
	EXPECT_EQ(b_addr, accepted.remote);
	accepted.head.type = SPEAKER_CONNECTION;
	back.tell(accepted);
	ASSERT_TRUE(until([&] { return back.count(SPEAKER_UP) && b.count(SPEAKER_UP); }));
	EXPECT_EQ(nullptr, speaker_stats(front.speaker, 3));
	EXPECT_EQ(0u, front.count(SPEAKER_STATE)) << "its state is the other's to tell";

	for (node *n : { &front, &back })
		n->reset(SPEAKER_PEER_REMOVE, 3, NOTIFY_CEASE, NOTIFY_CEASE_DECONFIGURED);
	ASSERT_TRUE(until([&] { return front.count(SPEAKER_REMOVED); }));
	ASSERT_TRUE(within(60000, [&] { return back.count(SPEAKER_REMOVED); }));
	EXPECT_EQ(0u, front.count(SPEAKER_STATE));
	EXPECT_EQ(1u, front.count(SPEAKER_REMOVED));
	EXPECT_EQ(1u, back.count(SPEAKER_REMOVED));
}

// --- pressure ------------------------------------------------------------------------------------

TEST_P(speaker_test, slow_reader_lags_and_drains)
{
	raw r;
	auto n = passive_node();
	const octets update = update_message(1, 1000);
	struct wire_buf *buf = wire_of(update);
	size_t sent = 0;

	raws = { &r };
	establish(n.get(), &r);
	raws.clear(); // it reads no more
	while (!n->count(SPEAKER_LAGGING)) {
		wire_buf_get(buf);
		ASSERT_TRUE(n->send(1, buf));
		sent++;
		n->turn(now_ms);
		ASSERT_LT(sent * update.size(), size_t(64) << 20);
	}
	EXPECT_LE(speaker_stats(n->speaker, 1)->tx_queued, SPEAKER_TX_HIGH + update.size());
	pass(60000); // keepalives queue up, a few
	EXPECT_EQ(1u, n->count(SPEAKER_LAGGING));
	EXPECT_EQ(0u, n->count(SPEAKER_DOWN));
	EXPECT_EQ(0u, n->count(SPEAKER_DRAINED));
	raws = { &r };
	ASSERT_TRUE(until([&] { return n->count(SPEAKER_DRAINED); }));
	ASSERT_TRUE(until([&] { return r.count(BGP_UPDATE) == sent; }));
	EXPECT_EQ(sent, speaker_stats(n->speaker, 1)->tx_updates);
	EXPECT_EQ(0u, speaker_stats(n->speaker, 1)->tx_queued);
	EXPECT_EQ(1u, buf->refs);
	wire_buf_put(buf);
}

// RFC 9687: a peer that lives but never reads.
TEST_P(speaker_test, send_hold_timer_expires)
{
	raw r;
	auto n = passive_node();
	struct wire_buf *buf = wire_of(update_message(1, 1000));

	raws = { &r };
	establish(n.get(), &r);
	raws.clear();
	while (!n->count(SPEAKER_LAGGING)) {
		wire_buf_get(buf);
		ASSERT_TRUE(n->send(1, buf));
		n->turn(now_ms);
	}
	uint64_t from_ms = now_ms;
	while (now_ms < from_ms + 600000 && !n->count(SPEAKER_DOWN)) {
		uint64_t heard = speaker_stats(n->speaker, 1)->rx_messages;

		r.put(keepalive_message());
		ASSERT_TRUE(
			until([&] { return speaker_stats(n->speaker, 1)->rx_messages > heard; }));
		now_ms += 10000;
		n->turn(now_ms);
	}
	ASSERT_EQ(1u, n->count(SPEAKER_DOWN));
	EXPECT_EQ(NOTIFY_SEND_HOLD, n->last(SPEAKER_DOWN)->as<struct speaker_down>().code);
	EXPECT_GE(now_ms - from_ms, 480000u);
	pass(3000); // the socket lingers no longer
	EXPECT_EQ(1u, buf->refs);
	wire_buf_put(buf);
}

// Nobody empties the mailbox: the session stops reading, but lives, and nothing is lost.
TEST_P(speaker_test, full_mailbox_stops_reading_and_loses_nothing)
{
	raw r;
	auto n = passive_node();
	octets stream;

	raws = { &r };
	establish(n.get(), &r, 9);
	for (uint16_t i = 0; i < 200; i++)
		stream = stream + update_message(i, 200);
	n->deaf = true;
	r.put(stream);
	ASSERT_TRUE(until([&] { return mailbox_waiting(n->to_rib) >= SESSION_BULK_WAITING; }));
	size_t keepalives = r.count(BGP_KEEPALIVE);
	pass(60000); // far more than the hold time; the peer's octets wait unread
	EXPECT_LT(speaker_stats(n->speaker, 1)->rx_updates, 200u);
	ASSERT_TRUE(until([&] { return r.count(BGP_KEEPALIVE) >= keepalives + 20; }));
	EXPECT_FALSE(r.ended);
	n->deaf = false;
	ASSERT_TRUE(until([&] { return n->count(SPEAKER_UPDATE) == 200; }));
	size_t i = 0;
	for (const event &e : n->events) {
		if (e.type != SPEAKER_UPDATE)
			continue;
		const struct speaker_update &u = e.as<struct speaker_update>();
		struct prefix first;

		ASSERT_EQ(200, u.nb_announced);
		nlri_load(speaker_update_announced(&u), u.family, &first);
		EXPECT_EQ(0x14000000u + (i++ << 16), first.addr.v4);
	}
}

// One peer has a full table to tell, and nobody takes it. What another one says gets through at
// once all the same, and stands behind a bounded part of that table, however many prefixes an
// UPDATE of it has.
struct bulk_case {
	uint16_t updates;
	size_t prefixes; // of each
	uint64_t before; // weight that may stand before the other's news
};

class bulk_test : public lab_test, public testing::WithParamInterface<bulk_case>
{
};

TEST_P(bulk_test, bulk_of_one_peer_delays_no_other)
{
	const struct addr news_addr = address(4);
	struct speaker_peer_add add = node::peer(2, news_addr, peer_asn);
	raw bulk, news;
	auto n = passive_node();
	octets stream;

	raws = { &bulk, &news };
	add.passive = true;
	n->tell(add);
	establish(n.get(), &bulk);
	news.connect(news_addr, a_addr);
	news.put(open_message(peer_asn, b_id + 1) + keepalive_message());
	ASSERT_TRUE(until([&] { return n->established(2) && n->count(SPEAKER_UP) == 2; }));
	for (uint16_t i = 0; i < GetParam().updates; i++)
		stream = stream + update_message(i, GetParam().prefixes);
	n->deaf = true;
	bulk.put(stream);
	ASSERT_TRUE(until([&] { return mailbox_waiting(n->to_rib) >= SESSION_BULK_WAITING; }));
	for (int i = 0; i < 100; i++) /* there is room for more of it, but it waits */
		n->turn(now_ms);
	EXPECT_LE(mailbox_waiting(n->to_rib), GetParam().before);
	EXPECT_NE(nullptr, mailbox_reserve(n->to_rib, SPEAKER_RECORD_MAX));
	for (uint16_t i = 0; i < 3; i++) {
		news.put(update_message(i, 1));
		ASSERT_TRUE(
			until([&] { return speaker_stats(n->speaker, 2)->rx_updates == i + 1u; }));
	}
	EXPECT_LE(mailbox_waiting(n->to_rib), GetParam().before + 3 * 2);
	n->deaf = false;
	ASSERT_TRUE(until([&] { return n->count(SPEAKER_UPDATE) == GetParam().updates + 3u; }));
}

// The first turn of a peer that has said nothing yet may say as much as fits one; the message at
// its end is whole.
INSTANTIATE_TEST_SUITE_P(sizes, bulk_test,
			 testing::Values(bulk_case{ 250, 200, SESSION_TURN + 201 },
					 bulk_case{ 2000, 4, SESSION_TURN },
					 bulk_case{ 2000, 1, SESSION_TURN }));

// Full tables of several peers at once come in side by side, though there is room for a part of one
// at a time.
TEST_P(speaker_test, bulk_of_several_peers_takes_turns)
{
	enum { PEERS = 5, UPDATES = 100 };
	raw peers[PEERS];
	auto n = passive_node();
	octets stream;
	size_t of[PEERS + 1] = {};

	raws = { &peers[0], &peers[1], &peers[2], &peers[3], &peers[4] };
	establish(n.get(), &peers[0]);
	for (uint16_t i = 1; i < PEERS; i++) {
		const struct addr addr = address((uint8_t)(3 + i));
		struct speaker_peer_add add = node::peer((uint16_t)(1 + i), addr, peer_asn);

		add.passive = true;
		n->tell(add);
		n->turn(now_ms);
		peers[i].connect(addr, a_addr);
		ASSERT_TRUE(until([&] { return peers[i].count(BGP_OPEN); }));
		peers[i].put(open_message(peer_asn, b_id + i) + keepalive_message());
		ASSERT_TRUE(until([&] { return n->count(SPEAKER_UP) == i + 1u; }));
	}
	for (uint16_t i = 0; i < UPDATES; i++)
		stream = stream + update_message(i, 100);
	for (raw &r : peers)
		r.put(stream);
	n->events.clear();
	ASSERT_TRUE(until([&] { return n->count(SPEAKER_UPDATE) == PEERS * UPDATES; }));
	for (const event &e : n->events) {
		if (e.type != SPEAKER_UPDATE)
			continue;
		of[e.peer]++;
		const auto [least, most] = std::minmax_element(of + 1, of + 1 + PEERS);

		if (*most < UPDATES) {
			ASSERT_LE(*most - *least, 6u);
		}
	}
}

// The loss of a session is told even if there is no room for it at first, and before the next
// session.
TEST_P(speaker_test, loss_is_told_late_rather_than_never)
{
	raw r, next;
	auto n = passive_node();
	octets stream;

	raws = { &r, &next };
	establish(n.get(), &r);
	n->deaf = true;
	while (mailbox_reserve(n->to_rib, 8))
		mailbox_post(n->to_rib, 8);
	r.close();
	next.connect(raw_addr, a_addr);
	next.put(open_message(peer_asn, b_id) + keepalive_message());
	for (int i = 0; i < 100; i++)
		n->turn(now_ms);
	size_t len;
	while (mailbox_peek(n->to_rib, &len))
		mailbox_done(n->to_rib);
	n->deaf = false;
	n->events.clear();
	ASSERT_TRUE(until([&] {
		if (next.was_reset)
			next.connect(raw_addr, a_addr);
		if (next.count(BGP_OPEN) == 1 && !next.count(BGP_KEEPALIVE))
			next.put(open_message(peer_asn, b_id) + keepalive_message());
		return n->count(SPEAKER_UP);
	}));
	ASSERT_EQ(1u, n->count(SPEAKER_DOWN));
	EXPECT_LT(n->last(SPEAKER_DOWN), n->last(SPEAKER_UP));
	EXPECT_EQ(1u, n->last(SPEAKER_DOWN)->epoch);
	EXPECT_EQ(2u, n->last(SPEAKER_UP)->epoch);
}

// --- TCP-MD5 (RFC 2385) --------------------------------------------------------------------------

TEST_P(speaker_test, tcp_md5)
{
	raw r;
	auto n = passive_node("secret");

	raws = { &r };
	for (const char *key : { (const char *)nullptr, "secreT" }) {
		r.connect(raw_addr, a_addr, key);
		struct pollfd p = { r.fd, POLLOUT, 0 };
		EXPECT_EQ(0, ::poll(&p, 1, 0)) << "the kernel answers no SYN without the key";
		until([&] { return !n->turn(now_ms); });
		EXPECT_EQ(SESSION_ACTIVE, n->last(SPEAKER_STATE)->as<struct speaker_state>().state);
	}
	r.connect(raw_addr, a_addr, "secret");
	ASSERT_TRUE(until([&] { return r.count(BGP_OPEN); }));
	r.put(open_message(peer_asn, b_id) + keepalive_message());
	ASSERT_TRUE(until([&] { return n->count(SPEAKER_UP); }));
}

TEST_P(speaker_test, tcp_md5_between_speakers)
{
	node a(a_addr, our_asn, a_id), b(b_addr, our_asn, b_id);
	struct speaker_peer_add add = node::peer(1, b_addr, our_asn);

	nodes = { &a, &b };
	add.password_len = 6;
	memcpy(add.password, "secret", 6);
	a.tell(add);
	add.addr = a_addr;
	b.tell(add);
	ASSERT_TRUE(within(60000, [&] { return a.count(SPEAKER_UP) && b.count(SPEAKER_UP); }));
	EXPECT_TRUE(a.last(SPEAKER_UP)->as<struct speaker_up>().ibgp);
}

// Nobody is let in before the keys are known ...
TEST_P(speaker_test, tcp_md5_from_the_first_moment)
{
	node n(a_addr, our_asn, a_id);
	struct speaker_peer_add add = node::peer(1, raw_addr, peer_asn);
	raw r;

	nodes = { &n };
	raws = { &r };
	r.connect(raw_addr, a_addr);
	add.passive = true;
	add.password_len = 6;
	memcpy(add.password, "secret", 6);
	n.tell(add);
	ASSERT_TRUE(until([&] { return n.count(SPEAKER_STATE); }));
	pass(1000);
	EXPECT_EQ(0u, r.count(BGP_OPEN));
}

// ... nor does a key that comes later find the peer in without it.
TEST_P(speaker_test, tcp_md5_from_the_moment_of_the_key)
{
	node n(a_addr, our_asn, a_id);
	struct speaker_peer_add add = node::peer(1, raw_addr, peer_asn);
	raw r, other;

	nodes = { &n };
	raws = { &r, &other };
	n.turn(now_ms);
	add.passive = true;
	add.head.peer = 2;
	add.addr = address(4);
	n.tell(add);
	other.connect(address(4), a_addr);
	r.connect(raw_addr, a_addr);
	add = node::peer(1, raw_addr, peer_asn);
	add.passive = true;
	add.password_len = 6;
	memcpy(add.password, "secret", 6);
	n.tell(add);
	ASSERT_TRUE(until([&] { return r.ended && other.count(BGP_OPEN); }));
	EXPECT_TRUE(r.was_reset);
	EXPECT_EQ(0u, r.count(BGP_OPEN));
}

// Better no session than one without the key.
TEST_P(speaker_test, key_that_the_kernel_refuses_bars_the_peer)
{
	node n(a_addr, our_asn, a_id);
	struct speaker_peer_add add = node::peer(1, raw_addr, peer_asn);
	raw r;

	nodes = { &n };
	raws = { &r };
	add.password_len = SPEAKER_PASSWORD + 1;
	n.tell(add);
	ASSERT_TRUE(until([&] { return n.count(SPEAKER_STATE); }));
	EXPECT_EQ("the kernel refuses the TCP-MD5 key: Invalid argument", n.why());
	r.connect(raw_addr, a_addr);
	ASSERT_TRUE(until([&] { return r.was_reset; }));
	n.reset(SPEAKER_PEER_RESET, 1, NOTIFY_CEASE, NOTIFY_CEASE_RESET);
	pass(60000);
	r.connect(raw_addr, a_addr);
	ASSERT_TRUE(until([&] { return r.was_reset; })) << "a reset does not help";
}

// Nor does it hand over what came without the key.
TEST_P(speaker_test, key_that_the_kernel_refuses_bars_the_peer_of_another_speaker)
{
	node front(a_addr, our_asn, a_id);
	struct speaker_peer_add add = node::peer(1, raw_addr, peer_asn);
	raw r;

	nodes = { &front };
	raws = { &r };
	add.elsewhere = true;
	add.password_len = SPEAKER_PASSWORD + 1;
	front.tell(add);
	ASSERT_TRUE(until([&] { return front.count(SPEAKER_STATE); }));
	r.connect(raw_addr, a_addr);
	ASSERT_TRUE(until([&] { return r.was_reset; }));
	EXPECT_EQ(0u, front.count(SPEAKER_ACCEPTED));
}

// --- the listening socket ------------------------------------------------------------------------

TEST_P(speaker_test, a_port_that_is_taken)
{
	node a(a_addr, our_asn, a_id);
	struct speaker *second = nullptr;

	a.turn(now_ms);
	EXPECT_EQ(-EADDRINUSE, speaker_new(&a.params, a.to_rib, a.from_rib, &second));
	EXPECT_EQ(nullptr, second);
}

TEST_P(speaker_test, a_mailbox_too_small_for_an_update)
{
	struct mailbox *small = mailbox_new(4096);
	struct speaker_params params = {};
	struct speaker *s = nullptr;

	EXPECT_EQ(-EINVAL, speaker_new(&params, small, small, &s));
	mailbox_free(small);
}

// --- the end -------------------------------------------------------------------------------------

TEST_P(speaker_test, stop_tells_the_peers)
{
	node a(a_addr, our_asn, a_id), b(b_addr, peer_asn, b_id);

	nodes = { &a, &b };
	a.tell(node::peer(1, b_addr, peer_asn));
	b.tell(node::peer(1, a_addr, our_asn));
	ASSERT_TRUE(within(60000, [&] { return a.count(SPEAKER_UP) && b.count(SPEAKER_UP); }));
	a.reset(SPEAKER_STOP, 0, NOTIFY_CEASE, NOTIFY_CEASE_SHUTDOWN, 0, "back at noon");
	ASSERT_TRUE(until([&] { return a.count(SPEAKER_STOPPED) && b.count(SPEAKER_DOWN); }));
	const struct speaker_down &down = b.last(SPEAKER_DOWN)->as<struct speaker_down>();
	EXPECT_EQ(NOTIFY_CEASE, down.code);
	EXPECT_EQ(NOTIFY_CEASE_SHUTDOWN, down.subcode);
	EXPECT_TRUE(down.received);
	EXPECT_FALSE(down.keep);
	EXPECT_NE(nullptr, strstr(down.reason, "back at noon")) << down.reason;
	EXPECT_EQ(1u, a.count(SPEAKER_STOPPED));
}

BY_BOTH_FAMILIES(speaker_test);

} // namespace
