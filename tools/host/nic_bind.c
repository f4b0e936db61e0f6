/* Binding, by driver_override: sysfs(5), Documentation/ABI/testing/sysfs-bus-pci of Linux. */
#include "nic_bind.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uplink.h"
#include "vfio.h"

#define PCI "/sys/bus/pci/devices/%s"

enum { CLASS_BRIDGE = 0x06 };

__attribute__((format(printf, 2, 3))) static void note(struct bind_result *r, const char *fmt, ...)
{
	va_list args;

	if (r->nb_notes == BIND_NOTES)
		return;
	va_start(args, fmt);
	vsnprintf(r->note[r->nb_notes++], BIND_TEXT, fmt, args);
	va_end(args);
}

__attribute__((format(printf, 3, 4))) static bool refuse(struct bind_result *r, const char *next,
							 const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(r->why, sizeof(r->why), fmt, args);
	va_end(args);
	snprintf(r->next, sizeof(r->next), "%s", next ? next : "");
	return false;
}

/* --- what speaks against it ------------------------------------------------------------------- */

bool nic_guarded(const struct host_root *host, const struct nic *nic, char *why, size_t size)
{
	struct uplink uplinks[UPLINKS];
	size_t n = uplinks_find(host, uplinks);

	why[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < nic->nb_interfaces; k++) {
			if (strcmp(uplinks[i].interface, nic->interfaces[k].name))
				continue;
			snprintf(why, size, "%s: %s", uplinks[i].interface, uplinks[i].why);
			return true;
		}
	}
	return false;
}

/* The others of its IOMMU group go together with it: vfio opens a group as a whole. */
static bool check_group(const struct host_root *host, const struct nics *nics,
			const struct nic *nic, struct bind_result *r)
{
	struct host_names others =
		host_list(host, "/sys/kernel/iommu_groups/%d/devices", nic->group);
	bool good = true;

	for (size_t i = 0; i < others.n && good && nic->group >= 0; i++) {
		const char *other = others.name[i];
		const struct nic *neighbour = nics_find(nics, other);
		char driver[NIC_DRIVER], why[BIND_TEXT / 2];

		if (!strcmp(other, nic->address) ||
		    host_number(host, 0, PCI "/class", other) >> 16 == CLASS_BRIDGE)
			continue;
		if (!host_link(host, driver, sizeof(driver), PCI "/driver", other) ||
		    !strncmp(driver, "vfio", 4) || !strcmp(driver, "pci-stub"))
			continue;
		if (neighbour && nic_guarded(host, neighbour, why, sizeof(why)))
			good = refuse(
				r, "use a slot whose NIC has a group of its own: bascule nic list",
				"%s is in IOMMU group %d with %s, which must stay (%s)",
				nic->address, nic->group, other, why);
		else
			note(r,
			     "%s is in the same IOMMU group, %d, and on %s: until it is on "
			     "vfio-pci "
			     "or on no driver too, no process can open either",
			     other, nic->group, driver);
	}
	host_names_free(&others);
	return good;
}

/* What force overrides: that nothing here could drive it, and that the kernel's users have it. */
static bool check_use(const struct nics *nics, const struct nic *nic, bool force,
		      struct bind_result *r)
{
	if (!nic->pmd[0] && !force)
		return nics->nb_pmds
			       ? refuse(r, "apt install librte-meta-net; or --force",
					"none of the %zu DPDK drivers that are installed knows %s "
					"(%04x:%04x)",
					nics->nb_pmds, nic->address, nic->vendor, nic->device)
			       : refuse(r, "apt install librte-meta-net; or --force",
					"no DPDK driver of a NIC is installed");
	for (size_t i = 0; i < nic->nb_interfaces && !force; i++) {
		const struct nic_interface *interface = &nic->interfaces[i];
		char next[64];

		if (!interface->up)
			continue;
		snprintf(next, sizeof(next), "ip link set %s down; or --force", interface->name);
		return refuse(r, next, "%s is up: who uses it would lose it", interface->name);
	}
	return true;
}

static bool check_iommu(struct vfio *vfio, struct bind_result *r)
{
	if (vfio->iommu)
		return true;
	if (!vfio->noiommu)
		return refuse(r, vfio->next, "%s: vfio-pci needs it", vfio->why);
	note(r, "vfio runs without an IOMMU (noiommu): the NIC can write to all memory, and the "
		"dataplane needs CAP_SYS_RAWIO and CAP_SYS_ADMIN, as config/deploy/README.md says");
	return true;
}

