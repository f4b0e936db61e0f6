/* The main lcore's work on packets: rings in, LCP interfaces and ports out. */
#include "slowpath.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_ip_frag.h>

#include "frame_ip.h"
#include "hop.h"
#include "hosts.h"
#include "ip4.h"
#include "route.h"
#include "self.h"
#include "tcp_merge.h"
#include "tcp_segment.h"
#include "whole.h"

enum {
	SLOWPATH_BURST = TCP_MERGE_BURST,
	SLOWPATH_BURSTS = 2, /* of punted packets a turn: then the kernel's frames have theirs */
	SLOWPATH_WHOLES = 4, /* frames of many segments a turn, of each port */
	SLOWPATH_ANSWER_US = 200,
};

/* The gate may have shut since a forwarding lcore asked it. */
static bool gate_open(const struct slowpath *s, const struct rte_mbuf *m, uint8_t egress_role)
{
	uint64_t gate = __atomic_load_n(&s->fib->gate, __ATOMIC_ACQUIRE);

	return m->port < s->nb_ports && fib_gate_open(gate, s->ports[m->port].role, egress_role);
}

/* A TCP segment with octets in it; the kernel also hands over other frames. Octets of BGP are
 * answered soon, by control, which has to be woken for them; what the kernel answers by itself is
 * there already when the packet has been given to it. */
static bool carries_octets(const struct tcp_segment *segment)
{
	return segment->payload > 0;
}

/* To the kernel, through the interface of the port that it came in by. */
static void take_local(struct slowpath *s, struct rte_mbuf *m)
{
	struct counters *counters = slowpath_counters(s, m);

	if (m->port < s->nb_ports && lcp_send(&s->lcp[m->port], m))
		counters->to_kernel += m->nb_segs;
	else
		counters->drop[DROP_LCP_REFUSED] += m->nb_segs;
	rte_pktmbuf_free(m);
}

static void take_bgp(struct slowpath *s, struct rte_mbuf *m)
{
	struct tcp_segment segment = tcp_segment_of(m);

	if (carries_octets(&segment))
		s->answer_until = rte_rdtsc() + rte_get_tsc_hz() / 1000000 * SLOWPATH_ANSWER_US;
	take_local(s, m);
}

/* The forwarding lcore has asked already; filters may have changed since. True: dropped. */
static bool filtered(struct slowpath *s, struct rte_mbuf *m, uint16_t port)
{
	enum fib_family family = frame_is_ip6(m) ? FIB_IP6 : FIB_IP4;
	enum drop_reason reason = filter_out_one(s->filters, family, ACL_UNCOUNTED, port, m);

	if (reason != DROP_NONE)
		slowpath_drop(s, reason, m);
	return reason != DROP_NONE;
}

static void take_fragment(struct slowpath *s, struct rte_mbuf *m)
{
	if (!gate_open(s, m, (uint8_t)punt_note(m)->egress_role))
		slowpath_drop(s, DROP_GATE_CLOSED, m);
	else if (!filtered(s, m, punt_note(m)->port))
		slowpath_cut(s, m);
}

/* More than the way takes: IPv4 is sent in parts, of IPv6 the source is told. */
static void take_too_big(struct slowpath *s, const struct adjacency *adjacency, uint8_t egress_role,
			 struct rte_mbuf *m)
{
	if (frame_is_ip6(m)) {
		slowpath_counters(s, m)->drop[DROP_TOO_BIG]++;
		slowpath_error(s, PUNT_ERROR_TOO_BIG, adjacency->mtu, m);
		return;
	}
	hop_rewrite(m, adjacency);
	punt_note(m)->port = adjacency->port;
	punt_note(m)->mtu = adjacency->mtu;
	punt_note(m)->egress_role = egress_role;
	take_fragment(s, m);
}

static void send_to(struct slowpath *s, const struct host *host, uint8_t egress_role,
		    struct rte_mbuf *m)
{
	const struct adjacency *adjacency = host_adjacency(s->neighbours, host);

	if (hop_bounces(m, adjacency)) {
		slowpath_drop(s, DROP_BOUNCE, m);
		return;
	}
	if (m->pkt_len > (uint32_t)adjacency->mtu + RTE_ETHER_HDR_LEN) {
		take_too_big(s, adjacency, egress_role, m);
		return;
	}
	if (frame_is_ip6(m))
		hop6_rewrite(m, adjacency);
	else
		hop_rewrite(m, adjacency);
	tx_send(&s->tx, adjacency->port, m);
}

/* The entry by which the FIB now has the packet's host on link behind `port`; NULL: it says
 * otherwise. */
