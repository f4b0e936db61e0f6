/* TCP segments in frames for tests, of either family, and slow ways to know that they are right. */
#ifndef BASCULE_TEST_SEGMENTS_H
#define BASCULE_TEST_SEGMENTS_H

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_tcp.h>

#include "families.h"
#include "tcp_cut.h"

using octets = std::vector<uint8_t>;

static const octets TIMESTAMPS = { 1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 7 };
static const octets MD5 = { 19, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1, 1 };
static const octets SACK = { 1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2 };

/* Of the segments that are made from here on. */
inline enum family segments_family = FAMILY_IPV4;

struct segment {
	enum family family = segments_family;
	uint32_t src = 0x0a000002, dst = 0x0a000001; /* of IPv6: addr_of() them */
	uint16_t sport = 179, dport = 40000;
	uint32_t seq = 1000, ack = 5000;
	uint8_t flags = RTE_TCP_ACK_FLAG;
	uint16_t window = 500;
	octets options, ip_options; /* multiples of 4; see ip_options() */
	uint8_t tos = 0, ttl = 64;  /* of IPv6: traffic class, hop limit */
	/* of IPv4; of IPv6 a part of a packet has a header that says so */
	uint16_t id = 77, fragment = RTE_IPV4_HDR_DF_FLAG;
	uint32_t label = 0; /* of IPv6 */
	octets payload;
	uint16_t port = 0;
	uint8_t mac = 1; /* of the sender */
	bool spoilt = false;
};

