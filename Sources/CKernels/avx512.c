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

INLINE void widen_q4(const uint32_t (*words)[CK_LANES], integers *weights) {
    for (int j = 0; j < 4; j++) {
        const __m512i pairs = _mm512_loadu_si512(words[j]);
        const __m512i nibble = _mm512_set1_epi8(15);
        weights[j] = (integers)_mm512_and_si512(pairs, nibble);
        weights[j + 4] = (integers)_mm512_and_si512(_mm512_srli_epi16(pairs, 4), nibble);
    }
}

/// Signed weights become unsigned by adding 128, which `dot_q8` takes out again.
INLINE void widen_q8(const uint32_t (*words)[CK_LANES], integers *weights) {
    for (int j = 0; j < 8; j++) {
        weights[j] = (integers)_mm512_xor_si512(_mm512_loadu_si512(words[j]), _mm512_set1_epi8(-128));
    }
}

/// sums + the products of `count` vectors of weights with as many fours of digits.
INLINE __m512i dot_digit(__m512i sums, const integers *weights, const int8_t *digits, const int count) {
    for (int j = 0; j < count; j++) {
        int32_t four;
        memcpy(&four, digits + 4 * j, 4);
        sums = _mm512_dpbusd_epi32(sums, (__m512i)weights[j], _mm512_set1_epi32(four));
    }
    return sums;
}

/// start + the dot products of the vectors first..<first + count.
INLINE integers dot_from(int32_t start, const integers *weights, const ck_activation_block *block, const int first,
                         const int count) {
    const __m512i offset = _mm512_set1_epi32(start);
    const int8_t *digits = block->high + 4 * first;
    if (__builtin_expect(!block->fine, 1)) return (integers)dot_digit(offset, weights + first, digits, count);
    const __m512i high = dot_digit(_mm512_setzero_si512(), weights + first, digits, count);
    const __m512i low = dot_digit(offset, weights + first, block->low + 4 * first, count);
    // 254 · high + low without a multiplication, which would take ten cycles.
    const __m512i twice = _mm512_add_epi32(high, high);
    return (integers)_mm512_add_epi32(_mm512_slli_epi32(high, 8), _mm512_sub_epi32(low, twice));
}

INLINE integers dot_unsigned(const integers *weights, const ck_activation_block *block) {
    return dot_from(0, weights, block, 0, 8);
}

INLINE integers dot_q6(const integers *weights, const ck_activation_block *block, const int half) {
    const int32_t total = half == 0 ? block->first_total : block->total - block->first_total;
    return dot_from(-32 * total, weights, block, 4 * half, 4);
}

INLINE integers dot_q8(const integers *weights, const ck_activation_block *block) {
    return dot_from(-128 * block->total, weights, block, 0, 8);
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
