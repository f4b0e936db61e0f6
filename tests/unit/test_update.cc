/* UPDATEs as wholes: frame, End-of-RIB, prefixes from both places, encoding and back, and a real
 * capture. */
#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "attr.h"
#include "update.h"
#include "update_ctx.h"
#include "wire.h"

namespace
{

const struct update_ctx ebgp = update_ctx_of(true, true);

struct result {
	enum bgp_verdict verdict;
	struct bgp_update u;
	bytes attrs;
	std::vector<struct prefix> withdrawn, announced;
};

std::vector<struct prefix> list(struct nlri n)
{
	std::vector<struct prefix> out;

	for (struct prefix p; nlri_next(&n, &p);)
		out.push_back(p);
	return out;
}

result decode(const bytes &body, const struct update_ctx &ctx = ebgp)
{
	std::unique_ptr<uint8_t[]> exact(new uint8_t[body.size()]);
	std::copy(body.begin(), body.end(), exact.get());

	bytes buf(BGP_ATTRS_MAX);
	result r;

	r.verdict = update_decode(cursor_make(exact.get(), body.size()), &ctx, buf.data(), &r.u);
	if (r.verdict == BGP_SESSION_RESET)
		return r;
	r.attrs = bytes(buf.begin(), buf.begin() + r.u.attrs_len);
	r.withdrawn = list(r.u.withdrawn);
	r.announced = list(r.u.announced);
	EXPECT_EQ(r.withdrawn.size(), r.u.withdrawn.count);
	EXPECT_EQ(r.announced.size(), r.u.announced.count);
	return r;
}

const bytes plain = hex("40010100 40020a02020000fde90000fdea 4003040a000001");

struct frame_case {
	const char *name;
	bytes body;
	enum bgp_verdict verdict;
	uint8_t subcode;
	size_t withdrawn, announced;
	bool eor;
};

const frame_case frame_cases[] = {
	{ "end of RIB, RFC 4724 2", hex("0000 0000"), BGP_OK, 0, 0, 0, true },
	{ "end of RIB as an empty MP_UNREACH for IPv4 unicast",
	  update_body({}, hex("800f03000101"), {}), BGP_OK, 0, 0, 0, true },
	{ "end of RIB of IPv6 is none of ours", update_body({}, hex("800f03000201"), {}), BGP_OK, 0,
	  0, 0, false },
	{ "empty MP_UNREACH beside withdrawn routes",
	  update_body(hex("100a01"), hex("800f03000101"), {}), BGP_OK, 0, 1, 0, false },
	{ "empty MP_UNREACH beside an announcement",
	  update_body({}, plain + hex("800f03000101"), hex("100a01")), BGP_OK, 0, 0, 1, false },
	{ "empty MP_UNREACH behind another attribute",
	  update_body({}, hex("40010100 800f03000101"), {}), BGP_OK, 0, 0, 0, false },
	{ "withdrawal", update_body(hex("20 0a010005"), {}, {}), BGP_OK, 0, 1, 0, false },
	{ "announcement", update_body({}, plain, hex("20 0a010005 18 0a0200")), BGP_OK, 0, 0, 2,
	  false },
	{ "both", update_body(hex("18 0a0300"), plain, hex("00")), BGP_OK, 0, 1, 1, false },
	{ "attributes alone", update_body({}, plain, {}), BGP_OK, 0, 0, 0, false },
	{ "prefixes in four places",
	  update_body(hex("080a"),
		      plain + hex("800e0c0001 01 04 0a000001 00 10 0a02 800f060001 01 10 0a03"),
		      hex("100a04")),
	  BGP_OK, 0, 2, 2, false },
	{ "NLRI without attributes, 3 d", update_body({}, {}, hex("100a01")), BGP_TREAT_AS_WITHDRAW,
	  0, 0, 1, false },
	{ "no body", {}, BGP_SESSION_RESET, NOTIFY_UPDATE_LIST, 0, 0, false },
	{ "withdrawn length runs past the end, 3 a", hex("0001 0000"), BGP_SESSION_RESET,
	  NOTIFY_UPDATE_LIST, 0, 0, false },
	{ "withdrawn length 65535, 3 a", hex("ffff 0000"), BGP_SESSION_RESET, NOTIFY_UPDATE_LIST, 0,
	  0, false },
	{ "attribute length runs past the end, 3 a", hex("0000 0001"), BGP_SESSION_RESET,
	  NOTIFY_UPDATE_LIST, 0, 0, false },
	{ "attribute length missing, 3 a", hex("0000 00"), BGP_SESSION_RESET, NOTIFY_UPDATE_LIST, 0,
	  0, false },
	{ "NLRI of 33 bits, 5.3", update_body({}, plain, hex("21 0a01000500")), BGP_SESSION_RESET,
	  NOTIFY_UPDATE_NETWORK, 0, 0, false },
	{ "NLRI of 255 bits, 5.3", update_body({}, plain, bytes(33, 0xff)), BGP_SESSION_RESET,
	  NOTIFY_UPDATE_NETWORK, 0, 0, false },
	{ "NLRI cut, 5.3", update_body({}, plain, hex("18 0a01")), BGP_SESSION_RESET,
	  NOTIFY_UPDATE_NETWORK, 0, 0, false },
	{ "NLRI malformed and an attribute too: the worst wins, 3 h",
	  update_body({}, hex("40010103"), hex("18 0a01")), BGP_SESSION_RESET,
	  NOTIFY_UPDATE_NETWORK, 0, 0, false },
	{ "withdrawn of 33 bits, 3 i", update_body(hex("21 0a01000500"), {}, {}), BGP_SESSION_RESET,
	  NOTIFY_UPDATE_NETWORK, 0, 0, false },
	{ "withdrawn cut, 3 i", update_body(hex("10 0a"), {}, {}), BGP_SESSION_RESET,
	  NOTIFY_UPDATE_NETWORK, 0, 0, false },
	{ "second MP_REACH, 3 g",
	  update_body({},
		      plain + hex("800e0c0001 01 04 0a000001 00 10 0a02 800e0c0001 01 04 0a000001 "
				  "00 10 0a02"),
		      {}),
	  BGP_SESSION_RESET, NOTIFY_UPDATE_LIST, 0, 0, false },
	{ "attribute header cut, 4", update_body({}, plain + hex("80"), hex("100a01")),
	  BGP_TREAT_AS_WITHDRAW, 0, 0, 1, false },
	{ "attribute longer than the section, 4",
	  update_body({}, plain + hex("c008ff"), hex("100a01")), BGP_TREAT_AS_WITHDRAW, 0, 0, 1,
	  false },
	{ "the same without prefixes, 5.2", update_body({}, plain + hex("c008ff"), {}),
	  BGP_SESSION_RESET, NOTIFY_UPDATE_LIST, 0, 0, false },
	{ "MP_UNREACH longer than the section: what it withdraws is lost, 5.2",
	  update_body({}, hex("800f08 0001 01 10 0a03"), {}), BGP_SESSION_RESET, NOTIFY_UPDATE_LIST,
	  0, 0, false },
	{ "a discarded attribute without prefixes is no reset, 5.2",
	  update_body(hex("100a01"), hex("40060100"), {}), BGP_ATTR_DISCARD, 0, 1, 0, false },
	{ "wrong flags on MP_UNREACH alone: its prefixes are withdrawn",
	  update_body({}, hex("400f060001 01 10 0a03"), {}), BGP_TREAT_AS_WITHDRAW, 0, 1, 0,
	  false },
	{ "malformed, but MP_REACH was found before: its prefixes are withdrawn",
	  update_body({}, hex("800e0c0001 01 04 0a000001 00 10 0a02 40010103"), {}),
	  BGP_TREAT_AS_WITHDRAW, 0, 0, 1, false },
	{ "malformed, and MP_REACH comes after: its prefixes are withdrawn",
	  update_body({}, hex("40010103 800e0c0001 01 04 0a000001 00 10 0a02"), {}),
	  BGP_TREAT_AS_WITHDRAW, 0, 0, 1, false },
};

} // namespace

