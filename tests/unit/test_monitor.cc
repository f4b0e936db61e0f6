/* What the kernel says of neighbours and what becomes of it; hosts that move, are flushed, or go;
 * and netlink when it goes wrong. */
#include <gtest/gtest.h>

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <fstream>

#include "monitor_rig.h"
#include "resolver.h"
#include "solicit.h"

namespace
{

const uint16_t GONE = 0xffff; /* instead of a state: RTM_DELNEIGH */
enum by { KERNEL, OURS, ANSWER, OTHERS };

const struct message_case {
	const char *name;
	enum host_state before;
	uint16_t state;
	bool with_mac;
	enum by by;
	enum host_state after;
} message_cases[] = {
	{ "found", HOST_PENDING, NUD_REACHABLE, true, KERNEL, HOST_RESOLVED },
	{ "made permanent", HOST_PENDING, NUD_PERMANENT, true, OTHERS, HOST_RESOLVED },
	{ "made permanent though it does not answer", HOST_FAILED, NUD_PERMANENT, true, OTHERS,
	  HOST_RESOLVED },
	{ "not found", HOST_PENDING, NUD_FAILED, false, KERNEL, HOST_FAILED },
	{ "being asked", HOST_PENDING, NUD_INCOMPLETE, false, ANSWER, HOST_PENDING },
	{ "failed before we asked", HOST_PENDING, NUD_FAILED, false, ANSWER, HOST_PENDING },
	{ "flushed while it is asked", HOST_PENDING, GONE, false, OTHERS, HOST_PENDING },
	{ "stale is good", HOST_RESOLVED, NUD_STALE, true, KERNEL, HOST_RESOLVED },
	{ "probed", HOST_RESOLVED, NUD_PROBE, true, OURS, HOST_RESOLVED },
	{ "asked, and everybody, without an answer", HOST_RESOLVED, NUD_FAILED, true, KERNEL,
	  HOST_FAILED },
	{ "failed by command, as the first half of a flush", HOST_RESOLVED, NUD_FAILED, false,
	  OTHERS, HOST_DOUBTED },
	{ "flushed", HOST_RESOLVED, GONE, false, OTHERS, HOST_DOUBTED },
	{ "pushed out by others", HOST_RESOLVED, GONE, false, KERNEL, HOST_DOUBTED },
	{ "begun anew", HOST_RESOLVED, NUD_INCOMPLETE, false, KERNEL, HOST_DOUBTED },
	{ "failed, events were lost", HOST_RESOLVED, NUD_FAILED, false, ANSWER, HOST_DOUBTED },
	{ "found again", HOST_DOUBTED, NUD_REACHABLE, true, KERNEL, HOST_RESOLVED },
	{ "in doubt and really gone", HOST_DOUBTED, NUD_FAILED, false, KERNEL, HOST_FAILED },
	{ "in doubt and flushed again", HOST_DOUBTED, GONE, false, OTHERS, HOST_DOUBTED },
	{ "in doubt and being asked", HOST_DOUBTED, NUD_INCOMPLETE, false, ANSWER, HOST_DOUBTED },
	{ "found after all", HOST_FAILED, NUD_REACHABLE, true, KERNEL, HOST_RESOLVED },
	{ "the kernel forgets a dead one", HOST_FAILED, GONE, false, KERNEL, HOST_FREE },
};

} // namespace

TEST_F(monitor, what_a_message_means)
{
	for (const message_case &t : message_cases) {
		const uint32_t pids[] = { 0, mnl_socket_get_portid(s->ask.sock),
					  mnl_socket_get_portid(s->events.sock), 12345 };
		char buf[NETLINK_REQUEST];
		struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
		struct host *h = neighbour_add(s->neighbours, 0, fib_addr_ip4(HOST), 1);

		SCOPED_TRACE(t.name);
		if (t.before != HOST_PENDING)
			neighbour_resolve(s->neighbours, h, A.data(), &port, 1);
		if (t.before == HOST_DOUBTED)
			neighbour_doubt(s->neighbours, h, 1);
		if (t.before == HOST_FAILED)
			neighbour_unresolve(s->neighbours, h, HOST_FAILED, 1);
		message->nlmsg_type = t.state == GONE ? RTM_DELNEIGH : RTM_NEWNEIGH;
		message->nlmsg_pid = pids[t.by];
		auto *msg =
			(struct ndmsg *)mnl_nlmsg_put_extra_header(message, sizeof(struct ndmsg));
		msg->ndm_family = AF_INET;
		msg->ndm_ifindex = lcp.ifindex;
		msg->ndm_state = t.state == GONE ? NUD_REACHABLE : t.state;
		mnl_attr_put_u32(message, NDA_DST, htonl(HOST));
		if (t.with_mac)
			mnl_attr_put(message, NDA_LLADDR, 6, B.data());
		s->asks = MONITOR_ASKS;
		monitor_messages(s, buf, (int)message->nlmsg_len);
		h = host();
		ASSERT_EQ(t.after, h ? (enum host_state)h->state : HOST_FREE);
		EXPECT_EQ(t.after == HOST_RESOLVED || t.after == HOST_DOUBTED, forwards());
		EXPECT_EQ(t.after == HOST_RESOLVED, is_at(B));
		EXPECT_EQ(t.after == HOST_DOUBTED, is_at(A)) << "it keeps what it had";
		for (size_t cut = 0; cut < message->nlmsg_len;
		     cut++) /* and nothing beyond the buffer is read */
			monitor_messages(s, std::vector<char>(buf, buf + cut).data(), (int)cut);
		if (host())
			neighbour_remove(s->neighbours, host());
		ip("flush");
		until([&] { return !s->sweeping && monitor_events(s) == false; });
		if (host())
			neighbour_remove(s->neighbours, host());
	}
}

