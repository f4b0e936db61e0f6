// Speakers over real sockets on loopback: two of ours, and a scripted peer that does what no good one does. Each program
// has loopback addresses of its own. Time is a parameter of speaker_turn(), so timers are tested without waiting.
#include <gtest/gtest.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "loop.h"
#include "message.h"
#include "open.h"
#include "speaker.h"
#include "update.h"

namespace
{

using octets = std::vector<uint8_t>;

const uint16_t bgp_port = 17900;
const uint32_t our_asn = 65515, peer_asn = 65001;
const uint64_t patience_ms = 10000; // real time; only a failing test waits for it

// 127.x.y.n with x and y of this process.
uint32_t address(uint8_t n)
{
	uint32_t pid = (uint32_t)getpid();

	return 127u << 24 | (64 + (pid >> 8) % 128) << 16 | (pid & 0xff) << 8 | n;
}

struct sockaddr_in sockaddr_of(uint32_t addr, uint16_t port)
{
	struct sockaddr_in sa = {};

	sa.sin_family = AF_INET;
	sa.sin_port = htons(port);
	sa.sin_addr.s_addr = htonl(addr);
	return sa;
}

struct event {
	uint16_t type, peer;
	uint32_t epoch;
	octets record;

	template <typename T> const T &as() const
	{
		return *reinterpret_cast<const T *>(record.data());
	}
};

// A speaker with both its mailboxes, and everything that it has said.
struct node {
	struct speaker_params params = {};
	struct mailbox *to_rib, *from_rib;
	struct speaker *speaker = nullptr;
	std::vector<event> events;
	bool deaf = false; // leave the mailbox alone

	node(uint32_t addr, uint32_t asn, uint32_t router_id, bool listen = true)
	{
		params.local_asn = asn;
		params.router_id = router_id;
		params.listen_port = listen ? bgp_port : 0;
		params.restart_s = 120;
		params.nb_peers = 8;
		params.local_addr = addr;
		to_rib = mailbox_new(256 << 10);
		from_rib = mailbox_new(256 << 10);
		int err = speaker_new(&params, to_rib, from_rib, &speaker);
		EXPECT_EQ(0, err) << strerror(-err);
	}

	~node()
	{
		speaker_free(speaker);
		mailbox_free(to_rib);
		mailbox_free(from_rib);
	}

	template <typename T> bool tell(const T &command)
	{
		void *room = mailbox_reserve(from_rib, sizeof(command));

		if (!room)
			return false;
		memcpy(room, &command, sizeof(command));
		mailbox_post(from_rib, sizeof(command));
		return true;
	}

	static struct speaker_peer_add peer(uint16_t index, uint32_t addr, uint32_t asn)
	{
		struct speaker_peer_add add = {};

		add.head.type = SPEAKER_PEER_ADD;
		add.head.peer = index;
		snprintf(add.name, sizeof(add.name), "peer%u", index);
		add.addr = addr;
		add.asn = asn;
		add.hold_s = 90;
		add.port = bgp_port;
		return add;
	}

	void reset(uint16_t type, uint16_t index, uint8_t code, uint8_t subcode,
		   uint32_t hold_off_s = 0, const char *text = "")
	{
		struct speaker_peer_reset reset = {};

		reset.head.type = type;
		reset.head.peer = index;
		reset.code = code;
		reset.subcode = subcode;
		reset.hold_off_s = hold_off_s;
		snprintf(reset.text, sizeof(reset.text), "%s", text);
		EXPECT_TRUE(tell(reset));
	}

	bool send(uint16_t index, struct wire_buf *buf)
	{
		struct speaker_send send = {};

		send.head.type = SPEAKER_SEND;
		send.head.peer = index;
		send.buf = buf;
		return tell(send);
	}

	unsigned int turn(uint64_t now_ms)
	{
		unsigned int work = speaker_turn(speaker, now_ms);
		size_t len;

		while (!deaf) {
			const uint8_t *record = (const uint8_t *)mailbox_peek(to_rib, &len);

			if (!record)
				break;
			const struct speaker_event *head = (const struct speaker_event *)record;
			events.push_back({ head->type, head->peer, head->epoch,
					   octets(record, record + len) });
			mailbox_done(to_rib);
		}
		return work;
	}

	size_t count(uint16_t type) const
	{
		size_t n = 0;

		for (const event &e : events)
			n += e.type == type;
		return n;
	}

