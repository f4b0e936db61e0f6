/* When DPDK can open a PCI device, by a sysfs and a /dev of the test's own. */
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "config.h"
#include "pci_device.h"

namespace
{

namespace fs = std::filesystem;

struct host : ::testing::Test {
	fs::path root;

	void SetUp() override
	{
		char dir[] = "/tmp/bascule-pci-XXXXXX";

		root = mkdtemp(dir);
	}
	void TearDown() override
	{
		fs::remove_all(root);
	}

	fs::path at(const std::string &path)
	{
		return root / path.substr(1);
	}
	void link(const std::string &path, const std::string &to)
	{
		fs::create_directories(at(path).parent_path());
		fs::remove(at(path));
		fs::create_symlink(to, at(path));
	}
	void file(const std::string &path)
	{
		fs::create_directories(at(path).parent_path());
		std::ofstream(at(path)) << "";
	}
	void driver(const std::string &name)
	{
		link("/sys/bus/pci/devices/0000:3b:00.0/driver", "../../drivers/" + name);
	}
	void group(const std::string &number)
	{
		link("/sys/bus/pci/devices/0000:3b:00.0/iommu_group",
		     "../../kernel/iommu_groups/" + number);
	}
	/* Why the device is not ready; "": it is. */
	std::string why(const char *device = "0000:3b:00.0")
	{
		char text[PCI_WHY] = "no word";

		return pci_ready(root.c_str(), device, text) ? "" : text;
	}
};

TEST_F(host, vfio_is_ready_when_its_group_can_be_opened)
{
	fs::create_directories(at("/sys/bus/pci/devices/0000:3b:00.0"));
	EXPECT_EQ("is on no driver, not on vfio-pci", why());
	driver("e1000e");
	EXPECT_EQ("is on e1000e, not on vfio-pci", why());
	EXPECT_EQ("is on e1000e, not on vfio-pci", why("3b:00.0,arg=1")) << "by a short name";
	group("7");
	driver("vfio-pci");
	EXPECT_EQ("is on vfio-pci, but this user may not open its group", why());
	file("/dev/vfio/7");
	EXPECT_EQ("", why());
}

TEST_F(host, bound_is_what_has_a_driver)
{
	EXPECT_FALSE(pci_bound(root.c_str(), "0000:3b:00.0")) << "it is not there";
	fs::create_directories(at("/sys/bus/pci/devices/0000:3b:00.0"));
	EXPECT_FALSE(pci_bound(root.c_str(), "0000:3b:00.0")) << "it is being taken out";
	driver("vfio-pci");
	EXPECT_TRUE(pci_bound(root.c_str(), "0000:3b:00.0"));
	EXPECT_TRUE(pci_bound(root.c_str(), "3b:00.0,arg=1"));
}

TEST_F(host, others_that_are_ready)
{
	for (const char *name : { "mlx5_core", "mlx4_core", "uio_pci_generic", "igb_uio" }) {
		driver(name);
		EXPECT_EQ("", why()) << name;
	}
	group("0");
	driver("vfio-pci");
	file("/dev/vfio/noiommu-0");
	EXPECT_EQ("", why()) << "without an IOMMU";
}

struct addressing {
	const char *what, *device, *driver;
	bool iommu, physical;
};

const addressing addressings[] = {
	{ "by its IOMMU", "0000:3b:00.0", "vfio-pci", true, false },
	{ "without one", "0000:3b:00.0", "vfio-pci", false, true },
	{ "by UIO, which knows none", "0000:3b:00.0", "uio_pci_generic", true, true },
	{ "by UIO, which knows none", "3b:00.0,arg=1", "igb_uio", true, true },
	{ "no PCI device", "net_af_packet0,iface=eth0", "vfio-pci", false, false },
};

TEST_F(host, physical_addresses_are_of_devices_without_an_iommu)
{
	for (const addressing &t : addressings) {
		auto dataplane = std::make_unique<config_dataplane>();

		dataplane->nb_ports = 1;
		dataplane->ports[0].device = (char *)t.device;
		driver(t.driver);
		fs::remove_all(at("/sys/class/iommu"));
		fs::create_directories(at("/sys/class/iommu"));
		if (t.iommu)
			link("/sys/class/iommu/dmar0", "../../devices/virtual/iommu/dmar0");
		EXPECT_EQ(t.physical, pci_physical(root.c_str(), dataplane.get())) << t.what;
	}
}

TEST_F(host, what_is_left_to_eal)
{
	EXPECT_EQ("", why()) << "it is not there";
	EXPECT_EQ("", why("net_af_packet0,iface=eth0"));
	EXPECT_EQ("", why("net_ring0"));
}

} // namespace
