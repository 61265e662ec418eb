// AVX2: each vector of 16 lanes is two registers; byte products go through 16-bit sums, which stay exact because
// 2 · 15 · 127 and 2 · 128 · 127 both fit.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "kernels.h"
#include "tables.h"
#include "vectors.h"

// Vectors wider than a register stay within this file, so how they would be passed does not matter.
#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

typedef struct {
    __m256i half[2];
} halves;

INLINE halves split(const integers *v) {
    halves result;
    memcpy(&result, v, sizeof result);
    return result;
}

INLINE floats load_halves(const uint16_t *p) {
    __m256 pair[2];
    for (int i = 0; i < 2; i++) pair[i] = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(p + 8 * i)));
    floats v;
    memcpy(&v, pair, sizeof v);
    return v;
}

INLINE void widen_q4(const ck_panel_q4 *panel, integers *weights) {
    for (int j = 0; j < 4; j++) {
        integers words;
        memcpy(&words, panel->words[j], sizeof words);
        weights[j] = words & 0x0f0f0f0f;
        weights[j + 4] = words >> 4 & 0x0f0f0f0f;
    }
}

INLINE void widen_q8(const ck_panel_q8 *panel, integers *weights) {
    memcpy(weights, panel->words, sizeof panel->words);
}

/// Adds the products of eight rows' four weights with four activations to eight sums.
INLINE __m256i accumulate(__m256i sums, __m256i unsigned_weights, __m256i activations) {
    const __m256i pairs = _mm256_maddubs_epi16(unsigned_weights, activations);
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

INLINE __m256i repeat_four(const int8_t *activations) {
    int32_t four;
    memcpy(&four, activations, 4);
    return _mm256_set1_epi32(four);
}

/// 254 · high + low
INLINE integers join(const __m256i *high, const __m256i *low) {
    integers first, second;
    memcpy(&first, high, sizeof first);
    memcpy(&second, low, sizeof second);
    return first * CK_BASE + second;
}

INLINE integers dot_q4(const integers *weights, const ck_activation_block *block) {
    __m256i high[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    __m256i low[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    for (int j = 0; j < 8; j++) {
        const halves w = split(&weights[j]);
        const __m256i first = repeat_four(block->high + 4 * j), second = repeat_four(block->low + 4 * j);
        for (int i = 0; i < 2; i++) {
            high[i] = accumulate(high[i], w.half[i], first);
            low[i] = accumulate(low[i], w.half[i], second);
        }
    }
    return join(high, low);
}

/// maddubs wants one unsigned factor: the weight's sign moves to the activation.
INLINE integers dot_q8(const integers *weights, const ck_activation_block *block) {
    __m256i high[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    __m256i low[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    for (int j = 0; j < 8; j++) {
        const halves w = split(&weights[j]);
        const __m256i first = repeat_four(block->high + 4 * j), second = repeat_four(block->low + 4 * j);
        for (int i = 0; i < 2; i++) {
            const __m256i magnitude = _mm256_abs_epi8(w.half[i]);
            high[i] = accumulate(high[i], magnitude, _mm256_sign_epi8(first, w.half[i]));
            low[i] = accumulate(low[i], magnitude, _mm256_sign_epi8(second, w.half[i]));
        }
    }
    return join(high, low);
}

#include "body.h"

#pragma clang attribute pop

KERNEL_TABLE(ck_kernels_avx2, "AVX2");
#endif
