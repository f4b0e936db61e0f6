// Sessions over real sockets on loopback: handshakes, collisions, refusals and timers, as RFC 4271
// has them.
#include "speaker_lab.h"

using namespace lab;

namespace
{

// --- two of ours ---------------------------------------------------------------------------------

TEST_P(session, two_speakers_exchange_routes)
{
	node a(a_addr, our_asn, a_id), b(b_addr, peer_asn, b_id);
	struct speaker_peer_add add = node::peer(1, b_addr, peer_asn);

	nodes = { &a, &b };
	add.forwarding_kept = 1 << FAMILY_IPV4;
	add.restarting = true;
	a.tell(add);
	b.tell(node::peer(2, a_addr, our_asn));
	ASSERT_TRUE(within(60000, [&] { return a.count(SPEAKER_UP) && b.count(SPEAKER_UP); }));

	const struct speaker_up &up = b.last(SPEAKER_UP)->as<struct speaker_up>();
	EXPECT_EQ(a_id, up.remote_id);
	EXPECT_EQ(b_addr, up.local_addr);
	EXPECT_EQ(90, up.hold_s);
	EXPECT_EQ(30, up.keepalive_s);
	EXPECT_EQ(120, up.restart_s);
	EXPECT_FALSE(up.ibgp);
	EXPECT_EQ(SPEAKER_CAP_REFRESH | SPEAKER_CAP_AS4 | SPEAKER_CAP_GR | SPEAKER_CAP_GR_AWARE |
			  SPEAKER_CAP_GR_RESTARTING | SPEAKER_CAP_GR_FORWARDING |
			  SPEAKER_CAP_MP_IPV4,
		  up.caps);

	uint8_t eor[64];
	size_t eor_len = update_encode_eor(eor, sizeof(eor), FAMILY_IPV4);
	a.send(1, wire_of(update_message(1, 3, our_asn) + octets(eor, eor + eor_len)));
	ASSERT_TRUE(until([&] { return b.count(SPEAKER_EOR); }));
	const struct speaker_update &update = b.last(SPEAKER_UPDATE)->as<struct speaker_update>();
	ASSERT_EQ(3, update.nb_announced);
	EXPECT_EQ(0, update.nb_withdrawn);
	EXPECT_EQ(our_asn, update.keys.neighbour_as);
	struct prefix third;
	EXPECT_EQ(speaker_update_end(&update),
		  nlri_load(speaker_update_announced(&update) + 8, update.family, &third));
	EXPECT_TRUE(prefix_equal(prefix4_make(0x14010200, 24), third));

	struct speaker_command refresh = {};
	refresh.type = SPEAKER_SEND_REFRESH;
	refresh.peer = 2;
	b.tell(refresh);
	ASSERT_TRUE(until([&] { return a.count(SPEAKER_REFRESH); }));

	// Time goes by in silence, but for keepalives.
	for (int i = 0; i < 40; i++) {
		uint64_t heard_a = speaker_stats(a.speaker, 1)->rx_messages;
		uint64_t heard_b = speaker_stats(b.speaker, 2)->rx_messages;

		now_ms += 30000;
		ASSERT_TRUE(until([&] {
			return speaker_stats(a.speaker, 1)->rx_messages > heard_a &&
			       speaker_stats(b.speaker, 2)->rx_messages > heard_b;
		}));
	}
	EXPECT_EQ(0u, a.count(SPEAKER_DOWN) + b.count(SPEAKER_DOWN));

	// What has gone through a whole AS_PATH of ours is a loop.
	a.send(1, wire_of(update_message(2, 5, peer_asn)));
	ASSERT_TRUE(until([&] { return b.count(SPEAKER_UPDATE) == 2; }));
	const struct speaker_update &loop = b.last(SPEAKER_UPDATE)->as<struct speaker_update>();
	EXPECT_EQ(SPEAKER_LOOP_AS, loop.loop);
	EXPECT_EQ(5, loop.nb_withdrawn);
	EXPECT_EQ(0, loop.nb_announced);
	EXPECT_EQ(5u, speaker_stats(b.speaker, 2)->loops[SPEAKER_LOOP_AS]);
}

// --- collision (RFC 4271 6.8) --------------------------------------------------------------------

// Our connection and the peer's, both in OpenSent; the peer's OPEN comes on one of them first, and
// waits there for the other: to act on it would let the peer get Established while it has not met
// the other connection yet. RFC 6286: if identifiers are equal, our AS is the higher one.
struct collision {
	const char *name;
	uint32_t peer_id;
	bool first_on_ours, ours_stays;
};

const collision collisions[] = {
	{ "peer lower, first on ours", 0x0a000000, true, true },
	{ "peer lower, first on its own", 0x0a000000, false, true },
	{ "peer higher, first on ours", 0x0a000002, true, false },
	{ "peer higher, first on its own", 0x0a000002, false, false },
	{ "equal, first on ours", 0x0a000001, true, true },
	{ "equal, first on its own", 0x0a000001, false, true },
};

TEST_P(session, collision_keeps_the_higher_identifiers_connection)
{
	for (const collision &c : collisions) {
		SCOPED_TRACE(c.name);
		node n(a_addr, our_asn, a_id);
		raw ours, theirs, listener(raw::make(raw_addr, bgp_port));
		raw &first = c.first_on_ours ? ours : theirs,
		    &second = c.first_on_ours ? theirs : ours;
		raw &winner = c.ours_stays ? ours : theirs, &loser = c.ours_stays ? theirs : ours;

		nodes = { &n };
		raws = { &ours, &theirs };
		cross(&n, &listener, &ours, &theirs);
		first.put(open_message(peer_asn, c.peer_id));
		pass(1000);
		EXPECT_EQ(0u, ours.count(BGP_KEEPALIVE) + theirs.count(BGP_KEEPALIVE));
		EXPECT_FALSE(ours.ended || theirs.ended);
		second.put(open_message(peer_asn, c.peer_id));
		ASSERT_TRUE(until([&] { return loser.ended; }));
		EXPECT_EQ("6/7", loser.notification());
		EXPECT_EQ(0u, loser.count(BGP_KEEPALIVE));
		loser.close();
		winner.put(keepalive_message());
		ASSERT_TRUE(until([&] { return n.count(SPEAKER_UP); }));
		EXPECT_FALSE(winner.ended);
		EXPECT_EQ(1u, n.established());
		EXPECT_EQ(0u, n.count(SPEAKER_DOWN));
		nodes.clear();
		raws.clear();
	}
}

// A peer that says nothing on one of the two connections is waited for, but not for ever.
TEST_P(session, collision_with_a_silent_connection)
{
	for (const collision &c : collisions) {
		SCOPED_TRACE(c.name);
		node n(a_addr, our_asn, a_id);
		raw ours, theirs, listener(raw::make(raw_addr, bgp_port));
		raw &talks = c.first_on_ours ? ours : theirs,
		    &silent = c.first_on_ours ? theirs : ours;

		nodes = { &n };
		raws = { &ours, &theirs };
		cross(&n, &listener, &ours, &theirs);
		talks.put(open_message(peer_asn, c.peer_id));
		if (c.first_on_ours != c.ours_stays) { // the rule is for the silent one
			ASSERT_TRUE(within(10000, [&] { return talks.ended; }));
			EXPECT_EQ("6/7", talks.notification());
		} else {
			ASSERT_TRUE(within(10000, [&] { return silent.ended; }));
			EXPECT_EQ("6/7", silent.notification());
			talks.put(keepalive_message());
			ASSERT_TRUE(until([&] { return n.count(SPEAKER_UP); }));
		}
		nodes.clear();
		raws.clear();
	}
}

// The peer's connection comes when ours is in OpenConfirm already: the peer may be Established on
// ours, so it is the peer that decides, whatever the identifiers say.
TEST_P(session, collision_after_our_keepalive_is_the_peers_to_resolve)
{
	for (bool peer_keeps_ours : { true, false }) {
		SCOPED_TRACE(peer_keeps_ours);
		node n(a_addr, our_asn, a_id);
		raw ours, theirs, listener(raw::make(raw_addr, bgp_port));
		raw &kept = peer_keeps_ours ? ours : theirs,
		    &given_up = peer_keeps_ours ? theirs : ours;

		nodes = { &n };
		raws = { &ours, &theirs };
		take(&n, &listener, &ours);
		ours.put(open_message(peer_asn, b_id));
		ASSERT_TRUE(until([&] { return ours.count(BGP_KEEPALIVE); }));
		theirs.connect(raw_addr, a_addr);
		theirs.put(open_message(peer_asn, b_id));
		ASSERT_TRUE(until([&] { return theirs.count(BGP_OPEN); }));
		pass(500);
		EXPECT_FALSE(ours.ended || theirs.ended);
		EXPECT_EQ(0u, theirs.count(BGP_KEEPALIVE));
		if (!peer_keeps_ours)
			given_up.close();
		kept.put(keepalive_message());
		ASSERT_TRUE(until([&] { return n.count(SPEAKER_UP); }));
		pass(10000);
		EXPECT_FALSE(kept.ended);
		EXPECT_EQ(1u, n.established());
		EXPECT_EQ(0u, n.count(SPEAKER_DOWN));
		EXPECT_EQ(peer_keeps_ours ? "6/7" : "", given_up.notification());
		nodes.clear();
		raws.clear();
	}
}

// Two speakers that start at the same time meet on two connections; the session that comes of it is
// the first one.
TEST_P(session, simultaneous_start_does_not_flap)
{
	for (int i = 0; i < 50; i++) {
		node a(a_addr, our_asn, i % 2 ? a_id : b_id),
			b(b_addr, peer_asn, i % 2 ? b_id : a_id);

		nodes = { &a, &b };
		a.tell(node::peer(1, b_addr, peer_asn));
		b.tell(node::peer(1, a_addr, our_asn));
		ASSERT_TRUE(
			within(60000, [&] { return a.count(SPEAKER_UP) && b.count(SPEAKER_UP); }));
		pass(5000);
		EXPECT_EQ(1u, a.established());
		EXPECT_EQ(1u, b.established());
		nodes.clear();
	}
}

TEST_P(session, second_connection_to_an_established_session_is_refused)
{
	raw first, second;
	auto n = passive_node();

	raws = { &first, &second };
	establish(n.get(), &first, 90, 0);
	second.connect(raw_addr, a_addr);
	ASSERT_TRUE(until([&] { return second.count(BGP_OPEN); }));
	second.put(open_message(peer_asn, b_id));
	ASSERT_TRUE(until([&] { return second.ended; }));
	EXPECT_EQ("6/7", second.notification());
	EXPECT_EQ(0u, n->count(SPEAKER_DOWN));
}

// Our own attempts rest while the peer's connection is up.
TEST_P(session, established_session_connects_no_more)
{
	node n(a_addr, our_asn, a_id);
	raw ours, theirs, listener(raw::make(raw_addr, bgp_port));

	nodes = { &n };
	raws = { &ours, &theirs };
	ASSERT_EQ(0, listen(listener.fd, 4));
	n.tell(node::peer(1, raw_addr, peer_asn));
	auto accepted = [&] {
		if (ours.fd < 0)
			ours.fd = accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK);
		return ours.fd >= 0;
	};
	ASSERT_TRUE(within(30000, accepted));
	ASSERT_TRUE(until([&] { return ours.count(BGP_OPEN); }));
	ours.close();
	ASSERT_TRUE(until([&] { return n.why() == "peer closed the connection in OpenSent"; }));
	establish(&n, &theirs, 0);
	pass(60000);
	EXPECT_FALSE(accepted());
	theirs.close();
	ASSERT_TRUE(until([&] { return n.count(SPEAKER_DOWN); }));
	ASSERT_TRUE(within(30000, accepted));
}

