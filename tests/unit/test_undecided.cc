/* Whether announcements are put off makes no difference in the end: two RIBs are told the same, one
 * of which never puts anything off. It is the slow oracle of the other one. */
#include <gtest/gtest.h>

#include <random>

#include "families.h"
#include "rib.h"
#include "routes.h"

namespace
{
enum { PEERS = 7, PREFIXES = 12, HOPS = 4 };

struct twins {
	const enum family family;
	struct attr_table *table = attr_table_new();
	struct rib *put_off, *plain;
	std::set<uint32_t> dead;
	std::mt19937 rng;

	explicit twins(enum family of, uint32_t seed) : family(of), rng(seed)
	{
		put_off = make(seed % 3 == 0);
		plain = make(seed % 3 == 0);
	}
	~twins()
	{
		rib_free(put_off);
		rib_free(plain);
		EXPECT_EQ(0u, attr_table_count(table)) << "references were lost";
		attr_table_free(table);
	}
	static bool usable(void *ctx, uint32_t next_hop, const struct source *)
	{
		twins *self = (twins *)ctx;

		return !self->dead.count(hop_number(self->table, next_hop));
	}
	struct rib *make(bool med)
	{
		struct rib_params params = {};
		struct rib *rib;

		params.family = family;
		params.attrs = table;
		params.nb_peers = PEERS;
		params.rule.med = med;
		params.allow = ALLOW_ALL;
		params.asn = 65515;
		params.usable = usable;
		params.ctx = this;
		rib = rib_new(&params);
		for (uint16_t i = 0; i < PEERS; i++) {
			const struct source source = source_of(i);

			rib_source_set(rib, i, &source);
		}
		return rib;
	}
	static struct source source_of(uint16_t peer)
	{
		struct source source = {};

