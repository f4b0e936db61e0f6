/* Sending: each lcore gathers packets in a buffer for each port and hands them over in bursts. What
 * the device does not take is dropped and counted, never retried: a full queue means that the link
 * is slower than the traffic. */
#ifndef BASCULE_TX_H
#define BASCULE_TX_H

#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_spinlock.h>

#include "counters.h"
#include "fib.h"
#include "port.h"
#include "tags.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	TX_BURST = 64,
	TX_DIRECT = 16, /* so many at once need not be gathered */
};

/* Where one lcore sends to one port. */
struct tx_queue {
	uint16_t n;
	const bool *paused;	   /* borrowed: struct device's */
	uint16_t device, queue;	   /* DPDK port id, and a queue of it */
	struct tags_out tags;	   /* of the port */
	bool shared;		   /* the device has other ports too: octets are counted here */
	struct counters *counters; /* borrowed: the port's */
	rte_spinlock_t *lock;	   /* borrowed from the device; NULL unless the queue is shared */
	struct rte_mbuf *pkts[TX_BURST]; /* owned */
};

struct tx {
	struct counters *counters; /* borrowed: for what is of no port */
	uint16_t nb_ports;
	struct tx_queue queue[FIB_PORTS]; /* by port id */
};

/* `lcore` counts our lcores from 0 (not EAL ids): it names the TX queue where the port has one for
 * each. */
void tx_init(struct tx *tx, struct counters *counters, struct port *ports, uint16_t nb_ports,
	     uint16_t lcore);
/* Count what is sent by each port in its own of these, and no longer all together. */
void tx_count_ports(struct tx *tx, struct counters *by_port);

/* Hand the whole buffer of one port over. */
void tx_flush_queue(struct tx *tx, struct tx_queue *queue);
void tx_flush(struct tx *tx);

/* Takes `n` packets over, at most TX_BURST, as tx_send(). */
void tx_send_burst(struct tx *tx, uint16_t port, struct rte_mbuf **pkts, uint16_t n);

/* Takes the packet over. A port that is not ours counts as no_port. */
static inline void tx_send(struct tx *tx, uint16_t port, struct rte_mbuf *m)
{
	struct tx_queue *q;

	if (unlikely(port >= tx->nb_ports)) {
		tx->counters->drop[DROP_NO_PORT]++;
		rte_pktmbuf_free(m);
		return;
	}
	q = &tx->queue[port];
	q->pkts[q->n++] = m;
	if (q->n == TX_BURST)
		tx_flush_queue(tx, q);
}

#ifdef __cplusplus
}
#endif
#endif
