/* The doctor, on a machine that is as it should be and on many that are not: a row is one thing
 * that is wrong, and what is said of it. */
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "doctor.h"
#include "machine.h"

namespace
{

const char conf[] =
	R"(instance = { name = "rs0"; router_id = "10.0.1.4"; };
dataplane = { main_lcore = 0; forwarding_lcores = [2, 3]; idle = "poll"; memory_mb = 1024;
  ports = (
    { name = "vpn0"; device = "0000:3b:00.0"; role = "vpn"; addresses = ["10.0.255.1/28"]; },
    { name = "vnet0"; device = "0000:3b:00.1"; role = "vnet"; addresses = ["10.0.1.4/26"]; },
    { name = "nva0"; device = "net_af_packet0,iface=eth7"; role = "nva";
      addresses = ["10.0.2.1/24"]; } ); };
control = { lcores = [1]; };
vnet = ( { prefix = "10.0.0.0/16"; port = "vnet0"; } );
peers = ( { name = "nva-a"; address = "10.0.2.4"; asn = 65001; } );
)";

const std::string nodes = "/sys/devices/system/node/", cpus = "/sys/devices/system/cpu/",
		  pages = "/hugepages/hugepages-2048kB/";

/* The instance's NVAs have IPv6 too. */
machine &with_ipv6(machine &m)
{
	std::string dual = conf;
	const std::string address = "\"10.0.2.1/24\"";

	dual.insert(dual.find(address) + address.size(), ", \"2001:db8:2::1/64\"");
	m.file("/etc/bascule/rs0.conf", dual);
	return m;
}

