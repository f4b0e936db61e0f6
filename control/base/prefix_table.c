/* The hash of ids: linear probing, at most three quarters full, and no tombstones. */
#include "prefix_table.h"

#include <errno.h>
#include <stdlib.h>

enum { SLOTS_MIN = 256 };

int prefix_table_open(struct prefix_table *table, size_t item_size, uint32_t max)
{
	if (slab_init(&table->items, item_size, max))
		return -ENOMEM;
	table->slots = (uint32_t *)calloc(SLOTS_MIN, sizeof(*table->slots));
	table->mask = SLOTS_MIN - 1;
	table->seed = hash_seed();
	if (table->slots)
		return 0;
	slab_fini(&table->items);
	return -ENOMEM;
}

void prefix_table_close(struct prefix_table *table)
{
	if (!table->slots)
		return;
	slab_fini(&table->items);
	free(table->slots);
	table->slots = NULL;
}

/* An id into the first empty slot from its home on. */
static void slot_fill(struct prefix_table *table, uint32_t id)
{
	uint32_t slot = prefix_table_home(table, prefix_table_key(table, id));

	while (table->slots[slot])
		slot = (slot + 1) & table->mask;
	table->slots[slot] = id;
}

/* Twice the slots; every id is put in anew, in the order of the slab. */
static int slots_grow(struct prefix_table *table)
{
	uint32_t mask = table->mask * 2 + 1;
	uint32_t *slots = (uint32_t *)calloc((size_t)mask + 1, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	free(table->slots);
	table->slots = slots;
	table->mask = mask;
	for (uint32_t id = slab_next(&table->items, 0); id; id = slab_next(&table->items, id))
		slot_fill(table, id);
	return 0;
}

uint32_t prefix_table_add(struct prefix_table *table, struct prefix prefix)
{
	uint8_t *item;
	uint32_t id;

	if (table->items.used >= table->mask / 4 * 3 && slots_grow(table))
		return SLAB_NONE;
	id = slab_alloc(&table->items);
	if (!id)
		return SLAB_NONE;
	item = (uint8_t *)slab_at(&table->items, id);
	memcpy(item + PREFIX_TABLE_ADDR, &prefix.addr, sizeof(prefix.addr));
	item[PREFIX_TABLE_LEN] = prefix.len;
	slot_fill(table, id);
	return id;
}

/* Empty a slot: those behind it that a search would no longer find move up. */
static void slot_clear(struct prefix_table *table, uint32_t hole)
{
	uint32_t slot = hole;

	for (;;) {
		uint32_t home;

		slot = (slot + 1) & table->mask;
		if (!table->slots[slot])
			break;
		home = prefix_table_home(table, prefix_table_key(table, table->slots[slot]));
		if (((slot - home) & table->mask) < ((slot - hole) & table->mask))
			continue;
		table->slots[hole] = table->slots[slot];
		hole = slot;
	}
	table->slots[hole] = 0;
}

void prefix_table_remove(struct prefix_table *table, uint32_t id)
{
	uint32_t slot = prefix_table_home(table, prefix_table_key(table, id));

	while (table->slots[slot] != id)
		slot = (slot + 1) & table->mask;
	slot_clear(table, slot);
	slab_free(&table->items, id);
}

size_t prefix_table_bytes(const struct prefix_table *table)
{
	return slab_bytes(&table->items) +
	       (table->slots ? ((size_t)table->mask + 1) * sizeof(*table->slots) : 0);
}
