/* Segments merged for the kernel: nothing is lost, nothing is said that nobody said. */
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <tuple>

#include "segments.h"
#include "tcp_merge.h"

namespace
{

struct merged {
	std::vector<std::vector<segment>> packets; /* each: the segments that it is made of */
	uint16_t overtaken;
};

struct merging : segments_test {
	/* What the kernel makes of it: segments of tso_segsz octets. The header must be whole. */
	static std::vector<segment> apart(const struct rte_mbuf *m)
	{
		std::vector<segment> all;
		octets whole = octets_of(m);
		segment s = parse(whole);
		const uint8_t *ip = whole.data() + 14, *tcp = ip + ip_len_of(ip);
		size_t ip_len = ip_len_of(ip), at = 0;

		s.port = m->port;
		if (m->nb_segs == 1)
			return { s };
		EXPECT_EQ(m->pkt_len, whole.size());
		EXPECT_EQ(whole.size() - 14, ip_total_of(ip));
		EXPECT_TRUE(is_ip6(ip) || !slow_checksum(octets(ip, ip + ip_len)));
		EXPECT_EQ((uint16_t)~slow_checksum(pseudo(ip, whole.size() - 14 - ip_len)),
			  tcp[16] << 8 | tcp[17]);
		EXPECT_EQ(14, m->l2_len);
		EXPECT_EQ(ip_len, m->l3_len);
		EXPECT_EQ(20 + s.options.size(), m->l4_len);
		for (octets payload = s.payload; at < payload.size(); at += m->tso_segsz) {
			segment part = s;
			size_t end = std::min(at + m->tso_segsz, payload.size());

			part.seq = s.seq + (uint32_t)at;
			part.payload.assign(payload.begin() + (long)at,
					    payload.begin() + (long)end);
			if (end < payload.size())
				part.flags &= (uint8_t)~RTE_TCP_PSH_FLAG;
			all.push_back(part);
		}
		EXPECT_EQ(m->nb_segs, all.size());
		return all;
	}
	static merged merge(const std::vector<segment> &in)
	{
		struct rte_mbuf *pkts[TCP_MERGE_BURST];
		uint16_t n = 0;
		merged out = {};

		for (const segment &s : in)
			pkts[n++] = mbuf_of(pool, frame_of(s), s.port);
		n = tcp_merge(pkts, n, &out.overtaken);
		for (uint16_t i = 0; i < n; i++) {
			out.packets.push_back(apart(pkts[i]));
			rte_pktmbuf_free(pkts[i]);
		}
		return out;
	}
	/* `n` of a flow, one behind the other. */
	std::vector<segment> row(size_t n, size_t size = 1000)
	{
		std::vector<segment> all(n);

		for (size_t i = 0; i < n; i++) {
			all[i].seq += (uint32_t)(i * size);
			all[i].payload = any(size);
		}
		return all;
	}
};

auto flow(const segment &s)
{
	return std::make_tuple(s.port, s.src, s.dst, s.sport, s.dport);
}

/* All that a segment says but its identification, which only fragments need. */
auto said(const segment &s)
{
	return std::make_tuple(s.family, s.seq, s.ack, s.flags, s.window, s.options, s.payload,
			       s.tos, s.ttl, s.label, s.mac, s.ip_options, s.fragment);
}

} // namespace

TEST_P(merging, a_row_becomes_one)
{
	for (const octets &options : { octets{}, TIMESTAMPS }) {
		std::vector<segment> all = row(10);

		for (segment &s : all)
			s.options = options;
		all.back().payload.resize(777);
		all.back().flags |= RTE_TCP_PSH_FLAG;

		merged out = merge(all);
		ASSERT_EQ(1u, out.packets.size());
		ASSERT_EQ(10u, out.packets[0].size());
		for (size_t i = 0; i < 10; i++)
			EXPECT_EQ(said(all[i]), said(out.packets[0][i])) << i;
	}
}

TEST_P(merging, no_packet_is_longer_than_ip_allows)
{
	merged out = merge(row(TCP_MERGE_BURST, 1448));

	ASSERT_EQ(2u, out.packets.size());
	EXPECT_EQ(45u, out.packets[0].size());
	EXPECT_EQ(TCP_MERGE_BURST - 45u, out.packets[1].size());
}

/* Three segments in a row, of which the middle one is as `change` makes it: into how many
 * packets? */
