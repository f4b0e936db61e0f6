// Which interface a peer is on, how far away it may be, and what becomes of a peer whose key finds
// no room.
#include "speaker_lab.h"
#include "ttl_filter.h"

#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

#include <fstream>

using namespace lab;

namespace
{

class listener : public session
{
      protected:
	// Interfaces are told apart by their index; that both are "lo" is nothing to the speaker.
	std::unique_ptr<node> node_of_two_interfaces(struct addr more = addr_make4(0))
	{
		auto n = std::make_unique<node>(a_addr, our_asn, a_id, false);
		struct speaker_interface *interfaces = n->params.interfaces;

		speaker_free(n->speaker);
		n->params.listen_port = bgp_port;
		n->params.nb_interfaces = 2;
		strcpy(interfaces[1].name, "lo");
		interfaces[1].addrs[0] = b_addr;
		interfaces[1].addrs[1] = address(4);
		interfaces[1].nb_addrs = 2;
		if (!addr_unspecified(more))
			interfaces[1].addrs[interfaces[1].nb_addrs++] = more;
		EXPECT_EQ(0, speaker_new(&n->params, n->to_rib, n->from_rib, &n->speaker));
		nodes.push_back(n.get());
		return n;
	}
	struct speaker_peer_add passive(uint8_t interface)
	{
		struct speaker_peer_add add = node::peer(1, raw_addr, peer_asn);

		add.passive = true;
		add.interface = interface;
		return add;
	}
	static struct addr link_local(uint8_t n)
	{
		const uint8_t v6[16] = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, n };

		return give_lo(addr_make6(v6));
	}
	static void to_come_from_a_subnet(struct speaker_peer_add *add)
	{
		add->subnet = prefix_make(add->addr, family_bits(by_family) - 6);
		memset(&add->addr, 0, sizeof(add->addr));
		add->addr.family = by_family;
	}
	// A connection from the peer to one of our addresses.
	void connect(raw *r, struct addr to, int ttl = 64, int ttl_min = 0)
	{
		struct sockaddr_storage sa = sockaddr_of(to, bgp_port);

		r->close();
		r->in.clear();
		r->ended = r->was_reset = false;
		r->fd = raw::make(raw_addr, 0);
		set_ttl(r->fd, ttl);
		set_ttl_min(r->fd, ttl_min);
		::connect(r->fd, (struct sockaddr *)&sa, sizeof(sa));
	}
};

// --- the interface -------------------------------------------------------------------------------

TEST_P(listener, a_peer_is_heard_on_its_own_interface_alone)
{
	raw r;
	auto n = node_of_two_interfaces();

	raws = { &r };
	n->tell(passive(1));
	ASSERT_TRUE(until([&] { return n->count(SPEAKER_STATE); }));
	connect(&r, a_addr);
	ASSERT_TRUE(until([&] { return r.ended; }));
	EXPECT_TRUE(r.was_reset);
	for (struct addr ours : { b_addr, address(4) }) {
		connect(&r, ours);
		ASSERT_TRUE(until([&] { return r.count(BGP_OPEN); }));
	}
}

// The kernel gives each interface such an address, and what it is called says nothing elsewhere.
class link_local_peer : public listener
{
};

TEST_P(link_local_peer, is_one_of_its_interface)
{
	const struct addr ours = link_local(1), theirs = link_local(2);
	raw r, at(raw::make(theirs, bgp_port)), called;
	auto n = node_of_two_interfaces(ours);
	struct speaker_peer_add add = node::peer(1, theirs, peer_asn);
	struct sockaddr_storage sa = {};
	socklen_t len = sizeof(sa);

	raws = { &r };
	ASSERT_EQ(0, listen(at.fd, 4));
	add.interface = 1;
	n->tell(add);
	ASSERT_TRUE(within(30000, [&] {
		if (called.fd < 0)
			called.fd = accept(at.fd, (struct sockaddr *)&sa, &len);
		return called.fd >= 0;
	})) << n->why();
	EXPECT_EQ(ours, addr_of(sa)) << text(addr_of(sa));
	called.close();
	at.close();
	r.connect(theirs, ours);
	ASSERT_TRUE(until([&] { return r.count(BGP_OPEN); }));
	r.put(open_message(peer_asn, b_id) + keepalive_message());
	ASSERT_TRUE(until([&] { return n->count(SPEAKER_UP); }));
	EXPECT_EQ(ours, n->last(SPEAKER_UP)->as<struct speaker_up>().local_addr);
	r.connect(link_local(3), ours);
	ASSERT_TRUE(until([&] { return r.was_reset; })) << "who is not configured";
	r.connect(theirs, a_addr);
	ASSERT_TRUE(until([&] { return r.was_reset; })) << "on another interface";
}

