/* The slow path: what the main lcore does with what it was punted. */
#include <gtest/gtest.h>

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <signal.h>

#include <algorithm>
#include <vector>

#include "monitor.h"
#include "segments.h"
#include "slowpath_rig.h"

TEST_F(slow, bgp_before_arp_before_nd_before_the_rest)
{
	static const enum punt_class order[] = { PUNT_LOCAL, PUNT_ND, PUNT_ARP, PUNT_BGP };
	std::vector<uint16_t> seen;
	uint8_t octets[256];

	for (enum punt_class class_ : order) {
		for (uint16_t i = 0; i < 40; i++) { /* more than a burst of each */
			frame_fields f;

			f.sport = class_;
			punt_send(&punt, &counters, class_, frame(f));
		}
	}
	run();
	while (kernel_read(kernel, octets, sizeof(octets)) > 0)
		seen.push_back(octets[14 + 20 + 1]);
	ASSERT_EQ(160u, seen.size());
	EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
	EXPECT_EQ(160u, counters.to_kernel);
	expect_all_accounted();
}

/* Each of them costs a system call: many of them are no turn's work. */
TEST_F(slow, frames_of_the_kernel_wait_for_few_of_those_to_it)
{
	enum { PUNTED = 200, FEW = 128 };
	uint8_t octets[256];
	uint32_t taken = 0;

	for (uint16_t i = 0; i < PUNTED; i++)
		punt_send(&punt, &counters, PUNT_BGP, frame(frame_fields()));
	while (uint32_t n = slowpath_punts(s)) {
		EXPECT_LE(n, (uint32_t)FEW);
		taken += n;
		while (kernel_read(kernel, octets, sizeof(octets)) > 0)
			;
	}
	EXPECT_EQ((uint32_t)PUNTED, taken);
	EXPECT_EQ((uint64_t)PUNTED, counters.to_kernel);
	expect_all_accounted();
}

TEST_F(slow, what_the_kernel_refuses_is_counted)
{
	close(kernel);
	kernel = -1;
	signal(SIGPIPE, SIG_IGN);
	punt_send(&punt, &counters, PUNT_LOCAL, frame(frame_fields()));
	run();
	EXPECT_EQ(1u, counters.drop[DROP_LCP_REFUSED]);
	expect_all_accounted();
}

/* Control answers octets of BGP, and nothing else that comes: the main lcore waits awake for it; an
 * acknowledgement of the kernel is no answer. */
TEST_F(slow, an_answer_of_control_is_waited_for)
{
	auto segment = [this](uint16_t payload) {
		frame_fields f;

		f.protocol = IPPROTO_TCP;
		f.payload = (uint16_t)(12 + payload); /* the rest of a TCP header */
		struct rte_mbuf *m = frame(f);

		*((uint8_t *)(ip4_header(m) + 1) + 12) = 5 << 4;
		return m;
	};

	for (uint16_t payload : { 0, 1 }) {
		punt_send(&punt, &counters, PUNT_BGP, segment(payload));
		run();
		EXPECT_EQ(payload != 0, s->answer_until != 0);
	}
	EXPECT_EQ(0u, slowpath_lcp(s));
	s->answer_until = UINT64_MAX;
	for (uint16_t payload : { 0, 1 }) {
		struct rte_mbuf *m = segment(payload);

		memcpy(rte_pktmbuf_mtod(m, void *), host_mac, sizeof(host_mac));
		ASSERT_EQ(m->data_len,
			  kernel_write(kernel, rte_pktmbuf_mtod(m, void *), m->data_len));
		rte_pktmbuf_free(m);
		EXPECT_EQ(1u, slowpath_lcp(s));
		EXPECT_EQ(payload == 0, slowpath_waits(s));
		tx_flush(&s->tx);
		rte_pktmbuf_free(sent());
	}
}

/* What else the main lcore does takes as long as the answer. */
TEST_F(slow, what_keeps_house_gives_way_to_an_answer_for_a_millisecond)
{
	s->now_ms = 7;
	EXPECT_TRUE(slowpath_keeps_house(s));
	EXPECT_TRUE(slowpath_keeps_house(s)) << "there is nothing to wait for";
	s->answer_until = UINT64_MAX;
	EXPECT_FALSE(slowpath_keeps_house(s));
	s->now_ms++;
	EXPECT_TRUE(slowpath_keeps_house(s)) << "answers that never end starve nothing";
	EXPECT_FALSE(slowpath_keeps_house(s));
	s->adjacencies_stale = true;
	EXPECT_TRUE(slowpath_keeps_house(s)) << "packets may be lost until it is done";
	s->adjacencies_stale = false;
	s->answer_until = 1;
	EXPECT_TRUE(slowpath_keeps_house(s)) << "it does not come any more";
}

