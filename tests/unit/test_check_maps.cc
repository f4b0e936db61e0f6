/* Route maps in the configuration: read, and what they may not do. */
#include <gtest/gtest.h>

#include <algorithm>

#include "config_file.h"

namespace
{

using check_maps_test = config_test;

#define RESERVED_ASN \
	"is reserved or has more than 16 bits, allowed are 1..65534 but 8074, 8075, 12076, " \
	"23456, 65515, 65517..65520"

const error_case error_cases[] = {
	/* route maps */
	{ "{ name = \"out\"; rules", "{ name = \"in\"; rules = (); }, { name = \"out\"; rules",
	  "c:28: route_maps.in.name: in is another route map's already, allowed are names used "
	  "once" },
	{ "name = \"no\"", "name = \"sum\"",
	  "c:27: route_maps.in.rules.sum.name: sum is another rule's of this map already, allowed "
	  "are names used once" },
	{ "outbound_map = \"out\"", "outbound_map = \"gone\"",
	  "c:22: peers.nva-c.outbound_map: there is no route map gone, allowed are names in "
	  "route_maps" },
	{ "inbound_map = \"in\"", "inbound_map = \"in\"; inbound_map = \"out\"",
	  "c:22: duplicate setting name" },
	{ "inbound_map = \"in\"", "inbound_map = [\"in\", \"out\"]",
	  "c:22: peers.nva-c.inbound_map: an array [ ] is not a string, allowed are names of route "
	  "maps, one a direction" },
	{ "action = \"drop\"", "action = \"deny\"",
	  "c:27: route_maps.in.rules.no.action: \"deny\" is no action, allowed are \"drop\" and "
	  "groups such as { as_path_add = [64511]; }" },
	{ " action = \"drop\";", "",
	  "c:27: route_maps.in.rules.no.action: is missing, allowed are \"drop\" and groups such "
	  "as { as_path_add = [64511]; }" },
	{ "next = \"terminate\"", "next = \"stop\"",
	  "c:29: route_maps.out.rules.pre.next: \"stop\" is not known here, allowed are "
	  "\"continue\", \"terminate\"" },
	{ "[\"10.9.0.0/16\"]", "[]",
	  "c:27: route_maps.in.rules.no.match.prefix_equals: an array [ ] is empty, allowed are "
	  "lists of up to 32 prefixes such as [\"10.122.0.0/16\", \"2001:db8:122::/48\"]" },
	{ "[\"10.9.0.0/16\"]", "[\"10.9.0.1/16\"]",
	  "c:27: route_maps.in.rules.no.match.prefix_equals[0]: \"10.9.0.1/16\" is not a "
	  "prefix without host bits, allowed are prefixes in quotes such as \"10.0.0.0/16\" and "
	  "\"2001:db8::/32\"" },
	{ "\"65001:1\"", "\"65001\"",
	  "c:25: route_maps.in.rules.sum.match.communities_equal[0]: \"65001\" is not a community, "
	  "allowed are two numbers 0..65535 in quotes such as \"65001:100\"" },
	{ "[64511, 3356]", "[12076]",
	  "c:29: route_maps.out.rules.pre.action.as_path_add: 12076 " RESERVED_ASN },
	{ "[64511, 3356]", "[64511, 65515]",
	  "c:29: route_maps.out.rules.pre.action.as_path_add: 65515 " RESERVED_ASN },
	{ "[64511, 3356]", "[23456]",
	  "c:29: route_maps.out.rules.pre.action.as_path_add: 23456 " RESERVED_ASN },
	{ "[64511, 3356]", "[65536]",
	  "c:29: route_maps.out.rules.pre.action.as_path_add: 65536 " RESERVED_ASN },
	{ "as_path_replace = []", "as_path_replace = [8075]",
	  "c:30: route_maps.out.rules.tag.action.as_path_replace: 8075 " RESERVED_ASN },
	{ "\"65001:9\"", "\"65517:65517\"",
	  "c:30: route_maps.out.rules.tag.action.communities_remove: 65517:65517 is the platform's "
	  "and stays, allowed are all others" },
	{ "communities_remove", "communities_add = [\"1:1\"]; communities_replace",
	  "c:30: route_maps.out.rules.tag.action.communities_replace: stands beside "
	  "communities_add or communities_remove, allowed is it alone" },
	{ "as_path_replace = []", "as_path_replace = []; as_path_add = [3356]",
	  "c:30: route_maps.out.rules.tag.action.as_path_add: stands beside as_path_replace, "
	  "allowed is one of the two" },
	{ "[\"10.9.0.0/16\"]", "[\"10.0.0.0/16\"]",
	  "c:27: route_maps.in.rules.no.action: 10.0.0.0/16 is a VNet's prefix (line 13): route "
	  "maps neither drop nor replace it, allowed are prefixes that leave it out" },
	{ "prefix_equals = [\"10.9.0.0/16\"]", "prefix_contains = [\"10.0.0.0/8\"]",
	  "c:27: route_maps.in.rules.no.action: 10.0.0.0/16 is a VNet's prefix (line 13): route "
	  "maps neither drop nor replace it, allowed are prefixes that leave it out" },
	{ "prefix_replace = \"10.2.0.0/16\"", "prefix_replace = \"10.2.0.0/24\"",
	  "c:26: route_maps.in.rules.sum.action.prefix_replace: 10.2.0.0/24 is no summary of "
	  "10.2.0.0/16, allowed are prefixes that contain all that the rule matches" },
	{ "prefix_contains = [\"10.2.0.0/16\"]; ", "",
	  "c:26: route_maps.in.rules.sum.action.prefix_replace: 10.2.0.0/16 replaces every route, "
	  "allowed are rules that match prefixes inside it" },
	{ "as_path_replace = []", "local_pref = -1",
	  "c:30: route_maps.out.rules.tag.action.local_pref: -1 is out of range, allowed are "
	  "0..4294967295" },
	{ "as_path_replace = []", "local_pref = 200",
	  "c:22: peers.nva-c.outbound_map: out sets local_pref, allowed outbound are route maps "
	  "without it: it decides which route is the best, before it is announced" },
};

} // namespace

