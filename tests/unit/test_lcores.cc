/* The forwarding process with two forwarding lcores, which share what CPUs there are: two devices
 * of two queues each, over which the kernel spreads flows as RSS does, in a network namespace of
 * the test's own. The far end of each device's veth pair is the test, and so is the main lcore. */
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <rte_eal.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "config_file.h"
#include "dataplane.h"

namespace
{

enum { LCORES = 2, FLOWS = 32, EACH = 8, ROUNDS = 8, UDP_PORT = 9000, PATIENCE_MS = 10000 };

const char text[] = R"(
instance = { name = "two"; router_id = "10.0.1.4"; };
dataplane = { main_lcore = 0; forwarding_lcores = [1, 2]; tbl8_groups = 256; ports = (
  { name = "nva0"; device = "net_af_packet0,iface=nva,qpairs=2";
    role = "nva"; addresses = ["10.0.2.1/24"]; },
  { name = "vnet0"; device = "net_af_packet1,iface=vnet,qpairs=2";
    role = "vnet"; addresses = ["10.0.1.4/24"]; } ); };
control = { lcores = [3]; };
vnet = ( { prefix = "10.0.0.0/16"; port = "vnet0"; } );
neighbours = ( { address = "10.0.1.9"; mac = "02:00:00:00:00:09"; port = "vnet0"; } );
)";
const uint32_t source = 0x0a000209, destination = 0x0a000109; /* 10.0.2.9, 10.0.1.9 */

void shell(const std::string &command)
{
	ASSERT_EQ(0, system((command + " >/dev/null 2>&1").c_str())) << command;
}

struct packet {
	struct rte_ether_hdr ether;
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr udp;
	uint16_t number; /* in its flow */
	uint8_t fill[16];
};

struct lcores : testing::Test {
	static std::unique_ptr<struct dataplane> dp;
	static struct config *config;
	static int near, far; /* packet sockets at the far ends */
	static uint16_t sent[FLOWS], received[FLOWS];

