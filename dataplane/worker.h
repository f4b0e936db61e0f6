/* A worker: one forwarding lcore, its receive queues and what it needs of everything else. It only reads what it shares;
 * what it writes (its counters, its transmit buffers, the producers' side of the punt rings) is its own or lockless. */
#ifndef BASCULE_WORKER_H
#define BASCULE_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "counters.h"
#include "fib.h"
#include "idle.h"
#include "neighbour.h"
#include "port.h"
#include "punt.h"
#include "sources.h"
#include "tx.h"

#ifdef __cplusplus
extern "C" {
#endif

struct rx_queue {
	const struct port *port; /* borrowed */
	uint16_t queue;
};

struct __rte_cache_aligned worker {
	const struct fib *fib; /* all borrowed: they live as long as the process */
	const struct neighbours *neighbours;
	const struct sources *sources;
	struct punt *punt;
	struct counters *counters;
	uint32_t tbl8_groups; /* of each table: see fib_lookup_burst() */
	struct tx tx;
	struct rx_queue rxq[FIB_PORTS];
	uint16_t nb_rxq;
	unsigned int lcore; /* EAL id: the QSBR thread id */
	bool punted; /* something, since the main lcore was told */
	bool stop;   /* atomic */
	struct idle idle; /* owned */
};

/* The lcore's main function; `worker` is a struct worker. Returns 0 once `stop` is set. */
int worker_run(void *worker);

#ifdef __cplusplus
}
#endif
#endif
