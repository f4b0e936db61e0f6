/* The fast path, packet by packet. */
#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <set>
#include <vector>

#include "forward_rig.h"

namespace
{

struct verdict_case {
	const char *name;
	std::function<void(frame_fields &)> fields;   /* before the frame is built */
	std::function<void(struct rte_mbuf *)> spoil; /* and after */
	const char *end;
	int error; /* the enum punt_error that it leaves behind, or -1 */
};

const auto as_is = [](auto &&) {};

/* `edit` the header, and make its checksum right again. */
std::function<void(struct rte_mbuf *)> header(std::function<void(struct rte_ipv4_hdr *)> edit)
{
	return [edit](struct rte_mbuf *m) {
		edit(ip4_header(m));
		ip4_fix_checksum(ip4_header(m));
	};
}

std::function<void(frame_fields &)> dst(uint32_t addr)
{
	return [addr](frame_fields &f) { f.dst = addr; };
}

std::function<void(frame_fields &)> src(uint32_t addr)
{
	return [addr](frame_fields &f) { f.src = addr; };
}

std::function<void(struct rte_mbuf *)> ether_type(uint16_t type)
{
	return [type](struct rte_mbuf *m) {
		rte_pktmbuf_mtod(m, struct rte_ether_hdr *)->ether_type = rte_cpu_to_be_16(type);
	};
}

std::function<void(struct rte_mbuf *)> dst_mac(uint8_t first)
{
	return [first](struct rte_mbuf *m) {
		memset(&rte_pktmbuf_mtod(m, struct rte_ether_hdr *)->dst_addr, first, 6);
	};
}

/* Put a tag before what the frame carries. */
std::function<void(struct rte_mbuf *)> tagged(uint16_t type, uint16_t tci)
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

std::function<void(struct rte_mbuf *)> src_mac(const uint8_t *mac)
{
	return [mac](struct rte_mbuf *m) {
		memcpy(&rte_pktmbuf_mtod(m, struct rte_ether_hdr *)->src_addr, mac, 6);
	};
}

std::function<void(frame_fields &)> icmp(uint8_t type, uint32_t addr)
{
	return [type, addr](frame_fields &f) {
		f.protocol = IPPROTO_ICMP;
		f.sport = (uint16_t)(type << 8 | 1);
		f.dst = addr;
	};
}

/* All come in by port 0; what is not said leads to the gateway on port 1. */
const verdict_case verdicts[] = {
	{ "a good packet", as_is, as_is, "tx1", -1 },
	{ "padded by its link", as_is, [](auto m) { memset(rte_pktmbuf_append(m, 20), 0, 20); },
	  "tx1", -1 },
	{ "with options", [](auto &f) { f.options = 8; }, as_is, "tx1", -1 },
	{ "back where it came from", dst(remote_addr(0)), as_is, "tx0", -1 },
	{ "back to the very neighbour", dst(remote_addr(0)), src_mac(gateway_mac), "bounce", -1 },
	{ "from a gateway, by another port's", as_is, src_mac(gateway_mac), "tx1", -1 },
	{ "as long as the MTU", [](auto &f) { f.payload = MTU - 28; }, as_is, "tx1", -1 },

	{ "another host's MAC address", as_is, dst_mac(0x06), "not_our_mac", -1 },
	{ "ARP", as_is, ether_type(RTE_ETHER_TYPE_ARP), "punt_arp", -1 },
	{ "ARP by broadcast", as_is,
	  [](auto m) {
		  ether_type(RTE_ETHER_TYPE_ARP)(m);
		  dst_mac(0xff)(m);
	  },
	  "punt_arp", -1 },
	{ "IPv6", as_is, ether_type(RTE_ETHER_TYPE_IPV6), "ethertype", -1 },
	{ "a VLAN", as_is, tagged(0x8100, 7), "vlan_unknown", -1 },
	{ "a VLAN and a priority", as_is, tagged(0x8100, 0xc007), "vlan_unknown", -1 },
	{ "a priority and no VLAN", as_is, tagged(0x8100, 0xc000), "tx1", -1 },
	{ "no priority and no VLAN", as_is, tagged(0x8100, 0), "tx1", -1 },
	{ "such a tag within another", as_is,
	  [](auto m) {
		  tagged(0x8100, 0)(m);
		  tagged(0x8100, 0)(m);
	  },
	  "tx1", -1 },
	{ "a service tag of VLAN 0", as_is, tagged(0x88a8, 0), "tx1", -1 },
	{ "a tag and nothing in it", as_is,
	  [](auto m) {
		  ether_type(RTE_ETHER_TYPE_VLAN)(m);
		  rte_pktmbuf_trim(m, (uint16_t)(m->data_len - 17));
	  },
	  "frame_short", -1 },
	{ "ARP with a priority", as_is,
	  [](auto m) {
		  ether_type(RTE_ETHER_TYPE_ARP)(m);
		  tagged(0x8100, 0xc000)(m);
	  },
	  "punt_arp", -1 },
	{ "broadcast ARP with a priority", as_is,
	  [](auto m) {
		  ether_type(RTE_ETHER_TYPE_ARP)(m);
		  dst_mac(0xff)(m);
		  tagged(0x8100, 0xc000)(m);
	  },
	  "punt_arp", -1 },
	{ "IPv6 with a priority", as_is,
	  [](auto m) {
		  ether_type(RTE_ETHER_TYPE_IPV6)(m);
		  tagged(0x8100, 0xc000)(m);
	  },
	  "ethertype", -1 },
	{ "a priority, to another host", as_is,
	  [](auto m) {
		  dst_mac(0x06)(m);
		  tagged(0x8100, 0)(m);
	  },
	  "not_our_mac", -1 },
	{ "a priority and a bad checksum", as_is,
	  [](auto m) {
		  ip4_header(m)->hdr_checksum ^= 1;
		  tagged(0x8100, 0)(m);
	  },
	  "ip4_checksum", -1 },
	{ "a length for EtherType", as_is, ether_type(60), "ethertype", -1 },
	{ "unicast in a broadcast frame", as_is, dst_mac(0xff), "l2_broadcast", -1 },
	{ "unicast in a multicast frame", as_is, dst_mac(0x01), "l2_broadcast", -1 },

	{ "version 6", as_is, header([](auto ip) { ip->version_ihl = 0x65; }), "ip4_version", -1 },
	{ "version 0", as_is, header([](auto ip) { ip->version_ihl = 0x05; }), "ip4_version", -1 },
	{ "header of 16 octets", as_is, [](auto m) { ip4_header(m)->version_ihl = 0x44; },
	  "ip4_header_length", -1 },
	{ "header of none", as_is, [](auto m) { ip4_header(m)->version_ihl = 0x40; },
	  "ip4_header_length", -1 },
	{ "header longer than the packet", [](auto &f) { f.payload = 0; },
	  [](auto m) { ip4_header(m)->version_ihl = 0x4f; }, "ip4_total_length", -1 },
	{ "total length below the header's", as_is,
	  header([](auto ip) { ip->total_length = rte_cpu_to_be_16(19); }), "ip4_total_length",
	  -1 },
	{ "total length above the frame's", as_is,
	  header([](auto ip) { ip->total_length = rte_cpu_to_be_16(55); }), "ip4_total_length",
	  -1 },
	{ "total length 65535", as_is, header([](auto ip) { ip->total_length = 0xffff; }),
	  "ip4_total_length", -1 },
	{ "bad checksum", as_is, [](auto m) { ip4_header(m)->hdr_checksum ^= 1; }, "ip4_checksum",
	  -1 },
	{ "bad checksum that the device calls good", as_is,
	  [](auto m) {
		  ip4_header(m)->hdr_checksum ^= 1;
		  m->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	  },
	  "tx1", -1 },
	{ "source route", [](auto &f) { f.options = 8; },
	  header([](auto ip) { memcpy(ip + 1, "\x83\x07\x04\x0a\x00\x00\x01", 7); }),
	  "source_route", -1 },
	{ "option of no length", [](auto &f) { f.options = 4; },
	  header([](auto ip) { memcpy(ip + 1, "\x07\0", 2); }), "ip4_options", -1 },

	{ "from 0.0.0.0", src(0), as_is, "martian_source", -1 },
	{ "from 127.0.0.1", src(0x7f000001), as_is, "martian_source", -1 },
	{ "from 224.0.0.1", src(0xe0000001), as_is, "martian_source", -1 },
	{ "from 255.255.255.255", src(UINT32_MAX), as_is, "martian_source", -1 },
	{ "from our own address", src(port_addr(0)), as_is, "martian_source", -1 },
	{ "from our address on another port", src(port_addr(2)), as_is, "martian_source", -1 },
	{ "from our own address to us",
	  [](auto &f) {
		  f.src = port_addr(1);
		  f.dst = port_addr(0);
	  },
	  as_is, "martian_source", -1 },
	{ "from its subnet's broadcast", src(0x0a0000ff), as_is, "martian_source", -1 },
	{ "from it, with TTL 1: no error to all",
	  [](auto &f) {
		  f.src = 0x0a0000ff;
		  f.ttl = 1;
	  },
	  as_is, "martian_source", -1 },
	{ "from another port's broadcast", src(0x0a0300ff), as_is, "martian_source", -1 },
	{ "from its subnet itself", src(0x0a000000), as_is, "martian_source", -1 },
	{ "from a host that ends like our address", src(0xac100001), as_is, "tx1", -1 },
	{ "from a host that ends like a broadcast", src(0xac1000ff), as_is, "tx1", -1 },
	{ "to 0.0.0.1", dst(1), as_is, "martian_destination", -1 },
	{ "to 127.0.0.1", dst(0x7f000001), as_is, "martian_destination", -1 },
	{ "to 240.0.0.1", dst(0xf0000001), as_is, "martian_destination", -1 },
	{ "to 224.0.0.5", dst(0xe0000005), as_is, "multicast", -1 },
	{ "to 255.255.255.255", dst(UINT32_MAX), as_is, "broadcast", -1 },
	{ "to a subnet's broadcast", dst(0x0a0100ff), as_is, "broadcast", -1 },

	{ "to nowhere", dst(0xc0a80001), as_is, "no_route", PUNT_ERROR_NET_UNREACHABLE },
	{ "TTL 2", [](auto &f) { f.ttl = 2; }, as_is, "tx1", -1 },
	{ "TTL 1", [](auto &f) { f.ttl = 1; }, as_is, "ttl_expired", PUNT_ERROR_TTL_EXPIRED },
	{ "TTL 0", [](auto &f) { f.ttl = 0; }, as_is, "ttl_expired", PUNT_ERROR_TTL_EXPIRED },
	{ "TTL 1 to us",
	  [](auto &f) {
		  f.ttl = 1;
		  f.dst = port_addr(0);
	  },
	  as_is, "punt_local", -1 },
	{ "too big, may be cut", [](auto &f) { f.payload = MTU - 27; }, as_is, "punt_fragment",
	  -1 },
	{ "too big, may not",
	  [](auto &f) {
		  f.payload = MTU - 27;
		  f.fragment = RTE_IPV4_HDR_DF_FLAG;
	  },
	  as_is, "too_big", PUNT_ERROR_TOO_BIG },
	{ "to us", dst(port_addr(0)), as_is, "punt_local", -1 },
	{ "to us, by another port's address", dst(port_addr(2)), as_is, "punt_local", -1 },
	{ "a ping to us", icmp(8, port_addr(0)), as_is, "punt_local", -1 },
	{ "a redirect to us", icmp(5, port_addr(0)), as_is, "redirect", -1 },
	{ "a redirect to somebody else", icmp(5, remote_addr(1)), as_is, "tx1", -1 },
	{ "to a host not known", dst(0x0a010063), as_is, "punt_glean", -1 },
};

} // namespace

