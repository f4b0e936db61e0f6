/* A device: one ethdev of DPDK's, its queues, its link, and the kernel device under it. It carries
 * one port of ours or, told apart by the tags of their frames, several (port.h). Everything but its
 * link and what is kept of the kernel device is fixed before forwarding begins. */
#ifndef BASCULE_DEVICE_H
#define BASCULE_DEVICE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_mempool.h>
#include <rte_spinlock.h>

#include "bond.h"
#include "config.h"
#include "device_name.h"
#include "gso_socket.h"
#include "tag_map.h"

#ifdef __cplusplus
extern "C" {
#endif

struct device_wants {
	uint16_t nb_rxq;    /* receive queues at most, where the configuration does not say */
	uint16_t nb_lcores; /* one TX queue for each, if it has so many */
	struct rte_mempool *pool;
	bool pools_differ; /* what leaves by it may be of other pools */
};

/* What its driver has said in DPDK's interrupt thread: bits of device.events. */
enum { DEVICE_EVENT_RESET = 1, DEVICE_EVENT_REMOVED = 2 };

/* The kernel device under one of net_af_packet. */
struct device_netdev {
	char name[IFNAMSIZ];
	int index;   /* the one that we are bound to */
	int refused; /* one of its name that could not be opened */
	bool lost;   /* it was deleted */
};

struct device {
	uint16_t id;	  /* DPDK port id */
	uint16_t payload; /* octets of tags and IP packet of its largest frame */
	struct rte_ether_addr mac;
	uint16_t nb_rxq, nb_txq;
	bool tx_shared; /* fewer TX queues than lcores: tx_lock guards queue 0 */
	rte_spinlock_t tx_lock;
	/* the driver keeps what device_link() says up to date: to look costs nothing */
	bool link_events;
	/* kernel devices under it, of net_af_packet: none, one, or one for each member of a bond */
	struct device_netdev netdevs[CONFIG_MEMBERS];
	uint16_t nb_netdevs;
	struct gso_socket gso;	 /* into the only one, if that can be */
	struct bond bond;	 /* if it is one */
	bool lost;		 /* the kernel device was deleted, or ours has failed */
	uint32_t events;	 /* atomic: of DPDK's interrupt thread */
	bool closed;		 /* device_close() was called */
	struct rte_device *held; /* closed, but not let go of yet: device_plug.h */
	bool paused;		 /* atomic: nobody calls its queues, once a grace period is over */
	uint8_t offloads;	 /* bits (enum config_offload) of what it does in our place */
	bool inserts_vlan;	 /* it puts a tag on what is sent, if that is asked for */
	struct tag_map tags;	 /* of its ports */
	const struct config_port *config; /* of its first port; borrowed: as long as the process */
	const struct config_dataplane *dataplane; /* likewise */
	struct device_wants wants;
};

/* The DPDK port id of a configured port's device; errors as of devices_find(). */
int device_find(const struct config_port *config, uint16_t *id);
/* The DPDK port id of each configured port's device, which several may share. Logs which device is
 * missing (-ENODEV) or makes more than one ethdev (-ENOTSUP). */
int devices_find(const struct config_dataplane *config, uint16_t ids[CONFIG_PORTS]);

/* Octets that a packet buffer must hold, so that the device `id` of port `i` puts its largest frame
 * into one. */
uint32_t device_room(const struct config_dataplane *config, size_t i, uint16_t id);

/* Set the ethdev `id` up, on which port `first` of the configuration is the first. Logs what is
 * wrong; -errno. */
int device_open(struct device *device, uint16_t id, const struct config_dataplane *config,
		size_t first, struct device_wants wants);
int device_start(struct device *device);

/* Hear from now on what the drivers of `n` devices say about resets and losses. -errno. */
int devices_listen(struct device *devices, uint16_t n);
void devices_forget(struct device *devices, uint16_t n);
/* Set it up as it was, with its MAC address, and start it; device_revive() resets it before. They
 * block, for seconds with some; nobody else may use the device meanwhile. Both log what is wrong;
 * -errno. */
int device_restore(struct device *device);
int device_revive(struct device *device);
/* Take the members of its bond that have returned, while it works. -errno, logged. */
int device_join(struct device *device);

/* Are there several ports on it, or one with tags, or do its drivers mark packets as those of its
 * members? */
static inline bool device_sorts(const struct device *device)
{
	return device->bond.nb || device->tags.nb_ports > 1 ||
	       (device->tags.nb_ports && device->tags.untagged == TAG_MAP_NONE);
}

void device_close(struct device *device);

/* What the device and the kernel device under it say now; of a bond what LACP said last. */
bool device_link(const struct device *device);

#ifdef __cplusplus
}
#endif
#endif
