/* Odd packets of IPv6, one by one: as odd.c, in the same order. What is to the link is for the
 * kernel: it is never forwarded, so no table is asked about it. */
#include "odd6.h"

#include <netinet/in.h>

#include <rte_ether.h>
#include <rte_tcp.h>

#include "filter.h"
#include "hop.h"
#include "ip6.h"
#include "leave.h"

enum { ND_NEIGHBOUR_ADVERTISEMENT = 136, ND_REDIRECT = 137 };

static struct rte_ipv6_hdr *ip6_of(struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod_offset(m, struct rte_ipv6_hdr *, RTE_ETHER_HDR_LEN);
}

static bool is_bgp(const struct rte_ipv6_hdr *ip, const struct ip6_upper *upper)
{
	const struct rte_tcp_hdr *tcp = (const void *)((const uint8_t *)ip + upper->at);

	return upper->proto == IPPROTO_TCP && !upper->fragment &&
	       ip6_total_len(ip) >= upper->at + sizeof(*tcp) &&
	       (tcp->dst_port == RTE_BE16(179) || tcp->src_port == RTE_BE16(179));
}

/* For us. Of IPv6, control has told no peers. */
static void packet_local(struct forwarder *f, struct rte_mbuf *m)
{
	const struct rte_ipv6_hdr *ip = ip6_of(m);
	struct ip6_upper upper = ip6_upper(ip);
	uint8_t type = ip6_icmp_type(ip, &upper);

	if (type == ND_REDIRECT) {
		leave_drop(f, DROP_REDIRECT, m);
	} else if (ip6_discovers(ip, &upper)) {
		leave_punt(f, PUNT_ND, m);
	} else if (ip6_type_discovers(type)) {
		leave_drop(f, DROP_ND_HOP_LIMIT, m);
	} else if (is_bgp(ip, &upper)) {
		leave_bgp(f, ip6_addr(ip->src_addr), m);
	} else {
		leave_punt(f, PUNT_LOCAL, m);
	}
}

/* To the link: no other stage sees it, so its port's list is asked here. What the link itself needs
 * is not the list's to say: a switch that hears nothing of listeners would keep solicitations,
 * which are to groups, from us (RFC 4541 3). */
static void packet_to_link(struct forwarder *f, struct rte_mbuf *m)
{
	const struct filter_table *table = __atomic_load_n(&f->filters, __ATOMIC_ACQUIRE);
	const struct rte_ipv6_hdr *ip = ip6_of(m);
	struct ip6_upper upper = ip6_upper(ip);
	enum drop_reason reason = DROP_NONE;

	if (!ip6_discovers(ip, &upper) && !ip6_listens(ip, &upper))
		reason = filter_in_one(table, FIB_IP6, f->lcore, m->port, m);
	if (reason != DROP_NONE)
		leave_drop(f, reason, m);
	else
		packet_local(f, m);
}

/* Nobody else has our addresses; but whoever thinks that he does must be heard when he says so, by
 * which duplicates are found (RFC 4862 5.4.4). */
static bool source_martian(const struct forwarder *f, const struct rte_ipv6_hdr *ip)
{
	struct fib_addr source = ip6_addr(ip->src_addr);
	struct ip6_upper upper;

	if (!sources6_has(&f->sources->ip6, &source))
		return false;
	upper = ip6_upper(ip);
	return !ip6_to_link(ip) || ip6_icmp_type(ip, &upper) != ND_NEIGHBOUR_ADVERTISEMENT;
}

bool odd6_packet(struct forwarder *f, struct rte_mbuf *m, bool ours)
{
	const struct rte_ipv6_hdr *ip = ip6_of(m);
	enum drop_reason reason = ip6_check(ip, m->data_len - RTE_ETHER_HDR_LEN);
	uint32_t frame_len;

	if (reason == DROP_NONE) {
		if (source_martian(f, ip))
			reason = DROP_MARTIAN_SOURCE;
		else if (!ours && ip->dst_addr[0] != 0xff)
			reason = DROP_L2_BROADCAST;
	}
	if (reason != DROP_NONE) {
		leave_drop(f, reason, m);
		return false;
	}
	frame_len = RTE_ETHER_HDR_LEN + ip6_total_len(ip);
	if (m->data_len != frame_len) /* padding of the link that it came from */
		rte_pktmbuf_trim(m, (uint16_t)(m->data_len - frame_len));
	if (!ip6_to_link(ip))
		return true;
	packet_to_link(f, m);
	return false;
}

