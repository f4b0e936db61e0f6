/* What profile = "azure" refuses. */
#include <gtest/gtest.h>

#include <utility>

#include "config_file.h"

namespace
{

using check_azure_test = config_test;

/* Azure's own, IANA's, and ours. */
const std::pair<unsigned int, unsigned int> reserved_asns[] = {
	{ 8074, 8075 },	  { 12076, 12076 }, { 23456, 23456 }, { 64496, 64511 },
	{ 65515, 65515 }, { 65517, 65520 }, { 65535, 65551 },
};

const error_case azure_cases[] = {
	{ "asn = 65515", "asn = 65514",
	  "c:1: instance.asn: 65514 is out of range, allowed with profile azure is 65515" },
	{ "hold_s = 30", "asn = 65004",
	  "c:18: gateways.vpngw.asn: 65004 is out of range, allowed with profile azure is 65515" },
	{ "hold_s = 30", "allow_single_instance = true",
	  "c:18: gateways.vpngw.allow_single_instance: true is out of range, allowed with profile "
	  "azure is false" },
	{ "routing_preference", "limits = { routes_per_peer = 0; }; routing_preference",
	  "c:3: limits.routes_per_peer: 0 is out of range, allowed with profile azure are "
	  "1..4000" },
	{ "routing_preference", "limits = { total = 10001; }; routing_preference",
	  "c:3: limits.total: 10001 is out of range, allowed with profile azure are 1..10000" },
	{ "routing_preference", "limits = { to_expressroute = 0; }; routing_preference",
	  "c:3: limits.to_expressroute: 0 is out of range, allowed with profile azure are "
	  "1..1000" },
	{ "asn = 65003", "asn = 65003; max_routes = 4001",
	  "c:22: peers.nva-c.max_routes: 4001 is out of range, allowed with profile azure are "
	  "1..4000" },
	{ "asn = 65003", "asn = 70000",
	  "c:22: peers.nva-c.asn: 70000 has more than 16 bits, allowed with profile azure are "
	  "1..65534" },
	{ "\"10.0.2.5\"",
	  "\"192.0.2.1\"; behind = \"nva0\"; multihop = true; password_file = \"good.key\"",
	  "c:21: peers.nva-b.behind: \"nva0\" is out of range, allowed with profile azure are NVAs "
	  "in VNets, which have none" },
};

} // namespace

TEST_F(check_azure_test, azure_profile)
{
	EXPECT_NE(nullptr, load_text(azure()).config);
	expect_errors(azure(), azure_cases);
	for (const auto &[first, last] : reserved_asns)
		for (unsigned int asn = first; asn <= last; asn++)
			EXPECT_EQ(1u, load_text(replaced(azure(), "65003", std::to_string(asn)))
					      .errors.size())
				<< asn;
	for (unsigned int asn : { 65514, 64512, 64495, 65521, 65534, 65516 })
		EXPECT_NE(nullptr,
			  load_text(replaced(azure(), "65003", std::to_string(asn))).config)
			<< asn;
}

TEST_F(check_azure_test, azure_allows_eight_nvas)
{
	std::string more;

	for (int i = 4; i <= 9; i++)
		more += ",\n { name = \"nva-" + std::to_string(i) + "\"; address = \"10.0.2.1" +
			std::to_string(i) + "\"; asn = 65030; }";

	std::string nine =
		replaced(azure(), "multihop = true; } );\n", "multihop = true; }" + more + " );\n");

	EXPECT_EQ(std::vector<std::string>{ "c:28: peers.nva-9: is one NVA too many, allowed with "
					    "profile azure are 8" },
		  load_text(nine).errors);
	EXPECT_NE(nullptr, load_text(replaced(nine, "\"azure\"", "\"open\"")).config);
}

TEST_F(check_azure_test, azure_allows_500_vnets)
{
	std::string more;

	for (int i = 0; i < 497; i++) /* beside three */
		more += ", { prefix = \"100." + std::to_string(64 + i / 256) + "." +
			std::to_string(i % 256) + ".0/24\"; port = \"vnet0\"; peered = true; }";

	const std::string end = "next_hop = \"10.0.2.9\"; }";
	const std::string most = replaced(azure(), end, end + more);
	const std::string one_more =
		replaced(most, end, end + ",\n { prefix = \"100.127.0.0/24\"; port = \"vnet0\"; }");

	EXPECT_EQ(std::vector<std::string>{}, load_text(most).errors);
	EXPECT_EQ(std::vector<std::string>{ "c:16: vnet[500]: is one VNet too many, allowed with "
					    "profile azure are 500" },
		  load_text(one_more).errors);
	EXPECT_NE(nullptr, load_text(replaced(one_more, "\"azure\"", "\"open\"")).config);

	/* each may have a prefix of IPv6 beside */
	const std::string both =
		replaced(most, "\"10.0.3.4/24\"", "\"10.0.3.4/24\", \"2001:db8:3::4/64\"");
	EXPECT_EQ(
		std::vector<std::string>{},
		load_text(replaced(both, end,
				   end + ", { prefix = \"2001:db8:40::/48\"; port = \"vnet0\"; }"))
			.errors);
}