TEST_F(slow, frames_of_the_kernel_leave_by_the_port)
{
	const uint8_t octets[60] = { 1, 2, 3 };
	struct rte_mbuf *m;

	ASSERT_EQ(60, kernel_write(kernel, octets, sizeof(octets)));
	EXPECT_EQ(1u, slowpath_lcp(s));
	EXPECT_EQ(0u, slowpath_lcp(s));
	tx_flush(&s->tx);
	m = sent();
	ASSERT_NE(nullptr, m);
	ASSERT_EQ(60, m->data_len);
	EXPECT_EQ(0, memcmp(octets, rte_pktmbuf_mtod(m, void *), 60));
	rte_pktmbuf_free(m);
}

/* The kernel hands over many segments as one, more of them than a turn takes. */
TEST_F(slow, octets_of_the_kernel_leave_in_segments)
{
	uint32_t next, n = 0;
	octets frame, small;
	segment s1, s2;

	s1.payload = octets(60000, 7);
	s2.payload = octets(10, 9);
	frame = unsummed(frame_of(s1));
	small = frame_of(s2);
	for (octets *to_a_host : { &frame, &small })
		memcpy(to_a_host->data(), host_mac, sizeof(host_mac));
	ASSERT_EQ((ssize_t)frame.size(),
		  kernel_write(kernel, frame.data(), frame.size(), offload_of(frame, 500)));
	ASSERT_EQ((ssize_t)small.size(), kernel_write(kernel, small.data(), small.size()));
	next = s1.seq;
	while (slowpath_lcp(s)) {
		tx_flush(&s->tx);
		while (struct rte_mbuf *m = sent()) {
			std::string what;
			segment part = parse(octets_of(m), &what);

			EXPECT_EQ("", what);
			EXPECT_EQ(n < 120 ? next : s2.seq, part.seq);
			EXPECT_EQ(n < 120 ? 500u : 10u, part.payload.size());
			next += (uint32_t)part.payload.size();
			n++;
			rte_pktmbuf_free(m);
		}
	}
	EXPECT_EQ(121u, n);
	EXPECT_EQ(121u, counters.from_kernel);
}

TEST_F(slow, what_the_kernel_hands_over_and_nobody_can_send_is_counted)
{
	struct virtio_net_hdr offload = {};
	octets frame(60), large(5000);

	ASSERT_EQ(5000, kernel_write(kernel, large.data(), large.size()));
	offload.gso_type = VIRTIO_NET_HDR_GSO_UDP;
	offload.gso_size = 10;
	ASSERT_EQ(60, kernel_write(kernel, frame.data(), frame.size(), offload));
	offload = {};
	offload.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	offload.csum_start = 60;
	ASSERT_EQ(60, kernel_write(kernel, frame.data(), frame.size(), offload));
	EXPECT_EQ(0u, slowpath_lcp(s));
	EXPECT_EQ(3u, counters.drop[DROP_LCP_FRAME]);
	EXPECT_EQ(3u, counters.from_kernel);
}

/* The kernel gets a row of segments as one packet, and is told what it is; one alone as it is, and
 * whether its checksum is known to be good. */
TEST_F(slow, segments_reach_the_kernel_as_one)
{
	struct virtio_net_hdr offload;
	octets got(70000);
	ssize_t len;
	segment part;

	part.payload = octets(1000, 7);
	for (int i = 0; i < 5; i++) {
		punt_send(&punt, &counters, PUNT_BGP, mbuf_of(pool, frame_of(part)));
		part.seq += 1000;
	}
	run();
	EXPECT_NE(0u, s->answer_until);
	len = kernel_read(kernel, got.data(), got.size(), &offload);
	ASSERT_EQ(14 + 40 + 5000, len);
	EXPECT_EQ(VIRTIO_NET_HDR_GSO_TCPV4, offload.gso_type);
	EXPECT_EQ(VIRTIO_NET_HDR_F_NEEDS_CSUM, offload.flags);
	EXPECT_EQ(1000, offload.gso_size);
	EXPECT_EQ(54, offload.hdr_len);
	EXPECT_EQ(34, offload.csum_start);
	EXPECT_EQ(16, offload.csum_offset);
	for (bool known : { false, true }) {
		struct rte_mbuf *m = mbuf_of(pool, frame_of(part));

		if (known)
			m->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
		punt_send(&punt, &counters, PUNT_BGP, m);
		run();
		ASSERT_EQ(14 + 40 + 1000, kernel_read(kernel, got.data(), got.size(), &offload));
		EXPECT_EQ(VIRTIO_NET_HDR_GSO_NONE, offload.gso_type);
		EXPECT_EQ(known ? VIRTIO_NET_HDR_F_DATA_VALID : 0, offload.flags);
	}
	EXPECT_EQ(7u, counters.to_kernel);
	expect_all_accounted();
}

