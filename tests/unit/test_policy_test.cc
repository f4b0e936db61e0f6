/* The command "policy test": what it says of routes that there are and that are described, and that
 * it leaves no trace. */
#include "family_texts.h"
#include "maps_harness.h"
#include "show.h"

namespace
{

class policy_test_test : public of_families<maps_test>
{
      protected:
	std::unique_ptr<struct page> last;

	/* "verdict before path -> after path; step step", or the error. */
	std::string test(
		bool outbound, const char *prefix,
		const std::function<void(struct page_route *)> &describe =
			[](struct page_route *) {},
		const char *peer = "nva-a")
	{
		uint32_t at = 0;
		uint16_t type;
		std::string said;

		last = ask(PAGE_POLICY_TEST, peer, [&](struct page *p) {
			p->outbound = outbound;
			p->prefix = here(prefix);
			describe(&p->route);
		});
		if (last->error[0])
			return last->error;
		row = (const struct row_policy_test *)page_next(last.get(), &at, &type);
		EXPECT_EQ(ROW_POLICY_TEST, type);
		said = route_map_verdict_name((enum route_map_verdict)row->verdict);
		said += " " + one(row->before, row->attrs);
		if (row->after.attrs_len)
			said += " -> " + one(row->after, row->attrs + row->before.attrs_len);
		for (int i = 0; i < row->nb_rules; i++)
			said += (i ? ", " : "; ") + std::string(row->step[i].rule) + " " +
				route_map_step_name((enum route_map_step)row->step[i].step);
		return said;
	}
	std::string one(const struct row_policy_route &route, const uint8_t *attrs)
	{
		struct attr_view v = {};
		char buf[256] = "";

		if (attr_find(attrs, route.attrs_len, ATTR_AS_PATH, &v))
			aspath_text(v.body, v.len, buf, sizeof(buf));
		return plain(route.prefix) + " [" + buf + "]";
	}
	static void path(struct page_route *route, const std::vector<uint32_t> &asns)
	{
		route->given = route->has_path = true;
		for (uint32_t asn : asns)
			route->path[route->nb_path++] = asn;
	}
	const struct row_policy_test *row = nullptr;
};

} // namespace

TEST_P(policy_test_test, inbound_of_what_was_announced)
{
	start_up(with(std::string(drop_122) + ", " + summarise + ", " + prepend));
	announce(NVA_A, { "10.122.1.0/24", "10.2.1.0/24" });
	turn();
	uint64_t dropped = hits("in-a", 0), updates = messages;

	EXPECT_EQ("dropped 10.122.1.0/24 [65001]; d matched, s not reached, p not reached",
		  test(false, "10.122.1.0/24"));
	EXPECT_EQ("summarised 10.2.1.0/24 [65001] -> 10.2.0.0/16 [64511 64510]; d other prefix, "
		  "s matched, p matched",
		  test(false, "10.2.1.0/24"));
	EXPECT_STREQ("in-a", row->map);
	EXPECT_FALSE(row->hypothetical);
	EXPECT_EQ("nva-a has announced no route for this prefix", test(false, "10.9.0.0/16"));
	turn();
	EXPECT_EQ(dropped, hits("in-a", 0));
	EXPECT_EQ(updates, messages);
}

TEST_P(policy_test_test, inbound_of_what_nobody_announced)
{
	const std::string rule = R"({ name = "c"; match = { communities_contain = ["65001:1"]; )"
				 R"(as_path_contains = [3356]; };
				      action = { local_pref = 150; }; })";

	start_up(with(rule));
	EXPECT_EQ("unchanged 10.9.0.0/16 [65001] -> 10.9.0.0/16 [65001]; c other communities",
		  test(false, "10.9.0.0/16", [](struct page_route *r) { r->given = true; }));
	EXPECT_EQ("changed 10.9.0.0/16 [65001 3356] -> 10.9.0.0/16 [65001 3356]; c matched",
		  test(false, "10.9.0.0/16", [](struct page_route *r) {
			  path(r, { 65001, 3356 });
			  r->communities[r->nb_communities++] = COMMUNITY(65001, 1);
		  }));
	EXPECT_TRUE(row->hypothetical);
	EXPECT_EQ(150u, row->after.local_pref);
	EXPECT_STREQ("", row->note);
	test(false, "10.9.0.0/16", [](struct page_route *r) { path(r, { 65001, 65515 }); });
	EXPECT_STREQ("our AS is in its AS path: dropped before any map", row->note);
	test(
		false, "10.9.0.0/16",
		[](struct page_route *r) {
			r->given = true;
			r->communities[r->nb_communities++] = COMMUNITY(65517, 65517);
		},
		"ergw/0");
	EXPECT_STREQ("65517:65517 from an ExpressRoute gateway: dropped before any map", row->note);
}

