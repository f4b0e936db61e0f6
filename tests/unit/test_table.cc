/* Tables of rows: aligned, in order, and endless. */
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "cli_harness.h"

TEST(cli_table, aligned_and_sorted)
{
	memory out;
	struct table *table = table_new(columns, table_key_prefix, out.file);

	for (const char *row :
	     { R"({"prefix":"10.4.0.0/16","n":1,"note":"first"})",
	       R"({"prefix":"10.0.0.0/8","n":12345})",
	       R"({"prefix":"10.4.0.0/16","n":2,"note":"second"})",
	       R"({"prefix":"2001:db8::/32","n":6})", R"({"prefix":"::/0","n":5})",
	       R"({"prefix":"0.0.0.0/0","n":4})" }) {
		json r(row);

		EXPECT_TRUE(table_add(table, r.value));
	}
	EXPECT_EQ(6u, table_end(table));
	table_free(table);
	EXPECT_EQ("PREFIX             N  NOTE\n"
		  "0.0.0.0/0          4  -\n"
		  "10.0.0.0/8     12345  -\n"
		  "10.4.0.0/16        1  first\n"
		  "10.4.0.0/16        2  second\n"
		  "::/0               5  -\n"
		  "2001:db8::/32      6  -\n",
		  out.text());
}

TEST(cli_table, long_tables_stream)
{
	memory out;
	struct table *table = table_new(columns, table_key_prefix, out.file);
	json row(R"({"prefix":"10.0.0.0/8","n":1,"note":"x"})");

	for (int i = 0; i < TABLE_HELD; i++)
		table_add(table, row.value);
	EXPECT_EQ("", out.text());
	table_add(table, row.value);

	std::string text = out.text();

	EXPECT_EQ(TABLE_HELD + 2, std::count(text.begin(), text.end(), '\n'));
	EXPECT_EQ((size_t)TABLE_HELD + 1, table_end(table));
	table_free(table);
}

TEST(cli_table, fields)
{
	memory out;
	json row(R"({"prefix":"10.0.0.0/8","note":"x"})");

	table_fields(columns, row.value, out.file);
	EXPECT_EQ("PREFIX  10.0.0.0/8\nNOTE    x\n", out.text());
}