/* The good machine, with an instance that does not run yet. */
void fit_machine(machine &m)
{
	good_machine(m);
	m.file("/etc/bascule/rs0.conf", conf);
	m.file("/lib/systemd/system/bascule-dataplane@.service", "");
	m.file(nodes + "node0/cpulist", "0-3,8-11\n").file(nodes + "node1/cpulist", "4-7,12-15\n");
	m.file(nodes + "node0" + pages + "nr_hugepages", "1100\n");
	m.file(nodes + "node0" + pages + "free_hugepages", "1100\n");
	m.file(nodes + "node1" + pages + "nr_hugepages", "0\n");
	m.file(nodes + "node1" + pages + "free_hugepages", "0\n");
	m.file("/proc/mounts", "proc /proc proc rw 0 0\n"
			       "hugetlbfs /dev/hugepages hugetlbfs rw,pagesize=2M 0 0\n");
	m.file("/etc/udev/rules.d/61-bascule-nic.rules",
	       "KERNEL==\"0000:3b:00.0\"\nKERNEL==\"0000:3b:00.1\"\n");
	m.folder("/sys/bus/pci/drivers/vfio-pci").interface("", "eth7");
	m.file(cpus + "online", "0-15\n").file(cpus + "isolated", "2-3\n");
	m.file(cpus + "nohz_full", "2-3\n");
	for (int cpu = 0; cpu < 16; cpu++) {
		std::string at = cpus + "cpu" + std::to_string(cpu);
		int core = cpu % 8;

		m.file(at + "/topology/thread_siblings_list",
		       std::to_string(core) + "," + std::to_string(core + 8) + "\n");
		m.file(at + "/cpufreq/scaling_governor", "performance\n");
	}
	m.file("/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
	m.file("/sys/devices/system/clocksource/clocksource0/available_clocksource",
	       "tsc hpet acpi_pm\n");
	m.file("/proc/net/dev", "Inter-|   Receive\n face |bytes\n    lo: 0 0\n  eth7: 1 1\n");
	m.file("/proc/irq/24/effective_affinity_list", "0\n").folder("/proc/irq/24/eth0-rx");
	for (const std::string family : { "ipv4", "ipv6" }) {
		const std::string table = "/proc/sys/net/" + family + "/neigh/default/gc_thresh";

		m.file(table + "1", "16384\n").file(table + "2", "65536\n");
		m.file(table + "3", "131072\n");
	}
	m.file("/proc/sys/net/core/optmem_max", "262144\n");
	m.file("/dev/net/tun", "");
	m.program("/usr/sbin/nft", "echo '{\"nftables\": [{\"metainfo\": {}}]}'");
}

struct said {
	std::string check, state, text, next;
};

std::vector<said> examine(machine &m, bool fix = false, const char *file = nullptr)
{
	struct configured configured = configured_load(&m.host, file);
	struct findings findings = doctor_examine(&m.host, &configured, fix);
	std::vector<said> all;

	for (size_t i = 0; i < findings.n; i++) {
		const struct finding &f = findings.finding[i];

		all.push_back({ f.check, finding_state_name(f.state), f.text, f.next });
	}
	findings_free(&findings);
	configured_free(&configured);
	return all;
}

std::string text_of(const std::vector<said> &all, bool bad_alone)
{
	std::string text;

	for (const said &s : all)
		if (!bad_alone || s.state == "warning" || s.state == "fault")
			text += s.state + " " + s.check + ": " + s.text + " -> " + s.next + "\n";
	return text;
}

void run_it(machine &m)
{
	m.process(500, "bascule-datapla").file("/run/bascule/rs0/dataplane.lock", "500\n");
	m.file("/proc/500/limits",
	       "Limit                     Soft Limit           Hard Limit\n"
	       "Max open files            8192                 8192    files\n"
	       "Max locked memory         unlimited            unlimited bytes\n");
}

std::function<void(machine &)> writes(const std::string &at, const std::string &text)
{
	return [=](machine &m) { m.file(at, text); };
}

std::function<void(machine &)> configures(const std::string &from, const std::string &to)
{
	return [=](machine &m) {
		std::string text = conf;
		size_t where = text.find(from);

		ASSERT_NE(std::string::npos, where) << from;
		m.file("/etc/bascule/rs0.conf", text.replace(where, from.size(), to));
	};
}

std::function<void(machine &)> nftables(const std::string &objects)
{
	return [=](machine &m) {
		m.program("/usr/sbin/nft", "cat <<'END'\n{\"nftables\": [" + objects + "]}\nEND");
	};
}

/* An input chain whose policy is `policy`. */
std::string input(const std::string &policy, const std::string &family = "inet")
{
	return R"({"chain": {"family": ")" + family +
	       R"(", "table": "filter", "name": "input", "type": "filter", "hook": "input", )"
	       R"("prio": 0, "policy": ")" +
	       policy + "\"}}";
}

/* A rule that does `verdict` to TCP with this on the right of dport. */
std::string rule(const std::string &verdict, const std::string &right, const std::string &op = "==")
{
	return R"(, {"rule": {"family": "inet", "table": "filter", "chain": "input", "expr": )"
	       R"([{"match": {"op": ")" +
	       op + R"(", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": )" +
	       right + R"(}}, {")" + verdict + R"(": null}]}})";
}

struct illness {
	const char *name;
	std::function<void(machine &)> make;
	const char *state, *check, *text, *next; /* of a finding: parts of the latter two */
};

const char tcp_header[] = "  sl  local_address rem_address   st\n";

