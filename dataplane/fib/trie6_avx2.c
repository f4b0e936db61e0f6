/* The look-up of IPv6 by eights: AVX2. */
#include "trie6_lookup.h"

#ifdef RTE_ARCH_X86_64
#include <immintrin.h>

#include <rte_cpuflags.h>

enum { LANES = 8 };

typedef __m256i vec;
typedef uint32_t mask;

static inline vec v_all(uint32_t value)
{
	return _mm256_set1_epi32((int)value);
}

static inline vec v_number(uint32_t first)
{
	return _mm256_add_epi32(v_all(first), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline vec v_min(vec a, vec b)
{
	return _mm256_min_epu32(a, b);
}

static inline vec v_and(vec a, vec b)
{
	return _mm256_and_si256(a, b);
}

static inline vec v_or(vec a, vec b)
{
	return _mm256_or_si256(a, b);
}

static inline vec v_shl(vec a, int n)
{
	return _mm256_slli_epi32(a, n);
}

static inline vec v_shr(vec a, int n)
{
	return _mm256_srli_epi32(a, n);
}

/* All bits of the lanes that the mask has. */
static inline vec v_lanes(mask m)
{
	vec each = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);

	return _mm256_cmpeq_epi32(_mm256_and_si256(v_all(m), each), each);
}

static inline mask v_test(vec a, vec bits)
{
	vec none = _mm256_cmpeq_epi32(_mm256_and_si256(a, bits), _mm256_setzero_si256());

	return ~(mask)_mm256_movemask_ps(_mm256_castsi256_ps(none)) & 0xff;
}

static inline vec v_gather(const uint32_t *from, vec i)
{
	return _mm256_i32gather_epi32((const int *)from, i, 4);
}

static inline vec v_choose(mask m, vec yes, vec no)
{
	return _mm256_blendv_epi8(no, yes, v_lanes(m));
}

static inline vec v_gather_some(vec a, mask m, const uint32_t *from, vec i)
{
	return _mm256_mask_i32gather_epi32(a, (const int *)from, i, v_lanes(m), 4);
}

static inline void v_store(uint32_t *to, vec a)
{
	_mm256_storeu_si256((__m256i *)to, a);
}

#include "trie6_lanes.h"

static bool usable(void)
{
	return rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX2) == 1;
}

static uint64_t burst(const struct trie6_reader *in, const struct fib_addr *dst,
		      uint32_t *path_list, uint16_t n)
{
	return lanes_burst(in, dst, path_list, n);
}

const struct trie6_lookup trie6_avx2 = { "avx2", usable, burst };
#endif
