/* Sets ethdevs up: queues, RSS, offloads as far as the device has them. Every refusal is logged
 * with the port's name. */
#include "port.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_pci.h>

#include "af_packet.h"
#include "log.h"
#include "netdev.h"

enum {
	PORT_DESCRIPTORS =
		1024, /* each queue: 32 bursts, some 70 µs of 64-octet packets at 10 Gbit/s */
	FRAME_OVERHEAD = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN,
};

bool port_is_pci(const char *device)
{
	struct rte_pci_addr addr;
	char text[32];
	size_t len = strcspn(device, ",");

	if (len >= sizeof(text))
		return false;
	memcpy(text, device, len);
	text[len] = '\0';
	return !rte_pci_addr_parse(text, &addr);
}

void port_netdev(const char *device, char netdev[IFNAMSIZ])
{
	const char *at = strstr(device, ",iface=");
	size_t len;

	netdev[0] = '\0';
	if (strncmp(device, "net_af_packet", strlen("net_af_packet")) &&
	    strncmp(device, "eth_af_packet", 13))
		return;
	if (!at)
		return;
	at += strlen(",iface=");
	len = strcspn(at, ",");
	if (len >= IFNAMSIZ)
		return;
	memcpy(netdev, at, len);
	netdev[len] = '\0';
}

/* EAL names a vdev by what stands before its arguments, a PCI device by its full address. */
static void device_name(const char *device, char name[RTE_DEV_NAME_MAX_LEN])
{
	struct rte_pci_addr addr;

	snprintf(name, RTE_DEV_NAME_MAX_LEN, "%.*s", (int)strcspn(device, ","), device);
	if (port_is_pci(device)) {
		rte_pci_addr_parse(name, &addr);
		rte_pci_device_name(&addr, name, RTE_DEV_NAME_MAX_LEN);
	}
}

/* By the device rather than by the ethdev's name: a driver that makes several names them as it
 * likes. */
static int find(const struct config_port *config, uint16_t *id)
{
	char name[RTE_DEV_NAME_MAX_LEN];
	struct rte_eth_dev_info info;
	unsigned int n = 0;
	uint16_t p;

	device_name(config->device, name);
	RTE_ETH_FOREACH_DEV (p) {
		if (rte_eth_dev_info_get(p, &info) || strcmp(rte_dev_name(info.device), name))
			continue;
		*id = p;
		n++;
	}
	if (n == 1)
		return 0;
	log_error("port %s: device %s: %s", config->name, config->device,
		  n ? "it makes several ports" : "not found, or its driver refused it");
	return n ? -ENOTSUP : -ENODEV;
}

int ports_find(const struct config_dataplane *config, uint16_t ids[CONFIG_PORTS])
{
	for (size_t i = 0; i < config->nb_ports; i++) {
		int err = find(&config->ports[i], &ids[i]);

		if (err)
			return err;
		if (ids[i] < config->nb_ports)
			continue;
		log_error("port %s: device %s: DPDK has made ports of other devices before it",
			  config->ports[i].name, config->ports[i].device);
		return -ENOTSUP;
	}
	return 0;
}

/* Everything that may be asked for, masked with what the device can do: unknown devices must
 * start. */
static struct rte_eth_conf configuration(const struct rte_eth_dev_info *info, uint16_t nb_rxq,
					 bool tx_shared)
{
	struct rte_eth_conf conf = { .rxmode = { .mq_mode = RTE_ETH_MQ_RX_NONE } };

	conf.rxmode.offloads = info->rx_offload_capa &
			       (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_RSS_HASH);
	/* One pool and reference count 1 hold for all but the shared case, too: held frames are
	 * never cloned. */
	conf.txmode.offloads = info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	if (tx_shared)
		conf.txmode.offloads = 0;
	if (nb_rxq > 1) {
		conf.rx_adv_conf.rss_conf.rss_hf =
			info->flow_type_rss_offloads &
			(RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP);
		if (conf.rx_adv_conf.rss_conf.rss_hf)
			conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	}
	return conf;
}

static int queues(struct port *port, const struct rte_eth_dev_info *info,
		  const struct rte_eth_conf *conf, struct rte_mempool *pool)
{
	uint16_t nb_rxd = PORT_DESCRIPTORS, nb_txd = PORT_DESCRIPTORS;
	struct rte_eth_rxconf rx = info->default_rxconf;
	struct rte_eth_txconf tx = info->default_txconf;
	int socket = rte_eth_dev_socket_id(port->id), err;

	err = rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &nb_rxd, &nb_txd);
	rx.offloads = conf->rxmode.offloads;
	tx.offloads = conf->txmode.offloads;
	for (uint16_t q = 0; !err && q < port->nb_rxq; q++)
		err = rte_eth_rx_queue_setup(port->id, q, nb_rxd, (unsigned int)socket, &rx, pool);
	for (uint16_t q = 0; !err && q < port->nb_txq; q++)
		err = rte_eth_tx_queue_setup(port->id, q, nb_txd, (unsigned int)socket, &tx);
	return err;
}

