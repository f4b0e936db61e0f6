/* RTM_NEWNEIGH, RTM_DELNEIGH and RTM_GETNEIGH. */
#include "solicit.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <rte_ether.h>

#include "kernel_addr.h"
#include "netlink.h"

struct ask {
	uint16_t type, flags; /* RTM_*, NLM_F_* */
	uint16_t state;	      /* NUD_* */
	uint8_t use;	      /* NTF_USE or 0 */
	const uint8_t *mac;   /* NULL: none */
};

static struct nlmsghdr *build(struct slowpath *s, struct netlink *nl, void *buf, uint16_t port,
			      const struct fib_addr *addr, struct ask ask)
{
	struct nlmsghdr *request = netlink_request(nl, buf, ask.type, ask.flags);
	struct ndmsg *msg = mnl_nlmsg_put_extra_header(request, sizeof(*msg));

	msg->ndm_family = kernel_addr_family(addr);
	msg->ndm_ifindex = s->lcp[port].ifindex;
	msg->ndm_state = ask.state;
	msg->ndm_flags = ask.use;
	kernel_addr_put(request, NDA_DST, addr);
	if (ask.mac)
		mnl_attr_put(request, NDA_LLADDR, RTE_ETHER_ADDR_LEN, ask.mac);
	return request;
}

static int ask(struct slowpath *s, uint16_t port, struct fib_addr addr, struct ask ask)
{
	char buf[NETLINK_REQUEST];

	return netlink_ask(&s->ask, build(s, &s->ask, buf, port, &addr, ask));
}

int solicit_new(struct slowpath *s, uint16_t port, struct fib_addr addr)
{
	return ask(s, port, addr,
		   (struct ask){ .type = RTM_NEWNEIGH,
				 .flags = NLM_F_CREATE | NLM_F_EXCL,
				 .use = NTF_USE });
}

int solicit_again(struct slowpath *s, uint16_t port, struct fib_addr addr)
{
	return ask(s, port, addr,
		   (struct ask){ .type = RTM_NEWNEIGH, .flags = NLM_F_CREATE, .use = NTF_USE });
}

int solicit_probe(struct slowpath *s, uint16_t port, struct fib_addr addr)
{
	return ask(s, port, addr, (struct ask){ .type = RTM_NEWNEIGH, .state = NUD_PROBE });
}

int solicit_fix(struct slowpath *s, uint16_t port, struct fib_addr addr, const uint8_t mac[6])
{
	return ask(s, port, addr,
		   (struct ask){ .type = RTM_NEWNEIGH,
				 .flags = NLM_F_CREATE | NLM_F_REPLACE,
				 .state = NUD_PERMANENT,
				 .mac = mac });
}

int solicit_unfix(struct slowpath *s, uint16_t port, struct fib_addr addr)
{
	return ask(s, port, addr, (struct ask){ .type = RTM_DELNEIGH });
}

int solicit_report(struct slowpath *s, uint16_t port, struct fib_addr addr)
{
	char buf[NETLINK_REQUEST];
	struct nlmsghdr *request =
		build(s, &s->events, buf, port, &addr, (struct ask){ .type = RTM_GETNEIGH });

	request->nlmsg_flags = NLM_F_REQUEST;
	if (mnl_socket_sendto(s->events.sock, request, request->nlmsg_len) < 0)
		return -errno;
	return 0;
}
