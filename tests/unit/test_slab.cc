/* The slab: stable ids and addresses, reuse, limits, and walking while others come and go. */
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>
#include <set>

#include "slab.h"

namespace
{

struct item {
	uint32_t link; /* what the slab overwrites on free */
	uint32_t value;
	uint8_t more[13];
};

struct scoped : slab {
	scoped(size_t size, uint32_t max)
	{
		EXPECT_EQ(0, slab_init(this, size, max));
	}
	~scoped()
	{
		slab_fini(this);
	}
	void empty() /* as new */
	{
		if (top)
			memset(live.base, 0, ((size_t)top / 64 + 1) * sizeof(uint64_t));
		top = used = free_head = 0;
	}
};

/* A walk and what it owes: the items that were live when it began and have not gone since. */
struct watched_round {
	struct slab *s;
	struct slab_round round = {};
	std::set<uint32_t> owed, met;

	explicit watched_round(struct slab *slab) : s(slab)
	{
	}
	void begin()
	{
		slab_round_begin(&round, s);
		met.clear();
		owed.clear();
		for (uint32_t id = slab_next(s, 0); id; id = slab_next(s, id))
			owed.insert(id);
	}
	bool next()
	{
		uint32_t id = slab_round_next(&round);

		if (!id)
			return false;
		EXPECT_TRUE(met.insert(id).second) << id << " is met twice";
		EXPECT_LE(id, s->top);
		owed.erase(id);
		return true;
	}
	void free(uint32_t id)
	{
		slab_free(s, id);
		owed.erase(id);
	}
	void end()
	{
		while (next())
			;
		EXPECT_TRUE(owed.empty()) << "missed " << *owed.begin();
	}
};

enum { NOTHING, GROW, FREE_LOWEST, FREE_HIGHEST, BEGIN, CHANGES };

void change(watched_round *walk, int what)
{
	uint32_t id = 0;

	switch (what) {
	case GROW: slab_alloc(walk->s); return;
	case BEGIN: walk->begin(); return;
	case FREE_LOWEST: id = slab_next(walk->s, 0); break;
	case FREE_HIGHEST:
		for (uint32_t at = slab_next(walk->s, 0); at; at = slab_next(walk->s, at))
			id = at;
	}
	if (id)
		walk->free(id);
}

} // namespace

TEST(slab, empty)
{
	scoped s(sizeof(item), 1000);

	EXPECT_EQ((uint32_t)SLAB_NONE, slab_next(&s, SLAB_NONE));
	EXPECT_EQ(0u, slab_bytes(&s));
	EXPECT_FALSE(slab_live(&s, 1));
}

TEST(slab, full)
{
	for (uint32_t max : { 1u, 2u, 63u, 64u, 65u, 1000u }) {
		scoped s(1, max);

		for (uint32_t i = 1; i <= max; i++)
			EXPECT_EQ(i, slab_alloc(&s));
		EXPECT_EQ((uint32_t)SLAB_NONE, slab_alloc(&s));
		slab_free(&s, max);
		EXPECT_EQ(max, slab_alloc(&s));
		EXPECT_EQ((uint32_t)SLAB_NONE, slab_alloc(&s));
		EXPECT_EQ(max, s.used);
	}
}

TEST(slab, like_a_map)
{
	scoped s(sizeof(item), 300000);
	std::map<uint32_t, std::pair<item *, uint32_t>> model;
	std::mt19937 rng(3);

	for (uint32_t step = 0; step < 200000; step++) {
		if (rng() % 5 < (step < 100000 ? 4u : 1u)) {
			uint32_t id = slab_alloc(&s);

			ASSERT_NE((uint32_t)SLAB_NONE, id);
			ASSERT_EQ(0u, model.count(id)) << "a live id was handed out again";

			item *it = (item *)slab_at(&s, id);
			ASSERT_EQ(0u, it->link) << "items come zeroed";
			ASSERT_EQ(0u, it->value);
			ASSERT_EQ(0, it->more[12]);
			*it = { step, step, { 0 } };
			it->more[12] = 0xff;
			model[id] = { it, step };
		} else {
			auto it = model.lower_bound(rng() % (s.top + 1));

			if (it == model.end())
				continue;
			ASSERT_EQ(it->second.first, slab_at(&s, it->first))
				<< "addresses do not move";
			ASSERT_EQ(it->second.second, it->second.first->value);
			slab_free(&s, it->first);
			ASSERT_FALSE(slab_live(&s, it->first));
			model.erase(it);
		}
		ASSERT_EQ(model.size(), s.used);
	}

	auto expect = model.begin();
	for (uint32_t id = slab_next(&s, SLAB_NONE); id; id = slab_next(&s, id), ++expect) {
		ASSERT_NE(model.end(), expect);
		ASSERT_EQ(expect->first, id) << "ids ascend";
		ASSERT_EQ(expect->second.second, ((item *)slab_at(&s, id))->value);
	}
	EXPECT_EQ(model.end(), expect);
}

