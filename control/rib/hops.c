/* The index from a next hop to the paths that use it: what a next hop that comes or goes changes is
 * looked at in slices, and nothing else is.
 *
 *   items: hop, by the next hop's id (addr_table.h) ── first[block] ─► path ⇄ path ⇄ …
 *   links: 4 octets a path, by the path's id
 *   due:   hops that changed; they take turns, a few paths each
 *
 * The paths' attributes keep the id. A hop without paths may be in the queue still, and its id be
 * another address's already: then the paths of that one are looked at once too often.
 *
 * A hop has a list of paths in each block of 65,535 path ids, so that a link is the number of a
 * path in its block, 16 bits. What the decision reads stays 32 octets a path. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rib_private.h"

enum { BLOCK = UINT16_MAX, QUANTUM = 64 };

/* Zeroed, it is one that no path uses. */
struct hop {
	bool due;	   /* in the queue */
	bool begun;	   /* some of its paths have been looked at since it changed */
	bool again;	   /* it has changed once more since then */
	uint16_t blocks;   /* room in first[] */
	uint32_t paths;	   /* that use it */
	uint32_t next_due; /* hop id */
	uint32_t cursor;   /* while it is in the queue: the path to look at next; 0: none is left */
	uint16_t *first;   /* owned: by block, the number in it of the first path; 0: none */
};

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

/* One whose id hop_get() has had. */
static struct hop *hop_at(const struct rib *rib, uint32_t hop)
{
	return (struct hop *)rib->hops.items.base + hop;
}

static struct hop_link *link_at(const struct rib *rib, uint32_t path)
{
	return (struct hop_link *)rib->hops.links.base + path;
}

static size_t items_bytes(uint32_t hop)
{
	return ((size_t)hop + 1) * sizeof(struct hop);
}

int hops_init(struct rib *rib)
{
	if (range_init(&rib->hops.items, items_bytes(ADDR_TABLE_MAX)))
		return -ENOMEM;
	return range_init(&rib->hops.links, (PATHS_MAX + 1) * sizeof(struct hop_link));
}

void hops_fini(struct rib *rib)
{
	for (uint32_t id = 0; id < rib->hops.end; id++)
		free(hop_at(rib, id)->first);
	range_fini(&rib->hops.links);
	range_fini(&rib->hops.items);
}

size_t hops_bytes(const struct rib *rib)
{
	return rib->hops.items.open + rib->hops.links.open + rib->hops.first_bytes;
}

/* Forget a hop that no path uses, unless it still has a place in the queue. */
static void hop_release(struct rib *rib, uint32_t id)
{
	struct hop *hop = hop_at(rib, id);

	if (hop->paths || hop->due)
		return;
	rib->hops.first_bytes -= hop->blocks * sizeof(*hop->first);
	free(hop->first);
	*hop = (struct hop){ 0 };
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

int hop_get(struct rib *rib, uint32_t id)
{
	if (range_open(&rib->hops.items, items_bytes(id)))
		return -ENOMEM;
	if (id >= rib->hops.end)
		rib->hops.end = id + 1;
	return hop_reserve(rib, hop_at(rib, id));
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

void hop_unlink(struct rib *rib, uint32_t id, uint32_t path)
{
	const struct hop_link link = *link_at(rib, path);
	uint32_t block = block_of(path);
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

void rib_next_hop_changed(struct rib *rib, uint32_t id)
{
	struct hop *hop;

	if (id >= rib->hops.end || !hop_at(rib, id)->blocks)
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
