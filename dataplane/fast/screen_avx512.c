/* Screening by sixteens: AVX-512. The operations are those of screen_sse4.c, on each quarter of a
 * vector; a mask has a bit for each lane. */
#include "screen_variants.h"

#ifdef SCREEN_X86
#include <immintrin.h>
#include <string.h>

#include <rte_cpuflags.h>

#include "ip4.h"

enum { LANES = 16, LANES_MASK = (1 << LANES) - 1 };

typedef __m512i vec;
typedef __mmask16 mask;

/* Packets k, 4 + k, 8 + k and 12 + k lie in the quarters of row k: so columns have them in
 * order. */
static inline void v_rows(const uint8_t *const *at, size_t offset, vec row[4])
{
	for (int k = 0; k < 4; k++) {
		vec all =
			_mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(at[k] + offset)));

		all = _mm512_inserti32x4(all, *(const __m128i_u *)(at[4 + k] + offset), 1);
		all = _mm512_inserti32x4(all, *(const __m128i_u *)(at[8 + k] + offset), 2);
		row[k] = _mm512_inserti32x4(all, *(const __m128i_u *)(at[12 + k] + offset), 3);
	}
}

static inline vec v_load(const uint32_t *from)
{
	return _mm512_loadu_si512((const __m512i *)from);
}

static inline vec v_load16(const uint16_t *from)
{
	return _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)from));
}

static inline void v_store(uint32_t *to, vec a)
{
	_mm512_storeu_si512((__m512i *)to, a);
}

static inline vec v_all(uint32_t value)
{
	return _mm512_set1_epi32((int)value);
}

static inline vec v_table(uint64_t low, uint64_t high)
{
	return _mm512_broadcast_i32x4(_mm_set_epi64x((long long)high, (long long)low));
}

static inline vec v_shl(vec a, int n)
{
	return _mm512_slli_epi32(a, n);
}

static inline vec v_shr(vec a, int n)
{
	return _mm512_srli_epi32(a, n);
}

static inline uint64_t m_bits(mask a)
{
	return a;
}

static inline vec v_low32(vec a, vec b)
{
	return _mm512_unpacklo_epi32(a, b);
}

static inline vec v_high32(vec a, vec b)
{
	return _mm512_unpackhi_epi32(a, b);
}

static inline vec v_low64(vec a, vec b)
{
	return _mm512_unpacklo_epi64(a, b);
}

static inline vec v_high64(vec a, vec b)
{
	return _mm512_unpackhi_epi64(a, b);
}

static inline vec v_and(vec a, vec b)
{
	return _mm512_and_si512(a, b);
}

static inline vec v_or(vec a, vec b)
{
	return _mm512_or_si512(a, b);
}

static inline vec v_xor(vec a, vec b)
{
	return _mm512_xor_si512(a, b);
}

static inline vec v_add(vec a, vec b)
{
	return _mm512_add_epi32(a, b);
}

static inline vec v_sub(vec a, vec b)
{
	return _mm512_sub_epi32(a, b);
}

static inline mask v_eq(vec a, vec b)
{
	return _mm512_cmpeq_epi32_mask(a, b);
}

static inline mask v_gt(vec a, vec b)
{
	return _mm512_cmpgt_epi32_mask(a, b);
}

static inline vec v_eq16(vec a, vec b)
{
	return _mm512_movm_epi16(_mm512_cmpeq_epi16_mask(a, b));
}

static inline vec v_gt16(vec a, vec b)
{
	return _mm512_movm_epi16(_mm512_cmpgt_epi16_mask(a, b));
}

static inline vec v_max(vec a, vec b)
{
	return _mm512_max_epu32(a, b);
}

static inline vec v_min8(vec a, vec b)
{
	return _mm512_min_epu8(a, b);
}

static inline vec v_madd(vec a, vec b)
{
	return _mm512_madd_epi16(a, b);
}

static inline vec v_mul(vec a, vec b)
{
	return _mm512_mullo_epi32(a, b);
}

static inline vec v_mul_high(vec a, vec b)
{
	vec even = _mm512_srli_epi64(_mm512_mul_epu32(a, b), 32);
	vec odd = _mm512_mul_epu32(_mm512_srli_epi64(a, 32), _mm512_srli_epi64(b, 32));

	return _mm512_mask_blend_epi32(0xaaaa, even, odd);
}

