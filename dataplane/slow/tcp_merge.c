/* Segments into larger ones. */
#include "tcp_merge.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_prefetch.h>
#include <rte_tcp.h>

#include "frame_ip.h"

enum {
	TIMESTAMPS_LEN = 12,
	ADDRESSES4 = 8, /* octets of both, which end the header */
	ADDRESSES6 = 32,
	PORTS = 4,
};

/* NOP, NOP, timestamps of 10 octets: how everybody sends them (RFC 7323 appendix A). */
static const uint8_t timestamps[4] = { 1, 1, 8, 10 };

/* A packet that others may follow, at the place in the burst that it has now. */
struct train {
	struct rte_mbuf *first, *last;
	uint32_t next_seq;
	uint16_t place, payload; /* octets of the first segment, which is of full size */
	bool open;
};

/* Octets of a plain IP header of the frame's family, */
static uint32_t ip_len(const struct rte_mbuf *m)
{
	return frame_is_ip6(m) ? sizeof(struct rte_ipv6_hdr) : sizeof(struct rte_ipv4_hdr);
}

/* and of all headers before TCP's. */
static uint32_t tcp_at(const struct rte_mbuf *m)
{
	return RTE_ETHER_HDR_LEN + ip_len(m);
}

static struct rte_tcp_hdr *tcp_of(const struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod_offset(m, struct rte_tcp_hdr *, tcp_at(m));
}

static uint32_t tcp_header_len(const struct rte_tcp_hdr *tcp)
{
	return (tcp->data_off >> 4) * 4u;
}

static bool is_plain4(const struct rte_mbuf *m)
{
	const struct rte_ipv4_hdr *ip = frame_ip4(m);

	return rte_pktmbuf_mtod(m, const struct rte_ether_hdr *)->ether_type ==
		       RTE_BE16(RTE_ETHER_TYPE_IPV4) &&
	       ip->version_ihl == RTE_IPV4_VHL_DEF && ip->next_proto_id == IPPROTO_TCP &&
	       !(ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_OFFSET_MASK | RTE_IPV4_HDR_MF_FLAG)) &&
	       rte_be_to_cpu_16(ip->total_length) + RTE_ETHER_HDR_LEN == m->data_len;
}

static bool is_plain6(const struct rte_mbuf *m)
{
	const struct rte_ipv6_hdr *ip = frame_ip6(m);

	return (*(const uint8_t *)ip & 0xf0) == 0x60 && ip->proto == IPPROTO_TCP &&
	       ip6_total_len(ip) + RTE_ETHER_HDR_LEN == m->data_len;
}

/* Is there room in the frame for plain headers of IP and TCP, and are they that? */
static bool is_plain_tcp(const struct rte_mbuf *m)
{
	return m->nb_segs == 1 && m->data_len >= tcp_at(m) + sizeof(struct rte_tcp_hdr) &&
	       (frame_is_ip6(m) ? is_plain6(m) : is_plain4(m));
}

static bool options_merge(const struct rte_tcp_hdr *tcp)
{
	uint32_t len = tcp_header_len(tcp) - sizeof(*tcp);

	return !len || (len == TIMESTAMPS_LEN && !memcmp(tcp + 1, timestamps, sizeof(timestamps)));
}

/* The sum of the pseudo header (RFC 9293 3.1; RFC 8200 8.1). */
static uint16_t pseudo_sum(const struct rte_mbuf *m)
{
	return frame_is_ip6(m) ? rte_ipv6_phdr_cksum(frame_ip6(m), 0)
			       : rte_ipv4_phdr_cksum(frame_ip4(m), 0);
}

