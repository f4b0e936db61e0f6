/* The fast path. A burst goes through stages on stack arrays, so that the memory that a packet
 * needs is on its way while its neighbours are worked on:
 *
 *   frames_check   frame and IPv4 header; ARP is punted, the bad are dropped, the rest is packed to
 *                  the front
 *   (look-up)      longest-prefix match of all destinations in the view of the ingress port's role
 *   paths_load     path-list → adjacency, by flow hash where there are several
 *   packet_forward another way if that next hop is lost; the gate, TTL, MTU; then send, punt or
 *   drop
 *
 * The gate comes before all else that could answer: a packet that may not pass learns nothing, not
 * even how far it got. */
#include "forward.h"

#include <netinet/in.h>

#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_memcpy.h>
#include <rte_prefetch.h>
#include <rte_tcp.h>

#include "ip4.h"

enum { PREFETCH_AHEAD = 4, ICMP_REDIRECT = 5, VLAN_ID_MASK = 0x0fff };

static_assert((int)FORWARD_BURST <= (int)FIB_BURST, "one look-up a burst");

/* A burst on its way through the stages. */
struct burst {
	struct rte_mbuf *pkt[FORWARD_BURST];
	uint32_t dst[FORWARD_BURST]; /* host order */
	uint32_t path_list[FORWARD_BURST];
	const struct adjacency *adjacency[FORWARD_BURST];
	uint64_t spoilt; /* a bit each: the table has no such entry */
	uint16_t n;
};

static inline struct rte_ipv4_hdr *ip4_of(struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, RTE_ETHER_HDR_LEN);
}

static void drop(struct forwarder *f, enum drop_reason reason, struct rte_mbuf *m)
{
	f->counters->drop[reason]++;
	rte_pktmbuf_free(m);
}

static void punt(struct forwarder *f, enum punt_class class_, struct rte_mbuf *m)
{
	punt_send(f->punt, f->counters, class_, m);
	f->punted = true;
}

/* Drop, and leave it to the main lcore whether an ICMP error comes of it. */
static void drop_error(struct forwarder *f, enum drop_reason reason, enum punt_error error,
		       uint16_t mtu, struct rte_mbuf *m)
{
	f->counters->drop[reason]++;
	punt_error(f->punt, f->counters, error, mtu, m);
	f->punted = true;
}

/* A tag of VLAN 0 says a priority and no VLAN (IEEE 802.1Q 9.6): the frame is an untagged one. Take
 * such a tag out. */
static bool priority_untag(struct rte_mbuf *m)
{
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);
	const struct rte_ether_hdr *ether = (const void *)frame;
	const struct rte_vlan_hdr *tag = (const void *)(ether + 1);

	if (ether->ether_type != RTE_BE16(RTE_ETHER_TYPE_VLAN) ||
	    m->data_len < sizeof(*ether) + sizeof(*tag) || (tag->vlan_tci & RTE_BE16(VLAN_ID_MASK)))
		return false;
	memmove(frame + sizeof(*tag), frame, 2 * RTE_ETHER_ADDR_LEN);
	rte_pktmbuf_adj(m, sizeof(*tag));
	return true;
}

static inline rte_be16_t type_of(const struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod(m, const struct rte_ether_hdr *)->ether_type;
}

/* A frame that carries no IPv4, or not to us. True: it carried a priority tag only; false: it is
 * gone. */
static __rte_noinline bool frame_other(struct forwarder *f, struct rte_mbuf *m, bool for_us)
{
	if (!for_us)
		drop(f, DROP_NOT_OUR_MAC, m);
	else if (priority_untag(m) && type_of(m) == RTE_BE16(RTE_ETHER_TYPE_IPV4))
		return true;
	else if (type_of(m) == RTE_BE16(RTE_ETHER_TYPE_ARP))
		punt(f, PUNT_ARP, m);
	else
		drop(f, DROP_ETHERTYPE, m);
	return false;
}