/* RFC 1071, octet by octet. */
inline uint16_t slow_checksum(const octets &of)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < of.size(); i++)
		sum += i % 2 ? of[i] : of[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

inline bool is_ip6(const uint8_t *ip)
{
	return ip[0] >> 4 == 6;
}

/* So many words of options; of IPv6 a header of options to the destination, twice as long. */
inline octets ip_options(size_t words)
{
	octets of(4 * words, 1);

	if (segments_family == FAMILY_IPV6 && words) {
		of.assign(8 * words, 0);
		of[0] = IPPROTO_TCP;
		of[1] = (uint8_t)(words - 1);
		of[2] = 1; /* PadN (RFC 8200 4.2) */
		of[3] = (uint8_t)(8 * words - 4);
	}
	return of;
}

/* Octets of the IP header, and of all that lies before TCP's or UDP's; of the packet. */
inline size_t ip_len_of(const uint8_t *ip)
{
	if (!is_ip6(ip))
		return (ip[0] & 15) * 4u;
	if (ip[6] == IPPROTO_FRAGMENT)
		return 48;
	return ip[6] == IPPROTO_DSTOPTS ? 40u + (ip[41] + 1u) * 8 : 40u;
}

inline size_t ip_total_of(const uint8_t *ip)
{
	return is_ip6(ip) ? 40u + (size_t)(ip[4] << 8 | ip[5]) : (size_t)(ip[2] << 8 | ip[3]);
}

/* What TCP's checksum is over, and UDP's (RFC 9293 3.1, RFC 8200 8.1). */
inline octets pseudo(const uint8_t *ip, size_t len)
{
	octets of(ip + 12, ip + 20);

	if (is_ip6(ip)) {
		of.assign(ip + 8, ip + 40);
		of.insert(of.end(), { 0, 0, (uint8_t)(len >> 8), (uint8_t)len, 0, 0, 0 });
		of.push_back(ip[6] == IPPROTO_UDP ? IPPROTO_UDP : IPPROTO_TCP);
	} else {
		of.insert(of.end(), { 0, ip[9], (uint8_t)(len >> 8), (uint8_t)len });
	}
	return of;
}

inline uint16_t slow_tcp_checksum(const uint8_t *ip, const uint8_t *tcp, size_t len)
{
	octets of = pseudo(ip, len);

	of.insert(of.end(), tcp, tcp + len);
	return slow_checksum(of);
}

inline void put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* The IP header of a packet with `len` octets behind it. */
inline octets ip4_of(const segment &s, size_t len)
{
	size_t ip_len = 20 + s.ip_options.size();
	octets header(ip_len);
	auto *ip = (struct rte_ipv4_hdr *)header.data();

	ip->version_ihl = (uint8_t)(0x40 | ip_len / 4);
	ip->type_of_service = s.tos;
	ip->total_length = htons((uint16_t)(ip_len + len));
	ip->packet_id = htons(s.id);
	ip->fragment_offset = htons(s.fragment);
	ip->time_to_live = s.ttl;
	ip->next_proto_id = IPPROTO_TCP;
	ip->src_addr = htonl(s.src);
	ip->dst_addr = htonl(s.dst);
	if (!s.ip_options.empty())
		memcpy(ip + 1, s.ip_options.data(), s.ip_options.size());
	put16((uint8_t *)&ip->hdr_checksum, slow_checksum(header));
	return header;
}

inline octets ip6_of(const segment &s, size_t len)
{
	uint16_t part = s.fragment & (RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK);
	octets header(40), more = s.ip_options;
	auto *ip = (struct rte_ipv6_hdr *)header.data();

	if (part) {
		more.assign(8, 0);
		more[0] = IPPROTO_TCP;
		put16(&more[2], (uint16_t)(part << 3 | (part & RTE_IPV4_HDR_MF_FLAG ? 1 : 0)));
	}
	ip->vtc_flow = htonl(6u << 28 | (uint32_t)s.tos << 20 | s.label);
	ip->payload_len = htons((uint16_t)(more.size() + len));
	ip->proto = IPPROTO_TCP;
	if (!more.empty())
		ip->proto = part ? IPPROTO_FRAGMENT : IPPROTO_DSTOPTS;
	ip->hop_limits = s.ttl;
	memcpy(ip->src_addr, addr_of(FAMILY_IPV6, s.src).v6, 16);
	memcpy(ip->dst_addr, addr_of(FAMILY_IPV6, s.dst).v6, 16);
	header.insert(header.end(), more.begin(), more.end());
	return header;
}

inline octets frame_of(const segment &s)
{
	bool ip6 = s.family == FAMILY_IPV6;
	size_t tcp_len = 20 + s.options.size(), len = tcp_len + s.payload.size();
	octets frame(RTE_ETHER_HDR_LEN), ip = ip6 ? ip6_of(s, len) : ip4_of(s, len);
	auto *ether = (struct rte_ether_hdr *)frame.data();

	ether->dst_addr = { { 2, 0, 0, 0, 0, 1 } };
	ether->src_addr = { { 2, 0, 0, 0, 1, s.mac } };
	ether->ether_type = htons(ip6 ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4);
	frame.insert(frame.end(), ip.begin(), ip.end());
	frame.resize(frame.size() + tcp_len);
	auto *tcp = (struct rte_tcp_hdr *)(frame.data() + RTE_ETHER_HDR_LEN + ip.size());

	tcp->src_port = htons(s.sport);
	tcp->dst_port = htons(s.dport);
	tcp->sent_seq = htonl(s.seq);
	tcp->recv_ack = htonl(s.ack);
	tcp->data_off = (uint8_t)(tcp_len / 4 << 4);
	tcp->tcp_flags = s.flags;
	tcp->rx_win = htons(s.window);
	if (!s.options.empty())
		memcpy(tcp + 1, s.options.data(), s.options.size());
	frame.insert(frame.end(), s.payload.begin(), s.payload.end());
	uint8_t *at = frame.data() + RTE_ETHER_HDR_LEN;

	put16(at + ip.size() + 16, slow_tcp_checksum(at, at + ip.size(), len));
	if (s.spoilt)
		frame.back() ^= 1;
	return frame;
}

/* As the kernel hands it over: TCP's checksum is to be made, and its field holds the sum of the
 * pseudo header; and what it says of that, for segments of so many octets. */
inline octets unsummed(octets frame)
{
	uint8_t *ip = frame.data() + RTE_ETHER_HDR_LEN, *tcp = ip + ip_len_of(ip);

	put16(tcp + 16, (uint16_t)~slow_checksum(pseudo(ip, ip_total_of(ip) - ip_len_of(ip))));
	return frame;
}

inline struct virtio_net_hdr offload_of(const octets &frame, size_t size, uint8_t ecn = 0)
{
	const uint8_t *ip = frame.data() + RTE_ETHER_HDR_LEN;
	struct virtio_net_hdr offload = {};

	offload.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	offload.gso_type =
		(uint8_t)(ecn | (is_ip6(ip) ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4));
	offload.gso_size = (uint16_t)size;
	offload.csum_start = (uint16_t)(RTE_ETHER_HDR_LEN + ip_len_of(ip));
	offload.csum_offset = 16;
	return offload;
}

inline struct rte_mbuf *mbuf_of(struct rte_mempool *pool, const octets &frame, uint16_t port = 0)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

	memcpy(rte_pktmbuf_append(m, (uint16_t)frame.size()), frame.data(), frame.size());
	m->port = port;
	return m;
}