/* The parts put together are the packet, each part is within the MTU and has a good checksum and
 * the frame header. */
TEST_F(slow, parts_of_a_packet_that_is_too_big)
{
	for (uint16_t payload : { 1373, 1900 }) {
		std::vector<uint8_t> whole, parts;
		struct rte_mbuf *m;
		frame_fields f;

		f.payload = payload;
		m = frame(f);
		whole.assign((uint8_t *)(ip4_header(m) + 1),
			     rte_pktmbuf_mtod(m, uint8_t *) + m->data_len);
		punt_send(&punt, &counters, PUNT_FRAGMENT, m);
		run();
		while ((m = sent())) {
			struct rte_ipv4_hdr *ip = ip4_header(m);
			uint16_t offset = rte_be_to_cpu_16(ip->fragment_offset);

			EXPECT_EQ(1, m->nb_segs);
			EXPECT_EQ(0, memcmp(rte_pktmbuf_mtod(m, void *), &port.mac, 6));
			EXPECT_LE(rte_be_to_cpu_16(ip->total_length), MTU);
			EXPECT_EQ(m->data_len, 14 + rte_be_to_cpu_16(ip->total_length));
			EXPECT_EQ(0xffff, rte_raw_cksum(ip, sizeof(*ip)));
			EXPECT_EQ(parts.size(), 8u * (offset & RTE_IPV4_HDR_OFFSET_MASK));
			parts.insert(parts.end(), (uint8_t *)(ip + 1),
				     rte_pktmbuf_mtod(m, uint8_t *) + m->data_len);
			EXPECT_EQ(parts.size() < whole.size(), !!(offset & RTE_IPV4_HDR_MF_FLAG));
			rte_pktmbuf_free(m);
		}
		EXPECT_EQ(whole, parts);
	}
	expect_all_accounted();
}

TEST_F(slow, held_until_resolved)
{
	frame_fields f;
	struct host *host;
	struct rte_mbuf *m;

	for (int i = 0; i < NEIGHBOUR_HELD + 2; i++)
		punt_send(&punt, &counters, PUNT_GLEAN, frame(f));
	run();
	EXPECT_EQ(2u, counters.drop[DROP_GLEAN_FULL]);
	expect_all_accounted(NEIGHBOUR_HELD);
	host = neighbour_get(s->neighbours, 0, fib_addr_ip4(f.dst));
	ASSERT_NE(nullptr, host);
	neighbour_resolve(s->neighbours, host, host_mac, &port, s->now_ms);
	slowpath_release(s, host);
	punt_send(&punt, &counters, PUNT_GLEAN, frame(f)); /* on its way while that happened */
	run();
	for (int i = 0; i < NEIGHBOUR_HELD + 1; i++) {
		m = sent();
		ASSERT_NE(nullptr, m);
		EXPECT_EQ(0, memcmp(rte_pktmbuf_mtod(m, void *), host_mac, 6));
		EXPECT_EQ(f.ttl - 1, ip4_header(m)->time_to_live);
		rte_pktmbuf_free(m);
	}
	expect_all_accounted();
}

TEST_F(slow, what_was_held_is_not_sent_back_to_its_sender)
{
	frame_fields f;
	struct host *host;

	punt_send(&punt, &counters, PUNT_GLEAN, frame(f));
	run();
	host = neighbour_get(s->neighbours, 0, fib_addr_ip4(f.dst));
	ASSERT_NE(nullptr, host);
	neighbour_resolve(s->neighbours, host, far_mac, &port, s->now_ms);
	slowpath_release(s, host);
	tx_flush(&s->tx);
	EXPECT_EQ(nullptr, sent());
	EXPECT_EQ(1u, counters.drop[DROP_BOUNCE]);
	expect_all_accounted();
}