	const event *last(uint16_t type) const
	{
		for (size_t i = events.size(); i-- > 0;) {
			if (events[i].type == type)
				return &events[i];
		}
		return nullptr;
	}

	std::string why() const
	{
		const event *e = last(SPEAKER_STATE);

		return e ? e->as<struct speaker_state>().reason : "";
	}

	uint64_t established(uint16_t index = 1) const
	{
		return speaker_stats(speaker, index)->established;
	}
};

// A socket of the scripted peer's.
struct raw {
	int fd = -1;
	octets in;
	bool ended = false, was_reset = false;

	raw() = default;
	explicit raw(int socket) : fd(socket)
	{
	}
	raw(const raw &) = delete;
	raw &operator=(const raw &) = delete;
	~raw()
	{
		close();
	}

	void close()
	{
		if (fd >= 0)
			::close(fd);
		fd = -1;
	}

	static int make(uint32_t addr, uint16_t port)
	{
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
		struct sockaddr_in sa = sockaddr_of(addr, port);

		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		EXPECT_EQ(0, bind(fd, (struct sockaddr *)&sa, sizeof(sa)));
		return fd;
	}

	void connect(uint32_t from, uint32_t to, const char *key = nullptr)
	{
		struct sockaddr_in sa = sockaddr_of(to, bgp_port);

		close();
		fd = make(from, 0);
		in.clear();
		ended = was_reset = false;
		if (key) {
			struct tcp_md5sig sig = {};

			memcpy(&sig.tcpm_addr, &sa, sizeof(sa));
			sig.tcpm_keylen = (uint16_t)strlen(key);
			memcpy(sig.tcpm_key, key, strlen(key));
			ASSERT_EQ(0, setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &sig, sizeof(sig)));
		}
		::connect(fd, (struct sockaddr *)&sa, sizeof(sa));
	}

	void pump()
	{
		uint8_t buf[65536];

		for (;;) {
			ssize_t n = fd >= 0 ? ::read(fd, buf, sizeof(buf)) : -1;

			if (n > 0) {
				in.insert(in.end(), buf, buf + n);
				continue;
			}
			if (n == 0)
				ended = true;
			else if (fd >= 0 && errno == ECONNRESET)
				ended = was_reset = true;
			return;
		}
	}

	void put(const octets &data)
	{
		size_t done = 0;

		while (done < data.size()) {
			ssize_t n =
				::send(fd, data.data() + done, data.size() - done, MSG_NOSIGNAL);

			if (n < 0)
				return; // the other side has gone, which the test will see
			done += (size_t)n;
		}
	}

	// The messages that have come so far, by type.
	std::vector<uint8_t> types() const
	{
		std::vector<uint8_t> all;
		struct cursor c = cursor_make(in.data(), in.size());
		struct bgp_notify notify;
		struct bgp_message msg;

		while (message_next(&c, BGP_MESSAGE_MAX, &msg, &notify) == MESSAGE_READY)
			all.push_back(msg.type);
		return all;
	}

	size_t count(uint8_t type) const
	{
		size_t n = 0;

		for (uint8_t t : types())
			n += t == type;
		return n;
	}

	// The NOTIFICATION that came, "code/subcode" with its data in hex behind it, or "".
	std::string notification() const
	{
		struct cursor c = cursor_make(in.data(), in.size());
		struct bgp_notify notify;
		struct bgp_message msg;

		while (message_next(&c, BGP_MESSAGE_MAX, &msg, &notify) == MESSAGE_READY) {
			if (msg.type != BGP_NOTIFICATION)
				continue;
			notification_decode(msg.body, &notify);
			std::string text =
				std::to_string(notify.code) + "/" + std::to_string(notify.subcode);
			for (uint16_t i = 0; i < notify.len; i++) {
				char hex[4];

				snprintf(hex, sizeof(hex), " %02x", notify.data[i]);
				text += hex;
			}
			return text;
		}
		return "";
	}
};

octets open_message(uint32_t asn, uint32_t router_id, uint16_t hold_s = 90,
		    uint16_t more_caps = SPEAKER_CAP_GR)
{
	octets buf(BGP_MESSAGE_MAX);
	struct bgp_open open = {};

	open.asn = asn;
	open.router_id = router_id;
	open.hold_s = hold_s;
	open.restart_s = 60;
	open.caps =
		(uint16_t)(SPEAKER_CAP_MP_IPV4 | SPEAKER_CAP_REFRESH | SPEAKER_CAP_AS4 | more_caps);
	buf.resize(open_encode(buf.data(), buf.size(), &open));
	return buf;
}

