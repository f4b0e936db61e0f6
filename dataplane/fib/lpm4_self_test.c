/* Does our writer agree with the librte_lpm that this process runs with? The compiler has checked
 * the layout of the headers; this checks the library: one small table is built both ways and
 * compared address by address. */
#include "lpm4.h"

#include <errno.h>

#include <rte_common.h>
#include <rte_errno.h>

static const struct test_rule {
	uint32_t addr;
	uint8_t len;
	uint32_t value;
} test_rules[] = {
	{ 0x0a010180, 25, 1 }, /* a group where nothing was */
	{ 0x0a010100, 24, 2 }, /* shorter, later: the rest of that group */
	{ 0x0a010000, 16, 3 },	      { 0x0a000000, 8, 4 },
	{ 0x0a020304, 32, 5 }, /* a group over a /8 */
	{ 0x0a0203ff, 32, 0xffffff }, { 0x0a020200, 23, 6 },
	{ 0x0a010180, 25, 7 }, /* replaced */
	{ 0xffffffff, 32, 8 },	      { 0xe0000000, 3, 9 },
	{ 0x00000000, 1, 10 },
};

/* Those that are taken out again; the first empties a group. */
static const struct test_rule test_removed[] = {
	{ 0x0a010180, 25, 0 },
	{ 0x0a020304, 32, 0 },
	{ 0x0a010100, 24, 0 },
	{ 0xe0000000, 3, 0 },
};

static bool same_lookup(const struct rte_lpm *a, const struct rte_lpm *b, uint32_t addr)
{
	uint32_t hop_a = 0, hop_b = 0;
	int ret_a = rte_lpm_lookup(a, addr, &hop_a), ret_b = rte_lpm_lookup(b, addr, &hop_b);

	return ret_a == ret_b && (ret_a || hop_a == hop_b);
}

/* Compare every address of the /16 around each rule's ends: beyond them all /24s look like a
 * neighbour. */
static bool same_tables(const struct rte_lpm *a, const struct rte_lpm *b)
{
	for (size_t i = 0; i < RTE_DIM(test_rules); i++) {
		uint32_t size = UINT32_C(1) << (32 - test_rules[i].len);
		uint32_t ends[] = { test_rules[i].addr - 1, test_rules[i].addr,
				    test_rules[i].addr + size - 1, test_rules[i].addr + size };

		for (size_t e = 0; e < RTE_DIM(ends); e++)
			for (uint32_t low = 0; low <= 0xffff; low++)
				if (!same_lookup(a, b, (ends[e] & 0xffff0000) | low))
					return false;
	}
	return true;
}

static int fill_and_compare(struct lpm4 *t, struct rte_lpm *lpm, struct rte_lpm *reference)
{
	for (size_t i = 0; i < RTE_DIM(test_rules); i++) {
		const struct test_rule *r = &test_rules[i];

		if (lpm4_set(t, r->addr, r->len, r->value) ||
		    rte_lpm_add(reference, r->addr, r->len, r->value))
			return -ENOTSUP;
	}
	if (!same_tables(lpm, reference))
		return -ENOTSUP;
	for (size_t i = 0; i < RTE_DIM(test_removed); i++) {
		const struct test_rule *r = &test_removed[i];

		if (lpm4_del(t, r->addr, r->len) || rte_lpm_delete(reference, r->addr, r->len))
			return -ENOTSUP;
	}
	return same_tables(lpm, reference) ? 0 : -ENOTSUP;
}

int lpm4_self_test(struct rte_lpm *lpm, struct rte_rcu_qsbr *qsbr, int socket_id)
{
	static const struct rte_lpm_config config = { .max_rules = 64,
						      .number_tbl8s = LPM4_TEST_GROUPS };
	struct rte_lpm *reference = rte_lpm_create("bascule_self_test", socket_id, &config);
	struct lpm4 t;
	int err;

	if (!reference)
		return -rte_errno;
	err = lpm4_init(&t, lpm, LPM4_TEST_GROUPS, qsbr);
	if (!err) {
		err = fill_and_compare(&t, lpm, reference);
		lpm4_fini(&t);
	}
	rte_lpm_free(reference);
	return err;
}
