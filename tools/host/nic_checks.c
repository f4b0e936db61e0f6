/* Checks of what ports are on: NICs, their drivers, the IOMMU, NUMA, MTU. */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cpu_list.h"
#include "examination.h"
#include "nic_bind.h"

/* --- devices ---------------------------------------------------------------------------------- */

static bool is_uio(const struct nic *nic)
{
	return !strcmp(nic->driver, "uio_pci_generic") || !strcmp(nic->driver, "igb_uio");
}

static void look_binding(struct examination *e, const struct port_device *p)
{
	const struct nic *nic = p->nic;
	const char *driver = nic->driver[0] ? nic->driver : "no driver";
	char why[128], next[FINDING_TEXT];

	if (nic->pmd[0] && nic->pmd_by_kernel) {
		snprintf(next, sizeof(next), "bascule nic unbind %s", nic->address);
		finding(e, nic_on_vfio(nic) || !nic->driver[0] ? FINDING_FAULT : FINDING_OK,
			nic_on_vfio(nic) || !nic->driver[0] ? next : NULL,
			"%s/%s: %s is on %s, and %s works through the kernel's driver",
			p->config->instance.name, p->port->name, nic->address, driver, nic->pmd);
		return;
	}
	if (!nic_on_vfio(nic)) {
		bool guarded = nic_guarded(e->host, nic, why, sizeof(why));

		snprintf(next, sizeof(next), guarded ? "%s" : "bascule nic bind %s",
			 guarded ? "give the port another NIC: this one has to stay"
				 : nic->address);
		finding(e, is_uio(nic) ? FINDING_WARNING : FINDING_FAULT, next,
			"%s/%s: %s is on %s, not on vfio-pci%s%s", p->config->instance.name,
			p->port->name, nic->address, driver, guarded ? "; " : "", why);
		return;
	}
	snprintf(next, sizeof(next), "bascule nic persist %s", nic->address);
	if (!nic_persists(e->host, nic))
		finding(e, FINDING_WARNING, next, "%s/%s: %s is on vfio-pci, until the next boot",
			p->config->instance.name, p->port->name, nic->address);
	else
		finding(e, FINDING_OK, NULL, "%s/%s: %s is on vfio-pci", p->config->instance.name,
			p->port->name, nic->address);
}

/* Is there such an interface in our network namespace? sysfs may be mounted in another one, and
 * shows that one's. */
static bool has_interface(const struct host_root *host, const char *name)
{
	char *table = host_read_all(host, NULL, "/proc/net/dev"), *rest = table, *line;
	bool has = false;

	while (rest && !has && (line = strsep(&rest, "\n"))) {
		line += strspn(line, " ");
		has = !strncmp(line, name, strlen(name)) && line[strlen(name)] == ':';
	}
	free(table);
	return has;
}

static void look_device(struct examination *e, const struct port_device *p, void *ctx)
{
	const char *instance = p->config->instance.name, *port = p->port->name;

	if (p->pci && !p->nic)
		finding(e, FINDING_FAULT, "bascule nic list has those that are there",
			"%s/%s: there is no NIC %s%s", instance, port, p->address,
			host_exists(e->host, "/sys/bus/pci/devices/%s", p->address)
				? ": this is another sort of device"
				: "");
	else if (p->pci)
		look_binding(e, p);
	else if (p->interface[0] && !has_interface(e->host, p->interface))
		finding(e, FINDING_FAULT, "ip link has those that are there",
			"%s/%s: there is no interface %s in this network namespace", instance, port,
			p->interface);
	else
		finding(e, FINDING_OK, NULL, "%s/%s: %s", instance, port, p->device);
}

void look_devices(struct examination *e)
{
	each_port(e, look_device, NULL);
	if (!any_config(e))
		finding(e, FINDING_OK, NULL, "NICs of this host: %zu; bascule nic list has them",
			e->nics.n);
}

/* --- DPDK's drivers, firmware ----------------------------------------------------------------- */

