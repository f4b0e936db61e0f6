// What the load of tools/bgpload says, judged by the decoder of control/bgp.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

extern "C" {
#include "update.h"
#include "update_ctx.h"
#include "workload.h"
}

namespace
{

constexpr uint32_t hop = 0x0a000264;
using key = std::pair<uint32_t, uint8_t>;

// Each message of a feed, with its header.
std::vector<std::pair<const uint8_t *, size_t>> messages(const uint8_t *octets, size_t len)
{
	std::vector<std::pair<const uint8_t *, size_t>> found;
	struct cursor stream = cursor_make(octets, len);
	struct bgp_notify notify;
	struct bgp_message message;

	for (const uint8_t *at = stream.pos; cursor_left(&stream); at = stream.pos) {
		if (message_next(&stream, BGP_MESSAGE_MAX, &message, &notify) != MESSAGE_READY) {
			ADD_FAILURE() << "no whole message at " << at - octets;
			break;
		}
		found.emplace_back(at, message.len);
	}
	return found;
}

std::vector<key> prefixes(struct nlri nlri)
{
	std::vector<key> found;
	struct prefix prefix;

	while (nlri_next(&nlri, &prefix))
		found.emplace_back(prefix.addr.v4, prefix.len);
	return found;
}

struct said {
	std::multiset<key> announced, withdrawn;
	std::map<key, std::vector<uint8_t>> attrs;
};

said decode(const struct feed &feed)
{
	const struct update_ctx ctx = update_ctx_of(true, true);
	std::vector<uint8_t> attrs(BGP_ATTRS_MAX);
	said all;

	for (auto [octets, len] : { std::pair{ feed.announce, feed.announce_len },
				    std::pair{ feed.withdraw, feed.withdraw_len } }) {
		for (auto [message, size] : messages(octets, len)) {
			struct bgp_update update;

			EXPECT_EQ(BGP_OK, update_decode(cursor_make(message + 19, size - 19), &ctx,
							attrs.data(), &update));
			for (key p : prefixes(update.announced)) {
				all.announced.insert(p);
				all.attrs[p].assign(attrs.begin(),
						    attrs.begin() + update.attrs_len);
				EXPECT_EQ(hop,
					  attr_next_hop(attrs.data(), update.attrs_len, 0).addr.v4);
			}
			for (key p : prefixes(update.withdrawn))
				all.withdrawn.insert(p);
		}
	}
	return all;
}

struct Workload : testing::Test {
	struct workload load = {};
	char error[256] = "";

	~Workload() override
	{
		workload_free(&load);
	}

	said feed(uint32_t number, uint32_t senders, bool same)
	{
		struct feed feed;

		EXPECT_TRUE(
			workload_feed(&load, &feed, number, senders, same, 65101 + number, hop));
		said all = decode(feed);
		EXPECT_EQ(feed.nb_prefixes, all.announced.size());
		feed_free(&feed);
		return all;
	}

	bool read(const std::string &text)
	{
		std::string path = testing::TempDir() + "/bgpload-" + std::to_string(getpid());

		std::ofstream(path) << text;
		bool ok = workload_read(&load, path.c_str(), error, sizeof(error));

		unlink(path.c_str());
		return ok;
	}
};

TEST_F(Workload, EachPrefixIsSaidOnceBySomebody)
{
	constexpr uint32_t nb = 100000, senders = 7;
	std::multiset<key> all;

	ASSERT_TRUE(workload_generate(&load, nb));
	for (uint32_t i = 0; i < senders; i++) {
		said one = feed(i, senders, false);

		EXPECT_EQ(one.announced, one.withdrawn);
		EXPECT_NEAR(one.announced.size(), nb / senders, nb / 50);
		all.merge(one.announced);
	}
	ASSERT_EQ(nb, all.size());
	EXPECT_EQ(nb, std::set<key>(all.begin(), all.end()).size());
	for (uint32_t i = 0; i < nb; i++)
		ASSERT_EQ(i, workload_find(&load, load.prefixes[i].addr.v4, load.prefixes[i].len));
	EXPECT_NEAR(6.4, double(nb) / load.nb_sets, 0.3); // as in real tables
}

TEST_F(Workload, TheSamePrefixesBySeveralHaveTheirOwnPaths)
{
	ASSERT_TRUE(workload_generate(&load, 1000));
	said a = feed(0, 2, true), b = feed(1, 2, true);

	EXPECT_EQ(a.announced, b.announced);
	EXPECT_EQ(1000u, a.announced.size());
	for (const auto &[prefix, attrs] : a.attrs)
		EXPECT_NE(attrs, b.attrs[prefix]);
}

TEST_F(Workload, TooManyAreRefused)
{
	EXPECT_FALSE(workload_generate(&load, 80u << 16));
	EXPECT_FALSE(workload_generate(&load, UINT64_C(1) << 40));
}

TEST_F(Workload, IsReadFromAFile)
{
	ASSERT_TRUE(read("3356 174\t3356:70 1:2\t20.1.0.0/16 20.2.0.0/24\n\n"
			 "\t\t20.3.0.0/24 0.0.0.0/0 20.2.0.0/24\r\n"))
		<< error;
	EXPECT_EQ(2u, load.nb_sets);
	EXPECT_EQ(4u, load.nb_prefixes);
	EXPECT_EQ(3u, workload_find(&load, 0, 0));
	EXPECT_EQ(WORKLOAD_NONE, workload_find(&load, 0x14010000, 17));
	EXPECT_EQ((std::multiset<key>{ { 0x14010000, 16 }, { 0x14020000, 24 } }),
		  feed(0, 2, false).announced);
	EXPECT_EQ((std::multiset<key>{ { 0, 0 }, { 0x14030000, 24 } }),
		  feed(1, 2, false).announced);
}

TEST_F(Workload, AWrongFileIsRefusedWithItsLine)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ "", ": no prefixes in it" },
		{ "1\t1:1\t10.0.0.0/8\n1 2", ":2: expected AS path, communities and prefixes" },
		{ "1 {2}\t\t10.0.0.0/8", ":1: expected an AS path of numbers" },
		{ "0\t\t10.0.0.0/8", ":1: expected an AS path of numbers" },
		{ "4294967296\t\t10.0.0.0/8", ":1: expected an AS path of numbers" },
		{ "1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8\t\t10.0.0.0/8",
		  ":1: expected an AS path of at most 16" },
		{ "1\t70\t10.0.0.0/8", ":1: expected communities" },
		{ "1\t\t10.0.0.0/33", ":1: expected prefixes" },
		{ "1\t\t10.0.0.1/8", ":1: expected prefixes" },
	};

	for (const auto &row : rows) {
		EXPECT_FALSE(read(row.text)) << row.text;
		EXPECT_NE(nullptr, strstr(error, row.error)) << row.text << " → " << error;
	}
	EXPECT_FALSE(workload_read(&load, "/nonexistent", error, sizeof(error)));
	EXPECT_STREQ("/nonexistent: No such file or directory", error);
}

} // namespace
