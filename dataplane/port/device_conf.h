/* What is asked of an ethdev when it is configured: offloads as far as it has them, and RSS where
 * it has several receive queues. What it does not do for us we do, so each offload may be missing,
 * or be forbidden because it does not work:
 *
 *   ipv4_cksum      it says that the header's checksum is good; else an odd packet's is computed
 *   rss_hash        it hands its hash over for the choice among equal ways; else CRC32c
 *   vlan_strip      it takes one tag off; else all are read in the frame
 *   vlan_filter     it drops the tags of no port (virtio alone); else they are dropped by demux.h
 *   vlan_insert     it puts the only tag of a port's frames on; else it is written into the frame
 *   mbuf_fast_free  it gives buffers back to the one pool without a look at them
 *
 * Nothing else is asked for: no frame is received or sent in several buffers, and nothing is to be
 * merged or cut. */
#ifndef BASCULE_DEVICE_CONF_H
#define BASCULE_DEVICE_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Take from what the device says of itself the offloads that are disabled: bits of enum
 * config_offload, as of all below. */
void device_conf_disable(struct rte_eth_dev_info *info, uint8_t disabled);

/* All that may be asked for, as far as the device has it; unknown devices must start. `tagged`: a
 * port on it has tags. */
struct rte_eth_conf device_conf(const struct rte_eth_dev_info *info, uint16_t nb_rxq,
				bool tx_shared, bool tagged);
/* Octets that a buffer must hold, so that the device puts a frame of `len` octets into one. */
uint32_t device_conf_room(const struct rte_eth_dev_info *info, uint32_t len);
/* Does it take buffers that hold so much? */
bool device_conf_takes(const struct rte_eth_dev_info *info, uint32_t room);
/* Have both directions of a flow come to one queue. False: the device does not spread by a key. */
bool device_conf_symmetric(const struct rte_eth_dev_info *info, struct rte_eth_conf *conf);
/* Those that are asked for. */
uint8_t device_conf_offloads(const struct rte_eth_conf *conf);

#ifdef __cplusplus
}
#endif
#endif
