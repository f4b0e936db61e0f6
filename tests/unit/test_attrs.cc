/* The intern table, and the walk over canonical attributes. */
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "attrs.h"
#include "wire.h"

namespace
{

struct deleter {
	void operator()(struct attr_table *t) const
	{
		attr_table_free(t);
	}
};
using table = std::unique_ptr<struct attr_table, deleter>;

const struct attrs *intern(const table &t, const bytes &wire)
{
	struct attr_keys keys;

	attr_keys_parse(wire.data(), (uint16_t)wire.size(), &keys);
	return attrs_intern(t.get(), &keys, wire.data(), (uint16_t)wire.size());
}

uint32_t hop_of(const table &t, const struct attrs *attrs)
{
	return addr_table_at(attr_table_next_hops(t.get()), attrs->keys.next_hop)->addr.v4;
}

bytes numbered(uint32_t n)
{
	return hex("40010100 40020a02020000fde90000fdea 400304") + be32(n);
}

} // namespace

TEST(attrs, equal_wire_is_one_object)
{
	table t(attr_table_new());
	const struct attrs *a = intern(t, numbered(1)), *b = intern(t, numbered(1)),
			   *c = intern(t, numbered(2));

	EXPECT_EQ(a, b);
	EXPECT_NE(a, c);
	EXPECT_EQ(2u, a->refs);
	EXPECT_EQ(a, attrs_get(a));
	EXPECT_EQ(3u, a->refs);
	EXPECT_EQ(2u, attr_table_count(t.get()));
	EXPECT_EQ(numbered(1), bytes(a->wire, a->wire + a->len));
	EXPECT_EQ(1u, hop_of(t, a));
	for (int i = 0; i < 3; i++)
		attrs_put(t.get(), a);
	EXPECT_EQ(1u, attr_table_count(t.get()));
	EXPECT_EQ(c, intern(t, numbered(2)));
	attrs_put(t.get(), c);
	attrs_put(t.get(), c);
	EXPECT_EQ(0u, attr_table_count(t.get()));
}

/* Peers choose the octets: where they go is not theirs to know. Digests are the same in each
 * process. */
TEST(attrs, the_table_hashes_with_a_seed_and_digests_without)
{
	table t(attr_table_new());
	const struct attrs *a = intern(t, numbered(1));
	bytes path = hex("02020000fde90000fdea");

	EXPECT_EQ((uint32_t)hash_bytes(a->wire, a->len, hash_seed()), a->hash);
	EXPECT_EQ((uint32_t)hash_bytes(path.data(), path.size(), 0), a->path_hash);
	attrs_put(t.get(), a);
}

/* What packets follow, and what makes two sets of the same octets two. */
TEST(attrs, next_hops)
{
	const std::string global = "20010db8000000000000000000000001",
			  local = "fe800000000000000000000000000002";
	struct {
		const char *name;
		std::string wire, next_hop;
		uint8_t zone, its_zone;
	} rows[] = {
		{ "IPv4", "4003040a000001", "10.0.0.1", 0, 0 },
		{ "IPv4, on link", "4003040a000001", "10.0.0.1", 3, 0 },
		{ "none", "80040400000007", "0.0.0.0", 3, 0 },
		{ "global", "400310" + global, "2001:db8::1", 0, 0 },
		{ "global, on link", "400310" + global, "2001:db8::1", 3, 0 },
		{ "link-local", "400310" + local, "fe80::2", 3, 3 },
		{ "link-local, on no link", "400310" + local, "fe80::2", 0, 0 },
		{ "both", "400320" + global + local, "fe80::2", 3, 3 },
		{ "both, on no link", "400320" + global + local, "2001:db8::1", 0, 0 },
	};
	table t(attr_table_new());
	const struct addr_table *hops = attr_table_next_hops(t.get());

	for (const auto &row : rows) {
		bytes wire = hex(("40010100 400200" + row.wire).c_str());
		struct scoped_addr at = attr_next_hop(wire.data(), (uint16_t)wire.size(), row.zone);
		struct attr_keys keys;
		const struct attrs *a, *b, *elsewhere;
		char text[ADDR_TEXT];

		EXPECT_EQ(row.next_hop, addr_text(at.addr, text)) << row.name;
		EXPECT_EQ(row.its_zone, at.zone) << row.name;
		attr_keys_parse(wire.data(), (uint16_t)wire.size(), &keys);
		keys.zone = row.zone;
		a = attrs_intern(t.get(), &keys, wire.data(), (uint16_t)wire.size());
		EXPECT_EQ(row.its_zone, a->keys.zone) << row.name;
		EXPECT_EQ(addr_table_find(hops, &at), a->keys.next_hop) << row.name;
		b = attrs_intern(t.get(), &keys, wire.data(), (uint16_t)wire.size());
		EXPECT_EQ(a, b) << row.name;
		keys.zone = 7;
		elsewhere = attrs_intern(t.get(), &keys, wire.data(), (uint16_t)wire.size());
		EXPECT_EQ(row.wire.find(local) != std::string::npos, a != elsewhere) << row.name;
		for (const struct attrs *each : { a, b, elsewhere })
			attrs_put(t.get(), each);
		EXPECT_EQ(0u, addr_table_count(hops)) << row.name;
	}
}

