/* The host's own packets: what the kernel hands over by an LCP interface, here a socket pair, and
 * where it goes. */
#include "forward_rig.h"
#include "kernel_end.h"
#include "segments.h"

#include <functional>

#include <sys/socket.h>
#include <unistd.h>

#include <rte_icmp.h>

#include "ip6.h"
#include "self.h"
#include "slowpath.h"

namespace
{

enum {
	VNET = 3,
	FROM = 1
}; /* the rig's port of role vnet; the port whose interface the kernel sends by */

struct self : forward {
	struct slowpath *s = nullptr;
	struct lcp lcp[PORTS] = {};
	int kernel = -1;

	void SetUp() override
	{
		int pair[2];

		forward::SetUp();
		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair));
		for (struct lcp &l : lcp)
			l.fd = -1;
		lcp[FROM].fd = pair[0];
		lcp[FROM].frame = (uint8_t *)malloc(LCP_FRAME);
		kernel = pair[1];
		s = (struct slowpath *)calloc(1, sizeof(*s));
		s->fib = the->fib;
		s->tbl8_groups = the->fib->tbl8_groups;
		s->trie6_groups = the->fib->trie6_groups;
		s->neighbours = the->neighbours;
		s->sources = &the->sources;
		s->ports = the->ports;
		s->lcp = lcp;
		s->nb_ports = PORTS;
		s->punt = &the->punt;
		s->counters = &the->counters;
		s->pool = the->pool;
		s->indirect = the->pool;
		tx_init(&s->tx, &the->counters, the->ports, PORTS, 0);
		fib_gate_set(the->fib, 0); /* it is for transit */
	}
	void TearDown() override
	{
		free(s);
		close(kernel);
		close(lcp[FROM].fd);
		free(lcp[FROM].frame);
		forward::TearDown();
	}
	/* The kernel sends it to its router, which we are. */
	void hand(const frame_fields &f)
	{
		hand(frame(FROM, f));
	}
	void hand(struct rte_mbuf *m)
	{
		rte_pktmbuf_mtod(m, struct rte_ether_hdr *)->src_addr = the->ports[FROM].mac;
		ASSERT_EQ(m->data_len,
			  kernel_write(kernel, rte_pktmbuf_mtod(m, void *), m->data_len));
		rte_pktmbuf_free(m);
		EXPECT_EQ(1u, slowpath_lcp(s));
		tx_flush(&s->tx);
	}
	static std::string told6(const struct rte_ipv6_hdr *ip)
	{
		const uint8_t *icmp = (const uint8_t *)(ip + 1);
		struct fib_addr from = ip6_addr(ip->src_addr);

		EXPECT_FALSE(sources6_has(&the->sources.ip6, &from));
		EXPECT_EQ(0xffff, __rte_raw_cksum_reduce(
					  __rte_raw_cksum(icmp, rte_be_to_cpu_16(ip->payload_len),
							  rte_ipv6_phdr_cksum(ip, 0))));
		return std::to_string(icmp[0]) + "/" + std::to_string(icmp[1]) + " " +
		       std::to_string(icmp[6] << 8 | icmp[7]);
	}
	/* Type and code of the ICMP error that the kernel got; empty: none. */
	std::string told()
	{
		uint8_t octets[2048];
		ssize_t len = kernel_read(kernel, octets, sizeof(octets));
		auto *ip = (struct rte_ipv4_hdr *)(octets + 14);
		auto *icmp = (struct rte_icmp_hdr *)(ip + 1);

		if (len < 0)
			return "";
		EXPECT_EQ(0, memcmp(octets, &the->ports[FROM].mac, 6))
			<< "addressed to the interface";
		if (ip->version_ihl >> 4 == 6)
			return told6((struct rte_ipv6_hdr *)ip);
		EXPECT_FALSE(sources_has(&the->sources, rte_be_to_cpu_32(ip->src_addr)))
			<< "the kernel believes no errors from itself";
		return std::to_string(icmp->icmp_type) + "/" + std::to_string(icmp->icmp_code) +
		       " " + std::to_string(rte_be_to_cpu_16(icmp->icmp_seq_nb));
	}
};

struct rte_mbuf *ours6(struct fib_addr dst, const std::function<void(frame6_fields &)> &edit)
{
	frame6_fields f;

	f.src = port_addr6(0);
	f.dst = dst;
	edit(f);
	return frame6(FROM, f);
}

void as_is(frame6_fields &)
{
}

frame_fields ours(uint32_t dst)
{
	frame_fields f;

	f.src = port_addr(0);
	f.dst = dst;
	return f;
}

bool is_ip4(struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod(m, struct rte_ether_hdr *)->ether_type ==
	       rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
}

} // namespace

