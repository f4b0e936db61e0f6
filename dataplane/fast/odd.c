/* Odd packets, one by one: every reason to drop, every class to punt. Nothing here is in the way of
 * a packet of everyday.
 *
 * The gate comes before all else that could answer: a packet that may not pass learns nothing, not
 * even how far it got. */
#include "odd.h"

#include <netinet/in.h>

#include <rte_ether.h>
#include <rte_tcp.h>

#include "filter.h"
#include "hop.h"
#include "ip4.h"
#include "tags.h"

enum { ICMP_REDIRECT = 5 };

static struct rte_ipv4_hdr *ip4_of(struct rte_mbuf *m)
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

static rte_be16_t type_of(const struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod(m, const struct rte_ether_hdr *)->ether_type;
}

/* Take tags of VLAN 0 out. The frames of a port with tags of its own have none any more. */
static enum drop_reason priority_untag(struct rte_mbuf *m)
{
	struct tags tags;
	enum drop_reason reason = tags_read(m, &tags);

	if (reason == DROP_NONE && tags.vlans)
		reason = DROP_VLAN_UNKNOWN;
	if (reason == DROP_NONE)
		tags_pop(m, tags.len);
	return reason;
}

/* A frame that carries no IPv4, or not to us. True: it carried priority tags only; false: it is
 * gone. */
static bool frame_other(struct forwarder *f, struct rte_mbuf *m, bool for_us)
{
	bool tagged = tags_type(type_of(m));
	enum drop_reason reason = DROP_NONE;

	if (!for_us)
		reason = DROP_NOT_OUR_MAC;
	else if (tagged)
		reason = priority_untag(m);
	if (reason != DROP_NONE)
		drop(f, reason, m);
	else if (tagged && type_of(m) == RTE_BE16(RTE_ETHER_TYPE_IPV4))
		return true;
	else if (type_of(m) == RTE_BE16(RTE_ETHER_TYPE_ARP))
		punt(f, PUNT_ARP, m);
	else
		drop(f, DROP_ETHERTYPE, m);
	return false;
}

bool odd_frame(struct forwarder *f, const struct port *from, struct rte_mbuf *m)
{
	const struct rte_ether_hdr *ether = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	const struct rte_ipv4_hdr *ip = ip4_of(m);
	enum drop_reason reason;
	uint32_t frame_len;
	bool ours, group;

	if (m->data_len < RTE_ETHER_HDR_LEN) {
		drop(f, DROP_FRAME_SHORT, m);
		return false;
	}
	ours = rte_is_same_ether_addr(&ether->dst_addr, &from->mac);
	group = rte_is_multicast_ether_addr(&ether->dst_addr);
	if (ether->ether_type != RTE_BE16(RTE_ETHER_TYPE_IPV4) || !(ours || group)) {
		if (!frame_other(f, m, ours || group))
			return false;
		ip = ip4_of(m);
	}
	reason = ip4_check(ip, m->data_len - RTE_ETHER_HDR_LEN,
			   (m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) ==
				   RTE_MBUF_F_RX_IP_CKSUM_GOOD);
	if (reason == DROP_NONE && sources_has(f->sources, rte_be_to_cpu_32(ip->src_addr)))
		reason = DROP_MARTIAN_SOURCE;
	if (reason == DROP_NONE && !ours)
		reason = DROP_L2_BROADCAST; /* RFC 1812 5.3.4: unicast in a link-layer broadcast */
	if (reason != DROP_NONE) {
		drop(f, reason, m);
		return false;
	}
	frame_len = RTE_ETHER_HDR_LEN + rte_be_to_cpu_16(ip->total_length);
	if (m->data_len != frame_len) /* padding of the link that it came from */
		rte_pktmbuf_trim(m, (uint16_t)(m->data_len - frame_len));
	return true;
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

/* By a neighbour that is resolved; what is too big for the way there is cut by the main lcore. The
 * gate was asked for `egress_role`. */
static const struct adjacency *way_out(struct forwarder *f, const struct port *from,
				       struct rte_mbuf *m, const struct adjacency *adjacency,
				       uint8_t egress_role)
{
	if (adjacency->port == from->id && hop_bounces(m, adjacency)) {
		drop(f, DROP_BOUNCE, m);
		return NULL;
	}
	if (rte_be_to_cpu_16(ip4_of(m)->total_length) <= adjacency->mtu)
		return adjacency;
	hop_rewrite(m, adjacency);
	punt_note(m)->port = adjacency->port;
	punt_note(m)->mtu = adjacency->mtu;
	punt_note(m)->egress_role = egress_role;
	punt(f, PUNT_FRAGMENT, m);
	return NULL;
}

/* On link: the host's own adjacency; or have the main lcore hold the packet until there is one. */
static const struct adjacency *way_glean(struct forwarder *f, const struct port *from,
					 struct rte_mbuf *m, const struct adjacency *glean)
{
	uint32_t dst = rte_be_to_cpu_32(ip4_of(m)->dst_addr);
	const struct adjacency *host = neighbour_find(f->neighbours, glean->port, dst);

	if (host && __atomic_load_n(&host->action, __ATOMIC_ACQUIRE) == ADJACENCY_FORWARD)
		return way_out(f, from, m, host, glean->egress_role);
	punt_note(m)->port = glean->port;
	punt(f, PUNT_GLEAN, m);
	return NULL;
}

/* May the packet not be cut (RFC 791 3.1: DF), though it is too big for its way? */
static bool too_big(const struct rte_ipv4_hdr *ip, const struct adjacency *adjacency)
{
	return rte_be_to_cpu_16(ip->total_length) > adjacency->mtu &&
	       (ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_DF_FLAG));
}

