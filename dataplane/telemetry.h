/* What the dataplane answers: rte_telemetry commands, answered in JSON with stable snake_case
 * names, on the socket dpdk_telemetry.v2 (config_dpdk_path()). Replies stay below 16
 * KB.
 *
 *   /bascule/info                instance, version, pid, uptime_s, generation, published, gate (a
 *                                number: bit ingress role * 8 + egress role), neighbours
 *   /bascule/ports               {"port_0": {name, id, device, vlan, outer_vlan, role, mac, mtu,
 *                                link, lcp, addresses, rx_packets, ...}, ...}
 *   /bascule/device,ID           of the port with this id: driver, numa_node, firmware, rx_queues,
 *                                tx_queues, rx_queues_most, tx_queues_most, rx_descriptors,
 *                                tx_descriptors, speed_mbps, duplex, autonegotiated,
 *                                link_interrupt, flow_control ("none", "rx", "tx", "full"),
 *                                promiscuous, all_multicast; what its driver does not tell is left
 *                                out
 *   /bascule/counters            rx, tx, to_kernel, from_kernel, originated; {"punted", "drops",
 *                                "events": {name: count}}
 *   /bascule/counters,ID         of the port with this id; and of its device "device_drops", before
 *                                it was known which port's a frame is
 *   /bascule/neighbours,OFFSET   {"neighbours": {"host_12": {port, address, state, mac, age_s},
 *                                ...}, "next": N}: hosts from table index OFFSET (default 0) on; N
 *                                is the OFFSET to ask for next, 0 at the end
 *   /bascule/fib,ROLE,ADDRESS    what the active tables do with a packet from a port of that role
 *                                to ADDRESS: view, address, path_list, {"members": {"adjacency_8":
 *                                {state, gateway, port, egress_role, mtu, gate_open, mac}, ...}};
 *                                gateway 0.0.0.0 is the destination itself
 *
 * The answers are given by telemetry's own thread, from words that the lcores write: each is whole,
 * together they may be a packet apart. */
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