TEST_F(check_maps_test, route_maps_are_read)
{
	loaded l = load_text(good);
	const struct config_route_map *in, *out;

	ASSERT_NE(nullptr, l.config);
	in = config_route_map_find(l.config, "in");
	out = config_route_map_find(l.config, "out");
	ASSERT_TRUE(in && out && in->nb_rules == 2 && out->nb_rules == 2);
	EXPECT_EQ(nullptr, config_route_map_find(l.config, ""));
	EXPECT_TRUE(in->rules[0].has_prefix_replace && !in->rules[0].terminate &&
		    !in->rules[0].drop);
	EXPECT_EQ(1, in->rules[0].prefix_contains.n);
	EXPECT_EQ(65001u << 16 | 1, in->rules[0].communities_equal.value[0]);
	EXPECT_TRUE(in->rules[1].drop);
	EXPECT_FALSE(in->rules[0].has_local_pref);
	EXPECT_TRUE(out->rules[0].terminate);
	EXPECT_EQ(3356u, out->rules[0].as_path_add.value[1]);
	EXPECT_TRUE(out->rules[1].as_path_replace.given && !out->rules[1].as_path_replace.n);
	EXPECT_FALSE(out->rules[1].as_path_add.given);
	EXPECT_STREQ("in", l.config->peers[l.config->nb_peers - 1].inbound_map);
	EXPECT_STREQ("out", l.config->peers[l.config->nb_peers - 1].outbound_map);
	EXPECT_STREQ("", l.config->peers[0].inbound_map);
}

TEST_F(check_maps_test, every_error_at_its_place)
{
	expect_errors(good, error_cases);
}

