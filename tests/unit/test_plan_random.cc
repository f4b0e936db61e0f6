/* Plans of random routes of all roles, through route maps that drop, change and summarise, within
 * bounds and in full tables. */
#include <random>

#include "family_texts.h"
#include "plan_harness.h"

class random_plan_test : public of_families<plan_test>
{
      protected:
	std::mt19937 rng;

	int pick(int n)
	{
		return (int)(rng() % (unsigned int)n);
	}
	attrs_spec random_spec(uint16_t peer)
	{
		static const uint32_t communities[] = { 0xffffff01, 0xffffff02, 65001u << 16 | 7,
							3356u << 16 | 70 };
		attrs_spec spec;

		for (int n = 1 + pick(3); n; n--)
			spec.path.push_back(65020u + (uint32_t)pick(3));
		spec.origin = (uint8_t)pick(2);
		if (!pick(3))
			spec.communities = { communities[pick(4)] };
		if (roles[peer] == ROLE_NVA && !pick(8)) /* of a neighbour, or outside */
			spec.next_hop = ip(pick(2) ? addresses[NVA0 + pick(2)] : "8.8.8.8");
		return spec;
	}
	static std::string random_prefix(int i)
	{
		static const char *const odd[] = { "0.0.0.0/0", "10.0.0.0/16", "10.0.7.0/24",
						   "10.0.0.0/8", "10.4.0.0/16" };

		if (i < 5)
			return odd[i];
		return "20.0." + std::to_string(i % 8) + "." + std::to_string(i / 8 * 16 % 256) +
		       (i / 8 % 3	   ? "/28"
			: i / 8 * 16 % 256 ? "/32"
					   : "/24");
	}
	void random_routes(int n)
	{
		for (int i = 0; i < n; i++) {
			uint16_t peer = (uint16_t)pick(PEERS);

			if (pick(5))
				say(peer, { random_prefix(pick(60)) }, random_spec(peer));
			else
				update(peer, {}, {}, { random_prefix(pick(60)) });
			if (!pick(20))
				turn();
		}
	}
	/* "who prefix": of a peer, and the prefix is one that its map may make? */
	static bool is_summary(const std::string &key)
	{
		std::string who = key.substr(0, key.find(' ')), prefix = key.substr(who.size() + 1);

		return (who == "nva-b" || who == "vpngw/0") &&
		       (prefix == "20.0.3.0/24" || prefix == "20.0.6.0/24" ||
			prefix == "20.0.7.0/24" || prefix == "20.0.0.0/8");
	}
	/* Where a prefix is that needs groups of its own, or shares them with few. */
	std::string random_block(uint16_t peer)
	{
		if (family == FAMILY_IPV4)
			return "20." + std::to_string(pick(3) ? peer : 9) + "." +
			       std::to_string(pick(20));
		return std::to_string(20 + pick(4)) + "." + std::to_string(pick(250)) + "." +
		       std::to_string(pick(2));
	}
	std::string random_config()
	{
		static const char *const knobs[] = { "exchange", "always", "never" };
		static const char *const preferences[] = { "expressroute", "vpn", "as_path" };
		static const char *const limits[] = { "", "limits = { to_expressroute = 12; };",
						      "limits = { to_expressroute = 5; };" };

		return config(limits[pick(3)], knobs[pick(3)], preferences[pick(3)], pick(2));
	}
};

TEST_P(random_plan_test, is_what_then_happens)
{
	std::map<std::string, size_t> met; /* so that it cannot be right about nothing */

	for (unsigned int seed = 1; seed <= 24; seed++) {
		SCOPED_TRACE("seed " + std::to_string(seed));
		rng.seed(seed);
		hurried = seed % 2;
		start_all(random_config(), pick(2));
		if (!pick(3))
			silent.insert((uint16_t)pick(PEERS));
		for (int round = 0; round < 4; round++) {
			random_routes(60);
			settle(silent);
			plan_answer p = plan_and_move();
			if (HasFailure())
				return;
			for (const auto &[key, change] : p.routes) {
				met[change]++;
				if (is_summary(key))
					met["summary " + change]++;
			}
			met["limit"] += p.limits.size();
			met["conflict"] += p.conflicts.size();
		}
		silent.clear();
		stop_server();
		__atomic_store_n(&fib->published, 0, __ATOMIC_RELAXED);
	}
	for (const char *what :
	     { "announced", "replaced", "withdrawn", "summary announced", "summary replaced",
	       "summary withdrawn", "gained", "lost", "next hops", "limit", "conflict" })
		EXPECT_LT(0u, met[what]) << what;
}

/* Tables with few groups for long prefixes, of which several may share one: who comes first is
 * served. */
TEST_P(random_plan_test, is_what_then_happens_when_tables_are_full)
{
	static const char *const ends[] = { ".0/25", ".128/25", ".64/26", ".7/32" };
	size_t full = 0;

	const unsigned int seeds = family == FAMILY_IPV4 ? 6 : 2;
	const int routes = family == FAMILY_IPV4 ? 90 : 1000;

	for (unsigned int seed = 1; seed <= seeds; seed++) {
		SCOPED_TRACE("seed " + std::to_string(seed));
		rng.seed(seed);
		hurried = seed % 2;
		start_all(random_config(), false);
		for (int round = 0; round < 3; round++) {
			for (int i = 0; i < routes; i++) {
				uint16_t peer = (uint16_t)pick(PEERS);
				attrs_spec spec = random_spec(peer);

				/* What turns out to be a reflection has had room for a moment,
				 * which others get then in another order. */
				spec.path.push_back(64100 + peer);
				say(peer, { random_block(peer) + ends[pick(4)] }, spec);
			}
			settle();
			for (const struct row_plan_limit &limit : plan_and_move().limits)
				full += !strcmp(limit.kind, "fib_full");
			if (HasFailure())
				return;
			exchange_on(false);
			settle();
		}
		stop_server();
		__atomic_store_n(&fib->published, 0, __ATOMIC_RELAXED);
	}
	EXPECT_LT(0u, full);
}

OF_BOTH_FAMILIES(random_plan_test);
