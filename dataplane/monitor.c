/* rtnetlink events, and requests to the kernel's neighbour table. */
#include "monitor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include <rte_ether.h>

#include "device.h"
#include "log.h"
#include "netlink.h"
#include "resolver.h"

/* States in which the kernel itself would send: STALE and its successors carry an address that is good until proven
 * otherwise (RFC 4861 7.3.2, which Linux follows for ARP). */
enum { NUD_GOOD = NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE };

/* What one neighbour message says. */
struct report {
	uint16_t port;
	uint16_t state;	    /* NUD_* */
	uint32_t addr;	    /* host order; 0 if the message names none */
	const uint8_t *mac; /* borrowed from the message; NULL if there is none */
};

static struct nlmsghdr *neighbour_request(struct slowpath *s, struct netlink *nl, void *buf,
					  uint16_t type, uint16_t port, uint32_t addr)
{
	struct nlmsghdr *request =
		netlink_request(nl, buf, type, type == RTM_NEWNEIGH ? NLM_F_CREATE : 0);
	struct ndmsg *msg = mnl_nlmsg_put_extra_header(request, sizeof(*msg));

	msg->ndm_family = AF_INET;
	msg->ndm_ifindex = s->lcp[port].ifindex;
	msg->ndm_flags = type == RTM_NEWNEIGH ? NTF_USE : 0;
	mnl_attr_put_u32(request, NDA_DST, htonl(addr));
	return request;
}

/* Have the kernel resolve a host, or probe it again if it is stale. */
static void solicit(struct slowpath *s, uint16_t port, uint32_t addr)
{
	char buf[NETLINK_REQUEST];

	if (netlink_ask(&s->ask, neighbour_request(s, &s->ask, buf, RTM_NEWNEIGH, port, addr)))
		s->counters->event[EVENT_NEIGHBOUR_REFUSED]++;
}

/* What the kernel knows already it sends no event about: have it tell. The answer comes like an event. */
static void inquire(struct slowpath *s, uint16_t port, uint32_t addr)
{
	char buf[NETLINK_REQUEST];
	struct nlmsghdr *request = neighbour_request(s, &s->events, buf, RTM_GETNEIGH, port, addr);

	request->nlmsg_flags = NLM_F_REQUEST;
	if (mnl_socket_sendto(s->events.sock, request, request->nlmsg_len) < 0)
		s->counters->event[EVENT_NEIGHBOUR_REFUSED]++;
}

struct host *monitor_host(struct slowpath *s, uint16_t port, uint32_t addr)
{
	struct host *host;

	if (port >= s->nb_ports || !s->ports[port].up)
		return NULL;
	host = neighbour_get(s->neighbours, port, addr);
	if (host)
		return host;
	host = neighbour_add(s->neighbours, port, addr, s->now_ms);
	if (!host) {
		s->counters->event[EVENT_NEIGHBOUR_FULL]++;
		return NULL;
	}
	solicit(s, port, addr);
	inquire(s, port, addr);
	return host;
}

static void host_up(struct slowpath *s, const struct report *report)
{
	const struct port *port = &s->ports[report->port];
	struct host *host = neighbour_get(s->neighbours, report->port, report->addr);
	uint64_t since_ms;

	if (!host)
		host = neighbour_add(s->neighbours, report->port, report->addr, s->now_ms);
	if (!host) {
		s->counters->event[EVENT_NEIGHBOUR_FULL]++;
		return;
	}
	/* A known host keeps its turn: this may be the answer to a refresh, and must not put the next one off for ever. */
	since_ms = host->state == HOST_RESOLVED ? host->since_ms : s->now_ms;
	neighbour_resolve(s->neighbours, host, report->mac, port, since_ms);
	host->seen = s->sweep;
	s->adjacencies_stale = true;
	slowpath_release(s, host);
}

static void host_failed(struct slowpath *s, struct host *host)
{
	neighbour_unresolve(s->neighbours, host, HOST_FAILED, s->now_ms);
	s->adjacencies_stale = true;
	slowpath_release(s, host);
}