TEST_F(forward, verdicts)
{
	for (const struct screen *const *s = screens; *s; s++) {
		the->forwarder.screen = (*s)->usable() ? *s : screens[0];
		for (const verdict_case &t : verdicts) {
			frame_fields f = to(remote_addr(1));
			struct rte_mbuf *m, *about;

			memset(&the->counters, 0, sizeof(the->counters));
			t.fields(f);
			m = frame(0, f);
			t.spoil(m);
			send(0, &m, 1);
			EXPECT_EQ(t.end, ends()) << t.name;
			expect_all_accounted();
			about = error();
			EXPECT_EQ(t.error, about ? punt_note(about)->error : -1) << t.name;
			rte_pktmbuf_free(about);
			drain();
		}
	}
}

/* Whatever becomes of one, those around it pass, each with its own header, in order. */
TEST_F(forward, an_odd_packet_among_others)
{
	for (const verdict_case &t : verdicts) {
		for (uint16_t n = 2; n <= FORWARD_BURST; n = (uint16_t)(n * 2 + 3)) {
			struct rte_mbuf *m[FORWARD_BURST];
			uint16_t at = (uint16_t)(n / 3), next = 0;

			for (uint16_t i = 0; i < n; i++) {
				frame_fields f = to(remote_addr(2));

				f.ttl = (uint8_t)(100 + i);
				f.sport = i;
				if (i == at)
					t.fields(f = to(remote_addr(1)));
				m[i] = frame(0, f);
			}
			t.spoil(m[at]);
			send(0, m, n);
			expect_all_accounted();
			for (struct rte_mbuf *out; (out = sent(2)); rte_pktmbuf_free(out)) {
				const struct rte_ipv4_hdr *ip = ip4_header(out);

				next = (uint16_t)(next + (next == at));
				EXPECT_EQ(99 + next, ip->time_to_live) << t.name;
				EXPECT_EQ(0, rte_ipv4_cksum(ip)) << t.name;
				EXPECT_EQ(rte_cpu_to_be_16(next), *(const uint16_t *)(ip + 1));
				next++;
			}
			EXPECT_EQ(at + 1 == n ? at : n, next) << t.name;
			drain();
		}
	}
}

