/* What peers say in bulk is told once, as the best of what they say; and holds up nobody else. */
#include "bulk.h"
#include "server.h"

namespace
{
enum { SLICE = 64 };

std::string nth(unsigned int n)
{
	return "20." + std::to_string(n / 256) + "." + std::to_string(n % 256) + ".0/24";
}

/* An address of a /24. */
std::string host(const std::string &prefix)
{
	return prefix.substr(0, prefix.size() - 4) + "1";
}

std::vector<std::string> slice(unsigned int first, unsigned int n = SLICE)
{
	std::vector<std::string> prefixes;

	for (unsigned int i = first; i < first + n; i++)
		prefixes.push_back(nth(i));
	return prefixes;
}

struct bulk_test : of_families<server_test> {
	/* Of the same prefixes B has the shorter path. */
	void says(uint16_t peer, const std::vector<std::string> &prefixes)
	{
		attrs_spec spec;

		spec.path = { 65000u + peer };
		if (peer == NVA_A)
			spec.path.push_back(65100);
		if (peer == ERGW)
			spec.path = { 12076, 65020 };
		spec.next_hop = address(peer);
		update(peer, prefixes, spec);
		rs_turn(rs, now_ms);
		collect();
	}
	/* The gateway goes on saying what it has said: nobody is alone with its bulk. */
	void others_go_on()
	{
		for (unsigned int i = 0; i < 8 && routes().bulk.nb_says < 2; i++)
			says(ERGW, slice(40000));
		says(ERGW, slice(40000));
	}
	/* Until what it says is put off: what has been said by then goes its way. Returns how much
	 * that is. */
	unsigned int begin(uint16_t peer, unsigned int n = 0)
	{
		unsigned int last = n + 100 * SLICE;

		for (; !rib_put_off_count(rib()) && n < last; n += SLICE) {
			others_go_on();
			says(peer, slice(n));
		}
		EXPECT_LT(0u, rib_put_off_count(rib()));
		return n;
	}
};
} // namespace

TEST_P(bulk_test, what_two_say_in_turns_is_told_once)
{
	enum { N = 4096, NEWS = 2 * (BULK_WEIGHT + 2 * SLICE) };

	start_with_routes(true);
	told.clear();
	for (unsigned int at = 0; at < N; at += SLICE) {
		says(NVA_A, slice(at));
		EXPECT_LE(rib_put_off_count(rib()), 2u * SLICE);
		says(NVA_B, slice(at));
		/* nobody else says it; the first of B's came when A's had been decided on */
		EXPECT_LE(rib_put_off_count(rib()), (size_t)SLICE);
	}
	turn();
	EXPECT_EQ(0u, routes().bulk.nb_says);
	EXPECT_GE(told[ERGW], (size_t)N);
	EXPECT_LE(told[ERGW], (size_t)N + NEWS);
	EXPECT_EQ(N + 3u, announced[ERGW].size());
	for (unsigned int i = 0; i < N; i += 17) {
		EXPECT_EQ(1u, keys(ERGW, nth(i).c_str()).path_len) << nth(i);
		EXPECT_EQ("10.0.2.5", fib_to(ROLE_VNET, host(nth(i)).c_str()));
	}
}

/* A peer that says little is heard, followed and told in the turn in which it speaks. */
TEST_P(bulk_test, news_waits_for_no_bulk)
{
	unsigned int n;

	start_with_routes(true);
	n = begin(NVA_B);
	for (int i = 0; i < 10; i++) {
		std::string prefix = "172.31." + std::to_string(i) + ".0/24";

		others_go_on();
		says(NVA_B, slice(n));
		n += SLICE;
		says(NVA_A, { prefix });
		EXPECT_EQ(1u, announced[ERGW].count(prefix));
		EXPECT_EQ("10.0.2.4", fib_to(ROLE_EXPRESSROUTE, host(prefix).c_str()));
		EXPECT_EQ(0u, announced[ERGW].count(nth(n - 1)));
		EXPECT_LT(0u, rib_put_off_count(rib()));
	}
	turn();
	EXPECT_EQ(n + 3u + 10u, announced[ERGW].size());
}

/* Nobody else is going to say the same. */
TEST_P(bulk_test, bulk_of_one_peer_is_not_put_off)
{
	start_with_routes(true);
	for (unsigned int n = 0; n < 40 * SLICE; n += SLICE) {
		says(NVA_B, slice(n));
		EXPECT_EQ(0u, rib_put_off_count(rib()));
		EXPECT_EQ(n < 4 * SLICE ? 0 : 1, routes().bulk.nb_says) << n;
	}
	turn();
	EXPECT_EQ(40 * SLICE + 3u, announced[ERGW].size());
}

