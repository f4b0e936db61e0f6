/* TCP of many segments to a device that takes it whole. The device's socket is a pair of ours. */
#include <gtest/gtest.h>

#include <fcntl.h>
#include <signal.h>

#include "segments.h"
#include "slowpath_rig.h"
#include "whole.h"

namespace
{

enum { ETHER = RTE_ETHER_HDR_LEN, MACS = 12, HEADERS = ETHER + 20 + 20 };

/* What a device got. */
struct taken {
	struct virtio_net_hdr offload;
	octets frame;
};

struct whole : slow {
	int wire = -1; /* the other end of the device's socket */

	void SetUp() override
	{
		int pair[2], size = 8 << 20;

		slow::SetUp();
		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair));
		setsockopt(pair[0], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
		device.gso = {};
		device.gso.fd = pair[0];
		device.gso.open = true;
		wire = pair[1];
		signal(SIGPIPE, SIG_IGN);
	}
	void TearDown() override
	{
		port.tags = {};
		port.mtu = MTU;
		gso_socket_close(&device.gso);
		close(wire);
		slow::TearDown();
	}
	/* `len` of its octets, as the kernel hands a frame for a host on link over. */
	octets hand(segment s, size_t size, uint8_t type = VIRTIO_NET_HDR_GSO_TCPV4)
	{
		struct virtio_net_hdr offload = {};
		octets frame = frame_of(s);

		memcpy(frame.data(), host_mac, sizeof(host_mac));
		offload.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		offload.gso_type = type;
		offload.gso_size = (uint16_t)size;
		EXPECT_EQ((ssize_t)frame.size(),
			  kernel_write(kernel, frame.data(), frame.size(), offload));
		return frame;
	}
	bool take(struct taken *t)
	{
		octets frame(70000);
		ssize_t len = kernel_read(wire, frame.data(), frame.size(), &t->offload);

		frame.resize(len < 0 ? 0 : (size_t)len);
		t->frame = frame;
		return len > 0;
	}
	/* What leaves by the port in segments. */
	std::vector<octets> segments()
	{
		std::vector<octets> all;

		while (slowpath_lcp(s)) {
			tx_flush(&s->tx);
			while (struct rte_mbuf *m = sent()) {
				all.push_back(octets_of(m));
				rte_pktmbuf_free(m);
			}
		}
		return all;
	}
	std::vector<octets> cut(const octets &frame, const struct virtio_net_hdr &offload)
	{
		std::vector<octets> all;
		struct tcp_cut cut = {};

		EXPECT_TRUE(tcp_cut_begin(&cut, &offload, frame.data(), frame.size()));
		while (tcp_cut_left(&cut)) {
			struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

			EXPECT_TRUE(tcp_cut_next(&cut, m));
			all.push_back(octets_of(m));
			rte_pktmbuf_free(m);
		}
		return all;
	}
	void tag(const octets &tags)
	{
		memcpy(port.tags.octets, tags.data(), tags.size());
		port.tags.len = (uint8_t)tags.size();
	}
};

const octets NO_TAGS = {}, ONE_TAG = { 0x81, 0, 0, 100 },
	     TWO_TAGS = { 0x88, 0xa8, 0, 200, 0x81, 0, 0, 100 };

const struct {
	const char *name;
	octets tags, ip_options, options;
	size_t payload, size, segments;
	uint8_t type;
} rows[] = {
	{ "two segments", NO_TAGS, {}, {}, 1201, 1200, 2, VIRTIO_NET_HDR_GSO_TCPV4 },
	{ "a whole number of them", NO_TAGS, {}, {}, 12000, 1200, 10, VIRTIO_NET_HDR_GSO_TCPV4 },
	{ "with timestamps", NO_TAGS, {}, TIMESTAMPS, 60000, 1348, 45, VIRTIO_NET_HDR_GSO_TCPV4 },
	{ "the largest that there is", NO_TAGS, {}, {}, 65495, 1360, 49, VIRTIO_NET_HDR_GSO_TCPV4 },
	{ "with options of IPv4", NO_TAGS, octets(8, 1), TIMESTAMPS, 5000, 1000, 5,
	  VIRTIO_NET_HDR_GSO_TCPV4 },
	{ "with all options that can be", NO_TAGS, octets(40, 1), octets(40, 1), 5000, 1000, 5,
	  VIRTIO_NET_HDR_GSO_TCPV4 },
	{ "whose sender's window was halved (RFC 3168)",
	  NO_TAGS,
	  {},
	  {},
	  5000,
	  1000,
	  5,
	  VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN },
	{ "with a tag", ONE_TAG, {}, TIMESTAMPS, 60000, 1348, 45, VIRTIO_NET_HDR_GSO_TCPV4 },
	{ "with two tags", TWO_TAGS, octets(4, 1), TIMESTAMPS, 60000, 1344, 45,
	  VIRTIO_NET_HDR_GSO_TCPV4 },
};

} // namespace

