/* Pools of packet buffers: one on each NUMA node that has devices, so that what a NIC writes and
 * the lcores beside it read is in their own memory. On most hosts that is one pool. */
#ifndef BASCULE_POOLS_H
#define BASCULE_POOLS_H

#include <stdint.h>

#include <rte_mempool.h>

#include "config.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pools {
	uint16_t nb;
	struct {
		int socket;
		struct rte_mempool *pool;
	} of[CONFIG_PORTS];
	struct rte_mempool *main;     /* one of these: for what the main lcore makes */
	struct rte_mempool *indirect; /* for parts of packets that are being cut */
};

/* Nodes that need a pool, each once, into `nodes`; returns how many. `sockets` are those of the
 * ports' devices: SOCKET_ID_ANY is the main lcore's. */
uint16_t pools_nodes(const int *sockets, size_t nb_ports, int main, int nodes[CONFIG_PORTS]);

/* `sockets`: of each port's device; `main`: of the main lcore; `room`: octets that a buffer must
 * hold for any of them. A node without free hugepages has its pool on another one, which is logged.
 * -ENOMEM, logged. Pools go with EAL. */
int pools_open(struct pools *pools, const struct config_dataplane *config,
	       const int sockets[CONFIG_PORTS], int main, uint32_t room);

/* The pool of a device on this node. */
struct rte_mempool *pools_near(const struct pools *pools, int socket);

#ifdef __cplusplus
}
#endif
#endif