/* One that never ends is told all the same, and the FIB follows it, in time. */
TEST_P(bulk_test, bulk_without_end_is_told_by_the_clock)
{
	enum { FEW = 16 };
	unsigned int n, first;
	uint64_t began;

	start_with_routes(true);
	look_ns = 2 * LOOK_NS;
	n = begin(NVA_B);
	began = rs->turns.begin_ns;
	for (first = n - SLICE; !announced[ERGW].count(nth(first)); n += FEW) {
		ASSERT_LT(n, (unsigned int)BULK_MOST);
		ASSERT_LT(rs->turns.begin_ns - began, (BULK_WAIT_MS + 20) * 1000000ull);
		others_go_on();
		says(NVA_B, slice(n, FEW));
	}
	EXPECT_GT(rs->turns.begin_ns - began, BULK_WAIT_MS * 400000ull);
	EXPECT_EQ(2, routes().bulk.nb_says) << "it goes on";
	turn();
	EXPECT_EQ(n + 3u, announced[ERGW].size());
	EXPECT_EQ(0u, routes().bulk.nb_says);
}

/* Nor is ever so much of it put off, however fast it comes. */
TEST_P(bulk_test, what_is_put_off_is_bounded)
{
	unsigned int n, first;

	start_with_routes(true);
	n = begin(NVA_B);
	look_ns = 10; /* time stands still, almost */
	for (first = n - SLICE; n < 3 * BULK_MOST; n += SLICE) {
		others_go_on();
		says(NVA_B, slice(n));
		EXPECT_LE(rib_put_off_count(rib()), (size_t)BULK_MOST + SLICE);
	}
	EXPECT_EQ(1u, announced[ERGW].count(nth(first))) << "the first came first";
	EXPECT_EQ(0u, announced[ERGW].count(nth(n - 1)));
	look_ns = LOOK_NS;
	turn();
	EXPECT_EQ(n + 3u, announced[ERGW].size());
}

/* The last of it needs nobody who says more. */
TEST_P(bulk_test, bulk_that_ends_is_told)
{
	unsigned int n;

	start_with_routes(true);
	n = begin(NVA_B);
	turn();
	EXPECT_EQ(n + 3u, announced[ERGW].size());
	EXPECT_EQ(0u, rib_put_off_count(rib()));
	EXPECT_EQ("10.0.2.5", fib_to(ROLE_VNET, "20.0.1.1"));
}

/* A feed that is steady, but slow, is no bulk. */
TEST_P(bulk_test, a_feed_is_no_bulk)
{
	start_with_routes(true);
	for (unsigned int n = 0; n < 1000; n++) {
		uint64_t began = rs->turns.begin_ns;

		says(NVA_B, slice(n, 1));
		EXPECT_EQ(1u, announced[ERGW].count(nth(n)));
		EXPECT_EQ(0u, routes().bulk.nb_says);
		while (rs->turns.begin_ns - began < 1000 * 1000)
			rs_turn(rs, now_ms);
	}
}

/* Whatever else goes on meanwhile: the switch, who joins, who leaves, what is withdrawn. */
TEST_P(bulk_test, what_is_put_off_is_in_nobodys_way)
{
	unsigned int n;

	start_with_routes(true);
	n = begin(NVA_B);
	exchange_on(false);
	turn();
	EXPECT_EQ("10.0.0.0/16", knows(ERGW));
	EXPECT_EQ("nowhere", fib_to(ROLE_EXPRESSROUTE, "20.0.1.1"));
	exchange_on(true);
	turn();
	EXPECT_EQ(n + 3u, announced[ERGW].size());

	n = begin(NVA_B, n);
	down(ERGW);
	up(ERGW);
	event(NVA_A, SPEAKER_REFRESH);
	update(NVA_B, {}, {}, slice(n - SLICE));
	turn();
	EXPECT_EQ(2, eors[ERGW]);
	EXPECT_EQ(n - SLICE + 3u, announced[ERGW].size());
	EXPECT_EQ(n - SLICE + 2u, announced[NVA_A].size());

	n = begin(NVA_B, n);
	down(NVA_B);
	turn();
	EXPECT_EQ("10.0.0.0/16 172.16.1.0/24", knows(ERGW));
	EXPECT_EQ("nowhere", fib_to(ROLE_VNET, "20.0.1.1"));
	EXPECT_EQ(0u, rib_counts(rib()).gone);
	EXPECT_EQ(0u, rib_put_off_count(rib()));
}

OF_BOTH_FAMILIES(bulk_test);