static void look_pmd_of(struct examination *e, const struct port_device *p, void *ctx)
{
	const struct nic *nic = p->nic;

	if (!nic)
		return;
	*(bool *)ctx = true;
	if (nic->pmd[0])
		finding(e, FINDING_OK, NULL, "%s: %s", nic->address, nic->pmd);
	else
		finding(e, FINDING_FAULT,
			"apt install librte-meta-net; if that has none either, the NIC needs "
			"another "
			"DPDK",
			"%s (%04x:%04x): none of the %zu drivers that are installed knows it",
			nic->address, nic->vendor, nic->device, e->nics.nb_pmds);
}

void look_pmd(struct examination *e)
{
	bool any = false;

	each_port(e, look_pmd_of, &any);
	if (!any)
		finding(e, e->nics.nb_pmds || any_config(e) ? FINDING_OK : FINDING_WARNING,
			e->nics.nb_pmds ? NULL : "apt install librte-meta-net",
			"%zu DPDK drivers of NICs are installed", e->nics.nb_pmds);
}

/* netdevice(7), SIOCETHTOOL: the kernel's own driver asks the NIC. */
static bool read_firmware(const char *interface, char *version, size_t size)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq ifr = { .ifr_data = (char *)&info };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return false;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", interface);
	err = ioctl(fd, SIOCETHTOOL, &ifr);
	close(fd);
	snprintf(version, size, "%.32s", info.fw_version);
	return !err;
}

static void look_firmware_of(struct examination *e, const struct port_device *p, void *ctx)
{
	const struct nic *nic = p->nic;
	char version[40];

	if (!nic)
		return;
	*(bool *)ctx = true;
	if (!nic->nb_interfaces)
		finding(e, FINDING_UNKNOWN, NULL,
			"%s: no driver of the kernel's can ask for it while it is on %s; bascule "
			"--json "
			"show ports tells what DPDK's driver does",
			nic->address, nic->driver[0] ? nic->driver : "none");
	else if (e->host->root[0] ||
		 !read_firmware(nic->interfaces[0].name, version, sizeof(version)))
		finding(e, FINDING_UNKNOWN, NULL, "%s: the kernel does not tell", nic->address);
	else
		finding(e, FINDING_OK, NULL, "%s: %s, firmware %s", nic->address, nic->driver,
			version[0] ? version : "of no version");
}

void look_firmware(struct examination *e)
{
	bool any = false;

	each_port(e, look_firmware_of, &any);
	if (!any)
		finding(e, FINDING_OK, NULL, "no port is on a NIC of this host");
}

/* --- IOMMU, vfio, Secure Boot ----------------------------------------------------------------- */

void look_iommu(struct examination *e)
{
	const struct vfio *vfio = &e->vfio;
	size_t ports = ports_for_vfio(e);
	enum finding_state state = ports ? FINDING_FAULT : FINDING_OK;

	if (!any_config(e))
		state = FINDING_WARNING;
	if (vfio->iommu)
		finding(e, FINDING_OK, NULL, "on");
	else if (vfio->noiommu && ports)
		finding(e, FINDING_WARNING, vfio->next,
			"%s; vfio runs in noiommu mode: NICs can write to all memory", vfio->why);
	else
		finding(e, state, state == FINDING_OK ? NULL : vfio->next, "%s%s", vfio->why,
			ports || !any_config(e) ? "" : "; no port needs one");
}

void look_vfio(struct examination *e)
{
	const struct vfio *vfio = &e->vfio;

	if (vfio->driver)
		finding(e, FINDING_OK, NULL, "vfio-pci is there");
	else if (vfio->module)
		finding(e, FINDING_OK, NULL, "vfio-pci is loaded when a NIC is bound");
	else if (ports_for_vfio(e))
		finding(e, FINDING_FAULT,
			"boot Debian's own kernel (apt install linux-image-amd64), or one with "
			"CONFIG_VFIO_PCI",
			"this kernel has no vfio-pci, built in or as a module");
	else
		finding(e, any_config(e) ? FINDING_OK : FINDING_WARNING, NULL,
			"this kernel has no vfio-pci%s", any_config(e) ? "; no port needs it" : "");
}

