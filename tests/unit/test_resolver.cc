/* Claimed adjacencies follow their gateways, and their port's link. */
#include <gtest/gtest.h>

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <string>

#include "monitor.h"
#include "resolver.h"
#include "slowpath_rig.h"

namespace
{

/* Adjacencies that control has claimed behind port 0, then died: the main lcore alone marks what is
 * lost. */
struct claimed {
	enum { ADJACENCIES = 4 };
	struct slowpath *s;
	struct fib *fib;
	struct adjacency *adjacencies;
	int events = -1;

	static uint32_t gateway(uint32_t i)
	{
		return 0x0a000060 + i;
	}
	claimed(struct slowpath *slowpath, struct lcp *lcp) : s(slowpath)
	{
		const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };
		int pair[2];

		fib = (struct fib *)aligned_alloc(64, RTE_CACHE_LINE_ROUNDUP(sizeof(*fib)));
		memset((void *)fib, 0, sizeof(*fib));
		adjacencies =
			(struct adjacency *)aligned_alloc(64, ADJACENCIES * sizeof(*adjacencies));
		memset((void *)adjacencies, 0, ADJACENCIES * sizeof(*adjacencies));
		fib->generation[1].adjacencies = adjacencies;
		fib->generation[1].adjacencies_end = ADJACENCIES;
		for (uint32_t i = 1; i < ADJACENCIES; i++) {
			struct host *host = neighbour_add(s->neighbours, 0,
							  fib_addr_ip4(gateway(i)), s->now_ms);

			adjacencies[i].gateway = fib_addr_ip4(gateway(i));
			adjacencies[i].claimed = 1;
			neighbour_resolve(s->neighbours, host, mac, &slow::port, s->now_ms);
		}
		s->fib = fib;
		s->next_link_ms = s->next_sweep_ms = UINT64_MAX;
		EXPECT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair));
		events = pair[0];
		netlink_close(&s->events);
		s->events.sock = mnl_socket_fdopen(pair[1]);
		slow::port.config = &config;
		slow::port.up = true;
		lcp->ifindex = 77;
		turn();
		EXPECT_EQ("forward forward forward", actions());
	}
	~claimed()
	{
		rte_eth_dev_set_link_up(0);
		slow::port.config = nullptr;
		slow::port.up = true;
		close(events);
		free(adjacencies);
		free(fib);
	}
	/* As dataplane_turn() does. */
	void turn()
	{
		monitor_events(s);
		monitor_turn(s);
		resolver_turn(s);
	}
	void kernel_says(uint32_t addr, uint16_t state)
	{
		char buf[NETLINK_REQUEST];
		struct nlmsghdr *event = mnl_nlmsg_put_header(buf);
		struct ndmsg *msg;

		event->nlmsg_type = RTM_NEWNEIGH;
		msg = (struct ndmsg *)mnl_nlmsg_put_extra_header(event, sizeof(*msg));
		msg->ndm_family = AF_INET;
		msg->ndm_ifindex = 77;
		msg->ndm_state = state;
		mnl_attr_put_u32(event, NDA_DST, htonl(addr));
		ASSERT_LT(0, ::send(events, event, event->nlmsg_len, 0));
	}
	std::string actions()
	{
		std::string text;

		for (uint32_t i = 1; i < ADJACENCIES; i++)
			text += adjacencies[i].action == ADJACENCY_FORWARD ? " forward" : " lost";
		return text.substr(1);
	}
	static inline struct config_port config = {};
};

} // namespace

TEST_F(slow, a_neighbour_that_does_not_answer_is_lost_in_the_turn_that_hears_of_it)
{
	claimed hops(s, &lcp);

	hops.kernel_says(hops.gateway(2), NUD_FAILED);
	hops.turn();
	EXPECT_EQ("forward lost forward", hops.actions());
}

TEST_F(slow, every_neighbour_is_lost_whose_link_goes)
{
	claimed hops(s, &lcp);

	ASSERT_EQ(0, rte_eth_dev_set_link_down(0));
	s->next_link_ms = 0;
	s->resolved_ms = s->now_ms;
	monitor_turn(s); /* before anything else is done for it */
	EXPECT_EQ("lost lost lost", hops.actions());
	hops.turn();
	EXPECT_EQ("lost lost lost", hops.actions());
}

/* Where the device tells of its link, nobody waits for the next look at all of them. */
TEST_F(slow, a_link_that_its_device_tells_of_is_lost_in_the_same_turn)
{
	claimed hops(s, &lcp);

	ASSERT_EQ(0, rte_eth_dev_set_link_down(0));
	hops.turn();
	EXPECT_EQ("forward forward forward", hops.actions()) << "this one does not";
	device.link_events = true;
	hops.turn();
	device.link_events = false;
	EXPECT_EQ("lost lost lost", hops.actions());
}

/* A gateway that is lost is asked for again and again: it comes back by itself. */
TEST_F(slow, who_is_lost_is_sought)
{
	claimed hops(s, &lcp);
	struct host *host;

	hops.kernel_says(hops.gateway(2), NUD_FAILED);
	hops.turn();
	s->now_ms += MONITOR_FAILED_MS + 1;
	s->next_sweep_ms = 0;
	hops.turn(); /* forgotten, and then a new host */
	host = neighbour_get(s->neighbours, 0, fib_addr_ip4(hops.gateway(2)));
	ASSERT_NE(nullptr, host);
	EXPECT_EQ(HOST_PENDING, host->state);
	EXPECT_EQ("forward lost forward", hops.actions());
	neighbour_resolve(s->neighbours, host, host_mac, &port, s->now_ms);
	s->adjacencies_stale = true;
	hops.turn();
	EXPECT_EQ("forward forward forward", hops.actions());
}
