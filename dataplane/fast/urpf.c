/* Judges the sources of a burst by the routes back to them. */
#include "urpf.h"

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>

#include "role.h"

static uint32_t source(const uint8_t *frame)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(frame + RTE_ETHER_HDR_LEN);

	return rte_be_to_cpu_32(ip->src_addr);
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

uint64_t urpf_failed(enum config_urpf mode, const struct fib *fib,
		     const struct fib_generation *generation, uint32_t tbl8_groups, uint16_t port,
		     const struct burst *b, uint64_t some)
{
	struct fib_view view = generation->view[ROLE_VNET];
	uint32_t addr[FORWARD_BURST], list[FORWARD_BURST], judged = FIB_PATH_LISTS;
	bool good = false;
	uint64_t failed = 0;
	uint16_t n = 0;

	for (uint64_t left = some; left; left &= left - 1)
		addr[n++] = source(b->frame[__builtin_ctzll(left)]);
	if (mode == URPF_LOOSE)
		view.default_path_list[FIB_IP4] = PATH_LIST_NONE;
	fib_lookup_burst(&view, tbl8_groups, addr, list, n);
	n = 0;
	for (uint64_t left = some; left; left &= left - 1, n++) {
		if (list[n] != judged) { /* packets of a burst often come from one network */
			judged = list[n];
			good = list_leads(generation, judged, mode, port);
		}
		if (unlikely(!good) && fib_peer_port(fib, addr[n]) != port)
			failed |= left & -left;
	}
	return failed;
}
