/* Keeps the kernel's state as we want it. */
#include "keeper.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "ip6.h"
#include "log.h"

enum {
	WATCHED = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV4_RULE |
		  1 << (RTNLGRP_IPV4_NETCONF - 1) | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE |
		  1 << (RTNLGRP_IPV6_RULE - 1) | 1 << (RTNLGRP_IPV6_NETCONF - 1),
	WATCH_READS = 16,
	LOOK_COST = 16, /* of an interface and its settings, in requests */
};

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

/* One that another host has is put in when it is due, and is no repair. */
static int put(struct keeper *k, const struct kernel_item *item)
{
	char text[KERNEL_TEXT];
	int err;

	if (item->duplicates && k->turned_ms < item->again_ms) {
		k->part[item->port].all_ms = RTE_MIN(k->part[item->port].all_ms, item->again_ms);
		return -EEXIST;
	}
	err = kernel_item_add(item, lcp_of(k, item->port), k->ask);
	if (!err && !item->duplicates)
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

/* Tell control which of a port's addresses another host has: the first one of them, if any. */
static void tell_duplicate(struct keeper *k, uint16_t port)
{
	const struct keeper_part *part = &k->part[port];
	struct fib_addr addr = { { 0 } };

	for (size_t i = part->first; i < part->end && fib_addr_none(&addr); i++) {
		if (k->items[i].duplicates)
			addr = ip6_addr(kernel_item_address(&k->items[i], &k->lcp[port]).v6);
	}
	fib_port_duplicate_set(&k->fib->ports[port], &addr);
}

/* An address that another host on the link has too, by duplicate address detection (RFC 4862 5.4):
 * the kernel does not use it, and does not ask again. We do: it is taken out, and put in by a look,
 * each time later. */
static void duplicate_found(struct keeper *k, struct kernel_item *item)
{
	const struct lcp *lcp = lcp_of(k, item->port);
	char text[KERNEL_TEXT];

	if (!item->duplicates)
		log_error("interface %s: %s is another host's on the link too: it is not used",
			  lcp->name, kernel_item_text(item, text));
	item->again_ms = k->turned_ms + RTE_MIN((uint64_t)KEEPER_AGAIN_MS << item->duplicates,
						(uint64_t)KEEPER_WAIT_MAX_MS);
	item->duplicates += item->duplicates < KEEPER_DUPLICATES;
	kernel_item_delete(item, lcp, k->ask);
	tell_duplicate(k, item->port);
}

static void duplicate_gone(struct keeper *k, struct kernel_item *item)
{
	char text[KERNEL_TEXT];

	item->duplicates = 0;
	log_info("interface %s: %s is nobody else's any more", name_of(k, item->port),
		 kernel_item_text(item, text));
	tell_duplicate(k, item->port);
}

static void address_event(struct keeper *k, const struct nlmsghdr *message)
{
	const struct ifaddrmsg *msg = mnl_nlmsg_get_payload(message);

	for (size_t i = 0; i < k->nb_items; i++) {
		struct kernel_item *item = &k->items[i];
		const struct lcp *lcp = lcp_of(k, item->port);

		if (!lcp || lcp->ifindex != (int)msg->ifa_index ||
		    !kernel_item_is_address(item, lcp, message))
			continue;
		if (msg->ifa_flags & IFA_F_DADFAILED)
			duplicate_found(k, item);
		else if (item->duplicates && !(msg->ifa_flags & IFA_F_TENTATIVE))
			duplicate_gone(k, item);
	}
}

/* Have the kernel tell of all its addresses as by events: one may be a duplicate since those that
 * were lost, and looks as if it were there. */
static void addresses_read(struct keeper *k)
{
	char buf[NETLINK_REQUEST];
	struct nlmsghdr *request = netlink_request(&k->watch, buf, RTM_GETADDR, NLM_F_DUMP);
	struct ifaddrmsg *msg = mnl_nlmsg_put_extra_header(request, sizeof(*msg));

	request->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
	msg->ifa_family = AF_INET6;
	if (mnl_socket_sendto(k->watch.sock, request, request->nlmsg_len) < 0)
		log_warning("rtnetlink: addresses cannot be read: %s", strerror(errno));
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
			addresses_read(k);
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
		if (p < k->nb_ports)
			tell_duplicate(k, p); /* what the list has of one */
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
