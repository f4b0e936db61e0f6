/* Where things are on a host of several NUMA nodes: which forwarding lcore reads which receive
 * queue, and which node's memory is whose. A node is called socket, as DPDK calls it; of a device
 * on none (SOCKET_ID_ANY) every lcore is near.
 *
 *   receive queues    of the lcores of the device's node, one each; of others if there are more
 *   packet buffers    a pool on each node that has devices (pools.h)
 *   tables of routes  on the node of most forwarding lcores: they are not replicated
 *   punt rings        on the node of the main lcore, which makes and reads them */
#ifndef BASCULE_PLACEMENT_H
#define BASCULE_PLACEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"

#ifdef __cplusplus
extern "C" {
#endif

struct placement {
	uint16_t nb_lcores;
	struct placement_lcore {
		int socket;
		uint16_t queues, of_device; /* that it reads: of all, and of the present device */
	} lcore[CONFIG_LCORES];
};

/* Forwarding lcores, by our numbers, and the node of each. */
void placement_init(struct placement *placement, const int *sockets, uint16_t nb_lcores);

/* The node of most of them, the lowest of several. */
int placement_socket(const struct placement *placement);

bool placement_is_near(const struct placement *placement, uint16_t lcore, int socket);
/* How many lcores are near; if none is, all of them have to do. */
uint16_t placement_near(const struct placement *placement, int socket);

/* Assign the receive queues of one device after the other: begin it, then take the lcore for each
 * of its queues. No lcore gets two of one device before each has one, and those that read the
 * fewest come first. */
void placement_begin(struct placement *placement);
uint16_t placement_take(struct placement *placement, int socket);

#ifdef __cplusplus
}
#endif
#endif
