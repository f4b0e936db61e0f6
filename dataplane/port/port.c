/* Numbers ports, and fills them in. */
#include "port.h"

#include <string.h>

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

/* The first one of a family, by which the port speaks; NULL: it has none. */
static const struct addr *speaks_by(const struct config_port *config, uint8_t family)
{
	for (size_t i = 0; i < config->nb_addresses; i++) {
		if (config->addresses[i].addr.family == family)
			return &config->addresses[i].addr;
	}
	return NULL;
}

void port_init(struct port *port, uint16_t id, struct device *device,
	       const struct config_port *config)
{
	const struct addr *addr = speaks_by(config, FAMILY_IPV4),
			  *addr6 = speaks_by(config, FAMILY_IPV6);

	*port = (struct port){
		.id = id,
		.mtu = config->mtu,
		.role = (uint8_t)config->role,
		.mac = device->mac,
		.ip6 = addr6 != NULL,
		.addr = addr ? addr->v4 : 0,
		.tags = tag_header(config),
		.device = device,
		.config = config,
	};
	if (addr6)
		memcpy(port->addr6, addr6->v6, sizeof(port->addr6));
	tag_map_add(&device->tags, config, id);
}