/* Judge one frame. True: a good IPv4 packet to forward; false: it is gone. */
static inline bool frame_check(struct forwarder *f, const struct port *from, struct rte_mbuf *m)
{
	const struct rte_ether_hdr *ether = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	const struct rte_ipv4_hdr *ip = ip4_of(m);
	enum drop_reason reason;
	uint32_t frame_len;
	bool ours, group;

	if (unlikely(m->data_len < RTE_ETHER_HDR_LEN)) {
		drop(f, DROP_FRAME_SHORT, m);
		return false;
	}
	ours = rte_is_same_ether_addr(&ether->dst_addr, &from->mac);
	group = rte_is_multicast_ether_addr(&ether->dst_addr);
	if (unlikely(ether->ether_type != RTE_BE16(RTE_ETHER_TYPE_IPV4) || !(ours || group))) {
		if (!frame_other(f, m, ours || group))
			return false;
		ip = ip4_of(m);
	}
	reason = ip4_check(ip, m->data_len - RTE_ETHER_HDR_LEN,
			   (m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) ==
				   RTE_MBUF_F_RX_IP_CKSUM_GOOD);
	if (unlikely(sources_maybe(f->sources, rte_be_to_cpu_32(ip->src_addr))) &&
	    reason == DROP_NONE && sources_has(f->sources, rte_be_to_cpu_32(ip->src_addr)))
		reason = DROP_MARTIAN_SOURCE;
	if (reason == DROP_NONE && unlikely(!ours))
		reason = DROP_L2_BROADCAST; /* RFC 1812 5.3.4: unicast in a link-layer broadcast */
	if (unlikely(reason != DROP_NONE)) {
		drop(f, reason, m);
		return false;
	}
	frame_len = RTE_ETHER_HDR_LEN + rte_be_to_cpu_16(ip->total_length);
	if (m->data_len != frame_len) /* padding of the link that it came from */
		rte_pktmbuf_trim(m, (uint16_t)(m->data_len - frame_len));
	return true;
}

static void frames_check(struct forwarder *f, const struct port *from, struct rte_mbuf **pkts,
			 uint16_t n, struct burst *b)
{
	b->n = 0;
	for (uint16_t i = 0; i < n && i < PREFETCH_AHEAD; i++)
		rte_prefetch0(rte_pktmbuf_mtod(pkts[i], void *));
	for (uint16_t i = 0; i < n; i++) {
		if (i + PREFETCH_AHEAD < n)
			rte_prefetch0(rte_pktmbuf_mtod(pkts[i + PREFETCH_AHEAD], void *));
		if (!frame_check(f, from, pkts[i]))
			continue;
		b->dst[b->n] = rte_be_to_cpu_32(ip4_of(pkts[i])->dst_addr);
		b->pkt[b->n++] = pkts[i];
	}
}

/* The hash by which a packet's flow is spread over equal paths. Mixed, so that the bits that chose
 * the receive queue (the device's, or those of a router before us with the same hash) do not choose
 * the path again. */
static uint32_t flow_hash(struct rte_mbuf *m)
{
	const struct rte_ipv4_hdr *ip = ip4_of(m);
	uint32_t hash = m->hash.rss;

	if (!(m->ol_flags & RTE_MBUF_F_RX_RSS_HASH) || ip4_is_fragment(ip))
		hash = ip4_flow_hash(ip);
	return (uint32_t)(hash * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

static void paths_load(const struct fib_generation *generation, struct burst *b)
{
	for (uint16_t i = 0; i < b->n; i++)
		rte_prefetch0(&generation->path_lists[b->path_list[i]]);
	for (uint16_t i = 0; i < b->n; i++) {
		const struct path_list *list = &generation->path_lists[b->path_list[i]];
		uint16_t index = ADJACENCY_NONE;

		if (likely(list->nb_members == 1))
			index = list->member[0];
		else if (list->nb_members)
			index = path_list_member(list, flow_hash(b->pkt[i]));
		b->adjacency[i] = fib_adjacency(generation, index);
		rte_prefetch0(b->adjacency[i]);
	}
}

void forward_rewrite(struct rte_mbuf *m, const struct adjacency *adjacency)
{
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);
	/* the first two octets of the IP header: 16 octets are one store, 14 are three */
	uint16_t overlap;

	memcpy(&overlap, frame + RTE_ETHER_HDR_LEN, sizeof(overlap));
	rte_mov16(frame, adjacency->rewrite);
	memcpy(frame + RTE_ETHER_HDR_LEN, &overlap, sizeof(overlap));
	ip4_ttl_decrement(ip4_of(m));
}

/* An ICMP redirect: the way to a peer is not a neighbour's to change. The kernel believes one if
 * either an interface's setting or the host's says so, and only the former would be ours to set. */
static bool is_redirect(const struct rte_ipv4_hdr *ip)
{
	const uint8_t *type = (const uint8_t *)ip + rte_ipv4_hdr_len(ip);

	return ip->next_proto_id == IPPROTO_ICMP &&
	       !(ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_OFFSET_MASK)) &&
	       rte_be_to_cpu_16(ip->total_length) > rte_ipv4_hdr_len(ip) && *type == ICMP_REDIRECT;
}

