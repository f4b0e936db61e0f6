/* The table of checks, and one round through it. */
#include "doctor.h"

#include "examination.h"

static const struct check checks[] = {
	{ "configuration", "/etc/bascule", look_configuration, NULL },
	{ "hugepages", "free and total 2 MB pages of each NUMA node", look_hugepages,
	  fix_hugepages },
	{ "hugetlbfs", "mounts", look_hugetlbfs, fix_hugetlbfs },
	{ "limits", "locked memory and open files of the processes", look_limits, NULL },
	{ "devices", "what ports name: PCI devices and their drivers, interfaces", look_devices,
	  NULL },
	{ "pmd", "DPDK's installed drivers", look_pmd, NULL },
	{ "firmware", "of the ports' NICs", look_firmware, NULL },
	{ "iommu", "IOMMU groups, the kernel's command line, ACPI tables", look_iommu, NULL },
	{ "vfio", "vfio-pci", look_vfio, NULL },
	{ "secure boot", "UEFI's Secure Boot, the kernel's lockdown", look_secure_boot, NULL },
	{ "mtu", "of the interfaces that ports are on", look_mtu, NULL },
	{ "numa", "nodes of NICs and of forwarding lcores", look_numa, NULL },
	{ "lcores", "CPUs that are online, and who else has them", look_lcores, NULL },
	{ "isolation", "isolcpus and nohz_full", look_isolation, NULL },
	{ "smt", "hyperthreads of lcores", look_siblings, NULL },
	{ "governor", "frequency scaling of lcores' CPUs", look_governor, fix_governor },
	{ "clock source", "what the kernel tells the time by", look_clock, fix_clock },
	{ "interrupts", "irqbalance, and IRQs that may go to forwarding lcores", look_interrupts,
	  NULL },
	{ "sysctl", "what config/deploy/sysctl.conf asks for", look_sysctl, fix_sysctl },
	{ "ipv6", "the kernel's IPv6, if ports have addresses of it", look_ipv6, NULL },
	{ "tun", "/dev/net/tun, for LCP interfaces", look_tun, fix_tun },
	{ "managers", "NetworkManager and systemd-networkd on LCP interfaces", look_managers,
	  NULL },
	{ "firewall", "nftables and iptables on the way to BGP's port", look_firewall, NULL },
	{ "listeners", "others on BGP's port", look_listeners, NULL },
};

/* What a look found worse than it should be. */
static bool ails(const struct findings *findings, size_t from)
{
	for (size_t i = from; i < findings->n; i++) {
		if (findings->finding[i].state >= FINDING_WARNING)
			return true;
	}
	return false;
}

/* Look; if it ails and can be mended, forget that, mend it, and look again. */
static void examine(struct examination *e, const struct check *check, bool fix)
{
	size_t before = e->findings->n;

	e->check = check;
	check->look(e);
	if (!fix || !check->fix || !ails(e->findings, before))
		return;
	e->findings->n = before;
	check->fix(e);
	check->look(e);
}

struct findings doctor_examine(const struct host_root *host, const struct configured *configured,
			       bool fix)
{
	struct findings findings = { 0 };
	struct examination e = { .host = host, .configured = configured, .findings = &findings };

	e.nics = nics_list(host);
	vfio_look(host, &e.vfio);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		examine(&e, &checks[i], fix);
	nics_free(&e.nics);
	return findings;
}
