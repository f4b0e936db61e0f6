/* What a reload cannot apply. Peers, gateways, VNet prefixes, exchange and what decides between
 * routes are applied live; of all else, the first difference is named. The dataplane uses less of
 * it, and may run on when control has been restarted with another value of what is control's
 * alone. */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

#define AT(member) offsetof(struct config, member), sizeof(((struct config *)0)->member)

/* Plain values: structs are zeroed before they are filled, so octets compare. */
static const struct fixed {
	const char *path;
	size_t offset, size;
	bool control_only;
} fixed[] = {
	{ "instance.name", AT(instance.name) },
	{ "instance.asn", AT(instance.asn), true },
	{ "instance.router_id", AT(instance.router_id), true },
	{ "instance.profile", AT(instance.profile), true },
	{ "martians", AT(martians) },
	{ "dataplane.main_lcore", AT(dataplane.main_lcore) },
	{ "dataplane.forwarding_lcores", AT(dataplane.forwarding_lcores) },
	{ "dataplane.forwarding_lcores", AT(dataplane.nb_forwarding_lcores) },
	{ "dataplane.idle", AT(dataplane.idle) },
	{ "dataplane.memory_mb", AT(dataplane.memory_mb) },
	{ "dataplane.tbl8_groups", AT(dataplane.tbl8_groups) },
	{ "dataplane.trie6_groups", AT(dataplane.trie6_groups) },
	{ "dataplane.ports", AT(dataplane.nb_ports) },
	{ "control.lcores", AT(control.lcores), true },
	{ "control.lcores", AT(control.nb_lcores), true },
	{ "control.listen_port", AT(control.listen_port), true },
	{ "control.restart_s", AT(control.restart_s), true },
};

static bool same_port(const struct config_port *a, const struct config_port *b)
{
	if (a->nb_addresses != b->nb_addresses)
		return false;
	for (size_t i = 0; i < a->nb_addresses; i++) {
		if (!addr_equal(a->addresses[i].addr, b->addresses[i].addr) ||
		    a->addresses[i].len != b->addresses[i].len)
			return false;
	}
	return !strcmp(a->name, b->name) && !strcmp(a->device, b->device) && a->role == b->role &&
	       a->mtu == b->mtu && a->vlan == b->vlan && a->outer_vlan == b->outer_vlan &&
	       a->outer_type == b->outer_type && a->rx_queues == b->rx_queues &&
	       a->rx_descriptors == b->rx_descriptors && a->tx_descriptors == b->tx_descriptors &&
	       a->symmetric_rss == b->symmetric_rss && a->disabled_offloads == b->disabled_offloads;
}

static bool differs(const struct config *running, const struct config *wanted, bool of_control,
		    char *what, size_t size)
{
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (fixed[i].control_only && !of_control)
			continue;
		if (memcmp((const char *)running + fixed[i].offset,
			   (const char *)wanted + fixed[i].offset, fixed[i].size)) {
			snprintf(what, size, "%s", fixed[i].path);
			return true;
		}
	}
	for (size_t i = 0; i < running->dataplane.nb_ports; i++) {
		const struct config_port *port = &running->dataplane.ports[i];

		if (!same_port(port, &wanted->dataplane.ports[i])) {
			snprintf(what, size, "dataplane.ports.%s", port->name);
			return true;
		}
	}
	return false;
}

bool config_needs_restart(const struct config *running, const struct config *wanted, char *what,
			  size_t size)
{
	return differs(running, wanted, true, what, size);
}

bool config_dataplane_needs_restart(const struct config *running, const struct config *wanted,
				    char *what, size_t size)
{
	return differs(running, wanted, false, what, size);
}
