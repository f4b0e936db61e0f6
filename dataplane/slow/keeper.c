/* Keeps the kernel's state as we want it. */
#include "keeper.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include <rte_jhash.h>

#include "ip6.h"
#include "log.h"

enum {
	TABLES = 0x42000000, /* far from the numbers that people give */
	WATCHED = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV4_RULE |
		  1 << (RTNLGRP_IPV4_NETCONF - 1) | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE |
		  1 << (RTNLGRP_IPV6_RULE - 1) | 1 << (RTNLGRP_IPV6_NETCONF - 1),
	WATCH_READS = 16,
	LOOK_COST = 16, /* of an interface and its settings, in requests */
};

/* --- the list --------------------------------------------------------------------------------- */

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

/* --- looking ---------------------------------------------------------------------------------- */

static const struct lcp *lcp_of(const struct keeper *k, uint16_t port)
{
	return port < k->nb_ports ? &k->lcp[port] : NULL;
}

static const char *name_of(const struct keeper *k, uint16_t port)
{
	return port < k->nb_ports ? k->lcp[port].name : "routing";
}

static void repaired(struct keeper *k, uint16_t port, const char *what)
{
	k->part[port].repaired = true;
	k->counters->event[COUNTER_KERNEL_REPAIRED]++;
	log_warning("interface %s: %s was not as it should be, and is again", name_of(k, port),
		    what);
}

/* Told once, not at every look. */
static void refused(struct keeper *k, uint16_t port, const char *what, int err)
{
	struct keeper_part *part = &k->part[port];

	if (part->refused != err)
		log_error("interface %s: %s: %s", name_of(k, port), what, strerror(-err));
	part->refused = err;
}

/* The interface itself and its settings. False: it is not there. */
static bool look_at_interface(struct keeper *k, uint16_t port)
{
	struct lcp *lcp = &k->lcp[port];
	char what[LCP_TEXT];
	int err = lcp_check(lcp, k->ask, what);

	if (err == -ENODEV) {
		err = lcp_reopen(lcp, k->ask, k->instance);
		if (err) {
			k->part[port].repaired = true; /* so that the next trial waits longer */
			return false;
		}
		k->reopened++;
		repaired(k, port, "the device");
		return true;
	}
	if (err > 0)
		repaired(k, port, what);
	else if (err < 0)
		refused(k, port, what, err);
	if (lcp_settings(lcp, what))
		repaired(k, port, what);
	return true;
}

static int put(struct keeper *k, const struct kernel_item *item)
{
	char text[KERNEL_TEXT];
	int err = kernel_item_add(item, lcp_of(k, item->port), k->ask);

	if (!err)
		repaired(k, item->port, kernel_item_text(item, text));
	else if (err != -EEXIST && err != -ENETDOWN && err != -ENODEV)
		refused(k, item->port, kernel_item_text(item, text), err);
	return err;
}

/* A look is over. Whoever keeps undoing what we do is answered ever more slowly. */
static void look_ends(struct keeper *k, uint16_t port, uint64_t now_ms)
{
	struct keeper_part *part = &k->part[port];
	uint64_t wait_ms = 0;
	bool quiet = now_ms - part->repaired_ms > KEEPER_QUIET_MS;

	part->looking = false;
	part->look_ms = now_ms + KEEPER_LOOK_MS;
	if (quiet && part->row) {
		if (part->row > KEEPER_AT_ONCE)
			log_info("interface %s: nobody changes it any more", name_of(k, port));
		part->row = 0;
	}
	if (part->repaired) {
		part->repaired_ms = now_ms;
		part->wanted = true;
		part->row += part->row < UINT8_MAX;
		if (part->row > KEEPER_AT_ONCE)
			wait_ms = RTE_MIN((uint64_t)KEEPER_WAIT_MS
						  << RTE_MIN(part->row - KEEPER_AT_ONCE - 1, 10),
					  (uint64_t)KEEPER_WAIT_MAX_MS);
		if (part->row == KEEPER_AT_ONCE + 1)
			log_error("interface %s: somebody keeps changing it: it is repaired less "
				  "and less often, every %d s in the end",
				  name_of(k, port), KEEPER_WAIT_MAX_MS / 1000);
		part->not_before_ms = now_ms + wait_ms;
	}
	if (port < k->nb_ports)
		__atomic_store_n(&k->fib->ports[port].disputed, part->row > KEEPER_AT_ONCE,
				 __ATOMIC_RELAXED);
}

