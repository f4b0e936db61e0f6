/* Which rows of routes are wanted. */
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "role.h"
#include "route_filter.h"
#include "route_map.h"
#include "routes.h"

namespace
{

/* A row as the RIB lcore makes it. */
struct row_deleter {
	void operator()(struct row_route *row) const
	{
		free(row);
	}
};
using row_ptr = std::unique_ptr<struct row_route, row_deleter>;

row_ptr row_of(const attrs_spec &spec, const char *next_hop = "10.0.2.4",
	       uint16_t flags = ROUTE_USABLE)
{
	std::vector<uint8_t> wire = attrs_wire(spec);
	auto *row = (struct row_route *)calloc(1, sizeof(struct row_route) + wire.size());

	row->attrs_len = (uint16_t)wire.size();
	memcpy(row->attrs, wire.data(), wire.size());
	strcpy(row->next_hop, next_hop);
	row->flags = flags;
	row->role = ROLE_NVA;
	return row_ptr(row);
}

row_ptr row_of_path(const std::vector<uint32_t> &path)
{
	attrs_spec spec;

	spec.path = path;
	return row_of(spec);
}

/* One that has no NEXT_HOP, as ours, and is shown so. */
row_ptr shown_by(const char *next_hop)
{
	row_ptr row = row_of({}, next_hop);

	row->attrs_len = 0;
	return row;
}

struct filter {
	struct route_filter f = {};

	~filter()
	{
		route_filter_fini(&f);
	}
	bool passes(const row_ptr &row) const
	{
		return route_filter_passes(&f, row.get());
	}
};

} // namespace

TEST(route_filter, zeroed_lets_everything_pass)
{
	EXPECT_TRUE(filter().passes(row_of_path({ 65001 })));
	EXPECT_TRUE(filter().passes(row_of_path({})));
}

TEST(route_filter, paths_by_a_pattern)
{
	static const struct {
		const char *pattern;
		std::vector<uint32_t> path;
		bool passes;
	} rows[] = {
		{ "_65001_", { 65001 }, true },
		{ "_65001_", { 1, 65001, 2 }, true },
		{ "_65001_", { 650010 }, false },
		{ "_65001_", { 165001 }, false },
		{ "65001", { 165001 }, true },
		{ "^65001_", { 65001, 7 }, true },
		{ "^65001_", { 7, 65001 }, false },
		{ "_65001$", { 7, 65001 }, true },
		{ "_65001$", { 65001, 7 }, false },
		{ "^$", {}, true },
		{ "^$", { 65001 }, false },
		{ "^65001( 65001)*$", { 65001, 65001, 65001 }, true },
		{ "^65001( 65001)*$", { 65001, 65002 }, false },
		{ "_(65002|65003)_", { 65001, 65003 }, true },
		{ "_6500[0-4]_", { 65005 }, false },
		{ "_7_9_", { 7, 9 }, true },
		{ "_4200000000_", { 4200000000 }, true },
	};

	for (const auto &row : rows) {
		filter filter;

		ASSERT_EQ(nullptr, route_filter_as_path(&filter.f, row.pattern));
		EXPECT_EQ(row.passes, filter.passes(row_of_path(row.path))) << row.pattern;
	}
}

/* A pattern that would be tried for ever, and one that would fill memory, on the longest path. */
TEST(route_filter, what_a_pattern_costs_is_bounded)
{
	const row_ptr longest = row_of_path(std::vector<uint32_t>(250, 4200000000));
	std::string parentheses(100, '(');

	for (const char *pattern : { "^((.*)*)*x$", "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)x",
				     "^(4*2*0*)*(4*2*0*)*x$", "^(?:(.)|(..))*x$", "(?R)*x" }) {
		filter filter;

		if (!route_filter_as_path(&filter.f, pattern)) {
			EXPECT_FALSE(filter.passes(longest)) << pattern;
		}
	}
	for (const std::string &pattern :
	     { std::string(300, '1'), std::string(""), parentheses + "1" + std::string(100, ')'),
	       std::string("((((1{1,255}){1,255}){1,255}){1,255})"), std::string("("),
	       std::string("[1"), std::string("*"), std::string(255, '_') }) {
		filter filter;

		EXPECT_NE(nullptr, route_filter_as_path(&filter.f, pattern.c_str())) << pattern;
		EXPECT_TRUE(filter.passes(longest));
	}
	filter none;
	EXPECT_NE(nullptr, route_filter_as_path(&none.f, nullptr));
}

