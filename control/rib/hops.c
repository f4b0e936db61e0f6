/* The index from a next hop to the paths that use it: what a next hop that comes or goes changes is
 * looked at in slices, and nothing else is.
 *
 *   table: address → hop ── first[block] ─► path ⇄ path ⇄ …
 *   links: 4 octets a path, by the path's id
 *   due:   hops that changed; they take turns, a few paths each
 *
 * A hop has a list of paths in each block of 65,535 path ids, so that a link is the number of a
 * path in its block, 16 bits. What the decision reads stays 32 octets a path. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rib_private.h"

enum { BLOCK = UINT16_MAX, QUANTUM = 64 };

struct hop {
	uint32_t addr;	   /* host order */
	uint8_t len;	   /* 32 */
	bool due;	   /* in the queue */
	bool begun;	   /* some of its paths have been looked at since it changed */
	bool again;	   /* it has changed once more since then */
	uint16_t blocks;   /* room in first[] */
	uint32_t paths;	   /* that use it */
	uint32_t next_due; /* hop id */
	uint32_t cursor;   /* while it is in the queue: the path to look at next; 0: none is left */
	uint16_t *first;   /* owned: by block, the number in it of the first path; 0: none */
};
PREFIX_TABLE_ITEM(struct hop);

struct hop_link {
	uint16_t next, previous; /* numbers in the block; 0: none */
};

static uint32_t block_of(uint32_t path)
{
	return path / BLOCK;
}

static uint16_t number_of(uint32_t path)
{
	return (uint16_t)(path % BLOCK + 1);
}

/* The path with that number in a block. */
static uint32_t path_of(uint32_t block, uint16_t number)
{
	return block * BLOCK + number - 1;
}

static struct hop *hop_at(const struct rib *rib, uint32_t hop)
{
	return (struct hop *)prefix_table_at(&rib->hops.table, hop);
}

static struct hop_link *link_at(const struct rib *rib, uint32_t path)
{
	return (struct hop_link *)rib->hops.links.base + path;
}

static uint32_t hop_find(const struct rib *rib, uint32_t addr)
{
	const struct prefix host = prefix4_make(addr, 32);

	return prefix_table_find(&rib->hops.table, &host);
}

int hops_init(struct rib *rib)
{
	if (prefix_table_open(&rib->hops.table, FAMILY_IPV4, sizeof(struct hop), PATHS_MAX) < 0)
		return -ENOMEM;
	return range_init(&rib->hops.links, (PATHS_MAX + 1) * sizeof(struct hop_link));
}

void hops_fini(struct rib *rib)
{
	struct slab *items = &rib->hops.table.items;

	for (uint32_t id = items->items.base ? slab_next(items, 0) : 0; id;
	     id = slab_next(items, id))
		free(hop_at(rib, id)->first);
	range_fini(&rib->hops.links);
	prefix_table_close(&rib->hops.table);
}

size_t hops_bytes(const struct rib *rib)
{
	return prefix_table_bytes(&rib->hops.table) + rib->hops.links.open + rib->hops.first_bytes;
}

/* Forget a hop that no path uses, unless it still has a place in the queue. */
static void hop_release(struct rib *rib, uint32_t id)
{
	struct hop *hop = hop_at(rib, id);

	if (hop->paths || hop->due)
		return;
	rib->hops.first_bytes -= hop->blocks * sizeof(*hop->first);
	free(hop->first);
	prefix_table_remove(&rib->hops.table, id);
}

/* Lists for every block that a path may be in, the next new one included. -ENOMEM: as before. */
static int hop_reserve(struct rib *rib, struct hop *hop)
{
	uint32_t last = rib->paths.top < rib->paths.max ? rib->paths.top + 1 : rib->paths.top;
	uint16_t blocks = (uint16_t)(block_of(last) + 1);
	uint16_t *first;

	if (range_open(&rib->hops.links, (last + 1) * sizeof(struct hop_link)))
		return -ENOMEM;
	if (blocks <= hop->blocks)
		return 0;
	first = (uint16_t *)calloc(blocks, sizeof(*first));
	if (!first)
		return -ENOMEM;
	if (hop->blocks)
		memcpy(first, hop->first, hop->blocks * sizeof(*first));
	rib->hops.first_bytes += (blocks - hop->blocks) * sizeof(*first);
	free(hop->first);
	hop->first = first;
	hop->blocks = blocks;
	return 0;
}

