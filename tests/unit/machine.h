/* A made-up machine for tests: files of sysfs, procfs, /etc and /run below a folder, and a kernel
 * that answers writes to them as the real one would. */
#ifndef BASCULE_TEST_MACHINE_H
#define BASCULE_TEST_MACHINE_H

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <sys/statvfs.h>

#include "host.h"

class machine
{
      public:
	machine()
	{
		std::string name = in_memory() ? "/dev/shm" : "/tmp";

		name += "/bascule-machine-XXXXXX";
		root_ = mkdtemp(name.data());
		host.root = root_.c_str();
		host.wrote = wrote;
		running() = this;
	}
	~machine()
	{
		std::filesystem::remove_all(root_);
	}
	machine(const machine &) = delete;

	std::string path(const std::string &at) const
	{
		return root_ + at;
	}
	machine &file(const std::string &at, const std::string &text)
	{
		std::filesystem::create_directories(std::filesystem::path(path(at)).parent_path());
		std::ofstream(path(at), std::ios::binary) << text;
		return *this;
	}
	machine &folder(const std::string &at)
	{
		std::filesystem::create_directories(path(at));
		return *this;
	}
	machine &link(const std::string &at, const std::string &to)
	{
		std::filesystem::create_directories(std::filesystem::path(path(at)).parent_path());
		std::filesystem::remove(path(at));
		std::filesystem::create_symlink(to, path(at));
		return *this;
	}
	machine &gone(const std::string &at)
	{
		std::filesystem::remove_all(path(at));
		return *this;
	}
	/* A program that notes its arguments in `called()` and then does `body`. */
	machine &program(const std::string &at, const std::string &body)
	{
		file(at, "#!/bin/sh\necho \"$0 $*\" >>" + path("/called") + "\n" + body + "\n");
		std::filesystem::permissions(path(at), std::filesystem::perms::owner_all);
		return *this;
	}
	std::string text(const std::string &at) const
	{
		std::ifstream file(path(at), std::ios::binary);
		std::stringstream all;

		all << file.rdbuf();
		return all.str();
	}
	std::string called() const
	{
		std::string said = text("/called");

		for (size_t at; (at = said.find(root_)) != std::string::npos;)
			said.erase(at, root_.size());
		return said;
	}

	/* A NIC in a slot, whose kernel driver is `driver`, with an IOMMU group of its own unless
	 * it is below 0. */
	machine &nic(const std::string &address, const std::string &vendor,
		     const std::string &device, const std::string &driver, int group = -1,
		     int node = -1)
	{
		std::string at = "/sys/bus/pci/devices/" + address;

		file(at + "/class", "0x020000\n");
		file(at + "/vendor", "0x" + vendor + "\n");
		file(at + "/device", "0x" + device + "\n");
		file(at + "/subsystem_vendor", "0x" + vendor + "\n");
		file(at + "/subsystem_device", "0x0001\n");
		file(at + "/numa_node", std::to_string(node) + "\n");
		file(at + "/driver_override", "(null)\n");
		file("/sys/bus/pci/drivers_probe", "");
		if (group >= 0) {
			std::string g = "/sys/kernel/iommu_groups/" + std::to_string(group);

			link(at + "/iommu_group",
			     "../../../kernel/iommu_groups/" + std::to_string(group));
			file(g + "/devices/" + address, "");
			folder("/sys/class/iommu/dmar0");
		}
		native[address] = driver;
		return drive(address, driver);
	}
	/* Its interface, up or not. */
	machine &interface(const std::string &address, const std::string &name, bool up = true)
	{
		if (!address.empty())
			folder("/sys/bus/pci/devices/" + address + "/net/" + name);
		file("/sys/class/net/" + name + "/flags", up ? "0x1003\n" : "0x1002\n");
		file("/sys/class/net/" + name + "/carrier", up ? "1\n" : "0\n");
		file("/sys/class/net/" + name + "/speed", "10000\n");
		file("/sys/class/net/" + name + "/mtu", "1500\n");
		return *this;
	}
	machine &drive(const std::string &address, const std::string &driver)
	{
		std::string at = "/sys/bus/pci/devices/" + address + "/driver";

		if (driver.empty())
			return gone(at);
		file("/sys/bus/pci/drivers/" + driver + "/unbind", "");
		return link(at, "../../drivers/" + driver);
	}
	/* A process. */
	machine &process(int pid, const std::string &comm)
	{
		return file("/proc/" + std::to_string(pid) + "/comm", comm + "\n");
	}