TEST_P(link_local_peer, has_its_key_and_its_ttl)
{
	raw r;
	node n(link_local(1), our_asn, a_id);
	struct speaker_peer_add add = passive(0);

	nodes = { &n };
	raws = { &r };
	add.addr = link_local(2);
	add.ttl_security = 1;
	add.password_len = 6;
	memcpy(add.password, "secret", 6);
	n.tell(add);
	ASSERT_TRUE(until([&] { return n.count(SPEAKER_STATE); }));
	r.connect(link_local(2), link_local(1));
	struct pollfd p = { r.fd, POLLOUT, 0 };
	EXPECT_EQ(0, ::poll(&p, 1, 0)) << "no SYN without the key is answered";
	r.connect(link_local(2), link_local(1), "secret");
	ASSERT_TRUE(until([&] { return r.was_reset; }));
	EXPECT_TRUE(until([&] {
		return n.why() ==
		       "refused: its SYN came with TTL 64, ttl_security = 1 asks for 255";
	})) << n.why();
}

// A gateway's subnet is behind one interface too.
TEST_P(listener, a_host_of_a_subnet_on_another_interface_is_nobody)
{
	raw r;
	auto n = node_of_two_interfaces();
	struct speaker_peer_add add = passive(1);

	raws = { &r };
	to_come_from_a_subnet(&add);
	n->tell(add);
	ASSERT_TRUE(until([&] { return n->count(SPEAKER_STATE); }));
	connect(&r, a_addr);
	ASSERT_TRUE(until([&] { return r.was_reset; }));
	connect(&r, b_addr);
	ASSERT_TRUE(until([&] { return r.count(BGP_OPEN); }));
}

TEST_P(listener, a_key_is_for_all_addresses_of_the_interface)
{
	raw r;
	auto n = node_of_two_interfaces();
	struct speaker_peer_add add = passive(1);

	raws = { &r };
	add.password_len = 6;
	memcpy(add.password, "secret", 6);
	n->tell(add);
	ASSERT_TRUE(until([&] { return n->count(SPEAKER_STATE); }));
	for (struct addr ours : { b_addr, address(4) }) {
		connect(&r, ours);
		struct pollfd p = { r.fd, POLLOUT, 0 };
		EXPECT_EQ(0, ::poll(&p, 1, 0)) << "no SYN without the key is answered";
	}
}

TEST_P(listener, we_call_from_our_address_on_the_interface)
{
	raw at(raw::make(raw_addr, bgp_port));
	auto n = node_of_two_interfaces();
	struct speaker_peer_add add = node::peer(1, raw_addr, peer_asn);
	struct sockaddr_storage sa = {};

	ASSERT_EQ(0, listen(at.fd, 4));
	add.interface = 1;
	for (struct addr local : { addr_make4(0), address(4) }) {
		socklen_t len = sizeof(sa);
		int fd = -1;

		add.local = local;
		n->tell(add);
		ASSERT_TRUE(within(30000, [&] {
			if (fd < 0)
				fd = accept(at.fd, (struct sockaddr *)&sa, &len);
			return fd >= 0;
		})) << n->why();
		EXPECT_EQ(addr_unspecified(local) ? b_addr : local, addr_of(sa));
		close(fd);
		n->reset(SPEAKER_PEER_REMOVE, 1, NOTIFY_CEASE, NOTIFY_CEASE_DECONFIGURED);
		ASSERT_TRUE(within(10000, [&] { return n->count(SPEAKER_REMOVED); }));
		n->events.clear();
	}
}

