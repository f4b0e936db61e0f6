/* TAP interfaces by /dev/net/tun and rtnetlink. */
#include "lcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "log.h"

/* Settings of the kernel for an interface: /proc/sys/net/DIRECTORY/INTERFACE/NAME. */
struct lcp_setting {
	const char *directory, *name, *value;
};

static const struct lcp_setting lcp_wants[] = {
	{ "ipv4/conf", "rp_filter",
	  "2" }, /* packets come and go by different ports; 0 leaves it to "all" */
	{ "ipv4/conf", "arp_ignore", "1" },   /* each port answers for its own addresses only, */
	{ "ipv4/conf", "arp_announce", "2" }, /* and asks with them */
	{ "ipv4/conf", "ignore_routes_with_linkdown", "1" },
	{ "ipv4/conf", "forwarding", "0" }, /* transit is the fast path's, behind the gate */
	/* A host that does not answer where it was is asked for by broadcasts, as it may have
	 * moved, before it is given up: after one second, then every half. A new one is given up
	 * after three. Its answer then counts, though it is another one (locktime, in hundredths of
	 * a second). */
	{ "ipv4/neigh", "retrans_time_ms", "500" },
	{ "ipv4/neigh", "ucast_solicit", "2" },
	{ "ipv4/neigh", "mcast_resolicit", "5" },
	{ "ipv4/neigh", "mcast_solicit", "6" },
	{ "ipv4/neigh", "locktime", "50" },
};

static const struct lcp_setting lcp_without_ip6[] = { { "ipv6/conf", "disable_ipv6", "1" } };

/* The same of a port that has IPv6. Its addresses and routes are ours to say, no router's (RFC
 * 4862 5.5.3; RFC 4861 8.3), and survive its link; that nobody else has them is asked for (RFC 4862
 * 5.4). The link-local address follows from the MAC address (RFC 4291 appendix A), so that it is
 * known which one it will be. IPv6 begins when the rest is set. */
static const struct lcp_setting lcp_wants_ip6[] = {
	{ "ipv6/conf", "accept_ra", "0" },
	{ "ipv6/conf", "autoconf", "0" },
	{ "ipv6/conf", "router_solicitations", "0" },
	{ "ipv6/conf", "accept_redirects", "0" },
	{ "ipv6/conf", "forwarding", "0" },
	{ "ipv6/conf", "use_tempaddr", "0" },
	{ "ipv6/conf", "addr_gen_mode", "0" },
	{ "ipv6/conf", "accept_dad", "1" },
	{ "ipv6/conf", "dad_transmits", "1" },
	{ "ipv6/conf", "keep_addr_on_down", "1" },
	{ "ipv6/conf", "ignore_routes_with_linkdown", "1" },
	{ "ipv6/neigh", "retrans_time_ms", "500" },
	{ "ipv6/neigh", "ucast_solicit", "2" },
	{ "ipv6/neigh", "mcast_resolicit", "5" },
	{ "ipv6/neigh", "mcast_solicit", "6" },
	{ "ipv6/conf", "disable_ipv6", "0" },
};

/* A kernel device under a port gets every frame too, and our addresses are local to its host: the
 * kernel must neither answer ARP there nor accept what the LCP interface will deliver again (the
 * way back leads there: RFC 3704 2.2). */
static const struct lcp_setting netdev_wants[] = {
	{ "ipv4/conf", "rp_filter", "1" },
	{ "ipv4/conf", "arp_ignore", "8" },
	{ "ipv4/conf", "forwarding", "0" }, /* nor carry transit past the gate */
	{ "ipv6/conf", "disable_ipv6", "1" },
};

static bool setting_is(const char *path, const char *value)
{
	char now[16] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return true; /* this kernel has no IPv6, or knows no such setting */
	len = read(fd, now, sizeof(now) - 1);
	close(fd);
	return len > 0 && strcspn(now, "\n") == strlen(value) &&
	       !strncmp(now, value, strlen(value));
}

