/* A packet socket for frames behind the header of their offloads. */
#include "gso_socket.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <rte_ether.h>

enum {
	MACS = 2 * RTE_ETHER_ADDR_LEN,
	/* Octets of the kernel's memory that wait for the device: some thirty of the largest
	 * frames. */
	SEND_BUFFER = 4 << 20,
};

/* With protocol 0 it hears nothing. */
static int bind_to(int fd, int ifindex)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_ifindex = ifindex };

	return bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ? -errno : 0;
}

static int set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? -errno : 0;
}

int gso_socket_open(struct gso_socket *s, int ifindex)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err = fd < 0 ? -errno : 0;

	if (!err)
		err = set(fd, SOL_PACKET, PACKET_VNET_HDR, 1);
	if (!err)
		err = set(fd, SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER);
	if (!err)
		err = bind_to(fd, ifindex);
	if (!err) {
		s->fd = fd;
		s->open = true;
	} else if (fd >= 0) {
		close(fd);
	}
	return err;
}

void gso_socket_close(struct gso_socket *s)
{
	if (s->open)
		close(s->fd);
	s->open = false;
}

int gso_socket_rebind(struct gso_socket *s, int ifindex)
{
	return s->open ? bind_to(s->fd, ifindex) : 0;
}

int gso_socket_send(const struct gso_socket *s, const struct gso_frame *frame)
{
	struct iovec parts[] = {
		{ (void *)&frame->offload, sizeof(frame->offload) },
		{ (void *)frame->macs, MACS },
		{ (void *)frame->tags->octets, frame->tags->len },
		{ (void *)frame->rest, frame->rest_len },
	};

	return writev(s->fd, parts, RTE_DIM(parts)) < 0 ? -errno : 0;
}