	struct host_root host;
	std::map<std::string, std::string> native; /* the driver of the kernel's that knows a NIC */
	bool stubborn = false;			   /* this kernel binds nothing to vfio-pci */

      private:
	/* A machine is some 200 files, so not on a disk where it can be otherwise: programs must be
	 * allowed there. */
	static bool in_memory()
	{
		struct statvfs fs;

		return !statvfs("/dev/shm", &fs) && !(fs.f_flag & ST_NOEXEC) && fs.f_favail > 10000;
	}
	static machine *&running()
	{
		static machine *m;

		return m;
	}
	/* drivers_probe binds what driver_override names, or the native driver; unbind lets go. */
	static void wrote(const struct host_root *host, const char *path, const char *text)
	{
		machine *m = running();
		std::string at = path, address = text, over;

		if (at.size() > 7 && at.substr(at.size() - 7) == "/unbind") {
			m->drive(address, "");
		} else if (at == "/sys/bus/pci/drivers_probe") {
			over = m->text("/sys/bus/pci/devices/" + address + "/driver_override");
			if (over != "vfio-pci\n")
				m->drive(address, m->native[address]);
			else if (!m->stubborn)
				m->drive(address, "vfio-pci");
		}
	}

	std::string root_;
};

/* What DPDK's drivers say of themselves in their files. */
static const char e1000_pmd[] = R"(PMD_INFO_STRING= {"name": "net_e1000_em", )"
				R"("kmod": "* igb_uio | uio_pci_generic | vfio-pci", )"
				R"("pci_ids": [[32902, 4307, 65535, 65535]]})";
static const char mlx5_pmd[] = R"(PMD_INFO_STRING= {"name": "mlx5_eth", )"
			       R"("kmod": "* ib_uverbs & mlx5_core & mlx5_ib", )"
			       R"("pci_ids": [[5555, 4119, 65535, 65535]]})";

/* A server of two sockets that is as it should be: eth0 leads to its operator, two ports of an
 * Intel card on node 0 are for us and on vfio-pci, a Mellanox card is in the other socket. */
static inline void good_machine(machine &m)
{
	const std::string pmds = "/usr/lib/x86_64-linux-gnu/dpdk/pmds-23.0/";

	m.nic("0000:01:00.0", "8086", "1521", "igb", 3, 0).interface("0000:01:00.0", "eth0");
	m.nic("0000:3b:00.0", "8086", "10d3", "e1000e", 12, 0);
	m.nic("0000:3b:00.1", "8086", "10d3", "e1000e", 13, 0);
	m.drive("0000:3b:00.0", "vfio-pci").drive("0000:3b:00.1", "vfio-pci");
	m.nic("0000:d8:00.0", "15b3", "1017", "mlx5_core", 40, 1).interface("0000:d8:00.0", "mlx0");
	m.file("/sys/bus/pci/devices/0000:00:1f.0/class", "0x060100\n");
	m.file(pmds + "librte_net_e1000.so.23", std::string("\x7f"
							    "ELF\0",
							    5) +
							e1000_pmd + '\0');
	m.file(pmds + "librte_net_mlx5.so.23", std::string(mlx5_pmd) + '\0');
	m.link(pmds + "librte_net_mlx5.so", "librte_net_mlx5.so.23");
	m.file("/proc/net/route",
	       "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
	       "eth0\t00000000\t01FEA8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
	       "eth0\t00FEA8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n");
	m.file("/proc/cpuinfo", "vendor_id\t: GenuineIntel\nflags\t\t: sse4_2\n");
	m.file("/proc/cmdline", "root=/dev/sda1 intel_iommu=on iommu=pt\n");
	m.file("/proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
	m.file("/lib/modules/6.1.0-18-amd64/modules.dep",
	       "kernel/drivers/vfio/pci/vfio-pci.ko: kernel/drivers/vfio/vfio.ko\n");
}

#endif
