/* Neighbours between us and the kernel: a real one, in a network namespace of the test's own. The
 * far end of the LCP interface is the test, which sees who is asked for and answers as the hosts of
 * a row would. */
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <rte_arp.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "dataplane.h"
#include "log.h"
#include "monitor.h"
#include "resolver.h"
#include "solicit.h"

namespace
{

using mac = std::vector<uint8_t>;

const mac A = { 2, 0, 0, 0, 0, 0xa }, B = { 2, 0, 0, 0, 0, 0xb };
const uint32_t US = 0x0a000201, HOST = 0x0a000209; /* 10.0.2.1/24, 10.0.2.9 */
const uint32_t FOR_A_MINUTE = 60000;		   /* ms: everything that is due by time is due */

struct monitor : testing::Test {
	static struct rte_mempool *pool;
	static struct rte_rcu_qsbr *qsbr;
	static int home; /* the network namespace that we came from */
	struct config_port config_port = {};
	struct port port = {};
	struct counters counters = {};
	struct fib fib = {};
	struct lcp lcp = {};
	struct netlink other = {}; /* somebody else, such as an operator */
	struct slowpath *s = nullptr;
	struct config config = {};
	struct config_neighbour list[2] = {};
	const uint16_t ids[1] = { 0 };
	uint64_t later_ms = 0;
	std::map<uint32_t, mac> hosts; /* who answers, and from where */
	struct asking {
		uint32_t who;
		bool everybody; /* a broadcast; else the address that it had was asked */
	};
	std::vector<asking> asked;

	static void SetUpTestSuite()
	{
		struct rte_eth_conf conf = {};
		struct rte_ring *ring;

		home = open("/proc/self/ns/net", O_RDONLY);
		if (unshare(CLONE_NEWNET))
			return;
		log_open("test", "-", LOG_LEVEL_ERROR);
		pool = rte_pktmbuf_pool_create("packets", 4095, 0, PUNT_PRIVATE,
					       RTE_MBUF_DEFAULT_BUF_SIZE, 0);
		qsbr = (struct rte_rcu_qsbr *)aligned_alloc(64, 65536);
		rte_rcu_qsbr_init(qsbr, 1);
		ring = rte_ring_create("port", 256, 0, 0);
		ASSERT_EQ(0, rte_eth_from_ring(ring));
		ASSERT_EQ(0, rte_eth_dev_configure(0, 1, 1, &conf));
		ASSERT_EQ(0, rte_eth_rx_queue_setup(0, 0, 64, 0, nullptr, pool));
		ASSERT_EQ(0, rte_eth_tx_queue_setup(0, 0, 64, 0, nullptr));
		ASSERT_EQ(0, rte_eth_dev_start(0));
	}
	static void TearDownTestSuite()
	{
		if (pool) {
			rte_eth_dev_stop(0);
			free(qsbr);
			setns(home, CLONE_NEWNET);
		}
		close(home);
	}
	void SetUp() override
	{
		if (!pool)
			GTEST_SKIP() << "needs a network namespace: run it as root";
		strcpy(config_port.name, "p0");
		config_port.addresses[0] = { US, 24 };
		config_port.nb_addresses = 1;
		port.config = &config_port;
		port.mtu = 1500;
		port.mac = { { 2, 0, 0, 0, 0, 1 } };
		s = (struct slowpath *)calloc(1, sizeof(*s));
		s->fib = &fib;
		s->neighbours = neighbours_new(qsbr);
		s->ports = &port;
		s->lcp = &lcp;
		s->nb_ports = 1;
		s->counters = &counters;
		s->pool = pool;
		s->now_ms = dataplane_now_ms();
		ASSERT_EQ(0, netlink_open(&s->ask, 0));
		ASSERT_EQ(0, netlink_open(&other, 0));
		ASSERT_EQ(0, lcp_open(&lcp, &s->ask, &port, "t"));
		ASSERT_EQ(0, system("ip address add 10.0.2.1/24 dev t-p0"));
		ASSERT_EQ(0, monitor_open(s));
		until([&] { return !s->sweeping; });
	}
	void TearDown() override
	{
		if (!s)
			return;
		monitor_close(s);
		netlink_close(&s->ask);
		netlink_close(&other);
		lcp_close(&lcp);
		neighbours_free(s->neighbours);
		statics_free(&s->statics);
		free(s);
		EXPECT_EQ(4095u, rte_mempool_avail_count(pool)) << "mbufs leaked";
	}

