// Speakers over real sockets on loopback, by either family: ours, and a scripted peer that does
// what no good one does. The program has loopback addresses of its own. Time is a parameter of
// speaker_turn(), so timers are tested without waiting.
#ifndef SPEAKER_LAB_H
#define SPEAKER_LAB_H

#include <gtest/gtest.h>

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
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

inline bool operator==(const struct addr &a, const struct addr &b)
{
	return addr_equal(a, b);
}

namespace lab
{

using octets = std::vector<uint8_t>;

const uint16_t bgp_port = 17900;
const uint32_t our_asn = 65515, peer_asn = 65001;
const uint64_t patience_ms = 10000; // real time; only a failing test waits for it

inline uint8_t by_family; // of the connections of the test that runs

// The loopback interface of a network of this process's own, up. False: there can be none.
inline bool own_network()
{
	struct ifreq lo = {};
	int fd;

	if (unshare(CLONE_NEWNET))
		return false;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	strcpy(lo.ifr_name, "lo");
	lo.ifr_flags = IFF_UP | IFF_RUNNING;
	EXPECT_EQ(0, ioctl(fd, SIOCSIFFLAGS, &lo));
	close(fd);
	return true;
}

inline struct sockaddr_storage sockaddr_of(struct addr addr, uint16_t port)
{
	struct sockaddr_storage sa = {};

	if (addr.family == FAMILY_IPV4) {
		auto *in = (struct sockaddr_in *)&sa;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		in->sin_addr.s_addr = htonl(addr.v4);
	} else {
		auto *in6 = (struct sockaddr_in6 *)&sa;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, addr.v6, sizeof(addr.v6));
		in6->sin6_scope_id = addr_link_local(addr) ? if_nametoindex("lo") : 0;
	}
	return sa;
}

// Give an IPv6 address to the loopback interface, unless it has it. The kernel takes a moment until
// it can be used.
inline struct addr give_lo(struct addr addr)
{
	struct {
		uint8_t addr[16];
		uint32_t len;
		int interface;
	} wanted = {}; // struct in6_ifreq, whose header does not go with that of the C library
	struct sockaddr_storage sa = sockaddr_of(addr, 0);
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	memcpy(wanted.addr, addr.v6, sizeof(addr.v6));
	wanted.len = 128;
	wanted.interface = (int)if_nametoindex("lo");
	EXPECT_TRUE(!ioctl(fd, SIOCSIFADDR, &wanted) || errno == EEXIST) << strerror(errno);
	for (uint64_t end_ms = clock_ms() + patience_ms; clock_ms() < end_ms; sched_yield())
		if (!bind(fd, (struct sockaddr *)&sa, sizeof(sa)))
			break;
	close(fd);
	return addr;
}

// 127.x.y.n with x and y of this process, or fd00::n.
inline struct addr address(uint8_t n)
{
	const uint8_t v6[16] = { 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, n };
	uint32_t pid = (uint32_t)getpid();

	if (by_family == FAMILY_IPV6)
		return give_lo(addr_make6(v6));
	return addr_make4(127u << 24 | (64 + (pid >> 8) % 128) << 16 | (pid & 0xff) << 8 | n);
}

inline std::string text(struct addr addr)
{
	char buf[ADDR_TEXT];

	return addr_text(addr, buf);
}

inline struct addr addr_of(const struct sockaddr_storage &sa)
{
	if (sa.ss_family == AF_INET)
		return addr_make4(ntohl(((const struct sockaddr_in *)&sa)->sin_addr.s_addr));
	return addr_make6(((const struct sockaddr_in6 *)&sa)->sin6_addr.s6_addr);
}