inline octets octets_of(const struct rte_mbuf *m)
{
	octets all;

	for (; m; m = m->next)
		all.insert(all.end(), rte_pktmbuf_mtod(m, uint8_t *),
			   rte_pktmbuf_mtod(m, uint8_t *) + m->data_len);
	return all;
}

inline void parse4(const uint8_t *ip, segment *s)
{
	const auto *header = (const struct rte_ipv4_hdr *)ip;

	s->family = FAMILY_IPV4;
	s->src = ntohl(header->src_addr);
	s->dst = ntohl(header->dst_addr);
	s->tos = ip[1];
	s->ttl = ip[8];
	s->id = ntohs(header->packet_id);
	s->fragment = ntohs(header->fragment_offset);
	s->ip_options.assign(ip + 20, ip + ip_len_of(ip));
}

inline void parse6(const uint8_t *ip, segment *s)
{
	auto v4 = [](const uint8_t *v6) { return prefix4_of(prefix_make(addr_make6(v6), 112)); };

	s->family = FAMILY_IPV6;
	s->src = v4(ip + 8).addr.v4;
	s->dst = v4(ip + 24).addr.v4;
	s->tos = (uint8_t)(ip[0] << 4 | ip[1] >> 4);
	s->label = (uint32_t)((ip[1] & 15) << 16 | ip[2] << 8 | ip[3]);
	s->ttl = ip[7];
	if (ip[6] == IPPROTO_FRAGMENT)
		s->fragment = (uint16_t)((ip[42] << 8 | ip[43]) >> 3 | (ip[43] & 1) << 13);
	else
		s->ip_options.assign(ip + 40, ip + ip_len_of(ip));
}

/* A frame of one segment, whose checksums must be good; `what` says which if they are not. */
inline segment parse(const octets &frame, std::string *what = nullptr)
{
	const uint8_t *ip = frame.data() + RTE_ETHER_HDR_LEN;
	size_t ip_len = ip_len_of(ip), total = ip_total_of(ip);
	const uint8_t *at = ip + ip_len;
	const auto *tcp = (const struct rte_tcp_hdr *)at;
	size_t tcp_len = (tcp->data_off >> 4) * 4u;
	segment s;

	s.mac = frame[11];
	if (is_ip6(ip))
		parse6(ip, &s);
	else
		parse4(ip, &s);
	s.sport = ntohs(tcp->src_port);
	s.dport = ntohs(tcp->dst_port);
	s.seq = ntohl(tcp->sent_seq);
	s.ack = ntohl(tcp->recv_ack);
	s.flags = tcp->tcp_flags;
	s.window = ntohs(tcp->rx_win);
	s.options.assign(at + 20, at + tcp_len);
	s.payload.assign(at + tcp_len, frame.data() + frame.size());
	if (!what)
		return s;
	if (total + RTE_ETHER_HDR_LEN != frame.size())
		*what += "length of the packet; ";
	if (!is_ip6(ip) && slow_checksum(octets(ip, at)))
		*what += "checksum of IPv4; ";
	if (slow_tcp_checksum(ip, at, total - ip_len))
		*what += "checksum of TCP; ";
	return s;
}

/* Segments of a family in mbufs, none of which may be left. */
struct segments_test : testing::TestWithParam<enum family> {
	enum { MBUFS = 2047 };
	static inline struct rte_mempool *pool;
	std::mt19937 random{ 7 };

	static void SetUpTestSuite()
	{
		if (!pool)
			pool = rte_pktmbuf_pool_create("segments", MBUFS, 0, 0,
						       RTE_MBUF_DEFAULT_BUF_SIZE, 0);
		ASSERT_NE(nullptr, pool);
	}
	void SetUp() override
	{
		segments_family = GetParam();
	}
	void TearDown() override
	{
		segments_family = FAMILY_IPV4;
		EXPECT_EQ((unsigned int)MBUFS, rte_mempool_avail_count(pool)) << "mbufs leaked";
	}
	octets any(size_t len)
	{
		octets of(len);

		for (uint8_t &o : of)
			o = (uint8_t)random();
		return of;
	}
};

#endif
