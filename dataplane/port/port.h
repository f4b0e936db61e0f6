/* A port: one ethdev, its queues, and what the configuration says about it. Its index among our
 * ports is its DPDK port id, because ours are the only ethdevs of the process; it is not its place
 * in the configuration, as EAL probes PCI devices by address and vdevs last. Everything but `up` is
 * fixed before forwarding begins. */
#ifndef BASCULE_PORT_H
#define BASCULE_PORT_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_mempool.h>
#include <rte_spinlock.h>

#include "config.h"

#ifdef __cplusplus
extern "C" {
#endif

struct port {
	uint16_t id; /* DPDK port id */
	uint16_t
		/* octets of IP packet: as configured, or what the device under it takes if that is
		 * less */
		mtu;
	uint8_t role; /* enum role: the view that its packets are looked up in */
	bool up;      /* link state; atomic, written by the main lcore */
	struct rte_ether_addr mac;
	uint32_t addr; /* host order: the source of our ICMP errors; 0 if the port has none */
	uint16_t nb_rxq, nb_txq;
	bool tx_shared; /* fewer TX queues than lcores: tx_lock guards queue 0 */
	rte_spinlock_t tx_lock;
	/* the device keeps what port_link() says up to date: to look costs nothing */
	bool link_events;
	char netdev[IFNAMSIZ]; /* kernel device under a net_af_packet port, or empty */
	int netdev_index;      /* the one that we are bound to */
	int netdev_refused;    /* one of its name that could not be opened */
	bool device_lost;
	const struct config_port *config; /* borrowed; lives as long as the process */
};

/* The kernel device that a device string names with iface=, if it is of net_af_packet. Empty
 * `netdev` if none. */
void port_netdev(const char *device, char netdev[IFNAMSIZ]);

/* Is it a PCI address ("0000:3b:00.0", "3b:00.0"), with or without arguments behind a comma? */
bool port_is_pci(const char *device);

/* The DPDK port id of each configured port: all different, all below nb_ports. Logs which device is
 * missing (-ENODEV) or makes more than one port (-ENOTSUP). */
int ports_find(const struct config_dataplane *config, uint16_t ids[CONFIG_PORTS]);

/* Set the ethdev `id` up with `nb_rxq` receive queues at most and one TX queue for each of
 * `nb_lcores` if it has so many. Logs what is wrong; -errno. */
int port_open(struct port *port, uint16_t id, const struct config_port *config, uint16_t nb_rxq,
	      uint16_t nb_lcores, struct rte_mempool *pool);
int port_start(struct port *port);
void port_close(struct port *port);

/* What the device and the kernel device under it say now. */
bool port_link(const struct port *port);

#ifdef __cplusplus
}
#endif
#endif
