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

#include "panels.h"

// Products are added in 16 bits as often as they fit, and then widened: of nibbles eight, as 8 · 2 · 15 · 127 still
// fits.
//
// With sixteen registers the weights cannot stay in them as well as the sums: a block's are brought to the stack once
// and serve up to sixteen tokens, four at a time, so that 8 loads bring 8 × 64 products.
#define STACKED

typedef const __m256i (*byte_rows)[2];

/// dots[token][row half] = the products of the weights first..<end with the digits at `digits`, which lie `stride`
/// bytes apart for tokens. `run` vectors of products fit in 16 bits together.
INLINE void dot_unsigned(byte_rows weights, const int8_t *digits, int64_t stride, const int first, const int end,
                         const int run, const int tokens, __m256i (*dots)[2]) {
#pragma unroll
    for (int start = first; start < end; start += run) {
        __m256i pairs[4][2];
#pragma unroll
        for (int j = start; j < start + run; j++) {
            const __m256i upper = weights[j][0], lower = weights[j][1];
#pragma unroll
            for (int t = 0; t < tokens; t++) {
                const __m256i four = repeat_four(digits + t * stride + 4 * j);
                const __m256i one = _mm256_maddubs_epi16(upper, four), other = _mm256_maddubs_epi16(lower, four);
                pairs[t][0] = j == start ? one : _mm256_add_epi16(pairs[t][0], one);
                pairs[t][1] = j == start ? other : _mm256_add_epi16(pairs[t][1], other);
            }
        }
#pragma unroll
        for (int t = 0; t < tokens; t++) {
#pragma unroll
            for (int half = 0; half < 2; half++) {
                const __m256i sum = sum_pairs(pairs[t][half]);
                dots[t][half] = start == first ? sum : _mm256_add_epi32(dots[t][half], sum);
            }
        }
    }
}

/// The same for all of a block's signed bytes. maddubs wants one unsigned factor: the weight's sign moves to the
/// activation.
INLINE void dot_signed(byte_rows weights, const int8_t *digits, int64_t stride, const int tokens, __m256i (*dots)[2]) {
#pragma unroll
    for (int t = 0; t < tokens; t++) dots[t][0] = dots[t][1] = _mm256_setzero_si256();
#pragma unroll
    for (int j = 0; j < 8; j++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const __m256i row = weights[j][half], magnitude = _mm256_abs_epi8(row);
#pragma unroll
            for (int t = 0; t < tokens; t++) {
                const __m256i four = _mm256_sign_epi8(repeat_four(digits + t * stride + 4 * j), row);
                dots[t][half] = _mm256_add_epi32(dots[t][half], sum_pairs(_mm256_maddubs_epi16(magnitude, four)));
            }
        }
    }
}

/// high = 254 · high + low, both of one token.
INLINE void join(__m256i *high, const __m256i *low) {
    for (int half = 0; half < 2; half++) {
        // Without a multiplication, which would take ten cycles.
        const __m256i twice = _mm256_add_epi32(high[half], high[half]);
        high[half] = _mm256_add_epi32(_mm256_slli_epi32(high[half], 8), _mm256_sub_epi32(low[half], twice));
    }
}

/// sums += scale · dots
INLINE void add_dots(const __m256i *dots, const floats *scale, const ck_activation_block *x, floats *sums) {
    const __m256 activation_scale = _mm256_broadcast_ss(&x->scale);
#pragma unroll
    for (int half = 0; half < 2; half++) {
        const __m256 both = _mm256_mul_ps(((const __m256 *)scale)[half], activation_scale);
        __m256 *sum = (__m256 *)sums + half;
        *sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots[half]), both, *sum);
    }
}

/// Bytes between the same digits of neighbouring tokens.
INLINE int64_t digit_stride(int64_t blocks) { return blocks * (int64_t)sizeof(ck_activation_block); }

/// How many vectors of products with weights up to `most` fit in 16 bits together, as a divisor of 8.
INLINE int run_length(const int most) { return most <= 15 ? 8 : most <= 31 ? 4 : 2; }

INLINE void add_unsigned(const weight_block *block, const int most, const ck_activation_block *x, int64_t blocks,
                         const int tokens, floats *sums) {
    const byte_rows weights = (byte_rows)block->weights;
    __m256i dots[4][2];
    dot_unsigned(weights, x->high, digit_stride(blocks), 0, 8, run_length(most), tokens, dots);
#pragma unroll
    for (int t = 0; t < tokens; t++, x += blocks) {
        if (__builtin_expect(x->fine, 0)) {
            __m256i low[1][2];
            dot_unsigned(weights, x->low, 0, 0, 8, run_length(most), 1, low);
            join(dots[t], low[0]);
        }
        add_dots(dots[t], block->scale, x, sums + t);
        const __m256 sum = _mm256_broadcast_ss(&x->sum);
#pragma unroll
        for (int half = 0; half < 2; half++) {
            __m256 *into = (__m256 *)(sums + t) + half;
            *into = _mm256_fmadd_ps(((const __m256 *)&block->minimum)[half], sum, *into);
        }
    }
}

INLINE void add_centred(const weight_block *block, const int most, const ck_activation_block *x, int64_t blocks,
                        const int tokens, floats *sums) {
    const byte_rows weights = (byte_rows)block->weights;
#pragma unroll
    for (int part = 0; part < 2; part++) {
        const int first = 4 * part, end = first + 4;
        __m256i dots[4][2];
        dot_unsigned(weights, x->high, digit_stride(blocks), first, end, run_length(most), tokens, dots);
#pragma unroll
        for (int t = 0; t < tokens; t++) {
            const ck_activation_block *activations = x + t * blocks;
            if (__builtin_expect(activations->fine, 0)) {
                __m256i low[1][2];
                dot_unsigned(weights, activations->low, 0, first, end, run_length(most), 1, low);
                join(dots[t], low[0]);
            }
            const int32_t of_first = activations->first_total;
            const int32_t total = part == 0 ? of_first : activations->total - of_first;
            const __m256i excess = _mm256_set1_epi32(32 * total);
            for (int half = 0; half < 2; half++) dots[t][half] = _mm256_sub_epi32(dots[t][half], excess);
            add_dots(dots[t], block->scale + part, activations, sums + t);
        }
    }
}

INLINE void add_signed(const weight_block *block, const int most, const ck_activation_block *x, int64_t blocks,
                       const int tokens, floats *sums) {
    (void)most;
    const byte_rows weights = (byte_rows)block->weights;
    __m256i dots[4][2];
    dot_signed(weights, x->high, digit_stride(blocks), tokens, dots);
#pragma unroll
    for (int t = 0; t < tokens; t++, x += blocks) {
        if (__builtin_expect(x->fine, 0)) {
            __m256i low[1][2];
            dot_signed(weights, x->low, 0, 1, low);
            join(dots[t], low[0]);
        }
        add_dots(dots[t], block->scale, x, sums + t);
    }
}

#include "body.h"

#pragma clang attribute pop

KERNEL_TABLE(ck_kernels_avx2, "AVX2");
#endif
