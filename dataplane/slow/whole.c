/* Whole segments to the port's device. */
#include "whole.h"

#include <errno.h>

#include "self.h"

enum { MACS = 2 * RTE_ETHER_ADDR_LEN };

/* Where it goes. */
struct way {
	uint16_t port;
	uint32_t mtu;
	const uint8_t *macs; /* of its frame */
};

static bool find_way(struct slowpath *s, uint16_t port, struct way *way)
{
	const struct lcp *lcp = &s->lcp[port];
	const struct adjacency *adjacency;

	if (!self_is(&s->ports[port], lcp->frame, lcp->cut.len)) {
		*way = (struct way){ port, s->ports[port].mtu, lcp->frame };
		return true;
	}
	adjacency = self_way(s, lcp->frame, lcp->cut.len);
	if (!adjacency || adjacency->port >= s->nb_ports)
		return false;
	*way = (struct way){ adjacency->port, adjacency->mtu, adjacency->rewrite };
	return true;
}

static bool takes(const struct slowpath *s, const struct way *way, const struct tcp_cut *cut)
{
	const struct device *device = s->ports[way->port].device;

	return device->gso.open && !__atomic_load_n(&device->paused, __ATOMIC_ACQUIRE) &&
	       cut->header + cut->size <= RTE_ETHER_HDR_LEN + way->mtu;
}

/* As the driver and tx.h count: frames and their octets, of a port that shares its device those
 * without tags. */
static void count(struct slowpath *s, uint16_t port, const struct tcp_cut *cut, uint32_t segments,
		  bool sent)
{
	struct tx_queue *queue = &s->tx.queue[port];
	struct gso_socket *gso = &s->ports[port].device->gso;
	uint64_t octets = cut->len + (uint64_t)(segments - 1) * cut->header;

	s->counters->from_kernel += segments;
	if (!sent) {
		queue->counters->drop[DROP_TX_FULL] += segments;
		return;
	}
	queue->counters->tx += segments;
	if (queue->shared)
		queue->counters->tx_bytes += octets;
	__atomic_store_n(&gso->packets, gso->packets + segments, __ATOMIC_RELAXED);
	__atomic_store_n(&gso->octets, gso->octets + octets, __ATOMIC_RELAXED);
}

/* As it is: its TCP checksum is left to be made. */
static int send_by(const struct lcp *lcp, const struct port *port, const uint8_t *macs)
{
	struct gso_frame frame = {
		.offload = tcp_cut_offload(&lcp->cut, port->tags.len),
		.macs = macs,
		.tags = &port->tags,
		.rest = lcp->frame + MACS,
		.rest_len = lcp->cut.len - MACS,
	};

	return gso_socket_send(&port->device->gso, &frame);
}

uint32_t whole_send(struct slowpath *s, uint16_t port)
{
	struct lcp *lcp = &s->lcp[port];
	uint32_t segments = tcp_cut_segments(&lcp->cut);
	struct way way;
	int err;

	if (!find_way(s, port, &way) || !takes(s, &way, &lcp->cut))
		return 0;
	if (s->tx.queue[way.port].n)
		tx_flush_queue(&s->tx, &s->tx.queue[way.port]);
	err = send_by(lcp, &s->ports[way.port], way.macs);
	if (err && err != -EAGAIN && err != -ENOBUFS)
		return 0;
	count(s, way.port, &lcp->cut, segments, !err);
	lcp->cut.at = lcp->cut.len;
	return segments;
}
