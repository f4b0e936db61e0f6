/* rtnetlink messages for what we put into the kernel. */
#include "kernel_item.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "fib.h"

enum { RULES_AT_ONCE = 64 };

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

int kernel_item_compare(const void *a_, const void *b_)
{
	const struct kernel_item *a = a_, *b = b_;
	int order = compare(a->port, b->port);

	if (!order)
		order = compare(a->kind, b->kind);
	if (!order)
		order = compare(a->table, b->table);
	if (!order)
		order = addr_compare(a->addr, b->addr);
	if (!order)
		order = compare(a->len, b->len);
	if (!order)
		order = addr_compare(a->gateway, b->gateway);
	return order ? order : compare(a->metric, b->metric);
}

static uint8_t family_of(const struct kernel_item *item)
{
	return item->addr.family == FAMILY_IPV4 ? AF_INET : AF_INET6;
}

static void put_addr(struct nlmsghdr *request, uint16_t type, struct addr addr)
{
	if (addr.family == FAMILY_IPV4)
		mnl_attr_put_u32(request, type, htonl(addr.v4));
	else
		mnl_attr_put(request, type, sizeof(addr.v6), addr.v6);
}

static struct addr get_addr(const struct nlattr *attr)
{
	struct addr none = { 0 };

	switch (mnl_attr_get_payload_len(attr)) {
	case sizeof(uint32_t): return addr_make4(ntohl(mnl_attr_get_u32(attr)));
	case sizeof(none.v6): return addr_make6(mnl_attr_get_payload(attr));
	default: return none;
	}
}

/* RFC 4291 2.5.6, appendix A. */
static struct addr link_local(const struct rte_ether_addr *mac)
{
	const uint8_t *m = mac->addr_bytes;
	const uint8_t v6[16] = { 0xfe, 0x80, [8] = m[0] ^ 2, m[1], m[2],
				 0xff, 0xfe, m[3],	     m[4], m[5] };

	return addr_make6(v6);
}

struct addr kernel_item_address(const struct kernel_item *item, const struct lcp *lcp)
{
	return addr_link_local(item->addr) ? link_local(&lcp->port->mac) : item->addr;
}

static void address_body(struct nlmsghdr *request, const struct kernel_item *item,
			 const struct lcp *lcp)
{
	struct ifaddrmsg *msg = mnl_nlmsg_put_extra_header(request, sizeof(*msg));
	struct addr addr = kernel_item_address(item, lcp);

	msg->ifa_family = family_of(item);
	msg->ifa_prefixlen = item->len;
	msg->ifa_index = (uint32_t)lcp->ifindex;
	put_addr(request, IFA_LOCAL, addr);
	put_addr(request, IFA_ADDRESS, addr);
	if (item->addr.family == FAMILY_IPV4 && item->len < 31)
		mnl_attr_put_u32(request, IFA_BROADCAST,
				 htonl(item->addr.v4 | ~prefix4_mask(item->len)));
}

static void router_body(struct nlmsghdr *request, const struct kernel_item *item,
			const struct lcp *lcp)
{
	struct ndmsg *msg = mnl_nlmsg_put_extra_header(request, sizeof(*msg));

	msg->ndm_family = family_of(item);
	msg->ndm_ifindex = lcp->ifindex;
	msg->ndm_state = NUD_PERMANENT;
	put_addr(request, NDA_DST, item->addr);
	mnl_attr_put(request, NDA_LLADDR, RTE_ETHER_ADDR_LEN, &lcp->port->mac);
}

/* The link may be down now, or the gateway no neighbour yet: the route is right all the same. What
 * the kernel sends for no socket, a reset first of all, has the TTL that GTSM asks for (RFC 5082
 * 3). */
