/* Sets ethdevs up: queues, RSS, offloads as far as the device has them. Every refusal is logged
 * with the name of the device's first port. */
#include "device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_ethdev.h>

#include "af_packet.h"
#include "bus.h"
#include "device_conf.h"
#include "log.h"
#include "netdev.h"

enum {
	FRAME_OVERHEAD = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN,
};

static int find(const struct config_port *config, const char *device, uint16_t *id)
{
	int err = bus_find(device, id);

	if (err)
		log_error("port %s: device %s: %s", config->name, device,
			  err == -ENOTSUP ? "it makes several ports"
					  : "not found, or its driver refused it");
	return err;
}

int device_find(const struct config_port *config, uint16_t *id)
{
	uint16_t members[CONFIG_MEMBERS];
	int err = 0;

	if (!config->nb_members)
		return find(config, config->device, id);
	for (size_t i = 0; !err && i < config->nb_members; i++)
		err = find(config, config->members[i], &members[i]);
	return err ? err : bond_create(config, members, id);
}

int devices_find(const struct config_dataplane *config, uint16_t ids[CONFIG_PORTS])
{
	for (size_t i = 0; i < config->nb_ports; i++) {
		size_t first = config_device_first(config, i);
		int err = 0;

		if (first < i)
			ids[i] = ids[first];
		else
			err = device_find(&config->ports[i], &ids[i]);
		if (err)
			return err;
	}
	return 0;
}

static uint32_t part_room(uint16_t id, uint32_t frame)
{
	struct rte_eth_dev_info info;

	return rte_eth_dev_info_get(id, &info) ? frame : device_conf_room(&info, frame);
}

uint32_t device_room(const struct config_dataplane *config, size_t i, uint16_t id)
{
	const struct config_port *port = &config->ports[i];
	uint16_t payload = config_device_payload(config, i), members[CONFIG_MEMBERS], n;
	/* with tags of others, too */
	uint32_t frame = payload + FRAME_OVERHEAD + 2 * RTE_VLAN_HLEN, most = part_room(id, frame);
	const char *part;

	n = bond_members(id, port, members);
	for (uint16_t k = 0; k < n; k++)
		most = RTE_MAX(most, part_room(members[k], frame));
	for (size_t k = 0; (part = config_port_part(port, k)); k++)
		most = RTE_MAX(most, config_device_slot(part, payload));
	return most;
}

static int queues(struct device *device, const struct rte_eth_dev_info *info,
		  const struct rte_eth_conf *conf, struct rte_mempool *pool)
{
	uint16_t nb_rxd = device->config->rx_descriptors, nb_txd = device->config->tx_descriptors;
	struct rte_eth_rxconf rx = info->default_rxconf;
	struct rte_eth_txconf tx = info->default_txconf;
	int socket = rte_eth_dev_socket_id(device->id), err;

	err = rte_eth_dev_adjust_nb_rx_tx_desc(device->id, &nb_rxd, &nb_txd);
	rx.offloads = conf->rxmode.offloads;
	tx.offloads = conf->txmode.offloads;
	for (uint16_t q = 0; !err && q < device->nb_rxq; q++)
		err = rte_eth_rx_queue_setup(device->id, q, nb_rxd, (unsigned int)socket, &rx,
					     pool);
	for (uint16_t q = 0; !err && q < device->nb_txq; q++)
		err = rte_eth_tx_queue_setup(device->id, q, nb_txd, (unsigned int)socket, &tx);
	return err;
}

/* What leaves by it the kernel shows to the driver's sockets too, unless they ask for none of it;
 * what the driver itself sends it does not. */
static void gso_open(struct device *device)
{
	int err = 0;

	if (device->gso.open)
		return;
	err = af_packet_ignore_outgoing(device->netdevs[0].index);
	if (!err)
		err = gso_socket_open(&device->gso, device->netdevs[0].index);
	if (err)
		log_warning("port %s: device %s: TCP is sent segment by segment, as the kernel "
			    "takes no others: %s",
			    device->config->name, device->netdevs[0].name, strerror(-err));
}

static void netdevs_init(struct device *device)
{
	const char *part;

	for (size_t k = 0; (part = config_port_part(device->config, k)); k++) {
		struct device_netdev *netdev = &device->netdevs[device->nb_netdevs];

		device_netdev(part, netdev->name);
		device->nb_netdevs += netdev->name[0] != '\0';
	}
}

