/* Route maps: a row for each thing that Azure's documentation says they do, and random maps against
 * the model. */
#include <gtest/gtest.h>

#include <random>

#include "aspath.h"
#include "cursor.h"
#include "route_map.h"
#include "route_map_model.h"
#include "routes.h"

namespace
{

using values = std::vector<uint32_t>;

uint32_t community(const char *text)
{
	uint32_t c = 0;

	EXPECT_TRUE(community_parse(text, &c)) << text;
	return c;
}

/* Rules are written as a chain: rule("a").contains("10.0.0.0/8").drop() */
struct rule : map_rule {
	explicit rule(const char *called) : map_rule{}
	{
		strcpy(name, called);
	}
	static void put(struct map_values *to, const values &from)
	{
		to->given = true;
		for (uint32_t v : from)
			to->value[to->n++] = v;
	}
	static void put(struct map_values *to, const std::vector<const char *> &from)
	{
		to->given = true;
		for (const char *v : from)
			to->value[to->n++] = community(v);
	}
	rule &equals(const char *p)
	{
		prefix_equals.value[prefix_equals.n++] = net(p);
		return *this;
	}
	rule &contains(const char *p)
	{
		prefix_contains.value[prefix_contains.n++] = net(p);
		return *this;
	}
	rule &all(const std::vector<const char *> &c)
	{
		put(&communities_equal, c);
		return *this;
	}
	rule &any(const std::vector<const char *> &c)
	{
		put(&communities_contain, c);
		return *this;
	}
	rule &path(const values &v)
	{
		put(&as_path_equals, v);
		return *this;
	}
	rule &as(const values &v)
	{
		put(&as_path_contains, v);
		return *this;
	}
	rule &deny()
	{
		drop = true;
		return *this;
	}
	rule &end()
	{
		terminate = true;
		return *this;
	}
	rule &replace(const char *p)
	{
		has_prefix_replace = true;
		prefix_replace = net(p);
		return *this;
	}
	rule &prepend(const values &v)
	{
		put(&as_path_add, v);
		return *this;
	}
	rule &path_to(const values &v)
	{
		put(&as_path_replace, v);
		return *this;
	}
	rule &add(const std::vector<const char *> &c)
	{
		put(&communities_add, c);
		return *this;
	}
	rule &only(const std::vector<const char *> &c)
	{
		put(&communities_replace, c);
		return *this;
	}
	rule &remove(const std::vector<const char *> &c)
	{
		put(&communities_remove, c);
		return *this;
	}
};

std::string path_of(const uint8_t *wire, uint16_t len)
{
	struct attr_view v;
	char text[512] = "";

	if (attr_find(wire, len, ATTR_AS_PATH, &v))
		aspath_text(v.body, v.len, text, sizeof(text));
	return text;
}

values communities_of(const uint8_t *wire, uint16_t len)
{
	struct attr_view v;
	values list;

	if (attr_find(wire, len, ATTR_COMMUNITIES, &v))
		for (uint16_t at = 0; at < v.len; at += 4)
			list.push_back(load_be32(v.body + at));
	return list;
}

std::string text_of(const values &communities)
{
	std::string text;

	for (uint32_t c : communities)
		text += (text.empty() ? "" : " ") + std::to_string(c >> 16) + ":" +
			std::to_string(c & 0xffff);
	return text;
}

struct map_under_test {
	struct route_map *map;
	std::vector<uint8_t> summary;
	struct route_map_side side = {};
	struct route_map_result result;

