/* What sysfs says of a device's driver, and what /dev has of it. */
#include "pci_device.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "config.h"
#include "device_name.h"
#include "log.h"

enum { NAME = 64, LOOK_MS = 100 };

/* Drivers of the kernel's that DPDK's work through, or that only hand a device over. */
static const char *const good[] = { "uio_pci_generic", "igb_uio", "mlx4_core", "mlx5_core" };

/* The last component of what the link names; false: there is none. */
static bool link_name(const char *root, const char *address, const char *link, char name[NAME])
{
	char path[PATH_MAX], to[PATH_MAX], *slash;
	ssize_t len;

	snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s/%s", root, address, link);
	len = readlink(path, to, sizeof(to) - 1);
	if (len < 0)
		return false;
	to[len] = '\0';
	slash = strrchr(to, '/');
	snprintf(name, NAME, "%.*s", NAME - 1, slash ? slash + 1 : to);
	return true;
}

/* A udev rule gives it to us, an instant after it has come. */
static bool group_opens(const char *root, const char *address)
{
	static const char *const places[] = { "", "noiommu-" };
	char group[NAME], path[PATH_MAX];

	if (!link_name(root, address, "iommu_group", group))
		return true; /* EAL knows better */
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		snprintf(path, sizeof(path), "%s/dev/vfio/%s%s", root, places[i], group);
		if (!access(path, R_OK | W_OK))
			return true;
	}
	return false;
}

bool pci_bound(const char *root, const char *device)
{
	char address[RTE_DEV_NAME_MAX_LEN], driver[NAME];

	device_name(device, address);
	return link_name(root, address, "driver", driver);
}

bool pci_ready(const char *root, const char *device, char why[PCI_WHY])
{
	char address[RTE_DEV_NAME_MAX_LEN], path[PATH_MAX], driver[NAME];

	if (!device_is_pci(device))
		return true;
	device_name(device, address);
	snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s", root, address);
	if (access(path, F_OK))
		return true;
	if (!link_name(root, address, "driver", driver)) {
		snprintf(why, PCI_WHY, "is on no driver, not on vfio-pci");
		return false;
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		if (!strcmp(driver, good[i]))
			return true;
	}
	if (strcmp(driver, "vfio-pci")) {
		snprintf(why, PCI_WHY, "is on %s, not on vfio-pci", driver);
		return false;
	}
	if (group_opens(root, address))
		return true;
	snprintf(why, PCI_WHY, "is on vfio-pci, but this user may not open its group");
	return false;
}

/* Has the directory anything in it? */
static bool any_entry(const char *root, const char *path)
{
	char whole[PATH_MAX];
	struct dirent *entry;
	bool any = false;
	DIR *dir;

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	dir = opendir(whole);
	while (dir && !any && (entry = readdir(dir)))
		any = entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return any;
}

static bool by_uio(const char *root, const char *device)
{
	char address[RTE_DEV_NAME_MAX_LEN], driver[NAME];

	device_name(device, address);
	return link_name(root, address, "driver", driver) &&
	       (!strcmp(driver, "uio_pci_generic") || !strcmp(driver, "igb_uio"));
}

/* vfio gives a device a group without an IOMMU too; what there is none of then is its units. */
bool pci_physical(const char *root, const struct config_dataplane *dataplane)
{
	bool iommu = any_entry(root, "/sys/class/iommu");
	const char *part;

	for (size_t i = 0; i < dataplane->nb_ports; i++) {
		for (size_t k = 0; (part = config_port_part(&dataplane->ports[i], k)); k++) {
			if (device_is_pci(part) && (!iommu || by_uio(root, part)))
				return true;
		}
	}
	return false;
}

/* The first device, of a port or a member of its bond, that is not ready; NULL: all are. */
static const char *unready(const struct config_dataplane *dataplane,
			   const struct config_port **port, char *why)
{
	const char *part;

	for (size_t i = 0; i < dataplane->nb_ports; i++) {
		*port = &dataplane->ports[i];
		for (size_t k = 0; (part = config_port_part(*port, k)); k++) {
			if (!pci_ready("", part, why))
				return part;
		}
	}
	return NULL;
}

void pci_wait(const struct config_dataplane *dataplane)
{
	const struct timespec moment = { .tv_nsec = LOOK_MS * 1000000 };
	const char *device, *told = NULL;
	const struct config_port *port;
	char why[PCI_WHY];

	for (int ms = 0; ms < PCI_WAIT_MS && (device = unready(dataplane, &port, why));
	     ms += LOOK_MS) {
		if (device != told) {
			log_info("port %s: device %s %s: waiting for it", port->name, device, why);
			sd_notifyf(0, "STATUS=waiting: device %s %s", device, why);
			told = device;
		}
		nanosleep(&moment, NULL);
	}
	device = unready(dataplane, &port, why);
	if (device)
		log_error("port %s: device %s %s: bascule nic bind %.*s, and persist", port->name,
			  device, why, (int)strcspn(device, ","), device);
}
