/* Rings and meters of the punt classes. */
#include "punt.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_cycles.h>
#include <rte_errno.h>

#include "neighbour.h"

/* Packets that a ring holds, of which a port has half: a flood on one port leaves as much to the
 * others. A port's half of the rings that carry TCP holds the window of a flow, 3 MiB by Linux's
 * default, if all of it comes at once. */
static const uint32_t ring_size[PUNT_CLASSES] = {
	[PUNT_BGP] = 8192,   [PUNT_ARP] = 1024,	    [PUNT_ND] = 1024,
	[PUNT_LOCAL] = 8192, [PUNT_FRAGMENT] = 512, [PUNT_GLEAN] = 512,
};

static_assert((int)METER_BGP == (int)PUNT_BGP && (int)METER_ARP == (int)PUNT_ARP &&
		      (int)METER_ND == (int)PUNT_ND && (int)METER_LOCAL == (int)PUNT_LOCAL &&
		      (int)METER_FRAGMENT == (int)PUNT_FRAGMENT &&
		      (int)METER_GLEAN == (int)PUNT_GLEAN && (int)METERS == (int)PUNT_CLASSES,
	      "meters are of classes");

static const struct config_meter defaults[PUNT_CLASSES] = {
	[PUNT_BGP] = { METER_BGP_RATE, METER_BGP_BURST },
	[PUNT_ARP] = { METER_ARP_RATE, METER_ARP_BURST },
	[PUNT_ND] = { METER_ND_RATE, METER_ND_BURST },
	[PUNT_LOCAL] = { METER_LOCAL_RATE, METER_LOCAL_BURST },
	[PUNT_FRAGMENT] = { METER_FRAGMENT_RATE, METER_FRAGMENT_BURST },
	[PUNT_GLEAN] = { METER_GLEAN_RATE, METER_GLEAN_BURST },
};

enum {
	/* icmp.h limits the errors themselves far below what this lets through */
	ERROR_RING = 256,
	TAKE_AHEAD = 3, /* packets: so long before it is asked for a frame is fetched */
};

uint32_t punt_capacity(void)
{
	uint32_t sum = ERROR_RING;

	for (int c = 0; c < PUNT_CLASSES; c++)
		sum += ring_size[c];
	return sum;
}

/* The meters count packets, not octets: a packet is one unit. `times` what a port has. */
static int profile_init(struct rte_meter_srtcm_profile *profile, struct config_meter limit,
			uint32_t times)
{
	struct rte_meter_srtcm_params params = { .cir = (uint64_t)times * limit.rate,
						 .cbs = (uint64_t)times * limit.burst };

	return rte_meter_srtcm_profile_config(profile, &params);
}

/* Buckets are full then. */
static int meters_init(struct punt *punt, enum punt_class class_, struct config_meter limit)
{
	struct rte_meter_srtcm_profile *profile = &punt->profile[class_],
				       *of_port = &punt->port_profile[class_];
	int err = profile_init(profile, limit, 2);

	if (!err)
		err = profile_init(of_port, limit, 1);
	if (!err)
		err = rte_meter_srtcm_config(&punt->meter[class_], profile);
	for (int p = 0; !err && p < FIB_PORTS; p++)
		err = rte_meter_srtcm_config(&punt->port_meter[class_][p], of_port);
	punt->limit[class_] = limit;
	return err;
}

int punt_configure(struct punt *punt, const struct config_meter limits[METERS])
{
	int err = 0;

	for (int c = 0; !err && c < PUNT_CLASSES; c++) {
		if (limits[c].rate != punt->limit[c].rate ||
		    limits[c].burst != punt->limit[c].burst)
			err = meters_init(punt, (enum punt_class)c, limits[c]);
	}
	return err;
}

int punt_open(struct punt *punt)
{
	char name[RTE_RING_NAMESIZE];

	*punt = (struct punt){ 0 };
	for (int c = 0; c < PUNT_CLASSES; c++) {
		snprintf(name, sizeof(name), "punt_%s", punt_class_name((enum punt_class)c));
		punt->ring[c] = rte_ring_create(name, ring_size[c], SOCKET_ID_ANY, RING_F_SC_DEQ);
		if (!punt->ring[c] || meters_init(punt, (enum punt_class)c, defaults[c]))
			goto fail;
	}
	punt->errors = rte_ring_create("punt_error", ERROR_RING, SOCKET_ID_ANY, RING_F_SC_DEQ);
	punt->flows = flows_new();
	if (punt->errors && punt->flows)
		return 0;
fail:
	punt_close(punt);
	return -ENOMEM;
}

