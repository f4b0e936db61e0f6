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
			.port = ports[i].id,
			.queue = ports[i].tx_shared ? 0 : lcore,
			.lock = ports[i].tx_shared ? &ports[i].tx_lock : NULL,
		};
	}
}

void tx_flush_queue(struct tx *tx, struct tx_queue *queue)
{
	uint16_t sent;

	if (queue->lock) {
		rte_spinlock_lock(queue->lock);
		sent = rte_eth_tx_burst(queue->port, queue->queue, queue->pkts, queue->n);
		rte_spinlock_unlock(queue->lock);
	} else {
		sent = rte_eth_tx_burst(queue->port, queue->queue, queue->pkts, queue->n);
	}
	tx->counters->tx += sent;
	if (unlikely(sent < queue->n)) {
		tx->counters->drop[DROP_TX_FULL] += queue->n - sent;
		rte_pktmbuf_free_bulk(&queue->pkts[sent], queue->n - sent);
	}
	queue->n = 0;
}

void tx_flush(struct tx *tx)
{
	for (uint16_t i = 0; i < tx->nb_ports; i++) {
		if (tx->queue[i].n)
			tx_flush_queue(tx, &tx->queue[i]);
	}
}
