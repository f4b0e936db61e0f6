/* Update groups: random sequences against the model. */
#include <gtest/gtest.h>

#include <random>

#include "group_harness.h"

namespace
{

const uint64_t matrices[] = { 0x0f080808, 0x0f0f0b0e, ALLOW_ALL, 0x0f040201 };

/* Every second pair of seeds. */
enum family family_by(uint32_t seed)
{
	return seed & 2 ? FAMILY_IPV6 : FAMILY_IPV4;
}

attrs_spec random_attrs(std::mt19937 *rng)
{
	attrs_spec spec;

	for (uint32_t n = (*rng)() % 4; n; n--)
		spec.path.push_back(65001 + (*rng)() % 4);
	spec.next_hop = (*rng)() % 3 + 1;
	spec.hop_family = mixed_family(spec.next_hop);
	if ((*rng)() % 8 == 0)
		spec.communities.push_back(0xffffff01 + (*rng)() % 2);
	return spec;
}

void random_member_event(harness *h, uint16_t peer, const std::vector<struct group *> &group_of,
			 std::mt19937 *rng)
{
	listener &l = h->peers[peer];
	struct group *group = group_of[peer];

	switch ((*rng)() % 6) {
	case 0:
		for (uint16_t i = 1; i < h->peers.size(); i++) {
			if (group_of[i] == group && !h->peers[i].up)
				h->up(i, group); /* together */
		}
		break;
	case 5:
		if (l.up)
			h->down(peer);
		else
			h->up(peer, group);
		break;
	case 1:
		if (l.up && !l.lagging) {
			ASSERT_EQ(0, group_lagging(l.group, peer));
			l.lagging = true;
		}
		break;
	case 2:
		if (l.up && l.lagging) {
			group_drained(l.group, peer);
			l.lagging = false;
		}
		break;
	case 3:
		if (l.up && (*rng)() % 4 == 0) {
			ASSERT_EQ(0, group_refresh(l.group, peer));
		}
		break;
	default:
		if (!l.up)
			h->up(peer, group);
	}
}

void random_sequence(uint32_t seed, int steps, uint32_t prefixes)
{
	std::mt19937 rng(seed);
	const uint16_t pair = rng() % 2, nvas = rng() % 2; /* instances of one gateway, or not */
	/* the peers' AS numbers: what they send back is a reflection */
	const bool known = rng() % 2;
	harness h(family_by(seed),
		  { our_vnet, of_as(nva(1), known * 65001), of_as(nva(2), known * 65002),
		    of_as(instance(nva(3), nvas * 9), known * 65003),
		    of_as(instance(nva(4), nvas * 9), known * 65003),
		    of_as(instance(gateway(ROLE_VPN, 11), pair * 3), known * 65515),
		    of_as(instance(gateway(ROLE_VPN, 12), pair * 3), known * 65515),
		    instance(gateway(ROLE_EXPRESSROUTE, 21), pair * 4),
		    instance(gateway(ROLE_EXPRESSROUTE, 22), pair * 4) },
		  matrices[rng() % 4]);
	std::vector<struct group *> group_of(h.sources.size());
	std::mt19937 off(seed);	 /* when what is put off */
	std::mt19937 mood(seed); /* who may not be sent more, and when */

	h.exact = false; /* a member that lagged may be told again what it has */
	group_of[1] = group_of[2] = h.group_add(ROLE_NVA, false, true, rng() % 2);
	group_of[3] = group_of[4] =
		rng() % 2 ? h.group_add(ROLE_NVA, false, true, rng() % 2) : group_of[1];
	group_of[5] = group_of[6] = h.group_add(ROLE_VPN, true);
	group_of[7] = h.group_add(ROLE_EXPRESSROUTE, true);
	group_of[8] = rng() % 2 ? h.group_add(ROLE_EXPRESSROUTE, true, false) : group_of[7];
	for (int step = 0; step < steps; step++) {
		uint16_t peer = (uint16_t)(rng() % h.sources.size());
		struct prefix prefix = prefix4_make((uint32_t)(rng() % prefixes) << 8, 24);

		rib_put_off(h.rib, seed % 2 && off() % 2 ? 2 + off() % 3 : 0);
		if (off() % 4 == 0)
			rib_release(h.rib, off() % 4);
		if (mood() % 4 == 0) {
			uint16_t moody = (uint16_t)(mood() % h.sources.size());

			if (!h.busy.erase(moody))
				h.busy.insert(moody);
		}
		switch (rng() % 19) {
		case 0 ... 5:
			h.announce(prefix, peer, random_attrs(&rng),
				   peer && rng() % 4 == 0 ? LOCAL_PREF_DEFAULT - 1 + rng() % 3
							  : (uint32_t)LOCAL_PREF_DEFAULT);
			break;
		case 6 ... 8: h.withdraw(prefix, peer); break;
		case 9 ... 10:
			if (peer)
				random_member_event(&h, peer, group_of, &rng);
			break;
		case 11:
			h.allow = matrices[rng() % 4];
			rib_set_allow(h.rib, h.allow);
			break;
		case 12: rib_turn(h.rib, rng() % 8); break;
		case 13:
			if (rng() % 4 == 0) {
				rib_peer_down(h.rib, peer);
				h.settle();
				h.model_refresh();
			}
			if (rng() % 4 == 0) {
				h.model.rule.preference = (enum decide_preference)(rng() % 3);
				rib_set_rule(h.rib, h.model.rule);
				rib_turn(h.rib, rng() % 4);
				h.announce(prefix, peer, random_attrs(&rng)); /* between slices */
				h.settle();
				h.model_refresh();
			}
			if (rng() % 4 == 0) {
				if (!h.dead_hops.erase(2))
					h.dead_hops.insert(2);
				rib_reconsider(h.rib);
				h.settle();
				h.model_refresh();
			}
			break;
		case 14: h.take_changes(1 + rng() % 3); break;
		case 15: h.refuse(prefix, (enum role)(rng() % ROLE_COUNT), rng() % 2); break;
		default: h.flush(h.groups[rng() % h.groups.size()], 1 + rng() % 5); break;
		}
		if (rng() % 64 == 0) {
			h.settle();
			h.release_all();
			h.flush_all();
			h.check();
		}
		if (testing::Test::HasFatalFailure())
			return;
	}
	for (uint16_t i = 1; i < h.peers.size(); i++) {
		if (h.peers[i].lagging) {
			group_drained(h.peers[i].group, i);
			h.peers[i].lagging = false;
		}
	}
	h.settle();
	h.release_all();
	h.flush_all();
	h.check();
	h.take_changes(prefixes);
	EXPECT_EQ(0u, rib_changes_waiting(h.rib));
	EXPECT_EQ(h.model.paths.size(), rib_counts(h.rib).prefixes);
	EXPECT_EQ(0u, rib_counts(h.rib).gone) << "nobody needs them any more";
}

/* What group_watch_turn() has shown of prefixes that there is anything to tell of. Now and then it
 * is not in the mood. */
struct watcher {
	std::map<key, std::tuple<announcement, announcement, std::set<uint16_t>>> shown;
	std::mt19937 rng;
	bool moody = true;

