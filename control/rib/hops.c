/* The index from a next hop to the paths that use it: what a next hop that comes or goes changes is looked at in slices, and
 * nothing else is.
 *
 *   table: address → hop ── first ─► path ⇄ path ⇄ …        links: 8 octets a path, by the path's own id
 *   due:   hops that changed, in order; the first one's paths are being looked at
 *
 * The links are a slab of their own beside the paths', taken and given back in step with them, so that both hand out the
 * same ids; what the decision reads stays 32 octets a path. */
#include <assert.h>
#include <errno.h>

#include "table.h"

struct hop {
	uint32_t addr; /* host order */
	uint8_t len;   /* 32 */
	bool due;      /* in the queue */
	uint8_t reserved[2];
	uint32_t first;	   /* path id; 0: none, while it is in the queue */
	uint32_t next_due; /* hop id */
};
PREFIX_TABLE_ITEM(struct hop);

struct hop_link {
	uint32_t next, previous; /* path ids; 0: none */
};

static struct hop *hop_at(const struct rib *rib, uint32_t hop)
{
	return (struct hop *)prefix_table_at(&rib->hops.table, hop);
}

static struct hop_link *link_at(const struct rib *rib, uint32_t path)
{
	return (struct hop_link *)slab_at(&rib->hops.links, path);
}

static uint32_t hop_find(const struct rib *rib, uint32_t addr)
{
	return prefix_table_find(&rib->hops.table, prefix_make(addr, 32));
}

int hops_init(struct rib *rib)
{
	if (prefix_table_open(&rib->hops.table, sizeof(struct hop), PATHS_MAX) < 0)
		return -ENOMEM;
	return slab_init(&rib->hops.links, sizeof(struct hop_link), PATHS_MAX);
}

void hops_fini(struct rib *rib)
{
	slab_fini(&rib->hops.links);
	prefix_table_close(&rib->hops.table);
}

size_t hops_bytes(const struct rib *rib)
{
	return prefix_table_bytes(&rib->hops.table) + slab_bytes(&rib->hops.links);
}

/* Forget a hop that no path uses, unless it still has a place in the queue. */
static void hop_release(struct rib *rib, uint32_t hop)
{
	if (!hop_at(rib, hop)->first && !hop_at(rib, hop)->due && hop != rib->hops.walked)
		prefix_table_remove(&rib->hops.table, hop);
}

uint32_t hop_get(struct rib *rib, uint32_t addr)
{
	uint32_t hop = hop_find(rib, addr);

	return hop ? hop : prefix_table_add(&rib->hops.table, prefix_make(addr, 32));
}

void hop_put(struct rib *rib, uint32_t hop)
{
	hop_release(rib, hop);
}

int hops_path_new(struct rib *rib, uint32_t path)
{
	uint32_t link = slab_alloc(&rib->hops.links);

	assert(!link || link == path);
	return link ? 0 : -ENOMEM;
}

void hops_path_free(struct rib *rib, uint32_t path)
{
	slab_free(&rib->hops.links, path);
}

void hop_link(struct rib *rib, uint32_t hop, uint32_t path)
{
	struct hop *at = hop_at(rib, hop);

	*link_at(rib, path) = (struct hop_link){ .next = at->first };
	if (at->first)
		link_at(rib, at->first)->previous = path;
	at->first = path;
}

void hop_unlink(struct rib *rib, uint32_t addr, uint32_t path)
{
	const struct hop_link link = *link_at(rib, path);

	if (rib->hops.cursor == path)
		rib->hops.cursor = link.next;
	if (link.next)
		link_at(rib, link.next)->previous = link.previous;
	if (link.previous) {
		link_at(rib, link.previous)->next = link.next;
	} else {
		uint32_t hop = hop_find(rib, addr);

		hop_at(rib, hop)->first = link.next;
		hop_release(rib, hop);
	}
}

void rib_next_hop_changed(struct rib *rib, uint32_t addr)
{
	struct hops *hops = &rib->hops;
	uint32_t hop = hop_find(rib, addr);

	if (!hop || hop_at(rib, hop)->due)
		return;
	hop_at(rib, hop)->due = true;
	hop_at(rib, hop)->next_due = 0;
	if (hops->due_last)
		hop_at(rib, hops->due_last)->next_due = hop;
	else
		hops->due = hop;
	hops->due_last = hop;
}

/* On to the paths of the next hop that is due. */
static bool walk_begin(struct rib *rib)
{
	struct hops *hops = &rib->hops;
	uint32_t before = hops->walked;

	hops->walked = hops->due;
	if (hops->walked) {
		struct hop *hop = hop_at(rib, hops->walked);

		hops->due = hop->next_due;
		if (!hops->due)
			hops->due_last = 0;
		hop->due = false;
		hops->cursor = hop->first;
	}
	if (before && before != hops->walked)
		hop_release(rib, before);
	return hops->walked;
}

uint32_t hops_next(struct rib *rib)
{
	struct hops *hops = &rib->hops;
	uint32_t path;

	while (!hops->cursor)
		if (!walk_begin(rib))
			return 0;
	path = hops->cursor;
	hops->cursor = link_at(rib, path)->next;
	return path;
}

bool hops_settled(const struct rib *rib)
{
	return !rib->hops.walked && !rib->hops.due;
}