	/* --- the far end ---------------------------------------------------------------------- */

	static struct rte_arp_hdr *arp_of(struct rte_mbuf *m)
	{
		auto *ether = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);

		return ether->ether_type == htons(RTE_ETHER_TYPE_ARP)
			       ? (struct rte_arp_hdr *)(ether + 1)
			       : nullptr;
	}
	/* From `who` at `from`: the answer to a request of ours, or to all a gratuitous one. */
	void say(uint32_t who, const mac &from, bool gratuitous = false)
	{
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
		auto *ether = (struct rte_ether_hdr *)rte_pktmbuf_append(m, 60);
		auto *arp = (struct rte_arp_hdr *)(ether + 1);

		memset(ether, 0, 60);
		memset(&ether->dst_addr, 0xff, 6);
		if (!gratuitous)
			ether->dst_addr = port.mac;
		memcpy(&ether->src_addr, from.data(), 6);
		ether->ether_type = htons(RTE_ETHER_TYPE_ARP);
		arp->arp_hardware = htons(RTE_ARP_HRD_ETHER);
		arp->arp_protocol = htons(RTE_ETHER_TYPE_IPV4);
		arp->arp_hlen = 6;
		arp->arp_plen = 4;
		arp->arp_opcode = htons(gratuitous ? RTE_ARP_OP_REQUEST : RTE_ARP_OP_REPLY);
		memcpy(&arp->arp_data.arp_sha, from.data(), 6);
		arp->arp_data.arp_sip = htonl(who);
		if (!gratuitous)
			arp->arp_data.arp_tha = port.mac;
		arp->arp_data.arp_tip = htonl(gratuitous ? who : US);
		EXPECT_TRUE(lcp_send(&lcp, m));
		rte_pktmbuf_free(m);
	}
	void far_end()
	{
		struct rte_mbuf *pkts[32];
		uint16_t n = lcp_receive(&lcp, pool, pkts, 32);

		for (uint16_t i = 0; i < n; i++) {
			auto *ether = rte_pktmbuf_mtod(pkts[i], struct rte_ether_hdr *);
			struct rte_arp_hdr *arp = arp_of(pkts[i]);

			if (arp && arp->arp_opcode == htons(RTE_ARP_OP_REQUEST)) {
				uint32_t who = ntohl(arp->arp_data.arp_tip);
				bool everybody = rte_is_broadcast_ether_addr(&ether->dst_addr);
				auto at = hosts.find(who);

				asked.push_back({ who, everybody });
				if (at != hosts.end() &&
				    (everybody || !memcmp(&ether->dst_addr, at->second.data(), 6)))
					say(who, at->second);
			}
			rte_pktmbuf_free(pkts[i]);
		}
	}

	/* --- time ----------------------------------------------------------------------------- */

	void turn()
	{
		s->now_ms = dataplane_now_ms() + later_ms;
		monitor_events(s);
		monitor_turn(s);
		far_end();
	}
	/* `always` holds after each turn until it is so. */
	void until(
		const std::function<bool()> &so,
		const std::function<bool()> &always = [] { return true; })
	{
		uint64_t give_up_ms = dataplane_now_ms() + 30000;

		do {
			turn();
			ASSERT_TRUE(always());
			ASSERT_GT(give_up_ms, dataplane_now_ms());
		} while (!so());
	}
	/* Everything that is due by time happens, and what comes of it at once. */
	void time_passes()
	{
		for (int i = 0; i < 3; i++) {
			later_ms += FOR_A_MINUTE;
			for (int k = 0; k < 20; k++) {
				later_ms += MONITOR_TURN_MS;
				turn();
			}
		}
	}

