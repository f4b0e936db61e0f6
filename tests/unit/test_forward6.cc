/* The fast path of IPv6, packet by packet. */
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "forward_rig.h"

namespace
{

using fields = std::function<void(frame6_fields &)>;
using spoil = std::function<void(struct rte_mbuf *)>;

struct verdict {
	const char *name;
	fields make;  /* before the frame is built */
	spoil change; /* and after */
	const char *end;
	int error; /* the enum punt_error that it leaves behind, or -1 */
};

const auto as_is = [](auto &&) {};

fields dst(const char *text)
{
	return [text](frame6_fields &f) { f.dst = addr6(text); };
}

fields src(const char *text)
{
	return [text](frame6_fields &f) { f.src = addr6(text); };
}

fields both(const char *from, const char *to)
{
	return [from, to](frame6_fields &f) {
		f.src = addr6(from);
		f.dst = addr6(to);
	};
}

fields icmp6(uint8_t type, const char *to, uint8_t hop_limit = 255)
{
	return [type, to, hop_limit](frame6_fields &f) {
		f.next = IPPROTO_ICMPV6;
		f.sport = (uint16_t)(type << 8);
		f.dst = addr6(to);
		f.hop_limit = hop_limit;
	};
}

spoil header(std::function<void(struct rte_ipv6_hdr *)> edit)
{
	return [edit](struct rte_mbuf *m) { edit(ip6_header(m)); };
}

spoil dst_mac(uint8_t first)
{
	return [first](struct rte_mbuf *m) {
		memset(&rte_pktmbuf_mtod(m, struct rte_ether_hdr *)->dst_addr, first, 6);
	};
}

/* Put a tag before what the frame carries. */
spoil tagged(uint16_t type, uint16_t tci)
{
	return [type, tci](struct rte_mbuf *m) {
		uint8_t *frame = (uint8_t *)rte_pktmbuf_prepend(m, 4);

		memmove(frame, frame + 4, 12);
		frame[12] = (uint8_t)(type >> 8);
		frame[13] = (uint8_t)type;
		frame[14] = (uint8_t)(tci >> 8);
		frame[15] = (uint8_t)tci;
	};
}

const std::string hop_by_hop("\x11\x00\x05\x02\x00\x00\x01\x00", 8);

/* All come in by port 0; what is not said leads to the gateway on port 1. */
const verdict verdicts[] = {
	{ "a good packet", as_is, as_is, "tx1", -1 },
	{ "with a flow label", [](auto &f) { f.label = 0xfffff; }, as_is, "tx1", -1 },
	{ "of another traffic class", as_is,
	  header([](auto ip) { ip->vtc_flow |= RTE_BE32(0x0ff00000); }), "tx1", -1 },
	{ "padded by its link", as_is, [](auto m) { memset(rte_pktmbuf_append(m, 20), 0, 20); },
	  "tx1", -1 },
	{ "a priority and no VLAN", as_is, tagged(0x8100, 0xc000), "tx1", -1 },
	{ "a VLAN", as_is, tagged(0x8100, 7), "vlan_unknown", -1 },
	{ "a priority, to another host", as_is,
	  [](auto m) {
		  dst_mac(0x06)(m);
		  tagged(0x8100, 0)(m);
	  },
	  "not_our_mac", -1 },
	{ "with an extension header",
	  [](auto &f) {
		  f.next = IPPROTO_HOPOPTS;
		  f.extensions = hop_by_hop;
	  },
	  as_is, "tx1", -1 },
	{ "nothing but a header, and that says so", as_is, header([](auto ip) {
		  ip->payload_len = 0;
		  ip->proto = 59;
	  }),
	  "tx1", -1 },
	{ "of NAT64's prefix", both("64:ff9b::c000:201", "2001:db8:101::5"), as_is, "tx1", -1 },
	{ "of a unique local address", src("fd00::1"), as_is, "tx1", -1 },
	{ "back where it came from", dst("2001:db8:100::5"), as_is, "tx0", -1 },
	{ "back to the very neighbour", dst("2001:db8:100::5"),
	  [](auto m) {
		  memcpy(&rte_pktmbuf_mtod(m, struct rte_ether_hdr *)->src_addr, gateway_mac, 6);
	  },
	  "bounce", -1 },

	{ "another host's MAC address", as_is, dst_mac(0x06), "not_our_mac", -1 },
	{ "unicast in a multicast frame", as_is, dst_mac(0x33), "l2_broadcast", -1 },
	{ "version 4", as_is, header([](auto ip) { ip->vtc_flow = RTE_BE32(0x45000000); }),
	  "ip6_version", -1 },
	{ "version 15", as_is, header([](auto ip) { ip->vtc_flow |= RTE_BE32(0xf0000000); }),
	  "ip6_version", -1 },
	{ "longer than its frame", as_is,
	  header([](auto ip) { ip->payload_len = rte_cpu_to_be_16(35); }), "ip6_payload_length",
	  -1 },
	{ "of 65,535 octets", as_is, header([](auto ip) { ip->payload_len = 0xffff; }),
	  "ip6_payload_length", -1 },
	{ "a jumbogram", as_is, header([](auto ip) {
		  ip->payload_len = 0;
		  ip->proto = IPPROTO_HOPOPTS;
	  }),
	  "ip6_payload_length", -1 },

	{ "from ::", src("::"), as_is, "martian_source", -1 },
	{ "from ::1", src("::1"), as_is, "martian_source", -1 },
	{ "from ::10.0.0.1", src("::10.0.0.1"), as_is, "martian_source", -1 },
	{ "from ::ffff:10.0.0.1", src("::ffff:10.0.0.1"), as_is, "martian_source", -1 },
	{ "from ff02::1", src("ff02::1"), as_is, "martian_source", -1 },
	{ "from ff0e::1", src("ff0e::1"), as_is, "martian_source", -1 },
	{ "from our own address", src("2001:db8::1"), as_is, "martian_source", -1 },
	{ "from our address on another port", src("2001:db8:2::1"), as_is, "martian_source", -1 },
	{ "from a host that ends like our address", src("2001:db8:77::1"), as_is, "tx1", -1 },
	{ "from one whose words fold alike", src("2001:db8::100:101"), as_is, "tx1", -1 },
	{ "to ::", dst("::"), as_is, "martian_destination", -1 },
	{ "to ::1", dst("::1"), as_is, "martian_destination", -1 },
	{ "to ::ffff:10.101.0.5", dst("::ffff:10.101.0.5"), as_is, "martian_destination", -1 },
	{ "to a group of this node", dst("ff01::1"), as_is, "multicast", -1 },
	{ "to a group of the site", dst("ff05::2"), as_is, "multicast", -1 },
	{ "to a group of all", dst("ff0e::1:1"), as_is, "multicast", -1 },
	{ "to a reserved group", dst("ff00::1"), as_is, "multicast", -1 },

	{ "to the link's nodes", both("fe80::2", "ff02::1"), as_is, "punt_local", -1 },
	{ "to a group of the link for a while", both("fe80::2", "ff12::1:3"), as_is, "punt_local",
	  -1 },
	{ "to a link-local address", both("fe80::2", "fe80::1"), as_is, "punt_local", -1 },
	{ "to it, from another network", dst("fe80::1"), as_is, "punt_local", -1 },
	{ "link-local, to somewhere else", src("fe80::2"), as_is, "link_local", -1 },
	{ "the last of those", src("febf:ffff::2"), as_is, "link_local", -1 },
	{ "site-local of old, which is like any", src("fec0::2"), as_is, "tx1", -1 },
	{ "link-local, to nowhere", both("fe80::2", "3fff::1"), as_is, "link_local", -1 },
	{ "link-local, to a host on link", both("fe80::2", "2001:db8:1::63"), as_is, "link_local",
	  -1 },
	{ "link-local, to us", both("fe80::2", "2001:db8::1"), as_is, "punt_local", -1 },
	{ "from nobody yet, to the link",
	  [](auto &f) {
		  icmp6(135, "ff02::1:ff00:1")(f);
		  f.src = addr6("::");
	  },
	  dst_mac(0x33), "punt_nd", -1 },
	{ "from nobody yet, to us", both("::", "2001:db8::1"), as_is, "martian_source", -1 },

	{ "a solicitation of us", icmp6(135, "2001:db8::1"), as_is, "punt_nd", -1 },
	{ "an advertisement", icmp6(136, "fe80::1"), as_is, "punt_nd", -1 },
	{ "an advertisement from our address, to all: a duplicate",
	  [](auto &f) {
		  icmp6(136, "ff02::1")(f);
		  f.src = port_addr6(0);
	  },
	  dst_mac(0x33), "punt_nd", -1 },
	{ "another packet to all from our address",
	  [](auto &f) {
		  icmp6(135, "ff02::1")(f);
		  f.src = port_addr6(0);
	  },
	  dst_mac(0x33), "martian_source", -1 },
	{ "an advertisement from our address to somebody else",
	  [](auto &f) {
		  icmp6(136, "2001:db8:101::5")(f);
		  f.src = port_addr6(0);
	  },
	  as_is, "martian_source", -1 },
	{ "a router's solicitation", icmp6(133, "ff02::2"), dst_mac(0x33), "punt_nd", -1 },
	{ "a router's advertisement", icmp6(134, "ff02::1"), dst_mac(0x33), "punt_nd", -1 },
	{ "a solicitation that was forwarded", icmp6(135, "2001:db8::1", 254), as_is,
	  "nd_hop_limit", -1 },
	{ "a solicitation of somebody else", icmp6(135, "2001:db8:101::5"), as_is, "tx1", -1 },
	{ "a redirect", icmp6(137, "2001:db8::1"), as_is, "redirect", -1 },
	{ "a ping to us", icmp6(128, "2001:db8::1", 64), as_is, "punt_local", -1 },
	{ "a ping without its type", icmp6(128, "2001:db8::1"),
	  header([](auto ip) { ip->payload_len = 0; }), "punt_local", -1 },
	{ "to us, by another port's address", dst("2001:db8:2::1"), as_is, "punt_local", -1 },
	{ "hop limit 1 to us",
	  [](auto &f) {
		  f.hop_limit = 1;
		  f.dst = port_addr6(0);
	  },
	  as_is, "punt_local", -1 },

	{ "to nowhere", dst("3fff::1"), as_is, "no_route", PUNT_ERROR_NET_UNREACHABLE },
	{ "hop limit 2", [](auto &f) { f.hop_limit = 2; }, as_is, "tx1", -1 },
	{ "hop limit 1", [](auto &f) { f.hop_limit = 1; }, as_is, "ttl_expired",
	  PUNT_ERROR_TTL_EXPIRED },
	{ "hop limit 0", [](auto &f) { f.hop_limit = 0; }, as_is, "ttl_expired",
	  PUNT_ERROR_TTL_EXPIRED },
	{ "as long as the MTU", [](auto &f) { f.payload = MTU - 48; }, as_is, "tx1", -1 },
	{ "too big", [](auto &f) { f.payload = MTU - 47; }, as_is, "too_big", PUNT_ERROR_TOO_BIG },
	{ "to a host not known", dst("2001:db8:1::63"), as_is, "punt_glean", -1 },
};

/* Which port a flow leaves by, of a route by gateways 1 to 3. */
struct several {
	const struct fib_prefix net = net6(addr6("2001:db8:fff::"), 48);
	uint32_t list = PATH_LIST_NONE;

