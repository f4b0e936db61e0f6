/* NICs as sysfs shows them, and which DPDK driver is theirs. */
#include <gtest/gtest.h>

#include <string>

#include "machine.h"
#include "nic.h"

struct address_case {
	const char *text, *address; /* NULL: it is none */
};

TEST(nic, addresses)
{
	const address_case cases[] = {
		{ "0000:3b:00.0", "0000:3b:00.0" },
		{ "3b:00.1", "0000:3b:00.1" },
		{ "0001:AF:1f.7", "0001:af:1f.7" },
		{ "0000:3b:00.0,representor=0", "0000:3b:00.0" },
		{ "pci:0000:3b:00.0", "0000:3b:00.0" },
		{ "0000:3b:20.0", nullptr },
		{ "0000:3b:00.8", nullptr },
		{ "0000:3b:00.0x", nullptr },
		{ "net_af_packet0,iface=eth1", nullptr },
		{ "eth0", nullptr },
		{ "", nullptr },
	};

	for (const address_case &t : cases) {
		char address[NIC_ADDRESS] = "";

		EXPECT_EQ(t.address != nullptr, nic_address(t.text, address)) << t.text;
		EXPECT_STREQ(t.address ? t.address : "", address);
	}
}

TEST(nic, what_sysfs_says)
{
	machine m;
	struct nics nics;

	good_machine(m);
	nics = nics_list(&m.host);
	ASSERT_EQ(4u, nics.n) << "a bridge is none";
	EXPECT_EQ(2u, nics.nb_pmds)
		<< "the development package's links are no drivers of their own";

	const struct nic &management = nics.nic[0], &ours = nics.nic[1], &mellanox = nics.nic[3];

	EXPECT_STREQ("0000:01:00.0", management.address);
	EXPECT_STREQ("igb", management.driver);
	EXPECT_EQ(3, management.group);
	ASSERT_EQ(1u, management.nb_interfaces);
	EXPECT_STREQ("eth0", management.interfaces[0].name);
	EXPECT_TRUE(management.interfaces[0].up && management.interfaces[0].carrier);
	EXPECT_EQ(10000, management.interfaces[0].speed_mbps);
	EXPECT_STREQ("", management.pmd) << "the table of ids decides, not the vendor";
	EXPECT_TRUE(nic_on_vfio(&ours));
	EXPECT_EQ(0x8086, ours.vendor);
	EXPECT_EQ(0, ours.node);
	EXPECT_STREQ("net_e1000_em", ours.pmd);
	EXPECT_FALSE(ours.pmd_by_kernel);
	EXPECT_STREQ("mlx5_eth", mellanox.pmd);
	EXPECT_TRUE(mellanox.pmd_by_kernel);
	nics_free(&nics);
}

TEST(nic, found_by_address_or_interface)
{
	machine m;
	struct nics nics;

	good_machine(m);
	nics = nics_list(&m.host);
	EXPECT_EQ(&nics.nic[1], nics_find(&nics, "3b:00.0"));
	EXPECT_EQ(&nics.nic[1], nics_find(&nics, "0000:3b:00.0"));
	EXPECT_EQ(&nics.nic[0], nics_find(&nics, "eth0"));
	EXPECT_EQ(nullptr, nics_find(&nics, "0000:3b:00.2"));
	EXPECT_EQ(nullptr, nics_find(&nics, "lo"));
	nics_free(&nics);
}

/* A virtio device stands between the PCI device and its interface. */
TEST(nic, virtio)
{
	machine m;
	struct nics nics;

	m.nic("0000:00:03.0", "1af4", "1041", "virtio-pci").interface("", "ens3");
	m.folder("/sys/bus/pci/devices/0000:00:03.0/virtio2/net/ens3");
	nics = nics_list(&m.host);
	ASSERT_EQ(1u, nics.n);
	ASSERT_EQ(1u, nics.nic[0].nb_interfaces);
	EXPECT_STREQ("ens3", nics.nic[0].interfaces[0].name);
	EXPECT_EQ(-1, nics.nic[0].group);
	EXPECT_EQ(0u, nics.nb_pmds);
	nics_free(&nics);
}

TEST(nic, no_bus)
{
	machine m;
	struct nics nics = nics_list(&m.host);

	EXPECT_EQ(0u, nics.n);
	nics_free(&nics);
}

/* Files that are broken: cut lines, no JSON, numbers of the wrong type. */
TEST(nic, drivers_that_are_no_drivers)
{
	const std::string good = e1000_pmd;
	machine m;

	good_machine(m);
	for (size_t n = 0; n < good.size(); n += 7) {
		struct nics nics;

		m.file("/usr/lib/x86_64-linux-gnu/dpdk/pmds-23.0/librte_net_e1000.so.23",
		       good.substr(0, n));
		nics = nics_list(&m.host);
		EXPECT_STREQ("", nics.nic[1].pmd) << n;
		nics_free(&nics);
	}
}