/* net_af_packet knows a largest frame of 1,518 octets, whatever its slots hold: the kernel's device
 * has the say. */
static int netdev_open(struct device *device, struct device_netdev *netdev)
{
	int err;

	netdev->index = netdev_index(netdev->name);
	if (netdev->index < 0)
		return netdev->index;
	if (!af_packet_sockets(netdev->index))
		log_warning("port %s: device %s: the kernel puts fragments together before we see "
			    "them, and those of large packets are lost",
			    device->config->name, netdev->name);
	err = netdev_mtu_set(netdev->name, device->payload);
	if (err)
		log_error("port %s: device %s does not take an MTU of %u: %s", device->config->name,
			  netdev->name, device->payload, strerror(-err));
	return err;
}

static int netdevs_open(struct device *device)
{
	int err = 0;

	for (uint16_t i = 0; !err && i < device->nb_netdevs; i++)
		err = netdev_open(device, &device->netdevs[i]);
	if (!err && !device->bond.nb)
		gso_open(device);
	return err;
}

/* Does this one, the device itself or a member of it, take the largest frame? */
static int mtu_check(const struct device *device, uint16_t id, const char *what)
{
	struct rte_eth_dev_info info;
	int err = rte_eth_dev_info_get(id, &info);
	uint32_t most;

	if (err)
		return err;
	if (!device_conf_takes(&info, rte_pktmbuf_data_room_size(device->wants.pool) -
					      RTE_PKTMBUF_HEADROOM)) {
		log_error("port %s: device %s takes no packet buffers of 16,384 octets, which "
			  "another port's MTU above 8,150 on a NIC of net_e1000_em needs: lower "
			  "that",
			  device->config->name, what);
		return -EINVAL;
	}
	most = info.max_mtu;
	if (info.max_rx_pktlen > FRAME_OVERHEAD)
		most = RTE_MIN(most, info.max_rx_pktlen - FRAME_OVERHEAD);
	if (device->nb_netdevs || device->payload <= most)
		return 0;
	log_error("port %s: device %s takes an MTU of %u at most, %u are configured",
		  device->config->name, what, most, device->payload);
	return -EINVAL;
}

static int mtus_check(const struct device *device)
{
	int err = 0;

	if (!device->bond.nb)
		return mtu_check(device, device->id, device->config->device);
	for (uint16_t i = 0; !err && i < device->bond.nb; i++) {
		const struct bond_member *member = &device->bond.member[i];

		if (bond_member_there(member))
			err = mtu_check(device, member->id, member->device);
	}
	return err;
}

static bool same_device(const struct config_port *a, const struct config_port *b)
{
	return !strcmp(a->device, b->device);
}

static bool tagged(const struct config_dataplane *dataplane, const struct config_port *of)
{
	for (size_t i = 0; i < dataplane->nb_ports; i++) {
		if (same_device(&dataplane->ports[i], of) && dataplane->ports[i].vlan)
			return true;
	}
	return false;
}

/* The first tag of each port. */
static int filter_open(const struct device *device, const struct config_dataplane *dataplane)
{
	int err = 0;

	for (size_t i = 0; !err && i < dataplane->nb_ports; i++) {
		const struct config_port *port = &dataplane->ports[i];

		if (same_device(port, device->config) && port->vlan)
			err = rte_eth_dev_vlan_filter(
				device->id, port->outer_vlan ? port->outer_vlan : port->vlan, 1);
	}
	return err;
}

