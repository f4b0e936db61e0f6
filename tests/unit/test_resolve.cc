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
		ASSERT_TRUE(prefix_parse(text, &prefix));
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
	};
	loaded l = load_text(good);

	ASSERT_NE(nullptr, l.config);
	for (const resolve_case &t : cases) {
		uint32_t addr, gateway = 0;
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