TEST_P(merging, only_what_says_nothing_else)
{
	const bool ip6 = GetParam() == FAMILY_IPV6;
	const struct {
		const char *name;
		size_t packets;
		void (*change)(segment &);
	} rows[] = {
		{ "nothing", 1, [](segment &) {} },
		{ "identification", 1, [](segment &s) { s.id = 4711; } },
		{ "PSH: the last of its packet", 2,
		  [](segment &s) { s.flags |= RTE_TCP_PSH_FLAG; } },
		{ "FIN", 3, [](segment &s) { s.flags |= RTE_TCP_FIN_FLAG; } },
		{ "SYN", 3, [](segment &s) { s.flags |= RTE_TCP_SYN_FLAG; } },
		{ "RST", 3, [](segment &s) { s.flags |= RTE_TCP_RST_FLAG; } },
		{ "URG", 3, [](segment &s) { s.flags |= RTE_TCP_URG_FLAG; } },
		{ "ECE", 3, [](segment &s) { s.flags |= RTE_TCP_ECE_FLAG; } },
		{ "CWR", 3, [](segment &s) { s.flags |= RTE_TCP_CWR_FLAG; } },
		{ "no ACK", 3, [](segment &s) { s.flags = 0; } },
		{ "TCP-MD5", 3, [](segment &s) { s.options = MD5; } },
		{ "SACK", 3, [](segment &s) { s.options = SACK; } },
		{ "timestamps", 3, [](segment &s) { s.options = TIMESTAMPS; } },
		{ "acknowledgement", 3, [](segment &s) { s.ack++; } },
		{ "window", 3, [](segment &s) { s.window++; } },
		{ "congestion experienced", 3, [](segment &s) { s.tos |= 3; } },
		{ "TTL", 3, [](segment &s) { s.ttl = 255; } },
		{ "DF, of IPv4", ip6 ? 1u : 3u, [](segment &s) { s.fragment = 0; } },
		{ "flow label, of IPv6", ip6 ? 3u : 1u, [](segment &s) { s.label = 1; } },
		{ "a fragment", 2, [](segment &s) { s.fragment = RTE_IPV4_HDR_MF_FLAG; } },
		{ "options of IP", 2, [](segment &s) { s.ip_options = ip_options(1); } },
		{ "the neighbour", 3, [](segment &s) { s.mac = 2; } },
		{ "a hole before it", 3, [](segment &s) { s.seq++; } },
		{ "an octet twice", 3, [](segment &s) { s.seq--; } },
		{ "larger", 2, [](segment &s) { s.payload.push_back(0); } },
		{ "a spoilt octet", 3, [](segment &s) { s.spoilt = true; } },
		{ "no octets", 3, [](segment &s) { s.payload.clear(); } },
		{ "another flow", 2, [](segment &s) { s.sport++; } },
		{ "another port", 2, [](segment &s) { s.port = 1; } },
	};

	for (auto &r : rows) {
		std::vector<segment> all = row(3);

		r.change(all[1]);
		if (r.packets == 2 && !strcmp(r.name, "larger"))
			all[2].seq++;
		/* Where the middle one is aside, the last one follows the first. */
		if (!strcmp(r.name, "another flow") || !strcmp(r.name, "another port") ||
		    !strcmp(r.name, "a fragment") || !strcmp(r.name, "options of IP"))
			all[2].seq = all[1].seq;
		EXPECT_EQ(r.packets, merge(all).packets.size()) << r.name;
	}
}

/* An option that all segments have is no reason to merge them: each MD5 digest is of its
 * segment. */
TEST_P(merging, never_tcp_md5)
{
	std::vector<segment> all = row(5);

	for (segment &s : all)
		s.options = MD5;
	EXPECT_EQ(5u, merge(all).packets.size());
}

/* Of a row of acknowledgements the last one says it all. */
TEST_P(merging, acknowledgements_are_overtaken)
{
	std::vector<segment> all(5);

	for (size_t i = 0; i < 5; i++)
		all[i].ack += (uint32_t)(2896 * i);
	merged out = merge(all);
	ASSERT_EQ(1u, out.packets.size());
	EXPECT_EQ(said(all[4]), said(out.packets[0][0]));
	EXPECT_EQ(4, out.overtaken);
	all[3].ack = all[2].ack; /* it says that something is missing */
	out = merge(all);
	ASSERT_EQ(2u, out.packets.size());
	EXPECT_EQ(said(all[2]), said(out.packets[0][0]));
	all[3].ack = all[2].ack + 1;
	all[3].options = SACK;
	EXPECT_EQ(3u, merge(all).packets.size());
	all[3].options = {};
	all[3].spoilt = true;
	EXPECT_EQ(3u, merge({ all[2], all[3], all[4] }).packets.size());
}

