/* Frames of the kernel for many segments: cut to what it would have sent itself. */
#include <gtest/gtest.h>

#include <random>

#include "segments.h"
#include "tcp_cut.h"

namespace
{

struct cutting : segments_test {
	static struct virtio_net_hdr gso(size_t size, uint8_t type = VIRTIO_NET_HDR_GSO_TCPV4)
	{
		struct virtio_net_hdr offload = {};

		offload.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		offload.gso_type = type;
		offload.gso_size = (uint16_t)size;
		return offload;
	}
	/* All of them. */
	static std::vector<octets> cut(const octets &frame, size_t size)
	{
		struct virtio_net_hdr offload = gso(size);
		std::vector<octets> all;
		struct tcp_cut cut = {};

		if (!tcp_cut_begin(&cut, &offload, frame.data(), frame.size()))
			return {};
		while (tcp_cut_left(&cut)) {
			struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

			if (tcp_cut_next(&cut, m)) {
				EXPECT_EQ(1, m->nb_segs);
				all.push_back(octets_of(m));
			}
			rte_pktmbuf_free(m);
		}
		return all;
	}
	/* They are `whole`, octet by octet and header by header. */
	static void expect_whole(const segment &whole, size_t size, const std::vector<octets> &all)
	{
		octets payload;

		ASSERT_EQ((whole.payload.size() + size - 1) / size, all.size());
		for (size_t i = 0; i < all.size(); i++) {
			bool last = i == all.size() - 1;
			std::string what;
			segment s = parse(all[i], &what), expected = whole;

			EXPECT_EQ("", what) << "segment " << i << " of " << size;
			expected.seq = (uint32_t)(whole.seq + payload.size());
			expected.id = (uint16_t)(whole.id + i);
			if (!last)
				expected.flags &= (uint8_t) ~(RTE_TCP_PSH_FLAG | RTE_TCP_FIN_FLAG);
			if (i)
				expected.flags &= (uint8_t)~RTE_TCP_CWR_FLAG;
			expected.payload = s.payload;
			EXPECT_EQ(frame_of(expected), all[i]) << "segment " << i << " of " << size;
			EXPECT_TRUE(last ? s.payload.size() <= size : s.payload.size() == size);
			payload.insert(payload.end(), s.payload.begin(), s.payload.end());
		}
		EXPECT_EQ(whole.payload, payload);
	}
};

} // namespace

TEST_F(cutting, every_segment_size)
{
	segment s;

	s.payload = any(2921); /* odd, and two of the usual size and one octet */
	s.options = TIMESTAMPS;
	s.flags = RTE_TCP_ACK_FLAG | RTE_TCP_PSH_FLAG;
	s.seq = UINT32_MAX - 1000; /* it wraps */
	for (size_t size = 3; size <= 1500; size++)
		expect_whole(s, size, cut(frame_of(s), size));
}

TEST_F(cutting, whatever_the_headers_say)
{
	for (int i = 0; i < 500; i++) {
		size_t size = 1 + random() % 1400;
		segment s;

		s.payload = any(1 + random() % (size < 100 ? 3000 : 65000));
		s.options = any(random() % 11 * 4);
		s.ip_options = octets(random() % 11 * 4, 1);
		while (s.payload.size() + 40 + s.options.size() + s.ip_options.size() > 65535)
			s.payload.pop_back();
		s.flags = (uint8_t)(RTE_TCP_ACK_FLAG |
				    (random() & (RTE_TCP_PSH_FLAG | RTE_TCP_FIN_FLAG |
						 RTE_TCP_CWR_FLAG | RTE_TCP_ECE_FLAG)));
		s.seq = (uint32_t)random();
		s.ack = (uint32_t)random();
		s.id = (uint16_t)random();
		s.tos = (uint8_t)random();
		s.fragment = random() % 2 ? RTE_IPV4_HDR_DF_FLAG : 0;
		if (size + 54 + s.options.size() + s.ip_options.size() > 2048)
			continue;
		expect_whole(s, size, cut(frame_of(s), size));
		if (HasFailure())
			return;
	}
}