/* --- moved, flushed, gone --------------------------------------------------------------------- */

TEST_F(monitor, a_flush_is_no_loss)
{
	find(A);
	for (int i = 0; i < 5; i++) {
		ip("flush");
		until([&] { return host()->state == HOST_RESOLVED && !asked.empty(); },
		      [&] { return is_at(A); });
		asked.clear();
	}
}

TEST_F(monitor, a_flush_of_many_is_repaired_in_slices)
{
	enum { MANY = 200 };
	uint32_t most = 0;

	for (uint32_t i = 0; i < MANY; i++) {
		hosts[HOST + i] = A;
		hosts_want(s, 0, fib_addr_ip4(HOST + i));
		until([&] { return forwards(HOST + i); });
	}
	asked.clear();
	ip("flush");
	auto all = [&](const std::function<bool(struct host *)> &so) {
		for (uint32_t i = 0; i < MANY; i++)
			if (!so(host(HOST + i)))
				return false;
		return true;
	};
	until(
		[&] {
			return asked.size() >= MANY &&
			       all([](struct host *h) { return h->state == HOST_RESOLVED; });
		},
		[&] {
			static size_t before;

			most = RTE_MAX(most,
				       (uint32_t)(asked.size() - RTE_MIN(before, asked.size())));
			before = asked.size();
			return all(host_forwards);
		});
	EXPECT_GE((uint32_t)MONITOR_ASKS, most) << "in one turn";
}

TEST_F(monitor, a_silent_move_is_found_by_asking_everybody)
{
	bool asked_there = false;

	find(A);
	hosts[HOST] = B;
	later_ms += MONITOR_REFRESH_MS + 1;
	until([&] { return is_at(B); }, [&] { return forwards(); });
	for (const asking &a : asked) {
		asked_there |= !a.everybody;
		if (a.everybody) {
			EXPECT_TRUE(asked_there) << "first where it was";
		}
	}
}

TEST_F(monitor, a_next_hop_is_looked_after_more_often)
{
	find(A);
	host()->next_hop_ms = s->now_ms + MONITOR_NEXT_HOP_MS + MONITOR_TURN_MS;
	later_ms += MONITOR_NEXT_HOP_MS + MONITOR_TURN_MS;
	until([&] { return !asked.empty(); });
	EXPECT_FALSE(asked[0].everybody);
}

TEST_F(monitor, a_gratuitous_request_is_followed_at_once)
{
	find(A);
	say(HOST, B, true);
	until([&] { return is_at(B); }, [&] { return forwards(); });
	EXPECT_TRUE(asked.empty());
}

TEST_F(monitor, who_does_not_answer_is_lost_but_not_before_everybody_was_asked)
{
	find(A);
	hosts.clear();
	later_ms += MONITOR_REFRESH_MS + 1;
	until([&] { return !forwards(); });
	EXPECT_EQ(HOST_FAILED, host()->state);
	EXPECT_LE(1, std::count_if(asked.begin(), asked.end(),
				   [](const asking &a) { return a.everybody; }));
}

TEST_F(monitor, flushed_and_really_gone)
{
	find(A);
	hosts.clear();
	ip("flush");
	until([&] { return !forwards(); });
	EXPECT_LT(1u, asked.size()) << "it was asked for";
}

/* --- devices that fail ------------------------------------------------------------------------ */

TEST_F(monitor, a_device_that_fails_and_works_again)
{
	struct device_recovery *r = &s->recoveries[0];

	fib.qsbr = qsbr;
	ASSERT_TRUE(port.up);
	device.events = DEVICE_EVENT_RESET;
	for (int turn = 0; turn < 2; turn++) {
		s->now_ms += MONITOR_LINK_MS;
		monitor_turn(s);
		EXPECT_FALSE(port.up);
		EXPECT_FALSE(fib.ports[0].up);
		EXPECT_TRUE(fib.ports[0].device_lost) << "control's alarm";
		EXPECT_EQ(1u, counters.event[COUNTER_DEVICE_LOST]);
		r->state = device_recovery::RECOVERY_WAITING;
		r->next_ms = UINT64_MAX;
	}
	/* a thread has set it up anew */
	r->state = device_recovery::RECOVERY_AT_WORK;
	r->done = true;
	ASSERT_EQ(0, pthread_create(
			     &r->thread, nullptr, [](void *p) { return p; }, nullptr));
	s->now_ms += MONITOR_LINK_MS;
	monitor_turn(s);
	EXPECT_TRUE(port.up);
	EXPECT_TRUE(fib.ports[0].up);
	EXPECT_FALSE(fib.ports[0].device_lost);
	EXPECT_EQ(1u, counters.event[COUNTER_DEVICE_REOPENED]);
}

