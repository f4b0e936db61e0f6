/* Follows the kernel device under ports. */
#include "netdev_watch.h"

#include <limits.h>
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

static void lost(struct slowpath *s, const struct device *device, struct device_netdev *netdev,
		 const char *why)
{
	if (netdev->lost)
		return;
	netdev->lost = true;
	s->counters->event[COUNTER_DEVICE_LOST]++;
	log_error("port %s: device %s %s: %s", device->config->name, netdev->name, why,
		  device->bond.nb ? "its bond goes on without it" : "the port is down");
}

/* A device of its name is there again. */
static int reopen(struct device *device, struct device_netdev *netdev, int index)
{
	int err = netdev_mac_set(netdev->name, &device->mac);

	if (!err)
		err = netdev_mtu_set(netdev->name, device->payload);
	if (!err)
		err = af_packet_rebind(netdev->index, index);
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

static bool follow(struct slowpath *s, struct device *device, struct device_netdev *netdev,
		   int index)
{
	int err;

	if (index == netdev->refused)
		return false;
	err = reopen(device, netdev, index);
	if (err) {
		netdev->refused = index;
		lost(s, device, netdev, "has gone");
		log_error("port %s: device %s is another one now, which cannot be opened: %s",
			  device->config->name, netdev->name, strerror(-err));
		return false;
	}
	settings(s, device);
	netdev->index = index;
	netdev->lost = false;
	s->counters->event[COUNTER_DEVICE_REOPENED]++;
	log_warning("port %s: device %s was made anew: opened again", device->config->name,
		    netdev->name);
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
static bool port_mtu_check(struct slowpath *s, struct port *port, const char *netdev,
			   int device_mtu)
{
	int mtu = device_mtu - config_port_tags(port->config);

	mtu = RTE_MIN(RTE_MAX(mtu, (int)MTU_MIN), (int)port->config->mtu);
	if (mtu == port->mtu)
		return false;
	log_warning("port %s: device %s takes packets of %d octets now, %u are configured",
		    port->config->name, netdev, mtu, port->config->mtu);
	port_mtu_set(s, port, (uint16_t)mtu);
	return true;
}

/* Of a bond the least: a packet may leave by any member. */
static void mtu_check(struct slowpath *s, const struct device *device)
{
	const char *least = NULL;
	bool changed = false;
	int mtu = INT_MAX;

	for (uint16_t i = 0; i < device->nb_netdevs; i++) {
		int its = netdev_mtu(device->netdevs[i].name);

		if (its >= 0 && its < mtu) {
			mtu = its;
			least = device->netdevs[i].name;
		}
	}
	for (uint16_t p = 0; least && p < s->nb_ports; p++) {
		if (s->ports[p].device == device)
			changed |= port_mtu_check(s, &s->ports[p], least, mtu);
	}
	s->counters->event[COUNTER_DEVICE_MTU] += changed;
}

static bool is_there(struct slowpath *s, struct device *device, struct device_netdev *netdev)
{
	int index = netdev_index(netdev->name);

	if (index < 0)
		lost(s, device, netdev, "has gone");
	return index == netdev->index || (index >= 0 && follow(s, device, netdev, index));
}

bool netdev_watch(struct slowpath *s, struct device *device)
{
	bool any = false;

	if (!device->nb_netdevs)
		return true;
	for (uint16_t i = 0; i < device->nb_netdevs; i++)
		any |= is_there(s, device, &device->netdevs[i]);
	if (any == device->lost)
		device_lost_store(s, device, !any);
	if (any)
		mtu_check(s, device);
	return any;
}