	map_under_test(const std::vector<rule> &rules, uint32_t own_asn = 0)
	{
		std::vector<struct map_rule> plain(rules.begin(), rules.end());
		attrs_spec spec;

		if (own_asn)
			spec.path = { own_asn };
		summary = attrs_wire(spec);
		map = route_map_new("m", plain.data(), plain.size());
		side = { own_asn, summary.data(), (uint16_t)summary.size() };
	}
	~map_under_test()
	{
		route_map_put(map);
	}
	/* "10.0.0.0/8 [path] communities", "dropped", or "same" */
	std::string operator()(const char *prefix, const values &path,
			       const std::vector<const char *> &communities = {}, bool vnet = false)
	{
		attrs_spec spec;
		std::vector<uint8_t> wire;
		struct route_map_route route = { net(prefix), vnet, nullptr, 0 };

		spec.path = path;
		for (const char *c : communities)
			spec.communities.push_back(community(c));
		wire = attrs_wire(spec);
		route.wire = wire.data();
		route.len = (uint16_t)wire.size();
		switch (route_map_run(map, &side, &route, true, &result)) {
		case ROUTE_MAP_UNCHANGED: EXPECT_EQ(wire.data(), result.wire); return "same";
		case ROUTE_MAP_DROPPED: return "dropped";
		case ROUTE_MAP_TOO_LONG: return "too long";
		default: break;
		}
		std::string tags = text_of(communities_of(result.wire, result.len));

		return text_of(result.prefix) + " [" + path_of(result.wire, result.len) + "]" +
		       (tags.empty() ? "" : " ") + tags;
	}
};

} // namespace

TEST(route_map, a_drop_takes_what_the_prefix_contains)
{
	map_under_test map({ rule("d").contains("10.122.0.0/16").deny() });

	for (const char *p : { "10.122.1.0/24", "10.122.2.0/24", "10.122.3.0/24", "10.122.0.0/16" })
		EXPECT_EQ("dropped", map(p, { 65001 })) << p;
	EXPECT_EQ("same", map("10.100.0.0/16", { 65001 }));
	EXPECT_EQ("same", map("10.0.0.0/8", { 65001 }));
	EXPECT_EQ(4u, route_map_hits(map.map, 0));
}

TEST(route_map, b_prepended_in_the_order_of_the_list_in_front_of_our_own)
{
	map_under_test map({ rule("p").prepend({ 64511, 64510, 64510 }) }, 65515);

	EXPECT_EQ("172.16.0.0/16 [64511 64510 64510 65515 65001]",
		  map("172.16.0.0/16", { 65515, 65001 }));
	/* One sequence, as a path learned so would be. */
	EXPECT_EQ(2 + 4 * 5, [&] {
		struct attr_view v = {};
		attr_find(map.result.wire, map.result.len, ATTR_AS_PATH, &v);
		return v.len;
	}());
}

TEST(route_map, b_a_replaced_path_keeps_our_own_towards_ebgp)
{
	map_under_test out({ rule("p").path_to({}) }, 65515), in({ rule("p").path_to({ 3356 }) });

	EXPECT_EQ("172.16.0.0/16 [65515]", out("172.16.0.0/16", { 65515, 65001 }));
	EXPECT_EQ("172.16.0.0/16 [3356]", in("172.16.0.0/16", { 65001, 65002 }));
}

TEST(route_map, c_communities_added_replaced_removed)
{
	map_under_test add({ rule("a").add({ "3356:70", "65001:1" }) }),
		replace({ rule("r").only({ "3356:70" }) }),
		remove({ rule("d").remove({ "65001:1", "65001:9" }) }),
		none({ rule("n").only({}) });

	EXPECT_EQ("10.0.0.0/8 [65001] 65001:1 3356:70",
		  add("10.0.0.0/8", { 65001 }, { "65001:1" }));
	EXPECT_EQ("10.0.0.0/8 [65001] 3356:70 65001:1", add("10.0.0.0/8", { 65001 }));
	EXPECT_EQ("10.0.0.0/8 [65001] 3356:70",
		  replace("10.0.0.0/8", { 65001 }, { "65001:1", "65001:2" }));
	EXPECT_EQ("10.0.0.0/8 [65001] 65001:2",
		  remove("10.0.0.0/8", { 65001 }, { "65001:1", "65001:2" }));
	EXPECT_EQ("10.0.0.0/8 [65001]", none("10.0.0.0/8", { 65001 }, { "65001:1" }));
	/* The platform's own stay whatever a map says. */
	EXPECT_EQ("10.0.0.0/8 [65001] 65517:65517 3356:70",
		  replace("10.0.0.0/8", { 65001 }, { "65517:65517", "65001:2" }));
}