const illness illnesses[] = {
	{ "a broken configuration", writes("/etc/bascule/rs0.conf", "instance = {\n"), "fault",
	  "configuration", "rs0.conf:", "bascule config check" },
	{ "too few hugepages are free: a test of the total would not see it",
	  writes(nodes + "node0" + pages + "free_hugepages", "100\n"), "fault", "hugepages",
	  "200 MB are free, and instances that do not run want 1024 MB", "hugepages=1512" },
	{ "hugepages on the other node",
	  [](machine &m) {
		  m.file(nodes + "node0" + pages + "nr_hugepages", "0\n");
		  m.file(nodes + "node0" + pages + "free_hugepages", "0\n");
		  m.file(nodes + "node1" + pages + "nr_hugepages", "1100\n");
		  m.file(nodes + "node1" + pages + "free_hugepages", "1100\n");
	  },
	  "warning", "hugepages",
	  "node 0: 0 of 0 pages are free, 513 are wanted there: what lacks comes from another node",
	  "hugepages=" },
	{ "pages that are promised are not free",
	  writes("/sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages", "900\n"), "fault",
	  "hugepages", "400 MB are free", "" },
	{ "a kernel without hugepages", [](machine &m) { m.gone("/sys/devices/system/node"); },
	  "fault", "hugepages", "this kernel has no 2 MB hugepages", "CONFIG_HUGETLBFS" },
	{ "hugetlbfs is not mounted", writes("/proc/mounts", "proc /proc proc rw 0 0\n"), "fault",
	  "hugetlbfs", "mounted nowhere", "dev-hugepages.mount" },
	{ "hugetlbfs of 1 GB pages alone",
	  writes("/proc/mounts", "h /mnt/huge hugetlbfs rw,pagesize=1024M 0 0\n"), "fault",
	  "hugetlbfs", "mounted nowhere", "" },
	{ "locked memory of a dataplane that runs",
	  [](machine &m) {
		  run_it(m);
		  m.file("/proc/500/limits", "Max open files            8192 8192 files\n"
					     "Max locked memory         8388608 8388608 bytes\n");
	  },
	  "warning", "limits", "Max locked memory is 8388608, and 1073741824 are needed",
	  "LimitMEMLOCK=infinity" },
	{ "open files of a shell, where no unit is installed",
	  [](machine &m) {
		  m.gone("/lib/systemd");
		  m.file("/proc/self/limits",
			 "Max open files            100 100 files\n"
			 "Max locked memory         unlimited unlimited bytes\n");
	  },
	  "warning", "limits", "Max open files is 100 in this shell, and 257 are needed",
	  "LimitNOFILE" },
	{ "no such NIC", configures("0000:3b:00.0", "0000:3c:00.0"), "fault", "devices",
	  "rs0/vpn0: there is no NIC 0000:3c:00.0", "bascule nic list" },
	{ "no such NIC in a bond",
	  configures("device = \"0000:3b:00.0\"", "members = [\"0000:3b:00.0\", \"0000:3c:00.0\"]"),
	  "fault", "devices", "rs0/vpn0: there is no NIC 0000:3c:00.0", "bascule nic list" },
	{ "a NIC of a bond on the kernel's driver",
	  [](machine &m) {
		  configures("device = \"0000:3b:00.1\"", "members = [\"0000:3b:00.1\"]")(m);
		  m.drive("0000:3b:00.1", "e1000e");
	  },
	  "fault", "devices", "rs0/vnet0: 0000:3b:00.1 is on e1000e, not on vfio-pci",
	  "bascule nic bind 0000:3b:00.1" },
	{ "a device that is no NIC", configures("0000:3b:00.0", "0000:00:1f.0"), "fault", "devices",
	  "this is another sort of device", "bascule nic list" },
	{ "a NIC on the kernel's driver", [](machine &m) { m.drive("0000:3b:00.1", "e1000e"); },
	  "fault", "devices", "rs0/vnet0: 0000:3b:00.1 is on e1000e, not on vfio-pci",
	  "bascule nic bind 0000:3b:00.1" },
	{ "a NIC that the operator comes by", configures("0000:3b:00.0", "0000:01:00.0"), "fault",
	  "devices", "eth0: it carries the default route", "give the port another NIC" },
	{ "a NIC that is vfio-pci's until the next boot",
	  [](machine &m) { m.gone("/etc/udev/rules.d"); }, "warning", "devices",
	  "0000:3b:00.0 is on vfio-pci, until the next boot", "bascule nic persist 0000:3b:00.0" },
	{ "a NIC on UIO", [](machine &m) { m.drive("0000:3b:00.1", "uio_pci_generic"); }, "warning",
	  "devices", "is on uio_pci_generic, not on vfio-pci", "bascule nic bind" },
	{ "a Mellanox NIC on vfio-pci",
	  [](machine &m) {
		  configures("0000:3b:00.0", "0000:d8:00.0")(m);
		  m.drive("0000:d8:00.0", "vfio-pci");
	  },
	  "fault", "devices", "mlx5_eth works through the kernel's driver",
	  "bascule nic unbind 0000:d8:00.0" },
	{ "no such interface", configures("iface=eth7", "iface=eth8"), "fault", "devices",
	  "rs0/nva0: there is no interface eth8", "ip link" },
	{ "no DPDK driver knows the NIC",
	  writes("/sys/bus/pci/devices/0000:3b:00.0/device", "0xffff\n"), "fault", "pmd",
	  "0000:3b:00.0 (8086:ffff): none of the 2 drivers", "librte-meta-net" },
	{ "IOMMU off",
	  [](machine &m) {
		  m.gone("/sys/class/iommu").file("/sys/firmware/acpi/tables/DMAR", "");
		  m.file("/proc/cmdline", "quiet\n");
	  },
	  "fault", "iommu", "which the kernel was not asked to use", "intel_iommu=on" },
	{ "noiommu",
	  [](machine &m) {
		  m.gone("/sys/class/iommu");
		  m.file("/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n");
	  },
	  "warning", "iommu", "noiommu mode: NICs can write to all memory", "VT-d" },
	{ "a kernel without vfio-pci",
	  [](machine &m) { m.gone("/sys/bus/pci/drivers/vfio-pci").gone("/lib/modules"); }, "fault",
	  "vfio", "this kernel has no vfio-pci", "linux-image-amd64" },
	{ "a locked kernel and UIO",
	  [](machine &m) {
		  m.drive("0000:3b:00.1", "igb_uio");
		  m.file("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	  },
	  "fault", "secure boot", "the kernel is locked down, which forbids igb_uio",
	  "bascule nic bind" },
	{ "an MTU that is lowered underneath",
	  [](machine &m) {
		  run_it(m);
		  m.file("/sys/class/net/eth7/mtu", "1300\n");
	  },
	  "warning", "mtu",
	  "rs0/nva0: the MTU of eth7 was lowered to 1300, and the port has that instead of its "
	  "1500",
	  "ip link set eth7 mtu 1500" },
	{ "a NIC in the other socket", writes("/sys/bus/pci/devices/0000:3b:00.0/numa_node", "1\n"),
	  "warning", "numa", "0000:3b:00.0 is on node 1, and none of its forwarding CPUs 2-3",
	  "forwarding_lcores" },
	{ "a CPU that is off", writes(cpus + "online", "0-2,4-15\n"), "fault", "lcores",
	  "CPUs 3 are not online", "forwarding_lcores" },
	{ "control on a CPU that forwards without a pause",
	  configures("lcores = [1]; };", "lcores = [3]; };"), "warning", "lcores",
	  "rs0: CPUs 3 forward without a pause, and are main's or control's too", "adaptive" },
	{ "two instances on one CPU",
	  [](machine &m) {
		  std::string other = conf;

		  other.replace(other.find("rs0"), 3, "rs1");
		  m.file("/etc/bascule/rs1.conf", other);
	  },
	  "warning", "lcores", "rs1: rs0 has its forwarding CPUs 2-3 too", "each instance" },
	{ "CPUs that others are put on", writes(cpus + "isolated", "\n"), "warning", "isolation",
	  "CPUs 2-3 forward without a pause, and the kernel runs other tasks there",
	  "isolcpus=2-3 nohz_full=2-3 rcu_nocbs=2-3" },
	{ "CPUs with a tick", writes(cpus + "nohz_full", "(null)\n"), "warning", "isolation",
	  "CPUs 2-3 have the kernel's tick", "nohz_full=2-3" },
	{ "both hyperthreads of a core",
	  configures("forwarding_lcores = [2, 3]", "forwarding_lcores = [2, 10]"), "warning", "smt",
	  "CPUs 2,10 are one core's hyperthreads", "one lcore a core" },
	{ "control beside a forwarding lcore on one core",
	  configures("lcores = [1]; };", "lcores = [11]; };"), "warning", "smt",
	  "CPUs 3,11 are one core's hyperthreads", "" },
	{ "a governor that saves power",
	  writes(cpus + "cpu3/cpufreq/scaling_governor", "powersave\n"), "warning", "governor",
	  "CPUs 3 have the governor powersave", "performance" },
	{ "time by the HPET",
	  writes("/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n"),
	  "warning", "clock source", "hpet: each look at the time is a system call",
	  "clocksource=tsc" },
	{ "a TSC that the kernel does not trust",
	  [](machine &m) {
		  const std::string at = "/sys/devices/system/clocksource/clocksource0/";

		  m.file(at + "current_clocksource", "hpet\n");
		  m.file(at + "available_clocksource", "hpet acpi_pm\n");
	  },
	  "warning", "clock source", "hpet", "why the kernel does not trust the TSC" },
	{ "an interrupt on a forwarding CPU", writes("/proc/irq/24/effective_affinity_list", "3\n"),
	  "warning", "interrupts", "1 interrupts are served by forwarding CPUs: 24",
	  "smp_affinity_list" },
	{ "irqbalance",
	  [](machine &m) {
		  m.process(60, "irqbalance").file(cpus + "isolated", "2\n");
		  m.file(cpus + "nohz_full", "2-3\n");
	  },
	  "warning", "interrupts",
	  "irqbalance (process 60) may move interrupts to forwarding CPUs 3",
	  "IRQBALANCE_BANNED_CPULIST=3" },
	{ "a bound of the kernel's",
	  writes("/proc/sys/net/ipv4/neigh/default/gc_thresh3", "1024\n"), "warning", "sysctl",
	  "net.ipv4.neigh.default.gc_thresh3 is 1024, too low",
	  "sysctl -w net.ipv4.neigh.default.gc_thresh3=131072" },
	{ "the same of IPv6", writes("/proc/sys/net/ipv6/neigh/default/gc_thresh1", "128\n"),
	  "warning", "sysctl", "net.ipv6.neigh.default.gc_thresh1 is 128, too low",
	  "sysctl -w net.ipv6.neigh.default.gc_thresh1=16384" },
	{ "a kernel without IPv6", [](machine &m) { with_ipv6(m).gone("/proc/sys/net/ipv6"); },
	  "fault", "ipv6", "ports have addresses of IPv6, which this kernel has shut off",
	  "ipv6.disable=1" },
	{ "ip6tables drops the port",
	  [](machine &m) {
		  with_ipv6(m).program("/usr/sbin/ip6tables-save",
				       "echo '-A INPUT -p tcp -m tcp --dport 179 -j DROP'");
	  },
	  "fault", "firewall", "TCP port 179 of IPv6 is dropped: ip6tables: -A INPUT",
	  "let TCP port 179 of IPv6 in" },
	{ "nftables drops what no rule names, of IPv6",
	  [](machine &m) { nftables(input("drop", "ip6"))(with_ipv6(m)); }, "warning", "firewall",
	  "none names TCP port 179 of IPv6: nftables: chain input", "" },
	{ "no TUN", [](machine &m) { m.gone("/dev/net/tun"); }, "fault", "tun",
	  "/dev/net/tun is missing", "modprobe tun" },
	{ "systemd-networkd has an LCP interface",
	  [](machine &m) {
		  m.process(70, "systemd-network").file("/sys/class/net/rs0-nva0/ifindex", "9\n");
		  m.file("/run/systemd/netif/links/9", "# private\nADMIN_STATE=configured\n");
	  },
	  "warning", "managers", "systemd-networkd has rs0-nva0 (configured)", "Unmanaged=yes" },
	{ "systemd-networkd will have one",
	  [](machine &m) {
		  m.process(70, "systemd-network");
		  m.file("/etc/systemd/network/50-all.network", "[Match]\nName=en* rs*\n");
	  },
	  "warning", "managers",
	  "systemd-networkd will have rs0-vpn0, by /etc/systemd/network/50-all.network",
	  "Unmanaged=yes" },
	{ "NetworkManager has one",
	  [](machine &m) {
		  m.process(71, "NetworkManager").file("/sys/class/net/rs0-nva0/ifindex", "9\n");
		  m.file("/run/NetworkManager/devices/9", "[device]\nmanaged=true\n");
	  },
	  "warning", "managers", "NetworkManager has rs0-nva0", "unmanaged-devices" },
	{ "nftables drops the port", nftables(input("accept") + rule("drop", "179")), "fault",
	  "firewall", "TCP port 179 is dropped: nftables: chain input of table filter",
	  "let TCP port 179 in" },
	{ "nftables drops a set with it",
	  nftables(input("accept") + rule("reject", R"({"set": [22, {"range": [170, 180]}]})")),
	  "fault", "firewall", "TCP port 179 is dropped", "" },
	{ "nftables drops all but another port",
	  nftables(input("accept") + rule("drop", "22", "!=")), "fault", "firewall",
	  "TCP port 179 is dropped", "" },
	{ "nftables drops what no rule names", nftables(input("drop") + rule("accept", "22")),
	  "warning", "firewall", "what no rule names is dropped, and none names TCP port 179", "" },
	{ "iptables drops the port",
	  [](machine &m) {
		  m.program("/usr/sbin/iptables-save",
			    "echo '*filter'; echo ':INPUT ACCEPT [0:0]'; echo '-A INPUT -p tcp -m "
			    "multiport --dports 22,170:180 -j REJECT'");
	  },
	  "fault", "firewall", "TCP port 179 is dropped: iptables: -A INPUT", "" },
	{ "iptables drops what no rule names",
	  [](machine &m) {
		  m.program("/usr/sbin/iptables-save", "echo ':INPUT DROP [0:0]'; echo '-A INPUT "
						       "-p tcp --dport 1790 -j ACCEPT'");
	  },
	  "warning", "firewall", "iptables: chain INPUT", "" },
	{ "another daemon on the port",
	  [](machine &m) {
		  m.file("/proc/net/tcp",
			 std::string(tcp_header) +
				 "   0: 00000000:00B3 00000000:0000 0A "
				 "00000000:00000000 00:00000000 00000000 0 0 4711 1\n");
		  m.process(90, "bird").link("/proc/90/fd/7", "socket:[4711]");
	  },
	  "fault", "listeners", "bird (90) listens on 0.0.0.0, port 179", "stop it" },
	{ "another daemon on our address, by IPv4",
	  [](machine &m) {
		  m.file("/proc/net/tcp",
			 std::string(tcp_header) +
				 "   0: 0102000A:00B3 00000000:0000 0A "
				 "00000000:00000000 00:00000000 00000000 0 0 4711 1\n");
	  },
	  "fault", "listeners", "a process that is not to be seen (0) listens on 10.0.2.1", "" },
	{ "another daemon, by IPv6",
	  [](machine &m) {
		  m.file("/proc/net/tcp6",
			 std::string(tcp_header) + "   0: " + std::string(32, '0') + ":00B3 " +
				 std::string(32, '0') + ":0000 0A 0:0 00:0 00000000 0 0 4711 1\n");
	  },
	  "fault", "listeners", "listens on [::], port 179", "" },
};

/* What looks wrong, and is not. */
const struct {
	const char *name;
	std::function<void(machine &)> make;
} fine[] = {
	{ "a sample of the package's is no instance", configures("rs0", "rs0") },
	{ "a file that others include",
	  writes("/etc/bascule/peers.conf", "peers = ( { name = \"x\"; } );\n") },
	{ "a sample that is wrong for this host",
	  writes("/etc/bascule/minimal.conf", std::string(conf).replace(0, 0, "# sample\n")) },
	{ "an instance that runs has its memory",
	  [](machine &m) {
		  run_it(m);
		  m.file(nodes + "node0" + pages + "free_hugepages", "0\n");
	  } },
	{ "a dataplane of root's locks what it likes",
	  [](machine &m) {
		  run_it(m);
		  m.file("/proc/500/limits", "Max open files            8192 8192 files\n"
					     "Max locked memory         8388608 8388608 bytes\n");
		  m.file("/proc/500/status", "Uid:\t0\nCapEff:\t000001ffffffffff\n");
	  } },
	{ "irqbalance that leaves isolated CPUs alone",
	  [](machine &m) { m.process(60, "irqbalance"); } },
	{ "irqbalance that is told to",
	  [](machine &m) {
		  m.process(60, "irqbalance");
		  m.file("/etc/default/irqbalance", "#x\nIRQBALANCE_BANNED_CPULIST=\"2-3\"\n");
	  } },
	{ "an interrupt without a handler", writes("/proc/irq/25/effective_affinity_list", "3\n") },
	{ "systemd-networkd that leaves it alone",
	  [](machine &m) {
		  m.process(70, "systemd-network").file("/sys/class/net/rs0-nva0/ifindex", "9\n");
		  m.file("/run/systemd/netif/links/9", "ADMIN_STATE=unmanaged\n");
		  m.file("/etc/systemd/network/50-all.network", "[Match]\nName=!rs0-*\n");
	  } },
	{ "nftables that lets the port in before it drops",
	  nftables(input("drop") + rule("accept", R"({"set": [22, 179]})") + rule("drop", "179")) },
	{ "nftables of IPv6", nftables(input("drop", "ip6")) },
	{ "a listener on an address that is not ours, and ours",
	  [](machine &m) {
		  m.file("/proc/net/tcp",
			 std::string(tcp_header) +
				 "   0: 0100007F:00B3 00000000:0000 0A 0:0 00:0 0 0 0 4710 1\n"
				 "   1: 0102000A:00B3 00000000:0000 0A 0:0 00:0 0 0 0 4711 1\n"
				 "   2: 0102000A:00B3 00000000:0000 01 0:0 00:0 0 0 0 4712 1\n");
		  m.process(91, "bascule-control").link("/proc/91/fd/7", "socket:[4711]");
	  } },
	{ "an adaptive instance shares CPUs with everybody",
	  [](machine &m) {
		  configures("\"poll\"", "\"adaptive\"")(m);
		  m.file(cpus + "isolated", "\n")
			  .file("/proc/irq/24/effective_affinity_list", "3\n");
	  } },
};

} // namespace

TEST(doctor, a_fit_machine)
{
	machine m;

	fit_machine(m);

	std::vector<said> all = examine(m);
	std::set<std::string> checks;

	EXPECT_EQ("", text_of(all, true));
	for (const said &s : all)
		checks.insert(s.check);
	EXPECT_EQ(24u, checks.size()) << text_of(all, false);
}

TEST(doctor, what_is_wrong_is_said)
{
	for (const illness &t : illnesses) {
		machine m;
		bool found = false;

		fit_machine(m);
		t.make(m);

		std::vector<said> all = examine(m);

		for (const said &s : all)
			found |= s.check == t.check && s.state == t.state &&
				 s.text.find(t.text) != std::string::npos &&
				 s.next.find(t.next) != std::string::npos && !s.next.empty();
		EXPECT_TRUE(found) << t.name << "\n" << text_of(all, true);
	}
}

TEST(doctor, what_is_not_wrong_is_not)
{
	for (const auto &t : fine) {
		machine m;

		fit_machine(m);
		t.make(m);
		EXPECT_EQ("", text_of(examine(m), true)) << t.name;
	}
}

/* Every file of a machine may be missing, empty or nonsense: something is said, nothing breaks. */
TEST(doctor, machines_that_say_nothing_or_nonsense)
{
	machine empty, good;
	std::vector<std::string> files;

	EXPECT_FALSE(examine(empty).empty());
	fit_machine(good);
	good.gone("/usr/sbin/nft"); /* a process each time */
	for (const auto &entry : std::filesystem::recursive_directory_iterator(good.path("")))
		if (entry.is_regular_file() && !entry.is_symlink())
			files.push_back(entry.path().string().substr(good.path("").size()));
	for (size_t i = 0; i < files.size(); i++) {
		std::string before = good.text(files[i]);

		good.file(files[i], i % 2 ? "" : "\xff\xfe,-9999999999999999999 0x\n\n");
		EXPECT_GE(examine(good).size(), 23u) << files[i];
		good.file(files[i], before);
	}
	EXPECT_EQ("", text_of(examine(good), true));
}

TEST(doctor, mends_what_is_safe)
{
	const std::string clock =
		"/sys/devices/system/clocksource/clocksource0/current_clocksource";
	machine m;

	fit_machine(m);
	m.file(nodes + "node0" + pages + "nr_hugepages", "100\n");
	m.file(nodes + "node0" + pages + "free_hugepages", "60\n");
	m.file(cpus + "cpu1/cpufreq/scaling_governor", "powersave\n");
	m.file(clock, "hpet\n").file("/proc/sys/net/core/optmem_max", "20480\n");
	m.file("/proc/sys/net/ipv4/neigh/default/gc_thresh1", "99999\n");
	m.gone("/dev/net/tun").program("/sbin/modprobe", "mkdir -p " + m.path("/dev/net/tun"));
	m.file("/proc/mounts", "").program("/bin/mkdir", "true");
	m.program("/bin/mount", "echo \"h $6 hugetlbfs rw,$4 0 0\" >" + m.path("/proc/mounts"));
	m.drive("0000:3b:00.1", "e1000e");

	std::string all = text_of(examine(m, true), false);

	/* 513 are wanted, 60 are free */
	EXPECT_EQ("553", m.text(nodes + "node0" + pages + "nr_hugepages"));
	EXPECT_NE(std::string::npos, all.find("fixed hugepages: " + nodes + "node0" + pages +
					      "nr_hugepages: 553, and was 100"))
		<< all;
	EXPECT_EQ("performance", m.text(cpus + "cpu1/cpufreq/scaling_governor"));
	EXPECT_EQ("tsc", m.text(clock));
	EXPECT_EQ("262144", m.text("/proc/sys/net/core/optmem_max"));
	EXPECT_EQ("99999\n", m.text("/proc/sys/net/ipv4/neigh/default/gc_thresh1"))
		<< "what is higher stays";
	EXPECT_NE(std::string::npos, all.find("ok tun: ")) << all;
	EXPECT_NE(std::string::npos, all.find("ok hugetlbfs: mounted on /dev/hugepages")) << all;
	EXPECT_NE(std::string::npos,
		  all.find("fault devices: rs0/vnet0: 0000:3b:00.1 is on e1000e"))
		<< "a NIC is nothing that may be taken by the way";
	EXPECT_NE(std::string::npos, m.called().find("/sbin/modprobe tun\n"));
}

TEST(doctor, without_fix_nothing_is_touched)
{
	machine m;

	fit_machine(m);
	m.file(cpus + "cpu1/cpufreq/scaling_governor", "powersave\n").gone("/dev/net/tun");
	m.program("/sbin/modprobe", "");
	examine(m);
	EXPECT_EQ("powersave\n", m.text(cpus + "cpu1/cpufreq/scaling_governor"));
	EXPECT_EQ(std::string::npos, m.called().find("modprobe"));
}
