/* Prefixes of VNets, of either family: where their hosts are, and who is told them. */
#include "family_texts.h"
#include "server.h"

namespace
{

class vnet_routes_test : public of_families<server_test>
{
      protected:
	static std::string with(const std::string &vnets)
	{
		return std::string(base_config) + "vnet = ( " + vnets + " );" + base_peers;
	}
	/* The next hop of a prefix's only path, as it is shown. */
	std::string shown(const char *prefix)
	{
		auto page = ask(PAGE_ROUTES, "", of_prefix(prefix));
		uint32_t at = 0;
		uint16_t type;
		auto *row = (const struct row_route *)page_next(page.get(), &at, &type);

		return row ? row->next_hop : "none";
	}
};

} // namespace

TEST_P(vnet_routes_test, hosts_are_on_link_or_behind_a_router)
{
	start(with(R"({ prefix = "10.40.0.0/16"; port = "vnet0"; },
		      { prefix = "10.41.0.0/16"; port = "vnet0"; next_hop = "10.0.1.9"; })"));
	turn();
	EXPECT_EQ("on link, vnet", fib_to(ROLE_NVA, "10.40.7.1"));
	EXPECT_EQ(family == FAMILY_IPV4 ? "0.0.0.0" : "::", shown("10.40.0.0/16"));
	EXPECT_EQ("10.0.1.9", fib_to(ROLE_NVA, "10.41.7.1"));
	EXPECT_EQ("10.0.1.9", plain(shown("10.41.0.0/16")));
}

/* All are told them by an address of ours, and not any more when they go. */
TEST_P(vnet_routes_test, all_peers_are_told)
{
	const std::string vnets = R"({ prefix = "10.40.0.0/16"; port = "vnet0"; })";

	start(with(vnets));
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		up(peer);
	turn();
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		EXPECT_EQ("10.40.0.0/16", knows(peer));
	EXPECT_EQ(ip("10.0.255.33"), next_hop(ERGW, "10.40.0.0/16"));
	EXPECT_EQ(ip("10.0.2.1"), next_hop(NVA_A, "10.40.0.0/16"));
	EXPECT_STREQ("", reload(with(""))->error);
	turn();
	for (uint16_t peer : { ERGW, NVA_A, NVA_B })
		EXPECT_EQ("", knows(peer));
}

OF_BOTH_FAMILIES(vnet_routes_test);

/* It is on the link of the VNet's port, wherever else there are such addresses. */
TEST_F(server_test, a_vnet_behind_a_link_local_router)
{
	static const char vnets[] =
		R"(vnet = ( { prefix = "10.40.0.0/16"; port = "vnet0"; next_hop = "fe80::9"; } );)";

	family = FAMILY_IPV6;
	start(std::string(base_config) + vnets + base_peers);
	turn();
	EXPECT_EQ("fe80::9", fib_to(ROLE_NVA, "10.40.7.1"));
	auto page = ask(PAGE_ROUTES, "", of_prefix("10.40.0.0/16"));
	uint32_t at = 0;
	uint16_t type;
	EXPECT_STREQ("fe80::9%vnet0",
		     ((const struct row_route *)page_next(page.get(), &at, &type))->next_hop);
}

/* A gateway that knows the VNets by itself forgets those of each family. */
TEST_F(server_test, a_gateway_is_not_told_vnets_of_either_family_any_more)
{
	const std::string told =
		with_both(std::string(base_config) +
				  R"(vnet = ( { prefix = "10.40.0.0/16"; port = "vnet0"; },
				    { prefix = "2001:db8:40::/48"; port = "vnet0"; } );)" +
				  base_peers,
			  { "10.0.255.33/28", "10.0.2.1/24", "10.0.1.4/24" });
	std::string not_told = told;

	not_told.insert(not_told.find("name = \"ergw\";"), "announce_vnets = false; ");
	start(told);
	for (uint16_t peer : { ERGW, NVA_A })
		up(peer, SPEAKER_CAP_AS4 | SPEAKER_CAP_REFRESH | SPEAKER_CAP_MP_IPV4 |
				 SPEAKER_CAP_MP_IPV6);
	turn();
	EXPECT_EQ("10.40.0.0/16 2001:db8:40::/48", knows(ERGW));
	EXPECT_STREQ("", reload(not_told)->error);
	turn();
	EXPECT_EQ("", knows(ERGW));
	EXPECT_EQ("10.40.0.0/16 2001:db8:40::/48", knows(NVA_A));
	EXPECT_STREQ("", reload(told)->error);
	turn();
	EXPECT_EQ("10.40.0.0/16 2001:db8:40::/48", knows(ERGW));
	EXPECT_TRUE(resets.empty());
}
