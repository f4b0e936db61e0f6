/* EAL's bus of PCI devices, while we run. rte_dev_probe() is not for us: it has all processes take
 * the device or none, and control has no devices. */
#include "device_plug.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_ethdev.h>

#include "bus.h"
#include "device.h"
#include "log.h"

static int let_go(struct device *device)
{
	int err = bus_let_go(device->held);

	if (!err)
		device->held = NULL;
	else
		log_error("port %s: DPDK cannot let go of device %s: %s", device->config->name,
			  device->config->device, strerror(-err));
	return err;
}

int device_unplug(struct device *device)
{
	struct rte_eth_dev_info info;

	if (!device->closed) {
		if (device_is_pci(device->config->device) &&
		    !rte_eth_dev_info_get(device->id, &info))
			device->held = info.device;
		if (device->bond.nb) {
			rte_eth_dev_stop(device->id);
			bond_revive(&device->bond);
		}
		device_close(device);
	}
	return device->held ? let_go(device) : 0;
}

/* What EAL was told of the device when it started, which went with it. */
static int allow(const struct device *device)
{
	const char *given = device->config->device;
	size_t len = strcspn(given, ",");
	struct rte_devargs *known;
	char *words;
	int err;

	RTE_EAL_DEVARGS_FOREACH("pci", known)
	{
		if (strlen(known->name) == len && !strncmp(known->name, given, len))
			return 0;
	}
	words = config_device_string(given, device->payload);
	err = rte_devargs_add(RTE_DEVTYPE_ALLOWED, words ? words : given);
	free(words);
	return err ? -EINVAL : 0;
}

/* DPDK gives the lowest number that is free, which another device may have had that has gone too;
 * by ours it is known to every lcore. */
static int take(struct device *device)
{
	struct rte_eth_dev_info info;
	uint16_t id;
	int err = allow(device);

	if (!err)
		err = rte_bus_scan();
	if (!err)
		err = rte_bus_probe();
	if (!err)
		err = device_find(device->config, &id);
	if (err || id == device->id)
		return err;
	log_error("port %s: device %s has to wait for another one that has gone",
		  device->config->name, device->config->device);
	if (!rte_eth_dev_info_get(id, &info)) {
		rte_eth_dev_close(id);
		rte_dev_remove(info.device);
	}
	return -EBUSY;
}

int device_plug(struct device *device)
{
	int err;

	bus_lock();
	err = take(device);
	bus_unlock();
	if (err)
		return err;
	device->closed = false;
	return device_restore(device);
}