/* Configure it as `device` and the configuration say. */
static int device_setup(struct device *device)
{
	const struct config_port *config = device->config;
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf;
	int err = rte_eth_dev_info_get(device->id, &info);

	if (err)
		return err;
	device->nb_rxq = config->rx_queues ? config->rx_queues
					   : RTE_MIN(device->wants.nb_rxq, info.max_rx_queues);
	if (device->nb_rxq > info.max_rx_queues) {
		log_error("port %s: device %s has %u receive queues at most, %u are configured",
			  config->name, config->device, info.max_rx_queues, config->rx_queues);
		return -EINVAL;
	}
	device_conf_disable(&info, config->disabled_offloads);
	if (device->wants.pools_differ)
		device_conf_disable(&info, 1 << OFFLOAD_MBUF_FAST_FREE);
	device->tx_shared = info.max_tx_queues < device->wants.nb_lcores;
	device->nb_txq = device->tx_shared ? 1 : device->wants.nb_lcores;
	conf = device_conf(&info, device->nb_rxq, device->tx_shared,
			   tagged(device->dataplane, config));
	if (config->symmetric_rss && device->nb_rxq > 1 && !device_conf_symmetric(&info, &conf))
		log_warning("port %s: device %s takes no key for RSS: the directions of a flow may "
			    "come to two lcores",
			    config->name, config->device);
	device->offloads = device_conf_offloads(&conf);
	device->inserts_vlan = conf.txmode.offloads & RTE_ETH_TX_OFFLOAD_VLAN_INSERT;
	/* A bond's driver hears of its members' links, and LACP has the say about the bond's. */
	device->link_events = !device->bond.nb && (*info.dev_flags & RTE_ETH_DEV_INTR_LSC);
	conf.intr_conf.lsc = device->link_events;
	conf.intr_conf.rmv = (*info.dev_flags & RTE_ETH_DEV_INTR_RMV) != 0;
	err = mtus_check(device);
	if (err)
		return err;
	conf.rxmode.mtu =
		device->nb_netdevs ? RTE_MIN(device->payload, RTE_ETHER_MTU) : device->payload;
	err = rte_eth_dev_configure(device->id, device->nb_rxq, device->nb_txq, &conf);
	if (!err)
		err = queues(device, &info, &conf, device->wants.pool);
	if (err)
		return err;
	/* Members are configured, with the bond's MTU, when it is started. */
	if (device->nb_netdevs)
		err = netdevs_open(device);
	else if (!device->bond.nb)
		err = rte_eth_dev_set_mtu(device->id, device->payload);
	if (err && err != -ENOTSUP)
		return err;
	err = 0;
	if (conf.rxmode.offloads & RTE_ETH_RX_OFFLOAD_VLAN_FILTER)
		err = filter_open(device, device->dataplane);
	return err == -ENOTSUP ? 0 : err;
}

int device_open(struct device *device, uint16_t id, const struct config_dataplane *dataplane,
		size_t first, struct device_wants wants)
{
	const struct config_port *config = &dataplane->ports[first];
	int err;

	*device = (struct device){
		.id = id,
		.payload = config_device_payload(dataplane, first),
		.config = config,
		.dataplane = dataplane,
		.wants = wants,
	};
	rte_spinlock_init(&device->tx_lock);
	tag_map_init(&device->tags);
	bond_init(&device->bond, id, config, device->payload);
	netdevs_init(device);
	err = device_setup(device);
	if (!err)
		err = rte_eth_macaddr_get(device->id, &device->mac);
	if (err)
		log_error("port %s: device %s: %s", config->name, config->device, strerror(-err));
	return err;
}

static bool has_ip6(const struct device *device)
{
	const struct config_dataplane *dataplane = device->dataplane;

	for (size_t i = 0; i < dataplane->nb_ports; i++) {
		const struct config_port *port = &dataplane->ports[i];

		if (same_device(port, device->config) && config_port_has(port, FAMILY_IPV6))
			return true;
	}
	return false;
}

/* net_af_packet has no call for it, its sockets have. */
static int netdevs_groups(const struct device *device)
{
	int err = 0;

	for (uint16_t i = 0; !err && i < device->nb_netdevs; i++)
		err = af_packet_hear_groups(device->netdevs[i].index);
	return err;
}

/* Neighbour discovery is sent to groups (RFC 4861; RFC 2464 7), one for each of our addresses: all
 * are taken, since what is not ours is dropped behind the device anyway. A bond takes them by
 * bond_start(). */
static int groups_open(const struct device *device)
{
	int err;

	if (!has_ip6(device))
		return 0;
	if (device->nb_netdevs)
		return netdevs_groups(device);
	err = rte_eth_allmulticast_enable(device->id);
	if (err == -ENOTSUP)
		err = rte_eth_promiscuous_enable(device->id);
	return err == -ENOTSUP ? 0 : err; /* it filters nothing */
}

int device_start(struct device *device)
{
	int err = rte_eth_dev_start(device->id);

	if (!err && device->bond.nb)
		err = bond_start(&device->bond);
	if (!err && device->bond.nb && device->nb_netdevs) /* which its start has set anew */
		err = netdevs_open(device);
	if (!err)
		err = groups_open(device);
	if (err) {
		log_error("port %s: cannot start device %s: %s", device->config->name,
			  device->config->device, strerror(-err));
		return err;
	}
	log_info("device %s: %u receive and %u transmit queues%s", device->config->device,
		 device->nb_rxq, device->nb_txq, device->tx_shared ? " (shared)" : "");
	return 0;
}

