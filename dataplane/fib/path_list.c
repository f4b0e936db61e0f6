/* See path_list.h. */
#include "path_list.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <rte_jhash.h>

#include "fib_lookup.h"

enum {
	CHAINS = FIB_PATH_LISTS,
	REFS_FOREVER = UINT32_MAX,
	/* no list is protected while so many are in use */
	PROTECTED_MAX = FIB_PATH_LISTS / 2,
};

_Static_assert((CHAINS & (CHAINS - 1)) == 0, "masked");
_Static_assert((PATH_LISTS_IDLE & (PATH_LISTS_IDLE - 1)) == 0, "masked");

static uint32_t *set_chain(const struct path_lists *lists, const uint16_t *members, uint16_t n)
{
	uint32_t hash = n;

	for (uint16_t i = 0; i < n; i++)
		hash = rte_jhash_1word(members[i], hash);
	return &lists->chain[hash % CHAINS];
}

static uint32_t *pair_chain(const struct path_lists *lists, uint32_t plain, uint32_t backup)
{
	return &lists->chain[rte_jhash_2words(plain, backup, 0) % CHAINS];
}

static uint32_t *chain_of(const struct path_lists *lists, uint32_t index)
{
	const struct path_list *list = &lists->list[index];

	return list->backup == PATH_LIST_NONE
		       ? set_chain(lists, list->member, list->nb_members)
		       : pair_chain(lists, lists->plain[index], list->backup);
}

static void chain_add(struct path_lists *lists, uint32_t index)
{
	uint32_t *chain = chain_of(lists, index);

	lists->list[index].held = 1;
	lists->next[index] = *chain;
	*chain = index;
}

static void chain_remove(struct path_lists *lists, uint32_t index)
{
	uint32_t *at = chain_of(lists, index);

	lists->list[index].held = 0;
	while (*at != index)
		at = &lists->next[*at];
	*at = lists->next[index];
}

static uint32_t set_find(const struct path_lists *lists, const uint16_t *members, uint16_t n)
{
	uint32_t index = *set_chain(lists, members, n);

	while (index != PATH_LIST_NONE) {
		const struct path_list *list = &lists->list[index];

		if (list->backup == PATH_LIST_NONE && list->nb_members == n &&
		    !memcmp(list->member, members, n * sizeof(*members)))
			break;
		index = lists->next[index];
	}
	return index;
}