/* The device gets the frame as it is, with the port's tags, and is told where its headers are: cut
 * by that it is what we would have cut it to. */
TEST_F(whole, leaves_as_the_kernel_handed_it_over)
{
	uint64_t packets = 0, total = 0;

	for (const auto &row : rows) {
		struct taken t;
		octets frame, rest;
		segment s1;

		SCOPED_TRACE(row.name);
		s1.ip_options = row.ip_options;
		s1.options = row.options;
		s1.payload = octets(row.payload, 7);
		tag(row.tags);
		frame = hand(s1, row.size, row.type);
		EXPECT_EQ(row.segments, slowpath_lcp(s));
		tx_flush(&s->tx);
		EXPECT_EQ(nullptr, sent()) << "by the driver";
		ASSERT_TRUE(take(&t));

		size_t tcp = ETHER + 20 + row.ip_options.size();
		size_t headers = tcp + 20 + row.options.size(), tags = row.tags.size();

		EXPECT_EQ(VIRTIO_NET_HDR_F_NEEDS_CSUM, t.offload.flags);
		EXPECT_EQ(row.type, t.offload.gso_type);
		EXPECT_EQ(row.size, t.offload.gso_size);
		EXPECT_EQ(tags + headers, t.offload.hdr_len);
		EXPECT_EQ(tags + tcp, t.offload.csum_start);
		EXPECT_EQ(16, t.offload.csum_offset);
		EXPECT_EQ(octets(frame.begin(), frame.begin() + MACS),
			  octets(t.frame.begin(), t.frame.begin() + MACS));
		EXPECT_EQ(row.tags,
			  octets(t.frame.begin() + MACS, t.frame.begin() + MACS + (ssize_t)tags));
		t.frame.erase(t.frame.begin() + MACS, t.frame.begin() + MACS + (ssize_t)tags);
		EXPECT_EQ(cut(frame, t.offload), cut(t.frame, t.offload));
		/* the sum of the pseudo header, from which whoever cuts goes on */
		const uint8_t *at = t.frame.data();

		EXPECT_EQ(0xffff & ~slow_checksum(pseudo(at + ETHER, t.frame.size() - tcp)),
			  at[tcp + 16] << 8 | at[tcp + 17]);
		packets += row.segments;
		total += frame.size() + (row.segments - 1) * headers;
		EXPECT_EQ(packets, counters.from_kernel);
		EXPECT_EQ(packets, counters.tx);
		EXPECT_EQ(packets, device.gso.packets);
		EXPECT_EQ(total, device.gso.octets);
	}
	EXPECT_EQ(0u, counters.tx_bytes) << "of a port alone on its device the device's count";
}

TEST_F(whole, octets_of_a_port_that_shares_its_device_are_its_own)
{
	segment s1;

	s1.payload = octets(3000, 7);
	s->tx.queue[0].shared = true;
	hand(s1, 1000);
	EXPECT_EQ(3u, slowpath_lcp(s));
	EXPECT_EQ(3u * (HEADERS + 1000), counters.tx_bytes);
}

/* A flow's segments stay in order. */
TEST_F(whole, what_was_gathered_goes_first)
{
	octets first = frame_of(segment());
	struct rte_mbuf *m;
	struct taken t;
	segment s1;

	memcpy(first.data(), host_mac, sizeof(host_mac));
	ASSERT_EQ((ssize_t)first.size(), kernel_write(kernel, first.data(), first.size()));
	s1.payload = octets(3000, 7);
	hand(s1, 1000);
	EXPECT_EQ(4u, slowpath_lcp(s));
	m = sent();
	ASSERT_NE(nullptr, m) << "still gathered";
	EXPECT_EQ(first, octets_of(m));
	rte_pktmbuf_free(m);
	EXPECT_TRUE(take(&t));
}

/* A turn is bounded; what it left the next one finds. */
TEST_F(whole, a_turn_takes_a_few)
{
	struct taken t;
	segment s1;
	int n = 0;

	s1.payload = octets(30000, 7);
	for (int i = 0; i < 6; i++)
		hand(s1, 1000);
	EXPECT_EQ(4 * 30u, slowpath_lcp(s));
	EXPECT_EQ(2 * 30u, slowpath_lcp(s));
	while (take(&t))
		n++;
	EXPECT_EQ(6, n);
}