octets keepalive_message()
{
	octets buf(BGP_HEADER_LEN);

	keepalive_encode(buf.data(), buf.size());
	return buf;
}

octets notification_message(uint8_t code, uint8_t subcode)
{
	octets buf(BGP_MESSAGE_MAX);
	struct bgp_notify notify;

	notify_set(&notify, code, subcode, nullptr, 0, nullptr);
	buf.resize(notification_encode(buf.data(), buf.size(), &notify));
	return buf;
}

octets refresh_message()
{
	octets buf(BGP_MESSAGE_MAX);

	buf.resize(refresh_encode(buf.data(), buf.size()));
	return buf;
}

// An UPDATE that announces `n` /24s from 20.`x`.0.0 on, as the peer sends them.
octets update_message(uint16_t x, size_t n, uint32_t first_as = peer_asn)
{
	octets buf(BGP_MESSAGE_MAX);
	uint8_t attrs[64], path[6] = { AS_SEQUENCE, 1 }, next_hop[4] = { 10, 0, 0, 1 },
			   origin = ORIGIN_IGP;
	struct attr_writer w = { attrs, sizeof(attrs), 0, false };
	std::vector<struct prefix> nlri;
	size_t taken;

	store_be32(path + 2, first_as);
	attr_put(&w, ATTR_F_TRANSITIVE, ATTR_ORIGIN, &origin, 1);
	attr_put(&w, ATTR_F_TRANSITIVE, ATTR_AS_PATH, path, sizeof(path));
	attr_put(&w, ATTR_F_TRANSITIVE, ATTR_NEXT_HOP, next_hop, sizeof(next_hop));
	for (size_t i = 0; i < n; i++)
		nlri.push_back(
			prefix_make((20u << 24) + ((uint32_t)x << 16) + ((uint32_t)i << 8), 24));
	buf.resize(update_encode_announce(buf.data(), buf.size(), attrs, (uint16_t)w.len,
					  nlri.data(), n, &taken));
	EXPECT_EQ(n, taken);
	return buf;
}

octets operator+(octets a, const octets &b)
{
	a.insert(a.end(), b.begin(), b.end());
	return a;
}

struct wire_buf *wire_of(const octets &data)
{
	struct wire_buf *buf = wire_buf_new(data.size());

	memcpy(buf->data, data.data(), data.size());
	return buf;
}

class session : public testing::Test
{
      protected:
	uint64_t now_ms = 1000000;
	const uint32_t a_addr = address(1), b_addr = address(2), raw_addr = address(3);
	const uint32_t a_id = 0x0a000001, b_id = 0x0a000002;
	std::vector<node *> nodes;
	std::vector<raw *> raws;

	// Turn everything until `done`, without letting speaker time pass.
	bool until(const std::function<bool()> &done)
	{
		uint64_t end_ms = clock_ms() + patience_ms;

		while (!done()) {
			bool idle = true;

			for (node *n : nodes)
				idle = !n->turn(now_ms) && idle;
			for (raw *r : raws)
				r->pump();
			if (idle && clock_ms() > end_ms)
				return false;
		}
		return true;
	}

	// Let speaker time pass, in steps that no timer is shorter than.
	bool within(uint64_t ms, const std::function<bool()> &done)
	{
		uint64_t end_ms = now_ms + ms;

		while (now_ms < end_ms && !done()) {
			now_ms += 50;
			for (int i = 0; i < 3; i++) {
				for (node *n : nodes)
					n->turn(now_ms);
				for (raw *r : raws)
					r->pump();
			}
		}
		return done();
	}

	// A passive node with the scripted peer as peer 1, and the peer connected to it.
	std::unique_ptr<node> passive_node(const char *key = "")
	{
		auto n = std::make_unique<node>(a_addr, our_asn, a_id);
		struct speaker_peer_add add = node::peer(1, raw_addr, peer_asn);

		add.passive = true;
		add.password_len = (uint8_t)strlen(key);
		memcpy(add.password, key, strlen(key));
		n->tell(add);
		nodes.push_back(n.get());
		until([&] { return n->count(SPEAKER_STATE) == 1; }); // Active: it listens
		return n;
	}

