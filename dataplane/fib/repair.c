/* The reader's repair: what a forwarding lcore does when the next hop that a flow takes is lost. It
 * changes nothing and asks nobody; control follows in its own time. */
#include "fib_lookup.h"

static const struct adjacency *member_at(const struct fib_generation *generation,
					 const struct path_list *list, uint32_t place)
{
	return fib_adjacency(generation, list->member[place]);
}

static bool forwards(const struct adjacency *adjacency)
{
	return __atomic_load_n(&adjacency->action, __ATOMIC_ACQUIRE) == ADJACENCY_FORWARD;
}

/* The first member that forwards, from the flow's own bucket on. */
static const struct adjacency *living_member(const struct fib_generation *generation,
					     const struct path_list *list, uint32_t hash)
{
	uint32_t bucket = hash % PATH_LIST_BUCKETS, tried = 0;
	uint16_t left = list->nb_members;

	for (uint32_t i = 0; left && i < PATH_LIST_BUCKETS; i++) {
		uint32_t place = list->bucket[path_list_step(bucket, i)] % PATH_LIST_MEMBERS;
		const struct adjacency *adjacency = member_at(generation, list, place);

		if (tried >> place & 1)
			continue;
		if (forwards(adjacency))
			return adjacency;
		tried |= 1u << place;
		left--;
	}
	return NULL;
}

const struct adjacency *fib_repair(const struct fib_generation *generation,
				   const struct path_list *list, uint32_t hash)
{
	const struct adjacency *found = living_member(generation, list, hash);
	uint32_t backup = list->backup % FIB_PATH_LISTS;

	if (found || backup == PATH_LIST_NONE)
		return found;
	return living_member(generation, &generation->path_lists[backup], hash);
}