	/* --- what there is -------------------------------------------------------------------- */

	struct host *host(uint32_t addr = HOST)
	{
		return neighbour_get(s->neighbours, 0, addr);
	}
	bool forwards(uint32_t addr = HOST)
	{
		return host(addr) && host_forwards(host(addr)) &&
		       host_adjacency(s->neighbours, host(addr))->action == ADJACENCY_FORWARD;
	}
	bool is_at(const mac &where, uint32_t addr = HOST)
	{
		return forwards(addr) &&
		       !memcmp(host_adjacency(s->neighbours, host(addr))->rewrite, where.data(), 6);
	}
	void find(const mac &where)
	{
		hosts[HOST] = where;
		monitor_host(s, 0, HOST);
		until([&] { return is_at(where); });
		asked.clear();
	}
	/* The kernel's words: "10.0.2.9 lladdr 02:00:00:00:00:0b PERMANENT". */
	static std::string ip(const std::string &words)
	{
		FILE *pipe = popen(("ip neigh " + words + " dev t-p0 2>&1").c_str(), "r");
		std::string text;
		char buf[256];

		while (fgets(buf, sizeof(buf), pipe))
			text += buf;
		EXPECT_EQ(0, pclose(pipe)) << words << ": " << text;
		while (!text.empty() && strchr(" \n", text.back()))
			text.pop_back();
		return text;
	}
	/* The neighbours of the configuration. */

	void configure(const std::vector<std::pair<uint32_t, mac>> &neighbours)
	{
		config.neighbours = list;
		config.nb_neighbours = neighbours.size();
		for (size_t i = 0; i < neighbours.size(); i++) {
			list[i].addr = neighbours[i].first;
			memcpy(list[i].mac, neighbours[i].second.data(), 6);
		}
		ASSERT_EQ(0, statics_configure(s, &config, ids));
	}
	static bool kept(const std::string &last)
	{
		return ip("show 10.0.2.9") ==
		       "10.0.2.9 lladdr 02:00:00:00:00:0" + last + " PERMANENT";
	}
};

struct rte_mempool *monitor::pool;
struct rte_rcu_qsbr *monitor::qsbr;
int monitor::home;

/* --- messages, one by one --------------------------------------------------------------------- */

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
		struct host *h = neighbour_add(s->neighbours, 0, HOST, 1);

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

/* --- permanent entries ------------------------------------------------------------------------ */

TEST_F(monitor, a_permanent_entry_stays_for_ever)
{
	ip("replace 10.0.2.9 lladdr 02:00:00:00:00:0b nud permanent");
	turn();
	monitor_host(s, 0, HOST);
	until([&] { return is_at(B); });
	time_passes();
	EXPECT_TRUE(is_at(B));
	EXPECT_EQ("10.0.2.9 lladdr 02:00:00:00:00:0b PERMANENT", ip("show"));
	EXPECT_TRUE(asked.empty());
}

/* One that was there before us is told by the read of the whole table, or when it is asked for. */
TEST_F(monitor, a_permanent_entry_of_before)
{
	s->ports[0].up = false; /* so that its event counts for nothing */
	ip("replace 10.0.2.9 lladdr 02:00:00:00:00:0b nud permanent");
	turn();
	ASSERT_EQ(nullptr, host());
	s->ports[0].up = true;
	monitor_host(s, 0, HOST);
	until([&] { return is_at(B); });
	time_passes();
	EXPECT_EQ("10.0.2.9 lladdr 02:00:00:00:00:0b PERMANENT", ip("show"));
	EXPECT_TRUE(asked.empty());
}

