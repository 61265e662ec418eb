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

INLINE integers dot_from(__m512i start, const integers *weights, const ck_activation_block *block) {
    __m512i high = _mm512_setzero_si512(), low = start;
    for (int j = 0; j < 8; j++) {
        int32_t four[2];
        memcpy(&four[0], block->high + 4 * j, 4);
        memcpy(&four[1], block->low + 4 * j, 4);
        high = _mm512_dpbusd_epi32(high, (__m512i)weights[j], _mm512_set1_epi32(four[0]));
        low = _mm512_dpbusd_epi32(low, (__m512i)weights[j], _mm512_set1_epi32(four[1]));
    }
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

#include "body.h"

#pragma clang attribute pop

KERNEL_TABLE(ck_kernels_avx512, "AVX-512 VNNI");
#endif