/* Begin a look if one is due. */
static bool look_begins(struct keeper *k, uint16_t port, uint64_t now_ms)
{
	struct keeper_part *part = &k->part[port];

	if (now_ms < part->not_before_ms || (!part->wanted && now_ms < part->look_ms))
		return false;
	part->looking = true;
	part->repaired = false;
	part->at = part->end;
	if (part->wanted || now_ms >= part->all_ms) {
		part->at = part->first;
		part->all_ms = now_ms + KEEPER_ALL_MS;
	}
	part->wanted = false;
	if (port < k->nb_ports && !look_at_interface(k, port))
		part->at = part->end;
	return true;
}

static void look(struct keeper *k, uint16_t port, uint64_t now_ms, uint32_t *budget)
{
	struct keeper_part *part = &k->part[port];

	if (!part->looking && *budget < LOOK_COST)
		return;
	if (!part->looking && look_begins(k, port, now_ms))
		*budget -= LOOK_COST;
	if (!part->looking)
		return;
	for (; part->at < part->end && *budget; (*budget)--)
		put(k, &k->items[part->at++]);
	if (part->at == part->end)
		look_ends(k, port, now_ms);
}

/* --- events ----------------------------------------------------------------------------------- */

static void want_interface(struct keeper *k, int ifindex)
{
	for (uint16_t p = 0; p < k->nb_ports; p++) {
		if (k->lcp[p].ifindex == ifindex)
			k->part[p].wanted = true;
	}
}

static void want_all(struct keeper *k)
{
	for (uint16_t p = 0; p <= FIB_PORTS; p++)
		k->part[p].wanted = p < k->nb_ports || p == FIB_PORTS;
}

/* The first 32-bit attribute of this type, or `otherwise`. */
static uint32_t attribute(const struct nlmsghdr *message, size_t header, uint16_t type,
			  uint32_t otherwise)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message, (unsigned int)header)
	{
		if (mnl_attr_get_type(attr) == type &&
		    mnl_attr_get_payload_len(attr) == sizeof(uint32_t))
			return mnl_attr_get_u32(attr);
	}
	return otherwise;
}

/* A route was taken out, or took another's place: perhaps one of ours, of the same prefix. */
static void route_event(struct keeper *k, const struct nlmsghdr *message)
{
	const struct rtmsg *msg = mnl_nlmsg_get_payload(message);
	uint32_t table = attribute(message, sizeof(*msg), RTA_TABLE, msg->rtm_table);

	if (table != k->table && table != RT_TABLE_MAIN)
		return;
	if (message->nlmsg_type == RTM_NEWROUTE && !(message->nlmsg_flags & NLM_F_REPLACE))
		return;
	for (size_t i = 0; i < k->nb_items; i++) {
		const struct kernel_item *item = &k->items[i];

		if (item->table == table && kernel_item_is_to(item, message))
			k->part[item->port].wanted = true;
	}
}

/* An address that another host on the link has too, by duplicate address detection (RFC 4862 5.4):
 * the kernel does not use it, and does not ask again. We do, as with all that is not as it should
 * be: it is taken out, and put in by a look. */
static void address_event(struct keeper *k, const struct nlmsghdr *message)
{
	const struct ifaddrmsg *msg = mnl_nlmsg_get_payload(message);
	char text[KERNEL_TEXT];

	if (!(msg->ifa_flags & IFA_F_DADFAILED))
		return;
	for (size_t i = 0; i < k->nb_items; i++) {
		const struct kernel_item *item = &k->items[i];
		const struct lcp *lcp = lcp_of(k, item->port);

		if (!lcp || lcp->ifindex != (int)msg->ifa_index ||
		    !kernel_item_is_address(item, lcp, message))
			continue;
		log_error("interface %s: %s is another host's on the link too", lcp->name,
			  kernel_item_text(item, text));
		kernel_item_delete(item, lcp, k->ask);
	}
}

static void on_event(struct keeper *k, const struct nlmsghdr *message)
{
	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		want_interface(
			k, ((const struct ifinfomsg *)mnl_nlmsg_get_payload(message))->ifi_index);
		break;
	case RTM_NEWADDR: address_event(k, message); break;
	case RTM_DELADDR:
		want_interface(
			k,
			(int)((const struct ifaddrmsg *)mnl_nlmsg_get_payload(message))->ifa_index);
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE: route_event(k, message); break;
	case RTM_DELRULE:
		if (attribute(message, sizeof(struct fib_rule_hdr), FRA_TABLE, 0) == k->table)
			want_all(k);
		break;
	case RTM_NEWNETCONF:
		want_interface(
			k, (int)attribute(message, sizeof(struct netconfmsg), NETCONFA_IFINDEX, 0));
		break;
	}
}