// --- graceful restart (RFC 4724) -----------------------------------------------------------------

TEST_P(session, lost_connection_keeps_routes_and_a_notification_does_not)
{
	raw r;
	auto n = passive_node();

	raws = { &r };
	establish(n.get(), &r);
	r.close();
	ASSERT_TRUE(until([&] { return n->count(SPEAKER_DOWN) == 1; }));
	EXPECT_TRUE(n->last(SPEAKER_DOWN)->as<struct speaker_down>().keep);
	EXPECT_STREQ("peer closed the connection in Established",
		     n->last(SPEAKER_DOWN)->as<struct speaker_down>().reason);

	establish(n.get(), &r, 90, 0);
	r.close();
	ASSERT_TRUE(until([&] { return n->count(SPEAKER_DOWN) == 2; }));
	EXPECT_FALSE(n->last(SPEAKER_DOWN)->as<struct speaker_down>().keep);

	establish(n.get(), &r);
	r.put(notification_message(NOTIFY_CEASE, NOTIFY_CEASE_RESET));
	ASSERT_TRUE(until([&] { return n->count(SPEAKER_DOWN) == 3; }));
	EXPECT_FALSE(n->last(SPEAKER_DOWN)->as<struct speaker_down>().keep);
	EXPECT_TRUE(n->last(SPEAKER_DOWN)->as<struct speaker_down>().received);
	EXPECT_EQ(3u, n->last(SPEAKER_DOWN)->epoch);
}