TEST_F(forward, rewritten_and_otherwise_untouched)
{
	std::mt19937 random(1);

	for (int ttl = 2; ttl < 256; ttl++) {
		frame_fields f = to(remote_addr(2));
		struct rte_mbuf *m, *out;
		std::vector<uint8_t> before;

		f.ttl = (uint8_t)ttl;
		f.src = 0x0a000000 + random() % 1000;
		m = frame(0, f);
		ip4_header(m)->type_of_service = (uint8_t)random();
		ip4_header(m)->packet_id = (uint16_t)random();
		ip4_fix_checksum(ip4_header(m));
		before.assign(rte_pktmbuf_mtod(m, uint8_t *),
			      rte_pktmbuf_mtod(m, uint8_t *) + m->data_len);
		send(0, &m, 1);
		out = sent(2);
		ASSERT_NE(nullptr, out) << "ttl " << ttl;
		memcpy(&before[0], gateway_mac, 6);
		memcpy(&before[6], &the->ports[2].mac, 6);
		before[14 + 8]--;
		ip4_fix_checksum((struct rte_ipv4_hdr *)&before[14]);
		EXPECT_EQ(before,
			  std::vector<uint8_t>(rte_pktmbuf_mtod(out, uint8_t *),
					       rte_pktmbuf_mtod(out, uint8_t *) + out->data_len))
			<< "ttl " << ttl;
		rte_pktmbuf_free(out);
	}
}

