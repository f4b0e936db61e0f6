/* What the dataplane tells: rte_telemetry commands, answered in JSON with stable snake_case names, on the socket
 * /var/run/dpdk/bascule-<instance>/dpdk_telemetry.v2. Replies stay below 16 KB.
 *
 *   /bascule/info                pid, version, uptime_s, instance, generation, published, gate (a number: bit ingress
 *                                role * 8 + egress role), neighbours
 *   /bascule/ports               by name: id, device, role, mac, mtu, link, lcp, addresses, and the device's counters
 *   /bascule/counters            rx, tx, ...; drops and events by name, all lcores together
 *   /bascule/neighbours,OFFSET   hosts from table index OFFSET (default 0) on, by "port address": mac, state, age_s; `next`
 *                                is the OFFSET to ask for next, 0 at the end
 *   /bascule/fib,ROLE,ADDRESS    what the active tables do with a packet from a port of that role to ADDRESS: path_list,
 *                                and for each member its adjacency, gateway, port, egress_role, state, gate_open
 *
 * The answers are given by telemetry's own thread, from words that the lcores write: each is whole, together they may be
 * a packet apart. */
#ifndef BASCULE_TELEMETRY_H
#define BASCULE_TELEMETRY_H

#include "dataplane.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Answer for `dp` until telemetry_close(). There is one dataplane a process. */
void telemetry_open(struct dataplane *dp);
/* Waits for an answer that is being given; later questions get none. */
void telemetry_close(void);

#ifdef __cplusplus
}
#endif
#endif