static void host_forget(struct slowpath *s, struct host *host)
{
	if (host->state != HOST_FAILED)
		host_failed(s, host);
	neighbour_remove(s->neighbours, host);
}

static int parse_neighbour(const struct nlmsghdr *message, struct slowpath *s,
			   struct report *report)
{
	const struct ndmsg *msg = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr;

	*report = (struct report){ .port = s->nb_ports, .state = msg->ndm_state };
	if (msg->ndm_family != AF_INET)
		return -ENOENT;
	for (uint16_t p = 0; p < s->nb_ports; p++) {
		if (s->lcp[p].ifindex == msg->ndm_ifindex)
			report->port = p;
	}
	if (report->port == s->nb_ports)
		return -ENOENT;
	mnl_attr_for_each(attr, message, sizeof(*msg))
	{
		if (mnl_attr_get_type(attr) == NDA_DST &&
		    mnl_attr_get_payload_len(attr) == sizeof(uint32_t))
			report->addr = ntohl(mnl_attr_get_u32(attr));
		if (mnl_attr_get_type(attr) == NDA_LLADDR &&
		    mnl_attr_get_payload_len(attr) == RTE_ETHER_ADDR_LEN)
			report->mac = mnl_attr_get_payload(attr);
	}
	/* our own entry is no host */
	return report->addr && report->addr != LCP_ROUTER ? 0 : -ENOENT;
}

static void neighbour_event(struct slowpath *s, const struct nlmsghdr *message)
{
	struct report report;
	struct host *host;

	if (parse_neighbour(message, s, &report))
		return;
	host = neighbour_get(s->neighbours, report.port, report.addr);
	if (message->nlmsg_type == RTM_DELNEIGH) {
		if (host)
			host_forget(s, host);
	} else if ((report.state & NUD_GOOD) && report.mac) {
		if (s->ports[report.port].up)
			host_up(s, &report);
	} else if (host && (report.state & NUD_FAILED)) {
		host_failed(s, host);
	} else if (host &&
		   host->state == HOST_RESOLVED) { /* NUD_INCOMPLETE: the kernel began anew */
		neighbour_unresolve(s->neighbours, host, HOST_PENDING, s->now_ms);
		s->adjacencies_stale = true;
	}
}

/* A port whose link goes down takes its hosts with it. */
static void link_check(struct slowpath *s, struct port *port)
{
	bool up = device_check(s, port) && port_link(port);

	if (up == port->up)
		return;
	__atomic_store_n(&port->up, up, __ATOMIC_RELAXED);
	if (!up)
		resolver_link_lost(s, port->id);
	log_info("port %s: link %s", port->config->name, up ? "up" : "down");
	__atomic_store_n(&s->fib->ports[port->id].up, up, __ATOMIC_RELEASE);
	lcp_carrier(&s->lcp[port->id], up);
	s->adjacencies_stale = true;
	for (uint32_t i = 1; !up && i < s->neighbours->end; i++) {
		struct host *host = &s->neighbours->host[i];

		if (host->state != HOST_FREE && host->port == port->id)
			host_forget(s, host);
	}
}

static void links_check(struct slowpath *s)
{
	for (uint16_t p = 0; p < s->nb_ports; p++)
		link_check(s, &s->ports[p]);
	s->next_link_ms = s->now_ms + MONITOR_LINK_MS;
}

/* The end of a read of the whole table: what was not in it has gone. */
static void sweep_end(struct slowpath *s)
{
	for (uint32_t i = 1; i < s->neighbours->end; i++) {
		struct host *host = &s->neighbours->host[i];

		if (host->state == HOST_RESOLVED && host->seen != s->sweep)
			host_forget(s, host);
	}
}

static int sweep_begin(struct slowpath *s)
{
	char buf[NETLINK_REQUEST];
	struct nlmsghdr *request = netlink_request(&s->events, buf, RTM_GETNEIGH, NLM_F_DUMP);
	struct ndmsg *msg = mnl_nlmsg_put_extra_header(request, sizeof(*msg));

	request->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
	msg->ndm_family = AF_INET;
	if (mnl_socket_sendto(s->events.sock, request, request->nlmsg_len) < 0)
		return -errno;
	s->sweep++;
	s->sweeping = true;
	s->sweep_again = false;
	return 0;
}

