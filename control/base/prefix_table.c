/* The hash holds ids alone: what it is made of is read from the items. */
#include "prefix_table.h"

#include <errno.h>

static const void *item_of(const void *owner, uint64_t id)
{
	return prefix_table_at((const struct prefix_table *)owner, (uint32_t)id);
}

static uint32_t hash_of(const void *owner, uint64_t id)
{
	const struct prefix_table *table = (const struct prefix_table *)owner;

	return prefix_table_hash(table, prefix_table_key(table, (uint32_t)id));
}

static const struct linear_hash_kind by_prefix = { hash_of, item_of, sizeof(uint32_t) };

int prefix_table_open(struct prefix_table *table, size_t item_size, uint32_t max)
{
	if (slab_init(&table->items, item_size, max))
		return -ENOMEM;
	table->seed = hash_seed();
	if (!linear_hash_init(&table->ids, &by_prefix, max))
		return 0;
	slab_fini(&table->items);
	return -ENOMEM;
}

void prefix_table_close(struct prefix_table *table)
{
	if (!prefix_table_is_open(table))
		return;
	slab_fini(&table->items);
	linear_hash_fini(&table->ids);
}

void prefix_table_discard(struct prefix_table *table, struct discard *discard)
{
	if (!prefix_table_is_open(table))
		return;
	slab_discard(&table->items, discard);
	linear_hash_discard(&table->ids, discard);
}

uint32_t prefix_table_add(struct prefix_table *table, struct prefix prefix)
{
	void *reserved = linear_hash_reserve(&table->ids, &by_prefix, table,
					     prefix_table_hash(table, prefix));
	uint32_t id = reserved ? slab_alloc(&table->items) : SLAB_NONE;
	uint8_t *item;

	if (!id)
		return SLAB_NONE;
	item = (uint8_t *)slab_at(&table->items, id);
	memcpy(item + PREFIX_TABLE_ADDR, &prefix.addr, sizeof(prefix.addr));
	item[PREFIX_TABLE_LEN] = prefix.len;
	linear_hash_put(&table->ids, &by_prefix, reserved, id);
	return id;
}

void prefix_table_remove(struct prefix_table *table, uint32_t id)
{
	uint32_t hash = hash_of(table, id), slot = linear_hash_home(hash);
	uint32_t *ids = (uint32_t *)linear_hash_segment(&table->ids, hash, sizeof(*ids));

	while (ids[slot] != id)
		slot = linear_hash_after(slot);
	linear_hash_remove(&table->ids, &by_prefix, table, ids, slot);
	slab_free(&table->items, id);
}

size_t prefix_table_bytes(const struct prefix_table *table)
{
	return slab_bytes(&table->items) + linear_hash_bytes(&table->ids, &by_prefix);
}
