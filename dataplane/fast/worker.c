/* The loop of a forwarding lcore: receive, forward, flush, be quiescent. */
#include "worker.h"

#include <rte_ethdev.h>

/* One turn over all receive queues; returns how many packets came. */
static uint32_t poll_queues(struct worker *w)
{
	struct rte_mbuf *pkts[FORWARD_BURST];
	uint32_t sum = 0;

	for (uint16_t q = 0; q < w->nb_rxq; q++) {
		const struct rx_queue *rxq = &w->rxq[q];
		uint16_t n;

		if (unlikely(__atomic_load_n(rxq->paused, __ATOMIC_ACQUIRE)))
			continue;
		n = rte_eth_rx_burst(rxq->device, rxq->queue, pkts, FORWARD_BURST);
		if (!n)
			continue;
		w->forwarder.counters = rxq->counters;
		if (likely(rxq->port))
			forward_burst(&w->forwarder, rxq->port, pkts, n);
		else
			demux_burst(&w->forwarder, &rxq->demux, pkts, n);
		sum += n;
	}
	if (w->forwarder.punted) {
		w->forwarder.punted = false;
		punt_wake(w->forwarder.punt);
	}
	return sum;
}

int worker_run(void *worker)
{
	struct worker *w = worker;
	struct rte_rcu_qsbr *qsbr = w->forwarder.fib->qsbr;

	idle_thread();
	rte_rcu_qsbr_thread_register(qsbr, w->lcore);
	rte_rcu_qsbr_thread_online(qsbr, w->lcore);
	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		uint32_t n = poll_queues(w);
		uint16_t us;

		if (n)
			tx_flush(&w->forwarder.tx);
		/* nothing borrowed from the FIB outlives this line */
		rte_rcu_qsbr_quiescent(qsbr, w->lcore);
		us = idle_turn(&w->idle, n != 0);
		if (us) {
			/* no grace period waits for a sleeper */
			rte_rcu_qsbr_thread_offline(qsbr, w->lcore);
			idle_sleep(&w->idle, us);
			rte_rcu_qsbr_thread_online(qsbr, w->lcore);
		}
	}
	rte_rcu_qsbr_thread_offline(qsbr, w->lcore);
	rte_rcu_qsbr_thread_unregister(qsbr, w->lcore);
	return 0;
}
