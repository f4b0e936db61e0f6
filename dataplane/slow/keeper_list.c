/* What there should be in the kernel: all that a configuration's ports, addresses and VNets need
 * there, as one list. Pure: the kernel is not asked. */
#include "keeper.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include <rte_jhash.h>

#include "ip6.h"

enum { TABLES = 0x42000000 }; /* far from the numbers that people give */

uint32_t keeper_table(const char *instance)
{
	/* rte_jhash() reads whole words, past the end of what it is given. */
	_Alignas(uint32_t) char padded[CONFIG_NAME + 3 * sizeof(uint32_t)] = "";

	strncpy(padded, instance, CONFIG_NAME - 1);
	return TABLES | (rte_jhash(padded, (uint32_t)strlen(padded), 0) & 0xffffff);
}

static bool connected(const struct config_port *port, struct prefix prefix)
{
	for (size_t i = 0; i < port->nb_addresses; i++) {
		const struct config_address *address = &port->addresses[i];

		if (prefix_covers(config_subnet(*address), prefix))
			return true;
	}
	return false;
}

/* Of routes that stand beside others of the same prefix: of IPv6 the kernel would else have made
 * one of several ways of them (RFC 4191 3.2), not one that goes before. */
static uint32_t metric_of(uint8_t family)
{
	return family == FAMILY_IPV4 ? 0 : 1;
}

static struct addr router_of(uint8_t family)
{
	struct fib_addr router6 = lcp_router6();
	uint8_t wire[16];

	if (family == FAMILY_IPV4)
		return addr_make4(LCP_ROUTER);
	ip6_store(wire, &router6);
	return addr_make6(wire);
}

static struct addr none_of(uint8_t family)
{
	struct addr none = { .family = family };

	return none;
}

static struct kernel_item route_item(uint16_t id, struct prefix prefix, uint32_t table)
{
	return (struct kernel_item){
		.port = id,
		.kind = KERNEL_ROUTE,
		.addr = prefix.addr,
		.len = prefix.len,
		.gateway = none_of(prefix.addr.family),
		.table = table,
		.metric = metric_of(prefix.addr.family),
	};
}

/* The way of all that no other route has, in a family that the port has addresses of. */
static size_t list_router(uint8_t family, uint16_t id, uint32_t table, struct kernel_item *items)
{
	struct prefix all = { .addr = none_of(family) };

	items[0] = (struct kernel_item){ .port = id,
					 .kind = KERNEL_ROUTER,
					 .addr = router_of(family),
					 .len = family_bits(family),
					 .gateway = none_of(family) };
	items[1] = route_item(id, all, table);
	items[1].gateway = router_of(family);
	items[1].metric = id + 1u;
	return 2;
}

/* The link-local address of a port (kernel_item.h); and what is to the link stays on it, whatever
 * address of ours it is from: who sends it names the interface. */
static size_t list_link(uint16_t id, uint32_t table, struct kernel_item *items)
{
	static const uint8_t link[16] = { 0xfe, 0x80 };
	struct prefix prefix = { .addr = addr_make6(link), .len = 64 };

	items[0] = (struct kernel_item){ .port = id,
					 .kind = KERNEL_ADDRESS,
					 .addr = prefix.addr,
					 .len = prefix.len,
					 .gateway = none_of(FAMILY_IPV6) };
	items[1] = route_item(id, prefix, table);
	items[1].metric = id + 1u;
	return 2;
}

static size_t list_address(struct config_address own, uint16_t id, uint32_t table,
			   struct kernel_item *items)
{
	uint8_t family = own.addr.family, bits = family_bits(family);
	size_t n = 0;

	items[n++] = (struct kernel_item){ .port = id,
					   .kind = KERNEL_ADDRESS,
					   .addr = own.addr,
					   .len = own.len,
					   .gateway = none_of(family) };
	items[n++] = (struct kernel_item){ .port = id,
					   .kind = KERNEL_RULE,
					   .addr = own.addr,
					   .len = bits,
					   .gateway = none_of(family),
					   .table = table };
	if (own.len < bits)
		items[n++] = route_item(id, config_subnet(own), table);
	return n;
}

static size_t list_port(const struct config_port *port, uint16_t id, uint32_t table,
			struct kernel_item *items)
{
	size_t n = 0;

	for (uint8_t family = 0; family < FAMILY_COUNT; family++) {
		if (config_port_has(port, family))
			n += list_router(family, id, table, &items[n]);
	}
	if (config_port_has(port, FAMILY_IPV6))
		n += list_link(id, table, &items[n]);
	for (size_t i = 0; i < port->nb_addresses; i++)
		n += list_address(port->addresses[i], id, table, &items[n]);
	return n;
}

static size_t list_vnet(const struct config *config, const struct config_vnet *vnet, uint16_t id,
			uint32_t table, struct kernel_item *items)
{
	/* a prefix inside a connected subnet needs no route */
	if (!vnet->has_next_hop && connected(&config->dataplane.ports[vnet->port], vnet->prefix))
		return 0;
	items[0] = route_item(id, vnet->prefix, RT_TABLE_MAIN);
	if (vnet->has_next_hop)
		items[0].gateway = vnet->next_hop;
	items[1] = items[0];
	items[1].table = table;
	return 2;
}

/* Nothing of the table's family goes on to the next one. */
static struct kernel_item end_item(uint8_t family, uint32_t table)
{
	return (struct kernel_item){ .port = FIB_PORTS,
				     .kind = KERNEL_UNREACHABLE,
				     .addr = none_of(family),
				     .gateway = none_of(family),
				     .table = table,
				     .metric = INT32_MAX };
}

int keeper_list(const struct config *config, const uint16_t port_ids[CONFIG_PORTS], uint32_t table,
		struct kernel_item **items, size_t *nb_items)
{
	const struct config_dataplane *dataplane = &config->dataplane;
	size_t room = FAMILY_COUNT + dataplane->nb_ports * (6 + 3 * CONFIG_PORT_ADDRESSES) +
		      2 * config->nb_vnets,
	       n = 0, kept = 0;
	struct kernel_item *list = calloc(room, sizeof(*list));
	bool ip6 = false;

	if (!list)
		return -ENOMEM;
	list[n++] = end_item(FAMILY_IPV4, table);
	for (size_t i = 0; i < dataplane->nb_ports; i++) {
		n += list_port(&dataplane->ports[i], port_ids[i], table, &list[n]);
		ip6 |= config_port_has(&dataplane->ports[i], FAMILY_IPV6);
	}
	if (ip6)
		list[n++] = end_item(FAMILY_IPV6, table);
	for (size_t i = 0; i < config->nb_vnets; i++)
		n += list_vnet(config, &config->vnets[i], port_ids[config->vnets[i].port], table,
			       &list[n]);
	qsort(list, n, sizeof(*list), kernel_item_compare);
	for (size_t i = 0; i < n; i++) { /* two addresses may have one subnet */
		if (!kept || kernel_item_compare(&list[kept - 1], &list[i]))
			list[kept++] = list[i];
	}
	*items = list;
	*nb_items = kept;
	return 0;
}