/* A closed gate comes before all answers: nothing is said of TTL, size or neighbour. */
TEST_F(forward, gate_of_every_pair_of_roles)
{
	for (int from = 0; from < PORTS; from++) {
		for (int egress = 0; egress < PORTS; egress++) {
			uint64_t bit = UINT64_C(1) << (from * FIB_VIEWS + egress);
			frame_fields f = to(remote_addr(egress)), late = f, big = f, on_link = f;
			struct rte_mbuf *m[4], *one;

			memset(&the->counters, 0, sizeof(the->counters));
			fib_gate_set(the->fib, bit);
			one = frame(from, f);
			send(from, &one, 1);
			EXPECT_EQ("tx" + std::to_string(egress), ends())
				<< from << " to " << egress;
			drain();

			memset(&the->counters, 0, sizeof(the->counters));
			fib_gate_set(the->fib, ~bit);
			late.ttl = 1;
			big.payload = 1800;
			big.fragment = RTE_IPV4_HDR_DF_FLAG;
			on_link.dst = port_addr(egress) + 5;
			m[0] = frame(from, f);
			m[1] = frame(from, late);
			m[2] = frame(from, big);
			m[3] = frame(from, on_link);
			send(from, m, 4);
			EXPECT_EQ("gate_closed gate_closed gate_closed gate_closed", ends());
			EXPECT_EQ(nullptr, error());
		}
	}
}

TEST_F(forward, unresolved_is_said_so)
{
	struct rte_mbuf *m = frame(0, to(remote_addr(1))), *about;

	adjacency_unresolve(adjacency(1));
	send(0, &m, 1);
	EXPECT_EQ("unresolved", ends());
	about = error();
	ASSERT_NE(nullptr, about);
	EXPECT_TRUE(the->forwarder.punted);
	EXPECT_EQ(PUNT_ERROR_HOST_UNREACHABLE, punt_note(about)->error);
	rte_pktmbuf_free(about);
}

