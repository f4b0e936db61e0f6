/* The look-up of IPv6 one address at a time in each step, and the choice among its variants. */
#include "trie6_lookup.h"

enum { LANES = 1 };

typedef uint32_t vec;
typedef uint32_t mask;

static inline vec v_all(uint32_t value)
{
	return value;
}

static inline vec v_number(uint32_t first)
{
	return first;
}

static inline vec v_min(vec a, vec b)
{
	return a < b ? a : b;
}

static inline vec v_and(vec a, vec b)
{
	return a & b;
}

static inline vec v_or(vec a, vec b)
{
	return a | b;
}

static inline vec v_shl(vec a, int n)
{
	return a << n;
}

static inline vec v_shr(vec a, int n)
{
	return a >> n;
}

static inline mask v_test(vec a, vec bits)
{
	return (a & bits) != 0;
}

static inline vec v_gather(const uint32_t *from, vec i)
{
	return __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

static inline vec v_choose(mask m, vec yes, vec no)
{
	return m ? yes : no;
}

/* Whatever the mask says something is read, which is within the table too, so that there is no
 * branch. */
static inline vec v_gather_some(vec a, mask m, const uint32_t *from, vec i)
{
	return v_choose(m, v_gather(from, i), a);
}

static inline void v_store(uint32_t *to, vec a)
{
	*to = a;
}

#include "trie6_lanes.h"

static bool usable(void)
{
	return true;
}

static uint64_t burst(const struct trie6_reader *in, const struct fib_addr *dst,
		      uint32_t *path_list, uint16_t n)
{
	return lanes_burst(in, dst, path_list, n);
}

const struct trie6_lookup trie6_plain = { "plain", usable, burst };

const struct trie6_lookup *const trie6_lookups[] = {
	&trie6_plain,
#ifdef RTE_ARCH_X86_64
	&trie6_avx2,
	&trie6_avx512,
#endif
	NULL,
};

const struct trie6_lookup *trie6_lookup_choose(void)
{
	const struct trie6_lookup *best = &trie6_plain;

	for (const struct trie6_lookup *const *l = trie6_lookups; *l; l++) {
		if ((*l)->usable())
			best = *l;
	}
	return best;
}