static bool is_bgp(const struct rte_ipv4_hdr *ip)
{
	const struct rte_tcp_hdr *tcp = (const void *)((const uint8_t *)ip + rte_ipv4_hdr_len(ip));

	return ip->next_proto_id == IPPROTO_TCP &&
	       !(ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_OFFSET_MASK)) &&
	       rte_be_to_cpu_16(ip->total_length) >= rte_ipv4_hdr_len(ip) + sizeof(*tcp) &&
	       (tcp->dst_port == RTE_BE16(179) || tcp->src_port == RTE_BE16(179));
}

/* BGP from peers has a class of its own, so that nobody else can crowd it out. A peer is behind one
 * port: who says its address behind another is not the peer, and the kernel would answer the peer
 * itself. */
static void packet_bgp(struct forwarder *f, struct rte_mbuf *m)
{
	int port = fib_peer_port(f->fib, rte_be_to_cpu_32(ip4_of(m)->src_addr));

	if (port == m->port) {
		punt(f, PUNT_BGP, m);
	} else if (port < 0) {
		f->counters->event[COUNTER_BGP_UNKNOWN_PEER]++;
		punt(f, PUNT_LOCAL, m);
	} else {
		drop(f, DROP_BGP_WRONG_PORT, m);
	}
}

/* For us. */
static void packet_local(struct forwarder *f, struct rte_mbuf *m)
{
	const struct rte_ipv4_hdr *ip = ip4_of(m);

	if (is_redirect(ip))
		drop(f, DROP_REDIRECT, m);
	else if (is_bgp(ip))
		packet_bgp(f, m);
	else
		punt(f, PUNT_LOCAL, m);
}

bool forward_bounces(const struct rte_mbuf *m, const struct adjacency *adjacency)
{
	const struct rte_ether_hdr *ether = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);

	return adjacency->port == m->port &&
	       !memcmp(&ether->src_addr, adjacency->rewrite, RTE_ETHER_ADDR_LEN);
}

/* Send to a neighbour that is resolved; what is too big for the way there is cut by the main lcore.
 * The gate was asked for `egress_role`. */
static inline void packet_send(struct forwarder *f, const struct port *from, struct rte_mbuf *m,
			       const struct adjacency *adjacency, uint8_t egress_role)
{
	bool whole = rte_be_to_cpu_16(ip4_of(m)->total_length) <= adjacency->mtu;

	if (unlikely(adjacency->port == from->id) && forward_bounces(m, adjacency)) {
		drop(f, DROP_BOUNCE, m);
		return;
	}
	forward_rewrite(m, adjacency);
	if (likely(whole)) {
		tx_send(&f->tx, adjacency->port, m);
		return;
	}
	punt_note(m)->port = adjacency->port;
	punt_note(m)->mtu = adjacency->mtu;
	punt_note(m)->egress_role = egress_role;
	punt(f, PUNT_FRAGMENT, m);
}

/* On link: the host's own adjacency; or have the main lcore hold the packet until there is one. */
static void packet_glean(struct forwarder *f, const struct port *from, struct rte_mbuf *m,
			 uint32_t dst, const struct adjacency *glean)
{
	const struct adjacency *host = neighbour_find(f->neighbours, glean->port, dst);

	if (likely(host && __atomic_load_n(&host->action, __ATOMIC_ACQUIRE) == ADJACENCY_FORWARD)) {
		packet_send(f, from, m, host, glean->egress_role);
		return;
	}
	punt_note(m)->port = glean->port;
	punt(f, PUNT_GLEAN, m);
}