TEST_F(forward, hosts_on_link)
{
	uint32_t addr = port_addr(1) + 9;
	struct host *host = neighbour_add(the->neighbours, 1, fib_addr_ip4(addr), 0);
	frame_fields big = to(addr);
	struct rte_mbuf *m = frame(0, to(addr)), *out;

	send(0, &m, 1);
	out = punted(PUNT_GLEAN);
	ASSERT_NE(nullptr, out) << "known, but not resolved";
	EXPECT_TRUE(the->forwarder.punted) << "the main lcore is to be told";
	the->forwarder.punted = false;
	EXPECT_EQ(1, punt_note(out)->port);
	EXPECT_EQ(64, ip4_header(out)->time_to_live) << "the main lcore will send it";
	rte_pktmbuf_free(out);

	neighbour_resolve(the->neighbours, host, host_mac, &the->ports[1], 0);
	m = frame(0, to(addr));
	send(0, &m, 1);
	out = sent(1);
	ASSERT_NE(nullptr, out);
	EXPECT_FALSE(the->forwarder.punted);
	EXPECT_EQ(0, memcmp(rte_pktmbuf_mtod(out, void *), host_mac, 6));
	EXPECT_EQ(63, ip4_header(out)->time_to_live);
	rte_pktmbuf_free(out);

	big.payload = 1700;
	m = frame(0, big);
	send(0, &m, 1);
	out = punted(PUNT_FRAGMENT);
	ASSERT_NE(nullptr, out);
	EXPECT_EQ(0, memcmp(rte_pktmbuf_mtod(out, void *), host_mac, 6))
		<< "cut for the host, not for the subnet";
	EXPECT_EQ(MTU, punt_note(out)->mtu);
	EXPECT_EQ(1, punt_note(out)->egress_role) << "what the gate was asked for";
	rte_pktmbuf_free(out);
	neighbour_remove(the->neighbours, host);
	expect_all_accounted();
}

TEST_F(forward, bgp_of_peers_has_its_own_class)
{
	const uint32_t addr = 0x0a000002;
	const struct fib_peer peer = { fib_addr_ip4(addr), 0 };
	frame_fields f = to(port_addr(0));
	struct rte_mbuf *m;

	ASSERT_EQ(0, fib_peers_set(the->fib, &peer, 1));
	f.src = addr;
	f.protocol = IPPROTO_TCP;
	for (int way = 0; way < 2; way++) {
		f.sport = way ? 179 : 40000;
		f.dport = way ? 40000 : 179;
		m = frame(0, f);
		send(0, &m, 1);
	}
	EXPECT_EQ("punt_bgp punt_bgp", ends());

	memset(&the->counters, 0, sizeof(the->counters));
	f.src = addr + 1;
	m = frame(0, f);
	send(0, &m, 1);
	EXPECT_EQ("punt_local", ends());
	EXPECT_EQ(1u, the->counters.event[COUNTER_BGP_UNKNOWN_PEER]);

	/* From the peer's address, but not where the peer is: to any address of ours. */
	for (int to_port : { 0, 3 }) {
		memset(&the->counters, 0, sizeof(the->counters));
		f = to(port_addr(to_port));
		f.src = addr;
		f.protocol = IPPROTO_TCP;
		f.sport = 40000;
		f.dport = 179;
		m = frame(3, f);
		send(3, &m, 1);
		EXPECT_EQ("bgp_wrong_port", ends());
	}

	memset(&the->counters, 0, sizeof(the->counters));
	f = to(port_addr(0));
	f.src = addr;
	f.protocol = IPPROTO_TCP;
	f.dport = 80;
	f.sport = 40000;
	m = frame(0, f);
	send(0, &m, 1);
	f.dport = 179;
	f.fragment = 100; /* what looks like a port is payload */
	m = frame(0, f);
	send(0, &m, 1);
	f.fragment = 0;
	f.payload = 4; /* too short for TCP */
	m = frame(0, f);
	send(0, &m, 1);
	EXPECT_EQ("punt_local punt_local punt_local", ends());
	ASSERT_EQ(0, fib_peers_set(the->fib, nullptr, 0));
}

