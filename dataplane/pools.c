/* Makes pools. */
#include "pools.h"

#include <errno.h>
#include <stdio.h>

#include <rte_ether.h>
#include <rte_mbuf.h>

#include "log.h"
#include "neighbour.h"
#include "punt.h"
#include "tx.h"

enum {
	POOL_CACHE = 256,
	POOL_SPARE = 4096,     /* what replay and capture devices take for themselves */
	INDIRECT_MBUFS = 1023, /* parts of packets being cut */
};

uint16_t pools_nodes(const int *sockets, size_t nb_ports, int main, int nodes[CONFIG_PORTS])
{
	uint16_t n = 0;

	for (size_t i = 0; i < nb_ports; i++) {
		int node = sockets[i] == SOCKET_ID_ANY ? main : sockets[i];
		uint16_t k = 0;

		while (k < n && nodes[k] != node)
			k++;
		nodes[k] = node;
		n += k == n;
	}
	return n;
}

/* Room for everything that can be full at once, so that no queue can starve another of mbufs: the
 * receive queues of the node's devices, and the transmit queues of all. */
static uint32_t count(const struct config_dataplane *config, const int *sockets, int main, int node)
{
	uint32_t lcores = (uint32_t)config->nb_forwarding_lcores + 1, descriptors = 0;

	for (size_t i = 0; i < config->nb_ports; i++) {
		const struct config_port *port = &config->ports[i];
		bool near = (sockets[i] == SOCKET_ID_ANY ? main : sockets[i]) == node;
		size_t parts = port->nb_members ? port->nb_members : 1;

		if (config_device_first(config, i) == i)
			descriptors +=
				(uint32_t)parts * (near * (lcores - 1) * port->rx_descriptors +
						   lcores * port->tx_descriptors);
	}
	return descriptors + punt_capacity() + NEIGHBOUR_HELD_ALL +
	       lcores * (POOL_CACHE + (uint32_t)config->nb_ports * TX_BURST) + POOL_SPARE;
}

static struct rte_mempool *pool_open(uint16_t number, uint32_t mbufs, uint32_t size, int node)
{
	struct rte_mempool *pool;
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(name, sizeof(name), "packets%u", number);
	pool = rte_pktmbuf_pool_create(name, mbufs, POOL_CACHE, PUNT_PRIVATE, (uint16_t)size, node);
	if (pool || node == SOCKET_ID_ANY)
		return pool;
	pool = rte_pktmbuf_pool_create(name, mbufs, POOL_CACHE, PUNT_PRIVATE, (uint16_t)size,
				       SOCKET_ID_ANY);
	if (pool)
		log_warning("packet buffers: no hugepages are free on NUMA node %d, and on another "
			    "one they are slower",
			    node);
	return pool;
}

int pools_open(struct pools *pools, const struct config_dataplane *config,
	       const int sockets[CONFIG_PORTS], int main, uint32_t room)
{
	uint32_t size = RTE_MAX(room, (uint32_t)RTE_MBUF_DEFAULT_DATAROOM) + RTE_PKTMBUF_HEADROOM;
	int nodes[CONFIG_PORTS];
	uint32_t mbufs = 0;
	bool good = true;

	*pools = (struct pools){ .nb = pools_nodes(sockets, config->nb_ports, main, nodes) };
	for (uint16_t i = 0; good && i < pools->nb; i++) {
		mbufs = count(config, sockets, main, nodes[i]);
		pools->of[i].socket = nodes[i];
		pools->of[i].pool = pool_open(i, mbufs, size, nodes[i]);
		good = pools->of[i].pool;
	}
	pools->main = pools_near(pools, main);
	pools->indirect =
		rte_pktmbuf_pool_create("indirect", INDIRECT_MBUFS, 0, 0, 0, SOCKET_ID_ANY);
	if (good && pools->indirect)
		return 0;
	log_error("no memory for %u packet buffers: raise dataplane.memory_mb", mbufs);
	return -ENOMEM;
}

struct rte_mempool *pools_near(const struct pools *pools, int socket)
{
	for (uint16_t i = 0; i < pools->nb; i++) {
		if (pools->of[i].socket == socket)
			return pools->of[i].pool;
	}
	return pools->main ? pools->main : pools->of[0].pool;
}
