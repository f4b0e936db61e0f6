/* The hash that grows a segment at a time: it is a map, wherever it is in its growth, and no
 * operation moves more than one segment's entries. */
#include <gtest/gtest.h>

#include <random>
#include <unordered_map>
#include <vector>

#include "hash.h"
#include "linear_hash.h"

namespace
{

/* A table whose entries are indexes of `keys`; counts how many entries an operation reads. */
struct owner {
	const struct linear_hash_kind *kind;
	struct linear_hash table = {};
	std::vector<uint64_t> keys{ 0 };
	mutable uint32_t read = 0;

	explicit owner(const struct linear_hash_kind *of, uint32_t max = 1 << 20) : kind(of)
	{
		EXPECT_EQ(0, linear_hash_init(&table, kind, max));
	}
	~owner()
	{
		linear_hash_fini(&table);
	}
	virtual uint32_t hash(uint64_t key) const
	{
		return hash_u32(key);
	}
	/* The slot of a key, or NULL. */
	uint8_t *find(uint64_t key)
	{
		uint8_t *segment = (uint8_t *)linear_hash_segment(&table, hash(key), kind->octets);
		uint32_t slot = linear_hash_home(hash(key));

		for (uint32_t n = 0; n < LINEAR_HASH_SEGMENT; n++, slot = linear_hash_after(slot)) {
			uint64_t entry = linear_hash_get(segment, slot, kind->octets);

			if (!entry)
				return nullptr;
			if (keys[entry] == key)
				return segment + slot * kind->octets;
		}
		return nullptr;
	}
	bool insert(uint64_t key)
	{
		void *slot = linear_hash_reserve(&table, kind, this, hash(key));

		if (!slot)
			return false;
		keys.push_back(key);
		linear_hash_put(&table, kind, slot, keys.size() - 1);
		return true;
	}
	void erase(uint8_t *slot)
	{
		size_t at = (size_t)(slot - table.range.base) / kind->octets;

		linear_hash_remove(&table, kind, this,
				   table.range.base + at / LINEAR_HASH_SEGMENT *
							      LINEAR_HASH_SEGMENT * kind->octets,
				   at % LINEAR_HASH_SEGMENT);
	}
	uint64_t value(const uint8_t *slot) const
	{
		return linear_hash_get(slot, 0, kind->octets);
	}
	/* Entries as a walk over all slots meets them. */
	std::unordered_map<uint64_t, uint64_t> all() const
	{
		std::unordered_map<uint64_t, uint64_t> met;

		for (size_t i = 0; i < (size_t)table.nb * LINEAR_HASH_SEGMENT; i++) {
			uint64_t entry = value(table.range.base + i * kind->octets);

			if (entry) {
				EXPECT_TRUE(met.emplace(keys[entry], entry).second) << "twice";
			}
		}
		return met;
	}
};

uint32_t hash_of(const void *of, uint64_t slot)
{
	const struct owner *o = (const struct owner *)of;

	o->read++;
	return o->hash(o->keys[slot]);
}

const void *from(const void *of, uint64_t slot)
{
	return &((const struct owner *)of)->keys[slot];
}

const struct linear_hash_kind kinds[] = {
	{ hash_of, from, 4 },
	{ hash_of, nullptr, 8 },
};

/* Grow a table until it has `nb` segments. */
void grow_to(struct owner *o, std::unordered_map<uint64_t, uint64_t> *model, uint32_t nb,
	     std::mt19937_64 *random)
{
	while (o->table.nb < nb) {
		uint64_t key = (*random)();

		ASSERT_TRUE(o->insert(key));
		(*model)[key] = o->keys.size() - 1;
	}
}

/* One random operation on a table and its model; what it costs. */
void step(struct owner *o, std::unordered_map<uint64_t, uint64_t> *model, uint64_t key)
{
	uint32_t nb = o->table.nb;
	uint8_t *slot = o->find(key);
	auto known = model->find(key);

	ASSERT_EQ(known != model->end(), slot != nullptr);
	o->read = 0;
	if (slot) {
		ASSERT_EQ(known->second, o->value(slot));
		o->erase(slot);
		model->erase(known);
		ASSERT_EQ(nb, o->table.nb);
	} else {
		ASSERT_TRUE(o->insert(key));
		(*model)[key] = o->keys.size() - 1;
		ASSERT_LE(o->table.nb, nb + 1);
	}
	ASSERT_LE(o->read, (uint32_t)LINEAR_HASH_SEGMENT);
	ASSERT_EQ(model->size(), o->table.count);
}

} // namespace