	static void SetUpTestSuite()
	{
		if (unshare(CLONE_NEWNET))
			return;
		shell("sysctl -w net.ipv6.conf.default.disable_ipv6=1");
		for (const char *name : { "nva", "vnet" }) {
			std::string end = name;

			shell("ip link add " + end + " type veth peer name " + end + "-far");
			shell("ip link set " + end + " up && ip link set " + end + "-far up");
		}
		start_eal();
		start_dataplane();
		near = open_socket("nva-far");
		far = open_socket("vnet-far");
	}
	static void TearDownTestSuite()
	{
		if (!dp)
			return;
		dataplane_close(dp.get());
		dp = nullptr;
		config_free(config);
		close(near);
		close(far);
		rte_eal_cleanup();
	}
	void SetUp() override
	{
		if (!dp)
			GTEST_SKIP() << "needs a network namespace: run it as root";
		/* of a host that is not known yet a few packets wait, and no more */
		send(0);
		ASSERT_TRUE(all_arrived());
	}
	/* Three lcores on the CPUs that we may use, be it one. */
	static void start_eal()
	{
		std::string cpus, map;
		cpu_set_t may;

		ASSERT_EQ(0, sched_getaffinity(0, sizeof(may), &may));
		for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
			if (CPU_ISSET(cpu, &may))
				cpus += (cpus.empty() ? "" : ",") + std::to_string(cpu);
		map = "(0-" + std::to_string(LCORES) + ")@(" + cpus + ")";
		const char *args[] = { "test",
				       "--no-huge",
				       "-m",
				       "600",
				       "--no-pci",
				       "--no-telemetry",
				       "--no-shconf",
				       "--lcores",
				       map.c_str(),
				       "--log-level",
				       "error",
				       "--vdev",
				       "net_af_packet0,iface=nva,qpairs=2",
				       "--vdev",
				       "net_af_packet1,iface=vnet,qpairs=2" };
		ASSERT_LE(0, rte_eal_init((int)(sizeof(args) / sizeof(*args)), (char **)args));
	}
	static void start_dataplane()
	{
		struct config_report report;
		folder dir;

		config = config_load(dir.write("two.conf", text).c_str(), &report);
		ASSERT_NE(nullptr, config) << report.errors[0];
		config_report_free(&report);
		dp = std::make_unique<struct dataplane>();
		ASSERT_EQ(0, dataplane_open(dp.get(), config));
		fib_gate_set(dp->fib, UINT64_MAX);
	}
	static int open_socket(const char *device)
	{
		struct sockaddr_ll addr = {};
		int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_IP)),
		    room = 4 << 20;

		addr.sll_family = AF_PACKET;
		addr.sll_protocol = htons(ETH_P_IP);
		addr.sll_ifindex = (int)if_nametoindex(device);
		EXPECT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)));
		EXPECT_EQ(0, bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
		return fd;
	}
	const struct port &port(const char *name)
	{
		const struct port *p = dp->ports;

		while (strcmp(p->config->name, name))
			p++;
		return *p;
	}
	/* The next packet of the flow comes by nva0. */
	void send(unsigned int flow)
	{
		struct packet p = {};

		p.ether.dst_addr = port("nva0").mac;
		p.ether.src_addr = { { 2, 0, 0, 0, 0, 7 } };
		p.ether.ether_type = htons(ETH_P_IP);
		p.ip.version_ihl = RTE_IPV4_VHL_DEF;
		p.ip.total_length = htons(sizeof(p) - sizeof(p.ether));
		p.ip.time_to_live = 64;
		p.ip.next_proto_id = IPPROTO_UDP;
		p.ip.src_addr = htonl(source);
		p.ip.dst_addr = htonl(destination);
		p.ip.hdr_checksum = rte_ipv4_cksum(&p.ip);
		p.udp.src_port = htons((uint16_t)(UDP_PORT + 1 + flow));
		p.udp.dst_port = htons(UDP_PORT);
		p.udp.dgram_len = htons(sizeof(p) - sizeof(p.ether) - sizeof(p.ip));
		p.number = sent[flow]++;
		ASSERT_EQ((ssize_t)sizeof(p), ::send(near, &p, sizeof(p), 0));
	}
	/* What has left by vnet0: each flow in its order. */
	void receive()
	{
		struct packet p;

		while (recv(far, &p, sizeof(p), 0) == (ssize_t)sizeof(p)) {
			unsigned int flow = ntohs(p.udp.src_port) - UDP_PORT - 1u;

			if (p.ip.next_proto_id != IPPROTO_UDP ||
			    p.udp.dst_port != htons(UDP_PORT) || flow >= FLOWS)
				continue;
			ASSERT_EQ(received[flow], p.number) << "of flow " << flow;
			EXPECT_EQ(63, p.ip.time_to_live);
			received[flow]++;
		}
	}
	/* The main lcore turns until this is so. */
	bool until(const std::function<bool()> &so)
	{
		uint64_t end_ms = dataplane_now_ms() + PATIENCE_MS;

		for (bool is = so();; is = so()) {
			struct pollfd fd = { far, POLLIN, 0 };

			if (is || dataplane_now_ms() > end_ms)
				return is;
			dataplane_turn(dp.get());
			poll(&fd, 1, 1);
			receive();
		}
	}
	testing::AssertionResult all_arrived()
	{
		struct counters sum;
		std::string drops;

		if (until([] { return std::equal(sent, sent + FLOWS, received); }))
			return testing::AssertionSuccess();
		counters_sum(dp->counters, LCORES + 1, &sum);
		for (int i = 0; i < DROP_REASONS; i++)
			if (sum.drop[i])
				drops += std::string(" ") + drop_reason_name((enum drop_reason)i);
		return testing::AssertionFailure() << "drops:" << drops;
	}
	/* By lcore, of what came by nva0. */
	std::vector<uint64_t> came()
	{
		std::vector<uint64_t> n;

		for (int i = 0; i < LCORES; i++)
			n.push_back(dp->counters[i].port[port("nva0").id].rx);
		return n;
	}
	/* Send each flow by itself, and say which lcore had it. */
	std::vector<int> lcores_of_flows()
	{
		std::vector<int> lcores;

		for (unsigned int flow = 0; flow < FLOWS; flow++) {
			std::vector<uint64_t> before = came(), after;

			for (int i = 0; i < EACH; i++)
				send(flow);
			if (testing::AssertionResult all = all_arrived(); !all) {
				ADD_FAILURE() << "flow " << flow << ": " << all.message();
				return lcores;
			}
			EXPECT_TRUE(until([&] {
				after = came();
				return after[0] + after[1] >= before[0] + before[1] + EACH;
			}));
			int lcore = after[1] != before[1];

			EXPECT_EQ(before[lcore] + EACH, after[lcore]) << "flow " << flow;
			EXPECT_EQ(before[!lcore], after[!lcore]) << "flow " << flow;
			lcores.push_back(lcore);
		}
		return lcores;
	}
};

