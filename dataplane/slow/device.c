/* Follows the kernel device under a port. */
#include "device.h"

#include <errno.h>
#include <string.h>

#include "af_packet.h"
#include "log.h"
#include "netdev.h"
#include "resolver.h"

enum { MTU_MIN = 68 }; /* RFC 791 3.1 */

static void lost(struct slowpath *s, struct port *port, const char *why)
{
	if (port->device_lost)
		return;
	port->device_lost = true;
	s->counters->event[COUNTER_DEVICE_LOST]++;
	__atomic_store_n(&s->fib->ports[port->id].device_lost, 1, __ATOMIC_RELAXED);
	log_error("port %s: device %s %s: the port is down", port->config->name, port->netdev, why);
}

/* A device of its name is there again. */
static int reopen(struct port *port, int index)
{
	int err = netdev_mac_set(port->netdev, &port->mac);

	if (!err)
		err = netdev_mtu_set(port->netdev, port->config->mtu);
	return err ? err : af_packet_rebind(port->netdev_index, index);
}

static bool follow(struct slowpath *s, struct port *port, int index)
{
	char what[LCP_TEXT];
	int err;

	if (index == port->netdev_refused)
		return false;
	err = reopen(port, index);
	if (err) {
		port->netdev_refused = index;
		lost(s, port, "has gone");
		log_error("port %s: device %s is another one now, which cannot be opened: %s",
			  port->config->name, port->netdev, strerror(-err));
		return false;
	}
	lcp_settings(&s->lcp[port->id], what); /* they are the device's too */
	port->netdev_index = index;
	port->device_lost = false;
	s->counters->event[COUNTER_DEVICE_REOPENED]++;
	__atomic_store_n(&s->fib->ports[port->id].device_lost, 0, __ATOMIC_RELAXED);
	log_warning("port %s: device %s was made anew: opened again", port->config->name,
		    port->netdev);
	return true;
}

void device_mtu(struct slowpath *s, struct port *port, uint16_t mtu)
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

static void mtu_check(struct slowpath *s, struct port *port)
{
	int mtu = netdev_mtu(port->netdev);

	if (mtu < 0)
		return;
	mtu = RTE_MIN(RTE_MAX(mtu, (int)MTU_MIN), (int)port->config->mtu);
	if (mtu == port->mtu)
		return;
	s->counters->event[COUNTER_DEVICE_MTU]++;
	log_warning("port %s: device %s takes packets of %d octets now, %u are configured",
		    port->config->name, port->netdev, mtu, port->config->mtu);
	device_mtu(s, port, (uint16_t)mtu);
}

bool device_check(struct slowpath *s, struct port *port)
{
	int index;

	if (!port->netdev[0])
		return true;
	index = netdev_index(port->netdev);
	if (index < 0)
		lost(s, port, "has gone");
	else if (index != port->netdev_index && !follow(s, port, index))
		index = -ENODEV;
	if (index < 0)
		return false;
	mtu_check(s, port);
	return true;
}
