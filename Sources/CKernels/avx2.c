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

/// 254 · high + low without a multiplication, which would take ten cycles.
INLINE __m256i join(__m256i high, __m256i low) {
    return _mm256_add_epi32(_mm256_slli_epi32(high, 8), _mm256_sub_epi32(low, _mm256_add_epi32(high, high)));
}

// Unsigned bytes: weights of 4, 5 and 6 bits.
//
// Their products are added in 16 bits as often as they fit, and then widened: eight vectors of at most 2 · 15 · 127,
// four of 2 · 31 · 127, two of 2 · 63 · 127. With sixteen registers the weights cannot stay in them as well as the sums:
// a block's are brought to the stack once and serve up to sixteen tokens, four at a time, so that 8 loads bring 8 × 64
// products.

typedef struct {
    /// [four elements][row half]
    __m256i bytes[8][2];
    /// [16 elements][row half]; only the first where all 32 have one scale.
    __m256 scale[2][2];
    __m256 minimum[2];
} open_block;

INLINE __m256 load_eight_halves(const uint16_t *p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)); }

INLINE __m256 load_eight_bytes(const uint8_t *p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p)));
}

INLINE void unpack_nibbles(const uint32_t (*words)[CK_LANES], open_block *block) {
    const __m256i nibble = _mm256_set1_epi8(15);
    for (int half = 0; half < 2; half++) {
        for (int j = 0; j < 4; j++) {
            const __m256i pairs = _mm256_loadu_si256((const __m256i *)(words[j] + 8 * half));
            block->bytes[j][half] = _mm256_and_si256(pairs, nibble);
            block->bytes[j + 4][half] = _mm256_and_si256(_mm256_srli_epi16(pairs, 4), nibble);
        }
    }
}

INLINE void copy_bytes(const uint32_t (*words)[CK_LANES], open_block *block) {
    memcpy(block->bytes, words, sizeof block->bytes);
}

INLINE void prefetch(const void *block, const int bytes);

INLINE void open_q4(const ck_panel_q4 *panel, int64_t b, open_block *block) {
    panel += b;
    prefetch(panel, sizeof *panel);
    unpack_nibbles(panel->words, block);
    for (int half = 0; half < 2; half++) {
        block->scale[0][half] = load_eight_halves(panel->scale + 8 * half);
        block->minimum[half] = load_eight_halves(panel->minimum + 8 * half);
    }
}

INLINE void open_q4k(const ck_panel_q4k *panel, int64_t b, open_block *block) {
    const int64_t group = b % CK_GROUPS;
    panel += b / CK_GROUPS;
    if (group == 0) prefetch(panel, sizeof *panel - sizeof panel->words);
    prefetch(panel->words[group], sizeof panel->words[group]);
    unpack_nibbles(panel->words[group], block);
    for (int half = 0; half < 2; half++) {
        block->scale[0][half] = _mm256_mul_ps(
            load_eight_halves(panel->scale + 8 * half), load_eight_bytes(panel->scale_factors[group] + 8 * half));
        block->minimum[half] = _mm256_mul_ps(
            load_eight_halves(panel->minimum + 8 * half), load_eight_bytes(panel->minimum_factors[group] + 8 * half));
    }
}

INLINE void open_q5(const ck_panel_q5 *panel, int64_t b, open_block *block) {
    panel += b;
    prefetch(panel, sizeof *panel);
    copy_bytes(panel->words, block);
    for (int half = 0; half < 2; half++) {
        block->scale[0][half] = _mm256_loadu_ps(panel->scale + 8 * half);
        block->minimum[half] = _mm256_loadu_ps(panel->minimum + 8 * half);
    }
}

INLINE void open_q6(const ck_panel_q6 *panel, int64_t b, open_block *block) {
    panel += b;
    prefetch(panel, sizeof *panel);
    copy_bytes(panel->words, block);
    for (int half = 0; half < 2; half++) {
        for (int i = 0; i < 2; i++) block->scale[i][half] = _mm256_loadu_ps(panel->scale[i] + 8 * half);
    }
}

