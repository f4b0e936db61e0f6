/* Pages about routes. */
#include "server.h"

TEST_F(server_test, a_table_of_many_pages_is_told_whole)
{
	std::map<std::string, int> seen;
	std::unique_ptr<struct page> page(new struct page());
	uint64_t cursor[2] = { 0, 0 };
	int asked = 0;

	start_with_routes(true);
	announce(NVA_A, many(2000));
	announce(NVA_B, many(2000));
	turn();
	do {
		uint32_t at = 0;
		uint16_t type;
		const void *row;

		page = ask(PAGE_ROUTES, "",
			   [&](struct page *p) { memcpy(p->cursor, cursor, sizeof(cursor)); });
		while ((row = page_next(page.get(), &at, &type))) {
			ASSERT_EQ(ROW_ROUTE, type);
			seen[text_of(((const struct row_route *)row)->prefix)]++;
		}
		memcpy(cursor, page->cursor, sizeof(cursor));
		ASSERT_LT(asked++, 1000);
	} while (page->more);
	EXPECT_LT(2, asked);
	EXPECT_EQ(2002u, seen.size()); /* 172.16.1.0/24 and 172.16.2.0/24 are among the many */
	EXPECT_EQ(2, seen["172.16.7.0/24"]);
}

TEST_F(server_test, advertised_is_what_was_sent)
{
	uint32_t at = 0;
	uint16_t type;
	const struct row_route *row;
	table shown;

	start_with_routes(true);
	auto page = ask(PAGE_ADVERTISED, "nva-a");
	while ((row = (const struct row_route *)page_next(page.get(), &at, &type)))
		shown[text_of(row->prefix)] =
			std::vector<uint8_t>(row->attrs, row->attrs + row->attrs_len);
	EXPECT_EQ(announced[NVA_A], shown);
	EXPECT_STRNE("", ask(PAGE_ADVERTISED, "nobody")->error);
}

/* What a page, and those that follow it, tell: "PREFIX PEER" in order. */
class families_shown : public server_test
{
      protected:
	void SetUp() override
	{
		server_test::SetUp();
		start_with_routes(true);
		announce(NVA_A, { "2001:db8:1::/48", "2001:db8::/32" });
		announce(NVA_B, { "2001:db8:1::/48" });
		turn();
	}
	std::vector<std::string> shown(enum page_command command, const char *peer = "",
				       const std::function<void(struct page *)> &more = nullptr)
	{
		auto page = std::make_unique<struct page>();
		std::vector<std::string> all;

		page->command = command;
		strcpy(page->peer, peer);
		if (more)
			more(page.get());
		do {
			uint32_t at = 0;
			uint16_t type;
			const struct row_route *row;

			page->nb_rows = page->used = 0;
			page->more = false;
			answer(page.get());
			EXPECT_STREQ("", page->error);
			while ((row = (const struct row_route *)page_next(page.get(), &at, &type)))
				all.push_back(text_of(row->prefix) + " " + row->peer);
		} while (page->more);
		return all;
	}
	static std::function<void(struct page *)> only(enum family family)
	{
		return [family](struct page *p) {
			p->family = family;
			p->one_family = true;
		};
	}
	static std::function<void(struct page *)> at(const char *address)
	{
		return [address](struct page *p) {
			addr_parse(address, &p->address);
			p->match = MATCH_LONGEST;
		};
	}
};

using rows = std::vector<std::string>;

TEST_F(families_shown, of_both_one_after_the_other)
{
	rows v4 = shown(PAGE_ROUTES, "", only(FAMILY_IPV4));
	rows v6 = shown(PAGE_ROUTES, "", only(FAMILY_IPV6)), both = v4;

	EXPECT_LT(2u, v4.size());
	EXPECT_EQ((rows{ "2001:db8:1::/48 nva-a", "2001:db8:1::/48 nva-b", "2001:db8::/32 nva-a" }),
		  v6);
	both.insert(both.end(), v6.begin(), v6.end());
	EXPECT_EQ(both, shown(PAGE_ROUTES));
}

TEST_F(families_shown, of_a_peer)
{
	rows v4 = shown(PAGE_LEARNED, "nva-b", only(FAMILY_IPV4)), both = v4;

	both.push_back("2001:db8:1::/48 nva-b");
	EXPECT_EQ(both, shown(PAGE_LEARNED, "nva-b"));
	EXPECT_EQ(both, shown(PAGE_RECEIVED, "nva-b"));
	EXPECT_EQ(rows{ "2001:db8:1::/48 nva-b" }, shown(PAGE_LEARNED, "nva-b", only(FAMILY_IPV6)));
	uint32_t at = 0;
	uint16_t type;
	auto page = ask(PAGE_PEER, "nva-b");
	auto *row = (const struct row_peer *)page_next(page.get(), &at, &type);
	ASSERT_NE(nullptr, row);
	EXPECT_EQ(v4.size(), row->routes[FAMILY_IPV4].learned);
	EXPECT_EQ(1u, row->routes[FAMILY_IPV6].learned);
	EXPECT_STREQ("10.0.2.5", row->addr);
}