TEST(route_map, d_a_summary_has_no_path_and_no_communities)
{
	map_under_test map({ rule("s").contains("10.2.0.0/16").replace("10.2.0.0/16") }),
		out({ rule("s").contains("10.2.0.0/16").replace("10.2.0.0/16") }, 65515);

	EXPECT_EQ("10.2.0.0/16 []", map("10.2.1.0/24", { 65001 }, { "65001:1" }));
	EXPECT_EQ(ROUTE_MAP_SUMMARISED, map.result.verdict);
	EXPECT_EQ("10.2.0.0/16 [65515]", out("10.2.3.0/24", { 65515, 65001 }));
	EXPECT_EQ("same", map("10.3.1.0/24", { 65001 }));
}

TEST(route_map, d_a_summary_is_the_same_whoever_contributes)
{
	map_under_test map({ rule("tag").equals("10.2.1.0/24").add({ "1:1" }),
			     rule("s").contains("10.2.0.0/16").replace("10.2.0.0/16"),
			     rule("after").add({ "7:7" }) });
	struct route_map_result r;

	EXPECT_EQ("10.2.0.0/16 [] 7:7", map("10.2.1.0/24", { 65001 }));
	EXPECT_EQ(1, map.result.summary_rule);
	EXPECT_EQ(ROUTE_MAP_SUMMARISED, route_map_summary(map.map, &map.side, 1, &r));
	ASSERT_EQ(map.result.len, r.len);
	EXPECT_EQ(0, memcmp(map.result.wire, r.wire, r.len));
}

TEST(route_map, e_no_match_permits_unchanged)
{
	map_under_test map({ rule("d").equals("10.0.0.0/8").deny() }), empty({});

	EXPECT_EQ("same", map("10.0.0.0/9", { 65001 }, { "65001:1" }));
	EXPECT_EQ("same", empty("10.0.0.0/9", { 65001 }, { "65001:1" }));
}

TEST(route_map, f_rules_run_in_order_until_one_terminates)
{
	map_under_test map({ rule("one").contains("10.0.0.0/8").add({ "1:1" }),
			     rule("two").contains("10.1.0.0/16").add({ "2:2" }).end(),
			     rule("three").add({ "3:3" }) });

	EXPECT_EQ("10.1.0.0/24 [65001] 1:1 2:2", map("10.1.0.0/24", { 65001 }));
	EXPECT_EQ(ROUTE_MAP_NOT_REACHED, map.result.steps[2]);
	EXPECT_EQ("10.2.0.0/24 [65001] 1:1 3:3", map("10.2.0.0/24", { 65001 }));
	EXPECT_EQ(ROUTE_MAP_OTHER_PREFIX, map.result.steps[1]);
	EXPECT_EQ("192.0.2.0/24 [65001] 3:3", map("192.0.2.0/24", { 65001 }));
	EXPECT_EQ(2u, route_map_hits(map.map, 0));
	EXPECT_EQ(1u, route_map_hits(map.map, 1));
	EXPECT_EQ(2u, route_map_hits(map.map, 2));
}

TEST(route_map, f_later_rules_see_what_earlier_ones_made)
{
	map_under_test map({ rule("tag").equals("10.0.0.0/8").add({ "9:9" }).prepend({ 64511 }),
			     rule("drop").any({ "9:9" }).as({ 64511 }).deny() });

	EXPECT_EQ("dropped", map("10.0.0.0/8", { 65001 }));
	EXPECT_EQ("same", map("11.0.0.0/8", { 65001 }));
}