/* A cursor that outlives allocations and frees sees each item that stayed, once. */
TEST(slab, walk_among_changes)
{
	scoped s(sizeof(item), 100000);
	std::set<uint32_t> stay, seen;
	std::mt19937 rng(4);

	for (int i = 0; i < 1000; i++)
		stay.insert(slab_alloc(&s));
	for (uint32_t id = slab_next(&s, SLAB_NONE); id && id <= 1000; id = slab_next(&s, id)) {
		seen.insert(id);

		uint32_t other = 1 + rng() % 1000, fresh;
		if (slab_live(&s, other)) {
			slab_free(&s, other);
			stay.erase(other);
			seen.erase(other);
		}
		fresh = slab_alloc(&s);
		slab_free(&s, fresh);
	}
	EXPECT_EQ(stay, seen);
}

/* Every history of five changes between the steps, from every starting cursor. */
TEST(slab, a_round_misses_nothing_whatever_happens_between_its_steps)
{
	enum { STEPS = 5, ITEMS = 5 };
	scoped s(sizeof(item), 1000);

	for (uint32_t items = 1; items <= ITEMS; items++) {
		for (uint32_t cursor = 0; cursor <= items; cursor++) {
			for (int history = 0; history < 3125 && !testing::Test::HasFailure();
			     history++) {
				watched_round walk(&s);

				s.empty();
				for (uint32_t i = 0; i < items; i++)
					slab_alloc(&s);
				walk.round.cursor = cursor;
				walk.begin();
				for (int step = 0, left = history; step < STEPS;
				     step++, left /= CHANGES) {
					change(&walk, left % CHANGES);
					walk.next();
				}
				walk.end();
				EXPECT_FALSE(testing::Test::HasFailure())
					<< items << " items from " << cursor << ", history "
					<< history;
			}
		}
	}
}

TEST(slab, rounds_of_a_large_table_that_grows_and_shrinks)
{
	scoped s(sizeof(item), 1 << 24);
	std::mt19937 rng(5);
	watched_round walk(&s);

	for (int i = 0; i < 100000; i++)
		slab_alloc(&s);
	for (int round = 0; round < 4; round++) {
		walk.begin();
		while (walk.round.left) {
			for (int i = 0; i < 4096 && walk.next(); i++)
				;
			for (int i = 0; i < 1000; i++) {
				uint32_t id = 1 + rng() % s.top;

				if (rng() % 8 < (round % 2 ? 3u : 6u))
					slab_alloc(&s);
				else if (slab_live(&s, id))
					walk.free(id);
			}
			if (rng() % 64 == 0)
				walk.begin();
		}
		walk.end();
	}
}

/* Who is interrupted for ever still gets round. */
TEST(slab, a_round_that_always_begins_again_meets_all)
{
	scoped s(sizeof(item), 1000);
	struct slab_round round = {};
	std::set<uint32_t> met;

	for (int i = 0; i < 100; i++)
		slab_alloc(&s);
	for (int i = 0; i < 100; i++) {
		slab_round_begin(&round, &s);
		met.insert(slab_round_next(&round));
	}
	EXPECT_EQ(100u, met.size());
}

TEST(slab, memory_follows_use)
{
	scoped s(64, 50000000); /* 3.2 GB of addresses */
	size_t items = 0;

	EXPECT_EQ(0u, slab_bytes(&s));
	for (size_t n : { 1, 100, 10000, 100000, 1000000 }) {
		while (s.used < n)
			slab_alloc(&s);
		items = (n + 1) * 64;
		EXPECT_LE(items + n / 8, slab_bytes(&s)) << n;
		EXPECT_GE(items + n / 8 + (items > 2 << 20 ? 2 << 20 : 64 << 10) + (64 << 10),
			  slab_bytes(&s))
			<< n;
	}
}

/* A slab that is emptied at once, and trimmed, is as a new one: zeroed items, ids from 1 on, and
 * none live but those. */
TEST(slab, reset_and_trimmed_against_a_model)
{
	scoped s(16, 1000000);
	std::mt19937 rng(4);

	for (int round = 0; round < 40; round++) {
		std::set<uint32_t> live;
		uint32_t n = 1 + (uint32_t)rng() % (round % 4 ? 300 : 200000),
			 keep = (uint32_t)rng() % 400;

		for (uint32_t i = 0; i < n; i++) {
			uint32_t id = slab_alloc(&s);
			static const uint8_t zeroes[16] = {};

			ASSERT_NE(0u, id);
			ASSERT_EQ(0, memcmp(slab_at(&s, id), zeroes, 16)) << "round " << round;
			memset(slab_at(&s, id), 0xff, 16);
			live.insert(id);
			if (rng() % 3)
				continue;
			slab_free(&s, id);
			live.erase(id);
		}
		EXPECT_EQ(live.size(), s.used);
		for (uint32_t id = 1; id < n + 200; id++)
			ASSERT_EQ(live.count(id) == 1, slab_live(&s, id)) << id;
		uint32_t met = 0;

		for (uint32_t id : live)
			ASSERT_EQ(id, met = slab_next(&s, met)) << "round " << round;
		ASSERT_EQ(0u, slab_next(&s, met));
		while (rng() % 4 && slab_trim(&s, keep, 65536))
			ASSERT_EQ(live.size(), s.used);
		slab_reset(&s);
		EXPECT_EQ(0u, s.used);
		EXPECT_EQ(0u, slab_next(&s, 0));
		EXPECT_FALSE(slab_live(&s, 1));
		while (rng() % 4 && slab_trim(&s, keep, 65536))
			;
	}
	slab_reset(&s);
	while (slab_trim(&s, 0, 65536))
		;
	EXPECT_LE(slab_bytes(&s), 2u * 65536);
}
