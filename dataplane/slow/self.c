/* The host's own packets, by the FIB. */
#include "self.h"

#include "frame_ip.h"
#include "hosts.h"
#include "ip4.h"
#include "role.h"
#include "route.h"
#include "slowpath_send.h"

/* A packet in a frame of the kernel's. */
struct own_packet {
	const void *ip; /* its header */
	bool ip6;
	uint32_t len; /* octets that are there */
};

static struct own_packet packet_in(const void *frame, uint32_t frame_len)
{
	const struct rte_ether_hdr *ether = frame;

	return (struct own_packet){
		.ip = ether + 1,
		.ip6 = ether->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV6),
		.len = frame_len - RTE_ETHER_HDR_LEN,
	};
}

static struct fib_addr destination(const struct own_packet *p)
{
	if (p->ip6)
		return ip6_addr(((const struct rte_ipv6_hdr *)p->ip)->dst_addr);
	return fib_addr_ip4(rte_be_to_cpu_32(((const struct rte_ipv4_hdr *)p->ip)->dst_addr));
}

static uint32_t flow_hash(const struct own_packet *p)
{
	return p->ip6 ? ip6_flow_hash(p->ip) : ip4_flow_hash(p->ip);
}

/* More octets than the way takes, and the kernel is to know: of IPv4 it else is sent in parts. */
static bool too_big(const struct own_packet *p, uint16_t mtu)
{
	const struct rte_ipv4_hdr *ip = p->ip;

	if (p->ip6)
		return ip6_total_len(p->ip) > mtu;
	return rte_be_to_cpu_16(ip->total_length) > mtu &&
	       (ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_DF_FLAG));
}

/* Drop it and answer the kernel with an error, by the interface that it came from. The error comes
 * from where the packet was to go: the kernel believes none from an address of its own. */
static void refuse(struct slowpath *s, uint16_t port, enum drop_reason reason,
		   enum punt_error error, uint16_t mtu, struct rte_mbuf *m)
{
	struct fib_addr from = frame_destination(m);
	struct rte_mbuf *answer = NULL;

	if (icmp_permitted(m))
		answer = icmp_error(m, error, mtu, &s->ports[port], &from, s->pool);
	slowpath_drop(s, reason, m);
	if (!answer)
		return;
	s->counters->originated++;
	if (lcp_send(&s->lcp[port], answer)) {
		s->counters->to_kernel++;
		rte_pktmbuf_free(answer);
	} else {
		slowpath_drop(s, DROP_LCP_REFUSED, answer);
	}
}

static bool carries(const struct adjacency *adjacency)
{
	return __atomic_load_n(&adjacency->action, __ATOMIC_ACQUIRE) == ADJACENCY_FORWARD;
}

/* The adjacency of the packet's flow, or another that forwards if that one does not. */
static const struct adjacency *way_of(const struct slowpath *s, const struct own_packet *p,
				      const struct fib_addr *dst)
{
	const struct fib_generation *generation = fib_active(s->fib);
	const struct adjacency *found, *first = &generation->adjacencies[ADJACENCY_NONE];
	uint32_t hash = flow_hash(p);
	const struct path_list *list =
		&generation->path_lists[route_path_list(s, generation, ROLE_VNET, dst)];

	if (list->nb_members == 1)
		first = fib_adjacency(generation, list->member[0]);
	else if (list->nb_members)
		first = fib_adjacency(generation, path_list_member(list, hash));
	if (first->action != ADJACENCY_UNRESOLVED)
		return first;
	found = fib_repair(generation, list, hash);
	return found ? found : first;
}

/* On link by the FIB, though the kernel has no such route (its link is down, or control has just
 * learned it). */
static const struct adjacency *host_of(struct slowpath *s, const struct adjacency *glean,
				       struct fib_addr dst)
{
	const struct host *host = hosts_want(s, glean->port, dst);

	return host ? host_adjacency(s->neighbours, host) : glean;
}

static enum drop_reason check4(const struct slowpath *s, const struct rte_ipv4_hdr *ip,
			       uint32_t len)
{
	enum drop_reason reason = ip4_check(ip, len, true);

	if (reason == DROP_NONE && !sources_has(s->sources, rte_be_to_cpu_32(ip->src_addr)))
		return DROP_MARTIAN_SOURCE;
	return reason;
}

/* What is to the link the kernel sends to it by itself. */
static enum drop_reason check6(const struct slowpath *s, const struct rte_ipv6_hdr *ip,
			       uint32_t len)
{
	enum drop_reason reason = ip6_check(ip, len);
	struct fib_addr source;

	if (reason != DROP_NONE)
		return reason;
	source = ip6_addr(ip->src_addr);
	if (!sources6_has(&s->sources->ip6, &source))
		return DROP_MARTIAN_SOURCE;
	return ip6_to_link(ip) ? DROP_LINK_LOCAL : DROP_NONE;
}

static enum drop_reason check(const struct slowpath *s, const struct own_packet *p)
{
	return p->ip6 ? check6(s, p->ip, p->len) : check4(s, p->ip, p->len);
}

/* Of a packet that has been checked. */
static const struct adjacency *find(struct slowpath *s, const struct own_packet *p)
{
	struct fib_addr dst = destination(p);
	const struct adjacency *way = way_of(s, p, &dst);

	return way->action == ADJACENCY_GLEAN ? host_of(s, way, dst) : way;
}

const struct adjacency *self_way(struct slowpath *s, const void *frame, uint32_t len)
{
	struct own_packet p = packet_in(frame, len);
	const struct adjacency *way = check(s, &p) == DROP_NONE ? find(s, &p) : NULL;

	return way && carries(way) ? way : NULL;
}

void self_send(struct slowpath *s, uint16_t port, struct rte_mbuf *m)
{
	struct own_packet p = packet_in(rte_pktmbuf_mtod(m, const void *), m->data_len);
	enum drop_reason reason = check(s, &p);
	const struct adjacency *way;

	if (reason != DROP_NONE) {
		slowpath_drop(s, reason, m);
		return;
	}
	way = find(s, &p);
	if (way->action == ADJACENCY_UNRESOLVED || way->action == ADJACENCY_GLEAN)
		refuse(s, port, DROP_UNRESOLVED, PUNT_ERROR_HOST_UNREACHABLE, 0, m);
	else if (!carries(way))
		refuse(s, port, DROP_NO_ROUTE, PUNT_ERROR_NET_UNREACHABLE, 0, m);
	else if (too_big(&p, way->mtu))
		refuse(s, port, DROP_TOO_BIG, PUNT_ERROR_TOO_BIG, way->mtu, m);
	else
		slowpath_send(s, way, m);
}