TEST(update, frame)
{
	for (const frame_case &t : frame_cases) {
		result r = decode(t.body);

		EXPECT_EQ(t.verdict, r.verdict) << t.name << ": " << (r.u.fault ? r.u.fault : "");
		if (r.verdict == BGP_SESSION_RESET) {
			EXPECT_EQ(t.subcode, r.u.notify.subcode) << t.name;
			continue;
		}
		EXPECT_EQ(t.withdrawn, r.withdrawn.size()) << t.name;
		EXPECT_EQ(t.announced, r.announced.size()) << t.name;
		EXPECT_EQ(t.eor, r.u.eor) << t.name;
	}
}

/* Cut anywhere, a good message is an error or says less; it is never read past its end (the
 * sanitizer's part). */
TEST(update, every_truncation)
{
	for (const frame_case &t : frame_cases) {
		if (t.verdict != BGP_OK)
			continue;
		for (size_t n = 0; n < t.body.size(); n++) {
			result r = decode(bytes(t.body.begin(), t.body.begin() + (long)n));

			if (r.verdict == BGP_OK) {
				EXPECT_LT(r.withdrawn.size() + r.announced.size(),
					  t.withdrawn + t.announced)
					<< t.name << n;
			}
		}
	}
}

TEST(update, azure_golden_octets)
{
	bytes body = hex("0000 001F 40010100 40020A 0202 0000FFEB 0000FDF2 400304 0A000104 C00804 "
			 "FFEDFFED 20 0A010005");
	result r = decode(body);

	ASSERT_EQ(BGP_OK, r.verdict);
	ASSERT_EQ(1u, r.announced.size());
	EXPECT_TRUE(prefix_equal(prefix4_make(0x0a010005, 32), r.announced[0]));
	EXPECT_EQ(ORIGIN_IGP, r.u.keys.origin);
	EXPECT_EQ(0x0a000104u, attr_next_hop(r.attrs.data(), (uint16_t)r.attrs.size(), 0).addr.v4);
	EXPECT_EQ(65515u, r.u.keys.neighbour_as);
	EXPECT_EQ(2, r.u.keys.path_len);
	EXPECT_EQ(ATTRS_FROM_BRANCH, r.u.keys.flags);
	EXPECT_EQ(bytes(body.begin() + 4, body.begin() + 4 + 0x1f), r.attrs);

	uint8_t buf[BGP_MESSAGE_MAX];
	size_t taken;
	size_t len = update_encode_announce(buf, sizeof(buf), FAMILY_IPV4, r.attrs.data(),
					    r.u.attrs_len, &r.announced[0], 1, &taken);

	EXPECT_EQ(message(BGP_UPDATE, body), bytes(buf, buf + len));
	len = update_encode_withdraw(buf, sizeof(buf), FAMILY_IPV4, &r.announced[0], 1, &taken);
	EXPECT_EQ(message(BGP_UPDATE, hex("0005 20 0A010005 0000")), bytes(buf, buf + len));
	len = update_encode_eor(buf, sizeof(buf), FAMILY_IPV4);
	EXPECT_EQ(message(BGP_UPDATE, hex("0000 0000")), bytes(buf, buf + len));
}