// The TTL or hop limit of what is sent from now on; and what must be left of it in what comes.
inline void set_ttl(int fd, int ttl)
{
	ASSERT_EQ(0, by_family == FAMILY_IPV4
			     ? setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl))
			     : setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, sizeof(ttl)));
}
inline void set_ttl_min(int fd, int ttl)
{
	ASSERT_EQ(0, by_family == FAMILY_IPV4
			     ? setsockopt(fd, IPPROTO_IP, IP_MINTTL, &ttl, sizeof(ttl))
			     : setsockopt(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, &ttl, sizeof(ttl)));
}

// The clock by which turns end: each look at it takes that long. As it stands still, a turn ends
// when all is done.
inline uint64_t look_ns, looked_ns;
inline uint64_t slow_clock_ns()
{
	return looked_ns += look_ns;
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

	node(struct addr addr, uint32_t asn, uint32_t router_id, bool listen = true)
	{
		params.local_asn = asn;
		params.router_id = router_id;
		params.listen_port = listen ? bgp_port : 0;
		params.restart_s = 120;
		params.nb_peers = 8;
		params.clock_ns = slow_clock_ns;
		params.nb_interfaces = 1;
		strcpy(params.interfaces[0].name, "lo");
		params.interfaces[0].addrs[params.interfaces[0].nb_addrs++] = addr;
		to_rib = mailbox_new(512 << 10);
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

	static struct speaker_peer_add peer(uint16_t index, struct addr addr, uint32_t asn)
	{
		struct speaker_peer_add add = {};

		add.head.type = SPEAKER_PEER_ADD;
		add.head.peer = index;
		snprintf(add.name, sizeof(add.name), "peer%u", index);
		add.addr = addr;
		add.asn = asn;
		add.hold_s = 90;
		add.port = bgp_port;
		add.families = 1 << FAMILY_IPV4;
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

	static int make(struct addr addr, uint16_t port)
	{
		struct sockaddr_storage sa = sockaddr_of(addr, port);
		int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;

		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		EXPECT_EQ(0, bind(fd, (struct sockaddr *)&sa, sizeof(sa)));
		return fd;
	}

	void connect(struct addr from, struct addr to, const char *key = nullptr)
	{
		struct sockaddr_storage sa = sockaddr_of(to, bgp_port);

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

inline octets open_message(uint32_t asn, uint32_t router_id, uint16_t hold_s = 90,
			   uint16_t more_caps = SPEAKER_CAP_GR,
			   uint16_t families = SPEAKER_CAP_MP_IPV4)
{
	octets buf(BGP_MESSAGE_MAX);
	struct bgp_open open = {};

	open.asn = asn;
	open.router_id = router_id;
	open.hold_s = hold_s;
	open.restart_s = 60;
	open.caps = (uint16_t)(families | SPEAKER_CAP_REFRESH | SPEAKER_CAP_AS4 | more_caps);
	buf.resize(open_encode(buf.data(), buf.size(), &open));
	return buf;
}

inline octets keepalive_message()
{
	octets buf(BGP_HEADER_LEN);

	keepalive_encode(buf.data(), buf.size());
	return buf;
}

inline octets notification_message(uint8_t code, uint8_t subcode)
{
	octets buf(BGP_MESSAGE_MAX);
	struct bgp_notify notify;

	notify_set(&notify, code, subcode, nullptr, 0, nullptr);
	buf.resize(notification_encode(buf.data(), buf.size(), &notify));
	return buf;
}

inline octets refresh_message(uint8_t family = FAMILY_IPV4)
{
	octets buf(BGP_MESSAGE_MAX);

	buf.resize(refresh_encode(buf.data(), buf.size(), family));
	return buf;
}

// An UPDATE that announces `n` /24s from 20.`x`.0.0 on, as the peer sends them.
inline octets update_message(uint16_t x, size_t n, uint32_t first_as = peer_asn)
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
			prefix4_make((20u << 24) + ((uint32_t)x << 16) + ((uint32_t)i << 8), 24));
	buf.resize(update_encode_announce(buf.data(), buf.size(), FAMILY_IPV4, attrs,
					  (uint16_t)w.len, nlri.data(), n, &taken));
	EXPECT_EQ(n, taken);
	return buf;
}

inline octets operator+(octets a, const octets &b)
{
	a.insert(a.end(), b.begin(), b.end());
	return a;
}

inline struct wire_buf *wire_of(const octets &data)
{
	struct wire_buf *buf = wire_buf_new(data.size());

	memcpy(buf->data, data.data(), data.size());
	return buf;
}

class lab_test : public testing::Test
{
	const bool possible;

	static bool choose(uint8_t family)
	{
		static const bool own = own_network();

		by_family = family;
		return family == FAMILY_IPV4 || own;
	}

      protected:
	explicit lab_test(uint8_t family = FAMILY_IPV4) : possible(choose(family))
	{
	}

	uint64_t now_ms = 1000000;
	const struct addr a_addr = address(1), b_addr = address(2), raw_addr = address(3);
	const uint32_t a_id = 0x0a000001, b_id = 0x0a000002;
	std::vector<node *> nodes;
	std::vector<raw *> raws;

	void SetUp() override
	{
		if (!possible)
			GTEST_SKIP() << "no network of its own, and so no IPv6 addresses";
	}

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

	// Let speaker time pass, in steps that no timer is shorter than. How much gets through the
	// kernel meanwhile is open.
	void pass(
		uint64_t ms, const std::function<bool()> &done = [] { return false; })
	{
		for (uint64_t end_ms = now_ms + ms; now_ms < end_ms && !done();) {
			now_ms += 50;
			for (int i = 0; i < 3; i++) {
				for (node *n : nodes)
					n->turn(now_ms);
				for (raw *r : raws)
					r->pump();
			}
		}
	}

	// Does it come to be `done`, by what happens within that time?
	bool within(uint64_t ms, const std::function<bool()> &done)
	{
		pass(ms, done);
		return until(done);
	}

	// A passive node with the scripted peer as peer 1, and the peer connected to it.
	std::unique_ptr<node> passive_node(const char *key = "",
					   uint8_t families = 1 << FAMILY_IPV4)
	{
		auto n = std::make_unique<node>(a_addr, our_asn, a_id);
		struct speaker_peer_add add = node::peer(1, raw_addr, peer_asn);

		add.passive = true;
		add.families = families;
		add.password_len = (uint8_t)strlen(key);
		memcpy(add.password, key, strlen(key));
		n->tell(add);
		nodes.push_back(n.get());
		until([&] { return n->count(SPEAKER_STATE) == 1; }); // Active: it listens
		return n;
	}

	// Accept the connection that `n` opens to raw_addr.
	void take(node *n, raw *listener, raw *ours)
	{
		ASSERT_EQ(0, listen(listener->fd, 4));
		n->tell(node::peer(1, raw_addr, peer_asn));
		ASSERT_TRUE(within(30000, [&] {
			if (ours->fd < 0)
				ours->fd = accept4(listener->fd, nullptr, nullptr, SOCK_NONBLOCK);
			return ours->fd >= 0;
		}));
	}

	// The same, and the peer's own connection crosses it: our OPEN has gone out on both.
	void cross(node *n, raw *listener, raw *ours, raw *theirs)
	{
		ASSERT_NO_FATAL_FAILURE(take(n, listener, ours));
		theirs->connect(raw_addr, a_addr);
		ASSERT_TRUE(
			until([&] { return ours->count(BGP_OPEN) && theirs->count(BGP_OPEN); }));
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

// Whose tests all run by connections of either family.
class session : public lab_test, public testing::WithParamInterface<int>
{
      protected:
	session() : lab_test((uint8_t)GetParam())
	{
	}
};

using speaker_test = session;

#define BY_BOTH_FAMILIES(suite) \
	INSTANTIATE_TEST_SUITE_P( \
		by, suite, testing::Values(FAMILY_IPV4, FAMILY_IPV6), \
		[](const auto &info) { return family_name((uint8_t)info.param); })

} // namespace lab

#endif
