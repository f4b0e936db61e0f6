/* See lpm4.h. */
#include "lpm4.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The layout that we write and librte_lpm reads. What the compiler cannot see, lpm4_self_test()
 * checks. */
_Static_assert(sizeof(struct rte_lpm_tbl_entry) == sizeof(uint32_t), "an entry is one store");
_Static_assert(offsetof(struct rte_lpm, tbl24) == 0, "tbl24 comes first");
_Static_assert(sizeof(((struct rte_lpm *)0)->tbl24) == sizeof(uint32_t) << 24, "an entry a /24");
_Static_assert(offsetof(struct rte_lpm, tbl8) == sizeof(uint32_t) << 24, "tbl8 follows tbl24");
_Static_assert(RTE_LPM_LOOKUP_SUCCESS == 1 << 24, "the valid bit follows the value");
_Static_assert(RTE_LPM_VALID_EXT_ENTRY_BITMASK == 3 << 24, "the group bit follows the valid bit");
_Static_assert(RTE_LPM_TBL8_GROUP_NUM_ENTRIES == 256, "a group is a /24");
_Static_assert(RTE_BYTE_ORDER == RTE_LITTLE_ENDIAN,
	       "bit fields run from the least significant bit");

enum {
	ENTRY_NONE = 0, /* no rule: length 0, which any rule outdoes */
	ENTRY_VALUE = 0xffffff,
	ENTRY_VALID = 1 << 24,
	ENTRY_GROUP = 1 << 25,
	ENTRY_LEN_SHIFT = 26,
	GROUP = RTE_LPM_TBL8_GROUP_NUM_ENTRIES,
};

static uint32_t entry_make(uint32_t value, uint8_t len)
{
	return value | ENTRY_VALID | (uint32_t)len << ENTRY_LEN_SHIFT;
}

static uint8_t entry_len(uint32_t entry)
{
	return entry >> ENTRY_LEN_SHIFT;
}

/* Release: what the value names is complete before a reader can find it. */
static void entry_store(uint32_t *at, uint32_t entry)
{
	__atomic_store_n(at, entry, __ATOMIC_RELEASE);
}

static uint32_t len_mask(uint8_t len)
{
	return len ? ~UINT32_C(0) << (32 - len) : 0;
}

static uint32_t *group_at(const struct lpm4 *t, uint32_t entry24)
{
	return &t->tbl8[(entry24 & ENTRY_VALUE) * GROUP];
}

int lpm4_init(struct lpm4 *t, struct rte_lpm *lpm, uint32_t groups, struct rte_rcu_qsbr *qsbr)
{
	*t = (struct lpm4){ .tbl24 = (uint32_t *)lpm->tbl24, .tbl8 = (uint32_t *)lpm->tbl8 };
	t->long_rules = calloc(groups, sizeof(*t->long_rules));
	if (!t->long_rules || rcu_pool_init(&t->groups, qsbr, 0, groups) || rules_init(&t->kept)) {
		lpm4_fini(t);
		return -ENOMEM;
	}
	memset(lpm->tbl24, 0, sizeof(lpm->tbl24));
	return 0;
}

void lpm4_fini(struct lpm4 *t)
{
	rules_fini(&t->kept);
	rcu_pool_fini(&t->groups);
	free(t->long_rules);
	t->long_rules = NULL;
}

/* What a reader finds for one address. */
static uint32_t entry_lookup(const struct lpm4 *t, uint32_t addr)
{
	uint32_t entry = t->tbl24[addr >> 8];

	return entry & ENTRY_GROUP ? group_at(t, entry)[addr % GROUP] : entry;
}

/* Give `entry` to those of `n` entries that serve a rule of length `len` or shorter. */
static void span_write(uint32_t *at, uint32_t n, uint8_t len, uint32_t entry)
{
	for (uint32_t i = 0; i < n; i++)
		if (entry_len(at[i]) <= len)
			entry_store(&at[i], entry);
}

/* The same for a whole /24. Returns how many entries that were. */
static uint32_t slash24_write(struct lpm4 *t, uint32_t *at, uint8_t len, uint32_t entry)
{
	if (*at & ENTRY_GROUP) {
		span_write(group_at(t, *at), GROUP, len, entry);
		return GROUP;
	}
	if (entry_len(*at) <= len)
		entry_store(at, entry);
	return 1;
}