TEST(update, packing)
{
	std::vector<struct prefix> all;
	uint8_t buf[BGP_MESSAGE_MAX + 100];
	size_t taken, done = 0, messages = 0;

	for (uint32_t i = 0; i < 5000; i++)
		all.push_back(prefix4_make(0x0a000000 + (i << 8), 24));

	for (size_t len; done < all.size(); done += taken, messages++) {
		len = update_encode_announce(buf, sizeof(buf), FAMILY_IPV4, plain.data(),
					     (uint16_t)plain.size(), &all[done], all.size() - done,
					     &taken);
		ASSERT_GT(taken, 0u);
		ASSERT_LE(len, (size_t)BGP_MESSAGE_MAX);
		if (done + taken < all.size()) {
			EXPECT_GT(len + 4, (size_t)BGP_MESSAGE_MAX)
				<< "room for another one was left";
		}

		result r = decode(bytes(buf + BGP_HEADER_LEN, buf + len));

		ASSERT_EQ(taken, r.announced.size());
		for (size_t i = 0; i < taken; i++)
			EXPECT_TRUE(prefix_equal(all[done + i], r.announced[i]));
	}
	EXPECT_EQ(5u, messages);

	size_t len =
		update_encode_withdraw(buf, sizeof(buf), FAMILY_IPV4, &all[0], all.size(), &taken);
	EXPECT_EQ((4096u - 23) / 4, taken);
	EXPECT_EQ(23 + 4 * taken, len);
}

