/* See path_list.h. */
#include "path_list.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <rte_jhash.h>

enum { CHAINS = FIB_PATH_LISTS, REFS_FOREVER = UINT32_MAX };

_Static_assert((CHAINS & (CHAINS - 1)) == 0, "masked");
_Static_assert((PATH_LISTS_IDLE & (PATH_LISTS_IDLE - 1)) == 0, "masked");

static uint32_t *chain_of(const struct path_lists *lists, const uint16_t *members, uint16_t n)
{
	uint32_t hash = n;

	for (uint16_t i = 0; i < n; i++)
		hash = rte_jhash_1word(members[i], hash);
	return &lists->chain[hash % CHAINS];
}

static void chain_add(struct path_lists *lists, uint32_t index)
{
	struct path_list *list = &lists->list[index];
	uint32_t *chain = chain_of(lists, list->member, list->nb_members);

	list->held = 1;
	lists->next[index] = *chain;
	*chain = index;
}

static void chain_remove(struct path_lists *lists, uint32_t index)
{
	struct path_list *list = &lists->list[index];
	uint32_t *at = chain_of(lists, list->member, list->nb_members);

	list->held = 0;
	while (*at != index)
		at = &lists->next[*at];
	*at = lists->next[index];
}

static uint32_t chain_find(const struct path_lists *lists, const uint16_t *members, uint16_t n)
{
	uint32_t index = *chain_of(lists, members, n);

	while (index != PATH_LIST_NONE) {
		const struct path_list *list = &lists->list[index];

		if (list->nb_members == n && !memcmp(list->member, members, n * sizeof(*members)))
			break;
		index = lists->next[index];
	}
	return index;
}

int path_lists_init(struct path_lists *lists, struct path_list *shared, uint32_t nb_fixed,
		    struct rte_rcu_qsbr *qsbr)
{
	*lists = (struct path_lists){
		.list = shared,
		.refs = calloc(FIB_PATH_LISTS, sizeof(*lists->refs)),
		.next = calloc(FIB_PATH_LISTS, sizeof(*lists->next)),
		.chain = calloc(CHAINS, sizeof(*lists->chain)),
		.queued = calloc(FIB_PATH_LISTS, sizeof(*lists->queued)),
	};
	if (!lists->refs || !lists->next || !lists->chain || !lists->queued ||
	    rcu_pool_init(&lists->indexes, qsbr, nb_fixed, FIB_PATH_LISTS)) {
		path_lists_fini(lists);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < nb_fixed; i++) {
		lists->refs[i] = REFS_FOREVER;
		if (i != PATH_LIST_NONE)
			chain_add(lists, i);
	}
	return 0;
}

void path_lists_fini(struct path_lists *lists)
{
	rcu_pool_fini(&lists->indexes);
	free(lists->refs);
	free(lists->next);
	free(lists->chain);
	free(lists->queued);
	lists->refs = lists->next = lists->chain = NULL;
	lists->queued = NULL;
}

static int member_find(const uint16_t *members, uint16_t n, uint16_t member)
{
	for (uint16_t i = 0; i < n; i++)
		if (members[i] == member)
			return i;
	return -1;
}

static uint16_t least_served(const uint8_t *nb_buckets, uint16_t n)
{
	uint16_t least = 0;

	for (uint16_t i = 1; i < n; i++)
		if (nb_buckets[i] < nb_buckets[least])
			least = i;
	return least;
}

