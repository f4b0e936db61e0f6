/* AS paths: text, length, ends, membership, prepending. */
#include <gtest/gtest.h>

#include <random>

#include "aspath.h"
#include "attrs.h"
#include "wire.h"

namespace
{

struct path_case {
	const char *wire, *text;
	uint16_t length;
	uint32_t first, origin;
};

const path_case path_cases[] = {
	{ "", "", 0, 0, 0 },
	{ "0201 0000fde9", "65001", 1, 65001, 65001 },
	{ "0203 0000fde9 00010001 00000007", "65001 65537 7", 3, 65001, 7 },
	{ "0201 00000001 0202 00000002 00000003", "1 2 3", 3, 1, 3 },
	{ "0201 00000001 0102 00000002 00000003", "1 {2 3}", 2, 1, 0 },
	{ "0102 00000002 00000003 0201 00000001", "{2 3} 1", 2, 0, 1 },
	{ "0302 00000002 00000003 0201 00000001", "(2 3) 1", 1, 0, 1 },
	{ "0401 00000002 0201 00000001", "[2] 1", 1, 0, 1 },
	{ "0201 ffffffff", "4294967295", 1, 4294967295u, 4294967295u },
};

bytes sequence(size_t n, uint32_t asn)
{
	bytes b = { AS_SEQUENCE, (uint8_t)n };

	for (size_t i = 0; i < n; i++)
		b = b + be32(asn);
	return b;
}

bytes prepend(const bytes &path, uint32_t asn, uint8_t count)
{
	bytes out(aspath_prepend_max((uint16_t)path.size(), count));

	out.resize(aspath_prepend(out.data(), path.data(), (uint16_t)path.size(), asn, count));
	return out;
}

} // namespace

TEST(aspath, table)
{
	for (const path_case &t : path_cases) {
		bytes b = hex(t.wire);
		uint16_t len = (uint16_t)b.size();
		char text[100];

		EXPECT_STREQ(t.text, aspath_text(b.data(), len, text, sizeof(text)));
		EXPECT_EQ(t.length, aspath_length(b.data(), len)) << t.text;
		EXPECT_EQ(t.first, aspath_first(b.data(), len)) << t.text;
		EXPECT_EQ(t.origin, aspath_origin(b.data(), len)) << t.text;

		uint32_t as;
		for (struct aspath_iter it = aspath_walk(b.data(), len); aspath_next(&it, &as);)
			EXPECT_TRUE(aspath_contains(b.data(), len, as)) << t.text;
		EXPECT_FALSE(aspath_contains(b.data(), len, 99)) << t.text;
	}
}

TEST(aspath, text_is_cut_with_dots_at_any_size)
{
	bytes b = hex("0203 0000fde9 00010001 00000007"); /* 13 characters */

	for (size_t size = 1; size < 20; size++) {
		std::string buf(size, 'x');
		std::string text = aspath_text(b.data(), (uint16_t)b.size(), &buf[0], size);

		EXPECT_LT(text.size(), size);
		if (size > 13) {
			EXPECT_EQ("65001 65537 7", text);
		} else if (size >= 4) {
			EXPECT_EQ("...", text.substr(text.size() - 3)) << size;
		}
	}
	EXPECT_EQ(nullptr, aspath_text(b.data(), (uint16_t)b.size(), nullptr, 0));
}

TEST(aspath, prepend)
{
	const struct {
		const char *name;
		bytes path;
		uint8_t count;
		bytes expect;
	} rows[] = {
		{ "to an empty path", {}, 1, sequence(1, 9) },
		{ "nothing", sequence(2, 1), 0, sequence(2, 1) },
		{ "to a sequence", sequence(2, 1), 3,
		  hex("0205 00000009 00000009 00000009 00000001 00000001") },
		{ "to a set: a new sequence", hex("0101 00000001"), 2,
		  sequence(2, 9) + hex("0101 00000001") },
		{ "up to 255", sequence(254, 9), 1, sequence(255, 9) },
		{ "past 255: the rest begins another", sequence(254, 9), 3,
		  sequence(2, 9) + sequence(255, 9) },
		{ "to a full one", sequence(255, 1), 1, sequence(1, 9) + sequence(255, 1) },
		{ "255 to a full one", sequence(255, 1), 255, sequence(255, 9) + sequence(255, 1) },
		{ "what follows is kept", sequence(255, 1) + hex("0101 00000002"), 1,
		  sequence(1, 9) + sequence(255, 1) + hex("0101 00000002") },
	};

	for (const auto &t : rows)
		EXPECT_EQ(t.expect, prepend(t.path, 9, t.count)) << t.name;
}

