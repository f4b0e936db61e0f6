/* Hosts of several NUMA nodes, as they would be: which lcore reads which queue, and whose memory
 * is where. */
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include <rte_mbuf.h>

#include "placement.h"
#include "pools.h"

namespace
{

const int ANY = SOCKET_ID_ANY;

struct placement placement_of(const std::vector<int> &lcores)
{
	struct placement p;

	placement_init(&p, lcores.data(), (uint16_t)lcores.size());
	return p;
}

struct device_row {
	int socket;
	uint16_t queues; /* 0: one for each lcore that is near */
	std::vector<uint16_t> lcores;
};

const struct {
	const char *what;
	std::vector<int> lcores;
	std::vector<device_row> devices;
} rows[] = {
	{ "one node, a queue each: in turn",
	  { 0, 0, 0 },
	  { { 0, 1, { 0 } }, { 0, 1, { 1 } }, { 0, 1, { 2 } }, { 0, 1, { 0 } } } },
	{ "one node, a queue for each lcore",
	  { 0, 0 },
	  { { 0, 0, { 0, 1 } }, { 0, 0, { 0, 1 } } } },
	{ "fewer queues than lcores: they begin with another one",
	  { 0, 0, 0 },
	  { { 0, 2, { 0, 1 } }, { 0, 2, { 2, 0 } }, { 0, 2, { 1, 2 } } } },
	{ "devices of no node", { 0, 1 }, { { ANY, 0, { 0, 1 } }, { ANY, 1, { 0 } } } },
	{ "each device's lcores are its own node's",
	  { 0, 1, 0, 1 },
	  { { 1, 0, { 1, 3 } }, { 0, 0, { 0, 2 } }, { 1, 1, { 1 } }, { 1, 1, { 3 } } } },
	{ "more queues than are near: the others' lcores, too",
	  { 0, 1, 0, 1 },
	  { { 1, 3, { 1, 3, 0 } }, { 0, 4, { 2, 0, 1, 3 } } } },
	{ "no lcore is near: all are far",
	  { 0, 0 },
	  { { 1, 0, { 0, 1 } }, { 1, 1, { 0 } }, { 0, 1, { 1 } } } },
};

TEST(placement, queues_go_to_lcores_of_their_devices_node)
{
	for (const auto &row : rows) {
		struct placement p = placement_of(row.lcores);

		for (const device_row &device : row.devices) {
			uint16_t n =
				device.queues ? device.queues : placement_near(&p, device.socket);
			std::vector<uint16_t> lcores;

			placement_begin(&p);
			while (n--)
				lcores.push_back(placement_take(&p, device.socket));
			EXPECT_EQ(device.lcores, lcores) << row.what;
		}
	}
}

TEST(placement, tables_are_where_most_lcores_are)
{
	const struct {
		std::vector<int> lcores;
		int socket;
	} nodes[] = {
		{ { 0 }, 0 },	 { { 1 }, 1 },		{ { 1, 0, 1 }, 1 },
		{ { 1, 0 }, 0 }, { { 2, 1, 1, 2 }, 1 }, { {}, ANY },
	};

	for (const auto &row : nodes) {
		struct placement p = placement_of(row.lcores);

		EXPECT_EQ(row.socket, placement_socket(&p)) << testing::PrintToString(row.lcores);
	}
}

TEST(placement, is_near_or_not)
{
	struct placement p = placement_of({ 0, 1 });

	EXPECT_TRUE(placement_is_near(&p, 0, 0));
	EXPECT_FALSE(placement_is_near(&p, 0, 1));
	EXPECT_TRUE(placement_is_near(&p, 1, 1));
	EXPECT_TRUE(placement_is_near(&p, 1, ANY));
}

/* On this host, whose memory is all on one node. */
TEST(pools, are_one_a_node_that_has_devices)
{
	const struct {
		std::vector<int> sockets;
		int main;
		std::vector<int> nodes, pool; /* pool: by port, of `nodes` */
		int of_main;
	} hosts[] = {
		{ { 0, 0, 0 }, 0, { 0 }, { 0, 0, 0 }, 0 },
		{ { ANY, ANY }, 1, { 1 }, { 0, 0 }, 0 },
		{ { 1, 0, 1, ANY }, 0, { 1, 0 }, { 0, 1, 0, 1 }, 1 },
		{ { 2, 1 }, 0, { 2, 1 }, { 0, 1 }, 0 },
	};

	for (const auto &host : hosts) {
		struct config_dataplane config = {};
		struct pools pools;
		int nodes[CONFIG_PORTS];

		config.nb_forwarding_lcores = 1;
		config.nb_ports = host.sockets.size();
		for (size_t i = 0; i < config.nb_ports; i++) {
			static char names[CONFIG_PORTS][8];

			snprintf(names[i], sizeof(names[i]), "dev%zu", i);
			config.ports[i].device = names[i];
			config.ports[i].rx_descriptors = config.ports[i].tx_descriptors = 64;
		}
		ASSERT_EQ(host.nodes.size(),
			  pools_nodes(host.sockets.data(), config.nb_ports, host.main, nodes));
		EXPECT_EQ(host.nodes, std::vector<int>(nodes, nodes + host.nodes.size()));
		ASSERT_EQ(0, pools_open(&pools, &config, host.sockets.data(), host.main, 9040));
		ASSERT_EQ(host.nodes.size(), pools.nb);
		for (size_t i = 0; i < config.nb_ports; i++)
			EXPECT_EQ(pools.of[host.pool[i]].pool, pools_near(&pools, host.sockets[i]));
		EXPECT_EQ(pools.of[host.of_main].pool, pools.main);
		for (uint16_t i = 0; i < pools.nb; i++) {
			EXPECT_EQ(9040u + RTE_PKTMBUF_HEADROOM,
				  rte_pktmbuf_data_room_size(pools.of[i].pool));
			rte_mempool_free(pools.of[i].pool);
		}
		rte_mempool_free(pools.indirect);
	}
}

} // namespace