TEST_P(session, a_restarted_peer_replaces_its_old_connection)
{
	raw old, fresh;
	auto n = passive_node();

	raws = { &old, &fresh };
	establish(n.get(), &old);
	establish(n.get(), &fresh);
	EXPECT_EQ(2u, n->established());
	ASSERT_EQ(1u, n->count(SPEAKER_DOWN));
	EXPECT_TRUE(n->last(SPEAKER_DOWN)->as<struct speaker_down>().keep);
	ASSERT_TRUE(until([&] { return old.ended; }));
	EXPECT_EQ("", old.notification());
	EXPECT_EQ(2u, n->last(SPEAKER_UP)->epoch);
}

// --- malformed and unexpected messages -----------------------------------------------------------

octets header(uint16_t len, uint8_t type)
{
	octets h(BGP_HEADER_LEN, 0xff);

	h[16] = (uint8_t)(len >> 8);
	h[17] = (uint8_t)len;
	h[18] = type;
	return h;
}

octets open_of_version(uint8_t version)
{
	octets open = open_message(peer_asn, 0x0a000002);

	open[BGP_HEADER_LEN] = version;
	return open;
}

octets no_marker()
{
	octets m = keepalive_message();

	m[3] = 0;
	return m;
}

const uint32_t good_id = 0x0a000002;

