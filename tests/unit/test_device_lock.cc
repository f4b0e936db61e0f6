/* Two dataplanes and the devices that they take. flock(2) tells two openings of a file apart, also
 * in one process. */
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "device_lock.h"
#include "log.h"

namespace
{

struct device_lock : testing::Test {
	char dir[64] = "/tmp/bascule-devices-XXXXXX";
	std::string path;

	void SetUp() override
	{
		ASSERT_NE(nullptr, mkdtemp(dir));
		path = std::string(dir) + "/made/";
	}
	void TearDown() override
	{
		ASSERT_EQ(0, system(("rm -r " + std::string(dir)).c_str()));
	}
	int take(struct device_locks *locks, const char *instance,
		 const std::vector<const char *> &devices)
	{
		auto config = std::make_unique<struct config>();

		memset(config.get(), 0, sizeof(*config));
		strcpy(config->instance.name, instance);
		for (const char *device : devices) {
			struct config_port *port =
				&config->dataplane.ports[config->dataplane.nb_ports++];

			strcpy(port->name, "er0");
			port->device = (char *)device;
		}
		return device_locks_take(locks, config.get(), path.c_str());
	}
};

struct device_case {
	const char *first, *second;
	bool both; /* can both run? */
};

const device_case cases[] = {
	{ "net_af_packet0,iface=eth1", "net_af_packet0,iface=eth1", false },
	{ "net_af_packet0,iface=eth1", "net_af_packet3,blocksz=4096,iface=eth1", false },
	{ "net_af_packet0,iface=eth1", "net_af_xdp0,iface=eth1,start_queue=0", false },
	{ "net_af_packet0,iface=eth1", "net_af_packet0,iface=eth10", true },
	{ "net_pcap0,rx_iface=eth1,tx_iface=eth1", "net_pcap0,rx_iface=eth2,tx_iface=eth1", false },
	{ "0000:3b:00.0", "3b:00.0", false },
	{ "0000:3b:00.0", "pci:0000:3B:00.0,representor=1", false },
	{ "0000:3b:00.0", "0000:3b:00.1", true },
	{ "0000:3b:00.0", "net_bonding0,mode=1,slave=3b:00.0,slave=3b:00.1", false },
	{ "net_null0", "net_null0", true },
	{ "net_pcap0,rx_pcap=a,tx_pcap=b", "net_pcap0,rx_pcap=a,tx_pcap=b", true },
};

} // namespace

TEST_F(device_lock, ports_of_one_device_are_of_one_dataplane)
{
	struct device_locks a, b;

	ASSERT_EQ(0, take(&a, "rs0", { "3b:00.0", "3b:00.0", "3b:00.0" }));
	EXPECT_EQ(1u, a.n);
	EXPECT_EQ(-EEXIST, take(&b, "rs1", { "3b:00.0" }));
	device_locks_release(&a);
}

/* Each for itself. */
TEST_F(device_lock, members_of_bonds)
{
	auto config = std::make_unique<struct config>();
	struct config_port *port = &config->dataplane.ports[0];
	struct device_locks a, b;

	memset(config.get(), 0, sizeof(*config));
	strcpy(config->instance.name, "rs0");
	config->dataplane.nb_ports = port->nb_members = 1;
	port->members[port->nb_members++] = (char *)"net_af_packet1,iface=eth1";
	port->members[0] = (char *)"0000:3b:00.0";
	port->device = (char *)"bond:0000:3b:00.0+net_af_packet1,iface=eth1";
	ASSERT_EQ(0, device_locks_take(&a, config.get(), path.c_str()));
	EXPECT_EQ(2u, a.n);
	EXPECT_EQ(-EEXIST, take(&b, "rs1", { "3b:00.0" }));
	EXPECT_EQ(-EEXIST, take(&b, "rs1", { "net_pcap0,rx_iface=eth1,tx_iface=eth2" }));
	device_locks_release(&a);
}

TEST_F(device_lock, one_dataplane_a_device)
{
	for (const device_case &t : cases) {
		struct device_locks a, b;

		ASSERT_EQ(0, take(&a, "rs0", { t.first })) << t.first;
		testing::internal::CaptureStderr();
		int err = take(&b, "rs1", { "net_af_packet9,iface=eth9", t.second });
		std::string said = testing::internal::GetCapturedStderr();

		EXPECT_EQ(t.both ? 0 : -EEXIST, err) << t.first << " " << t.second;
		EXPECT_EQ(!t.both, said.find("port er0: device " + std::string(t.second) +
					     ": the dataplane of instance rs0, process " +
					     std::to_string(getpid()) + ", has it already") !=
					   std::string::npos)
			<< said;
		device_locks_release(&a);
		if (!err)
			device_locks_release(&b);
		ASSERT_EQ(0, take(&b, "rs1", { "net_af_packet9,iface=eth9", t.second }))
			<< "the first has let go, and nothing of a refused try is left";
		device_locks_release(&b);
	}
}