/* May the packet not be cut (RFC 791 3.1: DF), though it is too big for its way? */
static inline bool too_big(const struct rte_ipv4_hdr *ip, const struct adjacency *adjacency)
{
	return rte_be_to_cpu_16(ip->total_length) > adjacency->mtu &&
	       (ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_DF_FLAG));
}

/* What an adjacency that carries no transit does with a packet. */
static void packet_stays(struct forwarder *f, struct rte_mbuf *m, uint8_t action, bool spoilt)
{
	if (unlikely(spoilt)) {
		drop(f, DROP_TABLE_SPOILT, m);
		return;
	}
	switch (action) {
	case ADJACENCY_LOCAL: packet_local(f, m); break;
	case ADJACENCY_BROADCAST: drop(f, DROP_BROADCAST, m); break;
	default: drop_error(f, DROP_NO_ROUTE, PUNT_ERROR_NET_UNREACHABLE, 0, m); break;
	}
}

/* The next hop is lost: another one, or `lost` again if there is none. */
static __rte_noinline const struct adjacency *packet_repair(struct forwarder *f,
							    const struct fib_generation *generation,
							    uint32_t path_list, struct rte_mbuf *m,
							    const struct adjacency *lost)
{
	const struct path_list *list = &generation->path_lists[path_list];
	const struct adjacency *found = fib_repair(generation, list, flow_hash(m));

	if (!found)
		return lost;
	f->counters->event[COUNTER_REPAIRED]++;
	return found;
}

static inline void packet_forward(struct forwarder *f, const struct port *from, uint64_t gate,
				  const struct fib_generation *generation, const struct burst *b,
				  uint16_t i)
{
	const struct adjacency *adjacency = b->adjacency[i];
	uint8_t action = __atomic_load_n(&adjacency->action, __ATOMIC_ACQUIRE);
	struct rte_mbuf *m = b->pkt[i];
	const struct rte_ipv4_hdr *ip = ip4_of(m);

	if (unlikely(action != ADJACENCY_FORWARD && action != ADJACENCY_GLEAN)) {
		if (action != ADJACENCY_UNRESOLVED) {
			packet_stays(f, m, action, b->spoilt >> i & 1);
			return;
		}
		adjacency = packet_repair(f, generation, b->path_list[i], m, adjacency);
		action = __atomic_load_n(&adjacency->action, __ATOMIC_ACQUIRE);
	}
	if (unlikely(!fib_gate_open(gate, from->role, adjacency->egress_role)))
		drop(f, DROP_GATE_CLOSED, m);
	else if (unlikely(ip->time_to_live <= 1))
		drop_error(f, DROP_TTL_EXPIRED, PUNT_ERROR_TTL_EXPIRED, 0, m);
	else if (unlikely(action == ADJACENCY_UNRESOLVED))
		drop_error(f, DROP_UNRESOLVED, PUNT_ERROR_HOST_UNREACHABLE, 0, m);
	else if (unlikely(too_big(ip, adjacency)))
		drop_error(f, DROP_TOO_BIG, PUNT_ERROR_TOO_BIG, adjacency->mtu, m);
	else if (action == ADJACENCY_GLEAN)
		packet_glean(f, from, m, b->dst[i], adjacency);
	else
		packet_send(f, from, m, adjacency, adjacency->egress_role);
}

void forward_burst(struct forwarder *f, const struct port *from, struct rte_mbuf **pkts, uint16_t n)
{
	const struct fib_generation *generation = fib_active(f->fib);
	uint64_t gate = __atomic_load_n(&f->fib->gate, __ATOMIC_ACQUIRE);
	struct burst b;

	f->counters->rx += n;
	frames_check(f, from, pkts, n, &b);
	if (!b.n)
		return;
	b.spoilt = fib_lookup_burst(&generation->view[from->role], f->tbl8_groups, b.dst,
				    b.path_list, b.n);
	paths_load(generation, &b);
	for (uint16_t i = 0; i < b.n; i++)
		packet_forward(f, from, gate, generation, &b, i);
}