/// dots[token][row half] = the products of the weights first..<end with the digits at `digits`, which lie `stride`
/// bytes apart for tokens. `run` vectors of products fit in 16 bits together.
INLINE void dot_unsigned(const open_block *block, const int8_t *digits, int64_t stride, const int first, const int end,
                         const int run, const int tokens, __m256i (*dots)[2]) {
#pragma unroll
    for (int start = first; start < end; start += run) {
        __m256i pairs[4][2];
#pragma unroll
        for (int j = start; j < start + run; j++) {
            const __m256i upper = block->bytes[j][0], lower = block->bytes[j][1];
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

/// sums[row half] += scale · dots
INLINE void add_dots(const __m256i *dots, const __m256 *scale, const ck_activation_block *x, __m256 *sums) {
    const __m256 activation_scale = _mm256_broadcast_ss(&x->scale);
#pragma unroll
    for (int half = 0; half < 2; half++) {
        const __m256 both = _mm256_mul_ps(scale[half], activation_scale);
        sums[half] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots[half]), both, sums[half]);
    }
}

/// Bytes between the same digits of neighbouring tokens.
INLINE int64_t digit_stride(int64_t blocks) { return blocks * (int64_t)sizeof(ck_activation_block); }

/// sums[token][row half] += a block's products with `tokens` tokens, a number that the compiler knows.
INLINE void add_unsigned(const open_block *block, const ck_activation_block *x, int64_t blocks, const int run,
                         const int tokens, __m256 (*sums)[2]) {
    __m256i dots[4][2];
    dot_unsigned(block, x->high, digit_stride(blocks), 0, 8, run, tokens, dots);
#pragma unroll
    for (int t = 0; t < tokens; t++, x += blocks) {
        if (__builtin_expect(x->fine, 0)) {
            __m256i low[1][2];
            dot_unsigned(block, x->low, 0, 0, 8, run, 1, low);
            for (int half = 0; half < 2; half++) dots[t][half] = join(dots[t][half], low[0][half]);
        }
        add_dots(dots[t], block->scale[0], x, sums[t]);
        const __m256 sum = _mm256_broadcast_ss(&x->sum);
#pragma unroll
        for (int half = 0; half < 2; half++) {
            sums[t][half] = _mm256_fmadd_ps(block->minimum[half], sum, sums[t][half]);
        }
    }
}

/// The same for the bytes of ck_panel_q6.
INLINE void add_centred(const open_block *block, const ck_activation_block *x, int64_t blocks, const int run,
                        const int tokens, __m256 (*sums)[2]) {
#pragma unroll
    for (int part = 0; part < 2; part++) {
        const int first = 4 * part, end = first + 4;
        __m256i dots[4][2];
        dot_unsigned(block, x->high, digit_stride(blocks), first, end, run, tokens, dots);
#pragma unroll
        for (int t = 0; t < tokens; t++) {
            const ck_activation_block *activations = x + t * blocks;
            if (__builtin_expect(activations->fine, 0)) {
                __m256i low[1][2];
                dot_unsigned(block, activations->low, 0, first, end, run, 1, low);
                for (int half = 0; half < 2; half++) dots[t][half] = join(dots[t][half], low[0][half]);
            }
            // The bytes are 32 too large.
            const int32_t of_first = activations->first_total;
            const int32_t total = part == 0 ? of_first : activations->total - of_first;
            const __m256i excess = _mm256_set1_epi32(32 * total);
            for (int half = 0; half < 2; half++) dots[t][half] = _mm256_sub_epi32(dots[t][half], excess);
            add_dots(dots[t], block->scale[part], activations, sums[t]);
        }
    }
}

#define OWN_TILES

/// Defines tile_format for panel blocks of `groups` times 32 weights a row, of which `run` vectors of products fit in
/// 16 bits together.
#define TILE_OF_BLOCKS(format, Panel, groups, add, run)                                                             \
    INLINE int64_t tile_##format(const Panel *panel, const void *inputs, int64_t inner, int64_t left,               \
                                 floats *sums) {                                                                    \
        const ck_activation_block *x = (const ck_activation_block *)inputs;                                         \
        const int64_t tokens = left < 16 ? left : 16, blocks = inner * (groups);                                    \
        __m256(*halves)[2] = (__m256(*)[2])sums;                                                                    \
        for (int64_t t = 0; t < tokens; t++) halves[t][0] = halves[t][1] = _mm256_setzero_ps();                     \
        for (int64_t b = 0; b < blocks; b++, x++) {                                                                 \
            open_block block;                                                                                       \
            open_##format(panel, b, &block);                                                                        \
            int64_t t = 0;                                                                                          \
            for (; t + 4 <= tokens; t += 4) add(&block, x + t * blocks, blocks, run, 4, halves + t);                \
            for (; t < tokens; t++) add(&block, x + t * blocks, blocks, run, 1, halves + t);                        \
        }                                                                                                           \
        return tokens;                                                                                              \
    }

TILE_OF_BLOCKS(q4, ck_panel_q4, 1, add_unsigned, 8)
TILE_OF_BLOCKS(q4k, ck_panel_q4k, CK_GROUPS, add_unsigned, 8)
TILE_OF_BLOCKS(q5, ck_panel_q5, 1, add_unsigned, 4)
TILE_OF_BLOCKS(q6, ck_panel_q6, 1, add_centred, 2)

// Signed bytes, whose products widen at once: sixteen tokens a block bring nothing here.

INLINE void widen_q8(const uint32_t (*words)[CK_LANES], integers *weights) {
    memcpy(weights, words, 8 * sizeof *weights);
}

/// maddubs wants one unsigned factor: the weight's sign moves to the activation.
INLINE void dot_signed(const integers *weights, const int8_t *digits, __m256i *dots) {
    dots[0] = dots[1] = _mm256_setzero_si256();
    for (int j = 0; j < 8; j++) {
        __m256i bytes[2];
        memcpy(bytes, weights + j, sizeof bytes);
        const __m256i four = repeat_four(digits + 4 * j);
        for (int half = 0; half < 2; half++) {
            const __m256i magnitude = _mm256_abs_epi8(bytes[half]);
            const __m256i pairs = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(four, bytes[half]));
            dots[half] = _mm256_add_epi32(dots[half], sum_pairs(pairs));
        }
    }
}

INLINE integers dot_q8(const integers *weights, const ck_activation_block *block) {
    __m256i dots[2];
    dot_signed(weights, block->high, dots);
    if (block->fine) {
        __m256i low[2];
        dot_signed(weights, block->low, low);
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