TEST_F(slow, answered_if_there_is_no_host)
{
	frame_fields f;
	struct host *host;
	struct rte_mbuf *m;

	punt_send(&punt, &counters, PUNT_GLEAN, frame(f));
	run();
	host = neighbour_get(s->neighbours, 0, fib_addr_ip4(f.dst));
	ASSERT_NE(nullptr, host);
	neighbour_unresolve(s->neighbours, host, HOST_FAILED, s->now_ms);
	slowpath_release(s, host);
	punt_send(&punt, &counters, PUNT_GLEAN, frame(f));
	run();
	EXPECT_EQ(2u, counters.drop[DROP_HOST_UNREACHABLE]);
	for (int i = 0; i < 2; i++) {
		m = sent();
		ASSERT_NE(nullptr, m);
		EXPECT_EQ(IPPROTO_ICMP, ip4_header(m)->next_proto_id);
		EXPECT_EQ(f.src, rte_be_to_cpu_32(ip4_header(m)->dst_addr));
		rte_pktmbuf_free(m);
	}
	expect_all_accounted();
}

/* Whatever was kept is sent only if it may pass now: what a forwarding lcore found, when it looked,
 * is history. */
namespace
{

enum kept { IN_GLEAN_RING, IN_FRAGMENT_RING, WITH_PENDING_HOST, WITH_HOST_TOO_BIG };
enum meanwhile { NOTHING, GATE_SHUT, ROUTE_MOVED, ROUTE_STAYED, OTHER_GATE_SHUT };

const struct kept_case {
	const char *name;
	enum kept kept;
	enum meanwhile meanwhile;
	bool host_found;      /* else it has no answer */
	enum drop_reason end; /* DROP_NONE: sent */
} kept_cases[] = {
	{ "ring, gate stays", IN_GLEAN_RING, NOTHING, true, DROP_NONE },
	{ "ring, gate shuts", IN_GLEAN_RING, GATE_SHUT, true, DROP_GATE_CLOSED },
	{ "ring, another gate shuts", IN_GLEAN_RING, OTHER_GATE_SHUT, true, DROP_NONE },
	{ "ring, route goes", IN_GLEAN_RING, ROUTE_MOVED, true, DROP_ROUTE_GONE },
	{ "ring, route is made anew", IN_GLEAN_RING, ROUTE_STAYED, true, DROP_NONE },
	{ "too big, gate stays", IN_FRAGMENT_RING, NOTHING, true, DROP_NONE },
	{ "too big, gate shuts", IN_FRAGMENT_RING, GATE_SHUT, true, DROP_GATE_CLOSED },
	{ "held, gate stays", WITH_PENDING_HOST, NOTHING, true, DROP_NONE },
	{ "held, gate shuts", WITH_PENDING_HOST, GATE_SHUT, true, DROP_GATE_CLOSED },
	{ "held, route goes", WITH_PENDING_HOST, ROUTE_MOVED, true, DROP_ROUTE_GONE },
	{ "held, route is made anew", WITH_PENDING_HOST, ROUTE_STAYED, true, DROP_NONE },
	{ "held for nobody", WITH_PENDING_HOST, NOTHING, false, DROP_HOST_UNREACHABLE },
	{ "held for nobody, gate shuts: no answer", WITH_PENDING_HOST, GATE_SHUT, false,
	  DROP_GATE_CLOSED },
	{ "held for nobody, route goes: no answer", WITH_PENDING_HOST, ROUTE_MOVED, false,
	  DROP_ROUTE_GONE },
	{ "held and too big", WITH_HOST_TOO_BIG, NOTHING, true, DROP_NONE },
	{ "held and too big, gate shuts", WITH_HOST_TOO_BIG, GATE_SHUT, true, DROP_GATE_CLOSED },
};

} // namespace