	several()
	{
		uint16_t members[] = { the->gateway[1], the->gateway[2], the->gateway[3] };

		EXPECT_EQ(0, fib_path_list_get(the->writer, members, 3, PATH_LIST_NONE, &list));
		EXPECT_EQ(0, fib_set(the->writer, 0, net, list));
	}
	~several()
	{
		EXPECT_EQ(0, fib_del(the->writer, 0, net));
		fib_path_list_put(the->writer, list);
	}
	static frame6_fields flow(uint16_t sport)
	{
		frame6_fields f = to6(addr6("2001:db8:fff::5"));

		f.sport = sport;
		return f;
	}
	std::string end(const frame6_fields &f)
	{
		struct rte_mbuf *m = frame6(0, f);
		std::string text;

		memset(&the->counters, 0, sizeof(the->counters));
		forward::send(0, &m, 1);
		text = forward::ends();
		forward::drain();
		return text;
	}
	std::vector<std::string> ends(fields change = as_is)
	{
		std::vector<std::string> all;

		for (uint16_t sport = 0; sport < 64; sport++) {
			frame6_fields f = flow(sport);

			change(f);
			all.push_back(end(f));
		}
		return all;
	}
};

} // namespace

TEST_F(forward, verdicts_of_ip6)
{
	with_ip6 ports;

	for (const struct screen *const *s = screens; *s; s++) {
		the->forwarder.screen = (*s)->usable() ? *s : screens[0];
		for (const verdict &t : verdicts) {
			frame6_fields f = to6(remote_addr6(1));
			struct rte_mbuf *m, *about;

			memset(&the->counters, 0, sizeof(the->counters));
			t.make(f);
			m = frame6(0, f);
			t.change(m);
			send(0, &m, 1);
			EXPECT_EQ(t.end, ends()) << t.name << " " << (*s)->name;
			expect_all_accounted();
			about = error();
			EXPECT_EQ(t.error, about ? punt_note(about)->error : -1) << t.name;
			if (about && t.error == PUNT_ERROR_TOO_BIG) {
				EXPECT_EQ(MTU, punt_note(about)->mtu);
			}
			rte_pktmbuf_free(about);
			drain();
		}
	}
}