/* Whatever comes: each flow's segments are there, in their order, and only acknowledgements that a
 * later one overtakes are not. */
TEST_P(merging, anything_in_any_order)
{
	uint32_t merges = 0, overtaken = 0;

	for (int round = 0; round < 1000; round++) {
		std::vector<segment> in;
		segment next[3];

		for (int f = 0; f < 3; f++) {
			next[f].sport = (uint16_t)(179 + f);
			next[f].seq = (uint32_t)random();
			next[f].options = random() % 2 ? TIMESTAMPS : octets{};
		}
		for (size_t n = random() % (TCP_MERGE_BURST + 1); in.size() < n;) {
			segment &f = next[random() % 3], s = f;

			switch (random() % 12) {
			case 0: s.flags |= RTE_TCP_PSH_FLAG; break;
			case 1: s.flags = (uint8_t)random(); break;
			case 2: s.seq -= random() % 300; break;
			case 3: f.ack = s.ack += random() % 3; break;
			case 4: f.options = s.options = random() % 2 ? TIMESTAMPS : SACK; break;
			case 5: s.spoilt = true; break;
			case 6: s.fragment = (uint16_t)(random() % 2 << 13 | random() % 3); break;
			default: break;
			}
			if (random() % 4)
				s.payload = any(random() % 3 ? 100 : random() % 101);
			else
				f.ack = s.ack += random() % 2000;
			if (s.payload.empty())
				s.spoilt = false;
			f.seq = s.seq + (uint32_t)s.payload.size();
			in.push_back(s);
		}
		merged out = merge(in);
		std::map<decltype(flow(segment())), std::vector<segment>> before, after;

		for (const segment &s : in) {
			if (!(s.fragment & 0x3fff))
				before[flow(s)].push_back(s);
		}
		for (auto &packet : out.packets) {
			merges += packet.size() > 1;
			for (const segment &s : packet) {
				if (!(s.fragment & 0x3fff))
					after[flow(s)].push_back(s);
			}
		}
		for (auto &[key, was] : before) {
			auto &is = after[key];
			size_t at = 0;

			for (size_t i = 0; i < was.size(); i++) {
				octets sent = frame_of(was[i]);
				segment wire = parse(sent);

				if (at < is.size() && said(wire) == said(is[at])) {
					at++;
					continue;
				}
				ASSERT_TRUE(was[i].payload.empty()) << "lost, round " << round;
				ASSERT_LT(i + 1, was.size());
				ASSERT_GT((int32_t)(was[i + 1].ack - was[i].ack), 0);
				overtaken++;
			}
			ASSERT_EQ(is.size(), at) << "round " << round;
		}
	}
	EXPECT_GT(merges, 100u);
	EXPECT_GT(overtaken, 100u);
}

/* A frame of any length is looked at no further than it goes. */
TEST_P(merging, truncated)
{
	segment s;

	s.payload = any(10);
	s.options = TIMESTAMPS;

	octets whole = frame_of(s);
	for (size_t len = 14; len < whole.size(); len++) {
		octets part(whole.begin(), whole.begin() + (long)len);
		struct rte_mbuf *pkts[] = { mbuf_of(pool, part), mbuf_of(pool, part) };
		uint16_t overtaken;

		EXPECT_EQ(2, tcp_merge(pkts, 2, &overtaken)) << len;
		EXPECT_EQ(part, octets_of(pkts[0]));
		rte_pktmbuf_free_bulk(pkts, 2);
	}
}

/* Two flows of the two families, whose addresses and ports lie at the same octets of their frames
 * or not, are two. */
TEST_P(merging, families_in_turns)
{
	std::vector<segment> all = row(20);
	merged out;

	for (size_t i = 0; i < all.size(); i++) {
		all[i].family = i % 2 ? FAMILY_IPV4 : FAMILY_IPV6;
		all[i].seq = 1000 * (uint32_t)(i / 2);
	}
	out = merge(all);
	ASSERT_EQ(2u, out.packets.size());
	for (size_t f = 0; f < 2; f++) {
		ASSERT_EQ(10u, out.packets[f].size());
		for (size_t i = 0; i < 10; i++)
			EXPECT_EQ(said(all[2 * i + f]), said(out.packets[f][i])) << i;
	}
}

OF_BOTH_FAMILIES(merging);