/* By a neighbour that is resolved, and that takes it whole. */
static const struct adjacency *way_out(struct forwarder *f, const struct port *from,
				       struct rte_mbuf *m, const struct adjacency *adjacency)
{
	if (adjacency->port == from->id && hop_bounces(m, adjacency)) {
		leave_drop(f, DROP_BOUNCE, m);
		return NULL;
	}
	if (ip6_total_len(ip6_of(m)) <= adjacency->mtu)
		return adjacency;
	leave_drop_error(f, DROP_TOO_BIG, PUNT_ERROR_TOO_BIG, adjacency->mtu, m);
	return NULL;
}

/* On link: the host's own adjacency; or have the main lcore hold the packet until there is one. */
static const struct adjacency *way_glean(struct forwarder *f, const struct port *from,
					 struct rte_mbuf *m, const struct adjacency *glean)
{
	struct fib_addr dst = ip6_addr(ip6_of(m)->dst_addr);
	const struct adjacency *host = neighbour_find(f->neighbours, glean->port, dst);

	if (host && __atomic_load_n(&host->action, __ATOMIC_ACQUIRE) == ADJACENCY_FORWARD)
		return way_out(f, from, m, host);
	punt_note(m)->port = glean->port;
	leave_punt(f, PUNT_GLEAN, m);
	return NULL;
}

/* What an adjacency that carries no transit does with a packet. */
static void packet_stays(struct forwarder *f, struct rte_mbuf *m, uint8_t action, bool spoilt)
{
	if (spoilt)
		leave_drop(f, DROP_TABLE_SPOILT, m);
	else if (action == ADJACENCY_LOCAL)
		packet_local(f, m);
	else if (ip6_link_local(ip6_of(m)->src_addr))
		leave_drop(f, DROP_LINK_LOCAL, m);
	else
		leave_drop_error(f, DROP_NO_ROUTE, PUNT_ERROR_NET_UNREACHABLE, 0, m);
}

const struct adjacency *odd6_way(struct forwarder *f, const struct port *from, uint64_t gate,
				 const struct fib_generation *generation, const struct burst *b,
				 uint16_t i, bool spoilt)
{
	const struct adjacency *adjacency = b->adjacency[i];
	uint8_t action = __atomic_load_n(&adjacency->action, __ATOMIC_ACQUIRE);
	struct rte_mbuf *m = b->pkt[i];
	const struct rte_ipv6_hdr *ip = ip6_of(m);

	if (action != ADJACENCY_FORWARD && action != ADJACENCY_GLEAN) {
		if (action != ADJACENCY_UNRESOLVED) {
			packet_stays(f, m, action, spoilt);
			return NULL;
		}
		adjacency = leave_repair(f, generation, b->path_list[i], hop6_hash(m), adjacency);
		action = __atomic_load_n(&adjacency->action, __ATOMIC_ACQUIRE);
	}
	if (ip6_link_local(ip->src_addr))
		leave_drop(f, DROP_LINK_LOCAL, m); /* RFC 4291 2.5.6: not to other links */
	else if (!fib_gate_open(gate, from->role, adjacency->egress_role))
		leave_drop(f, DROP_GATE_CLOSED, m);
	else if (filter_stops(f, FIB_IP6, adjacency->port, m))
		return NULL;
	else if (ip->hop_limits <= 1)
		leave_drop_error(f, DROP_TTL_EXPIRED, PUNT_ERROR_TTL_EXPIRED, 0, m);
	else if (action == ADJACENCY_UNRESOLVED)
		leave_drop_error(f, DROP_UNRESOLVED, PUNT_ERROR_HOST_UNREACHABLE, 0, m);
	else if (action == ADJACENCY_GLEAN)
		return way_glean(f, from, m, adjacency);
	else
		return way_out(f, from, m, adjacency);
	return NULL;
}
