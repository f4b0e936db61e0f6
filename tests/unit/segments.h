/* TCP segments in frames for tests, and slow ways to know that they are right. */
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

using octets = std::vector<uint8_t>;

static const octets TIMESTAMPS = { 1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 7 };
static const octets MD5 = { 19, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1, 1 };
static const octets SACK = { 1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2 };

struct segment {
	uint32_t src = 0x0a000002, dst = 0x0a000001;
	uint16_t sport = 179, dport = 40000;
	uint32_t seq = 1000, ack = 5000;
	uint8_t flags = RTE_TCP_ACK_FLAG;
	uint16_t window = 500;
	octets options, ip_options; /* multiples of 4 */
	uint8_t tos = 0, ttl = 64;
	uint16_t id = 77, fragment = RTE_IPV4_HDR_DF_FLAG;
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

/* What TCP's checksum is over (RFC 9293 3.1). */
inline octets pseudo(const uint8_t *ip, size_t tcp_len)
{
	octets of(ip + 12, ip + 20);

	of.insert(of.end(), { 0, ip[9], (uint8_t)(tcp_len >> 8), (uint8_t)tcp_len });
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

inline octets frame_of(const segment &s)
{
	size_t ip_len = 20 + s.ip_options.size(), tcp_len = 20 + s.options.size();
	octets frame(RTE_ETHER_HDR_LEN + ip_len + tcp_len);
	auto *ether = (struct rte_ether_hdr *)frame.data();
	auto *ip = (struct rte_ipv4_hdr *)(ether + 1);
	auto *tcp = (struct rte_tcp_hdr *)((uint8_t *)ip + ip_len);

	ether->dst_addr = { { 2, 0, 0, 0, 0, 1 } };
	ether->src_addr = { { 2, 0, 0, 0, 1, s.mac } };
	ether->ether_type = htons(RTE_ETHER_TYPE_IPV4);
	ip->version_ihl = (uint8_t)(0x40 | ip_len / 4);
	ip->type_of_service = s.tos;
	ip->total_length = htons((uint16_t)(ip_len + tcp_len + s.payload.size()));
	ip->packet_id = htons(s.id);
	ip->fragment_offset = htons(s.fragment);
	ip->time_to_live = s.ttl;
	ip->next_proto_id = IPPROTO_TCP;
	ip->src_addr = htonl(s.src);
	ip->dst_addr = htonl(s.dst);
	if (!s.ip_options.empty())
		memcpy(ip + 1, s.ip_options.data(), s.ip_options.size());
	put16((uint8_t *)&ip->hdr_checksum,
	      slow_checksum(octets((uint8_t *)ip, (uint8_t *)ip + ip_len)));
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

	put16(at + ip_len + 16,
	      slow_tcp_checksum(at, at + ip_len, frame.size() - RTE_ETHER_HDR_LEN - ip_len));
	if (s.spoilt)
		frame.back() ^= 1;
	return frame;
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

/* A frame of one segment, whose checksums must be good; `what` says which if they are not. */
inline segment parse(const octets &frame, std::string *what = nullptr)
{
	const uint8_t *ip = frame.data() + RTE_ETHER_HDR_LEN;
	size_t ip_len = (ip[0] & 15) * 4u, total = (size_t)(ip[2] << 8 | ip[3]);
	const uint8_t *at = ip + ip_len;
	const auto *header = (const struct rte_ipv4_hdr *)ip;
	const auto *tcp = (const struct rte_tcp_hdr *)at;
	size_t tcp_len = (tcp->data_off >> 4) * 4u;
	segment s;

	s.mac = frame[11];
	s.src = ntohl(header->src_addr);
	s.dst = ntohl(header->dst_addr);
	s.tos = ip[1];
	s.ttl = ip[8];
	s.id = ntohs(header->packet_id);
	s.fragment = ntohs(header->fragment_offset);
	s.ip_options.assign(ip + 20, at);
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
	if (slow_checksum(octets(ip, at)))
		*what += "checksum of IPv4; ";
	if (slow_tcp_checksum(ip, at, total - ip_len))
		*what += "checksum of TCP; ";
	return s;
}

/* Segments in mbufs, none of which may be left. */
struct segments_test : testing::Test {
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
	void TearDown() override
	{
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