TEST_P(policy_test_test, outbound)
{
	start_up(with("", prepend));
	uint64_t hit = hits("out-a", 0);

	EXPECT_EQ("changed 172.30.0.0/16 [65515 65002] -> 172.30.0.0/16 [64511 64510 65515 65002]; "
		  "p matched",
		  test(true, "172.30.0.0/16"));
	EXPECT_EQ("there is no route for this prefix to announce to nva-a",
		  test(true, "172.31.0.0/16"));
	EXPECT_EQ("changed 10.9.0.0/16 [65515 65002 7] -> 10.9.0.0/16 [64511 64510 65515 65002 7]; "
		  "p matched",
		  test(true, "10.9.0.0/16", [](struct page_route *r) {
			  path(r, { 65002, 7 });
		  }));
	EXPECT_EQ(hit, hits("out-a", 0));
	down(NVA_A);
	turn();
	EXPECT_EQ("nva-a is not up: nothing is announced to it", test(true, "172.30.0.0/16"));
	EXPECT_EQ("changed 10.9.0.0/16 [65515 65002 7] -> 10.9.0.0/16 [64511 64510 65515 65002 7]; "
		  "p matched",
		  test(true, "10.9.0.0/16", [](struct page_route *r) {
			  path(r, { 65002, 7 });
		  }));
}

TEST_P(policy_test_test, vnet_prefixes_are_not_dropped)
{
	start_up(with("", R"({ name = "all"; action = "drop"; })"));
	EXPECT_EQ("unchanged 10.0.0.0/16 [65515] -> 10.0.0.0/16 [65515]; all not for VNet prefixes",
		  test(true, "10.0.0.0/16"));
	EXPECT_EQ("unchanged 10.0.0.0/16 [65515] -> 10.0.0.0/16 [65515]; all not for VNet prefixes",
		  test(true, "10.0.0.0/16", [](struct page_route *r) { path(r, {}); }));
}

TEST_P(policy_test_test, without_a_map_or_a_peer)
{
	start_up(with(""));
	EXPECT_EQ("unchanged 172.31.0.0/16 [65001] -> 172.31.0.0/16 [65001]",
		  test(false, "172.31.0.0/16"));
	EXPECT_STREQ("", row->map);
	EXPECT_EQ("unchanged 172.30.0.0/16 [65515 65002] -> 172.30.0.0/16 [65515 65002]",
		  test(true, "172.30.0.0/16"));
	EXPECT_EQ("there is no peer \"nva-z\"",
		  test(
			  true, "172.30.0.0/16", [](struct page_route *) {}, "nva-z"));
}

/* By its own address inbound, by ours outbound. */
TEST_P(policy_test_test, next_hops)
{
	start_up(with(""));
	EXPECT_EQ("unchanged 10.9.0.0/16 [65001] -> 10.9.0.0/16 [65001]",
		  test(false, "10.9.0.0/16", [](struct page_route *r) { r->given = true; }));
	EXPECT_EQ("10.0.2.4", plain(std::string(row->before.next_hop)));
	test(false, "172.31.0.0/16");
	EXPECT_EQ("10.0.2.4", plain(std::string(row->before.next_hop)));
	test(true, "172.30.0.0/16");
	EXPECT_EQ("10.0.2.1", plain(std::string(row->before.next_hop)));
	EXPECT_EQ("10.0.2.1", plain(std::string(row->after.next_hop)));
}

TEST_P(policy_test_test, of_a_family_that_the_session_does_not_have)
{
	const bool ipv4 = family == FAMILY_IPV4;

	start_up(with(""));
	last = ask(PAGE_POLICY_TEST, "nva-a",
		   [&](struct page *p) { p->prefix = net(ipv4 ? "2001:db8::/32" : "10.0.0.0/8"); });
	EXPECT_EQ(std::string("nva-a and we tell each other no routes of ") +
			  (ipv4 ? "IPv6" : "IPv4"),
		  last->error);
}

OF_BOTH_FAMILIES(policy_test_test);
