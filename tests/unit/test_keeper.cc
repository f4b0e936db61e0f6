/* What there should be in the kernel, as a list; and putting it there, in a network namespace of
 * the test's own. */
#include <gtest/gtest.h>

#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ip6.h"
#include "keeper.h"

namespace
{

enum { TABLE = 77 };

std::vector<std::string> texts(const struct config &config)
{
	const uint16_t ids[CONFIG_PORTS] = { 1, 0 }; /* not in the configuration's order */
	struct kernel_item *items = nullptr;
	std::vector<std::string> all;
	char text[KERNEL_TEXT];
	size_t n = 0;

	EXPECT_EQ(0, keeper_list(&config, ids, TABLE, &items, &n));
	EXPECT_TRUE(std::is_sorted(items, items + n, [](auto &a, auto &b) {
		return kernel_item_compare(&a, &b) < 0;
	}));
	for (size_t i = 0; i < n; i++)
		all.push_back(std::to_string(items[i].port) + ": " +
			      kernel_item_text(&items[i], text));
	free(items);
	return all;
}

struct config_address address(const char *text)
{
	struct config_address own = {};

	EXPECT_TRUE(addr_len_parse(text, &own.addr, &own.len));
	return own;
}

struct keeping : testing::Test {
	std::unique_ptr<struct config> config = std::make_unique<struct config>();
	std::vector<struct config_vnet> vnets;

	void SetUp() override
	{
		struct config_dataplane *dataplane = &config->dataplane;

		dataplane->nb_ports = 2;
		dataplane->ports[0].addresses[0] = { addr_make4(0x0a000104), 24 };
		dataplane->ports[0].addresses[1] = { addr_make4(0x0a000105), 24 };
		dataplane->ports[0].nb_addresses = 2;
		dataplane->ports[1].addresses[0] = { addr_make4(0x0a000201), 32 };
		dataplane->ports[1].nb_addresses = 1;
	}
	void vnet(uint32_t addr, uint8_t len, uint32_t next_hop)
	{
		struct config_vnet v = {};

		v.prefix = prefix4_make(addr, len);
		v.has_next_hop = next_hop != 0;
		v.next_hop = addr_make4(next_hop);
		vnets.push_back(v);
		config->vnets = vnets.data();
		config->nb_vnets = vnets.size();
	}
};

} // namespace

TEST_F(keeping, each_thing_once_and_by_port)
{
	vnet(0x0a000000, 16, 0);	  /* around the subnet */
	vnet(0x0a000180, 25, 0);	  /* inside: it is connected */
	vnet(0x0a040000, 16, 0x0a000101); /* behind a router */
	EXPECT_EQ((std::vector<std::string>{
			  "0: address 10.0.2.1/32",
			  "0: neighbour 192.0.0.8",
			  "0: route to 0.0.0.0/0 through 192.0.0.8 in table 77",
			  "0: rule from 10.0.2.1 to table 77",
			  "1: address 10.0.1.4/24",
			  "1: address 10.0.1.5/24",
			  "1: neighbour 192.0.0.8",
			  "1: route to 0.0.0.0/0 through 192.0.0.8 in table 77",
			  "1: route to 10.0.0.0/16 in table 77",
			  "1: route to 10.0.1.0/24 in table 77",
			  "1: route to 10.4.0.0/16 through 10.0.1.1 in table 77",
			  "1: route to 10.0.0.0/16 in table 254",
			  "1: route to 10.4.0.0/16 through 10.0.1.1 in table 254",
			  "1: rule from 10.0.1.4 to table 77",
			  "1: rule from 10.0.1.5 to table 77",
			  "32: end of table 77 of IPv4",
		  }),
		  texts(*config));
}

/* The same of IPv6, where the port has it; a VNet's next hop may be link-local. */
TEST_F(keeping, of_both_families)
{
	struct config_port *port = &config->dataplane.ports[0];
	struct config_vnet behind = {};

	port->addresses[0] = address("2001:db8:1::4/64");
	port->addresses[1] = { addr_make4(0x0a000104), 24 };
	for (const char *text : { "2001:db8:1::5/64", "2001:db8:1::6/128" })
		port->addresses[port->nb_addresses++] = address(text);
	ASSERT_TRUE(prefix_parse("2001:db8:4::/48", &behind.prefix));
	ASSERT_TRUE(addr_parse("fe80::9", &behind.next_hop));
	behind.has_next_hop = true;
	config->vnets = &behind;
	config->nb_vnets = 1;
	config->dataplane.nb_ports = 1;
	EXPECT_EQ((std::vector<std::string>{
			  "1: address 10.0.1.4/24",
			  "1: address 2001:db8:1::4/64",
			  "1: address 2001:db8:1::5/64",
			  "1: address 2001:db8:1::6/128",
			  "1: address fe80::/64",
			  "1: neighbour 192.0.0.8",
			  "1: neighbour 100::1",
			  "1: route to 0.0.0.0/0 through 192.0.0.8 in table 77",
			  "1: route to 10.0.1.0/24 in table 77",
			  "1: route to ::/0 through 100::1 in table 77",
			  "1: route to 2001:db8:1::/64 in table 77",
			  "1: route to 2001:db8:4::/48 through fe80::9 in table 77",
			  "1: route to fe80::/64 in table 77",
			  "1: route to 2001:db8:4::/48 through fe80::9 in table 254",
			  "1: rule from 10.0.1.4 to table 77",
			  "1: rule from 2001:db8:1::4 to table 77",
			  "1: rule from 2001:db8:1::5 to table 77",
			  "1: rule from 2001:db8:1::6 to table 77",
			  "32: end of table 77 of IPv4",
			  "32: end of table 77 of IPv6",
		  }),
		  texts(*config));
	config->nb_vnets = 0;
	config->vnets = nullptr;
}