bool lpm4_step(struct lpm4 *t, uint32_t max)
{
	struct lpm4_work *work = &t->work;

	for (uint32_t done = 0; work->at < work->end && done < max; work->at++)
		done += slash24_write(t, work->at, work->len, work->entry);
	return work->at == work->end;
}

/* The same for all of addr/len, or for as much of it as may be written at once. If that is longer
 * than /24, its group exists. */
static void prefix_write(struct lpm4 *t, uint32_t addr, uint8_t len, uint32_t entry)
{
	uint32_t *at = &t->tbl24[addr >> 8];

	if (len > 24) {
		span_write(group_at(t, *at) + addr % GROUP, UINT32_C(1) << (32 - len), len, entry);
		return;
	}

	uint32_t *end = at + (UINT32_C(1) << (24 - len));

	if (len < LPM4_WIDE) {
		assert(t->work.at == t->work.end);
		t->work = (struct lpm4_work){ at, end, addr, entry, len };
		return;
	}
	for (; at < end; at++)
		slash24_write(t, at, len, entry);
}

/* Put a group under the /24 of `addr`, each entry saying what the /24's said, if there is none
 * yet. */
static int group_open(struct lpm4 *t, uint32_t addr)
{
	uint32_t *at = &t->tbl24[addr >> 8], group;

	if (*at & ENTRY_GROUP)
		return 0;
	if (rcu_pool_take(&t->groups, &group))
		return -ENOSPC;
	for (uint32_t i = 0; i < GROUP; i++)
		t->tbl8[group * GROUP + i] = *at;
	entry_store(at, group | ENTRY_VALID | ENTRY_GROUP);
	return 0;
}

/* The last long rule is gone: all entries of the group agree, so the /24 can say it. */
static void group_close(struct lpm4 *t, uint32_t addr)
{
	uint32_t *at = &t->tbl24[addr >> 8];
	uint32_t group = *at & ENTRY_VALUE;

	entry_store(at, t->tbl8[group * GROUP]);
	rcu_pool_retire(&t->groups, group);
}

static uint16_t *long_rules(struct lpm4 *t, uint32_t addr)
{
	return &t->long_rules[t->tbl24[addr >> 8] & ENTRY_VALUE];
}

/* --- rules ------------------------------------------------------------------------------------ */

static void count(struct lpm4 *t, uint8_t len, int by)
{
	t->nb_rules += (uint32_t)by;
	t->of_len[len] += (uint32_t)by;
}

/* Is the rule that the entry found at `addr` serves said by that entry alone? */
static bool shown_at(uint32_t entry, uint32_t addr)
{
	uint8_t len = entry_len(entry);

	return len >= LPM4_WIDE && (addr & len_mask(len)) == addr;
}

/* The value of exactly this rule. False: there is none. */
static bool rule_find(const struct lpm4 *t, uint32_t addr, uint8_t len, uint32_t *value)
{
	const uint64_t *kept;

	if (!t->of_len[len])
		return false;
	if (len >= LPM4_WIDE) {
		uint32_t entry = entry_lookup(t, addr);

		*value = entry & ENTRY_VALUE;
		if (entry_len(entry) <= len)
			return entry_len(entry) == len;
	}
	kept = rules_find(&t->kept, addr, len);
	if (kept)
		*value = rule_value(*kept);
	return kept;
}

/* What has to be written beside the tables when a rule is set. */
struct keeping {
	uint64_t *slot; /* NULL: nothing */
	uint8_t len; /* of the rule that is written there: the one that is set, or hidden by it */
	bool is_new; /* there is no rule yet that is set: nor is there one in the slot */
};

/* Find the slot; nothing changes yet. -ENOMEM. */
static int keeping_reserve(struct lpm4 *t, uint32_t addr, uint8_t len, struct keeping *keeping)
{
	uint32_t entry = entry_lookup(t, addr);

	*keeping = (struct keeping){ .len = len };
	if (len >= LPM4_WIDE && entry_len(entry) <= len) { /* it shows at its first address */
		keeping->is_new = entry_len(entry) != len;
		if (!keeping->is_new || !shown_at(entry, addr))
			return 0;
		keeping->len = entry_len(entry);
	} else {
		keeping->slot = rules_find(&t->kept, addr, len);
		keeping->is_new = !keeping->slot;
	}
	if (!keeping->slot)
		keeping->slot = rules_reserve(&t->kept, addr, keeping->len);
	return keeping->slot ? 0 : -ENOMEM;
}

