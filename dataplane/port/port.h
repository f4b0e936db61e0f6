/* A port, as the configuration calls it: an interface with a role, addresses and an MTU. It is
 * alone on its device, or shares it with others and is known by its frames' tags. Everything but
 * `up` and `mtu` is fixed before forwarding begins.
 *
 * Its id is its place among our ports, in everything that is kept by port: tables, adjacencies, and
 * the mbufs of what it has received. It is the DPDK port id of its device where that can be, which
 * is what a driver writes into mbufs. */
#ifndef BASCULE_PORT_H
#define BASCULE_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>

#include "config.h"
#include "device.h"

#ifdef __cplusplus
extern "C" {
#endif

struct port {
	uint16_t id;
	/* octets of IP packet: as configured, or what the device under it takes if that is less */
	uint16_t mtu;
	uint8_t role; /* enum role: the view that its packets are looked up in */
	bool up;      /* link state; atomic, written by the main lcore */
	bool ip6;     /* it has addresses of IPv6; if not, that is no EtherType of ours */
	struct rte_ether_addr mac; /* the device's */
	uint32_t addr;	   /* host order: the source of our ICMP errors; 0 if the port has none */
	uint8_t addr6[16]; /* the same of IPv6, as on the wire; all zero if it has none */
	struct tag_header tags;		  /* of its frames */
	struct device *device;		  /* borrowed */
	const struct config_port *config; /* borrowed; lives as long as the process */
};

/* Give each configured port an id below nb_ports. `device_ids` as of devices_find(): the first port
 * of each device gets that, if it is low enough. */
void ports_number(const struct config_dataplane *config, const uint16_t device_ids[CONFIG_PORTS],
		  uint16_t ids[CONFIG_PORTS]);

/* Put it on the device, which is open. */
void port_init(struct port *port, uint16_t id, struct device *device,
	       const struct config_port *config);

#ifdef __cplusplus
}
#endif
#endif