TEST_F(families_shown, within_a_prefix)
{
	announce(NVA_A, { "2001:db8:1:2::/64", "2001:db9::/32" });
	announce(NVA_A, { "10.60.0.0/16", "10.60.7.0/24", "10.70.0.0/16" });
	turn();
	rows all{ "2001:db8:1::/48 nva-a", "2001:db8:1::/48 nva-b", "2001:db8:1:2::/64 nva-a" };

	EXPECT_EQ(all, shown(PAGE_ROUTES, "", of_prefix("2001:db8:1::/48", MATCH_WITHIN)));
	EXPECT_EQ((rows{ "10.60.0.0/16 nva-a", "10.60.7.0/24 nva-a" }),
		  shown(PAGE_ROUTES, "", of_prefix("10.60.0.0/15", MATCH_WITHIN)));
	for (enum page_command command : { PAGE_LEARNED, PAGE_RECEIVED }) {
		EXPECT_EQ(rows{ "2001:db8:1::/48 nva-b" },
			  shown(command, "nva-b", of_prefix("2001:db8::/32", MATCH_WITHIN)));
		EXPECT_EQ(rows{},
			  shown(command, "nva-b", of_prefix("2001:db9::/32", MATCH_WITHIN)));
	}
	EXPECT_EQ((rows{ "10.60.0.0/16 nva-a", "10.60.7.0/24 nva-a" }),
		  shown(PAGE_ADVERTISED, "nva-b", of_prefix("10.60.0.0/16", MATCH_WITHIN)));
}

/* The longest that the peer has to do with, which need not be the RIB's. */
TEST_F(families_shown, one_prefix_of_a_peer)
{
	announce(NVA_A, { "10.60.0.0/16", "10.60.7.0/24" });
	announce(NVA_B, { "10.60.0.0/16" });
	turn();
	for (enum page_command command : { PAGE_LEARNED, PAGE_RECEIVED }) {
		EXPECT_EQ(rows{ "10.60.7.0/24 nva-a" }, shown(command, "nva-a", at("10.60.7.1")));
		EXPECT_EQ(rows{ "10.60.0.0/16 nva-b" }, shown(command, "nva-b", at("10.60.7.1")));
		EXPECT_EQ(rows{ "10.60.0.0/16 nva-b" },
			  shown(command, "nva-b", of_prefix("10.60.0.0/16")));
		EXPECT_EQ(rows{}, shown(command, "nva-b", of_prefix("10.60.7.0/24")));
	}
	EXPECT_EQ(rows{ "10.60.7.0/24 nva-a" }, shown(PAGE_ADVERTISED, "nva-b", at("10.60.7.1")));
	EXPECT_EQ(rows{ "10.60.7.0/24 nva-a" },
		  shown(PAGE_ADVERTISED, "nva-b", of_prefix("10.60.7.0/24")));
	EXPECT_EQ(rows{}, shown(PAGE_ADVERTISED, "nva-a", of_prefix("10.60.7.0/24")));
}

TEST_F(families_shown, of_an_address)
{
	EXPECT_EQ((rows{ "2001:db8:1::/48 nva-a", "2001:db8:1::/48 nva-b" }),
		  shown(PAGE_ROUTES, "", at("2001:db8:1::1")));
	EXPECT_EQ(rows{ "2001:db8::/32 nva-a" }, shown(PAGE_ROUTES, "", at("2001:db8:2::1")));
	EXPECT_EQ(rows{}, shown(PAGE_ROUTES, "", at("2001:db9::1")));
	EXPECT_EQ(rows{ "10.0.0.0/16 local" }, shown(PAGE_ROUTES, "", at("10.0.9.1")));
	EXPECT_EQ(rows{ "2001:db8::/32 nva-a" },
		  shown(PAGE_ROUTES, "", of_prefix("2001:db8::/32")));
	update(NVA_A, {}, {}, { "2001:db8:1::/48" });
	update(NVA_B, {}, {}, { "2001:db8:1::/48" });
	turn();
	EXPECT_EQ(rows{ "2001:db8::/32 nva-a" }, shown(PAGE_ROUTES, "", at("2001:db8:1::1")))
		<< "who has a path";
}
