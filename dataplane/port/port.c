/* Numbers ports, and fills them in. */
#include "port.h"

void ports_number(const struct config_dataplane *config, const uint16_t device_ids[CONFIG_PORTS],
		  uint16_t ids[CONFIG_PORTS])
{
	bool taken[CONFIG_PORTS] = { false }, numbered[CONFIG_PORTS] = { false };
	uint16_t next = 0;

	for (size_t i = 0; i < config->nb_ports; i++) {
		if (config_device_first(config, i) != i || device_ids[i] >= config->nb_ports)
			continue;
		ids[i] = device_ids[i];
		taken[ids[i]] = numbered[i] = true;
	}
	for (size_t i = 0; i < config->nb_ports; i++) {
		if (numbered[i])
			continue;
		while (taken[next])
			next++;
		ids[i] = next++;
	}
}

void port_init(struct port *port, uint16_t id, struct device *device,
	       const struct config_port *config)
{
	*port = (struct port){
		.id = id,
		.mtu = config->mtu,
		.role = (uint8_t)config->role,
		.mac = device->mac,
		.addr = config->nb_addresses ? config->addresses[0].addr.v4 : 0,
		.tags = tag_header(config),
		.device = device,
		.config = config,
	};
	tag_map_add(&device->tags, config, id);
}