static void find_uio(struct examination *e, const struct port_device *p, void *ctx)
{
	if (p->nic && is_uio(p->nic))
		*(const struct nic **)ctx = p->nic;
}

void look_secure_boot(struct examination *e)
{
	const char *on = e->vfio.locked_down ? "the kernel is locked down" : "Secure Boot is on";
	const struct nic *uio = NULL;

	each_port(e, find_uio, &uio);
	if (!e->vfio.secure_boot && !e->vfio.locked_down)
		finding(e, FINDING_OK, NULL, "off");
	else if (uio)
		finding(e, FINDING_FAULT, "bascule nic bind, with an IOMMU",
			"%s, which forbids %s, that %s is on", on, uio->driver, uio->address);
	else
		finding(e, FINDING_OK, NULL,
			"%s: vfio-pci works, with an IOMMU and as a signed module; UIO does not",
			on);
}

/* --- MTU, NUMA -------------------------------------------------------------------------------- */

static void look_mtu_of(struct examination *e, const struct port_device *p, void *ctx)
{
	char next[FINDING_TEXT];
	long mtu;

	mtu = p->interface[0] ? host_number(e->host, -1, "/sys/class/net/%s/mtu", p->interface)
			      : -1;
	if (mtu < 0)
		return; /* look_device() says that it is not there */
	*(bool *)ctx = true;
	snprintf(next, sizeof(next), "ip link set %s mtu %u, or mtu = %ld for the port",
		 p->interface, p->payload, mtu);
	if (p->running && mtu < p->payload)
		finding(e, FINDING_WARNING, next,
			"%s/%s: the MTU of %s was lowered to %ld, and the port has that instead of "
			"its %u",
			p->config->instance.name, p->port->name, p->interface, mtu, p->payload);
	else
		finding(e, FINDING_OK, NULL, "%s/%s: %s has %ld, the port %u%s",
			p->config->instance.name, p->port->name, p->interface, mtu, p->payload,
			mtu < p->payload ? ", which the dataplane sets when it starts" : "");
}

void look_mtu(struct examination *e)
{
	bool any = false;

	each_port(e, look_mtu_of, &any);
	if (!any)
		finding(e, FINDING_OK, NULL,
			"no port is on an interface of the kernel's that is there");
}

static void look_node_of(struct examination *e, const struct port_device *p, void *ctx)
{
	cpu_set_t cpus, near;
	char list[128];

	if (!p->nic || p->nic->node < 0)
		return;
	*(bool *)ctx = true;
	config_lcores(p->config, LCORES_FORWARDING, &cpus);
	CPU_ZERO(&near);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &cpus) && cpu_node(e->host, cpu) == p->nic->node)
			CPU_SET(cpu, &near);
	}
	if (CPU_COUNT(&near))
		finding(e, FINDING_OK, NULL, "%s/%s: %s and forwarding CPUs %s are on node %d",
			p->config->instance.name, p->port->name, p->nic->address,
			cpu_list_print(&near, list, sizeof(list)), p->nic->node);
	else
		finding(e, FINDING_WARNING,
			"forwarding_lcores on the NIC's node "
			"(/sys/devices/system/node/nodeN/cpulist), "
			"or a slot of the other socket",
			"%s/%s: %s is on node %d, and none of its forwarding CPUs %s",
			p->config->instance.name, p->port->name, p->nic->address, p->nic->node,
			cpu_list_print(&cpus, list, sizeof(list)));
}

void look_numa(struct examination *e)
{
	bool any = false;

	each_port(e, look_node_of, &any);
	if (!any)
		finding(e, FINDING_OK, NULL, "no port is on a NIC that belongs to a node");
}
