/* rtnetlink events, and requests to the kernel's neighbour table. */
#include "monitor.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include <rte_ether.h>

#include "bond_watch.h"
#include "hosts.h"
#include "kernel_addr.h"
#include "log.h"
#include "netdev_watch.h"
#include "netlink.h"
#include "resolver.h"
#include "slowpath.h"
#include "solicit.h"
#include "statics.h"

/* States in which the kernel itself would send: STALE and its successors carry an address that is
 * good until proven otherwise (RFC 4861 7.3.2, which Linux follows for ARP). */
enum {
	NUD_FIXED = NUD_PERMANENT | NUD_NOARP,
	NUD_GOOD = NUD_FIXED | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE
};

/* Who had a message sent. */
enum message_source {
	SOURCE_KERNEL, /* of its own accord: it has found or lost a host */
	SOURCE_OURS,   /* we changed the entry */
	SOURCE_ANSWER, /* we asked */
	SOURCE_OTHERS, /* somebody changed the entry */
};

/* What one neighbour message says. */
struct report {
	enum message_source source;
	uint16_t port;
	uint16_t state; /* NUD_* */
	struct fib_addr addr;
	const uint8_t *mac; /* borrowed from the message; NULL if there is none */
};

static void host_up(struct slowpath *s, const struct report *report)
{
	const struct port *port = &s->ports[report->port];
	struct host *host = neighbour_get(s->neighbours, report->port, report->addr);
	uint64_t since_ms;

	if (!host && ((report->state & NUD_FIXED) || neighbour_may_come(s->neighbours)))
		host = neighbour_add(s->neighbours, report->port, report->addr, s->now_ms);
	if (!host) {
		s->counters->event[COUNTER_NEIGHBOUR_FULL]++;
		return;
	}
	/* Whoever follows it looks again if there is something new; most messages say that a host
	 * is still there. */
	if (!host_forwards(host) ||
	    memcmp(host_adjacency(s->neighbours, host)->rewrite, report->mac, RTE_ETHER_ADDR_LEN))
		s->adjacencies_stale = true;
	/* A known host keeps its turn: this may be the answer to a refresh, and must not put the
	 * next one off for ever. */
	since_ms = host->state == HOST_RESOLVED ? host->since_ms : s->now_ms;
	neighbour_resolve(s->neighbours, host, report->mac, port, since_ms);
	host->fixed = report->state & NUD_FIXED;
	host->seen = s->sweep;
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

/* The kernel has no address for it any more, which is no word of the host's: it is asked for, and
 * until it has not answered all goes on as before. */
static void host_doubt(struct slowpath *s, struct host *host)
{
	host->fixed = false;
	if (host->state == HOST_RESOLVED)
		neighbour_doubt(s->neighbours, host, s->now_ms);
	host->ask_due = true;
}

static enum message_source source_of(const struct nlmsghdr *message, const struct slowpath *s)
{
	if (!message->nlmsg_pid)
		return SOURCE_KERNEL;
	if (message->nlmsg_pid == mnl_socket_get_portid(s->ask.sock))
		return SOURCE_OURS;
	return message->nlmsg_pid == mnl_socket_get_portid(s->events.sock) ? SOURCE_ANSWER
									   : SOURCE_OTHERS;
}

/* Our own entries are none, nor are those that the kernel makes for groups. */
static bool is_host(const struct fib_addr *addr)
{
	struct fib_addr router6 = lcp_router6();

	return !fib_addr_none(addr) && fib_addr_to_ip4(addr) != LCP_ROUTER &&
	       !fib_addr_same(addr, &router6) && addr->word[0] >> 24 != 0xff;
}

static int parse_neighbour(const struct nlmsghdr *message, struct slowpath *s,
			   struct report *report)
{
	const struct ndmsg *msg = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*msg))
		return -ENOENT;
	*report = (struct report){ .source = source_of(message, s),
				   .port = s->nb_ports,
				   .state = msg->ndm_state };
	for (uint16_t p = 0; p < s->nb_ports; p++) {
		if (s->lcp[p].ifindex == msg->ndm_ifindex)
			report->port = p;
	}
	if (report->port == s->nb_ports)
		return -ENOENT;
	mnl_attr_for_each(attr, message, sizeof(*msg))
	{
		if (mnl_attr_get_type(attr) == NDA_DST)
			kernel_addr_get(attr, msg->ndm_family, &report->addr);
		if (mnl_attr_get_type(attr) == NDA_LLADDR &&
		    mnl_attr_get_payload_len(attr) == RTE_ETHER_ADDR_LEN)
			report->mac = mnl_attr_get_payload(attr);
	}
	return is_host(&report->addr) ? 0 : -ENOENT;
}

/* The entry is there, without an address. */
static void host_unknown(struct slowpath *s, struct host *host, const struct report *report)
{
	if (host->state == HOST_RESOLVED) {
		if (report->source == SOURCE_KERNEL && (report->state & NUD_FAILED))
			host_failed(s, host); /* it was asked, and everybody, and nobody answered */
		else
			host_doubt(s, host);
		return;
	}
	if (host->state == HOST_FAILED || !(report->state & NUD_FAILED))
		return; /* it is being asked */
	if (report->source == SOURCE_KERNEL)
		host_failed(s, host);
	else if (report->source == SOURCE_ANSWER && solicit_again(s, host->port, report->addr))
		s->counters->event[COUNTER_NEIGHBOUR_REFUSED]++;
	else if (report->source == SOURCE_OTHERS)
		host->ask_due = true;
}

