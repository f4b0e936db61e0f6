/* Sifts rows of routes. */
#include "listing.h"

#include <stdlib.h>
#include <string.h>

struct listing *listing_new(void)
{
	return calloc(1, sizeof(struct listing));
}

void listing_free(struct listing *listing)
{
	if (!listing)
		return;
	for (uint32_t i = 0; i < listing->nb_kept; i++)
		free(listing->kept[i].row);
	free(listing->kept);
	route_filter_fini(&listing->filter);
	free(listing);
}

/* By prefix; of one prefix, as they came: best first. */
static int in_order(const void *a, const void *b)
{
	const struct kept_row *x = a, *y = b;
	int order = prefix_compare(x->row->prefix, y->row->prefix);

	if (order)
		return order;
	return x->number < y->number ? -1 : x->number > y->number;
}

static void swap(struct kept_row *a, struct kept_row *b)
{
	struct kept_row was = *a;

	*a = *b;
	*b = was;
}

static void sift_up(struct kept_row *heap, uint32_t at)
{
	for (; at && in_order(&heap[(at - 1) / 2], &heap[at]) < 0; at = (at - 1) / 2)
		swap(&heap[(at - 1) / 2], &heap[at]);
}

static void sift_down(struct kept_row *heap, uint32_t nb)
{
	uint32_t at = 0, child;

	while ((child = 2 * at + 1) < nb) {
		if (child + 1 < nb && in_order(&heap[child], &heap[child + 1]) < 0)
			child++;
		if (in_order(&heap[at], &heap[child]) >= 0)
			return;
		swap(&heap[at], &heap[child]);
		at = child;
	}
}

/* The row among the first ones, if it is one of them. False: no memory. */
static bool keep(struct listing *listing, const struct row_route *row, size_t len)
{
	struct kept_row new = { listing->paths, (struct row_route *)row };
	bool full = listing->nb_kept == listing->limit;

	if (!listing->kept)
		listing->kept = calloc(listing->limit, sizeof(*listing->kept));
	if (!listing->kept)
		return false;
	if (full && in_order(&new, &listing->kept[0]) >= 0)
		return true;
	new.row = malloc(len);
	if (!new.row)
		return false;
	memcpy(new.row, row, len);
	if (full) {
		free(listing->kept[0].row);
		listing->kept[0] = new;
		sift_down(listing->kept, listing->nb_kept);
	} else {
		listing->kept[listing->nb_kept] = new;
		sift_up(listing->kept, listing->nb_kept++);
	}
	return true;
}

bool listing_take(struct listing *listing, const struct row_route *row, size_t len, bool *no_memory)
{
	*no_memory = false;
	if (!route_filter_passes(&listing->filter, row))
		return false;
	listing->prefixes += !listing->paths || !prefix_equal(listing->last, row->prefix);
	listing->last = row->prefix;
	listing->paths++;
	if (listing->limit)
		*no_memory = !keep(listing, row, len);
	return !listing->limit && !listing->count;
}

void listing_end(struct listing *listing)
{
	if (listing->nb_kept)
		qsort(listing->kept, listing->nb_kept, sizeof(*listing->kept), in_order);
}
