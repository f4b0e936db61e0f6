/* Adjacencies have other indexes in another generation; the same neighbour on the same port for the
 * same role is the same next hop. */
#include "predecessor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fib_lookup.h"

/* Who wrote it may have died of what it wrote. */
static bool sound(const struct path_list *list)
{
	if (list->nb_members > PATH_LIST_MEMBERS)
		return false;
	for (int b = 0; b < PATH_LIST_BUCKETS; b++)
		if (list->bucket[b] >= list->nb_members)
			return false;
	return true;
}

static bool inherited(const struct path_list *list)
{
	return list->held && list->nb_members > 1 && list->backup == PATH_LIST_NONE && sound(list);
}

int predecessor_init(struct predecessor *predecessor, const struct fib_generation *from,
		     const struct fib_generation *to)
{
	uint32_t n = 0;

	*predecessor = (struct predecessor){ .from = from, .to = to };
	for (uint32_t i = 0; i < FIB_PATH_LISTS; i++)
		n += inherited(&from->path_lists[i]);
	predecessor->lists = malloc((n + 1) * sizeof(*predecessor->lists));
	if (!predecessor->lists)
		return -ENOMEM;
	for (uint32_t i = 0; i < FIB_PATH_LISTS && predecessor->nb_lists < n; i++)
		if (inherited(&from->path_lists[i]))
			predecessor->lists[predecessor->nb_lists++] = i;
	return 0;
}

void predecessor_fini(struct predecessor *predecessor)
{
	free(predecessor->lists);
	predecessor->lists = NULL;
	predecessor->nb_lists = 0;
}

static bool same_hop(const struct adjacency *a, const struct adjacency *b)
{
	return fib_addr_same(&a->gateway, &b->gateway) && a->port == b->port &&
	       a->egress_role == b->egress_role;
}

/* The member that is the same next hop as the adjacency `old` of the other generation;
 * ADJACENCY_NONE: none is. */
static uint16_t renamed(const struct predecessor *predecessor, uint16_t old,
			const uint16_t *members, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		if (same_hop(fib_adjacency(predecessor->from, old),
			     &predecessor->to->adjacencies[members[i]]))
			return members[i];
	return ADJACENCY_NONE;
}

bool predecessor_find(const struct predecessor *predecessor, const uint16_t *members, uint16_t n,
		      struct path_list *found)
{
	for (uint32_t l = 0; l < predecessor->nb_lists; l++) {
		const struct path_list *old = &predecessor->from->path_lists[predecessor->lists[l]];
		uint16_t same = 0;

		if (old->nb_members != n)
			continue;
		*found = *old;
		while (same < n && (found->member[same] = renamed(predecessor, old->member[same],
								  members, n)) != ADJACENCY_NONE)
			same++;
		if (same == n)
			return true;
	}
	return false;
}