TEST_F(keeping, tables_are_instances_own_and_nobody_elses)
{
	std::set<uint32_t> tables;

	for (int i = 0; i < 1000; i++) {
		uint32_t table = keeper_table(("rs" + std::to_string(i)).c_str());

		EXPECT_GT(table, 0xffffu) << "people number theirs below";
		tables.insert(table);
	}
	EXPECT_EQ(1000u, tables.size());
}

/* A child in a network namespace of its own: what it does there is nobody else's. */
static void in_a_namespace(const std::function<void()> &work)
{
	int status = 0;
	pid_t child = fork();

	if (!child) {
		if (unshare(CLONE_NEWNET))
			_exit(77);
		work();
		_exit(testing::Test::HasFailure());
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	if (WEXITSTATUS(status) == 77)
		GTEST_SKIP() << "needs CAP_SYS_ADMIN";
	EXPECT_EQ(0, status);
}

/* A port with its interface, whose far end is the test, and a keeper. */
struct kept_port {
	const uint16_t ids[CONFIG_PORTS] = { 0 };
	std::unique_ptr<struct fib> fib = std::make_unique<struct fib>();
	struct counters counters = {};
	struct device device = {};
	struct port port = {};
	struct lcp lcp = {};
	struct keeper k = {};
	struct netlink ask = {};
	uint64_t now = 1000;

	void open(struct config *config)
	{
		strcpy(config->dataplane.ports[0].name, "p0");
		config->dataplane.nb_ports = 1;
		port.config = &config->dataplane.ports[0];
		port.device = &device;
		port.mtu = 1400;
		port.mac = { { 2, 0, 0, 0, 0, 1 } };
		port.ip6 = config_port_has(port.config, FAMILY_IPV6);
		ASSERT_EQ(0, netlink_open(&ask, 0));
		if (lcp_open(&lcp, &ask, &port, "t"))
			_exit(77);
		ASSERT_EQ(0, system("sysctl -qw net.ipv6.conf.t-p0.router_solicitation_delay=0"));
		k.ask = &ask;
		k.fib = fib.get();
		k.counters = &counters;
		k.lcp = &lcp;
		k.instance = "t";
		k.nb_ports = 1;
		ASSERT_EQ(0, keeper_open(&k, config, ids));
	}
	~kept_port()
	{
		keeper_close(&k);
		lcp_close(&lcp);
	}
	/* Has the kernel asked for the address, which it does before it uses it (RFC 4862 5.4.2)?
	 * If so, and `answers`, somebody has it (5.4.4). */
	bool asks(const struct addr &addr, bool answers)
	{
		uint8_t frame[2048];
		ssize_t len;
		bool asked = false;

		while ((len = read(lcp.fd, frame, sizeof(frame))) > 0) {
			const uint8_t *ip = frame + HEADER + 14, *icmp = ip + 40;

			if (len < HEADER + 14 + 40 + 24 || ip[6] != IPPROTO_ICMPV6 ||
			    icmp[0] != 135 || memcmp(icmp + 8, addr.v6, 16))
				continue;
			asked = true;
			if (answers)
				advertise(addr);
		}
		return asked;
	}
	/* Turn, for at most ten seconds, until it is so. */
	void until(const std::function<bool()> &so)
	{
		for (int i = 0; i < 1000; i++) {
			struct pollfd event = { mnl_socket_get_fd(k.watch.sock), POLLIN, 0 };

			if (so())
				return;
			poll(&event, 1, 10);
			keeper_turn(&k, ++now);
		}
		FAIL() << "in vain";
	}
	struct addr duplicate()
	{
		struct fib_addr addr = fib_port_duplicate(&fib->ports[0]);
		uint8_t wire[16];

		ip6_store(wire, &addr);
		return addr_make6(wire);
	}

      private:
	enum { HEADER = sizeof(struct virtio_net_hdr) };

	void advertise(const struct addr &addr)
	{
		uint8_t frame[HEADER + 14 + 40 + 32] = {};
		auto *ether = (struct rte_ether_hdr *)(frame + HEADER);
		auto *ip = (struct rte_ipv6_hdr *)(ether + 1);
		auto *na = (uint8_t *)(ip + 1);

		memcpy(&ether->dst_addr, "\x33\x33\0\0\0\1", 6);
		ether->src_addr = { { 2, 0, 0, 0, 0, 9 } };
		ether->ether_type = htons(RTE_ETHER_TYPE_IPV6);
		ip->vtc_flow = htonl(0x60000000);
		ip->payload_len = htons(32);
		ip->proto = IPPROTO_ICMPV6;
		ip->hop_limits = 255;
		memcpy(ip->src_addr, addr.v6, 16);
		ip->dst_addr[0] = 0xff;
		ip->dst_addr[1] = 2;
		ip->dst_addr[15] = 1;
		na[0] = 136;
		na[4] = 0x20;
		memcpy(&na[8], addr.v6, 16);
		na[24] = 2;
		na[25] = 1;
		memcpy(&na[26], &ether->src_addr, 6);
		uint16_t sum = rte_ipv6_udptcp_cksum(ip, na);

		memcpy(&na[2], &sum, 2);
		EXPECT_EQ((ssize_t)sizeof(frame), write(lcp.fd, frame, sizeof(frame)));
	}
};

/* An address that another host has is nothing that somebody has taken out: it is told, asked for
 * again after a second, then two, and comes into use when nobody else has it any more. */
TEST_F(keeping, an_address_that_another_host_has)
{
	in_a_namespace([&] {
		const struct config_address own = address("2001:db8:1::4/64");
		struct kept_port p;
		uint64_t found;

		config->dataplane.ports[0].addresses[0] = own;
		config->dataplane.ports[0].nb_addresses = 1;
		ASSERT_NO_FATAL_FAILURE(p.open(config.get()));
		for (uint64_t wait : { 1, 2 }) {
			const struct kernel_item *item = &p.k.items[0];
			uint8_t before = item->duplicates;

			p.until([&] { return p.asks(own.addr, true); });
			p.until([&] { return item->duplicates > before; });
			found = p.now;
			EXPECT_TRUE(addr_equal(own.addr, p.duplicate()));
			p.until([&] {
				return system(
					"ip -6 address show dev t-p0 | grep -q 2001:db8:1::4");
			});
			while (p.now < found + wait * KEEPER_AGAIN_MS - 100) {
				keeper_turn(&p.k, ++p.now);
				ASSERT_FALSE(p.asks(own.addr, true)) << p.now - found;
			}
			p.now += 100 + KEEPER_LOOK_MS;
		}
		p.until([&] { return p.asks(own.addr, false); });
		p.until([&] { return addr_unspecified(p.duplicate()); });
		EXPECT_EQ(0, system("ip -6 address show dev t-p0 -tentative | "
				    "grep -q 2001:db8:1::4"));
		EXPECT_EQ(0u, p.counters.event[COUNTER_KERNEL_REPAIRED]);
		EXPECT_FALSE(p.fib->ports[0].disputed);
	});
}

/* Repairs follow each other at once three times; then each waits twice as long as the one before,
 * 10 s in the end, and it is disputed. Half a minute without one, and all is as at first. */
TEST_F(keeping, a_fight_is_fought_ever_more_slowly)
{
	in_a_namespace([&] {
		std::vector<uint64_t> repairs; /* when */
		struct kept_port p;
		uint64_t now = p.now, before = 0, last;

		ASSERT_NO_FATAL_FAILURE(p.open(config.get()));
		for (; now < 60000; now++) {
			struct ifreq ifr = {};
			int fd = socket(AF_INET, SOCK_DGRAM, 0);

			strcpy(ifr.ifr_name, p.lcp.name);
			ASSERT_EQ(0, ioctl(fd, SIOCGIFFLAGS, &ifr));
			ifr.ifr_flags = (short)(ifr.ifr_flags & ~IFF_UP);
			ASSERT_EQ(0, ioctl(fd, SIOCSIFFLAGS, &ifr));
			close(fd);
			keeper_turn(&p.k, now);
			if (before != p.counters.event[COUNTER_KERNEL_REPAIRED])
				repairs.push_back(now);
			before = p.counters.event[COUNTER_KERNEL_REPAIRED];
			EXPECT_EQ(repairs.size() >= 4, p.fib->ports[0].disputed) << repairs.size();
		}
		ASSERT_GT(repairs.size(), 10u);
		EXPECT_LE(repairs[2] - repairs[0], 4u);
		for (size_t i = 4; i < repairs.size(); i++) {
			uint64_t wait = std::min<uint64_t>(100u << (i - 4), 10000);

			EXPECT_LE(wait, repairs[i] - repairs[i - 1]) << i;
			EXPECT_GE(wait + 5, repairs[i] - repairs[i - 1]) << i;
		}
		last = now;
		for (; now < last + KEEPER_WAIT_MAX_MS + KEEPER_QUIET_MS + 5000; now++)
			keeper_turn(&p.k, now);
		EXPECT_FALSE(p.fib->ports[0].disputed);
		EXPECT_EQ(0, lcp_check(&p.lcp, &p.ask, (char *)alloca(LCP_TEXT)))
			<< "and it is as it should be";
	});
}