TEST_P(listener, an_interface_that_is_not_there)
{
	node n(a_addr, our_asn, a_id, false);
	struct speaker *other = nullptr;

	strcpy(n.params.interfaces[0].name, "nowhere-er0");
	n.params.listen_port = bgp_port;
	EXPECT_EQ(-ENODEV, speaker_new(&n.params, n.to_rib, n.from_rib, &other));
	n.params.listen_port = 0;
	speaker_free(n.speaker);
	ASSERT_EQ(0, speaker_new(&n.params, n.to_rib, n.from_rib, &n.speaker));
	nodes = { &n };
	n.tell(node::peer(1, raw_addr, peer_asn));
	ASSERT_TRUE(until([&] { return n.why() == "connect: No such device"; })) << n.why();
}

// --- TTL (RFC 5082) ------------------------------------------------------------------------------

TEST_P(listener, all_that_we_send_has_a_ttl_of_255)
{
	raw r, at(raw::make(raw_addr, bgp_port)), ours;
	auto n = passive_node();
	int ttl_min = 255;

	raws = { &r };
	connect(&r, a_addr, 64, 255); // the SYN-ACK, our OPEN
	ASSERT_TRUE(until([&] { return r.count(BGP_OPEN); }));
	r.put(open_message(peer_asn + 1, b_id)); // a NOTIFICATION
	ASSERT_TRUE(until([&] { return r.ended; }));
	EXPECT_EQ("2/2 ", r.notification().substr(0, 4) + " ");
	r.close();

	node caller(b_addr, our_asn, a_id, false); // what we begin ourselves
	set_ttl_min(at.fd, ttl_min);
	nodes = { &caller };
	raws = { &ours };
	ASSERT_NO_FATAL_FAILURE(take(&caller, &at, &ours));
	ASSERT_TRUE(until([&] { return ours.count(BGP_OPEN); }));
}

// Nobody listens for it: who it was hears of it by a reset, whatever TTL it insists on.
TEST_P(listener, a_refusal_has_a_ttl_of_255)
{
	raw r;
	auto n = passive_node();
	struct sockaddr_storage sa = sockaddr_of(a_addr, bgp_port);
	int ttl_min = 255;

	raws = { &r };
	r.fd = raw::make(address(9), 0);
	set_ttl_min(r.fd, ttl_min);
	::connect(r.fd, (struct sockaddr *)&sa, sizeof(sa));
	ASSERT_TRUE(until([&] { return r.was_reset; }));
}

TEST_P(listener, a_peer_may_not_be_further_away_than_said)
{
	static const struct {
		uint8_t hops;
		int ttl;
		const char *why; // "": it may
	} cases[] = {
		{ 1, 255, "" },
		{ 1, 254, "refused: its SYN came with TTL 254, ttl_security = 1 asks for 255" },
		{ 1, 64, "refused: its SYN came with TTL 64, ttl_security = 1 asks for 255" },
		{ 10, 246, "" },
		{ 10, 245, "refused: its SYN came with TTL 245, ttl_security = 10 asks for 246" },
		{ 254, 2, "" },
		{ 254, 1, "refused: its SYN came with TTL 1, ttl_security = 254 asks for 2" },
		{ 0, 1, "" },
	};

	for (const auto &t : cases) {
		raw r;
		node n(a_addr, our_asn, a_id);
		struct speaker_peer_add add = passive(0);

		nodes = { &n };
		raws = { &r };
		add.ttl_security = t.hops;
		n.tell(add);
		ASSERT_TRUE(until([&] { return n.count(SPEAKER_STATE); }));
		connect(&r, a_addr, t.ttl);
		ASSERT_TRUE(until([&] { return r.was_reset || r.count(BGP_OPEN); }));
		EXPECT_EQ(!*t.why, r.count(BGP_OPEN) == 1) << int(t.hops) << " " << t.ttl;
		EXPECT_TRUE(until([&] { return n.why() == t.why; })) << n.why();
	}
}

