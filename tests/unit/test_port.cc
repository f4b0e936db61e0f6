/* Finding ports: which of EAL's ethdevs is a configured port's. */
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <vector>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "netdev.h"
#include "port.h"

namespace
{

struct ports : testing::Test {
	struct config_dataplane config = {};
	uint16_t ids[CONFIG_PORTS] = {};

	/* Probed in this order, as PCI devices are by address, whatever the configuration says. */
	static void SetUpTestSuite()
	{
		const char *const names[] = { "c", "a", "b" };

		for (int i = 0; i < 3; i++)
			ASSERT_EQ(i, rte_eth_from_ring(rte_ring_create(names[i], 64, 0, 0)));
	}
	void add(const char *device)
	{
		config.ports[config.nb_ports++].device = (char *)device;
	}
};

TEST_F(ports, are_found_in_whatever_order_eal_made_them)
{
	add("net_ring_a");
	add("net_ring_b,some=argument");
	add("net_ring_c");
	ASSERT_EQ(0, devices_find(&config, ids));
	EXPECT_EQ(1, ids[0]);
	EXPECT_EQ(2, ids[1]);
	EXPECT_EQ(0, ids[2]);
}

TEST_F(ports, a_device_that_is_not_there)
{
	add("net_ring_a");
	add("net_ring_bb");
	add("0000:3b:00.0");
	EXPECT_EQ(-ENODEV, devices_find(&config, ids));
}

/* Tables are indexed by a port's id, whatever number DPDK gave its device. */
TEST_F(ports, have_ids_below_their_number)
{
	const struct {
		const char *what;
		std::vector<const char *> devices;
		std::vector<uint16_t> ids;
	} rows[] = {
		{ "each alone", { "net_ring_a", "net_ring_b", "net_ring_c" }, { 1, 2, 0 } },
		{ "others came first", { "net_ring_b" }, { 0 } },
		{ "one low enough", { "net_ring_b", "net_ring_a" }, { 0, 1 } },
		{ "two on one", { "net_ring_c", "net_ring_c", "net_ring_a" }, { 0, 2, 1 } },
		{ "all on one", { "net_ring_b", "net_ring_b", "net_ring_b" }, { 2, 0, 1 } },
	};

	for (const auto &row : rows) {
		uint16_t numbers[CONFIG_PORTS] = {};

		config = {};
		for (const char *device : row.devices)
			add(device);
		ASSERT_EQ(0, devices_find(&config, ids)) << row.what;
		ports_number(&config, ids, numbers);
		EXPECT_EQ(row.ids, std::vector<uint16_t>(numbers, numbers + row.ids.size()))
			<< row.what;
	}
}

/* A device that cannot be asked counts as gone. */
TEST(netdev, is_asked_by_a_process_that_has_no_descriptor_left)
{
	struct rlimit before, none;
	int index = netdev_index("lo");

	ASSERT_GT(index, 0);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &before));
	none = before;
	none.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	EXPECT_EQ(index, netdev_index("lo"));
	EXPECT_GT(netdev_mtu("lo"), 0);
	EXPECT_EQ(-ENODEV, netdev_index("no-such-device"));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &before));
}

} // namespace
