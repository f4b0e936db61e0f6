/* Where addresses are reached, and which subnets are ours. */
#include <gtest/gtest.h>

#include <utility>

#include "config_file.h"

using resolve_test = config_test;

TEST_F(resolve_test, subnets_of_our_ports)
{
	loaded l = load_text(good);
	struct prefix prefix;

	ASSERT_NE(nullptr, l.config);
	for (const auto &[text, ours] : { std::pair("10.0.255.32/28", true),
					  { "10.0.2.0/24", true },
					  { "10.0.2.0/25", false },
					  { "10.0.2.0/23", false },
					  { "10.0.0.0/16", false },
					  { "10.0.9.0/24", false } }) {
		ASSERT_TRUE(prefix4_parse(text, &prefix));
		EXPECT_EQ(ours, config_has_subnet(l.config, prefix)) << text;
	}
}

struct resolve_case {
	const char *addr;
	bool found;
	size_t port;
	const char *gateway;
};

TEST_F(resolve_test, resolve)
{
	const resolve_case cases[] = {
		{ "10.0.255.36", true, 0,
		  "10.0.255.36" }, /* on a subnet, longer than the VNet prefix around it */
		{ "10.0.9.9", true, 3, "10.0.9.9" },  /* a VNet's host, on link */
		{ "10.4.9.9", true, 3, "10.0.3.1" },  /* behind a next hop */
		{ "10.0.255.33", false, 0, nullptr }, /* our own */
		{ "192.0.2.1", false, 0, nullptr },
		{ "::a00:909", false, 0, nullptr }, /* of the other family */
	};
	loaded l = load_text(good);

	ASSERT_NE(nullptr, l.config);
	for (const resolve_case &t : cases) {
		struct addr addr, gateway = addr_make4(0);
		size_t port = 0;
		char text[ADDR_TEXT];

		ASSERT_TRUE(addr_parse(t.addr, &addr));
		EXPECT_EQ(t.found, config_resolve(l.config, addr, &port, &gateway)) << t.addr;
		if (t.found) {
			EXPECT_EQ(t.port, port) << t.addr;
			EXPECT_STREQ(t.gateway, addr_text(gateway, text)) << t.addr;
		}
	}
}

/* By bisection as by looking at all of them: first and last addresses of VNets in no order, and
 * those beside them. */
TEST_F(resolve_test, vnets_and_peers_are_found_by_bisection)
{
	std::string vnets = "vnet = ( { prefix = \"10.0.0.0/16\"; port = \"vnet0\"; }";
	std::string text = good;
	size_t from = text.find("vnet = ("), to = text.find("gateways = (");

	for (unsigned int i = 1; i < 200; i++)
		vnets += ", { prefix = \"10." + std::to_string(50 + i * 77 % 200) + "." +
			 (i % 3 ? "0.0/17" : "128.0/20") + "\"; port = \"vnet0\"; }";
	text.replace(from, to - from, vnets + " );\n");
	loaded l = load_text(replaced(text, "10.7.1.5", "10.0.2.6"));

	ASSERT_NE(nullptr, l.config) << l.errors[0];
	for (size_t i = 0; i < l.config->nb_vnets; i++) {
		struct prefix prefix = l.config->vnets[i].prefix;
		uint32_t last = prefix.addr.v4 | ~prefix4_mask(prefix.len);

		EXPECT_EQ(&l.config->vnets[i], config_vnet_find(l.config, prefix));
		prefix.len++;
		EXPECT_EQ(nullptr, config_vnet_find(l.config, prefix));
		for (uint32_t addr : { prefix.addr.v4 - 1, prefix.addr.v4, last, last + 1 }) {
			const struct config_vnet *there = nullptr;

			for (size_t k = 0; k < l.config->nb_vnets; k++)
				if (prefix4_has(l.config->vnets[k].prefix, addr))
					there = &l.config->vnets[k];
			EXPECT_EQ(there, config_vnet_at(l.config, addr_make4(addr))) << addr;
		}
	}
	EXPECT_EQ(nullptr, config_vnet_at(l.config, addr_make4(0)));
	for (size_t i = 0; i < l.config->nb_peers; i++)
		EXPECT_EQ(&l.config->peers[i], config_peer_find(l.config, l.config->peers[i].name));
	for (const char *name : { "", "a", "nva", "nva-aa", "zz" })
		EXPECT_EQ(nullptr, config_peer_find(l.config, name));
}