TEST_F(forward, ip6_of_a_port_without_it_is_no_type_of_ours)
{
	for (const verdict &t : verdicts) {
		frame6_fields f = to6(remote_addr6(1));
		struct rte_mbuf *m;
		bool other = strstr(t.name, "another host") || !strcmp(t.name, "a VLAN");

		memset(&the->counters, 0, sizeof(the->counters));
		t.make(f);
		m = frame6(0, f);
		t.change(m);
		send(0, &m, 1);
		EXPECT_EQ(other ? t.end : "ethertype", ends()) << t.name;
		expect_all_accounted();
		drain();
	}
}

/* Whatever becomes of one, those around it pass, each with its own header, in order. */
TEST_F(forward, an_odd_packet_of_ip6_among_others)
{
	with_ip6 ports;

	for (const verdict &t : verdicts) {
		for (uint16_t n = 2; n <= FORWARD_BURST; n = (uint16_t)(n * 2 + 3)) {
			struct rte_mbuf *m[FORWARD_BURST];
			uint16_t at = (uint16_t)(n / 3), next = 0;

			for (uint16_t i = 0; i < n; i++) {
				frame6_fields f = to6(remote_addr6(2));

				f.hop_limit = (uint8_t)(100 + i);
				if (i == at)
					t.make(f = to6(remote_addr6(1)));
				m[i] = frame6(0, f);
			}
			t.change(m[at]);
			send(0, m, n);
			expect_all_accounted();
			for (struct rte_mbuf *out; (out = sent(2)); rte_pktmbuf_free(out)) {
				next = (uint16_t)(next + (next == at));
				EXPECT_EQ(99 + next, ip6_header(out)->hop_limits) << t.name;
				next++;
			}
			EXPECT_EQ(at + 1 == n ? at : n, next) << t.name;
			drain();
		}
	}
}