/* By the routes, whatever interface the kernel chose, with the TTL that it set. */
TEST_F(self, goes_where_the_hosts_view_says)
{
	for (int p = 0; p < PORTS; p++) {
		for (uint8_t ttl : { 1, 64, 255 }) {
			frame_fields f = ours(remote_addr(p));
			struct rte_mbuf *m;

			f.ttl = ttl;
			hand(f);
			m = sent(p);
			ASSERT_NE(nullptr, m) << ends();
			EXPECT_EQ(ttl, ip4_header(m)->time_to_live);
			EXPECT_EQ(0xffff, rte_raw_cksum(ip4_header(m), 20));
			EXPECT_EQ(0, memcmp(rte_pktmbuf_mtod(m, uint8_t *), gateway_mac, 6));
			EXPECT_EQ(0, memcmp(rte_pktmbuf_mtod(m, uint8_t *) + 6, &the->ports[p].mac,
					    6));
			EXPECT_TRUE(is_ip4(m));
			rte_pktmbuf_free(m);
			EXPECT_EQ("", told());
		}
	}
}

TEST_F(self, what_cannot_go_is_dropped_and_told)
{
	frame_fields f = ours(0xc0a80001);

	hand(f);
	EXPECT_EQ("no_route", ends());
	EXPECT_EQ("3/0 0", told());

	adjacency_unresolve(adjacency(2));
	hand(ours(remote_addr(2)));
	EXPECT_EQ("no_route unresolved", ends());
	EXPECT_EQ("3/1 0", told());

	adjacency(0)->mtu = NARROW;
	f = ours(remote_addr(0));
	f.payload = NARROW;
	f.fragment = RTE_IPV4_HDR_DF_FLAG;
	hand(f);
	EXPECT_EQ("no_route unresolved too_big", ends());
	EXPECT_EQ("3/4 1400", told());

	f.fragment = 0;
	hand(f);
	EXPECT_EQ("", told());
	for (int parts = 0; parts < 2; parts++) {
		struct rte_mbuf *m = sent(0);

		ASSERT_NE(nullptr, m);
		EXPECT_GE(NARROW, rte_be_to_cpu_16(ip4_header(m)->total_length));
		EXPECT_EQ(0, memcmp(rte_pktmbuf_mtod(m, uint8_t *), gateway_mac, 6));
		EXPECT_TRUE(is_ip4(m));
		rte_pktmbuf_free(m);
	}
}

/* No errors about errors; and what is not ours has no business there. */
TEST_F(self, what_is_not_answered)
{
	frame_fields f = ours(0xc0a80001);

	f.protocol = IPPROTO_ICMP;
	f.sport = 3 << 8;
	hand(f);
	EXPECT_EQ("no_route", ends());
	EXPECT_EQ("", told());
	f = ours(remote_addr(0));
	f.src = 0x0a00000a;
	hand(f);
	EXPECT_EQ("martian_source no_route", ends());
	f = ours(0xe0000001);
	hand(f);
	EXPECT_EQ("martian_source multicast no_route", ends());
	EXPECT_EQ("", told());
}

TEST_F(self, of_ipv6_goes_where_the_hosts_view_says)
{
	for (int p = 0; p < PORTS; p++) {
		for (uint8_t hops : { 1, 64, 255 }) {
			struct rte_mbuf *m;

			hand(ours6(remote_addr6(p), [&](auto &f) { f.hop_limit = hops; }));
			m = sent(p);
			ASSERT_NE(nullptr, m) << ends();
			EXPECT_EQ(hops, ip6_header(m)->hop_limits);
			EXPECT_EQ(0, memcmp(rte_pktmbuf_mtod(m, uint8_t *), gateway_mac, 6));
			EXPECT_EQ(0, memcmp(rte_pktmbuf_mtod(m, uint8_t *) + 6, &the->ports[p].mac,
					    6));
			EXPECT_EQ(rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6),
				  rte_pktmbuf_mtod(m, struct rte_ether_hdr *)->ether_type);
			rte_pktmbuf_free(m);
			EXPECT_EQ("", told());
		}
	}
}

/* None of it is sent in parts: the kernel does that. */
TEST_F(self, of_ipv6_that_cannot_go_is_dropped_and_told)
{
	hand(ours6(addr6("3fff::1"), as_is));
	EXPECT_EQ("no_route", ends());
	EXPECT_EQ("1/0 0", told());

	adjacency_unresolve(adjacency(2));
	hand(ours6(remote_addr6(2), as_is));
	EXPECT_EQ("no_route unresolved", ends());
	EXPECT_EQ("1/3 0", told());

	adjacency(0)->mtu = NARROW;
	hand(ours6(remote_addr6(0), [](auto &f) { f.payload = NARROW - 47; }));
	EXPECT_EQ("no_route unresolved too_big", ends());
	EXPECT_EQ("2/0 1400", told());
	hand(ours6(remote_addr6(0), [](auto &f) { f.payload = NARROW - 48; }));
	EXPECT_EQ("tx0 no_route unresolved too_big", ends());
	EXPECT_EQ("", told());
}