TEST(update, no_room)
{
	uint8_t buf[BGP_MESSAGE_MAX];
	struct prefix p = prefix4_make(0x0a010005, 32);
	size_t taken = 99;

	for (size_t size = 0; size < 23 + plain.size() + 5; size++) {
		EXPECT_EQ(0u, update_encode_announce(buf, size, FAMILY_IPV4, plain.data(),
						     (uint16_t)plain.size(), &p, 1, &taken))
			<< size;
		EXPECT_EQ(0u, taken);
	}
	EXPECT_NE(0u, update_encode_announce(buf, 23 + plain.size() + 5, FAMILY_IPV4, plain.data(),
					     (uint16_t)plain.size(), &p, 1, &taken));
	for (size_t size = 0; size < 28; size++)
		EXPECT_EQ(0u, update_encode_withdraw(buf, size, FAMILY_IPV4, &p, 1, &taken))
			<< size;
	EXPECT_EQ(28u, update_encode_withdraw(buf, 28, FAMILY_IPV4, &p, 1, &taken));
	EXPECT_EQ(0u, update_encode_eor(buf, 22, FAMILY_IPV4));

	for (size_t n :
	     { 4040,
	       4041 }) { /* the last that leaves room for one prefix, and the first that does not */
		bytes huge = plain + attribute(0xd0, 8, bytes(n, 1));

		EXPECT_EQ(n == 4040 ? BGP_MESSAGE_MAX : 0,
			  (int)update_encode_announce(buf, sizeof(buf), FAMILY_IPV4, huge.data(),
						      (uint16_t)huge.size(), &p, 1, &taken));
	}
}

/* The largest canonical form that a message can grow into: all of it a path of 2-octet AS
 * numbers. */
TEST(update, longest_path_of_two_octet_numbers)
{
	struct update_ctx old = update_ctx_of(false, true);
	bytes path;

	while (path.size() + 2 + 2 * 255 + 40 < BGP_MESSAGE_MAX - 19)
		path = path + bytes{ 2, 255 } + bytes(510, 1);

	bytes section = hex("40010100") + attribute(0x50, 2, path) + hex("4003040a000001");
	result r = decode(update_body({}, section, hex("100a01")), old);

	EXPECT_EQ(BGP_OK, r.verdict);
	EXPECT_EQ(path.size() / 512 * 255, r.u.keys.path_len);
	EXPECT_GT(r.attrs.size(), (size_t)BGP_MESSAGE_MAX);
}

TEST(update, loops)
{
	bytes a = hex("40010100 40020a02020000fde90000fdea 4003040a000001 8009040a000005 "
		      "800a080a0000060a000007");
	struct {
		uint32_t asn, id;
		enum speaker_loop loop;
	} rows[] = {
		{ 65515, 0x0a000104, SPEAKER_LOOP_NONE },
		{ 65001, 0x0a000104, SPEAKER_LOOP_AS },
		{ 65002, 0x0a000104, SPEAKER_LOOP_AS },
		{ 65515, 0x0a000005, SPEAKER_LOOP_ORIGINATOR },
		{ 65515, 0x0a000006, SPEAKER_LOOP_CLUSTER },
		{ 65515, 0x0a000007, SPEAKER_LOOP_CLUSTER },
	};

	for (const auto &t : rows)
		EXPECT_EQ(t.loop, update_loop(a.data(), (uint16_t)a.size(), t.asn, t.id))
			<< t.asn << " " << t.id;
}

