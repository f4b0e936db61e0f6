/* The host's own packets, by the FIB. */
#include "self.h"

#include "frame_ip.h"
#include "hosts.h"
#include "ip4.h"
#include "role.h"
#include "slowpath_send.h"

static struct rte_ipv4_hdr *ip4_of(struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, RTE_ETHER_HDR_LEN);
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
static const struct adjacency *way_of(const struct slowpath *s,
				      const struct fib_generation *generation, uint32_t dst,
				      const struct rte_ipv4_hdr *ip)
{
	uint32_t index, hash = ip4_flow_hash(ip);
	const struct adjacency *found, *first = &generation->adjacencies[ADJACENCY_NONE];
	const struct path_list *list;

	fib_lookup_burst(&generation->view[ROLE_VNET], s->tbl8_groups, &dst, &index, 1);
	list = &generation->path_lists[index];
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
				       uint32_t dst)
{
	const struct host *host = hosts_want(s, glean->port, fib_addr_ip4(dst));

	return host ? host_adjacency(s->neighbours, host) : glean;
}

static enum drop_reason check(const struct slowpath *s, const struct rte_ipv4_hdr *ip, uint32_t len)
{
	enum drop_reason reason = ip4_check(ip, len, true);

	if (reason == DROP_NONE && !sources_has(s->sources, rte_be_to_cpu_32(ip->src_addr)))
		return DROP_MARTIAN_SOURCE;
	return reason;
}

/* Of a packet that has been checked. */
static const struct adjacency *find(struct slowpath *s, const struct rte_ipv4_hdr *ip)
{
	uint32_t dst = rte_be_to_cpu_32(ip->dst_addr);
	const struct adjacency *way = way_of(s, fib_active(s->fib), dst, ip);

	return way->action == ADJACENCY_GLEAN ? host_of(s, way, dst) : way;
}

const struct adjacency *self_way(struct slowpath *s, const struct rte_ipv4_hdr *ip, uint32_t len)
{
	const struct adjacency *way = check(s, ip, len) == DROP_NONE ? find(s, ip) : NULL;

	return way && carries(way) ? way : NULL;
}

void self_send(struct slowpath *s, uint16_t port, struct rte_mbuf *m)
{
	struct rte_ipv4_hdr *ip = ip4_of(m);
	enum drop_reason reason = check(s, ip, m->data_len - RTE_ETHER_HDR_LEN);
	const struct adjacency *way;

	if (reason != DROP_NONE) {
		slowpath_drop(s, reason, m);
		return;
	}
	way = find(s, ip);
	if (way->action == ADJACENCY_UNRESOLVED || way->action == ADJACENCY_GLEAN)
		refuse(s, port, DROP_UNRESOLVED, PUNT_ERROR_HOST_UNREACHABLE, 0, m);
	else if (!carries(way))
		refuse(s, port, DROP_NO_ROUTE, PUNT_ERROR_NET_UNREACHABLE, 0, m);
	else if (rte_be_to_cpu_16(ip->total_length) > way->mtu &&
		 (ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_DF_FLAG)))
		refuse(s, port, DROP_TOO_BIG, PUNT_ERROR_TOO_BIG, way->mtu, m);
	else
		slowpath_send(s, way, m);
}