/* net_af_packet knows a largest frame of 1,518 octets, whatever its slots hold: the kernel's device
 * has the say. */
static int netdev_open(struct port *port)
{
	int err;

	port->netdev_index = netdev_index(port->netdev);
	if (port->netdev_index < 0)
		return port->netdev_index;
	if (!af_packet_sockets(port->netdev_index))
		log_warning("port %s: device %s: the kernel puts fragments together before we see "
			    "them, and those of large packets are lost",
			    port->config->name, port->netdev);
	err = netdev_mtu_set(port->netdev, port->mtu);
	if (err)
		log_error("port %s: device %s does not take an MTU of %u: %s", port->config->name,
			  port->netdev, port->mtu, strerror(-err));
	return err;
}

static int mtu_check(const struct port *port, const struct rte_eth_dev_info *info)
{
	uint32_t most = info->max_mtu;

	if (info->max_rx_pktlen > FRAME_OVERHEAD)
		most = RTE_MIN(most, info->max_rx_pktlen - FRAME_OVERHEAD);
	if (port->netdev[0] || port->mtu <= most)
		return 0;
	log_error("port %s: device %s takes an MTU of %u at most, %u are configured",
		  port->config->name, port->config->device, most, port->mtu);
	return -EINVAL;
}

int port_open(struct port *port, uint16_t id, const struct config_port *config, uint16_t nb_rxq,
	      uint16_t nb_lcores, struct rte_mempool *pool)
{
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf;
	int err;

	*port = (struct port){
		.id = id, .role = (uint8_t)config->role, .mtu = config->mtu, .config = config
	};
	rte_spinlock_init(&port->tx_lock);
	port_netdev(config->device, port->netdev);
	if (config->nb_addresses)
		port->addr = config->addresses[0].addr;
	err = rte_eth_dev_info_get(port->id, &info);
	if (err)
		goto refused;
	port->nb_rxq = RTE_MIN(nb_rxq, info.max_rx_queues);
	port->tx_shared = info.max_tx_queues < nb_lcores;
	port->nb_txq = port->tx_shared ? 1 : nb_lcores;
	conf = configuration(&info, port->nb_rxq, port->tx_shared);
	port->link_events = *info.dev_flags & RTE_ETH_DEV_INTR_LSC;
	conf.intr_conf.lsc = port->link_events;
	err = mtu_check(port, &info);
	if (err)
		return err;
	conf.rxmode.mtu = port->netdev[0] ? RTE_MIN(port->mtu, RTE_ETHER_MTU) : port->mtu;
	err = rte_eth_dev_configure(port->id, port->nb_rxq, port->nb_txq, &conf);
	if (err)
		goto refused;
	err = queues(port, &info, &conf, pool);
	if (err)
		goto refused;
	err = port->netdev[0] ? netdev_open(port) : rte_eth_dev_set_mtu(port->id, port->mtu);
	if (err && err != -ENOTSUP)
		goto refused;
	err = rte_eth_macaddr_get(port->id, &port->mac);
	if (err)
		goto refused;
	return 0;

refused:
	log_error("port %s: device %s: %s", config->name, config->device, strerror(-err));
	return err;
}

int port_start(struct port *port)
{
	int err = rte_eth_dev_start(port->id);

	if (err) {
		log_error("port %s: cannot start device %s: %s", port->config->name,
			  port->config->device, strerror(-err));
		return err;
	}
	log_info("port %s: %s, role %s, %u receive and %u transmit queues%s", port->config->name,
		 port->config->device, role_name((enum role)port->role), port->nb_rxq, port->nb_txq,
		 port->tx_shared ? " (shared)" : "");
	return 0;
}

void port_close(struct port *port)
{
	rte_eth_dev_stop(port->id);
	rte_eth_dev_close(port->id);
}

/* net_af_packet always reports a link; the device under it knows better. */
bool port_link(const struct port *port)
{
	struct rte_eth_link link;

	if (rte_eth_link_get_nowait(port->id, &link) || link.link_status != RTE_ETH_LINK_UP)
		return false;
	return !port->netdev[0] || netdev_running(port->netdev);
}
