/* The table of IPv6: a multibit trie that forwarding lcores of the one process read while its only
 * writer, in another process, changes it.
 *
 *   root   ── [first 16 bits]: a value, or a group if a rule below is longer (shared)
 *   groups ── [group][next 4 bits]: likewise, one cache line each (shared)
 *   nodes  ── of each group, the rules that lie in it and the one that covers it (writer's heap)
 *
 * Each entry carries the length of the rule that it serves, so a rule overwrites exactly the
 * entries of shorter ones; what a reader finds at the end of its way is the answer, and no value on
 * the way matters. Entries change by single aligned 32-bit stores: a reader finds the old value or
 * the new one. Groups are filled before an entry points there, and reused a grace period after the
 * last one stopped. The shared memory holds no pointer.
 *
 * Why 4 bits: 160,147 real prefixes are 6.6 MB that way, 39 MB by steps of 8 bits (which look up a
 * fifth faster by gathers) and 106 MB with a first step of 24; a host route is 28 cache lines, not
 * 14 groups of 1 KB; and a rule is written to 16 entries or fewer. One thread. */
#ifndef BASCULE_TRIE6_H
#define BASCULE_TRIE6_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_common.h>

#include "fib_prefix.h"
#include "range.h"
#include "rcu.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	TRIE6_LEN = 128,
	TRIE6_ROOT_BITS = 16,
	TRIE6_ROOT = 1 << TRIE6_ROOT_BITS,
	TRIE6_STEP = 4, /* bits of the address that a group tells apart */
	TRIE6_GROUP = 1 << TRIE6_STEP,
	TRIE6_DEPTH = (TRIE6_LEN - TRIE6_ROOT_BITS) / TRIE6_STEP, /* groups on the longest way */

	/* an entry: a value or a group, which of the two, and the rule's length; 0: no rule */
	TRIE6_VALUE = 0x7fffff,
	TRIE6_IS_GROUP = 1 << 23,
	TRIE6_LEN_SHIFT = 24,

	TRIE6_GROUPS_MAX = 1 << 22,

	/* a prefix shorter than that is wide: more may lie below it than ought to be written at
	 * once. The most below one that is not, of the real table, is 27,000 entries */
	TRIE6_WIDE = 24,
};

/* What both processes see. */
struct __rte_cache_aligned trie6_shared {
	uint32_t root[TRIE6_ROOT];
	uint32_t groups[][TRIE6_GROUP];
};

/* Octets of a table with so many groups. */
static inline size_t trie6_shared_size(uint32_t groups)
{
	return sizeof(struct trie6_shared) + (size_t)groups * sizeof(uint32_t[TRIE6_GROUP]);
}

/* The rules in a group: [1 << n | the next n bits] is the entry of the rule that is n bits longer
 * than the way to the group, 0 if there is none. */
enum {
	TRIE6_USERS = 0, /* not a rule: how many rules and groups keep this one */
	TRIE6_COVER = 1, /* the entry of the longest rule that covers all of the group */
	TRIE6_NODE = 2 * TRIE6_GROUP,
};

/* A prefix that is being written to what lies below it: a way down, of which each step still has
 * [at, end) to do. All of a step is of one group, or of the root. */
struct trie6_work {
	uint32_t entry;
	uint8_t len;   /* entries that serve a longer rule stay */
	uint8_t depth; /* 0: nothing is left */
	struct {
		uint32_t *at, *end;
	} step[TRIE6_DEPTH + 1];
};

struct trie6 {
	struct trie6_shared *shared; /* borrowed */
	struct rcu_pool groups;
	struct range memory;	       /* owned: of the next two, in huge pages */
	uint32_t (*nodes)[TRIE6_NODE]; /* [group] */
	uint32_t *root_rules;	       /* the same for the root, of 2 * TRIE6_ROOT */
	uint32_t nb_rules;
	struct trie6_work work;
};

/* Empty the table and take charge of it; no reader may be inside. `groups` is a power of two, at
 * most TRIE6_GROUPS_MAX. Clears the root, 256 KB. -ENOMEM. */
int trie6_init(struct trie6 *t, struct trie6_shared *shared, uint32_t groups,
	       struct rte_rcu_qsbr *qsbr);
/* Forget the rules; the table stays as it is. */
void trie6_fini(struct trie6 *t);

/* Bind addr/len, 1 <= len <= 128 and no host bits, to a value of 23 bits. -ENOSPC: fewer groups are
 * free than it needs, at most TRIE6_DEPTH. Then nothing has changed. */
int trie6_set(struct trie6 *t, const struct fib_addr *addr, uint8_t len, uint32_t value);
/* Unbind it; the next shorter rule shows again. -ENOENT. */
int trie6_del(struct trie6 *t, const struct fib_addr *addr, uint8_t len);
/* The same, but if much lies below a wide prefix, some of it is left to trie6_step(), and until
 * that is through a reader finds the new value or what it found before, and no other wide prefix
 * may be changed. Others may. */
int trie6_set_begin(struct trie6 *t, const struct fib_addr *addr, uint8_t len, uint32_t value);
int trie6_del_begin(struct trie6 *t, const struct fib_addr *addr, uint8_t len);
/* Write at most `max` entries of it. True: all are written. */
bool trie6_step(struct trie6 *t, uint32_t max);

/* What trie6_set() last bound to exactly this prefix. -ENOENT. */
int trie6_get(const struct trie6 *t, const struct fib_addr *addr, uint8_t len, uint32_t *value);

/* What these look at first comes into the cache meanwhile. */
void trie6_fetch(const struct trie6 *t, const struct fib_addr *addr, uint8_t len);

#ifdef __cplusplus
}
#endif
#endif