/* `value`: of the rule that is set. */
static void keeping_write(struct lpm4 *t, uint32_t addr, uint8_t len, uint32_t value,
			  const struct keeping *keeping)
{
	if (keeping->is_new)
		count(t, len, 1);
	if (!keeping->slot)
		return;
	if (keeping->len != len)
		value = entry_lookup(t, addr) & ENTRY_VALUE;
	if (keeping->is_new)
		rules_put(&t->kept, keeping->slot, addr, keeping->len, value);
	else
		*keeping->slot = rule_with(*keeping->slot, value);
}

int lpm4_set_begin(struct lpm4 *t, uint32_t addr, uint8_t len, uint32_t value)
{
	struct keeping keeping;

	assert(len >= 1 && len <= 32 && !(addr & ~len_mask(len)) && value <= ENTRY_VALUE);
	if (keeping_reserve(t, addr, len, &keeping))
		return -ENOMEM;
	if (len > 24 && group_open(t, addr))
		return -ENOSPC;
	if (len > 24 && keeping.is_new)
		++*long_rules(t, addr);
	keeping_write(t, addr, len, value, &keeping);
	prefix_write(t, addr, len, entry_make(value, len));
	return 0;
}

/* The entry of the longest rule that covers addr/len and is shorter. Before the rule store is asked
 * for length d, look next door, at an address that shares just the first d bits: a rule of length d
 * or less that it uses covers us as well, and any longer one of ours would have been found already.
 * Next door is mostly in the same cache line. */
static uint32_t cover_found(const struct lpm4 *t, uint32_t addr, uint8_t len)
{
	for (uint8_t d = len - 1; d > 0; d--) {
		uint32_t next_door = entry_lookup(t, addr ^ UINT32_C(1) << (31 - d)), value;

		if (entry_len(next_door) <= d)
			return next_door;
		if (rule_find(t, addr & len_mask(d), d, &value))
			return entry_make(value, d);
	}
	return ENTRY_NONE;
}

/* Entries that a wide prefix being written has not reached yet still say what was there before it:
 * its own value if it is being deleted, or that of a rule shorter than it. Where it covers us, and
 * no longer rule does, what it writes is right. */
static uint32_t cover(const struct lpm4 *t, uint32_t addr, uint8_t len)
{
	const struct lpm4_work *work = &t->work;
	uint32_t entry = cover_found(t, addr, len);
	bool unsure = work->at != work->end && work->len < len &&
		      (addr & len_mask(work->len)) == work->addr && entry_len(entry) <= work->len;

	return unsure ? work->entry : entry;
}

int lpm4_del_begin(struct lpm4 *t, uint32_t addr, uint8_t len)
{
	uint32_t entry, under, value;

	if (!rule_find(t, addr, len, &value))
		return -ENOENT;
	entry = entry_lookup(t, addr);
	under = cover(t, addr, len);
	if (len >= LPM4_WIDE && entry_len(entry) == len) {
		if (shown_at(under, addr)) /* it shows again */
			rules_remove(&t->kept, rules_find(&t->kept, addr, entry_len(under)));
	} else {
		rules_remove(&t->kept, rules_find(&t->kept, addr, len));
	}
	count(t, len, -1);
	prefix_write(t, addr, len, under);
	if (len > 24 && --*long_rules(t, addr) == 0)
		group_close(t, addr);
	return 0;
}

/* After a change of a prefix of this length: one that is not wide leaves a wide one under way
 * alone. */
static int work_finish(struct lpm4 *t, uint8_t len, int err)
{
	while (len < LPM4_WIDE && !lpm4_step(t, UINT32_MAX))
		;
	return err;
}

int lpm4_set(struct lpm4 *t, uint32_t addr, uint8_t len, uint32_t value)
{
	return work_finish(t, len, lpm4_set_begin(t, addr, len, value));
}

int lpm4_del(struct lpm4 *t, uint32_t addr, uint8_t len)
{
	return work_finish(t, len, lpm4_del_begin(t, addr, len));
}

void lpm4_fetch(const struct lpm4 *t, uint32_t addr, uint8_t len)
{
	__builtin_prefetch(&t->tbl24[addr >> 8], 1);
	if (len < LPM4_WIDE)
		rules_fetch(&t->kept, addr, len);
}

int lpm4_get(const struct lpm4 *t, uint32_t addr, uint8_t len, uint32_t *value)
{
	uint32_t found;

	if (!rule_find(t, addr, len, &found))
		return -ENOENT;
	*value = found;
	return 0;
}
