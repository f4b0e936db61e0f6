/* Punting: the way from the forwarding lcores to the main lcore. A ring and a meter for each class,
 * so that no class can starve another, and a share of both for each ingress port, so that no port
 * can; the consumer takes them in order of class. Packets about which an ICMP error may be sent
 * travel in a ring of their own: the worker has dropped and counted them already, and whether an
 * error comes of it is the main lcore's affair.
 *
 * What a ring may hold bounds the memory that a flood can bind; what a meter lets through bounds
 * the main lcore's time. A TCP flow that the kernel holds is not metered: its window bounds it
 * (flows.h). Nor is the answer of a neighbour that is known or asked for (neighbour.h). */
#ifndef BASCULE_PUNT_H
#define BASCULE_PUNT_H

#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_meter.h>
#include <rte_ring.h>

#include "config.h"
#include "counters.h"
#include "fib.h"
#include "flows.h"
#include "idle.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Which ICMP error a dropped packet deserves. */
enum punt_error {
	PUNT_ERROR_NET_UNREACHABLE,
	PUNT_ERROR_HOST_UNREACHABLE,
	PUNT_ERROR_TOO_BIG,
	PUNT_ERROR_TTL_EXPIRED,
};

/* What a worker notes about a packet for the main lcore: in the private area of its mbuf, which the
 * pool must have room for. The ingress port is the mbuf's `port`. */
struct punt_note {
	uint16_t port;	      /* port id that the packet was to leave through (FRAGMENT, GLEAN) */
	uint16_t mtu;	      /* of that way (FRAGMENT, PUNT_ERROR_TOO_BIG) */
	uint16_t error;	      /* enum punt_error */
	uint16_t egress_role; /* that the gate was asked for, and is asked for again (FRAGMENT) */
};

/* Octets of private area: a whole line, for what lies behind it are the frames. A short one is one
 * line then, and else two. */
enum { PUNT_PRIVATE = RTE_CACHE_LINE_SIZE };
static_assert(sizeof(struct punt_note) <= PUNT_PRIVATE &&
		      RTE_PKTMBUF_HEADROOM % RTE_CACHE_LINE_SIZE == 0,
	      "frames begin with a line");

static inline struct punt_note *punt_note(struct rte_mbuf *m)
{
	return (struct punt_note *)rte_mbuf_to_priv(m);
}

struct punt {
	struct wake *consumer;			  /* borrowed; NULL: it never sleeps */
	struct rte_ring *ring[PUNT_CLASSES];	  /* owned; many producers, one consumer */
	struct rte_ring *errors;		  /* owned */
	uint32_t queued[PUNT_CLASSES][FIB_PORTS]; /* packets in a ring, by ingress port; atomic */
	/* the consumer's: what a port may, and a class twice */
	struct config_meter limit[PUNT_CLASSES];
	struct rte_meter_srtcm_profile profile[PUNT_CLASSES], port_profile[PUNT_CLASSES];
	struct rte_meter_srtcm meter[PUNT_CLASSES], port_meter[PUNT_CLASSES][FIB_PORTS];
	struct flows *flows;	       /* owned; the consumer's */
	struct neighbours *neighbours; /* borrowed: the consumer's; NULL: none is known */
	/* borrowed: the consumer's, by ingress port; NULL: it has none for each */
	struct counters *port_counters;
};

/* Main lcore: the counters of the port that a packet came in by; `rest` if it has none. */
static inline struct counters *punt_counters(const struct punt *punt, const struct rte_mbuf *m,
					     struct counters *rest)
{
	return punt->port_counters && m->port < FIB_PORTS ? &punt->port_counters[m->port] : rest;
}

/* The most mbufs that the rings can hold together. */
uint32_t punt_capacity(void);

/* With the meters of the configuration's defaults. -ENOMEM. */
int punt_open(struct punt *punt);
/* Main lcore: by these meters from now on; of a class whose meter is as before, nothing changes.
 * What librte_meter says. */
int punt_configure(struct punt *punt, const struct config_meter limits[METERS]);
/* Frees what the rings still hold. */
void punt_close(struct punt *punt);

/* Forwarding lcores. Takes the packet over; counts it as punted or as dropped. */
void punt_send(struct punt *punt, struct counters *counters, enum punt_class class_,
	       struct rte_mbuf *m);
/* Takes over a packet that its caller has counted as dropped. Frees it if the ring is full. */
void punt_error(struct punt *punt, struct counters *counters, enum punt_error error, uint16_t mtu,
		struct rte_mbuf *m);

/* Then, once for all that was handed over: the consumer may be asleep. */
static inline void punt_wake(struct punt *punt)
{
	if (punt->consumer)
		wake_up(punt->consumer);
}

/* Main lcore: a segment that the kernel sends shows which flow it holds. */
void punt_sent(struct punt *punt, struct tcp_segment s);

/* Main lcore: at most `n` packets of a class that the meters let through; the others are dropped
 * and counted. */
uint16_t punt_take(struct punt *punt, struct counters *counters, enum punt_class class_,
		   struct rte_mbuf **pkts, uint16_t n);
uint16_t punt_take_errors(struct punt *punt, struct rte_mbuf **pkts, uint16_t n);

#ifdef __cplusplus
}
#endif
#endif
