/* The look-up of IPv6 by sixteens: AVX-512. */
#include "trie6_lookup.h"

#ifdef RTE_ARCH_X86_64
#include <immintrin.h>

#include <rte_cpuflags.h>

enum { LANES = 16 };

typedef __m512i vec;
typedef __mmask16 mask;

static inline vec v_all(uint32_t value)
{
	return _mm512_set1_epi32((int)value);
}

static inline vec v_number(uint32_t first)
{
	return _mm512_add_epi32(v_all(first), _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
								11, 12, 13, 14, 15));
}

static inline vec v_min(vec a, vec b)
{
	return _mm512_min_epu32(a, b);
}

static inline vec v_and(vec a, vec b)
{
	return _mm512_and_si512(a, b);
}

static inline vec v_or(vec a, vec b)
{
	return _mm512_or_si512(a, b);
}

static inline vec v_shl(vec a, int n)
{
	return _mm512_slli_epi32(a, (unsigned int)n);
}

static inline vec v_shr(vec a, int n)
{
	return _mm512_srli_epi32(a, (unsigned int)n);
}

static inline mask v_test(vec a, vec bits)
{
	return _mm512_test_epi32_mask(a, bits);
}

static inline vec v_gather(const uint32_t *from, vec i)
{
	return _mm512_i32gather_epi32(i, from, 4);
}

static inline vec v_choose(mask m, vec yes, vec no)
{
	return _mm512_mask_blend_epi32(m, no, yes);
}

static inline vec v_gather_some(vec a, mask m, const uint32_t *from, vec i)
{
	return _mm512_mask_i32gather_epi32(a, m, i, from, 4);
}

static inline void v_store(uint32_t *to, vec a)
{
	_mm512_storeu_si512((__m512i *)to, a);
}

#include "trie6_lanes.h"

static bool usable(void)
{
	return rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512F) == 1;
}

static uint64_t burst(const struct trie6_reader *in, const struct fib_addr *dst,
		      uint32_t *path_list, uint16_t n)
{
	return lanes_burst(in, dst, path_list, n);
}

const struct trie6_lookup trie6_avx512 = { "avx512", usable, burst };
#endif