/* --- netlink that goes wrong ------------------------------------------------------------------ */

namespace
{

const struct unread_case {
	const char *name;
	uint16_t type, flags;
	int err;
	uint32_t later_ms;
} unread_cases[] = {
	{ "refused", NLMSG_ERROR, 0, -EBUSY, 0 },
	{ "broken off", NLMSG_DONE, NLM_F_MULTI, -ENOMEM, 0 },
	{ "changed below it", NLMSG_DONE, NLM_F_MULTI | NLM_F_DUMP_INTR, 0, 0 },
	{ "without an end", NLMSG_NOOP, 0, 0, MONITOR_SWEEP_MS + 1 },
};

} // namespace

TEST_F(monitor, a_read_that_fails_is_repeated_and_forgets_nobody)
{
	for (const unread_case &t : unread_cases) {
		char buf[NETLINK_REQUEST];
		struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
		uint32_t sweep = s->sweep;

		SCOPED_TRACE(t.name);
		find(A);
		host()->seen = sweep - 1;
		s->sweeping = true; /* and its answer is this */
		s->sweep_ms = s->now_ms;
		message->nlmsg_type = t.type;
		message->nlmsg_flags = t.flags;
		message->nlmsg_seq = s->sweep_seq;
		message->nlmsg_pid = mnl_socket_get_portid(s->events.sock);
		*(int *)mnl_nlmsg_put_extra_header(message, sizeof(int)) = t.err;
		monitor_messages(s, buf, (int)message->nlmsg_len);
		later_ms += t.later_ms;
		until([&] { return s->sweep != sweep && !s->sweeping; }, [&] { return is_at(A); });
	}
	EXPECT_EQ(3u, counters.event[COUNTER_NETLINK_UNREAD]);
}

TEST_F(monitor, an_answer_that_comes_late_is_not_the_next_ones)
{
	char buf[NETLINK_REQUEST];
	struct nlmsghdr *request;

	for (int i = 0; i < 3; i++) { /* given up: these are answered, and nobody has read it */
		request = netlink_request(&s->ask, buf, RTM_DELNEIGH, 0);
		mnl_nlmsg_put_extra_header(request, sizeof(struct ndmsg));
		ASSERT_LT(0, mnl_socket_sendto(s->ask.sock, request, request->nlmsg_len));
	}
	EXPECT_EQ(0, solicit_fix(s, 0, fib_addr_ip4(HOST), A.data()));
	EXPECT_EQ(-EEXIST, solicit_new(s, 0, fib_addr_ip4(HOST)));
	EXPECT_EQ(0, solicit_unfix(s, 0, fib_addr_ip4(HOST)));
}

TEST_F(monitor, no_answer_is_not_waited_for_long)
{
	char buf[NETLINK_REQUEST];
	struct nlmsghdr *request = netlink_request(&s->ask, buf, NLMSG_NOOP, 0);

	request->nlmsg_flags = NLM_F_REQUEST; /* that wants none */
	EXPECT_EQ(-ETIMEDOUT, netlink_ask(&s->ask, request));
}

TEST_F(monitor, the_kernel_is_told_how_to_ask)
{
	static const struct {
		const char *name;
		int value;
	} rows[] = { { "ucast_solicit", 2 },
		     { "mcast_resolicit", 5 },
		     { "mcast_solicit", 6 },
		     { "retrans_time_ms", 500 } };

	for (const auto &row : rows) {
		std::ifstream file(std::string("/proc/sys/net/ipv4/neigh/t-p0/") + row.name);
		int value = 0;

		file >> value;
		EXPECT_EQ(row.value, value) << row.name;
	}
}

/* Somebody says in the names of many that he is there: they are used while there is room, of which
 * some is kept for hosts that packets or routes want. */
TEST_F(monitor, who_is_wanted_has_room)
{
	for (uint32_t i = 0; neighbour_may_come(s->neighbours); i++)
		neighbour_add(s->neighbours, 0, fib_addr_ip4(0x0b000000 + i), s->now_ms);
	ip("replace 10.0.2.9 lladdr 02:00:00:00:00:0b nud stale");
	until([&] { return counters.event[COUNTER_NEIGHBOUR_FULL]; });
	EXPECT_EQ(nullptr, host());
	EXPECT_EQ((uint32_t)NEIGHBOUR_HOSTS - NEIGHBOUR_RESERVED, s->neighbours->count);
	find(B);
	ip("replace 10.0.2.8 lladdr 02:00:00:00:00:0a nud permanent");
	until([&] { return is_at(A, HOST - 1); });
}
