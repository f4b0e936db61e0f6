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
#include "leave.h"
#include "odd6.h"
#include "tags.h"

enum { ICMP_REDIRECT = 5 };

static struct rte_ipv4_hdr *ip4_of(struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, RTE_ETHER_HDR_LEN);
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

/* What a frame to us carries, or to a group, without tags: ODD_GOOD if it is of `family`. */
static enum odd frame_family(struct forwarder *f, const struct port *from, struct rte_mbuf *m,
			     enum fib_family family)
{
	rte_be16_t type = type_of(m);

	if (type == RTE_BE16(RTE_ETHER_TYPE_IPV4))
		return family == FIB_IP4 ? ODD_GOOD : ODD_OTHER;
	if (type == RTE_BE16(RTE_ETHER_TYPE_IPV6) && from->ip6)
		return family == FIB_IP6 ? ODD_GOOD : ODD_OTHER;
	if (type == RTE_BE16(RTE_ETHER_TYPE_ARP))
		leave_punt(f, PUNT_ARP, m);
	else
		leave_drop(f, DROP_ETHERTYPE, m);
	return ODD_GONE;
}

/* A good packet of IPv4 to forward? False: it is gone. */
static bool packet4(struct forwarder *f, struct rte_mbuf *m, bool ours)
{
	const struct rte_ipv4_hdr *ip = ip4_of(m);
	enum drop_reason reason = ip4_check(ip, m->data_len - RTE_ETHER_HDR_LEN,
					    (m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) ==
						    RTE_MBUF_F_RX_IP_CKSUM_GOOD);
	uint32_t frame_len;

	if (reason == DROP_NONE && sources_has(f->sources, rte_be_to_cpu_32(ip->src_addr)))
		reason = DROP_MARTIAN_SOURCE;
	if (reason == DROP_NONE && !ours)
		reason = DROP_L2_BROADCAST; /* RFC 1812 5.3.4: unicast in a link-layer broadcast */
	if (reason != DROP_NONE) {
		leave_drop(f, reason, m);
		return false;
	}
	frame_len = RTE_ETHER_HDR_LEN + rte_be_to_cpu_16(ip->total_length);
	if (m->data_len != frame_len) /* padding of the link that it came from */
		rte_pktmbuf_trim(m, (uint16_t)(m->data_len - frame_len));
	return true;
}

enum odd odd_frame(struct forwarder *f, const struct port *from, struct rte_mbuf *m,
		   enum fib_family family)
{
	const struct rte_ether_hdr *ether = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	enum drop_reason reason = DROP_NONE;
	enum odd odd;
	bool ours;

	if (m->data_len < RTE_ETHER_HDR_LEN) {
		leave_drop(f, DROP_FRAME_SHORT, m);
		return ODD_GONE;
	}
	ours = rte_is_same_ether_addr(&ether->dst_addr, &from->mac);
	if (!ours && !rte_is_multicast_ether_addr(&ether->dst_addr))
		reason = DROP_NOT_OUR_MAC;
	else if (tags_type(ether->ether_type))
		reason = priority_untag(m);
	if (reason != DROP_NONE) {
		leave_drop(f, reason, m);
		return ODD_GONE;
	}
	odd = frame_family(f, from, m, family);
	if (odd == ODD_GOOD && !(family == FIB_IP4 ? packet4(f, m, ours) : odd6_packet(f, m, ours)))
		return ODD_GONE;
	return odd;
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

/* For us. */
static void packet_local(struct forwarder *f, struct rte_mbuf *m)
{
	const struct rte_ipv4_hdr *ip = ip4_of(m);

	if (is_redirect(ip))
		leave_drop(f, DROP_REDIRECT, m);
	else if (is_bgp(ip))
		leave_bgp(f, fib_addr_ip4(rte_be_to_cpu_32(ip->src_addr)), m);
	else
		leave_punt(f, PUNT_LOCAL, m);
}

/* By a neighbour that is resolved; what is too big for the way there is cut by the main lcore. The
 * gate was asked for `egress_role`. */
static const struct adjacency *way_out(struct forwarder *f, const struct port *from,
				       struct rte_mbuf *m, const struct adjacency *adjacency,
				       uint8_t egress_role)
{
	if (adjacency->port == from->id && hop_bounces(m, adjacency)) {
		leave_drop(f, DROP_BOUNCE, m);
		return NULL;
	}
	if (rte_be_to_cpu_16(ip4_of(m)->total_length) <= adjacency->mtu)
		return adjacency;
	hop_rewrite(m, adjacency);
	punt_note(m)->port = adjacency->port;
	punt_note(m)->mtu = adjacency->mtu;
	punt_note(m)->egress_role = egress_role;
	leave_punt(f, PUNT_FRAGMENT, m);
	return NULL;
}

/* On link: the host's own adjacency; or have the main lcore hold the packet until there is one. */
static const struct adjacency *way_glean(struct forwarder *f, const struct port *from,
					 struct rte_mbuf *m, const struct adjacency *glean)
{
	uint32_t dst = rte_be_to_cpu_32(ip4_of(m)->dst_addr);
	const struct adjacency *host =
		neighbour_find(f->neighbours, glean->port, fib_addr_ip4(dst));

	if (host && __atomic_load_n(&host->action, __ATOMIC_ACQUIRE) == ADJACENCY_FORWARD)
		return way_out(f, from, m, host, glean->egress_role);
	punt_note(m)->port = glean->port;
	leave_punt(f, PUNT_GLEAN, m);
	return NULL;
}

/* May the packet not be cut (RFC 791 3.1: DF), though it is too big for its way? */
static bool too_big(const struct rte_ipv4_hdr *ip, const struct adjacency *adjacency)
{
	return rte_be_to_cpu_16(ip->total_length) > adjacency->mtu &&
	       (ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_DF_FLAG));
}

/* What an adjacency that carries no transit does with a packet. */
static void packet_stays(struct forwarder *f, struct rte_mbuf *m, uint8_t action, bool spoilt)
{
	if (spoilt) {
		leave_drop(f, DROP_TABLE_SPOILT, m);
		return;
	}
	switch (action) {
	case ADJACENCY_LOCAL: packet_local(f, m); break;
	case ADJACENCY_BROADCAST: leave_drop(f, DROP_BROADCAST, m); break;
	default: leave_drop_error(f, DROP_NO_ROUTE, PUNT_ERROR_NET_UNREACHABLE, 0, m); break;
	}
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
		adjacency = leave_repair(f, generation, b->path_list[i], hop_hash(m), adjacency);
		action = __atomic_load_n(&adjacency->action, __ATOMIC_ACQUIRE);
	}
	if (!fib_gate_open(gate, from->role, adjacency->egress_role))
		leave_drop(f, DROP_GATE_CLOSED, m);
	else if (filter_stops(f, FIB_IP4, adjacency->port, m))
		return NULL;
	else if (ip->time_to_live <= 1)
		leave_drop_error(f, DROP_TTL_EXPIRED, PUNT_ERROR_TTL_EXPIRED, 0, m);
	else if (action == ADJACENCY_UNRESOLVED)
		leave_drop_error(f, DROP_UNRESOLVED, PUNT_ERROR_HOST_UNREACHABLE, 0, m);
	else if (too_big(ip, adjacency))
		leave_drop_error(f, DROP_TOO_BIG, PUNT_ERROR_TOO_BIG, adjacency->mtu, m);
	else if (action == ADJACENCY_GLEAN)
		return way_glean(f, from, m, adjacency);
	else
		return way_out(f, from, m, adjacency, adjacency->egress_role);
	return NULL;
}
