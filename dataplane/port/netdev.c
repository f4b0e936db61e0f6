/* Requests about network devices by name: netdevice(7). */
#include "netdev.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Made with the first request, for all: links are looked at some twenty times a second, and to open
 * and close a socket takes ten times as long as to ask. */
static int asking = -1;

static int request(const char *name, unsigned long what, struct ifreq *ifr)
{
	if (asking < 0)
		asking = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (asking < 0)
		return -errno;
	strncpy(ifr->ifr_name, name, IFNAMSIZ - 1);
	return ioctl(asking, what, ifr) ? -errno : 0;
}

int netdev_index(const char *name)
{
	struct ifreq ifr = { 0 };
	int err = request(name, SIOCGIFINDEX, &ifr);

	return err ? err : ifr.ifr_ifindex;
}

int netdev_mtu(const char *name)
{
	struct ifreq ifr = { 0 };
	int err = request(name, SIOCGIFMTU, &ifr);

	return err ? err : ifr.ifr_mtu;
}

int netdev_mtu_set(const char *name, uint16_t mtu)
{
	struct ifreq ifr = { .ifr_mtu = mtu };

	return request(name, SIOCSIFMTU, &ifr);
}

int netdev_mac_set(const char *name, const struct rte_ether_addr *mac)
{
	struct ifreq ifr = { .ifr_hwaddr.sa_family = ARPHRD_ETHER };

	memcpy(ifr.ifr_hwaddr.sa_data, mac, RTE_ETHER_ADDR_LEN);
	return request(name, SIOCSIFHWADDR, &ifr);
}

bool netdev_running(const char *name)
{
	struct ifreq ifr = { 0 };

	return !request(name, SIOCGIFFLAGS, &ifr) && (ifr.ifr_flags & IFF_UP) &&
	       (ifr.ifr_flags & IFF_RUNNING);
}