/* The kernel says no such thing; whoever does makes us read no octet that is not there. */
TEST_F(cutting, what_cannot_be_cut_is_refused)
{
	segment s;

	s.payload = any(100);
	s.options = TIMESTAMPS;

	const octets good = frame_of(s);
	struct virtio_net_hdr offload = gso(50);
	struct tcp_cut cut = {};

	EXPECT_TRUE(tcp_cut_begin(&cut, &offload, good.data(), good.size()));
	for (size_t len = 0; len <= good.size() - 100; len++) {
		octets shorter(good.begin(), good.begin() + (long)len);

		EXPECT_FALSE(tcp_cut_begin(&cut, &offload, shorter.data(), len)) << len;
	}
	for (uint8_t type :
	     { VIRTIO_NET_HDR_GSO_NONE, VIRTIO_NET_HDR_GSO_UDP, VIRTIO_NET_HDR_GSO_TCPV6 }) {
		struct virtio_net_hdr other = gso(50, type);

		EXPECT_FALSE(tcp_cut_begin(&cut, &other, good.data(), good.size()));
	}
	offload = gso(50, VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN);
	EXPECT_TRUE(tcp_cut_begin(&cut, &offload, good.data(), good.size()));
	offload = gso(0);
	EXPECT_FALSE(tcp_cut_begin(&cut, &offload, good.data(), good.size()));
	offload = gso(50);
	/* octet of the frame, and what it is instead */
	for (auto [at, value] : { std::pair{ 12, 0x86 },
				  { 14, 0x44 },
				  { 14, 0x4f },
				  { 23, 17 },
				  { 46, 0x40 },
				  { 46, 0xf0 } }) {
		octets bad = good;

		bad[(size_t)at] = (uint8_t)value;
		bad.resize(good.size() - 80); /* so that longer headers are not there */
		EXPECT_FALSE(tcp_cut_begin(&cut, &offload, bad.data(), bad.size())) << at;
	}
}

TEST_F(cutting, what_no_buffer_holds_is_given_up)
{
	segment s;

	s.payload = any(5000);
	EXPECT_TRUE(cut(frame_of(s), 3000).empty());
}

TEST_F(cutting, checksums_are_completed)
{
	for (uint8_t protocol : { IPPROTO_TCP, IPPROTO_UDP }) {
		for (size_t len = 20; len < 400; len++) {
			uint16_t field = protocol == IPPROTO_TCP ? 16 : 6;
			struct virtio_net_hdr offload = {};
			segment s;

			s.payload = any(len - 20);
			octets frame = frame_of(s);
			uint8_t *ip = frame.data() + 14, *l4 = ip + 20;

			ip[9] = protocol;
			put16(l4 + field, 0);
			uint16_t expected = slow_tcp_checksum(ip, l4, len);

			put16(l4 + field, (uint16_t)~slow_checksum(pseudo(ip, len)));
			offload.csum_start = 34;
			offload.csum_offset = field;
			ASSERT_TRUE(checksum_complete(&offload, frame.data(), frame.size()));
			EXPECT_EQ(expected, l4[field] << 8 | l4[field + 1]);
		}
	}
}

/* A sum of 0 is written as 0xffff by UDP, for which 0 says that there is none. */
TEST_F(cutting, no_checksum_of_udp_is_zero)
{
	struct virtio_net_hdr offload = {};
	octets frame(14 + 20 + 8);

	frame[40] = frame[41] = 0xff;
	offload.csum_start = 34;
	offload.csum_offset = 6;
	ASSERT_TRUE(checksum_complete(&offload, frame.data(), frame.size()));
	EXPECT_EQ(0xff, frame[40]);
	EXPECT_EQ(0xff, frame[41]);
}

TEST_F(cutting, no_checksum_lies_outside_of_the_frame)
{
	octets frame(60);

	for (auto [start, offset] :
	     { std::pair{ 61, 0 }, { 59, 0 }, { 34, 25 }, { 65535, 65535 } }) {
		struct virtio_net_hdr offload = {};

		offload.csum_start = (uint16_t)start;
		offload.csum_offset = (uint16_t)offset;
		EXPECT_FALSE(checksum_complete(&offload, frame.data(), frame.size()));
	}
	EXPECT_EQ(octets(60), frame);
}