/* --- generated -------------------------------------------------------------------------------- */

namespace
{

struct generator {
	std::mt19937 rng;

	uint32_t below(uint32_t n)
	{
		return (uint32_t)(rng() % n);
	}

	bytes some(size_t n)
	{
		bytes b(n);

		for (uint8_t &o : b)
			o = (uint8_t)rng();
		return b;
	}

	bytes path(void)
	{
		bytes b;

		for (uint32_t s = below(4); s; s--) {
			uint32_t count = 1 + below(below(8) ? 6 : 255);

			b = b + bytes{ (uint8_t)(below(5) ? 2 : 1), (uint8_t)count };
			for (; count; count--)
				b = b + be32(1 + below(below(2) ? 65000 : 4000000000u));
		}
		return b;
	}

	/* Canonical attributes. */
	bytes attributes(void)
	{
		bytes buf(BGP_ATTRS_MAX), p = path();
		struct attr_writer w = { buf.data(), buf.size(), 0, false };
		auto put = [&](uint8_t flags, uint8_t code, const bytes &body) {
			attr_put(&w, flags, code, body.data(), body.size());
		};

		put(0x40, 1, { (uint8_t)below(3) });
		put(0x40, 2, p);
		put(0x40, 3, be32(0x0a000000 | below(1 << 24)));
		if (below(2))
			put(0x80, 4, some(4));
		if (below(4) == 0)
			put(0x40, 6, {});
		if (below(4) == 0)
			put(0xc0, 7, be32(1 + below(4000000000u)) + some(4));
		if (below(2))
			put(0xc0, 8, some(4 * (1 + below(80))));
		if (below(3) == 0)
			put(0xc0, 16, some(8 * (1 + below(10))));
		if (below(3) == 0)
			put(0xc0, 32, some(12 * (1 + below(10))));
		if (below(3) == 0)
			put(0xe0, (uint8_t)(100 + below(100)), some(below(300)));
		EXPECT_FALSE(w.full);
		buf.resize(w.len);
		return buf;
	}
};

} // namespace

TEST(update, what_is_encoded_decodes_to_the_same)
{
	generator g = { std::mt19937(4271) };
	uint8_t buf[BGP_MESSAGE_MAX];

	for (int round = 0; round < 3000; round++) {
		bytes a = g.attributes();
		std::vector<struct prefix> prefixes;
		size_t taken;

		for (uint32_t n = 1 + g.below(50); n; n--)
			prefixes.push_back(prefix4_make(0x0a000000 | g.below(1 << 24),
							(uint8_t)(8 + g.below(25))));

		size_t len = update_encode_announce(buf, sizeof(buf), FAMILY_IPV4, a.data(),
						    (uint16_t)a.size(), prefixes.data(),
						    prefixes.size(), &taken);
		if (!len)
			continue;

		result r = decode(bytes(buf + BGP_HEADER_LEN, buf + len));
		ASSERT_EQ(BGP_OK, r.verdict) << round << r.u.fault;
		ASSERT_EQ(a, r.attrs) << round;
		ASSERT_EQ(taken, r.announced.size());
		for (size_t i = 0; i < taken; i++)
			ASSERT_TRUE(prefix_equal(prefixes[i], r.announced[i]));

		/* And over a session with 2-octet AS numbers. */
		struct update_ctx old = update_ctx_of(false, true);
		bytes narrow(BGP_ATTRS_MAX);
		struct attr_writer w = { narrow.data(), narrow.size(), 0, false };

		attrs_downgrade(a.data(), (uint16_t)a.size(), &w);
		ASSERT_FALSE(w.full);
		len = update_encode_announce(buf, sizeof(buf), FAMILY_IPV4, narrow.data(),
					     (uint16_t)w.len, prefixes.data(), 1, &taken);
		if (!len)
			continue;
		r = decode(bytes(buf + BGP_HEADER_LEN, buf + len), old);
		ASSERT_EQ(BGP_OK, r.verdict) << round << r.u.fault;
		ASSERT_EQ(a, r.attrs) << round;
	}
}

