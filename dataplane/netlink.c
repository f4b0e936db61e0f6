/* rtnetlink requests over libmnl. */
#include "netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

enum {
	NETLINK_RCVBUF = 4 << 20
}; /* events of a burst of neighbours; past it the table is read again */

int netlink_open(struct netlink *nl, uint32_t groups)
{
	int size = NETLINK_RCVBUF;

	nl->seq = 0;
	nl->sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!nl->sock)
		return -errno;
	if (mnl_socket_bind(nl->sock, groups, MNL_SOCKET_AUTOPID)) {
		int err = -errno;

		netlink_close(nl);
		return err;
	}
	/* Without the privilege to force it the default size must do. */
	if (setsockopt(mnl_socket_get_fd(nl->sock), SOL_SOCKET, SO_RCVBUFFORCE, &size,
		       sizeof(size)))
		setsockopt(mnl_socket_get_fd(nl->sock), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return 0;
}

void netlink_close(struct netlink *nl)
{
	if (nl->sock)
		mnl_socket_close(nl->sock);
	nl->sock = NULL;
}

struct nlmsghdr *netlink_request(struct netlink *nl, void *buf, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buf);

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	request->nlmsg_seq = ++nl->seq;
	return request;
}

int netlink_ask(struct netlink *nl, struct nlmsghdr *request)
{
	return netlink_ask_each(nl, request, NULL, NULL);
}

int netlink_ask_each(struct netlink *nl, struct nlmsghdr *request, mnl_cb_t each, void *data)
{
	char buf[8192];
	unsigned int port = mnl_socket_get_portid(nl->sock);

	if (mnl_socket_sendto(nl->sock, request, request->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		ssize_t len = mnl_socket_recvfrom(nl->sock, buf, sizeof(buf));
		int run;

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return -errno;
		run = mnl_cb_run(buf, (size_t)len, request->nlmsg_seq, port, each, data);
		if (run == MNL_CB_STOP)
			return 0;
		if (run == MNL_CB_ERROR)
			return -errno;
	}
}
