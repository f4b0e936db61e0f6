/* Hosts that somebody wants to send to, and the kernel asked for them. */
#include "hosts.h"

#include <errno.h>

#include "solicit.h"

void hosts_ask(struct slowpath *s, struct host *host)
{
	uint32_t addr = fib_addr_to_ip4(&host->addr);
	int err;

	host->ask_due = !s->asks;
	if (!s->asks)
		return;
	s->asks--;
	if (!host->asked)
		host->since_ms = s->now_ms;
	host->asked += host->asked < UINT8_MAX;
	err = solicit_new(s, host->port, addr);
	if (err == -EEXIST)
		err = solicit_report(s, host->port, addr);
	if (err)
		s->counters->event[COUNTER_NEIGHBOUR_REFUSED]++;
}

struct host *hosts_want(struct slowpath *s, uint16_t port, struct fib_addr addr)
{
	struct host *host;

	/* of IPv6, the kernel is asked for none */
	if (port >= s->nb_ports || !s->ports[port].up || !fib_addr_is_ip4(&addr))
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