/* From each number of segments of one doubling: random keys come and go, old ones and new ones,
 * while it goes on. */
TEST(linear_hash, is_a_map_from_every_step_of_its_growth)
{
	for (const struct linear_hash_kind &kind : kinds) {
		for (uint32_t nb = 4; nb <= 9; nb++) {
			std::mt19937_64 random(nb);
			std::unordered_map<uint64_t, uint64_t> model;
			struct owner o(&kind);
			std::vector<uint64_t> known;

			ASSERT_NO_FATAL_FAILURE(grow_to(&o, &model, nb, &random));
			ASSERT_EQ(nb, o.table.nb);
			ASSERT_EQ(model, o.all());
			for (const auto &[key, value] : model)
				known.push_back(key);
			for (int i = 0; i < 3000 || o.table.nb == nb; i++) {
				bool fresh = random() % 5 < 3;

				if (fresh)
					known.push_back(random());
				ASSERT_NO_FATAL_FAILURE(step(
					&o, &model,
					fresh ? known.back() : known[random() % known.size()]));
			}
			EXPECT_LT(nb, o.table.nb) << "it grew meanwhile";
			ASSERT_EQ(model, o.all());
			for (uint64_t key : known)
				ASSERT_EQ(model.count(key), o.find(key) ? 1u : 0u);
		}
	}
}

/* What an insertion moves does not depend on how large the table is. */
TEST(linear_hash, no_insertion_moves_more_than_a_segment)
{
	struct owner o(&kinds[1]);
	uint32_t most = 0, splits = 0;

	for (uint64_t key = 1; key <= 300000; key++) {
		uint32_t nb = o.table.nb;

		o.read = 0;
		ASSERT_TRUE(o.insert(key));
		ASSERT_LE(o.table.nb, nb + 1);
		splits += o.table.nb - nb;
		most = std::max(most, o.read);
	}
	EXPECT_EQ(o.table.nb, splits + 1);
	EXPECT_EQ(512u, o.table.nb);
	EXPECT_LE(most, (uint32_t)LINEAR_HASH_SEGMENT);
	EXPECT_EQ((size_t)512 * LINEAR_HASH_SEGMENT * 8, linear_hash_bytes(&o.table, o.kind));
	for (uint64_t key = 1; key <= 300000; key++)
		ASSERT_NE(nullptr, o.find(key));
}

/* Emptied and filled again it is what it was: nothing is left behind and nothing grows. */
TEST(linear_hash, does_not_grow_by_being_used)
{
	struct owner o(&kinds[0]);
	uint32_t nb = 0;

	for (int round = 0; round < 3; round++) {
		for (uint64_t key = 1; key <= 5000; key++)
			ASSERT_TRUE(o.insert(key));
		EXPECT_TRUE(!nb || nb == o.table.nb);
		nb = o.table.nb;
		for (uint64_t key = 1; key <= 5000; key++)
			ASSERT_NO_FATAL_FAILURE(o.erase(o.find(key)));
		EXPECT_EQ(0u, o.table.count);
		EXPECT_TRUE(o.all().empty());
	}
}

/* Hashes that are all the same fill one segment; then an entry is refused, and all else works. */
TEST(linear_hash, a_full_segment_refuses_and_is_searched_to_its_end)
{
	struct same : owner {
		same() : owner(&kinds[0])
		{
		}
		uint32_t hash(uint64_t key) const override
		{
			return UINT32_MAX;
		}
	} o;

	for (uint64_t key = 1; key <= LINEAR_HASH_SEGMENT; key++)
		ASSERT_TRUE(o.insert(key)) << key;
	EXPECT_FALSE(o.insert(5000));
	EXPECT_EQ(nullptr, o.find(5000));
	EXPECT_EQ((uint32_t)LINEAR_HASH_SEGMENT, o.table.count);
	for (uint64_t key = 1; key <= LINEAR_HASH_SEGMENT; key++) {
		ASSERT_NE(nullptr, o.find(key));
		o.erase(o.find(key));
		ASSERT_EQ(nullptr, o.find(key));
	}
	EXPECT_TRUE(o.insert(5000));
}

TEST(linear_hash, at_its_largest_it_fills_up)
{
	struct owner o(&kinds[0], 1000);
	uint64_t key = 1;

	while (o.insert(key))
		key++;
	EXPECT_LT(1000u, key);
	for (uint64_t at = 1; at < key; at++)
		ASSERT_NE(nullptr, o.find(at));
	EXPECT_EQ(nullptr, o.find(key));
}