/* Each member's share is 64 / n buckets, and for as many of them as the division leaves over one more. */
void path_list_fill(struct path_list *list, const uint16_t *members, uint16_t n,
		    const struct path_list *like)
{
	uint8_t share = PATH_LIST_BUCKETS / n, over = PATH_LIST_BUCKETS % n;
	uint8_t nb_buckets[PATH_LIST_MEMBERS] = { 0 };
	bool kept[PATH_LIST_BUCKETS] = { false };

	memset(list, 0, sizeof(*list));
	list->nb_members = n;
	memcpy(list->member, members, n * sizeof(*members));
	for (uint32_t b = 0; like && like->nb_members && b < PATH_LIST_BUCKETS; b++) {
		int stays = member_find(members, n, like->member[like->bucket[b]]);

		if (stays < 0 || nb_buckets[stays] > share || (nb_buckets[stays] == share && !over))
			continue;
		if (nb_buckets[stays]++ == share)
			over--;
		list->bucket[b] = stays;
		kept[b] = true;
	}
	for (uint32_t b = 0; b < PATH_LIST_BUCKETS; b++) {
		if (kept[b])
			continue;
		list->bucket[b] = least_served(nb_buckets, n);
		nb_buckets[list->bucket[b]]++;
	}
}

/* Sort into `set`. False: not 1..16 different adjacencies. */
static bool make_set(const uint16_t *members, uint16_t n, uint16_t *set)
{
	if (n < 1 || n > PATH_LIST_MEMBERS)
		return false;
	for (uint16_t i = 0; i < n; i++) {
		uint16_t at = i;

		if (members[i] == ADJACENCY_NONE || members[i] >= FIB_ADJACENCIES)
			return false;
		for (; at > 0 && set[at - 1] > members[i]; at--)
			set[at] = set[at - 1];
		if (at > 0 && set[at - 1] == members[i])
			return false;
		set[at] = members[i];
	}
	return true;
}

static void retire(struct path_lists *lists, uint32_t index)
{
	chain_remove(lists, index);
	rcu_pool_retire(&lists->indexes, index);
}

/* Forget the list that has been idle for longest, unless it is in use again. False: none is remembered. */
static bool forget_oldest(struct path_lists *lists)
{
	uint32_t index;

	if (lists->idle_head == lists->idle_tail)
		return false;
	index = lists->idle[lists->idle_head++ % PATH_LISTS_IDLE];
	lists->queued[index] = false;
	if (!lists->refs[index]) {
		lists->nb_idle--;
		retire(lists, index);
	}
	return true;
}

static void remember(struct path_lists *lists, uint32_t index)
{
	lists->nb_idle++;
	if (lists->queued[index])
		return;
	if (lists->idle_tail - lists->idle_head == PATH_LISTS_IDLE)
		forget_oldest(lists);
	lists->idle[lists->idle_tail++ % PATH_LISTS_IDLE] = index;
	lists->queued[index] = true;
}

/* A free index, at the cost of what is remembered. */
static int take(struct path_lists *lists, uint32_t *index)
{
	while (rcu_pool_take(&lists->indexes, index)) {
		if (!forget_oldest(lists))
			return -ENOSPC;
	}
	return 0;
}

int path_list_get(struct path_lists *lists, const uint16_t *members, uint16_t n, uint32_t like,
		  uint32_t *index)
{
	uint16_t set[PATH_LIST_MEMBERS];
	struct path_list before;
	uint32_t found;

	if (!make_set(members, n, set) || like >= FIB_PATH_LISTS || (like && !lists->refs[like]))
		return -EINVAL;
	found = chain_find(lists, set, n);
	if (found == PATH_LIST_NONE) {
		if (take(lists, &found))
			return -ENOSPC;
		if (n > 1 && lists->heritage && heritage_find(lists->heritage, set, n, &before))
			path_list_fill(&lists->list[found], set, n, &before);
		else
			path_list_fill(&lists->list[found], set, n, &lists->list[like]);
		chain_add(lists, found);
	} else if (!lists->refs[found]) {
		lists->nb_idle--;
	}
	if (lists->refs[found] != REFS_FOREVER)
		lists->refs[found]++;
	*index = found;
	return 0;
}

void path_list_put(struct path_lists *lists, uint32_t index)
{
	assert(index < FIB_PATH_LISTS && lists->refs[index]);
	if (lists->refs[index] == REFS_FOREVER || --lists->refs[index])
		return;
	if (lists->list[index].nb_members > 1)
		remember(lists, index);
	else
		retire(lists, index);
}

uint32_t path_lists_used(const struct path_lists *lists)
{
	return lists->indexes.used - lists->nb_idle;
}