TEST_F(check_maps_test, private_as_numbers_in_a_route_map)
{
	const std::string text = replaced(good, "[64511, 3356]", "[65001]");
	const std::string rule = "c:29: route_maps.out.rules.pre.action.as_path_add: 65001 is a ";
	loaded open = load_text(text);

	EXPECT_EQ(std::vector<std::string>{}, open.errors);
	EXPECT_EQ(std::vector<std::string>{ rule +
					    "private AS number: ExpressRoute takes it out of "
					    "paths" },
		  open.warnings);
	loaded azure = load_text(replaced(text, "\"open\"", "\"azure\""));
	EXPECT_EQ(
		1,
		std::count(azure.errors.begin(), azure.errors.end(),
			   rule + "private AS number, allowed with profile azure are public ones: "
				  "ExpressRoute takes private ones out of paths"));
}

TEST_F(check_maps_test, a_vnet_prefix_with_another_path_is_warned_of)
{
	loaded l = load_text(
		replaced(good, "{ name = \"pre\";",
			 "{ name = \"pre\"; match = { prefix_equals = [\"10.0.0.0/16\"]; };"));

	EXPECT_EQ(std::vector<std::string>{}, l.errors);
	EXPECT_EQ(
		std::vector<std::string>{
			"c:29: route_maps.out.rules.pre.action: 10.0.0.0/16 is a VNet's prefix: "
			"outbound its "
			"AS path is changed, which Azure's documentation both forbids and shows" },
		l.warnings);
}

TEST_F(check_maps_test, a_circuit_has_room_for_the_summaries_of_its_gateway)
{
	const std::string
		pre = "action = { as_path_add = [64511, 3356]; communities_add = [\"3356:70\"]; }",
		sum = R"(match = { prefix_contains = ["11.1.0.0/16"]; }; )"
		      R"(action = { prefix_replace = "11.0.0.0/8"; })",
		other = R"(match = { prefix_contains = ["12.1.0.0/16"]; }; )"
			R"(action = { prefix_replace = "12.0.0.0/8"; })",
		gateway = "addresses = [\"10.0.255.36\"";
	const std::string same = R"(; }, { name = "same"; )" + sum,
			  more = R"(; }, { name = "more"; )" + other;
	const std::string
		six = R"(; }, { name = "six"; match = { prefix_equals = ["2001:db8:6::/48"]; };)"
		      R"( action = { prefix_replace = "2001:db8::/32"; })",
		seven = R"(; }, { name = "seven"; match = { prefix_equals = ["2a00:7::/48"]; };)"
			R"( action = { prefix_replace = "2a00::/16"; })";
	auto with = [&](const std::string &rules, const char *limit) {
		std::string text = replaced(good, pre, rules);

		text.insert(text.find(gateway), "outbound_map = \"out\"; ");
		return load_text(std::string("limits = { to_expressroute = ") + limit + "; };" +
				 text);
	};

	EXPECT_EQ(std::vector<std::string>{}, with(sum + same, "1").errors);
	EXPECT_EQ(std::vector<std::string>{}, with(sum + more, "0").errors);
	EXPECT_EQ(
		std::vector<std::string>{
			"c:17: gateways.ergw.outbound_map: out makes 2 summaries of IPv4, allowed "
			"are 1, as many as limits.to_expressroute says" },
		with(sum + more, "1").errors);
	EXPECT_EQ(std::vector<std::string>{}, with(sum + six, "1").errors) << "one of each family";
	EXPECT_EQ(
		std::vector<std::string>{
			"c:17: gateways.ergw.outbound_map: out makes 2 summaries of IPv6, allowed "
			"are 1, as many as limits.to_expressroute says" },
		with(sum + six + seven, "1").errors);
}

TEST_F(check_maps_test, a_local_preference_may_be_zero)
{
	loaded l = load_text(replaced(good, "action = { prefix_replace = \"10.2.0.0/16\"; }",
				      "action = { local_pref = 0; }"));

	ASSERT_NE(nullptr, l.config) << testing::PrintToString(l.errors);
	const struct map_rule *rule = &config_route_map_find(l.config, "in")->rules[0];
	EXPECT_TRUE(rule->has_local_pref);
	EXPECT_EQ(0u, rule->local_pref);
}