	void establish(node *n, raw *r, uint16_t hold_s = 90, uint16_t more_caps = SPEAKER_CAP_GR)
	{
		uint64_t before = n->established();

		r->connect(raw_addr, a_addr);
		ASSERT_TRUE(until([&] { return r->count(BGP_OPEN) == 1; }));
		r->put(open_message(peer_asn, b_id, hold_s, more_caps) + keepalive_message());
		ASSERT_TRUE(until([&] {
			return n->established() > before &&
			       n->count(SPEAKER_UP) == n->established();
		}));
	}
};

// --- two of ours ------------------------------------------------------------------------------------------------------

TEST_F(session, two_speakers_exchange_routes)
{
	node a(a_addr, our_asn, a_id), b(b_addr, peer_asn, b_id);
	struct speaker_peer_add add = node::peer(1, b_addr, peer_asn);

	nodes = { &a, &b };
	add.forwarding_kept = add.restarting = true;
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
	EXPECT_EQ(SPEAKER_CAP_REFRESH | SPEAKER_CAP_AS4 | SPEAKER_CAP_GR |
			  SPEAKER_CAP_GR_RESTARTING | SPEAKER_CAP_GR_FORWARDING |
			  SPEAKER_CAP_MP_IPV4,
		  up.caps);

	uint8_t eor[64];
	size_t eor_len = update_encode_eor(eor, sizeof(eor));
	a.send(1, wire_of(update_message(1, 3, our_asn) + octets(eor, eor + eor_len)));
	ASSERT_TRUE(until([&] { return b.count(SPEAKER_EOR); }));
	const struct speaker_update &update = b.last(SPEAKER_UPDATE)->as<struct speaker_update>();
	ASSERT_EQ(3, update.nb_announced);
	EXPECT_EQ(0, update.nb_withdrawn);
	EXPECT_EQ(our_asn, update.keys.neighbour_as);
	EXPECT_TRUE(
		prefix_equal(prefix_make(0x14010200, 24), speaker_update_announced(&update)[2]));

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
	EXPECT_EQ(1u, speaker_stats(b.speaker, 2)->loops[SPEAKER_LOOP_AS]);
}

TEST_F(session, stop_tells_the_peers)
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

// One speaker listens, another has the session.
TEST_F(session, connections_are_handed_over)
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
}

// --- collision (RFC 4271 6.8) -------------------------------------------------------------------------------------------

// Our connection and the peer's, both in OpenSent; the peer's OPEN comes on one of them first. RFC 6286: if identifiers
// are equal, our AS is the higher one.
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

TEST_F(session, collision_keeps_the_higher_identifiers_connection)
{
	for (const collision &c : collisions) {
		SCOPED_TRACE(c.name);
		node n(a_addr, our_asn, a_id);
		raw ours, theirs, listener(raw::make(raw_addr, bgp_port));
		raw &first = c.first_on_ours ? ours : theirs;
		raw &winner = c.ours_stays ? ours : theirs, &loser = c.ours_stays ? theirs : ours;

		nodes = { &n };
		raws = { &ours, &theirs };
		ASSERT_EQ(0, listen(listener.fd, 4));
		n.tell(node::peer(1, raw_addr, peer_asn));
		ASSERT_TRUE(within(30000, [&] {
			if (ours.fd < 0)
				ours.fd = accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK);
			return ours.fd >= 0;
		}));
		theirs.connect(raw_addr, a_addr);
		ASSERT_TRUE(until([&] { return ours.count(BGP_OPEN) && theirs.count(BGP_OPEN); }));
		first.put(open_message(peer_asn, c.peer_id));
		ASSERT_TRUE(until([&] { return loser.ended; }));
		EXPECT_EQ("6/7", loser.notification());
		EXPECT_EQ(0u, loser.count(BGP_KEEPALIVE));
		loser.close();
		if (&first != &winner)
			winner.put(open_message(peer_asn, c.peer_id));
		winner.put(keepalive_message());
		ASSERT_TRUE(until([&] { return n.count(SPEAKER_UP); }));
		EXPECT_FALSE(winner.ended);
		EXPECT_EQ(1u, n.established());
		EXPECT_EQ(0u, n.count(SPEAKER_DOWN));
		nodes.clear();
		raws.clear();
	}
}

