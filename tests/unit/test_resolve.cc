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

/* The address before (by -1) or behind it. */
static struct addr beside(struct addr addr, int by)
{
	if (addr.family == FAMILY_IPV4)
		return addr_make4(addr.v4 + (uint32_t)by);
	for (int i = 15; i >= 0; i--) {
		addr.v6[i] = (uint8_t)(addr.v6[i] + by);
		if (addr.v6[i] != (by < 0 ? 0xff : 0))
			break;
	}
	return addr;
}

/* By bisection as by looking at all of them: first and last addresses of VNets of both families in
 * no order, and those beside them. */
TEST_F(resolve_test, vnets_and_peers_are_found_by_bisection)
{
	std::string vnets = "vnet = ( { prefix = \"10.0.0.0/16\"; port = \"vnet0\"; }";
	std::string text =
		replaced(good, "\"10.0.3.4/24\"", "\"10.0.3.4/24\", \"2001:db8:3::4/64\"");
	size_t from = text.find("vnet = ("), to = text.find("gateways = (");

	for (unsigned int i = 1; i < 200; i++) {
		std::string number = std::to_string(50 + i * 77 % 200);

		vnets += ", { prefix = \"";
		vnets += i % 2 ? "10." + number + "." + (i % 3 ? "0.0/17" : "128.0/20")
			       : "2001:db8:" + number + (i % 3 ? "::/49" : ":8000::/52");
		vnets += "\"; port = \"vnet0\"; }";
	}
	text.replace(from, to - from, vnets + " );\n");
	loaded l = load_text(replaced(text, "10.7.1.5", "10.0.2.6"));

	ASSERT_NE(nullptr, l.config) << l.errors[0];
	for (size_t i = 0; i < l.config->nb_vnets; i++) {
		struct prefix prefix = l.config->vnets[i].prefix;
		const struct addr first = prefix.addr, last = prefix_last(prefix);

		EXPECT_EQ(&l.config->vnets[i], config_vnet_find(l.config, prefix));
		prefix.len++;
		EXPECT_EQ(nullptr, config_vnet_find(l.config, prefix));
		for (const struct addr &addr :
		     { beside(first, -1), first, last, beside(last, 1) }) {
			const struct config_vnet *there = nullptr;
			char at[ADDR_TEXT];

			for (size_t k = 0; k < l.config->nb_vnets; k++)
				if (prefix_has(l.config->vnets[k].prefix, addr))
					there = &l.config->vnets[k];
			EXPECT_EQ(there, config_vnet_at(l.config, addr)) << addr_text(addr, at);
		}
	}
	EXPECT_EQ(nullptr, config_vnet_at(l.config, addr_make4(0)));
	for (size_t i = 0; i < l.config->nb_peers; i++)
		EXPECT_EQ(&l.config->peers[i], config_peer_find(l.config, l.config->peers[i].name));
	for (const char *name : { "", "a", "nva", "nva-aa", "zz" })
		EXPECT_EQ(nullptr, config_peer_find(l.config, name));
}
