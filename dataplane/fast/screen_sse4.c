/* Screening by fours: SSE4.2, which every x86 CPU has that DPDK is built for. */
#include "screen_variants.h"

#ifdef SCREEN_X86
#include <immintrin.h>

#include <rte_cpuflags.h>

enum { LANES = 4, LANES_MASK = (1 << LANES) - 1 };

typedef __m128i vec, mask; /* a mask is all ones where it is true */

/* 16 octets of each of LANES packets, from `offset` on. */
static inline void v_rows(const uint8_t *const *at, size_t offset, vec row[4])
{
	for (int k = 0; k < 4; k++)
		row[k] = _mm_loadu_si128((const __m128i *)(at[k] + offset));
}

static inline vec v_load(const uint32_t *from)
{
	return _mm_loadu_si128((const __m128i *)from);
}

static inline vec v_load16(const uint16_t *from)
{
	return _mm_cvtepu16_epi32(_mm_loadl_epi64((const __m128i *)from));
}

static inline void v_store(uint32_t *to, vec a)
{
	_mm_storeu_si128((__m128i *)to, a);
}

static inline vec v_all(uint32_t value)
{
	return _mm_set1_epi32((int)value);
}

/* 16 octets, the lowest of `low` first. */
static inline vec v_table(uint64_t low, uint64_t high)
{
	return _mm_set_epi64x((long long)high, (long long)low);
}

static inline vec v_shl(vec a, int n)
{
	return _mm_slli_epi32(a, n);
}

static inline vec v_shr(vec a, int n)
{
	return _mm_srli_epi32(a, n);
}

static inline uint64_t m_bits(mask a)
{
	return (uint64_t)_mm_movemask_ps(_mm_castsi128_ps(a));
}

/* Of each 128 bits of both, the lower half: their elements in turn. The others likewise. */
static inline vec v_low32(vec a, vec b)
{
	return _mm_unpacklo_epi32(a, b);
}

static inline vec v_high32(vec a, vec b)
{
	return _mm_unpackhi_epi32(a, b);
}

static inline vec v_low64(vec a, vec b)
{
	return _mm_unpacklo_epi64(a, b);
}

static inline vec v_high64(vec a, vec b)
{
	return _mm_unpackhi_epi64(a, b);
}

static inline vec v_and(vec a, vec b)
{
	return _mm_and_si128(a, b);
}

static inline vec v_or(vec a, vec b)
{
	return _mm_or_si128(a, b);
}

static inline vec v_xor(vec a, vec b)
{
	return _mm_xor_si128(a, b);
}

static inline vec v_add(vec a, vec b)
{
	return _mm_add_epi32(a, b);
}

static inline vec v_sub(vec a, vec b)
{
	return _mm_sub_epi32(a, b);
}

/* Compares. Those of 16 bits say all ones where true. */
static inline mask v_eq(vec a, vec b)
{
	return _mm_cmpeq_epi32(a, b);
}

static inline mask v_gt(vec a, vec b)
{
	return _mm_cmpgt_epi32(a, b);
}

static inline vec v_eq16(vec a, vec b)
{
	return _mm_cmpeq_epi16(a, b);
}

static inline vec v_gt16(vec a, vec b)
{
	return _mm_cmpgt_epi16(a, b);
}

/* Of unsigned numbers. */
static inline vec v_max(vec a, vec b)
{
	return _mm_max_epu32(a, b);
}

static inline vec v_min8(vec a, vec b)
{
	return _mm_min_epu8(a, b);
}

/* The sums of the two products of 16 bits of each lane, signed. */
static inline vec v_madd(vec a, vec b)
{
	return _mm_madd_epi16(a, b);
}

/* The lower and the upper 32 bits of products of unsigned numbers. */
static inline vec v_mul(vec a, vec b)
{
	return _mm_mullo_epi32(a, b);
}

static inline vec v_mul_high(vec a, vec b)
{
	vec even = _mm_srli_epi64(_mm_mul_epu32(a, b), 32);
	vec odd = _mm_mul_epu32(_mm_srli_epi64(a, 32), _mm_srli_epi64(b, 32));

	return _mm_blend_epi16(even, odd, 0xcc);
}

/* By the octets of b in each 128 bits of a: 0 if the highest bit is set, else by the lower 4
 * bits. */
static inline vec v_lookup(vec a, vec b)
{
	return _mm_shuffle_epi8(a, b);
}

static inline mask m_and(mask a, mask b)
{
	return _mm_and_si128(a, b);
}

static inline mask m_or(mask a, mask b)
{
	return _mm_or_si128(a, b);
}

/* Not a, and b. */
static inline mask m_andnot(mask a, mask b)
{
	return _mm_andnot_si128(a, b);
}

/* a where it is true, else b. */
static inline vec v_select(mask where, vec a, vec b)
{
	return _mm_blendv_epi8(b, a, where);
}

/* a where it is true, else 0. */
static inline vec v_keep(mask where, vec a)
{
	return _mm_and_si128(a, where);
}

/* Elements of `of`, which begins at a multiple of 4, by index. */
static inline vec v_gather(const uint32_t *of, vec index)
{
	return _mm_setr_epi32((int)of[(uint32_t)_mm_extract_epi32(index, 0)],
			      (int)of[(uint32_t)_mm_extract_epi32(index, 1)],
			      (int)of[(uint32_t)_mm_extract_epi32(index, 2)],
			      (int)of[(uint32_t)_mm_extract_epi32(index, 3)]);
}

static inline vec v_gather8(const uint8_t *of, vec index)
{
	return _mm_setr_epi32(of[(uint32_t)_mm_extract_epi32(index, 0)],
			      of[(uint32_t)_mm_extract_epi32(index, 1)],
			      of[(uint32_t)_mm_extract_epi32(index, 2)],
			      of[(uint32_t)_mm_extract_epi32(index, 3)]);
}

static inline vec v_gather16(const uint16_t *of, vec index)
{
	return _mm_setr_epi32(of[(uint32_t)_mm_extract_epi32(index, 0)],
			      of[(uint32_t)_mm_extract_epi32(index, 1)],
			      of[(uint32_t)_mm_extract_epi32(index, 2)],
			      of[(uint32_t)_mm_extract_epi32(index, 3)]);
}

/* `offset` octets from `base`, of each. */
static inline void v_pointers(const void *base, vec offset, const void **to)
{
	const __m128i from = _mm_set1_epi64x((long long)(uintptr_t)base);

	_mm_storeu_si128((__m128i *)to, _mm_add_epi64(from, _mm_cvtepu32_epi64(offset)));
	offset = _mm_unpackhi_epi64(offset, offset);
	_mm_storeu_si128((__m128i *)(to + 2), _mm_add_epi64(from, _mm_cvtepu32_epi64(offset)));
}

#include "screen_lanes.h"
#include "screen_lanes6.h"

static bool usable(void)
{
	return rte_cpu_get_flag_enabled(RTE_CPUFLAG_SSE4_2) > 0;
}

const struct screen screen_sse4 = { .name = "sse4",
				    .usable = usable,
				    .burst = burst_lanes,
				    .burst6 = burst6_lanes,
				    .rewrite = screen_rewrite,
				    .leaving = leaving_lanes,
				    .pick = screen_pick };
#endif
