/* The look-up of IPv6, written once for all widths. Whoever includes this file has defined what it
 * does with vectors of LANES 32-bit lanes:
 *
 *   vec, mask       a vector; of each lane one bit
 *   v_all           the same word in each lane; v_number: 0, 1, 2... from a first one on
 *   v_min, v_and, v_or, v_shl, v_shr
 *   v_test          a bit for each lane that has one of these bits
 *   v_gather        from[lane's index]; v_gather_some: where the mask has a bit, the rest as it was
 *   v_choose        where the mask has a bit the one, elsewhere the other
 *   v_store
 */
#ifndef BASCULE_TRIE6_LANES_H
#define BASCULE_TRIE6_LANES_H

#include "trie6_lookup.h"

/* So many go down together: more would not stay in registers or the nearest cache. */
enum { VECTORS = LANES * 16 < FIB_BURST ? 16 : FIB_BURST / LANES, TOGETHER = VECTORS * LANES };

/* Some addresses of a burst on their way down. */
struct trie6_lanes {
	vec entry[VECTORS];
	vec bits[VECTORS];   /* of the address, the next ones first */
	mask below[VECTORS]; /* lanes whose entry is a group */
	int n;
};

/* The next word of each address. Lanes past the end have the last address. */
static inline void lanes_word(struct trie6_lanes *l, const struct fib_addr *dst, int word,
			      uint16_t n)
{
	for (int v = 0; v < l->n; v++) {
		vec i = v_min(v_number((uint32_t)v * LANES), v_all(n - 1u));

		l->bits[v] = v_gather(dst->word + word, v_shl(i, 2));
	}
}

/* Which lanes are not at their end? */
static inline bool lanes_below(struct trie6_lanes *l)
{
	mask any = 0;

	for (int v = 0; v < l->n; v++) {
		l->below[v] = v_test(l->entry[v], v_all(TRIE6_IS_GROUP));
		any |= l->below[v];
	}
	return any;
}

static inline void lanes_root(struct trie6_lanes *l, const uint32_t *root)
{
	for (int v = 0; v < l->n; v++) {
		l->entry[v] = v_gather(root, v_shr(l->bits[v], 32 - TRIE6_ROOT_BITS));
		l->bits[v] = v_shl(l->bits[v], TRIE6_ROOT_BITS);
	}
}

static inline void lanes_group(struct trie6_lanes *l, const struct trie6_reader *in)
{
	for (int v = 0; v < l->n; v++) {
		vec group = v_and(l->entry[v], v_all(in->groups - 1));
		vec i = v_or(v_shl(group, TRIE6_STEP), v_shr(l->bits[v], 32 - TRIE6_STEP));

		l->entry[v] = v_gather_some(l->entry[v], l->below[v], in->shared->groups[0], i);
		l->bits[v] = v_shl(l->bits[v], TRIE6_STEP);
	}
}

/* The path-lists; returns what trie6_lookup.burst does. */
static inline uint64_t lanes_end(const struct trie6_lanes *l, uint32_t miss, uint32_t *path_list,
				 uint16_t n)
{
	uint32_t found[TOGETHER];
	uint64_t spoilt = 0;

	for (int v = 0; v < l->n; v++) {
		mask hit = v_test(l->entry[v], v_all(UINT32_MAX << TRIE6_LEN_SHIFT));
		vec list = v_choose(hit, l->entry[v], v_all(miss));

		list = v_choose(l->below[v], v_all(PATH_LIST_NONE), list);
		v_store(&found[v * LANES], v_and(list, v_all(FIB_PATH_LISTS - 1)));
		spoilt |= (uint64_t)l->below[v] << v * LANES;
	}
	for (uint16_t i = 0; i < n; i++)
		path_list[i] = found[i];
	return n < 64 ? spoilt & ((UINT64_C(1) << n) - 1) : spoilt;
}

/* Look up TOGETHER addresses or fewer. */
static inline uint64_t lanes_some(const struct trie6_reader *in, const struct fib_addr *dst,
				  uint32_t *path_list, uint16_t n)
{
	struct trie6_lanes l;
	int left = (32 - TRIE6_ROOT_BITS) / TRIE6_STEP; /* steps in the word that is begun */

	l.n = (n + LANES - 1) / LANES;
	lanes_word(&l, dst, 0, n);
	lanes_root(&l, in->shared->root);
	for (int word = 0, depth = 0; lanes_below(&l) && depth < TRIE6_DEPTH; depth++, left--) {
		if (!left) {
			lanes_word(&l, dst, ++word, n);
			left = 32 / TRIE6_STEP;
		}
		lanes_group(&l, in);
	}
	return lanes_end(&l, in->miss, path_list, n);
}

static inline uint64_t lanes_burst(const struct trie6_reader *in, const struct fib_addr *dst,
				   uint32_t *path_list, uint16_t n)
{
	uint64_t spoilt = 0;

	for (uint16_t at = 0; at < n; at += TOGETHER) {
		/* the compiler unrolls what has a constant number */
		spoilt |= (n - at < TOGETHER ? lanes_some(in, dst + at, path_list + at, n - at)
					     : lanes_some(in, dst + at, path_list + at, TOGETHER))
			  << at;
	}
	return spoilt;
}

#endif