// Later packets too. On loopback a packet is there when it has been sent.
TEST_P(listener, what_comes_from_further_away_is_not_heard)
{
	raw r;
	node n(a_addr, our_asn, a_id);
	struct speaker_peer_add add = passive(0);
	int far = 64, near = 255;
	uint64_t heard;

	nodes = { &n };
	raws = { &r };
	add.ttl_security = 1;
	n.tell(add);
	ASSERT_TRUE(until([&] { return n.count(SPEAKER_STATE); }));
	connect(&r, a_addr, 255);
	ASSERT_TRUE(until([&] { return r.count(BGP_OPEN); }));
	r.put(open_message(peer_asn, b_id) + keepalive_message());
	ASSERT_TRUE(until([&] { return n.count(SPEAKER_UP); }));
	heard = speaker_stats(n.speaker, 1)->rx_messages;
	set_ttl(r.fd, far);
	r.put(keepalive_message());
	for (int i = 0; i < 3; i++)
		n.turn(now_ms);
	EXPECT_EQ(heard, speaker_stats(n.speaker, 1)->rx_messages);
	set_ttl(r.fd, near);
	ASSERT_TRUE(until([&] { return speaker_stats(n.speaker, 1)->rx_messages > heard; }))
		<< "TCP sends it again";
}

// What comes between the handshake and our accept too, be it that a peer beside it may be further
// away.
TEST_P(listener, nor_is_what_came_before_we_accepted)
{
	static const struct {
		const char *name;
		uint8_t hops;
		bool subnet;
		bool heard;
	} cases[] = {
		{ "a neighbour", 1, false, false },
		{ "up to ten hops", 10, false, false },
		{ "an instance of a gateway", 1, true, false },
		{ "anywhere, beside a neighbour", 0, false, true },
		{ "an instance from anywhere, beside a neighbour", 0, true, true },
	};

	for (const auto &t : cases) {
		raw r;
		node n(a_addr, our_asn, a_id);
		struct speaker_peer_add add = passive(0), other = node::peer(2, address(9), 65002);
		int far = 64, near = 255;
		struct pollfd ready;

		nodes = { &n };
		raws = { &r };
		add.ttl_security = t.hops;
		if (t.subnet) {
			to_come_from_a_subnet(&add);
		}
		other.ttl_security = 1;
		other.passive = true;
		n.tell(other);
		n.tell(add);
		ASSERT_TRUE(until([&] { return n.count(SPEAKER_STATE) == 2; }));
		connect(&r, a_addr, 255);
		ready = { r.fd, POLLOUT, 0 };
		ASSERT_EQ(1, ::poll(&ready, 1, 10000)) << t.name;
		set_ttl(r.fd, far);
		r.put(open_message(peer_asn, b_id) + keepalive_message());
		ASSERT_TRUE(until([&] { return r.count(BGP_OPEN); })) << t.name;
		for (int i = 0; i < 3; i++)
			n.turn(now_ms);
		EXPECT_EQ(t.heard ? 2u : 0u, speaker_stats(n.speaker, 1)->rx_messages) << t.name;
		set_ttl(r.fd, near);
		ASSERT_TRUE(until([&] { return n.count(SPEAKER_UP); }))
			<< t.name << ": TCP sends it again";
		nodes.clear();
	}
}

// Who is to be near from now on, and waits already, comes again.
TEST_P(listener, what_waits_when_a_peer_is_added_is_refused)
{
	raw r;
	node n(a_addr, our_asn, a_id);
	struct speaker_peer_add add = passive(0);
	struct pollfd ready;

	nodes = { &n };
	raws = { &r };
	for (int i = 0; i < 3; i++)
		n.turn(now_ms);
	connect(&r, a_addr, 255);
	ready = { r.fd, POLLOUT, 0 };
	ASSERT_EQ(1, ::poll(&ready, 1, 10000));
	add.ttl_security = 1;
	n.tell(add);
	ASSERT_TRUE(until([&] { return r.was_reset; }));
	connect(&r, a_addr, 255);
	ASSERT_TRUE(until([&] { return r.count(BGP_OPEN); }));
}

// The prefix with so many host bits of 10.0.0.0 or a00:: and a number.
struct prefix numbered(uint8_t first, uint32_t i, uint8_t host_bits)
{
	uint8_t v6[16] = { first };
	uint32_t v4 = (uint32_t)first << 24 | i;

	store_be32(&v6[12], i);
	return by_family == FAMILY_IPV4 ? prefix4_make(v4, 32 - host_bits)
					: prefix_make(addr_make6(v6), 128 - host_bits);
}