uint32_t hop_get(struct rib *rib, uint32_t addr)
{
	const struct prefix host = prefix4_make(addr, 32);
	uint32_t hop = prefix_table_find(&rib->hops.table, &host);

	if (!hop)
		hop = prefix_table_add(&rib->hops.table, &host);
	if (hop && hop_reserve(rib, hop_at(rib, hop)) < 0) {
		hop_release(rib, hop);
		return SLAB_NONE;
	}
	return hop;
}

void hop_put(struct rib *rib, uint32_t hop)
{
	hop_release(rib, hop);
}

void hop_link(struct rib *rib, uint32_t id, uint32_t path)
{
	struct hop *hop = hop_at(rib, id);
	uint32_t block = block_of(path);
	uint16_t *first = &hop->first[block];

	*link_at(rib, path) = (struct hop_link){ .next = *first };
	if (*first)
		link_at(rib, path_of(block, *first))->previous = number_of(path);
	*first = number_of(path);
	hop->paths++;
}

/* The first path of a hop in the blocks from this one on; 0: none. */
static uint32_t first_from(const struct hop *hop, uint32_t block)
{
	for (; block < hop->blocks; block++) {
		if (hop->first[block])
			return path_of(block, hop->first[block]);
	}
	return 0;
}

static uint32_t following(const struct rib *rib, const struct hop *hop, uint32_t path)
{
	uint16_t next = link_at(rib, path)->next;

	return next ? path_of(block_of(path), next) : first_from(hop, block_of(path) + 1);
}

void hop_unlink(struct rib *rib, uint32_t addr, uint32_t path)
{
	const struct hop_link link = *link_at(rib, path);
	uint32_t id = hop_find(rib, addr), block = block_of(path);
	struct hop *hop = hop_at(rib, id);

	if (hop->due && hop->cursor == path)
		hop->cursor = following(rib, hop, path);
	if (link.next)
		link_at(rib, path_of(block, link.next))->previous = link.previous;
	if (link.previous)
		link_at(rib, path_of(block, link.previous))->next = link.next;
	else
		hop->first[block] = link.next;
	hop->paths--;
	hop_release(rib, id);
}

/* --- the queue -------------------------------------------------------------------------------- */

static void due_append(struct rib *rib, uint32_t id)
{
	struct hops *hops = &rib->hops;

	hop_at(rib, id)->next_due = 0;
	if (hops->due_last)
		hop_at(rib, hops->due_last)->next_due = id;
	else
		hops->due = id;
	hops->due_last = id;
}

static void walk_begin(struct hop *hop)
{
	hop->due = true;
	hop->begun = hop->again = false;
	hop->cursor = first_from(hop, 0);
}

/* The turn of the hop in front is over. */
static void due_rotate(struct rib *rib)
{
	struct hops *hops = &rib->hops;
	uint32_t id = hops->due;
	struct hop *hop = hop_at(rib, id);

	hops->seen = 0;
	hops->due = hop->next_due;
	if (!hops->due)
		hops->due_last = 0;
	if (!hop->cursor && hop->again)
		walk_begin(hop);
	if (hop->cursor) {
		due_append(rib, id);
		return;
	}
	hop->due = false;
	hop_release(rib, id);
}

void rib_next_hop_changed(struct rib *rib, uint32_t addr)
{
	uint32_t id = hop_find(rib, addr);
	struct hop *hop;

	if (!id)
		return;
	hop = hop_at(rib, id);
	if (hop->due &&
	    hop->begun) { /* what has been looked at is looked at once more, after the rest */
		hop->again = true;
		return;
	}
	if (!hop->due)
		due_append(rib, id);
	walk_begin(hop); /* also of one that waits: what came since is in front of the cursor */
}

uint32_t hops_next(struct rib *rib)
{
	struct hops *hops = &rib->hops;

	while (hops->due) {
		struct hop *hop = hop_at(rib, hops->due);
		uint32_t path = hop->cursor;

		if (path && hops->seen < QUANTUM) {
			hops->seen++;
			hop->begun = true;
			hop->cursor = following(rib, hop, path);
			return path;
		}
		due_rotate(rib);
	}
	return 0;
}

bool hops_settled(const struct rib *rib)
{
	return !rib->hops.due;
}
