/* Judges the sources of a burst by the routes back to them. */
#include "urpf.h"

#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>

#include "ip6.h"
#include "role.h"

static uint32_t source4(const uint8_t *frame)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(frame + RTE_ETHER_HDR_LEN);

	return rte_be_to_cpu_32(ip->src_addr);
}

static const struct rte_ipv6_hdr *ip6_of(const uint8_t *frame)
{
	return (const struct rte_ipv6_hdr *)(frame + RTE_ETHER_HDR_LEN);
}

/* A way for packets, whether its next hop answers or not. */
static bool leads(const struct adjacency *adjacency, enum config_urpf mode, uint16_t port)
{
	switch (__atomic_load_n(&adjacency->action, __ATOMIC_ACQUIRE)) {
	case ADJACENCY_FORWARD:
	case ADJACENCY_UNRESOLVED:
	case ADJACENCY_GLEAN: return mode == URPF_LOOSE || adjacency->port == port;
	default: return false;
	}
}

static bool member_leads(const struct fib_generation *generation, const struct path_list *list,
			 enum config_urpf mode, uint16_t port)
{
	for (uint16_t i = 0; i < list->nb_members && i < PATH_LIST_MEMBERS; i++) {
		if (leads(fib_adjacency(generation, list->member[i]), mode, port))
			return true;
	}
	return false;
}

static bool list_leads(const struct fib_generation *generation, uint32_t index,
		       enum config_urpf mode, uint16_t port)
{
	const struct path_list *list = &generation->path_lists[index];

	return member_leads(generation, list, mode, port) ||
	       member_leads(generation, &generation->path_lists[list->backup % FIB_PATH_LISTS],
			    mode, port);
}

/* What asks for reverse paths: the view of role vnet. */
static struct screening reverse(const struct screening *by, struct fib_view *view,
				enum config_urpf mode, enum fib_family family)
{
	struct screening reverse = *by;

	*view = by->generation->view[ROLE_VNET];
	if (mode == URPF_LOOSE)
		view->default_path_list[family] = PATH_LIST_NONE;
	reverse.view = view;
	return reverse;
}

static void lists4(const struct screening *by, const struct burst *b, uint64_t some, uint32_t *list)
{
	uint32_t addr[FORWARD_BURST];
	uint16_t n = 0;

	for (; some; some &= some - 1)
		addr[n++] = source4(b->frame[__builtin_ctzll(some)]);
	fib_lookup_burst(by->view, by->tbl8_groups, addr, list, n);
}

static void lists6(const struct screening *by, const struct burst *b, uint64_t some, uint32_t *list)
{
	const struct trie6_reader in = screen6_reader(by);
	struct fib_addr addr[FORWARD_BURST];
	uint16_t n = 0;

	if (!by->view->trie6) { /* no port of that role has IPv6 */
		memset(list, 0, FORWARD_BURST * sizeof(*list));
		return;
	}
	for (; some; some &= some - 1)
		addr[n++] = ip6_addr(ip6_of(b->frame[__builtin_ctzll(some)])->src_addr);
	by->lookup6->burst(&in, addr, list, n);
}

/* May it come by the port without a route? */
static bool without_route(const struct fib *fib, const struct screening *by, enum fib_family family,
			  const uint8_t *frame)
{
	struct fib_addr from = family == FIB_IP4 ? fib_addr_ip4(source4(frame))
						 : ip6_addr(ip6_of(frame)->src_addr);

	if (family == FIB_IP6 && ip6_link_local(ip6_of(frame)->src_addr))
		return true;
	return fib_peer_at(fib, from, by->port) == FIB_PEER_HERE;
}

uint64_t urpf_failed(enum config_urpf mode, const struct fib *fib, const struct screening *by,
		     enum fib_family family, const struct burst *b, uint64_t some)
{
	struct fib_view view;
	const struct screening back = reverse(by, &view, mode, family);
	uint32_t list[FORWARD_BURST], judged = FIB_PATH_LISTS;
	bool good = false;
	uint64_t failed = 0;
	uint16_t n = 0;

	if (family == FIB_IP4)
		lists4(&back, b, some, list);
	else
		lists6(&back, b, some, list);
	for (uint64_t left = some; left; left &= left - 1, n++) {
		if (list[n] != judged) { /* packets of a burst often come from one network */
			judged = list[n];
			good = list_leads(by->generation, judged, mode, by->port);
		}
		if (unlikely(!good) &&
		    !without_route(fib, by, family, b->frame[__builtin_ctzll(left)]))
			failed |= left & -left;
	}
	return failed;
}