static inline vec v_lookup(vec a, vec b)
{
	return _mm512_shuffle_epi8(a, b);
}

static inline mask m_and(mask a, mask b)
{
	return (mask)(a & b);
}

static inline mask m_or(mask a, mask b)
{
	return (mask)(a | b);
}

static inline mask m_andnot(mask a, mask b)
{
	return (mask)(~a & b);
}

static inline vec v_select(mask where, vec a, vec b)
{
	return _mm512_mask_blend_epi32(where, b, a);
}

static inline vec v_keep(mask where, vec a)
{
	return _mm512_maskz_mov_epi32(where, a);
}

static inline vec v_gather(const uint32_t *of, vec index)
{
	return _mm512_i32gather_epi32(index, of, sizeof(*of));
}

/* Of the word that it lies in. */
static inline vec v_gather8(const uint8_t *of, vec index)
{
	vec word = v_gather((const uint32_t *)of, v_shr(index, 2));
	vec bits = v_shl(v_and(index, v_all(3)), 3);

	return v_and(_mm512_srlv_epi32(word, bits), v_all(0xff));
}

static inline vec v_gather16(const uint16_t *of, vec index)
{
	vec word = v_gather((const uint32_t *)of, v_shr(index, 1));
	vec bits = v_shl(v_and(index, v_all(1)), 4);

	return v_and(_mm512_srlv_epi32(word, bits), v_all(0xffff));
}

static inline void v_pointers(const void *base, vec offset, const void **to)
{
	const vec from = _mm512_set1_epi64((long long)(uintptr_t)base);
	vec low = _mm512_cvtepu32_epi64(_mm512_castsi512_si256(offset));
	vec high = _mm512_cvtepu32_epi64(_mm512_extracti64x4_epi64(offset, 1));

	_mm512_storeu_si512((vec *)to, _mm512_add_epi64(from, low));
	_mm512_storeu_si512((vec *)(to + 8), _mm512_add_epi64(from, high));
}

static uint16_t pick_compress(const struct burst *b, uint64_t some, struct screen_picked *picked)
{
	uint16_t n = 0;

	for (uint16_t i = 0; some; i += 8, some >>= 8) {
		__mmask8 these = (__mmask8)some;
		vec pkt = _mm512_maskz_loadu_epi64(these, &b->pkt[i]);

		_mm512_storeu_si512(&picked->pkt[n], _mm512_maskz_compress_epi64(these, pkt));
		n = (uint16_t)(n + __builtin_popcount(these));
	}
	return n;
}

static inline void rewrite(const struct burst *b, uint32_t i, __m128i header)
{
	uint8_t *frame = (uint8_t *)(uintptr_t)b->frame[i];

	_mm_mask_storeu_epi8(frame, (1 << ADJACENCY_MACS) - 1, header);
	memcpy(frame + b->hop_at, &b->hop[i], sizeof(b->hop[i]));
}

static inline __m128i header_of(const struct adjacency *way)
{
	return *(const __m128i *)way->rewrite;
}

/* Exactly the header is stored: what lies behind it need not be read. */
static void rewrite_masked(const struct burst *b, const struct adjacency *way)
{
	uint32_t n = b->n;

	if (way) {
		__m128i header = header_of(way);

#pragma GCC unroll 4
		for (uint32_t i = 0; i < n; i++)
			rewrite(b, i, header);
		return;
	}
#pragma GCC unroll 4
	for (uint32_t i = 0; i < n; i++)
		rewrite(b, i, header_of(b->adjacency[i]));
}

#include "screen_lanes.h"
#include "screen_lanes6.h"

/* CPUs without VBMI2 slow their clock down for vectors so wide. */
static bool usable(void)
{
	return rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512BW) > 0 &&
	       rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512DQ) > 0 &&
	       rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512VL) > 0 &&
	       rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512VBMI2) > 0;
}

const struct screen screen_avx512 = { .name = "avx512",
				      .usable = usable,
				      .burst = burst_lanes,
				      .burst6 = burst6_lanes,
				      .rewrite = rewrite_masked,
				      .leaving = leaving_lanes,
				      .pick = pick_compress };
#endif