static void ring_drain(struct rte_ring *ring)
{
	void *m;

	while (ring && !rte_ring_dequeue(ring, &m))
		rte_pktmbuf_free(m);
	rte_ring_free(ring);
}

void punt_close(struct punt *punt)
{
	for (int c = 0; c < PUNT_CLASSES; c++)
		ring_drain(punt->ring[c]);
	ring_drain(punt->errors);
	free(punt->flows);
	*punt = (struct punt){ 0 };
}

/* Ours are the only ports that there are. */
static uint16_t ingress(const struct rte_mbuf *m)
{
	return m->port % FIB_PORTS;
}

void punt_send(struct punt *punt, struct counters *counters, enum punt_class class_,
	       struct rte_mbuf *m)
{
	uint32_t *queued = &punt->queued[class_][ingress(m)];

	/* Counted first: the consumer may take it out at once. */
	if (__atomic_fetch_add(queued, 1, __ATOMIC_RELAXED) >= ring_size[class_] / 2 ||
	    rte_ring_enqueue(punt->ring[class_], m)) {
		__atomic_fetch_sub(queued, 1, __ATOMIC_RELAXED);
		counters->drop[DROP_RING_BGP + class_]++;
		rte_pktmbuf_free(m);
		return;
	}
	counters->punted[class_]++;
}

void punt_error(struct punt *punt, struct counters *counters, enum punt_error error, uint16_t mtu,
		struct rte_mbuf *m)
{
	struct punt_note *note = punt_note(m);

	note->error = error;
	note->mtu = mtu;
	if (rte_ring_enqueue(punt->errors, m)) {
		counters->event[COUNTER_ICMP_RING_FULL]++;
		rte_pktmbuf_free(m);
	}
}

/* By which the meters and the flows go. */
static uint64_t ms_of(uint64_t tsc)
{
	return tsc / (rte_get_tsc_hz() / 1000);
}

void punt_sent(struct punt *punt, struct tcp_segment s)
{
	flows_sent(punt->flows, s, ms_of(rte_rdtsc()));
}

/* The port's meter first: what it stops is no burden to the class. */
static bool passes(struct punt *punt, enum punt_class class_, uint16_t port, uint64_t now)
{
	return rte_meter_srtcm_color_blind_check(&punt->port_meter[class_][port],
						 &punt->port_profile[class_], now,
						 1) == RTE_COLOR_GREEN &&
	       rte_meter_srtcm_color_blind_check(&punt->meter[class_], &punt->profile[class_], now,
						 1) == RTE_COLOR_GREEN;
}

/* Those whom a meter may not stop. */
static bool answers(const struct punt *punt, enum punt_class class_, const struct rte_mbuf *m,
		    uint64_t now_ms)
{
	return (class_ == PUNT_ARP || class_ == PUNT_ND) && punt->neighbours &&
	       neighbour_may_answer(punt->neighbours, m, now_ms);
}

uint16_t punt_take(struct punt *punt, struct counters *counters, enum punt_class class_,
		   struct rte_mbuf **pkts, uint16_t n)
{
	bool tcp = class_ == PUNT_BGP || class_ == PUNT_LOCAL;
	uint64_t now = rte_rdtsc(), now_ms = ms_of(now);
	uint16_t kept = 0;

	n = (uint16_t)rte_ring_dequeue_burst(punt->ring[class_], (void **)pkts, n, NULL);
	counters->taken[class_] += n;
	for (uint16_t i = 0; i < n; i++)
		rte_prefetch0(pkts[i]);
	for (uint16_t i = 0; i < n; i++) {
		uint16_t port = ingress(pkts[i]);

		if (i + TAKE_AHEAD < n)
			rte_prefetch0(rte_pktmbuf_mtod(pkts[i + TAKE_AHEAD], void *));
		__atomic_fetch_sub(&punt->queued[class_][port], 1, __ATOMIC_RELAXED);
		if ((tcp && flows_admit(punt->flows, pkts[i], now_ms)) ||
		    passes(punt, class_, port, now) || answers(punt, class_, pkts[i], now_ms)) {
			pkts[kept++] = pkts[i];
			continue;
		}
		if (tcp && flows_holds(punt->flows, pkts[i]))
			counters->event[COUNTER_FLOW_METERED]++;
		punt_counters(punt, pkts[i], counters)->drop[DROP_METER_BGP + class_]++;
		rte_pktmbuf_free(pkts[i]);
	}
	return kept;
}

uint16_t punt_take_errors(struct punt *punt, struct rte_mbuf **pkts, uint16_t n)
{
	return (uint16_t)rte_ring_dequeue_burst(punt->errors, (void **)pkts, n, NULL);
}
