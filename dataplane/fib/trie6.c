/* See trie6.h. A node of the trie is the root or a group: its entries, which are shared, and its
 * rules, which are ours, in the shape of a binary heap: the rule one bit shorter than [i] is
 * [i / 2]. */
#include "trie6.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum { AT_ONCE = 4096 }; /* entries that a change writes before it leaves the rest to steps */

/* A place in the trie, and the entries by which it was reached. */
struct place {
	uint32_t *entries, *rules;
	uint8_t from, bits; /* it tells apart bits from..from + bits - 1 of the address */
	uint8_t depth;	    /* groups on the way */
	uint32_t *way[TRIE6_DEPTH];
};

/* The slot of a prefix that belongs in a place. */
struct slot {
	uint32_t *rule;
	uint32_t *at, *end; /* the entries that it covers */
};

static uint32_t entry_make(uint32_t value, uint8_t len)
{
	return value | (uint32_t)len << TRIE6_LEN_SHIFT;
}

static uint8_t entry_len(uint32_t entry)
{
	return (uint8_t)(entry >> TRIE6_LEN_SHIFT);
}

static bool is_group(uint32_t entry)
{
	return entry & TRIE6_IS_GROUP;
}

static uint32_t group_of(uint32_t entry)
{
	return entry & TRIE6_VALUE;
}

/* Release: what the value or the group names is complete before a reader can find it. */
static void entry_store(uint32_t *at, uint32_t entry)
{
	__atomic_store_n(at, entry, __ATOMIC_RELEASE);
}

/* Bits from..from + n - 1 of an address, 1 <= n <= 16, all in one word. */
static uint32_t addr_bits(const struct fib_addr *addr, uint8_t from, uint8_t n)
{
	return addr->word[from / 32] << from % 32 >> (32 - n);
}

static bool prefix_valid(const struct fib_addr *addr, uint8_t len)
{
	for (uint8_t w = 0; w < 4; w++) {
		uint8_t used = len > 32 * w ? len - 32 * w : 0;

		if (used < 32 && addr->word[w] << used)
			return false;
	}
	return len >= 1 && len <= TRIE6_LEN;
}

int trie6_init(struct trie6 *t, struct trie6_shared *shared, uint32_t groups,
	       struct rte_rcu_qsbr *qsbr)
{
	size_t root = 2 * sizeof(shared->root), nodes = groups * sizeof(*t->nodes);

	assert(rte_is_power_of_2(groups) && groups <= TRIE6_GROUPS_MAX);
	*t = (struct trie6){ .shared = shared };
	if (range_init(&t->memory, root + nodes) || range_open(&t->memory, root + nodes) ||
	    rcu_pool_init(&t->groups, qsbr, 0, groups)) {
		trie6_fini(t);
		return -ENOMEM;
	}
	t->root_rules = (uint32_t *)t->memory.base;
	t->nodes = (uint32_t(*)[TRIE6_NODE])(t->memory.base + root);
	memset(shared->root, 0, sizeof(shared->root));
	return 0;
}

void trie6_fini(struct trie6 *t)
{
	rcu_pool_fini(&t->groups);
	range_fini(&t->memory);
}

/* Not the way, which nobody reads past its depth. */
static void place_root(const struct trie6 *t, struct place *p)
{
	p->entries = t->shared->root;
	p->rules = t->root_rules;
	p->from = 0;
	p->bits = TRIE6_ROOT_BITS;
	p->depth = 0;
}

static uint32_t *place_entry(const struct place *p, const struct fib_addr *addr)
{
	return &p->entries[addr_bits(addr, p->from, p->bits)];
}

/* Go on to the group that an entry of this place names. */
static void place_down(const struct trie6 *t, struct place *p, uint32_t *at)
{
	uint32_t group = group_of(*at);

	p->way[p->depth++] = at;
	p->from += p->bits;
	p->bits = TRIE6_STEP;
	p->entries = t->shared->groups[group];
	p->rules = t->nodes[group];
}

/* Does a prefix of this length belong here, or further down? */
static bool place_is_of(const struct place *p, uint8_t len)
{
	return len <= p->from + p->bits;
}