static void route_body(struct nlmsghdr *request, const struct kernel_item *item,
		       const struct lcp *lcp)
{
	struct rtmsg *msg = mnl_nlmsg_put_extra_header(request, sizeof(*msg));
	bool through = !addr_unspecified(item->gateway);

	msg->rtm_family = family_of(item);
	msg->rtm_dst_len = item->len;
	msg->rtm_protocol = RTPROT_STATIC;
	msg->rtm_type = item->kind == KERNEL_ROUTE ? RTN_UNICAST : RTN_UNREACHABLE;
	msg->rtm_scope = lcp && !through ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	if (item->len)
		put_addr(request, RTA_DST, item->addr);
	mnl_attr_put_u32(request, RTA_TABLE, item->table);
	if (item->metric)
		mnl_attr_put_u32(request, RTA_PRIORITY, item->metric);
	if (lcp)
		mnl_attr_put_u32(request, RTA_OIF, (uint32_t)lcp->ifindex);
	if (through) {
		msg->rtm_flags = RTNH_F_ONLINK;
		put_addr(request, RTA_GATEWAY, item->gateway);
	}
	if (item->kind == KERNEL_ROUTE) {
		struct nlattr *metrics = mnl_attr_nest_start(request, RTA_METRICS);

		mnl_attr_put_u32(request, RTAX_HOPLIMIT, UINT8_MAX);
		mnl_attr_nest_end(request, metrics);
	}
}

static void rule_body(struct nlmsghdr *request, const struct kernel_item *item)
{
	struct fib_rule_hdr *msg = mnl_nlmsg_put_extra_header(request, sizeof(*msg));

	msg->family = family_of(item);
	msg->src_len = item->len;
	msg->action = FR_ACT_TO_TBL;
	put_addr(request, FRA_SRC, item->addr);
	mnl_attr_put_u32(request, FRA_TABLE, item->table);
	mnl_attr_put_u32(request, FRA_PRIORITY, KERNEL_RULE_PRIORITY);
}

static int ask(const struct kernel_item *item, const struct lcp *lcp, struct netlink *nl, bool add,
	       uint16_t flags)
{
	static const uint16_t types[][2] = {
		[KERNEL_ADDRESS] = { RTM_DELADDR, RTM_NEWADDR },
		[KERNEL_ROUTER] = { RTM_DELNEIGH, RTM_NEWNEIGH },
		[KERNEL_ROUTE] = { RTM_DELROUTE, RTM_NEWROUTE },
		[KERNEL_UNREACHABLE] = { RTM_DELROUTE, RTM_NEWROUTE },
		[KERNEL_RULE] = { RTM_DELRULE, RTM_NEWRULE },
	};
	char buf[NETLINK_REQUEST];
	struct nlmsghdr *request = netlink_request(nl, buf, types[item->kind][add], flags);

	switch ((enum kernel_kind)item->kind) {
	case KERNEL_ADDRESS: address_body(request, item, lcp); break;
	case KERNEL_ROUTER: router_body(request, item, lcp); break;
	case KERNEL_ROUTE:
	case KERNEL_UNREACHABLE: route_body(request, item, lcp); break;
	case KERNEL_RULE: rule_body(request, item); break;
	}
	return netlink_ask(nl, request);
}

/* A route is made without NLM_F_EXCL: that would take a stranger's route to the same prefix for
 * ours. This way the very same route is refused, and ours goes before another. */
int kernel_item_add(const struct kernel_item *item, const struct lcp *lcp, struct netlink *nl)
{
	uint16_t flags = NLM_F_CREATE | (item->kind == KERNEL_ROUTE ? 0 : NLM_F_EXCL);
	int err = ask(item, lcp, nl, true, flags);

	if (err != -EEXIST || item->kind != KERNEL_ROUTER)
		return err;
	/* it is there, and now as it should be */
	err = ask(item, lcp, nl, true, NLM_F_CREATE | NLM_F_REPLACE);
	return err ? err : -EEXIST;
}

int kernel_item_delete(const struct kernel_item *item, const struct lcp *lcp, struct netlink *nl)
{
	return ask(item, lcp, nl, false, 0);
}

struct found_rules {
	uint32_t table, n;
	struct kernel_item item[RULES_AT_ONCE];
};