static int setting_write(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* What cannot be written is reported when the interface is made. */
static int settings_apply(const struct lcp *lcp, const struct lcp_setting *settings, size_t n,
			  const char *ifname, char what[LCP_TEXT])
{
	char path[128];
	int changed = 0;

	for (size_t i = 0; i < n; i++) {
		int err;

		snprintf(path, sizeof(path), "/proc/sys/net/%s/%s/%s", settings[i].directory,
			 ifname, settings[i].name);
		if (setting_is(path, settings[i].value))
			continue;
		err = setting_write(path, settings[i].value);
		if (err && !lcp->settled)
			log_warning("%s: cannot write %s: %s", path, settings[i].value,
				    strerror(-err));
		if (err)
			continue;
		snprintf(what, LCP_TEXT, "%s of %s", settings[i].name, ifname);
		changed++;
	}
	return changed;
}

int lcp_settings(struct lcp *lcp, char what[LCP_TEXT])
{
	int changed = settings_apply(lcp, lcp_wants, RTE_DIM(lcp_wants), lcp->name, what);

	if (lcp->port->ip6)
		changed +=
			settings_apply(lcp, lcp_wants_ip6, RTE_DIM(lcp_wants_ip6), lcp->name, what);
	else
		changed += settings_apply(lcp, lcp_without_ip6, RTE_DIM(lcp_without_ip6), lcp->name,
					  what);
	for (uint16_t i = 0; i < lcp->port->device->nb_netdevs; i++)
		changed += settings_apply(lcp, netdev_wants, RTE_DIM(netdev_wants),
					  lcp->port->device->netdevs[i].name, what);
	lcp->settled = true;
	return changed;
}

static int link_set(const struct lcp *lcp, struct netlink *nl)
{
	char buf[NETLINK_REQUEST];
	struct nlmsghdr *request = netlink_request(nl, buf, RTM_SETLINK, 0);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(request, sizeof(*info));

	info->ifi_index = lcp->ifindex;
	info->ifi_flags = info->ifi_change = IFF_UP;
	mnl_attr_put(request, IFLA_ADDRESS, RTE_ETHER_ADDR_LEN, &lcp->port->mac);
	mnl_attr_put_u32(request, IFLA_MTU, lcp->port->mtu);
	return netlink_ask(nl, request);
}

/* What the kernel says of an interface. */
struct link {
	uint32_t flags, mtu;
	struct rte_ether_addr mac;
};

static int on_link(const struct nlmsghdr *message, void *data)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr;
	struct link *link = data;

	link->flags = info->ifi_flags;
	mnl_attr_for_each(attr, message, sizeof(*info))
	{
		if (mnl_attr_get_type(attr) == IFLA_MTU)
			link->mtu = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == IFLA_ADDRESS &&
		    mnl_attr_get_payload_len(attr) == RTE_ETHER_ADDR_LEN)
			memcpy(&link->mac, mnl_attr_get_payload(attr), RTE_ETHER_ADDR_LEN);
	}
	return MNL_CB_OK;
}

int lcp_check(const struct lcp *lcp, struct netlink *nl, char what[LCP_TEXT])
{
	char buf[NETLINK_REQUEST];
	struct nlmsghdr *request = netlink_request(nl, buf, RTM_GETLINK, 0);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	struct link link = { 0 };
	int err;

	snprintf(what, LCP_TEXT, "state");
	info->ifi_index = lcp->ifindex;
	err = netlink_ask_each(nl, request, on_link, &link);
	if (err)
		return err;
	what[0] = '\0';
	if (!(link.flags & IFF_UP))
		snprintf(what, LCP_TEXT, "link state (it was down)");
	else if (link.mtu != lcp->port->mtu)
		snprintf(what, LCP_TEXT, "MTU (%u)", link.mtu);
	else if (!rte_is_same_ether_addr(&link.mac, &lcp->port->mac))
		snprintf(what, LCP_TEXT, "MAC address");
	if (!what[0])
		return 0;
	err = link_set(lcp, nl);
	return err ? err : 1;
}

static int tap_create(struct lcp *lcp)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };

	lcp->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (lcp->fd < 0)
		return -errno;
	memcpy(ifr.ifr_name, lcp->name, sizeof(lcp->name));
	if (ioctl(lcp->fd, TUNSETIFF, &ifr) ||
	    ioctl(lcp->fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN))
		return -errno;
	lcp->ifindex = (int)if_nametoindex(lcp->name);
	return lcp->ifindex ? 0 : -errno;
}

int lcp_open(struct lcp *lcp, struct netlink *nl, const struct port *port, const char *instance)
{
	const struct config_port *config = port->config;
	char what[LCP_TEXT];
	int err;

	*lcp = (struct lcp){ .fd = -1, .port = port, .frame = malloc(LCP_FRAME) };
	if (snprintf(lcp->name, sizeof(lcp->name), "%s-%s", instance, config->name) >=
	    (int)sizeof(lcp->name)) {
		log_error("port %s: interface name %s-%s is too long", config->name, instance,
			  config->name);
		lcp_close(lcp);
		return -ENAMETOOLONG;
	}
	err = lcp->frame ? tap_create(lcp) : -ENOMEM;
	if (err)
		goto fail;
	lcp_settings(lcp, what);
	err = link_set(lcp, nl);
	if (!err)
		return 0;
fail:
	log_error("port %s: interface %s: %s%s", config->name, lcp->name, strerror(-err),
		  err == -EBUSY ? " (another process has it)" : "");
	lcp_close(lcp);
	return err;
}

int lcp_reopen(struct lcp *lcp, struct netlink *nl, const char *instance)
{
	const struct port *port = lcp->port;
	int err;

	lcp_close(lcp);
	err = lcp_open(lcp, nl, port, instance);
	if (!err)
		lcp_carrier(lcp, port->up);
	return err;
}

void lcp_close(struct lcp *lcp)
{
	if (lcp->fd >= 0)
		close(lcp->fd);
	lcp->fd = -1;
	free(lcp->frame);
	lcp->frame = NULL;
}

void lcp_carrier(const struct lcp *lcp, bool up)
{
	int carrier = up;

	if (ioctl(lcp->fd, TUNSETCARRIER, &carrier))
		log_warning("interface %s: cannot set its carrier: %s", lcp->name, strerror(errno));
}
