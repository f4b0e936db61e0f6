/* Where addresses are reached, and where the processes of an instance meet. */
#include <stdio.h>
#include <string.h>

#include "file.h"

static bool usable4(const struct config *config, uint32_t addr)
{
	uint32_t net = addr >> 24;

	if (net >= 240 && config->martians == MARTIANS_ALLOW_240)
		return addr != UINT32_MAX;
	return net >= 1 && net <= 223 && net != 127;
}

/* Neither of ::/96 (RFC 4291 2.5.2, 2.5.3, 2.5.5.1) nor of ::ffff:0:0/96 (2.5.5.2): as the fast
 * path has it (dataplane/fast/ip6.c). */
static bool usable6(struct addr addr)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff }, zero[12];

	return addr.v6[0] != 0xff && !addr_link_local(addr) &&
	       memcmp(addr.v6, zero, sizeof(zero)) && memcmp(addr.v6, mapped, sizeof(mapped));
}

bool address_usable(const struct config *config, struct addr addr)
{
	return addr.family == FAMILY_IPV4 ? usable4(config, addr.v4) : usable6(addr);
}

/* What hosts cannot have begins or ends each prefix that holds it, but for link-local addresses,
 * which are in the middle of fe00::/8. */
bool prefix_usable(const struct config *config, struct prefix prefix)
{
	static const uint8_t link_local[16] = { 0xfe, 0x80 };

	return address_usable(config, prefix.addr) && address_usable(config, prefix_last(prefix)) &&
	       !prefix_has(prefix, addr_make6(link_local));
}

struct prefix config_subnet(struct config_address own)
{
	return prefix_make(own.addr, own.len);
}

bool subnet_reserves(struct config_address own, struct addr addr)
{
	struct prefix subnet = config_subnet(own);

	if (own.len + 2 > family_bits(own.addr.family) || !prefix_has(subnet, addr))
		return false;
	return addr_equal(subnet.addr, addr) ||
	       (addr.family == FAMILY_IPV4 && addr_equal(prefix_last(subnet), addr));
}

char *peer_addr_text(const struct config_peer *peer, char buf[PEER_ADDR_TEXT])
{
	char addr[ADDR_TEXT];

	snprintf(buf, PEER_ADDR_TEXT, "%s%s%s", addr_text(peer->addr, addr),
		 peer->link[0] ? "%" : "", peer->link);
	return buf;
}

const char *reserved_title(uint8_t family)
{
	return family == FAMILY_IPV4 ? "a subnet itself or its broadcast"
				     : "a subnet itself, which is its routers' anycast address";
}

uint32_t subnet_hosts(struct prefix subnet)
{
	uint32_t all = UINT32_C(1) << (family_bits(subnet.addr.family) - subnet.len);

	return subnet.addr.family == FAMILY_IPV4 ? all - 2 : all - 1;
}

struct addr subnet_host(struct prefix subnet, uint32_t i)
{
	struct addr host = subnet.addr;

	if (host.family == FAMILY_IPV4)
		host.v4 += 1 + i;
	else /* CONFIG_SUBNET_BITS are of the last octet */
		host.v6[15] = (uint8_t)(host.v6[15] + 1 + i);
	return host;
}

bool address_own(const struct config *config, struct addr addr)
{
	const struct config_dataplane *dataplane = &config->dataplane;

	for (size_t p = 0; p < dataplane->nb_ports; p++) {
		for (size_t a = 0; a < dataplane->ports[p].nb_addresses; a++) {
			if (addr_equal(dataplane->ports[p].addresses[a].addr, addr))
				return true;
		}
	}
	return false;
}

const struct config_vnet *config_vnet_at(const struct config *config, struct addr addr)
{
	size_t low = 0, high = config->nb_vnets;

	/* The last one that begins at or before the address is the only one that can hold it. */
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (addr_compare(config->vnets_by_address[mid]->prefix.addr, addr) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low || !prefix_has(config->vnets_by_address[low - 1]->prefix, addr))
		return NULL;
	return config->vnets_by_address[low - 1];
}

const struct config_vnet *config_vnet_find(const struct config *config, struct prefix prefix)
{
	const struct config_vnet *vnet = config_vnet_at(config, prefix.addr);

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

bool config_resolve(const struct config *config, struct addr addr, size_t *port,
		    struct addr *gateway)
{
	const struct config_dataplane *dataplane = &config->dataplane;
	const struct config_vnet *vnet;
	int best = -1;

	if (address_own(config, addr))
		return false;
	for (size_t p = 0; p < dataplane->nb_ports; p++) {
		for (size_t a = 0; a < dataplane->ports[p].nb_addresses; a++) {
			const struct config_address *own = &dataplane->ports[p].addresses[a];

			if (own->len > best && prefix_has(config_subnet(*own), addr)) {
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

			if (own->len == prefix.len && prefix_has(prefix, own->addr))
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