/* As far down towards the place of addr/len as there are groups. */
static void place_find(const struct trie6 *t, const struct fib_addr *addr, uint8_t len,
		       struct place *p)
{
	place_root(t, p);
	while (!place_is_of(p, len)) {
		uint32_t *at = place_entry(p, addr);

		if (!is_group(*at))
			break;
		place_down(t, p, at);
	}
}

static struct slot place_slot(const struct place *p, const struct fib_addr *addr, uint8_t len)
{
	uint8_t n = len - p->from, rest = p->bits - n;
	uint32_t bits = addr_bits(addr, p->from, n);
	uint32_t *at = &p->entries[bits << rest];

	return (struct slot){ &p->rules[UINT32_C(1) << n | bits], at, at + (1 << rest) };
}

/* The entry of the longest rule that covers this one and is shorter. */
static uint32_t slot_cover(const struct place *p, const struct slot *slot)
{
	size_t i = (size_t)(slot->rule - p->rules) / 2;

	while (i > TRIE6_COVER && !p->rules[i])
		i /= 2;
	return p->rules[i];
}

/* Put a group where there is none yet, each entry saying what the one above said. The pool has
 * one. */
static void group_open(struct trie6 *t, struct place *p, uint32_t *at)
{
	uint32_t group = 0, cover = *at;
	int err = rcu_pool_take(&t->groups, &group);

	assert(!err);
	(void)err;
	p->rules[TRIE6_USERS]++;
	memset(t->nodes[group], 0, sizeof(t->nodes[group]));
	t->nodes[group][TRIE6_COVER] = cover;
	for (int i = 0; i < TRIE6_GROUP; i++)
		t->shared->groups[group][i] = cover;
	entry_store(at, group | TRIE6_IS_GROUP);
	place_down(t, p, at);
}

/* What is still to be written in a group that is closed is not to be written any more, nor what is
 * below it, where nothing is. */
static void work_leave(struct trie6 *t, uint32_t group)
{
	const uint32_t *first = t->shared->groups[group];

	for (uint8_t depth = 0; depth < t->work.depth; depth++) {
		const uint32_t *last = t->work.step[depth].end - 1;

		if (last >= first && last < first + TRIE6_GROUP)
			t->work.depth = depth;
	}
}

/* Of this place and those above, close the groups that nothing keeps any more: all entries of such
 * a group say what covers it, or will, so the one above can say it. */
static void groups_close(struct trie6 *t, struct place *p)
{
	uint32_t *rules = p->rules;

	for (uint8_t depth = p->depth; depth && !rules[TRIE6_USERS]; depth--) {
		uint32_t *at = p->way[depth - 1], group = group_of(*at);

		entry_store(at, rules[TRIE6_COVER]);
		work_leave(t, group);
		rcu_pool_retire(&t->groups, group);
		rules = depth > 1 ? t->nodes[group_of(*p->way[depth - 2])] : t->root_rules;
		rules[TRIE6_USERS]--;
	}
}

static bool work_step(struct trie6 *t, struct trie6_work *work, uint32_t max)
{
	for (uint32_t done = 0; work->depth && done < max;) {
		uint32_t **next = &work->step[work->depth - 1].at;
		uint32_t *at = *next, *rules, *below;

		if (at == work->step[work->depth - 1].end) {
			work->depth--;
			continue;
		}
		++*next;
		done++;
		if (!is_group(*at)) {
			if (entry_len(*at) <= work->len)
				entry_store(at, work->entry);
			continue;
		}
		rules = t->nodes[group_of(*at)];
		if (entry_len(rules[TRIE6_COVER]) > work->len)
			continue; /* a longer rule covers all that is in there */
		rules[TRIE6_COVER] = work->entry;
		below = t->shared->groups[group_of(*at)];
		work->step[work->depth].at = below;
		work->step[work->depth++].end = below + TRIE6_GROUP;
	}
	return !work->depth;
}

bool trie6_step(struct trie6 *t, uint32_t max)
{
	return work_step(t, &t->work, max);
}