static const struct adjacency *glean_of(const struct slowpath *s, const struct rte_mbuf *m,
					uint16_t port)
{
	const struct fib_generation *generation = fib_active(s->fib);
	const struct path_list *list;
	struct fib_addr dst = frame_destination(m);

	list = &generation
			->path_lists[route_path_list(s, generation, s->ports[m->port].role, &dst)];
	for (uint16_t i = 0; i < list->nb_members && i < PATH_LIST_MEMBERS; i++) {
		const struct adjacency *adjacency = fib_adjacency(generation, list->member[i]);

		if (__atomic_load_n(&adjacency->action, __ATOMIC_ACQUIRE) == ADJACENCY_GLEAN &&
		    adjacency->port == port)
			return adjacency;
	}
	return NULL;
}

/* May a packet that was kept for a host behind `port` still go there? Routes and gate may have
 * changed since. False: it has been dropped, without an answer, as a forwarding lcore does it. */
static bool glean_permitted(struct slowpath *s, struct rte_mbuf *m, uint16_t port,
			    uint8_t *egress_role)
{
	const struct adjacency *glean = m->port < s->nb_ports ? glean_of(s, m, port) : NULL;

	if (!glean) {
		slowpath_drop(s, DROP_ROUTE_GONE, m);
		return false;
	}
	*egress_role = glean->egress_role;
	if (gate_open(s, m, *egress_role))
		return !filtered(s, m, port);
	slowpath_drop(s, DROP_GATE_CLOSED, m);
	return false;
}

/* To a host on link: it may have been resolved since the worker looked. */
static void take_glean(struct slowpath *s, struct rte_mbuf *m)
{
	struct fib_addr addr = frame_destination(m);
	uint16_t port = punt_note(m)->port;
	uint8_t egress_role;
	struct host *host;

	if (!glean_permitted(s, m, port, &egress_role))
		return;
	if (port >= s->nb_ports) {
		slowpath_drop(s, DROP_NO_PORT, m);
		return;
	}
	if (!neighbour_may_glean(s->neighbours, port, addr)) {
		slowpath_drop(s, DROP_GLEAN_FULL, m);
		return;
	}
	host = hosts_want(s, port, addr);
	if (!host || host->state == HOST_FAILED) {
		slowpath_counters(s, m)->drop[DROP_HOST_UNREACHABLE]++;
		slowpath_error(s, PUNT_ERROR_HOST_UNREACHABLE, 0, m);
	} else if (host_forwards(host)) {
		send_to(s, host, egress_role, m);
	} else if (!neighbour_hold(s->neighbours, host, m)) {
		slowpath_drop(s, DROP_GLEAN_FULL, m);
	}
}

void slowpath_release(struct slowpath *s, struct host *host)
{
	struct rte_mbuf *held[NEIGHBOUR_HELD];
	uint16_t n = neighbour_release(s->neighbours, host, held);

	for (uint16_t i = 0; i < n; i++) {
		uint8_t egress_role;

		if (!glean_permitted(s, held[i], host->port, &egress_role))
			continue;
		if (host_forwards(host)) {
			send_to(s, host, egress_role, held[i]);
		} else {
			slowpath_counters(s, held[i])->drop[DROP_HOST_UNREACHABLE]++;
			slowpath_error(s, PUNT_ERROR_HOST_UNREACHABLE, 0, held[i]);
		}
	}
}

/* By which errors leave: RFC 1812 4.3.2.4; RFC 4443 2.2 b. */
static struct fib_addr address_of(const struct port *port, bool ip6)
{
	return ip6 ? ip6_addr(port->addr6) : fib_addr_ip4(port->addr);
}

/* The error goes back to the neighbour that handed us the packet, by the port that it came in by.
 * The FIB could not say where: the view of the ingress role holds what that role may use, which are
 * never the routes of its own. */
void slowpath_error(struct slowpath *s, enum punt_error error, uint16_t mtu, struct rte_mbuf *m)
{
	const struct port *port = m->port < s->nb_ports ? &s->ports[m->port] : NULL;
	struct fib_addr from = port ? address_of(port, frame_is_ip6(m)) : fib_addr_ip4(0),
			to = frame_source(m);
	struct rte_mbuf *answer = NULL;

	if (fib_addr_none(&from) || !icmp_permitted(m))
		s->counters->event[COUNTER_ICMP_FORBIDDEN]++;
	else if (!icmp_limit(&s->limits, port->id, &to, s->now_ms))
		s->counters->event[COUNTER_ICMP_LIMITED]++;
	else
		answer = icmp_error(m, error, mtu, port, &from, s->pool);
	rte_pktmbuf_free(m);
	if (!answer)
		return;
	s->counters->event[COUNTER_ICMP_SENT]++;
	s->counters->originated++;
	tx_send(&s->tx, port->id, answer);
}

