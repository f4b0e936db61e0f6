/* What becomes of rows of routes before they are told. */
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "listing.h"
#include "routes.h"

namespace
{

class listing_test : public testing::Test
{
      protected:
	void SetUp() override
	{
		listing = listing_new();
		ASSERT_NE(nullptr, listing);
	}
	void TearDown() override
	{
		listing_free(listing);
	}
	/* A path of a prefix, which tells its age apart from others of the prefix. */
	bool take(const char *prefix, uint32_t age = 0)
	{
		struct row_route row = {};
		bool no_memory = true, told;

		EXPECT_TRUE(prefix_parse(prefix, &row.prefix));
		row.flags = ROUTE_USABLE;
		row.age_s = age;
		told = listing_take(listing, &row, sizeof(row), &no_memory);
		EXPECT_FALSE(no_memory);
		return told;
	}
	std::vector<std::string> kept()
	{
		std::vector<std::string> texts;
		char text[PREFIX_TEXT];

		listing_end(listing);
		for (uint32_t i = 0; i < listing->nb_kept; i++)
			texts.push_back(
				std::string(prefix_text(listing->kept[i].row->prefix, text)) + " " +
				std::to_string(listing->kept[i].row->age_s));
		return texts;
	}

	struct listing *listing = nullptr;
};

using texts = std::vector<std::string>;

} // namespace

TEST_F(listing_test, tells_what_is_wanted)
{
	EXPECT_TRUE(take("10.0.0.0/8"));
	listing->filter.state = ROUTE_STATE_UNUSABLE;
	EXPECT_FALSE(take("10.0.0.0/8"));
	EXPECT_EQ(1u, listing->paths);
	EXPECT_EQ(texts{}, kept());
}

TEST_F(listing_test, counts_prefixes_and_paths)
{
	listing->count = true;
	for (const char *prefix : { "10.0.0.0/8", "10.0.0.0/8", "0.0.0.0/0", "::/0", "::/0" })
		EXPECT_FALSE(take(prefix));
	EXPECT_EQ(3u, listing->prefixes);
	EXPECT_EQ(5u, listing->paths);
	EXPECT_EQ(texts{}, kept());
}

TEST_F(listing_test, a_default_route_that_comes_first_is_counted)
{
	take("0.0.0.0/0");
	EXPECT_EQ(1u, listing->prefixes);
}

TEST_F(listing_test, keeps_the_first_ones_in_their_order)
{
	listing->limit = 4;
	for (const char *prefix : { "2001:db8::/32", "10.9.0.0/16", "10.0.0.0/8", "192.0.2.0/24",
				    "10.9.0.0/16", "::/0", "10.0.0.0/16" })
		EXPECT_FALSE(take(prefix, (uint32_t)listing->paths));
	EXPECT_EQ((texts{ "10.0.0.0/8 2", "10.0.0.0/16 6", "10.9.0.0/16 1", "10.9.0.0/16 4" }),
		  kept());
	EXPECT_EQ(7u, listing->paths);
}

TEST_F(listing_test, fewer_than_the_limit)
{
	listing->limit = LISTING_KEPT;
	take("10.9.0.0/16");
	take("10.0.0.0/8");
	EXPECT_EQ((texts{ "10.0.0.0/8 0", "10.9.0.0/16 0" }), kept());
}

/* As many as a real table, against sorting all of them. */
TEST_F(listing_test, as_sorting_all_of_them)
{
	std::mt19937 random(7);
	std::vector<std::pair<uint32_t, uint32_t>> all; /* address, number */

	listing->limit = LISTING_KEPT;
	for (uint32_t i = 0; i < 200000; i++) {
		struct row_route row = {};
		bool no_memory;

		row.prefix = prefix4_make(random() % 50000 << 8, 24);
		row.age_s = i;
		all.emplace_back(row.prefix.addr.v4, i);
		EXPECT_FALSE(listing_take(listing, &row, sizeof(row), &no_memory));
	}
	std::sort(all.begin(), all.end());
	listing_end(listing);
	ASSERT_EQ((uint32_t)LISTING_KEPT, listing->nb_kept);
	for (uint32_t i = 0; i < listing->nb_kept; i++) {
		EXPECT_EQ(all[i].first, listing->kept[i].row->prefix.addr.v4);
		EXPECT_EQ(all[i].second, listing->kept[i].row->age_s);
	}
	EXPECT_EQ(200000u, listing->paths);
}