TEST(attrs, next_hop_names_either_address)
{
	const bytes both = hex("40010100 400200 400320 20010db8000000000000000000000001"
			       "fe800000000000000000000000000002"),
		    v4 = hex("40010100 400200 4003040a000001"), none = hex("40010100 400200");
	struct {
		const bytes &wire;
		const char *addr;
		bool named;
	} rows[] = {
		{ both, "2001:db8::1", true }, { both, "fe80::2", true },
		{ both, "fe80::1", false },    { both, "10.0.0.1", false },
		{ v4, "10.0.0.1", true },      { v4, "::ffff:10.0.0.1", false },
		{ none, "0.0.0.0", false },
	};

	for (const auto &row : rows) {
		struct addr addr;

		ASSERT_TRUE(addr_parse(row.addr, &addr));
		EXPECT_EQ(row.named,
			  attr_next_hop_names(row.wire.data(), (uint16_t)row.wire.size(), addr))
			<< row.addr;
	}
}

/* Comes and goes against a map, through several doublings; every lookup finds its own whatever was
 * deleted before. */
TEST(attrs, like_a_map)
{
	table t(attr_table_new());
	std::map<uint32_t, std::pair<const struct attrs *, uint32_t>> model;
	std::mt19937 rng(2);
	size_t empty = attr_table_bytes(t.get());

	for (int step = 0; step < 200000; step++) {
		uint32_t n = rng() % 20000;
		auto found = model.find(n);

		if (rng() % 5 < (step < 100000 ? 4u : 1u)) {
			size_t bytes = attr_table_bytes(t.get());
			const struct attrs *a = intern(t, numbered(n));

			ASSERT_NE(nullptr, a);
			/* An object, a segment of the hash and a step of a range: no set costs
			 * what all cost. */
			ASSERT_LT(attr_table_bytes(t.get()), bytes + 150000);
			ASSERT_EQ(n, hop_of(t, a));
			if (found != model.end()) {
				ASSERT_EQ(found->second.first, a);
				found->second.second++;
			} else {
				model[n] = { a, 1 };
			}
		} else if (found != model.end()) {
			ASSERT_EQ(found->second.second, found->second.first->refs);
			attrs_put(t.get(), found->second.first);
			if (!--found->second.second)
				model.erase(found);
		}
		ASSERT_EQ(model.size(), attr_table_count(t.get()));
	}
	EXPECT_GT(attr_table_bytes(t.get()), empty);
	for (auto &m : model) {
		for (; m.second.second; m.second.second--)
			attrs_put(t.get(), m.second.first);
	}
	EXPECT_EQ(0u, attr_table_count(t.get()));
}