TEST(route_filter, communities)
{
	static const struct {
		std::vector<const char *> patterns;
		bool passes;
	} rows[] = {
		{ { "65001:1" }, true },
		{ { "65001:2" }, true },
		{ { "65001:3" }, false },
		{ { "65001:*" }, true },
		{ { "*:2" }, true },
		{ { "*:*" }, true },
		{ { "65002:*" }, false },
		{ { "65001:1", "65001:2" }, true },
		{ { "65001:1", "65001:3" }, false },
		{ { "65001:7:8" }, true },
		{ { "65001:*:8" }, true },
		{ { "65001:*:9" }, false },
		{ { "*:*:*" }, true },
		{ { "4200000000:1:2" }, true },
	};
	attrs_spec spec;

	spec.path = { 65001 };
	spec.communities = { COMMUNITY(65001, 1), COMMUNITY(65001, 2) };
	spec.last = { ATTR_F_OPTIONAL | ATTR_F_TRANSITIVE, ATTR_LARGE_COMMUNITIES, 24 };
	for (uint32_t number : { 65001u, 7u, 8u, 4200000000u, 1u, 2u })
		put_be32(&spec.last, number);
	for (const auto &row : rows) {
		filter filter;

		for (const char *pattern : row.patterns)
			ASSERT_EQ(nullptr, route_filter_community(&filter.f, pattern)) << pattern;
		EXPECT_EQ(row.passes, filter.passes(row_of(spec))) << row.patterns[0];
		spec.path = {};
	}
	filter none;
	ASSERT_EQ(nullptr, route_filter_community(&none.f, "*:*"));
	EXPECT_FALSE(none.passes(row_of_path({ 65001 })));
	for (const char *bad :
	     { "", ":", "1", "1:", ":1", "1:65536", "65536:1", "a:1", "1:a", "1:1 ",
	       "1:1:4294967296", "1:1:1:1", "**:1", "-1:1", "1:1:", "no-export" })
		EXPECT_NE(nullptr, route_filter_community(&none.f, bad)) << bad;
	EXPECT_NE(nullptr, route_filter_community(&none.f, nullptr));
	filter many;
	for (int i = 0; i < FILTER_COMMUNITIES; i++)
		EXPECT_EQ(nullptr, route_filter_community(&many.f, "1:1"));
	EXPECT_NE(nullptr, route_filter_community(&many.f, "1:1"));
}

TEST(route_filter, next_hops)
{
	static const struct {
		const char *wanted, *is;
		bool passes;
	} rows[] = {
		{ "10.0.2.4", "10.0.2.4", true },	   { "10.0.2.4", "10.0.2.40", false },
		{ "10.0.2.40", "10.0.2.4", false },	   { "2001:DB8:0::1", "2001:db8::1", true },
		{ "fe80::1", "fe80::1%nva0", true },	   { "fe80::1%nva0", "fe80::1%nva0", true },
		{ "fe80::1%nva1", "fe80::1%nva0", false }, { "fe80::1%nva", "fe80::1%nva0", false },
		{ "fe80::1", "fe80::10%nva0", false },
	};

	for (const auto &row : rows) {
		filter filter;

		ASSERT_EQ(nullptr, route_filter_next_hop(&filter.f, row.wanted)) << row.wanted;
		EXPECT_EQ(row.passes, filter.passes(shown_by(row.is))) << row.wanted << row.is;
	}
	/* the one that is shown, and the one that is not */
	attrs_spec spec;
	filter global;
	spec.hop_family = FAMILY_IPV6;
	spec.next_hop = 7;
	char text[ADDR_TEXT];
	ASSERT_EQ(nullptr,
		  route_filter_next_hop(&global.f, addr_text(addr_of(FAMILY_IPV6, 7), text)));
	EXPECT_TRUE(global.passes(row_of(spec, "fe80::1%nva0")));
	spec.next_hop = 8;
	EXPECT_FALSE(global.passes(row_of(spec, "fe80::1%nva0")));
	filter none;
	for (const char *bad : { "", "10.0.2", "ergw", "10.0.2.4/32", "fe80::1%" })
		EXPECT_NE(nullptr, route_filter_next_hop(&none.f, bad)) << bad;
	EXPECT_NE(nullptr, route_filter_next_hop(&none.f, nullptr));
}

TEST(route_filter, origins_roles_and_states)
{
	filter origin, role, unusable, usable, backup, filtered;
	row_ptr row = row_of_path({ 65001, 65010 });

	origin.f.has_origin_as = true;
	origin.f.origin_as = 65010;
	EXPECT_TRUE(origin.passes(row));
	EXPECT_FALSE(origin.passes(row_of_path({ 65010, 65001 })));
	EXPECT_FALSE(origin.passes(row_of_path({})));

	role.f.roles = 1 << ROLE_NVA;
	EXPECT_TRUE(role.passes(row));
	row->flags |= ROUTE_SUMMARY; /* of nobody */
	EXPECT_FALSE(role.passes(row));
	row->flags = ROUTE_USABLE;
	row->role = ROLE_VPN;
	EXPECT_FALSE(role.passes(row));

	ASSERT_EQ(nullptr, route_filter_state(&usable.f, "usable"));
	ASSERT_EQ(nullptr, route_filter_state(&unusable.f, "unusable"));
	ASSERT_EQ(nullptr, route_filter_state(&backup.f, "backup"));
	ASSERT_EQ(nullptr, route_filter_state(&filtered.f, "filtered"));
	EXPECT_NE(nullptr, route_filter_state(&usable.f, "best"));
	EXPECT_NE(nullptr, route_filter_state(&usable.f, nullptr));
	EXPECT_TRUE(usable.passes(row));
	EXPECT_FALSE(unusable.passes(row));
	EXPECT_FALSE(backup.passes(row));
	row->backup_to = 1;
	EXPECT_TRUE(backup.passes(row));
	row->flags = ROUTE_SENT | ROUTE_BACKUP;
	row->backup_to = 0;
	EXPECT_TRUE(backup.passes(row));
	EXPECT_TRUE(unusable.passes(row));
	EXPECT_FALSE(filtered.passes(row));
	row->policy = ROUTE_MAP_DROPPED; /* of one that is not as received */
	EXPECT_FALSE(filtered.passes(row));
	row->flags = ROUTE_RECEIVED;
	EXPECT_TRUE(filtered.passes(row));
	row->policy = ROUTE_MAP_CHANGED;
	EXPECT_FALSE(filtered.passes(row));
}