struct refusal {
	const char *name;
	octets sent;
	const char *notification;
	const char *why;
};

const refusal in_open_sent[] = {
	{ "wrong AS", open_message(65002, good_id), "2/2",
	  "OPEN refused: peer AS 65002, configured 65001 (2/2, RFC 4271 6.2)" },
	{ "hold time 1", open_message(peer_asn, good_id, 1), "2/6", "OPEN refused: " },
	{ "hold time 2", open_message(peer_asn, good_id, 2), "2/6", "OPEN refused: " },
	{ "router ID 0", open_message(peer_asn, 0), "2/3", "OPEN refused: " },
	{ "version 3", open_of_version(3), "2/1 00 04", "OPEN refused: " },
	{ "version 5", open_of_version(5), "2/1 00 04", "OPEN refused: " },
	{ "no marker", no_marker(), "1/1", "sent NOTIFICATION: " },
	{ "length 18", header(18, BGP_KEEPALIVE), "1/2 00 12", "sent NOTIFICATION: " },
	{ "length 4097", header(4097, BGP_UPDATE), "1/2 10 01", "sent NOTIFICATION: " },
	{ "long KEEPALIVE", header(20, BGP_KEEPALIVE), "1/2 00 14", "sent NOTIFICATION: " },
	{ "short OPEN", header(28, BGP_OPEN), "1/2 00 1c", "sent NOTIFICATION: " },
	{ "type 9", header(19, 9), "1/3 09", "sent NOTIFICATION: " },
	{ "KEEPALIVE", keepalive_message(), "5/1 04", "sent NOTIFICATION: " },
	{ "UPDATE", update_message(1, 1), "5/1 02", "sent NOTIFICATION: " },
	{ "ROUTE-REFRESH", refresh_message(), "5/1 05", "sent NOTIFICATION: " },
};