		source.role = !peer	 ? ROLE_VNET
			      : peer < 4 ? ROLE_NVA
			      : peer < 6 ? ROLE_VPN
					 : ROLE_EXPRESSROUTE;
		source.ibgp = peer > 3;
		source.router_id = peer + 1u;
		source.addr = addr_make4(peer + 1u);
		source.asn = peer > 3 ? 65515 : peer ? 65000u + peer : 0;
		return source;
	}
	struct prefix prefix()
	{
		return prefix_of(family, (uint32_t)(rng() % PREFIXES) << 8, 24);
	}
	void announce()
	{
		const struct prefix p = prefix();
		uint16_t peer = (uint16_t)(rng() % PEERS);
		uint32_t pref = LOCAL_PREF_DEFAULT + (rng() % 8 == 0);
		attrs_spec spec;
		const struct attrs *attrs;

		for (uint32_t n = rng() % 3; n; n--)
			spec.path.push_back(65001 + rng() % 4);
		spec.next_hop = 1 + rng() % HOPS;
		spec.hop_family = mixed_family(spec.next_hop);
		attrs = attrs_make(table, spec);
		bool swept = rib_settled(put_off); /* else what is new depends on how far that is */
		int a, b;

		rib_put_off(put_off, rng() % 4 ? 2 + rng() % 4 : 0);
		a = rib_announce(plain, p, peer, attrs, pref, 0);
		b = rib_announce(put_off, p, peer, attrs, pref, 0);
		EXPECT_TRUE(a >= 0 && b >= 0 && (a == b || !swept)) << a << b;
		attrs_put(table, attrs);
	}
	void both(void (*act)(struct rib *rib, uint16_t peer))
	{
		uint16_t peer = (uint16_t)(rng() % PEERS);

		act(plain, peer);
		act(put_off, peer);
	}
	/* Sweeps and resorts, as far as they go by chance. */
	void work(bool all)
	{
		do {
			while (rib_turn(plain, 64))
				;
			rib_turn(put_off, 1 + rng() % 8);
		} while (all && !rib_settled(put_off));
	}
	void hop_changes()
	{
		uint32_t hop = 1 + rng() % HOPS;

		if (!dead.erase(hop))
			dead.insert(hop);
		for (struct rib *rib : { plain, put_off })
			rib_next_hop_changed(rib, hop_id(table, hop, mixed_family(hop)));
		work(true);
	}
	/* What FIB and groups still have to do keeps nodes; both are through with that. */
	void changes()
	{
		for (struct rib *rib : { plain, put_off })
			while (changes_take(rib, PREFIXES))
				;
	}
	void compare_peers()
	{
		struct prefix last;

		for (uint16_t i = 0; i < PEERS; i++) {
			ASSERT_EQ(rib_peer_paths(plain, i), rib_peer_paths(put_off, i)) << i;
			ASSERT_EQ(rib_peer_stale_paths(plain, i), rib_peer_stale_paths(put_off, i));
			ASSERT_EQ(rib_peer_digest(plain, i), rib_peer_digest(put_off, i)) << i;
		}
		ASSERT_EQ(rib_prefixes(plain), rib_prefixes(put_off));
		for (uint16_t i = 0; i < PEERS && !rib_put_off_count(put_off); i++) {
			ASSERT_EQ(rib_peer_unusable_paths(plain, i),
				  rib_peer_unusable_paths(put_off, i));
			ASSERT_EQ(rib_peer_reflections(plain, i, &last),
				  rib_peer_reflections(put_off, i, &last));
		}
	}
	void compare_chains()
	{
		for (uint32_t n = 0; n < PREFIXES; n++) {
			const struct prefix p = prefix_of(family, n << 8, 24);
			uint32_t a = rib_find(plain, p), b = rib_find(put_off, p);
			const struct path *x = a ? rib_first(plain, a) : nullptr;
			const struct path *y = b ? rib_first(put_off, b) : nullptr;

			ASSERT_EQ(!a, !b);
			ASSERT_EQ(a ? rib_paths(plain, a) : 0, b ? rib_paths(put_off, b) : 0);
			for (; x && y; x = rib_following(plain, x), y = rib_following(put_off, y)) {
				ASSERT_EQ(x->peer, y->peer);
				ASSERT_EQ(x->attrs, y->attrs);
				ASSERT_EQ(x->local_pref, y->local_pref);
				ASSERT_EQ(x->flags, y->flags);
				ASSERT_EQ(x->tie, y->tie);
				ASSERT_EQ(x->yields, y->yields);
				ASSERT_EQ(x->med_rank, y->med_rank);
			}
			ASSERT_EQ(!x, !y);
		}
	}
	void finish()
	{
		work(true);
		rib_put_off(put_off, 0);
		while (rib_release(put_off, 1 + rng() % 4))
			;
		changes();
		ASSERT_EQ(0u, rib_put_off_count(put_off));
		ASSERT_EQ(rib_counts(plain).paths, rib_counts(put_off).paths);
		ASSERT_EQ(0u, rib_counts(put_off).gone);
		compare_chains();
		compare_peers();
	}
	void step()
	{
		unsigned int what = rng() % 32;

		/* Sessions and next hops change when nothing is under way: how far it had come
		 * would make a difference. */
		if (what <= 4)
			work(true);
		switch (what) {
		case 0: both(rib_peer_down); break;
		case 1: both(rib_peer_stale); break;
		case 2 ... 3: both(rib_peer_sweep); break;
		case 4: hop_changes(); break;
		case 5: rib_release(put_off, 1 + rng() % 3); break;
		case 6: changes(); break;
		case 7 ... 9: work(false); break;
		case 10 ... 14: {
			const struct prefix p = prefix();
			uint16_t peer = (uint16_t)(rng() % PEERS);

			work(true); /* a sweep may have come to it or not */
			ASSERT_EQ(rib_withdraw(plain, p, peer), rib_withdraw(put_off, p, peer));
			break;
		}
		default: announce();
		}
	}
};
} // namespace

TEST(undecided, in_the_end_all_is_as_if_nothing_had_been_put_off)
{
	for (uint32_t seed = 0; seed < 300; seed++) {
		twins t(seed & 1 ? FAMILY_IPV6 : FAMILY_IPV4, seed);

		for (int i = 0; i < 400 && !HasFatalFailure(); i++) {
			SCOPED_TRACE("seed " + std::to_string(seed) + " step " + std::to_string(i));
			t.step();
			if (!HasFatalFailure() && i % 40 == 39)
				t.finish();
		}
		if (HasFatalFailure())
			return;
	}
}