/* What is not ours, or is the link's, which the kernel sends by itself. */
TEST_F(self, of_ipv6_what_is_not_answered)
{
	hand(ours6(remote_addr6(0), [](auto &f) { f.src = addr6("2001:db8::2"); }));
	EXPECT_EQ("martian_source", ends());
	hand(ours6(addr6("fe80::2"), as_is));
	hand(ours6(addr6("ff02::2"), as_is));
	EXPECT_EQ("martian_source link_local link_local", ends());
	hand(ours6(addr6("3fff::1"), [](auto &f) {
		f.next = IPPROTO_ICMPV6;
		f.sport = 1 << 8;
	}));
	EXPECT_EQ("martian_source link_local link_local no_route", ends());
	EXPECT_EQ("", told());
}

/* What the kernel sends to a neighbour of its own, ARP too, leaves as it is, by the port of the
 * interface. */
TEST_F(self, the_kernels_own_frames_are_left_alone)
{
	for (uint16_t type : { RTE_ETHER_TYPE_ARP, RTE_ETHER_TYPE_IPV4, RTE_ETHER_TYPE_IPV6 }) {
		struct rte_mbuf *m = frame(FROM, ours(remote_addr(0))), *out;
		auto *ether = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);

		ether->ether_type = rte_cpu_to_be_16(type);
		if (type != RTE_ETHER_TYPE_ARP)
			memcpy(&ether->dst_addr, host_mac, 6);
		ASSERT_EQ(m->data_len, kernel_write(kernel, ether, m->data_len));
		EXPECT_EQ(1u, slowpath_lcp(s));
		tx_flush(&s->tx);
		out = sent(FROM);
		ASSERT_NE(nullptr, out);
		ASSERT_EQ(m->data_len, out->data_len);
		EXPECT_EQ(0, memcmp(ether, rte_pktmbuf_mtod(out, void *), m->data_len));
		rte_pktmbuf_free(m);
		rte_pktmbuf_free(out);
	}
	EXPECT_EQ("", ends());
}

/* Many segments as one, to a device that takes them so: by the routes, with the frame header of
 * that way. What cannot go is told segment by segment. */
TEST_F(self, many_segments_go_whole_where_the_hosts_view_says)
{
	struct rte_ether_addr macs[2];
	octets got(70000), frame;
	struct segment many;
	int pair[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair));
	many.src = port_addr(0);
	many.payload = octets(60000, 7);
	for (int p : { 0, 2 }) {
		the->devices[p].gso.fd = pair[0];
		the->devices[p].gso.open = true;
		many.dst = remote_addr(p);
		frame = unsummed(frame_of(many));
		memcpy(frame.data(), &the->ports[FROM].mac, 6);
		memcpy(frame.data() + 6, &the->ports[FROM].mac, 6);
		kernel_write(kernel, frame.data(), frame.size(), offload_of(frame, 1000));
		EXPECT_EQ(60u, slowpath_lcp(s));
		ASSERT_EQ((ssize_t)frame.size(), kernel_read(pair[1], got.data(), got.size()));
		memcpy(macs, got.data(), sizeof(macs));
		EXPECT_EQ(0, memcmp(&macs[0], gateway_mac, 6));
		EXPECT_EQ(0, memcmp(&macs[1], &the->ports[p].mac, 6));
		EXPECT_EQ(64, got[14 + 8]) << "the TTL stays";
		EXPECT_EQ(60u, the->devices[p].gso.packets);
	}
	many.dst = 0xc0a80001;
	many.payload.resize(2000);
	frame = unsummed(frame_of(many));
	memcpy(frame.data(), &the->ports[FROM].mac, 6);
	memcpy(frame.data() + 6, &the->ports[FROM].mac, 6);
	kernel_write(kernel, frame.data(), frame.size(), offload_of(frame, 1000));
	EXPECT_EQ(2u, slowpath_lcp(s));
	EXPECT_EQ("no_route no_route", ends());
	EXPECT_EQ("3/0 0", told());
	EXPECT_EQ("3/0 0", told());
	EXPECT_GT(0, kernel_read(pair[1], got.data(), got.size()));
	for (int fd : pair)
		close(fd);
	for (struct device &device : the->devices)
		device.gso = {};
}
