/* The lock of EAL's lists. */
#include "bus.h"

#include <pthread.h>

#include <rte_dev.h>

static pthread_mutex_t bus = PTHREAD_MUTEX_INITIALIZER;

void bus_lock(void)
{
	pthread_mutex_lock(&bus);
}

void bus_unlock(void)
{
	pthread_mutex_unlock(&bus);
}

int bus_let_go(struct rte_device *device)
{
	int err;

	bus_lock();
	err = rte_dev_remove(device);
	bus_unlock();
	return err;
}
