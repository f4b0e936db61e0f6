/* EAL's buses. rte_dev_probe() is not for us: it has all processes take the device or none, and
 * control has no devices. */
#include "bus.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_ethdev.h>

#include "config.h"
#include "device_name.h"

static pthread_mutex_t bus = PTHREAD_MUTEX_INITIALIZER;

int bus_let_go(struct rte_device *device)
{
	int err;

	pthread_mutex_lock(&bus);
	err = rte_dev_remove(device);
	pthread_mutex_unlock(&bus);
	return err;
}

/* By the device rather than by the ethdev's name: a driver that makes several names them as it
 * likes. */
int bus_find(const char *device, uint16_t *id)
{
	char name[RTE_DEV_NAME_MAX_LEN];
	struct rte_eth_dev_info info;
	unsigned int n = 0;
	uint16_t p;

	device_name(device, name);
	RTE_ETH_FOREACH_DEV (p) {
		if (rte_eth_dev_info_get(p, &info) || strcmp(rte_dev_name(info.device), name))
			continue;
		*id = p;
		n++;
	}
	return n == 1 ? 0 : n ? -ENOTSUP : -ENODEV;
}

/* What EAL was told of the device when it started, which went with it. */
static int allow(const char *device, uint16_t payload)
{
	size_t len = strcspn(device, ",");
	struct rte_devargs *known;
	char *words;
	int err;

	RTE_EAL_DEVARGS_FOREACH(NULL, known)
	{
		if (strlen(known->name) == len && !strncmp(known->name, device, len))
			return 0;
	}
	words = config_device_string(device, payload);
	err = rte_devargs_add(RTE_DEVTYPE_ALLOWED, words ? words : device);
	free(words);
	return err ? -EINVAL : 0;
}

static int take(const char *device, uint16_t payload, uint16_t *id)
{
	int err = allow(device, payload);

	if (!err)
		err = rte_bus_scan();
	if (!err)
		err = rte_bus_probe();
	return err ? err : bus_find(device, id);
}

int bus_take(const char *device, uint16_t payload, uint16_t *id)
{
	int err;

	pthread_mutex_lock(&bus);
	err = take(device, payload, id);
	pthread_mutex_unlock(&bus);
	return err;
}

int bus_give_back(uint16_t id)
{
	struct rte_eth_dev_info info;
	int err = rte_eth_dev_info_get(id, &info);

	if (!err)
		err = rte_eth_dev_close(id);
	return err ? err : bus_let_go(info.device);
}
