/* A slab of the addresses with their counts, and a hash of their ids. */
#include "addr_table.h"

#include <assert.h>
#include <errno.h>

#include "hash.h"

static struct addr_item *item_at(const struct addr_table *table, uint32_t id)
{
	return (struct addr_item *)slab_at(&table->items, id);
}

static uint32_t hash_addr(const struct addr_table *table, const struct scoped_addr *addr)
{
	uint64_t halves[2];

	if (addr->addr.family == FAMILY_IPV4)
		return hash_u32(addr->addr.v4 ^ table->seed);
	memcpy(halves, addr->addr.v6, sizeof(halves));
	return hash_u32((hash_u64(halves[0] ^ table->seed) + addr->zone + 1) ^ halves[1]);
}

static uint32_t hash_of(const void *owner, uint64_t slot)
{
	const struct addr_table *table = (const struct addr_table *)owner;

	return hash_addr(table, addr_table_at(table, (uint32_t)slot));
}

static const void *item_of(const void *owner, uint64_t slot)
{
	return item_at((const struct addr_table *)owner, (uint32_t)slot);
}

static const struct linear_hash_kind by_addr = { hash_of, item_of, sizeof(uint32_t) };

static bool same(const struct scoped_addr *a, const struct scoped_addr *b)
{
	return a->zone == b->zone && addr_equal(a->addr, b->addr);
}

int addr_table_init(struct addr_table *table, uint32_t max)
{
	memset(table, 0, sizeof(*table));
	if (slab_init(&table->items, sizeof(struct addr_item), max))
		return -ENOMEM;
	table->seed = hash_seed();
	if (!linear_hash_init(&table->ids, &by_addr, max))
		return 0;
	slab_fini(&table->items);
	return -ENOMEM;
}

void addr_table_fini(struct addr_table *table)
{
	slab_fini(&table->items);
	linear_hash_fini(&table->ids);
}

static uint32_t search(const struct addr_table *table, const struct scoped_addr *addr,
		       uint32_t hash)
{
	const uint32_t *ids =
		(const uint32_t *)linear_hash_segment(&table->ids, hash, sizeof(*ids));
	uint32_t slot = linear_hash_home(hash);

	for (uint32_t n = 0; n < LINEAR_HASH_SEGMENT && ids[slot]; n++) {
		if (same(addr_table_at(table, ids[slot]), addr))
			return ids[slot];
		slot = linear_hash_after(slot);
	}
	return ADDR_NONE;
}

uint32_t addr_table_find(const struct addr_table *table, const struct scoped_addr *addr)
{
	return search(table, addr, hash_addr(table, addr));
}

uint32_t addr_table_get(struct addr_table *table, const struct scoped_addr *addr)
{
	uint32_t hash = hash_addr(table, addr), id = search(table, addr, hash);
	void *reserved;

	if (id) {
		item_at(table, id)->refs++;
		return id;
	}
	reserved = linear_hash_reserve(&table->ids, &by_addr, table, hash);
	id = reserved ? slab_alloc(&table->items) : ADDR_NONE;
	if (!id)
		return ADDR_NONE;
	item_at(table, id)->refs = 1;
	item_at(table, id)->addr = *addr;
	linear_hash_put(&table->ids, &by_addr, reserved, id);
	return id;
}

void addr_table_hold(struct addr_table *table, uint32_t id)
{
	assert(item_at(table, id)->refs);
	item_at(table, id)->refs++;
}

void addr_table_put(struct addr_table *table, uint32_t id)
{
	uint32_t *segment, slot, hash;

	assert(item_at(table, id)->refs);
	if (--item_at(table, id)->refs)
		return;
	hash = hash_addr(table, addr_table_at(table, id));
	segment = (uint32_t *)linear_hash_segment(&table->ids, hash, sizeof(*segment));
	slot = linear_hash_home(hash);
	while (segment[slot] != id)
		slot = linear_hash_after(slot);
	linear_hash_remove(&table->ids, &by_addr, table, segment, slot);
	slab_free(&table->items, id);
}

int addr_table_compare(const struct addr_table *table, uint32_t a, uint32_t b)
{
	const struct scoped_addr *at = addr_table_at(table, a), *bt = addr_table_at(table, b);
	int order = addr_compare(at->addr, bt->addr);

	return order ? order : (at->zone > bt->zone) - (at->zone < bt->zone);
}

size_t addr_table_bytes(const struct addr_table *table)
{
	return slab_bytes(&table->items) + linear_hash_bytes(&table->ids, &by_addr);
}