TEST(aspath, edit)
{
	const struct aspath_edit replace = { 65010, 65515, false }, strip = { 0, 0, true },
				 both = { 65010, 3356, true };
	const struct {
		const char *name;
		struct aspath_edit edit;
		const char *path, *text;
	} rows[] = {
		{ "an empty path", both, "", "" },
		{ "replace, wherever it stands", replace,
		  "0203 0000fdf2 00000007 0000fdf2 0101 0000fdf2", "65515 7 65515 {65515}" },
		{ "replace: others stay", replace, "0202 0000fdf1 0000fdf3", "65009 65011" },
		{ "strip the ends of both ranges", strip,
		  "0204 0000fc00 0000fffe fa56ea00 fffffffe", "" },
		{ "strip: what lies beside them stays", strip,
		  "0204 0000fbff 0000ffff fa56e9ff ffffffff", "64511 65535 4199999999 4294967295" },
		{ "strip: an emptied segment goes", strip,
		  "0201 00000001 0101 0000fde9 0201 00000002", "1 2" },
		{ "replace before strip", both, "0202 0000fdf2 0000fde9", "3356" },
	};

	for (const auto &t : rows) {
		bytes in = hex(t.path), out(in.size() + 1);
		size_t len = aspath_edit(out.data(), in.data(), (uint16_t)in.size(), &t.edit);
		char text[100];

		EXPECT_LE(len, in.size()) << t.name;
		EXPECT_STREQ(t.text, aspath_text(out.data(), (uint16_t)len, text, sizeof(text)))
			<< t.name;
	}
}

/* What stands before the tail, 65515 and 65001 left out of both. */
TEST(aspath, before_a_tail)
{
	const struct {
		const char *name, *path, *tail;
		int before;
		bool remove_private;
	} rows[] = {
		{ "the same", "0202 00002f1c 0000fdfc", "0202 00002f1c 0000fdfc", 0 },
		{ "left out of the one", "0203 0000fde9 00002f1c 0000fdfc",
		  "0202 00002f1c 0000fdfc", 0 },
		{ "and of the other", "0202 00002f1c 0000fdfc", "0203 00002f1c 0000ffeb 0000fdfc",
		  0 },
		{ "two in front", "0204 00000001 00000002 00002f1c 0000fdfc",
		  "0202 00002f1c 0000fdfc", 2 },
		{ "shorter", "0201 0000fdfc", "0202 00002f1c 0000fdfc", -1 },
		{ "another end", "0202 00002f1c 0000fdfd", "0202 00002f1c 0000fdfc", -1 },
		{ "another beginning", "0202 00002f1d 0000fdfc", "0202 00002f1c 0000fdfc", -1 },
		{ "segments do not count", "0201 00000001 0202 00002f1c 0000fdfc",
		  "0201 00002f1c 0201 0000fdfc", 1 },
		{ "sets as they stand", "0102 00002f1c 0000fdfc", "0202 00002f1c 0000fdfc", 0 },
		{ "no tail", "0202 00002f1c 0000fdfc", "", -1 },
		{ "nothing of it counts", "0202 00002f1c 0000fde9", "0202 0000ffeb 0000fde9", -1 },
		{ "no path", "", "0201 00002f1c", -1 },
		{ "private ones left out", "0201 00002f1c", "0202 00002f1c 0000fdfc", 0, true },
		{ "of the tail alone", "0202 00002f1c 0000fdfc", "0202 00002f1c 0000fdfc", -1,
		  true },
	};

	for (const auto &r : rows) {
		const struct aspath_tail rule = { { 65515, 65001 }, r.remove_private };
		const bytes path = hex(r.path), tail = hex(r.tail);

		EXPECT_EQ(r.before, aspath_before(path.data(), (uint16_t)path.size(), tail.data(),
						  (uint16_t)tail.size(), &rule))
			<< r.name;
	}
}

/* One AS number a segment: those are walked over from the front. */
static bytes apart(const bytes &path)
{
	bytes out;

	for (size_t at = 2; at < path.size(); at += 4) {
		out.insert(out.end(), { path[0], 1 });
		out.insert(out.end(), path.begin() + (ptrdiff_t)at,
			   path.begin() + (ptrdiff_t)at + 4);
	}
	return out;
}

TEST(aspath, before_a_tail_is_the_same_in_one_segment_and_in_many)
{
	const uint32_t numbers[] = { 65515, 65001, 65020, 4200000000, 7, 8 };
	std::mt19937 random(1);
	int found = 0;

	const auto make = [&](size_t n) {
		bytes path = { AS_SEQUENCE, (uint8_t)n };

		for (size_t i = 0; i < n; i++) {
			const uint32_t asn = numbers[random() % 6];

			for (int shift = 24; shift >= 0; shift -= 8)
				path.push_back((uint8_t)(asn >> shift));
		}
		return path;
	};
	for (int i = 0; i < 10000; i++) {
		const struct aspath_tail rule = { { 65515, 65001 }, random() % 2 == 0 };
		const bytes path = make(1 + random() % 4), tail = make(1 + random() % 4);
		const bytes a = apart(path), b = apart(tail);
		const int before = aspath_before(path.data(), (uint16_t)path.size(), tail.data(),
						 (uint16_t)tail.size(), &rule);

		ASSERT_EQ(aspath_before(a.data(), (uint16_t)a.size(), b.data(), (uint16_t)b.size(),
					&rule),
			  before)
			<< i;
		found += before >= 0;
	}
	EXPECT_GT(found, 500);
}

TEST(aspath, prepending_adds_its_count_to_the_length)
{
	for (size_t have : { 0, 1, 100, 253, 254, 255 }) {
		bytes path = have ? sequence(have, 7) : bytes();

		for (unsigned int count = 0; count <= 255; count++) {
			bytes out = prepend(path, 9, (uint8_t)count);

			EXPECT_EQ(have + count, aspath_length(out.data(), (uint16_t)out.size()))
				<< have << " " << count;
			EXPECT_EQ(count	 ? 9u
				  : have ? 7u
					 : 0u,
				  aspath_first(out.data(), (uint16_t)out.size()));
		}
	}
}
