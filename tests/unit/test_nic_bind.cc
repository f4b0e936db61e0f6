/* NICs that are bound, given back and kept: who may be, what is said, and what is left behind when
 * it fails. */
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "machine.h"
#include "nic_bind.h"

namespace
{

const std::string ours = "0000:3b:00.0", at = "/sys/bus/pci/devices/" + ours;

/* The good machine before anything is bound. */
void fresh_machine(machine &m)
{
	good_machine(m);
	m.drive(ours, "e1000e").drive("0000:3b:00.1", "e1000e");
	m.interface(ours, "eth1", false).folder("/sys/bus/pci/drivers/vfio-pci");
	m.file("/sys/bus/pci/drivers/vfio-pci/unbind", "");
	m.folder("/etc/udev/rules.d");
}

struct bind_result bind(machine &m, const std::string &name, bool force = false)
{
	struct nics nics = nics_list(&m.host);
	const struct nic *nic = nics_find(&nics, name.c_str());
	struct bind_result r = {};

	EXPECT_NE(nullptr, nic) << name;
	nic_bind(&m.host, &nics, nic, force, &r);
	nics_free(&nics);
	return r;
}

struct bind_result unbind(machine &m, const std::string &name)
{
	struct nics nics = nics_list(&m.host);
	struct bind_result r = {};

	nic_unbind(&m.host, nics_find(&nics, name.c_str()), &r);
	nics_free(&nics);
	return r;
}

struct bind_result persist(machine &m, const std::string &name)
{
	struct nics nics = nics_list(&m.host);
	struct bind_result r = {};