static bool checksum_good(const struct rte_mbuf *m)
{
	uint32_t sum;

	if ((m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		return true;
	sum = __rte_raw_cksum(tcp_of(m), m->data_len - tcp_at(m), pseudo_sum(m));
	return __rte_raw_cksum_reduce(sum) == 0xffff;
}

/* Nothing but octets, or what the other side has got; of a packet that is_plain_tcp(). The checksum
 * is asked last: it reads all of them. */
static bool merges(const struct rte_mbuf *m)
{
	const struct rte_tcp_hdr *tcp = tcp_of(m);

	return tcp->data_off >> 4 >= 5 && tcp_at(m) + tcp_header_len(tcp) <= m->data_len &&
	       (tcp->tcp_flags & (uint8_t)~RTE_TCP_PSH_FLAG) == RTE_TCP_ACK_FLAG &&
	       options_merge(tcp) && checksum_good(m);
}

static uint16_t payload_len(const struct rte_mbuf *m)
{
	return (uint16_t)(m->data_len - tcp_at(m) - tcp_header_len(tcp_of(m)));
}

/* Behind the addresses lie the ports. */
static bool same_flow(const struct rte_mbuf *a, const struct rte_mbuf *b)
{
	const uint8_t *at_a = (const uint8_t *)tcp_of(a), *at_b = (const uint8_t *)tcp_of(b);

	if (a->port != b->port || frame_is_ip6(a) != frame_is_ip6(b))
		return false;
	if (frame_is_ip6(a))
		return !memcmp(at_a - ADDRESSES6, at_b - ADDRESSES6, ADDRESSES6 + PORTS);
	return !memcmp(at_a - ADDRESSES4, at_b - ADDRESSES4, ADDRESSES4 + PORTS);
}

static bool same_ip4(const struct rte_ipv4_hdr *a, const struct rte_ipv4_hdr *b)
{
	return a->type_of_service == b->type_of_service && a->time_to_live == b->time_to_live &&
	       a->fragment_offset == b->fragment_offset;
}

/* Traffic class and flow label. */
static bool same_ip6(const struct rte_ipv6_hdr *a, const struct rte_ipv6_hdr *b)
{
	return a->vtc_flow == b->vtc_flow && a->hop_limits == b->hop_limits;
}

/* By the same way, with the same ECN (RFC 3168); of the same flow. */
static bool same_way(const struct rte_mbuf *a, const struct rte_mbuf *b)
{
	return !memcmp(rte_pktmbuf_mtod(a, const void *), rte_pktmbuf_mtod(b, const void *),
		       RTE_ETHER_HDR_LEN) &&
	       tcp_of(a)->data_off == tcp_of(b)->data_off &&
	       (frame_is_ip6(a) ? same_ip6(frame_ip6(a), frame_ip6(b))
				: same_ip4(frame_ip4(a), frame_ip4(b)));
}

/* The headers of segments that differ in nothing but place and length. */
static bool same_headers(const struct rte_mbuf *a, const struct rte_mbuf *b)
{
	const struct rte_tcp_hdr *tcp_a = tcp_of(a), *tcp_b = tcp_of(b);

	return same_way(a, b) && tcp_a->recv_ack == tcp_b->recv_ack &&
	       tcp_a->rx_win == tcp_b->rx_win &&
	       !memcmp(tcp_a + 1, tcp_b + 1, tcp_header_len(tcp_a) - sizeof(*tcp_a));
}

static bool follows(const struct train *t, const struct rte_mbuf *m)
{
	return t->open && t->payload && payload_len(m) &&
	       rte_be_to_cpu_32(tcp_of(m)->sent_seq) == t->next_seq &&
	       payload_len(m) <= t->payload && t->first->nb_segs < TCP_MERGE_SEGMENTS &&
	       t->first->pkt_len + payload_len(m) <= RTE_ETHER_HDR_LEN + UINT16_MAX &&
	       same_headers(t->first, m);
}

/* Two acknowledgements, of which the later one says all that the first one does. */
static bool overtakes(const struct train *t, const struct rte_mbuf *m)
{
	const struct rte_tcp_hdr *first = tcp_of(t->first), *next = tcp_of(m);

	return t->open && !t->payload && !payload_len(m) && first->sent_seq == next->sent_seq &&
	       same_way(t->first, m) &&
	       (int32_t)(rte_be_to_cpu_32(next->recv_ack) - rte_be_to_cpu_32(first->recv_ack)) > 0;
}

static void append(struct train *t, struct rte_mbuf *m)
{
	uint16_t payload = payload_len(m);

	t->next_seq += payload;
	t->open = payload == t->payload && !(tcp_of(m)->tcp_flags & RTE_TCP_PSH_FLAG);
	tcp_of(t->first)->tcp_flags |= tcp_of(m)->tcp_flags;
	rte_pktmbuf_adj(m, (uint16_t)(m->data_len - payload));
	t->last->next = m;
	t->last = m;
	t->first->nb_segs++;
	t->first->pkt_len += payload;
}

static void begin(struct train *t, struct rte_mbuf *m, uint16_t place)
{
	const struct rte_tcp_hdr *tcp = tcp_of(m);

	*t = (struct train){
		.first = m,
		.last = m,
		.next_seq = rte_be_to_cpu_32(tcp->sent_seq) + payload_len(m),
		.place = place,
		.payload = payload_len(m),
		.open = !(tcp->tcp_flags & RTE_TCP_PSH_FLAG),
	};
}

/* Of IP, with as many octets behind it. */
static void set_len(struct rte_mbuf *m, uint16_t octets)
{
	struct rte_ipv4_hdr *ip = frame_ip4(m);

	if (frame_is_ip6(m)) {
		frame_ip6(m)->payload_len = rte_cpu_to_be_16(octets);
		return;
	}
	ip->total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + octets));
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

/* One header for all of them. */
static void finish(const struct train *t)
{
	struct rte_mbuf *m = t->first;

	if (m->nb_segs == 1)
		return;
	set_len(m, (uint16_t)(m->pkt_len - tcp_at(m)));
	tcp_of(m)->cksum = pseudo_sum(m);
	m->l2_len = RTE_ETHER_HDR_LEN;
	m->l3_len = ip_len(m) & 0x1ff;
	m->l4_len = tcp_header_len(tcp_of(m)) & 0xff;
	m->tso_segsz = t->payload;
}

/* What a burst is made into. */
struct merging {
	struct rte_mbuf **pkts;
	struct train trains[TCP_MERGE_BURST];
	uint16_t nb_trains, kept, overtaken;
};

static struct train *train_of(struct merging *g, const struct rte_mbuf *m)
{
	for (uint16_t i = 0; i < g->nb_trains; i++) {
		if (same_flow(g->trains[i].first, m))
			return &g->trains[i];
	}
	return NULL;
}

static void overtake(struct merging *g, struct train *t, struct rte_mbuf *m)
{
	uint16_t place = t->place;

	rte_pktmbuf_free(t->first);
	g->pkts[place] = m;
	begin(t, m, place);
	g->overtaken++;
}

/* A TCP segment: to those before it, or behind them. */
static void take(struct merging *g, struct rte_mbuf *m)
{
	struct train *t = train_of(g, m);
	bool open = merges(m);

	if (t && open && follows(t, m)) {
		append(t, m);
		return;
	}
	if (t && open && overtakes(t, m)) {
		overtake(g, t, m);
		return;
	}
	if (t)
		finish(t); /* nothing that comes later goes before this one */
	else
		t = &g->trains[g->nb_trains++];
	begin(t, m, g->kept);
	t->open &= open;
	g->pkts[g->kept++] = m;
}

/* Another lcore has written it: to sum it up from that one's cache takes several times as long. */
static void fetch(const struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);

	for (uint16_t at = 0; at < m->data_len; at += RTE_CACHE_LINE_SIZE)
		rte_prefetch0(frame + at);
}

uint16_t tcp_merge(struct rte_mbuf **pkts, uint16_t n, uint16_t *overtaken)
{
	struct merging g = { .pkts = pkts };

	for (uint16_t i = 0; i < n; i++) {
		if (i + 1 < n)
			fetch(pkts[i + 1]);
		if (is_plain_tcp(pkts[i]))
			take(&g, pkts[i]);
		else
			pkts[g.kept++] = pkts[i];
	}
	for (uint16_t i = 0; i < g.nb_trains; i++)
		finish(&g.trains[i]);
	*overtaken = g.overtaken;
	return g.kept;
}