TEST(route_map, h_a_vnet_prefix_is_neither_dropped_nor_summarised)
{
	map_under_test map({ rule("all").deny() }),
		summary({ rule("s").contains("10.0.0.0/8").replace("10.0.0.0/8") }),
		prepend({ rule("p").prepend({ 64511 }) }, 65515);

	EXPECT_EQ("same", map("10.0.0.0/16", {}, {}, true));
	EXPECT_EQ(ROUTE_MAP_VNET, map.result.steps[0]);
	EXPECT_EQ(0u, route_map_hits(map.map, 0));
	EXPECT_EQ("same", summary("10.0.0.0/16", {}, {}, true));
	EXPECT_EQ("10.0.0.0/16 [64511 65515]", prepend("10.0.0.0/16", { 65515 }, {}, true));
}

TEST(route_map, l_after_a_summary_the_old_prefix_matches_no_more)
{
	map_under_test map({ rule("s").contains("10.2.0.0/16").replace("10.2.0.0/16"),
			     rule("old").equals("10.2.1.0/24").deny(),
			     rule("new").equals("10.2.0.0/16").add({ "5:5" }) });

	EXPECT_EQ("10.2.0.0/16 [] 5:5", map("10.2.1.0/24", { 65001 }));
}

TEST(route_map, matches_are_anded)
{
	map_under_test map({ rule("m")
				     .contains("10.0.0.0/8")
				     .all({ "1:1", "2:2" })
				     .path({ 65001, 65002 })
				     .deny() });
	const struct {
		const char *prefix;
		values path;
		std::vector<const char *> communities;
		enum route_map_step step;
	} rows[] = {
		{ "10.1.0.0/16", { 65001, 65002 }, { "2:2", "1:1", "3:3" }, ROUTE_MAP_HIT },
		{ "11.1.0.0/16", { 65001, 65002 }, { "2:2", "1:1" }, ROUTE_MAP_OTHER_PREFIX },
		{ "10.1.0.0/16", { 65001, 65002 }, { "1:1" }, ROUTE_MAP_OTHER_COMMUNITIES },
		{ "10.1.0.0/16", { 65001, 65002 }, {}, ROUTE_MAP_OTHER_COMMUNITIES },
		{ "10.1.0.0/16", { 65002, 65001 }, { "2:2", "1:1" }, ROUTE_MAP_OTHER_AS_PATH },
		{ "10.1.0.0/16",
		  { 65001, 65002, 65003 },
		  { "2:2", "1:1" },
		  ROUTE_MAP_OTHER_AS_PATH },
		{ "10.1.0.0/16", { 65001 }, { "2:2", "1:1" }, ROUTE_MAP_OTHER_AS_PATH },
		{ "10.1.0.0/16", {}, { "2:2", "1:1" }, ROUTE_MAP_OTHER_AS_PATH },
	};

	for (const auto &row : rows) {
		map(row.prefix, row.path, row.communities);
		EXPECT_EQ(row.step, map.result.steps[0]) << row.prefix << " " << row.path.size();
	}
}

TEST(route_map, local_preference_is_the_last_rules_and_not_of_what_a_summary_is_made_of)
{
	rule high("h"), low("l");

	high.equals("10.2.1.0/24");
	high.has_local_pref = low.has_local_pref = true;
	high.local_pref = 200;
	low.local_pref = 50;
	low.equals("10.1.0.0/16");
	map_under_test map({ rule(high), rule(low).add({ "1:1" }),
			     rule("s").equals("10.2.1.0/24").replace("10.2.0.0/16") }),
		both({ rule(high), rule("after").equals("10.2.1.0/24").end(), rule(low) });

	EXPECT_EQ("same", map("10.9.0.0/16", { 65001 }));
	EXPECT_EQ(100u, map.result.local_pref);
	EXPECT_EQ("10.1.0.0/16 [65001] 1:1", map("10.1.0.0/16", { 65001 }));
	EXPECT_EQ(50u, map.result.local_pref);
	EXPECT_EQ("10.2.0.0/16 []", map("10.2.1.0/24", { 65001 }));
	EXPECT_EQ(100u, map.result.local_pref) << "contributors may differ, the summary does not";
	EXPECT_EQ("10.2.1.0/24 [65001]", both("10.2.1.0/24", { 65001 }));
	EXPECT_EQ(ROUTE_MAP_CHANGED, both.result.verdict);
	EXPECT_EQ(200u, both.result.local_pref);
}

