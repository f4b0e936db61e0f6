/* Frames of the kernel for many segments: cut to what it would have sent itself. */
#include <gtest/gtest.h>

#include <random>

#include "segments.h"
#include "tcp_cut.h"

namespace
{

struct cutting : segments_test {
	/* All of them. */
	static std::vector<octets> cut(const octets &made, size_t size)
	{
		octets frame = unsummed(made);
		struct virtio_net_hdr offload = offload_of(frame, size);
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

TEST_P(cutting, every_segment_size)
{
	segment s;

	s.payload = any(2921); /* odd, and two of the usual size and one octet */
	s.options = TIMESTAMPS;
	s.flags = RTE_TCP_ACK_FLAG | RTE_TCP_PSH_FLAG;
	s.seq = UINT32_MAX - 1000; /* it wraps */
	for (size_t size = 3; size <= 1500; size++)
		expect_whole(s, size, cut(frame_of(s), size));
}

TEST_P(cutting, whatever_the_headers_say)
{
	for (int i = 0; i < 500; i++) {
		size_t size = 1 + random() % 1400;
		segment s;

		s.payload = any(1 + random() % (size < 100 ? 3000 : 65000));
		s.options = any(random() % 11 * 4);
		s.ip_options = ip_options(random() % 11);
		while (s.payload.size() + 60 + s.options.size() + s.ip_options.size() > 65535)
			s.payload.pop_back();
		s.flags = (uint8_t)(RTE_TCP_ACK_FLAG |
				    (random() & (RTE_TCP_PSH_FLAG | RTE_TCP_FIN_FLAG |
						 RTE_TCP_CWR_FLAG | RTE_TCP_ECE_FLAG)));
		s.seq = (uint32_t)random();
		s.ack = (uint32_t)random();
		s.id = (uint16_t)random();
		s.tos = (uint8_t)random();
		s.label = random() & 0xfffff;
		s.fragment = random() % 2 ? RTE_IPV4_HDR_DF_FLAG : 0;
		if (size + 74 + s.options.size() + s.ip_options.size() > 2048)
			continue;
		expect_whole(s, size, cut(frame_of(s), size));
		if (HasFailure())
			return;
	}
}

/* The kernel says no such thing; whoever does makes us read no octet that is not there. */
TEST_P(cutting, what_cannot_be_cut_is_refused)
{
	segment s;

	s.payload = any(27); /* longer headers than there are would not be there */
	s.options = TIMESTAMPS;

	const octets good = unsummed(frame_of(s));
	const bool ip6 = GetParam() == FAMILY_IPV6;
	const size_t tcp = ip6 ? 54 : 34;
	const struct virtio_net_hdr offload = offload_of(good, 10);
	const struct {
		const char *name;
		size_t at; /* octet of the frame, and what it is instead */
		uint8_t value;
	} octet_cases[] = {
		{ "no EtherType", 12, 0x99 },
		{ "the other family's", 13, (uint8_t)(ip6 ? 0x00 : 0xdd) },
		{ "a shorter IP header", 14, (uint8_t)(ip6 ? good[14] : 0x44) },
		{ "a longer one", 14, (uint8_t)(ip6 ? good[14] : 0x4f) },
		{ "another length", ip6 ? 19u : 17u, 1 },
		{ "another protocol", ip6 ? 20u : 23u, IPPROTO_UDP },
		{ "a TCP header that is too short", tcp + 12, 0x40 },
		{ "one that is longer than all", tcp + 12, 0xf0 },
	};
	const struct {
		const char *name;
		void (*change)(struct virtio_net_hdr &);
	} offload_cases[] = {
		{ "no size", [](auto &o) { o.gso_size = 0; } },
		{ "its checksum is made", [](auto &o) { o.flags = 0; } },
		{ "no segments", [](auto &o) { o.gso_type = VIRTIO_NET_HDR_GSO_NONE; } },
		{ "UDP", [](auto &o) { o.gso_type = VIRTIO_NET_HDR_GSO_UDP; } },
		{ "the other family",
		  [](auto &o) {
			  o.gso_type ^= VIRTIO_NET_HDR_GSO_TCPV4 ^ VIRTIO_NET_HDR_GSO_TCPV6;
		  } },
		{ "another field", [](auto &o) { o.csum_offset = 6; } },
		{ "TCP begins before IP ends", [](auto &o) { o.csum_start--; } },
		{ "TCP begins behind the frame", [](auto &o) { o.csum_start = UINT16_MAX; } },
	};
	auto refused = [](const struct virtio_net_hdr &o, const octets &frame) {
		struct tcp_cut cut = {};

		return !tcp_cut_begin(&cut, &o, frame.data(), frame.size());
	};

	EXPECT_FALSE(refused(offload, good));
	EXPECT_FALSE(refused(offload_of(good, 10, VIRTIO_NET_HDR_GSO_ECN), good));
	for (size_t len = 0; len < good.size(); len++)
		EXPECT_TRUE(refused(offload, octets(good.begin(), good.begin() + (long)len)))
			<< len;
	octets longer = good;

	longer.push_back(0);
	EXPECT_TRUE(refused(offload, longer)) << "octets behind the packet";
	for (const auto &t : octet_cases) {
		octets bad = good;

		bad[t.at] = t.value;
		EXPECT_EQ(bad != good, refused(offload, bad)) << t.name;
	}
	for (const auto &t : offload_cases) {
		struct virtio_net_hdr bad = offload;

		t.change(bad);
		EXPECT_TRUE(refused(bad, good)) << t.name;
	}
	for (uint32_t start = 0; start <= UINT16_MAX; start++) {
		struct virtio_net_hdr bad = offload;

		bad.csum_start = (uint16_t)start;
		if (start < tcp || (!ip6 && start != tcp))
			EXPECT_TRUE(refused(bad, good)) << start;
		else
			refused(bad, good); /* behind extension headers, perhaps */
	}
}

TEST_P(cutting, what_no_buffer_holds_is_given_up)
{
	segment s;

	s.payload = any(5000);
	EXPECT_TRUE(cut(frame_of(s), 3000).empty());
}

TEST_P(cutting, checksums_are_completed)
{
	for (uint8_t protocol : { IPPROTO_TCP, IPPROTO_UDP }) {
		for (size_t len = 20; len < 400; len++) {
			uint16_t field = protocol == IPPROTO_TCP ? 16 : 6;
			struct virtio_net_hdr offload = {};
			segment s;

			s.payload = any(len - 20);
			octets frame = frame_of(s);
			uint8_t *ip = frame.data() + 14, *l4 = ip + ip_len_of(ip);

			ip[is_ip6(ip) ? 6 : 9] = protocol;
			put16(l4 + field, 0);
			uint16_t expected = slow_tcp_checksum(ip, l4, len);

			put16(l4 + field, (uint16_t)~slow_checksum(pseudo(ip, len)));
			offload.csum_start = (uint16_t)(l4 - frame.data());
			offload.csum_offset = field;
			ASSERT_TRUE(checksum_complete(&offload, frame.data(), frame.size()));
			EXPECT_EQ(expected, l4[field] << 8 | l4[field + 1]);
		}
	}
}

/* A sum of 0 is written as 0xffff by UDP, for which 0 says that there is none. */
TEST_P(cutting, no_checksum_of_udp_is_zero)
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

TEST_P(cutting, no_checksum_lies_outside_of_the_frame)
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

OF_BOTH_FAMILIES(cutting);
