/* Where addresses are reached, and where the processes of an instance meet. */
#include <stdio.h>
#include <string.h>

#include "file.h"

bool address_usable(const struct config *config, uint32_t addr)
{
	uint32_t net = addr >> 24;

	if (net >= 240 && config->martians == MARTIANS_ALLOW_240)
		return addr != UINT32_MAX;
	return net >= 1 && net <= 223 && net != 127;
}

bool subnet_reserves(struct config_address subnet, uint32_t addr)
{
	uint32_t hosts = ~prefix4_mask(subnet.len);

	return subnet.len <= 30 && prefix4_has(prefix4_make(subnet.addr, subnet.len), addr) &&
	       ((addr & hosts) == 0 || (addr & hosts) == hosts);
}

bool address_own(const struct config *config, uint32_t addr)
{
	const struct config_dataplane *dataplane = &config->dataplane;

	for (size_t p = 0; p < dataplane->nb_ports; p++) {
		for (size_t a = 0; a < dataplane->ports[p].nb_addresses; a++) {
			if (dataplane->ports[p].addresses[a].addr == addr)
				return true;
		}
	}
	return false;
}

const struct config_vnet *config_vnet_at(const struct config *config, uint32_t addr)
{
	size_t low = 0, high = config->nb_vnets;

	/* The last one that begins at or before the address is the only one that can hold it. */
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (config->vnets_by_address[mid]->prefix.addr.v4 <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low || !prefix4_has(config->vnets_by_address[low - 1]->prefix, addr))
		return NULL;
	return config->vnets_by_address[low - 1];
}

const struct config_vnet *config_vnet_find(const struct config *config, struct prefix prefix)
{
	const struct config_vnet *vnet = config_vnet_at(config, prefix.addr.v4);

	return vnet && prefix_equal(vnet->prefix, prefix) ? vnet : NULL;
}

const struct config_peer *config_peer_find(const struct config *config, const char *name)
{
	size_t low = 0, high = config->nb_peers;

	while (low < high) {
		size_t mid = (low + high) / 2;
		int order = strcmp(name, config->peers_by_name[mid]->name);

		if (!order)
			return config->peers_by_name[mid];
		if (order > 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

bool config_resolve(const struct config *config, uint32_t addr, size_t *port, uint32_t *gateway)
{
	const struct config_dataplane *dataplane = &config->dataplane;
	const struct config_vnet *vnet;
	int best = -1;

	if (address_own(config, addr))
		return false;
	for (size_t p = 0; p < dataplane->nb_ports; p++) {
		for (size_t a = 0; a < dataplane->ports[p].nb_addresses; a++) {
			const struct config_address *own = &dataplane->ports[p].addresses[a];

			if (own->len > best &&
			    prefix4_has(prefix4_make(own->addr, own->len), addr)) {
				best = own->len;
				*port = p;
				*gateway = addr;
			}
		}
	}
	vnet = config_vnet_at(config, addr);
	if (vnet && vnet->prefix.len > best) {
		best = vnet->prefix.len;
		*port = vnet->port;
		*gateway = vnet->has_next_hop ? vnet->next_hop : addr;
	}
	return best >= 0;
}

size_t config_device_takes(const char **at, const char **what)
{
	static const char *const keys[] = { "iface=",	 "rx_iface=", "rx_iface_in=",
					    "tx_iface=", "slave=",    "member=" };

	while ((*at = strchr(*at, ','))) {
		++*at;
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
			if (strncmp(*at, keys[i], strlen(keys[i])))
				continue;
			*what = *at + strlen(keys[i]);
			return strcspn(*what, ",");
		}
	}
	return 0;
}

bool config_has_subnet(const struct config *config, struct prefix prefix)
{
	const struct config_dataplane *dataplane = &config->dataplane;

	for (size_t p = 0; p < dataplane->nb_ports; p++) {
		for (size_t a = 0; a < dataplane->ports[p].nb_addresses; a++) {
			const struct config_address *own = &dataplane->ports[p].addresses[a];

			if (own->len == prefix.len && prefix4_has(prefix, own->addr))
				return true;
		}
	}
	return false;
}

char *config_run_path(const char *instance, const char *file, char *buf, size_t size)
{
	snprintf(buf, size, "/run/bascule/%s/%s", instance, file);
	return buf;
}

char *config_state_path(const char *instance, const char *file, char *buf, size_t size)
{
	snprintf(buf, size, "/var/lib/bascule/%s/%s", instance, file);
	return buf;
}

char *config_dpdk_path(const char *instance, const char *file, char *buf, size_t size)
{
	snprintf(buf, size, "/run/bascule/%s/dpdk/bascule-%s/%s", instance, instance, file);
	return buf;
}

char *config_partner_path(const char *partner, char *buf, size_t size)
{
	if (partner[0] != '/')
		return config_run_path(partner, "control.sock", buf, size);
	snprintf(buf, size, "%s", partner);
	return buf;
}
