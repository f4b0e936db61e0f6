/* Answers about devices. The driver is asked when somebody asks us, by telemetry's thread: all of
 * it is reading. */
#include "device_answer.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_dev.h>
#include <rte_ethdev.h>

#include "device.h"
#include "tel_data.h"

enum { VERSION = 64 };

static void add_yes_no(struct rte_tel_data *d, const char *name, bool is)
{
	rte_tel_data_add_dict_string(d, name, is ? "yes" : "no");
}

static void add_link(struct rte_tel_data *d, uint16_t id)
{
	struct rte_eth_link link;

	if (rte_eth_link_get_nowait(id, &link) || link.link_status != RTE_ETH_LINK_UP)
		return;
	if (link.link_speed && link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN)
		rte_tel_data_add_dict_u64(d, "speed_mbps", link.link_speed);
	rte_tel_data_add_dict_string(
		d, "duplex", link.link_duplex == RTE_ETH_LINK_FULL_DUPLEX ? "full" : "half");
	add_yes_no(d, "autonegotiated", link.link_autoneg == RTE_ETH_LINK_AUTONEG);
}

/* IEEE 802.3x: whose pause frames count. */
static void add_flow_control(struct rte_tel_data *d, uint16_t id)
{
	static const char *const modes[] = {
		[RTE_ETH_FC_NONE] = "none",
		[RTE_ETH_FC_RX_PAUSE] = "rx",
		[RTE_ETH_FC_TX_PAUSE] = "tx",
		[RTE_ETH_FC_FULL] = "full",
	};
	struct rte_eth_fc_conf fc = { 0 };

	if (!rte_eth_dev_flow_ctrl_get(id, &fc) && fc.mode < RTE_DIM(modes))
		rte_tel_data_add_dict_string(d, "flow_control", modes[fc.mode]);
}

static void add_queues(struct rte_tel_data *d, const struct device *device,
		       const struct rte_eth_dev_info *info)
{
	struct rte_eth_rxq_info rx;
	struct rte_eth_txq_info tx;

	rte_tel_data_add_dict_u64(d, "rx_queues", device->nb_rxq);
	rte_tel_data_add_dict_u64(d, "rx_queues_most", info->max_rx_queues);
	rte_tel_data_add_dict_u64(d, "tx_queues", device->nb_txq);
	rte_tel_data_add_dict_u64(d, "tx_queues_most", info->max_tx_queues);
	if (!rte_eth_rx_queue_info_get(device->id, 0, &rx))
		rte_tel_data_add_dict_u64(d, "rx_descriptors", rx.nb_desc);
	if (!rte_eth_tx_queue_info_get(device->id, 0, &tx))
		rte_tel_data_add_dict_u64(d, "tx_descriptors", tx.nb_desc);
}

static void add_member(struct rte_tel_data *members, const struct device *device, uint16_t i)
{
	const struct lacp_member *m = &device->bond.lacp.member[i];
	struct rte_tel_data *d = tel_add_element(members, "member", i);
	char mac[RTE_ETHER_ADDR_FMT_SIZE];

	if (!d)
		return;
	rte_tel_data_add_dict_string(d, "device", device->bond.member[i].device);
	add_yes_no(d, "link", m->receive != LACP_DISABLED);
	rte_tel_data_add_dict_string(d, "state", lacp_state_name(m));
	add_yes_no(d, "selected", m->selected);
	add_yes_no(d, "collecting", lacp_collects(m));
	add_yes_no(d, "distributing", lacp_distributes(m));
	if (m->actor.state & LACP_DEFAULTED)
		return; /* nobody has said what follows */
	rte_ether_format_addr(mac, sizeof(mac), (const void *)m->partner.system);
	rte_tel_data_add_dict_string(d, "partner", mac);
	rte_tel_data_add_dict_u64(d, "partner_key", m->partner.key);
	rte_tel_data_add_dict_u64(d, "partner_port", m->partner.port);
}

/* Of a bond, as LACP has it. */
static void add_members(struct rte_tel_data *d, const struct device *device)
{
	struct rte_tel_data *members = device->bond.nb ? tel_add_dict(d, "members") : NULL;

	for (uint16_t i = 0; members && i < device->bond.nb; i++)
		add_member(members, device, i);
}

/* What it does in our place. */
static void add_offloads(struct rte_tel_data *d, const struct device *device)
{
	struct rte_tel_data *list = rte_tel_data_alloc();

	if (!list)
		return;
	rte_tel_data_start_array(list, RTE_TEL_STRING_VAL);
	for (int i = 0; i < OFFLOADS; i++) {
		if (device->offloads >> i & 1)
			rte_tel_data_add_array_string(list, config_offload_words[i]);
	}
	if (rte_tel_data_add_dict_container(d, "offloads", list, 0))
		rte_tel_data_free(list);
}

int device_answer(struct dataplane *dp, const char *params, struct rte_tel_data *d)
{
	char version[VERSION] = "", *end = NULL;
	struct rte_eth_dev_info info;
	const struct device *device;
	unsigned long port = params ? strtoul(params, &end, 10) : dp->nb_ports;
	int node;

	if (!params || end == params || *end || port >= dp->nb_ports)
		return -EINVAL;
	device = dp->ports[port].device;
	if (__atomic_load_n(&device->paused, __ATOMIC_ACQUIRE) ||
	    rte_eth_dev_info_get(device->id, &info))
		return 0; /* it has gone, or is being reset */
	rte_tel_data_add_dict_string(d, "driver", info.driver_name);
	add_members(d, device);
	node = rte_eth_dev_socket_id(device->id);
	if (node >= 0)
		rte_tel_data_add_dict_u64(d, "numa_node", (uint64_t)node);
	if (!rte_eth_dev_fw_version_get(device->id, version, sizeof(version)) && version[0])
		rte_tel_data_add_dict_string(d, "firmware", version);
	add_queues(d, device, &info);
	add_offloads(d, device);
	add_link(d, device->id);
	add_yes_no(d, "link_interrupt", device->link_events);
	add_flow_control(d, device->id);
	add_yes_no(d, "promiscuous", rte_eth_promiscuous_get(device->id) == 1);
	add_yes_no(d, "all_multicast", rte_eth_allmulticast_get(device->id) == 1);
	return 0;
}