// Two speakers that start at the same time meet on two connections; the session that comes of it is the first one.
TEST_F(session, simultaneous_start_does_not_flap)
{
	for (int i = 0; i < 50; i++) {
		node a(a_addr, our_asn, i % 2 ? a_id : b_id),
			b(b_addr, peer_asn, i % 2 ? b_id : a_id);

		nodes = { &a, &b };
		a.tell(node::peer(1, b_addr, peer_asn));
		b.tell(node::peer(1, a_addr, our_asn));
		ASSERT_TRUE(
			within(60000, [&] { return a.count(SPEAKER_UP) && b.count(SPEAKER_UP); }));
		within(5000, [] { return false; });
		EXPECT_EQ(1u, a.established());
		EXPECT_EQ(1u, b.established());
		nodes.clear();
	}
}

TEST_F(session, second_connection_to_an_established_session_is_refused)
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

// --- graceful restart (RFC 4724) -----------------------------------------------------------------------------------------

TEST_F(session, lost_connection_keeps_routes_and_a_notification_does_not)
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

TEST_F(session, a_restarted_peer_replaces_its_old_connection)
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

// --- refusals --------------------------------------------------------------------------------------------------------------

TEST_F(session, unconfigured_peer_is_reset)
{
	raw r;
	auto n = passive_node();

	raws = { &r };
	r.connect(address(9), a_addr);
	ASSERT_TRUE(until([&] { return r.ended; }));
	EXPECT_TRUE(r.was_reset);
	EXPECT_TRUE(r.in.empty());
}

TEST_F(session, removed_peer_is_forgotten)
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

TEST_F(session, reset_holds_off)
{
	raw r;
	auto n = passive_node();

	raws = { &r };
	establish(n.get(), &r);
	n->reset(SPEAKER_PEER_RESET, 1, NOTIFY_CEASE, NOTIFY_CEASE_MAX_PREFIXES, 30);
	ASSERT_TRUE(until([&] { return r.ended; }));
	EXPECT_EQ("6/1", r.notification());
	r.connect(raw_addr, a_addr);
	ASSERT_TRUE(until([&] { return r.was_reset; }));
	within(29000, [] { return false; });
	r.connect(raw_addr, a_addr);
	ASSERT_TRUE(until([&] { return r.was_reset; }));
	within(1100, [] { return false; });
	establish(n.get(), &r);
}

// A peer that errs is kept out, longer each time.
TEST_F(session, failing_peer_is_damped)
{
	raw r;
	auto n = passive_node();
	uint64_t last_ms = 0;

	raws = { &r };
	for (int i = 0; i < 8; i++) {
		uint64_t from_ms = now_ms;

		ASSERT_TRUE(within(70000, [&] {
			if (r.fd < 0 || r.was_reset)
				r.connect(raw_addr, a_addr);
			return r.count(BGP_OPEN) == 1;
		}));
		EXPECT_GE(now_ms - from_ms + 100, i < 7 ? last_ms : 40000) << i;
		last_ms = now_ms - from_ms;
		r.put(octets(19, 0));
		ASSERT_TRUE(until([&] { return r.ended; }));
		r.close();
	}
}

// --- malformed and unexpected messages ---------------------------------------------------------------------------------------

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

#define CHECK_REFUSALS(rows, before)                                                               \
	for (const refusal &row : rows) {                                                          \
		SCOPED_TRACE(row.name);                                                            \
		raw r;                                                                             \
		auto n = passive_node();                                                           \
		raws = { &r };                                                                     \
		r.connect(raw_addr, a_addr);                                                       \
		ASSERT_TRUE(until([&] { return r.count(BGP_OPEN); }));                             \
		r.put(before + row.sent);                                                          \
		ASSERT_TRUE(until([&] { return r.ended; }));                                       \
		EXPECT_FALSE(r.was_reset);                                                         \
		EXPECT_EQ(row.notification, r.notification());                                     \
		EXPECT_EQ(0u, n->why().find(row.why)) << n->why();                                 \
		nodes.clear();                                                                     \
		raws.clear();                                                                      \
	}

TEST_F(session, refusals_in_open_sent){ CHECK_REFUSALS(in_open_sent, octets()) }

TEST_F(session,
       refusals_in_open_confirm){ CHECK_REFUSALS(in_open_confirm, open_message(peer_asn, good_id)) }

TEST_F(session, refusals_in_established){
	CHECK_REFUSALS(in_established, open_message(peer_asn, good_id) + keepalive_message())
}

