/* TCP of many segments to a device that takes it whole. The device's socket is a pair of ours. */
#include <gtest/gtest.h>

#include <fcntl.h>
#include <signal.h>

#include "segments.h"
#include "slowpath_rig.h"
#include "whole.h"

namespace
{

enum { ETHER = RTE_ETHER_HDR_LEN, MACS = 12 };

/* What a device got. */
struct taken {
	struct virtio_net_hdr offload;
	octets frame;
};

struct whole : slow, testing::WithParamInterface<enum family> {
	int wire = -1; /* the other end of the device's socket */
	bool ip6 = GetParam() == FAMILY_IPV6;
	uint16_t headers = ip6 ? 60 : 40; /* octets, without options, behind Ethernet's */

	void SetUp() override
	{
		int pair[2], size = 8 << 20;

		slow::SetUp();
		segments_family = GetParam();
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
		segments_family = FAMILY_IPV4;
		slow::TearDown();
	}
	static octets to_host(const segment &s)
	{
		octets frame = unsummed(frame_of(s));

		memcpy(frame.data(), host_mac, sizeof(host_mac));
		return frame;
	}
	/* As the kernel hands a frame for a host on link over. */
	octets hand(const segment &s, size_t size, uint8_t ecn = 0)
	{
		octets frame = to_host(s);

		EXPECT_EQ((ssize_t)frame.size(), kernel_write(kernel, frame.data(), frame.size(),
							      offload_of(frame, size, ecn)));
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
	void tag(const octets &tags)
	{
		memcpy(port.tags.octets, tags.data(), tags.size());
		port.tags.len = (uint8_t)tags.size();
	}
};

const octets NO_TAGS = {}, ONE_TAG = { 0x81, 0, 0, 100 },
	     TWO_TAGS = { 0x88, 0xa8, 0, 200, 0x81, 0, 0, 100 };

/* Of IPv4, the packet fills the MTU or less; of IPv6 as much less as its headers are larger. */
const struct {
	const char *name;
	octets tags;
	size_t ip_words; /* of options: see ip_options() */
	octets options;
	size_t payload, size;
	uint8_t ecn;
} rows[] = {
	{ "two segments", NO_TAGS, 0, {}, 1201, 1200, 0 },
	{ "a whole number of them", NO_TAGS, 0, {}, 11800, 1200, 0 },
	{ "with timestamps", NO_TAGS, 0, TIMESTAMPS, 60000, 1348, 0 },
	{ "the largest that there is", NO_TAGS, 0, {}, 65495, 1360, 0 },
	{ "with options of IP", NO_TAGS, 2, TIMESTAMPS, 5000, 1000, 0 },
	{ "with all options that can be", NO_TAGS, 10, octets(40, 1), 5000, 1000, 0 },
	{ "whose sender's window was halved (RFC 3168)",
	  NO_TAGS,
	  0,
	  {},
	  5000,
	  1000,
	  VIRTIO_NET_HDR_GSO_ECN },
	{ "with a tag", ONE_TAG, 0, TIMESTAMPS, 60000, 1348, 0 },
	{ "with two tags", TWO_TAGS, 1, TIMESTAMPS, 60000, 1344, 0 },
};

} // namespace

/* The device gets the frame as it is, with the port's tags, and is told where its headers are: cut
 * by that it is what we would have cut it to. */
TEST_P(whole, leaves_as_the_kernel_handed_it_over)
{
	uint64_t packets = 0, total = 0;

	for (const auto &row : rows) {
		struct taken t;
		octets frame, rest;
		segment s1;

		SCOPED_TRACE(row.name);
		s1.ip_options = ip_options(row.ip_words);
		s1.options = row.options;

		size_t tcp = ETHER + headers - 20u + s1.ip_options.size();
		size_t in_front = tcp + 20 + row.options.size(), tags = row.tags.size();
		size_t size =
			row.size + ETHER + 40 + 4 * row.ip_words + row.options.size() - in_front;
		size_t payload = std::min<size_t>(row.payload, LCP_FRAME - in_front);
		size_t segments = (payload + size - 1) / size;

		s1.payload = octets(payload, 7);
		tag(row.tags);
		frame = hand(s1, size, row.ecn);
		EXPECT_EQ(segments, slowpath_lcp(s));
		tx_flush(&s->tx);
		EXPECT_EQ(nullptr, sent()) << "by the driver";
		ASSERT_TRUE(take(&t));

		EXPECT_EQ(VIRTIO_NET_HDR_F_NEEDS_CSUM, t.offload.flags);
		EXPECT_EQ(row.ecn | (ip6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4),
			  t.offload.gso_type);
		EXPECT_EQ(size, t.offload.gso_size);
		EXPECT_EQ(tags + in_front, t.offload.hdr_len);
		EXPECT_EQ(tags + tcp, t.offload.csum_start);
		EXPECT_EQ(16, t.offload.csum_offset);
		EXPECT_EQ(octets(frame.begin(), frame.begin() + MACS),
			  octets(t.frame.begin(), t.frame.begin() + MACS));
		EXPECT_EQ(row.tags,
			  octets(t.frame.begin() + MACS, t.frame.begin() + MACS + (ssize_t)tags));
		t.frame.erase(t.frame.begin() + MACS, t.frame.begin() + MACS + (ssize_t)tags);
		EXPECT_EQ(frame, t.frame);
		/* the sum of the pseudo header, from which whoever cuts goes on */
		const uint8_t *at = t.frame.data();

		EXPECT_EQ(0xffff & ~slow_checksum(pseudo(at + ETHER, t.frame.size() - tcp)),
			  at[tcp + 16] << 8 | at[tcp + 17]);
		packets += segments;
		total += frame.size() + (segments - 1) * in_front;
		EXPECT_EQ(packets, counters.from_kernel);
		EXPECT_EQ(packets, counters.tx);
		EXPECT_EQ(packets, device.gso.packets);
		EXPECT_EQ(total, device.gso.octets);
	}
	EXPECT_EQ(0u, counters.tx_bytes) << "of a port alone on its device the device's count";
}

TEST_P(whole, octets_of_a_port_that_shares_its_device_are_its_own)
{
	segment s1;

	s1.payload = octets(3000, 7);
	s->tx.queue[0].shared = true;
	hand(s1, 1000);
	EXPECT_EQ(3u, slowpath_lcp(s));
	EXPECT_EQ(3u * (ETHER + headers + 1000u), counters.tx_bytes);
}

/* A flow's segments stay in order. */
TEST_P(whole, what_was_gathered_goes_first)
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
TEST_P(whole, a_turn_takes_a_few)
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
TEST_P(whole, shows_whose_flow_it_is)
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
TEST_P(whole, is_cut_where_it_cannot_go)
{
	static const struct {
		const char *name;
		bool open, heard;
		uint16_t mtu;
	} ways[] = {
		{ "no socket", false, true, MTU },
		{ "a segment is larger than the MTU", true, true, 1039 },
		{ "the socket refuses", true, false, MTU },
	};

	for (const auto &way : ways) {
		octets payload;
		struct taken t;
		segment s1;
		bool other;

		SCOPED_TRACE(way.name);
		s1.payload = octets(2999, 7);
		device.gso.open = way.open;
		port.mtu = way.mtu;
		if (!way.heard)
			close(wire);
		hand(s1, 1000);
		for (const octets &o : segments()) {
			std::string what;
			segment part = parse(o, &what);

			EXPECT_EQ("", what);
			payload.insert(payload.end(), part.payload.begin(), part.payload.end());
		}
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
TEST_P(whole, a_segment_fits_to_the_octet)
{
	struct taken t;
	segment s1;

	s1.payload = octets(3000, 7);
	port.mtu = (uint16_t)(headers + 1000);
	hand(s1, 1000);
	EXPECT_EQ(3u, slowpath_lcp(s));
	EXPECT_TRUE(take(&t));
}

/* As with a driver's full queue: it is never tried again. */
TEST_P(whole, what_a_busy_device_does_not_take_is_lost_and_counted)
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
TEST_P(whole, every_truncation_is_an_error)
{
	struct virtio_net_hdr offload = {};
	octets frame, all;
	struct taken t;
	segment s1;

	s1.payload = octets(300, 7);
	s1.options = TIMESTAMPS;
	frame = to_host(s1);
	offload = offload_of(frame, 100);
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

OF_BOTH_FAMILIES(whole);