/* May the packet not leave by `port`? Then it is gone. */
static bool filtered(struct forwarder *f, uint16_t port, struct rte_mbuf *m)
{
	const struct filter_table *table = __atomic_load_n(&f->filters, __ATOMIC_ACQUIRE);
	enum drop_reason reason = filter_out_one(table, f->lcore, port, m);

	if (reason != DROP_NONE)
		drop(f, reason, m);
	return reason != DROP_NONE;
}

/* What an adjacency that carries no transit does with a packet. */
static void packet_stays(struct forwarder *f, struct rte_mbuf *m, uint8_t action, bool spoilt)
{
	if (spoilt) {
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
static const struct adjacency *packet_repair(struct forwarder *f,
					     const struct fib_generation *generation,
					     uint32_t path_list, struct rte_mbuf *m,
					     const struct adjacency *lost)
{
	const struct path_list *list = &generation->path_lists[path_list];
	const struct adjacency *found = fib_repair(generation, list, hop_hash(m));

	if (!found)
		return lost;
	f->counters->event[COUNTER_REPAIRED]++;
	return found;
}

const struct adjacency *odd_way(struct forwarder *f, const struct port *from, uint64_t gate,
				const struct fib_generation *generation, const struct burst *b,
				uint16_t i, bool spoilt)
{
	const struct adjacency *adjacency = b->adjacency[i];
	uint8_t action = __atomic_load_n(&adjacency->action, __ATOMIC_ACQUIRE);
	struct rte_mbuf *m = b->pkt[i];
	const struct rte_ipv4_hdr *ip = ip4_of(m);

	if (action != ADJACENCY_FORWARD && action != ADJACENCY_GLEAN) {
		if (action != ADJACENCY_UNRESOLVED) {
			packet_stays(f, m, action, spoilt);
			return NULL;
		}
		adjacency = packet_repair(f, generation, b->path_list[i], m, adjacency);
		action = __atomic_load_n(&adjacency->action, __ATOMIC_ACQUIRE);
	}
	if (!fib_gate_open(gate, from->role, adjacency->egress_role))
		drop(f, DROP_GATE_CLOSED, m);
	else if (filtered(f, adjacency->port, m))
		return NULL;
	else if (ip->time_to_live <= 1)
		drop_error(f, DROP_TTL_EXPIRED, PUNT_ERROR_TTL_EXPIRED, 0, m);
	else if (action == ADJACENCY_UNRESOLVED)
		drop_error(f, DROP_UNRESOLVED, PUNT_ERROR_HOST_UNREACHABLE, 0, m);
	else if (too_big(ip, adjacency))
		drop_error(f, DROP_TOO_BIG, PUNT_ERROR_TOO_BIG, adjacency->mtu, m);
	else if (action == ADJACENCY_GLEAN)
		return way_glean(f, from, m, adjacency);
	else
		return way_out(f, from, m, adjacency, adjacency->egress_role);
	return NULL;
}
