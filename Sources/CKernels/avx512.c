// AVX-512 with VNNI: vpdpbusd multiplies 64 unsigned bytes (weights of 16 rows) by 64 signed ones (four activations,
// repeated) and adds each row's four products.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "kernels.h"
#include "tables.h"
#include "vectors.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma,f16c"))), apply_to = function)

INLINE floats load_halves(const uint16_t *p) {
    return (floats)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p));
}

INLINE void widen_q4(const ck_panel_q4 *panel, integers *weights) {
    for (int j = 0; j < 4; j++) {
        const __m512i words = _mm512_loadu_si512(panel->words[j]);
        const __m512i nibble = _mm512_set1_epi8(15);
        weights[j] = (integers)_mm512_and_si512(words, nibble);
        weights[j + 4] = (integers)_mm512_and_si512(_mm512_srli_epi16(words, 4), nibble);
    }
}

/// Signed weights become unsigned by adding 128, which `dot_q8` takes out again.
INLINE void widen_q8(const ck_panel_q8 *panel, integers *weights) {
    for (int j = 0; j < 8; j++) {
        weights[j] = (integers)_mm512_xor_si512(_mm512_loadu_si512(panel->words[j]), _mm512_set1_epi8(-128));
    }
}

INLINE __m512i dot_digit(__m512i sums, const integers *weights, const int8_t *digits) {
    for (int j = 0; j < 8; j++) {
        int32_t four;
        memcpy(&four, digits + 4 * j, 4);
        sums = _mm512_dpbusd_epi32(sums, (__m512i)weights[j], _mm512_set1_epi32(four));
    }
    return sums;
}

INLINE integers dot_from(__m512i start, const integers *weights, const ck_activation_block *block) {
    if (__builtin_expect(!block->fine, 1)) return (integers)dot_digit(start, weights, block->high);
    const __m512i high = dot_digit(_mm512_setzero_si512(), weights, block->high);
    const __m512i low = dot_digit(start, weights, block->low);
    // 254 · high + low without a multiplication, which would take ten cycles.
    const __m512i twice = _mm512_add_epi32(high, high);
    return (integers)_mm512_add_epi32(_mm512_slli_epi32(high, 8), _mm512_sub_epi32(low, twice));
}

INLINE integers dot_q4(const integers *weights, const ck_activation_block *block) {
    return dot_from(_mm512_setzero_si512(), weights, block);
}

INLINE integers dot_q8(const integers *weights, const ck_activation_block *block) {
    return dot_from(_mm512_set1_epi32(-128 * block->total), weights, block);
}

INLINE void round_halves(floats v, uint16_t *out) {
    _mm256_storeu_si256((__m256i *)out, _mm512_cvtps_ph((__m512)v, _MM_FROUND_TO_NEAREST_INT));
}

/// Twelve sums of sixteen lanes, a page's numbers and a query: two multiply-adds of four cycles are always under way.
#define ROWS 12

#include "body.h"

#pragma clang attribute pop

KERNEL_TABLE(ck_kernels_avx512, "AVX-512 VNNI");
#endif
