/* Hands bursts to the devices.
 *
 * A device with fewer TX queues than we have lcores (net_af_packet on a socket has one) shares its
 * only queue behind a spinlock, taken once a burst. Such devices cost a system call or a copy for
 * each packet, so that the lock is never what limits them; devices with queues enough, every NIC
 * that matters, never meet it. */
#include "tx.h"

#include <rte_ethdev.h>

void tx_init(struct tx *tx, struct counters *counters, struct port *ports, uint16_t nb_ports,
	     uint16_t lcore)
{
	tx->counters = counters;
	tx->nb_ports = nb_ports;
	for (uint16_t i = 0; i < nb_ports; i++) {
		tx->queue[i] = (struct tx_queue){
			.device = ports[i].device->id,
			.paused = &ports[i].device->paused,
			.tags = tags_out(&ports[i]),
			.shared = device_sorts(ports[i].device),
			.counters = counters,
			.queue = ports[i].device->tx_shared ? 0 : lcore,
			.lock = ports[i].device->tx_shared ? &ports[i].device->tx_lock : NULL,
		};
	}
}

void tx_count_ports(struct tx *tx, struct counters *by_port)
{
	for (uint16_t i = 0; i < tx->nb_ports; i++)
		tx->queue[i].counters = &by_port[i];
}

/* Of a device with several ports, or with tags. Returns how many are left to be sent. */
static __rte_noinline uint16_t hand_over_shared(struct tx_queue *queue, struct rte_mbuf **pkts,
						uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		queue->counters->tx_bytes += pkts[i]->pkt_len;
	return queue->tags.header.len ? tags_push(&queue->tags, queue->counters, pkts, n) : n;
}

static void hand_over(struct tx_queue *queue, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t sent;

	if (unlikely(queue->shared))
		n = hand_over_shared(queue, pkts, n);
	if (unlikely(__atomic_load_n(queue->paused, __ATOMIC_ACQUIRE))) {
		sent = 0;
	} else if (queue->lock) {
		rte_spinlock_lock(queue->lock);
		sent = rte_eth_tx_burst(queue->device, queue->queue, pkts, n);
		rte_spinlock_unlock(queue->lock);
	} else {
		sent = rte_eth_tx_burst(queue->device, queue->queue, pkts, n);
	}
	queue->counters->tx += sent;
	if (unlikely(sent < n)) {
		queue->counters->drop[DROP_TX_FULL] += n - sent;
		rte_pktmbuf_free_bulk(&pkts[sent], n - sent);
	}
}

void tx_flush_queue(struct tx *tx, struct tx_queue *queue)
{
	hand_over(queue, queue->pkts, queue->n);
	queue->n = 0;
}

/* What was gathered goes first: a flow's packets stay in order. */
void tx_send_burst(struct tx *tx, uint16_t port, struct rte_mbuf **pkts, uint16_t n)
{
	if (port < tx->nb_ports && n >= TX_DIRECT) {
		struct tx_queue *queue = &tx->queue[port];

		if (queue->n)
			tx_flush_queue(tx, queue);
		hand_over(queue, pkts, n);
		return;
	}
	for (uint16_t i = 0; i < n; i++)
		tx_send(tx, port, pkts[i]);
}

void tx_flush(struct tx *tx)
{
	for (uint16_t i = 0; i < tx->nb_ports; i++) {
		if (tx->queue[i].n)
			tx_flush_queue(tx, &tx->queue[i]);
	}
}