TEST_F(slow, what_was_kept_asks_the_gate_and_the_routes_again)
{
	for (const kept_case &t : kept_cases) {
		frame_fields f;
		struct host *host;
		struct rte_mbuf *m;
		unsigned parts = 0;
		bool in_ring = t.kept == IN_GLEAN_RING || t.kept == IN_FRAGMENT_RING;

		SCOPED_TRACE(t.name);
		memset(&counters, 0, sizeof(counters));
		f.payload = t.kept == IN_FRAGMENT_RING || t.kept == WITH_HOST_TOO_BIG ? 1500 : 26;
		punt_send(&punt, &counters, t.kept == IN_FRAGMENT_RING ? PUNT_FRAGMENT : PUNT_GLEAN,
			  frame(f));
		if (in_ring) {
			host = neighbour_add(s->neighbours, 0, fib_addr_ip4(f.dst), 1);
			neighbour_resolve(s->neighbours, host, host_mac, &port, 1);
		} else {
			run();
			ASSERT_EQ(0u, rte_ring_count(ring)) << "held";
		}
		if (t.meanwhile == GATE_SHUT)
			gate(false);
		else if (t.meanwhile == OTHER_GATE_SHUT)
			fib_gate_set(fib, fib->gate & ~(UINT64_C(1) << (PORT * FIB_VIEWS + PORT)));
		else if (t.meanwhile == ROUTE_MOVED)
			route(f.dst, 32, 0x0a010009);
		else if (t.meanwhile == ROUTE_STAYED)
			route(f.dst & 0xffff0000, 28, 0); /* longer than the seed's */
		host = neighbour_get(s->neighbours, 0, fib_addr_ip4(f.dst));
		ASSERT_NE(nullptr, host);
		if (!in_ring && t.host_found)
			neighbour_resolve(s->neighbours, host, host_mac, &port, s->now_ms);
		else if (!in_ring)
			neighbour_unresolve(s->neighbours, host, HOST_FAILED, s->now_ms);
		slowpath_release(s, host);
		run();
		while ((m = sent())) {
			EXPECT_EQ(t.end == DROP_HOST_UNREACHABLE,
				  ip4_header(m)->next_proto_id == IPPROTO_ICMP);
			parts++;
			rte_pktmbuf_free(m);
		}
		EXPECT_EQ(t.end == DROP_NONE || t.end == DROP_HOST_UNREACHABLE, parts > 0);
		for (int reason = 1; reason < DROP_REASONS; reason++)
			EXPECT_EQ(reason == t.end ? 1u : 0u, counters.drop[reason])
				<< drop_reason_name((enum drop_reason)reason);
		expect_all_accounted();
		neighbour_remove(s->neighbours, host);
		gate(true);
		forget_routes();
	}
}

TEST_F(slow, a_port_without_an_address_sends_no_errors)
{
	uint32_t addr = port.addr;

	port.addr = 0;
	punt_error(&punt, &counters, PUNT_ERROR_TTL_EXPIRED, 0, frame(frame_fields()));
	run();
	EXPECT_EQ(1u, counters.event[COUNTER_ICMP_FORBIDDEN]);
	EXPECT_EQ(nullptr, sent());
	port.addr = addr;
}

/* What a read of the kernel's table does not have is gone, unless the table has changed unseen
 * meanwhile: then the next read says what is. */
TEST_F(slow, a_read_with_events_lost_forgets_nobody)
{
	const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };
	struct host *host = neighbour_add(s->neighbours, 0, fib_addr_ip4(0x0a000063), 1);
	char buf[NETLINK_REQUEST];
	struct nlmsghdr *request = netlink_request(&s->events, buf, RTM_GETNEIGH, NLM_F_DUMP);
	auto *msg = (struct ndmsg *)mnl_nlmsg_put_extra_header(request, sizeof(struct ndmsg));

	msg->ndm_family = AF_INET;
	request->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
	neighbour_resolve(s->neighbours, host, mac, &port, 2);
	s->sweep = 1;
	s->sweep_seq = request->nlmsg_seq;
	s->next_link_ms = UINT64_MAX;
	s->sweeping = s->sweep_again = true;
	host->seen = 2; /* by the read that must follow */
	ASSERT_LT(0, mnl_socket_sendto(s->events.sock, request, request->nlmsg_len));
	while (s->sweep == 1 || s->sweeping) {
		monitor_events(s);
		s->now_ms += MONITOR_SWEEP_GAP_MS;
		monitor_turn(s);
	}
	EXPECT_EQ(2u, s->sweep) << "begun anew";
	EXPECT_FALSE(s->sweep_again);
	EXPECT_EQ(host, neighbour_get(s->neighbours, 0, fib_addr_ip4(0x0a000063)));
}