std::unique_ptr<struct dataplane> lcores::dp;
struct config *lcores::config;
int lcores::near, lcores::far;
uint16_t lcores::sent[FLOWS], lcores::received[FLOWS];

TEST_F(lcores, have_a_queue_of_each_device)
{
	for (int i = 0; i < LCORES; i++) {
		const struct worker &w = dp->workers[i];

		ASSERT_EQ(2, w.nb_rxq);
		EXPECT_NE(w.rxq[0].device, w.rxq[1].device);
	}
	for (int d = 0; d < 2; d++) {
		EXPECT_EQ(2, dp->devices[d].nb_rxq);
		EXPECT_EQ(1, dp->devices[d].nb_txq) << "with a lock, as the main lcore sends too";
		EXPECT_TRUE(dp->devices[d].tx_shared);
	}
}

TEST_F(lcores, a_flow_stays_on_one_and_both_have_some)
{
	std::vector<int> first = lcores_of_flows();

	EXPECT_LT(0, std::count(first.begin(), first.end(), 0));
	EXPECT_LT(0, std::count(first.begin(), first.end(), 1));
	EXPECT_EQ(first, lcores_of_flows()) << "the second time too";
}

/* Of all flows at once each arrives whole and in order, and what the lcores count is what there
 * was. */
TEST_F(lcores, order_is_kept_and_counters_add_up)
{
	std::vector<uint64_t> before = came(), after;
	struct counters in_before, in, out_before, out;
	std::vector<unsigned int> flows;
	uint16_t nva = port("nva0").id, vnet = port("vnet0").id;
	size_t n = LCORES; /* what the kernel has to say leaves by the main one */

	for (unsigned int flow = 0; flow < FLOWS; flow++)
		flows.insert(flows.end(), EACH, flow);
	counters_port_sum(dp->counters, n, vnet, &out_before);
	counters_port_sum(dp->counters, n, nva, &in_before);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		std::shuffle(flows.begin(), flows.end(), std::mt19937(round));
		for (unsigned int flow : flows)
			send(flow);
		ASSERT_TRUE(all_arrived());
	}
	ASSERT_TRUE(until([&] {
		counters_port_sum(dp->counters, n, vnet, &out);
		return out.tx >= out_before.tx + ROUNDS * flows.size();
	}));
	after = came();
	counters_port_sum(dp->counters, n, nva, &in);
	EXPECT_EQ(in_before.rx + ROUNDS * flows.size(), in.rx);
	EXPECT_GE(out_before.tx + ROUNDS * flows.size() + EACH, out.tx)
		<< "the last flow before may have arrived sooner than it was counted";
	EXPECT_EQ(in.rx - in_before.rx, after[0] - before[0] + after[1] - before[1]);
	for (int i = 0; i < LCORES; i++)
		EXPECT_LT(before[i], after[i]) << "lcore " << i;
	for (int i = 0; i < DROP_REASONS; i++)
		EXPECT_EQ(in_before.drop[i], in.drop[i]) << drop_reason_name((enum drop_reason)i);
}

} // namespace
