/* Control and a dataplane that runs with an older file: what they must agree about. */
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>

#include "fib.h"
#include "port_check.h"
#include "to_fib.h"

namespace
{

struct addr host6(uint16_t net, uint8_t host)
{
	const uint8_t v6[16] = { 0x20, 1, 0x0d, 0xb8, 0, 0, 0, (uint8_t)net,
				 0,    0, 0,	0,    0, 0, 0, host };

	return addr_make6(v6);
}

struct port_check : testing::Test {
	struct fib *fib = (struct fib *)aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(struct fib));
	struct config config = {};

	void seed(uint16_t port, uint8_t action, uint32_t addr, uint8_t len)
	{
		fib->seeds[fib->nb_seeds++] = { fib_ip4(addr, len), action, 0, port, 1500 };
	}
	void seed6(uint16_t port, uint8_t action, struct addr addr, uint8_t len)
	{
		fib->seeds[fib->nb_seeds++] = { to_fib_prefix(prefix_make(addr, len)), action, 0,
						port, 1500 };
	}
	/* As port_seeds.c does, with 10.0.`port`.1/24 and 2001:db8:0:`port`::1/64; DPDK's order is
	 * not the file's. */
	void port(const char *name, enum role role, uint16_t id)
	{
		struct fib_port *there = &fib->ports[fib->nb_ports++];
		struct config_port *here = &config.dataplane.ports[config.dataplane.nb_ports++];
		uint32_t net = 0x0a000000 | (uint32_t)id << 8;

		*there = { "", id, 1500, (uint8_t)role, 1 };
		strcpy(there->name, name);
		strcpy(here->name, name);
		here->role = role;
		here->mtu = 1500;
		here->addresses[here->nb_addresses++] = { addr_make4(net | 1), 24 };
		seed(id, ADJACENCY_LOCAL, net | 1, 32);
		seed(id, ADJACENCY_BROADCAST, net | 255, 32);
		seed(id, ADJACENCY_BROADCAST, net, 32);
		seed(id, ADJACENCY_GLEAN, net, 24);

		struct addr own = host6(id, 1);

		here->addresses[here->nb_addresses++] = { own, 64 };
		seed6(id, ADJACENCY_LOCAL, own, 128);
		seed6(id, ADJACENCY_GLEAN, own, 64);
	}
	void SetUp() override
	{
		memset(fib, 0, sizeof(*fib));
		port("er0", ROLE_EXPRESSROUTE, 1);
		port("nva0", ROLE_NVA, 0);
	}
	~port_check()
	{
		free(fib);
	}
	std::string why()
	{
		char text[128] = "";

		return port_check_ports(fib, &config, text, sizeof(text)) ? "agree" : text;
	}
};

struct port_check_case {
	std::function<void(struct config_dataplane *)> change;
	const char *why;
};

const port_check_case cases[] = {
	{ [](struct config_dataplane *d) { d->ports[0].device = nullptr; }, "agree" },
	{ [](struct config_dataplane *d) { std::swap(d->ports[0], d->ports[1]); }, "agree" },
	{ [](struct config_dataplane *d) { strcpy(d->ports[1].name, "nva1"); },
	  "dataplane.ports.nva1: the dataplane has no such port" },
	{ [](struct config_dataplane *d) { d->ports[1].role = ROLE_VPN; },
	  "dataplane.ports.nva0.role: vpn here, nva in the dataplane" },
	{ [](struct config_dataplane *d) { d->ports[0].mtu = 9000; },
	  "dataplane.ports.er0.mtu: 9000 here, 1500 in the dataplane" },
	{ [](struct config_dataplane *d) { d->ports[0].addresses[0].addr.v4++; },
	  "dataplane.ports.er0.addresses: not those of the dataplane" },
	{ [](struct config_dataplane *d) { d->ports[0].addresses[0].len = 23; },
	  "dataplane.ports.er0.addresses: not those of the dataplane" },
	{ [](struct config_dataplane *d) { d->ports[0].addresses[0].len = 32; },
	  "dataplane.ports.er0.addresses: not those of the dataplane" },
	{ [](struct config_dataplane *d) {
		 d->ports[0].addresses[d->ports[0].nb_addresses++] = { addr_make4(0x0a000105), 24 };
	 },
	  "dataplane.ports.er0.addresses: not those of the dataplane" },
	{ [](struct config_dataplane *d) {
		 std::swap(d->ports[0].addresses[0], d->ports[0].addresses[1]);
	 },
	  "agree" },
	{ [](struct config_dataplane *d) { d->ports[0].addresses[1].addr.v6[15]++; },
	  "dataplane.ports.er0.addresses: not those of the dataplane" },
	{ [](struct config_dataplane *d) { d->ports[0].addresses[1].len = 63; },
	  "dataplane.ports.er0.addresses: not those of the dataplane" },
	{ [](struct config_dataplane *d) { d->ports[0].addresses[1].len = 128; },
	  "dataplane.ports.er0.addresses: not those of the dataplane" },
	{ [](struct config_dataplane *d) { d->ports[0].nb_addresses = 1; },
	  "dataplane.ports.er0.addresses: not those of the dataplane" },
	{ [](struct config_dataplane *d) {
		 d->ports[0].addresses[d->ports[0].nb_addresses++] = { host6(1, 2), 64 };
	 },
	  "dataplane.ports.er0.addresses: not those of the dataplane" },
	{ [](struct config_dataplane *d) { d->ports[0].nb_addresses = 0; },
	  "dataplane.ports.er0.addresses: not those of the dataplane" },
	{ [](struct config_dataplane *d) { d->nb_ports = 1; },
	  "dataplane.ports: 1 here, 2 in the dataplane" },
};

TEST_F(port_check, every_setting_of_a_port)
{
	const struct config_dataplane same = config.dataplane;

	for (const port_check_case &t : cases) {
		config.dataplane = same;
		t.change(&config.dataplane);
		EXPECT_EQ(t.why, why());
	}
}

} // namespace