TEST_F(forward, ip6_is_rewritten_and_otherwise_untouched)
{
	with_ip6 ports;

	for (const struct screen *const *s = screens; *s; s++) {
		the->forwarder.screen = (*s)->usable() ? *s : screens[0];
		for (int hop_limit = 2; hop_limit < 256; hop_limit++) {
			frame6_fields f = to6(remote_addr6(2));
			std::vector<uint8_t> before;
			struct rte_mbuf *m, *out;
			uint8_t *octets;

			f.hop_limit = (uint8_t)hop_limit;
			f.label = (uint32_t)hop_limit * 0x1011;
			m = frame6(0, f);
			octets = rte_pktmbuf_mtod(m, uint8_t *);
			before.assign(octets, octets + m->data_len);
			send(0, &m, 1);
			out = sent(2);
			ASSERT_NE(nullptr, out) << "hop limit " << hop_limit;
			memcpy(&before[0], gateway_mac, 6);
			memcpy(&before[6], &the->ports[2].mac, 6);
			before[14 + 7]--;
			octets = rte_pktmbuf_mtod(out, uint8_t *);
			EXPECT_EQ(before, std::vector<uint8_t>(octets, octets + out->data_len));
			rte_pktmbuf_free(out);
		}
	}
}

TEST_F(forward, the_gate_is_one_for_both_families)
{
	with_ip6 ports;

	for (int to = 0; to < PORTS; to++) {
		for (bool open : { false, true }) {
			struct rte_mbuf *m[2] = { frame6(0, to6(remote_addr6(to))),
						  frame(0, ::to(remote_addr(to))) };
			std::string tx = "tx" + std::to_string(to);

			memset(&the->counters, 0, sizeof(the->counters));
			fib_gate_set(the->fib, open ? UINT64_C(1) << to : ~(UINT64_C(1) << to));
			send(0, m, 2);
			EXPECT_EQ(open ? tx + " " + tx : "gate_closed gate_closed", ends());
			drain();
		}
	}
}