	nic_persist(&m.host, nics_find(&nics, name.c_str()), "/usr/bin/bascule", &r);
	nics_free(&nics);
	return r;
}

bool persists(machine &m, const std::string &name)
{
	struct nics nics = nics_list(&m.host);
	bool is = nic_persists(&m.host, nics_find(&nics, name.c_str()));

	nics_free(&nics);
	return is;
}

std::string driver(machine &m, const std::string &address)
{
	char text[NIC_DRIVER];

	host_link(&m.host, text, sizeof(text), "/sys/bus/pci/devices/%s/driver", address.c_str());
	return text;
}

/* A machine on which binding is refused, or is not; what is said then. */
struct refusal {
	const char *name;
	std::function<void(machine &)> make;
	const char *nic;
	bool force;
	const char *why, *next; /* parts of it; NULL: it is bound */
	const char *note;
};

const refusal refusals[] = {
	{ "the good one", [](machine &m) {}, "3b:00.0", false, nullptr, nullptr, nullptr },
	{ "by its interface", [](machine &m) {}, "eth1", false, nullptr, nullptr, nullptr },
	{ "the default route", [](machine &m) {}, "eth0", false,
	  "0000:01:00.0 stays: eth0: it carries the default route", "nothing overrides this",
	  nullptr },
	{ "the default route, by force", [](machine &m) {}, "eth0", true,
	  "0000:01:00.0 stays: eth0: it carries the default route", "nothing overrides this",
	  nullptr },
	{ "a member of the bond that somebody is logged in by, by force",
	  [](machine &m) {
		  m.file("/proc/self/environ",
			 std::string("SSH_CONNECTION=10.9.0.9 1 10.9.0.5 22\0", 38));
		  m.file("/proc/net/route",
			 "h\nbond0 0000090A 00000000 0001 0 0 0 0000FFFF 0 0 0\n");
		  m.folder("/sys/class/net/bond0/lower_eth1");
	  },
	  "3b:00.0", true, "eth1: the ssh session that this is run in comes by it, under bond0",
	  "nothing overrides this", nullptr },
	{ "Mellanox", [](machine &m) {}, "d8:00.0", true,
	  "0000:d8:00.0 stays on mlx5_core: DPDK's driver mlx5_eth works through the kernel's",
	  "name its address as the port's device", nullptr },
	{ "up", [](machine &m) { m.interface("0000:3b:00.0", "eth1"); }, "3b:00.0", false,
	  "eth1 is up: who uses it would lose it", "ip link set eth1 down; or --force", nullptr },
	{ "up, by force", [](machine &m) { m.interface("0000:3b:00.0", "eth1"); }, "3b:00.0", true,
	  nullptr, nullptr, nullptr },
	{ "no driver knows it", [](machine &m) { m.file(at + "/device", "0xffff\n"); }, "3b:00.0",
	  false, "none of the 2 DPDK drivers that are installed knows 0000:3b:00.0 (8086:ffff)",
	  "apt install librte-meta-net; or --force", nullptr },
	{ "no driver knows it, by force", [](machine &m) { m.file(at + "/device", "0xffff\n"); },
	  "3b:00.0", true, nullptr, nullptr, nullptr },
	{ "no driver is installed", [](machine &m) { m.gone("/usr/lib"); }, "3b:00.0", false,
	  "no DPDK driver of a NIC is installed", "apt install librte-meta-net", nullptr },
	{ "IOMMU: the kernel was not asked",
	  [](machine &m) {
		  m.gone("/sys/class/iommu").file("/sys/firmware/acpi/tables/DMAR", "");
		  m.file("/proc/cmdline", "root=/dev/sda1\n");
	  },
	  "3b:00.0", true, "the firmware offers an IOMMU, which the kernel was not asked to use",
	  "add intel_iommu=on iommu=pt", nullptr },
	{ "IOMMU: asked, and did not start",
	  [](machine &m) { m.gone("/sys/class/iommu").file("/sys/firmware/acpi/tables/DMAR", ""); },
	  "3b:00.0", false, "the kernel could not start it", "dmesg", nullptr },
	{ "IOMMU: switched off",
	  [](machine &m) {
		  m.gone("/sys/class/iommu").file("/proc/cmdline", "amd_iommu=off quiet\n");
	  },
	  "3b:00.0", false, "the kernel's command line switches the IOMMU off", "amd_iommu=off",
	  nullptr },
	{ "IOMMU: off in the firmware of an Intel machine",
	  [](machine &m) { m.gone("/sys/class/iommu"); }, "3b:00.0", false,
	  "the firmware offers no IOMMU", "switch VT-d on", nullptr },
	{ "IOMMU: off in the firmware of an AMD machine",
	  [](machine &m) {
		  m.gone("/sys/class/iommu").file("/proc/cpuinfo", "vendor_id : AuthenticAMD\n");
	  },
	  "3b:00.0", false, "the firmware offers no IOMMU", "switch the IOMMU (AMD-Vi", nullptr },
	{ "IOMMU: a virtual machine",
	  [](machine &m) {
		  m.gone("/sys/class/iommu");
		  m.file("/proc/cpuinfo", "vendor_id : GenuineIntel\nflags : fpu hypervisor\n");
	  },
	  "3b:00.0", false, "a virtual machine without an IOMMU", "enable_unsafe_noiommu_mode",
	  nullptr },
	{ "noiommu mode",
	  [](machine &m) {
		  m.gone("/sys/class/iommu");
		  m.file("/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n");
	  },
	  "3b:00.0", false, nullptr, nullptr, "the NIC can write to all memory" },
	{ "no vfio-pci in this kernel",
	  [](machine &m) { m.gone("/sys/bus/pci/drivers/vfio-pci").gone("/lib/modules"); },
	  "3b:00.0", false, "this kernel has no vfio-pci", "boot Debian's own kernel", nullptr },
	{ "vfio-pci is loaded",
	  [](machine &m) {
		  m.gone("/sys/bus/pci/drivers/vfio-pci");
		  m.program("/sbin/modprobe",
			    "mkdir -p " + m.path("/sys/bus/pci/drivers/vfio-pci"));
	  },
	  "3b:00.0", false, nullptr, nullptr, nullptr },
	{ "Secure Boot does not let it be loaded",
	  [](machine &m) {
		  m.gone("/sys/bus/pci/drivers/vfio-pci");
		  m.file("/sys/firmware/efi/efivars/"
			 "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
			 std::string("\x06\0\0\0\1", 5));
		  m.program("/sbin/modprobe", "echo 'Key was rejected by service' >&2; exit 1");
	  },
	  "3b:00.0", false, "vfio-pci cannot be loaded: Key was rejected by service",
	  "Secure Boot lets a kernel load modules that are signed for it alone", nullptr },
	{ "a neighbour in the group is on a driver",
	  [](machine &m) { m.file("/sys/kernel/iommu_groups/12/devices/0000:3b:00.1", ""); },
	  "3b:00.0", false, nullptr, nullptr,
	  "0000:3b:00.1 is in the same IOMMU group, 12, and on e1000e" },
	{ "bridges and who is on vfio-pci do not count",
	  [](machine &m) {
		  m.file("/sys/kernel/iommu_groups/12/devices/0000:00:1f.0", "");
		  m.link("/sys/bus/pci/devices/0000:00:1f.0/driver", "../../drivers/pcieport");
		  m.file("/sys/kernel/iommu_groups/12/devices/0000:3b:00.1", "");
		  m.drive("0000:3b:00.1", "vfio-pci");
	  },
	  "3b:00.0", false, nullptr, nullptr, nullptr },
	{ "a neighbour in the group must stay",
	  [](machine &m) { m.file("/sys/kernel/iommu_groups/12/devices/0000:01:00.0", ""); },
	  "3b:00.0", true,
	  "0000:3b:00.0 is in IOMMU group 12 with 0000:01:00.0, which must stay (eth0: it carries "
	  "the default route)",
	  "a slot whose NIC has a group of its own", nullptr },
	{ "the kernel binds nothing", [](machine &m) { m.stubborn = true; }, "3b:00.0", false,
	  "did not go to vfio-pci (the kernel bound nothing to it); it is back on e1000e", "dmesg",
	  nullptr },
};

} // namespace

