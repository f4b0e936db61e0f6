/* NICs, from /sys/bus/pci. */
#include "nic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCI "/sys/bus/pci/devices/%s"

enum { CLASS_NETWORK = 0x02 };

bool nic_address(const char *text, char address[NIC_ADDRESS])
{
	unsigned int domain = 0, bus, slot, function;
	int end = 0;

	if (!strncmp(text, "pci:", 4)) /* as EAL takes it */
		text += 4;
	if (sscanf(text, "%4x:%2x:%2x.%1u%n", &domain, &bus, &slot, &function, &end) != 4) {
		domain = 0;
		if (sscanf(text, "%2x:%2x.%1u%n", &bus, &slot, &function, &end) != 3)
			return false;
	}
	if ((text[end] && text[end] != ',') || slot > 31 || function > 7)
		return false;
	snprintf(address, NIC_ADDRESS, "%04x:%02x:%02x.%u", domain & 0xffff, bus & 0xff, slot,
		 function);
	return true;
}

bool nic_on_vfio(const struct nic *nic)
{
	return !strcmp(nic->driver, "vfio-pci");
}

/* --- interfaces ------------------------------------------------------------------------------- */

static void add_interfaces(const struct host_root *host, struct nic *nic,
			   const struct host_names *names)
{
	for (size_t i = 0; i < names->n && nic->nb_interfaces < NIC_INTERFACES; i++) {
		struct nic_interface *interface = &nic->interfaces[nic->nb_interfaces];
		const char *name = names->name[i];
		char flags[16];

		if (strlen(name) >= IFNAMSIZ)
			continue;
		strcpy(interface->name, name);
		host_read(host, flags, sizeof(flags), "/sys/class/net/%s/flags", name);
		interface->up = strtoul(flags, NULL, 16) & IFF_UP;
		interface->carrier = host_number(host, 0, "/sys/class/net/%s/carrier", name) == 1;
		interface->speed_mbps = (int)host_number(host, -1, "/sys/class/net/%s/speed", name);
		interface->mtu = (int)host_number(host, 0, "/sys/class/net/%s/mtu", name);
		nic->nb_interfaces++;
	}
}

/* Those of the device, and of a virtio device on it, which stands in between. */
static void find_interfaces(const struct host_root *host, struct nic *nic)
{
	struct host_names names = host_list(host, PCI "/net", nic->address), inner;

	add_interfaces(host, nic, &names);
	host_names_free(&names);
	names = host_list(host, PCI, nic->address);
	for (size_t i = 0; i < names.n; i++) {
		if (strncmp(names.name[i], "virtio", 6))
			continue;
		inner = host_list(host, PCI "/%s/net", nic->address, names.name[i]);
		add_interfaces(host, nic, &inner);
		host_names_free(&inner);
	}
	host_names_free(&names);
}

/* --- devices ---------------------------------------------------------------------------------- */

static void read_nic(const struct host_root *host, const char *address, struct nic *nic)
{
	char group[16];

	*nic = (struct nic){ 0 };
	snprintf(nic->address, sizeof(nic->address), "%s", address);
	nic->vendor = (uint16_t)host_number(host, 0, PCI "/vendor", address);
	nic->device = (uint16_t)host_number(host, 0, PCI "/device", address);
	nic->subvendor = (uint16_t)host_number(host, 0, PCI "/subsystem_vendor", address);
	nic->subdevice = (uint16_t)host_number(host, 0, PCI "/subsystem_device", address);
	nic->node = (int)host_number(host, -1, PCI "/numa_node", address);
	host_link(host, nic->driver, sizeof(nic->driver), PCI "/driver", address);
	nic->group = host_link(host, group, sizeof(group), PCI "/iommu_group", address)
			     ? atoi(group)
			     : -1;
	find_interfaces(host, nic);
}

struct nics nics_list(const struct host_root *host)
{
	struct host_names names = host_list(host, "/sys/bus/pci/devices");
	struct nics nics = { .nic = calloc(names.n ? names.n : 1, sizeof(struct nic)) };

	for (size_t i = 0; i < names.n && nics.nic; i++) {
		long class = host_number(host, 0, PCI "/class", names.name[i]);

		if (class >> 16 == CLASS_NETWORK && strlen(names.name[i]) < NIC_ADDRESS)
			read_nic(host, names.name[i], &nics.nic[nics.n++]);
	}
	host_names_free(&names);
	nics.nb_pmds = pmds_match(host, nics.nic, nics.n);
	return nics;
}

void nics_free(struct nics *nics)
{
	free(nics->nic);
	*nics = (struct nics){ 0 };
}

const struct nic *nics_find(const struct nics *nics, const char *name)
{
	char address[NIC_ADDRESS];
	bool by_address = nic_address(name, address);

	for (size_t i = 0; i < nics->n; i++) {
		const struct nic *nic = &nics->nic[i];

		if (by_address && !strcmp(nic->address, address))
			return nic;
		for (size_t k = 0; k < nic->nb_interfaces; k++) {
			if (!strcmp(nic->interfaces[k].name, name))
				return nic;
		}
	}
	return NULL;
}
