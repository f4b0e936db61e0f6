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