TEST_F(forward, bgp_of_peers_of_ip6_has_its_own_class)
{
	static const struct fib_addr peer = { { 0x20010db8, 0, 0, 9 } };
	static const struct fib_addr on_link = { { 0xfe800000, 0, 0, 9 } };
	const struct fib_peer peers[] = { { peer, 0 }, { on_link, 3 } };
	const struct {
		const char *what;
		int from; /* the port */
		fields make;
		const char *end;
	} rows[] = {
		{ "calls us", 0, as_is, "punt_bgp" },
		{ "was called", 0, [](auto &f) { f.sport = 179, f.dport = 40000; }, "punt_bgp" },
		{ "where it is not", 3, as_is, "bgp_wrong_port" },
		{ "on its link", 3, [](auto &f) { f.src = on_link; }, "punt_bgp" },
		{ "the same on another link", 0, [](auto &f) { f.src = on_link; }, "punt_local" },
		{ "nobody", 0, [](auto &f) { f.src.word[3]++; }, "punt_local" },
		{ "not BGP", 0, [](auto &f) { f.dport = 80; }, "punt_local" },
		{ "no TCP", 0, [](auto &f) { f.next = IPPROTO_UDP; }, "punt_local" },
		{ "too short for TCP", 0, [](auto &f) { f.payload = 4; }, "punt_local" },
	};
	with_ip6 ports;

	ASSERT_EQ(0, fib_peers_set(the->fib, peers, 2));
	for (const auto &row : rows) {
		frame6_fields f = to6(port_addr6(row.from));
		struct rte_mbuf *m;

		memset(&the->counters, 0, sizeof(the->counters));
		f.src = peer;
		f.next = IPPROTO_TCP;
		f.sport = 40000;
		f.dport = 179;
		row.make(f);
		m = frame6(row.from, f);
		send(row.from, &m, 1);
		EXPECT_EQ(row.end, ends()) << row.what;
		drain();
	}
	ASSERT_EQ(0, fib_peers_set(the->fib, nullptr, 0));
}

TEST_F(forward, hosts_of_ip6_on_link)
{
	struct fib_addr addr = addr6("2001:db8:1::63");
	struct host *host = neighbour_add(the->neighbours, 1, addr, 0);
	with_ip6 ports;
	const struct {
		const char *what;
		fields make;
		const char *end;
	} rows[] = {
		{ "known", as_is, "tx1" },
		{ "too big for it", [](auto &f) { f.payload = MTU; }, "too_big" },
		{ "one like it", [](auto &f) { f.dst.word[2] = 1; }, "punt_glean" },
		{ "at the end of its way", [](auto &f) { f.hop_limit = 1; }, "ttl_expired" },
	};

	ASSERT_NE(nullptr, host);
	neighbour_resolve(the->neighbours, host, host_mac, &the->ports[1], 0);
	for (const auto &row : rows) {
		frame6_fields f = to6(addr);
		struct rte_mbuf *m, *out;

		memset(&the->counters, 0, sizeof(the->counters));
		row.make(f);
		m = frame6(0, f);
		send(0, &m, 1);
		EXPECT_EQ(row.end, ends()) << row.what;
		out = sent(1);
		if (out) {
			EXPECT_EQ(0, memcmp(rte_pktmbuf_mtod(out, uint8_t *), host_mac, 6));
		}
		rte_pktmbuf_free(out);
		drain();
	}
	neighbour_remove(the->neighbours, host);
}