TEST(route_map, too_much_is_too_long)
{
	rule longest("long");
	values thirty_two(MAP_LIST, 64511);
	std::vector<uint8_t> wire(ROUTE_MAP_WIRE);
	struct attr_writer w = { wire.data(), wire.size(), 0, false };
	std::vector<uint8_t> communities(ROUTE_MAP_WIRE - 64);
	map_under_test map({ longest.prepend(thirty_two) });
	struct route_map_route route = { net("10.0.0.0/8"), false, wire.data(), 0 };

	attr_put(&w, ATTR_F_TRANSITIVE, ATTR_AS_PATH, nullptr, 0);
	attr_put(&w, ATTR_F_OPTIONAL | ATTR_F_TRANSITIVE, ATTR_COMMUNITIES, communities.data(),
		 communities.size());
	ASSERT_FALSE(w.full);
	route.len = (uint16_t)w.len;
	EXPECT_EQ(ROUTE_MAP_TOO_LONG, route_map_run(map.map, &map.side, &route, true, &map.result));
}

TEST(route_map, texts_of_communities)
{
	uint32_t c = 7;

	EXPECT_EQ(COMMUNITY(65001, 100), community("65001:100"));
	EXPECT_EQ(0u, community("0:0"));
	EXPECT_EQ(UINT32_MAX, community("65535:65535"));
	for (const char *bad : { "", ":", "1:", ":1", "65536:1", "1:65536", "1:2:3", " 1:2", "1:2 ",
				 "-1:2", "1:000001", "a:b" })
		EXPECT_FALSE(community_parse(bad, &c)) << bad;
	EXPECT_EQ(7u, c);
	EXPECT_TRUE(community_reserved(COMMUNITY(65517, 65517)));
	EXPECT_FALSE(community_reserved(COMMUNITY(65517, 65518)));
}

TEST(route_map, same_says_whether_anything_differs)
{
	rule a("a");
	struct map_rule rules[2] = { a.contains("10.0.0.0/8").add({ "1:1" }), rule("b") };
	struct route_map *map = route_map_new("m", rules, 2);

	EXPECT_TRUE(route_map_same(map, rules, 2));
	EXPECT_FALSE(route_map_same(map, rules, 1));
	rules[0].communities_add.value[0]++;
	EXPECT_FALSE(route_map_same(map, rules, 2));
	rules[0].communities_add.value[0]--;
	rules[1].has_local_pref = true;
	EXPECT_FALSE(route_map_same(map, rules, 2));
	rules[1].has_local_pref = false;
	rules[1].terminate = true;
	EXPECT_FALSE(route_map_same(map, rules, 2));
	route_map_put(map);
}

/* A map is for routes of both families: whose summaries it makes is asked of one. */
TEST(route_map, summaries_of_a_family)
{
	map_under_test map(
		{ rule("d").contains("10.122.0.0/16").contains("2001:db8:122::/48").deny(),
		  rule("4").contains("10.2.0.0/16").replace("10.2.0.0/16"),
		  rule("6").contains("2001:db8:2::/48").replace("2001:db8:2::/47"),
		  rule("p").prepend({ 64511 }) });

	EXPECT_EQ(2u, route_map_replacing(map.map, FAMILY_IPV4));
	EXPECT_EQ(4u, route_map_replacing(map.map, FAMILY_IPV6));
	EXPECT_EQ(2u, route_map_summarises(map.map, net("10.2.0.0/16")));
	EXPECT_EQ(4u, route_map_summarises(map.map, net("2001:db8:2::/47")));
	EXPECT_EQ(0u, route_map_summarises(map.map, net("2001:db8:2::/48")));
	for (const char *p : { "10.122.7.0/24", "2001:db8:122::/48", "2001:db8:122:ffff::1/128" })
		EXPECT_EQ("dropped", map(p, { 65001 })) << p;
	EXPECT_EQ("2001:db8:2::/47 [64511]", map("2001:db8:2:8000::/49", { 65001 }));
	EXPECT_EQ("2001:db8:3::/48 [64511 65001]", map("2001:db8:3::/48", { 65001 }));
	EXPECT_EQ("::/0 [64511 65001]", map("::/0", { 65001 }));
	EXPECT_EQ("10.2.0.0/16 [64511]", map("10.2.1.0/24", { 65001 }));
}