const refusal in_open_confirm[] = {
	{ "OPEN", open_message(peer_asn, good_id), "5/2 01", "sent NOTIFICATION: " },
	{ "UPDATE", update_message(1, 1), "5/2 02", "sent NOTIFICATION: " },
	{ "ROUTE-REFRESH", refresh_message(), "5/2 05", "sent NOTIFICATION: " },
	{ "no marker", no_marker(), "1/1", "sent NOTIFICATION: " },
};

const refusal in_established[] = {
	{ "OPEN", open_message(peer_asn, good_id), "5/3 01", "sent NOTIFICATION: " },
	{ "length 4097", header(4097, BGP_UPDATE), "1/2 10 01", "sent NOTIFICATION: " },
	{ "UPDATE that cannot be parsed", header(23, BGP_UPDATE) + octets{ 0, 9, 0, 0 }, "3/1",
	  "sent NOTIFICATION: " },
};

#define CHECK_REFUSALS(rows, before) \
	for (const refusal &row : rows) { \
		SCOPED_TRACE(row.name); \
		raw r; \
		auto n = passive_node(); \
		raws = { &r }; \
		r.connect(raw_addr, a_addr); \
		ASSERT_TRUE(until([&] { return r.count(BGP_OPEN); })); \
		r.put(before + row.sent); \
		ASSERT_TRUE(until([&] { return r.ended; })); \
		EXPECT_FALSE(r.was_reset); \
		EXPECT_EQ(row.notification, r.notification()); \
		EXPECT_EQ(0u, n->why().find(row.why)) << n->why(); \
		nodes.clear(); \
		raws.clear(); \
	}

TEST_P(session, refusals_in_open_sent){ CHECK_REFUSALS(in_open_sent, octets()) }

TEST_P(session,
       refusals_in_open_confirm){ CHECK_REFUSALS(in_open_confirm, open_message(peer_asn, good_id)) }

TEST_P(session, refusals_in_established){
	CHECK_REFUSALS(in_established, open_message(peer_asn, good_id) + keepalive_message())
}

TEST_P(session, every_truncation_of_a_handshake)
{
	octets all = open_message(peer_asn, b_id) + keepalive_message();
	auto n = passive_node();

	for (size_t cut = 0; cut < all.size(); cut++) {
		raw r;

		now_ms += 100000; // past any damping
		raws = { &r };
		until([&] { return !n->turn(now_ms); });
		r.connect(raw_addr, a_addr);
		ASSERT_TRUE(until([&] { return r.count(BGP_OPEN); })) << cut;
		r.put(octets(all.begin(), all.begin() + (ptrdiff_t)cut));
		shutdown(r.fd, SHUT_WR);
		ASSERT_TRUE(until([&] { return r.ended; })) << cut;
		EXPECT_EQ("", r.notification()) << cut;
		raws.clear();
	}
	EXPECT_EQ(0u, n->established());
}

TEST_P(session, random_octets)
{
	std::mt19937 random(4271);
	auto n = passive_node();

	for (int i = 0; i < 300; i++) {
		raw r;
		octets noise(random() % 5000);
		octets start =
			i % 3 ? open_message(peer_asn, b_id) + keepalive_message() : octets();

		for (uint8_t &octet : noise)
			octet = (uint8_t)random();
		if (i % 2 && noise.size() > BGP_HEADER_LEN) { // a good header before the noise
			octets h = header((uint16_t)noise.size(), (uint8_t)(1 + random() % 5));

			std::copy(h.begin(), h.end(), noise.begin());
		}
		now_ms += 100000; // past any damping
		raws = { &r };
		until([&] { return !n->turn(now_ms); });
		r.connect(raw_addr, a_addr);
		ASSERT_TRUE(until([&] { return r.count(BGP_OPEN) || r.ended; })) << i;
		r.put(start + noise);
		shutdown(r.fd, SHUT_WR);
		ASSERT_TRUE(until([&] { return r.ended; })) << i;
		raws.clear();
	}
}