// The kernel takes the largest one, and the last rule of it counts.
TEST_P(listener, has_room_for_the_ttl_of_as_many_peers_as_there_may_be)
{
	std::vector<struct sock_filter> program(BPF_MAXINSNS);
	std::vector<struct ttl_rule> rules;
	struct sockaddr_storage sa = sockaddr_of(a_addr, bgp_port + 1);
	int at = raw::make(a_addr, bgp_port + 1), to = raw::make(raw_addr, 0), one = 1, far = 64;
	int near = 255, n;
	char octet = 0;

	for (uint32_t i = 0; i < 1023; i++)
		rules.push_back({ numbered(10, i, 0), (uint8_t)(1 + i % 254) });
	rules.push_back({ prefix_make(raw_addr, family_bits(by_family)), 255 });
	n = ttl_filter_make(rules.data(), rules.size(), program.data());
	ASSERT_LT(0, n);
	struct sock_fprog filter = { (unsigned short)n, program.data() };
	ASSERT_EQ(0, setsockopt(at, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)))
		<< strerror(errno);
	ASSERT_EQ(0, listen(at, 1));
	set_ttl(to, far);
	::connect(to, (struct sockaddr *)&sa, sizeof(sa));
	struct pollfd waiting = { at, POLLIN, 0 };
	ASSERT_EQ(1, ::poll(&waiting, 1, 10000)) << "SYN and ACK pass";
	int fd = accept4(at, nullptr, nullptr, SOCK_NONBLOCK);
	ASSERT_EQ(0, setsockopt(to, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)));
	ASSERT_EQ(1, send(to, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(-1, read(fd, &octet, 1)) << "on loopback it would be there";
	set_ttl(to, near);
	struct pollfd heard = { fd, POLLIN, 0 };
	ASSERT_EQ(1, ::poll(&heard, 1, 10000));
	EXPECT_EQ(1, read(fd, &octet, 1));
	for (int socket : { at, to, fd })
		close(socket);
	/* one more of each kind than fits */
	for (uint32_t i = 0; i < 1024; i++)
		rules.push_back({ numbered(11, i << 8, 8), 255 });
	EXPECT_EQ(-E2BIG, ttl_filter_make(rules.data(), rules.size(), program.data()));
}

// --- signs of life -------------------------------------------------------------------------------

// RFC 4271 4.4: not more than one a second, whatever the hold time and however the jitter falls.
TEST_P(listener, keepalives_are_a_second_apart)
{
	for (uint16_t hold_s : { 3, 4, 5, 9 }) {
		raw r;
		auto n = passive_node();
		std::vector<uint64_t> sent_ms;
		uint64_t sent;

		raws = { &r };
		establish(n.get(), &r, hold_s);
		sent = speaker_stats(n->speaker, 1)->tx_messages;
		for (int i = 0; i < 6000 && sent_ms.size() < 40; i++) {
			if (i % 100 == 0)
				r.put(keepalive_message());
			now_ms += 10;
			n->turn(now_ms);
			r.pump();
			if (speaker_stats(n->speaker, 1)->tx_messages == sent)
				continue;
			sent = speaker_stats(n->speaker, 1)->tx_messages;
			sent_ms.push_back(now_ms);
		}
		ASSERT_LE(15u, sent_ms.size()) << hold_s;
		for (size_t i = 1; i < sent_ms.size(); i++) {
			EXPECT_LE(1000u, sent_ms[i] - sent_ms[i - 1]) << hold_s;
			EXPECT_GE(1000u * hold_s / 2, sent_ms[i] - sent_ms[i - 1]) << hold_s;
		}
		EXPECT_EQ(0u, n->count(SPEAKER_DOWN));
		nodes.clear();
	}
}

// The socket of this process whose other end is at `addr`.
int socket_to(struct addr addr)
{
	DIR *dir = opendir("/proc/self/fd");
	int found = -1;

	while (const struct dirent *entry = readdir(dir)) {
		struct sockaddr_storage sa = {};
		socklen_t len = sizeof(sa);
		int fd = atoi(entry->d_name);

		if (!getpeername(fd, (struct sockaddr *)&sa, &len) &&
		    (sa.ss_family == AF_INET || sa.ss_family == AF_INET6) && addr_of(sa) == addr)
			found = fd;
	}
	closedir(dir);
	return found;
}

int option(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int value = -1;

	EXPECT_EQ(0, getsockopt(fd, level, name, &value, &len));
	return value;
}

TEST_P(listener, without_a_hold_time_tcp_looks_whether_the_peer_lives)
{
	for (uint16_t hold_s : { 0, 90 }) {
		raw r;
		auto n = passive_node();
		int fd;

		raws = { &r };
		establish(n.get(), &r, hold_s);
		fd = socket_to(raw_addr);
		ASSERT_LE(0, fd);
		EXPECT_EQ(!hold_s, option(fd, SOL_SOCKET, SO_KEEPALIVE)) << hold_s;
		if (!hold_s) {
			int probes = option(fd, IPPROTO_TCP, TCP_KEEPCNT) *
				     option(fd, IPPROTO_TCP, TCP_KEEPINTVL);

			EXPECT_GE(60, option(fd, IPPROTO_TCP, TCP_KEEPIDLE) + probes);
			EXPECT_EQ(60000, option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT));
		} else {
			EXPECT_EQ(0, option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT))
				<< "as long as agreed";
		}
		nodes.clear();
	}
}