/* What tells flows apart, and what does not. */
TEST_F(forward, flows_of_ip6_stick_to_one_of_several_paths)
{
	const std::string fragment("\x11\x00\x00\x01\x12\x34\x56\x78", 8);
	with_ip6 ports;
	several paths;
	auto by_ports = paths.ends();
	auto one_label = paths.ends([](auto &f) { f.label = 0x12345; });
	auto is_fragment = [&](auto &f) {
		f.next = IPPROTO_FRAGMENT;
		f.extensions = fragment;
	};
	auto labelled = paths.ends([](auto &f) { f.label = f.sport + 1u; });

	EXPECT_EQ(3u, std::set<std::string>(by_ports.begin(), by_ports.end()).size());
	EXPECT_EQ(by_ports, paths.ends()) << "each stays where it went";
	EXPECT_EQ(by_ports, paths.ends([](auto &f) { f.hop_limit = 9; }));
	EXPECT_EQ(by_ports, paths.ends([](auto &f) {
		f.next = IPPROTO_HOPOPTS;
		f.extensions = hop_by_hop;
	})) << "ports are found behind extension headers";
	EXPECT_EQ(1u, std::set<std::string>(one_label.begin(), one_label.end()).size())
		<< "a label says which flow it is";
	EXPECT_EQ(3u, std::set<std::string>(labelled.begin(), labelled.end()).size());
	EXPECT_EQ(labelled, paths.ends([&](auto &f) {
		f.label = f.sport + 1u;
		is_fragment(f);
	})) << "with a label, fragments go where the rest goes";
	auto fragments = paths.ends(is_fragment);
	EXPECT_EQ(1u, std::set<std::string>(fragments.begin(), fragments.end()).size())
		<< "all parts of a packet take one path";
}

/* By every variant, and by bursts, each flow goes where it goes alone. */
TEST_F(forward, flows_of_ip6_in_bursts)
{
	with_ip6 ports;
	several paths;

	for (const struct screen *const *s = screens; *s; s++) {
		std::map<std::string, int> want, got;
		struct rte_mbuf *m[FORWARD_BURST];

		the->forwarder.screen = (*s)->usable() ? *s : screens[0];
		for (const std::string &end : paths.ends())
			want[end]++;
		for (uint16_t i = 0; i < FORWARD_BURST; i++)
			m[i] = frame6(0, paths.flow(i));
		send(0, m, FORWARD_BURST);
		for (int p = 0; p < PORTS; p++) {
			for (struct rte_mbuf *out; (out = sent(p)); rte_pktmbuf_free(out))
				got["tx" + std::to_string(p)]++;
		}
		EXPECT_EQ(want, got) << (*s)->name;
	}
}

TEST_F(forward, flows_of_ip6_whose_next_hop_is_lost)
{
	with_ip6 ports;
	several paths;
	auto before = paths.ends();

	adjacency_unresolve(adjacency(2));
	auto after = paths.ends();
	for (size_t flow = 0; flow < before.size(); flow++) {
		if (before[flow] != "tx2")
			EXPECT_EQ(before[flow], after[flow]) << flow;
		else
			EXPECT_TRUE(after[flow] == "tx1" || after[flow] == "tx3") << after[flow];
	}
	EXPECT_EQ(after, paths.ends()) << "each stays where it went";
	for (int p = 1; p < PORTS; p++)
		adjacency_unresolve(adjacency(p));
	EXPECT_EQ("unresolved", paths.end(paths.flow(7)));
	adjacency_resolve(adjacency(3), gateway_mac, the->ports[3].mac.addr_bytes);
	for (uint16_t flow = 0; flow < before.size(); flow++) {
		EXPECT_EQ("tx3", paths.end(paths.flow(flow)));
		EXPECT_EQ(before[flow] != "tx3", the->counters.event[COUNTER_REPAIRED]);
	}
}

/* A way through the table that does not end. */
TEST_F(forward, a_spoilt_table_of_ip6_drops)
{
	struct trie6_shared *table = the->fib->generation[the->fib->active].view[0].trie6;
	uint32_t *root = &table->root[0x3ffe], group = the->fib->trie6_groups - 1;
	uint32_t spoilt = UINT32_C(1) << TRIE6_LEN_SHIFT | TRIE6_IS_GROUP | group;
	frame6_fields f = to6(addr6("3ffe::1"));
	with_ip6 ports;

	for (const struct screen *const *s = screens; *s; s++) {
		struct rte_mbuf *m = frame6(0, f);

		the->forwarder.screen = (*s)->usable() ? *s : screens[0];
		memset(&the->counters, 0, sizeof(the->counters));
		*root = spoilt;
		for (uint32_t &entry : table->groups[group])
			entry = spoilt;
		send(0, &m, 1);
		*root = 0;
		EXPECT_EQ("table_spoilt", ends()) << (*s)->name;
		drain();
	}
}