// RFC 7606: the session goes on, the routes do not.
TEST_P(session, malformed_update_withdraws_its_routes)
{
	raw r;
	auto n = passive_node();
	octets update = update_message(1, 3);

	raws = { &r };
	establish(n.get(), &r);
	update[BGP_HEADER_LEN + 4 + 3] = 7; // ORIGIN
	r.put(update + update_message(2, 1));
	ASSERT_TRUE(until([&] { return n->count(SPEAKER_UPDATE) == 2; }));
	for (const event &e : n->events) {
		if (e.type != SPEAKER_UPDATE)
			continue;
		const struct speaker_update &u = e.as<struct speaker_update>();

		EXPECT_EQ(3, u.nb_withdrawn);
		EXPECT_EQ(0, u.nb_announced);
		EXPECT_EQ(0, u.attrs_len);
		EXPECT_EQ(BGP_TREAT_AS_WITHDRAW, u.verdict);
		break;
	}
	EXPECT_EQ(1u, speaker_stats(n->speaker, 1)->treat_as_withdraw);
	EXPECT_EQ(0u, n->count(SPEAKER_DOWN));
}

// Prefixes that no route can be for are passed over and counted; their neighbours in the message
// are not.
TEST_P(session, martian_prefixes_are_passed_over)
{
	raw r;
	auto n = passive_node();
	octets update = update_message(1, 3);

	raws = { &r };
	establish(n.get(), &r);
	update[update.size() - 3] = 127; // 20.1.2.0/24 becomes 127.1.2.0/24
	r.put(update);
	ASSERT_TRUE(until([&] { return n->count(SPEAKER_UPDATE) == 1; }));
	EXPECT_EQ(2, n->last(SPEAKER_UPDATE)->as<struct speaker_update>().nb_announced);
	EXPECT_EQ(1u, speaker_stats(n->speaker, 1)->martians);
	EXPECT_EQ(0u, n->count(SPEAKER_DOWN));
}

// --- timers --------------------------------------------------------------------------------------

TEST_P(session, hold_timer_expires)
{
	raw r;
	auto n = passive_node();

	raws = { &r };
	establish(n.get(), &r, 9);
	EXPECT_EQ(9, n->last(SPEAKER_UP)->as<struct speaker_up>().hold_s);
	pass(8500);
	EXPECT_EQ(0u, n->count(SPEAKER_DOWN));
	ASSERT_TRUE(until([&] { return r.count(BGP_KEEPALIVE) >= 3; }));
	EXPECT_LE(r.count(BGP_KEEPALIVE), 5u);
	ASSERT_TRUE(within(1000, [&] { return n->count(SPEAKER_DOWN) == 1; }));
	ASSERT_TRUE(until([&] { return r.ended; }));
	EXPECT_EQ("4/0", r.notification());
}

TEST_P(session, large_hold_timer_in_open_sent)
{
	raw r;
	auto n = passive_node();

	raws = { &r };
	r.connect(raw_addr, a_addr);
	ASSERT_TRUE(until([&] { return r.count(BGP_OPEN); }));
	pass(6000);
	EXPECT_STREQ("connected, but no OPEN comes",
		     n->last(SPEAKER_STATE)->as<struct speaker_state>().reason);
	pass(233000);
	EXPECT_FALSE(r.ended);
	ASSERT_TRUE(within(2000, [&] { return r.ended; }));
	EXPECT_EQ("4/0", r.notification());
}

TEST_P(session, hold_time_zero_means_no_timers)
{
	raw r;
	auto n = passive_node();

	raws = { &r };
	establish(n.get(), &r, 0);
	pass(1000000);
	EXPECT_EQ(0u, n->count(SPEAKER_DOWN));
	EXPECT_EQ(1u, r.count(BGP_KEEPALIVE));
}

BY_BOTH_FAMILIES(session);

} // namespace
