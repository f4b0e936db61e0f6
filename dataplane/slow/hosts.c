/* Hosts that somebody wants to send to, and the kernel asked for them. */
#include "hosts.h"

#include <errno.h>

#include "solicit.h"

void hosts_ask(struct slowpath *s, struct host *host)
{
	int err;

	host->ask_due = !s->asks;
	if (!s->asks)
		return;
	s->asks--;
	if (!host->asked)
		host->since_ms = s->now_ms;
	host->asked += host->asked < UINT8_MAX;
	err = solicit_new(s, host->port, host->addr);
	if (err == -EEXIST)
		err = solicit_report(s, host->port, host->addr);
	if (err)
		s->counters->event[COUNTER_NEIGHBOUR_REFUSED]++;
}

struct host *hosts_want(struct slowpath *s, uint16_t port, struct fib_addr addr)
{
	struct host *host;

	if (port >= s->nb_ports || !s->ports[port].up)
		return NULL;
	/* without it the kernel has IPv6 shut off on the interface */
	if (!fib_addr_is_ip4(&addr) && !s->ports[port].ip6)
		return NULL;
	host = neighbour_get(s->neighbours, port, addr);
	if (host)
		return host;
	host = neighbour_add(s->neighbours, port, addr, s->now_ms);
	if (!host) {
		s->counters->event[COUNTER_NEIGHBOUR_FULL]++;
		return NULL;
	}
	hosts_ask(s, host);
	return host;
}
