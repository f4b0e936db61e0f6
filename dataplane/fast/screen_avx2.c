/* Screening by eights: AVX2. The operations are those of screen_sse4.c, on both halves of a
 * vector. */
#include "screen_variants.h"

#ifdef SCREEN_X86
#include <immintrin.h>

#include <rte_cpuflags.h>

enum { LANES = 8, LANES_MASK = (1 << LANES) - 1 };

typedef __m256i vec, mask; /* a mask is all ones where it is true */

/* Packet k lies in the lower half of row k, packet 4 + k in the upper: so columns have them in
 * order. */
static inline void v_rows(const uint8_t *const *at, size_t offset, vec row[4])
{
	for (int k = 0; k < 4; k++) {
		__m128i low = _mm_loadu_si128((const __m128i *)(at[k] + offset));
		__m128i high = _mm_loadu_si128((const __m128i *)(at[4 + k] + offset));

		row[k] = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
	}
}

static inline vec v_load(const uint32_t *from)
{
	return _mm256_loadu_si256((const __m256i *)from);
}

static inline vec v_load16(const uint16_t *from)
{
	return _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)from));
}

static inline void v_store(uint32_t *to, vec a)
{
	_mm256_storeu_si256((__m256i *)to, a);
}

static inline vec v_all(uint32_t value)
{
	return _mm256_set1_epi32((int)value);
}

static inline vec v_table(uint64_t low, uint64_t high)
{
	return _mm256_broadcastsi128_si256(_mm_set_epi64x((long long)high, (long long)low));
}

static inline vec v_shl(vec a, int n)
{
	return _mm256_slli_epi32(a, n);
}

static inline vec v_shr(vec a, int n)
{
	return _mm256_srli_epi32(a, n);
}

static inline uint64_t m_bits(mask a)
{
	return (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(a));
}

static inline vec v_low32(vec a, vec b)
{
	return _mm256_unpacklo_epi32(a, b);
}

static inline vec v_high32(vec a, vec b)
{
	return _mm256_unpackhi_epi32(a, b);
}

static inline vec v_low64(vec a, vec b)
{
	return _mm256_unpacklo_epi64(a, b);
}

static inline vec v_high64(vec a, vec b)
{
	return _mm256_unpackhi_epi64(a, b);
}

static inline vec v_and(vec a, vec b)
{
	return _mm256_and_si256(a, b);
}

static inline vec v_or(vec a, vec b)
{
	return _mm256_or_si256(a, b);
}

static inline vec v_xor(vec a, vec b)
{
	return _mm256_xor_si256(a, b);
}

static inline vec v_add(vec a, vec b)
{
	return _mm256_add_epi32(a, b);
}

static inline vec v_sub(vec a, vec b)
{
	return _mm256_sub_epi32(a, b);
}

static inline mask v_eq(vec a, vec b)
{
	return _mm256_cmpeq_epi32(a, b);
}

static inline mask v_gt(vec a, vec b)
{
	return _mm256_cmpgt_epi32(a, b);
}

static inline vec v_eq16(vec a, vec b)
{
	return _mm256_cmpeq_epi16(a, b);
}

static inline vec v_gt16(vec a, vec b)
{
	return _mm256_cmpgt_epi16(a, b);
}

static inline vec v_max(vec a, vec b)
{
	return _mm256_max_epu32(a, b);
}

static inline vec v_min8(vec a, vec b)
{
	return _mm256_min_epu8(a, b);
}

static inline vec v_madd(vec a, vec b)
{
	return _mm256_madd_epi16(a, b);
}

static inline vec v_mul(vec a, vec b)
{
	return _mm256_mullo_epi32(a, b);
}

static inline vec v_mul_high(vec a, vec b)
{
	vec even = _mm256_srli_epi64(_mm256_mul_epu32(a, b), 32);
	vec odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32));

	return _mm256_blend_epi16(even, odd, 0xcc);
}

static inline vec v_lookup(vec a, vec b)
{
	return _mm256_shuffle_epi8(a, b);
}

static inline mask m_and(mask a, mask b)
{
	return _mm256_and_si256(a, b);
}

static inline mask m_or(mask a, mask b)
{
	return _mm256_or_si256(a, b);
}

static inline mask m_andnot(mask a, mask b)
{
	return _mm256_andnot_si256(a, b);
}

static inline vec v_select(mask where, vec a, vec b)
{
	return _mm256_blendv_epi8(b, a, where);
}

static inline vec v_keep(mask where, vec a)
{
	return _mm256_and_si256(a, where);
}

static inline vec v_gather(const uint32_t *of, vec index)
{
	return _mm256_i32gather_epi32((const int *)of, index, sizeof(*of));
}

/* Of the word that it lies in. */
static inline vec v_gather8(const uint8_t *of, vec index)
{
	vec word = v_gather((const uint32_t *)of, v_shr(index, 2));
	vec bits = v_shl(v_and(index, v_all(3)), 3);

	return v_and(_mm256_srlv_epi32(word, bits), v_all(0xff));
}

static inline vec v_gather16(const uint16_t *of, vec index)
{
	vec word = v_gather((const uint32_t *)of, v_shr(index, 1));
	vec bits = v_shl(v_and(index, v_all(1)), 4);

	return v_and(_mm256_srlv_epi32(word, bits), v_all(0xffff));
}

static inline void v_pointers(const void *base, vec offset, const void **to)
{
	const vec from = _mm256_set1_epi64x((long long)(uintptr_t)base);
	vec low = _mm256_cvtepu32_epi64(_mm256_castsi256_si128(offset));
	vec high = _mm256_cvtepu32_epi64(_mm256_extracti128_si256(offset, 1));

	_mm256_storeu_si256((vec *)to, _mm256_add_epi64(from, low));
	_mm256_storeu_si256((vec *)(to + 4), _mm256_add_epi64(from, high));
}

#include "screen_lanes.h"
#include "screen_lanes6.h"

static bool usable(void)
{
	return rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX2) > 0;
}

const struct screen screen_avx2 = { .name = "avx2",
				    .usable = usable,
				    .burst = burst_lanes,
				    .burst6 = burst6_lanes,
				    .rewrite = screen_rewrite,
				    .leaving = leaving_lanes,
				    .pick = screen_pick };
#endif