TEST_F(forward, flows_stick_to_one_of_several_paths)
{
	uint16_t members[] = { the->gateway[1], the->gateway[2], the->gateway[3] };
	std::set<int> used;
	uint32_t list;

	ASSERT_EQ(0, fib_path_list_get(the->writer, members, 3, PATH_LIST_NONE, &list));
	ASSERT_EQ(0, fib_set(the->writer, 0, fib_ip4(0x0ac80000, 16), list));
	for (uint16_t flow = 0; flow < 64; flow++) {
		int first = -1;

		for (int again = 0; again < 3; again++) {
			frame_fields f = to(0x0ac80001);
			struct rte_mbuf *m, *out;

			f.sport = flow;
			f.payload = (uint16_t)(26 + again);
			m = frame(0, f);
			send(0, &m, 1);
			for (int p = 1; p < PORTS; p++) {
				out = sent(p);
				if (!out)
					continue;
				first = first < 0 ? p : first;
				EXPECT_EQ(first, p) << "flow " << flow;
				rte_pktmbuf_free(out);
			}
		}
		used.insert(first);
	}
	EXPECT_EQ((std::set<int>{ 1, 2, 3 }), used);

	used.clear();
	for (uint16_t flow = 0; flow < 64;
	     flow++) { /* fragments of one packet: no ports to tell them by */
		frame_fields f = to(0x0ac80001);
		struct rte_mbuf *m;

		f.sport = flow;
		f.fragment = RTE_IPV4_HDR_MF_FLAG | flow;
		m = frame(0, f);
		m->hash.rss = flow * 77;
		m->ol_flags |= RTE_MBUF_F_RX_RSS_HASH;
		send(0, &m, 1);
	}
	for (int p = 1; p < PORTS; p++)
		if (rte_ring_count(the->ring[p]))
			used.insert(p);
	EXPECT_EQ(1u, used.size());
	ASSERT_EQ(0, fib_del(the->writer, 0, fib_ip4(0x0ac80000, 16)));
	fib_path_list_put(the->writer, list);
}

TEST_F(forward, a_full_port_drops_and_counts)
{
	uint64_t n = 0;

	for (int burst = 0; burst < 2 * RING / FORWARD_BURST; burst++) {
		struct rte_mbuf *m[FORWARD_BURST];

		for (auto &one : m)
			one = frame(0, to(remote_addr(1)));
		send(0, m, FORWARD_BURST);
		n += FORWARD_BURST;
	}
	EXPECT_EQ(n - (RING - 1), the->counters.drop[DROP_TX_FULL]);
	expect_all_accounted();
}

TEST_F(forward, an_adjacency_of_no_port_drops)
{
	struct rte_mbuf *m = frame(0, to(remote_addr(1)));

	adjacency(1)->port = 99;
	send(0, &m, 1);
	adjacency(1)->port = 1;
	EXPECT_EQ("no_port", ends());
	expect_all_accounted();
}

/* Bursts of all sizes to one, several and many ports, some gathered and some handed on at once:
 * what leaves by a port leaves in the order in which it came. */
TEST_F(forward, order_by_any_number_of_ports)
{
	std::mt19937 random(5);

	for (int round = 0; round < 500; round++) {
		uint16_t sent_to[PORTS] = {}, got[PORTS] = {};
		uint32_t ports = 1 + (uint32_t)random() % PORTS;

		for (int burst = 0; burst < 3; burst++) {
			struct rte_mbuf *m[FORWARD_BURST];
			uint16_t n = (uint16_t)(1 + random() % FORWARD_BURST);

			for (uint16_t i = 0; i < n; i++) {
				int p = (int)(random() % ports);
				frame_fields f = to(remote_addr(p));

				f.sport = sent_to[p]++;
				m[i] = frame(0, f);
			}
			forward_burst(&the->forwarder, &the->ports[0], m, n);
		}
		tx_flush(&the->forwarder.tx);
		for (int p = 0; p < PORTS; p++) {
			for (struct rte_mbuf *m; (m = sent(p)); rte_pktmbuf_free(m)) {
				EXPECT_EQ(rte_cpu_to_be_16(got[p]),
					  *(const uint16_t *)(ip4_header(m) + 1));
				got[p]++;
			}
			ASSERT_EQ(sent_to[p], got[p]) << "port " << p << " of " << ports;
		}
		expect_all_accounted();
	}
}