	static announcement one(const struct path *path)
	{
		return path ? announcement(path->attrs, path->peer, false)
			    : announcement(nullptr, 0, false);
	}
	static bool show(void *ctx, const struct group_sight *sight)
	{
		watcher *w = (watcher *)ctx;
		const struct prefix seen = prefix4_of(sight->prefix);
		key prefix(seen.addr.v4, seen.len);
		std::set<uint16_t> hidden;

		if (w->moody && w->rng() % 4 == 0)
			return false;
		EXPECT_TRUE(sight->top || !sight->alt);
		for (uint32_t i = 0; sight->hidden && i < sight->hidden->n; i++)
			hidden.insert(sight->hidden->gateway[i]);
		if (sight->top)
			w->shown[prefix] = { one(sight->top), one(sight->alt), hidden };
		else
			w->shown.erase(prefix);
		return true;
	}
	void finish(struct group *group)
	{
		moody = false;
		while (group_watch_turn(group, 16, show, this))
			;
		EXPECT_TRUE(group_watch_idle(group));
	}
};

/* Whoever watches all along knows what one sees who only begins to look. */
void watched_sequence(uint32_t seed, int steps, unsigned int prefixes)
{
	std::mt19937 rng(seed);
	harness h(family_by(seed), { our_vnet, nva(1), nva(2), nva(3), gateway(ROLE_VPN, 9) },
		  matrices[rng() % 4]);
	const bool backups = rng() % 2;
	struct group *group = h.group_add(ROLE_NVA, false, true, backups), *fresh;
	watcher watcher, witness;
	int from = (int)(rng() % steps);

	h.exact = false; /* who joins between changes may be told twice */
	h.up(1, group);
	for (int step = 0; step < steps; step++) {
		uint16_t peer = (uint16_t)(rng() % 5);
		struct prefix prefix = prefix4_make((uint32_t)(rng() % prefixes) << 8, 24);

		if (step == from) {
			ASSERT_EQ(0, group_watch(group));
		}
		switch (rng() % 9) {
		case 0 ... 2: h.announce(prefix, peer, random_attrs(&rng)); break;
		case 3 ... 4: h.withdraw(prefix, peer); break;
		case 5:
			h.allow = matrices[rng() % 4];
			rib_set_allow(h.rib, h.allow);
			rib_turn(h.rib, rng() % 8);
			break;
		case 6: h.refuse(prefix, (enum role)(rng() % ROLE_COUNT), rng() % 2); break;
		case 7: h.flush(group, 1 + rng() % 3); break;
		default: group_watch_turn(group, 1 + rng() % 5, watcher::show, &watcher);
		}
	}
	h.settle();
	watcher.finish(group);
	EXPECT_TRUE(group_watch_round(group));
	fresh = group_new(h.rib, ROLE_NVA, false, true, backups);
	ASSERT_EQ(0, group_watch(fresh));
	witness.finish(fresh);
	EXPECT_EQ(witness.shown, watcher.shown);
	group_free(fresh);
	h.settle();
	h.flush_all();
	h.take_changes(prefixes);
	EXPECT_EQ(0u, rib_counts(h.rib).gone) << "nobody needs them any more";
}

} // namespace

