/* Follows the kernel device under ports. */
#include "netdev_watch.h"

#include <errno.h>
#include <string.h>

#include "af_packet.h"
#include "log.h"
#include "netdev.h"
#include "resolver.h"

enum { MTU_MIN = 68 }; /* RFC 791 3.1 */

void device_lost_store(struct slowpath *s, struct device *device, bool lost)
{
	device->lost = lost;
	for (uint16_t p = 0; p < s->nb_ports; p++) {
		if (s->ports[p].device == device)
			__atomic_store_n(&s->fib->ports[p].device_lost, lost, __ATOMIC_RELAXED);
	}
}

static void lost(struct slowpath *s, struct device *device, const char *why)
{
	if (device->lost)
		return;
	device_lost_store(s, device, true);
	s->counters->event[COUNTER_DEVICE_LOST]++;
	log_error("port %s: device %s %s: the port is down", device->config->name, device->netdev,
		  why);
}

/* A device of its name is there again. */
static int reopen(struct device *device, int index)
{
	int err = netdev_mac_set(device->netdev, &device->mac);

	if (!err)
		err = netdev_mtu_set(device->netdev, device->payload);
	if (!err)
		err = af_packet_rebind(device->netdev_index, index);
	return err ? err : gso_socket_rebind(&device->gso, index);
}

/* They are the device's too. */
static void settings(struct slowpath *s, const struct device *device)
{
	char what[LCP_TEXT];

	for (uint16_t p = 0; p < s->nb_ports; p++) {
		if (s->ports[p].device == device)
			lcp_settings(&s->lcp[p], what);
	}
}

static bool follow(struct slowpath *s, struct device *device, int index)
{
	int err;

	if (index == device->netdev_refused)
		return false;
	err = reopen(device, index);
	if (err) {
		device->netdev_refused = index;
		lost(s, device, "has gone");
		log_error("port %s: device %s is another one now, which cannot be opened: %s",
			  device->config->name, device->netdev, strerror(-err));
		return false;
	}
	settings(s, device);
	device->netdev_index = index;
	device_lost_store(s, device, false);
	s->counters->event[COUNTER_DEVICE_REOPENED]++;
	log_warning("port %s: device %s was made anew: opened again", device->config->name,
		    device->netdev);
	return true;
}

/* From now on the port takes packets of `mtu` octets: its neighbours, its LCP interface. */
static void port_mtu_set(struct slowpath *s, struct port *port, uint16_t mtu)
{
	char what[LCP_TEXT];

	port->mtu = mtu;
	__atomic_store_n(&s->fib->ports[port->id].mtu_now, mtu, __ATOMIC_RELAXED);
	for (uint32_t i = 1; i < s->neighbours->end; i++) {
		const struct host *host = &s->neighbours->host[i];

		if (host->state != HOST_FREE && host->port == port->id)
			host_adjacency(s->neighbours, host)->mtu = mtu;
	}
	resolver_mtu(s, port->id, mtu);
	lcp_check(&s->lcp[port->id], &s->ask, what);
}

/* The device's MTU has to hold a frame's tags too. */
static bool port_mtu_check(struct slowpath *s, struct port *port, int device_mtu)
{
	int mtu = device_mtu - config_port_tags(port->config);

	mtu = RTE_MIN(RTE_MAX(mtu, (int)MTU_MIN), (int)port->config->mtu);
	if (mtu == port->mtu)
		return false;
	log_warning("port %s: device %s takes packets of %d octets now, %u are configured",
		    port->config->name, port->device->netdev, mtu, port->config->mtu);
	port_mtu_set(s, port, (uint16_t)mtu);
	return true;
}

static void mtu_check(struct slowpath *s, const struct device *device)
{
	int mtu = netdev_mtu(device->netdev);
	bool changed = false;

	for (uint16_t p = 0; mtu >= 0 && p < s->nb_ports; p++) {
		if (s->ports[p].device == device)
			changed |= port_mtu_check(s, &s->ports[p], mtu);
	}
	s->counters->event[COUNTER_DEVICE_MTU] += changed;
}

bool netdev_watch(struct slowpath *s, struct device *device)
{
	int index;

	if (!device->netdev[0])
		return true;
	index = netdev_index(device->netdev);
	if (index < 0)
		lost(s, device, "has gone");
	else if (index != device->netdev_index && !follow(s, device, index))
		index = -ENODEV;
	if (index < 0)
		return false;
	mtu_check(s, device);
	return true;
}