TEST(attrs, writer_and_walk)
{
	uint8_t buf[1000];
	struct attr_writer w = { buf, sizeof(buf), 0, false };
	struct attr_view v;
	uint16_t at = 0;

	attr_put(&w, 0x40, 1, "\0", 1);
	attr_put(&w, 0xc0, 8, bytes(255, 1).data(), 255);
	attr_put(&w, 0xc0, 16, bytes(256, 2).data(), 256);
	EXPECT_EQ(buf + 4 + 258 + 260 + 3, attr_put(&w, 0xd0, 32, nullptr, 12))
		<< "where the body lies";
	ASSERT_FALSE(w.full);
	EXPECT_EQ(4u + 258 + 260 + 15, w.len);

	const struct {
		uint8_t flags, code;
		uint16_t len;
		uint8_t first;
	} rows[] = {
		{ 0x40, 1, 1, 0 }, { 0xc0, 8, 255, 1 }, { 0xd0, 16, 256, 2 }, { 0xc0, 32, 12, 0 }
	};

	for (const auto &t : rows) {
		ASSERT_TRUE(attr_next(buf, (uint16_t)w.len, &at, &v));
		EXPECT_EQ(t.flags, v.flags) << (int)t.code;
		EXPECT_EQ(t.code, v.code);
		EXPECT_EQ(t.len, v.len);
		EXPECT_EQ(t.first, v.body[0]);
		EXPECT_TRUE(attr_find(buf, (uint16_t)w.len, t.code, &v));
	}
	EXPECT_FALSE(attr_next(buf, (uint16_t)w.len, &at, &v));
	for (int code : { 0, 2, 15, 33, 255 })
		EXPECT_FALSE(attr_find(buf, (uint16_t)w.len, (uint8_t)code, &v)) << code;
}

TEST(attrs, writer_never_writes_past_its_buffer)
{
	for (size_t size = 0; size < 20; size++) {
		bytes exact(size);
		struct attr_writer w = { exact.data(), size, 0, false };

		attr_put(&w, 0xc0, 8, bytes(8, 1).data(), 8);
		EXPECT_EQ(size < 11, w.full) << size;
		attr_put(&w, 0xc0, 9, bytes(6, 1).data(), 6);
		EXPECT_TRUE(w.full);
		EXPECT_EQ(nullptr, attr_put(&w, 0xc0, 10, nullptr, 0)) << "stays full";
	}
}

TEST(attrs, keys)
{
	struct {
		const char *name, *wire;
		struct attr_keys keys;
	} rows[] = {
		{ "nothing but the mandatory ones",
		  "40010102 400200 4003040a000001",
		  { ADDR_NONE, 0, 100, 0, 0, 0, 0, 0, 0, ORIGIN_INCOMPLETE, 0 } },
		{ "all",
		  "40010101 40020a02020000fde900000002 4003040a000001 80040400000007 "
		  "40050400000009 c00804ffffff01"
		  "80090401020304 800a08 00000001 00000002",
		  { ADDR_NONE, 7, 9, 0x01020304, 65001, 2, 2, 2,
		    ATTRS_MED | ATTRS_LOCAL_PREF | ATTRS_ORIGINATOR_ID | ATTRS_NO_EXPORT,
		    ORIGIN_EGP, 0 } },
		{ "communities",
		  "40010100 400200 4003040a000001 c0080cffffff02ffffff03ffedffed",
		  { ADDR_NONE, 0, 100, 0, 0, 0, 0, 0,
		    ATTRS_NO_ADVERTISE | ATTRS_NO_EXPORT_SUBCONFED | ATTRS_FROM_BRANCH, ORIGIN_IGP,
		    0 } },
		{ "a set first",
		  "40010100 40020c 0101 00000001 0201 00000002 4003040a000001",
		  { ADDR_NONE, 0, 100, 0, 0, 2, 2, 0, ATTRS_HAS_AS_SET, ORIGIN_IGP, 0 } },
		{ "a set last",
		  "40010100 400214 0202 0000fde9 00000003 0102 00000004 00000005 4003040a000001",
		  { ADDR_NONE, 0, 100, 0, 65001, 5, 3, 0, ATTRS_HAS_AS_SET, ORIGIN_IGP, 0 } },
	};

	for (const auto &t : rows) {
		bytes wire = hex(t.wire);
		struct attr_keys k;

		attr_keys_parse(wire.data(), (uint16_t)wire.size(), &k);
		EXPECT_EQ(t.keys.next_hop, k.next_hop) << t.name;
		EXPECT_EQ(t.keys.med, k.med) << t.name;
		EXPECT_EQ(t.keys.local_pref, k.local_pref) << t.name;
		EXPECT_EQ(t.keys.originator_id, k.originator_id) << t.name;
		EXPECT_EQ(t.keys.neighbour_as, k.neighbour_as) << t.name;
		EXPECT_EQ(t.keys.last_as, k.last_as) << t.name;
		EXPECT_EQ(t.keys.path_len, k.path_len) << t.name;
		EXPECT_EQ(t.keys.cluster_len, k.cluster_len) << t.name;
		EXPECT_EQ(t.keys.flags, k.flags) << t.name;
		EXPECT_EQ(t.keys.origin, k.origin) << t.name;
	}
}
