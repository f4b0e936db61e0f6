/* Chooses offloads and RSS. */
#include "device_conf.h"

#include <string.h>

#include "config.h"

/* DPDK's bits of each: one of the two directions has none. */
static const struct offload {
	uint64_t rx, tx;
} offloads[OFFLOADS] = {
	[OFFLOAD_IPV4_CKSUM] = { .rx = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM },
	[OFFLOAD_RSS_HASH] = { .rx = RTE_ETH_RX_OFFLOAD_RSS_HASH },
	[OFFLOAD_VLAN_STRIP] = { .rx = RTE_ETH_RX_OFFLOAD_VLAN_STRIP },
	[OFFLOAD_VLAN_FILTER] = { .rx = RTE_ETH_RX_OFFLOAD_VLAN_FILTER },
	[OFFLOAD_VLAN_INSERT] = { .tx = RTE_ETH_TX_OFFLOAD_VLAN_INSERT },
	[OFFLOAD_MBUF_FAST_FREE] = { .tx = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE },
};

void device_conf_disable(struct rte_eth_dev_info *info, uint8_t disabled)
{
	for (int i = 0; i < OFFLOADS; i++) {
		if (!(disabled >> i & 1))
			continue;
		info->rx_offload_capa &= ~offloads[i].rx;
		info->tx_offload_capa &= ~offloads[i].tx;
	}
}

uint8_t device_conf_offloads(const struct rte_eth_conf *conf)
{
	uint8_t used = 0;

	for (int i = 0; i < OFFLOADS; i++) {
		if (conf->rxmode.offloads & offloads[i].rx ||
		    conf->txmode.offloads & offloads[i].tx)
			used |= (uint8_t)(1 << i);
	}
	return used;
}

static bool is_of(const struct rte_eth_dev_info *info, const char *driver)
{
	return info->driver_name && !strcmp(info->driver_name, driver);
}

struct rte_eth_conf device_conf(const struct rte_eth_dev_info *info, uint16_t nb_rxq,
				bool tx_shared, bool tagged)
{
	struct rte_eth_conf conf = { .rxmode = { .mq_mode = RTE_ETH_MQ_RX_NONE } };

	conf.rxmode.offloads = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_RSS_HASH;
	/* One pool and reference count 1 hold for all but the shared case, too: held frames are
	 * never cloned. */
	if (!tx_shared)
		conf.txmode.offloads = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	if (tagged) {
		conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_VLAN_STRIP;
		/* A virtio device that its driver may tell which VLANs it wants passes no other
		 * one, and its driver always says that it will tell. That driver has the offload
		 * to insert a tag, too, but does it in rte_eth_tx_prepare(), by software, for
		 * which we need no driver. */
		if (is_of(info, "net_virtio"))
			conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_VLAN_FILTER;
		else
			conf.txmode.offloads |= RTE_ETH_TX_OFFLOAD_VLAN_INSERT;
	}
	conf.rxmode.offloads &= info->rx_offload_capa;
	conf.txmode.offloads &= info->tx_offload_capa;
	if (nb_rxq > 1) {
		conf.rx_adv_conf.rss_conf.rss_hf =
			info->flow_type_rss_offloads &
			(RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP);
		if (conf.rx_adv_conf.rss_conf.rss_hf)
			conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	}
	/* ethdev refuses a hash to be handed over where none spreads. */
	if (conf.rxmode.mq_mode != RTE_ETH_MQ_RX_RSS)
		conf.rxmode.offloads &= ~RTE_ETH_RX_OFFLOAD_RSS_HASH;
	return conf;
}

/* Drivers round what a buffer holds down to what their NICs know, and put the rest of a frame into
 * another one: 1,024 octets are the step of Intel's, but for those of net_e1000_em, which are
 * told a power of two. */
uint32_t device_conf_room(const struct rte_eth_dev_info *info, uint32_t len)
{
	if (is_of(info, "net_e1000_em"))
		return rte_align32pow2(len);
	return RTE_ALIGN_CEIL(len, 1024);
}

/* The field of vmxnet3's descriptors has 14 bits: of 16,384 octets it would be told none. */
bool device_conf_takes(const struct rte_eth_dev_info *info, uint32_t room)
{
	return room < 1 << 14 || !is_of(info, "net_vmxnet3");
}

/* Of a key that repeats every 16 bits the Toeplitz hash is the same for swapped addresses and
 * ports: each bit of the input is weighed by the key from its place on, and the places of source
 * and destination differ by a multiple of 16 (Woo and Park, Scalable TCP Session Monitoring with
 * Symmetric Receive-side Scaling, KAIST 2012). */
bool device_conf_symmetric(const struct rte_eth_dev_info *info, struct rte_eth_conf *conf)
{
	static uint8_t key[64];

	if (conf->rxmode.mq_mode != RTE_ETH_MQ_RX_RSS || !info->hash_key_size ||
	    info->hash_key_size > sizeof(key))
		return false;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = i % 2 ? 0x5a : 0x6d;
	conf->rx_adv_conf.rss_conf.rss_key = key;
	conf->rx_adv_conf.rss_conf.rss_key_len = info->hash_key_size;
	return true;
}
