/* rtnetlink requests over libmnl. */
#include "netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/time.h>

enum {
	NETLINK_RCVBUF = 4 << 20
}; /* events of a burst of neighbours; past it the table is read again */

int netlink_open(struct netlink *nl, uint32_t groups)
{
	const struct timeval patience = { .tv_usec = NETLINK_ANSWER_MS * 1000 };
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
	setsockopt(mnl_socket_get_fd(nl->sock), SOL_SOCKET, SO_RCVTIMEO, &patience,
		   sizeof(patience));
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

struct request_answer {
	uint32_t seq; /* of the request */
	mnl_cb_t each;
	void *data;
	int result;
};

/* Is the end of the answer among these messages? What else of it is there is handed on. */
static bool answered(struct request_answer *answer, const void *buf, ssize_t len)
{
	const struct nlmsghdr *message = buf;
	int left = (int)len;

	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
		const int *result = mnl_nlmsg_get_payload(message);
		bool end = message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE;

		if (message->nlmsg_seq != answer->seq)
			continue;
		if (!end && answer->each && answer->each(message, answer->data) < 0) {
			answer->result = -errno;
			return true;
		}
		if (!end)
			continue;
		answer->result =
			mnl_nlmsg_get_payload_len(message) >= sizeof(*result) ? *result : 0;
		return true;
	}
	return false;
}

int netlink_ask(struct netlink *nl, struct nlmsghdr *request)
{
	return netlink_ask_each(nl, request, NULL, NULL);
}

int netlink_ask_each(struct netlink *nl, struct nlmsghdr *request, mnl_cb_t each, void *data)
{
	struct request_answer answer = { .seq = request->nlmsg_seq, .each = each, .data = data };
	char buf[8192];

	if (mnl_socket_sendto(nl->sock, request, request->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		ssize_t len = recv(mnl_socket_get_fd(nl->sock), buf, sizeof(buf), 0);

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (answered(&answer, buf, len))
			return answer.result;
	}
}
