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
		order = compare(a->addr, b->addr);
	if (!order)
		order = compare(a->len, b->len);
	if (!order)
		order = compare(a->gateway, b->gateway);
	return order ? order : compare(a->metric, b->metric);
}

static void address_body(struct nlmsghdr *request, const struct kernel_item *item,
			 const struct lcp *lcp)
{
	struct ifaddrmsg *msg = mnl_nlmsg_put_extra_header(request, sizeof(*msg));

	msg->ifa_family = AF_INET;
	msg->ifa_prefixlen = item->len;
	msg->ifa_index = (uint32_t)lcp->ifindex;
	mnl_attr_put_u32(request, IFA_LOCAL, htonl(item->addr));
	mnl_attr_put_u32(request, IFA_ADDRESS, htonl(item->addr));
	if (item->len < 31)
		mnl_attr_put_u32(request, IFA_BROADCAST,
				 htonl(item->addr | ~prefix4_mask(item->len)));
}

static void router_body(struct nlmsghdr *request, const struct kernel_item *item,
			const struct lcp *lcp)
{
	struct ndmsg *msg = mnl_nlmsg_put_extra_header(request, sizeof(*msg));

	msg->ndm_family = AF_INET;
	msg->ndm_ifindex = lcp->ifindex;
	msg->ndm_state = NUD_PERMANENT;
	mnl_attr_put_u32(request, NDA_DST, htonl(item->addr));
	mnl_attr_put(request, NDA_LLADDR, RTE_ETHER_ADDR_LEN, &lcp->port->mac);
}

/* The link may be down now, or the gateway no neighbour yet: the route is right all the same. What
 * the kernel sends for no socket, a reset first of all, has the TTL that GTSM asks for (RFC 5082
 * 3). */
static void route_body(struct nlmsghdr *request, const struct kernel_item *item,
		       const struct lcp *lcp)
{
	struct rtmsg *msg = mnl_nlmsg_put_extra_header(request, sizeof(*msg));

	msg->rtm_family = AF_INET;
	msg->rtm_dst_len = item->len;
	msg->rtm_protocol = RTPROT_STATIC;
	msg->rtm_type = item->kind == KERNEL_ROUTE ? RTN_UNICAST : RTN_UNREACHABLE;
	msg->rtm_scope = lcp && !item->gateway ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	if (item->len)
		mnl_attr_put_u32(request, RTA_DST, htonl(item->addr));
	mnl_attr_put_u32(request, RTA_TABLE, item->table);
	if (item->metric)
		mnl_attr_put_u32(request, RTA_PRIORITY, item->metric);
	if (lcp)
		mnl_attr_put_u32(request, RTA_OIF, (uint32_t)lcp->ifindex);
	if (item->gateway) {
		msg->rtm_flags = RTNH_F_ONLINK;
		mnl_attr_put_u32(request, RTA_GATEWAY, htonl(item->gateway));
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

	msg->family = AF_INET;
	msg->src_len = 32;
	msg->action = FR_ACT_TO_TBL;
	mnl_attr_put_u32(request, FRA_SRC, htonl(item->addr));
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
	struct kernel_item item = { .port = FIB_PORTS, .kind = KERNEL_RULE };
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message, sizeof(*msg))
	{
		if (mnl_attr_get_type(attr) == FRA_SRC)
			item.addr = ntohl(mnl_attr_get_u32(attr));
		if (mnl_attr_get_type(attr) == FRA_TABLE)
			item.table = mnl_attr_get_u32(attr);
	}
	if (item.table == rules->table && rules->n < RULES_AT_ONCE)
		rules->item[rules->n++] = item;
	return MNL_CB_OK;
}

int kernel_rules_flush(uint32_t table, struct netlink *nl)
{
	struct found_rules rules;

	do {
		char buf[NETLINK_REQUEST];
		struct nlmsghdr *request = netlink_request(nl, buf, RTM_GETRULE, NLM_F_DUMP);
		struct fib_rule_hdr *msg = mnl_nlmsg_put_extra_header(request, sizeof(*msg));
		int err;

		msg->family = AF_INET;
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

char *kernel_item_text(const struct kernel_item *item, char text[KERNEL_TEXT])
{
	char addr[ADDR_TEXT], gateway[ADDR_TEXT];

	addr4_text(item->addr, addr);
	addr4_text(item->gateway, gateway);
	switch ((enum kernel_kind)item->kind) {
	case KERNEL_ADDRESS: snprintf(text, KERNEL_TEXT, "address %s/%u", addr, item->len); break;
	case KERNEL_ROUTER: snprintf(text, KERNEL_TEXT, "neighbour %s", addr); break;
	case KERNEL_ROUTE:
		snprintf(text, KERNEL_TEXT, "route to %s/%u%s%s in table %u", addr, item->len,
			 item->gateway ? " through " : "", item->gateway ? gateway : "",
			 item->table);
		break;
	case KERNEL_UNREACHABLE: snprintf(text, KERNEL_TEXT, "end of table %u", item->table); break;
	case KERNEL_RULE:
		snprintf(text, KERNEL_TEXT, "rule from %s to table %u", addr, item->table);
		break;
	}
	return text;
}
