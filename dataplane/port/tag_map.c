/* The ports of a device, by their tags. */
#include "tag_map.h"

#include <string.h>

#include <rte_ether.h>

static_assert(TAG_LEN == sizeof(struct rte_vlan_hdr), "a tag");

static void put(struct tag_header *header, uint16_t type, uint16_t vlan)
{
	rte_be16_t words[2] = { rte_cpu_to_be_16(type), rte_cpu_to_be_16(vlan) };

	memcpy(&header->octets[header->len], words, sizeof(words));
	header->len += TAG_LEN;
}

struct tag_header tag_header(const struct config_port *port)
{
	struct tag_header header = { .len = 0 };

	if (port->outer_vlan)
		put(&header, port->outer_type, port->outer_vlan);
	if (port->vlan)
		put(&header, TAG_TYPE, port->vlan);
	return header;
}

void tag_map_init(struct tag_map *map)
{
	*map = (struct tag_map){ .untagged = TAG_MAP_NONE };
}

void tag_map_add(struct tag_map *map, const struct config_port *config, uint16_t port)
{
	uint32_t vlans = (uint32_t)config->outer_vlan << TAG_VLAN_BITS | config->vlan;
	uint32_t at = tag_map_home(vlans);

	map->nb_ports++;
	if (!vlans) {
		map->untagged = port;
		return;
	}
	while (map->slot[at % TAG_MAP_SLOTS].vlans)
		at++;
	map->slot[at % TAG_MAP_SLOTS] = (struct tag_slot){
		.vlans = vlans,
		.type = config->outer_vlan ? config->outer_type : TAG_TYPE,
		.port = port,
	};
}