TEST(nic_bind, who_may_be_bound)
{
	for (const refusal &t : refusals) {
		machine m;
		std::string address, before;
		struct bind_result r;

		fresh_machine(m);
		t.make(m);
		{
			struct nics nics = nics_list(&m.host);

			address = nics_find(&nics, t.nic)->address;
			nics_free(&nics);
		}
		before = driver(m, address);
		r = bind(m, t.nic, t.force);
		EXPECT_EQ(t.why == nullptr, r.done) << t.name << ": " << r.why;
		EXPECT_EQ(t.why ? before : "vfio-pci", driver(m, address)) << t.name;
		if (t.why) {
			EXPECT_NE(std::string::npos, std::string(r.why).find(t.why))
				<< t.name << ": " << r.why;
			EXPECT_NE(std::string::npos, std::string(r.next).find(t.next))
				<< t.name << ": " << r.next;
			EXPECT_NE("vfio-pci\n",
				  m.text("/sys/bus/pci/devices/" + address + "/driver_override"))
				<< t.name << ": the next probe would bind it";
		}
		/* the last one says how it is kept */
		EXPECT_EQ((t.note ? 1u : 0u) + (t.why ? 0u : 1u), r.nb_notes)
			<< t.name << ": " << r.note[0];
		EXPECT_NE(std::string::npos, std::string(r.note[0]).find(t.note ? t.note : ""))
			<< r.note[0];
	}
}

TEST(nic_bind, twice_is_once)
{
	machine m;

	fresh_machine(m);
	EXPECT_TRUE(bind(m, ours).changed);
	EXPECT_TRUE(bind(m, ours).done);
	EXPECT_FALSE(bind(m, ours).changed);
	EXPECT_TRUE(unbind(m, ours).changed);
	EXPECT_EQ("e1000e", driver(m, ours));
	EXPECT_EQ("\n", m.text(at + "/driver_override"));
	EXPECT_TRUE(unbind(m, ours).done);
	EXPECT_FALSE(unbind(m, ours).changed);
}

/* Who has it open is waited for by the kernel, so that the command would hang. */
TEST(nic_bind, what_is_in_use_is_not_given_back)
{
	machine m;
	struct bind_result r;

	fresh_machine(m);
	bind(m, ours);
	m.process(77, "testpmd").link("/proc/77/fd/9", "/dev/vfio/12");
	r = unbind(m, ours);
	EXPECT_FALSE(r.done);
	EXPECT_STREQ("0000:3b:00.0, or its IOMMU group, is open in testpmd, process 77", r.why);
	EXPECT_EQ("vfio-pci", driver(m, ours));
	m.link("/proc/77/fd/9", "/dev/vfio/13");
	m.process(78, "bascule-datapla")
		.file("/run/bascule/devices/pci-" + ours, "rs0, process 78\n");
	r = unbind(m, ours);
	EXPECT_STREQ("0000:3b:00.0 is in use by the dataplane of rs0, process 78", r.why);
	m.process(78, "bash"); /* the number belongs to another by now */
	EXPECT_TRUE(unbind(m, ours).done);
}