/* Octets flipped anywhere: some verdict, no octet read outside, and what passes as good is
 * canonical. */
TEST(update, damaged)
{
	generator g = { std::mt19937(7606) };

	for (int round = 0; round < 20000; round++) {
		bytes body =
			update_body(hex("10 0a01"), g.attributes(), hex("18 0a0200 20 0a030405"));

		if (body.size() > BGP_MESSAGE_MAX - BGP_HEADER_LEN)
			continue;
		for (uint32_t n = 1 + g.below(4); n; n--)
			body[g.below((uint32_t)body.size())] = (uint8_t)g.rng();

		result r = decode(body, update_ctx_of((round & 1) != 0, (round & 2) != 0));

		if (r.verdict > BGP_ATTR_DISCARD || !r.u.attrs_len || r.attrs.size() > 4000)
			continue;

		result again = decode(update_body({}, r.attrs, hex("18 0a0200")),
				      update_ctx_of(true, (round & 2) != 0));
		ASSERT_EQ(BGP_OK, again.verdict) << round << again.u.fault;
		ASSERT_EQ(r.attrs, again.attrs) << round;
	}
}

/* --- a real capture (MRT, RFC 6396 4.4) ------------------------------------------------------- */

namespace
{

bytes unzip(const char *path)
{
	std::unique_ptr<FILE, int (*)(FILE *)> pipe(
		popen((std::string("gzip -dc '") + path + "'").c_str(), "r"), pclose);
	bytes out(4 << 20);

	out.resize(pipe ? fread(out.data(), 1, out.size(), pipe.get()) : 0);
	return out;
}

} // namespace

TEST(update, route_collector_capture)
{
	bytes file = unzip(TEST_DATA "/rrc15.updates.20100227.1600.gz");
	struct cursor c = cursor_of(file);
	size_t announced = 0, withdrawn = 0, updates = 0, discarded = 0;

	ASSERT_GT(file.size(), 0u);
	while (cursor_left(&c)) {
		cursor_u32(&c); /* time */
		uint16_t type = cursor_u16(&c), subtype = cursor_u16(&c);
		struct cursor record = cursor_sub(&c, cursor_u32(&c)), stream;
		bool as4 = subtype == 4;
		struct bgp_message msg;
		struct bgp_notify notify;

		ASSERT_FALSE(c.bad);
		if (type != 16 || (subtype != 1 && !as4)) /* BGP4MP_MESSAGE, BGP4MP_MESSAGE_AS4 */
			continue;
		cursor_take(&record, as4 ? 10 : 6); /* both AS numbers, interface */
		cursor_take(&record, cursor_u16(&record) == BGP_AFI_IPV4 ? 8 : 32);
		stream = record;
		ASSERT_EQ(MESSAGE_READY, message_next(&stream, BGP_MESSAGE_MAX, &msg, &notify));
		EXPECT_EQ(0u, cursor_left(&stream));
		if (msg.type != BGP_UPDATE)
			continue;

		result r = decode(bytes(msg.body.pos, msg.body.end), update_ctx_of(as4, true));

		updates++;
		ASSERT_LE(r.verdict, BGP_ATTR_DISCARD) << r.u.fault << " in UPDATE " << updates;
		discarded += r.verdict == BGP_ATTR_DISCARD;
		announced += r.announced.size();
		withdrawn += r.withdrawn.size();
		if (r.u.attrs_len) {
			result again = decode(update_body({}, r.attrs, hex("100a01")));
			ASSERT_EQ(r.attrs, again.attrs);
		}
	}
	EXPECT_EQ(6546u, updates);
	EXPECT_EQ(52468u, announced);
	EXPECT_EQ(1318u, withdrawn);
	EXPECT_EQ(0u, discarded);
}