TEST_F(session, every_truncation_of_a_handshake)
{
	octets all = open_message(peer_asn, b_id) + keepalive_message();
	auto n = passive_node();

	for (size_t cut = 0; cut < all.size(); cut++) {
		raw r;

		raws = { &r };
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

TEST_F(session, random_octets)
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

// --- timers -------------------------------------------------------------------------------------------------------------------

TEST_F(session, hold_timer_expires)
{
	raw r;
	auto n = passive_node();

	raws = { &r };
	establish(n.get(), &r, 9);
	EXPECT_EQ(9, n->last(SPEAKER_UP)->as<struct speaker_up>().hold_s);
	within(8500, [] { return false; });
	EXPECT_EQ(0u, n->count(SPEAKER_DOWN));
	EXPECT_GE(r.count(BGP_KEEPALIVE), 3u);
	EXPECT_LE(r.count(BGP_KEEPALIVE), 5u);
	ASSERT_TRUE(within(1000, [&] { return n->count(SPEAKER_DOWN) == 1; }));
	ASSERT_TRUE(until([&] { return r.ended; }));
	EXPECT_EQ("4/0", r.notification());
}

TEST_F(session, large_hold_timer_in_open_sent)
{
	raw r;
	auto n = passive_node();

	raws = { &r };
	r.connect(raw_addr, a_addr);
	ASSERT_TRUE(until([&] { return r.count(BGP_OPEN); }));
	within(239000, [] { return false; });
	EXPECT_FALSE(r.ended);
	ASSERT_TRUE(within(2000, [&] { return r.ended; }));
	EXPECT_EQ("4/0", r.notification());
}

TEST_F(session, hold_time_zero_means_no_timers)
{
	raw r;
	auto n = passive_node();

	raws = { &r };
	establish(n.get(), &r, 0);
	within(1000000, [] { return false; });
	EXPECT_EQ(0u, n->count(SPEAKER_DOWN));
	EXPECT_EQ(1u, r.count(BGP_KEEPALIVE));
}

// --- pressure ------------------------------------------------------------------------------------------------------------------

TEST_F(session, slow_reader_lags_and_drains)
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
	within(60000, [] { return false; }); // keepalives queue up, a few
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
TEST_F(session, send_hold_timer_expires)
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
	within(3000, [] { return false; }); // the socket lingers no longer
	EXPECT_EQ(1u, buf->refs);
	wire_buf_put(buf);
}

// Nobody empties the mailbox: the session stops reading, but lives, and nothing is lost.
TEST_F(session, full_mailbox_stops_reading_and_loses_nothing)
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
	until([&] { return !n->turn(now_ms); });
	uint64_t read = speaker_stats(n->speaker, 1)->rx_updates;
	EXPECT_LT(read, 200u);
	size_t keepalives = r.count(BGP_KEEPALIVE);
	within(60000,
	       [] { return false; }); // far more than the hold time; the peer's octets wait unread
	EXPECT_EQ(read, speaker_stats(n->speaker, 1)->rx_updates);
	EXPECT_GE(r.count(BGP_KEEPALIVE), keepalives + 20);
	EXPECT_FALSE(r.ended);
	n->deaf = false;
	ASSERT_TRUE(until([&] { return n->count(SPEAKER_UPDATE) == 200; }));
	size_t i = 0;
	for (const event &e : n->events) {
		if (e.type != SPEAKER_UPDATE)
			continue;
		const struct speaker_update &u = e.as<struct speaker_update>();

		ASSERT_EQ(200, u.nb_announced);
		EXPECT_EQ(0x14000000u + (i++ << 16), speaker_update_announced(&u)[0].addr);
	}
}

// The loss of a session is told even if there is no room for it at first, and before the next session.
TEST_F(session, loss_is_told_late_rather_than_never)
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

// --- TCP-MD5 (RFC 2385) ---------------------------------------------------------------------------------------------------------

TEST_F(session, tcp_md5)
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

TEST_F(session, tcp_md5_between_speakers)
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

// --- the listening socket ---------------------------------------------------------------------------------------------------------

TEST_F(session, a_port_that_is_taken)
{
	node a(a_addr, our_asn, a_id);
	struct speaker *second = nullptr;

	EXPECT_EQ(-EADDRINUSE, speaker_new(&a.params, a.to_rib, a.from_rib, &second));
	EXPECT_EQ(nullptr, second);
}

TEST_F(session, a_mailbox_too_small_for_an_update)
{
	struct mailbox *small = mailbox_new(4096);
	struct speaker_params params = {};
	struct speaker *s = nullptr;

	EXPECT_EQ(-EINVAL, speaker_new(&params, small, small, &s));
	mailbox_free(small);
}

} // namespace