/* Random maps over few values, so that most conditions are met now and then. */
TEST(route_map, does_what_the_model_does)
{
	std::mt19937 random(25);
	auto up_to = [&](unsigned int n) { return (uint32_t)(random() % n); };
	auto some = [&](struct map_values *v, uint32_t base, unsigned int likely) {
		if (up_to(likely))
			return;
		v->given = true;
		for (v->n = (uint8_t)up_to(3); v->n && !v->value[v->n - 1];)
			for (int i = 0; i < v->n; i++)
				v->value[i] = base + up_to(4);
	};
	auto some_prefix = [&](uint8_t shortest) {
		return prefix_of(up_to(2) ? FAMILY_IPV6 : FAMILY_IPV4,
				 0x0a000000 | up_to(4) << 16 | up_to(4) << 8,
				 (uint8_t)(shortest + 8 * up_to(3)));
	};
	const uint32_t tags = COMMUNITY(65517, 65516); /* the second of four is reserved */

	for (int round = 0; round < 20000; round++) {
		std::vector<rule> rules;
		std::vector<struct map_rule> plain;
		uint32_t own = up_to(2) ? 65515 : 0;
		attrs_spec spec;
		model::route at = {};

		for (unsigned int i = up_to(5); i; i--) {
			rule r("r");

			for (unsigned int n = up_to(3); n; n--)
				r.prefix_contains.value[r.prefix_contains.n++] = some_prefix(8);
			if (!up_to(3))
				r.prefix_equals.value[r.prefix_equals.n++] = some_prefix(8);
			some(&r.communities_equal, tags, 4);
			some(&r.communities_contain, tags, 4);
			some(&r.as_path_equals, 64510, 6);
			some(&r.as_path_contains, 64510, 4);
			r.drop = !up_to(6);
			r.terminate = !up_to(4);
			if (!up_to(4)) {
				r.has_prefix_replace = true;
				r.prefix_replace = some_prefix(8);
			}
			some(up_to(2) ? &r.as_path_add : &r.as_path_replace, 64510, 3);
			some(&r.communities_add, tags, 3);
			some(up_to(2) ? &r.communities_replace : &r.communities_remove, tags, 3);
			rules.push_back(r);
		}
		plain.assign(rules.begin(), rules.end());
		at.prefix = some_prefix(8);
		at.vnet = !up_to(8);
		for (unsigned int n = up_to(3); n; n--)
			spec.path.push_back(64510 + up_to(4));
		for (uint32_t i = 0; i < 4; i++)
			if (up_to(2))
				spec.communities.push_back(tags + i);
		at.path = spec.path;
		at.communities = spec.communities;

		map_under_test map(rules, own);
		std::vector<uint8_t> wire = attrs_wire(spec);
		struct route_map_route route = { at.prefix, at.vnet, wire.data(),
						 (uint16_t)wire.size() };
		enum route_map_verdict verdict =
			route_map_run(map.map, &map.side, &route, true, &map.result);
		model::route wanted = model::run(plain, at, own);
		std::string path;

		ASSERT_EQ(wanted.dropped, verdict == ROUTE_MAP_DROPPED) << round;
		if (wanted.dropped)
			continue;
		ASSERT_EQ(wanted.summary, verdict == ROUTE_MAP_SUMMARISED) << round;
		for (uint32_t as : wanted.path)
			path += (path.empty() ? "" : " ") + std::to_string(as);
		ASSERT_EQ(text_of(wanted.prefix), text_of(map.result.prefix)) << round;
		ASSERT_EQ(path, path_of(map.result.wire, map.result.len)) << round;
		ASSERT_EQ(text_of(wanted.communities),
			  text_of(communities_of(map.result.wire, map.result.len)))
			<< round;
	}
}
