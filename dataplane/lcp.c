/* TAP interfaces by /dev/net/tun and rtnetlink. */
#include "lcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "log.h"

/* Per-interface settings of the kernel, below /proc/sys/net. */
struct setting {
	const char *family, *name, *value;
};

static const struct setting lcp_settings[] = {
	{ "ipv4", "rp_filter", "0" },	 /* packets may come and go by different ports */
	{ "ipv4", "arp_ignore", "1" },	 /* each port answers for its own addresses only, */
	{ "ipv4", "arp_announce", "2" }, /* and asks with them */
	{ "ipv4", "ignore_routes_with_linkdown", "1" },
	{ "ipv4", "forwarding", "0" }, /* transit is the fast path's, behind the gate */
	{ "ipv6", "disable_ipv6", "1" },
};

/* A kernel device under a port gets every frame too, and our addresses are local to its host: the kernel must neither
 * answer ARP there nor accept what the LCP interface will deliver again (the way back leads there: RFC 3704 2.2). */
static const struct setting netdev_settings[] = {
	{ "ipv4", "rp_filter", "1" },
	{ "ipv4", "arp_ignore", "8" },
	{ "ipv4", "forwarding", "0" }, /* nor carry transit past the gate */
	{ "ipv6", "disable_ipv6", "1" },
};

/* A kernel without IPv6, or without a setting, needs no such setting. */
static void settings_apply(const struct setting *settings, size_t n, const char *ifname)
{
	char path[128];

	for (size_t i = 0; i < n; i++) {
		int fd;

		snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", settings[i].family,
			 ifname, settings[i].name);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0 || write(fd, settings[i].value, strlen(settings[i].value)) < 0)
			log_warning("%s: cannot write %s: %s", path, settings[i].value,
				    strerror(errno));
		if (fd >= 0)
			close(fd);
	}
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

static int address_add(const struct lcp *lcp, struct netlink *nl,
		       const struct config_address *address)
{
	char buf[NETLINK_REQUEST];
	struct nlmsghdr *request = netlink_request(nl, buf, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	struct ifaddrmsg *msg = mnl_nlmsg_put_extra_header(request, sizeof(*msg));

	msg->ifa_family = AF_INET;
	msg->ifa_prefixlen = address->len;
	msg->ifa_index = (uint32_t)lcp->ifindex;
	mnl_attr_put_u32(request, IFA_LOCAL, htonl(address->addr));
	mnl_attr_put_u32(request, IFA_ADDRESS, htonl(address->addr));
	if (address->len < 31)
		mnl_attr_put_u32(request, IFA_BROADCAST,
				 htonl(address->addr | ~prefix_mask(address->len)));
	return netlink_ask(nl, request);
}

static int tap_create(struct lcp *lcp)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };

	lcp->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (lcp->fd < 0)
		return -errno;
	memcpy(ifr.ifr_name, lcp->name, sizeof(lcp->name));
	if (ioctl(lcp->fd, TUNSETIFF, &ifr))
		return -errno;
	lcp->ifindex = (int)if_nametoindex(lcp->name);
	return lcp->ifindex ? 0 : -errno;
}

int lcp_open(struct lcp *lcp, struct netlink *nl, const struct port *port, const char *instance)
{
	const struct config_port *config = port->config;
	int err;

	*lcp = (struct lcp){ .fd = -1, .port = port };
	if (snprintf(lcp->name, sizeof(lcp->name), "%s-%s", instance, config->name) >=
	    (int)sizeof(lcp->name)) {
		log_error("port %s: interface name %s-%s is too long", config->name, instance,
			  config->name);
		return -ENAMETOOLONG;
	}
	err = tap_create(lcp);
	if (err)
		goto fail;
	settings_apply(lcp_settings, RTE_DIM(lcp_settings), lcp->name);
	if (port->netdev[0])
		settings_apply(netdev_settings, RTE_DIM(netdev_settings), port->netdev);
	err = link_set(lcp, nl);
	for (size_t i = 0; !err && i < config->nb_addresses; i++)
		err = address_add(lcp, nl, &config->addresses[i]);
	if (!err)
		return 0;
fail:
	log_error("port %s: interface %s: %s%s", config->name, lcp->name, strerror(-err),
		  err == -EBUSY ? " (another process has it)" : "");
	lcp_close(lcp);
	return err;
}

void lcp_close(struct lcp *lcp)
{
	if (lcp->fd >= 0)
		close(lcp->fd);
	lcp->fd = -1;
}

void lcp_carrier(const struct lcp *lcp, bool up)
{
	int carrier = up;

	if (ioctl(lcp->fd, TUNSETCARRIER, &carrier))
		log_warning("interface %s: cannot set its carrier: %s", lcp->name, strerror(errno));
}

static bool connected(const struct port *port, struct prefix prefix)
{
	for (size_t i = 0; i < port->config->nb_addresses; i++) {
		const struct config_address *address = &port->config->addresses[i];

		if (prefix_covers(prefix_make(address->addr, address->len), prefix))
			return true;
	}
	return false;
}

int lcp_route(const struct lcp *lcp, struct netlink *nl, const struct config_vnet *vnet, bool add)
{
	char buf[NETLINK_REQUEST], text[PREFIX_TEXT];
	struct nlmsghdr *request;
	struct rtmsg *route;
	int err;

	if (!vnet->has_next_hop && connected(lcp->port, vnet->prefix))
		return 0;
	request = netlink_request(nl, buf, add ? RTM_NEWROUTE : RTM_DELROUTE,
				  add ? NLM_F_CREATE | NLM_F_EXCL : 0);
	route = mnl_nlmsg_put_extra_header(request, sizeof(*route));
	route->rtm_family = AF_INET;
	route->rtm_dst_len = vnet->prefix.len;
	route->rtm_table = RT_TABLE_MAIN;
	route->rtm_protocol = RTPROT_STATIC;
	route->rtm_type = RTN_UNICAST;
	route->rtm_scope = vnet->has_next_hop ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	mnl_attr_put_u32(request, RTA_DST, htonl(vnet->prefix.addr));
	mnl_attr_put_u32(request, RTA_OIF, (uint32_t)lcp->ifindex);
	if (vnet->has_next_hop) {
		/* the link may be down now: the route is right all the same */
		route->rtm_flags = RTNH_F_ONLINK;
		mnl_attr_put_u32(request, RTA_GATEWAY, htonl(vnet->next_hop));
	}
	err = netlink_ask(nl, request);
	if (err)
		log_error("interface %s: cannot %s the kernel's route to %s: %s", lcp->name,
			  add ? "add" : "remove", prefix_text(vnet->prefix, text), strerror(-err));
	return err;
}

bool lcp_send(const struct lcp *lcp, struct rte_mbuf *m)
{
	return write(lcp->fd, rte_pktmbuf_mtod(m, void *), m->data_len) == m->data_len;
}

uint16_t lcp_receive(const struct lcp *lcp, struct rte_mempool *pool, struct rte_mbuf **pkts,
		     uint16_t n)
{
	uint16_t count = 0;

	while (count < n) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
		ssize_t len;

		if (!m)
			break;
		len = read(lcp->fd, rte_pktmbuf_mtod(m, void *), rte_pktmbuf_tailroom(m));
		if (len <= 0) {
			rte_pktmbuf_free(m);
			break;
		}
		m->data_len = (uint16_t)len;
		m->pkt_len = (uint32_t)len;
		pkts[count++] = m;
	}
	return count;
}
