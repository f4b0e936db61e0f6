/* Closes and opens what the bus has. */
#include "device_plug.h"

#include <errno.h>
#include <string.h>

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
		device_close(device);
	}
	return device->held ? let_go(device) : 0;
}

/* DPDK gives the lowest number that is free, which another device may have had that has gone too;
 * by ours it is known to every lcore. */
static int take(const struct device *device)
{
	const char *port = device->config->name, *name = device->config->device;
	uint16_t id;
	int err = bus_take(name, device->payload, &id);

	if (err) {
		log_error("port %s: device %s: not found, or its driver refused it", port, name);
		return err;
	}
	if (id == device->id)
		return 0;
	log_error("port %s: device %s has to wait for another one that has gone", port, name);
	bus_give_back(id);
	return -EBUSY;
}

int device_plug(struct device *device)
{
	int err = take(device);

	if (err)
		return err;
	device->closed = false;
	return device_restore(device);
}
