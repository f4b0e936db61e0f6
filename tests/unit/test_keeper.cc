/* What there should be in the kernel, as a list; and putting it there, in a network namespace of
 * the test's own. */
#include <gtest/gtest.h>

#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
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

/* Repairs follow each other at once three times; then each waits twice as long as the one before,
 * 10 s in the end, and it is disputed. Half a minute without one, and all is as at first. */
TEST_F(keeping, a_fight_is_fought_ever_more_slowly)
{
	in_a_namespace([&] {
		const uint16_t ids[CONFIG_PORTS] = { 0 };
		auto fib = std::make_unique<struct fib>();
		struct counters counters = {};
		struct device device = {};
		struct port port = {};
		struct lcp lcp = {};
		struct keeper k = {};
		struct netlink ask = {};
		std::vector<uint64_t> repairs; /* when */
		uint64_t now = 1000, before = 0, last;

		strcpy(config->dataplane.ports[0].name, "p0");
		config->dataplane.nb_ports = 1;
		port.config = &config->dataplane.ports[0];
		port.device = &device;
		port.mtu = 1400;
		port.mac = { { 2, 0, 0, 0, 0, 1 } };
		ASSERT_EQ(0, netlink_open(&ask, 0));
		if (lcp_open(&lcp, &ask, &port, "t"))
			_exit(77);
		k.ask = &ask;
		k.fib = fib.get();
		k.counters = &counters;
		k.lcp = &lcp;
		k.instance = "t";
		k.nb_ports = 1;
		ASSERT_EQ(0, keeper_open(&k, config.get(), ids));
		for (; now < 60000; now++) {
			struct ifreq ifr = {};
			int fd = socket(AF_INET, SOCK_DGRAM, 0);

			strcpy(ifr.ifr_name, lcp.name);
			ASSERT_EQ(0, ioctl(fd, SIOCGIFFLAGS, &ifr));
			ifr.ifr_flags = (short)(ifr.ifr_flags & ~IFF_UP);
			ASSERT_EQ(0, ioctl(fd, SIOCSIFFLAGS, &ifr));
			close(fd);
			keeper_turn(&k, now);
			if (before != counters.event[COUNTER_KERNEL_REPAIRED])
				repairs.push_back(now);
			before = counters.event[COUNTER_KERNEL_REPAIRED];
			EXPECT_EQ(repairs.size() >= 4, fib->ports[0].disputed) << repairs.size();
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
			keeper_turn(&k, now);
		EXPECT_FALSE(fib->ports[0].disputed);
		EXPECT_EQ(0, lcp_check(&lcp, &ask, (char *)alloca(LCP_TEXT)))
			<< "and it is as it should be";
		keeper_close(&k);
		lcp_close(&lcp);
	});
}
