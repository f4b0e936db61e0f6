/* What has changed for the FIB, which is asked for it in batches; wide prefixes one by one. */
#include "rib_private.h"

#include <assert.h>
#include <errno.h>

size_t rib_changes(struct rib *rib, uint32_t *nodes, size_t max)
{
	size_t n = 0;

	while (n < max && rib->changes.count) {
		uint32_t id = bitmap_next(&rib->changes, rib->changes_cursor);

		bitmap_remove(&rib->changes, id);
		rib->changes_cursor = id;
		if (rib_is_wide(rib, id)) {
			bitmap_add(&rib->wide, id);
			continue;
		}
		if (!node_at(rib, id)->first)
			node_refuse(rib, node_at(rib, id), 0);
		nodes[n++] = id;
	}
	return n;
}

void rib_changes_end(struct rib *rib, uint32_t *nodes, size_t n)
{
	nodes_release(rib, nodes, n);
}

size_t rib_changes_waiting(const struct rib *rib)
{
	return rib->changes.count;
}

bool rib_is_wide(const struct rib *rib, uint32_t node)
{
	uint8_t len = node_at(rib, node)->len;

	return len && len < rib->params.wide_len;
}

uint32_t rib_wide_begin(struct rib *rib)
{
	uint32_t id = bitmap_next(&rib->wide, rib->wide_cursor);

	assert(!rib->wide_taken);
	rib->wide_rounds += id <= rib->wide_cursor; /* the lowest again, or none */
	rib->wide_cursor = id;
	rib->wide_taken = id;
	if (id)
		bitmap_remove(&rib->wide, id);
	return id;
}

void rib_wide_end(struct rib *rib)
{
	uint32_t id = rib->wide_taken;

	rib->wide_taken = 0;
	if (!node_at(rib, id)->first && !bitmap_has(&rib->changes, id))
		node_refuse(rib, node_at(rib, id), 0);
	node_release(rib, id);
}

int rib_wide_add(struct rib *rib, uint32_t node)
{
	assert(rib_is_wide(rib, node));
	if (groups_reserve(rib) < 0)
		return -ENOMEM;
	bitmap_add(&rib->wide, node);
	return 0;
}

bool rib_wide_waiting(const struct rib *rib)
{
	return rib->wide.count || rib->wide_taken;
}

uint64_t rib_wide_rounds(const struct rib *rib)
{
	return rib->wide_rounds;
}