static int on_rule(const struct nlmsghdr *message, void *data)
{
	const struct fib_rule_hdr *msg = mnl_nlmsg_get_payload(message);
	struct found_rules *rules = data;
	struct kernel_item item = { .port = FIB_PORTS, .kind = KERNEL_RULE, .len = msg->src_len };
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message, sizeof(*msg))
	{
		if (mnl_attr_get_type(attr) == FRA_SRC)
			item.addr = get_addr(attr);
		if (mnl_attr_get_type(attr) == FRA_TABLE)
			item.table = mnl_attr_get_u32(attr);
	}
	if (item.table == rules->table && rules->n < RULES_AT_ONCE)
		rules->item[rules->n++] = item;
	return MNL_CB_OK;
}

static int rules_flush(uint8_t family, uint32_t table, struct netlink *nl)
{
	struct found_rules rules;

	do {
		char buf[NETLINK_REQUEST];
		struct nlmsghdr *request = netlink_request(nl, buf, RTM_GETRULE, NLM_F_DUMP);
		struct fib_rule_hdr *msg = mnl_nlmsg_put_extra_header(request, sizeof(*msg));
		int err;

		msg->family = family;
		request->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
		rules = (struct found_rules){ .table = table };
		err = netlink_ask_each(nl, request, on_rule, &rules);
		for (uint32_t i = 0; !err && i < rules.n; i++)
			err = kernel_item_delete(&rules.item[i], NULL, nl);
		if (err)
			return err;
	} while (rules.n);
	return 0;
}

int kernel_rules_flush(uint32_t table, struct netlink *nl)
{
	int err = rules_flush(AF_INET, table, nl), err6 = rules_flush(AF_INET6, table, nl);

	/* a kernel without IPv6 knows no such rules */
	return err ? err : err6 == -EAFNOSUPPORT || err6 == -EOPNOTSUPP ? 0 : err6;
}

/* The address in an attribute of this type; unspecified: there is none. */
static struct addr attribute(const struct nlmsghdr *message, size_t header, uint16_t type,
			     uint8_t family)
{
	struct addr addr = { .family = family == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6 };
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message, (unsigned int)header)
	{
		if (mnl_attr_get_type(attr) == type)
			addr = get_addr(attr);
	}
	return addr;
}

bool kernel_item_is_to(const struct kernel_item *item, const struct nlmsghdr *route)
{
	const struct rtmsg *msg = mnl_nlmsg_get_payload(route);

	return (item->kind == KERNEL_ROUTE || item->kind == KERNEL_UNREACHABLE) &&
	       msg->rtm_family == family_of(item) && msg->rtm_dst_len == item->len &&
	       addr_equal(attribute(route, sizeof(*msg), RTA_DST, msg->rtm_family), item->addr);
}

bool kernel_item_is_address(const struct kernel_item *item, const struct lcp *lcp,
			    const struct nlmsghdr *address)
{
	const struct ifaddrmsg *msg = mnl_nlmsg_get_payload(address);

	return item->kind == KERNEL_ADDRESS && msg->ifa_family == family_of(item) &&
	       addr_equal(attribute(address, sizeof(*msg), IFA_ADDRESS, msg->ifa_family),
			  kernel_item_address(item, lcp));
}

char *kernel_item_text(const struct kernel_item *item, char text[KERNEL_TEXT])
{
	char addr[ADDR_TEXT], gateway[ADDR_TEXT];

	bool through = !addr_unspecified(item->gateway);

	addr_text(item->addr, addr);
	addr_text(item->gateway, gateway);
	switch ((enum kernel_kind)item->kind) {
	case KERNEL_ADDRESS: snprintf(text, KERNEL_TEXT, "address %s/%u", addr, item->len); break;
	case KERNEL_ROUTER: snprintf(text, KERNEL_TEXT, "neighbour %s", addr); break;
	case KERNEL_ROUTE:
		snprintf(text, KERNEL_TEXT, "route to %s/%u%s%s in table %u", addr, item->len,
			 through ? " through " : "", through ? gateway : "", item->table);
		break;
	case KERNEL_UNREACHABLE:
		snprintf(text, KERNEL_TEXT, "end of table %u of %s", item->table,
			 family_title(item->addr.family));
		break;
	case KERNEL_RULE:
		snprintf(text, KERNEL_TEXT, "rule from %s to table %u", addr, item->table);
		break;
	}
	return text;
}