static uint16_t take_errors(struct slowpath *s)
{
	struct rte_mbuf *pkts[SLOWPATH_BURST];
	uint16_t n = punt_take_errors(s->punt, pkts, SLOWPATH_BURST);

	for (uint16_t i = 0; i < n; i++)
		slowpath_error(s, (enum punt_error)punt_note(pkts[i])->error,
			       punt_note(pkts[i])->mtu, pkts[i]);
	return n;
}

static uint16_t take_class(struct slowpath *s, enum punt_class class_)
{
	static void (*const take[PUNT_CLASSES])(struct slowpath *, struct rte_mbuf *) = {
		[PUNT_BGP] = take_bgp,		 [PUNT_ARP] = take_local,
		[PUNT_ND] = take_local,		 [PUNT_LOCAL] = take_local,
		[PUNT_FRAGMENT] = take_fragment, [PUNT_GLEAN] = take_glean,
	};
	struct rte_mbuf *pkts[SLOWPATH_BURST];
	uint64_t before = s->counters->taken[class_];
	uint16_t n = punt_take(s->punt, s->counters, class_, pkts, SLOWPATH_BURST);

	if (class_ == PUNT_BGP || class_ == PUNT_LOCAL) {
		uint16_t overtaken;

		n = tcp_merge(pkts, n, &overtaken);
		s->counters->to_kernel += overtaken; /* the next one says it */
	}
	for (uint16_t i = 0; i < n; i++)
		take[class_](s, pkts[i]);
	return (uint16_t)(s->counters->taken[class_] - before);
}

/* After every burst the rings are looked at from the top again: that is what strict priority means.
 * But flows are bound by their windows alone, so that those below them get a burst in any case. */
uint32_t slowpath_punts(struct slowpath *s)
{
	uint32_t sum = 0;

	for (int burst = 0; burst < SLOWPATH_BURSTS; burst++) {
		uint16_t n = 0;

		for (int c = 0; !n && c <= PUNT_LOCAL; c++)
			n = take_class(s, (enum punt_class)c);
		if (!n)
			n = take_errors(s);
		for (int c = PUNT_FRAGMENT; !n && c < PUNT_CLASSES; c++)
			n = take_class(s, (enum punt_class)c);
		if (!n)
			return sum;
		sum += n;
	}
	sum += take_errors(s);
	for (int c = PUNT_FRAGMENT; c < PUNT_CLASSES; c++)
		sum += take_class(s, (enum punt_class)c);
	return sum;
}

static void note_sent(struct slowpath *s, struct tcp_segment segment)
{
	if (s->answer_until && carries_octets(&segment))
		s->answer_until = 0;
	punt_sent(s->punt, segment);
}

/* Frames of one segment, or those that one of several is cut to. */
static uint32_t lcp_frames(struct slowpath *s, uint16_t p)
{
	struct rte_mbuf *pkts[SLOWPATH_BURST];
	uint16_t n = lcp_receive(&s->lcp[p], s->pool, s->counters, pkts, SLOWPATH_BURST);

	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];

		note_sent(s, tcp_segment_of(m));
		if (self_is(&s->ports[p], rte_pktmbuf_mtod(m, void *), m->data_len))
			self_send(s, p, m);
		else
			tx_send(&s->tx, s->ports[p].id, m);
	}
	return n;
}

static uint32_t lcp_whole(struct slowpath *s, uint16_t p)
{
	const struct tcp_cut *cut = &s->lcp[p].cut;
	struct tcp_segment segment = tcp_segment_at(cut->frame, cut->len, cut->len);
	uint32_t sent = whole_send(s, p);

	if (sent)
		note_sent(s, segment);
	return sent;
}

uint32_t slowpath_lcp(struct slowpath *s)
{
	uint32_t sum = 0;

	for (uint16_t p = 0; p < s->nb_ports; p++) {
		for (int i = 0; i < SLOWPATH_WHOLES; i++) {
			sum += lcp_frames(s, p);
			if (!tcp_cut_whole(&s->lcp[p].cut))
				break;
			sum += lcp_whole(s, p);
		}
	}
	return sum;
}

bool slowpath_waits(const struct slowpath *s)
{
	return s->answer_until && rte_rdtsc() < s->answer_until;
}

bool slowpath_keeps_house(struct slowpath *s)
{
	if (s->now_ms == s->house_ms && slowpath_waits(s) && !s->adjacencies_stale)
		return false;
	s->house_ms = s->now_ms;
	return true;
}
