/* How an odd packet of either family leaves a forwarder: dropped, punted, or by another next
 * hop. */
#ifndef BASCULE_LEAVE_H
#define BASCULE_LEAVE_H

#include <stdint.h>

#include <rte_mbuf.h>

#include "forwarder.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline void leave_drop(struct forwarder *f, enum drop_reason reason, struct rte_mbuf *m)
{
	f->counters->drop[reason]++;
	rte_pktmbuf_free(m);
}

static inline void leave_punt(struct forwarder *f, enum punt_class class_, struct rte_mbuf *m)
{
	punt_send(f->punt, f->counters, class_, m);
	f->punted = true;
}

/* BGP from peers has a class of its own, so that nobody else can crowd it out. A peer is behind one
 * port: who says its address behind another is not the peer, and the kernel would answer the peer
 * itself. */
static inline void leave_bgp(struct forwarder *f, struct fib_addr from, struct rte_mbuf *m)
{
	switch (fib_peer_at(f->fib, from, m->port)) {
	case FIB_PEER_HERE: leave_punt(f, PUNT_BGP, m); break;
	case FIB_PEER_ELSEWHERE: leave_drop(f, DROP_BGP_WRONG_PORT, m); break;
	case FIB_PEER_NOBODY:
		f->counters->event[COUNTER_BGP_UNKNOWN_PEER]++;
		leave_punt(f, PUNT_LOCAL, m);
		break;
	}
}

/* Drop, and leave it to the main lcore whether an ICMP error comes of it. */
static inline void leave_drop_error(struct forwarder *f, enum drop_reason reason,
				    enum punt_error error, uint16_t mtu, struct rte_mbuf *m)
{
	f->counters->drop[reason]++;
	punt_error(f->punt, f->counters, error, mtu, m);
	f->punted = true;
}

/* The next hop is lost: another one, or `lost` again if there is none. */
static inline const struct adjacency *leave_repair(struct forwarder *f,
						   const struct fib_generation *generation,
						   uint32_t path_list, uint32_t hash,
						   const struct adjacency *lost)
{
	const struct path_list *list = &generation->path_lists[path_list];
	const struct adjacency *found = fib_repair(generation, list, hash);

	if (!found)
		return lost;
	f->counters->event[COUNTER_REPAIRED]++;
	return found;
}

#ifdef __cplusplus
}
#endif
#endif
