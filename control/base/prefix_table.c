/* The hash holds ids and tags: what it is made of is read from the items. */
#include "prefix_table.h"

#include <errno.h>

static uint32_t id_of(const struct prefix_table *table, uint64_t slot)
{
	return (uint32_t)slot & ~table->tag_mask;
}

static const void *item_of(const void *owner, uint64_t slot)
{
	const struct prefix_table *table = (const struct prefix_table *)owner;

	if (prefix_table_ipv6(table)) /* that is read too */
		__builtin_prefetch(prefix_table_tail(table, id_of(table, slot)));
	return prefix_table_at(table, id_of(table, slot));
}

static uint32_t hash_of(const void *owner, uint64_t slot)
{
	const struct prefix_table *table = (const struct prefix_table *)owner;

	return prefix_table_hash_of(table, id_of(table, slot));
}

static const struct linear_hash_kind by_prefix = { hash_of, item_of, sizeof(uint32_t) };

/* Of ids up to `id`. */
static size_t tails_bytes(uint32_t id)
{
	return ((size_t)id + 1) * PREFIX_TABLE_TAIL;
}

int prefix_table_open(struct prefix_table *table, enum family family, size_t item_size,
		      uint32_t max)
{
	table->tails = (struct range){ 0 };
	if (slab_init(&table->items, item_size, max))
		return -ENOMEM;
	table->seed = hash_seed();
	/* All bits above those of an id; but the hash has only so many below those that name the
	 * home. */
	table->tag_mask = ~(UINT32_MAX >> __builtin_clz(max | (LINEAR_HASH_SEGMENT - 1)));
	if ((family == FAMILY_IPV4 || !range_init(&table->tails, tails_bytes(max))) &&
	    !linear_hash_init(&table->ids, &by_prefix, max))
		return 0;
	range_fini(&table->tails);
	slab_fini(&table->items);
	return -ENOMEM;
}

void prefix_table_close(struct prefix_table *table)
{
	if (!prefix_table_is_open(table))
		return;
	slab_fini(&table->items);
	range_fini(&table->tails);
	linear_hash_fini(&table->ids);
}

void prefix_table_discard(struct prefix_table *table, struct discard *discard)
{
	if (!prefix_table_is_open(table))
		return;
	slab_discard(&table->items, discard);
	discard_range(discard, &table->tails);
	linear_hash_discard(&table->ids, discard);
}

uint32_t prefix_table_add(struct prefix_table *table, const struct prefix *prefix)
{
	uint32_t hash = prefix_table_hash(table, prefix);
	void *reserved = linear_hash_reserve(&table->ids, &by_prefix, table, hash);
	uint32_t id = reserved ? slab_alloc(&table->items) : SLAB_NONE;
	uint8_t *item;

	if (!id)
		return SLAB_NONE;
	if (prefix_table_ipv6(table) && range_open(&table->tails, tails_bytes(id))) {
		slab_free(&table->items, id);
		return SLAB_NONE;
	}
	item = (uint8_t *)slab_at(&table->items, id);
	memcpy(item + PREFIX_TABLE_ADDR, &prefix->addr.v4, PREFIX_TABLE_HEAD);
	item[PREFIX_TABLE_LEN] = prefix->len;
	if (prefix_table_ipv6(table))
		memcpy(prefix_table_tail(table, id), prefix->addr.v6 + PREFIX_TABLE_HEAD,
		       PREFIX_TABLE_TAIL);
	linear_hash_put(&table->ids, &by_prefix, reserved, id | prefix_table_tag(table, hash));
	return id;
}

/* The slot of an item in its segment. */
static uint32_t slot_of(const struct prefix_table *table, uint32_t id, uint32_t **segment)
{
	uint32_t hash = prefix_table_hash_of(table, id);
	uint32_t slot = linear_hash_home(hash), word = id | prefix_table_tag(table, hash);

	*segment = (uint32_t *)linear_hash_segment(&table->ids, hash, sizeof(**segment));
	while ((*segment)[slot] != word)
		slot = linear_hash_after(slot);
	return slot;
}

void prefix_table_fetch_behind(const struct prefix_table *table, uint32_t id)
{
	uint32_t *segment, slot = slot_of(table, id, &segment);

	linear_hash_fetch_behind(&by_prefix, table, segment, slot);
}

void prefix_table_remove(struct prefix_table *table, uint32_t id)
{
	uint32_t *segment, slot = slot_of(table, id, &segment);

	linear_hash_remove(&table->ids, &by_prefix, table, segment, slot);
	slab_free(&table->items, id);
}

size_t prefix_table_bytes(const struct prefix_table *table)
{
	return slab_bytes(&table->items) + table->tails.open +
	       linear_hash_bytes(&table->ids, &by_prefix);
}