/* The entry is gone. */
static void host_gone(struct slowpath *s, struct host *host)
{
	if (host->state == HOST_FAILED || !s->ports[host->port].up)
		host_forget(s, host);
	else
		host_doubt(s, host);
}

/* Somebody made it permanent in the instant between our looking at it and our asking for it: that
 * is his again. */
static bool taken_by_us(const struct host *host, const struct report *report)
{
	return host && host_forwards(host) && host->fixed && report->source == SOURCE_OURS &&
	       (report->state & NUD_PROBE);
}

static void neighbour_event(struct slowpath *s, const struct nlmsghdr *message)
{
	struct report report;
	struct host *host;
	bool there = message->nlmsg_type == RTM_NEWNEIGH;

	if (parse_neighbour(message, s, &report))
		return;
	host = neighbour_get(s->neighbours, report.port, report.addr);
	statics_heard(s, report.port, &report.addr,
		      there && (report.state & NUD_PERMANENT) ? report.mac : NULL);
	if (there && taken_by_us(host, &report)) {
		solicit_fix(s, report.port, report.addr,
			    host_adjacency(s->neighbours, host)->rewrite);
	} else if (there && (report.state & NUD_GOOD) && report.mac) {
		if (s->ports[report.port].up)
			host_up(s, &report);
	} else if (host && there) {
		host_unknown(s, host, &report);
	} else if (host) {
		host_gone(s, host);
	}
}