TEST(group, a_watcher_misses_nothing)
{
	for (uint32_t seed = 1; seed <= 500; seed++) {
		watched_sequence(seed, 200, seed % 2 ? 6 : 60);
		ASSERT_FALSE(HasFailure()) << "seed " << seed;
	}
}

TEST(group, random_sequences_against_the_model)
{
	for (uint32_t seed = 1; seed <= 2500; seed++) {
		random_sequence(seed, 120, 4);
		ASSERT_FALSE(HasFailure()) << "seed " << seed;
	}
}

TEST(group, random_sequences_over_many_prefixes)
{
	for (uint32_t seed = 1; seed <= 20; seed++) {
		random_sequence(seed, 12000, 1500);
		ASSERT_FALSE(HasFailure()) << "seed " << seed;
	}
}

/* Members that never lag must be told each thing exactly once. */
TEST(group, members_in_the_stream_are_told_nothing_twice)
{
	for (uint32_t seed = 1; seed <= 500; seed++) {
		std::mt19937 rng(seed);
		harness h(family_by(seed),
			  { our_vnet, nva(1), nva(2), nva(3), instance(gateway(ROLE_VPN, 9), 1),
			    instance(gateway(ROLE_VPN, 10), 1) },
			  matrices[rng() % 4]);
		struct group *nvas = h.group_add(ROLE_NVA, false, true, rng() % 2),
			     *vpns = h.group_add(ROLE_VPN, true);

		for (uint16_t i = 1; i <= 5; i++)
			h.up(i, i <= 3 ? nvas : vpns);
		h.flush_all();
		for (int step = 0; step < 200; step++) {
			uint16_t peer = (uint16_t)(rng() % 6);
			struct prefix prefix = prefix4_make((uint32_t)(rng() % 5) << 8, 24);

			switch (rng() % 9) {
			case 0 ... 3: h.announce(prefix, peer, random_attrs(&rng)); break;
			case 4: h.withdraw(prefix, peer); break;
			case 5:
				h.allow = matrices[rng() % 4];
				rib_set_allow(h.rib, h.allow);
				rib_turn(h.rib, rng() % 8);
				break;
			case 6: h.refuse(prefix, (enum role)(rng() % ROLE_COUNT), rng() % 2); break;
			default: h.flush(h.groups[rng() % 2], 1 + rng() % 3); break;
			}
		}
		h.settle();
		h.flush_all();
		h.check();
		ASSERT_FALSE(HasFailure()) << "seed " << seed;
	}
}