/* As a segment would: the flow is known by it, and control has answered. */
TEST_F(whole, shows_whose_flow_it_is)
{
	struct rte_mbuf *m;
	segment out, in;

	out.payload = octets(3000, 7);
	s->answer_until = UINT64_MAX;
	hand(out, 1000);
	EXPECT_EQ(3u, slowpath_lcp(s));
	EXPECT_EQ(0u, s->answer_until);
	std::swap(in.src, in.dst);
	std::swap(in.sport, in.dport);
	m = mbuf_of(pool, frame_of(in));
	EXPECT_TRUE(flows_admit(punt.flows, m, 0));
	rte_pktmbuf_free(m);
}

/* Whoever cannot take it gets segments. */
TEST_F(whole, is_cut_where_it_cannot_go)
{
	static const struct {
		const char *name;
		bool open, heard;
		uint16_t mtu, longer;
	} ways[] = {
		{ "no socket", false, true, MTU, 0 },
		{ "a segment is larger than the MTU", true, true, 1039, 0 },
		{ "the socket refuses", true, false, MTU, 0 },
		{ "octets behind the packet", true, true, MTU, 1 },
	};

	for (const auto &way : ways) {
		struct virtio_net_hdr offload = {};
		octets frame, payload;
		struct taken t;
		segment s1;
		bool other;

		SCOPED_TRACE(way.name);
		s1.payload = octets(2999, 7);
		frame = frame_of(s1);
		memcpy(frame.data(), host_mac, sizeof(host_mac));
		frame.insert(frame.end(), way.longer, 0);
		offload.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
		offload.gso_size = 1000;
		device.gso.open = way.open;
		port.mtu = way.mtu;
		if (!way.heard)
			close(wire);
		kernel_write(kernel, frame.data(), frame.size(), offload);
		for (const octets &o : segments()) {
			std::string what;
			segment part = parse(o, &what);

			EXPECT_EQ("", what);
			payload.insert(payload.end(), part.payload.begin(), part.payload.end());
		}
		payload.resize(payload.size() - way.longer);
		EXPECT_EQ(s1.payload, payload);
		other = way.heard && take(&t);
		EXPECT_FALSE(other);
		EXPECT_EQ(0u, device.gso.packets);
		device.gso.open = true;
		if (!way.heard) {
			gso_socket_close(&device.gso);
			wire = -1;
			TearDown();
			SetUp();
		}
	}
}

/* No MTU of the way to a host is asked for one segment more than it takes. */
TEST_F(whole, a_segment_fits_to_the_octet)
{
	struct taken t;
	segment s1;

	s1.payload = octets(3000, 7);
	port.mtu = 1040;
	hand(s1, 1000);
	EXPECT_EQ(3u, slowpath_lcp(s));
	EXPECT_TRUE(take(&t));
}

/* As with a driver's full queue: it is never tried again. */
TEST_F(whole, what_a_busy_device_does_not_take_is_lost_and_counted)
{
	uint64_t handed = 0, lost, taken = 0;
	struct taken t;
	segment s1;

	s1.payload = octets(60000, 7);
	while (!(lost = counters.drop[DROP_TX_FULL])) {
		ASSERT_GT(100000u, handed);
		hand(s1, 1000);
		handed += 60;
		EXPECT_EQ(60u, slowpath_lcp(s));
	}
	tx_flush(&s->tx);
	EXPECT_EQ(nullptr, sent());
	while (take(&t))
		taken += 60;
	EXPECT_EQ(60u, lost);
	EXPECT_EQ(handed, taken + lost);
	EXPECT_EQ(taken, counters.tx);
	EXPECT_EQ(taken, device.gso.packets);
	hand(s1, 1000);
	EXPECT_EQ(60u, slowpath_lcp(s));
	EXPECT_TRUE(take(&t)) << "it goes on";
}

/* Cut anywhere, also in the header of its offloads: nothing that is not all there leaves whole. */
TEST_F(whole, every_truncation_is_an_error)
{
	struct virtio_net_hdr offload = {};
	octets frame, all;
	struct taken t;
	segment s1;

	s1.payload = octets(300, 7);
	s1.options = TIMESTAMPS;
	frame = frame_of(s1);
	memcpy(frame.data(), host_mac, sizeof(host_mac));
	offload.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	offload.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	offload.gso_size = 100;
	all.assign((uint8_t *)&offload, (uint8_t *)(&offload + 1));
	all.insert(all.end(), frame.begin(), frame.end());
	for (size_t n = 1; n < all.size(); n++) {
		ASSERT_EQ((ssize_t)n, write(kernel, all.data(), n));
		segments();
		EXPECT_FALSE(take(&t)) << "cut to " << n;
	}
	ASSERT_EQ((ssize_t)all.size(), write(kernel, all.data(), all.size()));
	segments();
	EXPECT_TRUE(take(&t));
}
