/* Which of its ports a device's frame is of, by the VLAN IDs of its tags (IEEE 802.1Q, 802.1ad),
 * and the tags that a port's frames carry. Fixed before forwarding begins. */
#ifndef BASCULE_TAG_MAP_H
#define BASCULE_TAG_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_byteorder.h>
#include <rte_common.h>

#include "config.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	TAG_LEN = 4, /* octets: EtherType, priority and VLAN ID */
	TAG_MAP_SLOTS = 4 * CONFIG_PORTS,
	TAG_MAP_NONE = UINT16_MAX, /* no port */
	TAG_VLAN_BITS = 12,
	TAG_TYPE = 0x8100, /* of a port's only tag, and of the inner one of two */
};

/* The tags before the EtherType of a port's frames, as on the wire. */
struct tag_header {
	uint8_t octets[2 * TAG_LEN];
	uint8_t len; /* 0, 4 or 8 */
};

struct tag_slot {
	uint32_t vlans; /* outer VLAN ID, and inner one in the low 12 bits; 0: empty */
	uint16_t type;	/* EtherType of the first tag */
	uint16_t port;
};

/* Open addressing: at most a quarter is full, so that every probe ends. */
struct tag_map {
	struct tag_slot slot[TAG_MAP_SLOTS];
	uint16_t untagged; /* the port of frames without a tag, or TAG_MAP_NONE */
	uint16_t nb_ports;
};

struct tag_header tag_header(const struct config_port *port);

void tag_map_init(struct tag_map *map);
/* No port of these tags is in the map. */
void tag_map_add(struct tag_map *map, const struct config_port *config, uint16_t port);

static inline uint32_t tag_map_home(uint32_t vlans)
{
	return vlans * UINT32_C(0x9e3779b1) >> 16;
}

/* The port of frames with those VLAN IDs (0: none); `type` is the EtherType of the first tag, or 0
 * if the device has taken it off: then any will do. */
static inline uint16_t tag_map_find(const struct tag_map *map, uint32_t vlans, uint16_t type)
{
	if (!vlans)
		return map->untagged;
	for (uint32_t at = tag_map_home(vlans);; at++) {
		const struct tag_slot *slot = &map->slot[at % TAG_MAP_SLOTS];

		if (slot->vlans == vlans)
			return !type || slot->type == type ? slot->port : (uint16_t)TAG_MAP_NONE;
		if (!slot->vlans)
			return TAG_MAP_NONE;
	}
}

#ifdef __cplusplus
}
#endif
#endif
