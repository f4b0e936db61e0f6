/* A worker: one forwarding lcore, its receive queues, and what forwarding needs of everything
 * else. */
#ifndef BASCULE_WORKER_H
#define BASCULE_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "demux.h"
#include "fib.h"
#include "forward.h"
#include "idle.h"
#include "port.h"

#ifdef __cplusplus
extern "C" {
#endif

struct rx_queue {
	const struct port *port; /* that all of its frames are of; NULL: `demux` says. Borrowed, */
	struct counters *counters; /* as this is: of that port, or of the device; */
	const bool *paused;	   /* as well: struct device's */
	uint16_t device, queue;	   /* DPDK port id, and a queue of it */
	struct demux demux;
};

struct __rte_cache_aligned worker {
	struct forwarder forwarder;
	struct rx_queue rxq[FIB_PORTS];
	uint16_t nb_rxq;
	unsigned int lcore; /* EAL id: the QSBR thread id */
	bool stop;	    /* atomic */
	struct idle idle;   /* owned */
};

/* The lcore's main function; `worker` is a struct worker. Returns 0 once `stop` is set. */
int worker_run(void *worker);

#ifdef __cplusplus
}
#endif
#endif