TEST_F(monitor, made_permanent_later_and_taken_out_again)
{
	auto always = [&] { return forwards(); };

	find(A);
	ip("replace 10.0.2.9 lladdr 02:00:00:00:00:0b nud permanent");
	until([&] { return is_at(B); }, always);
	asked.clear();
	time_passes();
	EXPECT_TRUE(asked.empty());
	EXPECT_EQ("10.0.2.9 lladdr 02:00:00:00:00:0b PERMANENT", ip("show"));
	ip("del 10.0.2.9");
	until([&] { return is_at(A); }, always);
	EXPECT_FALSE(host()->fixed);
	asked.clear();
	later_ms += FOR_A_MINUTE; /* it is looked after as others are */
	until([&] { return !asked.empty(); });
}

TEST_F(monitor, made_permanent_while_it_does_not_answer)
{
	monitor_host(s, 0, HOST);
	until([&] { return host()->state == HOST_FAILED; });
	ip("replace 10.0.2.9 lladdr 02:00:00:00:00:0b nud permanent");
	until([&] { return is_at(B); });
	time_passes();
	EXPECT_EQ("10.0.2.9 lladdr 02:00:00:00:00:0b PERMANENT", ip("show"));
}

/* The request that takes the entry's permanence away is on its way when somebody makes it
 * permanent. */
TEST_F(monitor, what_we_took_in_the_same_instant_is_given_back)
{
	find(A);
	ip("replace 10.0.2.9 lladdr 02:00:00:00:00:0b nud permanent");
	ASSERT_EQ(0, solicit_probe(s, 0, HOST));
	until([&] { return ip("show").find("PERMANENT") != std::string::npos && host()->fixed; });
	EXPECT_TRUE(is_at(B));
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
		monitor_host(s, 0, HOST + i);
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

/* --- the neighbours of the configuration ------------------------------------------------------ */

TEST_F(monitor, given_neighbours_are_permanent_entries_of_the_kernel)
{
	configure({ { HOST, A } });
	until([&] { return kept("a") && is_at(A); });
	time_passes();
	EXPECT_TRUE(kept("a"));
	configure({ { HOST, B }, { HOST + 1, A } });
	until([&] { return kept("b") && is_at(B) && is_at(A, HOST + 1); },
	      [&] { return forwards(); });
	EXPECT_TRUE(asked.empty());
}

TEST_F(monitor, given_neighbours_are_put_back_whatever_is_done_to_them)
{
	configure({ { HOST, A } });
	until([&] { return kept("a") && is_at(A); });
	for (const char *deed :
	     { "del 10.0.2.9", "replace 10.0.2.9 lladdr 02:00:00:00:00:0b nud permanent",
	       "replace 10.0.2.9 lladdr 02:00:00:00:00:0a nud reachable" }) {
		SCOPED_TRACE(deed);
		ip(deed);
		turn();
		until([&] { return kept("a") && is_at(A); }, [&] { return forwards(); });
	}
}

TEST_F(monitor, given_neighbours_are_missed_by_a_read_of_the_table_too)
{
	configure({ { HOST, A } });
	until([&] { return kept("a") && is_at(A); });
	ip("del 10.0.2.9");
	netlink_close(&s->events); /* and with it the events */
	ASSERT_EQ(0, netlink_open(&s->events, 0));
	s->sweep_again = true;
	until([&] { return kept("a"); });
}

TEST_F(monitor, given_neighbours_taken_out_of_the_file_are_hosts_like_others)
{
	hosts[HOST] = B;
	configure({ { HOST, A } });
	until([&] { return kept("a") && is_at(A); });
	configure({});
	until([&] { return is_at(B); }, [&] { return forwards(); });
	EXPECT_EQ(std::string::npos, ip("show").find("PERMANENT"));
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
	EXPECT_EQ(3u, counters.event[EVENT_NETLINK_UNREAD]);
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
	EXPECT_EQ(0, solicit_fix(s, 0, HOST, A.data()));
	EXPECT_EQ(-EEXIST, solicit_new(s, 0, HOST));
	EXPECT_EQ(0, solicit_unfix(s, 0, HOST));
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