// --- no room for a key ---------------------------------------------------------------------------

// A bound on what sockets may have for their options: of a network namespace of our own, or, where
// the kernel has but one for all (before 6.8), that one. What there was comes back.
class optmem
{
	static constexpr const char *path = "/proc/sys/net/core/optmem_max";
	int before = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	bool own;
	std::string was;

      public:
	optmem()
	{
		struct ifreq lo = {};
		int fd;

		own = !unshare(CLONE_NEWNET) && !access(path, W_OK);
		if (own) {
			fd = socket(AF_INET, SOCK_DGRAM, 0);
			strcpy(lo.ifr_name, "lo");
			lo.ifr_flags = IFF_UP | IFF_RUNNING;
			EXPECT_EQ(0, ioctl(fd, SIOCSIFFLAGS, &lo));
			close(fd);
		} else {
			EXPECT_EQ(0, setns(before, CLONE_NEWNET));
		}
		std::ifstream(path) >> was;
	}
	~optmem()
	{
		set(was);
		EXPECT_EQ(0, setns(before, CLONE_NEWNET));
		close(before);
	}
	void set(const std::string &bound)
	{
		std::ofstream file(path);

		file << bound << std::flush;
		EXPECT_TRUE(file.good()) << path;
	}
};

TEST_P(listener, a_peer_whose_key_found_no_room_heals_when_there_is_some)
{
	static const char barred[] = "the kernel has no room for its TCP-MD5 key: raise "
				     "net.core.optmem_max, which is 1 (tools/setup does)";

	for (bool reset : { false, true }) {
		optmem room;
		raw r;

		room.set("1");
		address(1), address(3); // in the network of `room`
		auto n = passive_node("secret");
		raws = { &r };
		EXPECT_EQ(barred, n->why());
		r.connect(raw_addr, a_addr);
		ASSERT_TRUE(until([&] { return r.was_reset; })) << "not without the key";
		pass(20000);
		EXPECT_EQ(1u, n->count(SPEAKER_STATE)) << "told once";
		n->reset(SPEAKER_PEER_RESET, 1, NOTIFY_CEASE, NOTIFY_CEASE_RESET);
		pass(100);
		EXPECT_EQ(barred, n->why());
		room.set("131072");
		if (reset)
			n->reset(SPEAKER_PEER_RESET, 1, NOTIFY_CEASE, NOTIFY_CEASE_RESET);
		ASSERT_TRUE(within(reset ? 100 : 6000, [&] {
			return n->why() == "its TCP-MD5 key is set now";
		})) << n->why();
		r.connect(raw_addr, a_addr, "secret");
		ASSERT_TRUE(until([&] { return r.count(BGP_OPEN); }));
		r.put(open_message(peer_asn, b_id) + keepalive_message());
		ASSERT_TRUE(until([&] { return n->count(SPEAKER_UP); }));
		r.close();
		nodes.clear();
	}
}

BY_BOTH_FAMILIES(listener);
INSTANTIATE_TEST_SUITE_P(by_ipv6, link_local_peer, testing::Values(FAMILY_IPV6));

} // namespace
