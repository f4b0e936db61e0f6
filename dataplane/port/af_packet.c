/* Meets net_af_packet's calls on their way to the kernel. */
#include "af_packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { UNWANTED = PACKET_FANOUT_FLAG_DEFRAG | PACKET_FANOUT_FLAG_ROLLOVER };

/* Every socket that has asked for a group. Made by EAL's initialisation, read and moved by the main
 * lcore. */
static struct packet_socket {
	int fd; /* borrowed: the driver's */
	int ifindex;
	bool grouped;
	bool hears; /* frames to any group of the link */
} sockets[AF_PACKET_SOCKETS];
static uint32_t nb_sockets;

static int really(int fd, int level, int name, const void *value, socklen_t len)
{
	return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}

static int group(struct packet_socket *s, uint32_t argument)
{
	int err = 0;

	if (!s->grouped)
		err = really(s->fd, SOL_PACKET, PACKET_FANOUT, &argument, sizeof(argument));
	s->grouped = !err;
	return err;
}

/* Only the second socket of a device makes a group. */
static int join(int fd, uint32_t argument)
{
	struct sockaddr_ll addr = { 0 };
	socklen_t len = sizeof(addr);
	struct packet_socket *others = NULL;
	int err;

	argument &= ~((uint32_t)UNWANTED << 16);
	if (getsockname(fd, (struct sockaddr *)&addr, &len))
		return -1;
	if (nb_sockets == AF_PACKET_SOCKETS) {
		errno = ENOSPC;
		return -1;
	}
	for (uint32_t i = 0; i < nb_sockets; i++) {
		if (sockets[i].ifindex == addr.sll_ifindex)
			others = &sockets[i];
	}
	sockets[nb_sockets] = (struct packet_socket){ .fd = fd, .ifindex = addr.sll_ifindex };
	err = others ? group(others, argument) : 0;
	if (!err && others)
		err = group(&sockets[nb_sockets], argument);
	nb_sockets += !err;
	return err;
}

/* In the place of libc's, for this process and what it loads. */
__attribute__((visibility("default"))) int setsockopt(int fd, int level, int name,
						      const void *value, socklen_t len)
{
	if (level == SOL_PACKET && name == PACKET_FANOUT && len == sizeof(uint32_t))
		return join(fd, *(const uint32_t *)value);
	return really(fd, level, name, value, len);
}

static int hear_groups(const struct packet_socket *s, int ifindex)
{
	struct packet_mreq all = { .mr_ifindex = ifindex, .mr_type = PACKET_MR_ALLMULTI };

	return really(s->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) ? -errno : 0;
}

int af_packet_hear_groups(int ifindex)
{
	for (uint32_t i = 0; i < nb_sockets; i++) {
		int err = 0;

		if (sockets[i].ifindex == ifindex && !sockets[i].hears)
			err = hear_groups(&sockets[i], ifindex);
		if (err)
			return err;
		sockets[i].hears |= sockets[i].ifindex == ifindex;
	}
	return 0;
}

int af_packet_rebind(int from, int to)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = to,
	};

	for (uint32_t i = 0; i < nb_sockets; i++) {
		int err = 0;

		if (sockets[i].ifindex != from)
			continue;
		if (sockets[i].grouped)
			return -ENOTSUP;
		if (bind(sockets[i].fd, (struct sockaddr *)&addr, sizeof(addr)))
			return -errno;
		if (sockets[i].hears)
			err = hear_groups(&sockets[i], to);
		if (err)
			return err;
		sockets[i].ifindex = to;
	}
	return 0;
}

int af_packet_ignore_outgoing(int ifindex)
{
	int on = 1;

	for (uint32_t i = 0; i < nb_sockets; i++) {
		if (sockets[i].ifindex == ifindex &&
		    really(sockets[i].fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)))
			return -errno;
	}
	return 0;
}

/* The driver makes them in the order of the queues. */
int af_packet_socket(int ifindex, uint16_t queue)
{
	for (uint32_t i = 0; i < nb_sockets; i++) {
		if (sockets[i].ifindex == ifindex && !queue--)
			return sockets[i].fd;
	}
	return -ENOENT;
}

uint32_t af_packet_sockets(int ifindex)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < nb_sockets; i++)
		n += sockets[i].ifindex == ifindex;
	return n;
}