TEST(nic_bind, a_nic_without_a_driver_of_the_kernels)
{
	machine m;
	struct bind_result r;

	fresh_machine(m);
	m.native[ours] = "";
	m.drive(ours, "");
	EXPECT_TRUE(bind(m, ours).done);
	r = unbind(m, ours);
	EXPECT_TRUE(r.done);
	EXPECT_STREQ("no driver of this kernel's knows it: it is on none", r.note[0]);
}

TEST(nic_persist, a_rule_of_ours)
{
	const std::string rules = "/etc/udev/rules.d/61-bascule-nic.rules";
	const std::string line = "ACTION==\"add\", SUBSYSTEM==\"pci\", KERNEL==\"0000:3b:00.0\", "
				 "ATTR{vendor}==\"0x8086\", ATTR{device}==\"0x10d3\", "
				 "RUN+=\"/usr/bin/bascule nic bind --force 0000:3b:00.0\"\n";
	machine m;

	fresh_machine(m);
	m.program("/usr/bin/udevadm", "");
	EXPECT_TRUE(persist(m, ours).done) << "it is the kernel's, and will be";
	EXPECT_EQ("", m.text(rules));
	bind(m, ours);
	bind(m, "3b:00.1");
	EXPECT_FALSE(persists(m, ours));
	EXPECT_TRUE(persist(m, ours).changed);
	EXPECT_TRUE(persist(m, "3b:00.1").changed);
	EXPECT_FALSE(persist(m, "3b:00.1").changed);
	EXPECT_TRUE(persists(m, ours) && persists(m, "3b:00.1"));
	EXPECT_NE(std::string::npos, m.text(rules).find(line)) << m.text(rules);
	EXPECT_EQ(1u, m.text(rules).find("# ", 1) != std::string::npos) << "one header";
	EXPECT_EQ("/usr/bin/udevadm control --reload\n/usr/bin/udevadm control --reload\n",
		  m.called());

	struct bind_result r = unbind(m, ours);

	EXPECT_NE(std::string::npos,
		  std::string(r.note[0]).find("bascule nic persist 0000:3b:00.0"));
	EXPECT_TRUE(persist(m, ours).changed);
	EXPECT_EQ(std::string::npos, m.text(rules).find(line)) << m.text(rules);
	EXPECT_FALSE(persists(m, ours));
	EXPECT_TRUE(persists(m, "3b:00.1")) << "the other one stays";
}

TEST(nic_persist, driverctl_where_it_is_installed)
{
	machine m;

	fresh_machine(m);
	m.program("/usr/sbin/driverctl", "exit 1"); /* would take the NIC from its driver */
	bind(m, ours);
	EXPECT_TRUE(persist(m, ours).changed);
	EXPECT_FALSE(persist(m, ours).changed);
	EXPECT_TRUE(persists(m, ours));
	EXPECT_EQ("vfio-pci\n", m.text("/etc/driverctl.d/pci-0000:3b:00.0"));
	EXPECT_EQ("", m.text("/etc/udev/rules.d/61-bascule-nic.rules"));
	unbind(m, ours);
	EXPECT_TRUE(persist(m, ours).changed);
	EXPECT_FALSE(persists(m, ours));
	EXPECT_EQ("", m.text("/etc/driverctl.d/pci-0000:3b:00.0"));
	EXPECT_EQ("", m.called());
}

TEST(nic_persist, a_rule_of_ours_is_forgotten_though_driverctl_came_later)
{
	machine m;

	fresh_machine(m);
	bind(m, ours);
	EXPECT_TRUE(persist(m, ours).changed);
	m.program("/usr/sbin/driverctl", "exit 1");
	unbind(m, ours);
	EXPECT_TRUE(persist(m, ours).changed);
	EXPECT_FALSE(persists(m, ours));
	EXPECT_EQ("", m.called());
}

TEST(nic_persist, what_cannot_be_written)
{
	machine m;
	struct bind_result r;

	fresh_machine(m);
	m.gone("/etc/udev");
	bind(m, ours);
	r = persist(m, ours);
	EXPECT_FALSE(r.done);
	EXPECT_STREQ("/etc/udev/rules.d/61-bascule-nic.rules: No such file or directory", r.why);
	m.program("/usr/sbin/driverctl", "exit 1");
	m.gone("/etc");
	EXPECT_STREQ("/etc/driverctl.d/pci-0000:3b:00.0: No such file or directory",
		     persist(m, ours).why);
}