/* Give `entry` to all that serves a rule of length `len` or shorter below a slot; of a wide prefix
 * to as much of it as may be written at once. */
static void slot_write(struct trie6 *t, const struct slot *slot, uint8_t len, uint32_t entry)
{
	struct trie6_work at_once, *work = len < TRIE6_WIDE ? &t->work : &at_once;

	work->entry = entry;
	work->len = len;
	work->depth = 1;
	work->step[0].at = slot->at;
	work->step[0].end = slot->end;
	work_step(t, work, len < TRIE6_WIDE ? (uint32_t)AT_ONCE : UINT32_MAX);
}

/* Are so many groups free, or can be? */
static bool groups_free(struct trie6 *t, uint32_t n)
{
	if (rcu_pool_left(&t->groups) < n)
		rcu_pool_reclaim(&t->groups);
	return rcu_pool_left(&t->groups) >= n;
}

int trie6_set_begin(struct trie6 *t, const struct fib_addr *addr, uint8_t len, uint32_t value)
{
	struct place p;
	struct slot slot;

	assert(prefix_valid(addr, len) && value <= TRIE6_VALUE);
	assert(len >= TRIE6_WIDE || !t->work.depth);
	place_find(t, addr, len, &p);
	if (!place_is_of(&p, len) &&
	    !groups_free(t, (len - (p.from + p.bits) + TRIE6_STEP - 1u) / TRIE6_STEP))
		return -ENOSPC;
	while (!place_is_of(&p, len))
		group_open(t, &p, place_entry(&p, addr));
	slot = place_slot(&p, addr, len);
	if (!*slot.rule) {
		t->nb_rules++;
		p.rules[TRIE6_USERS]++;
	}
	*slot.rule = entry_make(value, len);
	slot_write(t, &slot, len, *slot.rule);
	return 0;
}

/* The rule of exactly this prefix, or NULL. */
static uint32_t *rule_find(const struct place *p, const struct fib_addr *addr, uint8_t len)
{
	uint32_t *rule = place_is_of(p, len) ? place_slot(p, addr, len).rule : NULL;

	return rule && *rule ? rule : NULL;
}

int trie6_del_begin(struct trie6 *t, const struct fib_addr *addr, uint8_t len)
{
	struct place p;
	struct slot slot;

	assert(prefix_valid(addr, len) && (len >= TRIE6_WIDE || !t->work.depth));
	place_find(t, addr, len, &p);
	if (!rule_find(&p, addr, len))
		return -ENOENT;
	slot = place_slot(&p, addr, len);
	*slot.rule = 0;
	t->nb_rules--;
	slot_write(t, &slot, len, slot_cover(&p, &slot));
	p.rules[TRIE6_USERS]--;
	groups_close(t, &p);
	return 0;
}

/* After a change of a prefix of this length: one that is not wide leaves a wide one under way
 * alone. */
static int work_finish(struct trie6 *t, uint8_t len, int err)
{
	while (len < TRIE6_WIDE && !trie6_step(t, UINT32_MAX))
		;
	return err;
}

int trie6_set(struct trie6 *t, const struct fib_addr *addr, uint8_t len, uint32_t value)
{
	return work_finish(t, len, trie6_set_begin(t, addr, len, value));
}

int trie6_del(struct trie6 *t, const struct fib_addr *addr, uint8_t len)
{
	return work_finish(t, len, trie6_del_begin(t, addr, len));
}

int trie6_get(const struct trie6 *t, const struct fib_addr *addr, uint8_t len, uint32_t *value)
{
	const uint32_t *rule;
	struct place p;

	place_find(t, addr, len, &p);
	rule = rule_find(&p, addr, len);
	if (!rule)
		return -ENOENT;
	*value = *rule & TRIE6_VALUE;
	return 0;
}

void trie6_fetch(const struct trie6 *t, const struct fib_addr *addr, uint8_t len)
{
	(void)len;
	__builtin_prefetch(&t->shared->root[addr_bits(addr, 0, TRIE6_ROOT_BITS)], 1);
}
