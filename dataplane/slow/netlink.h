/* rtnetlink: a socket, and requests that wait for the kernel's acknowledgement. Used by the main
 * lcore alone. */
#ifndef BASCULE_NETLINK_H
#define BASCULE_NETLINK_H

#include <stdint.h>

#include <libmnl/libmnl.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	NETLINK_REQUEST = 1024, /* octets that every request of ours fits in */
	/* the kernel answers before the request's system call is over: past this the answer is
	 * lost */
	NETLINK_ANSWER_MS = 200,
};

struct netlink {
	struct mnl_socket *sock; /* owned */
	uint32_t seq;
};

/* `groups`: bit mask of RTMGRP_*, 0 for a socket that only asks. -errno. */
int netlink_open(struct netlink *nl, uint32_t groups);
void netlink_close(struct netlink *nl);

/* Begin a request of `type` in a buffer of NETLINK_REQUEST octets. */
struct nlmsghdr *netlink_request(struct netlink *nl, void *buf, uint16_t type, uint16_t flags);
/* Send it and wait for the answer, for NETLINK_ANSWER_MS at most: 0 or the kernel's -errno;
 * -ETIMEDOUT. Answers to requests that were given up are passed over. */
int netlink_ask(struct netlink *nl, struct nlmsghdr *request);
/* Likewise, with `each` called for every message that comes before its end (libmnl's
 * mnl_cb_run()). */
int netlink_ask_each(struct netlink *nl, struct nlmsghdr *request, mnl_cb_t each, void *data);

#ifdef __cplusplus
}
#endif
#endif