static bool may_bind(const struct host_root *host, const struct nics *nics, const struct nic *nic,
		     bool force, struct bind_result *r)
{
	char why[BIND_TEXT / 2], said[VFIO_TEXT], next[VFIO_TEXT];
	struct vfio vfio;

	if (nic_guarded(host, nic, why, sizeof(why)))
		return refuse(r,
			      "nothing overrides this; on the console, give that route or session "
			      "another NIC first",
			      "%s stays: %s", nic->address, why);
	if (nic->pmd[0] && nic->pmd_by_kernel)
		return refuse(
			r, "leave it with the kernel, and name its address as the port's device",
			"%s stays on %s: DPDK's driver %s works through the kernel's", nic->address,
			nic->driver[0] ? nic->driver : "the kernel's driver", nic->pmd);
	if (!check_use(nics, nic, force, r))
		return false;
	vfio_look(host, &vfio);
	if (!check_iommu(&vfio, r) || !check_group(host, nics, nic, r))
		return false;
	if (!vfio_load(host, &vfio, said, next))
		return refuse(r, next, "%s", said);
	return true;
}

/* --- drivers ---------------------------------------------------------------------------------- */

/* Leave the driver that has it, and let the bus look for another one. 0 or -errno. */
static int rebind(const struct host_root *host, const char *address, const char *override)
{
	char text[NIC_DRIVER + 2];
	int err;

	snprintf(text, sizeof(text), "%s\n", override);
	err = host_write(host, text, PCI "/driver_override", address);
	if (!err && host_exists(host, PCI "/driver", address))
		err = host_write(host, address, PCI "/driver/unbind", address);
	if (!err)
		err = host_write(host, address, "/sys/bus/pci/drivers_probe");
	return err;
}

static const char *reason(int err)
{
	return err == -EACCES || err == -EPERM ? "only root may" : strerror(-err);
}

void nic_bind(const struct host_root *host, const struct nics *nics, const struct nic *nic,
	      bool force, struct bind_result *r)
{
	char driver[NIC_DRIVER];
	int err;

	*r = (struct bind_result){ 0 };
	if (nic_on_vfio(nic)) {
		r->done = true;
		return;
	}
	if (!may_bind(host, nics, nic, force, r))
		return;
	err = rebind(host, nic->address, "vfio-pci");
	host_link(host, driver, sizeof(driver), PCI "/driver", nic->address);
	r->done = r->changed = !strcmp(driver, "vfio-pci");
	if (r->done && !nic_persists(host, nic))
		note(r, "until the next boot: bascule nic persist %s keeps it there", nic->address);
	if (r->done)
		return;
	rebind(host, nic->address, "");
	refuse(r, "dmesg | tail", "%s did not go to vfio-pci (%s); it is back on %s", nic->address,
	       err ? reason(err) : "the kernel bound nothing to it",
	       host_link(host, driver, sizeof(driver), PCI "/driver", nic->address) ? driver
										    : "no driver");
}

void nic_unbind(const struct host_root *host, const struct nic *nic, struct bind_result *r)
{
	char name[64] = "", driver[NIC_DRIVER];
	int pid = configured_holder(host, nic->address, name, sizeof(name)), err;

	*r = (struct bind_result){ 0 };
	if (!nic_on_vfio(nic)) {
		r->done = true;
		return;
	}
	if (pid) {
		refuse(r, "stop it first, or take the port out of its configuration",
		       "%s is in use by the dataplane of %s, process %d", nic->address, name, pid);
		return;
	}
	pid = vfio_user(host, nic->group, name, sizeof(name));
	if (pid) {
		refuse(r, "stop it first: the kernel would wait for it",
		       "%s, or its IOMMU group, is open in %s, process %d", nic->address, name,
		       pid);
		return;
	}
	err = rebind(host, nic->address, "");
	host_link(host, driver, sizeof(driver), PCI "/driver", nic->address);
	r->done = r->changed = !err && strcmp(driver, "vfio-pci");
	if (!r->done)
		refuse(r, "dmesg | tail", "%s did not leave vfio-pci: %s", nic->address,
		       err ? reason(err) : "the kernel found no other driver");
	else if (!driver[0])
		note(r, "no driver of this kernel's knows it: it is on none");
	if (r->done && nic_persists(host, nic))
		note(r,
		     "at the next boot it is on vfio-pci again; bascule nic persist %s makes "
		     "that forgotten",
		     nic->address);
}