static void sweep_anew(struct slowpath *s)
{
	if (sweep_begin(s))
		log_error("cannot read the kernel's neighbour table: %s", strerror(errno));
}

/* Events are lost, of a table's read nothing ever is. One that is under way may be older than what is lost, and the
 * kernel begins no other one before its end. */
static void overrun(struct slowpath *s)
{
	s->counters->event[EVENT_NETLINK_OVERRUN]++;
	if (s->sweeping)
		s->sweep_again = true;
	else
		sweep_anew(s);
}

static void sweep_done(struct slowpath *s)
{
	s->sweeping = false;
	if (s->sweep_again)
		sweep_anew(s);
	else
		sweep_end(s);
}

static int on_message(const struct nlmsghdr *message, void *slowpath)
{
	struct slowpath *s = slowpath;

	switch (message->nlmsg_type) {
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH: neighbour_event(s, message); break;
	case RTM_NEWLINK:
	case RTM_DELLINK: links_check(s); break;
	}
	return MNL_CB_OK;
}

/* mnl_cb_run() would stop at the end of a dump: events may stand behind it in the same buffer. */
static void messages(struct slowpath *s, const char *buf, int len)
{
	const struct nlmsghdr *message = (const void *)buf;

	for (; mnl_nlmsg_ok(message, len); message = mnl_nlmsg_next(message, &len)) {
		if (message->nlmsg_type == NLMSG_DONE)
			sweep_done(s);
		else
			on_message(message, s);
	}
}

bool monitor_events(struct slowpath *s)
{
	char buf[32768];
	bool any = false;

	for (int reads = 0; reads < 16; reads++) {
		ssize_t len =
			recv(mnl_socket_get_fd(s->events.sock), buf, sizeof(buf), MSG_DONTWAIT);

		if (len < 0 && errno == ENOBUFS) {
			overrun(s);
			continue;
		}
		if (len <= 0)
			break;
		messages(s, buf, (int)len);
		any = true;
	}
	return any;
}

static void host_turn(struct slowpath *s, struct host *host)
{
	uint64_t age_ms = s->now_ms - host->since_ms;

	switch (host->state) {
	case HOST_PENDING:
		if (age_ms > MONITOR_PENDING_MS)
			host_failed(s, host);
		break;
	case HOST_FAILED:
		if (age_ms > MONITOR_FAILED_MS)
			neighbour_remove(s->neighbours, host);
		break;
	case HOST_RESOLVED:
		if (age_ms > MONITOR_REFRESH_MS) {
			host->since_ms = s->now_ms;
			solicit(s, host->port, host->addr);
		}
		break;
	}
}

void monitor_turn(struct slowpath *s)
{
	if (s->now_ms >= s->next_link_ms)
		links_check(s);
	neighbours_reclaim(s->neighbours);
	if (s->now_ms < s->next_sweep_ms)
		return;
	s->next_sweep_ms = s->now_ms + MONITOR_TURN_MS;
	for (uint32_t i = 0; i < MONITOR_SLICE && i < s->neighbours->end; i++) {
		if (++s->host_cursor >= s->neighbours->end)
			s->host_cursor = 1;
		if (s->host_cursor < s->neighbours->end)
			host_turn(s, &s->neighbours->host[s->host_cursor]);
	}
}

int monitor_open(struct slowpath *s)
{
	int err = netlink_open(&s->events, RTMGRP_NEIGH | RTMGRP_LINK);

	if (err)
		return err;
	for (uint16_t p = 0; p < s->nb_ports; p++) {
		struct port *port = &s->ports[p];

		port->up = true; /* so that link_check() tells of those that are not */
		__atomic_store_n(&s->fib->ports[p].up, 1, __ATOMIC_RELEASE);
		lcp_carrier(&s->lcp[p], true);
	}
	links_check(s);
	return sweep_begin(s);
}

void monitor_close(struct slowpath *s)
{
	netlink_close(&s->events);
}
