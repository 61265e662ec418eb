// AVX2: each vector of 16 lanes is two registers; byte products go through 16-bit sums, which stay exact.
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

INLINE void round_halves(floats v, uint16_t *out) {
    __m256 pair[2];
    memcpy(pair, &v, sizeof pair);
    for (int i = 0; i < 2; i++) {
        _mm_storeu_si128((__m128i *)(out + 8 * i), _mm256_cvtps_ph(pair[i], _MM_FROUND_TO_NEAREST_INT));
    }
}

/// Six sums of two registers, two for a page's numbers, one for a query: fifteen of the sixteen.
#define ROWS 6

/// Four digits, repeated for eight rows.
INLINE __m256i repeat_four(const int8_t *digits) {
    int32_t four;
    memcpy(&four, digits, 4);
    return _mm256_set1_epi32(four);
}

INLINE __m256i sum_pairs(__m256i pairs) { return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)); }

/// 254 · high + low without a multiplication, which would take ten cycles.
INLINE __m256i join(__m256i high, __m256i low) {
    return _mm256_add_epi32(_mm256_slli_epi32(high, 8), _mm256_sub_epi32(low, _mm256_add_epi32(high, high)));
}

// Four-bit weights.
//
// Eight byte products of at most 2 · 15 · 127 fit in 16 bits together, so a block's sums widen once. With sixteen
// registers the weights cannot stay in them as well as the sums: a block's are unpacked once to the stack and serve up to
// sixteen tokens, four at a time, so that 8 loads bring 8 × 64 products.

typedef struct {
    /// [four elements][row half]: unsigned bytes.
    __m256i weights[8][2];
    __m256 scale[2];
    __m256 minimum[2];
} block_q4;

INLINE __m256 load_eight_halves(const uint16_t *p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)); }

INLINE void unpack_q4(const ck_panel_q4 *panel, block_q4 *block) {
    const __m256i nibble = _mm256_set1_epi8(15);
    for (int half = 0; half < 2; half++) {
        for (int j = 0; j < 4; j++) {
            const __m256i words = _mm256_loadu_si256((const __m256i *)(panel->words[j] + 8 * half));
            block->weights[j][half] = _mm256_and_si256(words, nibble);
            block->weights[j + 4][half] = _mm256_and_si256(_mm256_srli_epi16(words, 4), nibble);
        }
        block->scale[half] = load_eight_halves(panel->scale + 8 * half);
        block->minimum[half] = load_eight_halves(panel->minimum + 8 * half);
    }
}

INLINE __m256i dot_second_digit(const block_q4 *block, const int8_t *low, int half) {
    __m256i pairs = _mm256_setzero_si256();
    for (int j = 0; j < 8; j++) {
        pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(block->weights[j][half], repeat_four(low + 4 * j)));
    }
    return sum_pairs(pairs);
}

/// sums[token][half] += a block's products with `tokens` tokens, a number that the compiler knows.
INLINE void add_block_q4(const block_q4 *block, const ck_activation_block *x, int64_t inner, const int tokens,
                         __m256 (*sums)[2]) {
    __m256i pairs[4][2];
#pragma unroll
    for (int j = 0; j < 8; j++) {
        const __m256i upper = block->weights[j][0], lower = block->weights[j][1];
#pragma unroll
        for (int t = 0; t < tokens; t++) {
            const __m256i four = repeat_four(x[t * inner].high + 4 * j);
            const __m256i first = _mm256_maddubs_epi16(upper, four), second = _mm256_maddubs_epi16(lower, four);
            pairs[t][0] = j == 0 ? first : _mm256_add_epi16(pairs[t][0], first);
            pairs[t][1] = j == 0 ? second : _mm256_add_epi16(pairs[t][1], second);
        }
    }
#pragma unroll
    for (int t = 0; t < tokens; t++) {
        const ck_activation_block *activations = x + t * inner;
        __m256i dots[2] = {sum_pairs(pairs[t][0]), sum_pairs(pairs[t][1])};
        if (__builtin_expect(activations->fine, 0)) {
            for (int half = 0; half < 2; half++) {
                dots[half] = join(dots[half], dot_second_digit(block, activations->low, half));
            }
        }
        const __m256 scale = _mm256_broadcast_ss(&activations->scale), sum = _mm256_broadcast_ss(&activations->sum);
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const __m256 both = _mm256_mul_ps(block->scale[half], scale);
            sums[t][half] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots[half]), both, sums[t][half]);
            sums[t][half] = _mm256_fmadd_ps(block->minimum[half], sum, sums[t][half]);
        }
    }
}

#define TILES_Q4 16

INLINE void prefetch(const void *block, const int bytes);

INLINE int64_t tile_q4(const ck_panel_q4 *panel, const ck_activation_block *x, int64_t inner, int64_t left,
                       floats *sums) {
    const int64_t tokens = left < TILES_Q4 ? left : TILES_Q4;
    __m256(*halves)[2] = (__m256(*)[2])sums;
    for (int64_t t = 0; t < tokens; t++) halves[t][0] = halves[t][1] = _mm256_setzero_ps();
    for (int64_t b = 0; b < inner; b++, x++) {
        block_q4 block;
        prefetch(panel + b, sizeof *panel);
        unpack_q4(panel + b, &block);
        int64_t t = 0;
        for (; t + 4 <= tokens; t += 4) add_block_q4(&block, x + t * inner, inner, 4, halves + t);
        for (; t < tokens; t++) add_block_q4(&block, x + t * inner, inner, 1, halves + t);
    }
    return tokens;
}

// Eight-bit weights.

INLINE void widen_q8(const ck_panel_q8 *panel, integers *weights) {
    memcpy(weights, panel->words, sizeof panel->words);
}

/// maddubs wants one unsigned factor: the weight's sign moves to the activation. Two products of at most 128 · 127 fit
/// in 16 bits, four do not.
INLINE void dot_digit_q8(const integers *weights, const int8_t *digits, __m256i *sums) {
    sums[0] = sums[1] = _mm256_setzero_si256();
    for (int j = 0; j < 8; j++) {
        const halves w = split(&weights[j]);
        const __m256i four = repeat_four(digits + 4 * j);
        for (int half = 0; half < 2; half++) {
            const __m256i magnitude = _mm256_abs_epi8(w.half[half]);
            const __m256i pairs = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(four, w.half[half]));
            sums[half] = _mm256_add_epi32(sums[half], sum_pairs(pairs));
        }
    }
}

INLINE integers dot_q8(const integers *weights, const ck_activation_block *block) {
    __m256i dots[2];
    dot_digit_q8(weights, block->high, dots);
    if (block->fine) {
        __m256i low[2];
        dot_digit_q8(weights, block->low, low);
        for (int half = 0; half < 2; half++) dots[half] = join(dots[half], low[half]);
    }
    integers both;
    memcpy(&both, dots, sizeof both);
    return both;
}

#include "body.h"

#pragma clang attribute pop

KERNEL_TABLE(ck_kernels_avx2, "AVX2");
#endif