static void events(struct keeper *k)
{
	char buf[32768];

	for (int reads = 0; reads < WATCH_READS; reads++) {
		ssize_t len =
			recv(mnl_socket_get_fd(k->watch.sock), buf, sizeof(buf), MSG_DONTWAIT);
		const struct nlmsghdr *message = (const void *)buf;
		int left = (int)len;

		if (len < 0 && errno == ENOBUFS) {
			want_all(k);
			continue;
		}
		if (len <= 0)
			break;
		for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left))
			on_event(k, message);
	}
}

void keeper_turn(struct keeper *k, uint64_t now_ms)
{
	uint32_t budget = KEEPER_SLICE;

	if (now_ms == k->turned_ms)
		return;
	k->turned_ms = now_ms;
	events(k);
	look(k, FIB_PORTS, now_ms, &budget);
	for (uint16_t p = 0; p < k->nb_ports; p++)
		look(k, p, now_ms, &budget);
}

void keeper_look(struct keeper *k, uint16_t port)
{
	k->part[port].wanted = true;
}

/* --- the whole -------------------------------------------------------------------------------- */

/* Which items are whose. */
static void parts(struct keeper *k)
{
	size_t i = 0;

	for (uint16_t p = 0; p <= FIB_PORTS; p++) {
		struct keeper_part *part = &k->part[p];

		part->looking = false;
		part->wanted = p < k->nb_ports || p == FIB_PORTS;
		part->first = i;
		while (i < k->nb_items && k->items[i].port == p)
			i++;
		part->end = i;
	}
}

/* Put in what is in `items` and was not in the list before. */
static int put_new(struct keeper *k, const struct kernel_item *before, size_t nb_before)
{
	char text[KERNEL_TEXT];
	int first_err = 0;

	for (size_t i = 0; i < k->nb_items; i++) {
		const struct kernel_item *item = &k->items[i];
		int err;

		if (before && bsearch(item, before, nb_before, sizeof(*item), kernel_item_compare))
			continue;
		err = kernel_item_add(item, lcp_of(k, item->port), k->ask);
		if (!err || err == -EEXIST)
			continue;
		log_error("interface %s: %s: %s", name_of(k, item->port),
			  kernel_item_text(item, text), strerror(-err));
		if (item->kind == KERNEL_ADDRESS && !first_err)
			first_err = err;
	}
	return first_err;
}

int keeper_want(struct keeper *k, const struct config *config,
		const uint16_t port_ids[CONFIG_PORTS])
{
	struct kernel_item *before = k->items;
	size_t nb_before = k->nb_items;
	int err = keeper_list(config, port_ids, k->table, &k->items, &k->nb_items);

	if (err)
		return err;
	for (size_t i = 0; i < nb_before; i++) {
		if (!bsearch(&before[i], k->items, k->nb_items, sizeof(before[i]),
			     kernel_item_compare))
			kernel_item_delete(&before[i], lcp_of(k, before[i].port), k->ask);
	}
	err = put_new(k, before, nb_before);
	free(before);
	parts(k);
	return err;
}

int keeper_open(struct keeper *k, const struct config *config,
		const uint16_t port_ids[CONFIG_PORTS])
{
	int err = netlink_open(&k->watch, WATCHED);

	if (err) {
		log_error("rtnetlink: %s", strerror(-err));
		return err;
	}
	k->table = keeper_table(k->instance);
	err = kernel_rules_flush(k->table, k->ask);
	if (err)
		log_error("rules of table %u cannot be taken out: %s", k->table, strerror(-err));
	err = keeper_want(k, config, port_ids);
	if (!err)
		log_info("packets from our own addresses follow our routes: routing table %u",
			 k->table);
	return err;
}

void keeper_close(struct keeper *k)
{
	if (k->items) {
		kernel_rules_flush(k->table, k->ask);
		for (size_t i = k->part[FIB_PORTS].first; i < k->part[FIB_PORTS].end; i++)
			kernel_item_delete(&k->items[i], NULL, k->ask);
	}
	free(k->items);
	k->items = NULL;
	netlink_close(&k->watch);
}