static uint32_t pair_find(const struct path_lists *lists, uint32_t plain, uint32_t backup)
{
	uint32_t index = *pair_chain(lists, plain, backup);

	while (index != PATH_LIST_NONE &&
	       (lists->list[index].backup != backup || lists->plain[index] != plain))
		index = lists->next[index];
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
		.plain = calloc(FIB_PATH_LISTS, sizeof(*lists->plain)),
		.queued = calloc(FIB_PATH_LISTS, sizeof(*lists->queued)),
	};
	if (!lists->refs || !lists->next || !lists->chain || !lists->plain || !lists->queued ||
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
	free(lists->plain);
	free(lists->queued);
	lists->refs = lists->next = lists->chain = lists->plain = NULL;
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

/* Buckets being dealt: each member's share is 64 / n of them, and for as many as the division
 * leaves over one more. */
struct deal {
	struct path_list *list;
	uint8_t share, over;
	uint8_t nb_buckets[PATH_LIST_MEMBERS];
	bool dealt[PATH_LIST_BUCKETS];
};

/* Give the bucket to a member that has room in its share. */
static void deal_to(struct deal *deal, uint32_t bucket, int member)
{
	if (member < 0 || deal->nb_buckets[member] > deal->share ||
	    (deal->nb_buckets[member] == deal->share && !deal->over))
		return;
	if (deal->nb_buckets[member]++ == deal->share)
		deal->over--;
	deal->list->bucket[bucket] = (uint8_t)member;
	deal->dealt[bucket] = true;
}

/* The place in `members` of what flows of the bucket take in `like`: its own member or, if `lost`,
 * the next one that is in both, as in fib_repair(). -1: there is none. */
static int taker(const struct path_list *like, uint32_t bucket, const uint16_t *members, uint16_t n,
		 bool lost)
{
	int place = member_find(members, n, like->member[like->bucket[bucket]]);

	if (lost == (place >= 0))
		return -1;
	for (uint32_t i = 1; lost && place < 0 && i < PATH_LIST_BUCKETS; i++)
		place = member_find(members, n,
				    like->member[like->bucket[path_list_step(bucket, i)]]);
	return place;
}

void path_list_fill(struct path_list *list, const uint16_t *members, uint16_t n,
		    const struct path_list *like)
{
	struct deal deal = { .list = list,
			     .share = PATH_LIST_BUCKETS / n,
			     .over = PATH_LIST_BUCKETS % n };

	memset(list, 0, sizeof(*list));
	list->nb_members = n;
	memcpy(list->member, members, n * sizeof(*members));
	for (int lost = 0; like && like->nb_members && lost < 2; lost++)
		for (uint32_t b = 0; b < PATH_LIST_BUCKETS; b++)
			if (!deal.dealt[b])
				deal_to(&deal, b, taker(like, b, members, n, lost));
	for (uint32_t b = 0; b < PATH_LIST_BUCKETS; b++) {
		if (deal.dealt[b])
			continue;
		list->bucket[b] = least_served(deal.nb_buckets, n);
		deal.nb_buckets[list->bucket[b]]++;
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

static void hold(struct path_lists *lists, uint32_t index)
{
	if (lists->refs[index] != REFS_FOREVER)
		lists->refs[index]++;
}

static void retire(struct path_lists *lists, uint32_t index)
{
	chain_remove(lists, index);
	rcu_pool_retire(&lists->indexes, index);
}

/* Forget the list that has been idle for longest, unless it is in use again. False: none is
 * remembered. */
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
	found = set_find(lists, set, n);
	if (found == PATH_LIST_NONE) {
		if (take(lists, &found))
			return -ENOSPC;
		if (n > 1 && lists->predecessor &&
		    predecessor_find(lists->predecessor, set, n, &before))
			path_list_fill(&lists->list[found], set, n, &before);
		else
			path_list_fill(&lists->list[found], set, n, &lists->list[like]);
		chain_add(lists, found);
	} else if (!lists->refs[found]) {
		lists->nb_idle--;
	}
	hold(lists, found);
	*index = found;
	return 0;
}

static bool is_plain(const struct path_lists *lists, uint32_t index)
{
	return index != PATH_LIST_NONE && index < FIB_PATH_LISTS && lists->refs[index] &&
	       lists->list[index].backup == PATH_LIST_NONE;
}

int path_list_protect(struct path_lists *lists, uint32_t plain, uint32_t backup, uint32_t *index)
{
	uint32_t found;

	if (!is_plain(lists, plain) || !is_plain(lists, backup) || plain == backup)
		return -EINVAL;
	found = pair_find(lists, plain, backup);
	if (found == PATH_LIST_NONE) {
		if (path_lists_used(lists) >= PROTECTED_MAX || take(lists, &found))
			return -ENOSPC;
		lists->list[found] = lists->list[plain];
		lists->list[found].backup = backup;
		lists->plain[found] = plain;
		chain_add(lists, found);
		hold(lists, plain);
		hold(lists, backup);
	}
	lists->refs[found]++;
	*index = found;
	return 0;
}

void path_list_put(struct path_lists *lists, uint32_t index)
{
	const struct path_list *list = &lists->list[index];

	assert(index < FIB_PATH_LISTS && lists->refs[index]);
	if (lists->refs[index] == REFS_FOREVER || --lists->refs[index])
		return;
	if (list->backup != PATH_LIST_NONE) {
		retire(lists, index);
		path_list_put(lists, lists->plain[index]);
		path_list_put(lists, list->backup);
	} else if (list->nb_members > 1) {
		remember(lists, index);
	} else {
		retire(lists, index);
	}
}

uint32_t path_lists_used(const struct path_lists *lists)
{
	return lists->indexes.used - lists->nb_idle;
}
