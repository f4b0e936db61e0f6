/* Our writer for a librte_lpm table. Readers look up as librte_lpm's inline functions do
 * (fib_lookup_burst()); rte_lpm_add() and rte_lpm_delete() are never called on a table that has an
 * lpm4, for they scan all rules of a length at each change.
 *
 *   kept  ── rules that the tables do not say, exact (writer's heap)
 *   tbl24 ── [address >> 8]: a value, or a tbl8 group if a rule inside is longer than /24 (shared)
 *   tbl8  ── [group × 256 + last octet]: a value (shared)
 *
 * Each entry carries the length of the rule that it serves, so a rule overwrites exactly the
 * entries of shorter ones, and the entry at its first address says what the rule is, unless it
 * serves a longer one, or a wide prefix (LPM4_WIDE) has still to be written there. Rules hidden so,
 * and all wide ones, are kept beside the tables, and no others: of a real table one in fourteen.
 * For the rest a writer looks nowhere but where it writes.
 *
 * Entries change by single aligned 32-bit stores: a reader finds the old value or the new one.
 * Groups are filled before their tbl24 entry points there and reused a grace period after it stops.
 * One thread. */
#ifndef BASCULE_LPM4_H
#define BASCULE_LPM4_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_lpm.h>

#include "rcu.h"
#include "rules.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	LPM4_TEST_GROUPS = 8,
	LPM4_WIDE =
		/* a prefix shorter than that is wide: it covers more entries than ought to be
		 * written at once */
	16,
};

/* A wide prefix that is being written: [at, end) is still to be done. */
struct lpm4_work {
	uint32_t *at, *end; /* of tbl24; equal: there is none */
	uint32_t addr, entry;
	uint8_t len;
};

struct lpm4 {
	uint32_t *tbl24, *tbl8; /* borrowed: the rte_lpm's, in shared memory */
	struct rcu_pool groups; /* of tbl8 */
	uint16_t *long_rules;	/* owned; [group]: how many rules longer than /24 keep it */
	struct rules kept;
	uint32_t nb_rules;   /* all there are */
	uint32_t of_len[33]; /* of each length: spares look-ups for unused ones */
	struct lpm4_work work;
};

/* Empty the table and take charge of it; no reader may be inside. `groups` is what rte_lpm_create()
 * was given. Clears 64 MB: some 10 ms. -ENOMEM. */
int lpm4_init(struct lpm4 *t, struct rte_lpm *lpm, uint32_t groups, struct rte_rcu_qsbr *qsbr);
/* Forget the rules; the table stays as it is. */
void lpm4_fini(struct lpm4 *t);

/* Bind addr/len, 1 <= len <= 32 and no host bits, to a 24-bit value. -ENOSPC: no tbl8 group is
 * free; -ENOMEM: no room for the rule. Then nothing has changed. */
int lpm4_set(struct lpm4 *t, uint32_t addr, uint8_t len, uint32_t value);
/* Unbind it; the next shorter rule shows again. -ENOENT. */
int lpm4_del(struct lpm4 *t, uint32_t addr, uint8_t len);
/* The same, but what a wide prefix covers is left to lpm4_step(), and until that is through a
 * reader finds the new value or what it found before, and no other wide prefix may be changed.
 * Others may. */
int lpm4_set_begin(struct lpm4 *t, uint32_t addr, uint8_t len, uint32_t value);
int lpm4_del_begin(struct lpm4 *t, uint32_t addr, uint8_t len);
/* Write about `max` entries of it. True: all are written. */
bool lpm4_step(struct lpm4 *t, uint32_t max);

/* What lpm4_set() last bound to exactly this prefix. -ENOENT. */
int lpm4_get(const struct lpm4 *t, uint32_t addr, uint8_t len, uint32_t *value);

/* What these four look at first comes into the cache meanwhile. */
void lpm4_fetch(const struct lpm4 *t, uint32_t addr, uint8_t len);

/* Does the librte_lpm of this process lay out its tables as we assume? Fills `lpm` (no reader,
 * LPM4_TEST_GROUPS or more) by our writer and a table of its own by librte_lpm's, and compares
 * them. Leaves its rules in `lpm`. Primary process only. -ENOTSUP: they differ; -ENOMEM. */
int lpm4_self_test(struct rte_lpm *lpm, struct rte_rcu_qsbr *qsbr, int socket_id);

#ifdef __cplusplus
}
#endif
#endif