/* --- resets and losses ------------------------------------------------------------------------ */

static int on_event(uint16_t id, enum rte_eth_event_type type, void *arg, void *result)
{
	struct device *device = arg;
	bool removed = type != RTE_ETH_EVENT_INTR_RESET;

	/* A bond goes on without a member, once it has been set up without it. */
	if (bond_member_failed(&device->bond, id, removed))
		removed = false;
	else if (id != device->id)
		return 0;
	__atomic_or_fetch(&device->events, removed ? DEVICE_EVENT_REMOVED : DEVICE_EVENT_RESET,
			  __ATOMIC_RELEASE);
	return 0;
}

static const enum rte_eth_event_type heard[] = { RTE_ETH_EVENT_INTR_RESET, RTE_ETH_EVENT_INTR_RMV };

/* Call `fn` for the device, or for each member of it. */
static int each_ethdev(struct device *device, int (*fn)(struct device *device, uint16_t id))
{
	int err = device->bond.nb ? 0 : fn(device, device->id);

	for (uint16_t i = 0; !err && i < device->bond.nb; i++) {
		if (bond_member_there(&device->bond.member[i]))
			err = fn(device, device->bond.member[i].id);
	}
	return err;
}

static int listen_to(struct device *device, uint16_t id)
{
	int err = 0;

	for (size_t i = 0; !err && i < RTE_DIM(heard); i++)
		err = rte_eth_dev_callback_register(id, heard[i], on_event, device);
	return err;
}

static int forget(struct device *device, uint16_t id)
{
	for (size_t i = 0; i < RTE_DIM(heard); i++)
		rte_eth_dev_callback_unregister(id, heard[i], on_event, device);
	return 0;
}

int devices_listen(struct device *devices, uint16_t n)
{
	int err = 0;

	for (uint16_t d = 0; !err && d < n; d++)
		err = each_ethdev(&devices[d], listen_to);
	return err;
}

void devices_forget(struct device *devices, uint16_t n)
{
	for (uint16_t d = 0; d < n; d++)
		each_ethdev(&devices[d], forget);
}

int device_join(struct device *device)
{
	int err = bond_join(&device->bond);

	return err ? err : devices_listen(device, 1);
}

/* A PF may give its VF another one; peers know ours. */
static int keep_mac(struct device *device)
{
	struct rte_ether_addr now;
	int err = rte_eth_macaddr_get(device->id, &now);

	if (err || rte_is_same_ether_addr(&now, &device->mac))
		return err;
	return rte_eth_dev_default_mac_addr_set(device->id, &device->mac);
}

int device_restore(struct device *device)
{
	int err = device_setup(device);

	if (!err)
		err = keep_mac(device);
	if (err) {
		log_error("port %s: device %s cannot be set up as it was: %s", device->config->name,
			  device->config->device, strerror(-err));
		return err;
	}
	return device_start(device);
}

int device_revive(struct device *device)
{
	int err = rte_eth_dev_reset(device->id);

	if (err == -ENOTSUP) /* its driver has no more than this */
		err = rte_eth_dev_stop(device->id);
	if (!err && device->bond.nb)
		err = bond_revive(&device->bond);
	if (!err && device->bond.nb)
		err = devices_listen(device, 1);
	if (!err)
		return device_restore(device);
	log_error("port %s: device %s cannot be reset: %s", device->config->name,
		  device->config->device, strerror(-err));
	return err;
}

void device_close(struct device *device)
{
	if (device->closed)
		return;
	rte_eth_dev_stop(device->id);
	rte_eth_dev_close(device->id);
	bond_close(&device->bond);
	gso_socket_close(&device->gso);
	device->closed = true;
}

/* net_af_packet always reports a link; the device under it knows better. */
bool device_link(const struct device *device)
{
	struct rte_eth_link link;

	if (__atomic_load_n(&device->events, __ATOMIC_RELAXED) || device->paused)
		return false; /* it has failed: device_recovery.h */
	if (device->bond.nb)
		return __atomic_load_n(&device->bond.carrying, __ATOMIC_RELAXED);
	if (rte_eth_link_get_nowait(device->id, &link) || link.link_status != RTE_ETH_LINK_UP)
		return false;
	return !device->nb_netdevs || netdev_running(device->netdevs[0].name);
}