/* A port whose link goes down takes its hosts with it. */
static void port_link(struct slowpath *s, struct port *port, bool up)
{
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

/* A device that its driver says must be reset, or has gone. False: it does not work. */
static bool recovery_check(struct slowpath *s, struct device *device)
{
	struct device_recovery *r = &s->recoveries[device - s->devices];
	bool failed = r->state != RECOVERY_WORKS;
	bool works = device_recovery_step(r, device, s->fib->qsbr, s->now_ms);

	if (works != failed)
		return works;
	device_lost_store(s, device, !works);
	s->counters->event[works ? COUNTER_DEVICE_REOPENED : COUNTER_DEVICE_LOST]++;
	if (works)
		log_warning("port %s: device %s works again", device->config->name,
			    device->config->device);
	return works;
}

static void link_check(struct slowpath *s, struct device *device)
{
	bool up = recovery_check(s, device);

	if (up) {
		up = netdev_watch(s, device);
		bond_watch(s, device);
	}
	up = up && device_link(device);
	for (uint16_t p = 0; p < s->nb_ports; p++) {
		if (s->ports[p].device == device)
			port_link(s, &s->ports[p], up);
	}
}

static void links_check(struct slowpath *s)
{
	for (uint16_t d = 0; d < s->nb_devices; d++)
		link_check(s, &s->devices[d]);
	s->next_link_ms = s->now_ms + MONITOR_LINK_MS;
}

/* The end of a read of the whole table: what was not in it has gone. */
static void sweep_end(struct slowpath *s)
{
	for (uint32_t i = 1; i < s->neighbours->end; i++) {
		struct host *host = &s->neighbours->host[i];

		if (host->state == HOST_RESOLVED && host->seen != s->sweep)
			host_gone(s, host);
	}
	statics_swept(s);
}

static int sweep_begin(struct slowpath *s)
{
	char buf[NETLINK_REQUEST];
	struct nlmsghdr *request = netlink_request(&s->events, buf, RTM_GETNEIGH, NLM_F_DUMP);
	struct ndmsg *msg = mnl_nlmsg_put_extra_header(request, sizeof(*msg));

	request->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
	msg->ndm_family = AF_UNSPEC; /* of both families */
	if (mnl_socket_sendto(s->events.sock, request, request->nlmsg_len) < 0)
		return -errno;
	s->sweep++;
	s->sweep_seq = request->nlmsg_seq;
	s->sweeping = true;
	s->sweep_again = false;
	s->sweep_ms = s->now_ms;
	return 0;
}

/* Another read, but not at once: what goes wrong now may go wrong for a while. */
static void sweep_later(struct slowpath *s)
{
	s->sweeping = false;
	s->sweep_again = true;
	s->sweep_ms = s->now_ms + MONITOR_SWEEP_GAP_MS;
}

/* Events are lost, of a table's read nothing ever is. One that is under way may be older than what
 * is lost, and the kernel begins no other one before its end. */
static void overrun(struct slowpath *s)
{
	s->counters->event[COUNTER_NETLINK_OVERRUN]++;
	if (s->sweeping)
		s->sweep_again = true;
	else if (!s->sweep_again)
		sweep_later(s);
}

/* The kernel may refuse a read, break it off, or find that the table changed below it: then it
 * tells nothing. */
static void sweep_failed(struct slowpath *s)
{
	s->counters->event[COUNTER_NETLINK_UNREAD]++;
	sweep_later(s);
}

static void sweep_done(struct slowpath *s)
{
	if (s->sweep_again) {
		sweep_later(s);
		return;
	}
	s->sweeping = false;
	sweep_end(s);
}

static void sweep_turn(struct slowpath *s)
{
	/* An interface that was made anew has no entries, and the end of the old ones may not have
	 * been heard of. */
	for (uint16_t p = 0; p < s->nb_ports; p++) {
		if (s->known_ifindex[p] != s->lcp[p].ifindex)
			s->sweep_again = true;
		s->known_ifindex[p] = s->lcp[p].ifindex;
	}
	if (s->sweeping && s->now_ms - s->sweep_ms > MONITOR_SWEEP_MS)
		sweep_failed(s);
	if (!s->sweeping && s->sweep_again && s->now_ms >= s->sweep_ms && sweep_begin(s))
		sweep_failed(s);
}

/* A message with the number of the read that is under way: is it its end? */
static void sweep_heard(struct slowpath *s, const struct nlmsghdr *message)
{
	const int *err = mnl_nlmsg_get_payload(message);
	bool end = message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR;

	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		s->sweep_again = true;
	if (!end)
		return;
	if (mnl_nlmsg_get_payload_len(message) >= sizeof(*err) && *err < 0)
		sweep_failed(s);
	else
		sweep_done(s);
}

/* mnl_cb_run() would stop at the end of a dump: events may stand behind it in the same buffer. */
void monitor_messages(struct slowpath *s, const char *buf, int len)
{
	const struct nlmsghdr *message = (const void *)buf;

	for (; mnl_nlmsg_ok(message, len); message = mnl_nlmsg_next(message, &len)) {
		switch (message->nlmsg_type) {
		case RTM_NEWNEIGH:
		case RTM_DELNEIGH: neighbour_event(s, message); break;
		case RTM_NEWLINK:
		case RTM_DELLINK: links_check(s); break;
		}
		if (s->sweeping && message->nlmsg_seq == s->sweep_seq &&
		    message->nlmsg_pid == mnl_socket_get_portid(s->events.sock))
			sweep_heard(s, message);
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
		monitor_messages(s, buf, (int)len);
		any = true;
	}
	return any;
}

/* Is it still there? Routes' next hops are asked more often: what moves or dies there takes many
 * with it. */
static void host_refresh(struct slowpath *s, struct host *host)
{
	bool next_hop = s->now_ms - host->next_hop_ms < MONITOR_WANTED_MS;
	uint64_t age_ms = s->now_ms - host->since_ms;
	int err;

	if (host->fixed || !s->asks ||
	    age_ms < (next_hop ? MONITOR_NEXT_HOP_MS : MONITOR_REFRESH_MS))
		return;
	s->asks--;
	host->since_ms = s->now_ms;
	err = solicit_probe(s, host->port, host->addr);
	if (err == -ENOENT || err == -EINVAL)
		host_doubt(s, host); /* its end was not heard of */
	else if (err)
		s->counters->event[COUNTER_NEIGHBOUR_REFUSED]++;
}

static void host_turn(struct slowpath *s, struct host *host)
{
	uint64_t age_ms = s->now_ms - host->since_ms;

	switch (host->state) {
	case HOST_PENDING:
	case HOST_DOUBTED:
		if (host->ask_due && (host->state == HOST_PENDING || age_ms > MONITOR_DOUBT_MS))
			hosts_ask(s, host);
		else if (age_ms > MONITOR_PENDING_MS)
			host_failed(s, host);
		break;
	case HOST_FAILED:
		if (age_ms > MONITOR_FAILED_MS)
			neighbour_remove(s->neighbours, host);
		break;
	case HOST_RESOLVED: host_refresh(s, host); break;
	}
}

/* A link that is lost costs what is sent until somebody looks: so where looking costs nothing it is
 * done each turn. */
static void lost_links_check(struct slowpath *s)
{
	for (uint16_t p = 0; p < s->nb_ports; p++) {
		const struct port *port = &s->ports[p];

		if (port->device->link_events && port->up && !device_link(port->device))
			link_check(s, port->device);
	}
}

void monitor_turn(struct slowpath *s)
{
	if (s->now_ms >= s->next_link_ms)
		links_check(s);
	else
		lost_links_check(s);
	neighbours_reclaim(s->neighbours);
	if (s->now_ms < s->next_sweep_ms)
		return;
	s->next_sweep_ms = s->now_ms + MONITOR_TURN_MS;
	s->asks = MONITOR_ASKS;
	sweep_turn(s);
	statics_turn(s);
	/* Without requests left it stops, and goes on from there: everybody has his turn. */
	for (uint32_t i = 0; i < MONITOR_SLICE && i < s->neighbours->end && s->asks; i++) {
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
		s->known_ifindex[p] = s->lcp[p].ifindex;
	}
	links_check(s);
	s->asks = MONITOR_ASKS;
	return sweep_begin(s);
}

void monitor_close(struct slowpath *s)
{
	netlink_close(&s->events);
}
